"""sld eval gives the numbers that the run recorded, needs no configuration, and sld probe's step is the run's."""
import os
import shutil

import h5py
import numpy as np

from harness import check, expect, in_folder, sld, teacher, write, STUDENT


def check_other_classes():
    """Features of a data set with other classes, for a linear probe; without --features or --any-data it is refused."""
    with h5py.File("three.h5", "w") as f:
        for split, n in (("train", 24), ("test", 12)):
            f[split + "/labels"] = np.arange(n, dtype="u1") % 3
            f[split + "/images"] = np.random.default_rng(n).integers(0, 256, (n, 32, 32, 3), np.uint8)
    told = ("data.format=hdf5", "data.path=three.h5")
    expect(sld("eval", "runs/s/last.h5", *told, "--any-data"), 2, "expected weights for the 3 classes")
    expect(sld("eval", "runs/s/last.h5", *told, "--features"), 2, "expected --logits")
    expect(sld("eval", "runs/s/last.h5", *told, "--any-data", "--logits", "three-out.h5", "--features"), 0, "features of 12 samples")
    with h5py.File("three-out.h5") as f:
        check(f["/features"].shape[0] == 12 and "logits" not in f and list(f["/labels"]) == [0, 1, 2] * 4, list(f))


def check_vain():
    """A setting that changes nothing of what is computed on the split is refused, and says what would make it count."""
    free = "expected an option of the data set"
    for args, what in ((("student.network=resnet14",), "student.network: " + free), (("train.lr=3",), "train.lr: " + free),
                       (("augment.flip=0",), "augment.flip: " + free), (("seed=4",), "seed: " + free), (("name=x",), "name: " + free),
                       (("method=kd",), "method: " + free), (("teacher_swap=true",), "teacher_swap: " + free),
                       (("parallel.shards=2", "--split", "train"), "parallel.shards: " + free), (("run.dir=x",), "run.dir: " + free),
                       (("data.label_noise=0.5", "--split", "train"), "data.label_noise: " + free),
                       (("data.split_seed=2",), "data.split_seed: expected --split train or val with it, got test"),
                       (("data.test_fraction=0.5", "--split", "val"), "data.test_fraction: expected --split test with it, got val"),
                       (("synthetic.train=10", "--any-data"), "synthetic.train: expected --split train or val with it, got test"),
                       (("data.format=hdf5", "data.path=three.h5", "synthetic.noise=3", "--any-data"),
                        "synthetic.noise: expected data.format: synthetic")):
        expect(sld("eval", "runs/s/last.h5", *args), 2, what, "leave it out")
    expect(sld("eval", "runs/s/last.h5", "data.test_fraction=0.5", "run.stall_minutes=5", "parallel.isa=avx2"), 0, "top-1")


def check_trained():
    """Samples of val that were trained on, and samples of train that were not, are told, once."""
    kept = ("data.train_fraction=0.5", "data.val_fraction=0")
    for args, text in (((), ""), (("--split", "val"), ""), (("--split", "train"), ""),
                       (("--split", "train", *kept), "8 of the 60 samples of train were not trained on: the run chose others; "),
                       (("--split", "val", "data.split_seed=9"), " of the 20 samples of val were trained on: the run held out others; ")):
        said = expect(sld("eval", "runs/s/last.h5", *args, ranks=2 if text else 0), 0, text).err
        check(said.count("trained on") == bool(text), args, said)
    said = expect(sld("eval", "runs/teacher/last.h5", "--split", "val", "data.val_fraction=0.5"), 0).err
    check("16 of the 16 samples of val were trained on: the run held out none\n" in said, said)


def check_rare():
    """Classes too small for a place in the validation split are told, once, by all that cut it."""
    with h5py.File("rare.h5", "w") as f:
        for split, labels in (("train", np.maximum(np.arange(31) - 27, 0)), ("test", np.arange(12) % 4)):
            f[split + "/labels"] = labels
            f[split + "/images"] = np.random.default_rng(len(labels)).integers(0, 256, (len(labels), 8, 8, 3), np.uint8)
    write("rare.yaml", "method: none\nstudent: {network: resnet8}\ntrain: {epochs: 1, batch: 16, lr_stages: []}\n"
                       "data: {path: rare.h5, val_fraction: 0.5}\n")
    for args, times in ((("data", "info", "rare.yaml"), 1), (("run", "rare.yaml", "run.dir=runs/rare"), 1),
                        (("eval", "runs/rare/last.h5", "--split", "val"), 1), (("eval", "runs/rare/last.h5", "--split", "train"), 0)):
        said = expect(sld(*args, ranks=2 * times), 0).err
        check(said.count("data.val_fraction: 0.5 leaves 3 of the 4 classes of hdf5 without a sample in val, the first is 1: accuracy on val") == times,
              args, said)
    said = expect(sld("data", "info", "rare.yaml", "data.val_fraction=0", ranks=0), 0).err
    check("without a sample" not in said, "a warning for nothing", said)


def check_stored():
    """What is wrong in the experiment that a file stores is told with the file and the attribute that holds it."""
    for name in ("last.h5", "results.h5"):
        shutil.copy("runs/s/" + name, name)
        with h5py.File(name, "a") as f:
            f.attrs["config"] = f.attrs["config"].replace("epochs:", "epoch_s:")
    expect(sld("eval", "last.h5"), 2, "last.h5 (attribute config):", "train.epoch_s: unknown option")
    os.makedirs("runs/no-log")  # a run whose other files were not kept
    shutil.copy("runs/s/results.h5", "runs/no-log")
    for given in ("runs/no-log", "runs/no-log/results.h5"):
        expect(sld("status", given), 0, "in runs/no-log: done, 2 of 2 epochs")
    with open("runs/no-log/results.h5", "r+b") as f:  # behind the back of HDF5, so that the checksum line stays
        f.seek(os.path.getsize(f.name) // 2)
        byte = f.read(1)[0] ^ 1
        f.seek(-1, 1)
        f.write(bytes([byte]))
    for verb, given in (("status", ""), ("report", ""), ("status", "/results.h5"), ("report", "/results.h5")):
        expect(sld(verb, "runs/no-log" + given), 2, "runs/no-log/results.h5: damaged: the SHA-256 of its first")
    os.rename("results.h5", "runs/no-log/results.h5")
    expect(sld("status", "runs/no-log"), 2, "runs/no-log/results.h5 (attribute config):", "train.epoch_s: unknown option")


def log_softmax(z):
    z = z.astype(float) - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def check_records(told):
    """Logits of the validation split and the label's probability of each training sample agree with the curves, and are the same bits
    after a stop within an epoch and on another number of ranks."""
    expect(sld("run", "student.yaml", *told, "run.dir=runs/cut", "run.stop_after_steps=3"), 75)
    expect(sld("run", "student.yaml", *told, "run.dir=runs/cut"), 0)
    with h5py.File("runs/s/results.h5") as f, h5py.File("runs/cut/results.h5") as cut:
        for name in ("logits/val_last", "labels/val", "train/label_p", "labels/train"):
            check(f[name][()].tobytes() == cut[name][()].tobytes(), "other bits after a stop", name)
        z, labels = f["logits/val_last"][()], f["labels/val"][()]
        check(abs(100 * np.mean(z.argmax(1) == labels) - f["epoch/top1_val"][-1]) < 1e-9, "top-1 of the validation logits")
        check(abs(-log_softmax(z)[np.arange(len(z)), labels].mean() - f["epoch/loss_val"][-1]) < 1e-6, "their loss")
        p = f["train/label_p"][()].astype(float)
        check(p.shape == (100, 2) and (np.isnan(p).sum(axis=0) == len(z)).all(), "a value for each sample trained on", p.shape)
        loss = -np.nanmean(np.log(p), axis=0)  # half precision: 11 bits of each p
        check(np.allclose(loss, f["epoch/loss_ce_weak"][()], rtol=0, atol=2.0 ** -11), "mean of -log p is the weak view's loss", loss)
        check([d[0].name for d in f["train/label_p"].dims] == ["/train_sample", "/epoch/epoch"], "axes")


def check_not_finite():
    """A probe whose steps are not finite ends as a run does that diverges, and writes nothing; pixels that are not normalised are told."""
    probe = ("probe", "student.yaml", "--batches")
    shape = (2, 10, 3, 32, 32)
    for name, factor in (("normal", 1), ("pixels", 400), ("huge", 1e30)):
        with h5py.File(name + ".h5", "w") as f:
            pixels = np.random.default_rng(2).random(shape).astype("f4")
            for view in ("image_weak", "image_strong"):
                f[view] = factor * pixels
            f["labels"] = np.arange(20).reshape(2, 10)
    expect(sld(*probe, "huge.h5", "--out", "huge-out.h5"), 1, "huge.h5: /image_weak: expected pixels normalised as the weights say",
           "diverged in batch ", " not finite; huge-out.h5 is not written")
    check(not os.path.exists("huge-out.h5"), "it was written")
    done = sld(*probe, "pixels.h5", "--out", "pixels-out.h5")
    check(done.err.count("expected pixels normalised as the weights say") == 1, done.code, done.err)
    done = sld(*probe, "normal.h5", "--out", "normal-out.h5")
    check(done.code == 0 and "normalised" not in done.err, done.code, done.err)


def check_batches():
    """As many numbers in another order are another question."""
    rng = np.random.default_rng(2)
    right = {"image_weak": rng.standard_normal((2, 10, 3, 32, 32)).astype("f4"),
             "image_strong": rng.standard_normal((2, 10, 3, 32, 32)).astype("f4"), "labels": rng.integers(0, 20, (2, 10))}
    of_images, of_labels = "expected the shape (2,10,3,32,32), got ", "expected the shape (2,10), got "
    whole = "expected floating-point numbers"
    for name, change, text in (
            ("labels", lambda a: a.T, of_labels + "(10,2)"), ("labels", np.ravel, of_labels + "(20)"),
            ("labels", lambda a: a[..., None], of_labels + "(2,10,1)"),
            ("image_strong", lambda a: a.transpose(0, 1, 3, 4, 2), of_images + "(2,10,32,32,3)"),
            ("image_strong", lambda a: a.swapaxes(0, 1), of_images + "(10,2,3,32,32)"),
            ("image_strong", lambda a: a.reshape(20, 3, 32, 32), of_images + "(20,3,32,32)"),
            ("image_weak", lambda a: a[0], "expected 5 axes"),
            ("image_weak", lambda a: (99 * a).astype("u1"), whole), ("image_strong", lambda a: a.astype(">i4"), whole)):
        with h5py.File("wrong.h5", "w") as f:
            f.update({**right, name: change(right[name])})
        expect(sld("probe", "student.yaml", "--batches", "wrong.h5", "--out", "o.h5", ranks=0), 2, "wrong.h5: /%s: %s" % (name, text))
    check(not os.path.exists("o.h5"), "an answer to another question")


def check_vain_probe():
    """Batches come from the file: no data set, no views, no run. What a step computes is read."""
    probe = ("probe", "student.yaml", "--batches", "in.h5", "--out", "vain.h5")
    for setting in ("data.train_fraction=0.5", "synthetic.noise=3", "augment.flip=0", "train.batch=8", "train.best_on=test", "seeds.order=3",
                    "teacher.logits=tl", "run.logits=false", "run.dir=x", "name=x"):
        expect(sld(*probe, setting), 2, setting.partition("=")[0] + ": expected an option of the step", "sld probe does not read")
    write("open.yaml", STUDENT.replace("data: {format: synthetic}\n", ""))  # the key that was given, not the format found there
    expect(sld("probe", "open.yaml", *probe[2:], "data.path=in.h5"), 2, "data.path: expected an option of the step")
    check(not os.path.exists("vain.h5"), "written")
    expect(sld(*probe, "train.lr=0.1", "seed=5", "lss.temperatures=[2]", "train.momentum=0.8", "correction=random", "parallel.shards=4",
               "run.stall_minutes=5", "teacher.precision=f32", "ce.weak=0.2"), 0)


def check_probe_arithmetic():
    """A step is in the precision and with the instruction set that sld run would use, by file or command line."""
    def step(*settings, text=STUDENT):
        write("step.yaml", text)
        expect(sld("probe", "step.yaml", "--batches", "in.h5", "--out", "step.h5", "--gradients", *settings), 0)
        with h5py.File("step.h5", "r") as f:
            return f["gradient/conv1.weight"][()], f["logits/teacher_weak"][()], f.attrs["isa"]

    in_bf16 = STUDENT.replace("network: resnet8", "network: resnet8, precision: bf16")
    on_avx2 = STUDENT + "parallel: {isa: avx2}\n"
    f32, bf16, line, file = step(), step("student.precision=bf16"), step("parallel.isa=avx2"), step(text=on_avx2)
    check((bf16[0] != f32[0]).any() and (bf16[1] == f32[1]).all(), "student.precision does nothing")
    check(np.linalg.norm(bf16[0] - f32[0]) < 0.2 * np.linalg.norm(f32[0]), "another gradient")  # 8 bits, nine layers
    check((step(text=in_bf16)[0] == bf16[0]).all(), "precision: file and command line differ")
    check((step("teacher.precision=bf16")[1] != f32[1]).any(), "teacher.precision does nothing")
    check((line[0] == file[0]).all() and line[2] == file[2], "isa: file and command line differ")
    check("AVX-512" not in line[2], "parallel.isa does nothing", line[2])
    check((step("student.precision=bf16", text=on_avx2)[0] != line[0]).any(), "no bf16 on AVX2")


def main():
    teacher()
    write("student.yaml", STUDENT.replace("train: 36", "train: 100"))  # five of each class
    told = ("data.val_fraction=0.2", "run.label_p=true")
    expect(sld("run", "student.yaml", *told, "run.dir=runs/s", "run.features=test", ranks=2), 0)
    check_records(told)
    with h5py.File("runs/s/results.h5") as f:
        last, best = f["/logits/test_last"][()], f["/logits/test_best"][()]
        top1, val = f["/epoch/top1_test"][-1], f["/epoch/top1_val"][-1]
        labels = f["/labels/test"][()]
        check(f.attrs["best_on"] == "val", "best_on", f.attrs["best_on"])
        check(f["/epoch/lss_active"][()].tolist() == [0, 1], "lss_active", f["/epoch/lss_active"][()])
        check(f["/logits/test_teacher"].shape == last.shape, "no teacher logits")
        check(f["/logits/test_last"].dims[0][0].name == "/sample", "no dimension scale on the logits")
        features = f["/features/test_last"][()]
        check(f["/features/test_last"].dims[1][0].name == "/feature", "no dimension scale on the features")
    with h5py.File("runs/s/last.h5") as f:  # the last layer by another program: float32 sums in another order
        made = features @ f["/model/fc.weight"][()].T + f["/model/fc.bias"][()]
        check(np.allclose(made, last, rtol=1e-4, atol=1e-4), "features do not make the logits")
    check(abs(100 * np.mean(last.argmax(1) == labels) - top1) < 1e-9, "top-1 and logits disagree")
    for weights, wanted, ranks in (("last", last, 0), ("last", last, 3), ("best", best, 0)):
        expect(sld("eval", "runs/s/%s.h5" % weights, "--logits", "out.h5", "--features", ranks=ranks), 0, "top-1")
        with h5py.File("out.h5") as f:
            check((f["/logits"][()] == wanted).all(), "other logits from", weights, ranks)
            check(weights == "best" or (f["/features"][()] == features).all(), "features of", weights, ranks)
    check_other_classes()
    check_vain()
    check_trained()
    check_rare()
    check_stored()
    expect(sld("eval", "runs/s/last.h5"), 0, "top-1 %.2f %%" % top1)
    expect(sld("eval", "runs/s/last.h5", "--split", "val"), 0, "20 samples: top-1 %.2f %%" % val)
    expect(sld("eval", "runs/s/last.h5", "synthetic.seed=5"), 2, "--any-data")
    expect(sld("eval", "runs/s/last.h5", "--split", "vla"), 2, "vla")
    for more in ((), ("data.format=synthetic",)):
        expect(sld("eval", "out.h5", *more), 2, "out.h5: expected a weights file, got what sld eval wrote of weights by --logits")

    rng = np.random.default_rng(1)
    with h5py.File("in.h5", "w") as f:
        f["image_weak"] = rng.standard_normal((3, 10, 3, 32, 32)).astype("f4")
        f["image_strong"] = rng.standard_normal((3, 10, 3, 32, 32)).astype("f4")
        f["labels"] = rng.integers(0, 20, (3, 10))
    files = []
    for ranks in (0, 3, 8):
        out = "probe%d.h5" % ranks
        expect(sld("probe", "student.yaml", "--batches", "in.h5", "--out", out, "--epoch", "2", "--gradients",
                   ranks=ranks), 0)
        files.append(h5py.File(out, "r"))
    first = files[0]
    check(first["/loss/total"].shape == (3,) and first["/logits/student_weak"].shape == (3, 10, 20), "shapes")
    total = 0.1 * (first["/loss/ce_weak"][()] + first["/loss/ce_strong"][()])
    for view in ("weak", "strong"):
        total += 0.9 * (first["/loss/lts_" + view][()] + first["/loss/lss_" + view][()])
    check(np.allclose(total, first["/loss/total"][()], rtol=1e-12), "the terms do not add up")  # doubles, other order

    def same(name, item):
        if isinstance(item, h5py.Dataset):
            for other in files[1:]:
                check((item[()] == other[name][()]).all(), "other bits in", name)

    first.visititems(same)
    check("gradient/conv1.weight" in first, "no gradients")
    expect(sld("probe", "student.yaml", "kd.strong=0", "--batches", "in.h5", "--out", "first.h5"), 0)  # epoch 1: no student swap yet
    with h5py.File("first.h5") as f:
        absent = sorted(name for group in ("loss", "logits") for name in f[group] if np.isnan(f[group][name]).all())
        check(absent == ["lss_strong", "lss_weak", "lts_strong", "teacher_strong"], "what was not computed", absent)
    check_vain_probe()
    check_probe_arithmetic()
    expect(sld("probe", "student.yaml", "--batches", "none.h5", "--out", "o.h5"), 2, "none.h5")
    with h5py.File("in.h5", "r+") as f:
        f["image_strong"][2, 7, 0, 0, 0] = np.nan
    expect(sld("probe", "student.yaml", "--batches", "in.h5", "--out", "o.h5"), 2, "/image_strong: expected finite pixels, got nan in batch 2, sample 7")
    check(not os.path.exists("o.h5"), "an answer to no question")
    check_not_finite()
    check_batches()
    expect(sld("probe", "student.yaml"), 2, "usage")


in_folder(main)
