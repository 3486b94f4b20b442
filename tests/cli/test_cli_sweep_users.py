"""A sweep of two users: neither declares the other dead because /proc hides his processes, nor locks the other out by a umask of
his own; what may not be opened is told as that. Another user and a /proc of one's own take root."""
import glob
import os
import re
import signal
import stat
import subprocess

from harness import SLD, Result, background, check, ended, environment, expect, in_folder, said, wait_for, write
from sweep_harness import kill, status, sweep

SPEC = """
name: two
base: {method: none, student: {network: resnet8}, train: {epochs: %d, batch: 16}, synthetic: {train: 32, test: 16}}
seeds: %s
launch: {ranks: 1, slots: 1, lease_s: 60}
"""
OTHER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
HIDDEN = ["unshare", "-m", "sh", "-c", 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', "-"]


def run(*words):
    done = subprocess.run(words, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=240)
    return Result(done.returncode, done.stdout, done.stderr)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def umask_of_another():
    """Files of a folder that others share stay readable for them, those of one's own folder do not become so."""
    write("two.yaml", SPEC % (1, "[1]"))
    expect(sweep("two.yaml", "--dir", "open"), 0)
    os.chmod("open/points", 0o664)
    os.chmod("open", 0o775)
    write("two.yaml", SPEC % (1, "[1, 2]"))
    narrow = ["sh", "-c", 'umask 077 && exec "$@"', "-", SLD, "sweep", "two.yaml"]
    expect(run(*narrow, "--dir", "open"), 0)
    check(mode("open/points") == 0o664, "points", oct(mode("open/points")))
    for root, _, names in os.walk("open"):
        for name in names:
            path = os.path.join(root, name)
            check(mode(path) & 0o44 == 0o44, path, oct(mode(path)))
    expect(run(*narrow, "--dir", "closed"), 0)
    check(mode("closed") == 0o700 and mode("closed/points") == 0o600, "opened", oct(mode("closed/points")))


def closed_to_me():
    for verb in (["sweep", "closed"], ["status", "closed"], ["report", "closed"]):
        refused = expect(run(*OTHER, SLD, *verb), 2, "closed", "permission denied", "chmod -R g+rX")
        check("no file" not in refused.err, refused.err)


def results_closed_to_me():
    """Results that another user may not open are not taken for damaged and trained anew, though he could move them."""
    subprocess.run(["chmod", "-R", "a+rwX", "open"], check=True)
    results = glob.glob("open/trials/*/results.h5")[0]
    os.chmod(results, 0o600)
    os.utime(results, (1, 1))  # whoever has marked it has not seen it so
    before = os.stat(results).st_ino
    for verb in ("status", "sweep", "report"):
        done = run(*OTHER, SLD, verb, "open")
        check("Permission denied" in done.out + done.err and "anew" not in done.out + done.err, verb, done.code, done.out, done.err)
    check(os.stat(results).st_ino == before and not os.path.exists(results + ".old"), "it was trained anew")
    # no mark, as of a coordinator that died in between: the sweep goes on without this one, and takes it once it can be read
    name = results.split("/")[-2]
    os.unlink("open/claims/%s.done" % name)
    write("two.yaml", SPEC % (1, "[1, 2, 3]"))
    expect(sweep("two.yaml", "--dir", "open", "--no-run"), 0)
    os.unlink("open/claims/%s.done" % name) if os.path.exists("open/claims/%s.done" % name) else None
    subprocess.run(["chmod", "-R", "a+rwX", "open"], check=True)
    os.chmod(results, 0o600)
    done = run(*OTHER, SLD, "sweep", "open")
    check(done.code == 1 and "passed over" in done.err and "Permission denied" in done.err and "1 trial has ended (%s)" % name in done.err,
          done.code, done.err)
    check(status("open")["done"] == 3 and os.stat(results).st_ino == before, "others were trained, and this one stays", status("open"))
    os.chmod(results, 0o666)
    again = run(*OTHER, SLD, "sweep", "open")
    check(again.code == 0 and " start " not in again.err and os.path.exists("open/claims/%s.done" % name), again.code, again.err)


def hidden_from_me():
    """While its coordinator lives another user sees the trial run, and takes nothing over."""
    write("two.yaml", SPEC % (100000, "[1]"))
    os.mkdir("hidden")
    os.chmod("hidden", 0o777)
    run_ = background([SLD, "sweep", "two.yaml", "--dir", "hidden"], None, "hidden.log")
    wait_for("a trial", lambda: os.path.exists("hidden/points") and status("hidden")["running"] == 1, run_)
    told = expect(run(*HIDDEN, *OTHER, SLD, "status", "hidden"), 0)
    check("1 running" in told.out, "another user's coordinator is taken for dead:", told.out)
    expect(run(*HIDDEN, *OTHER, SLD, "sweep", "hidden", "--no-wait"), 3, "other coordinators run the remaining trials")
    check(not re.search("taken over|superseded", said(run_)), said(run_))
    kill(run_.pid, signal.SIGTERM)
    expect(ended(run_), 75)
    expect(run(*HIDDEN, *OTHER, SLD, "status", "hidden"), 0, "1 waiting")


def main():
    umask_of_another()
    if os.geteuid() != 0 or run(*HIDDEN, *OTHER, SLD, "--version").code != 0:
        print("not root: one user alone")
        return
    os.chmod(".", 0o755)
    closed_to_me()
    results_closed_to_me()
    hidden_from_me()


in_folder(main)
