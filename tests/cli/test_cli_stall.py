"""A run in which nothing moves any more ends by itself within the limit, naming the rank that is behind, since when, in
what; what is saved stays, and the same command ends with the bits of an undisturbed run. A run that was suspended as a
whole and goes on has not stalled.

usage: test_cli_stall.py LIBRARY, which makes calls hang (faulty_io.c)"""
import os
import re
import signal
import subprocess
import sys
import time

from harness import check, digest, expect, in_folder, sld, start, teacher, wait_for, write, STUDENT

LIBRARY = os.path.abspath(sys.argv[1])
LIMIT_S = 10.0 if "ASAN_OPTIONS" in os.environ else 3.0  # longer than any phase of a healthy run on a busy machine
PATIENT = "run.stall_minutes=10"
LONGER = STUDENT.replace("epochs: 2, batch: 48", "epochs: 8, batch: 24").replace("train: 200, test: 64", "train: 100, test: 32")
LONGER += "run: {stall_minutes: %g}\n" % (LIMIT_S / 60)


def ranks_of(group):
    """{rank: process}"""
    found = subprocess.run(["ps", "-o", "pid=,comm=", "-s", str(group)], stdout=subprocess.PIPE).stdout.decode()
    processes = [int(line.split()[0]) for line in found.splitlines() if line.split()[1] == "sld"]
    ranks = {}
    for process in processes:
        with open("/proc/%d/environ" % process) as f:
            ranks[int(re.search(r"OMPI_COMM_WORLD_RANK=(\d+)", f.read()).group(1))] = process
    return ranks


def stopped_rank(wanted, victim, ranks):
    folder = "runs/stopped%d" % victim
    process = start("run", "student.yaml", "run.dir=" + folder, ranks=ranks)
    wait_for(folder + "/last.h5")  # an epoch is done, many are to come
    number = ranks_of(process.pid)[victim]
    os.kill(number, signal.SIGSTOP)
    begin = time.monotonic()
    code = process.wait(timeout=60)
    took, said = time.monotonic() - begin, open("started.log").read()
    check(code == 70, "exit code", code, said)
    check(took < LIMIT_S + 5, "it took", took, "s")  # a look, the others' patience, and the launcher's second
    check(re.search(r"Behind is rank %d \(process %d, stopped by a signal[^)]*\): .*, since 20\d\d-" % (victim, number), said),
          "rank", victim, "is not named:", said)
    check(said.count("stalled:") == 1, "said more than once:", said)
    if victim != 0:  # else nobody can write to the log
        check("Behind is rank %d " % victim in open(folder + "/log.txt").read(), "not in the log")
    expect(sld("run", "student.yaml", "run.dir=" + folder, PATIENT, ranks=2), 0, "resumed")
    check(digest(folder) == wanted, "other bits after a stall of rank", victim)


def hanging_disk(wanted):
    """Rank 0 hangs in a call on its third checkpoint; rank 1 waits for it."""
    env = {"LD_PRELOAD": LIBRARY, "SLD_IO_MARK": "ckpt-0000004", "SLD_IO_CALL": "3", "SLD_IO_ERRNO": "5", "SLD_IO_HANG": "1"}
    if "ASAN_OPTIONS" in os.environ:
        env["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
    result = sld("run", "student.yaml", "run.dir=runs/disk", ranks=2, env=env, timeout=60)
    expect(result, 70, "Behind is rank 0 (process", "writing a checkpoint, since", "rank 1 (process", "to agree")
    expect(sld("run", "student.yaml", "run.dir=runs/disk", PATIENT, ranks=3), 0, "resumed at epoch 3")
    check(digest("runs/disk") == wanted, "other bits after a disk that hung")
    check(not [n for n in os.listdir("runs/disk") if n.endswith(".tmp")], "a temporary file was left behind")


def suspended_job(wanted):
    process = start("run", "student.yaml", "run.dir=runs/suspended", ranks=2)
    wait_for("runs/suspended/last.h5")
    os.killpg(process.pid, signal.SIGSTOP)
    for rank in ranks_of(process.pid).values():
        os.kill(rank, signal.SIGSTOP)
    time.sleep(LIMIT_S + 1)
    for rank in ranks_of(process.pid).values():
        os.kill(rank, signal.SIGCONT)
    os.killpg(process.pid, signal.SIGCONT)
    code = process.wait(timeout=120)
    check(code == 0, "a job that was suspended ended with", code, open("started.log").read())
    check(digest("runs/suspended") == wanted, "other bits after a suspension")


def main():
    teacher()
    write("student.yaml", LONGER)
    expect(sld("run", "student.yaml", "run.dir=runs/through", PATIENT, ranks=2), 0)
    wanted = digest("runs/through")
    stopped_rank(wanted, 1, 3)
    stopped_rank(wanted, 0, 2)
    hanging_disk(wanted)
    suspended_job(wanted)


in_folder(main)
