"""teachers.py: the teachers of an arm: several where the parts of a study each trained theirs, or where it differs by seed."""
import math


def key_of(work, trial):
    """What tells the teacher of a trial apart: the trial that trained it with its weights, which each part of a study has of its own."""
    row = row_of(work, trial)
    return row, (_sha(work, trial) if row >= 0 else "") or work.digests.teacher_key(trial)


def row_of(work, trial):
    """The trial that trained it, or -1."""
    return int(work.study.trials["teacher"][trial]) if "teacher" in work.study.trials else -1


def _sha(work, trial):
    facts = work.study.facts(trial)
    return str(facts.get("teacher_sha256") or facts.get("teacher_logits_sha256") or "")


def top1(work, trial):
    """Of its teacher, percent: by its logits, else by the trial that trained it, unless that trained other weights; else NaN."""
    teacher = work.digests.teacher(trial)
    if teacher is not None:
        return 100.0 * float(teacher.correct.mean())
    row = row_of(work, trial)
    if row < 0:
        return math.nan
    own, used = work.study.facts(row).get("weights_sha256"), _sha(work, trial)
    return math.nan if own and used and own != used else float(work.study.trials["top1_last"][row])


def top1_of_arms(work, arms):
    """Test top-1 of each teacher of these arms, percent, without those that are not known."""
    of = {}
    for trial in (t for arm in arms for t in work.arms[arm]):
        key = key_of(work, trial), work.digests.taught_on(trial)
        if key not in of:
            of[key] = top1(work, trial)
    return [value for value in of.values() if value == value]


def digests_of(work, arm):
    """{what tells a teacher on a test set apart: its digest} of an arm; empty without a teacher's test logits."""
    found = {work.digests.taught_on(t): work.digests.teacher(t) for t in work.arms[arm]}
    return {key: teacher for key, teacher in found.items() if teacher is not None}


def groups(sets):
    """Sets of teachers, with those put together that share one: arms of which some seeds are still to come have the same teachers."""
    out = []
    for one in map(set, sets):
        touching = [g for g in out if g & one]
        out = [g for g in out if not g & one] + [one.union(*touching)]
    return out


def shas(work):
    """SHA-256 of the weights of every teacher of a done student."""
    return {_sha(work, t) for t in work.study.students} - {""}
