"""integrity.py: whether a trial's results are there, whole, its own and ended. `sld status` asks this too, and looks into tables besides."""
import hashlib
import os

from .needs import need

h5py = need("h5py")

NOT_THERE, ENDED = "they are not there", ("done", "diverged")
MARK, LINE_BYTES, BLOCK_BYTES = b"sld-sha256:", 76, 1 << 20  # the last line of a file: docs/files.md, "Checksum line"


def checksum_fails(path):
    """Whether the last line gives another checksum than that of all bytes before it. Without the line, which programs that rewrite a
    file drop, there is nothing to hold it against."""
    n = os.path.getsize(path) - LINE_BYTES
    if n < 0:
        return False
    with open(path, "rb") as f:
        f.seek(n)
        line = f.read(LINE_BYTES)
        if not line.startswith(MARK):
            return False
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
