"""A sweep that runs is changed from another shell: it takes up a point that was added, and stops one that is skipped, with its
checkpoint kept."""
import os

from harness import check, ended, expect, in_folder, said, wait_for, write
from sweep_harness import no_process_left, start_sweep, status, sweep

SPEC = """
name: live
base: {method: none, student: {network: resnet8}, train: {batch: 16}, synthetic: {train: 32, test: 16},
       run: {checkpoint_minutes: 0.001}}
axes: {arm: {%s}}
launch: {lease_s: 1, slots: 1, ranks: 1, grow_s: 0}
"""
LONG, SHORT = "long: {train.epochs: 100000}", "short: {train.epochs: 2}"


def main():
    write("live.yaml", SPEC % LONG)
    write("more.yaml", SPEC % (LONG + ", " + SHORT))
    process = start_sweep("live.yaml")
    wait_for("a trial at work", lambda: os.path.exists("runs/live/points") and status("runs/live")["running"] == 1
             and status("runs/live")["trials"][0].get("epoch", 0) > 1, process)
    long = status("runs/live")["trials"][0]["id"]

    expect(sweep("more.yaml", "--no-run"), 0)
    check(status("runs/live")["points"] == 2 and process.poll() is None, "added beside the sweep", said(process))
    expect(sweep("runs/live", "--retry", long, "--no-run"), 2, "got one that runs")  # nothing to try again
    expect(sweep("runs/live", "--skip", long, "--no-run"), 0, long)

    done = ended(process)  # the trial without an end is stopped, the point that came in trained
    expect(done, 0, "2 points, 1 before", "skipped: stopped and saved", "done short")
    now = status("runs/live")
    check(now["done"] == 1 and now["skipped"] == 1 and now["failed"] == 0, now)
    check(any(name.startswith("ckpt") for name in os.listdir("runs/live/trials/" + long)), "its checkpoint stays")
    no_process_left("runs/live")


in_folder(main)
