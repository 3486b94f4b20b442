"""tables_predictions.py: what students predict on test: calibration, copied errors, and rows that a swap touches."""
import math

from . import digest, stats
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
                     number(unseen.get(work.digests.taught_on(trials[0]), math.nan), 1) if copies else "–"])
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
    weights = set(work.layout.teacher.values()) - {""}
    return [i for i in untaught(work, tested) if i not in rows and work.study.facts(i).get("weights_sha256") not in weights]


def unseen_copies(work):
    """{teacher and test set: mean copy rate by students that never saw one}."""
    out = {}
    for arm, trials in work.arms.items():
        key, teacher = work.digests.taught_on(trials[0]), work.digests.teacher(trials[0])
        if teacher is None or key in out:
            continue
        rates = [digest.copy_rate(d, teacher) for d in (work.digests.student(i) for i in controls(work, work.layout.tested[arm]))
                 if d is not None and len(d.correct) == len(teacher.correct)]
        out[key] = stats.summary(rates).mean
    return out


def copies(work):
    """Among the teacher's errors, by the label's rank in the teacher: right, copied, other."""
    rows, left = [], []
    groups = list(work.arms.items())
    for arm, trials in groups:
        against = [(work.digests.student(t), work.digests.teacher(t)) for t in trials]
        if work.digests.teacher_key(trials[0]) is None:
            tested = work.layout.tested[arm]
            others = [t[0] for other, t in groups if work.digests.teacher_key(t[0]) is not None and work.layout.tested[other] == tested]
            taught = list({id(work.digests.teacher(t)): t for t in others if work.digests.teacher(t) is not None}.values())
            if len(taught) != 1:
                left += [arm] if taught else []
                continue
            against = [(work.digests.student(t), work.digests.teacher(taught[0])) for t in trials if t in controls(work, tested)]
        found = [digest.by_rank(s, t) for s, t in against if s is not None and t is not None and len(s.correct) == len(t.correct)]
        if not found:
            continue
        for k, (name, n, _, _, _) in enumerate(found[0]):
            cells = [stats.summary([f[k][c] for f in found if k < len(f)]).mean for c in (2, 3, 4)]
            rows.append([arm, name, str(n)] + [number(c, 1) for c in cells])
    if not rows:
        return "no trial has the test logits of a teacher"
    return Table("copies", "Where the teacher errs: right, copied, otherwise wrong, by the label's rank in the teacher",
                 ["arm", "label's rank", "samples", "right, %", "copied, %", "other, %"], rows,
                 ["Means over seeds. Students that never saw a teacher are the measure of what copying is."]
                 + (["Not here, as there are several teachers and none of its own: %s." % ", ".join(left)] if left else []))


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
