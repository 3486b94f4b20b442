"""Pairs of networks and of data sets in sld_analysis: none is dropped, each arm is held against the baseline of its own pair, rows say
which arms they are of, and what is left out is named. Skipped without scipy or pandas."""

from package import needs

needs("matplotlib", "pandas", "scipy", "yaml")

import h5py
import numpy as np

import made_study
import sld_analysis
from harness import check, in_folder
from made_study import Arm
from sld_analysis import digest, figure, figures_logits, tables_predictions
from sld_analysis.report import Report
from sld_analysis.table import Bold, Table
from sld_analysis.tables import Work


def made(arms, axes=("pair", "method"), seeds=3, data=None, **more):
    """data: {label of the first axis: hash}."""
    trials = made_study.write_study("made.h5", arms, seeds=seeds, axes=axes, samples=100, **more)
    if data:
        with h5py.File("made.h5", "r+") as f:
            f.create_dataset("trials/data_sha256", data=np.array([data[arm.axes[0]] if arm else "" for _, arm, _ in trials], object),
                             dtype=h5py.string_dtype())
    return Report(sld_analysis.open("made.h5"))


def pair_arms(methods, labels=("a", "b"), weights=("x/resnet14.h5", "y/resnet14.h5")):
    """Each method under two teachers, the second pair 5 points higher. methods: {name: options}; None: no teacher."""
    return [Arm("%s %s" % (label, m), 5.0 * k, [label, m], teacher=k if o is not None else -1, weights=w, **(o or {"method": "none"}))
            for k, (label, w) in enumerate(zip(labels, weights)) for m, o in methods.items()]


def check_libraries():
    """Trials of other libraries or another instruction set are told, with the arms that have them; other convolutions alone are not."""
    arms = [Arm("a", 0.0, ["a"]), Arm("b", 1.0, ["b"])]
    for kinds, told in ((("oneDNN 2 isa 0x7; 1: x", "oneDNN 2 isa 0x7; 2: y"), False), (("oneDNN 2 isa 0x7; 1: x", "oneDNN 3 isa 0x7; 1: x"), True)):
        trials = made_study.write_study("kinds.h5", arms, seeds=2, axes=("arm",), samples=100)
        with h5py.File("kinds.h5", "r+") as f:
            values = np.array([kinds[arm.name == "b"] if arm else "" for _, arm, _ in trials], object)
            f.create_dataset("trials/fingerprint", data=values, dtype=h5py.string_dtype())
        said = [w for w in Report(sld_analysis.open("kinds.h5")).warnings if "round differently" in w]
        check(len(said) == told and (not told or "oneDNN 2 isa 0x7 (a 2); oneDNN 3 isa 0x7 (b 2)" in said[0]), kinds, said)


def rows_of(report, key):
    return {row[0]: [str(c) for c in row[1:]] for row in report.tables[key].rows}


TWO = {"KD": {}, "LTS": {"correction": "swap", "lts": "true"}}


def check_columns(report, labels):
    table = report.tables["T1"]
    check(table.heads == ["method"] + ["%s (resnet14 → resnet8)" % label for label in labels], table.heads)
    means = {arm: report.work.summary(arm, "top1_last").mean for arm in report.work.arms}
    rows = rows_of(report, "T1")
    for method in TWO:
        for label, cell in zip(labels, rows[method]):
            check(cell.startswith("%.2f ±" % means["%s %s" % (label, method)]), method, label, cell)
    check(len(set(rows["teacher"])) == 2, "each with its own teacher", rows["teacher"])
    check(report.tables["pairs"].rows[0][1] == "2" and "matrix" in report.tables and "F11" in report.figures, report.left)


def check_alike():
    """Two teachers of one network, and one network on two data sets, are two columns each; the head names both teachers."""
    report = made(pair_arms(TWO), baseline="a KD")
    check_columns(report, ("a", "b"))
    check(dict(report.facts)["teachers"].count("resnet14") == 2, report.facts)
    report = made(pair_arms(TWO), axes=("data", "method"), baseline="a KD", data={"a": "1" * 64, "b": "2" * 64})
    check_columns(report, ("a", "b"))
    # A student without a teacher stands in each column of its data, and in none of other data.
    arms = pair_arms(TWO) + [Arm("a CE", 0.0, ["a", "CE"], teacher=-1, method="none")]
    same = rows_of(made(arms, baseline="a KD"), "T1")["CE"]
    other = rows_of(made(arms, axes=("data", "method"), baseline="a KD", data={"a": "1" * 64, "b": "2" * 64}), "T1")["CE"]
    check(same[0].split(" (")[0] == same[1].split(" (")[0] and other[1] == "–", same, other)


def check_data_sets():
    """Students without a teacher measure the copying of teachers on their own data alone; teachers on two data sets are no grades of one."""
    arms = pair_arms(TWO) + [Arm("a CE", 0.0, ["a", "CE"], teacher=-1, method="none")]
    report = made(arms, axes=("data", "method"), baseline="a KD", data={"a": "1" * 64, "b": "2" * 64})
    head = "the same by students without a teacher, %"
    said = {row[0]: row[report.tables["quality"].heads.index(head)] for row in report.tables["quality"].rows}
    check(said["b KD"] == "–" and said["a KD"] != "–", said)
    check("T8" not in report.tables and any(row[0] == "a CE" for row in report.tables["copies"].rows), report.tables["copies"].rows)
    report = made(arms, baseline="a KD")  # one data set
    check("T8" in report.tables and report.tables["copies"].notes[-1].endswith("none of its own: a CE."), report.tables["copies"].notes)


def check_own_teacher():
    """A trial without a teacher that is itself the teacher of others is no measure of what its students copy."""
    arms = [Arm("CE", 0.0, ["CE"], teacher=-1, method="none"), Arm("KD", 0.0, ["KD"], weights="resnet14.h5")]
    head = "the same by students without a teacher, %"

    def said(change):
        trials = made_study.write_study("own.h5", arms, axes=("arm",), baseline="CE", samples=100)
        with h5py.File("own.h5", "r+") as f:
            for name in ("weights_sha256", "teacher_sha256"):
                f.create_dataset("trials/" + name, data=[""] * len(trials), dtype=h5py.string_dtype())
            change(f, [str(arm and arm.name) for _, arm, _ in trials])
        report = Report(sld_analysis.open("own.h5"))
        table, copies = report.tables["quality"], {row[0]: float(row[4]) for row in report.tables["copies"].rows if row[1] == "2nd"}
        return float(next(row for row in table.rows if row[0] == "KD")[table.heads.index(head)]), copies["CE"], report.work

    def as_trial(f, arms):
        f["trials/teacher"][...] = [1 if arm == "KD" else -1 for arm in arms]

    def as_file(f, arms):
        f["trials/teacher"][...] = -1
        f["trials/weights_sha256"][1] = f["trials/teacher_sha256"][4] = "a" * 64
    _, _, work = said(lambda f, arms: None)
    rates = [digest.copy_rate(work.digests.student(t), work.digests.teacher(work.arms["KD"][0])) for t in work.arms["CE"]]
    second = [digest.by_rank(work.digests.student(t), work.digests.teacher(work.arms["KD"][0]))[0][3] for t in work.arms["CE"]]
    for change, but in ((lambda f, arms: None, 0), (as_trial, 1), (as_file, 1)):
        unseen, copied, work = said(change)
        alone = [work.study.predicted(t) for t in work.arms["CE"][but:]]
        agree = 100 * np.mean([(a == b).mean() for i, a in enumerate(alone) for b in alone[:i]])
        note = figures_logits.fidelity(work).note
        check("among the first 6: %.1f %% of resnet8 (CE)." % agree in note, "two students that are no teacher", note, agree)
        check(abs(unseen - np.mean(rates[but:])) < 0.051 and abs(copied - np.mean(second[but:])) < 0.051, unseen, copied, rates, second)
    wide = [Arm("wide", 0.0, ["wide"], teacher=-1, method="none", student="resnet14")]
    made_study.write_study("wide.h5", wide + arms, axes=("arm",), baseline="CE", samples=100)
    note = figures_logits.fidelity(Work(sld_analysis.open("wide.h5"))).note
    check("of resnet8 (CE)." in note and "wide)" not in note.split("Not shown")[0], "of the arm's network", note)


def check_network_of_the_teacher():
    """The results say it; the name of the file, which anybody may choose, stands where they do not."""
    arms = [Arm("KD", 0.0, ["KD"], weights="last.h5"), Arm("wide", 0.0, ["wide"], weights="last.h5")]
    trials = made_study.write_study("networks.h5", arms, axes=("arm",), baseline="KD")
    with h5py.File("networks.h5", "r+") as f:
        f["trials/teacher"][...] = -1
    check("last → resnet8" in Report(sld_analysis.open("networks.h5")).tables["T2"].heads, "results of sld 0.1")
    with h5py.File("networks.h5", "r+") as f:
        named = {"KD": "resnet20", "wide": "wrn_40_2"}
        f.create_dataset("trials/teacher_network", data=[named.get(arm.name, "") if arm else "" for _, arm, _ in trials],
                         dtype=h5py.string_dtype())
    report = Report(sld_analysis.open("networks.h5"))
    said = dict(report.facts)["teachers"]
    check("resnet20" in said and "wrn_40_2" in said and "last" not in said, said)
    check("resnet20 → resnet8" in report.tables["T1"].heads and "wrn_40_2 → resnet8" in report.tables["T2"].heads,
          report.tables["T1"].heads, report.tables["T2"].heads)


def check_each_trained():
    """Parts that each trained the teacher: each of its weights counts, by the ranks that the label has there."""
    arms = [Arm("CE", 0.0, ["CE"], teacher=-1, method="none"), Arm("KD", 0.0, ["KD"])]
    trials = made_study.write_study("each.h5", arms, seeds=2, axes=("arm",), baseline="CE", samples=40)
    labels, seeds = np.arange(40) % 10, np.array([seed for _, _, seed in trials])
    with h5py.File("each.h5", "r+") as f:
        taught = f["trials/teacher_row"][()] == 0
        z = np.tile(np.eye(10, dtype=np.float32)[labels] * 5, (2, 1, 1))  # the teachers of both parts: right
        z[:, np.arange(20), (labels[:20] + 1) % 10] = [[9.0], [9.0]]          # label second, but
        z[1, np.arange(10), labels[:10]], z[1, np.arange(10, 20), (labels[10:20] + 2) % 10] = 9.5, 7.0  # of seed 2: right, and third
        student = np.eye(10, dtype=np.float32)[np.where(np.arange(40) < 10, labels, (labels + np.arange(40) // 10 % 2) % 10)]
        for i in np.flatnonzero([arm is not None for _, arm, _ in trials]):
            f["logits/test_last"][i] = student  # right in the first ten, the teacher's class in the next
        del f["logits/test_teacher"]
        f["logits/test_teacher"] = z
        f["trials/teacher_row"][...] = np.where(taught, seeds - 1, -1)
        f["trials/top1_last"][0] = 50.0  # of the first part
        for name, values in (("teacher_sha256", np.where(taught, seeds, 0)), ("weights_sha256", np.arange(len(trials)) == 0)):
            f.create_dataset("trials/" + name, data=[str(v) * 64 if v else "" for v in values.astype(int)], dtype=h5py.string_dtype())
    report = Report(sld_analysis.open("each.h5"))
    rows = [[str(c) for c in row] for row in report.tables["copies"].rows]
    same = [["2nd", "0 to 20", "50.0", "50.0", "0.0"], ["3rd", "0 to 10", "0.0", "100.0", "0.0"]]
    check(rows == [[arm] + row for arm in ("CE", "KD") for row in same], "by rank, not by place", rows)
    check("Samples from the teacher with fewest" in report.tables["copies"].notes[1], report.tables["copies"].notes)
    said = dict(report.facts)["teachers"]
    check("test top-1 50.00 %" in said and "test top-1 75.00 %" in said, "both teachers", said)
    check(rows_of(report, "T1")["teacher"] == ["50.00, 75.00"] and "T8" not in report.tables, rows_of(report, "T1"))
    quality = report.tables["quality"]
    said = [row[-1] for row in quality.rows if row[0] == "KD"]
    check(said == ["75.0"], "what is copied by chance, of both teachers", said)
    with h5py.File("each.h5", "r+") as f:  # another teacher for another arm
        arm = f["trials/arm"].asstr()[()]
        f["trials/teacher_row"][...] = np.where(arm == "KD", seeds - 1, np.where(arm == "CE", 2, -1))
        del f["logits/test_teacher"]
        f["logits/test_teacher"] = np.concatenate([z, z[:1]])
        f["trials/teacher_sha256"][...] = [str(row + 1) * 64 if row >= 0 else "" for row in f["trials/teacher_row"][()]]
    graded = rows_of(Report(sld_analysis.open("each.h5")), "T8")
    check(graded["CE"][0] == "50.00" and graded["KD"][0] == "62.50 ± 17.68", "graded by all teachers of an arm", graded)
    with h5py.File("each.h5", "r+") as f:  # without logits the weights tell
        del f["logits"]
        f["trials/teacher_row"][...] = -1
        f["trials/teacher"][...] = np.where(arm == "KD", 0, -1)
    said = dict(Report(sld_analysis.open("each.h5")).facts)["teachers"]
    check(said.count("resnet20") == 2 and said.count("test top-1 50.00 %") == 1 == said.count("test top-1"), "the trial that is kept trained one", said)


def check_own_baselines():
    """Warnings name the arm that the gap is to; a pair without a baseline is told, and costs the others nothing."""
    odd = dict(TWO, odd={"correction": "swap", "lts": "true", "temperatures": "9"})
    told = [w for w in made(pair_arms(odd), baseline="a KD").warnings if "odd differs" in w]
    check(len(told) == 2 and "a odd differs from a KD in 2" in told[0] and "b odd differs from b KD in 2" in told[1], told)

    lost = {("a KD", s): ("failed", "disk") for s in (1, 2, 3)}
    report = made(pair_arms(TWO), baseline="a KD", states=lost)
    check(report.work.base_of == {"b KD": "b KD", "b LTS": "b KD"}, report.work.base_of)
    check("gap to b KD" in report.tables["accuracy"].heads and "F10" in report.figures and "spread" in report.tables, report.left)
    check("The arms of a have no gap: their baseline a KD has no done trial." in report.warnings, report.warnings)
    check("(" in rows_of(report, "T1")["LTS"][1] and "(" not in rows_of(report, "T1")["LTS"][0], report.tables["T1"].rows)
    check(dict(report.left)["pairs, several pairs together"] == "KD, the method of the baseline, has no done trial in a", report.left)

    report = made([a for a in pair_arms(TWO) if a.name != "b KD"], baseline="a KD")
    check(any(w.startswith("The arms of b have no gap: the sweep has no arm there that is like the baseline a KD") for w in report.warnings),
          report.warnings)
    check("has no done trial in b" in dict(report.left)["matrix, comparison matrix"], report.left)

    report = made(pair_arms(TWO), baseline="a KD", states={(a, s): ("failed", "") for a in ("a KD", "b KD") for s in (1, 2, 3)})
    check("The baseline a KD has no done trial: there are no gaps." in report.warnings and not report.work.base_of, report.warnings)


def check_missing_seeds():
    """The matrix takes the seeds that both methods have, and says which pairs and methods are not in it."""
    methods = dict(TWO, more={"temperatures": "9"})
    arms = pair_arms(methods, weights=("resnet14.h5", "resnet20.h5"))
    arms += [Arm("c LTS", 0.0, ["c", "LTS"], teacher=2, weights="resnet26.h5"),
             Arm("a alone", 0.0, ["a", "alone"], weights="resnet14.h5", temperatures="8")]
    report = made(arms, baseline="a KD", noise=4.0, states={("a LTS", 2): ("failed", ""), ("b KD", 1): ("failed", ""), ("b LTS", 1): ("failed", "")})
    top1 = report.work.top1
    wanted = np.mean([np.mean([top1[p + " LTS"][s] - top1[p + " KD"][s] for s in seeds]) for p, seeds in (("a", (1, 3)), ("b", (2, 3)))])
    table = report.tables["matrix"]
    row = next(r for r in table.rows if r[0] == "LTS")
    check(row[1].split(";")[0] == ("%+.2f" % wanted).replace("-", "−"), row, wanted)
    for name in ("pairs", "matrix"):
        notes = report.tables[name].notes
        check("Not in every pair: alone." in notes and "KD, the method of the baseline, has no done trial in c." in notes, notes)


def check_names():
    """Effects and corrections by the pair that they are of; arms of another temperature are another row; what has no partner is named."""
    square = {"- -": {}, "LTS -": {"correction": "swap", "lts": "true"}, "- LSS": {"lss": "true"},
              "LTS LSS": {"correction": "swap", "lts": "true", "lss": "true"}}
    arms = pair_arms(square)
    for arm in arms:
        arm.axes[1:] = arm.axes[1].split(" ")
    report = made(arms, axes=("pair", "teacher_swap", "student_swap"), baseline="a - -")
    check([row[:2] for row in report.tables["effects"].rows] == [
        [name, pair] for pair in "ab" for name in ("teacher swap (LTS)", "student swap (LSS)", "interaction")], report.tables["effects"].rows)

    grid = {"T%s %s" % (t, c): {"method": "kd", "correction": c, "temperatures": t, "lts": "true" if c == "swap" else "false"}
            for t in "14" for c in ("none", "swap")}
    arms = [a for a in pair_arms(grid) if a.name != "b T1 none"]
    for arm in arms:
        arm.axes[1:] = arm.axes[1].split(" ")
    report = made(arms, axes=("pair", "t", "with"), baseline="a T1 none")
    table, work = report.tables["T5"], report.work
    check([row[0] for row in table.rows] == ["a T1", "a T4", "b T4"], table.rows)
    for row in table.rows:
        mean, gap = work.summary(row[0] + " swap", "top1_last").mean, work.gap(row[0] + " swap", row[0] + " none").mean
        check(str(row[2]).startswith("%.2f ±" % mean) and str(row[2]).endswith(("(%+.2f)" % gap).replace("-", "−")), row, mean, gap)
    check("Not here, as no arm differs from it in the correction alone: b T1 swap." in table.notes, table.notes)
    keyed = [Arm("per_class=%d %s" % (n, c), 0.0, [str(n), c], method="kd", correction=c, temperatures=str(n), lts="true" if c == "swap" else "false")
             for n in (2, 16) for c in ("none", "swap")]
    for axes, name in ((("data.per_class", "with"), "per_class=%d"), (("pair", "with"), "%d")):  # a label of its own has no key
        report = made(keyed, axes=axes, baseline="per_class=2 none")
        check([row[0] for row in report.tables["T5"].rows] == [name % n for n in (2, 16)], axes, report.tables["T5"].rows)


def check_untaught():
    """Pairs by a value without a label have its key in their names; a table of students without a teacher is called that."""
    arms = [Arm("network=%s %s" % (n, m), 0.0, [n, m], teacher=-1, method="none", student=n, temperatures=m[1])
            for n in ("resnet8", "resnet14") for m in ("T1", "T4")]
    report = made(arms, axes=("student.network", "method"), baseline="network=resnet8 T1")
    check(report.tables["T1"].title == "Students without a teacher" and report.tables["T1"].heads[1].startswith("network=resnet8 ("), report.tables["T1"].heads)
    notes = " ".join(report.tables["T10"].notes)
    check("of network=resnet8: " in notes and "of network=resnet14: " in notes, "their deviations", notes)


def check_rounding():
    """Accuracies of one sum are a gap of 0, whose last bits win nothing; and nothing is bold while trials are to come."""
    grid = {c: {"method": "kd", "correction": c, "lts": "true" if c == "swap" else "false"} for c in ("none", "swap", "random")}
    for waiting in (False, True):
        states = {("b random", 3): ("waiting", "")} if waiting else {}
        report = made(pair_arms(grid), baseline="a none", states=states)
        with h5py.File("made.h5", "r+") as f:
            arms, top1 = f["trials/arm"].asstr()[()], f["trials/top1_last"][()]
            for pair in "ab":
                for arm, values in (("none", (60.2, 60.3, 60.4)), ("swap", (60.1, 60.1, 60.7)), ("random", (60.3, 60.4, 60.5))):
                    top1[arms == "%s %s" % (pair, arm)] = values
            f["trials/top1_last"][...] = top1
        report = Report(sld_analysis.open("made.h5"))
        gap = report.work.gap("a swap")
        check(0.0 < gap.mean < 1e-12, "rounding alone", gap)
        cells = [row[2:] for row in report.tables["T5"].rows]
        check(all(cell[0].endswith("(+0.00)") and cell[1][:-1].endswith(("(+0.10", "n 2")) for cell in cells), cells)
        check([[isinstance(cell, Bold) for cell in row] for row in cells] == [[False, not waiting]] * 2, "bold where it is above 0", cells)
        check(("bold" in report.tables["T5"].notes[0]) != waiting, report.tables["T5"].notes)
        row = {row[0]: row for row in report.tables["matrix"].rows}["swap"]
        check(row[1].startswith("+0.00; 0 of 2;"), "no pair is won", row)


def check_kept_no_teacher():
    """A student whose file keeps no logits of its teacher has seen one all the same: by its weights, or by its logits in files."""
    made([Arm("CE", 0.0, ["CE"], teacher=-1, method="none"), Arm("KD", 1.0, ["KD"]), Arm("outside", 1.0, ["outside"]), Arm("bare", 1.0, ["bare"])],
         axes=("arm",), baseline="KD")
    with h5py.File("made.h5", "r+") as f:
        arms, rows = f["trials/arm"].asstr()[()], f["trials/teacher_row"][()]
        rows[(arms == "outside") | (arms == "bare")] = -1
        f["trials/teacher_row"][...] = rows
        for name, of in (("teacher_sha256", {"KD": "a" * 64, "bare": "a" * 64}), ("teacher_logits_sha256", {"outside": "b" * 64})):
            f.create_dataset("trials/" + name, data=np.array([of.get(arm, "") for arm in arms], object), dtype=h5py.string_dtype())
    work = Work(sld_analysis.open("made.h5"))
    key = {arm: work.digests.teacher_key(trials[0]) for arm, trials in work.arms.items()}
    check(key["CE"] is None and key["KD"] == key["bare"] is not None and key["outside"] not in (None, key["KD"]), key)
    controls = tables_predictions.controls(work, work.layout.tested["CE"])
    check(controls == work.arms["CE"], "students that never saw a teacher", controls, work.arms)


def check_order_of_arms():
    """Arms stand as in the spec, whichever of their trials have ended."""
    grid = {m: {} for m in ("KD", "LTS", "LSS", "SLD")}
    states = {("a LTS", 1): ("waiting", ""), ("a KD", 1): ("failed", "no disk"), ("a LSS", 1): ("waiting", ""), ("a LSS", 2): ("waiting", ""),
              ("a LSS", 3): ("waiting", "")}
    made(pair_arms(grid, labels=("a",), weights=("x/resnet14.h5",)), states=states)
    with h5py.File("made.h5", "r+") as f:  # seed by seed, as sweeps have them, the teacher first
        seeds, n = f["trials/seed"][()], len(f["valid"])
        order = np.concatenate([[0], 1 + np.argsort(seeds[1:], kind="stable")])
        found = []
        f.visititems(lambda name, thing: found.append(thing) if isinstance(thing, h5py.Dataset) and thing.shape[:1] == (n,) else None)
        for thing in found:
            thing[...] = thing[()][order]
    report = Report(sld_analysis.open("made.h5"))
    check(list(report.work.arms) == ["a KD", "a LTS", "a SLD"], report.work.arms)


def check_cells_and_looks():
    """In LaTeX a cell is no argument of the command before it; in a figure no point looks like another."""
    lines = Table("T", "t", ["arm", "x"], [["[a] x", "1"], ["*b", "2"], ["c", "3"]]).latex().splitlines()
    check([line.strip()[:6] for line in lines if line.endswith(r"\\")][1:] == ["{}[a] ", "{}*b &", "c & 3 "], lines)
    points, dashes = [figure.look(i)[::2] for i in range(64)], [figure.look(i)[:2] for i in range(32)]
    check(len(set(points)) == 64 and len(set(map(str, dashes))) == 32, points, dashes)


def main():
    check_kept_no_teacher()
    check_order_of_arms()
    check_cells_and_looks()
    check_alike()
    check_libraries()
    check_data_sets()
    check_own_teacher()
    check_network_of_the_teacher()
    check_each_trained()
    check_own_baselines()
    check_missing_seeds()
    check_names()
    check_rounding()
    check_untaught()


in_folder(main)
