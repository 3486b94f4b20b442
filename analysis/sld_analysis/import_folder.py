"""import_folder.py: images in train/CLASS and test/CLASS, as torchvision's ImageFolder takes them."""
import os

from .errors import StudyError
from .import_image import Seen, load_image
from .import_parts import DataSet, Split
from .needs import need

np = need("numpy")

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".webp", ".tif", ".tiff")
TEST_NAMES = ("test", "val", "valid", "validation")
BATCH = 256  # images in memory at a time


def listed(folder):
    """Paths of what lies in a folder, by name."""
    try:
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    except OSError as error:
        raise StudyError("%s: cannot list: %s" % (folder, error.strerror)) from None


def is_hidden(path):
    return os.path.basename(path).startswith(".")


def is_image(path):
    return path.lower().endswith(ENDINGS)


def files_below(folder):
    """Files in a folder, then those of the folders below it, by the folders' names; links are followed, as torchvision follows them."""
    out, ways = [], [(folder, ())]  # folders to come, each with the real folders on the way to it
    while ways:
        path, above = ways.pop()
        real = os.path.realpath(path)
        if real in above:
            raise StudyError("%s: expected a folder, got a link that leads back to %s; remove it" % (path, real))
        out.append((path, []))
        for entry in listed(path):
            if os.path.isdir(entry) and not is_hidden(entry):
                ways.append((entry, above + (real,)))
            else:
                out[-1][1].append(entry)
    return [path for _, files in sorted(out) for path in files]


def classes_in(folder):
    """({class: [path, ...]} as torchvision's ImageFolder orders them, [path, ...] of what is passed over)."""
    out, left = {}, []
    for path in listed(folder):
        if not os.path.isdir(path) or is_hidden(path):
            left.append(path)
            continue
        files = files_below(path)
        found = [one for one in files if is_image(one) and not is_hidden(one)]
        left += [one for one in files if not is_image(one) or is_hidden(one)]
        if found:
            out[os.path.basename(path)] = found
        else:
            left.append(path)
    return out, sorted(left)


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


def some(paths):
    return "%s%s" % (paths[0], " and %d more" % (len(paths) - 1) if len(paths) > 1 else "")


def notes_of(path, test, left):
    """What lies in the folder and is not taken, and that a validation split is taken for test."""
    others = [os.path.basename(p) for p in listed(path) if os.path.isdir(p) and os.path.basename(p) not in ("train", test) and not is_hidden(p)]
    notes = [] if test == "test" else ["%s: taken for test; the split that you tune on is then the one that you report" % os.path.join(path, test)]
    if others:
        notes.append("%s: not taken: %s; sld has train and test, and of train data.val_fraction keeps a validation split" % (
            path, ", ".join(others)))
    plain, hidden = [p for p in left if not is_hidden(p)], [p for p in left if is_hidden(p) and (is_image(p) or os.path.isdir(p))]
    if plain:
        notes.append("%s: not taken, as no image in a class's folder (%s): %s" % (path, " ".join(ENDINGS), some(plain)))
    if hidden:
        notes.append("%s: not taken, as the name is hidden: %s" % (path, some(hidden)))
    return notes


def folder(path, size):
    train = os.path.join(path, "train")
    name = next((n for n in TEST_NAMES if os.path.isdir(os.path.join(path, n))), None)
    if not os.path.isdir(train) or not name:
        there = sorted(e.name for e in os.scandir(path) if e.is_dir() and not e.name.startswith("."))
        cure = "; hold some images of each class of train out as test" if os.path.isdir(train) else ""
        raise StudyError("%s: expected folders train and test (or val) with a folder for each class, or CIFAR's python version, got %s%s" % (
            path, ", ".join(there[:5]) + (" ..." if len(there) > 5 else "") if there else "no folder in it", cure))
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
