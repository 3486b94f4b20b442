"""pairs.py: several pairs of networks together: interquartile mean, probability of improvement, performance profile, as in
rliable (Agarwal et al. 2021), with pairs for tasks and seeds for runs."""
import math
from collections import namedtuple

from .needs import need
from .stats import NO_SPREAD, gap_of, paired

np = need("numpy")
scipy_stats = need("scipy.stats")

# values[method], gaps[method]: [seeds of pair 1, seeds of pair 2 ...]; by_seed[method]: [{seed: value} of pair 1 ...]; left: sentences on
# pairs and methods that are not among them; few: on methods that have no interquartile mean; open: methods with trials to come.
Scores = namedtuple("Scores", "pairs methods values gaps by_seed left few open")
# gap: the mean over pairs; won: pairs in which it is above 0, by more than rounding; p: of the paired t test over the pairs' means; pairs: how many
Comparison = namedtuple("Comparison", "gap won p pairs")
MIN_TRIMMED = 4  # of fewer values a quarter is none


def scores(work):
    """Methods that every pair with the baseline has; a text where that says nothing: with one such pair, or no method that all have."""
    layout, base = work.layout, work.layout.baseline_method
    if len(layout.pairs) < 2:
        return "one pair of networks and data: the arms' own table says all that there is"
    if not layout.split_axes[0]:
        return "no axis of the sweep is one of pairs beside another of methods; `report: {pair: AXIS}` names one"
    pairs = [p for p in layout.pairs if base in layout.pairs[p]]
    missing = "%s, the method of the baseline, has no done trial in %s" % (
        base or work.study.baseline, ", ".join(p for p in layout.pairs if p not in pairs))
    if len(pairs) < 2:
        return missing
    methods = [m for m in layout.methods if all(m in layout.pairs[p] for p in pairs)]
    if len(methods) < 2:
        return "no second method that every pair has"
    values, gaps, by_seed = {}, {}, {}
    for m in methods:
        arms = [(layout.pairs[p][m], layout.pairs[p][base]) for p in pairs]
        by_seed[m] = [work.top1[a] for a, _ in arms]
        values[m] = [np.array(list(v.values())) for v in by_seed[m]]
        gaps[m] = [np.array([work.top1[a][s] - work.top1[b][s] for s in sorted(set(work.top1[a]) & set(work.top1[b]))]) for a, b in arms]
    if any(len(g) == 0 for m in methods for g in gaps[m]):
        return "a method and %s have no seed in common on some pair" % base
    others = [m for m in layout.methods if m not in methods]
    left = [missing + "."] if len(pairs) < len(layout.pairs) else []
    few = ["%s (%d)" % (m, n) for m, n in ((m, sum(map(len, gaps[m]))) for m in methods) if n < MIN_TRIMMED]
    told = ["No interquartile mean below %d values of pairs x seeds: %s." % (MIN_TRIMMED, ", ".join(few))] if few else []
    left += ["Not in every pair: %s." % ", ".join(others)] if others else []
    to_come = {m for m in methods if work.is_open(*(layout.pairs[p][m] for p in pairs))}
    return Scores(pairs, methods, values, gaps, by_seed, left, told, to_come)


def interquartile_mean(gaps, n_resamples=2000, seed=1):
    """Mean of the middle half over pairs x seeds, and its 95 % interval for other seeds of these pairs. NaN for fewer values than
    MIN_TRIMMED, of which nothing would be left out. The interval is mean ± t x deviation of the bootstrap with seeds drawn again within
    each pair: its plain percentiles are too narrow, as seeds drawn of n spread less by sqrt((n - 1) / n), which is made good, and as few
    seeds do not know their spread, which t of the seeds' degrees of freedom allows for."""
    flat = np.concatenate(gaps)
    if len(flat) < MIN_TRIMMED:
        return math.nan, math.nan, math.nan
    mean = float(scipy_stats.trim_mean(flat, 0.25))
    if min(len(g) for g in gaps) < 2:
        return mean, math.nan, math.nan
    random = np.random.default_rng(seed)
    wider = [g.mean() + (g - g.mean()) * math.sqrt(len(g) / (len(g) - 1)) for g in gaps]
    drawn = np.concatenate([g[random.integers(0, len(g), (n_resamples, len(g)))] for g in wider], axis=1)
    half = float(scipy_stats.t.ppf(0.975, len(flat) - len(gaps)) * scipy_stats.trim_mean(drawn, 0.25, axis=1).std(ddof=1))
    return (mean, mean - half, mean + half) if half > NO_SPREAD else (mean, math.nan, math.nan)


def probability(mine, others):
    """That a run of this method beats a run of the other on the same pair, mean over pairs; a tie counts half."""
    each = [((a[:, None] > b).mean() + 0.5 * (a[:, None] == b).mean()) for a, b in zip(mine, others)]
    return float(np.mean(each))


def compare(scores, a, b):
    """Method a less b over pairs: of each pair the seeds that both have, and no pair where they have none."""
    gaps = [paired(x, y) for x, y in zip(scores.by_seed[a], scores.by_seed[b])]
    d = np.array([g.mean for g in gaps if g.n])
    over = gap_of(d)
    return Comparison(over.mean, int((d > NO_SPREAD).sum()), math.nan if scores.open & {a, b} else over.p, over.n)


def profile(gaps, grid):
    """Share of pairs x seeds whose gap is above each value of the grid."""
    flat = np.concatenate(gaps)
    return (flat[:, None] > np.asarray(grid)).mean(axis=0)
