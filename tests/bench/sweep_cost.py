#!/usr/bin/env python3
"""sweep_cost.py: what a sweep costs beside its trials: time per claim, memory and idle CPU of the coordinator, and the times
of plan, status, report and index, at 10,000 points; with --test 10000 --points 240 at the size of a study of CIFAR-100, its
pack and the report of sld_analysis among them.

The trials are none: their launcher is a shell that copies one finished trial's results into each folder, with the folder's
ID and a sum to match, so that all that remains is the coordinator's. The first point's launcher sleeps until all others have ended, and longer: what the
coordinator uses meanwhile is its idle share. Wants an otherwise idle machine for its times; CPU seconds hold on a busy one.

usage: sweep_cost.py [--sld FILE] [--points N] [--idle SECONDS] [--test SAMPLES]"""
import argparse
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BASE = "{method: none, student: {network: resnet8}, train: {epochs: 1, batch: 48}, synthetic: {train: 96, test: %d}}"
FAKE = """#!/bin/sh
# FAKE sld run TRIAL/experiment.yaml ...
case "$3" in
*/%s/*) exec sleep 100000 ;;
esac
folder=${3%%/*}
head -c -76 %s | LC_ALL=C sed "s/%s/${folder##*/}/g" >"$folder/new"
printf 'sld-sha256:%%.64s\\n' "$(sha256sum "$folder/new")" >>"$folder/new"
mv "$folder/new" "$folder/results.h5"
"""


def cpu_s(pid):
    """CPU time of the process alone, to the nanosecond where the kernel tells it."""
    try:
        with open("/proc/%d/schedstat" % pid) as f:
            return int(f.read().split()[0]) / 1e9
    except OSError:
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(next(line for line in f if line.startswith("VmHWM")).split()[1]) / 1024


def timed(what, *command):
    """Prints what it took, and the largest memory of any child so far; returns what it printed."""
    begin = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3):
        sys.exit("sweep_cost.py: exit code %d: %s\n%s" % (done.returncode, " ".join(command), done.stderr))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print("%-34s %8.2f s wall, %8.2f s CPU, %5.0f MiB at most so far" % (what, wall, cpu, after.ru_maxrss / 1024), flush=True)
    return done.stdout


def ended(folder):
    return sum(name.endswith(".done") for name in os.listdir(folder + "/claims"))


def claims(process, folder, n):
    """CPU of the coordinator per trial, by tenths of the sweep."""
    while not os.path.isdir(folder + "/claims"):
        time.sleep(0.01)
    share, at, used, begin = max(1, n // 10), 0, cpu_s(process.pid), time.monotonic()
    print("%-34s" % "coordinator's CPU per trial, ms", end="", flush=True)
    first = used
    while at < n - 1:
        time.sleep(0.2)
        now = ended(folder)
        if process.poll() is not None:
            sys.exit("sweep_cost.py: the sweep ended with %d:\n%s" % (process.returncode, open("log").read()[-2000:]))
        if now - at >= share or now == n - 1:
            spent = cpu_s(process.pid)
            print(" %.2f" % (1000 * (spent - used) / max(1, now - at)), end="", flush=True)
            at, used = now, spent
    print("\n%-34s %8.2f ms CPU, %.2f ms wall with its launcher" % (
        "per trial over all", 1000 * (used - first) / (n - 1), 1000 * (time.monotonic() - begin) / (n - 1)))


def finished_trial(sld, test):
    """The results of one real trial and its ID."""
    with open("one.yaml", "w") as f:
        f.write("name: one\nbase: %s\n" % (BASE % test))
    timed("one real trial", sld, "sweep", "one.yaml")
    trial = os.listdir("runs/one/trials")[0]
    return os.path.abspath("runs/one/trials/%s/results.h5" % trial), trial


def idle(process, seconds):
    used, begin = cpu_s(process.pid), time.monotonic()
    time.sleep(seconds)
    share = 100 * (cpu_s(process.pid) - used) / (time.monotonic() - begin)
    print("%-34s %8.3f %% of a core over %.0f s" % ("coordinator waiting for a trial", share, seconds))
    print("%-34s %8.1f MiB at most" % ("coordinator's memory", memory_mib(process.pid)), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sld", default=ROOT + "/build/release/src/cli/sld")
    parser.add_argument("--points", type=int, default=10000)
    parser.add_argument("--idle", type=float, default=30)
    parser.add_argument("--test", type=int, default=32)
    args = parser.parse_args()
    sld = os.path.abspath(args.sld)
    arms = min(100, args.points // 6) or 1
    with tempfile.TemporaryDirectory(prefix="sld-sweep-cost-") as folder:
        os.chdir(folder)
        one = finished_trial(sld, args.test)
        with open("many.yaml", "w") as f:
            f.write("name: many\nbase: %s\naxes: {train.lr: %s}\nseeds: 1..%d\nlaunch: {slots: 2}\n"
                    % (BASE % args.test, [round(0.001 * (i + 1), 4) for i in range(arms)], args.points // arms))
        plan = timed("sld sweep --plan", sld, "sweep", "many.yaml", "--plan")
        with open("fake", "w") as f:
            f.write(FAKE % (re.search(r"\b[0-9a-f]{12}\b", plan).group(), *one))
        os.chmod("fake", 0o755)
        with open("log", "w") as log:
            process = subprocess.Popen([sld, "sweep", "many.yaml", "launch.command=" + os.path.abspath("fake")],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        claims(process, "runs/many", args.points)
        idle(process, args.idle)
        process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        if process.wait() != 75:
            sys.exit("sweep_cost.py: exit code %d\n%s" % (process.returncode, open("log").read()[-2000:]))
        print("%-34s %8.2f s wall" % ("stop, with sweep.h5 written", time.monotonic() - begin))
        for words in (["status", "runs/many"], ["status", "runs/many", "--json"], ["report", "runs/many"],
                      ["report", "runs/many", "--format", "csv"], ["report", "runs/many", "--html", "many.html"],
                      ["report", "runs/many", "--pack", "many.h5"], ["report", "runs/many", "--pack", "small.h5", "--compact"]):
            timed("sld " + " ".join(words).replace(" runs/many", ""), sld, *words)
        print("%-34s %8.1f kB of page, pack %.1f MB, compact pack %.1f MB" % (
            "sizes", *(os.path.getsize(name) / unit for name, unit in (("many.html", 1e3), ("many.h5", 1e6), ("small.h5", 1e6)))))
        for name in ("many.h5", "small.h5"):
            timed("sld-analysis report " + name, ROOT + "/analysis/sld-analysis", "report", name, "-o", "out-" + name)
        os.chdir("/")


main()
