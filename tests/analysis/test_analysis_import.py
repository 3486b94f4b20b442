"""sld_analysis import-data: CIFAR's python version, folders of images and .npz become files that sld trains on, with the pixels
that they had; and what is said of other input. Skipped without Pillow."""
import hashlib
import os
import pickle

from package import needs, said_by

needs("PIL")

import h5py
import numpy as np
from PIL import Image

from harness import check, expect, in_folder, sld, write
from sld_analysis import import_data

CIFAR100 = os.environ.get("SLD_CIFAR100_DIR", "")


def run(*args):
    return said_by(import_data.main, *args)


def refused(*args, says=()):
    code, out, err = run(*args)
    check(code in (2, 74) and not out and "Traceback" not in err, args, code, err)
    for word in says:
        check(word in err, "the message says it", word, err)
    check(not any(n.endswith(".tmp") for n in os.listdir(".")), "nothing is left of a refusal")


def dump(path, content):
    with open(path, "wb") as f:
        pickle.dump(content, f, protocol=2)


def python_version(folder, records, fine_names, coarse_names):
    """cifar-100-python of records in the binary layout, as torchvision finds it."""
    os.makedirs(folder)
    for name, rows in records.items():
        dump(os.path.join(folder, name), {b"filenames": [b"x.png"] * len(rows), b"batch_label": b"one", b"data": np.ascontiguousarray(rows[:, 2:]),
                                          b"fine_labels": rows[:, 1].tolist(), b"coarse_labels": rows[:, 0].tolist()})
    dump(os.path.join(folder, "meta"), {b"fine_label_names": fine_names, b"coarse_label_names": coarse_names})


def check_cifar100():
    random = np.random.default_rng(1)
    records = {"train": random.integers(0, 256, (200, 3074)).astype(np.uint8), "test": random.integers(0, 256, (80, 3074)).astype(np.uint8)}
    for rows in records.values():
        rows[:, 1] %= 100
        rows[:, 0] %= 20
    if CIFAR100:
        records = {n: np.fromfile(os.path.join(CIFAR100, n + ".bin"), np.uint8).reshape(-1, 3074) for n in records}
    python_version("cifar-100-python", records, [b"fine%d" % k for k in range(100)], [b"coarse%d" % k for k in range(20)])
    code, out, err = run("cifar-100-python", "c100.h5")
    check(code == 0 and "100 classes" in out, out, err)
    for name, rows in records.items():
        check(hashlib.sha256(rows.tobytes()).hexdigest() in out, "the SHA-256 of the binary version", name)
        with h5py.File("c100.h5") as f:
            check(np.array_equal(f[name + "/images"][()].transpose(0, 3, 1, 2).reshape(len(rows), -1), rows[:, 2:]), "pixels", name)
            check(np.array_equal(f[name + "/labels"][()], rows[:, 1]) and np.array_equal(f[name + "/coarse"][()], rows[:, 0]), "labels", name)
    write("c.yaml", "method: none\nstudent: {network: resnet8}\ndata: {format: hdf5, path: c100.h5}\n")
    expect(sld("data", "info", "c.yaml", ranks=0), 0, "100")


def check_cifar10():
    random = np.random.default_rng(2)
    os.makedirs("deep/cifar-10-batches-py")
    data = random.integers(0, 256, (60, 3072)).astype(np.uint8)
    labels = (np.arange(60) % 10).tolist()
    for i in range(5):
        dump("deep/cifar-10-batches-py/data_batch_%d" % (i + 1), {b"data": data[10 * i:10 * i + 10], b"labels": labels[10 * i:10 * i + 10]})
    dump("deep/cifar-10-batches-py/test_batch", {b"data": data[50:], b"labels": labels[50:]})
    dump("deep/cifar-10-batches-py/batches.meta", {b"label_names": [b"class%d" % k for k in range(10)]})
    code, out, err = run("deep", "c10.h5")
    binary = b"".join(bytes([labels[i]]) + data[i].tobytes() for i in range(50))
    check(code == 0 and hashlib.sha256(binary).hexdigest() in out, out, err)
    with h5py.File("c10.h5") as f:
        check(f["class_names"].asstr()[3] == "class3" and f["train/images"].shape == (50, 32, 32, 3), "names and shape")
    write("c10.yaml", "method: none\nstudent: {network: resnet8}\ndata: {format: hdf5, path: c10.h5}\ntrain: {epochs: 1, batch: 25}\nname: c10\n")
    expect(sld("run", "c10.yaml", ranks=0), 0)


def check_images():
    random = np.random.default_rng(3)
    wanted = {}
    for split, n in (("train", 3), ("val", 2)):
        for name in ("zebra", "ant", "bee"):
            os.makedirs("images/%s/%s" % (split, name))
            for i in range(n):
                pixels = random.integers(0, 256, (32, 32, 3)).astype(np.uint8)
                Image.fromarray(pixels).save("images/%s/%s/%d.png" % (split, name, i))
                wanted[split, name, i] = pixels
    Image.fromarray(np.full((32, 32), 7, np.uint8)).save("images/train/ant/9.PNG")  # grey among colours
    code, out, err = run("images", "p.h5")
    check(code == 0 and "10 training and 6 test images of 32x32x3, 3 classes" in out, out, err)
    with h5py.File("p.h5") as f:
        check(list(f["class_names"].asstr()) == ["ant", "bee", "zebra"] and list(f["train/labels"]) == [0] * 4 + [1] * 3 + [2] * 3, "as ImageFolder")
        check(np.array_equal(f["train/images"][1], wanted["train", "ant", 1]) and np.array_equal(f["test/images"][5], wanted["val", "zebra", 1]),
              "pixels")
        check((f["train/images"][3] == 7).all(), "grey")
    Image.fromarray(np.zeros((40, 64, 3), np.uint8)).save("images/train/bee/wide.jpg")
    refused("images", "p2.h5", says=("wide.jpg", "expected 32x32", "40x64", "--size"))
    check(run("images", "p2.h5", "--size", "16")[0] == 0, "scaled")
    with h5py.File("p2.h5") as f:
        check(f["train/images"].shape == (11, 16, 16, 3), "one size")
    write("images/val/zebra/broken.png", "no image")
    refused("images", "p3.h5", "--size", "8", says=("broken.png", "expected an image"))
    os.unlink("images/val/zebra/broken.png")
    os.makedirs("images/val/yak")
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save("images/val/yak/0.png")
    refused("images", "p3.h5", "--size", "8", says=("class yak",))


def check_npz():
    random = np.random.default_rng(4)
    x, y = random.integers(0, 256, (20, 28, 28)).astype(np.uint8), (np.arange(20) % 4)
    np.savez("keras.npz", x_train=x[:12], y_train=y[:12], x_test=x[12:], y_test=y[12:])
    code, out, err = run("keras.npz", "k.h5")
    check(code == 0 and "12 training and 8 test images of 28x28x1, 4 classes" in out, out, err)
    with h5py.File("k.h5") as f:
        check(np.array_equal(f["test/images"][..., 0], x[12:]) and np.array_equal(f["test/labels"][()], y[12:]), "pixels and labels")
    planes = random.integers(0, 256, (6, 3, 8, 8))
    np.savez("med.npz", train_images=planes, train_labels=np.arange(6)[:, None], test_images=planes, test_labels=np.arange(6)[:, None], val_images=planes)
    check(run("med.npz", "m.h5")[0] == 0, "channels first, labels in a column")
    with h5py.File("m.h5") as f:
        check(np.array_equal(f["train/images"][()].transpose(0, 3, 1, 2), planes), "channels last")
    np.savez("float.npz", x_train=x / 255.0, y_train=y, x_test=x, y_test=y)
    refused("float.npz", "n.h5", says=("x_train", "whole numbers from 0 to 255", "float64"))
    np.savez("few.npz", x_train=x, y_train=y[:3], x_test=x, y_test=y)
    refused("few.npz", "n.h5", says=("y_train", "3 and 20"))
    for kind in (x.dtype, float):
        np.savez("none.npz", x_train=x[:0].astype(kind), y_train=y[:0], x_test=x, y_test=y)
        refused("none.npz", "n.h5", says=("none.npz: x_train: expected at least one image", "(0, "))
    np.savez("names.npz", a=x)
    refused("names.npz", "n.h5", says=("x_train", "got a"))
    np.savez("minus.npz", x_train=x, y_train=y - 1, x_test=x, y_test=y)
    refused("minus.npz", "n.h5", says=("whole numbers from 0", "-1 to 2"))
    np.savez("object.npz", x_train=np.array([{}], object), y_train=y, x_test=x, y_test=y)
    refused("object.npz", "n.h5")


def check_refusals():
    refused("absent", "n.h5", says=("absent: no such",))
    os.makedirs("empty")
    refused("empty", "n.h5", says=("folders train and test",))
    write("text.txt", "x")
    refused("text.txt", "n.h5", says=(".npz",))
    write("text.npz", "x")
    refused("text.npz", "n.h5", says=("text.npz",))
    refused("keras.npz", "keras.npz", says=("same file",))
    with h5py.File("mine.h5", "w") as f:
        f["x"] = 1
    before = open("mine.h5", "rb").read()
    refused("keras.npz", "mine.h5", says=("already exists",))
    check(open("mine.h5", "rb").read() == before, "untouched")
    check(run("keras.npz", "mine.h5", "--force")[0] == 0 and run("keras.npz", "mine.h5")[0] == 0, "forced, then its own")
    os.symlink("mine.h5", "link.h5")
    refused("keras.npz", "link.h5", says=("a link",))
    refused("keras.npz", "absent/n.h5", says=("absent/n.h5 cannot be written",))

    class Evil:
        def __reduce__(self):
            return os.system, ("touch ran",)
    os.makedirs("evil")
    for name in ("train", "test", "meta"):
        dump("evil/" + name, {b"data": Evil(), b"fine_labels": [0]})
    refused("evil", "n.h5", says=("evil/meta", "system"))
    check(not os.path.exists("ran"), "no code of the pickle ran")


def main():
    check_cifar100()
    check_cifar10()
    check_images()
    check_npz()
    check_refusals()


in_folder(main)
