"""import_image.py: the pixels of one image file, as torchvision's ImageFolder would load them: 8 bits of red, green and blue, made by
Pillow. An image of which Pillow would clip, cut or drop something on the way is refused. An image that Pillow loads otherwise than a
viewer shows it is taken, and a note says so."""
import os

from . import inputs
from .errors import StudyError
from .import_parts import scaled
from .needs import need

np = need("numpy")

PLAIN, WITH_ALPHA = ("1", "L", "P", "RGB", "CMYK", "YCbCr"), ("LA", "PA", "RGBA", "RGBa")  # modes of Pillow
ORIENTATION, UPRIGHT = 0x0112, (None, 0, 1)  # of EXIF
WHITE_16 = 257  # 65535 is 257 * 255
NOTES = {"CMYK": "taken as RGB by Pillow's formula, without a colour profile, as torchvision takes it",
        "an EXIF orientation": "the pixels are taken as stored, not turned, as torchvision takes them; mogrify -auto-orient turns them"}


class Seen:
    """What is told of images once all are read: {kind: [path, ...]}."""

    def __init__(self):
        self.paths = {}

    def add(self, kind, path):
        self.paths.setdefault(kind, []).append(path)

    def notes(self):
        out = []
        for kind, paths in self.paths.items():
            more = " and %d more" % (len(paths) - 1) if len(paths) > 1 else ""
            out.append("%s%s: %s: %s" % (paths[0], more, kind, NOTES[kind]))
        return out


def is_deep(image):
    """Whether more than 8 bits of a channel lie in the file, of which Pillow keeps 8. To be asked before the pixels are loaded."""
    for tile in image.tile:
        words = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if any(isinstance(word, str) and ";16" in word for word in words):
            return True
        if image.format == "PPM" and isinstance(words[-1], int) and words[-1] > 255:
            return True
    return False


def from_grey_16(path, image):
    """16-bit grey whose values are those of 8 bits, each twice as 0x7f7f, loses nothing."""
    values = np.asarray(image).astype(np.int64)
    if (values == image.info.get("transparency", -1)).any():
        refuse_transparent(path)
    if (values % WHITE_16).any():
        raise StudyError("%s: expected 8 bits a pixel, got 16 with values of %d to %d; scale them to 0 to 255 and save 8 bits "
                         "(mogrify -depth 8, where 65535 is white)" % (path, values.min(), values.max()))
    return need("PIL.Image").fromarray((values // WHITE_16).astype(np.uint8))


def refuse_transparent(path):
    raise StudyError("%s: expected opaque pixels, got transparent ones; lay the images on a colour (mogrify -background white -alpha remove "
                     "-alpha off), or take the colours beneath, as torchvision does (mogrify -alpha off)" % path)


def without_alpha(path, image):
    image = image.convert("RGBA")
    if image.getchannel("A").getextrema()[0] < 255:
        refuse_transparent(path)
    return image


def in_8_bits(path, image, seen):
    """An image of Pillow that holds the file's pixels, none clipped; seen: gets what is to be told."""
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)  # a photograph, then its previews
    if frames > 1:
        raise StudyError("%s: expected one image, got %d frames or pages; save the one that is meant as a file of its own" % (path, frames))
    if image.mode.startswith("I;16") or image.mode == "I" and image.format in ("PNG", "PPM"):
        return from_grey_16(path, image)
    if is_deep(image):
        raise StudyError("%s: expected 8 bits a channel, got 16; save 8 bits (mogrify -depth 8, where 65535 is white)" % path)
    if image.mode in WITH_ALPHA or "transparency" in image.info:
        return without_alpha(path, image)
    if image.mode not in PLAIN:
        raise StudyError("%s: expected grey, a palette or RGB of 8 bits a channel, got Pillow's mode %s; save it as grey or RGB of 8 bits, the values scaled to 0 to 255"
                         % (path, image.mode))
    if image.mode == "CMYK":
        seen.add("CMYK", path)
    return image


def orientation(image):
    """What EXIF says; TIFF, which Pillow turns itself, is upright."""
    try:
        return None if image.format == "TIFF" else image.getexif().get(ORIENTATION)
    except MemoryError:
        raise
    except Exception:  # EXIF that cannot be read turns nothing
        return None


def read(pil, path, size, seen):
    with pil.open(path) as image:
        if image.format == "PNG":
            image.verify()  # its checksums, which loading passes over
    with pil.open(path) as image:
        pixels = in_8_bits(path, image, seen).convert("RGB")
        if orientation(image) not in UPRIGHT:
            seen.add("an EXIF orientation", path)
        return np.asarray(scaled(pixels, size) if size else pixels)


def load_image(path, size, seen):
    """(H,W,3) uint8; size: 0, or that of scaled()."""
    pil = need("PIL.Image", "images")
    if os.path.getsize(inputs.check(path)) == 0:
        raise StudyError("%s: expected an image, got an empty file" % path)
    try:
        return read(pil, path, size, seen)
    except (StudyError, MemoryError):
        raise
    except pil.UnidentifiedImageError:
        raise StudyError("%s: expected an image, got a file of no format that Pillow knows" % path) from None
    except Exception as error:  # Pillow raises what the bytes make its readers raise
        raise StudyError("%s: expected an image: %s" % (path, getattr(error, "strerror", None) or str(error).split("\n")[0])) from None
