"""Is a student's confidence its accuracy? calibrated.py STUDY"""
import sys
import sld_analysis
from sld_analysis import calibration
if len(sys.argv) != 2:
    sys.exit(__doc__)
study = sld_analysis.open(sys.argv[1])
for arm, trials in study.arms.items():
    d, logits = study.digests.student(trials[0]), study.logits(trials[0])  # a compact pack has no logits
    best = ""
    if logits is not None:
        t = calibration.fit_temperature(logits, study.labels(trials[0]))
        best = ", the fit stands at the bound %g: no temperature" % t if calibration.at_bound(t) else ", best at temperature %.2f" % t
    if d is not None:
        print("%-24s ECE %.2f %%%s" % (arm, d.scores.ece, best))
