"""import_cifar.py: torchvision's python version of CIFAR-10 and CIFAR-100. Nothing that a pickle names is run."""
import os
import pickle

from . import inputs
from .errors import StudyError
from .import_parts import DataSet, Split, labels_of
from .needs import need

np = need("numpy")


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
    inputs.check(path)
    try:
        with open(path, "rb") as f:
            content = ArrayUnpickler(f, encoding="bytes").load()
    except OSError as error:
        raise StudyError("%s: %s" % (path, error.strerror))
    except MemoryError:  # says nothing of the file
        raise
    except Exception as error:  # pickle raises whatever the bytes make it raise
        raise StudyError("%s: expected a batch of CIFAR's python version: %s" % (path, str(error).split("\n")[0]))
    if not isinstance(content, dict):
        raise StudyError("%s: expected a batch of CIFAR's python version, got a %s" % (path, type(content).__name__))
    return {k.decode() if isinstance(k, bytes) else k: v for k, v in content.items()}


def cifar_split(folder, names, fine, coarse):
    data, labels, groups = [], [], []
    for name in names:
        path = os.path.join(folder, name)
        batch = unpickle(path)
        wanted = [fine] + ([coarse] if coarse else [])
        if not set(wanted) <= set(batch) or not isinstance(batch.get("data"), np.ndarray):
            raise StudyError("%s: expected data and %s, got %s" % (path, " and ".join(wanted), ", ".join(map(str, batch))))
        rows = batch["data"]
        if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape[1] != 3072 or len(batch[fine]) != len(rows):
            raise StudyError("%s: expected uint8 (N,3072) and N labels, got %s %s and %d" % (path, rows.dtype, rows.shape, len(batch[fine])))
        data.append(rows)
        labels += list(batch[fine])
        groups += list(batch[coarse]) if coarse else []
    rows = np.concatenate(data)
    pixels = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Split(len(rows), (32, 32, 3), lambda: iter([np.ascontiguousarray(pixels)]), labels_of("%s: %s" % (folder, fine), labels, len(rows)),
                 labels_of("%s: %s" % (folder, coarse), groups, len(rows)) if coarse else None)


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
    return [n if isinstance(n, bytes) else str(n) for n in names] if names else None
