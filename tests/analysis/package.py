"""package.py: imported first it makes the package sld_analysis and the makers of sweeps importable, before any that is installed."""
import importlib
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
