"""sld eval gives the numbers that the run recorded, needs no configuration, and sld probe's step is the run's."""
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


def main():
    teacher()
    write("student.yaml", STUDENT)
    expect(sld("run", "student.yaml", "data.val_fraction=0.2", "run.dir=runs/s", "run.features=test", ranks=2), 0)
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
    expect(sld("eval", "runs/s/last.h5"), 0, "top-1 %.2f %%" % top1)
    expect(sld("eval", "runs/s/last.h5", "--split", "val"), 0, "20 samples: top-1 %.2f %%" % val)
    expect(sld("eval", "runs/s/last.h5", "synthetic.seed=5"), 2, "--any-data")
    expect(sld("eval", "runs/s/last.h5", "--split", "vla"), 2, "vla")

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
    expect(sld("probe", "student.yaml", "--batches", "none.h5", "--out", "o.h5"), 2, "none.h5")
    expect(sld("probe", "student.yaml"), 2, "usage")


in_folder(main)
