"""sweep_harness.py: sweeps of tiny trials, and the processes that work on them, for the tests of the command line."""
import glob
import hashlib
import json
import os
import signal

from harness import SLD, background, digest, expect, sld, wait_for, write

SPEC = """
name: tiny
base:
  method: sld
  student: {network: resnet8}
  teacher: big
  train: {epochs: %(epochs)d, batch: 16}
  student_swap_after: 1
  data: {format: synthetic}
  synthetic: {train: %(train)d, test: 20}
  run: {checkpoint_minutes: 0.001}
teachers:
  big: {student: {network: resnet8}, train: {epochs: 1, batch: 16}}
axes:
  arm:
    CE: {method: none}
    KD-PA: {correction: none, student_swap: false}
    SLD: {}
seeds: %(seeds)s
baseline: KD-PA
launch: {retries: %(retries)d, lease_s: %(lease)g, grow_s: 0}
"""


def spec(path="tiny.yaml", epochs=2, train=32, seeds="[1]", retries=2, lease=60, more=""):
    write(path, SPEC % {"epochs": epochs, "train": train, "seeds": seeds, "retries": retries, "lease": lease} + more)


def sweep(*args, **how):
    return sld("sweep", *args, ranks=0, **how)


def start_sweep(*args, log="sweep.log", env=None):
    """A coordinator in the background."""
    return background([SLD, "sweep"] + [str(a) for a in args], env, log)


def status(folder):
    """All that sld status knows: counts, and trials by ID."""
    result = expect(sld("status", folder, "--json", ranks=0), 0)
    told = json.loads(result.out)
    told["by_id"] = {t["id"]: t for t in told["trials"]}
    return told


def digests(folder):
    """What each trial computed, by ID."""
    trials = os.path.join(folder, "trials")
    return {i: digest(os.path.join(trials, i)) for i in sorted(os.listdir(trials))}


def files(folder):
    """SHA-256 of every file that is not a log, by path."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            if not name.startswith("log-"):
                path = os.path.join(root, name)
                with open(path, "rb") as f:
                    found[path] = hashlib.sha256(f.read()).hexdigest()
    return found


def command_line(pid):
    """Words with zeros behind them; empty when the process has gone."""
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as f:
            return f.read()
    except OSError:
        return b""


def attempt_processes(folder, trial=""):
    """The processes of all attempts in the folder, or of those of one trial: launchers and ranks."""
    mark = ("run.claim=\"" + os.path.realpath(folder)).encode()
    lines = {int(pid): command_line(pid) for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid()}
    return [pid for pid, line in lines.items() if mark in line and trial.encode() in line]


def kind(pid):
    """Of one of attempt_processes(): "launcher" or "rank"; "" when it has gone."""
    name = os.path.basename(command_line(pid).split(b"\0")[0]).decode()
    return "rank" if name == os.path.basename(SLD) else "launcher" if name else ""


def kill_any(folder, coordinators, rng, kills):
    """kill -9 of a random process of the sweep: first which kind, then which one; counts it by kind."""
    found = {"coordinator": list(coordinators), "launcher": [], "rank": []}
    for pid in attempt_processes(folder):
        found.get(kind(pid), []).append(pid)
    what = rng.choice([k for k in found if found[k]])
    kill(rng.choice(found[what]))
    kills[what] += 1


def told_kills(kills):
    return ", ".join("%d %ss" % (kills[k], k) for k in ("coordinator", "launcher", "rank"))


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def no_process_left(folder):
    wait_for("the attempts' processes to end", lambda: not attempt_processes(folder))


def beats(folder):
    """How often the coordinator at work has given a sign of life."""
    with open(glob.glob(folder + "/claims/*.beat")[0]) as f:
        return int(f.read().split("count")[1])
