"""test_cli_same_bits.py [N SEED]: the same bits on 1, 2, 3 and 8 ranks, for a run that has tail batches, a teacher, swaps and
two views; without mpirun too. Another seed gives other bits, so the comparison can fail. Then N experiments drawn by SEED: networks of
all families, methods, precisions, batches and shards, one rank against some."""
import random
import sys

from harness import check, digest, expect, in_folder, sld, teacher, write, STUDENT

METHODS = ("none", "kd", "sld", "dkd", "mlkd", "nkd", "rld", "rc", "lr", "ctkd")
NETWORKS = ("resnet8", "ShuffleV1", "vgg8", "MobileNetV2", "wrn_16_1")


def one_run():
    write("student.yaml", STUDENT)
    wanted = None
    for ranks in (1, 2, 3, 8, 0):
        expect(sld("run", "student.yaml", "run.dir=runs/r%d" % ranks, ranks=ranks), 0)
        found = digest("runs/r%d" % ranks)
        print("ranks", ranks, found)
        wanted = wanted or found
        check(found == wanted, "other bits on", ranks, "ranks")
    expect(sld("run", "student.yaml", "seed=2", "run.dir=runs/other"), 0)
    check(digest("runs/other") != wanted, "another seed gave the same bits")
    expect(sld("run", "student.yaml", "run.dir=runs/nine", ranks=9), 2, "parallel.shards", "9", "8")


def drawn(draw, number):
    """Batches of 36 samples that leave tails of every kind: fewer rows than shards or ranks, one row, none."""
    shards = draw.choice((2, 4, 5, 8, 8, 12, 16))
    method = draw.choice(METHODS)
    words = ["method=" + method, "student.network=" + draw.choice(NETWORKS), "parallel.shards=%d" % shards,
             "train.batch=%d" % draw.choice((3, 7, 12, 16, 35, 36, 64)), "seed=%d" % draw.randrange(100),
             "train.lr=0.001"]  # batches of three samples diverge at the usual rate
    if method == "none":
        words += ["teacher.weights="] + draw.choice(([], ["ce.strong=0"], ["ce.weak=0", "ce.strong=1"]))
    if draw.random() < 0.3:
        words.append("student.precision=bf16")
    ranks = draw.choice([r for r in range(2, 9) if r <= shards])
    write("drawn.yaml", STUDENT.replace("method: sld\n", "").replace("student_swap_after: 1\n", "")
          .replace("student: {network: resnet8}\n", "").replace("train: {epochs: 2, batch: 16}", "train: {epochs: 2}"))
    found = []
    for n in (1, ranks):
        folder = "drawn/%d-%d" % (number, n)
        expect(sld("run", "drawn.yaml", *words, "run.dir=" + folder, ranks=n), 0)
        found.append(digest(folder))
    check(found[0] == found[1], "other bits on", ranks, "ranks", words)
    print("ranks", ranks, *words, found[0][:12])


def main():
    n, seed = (int(word) for word in (sys.argv[1:] or (3, 1)))
    draw = random.Random(seed)
    teacher()
    one_run()
    for number in range(n):
        drawn(draw, number)


in_folder(main)
