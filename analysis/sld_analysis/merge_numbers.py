"""merge_numbers.py: what the columns of /trials hold that depends on the other trials of a study, anew over all parts: indices,
options that vary, and copied errors (docs/protocol.md, "Measures"). As src/report/options.c and copied_errors.c make it."""
from . import options
from .samples import predicted
from .study_file import OPTION
from .needs import need

np = need("numpy")


def columns(rows, places, study):
    """{path: values}. rows: (source, row) of each trial, places: of its teacher among the teachers, -1: none."""
    labels = study.labels
    out = {"/trials/" + name: values for name, values in named(labels, rows[0][0].part.axes)}
    teacher = indices(rows, labels)
    out.update({"/trials/teacher": teacher, "/trials/teacher_row": places})
    out.update(varying(rows, labels))
    out.update(copied(rows, labels, places, teacher))
    if study.same:
        out["/same/index"] = range(len(study.same))
        out.update(("/same/" + name, values) for name, values in named(study.same, rows[0][0].part.axes))
    return out


def indices(rows, labels):
    """The row of each trial's teacher, -1: none. Where a part was given the weights as a file, the trial that made them for others."""
    at = {label.id: i for i, label in enumerate(labels)}
    theirs = [(source.part.own, source.part.index("teacher", row)) for source, row in rows]
    found = [at[own[k].id] if k >= 0 else -1 for own, k in theirs]
    weights = [source.part.text("teacher_sha256", row) for source, row in rows]
    made = {sha: i for sha, i in zip(weights, found) if sha and i >= 0}
    return [made.get(sha, -1) if i < 0 else i for sha, i in zip(weights, found)]


def named(labels, axes):
    """(name, values) of what labels are made of."""
    yield from ((name, [getattr(label, name) for label in labels]) for name in ("seed", "is_teacher", "id", "arm"))
    yield from ((name, [label.axes[k] for label in labels]) for k, name in enumerate(axes))


def varying(rows, labels):
    """The options in which students with results differ, a column each; empty: not known."""
    texts = [options.texts(source.part.configs[row]) for source, row in rows]
    students = [text for text, (source, row), label in zip(texts, rows, labels) if source.part.valid[row] and not label.is_teacher]
    keys = dict.fromkeys(key for text in students for key in text if options.is_column(key))
    return {"/trials/" + OPTION + key: [text.get(key, "") for text in texts] for key in keys
            if len({text[key] for text in students if key in text}) > 1}


def share(student, teacher, labels):
    """Percent of the teacher's errors that the student makes too; NaN without any."""
    if len(student) != len(teacher) or labels is None or len(labels) != len(teacher):
        return np.nan
    wrong = teacher != labels
    return 100.0 * np.count_nonzero(student[wrong] == teacher[wrong]) / np.count_nonzero(wrong) if wrong.any() else np.nan


def copied(rows, labels, places, teacher):
    """copy_rate of the controls, students that never saw a teacher, which they have where the study has one teacher; and for each trial
    copy_rate_unseen, the mean rate at which the controls on its test set copy its teacher. A trial that is itself a teacher is none of them.
    Of trial i: rows[i], labels[i], places[i] of its teacher among the teachers, teacher[i] its row, -1: none."""
    rates, keys, records, controls = [], [], {}, []
    made = set(teacher), {source.part.text("teacher_sha256", row) for source, row in rows} - {""}
    for i, (source, row) in enumerate(rows):
        part = source.part
        (weights, logits), tested = (part.text(name, row) for name in ("teacher_sha256", "teacher_logits_sha256")), part.tested(row)
        keys.append((weights or (logits or str(places[i]) if places[i] >= 0 else ""), tested))
        rates.append(part.columns["copy_rate"][row] if keys[i][0] and "copy_rate" in part.columns else np.nan)
        if places[i] >= 0 and keys[i] not in records:
            records[keys[i]] = predicted(part, row, "teacher"), part.labels(row)
        if part.valid[row] and not (labels[i].is_teacher or keys[i][0] or logits or i in made[0] or part.text("weights_sha256", row) in made[1]):
            classes = predicted(part, row, "last")
            if classes is not None:
                controls.append((i, tested, classes))
    by_controls = {}
    for sha, tested in records:
        found = {i: share(classes, *records[sha, tested]) for i, on, classes in controls if on == tested}
        known = [float(rate) for rate in found.values() if not np.isnan(rate)]
        by_controls[sha, tested] = sum(known) / len(known) if known else np.nan
        if len({sha for sha, _ in records}) == 1:
            rates = [found.get(i, rate) for i, rate in enumerate(rates)]
    unseen = [by_controls.get(key, np.nan) if key[0] else rate for key, rate in zip(keys, rates)]
    ended = [not np.isnan(source.part.columns["top1_last"][row]) for source, row in rows]  # a diverged trial has nothing to compare
    return {"/trials/copy_rate": np.array(rates), "/trials/copy_rate_unseen": np.where(ended, unseen, np.nan)}
