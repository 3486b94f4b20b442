"""speed.py: one JSON of what it was told to measure, with machine, build and commit; --compare finds what is faster."""
import copy
import json
import os
import subprocess
import sys

from harness import SLD, check, environment, in_folder

SPEED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "speed.py")
BUILD = os.path.abspath(os.path.join(os.path.dirname(SLD), "..", ".."))


def speed(*args, code=0):
    done = subprocess.run([sys.executable, SPEED, *args], env=environment(), capture_output=True, text=True)
    check(done.returncode == code, "exit code", done.returncode, done.stderr)
    return done.stdout


def main():
    text = speed("--build", BUILD, "--pairs", "none-resnet8", "--ranks", "1", "--seconds", "0.01", "--no-kernels")
    found = json.loads(text)
    check(found["machine"]["cores"] and found["machine"]["processor"] and found["machine"]["load"] >= 0, "machine", found)
    check(found["build"]["commit"] and "MPI" in found["build"] and "flags" in found["build"], "build", found["build"])
    check([(r["pair"], r["ranks"]) for r in found["pairs"]] == [("none-resnet8", 1)], "pairs", found)

    rates = {"before1": 100.0, "before2": 104.0, "after1": 120.0, "after2": 116.0}  # medians: 102, 118
    shape = {"height": 8, "width": 8, "in": 16, "out": 16, "kernel": 3, "stride": 1, "groups": 1}
    for name, rate in rates.items():
        made = copy.deepcopy(found)
        made["pairs"][0]["figures"]["samples_per_s"] = rate
        made["shapes"] = [dict(shape, forward=rate / 2)]
        with open(name, "w") as f:
            json.dump(made, f)
    told = speed("--compare", "before1", "before2", "--with", "after1", "after2").splitlines()
    check(told[1].split() == ["none-resnet8", "1", "102.0", "4.0", "%", "118.0", "3.4", "%", "1.157"], told)
    check("1.16 (  59.0)" in told[-2], told)
    speed("--compare", "before1", code=2)


in_folder(main)
