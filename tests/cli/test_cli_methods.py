"""Each method's own step is the same on any rank count and after a stop in mid-epoch; what it records; a teacher of
another network than the experiment names is refused, as is a preset that does not exist; the sweeps over presets
expand; what was not computed in an epoch is NaN."""
import csv
import io
import os

import h5py
import numpy as np

from harness import check, digest, expect, in_folder, sld, teacher, write, DATA

SWEEPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sweeps")
STUDENT = "student: {network: resnet8}\nteacher: {weights: runs/teacher/last.h5}\ntrain: {epochs: 1, batch: 16}\n" + DATA
CASES = {
    "mlkd": ("method: mlkd\ncorrection: skip\n", ["ce_weak", "kd_strong", "kd_lent_weak", "cc_weak", "bc_weak"]),
    "dkd": ("method: dkd\ncorrection: ga\nstudent_swap: true\nstudent_swap_after: 0\n",
            ["tckd_weak", "nckd_weak", "lss_weak", "lss_strong"]),
    "rld": ("method: rld\nkd: {strong: 1}\nzscore: true\n", ["scd_weak", "mcd_weak", "scd_strong", "mcd_strong"]),
    "lr": ("method: lr\nstudent_swap: true\nstudent_swap_after: 0\n", ["lr_right_weak", "lr_wrong_weak", "lss_weak"]),
    "ctkd": ("method: ctkd\nce: {strong: 0.1}\nkd: {strong: 0.9}\nctkd: {ramp: 1}\nstudent_swap: true\n"
             "student_swap_after: 0\n", ["kd_weak", "kd_strong", "lss_strong"]),
}


def zeros(f):
    """As earlier builds wrote what was not computed."""
    for name in f["history"]:
        f["history"][name][...] = np.nan_to_num(f["history"][name][()])


def check_absent():
    """A loss without a weight and a teacher whom no term asks have no value, by resume from an older checkpoint too; no trial is called
    right for it. A loss that is computed is a number, and a norm of nothing is 0."""
    write("absent.yaml", "method: kd\nce: {strong: 0.1, until: 2}\nkd: {after: 1, until: 2}\n" + STUDENT.replace("epochs: 1", "epochs: 3"))
    expect(sld("run", "absent.yaml", "run.dir=runs/absent"), 0)
    expect(sld("run", "absent.yaml", "run.dir=runs/older", "run.stop_after_steps=7"), 75)
    for name in os.listdir("runs/older"):
        if name.startswith("ckpt-"):
            with h5py.File("runs/older/" + name, "r+") as f:
                zeros(f)
    expect(sld("run", "absent.yaml", "run.dir=runs/older"), 0, "resumed at epoch 3, step 1")
    check(digest("runs/absent") == digest("runs/older"), "other bits after an older checkpoint")
    with h5py.File("runs/absent/results.h5") as f, h5py.File("runs/teacher/results.h5") as taught:
        there = {name: np.isfinite(f["epoch/" + name]).tolist() for name in f["epoch"] if name.startswith(("loss_", "swapped_", "grad_"))}
        norms = [f["epoch/grad_norm_kd_weak"][e] > 0 for e in range(3)]
        check(np.isnan(taught["epoch/swapped_teacher_weak"]).all(), "a share of rows wrong without a teacher")
    for name, wanted in (("loss_ce_weak", [1, 1, 0]), ("loss_ce_strong", [1, 1, 0]), ("loss_kd_weak", [0, 1, 0]), ("loss_kd_strong", [0, 0, 0]),
                         ("swapped_teacher_weak", [0, 1, 0]), ("swapped_teacher_strong", [0, 0, 0])):
        check(there.pop(name) == [w == 1 for w in wanted], name)
    check(all(all(finite) for finite in there.values()) and norms == [False, True, False], there, norms)
    row, = csv.DictReader(io.StringIO(expect(sld("report", "runs/absent", "--format", "csv", ranks=0), 0).out))
    check({row["swapped_teacher_%s_%s" % (v, e)] for v in ("weak", "strong") for e in ("first", "last")} == {""}, "the teacher's shares", row)
    check(row["copy_rate"] and not row["copy_rate_reason"], "copied errors", row)


def main():
    teacher()
    check_absent()
    for name, (lines, terms) in CASES.items():
        write("e.yaml", lines + STUDENT)
        expect(sld("run", "e.yaml", "name=%s1" % name), 0)
        expect(sld("run", "e.yaml", "name=%s3" % name, "run.stop_after_steps=2", ranks=3), 75)
        expect(sld("run", "e.yaml", "name=%s3" % name), 0)
        check(digest("runs/%s1" % name) == digest("runs/%s3" % name), name, "differs by rank count and resume")
        with h5py.File("runs/%s1/results.h5" % name) as f:
            for term in terms:
                check(f["/epoch/loss_" + term][0] > 0, name, "recorded no", term)
                check(f["/epoch/grad_norm_" + term][0] > 0, name, "moved nothing by", term)
            if name == "ctkd":
                tau = f["/epoch/temperature"][0]
                check(tau > 1 and abs(tau - 15.6212) > 1e-4, "the temperature stayed at", tau)  # 1 + 20 sigmoid(1)
                ctkd = f["/epoch/temperature"][()].tobytes()
        if name == "ctkd":
            with h5py.File("runs/ctkd3/results.h5") as f:
                check(f["/epoch/temperature"][()].tobytes() == ctkd, "the temperature differs by rank count and resume")
    for setting, word in (("zscore=true", "zscore: expected false"), ("correction=swap", "correction: expected none")):
        write("lr.yaml", "method: lr\n" + STUDENT)
        expect(sld("run", "lr.yaml", "name=x", setting), 2, word)

    expect(sld("run", "e.yaml", "name=x", "teacher.network=resnet20"), 2, "runs/teacher/last.h5: network: expected resnet20",
           "got resnet8")
    expect(sld("run", "e.yaml", "name=x", "preset=cifar100/resnet56-resnet21", ranks=0), 2,
           "nearest: cifar100/resnet56-resnet20")
    listed = expect(sld("methods", ranks=0), 0).out
    for word in ("mlkd:", "source:", "dkd.beta: 8.0", "ctkd.ramp: 10", "reorder", "cifar100/wrn_40_2-vgg8"):
        check(word in listed, "sld methods does not list", word)
    # three seeds: 12 pairs x 2 methods and 6 teachers; 6 methods x 4 corrections + 1 and a teacher, less SLD's own swap
    for name, points in (("pairs", 78), ("methods", 73), ("wrong_teacher", 18)):
        expect(sld("sweep", os.path.join(SWEEPS, name + ".yaml"), "data.format=synthetic", "--plan", ranks=0), 0,
               "sweep %s: %d points" % (name, points))


in_folder(main)
