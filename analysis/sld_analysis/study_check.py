"""study_check.py: whether the columns and tables of a study file are what docs/files.md says: kinds, lengths, ranges. It is asked when the
file is opened, so that a damaged one is refused there, with the data set, what was expected and what was found."""
import collections
import re

from . import options
from .errors import StudyError
from .needs import need

np = need("numpy")
h5py = need("h5py")

AGAIN = "; pack the sweep again"
TEXTS = re.compile(r"(id|arm|state|reason|config|axis_.*|option_.*|version|machine|fingerprints?|data|started|finished|.*sha256)$")
WHOLES = re.compile(r"(seed|is_teacher|teacher|teacher_row|attempts|best_on_val|ranks|valid)$")
NUMBERS = re.compile(r"(minutes|epochs|best_epoch|params|multiply_adds|memory_mb|samples_per_second|copy_rate|copy_rate_unseen|lss_active_epochs"
                     r"|.*_(first|last|last3|best|start))$")
PERCENT = re.compile(r"(top1|top5|ece|copy_rate)(_|$)")
STATES = ("waiting", "running", "done", "diverged", "failed", "skipped")
HEAD = ("name", "baseline", "sweep", "late_claims")
COMPACT = (("_top", 3, "f"), ("_top_class", 3, "iu"), ("_label", 2, "f"), ("_label_rank", 2, "iu"))  # of one set of logits
BLOCK = 100  # rows read at a time


def fail(path, name, expected, got, cure=AGAIN):
    raise StudyError("%s: %s: expected %s, got %s%s" % (path, name, expected, got, cure))


def kind_of(thing):
    return "text" if thing.dtype.kind in "OSU" else str(thing.dtype)


def check_head(head, path):
    """The attributes of the root."""
    for name in HEAD:
        if not isinstance(head.get(name, ""), str):
            fail(path, "attribute " + name, "text", head[name])
    version = head.get("format_version", 1)
    if not isinstance(version, (int, np.integer)):
        fail(path, "attribute format_version", "a whole number", version)
    if version > 1:
        raise StudyError("%s: format_version: expected 1, got %s: a newer program wrote it; update sld_analysis" % (path, version))


def check_columns(group, path):
    """Kinds of the columns of trials, or of labels that share a trial. Of others than sld's nothing is known, and nothing expected. An axis
    has any name, so that axis_top1_last is a text and no number."""
    for name, thing in group.items():
        if not isinstance(thing, h5py.Dataset):
            continue  # told where it is read
        shown, kind = thing.name, thing.dtype.kind
        if TEXTS.match(name):
            if kind not in "OSU":
                fail(path, shown, "text", kind_of(thing))
        elif WHOLES.match(name) and kind not in "iu":
            if kind != "f" or not np.array_equal(thing[()], np.trunc(thing[()])):
                fail(path, shown, "whole numbers", "others" if kind == "f" else kind_of(thing))
        elif NUMBERS.match(name) and kind not in "iuf":
            fail(path, shown, "numbers", kind_of(thing))


def check_trials(columns, valid, path):
    """What the columns of trials say. valid: (trial) whether it has results."""
    ids, n = columns["id"], len(columns["id"])
    if len(set(ids)) < n:
        often = collections.Counter(ids).most_common(1)[0]
        fail(path, "/trials/id", "each ID once", "%s %d times" % often)
    for i, state, has_results in zip(ids, columns["state"], valid):
        if state not in STATES:
            fail(path, "/trials/state: trial " + i, ", ".join(STATES[:-1]) + " or " + STATES[-1], state)
        if state == "done" and not has_results:
            fail(path, "/valid: trial " + i, "1, as /trials/state says done", "another value")
    configs = [config for config, has_results in zip(columns.get("config", []), valid) if has_results]
    if configs and not any(map(options.flat, configs)):  # of single ones the report tells
        fail(path, "/trials/config", "the experiment of each trial, a YAML document of options", "%r of the first" % configs[0][:20])
    if valid.any() and "top1_last" not in columns:
        fail(path, "/trials/top1_last", "one number per trial", "nothing")
    in_range(columns, ids, "teacher", -1, n - 1, path)
    for name, values in columns.items():
        if PERCENT.match(name) and isinstance(values, np.ndarray):
            bad = np.flatnonzero(valid & ((values < 0.0) | (values > 100.0)))
            if len(bad):
                fail(path, "/trials/%s: trial %s" % (name, ids[bad[0]]), "0 to 100, or NaN", "%g" % values[bad[0]])


def in_range(columns, ids, name, low, high, path):
    values = np.asarray(columns.get(name, []))
    bad = np.flatnonzero((values < low) | (values > high))
    if len(bad):
        fail(path, "/trials/%s: trial %s" % (name, ids[bad[0]]), "%d to %d" % (low, high), "%g" % values[bad[0]])


def table(f, name, n_dims, kinds, path):
    """A table of numbers; kinds: of numpy."""
    thing = f[name]
    words = {"f": "numbers", "iu": "whole numbers"}[kinds]
    if not isinstance(thing, h5py.Dataset) or thing.ndim not in n_dims or thing.dtype.kind not in kinds:
        got = "%s of shape %s" % (kind_of(thing), thing.shape) if isinstance(thing, h5py.Dataset) else "a group"
        fail(path, "/" + name, "%s of %s axes" % (words, " or ".join(map(str, n_dims))), got)
    return thing


def members(f, name, path):
    """Names in a group, which need not be there."""
    if not isinstance(f.get(name, f), h5py.Group):
        fail(path, "/" + name, "a group", "a data set")
    return list(f[name]) if name in f else []


def rows_are(thing, n, path):
    if thing.shape[0] != n:
        fail(path, thing.name, "%d rows, one for each trial" % n, thing.shape[0])


def check_tables(f, columns, path):
    """Curves, labels, logits and what a compact pack has of them: shapes, kinds and, of classes, values."""
    n = len(columns["id"])
    for name in members(f, "epoch", path):
        if name != "epoch":
            rows_are(table(f, "epoch/" + name, (2,), "f", path), n, path)
    for name in members(f, "labels", path):
        thing = table(f, "labels/" + name, (1, 2), "iu", path)
        if thing.ndim == 2:
            rows_are(thing, n, path)
    for name in members(f, "logits", path):
        thing = table(f, "logits/" + name, (3,), "f", path)
        if name != "test_teacher":
            rows_are(thing, n, path)
    for which in ("test_last", "test_teacher"):
        if any(name.startswith(which) for name in members(f, "log_p", path)):
            check_compact(f, "log_p/" + which, n if which == "test_last" else None, path)
    n_classes = n_of(f, "class")
    if "class_name" in f and n_classes and len(f["class_name"]) != n_classes:
        fail(path, "/class_name", "%d texts, one for each class" % n_classes, len(f["class_name"]))
    of = next((f[name] for name in ("logits/test_teacher", "log_p/test_teacher_top") if name in f), None)
    if of is not None:
        in_range(columns, columns["id"], "teacher_row", -1, of.shape[0] - 1, path)


def n_of(f, axis):
    return len(f[axis]) if isinstance(f.get(axis), h5py.Dataset) else 0


def check_compact(f, name, n, path):
    """The four tables of one set of logits: they are of one shape, and name classes that there are."""
    for end, _, _ in COMPACT:
        if name + end not in f:
            fail(path, "/%s%s" % (name, end), "what /log_p has of each set: %s" % ", ".join(e for e, _, _ in COMPACT), "nothing")
    top, classes, label, rank = (table(f, name + end, (n_dims,), kinds, path) for end, n_dims, kinds in COMPACT)
    for thing in (classes, label, rank):
        if thing.shape != top.shape[:thing.ndim]:
            fail(path, thing.name, "shape %s, as /%s_top" % (top.shape[:thing.ndim], name), thing.shape)
    if n is not None:
        rows_are(top, n, path)
    n_classes = n_of(f, "class")
    for first in range(0, top.shape[0] if n_classes else 0, BLOCK):
        for thing, most in ((classes, n_classes - 1), (rank, n_classes)):
            block = thing[first:first + BLOCK]
            for found in (int(block.max(initial=0)), int(block.min(initial=0))):
                if not 0 <= found <= most:
                    fail(path, thing.name, "0 to %d, as /class has %d" % (most, n_classes), found)
