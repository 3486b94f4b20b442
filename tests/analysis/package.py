"""package.py: imported first it makes the package sld_analysis and the makers of sweeps importable, before any that is installed."""
import contextlib
import importlib
import io
import os
import sys

ANALYSIS = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "analysis"))
sys.path[:0] = [ANALYSIS, os.path.join(ANALYSIS, "..", "tests", "report")]


def needs(*modules):
    """Ends the test as skipped, with the reason, where one of these Python modules is missing."""
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError:
            print("SKIP: no Python module %s" % name)
            sys.exit(77)


def said_by(main, *args):
    """(exit code, standard output, standard error) of a verb of the package, without a process of its own."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(args))
    return code, out.getvalue(), err.getvalue()
