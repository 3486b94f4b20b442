"""A run in which nothing moves any more ends by itself within the limit, naming the rank that is behind, since when, in
what; what is saved stays, and the same command ends with the bits of an undisturbed run. A run that was suspended as a
whole and goes on has not stalled. The other collective verbs end likewise."""
import concurrent.futures
import os
import re
import signal
import tempfile
import time

import h5py
import numpy as np

from harness import (PATIENCE_S, Held, background, check, command, complaint, digest, ended, expect, faulty, in_folder,
                     ranks_of, sld, stop, teacher, write, STUDENT)

LONGER = STUDENT.replace("epochs: 2, batch: 16", "epochs: 3, batch: 8")


def tried(attempt, *args):
    """attempt says what was wrong. It is tried again with a longer limit, for a machine may be so slow that a healthy run
    stands still for longer than the shorter ones; the last one is more than that. Yields the folder it had."""
    for limit_s in (10, 60, 300) if "ASAN_OPTIONS" in os.environ else (3, 30, 300):
        folder = tempfile.mkdtemp(dir="runs", prefix=attempt.__name__)
        try:
            wrong = attempt(limit_s, folder, *args)
        except OSError as gone:  # by itself, just before something was done to it
            wrong = str(gone)
        if not wrong:
            return folder
        print("with a limit of", limit_s, "s:", wrong)
    check(False, wrong)


def words_of(folder, limit_s=None):
    limit = ("run.stall_minutes=%.9f" % (limit_s / 60),) if limit_s else ()
    return ("run", "student.yaml", "run.dir=" + folder) + limit


def within_limit(attempt, *args):
    """A run that meets attempt; the same command goes on from it. Yields its folder and what that said."""
    folder = tried(attempt, *args)
    result = expect(sld(*words_of(folder), ranks=3), 0)
    check(not [n for n in os.listdir(folder) if n.endswith(".tmp")], "a temporary file was left behind")
    return folder, result.out + result.err


def stop_one(held, victim, setting):
    """Stops that rank, lets the others go on: what is wrong with their end, or None."""
    number = ranks_of(held.process).get(victim)
    if number is None:
        return "it ended before a rank was stopped: " + ended(held.process).err
    stop(number)
    held.go_on()
    result = ended(held.process)
    named = re.search(r"\(%s\)\. Behind is rank %d \(process %d, stopped by a signal[^)]*\): .*, since 20\d\d-"
                      % (setting, victim, number), result.err)
    if not named:
        return "rank %d is not named: %s" % (victim, result.err)
    check(result.err.count("stalled:") == 1, "said more than once:", result.err)
    return complaint(result, 70)


def hold(folder, mark, *words, ranks, env=None):
    """Each has a log of its own: several go on at a time."""
    return Held(mark, *words, may_end=True, env=env,
                starter=lambda *args, env: background(command(ranks, *args), env, folder + ".said"))


def hold_run(limit_s, folder, ranks):
    """An epoch is done, two are to come."""
    return hold(folder, "ckpt-0000002", *words_of(folder, limit_s), ranks=ranks)


def stopped_rank(limit_s, folder, victim, ranks):
    held = hold_run(limit_s, folder, ranks)
    wrong = stop_one(held, victim, "run.stall_minutes")
    if not wrong and victim != 0:  # else nobody can write to the log
        check("Behind is rank %d " % victim in open(folder + "/log.txt").read(), "not in the log")
    return wrong


def stopped_verb(limit_s, folder, setting, mark, *words):
    """Its rank 0 is about to write the file with mark in its path; of eval and probe the other rank has then done all but
    leave."""
    words = [w.format(out=folder + "/out.h5", minutes=limit_s / 60) for w in words]
    held = hold(folder, mark, *words, ranks=2, env={"TMPDIR": os.path.abspath(folder)})
    return stop_one(held, 1, setting)


def hanging_disk(limit_s, folder):
    """Rank 0 hangs in a call on its second checkpoint; rank 1 waits for it."""
    result = sld(*words_of(folder, limit_s), ranks=2, env=faulty("ckpt-0000003", 3, hold="never"), timeout=limit_s + PATIENCE_S)
    return complaint(result, 70, "Behind is rank 0 (process", "writing a checkpoint, since", "rank 1 (process", "to agree")


def suspended_job(limit_s, folder):
    run = hold_run(limit_s, folder, 2)
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
    with h5py.File("in.h5", "w") as f:
        f["image_weak"] = f["image_strong"] = np.zeros((1, 8, 3, 32, 32), "f4")
        f["labels"] = np.zeros((1, 8), "i4")
    verbs = [("run.stall_minutes", "out.h5", "eval", "runs/teacher/last.h5", "--logits", "{out}",
              "run.stall_minutes={minutes}"),
             ("run.stall_minutes", "out.h5", "probe", "student.yaml", "--batches", "in.h5", "--out", "{out}",
              "run.stall_minutes={minutes}"),
             ("--stall-minutes", "teacher.h5", "bench", "resnet8", "resnet8", "--seconds", "0.01", "--stall-minutes",
              "{minutes}")]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:  # they stand still most of the time
        runs = [pool.submit(within_limit, *what)
                for what in ((hanging_disk,), (stopped_rank, 1, 3), (stopped_rank, 0, 2), (suspended_job,))]
        for end in [pool.submit(tried, stopped_verb, *verb) for verb in verbs]:
            end.result()
        for run in runs:
            folder, said = run.result()
            check(digest(folder) == wanted, "other bits in", folder)
            check(run is not runs[0] or "resumed at epoch 2" in said, "not resumed:", said)


in_folder(main)
