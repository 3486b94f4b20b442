"""What goes wrong is told, with the name of the thing and a nonzero exit code, never by a hang; and what is on disk
stays."""
import os
import shutil

from harness import check, digest, expect, in_folder, sld, status, teacher, write, STUDENT, TEACHER


def configuration():
    write("typo.yaml", "method: none\ntrain:\n  epoch: 3\n")
    expect(sld("run", "typo.yaml", ranks=2), 2, "typo.yaml:3:3", "train.epoch", "train.epochs")
    expect(sld("run", "nowhere.yaml", ranks=2), 2, "nowhere.yaml")
    expect(sld("run", ranks=1), 2, "usage")
    expect(sld("rnu", "x.yaml", ranks=0), 2, "did you mean run")
    expect(sld("run", "typo.yaml", "--shwo-config", ranks=1), 2, "--show-config")
    write("net.yaml", TEACHER.replace("resnet8", "resnet9"))
    expect(sld("run", "net.yaml", ranks=2), 2, "resnet9", "resnet8")
    write("noteacher.yaml", STUDENT.replace("last.h5", "missing.h5"))
    expect(sld("run", "noteacher.yaml", ranks=2), 2, "missing.h5")
    write("foreign.yaml", STUDENT.replace("runs/teacher/last.h5", "foreign.yaml"))
    expect(sld("run", "foreign.yaml", ranks=2), 2, "foreign.yaml")


def one_rank_fails():
    """An error of rank 1 alone, in the middle of training: all leave with its message."""
    result = expect(sld("run", "student.yaml", "run.dir=runs/fault", ranks=3, env={"SLD_FAIL_AT": "step:4@1"}), 74,
                    "rank 1", "SLD_FAIL_AT")
    check(result.err.count("SLD_FAIL_AT") == 1, "the message was printed more than once")


def storage():
    """A checkpoint that cannot be written: a clear error, the one before intact, and the same bits in the end."""
    for k in range(1, 12):
        folder = "runs/write%d" % k
        expect(sld("run", "student.yaml", "run.dir=" + folder, ranks=2, env={"SLD_FAIL_AT": "write:%d@0" % k}), 74,
               folder, "Input/output error")
        expect(sld("run", "student.yaml", "run.dir=" + folder, ranks=2), 0)
        check(digest(folder) == wanted, "other bits after a failed write", k)
    write("file", "")
    expect(sld("run", "student.yaml", "run.dir=file/x", ranks=2), 74, "file")


def divergence():
    write("wild.yaml", TEACHER.replace("epochs: 1", "epochs: 3, lr: 1.0e30"))
    expect(sld("run", "wild.yaml", "run.dir=runs/wild", ranks=2), 1, "diverged")
    check(status("runs/wild") == "diverged", "the outcome is not recorded")
    expect(sld("run", "wild.yaml", "run.dir=runs/wild", ranks=2), 1, "diverged already")


def main():
    global wanted
    teacher()
    write("student.yaml", STUDENT)
    expect(sld("run", "student.yaml", "run.dir=runs/through", ranks=2), 0)
    wanted = digest("runs/through")
    configuration()
    one_rank_fails()
    storage()
    divergence()
    check(os.path.isdir("runs/teacher"), "the teacher's folder is gone")
    shutil.rmtree("runs")


in_folder(main)
