"""import_data.py: images as people have them to a file that sld trains on (data.format: hdf5).

    sld-analysis import-data cifar-100-python out.h5           # torchvision's python version of CIFAR-10 or CIFAR-100
    sld-analysis import-data images out.h5 --size 32         # train/CLASS/*.png, test/CLASS/*.jpg ... (val stands for test)
    sld-analysis import-data digits.npz out.h5                 # x_train, y_train, x_test, y_test; or train_images, train_labels ...

Nothing is normalised: sld measures mean and deviation on train. Of CIFAR the SHA-256 of the records in the layout of the binary
version is printed: what `cat train.bin | sha256sum` gives there.
"""
import argparse
import hashlib
import os
import sys

from . import outputs
from .errors import StudyError
from .hdf5 import attributes
from .import_cifar import cifar
from .import_folder import folder
from .import_npz import npz
from .import_parts import first_of, in_utf8, resized
from .needs import need
from .printable import printable

h5py, np = need("h5py"), need("numpy")

SOURCE, PROGRAM = "made_by", "sld_analysis import-data"  # the attribute by which a file of this verb is known
MAX_SIDE, MAX_CLASSES, FEW_CLASSES = 4096, 1 << 20, 4096  # of sld: src/data/dataset.c


# ---- what sld would refuse ----

def check_classes(where, train, test, names, least=2):
    """Labels of two splits, as sld counts classes: by their names, else 1 + the largest label of train. The number of classes."""
    classes = len(names) if names else 1 + int(train.max())
    max_classes = MAX_CLASSES if names else max(len(train), FEW_CLASSES)
    if not least <= classes <= max_classes:
        raise StudyError("%s: expected labels of %d to %d classes, got %d" % (where, least, max_classes, classes))
    for name, labels in (("train", train), ("test", test)):
        beyond = labels >= classes
        if beyond.any():
            raise StudyError("%s: %s label %s: expected 0 to %d, %s, got %d" % (
                where, name, first_of(beyond), classes - 1, "as many as names" if names else "as in train", labels[beyond][0]))
    return classes


def check(where, data):
    """A set that sld refuses is refused here. The number of classes."""
    for name, split in (("train", data.train), ("test", data.test)):
        if split.n < 1:
            raise StudyError("%s: %s: expected at least one image, got none" % (where, name))
        if not all(1 <= side <= MAX_SIDE for side in split.shape[:2]):
            raise StudyError("%s: %s: expected images with sides of 1 to %d, got %dx%d; --size N scales them" % (
                where, name, MAX_SIDE, *split.shape[:2]))
    if data.train.shape != data.test.shape:
        raise StudyError("%s: test: expected images of train's size %s, got %s; --size N scales all to one size"
                         % (where, data.train.shape, data.test.shape))
    if data.train.coarse is not None:
        check_classes(where + ": coarse", data.train.coarse, data.test.coarse, data.coarse_names, 1)
    return check_classes(where, data.train.labels, data.test.labels, data.class_names)


def missing_of(where, name, split, names, classes):
    """What is said of classes of which a split has no image."""
    missing = np.setdiff1d(np.arange(classes), split.labels)
    if not len(missing):
        return []
    more = " and %d more" % (len(missing) - 1) if len(missing) > 1 else ""
    meaning = "; no student learns to tell what it never sees" if name == "train" else "; no result says how well students tell them"
    from_one = "; if the labels begin at 1, subtract 1: they count from 0" if not names and list(missing) == [0] else ""
    return ["%s: %s: no image of class %s%s, of %d%s%s" % (where, name, names[missing[0]] if names else missing[0], more, classes, meaning, from_one)]


def notes_of(where, data, classes):
    """What the user should know of a set that is taken."""
    height, width = data.train.shape[:2]
    missing = [missing_of(where, name, split, data.class_names, classes) for name, split in (("train", data.train), ("test", data.test))]
    return list(data.notes) + sum(missing, []) + (["%s: images of %dx%d are not square: sld trains on them with data.input_size=N alone, N at most %d; --size N "
                                "makes a square set" % (where, height, width, min(height, width))] if height != width else [])


# ---- the file ----

def chunk_of(split):
    """Images of a chunk: about 1 MiB."""
    return max(1, min(split.n, (1 << 20) // int(np.prod(split.shape))))


def max_bytes(data):
    """Of the file: its images in whole chunks, labels, names, and for what HDF5 adds 256 bytes a chunk, 64 a name and 1 MiB."""
    out = 1 << 20
    for split in (data.train, data.test):
        chunk = chunk_of(split)
        out += -(-split.n // chunk) * (chunk * int(np.prod(split.shape)) + 256) + 8 * split.n
    return out + sum(64 + 2 * len(name if isinstance(name, bytes) else name.encode()) for names in (data.class_names, data.coarse_names)
                     for name in names or ())


def put_split(f, name, split, record_hash):
    h, w, c = split.shape
    out = f.create_dataset(name + "/images", (split.n, h, w, c), np.uint8, chunks=(chunk_of(split), h, w, c))
    at = 0
    for block in split.blocks():
        out[at:at + len(block)] = block
        if record_hash is not None:
            heads = [split.labels[at:at + len(block), None]] if split.coarse is None else [
                split.coarse[at:at + len(block), None], split.labels[at:at + len(block), None]]
            planes = block.transpose(0, 3, 1, 2).reshape(len(block), -1)
            record_hash.update(np.concatenate([h.astype(np.uint8) for h in heads] + [planes], axis=1).tobytes())
        at += len(block)
    f[name + "/labels"] = split.labels
    if split.coarse is not None:
        f[name + "/coarse"] = split.coarse


def write_file(path, data):
    """{split: SHA-256 of its records in CIFAR's binary layout}, empty for other sets."""
    hashes = {}

    def write(temporary):
        with outputs.hdf5(temporary, max_bytes(data), (h5py.h5f.LIBVER_V18, h5py.h5f.LIBVER_V18)) as f:
            f.attrs["name"], f.attrs[SOURCE] = data.name, PROGRAM
            for name, split in (("train", data.train), ("test", data.test)):
                record_hash = hashlib.sha256() if data.cifar and split.shape == (32, 32, 3) else None
                put_split(f, name, split, record_hash)
                if record_hash is not None:
                    hashes[name] = record_hash.hexdigest()
                    f.attrs["records_sha256_" + name] = hashes[name]
            for name, values in (("class_names", data.class_names), ("coarse_names", data.coarse_names)):
                if values:
                    f.create_dataset(name, data=np.array(values, object), dtype=h5py.string_dtype())
    outputs.publish(path, write)
    return hashes


def is_own(path):
    try:
        with h5py.File(path, "r") as f:
            return str(attributes(f).get(SOURCE)) == PROGRAM
    except OSError:
        return False


# ---- the verb ----

def print_notes(program, notes):
    for note in notes:
        print(printable("%s: %s" % (program, note)), file=sys.stderr)



def load(path, size):
    if os.path.isdir(path):
        found = cifar(path)
        if not found:
            return in_utf8(path, folder(path, size))
    elif not os.path.exists(path):
        raise StudyError("%s: no such file or folder" % path)
    elif not path.endswith(".npz"):
        cure = "; numpy.savez(FILE, x_train=..., y_train=..., x_test=..., y_test=...) makes one of arrays" if path.endswith((".npy", ".mat", ".csv")) else ""
        raise StudyError("%s: expected a folder or a .npz file%s" % (path, cure))
    else:
        found = npz(path)
    return in_utf8(path, found)._replace(train=resized(found.train, size), test=resized(found.test, size))


def main(program, arguments):
    parser = argparse.ArgumentParser(prog=program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="a folder or a .npz file")
    parser.add_argument("target", help="the HDF5 file to write")
    parser.add_argument("--size", type=int, help="scale images to this height and width")
    parser.add_argument("--force", action="store_true", help="write over a file that another program wrote")
    args = parser.parse_args(arguments)
    if args.size is not None and not 1 <= args.size <= MAX_SIDE:
        raise StudyError("--size: expected 1 to %d, got %d" % (MAX_SIDE, args.size))
    outputs.check(args.target, [args.source], is_own, args.force)
    data = load(args.source, args.size or 0)
    classes = check(args.source, data)
    print_notes(program, notes_of(args.source, data, classes))
    hashes = write_file(args.target, data)
    print_notes(program, data.seen())
    print(printable("%s: %s, %d training and %d test images of %dx%dx%d, %d classes" % (
        args.target, data.name, data.train.n, data.test.n, *data.train.shape, classes)))
    for name, value in hashes.items():
        print("SHA-256 of %s as records of the binary version: %s" % (name, value))
