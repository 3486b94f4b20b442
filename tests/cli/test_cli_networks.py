"""Networks of two families train, distil and are evaluated from their files, with the same bits on 1 and 3 ranks. Weights
that do not fit are refused with the tensor and both shapes. A network's other name makes no other trial. With `all`:
every network for small images, by itself."""
import json
import sys

import h5py
import numpy as np

from harness import check, digest, expect, in_folder, sld, write

TRIAL = """
data: {format: synthetic}
synthetic: {train: 20, test: 16}
train: {epochs: 1, batch: 16}
"""
FAMILIES = (("wrn_16_1", "ShuffleV2"),)


def run(name, ranks, *settings):
    folder = "runs/%s-%d" % (name, ranks)
    expect(sld("run", "trial.yaml", "student.network=" + name, "run.dir=" + folder, *settings, ranks=ranks), 0)
    return folder


def same_bits(name, *settings):
    folder = run(name, 1, *settings)
    check(digest(folder) == digest(run(name, 3, *settings)), name, ": other bits on 3 ranks")
    with h5py.File(folder + "/results.h5") as f:
        wanted, top1 = f["/logits/test_last"][()], f["/epoch/top1_test"][-1]
    check(np.isfinite(wanted).all(), name, ": logits that are not finite")
    expect(sld("eval", folder + "/last.h5", "--logits", "out.h5"), 0, "top-1 %.2f" % top1)
    with h5py.File("out.h5") as f:
        check((f["/logits"][()] == wanted).all(), name, ": sld eval gives other logits")
    return folder


def altered(source, tensor, value):
    """A file of somebody else's with one tensor changed, or left out."""
    with h5py.File(source) as old, h5py.File("altered.h5", "w") as new:
        for key in ("network", "classes", "mean", "std", "input_size"):
            new.attrs[key] = old.attrs[key]
        for name, item in old["model"].items():
            if name != tensor:
                new["model/" + name] = item[()]
            elif value is not None:
                new["model/" + name] = value
    return "altered.h5"


def check_refusals(folder):
    """folder: of a ShuffleV2. A grouped convolution's weights have one input channel per group."""
    data = ("--any-data", "data.format=synthetic", "synthetic.test=16")
    tensor, values = "layer1.1.conv2.weight", np.zeros((58, 58, 3, 3), "f4")
    wrong = altered(folder + "/last.h5", tensor, values)
    expect(sld("eval", wrong, *data), 2, "altered.h5", tensor, "58,58,3,3", "58,1,3,3")
    wrong = altered(folder + "/last.h5", tensor, None)
    expect(sld("eval", wrong, *data), 2, "altered.h5", tensor)
    expect(sld("run", "trial.yaml", "method=none", "student.network=ShuffleV1", "student.weights=%s/last.h5" % folder,
               "run.dir=runs/wrong"), 2, "ShuffleV2", "ShuffleV1")
    expect(sld("run", "trial.yaml", "method=none", "student.network=ShuffelV1"), 2, "ShuffelV1", "nearest: ShuffleV1")


def check_other_name():
    base = {"data": {"format": "synthetic"}, "method": "none"}
    axes = {"student.network": ["imagenet_MobileNetV1", "imagenet_MobileNetV2"]}
    write("names.yaml", json.dumps({"base": base, "axes": axes}))
    expect(sld("sweep", "names.yaml", "--plan", ranks=0), 0, "1 point", "1 more computes the same")


def main():
    write("trial.yaml", TRIAL)
    if sys.argv[1:] == ["all"]:
        names = [line.split()[0] for line in sld("models", ranks=0).out.splitlines() if "3x32x32" in line]
        check(len(names) >= 23, "networks", names)
        for name in names:
            same_bits(name, "method=none")
        return
    check_other_name()
    for teacher, student in FAMILIES:
        folder = run(teacher, 1, "method=none")
        distilled = same_bits(student, "method=sld", "student_swap_after=0", "teacher.weights=%s/last.h5" % folder)
        if student == "ShuffleV2":
            check_refusals(distilled)


in_folder(main)
