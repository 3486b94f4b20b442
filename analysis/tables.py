"""tables.py: a table of texts as Markdown, LaTeX and HTML."""
import html
import re

LATEX = {"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
         "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "–": "--", "<": "$<$", ">": "$>$", "|": r"\textbar{}"}


def markdown(title, heads, rows):
    cell = lambda text: text.replace("|", r"\|")
    lines = ["### " + title, "", "| " + " | ".join(map(cell, heads)) + " |",
             "|" + "|".join([":--"] + ["--:"] * (len(heads) - 1)) + "|"]
    return "\n".join(lines + ["| " + " | ".join(map(cell, row)) + " |" for row in rows]) + "\n"


def latex(title, heads, rows):
    cell = lambda text: re.sub(r"^-(?=\d)", "$-$", "".join(LATEX.get(c, c) for c in text))
    line = lambda row: "  " + " & ".join(map(cell, row)) + r" \\"
    return "\n".join([r"\begin{table}", r"  \centering", r"  \caption{%s}" % cell(title),
                      r"  \begin{tabular}{l%s}" % ("r" * (len(heads) - 1)), r"  \hline", line(heads), r"  \hline"]
                     + [line(row) for row in rows] + [r"  \hline", r"  \end{tabular}", r"\end{table}"]) + "\n"


def html_table(title, heads, rows):
    line = lambda row, tag: "<tr>" + "".join("<%s>%s</%s>" % (tag, html.escape(c), tag) for c in row) + "</tr>"
    return "\n".join(["<h2>%s</h2>" % html.escape(title), "<table>", line(heads, "th")]
                     + [line(row, "td") for row in rows] + ["</table>"]) + "\n"


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>%(title)s</title>
<style>
body { font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: 0 0 1.5em; }
th, td { padding: .25em .8em; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; }
tr:first-child th { border-top: 2px solid #222; border-bottom: 1px solid #222; }
tr:last-child td { border-bottom: 2px solid #222; }
img { max-width: 100%%; }
</style></head><body>
<h1>%(title)s</h1>
%(body)s</body></html>
"""


def page(title, body):
    return PAGE % {"title": html.escape(title), "body": body}
