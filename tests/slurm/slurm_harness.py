"""slurm_harness.py: a real Slurm of two machines on this computer (cluster.sh), a folder of its user, jobs, and what they ask
the scheduler."""
import collections
import contextlib
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from harness import FAULTY_IO, SLD, check, expect, sld, wait_for, write
from sweep_harness import digests, status

HERE = os.path.dirname(os.path.abspath(__file__))
CLUSTER, JOBS = os.path.join(HERE, "cluster.sh"), os.path.join(HERE, "..", "..", "jobs")
TOOLS = ["slurmctld", "slurmd", "sbatch", "srun", "munged", "ip", "unshare", "nsenter", "setpriv", "pgrep", "mpirun"]
PATIENCE_S = 4 * 3600  # with the jobs of a minute; what hangs in others ends with ctest's patience
QUERIES = ["scontrol", "squeue", "sacct", "sinfo", "sstat", "sprio", "sshare", "sacctmgr", "sdiag", "sreport"]
SPEC = """
name: tiny
base:
  method: kd
  student: {network: resnet8}
  teacher: t
  train: {epochs: %d, batch: 16}
  synthetic: {train: 32, test: 20}
  run: {checkpoint_minutes: 0.001}
teachers: {t: {student: {network: resnet8}, train: {epochs: 1, batch: 16}}}
axes: {train.lr: [%s]}
seeds: [1]
launch: {lease_s: 3, grow_s: 0}
"""


def skip(reason):
    print("SKIP:", reason)
    sys.exit(77)


def needs():
    if os.geteuid() != 0:
        skip("a cluster of namespaces needs root")
    missing = [t for t in TOOLS if not shutil.which(t, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if missing:
        skip("no %s (Debian: slurmctld slurmd slurm-client munge iproute2 procps util-linux)" % ", ".join(missing))
    if subprocess.run(["unshare", "--net", "--uts", "--mount", "--pid", "--ipc", "--fork", "mount", "-t", "tmpfs", "x", "/mnt"],
                      stderr=subprocess.DEVNULL).returncode:
        skip("this container allows no namespaces")


def spec(path, epochs, rates="0.01, 0.02, 0.03"):
    write(path, SPEC % (epochs, rates))


def plain(epochs):
    """What the trials compute without Slurm, by ID."""
    name = "plain-%d" % epochs
    spec(name + ".yaml", epochs)
    expect(sld("sweep", name + ".yaml", "--dir", name, ranks=0, timeout=PATIENCE_S), 0)
    return digests(name)


def plugin():
    """By which srun connects the ranks of sld's MPI."""
    return "pmix" if "MPI: Open MPI" in expect(sld("--version", ranks=0), 0).out else "pmi2"


def log(name):
    with contextlib.suppress(FileNotFoundError), open(name, errors="replace") as f:
        return f.read()
    return ""


def students(name):
    """How many of them a coordinator has started."""
    return log(name).count("Z start ") - log(name).count("Z start t ")


def hold(c, name, epoch=3):
    """A line for a job's script: each student waits for release(name) in its first checkpoint of this epoch, which its teacher does
    not reach. Without it a fast computer ends the trial before anything can happen to it."""
    return ("export SLD_IO_MARK=/ckpt-000000%d SLD_IO_CALL=1 SLD_IO_ERRNO=0 SLD_IO_HOLD=$PWD/%s.gate SLD_IO_TRACE=$PWD/%s.held "
            "LD_PRELOAD=%s\n" % (epoch, name, name, c.faulty_io))


def held(name):
    """How many trials wait."""
    return log(name + ".held").count(" held ")


def both_held(name):
    """Whether two tasks of an array have students, and all of these wait."""
    n = [students("%s-%d.log" % (name, i)) for i in (1, 2)]
    return all(n) and held(name) == sum(n)


def release(name):
    write(name + ".gate", "")


def same(folder, computed, what):
    """The sweep has all its trials, with these bits, and nothing counts as a failure."""
    told, got = status(folder), digests(folder)
    check(told["done"] == len(got) == len(told["trials"]) > 1, what, told)
    check(got.items() <= computed.items(), "other bits:", what)
    check(not glob.glob(folder + "/claims/*.error"), what, "an error is recorded")
    print("bits %s: %d trials, %s" % (hashlib.sha256(repr(sorted(got.items())).encode()).hexdigest()[:12], len(got), what))


class Cluster:
    """The machines, and a folder that tester may write."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="slurm-", dir="/tmp")
        os.chmod(self.dir, 0o755)
        self.call("up", self.dir)
        self.home = os.path.join(self.dir, "home")
        self.sld = self.take(SLD, "sld")
        self.faulty_io = self.take(FAULTY_IO, "faulty_io.so")
        self.watch_queries()
        os.chdir(self.home)

    def take(self, file, name):
        shutil.copy(file, os.path.join(self.dir, name))
        os.chmod(os.path.join(self.dir, name), 0o755)
        return os.path.join(self.dir, name)

    def call(self, *words, **how):
        return subprocess.run(["bash", CLUSTER] + [str(w) for w in words], check=True, **how)

    def words(self, *words, machine="login", user="tester"):
        return ["bash", CLUSTER, "as", user, self.dir, machine] + [str(w) for w in words]

    def run(self, *words, ok=(0,), **where):
        """The output of a command there, both streams."""
        done = subprocess.run(self.words(*words, **where), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        out = done.stdout.decode(errors="replace")
        check(done.returncode in ok, words, done.returncode, out)
        return out

    # ---- jobs

    def in_job(self, *words):
        """As a job's owner starts it: what the job then asks the scheduler is written down."""
        return ("env", "PATH=%s/bin:/usr/bin:/bin" % self.dir) + words

    def submit(self, script, *options):
        """Job number."""
        path = "job-%d.sh" % len(glob.glob("job-*.sh"))
        write(path, script if script.startswith("#!") else "#!/bin/bash\n" + script)
        return self.run(*self.in_job("sbatch", "--parsable", "-t", "10", "--open-mode=append", *options, path)).strip()

    def shipped(self, name, **edits):
        """A script of jobs/ as its user edits it."""
        with open(os.path.join(JOBS, name)) as f:
            text = f.read()
        for key, value in edits.items():
            text, n = re.subn("(?m)^%s=.*" % key, lambda m: "%s=%s" % (key, value), text)
            check(n == 1, name, key, n)
        return text

    def wait(self, job):
        """Until it has ended; each look costs a controller."""
        told, end = job, time.monotonic() + PATIENCE_S
        while told.strip() and "Invalid job id" not in told:
            check(time.monotonic() < end, "waited too long for job", job)
            time.sleep(1)
            told = self.run("squeue", "-h", "-j", job, "-o", "%A", ok=(0, 1))

    # ---- what is asked of the scheduler

    def watch_queries(self):
        os.mkdir(os.path.join(self.dir, "bin"))
        for name in QUERIES:
            path = os.path.join(self.dir, "bin", name)
            write(path, "#!/bin/sh\necho \"$SLURM_JOB_ID $SLURM_RESTART_COUNT $(hostname) %s $*\" >>%s/queries\n"
                        "exec /usr/bin/%s \"$@\"\n" % (name, self.home, name))
            os.chmod(path, 0o755)

    def queries(self):
        """How often each start of a job has asked, by machine. To put a job back is no question."""
        asked = [line.split(" ", 3) for line in log("queries").splitlines()]
        return collections.Counter(tuple(a[:3]) for a in asked if not a[3].startswith("scontrol requeue"))

    def down(self):
        self.call("down", self.dir)
        os.chdir("/")
        shutil.rmtree(self.dir, ignore_errors=True)


def with_cluster(cases):
    """Each case of (function, arguments) on one cluster, with the time at its end."""
    begun = time.monotonic()
    c = Cluster()
    try:
        for case, *arguments in cases:
            case(c, *arguments)
            print("%6.1f s: %s" % (time.monotonic() - begun, case.__name__), flush=True)
    finally:
        c.down()
