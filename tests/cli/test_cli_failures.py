"""What goes wrong is told, with the name of the thing and a nonzero exit code, never by a hang; and what is on disk
stays."""
import os
import shutil
import subprocess

from harness import check, command, environment, expect, in_folder, sld, status, teacher, write, STUDENT, TEACHER


def configuration():
    write("typo.yaml", "method: none\ntrain:\n  epoch: 3\n")
    expect(sld("run", "typo.yaml", ranks=2), 2, "typo.yaml:3:3", "train.epoch", "train.epochs")
    expect(sld("run", "nowhere.yaml"), 2, "nowhere.yaml")
    expect(sld("run"), 2, "usage")
    expect(sld("rnu", "x.yaml", ranks=0), 2, "nearest: run")
    expect(sld("run", "typo.yaml", "--shwo-config"), 2, "--show-config")
    write("net.yaml", TEACHER.replace("resnet8", "resnet9"))
    expect(sld("run", "net.yaml"), 2, "net.yaml:", "student.network", "resnet9", "resnet8")
    expect(sld("run", "net.yaml", "student.network=resnet8", "data.val_fraction=0.01", ranks=2), 2, "data.val_fraction")
    if os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") < 2e7 * 3080:
        expect(sld("run", "net.yaml", "student.network=resnet8", "synthetic.train=10000000", "synthetic.test=10000000", ranks=2), 2,
               "synthetic.train: expected a set that fits into the ", "bytes of memory of this machine, got 10000000 and 10000000 images")
    write("noteacher.yaml", STUDENT.replace("last.h5", "missing.h5"))
    expect(sld("run", "noteacher.yaml", ranks=2), 2, "missing.h5")
    write("foreign.yaml", STUDENT.replace("runs/teacher/last.h5", "foreign.yaml"))
    expect(sld("run", "foreign.yaml"), 2, "foreign.yaml")


def files_of_others():
    """What sld did not write is not written over, and what is read is not the output."""
    os.makedirs("mine", exist_ok=True)
    for name, ranks in (("config.yaml", 0), ("best.h5", 0), ("results.h5", 2)):
        write("mine/" + name, "by hand")
        expect(sld("run", "student.yaml", "run.dir=mine", ranks=ranks), 2, "mine/" + name)
        check(open("mine/" + name).read() == "by hand", "written over:", name)
        os.remove("mine/" + name)
    before = open("runs/through/best.h5", "rb").read()
    expect(sld("eval", "runs/through/best.h5", "--logits", "runs/through/best.h5"), 2, "is the same file as input")
    check(open("runs/through/best.h5", "rb").read() == before, "the weights were written over")
    expect(sld("eval", "runs/through/best.h5", "--logits", "/nowhere/x.h5"), 74, "/nowhere")
    with open("/dev/full", "w") as full:
        code = subprocess.run(command(0, "run", "student.yaml", "--show-config"), stdout=full, env=environment(),
                              stderr=subprocess.DEVNULL).returncode
    check(code == 74, "a full standard output:", code)


def one_rank_fails():
    """An error of rank 1 alone, in the middle of training: all leave with its message."""
    result = expect(sld("run", "student.yaml", "run.dir=runs/fault", ranks=3, env={"SLD_FAIL_AT": "step:4@1"}), 74,
                    "rank 1", "SLD_FAIL_AT")
    check(result.err.count("SLD_FAIL_AT") == 1, "the message was printed more than once")


def divergence():
    write("wild.yaml", TEACHER.replace("epochs: 1", "epochs: 3, lr: 1000, weight_decay: 100"))
    expect(sld("run", "wild.yaml", "run.dir=runs/wild", ranks=2), 1, "diverged")
    check(status("runs/wild") == "diverged", "the outcome is not recorded")
    expect(sld("run", "wild.yaml", "run.dir=runs/wild"), 1, "diverged already")


def main():
    teacher()
    write("student.yaml", STUDENT)
    expect(sld("run", "student.yaml", "run.dir=runs/through", ranks=2), 0)
    configuration()
    files_of_others()
    one_rank_fails()
    divergence()
    write("file", "")
    expect(sld("run", "student.yaml", "run.dir=file/x"), 2, "file")
    check(os.path.isdir("runs/teacher"), "the teacher's folder is gone")
    shutil.rmtree("runs")


in_folder(main)
