"""import_parts.py: what import-data makes of each kind of source: two splits, their labels checked, their images scaled."""
from collections import namedtuple

from .errors import StudyError
from .needs import need

np = need("numpy")

Split = namedtuple("Split", "n shape blocks labels coarse")  # blocks: makes (n,H,W,C) uint8 pieces in order
# cifar: whether it is one of the two; notes: what of the source was not taken, a sentence each; seen: makes those of what its images
# were, once all are read
DataSet = namedtuple("DataSet", "name train test class_names coarse_names cifar notes seen", defaults=((), tuple))

NUMBERED = "numpy.unique(labels, return_inverse=True) numbers the classes from 0 on"


def bytes_of(name):
    """Of a name as it lies in a file, or of a path as Python has it."""
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")


def text_of(name):
    """What is not UTF-8 is Latin-1, as sld takes class names."""
    try:
        return bytes_of(name).decode()
    except UnicodeDecodeError:
        return bytes_of(name).decode("latin-1")


def texts_of(where, what, names):
    """Names as texts, and what is told of them. what: they are names of."""
    texts = [text_of(name) for name in names]
    other = [text for text, name in zip(texts, names) if text.encode() != bytes_of(name)]
    twice = [text for text in other if texts.count(text) > 1]
    if twice:
        raise StudyError("%s: %s %s: expected each name once, got it twice, as UTF-8 and as Latin-1; rename one" % (where, what, twice[0]))
    more = " and %d more" % (len(other) - 1) if len(other) > 1 else ""
    return texts, ["%s: %s %s%s: the name is not UTF-8, read as Latin-1" % (where, what, other[0], more)] if other else []


def in_utf8(where, data):
    """The same set with names that UTF-8 holds."""
    names, told = texts_of(where, "class", data.class_names or [])
    coarse, more = texts_of(where, "coarse class", data.coarse_names or [])
    return data._replace(name=text_of(data.name), class_names=names or None, coarse_names=coarse or None, notes=[*data.notes, *told, *more])


def first_of(bad):
    """The place of the first that is so, as one writes it in Python."""
    return "[%s]" % ", ".join(map(str, np.unravel_index(np.argmax(bad), bad.shape)))


def labels_of(where, labels, n):
    """(n) int32 of n whole numbers from 0 on, whatever their type, as sld reads them."""
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[0] == n and labels.shape[1] > 1:
        raise StudyError("%s: expected one class per sample, got rows of %d numbers; labels.argmax(1) makes classes of one-hot rows"
                         % (where, labels.shape[1]))
    if labels.shape not in ((n,), (n, 1)):
        raise StudyError("%s: expected labels of the shape (%d) or (%d,1), as many as images, got %s" % (where, n, n, labels.shape))
    if labels.dtype.kind not in "iuf":
        raise StudyError("%s: expected whole numbers from 0, got %s; %s" % (where, "texts" if labels.dtype.kind in "US" else labels.dtype, NUMBERED))
    bad = ~((labels >= 0) & (labels <= np.iinfo(np.int32).max) & (labels == np.floor(labels)))
    if bad.any():
        raise StudyError("%s%s: expected a whole number from 0, got %.15g; %s" % (where, first_of(bad), labels[bad][0], NUMBERED))
    return labels.reshape(-1).astype(np.int32)


def scaled(image, size):
    """An image of Pillow, its shorter side scaled to size, and the centre taken."""
    pil = need("PIL.Image", "--size")
    scale = size / min(image.size)
    wide = [max(size, round(side * scale)) for side in image.size]
    left, top = (wide[0] - size) // 2, (wide[1] - size) // 2
    return image.resize(wide, pil.BILINEAR).crop((left, top, left + size, top + size))


def resized(split, size):
    """A split of arrays, each image scaled as those of a folder are."""
    if not size or split.shape[:2] == (size, size):
        return split
    pil = need("PIL.Image", "--size")

    def one(array):
        image = scaled(pil.fromarray(array[..., 0] if array.shape[2] == 1 else array), size)
        return np.asarray(image).reshape(size, size, array.shape[2])
    return split._replace(shape=(size, size, split.shape[2]), blocks=lambda: (np.stack([one(a) for a in b]) for b in split.blocks()))
