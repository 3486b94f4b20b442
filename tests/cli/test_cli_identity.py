"""One experiment, one ID: from a run and from a sweep, of all that moves a bit of the result; what has changed since is
refused; folders of version 1 go on under the IDs that they have."""
import glob
import hashlib
import os
import shutil

from harness import *

TINY = "train: {epochs: 1, batch: 16, lr: 0.05, lr_stages: []}\nstudent: {network: resnet8}\n"
NONE = "method: none\n" + TINY
KD = "method: kd\n" + TINY


def attributes(path):
    with h5py.File(path, "r") as f:
        return dict(f.attrs)


def id_of(experiment, name, *settings):
    expect(sld("run", experiment, "name=" + name, *settings, ranks=0), 0)
    return attributes("runs/%s/results.h5" % name)["id"]


def make_data(path, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25), change=None):
    """Noise of 4 classes; change(groups) may alter anything before it is written."""
    rng = np.random.default_rng(1)
    arrays = {}
    for split, n in (("train", 32), ("test", 16)):
        arrays[split + "/images"] = rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
        arrays[split + "/labels"] = (np.arange(n) % 4).astype(np.int64)
    attrs = {"mean": np.array(mean, "f4"), "std": np.array(std, "f4")}
    if change:
        change(arrays, attrs)
    with h5py.File(path, "w") as f:
        for name, values in arrays.items():
            f[name] = values
        for name, value in attrs.items():
            f.attrs[name] = value


def one_more(name, index):
    def change(arrays, attrs):
        arrays[name][index] = (arrays[name][index] + 1) % 4
    return change


def moment(name, channel):
    def change(arrays, attrs):
        attrs[name][channel] = np.nextafter(attrs[name][channel], np.float32(1))
    return change


# Each part of a data set that is read and used: a pixel, a label, and every channel's mean and std, to the last bit.
DATA_INPUTS = {
    "train pixel": one_more("train/images", (5, 1, 2, 0)), "train label": one_more("train/labels", 7),
    "test pixel": one_more("test/images", (3, 1, 2, 1)), "test label": one_more("test/labels", 2),
    "mean": moment("mean", 0), "mean of the last channel": moment("mean", 2),
    "std": moment("std", 0), "std of the last channel": moment("std", 2),
}


def points_of(folder):
    """ID by arm and seed, teachers under their names."""
    with open(folder + "/points") as f:
        words = [line.rstrip("\n").split("\t") for line in f if line.startswith("point\t")]
    return {(w[5], int(w[4])): w[1] for w in words}


def every_input_of_the_data_counts():
    write("data.yaml", NONE + "data: {format: hdf5, path: d.h5}\n")
    seen = {}
    make_data("d.h5")
    seen["as it is"] = id_of("data.yaml", "as-it-is")
    make_data("copy.h5")
    check(id_of("data.yaml", "moved", "data.path=copy.h5") == seen["as it is"], "a path is in the ID")
    for i, (what, change) in enumerate(DATA_INPUTS.items()):
        make_data("d.h5", change=change)
        seen[what] = id_of("data.yaml", "changed-%d" % i)
    check(len(set(seen.values())) == len(seen), "two data sets, one ID:", seen)
    make_data("d.h5")


def what_a_run_was_made_of_may_not_change():
    make_data("other.h5", mean=(0.4, 0.5, 0.5))
    expect(sld("run", "data.yaml", "name=as-it-is", "data.path=other.h5", ranks=0), 2, "as-it-is: expected this trial, got another trial: data is")
    stopped = ["train.epochs=2", "name=half"]
    expect(sld("run", "data.yaml", *stopped, "run.stop_after_steps=3", ranks=0), 75)
    expect(sld("run", "data.yaml", *stopped, "data.path=other.h5", ranks=0), 2, "data")
    os.remove("runs/half/results.h5")  # the checkpoint alone knows it too
    expect(sld("run", "data.yaml", *stopped, "data.path=other.h5", ranks=0), 2, "data")
    expect(sld("run", "data.yaml", *stopped, ranks=0), 0)


def contradicted(path):
    """The weights say what their content was, and it is another: they are taken when they say so no more."""
    for args in (("eval", path), ("eval", path, "--any-data"), ("run", "kd.yaml", "teacher.weights=" + path),
                 ("run", "teacher.yaml", "student.weights=" + path)):
        expect(sld(*args, ranks=0), 2, path + ": content_sha256: expected that of its network, mean, std and tensors", "del f.attrs")
    with h5py.File(path, "r+") as f:
        del f.attrs["content_sha256"]


def every_input_of_the_weights_counts():
    """A trial's weights are named by the trial, wherever they lie; as soon as anything in them is another, by content."""
    write("teacher.yaml", NONE + DATA)
    write("kd.yaml", KD + DATA + "teacher: {weights: w.h5}\n")
    teacher = id_of("teacher.yaml", "teacher")
    shutil.copy("runs/teacher/last.h5", "w.h5")
    seen = {"last": id_of("kd.yaml", "kd-last")}
    check("teacher: trial %s/last.h5\n" % teacher in attributes("runs/kd-last/results.h5")["identity"], "not by its trial")
    check(id_of("kd.yaml", "kd-place", "teacher.weights=runs/teacher/last.h5") == seen["last"], "a path is in the ID")
    with h5py.File("w.h5", "r+") as f:
        f["model/conv1.weight"][0, 0, 0, 0] += 1
    contradicted("w.h5")
    seen["a tensor"] = id_of("kd.yaml", "kd-tensor")
    shutil.copy("runs/teacher/last.h5", "w.h5")
    with h5py.File("w.h5", "r+") as f:
        mean = f.attrs["mean"]
        mean[1] = np.nextafter(mean[1], np.float32(1))
        f.attrs["mean"] = mean
    contradicted("w.h5")
    seen["a mean"] = id_of("kd.yaml", "kd-mean")
    shutil.copy("runs/teacher/last.h5", "w.h5")
    with h5py.File("w.h5", "r+") as f:
        f.attrs["id"] = "000000000000"
    seen["another maker"] = id_of("kd.yaml", "kd-maker")
    seen["as a start"] = id_of("teacher.yaml", "started", "student.weights=runs/teacher/last.h5")
    check(len(set(seen.values())) == len(seen), "two teachers, one ID:", seen)


def a_run_and_a_sweep_agree():
    write("sweep.yaml", "name: s\nbase: {%s, teacher: tt}\n" % ", ".join(
        ["method: kd", "student: {network: resnet8}", "synthetic: {train: 36, test: 20}",
         "train: {epochs: 1, batch: 16, lr: 0.05, lr_stages: []}"]) +
        "teachers: {tt: {student: {network: resnet8}, train: {epochs: 1, batch: 16, lr: 0.05, lr_stages: []}}}\naxes: {arm: {KD: {}}}\nseeds: [1]\n")
    expect(sld("sweep", "sweep.yaml", ranks=0), 0)
    points = points_of("runs/s")
    check(open("runs/s/points").readline() == "sld-sweep 2\n", "version of the points")
    students = [i for (arm, _), i in points.items() if arm == "KD"]
    check(len(points) == 2 and len(students) == 1, points)
    for i in points.values():
        path = "runs/s/trials/" + i
        found = attributes(path + "/results.h5")
        check(found["id"] == i == hashlib.sha256(found["identity"].encode()).hexdigest()[:12], "ID of", path, found["identity"])
        check(found.get("teacher_network", "") == ("resnet8" if i == students[0] else ""), "the teacher's network", found.get("teacher_network"))
        extra = []
        if i == students[0]:
            teacher = [t for t in points.values() if t != i][0]
            extra = ["teacher.weights=runs/s/trials/%s/last.h5" % teacher]
        check(id_of(path + "/experiment.yaml", "again-" + i, *extra) == i, "a run has another ID than the sweep's", path)


def a_sweep_compares_what_it_opens():
    write("grid.yaml", "name: g\nbase: {method: none, student: {network: resnet8}, data: {format: hdf5, path: g.h5}, "
          "train: {epochs: 1, batch: 16, lr: 0.05, lr_stages: []}}\nseeds: [1, 2]\nlaunch: {retries: 0}\n")
    make_data("g.h5")
    expect(sld("sweep", "grid.yaml", "--plan", ranks=0), 0)
    planned = set(points_from_plan())
    make_data("g.h5", mean=(0.4, 0.5, 0.5))
    check(not planned & set(points_from_plan()), "another mean, the same IDs")
    make_data("g.h5")
    expect(sld("sweep", "grid.yaml", ranks=0), 0)
    failed = "runs/g/trials/%s" % sorted(planned)[0]
    shutil.rmtree(failed)  # one is to be made again, of data that has changed since
    for mark in glob.glob("runs/g/claims/%s.done" % os.path.basename(failed)):
        os.remove(mark)
    make_data("g.h5", mean=(0.4, 0.5, 0.5))
    expect(sld("sweep", "runs/g", ranks=0), 1, "expected the data set and weights that the sweep's spec was read with")
    check(not os.path.exists(failed + "/results.h5"), "trained on other data under the old ID")


def points_from_plan():
    result = sld("sweep", "grid.yaml", "--plan", "--dir", "runs/nowhere", ranks=0)
    words = [line.split() for line in result.out.splitlines()]
    return [w[0] for w in words if len(w) > 1 and len(w[0]) == 12 and w[1] == "new"]


def one_path_holds_several_data_sets():
    """Points of one data.path are each named and checked by what they read there, in any order of the axis."""
    records = np.random.default_rng(3).integers(0, 10, (12, 3074), dtype=np.uint8)
    for folder, names, label_bytes in (("cifar-10-batches-bin", ["data_batch_%d.bin" % i for i in range(1, 6)] + ["test_batch.bin"], 1),
                                       ("cifar-100-binary", ["train.bin", "test.bin"], 2)):
        os.makedirs("both/" + folder)
        for name in names:
            records[:, 2 - label_bytes:].tofile("both/%s/%s" % (folder, name))
    of_order = {}
    for order in ((10, 100), (100, 10), (10,), (100,)):
        entries = ", ".join("c%d: {data.format: cifar%d}" % (c, c) for c in order)
        write("grid.yaml", "name: both\nbase: {method: none, student: {network: resnet8}, data: {path: both}, "
              "train: {epochs: 1, batch: 12, lr: 0.05, lr_stages: []}}\naxes: {set: {%s}}\n" % entries)
        for c, i in zip(order, points_from_plan()):
            of_order.setdefault(c, set()).add(i)
    check(len(of_order[10]) == len(of_order[100]) == 1 and of_order[10] != of_order[100], "IDs change with the order of an axis", of_order)
    expect(sld("sweep", "grid.yaml", ranks=0), 0)
    with h5py.File("wide.h5", "w") as f:
        for split in ("train", "test"):
            f[split + "/images"] = np.random.default_rng(4).integers(0, 256, (16, 16, 24, 3), dtype=np.uint8)
            f[split + "/labels"] = np.arange(16) % 4
    for entries in ("cut: 16, whole: 0", "whole: 0, cut: 16"):
        write("wide.yaml", "name: wide\nbase: {method: none, student: {network: resnet8}, data: {format: hdf5, path: wide.h5}, "
              "train: {epochs: 1, batch: 12, lr_stages: []}}\naxes: {data.input_size: {%s}}\n" % entries)
        expect(sld("sweep", "wide.yaml", "--plan", ranks=0), 2, "wide.h5: expected square images, got 16x24")


def teachers_of_one_long_name_are_two():
    """The plan counts the logits of each teacher, though their paths agree in many letters."""
    said = []
    for files in (("a",), ("a", "b")):
        for name in files:
            os.makedirs("t" * 90, exist_ok=True)
            shutil.copy("runs/teacher/last.h5", "t" * 90 + "/" + name + ".h5")
        if "b" in files:
            with h5py.File("t" * 90 + "/b.h5", "r+") as f:
                f.attrs["id"] = "000000000000"
        write("long.yaml", "name: long\nbase: {method: kd, student: {network: resnet8}, synthetic: {train: 36, test: 20}, "
              "train: {epochs: 1, batch: 12, lr_stages: []}}\naxes: {of: {%s}}\n" % ", ".join("%s: {teacher.weights: %s/%s.h5}" % (n, "t" * 90, n) for n in files))
        line = [x for x in expect(sld("sweep", "long.yaml", "--plan", ranks=0), 0).out.splitlines() if "if all kept" in x]
        said.append(float(line[0].split()[-2]))
    check(said[1] == 2 * said[0], "logits of two teachers", said)


def to_version_1(path, data):
    """A file of this version as sld 0.1 wrote it: the identity with the hashes of that time, nothing of what came later."""
    with h5py.File(path, "r+") as f:
        lines = [line for line in f.attrs["identity"].splitlines() if not line.startswith("data: ")]
        lines.append("data: " + data)
        text = "\n".join(lines) + "\n"
        f.attrs["identity"] = text
        f.attrs["id"] = hashlib.sha256(text.encode()).hexdigest()[:12]
        for name in ("contents", "content_sha256", "made_as"):
            if name in f.attrs:
                del f.attrs[name]
        return f.attrs["id"]


def folders_of_version_1_go_on():
    write("old.yaml", NONE + DATA)
    for name in ("half", "whole"):
        expect(sld("run", "old.yaml", "name=1-" + name, "train.epochs=2", "run.stop_after_steps=4", ranks=0), 75)
    expect(sld("run", "old.yaml", "name=1-whole", "train.epochs=2", ranks=0), 0)
    wanted = digest("runs/1-whole")
    data = attributes("runs/1-half/results.h5")["data_sha256"]
    ids = {to_version_1(p, data) for p in glob.glob("runs/1-half/*.h5") if "identity" in attributes(p)}
    check(len(ids) == 1, ids)
    for path in glob.glob("runs/1-half/*.h5"):  # weights have the ID alone
        with h5py.File(path, "r+") as f:
            if "identity" not in f.attrs:
                f.attrs["id"] = list(ids)[0]
    expect(sld("run", "old.yaml", "name=1-half", "train.epochs=2", ranks=0), 0, "resumed")
    found = attributes("runs/1-half/results.h5")
    check(found["id"] in ids and found["status"] == "done", "goes on under another ID", found["id"], ids)
    check(digest("runs/1-half") == wanted, "other bits")
    expect(sld("run", "old.yaml", "name=1-half", "train.epochs=2", ranks=0), 0, "done already")
    expect(sld("run", "old.yaml", "name=1-half", "train.epochs=2", "seed=2", ranks=0), 2, "seed")


def sweeps_of_version_1_go_on():
    """Points, folders and claims under the IDs of version 1: the spec finds them, and a point without a result is made."""
    old = {}
    shutil.copytree("runs/s", "runs/s1")
    for i in points_of("runs/s").values():
        text = attributes("runs/s/trials/%s/results.h5" % i)["identity"]
        for new, before in old.items():
            text = text.replace("teacher: trial %s/" % new, "teacher: point %s/" % before)
        old[i] = hashlib.sha256(text.encode()).hexdigest()[:12]
    with open("runs/s/points") as f:
        points = f.read().replace("sld-sweep 2", "sld-sweep 1")
    for new, before in old.items():
        points = points.replace(new, before)
        os.rename("runs/s1/trials/" + new, "runs/s1/trials/" + before)
        os.rename("runs/s1/claims/%s.done" % new, "runs/s1/claims/%s.done" % before)
    write("runs/s1/points", points)
    expect(sld("sweep", "sweep.yaml", "--dir", "runs/s1", "--plan", ranks=0), 0, "2 points known, 0 added, 0 gone")
    expect(sld("report", "runs/s1", ranks=0), 0, "KD")
    student = list(old.values())[-1]
    wanted = attributes("runs/s1/trials/%s/results.h5" % student)["weights_sha256"]
    shutil.rmtree("runs/s1/trials/" + student)
    os.remove("runs/s1/claims/%s.done" % student)
    expect(sld("sweep", "sweep.yaml", "--dir", "runs/s1", ranks=0), 0)
    found = attributes("runs/s1/trials/%s/results.h5" % student)
    check(found["id"] == student and found["weights_sha256"] == wanted, "another trial under an old ID", found["id"])
    check(open("runs/s1/points").readline() == "sld-sweep 1\n", "the folder's version has changed")


def data_of_a_sweep_of_version_1_may_move():
    write("moves.yaml", "name: moves\nbase: {method: none, student: {network: resnet8}, data: {format: hdf5, path: there.h5},\n"
          "  train: {epochs: 1, batch: 16, lr: 0.05, lr_stages: []}}\n")
    make_data("there.h5")
    expect(sld("sweep", "moves.yaml", ranks=0), 0)
    old = ""
    for path in glob.glob("runs/moves/trials/*/*.h5"):
        found = attributes(path)
        if "identity" in found:
            old = to_version_1(path, found.get("data_sha256", attributes(os.path.dirname(path) + "/results.h5")["data_sha256"]))
    (new,) = os.listdir("runs/moves/trials")
    with open("runs/moves/points") as f:
        write("points", f.read().replace("sld-sweep 2", "sld-sweep 1").replace(new, old))
    os.rename("points", "runs/moves/points")
    shutil.rmtree("runs/moves/trials/" + new)
    os.remove("runs/moves/claims/%s.done" % new)
    os.rename("there.h5", "here.h5")
    make_data("other.h5", change=one_more("train/labels", 7))
    expect(sld("sweep", "runs/moves", "data.path=other.h5", ranks=0), 2, "got another content")
    expect(sld("sweep", "runs/moves", "data.path=here.h5", ranks=0), 0)
    check(os.listdir("runs/moves/trials") == [old], "another trial", os.listdir("runs/moves/trials"))


def main():
    every_input_of_the_data_counts()
    what_a_run_was_made_of_may_not_change()
    every_input_of_the_weights_counts()
    a_run_and_a_sweep_agree()
    a_sweep_compares_what_it_opens()
    one_path_holds_several_data_sets()
    teachers_of_one_long_name_are_two()
    folders_of_version_1_go_on()
    sweeps_of_version_1_go_on()
    data_of_a_sweep_of_version_1_may_move()


in_folder(main)
