"""How often does a student say what its teacher says, and how often what another seed says? agreement.py STUDY"""
import sys
import sld_analysis
if len(sys.argv) != 2:
    sys.exit(__doc__)
study = sld_analysis.open(sys.argv[1])
for arm, trials in study.arms.items():
    said = [p for p in map(study.predicted, trials) if p is not None]
    teacher = study.predicted(trials[0], "teacher")
    with_teacher = [(s == teacher).mean() for s in said if len(s) == len(teacher)] if teacher is not None else []
    with_each_other = [(a == b).mean() for i, a in enumerate(said) for b in said[:i]]
    for name, rates in (("teacher", with_teacher), ("each other", with_each_other)):
        if rates:
            print("%-24s with %-10s %.1f %%" % (arm, name, 100 * sum(rates) / len(rates)))
