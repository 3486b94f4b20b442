"""sld under a real Slurm of two machines (cluster.sh): one job over both, a step per node, trials over both machines. The bits
are those of a plain run."""
import contextlib
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import time

from harness import SLD, check, expect, in_folder, sld, wait_for, write
from sweep_harness import digests, status

CLUSTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cluster.sh")
TOOLS = ["slurmctld", "slurmd", "sbatch", "srun", "munged", "ip", "unshare", "nsenter", "setpriv", "pgrep", "mpirun"]
SPEC = """
name: tiny
base:
  method: kd
  student: {network: resnet8}
  teacher: t
  train: {epochs: %d, batch: 48}
  synthetic: {train: 96, test: 32}
  run: {checkpoint_minutes: 0.001}
teachers: {t: {student: {network: resnet8}, train: {epochs: 1, batch: 48}}}
axes: {train.lr: [0.01, 0.02, 0.03]}
seeds: [1]
launch: {lease_s: 3, grow_s: 0}
"""


def skip(reason):
    print("skipped:", reason)
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


class Cluster:
    """The machines, and a folder that tester may write."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="slurm-", dir="/tmp")
        os.chmod(self.dir, 0o755)
        self.call("up", self.dir)
        self.home = os.path.join(self.dir, "home")
        self.sld = shutil.copy(SLD, os.path.join(self.dir, "sld"))
        os.chmod(self.sld, 0o755)
        os.chdir(self.home)

    def call(self, *words, **how):
        return subprocess.run(["bash", CLUSTER] + [str(w) for w in words], check=True, **how)

    def run(self, *words, machine="login", user="tester", ok=(0,)):
        """The output of a command there, both streams."""
        done = subprocess.run(["bash", CLUSTER, "as", user, self.dir, machine] + [str(w) for w in words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = done.stdout.decode(errors="replace")
        check(done.returncode in ok, words, done.returncode, out)
        return out

    def submit(self, script, *options):
        """Job number; its output goes to NAME.log."""
        path = "job-%d.sh" % len(glob.glob("job-*.sh"))
        write(path, "#!/bin/bash\n" + script)
        return self.run("sbatch", "--parsable", "-t", "10", "--open-mode=append", *options, path).strip()

    def wait(self, job):
        def ended():
            time.sleep(0.4)  # each look costs a controller
            told = self.run("squeue", "-h", "-j", job, "-o", "%A", ok=(0, 1))
            return not told.strip() or "Invalid job id" in told

        wait_for("the end of job " + job, ended)

    def down(self):
        self.call("down", self.dir)
        os.chdir("/")
        shutil.rmtree(self.dir, ignore_errors=True)


def log(name):
    with contextlib.suppress(FileNotFoundError), open(name, errors="replace") as f:
        return f.read()
    return ""


def same(folder, computed, what):
    check(digests(folder) == computed, "other bits:", what)
    told = status(folder)
    check(told["done"] == len(computed) and told["failed"] == 0, what, told)
    check(not glob.glob(folder + "/claims/*.error"), what, "an error is recorded")


def both_nodes(c, computed):
    """One sweep in a batch script: it works on all machines of the job, trials of two ranks stay where they are placed."""
    c.wait(c.submit("exec %s sweep tiny.yaml --dir both --ranks 2" % c.sld, "-N2", "-c2", "-o", "both.log"))
    said = log("both.log")
    check("the job has 2 machines" in said and "of n1" in said and "of n2" in said, said)
    check(said.count("ends in") == 2 and "sweep tiny: done" in said, said)
    same("both", computed, "a job of two nodes")


def step_per_node(c, computed):
    """A coordinator on each node by srun itself, as a step that holds the CPUs."""
    said = c.run("srun", "-t", "10", "-N2", "--ntasks-per-node=1", "-c2", c.sld, "sweep", "tiny.yaml", "--dir", "step")
    check("of n1" in said and "of n2" in said, said)
    same("step", computed, "srun --ntasks-per-node=1")


def plain(epochs, name):
    """What the trials compute without Slurm."""
    write(name + "-plain.yaml", SPEC % epochs)
    expect(sld("sweep", name + "-plain.yaml", "--dir", name + "-plain", ranks=0), 0)
    return digests(name + "-plain")


def spans(c, computed):
    """Trials of more ranks than a machine has cores: over both, by srun and PMIx."""
    c.wait(c.submit("exec %s sweep tiny.yaml --dir spans --ranks 3" % c.sld, "-N2", "-c2", "-o", "spans.log"))
    check("3 ranks do not fit" in log("spans.log") and "--mpi=pmix" in log("spans.log"), log("spans.log"))
    same("spans", computed, "trials over two machines")


def main():
    needs()
    begun = time.monotonic()
    quick = plain(1, "tiny")
    c = Cluster()
    try:
        write("tiny.yaml", SPEC % 1)
        for case in (both_nodes, step_per_node, spans):
            case(c, quick)
            print("%6.1f s: %s" % (time.monotonic() - begun, case.__name__), flush=True)
    finally:
        c.down()


in_folder(main)
