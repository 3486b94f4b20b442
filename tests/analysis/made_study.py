"""made_study.py: a packed study made by hand, in the layout of `sld report DIR --pack FILE`, whose effects are known: for the
tests of sld_analysis. As a program: made_study.py OUT.h5 [--arms N] [--seeds N] [--samples N] [--classes N] [--epochs N]."""
import argparse
import os

import h5py
import numpy as np

CONFIG = """name: ""
seed: %(seed)d
method: %(method)s
correction: %(correction)s
teacher_swap: %(lts)s
student_swap: %(lss)s
student_swap_after: first_lr_drop # epoch
data:
  format: %(data)s
  train_fraction: 1.0
synthetic:
  train: 4000 # sample
student:
  network: %(student)s
teacher:
  weights: %(weights)s
  network: ""
ce:
  weak: 0.1
  strong: 0.1
kd:
  weak: %(kd)s
  strong: %(kd)s
  temperatures: [%(temperatures)s]
lss:
  weak: 0.9
  temperatures: [1, 2, 3, 4, 5, 6]
train:
  epochs: %(epochs)d # epoch
  batch: 64 # sample
  lr: 0.025
"""


class Arm:
    """gain: points over the base; options: what CONFIG takes; axes: labels; teacher: index of its teacher, -1: none."""

    def __init__(self, name, gain=0.0, axes=(), teacher=0, **options):
        self.name, self.gain, self.axes, self.teacher = name, gain, list(axes), teacher
        self.options = dict({"method": "sld", "correction": "none", "lts": "false", "lss": "false", "data": "synthetic",
                             "student": "resnet8", "weights": "teachers/resnet20.h5", "kd": "0.9", "temperatures": "1, 2, 3, 4, 5, 6"},
                            **options)
        if teacher < 0:
            self.options.update(kd="0.0", weights='""')


def square(lts=1.0, lss=0.5, both=0.25):
    """A student alone, and the four arms of teacher swap x student swap."""
    return [Arm("CE", -2.0, ["CE", "-"], teacher=-1, method="none"),
            Arm("KD-PA", 0.0, ["-", "-"]),
            Arm("KD-PA+LTS", lts, ["LTS", "-"], correction="swap", lts="true"),
            Arm("KD-PA+LSS", lss, ["-", "LSS"], lss="true"),
            Arm("SLD", lts + lss + both, ["LTS", "LSS"], correction="swap", lts="true", lss="true")]


def logits_of(random, labels, n_classes, accuracy, like=None, copy=0.3):
    """(sample, class) float32 that are right on about accuracy percent; of the rest a share copies like's class."""
    n = len(labels)
    z = random.standard_normal((n, n_classes), np.float32)
    wrong = random.random(n) >= accuracy / 100.0
    other = (labels + 1 + (random.random(n) ** 3 * (n_classes - 1)).astype(int)) % n_classes
    if like is not None:
        follow = random.random(n) < copy
        other = np.where(follow & (like != labels), like, other)
    z[np.arange(n), labels] += 3.0
    top = np.where(wrong, other, labels)
    z[np.arange(n), top] = z.max(axis=1) + random.random(n).astype(np.float32) * 3.0
    return z


def write_study(path, arms, seeds=3, samples=400, classes=10, epochs=12, base=70.0, noise=0.4, spec="", baseline="KD-PA",
                axes=("teacher_swap", "student_swap"), logits=True, names=None, states=None, random_seed=1, validation=False):
    """states: {(arm, seed): (state, reason)} of trials that are not done. Everything follows from random_seed."""
    random = np.random.default_rng(random_seed)
    labels = (np.arange(samples) % classes).astype(np.int32)
    teachers = sorted({a.teacher for a in arms if a.teacher >= 0})
    networks = [next(os.path.basename(a.options["weights"])[:-3] for a in arms if a.teacher == t) for t in teachers]
    trials = [("teacher%d" % t, None, 1) for t in teachers]
    trials += [("%s-%d" % (a.name, s), a, s) for a in arms for s in range(1, seeds + 1)]
    n, states = len(trials), states or {}
    text = h5py.string_dtype()
    with h5py.File(path, "w", libver=("v108", "v108")) as f:
        f.attrs.update({"format": "sld-study", "format_version": 1, "name": "made", "baseline": baseline})
        if spec:
            f.attrs["sweep"] = spec
        teacher_logits = {t: logits_of(random, labels, classes, 78.0 + 3 * t) for t in teachers} if logits else {}
        columns = {k: [] for k in ("id", "arm", "state", "reason", "config")}
        columns.update({"axis_" + a: [] for a in axes})
        numbers = {k: [] for k in ("seed", "is_teacher", "teacher", "attempts", "best_on_val", "teacher_row", "valid", "top1_last",
                                   "top1_best", "top1_last3", "top5_last", "nll_last", "epochs", "lss_start", "minutes",
                                   "samples_per_second", "swapped_teacher_weak_last", "swapped_student_weak_last")}
        curves = {k: np.full((n, epochs), np.nan) for k in ("top1_test", "loss_test", "loss_kd_strong", "loss_lts_strong")}
        made = f.create_dataset("logits/test_last", (n, samples, classes), "f4", chunks=(1, samples, classes)) if logits else None
        seed_effect = random.standard_normal(seeds + 1) * noise
        for i, (name, arm, seed) in enumerate(trials):
            state, reason = states.get((arm.name if arm else name, seed), ("done", ""))
            done = state == "done"
            last = base + seed_effect[seed] + arm.gain + noise * random.standard_normal() if arm else 80.0
            o = dict(arm.options if arm else Arm("", teacher=-1, method="none", student=networks[i]).options, seed=seed, epochs=epochs)
            for key, value in zip(columns, (format(abs(hash_of(name)), "012x"), arm.name if arm else networks[i], state, reason, CONFIG % o)):
                columns[key].append(value)
            for k, axis in enumerate(axes):
                columns["axis_" + axis].append(arm.axes[k] if arm and k < len(arm.axes) else "")
            taught = arm is not None and arm.teacher >= 0
            if made is not None and done:
                z = logits_of(random, labels, classes, last, teacher_logits[arm.teacher].argmax(1) if taught else None)
                made[i] = z
                last = 100.0 * float((z.argmax(axis=1) == labels).mean())
            elif made is not None:
                made[i] = np.nan
            curve = last - 30.0 * np.exp(-np.arange(1, epochs + 1) / 4.0) + 30.0 * np.exp(-epochs / 4.0)
            if done:
                curves["top1_test"][i], curves["loss_test"][i] = curve, 4.0 - curve / 25.0
                if taught:
                    curves["loss_lts_strong" if o["correction"] == "swap" else "loss_kd_strong"][i] = 5.0 - curve / 40.0
            nan = float("nan")
            lss = o["lss"] == "true"
            values = (seed, arm is None, teachers.index(arm.teacher) if taught else -1, 1, 0, teachers.index(arm.teacher) if taught else -1,
                      done, last, curve.max(), curve[-3:].mean(), min(99.0, last + 15), 4.0 - last / 25.0, epochs,
                      epochs // 2 if lss else nan, 10.0 + 2 * taught, 400.0, 0.2 if taught else nan, 0.3)
            for key, value in zip(numbers, values):
                numbers[key].append(value if done or key in ("seed", "is_teacher", "teacher", "attempts", "best_on_val", "teacher_row", "valid") else nan)
        f["valid"] = np.array(numbers.pop("valid"), np.int32)
        for key, value in columns.items():
            f.create_dataset("trials/" + key, data=np.array(value, object), dtype=text)
        for key, value in numbers.items():
            whole = key in ("seed", "is_teacher", "teacher", "attempts", "best_on_val", "teacher_row")
            f["trials/" + key] = np.array(value, np.int64 if whole else np.float64)
        for key, value in curves.items():
            f["epoch/" + key] = value
            f["epoch/" + key].attrs["units"] = "percent" if key.startswith("top") else "1"
        if validation:
            f["epoch/top1_val"] = curves["top1_test"] - 0.5
        f["epoch/epoch"] = np.arange(1, epochs + 1)
        if logits:
            f["labels/test"] = labels
            f.create_dataset("class_name", data=np.array(names or ["class %d" % k for k in range(classes)], object), dtype=text)
            if teachers:
                f["logits/test_teacher"] = np.stack([teacher_logits[t] for t in teachers])
    return trials


def hash_of(text):
    """The same in every process, unlike hash()."""
    value = 14695981039346656037
    for byte in text.encode():
        value = (value ^ byte) * 1099511628211 % (1 << 48)
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    for name, default in (("arms", 5), ("seeds", 3), ("samples", 400), ("classes", 10), ("epochs", 12)):
        parser.add_argument("--" + name, type=int, default=default)
    args = parser.parse_args()
    arms = square() + [Arm("arm %d" % i, 0.1 * i, ["-", "-"], temperatures=str(i)) for i in range(5, args.arms)]
    write_study(args.out, arms[:args.arms], args.seeds, args.samples, args.classes, args.epochs)


if __name__ == "__main__":
    main()
