"""How often does a student say what its teacher says, and how often what another seed says? agreement.py STUDY"""
import sys
import sld_analysis
if len(sys.argv) != 2:
    sys.exit(__doc__)
study = sld_analysis.open(sys.argv[1])
for arm, trials in study.arms.items():
    trials = [t for t in trials if study.predicted(t) is not None]
    said, taught = [study.predicted(t) for t in trials], [study.predicted(t, "teacher") for t in trials]
    with_teacher = [(s == t).mean() for s, t in zip(said, taught) if t is not None and len(s) == len(t)]
    with_each_other = [(a == b).mean() for i, a in enumerate(said) for b in said[:i]]
    for name, rates in (("teacher", with_teacher), ("each other", with_each_other)):
        if rates:
            print("%-24s with %-10s %.1f %%" % (arm, name, 100 * sum(rates) / len(rates)))
