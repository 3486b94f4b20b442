"""tables_conditions.py: accuracy under other conditions of training: teachers of graded quality, few or wrong labels."""
from . import stats, teachers
from .table import Table, number, spread


def graded_teachers(work):
    """Arms by the quality of their teacher, where one student has several teachers on one test set."""
    keys = {arm: {work.digests.teacher_key(t) for t in trials} - {None} for arm, trials in work.arms.items()}
    subject = lambda arm: (work.layout.networks[arm][1], work.layout.tested[arm])  # noqa: E731
    students = {}
    for arm, own in keys.items():
        students.setdefault(subject(arm), []).extend([own] * bool(own))
    rows = []
    for arm, own in keys.items():
        if own and len(teachers.groups(students[subject(arm)])) > 1:
            s, taught = work.summary(arm, "top1_last"), stats.summary(teachers.top1_of_arms(work, [arm]))
            rows.append((taught.mean, [arm, spread(taught.mean, taught.sd), spread(s.mean, s.sd)]))
    if not rows:
        return "no student has teachers of different quality"
    rows.sort(key=lambda r: (r[0] != r[0], r[0]))
    return Table("T8", "Teachers of graded quality", ["arm", "teacher's top-1", "top-1"], [r for _, r in rows],
                 ["Mean ± standard deviation over teachers, where parts of the study each trained one, and over seeds."])


def labels(work):
    keys = [k for k in ("data.train_fraction", "data.per_class", "data.label_noise", "data.label_noise_kind") if k in work.study.varying()]
    if not keys:
        return "no option of few or wrong labels varies (data.train_fraction, data.per_class, data.label_noise)"
    rows = []
    for arm in work.arms:
        s = work.summary(arm, "top1_last")
        rows.append([arm] + [str(work.layout.options[arm].get(k, "–")) for k in keys] + [spread(s.mean, s.sd)])
    return Table("T9", "Few labels, wrong labels", ["arm"] + keys + ["top-1"], rows)
