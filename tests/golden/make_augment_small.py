#!/usr/bin/env python3
"""make_augment_small.py OUT.h5: what Pillow 9.4 gives for small, narrow and grey images.

Layout of augment.h5, one group per size; beyond it magnitudes at and past the ends of the ranges, since the
operations are Pillow's there too. Needs Pillow 9.4, numpy, h5py; the tests need only the file.
"""
import sys

import h5py
import numpy as np
import PIL
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

SIZES = [(1, 1, 3), (3, 2, 1), (21, 24, 3), (28, 28, 1)]  # H, W, C


def affine(image, *matrix):
    return image.transform(image.size, Image.AFFINE, matrix)


# name: operation, magnitudes
FACTORS = [0.05, 0.37, 0.95, 0.0, 1.0, 1.6, -0.3]
OPERATIONS = {
    "Identity": (lambda im, v: im, [0.5]),
    "AutoContrast": (lambda im, v: ImageOps.autocontrast(im), [0.5]),
    "Equalize": (lambda im, v: ImageOps.equalize(im), [0.5]),
    "Rotate": (lambda im, v: im.rotate(v), [-30.0, -7.3, 0.0, 11.9, 30.0, 90.0, 180.0]),
    "Solarize": (ImageOps.solarize, [0.0, 99.5, 128.0, 256.0]),
    "Posterize": (lambda im, v: ImageOps.posterize(im, int(v)), [1.0, 4.0, 6.99, 8.0]),
    "Color": (lambda im, v: ImageEnhance.Color(im).enhance(v), FACTORS),
    "Contrast": (lambda im, v: ImageEnhance.Contrast(im).enhance(v), FACTORS),
    "Brightness": (lambda im, v: ImageEnhance.Brightness(im).enhance(v), FACTORS),
    "Sharpness": (lambda im, v: ImageEnhance.Sharpness(im).enhance(v), FACTORS),
    "ShearX": (lambda im, v: affine(im, 1, v, 0, 0, 1, 0), [-0.3, -0.111, 0.0, 0.3]),
    "ShearY": (lambda im, v: affine(im, 1, 0, 0, v, 1, 0), [-0.3, -0.111, 0.0, 0.3]),
    "TranslateX": (lambda im, v: affine(im, 1, 0, v * im.width, 0, 1, 0), [-0.3, -0.05, 0.02, 0.3]),
    "TranslateY": (lambda im, v: affine(im, 1, 0, 0, 0, 1, v * im.height), [-0.3, -0.05, 0.02, 0.3]),
}
# side as a share of the width, x and y as shares of the size; the last corner lies at the far border
CUTOUTS = [(0.0, 0.5, 0.5), (1e-9, 0.5, 0.5), (0.3, 0.2, 0.9), (0.5, 0.99, 0.04), (1.0, 0.5, 0.5), (1e-9, 1.0, 1.0)]


def image(height, width, channels, rng):
    """Smooth, so that it packs well, with a dark end and few values in one channel."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [40 + 7 * x + 2 * y, 250 - 5 * y - x, 100 + (x // 3 + y // 4) % 9]
    pixels = np.stack(waves[:channels], axis=2) + rng.integers(0, 3, (height, width, channels))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def cutout(image, side, centre):
    side *= image.width
    if side <= 0:
        return image
    x0, y0 = (int(max(0, c - side / 2)) for c in centre)
    box = (x0, y0, min(image.width, x0 + side), min(image.height, y0 + side))
    image = image.copy()
    ImageDraw.Draw(image).rectangle(box, (125, 123, 114))
    return image


def main(path):
    rng = np.random.default_rng(0)
    with h5py.File(path, "w", libver="latest") as out:
        out.attrs["pillow"] = PIL.__version__
        for height, width, channels in SIZES:
            group = out.create_group(f"hw{height}x{width}x{channels}")
            pixels = image(height, width, channels, rng)
            image = Image.fromarray(pixels if channels == 3 else pixels[:, :, 0])

            def put(name, results, **inputs):
                case = group.create_group(name)
                for key, value in inputs.items():
                    case[key] = np.array(value, np.float64)
                outputs = np.stack([np.asarray(r).reshape(pixels.shape) for r in results])
                shape = outputs.shape if name == "Cutout" else (len(results), 1) + pixels.shape
                case.create_dataset("output", data=outputs.reshape(shape), compression="gzip", shuffle=True)

            group["input"] = pixels[np.newaxis]
            for name, (operation, values) in OPERATIONS.items():
                put(name, [operation(image, v) for v in values], value=values)
            if channels == 3:
                centres = [(x * width, y * height) for _, x, y in CUTOUTS]
                sides = [side for side, _, _ in CUTOUTS]
                put("Cutout", [cutout(image, s, c) for s, c in zip(sides, centres)], value=sides, centre=centres)


if __name__ == "__main__":
    main(sys.argv[1])
