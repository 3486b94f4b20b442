"""Which classes gain from one arm to another, seed by seed? which_classes.py STUDY ARM BASELINE"""
import sys
import numpy as np
import sld_analysis
from sld_analysis import gains, tables
if len(sys.argv) != 4:
    sys.exit(__doc__)
work = tables.Work(sld_analysis.open(sys.argv[1]))
if not set(sys.argv[2:]) <= set(work.arms):
    sys.exit("arms with done trials: " + ", ".join(work.arms))
found = gains.paired_images(work, *sys.argv[2:]) if len({work.layout.tested[arm] for arm in sys.argv[2:]}) == 1 else None
by_class = gains.mean_gain(found) if found else sys.exit("the two have no seed with test logits in common, or different test sets")
print("seeds in common: %d; classes without test images: %d" % (len(found.seeds), np.isnan(by_class).sum()))
for k in np.argsort(-by_class)[:np.isfinite(by_class).sum()]:
    print("%+7.2f  %s" % (by_class[k], work.study.class_names[k] if work.study.class_names else "class %d" % k))
