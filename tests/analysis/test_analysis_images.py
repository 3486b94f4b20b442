"""sld_analysis import-data of a folder of images: every kind of image file keeps the pixels that it shows or is refused, and what
lies in the folder is taken, told or refused. Skipped without Pillow."""
import os
import shutil
import struct
import subprocess
import sys
import zlib
from unittest import mock

from package import ANALYSIS, needs, said_by

needs("PIL")

import h5py
import numpy as np
from PIL import Image

from harness import check, in_folder
from sld_analysis.__main__ import main as sld_analysis

VALUES = np.arange(64, dtype=np.uint8).reshape(8, 8) * 3
DEEP = VALUES.astype(np.uint16) * 200
GREY, RGB = Image.fromarray(VALUES), Image.fromarray(np.dstack([VALUES, VALUES.T, 255 - VALUES]))
NOISE = Image.fromarray(np.random.default_rng(3).integers(0, 4, (8, 8, 3)).astype(np.uint8))
PALETTE, TWO = RGB.quantize(16), GREY.point(lambda v: 255 * (v > 99))
FRAMES = {"save_all": True, "append_images": [GREY.convert("RGB"), RGB]}


def put(path, content):
    with open(path, "wb") as f:
        f.write(content)


def made(image, **options):
    """Writes an image as the path's ending says."""
    return lambda path: image.save(path, **options)


def with_alpha(image, alpha):
    image = image.copy()
    image.putalpha(alpha)
    return image


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def put_png_48(path):
    """RGB of 16 bits a channel, which Pillow reads and does not write."""
    rows = b"".join(b"\0" + bytes(range(48)) for _ in range(8))
    put(path, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def put_damaged(path, bit):
    """A PNG with another bit among its compressed pixels, some of which Pillow alone reads as other pixels."""
    NOISE.save(path)
    with open(path, "rb") as f:
        content = bytearray(f.read())
    content[content.index(b"IDAT") + 4 + bit // 8] ^= 1 << bit % 8
    put(path, bytes(content))


def put_turned(path):
    exif = RGB.getexif()
    exif[0x0112] = 6
    RGB.save(path, exif=exif)


def folder_of(*first):
    """The folder "one" of the classes a and b, with first, pairs of a name and what writes it, before the image of a in train."""
    shutil.rmtree("one", ignore_errors=True)
    for path in ("one/train/a/1.png", "one/train/b/0.png", "one/test/a/0.png", "one/test/b/0.png"):
        os.makedirs(os.path.dirname(path))
        Image.fromarray(np.full((8, 8, 3), 9, np.uint8)).save(path)
    for name, write in first:
        os.makedirs(os.path.dirname("one/" + name), exist_ok=True)
        write("one/" + name)


def run():
    return said_by(sld_analysis, "import-data", "one", "one.h5")


def refused(path, *says):
    """Refused by that path, whatever was there before stays."""
    code, out, err = run()
    check(code == 2 and not out and err.startswith("sld-analysis import-data: %s: " % path), path, code, err)
    check(all(word in err for word in says), "the message says it", says, err)
    check(not any(name.endswith(".tmp") for name in os.listdir(".")), "nothing is left of a refusal")


def taken(*says):
    """Its training images; says: what is told, a line each."""
    code, out, err = run()
    check(code == 0 and len(err.splitlines()) == len(says), code, says, err)
    check(all("sld-analysis import-data: " + word in err for word in says), "told", says, err)
    with h5py.File("one.h5") as f:
        return f["train/images"][()]


def check_refused():
    """What Pillow would clip, cut or leave out."""
    eight, opaque, frames = "expected 8 bits a ", "expected opaque pixels, got transparent ones", "expected one image, got 3 frames"
    for name, write, says in (
            ("0.png", made(Image.fromarray(DEEP)), eight + "pixel, got 16 with values of 0 to 37800"),
            ("0.tif", made(Image.fromarray(DEEP)), eight + "pixel, got 16 with values of 0 to 37800"),
            ("0.pgm", lambda path: put(path, b"P5 8 8 65535\n" + DEEP.astype(">u2").tobytes()), eight + "pixel, got 16"),
            ("0.ppm", lambda path: put(path, b"P6 8 8 1000\n" + bytes(384)), eight + "channel, got 16"),
            ("0.png", put_png_48, eight + "channel, got 16"),
            ("0.tif", made(Image.fromarray(VALUES / np.float32(255))), "got Pillow's mode F"),
            ("0.tif", made(Image.fromarray(VALUES.astype(np.int32))), "got Pillow's mode I"),
            ("0.tif", made(Image.frombytes("LAB", (8, 8), bytes(192))), "got Pillow's mode LAB"),
            *(("0." + ending, made(with_alpha(image, GREY)), opaque) for image in (RGB, GREY) for ending in ("png", "tif")),
            ("0.webp", made(with_alpha(RGB, GREY)), opaque),
            ("0.png", made(PALETTE, transparency=PALETTE.getpixel((0, 0))), opaque), ("0.png", made(PALETTE, transparency=bytes(range(16))), opaque),
            ("0.png", made(GREY, transparency=30), opaque), ("0.png", made(RGB, transparency=RGB.getpixel((2, 3))), opaque),
            *(("0." + ending, made(RGB, **FRAMES), frames) for ending in ("png", "tif", "webp")),
            ("0.png", lambda path: RGB.save(path, "GIF", **FRAMES), frames),
            ("0.png", lambda path: put(path, b""), "got an empty file"), ("0.jpg", lambda path: put(path, b"text"), "no format that Pillow knows")):
        folder_of(("train/a/" + name, write))
        refused("one/train/a/" + name, says)
    for bit in range(400, 680, 7):
        folder_of(("train/a/0.png", lambda path: put_damaged(path, bit)))
        refused("one/train/a/0.png", "expected an image: ")


def check_taken():
    """The pixels that the file shows; what a viewer may show otherwise is told once."""
    deep = Image.fromarray(VALUES.astype(np.uint16) * 257)
    for name, write, wanted in (("0.png", made(deep), GREY), ("0.tif", made(deep), GREY), ("0.png", made(TWO.convert("1")), TWO),
                                ("0.png", made(PALETTE), PALETTE), ("0.bmp", made(PALETTE), PALETTE), ("0.ppm", made(RGB), RGB),
                                *(("0." + ending, made(with_alpha(image, 255)), image) for image in (RGB, GREY) for ending in ("png", "tif")),
                                ("0.png", made(RGB, transparency=(1, 2, 3)), RGB)):
        folder_of(("train/a/" + name, write))
        check(np.array_equal(taken()[0], np.asarray(wanted.convert("RGB"))), "the file's pixels", name)
    for write, says in ((made(RGB.convert("CMYK")), "CMYK: taken as RGB"), (put_turned, "an EXIF orientation: the pixels are taken as stored")):
        folder_of(("train/a/0.jpg", write), ("test/b/1.jpg", write))
        taken("one/train/a/0.jpg and 1 more: " + says)


def link(to):
    return lambda path: os.symlink(to, path)


def check_folder():
    """What lies in a class's folder and below it, as ImageFolder goes through it; hidden names are left out, as copies and previews are."""
    folder_of(("train/a/X.PNG", lambda path: RGB.save(path, "PNG")), ("train/a/0.JpG", lambda path: RGB.save(path, "PNG")), ("train/a/y.png/z.png", made(GREY)))
    images = taken()
    check(len(images) == 5 and [int(i[0, 1, 1]) for i in images] == [RGB.getpixel((1, 0))[1], 9, RGB.getpixel((1, 0))[1], 3, 9], "order", images[:, 0, 1, 1])
    folder_of(("other/0.png", made(GREY)), ("train/a/more", link("../../other")))
    check(len(taken("one: not taken: other")) == 3, "a folder that a link leads to")
    for name, to in (("train/a/up", ".."), ("train/a/deep/up", "../../a"), ("test/b/self", ".")):
        folder_of((name, link(to)))
        refused("one/" + name if to != ".." else "one/train/a/up/a", "a link that leads back to", "remove it")
    for name, to, says in (("0.png", "0.png", "Too many levels of symbolic links"), ("0.png", "nowhere", "No such file")):
        folder_of(("train/a/" + name, link(to)))
        refused("one/train/a/" + name, "cannot open: " + says)
    folder_of(("train/c", link("c")))
    check(len(taken("one: not taken, as no image in a class's folder (.png")) == 2, "a class that is a link to itself")
    folder_of(("train/.c/0.png", made(GREY)), ("train/a/.thumbnails/0.png", made(GREY)), ("train/a/._1.png", lambda path: put(path, b"\0\5\26\7")), ("train/.x", link("x")))
    check(len(taken("one: not taken, as the name is hidden: one/train/.c and 2 more")) == 2, "hidden names")
    folder_of(("train/a/below/0.png", made(GREY)))
    real = os.listdir
    with mock.patch("os.listdir", lambda path: real(path) if not str(path).endswith("below") else real("/proc/none")):
        refused("one/train/a/below", "cannot list: No such file")


def check_classes():
    """A class of which a split has no image is told where others are, and refused where it has none to learn from."""
    folder_of(("train/c/0.png", made(GREY)), ("train/d/0.png", made(GREY)))
    taken("one: test: no image of class c and 1 more, of 4; no result says how well")
    folder_of(("test/c/0.png", made(GREY)))
    refused("one/test", "class c has no images in one/train")
    x, y = np.zeros((6, 8, 8), np.uint8), np.arange(6) % 3
    for train, test, says in ((y + 1, y + 1, ["train: no image of class 0, of 4; no student", "test: no image of class 0, of 4; no result"]),
                              (y, y % 2, ["test: no image of class 2, of 3"]), (y * 2, y * 2, ["train: no image of class 1 and 1 more, of 5", "test: "]), (y, y, [])):
        np.savez("few.npz", x_train=x, y_train=train, x_test=x, y_test=test)
        code, out, err = said_by(sld_analysis, "import-data", "few.npz", "few.h5")
        lines = err.splitlines()
        check(code == 0 and len(lines) == len(says) and all("few.npz: " + word in line for word, line in zip(says, lines)), says, code, err)
        check(("subtract 1" in err) == (train[0] == 1), "labels that begin at 1", err)


def latin1(path):
    return os.fsdecode(path.encode("latin-1"))


def check_names():
    """Names that are not UTF-8 are read as Latin-1 and told; in messages their bytes are shown, as are controls of a terminal."""
    told = "one: class \u00e9: the name is not UTF-8, read as Latin-1"
    folder_of(*((latin1(split + "/\u00e9/0.png"), made(GREY)) for split in ("train", "test")), ("train/z\u00fc/0.png", made(GREY)), ("test/z\u00fc/0.png", made(GREY)))
    taken(told)
    with h5py.File("one.h5") as f:
        check(list(f["class_names"].asstr()) == ["a", "b", "z\u00fc", "\u00e9"], "names", list(f["class_names"].asstr()))
    folder_of(*((path, made(GREY)) for split in ("train", "test") for path in (latin1(split + "/\u00e9/0.png"), split + "/\u00e9/0.png")))
    refused("one", "class \u00e9: expected each name once, got it twice")
    for name, shown in ((latin1("\u00e9.png"), "\\xe9.png"), ("x\x1b[31m\n\u202e.png", "x\\x1b[31m\\n\\u202e.png")):
        folder_of(("train/a/" + name, lambda path: put(path, b"")))
        refused("one/train/a/" + shown)
    folder_of()
    x, y = np.zeros((4, 8, 8), np.uint8), np.arange(4) % 2
    os.rename("one", latin1("s\u00e9t"))
    for part in ("dist/iife/h5wasm.js", "LICENSE.txt"):
        os.makedirs(os.path.dirname("h5wasm/" + part), exist_ok=True)
        put("h5wasm/" + part, b"")
    for command, says in ((("import-data", b"s\xe9t", b"o\xe9.h5"), "o\\xe9.h5: s\u00e9t, 2 training"), (("viewer", "--h5wasm", "h5wasm", "-o", b"\xe9.html"), "\\xe9.html\n")):
        done = subprocess.run([sys.executable, "-m", "sld_analysis", *command], capture_output=True, env=dict(os.environ, PYTHONPATH=ANALYSIS))
        check(done.returncode == 0 and done.stdout.decode().startswith(says) and not done.stderr, done)
    np.savez("few.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    os.rename("few.npz", latin1("n\u00e9.npz"))
    check(said_by(sld_analysis, "import-data", latin1("n\u00e9.npz"), "n.h5")[0] == 0, "a file of arrays")
    path = latin1("\u00e9.h5")
    for verb in (("report", path), ("trials", path), ("config", path, "id"), ("merge", path, path, "-o", "n.h5"), ("probe-linear", path, path),
                 ("viewer", "--h5wasm", path), ("import-data", path, "n.h5"), ("viewer", "-o", path + "/"), ("import-data", "one.h5", path + "/x")):
        code, out, err = said_by(sld_analysis, *verb)
        check(code == 2 and "\\xe9.h5" in err and "internal" not in err, verb, code, err)


def check_memory():
    """Too little memory while EXIF is read is no image without EXIF."""
    folder_of()
    with mock.patch.object(Image.Image, "getexif", side_effect=MemoryError):
        code, out, err = run()
    check(code == 1 and not out and "out of memory" in err, code, err)


def main():
    check_refused()
    check_taken()
    check_folder()
    check_classes()
    check_names()
    check_memory()


in_folder(main)
