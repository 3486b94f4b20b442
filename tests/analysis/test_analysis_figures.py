"""Figures of sld_analysis against studies whose answer is known: classes that move by chance, sensitivity where arms differ in more than
the option, fits at the bound of their search, gaps of exactly 0, arms that a figure leaves out; and the interval over several pairs,
whose coverage is measured. Skipped without scipy, pandas or matplotlib."""
import errno
import math
import os
import re
from types import SimpleNamespace

from package import needs

needs("matplotlib", "pandas", "scipy", "sklearn", "yaml")

import h5py
import numpy as np
from scipy import stats as scipy_stats

import made_study
import sld_analysis
from harness import check, in_folder
from sld_analysis import calibration, cells, figures, figures_classes, pairs, stats, tables, variance
from sld_analysis import gains as gains_of
from sld_analysis.figure import Figure
from sld_analysis.report import Report

CLASSES, IMAGES = 100, 20


def most(rate, n):
    """So many of n at most: three deviations above the rate."""
    return rate + 3.0 * math.sqrt(rate * (1.0 - rate) / n)


def two_arms(right, is_open=False):
    """As much of a study as gains by class are made from. right: (arm, seed, sample) of bool; arm 0 is the baseline."""
    _, n, samples = right.shape
    flat = right.reshape(2 * n, samples)
    labels = np.repeat(np.arange(CLASSES), samples // CLASSES)
    digests = SimpleNamespace(correct=lambda trials: (flat[trials], trials), labels=lambda trial: labels,
                              student=lambda trial: SimpleNamespace(n_classes=CLASSES))
    return SimpleNamespace(digests=digests, arms={"base": list(range(n)), "arm": list(range(n, 2 * n))}, base_of={"arm": "base"},
                           study=SimpleNamespace(trials={"seed": list(range(n)) * 2}), is_open=lambda *arms: is_open)


def check_classes():
    """Without an effect any class is called moved in at most 5 % of studies, for each number of seeds; with 30 of 100 classes that move,
    of those called so at most 5 % are others. A class with the same gap for each seed is not tested."""
    random = np.random.default_rng(21)
    for n, studies in ((2, 100), (3, 100), (5, 200)):
        p_image = random.beta(3, 1.5, CLASSES * IMAGES)
        moved = [int((gains_of.class_gains(two_arms(random.random((2, n, len(p_image))) < p_image), "arm", "base")[2] < stats.ALPHA).sum())
                 for _ in range(studies)]
        check(np.mean(np.array(moved) > 0) <= most(stats.ALPHA, studies), "%d seeds: studies with a class that moved" % n, np.mean(moved), max(moved))
        print("no effect, %d seeds: a class called moved in %.1f %% of studies" % (n, 100 * np.mean(np.array(moved) > 0)))
    false = []
    for _ in range(100):
        p_image = np.tile(random.beta(3, 3, CLASSES * IMAGES), (2, 1))
        p_image[1, :30 * IMAGES] = 0.95
        found = gains_of.class_gains(two_arms(random.random((2, 5, CLASSES * IMAGES)) < p_image[:, None]), "arm", "base")[2] < stats.ALPHA
        false.append(found[30:].sum() / max(1, found.sum()))
    check(np.mean(false) <= stats.ALPHA + 3 * np.std(false) / math.sqrt(len(false)), "share of classes that did not move", np.mean(false))
    for n in (2, 3, 5, 6, 7):  # 7 of 20 images: the mean of equal percentages is not always the percentage
        right = np.zeros((2, n, CLASSES * IMAGES), bool)
        right[1, :, :7] = True
        right[1, 0, IMAGES] = True
        gain, p, q = gains = gains_of.class_gains(two_arms(right), "arm", "base")
        check(abs(gain[0] - 35) < 1e-9 and math.isnan(p[0]) and math.isnan(q[0]) and p[1] > 0.05, "no spread, no test", n, gain[:2], p[:2])
        check(figures_classes.moved(gains, False).startswith("moves 0 of 1 classes tested (99 more"), "and the caption says so")
    # A class without test images has no gain, and none is tested while trials are to come.
    work = two_arms(right, is_open=True)
    work.digests.student = lambda trial: SimpleNamespace(n_classes=CLASSES + 1)
    gains = gains_of.class_gains(work, "arm", "base")
    check(np.isnan(gains.p).all() and np.array_equal(gains.mean[:-1], gain) and math.isnan(gains.mean[-1]), gains)
    check(figures_classes.moved(gains, True) == "not tested, as trials are to come (1 without test images)", figures_classes.moved(gains, True))
    work.is_open = lambda *arms: False
    said = figures_classes.moved(gains_of.class_gains(work, "arm", "base"), False)
    check(said == "moves 0 of 1 classes tested (99 more have the same gap for each seed: not tested; 1 without test images)", said)


def made(name, arms, **more):
    made_study.write_study(name, arms, logits=more.pop("logits", False), **dict({"samples": 200, "epochs": 3}, **more))
    return sld_analysis.open(name)


def pair(t, method, gain=0.0, **options):
    """An arm of one of two pairs, ten points apart."""
    return made_study.Arm("p%d %s" % (t, method), gain - 10.0 * t, ["p%d" % t, method], teacher=t, weights="t%d.h5" % t, **options)


def check_sensitivity():
    x = "report: {x: kd.temperatures}"
    more = dict(seeds=2, axes=("pair", "method"), noise=0.01, spec=x)
    # T1 is in the low pair alone, T2 and T4 in both, and an arm of another learning method shares T4's value.
    arms = [pair(t, "T%d" % T, gain, temperatures=str(T)) for t in (0, 1) for T, gain in ((2, 0.0), (4, 1.0), (8, 2.0)) if (t, T) != (0, 2)]
    study = made("holes.h5", arms + [pair(1, "swap", 5.0, temperatures="4", correction="swap", lts="true")], baseline="p1 T2", **more)
    figure = Report(study).figures["F4"]
    check(figure.title == "Sensitivity to kd.temperatures" and "the 2 cells that all 3 values have" in figure.note, figure.note)
    check("6 trials are in no such cell" in figure.note, "and how many are left out", figure.note)
    means = [float(m) for m in re.findall(r"\}: (\d+\.\d+)", figure.alt)]
    check(np.allclose(means, np.array([60.0, 61.0, 62.0]) + np.mean(means) - 61.0, atol=0.06), "of the low pair alone, 10 points no effect", figure.alt)
    # Another method for each value: the axes have cells in common, and the caption says what else differs.
    arms = [pair(t, m, g, **o) for t in (0, 1) for m, g, o in (("KD", 0.0, {"temperatures": "4"}), (
        "SLD", 1.0, {"correction": "swap", "lts": "true", "lss": "true"}))]
    figure = Report(made("methods.h5", arms, baseline="p0 KD", **more)).figures["F4"]
    check(figure.title.startswith("Arms by kd.temperatures") and "the 4 cells that all 2 values have" in figure.note, figure.title, figure.note)
    check("Warning" in figure.note and "correction" in figure.note and "lss" in figure.note, "what else they differ in", figure.note)
    # Two data sets that differ in no option: T8 is of one of them alone.
    arms = [made_study.Arm("%s T%d" % (d, T), g, [d, "T%d" % T], temperatures=str(T)) for d, T, g in (("A", 2, 0.0), ("A", 8, 1.0), ("B", 2, -20.0))]
    made_study.write_study("data.h5", arms, samples=200, epochs=3, logits=False, baseline="A T2", **dict(more, axes=("data", "method")))
    with h5py.File("data.h5", "r+") as f:
        f.create_dataset("trials/data_sha256", data=[a.decode()[0] for a in f["trials/arm"][...]], dtype=h5py.string_dtype())
    figure = Report(sld_analysis.open("data.h5")).figures["F4"]
    low, high = (float(m) for m in re.findall(r"\}: (\d+\.\d+)", figure.alt))
    check(abs(high - low - 1.0) < 0.06 and "2 trials are in no such cell" in figure.note, "of one data set", figure.alt, figure.note)
    # Nor does the deviation over seeds: with one temperature the two sets, 20 points apart, differ in no option.
    made_study.write_study("sets.h5", [made_study.Arm(d, g, [d]) for d, g in (("A", 0.0), ("B", -20.0))], samples=200, epochs=3, logits=False,
                           baseline="A", **dict(more, axes=("data",)))
    with h5py.File("sets.h5", "r+") as f:
        f.create_dataset("trials/data_sha256", data=f["trials/arm"][...], dtype=h5py.string_dtype())
    (_, deviation, df), = variance.sources(sld_analysis.open("sets.h5"))
    check(deviation < 2.0 and df == 2, "of each data set by itself", deviation, df)
    # Values that no pair shares.
    left = dict(Report(made("apart.h5", [pair(t, "T%d" % T, temperatures=str(T)) for t, T in ((0, 2), (0, 4), (1, 8))], baseline="p0 T2",
                            **dict(more, axes=()))).left)
    check("all else alike" in left["F4, sensitivity"], left)
    # Two options: one cell short makes no row lighter; an option that an arm does not use says nothing of it.
    arms = [pair(t, "T%d w%g" % (T, w), T + w, temperatures=str(T), kd=str(w)) for t in (0, 1) for T in (2, 4) for w in (0.5, 0.9) if (t, T, w) != (0, 2, 0.5)]
    arms.append(made_study.Arm("alone", 5.0, ["p1", "CE"], teacher=-1, method="none"))
    study = made("grid.h5", arms, baseline="p1 T2 w0.5", **dict(more, spec="report: {x: [kd.temperatures, kd.weak]}"))
    figure = Report(study).figures["F4"]
    check("alone (they decide nothing there)" in figure.note, figure.note)
    work = tables.Work(study)
    found = cells.compare(work, [a for a in work.arms if a != "alone"], ["kd.temperatures", "kd.weak", "kd.strong"])
    check(found.n == 2 and found.unused == 6 and not found.apart and len(found.values) == 4, "one pair, two seeds", found)


def check_temperature():
    random = np.random.default_rng(8)
    z, labels = random.normal(0, 1, (300, 5)).astype(np.float32), random.integers(0, 5, 300)
    sure = 9 * np.eye(5, dtype=np.float32)[labels]
    for logits, wanted in ((z - sure, 20.0), (sure, 0.05)):
        t = calibration.fit_temperature(logits, labels)
        check(t == wanted and calibration.at_bound(t), "a student that is always wrong wants no confidence, a perfect one all of it", t)
    study = made("reliable.h5", made_study.square()[:3], seeds=2, samples=400, logits=True)
    with h5py.File("reliable.h5", "r+") as f:
        at = list(study.trials["arm"]).index("KD-PA")
        f["logits/test_last"][at] = random.normal(0, 1, (400, 10)) - 3 * np.eye(10)[f["labels/test"][...]]
    report = Report(sld_analysis.open("reliable.h5"))
    note = report.figures["F7"].note
    one = report.work.study
    trial = one.arms["KD-PA+LTS"][0]
    each = calibration.cross_fitted(one.logits(trial), np.asarray(one.labels(trial)))[1]
    check("KD-PA+LTS, seed 1: ECE" in note and "after T = %.2f and %.2f" % tuple(each) in note, "each half its own, no mean of them", note)
    check(re.search(r"KD-PA, seed 1: ECE [\d.]+, no temperature \(the fit stands at 20, the bound of its search\)", note), "a bound is no result", note)
    check("the table of predictions has the means over seeds" in note and note in report.figures["F7"].html(), note)


def check_ties():
    check([figures.direction(1.0, y) for y in (2.0, 1.0, 0.5)] == ["up", "the same", "down"], "0 is neither")
    study = made("ties.h5", made_study.square()[1:3], seeds=3)
    with h5py.File("ties.h5", "r+") as f:
        arm, top1 = list(study.trials["arm"]), f["trials/top1_last"][...]
        base, other = arm.index("KD-PA"), arm.index("KD-PA+LTS")
        top1[other:other + 3] = top1[base:base + 3] + [1.0, 0.0, -1.0]
        f["trials/top1_last"][...] = top1
    figure = Report(sld_analysis.open("ties.h5")).figures["F10"]
    check("KD-PA+LTS 1 up, 1 down, 1 the same." in figure.alt, figure.alt)
    check([name for name, _ in figure.legend] == ["up", "down", "the same"], figure.legend)


def check_left_out():
    """Every arm is in each figure's panels or legend, or named with the reason for which it is not; and report.md has all notes."""
    arms = made_study.square()[:1] + [made_study.Arm("arm%02d" % i, 0.3 * i, ["-", "-"], temperatures=str(i)) for i in range(1, 14)]
    report = Report(made("many.h5", arms, seeds=2, logits=True, baseline="arm01"))
    names, text = {a.name for a in arms}, report.markdown()
    for key in ("F1", "F2", "F6", "F7", "F8", "F9", "F10"):
        figure = report.figures[key]
        left = " ".join(re.findall(r"Not shown: (.*?)\.(?: |$)", figure.note))
        told = {n for n in names if re.search(r"\b%s\b" % n, left + " " + figure.alt + " " + figure.note)}
        check(names - told <= ({"arm01"} if key == "F10" else set()), "an arm is missing without a word", key, names - told, figure.note)
        check(left and "at most" in left, "the reason", key, figure.note)
    check("CE (no test logits of a teacher)" in report.figures["F2"].note, "an arm that has nothing to show", report.figures["F2"].note)
    plain_text = text.replace("\\", "")
    for key, figure in report.figures.items():
        check(figure.note.replace("\\", "") in plain_text, "report.md keeps the note", key, figure.note)


def check_interval():
    """The interval over pairs x seeds covers the interquartile mean of ever more seeds of these pairs: 95 % where pairs are alike or differ
    in spread; 2.5 points are allowed for pairs far apart, where the middle half is of few of them, and three deviations of the draws."""
    random = np.random.default_rng(31)
    draws = 250
    for n in (2, 3, 5):
        for name, gaps, spreads in (("alike", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), ("apart", (-2.0, 0.0, 2.0), (1.0, 1.0, 1.0)),
                                    ("spread", (0.0, 0.0, 0.0), (0.3, 1.0, 2.0))):
            true = scipy_stats.trim_mean(np.concatenate([random.normal(g, s, 100000) for g, s in zip(gaps, spreads)]), 0.25)
            inside = 0
            for _ in range(draws):
                _, low, high = pairs.interquartile_mean([random.normal(g, s, n) for g, s in zip(gaps, spreads)], 200)
                inside += low <= true <= high
            check(inside / draws >= 0.925 - 3 * math.sqrt(0.05 * 0.95 / draws), "coverage", name, n, inside / draws)
            print("3 pairs, %s, %d seeds: the 95 %% interval covers %.1f %%" % (name, n, 100 * inside / draws))
    three = [np.array([v]) for v in (1.0, 2.0, 6.0)]
    check(all(math.isnan(v) for v in pairs.interquartile_mean(three)), "of three values none is trimmed: no interquartile mean")
    report = Report(made("three.h5", [pair(t, "T%d" % T, float(T * t), temperatures=str(T)) for t in range(3) for T in (2, 4)], seeds=1,
                         axes=("pair", "method"), baseline="p0 T2"))
    table = report.tables["pairs"]
    check([row[2] for row in table.rows] == ["–", "–"] and "No interquartile mean below 4" in " ".join(table.notes), table.rows, table.notes)
    mean, low, _ = pairs.interquartile_mean([np.array([1.0, 1.0]), np.array([1.0, 1.0])])
    check(mean == 1.0 and math.isnan(low), "no spread, no interval")


def content_of(path):
    with open(path, "rb") as f:
        return f.read()


def check_saved():
    """A figure's file is there whole or not at all, and keeps its mode."""
    with open("old.svg", "w") as f:
        f.write("old")
    os.chmod("old.svg", 0o640)
    drawn = Figure("F1", "title", [lambda ax: ax.plot([1, 2])], "alt")
    replace, os.replace = os.replace, lambda *paths: (_ for _ in ()).throw(OSError(errno.EIO, "no more"))
    try:
        drawn.save("old.svg")
        check(False, "a figure that was not published")
    except OSError as error:
        check("old.svg: cannot be written: no more" == "%s: %s" % (error.filename, error.strerror), error)
    os.replace = replace
    check(content_of("old.svg") == b"old", "the old one stays")
    for ending in ("svg", "pdf", "png"):
        drawn.save("old." + ending)
    check(b"<svg" in content_of("old.svg") and content_of("old.pdf")[:4] == b"%PDF" and content_of("old.png")[1:4] == b"PNG", "figures")
    check(os.stat("old.svg").st_mode & 0o777 == 0o640 and not [n for n in os.listdir(".") if n.startswith("old.svg.")], "with its mode")


def main():
    check_saved()
    check_classes()
    check_sensitivity()
    check_temperature()
    check_ties()
    check_left_out()
    check_interval()


in_folder(main)
