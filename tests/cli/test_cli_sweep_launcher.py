"""Launchers of a sweep's trials that cannot work, and those that a scheduler ends together with their trials."""
import glob
import os
import signal
import time

from harness import check, ended, expect, in_folder, said, wait_for, write
from sweep_harness import attempt_processes, kill, no_process_left, start_sweep, status, sweep

ONE = """
name: one
base: {method: none, student: {network: resnet8}, train: {epochs: %d, batch: 16}, synthetic: {train: 32, test: 20},
       run: {checkpoint_minutes: 0.001}}
"""


def launcher_that_cannot_work():
    """No trial has failed where none was started, and a pause lies between launches."""
    write("one.yaml", ONE % 1)
    write("no.sh", "echo unrecognized argument >&2; exit 255\n")  # a code beyond every signal's
    for line, reason in (("sh nowhere.sh", "sh: 0: cannot open nowhere.sh"), ("/nowhere/launcher -n {ranks}", "sh: 1: "),
                         ("sh no.sh", "unrecognized argument")):
        folder = "runs/dead-%d" % len(line)
        before = time.monotonic()
        done = expect(sweep("one.yaml", "--dir", folder, "launch.command=" + line), 1, "trials cannot be started from here",
                      "did not start: " + reason)
        check(done.err.count("did not start") == 3, done.err)
        for settings in ((), ("launch.ranks=1",), ("parallel.shards=1",)):
            told = sweep("one.yaml", "--plan", "launch.command=" + line, *settings).err.count("launch.command: expected {ranks}")
            check(told == (not settings and "{ranks}" not in line), line, settings)
        check(time.monotonic() - before > 3, "no pause between launches")
        told = status(folder)
        check(told["failed"] == 0 and told["trials"][0]["state"] == "waiting", told)
        check(not glob.glob(folder + "/claims/*.error"), "a launcher's failure is the trial's")
        expect(sweep("one.yaml", "--dir", folder, "launch.command="), 0, "done one seed 1")


def launcher_that_waits():
    """One that waits for ever is told of long before it is ended, with its own last words; no trial has failed by it."""
    write("one.yaml", ONE % 1)
    for words, told in (("", "it prints nothing"), ("echo Requested nodes are busy >&2; ", "Requested nodes are busy")):
        write("wait.sh", words + "trap '' USR1; exec sleep 1000\n")
        run = start_sweep("one.yaml", "--dir", "runs/waits", "launch.command=sh wait.sh", "launch.stall_minutes=0.1",
                          "launch.lease_s=3", log="waits.log")
        wait_for("the word", lambda: "no rank has begun: " + told in said(run), run)
        check("did not start" not in said(run), "told too late")
        wait_for("its end", lambda: "did not start: no step for 0.1 minutes" in said(run), run)
        kill(run.pid, signal.SIGTERM)
        expect(ended(run), 75)
        os.remove("waits.log")
    check(not glob.glob("runs/waits/claims/*.error"), "a launcher's failure is the trial's")
    no_process_left("runs/waits")


def scheduler_ends_all():
    """The end of a job is SIGTERM to every process of it, launchers too: a stop, no failure, and nothing is lost."""
    write("one.yaml", ONE % 100000)
    run = start_sweep("one.yaml", "--dir", "runs/term", "--ranks", "2", log="term.log")
    wait_for("a trial's steps", lambda: glob.glob("runs/term/trials/*/ckpt-*.h5"), run)
    for pid in [run.pid] + attempt_processes("runs/term"):
        kill(pid, signal.SIGTERM)
    expect(ended(run), 75, "stopped and saved")
    no_process_left("runs/term")
    check(not glob.glob("runs/term/claims/*.error"), "a stop is a failure")


def main():
    launcher_that_cannot_work()
    launcher_that_waits()
    scheduler_ends_all()


in_folder(main)
