"""What the synthetic set is for, with fixed seeds: a small teacher errs on 15 to 25 % of held-out images, at least 70 % of
its errors stay inside the superclass, and a smaller student without a teacher is clearly below it. About two minutes on
two free cores."""
import h5py
import numpy as np

from harness import check, expect, in_folder, sld, write

EXPERIMENT = "method: none\ntrain: {epochs: %d, batch: 64, lr: 0.05}\nstudent: {network: %s}\n"


def errors(name):
    """Share of test images classified wrongly, and of these the share within their superclass."""
    with h5py.File("runs/%s/results.h5" % name) as f:
        predicted = f["/logits/test_last"][()].argmax(1)
        label, coarse = f["/labels/test"][()], f["/labels/test_coarse"][()]
        superclass = {int(k): int(c) for k, c in zip(label, coarse)}
    wrong = predicted != label
    inside = np.array([superclass[int(k)] for k in predicted[wrong]]) == coarse[wrong]
    return 100 * wrong.mean(), 100 * inside.mean()


def main():
    for name, network, epochs in (("teacher", "resnet20", 20), ("student", "resnet8", 14)):
        write(name + ".yaml", EXPERIMENT % (epochs, network))
        expect(sld("run", name + ".yaml", ranks=2, timeout=1500), 0)
    teacher, inside = errors("teacher")
    student, student_inside = errors("student")
    print("teacher: %.1f %% wrong, %.1f %% of them inside the superclass; student: %.1f %% wrong, %.1f %%"
          % (teacher, inside, student, student_inside))
    check(15 <= teacher <= 25, "the teacher errs on", teacher, "%")
    check(inside >= 70, "of its errors inside the superclass:", inside, "%")
    check(student > teacher + 5, "the student errs on", student, "%")


in_folder(main)
