"""An option that does nothing where it stands is refused, and says what it needs or what it cannot stand beside."""
import os

import h5py
import numpy as np

from harness import check, expect, in_folder, sld, write

NONE = "method: none\nstudent: {network: resnet8}\nsynthetic: {train: 32, test: 16}\ntrain: {epochs: 1, batch: 16}\n"
SPEC = "name: grid\nbase: {method: none, student: {network: resnet8}, synthetic: {train: 32, test: 16}, train: {epochs: 1, batch: 16}}\n"
WEIGHTS = SPEC.replace("{network: resnet8}", "{network: resnet8, weights: w/last.h5}")
PLAN = "sld sweep: --plan: expected it without %s, got both"

INFO, VIEWS = ("expected an option of the data set (data, synthetic)%s, got one that sld data %s does not read; it changes nothing here: leave it out"
               % words for words in (("", "info"), (" or of the views (augment, seed, method and the weights of ce, kd and lss)", "views")))

REFUSED = [  # command, what is said
    (("sweep", "grid.yaml", "--plan", "--no-run"), PLAN % "--no-run"),
    (("sweep", "grid.yaml", "--plan", "--retry", "failed"), PLAN % "--retry"),
    (("sweep", "grid.yaml", "--skip", "ID", "--plan"), PLAN % "--skip"),
    (("sweep", "grid.yaml", "--plan", "--no-wait"), PLAN % "--no-wait"),
    (("sweep", "grid.yaml", "--plan", "--print-job", "slurm"), PLAN % "--print-job"),
    (("sweep", "grid.yaml", "--print-job", "slurm", "--skip", "ID"), "--print-job: expected it without --skip"),
    (("sweep", "grid.yaml", "--no-run", "--no-wait"), "--no-run: expected it without --no-wait"),
    (("sweep", "grid.yaml", "--nodes", "2"), "--nodes: expected --print-job with it, got none"),
    (("sweep", "grid.yaml", "--dir", "a", "--dir", "b", "--plan"), "--dir: expected once, got it twice"),
    (("sweep", "runs/grid", "--accept-changes", "--no-run"), "--accept-changes: expected a spec with it, got the folder runs/grid"),
    (("sweep", "runs/grid", "--dir", "other", "--no-run"), "--dir: expected a spec with it"),
    (("sweep", "runs/grid", "--slots", "1", "--no-run"), "launch.slots=1: expected it without --no-run"),
    (("sweep", "runs/grid", "parallel.cpus=0"), "parallel.cpus: expected in a single experiment, got it beside a sweep's folder"),
    (("sweep", "runs/grid", "run.dir=x"), "run.dir: expected in a single experiment, got it beside a sweep's folder"),
    (("report", "runs/grid", "--compact"), "--compact: expected --pack with it, got none"),
    (("report", "runs/grid", "--force"), "--force: expected one of --pack --html with it, got none"),
    (("report", "runs/grid", "--format", "csv", "--format", "json"), "--format: expected once, got it twice"),
    (("status", "runs/grid", "--lines", "5"), "--lines: expected a trial, whose log has lines, got a sweep"),
    (("status", "runs/grid", "--lines", "few"), "--lines: expected a whole number from 0 to 1000000000, got few"),
    (("status", "runs/grid", "--json", "--lines", "5"), "--json: expected it without --lines"),
    (("eval", "w.h5", "--features"), "--features: expected --logits with it, got none"),
    (("eval", "w.h5", "--force"), "--force: expected --logits with it, got none"),
    (("data", "info", "e.yaml", "--out", "f.h5"), "--out: expected views with it, got none"),
    (("data", "info", "e.yaml", "--epoch", "1"), "--epoch: expected views with it, got none"),
    (("sweep", "grid.yaml", "--print-job", "slurm", "--hours", "0x2"), "--hours: expected a number from 0.2 to 10000, got 0x2"),
    (("sweep", "grid.yaml", "--print-job", "slurm", "--nodes", "1e1"), "--nodes: expected a whole number from 1 to 100000, got 1e1"),
    (("sweep", "grid.yaml", "--print-job", "slurm", "--cores", "+2"), "--cores: expected a whole number from 1 to 100000, got +2"),
    (("sweep", "grid.yaml", "--plan", "--ranks", "2", "launch.ranks=3"), "--ranks: expected it without launch.ranks=3, got both"),
    (("sweep", "grid.yaml", "--plan", "launch.slots=1", "--slots", "1"), "--slots: expected it without launch.slots=1, got both"),
    (("report", "runs/x", "--pack", "--force"), "--pack: expected a value after it, got --force"),
    (("bench", "none", "resnet8", "--batch", "1.5"), "--batch: expected a whole number from 1 to 65536, got 1.5"),
    (("models", "a", "b"), "sld models: expected one network, got 'a' and 'b'\n"),
    (("status", "a", "b"), "sld status: expected one folder, of a sweep, a trial or a run, got 'a' and 'b'\n"),
    *((("methods", *words), "sld methods: expected no argument, got 'a'; leave it out") for words in ("a", "ab")),
    *((("bench", *words), "sld bench: expected two networks, as sld models lists them, got too few words") for words in ("", "a")),
    (("bench", "a", "b", "c"), "sld bench: expected two networks, as sld models lists them, got 'a', 'b' and 'c'\n"),
    (("run", "a", "b"), "sld run: expected one file, got 'a' and 'b'; settings have the form key=value"),
    (("bench", "none", "resnet8", "--teacher-precision", "bf16"), "--teacher-precision: expected a teacher with it, got none"),
    (("bench", "none", "resnet8", "--teacher-precision", "bf16", "--ranks", "1"), "--teacher-precision: expected a teacher with it, got none"),
    (("bench", "none", "resnet8", "--seconds", "nan"), "--seconds: expected a number from 0 to 1000000, got nan"),
    (("bench", "none", "resnet8", "--ranks", "0"), "--ranks: expected 1 to 16 numbers of ranks from 1 to 8, such as 1,2,4, got '0'"),
    (("bench", "none", "resnet8", "--ranks", " 1"), "--ranks: expected 1 to 16 numbers of ranks"),
    (("models", "--classes", "0x10"), "--classes: expected a whole number from 1 to 1000000, got 0x10"),
    (("data", "views", "e.yaml", "--epoch", "01", "--out", "f.h5"), "--epoch: expected a whole number from 1 to 1000000, got 01"),
    (("sweep", "grid.yaml", "--plan", "--dir", ""), "--dir: expected a folder, new or old, got \"\""),
    (("sweep", "grid.yaml", "--plan", "--dir", "grid.yaml"), "--dir: expected a folder, new or old, got \"grid.yaml\""),
    (("sweep", "grid.yaml", "--plan", "--dir", "loop/x"), "--dir: expected a folder, new or old, got \"loop/x\""),
    (("selftest", "--ranks", "--json"), "--json: expected it without --ranks"),
    (("sweep", "swap.yaml", "--plan"), "teacher_swap: expected one of the two, got false, which contradicts correction: random"),
    (("run", "e.yaml", "method=kd", "teacher.weights=w/last.h5", "teacher_swap=false", "correction=random"), "contradicts correction: random"),
    (("models", "--classes", "3", "--classes", "4"), "--classes: expected once, got it twice"),
    *((("data", "info", "e.yaml", setting), setting.split("=")[0] + ": " + INFO) for setting in (
        "train.epochs=5", "seed=2", "method=none", "augment.flip=0", "data.label_noise=0.1", "run.stall_minutes=3", "name=x")),
    *((("data", "views", "e.yaml", setting, "--epoch", "1", "--out", "v.h5"), setting.split("=")[0] + ": " + VIEWS) for setting in (
        "train.lr=1", "seeds.order=2", "student.network=resnet20", "data.test_fraction=0.5", "run.dir=x", "parallel.shards=2")),
    (("report", "e.yaml", "-o", "x"), "-o: unknown option; the output is named by --pack or --html; see sld report --help"),
    (("eval", "w/last.h5", "-o", "x"), "-o: unknown option; the output is named by --logits; see"),
    (("run", "e.yaml", "--output", "x"), "--output: unknown option; the output is named by the setting run.dir=DIR; see"),
    (("doctor", "-o", "x"), "-o: unknown option; all is printed to standard output, which > FILE keeps; see"),
    (("report", "set.h5"), "set.h5: expected a packed study, or the folder of a sweep or a run, got a data set; an experiment names it by data.path"),
    (("report", "views.h5"), "views.h5: expected a packed study, or the folder of a sweep or a run, got a file of the format sld-views"),
    (("run", "full.yaml", "method=sld"), "method: expected 'none', as in the resolved document below it, got 'sld': that document says every option itself"),
    (("run", "full.yaml", "preset=cifar100/resnet56-resnet20"), "preset: expected '', as in the resolved document below it"),
    (("sweep", "full-method.yaml", "--plan"), "full-method.yaml:2:23: method: expected 'none', as in the resolved document below it, got 'kd'"),
    (("sweep", "full-lr.yaml", "--plan", "method=kd"), "command line: method: expected 'none', as in the resolved document below it, got 'kd'"),
    (("sweep", "described.yaml", "--plan"), "described.yaml:3:12: t: weights: /"),
    (("sweep", "described.yaml", "--plan"), "w/last.h5: network: expected resnet20, as student.network says, got resnet8"),
    (("sweep", "classes.yaml", "--plan"), "teachers: t: expected a teacher for 16 classes and 3 channels, as its students' data have, got one for 20 and 3"),
    (("sweep", "taught.yaml", "--plan", "teacher.network=resnet20"), "teacher.network: expected resnet8, the network of the teacher t, got resnet20"),
    (("sweep", "filed.yaml", "--plan", "teacher.network=resnet20"), "w/last.h5: network: expected resnet20, as teacher.network says, got resnet8"),
    (("sweep", "classes.yaml", "--plan", "teachers.t.weights=w/last.h5"), "w/last.h5: expected weights for the 16 classes of its students' data set, got 20"),
    (("sweep", "sized.yaml", "--plan", "teachers.t.data.input_size=248"), "teachers: t: expected images of its students' size, 224x224, got 248x248"),
    # beside a folder: held against the points before anything is started
    (("sweep", "runs/grid", "run.keep_epochs=[9]"), "command line: run.keep_epochs: expected whole epochs of 1 to 1, got 9 (in the point grid, "),
    (("sweep", "runs/grid", "data.path=set.h5"), "data.path: expected the place of what the spec names, got one where the spec names none"),
    (("sweep", "runs/grid", "student.weights=w/last.h5"), "student.weights: expected the place of what the spec names, got one where"),
    (("sweep", "runs/grid", "lss.allow_inactive=true"), "lss.allow_inactive: expected student_swap: true in some point of this sweep, got none"),
    (("sweep", "runs/taught", "teacher.weights=w/last.h5"), "teacher.weights: expected none beside the folder, whose sweep trains this teacher, got one"),
    (("sweep", "runs/taught", "teacher.network=resnet20"), "teacher.network: expected resnet8, the network of the teacher t, got resnet20"),
    (("sweep", "runs/init", "student.weights=w/gone.h5"), "student.weights: w/gone.h5: cannot open: No such file"),
    (("sweep", "runs/lectured", "data.path=other.h5"), "data.path: expected the place of what the spec was read with"),
    (("sweep", "runs/stored", "data.path=other.h5"), "data.path: expected the place of what the spec was read with, got another content, which makes another trial"),
    (("sweep", "runs/stored", "data.path=gone.h5"), "gone.h5: cannot open: No such file"),
    *((("sweep", "grid.yaml", "--dir", "x\ny\033[1m", *how), "x\\ny\\x1b[1m: expected a folder whose path is one line without control characters")
      for how in (("--plan",), ("--no-run",))),
    *((("run", "e.yaml", "run.dir=" + path), path + ": expected a folder of its own, got one inside the folder of a sweep")
      for path in ("runs/grid", "runs/grid/trials/x", "runs/grid/new/folder")),
    (("run", "e.yaml", "data.path=none.h5"), "none.h5: expected 1 to 4294967295 training images, got 0: images of the shape (0,8,8,3)"),
]


def check_environment():
    """A value that says nothing is told once; what holds in its place holds. A pipe is not waited for."""
    os.mkfifo("pipe")
    for name, value, text in (("SLD_LOG", "foo", "SLD_LOG: expected error, warn, info or debug, got 'foo'; info holds"),
                              ("SLD_LOG_RANKS", "1", "SLD_LOG_RANKS: expected all, got '1'"),
                              ("SLD_TERMINAL", "e.yaml", "SLD_TERMINAL: expected a terminal, such as /dev/pts/3, got 'e.yaml'"),
                              ("SLD_TERMINAL", "pipe", "SLD_TERMINAL: expected a terminal"), ("SLD_TERMINAL", "none", "SLD_TERMINAL: expected")):
        done = expect(sld("run", "e.yaml", "run.dir=w", "train.lr_stages=[0.4]", ranks=2, env={name: value, "TERM": "xterm"}, timeout=60), 0, "done already")
        check(done.err.count(text) == 1, "told once", done.err)
    for name, value in (("SLD_LOG", "warn"), ("SLD_LOG", ""), ("SLD_LOG_RANKS", "all"), ("SLD_LOG_RANKS", ""), ("SLD_TERMINAL", "/dev/null")):
        check(name + ":" not in sld("run", "e.yaml", "run.dir=w", env={name: value}).err, "of", name, value, "there is nothing to tell")


TAUGHT = SPEC.replace("method: none", "method: kd, teacher: t") + "teachers: {t: {student: {network: resnet8}, train: {epochs: 1, batch: 16}}}\n"


def check_teachers():
    """What a student's teacher is, is known before it is trained: another data set is told once, of an axis over it; a preset of the
    students says how their teacher sees the images too, unless they lie there so already, as in sweeps before."""
    write("taught.yaml", TAUGHT.replace("name: grid", "name: taught"))
    expect(sld("sweep", "taught.yaml", "--no-run"), 0)
    write("filed.yaml", TAUGHT.replace("{student", "{weights: w/last.h5, student"))
    write("classes.yaml", TAUGHT + "axes: {synthetic.superclasses: [5, 4]}\n")
    for name in ("taught", "filed"):
        write("apart.yaml", open(name + ".yaml").read() + "axes: {synthetic.separation: [3, 2, 1]}\nseeds: 1..2\n")
        done = expect(sld("sweep", "apart.yaml", "--plan"), 0)
        check(done.err.count("synthetic.separation 3 and 2; where that is not meant") == 1, name, done.err)
    # weights that exist beside a description: what it says of their training is theirs, or told once; what the command line asks is refused
    told = "told.yaml: teachers: t: %s: expected 1, by which w/last.h5 was made, got %s"
    for more, text in (("train: {epochs: 1, batch: 16}", None), ("seed: 4", told % ("seed", "4; the weights")),
                       ("run: {keep_epochs: [1]}", None), ("train: {epochs: 20, batch: 16}", told % ("train.epochs", "20")),
                       ("seed: 4, train: {epochs: 20}", "got 4, and 1 more differs")):
        write("told.yaml", TAUGHT.replace("train: {epochs: 1, batch: 16}}}", "weights: w/last.h5, %s}}" % more))
        done = expect(sld("sweep", "told.yaml", "--plan", "seeds=1..2"), 0)
        check(done.err.count("teachers: t: ") == (text is not None) and (text or "") in done.err, more, done.err)
    write("told.yaml", TAUGHT.replace("{student", "{use: best, student"))  # weights of the command line take the place of use
    expect(sld("sweep", "told.yaml", "--plan", "teachers.t.student.network=resnet8", "teachers.t.weights=w/last.h5"), 0, "0 of them teachers")
    for side in (224, 256):
        with h5py.File("side%d.h5" % side, "w") as f:
            for split in ("train", "test"):
                f[split + "/labels"], f[split + "/images"] = np.arange(4) % 2, np.random.default_rng(0).integers(0, 256, (4, side, side, 3), dtype="u1")
        write("sized.yaml", "name: side%d\nbase: {method: kd, preset: imagenet/ResNet34-ResNet18, data.path: side%d.h5, teacher: t}\n"
              "teachers: {t: {student: {network: imagenet_ResNet34}, train: {epochs: 1, batch: 2}}}\n" % (side, side))
        expect(sld("sweep", "sized.yaml", "--no-run"), 0)
        with open("runs/side%d/points" % side) as f:
            check(f.read().count("data.input_size: 224") == (side == 256), side)


def check_edited():
    """sweep.yaml of a sweep's folder, which reports and packs hold: an edit makes no other points, and is told."""
    spec = open("runs/grid/sweep.yaml").read()
    write("runs/grid/sweep.yaml", spec.replace("epochs: 1", "epochs: 3"))
    told = "runs/grid/sweep.yaml: expected the spec that was given to sld sweep, got another text"
    for command in (("sweep", "runs/grid", "--plan"), ("status", "runs/grid"), ("report", "runs/grid"), ("report", "runs/grid", "--pack", "edited.h5")):
        check(expect(sld(*command), 0, told).err.count(told) == 1, command)
    with open("runs/grid/points") as f:
        points = f.read()
    write("runs/grid/points", points[:points.index("spec\t")])  # as earlier builds wrote it
    check(told not in sld("report", "runs/grid").err, "of such a folder nobody knows")
    write("runs/grid/points", points)
    write("runs/grid/sweep.yaml", spec)
    check("sweep.yaml" not in sld("report", "runs/grid").err, "put back")
    expect(sld("sweep", "grid.yaml", "--no-run"), 0)
    with open("runs/grid/points") as f:
        check(f.read() == points, "the same spec changes nothing")


def main():
    write("e.yaml", NONE)
    write("grid.yaml", SPEC)
    os.symlink("loop", "loop")
    expect(sld("sweep", "grid.yaml", "--no-run", ranks=0), 0)
    plan = ("sweep", "grid.yaml", "--plan", "--dir", "new", "parallel.shards=2")
    expect(sld(*plan, "--ranks", "4", ranks=0), 0, "launch.ranks 4: a trial uses at most parallel.shards ranks, here 2")
    expect(sld(*plan, "name=x #2", "data.path=set #2", ranks=0), 2, "data.path: expected a data set, got set #2, which is not there")
    expect(sld(*plan, "ce.ramp=1", ranks=0), 0, "grid.yaml: ce.ramp: changes nothing here", "(in every point)")
    check("launch.ranks" not in expect(sld(*plan, "--ranks", "2", ranks=0), 0).out, "as many ranks as shards are no news")
    expect(sld("run", "e.yaml", "run.dir=w", "train.lr_stages=[0.4]", ranks=0), 0, "the stage 0.4 is epoch 0", "no epoch has the rate")
    check_environment()
    check_edited()
    write("full.yaml", expect(sld("run", "e.yaml", "--show-config"), 0).out)
    for name, axes in (("method", "method: [none, kd]"), ("lr", "train.lr: [0.1, 0.2]")):
        write("full-%s.yaml" % name, "base: full.yaml\naxes: {%s}\n" % axes)
    plain = expect(sld("sweep", "full-lr.yaml", "--plan", "seeds=1..2"), 0, "4 points")
    check("changes nothing" not in plain.err, "lines that sld wrote are not the user's", plain.err)
    write("full.yaml", open("full.yaml").read().replace("  beta: 8.0", "  beta: 7.5"))
    expect(sld("sweep", "full-lr.yaml", "--plan"), 0, "dkd.beta: changes nothing in a point of this sweep: it needs a teacher term with kd.loss: dkd")
    write("init.yaml", WEIGHTS + "axes: {seeds.init: [3, 4]}\n")
    expect(sld("sweep", "init.yaml", "--no-run", "name=init"), 0)
    expect(sld("sweep", "init.yaml", "--plan", ranks=0), 0, "seeds.init: changes nothing in a point with seeds.init 3", "2 points")
    write("swap.yaml", SPEC.replace("method: none", "method: kd, teacher: {weights: w/last.h5}") +
          "axes: {a: {p: {teacher_swap: false, correction: random}, q: {correction: swap}}}\n")
    write("described.yaml", SPEC.replace("method: none", "method: kd, teacher: t") + "teachers: {t: {weights: w/last.h5, student: {network: resnet20}}}\n")
    check_teachers()
    for name, n in (("set.h5", 4), ("other.h5", 6), ("none.h5", 0)):
        with h5py.File(name, "w") as f:
            for split, k in (("train", n), ("test", 4)):
                f[split + "/images"], f[split + "/labels"] = np.ones((k, 8, 8, 3), "u1"), np.arange(k, dtype="i4") % 2
    for spec, name in (("grid.yaml", "stored"), ("taught.yaml", "lectured")):
        expect(sld("sweep", spec, "--no-run", "name=" + name, "data.path=set.h5"), 0)
    os.rename("set.h5", "moved.h5")
    for name in ("stored", "lectured"):
        expect(sld("sweep", "runs/" + name, "--plan", "data.path=moved.h5"), 0)
    os.rename("moved.h5", "set.h5")
    views = ("augment.flip=0", "seed=3", "ce.strong=1", "train.epochs=2", "--epoch", "2", "--out", "views.h5")
    expect(sld("data", "views", "e.yaml", *views, ranks=0), 0)
    expect(sld("data", "info", "e.yaml", "data.val_fraction=0.5", "data.split_seed=2", "synthetic.train=64", "synthetic.subclasses=2"), 0, "val ")
    write("gone.yaml", "name: gone\nbase: {method: kd, teacher: {weights: gone.h5}, synthetic: {train: 16, test: 8}}\naxes: {train.lr: [0.1]}\n")
    for settings, where in (((), "gone.yaml:2:39: teacher.weights: gone.h5"), (("student.weights=nil.h5", "teacher.weights=w/last.h5"), "student.weights: nil.h5")):
        expect(sld("sweep", "gone.yaml", "--plan", *settings, ranks=0), 2, where + ": cannot open: No such file")
    expect(sld("run", "e.yaml", "data.format=hdf5", "data.path=gone.h5", "run.dir=g"), 2, "gone.h5: cannot open",
           "data.path names it: where it has moved, give data.path=PATH, to sld sweep DIR --retry failed too")
    for command, text in REFUSED:
        done = sld(*command, ranks=0)
        check(done.code == 2 and text in done.err, command, done.code, "wanted:", text, done.err)


in_folder(main)
