"""torch_weights.py: PyTorch state dicts to sld's weights files and back, by name, nothing renamed.

    torch_weights.py teacher.pth teacher.h5 --data cifar100      # the network is found by its tensors
    torch_weights.py teacher.pth teacher.h5 --network resnet56 --mean 0.5,0.5,0.5 --std 0.25,0.25,0.25
    torch_weights.py latest student.h5 --key student             # of a file that holds several networks
    torch_weights.py runs/quickstart/best.h5 best.pth            # {"model": state_dict}

A .pth is a state dict, or a dict that holds one ("model", "state_dict", "net" ...). A prefix that all of a network's tensors
share ("module." of DataParallel, "module.student." of a distiller, "backbone." of a wrapper) is dropped. Names and shapes are checked against `sld models --json`: --sld names the program, else it is the one on the path.
"""
import argparse
import functools
import json
import os
import pickle
import subprocess
import sys
import types
from collections import OrderedDict

from .needs import need

h5py, np = need("h5py"), need("numpy")
torch = need("torch", "PyTorch's files")

COUNTER = "num_batches_tracked"  # PyTorch's batch norms count their batches; sld has no use for it and lets it lie
NESTED = ("model", "state_dict", "net", "model_state_dict", "student", "teacher", "network", "model_ema", "state_dict_ema", "ema")
DATA = {  # what the public training codes normalise with: mean, std
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": ((0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
SHOWN = 5  # differences listed in an error


class Refused(Exception):
    """What is wrong with the input; main() prints it."""


def shape_text(shape):
    return "(" + ",".join(str(n) for n in shape) + ")"


# ---- what sld knows ----


@functools.lru_cache(maxsize=None)
def networks_of(sld, classes):
    """Every network of `sld models --json` as {name: {"shapes": {tensor: shape} in state_dict order, "input_size": n}}."""
    try:
        found = subprocess.run([sld, "models", "--json", "--classes", str(classes)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise Refused("%s cannot be started: %s; --sld names the program" % (sld, error.strerror))
    if found.returncode != 0:
        raise Refused("%s models --json: %s" % (sld, found.stderr.decode(errors="replace").strip()))
    return {n["name"]: {"shapes": OrderedDict((t["name"], tuple(t["shape"])) for t in n["tensors"]),
                        "input_size": n["input_size"]} for n in json.loads(found.stdout.decode())}


def differences(tensors, shapes):
    """What keeps tensors from being this network's, one line each; empty when they are."""
    lines = []
    for name, wanted in shapes.items():
        if name not in tensors:
            lines.append("tensor %s: expected shape %s, got none" % (name, shape_text(wanted)))
        elif tensors[name].shape != wanted:
            lines.append("tensor %s: expected shape %s, got %s" % (name, shape_text(wanted), shape_text(tensors[name].shape)))
    for name, value in tensors.items():
        if name not in shapes and not name.endswith(COUNTER):
            lines.append("tensor %s of shape %s has no place in it" % (name, shape_text(value.shape)))
    return lines


def refuse(path, name, lines, hint=""):
    shown = lines[:SHOWN] + (["and %d more" % (len(lines) - SHOWN)] if len(lines) > SHOWN else [])
    raise Refused("%s is not a %s%s:\n    %s" % (path, name, hint, "\n    ".join(shown)))


def find_network(path, tensors, networks, asked):
    """The name of the network that the tensors are of: the one asked for, or the only one they fit."""
    misfit = {name: differences(tensors, n["shapes"]) for name, n in networks.items()}
    nearest = min(misfit, key=lambda name: len(misfit[name]))
    if asked and asked not in networks:
        raise Refused("no network '%s'; sld models lists them" % asked)
    if asked:
        if misfit[asked]:
            hint = "; nearest network: %s" % nearest if len(misfit[nearest]) < len(misfit[asked]) else ""
            refuse(path, asked, misfit[asked], hint)
        return asked
    fitting = [name for name, lines in misfit.items() if not lines]
    if len(fitting) > 1:
        raise Refused("%s fits several networks, choose one with --network: %s" % (path, ", ".join(fitting)))
    if not fitting:
        refuse(path, "network that sld knows", misfit[nearest], "; nearest: %s" % nearest)
    return fitting[0]


# ---- PyTorch's side ----


def is_state_dict(value):
    return isinstance(value, dict) and len(value) > 0 and all(
        isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in value.items())


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


def load_pth(path, trust):
    try:
        return load(path, pickle if trust else TENSORS)
    except OSError as error:
        raise Refused("%s: %s" % (path, error.strerror))
    except pickle.UnpicklingError as error:
        raise Refused("%s is no file of tensors: %s\n    --trust loads a file all the same, and runs whatever code it "
                      "names" % (path, error))
    except Exception as error:  # torch raises what its reader of the day raises
        raise Refused("%s is not a file of torch.save: %s" % (path, str(error).split("\n")[0]))


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
        raise Refused("%s is no file of tensors: it holds a %s\n    --trust loads a file all the same, and runs whatever code it "
                      "names" % (path, FOREIGN[0]))
    if not found:
        held = ", ".join(map(str, inner)) if inner else type(content).__name__
        raise Refused("%s holds no state dict, neither itself nor under a key; found: %s" % (path, held))
    if key in found:
        return {key: found[key]}
    usual = [k for k in NESTED if k in found]
    return {k: found[k] for k in usual + [k for k in found if k not in usual]}


def prefixes(state):
    """Dotted beginnings of names under which a linear layer lies: where a network may begin."""
    out = [""]
    for name, value in state.items():
        parts = name.split(".")
        if getattr(value, "ndim", 0) == 2:
            out += [".".join(parts[:i]) + "." for i in range(1, len(parts) - 1)]
    return list(dict.fromkeys(out))


def below(state, prefix):
    return OrderedDict((k[len(prefix):], v) for k, v in state.items() if k.startswith(prefix))


def to_float32(path, name, value):
    if not (value.dtype.is_floating_point or value.dtype in (torch.int64, torch.int32)):
        raise Refused("%s: tensor %s: expected numbers, got %s" % (path, name, value.dtype))
    value = value.detach()
    out = value.to(torch.float32)
    if not torch.isfinite(out).all():
        raise Refused("%s: tensor %s holds values that are not finite" % (path, name))
    if not torch.equal(out.to(value.dtype), value):
        raise Refused("%s: tensor %s is %s and would lose digits as float32" % (path, name, value.dtype))
    return out.contiguous().numpy()


def arrays_of(path, state):
    return OrderedDict((name, value.numpy().astype(np.int64) if name.endswith(COUNTER) else to_float32(path, name, value))
                       for name, value in state.items())


# ---- files, published whole or not at all ----


def publish(path, write):
    temporary = "%s.tmp-%d" % (path, os.getpid())
    try:
        write(temporary)
        with open(temporary, "rb+") as f:
            os.fsync(f.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise Refused("%s cannot be written: %s" % (path, error.strerror or error))
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def write_h5(path, tensors, network, input_size, classes, mean, std):
    def write(temporary):
        with h5py.File(temporary, "w", track_order=True) as f:
            f.attrs["network"] = network
            f.attrs["classes"] = np.int32(classes)
            f.attrs["channels"] = np.int32(len(mean))
            f.attrs["input_size"] = np.int32(input_size)
            f.attrs["mean"] = np.asarray(mean, np.float32)
            f.attrs["std"] = np.asarray(std, np.float32)
            group = f.create_group("model", track_order=True)
            for name, value in tensors.items():
                group.create_dataset(name, data=value)
    publish(path, write)


def read_h5(path):
    """Tensors and attributes of a weights file."""
    try:
        with h5py.File(path, "r") as f:
            missing = [a for a in ("network", "classes") if a not in f.attrs]
            if "model" not in f or missing:
                raise Refused("%s is no weights file: it has no %s" % (path, "attribute " + missing[0] if missing else "/model"))
            name = f.attrs["network"]
            return ({k: v[()] for k, v in f["model"].items()}, name.decode() if isinstance(name, bytes) else str(name),
                    int(f.attrs["classes"]))
    except OSError as error:
        raise Refused("%s: %s" % (path, error))


def with_counters(tensors, shapes):
    """In state_dict order, each batch norm's counter behind its running variance; 0 where the file has none."""
    out = OrderedDict()
    for name in shapes:
        out[name] = torch.from_numpy(np.array(tensors[name], np.float32))
        if name.endswith("running_var"):
            counter = name[:-len("running_var")] + COUNTER
            out[counter] = torch.tensor(int(tensors.get(counter, 0)))
    return out


# ---- the two directions ----


def classes_of(path, tensors):
    linear = [value for value in tensors.values() if value.ndim == 2]
    if not linear:
        raise Refused("%s: no linear layer, so no number of classes; tensors: %s ..." % (path, ", ".join(list(tensors)[:SHOWN])))
    return linear[-1].shape[0]


def normalisation(args):
    if args.data:
        return DATA[args.data]
    if not args.mean or not args.std:
        raise Refused("how the images were normalised is not in a state dict: give --data %s, or --mean and --std"
                      % "|".join(sorted(DATA)))
    if len(args.mean) != len(args.std) or min(args.std) <= 0:
        raise Refused("--mean has %d values and --std %d; as many of each, --std above 0" % (len(args.mean), len(args.std)))
    return args.mean, args.std


def fitting(args, state):
    """{prefix: (network, tensors, classes)} of those that are a network of sld, whole."""
    out = {}
    for prefix in prefixes(state):
        tensors = below(state, prefix)
        if not any(v.ndim == 2 for v in tensors.values()):
            continue
        shapes = {k: types.SimpleNamespace(shape=tuple(v.shape), ndim=v.ndim) for k, v in tensors.items()}
        classes = classes_of(args.source, shapes)
        fits = [n for n, known in networks_of(args.sld, classes).items() if not differences(shapes, known["shapes"])]
        if args.network in fits or (fits and not args.network):
            out[prefix] = (fits, tensors, classes)
    return out


def choose(args):
    """The tensors that are meant, their network's name and the number of classes."""
    states = state_dicts_of(args.source, args.trust, args.key)
    found = {(name, prefix): what for name, state in states.items() for prefix, what in fitting(args, state).items()}
    words = lambda place: ".".join(p for p in (str(place[0]), place[1].rstrip(".")) if p)  # noqa: E731
    if args.key and len(found) > 1:
        asked = {p: w for p, w in found.items() if ("." + args.key + ".") in ("." + words(p) + ".")}
        if not asked:
            raise Refused("%s: --key %s: expected one of %s" % (args.source, args.key, ", ".join(map(words, found))))
        found = asked
    if len(found) > 1:
        first = next(iter(found))
        same_file = [p for p in found if p[0] == first[0]]
        if len(same_file) > 1:
            raise Refused("%s holds several networks, choose one with --key: %s" % (
                args.source, ", ".join("%s (%s)" % (words(p), found[p][0][0]) for p in same_file)))
        others = [words(p) for p in found if p != first]
        print("torch_weights: %s: took %s; it also holds %s (--key takes another)" % (args.source, words(first), ", ".join(others)),
              file=sys.stderr)
        found = {first: found[first]}
    if found:
        fits, tensors, classes = next(iter(found.values()))
        if len(fits) > 1 and not args.network:
            raise Refused("%s fits several networks, choose one with --network: %s" % (args.source, ", ".join(fits)))
        return arrays_of(args.source, tensors), args.network or fits[0], classes
    state = next(iter(states.values()))
    shared = [p for p in prefixes(state) if p and all(k.startswith(p) for k in state)]
    tensors = arrays_of(args.source, below(state, shared[-1]) if shared else state)
    classes = classes_of(args.source, tensors)
    return tensors, find_network(args.source, tensors, networks_of(args.sld, classes), args.network), classes


def to_sld(args):
    mean, std = normalisation(args)
    tensors, network, classes = choose(args)
    size = args.input_size or networks_of(args.sld, classes)[network]["input_size"]
    write_h5(args.target, tensors, network, size, classes, mean, std)
    print("%s: %s, %d classes, %dx%d, %d tensors" % (args.target, network, classes, size, size, len(tensors)))


def to_torch(args):
    tensors, network, classes = read_h5(args.source)
    networks = networks_of(args.sld, classes)
    find_network(args.source, tensors, networks, args.network or network)
    state = with_counters(tensors, networks[args.network or network]["shapes"])
    publish(args.target, lambda path: torch.save(state if args.flat else {"model": state}, path))
    print("%s: %s, %d classes, %d tensors" % (args.target, network, classes, len(state)))


def numbers(text):
    return tuple(float(v) for v in text.split(","))


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="torch_weights", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="a PyTorch file, or a weights file that ends in .h5")
    parser.add_argument("target", help="the other of the two")
    parser.add_argument("--network", help="its name in sld models; found by the tensors when not given")
    parser.add_argument("--key", help="which of several networks in the file: student, teacher, model_ema ...")
    parser.add_argument("--data", choices=sorted(DATA), help="sets the usual mean and std of this data set")
    parser.add_argument("--mean", type=numbers, help="per channel, of pixels divided by 255: 0.5,0.5,0.5")
    parser.add_argument("--std", type=numbers)
    parser.add_argument("--input-size", type=int, help="height and width; the network's usual size when not given")
    parser.add_argument("--flat", action="store_true", help="write the state dict itself, not {\"model\": state_dict}")
    parser.add_argument("--trust", action="store_true", help="load a .pth that holds other objects than tensors")
    parser.add_argument("--sld", default=os.environ.get("SLD_BINARY", "sld"), help="the program to ask (default: sld)")
    args = parser.parse_args(arguments)
    kinds = [p.endswith(".h5") for p in (args.source, args.target)]
    try:
        if os.path.exists(args.target) and os.path.exists(args.source) and (not os.path.isfile(args.target) or os.path.samefile(args.source, args.target)):
            raise Refused("%s: expected a file to write other than the input, got %s" % (
                args.target, "the input itself" if os.path.isfile(args.target) else "a folder or device"))
        if kinds[0] == kinds[1]:
            raise Refused("one of the two files is a weights file and ends in .h5; found %s and %s" % (args.source, args.target))
        (to_torch if kinds[0] else to_sld)(args)
    except Refused as error:
        print("torch_weights: %s" % error, file=sys.stderr)
        return 2
    return 0
