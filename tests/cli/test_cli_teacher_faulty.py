"""Every change that a trial makes to its store of teacher logits made to fail, on each of its ranks, with a full disk and
with a broken one, once and for ever: the store is no more than a cache, so the trial says which file could not be written,
computes live, and ends with the bits of one that has no store; the next trial does with whatever was left there.

usage: test_cli_teacher_faulty.py [EVERY]: every EVERY-th change with one way to fail each; 1: all, in all ways"""
import collections
import errno
import glob
import os
import sys

from harness import SHORT, check, digest, expect, faulty, in_folder, sld, teacher, write

EVERY = int(sys.argv[1]) if len(sys.argv) > 1 else 29
WAYS = [(number, forever) for number in (errno.ENOSPC, errno.EIO) for forever in (False, True)]
RUNS = [(1, 0), (2, 0), (2, 1)]  # ranks, and the one whose changes fail


def run_with(store, folder, ranks, rank, call, number, forever):
    """A run in which that change of that rank fails: its result, and what it did as (outcome, what, path)."""
    if os.path.exists("trace"):
        os.remove("trace")
    how = {"forever": 1} if forever else {}
    env = faulty(store + "/", call, number, rank=rank, trace=os.path.abspath("trace"), **how)
    result = sld("run", "student.yaml", "run.dir=" + folder, "teacher.logits=" + store, ranks=ranks if ranks > 1 else 0, env=env)
    with open("trace") as f:
        return result, [tuple(line.split(" ", 3)[1:]) for line in f.read().splitlines()]


def one_fault(wanted, ranks, rank, call, number, forever, ends):
    name = "%d-%d-%d-%d-%d" % (ranks, rank, call, number, forever)
    result, done = run_with("tl-" + name, "runs/" + name, ranks, rank, call, number, forever)
    broken = [(what, os.path.basename(path)) for outcome, what, path in done if outcome == "failed"]
    check(broken, "call", call, "did not fail:", result.err)
    if result.code == 74:  # the folder itself cannot be made: said before anything is trained
        check(broken[0][0] == "mkdir", "exit 74 at", broken)
        expect(result, 74, "tl-" + name, os.strerror(number))
    else:
        expect(result, 0)
        check(digest("runs/" + name) == wanted, "other bits after a fault at", call, broken[0])
        told = "tl-" + name in result.err.replace("view: tl-" + name, "") and "the trial computes" in result.err
        ends["told" if told else "borne"] += 1
        # what is not told has changed nothing: a claim's last word, a close
        check(told or not forever or all(path in ("claims", "lock") for _, path in broken), "not a word of", broken, result.err)
        left = glob.glob("tl-%s/*/*.tmp" % name)
        check(not left, "left behind:", left)
    expect(sld("run", "student.yaml", "run.dir=runs/next-" + name, "teacher.logits=tl-" + name), 0)
    check(digest("runs/next-" + name) == wanted, "other bits from what was left after", broken[0])


def main():
    teacher()
    write("student.yaml", SHORT)
    expect(sld("run", "student.yaml", "run.dir=runs/live", ranks=2), 0)
    wanted = digest("runs/live")
    ends = collections.Counter()
    for ranks, rank in RUNS:
        store = "tl-%d-%d" % (ranks, rank)
        result, trace = run_with(store, "runs/through-%d-%d" % (ranks, rank), ranks, rank, 0, errno.EIO, False)
        expect(result, 0)
        check(digest("runs/through-%d-%d" % (ranks, rank)) == wanted, "other bits with a store")
        faults = 0
        for call in range(1, len(trace) + 1, EVERY):
            for number, forever in WAYS if EVERY == 1 else [WAYS[call // EVERY % len(WAYS)]]:
                one_fault(wanted, ranks, rank, call, number, forever, ends)
                faults += 1
        print("%d ranks, rank %d: %d changes, %d faults, all with the same bits" % (ranks, rank, len(trace), faults))
    print(dict(ends))


in_folder(main)
