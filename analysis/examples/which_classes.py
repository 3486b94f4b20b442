"""Which classes gain from one arm to another? which_classes.py STUDY ARM BASELINE"""
import sys
import numpy as np
import sld_analysis
if len(sys.argv) != 4:
    sys.exit(__doc__)
study = sld_analysis.open(sys.argv[1])
if not set(sys.argv[2:]) <= set(study.arms):
    sys.exit("arms with done trials: " + ", ".join(study.arms))
labels, others = (study.labels(study.arms[arm][0]) for arm in sys.argv[2:])
assert len(labels) == len(others), "the two arms have different test sets"
right = [np.mean([study.predicted(t) == study.labels(t) for t in study.arms[arm]], axis=0) for arm in sys.argv[2:]]
by_class = [100 * (right[0] - right[1])[labels == k].mean() for k in range(labels.max() + 1)]
for k in np.argsort(by_class)[::-1]:
    print("%+7.2f  %s" % (by_class[k], study.class_names[k] if study.class_names else "class %d" % k))
