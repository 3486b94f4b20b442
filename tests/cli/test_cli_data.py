"""sld data views gives the exact images of an epoch: a teacher evaluated on them by another way (sld probe) gives logits
with which training has the bits of training with the network. What does not fit is refused by name."""
import json
import os

import h5py
import numpy as np

from harness import TIMES, check, expect, in_folder, sld, tables, teacher, write, STUDENT

EXPERIMENT = STUDENT.replace("{format: synthetic}", "{format: synthetic, train_fraction: 0.6}")
OUTSIDE = EXPERIMENT.replace("weights: runs/teacher/last.h5", "logits_files: files")


def results(folder):
    """All that a trial computes but the teacher's logits on test, which need a network."""
    found = {}
    with h5py.File(folder + "/results.h5") as f:
        f.visititems(lambda name, item: found.update({name: repr(item[()].tolist())})  # a NaN equals itself
                     if isinstance(item, h5py.Dataset) and name.split("/")[-1] not in TIMES | {"test_teacher"} else None)
        found["weights"] = f.attrs["weights_sha256"]
    return found


def export(epoch, *args):
    expect(sld("data", "views", "outside.yaml", "--epoch", epoch, "--out", "views.h5", *args, ranks=1 + epoch % 2), 0)
    return h5py.File("views.h5", "r")


def make_logits(epoch):
    """The outside program: here the teacher under sld probe, in one batch."""
    with export(epoch) as views, h5py.File("files/epoch-%05d.h5" % epoch, "w") as out:
        n = len(views["sample"])
        check(views["image_weak"].shape == views["image_strong"].shape == (n, 3, 32, 32) and n == 20, "shapes")
        with h5py.File("batch.h5", "w") as f:
            f["labels"] = views["labels"][()][None]
            for view in ("weak", "strong"):
                pixels, table = views["image_" + view][()], views["normalised"][()]
                f["image_" + view] = np.stack([table[c][pixels[:, c]] for c in range(3)], axis=1)[None]
        expect(sld("probe", "student.yaml", "--batches", "batch.h5", "--out", "probe.h5", "--epoch", epoch), 0)
        out.attrs.update(views.attrs)
        out["sample"] = views["sample"][()]
        with h5py.File("probe.h5") as f:
            for view in ("weak", "strong"):
                out["logits_" + view] = f["logits/teacher_" + view][0]


def refused(change, *texts, ranks=0, name="files/epoch-00002.h5"):
    """The file changed so is named, and the change undone."""
    before = open(name, "rb").read()
    with h5py.File(name, "r+") as f:
        change(f)
    expect(sld("run", "outside.yaml", "run.dir=runs/bad", ranks=ranks), 2, name, *texts)
    with open(name, "wb") as f:
        f.write(before)


def replace(f, name, value):
    del f[name]
    f[name] = value


def rewritten(change):
    """The tables of both epochs, each changed by its name and its own logits."""
    for epoch in (1, 2):
        with h5py.File("files/epoch-%05d.h5" % epoch, "r+") as f:
            for view in ("weak", "strong"):
                replace(f, "logits_" + view, change(view, epoch, f["logits_" + view][()]))


def check_look():
    """Numbers that logits hardly are are told once each, with the first table; how often the teacher is right stands in the log."""
    kept = {name: open("files/" + name, "rb").read() for name in os.listdir("files")}
    right = {"weak": 0, "strong": 0}
    for epoch in (1, 2):
        with export(epoch) as views, h5py.File("files/epoch-%05d.h5" % epoch) as f:
            for view in right:
                right[view] += 100 * np.mean(f["logits_" + view][()].argmax(1) == views["labels"][()]) / 2

    def told(folder, *texts):
        done = expect(sld("run", "outside.yaml", "run.dir=" + folder, "run.stop_after_steps=1", ranks=2), 75, *texts)
        return done.err.count(": expected logits")

    top1 = "files: top-1 %.2f %% on weak views, %.2f %% on strong views" % (right["weak"], right["strong"])
    check(told("runs/look", top1) == 0, "told of real logits")
    softmax = lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)  # noqa: E731
    rewritten(lambda view, epoch, z: softmax(z).astype("f2") if view == "strong" else z if epoch == 1 else np.where(np.arange(20)[:, None] < 3, 0, z))
    many = told("runs/unlike", "files/epoch-00001.h5: /logits_strong: expected logits, got rows of numbers from 0 to 1 with the sum 1 in 2 tables",
                "files/epoch-00002.h5: /logits_weak: expected logits that tell classes apart", "for all classes in this table: they teach nothing")
    check(many == 2, "each is told once", many)
    for name, text in kept.items():
        with open("files/" + name, "wb") as f:
            f.write(text)


def main():
    teacher()
    write("student.yaml", EXPERIMENT)
    write("outside.yaml", OUTSIDE)
    expect(sld("run", "student.yaml", "run.dir=runs/network", ranks=2), 0)
    os.mkdir("files")
    make_logits(1)
    expect(sld("run", "outside.yaml", "run.dir=runs/early"), 2, "files/epoch-00002.h5", "teacher.logits_files needs the logits of epoch 2")
    make_logits(2)
    for ranks in (1, 3):
        folder = "run.dir=runs/files%d" % ranks
        expect(sld("run", "outside.yaml", folder, "run.stop_after_steps=3", ranks=2), 75)
        expect(sld("run", "outside.yaml", folder, ranks=ranks), 0, "teacher from files")
        check(results("runs/files%d" % ranks) == results("runs/network"), "other bits from files on", ranks, "ranks")
        check(tables("runs/files%d" % ranks)[1:] == (0, 0), "tables")
    expect(sld("run", "outside.yaml", "run.dir=runs/whole", ranks=2), 0)
    check(tables("runs/whole") == (4, 0, 0), "two views of two epochs", tables("runs/whole"))
    os.unlink("runs/whole/results.h5")  # behind its last epoch: from the last checkpoint
    expect(sld("run", "outside.yaml", "run.dir=runs/whole", ranks=1), 0)
    check(tables("runs/whole") == (4, 0, 0), "of the run, though this one read none", tables("runs/whole"))

    check_look()
    refused(lambda f: f.attrs.update({"epoch": 1}), "epoch: expected 2, got 1", ranks=2)
    refused(lambda f: f.attrs.update({"views_strong": f.attrs["views_weak"]}), "views_strong", "view: strong")
    refused(lambda f: f.attrs.update({"data_sha256": "0" * 64}), "data_sha256")
    refused(lambda f: f.attrs.__delitem__("views_weak"), "views_weak")
    refused(lambda f: replace(f, "logits_weak", np.zeros((20, 21))), "/logits_weak: expected the shape (20,20), got (20,21)")
    refused(lambda f: replace(f, "logits_weak", np.full((20, 20), np.nan)), "nan at (0,0)")
    refused(lambda f: replace(f, "sample", f["sample"][()][::-1]), "/sample", "row 0")
    refused(lambda f: f.__delitem__("logits_strong"), "expected /logits_strong")
    expect(sld("run", "student.yaml", "teacher.logits_files=files", ranks=0), 2, "teacher.logits_files", "one teacher")
    expect(sld("run", "outside.yaml", "augment.crop_pad=2", ranks=0), 2, "augment.crop_pad: 4", "augment.crop_pad: 2")
    expect(sld("probe", "outside.yaml", "--batches", "batch.h5", "--out", "o.h5", ranks=0), 2, "teacher.logits_files")

    # logits of test, for copied errors: those of the network
    expect(sld("eval", "runs/teacher/last.h5", "--logits", "files/test.h5", ranks=0), 0)
    expect(sld("run", "outside.yaml", "run.dir=runs/files1", ranks=0), 2, "teacher_logits")  # they are part of the ID
    expect(sld("run", "outside.yaml", "run.dir=runs/tested", ranks=2), 0, "files: top-1 5.00 % on test")
    check(results("runs/tested") == results("runs/network"), "other bits with logits of test")
    rates = [json.loads(expect(sld("report", folder, "--format", "json", ranks=0), 0).out)["trials"][0]
             for folder in ("runs/network", "runs/tested", "runs/files1")]
    check(rates[0]["copy_rate"] == rates[1]["copy_rate"] is not None and rates[0]["copy_rate_reason"] == "", "copied errors", rates)
    check(rates[2]["copy_rate"] is None and "without test.h5" in rates[2]["copy_rate_reason"], "why there are none", rates[2])
    expect(sld("report", "runs/files1", "--format", "csv", ranks=0), 0, "copy_rate_reason\n", "without test.h5")
    for change, text in ((lambda f: replace(f, "logits", np.zeros((31, 20))), "/logits: expected the shape (20,20)"),
                         (lambda f: replace(f, "logits", np.full((20, 20), np.nan)), "/logits: expected finite logits, got nan"),
                         (lambda f: f.attrs.update({"data_sha256": "0" * 64}), "data_sha256: expected"),
                         (lambda f: f.attrs.update({"split": "val"}), "attribute split: expected test, got val"),
                         (lambda f: replace(f, "labels", f["labels"][()][::-1]), "/labels: row 0: expected "),
                         (lambda f: replace(f, "labels", f["labels"][:19]), "/labels: expected 20 values, got 19")):
        refused(change, text, ranks=2, name="files/test.h5")
    with h5py.File("files/test.h5", "r+") as f:  # what another program writes need not have them
        del f["labels"], f.attrs["split"]
        f["logits"][...] = 0
    expect(sld("run", "outside.yaml", "run.dir=runs/bare", "run.stop_after_steps=1", ranks=0), 75,
           "files/test.h5: /logits: expected logits that tell classes apart")
    os.rename("files/test.h5", "test.h5")

    # the content is the trial, the folder is not
    os.rename("files", "moved")
    expect(sld("run", "outside.yaml", "teacher.logits_files=moved", "run.dir=runs/files1"), 0, "done already")
    with h5py.File("moved/epoch-00002.h5", "r+") as f:
        f["logits_weak"][0, 0] += 1
    expect(sld("run", "outside.yaml", "teacher.logits_files=moved", "run.dir=runs/files1", ranks=0), 2, "teacher_logits")

    plain = ["augment.crop_pad=0", "augment.flip=0", "augment.strong_ops=0", "augment.cutout=0"]
    with export(2, *plain) as views:
        check(views.attrs["epoch"] == 0 and (views["image_weak"][()] == views["image_strong"][()]).all(), "plain views")
    with export(1, "method=kd") as views:
        check("image_strong" not in views and "views_strong" not in views.attrs, "a view that is not used")
    expect(sld("data", "views", "outside.yaml", "--epoch", 3, "--out", "o.h5", ranks=0), 2, "--epoch: expected 1 to 2")
    expect(sld("data", "views", "outside.yaml", "--out", "o.h5", ranks=0), 2, "--epoch")
    expect(sld("data", "vies", "outside.yaml", ranks=0), 2, "nearest: views")
    expect(sld("data", "views", "outside.yaml", "--epoch", 1, "--out", "none/o.h5", ranks=0), 74, "none/o.h5")
    expect(sld("data", "info", "outside.yaml", ranks=2), 0, "train     20 of 36", "classes   20", "test      20")
    check(not [n for n in os.listdir(".") if n.endswith(".tmp") or n == "o.h5"], "left behind")


in_folder(main)
