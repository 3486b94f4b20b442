"""import_folder.py: images in train/CLASS and test/CLASS, as torchvision's ImageFolder takes them."""
import os

from .files import StudyError
from .import_image import Seen, load_image
from .import_parts import DataSet, Split
from .needs import need

np = need("numpy")

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".webp", ".tif", ".tiff")
TEST_NAMES = ("test", "val", "valid", "validation")
BATCH = 256  # images in memory at a time


def classes_in(folder):
    """({class: [path, ...]} as torchvision's ImageFolder orders them, [path, ...] of what it passes over)."""
    out, left = {}, [e.path for e in os.scandir(folder) if not e.is_dir()]
    for name in sorted(e.name for e in os.scandir(folder) if e.is_dir()):
        found = []
        for root, folders, files in sorted(os.walk(os.path.join(folder, name))):
            folders.sort()
            taken = [f for f in sorted(files) if f.lower().endswith(ENDINGS)]
            found += [os.path.join(root, f) for f in taken]
            left += [os.path.join(root, f) for f in files if f not in taken]
        if found:
            out[name] = found
        else:
            left.append(os.path.join(folder, name))
    return out, sorted(path for path in left if not os.path.basename(path).startswith("."))


def folder_split(by_class, names, size, seen):
    paths = [(path, k) for k, name in enumerate(names) for path in by_class.get(name, [])]
    shape = load_image(paths[0][0], size, Seen()).shape

    def blocks():
        for first in range(0, len(paths), BATCH):
            block = []
            for path, _ in paths[first:first + BATCH]:
                one = load_image(path, size, seen)
                if one.shape != shape:
                    raise StudyError("%s: expected %dx%d as the first image has, got %dx%d; --size N scales all to one size"
                                     % (path, *shape[:2], *one.shape[:2]))
                block.append(one)
            yield np.stack(block)
    return Split(len(paths), shape, blocks, np.array([k for _, k in paths], np.int32), None)


def notes_of(path, test, left):
    """What lies in the folder and is not taken, and that a validation split is taken for test."""
    others = sorted(e.name for e in os.scandir(path) if e.is_dir() and e.name not in ("train", test) and not e.name.startswith("."))
    notes = [] if test == "test" else ["%s: taken for test; the split that you tune on is then the one that you report" % os.path.join(path, test)]
    if others:
        notes.append("%s: not taken: %s; sld has train and test, and of train data.val_fraction keeps a validation split" % (
            path, ", ".join(others)))
    if left:
        notes.append("%s: not taken, as no image in a class's folder (%s): %s%s" % (
            path, " ".join(ENDINGS), left[0], " and %d more" % (len(left) - 1) if len(left) > 1 else ""))
    return notes


def folder(path, size):
    train = os.path.join(path, "train")
    name = next((n for n in TEST_NAMES if os.path.isdir(os.path.join(path, n))), None)
    if not os.path.isdir(train) or not name:
        raise StudyError("%s: expected folders train and test (or val) with a folder for each class, or CIFAR's python version" % path)
    test = os.path.join(path, name)
    (in_train, left), (in_test, more) = classes_in(train), classes_in(test)
    for by_class, where in ((in_train, train), (in_test, test)):
        if not by_class:
            raise StudyError("%s: expected a folder for each class with images (%s), got none" % (where, " ".join(ENDINGS)))
    names = sorted(in_train)
    unknown = sorted(set(in_test) - set(names))
    if unknown:
        raise StudyError("%s: class %s has no images in %s" % (test, unknown[0], train))
    seen = Seen()
    return DataSet(os.path.basename(os.path.abspath(path)), folder_split(in_train, names, size, seen), folder_split(in_test, names, size, seen),
                   names, None, False, notes_of(path, name, left + more), seen.notes)
