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


def trial(number, arm, seed, method, weight, tau, term):
    curve = KD if term == "kd" else LTS
    columns = {"loss_%s_weak" % term: curve, "grad_norm_%s_weak" % term: [x / 8 for x in curve], "top1_val": [40.0, 41.0, 42.0 + seed]}
    return Trial("%s%011d" % (arm[0], number), arm, seed, [50.0, 60.0, 70.0], sha="a" * 64, columns=columns if term else {},
                 experiment=RESOLVED % (seed, method, seed, weight, tau, seed))


def rows(path):
    return list(csv.DictReader(io.StringIO(expect(sld("report", path, "--format", "csv", ranks=0), 0).out)))


def check_rows(path, trials):
    found = rows(path)
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


def damaged_packs():
    def without(name):
        return lambda f: f["trials"].__delitem__(name)

    def at(index, value):
        return lambda f: f["trials/teacher"].__setitem__(index, value)

    for number, (change, text) in enumerate((
            (without("seed"), "/trials/seed: expected one whole number per trial, got nothing"),
            (without("is_teacher"), "/trials/is_teacher: expected one whole number per trial, got nothing"),
            (at(0, 4), "/trials/teacher: trial 0: expected the index of a trial, 0 to 3, or -1, got 4"),
            (at(3, -2), "trial 3: expected the index of a trial, 0 to 3, or -1, got -2"),
            (at(1, 2**40), "got 1099511627776"))):
        path = "damaged%d.h5" % number
        shutil.copy("pack.h5", path)
        with h5py.File(path, "r+") as f:
            change(f)
        expect(sld("report", path, ranks=0), 2, path, text)


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


in_folder(main)
