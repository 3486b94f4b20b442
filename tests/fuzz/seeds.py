"""seeds.py: one or two small valid inputs for each fuzz target, from which others are made."""
import glob
import os
import struct

import h5py
import numpy as np

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGETS = ("config", "spec", "points", "document", "weights", "table", "idx", "cifar")
# HDF5 and MPI keep what they allocate once.
FREES_ALL = ("config", "spec", "points")


def put(above, target, name, content):
    folder = os.path.join(above, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(content)


def files(*contents):
    return b"".join(struct.pack(">H", len(c)) + c for c in contents)


def document(above, body, libver):
    path = os.path.join(above, "seed.h5")
    with h5py.File(path, "w", libver=libver) as f:
        body(f)
    with open(path, "rb") as f:
        return f.read()


def things(f):
    f["numbers"] = np.arange(6, dtype="i2").reshape(2, 3)
    f.create_dataset("packed", data=np.zeros((8, 8), "u1"), chunks=(4, 8), compression="gzip")
    f["texts"] = ["a", "bc"]
    f["fixed"] = np.array([b"x", b"yz"])
    f["link"] = h5py.SoftLink("/numbers")
    f["away"] = h5py.ExternalLink("other.h5", "/x")
    f.attrs["format"] = "seed"
    f.attrs["mean"] = np.zeros(3, "f4")


def weights(f):
    f.attrs.update(network="resnet8", classes=4, input_size=8, mean=[.5] * 3, std=[.2] * 3)
    f["model/fc.weight"] = np.ones((2, 3), "f4")
    f["model/bn.running_var"] = np.ones(2, "f4")
    f["model/bn.num_batches_tracked"] = 3


def table(f):
    f.attrs.update(format="sld-teacher-logits", format_version=1, key="teacher: x\n", epoch=1)
    f["sample"] = np.array([0, 2, 3], "i4")
    f["class"] = np.arange(4)
    f["logits"] = np.zeros((3, 4), "f4")
    f["sha256"] = np.zeros((1, 32), "u1")


def make(above):
    """Files above/TARGET/NAME."""
    os.makedirs(above, exist_ok=True)
    for path in glob.glob(os.path.join(TOP, "sweeps", "*.yaml")):
        with open(path, "rb") as f:
            text = f.read()
        put(above, "spec", os.path.basename(path), text)
    put(above, "spec", "small", b"name: s\nbase: {method: none}\naxes: {train.lr: [0.1, 0.2], arm: {A: {}, B: {train.batch: 32}}}\n"
        b"seeds: 1..2\nexclude: [{arm: A, train.lr: 0.1}]\nlaunch: {ranks: 2}\n")
    put(above, "config", "small", b"method: sld\nseed: 3\nteacher: {weights: t.h5}\nkd: {temperatures: [1, 2.5]}\ntrain.epochs: 4\n")
    put(above, "points", "small", b"sld-sweep 1\nname\ts\nbaseline\tA\naxis\tarm\nlaunch\tranks\t2\nlaunch\tslots\t0\nlaunch\tretries\t2\n")
    for kind, body in (("document", things), ("weights", weights), ("table", table)):
        for libver in ("earliest", "latest"):
            put(above, kind, libver, document(above, body, libver))
    pictures = struct.pack(">IIII", 0x803, 2, 3, 3) + bytes(18)
    labels = struct.pack(">II", 0x801, 2) + bytes([0, 1])
    put(above, "idx", "small", files(pictures, labels, pictures, labels))
    record = bytes([1, 2]) + bytes(3072)
    put(above, "cifar", "small", files(record * 2, record, b"name\n" * 100, b"name\n" * 20))
