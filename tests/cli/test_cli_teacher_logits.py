"""The store of teacher logits changes no bit: filled, read again, with another batch, other shards and other ranks, after a
stop in the middle of an epoch, with files deleted, damaged or of something else, over budget and on a disk that fails."""
import glob
import hashlib
import os
import shutil

import h5py

from harness import check, digest, expect, in_folder, sld, tables, teacher, write, STUDENT

STORE = "teacher.logits=tl"
TABLES = 4  # 2 epochs of 2 views


def files():
    return {name: hashlib.sha256(open(name, "rb").read()).hexdigest() for name in glob.glob("tl/*/epoch-*")}


def main():
    teacher()
    write("student.yaml", STUDENT)
    expect(sld("run", "student.yaml", "run.dir=runs/live"), 0)
    wanted = digest("runs/live")
    count = [0]

    def run(*args, ranks=0, says=(), expected=wanted, env=None):
        count[0] += 1
        folder = "runs/%d" % count[0]
        expect(sld("run", "student.yaml", "run.dir=" + folder, STORE, *args, ranks=ranks, env=env), 0, *says)
        check(digest(folder) == expected, "other bits with the store,", args, ranks)
        check(not [n for n in os.listdir("tl") if n.endswith(".tmp")] and not glob.glob("tl/*/*.tmp"), "left behind")
        return tables(folder)

    made = None
    for ranks in (0, 3):
        shutil.rmtree("tl", ignore_errors=True)
        check(run(ranks=ranks) == (TABLES, TABLES, 0), "tables when filling")
        check(run(ranks=3 - ranks) == (TABLES, 0, 0), "tables when reading")
        made = made or files()
        check(len(made) == TABLES and files() == made, "other files on", ranks, "ranks")
    for name in made:
        with h5py.File(name) as f:
            check(f["logits"].shape == (36, 20) and f["logits"].dims[0][0].name == "/sample", "shape")
            check("teacher: " in f.attrs["key"] and f["sample"][()].tolist() == list(range(36)), "key, samples")

    # neither batch, shards, order nor the student moves a table
    other = ["train.batch=40", "parallel.shards=4", "seeds.order=9", "seeds.init=5", "student.network=resnet14"]
    expect(sld("run", "student.yaml", "run.dir=runs/other", *other, ranks=0), 0)
    check(run(*other, expected=digest("runs/other")) == (TABLES, 0, 0), "tables of another batch")
    # the strong view's policy moves the strong view's alone; one view is shared with two
    expect(sld("run", "student.yaml", "run.dir=runs/ops", "augment.strong_ops=1", ranks=0), 0)
    check(run("augment.strong_ops=1", expected=digest("runs/ops")) == (TABLES, 2, 0), "tables of another policy")
    expect(sld("run", "student.yaml", "run.dir=runs/kd", "method=kd", ranks=0), 0)
    check(run("method=kd", expected=digest("runs/kd")) == (2, 0, 0), "tables of one view")
    # a part of the samples, and images that are the same in every epoch and view
    part = ["data.train_fraction=0.5", "augment.crop_pad=0", "augment.flip=0", "augment.strong_ops=0", "augment.cutout=0"]
    expect(sld("run", "student.yaml", "run.dir=runs/part", *part, ranks=0), 0)
    check(run(*part, expected=digest("runs/part")) == (2, 1, 0), "tables without augmentation")

    # stopped within an epoch, the tables deleted, resumed
    resumed = ["run", "student.yaml", "run.dir=runs/resumed", STORE]
    expect(sld(*resumed, "run.stop_after_steps=5"), 75)
    for name in made:
        os.unlink(name)
    expect(sld(*resumed, ranks=3), 0, "resumed at epoch 2, step 2")
    check(digest("runs/resumed") == wanted and tables("runs/resumed") == (6, 2, 0), "after a resume", tables("runs/resumed"))
    check(run() == (TABLES, 2, 0) and files().items() >= made.items(), "files after a resume")

    # damaged, cut, something else: named, made anew
    damaged, cut, foreign, text = sorted(made)
    with open(damaged, "r+b") as f:
        f.seek(os.path.getsize(damaged) // 2)
        f.write(b"\x55" * 9)
    os.truncate(cut, os.path.getsize(cut) - 100)
    shutil.copy("runs/teacher/last.h5", foreign)
    write(text, "my notes\n")
    check(run(says=[damaged + ": damaged", cut, foreign, text, "made anew"]) == (TABLES, TABLES, 0), "bad files")
    check(files().items() >= made.items(), "bad files are not replaced")

    # a store that must not grow, a disk that fails, a folder that cannot be made
    shutil.rmtree("tl")
    check(run("teacher.logits_budget=0.00002", says=["teacher.logits_budget is 2e-05"]) == (2, 2, 2), "budget")
    shutil.rmtree("tl")
    check(run(ranks=2, env={"SLD_FAIL_AT": "table:2@0"}, says=["from here on"]) == (1, 1, 3), "a failing disk")
    write("file", "")
    expect(sld("run", "student.yaml", "run.dir=runs/bad", "teacher.logits=file/tl"), 0, "computes what is missing in the store")
    check(not files().keys() - made.keys(), "temporary files")


in_folder(main)
