"""Each method's own step is the same on any rank count and after a stop in mid-epoch; what it records; a teacher of
another network than the experiment names is refused, as is a preset that does not exist; the sweeps over presets
expand."""
import os

import h5py

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


def main():
    teacher()
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
