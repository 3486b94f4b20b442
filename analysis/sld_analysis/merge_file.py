"""merge_file.py: writes a merged study in the layout of `sld report DIR --pack FILE` (docs/files.md, "Studies"). Each data set of the
parts on the axis of trials, or of teachers, is joined row by row, read in blocks; other data sets are alike in all parts."""
import contextlib
import hashlib
import os

from . import merge_numbers, outputs
from .errors import StudyError, first_line
from .study_file import OPTION
from .needs import need

np = need("numpy")
h5py = need("h5py")

TRIAL, TEACHER, SAME, SAMPLE = "/trial_index", "/teacher", "/same/index", "/sample"
OPTIONS = "/trials/" + OPTION
VERSIONS = h5py.h5f.LIBVER_V18, h5py.h5f.LIBVER_V110
ORDERED = h5py.h5p.CRT_ORDER_TRACKED | h5py.h5p.CRT_ORDER_INDEXED  # members in the order in which they were made
BLOCK_BYTES = 16 << 20  # read at a time
OF_SCALES = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST"}  # attributes that HDF5 writes for dimension scales
COUNTS = {"/trials/ranks", "/trials/attempts", "/trials/best_on_val"}  # 0 where a part has no such column; of indices that is -1


class Source:
    """A part, open: its data sets by path, in the order of the file, and the axes of each."""

    def __init__(self, part, stack):
        self.part = part
        self.file = stack.enter_context(h5py.File(part.path, "r", locking=False))
        self.sets = {thing.name: thing for thing in data_sets(self.file)}
        self.axes = {path: [d[0].name if len(d) else "" for d in thing.dims] for path, thing in self.sets.items()}

    def of_first_set(self, row):
        """Whether a trial was tested as the part's first that kept its logits, which alone have an ece_last: labels of one set alone are
        of that one."""
        part = self.part
        scored = part.valid & ~np.isnan(part.columns["ece_last"]) if "ece_last" in part.columns else part.valid
        return bool(part.valid[row]) and part.tested(row) == part.tested(int(np.argmax(scored)))

    def read(self, path, rows=()):
        try:
            return self.sets[path][rows]
        except (OSError, RuntimeError) as error:
            raise StudyError("%s: %s cannot be read: %s" % (self.part.path, path, first_line(error))) from None


def data_sets(group):
    for thing in group.values():
        if isinstance(thing, h5py.Group):
            yield from data_sets(thing)
        elif isinstance(thing, h5py.Dataset):
            yield thing


def union(lists):
    """Each name once, in the order that the lists have: what a later list has more comes before what follows it there, else at the end."""
    out = []
    for names in lists:
        known, more = set(out), []
        for name in dict.fromkeys(names):
            if name in known:
                at = out.index(name)
                out[at:at], more = more, []
            else:
                more.append(name)
        out += more
    return out


def missing(path, dtype):
    """What stands in a row that has nothing."""
    if dtype.kind == "O":
        return b""
    return np.nan if dtype.kind == "f" else 0 if dtype.kind == "u" or path in COUNTS else -1


def runs(rows, max_rows):
    """(source, first row there, place, count) of rows that follow each other in their source too."""
    at = 0
    while at < len(rows):
        (source, row), n = rows[at], 1
        while n < max_rows and at + n < len(rows) and rows[at + n] == (source, row + n):
            n += 1
        yield source, row, at, n
        at += n


def teachers(rows):
    """[(source, row)] of each teacher once, and for each trial the place of its teacher there, -1: none. A teacher is known by its weights,
    or its logits, and the data; where nothing says them, by the bytes of its logits."""
    found, places = {}, []
    for source, row in rows:
        part, place = source.part, -1
        there = part.index("teacher_row", row)
        if there >= 0:
            key = tuple(part.text(name, row) for name in ("teacher_sha256", "teacher_logits_sha256")) + part.tested(row)
            if not any(key[:2]):
                key = tuple(hashlib.sha256(source.read(p, there).tobytes()).digest() for p, axes in source.axes.items() if axes[:1] == [TEACHER])
            place = found.setdefault(key, (len(found), source, there))[0]
        places.append(place)
    return [(source, row) for _, source, row in found.values()], np.array(places, np.int64)


class Writer:
    """The new file: which data sets it has, and each from its parts."""

    def __init__(self, sources, study):
        of = {source.part: source for source in sources}
        rows = [(of[part], row) for part, row in study.rows]
        taught, places = teachers(rows)
        self.sources = sources
        self.rows = {TRIAL: rows, TEACHER: taught}
        self.columns = merge_numbers.columns(rows, places, study)  # what no part can tell of the whole
        self.one_test_set = len({source.part.tested(row) for source, row in rows if source.part.valid[row]}) <= 1
        self.length = {}
        for source in sources:
            for path, thing in source.sets.items():
                if h5py.h5ds.is_scale(thing.id):
                    self.length[path] = max(self.length.get(path, 0), len(thing))
        self.length.update({TRIAL: len(rows), TEACHER: len(taught), SAME: len(study.same)})
        plan = {path: self.plan(path) for path in self.paths()}
        self.sets = {path: found for path, found in plan.items() if found and all(self.length[axis] for axis in found[1])}
        self.link, self.group = h5py.h5p.create(h5py.h5p.LINK_CREATE), h5py.h5p.create(h5py.h5p.GROUP_CREATE)
        self.link.set_char_encoding(h5py.h5t.CSET_UTF8)
        self.group.set_link_creation_order(ORDERED)
        self.group.set_obj_track_times(False)

    def paths(self):
        """Of all data sets, in the order of the parts; columns of options come behind the labels on the axes."""
        named = [p for p in union(list(source.sets) for source in self.sources) if not p.startswith((OPTIONS, "/same/"))]
        at = 1 + max(k for k, p in enumerate(named) if p == "/trials/reason" or p.startswith("/trials/axis_"))
        mine = [p for p in self.columns if p not in named]
        return named[:at] + [p for p in mine if p.startswith(OPTIONS)] + named[at:] + [p for p in mine if not p.startswith(OPTIONS)]

    def plan(self, path):
        """(a data set like it, its axes, its type); None: not of this layout, or not of several test sets."""
        twin = "/trials/id" if path.startswith(OPTIONS) else TRIAL if path == SAME else path.replace("/same/", "/trials/")
        held = [s for s in self.sources if path in s.sets]
        there = [(s.sets[path], s.axes[path]) for s in held] or [(s.sets[twin], s.axes[twin]) for s in self.sources if twin in s.sets]
        if not there or (path == "/class_name" and not self.one_test_set):
            return None
        like, axes = max(there, key=lambda one: (len(one[1]), one[0].size))
        dtype = like.dtype if like.dtype.kind == "O" else np.result_type(*(thing.dtype for thing, _ in there))
        if path in self.length:
            return like, [path], dtype
        if path.startswith("/same/"):
            return like, [SAME], dtype
        if not axes or not all(axis in self.length for axis in axes):
            return None
        return like, [TRIAL, SAMPLE] if axes == [SAMPLE] and not self.one_test_set else axes, dtype

    def bytes(self):
        """At most: of what is joined, and of the parts' texts and small data sets."""
        joined = sum(dtype.itemsize * int(np.prod([self.length[axis] for axis in axes])) for _, axes, dtype in self.sets.values() if len(axes) > 1)
        large = sum(thing.id.get_storage_size() for source in self.sources for thing in source.sets.values() if thing.ndim > 1)
        return joined + sum(os.path.getsize(source.part.path) for source in self.sources) - large

    def fill(self, out):
        self.out = out
        for path in self.sets:
            self.put(path)
        self.attach()
        self.put_head()

    def put(self, path):
        like, axes, dtype = self.sets[path]
        to = self.make(path, like, axes, dtype)
        if path in self.columns:
            to[...] = self.columns[path]
        elif axes == [path]:
            to[...] = np.arange(like[0], like[0] + len(to))
        elif axes[0] in self.rows:
            self.join(path, to, self.rows[axes[0]])
        else:
            to[...] = like[()]

    def make(self, path, like, axes, dtype):
        """An empty data set with the properties and attributes of another."""
        group = os.path.dirname(path)
        if group not in self.out:
            h5py.h5g.create(self.out.id, group.encode(), self.link, self.group)
        kind = like.id.get_type() if dtype == like.dtype else h5py.h5t.py_create(dtype)
        shape = h5py.h5s.create_simple(tuple(self.length[axis] for axis in axes))
        made = h5py.Dataset(h5py.h5d.create(self.out.id, path.encode(), kind, shape, like.id.get_create_plist(), self.link))
        for name in sorted(set(like.attrs) - OF_SCALES):
            made.attrs[name] = like.attrs[name]
        return made

    def join(self, path, to, rows):
        width = to.dtype.itemsize * int(np.prod(to.shape[1:]))
        for source, row, at, n in runs(rows, max(1, BLOCK_BYTES // width)):
            block = np.full((n,) + to.shape[1:], missing(path, to.dtype), to.dtype)
            if path in source.sets:
                if source.axes[path] == [SAMPLE]:  # of one test set
                    of_it = [source.of_first_set(r) for r in range(row, row + n)]
                    values = np.where(np.array(of_it)[:, None], source.read(path), missing(path, to.dtype))
                else:
                    values = source.read(path, slice(row, row + n))
                block[(slice(None),) + tuple(slice(length) for length in values.shape[1:])] = values
            to[at:at + n] = block

    def attach(self):
        for path, (_, axes, _) in self.sets.items():
            if axes == [path]:
                self.out[path].make_scale(path.rsplit("/", 1)[1])
        for path, (_, axes, _) in self.sets.items():
            for k, axis in enumerate(axes):
                if axis != path:
                    self.out[path].dims[k].attach_scale(self.out[axis])

    def put_head(self):
        largest = max((source.part for source in self.sources), key=lambda part: part.n)
        self.out.attrs.update({name: value for name, value in largest.head.items() if name != "late_claims"})
        late = dict.fromkeys(line for source in self.sources for line in source.part.head.get("late_claims", "").splitlines())
        if late:
            self.out.attrs["late_claims"] = "\n".join(late) + "\n"
        columns = [source.file["trials"].attrs.get("columns", "").splitlines() for source in self.sources]
        self.out["trials"].attrs["columns"] = "\n".join(union(columns))


def fill(path, parts, study):
    with contextlib.ExitStack() as stack:
        sources = [Source(part, stack) for part in parts]
        writer = Writer(sources, study)
        with outputs.hdf5(path, writer.bytes(), VERSIONS, sources[0].file.id.get_create_plist()) as out:
            writer.fill(out)


def write(path, parts, study):
    outputs.publish(path, lambda temporary: fill(temporary, parts, study))
