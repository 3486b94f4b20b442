"""sld_analysis import-data: CIFAR's python version, folders of images and .npz become files that sld trains on, with the pixels
that they had; and what is said of other input. Skipped without Pillow."""
import hashlib
import os
import pickle
import zipfile
from unittest import mock

from package import needs, said_by

needs("PIL")

import h5py
import numpy as np
from PIL import Image

from harness import check, expect, in_folder, sld, write
from sld_analysis import import_cifar
from sld_analysis.__main__ import main as sld_analysis

CIFAR100 = os.environ.get("SLD_CIFAR100_DIR", "")


def run(*args):
    return said_by(sld_analysis, "import-data", *args)


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
    refused("few.npz", "n.h5", says=("y_train", "(20) or (20,1)", "got (3,)"))
    for kind in (x.dtype, float):
        np.savez("none.npz", x_train=x[:0].astype(kind), y_train=y[:0], x_test=x, y_test=y)
        refused("none.npz", "n.h5", says=("none.npz: x_train: expected at least one image", "(0, "))
    np.savez("names.npz", a=x)
    refused("names.npz", "n.h5", says=("x_train", "got a"))
    np.savez("minus.npz", x_train=x, y_train=y - 1, x_test=x, y_test=y)
    refused("minus.npz", "n.h5", says=("y_train[0]: expected a whole number from 0, got -1",))
    np.savez("object.npz", x_train=np.array([{}], object), y_train=y, x_test=x, y_test=y)
    refused("object.npz", "n.h5")


def saved(name, **changes):
    """A .npz of 24 images in 3 classes, 9 of them for test, in which some arrays are others."""
    x = np.random.default_rng(5).integers(0, 256, (24, 16, 16, 3)).astype(np.uint8)
    arrays = {"x_train": x, "y_train": np.arange(24) % 3, "x_test": x[:9], "y_test": np.arange(9) % 3}
    arrays.update({key: change(arrays[key]) if callable(change) else change for key, change in changes.items()})
    np.savez(name, **arrays)
    return name


def sld_takes(path, more=""):
    write("takes.yaml", "method: none\nstudent: {network: resnet8}\ndata: {format: hdf5, path: %s%s}\n" % (path, more))
    expect(sld("data", "info", "takes.yaml", ranks=0), 0)


def check_what_sld_refuses():
    """A set that sld would refuse is refused at once, or its user is told what it needs."""
    for changes, says in (({"y_test": lambda y: y + 5}, ("test label [0]: expected 0 to 2, as in train, got 5",)),
                          ({"y_train": lambda y: 0 * y, "y_test": lambda y: 0 * y}, ("expected labels of 2 to 4096 classes, got 1",)),
                          ({"y_train": lambda y: y + 5000}, ("expected labels of 2 to 4096 classes, got 5003",)),
                          ({"x_train": lambda x: x[:, :1].repeat(5000, 1)}, ("sides of 1 to 4096, got 5000x16",))):
        refused(saved("odd.npz", **changes), "odd.h5", says=("sld-analysis import-data: odd.npz: ", *says))
        check(not os.path.exists("odd.h5"), "nothing is written")
    random = np.random.default_rng(6)
    rows = random.integers(0, 256, (8, 3074)).astype(np.uint8)
    rows[:, :2] %= 3
    python_version("named", {"train": rows, "test": rows}, [b"a", b"b"], [b"c", b"d", b"e"])
    refused("named", "odd.h5", says=("label [", "expected 0 to 1, as many as names, got 2"))
    wide = saved("wide.npz", x_train=lambda x: x[:, :12], x_test=lambda x: x[:, :12])
    code, out, err = run(wide, "wide.h5")
    check(code == 0 and "images of 12x16 are not square: sld trains on them with data.input_size=N alone, N at most 12" in err, code, err)
    sld_takes("wide.h5", ", input_size: 12")
    code, out, err = run(wide, "wide.h5", "--size", "8")
    check(code == 0 and not err and "8x8x3" in out, "the shorter side is scaled, and the centre taken", code, err)
    sld_takes("wide.h5")


def check_values():
    """Whole numbers of any type are taken, as sld takes them; other values are named, with the cure for them."""
    whole = lambda v: v.astype(np.float32)  # noqa: E731
    check(run(saved("whole.npz", x_train=whole, y_train=whole, x_test=whole, y_test=lambda y: whole(y)[:, None]), "whole.h5")[0] == 0, "whole floats")
    check(run(saved("bytes.npz"), "bytes.h5")[0] == 0, "bytes")
    with h5py.File("whole.h5") as a, h5py.File("bytes.h5") as b:
        check(all(np.array_equal(a[k][()], b[k][()]) for k in ("train/images", "train/labels", "test/images", "test/labels")), "the same")
    sld_takes("whole.h5")
    normal, names, one_hot = lambda x: (x - 127.0) / 46, lambda y: np.array(["cat", "dog", "eel"])[y], lambda y: np.eye(3)[y]
    place = "[0, 1, 2, 0]: expected a whole number from 0 to 255, got "

    def at(value, kind):
        def change(x):
            x = x.astype(kind)
            x[0, 1, 2, 0] = value
            return x
        return change
    for changes, says, says_not in (
            ({"x_train": at(300, "i2")}, ("x_train" + place + "300, in int16", "before any normalisation"), "by 255"),
            ({"x_test": at(-1, "i2")}, ("x_test" + place + "-1",), "by 255"),
            ({"x_train": at(0.5, "f4")}, ("x_train" + place + "0.5, in float32",), "by 255"),
            ({"x_train": at(np.nan, "f4")}, ("x_train" + place + "nan",), "by 255"),
            ({"x_train": normal}, ("x_train[0, 0, 0, 0]: expected a whole number", "before any normalisation"), "by 255"),
            ({"x_train": lambda x: x / 255}, ("got 0 to 1, float64", "multiply images of 0 to 1 by 255 and round"), "normalisation"),
            ({"x_train": lambda x: x > 99}, ("bool", "images * numpy.uint8(255)"), "normalisation"),
            ({"y_train": names}, ("y_train", "got texts", "return_inverse=True"), "argmax"),
            ({"y_test": one_hot}, ("y_test", "rows of 3 numbers", "labels.argmax(1)"), "unique"),
            ({"y_train": lambda y: y + 0.5}, ("y_train[0]", "got 0.5"), "argmax")):
        code, out, err = run(saved("odd.npz", **changes), "odd.h5")
        check(code == 2 and all(word in err for word in says) and says_not not in err, code, err, says)


def check_damaged():
    for save in (np.savez, np.savez_compressed):
        save("whole.npz", x_train=np.full((4, 9, 9), 7, np.uint8), y_train=np.arange(4), x_test=np.zeros((4, 9, 9), np.uint8), y_test=np.arange(4))
        with zipfile.ZipFile("whole.npz") as z:
            part = z.getinfo("x_train.npy")
        content = bytearray(open("whole.npz", "rb").read())
        content[part.header_offset + 70 + part.compress_size // 2] ^= 1
        with open("bit.npz", "wb") as f:
            f.write(content)
        refused("bit.npz", "n.h5", says=("bit.npz: x_train: damaged: ",))
        with open("bit.npz", "wb") as f:
            f.write(content[:-30])
        refused("bit.npz", "n.h5", says=("bit.npz: expected a .npz of arrays, got one that is not whole",))


def check_told():
    """What of a source is not taken is told, and a setting that does nothing is refused."""
    for name, more in (("x_val.npz", {"x_val": np.zeros(3), "y_val": np.zeros(3)}), ("two.npz", {"train_images": np.zeros(3)})):
        code, out, err = run(saved(name, **more), "told.h5")
        check(code == 0 and "%s: not taken: %s; sld has train and test" % (name, ", ".join(sorted(more))) in err and "data.val_fraction" in err,
              code, err)
    code, out, err = run(saved("plain.npz"), "told.h5")
    check(code == 0 and not err, "nothing to tell", err)
    for path in ("train/a/0.png", "train/b/0.png", "test/a/0.png", "test/b/0.png", "val/a/0.png"):
        os.makedirs(os.path.dirname("three/" + path), exist_ok=True)
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save("three/" + path)
    os.makedirs("three/train/empty")
    write("three/train/a/1.gif", "")
    write("three/train/.hidden", "")
    code, out, err = run("three", "told.h5")
    check(code == 0 and "three: not taken: val; sld has train and test" in err, code, err)
    check("three/train/a/1.gif and 1 more" in err and "hidden" not in err, "files and folders without images", err)
    os.rename("three/test", "three/rest")
    code, out, err = run("three", "told.h5")
    check(code == 0 and "three/val: taken for test" in err and "not taken: rest" in err, code, err)
    for size in ("0", "-1", "4097"):
        refused("plain.npz", "n.h5", "--size", size, says=("--size: expected 1 to 4096, got " + size,))


def check_refusals():
    refused("absent", "n.h5", says=("absent: no such",))
    os.makedirs("empty")
    refused("empty", "n.h5", says=("folders train and test",))
    write("text.txt", "x")
    refused("text.txt", "n.h5", says=(".npz",))
    np.save("single.npy", np.zeros((2, 3, 3)))
    os.rename("single.npy", "single.npz")
    for name, content, says in (("text.npz", "x", "got another file"), ("zero.npz", "", "got an empty file"), ("single.npz", None, "got a single array")):
        if content is not None:
            write(name, content)
        refused(name, "n.h5", says=(name + ": expected a .npz of arrays, " + says,))
    refused("keras.npz", "keras.npz", says=("same file",))
    with h5py.File("mine.h5", "w") as f:
        f["x"], f.attrs["made_by"] = 1, ["a", "b"]
    before = open("mine.h5", "rb").read()
    refused("keras.npz", "mine.h5", says=("already exists",))
    check(open("mine.h5", "rb").read() == before, "untouched")
    check(run("keras.npz", "mine.h5", "--force")[0] == 0 and run("keras.npz", "mine.h5")[0] == 0, "forced, then its own")
    os.symlink("mine.h5", "link.h5")
    refused("keras.npz", "link.h5", says=("link.h5: expected the name of a file, got a link",))
    refused("keras.npz", "absent/n.h5", says=("absent/n.h5: there is no folder absent",))

    class Evil:
        def __reduce__(self):
            return os.system, ("touch ran",)
    os.makedirs("evil")
    for name in ("train", "test", "meta"):
        dump("evil/" + name, {b"data": Evil(), b"fine_labels": [0]})
    refused("evil", "n.h5", says=("evil/meta", "system"))
    check(not os.path.exists("ran"), "no code of the pickle ran")


def check_memory():
    """Too little memory is no fault of the file: it is told as what it is."""
    os.makedirs("short")
    for name in ("train", "test", "meta"):
        dump("short/" + name, {b"fine_label_names": [b"a", b"b"]})
    with mock.patch.object(import_cifar.ArrayUnpickler, "load", side_effect=MemoryError):
        code, out, err = run("short", "n.h5")
    check(code == 1 and not out and "import-data: out of memory" in err and not os.path.exists("n.h5"), code, err)


def main():
    check_cifar100()
    check_cifar10()
    check_images()
    check_npz()
    check_what_sld_refuses()
    check_values()
    check_damaged()
    check_told()
    check_refusals()
    check_memory()


in_folder(main)
