"""inputs.py: files that are read. Of a pipe, a socket or a device nobody waits for bytes: the rule is that of sld, src/base/file.c."""
import os
import stat

from .errors import StudyError

KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))


def check(path):
    """Refuses what cannot be opened for its bytes. The path."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise StudyError("%s: cannot open: %s" % (path, error.strerror)) from None
    if not stat.S_ISREG(mode):
        raise StudyError("%s: expected a regular file, got %s" % (path, next((word for is_such, word in KINDS if is_such(mode)), "a device")))
    return path
