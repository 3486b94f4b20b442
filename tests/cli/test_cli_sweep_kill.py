"""kill -9 of a random process of a sweep (coordinator, launcher, rank), again and again, with a store of teacher logits
and without one, with one rank per trial and with two: every trial ends with the bits of a sweep that was left alone.

usage: test_cli_sweep_kill.py [KILLS] [SEED] [SEEDS OF THE SWEEP]: KILLS for each arm; fewer than 10: two of the arms"""
import collections
import hashlib
import random
import subprocess
import sys

from harness import check, expect, in_folder
from sweep_harness import digests, kill_any, no_process_left, spec, start_sweep, status, sweep, told_kills

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 4
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
SEEDS = sys.argv[3] if len(sys.argv) > 3 else "[1]"
ARMS = [(store, ranks) for store in (True, False) for ranks in (1, 2)]
if KILLS < 10:
    ARMS = ARMS[::3]


def arguments(folder, store, ranks):
    return ["tiny.yaml", "--dir", folder, "--ranks", ranks] + ([] if store else ["teacher.logits="])


def disturbed(folder, args, most, kills, rng):
    """Runs the sweep to its end, with as many kills as it meets until there were so many."""
    process = start_sweep(*args)
    while True:
        try:
            code = process.wait(timeout=rng.uniform(0.3, 2.0))
        except subprocess.TimeoutExpired:
            if sum(kills.values()) < most:
                kill_any(folder, [process.pid], rng, kills)
            continue
        if code == 0:
            return
        check(code == -9, "exit", code, open("sweep.log").read()[-3000:])
        process = start_sweep(*args)


def sha(computed):
    return hashlib.sha256(repr(sorted(computed.items())).encode()).hexdigest()


def one_arm(wanted, store, ranks, rng):
    name = "%s-%d" % ("store" if store else "live", ranks)
    expect(sweep(*arguments("runs/alone-" + name, store, ranks)), 0)
    alone = digests("runs/alone-" + name)
    kills, n = collections.Counter(), 0
    while sum(kills.values()) < KILLS:
        folder = "runs/killed-%s-%d" % (name, n)
        disturbed(folder, arguments(folder, store, ranks), KILLS, kills, rng)
        no_process_left(folder)
        told = status(folder)
        check(told["done"] == told["points"], told)
        check(list(digests(folder).values()) == list(alone.values()), "other bits in", folder)
        n += 1
    print("%-8s %d rank%s  %d trials, %2d sweeps, %2d kills (%s)  SHA-256 %.16s alone, %.16s killed" % (
        name.split("-")[0], ranks, " s"[ranks > 1], len(alone), n, sum(kills.values()), told_kills(kills), sha(alone),
        sha(digests(folder))), flush=True)
    wanted.append(sorted(alone.values()))
    check(wanted[-1] == wanted[0], "other bits with", name)


def main():
    rng = random.Random(SEED)
    spec(epochs=6, seeds=SEEDS, retries=1000)
    wanted = []
    for store, ranks in ARMS:
        one_arm(wanted, store, ranks, rng)


in_folder(main)
