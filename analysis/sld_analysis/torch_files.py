"""torch_files.py: state dicts in PyTorch's files, as people have them: alone, under keys, with a prefix, beside objects of other
classes. Nothing that a file names is run."""
import io
import pickle
import tarfile
import types
import zipfile
import zlib
from collections import OrderedDict

from . import inputs, outputs
from .errors import StudyError
from .needs import need
from .weights_file import COUNTER, check_values

np = need("numpy")
torch = need("torch", "PyTorch's files")

NESTED = ("model", "state_dict", "net", "model_state_dict", "student", "teacher", "network", "model_ema", "state_dict_ema", "ema")


def is_state_dict(value):
    return isinstance(value, dict) and len(value) > 0 and all(
        isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in value.items())


TRUST = "\n    --trust loads a file all the same, and runs whatever code it names"
FOREIGN = []  # classes that the file at hand names and that were not made


class Inert:
    """What stands in for an object of any other class (options of a training code, paths, metrics): nothing of it is made or run."""

    def __new__(cls, *args, **options):
        return super().__new__(cls)

    def __init__(self, *args, **options):
        pass

    def ignore(self, *args, **options):
        pass

    __setstate__ = __setitem__ = append = extend = add = ignore

    def __call__(self, *args, **options):
        return self


class TensorUnpickler(pickle.Unpickler):
    """Makes tensors and plain values alone: a pickle can otherwise run any code that it names. What else it names is passed over."""
    ALLOWED = {("collections", "OrderedDict"), ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"),
               ("torch._utils", "_rebuild_parameter"), ("torch", "Size"), ("torch", "device"), ("numpy", "dtype"),
               ("numpy.core.multiarray", "scalar"), ("_codecs", "encode")}

    def find_class(self, module, name):
        if module.startswith("numpy._core."):  # as NumPy 2 names what NumPy 1 has under numpy.core
            module = "numpy.core." + module[len("numpy._core."):]
        if (module, name) in self.ALLOWED or (module == "torch" and name.endswith("Storage")):
            return super().find_class(module, name)
        FOREIGN.append("%s.%s" % (module, name))
        return Inert


TENSORS = types.SimpleNamespace(Unpickler=TensorUnpickler, UnpicklingError=pickle.UnpicklingError,
                                load=lambda f, **options: TensorUnpickler(f, **options).load(),
                                __name__="tensors")


def load(path, unpickler):
    """torch.load through that pickle module. PyTorch 1.13 ignores its argument and takes its own global."""
    FOREIGN.clear()
    own = torch.serialization.pickle
    torch.serialization.pickle = unpickler
    try:
        return torch.load(path, map_location="cpu", pickle_module=unpickler, weights_only=False)
    finally:
        torch.serialization.pickle = own


def check_zip(path):
    """PyTorch 1.6 and later save a zip file, and read it without a look at its checksums. 0: it was saved without them."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as saved:
            for part in (part for part in saved.infolist() if part.CRC):
                with saved.open(part) as f:
                    while f.read(1 << 20):
                        pass
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise StudyError("%s: damaged: %s; take another copy" % (path, error)) from None


def what_else(path):
    """What a file that torch.save did not write is, by its first bytes, and the cure; "": nothing that is known."""
    with open(path, "rb") as f:
        begin = f.read(512)
    if begin.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS: `git lfs pull` brings the file"
    if begin.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a web page: the download gave another file than that of the weights"
    if begin.startswith(b"PK") and not zipfile.is_zipfile(path):
        return "it is a zip file that is cut off: take another copy"
    if begin.startswith(b"\x1f\x8b") or tarfile.is_tarfile(path):
        return "it is an archive: unpack it"
    if not begin:
        return "it is empty: take another copy"
    return "it is a text" if begin.isascii() and not any(byte < 32 and byte not in b"\t\r\n" for byte in begin) else ""


def load_pth(path, trust):
    check_zip(inputs.check(path))
    try:
        return load(path, pickle if trust else TENSORS)
    except MemoryError:  # says nothing of the file
        raise
    except Exception as error:
        refuse(path, trust, error)


def refuse(path, trust, error):
    """Says why the file was not read: torch raises what its reader of the day raises."""
    if "CPUAllocator" in str(error):  # by which PyTorch says that memory is short
        raise MemoryError from None
    other = what_else(path)
    if other:
        raise StudyError("%s is not a file of torch.save: %s" % (path, other)) from None
    if isinstance(error, pickle.UnpicklingError) and FOREIGN and not trust:
        raise StudyError("%s is no file of tensors: %s" % (path, error) + TRUST) from None
    raise StudyError("%s is not a file of torch.save: %s" % (path, str(error).split("\n")[0])) from None


def nested(inner, depth=4):
    """{dotted keys: state dict} of what lies in a dict, and in dicts in it."""
    found = {}
    for k, v in inner.items():
        if is_state_dict(v):
            found[k] = v
        elif isinstance(v, torch.nn.Module):
            found[k] = v.state_dict()
        elif isinstance(v, dict) and depth > 1:
            found.update({"%s.%s" % (k, below): state for below, state in nested(v, depth - 1).items()})
    return found


def state_dicts_of(path, trust, key):
    """{name: state dict} of a .pth: itself under the name "", or what lies under its keys, the usual ones first. key: only those
    whose name it is."""
    content = load_pth(path, trust)
    if isinstance(content, torch.nn.Module):
        content = content.state_dict()
    if is_state_dict(content):
        return {"": content}
    inner = content if isinstance(content, dict) else {}
    found = nested(inner)
    if not found and FOREIGN:
        raise StudyError("%s is no file of tensors: it holds a %s" % (path, FOREIGN[0]) + TRUST)
    if not found and any(isinstance(v, np.ndarray) for v in inner.values()):
        raise StudyError("%s: expected tensors, got arrays of NumPy (%s first); write it with torch.from_numpy(array) for each" % (
            path, next(k for k, v in inner.items() if isinstance(v, np.ndarray))))
    if not found:
        held = ", ".join(map(str, inner)) if inner else type(content).__name__
        raise StudyError("%s holds no state dict, neither itself nor under a key; found: %s" % (path, held))
    if key in found:
        return {key: found[key]}
    usual = [k for k in NESTED if k in found]
    return {k: found[k] for k in usual + [k for k in found if k not in usual]}


def to_float32(path, name, value):
    if value.is_meta:
        raise StudyError("%s: tensor %s: expected values, got a tensor of the device meta, which has none" % (path, name))
    if value.layout != torch.strided or not (value.dtype.is_floating_point or value.dtype in (torch.int64, torch.int32)):
        cure = "; dequantise it first" if value.is_quantized or value.dtype in (torch.int8, torch.uint8) else ""
        raise StudyError("%s: tensor %s: expected floating-point numbers, got %s (%s)%s" % (path, name, value.dtype, value.layout, cure))
    value = value.detach()
    out = value.to(torch.float32)
    finite = torch.isfinite(value)
    if not torch.equal(out.to(value.dtype)[finite], value[finite]):
        raise StudyError("%s: tensor %s is %s and would lose digits as float32" % (path, name, value.dtype))
    return out.contiguous().numpy()


def arrays_of(path, state):
    """{name: array}, checked."""
    out = OrderedDict((name, value.numpy().astype(np.int64) if name.endswith(COUNTER) and not value.is_meta else to_float32(path, name, value))
                      for name, value in state.items())
    check_values(path, out)
    return out


def save(path, content):
    made = io.BytesIO()  # PyTorch ends the process when a disk is full, and makes a file's name a part of the file
    torch.save(content, made)
    outputs.publish_bytes(path, made.getbuffer())
