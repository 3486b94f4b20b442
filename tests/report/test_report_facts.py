"""Facts that a report must not drop or bend: attempts of trials that have ended, which split chose the best epoch, shares of a
teacher that is known by its logits alone, diverged trials, and the seed of a run by itself."""
import csv
import io
import json

import h5py
import numpy as np

import made_sweep
from harness import check, expect, in_folder, sld, write
from made_sweep import Trial


def report(folder, *args):
    return expect(sld("report", folder, *args, ranks=0), 0).out


def rows(folder):
    return {r["id"]: r for r in csv.DictReader(io.StringIO(report(folder, "--format", "csv")))}


def check_attempts():
    trials = [Trial("a%011d" % i, "a", i, [50.0, 60.0]) for i in (1, 2)]
    trials += [Trial("b%011d" % 1, "b", 1, [50.0], status="diverged"), Trial("c%011d" % 1, "c", 1)]
    made_sweep.write_sweep("ended", trials)
    made_sweep.mark("ended", trials[0].id, "done", "attempt 3 seconds 9.5\n")
    made_sweep.mark("ended", trials[1].id, "done", "attempt 1 seconds 9.5\n")
    made_sweep.mark("ended", trials[2].id, "diverged", "attempt 2 seconds 9.5\n")
    wanted = [3, 1, 2, 0]
    check([int(rows("ended")[t.id]["attempts"]) for t in trials] == wanted, "attempts in CSV", report("ended", "--format", "csv"))
    for said in (report("ended", "--format", "json"), expect(sld("status", "ended", "--json", ranks=0), 0).out):
        check([t["attempts"] for t in json.loads(said)["trials"]] == wanted, "attempts in JSON", said)
    text = report("ended")
    check("0/1 (1 diverged)" in text and "diverged" in text.splitlines()[0], "a diverged trial is called so", text)


def check_split():
    """The split that chose the best epoch is that of the trials which have results, wherever they stand."""
    for name, splits, said in (("val", ("val", "val", None), "chosen on the validation split."), ("test", ("test", None), "on test itself"),
                               ("both", ("val", "test"), "by some trials, on test itself by others"), ("none", (None,), "on test itself")):
        made_sweep.write_sweep(name, [Trial("%s%s" % (name[0], "%011d" % i), "a", i, [50.0] if on else [], best_on=on or "")
                                      for i, on in enumerate(splits)])
        text = report(name).replace("\n", " ")
        check(said in text, name, "wanted", said, text)


def check_teacher_of_files():
    nan, top1 = float("nan"), [50.0, 60.0, 70.0]
    trials = [Trial("f%011d" % 1, "files", 1, top1, teacher_logits_sha256="f" * 64), Trial("n%011d" % 1, "none", 1, top1),
              Trial("l%011d" % 1, "late", 1, top1, teacher_logits_sha256="f" * 64, columns={"swapped_teacher_weak": [nan, 0.25, nan]})]
    made_sweep.write_sweep("files", trials)
    found = rows("files")
    check(found[trials[0].id]["swapped_teacher_weak_first"] == "0.25", "shares of the teacher's wrong rows", found)
    check(found[trials[1].id]["swapped_teacher_weak_first"] == "", "no teacher, no share", found)
    expect(sld("report", "files", "--pack", "files.h5", ranks=0), 0)
    for study in ("files", "files.h5"):  # a teacher that comes late and leaves early is a teacher
        said = json.loads(report(study, "--format", "json"))
        check([bool(x["copy_rate_reason"]) for x in said["trials"]] == [bool(x["copy_rate_reason"]) for x in said["arms"]] == [True, False, True],
              "why there are no copied errors", study, said)
        check("No copied % of late: there are no test logits of the teacher" in report(study), study, report(study))


def check_runs():
    import os
    for folder, arm, seed in (("one", "x", 1), ("two", "x", 2), ("other", "y", 1)):
        os.mkdir(folder)
        trial = Trial("%s%011d" % (arm, seed), arm, seed, [50.0, 60.0 + seed],
                      identity="method: none\nseeds.init: %d\ntrain.lr: %s\n" % (seed, arm))
        trial.attributes["seed"] = np.int64(seed)
        made_sweep.write_results(folder + "/results.h5", trial)
    check([r["seed"] for r in rows("two").values()] == ["2"], "the seed of a run", rows("two"))
    said = json.loads(expect(sld("report", "one", "two/results.h5", "other", "--format", "json", ranks=0), 0).out)
    check([(a["arm"], a["trials"]) for a in said["arms"]] == [("one", 2), ("other", 1)], "runs that differ in seed are an arm", said)
    check([t["seed"] for t in said["trials"]] == [1, 2, 1], said)
    os.mkdir("begun")
    trial = Trial("x%011d" % 3, "x", 3, [99.0], status="running", identity="method: none\nseeds.init: 3\ntrain.lr: x\n")
    trial.attributes["seed"] = np.int64(3)
    made_sweep.write_results("begun/results.h5", trial)
    said = json.loads(expect(sld("report", "one", "two", "begun", "--format", "json", ranks=0), 0).out)
    check(said["running"] == 1 and said["done"] == 2 and said["arms"][0]["top1_last"]["mean"] == 61.5, "what has not ended is in no mean", said)
    check([t["state"] for t in said["trials"]] == ["done", "done", "running"], said)
    expect(sld("report", "begun", ranks=0), 0, "a run that is not finished (begun): 1 trial: 1 running", "0/1")
    with h5py.File("begun/results.h5", "r+") as f:
        f.attrs["status"] = "paused"
    expect(sld("report", "begun", ranks=0), 2, "begun/results.h5: attribute status: expected running, done or diverged, got paused")
    expect(sld("report", "one", "other", "one", ranks=0), 2, "one: expected different runs", "as in one", "name it once")
    expect(sld("report", "one", "ended", ranks=0), 2, "ended: expected the folder of a run beside", "the folder of a sweep")


def check_pairs():
    """Arms of another network, or on other data, are held against the baseline of their own pair."""
    for axis, other in (("model", {"params": np.int64(99), "multiply_adds": np.int64(999)}), ("set", {"data_sha256": "f" * 64}), ("pair", {})):
        trials = []
        for pair, base, more in (("P", 50.0, {"params": np.int64(7), "multiply_adds": np.int64(77)}), ("Q", 80.0, other)):
            for arm, gain in (("kd", 0.0), ("sld", 2.0 if pair == "P" else 3.0)):
                trials += [Trial("%s%s%09d" % (pair.lower(), arm[:2], s), pair + " " + arm, s, [40.0, base + gain + s], [pair, arm], **more)
                           for s in (1, 2)]
        made_sweep.write_sweep(axis, trials, baseline="P kd", axes=(axis, "arm"))
        arms = {a["arm"]: a for a in json.loads(report(axis, "--format", "json"))["arms"]}
        check([a["gap"]["mean"] for a in arms.values()] == [None, 2.0, None, 3.0], axis, "gaps over pairs", [(a["arm"], a["gap"]) for a in arms.values()])
        check([a["baseline"] for a in arms.values()] == ["P kd", "P kd", "Q kd", "Q kd"], axis)
        expect(sld("report", axis, "--pack", axis + ".h5", ranks=0), 0)
        packed = {a["arm"]: a for a in json.loads(report(axis + ".h5", "--format", "json"))["arms"]}
        check({n: (a["baseline"], a["gap"]) for n, a in packed.items()} == {n: (a["baseline"], a["gap"]) for n, a in arms.items()}, axis, "packed", packed)
        text = report(axis)
        check(text.count("baseline\n") + text.count("baseline ") >= 2 and "of the same pair" in text, text)
    # An axis of methods, one of which has a wider network: no pairs.
    wide = {"params": np.int64(99), "multiply_adds": np.int64(999)}
    made_sweep.write_sweep("mixed", [Trial("%s%s%09d" % (m[0] + m[-1], t, s), "%s %s" % (m, t), s, [40.0, 50.0 + g + int(t) + s], [m, t],
                                           **(wide if m == "sld wide" else {"params": np.int64(7), "multiply_adds": np.int64(77)}))
                                     for m, g in (("kd", 0), ("sld", 2), ("sld wide", 9)) for t in ("1", "4") for s in (1, 2)],
                           baseline="kd 1", axes=("method", "T"))
    arms = {a["arm"]: a["gap"]["mean"] for a in json.loads(report("mixed", "--format", "json"))["arms"]}
    check(arms == {"kd 1": None, "kd 4": 3.0, "sld 1": 2.0, "sld 4": 5.0, "sld wide 1": 9.0, "sld wide 4": 12.0}, "methods are no pairs", arms)
    # One axis alone, over networks: the spec's baseline is meant for all.
    made_sweep.write_sweep("alone", [Trial("%s%011d" % (n.lower(), s), n, s, [40.0, 50.0 + g + s], [n], params=np.int64(7 + g), multiply_adds=np.int64(7))
                                     for n, g in (("A", 0), ("B", 4)) for s in (1, 2)], baseline="A", axes=("model",))
    arms = json.loads(report("alone", "--format", "json"))["arms"]
    check([a["gap"]["mean"] for a in arms] == [None, 4.0], "networks alone", arms)

    check_named_pair()


def check_fingerprints():
    """A trial that went on under another fingerprint has all of them in a pack too."""
    both = "epoch 1, step 0: library 1\nepoch 2, step 0: library 2"
    trials = [Trial("m%011d" % 1, "moved", 1, [50.0, 60.0], fingerprint="library 2", fingerprints=both, teacher_network="resnet20"),
              Trial("s%011d" % 1, "stayed", 1, [50.0, 60.0], fingerprint="library 2")]
    made_sweep.write_sweep("moved", trials)
    for compact in ((), ("--compact",)):
        expect(sld("report", "moved", "--pack", "moved.h5", "--force", *compact, ranks=0), 0)
        with h5py.File("moved.h5") as f:
            kept = {i: (now, all_of) for i, now, all_of in
                    zip(*(f["trials/" + name].asstr()[:] for name in ("id", "fingerprint", "fingerprints")))}
            check(f["trials/teacher_network"].asstr()[0] == "resnet20", "the teacher's network in a pack")
        check(kept == {trials[0].id: ("library 2", both), trials[1].id: ("library 2", "")}, "fingerprints in a pack", kept)


def check_libraries():
    """Gaps between trials of other libraries or another instruction set are told; those between arms that differ in more alone are not."""
    kinds = ("oneDNN 2.6.3 isa 0x3e7, 1 thread; convolutions 1: a", "oneDNN 2.6.3 isa 0x3e7, 1 thread; convolutions 2: b", "oneDNN 2.6.3 isa 0x7, 1 thread; convolutions 1: a")
    for other, told in ((0, False), (1, False), (2, True)):
        name = "kinds%d" % other
        made_sweep.write_sweep(name, [Trial("a%011d" % 1, "a", 1, [50.0, 60.0], fingerprint=kinds[0]),
                                      Trial("b%011d" % 1, "b", 1, [50.0, 60.0], fingerprint=kinds[other])], baseline="a")
        expect(sld("report", name, "--pack", name + ".h5", ranks=0), 0)
        for path in (name, name + ".h5"):
            text = expect(sld("report", path, ranks=0), 0).out
            check(("1 gap is between trials that other libraries or another instruction set computed" in text) == told, path, other, text)


def check_paths():
    """Configurations in a pack name what lies in the sweep's folder relative to it, wherever it was; other paths stay."""
    text = ("method: kd\ndata:\n  path: %s\nteacher:\n  weights: %s\n  logits: %s\n  logits_files: [%s, /else/a.h5]\n"
            "run:\n  dir: %s\n  claim: %s\n")
    folders = ("/home/me/sweep/", "runs/sweep/", '"/home/my own: runs/sweep/', "/")
    trials = []
    for i, folder in enumerate(folders):
        end, trial = '"' if folder[0] == '"' else "", "kd%010d" % i
        inside = [folder + name + end for name in ("teacher-logits", "a.h5", "trials/" + trial, "claims/%s.1" % trial)]
        outside = ["/home/me/data", "/home/me/" + "sweep.h5"]
        trials.append(Trial(trial, "kd", i, [40.0, 50.0], experiment=text % (*outside, *inside)))
    made_sweep.write_sweep("paths", trials)
    expect(sld("report", "paths", "--pack", "paths.h5", ranks=0), 0)
    with h5py.File("paths.h5") as f:
        for i, packed in enumerate(c.decode() for c in f["trials/config"]):
            bare = text % ("/home/me/data", "/home/me/sweep.h5", *(q % n for q in ['"%s"' if i == 2 else "%s"] for n in (
                "teacher-logits", "a.h5", "trials/kd%010d" % i, "claims/kd%010d.1" % i)))
            check(packed == (trials[i].experiment if folders[i] == "/" else bare), folders[i], packed)


def check_named_pair():
    """The spec names the axis that makes the pairs, in the folder and in a pack; what a gap resolves is of its own pair."""
    made_sweep.write_sweep("named", [Trial("%s%s%09d" % (p.lower(), a, s), "%s %s" % (p, a), s, [40.0, 50.0 + scale * (s * s + g * s)], [p, a])
                                     for p, scale in (("P", 0.1), ("Q", 1.0)) for a, g in (("kd", 0), ("sl", 1)) for s in (1, 2, 3)],
                           baseline="P kd", axes=("size", "arm"))
    for spec, wanted in (("report: {pair: size}", ["P kd", "P kd", "Q kd", "Q kd"]), ("report: {pair: [size]}", ["P kd", "P kd", "Q kd", "Q kd"]),
                         ("report: {title: t}", ["P kd"] * 4), ("report: [", ["P kd"] * 4)):
        write("named/sweep.yaml", "name: named\n%s\n" % spec)
        expect(sld("report", "named", "--pack", "named.h5", "--force", ranks=0), 0)
        for path in ("named", "named.h5"):
            arms = json.loads(report(path, "--format", "json"))["arms"]
            check([a["baseline"] for a in arms] == wanted, spec, path, [a["baseline"] for a in arms])
            if wanted[2] == "Q kd":
                resolves = [a["detectable"] for a in arms]
                check(abs(resolves[3] / resolves[1] - 10.0) < 1e-6 and abs(arms[3]["resolving_sd"] / arms[1]["resolving_sd"] - 10.0) < 1e-6,
                      "ten times the spread, ten times the difference", resolves)
                check("pooled over the arms of each pair" in report(path), report(path))


def check_test_sets():
    """Shares of one test set are different test sets: each trial is held against its own labels and teacher, and gaps say so."""
    text, sha = "method: kd\ndata:\n  test_fraction: %s\nname: %s\nseed: %d\n", "a" * 64
    trials = [Trial("%s%010d" % (arm[:2], s), arm, s, [50.0 + s], sha=sha if copies else "", copies=copies or 1, samples=n,
                    experiment=text % ("1" if n == 12 else "0.3", arm, s))
              for arm, n, copies in (("whole", 12, 3), ("small", 4, 3), ("control", 4, 0)) for s in (1, 2)]
    made_sweep.write_sweep("shares", trials, baseline="whole")
    for form in ("", "--compact"):
        pack = "shares%s.h5" % form
        expect(sld("report", "shares", "--pack", pack, *form.split(), ranks=0), 0)
        with h5py.File(pack) as f:
            check(f["labels/test"].shape == (6, 12) and (f["labels/test"][2, 4:] == -1).all(), form, "labels of each trial", f["labels/test"][:])
            check(f["class_name"].shape == (4,), form, "the classes of the one data set")
            check(f["trials/teacher_row"][:].tolist() == [0, 0, 1, 1, -1, -1], form, "a table for each test set", f["trials/teacher_row"][:])
        for source in ("shares", pack):
            arms = {a["arm"]: a for a in json.loads(report(source, "--format", "json"))["arms"]}
            found = [round(arms[a]["copy_rate"]["mean"], 6) for a in ("whole", "small", "control")]
            check(found == [60.0, 75.0, 25.0], source, "of 5 and of 4 errors of the teacher", found)
            check(arms["small"]["copy_rate_unseen"] == 25.0 and arms["whole"]["copy_rate_unseen"] is None, source, arms)
            check("2 gaps are between arms that were tested on different images" in report(source), source, report(source))


    made_sweep.write_sweep("sets", [Trial("%s%011d" % (arm, 1), arm, 1, [50.0], data_sha256=sha * 64) for arm, sha in (("a", "d"), ("b", "f"))], baseline="a")
    check("1 gap is between arms that were tested on different images" in report("sets"), report("sets"))


def check_teacher_rows():
    """The teacher's logits are packed from the first trial that has them, wherever it stands."""
    trials = [Trial("n%011d" % 1, "none", 1, [50.0], sha="a" * 64, logits=False), Trial("d%011d" % 1, "lost", 1, [], sha="a" * 64, status="diverged")]
    trials += [Trial("k%011d" % s, "kd", s, [50.0], sha="a" * 64, copies=3) for s in (1, 2)]
    made_sweep.write_sweep("rows", trials)
    for form in ("", "--compact"):
        expect(sld("report", "rows", "--pack", "rows%s.h5" % form, *form.split(), ranks=0), 0)
        with h5py.File("rows%s.h5" % form) as f:
            check(f["trials/teacher_row"][:].tolist() == [-1, -1, 0, 0], form, f["trials/teacher_row"][:])
        check(report("rows%s.h5" % form, "--format", "csv").count(",60") == report("rows", "--format", "csv").count(",60") >= 2, form, "copied errors")


def check_shared_baseline():
    """A baseline without a teacher has one trial for the pairs of all teachers: its spread enters that of each pair, once."""
    top1 = {"ce": [50.0, 53.0, 59.0], "t1 kd": [60.0, 61.0, 62.0], "t2 kd": [60.0, 60.5, 61.0]}
    made_sweep.write_sweep("shared", [Trial("%s%09d" % (arm[:2].strip() + "k", s), "t1 ce" if arm == "ce" else arm, s, [top1[arm][s - 1]],
                                          ["t1" if arm == "ce" else arm[:2], arm[-2:]]) for arm in top1 for s in (1, 2, 3)],
                           baseline="t1 ce", axes=("teacher", "arm"))
    with open("shared/points") as f:
        text = f.read()
    for s in (1, 2, 3):  # labels of the second pair for the trials of the first
        text = text.replace("end\t", "same\tcek%09d\ttrial\t%d\tt2 ce\tt2\tce\nend\t" % (s, s))
    write("shared/points", text)
    arms = {a["arm"]: a for a in json.loads(report("shared", "--format", "json"))["arms"]}
    for pair in ("t1", "t2"):
        wanted = np.sqrt((np.var(top1["ce"], ddof=1) + np.var(top1[pair + " kd"], ddof=1)) / 2)
        check(abs(arms[pair + " kd"]["resolving_sd"] - wanted) < 1e-6, pair, arms[pair + " kd"]["resolving_sd"], wanted)


def check_seeds_of_gaps():
    """A gap over fewer seeds than its row says so."""
    made_sweep.write_sweep("few", [Trial("%s%010d" % (arm[:2], s), arm, s, [50.0 + s]) for arm, seeds in (("one", (1, 2)), ("two", (2, 3)), ("three", (1, 2)))
                                   for s in seeds], baseline="one")
    text = report("few")
    rows = {line.split()[0]: line for line in reversed(text.splitlines()) if line.startswith(("two", "three"))}
    check("+0.00 (n 1)" in rows["two"] and "(n " not in rows["three"] and "over the k seeds that both arms have done" in text, text)


def main():
    check_attempts()
    check_split()
    check_teacher_of_files()
    check_runs()
    check_pairs()
    check_paths()
    check_fingerprints()
    check_libraries()
    check_test_sets()
    check_teacher_rows()
    check_shared_baseline()
    check_seeds_of_gaps()


in_folder(main)
