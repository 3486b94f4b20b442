"""Is an arm's gap to the baseline of its pair more than luck, and what would so many seeds find? significance.py STUDY"""
import sys
import sld_analysis
from sld_analysis.tables import Work
if len(sys.argv) != 2:
    sys.exit(__doc__)
work = Work(sld_analysis.open(sys.argv[1]))
for arm in work.rivals:
    g, base = work.gap(arm), work.base_of[arm]
    test = "%+.2f to %+.2f, p %.3f, resolves %.2f" % (g.low, g.high, g.p, g.resolves)
    not_tested = "trials are to come" if work.is_open(arm, base) else "no spread between seeds" if g.n > 1 else "%d seeds in common" % g.n
    print("%-24s less %-24s %+.2f (%s)" % (arm, base, g.mean, test if g.p == g.p else "not tested: " + not_tested))
