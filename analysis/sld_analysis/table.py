"""table.py: one table, printed as HTML, Markdown, LaTeX (booktabs) and CSV. Cells are texts as they are; every printer
escapes what its format would take for markup."""
import csv
import html
import io
import re
import unicodedata

LATEX = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
         "^": r"\^{}", "~": r"\~{}", "<": r"$<$", ">": r"$>$", "|": r"\textbar{}", "±": r"$\pm$", "−": r"$-$", "–": "--",
         "✓": r"\checkmark{}", "×": r"$\times$", "²": r"\textsuperscript{2}", "≥": r"$\ge$", "≤": r"$\le$"}
NUMBER = r"[-+−]?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|∞)"
# What number(), spread(), interval() and the table of all pairs of methods make; "-" alone is no formula.
NUMBERS = re.compile(r"-|{0}(?: ± {0}| \(n \d+\)| to {0}|; \d+ of \d+; (?:<?{0}|–))?".format(NUMBER), re.ASCII)
MARKDOWN = set("\\`*_[]<>#|&$~")


def plain(text):
    """A text without what could steer a terminal, a page's direction or a table: control and format characters go."""
    return "".join(" " if c in "\n\r\t" else c for c in str(text)
                   if c in "\n\r\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))


class Bold(str):
    """A cell that stands out: the best of its column."""


# Columns of texts, by their heads: they stand to the left and may take several lines.
TEXTS = ("contrast", "verdict", "reasons", "other", "label's rank")


class Table:
    """key: T1 ...; title; heads: texts; rows: lists of texts; notes: sentences below it."""

    def __init__(self, key, title, heads, rows, notes=()):
        self.key, self.title = key, title
        self.heads, self.rows, self.notes = list(heads), [list(r) for r in rows], list(notes)

    def html(self):
        kind = [' class="text"' if c in TEXTS else "" for c in self.heads]
        head = "".join('<th scope="col"%s>%s</th>' % (k, _html_cell(c)) for k, c in zip(kind, self.heads))
        body = "".join('<tr><th scope="row">%s</th>%s</tr>\n' % (
            _html_cell(r[0]), "".join("<td%s>%s</td>" % (k, _html_cell(c)) for k, c in zip(kind[1:], r[1:]))) for r in self.rows)
        notes = "".join('<p class="note">%s</p>\n' % html.escape(plain(n)) for n in self.notes)
        return ('<section class="table" id="%s">\n<h3>%s</h3>\n<div class="scroll" tabindex="0" role="region" aria-label="%s">'
                "<table>\n<thead><tr>%s</tr></thead>\n<tbody>\n%s</tbody></table></div>\n%s</section>\n"
                % (self.key, html.escape(self.caption()), html.escape(plain(self.title)), head, body, notes))

    def caption(self):
        return ("%s. " % self.key if self.key[:1] == "T" and self.key[1:].isdigit() else "") + plain(self.title)

    def markdown(self):
        line = lambda cells: "| " + " | ".join(_markdown_cell(c) for c in cells) + " |\n"  # noqa: E731
        out = "### %s\n\n" % markdown_text(self.caption()) + line(self.heads)
        out += "|" + "|".join("---" if i == 0 else "--:" for i in range(len(self.heads))) + "|\n"
        out += "".join(line(r) for r in self.rows)
        return out + "".join("\n%s\n" % markdown_text(n) for n in self.notes) + "\n"

    def latex(self):
        line = lambda cells: _guard(" & ".join(_latex_cell(c) for c in cells)) + r" \\" + "\n"  # noqa: E731
        columns = "l" + "r" * (len(self.heads) - 1)
        notes = "".join("%% %s\n" % plain(n) for n in self.notes)
        return ("\\begin{table}\n  \\centering\n  \\caption{%s}\n  \\label{tab:%s}\n  \\begin{tabular}{%s}\n    \\toprule\n    %s"
                "    \\midrule\n%s    \\bottomrule\n  \\end{tabular}\n\\end{table}\n%s"
                % (latex_text(self.title), self.key, columns, line(self.heads),
                   "".join("    " + line(r) for r in self.rows), notes))

    def csv(self):
        out = io.StringIO()
        write = csv.writer(out, lineterminator="\n")
        write.writerow(csv_text(h) for h in self.heads)
        for r in self.rows:
            write.writerow([csv_text(r[0])] + [csv_number(c) for c in r[1:]])
        return out.getvalue()


def _html_cell(cell):
    text = html.escape(plain(cell))
    return "<b>%s</b>" % text if isinstance(cell, Bold) else text


def markdown_text(text):
    return "".join("\\" + c if c in MARKDOWN else c for c in plain(text))


def _markdown_cell(cell):
    text = markdown_text(cell)
    return "**%s**" % text if isinstance(cell, Bold) and text else text


def latex_text(text):
    return "".join(LATEX.get(c, c) for c in plain(text))


def _guard(line):
    """A [ or * at its begin would be an argument of the command before: of \\midrule, of the end of the line above."""
    return "{}" + line if line[:1] in ("[", "*") else line


def _latex_cell(cell):
    text = latex_text(cell)
    return r"\textbf{%s}" % text if isinstance(cell, Bold) else text


def csv_text(cell):
    """A spreadsheet takes what begins with = + - @ for a formula: numbers stay, texts are quoted as texts."""
    text = plain(cell)
    return "'" + text if text[:1] in ("=", "+", "-", "@") and not NUMBERS.fullmatch(text) else text


def csv_number(cell):
    """A cell that readers of CSV take for a number where it is one: the minus of ASCII, and nothing where there is none."""
    return "" if cell == "–" else cell.replace("−", "-") if NUMBERS.fullmatch(plain(cell)) else csv_text(cell)


def frame_csv(frame):
    """A pandas frame as CSV: numbers as they are, texts safe for a terminal and a spreadsheet."""
    safe = frame.apply(lambda column: column.map(lambda v: csv_text(v) if isinstance(v, (str, tuple)) else v))
    return safe.rename(columns=csv_text).to_csv(index=False)


# ---- numbers as texts ----

def number(x, digits=2, sign=False):
    if x is None or x != x:
        return "–"
    if x in (float("inf"), float("-inf")):
        return "∞" if x > 0 else "−∞"
    text = "%.*f" % (digits, x)
    if not text.strip("-0."):  # no number is below 0 that prints as 0
        text = text.lstrip("-")
    return (text if text.startswith("-") or not sign else "+" + text).replace("-", "−")


def spread(mean, sd, digits=2, sign=False):
    return number(mean, digits, sign) + ("" if sd is None or sd != sd else " ± %.*f" % (digits, sd))


def interval(low, high, digits=2, sign=True):
    return "–" if low != low else "%s to %s" % (number(low, digits, sign), number(high, digits, sign))


def p_text(p):
    """Never on the other side of 0.05 than p."""
    return "–" if p != p else "<0.001" if p < 0.001 else "<0.050" if 0.0495 <= p < 0.05 else "%.3f" % p


def _mean(cell):
    return cell.split(" ", 1)[0]


def bold_best(rows, column, values, largest=True):
    """Marks the row whose value is best, and those that print the same; none where fewer than two have one."""
    good = [(v, i) for i, v in enumerate(values) if v == v]
    if len(good) > 1:
        first = (max if largest else min)(good, key=lambda pair: pair[0])[1]
        best = _mean(rows[first][column])
        for _, i in good:
            if _mean(rows[i][column]) == best:
                rows[i][column] = Bold(rows[i][column])
