"""Many coordinators on one folder, killed at random: one result for each point, none lost. One frozen beyond its lease,
superseded and woken changes nothing.

usage: test_cli_sweep_share.py [COORDINATORS] [SEEDS] [KILLS] [SEED]"""
import os
import random
import signal
import sys
import time

from harness import check, expect, in_folder, write
from sweep_harness import (attempt_processes, digests, files, kill, no_process_left, start_sweep, status, sweep,
                           wait_for)

COORDINATORS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
SEEDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 4
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else 1

MANY = """
name: many
base: {method: none, student: {network: resnet8}, train: {epochs: 1, batch: 48}, synthetic: {train: 96, test: 32}}
axes: {train.lr: [0.01, 0.1]}
seeds: 1..%d
launch: {retries: 1000, lease_s: 2, slots: 1}
"""


def share():
    """Every second coordinator pretends to be on another machine: its death is known by its silence alone."""
    rng = random.Random(SEED)
    write("many.yaml", MANY % SEEDS)
    env = [None, {"SLD_TEST_MACHINE": "another"}]
    work = [start_sweep("many.yaml", env=env[i % 2]) for i in range(COORDINATORS)]
    kills = 0
    while any(p.poll() is None for p in work):
        time.sleep(rng.uniform(0.2, 1.0))
        for i, p in enumerate(work):
            check(p.poll() in (None, 0, -9), "exit", p.returncode, open("sweep.log").read()[-3000:])
        if kills < KILLS:
            i = rng.randrange(COORDINATORS)
            victims = attempt_processes("runs/many") + [work[i].pid] * 2
            kill(rng.choice(victims))
            kills += 1
        for i, p in enumerate(work):
            if p.poll() == -9:
                work[i] = start_sweep("many.yaml", env=env[i % 2])
    told = status("runs/many")
    check(told["points"] == 2 * SEEDS and told["done"] == told["points"], told)
    no_process_left("runs/many")
    for i in told["by_id"]:
        left = sorted(n for n in os.listdir("runs/many/trials/" + i) if not n.startswith("log-"))
        check(left == ["best.h5", "config.yaml", "experiment.yaml", "last.h5", "results.h5"], i, left)
    marks = sorted(n for n in os.listdir("runs/many/claims"))
    check([m for m in marks if m.endswith(".done")] == sorted(i + ".done" for i in told["by_id"]), marks)
    print("%d coordinators, %d points, %d kills: one result each" % (COORDINATORS, told["points"], kills))


LONG = """
name: long
base: {method: none, student: {network: resnet8}, train: {epochs: 15, batch: 48}, synthetic: {train: 192, test: 32}}
launch: {lease_s: 2}
"""


def at_work(folder):
    """An attempt has begun to train."""
    trials = os.path.join(folder, "trials")
    for t in os.listdir(trials) if os.path.isdir(trials) else []:
        for name in os.listdir(os.path.join(trials, t)):
            if name.startswith("ckpt-"):
                return True
    return False


def freeze():
    write("long.yaml", LONG)
    expect(sweep("long.yaml", "--dir", "runs/alone"), 0)
    one = start_sweep("long.yaml", "--dir", "runs/frozen", env={"SLD_TEST_MACHINE": "one"})
    wait_for("a checkpoint", lambda: at_work("runs/frozen"))
    frozen = [one.pid] + attempt_processes("runs/frozen")
    check(len(frozen) > 1, "an attempt is at work")
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    two = start_sweep("long.yaml", "--dir", "runs/frozen", log="two.log", env={"SLD_TEST_MACHINE": "two"})
    check(two.wait(120) == 0, "the second coordinator finishes all:", open("two.log").read())
    check("silent beyond its lease" in open("two.log").read(), open("two.log").read())
    before = files("runs/frozen")
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)
    check(one.wait(60) == 3, "the first finds itself superseded, exit", one.returncode, open("sweep.log").read())
    no_process_left("runs/frozen")
    check(files("runs/frozen") == before, "woken, it changed", set(files("runs/frozen").items()) ^ set(before.items()))
    check(digests("runs/frozen") == digests("runs/alone"), "other bits")
    print("frozen, superseded, woken: nothing changed")


def frozen_rank():
    """A rank that stands still while its coordinator lives is ended, and its trial goes on."""
    one = start_sweep("long.yaml", "--dir", "runs/rank", "--ranks", "2", "launch.stall_minutes=0.05", log="rank.log")
    wait_for("a checkpoint", lambda: at_work("runs/rank"))
    ranks = attempt_processes("runs/rank")
    os.kill(max(ranks), signal.SIGSTOP)  # the launcher came first
    check(one.wait(120) == 0, open("rank.log").read())
    check("no step for 0.05 minutes" in open("rank.log").read(), open("rank.log").read())
    check(digests("runs/rank") == digests("runs/alone"), "other bits")


def main():
    share()
    freeze()
    frozen_rank()


in_folder(main)
