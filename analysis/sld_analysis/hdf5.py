"""hdf5.py: HDF5 files, read: what is damaged or not there becomes a StudyError that names the file."""
import os
import resource

from .errors import StudyError, first_line
from .integrity import text_of
from .needs import need

np = need("numpy")
h5py = need("h5py")


def raise_file_limit():
    """HDF5 gives NaN in silence for a source that it has no descriptor left to open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def attributes(thing):
    """Of a file's root: texts as str, several as one, numbers as they are. An attribute that cannot be read is left out."""
    out = {}
    for name in thing.attrs:
        try:
            value = thing.attrs[name]
        except (OSError, TypeError, ValueError):
            continue
        if isinstance(value, np.ndarray) and value.dtype.kind in "OSU":
            value = ", ".join(map(text_of, value.flat))
        out[name] = text_of(value) if isinstance(value, (bytes, str, np.str_)) else value
    return out


class open_file:
    """with open_file(path) as f: an HDF5 file, read only. What goes wrong inside becomes a StudyError that names the file."""

    def __init__(self, path):
        self.path, self.file = path, None

    def __enter__(self):
        try:
            if not os.path.isfile(self.path):
                what = "expected a file, got a folder or device" if os.path.exists(self.path) else "no such file"
                raise StudyError("%s: %s" % (self.path, what))
            self.file = h5py.File(self.path, "r", locking=False)
        except OSError as error:
            raise StudyError("%s: expected an HDF5 file that is whole: %s" % (self.path, first_line(error))) from None
        return self.file

    def __exit__(self, kind, error, trace):
        self.file.close()
        if kind and issubclass(kind, (OSError, KeyError, RuntimeError, TypeError)) and not issubclass(kind, StudyError):
            raise StudyError("%s: cannot be read: %s" % (self.path, first_line(error))) from None


def dataset(f, path, n_dims, where):
    """A data set of so many axes, or a StudyError."""
    thing = f.get(path)
    if not isinstance(thing, h5py.Dataset) or len(thing.shape or ()) != n_dims:
        found = "shape %s" % (thing.shape,) if isinstance(thing, h5py.Dataset) else "nothing" if thing is None else "a group"
        raise StudyError("%s: /%s: expected a data set of %d axes, got %s" % (where, path, n_dims, found))
    return thing


def column(thing):
    """A data set of one axis as numbers, or as a list of texts."""
    if thing.dtype.kind in "OS":
        return [text_of(t) for t in thing[()]]
    values = thing[()]
    return values.astype(values.dtype.newbyteorder("="), copy=False)  # pandas takes this machine's order of bytes alone
