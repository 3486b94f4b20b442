#!/usr/bin/env python3
"""import_data.py: sld_analysis's verb import-data from the source tree."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sld_analysis.__main__ import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["import-data"] + sys.argv[1:]))
