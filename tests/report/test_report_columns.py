"""Columns that join arms: options in which students differ, the teacher term under one name with and without the swap, and
validation accuracy in the text. The same from the folder, from sweep.h5 and from a pack; a pack that lacks what tells trials apart, or
points beyond its trials, is refused."""
import csv
import io
import json
import shutil
import subprocess
import sys

import h5py
import numpy as np

import documented
import made_sweep
from harness import check, expect, in_folder, sld
from made_sweep import Trial

MAKE_INDEX = sys.argv[1]
# A document as results.h5 holds it, with sections, units and quotes.
RESOLVED = """name: ""
seed: %d
method: %s
student_swap_after: first_lr_drop # epoch
seeds:
  init: %d
student:
  network: "res # net"
  weights: ""
kd:
  weak: %s
  temperatures: [%s] # 1
run:
  keep_epochs: [%d] # epoch
"""
KD, LTS = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
ODD = "grad_norm_,=HYPERLINK(1),\x1b[31m"  # a column that no sld has made


def trial(number, arm, seed, method, weight, tau, term):
    curve = KD if term == "kd" else LTS
    columns = {ODD: curve, "loss_%s_weak" % term: curve, "grad_norm_%s_weak" % term: [x / 8 for x in curve], "top1_val": [40.0, 41.0, 42.0 + seed]}
    return Trial("%s%011d" % (arm[0], number), arm, seed, [50.0, 60.0, 70.0], sha="a" * 64, columns=columns if term else {},
                 experiment=RESOLVED % (seed, method, seed, weight, tau, seed))


def rows(path):
    return list(csv.DictReader(io.StringIO(expect(sld("report", path, "--format", "csv", ranks=0), 0).out)))


def check_rows(path, trials):
    found = rows(path)
    check(not [c for c in found[0] if "HYPERLINK" in c or "\x1b" in c], path, "an odd name became a column", list(found[0]))
    options = [c for c in found[0] if c.startswith("option_")]
    check(options == ["option_method", "option_kd.weak", "option_kd.temperatures"], path, "columns of options", options)
    for row, t in zip(found, trials):
        wanted = [t.experiment.split("\nmethod: ")[1].split("\n")[0], t.experiment.split("weak: ")[1].split("\n")[0],
                  t.experiment.split("temperatures: ")[1].split(" #")[0]]
        check([row[o] for o in options] == wanted, path, "options of", t.id, row)
        term = "kd" if "loss_kd_weak" in t.columns else "lts"
        last = t.columns["grad_norm_%s_weak" % term][-1]
        check(float(row["grad_norm_teacher_weak_last"]) == last == float(row["grad_norm_%s_weak_last" % term]), path, "norm of", t.id, row)


def check_curves(path, trials):
    with h5py.File(path) as f:
        check(f["epoch/loss_teacher_weak"][()].tolist() == [t.columns.get("loss_kd_weak", t.columns.get("loss_lts_weak")) for t in trials],
              path, "one name for both terms", f["epoch/loss_teacher_weak"][()])
        check([x.decode() for x in f["trials/option_kd.temperatures"][()]] == ["[4]", "[4]", "[1, 2]", "[1, 2]"], path)


def keys_of(value):
    """All keys of a JSON document but those below axes and options, which are the sweep's own names."""
    if isinstance(value, list):
        return {key for one in value for key in keys_of(one)}
    if isinstance(value, dict):
        return set(value) | {k for key, below in value.items() if key not in ("axes", "options") for k in keys_of(below)}
    return set()


def paths_of(path):
    """All objects and root attributes of an HDF5 file."""
    found = []
    with h5py.File(path) as f:
        f.visit(lambda name: found.append("/" + name))
        groups = {"/" + name for name in ("trials", "epoch", "logits", "labels", "log_p", "same", "trial")}
        return [p for p in found if p not in groups] + ["@" + a for a in f.attrs if not a.startswith("format")]


def check_documented():
    """docs/files.md explains every column of every form of a report."""
    trials = made_sweep.small_sweep("all")
    for i, t in enumerate(trials):
        if t.top1:
            t.experiment = RESOLVED % (t.seed, "kd", t.seed, "0.%d" % (i % 9 + 1), "4", t.seed)
            t.columns = {"top1_val": [40.0] * len(t.top1), "grad_norm_kd_weak": [0.5] * len(t.top1), "loss_kd_weak": [1.0] * len(t.top1)}
            made_sweep.write_results("all/trials/%s/results.h5" % t.id, t)
    with open("all/points") as f:
        points = f.read().replace("end\t", "same\t%s\ttrial\t1\ttwin\ttwin\nend\t" % trials[1].id)
    with open("all/points", "w") as f:
        f.write(points)
    with open("all/late-claims", "w") as f:
        f.write("c: named after 1 of 13 trials had ended, 2026-01-31T23:59:59Z\n")
    names = list(rows("all")[0])
    names += keys_of(json.loads(expect(sld("report", "all", "--format", "json", ranks=0), 0).out))
    check(subprocess.run([MAKE_INDEX, "all"]).returncode == 0, "the index")
    names += paths_of("all/sweep.h5")
    for options in ((), ("--compact",)):
        expect(sld("report", "all", "--pack", "all.h5", "--force", *options, ranks=0), 0)
        names += paths_of("all.h5")
    for name in ("same_as", "copy_rate_reason", "resolving_sd", "late_claims", "/same/arm", "/log_p/test_last_top", "/trials/option_kd.weak",
                 "/epoch/loss_teacher_weak"):
        check(name in names, "a form of a report that this test does not see", name, names)
    check(not documented.missing(names), "docs/files.md does not explain", documented.missing(names))
    check(documented.missing(["/trials/unheard", "loss_xyz_weak", "top1_lasting"]) == ["/trials/unheard", "loss_xyz_weak", "top1_lasting"],
          "a name that no page explains is found")


def damaged_packs():
    def without(name):
        return lambda f: f["trials"].__delitem__(name)

    def at(index, value):
        return lambda f: f["trials/teacher"].__setitem__(index, value)

    for number, (change, *texts) in enumerate((
            (without("seed"), "/trials/seed: expected one whole number per trial, got nothing"),
            (without("is_teacher"), "/trials/is_teacher: expected one whole number per trial, got nothing"),
            (at(0, 4), "/trials/teacher: trial 0: expected the index of a trial, 0 to 3, or -1, got 4"),
            (at(3, -2), "trial 3: expected the index of a trial, 0 to 3, or -1, got -2"),
            (at(1, 2**40), "got 1099511627776"),
            (lambda f: f["trials/top1_last"].__setitem__(1, np.inf), "/trials/top1_last: trial ", "expected 0 to 100, or NaN, got inf"),
            (lambda f: f["trials/top5_last"].__setitem__(2, -3), "/trials/top5_last: trial ", "expected 0 to 100, or NaN, got -3"),
            (lambda f: f["trials/id"].__setitem__(1, f["trials/id"][0]), "/trials/id: expected each ID once, got "),
            (lambda f: f["valid"].__setitem__(0, 2), "/valid: trial ", "got 2"),
            (lambda f: f["valid"].__setitem__(0, 0), "expected 1 of a trial that is done, else 0 or 1, got 0"))):
        path = "damaged%d.h5" % number
        shutil.copy("pack.h5", path)
        with h5py.File(path, "r+") as f:
            change(f)
        expect(sld("report", path, ranks=0), 2, path, *texts)


def main():
    trials = [trial(seed, "KD", seed, "kd", "0.9", "4", "kd") for seed in (1, 2)]
    trials += [trial(seed, "LTS", seed, "sld", "1.0", "1, 2", "lts") for seed in (1, 2)]
    made_sweep.write_sweep("made", trials)
    check_rows("made", trials)
    text = expect(sld("report", "made", env={"LC_ALL": "C"}, ranks=0), 0, "validation top-1, %", "not by test").out
    check("43.50 +- 0.71" in text, "validation accuracy", text)
    check("teacher_weak" in text and "lts_weak" not in text and "kd_weak" not in text, "one column for one term", text)
    said = json.loads(expect(sld("report", "made", "--format", "json", ranks=0), 0).out)
    check(said["trials"][2]["options"] == {"method": "sld", "kd.weak": "1.0", "kd.temperatures": "[1, 2]"}, said["trials"][2])
    done = subprocess.run([MAKE_INDEX, "made"], stderr=subprocess.PIPE)
    check(done.returncode == 0, done.stderr)
    check_curves("made/sweep.h5", trials)
    expect(sld("report", "made", "--pack", "pack.h5", ranks=0), 0)
    check_curves("pack.h5", trials)
    check_rows("pack.h5", trials)
    check(rows("pack.h5") == rows("made"), "a pack says the same")
    damaged_packs()
    check_documented()


in_folder(main)
