"""A sweep from plan to result: resumed, extended, changed, moved, failing, stopped; the same bits on one rank and two. With
`short`: planned, run and resumed."""
import glob
import json
import os
import signal
import sys

import h5py

from harness import MPIRUN, Held, check, ended, expect, in_folder, said, sld, stop, wait_for, wait_pending, write
from sweep_harness import attempt_processes, beats, digests, files, no_process_left, spec, start_sweep, status, sweep


def plan_and_run():
    spec()
    planned = expect(sweep("tiny.yaml", "--plan"), 0, "sweep tiny: 4 points, 1 of them a teacher", "new", "core-minutes")
    check(not os.path.exists("runs"), "a plan leaves nothing")
    expect(sweep("tiny.yaml"), 0, "sweep tiny: done", "start KD-PA seed 1")
    told = status("runs/tiny")
    check(told["points"] == 4 and told["done"] == 4, told)
    for t in told["by_id"]:
        check(t in planned.out, "the plan names", t)
        with open("runs/tiny/trials/%s/log-a1.txt" % t) as f:
            log = f.read()
        check("trial %s in " % t in log, "the log names another ID than", t)
        left = sorted(os.listdir("runs/tiny/trials/" + t))
        check(left == ["best.h5", "config.yaml", "experiment.yaml", "last.h5", "log-a1.txt", "results.h5"], left)
    for end in ("", "/"):
        expect(sld("status", "runs/tiny/trials/" + t + end, ranks=0), 0, "done", "log-a1.txt", "top-1 on test")
    shown = expect(sld("status", "runs/tiny/trials/" + t, "--lines", 1, ranks=0), 0).out
    check(shown.endswith("log-a1.txt:\n" + log.splitlines(True)[-1]), "--lines 1", shown)
    return digests("runs/tiny")


def resume_and_move(computed):
    before = files("runs/tiny/trials")
    again = expect(sweep("tiny.yaml"), 0, "resumed", "done")
    check(" start " not in again.err, "nothing to do, but", again.err)
    os.makedirs("elsewhere")
    os.rename("runs/tiny", "elsewhere/moved")
    for args in (("elsewhere/moved",), ("tiny.yaml", "--dir", "elsewhere/moved")):
        again = expect(sweep(*args), 0, "done")
        check(" start " not in again.err, "moved, and yet", again.err)
    os.rename("elsewhere/moved", "runs/tiny")
    check(files("runs/tiny/trials") == before, "a rerun changed files")
    check(digests("runs/tiny") == computed, "a rerun changed bits")


def points_again(computed):
    """A list of points that is damaged, empty or gone is made again by the spec: IDs and results stay."""
    with open("runs/tiny/points") as f:
        whole = f.read()
    for text, words in ((whole[:300], "damaged: expected"), ("", "got an empty file"), ("mine\n", "got something else")):
        write("runs/tiny/points", text)
        for verb in ("status", "report", "sweep"):
            expect(sld(verb, "runs/tiny", ranks=0), 2, "runs/tiny/points", words, "move this file away, and give the spec again")
        os.rename("runs/tiny/points", "points.old")
        again = expect(sweep("tiny.yaml"), 0, "done")
        check(" start " not in again.err, "trained again", again.err)
    with open("runs/tiny/points") as f:
        check(f.read() == whole, "other points")
    check(digests("runs/tiny") == computed, "other bits")


def extend_and_change(computed):
    spec(seeds="[1, 2]")
    more = expect(sweep("tiny.yaml", "--ranks", "2"), 0, "extended", "on 2 ranks")
    check(more.err.count(" start ") == 3, "three new points, but", more.err)
    now = digests("runs/tiny")
    check(len(now) == 7 and all(now[i] == computed[i] for i in computed), "old points stay as they were")
    expect(sweep("tiny.yaml", "train.epochs=3"), 2, "records another sweep", "train.epochs: 2 there, 3 here",
           "--accept-changes")
    expect(sweep("tiny.yaml", "train.epochs=3", "--plan"), 0, "gone", "the sweep needs --accept-changes")
    expect(sweep("runs/tiny", "train.epochs=3"), 2, "expected an option that changes no result of runs/tiny")
    expect(sweep("runs/tiny", "train.epoch=3"), 2, "nearest: train.epochs")
    expect(sweep("runs/tiny", "run.logits=true"), 0)


def ranks_and_template(computed):
    """The same bits on two ranks by a launcher line; by sld's own, test_cli_sweep_kill holds them."""
    spec()
    line = " ".join(MPIRUN + ["-n", "{ranks}"])
    expect(sweep("tiny.yaml", "--dir", "runs/line", "--ranks", "2", "launch.command=" + line), 0)
    check(digests("runs/line") == computed, "other bits by a launcher line")


BAD = """
name: bad
base: {method: none, train: {epochs: 1, batch: 16}, synthetic: {train: 32, test: 20}}
axes: {arm: {bad: {data: {val_fraction: 0.0001}}, good: {}}}
"""


def failures():
    write("bad.yaml", BAD)
    said = expect(sweep("bad.yaml", "--slots", "1", "launch.retries=9"), 1, "given up bad seed 1", "expected at least one sample", "log-a3.txt",
                  "start good", "some trials failed")  # the others are not lost
    told = status("runs/bad")
    bad = next(t for t in told["trials"] if t["arm"] == "bad")
    check(bad["state"] == "failed" and "expected at least one sample" in bad["reason"], bad)
    check(said.err.count("start bad") == 3, said.err)
    expect(sweep("bad.yaml"), 1, "some trials failed")
    write("all.yaml", BAD.replace("name: bad", "name: all").replace("good: {}", "worse: {data: {val_fraction: 0.0001}, train: {lr: 0.5}}"))
    said_of_all = expect(sweep("all.yaml", "--slots", "1"), 1, "4 attempts failed at their start for the same reason, so the sweep stops")
    check(said_of_all.err.count("start worse") == 1, said_of_all.err)
    expect(sweep("runs/bad", "--retry", "failed"), 1, "1 point will be tried again", "start bad")
    expect(sweep("runs/bad", "--retry", "nothing"), 2, "expected the ID of one point", "got no point")
    expect(sweep("runs/bad", "--skip", bad["id"]), 0, "done")
    check(status("runs/bad")["skipped"] == 1, "skipped")
    expect(sweep("runs/bad", "--skip", next(t for t in told["trials"] if t["arm"] == "good")["id"]), 2,
           "has a result already")

    write("students.yaml", BAD.replace("name: bad", "name: students").replace("axes", "axs").split("axs")[0].replace(
        "method: none", "method: kd, teacher: t") + "teachers: {t: {data.val_fraction: 0.0001}}\n")
    expect(sweep("students.yaml", "launch.retries=0"), 1, "given up t seed 1")
    told = status("runs/students")
    check(told["failed"] == 2 and any(t["reason"].startswith("its teacher t (") and "one sample" in t["reason"]
                                      for t in told["trials"]), told)


def diverged():
    write("wild.yaml", "name: wild\nbase: {method: none, train: {epochs: 3, batch: 16, lr: 1000},"
          " synthetic: {train: 32, test: 20}}\nseeds: [1]\n")
    result = expect(sweep("wild.yaml"), 0)  # an outcome, not a failure
    check(status("runs/wild")["diverged"] == 1, result.err)


def valid(folder):
    """Rows of sweep.h5 that hold a trial's results."""
    with h5py.File(folder + "/sweep.h5", "r") as f:
        return int(f["valid"][()].sum())


def begun(folder):
    """Attempts that have begun to train."""
    logs = [open(name).read() for name in glob.glob(folder + "/trials/*/log-a*.txt")]
    return sum(" training, " in text for text in logs)


def signals():
    spec(epochs=100000)  # to end when told
    process = start_sweep("tiny.yaml", "--dir", "runs/indexed", "launch.lease_s=1", log="indexed.log")
    wait_for("the teacher's end", lambda: glob.glob("runs/indexed/claims/*.done") and begun("runs/indexed") > 1,
             process)
    students = attempt_processes("runs/indexed")
    for pid in students:
        stop(pid)  # the minute until sweep.h5 is written costs no core
    wait_for("sweep.h5 while the sweep runs", lambda: os.path.exists("runs/indexed/sweep.h5"), process)
    for pid in students:
        os.kill(pid, signal.SIGCONT)
    check(process.poll() is None and valid("runs/indexed") == 1, "the teacher's row", said(process))
    os.remove("runs/indexed/sweep.h5")
    os.kill(process.pid, signal.SIGTERM)
    expect(ended(process), 75)
    check(valid("runs/indexed") == 1, "sweep.h5 of a stopped sweep")
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
        before = begun("runs/stopped")
        process = start_sweep("tiny.yaml", "--dir", "runs/stopped")
        wait_for("a trial at work", lambda: begun("runs/stopped") > before, process)
        os.kill(process.pid, number)
        expect(ended(process), 75)
        no_process_left("runs/stopped")
    process = start_sweep("tiny.yaml", "--dir", "runs/stopped")
    wait_for("a trial at work", lambda: attempt_processes("runs/stopped"), process)
    os.kill(process.pid, signal.SIGINT)
    os.kill(process.pid, signal.SIGINT)
    check(ended(process).code in (130, 75), "exit", process.returncode)
    no_process_left("runs/stopped")
    check(status("runs/stopped")["failed"] == 0, "a stop is no failure")


def grows():
    """A core that nobody else can use goes to the trial that is left, and changes none of its bits."""
    if len(os.sched_getaffinity(0)) != 2:
        return
    write("grow.yaml", "name: grow\nbase: {method: none, train: {batch: 16}, synthetic: {train: 64, test: 20}}\n"
          "axes: {train.epochs: [1, 3]}\n")
    expect(sweep("grow.yaml", "--dir", "runs/small", "--ranks", "1", "--slots", "2"), 0)
    run = Held("/ckpt-0000003", "grow.yaml", "--dir", "runs/grown", "launch.lease_s=3", "launch.grow_s=1000",
               starter=start_sweep, log="grown.log")  # no machine is so slow that its own guess would ask first
    trial = os.path.dirname(run.path)

    def ranks():
        return attempt_processes("runs/grown", os.path.basename(trial))
    # A child that has yet to start its own program bears its parent's command line.
    wait_for("the rank alone", lambda: len(ranks()) == 1, run.process)
    rank, = ranks()
    write(trial + "/progress-a1", "epoch 3 of 3 step 0 of 4 left 0 s beat 1\n")
    told = expect(sld("status", "runs/grown", ranks=0), 0, "epoch 3 of 3").out
    check("epoch 3 of 3, ETA" not in told, "a guess before the first step", told)
    told = expect(sld("status", "runs/grown", "--json", ranks=0), 0).out
    check(not any("eta_s" in t for t in json.loads(told)["trials"]), "a guess before the first step", told)
    write(trial + "/progress-a1", "epoch 3 of 3 step 0 of 4 left 60000 s beat 1\n")  # what a long trial tells
    stop(rank)
    wait_pending(rank, signal.SIGUSR1)  # the coordinator asks it to save and stop
    run.go_on()
    os.kill(rank, signal.SIGCONT)
    expect(ended(run.process), 0, "goes on with more ranks", "attempt 2) on 2 ranks")
    check(digests("runs/small") == digests("runs/grown"), "other bits")


STAYS = """#!/bin/sh
"$@"
while :; do sleep 600; done
"""


def launcher_stays():
    """A launcher that never leaves, as an mpirun whose own daemon is lost, keeps no trial from its end."""
    write("stays", STAYS)
    os.chmod("stays", 0o755)
    line = "launch.command=" + os.path.abspath("stays")
    write("one.yaml", BAD.replace("bad", "one").replace("axes", "axs").split("axs")[0])
    args = ["one.yaml", line, "launch.leave_s=0.5", "launch.lease_s=1", "--dir"]
    told = expect(sweep(*args, "runs/stays"), 0, "done one", "still runs 0.5 s after its ranks ended").err
    check(told.count(" start ") == 1, "one attempt is enough:", told)
    no_process_left("runs/stays")
    run = Held("/results", *args, "runs/stays-bad", "launch.retries=0", starter=start_sweep, log="stays.log",
               env={"SLD_FAIL_AT": "step:1@0"})
    before = beats("runs/stays-bad")
    wait_for("looks at the rank", lambda: beats("runs/stays-bad") > before + 6, run.process)
    run.go_on()
    expect(ended(run.process), 1, "given up one seed 1", "SLD_FAIL_AT")
    no_process_left("runs/stays-bad")


def wrong_arguments():
    expect(sweep("nowhere.yaml"), 2, "nowhere.yaml")
    expect(sld("run", "tiny.yaml", ranks=0), 2, "tiny.yaml:3:1: base: ", "the spec of a sweep", "sld sweep tiny.yaml")
    expect(sweep("runs/tiny/trials/%s/experiment.yaml" % sorted(os.listdir("runs/tiny/trials"))[0]), 2,
           "an option of experiments", "sld run runs/tiny/trials/")
    expect(sweep("."), 2, "holds no run and no sweep")
    weights = sorted(glob.glob("runs/tiny/trials/*/last.h5"))[0]  # of resnet8 and 20 classes
    for more, words in ((("student.network=resnet14",), "network: expected resnet14, as student.network says, got resnet8"),
                        (("synthetic.superclasses=2",), "expected weights for the 8 classes of the data set, got 20")):
        expect(sweep("bad.yaml", "--plan", "student.weights=" + weights, *more), 2, weights + ": ", words)
    expect(sweep("tiny.yaml", "--ranks", "0"), 2, "launch.ranks: expected a whole number from 1 to 4096, or auto, got 0")
    expect(sweep("tiny.yaml", "--rank", "2"), 2, "nearest: --ranks")
    expect(sld("status", "nowhere", ranks=0), 2, "nowhere: expected the folder of a sweep or a run")
    os.makedirs("runs/alone")
    write("runs/alone/results.h5", "")
    expect(sweep("tiny.yaml", "--dir", "runs/alone"), 2, "got that of a single run")


def main():
    computed = plan_and_run()
    resume_and_move(computed)
    points_again(computed)
    if sys.argv[1:] == ["short"]:
        return
    extend_and_change(computed)
    ranks_and_template(computed)
    failures()
    diverged()
    signals()
    grows()
    launcher_stays()
    wrong_arguments()


in_folder(main)
