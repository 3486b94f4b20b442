"""test_cli_diverged.py: what is not finite is diverged, wherever it stands, and students of a diverged teacher are told so."""
import json
import os

import h5py
import numpy as np

from harness import check, expect, in_folder, sld, status, write

BASE = """
method: none
student: {network: resnet8}
synthetic: {train: %d, test: 20}
train: {epochs: %d, batch: %d, lr: %g, lr_stages: [1], momentum: %g}
"""

SPEC = """
name: wild
base: {method: kd, teacher: t, student: {network: resnet8}, synthetic: {train: 64, test: 20}, train: {epochs: 1, batch: 64}}
teachers: {t: {train: {lr: 1000, epochs: 3, batch: 20}, student: {network: resnet8}}}
seeds: [1]
"""


NOT_FINITE = ("the loss is", "the gradient is", "the weights are", "the running statistics are", "the momentum is",
              "the loss on test is")


def reason(folder):
    with h5py.File(folder + "/results.h5") as f:
        return f.attrs["diverged_in"]


def run(name, *settings, train=64, epochs=1, batch=64, lr=1000, momentum=0.9):
    write(name + ".yaml", BASE % (train, epochs, batch, lr, momentum))
    expect(sld("run", name + ".yaml", "run.dir=" + name, *settings, ranks=0), 1, "diverged", "not finite")
    check(status(name) == "diverged", name, "is not recorded as diverged")
    return reason(name)


def all_finite(path):
    with h5py.File(path) as f:
        found = []
        f["model"].visititems(lambda _, d: found.append(bool(np.isfinite(d[()]).all())) if isinstance(d, h5py.Dataset) else None)
    return all(found)


def main():
    for name, train, epochs, batch in (("one", 200, 1, 20), ("three", 200, 3, 20), ("small", 40, 2, 20)):
        told = run(name, train=train, epochs=epochs, batch=batch)
        check(told in NOT_FINITE, name, "is diverged by", told)  # which is met first depends on the processor's rounding
        for file in ("last.h5", "best.h5"):  # no weights that a student would read and refuse
            check(not os.path.exists(name + "/" + file) or all_finite(name + "/" + file), name, file, "is not finite")
    expect(sld("run", "one.yaml", "run.dir=one", ranks=0), 1, "diverged already")

    # In a sweep: the teacher is diverged, its student is told so, and report, status and exit code agree.
    write("wild.yaml", SPEC)
    expect(sld("sweep", "wild.yaml", ranks=0), 1, "its teacher t (", "diverged")
    told = json.loads(expect(sld("status", "runs/wild", "--json", ranks=0), 0).out)
    check((told["diverged"], told["failed"], told["done"]) == (1, 1, 0), "status says", told)
    report = json.loads(expect(sld("report", "runs/wild", "--format", "json", ranks=0), 0).out)
    states = {t["state"]: t["reason"] for t in report["trials"]}
    check("diverged" in states["failed"], "the student's reason is", states["failed"])

    # A teacher of another run that diverged after its last weights: their student is told so.
    write("good.yaml", BASE % (64, 1, 64, 0.05, 0.9))
    expect(sld("run", "good.yaml", "run.dir=good", ranks=0), 0)
    with h5py.File("good/results.h5", "r+") as f:
        f.attrs["status"] = "diverged"
    student = sld("run", "good.yaml", "run.dir=student", "method=kd", "teacher.weights=good/last.h5", ranks=0)
    expect(student, 0, "its run has diverged")

    # A teacher of finite weights whose logits are not finite is named, on whatever rank they are met.
    with h5py.File("good/best.h5", "r+") as f:
        f["model/fc.weight"][...] = 3e38 * np.sign(f["model/fc.weight"][()])
        del f.attrs["content_sha256"]  # the change is meant
    for ranks, more in ((0, ()), (3, ()), (0, ("teacher.logits=store",))):
        folder = "huge%d%d" % (ranks, len(more))
        expect(sld("run", "good.yaml", "run.dir=" + folder, "method=kd", "teacher.weights=good/best.h5", *more, ranks=ranks), 1,
               "good/best.h5: expected finite logits of the teacher on train", "the teacher's logits are not finite")
        check(reason(folder) == "the teacher's logits are", reason(folder))


in_folder(main)
