"""import_npz.py: images and labels as arrays in one .npz."""
import os
import zipfile
import zlib

from . import inputs
from .errors import StudyError
from .import_parts import DataSet, Split, first_of, labels_of
from .needs import need

np = need("numpy")

NAMES = (("x_%s", "y_%s"), ("%s_images", "%s_labels"), ("X_%s", "Y_%s"), ("X_%s", "y_%s"))


def check_zip(path):
    """A .npz is a zip file of arrays."""
    if zipfile.is_zipfile(inputs.check(path)):
        return
    with open(path, "rb") as f:
        head = f.read(6)
    raise StudyError("%s: expected a .npz of arrays, got %s" % (
        path, "a single array; numpy.savez keeps several under their names" if head == b"\x93NUMPY" else
        "one that is not whole; take another copy" if head.startswith(b"PK") else "another file" if head else "an empty file"))


def npz(path):
    check_zip(path)
    try:
        arrays = np.load(path, allow_pickle=False)
        keys = set(arrays.files)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise StudyError("%s: expected a .npz of arrays: %s" % (path, str(error).split("\n")[0]))
    for names in NAMES:
        taken = [name % split for split in ("train", "test") for name in names]
        if keys.issuperset(taken):
            left = sorted(keys.difference(taken))
            notes = ["%s: not taken: %s; sld has train and test, and of train data.val_fraction keeps a validation split" % (
                path, ", ".join(left))] if left else []
            return DataSet(os.path.splitext(os.path.basename(path))[0], split_of(path, arrays, *taken[:2]), split_of(path, arrays, *taken[2:]),
                           None, None, False, notes)
    raise StudyError("%s: expected arrays x_train, y_train, x_test, y_test (or train_images ...), got %s" % (path, ", ".join(sorted(keys)) or "none"))


def array_of(path, arrays, name):
    try:
        return arrays[name]
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise StudyError("%s: %s: damaged: %s; take another copy" % (path, name, error))
    except (OSError, ValueError) as error:
        raise StudyError("%s: %s: expected an array of numbers: %s" % (path, name, str(error).split("\n")[0]))


def cure(x):
    """What makes pixels of an array that holds others."""
    if x.dtype.kind == "b":
        return "; images * numpy.uint8(255) makes pixels of it"
    if x.dtype.kind == "f" and x.min() >= 0 and x.max() <= 1:
        return "; multiply images of 0 to 1 by 255 and round"
    return "; give pixels as they were before any normalisation, scaled to 0 to 255"


def pixels_of(where, x):
    """(N,H,W,C) uint8 of whole numbers, whatever their type, as sld reads them."""
    found = "%s of the shape %s" % (x.dtype, x.shape)
    if x.size == 0:
        raise StudyError("%s: expected at least one image, got an array of shape %s" % (where, x.shape))
    if x.dtype.kind not in "iufb" or x.ndim not in (3, 4):
        raise StudyError("%s: expected whole numbers from 0 to 255, (N,H,W) or (N,H,W,C), got %s" % (where, found))
    if x.dtype.kind == "b" or (x.dtype.kind == "f" and x.min() >= 0 and x.max() <= 1):
        raise StudyError("%s: expected whole numbers from 0 to 255, got %g to %g, %s%s" % (where, x.min(), x.max(), found, cure(x)))
    bad = ~((x >= 0) & (x <= 255) & (x == np.floor(x)))
    if bad.any():
        raise StudyError("%s%s: expected a whole number from 0 to 255, got %.15g, in %s%s" % (where, first_of(bad), x[bad][0], found, cure(x)))
    if x.ndim == 4 and x.shape[3] not in (1, 3) and x.shape[1] in (1, 3):
        x = x.transpose(0, 2, 3, 1)
    if x.ndim == 4 and x.shape[3] not in (1, 3):
        raise StudyError("%s: expected 1 or 3 channels, got shape %s" % (where, x.shape))
    return np.ascontiguousarray(x if x.ndim == 4 else x[..., None]).astype(np.uint8)


def split_of(path, arrays, images, labels):
    pixels = pixels_of("%s: %s" % (path, images), array_of(path, arrays, images))
    y = labels_of("%s: %s" % (path, labels), array_of(path, arrays, labels), len(pixels))
    return Split(len(pixels), pixels.shape[1:], lambda: iter([pixels]), y, None)
