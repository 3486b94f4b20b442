"""Is an arm's gap to the baseline of its pair more than luck, and what would so many seeds find? significance.py STUDY"""
import sys
import sld_analysis
from sld_analysis.tables import Work
if len(sys.argv) != 2:
    sys.exit(__doc__)
work = Work(sld_analysis.open(sys.argv[1]))
for arm in work.rivals:
    g = work.gap(arm)
    print("%-24s less %-24s %+.2f (%+.2f to %+.2f), p %.3f, resolves %.2f"
          % (arm, work.base_of[arm], g.mean, g.low, g.high, g.p, g.resolves))
