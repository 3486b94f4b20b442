"""kill -9 of all processes of a run at random moments, again and again, on changing numbers of ranks: every file stays
readable, and the run that at last gets through has the bits of one that was left alone.

usage: test_cli_kill.py [KILLS] [SEED]"""
import collections
import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import h5py

from harness import check, digest, expect, in_folder, ranks_of, said, sld, start, teacher, wait_for, write, STUDENT

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 6
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
# as short as a run can be that has all parts: 2 epochs of 3 steps, the last of them a tail, a checkpoint at every step
SHORT = STUDENT.replace("batch: 16", "batch: 8").replace("train: 36", "train: 20")
SHORT += "run: {checkpoint_minutes: 0.00001}\n"
# mpirun gives the ranks that are left a second before it kills them: twice, and most of the test's time
os.environ["OMPI_MCA_odls_base_sigkill_timeout"] = "0"


def ends(launcher):
    """Waits for it. mpirun 4.1.4 itself can lock up, alone, when a rank is killed while it connects: in PMIx_server_finalize,
    after all its ranks have ended."""
    wait_for("the ranks to end with the one killed", lambda: launcher.poll() is not None or not ranks_of(launcher))
    try:
        launcher.wait(timeout=10)
        return True
    except subprocess.TimeoutExpired:
        os.killpg(launcher.pid, signal.SIGKILL)
        launcher.wait()
        return False
    finally:
        wait_for("ranks to end with their launcher", lambda: not ranks_of(launcher))


def readable(folder):
    if not os.path.isdir(folder):
        return
    for name in os.listdir(folder):
        if name.endswith(".h5"):
            with h5py.File(os.path.join(folder, name), "r") as f:
                f.visititems(lambda n, item: item[()] if isinstance(item, h5py.Dataset) else None)


def phase(folder, process):
    """What a run that was killed was at."""
    text = said(process)
    if " training, " not in text:
        return "start"
    if [n for n in os.listdir(folder) if n.endswith(".tmp")]:
        return "write"
    return "end" if "epoch 2/2" in text else "training"


def killed(folder, after_s, rng):
    """Starts the run and kills it, unless it ends before: the phase it was in, and whether mpirun hung."""
    process = start("run", "student.yaml", "run.dir=" + folder, ranks=rng.randint(1, 4))
    try:
        process.wait(timeout=after_s)
        check(process.returncode == 0, "left alone, it ended with", process.returncode, said(process))
        return None, False
    except subprocess.TimeoutExpired:
        victims = list(ranks_of(process).values())
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            if rng.random() < 0.5 or not victims:
                os.killpg(process.pid, signal.SIGKILL)  # launcher and ranks
            else:
                os.kill(rng.choice(victims), signal.SIGKILL)  # one rank: the launcher ends the others
    hung = not ends(process)
    readable(folder)
    return phase(folder, process), hung


def main():
    rng = random.Random(SEED)
    teacher()
    write("student.yaml", SHORT)
    begin = time.monotonic()
    expect(sld("run", "student.yaml", "run.dir=runs/alone", ranks=2), 0)
    longest = time.monotonic() - begin
    wanted = digest("runs/alone")
    met, finished, hung = collections.Counter(), 0, 0
    while sum(met.values()) < KILLS:
        folder = "runs/killed%d" % finished
        at, stuck = killed(folder, rng.uniform(0.02, 1.0) * longest, rng)
        hung += stuck
        longest *= 1.05 if at else 0.9  # kills meet every phase, and runs end, whatever the machine's speed becomes
        if at:
            met[at] += 1
            continue
        check(digest(folder) == wanted, "other bits after kills in", folder)
        check(not [n for n in os.listdir(folder) if n.endswith(".tmp")], "temporary files stay in", folder)
        finished += 1
    folder = "runs/killed%d" % finished
    expect(sld("run", "student.yaml", "run.dir=" + folder, ranks=3), 0)
    check(digest(folder) == wanted, "other bits after kills in", folder)
    print("%d kills (%s), %d runs ended with the same bits; mpirun alone hung %d times"
          % (sum(met.values()), ", ".join("%s %d" % pair for pair in sorted(met.items())), finished + 1, hung))


in_folder(main)
