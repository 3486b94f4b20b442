"""outputs.py: which files a verb may write, and how they come to be there. The rule is that of sld: docs/files.md, "What is there
already"."""
import contextlib
import errno
import os
import re
import secrets

from .errors import StudyError, first_line
from .needs import need

h5py = need("h5py")

# What a run and a sweep write in their folders: src/rundir/names.c, sld_run_is_file.
OF_RUN = re.compile(r"(config|experiment)(-a\d+)?\.yaml|(results|best|last|epoch-\d+|ckpt-\d{7}-\d{9})(-a\d+)?\.h5|log(-a\d+)?\.txt|"
                    r"(lock|progress|outcome)(-a\d+)?")
EMPTY_BYTES = 1 << 16  # of an HDF5 file that is closed before anything is in it, at most
OF_SWEEP, FOLDERS_OF_SWEEP = ("points", "sweep.yaml", "sweep.h5", "report.html", "late-claims"), ("claims", "trials", "teacher-logits")


def sweep_around(folder):
    """The sweep's folder that this real path is, or lies in; None: no sweep's."""
    while not os.path.isfile(os.path.join(folder, "points")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def is_kept(path):
    """Whether a run or a sweep keeps a file of that name in that folder, be it there yet or not."""
    folder, name = os.path.split(os.path.realpath(path))
    if OF_RUN.fullmatch(name) and any(os.path.exists(os.path.join(folder, own)) for own in ("config.yaml", "lock")):
        return True
    sweep = sweep_around(folder)
    return in_folder_of_sweep(folder) or (sweep == folder and name in OF_SWEEP)


def in_folder_of_sweep(folder):
    """Whether a folder is one of those that a sweep has for its files, or lies below one."""
    folder = os.path.realpath(folder)
    sweep = sweep_around(folder)
    return bool(sweep) and os.path.relpath(folder, sweep).split(os.sep)[0] in FOLDERS_OF_SWEEP


def refuse_inputs(where, path, inputs):
    """Never over what is read, by whatever name, nor over a file in a folder that is read."""
    for one in inputs:
        if not os.path.exists(one):
            continue
        if os.path.samefile(path, one):
            raise StudyError("%s is the same file as input %s; choose another name" % (where, one))
        if os.path.isdir(one) and os.path.realpath(path).startswith(os.path.join(os.path.realpath(one), "")):
            raise StudyError("%s exists in the folder %s, which is read; choose another name" % (where, one))


def check(path, inputs=(), is_own=None, force=False, option=""):
    """Refuses an output that must not be written. A new file may be; one that is_own(path) knows as written by the same verb too;
    another with force, unless it is read, or a run or a sweep keeps it, or it lies in a sweep's folder. option: by which the user
    named the path, for messages."""
    where = "%s: %s" % (option, path) if option else path
    folder, name = os.path.split(path)
    if not name:
        raise StudyError("%s: expected the name of a file, got \"%s\"" % (option or "output", path))
    if not os.path.isdir(folder or "."):
        raise StudyError("%s: there is no folder %s; make it first" % (where, folder))
    if os.path.lexists(path):
        if os.path.islink(path) or not os.path.isfile(path):
            raise StudyError("%s: expected the name of a file, got a %s; choose another name" % (
                where, "link" if os.path.islink(path) else "folder" if os.path.isdir(path) else "device or pipe"))
        refuse_inputs(where, path, inputs)
    if is_kept(path):
        raise StudyError("%s: expected another file than those that a run or a sweep keeps in its folder, which --force keeps too; "
                         "choose another name" % where)
    if not os.path.lexists(path) or (is_own and is_own(path)):
        return
    sweep = sweep_around(os.path.dirname(os.path.realpath(path)))
    if sweep:
        raise StudyError("%s already exists in the folder of the sweep %s, and --force keeps it too; choose another name" % (where, sweep))
    if not force:
        raise StudyError("%s already exists%s; choose another name, or add --force to write over it" % (
            where, " and was not written by this command" if is_own else ""))


def keep_mode(temporary, path):
    """The mode of the file that is replaced and, where that is allowed, its group."""
    with contextlib.suppress(OSError):
        old = os.stat(path)
        os.chmod(temporary, old.st_mode & 0o7777)
        os.chown(temporary, -1, old.st_gid)


def reserve(path, n):
    """Finds a full disk before anything is written. A file system that cannot reserve is left alone."""
    with open(path, "rb+") as f:
        try:
            os.posix_fallocate(f.fileno(), 0, n)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise OSError(error.errno, "no room for %d bytes: %s" % (n, error.strerror)) from None


@contextlib.contextmanager
def hdf5(path, max_bytes, versions, properties=None):
    """A new HDF5 file to fill, in place of what is at path. max_bytes, which it must not exceed, are reserved first: a write that fails
    while HDF5 closes a file ends the process. versions: of the format, the lowest and the highest; properties: of its creation, of h5py."""
    reserve(path, EMPTY_BYTES)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(*versions)
    access.set_sieve_buf_size(0)  # a write that fails says so at once
    access.set_file_locking(False, True)  # nobody else knows the file
    with h5py.File(h5py.h5f.create(os.fsencode(path), h5py.h5f.ACC_TRUNC, properties, access)) as f:
        reserve(path, max_bytes)
        yield f
        f.flush()
        length = f.id.get_filesize()
    os.truncate(path, length)  # gives back what was reserved too much


@contextlib.contextmanager
def errors_of(path):
    """What goes wrong while a file is written names that file."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # HDF5's have a text alone
        reason = getattr(error, "strerror", "") or first_line(error)
        raise OSError(getattr(error, "errno", 0) or errno.EIO, "cannot be written: %s" % reason, path) from None


def publish(path, write):
    """write(temporary) makes the file under a name beside it: it is there whole or not at all. An OSError names path."""
    temporary = "%s.%s.tmp" % (path, secrets.token_hex(4))
    with errors_of(path):
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))  # from here on it is ours to remove
        try:
            write(temporary)
            with open(temporary, "rb+") as f:
                os.fsync(f.fileno())
            keep_mode(temporary, path)
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def publish_bytes(path, content):
    def write(temporary):
        with open(temporary, "wb") as f:
            f.write(content)
    publish(path, write)


def publish_text(path, text):
    """In UTF-8 whatever the locale."""
    publish_bytes(path, text.encode("utf-8", "replace"))
