"""The viewer of a packed study in a headless Chromium: its numbers are those of sld_analysis, a label with markup is a text there,
and a file that is no study is named. Skipped without Chromium, or without the npm package h5wasm and npm."""
import html.parser
import sys

from package import needs

needs("pandas", "yaml")

import h5py
import numpy as np

import browser
import made_study
import made_sweep
import sld_analysis
from harness import check, expect, in_folder, sld
from sld_analysis import calibration, digest, viewer
from sld_analysis.tables import Work

if not browser.CHROMIUM:
    print("SKIP: no Chromium")
    sys.exit(77)

EVIL = "<img src=x onerror=alert(1)>"


class Dom(html.parser.HTMLParser):
    """Texts by the id of the element that they lie in, cells of tables, tags."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.cells, self.tags = [], {}, {}, set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag not in ("meta", "input", "line", "rect", "path", "img"):
            self.open.append((tag, dict(attributes).get("id")))
        if tag in ("td", "th"):
            self.cells.setdefault(self.inside(), []).append("")

    def inside(self):
        return next((i for _, i in reversed(self.open) if i), None)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        self.texts[self.inside()] = self.texts.get(self.inside(), "") + data
        if self.open and self.open[-1][0] in ("td", "th"):
            self.cells[self.inside()][-1] += data


def opened(b, program, study):
    with open("view.html", "w", encoding="utf-8") as f:
        f.write(viewer.page(*program, viewer.embedded(study)))
    b.open("view.html")
    b.run("""new Promise(done => {
        const look = () => /^Reading /.test(document.getElementById("state").textContent) ? setTimeout(look, 20) : done();
        look();
    })""")
    return Dom(b.run("document.documentElement.outerHTML"))


def check_full(b, program):
    made_study.write_study("study.h5", made_study.square()[4:], seeds=2, samples=200, names=[EVIL] + ["class %d" % k for k in range(1, 10)],
                           baseline="SLD")
    dom = opened(b, program, "study.h5")
    work = Work(sld_analysis.open("study.h5"))
    trial = work.arms["SLD"][0]
    d, teacher = work.digests.student(trial), work.digests.teacher(trial)
    check(dom.texts.get("state") == "study.h5: 2 trials.", dom.texts.get("state"))
    for key, wanted in (("n-trial", work.study.trials["id"][trial]), ("n-samples", "200"), ("n-top-1", "%.2f %%" % (100 * d.correct.mean())),
                        ("n-NLL", "%.4f" % d.nll.mean(dtype=float)), ("n-teacher-s-errors", str(int((~teacher.correct).sum()))),
                        ("n-copied-errors", "%.2f %%" % digest.copy_rate(d, teacher)),
                        ("ece", "15 bins, ECE %.2f %%" % calibration.ece(d.confidence, d.correct))):
        check(dom.texts.get(key) == wanted, "the page and the package agree to the digit", key, dom.texts.get(key), wanted)
    rows = np.array(dom.cells["samples"]).reshape(-1, 7)
    names = np.array(work.study.class_names)
    check(len(rows) == 50 and list(rows[:, 2]) == list(names[teacher.predicted[:50]]) and list(rows[:, 4]) == list(names[d.predicted[:50]]), rows[:3])
    check(list(rows[:, 3].astype(int)) == list(teacher.rank[:50]), "the label's rank")
    check(rows[0, 1] == EVIL and "img" not in dom.tags, "markup in a label is a text")
    check("NIST" in open("view.html", encoding="utf-8").read(), "the notice of h5wasm is kept")


def check_shares(b, program):
    """A trial is held against labels and teacher of its own share of the test set alone."""
    with h5py.File("study.h5", "r+") as f:
        f["logits/test_teacher"][:, 150:] = np.nan
    dom = opened(b, program, "study.h5")
    check(dom.texts.get("n-samples") == "200" and dom.texts.get("n-copied-errors") == "no teacher on this test set", dom.texts.get("n-copied-errors"))
    with h5py.File("study.h5", "r+") as f:
        f["labels/test"][150:] = -1
    dom = opened(b, program, "study.h5")
    check(dom.texts.get("n-samples") == "0" and dom.texts.get("n-NLL") == "no labels of its test set", dom.texts.get("n-NLL"))


def check_compact(b, program):
    """A compact pack that sld wrote: its numbers are those that sld_analysis makes of the same file."""
    made_sweep.small_sweep("made")
    expect(sld("report", "made", "--pack", "small.h5", "--compact", ranks=0), 0)
    dom, work = opened(b, program, "small.h5"), Work(sld_analysis.open("small.h5"))
    trial = work.study.students[0]
    d = work.digests.student(trial)
    check("small.h5: 10 trials. A compact pack" in dom.texts.get("state"), dom.texts.get("state"))
    for key, wanted in (("n-trial", work.study.trials["id"][trial]), ("n-top-1", "%.2f %%" % (100 * d.correct.mean())),
                        ("n-NLL", "%.4f" % d.nll.mean(dtype=float)), ("ece", "15 bins, ECE %.2f %%" % calibration.ece(d.confidence, d.correct))):
        check(dom.texts.get(key) == wanted, "compact", key, dom.texts.get(key), wanted)
    rows = np.array(dom.cells["samples"]).reshape(-1, 7)
    check(list(rows[:, 4]) == ["class%d" % k for k in d.predicted], "its classes", rows[:3])


def main():
    try:
        program = viewer.fetch()
    except sld_analysis.StudyError as error:
        print("SKIP: %s" % error)
        sys.exit(77)
    with browser.Browser() as b:
        check_full(b, program)
        check_shares(b, program)
        check_compact(b, program)
        with h5py.File("other.h5", "w") as f:
            f["x"] = 1
        check("expected sld-study, got none" in opened(b, program, "other.h5").texts["state"], "no study")
        with open("half.h5", "wb") as f:
            f.write(open("study.h5", "rb").read()[:3000])
        check("half.h5: cannot be shown" in opened(b, program, "half.h5").texts["state"], "half a file")


in_folder(main)
