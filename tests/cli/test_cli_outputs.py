"""What a verb writes is never an input, nor a file that it did not write; temporaries and locks follow no links; file
systems that lack locks or hard links, and limits on the size of files, are met with a word."""
import hashlib
import os
import resource
import shutil
import subprocess

import h5py
import numpy as np

from harness import (FAULTY_IO, check, command, ended, environment, expect, in_folder, sld, start, wait_for, write)

RNG = np.random.default_rng(0)
SWEEP = """
name: s
base: {method: none, student: {network: resnet8}, train: {epochs: 1, batch: 12}, synthetic: {train: 20, test: 20}}
seeds: [1]
"""


def sha(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def data(path):
    with h5py.File(path, "w") as f:
        for split, n in (("train", 40), ("test", 20)):
            f[split + "/labels"] = np.arange(n) % 4
            f[split + "/images"] = RNG.integers(0, 256, (n, 8, 8, 3), dtype="u1")


def refused(path, *args):
    """The command leaves path as it is, by any of its names."""
    before, node = sha(path), os.stat(path)
    for name in (path, os.path.abspath(path), os.path.join(".", path)):
        expect(sld(*args, name, ranks=0), 2, name)
    for force in ((), ("--force",)):
        os.symlink(os.path.abspath(path), "soft.h5")
        os.link(path, "hard.h5")
        for name in ("soft.h5", "hard.h5"):
            done = sld(*args, name, *force, ranks=0)
            check(done.code == 2 or force and os.path.islink(name) is False, name, force, done.code, done.err)
        for name in ("soft.h5", "hard.h5"):
            os.remove(name)
    check(sha(path) == before and os.stat(path).st_ino == node.st_ino, path, "was written over")


def over_inputs():
    views = ("data", "views", "none.yaml", "data.format=hdf5", "data.path=mine.h5", "--epoch", "1", "--out")
    refused("mine.h5", *views)
    expect(sld(*views, "mine.h5", "--force", ranks=0), 2, "same file as input")
    refused("none.yaml", *views)
    expect(sld(*views, "none.yaml", "--force", ranks=0), 2, "same file as input")
    expect(sld(*views, "new.h5", ranks=0), 0)
    expect(sld(*views, "new.h5", ranks=0), 0)  # its own, made anew
    evaluate = ("eval", "r/last.h5", "--logits")
    for path in ("r/last.h5", "r/best.h5", "r/results.h5", "r/lock", "r/config.yaml", "new.h5", "mine.h5"):
        refused(path, *evaluate)
    expect(sld(*evaluate, "r/last.h5", "--force", ranks=0), 2, "same file as input")
    os.symlink("r/results.h5", "way-in")
    for path in ("r/best.h5", "r/results.h5", "r/lock", "r/config.yaml", "way-in"):
        before = sha(path)
        for command in (evaluate, views):
            expect(sld(*command, path, "--force", ranks=0), 2, path, "choose another name")
        check(sha(path) == before, path, "was written over")
    for path in ("r/ckpt-0000009-000000000.h5", "r/epoch-7.h5", "r/last-a2.h5", "./r/experiment.yaml"):  # names that a run will use
        expect(sld(*evaluate, path, ranks=0), 2, path, "choose another name")
        check(not os.path.exists(path), path, "was made")
    expect(sld(*evaluate, "r/logits.h5", ranks=0), 2, "outside the folders of runs and sweeps")
    expect(sld(*evaluate, "logits.h5", ranks=0), 0)
    expect(sld(*evaluate, "logits.h5", ranks=0), 0)
    expect(sld(*evaluate, "new.h5", ranks=0), 2, "--force")
    expect(sld(*evaluate, "new.h5", "--force", ranks=0), 0)
    for path in ("/dev/null", "/dev/full", ".", "x/"):
        for force in ((), ("--force",)):
            expect(sld(*evaluate, path, *force, ranks=0), 2, path)
    expect(sld(*evaluate, "nowhere/x.h5", ranks=0), 74, "nowhere/x.h5", "no folder")
    os.mkfifo("pipe")
    expect(sld(*evaluate, "pipe", ranks=0, timeout=60), 2, "pipe")
    expect(sld(*views, "pipe", ranks=0, timeout=60), 2, "pipe")


def over_sources():
    """The file from which a virtual data set takes its values is read too, and so is what a folder's links lead to."""
    with h5py.File("mine.h5") as f, h5py.File("virtual.h5", "w") as v:
        for name in ("train/images", "train/labels", "test/images", "test/labels"):
            if name == "train/images":
                layout = h5py.VirtualLayout(f[name].shape, f[name].dtype)
                layout[...] = h5py.VirtualSource("mine.h5", name, f[name].shape)
                v.create_virtual_dataset(name, layout)
            else:
                v[name] = f[name][...]
    shutil.copy("r/last.h5", "source.h5")
    with h5py.File("source.h5") as f, h5py.File("weights.h5", "w") as v:
        v.attrs.update({k: a for k, a in f.attrs.items()})
        for name in f["model"]:
            layout = h5py.VirtualLayout(f["model"][name].shape, f["model"][name].dtype)
            layout[...] = h5py.VirtualSource("source.h5", "model/" + name, f["model"][name].shape)
            v.create_virtual_dataset("model/" + name, layout)
    with h5py.File("whole.h5", "w") as f:
        f["image_weak"] = np.zeros((1, 4, 3, 8, 8), "f4")
        f["labels"] = np.zeros((1, 4), "i4")
    with h5py.File("batches.h5", "w") as f:
        layout = h5py.VirtualLayout((1, 4, 3, 8, 8), "f4")
        layout[...] = h5py.VirtualSource("whole.h5", "image_weak", (1, 4, 3, 8, 8))
        f.create_virtual_dataset("image_weak", layout)
        f["labels"] = np.zeros((1, 4), "i4")
    os.makedirs("cifar")
    os.makedirs("batches")
    for name in ["data_batch_%d.bin" % i for i in range(1, 6)] + ["test_batch.bin"]:
        RNG.integers(0, 10, (2, 3073), dtype="u1").tofile("batches/" + name)
        os.symlink("../batches/" + name, "cifar/" + name)
    views = ("data", "views", "none.yaml", "--epoch", "1", "--force", "--out")
    own = ("data.format=hdf5", "data.path=virtual.h5")
    with_weights = ("teacher.weights=weights.h5", "method=kd") + own
    for source, args in (("mine.h5", views[:3] + own + views[3:]),
                         ("mine.h5", ("eval", "r/last.h5", "data.path=virtual.h5", "--any-data", "--force", "--logits")),
                         ("source.h5", ("eval", "weights.h5", "--force", "--logits")),
                         ("source.h5", views[:3] + with_weights + views[3:]),
                         ("whole.h5", ("probe", "none.yaml", "student.weights=r/last.h5", "--batches", "batches.h5", "--force", "--out")),
                         ("batches/data_batch_3.bin", views[:3] + ("data.format=cifar10", "data.path=cifar") + views[3:])):
        before = sha(source)
        for name in (source, os.path.abspath(source)):
            expect(sld(*args, name, ranks=0), 2, name, "is read with input", "choose another name")
        check(sha(source) == before, source, "was written over")
    os.makedirs("theirs")
    os.rename("mine.h5", "theirs/best.h5")
    os.symlink("theirs/best.h5", "mine.h5")
    expect(sld("run", "none.yaml", *own, "run.dir=theirs"), 2, "theirs/best.h5", "is read by this run (data.path)")
    os.rename("theirs/best.h5", "mine.h5")
    shutil.rmtree("theirs")


def twice():
    """Two outputs of one command are two files, however they are called."""
    os.makedirs("sub/deep")
    os.symlink("sub", "way")
    for pack, page in (("one", "one"), ("one", "./one"), ("one", os.path.abspath("one")), ("sub/one", "way/one"),
                       ("sub/one", "sub/deep/../one")):
        for more in ((), ("--force",), ("--format", "csv")):
            expect(sld("report", "runs/s", "--pack", pack, "--html", page, *more, ranks=0), 2, "--html", "--pack", "twice")
            check(not os.path.exists(pack), pack, "was written")
    expect(sld("report", "runs/s", "--pack", "sub/one", "--html", "sub/deep/one", ranks=0), 0)
    os.symlink("sub/one", "soft")
    os.link("sub/one", "hard")
    before = sha("sub/one")
    for page in ("soft", "hard"):
        expect(sld("report", "runs/s", "--pack", "sub/one", "--html", page, "--force", ranks=0), 2, "twice")
    check(sha("sub/one") == before, "was written over")


def over_sweeps():
    write("s.yaml", SWEEP)
    expect(sld("sweep", "s.yaml", ranks=0), 0)
    trial = os.path.join("runs/s/trials", os.listdir("runs/s/trials")[0])
    for path in ("runs/s/points", "runs/s/sweep.h5", "runs/s/sweep.yaml", trial + "/results.h5", trial + "/last.h5", "mine.h5"):
        before = sha(path)
        for force in ((), ("--force",) if path.startswith("runs/s") else ()):
            expect(sld("report", "runs/s", "--pack", path, *force, ranks=0), 2, path)
        check(sha(path) == before, path, "was written over")
    twice()
    expect(sld("report", "runs/s", "--pack", "study.h5", ranks=0), 0)
    expect(sld("report", "runs/s", "--pack", "study.h5", ranks=0), 0)


def in_folders():
    """Nothing that a user names lies in a sweep's or a run's folder, new or old, with --force or not."""
    trial = os.path.join("runs/s/trials", os.listdir("runs/s/trials")[0])
    os.makedirs("runs/s/teacher-logits/ab")
    write(trial + "/results.h5.old", "old")
    write("runs/s/teacher-logits/ab/epoch-00001.h5", "table")
    os.symlink("runs/s", "way-to-s")
    page, pack = ("report", "runs/s", "--html"), ("report", "runs/s", "--pack")
    evaluate, views = ("eval", "r/last.h5", "--logits"), ("data", "views", "none.yaml", "--epoch", "1", "--out")
    before = sorted(os.listdir("runs/s") + os.listdir("r") + os.listdir(trial) + os.listdir("runs/s/claims"))
    for path in ("runs/s/p.h5", "runs/s/now.html", trial + "/zz.h5", "runs/s/claims/foo", "way-to-s/p.h5", "r/new.h5", os.path.abspath("runs/s/p.h5"),
                 trial + "/results.h5.old", "runs/s/teacher-logits/ab/epoch-00001.h5"):
        for command in (page, pack, evaluate, views):
            for force in ((), ("--force",)):
                done = sld(*command, path, *force, ranks=0)
                check(done.code == 2 and path in done.err and "choose another name" in done.err, command, path, force, done.code, done.err)
    check(sorted(os.listdir("runs/s") + os.listdir("r") + os.listdir(trial) + os.listdir("runs/s/claims")) == before, "something was made")
    os.chdir(trial)  # a name without a folder
    expect(sld("data", "views", "../../../../none.yaml", "--epoch", "1", "--out", "v.h5", ranks=0), 2, "outside the folders of runs and sweeps")
    os.chdir("../../../..")
    os.makedirs("own")  # in which somebody keeps files of his own, called as a run's are
    for name in ("config.yaml", "points", "log.txt"):
        shutil.copy("none.yaml", "own/" + name)
    expect(sld("data", "views", "own/config.yaml", "--epoch", "1", "--out", "own/v.h5", ranks=0), 0)


def links():
    """Neither a lock nor a log is written through a link that somebody put there."""
    for name in ("lock", "log.txt"):
        os.makedirs("linked")
        write("victim", "mine")
        os.symlink(os.path.abspath("victim"), "linked/" + name)
        done = sld("run", "none.yaml", "synthetic.train=20", "synthetic.test=20", "run.dir=linked")
        check(done.code in (2, 74), name, done.code, done.err)
        with open("victim") as f:
            check(f.read() == "mine", name, "wrote through a link")
        shutil.rmtree("linked")
    os.symlink("nowhere", "loose")
    for folder in ("loose", "loose/run"):
        expect(sld("run", "none.yaml", "run.dir=" + folder), 2, "loose: cannot make the folder: a link whose target does not exist")
    os.remove("loose")


def over_others_in_a_run_folder():
    """A file called lock makes nobody's folder sld's own."""
    run = ("run", "none.yaml", "synthetic.train=20", "synthetic.test=20", "run.keep_epochs=[1]")
    for lock, named in ((None, None), ("", None), ("foo\n", "lock"), ("4711\n", "lock")):
        for name in ("last.h5", "best.h5", "epoch-1.h5", "config.yaml", "results.h5", "log.txt"):
            os.makedirs("others")
            write("others/" + name, "mine")
            if lock is not None:
                write("others/lock", lock)
            expect(sld(*run, "run.dir=others"), 2, "others/" + (named or name), "was not written by sld", "move it away")
            with open("others/" + name) as f:
                check(f.read() == "mine" and sorted(os.listdir("others")) == sorted({name} | ({"lock"} if lock is not None else set())))
            shutil.rmtree("others")
    # under a lock of sld's own, without results and checkpoints: weights that name no trial, and a text that is no experiment
    for name, text in (("last.h5", "names no trial"), ("epoch-7.h5", "names no trial"), ("config.yaml", "got what is none")):
        os.makedirs("others")
        shutil.copy("r/lock", "others/lock")
        write("others/" + name, "mine: [")
        expect(sld(*run, "run.dir=others"), 2, "others/" + name, text, "choose another run.dir, or move it away")
        with open("others/" + name) as f:
            check(f.read() == "mine: [", name)
        shutil.rmtree("others")


def over_own_inputs():
    """What a run reads is not written over by it, whatever the folder says of itself."""
    student = ("run", "none.yaml", "data.format=hdf5", "data.path=mine.h5", "run.keep_epochs=[1]")
    teacher = ("method=kd", "student.network=resnet8")
    checkpoint = [name for name in os.listdir("r") if name.startswith("ckpt-")][0]
    for name, key, more in (("last.h5", "student.weights", ()), ("best.h5", "teacher.weights", teacher),
                            ("epoch-1.h5", "teacher.weights", teacher), (checkpoint, "student.weights", ())):
        for lock in (None, "", "foo", "process 12 on there\n"):
            os.makedirs("theirs")
            path = "theirs/" + name
            shutil.copy("r/" + (checkpoint if name == checkpoint else "best.h5"), path)
            if lock is not None:
                write("theirs/lock", lock)
            before = sha(path)
            expect(sld(*student, *more, "%s=%s" % (key, os.path.abspath(path)), "run.dir=theirs"), 2, path,
                   "is read by this run (%s)" % key, "choose another run.dir")
            check(sha(path) == before and len(os.listdir("theirs")) == 1 + (lock is not None), os.listdir("theirs"))
            shutil.rmtree("theirs")
    os.makedirs("theirs")
    shutil.copy("mine.h5", "theirs/best.h5")
    expect(sld("run", "none.yaml", "data.format=hdf5", "data.path=theirs/best.h5", "run.dir=theirs"), 2, "theirs/best.h5", "(data.path)")


def lacking(**what):
    return {"LD_PRELOAD": os.path.join(os.path.dirname(FAULTY_IO), "liblacking_fs.so"),
            "SLD_LACKS": " ".join("%s=%d" % item for item in what.items())}


def not_now():
    """What cannot be opened now is no damage: no checkpoint is passed over for it, and no weights are written over."""
    run = ("run", "none.yaml", "synthetic.train=40", "synthetic.test=20", "train.epochs=3", "run.dir=not-now")
    expect(sld(*run, "run.stop_after_steps=1"), 75)
    kept = sorted(os.listdir("not-now"))
    for number, code in ((24, 74), (116, 74), (13, 2)):  # too many open files, a stale handle of NFS, not allowed
        done = expect(sld(*run, env=dict(lacking(read=number), SLD_LACKS_OF="/ckpt-")), code, "ckpt-", "cannot open: " + os.strerror(number))
        check("passed over" not in done.err and sorted(os.listdir("not-now")) == kept, done.err, os.listdir("not-now"))
    expect(sld(*run), 0, "resumed")
    before = {n: os.stat("not-now/" + n).st_ino for n in ("last.h5", "best.h5", "results.h5")}
    for name, inode in before.items():
        done = sld(*run, env=dict(lacking(read=24), SLD_LACKS_OF="not-now/" + name))
        expect(done, 74, name, "cannot open: " + os.strerror(24))
        check("damaged" not in done.err and os.stat("not-now/" + name).st_ino == inode, name, done.err)
    # of a sweep: what its trial has just written is no failure of the trial, and counts once it can be read
    write("unread.yaml", SWEEP.replace("name: s", "name: unread"))
    done = expect(sld("sweep", "unread.yaml", "--slots", 1, ranks=0, env=dict(lacking(read=5), SLD_LACKS_OF="/results.h5")), 1, "passed over",
                  os.strerror(5), "has ended")
    check("failed" not in done.err.replace("some trials failed", "").replace("--retry failed", ""), done.err)
    done = expect(sld("sweep", "unread.yaml", "--slots", 1, ranks=0), 0, "done")
    check(" start " not in done.err, done.err)


def file_systems():
    run = ("run", "none.yaml", "synthetic.train=20", "synthetic.test=20")
    for number in (38, 95, 37, 524, 22):  # ENOSYS, ENOTSUP, ENOLCK, the kernel's own, EINVAL
        folder = "run.dir=f%d" % number
        done = sld(*run, folder, env=lacking(flock=number))
        expect(done, 0)
        check("no locks" not in done.err, "another kind of lock is there:", done.err)
        expect(sld(*run, folder.replace("=f", "=n"), env=lacking(flock=number, ofd=number)), 0, "no locks")
        expect(sld("doctor", ".", env=lacking(flock=number)), 0, "locks work")  # doctor says what a run does
        expect(sld("doctor", ".", env=lacking(flock=number, ofd=number)), 0, "this file system has none", "nothing keeps a second run out")
    not_now()
    first = start(*run, "run.dir=held", "train.epochs=400", env=lacking(flock=38))
    wait_for("a checkpoint", lambda: os.path.exists("held/results.h5"), first)
    expect(sld(*run, "run.dir=held", "train.epochs=400", env=lacking(flock=38)), 3, "another run works in this folder")
    first.terminate()
    ended(first)
    write("s2.yaml", SWEEP.replace("name: s", "name: s2"))
    expect(sld("sweep", "s2.yaml", ranks=0, env=lacking(link=1)), 0)  # EPERM; renameat2 does it
    write("s3.yaml", SWEEP.replace("name: s", "name: s3"))
    expect(sld("sweep", "s3.yaml", ranks=0, env=lacking(link=1, noreplace=22)), 74, "hard links")


def limited():
    """ulimit -f: what a write of too many bytes would end by a signal is a failed write."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))

    for args in (("run", "none.yaml", "synthetic.train=20", "synthetic.test=20", "run.dir=limited"),
                 ("data", "views", "none.yaml", "--epoch", "1", "--out", "limited.h5")):
        done = subprocess.run(command(0, *args), env=environment(), preexec_fn=limit, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240)
        check(done.returncode == 74, args, "ended with", done.returncode, done.stderr.decode(errors="replace"))
        check(b"error" in done.stderr, "without a word")


def few_files():
    """ulimit -n: the program says it, not the library that could not open its own files."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))

    for args in (("run", "none.yaml", "run.dir=few"), ("eval", "r/last.h5"), ("status", "r")):
        done = subprocess.run(command(0, *args), env=environment(), preexec_fn=limit, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240)
        check(done.returncode == 74 and done.stderr.startswith(b"sld: ulimit -n: expected at least 20 open files, got 12"), args, done)
        check(len(done.stderr.splitlines()) == 1 and not os.path.exists("few"), args, done.stderr)


def main():
    write("none.yaml", "method: none\nstudent: {network: resnet8}\ntrain: {epochs: 1, batch: 20}\n")
    data("mine.h5")
    expect(sld("run", "none.yaml", "data.format=hdf5", "data.path=mine.h5", "run.dir=r"), 0)
    over_inputs()
    over_sources()
    over_sweeps()
    in_folders()
    links()
    over_others_in_a_run_folder()
    over_own_inputs()
    file_systems()
    limited()
    few_files()


in_folder(main)
