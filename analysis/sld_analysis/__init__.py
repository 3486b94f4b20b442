"""sld_analysis: studies of knowledge distillation from their HDF5 files alone; sld itself is not needed.

    import sld_analysis
    study = sld_analysis.open("runs/ablation")   # a sweep's folder, a packed study.h5, a run's folder or results.h5, or a list of runs
    study.trials                                 # pandas: one row a trial, one column per option that varies, metrics by stable names
    study.curves("top1_test")                    # pandas: (trial, epoch)
    study.logits(3)                              # numpy: (sample, class) of trial 3, read when asked for; which="teacher", "best"
"""
from .needs import Missing

__all__ = ["open", "Study", "StudyError", "Missing"]
__version__ = "0.1.0"


def open(path):  # the package's one verb: sld_analysis.open(...)
    """Opens a sweep's folder, a packed study, one run, or a list of runs. Raises StudyError with what is wrong."""
    from .study import Study
    return Study(path)


def __getattr__(name):
    if name == "Study":
        from .study import Study
        return Study
    if name == "StudyError":
        from .errors import StudyError
        return StudyError
    raise AttributeError("module %r has no attribute %r" % (__name__, name))
