"""analysis/examples as their first lines say, on a packed study that sld wrote and on one that was made: each runs, says numbers
of the study, and is ten lines or so. The package from the source tree and installed. Skipped without pandas."""
import contextlib
import glob
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
    check(len(said.splitlines()) == 10 and "class 3" in said, said)
    said = run("agreement.py", "square.h5")
    check("KD-PA                    with teacher" in said and "CE                       with teacher" not in said, said)
    check("ECE" in run("calibrated.py", "square.h5"), "calibration")
    said = run("significance.py", "square.h5")
    check("SLD" in said and "resolves" in said, said)
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
    try:
        import h5netcdf  # noqa: F401
        import xarray  # noqa: F401
    except ImportError as error:
        print("no %s: with_xarray.py not run" % error.name)
    else:
        said = run("with_xarray.py", "study.h5")
        check("sld [30. 65. 63. 64.]" in said, said)
    for path in glob.glob(os.path.join(ANALYSIS, "examples", "*")):
        check(len(open(path).read().splitlines()) <= LINES, "ten lines or so", path)


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
    check_usage()
    check_installed()


in_folder(main)
