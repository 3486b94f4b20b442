"""sld report on a sweep made by hand: every number of csv and json against its formula, the text in 100 columns, and what is
said of folders that are no sweep. Nothing in the folder changes."""
import csv
import io
import json
import math
import os
import re
import shutil

import h5py
import numpy as np

import made_sweep
from harness import check, expect, in_folder, sld, write


def tree(folder):
    return sorted((os.path.join(d, f), os.stat(os.path.join(d, f)).st_mtime_ns) for d, _, fs in os.walk(folder) for f in fs)


def close(found, wanted, what):
    # the report prints ten digits; ECE and NLL are computed from float32 logits
    check(abs(float(found) - wanted) <= 1e-9 * max(1.0, abs(wanted)), what, found, wanted)


def check_csv(trials):
    rows = list(csv.DictReader(io.StringIO(expect(sld("report", "made", "--format", "csv", ranks=0), 0).out)))
    check([r["id"] for r in rows] == [t.id for t in trials], "one row per trial, in the order of the points")
    for row, t in zip(rows, trials):
        check(row["arm"] == t.arm and int(row["seed"]) == t.seed and row["is_teacher"] == str(int(t.is_teacher)), row)
        check(row["state"] == (t.status if t.top1 else "waiting"), row)
        check(row["axis_method"] == (t.axes[0] if t.axes else ""), row)
        if not t.top1:
            check(row["top1_last"] == "" and row["copy_rate"] == "", "a missing value is an empty field", row)
            continue
        n = len(t.top1)
        close(row["top1_last"], t.top1[-1], "last")
        close(row["top1_best"], max(t.top1), "best")
        check(row["top1_last3"] == "" if n < 3 else abs(float(row["top1_last3"]) - sum(t.top1[-3:]) / 3) < 1e-7, row)
        close(row["nll_last"], 2.0 - 0.1 * (n - 1), "NLL")
        close(row["minutes"], 0.5 * n, "minutes")
        close(row["samples_per_second"], 100 + 10 * (n - 1) / 2, "samples/s")
        close(row["swapped_student_weak_first"], 0.5, "first epoch")
        close(row["swapped_student_weak_last"], 0.5 - 0.1 * (n - 1), "last epoch")
        check(row["lss_start"] == ("3" if t.sha and n >= 3 else ""), row)
        check(row["swapped_teacher_weak_lss_start"] == ("0.25" if t.sha and n >= 3 else ""), row)
        close(row["grad_norm_ce_weak_last"], 0.01 * n, "gradient norm")
        check(row["copy_rate"] == ("" if t.is_teacher else "%g" % (20 * t.copies)), "copied errors", row)
        confidence = math.exp(4) / (math.exp(4) + 3)  # the same in all rows, half of which are right
        close(row["ece_last"], 100 * (confidence - 0.5), "ECE")


def arms():
    said = json.loads(expect(sld("report", "made", "--format", "json", ranks=0), 0).out)
    return said, {a["arm"]: a for a in said["arms"]}


def check_json(trials):
    said, arm = arms()
    check(len(said["trials"]) == len(trials) and said["waiting"] == 1 and said["diverged"] == 1 and said["done"] == 11, said)
    ce, kd, sld_arm = arm["ce"], arm["kd"], arm["sld"]
    check([a["arm"] for a in said["arms"]][-1] == "resnet20", "teachers stand last")
    check(sld_arm["baseline"] == "kd" and "baseline" in arm["resnet20"] and arm["resnet20"]["baseline"] is None, "a teacher has no baseline: null", arm["resnet20"])
    for a, gaps in ((ce, [-2.5, -3.0, -3.5]), (sld_arm, [1.5, 2.0, 2.5])):
        check(a["gap"]["n"] == 3, a["gap"])
        close(a["gap"]["mean"], np.mean(gaps), "gap")
        close(a["gap"]["sd"], np.std(gaps, ddof=1), "deviation of the gap")
        close(a["gap_half_width"], 4.302652730 * 0.5 / math.sqrt(3), "confidence")  # t(0.975, 2)
    check(kd["is_baseline"] and kd["gap"]["mean"] is None, kd)
    close(kd["top1_last"]["mean"], 62.0, "mean")
    close(kd["top1_last"]["sd"], 1.0, "deviation")
    long_arm = [a for name, a in arm.items() if name.startswith("a long name")][0]
    check(long_arm["top1_last"]["n"] == 1 and long_arm["diverged"] == 1 and long_arm["waiting"] == 1, "a diverged trial is no number")
    close(long_arm["gap"]["mean"], 55.0 - 61.0, "paired over the seed that both have")
    check(long_arm["gap_half_width"] is None, "one pair has no interval")
    pooled = math.sqrt((2 * 0.25 + 2 * 1.0 + 2 * 2.25) / 6)  # ce 0.5, kd 1, sld 1.5, three seeds each
    close(said["pooled_sd"], pooled, "pooled deviation")
    close(sld_arm["detectable"], DELTA_4 * pooled * math.sqrt(2 / 3), "resolves")
    close(sld_arm["copy_rate_unseen"], 20.0, "students that never saw the teacher")


DELTA_4 = 3.761059553825  # noncentrality at which t of 4 degrees of freedom has power 0.8: a root of scipy.stats.nct


def check_teacher_among_students():
    """An arm without a teacher whose seed 1 is the teacher of the others: it has not copied itself."""
    trials = [made_sweep.Trial("ce%010d" % seed, "ce", seed, [50.0], copies=5 if seed == 1 else 1) for seed in (1, 2, 3)]
    trials += [made_sweep.Trial("kd%010d" % seed, "kd", seed, [51.0], teacher="ce0000000001", copies=3, sha="a" * 64) for seed in (1, 2)]
    made_sweep.write_sweep("own", trials, baseline="ce")
    arm = {a["arm"]: a for a in json.loads(expect(sld("report", "own", "--format", "json", ranks=0), 0).out)["arms"]}
    close(arm["kd"]["copy_rate_unseen"], 20.0, "seeds 2 and 3 of ce")
    check(arm["ce"]["copy_rate"]["n"] == 2, arm["ce"]["copy_rate"])
    close(arm["ce"]["copy_rate"]["mean"], 20.0, "the teacher has no copied errors")


def check_text():
    before = tree("made")
    said = expect(sld("report", "made", env={"LC_ALL": "C.UTF-8"}, ranks=0), 0, "13 trials: 1 waiting, 11 done, 1 diverged").out
    check(tree("made") == before, "a report writes nothing")
    check(max(len(line) for line in said.splitlines()) <= 100, "100 columns", said)
    check(re.search(r"^ce +3 +59\.00 ± 0\.50 +60\.00 ± 0\.50 +59\.00 ± 0\.50 +-3\.00 ± 1\.24 +[\d.]+$", said, re.M), said)
    check(re.search(r"^kd +3 .* baseline +-$", said, re.M), said)
    check(re.search(r"^a long name, .*\n +1/3 .* -6\.00 \(n 1\) ", said, re.M), "the baseline has more seeds than the gap", said)
    check(re.search(r"^sld +2 of 4 +100\.0 +20\.0 ", said, re.M), said)
    check(re.search(r"^lo0000000002: .*seed 2: diverged$", said, re.M), said)
    check("With one seed per arm" not in said and "minutes" in said and "\ncopied: share" in said, said)
    rows = [line.split("  ")[0] for line in said.splitlines() if "resnet20" in line]
    check(set(rows) == {"teacher resnet20"}, "an arm of a teacher is marked", rows)
    plain = expect(sld("report", "made", env={"LC_ALL": "C"}, ranks=0), 0, "59.00 +- 0.50").out
    check(plain.isascii(), "a terminal without UTF-8")


def check_one_seed():
    trials = [made_sweep.Trial("a%011d" % i, arm, 1, [50.0 + i]) for i, arm in enumerate(("one", "two"))]
    made_sweep.write_sweep("single", trials, baseline="one", logits=False)
    said = expect(sld("report", "single", ranks=0), 0, "With one seed per arm").out
    check("resolves: the" not in said and "confidence interval" not in said, "nothing is resolved, so nothing to explain", said)
    check(re.search(r"^two +1 +51\.00 .* \+1\.00 +-$", said, re.M), said)
    check("copied: share" not in said, "without a teacher there is nothing to copy", said)
    check(re.search(r" seconds +samples/s$", said, re.M) and re.search(r"^two .* 30\.0 +100$", said, re.M), "half a minute each", said)


def check_without_gap():
    """No seed in common, no gap; seeds that agree have no interval and resolve nothing."""
    gaps = {"one": [50.0, 50.0], "two": [53.0, 53.0], "three": [52.0, 54.0]}
    trials = [made_sweep.Trial("%s%09d" % (arm[:3], seed), arm, seed + (2 if arm == "three" else 0), [value])
              for arm, values in gaps.items() for seed, value in enumerate(values, 1)]
    made_sweep.write_sweep("apart", trials, baseline="one", logits=False)
    said = json.loads(expect(sld("report", "apart", "--format", "json", ranks=0), 0).out)
    two, three = (next(a for a in said["arms"] if a["arm"] == name) for name in ("two", "three"))
    check(three["gap"]["n"] == 0 and three["gap"]["mean"] is None, three["gap"])
    check(two["gap"]["mean"] == 3.0 and two["gap_half_width"] is None, two)
    text = expect(sld("report", "apart", ranks=0), 0).out
    check(re.search(r"^two +2 +53\.00 .* \+3\.00 +[\d.]+$", text, re.M) and re.search(r"^three +2 .* - +[\d.]+$", text, re.M), text)
    made_sweep.write_sweep("agree", trials[:4], baseline="one", logits=False)
    check(re.search(r"^two +2 +53\.00 .* \+3\.00 +-$", expect(sld("report", "agree", ranks=0), 0).out, re.M), "nothing to resolve with")


def check_open():
    """No interval while trials of an arm or of its baseline are to come: it would be one more look. What prints as 0 has no sign."""
    values = {"one": [50.0, 50.0], "two": [53.0, 54.0], "three": [49.998, 49.999, None]}
    trials = [made_sweep.Trial("%s%09d" % (arm[:3], seed), arm, seed, [value] if value else []) for arm, tops in values.items()
              for seed, value in enumerate(tops, 1)]
    for name, few, whole in (("to-come", trials, "two"), ("base-to-come", trials + [made_sweep.Trial("one000000003", "one", 3)], "")):
        made_sweep.write_sweep(name, few, baseline="one", logits=False)
        arms = {a["arm"]: a for a in json.loads(expect(sld("report", name, "--format", "json", ranks=0), 0).out)["arms"]}
        for arm in ("two", "three"):
            check((arms[arm]["gap_half_width"] is not None) == (arm == whole) and arms[arm]["gap"]["n"] == 2, name, arms[arm])
        said = expect(sld("report", name, ranks=0), 0, "No interval stands where an arm or its baseline has trials to come.").out
        check(re.search(r"^three +2/3 .* \+0\.00 +[\d.]+$", said, re.M), said)
        check(("confidence interval" in said) == bool(whole), said)


def check_damage():
    """Results that are damaged are to be made anew, with a reason; the others are reported."""
    shutil.copytree("made", "hurt")
    write("hurt/trials/sl0000000002/results.h5", "not HDF5")
    with h5py.File("hurt/trials/sl0000000003/results.h5", "r+") as f:
        f["labels/test"][3] = 99
    made_sweep.mark("hurt", "lo0000000003", "failed", "no such file: teacher.h5\n")
    said = expect(sld("report", "hurt", ranks=0), 0, "1 failed", "seed 3: failed: no such file: teacher.h5", "sl0000000002: sld, seed 2: waiting:",
                  "/labels/test: expected 0 to 3, got 99").out
    check(re.search(r"^sld +1/3 +62\.50 ", said, re.M), said)


def check_run_folder():
    os.makedirs("run")
    made_sweep.write_results("run/results.h5", made_sweep.Trial("r00000000000", "run", 1, [50.0, 60.0, 55.0]))
    said = expect(sld("report", "run", ranks=0), 0, "1 trial: 1 done", "With one seed per arm").out
    check(re.search(r"^run +1 +55\.00 +60\.00 +55\.00 ", said, re.M), said)
    expect(sld("report", "run", "--pack", "run.h5", ranks=0), 2, "got one run's")


def check_errors():
    os.makedirs("empty")
    expect(sld("report", "empty", ranks=0), 2, "empty")
    expect(sld("report", "absent", ranks=0), 2, "absent")
    expect(sld("report", ranks=0), 2, "usage: sld report")
    expect(sld("report", "made", "--format", "xml", ranks=0), 2, "--format: expected text, csv or json, got 'xml'")


def main():
    trials = made_sweep.small_sweep("made")
    check_csv(trials)
    check_json(trials)
    check_teacher_among_students()
    check_text()
    check_one_seed()
    check_without_gap()
    check_open()
    check_damage()
    check_run_folder()
    check_errors()


in_folder(main)
