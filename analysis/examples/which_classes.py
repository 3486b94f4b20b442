"""Which classes gain from one arm to another? which_classes.py STUDY ARM BASELINE"""
import sys
import numpy as np
import sld_analysis
if len(sys.argv) != 4:
    sys.exit(__doc__)
study = sld_analysis.open(sys.argv[1])
if not set(sys.argv[2:]) <= set(study.arms):
    sys.exit("arms with done trials: " + ", ".join(study.arms))
right, kept = zip(*(study.digests.correct(study.arms[arm]) for arm in sys.argv[2:]))  # of the trials that have test logits
labels = [study.labels(trials[0]) if trials else [] for trials in kept]
assert 0 < len(labels[0]) == len(labels[1]), "an arm has no test logits, or the two have different test sets"
by_class = [100 * (right[0].mean(0) - right[1].mean(0))[labels[0] == k].mean() for k in range(labels[0].max() + 1)]
for k in np.argsort(by_class)[::-1]:
    print("%+7.2f  %s" % (by_class[k], study.class_names[k] if study.class_names else "class %d" % k))
