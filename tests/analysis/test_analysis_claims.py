"""What claims compare: arms named twice or by a label of another arm's trials, effects on grids with holes and with such labels, names that
YAML takes for other values, metrics that no trial has; a spec that cannot be read. Skipped without scipy or pandas."""
import math

from package import needs

needs("matplotlib", "pandas", "scipy", "yaml")

import h5py
import numpy as np

import made_study
import sld_analysis
from harness import check, in_folder
from made_study import Arm
from sld_analysis import claims
from sld_analysis.report import Report

TEXT = h5py.string_dtype()


def made(arms, spec, axes=("arm",), same=(), seeds=4, **more):
    """same: [(label, its labels on the axes, arm)] of labels that share an arm's trials."""
    trials = made_study.write_study("made.h5", arms, seeds=seeds, axes=axes, spec=spec, samples=100, baseline=arms[0].name, **more)
    with h5py.File("made.h5", "r+") as f:
        ids = {(arm.name, seed): i for (_, arm, seed), i in zip(trials, f["trials/id"][()]) if arm}
        rows = [(ids[arm, seed], label, seed, at) for label, at, arm in same for seed in range(1, seeds + 1)]
        if rows:
            f.create_dataset("same/id", data=[r[0] for r in rows], dtype=TEXT)
            f.create_dataset("same/arm", data=[r[1] for r in rows], dtype=TEXT)
            f["same/seed"], f["same/is_teacher"] = [r[2] for r in rows], np.zeros(len(rows), np.int64)
            for k, axis in enumerate(axes):
                f.create_dataset("same/axis_" + axis, data=[r[3][k] for r in rows], dtype=TEXT)
    return sld_analysis.open("made.h5")


def judged(study):
    """{claim: (gap by seed, word)} and {claim: reason} of what is none."""
    found, left = claims.judge(study)
    return {j.claim.name: j for j in found}, dict(left)


def check_gap(one, values, weights, what):
    """weights: {arm: weight}, of which the gap is made by hand."""
    wanted = [sum(w * values[arm][s] for arm, w in weights.items()) for s in one.gap.seeds]
    check(one.gap.n == len(wanted) > 0 and abs(one.gap.mean - np.mean(wanted)) < 1e-9, what, one, np.mean(wanted))
    check(sum(w for w in one.claim.weights.values() if w > 0) <= 1 + 1e-12 or "interaction" in one.claim.text, "a side is a mean", one.claim)


def check_named_twice():
    """Each arm counts once on its side, by whatever label it is named."""
    spec = """claims:
  twice: {arm: [B, B], against: A}
  once: {arm: B, against: A}
  alias: {arm: [B, twin, C], against: [A]}
  both: {arm: [B, C], against: [A, B]}
  nothing: {arm: twin, against: B}
report: {checks: {named: [A, twin]}}"""
    study = made([Arm(n, g, [n]) for n, g in (("A", 0), ("B", 5), ("C", -3))], spec, same=[("twin", ["twin"], "B")])
    found, left = judged(study)
    values = claims.by_seed(study)
    check(found["twice"].gap == found["once"].gap, found["twice"], found["once"])
    check_gap(found["twice"], values, {"B": 1, "A": -1}, "named twice")
    check_gap(found["alias"], values, {"B": 0.5, "C": 0.5, "A": -1}, "an arm and a label of its trials")
    check_gap(found["both"], values, {"C": 0.5, "A": -0.5}, "on both sides")
    check("same trials" in left["nothing"], left)
    table = Report(study).tables["T4"]
    check({row[0]: row[1] for row in table.rows} == {"A": "✓", "B": "✓", "C": ""}, "a component of an arm by its other label", table.rows)


def grid(labels, but=()):
    return [Arm("%s %s" % (a, b), 3.0 * i * k + i, [a, b]) for i, a in enumerate(labels[0]) for k, b in enumerate(labels[1]) if (a, b) not in but]


def check_holes():
    """An effect is the mean over the cells that both sides have; a label of another arm's trials is a cell with their values."""
    spec = """axes: {lr: {low: {}, high: {}}, mom: {p: {}, q: {}, r: {}}}
claims: {lr: {effect: lr}, both: {interaction: [lr, mom]}, self: {interaction: [lr, lr]}, none: {effect: nothing}, three: {effect: mom}}"""
    labels = (("low", "high"), ("p", "q", "r"))
    study = made(grid(labels, {("high", "q")}), spec, axes=("lr", "mom"))
    found, left = judged(study)
    check_gap(found["lr"], claims.by_seed(study), {"high p": 0.5, "high r": 0.5, "low p": -0.5, "low r": -0.5}, "without the cell of one side")
    check("over the 2 of 3 cells that have both" in found["lr"].claim.text, found["lr"].claim.text)
    check("one and another" in left["self"] and "got nothing" in left["none"] and "two labels, got 3" in left["three"], left)
    study = made(grid(labels, {("high", "q"), ("high", "r")}), spec, axes=("lr", "mom"), same=[
        ("high q", ["high", "q"], "high p"), ("high r", ["high", "r"], "low r")])
    found, _ = judged(study)
    check_gap(found["lr"], claims.by_seed(study), {"high p": 2 / 3, "low p": -1 / 3, "low q": -1 / 3}, "cells of other arms' trials")
    check("cells" not in found["lr"].claim.text, "all cells are there", found["lr"].claim.text)
    study = made(grid(labels, {("low", "q"), ("low", "r"), ("high", "p")}), spec, axes=("lr", "mom"))
    check("no cell of the other axes has an arm with each of" in judged(study)[1]["lr"], judged(study))
    # The first label has no cell at the first label of the other axis: the spec, not the first trial, has the order.
    study = made(grid((("x", "y"), ("p", "q")), {("x", "p")}), "axes: {a: {x: {}, y: {}}, b: {p: {}, q: {}}}\nclaims: {b: {effect: b}}", axes=("a", "b"))
    found, _ = judged(study)
    check_gap(found["b"], claims.by_seed(study), {"y q": 1, "y p": -1}, "q less p")


def check_interactions():
    """An interaction is the mean over the cells that have all four."""
    spec = "axes: {a: {a0: {}, a1: {}}, b: {b0: {}, b1: {}}, c: {p: {}, q: {}}}\nclaims: {ab: {interaction: [a, b]}, ac: {interaction: [a, c]}}"
    arms = [Arm("%s %s %s" % at, g, list(at)) for g, at in enumerate((a, b, c) for a in ("a0", "a1") for b in ("b0", "b1") for c in "pq")]
    study = made([a for a in arms if a.name != "a1 b1 q"], spec, axes=("a", "b", "c"))
    found, _ = judged(study)
    check_gap(found["ab"], claims.by_seed(study), {"a1 b1 p": 1, "a0 b0 p": 1, "a1 b0 p": -1, "a0 b1 p": -1}, "where all four are")
    check("over the 1 of 2 cells that have all four" in found["ab"].claim.text, found["ab"].claim.text)
    study = made(arms[:-1], spec, axes=("a", "b", "c"), same=[("a1 b1 q", ["a1", "b1", "q"], "a1 b1 p")])
    check_gap(judged(study)[0]["ac"], claims.by_seed(study), {"a1 b0 q": 0.5, "a0 b0 p": 0.5, "a1 b0 p": -0.5, "a0 b0 q": -0.5,
                                                             "a0 b1 p": 0.5, "a0 b1 q": -0.5}, "a cell of another arm's trials")


NAMES = ("yes", "no", "1.0", "010", "1_000", "null", "1:30", "2026-01-01", "=", "~")


def check_names():
    """A scalar of the spec is the text that stands there, as sld reads it."""
    spec = "axes: {on: {%s}}\nclaims:\n" % ", ".join("%s: {}" % n for n in NAMES[:2])
    spec += "".join("  %s: {arm: %s, against: %s}\n" % (b, b, a) for a, b in zip(NAMES, NAMES[1:]))
    arms = [Arm(n, k, [n]) for k, n in enumerate(NAMES)]
    for title in ("1.0", "=", "2026-13-45", "0x10", "no"):
        study = made(arms, spec + "report: {title: %s, pair: on, checks: {off: [no, 010, null]}}\n" % title, axes=("on",))
        found, left = judged(study)
        check(set(found) == set(NAMES[1:]) and not left, list(found), left)
        report = Report(study)
        check(report.title == title and report.work.layout.checks() == {"off": {"no", "010", "null"}}, report.title, report.work.layout.checks())
    for a, b in zip(NAMES, NAMES[1:]):
        check_gap(found[b], claims.by_seed(study), {b: 1, a: -1}, "the arm of that name")
    study = made([Arm("%s %s" % (a, b), 0.0, [a, b]) for a in ("no", "yes") for b in "pq"], "axes: {on: {no: {}, yes: {}}, 0.10: {p: {}, q: {}}}\n"
                 "claims: {yes: {effect: on}, both: {interaction: [on, 0.10]}}", axes=("on", "0.10"), )
    with h5py.File("made.h5", "r+") as f:
        f.attrs["late_claims"] = "yes: named after 3 of 16 trials had ended, 2026-01-31T23:59:59Z\n"
    found, left = judged(sld_analysis.open("made.h5"))
    check(not left and found["yes"].late == "named after 3 of 16 trials had ended" and "yes less no" in found["yes"].claim.text, found, left)


def check_unreadable():
    """A spec that is none is told: it is not one without claims."""
    arms = [Arm(n, 0.0, [n]) for n in "AB"]
    for spec, said in (("claims: {x: {arm: A", "expected YAML"), ("- a", "expected keys with values, got a list"), ("claims: [A", "expected YAML"),
                       ("a: b: c", "expected YAML")):
        report = Report(made(arms, spec))
        told = [w for w in report.warnings if "The spec cannot be read" in w]
        check(len(told) == 1 and said in told[0], spec, report.warnings)
        check(report.tables["claims"].rows[0][:2] == ["claims", "the spec cannot be read: " + report.work.study.spec_fault], report.tables["claims"].rows)
        check("no contrast here was named" not in report.markdown(), "what nobody knows is not said")
    report = Report(made(arms, ""))
    check(not any("spec" in w for w in report.warnings) and "claims" not in report.tables, report.warnings)


def check_lacking():
    """A metric that no trial of an arm has, and an arm without a done trial, are named as the reason."""
    spec = "claims: {val: {arm: B, against: A, metric: top1_val_last}, copies: {arm: B, against: A, metric: copy_rate}, lost: {arm: C, against: A}}"
    arms = [Arm(n, 0.0, [n]) for n in "ABC"]
    study = made(arms, spec, states={("C", s): ("diverged", "") for s in range(1, 5)})
    with h5py.File("made.h5", "r+") as f:
        n = len(f["trials/id"])
        f["trials/top1_val_last"], f["trials/copy_rate"] = np.full(n, math.nan), np.full(n, math.nan)
    words = {name: j.word for name, j in judged(sld_analysis.open(study.path))[0].items()}
    check(words["val"] == "not tested: no trial of B has top1_val_last: it needs a validation split (data.val_fraction)", words)
    check(words["copies"].startswith("not tested: no trial of B has copy_rate: it needs test logits"), words)
    check(words["lost"] == "not tested: no trial of C is done", words)


def check_skipped():
    """An open claim that is closed by skipping what is left shows it, and the report warns; the others are as they were."""
    arms, spec = [Arm(n, 4.0 * k, [n]) for k, n in enumerate("ABC")], "claims: {cut: {arm: B, against: A}, whole: {arm: C, against: A}}"
    for state, mark in (("waiting", ""), ("skipped", "; exploratory: 2 of 8 of its trials were skipped"), ("failed", "")):
        report = Report(made(arms, spec, states={("B", s): (state, "") for s in (3, 4)}))
        verdicts = {row[0]: row[-1] for row in report.tables["claims"].rows}
        check(verdicts["cut"].endswith(mark) and ("exploratory" in verdicts["cut"]) == bool(mark), state, verdicts)
        check("skipped" not in verdicts["whole"], state, verdicts)
        check(any("2 trials were skipped and are not in the means" in w for w in report.warnings) == bool(mark), state, report.warnings)
    check("without Holm's correction" in " ".join(report.tables["claims"].notes), "of the intervals", report.tables["claims"].notes)


def check_digits():
    """A claim on another metric than a percentage has so many digits that its numbers say something."""
    names = {"NLL": ("nll_last", 1e-5), "gradients": ("grad_norm_ce_weak_last", 3e-7), "memory": ("memory_mb", 5000.0), "top-1": ("top1_last", 1.0)}
    spec = "claims: {%s}" % ", ".join("%s: {arm: B, against: A, metric: %s}" % (name, metric) for name, (metric, _) in names.items())
    study = made([Arm("A", 0.0, ["A"]), Arm("B", 0.0, ["B"])], spec)
    with h5py.File("made.h5", "r+") as f:
        b = np.array([arm == b"B" for arm in f["trials/arm"][...]])
        for metric, unit in names.values():
            values = unit * ((50.0 if metric == "top1_last" else 1000.0) + b * np.random.default_rng(2).normal(-1.0, 2.0, len(b)))
            if metric in f["trials"]:
                f["trials/" + metric][...] = values
            else:
                f["trials/" + metric] = values
    study = sld_analysis.open("made.h5")
    found = claims.judge(study)[0]
    rows = {row[0]: row for row in Report(study).tables["claims"].rows}
    for j in found:
        number = lambda text: float(text.replace("−", "-"))  # noqa: E731
        gap, ends, resolves, word = rows[j.claim.name][3], rows[j.claim.name][4].split(" to "), rows[j.claim.name][7], rows[j.claim.name][8]
        width = j.gap.high - j.gap.low
        for text, value in ((gap, j.gap.mean), (ends[0], j.gap.low), (ends[1], j.gap.high), (resolves, j.gap.resolves)):
            check(abs(number(text) - value) <= 0.006 * width, "three digits of the width", j.claim.metric, text, value)
        check(word == "not resolved (resolves %s)" % resolves, word, resolves)
    check("." not in rows["memory"][3], "and no more", rows["memory"])
    check(len(rows["top-1"][3].split(".")[1]) == 2, "of percentages two", rows["top-1"])


def check_forms():
    """A value without a label is called by its option's key or the key's last word, in claims, checks and the baseline alike."""
    spec = """claims: {whole: {arm: train.lr=0.1 b, against: lr=0.05 a}, brief: {arm: lr=0.1 b, against: train.lr=0.05 a}, not: {arm: r=0.1 b, against: b}}
report: {checks: {high: [train.lr=0.1 a, lr=0.1 b]}}"""
    for form in ("lr=%s %s", "train.lr=%s %s"):
        arms = [Arm(form % (lr, x), 1.0 * k, [lr, x]) for k, (lr, x) in enumerate((lr, x) for lr in ("0.05", "0.1") for x in "ab")]
        study = made(arms, spec, axes=("train.lr", "x"))
        found, left = judged(study)
        check(found["whole"].gap == found["brief"].gap and list(left) == ["not"], found, left)
        check_gap(found["whole"], claims.by_seed(study), {arms[3].name: 1, arms[0].name: -1}, form)
        check(Report(study).work.layout.checks() == {"high": {arms[2].name, arms[3].name}}, Report(study).work.layout.checks())
        with h5py.File("made.h5", "r+") as f:
            f.attrs["baseline"] = "train.lr=0.05 b"
            f.attrs["late_claims"] = "the baseline: changed after 3 of 16 trials had ended, 2026-01-31T23:59:59Z\n"
        report = Report(sld_analysis.open("made.h5"))
        check(report.work.base == form % ("0.05", "b"), report.work.base)
        check([w for w in report.warnings if "late" in w or "was changed" in w][0].startswith("The baseline was changed after 3 of 16"), report.warnings)
        check(not any("claim the baseline" in w for w in report.warnings), report.warnings)


def check_separator():
    """The baseline of a pair may be another arm's label, however the sweep writes names."""
    arms = [Arm("r14 / C E", 0.0, ["r14", "C E"], teacher=-1, method="none"), Arm("r14 / KD", 1.0, ["r14", "KD"], weights="r14.h5"),
            Arm("r20 / KD", 1.0, ["r20", "KD"], teacher=1, weights="r20.h5")]
    study = made(arms, "", axes=("pair", "method"), same=[("r20 / C E", ["r20", "C E"], "r14 / C E")])
    check(set(Report(study).work.base_of.items()) == {(a.name, "r14 / C E") for a in arms}, Report(study).work.base_of)


def main():
    check_separator()
    check_forms()
    check_named_twice()
    check_holes()
    check_interactions()
    check_names()
    check_digits()
    check_unreadable()
    check_lacking()
    check_skipped()


in_folder(main)
