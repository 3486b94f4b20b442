"""Own data and own teachers: names in any encoding, labels from 1, few classes, a share of test, another folder, a teacher with
other constants: done, or told by one warning each, as are settings that such data leave nothing to do."""
import glob
import os
import shutil

import h5py
import numpy as np

from harness import check, expect, in_folder, sld, write

NONE = "method: none\nstudent: {network: resnet8}\ntrain: {epochs: 1, batch: 20, lr: 0.01, lr_stages: []}\n"
KD = "method: kd\nstudent: {network: resnet8}\ntrain: {epochs: 1, batch: 20, lr: 0.01, lr_stages: []}\n"
RNG = np.random.default_rng(0)


def data(path, body=None, classes=4, n=40, test=20, side=8, width=0, **attributes):
    with h5py.File(path, "w") as f:
        for split, k in (("train", n), ("test", test)):
            f[split + "/labels"] = np.arange(k) % classes
            f[split + "/images"] = RNG.integers(0, 256, (k, side, width or side, 3), dtype="u1")
        f.attrs.update(attributes)
        if body:
            body(f)


def of(path):
    return ["data.format=hdf5", "data.path=" + path]


def warnings(*args):
    done = sld(*args, ranks=0)
    expect(done, 0)
    return [line for line in done.err.splitlines() if "warning:" in line]


def one_warning(args, *words):
    said = warnings(*args)
    check(len(said) == 1 and all(w in said[0] for w in words), words, "wanted in one warning:", said)


def shapes():
    """Weights know one side: images of two are refused before they are trained on, not when their weights are read."""
    data("wide.h5", width=12)
    for more in ([], ["teacher.weights=none/last.h5", "method=kd"]):
        expect(sld("run", "none.yaml", *of("wide.h5"), *more, "run.dir=wide"), 2, "wide.h5: expected square images, got 8x12", "data.input_size")
    write("wide.yaml", "name: wide\nbase: {method: none, student: {network: resnet8}, data: {path: wide.h5}, train: {epochs: 1}}\n")
    for more in (["--plan"], [], ["--no-run"]):
        expect(sld("sweep", "wide.yaml", *more, ranks=0), 2, "wide.h5: expected square images, got 8x12", "data.input_size")
    check(not os.path.exists("runs/wide"), "a folder was made")
    expect(sld("sweep", "wide.yaml", "--plan", "data.input_size=8", "augment.crop=resized", ranks=0), 0)
    expect(sld("run", "none.yaml", *of("wide.h5"), "data.input_size=8", "augment.crop=resized", "run.dir=wide8"), 0)
    expect(sld("eval", "wide8/last.h5"), 0, "top-1")


def plans():
    """A plan and a job's script count with the data set's own sizes."""
    def idx(name, content, *dims):
        with open("mnist/" + name, "wb") as f:
            f.write(bytes([0, 0, 8, len(dims)]) + b"".join(n.to_bytes(4, "big") for n in dims) + content)

    data("plan.h5", n=48, test=8)
    os.makedirs("mnist")
    for split, n in (("train", 36), ("t10k", 12)):
        idx(split + "-images-idx3-ubyte", bytes(n * 64), n, 8, 8)
        idx(split + "-labels-idx1-ubyte", bytes(i % 4 for i in range(n)), n)
    spec = "name: p\nbase: {method: none, student: {network: resnet8}, train: {epochs: 40}, data: {path: %s}}\n"
    for path, kind, train, test in (("plan.h5", "hdf5", 48, 8), ("mnist", "idx", 36, 12)):
        write("p.yaml", spec % path)
        plan = expect(sld("sweep", "p.yaml", "--plan", ranks=0), 0, "on %s (%d images, %d to test)" % (kind, train, test)).out
        minutes = float(plan.split("  training ")[1].split()[0])
        check(minutes < 0.1, "of some dozens of small images", plan)  # of the public sets: half an hour and more
        script = expect(sld("sweep", "p.yaml", "--print-job", "slurm", ranks=0), 0).out
        check("--time=00:12:00" in script, "the shortest job", script)


def names():
    def latin1(f):
        f["class_names"] = np.array([b"caf\xe9", b"b", "th\u00e9".encode(), b"d"])
        f.attrs["name"] = np.bytes_(b"Stra\xdfe")

    data("latin1.h5", latin1)
    one_warning(("run", "none.yaml", *of("latin1.h5"), "run.dir=latin1"), "latin1.h5: 1 name is not UTF-8, read as Latin-1")
    with h5py.File("latin1/results.h5") as f:
        found = [n.decode() if isinstance(n, bytes) else n for n in f["class_name"][()]]
        check(found == ["caf\u00e9", "b", "th\u00e9", "d"], "names", found)
        for key, value in f.attrs.items():
            check(not isinstance(value, str) or value.encode(), key)
    with h5py.File("latin1/last.h5") as f:
        check(f.attrs["data_name"] == "Stra\u00dfe", "name of the set", f.attrs["data_name"])
    for text, kept in (("\u00e9" * 60 + "x", "\u00e9" * 31), ("x" + "\u20ac" * 40, "x" + "\u20ac" * 20), ("n" * 64, "n" * 63),
                       (np.bytes_(b"\xdf" * 50), "\u00df" * 31)):
        data("long.h5", name=text)
        one_warning(("data", "info", "none.yaml", *of("long.h5")), "the attribute name is longer than 63 bytes and cut: " + kept)
    data("fits.h5", name="\u00e9" * 31)
    check(not warnings("data", "info", "none.yaml", *of("fits.h5")), "a warning for nothing")
    data("repeat.h5", lambda f: f.create_dataset("class_names", data=np.array([b"dog", b"", b"cat", b"dog", b"", b"cat", b"dog"])))
    said = [line for line in warnings("data", "info", "none.yaml", *of("repeat.h5")) if "names" in line]
    check(len(said) == 2 and "2 of 7 class names are empty, the first is that of 1" in said[0]
          and "3 of 7 class names repeat another, the first is cat" in said[1], said)
    bad = "evil\x1b[31m\n2026-01-01T00:00:00Z error: forged \u202e"
    data("evil.h5", name=bad)
    done = sld("data", "info", "none.yaml", *of("evil.h5"), "data.input_size=100", ranks=0)
    expect(done, 2)
    done = sld("run", "none.yaml", *of("evil.h5"), "run.dir=evil", ranks=0)
    check("\x1b" not in done.err and "\u202e" not in done.err and "\nforged" not in done.err, "printed raw:", repr(done.err))
    check(not any(line.startswith("2026-01-01") for line in (done.err + done.out).splitlines()), "a forged line", done.err)
    done = sld("run", "no\x1b[31mne\u202e.yaml", ranks=0)
    expect(done, 2, "\\x1b", "\\u202e")
    check("\x1b" not in done.err, "printed raw:", repr(done.err))


def labels_and_pixels():
    def from_one(f):
        for split in ("train", "test"):
            f[split + "/labels"][...] = f[split + "/labels"][()] + 1

    data("from_one.h5", from_one)
    one_warning(("data", "info", "none.yaml", *of("from_one.h5")), "begin at 1", "subtract 1")
    data("gap.h5", lambda f: f["train/labels"].__setitem__(slice(None), np.arange(40) % 3 * 2), classes=5)
    one_warning(("data", "info", "none.yaml", *of("gap.h5")), "2 of 5 classes", "the first is 1")

    def binary(f):
        del f["train/images"]
        f["train/images"] = RNG.integers(0, 2, (40, 8, 8, 3)).astype("f4")

    data("binary.h5", binary)
    one_warning(("data", "info", "none.yaml", *of("binary.h5")), "above 1", "255")
    whole = RNG.integers(0, 256, (40, 8, 8, 3))
    for name, pixels, got, cure in (
            ("unit", np.where(whole == 0, 0, RNG.random(whole.shape)), "[0,0,0,0]: expected a whole number from 0 to 255, got 0.", "multiply images of 0 to 1 by 255"),
            ("signed", (whole - 128).astype("i1"), ", in values from -128 to 127", "add 128"),
            ("wide", np.where(np.arange(40).reshape(40, 1, 1, 1) == 7, 65535, whole).astype("u2"),
             "[7,0,0,0]: expected a whole number from 0 to 255, got 65535, in values from 0 to 65535", "images // 257"),
            ("threefold", 3.0 * whole, "in values from 0 to 765", "scale them to 0 to 255"),
            ("halves", np.clip(whole + .5, 0, 255), "[0,0,0,0]: ", "round them"),
            ("normal", (whole / 255 - .5) / .25, "in values from -2 to 2", "before any normalisation"),
            ("nan", np.where(whole == 255, np.nan, whole), "got nan", "NaN or infinity")):
        def other(f):
            del f["test/images"]
            f["test/images"] = pixels

        data(name + ".h5", other, test=40)
        expect(sld("data", "info", "none.yaml", *of(name + ".h5"), ranks=0), 2, "/test/images[", got, cure)
    data("val.h5", lambda f: f.create_group("val"))
    one_warning(("data", "info", "none.yaml", *of("val.h5")), "val.h5: /val is not read", "data.val_fraction")
    data("good.h5")
    one_warning(("data", "info", "none.yaml", *of("good.h5"), "data.input_size=8"), "data.input_size: 8 is the size of the images in good.h5")
    one_warning(("run", "none.yaml", *of("good.h5"), "train.batch=41", "run.dir=large-batch"), "train.batch 41 is more than the 40 training samples")
    check(not warnings("run", "none.yaml", *of("good.h5"), "train.batch=40", "run.dir=full-batch"), "a warning for nothing")
    write("batch.yaml", "name: b\nbase: {method: none, student: {network: resnet8}, train: {batch: 64}, data: {path: good.h5}}\n")
    expect(sld("sweep", "batch.yaml", "--plan", ranks=0), 0, "train.batch 64 is more than the 40 training samples")
    with h5py.File("large-batch/last.h5") as f, h5py.File("full-batch/last.h5") as g:
        check(all((f["model"][name][()] == g["model"][name][()]).all() for name in f["model"]), "it does something")
    for said, *settings in (("per_class: 10 keeps all 40 training", "data.per_class=10"),
                            ("train_fraction: 0.99 keeps all 40 training", "data.train_fraction=0.99"),
                            ("test_fraction: 0.999999 keeps all 20 test", "data.test_fraction=0.999999"),
                            ("label_noise: 1e-09 changes the label of none of the 40", "data.label_noise=1e-9")):
        one_warning(("run", "none.yaml", *of("good.h5"), "run.dir=vain-" + settings[0], *settings), said, "the ID is another")
        if "noise" not in said:
            one_warning(("data", "info", "none.yaml", *of("good.h5"), *settings), said)
    said = warnings("run", "none.yaml", *of("good.h5"), "data.per_class=9", "data.test_fraction=0.8", "data.label_noise=0.3", "run.dir=part")
    check(not said, "a warning for nothing", said)
    check("is another" not in sld("eval", "vain-data.per_class=10/last.h5", ranks=0).err, "eval speaks of IDs")
    plan = expect(sld("sweep", "batch.yaml", "--plan", "data.per_class=10", ranks=0), 0, "data.per_class 10 keeps all 40 training samples").out
    check("keeps all" not in sld("sweep", "batch.yaml", "--plan", "data.per_class=9", ranks=0).out, "nine of ten", plan)
    check(not warnings("data", "info", "none.yaml", *of("good.h5")), "a warning for nothing")


def other_forms():
    """What other programs write is refused with the line that mends it."""
    def put(name, value):
        def body(f):
            del f[name]
            f[name] = value
        return body

    labels = np.arange(40) % 4
    for name, body, *words in (
            ("first", put("train/images", RNG.integers(0, 256, (40, 3, 8, 8), dtype="u1")), "got 8; channels seem to come first", "transpose(0, 2, 3, 1)"),
            ("rgba", put("train/images", RNG.integers(0, 256, (40, 8, 8, 4), dtype="u1")), "got 4; images[..., :3]"),
            ("hot", put("train/labels", np.eye(4, dtype="u1")[labels]), "/train/labels: expected one class per sample", "argmax(1)"),
            ("texts", put("train/labels", np.array([b"cat", b"dog"] * 20)), "/train/labels: expected whole numbers", "return_inverse=True")):
        with h5py.File(name + ".h5", "w") as f:
            for split, n in (("train", 40), ("test", 20)):
                f[split + "/labels"] = np.arange(n) % 4
                f[split + "/images"] = RNG.integers(0, 256, (n,) + ((3, 8, 8) if name == "first" else (8, 8, 4) if name == "rgba" else (8, 8, 3)), dtype="u1")
            body(f)
        expect(sld("data", "info", "none.yaml", *of(name + ".h5"), ranks=0), 2, *words)
    data("column.h5", put("train/labels", labels[:, None]))
    data("reals.h5", put("train/labels", labels.astype("f8")))
    for name in ("column.h5", "reals.h5"):
        expect(sld("data", "info", "none.yaml", *of(name), ranks=0), 0)
    data("alike.h5", put("train/images", np.full((40, 8, 8, 3), 7, "u1")))
    one_warning(("data", "info", "none.yaml", *of("alike.h5")), "all training pixels are 7")


def elsewhere():
    """What a file holds where sld does not look is told, once for each kind, and not beside what is read."""
    moments, rgb = {"mean": [.5] * 3, "std": [.25] * 3}, np.full(3, .5)
    four = np.array([b"a", b"b", b"c", b"d"])

    def put(**values):
        return lambda f: [f.create_dataset(name, data=value) for name, value in values.items()]

    def attribute(at, **values):
        return lambda f: f[at].attrs.update(values)

    def coarse(f):
        for split, k in (("train", 40), ("test", 20)):
            f[split + "/coarse"] = np.arange(k) % 2
        f["train"].attrs["coarse_names"] = four[:2]

    for i, (body, *words) in enumerate((
            (put(mean=rgb, std=rgb), "/mean is not read", "attributes of the file"),
            (attribute("train", **moments), "the attribute mean of /train is not read", "measured"),
            (attribute("train/images", std=rgb), "the attribute std of /train/images is not read"),
            (attribute("/", Mean=rgb, Std=rgb), "the attribute Mean of / is not read"),
            (attribute("/", class_names=four), "the attribute class_names of / is not read", "/class_names"),
            (put(classes=four), "/classes is not read", "/class_names"),
            (put(coarse_names=four[:2]), "/coarse_names is not read", "/train/coarse and /test/coarse"),
            (coarse, "the attribute coarse_names of /train is not read", "/coarse_names"))):
        data("else%d.h5" % i, body)
        one_warning(("data", "info", "none.yaml", *of("else%d.h5" % i)), *words)
    data("also.h5", lambda f: (put(mean=rgb, class_names=four)(f), attribute("train", class_names=four)(f)), **moments)
    check(not warnings("data", "info", "none.yaml", *of("also.h5")), "what is read is there")


def test_part():
    """What is told of train is told of test; and test must not be what was trained on."""
    def put(name, value):
        def body(f):
            del f[name]
            f[name] = value
        return body

    def shared(n):
        def body(f):
            f["test/images"][:n] = f["train/images"][40 - n:]
        return body

    def linked(f):
        del f["test"]
        f["test"] = f["train"]

    some = RNG.integers(0, 256, (20, 8, 8, 3), dtype="u1")
    for name, body, *words in (
            ("test-dark", put("test/images", some % 2), "no test pixel is above 1"),
            ("test-flat", put("test/images", np.full((20, 8, 8, 3), 9, "u1")), "all test pixels are 9"),
            ("test-same", put("test/images", np.repeat(some[:1], 20, 0)), "all test images are the same one"),
            ("train-same", put("train/images", np.repeat(some[:1], 40, 0)), "all training images are the same one"),
            ("test-class", put("test/labels", np.full(20, 2)), "all test labels are 2", "the other 3 classes"),
            ("test-is-train", linked, "40 of 40 test images are in train too, the first is 0"),
            ("test-in-train", shared(1), "1 of 20 test images are in train too, the first is 0")):
        data(name + ".h5", body)
        one_warning(("data", "info", "none.yaml", *of(name + ".h5")), *words)
    data("large-test.h5", shared(1), test=100)  # as few as public sets have
    check(not warnings("data", "info", "none.yaml", *of("large-test.h5")), "one image of a hundred is told")

    def dark(f):
        for split, n in (("train", 40), ("test", 20)):
            del f[split + "/images"]
            f[split + "/images"] = RNG.integers(0, 2, (n, 8, 8, 3), dtype="u1")

    data("dark.h5", dark)
    one_warning(("data", "info", "none.yaml", *of("dark.h5")), "no pixel is above 1")
    one_warning(("run", "none.yaml", *of("test-class.h5"), "run.dir=test-class"), "all test labels are 2")


def unwritten():
    """Images that a writer did not come to are flat, in any layout."""
    def half(f):
        f["train/images"][13:] = 0

    def chunked(f):
        del f["train/images"]
        images = f.create_dataset("train/images", (40, 8, 8, 3), "u1", chunks=(16, 8, 8, 3), fillvalue=255)
        images[:36] = RNG.integers(0, 256, (36, 8, 8, 3), dtype="u1")

    def each(f):
        f["test/images"][2:5] = np.arange(3)[:, None, None, None]

    for name, body, words in (("half", half, "27 of 40 training images are all 0, the first is 13"),
                              ("chunked", chunked, "4 of 40 training images are all 255, the first is 36"),
                              ("each", each, "3 of 20 test images show one value each, the first is 2")):
        data(name + ".h5", body)
        one_warning(("data", "info", "none.yaml", *of(name + ".h5")), words)
    data("blank.h5", lambda f: f["train/images"].__setitem__(7, 0))
    check(not warnings("data", "info", "none.yaml", *of("blank.h5")), "one flat image is told")
    with h5py.File("point.h5", "w") as f:  # a pixel is always of one value
        for split, k in (("train", 40), ("test", 20)):
            f[split + "/labels"], f[split + "/images"] = np.arange(k) % 4, np.arange(100, 100 + k, dtype="u1")[:, None, None]
            f[split + "/images"][...] += np.uint8(50 * (split == "test"))
    check(not warnings("data", "info", "none.yaml", *of("point.h5")), "images of one pixel are told")


def few():
    data("two.h5", classes=2)
    expect(sld("run", "none.yaml", *of("two.h5"), "run.dir=two", ranks=0), 0)
    for method, word, *more in (("lskd", "+1 and -1"), ("dkd", "dkd", "kd.ramp=0"), ("nkd", "nkd")):
        taught = ("run", "kd.yaml", "method=" + method, "teacher.weights=two/last.h5", "run.dir=two-" + method, *more)
        one_warning((*taught, *of("two.h5")), "two classes", word)
    check(not warnings("run", "kd.yaml", "teacher.weights=two/last.h5", *of("two.h5"), "run.dir=two-kd"), "kd is warned of")
    data("one_left.h5", n=41)
    one_warning(("run", "none.yaml", "student.network=vgg8", "data.input_size=0", *of("one_left.h5"), "run.dir=left"),
                "one sample", "vgg8", "train.batch")
    check(not warnings("run", "none.yaml", *of("one_left.h5"), "run.dir=left8"), "resnet8 has no maps of one pixel there")


def share_of_test():
    data("large.h5", test=80)
    sets = {}
    for share in ("0.2", "0.5", "1"):
        for seed in ("1", "2"):
            folder = "share-%s-%s" % (share, seed)
            expect(sld("run", "none.yaml", *of("large.h5"), "data.test_fraction=" + share, "seed=" + seed,
                       "run.dir=" + folder, ranks=2 * (share == "0.5")), 0)
            with h5py.File(folder + "/results.h5") as f:
                sets[share, seed] = f["labels/test"][()], f["logits/test_last"][()], f.attrs["id"], f.attrs["data_sha256"]
    for share, n in (("0.2", 16), ("0.5", 40), ("1", 80)):
        labels = sets[share, "1"][0]
        check(len(labels) == n and (np.bincount(labels) == n // 4).all(), share, "of test:", labels)
        check((labels == sets[share, "2"][0]).all(), "the share moves with a seed")
    whole = {tuple(row) for row in sets["1", "1"][1].tolist()}
    half = {tuple(row) for row in sets["0.5", "1"][1].tolist()}
    fifth = {tuple(row) for row in sets["0.2", "1"][1].tolist()}
    check(fifth < half < whole, "a smaller share lies inside a larger one, with the same logits")
    check(len({s[2] for s in sets.values()}) == 6, "shares are trials of their own")
    check(len({s[3] for s in sets.values()}) == 1, "of one data set")
    expect(sld("eval", "share-0.2-1/last.h5", ranks=0), 0, "16 samples")
    expect(sld("eval", "share-0.2-1/last.h5", "data.test_fraction=1", ranks=0), 0, "80 samples")
    expect(sld("run", "none.yaml", *of("large.h5"), "data.test_fraction=0", ranks=0), 2, "test_fraction")


def from_another_folder():
    """A run keeps whole paths: its weights and its config.yaml serve elsewhere, and where run and data have moved together."""
    os.makedirs("home/data")
    os.makedirs("away")
    write("home/none.yaml", NONE)
    write("home/kd.yaml", KD)
    data("home/data/d.h5")
    os.chdir("home")
    expect(sld("run", "none.yaml", *of("data/d.h5"), "name=m"), 0)
    expect(sld("run", "kd.yaml", *of("data/d.h5"), "teacher.weights=runs/m/last.h5", "name=s", ranks=2), 0)
    there = sld("eval", "runs/m/last.h5", ranks=0)
    expect(there, 0)
    expect(sld("run", "none.yaml", *of(os.path.abspath("data/d.h5")), "name=m", ranks=0), 0, "done already")  # one ID
    os.chdir("../away")

    def same(path, *words):
        here = sld("eval", path, ranks=0)
        expect(here, 0, *words)
        check(here.out.split(": ", 1)[1] == there.out.split(": ", 1)[1], "other numbers", here.out, there.out)

    same("../home/runs/m/last.h5", "home/data/d.h5")
    shutil.copy("../home/runs/m/last.h5", "copy.h5")
    same("copy.h5", "home/data/d.h5")
    expect(sld("run", "../home/runs/s/config.yaml", "run.dir=s", ranks=0), 0)  # data and teacher
    with h5py.File("s/results.h5") as f, h5py.File("../home/runs/s/results.h5") as g:
        check(f.attrs["id"] == g.attrs["id"], "paths are part of the ID")
    os.rename("../home", "../moved")
    same("../moved/runs/m/last.h5", "moved/data/d.h5")
    os.rename("../moved/data/d.h5", "d.h5")
    expect(sld("eval", "../moved/runs/m/last.h5", ranks=0), 2, "home/data/d.h5", "data.path=")
    expect(sld("eval", "../moved/runs/m/last.h5", "data.path=d.h5", ranks=0), 0)
    os.chdir("..")


def teachers_own_constants():
    own, others = dict(mean=[.5] * 3, std=[.25] * 3), dict(mean=[.4, .5, .6], std=[.2, .3, .25])
    data("own.h5", **own)
    with h5py.File("own.h5") as f, h5py.File("others.h5", "w") as g:
        for name in ("train", "test"):
            f.copy(name, g)
        g.attrs.update(others)
    expect(sld("run", "none.yaml", *of("others.h5"), "run.dir=teacher"), 0)
    with h5py.File("teacher/last.h5") as f, h5py.File("t.h5", "w") as g:  # as a converted one: of no data set
        f.copy("model", g)
        for name in ("network", "classes", "mean", "std", "input_size"):
            g.attrs[name] = f.attrs[name]
    expect(sld("eval", "t.h5", *of("own.h5"), "--logits", "t_logits.h5", ranks=0), 0)
    with h5py.File("t_logits.h5") as f:
        wanted = f["logits"][()]
    weights = []
    for ranks, more in ((1, []), (3, []), (1, ["teacher.logits=store"]), (1, ["teacher.logits=store"])):
        folder = "kd%d" % len(weights)
        done = sld("run", "kd.yaml", "teacher.weights=t.h5", *of("own.h5"), "run.dir=" + folder, *more, ranks=ranks)
        expect(done, 0, "its own mean")
        with h5py.File(folder + "/results.h5") as f:
            check((f["logits/test_teacher"][()] == wanted).all(), "the teacher sees other images than in sld eval")
            weights.append((f.attrs["weights_sha256"], f.attrs["id"]))
    check(len(set(weights)) == 1, "ranks and store change the bits", weights)
    with h5py.File("t.h5", "r+") as f:  # the same tensors, read otherwise, are another teacher
        f.attrs["mean"] = np.array(own["mean"], "f4")
        f.attrs["std"] = np.array(own["std"], "f4")
    expect(sld("run", "kd.yaml", "teacher.weights=t.h5", *of("own.h5"), "run.dir=same"), 0)
    with h5py.File("same/results.h5") as f:
        check(f.attrs["id"] != weights[0][1] and f.attrs["weights_sha256"] != weights[0][0], "one ID for two teachers")
    expect(sld("run", "none.yaml", "student.weights=teacher/last.h5", *of("own.h5"), "run.dir=start"), 2, "mean", "std")


UNMEANT = """
name: unmeant
base: {method: kd, teacher: {weights: half/last.h5}, student: {network: resnet8}, synthetic: {train: 36, test: 20}, train: {epochs: 1, batch: 16}}
axes: {arm: {A: {kd.temperatures: [4]}, B: {kd.temperatures: [2]}}}
seeds: [1, 2]
"""


def weights_of_another_making():
    """Weights of another data set, or of a run that had not ended, may be meant: told once, by a sweep once for each file."""
    base = ("run", "none.yaml", "data.format=synthetic", "train.batch=16", "synthetic.test=20")
    expect(sld(*base, "synthetic.train=32", "train.epochs=3", "run.dir=half", "run.stop_after_steps=4"), 75)
    expect(sld(*base, "synthetic.train=32", "train.epochs=3", "run.dir=whole"), 0)
    other, open_ = "half/last.h5: trained on the data set synthetic (", "half/last.h5: its run had not ended: weights after epoch 2 of 3"
    kd = base + ("method=kd", "train.epochs=1")
    done = expect(sld(*kd, "synthetic.train=36", "teacher.weights=half/last.h5", "run.dir=k1", ranks=2), 0, other, open_)
    check(done.err.count("half/last.h5: ") == 2, done.err)
    done = expect(sld(*kd, "synthetic.train=32", "teacher.weights=half/best.h5", "student.weights=half/last.h5", "run.dir=k2"), 0,
                  "half/best.h5: its run had not ended", open_)
    check("trained on the data set" not in done.err, done.err)
    done = expect(sld(*kd, "synthetic.train=32", "teacher.weights=whole/best.h5", "student.weights=whole/last.h5", "run.dir=k3"), 0)
    check("whole/" not in done.err, done.err)
    val = kd + ("synthetic.train=32", "data.val_fraction=0.25")
    expect(sld(*base, "synthetic.train=32", "train.epochs=1", "data.val_fraction=0.25", "run.dir=val"), 0)
    done = expect(sld(*val, "teacher.weights=whole/last.h5", "student.weights=val/last.h5", "run.dir=k4", ranks=2), 0,
                  "whole/last.h5: its run trained on 12 of the 12 samples that are validation here: ",
                  "; give weights of a run that held them out too, by data.val_fraction\n")
    check(done.err.count("its run trained on") == 1, done.err)
    done = expect(sld(*val, "data.split_seed=9", "teacher.weights=val/last.h5", "student.weights=val/last.h5", "run.dir=k5"), 0,
                  "val/last.h5: its run trained on ", "; give all runs the same data.val_fraction, ")
    check(done.err.count(" of the 12 samples that are validation here: ") == 2, done.err)
    write("unmeant.yaml", UNMEANT)
    for command in (("--plan",), ()):
        said = expect(sld("sweep", "unmeant.yaml", *command), 0)
        said = said.out + said.err
        check(said.count(other) == 1 and said.count(open_) == 1, said)
    for log in glob.glob("runs/unmeant/trials/*/log-a1.txt"):
        with open(log) as f:
            check("half/last.h5: " not in f.read(), log)


def main():
    write("none.yaml", NONE)
    write("kd.yaml", KD)
    shapes()
    plans()
    names()
    labels_and_pixels()
    other_forms()
    elsewhere()
    test_part()
    unwritten()
    few()
    share_of_test()
    from_another_folder()
    teachers_own_constants()
    weights_of_another_making()


in_folder(main)
