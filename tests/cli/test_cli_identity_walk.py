"""Every object and every attribute of a data set and of a weights file is changed, one after the other: the trial gets another ID,
the file is refused, or no weight and no logit of the result moves. What is found in the files is walked, so that nothing new is
forgotten."""
import os
import shutil

import h5py
import numpy as np

from harness import check, expect, in_folder, sld, write

TRAIN = "train: {epochs: 1, batch: 16, lr: 0.05, lr_stages: []}, student: {network: resnet8}, run: {logits: true}"
DATA = "data: {format: hdf5, path: d.h5, label_noise: 0.5, label_noise_kind: siblings}"
WHOLE_TENSORS = ("conv1.weight", "bn1.running_var", "fc.bias")  # of 47 alike


def make_data(path):
    rng = np.random.default_rng(3)
    with h5py.File(path, "w") as f:
        for split, n in (("train", 32), ("test", 8)):
            f[split + "/images"] = rng.integers(0, 256, (n, 8, 8, 3), dtype="u1")
            f[split + "/labels"] = np.arange(n) % 4
            f[split + "/coarse"] = np.arange(n) % 4 // 2
        f["class_names"] = [b"a", b"b", b"c", b"d"]
        f["coarse_names"] = [b"left", b"right"]
        f.attrs.update(name="walked", mean=np.full(3, .5, "f4"), std=np.full(3, .25, "f4"))


def other(value):
    """The least change of a value."""
    if isinstance(value, (str, bytes)):
        return value[:-1] + type(value)(b"~" if isinstance(value, bytes) else "~") if value else value + type(value)()
    value = np.array(value)
    flat = value.reshape(-1)
    if value.dtype.kind in "SO":
        flat[0] = other(flat[0])
    elif value.dtype.kind == "f":
        flat[0] = np.nextafter(flat[0], value.dtype.type(1))
    else:
        flat[0] = flat[0] - 1 if flat[0] else 1
    return value


def parts(path):
    """What can be changed in a file: ("@", object, attribute) or ("", data set, "")."""
    out = []
    with h5py.File(path, "r") as f:
        def add(name, item):
            out.extend(("@", name, a) for a in item.attrs if not a.isupper())
            if isinstance(item, h5py.Dataset) and (not name.startswith("model/") or name[6:] in WHOLE_TENSORS):
                out.append(("", name, ""))
        add("/", f)
        f.visititems(add)
    return out


def change(path, part):
    kind, name, attribute = part
    with h5py.File(path, "r+") as f:
        if kind == "@":
            value = f[name].attrs[attribute]
            f[name].attrs[attribute] = np.array(other(value)).astype(np.array(value).dtype) if not isinstance(value, (str, bytes)) else other(value)
        else:
            f[name][...] = other(f[name][()])


def planned(spec):
    """The IDs that the plan shows; None: refused."""
    done = sld("sweep", spec, "--plan", "--dir", "nowhere", ranks=0)
    check(done.code in (0, 2), spec, done.code, done.err)
    return done.code == 0 and [w[0] for w in map(str.split, done.out.splitlines()) if len(w) > 2 and w[1] == "new"] or None


def bits(experiment, folder):
    """What the result holds; None: refused."""
    done = sld("run", experiment, "run.dir=" + folder, ranks=0)
    if done.code == 2:
        return None
    expect(done, 0)
    with h5py.File(folder + "/results.h5") as f:
        return f.attrs["weights_sha256"], f["logits/test_last"][()].tobytes()


def walk(path, spec, experiment):
    """Returns what of the file changed nothing but is allowed to, for its bits are the same."""
    shutil.copy(path, "whole.h5")
    base, wanted, idle, refused, counted = planned(spec), bits(experiment, "base-" + path), [], 0, 0
    check(base and len(base) == 1 and wanted, "the plan", base)
    for number, part in enumerate(parts(path)):
        shutil.copy("whole.h5", path)
        change(path, part)
        found = planned(spec)
        refused += found is None
        counted += found is not None and found != base
        if found == base:
            made = bits(experiment, "idle-%s-%d" % (path, number))
            check(made in (None, wanted), path, part, "moves the result and not the ID")
            refused += made is None
            idle += ["".join(part)] * (made is not None)
    shutil.copy("whole.h5", path)
    check(refused + counted + len(idle) == len(parts(path)) and counted > 0, path, refused, counted, idle)
    return idle


def main():
    make_data("d.h5")
    write("data.yaml", "{method: none, %s, %s}\n" % (TRAIN, DATA))
    write("data-sweep.yaml", "{name: s, base: {method: none, %s, %s}, seeds: [1]}\n" % (TRAIN, DATA))
    idle = walk("d.h5", "data-sweep.yaml", "data.yaml")
    check(set(idle) <= {"@/name", "class_names", "coarse_names"}, "of a data set only names may change nothing", idle)

    expect(sld("run", "data.yaml", "run.dir=teacher", ranks=0), 0)
    shutil.copy("teacher/last.h5", "w.h5")
    write("kd.yaml", "{method: kd, %s, %s, teacher: {weights: w.h5}}\n" % (TRAIN, DATA))
    write("kd-sweep.yaml", "{name: s, base: {method: kd, %s, %s, teacher: {weights: w.h5}}, seeds: [1]}\n" % (TRAIN, DATA))
    idle = walk("w.h5", "kd-sweep.yaml", "kd.yaml")
    check(not any(os.path.basename(i) in WHOLE_TENSORS or i in ("@/mean", "@/std", "@/network") for i in idle), "weights", idle)


in_folder(main)
