"""sld doctor: what it looks at, as text and JSON, with and without mpirun; what is wrong with a folder or the environment
is found, with advice; ranks that differ are named; nothing is left in the folder."""
import errno
import json
import os
import re
import subprocess
import time

from harness import MPIRUN, SLD, check, environment, expect, faulty, in_folder, sld

LOOKED_AT = {"processor", "kernels", "CPUs", "CPU quota", "memory", "/dev/shm", "open files", "core dumps", "MPI", "HDF5",
             "launcher", "signals", "folder", "free space", "fsync", "publishing", "locks"}


def doctor(*args, ranks=1, env=None, code=0):
    report = json.loads(expect(sld("doctor", "--json", *args, ranks=ranks, env=env), code).out)
    for f in report["findings"]:
        check(f["verdict"] == "ok" or f["advice"], "no advice:", f)
    return report, {f["what"]: f for f in report["findings"]}


def failing(what, number):
    """The environment in which that call on the probe's files fails."""
    calls = open("trace").read().splitlines()
    call = next(line.split()[0] for line in calls if line.split()[2] == what)
    return faulty("sld-doctor", call, number)


def folders():
    os.mkdir("good")
    _, found = doctor("good", ranks=0, env=faulty("sld-doctor", 0, trace=os.path.abspath("trace")))
    check(found["publishing"]["verdict"] == found["locks"]["verdict"] == found["fsync"]["verdict"] == "ok", found)
    _, found = doctor("good", ranks=0, env=failing("fsync", errno.EIO), code=1)
    check(found["writing"]["verdict"] == "bad" and "Input/output error" in found["writing"]["found"], found)
    _, found = doctor("good", ranks=0, env=failing("link", errno.EPERM))
    check(found["publishing"]["verdict"] == "warn" and "link" in found["publishing"]["found"], found)
    _, found = doctor("good", ranks=0, env=failing("rename", errno.EIO), code=1)
    check(found["publishing"]["verdict"] == "bad", found)
    check(os.listdir("good") == [], "left behind:", os.listdir("good"))
    _, found = doctor("nowhere", ranks=2, code=1)
    check(found["folder"]["verdict"] == "bad" and "mkdir" in found["folder"]["advice"], found)
    open("file", "w").close()
    _, found = doctor("file", ranks=0, code=1)
    check(found["folder"]["verdict"] == "bad" and "expected a folder, got a file" in str(found["folder"]) and "mkdir" not in str(found["folder"]), found)


def processor(found):
    """x86-64 is known by what its instruction sets lack; of others the architecture is told, and that training is slow."""
    machine = os.uname().machine
    if machine != "x86_64":
        check(found["found"].endswith(": " + machine) and found["verdict"] == "warn", found)


def ranks_that_differ():
    """One rank is told to use less than the other. By a shell: Open MPI 5.0.7's mpirun crashes on two programs with a colon."""
    by_rank = '[ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" = 0 ] || export ONEDNN_MAX_CPU_ISA=SSE41; exec "$0" "$@"'
    result = subprocess.run(MPIRUN + ["-n", "2", "sh", "-c", by_rank, SLD, "doctor", "--json"], env=environment(),
                            stdout=subprocess.PIPE)
    kernels = [f for f in json.loads(result.stdout)["findings"] if f["what"] == "kernels"]
    if "oneDNN" not in kernels[0]["found"]:
        return
    check([(f["ranks"], f["verdict"]) for f in kernels] == [("0", "warn"), ("1", "warn")], kernels)


def mpirun():
    """Under Slurm's mpirun scancel leaves a second to save; a bound mpirun shares its cores with the next one."""
    if "Open MPI v4" not in doctor(ranks=0)[1]["MPI"]["found"]:
        return
    grace = "OMPI_MCA_odls_base_sigkill_timeout"
    for given, verdict in (("1", "warn"), ("20", "ok")):
        done = subprocess.run(["mpirun", "--oversubscribe", "--bind-to", "core", "-n", "1", SLD, "doctor", "--json"],
                              env=environment({"SLURM_JOB_ID": "77", grace: given, "OMPI_MCA_ras": "^slurm", "OMPI_MCA_plm": "^slurm"}),
                              stdout=subprocess.PIPE)
        found = {f["what"]: f for f in json.loads(done.stdout)["findings"]}
        check(found["signals"]["verdict"] == verdict, found["signals"])
        check((verdict == "warn") == ("scancel" in found["signals"]["advice"]), found["signals"])
        check(len(os.sched_getaffinity(0)) == 1 or "--bind-to none" in found["binding"]["advice"], found)


def pbs():
    """A job of PBS is told in words of PBS."""
    os.mkdir("bin")
    with open("bin/qstat", "w") as f:
        f.write("#!/bin/sh\necho 'Job Id: 9.server\n    Rerunable = False\n    Resource_List.walltime = 2:00:00:00\n"
                "    stime = %s'\n" % time.strftime("%a %b %d %H:%M:%S %Y"))
    os.chmod("bin/qstat", 0o755)
    with open("nodes", "w") as f:
        f.write(os.uname().nodename + "\nfar\n")
    job = {"PATH": os.path.abspath("bin") + ":" + os.environ["PATH"], "PBS_JOBID": "9.server", "PBS_NODEFILE": os.path.abspath("nodes")}
    _, found = doctor(ranks=0, env=job)
    told = found["job"]["found"] + found["job"]["advice"]
    check("48.0 h left" in told and "1 of 2 machines: start doctor on all by mpirun" in told, told)
    check(not re.search("SBATCH|scontrol|srun|Slurm", told), told)


def main():
    report, found = doctor(ranks=2)
    check(LOOKED_AT <= set(found), "not looked at:", LOOKED_AT - set(found))
    check(report["ranks"] == 2 and report["machines"] == 1, report)
    check("2 tasks" in found["launcher"]["found"] and "SIGUSR1" in found["signals"]["found"], found)
    check(report["ok"] + report["warn"] + report["bad"] == len(report["findings"]), report)
    report, found = doctor(ranks=0)
    check(report["ranks"] == 1 and "none" in found["launcher"]["found"], found)
    text = expect(sld("doctor", ranks=0), 0, "1 rank on 1 machine", "processor", "locks").out
    check(max(len(line) for line in text.splitlines()) <= 100, "long lines")
    processor(found["processor"])
    folders()
    ranks_that_differ()
    _, found = doctor(ranks=0, env={"SLD_FAIL_AT": "write:1000@0"})
    check(found["environment"]["verdict"] == "warn" and "unset" in found["environment"]["advice"], found)
    _, found = doctor(ranks=0, env={"SLURM_JOB_ID": "77"})
    check("--signal=USR1" in found["Slurm"]["advice"], found)
    mpirun()
    pbs()
    cpus = os.cpu_count()
    _, found = doctor(ranks=cpus + 1)
    check(found["CPUs"]["verdict"] == "warn" and "more ranks than CPUs" in found["CPUs"]["advice"], found)
    expect(sld("doctor", "a", "b", ranks=0), 2, "sld doctor: expected one folder, got 'a' and 'b'\n")


in_folder(main)
