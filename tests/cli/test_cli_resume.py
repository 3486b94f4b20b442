"""A run stopped after one of its steps or after each of them, and resumed on another number of ranks ends with
the bits of one that ran through; the command that finds it done changes nothing."""
import os

import h5py

from harness import check, digest, expect, in_folder, sld, status, teacher, write, STUDENT

STEPS = 6  # 2 epochs of 3


def newer(path):
    """A newer sld wrote it, as far as the file says."""
    with h5py.File(path, "r+") as f:
        f.attrs.modify("format_version", 2)
    with open(path, "rb") as f:
        return f.read()


def refused(folder, path, form):
    kept, names = newer(path), sorted(os.listdir(folder))
    expect(sld("run", "student.yaml", "run.dir=" + folder), 2,
           "%s: format_version: expected %s of version 1 or older, got 2" % (path, form))
    with open(path, "rb") as f:
        check(f.read() == kept and sorted(os.listdir(folder)) == names, "files of a newer sld were changed", folder)


def main():
    teacher()
    write("student.yaml", STUDENT)
    expect(sld("run", "student.yaml", "run.dir=runs/through", ranks=2), 0)
    wanted = digest("runs/through")
    expect(sld("run", "student.yaml", "run.dir=runs/stop", "run.stop_after_steps=1", ranks=4), 75)
    check(status("runs/stop") == "running", "status after a stop")
    expect(sld("run", "student.yaml", "run.dir=runs/stop", ranks=3), 0, "resumed")
    check(digest("runs/stop") == wanted, "other bits after a stop in the first epoch")
    # one step at a time, every attempt on another number of ranks
    for attempt in range(STEPS + 2):
        result = sld("run", "student.yaml", "run.dir=runs/one", "run.stop_after_steps=1", ranks=(0, 3, 2)[attempt % 3])
        if result.code == 0:
            break
        expect(result, 75)
    check(attempt >= STEPS - 1 and digest("runs/one") == wanted, "other bits step by step", attempt)
    before = os.stat("runs/one/results.h5").st_mtime_ns
    expect(sld("run", "student.yaml", "run.dir=runs/one"), 0, "done already")
    check(os.stat("runs/one/results.h5").st_mtime_ns == before, "a finished run was written again")
    # a folder holds one trial
    expect(sld("run", "student.yaml", "run.dir=runs/one", "train.lr=0.5"), 2, "train.lr", "another trial")
    # the newest checkpoint damaged: named, and the one before is used
    expect(sld("run", "student.yaml", "run.dir=runs/bad", "run.stop_after_steps=5"), 75)
    newest = "runs/bad/" + sorted(f for f in os.listdir("runs/bad") if f.startswith("ckpt-"))[-1]
    with open(newest, "r+b") as f:
        f.seek(os.path.getsize(newest) // 2)
        f.write(b"\x55" * 64)
    expect(sld("run", "student.yaml", "run.dir=runs/bad", ranks=2), 0, newest, "resumed at epoch 2, step 0")
    check(digest("runs/bad") == wanted, "other bits after a damaged checkpoint")
    # what a newer sld wrote is refused by name and left as it is, though an older checkpoint lies beside it
    expect(sld("run", "student.yaml", "run.dir=runs/newer", "run.stop_after_steps=4"), 75)
    newest = "runs/newer/" + sorted(f for f in os.listdir("runs/newer") if f.startswith("ckpt-"))[-1]
    refused("runs/newer", newest, "sld-checkpoint")
    refused("runs/one", "runs/one/results.h5", "sld-results")


in_folder(main)
