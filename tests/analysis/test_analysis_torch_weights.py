"""analysis/torch_weights.py: there and back bit for bit, the forms in which public teachers come, and what is said of a
file that is none. Skipped without torch."""
import os
from collections import OrderedDict, defaultdict
from pathlib import Path

from package import needs, said_by

needs("torch")

import h5py
import numpy as np
import torch

from sld_analysis import torch_weights
from harness import SLD, check, expect, in_folder, sld, write

TEACHERS = os.environ.get("SLD_TEACHERS_DIR", "")


class Said:
    """What a call of the script left, in the form of a finished program: loading torch once is enough."""
    def __init__(self, arguments):
        self.code, self.out, self.err = said_by(torch_weights.main, "--sld", SLD, *arguments)


class Hook:
    """A pickle of it runs a command where it is loaded in trust."""

    def __reduce__(self):
        return os.system, ("touch ran",)


def convert(*args):
    return Said(args)


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
    expect(convert("latest", "folder.h5", "--key", "student", *data), 2, "a folder or device")


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
    expect(convert("nan.pth", "no.h5", *data), 2, "bn1.bias", "not finite")
    torch.save(OrderedDict(state, **{"bn1.bias": torch.full((16,), 0.1, dtype=torch.float64)}), "double.pth")
    expect(convert("double.pth", "no.h5", *data), 2, "bn1.bias", "float64")
    torch.save({"epoch": 3, "best": 0.5}, "none.pth")
    expect(convert("none.pth", "no.h5", *data), 2, "no state dict", "epoch, best")
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 2)), "objects.pth")
    expect(convert("objects.pth", "no.h5", *data), 2, "torch.nn.modules.container.Sequential", "--trust")
    with open("text.pth", "w") as f:
        f.write("no tensors here")
    expect(convert("text.pth", "no.h5", *data), 2, "text.pth")
    expect(convert("absent.pth", "no.h5", *data), 2, "absent.pth", "No such file")
    expect(convert("in.pth", "absent/no.h5", *data), 2, "absent/no.h5 cannot be written")
    check(not os.path.exists("no.h5") and not any(".tmp-" in f for f in os.listdir(".")), "nothing is left of a refusal")


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
    check_public_teacher()
    check_torchvision()


in_folder(main)
