"""docs/files.md specifies what sld writes: every attribute and data set of every kind of file has a row in the section of its
file, with its type. A new column without a row fails here."""
import glob
import os
import re
import sys

import h5py
import numpy as np

from harness import STUDENT, expect, in_folder, sld, teacher, write
from pages import text_of
from sweep_harness import spec, sweep

TYPES = {"float32": "f32", "float64": "f64", "int32": "i32", "int64": "i64", "uint8": "u8", "object": "text"}
wrong = []


def cells(section):
    """(names, types) of the rows of a section's tables."""
    body = re.split(r"^## %s$" % re.escape(section), text_of("docs/files.md"), flags=re.M)[1]
    for line in re.findall(r"^\|.*\|$", re.split(r"^## ", body, flags=re.M)[0], re.M):
        parts = [c.strip() for c in line.strip("|").split("|")]
        yield parts[0], parts[1]


def pattern(name):
    return re.compile(re.sub(r"COLUMN|NAME|TERM|VIEW|WHO|\bID\b", "[A-Za-z0-9_.]+", name) + "$")


def specified(section):
    """[(pattern of a path or @attribute, {types})] of a section."""
    found = []
    for names, types in cells(section):
        names = re.sub(r"^[a-z0-9. ]+: ", "", names)  # "packed alone: /trials/config"
        kinds = set(re.findall(r"\b(?:f32|f64|i32|i64|u8|text|link)\b", types))
        found += [(pattern(name), kinds) for name in names.split(", ") if name.startswith(("/", "@"))]
    if section == "Studies":  # /trials/NUMBER
        found += [(pattern("/trials/" + name), {"f64"}) for names, _ in cells("Numbers of a trial") for name in names.split(", ")]
    return found


def columns():
    """Names of the columns of /epoch, from the section that lists them."""
    for names, unit in cells("Epoch columns"):
        for name in names.split(", "):
            yield pattern(name), unit


def check(path, *sections):
    """Every object of a file is specified in one of the sections."""
    known = [row for section in sections for row in specified(section)]

    def one(name, dtype):
        kinds = [k for pattern, k in known if pattern.match(name)]
        told = TYPES.get(str(dtype), str(dtype))
        if not kinds:
            wrong.append("%s holds %s (%s): docs/files.md, \"%s\" has no row for it" % (path, name, told, sections[0]))
        elif not any(told in k for k in kinds):
            wrong.append("%s: %s: docs/files.md, \"%s\": expected type %s, got %s" % (
                path, name, sections[0], told, " or ".join(sorted(set.union(*kinds))) or "none"))

    with h5py.File(path, "r") as f:
        for name, value in f.attrs.items():
            if name not in ("format", "format_version"):
                one("@" + name, "object" if isinstance(value, str) else np.asarray(value).dtype)
        f.visititems(lambda name, item: one("/" + name, item.dtype) if isinstance(item, h5py.Dataset) else None)
        for name in f["epoch"] if "epoch" in f else []:
            units = [u for pattern, u in columns() if pattern.match(name)]
            if name != "epoch" and f["epoch"][name].attrs["units"] not in ", ".join(units).split(", "):
                wrong.append("%s: /epoch/%s in %s: docs/files.md, \"Epoch columns\" says %s" % (
                    path, name, f["epoch"][name].attrs["units"], ", ".join(units) or "nothing of it"))


def main():
    teacher()
    write("student.yaml", STUDENT + "data.val_fraction: 0.5\ndata.label_noise: 0.1\n")
    settings = ("teacher.logits=store", "run.keep_epochs=[1]")
    expect(sld("run", "student.yaml", *settings, "run.stop_after_steps=3"), 75)
    check(glob.glob("runs/student/ckpt-*.h5")[0], "Checkpoints", "Weights")
    expect(sld("run", "student.yaml", *settings), 0)
    for name in ("last", "best", "epoch-1"):
        check("runs/student/%s.h5" % name, "Weights")
    check("runs/student/results.h5", "Results", "Epoch columns")
    check("runs/teacher/results.h5", "Results", "Epoch columns")
    check(sorted(glob.glob("store/*/epoch-*.h5"))[0], "Teacher logits")

    expect(sld("data", "views", "student.yaml", "--epoch", 1, "--out", "views.h5"), 0)
    check("views.h5", "Exported views")
    expect(sld("eval", "runs/student/last.h5", "--logits", "out.h5"), 0)
    check("out.h5", "Evaluated logits")
    with h5py.File("in.h5", "w") as f:
        f["image_weak"] = f["image_strong"] = np.zeros((1, 8, 3, 32, 32), np.float32)
        f["labels"] = np.zeros((1, 8), np.int32)
    expect(sld("probe", "student.yaml", "--batches", "in.h5", "--out", "probe.h5", "--gradients"), 0)
    check("probe.h5", "Probe", "Weights")

    spec(train=48)
    expect(sweep("tiny.yaml"), 0)
    check("runs/tiny/sweep.h5", "Studies")
    expect(sld("report", "runs/tiny", "--pack", "study.h5", ranks=0), 0)
    check("study.h5", "Studies")
    for text in wrong:
        print(text, file=sys.stderr)
    if wrong:
        sys.exit(1)


in_folder(main)
