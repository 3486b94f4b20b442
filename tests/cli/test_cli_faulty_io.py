"""Every change that a run makes to its folder (create, write, fsync, close, rename, truncate) made to fail, with a full disk
and with a broken one, once and for ever: exit code 74 naming the file and the cause, every published file still there
and readable, no temporary file left behind, and the same command then ends with the bits of an undisturbed run.

usage: test_cli_faulty_io.py [EVERY]: every EVERY-th change with one way to fail each; 1: all, in all ways"""
import errno
import os
import re
import sys

import h5py

from harness import SHORT, check, digest, expect, faulty, in_folder, sld, teacher, write

EVERY = int(sys.argv[1]) if len(sys.argv) > 1 else 17
WAYS = [(number, forever) for number in (errno.ENOSPC, errno.EIO) for forever in (False, True)]
SHORT += "run: {checkpoint_minutes: 0.00001}\n"  # at every step: 2 epochs of 2


def run_with(folder, call, number, forever):
    """A run in which that change fails: its result, and what it did as (outcome, what, path)."""
    if os.path.exists("trace"):
        os.remove("trace")
    how = {"forever": 1} if forever else {}
    env = faulty(folder, call, number, trace=os.path.abspath("trace"), **how)
    result = sld("run", "student.yaml", "run.dir=" + folder, ranks=2, env=env)
    with open("trace") as f:
        return result, [tuple(line.split(" ", 3)[1:]) for line in f.read().splitlines()]


def check_order(trace):
    """A name is given to a file that was written, synced and closed, and its folder is synced next."""
    renames = [i for i, (_, what, _) in enumerate(trace) if what == "rename"]
    for i in renames:
        before = [what for _, what, path in trace[:i] if path.startswith(trace[i][2].replace("./", "") + ".")
                  or re.search(re.escape(os.path.basename(trace[i][2])) + r"\.[^/]*tmp$", path)][-4:]
        check(before[-2:] == ["fsync", "close"] and "write" in before, "order before", trace[i], before)
        check(trace[i + 1][1] == "fsync" and not os.path.basename(trace[i + 1][2]).endswith(".tmp"), "after", trace[i])
    return len(renames)


def left_behind(folder, trace):
    """After a fault: whatever was published is there (the two newest checkpoints), readable, and nothing else."""
    names = [os.path.basename(path) for outcome, what, path in trace if what == "rename" and outcome == "ok"]
    kept = sorted(n for n in names if n.startswith("ckpt-"))[-2:]
    there = os.listdir(folder) if os.path.isdir(folder) else []
    for name in kept + [n for n in names if not n.startswith("ckpt-")]:
        check(name in there, name, "was published and is gone:", there)
    for name in there:
        check(not name.endswith(".tmp"), name, "was left behind")
        if name.endswith(".h5"):
            with h5py.File(os.path.join(folder, name), "r") as f:
                f.visititems(lambda n, item: item[()] if isinstance(item, h5py.Dataset) else None)


def main():
    teacher()
    write("student.yaml", SHORT)
    result, trace = run_with("runs/through", 0, errno.EIO, False)
    expect(result, 0)
    wanted = digest("runs/through")
    renamed = check_order(trace)
    faults = failed = 0
    for call in range(1, len(trace) + 1, EVERY):
        ways = WAYS if EVERY == 1 else [WAYS[call // EVERY % len(WAYS)]]
        for number, forever in ways:
            folder = "runs/io%d-%d-%d" % (call, number, forever)
            result, done = run_with(folder, call, number, forever)
            broken = [(what, path) for outcome, what, path in done if outcome == "failed"]
            check(broken, "call", call, "did not fail:", result.err)
            # the log is for people: a run goes on without it; the lock's file holds nothing when it is closed
            bearable = all(what == "fflush" or path.endswith("/lock") and what == "close" for what, path in broken)
            if bearable:
                expect(result, 0)
            else:
                expect(result, 74, folder, os.strerror(number))
                failed += 1
            left_behind(folder, done)
            expect(sld("run", "student.yaml", "run.dir=" + folder), 0)
            check(digest(folder) == wanted, "other bits after a fault at", call, broken[0])
            faults += 1
    print("%d changes, %d of them names published; %d faults injected, %d ended the run, all went on to the same bits"
          % (len(trace), renamed, faults, failed))
    check(failed > faults // 2, "only", failed, "of", faults, "faults ended the run")


in_folder(main)
