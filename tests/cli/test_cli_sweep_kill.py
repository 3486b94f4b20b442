"""kill -9 of a random process of a sweep (coordinator, launcher, rank), again and again, with one rank per trial and
with two: every trial ends with the bits of a sweep that was left alone.

usage: test_cli_sweep_kill.py [KILLS] [SEED] [SEEDS OF THE SWEEP]"""
import random
import sys
import time

from harness import check, expect, in_folder
from sweep_harness import attempt_processes, digests, kill, no_process_left, spec, start_sweep, status, sweep

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 4
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
SEEDS = sys.argv[3] if len(sys.argv) > 3 else "[1]"


def disturbed(folder, ranks, kills, rng):
    """Runs the sweep to its end; returns how many kills it met."""
    done = restarts = 0
    args = ("tiny.yaml", "--dir", folder, "--ranks", ranks)
    process = start_sweep(*args)
    while True:
        try:
            code = process.wait(timeout=rng.uniform(0.3, 2.0))
            if code == 0:
                return done
            check(code in (-9,), "exit", code, open("sweep.log").read()[-3000:])
            restarts += 1
            process = start_sweep(*args)
            continue
        except Exception as e:
            if type(e).__name__ != "TimeoutExpired":
                raise
        victims = attempt_processes(folder) + [process.pid]
        if done < kills:
            kill(rng.choice(victims))
            done += 1


def main():
    rng = random.Random(SEED)
    spec(epochs=6, seeds=SEEDS, retries=1000)
    expect(sweep("tiny.yaml", "--dir", "runs/alone"), 0)
    wanted = digests("runs/alone")
    for ranks in (1, 2):
        kills = n = 0
        while kills < KILLS:
            folder = "runs/killed%d-%d" % (ranks, n)
            kills += disturbed(folder, ranks, KILLS - kills, rng)
            no_process_left(folder)
            told = status(folder)
            check(told["done"] == told["points"], told)
            check(digests(folder) == wanted, "other bits in", folder)
            n += 1
        print("%d rank%s: %d kills, %d sweeps ended with the same bits" % (ranks, "s"[:ranks > 1], kills, n))


in_folder(main)
