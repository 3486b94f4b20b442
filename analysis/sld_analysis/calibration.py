"""calibration.py: how far a student's confidence is from its accuracy, of one trial. log_softmax(), nll_at(), fit_temperature() and
cross_fitted() take logits, brier() takes probabilities, the others take confidences and whether each prediction is right. The errors of
calibration, ece() and ece_equal_mass(), are in percent; everything else is as its definition has it."""
import math
from collections import namedtuple

from .needs import need

np = need("numpy")

BINS = 15
TEMPERATURES = (0.05, 20.0)  # between which a fit searches
Brier = namedtuple("Brier", "total reliability resolution uncertainty")
Corp = namedtuple("Corp", "confidence accuracy low high")


def log_softmax(logits, dtype=np.float32):
    z = np.asarray(logits, dtype)
    z = z - z.max(axis=1, keepdims=True)
    z -= np.log(np.exp(z).sum(axis=1, keepdims=True))
    return z


def _gap_sum(confidence, correct, bins, n_bins):
    return np.abs(np.bincount(bins, correct.astype(float) - confidence, n_bins)).sum()


def ece(confidence, correct, n_bins=BINS):
    """Expected calibration error over bins of equal width, percent. A bin holds its upper edge: confidence 1 is in the last."""
    c = np.asarray(confidence, float)
    if not len(c):
        return math.nan
    bins = np.clip(np.ceil(c * n_bins).astype(int) - 1, 0, n_bins - 1)
    return 100.0 * _gap_sum(c, np.asarray(correct), bins, n_bins) / len(c)


def ece_equal_mass(confidence, correct, n_bins=BINS):
    """The same over bins of equally many samples."""
    c, hit = np.asarray(confidence, float), np.asarray(correct)
    if not len(c):
        return math.nan
    order = np.argsort(c, kind="stable")
    bins = np.empty(len(c), int)
    bins[order] = np.arange(len(c)) * n_bins // len(c)
    return 100.0 * _gap_sum(c, hit, bins, n_bins) / len(c)


def brier(p, labels):
    """Mean squared distance of the probabilities to the label's one-hot, (0 to 2)."""
    own = p[np.arange(len(labels)), labels]
    return float((np.einsum("nk,nk->n", p, p) - 2 * own + 1).mean())


def brier_parts(confidence, correct, n_bins=BINS):
    """Murphy's parts of the Brier score of the top class: total = reliability - resolution + uncertainty. Each bin's confidence
    is its mean, so that the sum holds for the binned confidences."""
    c, hit = np.asarray(confidence, float), np.asarray(correct, float)
    bins = np.clip(np.ceil(c * n_bins).astype(int) - 1, 0, n_bins - 1)
    n = np.bincount(bins, minlength=n_bins)
    used = n > 0
    mean_c = np.bincount(bins, c, n_bins)[used] / n[used]
    mean_hit = np.bincount(bins, hit, n_bins)[used] / n[used]
    share, base = n[used] / len(c), hit.mean()
    reliability = float((share * (mean_c - mean_hit) ** 2).sum())
    resolution = float((share * (mean_hit - base) ** 2).sum())
    uncertainty = float(base * (1 - base))
    return Brier(reliability - resolution + uncertainty, reliability, resolution, uncertainty)


def nll_at(logits, labels, temperature):
    z = log_softmax(np.asarray(logits, np.float32) / np.float32(temperature))
    return -float(z[np.arange(len(labels)), labels].mean(dtype=float))


def fit_temperature(logits, labels):
    """The temperature at which the mean negative log-likelihood is least, of those in TEMPERATURES; a bound itself where no
    temperature inside is better, which at_bound() tells."""
    optimize = need("scipy.optimize")
    found = optimize.minimize_scalar(lambda t: nll_at(logits, labels, math.exp(t)), bounds=[math.log(t) for t in TEMPERATURES],
                                     method="bounded", options={"xatol": 1e-3})
    at_bounds = [(nll_at(logits, labels, t), t) for t in TEMPERATURES]
    return min(at_bounds)[1] if min(at_bounds)[0] <= found.fun else math.exp(found.x)


def at_bound(temperature):
    """Whether a fit ended where its search does: then it is no result."""
    return temperature in TEMPERATURES


def cross_fitted(logits, labels):
    """Log-probabilities with each half of the samples at the temperature that the other half gives, and both temperatures."""
    half = np.arange(len(labels)) % 2 == 1
    out, found = np.empty(np.shape(logits), np.float32), []
    for part in (half, ~half):
        t = fit_temperature(logits[~part], labels[~part])
        out[part] = log_softmax(logits[part] / np.float32(t))
        found.append(t)
    return out, found


def corp(confidence, correct, n_bands=100, n_groups=500, seed=1):
    """Reliability without bins: accuracy as the isotonic regression of being right on the confidence (Dimitriadis et al. 2021),
    with the 90 % band in which the curve of a calibrated student would lie. Neighbours in confidence are put together into at most
    n_groups equal groups first: the curve has far fewer steps."""
    isotonic = need("sklearn.isotonic", "isotonic reliability")
    order = np.argsort(confidence, kind="stable")
    c, hit = np.asarray(confidence, float)[order], np.asarray(correct, float)[order]
    first = np.unique(np.arange(n_groups) * len(c) // n_groups)
    size = np.diff(np.append(first, len(c)))
    x, y = np.add.reduceat(c, first) / size, np.add.reduceat(hit, first) / size
    fit = lambda values: isotonic.isotonic_regression(values, sample_weight=size, y_min=0.0, y_max=1.0)  # noqa: E731
    random = np.random.default_rng(seed)
    bands = np.array([fit(random.binomial(size, np.clip(x, 0, 1)) / size) for _ in range(n_bands)])
    low, high = np.quantile(bands, [0.05, 0.95], axis=0)
    return Corp(x, fit(y), low, high)
