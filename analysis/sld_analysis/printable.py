"""printable.py: text of unknown origin, as sld shows it (src/base/printable.c): it moves no cursor, imitates no line of a message and
does not turn the text beside it. Bytes of a path that are not UTF-8 are shown as such."""
import codecs
import re

# A line of a message that goes on is indented by four spaces.
UNSAFE = re.compile("\n(?!    )|[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\ufffb\ufffe\uffff"
                    "\U000e0000-\U000e0fff]")


def escaped(found):
    code = ord(found.group())
    if code == 0x0A:
        return "\\n"
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:  # the second: how Python keeps such a byte
        return "\\x%02x" % (code & 0xFF)
    return ("\\U%08x" if code > 0xFFFF else "\\u%04x") % code


def printable(text):
    return UNSAFE.sub(escaped, str(text))


# For streams: what UTF-8 does not hold is shown likewise.
codecs.register_error("printable", lambda error: (printable(error.object[error.start:error.end]), error.end))
