"""Files of one trial in the folder of another, and a store of teacher logits that cannot be used: run, sweep, status and report all
say so, by name."""
import os
import shutil

import h5py

from harness import check, digest, expect, in_folder, sld, write
from sweep_harness import status, sweep

SPEC = """
name: s
base: {synthetic: {train: 32, test: 16}, train: {epochs: 1, batch: 16}, student: {network: resnet8}, run: {keep_epochs: [1]}}
teachers: {t: {student: {network: resnet8}, train: {epochs: 1, batch: 16}}}
axes: {arm: {A: {method: kd, teacher: t}, B: {method: kd, teacher: t, kd.temperatures: [2]}, C: {method: none, train.lr: 0.03}}}
seeds: 1
launch: {retries: 0}
"""
STORE = "computed the teacher's logits in every step, instead of reading them from the store"


def store_of_no_use():
    """A folder that cannot be made costs time, and whoever looks at the sweep sees it: each kind once."""
    os.makedirs("runs/s")
    write("runs/s/teacher-logits", "a file")
    done = expect(sweep("s.yaml"), 0, "cannot make the folder")
    check(done.err.count("cannot make the folder") == 1, "once, not once a trial", done.err)
    told = status("runs/s")
    live = {t["arm"]: t.get("live_tables") for t in told["trials"]}
    check(live == {"t": None, "A": 1, "B": 1, "C": None}, live)
    reasons = {t.get("live_reason", "") for t in told["trials"]}
    check(len(reasons) == 2 and any("cannot make the folder" in r for r in reasons), reasons)
    for verb in ("status", "report"):
        expect(sld(verb, "runs/s", ranks=0), 0, "2 trials " + STORE, "cannot make the folder")
    for t in told["trials"]:  # as in a copy of the folder, whose files have other times: the marks are made again
        os.utime("runs/s/trials/%s/results.h5" % t["id"], (1, 1))
    expect(sweep("runs/s"), 0)
    expect(sld("status", "runs/s", ranks=0), 0, "2 trials " + STORE, "cannot make the folder")
    write("kd.yaml", "name: k\nbase: {method: kd, teacher: t, synthetic: {train: 32, test: 16}, train: {epochs: 1, batch: 16}, "
          "student: {network: resnet8}}\nteachers: {t: {train: {epochs: 1, batch: 16}}}\n")
    expect(sweep("kd.yaml", "teacher.logits_budget=1e-9"), 0, "teacher.logits_budget is 1e-09")
    expect(sld("status", "runs/k", ranks=0), 0, "1 trial " + STORE)
    expect(sweep("kd.yaml", "--dir", "runs/good"), 0)
    check(STORE not in sld("status", "runs/good", ranks=0).out + sld("report", "runs/good", ranks=0).out, "all is well there")
    return {t["arm"]: t["id"] for t in told["trials"]}


def swapped(ids):
    """Weights of B under the names of C's, one after the other."""
    mine, its = "runs/s/trials/" + ids["C"], "runs/s/trials/" + ids["B"]
    for name in ("last.h5", "best.h5"):
        words = ("%s/%s: id: expected %s, got %s: another trial's weights" % (mine, name, ids["C"], ids["B"]), "remove")
        shutil.copy(mine + "/" + name, "kept")
        shutil.copy(its + "/" + name, mine)
        expect(sld("status", "runs/s", ranks=0), 0, "3 done 1 failed", *words)
        if name == "last.h5":
            expect(sld("report", "runs/s", ranks=0), 0, "3 done, 1 failed", *words)
            told = expect(sweep("runs/s"), 1, *words).err
            check(told.count(words[0]) == 1, "told once", told)
        os.replace("kept", mine + "/" + name)
        check(status("runs/s")["done"] == 4, "put back, all is well")
    shutil.copy(its + "/last.h5", mine)
    expect(sweep("runs/s", "--retry", "failed"), 0, "1 point will be tried again")
    check(status("runs/s")["done"] == 4 and os.path.exists(mine + "/last.h5.old"), "made anew, and nothing is lost")


def model(path):
    with h5py.File(path) as f:
        return b"".join(f["model/" + name][()].tobytes() for name in sorted(f["model"]))


def lost_in_a_run(run):
    """Weights of a finished run, cut and deleted: the same command writes them again while a checkpoint is there, and fails when none
    is."""
    kept = {name: model("one/" + name) for name in ("last.h5", "best.h5")}
    os.truncate("one/last.h5", 5000)
    os.remove("one/best.h5")
    lacks = "one: the trial is done, and last.h5 is damaged, best.h5 is not there: "
    expect(sld(*run, "run.logits=false", ranks=2), 2, lacks + "give run.logits=true, as its results have them")
    check(h5py.File("one/results.h5")["logits/test_last"].size > 0, "logits of the results are kept")
    expect(sld(*run, ranks=0), 0, lacks + "written again from the last checkpoint")
    check(kept == {name: model("one/" + name) for name in kept}, "the same weights")
    expect(sld(*run, ranks=0), 0, "done already")
    shutil.copytree("one", "bare")
    for name in os.listdir("bare"):
        if name.startswith("ckpt-"):
            os.remove("bare/" + name)
    bare = ("run", run[1], "run.dir=bare")
    for name, state in (("last.h5", "not there"), ("best.h5", "damaged"), ("best.h5", "not there")):
        os.replace("bare/" + name, "kept")
        if state == "damaged":
            write("bare/" + name, "")
        expect(sld(*bare, ranks=0), 2, "bare: the trial is done, and %s is %s: no checkpoint is left" % (name, state), "put it back")
        os.replace("kept", "bare/" + name)
    expect(sld(*bare, ranks=0), 0, "done already")
    # damaged results follow from the checkpoint; told once
    os.truncate("one/results.h5", 3000)
    done = expect(sld(*run, ranks=0), 0, "one/results.h5: damaged; it is written anew")
    check(done.err.count("results.h5") == 1 and kept == {name: model("one/" + name) for name in kept}, done.err)


def without_results(ids, run):
    """A folder without results and checkpoints: weights and config.yaml say whose it is, each for itself."""
    shutil.copytree("one", "left")
    for name in os.listdir("left"):
        if name.startswith("ckpt-") or name == "results.h5":
            os.remove("left/" + name)
    for name in ("last.h5", "best.h5", "epoch-1.h5", "config.yaml"):
        os.makedirs("lone")
        shutil.copy("left/lock", "lone")
        shutil.copy("left/" + name, "lone")
        with open("lone/" + name, "rb") as f:
            before = f.read()
        words = "train.lr is 0.03 there, 0.01 here" if name == "config.yaml" else "another trial's weights"
        expect(sld(run[0], run[1], "run.dir=lone", "train.lr=0.01"), 2, "lone/" + name, words, "choose another run.dir")
        with open("lone/" + name, "rb") as f:
            check(f.read() == before, name, "was written over")
        shutil.rmtree("lone")
    expect(sld(run[0], run[1], "run.dir=left", ranks=0), 0, "done: ")  # the trial's own are made again
    # config.yaml of another trial beside results of this one
    shutil.copy("runs/s/trials/%s/config.yaml" % ids["B"], "left")
    expect(sld(run[0], run[1], "run.dir=left", ranks=0), 2, "left/config.yaml", "another trial")


def swapped_in_a_run(ids):
    own = "runs/s/trials/%s/" % ids["C"]
    run = ("run", own + "experiment.yaml", "run.dir=one")
    expect(sld(*run, ranks=0), 0)
    for name in ("last.h5", "best.h5", "epoch-1.h5"):
        words = "one/%s: id: expected %s, got %s" % (name, ids["C"], ids["B"])
        os.replace("one/" + name, "kept")
        shutil.copy("runs/s/trials/%s/%s" % (ids["B"], name), "one")
        expect(sld(*run, ranks=0), 2, words)
        if name == "last.h5":
            expect(sld("status", "one", ranks=0), 2, words)
            expect(sld("report", "one", ranks=0), 2, words)
        os.replace("kept", "one/" + name)
    without_results(ids, run)
    whole_folders(ids)
    lost_in_a_run(run)
    for name in os.listdir("one"):
        if name.startswith("ckpt-"):
            shutil.copy("one/" + name, "ckpt")
    os.remove("one/results.h5")
    expect(sld("run", own + "experiment.yaml", "run.dir=two", "train.lr=0.01", ranks=0), 0)
    os.remove("two/results.h5")
    for name in ("last.h5", "best.h5", "epoch-1.h5"):
        os.remove("two/" + name)
    for name in os.listdir("two"):
        if name.startswith("ckpt-"):
            shutil.copy("ckpt", "two/" + name)
    expect(sld("run", own + "experiment.yaml", "run.dir=two", "train.lr=0.01", ranks=0), 2, "two/ckpt-", "train.lr is 0.03 there, 0.01 here",
           "move this away")


def whole_folders(ids):
    """The folder of C, with its checkpoints, in the place of B's: what C has made is in B's way, and gets other names."""
    folder = "runs/s/trials/" + ids["B"]
    before = digest(folder)
    shutil.rmtree(folder)
    shutil.copytree("one", folder)
    expect(sld("status", "runs/s", ranks=0), 0, "1 waiting", "another trial's results", "trains it anew")
    expect(sweep("runs/s"), 0, "is trained again")
    check(digest(folder) == before, "trained anew, the bits are others")
    for name in ["results.h5", "last.h5", "config.yaml"] + [n for n in os.listdir("one") if n.startswith("ckpt-")]:
        check(os.path.exists(folder + "/" + name + ".old"), name, "is lost")
    # a point that has failed by it
    shutil.rmtree(folder)
    shutil.copytree("one", folder)
    os.remove(folder + "/results.h5")
    os.remove("runs/s/claims/%s.done" % ids["B"])
    expect(sweep("runs/s"), 1, "another trial")
    expect(sweep("runs/s", "--retry", "failed"), 0, "1 point will be tried again")
    check(digest(folder) == before, "tried again, the bits are others")


def pipes(ids):
    """A pipe under a name that the sweep reads: nobody waits at its opening for ever."""
    for name in ("report.html", "claims/%s.done" % ids["C"]):
        path = "runs/s/" + name
        os.replace(path, "kept")
        os.mkfifo(path)
        expect(sweep("runs/s", timeout=100), 0, "done")
        expect(sld("status", "runs/s", ranks=0, timeout=100), 0, "4 done")
        os.remove(path)
        os.replace("kept", path)


def main():
    write("s.yaml", SPEC)
    ids = store_of_no_use()
    pipes(ids)
    swapped(ids)
    swapped_in_a_run(ids)


in_folder(main)
