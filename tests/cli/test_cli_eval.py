"""sld eval gives the numbers that the run recorded, needs no configuration, and sld probe's step is the run's."""
import h5py
import numpy as np

from harness import check, expect, in_folder, sld, teacher, write, STUDENT


def main():
    teacher()
    write("student.yaml", STUDENT)
    expect(sld("run", "student.yaml", "data.val_fraction=0.2", "run.dir=runs/s", ranks=2), 0)
    with h5py.File("runs/s/results.h5") as f:
        last, best = f["/logits/test_last"][()], f["/logits/test_best"][()]
        top1, val = f["/epoch/top1_test"][-1], f["/epoch/top1_val"][-1]
        labels = f["/labels/test"][()]
        check(f.attrs["best_on"] == "val", "best_on", f.attrs["best_on"])
        check(f["/epoch/lss_active"][()].tolist() == [0, 1], "lss_active", f["/epoch/lss_active"][()])
        check(f["/logits/test_teacher"].shape == last.shape, "no teacher logits")
        check(f["/logits/test_last"].dims[0][0].name == "/sample", "no dimension scale on the logits")
    check(abs(100 * np.mean(last.argmax(1) == labels) - top1) < 1e-9, "top-1 and logits disagree")
    for weights, wanted in (("last", last), ("best", best)):
        for ranks in (1, 3):
            expect(sld("eval", "runs/s/%s.h5" % weights, "--logits", "out.h5", ranks=ranks), 0, "top-1")
            with h5py.File("out.h5") as f:
                check((f["/logits"][()] == wanted).all(), "other logits from", weights, ranks)
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
    for ranks in (1, 2, 3, 8):
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
