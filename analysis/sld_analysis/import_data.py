"""import_data.py: images as people have them to a file that sld trains on (data.format: hdf5).

    import_data.py cifar-100-python out.h5           # torchvision's python version of CIFAR-10 or CIFAR-100
    import_data.py images out.h5 --size 32         # train/CLASS/*.png, test/CLASS/*.jpg ... (val stands for test)
    import_data.py digits.npz out.h5                 # x_train, y_train, x_test, y_test; or train_images, train_labels ...

Nothing is normalised: sld measures mean and deviation on train. Of CIFAR the SHA-256 of the records in the layout of the binary
version is printed: what `cat train.bin | sha256sum` gives there.
"""
import argparse
import hashlib
import os
import pickle
import sys
from collections import namedtuple

from .needs import need

h5py, np = need("h5py"), need("numpy")

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".webp", ".tif", ".tiff")
TEST_NAMES = ("test", "val", "valid", "validation")
BATCH = 256  # images in memory at a time
SOURCE = "made_by"  # the attribute by which a file of this program is known

Split = namedtuple("Split", "n shape blocks labels coarse")  # blocks: makes (n,H,W,C) uint8 pieces in order
DataSet = namedtuple("DataSet", "name train test class_names coarse_names cifar")


class Refused(Exception):
    """What is wrong with the input; main() prints it."""


# ---- torchvision's python version of CIFAR ----

class ArrayUnpickler(pickle.Unpickler):
    """Makes arrays and plain values alone: a pickle can otherwise run any code that it names."""
    ALLOWED = {("numpy.core.multiarray", "_reconstruct"), ("numpy.core.multiarray", "scalar"), ("numpy", "ndarray"), ("numpy", "dtype"),
               ("_codecs", "encode")}

    def find_class(self, module, name):
        module = module.replace("numpy._core.", "numpy.core.")
        if (module, name) in self.ALLOWED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError("it names %s.%s" % (module, name))


def unpickle(path):
    try:
        with open(path, "rb") as f:
            content = ArrayUnpickler(f, encoding="bytes").load()
    except OSError as error:
        raise Refused("%s: %s" % (path, error.strerror))
    except Exception as error:  # pickle raises whatever the bytes make it raise
        raise Refused("%s: expected a batch of CIFAR's python version: %s" % (path, str(error).split("\n")[0]))
    if not isinstance(content, dict):
        raise Refused("%s: expected a batch of CIFAR's python version, got a %s" % (path, type(content).__name__))
    return {k.decode() if isinstance(k, bytes) else k: v for k, v in content.items()}


def cifar_split(folder, names, fine, coarse):
    data, labels, groups = [], [], []
    for name in names:
        path = os.path.join(folder, name)
        batch = unpickle(path)
        if fine not in batch or not isinstance(batch.get("data"), np.ndarray):
            raise Refused("%s: expected data and %s, got %s" % (path, fine, ", ".join(map(str, batch))))
        rows = batch["data"]
        if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape[1] != 3072 or len(batch[fine]) != len(rows):
            raise Refused("%s: expected uint8 (N,3072) and N labels, got %s %s and %d" % (path, rows.dtype, rows.shape, len(batch[fine])))
        data.append(rows)
        labels += list(batch[fine])
        groups += list(batch[coarse]) if coarse else []
    rows = np.concatenate(data)
    pixels = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Split(len(rows), (32, 32, 3), lambda: iter([np.ascontiguousarray(pixels)]), checked_labels(folder, labels),
                 checked_labels(folder, groups) if coarse else None)


def cifar(folder):
    """The data set, or None where the folder is none of CIFAR's python version."""
    for name in ("cifar-100-python", "cifar-10-batches-py"):
        if os.path.isdir(os.path.join(folder, name)):
            folder = os.path.join(folder, name)
    there = set(os.listdir(folder))
    if {"train", "test", "meta"} <= there and os.path.isfile(os.path.join(folder, "train")):
        meta = unpickle(os.path.join(folder, "meta"))
        return DataSet("cifar100", cifar_split(folder, ["train"], "fine_labels", "coarse_labels"),
                       cifar_split(folder, ["test"], "fine_labels", "coarse_labels"),
                       texts(meta.get("fine_label_names")), texts(meta.get("coarse_label_names")), True)
    if {"data_batch_1", "test_batch", "batches.meta"} <= there:
        meta = unpickle(os.path.join(folder, "batches.meta"))
        return DataSet("cifar10", cifar_split(folder, ["data_batch_%d" % i for i in range(1, 6)], "labels", None),
                       cifar_split(folder, ["test_batch"], "labels", None), texts(meta.get("label_names")), None, True)
    return None


def texts(names):
    return [n.decode("utf-8", "replace") if isinstance(n, bytes) else str(n) for n in names] if names else None


def checked_labels(where, labels):
    out = np.asarray(labels).reshape(-1)
    if out.dtype.kind not in "iu" or (len(out) and (out.min() < 0 or out.max() > 1 << 20)):
        raise Refused("%s: labels: expected whole numbers from 0, got %s" % (where, out.dtype if out.dtype.kind not in "iu" else
                                                                              "%d to %d" % (out.min(), out.max())))
    return out.astype(np.int32)


# ---- a folder of images by class ----

def classes_in(folder):
    """{class: [path, ...]} as torchvision's ImageFolder orders them."""
    out = {}
    for name in sorted(e.name for e in os.scandir(folder) if e.is_dir()):
        found = []
        for root, folders, files in sorted(os.walk(os.path.join(folder, name))):
            folders.sort()
            found += [os.path.join(root, f) for f in sorted(files) if f.lower().endswith(ENDINGS)]
        if found:
            out[name] = found
    return out


def load_image(path, size):
    """(H,W,3) uint8; size: the shorter side is scaled to it, and the centre taken."""
    pil = need("PIL.Image", "images")
    try:
        with pil.open(path) as image:
            image = image.convert("RGB")
            if size:
                scale = size / min(image.size)
                wide = [max(size, round(side * scale)) for side in image.size]
                image = image.resize(wide, pil.BILINEAR)
                left, top = (wide[0] - size) // 2, (wide[1] - size) // 2
                image = image.crop((left, top, left + size, top + size))
            return np.asarray(image)
    except OSError as error:
        raise Refused("%s: expected an image: %s" % (path, error))
    except (ValueError, SyntaxError, pil.DecompressionBombError) as error:
        raise Refused("%s: expected an image: %s" % (path, str(error).split("\n")[0]))


def folder_split(by_class, names, size):
    paths = [(path, k) for k, name in enumerate(names) for path in by_class.get(name, [])]
    shape = load_image(paths[0][0], size).shape

    def blocks():
        for first in range(0, len(paths), BATCH):
            block = []
            for path, _ in paths[first:first + BATCH]:
                one = load_image(path, size)
                if one.shape != shape:
                    raise Refused("%s: expected %dx%d as the first image has, got %dx%d; --size N scales all to one size"
                                  % (path, *shape[:2], *one.shape[:2]))
                block.append(one)
            yield np.stack(block)
    return Split(len(paths), shape, blocks, np.array([k for _, k in paths], np.int32), None)


def folder(path, size):
    train = os.path.join(path, "train")
    test = next((os.path.join(path, n) for n in TEST_NAMES if os.path.isdir(os.path.join(path, n))), None)
    if not os.path.isdir(train) or not test:
        raise Refused("%s: expected folders train and test (or val) with a folder for each class, or CIFAR's python version" % path)
    found = classes_in(train), classes_in(test)
    for by_class, where in zip(found, (train, test)):
        if not by_class:
            raise Refused("%s: expected a folder for each class with images (%s), got none" % (where, " ".join(ENDINGS)))
    names = sorted(found[0])
    unknown = sorted(set(found[1]) - set(names))
    if unknown:
        raise Refused("%s: class %s has no images in %s" % (test, unknown[0], train))
    return DataSet(os.path.basename(os.path.abspath(path)), folder_split(found[0], names, size), folder_split(found[1], names, size), names,
                   None, False)


# ---- .npz ----

NPZ_NAMES = (("x_%s", "y_%s"), ("%s_images", "%s_labels"), ("X_%s", "Y_%s"), ("X_%s", "y_%s"))


def npz(path):
    try:
        arrays = np.load(path, allow_pickle=False)
        keys = set(arrays.files)
    except (OSError, ValueError, AttributeError) as error:
        raise Refused("%s: expected a .npz of arrays: %s" % (path, str(error).split("\n")[0]))
    for images, labels in NPZ_NAMES:
        if {images % "train", labels % "train", images % "test", labels % "test"} <= keys:
            return DataSet(os.path.splitext(os.path.basename(path))[0], npz_split(path, arrays, images % "train", labels % "train"),
                           npz_split(path, arrays, images % "test", labels % "test"), None, None, False)
    raise Refused("%s: expected arrays x_train, y_train, x_test, y_test (or train_images ...), got %s" % (path, ", ".join(sorted(keys)) or "none"))


def npz_split(path, arrays, images, labels):
    try:
        x, y = arrays[images], arrays[labels]
    except (OSError, ValueError, EOFError) as error:
        raise Refused("%s: %s: %s" % (path, images, str(error).split("\n")[0]))
    if x.size == 0:
        raise Refused("%s: %s: expected at least one image, got an array of shape %s" % (path, images, x.shape))
    if x.dtype.kind not in "iu" or x.ndim not in (3, 4) or x.min() < 0 or x.max() > 255:
        raise Refused("%s: %s: expected whole numbers from 0 to 255, (N,H,W) or (N,H,W,C), got %s %s%s" % (
            path, images, x.dtype, x.shape, "; multiply images of 0 to 1 by 255 and round" if x.dtype.kind == "f" else ""))
    if x.ndim == 4 and x.shape[3] not in (1, 3) and x.shape[1] in (1, 3):
        x = x.transpose(0, 2, 3, 1)
    if x.ndim == 4 and x.shape[3] not in (1, 3):
        raise Refused("%s: %s: expected 1 or 3 channels, got shape %s" % (path, images, x.shape))
    y = checked_labels("%s: %s" % (path, labels), y)
    if len(y) != len(x):
        raise Refused("%s: expected as many of %s as of %s, got %d and %d" % (path, labels, images, len(y), len(x)))
    pixels = np.ascontiguousarray(x if x.ndim == 4 else x[..., None]).astype(np.uint8)
    return Split(len(x), pixels.shape[1:], lambda: iter([pixels]), y, None)


# ---- the file ----

def resized(split, size):
    """A split of arrays, each image scaled as those of a folder are."""
    if not size or split.shape[:2] == (size, size):
        return split
    pil = need("PIL.Image", "--size")

    def one(array):
        image = pil.fromarray(array[..., 0] if array.shape[2] == 1 else array).resize((size, size), pil.BILINEAR)
        return np.asarray(image).reshape(size, size, array.shape[2])
    if split.shape[0] != split.shape[1]:
        raise Refused("--size: expected square images, got %dx%d" % split.shape[:2])
    return split._replace(shape=(size, size, split.shape[2]), blocks=lambda: (np.stack([one(a) for a in b]) for b in split.blocks()))


def put_split(f, name, split, record_hash):
    h, w, c = split.shape
    out = f.create_dataset(name + "/images", (split.n, h, w, c), np.uint8, chunks=(max(1, min(split.n, (1 << 20) // (h * w * c) or 1)), h, w, c))
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
    """{split: SHA-256 of its records in CIFAR's binary layout}, empty for other sets. The file is there whole or not at all."""
    temporary, hashes = "%s.%d.tmp" % (path, os.getpid()), {}
    try:
        with h5py.File(temporary, "x", libver=("v108", "v108")) as f:
            f.attrs["name"], f.attrs[SOURCE] = data.name, "sld_analysis import-data"
            for name, split in (("train", data.train), ("test", data.test)):
                record_hash = hashlib.sha256() if data.cifar and split.shape == (32, 32, 3) else None
                put_split(f, name, split, record_hash)
                if record_hash is not None:
                    hashes[name] = record_hash.hexdigest()
                    f.attrs["records_sha256_" + name] = hashes[name]
            for name, values in (("class_names", data.class_names), ("coarse_names", data.coarse_names)):
                if values:
                    f.create_dataset(name, data=np.array(values, object), dtype=h5py.string_dtype())
        with open(temporary, "rb") as f:
            os.fsync(f.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise Refused("%s cannot be written: %s" % (path, error.strerror or str(error).split("\n")[0]))
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
    return hashes


def check_target(source, target, force):
    """Never over the input, nor over a file that this program did not write."""
    if not os.path.lexists(target):
        return
    if os.path.exists(source) and os.path.exists(target) and os.path.samefile(source, target):
        raise Refused("%s: the output is the same file as the input" % target)
    if os.path.islink(target) or not os.path.isfile(target):
        raise Refused("%s: expected a file to write, got a link, folder or device" % target)
    try:
        with h5py.File(target, "r") as f:
            ours = SOURCE in f.attrs
    except OSError:
        ours = False
    if not ours and not force:
        raise Refused("%s already exists and was not written by import_data; --force writes over it" % target)


def load(path, size):
    if os.path.isdir(path):
        found = cifar(path)
        return found._replace(train=resized(found.train, size), test=resized(found.test, size)) if found else folder(path, size)
    if not os.path.exists(path):
        raise Refused("%s: no such file or folder" % path)
    if not path.endswith(".npz"):
        raise Refused("%s: expected a folder or a .npz file" % path)
    found = npz(path)
    return found._replace(train=resized(found.train, size), test=resized(found.test, size))


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="import_data", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="a folder or a .npz file")
    parser.add_argument("target", help="the HDF5 file to write")
    parser.add_argument("--size", type=int, default=0, help="scale images to this height and width")
    parser.add_argument("--force", action="store_true", help="write over a file that another program wrote")
    args = parser.parse_args(arguments)
    try:
        if args.size < 0 or args.size > 4096:
            raise Refused("--size: expected 1 to 4096, got %d" % args.size)
        check_target(args.source, args.target, args.force)
        data = load(args.source, args.size)
        if data.train.shape != data.test.shape:
            raise Refused("%s: test: expected images of train's size %s, got %s; --size N scales all to one size"
                          % (args.source, data.train.shape, data.test.shape))
        hashes = write_file(args.target, data)
    except Refused as error:
        print("import_data: %s" % error, file=sys.stderr)
        return 2
    except OSError as error:
        print("import_data: %s: %s" % (error.filename or args.source, error.strerror or error), file=sys.stderr)
        return 74
    classes = 1 + max(int(s.labels.max()) for s in (data.train, data.test))
    print("%s: %s, %d training and %d test images of %dx%dx%d, %d classes" % (
        args.target, data.name, data.train.n, data.test.n, *data.train.shape, len(data.class_names or range(classes))))
    for name, value in hashes.items():
        print("SHA-256 of %s as records of the binary version: %s" % (name, value))
    return 0
