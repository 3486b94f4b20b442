"""made_sweep.py: the folder of a sweep made by hand, with results whose numbers are known, for the tests of report, index,
pack and analysis. Every result follows from (arm, seed) by a formula below."""
import hashlib
import os

import h5py
import numpy as np

SAMPLES, CLASSES = 12, 4
LABELS = np.arange(SAMPLES, dtype=np.int32) % CLASSES
TEACHER_WRONG = (0, 1, 2, 3, 4)  # samples on which the teacher gives the class after the label


def one_hot(classes, height=4.0):
    out = np.zeros((len(classes), CLASSES), np.float32)
    out[np.arange(len(classes)), classes] = height
    return out


def teacher_logits():
    return one_hot([(l + (1 if i in TEACHER_WRONG else 0)) % CLASSES for i, l in enumerate(LABELS)])


def student_logits(copies, errors=6):
    """Wrong on the first `errors` samples; on the first `copies` of them it gives the teacher's class."""
    shift = [0 if i >= errors else 1 if i < copies else 2 for i in range(SAMPLES)]
    return one_hot((LABELS + shift) % CLASSES)


class Trial:
    """top1: one value per epoch."""
    def __init__(self, id, arm, seed, top1=(), axes=(), teacher=None, is_teacher=False, copies=0, sha="", status="done",
                 columns=None, experiment=None, samples=SAMPLES, logits=True, **attributes):
        self.id, self.arm, self.seed, self.top1, self.axes = id, arm, seed, list(top1), list(axes)
        self.teacher, self.is_teacher, self.copies, self.sha, self.status = teacher, is_teacher, copies, sha, status
        self.attributes = attributes  # of its results, over those that write_results() gives
        self.columns = columns or {}  # of /epoch, beside those that all have
        self.samples, self.logits = samples, logits  # how many of the test samples, and whether their logits were kept
        self.experiment = experiment or "method: none\nname: %s\nseed: %d\n" % (id, seed)


def write_results(path, trial, logits=True):
    n = len(trial.top1)
    with h5py.File(path, "w", libver=("v108", "v108")) as f:
        text = {"format": "sld-results", "status": trial.status, "id": trial.id, "config": trial.experiment,
                "data_sha256": "d" * 64, "best_on": "test", "weights_sha256": "e" * 64}
        if trial.sha:
            text["teacher_sha256"] = trial.sha
        for name, value in text.items():
            f.attrs[name] = value
        lss = [1.0 if trial.sha and e >= 2 else 0.0 for e in range(n)]
        for name, value in {"epochs_done": n, "lss_active_epochs": int(sum(lss)),
                            "best_epoch": int(np.argmax(trial.top1)) + 1 if n else 0}.items():
            f.attrs[name] = np.int64(value)
        f.attrs.update(trial.attributes)
        taught = trial.sha or "teacher_logits_sha256" in trial.attributes
        if n:
            f["epoch/epoch"] = np.arange(1, n + 1)
            columns = {"top1_test": trial.top1, "top5_test": [90.0 + e for e in range(n)],
                       "loss_test": [2.0 - 0.1 * e for e in range(n)], "lss_active": lss, "seconds": [30.0] * n,
                       "samples_per_second": [100.0 + 10.0 * e for e in range(n)],
                       "swapped_student_weak": [0.5 - 0.1 * e for e in range(n)],
                       "grad_norm_ce_weak": [0.01 * (e + 1) for e in range(n)]}
            if taught:
                columns["swapped_teacher_weak"] = [0.25] * n
            columns.update(trial.columns)
            for name, value in columns.items():
                f["epoch/" + name] = np.array(value, np.float64)
                f["epoch/" + name].attrs["units"] = "percent" if name.startswith("top") else "1"
        if n and logits and trial.logits:
            student = student_logits(trial.copies)[:trial.samples]
            f["logits/test_last"] = student
            f["logits/test_best"] = student + np.float32(trial.seed)
            f["labels/test"] = LABELS[:trial.samples]
            f["class_name"] = ["class%d" % c for c in range(CLASSES)]
            if trial.sha:
                f["logits/test_teacher"] = teacher_logits()[:trial.samples]
    seal(path)


def seal(path):
    """The checksum line of a file that sld made: it is read without the care that foreign files need."""
    with open(path, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    with open(path, "ab") as f:
        f.write(b"sld-sha256:%s\n" % digest.encode())


def mark(folder, id, state, text=""):
    """What a coordinator says of a point in the ledger."""
    with open(os.path.join(folder, "claims", "%s.%s" % (id, state)), "w") as f:
        f.write(text)


def write_sweep(folder, trials, name="made", baseline="", axes=(), logits=True):
    """Trials without epochs have no results: they wait."""
    os.makedirs(os.path.join(folder, "trials"))
    os.makedirs(os.path.join(folder, "claims"))
    lines = ["sld-sweep 1", "name\t" + name, "baseline\t" + baseline, "\t".join(["axis"] + list(axes))]
    for t in trials:
        lines.append("\t".join(["point", t.id, "teacher" if t.is_teacher else "trial", t.teacher or "-", str(t.seed), t.arm]
                               + ([] if t.is_teacher else t.axes or [""] * len(axes))))
        lines += [" " + line for line in t.experiment.splitlines()]
        os.makedirs(os.path.join(folder, "trials", t.id))
        if t.top1 or t.status == "diverged":
            write_results(os.path.join(folder, "trials", t.id, "results.h5"), t, logits)
            mark(folder, t.id, t.status)
    lines.append("end\t%d" % len(trials))
    with open(os.path.join(folder, "points"), "w") as f:
        f.write("\n".join(lines) + "\n")
    with open(os.path.join(folder, "sweep.yaml"), "w") as f:
        f.write("name: %s\n" % name)


def small_sweep(folder):
    """A teacher, four arms, three seeds; one trial diverged, two wait. Returns its trials."""
    sha = "a" * 64
    trials = [Trial("t00000000000", "resnet20", 1, [50.0, 60.0, 70.0, 80.0], is_teacher=True)]
    for seed in (1, 2, 3):
        base = 60.0 + seed
        for arm, gain, copies in (("ce", -2.0 - 0.5 * seed, 1), ("kd", 0.0, 3), ("sld", 1.0 + 0.5 * seed, 5)):
            last = base + gain
            trials.append(Trial("%s%010d" % (arm[:2], seed), arm, seed, [30.0, last + 1.0, last - 1.0, last], [arm],
                                None if arm == "ce" else "t00000000000", copies=copies, sha="" if arm == "ce" else sha))
    trials.append(Trial("lo0000000001", "a long name, with \"quotes\" and a comma", 1, [30.0, 40.0, 50.0, 55.0], ["lo"],
                        "t00000000000", sha=sha))
    trials.append(Trial("lo0000000002", "a long name, with \"quotes\" and a comma", 2, [30.0], ["lo"], "t00000000000", sha=sha,
                        status="diverged"))
    trials.append(Trial("lo0000000003", "a long name, with \"quotes\" and a comma", 3, [], ["lo"], "t00000000000"))
    write_sweep(folder, trials, baseline="kd", axes=["method"])
    return trials
