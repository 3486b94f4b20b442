"""Simulated studies: of 1,000 in which no arm differs the claims find something in at most 5 %, and of 1,000 with a planted effect
of the size that the report calls resolvable 80 % find it. --soak: 10,000 each, with other spreads. Skipped without pandas."""
import math
import sys
import types

from package import needs

needs("pandas", "yaml", "scipy")

import numpy as np
import pandas
from scipy import stats as scipy_stats

from harness import check
from sld_analysis import arms, claims, stats

SOAK = "--soak" in sys.argv
STUDIES = 10000 if SOAK else 1000
ARMS = ("KD-PA", "KD-PA+LTS", "KD-PA+LSS", "SLD", "placebo")
SPEC = {"claims": {"swap": {"arm": "SLD", "against": "KD-PA"}, "placebo": {"arm": "SLD", "against": "placebo"},
                   "LTS": {"arm": ["KD-PA+LTS", "SLD"], "against": ["KD-PA", "KD-PA+LSS"]},
                   "LSS": {"arm": ["KD-PA+LSS", "SLD"], "against": ["KD-PA", "KD-PA+LTS"]}}}


class Simulated:
    """As much of a study as claims are judged from."""
    path, source = "simulated", types.SimpleNamespace(late_text="")

    def __init__(self, top1, spec):
        n_arms, n_seeds = top1.shape
        self.spec, self.spec_fault, self.twins = spec, "", {}
        self.cells = [arms.Cell(arm, {}, arm) for arm in ARMS]
        self.arms = {arm: list(range(a * n_seeds, (a + 1) * n_seeds)) for a, arm in enumerate(ARMS)}
        self.trials = pandas.DataFrame({"seed": np.tile(np.arange(1, n_seeds + 1), n_arms), "top1_last": top1.ravel(),
                                        "arm": np.repeat(ARMS, n_seeds), "is_teacher": False, "state": "done"})


def studies(n, seeds, draw, gain=0.0):
    """Top-1 of arms and seeds: what a seed gives to all arms, what is each trial's own, and the gain of SLD."""
    for _ in range(n):
        top1 = 70.0 + draw((1, seeds)) + draw((len(ARMS), seeds))
        top1[3] += gain
        yield top1


def most(rate, n):
    """So many of n at most: three deviations above the rate."""
    return rate + 3.0 * math.sqrt(rate * (1.0 - rate) / n)


def check_null(seeds, draw, name):
    """Words of difference over four claims in one study: Holm keeps the chance of any at 5 %."""
    found, flips, intervals = 0, 0, 0
    for top1 in studies(STUDIES, seeds, draw):
        judged, left = claims.judge(Simulated(top1, SPEC))
        check(not left and len(judged) == 4, "all are judged", left)
        words = [j.word for j in judged]
        check(all(w in ("better", "worse") or w.startswith("not resolved (resolves ") for w in words), words)
        found += any(w in ("better", "worse") for w in words)
        flips += judged[0].gap.p_flip < stats.ALPHA
        intervals += not judged[0].gap.low <= 0 <= judged[0].gap.high
    check(found / STUDIES <= most(0.05, STUDIES), name, "studies with a finding", found)
    check(flips / STUDIES <= most(0.05, STUDIES), name, "sign flips below 5 %", flips)
    check(intervals / STUDIES <= most(0.05, STUDIES), name, "intervals without 0", intervals)
    print("%s, %d seeds: %.1f %% of null studies with a finding, %.1f %% of sign flips, %.1f %% of intervals"
          % (name, seeds, 100 * found / STUDIES, 100 * flips / STUDIES, 100 * intervals / STUDIES))


def check_planted(seeds, draw, sd):
    """The gap that the report calls resolvable, as the only claim: found as better with the stated power."""
    gain = stats.resolvable(sd * math.sqrt(2), seeds)
    only = {"claims": {"swap": SPEC["claims"]["swap"]}}
    better = sum(claims.judge(Simulated(top1, only))[0][0].word == "better" for top1 in studies(STUDIES, seeds, draw, gain))
    margin = 3.0 * math.sqrt(0.16 / STUDIES)
    check(abs(better / STUDIES - stats.POWER) <= margin, "found with the stated power", better)
    print("planted %.2f points, %d seeds: %.1f %% found" % (gain, seeds, 100 * better / STUDIES))


def check_classes(random):
    """Gain by class with no difference: any class below a false-discovery rate of 5 % in at most 5 % of studies; with 30 of 100
    classes moved, of the classes found at most 5 % are others."""
    any_found, shares = 0, []
    for planted in (0, 30):
        for _ in range(STUDIES):
            d = random.normal(0, 4, (6, 100))
            d[:, :planted] += 8.0
            p = scipy_stats.ttest_1samp(d, 0.0, axis=0).pvalue
            found = stats.false_discovery(p) < stats.ALPHA
            if planted:
                shares.append(found[planted:].sum() / max(1, found.sum()))
            else:
                any_found += found.any()
    check(any_found / STUDIES <= most(0.05, STUDIES), "classes in null studies", any_found)
    check(np.mean(shares) <= 0.05 + 3 * np.std(shares) / math.sqrt(STUDIES), "share of false findings", np.mean(shares))
    print("classes: %.1f %% of null studies with a finding, %.1f %% of findings false" % (100 * any_found / STUDIES, 100 * np.mean(shares)))


def main():
    random = np.random.default_rng(11)
    normal = lambda shape: random.normal(0.0, 0.25, shape)  # noqa: E731
    check_null(6, normal, "normal")
    check_planted(6, normal, 0.25)
    check_classes(random)
    if SOAK:
        check_null(3, normal, "normal")
        check_null(10, normal, "normal")
        check_null(6, lambda shape: 0.2 * random.standard_t(4, shape), "heavy tails")
        check_null(6, lambda shape: 0.25 * (random.exponential(1.0, shape) - 1.0), "skewed")
        check_planted(3, normal, 0.25)
        check_planted(10, normal, 0.25)
    print("passed")


main()
