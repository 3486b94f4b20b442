"""analysis/torch_weights.py: there and back bit for bit, the forms in which public teachers come, and what is said of a
file that is none. Skipped without torch."""
import os
import shutil
import subprocess
import sys
import zipfile
from collections import OrderedDict, defaultdict
from pathlib import Path
from unittest import mock

from package import ANALYSIS, needs, said_by

needs("torch")

import h5py
import numpy as np
import torch

from sld_analysis import weights_file
from sld_analysis.__main__ import main as sld_analysis
from harness import SLD, check, expect, in_folder, sld, write

DATA = ("--data", "cifar100")
TEACHERS = os.environ.get("SLD_TEACHERS_DIR", "")


class Said:
    """What a call of the script left, in the form of a finished program: loading torch once is enough."""
    def __init__(self, arguments):
        self.code, self.out, self.err = said_by(sld_analysis, "torch-weights", "--sld", SLD, *arguments)


class Hook:
    """A pickle of it runs a command where it is loaded in trust."""

    def __reduce__(self):
        return os.system, ("touch ran",)


def convert(*args):
    """A file that is there is written over."""
    return Said(args + ("--force",))


def equal(a, b):
    return list(a) == list(b) and all(x.dtype == y.dtype and torch.equal(x, y) for x, y in zip(a.values(), b.values()))


def there_and_back(state, saved, *args, legacy=False):
    """Saved in some form, converted, converted back: the same tensors under the same names in the same order."""
    torch.save(saved, "in.pth", _use_new_zipfile_serialization=not legacy)
    expect(convert("in.pth", "out.h5", *args), 0, "out.h5: ")
    expect(convert("out.h5", "back.pth"), 0, "back.pth: ")
    check(equal(torch.load("back.pth")["model"], state), "there and back", args)


def resnet8(seed):
    """A state dict as PyTorch would save one, from the shapes of a weights file that sld wrote."""
    generator = torch.Generator().manual_seed(seed)
    with h5py.File("runs/small/last.h5") as f:
        shapes = {k: v.shape for k, v in f["model"].items()}
    order = [l.split()[0] for l in sld("models", "resnet8", ranks=0).out.split("\n\n")[1].splitlines()[1:]]
    check(sorted(order) == sorted(shapes), "sld models lists the tensors of a weights file")
    state = OrderedDict()
    for name in order:
        state[name] = torch.rand(shapes[name], generator=generator) + 0.5
        if name.endswith("running_var"):
            state[name[:-len("running_var")] + "num_batches_tracked"] = torch.tensor(seed)
    return state


def check_forms(state):
    data = ("--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25")
    there_and_back(state, state, *data)  # flat
    for key in ("model", "state_dict", "net"):
        there_and_back(state, {key: state, "epoch": 240, "best_acc": 71.25, "acc": np.float64(0.5)}, *data)
    there_and_back(state, {"model": OrderedDict(("module." + k, v) for k, v in state.items())}, *data)
    there_and_back(state, state, "--network", "resnet8", *data)
    there_and_back(state, {"model": state, "best_acc": 71.25}, *data, legacy=True)  # before PyTorch 1.6
    there_and_back(state, OrderedDict((k, torch.nn.Parameter(v) if "weight" in k else v) for k, v in state.items()), *data)
    halves = OrderedDict((k, v.half() if v.is_floating_point() else v) for k, v in state.items())
    there_and_back(OrderedDict((k, v.float() if v.dtype == torch.half else v) for k, v in halves.items()), halves, *data)
    expect(sld("eval", "out.h5", "data.format=synthetic", "synthetic.test=64", ranks=0), 0, "top-1")


def check_several(state):
    """Files of distillation codes and wrappers: several networks, an averaged copy, a prefix, scalars of NumPy 2."""
    data = ("--data", "cifar100")
    other = OrderedDict((k, v + 1 if v.is_floating_point() else v) for k, v in state.items())
    latest = OrderedDict([("module.student." + k, v) for k, v in state.items()] + [("module.teacher." + k, v) for k, v in other.items()])
    torch.save({"epoch": 240, "model": latest, "best_acc": 71.0}, "latest")
    expect(convert("latest", "no.h5", *data), 2, "several networks", "--key", "model.module.student (resnet8)", "model.module.teacher (resnet8)")
    for key, wanted in (("student", state), ("teacher", other), ("model.module.student", state)):
        expect(convert("latest", "one.h5", "--key", key, *data), 0, "resnet8")
        expect(convert("one.h5", "back.pth"), 0)
        check(equal(torch.load("back.pth")["model"], wanted), "the network that was asked for", key)
    expect(convert("latest", "no.h5", "--key", "pupil", *data), 2, "--key pupil")
    torch.save({"state_dict": state, "state_dict_ema": other}, "ema.pth")
    expect(convert("ema.pth", "one.h5", *data), 0, "also holds state_dict_ema")
    expect(convert("ema.pth", "one.h5", "--key", "state_dict_ema", *data), 0)
    expect(convert("one.h5", "back.pth"), 0)
    check(equal(torch.load("back.pth")["model"], other), "the average")
    for prefix in ("backbone.", "_orig_mod.", "module.model.", "ema_model.module."):
        there_and_back(state, OrderedDict((prefix + k, v) for k, v in state.items()), *data)
    wrapped = OrderedDict([("n_averaged", torch.tensor(3))] + [("module." + k, v) for k, v in state.items()])
    there_and_back(state, wrapped, *data)
    name = b"numpy.core.multiarray" if np.lib.NumpyVersion(np.__version__) < "2.0.0" else b"numpy._core.multiarray"
    torch.save({"model": state, "best_acc": np.float64(0.5)}, "numpy1.pth", _use_new_zipfile_serialization=False)
    with open("numpy1.pth", "rb") as f:
        content = f.read()
    check(name in content, "a NumPy scalar is in the file")
    with open("numpy2.pth", "wb") as f:
        f.write(content.replace(b"cnumpy.core.multiarray\n", b"cnumpy._core.multiarray\n"))
    expect(convert("numpy2.pth", "one.h5", *data), 0, "resnet8")
    # Objects of other classes beside the tensors are passed over, and no code that a file names runs; dicts may lie in dicts.
    torch.save({"model": state, "args": os.stat_result(range(10)), "groups": defaultdict(list, a=[Path("x")]), "hook": Hook()}, "objects.pth")
    expect(convert("objects.pth", "one.h5", *data), 0, "resnet8")
    check(not os.path.exists("ran"), "code of the file ran")
    torch.save({"checkpoint": {"model": {"student": state, "teacher": other}}}, "deep.pth")
    expect(convert("deep.pth", "one.h5", "--key", "model.teacher", *data), 0, "resnet8")
    expect(convert("one.h5", "back.pth"), 0)
    check(equal(torch.load("back.pth")["model"], other), "the network that was asked for, below three keys")
    os.makedirs("folder.h5", exist_ok=True)
    expect(convert("latest", "folder.h5", "--key", "student", *data), 2, "folder.h5: expected the name of a file, got a folder")


def check_sld_weights():
    """What sld wrote becomes a state dict that comes back as the same tensors."""
    expect(convert("runs/small/last.h5", "last.pth"), 0)
    expect(convert("last.pth", "last.h5", "--data", "cifar100"), 0, "resnet8, 20 classes")
    with h5py.File("last.h5") as a, h5py.File("runs/small/last.h5") as b:
        check(all((a["model"][k][()] == b["model"][k][()]).all() for k in b["model"]), "the same tensors")
        check(all(a.attrs[k] == b.attrs[k] for k in ("network", "classes", "input_size", "channels")), "attributes")


def check_errors(state):
    data = ("--data", "cifar100")
    wide = OrderedDict(state, **{"layer1.0.conv2.weight": torch.zeros(16, 16, 5, 5)})
    torch.save(wide, "wide.pth")
    expect(convert("wide.pth", "no.h5", *data), 2, "wide.pth", "nearest: resnet8",
           "tensor layer1.0.conv2.weight: expected shape (16,16,3,3), got (16,16,5,5)")
    torch.save(state, "in.pth")
    expect(convert("in.pth", "no.h5", "--network", "resnet14", *data), 2, "in.pth is not a resnet14",
           "nearest network: resnet8", "tensor layer1.1.conv1.weight: expected shape (16,16,3,3), got none")
    expect(convert("in.pth", "no.h5", "--network", "resnet9", *data), 2, "no network 'resnet9'")
    expect(convert("in.pth", "no.h5"), 2, "--data")
    torch.save(OrderedDict(state, **{"bn1.bias": torch.full((16,), float("nan"))}), "nan.pth")
    expect(convert("nan.pth", "no.h5", *data), 2, "bn1.bias: element 0: expected a finite value, got nan; 16 of its 16")
    torch.save(OrderedDict(state, **{"bn1.bias": torch.full((16,), 0.1, dtype=torch.float64)}), "double.pth")
    expect(convert("double.pth", "no.h5", *data), 2, "bn1.bias", "float64")
    torch.save({"epoch": 3, "best": 0.5}, "none.pth")
    expect(convert("none.pth", "no.h5", *data), 2, "no state dict", "epoch, best")
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 2)), "objects.pth")
    expect(convert("objects.pth", "no.h5", *data), 2, "torch.nn.modules.container.Sequential", "--trust")
    with open("text.pth", "w") as f:
        f.write("no tensors here")
    expect(convert("text.pth", "no.h5", *data), 2, "text.pth is not a file of torch.save: it is a text")
    other_files(state, data)
    expect(convert("absent.pth", "no.h5", *data), 2, "absent.pth", "No such file")
    expect(convert("in.pth", "absent/no.h5", *data), 2, "absent/no.h5: there is no folder absent")
    check(not os.path.exists("no.h5") and not any(f.endswith(".tmp") for f in os.listdir(".")), "nothing is left of a refusal")


def other_files(state, data):
    """What is no file of tensors is named, and --trust advised where an object stands in the way alone."""
    with open("in.pth", "rb") as f:
        whole = f.read()
    for content, words in ((b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"), (b"<!DOCTYPE html>\n<html>", "a web page"),
                           (whole[:5000], "a zip file that is cut off"), (whole[:-50], "a zip file that is cut off"), (b"", "it is empty"),
                           (b"\x1f\x8b\x08\0", "an archive")):
        with open("other.pth", "wb") as f:
            f.write(content)
        for more in ((), ("--trust",)):
            said = expect(convert("other.pth", "no.h5", *data, *more), 2, "other.pth is not a file of torch.save: it is", words)
            check("--trust" not in said.err, said.err)
    for saved, words, more in (
            ({k: v.numpy() for k, v in state.items()}, "expected tensors, got arrays of NumPy", ("--trust",)),
            ({k: v.to("meta") for k, v in state.items()}, "the device meta", ("--trust",)),
            (OrderedDict(state, **{"conv1.weight": state["conv1.weight"].to(torch.int8)}), "got torch.int8", ()),
            (OrderedDict(state, **{"fc.weight": state["fc.weight"][:1], "fc.bias": state["fc.bias"][:1]}), "expected the weights of 2 classes or more, got 1", ()),
            (OrderedDict((k.replace("fc.", "linear."), v) for k, v in state.items()), 'state["fc.weight"] = state.pop("linear.weight")', ()),
            (OrderedDict(state, extra=torch.zeros(3)), 'state.pop("extra")', ())):
        torch.save(saved, "other.pth")
        expect(convert("other.pth", "no.h5", *data, *more), 2, "other.pth", words)
    counted = OrderedDict(state, **{"total_ops": torch.zeros(1), "layer1.total_params": torch.zeros(1)})  # of thop.profile
    torch.save(counted, "other.pth")
    expect(convert("other.pth", "counted.h5", *data), 0, "resnet8")
    with h5py.File("counted.h5") as f:
        check(not [name for name in f["model"] if "total" in name], "no weights", list(f["model"]))


def refused(source, target, *says, args=()):
    expect(convert(source, target, *args), 2, "sld-analysis torch-weights: ", *says)
    check(not os.path.exists(target), "nothing is left of a refusal", source, args)


def flipped(source, target, place, end=None):
    """A copy in which one bit is another."""
    with open(source, "rb") as f:
        content = bytearray(f.read()[:end])
    content[place] ^= 1
    with open(target, "wb") as f:
        f.write(content)


def check_damaged(state):
    """A file that has changed since it was written is refused, by its checksums. Both ways."""
    with h5py.File("runs/small/last.h5") as f:
        place = f["model/fc.weight"].id.get_offset()
        check(weights_file.content_sha256(f.attrs["network"], {k: v[()] for k, v in f["model"].items()}, f.attrs["mean"], f.attrs["std"])
              == f.attrs["content_sha256"], "as sld makes it")
    flipped("runs/small/last.h5", "bit.h5", place)
    refused("bit.h5", "no.pth", "bit.h5: damaged: the SHA-256 of its bytes")
    for end in (-1, -40, -70):  # the checksum line is cut
        with open("runs/small/last.h5", "rb") as whole, open("cut.h5", "wb") as f:
            f.write(whole.read()[:end])
        refused("cut.h5", "no.pth", "cut.h5: damaged: the SHA-256 of its bytes")
    flipped("runs/small/last.h5", "bit.h5", place, -76)  # as h5repack leaves it, without the checksum line
    refused("bit.h5", "no.pth", "bit.h5: damaged: the SHA-256 of its network, mean, std and tensors", "content_sha256")
    shutil.copy("runs/small/last.h5", "mean.h5")
    with h5py.File("mean.h5", "r+") as f:
        f.attrs["mean"] = np.full(3, 0.25, np.float32)
    refused("mean.h5", "no.pth", "mean.h5: damaged", "delete that attribute")
    with h5py.File("mean.h5", "r+") as f:
        del f.attrs["content_sha256"]
    expect(convert("mean.h5", "yes.pth"), 0)
    torch.save(state, "whole.pth")
    with zipfile.ZipFile("whole.pth") as z:
        part = max(z.infolist(), key=lambda i: i.file_size)
    flipped("whole.pth", "bit.pth", part.header_offset + part.file_size // 2 + 200)
    refused("bit.pth", "no.h5", "bit.pth: damaged: Bad CRC-32", args=DATA)


def with_value(path, name, value, dtype):
    """A weights file of another program, in which one element is that value."""
    with h5py.File("runs/small/last.h5") as whole, h5py.File(path, "w") as f:
        f.attrs.update({k: v for k, v in whole.attrs.items() if k != "content_sha256"})
        for tensor, values in whole["model"].items():
            f["model/" + tensor] = values[()].astype(dtype)
        f["model/" + name][(2,) * f["model/" + name].ndim] = value


def check_values(state):
    """Values that no network can work with, both ways."""
    for name, value, says in (("fc.weight", np.nan, "a finite value, got nan"), ("fc.weight", np.inf, "a finite value, got inf"),
                              ("bn1.running_var", -1.0, "a variance of at least 0, got -1")):
        with_value("value.h5", name, value, "f4")
        refused("value.h5", "no.pth", "value.h5: tensor %s: element " % name, says)
        other = state[name].clone()
        other[(2,) * other.ndim] = value
        torch.save(OrderedDict(state, **{name: other}), "value.pth")
        refused("value.pth", "no.h5", "value.pth: tensor %s: element " % name, says, args=DATA)
    for name, value, says in (("mean", [0.5, np.nan, 0.5], "got 0.5 nan 0.5"), ("std", [0.5, 0.0, 0.5], "above 0, got 0.5 0.0 0.5"),
                              ("std", [0.5], "one for each channel"), ("classes", 0, "a whole number above 0, got 0")):
        with_value("value.h5", "fc.bias", 0.5, "f4")
        with h5py.File("value.h5", "r+") as f:
            f.attrs[name] = value
        refused("value.h5", "no.pth", "value.h5: attribute %s: expected " % name, says)
    with_value("value.h5", "fc.bias", 0.5, "f4")
    with h5py.File("value.h5", "r+") as f:
        f.attrs["mean"] = f.attrs["std"] = [0.5]
    refused("value.h5", "no.pth", "attribute mean: expected 3 values, one for each channel that the network takes, got 1")
    with_value("value.h5", "fc.bias", 1e300, "f8")
    refused("value.h5", "no.pth", "tensor fc.bias: element 2: expected a finite value, got inf")
    with h5py.File("value.h5", "r+") as f:
        del f["model/fc.bias"]
        f["model/fc.bias/x"] = 1.0
    refused("value.h5", "no.pth", "tensor fc.bias: expected numbers, got a group")


def check_constants(state):
    """Of pixel/255, one for each channel of the network."""
    torch.save(state, "in.pth")
    of_255 = "; of pixels of 0 to 255 they are divided by 255"
    for mean, std, says in (("127,127,127", "46,46,46", "--mean: expected numbers of pixel/255, 0 to 1, got 127" + of_255),
                            (".5,.5,.5", "46,46,46", "--std: expected numbers of pixel/255, 1e-05 to 1, got 46"),
                            ("nan,.5,.5", ".2,.2,.2", "--mean: expected numbers of pixel/255, 0 to 1, got nan"),
                            (".5,.5,.5", ".2,inf,.2", "--std: expected numbers of pixel/255, 1e-05 to 1, got inf"),
                            (".5,.5,.5", ".2,0,.2", "got 0"), (".5,.5,.5", ".2,1e-60,.2", "got 1e-60"), (".5,.5,.5", "-.2,.2,.2", "got -0.2"),
                            (".5", ".2", "--mean: expected 3 values, one for each channel that the network takes, got 1"),
                            (".5,.5", ".2,.2", "--mean: expected 3 values, one for each channel that the network takes, got 2"),
                            (".5,.5,.5", ".2,.2", "--std: expected 3 values, one for each channel that the network takes, got 2"),
                            (".5,.5,.5,.5", ".2,.2,.2,.2", "got 4")):
        refused("in.pth", "no.h5", says, args=("--mean=" + mean, "--std=" + std))
    grey = OrderedDict(state, **{"conv1.weight": state["conv1.weight"][:, :1].clone()})  # of images with one channel
    torch.save(grey, "grey.pth")
    refused("grey.pth", "no.h5", "--data cifar100: expected 1 value, one for each channel", args=DATA)
    there_and_back(grey, grey, "--mean", ".5", "--std", ".2")
    with h5py.File("out.h5") as f:
        check(f.attrs["channels"] == 1 and f.attrs["mean"] == np.float32(0.5) and f.attrs["std"] == np.float32(0.2), "one channel")


def check_memory(state):
    """Too little memory is no fault of the file, by Python's error or by PyTorch's."""
    torch.save(state, "short.pth")
    for error in (MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")):
        with mock.patch.object(torch, "load", side_effect=error):
            done = convert("short.pth", "short.h5", "--data", "cifar100")
        check(done.code == 1 and not done.out and "out of memory" in done.err and not os.path.exists("short.h5"), done.code, done.err)


def check_idle(state):
    """A setting that changes nothing is refused."""
    torch.save(state, "in.pth")
    torch.save({"model": state}, "keyed.pth")
    for source, target, args, says in (
            ("in.pth", "no.h5", DATA + ("--key", "foo"), "--key foo: expected networks under keys, got one state dict"),
            ("keyed.pth", "no.h5", DATA + ("--key", "foo"), "--key foo: expected one of model"),
            ("in.pth", "no.h5", DATA + ("--input-size", "0"), "--input-size: expected 1 to 4096, got 0"),
            ("in.pth", "no.h5", DATA + ("--input-size", "4097"), "got 4097"),
            ("in.pth", "no.h5", DATA + ("--mean", ".5,.5,.5", "--std", ".2,.2,.2"), "--data cifar100: expected it alone"),
            ("in.pth", "no.h5", DATA + ("--std", ".2,.2,.2"), "--data cifar100: expected it alone"),
            ("in.pth", "no.h5", DATA + ("--flat",), "--flat: expected a weights file as input, got the PyTorch file in.pth"),
            *(("runs/small/last.h5", "no.pth", args, args[0] + ": expected a PyTorch file as input, got the weights file runs/small/last.h5")
              for args in (DATA, ("--key", "a"), ("--mean", ".5"), ("--std", ".5"), ("--input-size", "32"), ("--trust",)))):
        refused(source, target, says, args=args)
    expect(convert("keyed.pth", "one.h5", "--key", "model", *DATA), 0)
    expect(convert("in.pth", "one.h5", "--input-size", "64", *DATA), 0, "64x64")


def check_called():
    """A verb calls itself as it was called, from a script of the source tree too."""
    for command in ([sys.executable, ANALYSIS + "/torch_weights.py"], [ANALYSIS + "/sld-analysis", "torch-weights"]):
        done = subprocess.run([*command, "a.pth", "b.pth"], capture_output=True, env=dict(os.environ, SLD_PYTHON=sys.executable))
        check(done.returncode == 2 and done.stderr.startswith(b"sld-analysis torch-weights: one of the two files"), command, done.stderr)


def check_public_teacher():
    path = os.path.join(TEACHERS, "resnet56.pth")
    if not os.path.isfile(path):
        print("SLD_TEACHERS_DIR is not set: no public teacher")
        return
    there_and_back(torch.load(path)["model"], torch.load(path), "--data", "cifar100")
    with h5py.File("out.h5") as ours, h5py.File(os.path.join(TEACHERS, "resnet56.h5")) as theirs:
        check(set(ours["model"]) == set(theirs["model"]), "names of resnet56.h5")
        for name, value in theirs["model"].items():
            check(np.array_equal(ours["model"][name][()], value[()]), name)


def check_torchvision():
    """A state dict of torchvision's ResNet18 is the zoo's ImageNet one, tensor by tensor."""
    try:
        import torchvision
    except ImportError:
        return
    if '"input_size": 224' not in sld("models", "--json", ranks=0).out:
        print("no ImageNet network in this build")
        return
    state = torchvision.models.resnet18().state_dict()
    there_and_back(state, state, "--data", "imagenet")


def main():
    write("small.yaml", "method: none\n")
    expect(sld("run", "small.yaml", "name=small", "student.network=resnet8", "data.format=synthetic",
               "synthetic.train=64", "synthetic.test=64", "train.epochs=1", "train.batch=64", ranks=0), 0)
    state = resnet8(7)
    check_forms(state)
    check_several(state)
    check_sld_weights()
    check_errors(state)
    check_damaged(state)
    check_values(state)
    check_constants(state)
    check_memory(state)
    check_idle(state)
    check_called()
    check_public_teacher()
    check_torchvision()


in_folder(main)
