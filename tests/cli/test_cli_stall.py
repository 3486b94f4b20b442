"""A run in which nothing moves any more ends by itself within the limit, naming the rank that is behind, since when, in
what; what is saved stays, and the same command ends with the bits of an undisturbed run. A run that was suspended as a
whole and goes on has not stalled."""
import os
import re
import signal
import tempfile
import time

from harness import (PATIENCE_S, Held, check, complaint, digest, ended, expect, faulty, in_folder, ranks_of, sld, stop,
                     teacher, write, STUDENT)

LONGER = STUDENT.replace("epochs: 2, batch: 48", "epochs: 3, batch: 24").replace("train: 100, test: 32", "train: 100, test: 32")


def within_limit(attempt, wanted, *args):
    """attempt says what was wrong. It is tried again with a longer limit, for a machine may be so slow that a healthy run
    stands still for longer than the shorter ones; the last one is more than that."""
    for limit_s in (10, 60, 300) if "ASAN_OPTIONS" in os.environ else (3, 30, 300):
        folder = tempfile.mkdtemp(dir="runs", prefix=attempt.__name__)
        command = ("run", "student.yaml", "run.dir=" + folder)
        try:
            wrong = attempt(limit_s, folder, command + ("run.stall_minutes=%.9f" % (limit_s / 60),), *args)
        except OSError as gone:  # by itself, just before something was done to it
            wrong = str(gone)
        if not wrong:
            result = expect(sld(*command, ranks=3), 0)
            check(digest(folder) == wanted, "other bits in", folder)
            check(not [n for n in os.listdir(folder) if n.endswith(".tmp")], "a temporary file was left behind")
            return result.out + result.err
        print("with a limit of", limit_s, "s:", wrong)
    check(False, wrong)


def stopped_rank(limit_s, folder, command, victim, ranks):
    run = Held("ckpt-0000002", *command, ranks=ranks, may_end=True)  # an epoch is done, two are to come
    number = ranks_of(run.process).get(victim)
    if number is None:
        return "it ended before a rank was stopped: " + ended(run.process).err
    stop(number)
    run.go_on()
    result = ended(run.process)
    named = re.search(r"Behind is rank %d \(process %d, stopped by a signal[^)]*\): .*, since 20\d\d-" % (victim, number),
                      result.err)
    if not named:
        return "rank %d is not named: %s" % (victim, result.err)
    check(result.err.count("stalled:") == 1, "said more than once:", result.err)
    if victim != 0:  # else nobody can write to the log
        check("Behind is rank %d " % victim in open(folder + "/log.txt").read(), "not in the log")
    return complaint(result, 70)


def hanging_disk(limit_s, folder, command):
    """Rank 0 hangs in a call on its second checkpoint; rank 1 waits for it."""
    result = sld(*command, ranks=2, env=faulty("ckpt-0000003", 3, hold="never"), timeout=limit_s + PATIENCE_S)
    return complaint(result, 70, "Behind is rank 0 (process", "writing a checkpoint, since", "rank 1 (process", "to agree")


def suspended_job(limit_s, folder, command):
    run = Held("ckpt-0000002", *command, ranks=2, may_end=True)
    ranks = ranks_of(run.process).values()
    os.killpg(run.process.pid, signal.SIGSTOP)
    for rank in ranks:
        stop(rank)
    run.go_on()
    time.sleep(limit_s + 1)
    for rank in ranks:
        os.kill(rank, signal.SIGCONT)
    os.killpg(run.process.pid, signal.SIGCONT)
    return complaint(ended(run.process), 0)


def main():
    teacher()
    write("student.yaml", LONGER)
    expect(sld("run", "student.yaml", "run.dir=runs/through", ranks=2), 0)
    wanted = digest("runs/through")
    within_limit(stopped_rank, wanted, 1, 3)
    within_limit(stopped_rank, wanted, 0, 2)
    said = within_limit(hanging_disk, wanted)
    check("resumed at epoch 2" in said, "not resumed:", said)
    within_limit(suspended_job, wanted)


in_folder(main)
