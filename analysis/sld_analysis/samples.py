"""samples.py: tables of single samples in the results of a trial and in studies: logits, labels, features."""
from .errors import StudyError
from .hdf5 import dataset, open_file
from .needs import need

np = need("numpy")
h5py = need("h5py")

FEATURES, LABEL_P = "features/test_last", "train/label_p"
WHICH = {"last": "test_last", "best": "test_best", "teacher": "test_teacher", "val": "val_last"}
MAX_VALUES = 1 << 30  # of one trial's logits


def read_labels(where, name, row=None):
    """(sample), of one row where there is an axis of trials, without padding; None where there are none."""
    with open_file(where) as f:
        thing = f.get("labels/" + name)
        if not isinstance(thing, h5py.Dataset):
            return None
        values = thing[()] if thing.ndim == 1 or row is None else thing[row]
    used = np.flatnonzero(values != -1)
    return values[:used[-1] + 1] if len(used) else values[:0]


def read_record(where, path):
    """A table of two axes, or None where the results have none."""
    with open_file(where) as f:
        return dataset(f, path, 2, where)[()] if path in f else None


def read_logits(f, path, where, row=None):
    """(sample, class) float32, of one row where there is an axis of trials; padding is cut off."""
    if path not in f:
        return None
    thing = dataset(f, path, 2 if row is None else 3, where)
    shape = thing.shape[-2:]
    if shape[0] * shape[1] > MAX_VALUES or (row is not None and row >= thing.shape[0]):
        raise StudyError("%s: /%s: shape %s does not fit this study" % (where, path, thing.shape))
    values = thing[()] if row is None else thing[row]
    classes = ~np.isnan(values).all(axis=0)
    samples = ~np.isnan(values).all(axis=1)
    if classes.all() and samples.all():
        return values
    last = lambda used: int(np.flatnonzero(used)[-1]) + 1 if used.any() else 0  # noqa: E731
    return values[:last(samples), :last(classes)] if samples.any() else values


def predicted(study, trial, which):
    """(sample) the class of the largest logit, of equal ones the lowest; a logit that is no number is never the largest. None where there
    are no logits. study: a StudyFile or a Study, of a compact pack too."""
    if study.compact:
        top = study.top(trial, which)
        return top.classes[:, 0] if top else None
    logits = study.logits(trial, which)
    return None if logits is None else np.where(np.isnan(logits), -np.inf, logits).argmax(axis=1)
