"""halved.py: whether a compact pack holds log-probabilities that are half of what they were: HDF5 1.10 rounded some to half precision so,
before sld rounded them itself."""
from .needs import need

np = need("numpy")

BLOCK = 100  # trials read at a time
MAX_SUM = 1.01  # of five probabilities; half precision makes the sum wrong by 0.001 at most


def rows(top):
    """top: (trial, sample, place) log-probabilities, largest first. Which (trial, sample) cannot be so: they rise, or are more than one."""
    top = top.astype(np.float32)
    return (top[:, :, 1:] > top[:, :, :-1]).any(axis=2) | (np.exp(top).sum(axis=2) > MAX_SUM)


def told(f, path):
    """A sentence on the file's rows of that kind, or an empty text."""
    parts = []
    for name, whose in (("log_p/test_last_top", "trials"), ("log_p/test_teacher_top", "teachers")):
        bad = trials = n = n_trials = 0
        for first in range(0, f[name].shape[0] if name in f else 0, BLOCK):
            block = f[name][first:first + BLOCK]
            found, there = rows(block), ~np.isnan(block[:, :, 0])
            bad, trials = bad + int(found.sum()), trials + int(found.any(axis=1).sum())
            n, n_trials = n + int(there.sum()), n_trials + int(there.any(axis=1).sum())
        if bad:
            parts.append("/%s: %d of %d samples, of %d of %d %s" % (name, bad, n, trials, n_trials, whose))
    return parts and ("%s: log-probabilities that are half of what they were, as HDF5 1.10 rounded some in packs of an earlier sld: at least in %s; "
                      "pack the study again" % (path, "; ".join(parts))) or ""
