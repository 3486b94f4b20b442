"""Every write of a run made to fail once (SLD_FAIL_AT): exit code 74 naming the file and the reason, the last checkpoint
intact, and the same command then ends with the bits of an undisturbed run."""
from harness import SHORT, check, digest, expect, in_folder, sld, teacher, write


def main():
    teacher()
    write("student.yaml", SHORT)
    expect(sld("run", "student.yaml", "run.dir=runs/through", ranks=2), 0)
    wanted = digest("runs/through")
    for k in range(1, 100):
        folder = "runs/write%d" % k
        result = sld("run", "student.yaml", "run.dir=" + folder, ranks=2, env={"SLD_FAIL_AT": "write:%d@0" % k})
        if result.code == 0:
            break
        expect(result, 74, folder, "Input/output error")
        expect(sld("run", "student.yaml", "run.dir=" + folder), 0)
        check(digest(folder) == wanted, "other bits after a failed write", k)
    # config and first results, then checkpoint, last, best and results of each of two epochs
    check(k == 11, "a run made", k - 1, "writes")


in_folder(main)
