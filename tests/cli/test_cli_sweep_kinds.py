"""A trial that was begun with another instruction set is left to machines that have it: it burns no attempt, the other points
are trained, and --retry begins it anew. On a processor without AVX-512 there is no other kind to be."""
import glob
import os
import shutil
import signal
import sys

from harness import check, ended, expect, in_folder, wait_for, write
from sweep_harness import kill, start_sweep, status, sweep

SPEC = """
name: kinds
base: {method: none, student: {network: resnet8}, train: {batch: 16}, synthetic: {train: 32, test: 16},
       run: {checkpoint_minutes: 0.001}}
axes: {arm: {long: {train.epochs: 10}, short: {train.epochs: 1}}}
launch: {slots: 1, ranks: 1, retries: 0}
"""
OTHER = "parallel.isa=avx2"


def main():
    with open("/proc/cpuinfo") as f:
        if "avx512f" not in f.read():
            print("SKIP: the processor has no AVX-512")
            sys.exit(77)
    write("kinds.yaml", SPEC)
    process = start_sweep("kinds.yaml")
    wait_for("a checkpoint", lambda: glob.glob("runs/kinds/trials/*/ckpt-*"), process)
    kill(process.pid, signal.SIGTERM)
    expect(ended(process), 75, "stopped and saved")
    begun = next(t["id"] for t in status("runs/kinds")["trials"] if t["arm"] == "long")

    left = expect(sweep("runs/kinds", OTHER), 3, "passed over long seed 1 (%s" % begun, "done short", "--retry ID")
    check(left.err.count("passed over") == 1, left.err)
    check(not glob.glob("runs/kinds/claims/*.error"), "an attempt was burnt")
    now = status("runs/kinds")
    check(now["failed"] == 0 and now["done"] == 1 and now["by_id"][begun]["state"] == "waiting", now)
    check("another instruction set" in now["by_id"][begun]["reason"], now)
    check(expect(sweep("runs/kinds", OTHER), 3).err.count("passed over") == 1, "it is not passed over again")

    shutil.copytree("runs/kinds", "runs/anew")
    expect(sweep("runs/kinds"), 0, "done long")  # where it was begun
    expect(sweep("runs/anew", OTHER, "--retry", begun), 0, "done long")
    check(glob.glob("runs/anew/trials/%s/ckpt-*.old" % begun), "its checkpoints are gone:", os.listdir("runs/anew/trials/" + begun))


in_folder(main)
