"""A verb that is given something else than it takes says what lies there and which command takes it; names that nobody knows
get the nearest; a folder of other things is not trained in; a run by itself has a status."""
import json
import os
import shutil

import h5py
import numpy as np

from harness import check, expect, in_folder, sld, write

NONE = "method: none\nstudent: {network: resnet8}\nsynthetic: {train: 32, test: 16}\ntrain: {epochs: 1, batch: 16}\n"
SWEEP = "name: grid\nbase: {method: none, student: {network: resnet8}, synthetic: {train: 32, test: 16}, " \
        "train: {epochs: 1, batch: 16}}\nseeds: 7\n"

RUN, LAST, RESULTS, GRID = "runs/e", "runs/e/last.h5", "runs/e/results.h5", "runs/grid"
REFUSED = [  # command, what is said
    (("eval", RUN), ("expected a weights file, got the folder of a run", "sld eval runs/e/last.h5")),
    (("eval", RESULTS), ("expected a weights file, got the results of a run", "sld eval runs/e/last.h5")),
    (("eval", GRID), ("expected a weights file, got the folder of a sweep",)),
    (("eval", "e.yaml"), ("expected a weights file, got a text",)),
    (("sweep", RUN), ("expected a spec (YAML) or the folder of a sweep, got the folder of a run", "sld report runs/e")),
    (("sweep", LAST), ("got a weights file", "sld eval runs/e/last.h5")),
    (("sweep", "full"), ("got a folder that holds no run and no sweep",)),
    (("sweep", "nowhere"), ("got nothing",)),
    (("report", LAST), ("expected a packed study, or the folder of a sweep or a run, got a weights file", "sld eval")),
    (("report", "e.yaml"), ("got a text", "sld run e.yaml")),
    (("report", "empty.h5"), ("empty.h5: expected a packed study, or the folder of a sweep or a run, got an empty file or one that is neither",)),
    (("report", "noise.h5"), ("got an empty file or one that is neither HDF5 nor text",)),
    (("report", "mine.h5"), ("mine.h5: expected a packed study", "got the results of a run under another name; a run is the folder of its results.h5")),
    (("report", "mine.h5", RUN), ("mine.h5: expected the folder of a run", "the results of a run under another name")),
    (("status", "mine.h5"), ("the results of a run under another name",)),
    (("report", "full"), ("got a folder that holds no run",)),
    (("status", LAST), ("expected the folder of a sweep or a run", "got a weights file")),
    (("status", "full"), ("got a folder that holds no run and no sweep",)),
    (("run", LAST), ("expected an experiment (YAML), got a weights file", "sld eval runs/e/last.h5")),
    (("run", RESULTS), ("got the results of a run", "sld report runs/e")),
    (("run", RUN), ("expected an experiment (YAML), got the folder of a run", "sld report runs/e")),
    (("run", GRID), ("got the folder of a sweep", "sld sweep runs/grid")),
    (("run", "grid.yaml"), ("sld sweep grid.yaml",)),
    (("run", "e.yaml", "method=slld"), ("method: expected none, kd", "got slld; nearest: sld")),
    (("run", "e.yaml", "data.format=cifr10"), ("; nearest: cifar10",)),
    (("run", "e.yaml", "run.dir=e.yaml"), ("e.yaml: cannot make the folder", "choose another")),
    (("run", "e.yaml", "run.dir=full/thesis.tex/x"), ("full/thesis.tex: cannot make the folder", "choose another")),
    (("run", "e.yaml", "run.dir=full"), ("full: expected a new folder or a trial's, got one that holds thesis.tex",)),
    (("sweep", "grid.yaml", "--dir", "full"), ("full: expected a new folder or a sweep's, got one that holds thesis.tex",)),
    (("run", "e.yaml", "train.epochs=2"), ("train.epochs is 1 there, 2 here", "student.weights=")),
    (("help", "evl"), ("nearest: eval",)),
    (("report", "pipe.h5"), ("got a pipe, a socket or a device",)),
    (("sweep", "loose"), ("got a link whose target does not exist",)),
    (("sweep", "grid.yaml", "--dir", "two\nlines"), ("two\\nlines: expected a folder whose path is one line", "--dir DIR")),
    (("sweep", "grid.yaml", "--dir", b"caf\xe9"), ("expected a folder whose path is UTF-8",)),
    (("ev\x1b[31mil",), ("expected a verb, got 'ev\\x1b[31mil'",)),
]
FOUND = [  # sld help WORD
    ("swap", ("student_swap_after", "teacher_swap", "sld help options lss.weak", "method  sld")),
    ("LEARNING", ("train.lr",)),
    ("mobilenet", ("network MobileNetV2",)),
]


NOT_WEIGHTS = [  # given for weights, what it is
    (RESULTS, "the results of a run; sld report "),
    ("set.h5", "a data set; an experiment names it by data.path"),
    ("logits.h5", "what sld eval wrote of weights by --logits"),
    ("views.h5", "a file of the format sld-views"),
    ("outside.h5", "a teacher's logits; teacher.logits_files names their folder"),
    ("junk.h5", "an HDF5 file of another kind"),
]


def check_not_weights():
    """Whatever reads weights says what it got instead, in the same words."""
    with h5py.File("set.h5", "w") as f:
        f["train/images"] = np.zeros((4, 8, 8, 3), "u1")
    with h5py.File("outside.h5", "w") as f:
        f["logits_weak"] = np.zeros((4, 2), "f4")
    with h5py.File("junk.h5", "w") as f:
        f["x"] = 1
    expect(sld("eval", LAST, "--logits", "logits.h5"), 0)
    expect(sld("data", "views", "e.yaml", "--epoch", "1", "--out", "views.h5"), 0)
    for path, what in NOT_WEIGHTS:
        words = path + ": expected a weights file, got " + what
        expect(sld("eval", path), 2, words)
        for command in (("run", "e.yaml"), ("sweep", "grid.yaml", "--dir", "runs/not")):
            expect(sld(*command, "method=kd", "teacher.weights=" + path), 2, words)
        expect(sld("run", "e.yaml", "student.weights=" + path), 2, words)
    for command in (("run", "e.yaml"), ("sweep", "grid.yaml", "--dir", "runs/not")):
        expect(sld(*command, "method=kd", "teacher.weights=" + RUN), 2,
               "runs/e: expected a weights file, got a folder; a run's weights are best.h5 and last.h5 in it")
        expect(sld(*command, "method=kd", "teacher.weights=full"), 2, "full: expected a weights file, got a folder; name a file in it")


def check_command_of_others():
    """The launch.command in a folder runs with the rights of the user who joins: the log prints it; another user's is refused."""
    with open(GRID + "/points") as f:
        lines = f.read().splitlines(keepends=True)
    write(GRID + "/points", "".join("launch\tcommand\ttouch ran; {sld}\n" if l.startswith("launch\tcommand") else l for l in lines))
    expect(sld("sweep", GRID, ranks=0), 0, "trials are started by the launch.command in runs/grid: touch ran")
    if os.geteuid() == 0:
        os.chown(GRID + "/points", 12345, -1)
        expect(sld("sweep", GRID, ranks=0), 2, "launch.command: expected a command of your own, got one of user 12345", "touch ran")
        expect(sld("sweep", GRID, "launch.command=true", ranks=0), 0)
        expect(sld("status", GRID, ranks=0), 0)
    check(not os.path.exists("ran"), "the command ran")


def check_store_that_cannot_be():
    """A store of teacher logits is a cache: where its folder cannot be made, the logits are computed live."""
    for number, store in enumerate(("e.yaml/store", "/proc/store", "full/thesis.tex")):
        expect(sld("run", "e.yaml", "method=kd", "teacher.weights=" + LAST, "teacher.logits=" + store, "run.dir=runs/k%d" % number,
                   ranks=0), 0, "computes what is missing in the store", "the teacher runs on the 16 test samples")


def check_signs_in_paths():
    """A path may hold the sign of settings: the word is a file where there is one, or where a slash stands before the sign."""
    os.makedirs("lr=1")
    write("lr=1/e.yaml", NONE)
    write("grid=2.yaml", SWEEP.replace("seeds: 7", "seeds: 1"))
    expect(sld("run", "lr=1/e.yaml", "name=lr=0.1", ranks=0), 0)
    for folder in ("runs/lr=0.1", "./runs/lr=0.1", os.path.abspath("runs/lr=0.1")):
        expect(sld("eval", folder + "/last.h5", ranks=0), 0, "top-1")
        expect(sld("status", folder, ranks=0), 0, "done")
        expect(sld("run", folder + "/config.yaml", "run.dir=" + folder, ranks=0), 0, "done already")
    expect(sld("sweep", "grid=2.yaml", "--dir", "runs/a=b", ranks=0), 0, "done")
    expect(sld("sweep", "runs/a=b", ranks=0), 0, "done")
    for verb in ("run", "eval", "sweep"):  # nothing is called so
        expect(sld(verb, "lr=2", ranks=0), 2, "got 'lr=2', a setting, for no file is called so")


def main():
    write("e.yaml", NONE)
    write("grid.yaml", SWEEP)
    os.mkdir("full")
    write("full/thesis.tex", "mine")
    os.mkfifo("pipe.h5")
    os.symlink("nowhere", "loose")
    expect(sld("run", "e.yaml", ranks=0), 0)
    shutil.copy(RESULTS, "mine.h5")
    for name, content in (("empty.h5", b""), ("noise.h5", bytes(range(256)))):
        with open(name, "wb") as f:
            f.write(content)
    said = expect(sld("sweep", "grid.yaml", ranks=0), 0, "1 point\n")
    check("1 points" not in said.err, said.err)
    for command, texts in REFUSED:
        done = sld(*command, ranks=0)
        check(done.code == 2 and all(t in done.err for t in texts), command, done.code, "wanted", texts, done.err)
    with open("full/thesis.tex") as f:
        check(os.listdir("full") == ["thesis.tex"] and f.read() == "mine", "the folder is as it was", os.listdir("full"))
    for word, texts in FOUND:
        done = sld("help", word, ranks=0)
        check(done.code == 0 and all(t in done.out for t in texts), word, texts, done.out)

    for path in (RUN, RESULTS, RUN + "/"):
        expect(sld("status", path, ranks=0), 0, "done, 1 of 1 epoch", "top-1 on test")
    with open(RUN + "/log.txt") as f:
        log = f.readlines()
    for n in (0, 1, 3, len(log), len(log) + 2):
        shown = expect(sld("status", RUN, "--lines", n, ranks=0), 0).out.splitlines(True)[1:]
        check(shown == log[len(log) - min(n, len(log)):], "--lines", n, shown)
    state = json.loads(expect(sld("status", RUN, "--json", ranks=0), 0).out)
    check(state["state"] == "done" and state["epochs"] == 1, state)
    expect(sld("report", RESULTS, ranks=0), 0, "a run (runs/e): 1 trial: 1 done")

    check_signs_in_paths()
    check_not_weights()
    check_store_that_cannot_be()
    check_command_of_others()
    slow, plan = "bf16 is no faster than f32 here, without AMX", ("sweep", "grid.yaml", "--plan", "--dir", "runs/deep")
    limited = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}
    expect(sld(*plan, "student.precision=bf16", ranks=0, env=limited), 0, slow)
    check(slow not in expect(sld(*plan, ranks=0, env=limited), 0).out, "of f32 there is nothing to say")
    has_amx = "bf16, AMX" in sld("doctor", ".", ranks=0).out
    check((slow in expect(sld(*plan, "student.precision=bf16", ranks=0), 0).out) == (not has_amx), "said without AMX alone")
    for isa in ("avx2", "avx512"):
        expect(sld(*plan, "student.precision=bf16", "parallel.isa=" + isa, ranks=0), 0,
               "bf16 is no faster than f32 with parallel.isa: %s, without AMX" % isa)

    os.mkdir("own")  # an experiment beside what it makes is no stranger
    write("own/e.yaml", NONE)
    write("own/slurm-1.out", "")
    expect(sld("run", "own/e.yaml", "run.dir=own", ranks=0), 0)

    with h5py.File(GRID + "/sweep.h5", "r") as f:
        check("--pack" in f.attrs["note"], "sweep.h5 says what to do when it is copied alone")
        check(f["trials/attempts"][()].tolist() == [1], "attempts of a trial that has ended")
    with h5py.File(RESULTS, "r") as f:
        check(f.attrs["run_seconds"] > 0 and f.attrs["seed"] == 1, dict(f.attrs))
    plan = expect(sld("sweep", "grid.yaml", "--plan", "seeds=1..12", "--accept-changes", ranks=0), 0, "11 of 12 points left",
                  "measured on 1 trial here").out
    check(sum(line.split()[1:2] == ["new"] or line.split()[1:2] == ["waiting"] for line in plan.splitlines() if line.split()) == 11
          and "more" not in plan, "every point is listed", plan)


in_folder(main)
