#!/usr/bin/python3
"""report.py: tables (Markdown, LaTeX, HTML) and figures (PNG) of a study.

    report.py runs/ablation --out ablation      # the folder of a sweep that has ended
    report.py study.h5 --out ablation           # what `sld report DIR --pack study.h5` made

Writes report.md, report.tex, report.html, curves.png and correlation.png into the folder --out.
"""
import argparse
import math
import os
import sys


import figures
import student_t
import tables
from study import Study, StudyError


def number(x, digits=2, sign=""):
    return "–" if math.isnan(x) else ("%" + sign + ".*f") % (digits, x)


def spread(mean, width, sign=""):
    return number(mean, 2, sign) + ("" if math.isnan(width) else " ± %.2f" % width)


def p_text(p):
    return "–" if math.isnan(p) else "<0.001" if p < 0.001 else "%.3f" % p


def by_seed(study, column, trials):
    return {int(study.column("seed")[i]): float(study.column(column)[i]) for i in trials}


def accuracy_table(study):
    """Last epoch (the measure), best, mean of the last three; the difference to the baseline, paired by seed."""
    arms = study.arms()
    base = by_seed(study, "top1_last", arms[study.baseline]) if study.baseline in arms else {}
    tests = {arm: student_t.paired(by_seed(study, "top1_last", trials), base) for arm, trials in arms.items()
             if base and arm != study.baseline}
    adjusted = dict(zip(tests, student_t.holm([t[3] for t in tests.values()])))
    heads = ["arm", "n", "last epoch", "95 % interval", "best epoch", "last three"]
    heads += ["less %s" % study.baseline, "p", "p (Holm)"] if base else []
    rows = []
    for arm, trials in arms.items():
        n, mean, sd, half = student_t.summary([study.column("top1_last")[i] for i in trials])
        row = [arm, str(n), spread(mean, sd), "–" if math.isnan(half) else "%.2f to %.2f" % (mean - half, mean + half)]
        for column in ("top1_best", "top1_last3"):
            row.append(spread(*student_t.summary([study.column(column)[i] for i in trials])[1:3]))
        if base:
            n, mean, half, p = tests.get(arm, (0, math.nan, math.nan, math.nan))
            row += [spread(mean, half, "+"), p_text(p), p_text(adjusted.get(arm, math.nan))] if arm in tests else ["baseline", "", ""]
        rows.append(row)
    return "Test top-1, %: mean ± standard deviation over seeds", heads, rows


def quality_table(study):
    columns = [("copied errors, %", "copy_rate", 1), ("NLL", "nll_last", 4), ("ECE, %", "ece_last", 2),
               ("LSS epochs", "lss_active_epochs", 0), ("minutes", "minutes", 1), ("samples/s", "samples_per_second", 0)]
    rows = [[arm] + [number(student_t.summary([study.column(name)[i] for i in trials])[1], digits)
                     for _, name, digits in columns] for arm, trials in study.arms().items()]
    return "Last epoch: means over seeds", ["arm"] + [c[0] for c in columns], rows


def missing(study):
    """What is not in the tables, in words."""
    states = [s for s, teacher in zip(study.column("state"), study.column("is_teacher")) if s != "done" and not teacher]
    return ", ".join("%d %s" % (states.count(s), s) for s in sorted(set(states)))


def notes(study):
    out = []
    if missing(study):
        out.append("Not in these tables: %s." % missing(study))
    if study.baseline in study.arms():
        out.append("Differences to %s are of the last epoch, paired by seed, with their 95 %% confidence interval; p: two-sided "
                   "paired t test; Holm: corrected for the number of arms." % study.baseline)
    if max((len(t) for t in study.arms().values()), default=0) < 2:
        out.append("One seed ranks nothing.")
    return out


def write(out, name, text):
    path = os.path.join(out, name)
    with open(path + ".tmp", "w") as f:
        f.write(text)
    os.replace(path + ".tmp", path)


def make(study, out):
    os.makedirs(out, exist_ok=True)
    shown = [accuracy_table(study), quality_table(study)]
    figures.curves(study, os.path.join(out, "curves.png"))
    distances = figures.correlation(study, os.path.join(out, "correlation.png"))
    if distances:
        shown.append(("Per-class mean logits on test, |student - teacher| / 3 off the diagonal, first seed",
                      ["arm", "max", "mean"], [[arm, "%.3f" % a, "%.4f" % b] for arm, a, b in distances]))
    images = [("curves.png", "Mean over seeds; shaded: standard deviation")]
    images += [("correlation.png", "Per-class mean logits on test, student less teacher")] if distances else []
    said = notes(study)
    write(out, "report.md", "# %s\n\n" % study.name + "\n".join(tables.markdown(*t) for t in shown)
          + "".join("\n%s\n" % n for n in said) + "".join("\n![%s](%s)\n" % (text, file) for file, text in images))
    write(out, "report.tex", "\n".join(tables.latex(*t) for t in shown))
    body = "".join(tables.html_table(*t) for t in shown) + "".join("<p>%s</p>\n" % tables.html.escape(n) for n in said)
    body += "".join('<p><img src="%s" alt="%s"></p>\n' % (file, text) for file, text in images)
    write(out, "report.html", tables.page(study.name, body))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", help="the folder of a sweep, or a packed file")
    parser.add_argument("--out", default="report", help="folder of what is written (default: report)")
    args = parser.parse_args(arguments)
    try:
        study = Study(args.study)
        if not study.arms():
            raise StudyError("%s: no trial is done yet" % args.study)
        make(study, args.out)
    except (StudyError, OSError) as error:
        print("report: %s" % error, file=sys.stderr)
        return 2
    print(os.path.join(args.out, "report.html"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
