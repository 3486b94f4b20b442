#!/usr/bin/env python3
"""What a step takes on R ranks of machines that a network joins: a model of what is computed and what is sent, one rank per
machine. Prints the efficiency, of one rank, in per cent.

    tests/bench/scaling.py                              # 8, 16 and 64 ranks over the networks below
    tests/bench/scaling.py --ranks 2 --link 200 1       # another network: microseconds, Gbit/s in each direction

    compute * ceil(V / R) / V  +  waits  +  log2(R) * (3 + 3 * pieces) * latency  +  3 (1 - 1/R) * gradient / rate

V = parallel.shards. A reduction below 64 KiB goes whole at each of log2(R) distances. Those of batch norms are on their way while
the rank computes the other view, layer by layer: it waits for what log2(R) * (latency + bytes / rate) is longer than a layer takes,
here an average one, and for both views' at once. Nothing hides the others, three short ones and the gradient, in pieces of 2 MiB: a piece is halved at each
distance, once for each of two views, and gathered once (docs/determinism.md, "Reductions"). links.py measures what a link adds
to a step."""
import argparse
import math

# Pair: seconds of one rank's step of 64 samples (a core with AVX-512), those of them in the student's layers, and what MPI_Isend
# counts on rank 0 in a step of 2 and 4 ranks: messages per distance, bytes of short reductions per distance, bytes of gradients.
PAIRS = {
    "resnet56-resnet20": (0.35, 0.20, 82, 51e3, 1.11e6),
    "resnet32x4-resnet8x4": (1.64, 0.66, 40, 89e3, 4.92e6),
    "wrn_40_2-wrn_16_2": (0.76, 0.40, 61, 59e3, 2.81e6),
    "vgg13-vgg8": (0.78, 0.41, 47, 95e3, 15.85e6),
    "resnet32x4-ShuffleV2": (1.42, 0.47, 212, 519e3, 5.73e6),
    "vgg13-MobileNetV2": (0.42, 0.13, 221, 589e3, 3.19e6),
}
PIECE, OTHERS = 2048 * 1024, 3  # bytes; short reductions beside those of batch norms: two of losses, one before the gradient
LINKS = {"2 us, 200 Gbit/s": (2, 200), "20 us, 25 Gbit/s": (20, 25), "20 us, 10 Gbit/s": (20, 10), "50 us, 1 Gbit/s": (50, 1)}


def link_s(pair, ranks, shards, latency_us, gigabits):
    """What the network adds to a step."""
    _, student_s, messages, short, gradient = PAIRS[pair]
    latency_s, byte_s, distances = latency_us * 1e-6, 8e-9 / gigabits, math.log2(ranks)
    last = OTHERS + 3 * math.ceil(gradient / PIECE)
    norms = messages - last
    layer_s = student_s * math.ceil(shards / ranks) / shards / norms
    waits_s = norms / 2 * max(0, distances * (latency_s + short / messages * byte_s) - layer_s)
    return waits_s + distances * last * latency_s + 3 * (1 - 1 / ranks) * gradient * byte_s


def step_s(pair, ranks, shards, latency_us, gigabits):
    return PAIRS[pair][0] * math.ceil(shards / ranks) / shards + link_s(pair, ranks, shards, latency_us, gigabits)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", default="8,16,64", help="powers of two")
    parser.add_argument("--shards", type=int, default=0, help="parallel.shards (as many as ranks)")
    parser.add_argument("--link", nargs=2, type=float, metavar=("US", "GBIT"), help="latency and rate")
    options = parser.parse_args()
    ranks = [int(r) for r in options.ranks.split(",")]
    for name, link in ({"%g us, %g Gbit/s" % tuple(options.link): options.link} if options.link else LINKS).items():
        print("%-32s" % name + "".join("%6d" % r for r in ranks))
        for pair, (compute_s, *_) in PAIRS.items():
            shares = [compute_s / r / step_s(pair, r, options.shards or max(r, 8), *link) for r in ranks]
            print("%-32s" % pair + "".join("%6.0f" % (100 * s) for s in shares))


if __name__ == "__main__":
    main()
