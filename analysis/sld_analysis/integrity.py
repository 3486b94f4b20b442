"""integrity.py: whether a trial's results are there, whole, its own and ended, and their tables what a trial writes, as `sld status` asks
(src/grid/results.c). A file whose checksum line is right is as sld wrote it: its tables are not read for this."""
import hashlib
import os

from .needs import need

h5py = need("h5py")

NOT_THERE, ENDED = "they are not there", ("done", "diverged")
MARK, LINE_BYTES, BLOCK_BYTES = b"sld-sha256:", 76, 1 << 20  # the last line of a file: docs/files.md, "Checksum line"


def hdf5_bytes(head):
    """How long HDF5's own part of a file is, as its superblock says; 0: not to be found there."""
    version = head[8] if head.startswith(b"\x89HDF\r\n\x1a\n") and len(head) >= 52 else None
    at = {0: 40, 1: 44, 2: 28, 3: 28}.get(version)
    wide = at and head[13 if version < 2 else 9] == 8
    return int.from_bytes(head[at:at + 8], "little") if wide else 0


def line_is_cut(f, size):
    """Whether what lies behind HDF5's own part is a checksum line that is no longer whole: src/store/trailer.c."""
    f.seek(0)
    end = hdf5_bytes(f.read(52))
    f.seek(end)
    behind = f.read(len(MARK)) if 0 < end < size else b""
    return bool(behind) and (size - end == LINE_BYTES or MARK.startswith(behind))


def has_checksum(path):
    """Whether the file ends in the line."""
    with open(path, "rb") as f:
        f.seek(max(os.path.getsize(path) - LINE_BYTES, 0))
        return f.read(len(MARK)) == MARK


def checksum_fails(path):
    """Whether the last line gives another checksum than that of all bytes before it, or is not whole. Without the line, which programs
    that rewrite a file drop, there is nothing to hold it against."""
    size = os.path.getsize(path)
    n = size - LINE_BYTES
    with open(path, "rb") as f:
        f.seek(max(n, 0))
        line = f.read(LINE_BYTES)
        if n < 0 or not line.startswith(MARK):
            return line_is_cut(f, size)
        f.seek(0)
        sha = hashlib.sha256()
        while n > 0:
            block = f.read(min(n, BLOCK_BYTES))
            if not block:
                return True
            sha.update(block)
            n -= len(block)
    return sha.hexdigest().encode() != line[len(MARK):-1]


def fault_of(path, trial=None):
    """What keeps these results from counting, or None. trial: the ID that they must have."""
    if not os.path.isfile(path):
        return NOT_THERE
    try:
        if checksum_fails(path):
            return "damaged: their checksum fails"
        with h5py.File(path, "r", locking=False) as f:
            found, status = (text_of(f.attrs.get(name, "")) for name in ("id", "status"))
            wrong = tables_fault(f) if status in ENDED and not has_checksum(path) else None
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:
        return "damaged: %s" % (str(error).splitlines() or ["not HDF5"])[0]
    if trial and found != trial:
        return "those of another trial, %s" % found
    if trial and status not in ENDED:
        return "not those of a trial that has ended: %s" % status
    return wrong and "damaged: " + wrong


def tables_fault(f):
    """What is wrong in the tables of an open file of results that have ended, or None."""
    return facts_fault(f.attrs) or curves_fault(f) or logits_fault(f)


def shape_of(thing):
    return "shape %s" % (thing.shape,) if isinstance(thing, h5py.Dataset) else "nothing" if thing is None else "a group"


def facts_fault(attrs):
    for name in ("epochs_done", "lss_active_epochs", "best_epoch", "best_on"):
        if name not in attrs:
            return "attribute %s: expected it in results that have ended, got nothing" % name
    for name in ("best_on", "data_sha256", "teacher_sha256"):
        if not isinstance(attrs.get(name, ""), (str, bytes)):
            return "attribute %s: expected text, got %s" % (name, attrs[name])
    return None


def curves_fault(f):
    epochs = int(f.attrs["epochs_done"])
    table = f.get("epoch")
    if epochs > 0 and not isinstance(table, h5py.Group):
        return "/epoch: expected a group of columns, got %s" % shape_of(table)
    for name, thing in table.items() if epochs > 0 else ():
        if getattr(thing, "shape", None) != (epochs,):
            return "/epoch/%s: expected %d epochs, got %s" % (name, epochs, shape_of(thing))
    if epochs > 0:
        top1 = f.get("epoch/top1_test")
        if top1 is None or top1.dtype.kind not in "iuf":  # of one axis, as above
            return "/epoch/top1_test: expected numbers, got %s" % ("nothing" if top1 is None else top1.dtype)
        values = top1[()]
        bad = (values < 0.0) | (values > 100.0)
        if bad.any():
            return "/epoch/top1_test: expected 0 to 100 percent, got %g in epoch %d" % (values[bad][0], 1 + bad.argmax())
    return None


def logits_fault(f):
    last, labels = f.get("logits/test_last"), f.get("labels/test")
    if last is None:
        return None
    if not isinstance(last, h5py.Dataset) or last.ndim != 2 or last.shape[1] == 0 or getattr(labels, "shape", None) != last.shape[:1]:
        return "/logits/test_last: expected (sample, class) with a label for each sample, got %s and labels of %s" % (shape_of(last), shape_of(labels))
    for name in ("test_best", "test_teacher"):
        other = f.get("logits/" + name)
        if other is not None and getattr(other, "shape", None) != last.shape:
            return "/logits/%s: expected the shape of /logits/test_last, %s, got %s" % (name, last.shape, shape_of(other))
    values = labels[()]
    bad = ~((values >= 0) & (values < last.shape[1]))
    if bad.any():
        return "/labels/test: expected 0 to %d, got %s" % (last.shape[1] - 1, values[bad][0])
    return None


def text_of(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
