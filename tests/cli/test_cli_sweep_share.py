"""Many coordinators on one folder, killed at random: one result for each point, none lost. One frozen beyond its lease,
superseded and woken changes nothing.

usage: test_cli_sweep_share.py [COORDINATORS] [SEEDS] [KILLS] [SEED]"""
import collections
import os
import random
import signal
import sys
import time

from harness import MPIRUN, PATIENCE_S, Held, check, ended, expect, in_folder, said, stop, write
from sweep_harness import (attempt_processes, digests, files, kill, kill_any, no_process_left, start_sweep, status, sweep,
                           told_kills)

COORDINATORS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
SEEDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 4
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else 1

MANY = """
name: many
base: {method: none, student: {network: resnet8}, train: {epochs: 1, batch: 16}, synthetic: {train: 20, test: 20}}
axes: {train.lr: [0.01, 0.1]}
seeds: 1..%d
launch: {retries: 1000, lease_s: 2, slots: 1}
"""


def begin(i):
    """Every second coordinator pretends to be on another machine: its death is known by its silence alone. Half of all
    start trials by a launcher."""
    launcher = ["launch.command=" + " ".join(MPIRUN + ["-n", "{ranks}"])] if i % 4 > 1 else []
    return start_sweep("many.yaml", *launcher, env={"SLD_TEST_MACHINE": "another"} if i % 2 else None)


def share():
    """Killed coordinators are started again, as are those that a slow machine kept silent for longer than their lease."""
    rng, begun = random.Random(SEED), time.monotonic()
    write("many.yaml", MANY % SEEDS)
    work = [begin(i) for i in range(COORDINATORS)]
    kills = collections.Counter()
    while any(p.poll() is None for p in work):
        time.sleep(rng.uniform(0.2, 1.0))
        for i, p in enumerate(work):
            check(p.poll() in (None, 0, 3, -9), "exit", p.returncode, said(p)[-3000:])
        alive = [p.pid for p in work if p.poll() is None]
        if alive and sum(kills.values()) < KILLS:
            kill_any("runs/many", alive, rng, kills)
        for i, p in enumerate(work):
            if p.poll() in (3, -9):
                work[i] = begin(i)
    took = time.monotonic() - begun
    told = status("runs/many")
    check(told["points"] == 2 * SEEDS and told["done"] == told["points"], told)
    no_process_left("runs/many")
    for i in told["by_id"]:
        names = os.listdir("runs/many/trials/" + i)
        left = sorted(n for n in names if not n.startswith("log-"))
        logs = [n for n in names if n.startswith("log-")]
        check(logs and not any(n.endswith(".old") for n in logs), "the log of another's attempt was moved away", i, logs)
        check(left == ["best.h5", "config.yaml", "experiment.yaml", "last.h5", "results.h5"], i, left)
    marks = sorted(n for n in os.listdir("runs/many/claims"))
    check([m for m in marks if m.endswith(".done")] == sorted(i + ".done" for i in told["by_id"]), marks)
    print("%d coordinators, %d points, %d kills (%s), %.0f s: one result each, none lost" % (
        COORDINATORS, told["points"], sum(kills.values()), told_kills(kills), took), flush=True)


LONG = """
name: long
base: {method: none, student: {network: resnet8}, train: {epochs: 3, batch: 16}, synthetic: {train: 64, test: 20}}
launch: {lease_s: 2}
"""


def freeze():
    """The frozen one has this machine's cores, as it would not on another: two is told to use them all the same."""
    write("long.yaml", LONG)
    expect(sweep("long.yaml", "--dir", "runs/alone"), 0)
    one = Held("/ckpt-0000002", "long.yaml", "--dir", "runs/frozen", starter=start_sweep, env={"SLD_TEST_MACHINE": "one"})
    frozen = [one.process.pid] + attempt_processes("runs/frozen")
    for pid in frozen:
        stop(pid)
    one.go_on()
    two = start_sweep("long.yaml", "--dir", "runs/frozen", "--slots", "1", log="two.log", env={"SLD_TEST_MACHINE": "two"})
    expect(ended(two), 0, "silent beyond its lease")
    before = files("runs/frozen")
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)
    expect(ended(one.process), 3)  # it finds itself superseded
    no_process_left("runs/frozen")
    check(files("runs/frozen") == before, "woken, it changed", set(files("runs/frozen").items()) ^ set(before.items()))
    check(digests("runs/frozen") == digests("runs/alone"), "other bits")
    print("frozen, superseded, woken: nothing changed")


def frozen_rank():
    """A rank that stands still while its coordinator lives is ended, and its trial goes on. A limit so short that this
    machine does not keep it when all is well gives the trial up: a longer one is tried."""
    for minutes in (0.05, 0.5, 5):
        folder = "runs/rank-%g" % minutes
        one = Held("/ckpt-0000002", "long.yaml", "--dir", folder, "--ranks", "2", "launch.stall_minutes=%g" % minutes,
                   starter=start_sweep, log="rank.log", may_end=True)
        for pid in sorted(attempt_processes(folder))[-1:]:  # the launcher came first
            kill(pid, signal.SIGSTOP)
        one.go_on()
        if one.process.wait(60 * minutes + PATIENCE_S) == 0:
            break
    expect(ended(one.process), 0, "no step for %g minutes" % minutes)
    check(digests(folder) == digests("runs/alone"), "other bits")


def main():
    share()
    freeze()
    frozen_rank()


in_folder(main)
