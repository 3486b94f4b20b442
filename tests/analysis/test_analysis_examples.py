"""analysis/examples as their first lines say, on a packed study that sld wrote and on one that was made: each runs, says numbers
of the study, and is ten lines or so. The package from the source tree and installed. Skipped without pandas."""
import contextlib
import glob
import importlib
import io
import os
import re
import runpy
import shutil
import subprocess
import sys
import warnings

from package import ANALYSIS, needs

needs("pandas", "yaml", "scipy")

import h5py
import numpy as np

import made_study
import made_sweep
from harness import check, expect, in_folder, sld

MAKE_INDEX = sys.argv[1]
LINES = 15  # ten, and what imports and loops take


def run_alone(name, *args):
    path = os.path.join(ANALYSIS, "examples", name)
    words = ["sh", path] if name.endswith(".sh") else [sys.executable, path]
    done = subprocess.run(words + list(args), env=dict(os.environ, PYTHONPATH=ANALYSIS), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(done.returncode == 0, name, done.stderr.decode())
    return done.stdout.decode()


def run(name, *args):
    """As a program, in this process: an interpreter of its own imports pandas and SciPy for two seconds."""
    said, path, own = io.StringIO(), os.path.join(ANALYSIS, "examples", name), sys.argv
    sys.argv = [path] + list(args)
    with contextlib.redirect_stdout(said), warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        runpy.run_path(path, run_name="__main__")
    sys.argv = own
    return said.getvalue()


def check_examples():
    said = run("which_classes.py", "square.h5", "SLD", "KD-PA")
    check(len(said.splitlines()) == 11 and "class 3" in said and "seeds in common: 3; classes without test images: 0" in said, said)
    said = run("agreement.py", "square.h5")
    check("KD-PA                    with teacher" in said and "CE                       with teacher" not in said, said)
    check("ECE" in run("calibrated.py", "square.h5"), "calibration")
    said = run("significance.py", "square.h5")
    check("SLD" in said and "resolves" in said and "not tested" not in said, said)
    arms = [made_study.Arm("%s %s" % (p, m), 9.0 * t, [p, m], teacher=t, weights="%s.h5" % p, temperatures=m[1])
            for t, p in enumerate(("r14", "r20")) for m in ("T1", "T4")]
    made_study.write_study("pairs.h5", arms, axes=("pair", "method"), baseline="r14 T1")
    said = [" ".join(line.split()[:5]) for line in run("significance.py", "pairs.h5").splitlines()]
    check(said == ["r14 T4 less r14 T1", "r20 T4 less r20 T1"], "each arm against the baseline of its own pair", said)
    said = run("accuracy_against_option.py", "square.h5", "correction")
    check("swap" in said and "none" in said, said)
    check("copied" in run("teacher_errors.py", "square.h5", "SLD"), "errors of the teacher")
    for name, args in (("agreement.py", ()), ("calibrated.py", ()), ("significance.py", ()), ("teacher_errors.py", ("sld",)),
                       ("which_classes.py", ("sld", "kd"))):
        full, compact = run(name, "study.h5", *args), run(name, "compact.h5", *args)
        check(compact == re.sub(", best at.*", "", full), "a compact pack says the same", name, full, compact)
    check("64.0" in run_alone("with_pandas.py", "study.h5"), "sld 64.00 by pandas")
    for tool, name in (("ncdump", "with_ncdump.sh"), ("h5dump", "with_h5dump.sh")):
        if shutil.which(tool):
            said = run_alone(name, "study.h5")
            check('"sld"' in said and "top1_last" in said and "62.5" in said, name, said)
    if has("h5netcdf", "xarray"):
        said = run("with_xarray.py", "study.h5")
        check("sld [30. 65. 63. 64.]" in said, said)
    for path in glob.glob(os.path.join(ANALYSIS, "examples", "*")):
        check(len(open(path).read().splitlines()) <= LINES, "ten lines or so", path)


def check_each_trial():
    """All done students of an arm that have what is asked for, and they alone: one without logits, one that waits, one with a teacher of its
    own, and a teacher called like an arm."""
    made_study.write_study("odd.h5", made_study.square(), seeds=3, states={("SLD", 3): ("waiting", "")})
    with h5py.File("odd.h5", "r+") as f:
        arm, seed = f["trials/arm"].asstr()[()], f["trials/seed"][()]
        f["trials/arm"][0] = "CE"
        at = {(a, s): int(np.flatnonzero((arm == a) & (seed == s))[0]) for a, s in (("KD-PA", 1), ("SLD", 1), ("KD-PA", 2), ("KD-PA", 3), ("SLD", 2), ("SLD", 3))}
        f["logits/test_last"][at["KD-PA", 2]] = np.nan
        taught = f["logits/test_teacher"][()]
        del f["logits/test_teacher"]
        f["logits/test_teacher"] = np.concatenate([taught, np.roll(taught, 1, axis=2)])  # another teacher, which is nearly always wrong
        f["trials/teacher_row"][at["SLD", 2]] = 1
        labels, logits, top1 = f["labels/test"][()], f["logits/test_last"][()], f["trials/top1_last"][()]
        curve = f["epoch/top1_test"][()][arm == "CE"].mean(axis=0)
    said = logits.argmax(axis=2)
    right = {a: (said[at[a, 1]] == labels).astype(float) for a in ("SLD", "KD-PA")}
    wanted = {"class %d" % k: 100 * (right["SLD"] - right["KD-PA"])[labels == k].mean() for k in range(10)}
    found = {" ".join(line.split()[1:]): float(line.split()[0]) for line in run("which_classes.py", "odd.h5", "SLD", "KD-PA").splitlines()[1:]}
    check(found.keys() == wanted.keys() and all(abs(found[k] - wanted[k]) < 0.0051 for k in wanted), "of the seed with logits in both", found, wanted)
    lines = {line.split()[0]: line for line in run("significance.py", "odd.h5").splitlines()}
    check("nan" not in "".join(lines.values()) and "(not tested: trials are to come)" in lines["SLD"] and ", p 0." in lines["KD-PA+LTS"], lines)
    pairs = [(said[i] == labels, said[i], np.roll(taught[0], 1, axis=1) if i == at["SLD", 2] else taught[0])
             for i in np.flatnonzero(arm == "SLD")[:2]]
    second = []
    for correct, one, z in pairs:
        rank = 1 + (z > z[np.arange(len(labels)), labels][:, None]).sum(axis=1)
        second.append((int((rank == 2).sum()), 100 * correct[rank == 2].mean(), 100 * (one == z.argmax(axis=1))[rank == 2].mean()))
    line = run("teacher_errors.py", "odd.h5", "SLD").splitlines()[0]
    counts, means = sorted(s[0] for s in second), np.mean(second, axis=0)
    check("%d to %d samples" % (counts[0], counts[1]) in line, "both teachers", second, line)
    check("%.1f %% right, " % means[1] in line and "%.1f %% copied" % means[2] in line, "means over seeds", second, line)
    said_of = [[(one == z.argmax(axis=1)).mean() for _, one, z in pairs]]
    check("SLD                      with teacher    %.1f %%" % (100 * np.mean(said_of)) in run("agreement.py", "odd.h5"), "each with its own teacher")
    lines = dict((line.split()[0], line) for line in run("calibrated.py", "odd.h5").splitlines())
    check("% (3)" in lines["CE"] and "% (2)" in lines["KD-PA"] and "% (2)" in lines["SLD"], "how many trials", lines)
    check("best at" not in lines["CE"] or lines["CE"].endswith("(3)"), "the fit of each", lines)
    lines = [line.split() for line in run("with_pandas.py", "odd.h5").splitlines()]
    mean = "%.2f" % top1[arm == "CE"].mean()
    check(["3", mean] in [line[1:3] for line in lines if line[0] == "CE"] and ["2"] in [line[1:2] for line in lines if line[0] == "SLD"], lines, mean)
    check(["1", "2", "3"] in [line[:3] for line in lines], "epochs count from 1", lines)
    check(["%.1f" % curve[-1]] in [line[-1:] for line in lines if line[0] == "CE"], "curves of students", lines, curve)
    if not has("xarray", "h5netcdf"):
        return
    said = run("with_xarray.py", "odd.h5")
    check("nan" not in said and "CE %s" % curve.round(1) in said and "SLD [" in said, "done students", said, curve.round(1))


def has(*modules):
    try:
        for name in modules:
            importlib.import_module(name)
    except ImportError as error:
        print("no %s: with_xarray.py not run" % error.name)
        return False
    return True


def check_classes_apart():
    """A class that test has no image of, and two arms with different test sets or no seed in common."""
    made_study.write_study("absent.h5", made_study.square(), seeds=2, states={("CE", 1): ("failed", ""), ("SLD", 2): ("failed", "")})
    with h5py.File("absent.h5", "r+") as f:
        labels = f["labels/test"][()]
        f["labels/test"][...] = np.where(labels == 1, 2, labels)
        arms = f["trials/arm"].asstr()[()]
        f.create_dataset("trials/data_sha256", data=[("b" if a == "KD-PA+LSS" else "a") * 64 for a in arms], dtype=h5py.string_dtype())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = run("which_classes.py", "absent.h5", "SLD", "KD-PA")
    check("nan" not in said and "class 1" not in said and "seeds in common: 1; classes without test images: 1" in said, said)
    for arms in (("KD-PA+LSS", "KD-PA"), ("CE", "SLD")):
        try:
            run("which_classes.py", "absent.h5", *arms)
            check(False, "not refused", arms)
        except SystemExit as left:
            check("no seed with test logits in common, or different test sets" in str(left), arms, left)


def check_usage():
    """Without their arguments, and of an arm that is not there, they say what they take."""
    for path in sorted(glob.glob(os.path.join(ANALYSIS, "examples", "*.*"))):
        words = ["sh", path] if path.endswith(".sh") else [sys.executable, path]
        done = subprocess.run(words, env=dict(os.environ, PYTHONPATH=ANALYSIS), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        name = os.path.basename(path).encode()
        if b"No module named" not in done.stderr:
            check(done.returncode and name + b" STUDY" in done.stderr and b"Traceback" not in done.stderr, name, done.stderr)
    for args in (("teacher_errors.py", "nobody"), ("which_classes.py", "SLD", "nobody")):
        try:
            run(args[0], "square.h5", *args[1:])
            check(False, "not refused", args)
        except SystemExit as left:
            check("KD-PA" in str(left), args, left)


def check_installed():
    """As cmake installs it: bin/sld-analysis beside share/sld/analysis; and the launcher of the source tree."""
    os.makedirs("prefix/bin")
    shutil.copy(os.path.join(ANALYSIS, "sld-analysis"), "prefix/bin")
    shutil.copytree(ANALYSIS, "prefix/share/sld/analysis")
    for launcher in (os.path.join(ANALYSIS, "sld-analysis"), "prefix/bin/sld-analysis"):
        done = subprocess.run([launcher, "trials", "square.h5"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, PYTHONPATH=""))
        check(done.returncode == 0 and b"kd.weak" in done.stdout.splitlines()[0], launcher, done.stderr)
    done = subprocess.run([os.path.join(ANALYSIS, "sld-analysis"), "config", "square.h5", "nothing"], stderr=subprocess.PIPE)
    check(done.returncode == 2 and b"expected the ID of one of its" in done.stderr, done.stderr)


def main():
    made_study.write_study("square.h5", made_study.square(), seeds=3)
    made_sweep.small_sweep("made")
    subprocess.run([MAKE_INDEX, "made"], check=True)
    expect(sld("report", "made", "--pack", "study.h5", ranks=0), 0)
    expect(sld("report", "made", "--pack", "compact.h5", "--compact", ranks=0), 0)
    check_examples()
    check_each_trial()
    check_classes_apart()
    check_usage()
    check_installed()


in_folder(main)
