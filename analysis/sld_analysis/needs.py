"""needs.py: third-party packages, with a clear word in place of a traceback where one is missing."""
import importlib
import os
import sys

DEBIAN = {"h5py": "python3-h5py", "numpy": "python3-numpy", "scipy": "python3-scipy", "pandas": "python3-pandas",
          "matplotlib": "python3-matplotlib", "yaml": "python3-yaml", "xarray": "python3-xarray",
          "sklearn": "python3-sklearn", "torch": "python3-torch", "PIL": "python3-pil"}
SYSTEM = "/usr/bin/python3"


class Missing(Exception):
    """A package that is not there; str() says how to get it."""


def other_python():
    """Debian's packages serve Debian's python, which need not be the first in the path."""
    if os.path.exists(SYSTEM) and os.path.realpath(SYSTEM) != os.path.realpath(sys.executable):
        return ". Debian's packages serve %s; this is %s" % (SYSTEM, sys.executable)
    return ""


def need(name, what_for=""):
    """The package of this name. Missing says what wants it and how it is installed."""
    top = name.split(".")[0]
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if error.name and error.name.split(".")[0] != top:
            top = error.name.split(".")[0]
        raise Missing("the Python package %s is missing%s (Debian: apt install %s)%s"
                      % (top, what_for and ", needed for " + what_for, DEBIAN.get(top, "python3-" + top),
                         other_python())) from None


def check():
    """Raises Missing for the first package that every part needs."""
    for name in ("numpy", "h5py", "yaml", "scipy", "pandas"):
        need(name)
