"""harness.py: runs the real sld under the real mpirun in a folder of its own, for the tests of the command line."""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

SLD = os.environ.get("SLD_BINARY", "sld")
MPIRUN = os.environ.get("SLD_MPIRUN", "mpirun").split()

# Small enough for seconds, with a tail batch (200 = 4 x 48 + 8) and all that a real run has.
DATA = """
data: {format: synthetic}
synthetic: {train: 200, test: 64}
"""
TEACHER = "method: none\nname: teacher\nstudent: {network: resnet8}\ntrain: {epochs: 1, batch: 48}\n" + DATA
STUDENT = """
method: sld
student: {network: resnet8}
teacher: {weights: runs/teacher/last.h5}
train: {epochs: 2, batch: 48}
student_swap_after: 1
""" + DATA


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout.decode(errors="replace")
        self.err = process.stderr.decode(errors="replace")


def environment(extra=None):
    env = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", NO_COLOR="1")
    env.update(extra or {})
    return env


def command(ranks, *args):
    launcher = MPIRUN + ["-n", str(ranks)] if ranks else []
    return launcher + [SLD] + [str(a) for a in args]


def sld(*args, ranks=1, env=None, timeout=240):
    """Runs `mpirun -n ranks sld args`; ranks=0: without mpirun."""
    return Result(subprocess.run(command(ranks, *args), env=environment(env), timeout=timeout,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))


def start(*args, ranks=1, env=None):
    """The same in a process group of its own, running; output goes to a file."""
    log = open("started.log", "wb")
    return subprocess.Popen(command(ranks, *args), env=environment(env), stdin=subprocess.DEVNULL, stdout=log,
                            stderr=log, start_new_session=True)


def wait_for(path):
    """Until what was started has made it."""
    for _ in range(600):
        if os.path.exists(path):
            return
        time.sleep(0.02)
    check(False, path, "did not appear:", open("started.log").read())


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def check(condition, *what):
    if not condition:
        print("FAILED:", *what, file=sys.stderr)
        sys.exit(1)


def expect(result, code, *texts):
    """Exit code and pieces of what was said; shows everything when it is not so."""
    said = result.out + result.err
    if result.code != code or any(t not in said for t in texts):
        print("FAILED: exit code %d, wanted %d; wanted in the output: %s\n%s" % (result.code, code, texts, said),
              file=sys.stderr)
        sys.exit(1)
    return result


# What may differ between two runs of one trial: times.
TIMES = {"seconds", "samples_per_second"}


def digest(folder):
    """SHA-256 over all that a trial computes: weights, logits and the curves, to the last bit."""
    sha = hashlib.sha256()

    def add(name, item):
        if isinstance(item, h5py.Dataset) and name.split("/")[-1] not in TIMES:
            sha.update(name.encode())
            value = np.asarray(item[()])
            sha.update(repr(value.tolist()).encode() if value.dtype == object else value.tobytes())

    for file in ("last.h5", "best.h5", "results.h5"):
        with h5py.File(os.path.join(folder, file), "r") as f:
            f.visititems(add)
            sha.update(str(f.attrs.get("weights_sha256", "")).encode())
    return sha.hexdigest()


def status(folder):
    with h5py.File(os.path.join(folder, "results.h5"), "r") as f:
        value = f.attrs["status"]
        return value.decode() if isinstance(value, bytes) else str(value)


def tables(folder):
    """What became of the teacher's logits: tables read, filled, computed live."""
    with h5py.File(os.path.join(folder, "results.h5"), "r") as f:
        return tuple(int(f.attrs["teacher_tables_" + name]) for name in ("read", "filled", "live"))


def teacher():
    write("teacher.yaml", TEACHER)
    expect(sld("run", "teacher.yaml", ranks=2), 0)


def in_folder(main):
    """Runs main in a new folder and removes it when all went well."""
    folder = tempfile.mkdtemp(prefix="sld-test-")
    here = os.getcwd()
    os.chdir(folder)
    main()
    os.chdir(here)
    shutil.rmtree(folder)
    print("passed")
