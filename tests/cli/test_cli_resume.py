"""A run stopped after one of its steps or after each of them, and resumed on another number of ranks ends with
the bits of one that ran through; the command that finds it done changes nothing. Checkpoints that are damaged, foreign or
changed by another program are passed over by name."""
import os
import shutil

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


def checkpoints(folder):
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.startswith("ckpt-")]


def changed(path, change):
    """A program rewrites the file, which drops its checksum."""
    with h5py.File(path, "r+") as f:
        change(f)


def foreign(f):
    for name in list(f.attrs):
        del f.attrs[name]
    for name in list(f):
        del f[name]


def bias(f):
    f["model/fc.bias"][0] += 1


def set_to(name, value):
    return lambda f: f.attrs.modify(name, value)


def reshaped(f):
    del f["model/fc.bias"]
    f["model/fc.bias"] = [1.0, 2.0]


CHANGES = [  # what a program does to the newest checkpoint, of epoch 2, step 2 of 3; what is said of it
    (set_to("step", 99), "attribute step: expected 0 to 3, got 99"),
    (set_to("step", -1), "attribute step: expected 0 to 3, got -1"),
    (set_to("epoch", 7), "attribute epoch: expected 1 to 3, got 7"),
    (set_to("epoch", 0), "attribute epoch: expected 1 to 3, got 0"),
    (set_to("best_epoch", 2), "attribute best_epoch: expected 1 to 1, got 2"),
    (set_to("open_steps", -4), "attribute open_steps: expected 0 to 3, got -4"),
    (bias, "content_sha256: expected that of its weights, "),
    (reshaped, "/model/fc.bias: expected the shape"),
    (lambda f: f.attrs.__delitem__("identity"), 'expected the attribute "identity"'),
    (foreign, 'expected the attribute "identity"'),
]


def passed_over(wanted):
    expect(sld("run", "student.yaml", "run.dir=runs/two", "run.stop_after_steps=5"), 75)
    for number, (change, text) in enumerate(CHANGES):
        folder = "runs/changed%d" % number
        shutil.copytree("runs/two", folder)
        newest = checkpoints(folder)[-1]
        changed(newest, change)
        done = expect(sld("run", "student.yaml", "run.dir=" + folder, ranks=number % 3), 0, newest + ": ", text,
                      "this checkpoint is passed over; move it away", "resumed at epoch 2, step 0")
        check(digest(folder) == wanted and done.err.count("passed over") == 1, "other bits after", text, done.err)
    # none is good: the run says what to do
    shutil.copytree("runs/two", "runs/none")
    for path in checkpoints("runs/none"):
        changed(path, bias)
    done = expect(sld("run", "student.yaml", "run.dir=runs/none"), 74, "no checkpoint can be read", "move ckpt-*.h5 away to start anew")
    check(done.err.count("passed over") == 2, done.err)
    # one of another trial is no damage
    expect(sld("run", "student.yaml", "run.dir=runs/other", "train.lr=0.5"), 0)
    shutil.copy(checkpoints("runs/other")[-1], "runs/two")
    os.remove("runs/two/results.h5")
    expect(sld("run", "student.yaml", "run.dir=runs/two"), 2, checkpoints("runs/two")[-1], "train.lr is 0.5 there", "another trial")


def fingerprints(path):
    with h5py.File(path) as f:
        return f.attrs["fingerprint"], f.attrs.get("fingerprints")


def other_fingerprint():
    """A checkpoint of other libraries: what differs is named in whole words; accepted, it is told once and recorded in all files
    to come."""
    expect(sld("run", "student.yaml", "run.dir=runs/kind", "run.stop_after_steps=2"), 75)
    own = fingerprints("runs/kind/results.h5")[0]
    other = "library 9.9, " + own.replace("; ", "; routines of that-other-library, ", 1)
    check(fingerprints("runs/kind/results.h5")[1] is None, "one fingerprint needs no list")
    for path in checkpoints("runs/kind"):
        changed(path, set_to("fingerprint", other))
    expect(sld("run", "student.yaml", "run.dir=runs/kind"), 2, "(nothing more)", "(library 9.9, routines of that-other-library)",
           "run.accept_fingerprint: true goes on")
    accept = ("run", "student.yaml", "run.dir=runs/kind", "run.accept_fingerprint=true")
    told = "goes on with other libraries or another instruction set (nothing more) than it was made with (library 9.9"
    done = expect(sld(*accept, "run.stop_after_steps=2", ranks=2), 75, told)
    check(done.err.count(told) == 1, done.err)
    both = "epoch 1, step 0: %s\nepoch 1, step 2: %s" % (other, own)
    check(fingerprints(checkpoints("runs/kind")[-1]) == (own, both), fingerprints(checkpoints("runs/kind")[-1]))
    done = expect(sld(*accept), 0)
    check("goes on with other" not in done.err, "told once", done.err)
    check(fingerprints("runs/kind/results.h5") == (own, both), fingerprints("runs/kind/results.h5"))
    with open("runs/kind/log.txt") as f:
        check(f.read().count(told) == 1, "log.txt")


def dropped():
    """Outputs that the first start asked for and this one does not are told."""
    asked = ("run.label_p=true", "run.features=test", "run.keep_epochs=[1]")
    for again, told in (((), True), (asked, False)):
        folder = "run.dir=runs/drop%d" % told
        expect(sld("run", "student.yaml", folder, "run.stop_after_steps=1", *asked), 75)
        said = expect(sld("run", "student.yaml", folder, *again), 0).err
        check(("began with run.features, run.label_p, run.keep_epochs and goes on without" in said) == told, told, said)


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
    passed_over(wanted)
    other_fingerprint()
    dropped()


in_folder(main)
