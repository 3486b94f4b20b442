#!/usr/bin/env python3
"""Cuts cases out of golden files into data/, small enough for the tree, so that a clone alone tests its numbers.

usage: make_excerpts.py FOLDER_OF_GOLDEN_FILES

Values are copied as they are. Images have 256 values: they become bytes and the attribute `palette`.
"""
import pathlib
import sys

import h5py
import numpy as np

DATA = pathlib.Path(__file__).parent / "data"
# Of ImageNet's networks the two lightest: each has two images of 224 x 224.
EXCERPTS = {
    "losses": lambda f: ["small"],
    "rivals": lambda f: ["small"],
    "networks": lambda f: [f"cifar/{name}" for name in f["cifar"]] + ["imagenet/ResNet18", "imagenet/MobileNetV2"],
    "trajectory": lambda f: ["late", "hetero"],
}


def is_image(name):
    return name in ("x", "image_weak", "image_strong")


def copy(source, target):
    """A group with its attributes and data sets."""
    target.attrs.update(source.attrs)
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            copy(item, target.create_group(name))
        elif is_image(name):
            palette, index = np.unique(item[()], return_inverse=True)
            out = target.create_dataset(name, data=index.reshape(item.shape).astype(np.uint8))
            out.attrs["palette"] = np.pad(palette, (0, 256 - len(palette)), mode="edge").astype(np.float32)
        else:
            target.create_dataset(name, data=item[()]).attrs.update(item.attrs)


def main():
    for stem, cases in EXCERPTS.items():
        source, target = pathlib.Path(sys.argv[1]) / f"{stem}.h5", DATA / f"{stem}_small.h5"
        with h5py.File(source, "r") as whole, h5py.File(target, "w", libver="earliest") as cut:
            cut.attrs.update(whole.attrs)
            for case in cases(whole):
                copy(whole[case], cut.require_group(case))
        print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
