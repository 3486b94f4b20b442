"""gains.py: what one arm gains on another class by class, seed by seed, on test."""
from collections import namedtuple

from . import stats
from .needs import need

np = need("numpy")
scipy_stats = need("scipy.stats")

FEW_SEEDS = 2  # a t test by class needs two
# seeds: those that both arms have; samples (class): of test; images (seed, class): how many more the first arm gets right.
Images = namedtuple("Images", "seeds samples images")
# (class): mean gain in points over seeds, NaN of a class without test images; its p; the p adjusted for the false discovery rate over the
# classes that are tested.
Gains = namedtuple("Gains", "mean p q")


def paired_images(work, arm, base):
    """Of the seeds of which both arms have test logits; None without any, or where they are of test sets of different sizes."""
    others, other_trials = work.digests.correct(work.arms[base])
    mine, trials = work.digests.correct(work.arms[arm])
    seed = work.study.trials["seed"]
    at = {int(seed[t]): i for i, t in enumerate(other_trials)}
    pairs = [(int(seed[t]), i, at[int(seed[t])]) for i, t in enumerate(trials) if int(seed[t]) in at]
    if not pairs or mine.shape[1] != others.shape[1]:
        return None
    labels, k = np.asarray(work.digests.labels(trials[0])), work.digests.student(trials[0]).n_classes
    images = np.array([np.bincount(labels, mine[i].astype(float) - others[j], k) for _, i, j in pairs])
    return Images([s for s, _, _ in pairs], np.bincount(labels, minlength=k), images)


def mean_gain(found):
    """(class) in points, mean over seeds; NaN of a class without test images."""
    there, out = found.samples > 0, np.full(len(found.samples), np.nan)
    out[there] = 100.0 * found.images.mean(axis=0)[there] / found.samples[there]
    return out


def class_gains(work, arm, base):
    """Gains of an arm on another; None where they have too few seeds in common. A class whose gap is the same for each seed is not tested,
    its p is NaN: seeds without spread say nothing of the spread, and a gap of whole images is often the same by chance. No class is
    tested while an arm has trials to come."""
    found = paired_images(work, arm, base)
    if found is None or len(found.seeds) < FEW_SEEDS:
        return None
    p = np.full(len(found.samples), np.nan)
    if not work.is_open(arm, base):
        tested = np.ptp(found.images, axis=0) > 0  # of whole numbers: the deviation of equal percentages is not always 0
        p[tested] = scipy_stats.ttest_1samp(found.images[:, tested], 0.0).pvalue
    return Gains(mean_gain(found), p, stats.false_discovery(p))
