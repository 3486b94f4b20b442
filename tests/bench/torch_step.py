#!/usr/bin/env python3
"""torch_step.py: samples per second of the SLD training step in PyTorch on this machine's CPUs, for comparison with sld.

One step: teacher forward (evaluation mode, no gradient) and student forward on the weak and the strong view of a global
batch of 64, CE 0.1 and KD 0.9, teacher swap and student swap (not detached) at temperatures 1..6, one backward, SGD with
momentum and weight decay. Random pictures in memory: no loader, which flatters PyTorch. Every arrangement is timed with
channels_last off and on: one process with all cores as threads, and one process of one thread per core under
DistributedDataParallel over gloo (there the batch norm sees its own share of the batch alone, which is less work than
sld's). With `:compile` torch.compile (PyTorch 2) makes teacher and student before the time starts. Prints one JSON line per
arrangement, with the peak resident memory of one of its processes, and one with the best per pair. Under `threads` all is
one process: memory is then that of the hungriest arrangement so far.

usage: torch_step.py [--pairs TEACHER-STUDENT ...] [--arrangements threads ddp threads:channels_last ddp:channels_last
                     threads:channels_last:compile ddp:channels_last:compile]
                     [--teacher-precision f32 bf16] [--seconds S] [--cores N]
"""
import argparse
import json
import os
import re
import tempfile
import time
import warnings

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn as nn
import torch.nn.functional as F

from torch_networks import make_network

BATCH, CLASSES, TEMPERATURES = 64, 100, (1, 2, 3, 4, 5, 6)
CE_WEIGHT, KD_WEIGHT = 0.1, 0.9
ARRANGEMENTS = ("threads", "ddp", "threads:channels_last", "ddp:channels_last")
COMPILED = tuple(a + ":compile" for a in ARRANGEMENTS[2:])


def swap(logits, labels):
    """Exchanges the label's logit with the greatest one; where they are the same entry nothing changes."""
    rows = torch.arange(len(logits))
    top = logits.argmax(1)
    out = logits.clone()
    out[rows, labels] = logits[rows, top]
    out[rows, top] = logits[rows, labels]
    return out


def kl(student, target, temperature):
    """T^2 KL(softmax(target/T) || softmax(student/T)), mean over the batch."""
    return temperature**2 * F.kl_div(F.log_softmax(student / temperature, 1), F.softmax(target / temperature, 1),
                                     reduction="batchmean")


def sld_loss(student, teacher, labels):
    corrected, own = swap(teacher, labels), swap(student, labels)
    distilled = sum(kl(student, corrected, t) + kl(student, own, t) for t in TEMPERATURES)
    return CE_WEIGHT * F.cross_entropy(student, labels) + KD_WEIGHT * distilled


def run_teacher(teacher, x, precision):
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        return teacher(x).float()


def time_steps(pair, precision, batch, words, seconds, wrap=lambda network: network):
    """Steps per second of this process, after a warm-up of three steps; all processes take the same number of steps."""
    torch.manual_seed(1)
    layout = torch.channels_last if "channels_last" in words else torch.contiguous_format
    teacher, student = (make_network(name).to(memory_format=layout) for name in pair.split("-"))
    teacher.eval().requires_grad_(False)
    student = wrap(student.train())
    if "compile" in words:
        teacher, student = torch.compile(teacher), torch.compile(student)
    sgd = torch.optim.SGD(student.parameters(), lr=0.025, momentum=0.9, weight_decay=5e-4)
    views = [torch.randn(batch, 3, 32, 32).contiguous(memory_format=layout) for _ in range(2)]
    labels = torch.randint(0, CLASSES, (batch,))

    def step():
        targets = [run_teacher(teacher, x, precision) for x in views]
        sgd.zero_grad(set_to_none=True)
        sum(sld_loss(student(x), z, labels) for x, z in zip(views, targets)).backward()
        sgd.step()

    for _ in range(2):
        step()
    start = time.perf_counter()
    step()
    steps = torch.tensor([max(3, int(seconds / (time.perf_counter() - start)))])
    if dist.is_initialized():
        dist.broadcast(steps, 0)
        dist.barrier()
    start = time.perf_counter()
    for _ in range(int(steps)):
        step()
    if dist.is_initialized():
        dist.barrier()
    return int(steps) / (time.perf_counter() - start)


def peak_memory_mib():
    """Of this process, resident. Not getrusage(), which in a child starts from what its parent held."""
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read()).group(1)) / 1024


def ddp_rank(rank, cores, rendezvous, pair, precision, words, seconds, result):
    os.sched_setaffinity(0, {cores[rank]})
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", "Grad strides do not match")  # of the 1x1 convolutions, channels_last
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=len(cores))

    def wrap(network):  # two forwards per backward: buffers must not be sent anew in between
        return nn.parallel.DistributedDataParallel(network, gradient_as_bucket_view=True, broadcast_buffers=False)

    rate = time_steps(pair, precision, BATCH // len(cores), words, seconds, wrap)
    if rank == 0:
        result[:] = rate, peak_memory_mib()
    dist.destroy_process_group()


def time_ddp(pair, precision, words, seconds, cores):
    """Steps per second and MiB of one process."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    result = mp.get_context("spawn").Array("d", 2)
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(ddp_rank, (cores, os.path.join(folder, "rendezvous"), pair, precision, words, seconds, result), len(cores))
    return tuple(result)


def time_arrangement(arrangement, pair, precision, seconds, cores):
    kind, *words = arrangement.split(":")
    if kind == "threads":
        rate, memory_mib = time_steps(pair, precision, BATCH, words, seconds), peak_memory_mib()
    else:
        rate, memory_mib = time_ddp(pair, precision, words, seconds, cores)
    return {"pair": pair, "teacher_precision": precision, "arrangement": arrangement, "cores": len(cores), "samples_per_s": round(rate * BATCH, 2),
            "memory_mib": round(memory_mib, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", nargs="+", default=["resnet56-resnet20", "resnet32x4-resnet8x4"])
    parser.add_argument("--arrangements", nargs="+", default=ARRANGEMENTS, choices=ARRANGEMENTS + COMPILED)
    parser.add_argument("--teacher-precision", default="f32", choices=("f32", "bf16"), help="bf16: by autocast")
    parser.add_argument("--seconds", type=float, default=10.0, help="timed per arrangement")
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[: options.cores]
    torch.set_num_threads(len(cores))
    print(json.dumps({"torch": torch.__version__, "onednn": torch.backends.mkldnn.is_available(),
                      "isa": re.findall(r"CPU capability usage: (\S+)", torch.__config__.show()), "cores": len(cores),
                      "batch": BATCH}), flush=True)
    for pair in options.pairs:
        rows = []
        for arrangement in options.arrangements:
            rows.append(time_arrangement(arrangement, pair, options.teacher_precision, options.seconds, cores))
            print(json.dumps(rows[-1]), flush=True)
        best = max(rows, key=lambda row: row["samples_per_s"])
        print(json.dumps({"pair": pair, "best": best["arrangement"], "samples_per_s": best["samples_per_s"]}), flush=True)


if __name__ == "__main__":
    main()
