"""Reports of single runs and of several together: no run is there twice, and the command that makes a row again finds its experiment
whatever the report was made of. Skipped without pandas or matplotlib."""
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from package import needs, said_by

needs("matplotlib", "pandas", "scipy", "yaml")

import h5py
import numpy as np

import made_study
import made_sweep
import sld_analysis
from harness import check, in_folder
from sld_analysis import report
from sld_analysis.__main__ import main as run_verb

MAKE_INDEX = sys.argv[1]


def run(*args):
    return said_by(run_verb, *args)


def check_several():
    """Of several paths each is a run or a folder of runs, and no run is there twice."""
    one, other = ("made/trials/%s" % i for i in ("kd0000000001", "kd0000000002"))
    shutil.copytree(one, "copied")
    os.makedirs("none")
    for paths, words in (([one, other, "copied"], ("copied/results.h5: expected different runs, got kd0000000001 as in " + one, "name it once")),
                         ([one, one + "/results.h5"], ("expected different runs",)),
                         (["made", "other"], ("made: expected the folder of a run, got that of a sweep", "sld-analysis merge")),
                         ([one, "none"], ("none: expected the folder of a run",)), ([one, "study.h5"], ("study.h5: ", "got sld-study", "merge"))):
        code, out, err = run("report", *paths, "-o", "never")
        check(code == 2 and not out and all(w in err for w in words) and not os.path.exists("never"), paths, code, err)
    check(sld_analysis.open([one, other]).n == 2, "two runs")
    check_again([one, other], "2 runs")
    check_again(Path("good.h5"), "good.h5")
    for name in ("some/a", "some/b"):
        shutil.copytree("made/trials/ce0000000001" if name == "some/a" else one, name)
        with h5py.File(name + "/results.h5", "r+") as f:
            f.attrs["id"] = ""
    check_again("some", "some")
    shutil.copy("some/b/results.h5", "b.h5")
    check_again(["b.h5", one], "2 runs", "sld-analysis config b.h5 'run 1' >")


def check_again(path, shown, *commands):
    """The commands that make a row again find its experiment, whatever the report was made of."""
    made = report.Report(sld_analysis.open(path))
    check(dict(made.facts)["study"] == shown, "the study", made.facts)
    said = [command for _, command in report.again(made.work)]
    check(said and all(any(c in one for one in said) for c in commands), "the commands", said)
    for command in said:
        words = shlex.split(command)
        check(words[:2] == ["sld-analysis", "config"], command)
        code, out, err = run("config", *words[2:4])
        check(code == 0 and "method:" in out and not err, command, code, err)


def check_run_names():
    """Runs of one name are one arm, so that of other experiments have other names, however many options tell them apart."""
    def copy(to, seed, options, data="d" * 64):
        shutil.copytree("made/trials/kd0000000001", to)
        with h5py.File(to + "/results.h5", "r+") as f:
            text = "method: kd\n" + "".join("%s: %s\n" % pair for pair in options.items()) + "seed: %d\n" % seed
            f.attrs.update({"id": "%012x" % abs(hash(to)), "seed": np.int64(seed), "config": text, "identity": text + "data: hdf5 %s\n" % data})

    base = {"augment.flip": 0.5, "ce.weak": 0.1, "ce.strong": 0.1, "kd.weak": 0.9, "train.lr": 0.1}
    for to, seed, change in (("n1", 1, {}), ("n2", 2, {}), ("n3", 3, {"train.lr": 0.5}), ("n4", 4, {"augment.flip": 0.1, "ce.weak": 0.2}),
                             ("n5", 5, {"ce.strong": 0.2, "kd.weak": 0.5})):
        copy(to, seed, dict(base, **change))
    arms = sld_analysis.open(["n1", "n2", "n3", "n4", "n5"]).arms
    check(sorted(map(len, arms.values())) == [1, 1, 1, 2], "the fifth option tells runs apart", arms)
    copy("n6", 6, base, data="e" * 64)
    arms = sld_analysis.open(["n1", "n2", "n6"]).arms
    check(sorted(map(len, arms.values())) == [1, 2], "other data, another arm", arms)


def check_facts_of_runs():
    """A run by itself has the numbers that its sweep's table has of it, but for those made from logits."""
    alone = sld_analysis.open(["made/trials/kd0000000001"]).trials.iloc[0]
    whole = sld_analysis.open("made").trials
    row = whole[whole["id"] == "kd0000000001"].iloc[0]
    names = [n for n in whole.columns if n in alone.index and n not in ("arm", "attempts", "teacher", "teacher_row", "is_teacher")
             and isinstance(row[n], float) and row[n] == row[n]]
    check({"top1_last", "minutes", "swapped_teacher_weak_last", "params", "multiply_adds", "memory_mb"} <= set(names), names)
    check(all(np.isclose(alone[n], row[n], rtol=1e-12) for n in names), [(n, alone[n], row[n]) for n in names if not np.isclose(alone[n], row[n], rtol=1e-12)])


def check_damaged_trials():
    """What keeps results from counting for `sld status` keeps them from counting here: tests/cli/test_cli_one_truth.py."""
    def without(name):
        return lambda f: f.__delitem__(name)

    def values(name, value):
        def change(f):
            old = f[name][()]
            del f[name]
            f[name] = value(old)
        return change
    def grouped(name):
        def change(f):
            del f[name]
            f.create_group(name)
        return change

    for change, words in ((without("epoch/top1_test"), "/epoch/top1_test: expected numbers, got nothing"),
                          (values("epoch/top1_test", lambda v: v + 900), "/epoch/top1_test: expected 0 to 100 percent, got 9"),
                          (values("epoch/seconds", lambda v: v[:-1]), "/epoch/seconds: expected"),
                          (values("labels/test", lambda v: v - 100), "/labels/test: expected 0 to"),
                          (values("labels/test", lambda v: v[:-1]), "/logits/test_last: expected (sample, class) with a label for each sample"),
                          (values("logits/test_best", lambda v: v[:, :1]), "/logits/test_best: expected the shape of /logits/test_last"),
                          (values("logits/test_last", lambda v: v[0]), "/logits/test_last: expected (sample, class)"),
                          (grouped("logits/test_last"), "/logits/test_last: expected (sample, class) with a label for each sample, got a group"), (grouped("epoch/top1_test"), "/epoch/top1_test: expected"),
                          (values("labels/test", lambda v: v * np.nan), "/labels/test: expected 0 to 3, got nan"),
                          (without("epoch"), "/epoch: expected a group of columns, got nothing"), (lambda f: f.attrs.__delitem__("best_on"), "attribute best_on: expected it"),
                          (lambda f: f.attrs.__delitem__("lss_active_epochs"), "attribute lss_active_epochs: expected it"),
                          (lambda f: f.attrs.__setitem__("data_sha256", 3), "attribute data_sha256: expected text, got 3"),
                          (lambda f: f.attrs.__delitem__("epochs_done"), "epochs_done")):
        shutil.rmtree("spoilt", ignore_errors=True)
        shutil.copytree("made", "spoilt")
        with h5py.File("spoilt/trials/kd0000000001/results.h5", "r+") as f:
            change(f)
        unfit = sld_analysis.open("spoilt").source.unfit
        check([i for i, _ in unfit] == ["kd0000000001"] and "damaged: " in unfit[0][1] and words in unfit[0][1], words, unfit)


def main():
    for folder in ("made", "other"):
        made_sweep.small_sweep(folder)
    for name in ("good.h5", "study.h5"):
        made_study.write_study(name, made_study.square(), seeds=2)
    check_several()
    check_run_names()
    with h5py.File("made/trials/kd0000000001/results.h5", "r+") as f:
        f.attrs.update({"params": np.int64(78123), "multiply_adds": np.int64(12345678), "memory_bytes": np.int64(98765432)})
    subprocess.run([MAKE_INDEX, "made"], check=True)
    check_facts_of_runs()
    check_damaged_trials()


in_folder(main)
