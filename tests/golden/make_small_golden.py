#!/usr/bin/env python3
"""Cuts the `small` case of a golden losses.h5 into data/losses_small.h5, so that a clone alone tests its numbers.

usage: make_small_golden.py GOLDEN/losses.h5
"""
import pathlib
import sys

import h5py


def main():
    source = sys.argv[1]
    target = pathlib.Path(__file__).parent / "data" / "losses_small.h5"
    target.parent.mkdir(exist_ok=True)
    with h5py.File(source, "r") as whole, h5py.File(target, "w", libver="earliest") as cut:
        cut.attrs.update(whole.attrs)
        whole.copy("small", cut)
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
