"""tables_predictions.py: what students predict on test: calibration, copied errors, and rows that a swap touches."""
import math

from . import digest, stats, teachers
from .table import Table, number


def quality(work):
    """Calibration and copied errors of the last epoch: means over seeds."""
    rows, unseen, outside = [], unseen_copies(work), []
    for arm, trials in work.arms.items():
        found = [(t, work.digests.student(t)) for t in trials]
        found = [(t, d) for t, d in found if d is not None]
        if not found:
            continue
        mean = lambda values: stats.summary(values).mean  # noqa: E731
        copies = [digest.copy_rate(d, work.digests.teacher(t)) for t, d in found
                  if work.digests.teacher(t) is not None and len(work.digests.teacher(t).correct) == len(d.correct)]
        if work.layout.options[arm].get("teacher.logits_files") and not copies:
            outside.append(arm)
        scores = [mean(values) for values in zip(*(d.scores for _, d in found))]
        rows.append([arm] + [number(score, digits) for score, digits in zip(scores, (4, 2, 2, 4, 4, 4))]
                    + [number(mean(copies), 1),
                     number(mean([unseen.get(work.digests.taught_on(t), math.nan) for t in trials]), 1) if copies else "–"])
    if not rows:
        return "no trial kept its test logits"
    for column in (1, 2, 4):
        work.bold_best(rows, column, [float(r[column].replace("−", "-")) if r[column] != "–" else math.nan for r in rows], [r[0] for r in rows],
                       largest=False)
    return Table("quality", "Predictions on test, last epoch",
                 ["arm", "NLL", "ECE, %", "ECE, equal mass, %", "Brier", "reliability", "resolution", "copied errors, %",
                  "the same by students without a teacher, %"], rows,
                 ["Means over seeds. ECE: 15 bins. Reliability (0 is best) and resolution: Murphy's parts of the Brier score of being right, in the "
                  "same bins. Copied errors: share of the teacher's errors that the student repeats; what students "
                  "that never saw a teacher repeat, but for those that are themselves a teacher, is chance and shared confusion."]
                 + (["No copied errors of %s: teacher.logits_files holds no test.h5, the logits of test." % ", ".join(outside)] if outside else []))


def untaught(work, tested):
    """Done students on that test set that never saw a teacher: predictions on others are of other images."""
    return [i for arm in work.arms for i in work.arms[arm] if work.digests.teacher_key(i) is None and tested == work.layout.tested[arm]]


def controls(work, tested):
    """The same but for trials that are themselves a teacher of others, trained by the sweep or known by their weights: docs/protocol.md,
    "Measures"."""
    rows = set(work.study.trials["teacher"]) if "teacher" in work.study.trials else set()
    weights = teachers.shas(work)
    return [i for i in untaught(work, tested) if i not in rows and work.study.facts(i).get("weights_sha256") not in weights]


def unseen_copies(work):
    """{teacher and test set: mean copy rate by students that never saw one}."""
    out = {}
    for arm in work.arms:
        for key, teacher in teachers.digests_of(work, arm).items():
            if key not in out:
                found = [work.digests.student(i) for i in controls(work, work.layout.tested[arm])]
                out[key] = stats.summary([digest.copy_rate(d, teacher) for d in found if d is not None and len(d.correct) == len(teacher.correct)]).mean
    return out


def _against(work, arm, left):
    """[(digest of a student, of a teacher)] of an arm: each with its own; of students without one with each teacher of the others on their
    test set, unless these others have different ones: then the arm goes into left."""
    trials = work.arms[arm]
    if work.digests.teacher_key(trials[0]) is not None:
        return [(work.digests.student(t), work.digests.teacher(t)) for t in trials]
    tested = work.layout.tested[arm]
    others = [teachers.digests_of(work, other) for other in work.arms if work.layout.tested[other] == tested]
    if len(teachers.groups(found for found in others if found)) > 1:
        left.append(arm)
        return []
    taught = {key: teacher for found in others for key, teacher in found.items()}.values()
    measures = controls(work, tested)
    return [(work.digests.student(t), teacher) for t in trials if t in measures for teacher in taught]


def copies(work):
    """Among the teacher's errors, by the label's rank in the teacher: right, copied, other."""
    left = []
    rows = [[arm, rank, samples] + [number(c, 1) for c in cells]
            for arm in work.arms for rank, samples, *cells in digest.mean_by_rank(_against(work, arm, left))]
    if not rows:
        return "no trial has the test logits of a teacher"
    notes = ["Means over seeds. Students that never saw a teacher are the measure of what copying is."]
    if any(" to " in row[2] for row in rows):
        notes.append("Samples from the teacher with fewest to that with most; a teacher that has none of a rank counts in no mean there.")
    if left:
        notes.append("Not here, as there are several teachers and none of its own: %s." % ", ".join(left))
    return Table("copies", "Where the teacher errs: right, copied, otherwise wrong, by the label's rank in the teacher",
                 ["arm", "label's rank", "samples", "right, %", "copied, %", "other, %"], rows, notes)


def swaps(work):
    """Shares of rows that a swap touches."""
    names = [c for c in work.study.trials.columns if c.startswith("swapped_") and c.endswith("_last")]
    names = [n for n in names if any(work.summary(a, n).n for a in work.arms)]
    if not names:
        return "no trial recorded how many rows a swap touches"
    rows = [[arm] + [number(100 * work.summary(arm, n).mean, 1) for n in names] for arm in work.arms]
    return Table("swaps", "Rows whose largest logit is not the label's, last epoch, %",
                 ["arm"] + [n[len("swapped_"):-len("_last")].replace("_", ", ") for n in names], rows,
                 ["The share that a swap touches, whether the arm swaps or not."])
