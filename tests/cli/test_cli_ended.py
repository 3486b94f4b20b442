"""What a start asks of a trial that has ended, or records too late for the epochs that are past, is told: nothing of it comes."""
import glob
import os
import shutil

import h5py
import numpy as np

from harness import check, expect, in_folder, sld, write

RUN = "method: none\nstudent: {network: resnet8}\nsynthetic: {train: 32, test: 16}\ntrain: {epochs: 2, batch: 16}\n"
SPEC = "name: grid\nbase: {method: none, student: {network: resnet8}, synthetic: {train: 32, test: 16}, train: {epochs: 1, batch: 16}}\n"
ENDED = "the trial is done already, and nothing is trained; another run.dir trains it anew"
EVAL = "; sld eval runs/e/last.h5 --logits OUT.h5 --features makes these"
LEFT = "none is left to run; --retry ID trains one anew"
HOLDS = "a setting beside a folder holds for the trials that this command runs, and " + LEFT

ASKED = [  # settings beside `sld run` of a trial that is done, what is told of them
    (("run.features=test",), "runs/e: run.features: changes nothing here: " + ENDED + EVAL),
    (("run.logits=true", "run.checkpoint_epochs=2"), "runs/e: run.checkpoint_epochs, run.logits: change nothing here: " + ENDED + EVAL),
    (("run.label_p=true", "name=other", "run.stop_after_steps=1", "parallel.isa=avx2"),
     "runs/e: name, parallel.isa, run.stop_after_steps, run.label_p: change nothing here: " + ENDED + "\n"),
    (("run.keep_epochs=[1]",), "epoch 1 was finished before run.keep_epochs listed it"),
]
QUIET = ("run.logits=false", "run.wait_minutes=1", "parallel.cpus=none", "run.stall_minutes=3")


def warnings(done):
    return [line for line in done.err.splitlines() if "warning" in line]


def check_run():
    write("e.yaml", RUN)
    expect(sld("run", "e.yaml", "run.logits=false"), 0)
    shutil.copytree("runs/e", "runs/f")
    for path in glob.glob("runs/e/ckpt-*"):
        os.remove(path)
    with open("runs/e/config.yaml") as f:
        made_with = f.read()
    for settings, text in ASKED:
        done = expect(sld("run", "e.yaml", *settings, "run.dir=runs/e"), 0, "done already", text)
        check(len(warnings(done)) == 1, settings, done.err)
    write("features.yaml", RUN + "run.features: test\n")
    expect(sld("run", "features.yaml", "run.dir=runs/e"), 0, ASKED[0][1])
    done = expect(sld("run", "e.yaml", *QUIET), 0, "done already")
    check(not warnings(done), done.err)
    with open("runs/e/config.yaml") as f:
        check(f.read() == made_with, "config.yaml says no more what the trial was made with")
    expect(sld("eval", "runs/e/last.h5", "--logits", "OUT.h5", "--features"), 0)  # the cure


def contents(folder):
    with h5py.File(folder + "/results.h5") as f, h5py.File(folder + "/last.h5") as last:
        made = {name: f.attrs[name] for name in ("id", "identity", "weights_sha256", "best_epoch", "started")}
        curves = {name: f["epoch"][name][()].tobytes() for name in f["epoch"]}
        return made, curves, last.attrs["content_sha256"], "logits/test_last" in f, "features/test_last" in f


def check_added():
    """Logits and features follow from the last checkpoint: they are added, and nothing that the results hold goes."""
    before, added = contents("runs/e"), "runs/f: the trial is done; its results are written again from the last checkpoint: "
    for settings, held, text in ((("run.features=test", "run.logits=false"), (False, True), added + "run.features"),
                                 (("run.logits=true",), (False, True), "runs/f: run.logits: changes nothing here: " + ENDED),
                                 (("run.logits=true", "run.features=test", "run.checkpoint_epochs=2"), (True, True), added +
                                  "run.checkpoint_epochs, run.logits; of these only run.logits and run.features change anything here")):
        done = expect(sld("run", "e.yaml", *settings, "run.dir=runs/f"), 0, text)
        check(contents("runs/f") == before[:3] + held, settings, contents("runs/f"))
        check(len(warnings(done)) == (ENDED in text or "of these only" in text), done.err)


def check_label_p():
    """Epochs that were past before run.label_p are NaN, and told; those of a stop between are not lost."""
    asked = ("run.dir=runs/p", "run.label_p=true")
    expect(sld("run", "e.yaml", "run.dir=runs/p", "run.stop_after_steps=3"), 75)
    expect(sld("run", "e.yaml", *asked, "run.checkpoint_minutes=0"), 0,
           "run.label_p: nothing was recorded before epoch 2, step 1", "NaN", "another run.dir records all epochs")
    with h5py.File("runs/p/results.h5") as f:
        holes = np.isnan(f["train/label_p"][()].astype(float)).sum(axis=0)
        check(holes.tolist() == [32, 16], holes)
    expect(sld("run", "e.yaml", "run.dir=runs/q", "run.label_p=true", "run.stop_after_steps=3"), 75)
    done = expect(sld("run", "e.yaml", "run.dir=runs/q", "run.label_p=true"), 0)
    check("label_p" not in "".join(warnings(done)), done.err)


def check_sweep():
    write("grid.yaml", SPEC)
    write("two.yaml", SPEC + "seeds: [1, 2]\n")
    expect(sld("sweep", "grid.yaml"), 0)
    for settings, text in ((("run.features=test",), "runs/grid: run.features: changes nothing here: " + HOLDS),
                           (("launch.slots=1", "run.logits=false"), "runs/grid: launch.slots, run.logits: change nothing here: " + HOLDS),
                           (("--ranks", "1", "--plan"), "runs/grid: launch.ranks: changes nothing here")):
        done = expect(sld("sweep", "runs/grid", *settings), 0, text)
        check(len(warnings(done)) == 1, settings, done.err)
    (name,) = os.listdir("runs/grid/trials")
    before = sorted(os.listdir("runs/grid/trials/" + name))
    expect(sld("sweep", "runs/grid", "--retry", name, "run.keep_epochs=[9]"), 2, "run.keep_epochs: expected whole epochs of 1 to", "got 9 (in the point")
    check(sorted(os.listdir("runs/grid/trials/" + name)) == before, "a setting that is refused moves nothing")
    for number in (2, 7):  # of a former life, in which attempts failed
        write("runs/grid/trials/%s/log-a%d.txt" % (name, number), "2026-01-01T00:00:00Z error: an old one\n")
    expect(sld("sweep", "runs/grid", "--retry", name), 0)
    with open("runs/grid/trials/%s/log-a1.txt" % name) as f:
        check(f.read().count(" training, ") == 1, "the log of one attempt holds two")
    logs = sorted(n for n in os.listdir("runs/grid/trials/" + name) if n.startswith("log"))
    check(logs == ["log-a1.txt", "log-a1.txt.old", "log-a2.txt.old", "log-a7.txt.old"], logs)
    expect(sld("status", "runs/grid/" + name), 0, name + "/log-a1.txt:")
    told = "runs/grid: run.features: changes nothing in 1 of %s, which ended without it; --retry ID trains one anew, another --dir all"
    for spec, settings, points in (("grid.yaml", ("run.features=test", "--plan"), "1 trial"),
                                   ("two.yaml", ("run.features=test",), "2 trials")):
        done = expect(sld("sweep", spec, *settings), 0, told % points)
        check(len(warnings(done)) == 1, settings, done.err)
    for command, told in ((("grid.yaml", "--accept-changes", "run.features=test"), "1 trial that has ended is not in this spec"), (("runs/grid",), "")):
        news = warnings(expect(sld("sweep", *command), 0))
        check(len(news) == (told != "") and told in "".join(news), "wanted:", told, command, news)
    for how in (("--plan",), ()):
        expect(sld("sweep", "grid.yaml", "run.features=test", "run.keep_epochs=[1]", *how), 0,
               "runs/grid: run.keep_epochs: changes nothing in 1 of 1 trial, which ended without it; --retry ID")
    # of a teacher whose students wait for that epoch it does change something: the sweep trains it once more
    write("taught.yaml", SPEC.replace("grid", "taught").replace("method: none", "method: kd, teacher: t") +
          "teachers: {t: {student: {network: resnet8}, train: {epochs: 1, batch: 16}}}\n")
    expect(sld("sweep", "taught.yaml"), 0)
    expect(sld("sweep", "taught.yaml", "teachers.t.run.keep_epochs=[1]", "--plan"), 0, "runs/taught: run.keep_epochs: changes nothing in 1 of 2 trials")
    done = expect(sld("sweep", "taught.yaml", "teachers.t.run.keep_epochs=[1]", "teachers.t.use=1", "--accept-changes"), 0, "is trained again")
    check("changes nothing" not in done.err, done.err)


def main():
    check_run()
    check_added()
    check_label_p()
    check_sweep()


in_folder(main)
