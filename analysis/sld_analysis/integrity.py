"""integrity.py: whether a trial's results are there, whole, its own and ended. `sld status` asks this too, and looks into tables besides."""
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
    except OSError as error:
        return "damaged: %s" % (str(error).splitlines() or ["not HDF5"])[0]
    if trial and found != trial:
        return "those of another trial, %s" % found
    return "not those of a trial that has ended: %s" % status if trial and status not in ENDED else None


def text_of(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
