"""Trials that share a store of teacher logits at the same time: each table is filled once; a filler that is killed at any
moment is replaced without anybody's help, one that is frozen after a while; who waits still answers signals. Always the
bits of trials that had no store.

usage: test_cli_teacher_shared.py [KILLS] [SEED]"""
import glob
import os
import random
import shutil
import signal
import subprocess
import sys
import time

from harness import (PATIENCE_S, Held, background, check, command, digest, ended, expect, in_folder, said, sld, tables, teacher,
                     wait_for, write, STUDENT)

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 2
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
LONGER = STUDENT.replace("train: 36", "train: 96").replace("batch: 16", "batch: 32")
TABLES = 4  # 2 epochs of 2 views
ARMS = {"sld": [], "kd-pa": ["correction=none", "student_swap=false"]}


def launch(arm, *args, ranks=1):
    """One arm in a session of its own, running."""
    return background(command(ranks, "run", "student.yaml", "run.dir=runs/" + arm, "teacher.logits=tl", *ARMS[arm], *args),
                      None, arm + ".log")


def send(process, number):
    """To every process of the session: the launcher and the ranks."""
    found = subprocess.run(["ps", "-o", "pid=", "-s", str(process.pid)], stdout=subprocess.PIPE).stdout.split()
    for pid in found:
        try:
            os.kill(int(pid), number)
        except ProcessLookupError:
            pass


def ends(process, arm, code):
    check(ended(process).code == code, arm, "ended with", process.returncode, "wanted", code, said(process))


def fresh():
    for folder in ["tl"] + ["runs/" + arm for arm in ARMS]:
        shutil.rmtree(folder, ignore_errors=True)


def nothing_left():
    left = glob.glob("tl/*/*.tmp")
    check(not left, "temporary files of the dead:", left)


def together(wanted):
    running = {arm: launch(arm, ranks=1 + i) for i, arm in enumerate(ARMS)}
    for arm, process in running.items():
        ends(process, arm, 0)
        check(digest("runs/" + arm) == wanted[arm], "other bits beside another trial:", arm)
    filled = [tables("runs/" + arm)[1] for arm in ARMS]
    check(sum(filled) == TABLES and all(tables("runs/" + arm)[0] == TABLES for arm in ARMS), "tables filled", filled)


def killed(wanted, alone):
    rng = random.Random(SEED)
    for _ in range(KILLS):
        fresh()
        first, second = rng.sample(sorted(ARMS), 2)
        victim, other = launch(first, ranks=2), launch(second, ranks=1)
        time.sleep(rng.uniform(0.2, 0.6) * alone)
        send(victim, signal.SIGKILL)
        victim.wait(timeout=PATIENCE_S)
        ends(other, second, 0)
        for arm in ARMS:
            expect(sld("run", "student.yaml", "run.dir=runs/" + arm, "teacher.logits=tl", *ARMS[arm], ranks=0), 0)
            check(digest("runs/" + arm) == wanted[arm], "other bits after a kill:", arm)
        nothing_left()


def frozen(wanted):
    """A filler stands still between its first sign of life and its first table."""
    fresh()
    filler = Held("/epoch-00001", "run", "student.yaml", "run.dir=runs/sld", "teacher.logits=tl")
    check(any(os.path.getsize(name) for name in glob.glob("tl/*/claims")), "no sign of life")
    check(not glob.glob("tl/*/epoch-*.h5"), "a table is there")
    waiting = launch("kd-pa", "teacher.look_ahead=0", "teacher.logits_patience=100000", ranks=0)
    # the other view, which nobody had claimed
    wait_for("a table", lambda: glob.glob("tl/*/epoch-00001.h5"), waiting)
    time.sleep(0.3)  # it waits by then; should it not, the signal must end it all the same
    send(waiting, signal.SIGUSR1)
    ends(waiting, "kd-pa", 75)
    expect(sld("run", "student.yaml", "run.dir=runs/kd-pa", "teacher.logits=tl", "teacher.logits_patience=0.3",
               *ARMS["kd-pa"], ranks=2), 0, "has not moved for 0.3 s")
    check(digest("runs/kd-pa") == wanted["kd-pa"], "other bits beside a frozen trial")
    filler.go_on()
    expect(ended(filler.process), 0)
    check(digest("runs/sld") == wanted["sld"], "other bits of a woken trial")
    nothing_left()


def main():
    teacher()
    write("student.yaml", LONGER)
    wanted = {}
    for arm, options in ARMS.items():
        begin = time.monotonic()
        expect(sld("run", "student.yaml", "run.dir=runs/alone-" + arm, *options, ranks=2), 0)
        alone = time.monotonic() - begin
        wanted[arm] = digest("runs/alone-" + arm)
    check(wanted["sld"] != wanted["kd-pa"], "the arms are the same")
    together(wanted)
    killed(wanted, alone)
    frozen(wanted)


in_folder(main)
