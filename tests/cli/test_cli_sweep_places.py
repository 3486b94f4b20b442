"""Where a sweep's mpirun finds nothing that it needs: a TMPDIR that cannot be written, no network interface. Trials of two
ranks run all the same; where that cannot be, no attempt is burnt."""
import glob
import os
import subprocess

import harness
from harness import Result, check, digest, expect, in_folder, write
from sweep_harness import status

SPEC = """
name: one
base: {method: none, student: {network: resnet8}, train: {epochs: 1, batch: 32}, synthetic: {train: 32, test: 16}}
"""
NOT_ALLOWED = ("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin")


def sweep(folder, *args, inside=(), env=None):
    done = subprocess.run([*inside, harness.SLD, "sweep", "one.yaml", "--dir", folder, *args], stdin=subprocess.DEVNULL,
                          env=harness.environment(env), capture_output=True, timeout=harness.PATIENCE_S)
    return Result(done.returncode, done.stdout, done.stderr)


def can(*words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


def computed(folder):
    return [digest(trial) for trial in sorted(glob.glob(folder + "/trials/*"))]


def main():
    write("one.yaml", SPEC)
    expect(sweep("plain", "--ranks", "1"), 0)
    wanted = computed("plain")

    expect(sweep("tmp", "--ranks", "2", env={"TMPDIR": "/proc"}), 0, "TMPDIR /proc: cannot be written", "on 2 ranks")
    check(computed("tmp") == wanted, "other bits")

    net = ("unshare", "-Urn")
    if not can(*net, "true"):
        print("no namespaces here")
        return
    expect(sweep("net", "--ranks", "2", inside=net), 0, "lo is now", "on 2 ranks")
    check(computed("net") == wanted, "other bits")
    if not can(*net, *NOT_ALLOWED, "true"):
        return
    expect(sweep("none", "--ranks", "2", inside=net + NOT_ALLOWED), 2, "launch.ranks: expected 1", "ip link set lo up")
    check(status("none")["waiting"] == 1 and not os.listdir("none/claims"), "an attempt was burnt")
    expect(sweep("none", inside=net + NOT_ALLOWED), 0, "one rank each", "on 1 rank,")
    check(computed("none") == wanted, "other bits")


in_folder(main)
