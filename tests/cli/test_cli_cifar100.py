"""Real CIFAR-100 (SLD_CIFAR100_DIR) and a real PyTorch teacher (SLD_TEACHERS_DIR: resnet56.h5, its test logits and its
published top-1): sld eval gives PyTorch's logits and the same count of hits. Skipped where either is not there."""
import os
import re
import sys

import h5py
import numpy as np

from harness import check, expect, in_folder, sld

DATA = os.environ.get("SLD_CIFAR100_DIR", "")
TEACHERS = os.environ.get("SLD_TEACHERS_DIR", "")


def main():
    weights = os.path.join(TEACHERS, "resnet56.h5")
    result = expect(sld("eval", weights, "data.format=cifar100", "data.path=" + DATA, "--logits", "logits.h5", ranks=2),
                    0, "10000 samples")
    hits = int(re.search(r"top-1 [\d.]+ % \((\d+)\)", result.out).group(1))
    check(abs(hits - 7053) <= 1, "hits:", hits)  # 70.53 % in PyTorch; one image for a logit tie
    with h5py.File("logits.h5") as ours, h5py.File(os.path.join(TEACHERS, "resnet56_test_logits.h5")) as theirs:
        worst = np.abs(ours["/logits"][:2000] - theirs["/logits"][()]).max()
        check((ours["/labels"][:2000] == theirs["/labels"][()]).all(), "labels differ")
    print("worst difference of a logit: %.2e" % worst)
    check(worst < 1e-4, "logits")  # float32 against float32, other orders of summation, logits up to 30


if not os.path.isdir(DATA) or not os.path.isfile(os.path.join(TEACHERS, "resnet56.h5")):
    print("SKIP: set SLD_CIFAR100_DIR and SLD_TEACHERS_DIR to folders with the data set and a teacher")
    sys.exit(77)
in_folder(main)
