"""python3 -m sld_analysis: the verbs."""
import argparse
import functools
import os
import sys
import warnings

from . import __version__
from .needs import Missing, check
from .printable import printable

PROGRAM = "sld-analysis"
EPILOG = """
    sld-analysis report runs/ablation -o out/
    sld-analysis report study.h5 -o out/ --pdf --png
    sld-analysis trials study.h5 > trials.csv
    sld-analysis merge part1.h5 part2.h5 -o study.h5
"""


def report(args):
    from . import open as open_study
    from .report import FORMATS, make
    formats = [f for f in FORMATS if getattr(args, f)]
    print(make(open_study(one_or_several(args.study)), args.out, formats, args.force, args.features))


def trials(args):
    from . import open as open_study
    from .table import frame_csv
    sys.stdout.write(frame_csv(open_study(one_or_several(args.study)).trials))


def config(args):
    from . import open as open_study
    from .errors import StudyError
    study = open_study(args.study)
    found = [i for i, one in enumerate(study.trials["id"]) if one == args.id]
    if not found:
        raise StudyError("%s: expected the ID of one of its %d trials, got %s" % (args.study, study.n, args.id))
    sys.stdout.write(study.config(found[0]))


def merge(args):
    from .merge import run
    run(args)


def probe_linear(args):
    from .probe_linear import run
    run(args)


def viewer(args):
    from .viewer import run
    run(args)


# Verbs with arguments of their own, in the module of their name.
OTHERS = {"import-data": "images as people have them (CIFAR's python version, folders, .npz) to a data set for sld",
          "torch-weights": "PyTorch's state dicts to sld's weights and back"}


def other(verb, arguments):
    import importlib
    importlib.import_module("." + verb.replace("-", "_"), __package__).main(PROGRAM + " " + verb, arguments)


def one_or_several(paths):
    return paths[0] if len(paths) == 1 else paths


def parser_of():
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Reports and numbers of a study, from its HDF5 files alone.",
                                     epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version="sld_analysis " + __version__)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    study_help = "a sweep's folder, a packed study, a run's folder or results.h5; several runs: all their folders"
    one = verbs.add_parser("report", help="one HTML page with all tables and figures, the same as Markdown, CSV and LaTeX")
    one.add_argument("study", nargs="+", help=study_help)
    one.add_argument("-o", "--out", default="report", help="folder to write (default: report)")
    one.add_argument("--features", nargs="+", default=[], metavar="FILE", help="of sld eval --features on another data set, train and test: T7")
    one.add_argument("--svg", action="store_true", help="each figure as SVG too, and in the Markdown page")
    one.add_argument("--pdf", action="store_true", help="each figure as PDF too")
    one.add_argument("--png", action="store_true", help="each figure as PNG too, and in the Markdown page where there is no SVG")
    one.add_argument("--force", action="store_true", help="write over files in the folder that no report wrote")
    one.set_defaults(run=report)
    one = verbs.add_parser("trials", help="the frame of trials as CSV: one column per option that varies")
    one.add_argument("study", nargs="+", help=study_help)
    one.set_defaults(run=trials)
    for name, words in OTHERS.items():
        verbs.add_parser(name, help=words, add_help=False)
    one = verbs.add_parser("config", help="the whole experiment of one trial, for sld run")
    one.add_argument("study")
    one.add_argument("id")
    one.set_defaults(run=config)
    one = verbs.add_parser("merge", help="one packed study of several that hold parts of it: other seeds, arms or trials")
    one.add_argument("parts", nargs="+", metavar="PART.h5", help="files of `sld report DIR --pack FILE`, all with --compact or none")
    one.add_argument("-o", "--out", required=True, metavar="STUDY.h5", help="packed study to write")
    one.add_argument("--force", action="store_true", help="write over a file that is no study")
    one.set_defaults(run=merge)
    one = verbs.add_parser("probe-linear", help="a linear classifier on features that sld eval --features wrote of another data set")
    one.add_argument("train", help="features of its training split")
    one.add_argument("test", help="features of its test split")
    one.set_defaults(run=probe_linear)
    one = verbs.add_parser("viewer", help="a page that opens a packed study in the browser, without a server")
    one.add_argument("-o", "--out", default="study.html", help="page to write (default: study.html)")
    one.add_argument("--h5wasm", metavar="FOLDER", help="the npm package h5wasm; fetched by npm when not given")
    one.add_argument("--embed", metavar="STUDY.h5", help="put this packed study into the page")
    one.add_argument("--force", action="store_true", help="write over a file that is no such page")
    one.set_defaults(run=viewer)
    return parser


def main(arguments=None):
    for stream in (sys.stdout, sys.stderr):  # texts are UTF-8, whatever the locale
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="printable")
    arguments = sys.argv[1:] if arguments is None else arguments
    if sys.stdout is None or sys.stderr is None:  # closed by the caller; what is written must not go into a file instead
        return 74
    debug = "--debug" in arguments[:1]
    verb = next((word for word in arguments[debug:debug + 1] if not word.startswith("-")), "")
    name = " ".join([PROGRAM, verb]) if verb else PROGRAM  # by which errors call the program
    try:
        told = functools.lru_cache(maxsize=None)(lambda text: print(printable("%s: warning: %s" % (name, text)), file=sys.stderr))  # each once
        warnings.showwarning = lambda message, *_: told(str(message))
        if verb in OTHERS:
            other(verb, arguments[debug + 1:])
            return 0
        args = parser_of().parse_args(arguments)
        check()
        args.run(args)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # head has what it wanted
    except Missing as error:
        return report_error(name, error, 2, debug)
    except MemoryError:
        return report_error(name, "out of memory", 1, debug)
    except OSError as error:
        return report_error(name, "%s: %s" % (error.filename, error.strerror) if error.filename else error, 74, debug)
    except Exception as error:
        from .errors import StudyError
        if isinstance(error, StudyError):
            return report_error(name, error, 2, debug)
        if debug:
            raise
        return report_error(name, "internal error: %s: %s; --debug shows where" % (type(error).__name__, str(error).split("\n")[0]), 70)
    return 0


def report_error(name, error, code, debug=False):
    if debug:
        import traceback
        traceback.print_exc()
    print("%s: %s" % (name, printable(error)), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
