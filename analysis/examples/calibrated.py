"""Is a student's confidence its accuracy? Means over seeds. calibrated.py STUDY"""
import sys
import sld_analysis
from sld_analysis import calibration, stats
if len(sys.argv) != 2:
    sys.exit(__doc__)
study = sld_analysis.open(sys.argv[1])
for arm, trials in study.arms.items():
    found = [study.digests.student(t) for t in trials]
    ece = stats.summary([d.scores.ece for d in found if d is not None])
    logits = [(study.logits(t), study.labels(t)) for t, d in zip(trials, found) if d is not None and not study.compact]  # a compact pack has none
    fits = stats.summary([t for t in (calibration.fit_temperature(*z) for z in logits) if not calibration.at_bound(t)])
    best = ", best at temperature %.2f (%d)" % (fits.mean, fits.n) if fits.n else ", the fit stands at a bound: no temperature" if logits else ""
    if ece.n:
        print("%-24s ECE %.2f %% (%d)%s" % (arm, ece.mean, ece.n, best))
