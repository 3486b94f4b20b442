"""SIGUSR1 to the launcher, SIGTERM and SIGINT to sld itself: saved within a step, exit code 75, resumed to the same
bits. A second run on the folder is refused while the first works."""
import os
import signal

from harness import check, digest, expect, in_folder, sld, start, status, teacher, wait_for, write, STUDENT

LONGER = STUDENT.replace("epochs: 2", "epochs: 12")


def main():
    teacher()
    write("student.yaml", LONGER)
    expect(sld("run", "student.yaml", "run.dir=runs/through", ranks=2), 0)
    wanted = digest("runs/through")
    for name, number, ranks in (("usr1", signal.SIGUSR1, 2), ("term", signal.SIGTERM, 0), ("int", signal.SIGINT, 0)):
        folder = "runs/" + name
        process = start("run", "student.yaml", "run.dir=" + folder, ranks=ranks)
        wait_for(folder + "/last.h5")  # an epoch is done, many are to come
        expect(sld("run", "student.yaml", "run.dir=" + folder, ranks=1), 2, "another run works in this folder")
        process.send_signal(number)
        code = process.wait(timeout=60)
        check(code == 75, name, "exit code", code, open("started.log").read())
        check(status(folder) == "running", "status after", name)
        expect(sld("run", "student.yaml", "run.dir=" + folder, ranks=2), 0, "resumed")
        check(digest(folder) == wanted, "other bits after", name)


in_folder(main)
