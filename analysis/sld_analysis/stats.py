"""stats.py: means over seeds, paired gaps, effects and corrections. A seed is the unit of replication: arms share its
initialisation, order and augmentation, so that gaps are taken seed by seed. NaN where seeds are too few."""
import math
from collections import namedtuple

from .needs import need

np = need("numpy")
scipy_stats = need("scipy.stats")
special = need("scipy.special")

ALPHA, POWER = 0.05, 0.8
SIGN_FLIP_SEEDS = 6   # 2 / 2^6 = 0.031: fewer seeds cannot reach 5 %
MAX_FLIPS = 1 << 14  # up to 14 seeds every flip is tried; beyond, so many at random

Summary = namedtuple("Summary", "n mean sd half")  # half: of the 95 % confidence interval of the mean
NO_SPREAD = 1e-9      # less is rounding: seeds that agree say nothing about other seeds
Gap = namedtuple("Gap", "n mean sd low high p p_flip resolves seeds")
NO_GAP = Gap(0, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, ())


def mean_of(x):
    """Added up in their order, as src/report/stats.c does: a mean that ends in 5 behind the last digit is rounded as `sld report` rounds it."""
    return float(np.add.accumulate(x)[-1]) / len(x)


def summary(values):
    x = np.asarray(values, float)
    x = x[np.isfinite(x)]
    n = len(x)
    sd = float(x.std(ddof=1)) if n > 1 else math.nan
    half = float(scipy_stats.t.ppf(1 - ALPHA / 2, n - 1)) * sd / math.sqrt(n) if n > 1 else math.nan
    return Summary(n, mean_of(x) if n else math.nan, sd, half)


def resolvable(sd, n):
    """The smallest mean of n paired differences with this deviation that a two-sided t test at 5 % finds with power 0.8."""
    if n < 2 or not sd > NO_SPREAD:
        return math.nan
    critical = scipy_stats.t.ppf(1 - ALPHA / 2, n - 1)  # t squared is a noncentral F of 1 and n - 1 degrees
    return math.sqrt(special.ncfdtrinc(1, n - 1, 1 - POWER, critical ** 2) / n) * sd


def sign_flip(differences):
    """Two-sided p of the mean when each seed's difference may as well have had the other sign; exact up to 14 seeds."""
    d = np.asarray(differences, float)
    if len(d) < 2:
        return math.nan
    return float(scipy_stats.permutation_test((d,), lambda x, axis: np.mean(x, axis=axis), permutation_type="samples",
                                              vectorized=True, n_resamples=MAX_FLIPS, random_state=1).pvalue)


def gap_of(differences, seeds=()):
    """The mean of paired differences, its interval, and both tests. Differences that are all the same have a mean alone, and the test
    by signs."""
    d = np.asarray(differences, float)
    good = np.isfinite(d)
    d, n = d[good], int(good.sum())
    seeds = tuple(s for s, g in zip(seeds, good) if g)
    if n == 0:
        return NO_GAP
    s = summary(d)
    if n < 2:
        return NO_GAP._replace(n=n, mean=s.mean, seeds=seeds)
    if s.sd < NO_SPREAD:  # there is no interval, and nothing to divide the mean by
        return NO_GAP._replace(n=n, mean=s.mean, sd=0.0, p_flip=sign_flip(d), seeds=seeds)
    p = float(scipy_stats.ttest_1samp(d, 0.0).pvalue)
    return Gap(n, s.mean, s.sd, s.mean - s.half, s.mean + s.half, p, sign_flip(d), resolvable(s.sd, n), seeds)


def paired(values, baseline):
    """Two {seed: value}: the gap over the seeds that both have."""
    seeds = sorted(set(values) & set(baseline))
    return gap_of([values[s] - baseline[s] for s in seeds], seeds)


def contrast(weights, by_arm):
    """{arm: weight}, {arm: {seed: value}}: the weighted sum of arms, seed by seed, over the seeds that all of them have."""
    seeds = sorted(set.intersection(*(set(by_arm[a]) for a in weights))) if weights else []
    return gap_of([sum(w * by_arm[a][s] for a, w in weights.items()) for s in seeds], seeds)


def two_by_two(neither, first, second, both):
    """Names of four arms: weights of the two main effects and of the interaction."""
    return {"first": {first: 0.5, both: 0.5, neither: -0.5, second: -0.5},
            "second": {second: 0.5, both: 0.5, neither: -0.5, first: -0.5},
            "interaction": {both: 1.0, neither: 1.0, first: -1.0, second: -1.0}}


def holm(p, m=None):
    """Holm's correction for m tests: as many as there are p, NaN stays and is not counted; a larger m counts tests whose p is not known
    yet, as if it were the largest, which never makes a corrected p too small."""
    p = np.asarray(p, float)
    order, out, largest = np.argsort(p), np.full(len(p), math.nan), 0.0
    known = int((~np.isnan(p)).sum())
    m = max(m or 0, known)
    for rank, i in enumerate(order[:known]):
        largest = max(largest, min(1.0, (m - rank) * p[i]))
        out[i] = largest
    return out


def false_discovery(p):
    """Benjamini and Hochberg's adjusted p: the share of false findings among those at or below it. NaN stays."""
    p = np.asarray(p, float)
    out = np.full(len(p), math.nan)
    good = np.flatnonzero(~np.isnan(p))
    order = good[np.argsort(p[good])[::-1]]
    smallest = 1.0
    for rank, i in zip(range(len(order), 0, -1), order):
        smallest = min(smallest, p[i] * len(order) / rank)
        out[i] = smallest
    return out


def pooled_sd(groups):
    """Deviation within groups of values, from all of them; NaN where no group has two."""
    groups = [np.asarray(g, float) for g in groups]
    groups = [g[np.isfinite(g)] for g in groups]
    df = sum(len(g) - 1 for g in groups if len(g) > 1)
    return math.sqrt(sum(((g - g.mean()) ** 2).sum() for g in groups if len(g) > 1) / df) if df > 0 else math.nan
