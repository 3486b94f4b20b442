"""torch_weights.py: PyTorch state dicts to sld's weights files and back, by name, nothing renamed.

    sld-analysis torch-weights teacher.pth teacher.h5 --data cifar100      # the network is found by its tensors
    sld-analysis torch-weights teacher.pth teacher.h5 --network resnet56 --mean 0.5,0.5,0.5 --std 0.25,0.25,0.25
    sld-analysis torch-weights latest student.h5 --key student             # of a file that holds several networks
    sld-analysis torch-weights runs/quickstart/best.h5 best.pth            # {"model": state_dict}

A .pth is a state dict, or a dict that holds one ("model", "state_dict", "net" ...). A prefix that all of a network's tensors
share ("module." of DataParallel, "module.student." of a distiller, "backbone." of a wrapper) is dropped. Names and shapes are checked against `sld models --json`: --sld names the program, else it is the one on the path.
"""
import argparse
import functools
import json
import os
import subprocess
import sys
import types
from collections import OrderedDict

from . import outputs, torch_files, weights_file
from .errors import StudyError
from .needs import need
from .printable import printable
from .weights_file import COUNTER

np, torch = need("numpy"), need("torch", "PyTorch's files")

DATA = {  # what the public training codes normalise with: mean, std
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": ((0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
COUNTS_OF_COST = ("total_ops", "total_params")  # what thop.profile leaves in a model: no weights
SHOWN = 5  # differences listed in an error
MAX_SIDE, MAX_CHANNELS, SMALLEST_STD = 4096, 4, 1e-5  # of sld
OF_ONE_WAY = {"PyTorch file": ("key", "data", "mean", "std", "input_size", "trust"), "weights file": ("flat",)}  # {input: options}


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
        raise StudyError("%s cannot be started: %s; --sld names the program" % (sld, error.strerror))
    if found.returncode != 0:
        raise StudyError("%s models --json: %s" % (sld, found.stderr.decode(errors="replace").strip()))
    return {n["name"]: {"shapes": OrderedDict((t["name"], tuple(t["shape"])) for t in n["tensors"]),
                        "input_size": n["input_size"]} for n in json.loads(found.stdout.decode())}


def channels_of(tensors, shapes):
    """Of the images: what the first convolution takes. `sld models` shows it for 3."""
    first = tensors.get(next(iter(shapes)))
    return first.shape[1] if first is not None and len(first.shape) == 4 and 1 <= first.shape[1] <= MAX_CHANNELS else 3


def differences(tensors, shapes):
    """What keeps tensors from being this network's, one line each; empty when they are."""
    lines, first = [], next(iter(shapes))
    for name, wanted in shapes.items():
        if name == first:
            wanted = (wanted[0], channels_of(tensors, shapes)) + wanted[2:]
        if name not in tensors:
            lines.append("tensor %s: expected shape %s, got none" % (name, shape_text(wanted)))
        elif tensors[name].shape != wanted:
            lines.append("tensor %s: expected shape %s, got %s" % (name, shape_text(wanted), shape_text(tensors[name].shape)))
    for name, value in tensors.items():
        if name not in shapes and not name.endswith((COUNTER,) + COUNTS_OF_COST):
            lines.append("tensor %s of shape %s has no place in it" % (name, shape_text(value.shape)))
    return lines


def renaming(tensors, shapes):
    """Lines of Python that give the tensors the names of that network, where only names differ; []: more than that differs."""
    lacking = [name for name in shapes if name not in tensors]
    more = [name for name in tensors if name not in shapes and not name.endswith((COUNTER,) + COUNTS_OF_COST)]
    alike = len(lacking) == len(more) and all(tuple(tensors[b].shape) == shapes[a] for a, b in zip(lacking, more))
    return ['state["%s"] = state.pop("%s")' % pair for pair in zip(lacking, more)] if alike else []


def dropping(tensors, shapes):
    """The same where tensors are left over."""
    more = [name for name in tensors if name not in shapes and not name.endswith((COUNTER,) + COUNTS_OF_COST)]
    return ['state.pop("%s")' % name for name in more] if all(name in tensors for name in shapes) else []


def refuse(path, name, lines, hint="", cure=()):
    shown = lines[:SHOWN] + (["and %d more" % (len(lines) - SHOWN)] if len(lines) > SHOWN else [])
    if cure:
        shown += ["in Python, before torch.save(state, ...):"] + ["    " + line for line in cure[:SHOWN]] + (["    ..."] if len(cure) > SHOWN else [])
    raise StudyError("%s is not a %s%s:\n    %s" % (path, name, hint, "\n    ".join(shown)))


def cure_of(tensors, shapes):
    return renaming(tensors, shapes) or dropping(tensors, shapes)


def find_network(path, tensors, networks, asked):
    """The name of the network that the tensors are of: the one asked for, or the only one they fit."""
    misfit = {name: differences(tensors, n["shapes"]) for name, n in networks.items()}
    nearest = min(misfit, key=lambda name: len(misfit[name]))
    if asked and asked not in networks:
        raise StudyError("no network '%s'; sld models lists them" % asked)
    if asked:
        if misfit[asked]:
            hint = "; nearest network: %s" % nearest if len(misfit[nearest]) < len(misfit[asked]) else ""
            refuse(path, asked, misfit[asked], hint, cure_of(tensors, networks[asked]["shapes"]))
        return asked
    fitting = [name for name, lines in misfit.items() if not lines]
    if len(fitting) > 1:
        raise StudyError("%s fits several networks, choose one with --network: %s" % (path, ", ".join(fitting)))
    if not fitting:
        refuse(path, "network that sld knows", misfit[nearest], "; nearest: %s" % nearest, cure_of(tensors, networks[nearest]["shapes"]))
    return fitting[0]


# ---- which network of a PyTorch file ----


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


def classes_of(path, tensors):
    linear = [value for value in tensors.values() if value.ndim == 2]
    if not linear:
        raise StudyError("%s: no linear layer, so no number of classes; tensors: %s ..." % (path, ", ".join(list(tensors)[:SHOWN])))
    return linear[-1].shape[0]


def fitting(args, state):
    """{prefix: (network, tensors, classes)} of those that are a network of sld, whole."""
    out = {}
    for prefix in prefixes(state):
        tensors = below(state, prefix)
        if not any(v.ndim == 2 for v in tensors.values()):
            continue
        shapes = {k: types.SimpleNamespace(shape=tuple(v.shape), ndim=v.ndim) for k, v in tensors.items()}
        classes = classes_of(args.source, shapes)
        if classes < 2:
            continue
        fits = [n for n, known in networks_of(args.sld, classes).items() if not differences(shapes, known["shapes"])]
        if args.network in fits or (fits and not args.network):
            out[prefix] = (fits, tensors, classes)
    return out


def words(place):
    """A network's place, (keys, prefix), as a user names it."""
    return ".".join(p for p in (str(place[0]), place[1].rstrip(".")) if p)


def under_key(args, places):
    """Those of the places that --key names."""
    named = [place for place in places if ("." + args.key + ".") in ("." + words(place) + ".")]
    if not named and list(map(words, places)) == [""]:
        raise StudyError("%s: --key %s: expected networks under keys, got one state dict; leave --key out" % (args.source, args.key))
    if not named:
        raise StudyError("%s: --key %s: expected one of %s" % (args.source, args.key, ", ".join(w or "(no key)" for w in map(words, places))))
    return named


def choose_place(args, found):
    """The one place of several that is meant."""
    first = next(iter(found))
    same_file = [p for p in found if p[0] == first[0]]
    if len(same_file) > 1:
        raise StudyError("%s holds several networks, choose one with --key: %s" % (
            args.source, ", ".join("%s (%s)" % (words(p), found[p][0][0]) for p in same_file)))
    others = [words(p) for p in found if p != first]
    if others:
        print(printable("%s: %s: took %s; it also holds %s (--key takes another)" % (args.program, args.source, words(first), ", ".join(others))),
              file=sys.stderr)
    return first


def choose(args):
    """The tensors that are meant, their network's name and the number of classes."""
    states = torch_files.state_dicts_of(args.source, args.trust, args.key)
    found = {(name, prefix): what for name, state in states.items() for prefix, what in fitting(args, state).items()}
    if args.key and (found or "" not in states):
        named = under_key(args, list(found) or [(name, "") for name in states])
        found = {place: found[place] for place in named if place in found}
        states = {name: states[name] for name, _ in named}
    if found:
        fits, tensors, classes = found[choose_place(args, found)]
        if len(fits) > 1 and not args.network:
            raise StudyError("%s fits several networks, choose one with --network: %s" % (args.source, ", ".join(fits)))
        return torch_files.arrays_of(args.source, tensors), args.network or fits[0], classes
    state = next(iter(states.values()))
    shared = [p for p in prefixes(state) if p and all(k.startswith(p) for k in state)]
    tensors = torch_files.arrays_of(args.source, below(state, shared[-1]) if shared else state)
    classes = classes_of(args.source, tensors)
    if classes < 2:
        raise StudyError("%s: tensor %s: expected the weights of 2 classes or more, got %d" % (
            args.source, [name for name, value in tensors.items() if value.ndim == 2][-1], classes))
    return tensors, find_network(args.source, tensors, networks_of(args.sld, classes), args.network), classes


# ---- how the images were normalised ----


def check_constants(option, values, channels):
    """Of pixel/255: a mean in 0..1, a deviation above 0 and at most 1, one for each channel of the images."""
    least = "0 to 1" if option == "--mean" else "%g to 1" % SMALLEST_STD
    for value in values:
        if not (0 <= value <= 1 and (option == "--mean" or np.float32(value) >= np.float32(SMALLEST_STD))):
            raise StudyError("%s: expected numbers of pixel/255, %s, got %g; of pixels of 0 to 255 they are divided by 255"
                             % (option, least, value))
    if channels and len(values) != channels:
        raise StudyError("%s: expected %d value%s, one for each channel that the network takes, got %d" % (
            option, channels, "s" if channels > 1 else "", len(values)))


def normalisation(args, channels=None):
    """(mean, std); channels: what they are checked against, once it is known."""
    if args.data and (args.mean or args.std):
        raise StudyError("--data %s: expected it alone, or --mean and --std, got both; leave one out" % args.data)
    if not args.data and not (args.mean and args.std):
        raise StudyError("how the images were normalised is not in a state dict: give --data %s, or --mean and --std"
                         % "|".join(sorted(DATA)))
    mean, std = DATA[args.data] if args.data else (args.mean, args.std)
    for option, values in (("--mean", mean), ("--std", std)):
        check_constants("--data %s" % args.data if args.data else option, values, channels)
    return np.asarray(mean, np.float32), np.asarray(std, np.float32)


# ---- the two directions ----


def with_counters(tensors, shapes):
    """In state_dict order, each batch norm's counter behind its running variance; 0 where the file has none."""
    out = OrderedDict()
    for name in shapes:
        out[name] = torch.from_numpy(tensors[name].copy())
        if name.endswith("running_var"):
            counter = name[:-len("running_var")] + COUNTER
            out[counter] = torch.tensor(int(tensors.get(counter, 0)))
    return out


def to_sld(args):
    normalisation(args)
    tensors, network, classes = choose(args)
    tensors = OrderedDict((name, value) for name, value in tensors.items() if not name.endswith(COUNTS_OF_COST))
    known = networks_of(args.sld, classes)[network]
    channels, size = channels_of(tensors, known["shapes"]), args.input_size or known["input_size"]
    mean, std = normalisation(args, channels)
    weights_file.write(args.target, weights_file.Weights(tensors, network, classes, {
        "channels": np.int32(channels), "input_size": np.int32(size), "mean": mean, "std": std}))
    print("%s: %s, %d classes, %dx%d, %d tensors" % (args.target, network, classes, size, size, len(tensors)))


def to_torch(args):
    weights = weights_file.read(args.source)
    networks = networks_of(args.sld, weights.classes)
    network = find_network(args.source, weights.tensors, networks, args.network or weights.network)
    shapes = networks[network]["shapes"]
    channels, constants = channels_of(weights.tensors, shapes), len(weights.head["mean"])
    if constants != channels:
        raise StudyError("%s: attribute mean: expected %d value%s, one for each channel that the network takes, got %d" % (
            args.source, channels, "s" if channels > 1 else "", constants))
    weights_file.check_values(args.source, {name: weights.tensors[name] for name in shapes})
    stored = weights.network if weights.network in networks else network  # a second name of a network counts as its first
    weights_file.check_content(args.source, weights._replace(network=stored), shapes)
    state = with_counters(weights.tensors, shapes)
    torch_files.save(args.target, state if args.flat else {"model": state})
    print("%s: %s, %d classes, %d tensors" % (args.target, network, weights.classes, len(state)))


def check_settings(args, is_weights):
    """A setting that the direction leaves nothing to do is refused."""
    kind, other = ("weights file", "PyTorch file") if is_weights else ("PyTorch file", "weights file")
    idle = [name for name in OF_ONE_WAY[other] if getattr(args, name) not in (None, False)]
    if idle:
        raise StudyError("--%s: expected a %s as input, got the %s %s, of which it changes nothing; leave it out" % (
            idle[0].replace("_", "-"), other, kind, args.source))
    if args.input_size is not None and not 1 <= args.input_size <= MAX_SIDE:
        raise StudyError("--input-size: expected 1 to %d, got %d" % (MAX_SIDE, args.input_size))


def numbers(text):
    return tuple(float(v) for v in text.split(","))


def main(program, arguments):
    parser = argparse.ArgumentParser(prog=program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.set_defaults(program=program)
    parser.add_argument("source", help="a PyTorch file, or a weights file that ends in .h5")
    parser.add_argument("target", help="the other of the two")
    parser.add_argument("--network", help="its name in sld models; found by the tensors when not given")
    parser.add_argument("--key", help="which of several networks in the file: student, teacher, model_ema ...")
    parser.add_argument("--data", choices=sorted(DATA), help="sets the usual mean and std of this data set")
    parser.add_argument("--mean", type=numbers, help="per channel, of pixels divided by 255: 0.5,0.5,0.5")
    parser.add_argument("--std", type=numbers, help="likewise")
    parser.add_argument("--input-size", type=int, help="height and width; the network's usual size when not given")
    parser.add_argument("--flat", action="store_true", help="write the state dict itself, not {\"model\": state_dict}")
    parser.add_argument("--trust", action="store_true", help="load a .pth that holds other objects than tensors")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("--sld", default=os.environ.get("SLD_BINARY", "sld"), help="the program to ask (default: sld)")
    args = parser.parse_args(arguments)
    kinds = [p.endswith(".h5") for p in (args.source, args.target)]
    if kinds[0] == kinds[1]:
        raise StudyError("one of the two files is a weights file and ends in .h5; found %s and %s" % (args.source, args.target))
    check_settings(args, kinds[0])
    outputs.check(args.target, [args.source], force=args.force)
    (to_torch if kinds[0] else to_sld)(args)
