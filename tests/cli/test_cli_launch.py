"""Where people start sld: below srun --pty, as tasks of an srun without PMIx, with a TMPDIR that cannot be used, in
containers with a user namespace each, without a network, without /sys. Environment variables stand in for Slurm; tests
with the real one have the label slurm. Every run that is not refused has the bits of the plain one."""
import json
import os
import subprocess

import harness
from harness import Result, check, digest, expect, in_folder, write

EXPERIMENT = """
method: none
student: {network: resnet8}
synthetic: {train: 64, test: 16}
train: {epochs: 1, batch: 32}
"""
STEP = {"SLURM_JOB_ID": "7", "SLURM_JOBID": "7", "SLURM_NODELIST": "n1", "SLURM_STEP_ID": "0", "SLURM_STEPID": "0"}
TASK = dict(STEP, SLURM_PROCID="0", SLURM_TASK_PID="1")


def task_of(n):
    return dict(TASK, SLURM_STEP_NUM_TASKS=str(n))


def sld(*args, ranks=0, env=None, inside=()):
    """`mpirun -n ranks INSIDE sld args`; ranks 0: without mpirun."""
    words = (harness.MPIRUN + ["-n", str(ranks)] if ranks else []) + list(inside) + harness.command(0, *args)
    done = subprocess.run(words, env=harness.environment(env), stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=harness.PATIENCE_S)
    return Result(done.returncode, done.stdout, done.stderr)


def can(*words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


def main():
    write("one.yaml", EXPERIMENT)
    expect(sld("run", "one.yaml", "name=plain"), 0)
    wanted = digest("runs/plain")

    def train(name, *texts, **how):
        expect(sld("run", "one.yaml", "name=" + name, **how), 0, *texts)
        check(digest("runs/" + name) == wanted, "other bits:", name)

    # A shell below srun --pty, a step of salloc, the one task of an srun without PMIx: worlds of one.
    train("pty", env=dict(STEP, SLURM_PTY_PORT="40123", SLURM_PROCID="0", SLURM_STEP_NUM_TASKS="2"))
    train("step", env=STEP)
    train("task", env=task_of(1))

    # Several tasks that MPI cannot connect: refused before MPI ends the process with words of its own.
    for verb in (["run", "one.yaml", "name=many"], ["eval", "runs/plain/last.h5"], ["doctor"]):
        refused = expect(sld(*verb, env=task_of(2)), 2, "srun started 2 tasks", "--mpi=pmi")
        check("PMI support" not in refused.err, "MPI_Init was reached:", refused.err)
    quiet = expect(sld("run", "one.yaml", "name=many", env=dict(task_of(2), SLURM_PROCID="1")), 2)
    check(not quiet.err, "the second task repeats the refusal:", quiet.err)

    # What needs no ranks does not start MPI, wherever it stands, and of several tasks one speaks.
    broken = {"OMPI_MCA_pml": "nonesuch"}
    if "--oversubscribe" not in harness.MPIRUN:  # MPICH
        broken = {"PMI_FD": "999", "PMI_RANK": "0", "PMI_SIZE": "1"}
    check(sld("eval", "runs/plain/last.h5", env=broken).code not in (0, 2), "this environment does not break MPI_Init")
    for verb, text in ((["models", "resnet8"], "83892"), (["methods"], "source:"), (["run", "one.yaml", "--show-config"], "resnet8"),
                       (["report", "runs/plain"], "1 trial: 1 done"), (["--version"], "HDF5")):
        for env in (broken, task_of(2)):
            expect(sld(*verb, env=env), 0, text)
    said = expect(sld("models", "resnet8", "--json", ranks=2), 0).out
    check(json.loads(said)[0]["parameters"] == 83892, "two tasks speak:", said)
    expect(sld("models", "--nonesuch", env=broken), 2, "--nonesuch: unknown option")

    # A folder for temporary files that is not there.
    train("tmpdir", "TMPDIR /nonexistent/folder: cannot be written", env={"TMPDIR": "/nonexistent/folder"})

    # Processes without a launcher share no folder of Open MPI: here none can be made.
    os.mkdir("taken")
    with open(f"taken/ompi.{os.uname().nodename.split('.')[0]}.{os.getuid()}", "w") as file:
        file.write("not a folder")
    expect(sld("eval", "runs/plain/last.h5", env={"TMPDIR": os.path.abspath("taken")}), 0, "top-1")

    # Namespaces, where this machine lets us make them.
    if can("unshare", "-Ur", "true"):
        train("users", ranks=2, inside=("unshare", "-Ur"))
        if can("unshare", "-Urn", "true"):
            train("net", inside=("unshare", "-Urn"))
        nosys = ("unshare", "-Urm", "sh", "-c", 'mount -t tmpfs none /sys && exec "$@"', "-")
        if can(*nosys, "true"):
            out = expect(sld("doctor", "--json", inside=nosys), 0).out
            json.loads(out)


in_folder(main)
