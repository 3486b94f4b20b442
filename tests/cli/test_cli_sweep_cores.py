"""Sweeps of one user on one machine share its cores out: each trial has its own, who finds none waits and says for whom, and a
core comes free with the death of the process that had it."""
import os
import re
import signal

from harness import SLD, background, check, ended, expect, in_folder, said, wait_for, write
from sweep_harness import kill, no_process_left

LONG = """
name: long
base: {method: none, student: {network: resnet8}, train: {epochs: 100000, batch: 16}, synthetic: {train: 32, test: 16}}
launch: {ranks: 1, lease_s: 2}
"""


def start(name):
    """A sweep on at most two CPUs."""
    cpus = ",".join(str(c) for c in sorted(os.sched_getaffinity(0))[:2])
    return background(["taskset", "-c", cpus, SLD, "sweep", "long.yaml", "--dir", name], None, name + ".log")


def cpus_of(process):
    """Those of its last start; () as long as there is none."""
    return tuple(re.findall(r"on 1 rank, CPUs (\d+)", said(process))[-1:])


def waits(process):
    return "use all cores of this machine" in said(process)


def settled(process):
    wait_for("a trial or a wait", lambda: cpus_of(process) or waits(process), process)
    return process


def main():
    write("long.yaml", LONG)
    first, second, third = (settled(start(name)) for name in ("a", "b", "c"))
    holders = [p for p in (first, second) if cpus_of(p)]  # one, where two CPUs are one core
    check(cpus_of(first) and len({cpus_of(p) for p in holders}) == len(holders), "one core for two:", cpus_of(first))
    check(waits(third) and not cpus_of(third), said(third))
    check("process %d" % first.pid in said(third), "it does not say who has them:", said(third))

    kill(first.pid, signal.SIGKILL)
    following = [p for p in (second, third) if p not in holders]
    wait_for("the core of the dead", lambda: any(cpus_of(p) for p in following), third)
    check(cpus_of(first) in [cpus_of(p) for p in following], "another core")
    for process, name in ((second, "b"), (third, "c")):
        kill(process.pid, signal.SIGTERM)
        expect(ended(process), 75)
        no_process_left(name)


in_folder(main)
