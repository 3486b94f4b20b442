"""analysis/report.py on a sweep's folder and on its packed file: the statistics against values from tables and by hand, the
same output from both, and what it says of files that are no study. Skipped without matplotlib."""
import contextlib
import filecmp
import io
import math
import os
import shutil
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "..", "..", "analysis"), os.path.join(HERE, "..", "report")]

try:
    import figures
except ImportError:
    print("skipped: no matplotlib")
    sys.exit(77)

import made_sweep
import report
import student_t
import tables
from harness import check, expect, in_folder, sld, write
from study import Study, StudyError

MAKE_INDEX = sys.argv[1]


def near(found, wanted, tolerance, what):
    check(abs(found - wanted) <= tolerance, what, found, wanted)


def check_statistics():
    near(student_t.t_quantile(0.975, 2), 4.3027, 5e-5, "printed tables have four digits")
    near(student_t.t_quantile(0.975, 30), 2.0423, 5e-5, "printed tables have four digits")
    near(student_t.p_value(2.7764, 4), 0.05, 1e-5, "four digits of t")
    near(student_t.p_value(1.0, 1), 0.5, 1e-12, "Cauchy")
    n, mean, sd, half = student_t.summary([1.0, 2.0, math.nan, 3.0])
    check(n == 3 and mean == 2.0 and sd == 1.0, "a missing value is none")
    near(half, 4.3026527 / math.sqrt(3), 1e-6, "interval")
    check(math.isnan(student_t.summary([5.0])[2]) and math.isnan(student_t.summary([])[1]), "too few")
    # differences 1.5, 2, 2.5: t = 2 / (0.5 / sqrt 3) = 6.9282; P(|T| > t) with 2 degrees is 1 - t / sqrt(t^2 + 2)
    n, mean, half, p = student_t.paired({1: 2.5, 2: 4.0, 3: 5.5, 9: 70.0}, {1: 1.0, 2: 2.0, 3: 3.0, 4: 0.0})
    check(n == 3 and mean == 2.0, "seeds that both have")
    near(p, 1.0 - 6.92820323 / math.sqrt(50.0), 1e-9, "paired t test")
    check(np.allclose(student_t.holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06], rtol=1e-12), "Holm")
    check(math.isnan(student_t.holm([0.01, math.nan])[1]) and student_t.holm([0.01, math.nan])[0] == 0.01, "a missing test")


def check_tables():
    heads, rows = ["a_b", "n"], [["x & 50% | <y>", "1"]]
    check(r"x & 50% \| <y>" in tables.markdown("t", heads, rows), "Markdown")
    check(r"x \& 50\% \textbar{} $<$y$>$ & 1 \\" in tables.latex("t", heads, rows) and r"a\_b" in tables.latex("t", heads, rows),
          "LaTeX")
    check("<td>x &amp; 50% | &lt;y&gt;</td>" in tables.html_table("t", heads, rows), "HTML")


def check_heat_map():
    """Two classes: mean difference of the label's row, absolute, a third, the diagonal left out."""
    labels = np.array([0, 0, 1])
    student = np.array([[1.0, 4.0], [3.0, 2.0], [0.0, 0.0]], np.float32)
    teacher = np.zeros((3, 2), np.float32)
    check(np.allclose(figures.class_difference(student, teacher, labels), [[0.0, 1.0], [0.0, 0.0]]), "heat map")


def run(*args):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = report.main(list(args))
    return code, out.getvalue(), err.getvalue()


def check_outputs(folder):
    text = open(folder + "/report.md").read()
    check("| sld | 3 | 64.00 ± 1.50 | 60.27 to 67.73 | 65.00 ± 1.50 | 64.00 ± 1.50 | +2.00 ± 1.24 | 0.020 | 0.020 |" in text, text)
    check("| kd | 3 | 62.00 ± 1.00 |" in text and "| baseline |" in text, text)
    check("Not in these tables: 1 diverged, 1 waiting." in text, text)
    check("resnet20" not in text, "a teacher is no arm")
    page = open(folder + "/report.html").read()
    check("<td>64.00 ± 1.50</td>" in page and "&quot;quotes&quot;" in page and 'src="curves.png"' in page, page)
    check(r"64.00 $\pm$ 1.50" in open(folder + "/report.tex").read(), "LaTeX")
    for name in ("curves.png", "correlation.png"):
        with open(os.path.join(folder, name), "rb") as f:
            check(f.read(8) == b"\x89PNG\r\n\x1a\n", name)


def check_reader(trials):
    for path in ("made", "study.h5"):
        study = Study(path)
        check(list(study.arms()) == ["ce", "kd", "sld", trials[-1].arm], list(study.arms()))
        check(study.curves("top1_test").shape == (13, 4), "curves")
        check(np.array_equal(study.logits("test_last", 3), made_sweep.student_logits(trials[3].copies)), "logits")
        check(np.array_equal(study.logits("test_teacher", 2), made_sweep.teacher_logits()), "the teacher's logits")
        check(study.logits("test_teacher", 1) is None, "a student without teacher")
        check(np.array_equal(study.labels(1), made_sweep.LABELS), "labels")


def check_errors():
    write("text.h5", "no HDF5")
    check(run("text.h5")[0] == 2 and "text.h5" in run("text.h5")[2], "no HDF5")
    check(run("absent.h5")[0] == 2 and "absent.h5 is not there" in run("absent.h5")[2], "absent")
    os.makedirs("empty")
    check("sld report DIR --pack" in run("empty")[2], "a folder without sweep.h5")
    code, _, err = run("made/trials/kd0000000001/results.h5")
    check(code == 2 and "is no study" in err, err)
    shutil.copytree("made", "lost")
    os.unlink("lost/trials/sl0000000002/results.h5")
    code, _, err = run("lost")  # never figures from NaN in place of results
    check(code == 2 and "sl0000000002" in err and "cannot be read" in err, err)


def main():
    check_statistics()
    check_tables()
    check_heat_map()
    trials = made_sweep.small_sweep("made")
    subprocess.run([MAKE_INDEX, "made"], check=True)
    expect(sld("report", "made", "--pack", "study.h5", ranks=0), 0)
    check_reader(trials)
    for source, out in (("made", "one"), ("study.h5", "two")):
        code, said, err = run(source, "--out", out)
        check(code == 0 and said.strip() == out + "/report.html", err)
        check_outputs(out)
    same = filecmp.cmpfiles("one", "two", os.listdir("one"), shallow=False)
    check(not same[1] and not same[2], "folder and packed file give the same", same)
    check_errors()


in_folder(main)
