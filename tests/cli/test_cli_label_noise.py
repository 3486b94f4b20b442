"""Label noise and counts per class: train accuracy against both labels, the same on any rank count; kept epochs are
teachers, survive a kill between them, and are missed with a warning when asked for too late."""
import os
import shutil

import h5py
import numpy as np

from harness import check, digest, expect, in_folder, sld, write, DATA

NOISY = "method: none\nstudent: {network: resnet8}\ntrain: {epochs: 3, batch: 16}\n" + DATA.replace(
    "synthetic}", "synthetic, per_class: 4, label_noise: 0.5, label_noise_kind: siblings}").replace("train: 36", "train: 100")


def weights_sha(path):
    """The identity of a weights file's tensors, as a run that uses it as a teacher records it."""
    with h5py.File(path) as f:
        return {name: item[()].tobytes() for name, item in f["/model"].items()}


def siblings():
    """Noise by siblings reaches the classes that have some: told with the rate over all, refused where none has."""
    labels, args = np.arange(64) % 4, ("run", "own.yaml", "data.label_noise=0.5", "data.label_noise_kind=siblings", "run.dir=own")
    write("own.yaml", "method: none\nstudent: {network: resnet8}\ntrain: {epochs: 1, batch: 32}\ndata: {path: own.h5}\n")
    for coarse, test, code, words in (
            ([0, 0, 0, 1], [0, 0, 0, 1], 0, ("1 of 4 classes of hdf5 have no sibling", "the first is 3", "label_noise is 0.375, not 0.5")),
            ([0, 1, 2, 3], [0, 1, 2, 3], 2, ("got one class for each in hdf5", "choose uniform")),
            ([0, 0, 1, 1], [0, 1, 1, 1], 2, ("class 1 of hdf5 with 0 in train and 1 in test",)),
            ([0, 0, 1, 1], [0, 0, 1, 1], 0, ())):
        with h5py.File("own.h5", "w") as f:
            for split, of in (("train", coarse), ("test", test)):
                f[split + "/images"] = np.random.default_rng(len(split)).integers(0, 256, (64, 8, 8, 3), dtype="u1")
                f[split + "/labels"], f[split + "/coarse"] = labels, np.array(of)[labels]
        done = expect(sld(*args, ranks=0), code, *words)
        check(code or ("have no sibling" in done.err) == bool(words), "a warning for nothing", done.err)
        if code == 0:
            shutil.rmtree("own")


def main():
    write("e.yaml", NOISY)
    expect(sld("run", "e.yaml", "name=a", "run.keep_epochs=[1, 3]"), 0)
    expect(sld("run", "e.yaml", "name=b", "run.keep_epochs=[1, 3]", "run.stop_after_steps=3", ranks=3), 75)
    expect(sld("run", "e.yaml", "name=b", "run.keep_epochs=[1, 3]"), 0)
    check(digest("runs/a") == digest("runs/b"), "label noise differs by rank count and resume")
    with h5py.File("runs/a/results.h5") as f:
        train, true = f["/epoch/top1_train"][()], f["/epoch/top1_train_true"][()]
        check(((train >= 0) & (true >= 0)).all() and (train != true).any(), "one accuracy for both labels", train, true)

    check(not os.path.exists("runs/a/epoch-2.h5"), "epoch 2 was kept unasked")
    for epoch in (1, 3):
        check(weights_sha("runs/a/epoch-%d.h5" % epoch) == weights_sha("runs/b/epoch-%d.h5" % epoch), "epoch", epoch)
    check(weights_sha("runs/a/epoch-3.h5") == weights_sha("runs/a/last.h5"), "epoch 3 is not the last")
    expect(sld("eval", "runs/a/epoch-1.h5"), 0, "top-1")
    write("kd.yaml", "method: kd\nteacher: {weights: runs/a/epoch-1.h5}\ntrain: {epochs: 1, batch: 16}\n" + DATA)
    expect(sld("run", "kd.yaml", "name=kd"), 0, "done")

    expect(sld("run", "e.yaml", "name=a", "run.keep_epochs=[1, 2]"), 0, "done already", "epoch 2 was finished before")
    expect(sld("run", "e.yaml", "name=x", "data.per_class=6"), 2, "data.per_class: expected", "got 6", "has 5")
    siblings()


in_folder(main)
