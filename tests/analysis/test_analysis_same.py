"""A label whose trial is another arm's stays in what sld_analysis says, and may be the baseline."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "report"), os.path.join(HERE, "..", "..", "analysis")]

import made_sweep
import sld_analysis
from harness import check, expect, in_folder, sld
from made_sweep import Trial
from sld_analysis.report import Report


def main():
    trials = [Trial("%s%011d" % (arm[0], seed), arm, seed, [50.0, 60.0 + gain + seed], [arm])
              for arm, gain in (("plain", 0.0), ("other", 2.0)) for seed in (1, 2)]
    made_sweep.write_sweep("made", trials, baseline="twin", axes=["arm"])
    with open("made/points") as f:
        lines = f.read().splitlines()
    with open("made/points", "w") as f:
        same = ["same\tp%011d\ttrial\t%d\ttwin\ttwin" % (seed, seed) for seed in (1, 2)]
        f.write("\n".join(lines[:-1] + same + lines[-1:]) + "\n")
    expect(sld("report", "made", "--pack", "pack.h5", ranks=0), 0)
    study = sld_analysis.open("pack.h5")
    check(study.same == [("twin", 1, "plain"), ("twin", 2, "plain")] and study.baseline == "plain", study.same, study.baseline)
    report = Report(study)
    facts = dict(report.facts)
    check(facts["labels of other arms' trials"] == "twin is plain", facts)
    check(not any("no gaps" in w for w in report.warnings), report.warnings)


in_folder(main)
