"""Is an arm's gap to the baseline more than luck, and what would so many seeds find? significance.py STUDY"""
import sys
import sld_analysis
from sld_analysis import claims, stats
study = sld_analysis.open(sys.argv[1])
top1 = claims.by_seed(study)
for arm in study.arms:
    if arm != study.baseline:
        g = stats.paired(top1[arm], top1[study.baseline])
        print("%-24s %+.2f (%+.2f to %+.2f), p %.3f, resolves %.2f" % (arm, g.mean, g.low, g.high, g.p, g.resolves))
