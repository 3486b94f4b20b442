"""The same bits on 1, 2, 3 and 8 ranks, for a run that has tail batches, a teacher, swaps and two views; without
mpirun too. Another seed gives other bits, so the comparison can fail."""
from harness import check, digest, expect, in_folder, sld, teacher, write, STUDENT


def main():
    teacher()
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


in_folder(main)
