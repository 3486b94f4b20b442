"""Trials of one study that were tested on other images: on shares of one test set, on several data sets. From a sweep's folder, its packs,
results by themselves and merged packs, logits are held against labels and teacher of their own images alone, and what has none there is
left out. Skipped without pandas or matplotlib."""
import json
import os
import shutil
import subprocess
import sys

from package import needs

needs("matplotlib", "pandas", "scipy", "sklearn", "yaml")

import h5py
import numpy as np

import made_sweep
import sld_analysis
from harness import check, expect, in_folder, sld
from made_sweep import CLASSES, LABELS, SAMPLES, TEACHER_WRONG, Trial
from sld_analysis import calibration, digest
from sld_analysis.__main__ import main as run_verb
from sld_analysis.report import Report
from sld_analysis.table import Bold

MAKE_INDEX = sys.argv[1]
HALF = np.array([1, 4, 7, 8, 10, 11])  # samples of the share: their labels are others than those of the first six
SHA = "a" * 64
NAMES = {"whole": "wholex", "half": "halfxx", "CE": "contro", "CE half": "halfce"}  # of trials
COPIES = {"whole": 3, "half": 5, "CE": 2, "CE half": 4}


def kept(arm):
    return HALF if "half" in arm else np.arange(SAMPLES)


def write_sweep(folder, arms=COPIES):
    """Two seeds of each arm; the arms with `half` in their name on that share of test."""
    trials = [Trial("t00000000000", "t", 1, [50.0, 60.0], is_teacher=True)]
    for arm in arms:
        experiment = "method: %s\ndata:\n  test_fraction: %s\nstudent:\n  network: resnet8\n" % (
            "none" if "CE" in arm else "kd", 0.5 if "half" in arm else 1.0)
        trials += [Trial("%s%06d" % (NAMES[arm], seed), arm, seed, [50.0, 60.0 + seed], [arm], "" if "CE" in arm else "t00000000000",
                         copies=COPIES[arm], sha="" if "CE" in arm else SHA, experiment=experiment + "seed: %d\n" % seed) for seed in (1, 2)]
    made_sweep.write_sweep(folder, trials, baseline=list(arms)[0], axes=["arm"])
    for t in trials:
        with h5py.File("%s/trials/%s/results.h5" % (folder, t.id), "r+") as f:
            if t.is_teacher:  # it kept no logits
                del f["logits"], f["labels"]
                continue
            for name in [n for n in f["logits"]] if "half" in t.arm else ():
                replace(f, "logits/" + name, f["logits/" + name][...][HALF])
            replace(f, "labels/test", LABELS[kept(t.arm)])
    subprocess.run([MAKE_INDEX, folder], check=True)


def replace(f, path, value):
    attributes = dict(f[path].attrs)
    del f[path]
    f[path] = value
    f[path].attrs.update({k: v for k, v in attributes.items() if k == "units"})


def teacher_of(arm):
    return made_sweep.teacher_logits()[kept(arm)]


def arm_of(study, trial):
    """As the sweep called it: single runs have no names."""
    return next(arm for arm, name in NAMES.items() if study.trials["id"][trial].startswith(name))


def check_trial(digests, study, trial, must=True):
    """All that a digest says, by hand. must: it has to be there."""
    arm = arm_of(study, trial)
    labels, logits = LABELS[kept(arm)], made_sweep.student_logits(COPIES[arm])[kept(arm)]
    student, teacher = digests.student(trial), digests.teacher(trial)
    check(not must or student is not None and (teacher is not None) == ("CE" not in arm), "there", arm, digests.left, digests.left_teacher)
    if student is None:  # nothing is held against its teacher
        return
    check(np.array_equal(study.labels(trial), labels) and np.array_equal(student.correct, logits.argmax(axis=1) == labels), "its own labels", arm)
    own = calibration.log_softmax(logits)[np.arange(len(labels)), labels]
    check(np.allclose(student.nll, -own, rtol=1e-3), "NLL", arm, student.nll, own)
    if teacher is not None:
        wrong = teacher_of(arm).argmax(axis=1) != labels
        check(np.array_equal(~teacher.correct, wrong) and len(teacher.rank) == len(labels), "its teacher on its own samples", arm)
        copied = 100.0 * np.mean((logits.argmax(axis=1) == teacher_of(arm).argmax(axis=1))[wrong])
        check(abs(digest.copy_rate(student, teacher) - copied) < 1e-9, "copied errors", arm, copied)
        check(sum(row[1] for row in digest.by_rank(student, teacher)) == wrong.sum(), "by rank", arm)


def check_study(path, must=lambda arm: True):
    """must(arm): whether its digests have to be there."""
    study = sld_analysis.open(path)
    report = Report(study)
    for trial in study.students:
        check_trial(study.digests, study, trial, must(arm_of(study, trial)))
    return report


def check_tables(report):
    """What is made of several trials is made within a test set."""
    rows = {row[0]: row for row in report.tables["quality"].rows}
    wrong = {arm: [i for i in kept(arm) if i in TEACHER_WRONG] for arm in COPIES}
    rate = lambda copies, arm: "%.1f" % (100.0 * np.mean([i < copies for i in wrong[arm]]))  # noqa: E731
    for arm, control in (("whole", "CE"), ("half", "CE half")):
        check(rows[arm][7:] == [rate(COPIES[arm], arm), rate(COPIES[control], arm)], "copied errors, and those of the controls", rows[arm])
    counts = {row[0]: int(row[2]) for row in report.tables["copies"].rows}
    check(counts == {"whole": 5, "half": 2, "CE": 5, "CE half": 2}, "each against the teacher on its own samples", report.tables["copies"].rows)
    check(not any(row[-1] != "–" for row in report.tables["spread"].rows if "half" in row[0]), "no interval over other images")
    check("T8" not in report.tables, "one teacher on two shares is no two teachers of one student")
    check("half, CE half (another test set than its baseline)" in report.figures["F9"].note, report.figures["F9"].note)
    check(sum("different test sets: their gap is of other images too" in w for w in report.warnings) == 2, report.warnings)


def padded(values, fill):
    out = np.full((SAMPLES,) + values.shape[1:], fill, values.dtype)
    out[:len(values)] = values
    return out


def tables_of(logits, labels, compact):
    """{name in a pack: (sample ...)} of one row."""
    if not compact:
        return {"": padded(logits, np.nan)}
    log_p, order = calibration.log_softmax(logits), np.argsort(-logits, axis=1, kind="stable")
    own = log_p[np.arange(len(labels)), labels]
    rank = 1 + (logits > logits[np.arange(len(labels)), labels][:, None]).sum(axis=1)
    return {"_top": padded(np.take_along_axis(log_p, order, 1), np.nan), "_top_class": padded(order, 0),
            "_label": padded(own, np.nan), "_label_rank": padded(rank, 0)}


def as_packed(path, out, by_trial):
    """The pack with labels and teachers by test set, or with those of the first alone, as an earlier sld wrote them."""
    shutil.copyfile(path, out)
    with h5py.File(out, "r+") as f:
        arms, compact = [a.decode() for a in f["trials/arm"][...]], "log_p" in f
        replace(f, "labels/test", np.array([padded(LABELS[kept(a)], -1) for a in arms]) if by_trial else LABELS)
        teachers = [tables_of(teacher_of(a), LABELS[kept(a)], compact) for a in ("whole", "half")[:1 + by_trial]]
        for end in teachers[0]:
            name = ("log_p" if compact else "logits") + "/test_teacher" + end
            kind = f[name].dtype
            replace(f, name, np.array([t[end] for t in teachers]).astype(kind))
        replace(f, "trials/teacher_row", np.array([-1 if "CE" in a or a == "t" else int(by_trial and a == "half") for a in arms]))
    return out


def check_packs():
    for name, words in (("full.h5", ()), ("small.h5", ("--compact",))):
        expect(sld("report", "made", "--pack", name, *words, ranks=0), 0)
        check_tables(check_study(name))
        check_tables(check_study(as_packed(name, "by-trial.h5", True)))
        report = check_study(as_packed(name, "first-alone.h5", False), lambda arm: "half" not in arm)
        check({row[0] for row in report.tables["quality"].rows} == {"whole", "CE"}, report.tables["quality"].rows)
        check(any("left out of what is made from logits: logits of 6 samples, labels of 12" in w for w in report.warnings), report.warnings)


def check_merged():
    """Parts that were tested on different shares."""
    arms = {"whole": ("whole", "CE"), "half": ("half", "CE half")}
    for part, names in arms.items():
        write_sweep(part, names)
        expect(sld("report", part, "--pack", part + ".h5", ranks=0), 0)
        with h5py.File(part + ".h5", "r+") as f:
            f.attrs["baseline"] = "whole"
    check(run_verb(["merge", "whole.h5", "half.h5", "-o", "merged.h5"]) == 0, "merged")
    check_tables(check_study("merged.h5"))
    rates = {where: {a["arm"]: a["copy_rate"]["mean"] for a in json.loads(expect(sld("report", where, "--format", "json", ranks=0), 0).out)["arms"]
                     if a["arm"] in COPIES} for where in ("made", "merged.h5")}
    check(rates["made"] == rates["merged.h5"] and None not in rates["made"].values(), "copied errors, of the controls too", rates)


def write_sets(folder):
    """Two data sets, of two classes and of four, the second harder; a teacher of each, the first of which makes no error."""
    random, trials = np.random.default_rng(4), []
    for name, sha, top1 in (("two", "2", 60.0), ("four", "4", 40.0)):
        experiment = "method: %s\ndata:\n  path: " + name + ".h5\nstudent:\n  network: resnet8\n"
        trials += [Trial("%s%s%07d" % (name[:3], arm, seed), name + " " + arm, seed, [30.0, top1 + gain], [name, arm],
                         sha=sha * 64 if arm == "KD" else "", data_sha256=sha * 64, data=name, experiment=experiment % ("none" if arm == "CE" else "kd"))
                   for arm, seed, gain in (("CE", 1, 1.0), ("CE", 2, 2.0), ("KD", 1, 3.0))]
    made_sweep.write_sweep(folder, trials, baseline="two CE", axes=["set", "arm"])
    for t in trials:
        k, n = (2, 10) if t.id.startswith("two") else (4, 12)
        with h5py.File("%s/trials/%s/results.h5" % (folder, t.id), "r+") as f:
            for path in ["logits/" + name for name in f["logits"]]:
                replace(f, path, random.standard_normal((n, k)).astype(np.float32))
            if k == 2 and t.sha:
                replace(f, "logits/test_teacher", np.eye(2, dtype=np.float32)[LABELS[:n] % 2])
            replace(f, "labels/test", LABELS[:n] % k)
            del f["class_name"]
    subprocess.run([MAKE_INDEX, folder], check=True)


def check_words():
    """What a report says of several data sets is said of each."""
    report = Report(sld_analysis.open("sets"))
    study, left = report.work.study, dict(report.left)
    check(dict(report.facts)["data"] == "two: 10 test samples, 2 classes; four: 12 test samples, 4 classes", report.facts)
    check("the data here 2 and 4" in left["T3, ImageNet"], left)
    for key, column in (("accuracy", 2), ("quality", 1), ("quality", 2), ("quality", 4)):
        best = [row[0] for row in report.tables[key].rows if isinstance(row[column], Bold)]
        check([arm.split()[0] for arm in best] == ["two", "four"], "the best of each", key, column, best)
        check(key == "quality" or best == ["two KD", "four KD"], "by the mean", best)
    check("Of one arm, four KD" in report.figures["F5"].note, "the teacher that errs", report.figures["F5"].note)
    rates = [100 * np.mean(np.equal(*(study.predicted(t) for t in study.arms[arm]))) for arm in ("two CE", "four CE")]
    check("%.1f %% on two of resnet8 (two CE); %.1f %% on four of resnet8 (four CE)" % tuple(rates) in report.figures["F8"].note, rates, report.figures["F8"].note)
    report.figures["F8"].html()
    few = "No interquartile mean"
    others = " ".join(report.tables["matrix"].notes) + report.figures["F11"].note
    check(few in " ".join(report.tables["pairs"].notes) and few not in others, "of the table alone", others)


def check_classes():
    """A compact pack of data sets of which one has fewer classes than the other has places."""
    expect(sld("report", "sets", "--pack", "sets.h5", "--compact", ranks=0), 0)
    full, compact = sld_analysis.open("sets"), sld_analysis.open("sets.h5")
    for a, b in zip(full.students, compact.students):
        one, other = full.digests.student(a), compact.digests.student(b)
        check(other is not None and np.array_equal(one.predicted, other.predicted) and one.n_classes == other.n_classes, compact.digests.left)
        check(compact.top(b).log_p.shape == full.logits(a).shape, "a place for each class", compact.top(b).log_p.shape)
        one, other = full.digests.teacher(a), compact.digests.teacher(b)
        check((one is None) == (other is None) and (one is None or np.array_equal(one.rank, other.rank)), "its teacher")
    check(not compact.digests.left and not compact.digests.left_teacher, compact.digests.left)


def main():
    write_sets("sets")
    check_classes()
    check_words()
    write_sweep("made")
    check_tables(check_study("made"))
    check_study(["made/trials/" + name for name in sorted(os.listdir("made/trials")) if not name.startswith("t")])
    check_study("made/trials/halfxx000001")
    check_packs()
    check_merged()


in_folder(main)
