"""SIGUSR1 to the launcher, SIGTERM and SIGINT to sld itself: saved within a step, exit code 75, resumed to the same
bits. A second run on the folder is refused while the first works, or waits for its end."""
import os
import signal

from harness import (Held, background, check, command, digest, ended, expect, in_folder, ranks_of, said, sld, stop, teacher,
                     wait_for, wait_pending, write, STUDENT)


def main():
    teacher()
    write("student.yaml", STUDENT)
    expect(sld("run", "student.yaml", "run.dir=runs/through", ranks=2), 0)
    wanted = digest("runs/through")
    for name, number, ranks in (("usr1", signal.SIGUSR1, 2), ("term", signal.SIGTERM, 0), ("int", signal.SIGINT, 0)):
        folder = "runs/" + name
        run = Held("ckpt-0000002", "run", "student.yaml", "run.dir=" + folder, ranks=ranks)  # after epoch 1 of 2
        expect(sld("run", "student.yaml", "run.dir=" + folder), 3, "another run works in this folder")
        first = ranks_of(run.process)[0]
        waiting = background(command(2, "run", "student.yaml", "run.dir=" + folder, "run.wait_minutes=5"), None,
                             name + ".log")
        wait_for("a run that waits", lambda: "waiting for its end" in said(waiting), waiting)
        stop(first)
        run.process.send_signal(number)
        wait_pending(first, number)  # else the run could end before mpirun forwards it
        run.go_on()
        os.kill(first, signal.SIGCONT)
        expect(ended(run.process), 75)
        expect(ended(waiting), 0, "resumed at epoch 2, step 0")
        check(digest(folder) == wanted, "other bits after", name)

    # after another signal the first Ctrl-C still saves
    run = Held("ckpt-0000002", "run", "student.yaml", "run.dir=runs/both", ranks=0)
    for number in (signal.SIGTERM, signal.SIGINT):
        run.process.send_signal(number)
    run.go_on()
    expect(ended(run.process), 75)


in_folder(main)
