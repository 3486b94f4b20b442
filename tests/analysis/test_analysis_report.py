"""sld_analysis report on a sweep's folder, its packed file and single runs: the same numbers from each, known values, every
format's escapes, and what it says of files that are no study. Skipped without pandas or matplotlib."""
import html.parser
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import warnings

from package import ANALYSIS, needs, said_by

needs("matplotlib", "pandas", "scipy", "yaml")

import h5py
import numpy as np

import made_study
import made_sweep
import sld_analysis
from harness import check, expect, in_folder, sld, write
from sld_analysis import figures_logits, table
from sld_analysis.__main__ import main as run_verb
from sld_analysis.report import Report

MAKE_INDEX = sys.argv[1]
EVIL = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "=HYPERLINK(1)", "a|b `c` *d* [e](f) $\\frac{", "\x1b[31mred\x1b[0m\u202e",
        "x & y_z {w} \\end{table} ~^#%"]


def run(*args):
    return said_by(run_verb, *args)


def refused(path, *words):
    """A message with these words and exit code 2; never a traceback, never a report."""
    code, out, err = run("report", path, "-o", "never")
    check(code == 2 and out == "" and "Traceback" not in err, "refused", path, code, err)
    for word in words:
        check(word in err, "the message says it", word, err)
    check(not os.path.exists("never"), "nothing written")


class Page(html.parser.HTMLParser):
    """What a browser would make of it: tags, attributes, texts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.sources, self.texts, self.ids = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for key, value in attributes:
            check(not key.startswith("on"), "no handler in the page", key)
            if key in ("src", "href", "xlink:href") and not (value or "").startswith(("#", "data:image/")):
                self.sources.append(value)
            if key == "id":
                self.ids.append(value)

    def handle_data(self, data):
        self.texts.append(data)


def check_outputs(folder):
    text = open(folder + "/report.md", encoding="utf-8").read()
    check("| sld | 3 | 64.00 ± 1.50 | 65.00 ± 1.50 | 64.00 ± 1.50 | +2.00 | +0.76 to +3.24 | 0.020 | 0.040 |" in text, text)
    check("**" not in text and "This study is not complete: 1 of 12 trials of students is still to come." in text, "no arm stands out before all have ended", text)
    check("| kd | 3 | 62.00 ± 1.00 |" in text and "| baseline |" in text, text)
    check("| ce | 3 | 59.00 ± 0.50 | 60.00 ± 0.50 | 59.00 ± 0.50 | −3.00 | −4.24 to −1.76 |" in text, text)
    check("1 failed" not in text and "1 trial failed or diverged" in text, text)
    check("resnet20" not in text.split("## Result")[1], "a teacher is no arm")
    page = Page(open(folder + "/report.html", encoding="utf-8").read())
    check("64.00 ± 1.50" in page.texts and 'a long name, with "quotes" and a comma' in page.texts, page.texts)
    check(not page.sources and "script" not in page.tags and "link" not in page.tags, "one self-contained page", page.sources)
    check(len(set(page.ids)) == len(page.ids), "no id twice", len(page.ids) - len(set(page.ids)))
    check(r"64.00 $\pm$ 1.50" in open(folder + "/tables.tex", encoding="utf-8").read(), "LaTeX")
    kept = open(folder + "/accuracy.csv", encoding="utf-8").read()
    check("sld,3,64.00 ± 1.50," in kept and "ce,3,59.00 ± 0.50,60.00 ± 0.50,59.00 ± 0.50,-3.00,-4.24 to -1.76,0.009,0.027\n" in kept, "CSV", kept)
    check("−" not in kept and "–" not in kept and ",,,\n" in kept, "the minus of ASCII, and nothing where there is no number", kept)
    check(len(open(folder + "/trials.csv", encoding="utf-8").read().splitlines()) == 14, "a row a trial")


def check_reader(trials):
    for path in ("made", "study.h5"):
        study = sld_analysis.open(path)
        check(list(study.arms) == ["ce", "kd", "sld", trials[-1].arm], list(study.arms))
        check(study.curves("top1_test").shape == (13, 4), "curves")
        check(list(study.curves("top1_test").columns) == [1, 2, 3, 4], "epochs count from 1")
        check(np.array_equal(study.logits(3), made_sweep.student_logits(trials[3].copies)), "logits")
        check(np.array_equal(study.logits(3, "best"), made_sweep.student_logits(trials[3].copies) + np.float32(1)), "of the best epoch")
        check(np.array_equal(study.logits(2, "teacher"), made_sweep.teacher_logits()), "the teacher's logits")
        check(study.logits(1, "teacher") is None and study.logits(12) is None, "a student without teacher, a trial that waits")
        check(np.array_equal(study.labels(1), made_sweep.LABELS), "labels")
        check(study.class_names == ["class%d" % c for c in range(4)], "class names")
    runs = sld_analysis.open(["made/trials/" + t.id for t in trials[1:4]])
    check(list(runs.trials["top1_last"]) == [t.top1[-1] for t in trials[1:4]] and list(runs.trials["seed"]) == [1, 1, 1], "single runs")
    one, whole = sld_analysis.open("made/trials/sl0000000003/results.h5").trials, sld_analysis.open("made").trials
    for column in ("top1_last", "top1_best", "top1_last3", "top5_last", "nll_last", "epochs", "lss_start", "minutes", "samples_per_second", "seed"):
        check(one[column][0] == whole.set_index("id")[column]["sl0000000003"], "a run's own numbers are the sweep's", column)


def check_unfit():
    """Results that sld does not count, sld_analysis does not count: gone, cut, another trial's, damaged; what is whole counts."""
    folder = "unfit/trials/%s/results.h5"
    shutil.copytree("made", "unfit")
    ids = [t.id for t in sld_analysis.open("unfit").trials.itertuples() if t.state == "done" and not t.is_teacher]
    gone, cut, foreign, damaged, whole, begun = ids[:6]
    with open(folder % damaged, "r+b") as f:
        f.seek(os.path.getsize(folder % damaged) // 2)
        byte = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([byte[0] ^ 1]))
    os.unlink(folder % gone)
    os.truncate(folder % cut, 3000)
    shutil.copy(folder % ids[6], folder % foreign)
    with h5py.File(folder % begun, "r+") as f:  # the line with the checksum goes
        f.attrs["status"] = "running"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        study = sld_analysis.open("unfit")
    check(len(said) == 1 and "the results of 5 trials do not count, of %s first: they are not there" % gone in str(said[0].message).lower(), said)
    told = {t["id"]: t["state"] for t in json.loads(expect(sld("status", "unfit", "--json", ranks=0), 0).out)["trials"]}
    check(dict(zip(study.trials["id"], study.trials["state"])) == told, dict(zip(study.trials["id"], study.trials["state"])), told)
    row = study.trials.set_index("id")
    for one in (gone, cut, foreign, damaged, begun):
        i = ids_of(study).index(one)
        check(told[one] == "waiting" and np.isnan(row["top1_last"][one]) and study.logits(i) is None, one, told[one])
        check(np.isnan(study.curves("top1_test").loc[i]).all(), "its curve", one)
    check(told[whole] == "done" and np.isfinite(row["top1_last"][whole]), whole)
    code, _, err = run("report", "unfit", "-o", "without")
    check(code == 0 and "warning: unfit" in err and "5 trials do not count" in open("without/report.html").read(), err)
    refused(folder % damaged, "damaged", "checksum")


def check_lacking():
    """Trials that never stored what others have, logits or a validation split, have none; what was stored and cannot be read is refused."""
    shutil.copytree("made", "lacking")
    for seed in (1, 2, 3):
        with h5py.File("lacking/trials/kd%010d/results.h5" % seed, "r+") as f:
            del f["logits"]
        with h5py.File("lacking/trials/sl%010d/results.h5" % seed, "r+") as f:
            f["logits/val_last"], f["labels/val"] = f["logits/test_last"][...][:6], f["labels/test"][...][:6]
    subprocess.run([MAKE_INDEX, "lacking"], check=True)
    study = sld_analysis.open("lacking")
    kd, sl, ce = (study.arms[arm][0] for arm in ("kd", "sld", "ce"))
    check(study.logits(kd) is None and study.logits(kd, "best") is None and study.logits(ce).shape == (12, 4), "never stored")
    check(study.logits(sl, "val").shape == (6, 4) and study.logits(ce, "val") is None and len(study.labels(sl, "val")) == 6, "of its own split")
    report = Report(study)
    check("62.00 ± 1.00" in report.markdown() and "kd (no test logits)" in report.figures["F7"].note, report.figures["F7"].note)
    with h5py.File("lacking/trials/ce0000000001/results.h5", "r+") as f:
        f["logits/test_last"][...] = np.nan
    refused("lacking", "the results of ce0000000001", "cannot be read")


def ids_of(study):
    return list(study.trials["id"])


COMPACT_LOSES = ("F2", "F5")


def check_compact():
    """A compact pack gives what the full one gives, within half precision; figures that need all logits are named with the reason."""
    random = np.random.default_rng(5)
    shutil.copytree("made", "rich")
    for folder in os.listdir("rich/trials"):
        path = "rich/trials/%s/results.h5" % folder
        if not os.path.exists(path):
            continue
        with h5py.File(path, "r+") as f:
            for name in [n for n in f["logits"] if n != "test_teacher"]:
                f["logits/" + name][...] += 2 * random.standard_normal(f["logits/" + name].shape).astype(np.float32)
    for name in ("full.h5", "compact.h5"):
        expect(sld("report", "rich", "--pack", name, *(["--compact"] if name == "compact.h5" else []), ranks=0), 0)
    full, compact = Report(sld_analysis.open("full.h5")), Report(sld_analysis.open("compact.h5"))
    check(list(compact.tables) == list(full.tables) and set(full.figures) - set(compact.figures) == set(COMPACT_LOSES), list(compact.parts))
    for key in COMPACT_LOSES:
        check(any(k.startswith(key) and "compact" in reason for k, reason in compact.left), "named with its reason", key, compact.left)
    for key, table in full.tables.items():
        for row, kept in zip(table.rows, compact.tables[key].rows):
            for cell, other in zip(row, kept):
                numbers = [[float(x.replace("−", "-")) for x in re.findall(r"[−+]?\d+\.\d+", str(c))] for c in (cell, other)]
                check(np.allclose(*numbers, rtol=2e-3, atol=0.011), key, cell, other)  # half precision, and a last digit
    one, other = full.work.digests, compact.work.digests
    for trial in full.work.study.students:
        a, b = one.student(trial), other.student(trial)
        check(np.array_equal(a.predicted, b.predicted) and np.array_equal(a.correct, b.correct), "predictions")
        check(np.allclose(a.confidence, b.confidence, atol=2.0 ** -10) and np.allclose(a.nll, b.nll, rtol=2.0 ** -10, atol=1e-6), "log p")
        check(np.allclose(a.scores, b.scores, rtol=1e-6), "exact, not of half precision", a.scores, b.scores)
        check(abs(a.brier - b.brier) < 1e-6 and (a.kl is None) == (b.kl is None) and (a.kl is None or abs(a.kl - b.kl) < 1e-5), "all classes")
        if one.teacher(trial) is not None:
            check(np.array_equal(one.teacher(trial).rank, other.teacher(trial).rank), "rank of the label")
    compact.html()
    check_halved(compact)
    with h5py.File("compact.h5", "r+") as f:  # as a sld packed that kept two numbers alone
        for name in ("nll_logits_last", "ece_equal_mass_last", "reliability_last", "resolution_last"):
            del f["trials/" + name]
    older = sld_analysis.open("compact.h5").digests
    for trial in full.work.study.students:
        check(np.allclose(one.student(trial).scores, older.student(trial).scores, rtol=2e-3, atol=2e-3), "an earlier pack")


def check_halved(good):
    """Log-probabilities that HDF5 1.10 halved as it rounded them show where they rise or sum to more than one: told once."""
    check(good.work.study.halved == "" and not any("half of what" in w for w in good.warnings), good.warnings)
    shutil.copyfile("compact.h5", "halved.h5")
    first, second = good.work.study.students[:2]
    with h5py.File("halved.h5", "r+") as f:
        top = f["log_p/test_last_top"]
        top[first, 3, 1] = top[first, 3, 0] / 2  # rises
        for sample in (0, 5):
            top[second, sample, :2] = -0.02, -0.5  # falls, and sums to 1.6
        there = ~np.isnan(top[:, :, 0])
        f["log_p/test_teacher_top"][0, 1, 1] = -0.0001
    said = "/log_p/test_last_top: 3 of %d samples, of 2 of %d trials; /log_p/test_teacher_top: 1 of %d samples, of 1 of 1 teachers; pack the study again"
    code, _, err = run("report", "halved.h5", "-o", "halved")
    check(code == 0 and err.count("half of what") == 1, "told once", err)
    check(said % (there.sum(), there.any(axis=1).sum(), len(good.work.study.labels())) in err, err)
    with open("halved/report.md", encoding="utf-8") as f:
        check(f.read().count("half of what they were") == 1, "the report says it")


def check_features():
    """F3 where the results have features."""
    with h5py.File("rich/trials/sl0000000001/results.h5", "r+") as f:
        f["features/test_last"] = np.random.default_rng(6).standard_normal((made_sweep.SAMPLES, 5)).astype(np.float32)
    subprocess.run([MAKE_INDEX, "rich"], check=True)
    study = sld_analysis.open("rich")
    trial = list(study.trials["id"]).index("sl0000000001")
    check(study.features(trial).shape == (12, 5) and study.features(trial - 1) is None, "features")
    report = Report(study)
    check("F3" in report.figures and "sld" in report.figures["F3"].alt, report.left)
    report.figures["F3"].html()
    note = report.figures["F3"].note
    check("Perplexity 3.67; samples of the first 4 classes that test has; first seed" in note, note)
    of = [(np.zeros((n, 2)), None, range(8), samples) for n, samples in ((800, 1000), (800, 800))]
    check(figures_logits.mapped(of).endswith(", of 1000 the first 800 in the order of the test set"), figures_logits.mapped(of))


def check_options():
    """A column per option that varies, under its own name; one name for the teacher's term; and the ablation from the options. Axes may be
    called as columns of numbers are."""
    made_study.write_study("options.h5", made_study.square(), seeds=2, axes=("warm_start", "top1_last"))
    study = sld_analysis.open("options.h5")
    check(set(study.varying()) == {"method", "correction", "teacher_swap", "student_swap", "kd.weak", "kd.strong", "teacher.weights"},
          study.varying())
    check(list(study.trials["correction"][[1, 5]]) == ["none", "swap"], list(study.trials["correction"]))
    check(study.options["kd.temperatures"][3] == (1, 2, 3, 4, 5, 6) and study.options["train.lr"][3] == 0.025, "values have their types")
    both = study.curves("loss_teacher_strong")
    check(both.loc[study.arms["KD-PA"]].notna().all(axis=None) and both.loc[study.arms["SLD"]].notna().all(axis=None), "kd_ and lts_")
    text = Report(study).markdown()
    check("| KD-PA+LTS | ✓ | ✓ |  |" in text, text)
    check("SLD differs from KD-PA" not in text, "both swaps are the method: the contrast that docs/protocol.md recommends", text)
    for what in ("T2", "T3", "T5", "T7", "T8", "T9", "F3", "F4", "F12"):
        check("- %s, " % what in text.split("cannot show")[1], "named with its reason", what, text)


def check_validation():
    """With a validation split its accuracy is a column of trials and of the report."""
    made_study.write_study("val.h5", made_study.square(), seeds=2, validation=True, states={("CE", 2): ("failed", "")})
    study = sld_analysis.open("val.h5")
    wanted = study.trials["top1_last"] - 0.5
    check(np.allclose(study.trials["top1_val_last"], wanted, equal_nan=True), "last epoch", study.trials["top1_val_last"])
    check("| validation |" in Report(study).markdown(), "in the table of arms")


def check_hostile_texts():
    """Labels, class names, reasons and options with markup in them: as they are on the page, and nowhere as markup."""
    arms = [made_study.Arm(name, 0.1 * i, [name, ""]) for i, name in enumerate(EVIL)]
    made_study.write_study("evil.h5", arms, seeds=2, classes=len(EVIL), names=EVIL, baseline=EVIL[0], spec="report: {title: '%s'}" % EVIL[0],
                           states={(EVIL[1], 2): ("diverged", EVIL[1])})
    code, out, err = run("report", "evil.h5", "-o", "evil", "--pdf")
    check(code == 0 and "\x1b" not in out + err, err)
    page = Page(open("evil/report.html", encoding="utf-8").read())
    check("script" not in page.tags and "img" not in page.tags and not page.sources, "no markup let through", set(page.tags))
    check(EVIL[0] in page.texts, "the label as it is")
    for name in os.listdir("evil"):
        content = open("evil/" + name, "rb").read()
        check(b"\x1b[31m" not in content and "\u202e".encode() not in content, "no control characters", name)
        if name.endswith(".csv") and name != "trials.csv":
            check(not any(line.startswith("=") for line in content.decode().splitlines()), "no formula", name)
    tex = open("evil/tables.tex", encoding="utf-8").read()
    check(tex.count("\\end{table}") == tex.count("\\begin{table}") and r"x \& y\_z \{w\} \textbackslash{}end\{table\}" in tex, tex)
    markdown = open("evil/report.md", encoding="utf-8").read()
    check("<script" not in markdown.replace("\\<", "") and r"a\|b \`c\` \*d\*" in markdown, markdown[:3000])


def check_formulas():
    """In CSV a number stays, whatever a table makes of it; a text that only begins with one is quoted like any other."""
    for cell in (table.number(1.5, 2, True), table.number(-1.5), "-1", "-1e-05", table.spread(1.5, 0.2, 2, True), table.spread(-1.5, 0.2),
                 table.interval(-1.0, 2.0), table.interval(1.0, float("inf")), "+0.50; 2 of 3; <0.001", "+0.50; 0 of 1; –", "-", "–", "KD", "1 +x"):
        check(table.csv_text(cell) == cell, "stays", cell, table.csv_text(cell))
    for cell in ("-1 +cmd|'/C calc'!A0", "+1 =HYPERLINK(1)", "+1;=2", "+1 ± =2", "-1 to 2+cmd|' /C calc'!A0", "=1", "@x", "+x", "--1", "+1_0", "-nan",
                 "-1\n=2", "+1 "):
        check(table.csv_text(cell) == "'" + table.plain(cell), "quoted", cell, table.csv_text(cell))


def damaged(name, change):
    """A copy of a good study with one thing changed."""
    shutil.copyfile("good.h5", name)
    with h5py.File(name, "r+") as f:
        change(f)
    return name


def replaced(f, path, value):
    del f[path]
    f[path] = value


def check_refusals():
    made_study.write_study("good.h5", made_study.square(), seeds=2)
    write("text.h5", "no HDF5")
    refused("text.h5", "text.h5", "HDF5")
    refused("absent.h5", "absent.h5", "no such file")
    os.makedirs("empty")
    refused("empty", "empty", "expected sweep.h5 or results.h5")
    os.makedirs("begun")
    write("begun/points", "sld-sweep 1\n")
    refused("begun", "sld report begun --pack")
    whole = open("good.h5", "rb").read()
    for share in (0.1, 0.5, 0.99):
        with open("half.h5", "wb") as f:
            f.write(whole[:int(len(whole) * share)])
        refused("half.h5", "half.h5")
    with h5py.File("foreign.h5", "w") as f:
        f["x"] = 1
    refused("foreign.h5", "expected sld-study")
    with h5py.File("foreign.h5", "r+") as f:
        f.attrs["format"] = ["a", "b"]
    refused("foreign.h5", "expected sld-study", "got a, b")
    refused(damaged("newer.h5", lambda f: f.attrs.modify("format_version", 2)), "newer")
    refused(damaged("short.h5", lambda f: replaced(f, "trials/seed", np.arange(3))), "/trials/seed", "expected 11 values, got 3")
    refused(damaged("no_arm.h5", lambda f: f.__delitem__("trials/arm")), "/trials/arm", "got nothing")
    refused(damaged("group.h5", lambda f: (f.__delitem__("valid"), f.create_group("valid"))), "/valid", "a group")
    shutil.copyfile("made/sweep.h5", "alone.h5")
    refused("alone.h5", "cannot be read", "--pack")
    waiting = {(a.name, s): ("waiting", "") for a in made_study.square() for s in (1, 2)}
    made_study.write_study("nothing.h5", made_study.square(), seeds=2, states=waiting)
    refused("nothing.h5", "expected at least one done trial", "10 waiting")


def texts(n):
    return np.array(["x"] * n, object).astype(h5py.string_dtype())


def check_damaged():
    """One column or table that is not what the format says: refused when the file is opened, with what was expected and found."""
    def column(name, value, *words):
        return name, lambda f: replaced(f, name, value(f[name][()])), words

    def part(name, place, value, *words):
        return name, lambda f: f[name].__setitem__(place, value), words

    def attribute(name, value, *words):
        return name, lambda f: f.attrs.__setitem__(name, value), words
    log_p, study, full, compact = "log_p/test_last", "full.h5", [], []
    with h5py.File(study, "r") as f:
        n = len(f["valid"])
    for key in ("trials/top1_last", "trials/minutes", "trials/best_epoch"):
        full.append(column(key, lambda v: texts(n), "/%s: expected numbers, got text" % key))
    full += [("trials/top1_last", lambda f: f.__delitem__("trials/top1_last"), ("/trials/top1_last: expected one number per trial, got nothing",)),
             column("trials/arm", lambda v: np.arange(n), "/trials/arm: expected text, got int64"),
             column("trials/seed", lambda v: v + 0.5, "/trials/seed: expected whole numbers"),
             column("valid", lambda v: texts(n), "/valid: expected whole numbers, got text"),
             column("valid", lambda v: 0 * v, "/valid: trial ", "expected 1, as /trials/state says done"),
             column("trials/id", lambda v: texts(n), "/trials/id: expected each ID once, got x %d times" % n),
             column("trials/config", lambda v: np.array(["{["] * n, object).astype(h5py.string_dtype()), "/trials/config: expected the experiment of each trial", "got '{[' of the first"),
             column("trials/config", lambda v: np.array([""] * n, object).astype(h5py.string_dtype()), "/trials/config: expected the experiment of each trial", "got '' of the first"),
             part("trials/state", 0, "Done", "/trials/state: trial ", "or skipped, got Done"),
             part("trials/teacher", 1, 99, "/trials/teacher: trial ", "expected -1 to %d, got 99" % (n - 1)),
             part("trials/teacher_row", 1, 99, "/trials/teacher_row: trial ", "expected -1 to 0, got 99"),
             part("trials/top1_last", slice(None), np.inf, "/trials/top1_last: trial ", "expected 0 to 100, or NaN, got inf"),
             column("epoch/top1_test", lambda v: v[:2], "/epoch/top1_test: expected %d rows" % n, "got 2"),
             column("labels/test", lambda v: v.astype(float), "/labels/test: expected whole numbers", "float64"),
             column("labels/test", lambda v: np.tile(v, (3, 1)), "/labels/test: expected %d rows, one for each trial, got 3" % n),
             column("logits/test_last", lambda v: v[:2], "/logits/test_last: expected %d rows" % n),
             column("class", lambda v: v[:2], "/class_name: expected 2 texts, one for each class"),
             attribute("format_version", "x", "attribute format_version: expected a whole number, got x"),
             attribute("name", 5, "attribute name: expected text, got 5")]
    compact += [column(log_p + "_label_rank", lambda v: v[:, :3], "_label_rank: expected shape", "3)"),
                column(log_p + "_label", lambda v: np.full(v.shape, "x", object).astype(h5py.string_dtype()), "_label: expected numbers of 2 axes, got text"),
                part(log_p + "_top_class", (0, 0, 0), 200, "_top_class: expected 0 to", "got 200"),
                column(log_p + "_top_class", lambda v: v.astype("i8") - 100, "_top_class: expected 0 to", "got -100"),
                (log_p, lambda f: f.__delitem__(log_p + "_label"), ("_label: expected what /log_p has of each set", "got nothing")),
                (log_p, lambda f: [replaced(f, log_p + e, f[log_p + e][:2]) for e in ("_top", "_top_class", "_label", "_label_rank")],
                 ("_top: expected %d rows" % n,))]
    for source, cases in ((study, full), ("compact.h5", compact)):
        for name, change, words in cases:
            shutil.copyfile(source, "spoilt.h5")
            with h5py.File("spoilt.h5", "r+") as f:
                change(f)
            try:
                sld_analysis.open("spoilt.h5")
            except sld_analysis.StudyError as error:
                check(all(word in str(error) for word in ("spoilt.h5: ", *words)), name, words, error)
            else:
                check(False, "opened", name, words)
    refused("spoilt.h5", "spoilt.h5: /log_p/test_last_top: expected")
    shutil.copyfile(study, "spoilt.h5")  # as some programs write it: all is there
    with h5py.File("spoilt.h5", "r+") as f:
        replaced(f, "trials/top1_last", f["trials/top1_last"][()].astype(">f4"))
    check(sld_analysis.open("spoilt.h5").trials["top1_last"].notna().any(), "big-endian numbers")


def check_pipes():
    """Pipes beside a sweep's table, or in the folder for the report, are opened by nobody."""
    shutil.copytree("made", "piped")
    os.makedirs("pipes")
    for path in ("piped/sweep.yaml", "piped/late-claims", "pipes/report.html"):
        if os.path.exists(path):
            os.unlink(path)
        os.mkfifo(path)
    with h5py.File("piped/sweep.h5", "r+") as f:
        f.attrs.pop("sweep", None)
    signal.alarm(60)  # ends a test that waits
    study = sld_analysis.open("piped")
    check(study.n > 0 and study.spec_fault == "piped/sweep.yaml: expected a regular file, got a pipe", study.spec_fault)
    code, out, err = run("report", "good.h5", "-o", "pipes")
    signal.alarm(0)
    check(code == 2 and not out and "pipes/report.html already exists" in err, code, err)


def check_odd_studies():
    """What can be reported is, and says what is left out."""
    def report(name, *words):
        text = Report(sld_analysis.open(name)).markdown()  # draws nothing: what is left out is the same
        for word in words:
            check(word in text, name, word, text)
        return text

    def spoil(f):
        f["logits/test_last"][3, 5, 1] = np.inf
    report(damaged("inf.h5", spoil), "logits that are not finite")
    with_nan = sld_analysis.open(damaged("nan.h5", lambda f: f["logits/test_last"].__setitem__((3, 5), [np.nan, 1.0, 3.0, 3.0] + [0.0] * 6)))
    check(with_nan.predicted(3)[5] == 2, "a logit that is no number is never the largest", with_nan.predicted(3)[5])
    report(damaged("labels.h5", lambda f: replaced(f, "labels/test", np.full(400, 77, np.int32))), "labels outside 0 to 9")
    report(damaged("few.h5", lambda f: replaced(f, "labels/test", np.zeros(3, np.int32))), "logits of 400 samples, labels of 3")
    report(damaged("twice.h5", lambda f: replaced(f, "trials/seed", np.ones(11, np.int64))), "has seed 1 more than once")
    report(damaged("no_config.h5", lambda f: f["trials/config"].__setitem__(3, b"")), "epochs, batch: 12; 64\n", "; 4000 training samples")
    def ran(f):
        for name, values in (("started", ["2026-01-01"] + ["2026-01-02"] * 10), ("machine", ["first"] + ["second"] * 10)):
            f.create_dataset("trials/" + name, data=values, dtype=h5py.string_dtype())
    report(damaged("ran.h5", ran), "first trial started: 2026-01-01\n", "machine: first; second\n", "trials: 10 done; of teachers 1 done\n")
    report(damaged("texts.h5", lambda f: f["trials/config"].__setitem__(slice(3, 6), [b"[1", b"\xff", b"a: {b: [x, {c: d}]}"])), "top-1",
           "The experiments of ", "cannot be read (/trials/config), the first is ")
    report(damaged("teacher.h5", lambda f: f["logits/test_teacher"].__setitem__((0, 3, 3), np.nan)), "teacher's logits that are not finite")
    made_study.write_study("one.h5", made_study.square(), seeds=1)
    text = report("one.h5", "With one seed per arm these differences cannot be separated from noise")
    check(" 0.0" not in text.split("### Test top")[1].split("###")[0].split("| p (Holm)")[1], "no p from one seed", text)
    report("bare.h5", "no trial kept its test logits")
    for states, gaps in (({}, "CE | 2 |"), ({("CE", s): ("waiting", "") for s in (1, 2)}, "The baseline CE has no done trial")):
        made_study.write_study("nobase.h5", made_study.square(), seeds=2, baseline="", states=states, logits=False)
        text = report("nobase.h5", "No baseline is named: gaps are to the first arm, CE.", "baseline CE, the first arm, as none is named", gaps)
        check(("gap to CE" in text) == (not states), "none to another arm, whatever is done", text)
    check("No baseline is named" not in report("bare.h5"), "named")
    apart = {("KD-PA", 1): ("failed", "disk"), ("KD-PA", 2): ("done", "")}
    apart.update({(a, 2): ("waiting", "") for a in ("CE", "KD-PA+LTS", "KD-PA+LSS", "SLD")})
    made_study.write_study("apart.h5", made_study.square(), seeds=2, states=apart)
    report("apart.h5", "no arm has a seed in common", "disk")


def check_surroundings():
    """A locale without UTF-8, a missing package, a wrong verb."""
    env = dict(os.environ, PYTHONPATH=ANALYSIS, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    done = subprocess.run([sys.executable, "-m", "sld_analysis", "report", "bare.h5", "-o", "ascii"], env=env, capture_output=True)
    check(done.returncode == 0 and done.stdout == b"ascii/report.html\n", done.stderr)
    os.makedirs("shadow")
    write("shadow/pandas.py", "raise ImportError('No module named pandas', name='pandas')\n")
    env["PYTHONPATH"] = "shadow:" + ANALYSIS
    done = subprocess.run([sys.executable, "-m", "sld_analysis", "trials", "good.h5"], env=env, capture_output=True)
    check(done.returncode == 2 and b"python3-pandas" in done.stderr and b"Traceback" not in done.stderr, done.stderr)


def check_foreign_outputs():
    """A report is written among no sweep's files and over nobody else's; a viewer's page over no study."""
    os.makedirs("thesis")
    write("thesis/trials.csv", "mine")
    os.symlink("made", "way")
    write("taken", "mine")
    place = "expected a place outside the folders in which a sweep keeps its own files"
    for args, words in ((("report", "study.h5", "-o", "taken", "--force"), ("--out: taken: expected a folder for the report, got a file",)),
                        (("report", "bare.h5", "-o", "made/trials", "--force"), (place,)),
                        (("report", "bare.h5", "-o", "way/trials/new", "--force"), (place,)),
                        (("viewer", "-o", "made/trials/page.html", "--force"), ("which --force keeps too",)),
                        (("report", "bare.h5", "-o", "made/claims/new", "--force"), (place,)),
                        (("report", "bare.h5", "-o", "made/teacher-logits"), (place,)),
                        (("report", "study.h5", "-o", "made"), ("--out: made: expected a folder for the report, got that of a sweep",)),
                        (("report", "made", "-o", "way/trials/" + os.listdir("made/trials")[0], "--force"), ("got that of a run",)),
                        (("report", "bare.h5", "-o", "thesis"), ("thesis/trials.csv already exists", "--force")),
                        (("viewer", "-o", "study.h5", "--embed", "study.h5", "--force"), ("study.h5 is the same file as input",)),
                        (("viewer", "-o", "thesis/trials.csv"), ("thesis/trials.csv already exists", "--force"))):
        code, out, err = run(*args)
        check(code == 2 and not out and all(w in err for w in words), args, code, err)
    check(open("taken").read() == "mine" and not os.path.exists("made/teacher-logits") and "new" not in os.listdir("made/claims"), "as it was")
    check(open("thesis/trials.csv").read() == "mine" and os.listdir("thesis") == ["trials.csv"] and not os.path.exists("made/report.md"), "as it was")
    for more in (["--force"], []):  # its own from then on
        check(run("report", "bare.h5", "-o", "thesis", *more)[0] == 0, "forced, then its own", more)


def main():
    trials = made_sweep.small_sweep("made")
    subprocess.run([MAKE_INDEX, "made"], check=True)
    expect(sld("report", "made", "--pack", "study.h5", ranks=0), 0)
    check_reader(trials)
    code, said, err = run("report", "made", "-o", "one", "--png")
    check(code == 0 and said.strip() == "one/report.html", err)
    check_outputs("one")
    with open("one/F1.png", "rb") as f:
        check(f.read(8) == b"\x89PNG\r\n\x1a\n", "PNG")
    for key, table in Report(sld_analysis.open("study.h5")).tables.items():
        check(open("one/%s.csv" % key, encoding="utf-8").read() == table.csv(), "folder and packed file give the same", key)
    made_study.write_study("bare.h5", made_study.square(), logits=False)  # of few figures
    check_foreign_outputs()
    check_unfit()
    check_lacking()
    check_compact()
    check_features()
    check_options()
    check_validation()
    check_hostile_texts()
    check_formulas()
    check_refusals()
    check_damaged()
    check_pipes()
    check_odd_studies()
    check_surroundings()


in_folder(main)
