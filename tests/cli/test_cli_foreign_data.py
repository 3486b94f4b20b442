"""Data sets and weights that other programs wrote: read right or refused with the cure, wherever the program starts; never a
crash, never zeros for what is not there, never more memory or time than the file explains."""
import os
import resource
import time

import h5py
import numpy as np

from harness import check, expect, in_folder, sld, write

NONE = "method: none\nstudent: {network: resnet8}\ntrain: {epochs: 1, batch: 20}\n"
RNG = np.random.default_rng(0)


def images(n, side=8):
    return RNG.integers(0, 256, (n, side, side, 3), dtype="u1")


def data(path, body=None, train=True, n=40):
    with h5py.File(path, "w") as f:
        for split, k in (("train", n), ("test", 20)):
            f[split + "/labels"] = np.arange(k) % 4
            if train or split == "test":
                f[split + "/images"] = images(k)
        if body:
            body(f)


def info(path, **more):
    return sld("data", "info", "none.yaml", "data.format=hdf5", "data.path=" + path, ranks=0, **more)


def sha(path):
    found = info(path)
    expect(found, 0)
    return [line for line in found.out.splitlines() if line.startswith("sha256")]


def virtual_data_sets():
    pixels = images(40)
    data("plain.h5", lambda f: f.create_dataset("train/images", data=pixels), train=False)
    with h5py.File("plain.h5", "r+") as f:
        test = f["test/images"][()]
    os.makedirs("sub/parts")
    layout = h5py.VirtualLayout((40, 8, 8, 3), "u1")
    for i in range(2):
        with h5py.File("sub/parts/p%d.h5" % i, "w") as f:
            f["x"] = pixels[20 * i:20 * i + 20].astype("i8" if i else "u1")  # converted, as all numbers are
        layout[20 * i:20 * i + 20] = h5py.VirtualSource("parts/p%d.h5" % i, "x", (20, 8, 8, 3))

    def body(f):
        f.create_virtual_dataset("train/images", layout)
        del f["test/images"]
        f["test/images"] = test

    data("sub/vds.h5", body, train=False)
    check(sha("sub/vds.h5") == sha("plain.h5"), "a virtual data set from another folder")
    data("plain.h5.decoy", train=False)
    os.chdir("sub")
    write("none.yaml", NONE)
    check(sha("vds.h5") == sha("../plain.h5"), "the same from its own folder")
    os.chdir("..")
    check(sha(os.path.abspath("sub/vds.h5")) == sha("plain.h5"), "the same by its whole path")

    os.rename("sub/parts/p1.h5", "sub/parts/gone.h5")
    expect(info("sub/vds.h5"), 2, "sub/parts/p1.h5", "cannot open")
    os.rename("sub/parts/gone.h5", "sub/parts/p1.h5")
    hole = h5py.VirtualLayout((40, 8, 8, 3), "u1")
    hole[:20] = h5py.VirtualSource("parts/p0.h5", "x", (20, 8, 8, 3))
    data("sub/hole.h5", lambda f: f.create_virtual_dataset("train/images", hole), train=False)
    expect(info("sub/hole.h5"), 2, "/train/images", "virtual data set", "empty", "h5py")
    twice = h5py.VirtualLayout((40, 8, 8, 3), "u1")  # as many values as wanted, and yet a hole
    twice[:20] = h5py.VirtualSource("parts/p0.h5", "x", (20, 8, 8, 3))
    twice[:20] = h5py.VirtualSource("parts/p1.h5", "x", (20, 8, 8, 3))
    data("sub/twice.h5", lambda f: f.create_virtual_dataset("train/images", twice), train=False)
    expect(info("sub/twice.h5"), 2, "/train/images", "empty")

    def whole(f, source):
        for name, shape in (("train/images", (40, 8, 8, 3)), ("train/labels", (40,))):
            layout = h5py.VirtualLayout(shape, "u1")
            layout[...] = h5py.VirtualSource(source, name if source != "." else "kept/" + name, shape)
            if source == ".":
                f["kept/" + name] = f[name][()]
            del f[name]
            f.create_virtual_dataset(name, layout)

    data("both.h5", lambda f: whole(f, os.path.abspath("plain.h5")))
    said = expect(info("both.h5"), 0, "/train/images is read from 1 other file").err
    check(said.count("/train/labels is read from 1 other file") == 1, "told once each", said)
    data("itself.h5", lambda f: whole(f, "."))
    check("other file" not in expect(info("itself.h5"), 0).err, "read from no other file")


def enumerations():
    """Names that HDF5 gives to numbers must give the same in train and test; h5py's booleans are numbers."""
    def named(name, kind):
        def body(f):
            old = f[name][()]
            del f[name]
            f.create_dataset(name, data=old.astype("u1"), dtype=h5py.enum_dtype(kind, "u1"))
        return body

    kind, told = dict(zip("abcd", range(4))), "names in the enumeration of /train/labels are not read"
    for other, code, word in ((kind, 0, told), (dict(a=0, b=1), 0, told), (dict(kind, a=1, b=0), 2, "got a = 1 where that has a = 0"),
                              (dict(kind, e=4), 0, told), (dict(A=0, b=1, c=2, d=3), 2, "got A = 0 where that has a = 0")):
        data("enum.h5", lambda f: (named("train/labels", kind)(f), named("test/labels", other)(f)))
        said = expect(info("enum.h5"), code, word, "/test/labels" if code else "").err
        check(said.count("warning:") == (code == 0), "one warning, or the refusal alone", said)

    def both(f, body=()):
        f["class_names"] = np.array([b"a", b"b", b"c", b"d"])
        for split, k in (("train", 40), ("test", 20)):
            f[split + "/coarse"] = np.arange(k) % 2
        for name, kind in body:
            named(name, kind)(f)

    data("named.h5", lambda f: both(f, [("train/labels", kind), ("test/labels", kind)]))
    check("warning:" not in expect(info("named.h5"), 0).err, "the names are there")
    data("coarse.h5", lambda f: both(f, [("train/coarse", dict(x=0, y=1)), ("test/coarse", dict(x=1, y=0))]))
    expect(info("coarse.h5"), 2, "/test/coarse", "got x = 1 where that has x = 0")

    def booleans(f):
        for split, k in (("train", 40), ("test", 20)):
            del f[split + "/labels"]
            f[split + "/labels"] = np.arange(k) % 2 == 1

    data("bool.h5", booleans)
    check("warning:" not in expect(info("bool.h5"), 0, "classes   2").err, "booleans are told")


def number_types():
    """Whole numbers are read from every number type, of either byte order; nothing else is, however it is stored."""
    with h5py.File("plain.h5") as f:
        whole = {name: f[name][()] for name in ("train/images", "train/labels")}

    def stored(**changed):
        with h5py.File("plain.h5") as plain, h5py.File("typed.h5", "w") as f:
            plain.copy("test", f)
            for name, numbers in whole.items():
                f[name] = changed.get(name[6:], numbers)

    plain = sha("plain.h5")
    for kind in (">f4", ">f8", "<f2", ">f2", ">i2"):
        stored(images=whole["train/images"].astype(kind), labels=whole["train/labels"].astype(kind))
        check(sha("typed.h5") == plain, "images and labels of", kind)
    for name, text in (("train/images", "/train/images[0,0,1,2]: expected a whole number from 0 to 255"),
                       ("train/labels", "/train/labels[5]: expected a whole number from 0 to 2147483647, got %.15g; numpy.unique")):
        large = 256 if "images" in name else 2**40
        for kind, *values in ((">f4", 1.5, 0.5, float("nan"), float("-inf"), -1, large), ("<f2", 0.5, float("nan")), ("<f8", 0.5, large)):
            for bad in values:
                numbers = whole[name].astype(kind)
                numbers.ravel()[5] = bad
                stored(**{name[6:]: numbers})
                expect(info("typed.h5"), 2, text % bad if "%" in text else text)

    with h5py.File("part.h5", "w") as f:
        f["x"] = whole["train/images"].astype(">f4")
    stored()
    layout = h5py.VirtualLayout((40, 8, 8, 3), "u1")
    for half in (slice(20), slice(20, 40)):
        layout[half] = h5py.VirtualSource("part.h5", "x", (40, 8, 8, 3))[half]
    os.rename("typed.h5", "parts.h5")
    with h5py.File("parts.h5", "r+") as f:
        del f["train/images"]
        f.create_virtual_dataset("train/images", layout)
    check(sha("parts.h5") == plain, "a virtual data set of another type")
    with h5py.File("part.h5", "r+") as f:
        f["x"][30, 0, 0, 0] = 0.5
    expect(info("parts.h5"), 2, "/train/images[30,0,0,0]: expected a whole number from 0 to 255")


def links_and_storage():
    data("target.h5")

    def linked(f):
        del f["train/images"]
        f["train/images"] = h5py.ExternalLink("target.h5", "/train/images")

    data("linked.h5", linked)
    expect(info("linked.h5"), 2, "/train/images", "external link", "target.h5", "h5copy -f ext")

    def outside(f):
        f.create_dataset("train/images", (40, 8, 8, 3), "u1", external=[("raw.bin", 0, 40 * 192)])

    data("outside.h5", outside, train=False)
    expect(info("outside.h5"), 2, "/train/images", "external storage", "h5repack")


def never_written():
    data("empty.h5", lambda f: f.create_dataset("train/images", (40, 8, 8, 3), "u1"), train=False)
    expect(info("empty.h5"), 2, "/train/images", "never written")

    def chunks(f):
        d = f.create_dataset("train/images", (40, 8, 8, 3), "u1", chunks=(10, 8, 8, 3), compression="gzip")
        d[:20] = images(20)

    data("half.h5", chunks, train=False)
    expect(info("half.h5"), 2, "/train/images", "2 of 4 chunks", "never written")
    data("labels.h5", lambda f: f.create_dataset("train/coarse", (40,), "i4"))
    with h5py.File("labels.h5", "r+") as f:
        f["test/coarse"] = np.zeros(20, "i4")
    expect(info("labels.h5"), 2, "/train/coarse", "never written")


def filters():
    flat = np.repeat(np.arange(40, dtype="u1"), 192).reshape(40, 8, 8, 3)

    def lzf(f):
        f.create_dataset("train/images", data=flat, compression="lzf", chunks=(10, 8, 8, 3))

    data("lzf.h5", lzf, train=False)
    expect(info("lzf.h5"), 2, "/train/images", "filter lzf", "gzip")
    check("plugin" not in info("lzf.h5").err, "a folder of plugins is no help")
    data("gzip.h5", lambda f: f.create_dataset("train/images", data=flat, compression="gzip"), train=False)
    expect(info("gzip.h5"), 0)


def memory():
    """Half a gigabyte is enough to refuse them."""
    def largest(f):
        f["train/coarse"] = np.full(40, 2**31 - 1, "i4")
        f["test/coarse"] = np.zeros(20, "i4")

    def claims(f):
        del f["train/labels"], f["train/images"]
        f.create_dataset("train/images", (2**32 - 1, 8, 8, 3), "u1", chunks=(2**12, 8, 8, 3), compression="gzip")
        f.create_dataset("train/labels", (2**32 - 1,), "u1", chunks=(2**20,), compression="gzip")

    def one_chunk(f):
        del f["train/images"]
        d = f.create_dataset("train/images", (2**23, 8, 8, 3), "u1", chunks=(2**23, 8, 8, 3), compression="gzip")
        d.id.write_direct_chunk((0, 0, 0, 0), b"x\x9c\x03\x00\x00\x00\x00\x01")

    def many(f):
        f["train/labels"][0] = 2**20 - 1

    for name, body, *words in (("largest", largest, "superclasses"), ("claims", claims, "/train/images", "never written"),
                               ("one_chunk", one_chunk, "/train/images", "damaged"),
                               ("many", many, "got 1048576")):
        data(name + ".h5", body)
        before = time.monotonic()
        expect(info(name + ".h5"), 2, name + ".h5", *words)
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        check(used < 500000, name, "took", used, "KiB")
        check(time.monotonic() - before < 60, name, "took long")


def weights(path, body=None, **attributes):
    with h5py.File("w.h5") as f, h5py.File(path, "w") as g:
        for name in f["model"]:
            f.copy("model/" + name, g, "model/" + name)
        for name in ("network", "classes", "mean", "std", "input_size"):
            g.attrs[name] = attributes.get(name, f.attrs[name])
        if body:
            body(g["model"])


def evaluate(path, **more):
    return sld("eval", path, "data.format=hdf5", "data.path=plain.h5", ranks=0, **more)


def foreign_weights():
    expect(sld("run", "none.yaml", "data.format=hdf5", "data.path=plain.h5", "run.dir=r"), 0)
    os.rename("r/last.h5", "w.h5")
    weights("same.h5", classes=np.array(4, ">f8"), input_size=np.array(8, "<f2"))
    expect(evaluate("same.h5"), 0, "top-1")
    nan, inf = float("nan"), float("inf")
    weights("mean.h5", mean=np.array([.5, nan, .5], "f4"))
    expect(evaluate("mean.h5"), 2, "mean.h5", "channel 1", "mean nan")
    weights("std.h5", std=np.array([inf, .2, .2], "f4"))
    expect(evaluate("std.h5"), 2, "std.h5", "channel 0", "std inf")
    weights("tiny.h5", std=np.array([.2, 1e-38, .2], "f4"))
    expect(evaluate("tiny.h5"), 2, "tiny.h5", "channel 1", "std from 1e-5 to 1", "std 1e-38")
    weights("bytes.h5", mean=np.array([127, 127, 127], "f4"), std=np.array([46, 46, 46], "f4"))
    weights("newer.h5", network="resnet9")
    teacher = ("run", "none.yaml", "method=kd", "data.format=hdf5", "data.path=plain.h5", "run.dir=kd")
    for path, words in (("bytes.h5", "channel 0: expected mean and std of pixel/255, std from 1e-5 to 1, got mean 127, std 46"),
                        ("newer.h5", "attribute network: expected a network of this build, got resnet9; nearest: resnet8")):
        expect(evaluate(path), 2, path + ": " + words)
        expect(sld(*teacher, "teacher.weights=" + path), 2, path + ": " + words)

    def negative(model):
        name = [n for n in model if n.endswith("running_var")][0]
        model[name][2] = -1e-6

    weights("variance.h5", negative)
    expect(evaluate("variance.h5"), 2, "variance.h5", "running_var", "element 2", "-1e-06")
    expect(sld("run", "none.yaml", "method=kd", "teacher.weights=variance.h5", "data.format=hdf5", "data.path=plain.h5",
               "run.dir=v"), 2, "running_var")

    def called(path, group, prefix):
        with h5py.File("same.h5") as f, h5py.File(path, "w") as g:
            g.attrs.update(f.attrs)
            for name in f["model"]:
                f.copy("model/" + name, g, group + "/" + prefix + name)

    for path, group, prefix, words in (
            ("module.h5", "model", "module.", "got no such tensor; there is module.conv1.weight: take module. off all names"),
            ("student.h5", "model", "module.student.", "take module.student. off all names"),
            ("state.h5", "state_dict", "", 'there is /state_dict/conv1.weight: call the group model: h5py, f.move("state_dict", "model")'),
            ("root.h5", "", "", "there is /conv1.weight: move all tensors into a group /model")):
        called(path, group, prefix)
        expect(evaluate(path), 2, path, words)

    def lacking(model):
        del model["conv1.weight"]

    weights("lacking.h5", lacking)  # layer1.0.conv1.weight has no prefix
    done = expect(evaluate("lacking.h5"), 2, "/model/conv1.weight", "got no such tensor")
    check("there is" not in done.err, done.err)

    def unwritten(model):
        name = sorted(model)[0]
        shape = model[name].shape
        del model[name]
        model.create_dataset(name, shape, "f4")

    weights("unwritten.h5", unwritten)
    expect(evaluate("unwritten.h5"), 2, "unwritten.h5", "/model/", "never written")
    weights("long.h5", lambda model: model.__setitem__("a" * 600, np.zeros(3, "f4")))
    expect(evaluate("long.h5"), 2, "long.h5", "aaaa", "expected a tensor of the network")
    weights("zlast.h5", lambda model: model.__setitem__("z" * 600, np.zeros(3, "f4")))
    expect(evaluate("zlast.h5"), 2, "zlast.h5", "zzzz", "expected a tensor of the network")

    def counters(model):
        for i in range(20000):
            model["a%d.num_batches_tracked" % i] = 1

    weights("counters.h5", counters)
    before = time.monotonic()
    expect(evaluate("counters.h5"), 0, "top-1")
    check(time.monotonic() - before < 40, "20000 counters took", time.monotonic() - before, "s")


def damaged_files():
    """Flips in the file's structure, of which some make HDF5 crash: an error each time, and no crash."""
    with open("same.h5", "rb") as f:
        whole = f.read()
    seen = set()
    for i in range(8):
        at = RNG.integers(0, min(len(whole), 6000), 8)
        broken = bytearray(whole)
        for k in at:
            broken[k] ^= 1 << RNG.integers(0, 8)
        with open("broken.h5", "wb") as f:
            f.write(broken)
        done = evaluate("broken.h5", timeout=120)
        check(done.code in (0, 2), i, "ended with", done.code, done.err)
        seen.add(done.code)
    check(2 in seen, "no damage was found")
    here = os.environ.get("SLD_HOSTILE")
    for name in sorted(os.listdir(here)) if here else ():
        expect(evaluate(os.path.join(here, name), timeout=60), 2, name)


def heap():
    """A text of variable length that points far out of its heap: HDF5 reads beyond its memory."""
    with h5py.File("text.h5", "w", libver="earliest") as f:
        f.attrs["network"] = "resnet8"
    with open("text.h5", "rb") as f:
        whole = bytearray(f.read())
    at = whole.find(b"GCOL")
    check(at > 0, "no heap")
    for offset in range(at + 4, at + 40, 10):
        broken = bytearray(whole)
        broken[offset] = 0xff
        with open("text_broken.h5", "wb") as f:
            f.write(broken)
        done = evaluate("text_broken.h5", timeout=60)
        check(done.code == 2, offset, "ended with", done.code, done.err)


def unlisted():
    """The same behind an attribute that cannot be read: where HDF5's list ends, what is not on it is not read by name."""
    with h5py.File("list.h5", "w", libver="earliest") as f:
        f.attrs["a_first"] = np.int64(1)
        f.attrs["network"] = "resnet8"
    with open("list.h5", "rb") as f:
        whole = bytearray(f.read())
    dataspace = whole.find(b"a_first\0") + 8 + 16  # behind the name and the type
    check(whole[dataspace] == 1, "no dataspace", whole[dataspace])
    whole[dataspace] = 9
    heap = whole.find(b"GCOL")
    for offset in (None, *range(heap + 4, heap + 40, 5)):
        broken = bytearray(whole)
        if offset:
            broken[offset] = 0xff
        with open("list_broken.h5", "wb") as f:
            f.write(broken)
        done = evaluate("list_broken.h5", timeout=60)
        check(done.code == 2 and "cannot be listed" in done.err, offset, "ended with", done.code, done.err)


def pipes():
    os.mkfifo("pipe.h5")
    for args in (("eval", "pipe.h5", "data.format=hdf5", "data.path=plain.h5"),
                 ("data", "info", "none.yaml", "data.format=hdf5", "data.path=pipe.h5"),
                 ("run", "none.yaml", "method=kd", "teacher.weights=pipe.h5", "data.format=hdf5", "data.path=plain.h5"),
                 ("run", "pipe.h5"), ("sweep", "pipe.h5")):
        expect(sld(*args, ranks=0, timeout=60), 2, "pipe.h5", "pipe")


def by_its_signature():
    """HDF5 is found behind a block of the user's too; an attribute of another kind is named with its kind."""
    for block, more, code, words in ((512, {}, 0, "40"), (4096, {}, 0, "40"), (0, {"name": 3}, 2, "name: expected text, got whole numbers"),
                                     (0, {"mean": "grey", "std": [.2] * 3}, 2, 'attribute "mean" of /: expected a number (float32), got text')):
        with h5py.File("signature.h5", "w", userblock_size=block) as f:
            for split, n in (("train", 40), ("test", 20)):
                f[split + "/images"], f[split + "/labels"] = np.arange(n * 192, dtype="u1").reshape(n, 8, 8, 3), np.arange(n) % 4
            f.attrs.update(more)
        expect(sld("data", "info", "none.yaml", "data.path=signature.h5", ranks=0), code, words)


def main():
    write("none.yaml", NONE)
    by_its_signature()
    virtual_data_sets()
    enumerations()
    number_types()
    links_and_storage()
    never_written()
    filters()
    memory()
    foreign_weights()
    damaged_files()
    heap()
    unlisted()
    pipes()


in_folder(main)
