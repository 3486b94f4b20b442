"""`sld-analysis merge`: the parts of a study make the pack that the whole would have made, to the bit but for times and places. Parts by
seed and by trial are trained, those by arm are made by hand. What does not belong together is refused. Skipped without pandas."""
import contextlib
import copy
import json
import os
import re
import resource
import shutil
import subprocess
import sys

from package import ANALYSIS, needs, said_by

needs("pandas", "yaml", "scipy", "matplotlib")

import h5py
import numpy as np

import made_sweep
import sld_analysis
from harness import check, expect, in_folder, sld, write
from made_sweep import Trial
from sld_analysis import options
from sld_analysis.__main__ import main as run_verb

SPEC = """
name: parts
baseline: KD
base:
  method: sld
  student: {network: resnet8}
  data: {format: synthetic}
  synthetic: {train: 32, test: 40}
  train: {epochs: 2, batch: 16}
teachers:
  small: {student: {network: resnet8}, train: {epochs: 2, batch: 16}}
axes:
  arm:
    CE: {method: none}
    KD: {correction: none, student_swap: false, teacher: small}
seeds: 1..2
claims:
  KD: {arm: KD, against: CE}
"""
# What another run of the same trials has otherwise: times, memory, and in the experiment the run's folder.
OF_A_RUN = {"/epoch/seconds", "/epoch/samples_per_second", "/trials/minutes", "/trials/samples_per_second", "/trials/memory_mb",
            "/trials/started", "/trials/finished", "/trials/config"}
FORMS = ((), ("--compact",))


def run(*args):
    return said_by(run_verb, *args)


def merge(out, *parts):
    """What was said on standard error."""
    code, said, err = run("merge", *parts, "-o", out)
    check(code == 0 and said.startswith(out + ": "), "merge", parts, code, err)
    return err


def refused(code, out, args, *words):
    before = sorted(os.listdir("."))
    got, said, err = run("merge", *args, "-o", out)
    check(got == code and said == "" and "Traceback" not in err, "refused", args, got, err)
    for word in words:
        check(word in err, "the message says it", word, err)
    check(sorted(os.listdir(".")) == before, "nothing is left", os.listdir("."))


def pack(folder, out, form=()):
    expect(sld("report", folder, "--pack", out, *form, ranks=0), 0)
    return out


def sets_of(f):
    out = {}
    f.visititems(lambda name, thing: out.update({"/" + name: thing}) if isinstance(thing, h5py.Dataset) else None)
    return out


def facts_of(thing):
    """Type, shape, axes, properties and attributes of a data set."""
    plist = thing.id.get_create_plist()
    scale = h5py.h5ds.get_scale_name(thing.id) if h5py.h5ds.is_scale(thing.id) else None
    return (thing.dtype, thing.shape, [[scale.name for scale in d.values()] for d in thing.dims], scale, thing.chunks,
            plist.get_fill_time(), plist.get_obj_track_times(), thing.attrs.get("units"))


def members(f):
    return {name: list(f[name]) for name in f if isinstance(f[name], h5py.Group)}


def check_same(whole, merged, but=()):
    with h5py.File(whole, "r") as a, h5py.File(merged, "r") as b:
        check(dict(a.attrs) == dict(b.attrs), "attributes", dict(a.attrs), dict(b.attrs))
        check(dict(a["trials"].attrs) == dict(b["trials"].attrs), "order of columns", dict(b["trials"].attrs))
        check({k: sorted(v) for k, v in members(a).items()} == {k: sorted(v) for k, v in members(b).items()}, "members", members(a), members(b))
        check(members(a)["trials"] == members(b)["trials"], "order of members", members(a)["trials"], members(b)["trials"])
        for path, one in sets_of(a).items():
            other = b[path]
            check(facts_of(one) == facts_of(other), path, facts_of(one), facts_of(other))
            if path not in but:
                equal = list(one[()]) == list(other[()]) if one.dtype.kind == "O" else one[()].tobytes() == other[()].tobytes()
                check(equal, whole, merged, path, one[()], other[()])


def without_times(node):
    if isinstance(node, dict):
        return {k: without_times(v) for k, v in node.items() if k not in ("minutes", "samples_per_second", "memory_mb")}
    return [without_times(v) for v in node] if isinstance(node, list) else node


def check_seeds():
    """The sweep of two seeds, and its parts as two machines would train them, each with the teacher; CE of seed 1 is that teacher too."""
    for folder, seeds in (("whole", "1..2"), ("first", "1"), ("rest", "2")):
        expect(sld("sweep", "spec.yaml", "--dir", folder, "seeds=" + seeds, "launch.slots=1", ranks=0), 0)
    for form in FORMS:
        whole, first, rest = (pack(folder, folder + ".h5", form) for folder in ("whole", "first", "rest"))
        check(merge("merged.h5", first, rest) == "", "equal bits pass silently")
        check(merge("turned.h5", rest, first) == "", "in any order")
        with h5py.File("merged.h5", "r") as f:
            rates, unseen = f["trials/copy_rate"][()], f["trials/copy_rate_unseen"][()]
            check(np.isnan(rates[0]) and unseen[1] == unseen[3] == rates[2], "the trial that is the teacher copies nobody", rates, unseen)
        check_same(whole, "merged.h5", OF_A_RUN)
        check_same("merged.h5", "turned.h5", OF_A_RUN)
        with h5py.File(whole, "r") as f, h5py.File(first, "r") as part:
            unseen = f["trials/copy_rate_unseen"][()]
            check(np.isfinite(unseen).sum() > np.isfinite(part["trials/copy_rate_unseen"][()]).sum(), "the parts have other controls", unseen)
        said = [json.loads(expect(sld("report", name, "--format", "json", ranks=0), 0).out) for name in (whole, "merged.h5")]
        check(without_times(said[0]) == without_times(said[1]), said)
        written = [open(name, "rb").read() for name in ("merged.h5",) if not merge(name, first, rest)] + [open("merged.h5", "rb").read()]
        check(written[0] == written[1], "the same content is the same bytes")
    with h5py.File("rest.h5", "r+") as f:
        f["log_p/test_last_top"][1, :2, 1] = 0.0
    said = merge("merged.h5", "first.h5", "rest.h5")
    check(said.count("half of what they were") == 1 and "rest.h5: log-" in said and "test_last_top: 2 of" in said, "halved values are told", said)


def forget(folder, ids):
    """The trials wait again."""
    for one in ids:
        shutil.rmtree(os.path.join(folder, "trials", one))
        for name in os.listdir(os.path.join(folder, "claims")):
            if name.startswith(one + "."):
                os.remove(os.path.join(folder, "claims", name))


def check_reports(whole, merged):
    """All forms of the report but for the file's name and the time."""
    texts = []
    for path in (whole, merged):
        code, _, err = run("report", path, "-o", "out")
        check(code == 0, path, err)
        said = {name: open(os.path.join("out", name), encoding="utf-8").read() for name in sorted(os.listdir("out"))}
        shutil.rmtree("out")
        said.update((form, expect(sld("report", path, "--format", form, ranks=0), 0).out) for form in ("text", "csv", "json"))
        texts.append({name: re.sub(r"(report made\W.*?)\d[\d:TZ -]+", r"\1", text.replace(path, "X")) for name, text in said.items()})
    check(list(texts[0]) == list(texts[1]) and len(texts[0]) > 10, list(texts[0]), list(texts[1]))
    for name, text in texts[0].items():
        check(text == texts[1][name], "report of the merged study", name, text[:3000], texts[1][name][:3000])


def check_trials():
    """One sweep whose trials ended in two folders, each with all points: the very trials, so nothing at all differs."""
    with h5py.File("whole.h5", "r") as f:
        ids = [i.decode() for i in f["trials/id"]]
    for folder, gone in (("left", ids[1:3]), ("right", ids[:1] + ids[3:])):
        shutil.copytree("whole", folder)
        forget(folder, gone)
    for form in FORMS:
        whole, left, right = (pack(folder, folder + ".h5", form) for folder in ("whole", "left", "right"))
        merge("merged.h5", left, right)
        check_same(whole, "merged.h5")
        merge("again.h5", "merged.h5", left)
        check_same(whole, "again.h5")
        check_readers("again.h5", bool(form))
    check_reports("whole.h5", "merged.h5")


# ---- parts by arm, made by hand: other options, columns, epochs, teachers and data sets ----

TAUGHT = "method: kd\nkd:\n  weak: 0.9\n  temperatures: [%d]\nstudent:\n  network: resnet8 # x\nseed: %d\n"


def arms():
    """Teachers first, then by seed: a control, students of two teachers, of one known by its logits alone, and on another data set."""
    out = [Trial("teacher0000%d" % k, name, 1, [50.0, 60.0 + k], is_teacher=True) for k, name in enumerate(("r14", "r20"))]
    for seed in (1, 2):
        name = "%%s%09d" % seed
        temperature = "method: kd\nkd:\n  temperatures: [4]\nseed: %d\n" % seed
        out += [
            Trial(name % "con", "plain", seed, [30.0, 50.0 + seed], ["-"], copies=seed),
            Trial(name % "one", "one", seed, [30.0, 55.0 + seed], ["r14"], "teacher00000", copies=2 + seed, sha="a" * 64,
                  experiment=TAUGHT % (4, seed), columns={"grad_norm_kd_weak": [0.1, 0.2]}),
            Trial(name % "two", "two", seed, [30.0, 40.0, 57.0 + seed], ["r20"], "teacher00001", copies=3, sha="b" * 64,
                  experiment=TAUGHT % (2, seed), columns={"grad_norm_lts_weak": [0.1, 0.2, 0.3]}),
            Trial(name % "out", "outside", seed, [30.0, 56.0], ["files"], copies=4, teacher_logits_sha256="c" * 64, experiment=temperature),
            Trial(name % "new", "other data", seed, [30.0, 58.0], ["data"], copies=1, data_sha256="f" * 64, experiment=temperature),
            Trial(name % "div", "gone", seed, [30.0], ["-"], "teacher00000", sha="a" * 64, status="diverged"),
            Trial(name % "wai", "to come", seed, [], ["-"], "teacher00000")]
    return out


@contextlib.contextmanager
def other_data():
    was = made_sweep.SAMPLES, made_sweep.CLASSES, made_sweep.LABELS
    made_sweep.SAMPLES, made_sweep.CLASSES = 9, 6
    made_sweep.LABELS = np.arange(9, dtype=np.int32) % 6
    yield
    made_sweep.SAMPLES, made_sweep.CLASSES, made_sweep.LABELS = was


def write_arms(folder, trials, late=""):
    made_sweep.write_sweep(folder, trials, baseline="plain", axes=["teacher"])
    for t in trials:
        if t.arm == "other data" and t.top1:
            with other_data():
                made_sweep.write_results(os.path.join(folder, "trials", t.id, "results.h5"), t)
    if late:
        write(folder + "/late-claims", late)
    with open(folder + "/points") as f:
        points = f.read().splitlines()
    same = ["same\t%s\ttrial\t%d\ttwin\tr14" % (t.id, t.seed) for t in trials if t.arm == "one"]
    write(folder + "/points", "\n".join(points[:-1] + same + points[-1:]) + "\n")


def check_arms():
    trials = arms()
    of = {"made": trials, "a": [t for t in trials if t.arm in ("r14", "plain", "one", "gone", "to come")],
          "b": [t for t in trials if t.arm in ("r20", "plain", "outside", "other data") or (t.arm, t.seed) == ("two", 1)],
          "c": [copy.copy(t) for t in trials if (t.arm, t.seed) == ("two", 2)]}
    of["c"][0].teacher = None  # the weights were given as a file
    for folder, some in of.items():
        late = "x: named after 1 of 2 trials had ended, then\n"
        write_arms(folder, some, late if folder == "a" else late + "y: changed after 3 of 4 trials had ended, now\n")
    for form in FORMS:
        for folder in of:
            pack(folder, folder + ".h5", form)
        check(merge("merged.h5", "a.h5", "b.h5", "c.h5") == "", "no trial differs")
        with h5py.File("made.h5", "r") as a, h5py.File("merged.h5", "r") as b:  # rows by the arms' order in the files, as no file knows all
            names = [i.decode() for i in b["trials/id"]]
            rows = [names.index(i.decode()) for i in a["trials/id"]]
            check(names[0] == "teacher00000" and [n[:3] for n in names[2:9]] == ["con", "one", "div", "wai", "two", "out", "new"], names)
            check("/trials/option_kd.temperatures" in sets_of(b) and len(set(a["labels/test"].shape)) == 2, "what only the whole shows")
            for path, one in sets_of(a).items():
                x, y = one[()], b[path][()]
                if path.startswith("/logits/test_teacher") or path.startswith("/log_p/test_teacher") or path == "/trials/teacher_row":
                    continue
                if one.shape[0] == len(rows) and path != "/trial_index":
                    y = y[rows]
                if path == "/trials/teacher":
                    y = [rows.index(k) if k >= 0 else -1 for k in y]
                check(list(x) == list(y) if one.dtype.kind == "O" else np.array_equal(x, y, equal_nan=one.dtype.kind == "f"), path, x, y)
                check(one.dtype == b[path].dtype, path, one.dtype, b[path].dtype)
            name = "/logits/test_teacher" if not form else "/log_p/test_teacher_top"
            place = dict(zip(a["trials/teacher_row"][()], b["trials/teacher_row"][()][rows]))  # the teachers, by the first trial of each
            check(place == {-1: -1, 0: 0, 1: 1} and a[name].shape == b[name].shape, "each teacher once", place)
            for k in (0, 1):
                check(np.array_equal(a[name][k], b[name][place[k]], equal_nan=True), "its logits", k)
            check(a.attrs["late_claims"] == b.attrs["late_claims"], b.attrs["late_claims"])
        check(sld_analysis.open("merged.h5").n == len(trials), "opens")


# ---- what is told and what is refused ----

def check_differing():
    """A trial that ended in both with other bits: the first file's, with a word."""
    trials = [Trial("con%09d" % seed, "plain", seed, [30.0, 50.0 + seed] * (seed < 3), ["-"]) for seed in (1, 2, 3)]
    made_sweep.write_sweep("here", trials, baseline="plain", axes=["teacher"])
    made_sweep.mark("here", "con000000003", "failed", "no reason")
    trials[2].top1 = [30.0, 53.0]
    trials[0].top1[1], trials[0].attributes["weights_sha256"] = 52.5, "9" * 64
    made_sweep.write_sweep("there", trials, baseline="plain", axes=["teacher"])
    said = merge("both.h5", pack("here", "here.h5"), pack("there", "there.h5"))
    for word in ("con000000001 (plain, seed 1)", "here.h5", "there.h5", "weights_sha256", "top1_last (51, 52.5)", "that of here.h5 counts"):
        check(word in said, word, said)
    check("con000000002" not in said, said)
    with h5py.File("both.h5", "r") as f:
        check(list(f["trials/top1_last"]) == [51.0, 52.0, 53.0] and f["trials/weights_sha256"][0] == b"e" * 64, "the first file's")
        check([state.decode() for state in f["trials/state"]] == ["done"] * 3 and not f["trials/reason"][2], "what is done, not what failed")


def changed(out, change):
    shutil.copy("here.h5", out)
    with h5py.File(out, "r+") as f:
        change(f)
    return out


def attribute(name, text):
    def change(f):
        f.attrs[name] = text
    return change


def data_set(name, values):
    def change(f):
        f[name][...] = values
    return change


def check_refusals():
    pack("here", "small.h5", ("--compact",))
    refused(2, "new.h5", ["here.h5"], "two packed studies or more")
    refused(2, "new.h5", ["here.h5", "small.h5"], "small.h5: form", "expected that of here.h5, full", "--compact")
    refused(2, "new.h5", ["here.h5", "here"], "got a folder", "sld report here --pack")
    expect(sld("sweep", "whole", "--no-wait", ranks=0), 0)
    refused(2, "new.h5", ["here.h5", "whole/sweep.h5"], "got an index", "--pack")
    refused(2, "new.h5", ["here.h5", "here/trials/con000000001/results.h5"], "expected sld-study, got sld-results", "--pack")
    write("text.h5", "no HDF5")
    refused(2, "new.h5", ["here.h5", "text.h5"], "text.h5")
    refused(2, "new.h5", ["here.h5", "nowhere.h5"], "nowhere.h5: no such file")
    for key, change, words in (("baseline", attribute("baseline", "other"), ("plain", "other")),
                               ("claims", attribute("sweep", "claims: {x: {arm: plain, against: z}}"), ("None", "against")),
                               ("report", attribute("sweep", "report: {title: x}"), ("None", "title")),
                               ("data_sha256 of arm plain", data_set("trials/data_sha256", "1" * 64), ("d" * 64, "1" * 64)),
                               ("class_name", data_set("class_name", ["x", "y", "z", "w"]), ("class0", "x")),
                               ("/labels/test", data_set("labels/test", 0), ("others",)),
                               ("axes", lambda f: f.move("trials/axis_teacher", "trials/axis_pair"), ("teacher", "pair"))):
        changed("odd.h5", change)
        refused(2, "new.h5", ["here.h5", "odd.h5"], "odd.h5: " + key, "here.h5", "; parts of one study", *words)


def check_experiments():
    """Under one label there is one experiment, under one teacher's name one teacher; a trial has one label. What differs in seed and paths, and
    what decides nothing, is no difference."""
    taught = "method: kd\nseed: %d\nkd:\n  weak: 0.9\ntrain:\n  epochs: %d\ndata:\n  path: %s\nlss:\n  weak: %s\nseeds:\n  init: %d\nteacher:\n  weights: %s\n"
    teacher = "method: none\nseed: 1\ntrain:\n  epochs: %d\n"

    def part(name, seed, id="%s%09d", arms=("one", "two"), epochs=(2, 3), init=-1, path="x", lss="0.9", trained=(2,), sha="a", weights="trials/x/last.h5"):
        trials = [Trial("teacher%05d" % t, "small", 1, [50.0], is_teacher=True, experiment=teacher % t) for t in trained]
        trials += [Trial(id % (kind, seed), arm, seed, [50.0 + seed], [arm], trials[0].id if trained else None, sha=sha * 64,
                         experiment=taught % (seed, n, path, lss, init, weights)) for kind, arm, n in zip(("kda", "kdb"), arms, epochs)]
        shutil.rmtree("part", ignore_errors=True)
        made_sweep.write_sweep("part", trials, baseline="one", axes=["arm"])
        return pack("part", name)
    part("p1.h5", 1)
    for k, fine in enumerate((dict(path="y"), dict(lss="0.5"), dict(init=2), dict(sha="b"), dict(trained=()), dict(arms=("one",)))):
        merge("fine.h5", "p1.h5", part("p2.h5", 2, **fine))
    for words, bad in ((("arm two: train.epochs: expected that of p1.h5, 3, got 4",), dict(epochs=(2, 4))),
                       (("arm one: train.epochs: expected that of p1.h5, 2, got 3",), dict(arms=("two", "one"))),
                       (("teacher small: train.epochs: expected that of p1.h5, 2, got 5",), dict(trained=(5,))),
                       (("arm one: seeds.init: expected that of p1.h5, -1, got 7",), dict(init=7)),
                       (("weights of the teacher of arm one: expected that of p1.h5, last.h5, got epoch-1.h5",), dict(weights="trials/x/epoch-1.h5")),
                       (("teacher_sha256 of arm one: expected that of p1.h5", "c" * 64), dict(trained=(), sha="c"))):
        refused(2, "new.h5", ["p1.h5", part("p2.h5", 2, **bad)], "p2.h5: ", "give the other arm another label", *words)
    refused(2, "new.h5", ["p1.h5", part("p2.h5", 1, arms=("two", "one"))], "p2.h5: arm two: trial kda000000001 (seed 1): expected the label that p1.h5 "
            "has for it, one, got two", "one trial has one label")
    shutil.rmtree("part")
    refused(2, "new.h5", ["p1.h5", "./p1.h5"], "expected different files, got p1.h5 twice")
    for change in ("claims: {x: {arm: no, against: z}}", "claims: {x: {arm: 010, against: z}}", "claims: {x: {arm: A"):
        shutil.copy("p1.h5", "p2.h5")
        with h5py.File("p1.h5", "r+") as f, h5py.File("p2.h5", "r+") as g:
            f.attrs["sweep"], g.attrs["sweep"] = change.replace("no", "false").replace("010", "8"), change
        if change.endswith("A"):
            merge("fine.h5", "p1.h5", "p2.h5")
            with h5py.File("p2.h5", "r+") as g:
                g.attrs["sweep"] = change + "B"
        refused(2, "new.h5", ["p1.h5", "p2.h5"], "p2.h5: spec: expected" if change.endswith("A") else "p2.h5: claims: expected")


def check_outputs():
    """What may be written over is what `sld report --pack` would write over; what fails leaves nothing."""
    parts = ["here.h5", "there.h5"]
    refused(2, "here.h5", parts, "is the same file as input here.h5")
    os.link("there.h5", "linked.h5")
    refused(2, "linked.h5", parts, "is the same file as input there.h5")
    refused(2, "whole", parts, "got a folder")
    refused(2, "no/such/folder.h5", parts, "there is no folder")
    refused(2, "text.h5", parts, "text.h5 already exists", "--force")
    trial = "trials/" + os.listdir("whole/trials")[0]
    for name in ("sweep.h5", "late-claims", "claims/new.h5", "trials/new.h5", trial + "/last.h5", trial + "/new.h5", "teacher-logits/new.h5"):
        refused(2, "whole/" + name, parts + ["--force"], "which --force keeps too")
    shutil.copy("there.h5", "whole/mine.h5")
    with h5py.File("whole/mine.h5", "r+") as f:
        f.attrs["format"] = "mine"
    refused(2, "whole/mine.h5", parts + ["--force"], "already exists in the folder of the sweep")
    check(run("merge", *parts, "-o", "text.h5", "--force")[0] == 0 and sld_analysis.open("text.h5").n == 3, "--force")
    os.chmod("text.h5", 0o640)
    merge("text.h5", *parts)
    check(os.stat("text.h5").st_mode & 0o777 == 0o640, "its mode")
    was = open("text.h5", "rb").read()
    done = subprocess.run([sys.executable, "-m", "sld_analysis", "merge", *parts, "-o", "text.h5"], stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=dict(os.environ, PYTHONPATH=ANALYSIS), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 14, 1 << 14)))
    check(done.returncode == 74 and b"text.h5: cannot be written: no room" in done.stderr, done.returncode, done.stderr)
    check(open("text.h5", "rb").read() == was and not [name for name in os.listdir(".") if ".tmp" in name], "nothing changed", os.listdir("."))


def check_columns_of_options():
    """The options that become columns are those that the program makes columns of."""
    with open(os.path.join(ANALYSIS, "..", "src", "config", "options.def")) as f:
        rows = re.findall(r"^SLD_OPTION\((\w+), +(\w+), +(\w+), .*?, +(result|run|word|launch), +\w+, ", f.read(), re.M)
    check(len(rows) > 100, "rows", len(rows))
    for section, name, kind, role in rows:
        key = name if section == "top" else section + "." + name
        wanted = role in ("result", "word") and kind != "path" and key != "seed" and section != "seeds"
        check(role == "launch" or options.is_column(key) == wanted, "a column", key, wanted)
    check(options.texts('a: "x \\"y\\"" # no\nb:\n  c: 1.0 # s\nd.e: [1, 2]\n') == {"a": 'x "y"', "b.c": "1.0", "d.e": "[1, 2]"}, "values")


def check_readers(name, compact):
    """ncdump and xarray read a merged study with its axes."""
    if shutil.which("ncdump"):
        done = subprocess.run(["ncdump", "-h", name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(b"top1_test(trial_index, epoch)" in done.stdout, done.stdout, done.stderr)
        # netCDF 4.9.3 (Debian 13) dies while it frees what it has of a file with halves, as compact packs are: at its last lines
        version = subprocess.run(["ncdump"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        whole = done.returncode == 0 and done.stdout.rstrip().endswith(b"}")
        check(whole or compact and b" 4.9.3 " in version, name, done.returncode, done.stdout, done.stderr)
    try:
        import h5netcdf  # noqa: F401
        import xarray
    except ImportError as error:
        print("no %s: not read with xarray" % error.name)
    else:
        with xarray.open_dataset(name, group="epoch") as data:
            check(data["top1_test"].dims == ("trial_index", "epoch"), data)


def main():
    write("spec.yaml", SPEC)
    check_columns_of_options()
    check_seeds()
    check_trials()
    check_arms()
    check_differing()
    check_refusals()
    check_experiments()
    check_outputs()


in_folder(main)
