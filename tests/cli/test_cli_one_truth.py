"""test_cli_one_truth.py: status, report in every form and the packed study say the same of every trial of a folder that was
damaged in every way; the sweep makes such trials anew, and its exit code says so too."""
import csv
import io
import itertools
import json
import os
import shutil
import sys

import h5py

from harness import check, digest, expect, in_folder, sld, write

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "report"))
from made_sweep import Trial, mark, seal, write_sweep  # noqa: E402


def verb(*args, code=0):
    return expect(sld(*args, ranks=0), code)


# ---- what may become of results.h5: each takes its path, and says what it is then: whole, bad or gone ----

def nothing(path):
    return "whole"


def gone(path):
    os.remove(path)
    return "gone"


def no_folder(path):
    shutil.rmtree(os.path.dirname(path))
    return "gone"


def touched(path):
    os.utime(path, (1, 1))
    return "whole"


def cut(share):
    def act(path):
        with open(path, "r+b") as f:
            f.truncate(int(os.path.getsize(path) * share))
        return "bad"
    return act


def flipped(share):
    def act(path):
        with open(path, "r+b") as f:
            f.seek(int((os.path.getsize(path) - 1) * share))
            byte = f.read(1)[0]
            f.seek(-1, 1)
            f.write(bytes([byte ^ 1]))
        return "bad"
    return act


def replaced(content):
    def act(path):
        os.remove(path)
        if content is None:
            os.makedirs(path)
        else:
            with open(path, "wb") as f:
                f.write(content)
        return "bad"
    return act


def forged(change):
    """Sealed again, as a program of sld's would."""
    def act(path):
        with open(path, "rb") as f:
            body = f.read()[:-76]
        with open(path, "wb") as f:
            f.write(body)
        with h5py.File(path, "r+") as f:
            change(f)
        seal(path)
        return "bad"
    return act


def attribute(name, value):
    return forged(lambda f: f.attrs.__setitem__(name, value))


def bad_label(f):
    f["labels/test"][0] = 99


def too_good(f):
    f["epoch/top1_test"][0] = 900.0


def without(name):
    return forged(lambda f: f.attrs.__delitem__(name) if name in f.attrs else f.__delitem__(name))


def shorter(name):
    def change(f):
        value = f[name][()][:-1]
        del f[name]
        f[name] = value
    return forged(change)


DAMAGES = ([nothing, touched, gone, no_folder, replaced(b""), replaced(b"no HDF5"), replaced(None),
            attribute("id", "ffffffffffff"), attribute("status", "running"), attribute("status", "other")]
           + [cut(s) for s in (0.1, 0.5, 0.9, 0.999)] + [flipped(s) for s in (0.0, 0.3, 0.6, 0.95, 1.0)]
           + [without(n) for n in ("id", "status", "epochs_done", "best_on", "best_epoch", "lss_active_epochs", "labels/test", "epoch/top1_test")]
           + [forged(bad_label), forged(too_good), attribute("data_sha256", 3)] + [shorter(n) for n in ("epoch/top1_test", "epoch/seconds", "labels/test", "logits/test_best")])
MARKS = [["done"], ["diverged"], ["failed"], ["skipped"], [], ["done", "failed"], ["skipped", "done"]]


def expected(marks, is_now, kind):
    """The state of a trial by its marks and what its results are."""
    if "skipped" in marks:
        return "skipped"
    if marks == ["failed"]:
        return "failed"
    if is_now == "whole":
        return kind
    return "failed" if is_now == "unreadable" else "waiting"


def table():
    """Every damage of a trial that is done and of one without a mark; every mark on whole, lost and damaged results."""
    cases = list(itertools.product(DAMAGES, (["done"], [])))
    cases += [c for c in itertools.product((nothing, gone, cut(0.5)), MARKS) if c[1] not in (["done"], [])]
    trials = [Trial("%012x" % i, "arm%d" % (i % 7), i, [50.0, 60.0], status="diverged" if i % 5 == 0 else "done")
              for i in range(len(cases))]
    write_sweep("made", trials)
    wanted = {}
    for trial, (damage, marks) in zip(trials, cases):
        os.remove(os.path.join("made", "claims", trial.id + "." + trial.status))
        is_now = damage(os.path.join("made", "trials", trial.id, "results.h5"))
        for m in marks:
            mark("made", trial.id, m, "a reason\n")
        wanted[trial.id] = expected(marks, is_now, trial.status)
    # a state that nobody can tell from the file alone: a folder where results should be cannot be read
    told = json.loads(verb("status", "made", "--json").out)
    status = {t["id"]: (t["state"], t.get("reason", "")) for t in told["trials"]}
    report = json.loads(verb("report", "made", "--format", "json").out)
    as_json = {t["id"]: (t["state"], t["reason"]) for t in report["trials"]}
    rows = csv.DictReader(io.StringIO(verb("report", "made", "--format", "csv").out))
    as_csv = {r["id"]: (r["state"], r["reason"]) for r in rows}
    verb("report", "made", "--pack", "study.h5")
    with h5py.File("study.h5") as f:
        decode = [[x.decode() for x in f["trials/" + c][()]] for c in ("id", "state", "reason")]
        packed = {i: (s, r) for i, s, r in zip(*decode)}
        valid = {i: bool(v) for i, v in zip(decode[0], f["valid"][()])}
    for trial, (damage, marks) in zip(trials, cases):
        what = (trial.id, marks, getattr(damage, "__qualname__", damage), status[trial.id])
        check(status[trial.id] == as_json[trial.id] == as_csv[trial.id] == packed[trial.id], "not one truth:", what,
              as_json[trial.id], as_csv[trial.id], packed[trial.id])
        state = status[trial.id][0]
        check(state == wanted[trial.id] or (damage is DAMAGES[6] and state == "failed"), "wanted", wanted[trial.id], what)
        check(valid[trial.id] == (state in ("done", "diverged")), "valid is", valid[trial.id], what)
    counts = {s: sum(1 for v in status.values() if v[0] == s) for s in ("done", "diverged", "failed", "waiting", "skipped")}
    for name, n in counts.items():
        check(told[name] == n and report[name] == n, name, n, told[name], report[name])
    text = verb("report", "made").out.splitlines()[0]
    check(all("%d %s" % (n, name) in text for name, n in counts.items() if n), text, counts)
    print("%d trials:" % len(cases), counts)


SPEC = """
name: real
base: {method: kd, teacher: t, student: {network: resnet8}, synthetic: {train: 40, test: 20}, train: {epochs: 1, batch: 40}}
teachers: {t: {student: {network: resnet8}, train: {epochs: 1, lr: 0.1}}}
axes: {train.lr: [0.01, 0.02, 0.03, 0.04]}
seeds: [1]
launch: {ranks: 1}
"""


def states():
    told = json.loads(verb("status", "runs/real", "--json").out)
    report = json.loads(verb("report", "runs/real", "--format", "json").out)
    found = [t["state"] for t in told["trials"]]
    check(found == [t["state"] for t in report["trials"]], "status and report:", told, report)
    return found, [t["id"] for t in told["trials"]]


def real():
    write("real.yaml", SPEC)
    verb("sweep", "real.yaml")
    found, ids = states()
    check(found == ["done"] * 5, found)
    folder = ["runs/real/trials/" + i for i in ids]  # the teacher first
    before = [digest(f) for f in folder]

    os.remove(folder[0] + "/last.h5")            # the teacher's weights, which the others will need
    shutil.rmtree(folder[1])
    cut(0.5)(folder[2] + "/results.h5")
    shutil.copy(folder[4] + "/results.h5", folder[3] + "/results.h5")
    replaced(b"no HDF5")("runs/real/sweep.h5")   # derived: no reason to say nothing
    report = verb("report", "runs/real")
    check("sweep.h5" in report.err, report.err)
    found, _ = states()
    check(found == ["done", "waiting", "waiting", "waiting", "done"], found)
    verb("sweep", "real.yaml")
    check(states()[0] == ["done"] * 5, states())
    check([digest(f) for f in folder] == before, "trained anew, the bits are others")
    with h5py.File("runs/real/sweep.h5") as f:
        check(f["valid"][()].tolist() == [1] * 5, f["valid"][()])

    # Change and leave; a trial that is done may be had again.
    verb("sweep", "runs/real", "--retry", ids[1], "--no-run")
    check(states()[0] == ["done", "waiting", "done", "done", "done"], states())
    check(os.path.exists(folder[1] + "/results.h5.old"), "the old results are gone")
    verb("sweep", "runs/real", "--skip", ids[1], "--no-run")
    check(states()[0] == ["done", "skipped", "done", "done", "done"], states())
    shutil.rmtree("runs/real/claims")            # lost: results speak for themselves
    check(states()[0] == ["done", "waiting", "done", "done", "done"], states())
    verb("sweep", "runs/real")
    check(states()[0] == ["done"] * 5, states())
    check([digest(f) for f in folder] == before, "tried again, the bits are others")


def main():
    table()
    real()


in_folder(main)
