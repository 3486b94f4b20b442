"""weights_file.py: weights files of sld, read and written as docs/files.md, "Weights", has them."""
import hashlib
from collections import namedtuple

from . import outputs
from .errors import StudyError
from .hdf5 import attributes, open_file
from .integrity import checksum_fails
from .needs import need

h5py, np = need("h5py"), need("numpy")

ORDERED = h5py.h5p.CRT_ORDER_TRACKED | h5py.h5p.CRT_ORDER_INDEXED  # members in the order in which they were made
COUNTER = "num_batches_tracked"  # PyTorch's batch norms count their batches; sld has no use for it and lets it lie
COPY = "take another copy, or write it again"

Weights = namedtuple("Weights", "tensors network classes head")  # tensors: {name: array}; head: all attributes


def check_values(path, tensors):
    """What sld refuses of a network's tensors, refused here too: values that are not finite, and variances below 0."""
    for name, values in tensors.items():
        least = 0.0 if name.endswith("running_var") else -np.inf
        for bad, expected in ((~np.isfinite(values), "a finite value"), (values < least, "a variance of at least 0")):
            places = np.flatnonzero(bad)
            if len(places):
                raise StudyError("%s: tensor %s: element %d: expected %s, got %g; %d of its %d values are such" % (
                    path, name, places[0], expected, np.ravel(values)[places[0]], len(places), values.size))


def content_sha256(network, tensors, mean, std):
    """As sld makes it of what a weights file means. tensors: those of the network, float32, without batch counters."""
    inner, outer = hashlib.sha256(), hashlib.sha256()
    for name in sorted(tensors, key=str.encode):
        inner.update(name.encode() + b"\0" + np.ascontiguousarray(tensors[name], "<f4").tobytes())
    outer.update(("network %s\ntensors %s\n" % (network, inner.hexdigest())).encode())
    for constants in zip(mean, std):
        outer.update(("channel %s %s\n" % tuple(map(hexadecimal, constants))).encode())
    return outer.hexdigest()


def hexadecimal(value):
    """As C's %a, which drops the zeros at the end."""
    fraction, exponent = float(value).hex().split("p")
    return fraction.rstrip("0").rstrip(".") + "p" + exponent if value else "0x0p+0"


def check_content(path, weights, names):
    """names: of the network's tensors. A file without the attribute has nothing to be held against."""
    told = weights.head.get("content_sha256")
    found = content_sha256(weights.network, {name: weights.tensors[name] for name in names}, weights.head["mean"], weights.head["std"])
    if told is not None and told != found:
        raise StudyError("%s: damaged: the SHA-256 of its network, mean, std and tensors is %.12s..., its attribute content_sha256 says %.12s...; "
                         "%s. Where the change is meant, delete that attribute" % (path, found, told, COPY))


def check_head(path, head):
    for name in ("network", "classes", "mean", "std"):
        if name not in head:
            raise StudyError("%s: expected a weights file, got one without the attribute %s" % (path, name))
    if not (np.ndim(head["classes"]) == 0 and np.asarray(head["classes"]).dtype.kind in "iu" and head["classes"] > 0):
        raise StudyError("%s: attribute classes: expected a whole number above 0, got %s" % (path, head["classes"]))
    for name in ("mean", "std"):
        head[name] = values = np.ravel(head[name])
        if values.dtype.kind not in "fiu" or len(values) != len(head["mean"]) or not np.isfinite(values).all() or (name == "std" and min(values) <= 0):
            raise StudyError("%s: attribute %s: expected finite numbers of pixel/255, one for each channel%s, got %s" % (
                path, name, ", above 0" if name == "std" else "", " ".join(map(str, values))))
        head[name] = values.astype(np.float32)


def read(path):
    """The file as it stands, its checksum line held against its bytes."""
    with open_file(path) as f:
        if checksum_fails(path):
            raise StudyError("%s: damaged: the SHA-256 of its bytes is not what its last line says; %s" % (path, COPY))
        head, group = attributes(f), f.get("model")
        check_head(path, head)
        if not isinstance(group, h5py.Group):
            raise StudyError("%s: expected a weights file, got one without the group /model" % path)
        return Weights({name: array_of(path, name, thing) for name, thing in group.items()}, str(head["network"]), int(head["classes"]), head)


def array_of(path, name, thing):
    """float32, but counters of batches as they are."""
    if not isinstance(thing, h5py.Dataset) or thing.dtype.kind not in "fiu":
        raise StudyError("%s: tensor %s: expected numbers, got %s" % (path, name, thing.dtype if isinstance(thing, h5py.Dataset) else "a group"))
    with np.errstate(over="ignore"):  # beyond float32 is infinite, which check_values() refuses
        return thing[()] if name.endswith(COUNTER) else thing[()].astype(np.float32)


def write(path, weights):
    properties = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    properties.set_link_creation_order(ORDERED)
    properties.set_attr_creation_order(ORDERED)
    max_bytes = (1 << 20) + sum(4096 + value.nbytes for value in weights.tensors.values())  # 4096: what HDF5 adds to each, at most

    def put(temporary):
        with outputs.hdf5(temporary, max_bytes, (h5py.h5f.LIBVER_EARLIEST, h5py.h5f.LIBVER_V110), properties) as f:
            f.attrs["network"] = weights.network
            f.attrs["classes"] = np.int32(weights.classes)
            for name, value in weights.head.items():
                f.attrs[name] = value
            group = f.create_group("model", track_order=True)
            for name, value in weights.tensors.items():
                group.create_dataset(name, data=value)
    outputs.publish(path, put)
