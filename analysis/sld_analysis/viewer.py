"""viewer.py: a page that opens a packed study in a browser, without a server: h5wasm, which reads HDF5 there, is inlined with its
notice.

    sld-analysis viewer -o study.html                        # fetches h5wasm by npm
    sld-analysis viewer -o study.html --h5wasm node_modules/h5wasm
    sld-analysis viewer -o study.html --embed study.h5       # the study lies in the page
"""
import base64
import html
import os
import shutil
import subprocess
import tarfile
import tempfile

from . import inputs, outputs
from .errors import StudyError
from .page import STYLE
from .table import plain

MARK = "<title>Study viewer</title>"  # by which the verb knows a page of its own
VERSION = "0.10.3"
PARTS = ("dist/iife/h5wasm.js", "LICENSE.txt")
MAX_EMBEDDED = 256 << 20  # bytes: base64 in a page takes four thirds, and the page holds it twice


def from_folder(path):
    """The program and its notice, from npm's folder of the package."""
    out = []
    for part in PARTS:
        try:
            with open(inputs.check(os.path.join(path, part)), encoding="utf-8") as f:
                out.append(f.read())
        except (OSError, StudyError, UnicodeDecodeError) as error:
            raise StudyError("%s: expected the npm package h5wasm with %s: %s" % (path, part, error)) from None
    return out


def fetch():
    """The same by npm, in a folder of its own that goes again."""
    if not shutil.which("npm"):
        raise StudyError("the viewer needs the npm package h5wasm %s: install npm (Debian: npm), or give the package's folder with --h5wasm" % VERSION)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["npm", "pack", "--silent", "h5wasm@" + VERSION], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL)
        packed = [n for n in os.listdir(folder) if n.endswith(".tgz")]
        if done.returncode or not packed:
            raise StudyError("npm pack h5wasm@%s: %s" % (VERSION, (done.stderr.decode(errors="replace").strip().splitlines() or ["no file came"])[-1]))
        with tarfile.open(os.path.join(folder, packed[0])) as tar:
            for part in PARTS:
                member = tar.extractfile("package/" + part)
                os.makedirs(os.path.dirname(os.path.join(folder, part)), exist_ok=True)
                with open(os.path.join(folder, part), "wb") as f:
                    f.write(member.read())
        return from_folder(folder)


def embedded(path):
    """A study inside the page."""
    try:
        if os.path.getsize(inputs.check(path)) > MAX_EMBEDDED:
            raise StudyError("%s: expected at most %d MB to lie in a page, got %d; the page opens it by drop" % (
                path, MAX_EMBEDDED >> 20, os.path.getsize(path) >> 20))
        with open(path, "rb") as f:
            content = f.read()
    except OSError as error:
        raise StudyError("%s: %s" % (path, error.strerror)) from None
    return '<script type="text/plain" id="inside" data-name="%s">%s</script>\n' % (
        html.escape(plain(os.path.basename(path))), base64.b64encode(content).decode())


def page(program, notice, inside=""):
    with open(os.path.join(os.path.dirname(__file__), "viewer.html"), encoding="utf-8") as f:
        head, rest = f.read().split("/*H5WASM*/")
    head = head.replace("/*STYLE*/", STYLE).replace("<!--NOTICE-->", html.escape(notice))
    return head + program.replace("</script", "<\\/script") + rest.replace("<script>\n\"use strict\"", inside + "<script>\n\"use strict\"", 1)


def is_page(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return MARK in f.read(1 << 20)


def run(args):
    outputs.check(args.out, [path for path in (args.embed, args.h5wasm) if path], is_page, args.force, "--out")
    inside = embedded(args.embed) if args.embed else ""
    made = page(*(from_folder(args.h5wasm) if args.h5wasm else fetch()), inside)
    outputs.publish_text(args.out, made)
    print(args.out)
