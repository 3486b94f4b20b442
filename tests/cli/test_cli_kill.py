"""kill -9 of all processes of a run at random moments, again and again, on changing numbers of ranks: every file stays
readable, and the run that at last gets through has the bits of one that was left alone.

usage: test_cli_kill.py [KILLS] [SEED]"""
import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import h5py

from harness import check, digest, expect, in_folder, sld, start, teacher, write, STUDENT

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
# a checkpoint at almost every step, and otherwise as short as a run can be that has all parts
SHORT = STUDENT.replace("epochs: 2", "epochs: 3").replace("batch: 48", "batch: 24")
SHORT = SHORT.replace("train: 200, test: 64", "train: 100, test: 32") + "run: {checkpoint_minutes: 0.0005}\n"
# mpirun gives the ranks that are left a second before it kills them: twice, and most of the test's time
os.environ["OMPI_MCA_odls_base_sigkill_timeout"] = "0"


def ranks_of(group):
    """Processes started with it that are sld, not the launcher."""
    found = subprocess.run(["ps", "-o", "pid=,comm=", "-s", str(group)], stdout=subprocess.PIPE).stdout.decode()
    return [int(line.split()[0]) for line in found.splitlines() if line.split()[1] == "sld"]


def ends(launcher):
    """Waits for it. mpirun 4.1.4 itself can lock up, alone, when a rank is killed while it connects: in PMIx_server_finalize,
    after all its ranks have ended."""
    try:
        launcher.wait(timeout=20)
        return True
    except subprocess.TimeoutExpired:
        check(not ranks_of(launcher.pid), "ranks outlived one that was killed:", ranks_of(launcher.pid))
        os.killpg(launcher.pid, signal.SIGKILL)
        launcher.wait()
        return False


def readable(folder):
    if not os.path.isdir(folder):
        return
    for name in os.listdir(folder):
        if name.endswith(".h5"):
            with h5py.File(os.path.join(folder, name), "r") as f:
                f.visititems(lambda n, item: item[()] if isinstance(item, h5py.Dataset) else None)


def main():
    rng = random.Random(SEED)
    teacher()
    write("student.yaml", SHORT)
    begin = time.monotonic()
    expect(sld("run", "student.yaml", "run.dir=runs/alone", ranks=2), 0)
    alone = time.monotonic() - begin
    wanted = digest("runs/alone")
    kills = finished = hung = 0
    while kills < KILLS:
        folder = "runs/killed%d" % finished
        process = start("run", "student.yaml", "run.dir=" + folder, ranks=rng.randint(1, 4))
        try:
            process.wait(timeout=rng.uniform(0.1, 1.0) * alone)
            check(process.returncode == 0, "left alone, it ended with", process.returncode, open("started.log").read())
        except subprocess.TimeoutExpired:
            kills += 1
            victims = ranks_of(process.pid)
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                if rng.random() < 0.5 or not victims:
                    os.killpg(process.pid, signal.SIGKILL)  # launcher and ranks
                else:
                    os.kill(rng.choice(victims), signal.SIGKILL)  # one rank: the launcher ends the others
            hung += not ends(process)
            for _ in range(100):  # ranks outlive their launcher by moments
                if not ranks_of(process.pid):
                    break
                time.sleep(0.02)
            readable(folder)
            continue
        check(digest(folder) == wanted, "other bits after kills in", folder)
        check(not [n for n in os.listdir(folder) if n.endswith(".tmp")], "temporary files stay in", folder)
        finished += 1
    folder = "runs/killed%d" % finished
    expect(sld("run", "student.yaml", "run.dir=" + folder, ranks=3), 0)
    check(digest(folder) == wanted, "other bits after kills in", folder)
    print("%d kills, %d runs ended with the same bits; mpirun alone hung %d times" % (kills, finished + 1, hung))


in_folder(main)
