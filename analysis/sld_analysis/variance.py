"""variance.py: how sure a difference is when both the seeds and the test images are a sample, and where the spread
between seeds comes from."""
import functools
import math
from collections import namedtuple

from .needs import need
from . import options as options_of
from . import stats

np = need("numpy")

Crossed = namedtuple("Crossed", "mean se low high")       # percent
Split = namedtuple("Split", "total test_set distribution")  # standard deviations over seeds, percent
SOURCES = {"seed": "all of a seed", "seeds.init": "initialisation", "seeds.order": "order of the samples",
           "seeds.augment": "augmentation", "data.split_seed": "split"}
RESAMPLINGS = 500


@functools.lru_cache(maxsize=2)
def _weights(n_samples, n_resamples, seed):
    """How often each sample is drawn, (resampling, sample): as many as there are, on average. The same for every arm of a study."""
    return np.random.default_rng(seed).poisson(1.0, (n_resamples, n_samples)).astype(np.uint8)


def crossed_bootstrap(difference, n_resamples=RESAMPLINGS, seed=1):
    """difference: (seed, sample) of a score of one arm less another's. Seeds and samples are drawn again independently: the
    interval says what other seeds and other images of this kind would give."""
    d = np.asarray(difference, np.float32)
    n_seeds, n_samples = d.shape
    rows = np.random.default_rng(seed).multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), n_resamples).astype(np.float32)
    columns = _weights(n_samples, n_resamples, seed)
    means = 100.0 * np.einsum("bs,bs->b", rows @ d, columns) / (n_seeds * columns.sum(axis=1, dtype=float))
    low, high = np.quantile(means, [stats.ALPHA / 2, 1 - stats.ALPHA / 2])
    return Crossed(100.0 * float(d.mean()), float(means.std(ddof=1)), float(low), float(high))


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
