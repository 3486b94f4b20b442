#!/usr/bin/env python3
"""sharing.py: what sharing the teacher's logits saves: the four arms of one seed of resnet32x4-resnet8x4, shortened, as a
sweep without the store and as one with it, in one run; their trials must have the same bits. Wants an otherwise idle
machine.

usage: sharing.py [--sld FILE] [--train N] [--epochs N]"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))

from harness import digest  # noqa: E402

TEACHER = """method: none
student: {network: resnet32x4}
train: {epochs: 1, batch: 64}
synthetic: {train: 64, test: 64}
"""
SPEC = """name: sharing
base:
  method: sld
  student: {network: resnet8x4}
  teacher: {weights: runs/teacher/last.h5}
  train: {epochs: %d, batch: 64}
  student_swap_after: 1
  synthetic: {train: %d, test: 64}
axes:
  arm:
    KD-PA: {correction: none, student_swap: false}
    +LTS: {student_swap: false}
    +LSS: {correction: none}
    SLD: {}
"""


def run(*command):
    """Seconds on the clock, and of CPU by all its processes."""
    begin, before = time.monotonic(), os.times()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit("sharing.py: exit code %d: %s\n%s" % (done.returncode, " ".join(command), done.stdout))
    wall, after = time.monotonic() - begin, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sld", default=ROOT + "/build/release/src/cli/sld")
    parser.add_argument("--train", type=int, default=640)
    parser.add_argument("--epochs", type=int, default=3)
    args = parser.parse_args()
    sld = os.path.abspath(args.sld)
    with tempfile.TemporaryDirectory(prefix="sld-sharing-") as folder:
        os.chdir(folder)
        with open("teacher.yaml", "w") as f:
            f.write(TEACHER)
        with open("sharing.yaml", "w") as f:
            f.write(SPEC % (args.epochs, args.train))
        run(sld, "run", "teacher.yaml")
        live = run(sld, "sweep", "sharing.yaml", "--dir", "runs/live", "teacher.logits=")
        store = run(sld, "sweep", "sharing.yaml", "--dir", "runs/store")
        sha = {d: [digest("runs/%s/trials/%s" % (d, i)) for i in sorted(os.listdir("runs/%s/trials" % d))]
               for d in ("live", "store")}
        os.chdir("/")
    print("4 arms of resnet32x4-resnet8x4, %d samples, %d epochs" % (args.train, args.epochs))
    for i, what in enumerate(("wall", "CPU")):
        print("  %-4s  %6.1f s live, %6.1f s with the store: %.2f times as fast" % (
            what, live[i], store[i], live[i] / store[i]))
    print("SHA-256 of the trials' weights, logits and curves:", *("%.12s" % s for s in sha["store"]))
    if sha["live"] != sha["store"] or len(set(sha["store"])) != 4:
        sys.exit("sharing.py: other bits without the store: " + " ".join("%.12s" % s for s in sha["live"]))


main()
