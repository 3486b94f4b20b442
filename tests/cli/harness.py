"""harness.py: runs the real sld under the real mpirun in a folder of its own, for the tests of the command line."""
import atexit
import contextlib
import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

SLD = os.environ.get("SLD_BINARY", "sld")
MPIRUN = os.environ.get("SLD_MPIRUN", "mpirun").split()
FAULTY_IO = os.path.abspath(os.environ.get("SLD_FAULTY_IO", "libfaulty_io.so"))

PATIENCE_S = 900  # ends what hangs, before ctest does; half a second of work may take minutes beside other jobs

# Small enough for a second, with all that a real run has: 3 steps an epoch, the last of 4 samples for 8 shards.
DATA = """
data: {format: synthetic}
synthetic: {train: 36, test: 20}
"""
TEACHER = "method: none\nname: teacher\nstudent: {network: resnet8}\ntrain: {epochs: 1, batch: 16}\n" + DATA
STUDENT = """
method: sld
student: {network: resnet8}
teacher: {weights: runs/teacher/last.h5}
train: {epochs: 2, batch: 16}
student_swap_after: 1
""" + DATA
# The same with 2 steps an epoch, where only its files matter.
SHORT = STUDENT.replace("train: 36", "train: 20").replace("batch: 16", "batch: 12")


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out.decode(errors="replace"), err.decode(errors="replace")


# Ranks of one machine need no network, and each that Open MPI looks for takes time.
QUICK_START = {"OMPI_MCA_pml": os.environ.get("OMPI_MCA_pml", "ob1")}
# A rank that leaves with another code than 0 has met the others in MPI_Finalize: mpirun need not give them one second, or
# two. Where leaks are looked for they take their time.
QUICK_END = {} if "ASAN_OPTIONS" in os.environ and "detect_leaks=0" not in os.environ["ASAN_OPTIONS"] else {
    "OMPI_MCA_odls_base_sigkill_timeout": "0"}


def environment(extra=None):
    env = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", NO_COLOR="1", **QUICK_START)
    env.update(extra or {})
    return env


def command(ranks, *args):
    launcher = MPIRUN + ["-n", str(ranks)] if ranks else []
    return launcher + [SLD] + [a if isinstance(a, bytes) else str(a) for a in args]


def sld(*args, ranks=0, env=None, timeout=PATIENCE_S):
    """Runs `mpirun -n ranks sld args`; ranks=0: without mpirun, as most people start a verb, in half the time of a short
    one. A sweep's own mpiruns are what users' are."""
    env = dict(env or {}, **(QUICK_END if args[0] != "sweep" else {}))
    done = subprocess.run(command(ranks, *args), env=environment(env), timeout=timeout, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return Result(done.returncode, done.stdout, done.stderr)


def start(*args, ranks=1, env=None):
    """The same, running."""
    with contextlib.suppress(FileNotFoundError):
        os.remove("started.log")
    return background(command(ranks, *args), env, "started.log")


def background(words, env, log):
    """A process that leads a session of its own; what it says is added to the file process.log. A test that fails leaves
    none behind."""
    with open(log, "ab") as f:
        process = subprocess.Popen(words, env=environment(env), stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                   start_new_session=True)
    atexit.register(end, process)
    process.log = log
    return process


def end(process):
    with contextlib.suppress(OSError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def said(process):
    with open(process.log, errors="replace") as f:
        return f.read()


def faulty(mark, call, number=0, **more):
    """The environment in which the call-th change to files with mark in their path fails with that errno (faulty_io.c);
    0: none does. more: forever, trace, hold."""
    env = {"LD_PRELOAD": FAULTY_IO, "SLD_IO_MARK": mark, "SLD_IO_CALL": str(call), "SLD_IO_ERRNO": str(number)}
    env.update({"SLD_IO_" + key.upper(): str(value) for key, value in more.items()})
    if "ASAN_OPTIONS" in os.environ:  # its runtime wants to be the first library
        env["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
    return env


def ended(process):
    """The result of what was started."""
    return Result(process.wait(timeout=PATIENCE_S), b"", said(process).encode())


class Held:
    """What starter(*args, **how) starts, its rank 0 standing still before the first change to a file with mark in its path:
    what is done to it meets that moment, however fast or slow the machine. go_on() lets it run."""

    def __init__(self, mark, *args, starter=start, may_end=False, env=None, **how):
        folder = tempfile.mkdtemp(prefix="held-", dir=os.getcwd())
        self.gate, trace = os.path.join(folder, "gate"), os.path.join(folder, "trace")
        self.process = starter(*args, env=dict(env or {}, **faulty(mark, 1, hold=self.gate, trace=trace)), **how)
        wait_for(mark, lambda: os.path.exists(trace) or may_end and self.process.poll() is not None, self.process)
        with open(trace) if os.path.exists(trace) else io.StringIO() as f:
            self.path = f.readline().rstrip("\n").split(" ", 3)[-1]  # of the file

    def go_on(self):
        write(self.gate, "")


def wait_for(what, condition, process=None):
    """Until the condition holds, while the process that is to see to it lives."""
    end, pause = time.monotonic() + PATIENCE_S, 0.01
    while not condition():
        check(time.monotonic() < end, "waited %d s for" % PATIENCE_S, what)
        check(not process or process.poll() is None or condition(), what, "did not come:", process and said(process))
        time.sleep(pause)
        pause = min(1.2 * pause, 0.1)  # looking costs the others time


def ranks_of(process):
    """{rank: process} of a run that was started; without mpirun it is rank 0 itself. Of its session, or, as MPICH's ranks
    have their own, below it."""
    listed, ranks, inside = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,sess=,comm="], stdout=subprocess.PIPE).stdout, {}, []
    lines, family = [line.split() for line in listed.decode().splitlines()], {str(process.pid)}
    while len(inside) < len(family):
        inside = list(family)
        family |= {pid for pid, parent, session, *_ in lines if parent in family or session == str(process.pid)}
    for pid in [pid for pid, _, _, name, *_ in lines if name == "sld" and pid in family]:
        with contextlib.suppress(OSError):  # it has just ended
            with open("/proc/%s/environ" % pid) as f:
                variables = f.read()
            rank = re.search(r"\b(?:OMPI_COMM_WORLD|PMI)_RANK=(\d+)", variables)
            if variables:  # else it is ending
                ranks[int(rank.group(1)) if rank else 0] = int(pid)
    return ranks


def stop(pid):
    """SIGSTOP, until all its threads stand still."""

    def stands():
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/stat" % (pid, task)) as f:
                if f.read().rpartition(")")[2].split()[0] != "T":
                    return False
        return True

    os.kill(pid, signal.SIGSTOP)
    wait_for("process %d to stop" % pid, stands)


def wait_pending(pid, number):
    """Until a signal has reached a process that is stopped: the first that it will see when it goes on."""

    def pending():
        with open("/proc/%d/status" % pid) as f:
            masks = re.findall(r"^(?:SigPnd|ShdPnd):\s*(\w+)", f.read(), re.M)
        return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)

    wait_for("signal %d to process %d" % (number, pid), pending)


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def check(condition, *what):
    if not condition:
        print("FAILED:", *what, file=sys.stderr)
        sys.exit(1)


def complaint(result, code, *texts):
    """What is wrong with exit code and pieces of what was said, or None."""
    said = result.out + result.err
    if result.code != code or any(t not in said for t in texts):
        return "exit code %d, wanted %d; wanted in the output: %s\n%s" % (result.code, code, texts, said)


def expect(result, code, *texts):
    wrong = complaint(result, code, *texts)
    check(not wrong, wrong)
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
    """runs/teacher, as two ranks train it. The first test that wants it leaves a copy beside the program for the others."""
    write("teacher.yaml", TEACHER)
    program = os.path.abspath(shutil.which(SLD) or SLD)
    key = hashlib.sha256((TEACHER + repr(os.stat(program).st_mtime_ns)).encode()).hexdigest()[:16]
    kept = os.path.join(os.path.dirname(program), "test-teacher-" + key)
    if not os.path.isdir(kept):
        expect(sld("run", "teacher.yaml", ranks=2), 0)
        own = tempfile.mkdtemp(prefix="test-teacher-", dir=os.path.dirname(kept))
        shutil.copytree("runs/teacher", os.path.join(own, "teacher"))
        with contextlib.suppress(OSError):  # another test was first
            os.rename(os.path.join(own, "teacher"), kept)
        shutil.rmtree(own)
    shutil.copytree(kept, "runs/teacher", dirs_exist_ok=True)


def in_folder(main):
    """Runs main in a new folder and removes it when all went well."""
    folder = tempfile.mkdtemp(prefix="sld-test-")
    os.environ["SLD_TEST_CORES"] = folder + ".cores"  # sweeps of other tests keep no core from those of this one
    here = os.getcwd()
    os.chdir(folder)
    main()
    os.chdir(here)
    shutil.rmtree(folder)
    with contextlib.suppress(FileNotFoundError):
        os.remove(folder + ".cores")
    print("passed")
