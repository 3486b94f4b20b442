"""variance.py: how sure a difference is when both the seeds and the test images are a sample, and where the spread
between seeds comes from."""
import math
from collections import namedtuple

from .needs import need
from . import options as options_of
from . import stats

np = need("numpy")

Crossed = namedtuple("Crossed", "mean low high")            # percent
Split = namedtuple("Split", "total test_set distribution")  # standard deviations over seeds, percent
SOURCES = {"seed": "all of a seed", "seeds.init": "initialisation", "seeds.order": "order of the samples",
           "seeds.augment": "augmentation", "data.split_seed": "split"}


def crossed(difference):
    """difference: (seed, sample) of a score of one arm less another's. Its mean and the 95 % interval for other seeds and other images:
    the half widths of each alone, t times the standard error of the means by seed and by image, taken together as the sides of a right
    angle. Few seeds do not know their spread, which t of their degrees of freedom allows for. NaN where the seeds agree in their means,
    or there is one: that says nothing of others."""
    d = 100.0 * np.asarray(difference, float)
    halves = [_half(d.mean(axis=1)), _half(d.mean(axis=0))]
    mean, half = float(d.mean()), math.hypot(*halves)
    return Crossed(mean, mean - half, mean + half) if halves[0] > stats.NO_SPREAD else Crossed(mean, math.nan, math.nan)


def _half(values):
    """Of the 95 % interval of their mean; 0 for one value."""
    half = stats.summary(values).half
    return half if half == half else 0.0


def split_spread(correct):
    """correct: (seed, sample) of 0 and 1. The deviation of test accuracy over seeds, the part that comes from this finite test
    set, and the part that would remain on ever more data. Var_total = Var_distribution + what independent choices on each
    image add; unbiased, so the last may come out below 0: then it is 0 (Jordan, arXiv 2304.01910)."""
    c = np.asarray(correct, float)
    n_seeds, n = c.shape
    if n_seeds < 2 or n < 2:
        return Split(math.nan, math.nan, math.nan)
    total = c.mean(axis=1).var(ddof=1)
    own = c.var(axis=0, ddof=1).sum()
    distribution = (n * n * total - own) / (n * (n - 1.0))
    root = lambda v: 100.0 * math.sqrt(max(v, 0.0))  # noqa: E731
    return Split(root(total), root(total - max(distribution, 0.0)), root(distribution))


def sources(study, metric="top1_last"):
    """[(source, deviation, degrees of freedom)]: trials that differ in this one seed alone are put together (Bouthillier et al.
    2021). Data sets that differ in no option but their path are kept apart. Empty where no such seed varies by itself."""
    out, keys = [], [k for k in study.options.columns if not options_of.technical(k)]
    students = study.students
    data = {i: str(study.facts(i).get("data_sha256") or "") for i in students}
    for source, words in SOURCES.items():
        if source not in keys:
            continue
        groups = {}
        for i in students:
            rest = (data[i],) + tuple(repr(study.options[k][i]) for k in keys if k != source)
            groups.setdefault(rest, []).append(float(study.trials[metric][i]))
        df = sum(len(g) - 1 for g in groups.values())
        sd = stats.pooled_sd(groups.values())
        if not math.isnan(sd):
            out.append((words, sd, df))
    return out
