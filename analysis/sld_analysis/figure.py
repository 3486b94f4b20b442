"""figure.py: a figure is a few panels and a legend. In a page each panel is an inline SVG that follows the page's colours and
flows with its width; on request the whole figure becomes one SVG, PDF or PNG."""
import html
import io
import math
import os
import re

from . import outputs
from .needs import need
from .table import markdown_text, plain

np = need("numpy")
matplotlib = need("matplotlib", "figures")
matplotlib.use("Agg")
from matplotlib.figure import Figure as Canvas  # noqa: E402 (after use)
from matplotlib.lines import Line2D  # noqa: E402

INK, FAINT = "#010203", "#858687"  # stand for the page's own colours; no image has them
COLORS = ("#0072b2", "#c24f00", "#008060", "#b0578f", "#8a6d00", "#7a5cc9", "#8c564b", "#2f86c0")  # told apart by all eyes
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (5, 1.5, 1.5, 1.5)))
MARKERS = "osD^vP*X"
SHAPES = {"o": "M13 5a4 4 0 1 0 8 0a4 4 0 1 0-8 0", "s": "M13 1h8v8h-8z", "D": "M17 0l5 5l-5 5l-5-5z", "^": "M17 1l5 8h-10z", "v": "M17 9l5-8h-10z",
          "P": "M15 0h4v3h3v4h-3v3h-4v-3h-3v-4h3z", "*": "M17 0l1.5 3.5h3.5l-3 2.3l1.2 4.2l-3.2-2.6l-3.2 2.6l1.2-4.2l-3-2.3h3.5z",
          "X": "M13 1h3l1 2l1-2h3l-2 4l2 4h-3l-1-2l-1 2h-3l2-4z"}
WIDTH, HEIGHT = 4.6, 3.3  # inches of a panel: a phone's width at the size it is printed
MARGINS = {"left": 0.14, "right": 0.97, "bottom": 0.15, "top": 0.91}  # a panel says otherwise by draw.margins
MAX_LINES = 10
MAX_ARMS_NAMED = 40  # arms of one reason that a caption names
STYLE = {"text.parse_math": False, "svg.fonttype": "none", "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"],
         "font.size": 9, "axes.edgecolor": FAINT, "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK,
         "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": FAINT,
         "grid.alpha": 0.25, "grid.linewidth": 0.6, "figure.facecolor": "none", "axes.facecolor": "none", "axes.titlesize": 9.5,
         "savefig.facecolor": "none", "axes.axisbelow": True, "axes.unicode_minus": True}
PRINTED = dict(STYLE, **{"text.color": "#000000", "axes.labelcolor": "#000000", "xtick.color": "#000000", "ytick.color": "#000000",
                         "figure.facecolor": "#ffffff", "savefig.facecolor": "#ffffff"})


def look(i):
    """Colour, dash and marker of the i-th line: neighbours differ in the dash too. No two of the first 32 lines are alike, nor of the first
    64 points, which have no dash."""
    return COLORS[i % len(COLORS)], DASHES[(i + i // len(COLORS)) % len(DASHES)], MARKERS[(i + 3 * (i // len(COLORS))) % len(MARKERS)]


def looks(names):
    return {name: look(i) for i, name in enumerate(names)}


def clip(text, n=34):
    """A label that fits a panel."""
    text = plain(text)
    return text if len(text) <= n else text[:n - 1] + "…"


class Figure:
    """key: F1 ...; panels: functions that draw on given axes; alt: what it shows, for who cannot see it; legend:
    [(name, (colour, dash, marker))]; points: the legend shows markers, not lines."""

    def __init__(self, key, title, panels, alt, legend=(), note="", wide=False, points=False):
        self.key, self.title, self.panels, self.alt = key, plain(title), panels, plain(alt)
        self.legend, self.note, self.wide, self.points = list(legend), " ".join(plain(note).split()), wide, points

    def html(self):
        panels = "".join(self._svg(i) for i in range(len(self.panels)))
        legend = "".join('<li><svg class="key" viewBox="0 0 34 10" aria-hidden="true">%s</svg>%s</li>' % (
            self._key(page_color(c), dash, marker), html.escape(plain(name))) for name, (c, dash, marker) in self.legend)
        note = '<p class="note">%s</p>' % html.escape(self.note) if self.note else ""
        return ('<figure id="%s" class="%s">\n<figcaption><h3>%s. %s</h3></figcaption>\n%s<div class="panels">\n%s</div>\n%s</figure>\n'
                % (self.key, "wide" if self.wide else "", self.key, html.escape(self.title),
                   '<ul class="legend">%s</ul>\n' % legend if legend else "", panels, note))

    def markdown(self, image_ending=""):
        """The image of that ending, with its legend inside and its text for who cannot see it; without one the text. Then the note."""
        note = "\n%s\n" % markdown_text(self.note) if self.note else ""
        if not image_ending:
            return "**%s. %s.** %s\n%s\n" % (self.key, markdown_text(self.title), markdown_text(self.alt), note)
        return "### %s. %s\n\n![%s](%s.%s)\n%s\n" % (self.key, markdown_text(self.title), markdown_text(self.alt), self.key, image_ending, note)

    def _key(self, color, dash, marker):
        """A line's look, or that of points."""
        if self.points:
            return '<path d="%s" fill="%s"/>' % (SHAPES[marker], color)
        return '<line x1="1" y1="5" x2="33" y2="5" stroke="%s" stroke-width="2.4" stroke-dasharray="%s"/>' % (color, _dash(dash))

    def _svg(self, i):
        with matplotlib.rc_context(dict(STYLE, **{"svg.hashsalt": "%s-%d" % (self.key, i)})):
            canvas = Canvas(figsize=(WIDTH, HEIGHT))
            canvas.subplots_adjust(**dict(MARGINS, **getattr(self.panels[i], "margins", {})))
            self.panels[i](canvas.add_subplot())
            out = io.StringIO()
            canvas.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        name = "%s-%d" % (self.key, i + 1)
        alt = self.alt if len(self.panels) == 1 else "%s Panel %d of %d." % (self.alt, i + 1, len(self.panels))
        return page_svg(out.getvalue(), name, alt)

    def save(self, path):
        """One file, in the format that its name ends with."""
        columns = min(len(self.panels), 3 if len(self.panels) != 4 else 2)
        rows = math.ceil(len(self.panels) / columns)
        with matplotlib.rc_context(PRINTED):
            lines = math.ceil(len(self.legend) / (2 * columns))
            height = HEIGHT * rows + 0.25 * lines
            canvas = Canvas(figsize=(WIDTH * columns, height), layout="constrained")
            canvas.get_layout_engine().set(rect=(0, 0.25 * lines / height, 1, 1 - 0.25 * lines / height))
            axes = canvas.subplots(rows, columns, squeeze=False)
            for draw, ax in zip(self.panels, axes.flat):
                draw(ax)
            for ax in axes.flat[len(self.panels):]:
                ax.set_visible(False)
            if lines:
                keys = [Line2D([], [], color=c, linestyle="" if self.points else d, marker=m if self.points else None, linewidth=1.8)
                        for _, (c, d, m) in self.legend]
                canvas.legend(keys, [clip(n, 40) for n, _ in self.legend], loc="lower center", ncol=2 * columns, frameon=False)
            _recolor(canvas)
            self._write(canvas, path)

    def _write(self, canvas, path):
        """The same figure is the same bytes: no date, no random names."""
        if not path.endswith(".svg"):
            out, ending = io.BytesIO(), os.path.splitext(path)[1][1:]
            canvas.savefig(out, format=ending or None, dpi=150, metadata={"CreationDate": None} if ending == "pdf" else None)
            outputs.publish_bytes(path, out.getbuffer())
            return
        out = io.StringIO()
        with matplotlib.rc_context({"svg.hashsalt": self.key}):
            canvas.savefig(out, format="svg", metadata={"Date": None})
        outputs.publish_text(path, short(out.getvalue()))


def _recolor(canvas):
    """What stands for the page's ink is black on paper."""
    for artist in canvas.findobj(lambda a: hasattr(a, "get_color")):
        if isinstance(artist.get_color(), str) and artist.get_color() == INK:
            artist.set_color("#000000")


def _dash(dash):
    return "" if dash == "-" else ",".join("%g" % (2.0 * v) for v in dash[1])


def page_color(color):
    """A line's colour as the page has it: lighter where the page is dark."""
    return "var(--c%d)" % COLORS.index(color) if color in COLORS else color


def short(svg):
    """Two digits behind the point are a hundredth of a pixel. Clip paths are numbered: matplotlib names some after addresses in memory."""
    svg = re.sub(r"(\d\.\d\d)\d+", r"\1", svg)
    for i, name in enumerate(re.findall(r'<clipPath id="([^"]+)"', svg)):
        svg = svg.replace(name, "clip%d" % i)
    return svg


def page_svg(text, name, alt):
    """matplotlib's SVG as a part of a page: no prolog, ids that no other has, the page's colours, a text for who cannot see it."""
    text = short(text[text.index("<svg"):])
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r'\bid="([^"]+)"', r'id="%s-\1"' % name, text)
    text = re.sub(r'href="#([^"]+)"', r'href="#%s-\1"' % name, text)
    text = re.sub(r"url\(#([^)]+)\)", r"url(#%s-\1)" % name, text)
    text = text.replace(INK, "currentColor").replace(FAINT, "var(--faint)")
    for i, color in enumerate(COLORS):
        text = text.replace(color, "var(--c%d)" % i)
    text = text.replace("'DejaVu Sans'", "system-ui, sans-serif").replace(
        '<text ', '<text fill="currentColor" ')
    head = re.match(r"<svg[^>]*>", text).group(0)
    box = re.search(r'viewBox="([^"]+)"', head).group(1)
    return ('<svg role="img" aria-label="%s" viewBox="%s" xmlns="http://www.w3.org/2000/svg" '
            'xmlns:xlink="http://www.w3.org/1999/xlink">%s\n' % (html.escape(alt), box, text[len(head):]))


def chosen_arms(work, unfit=None, max_arms=MAX_LINES, arms=None):
    """Of all arms, or of those given, the ones that a figure shows, in the order of the spec, and a sentence on those that it leaves
    out; unfit(arm): the reason for which an arm cannot be shown, or "". Of more than max_arms the baseline and the best by mean stay."""
    arms = list(work.arms if arms is None else arms)
    reasons = {arm: unfit(arm) if unfit else "" for arm in arms}
    fit = sorted((a for a in arms if not reasons[a]), key=lambda a: (a != work.base, -np.nan_to_num(work.summary(a, "top1_last").mean)))
    why = "at most %d are shown, the %shighest means" % (max_arms, "baseline and the " if work.base in fit else "")
    reasons.update((arm, why) for arm in fit[max_arms:])
    return [a for a in arms if not reasons[a]], left_out({r: [a for a in arms if reasons[a] == r] for r in reasons.values() if r})


def left_out(arms_by_reason):
    """A sentence that names what a figure does not show, and why; "" where it shows all."""
    names = lambda arms: ", ".join(arms[:MAX_ARMS_NAMED]) + (" and %d more" % (len(arms) - MAX_ARMS_NAMED) if len(arms) > MAX_ARMS_NAMED else "")  # noqa: E731
    told = ["%s (%s)" % (names(arms), reason) for reason, arms in arms_by_reason.items() if arms]
    return "Not shown: %s." % "; ".join(told) if told else ""
