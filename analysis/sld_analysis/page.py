"""page.py: the report as one HTML page: no script, no other file; light and dark, phone and print."""
import html

from .table import plain

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --faint: #69717a; --line: #d5dae0; --shade: #f4f6f8; --link: #0b5cad; --warn: #8a5300; --warnshade: #fff4dd;
  --c0: #0072b2; --c1: #c24f00; --c2: #008060; --c3: #b0578f; --c4: #8a6d00; --c5: #7a5cc9; --c6: #8c564b; --c7: #2f86c0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --paper: #14171b; --faint: #98a1aa; --line: #363c44; --shade: #1d2228; --link: #7cb8f2; --warn: #f0c070; --warnshade: #33290f;
  --c0: #4aa8e8; --c1: #f08a3c; --c2: #2fc79a; --c3: #e59ac4; --c4: #e0b040; --c5: #ab92f0; --c6: #c49080; --c7: #8fd0f5; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 76rem; padding: 1.2rem clamp(.8rem, 3vw, 2.4rem) 4rem; color: var(--ink); background: var(--paper); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .4rem 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; overflow-wrap: anywhere; }
p, ul, dl { max-width: 62rem; }
a { color: var(--link); }
dl.run { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: .8rem 0; }
dl.run dt { color: var(--faint); }
dl.run dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; max-width: 100%; width: fit-content; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: right; vertical-align: top; white-space: nowrap; }
th:first-child, .text { text-align: left; }
td.text { white-space: normal; min-width: 9rem; overflow-wrap: anywhere; }
thead th { background: var(--shade); border-bottom: 1px solid var(--line); font-weight: 600; white-space: normal; min-width: 4rem; max-width: 10rem; }
thead th.text { max-width: none; }
tbody th { font-weight: 400; min-width: 6.5rem; max-width: 26rem; white-space: normal; }
tbody tr + tr th, tbody tr + tr td { border-top: 1px solid var(--line); }
.note { font-size: .84rem; color: var(--faint); margin: .4rem 0; }
.warn { background: var(--warnshade); border-left: 4px solid var(--warn); padding: .5rem .8rem; margin: .5rem 0; max-width: 62rem; overflow-wrap: anywhere; }
figure { margin: 1.6rem 0; break-inside: avoid; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: .6rem 1rem; }
.panels svg { width: 100%; height: auto; max-width: 32rem; color: var(--ink); }
.legend { list-style: none; margin: .2rem 0 .6rem; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; font-size: .86rem; }
.legend li { overflow-wrap: anywhere; }
.legend svg.key { width: 34px; height: 10px; margin-right: .4rem; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .85rem; }
pre { overflow-x: auto; background: var(--shade); padding: .6rem .8rem; border-radius: 6px; max-width: 100%; }
nav ul { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; padding: 0; list-style: none; font-size: .9rem; }
@media (max-width: 40rem) { dl.run { grid-template-columns: 1fr; gap: 0; } dl.run dt { margin-top: .4rem; } th, td { padding: .28rem .5rem; } }
@media print { :root { --ink: #000; --paper: #fff; --faint: #444; --line: #bbb; --shade: #f2f2f2; --link: #000; --warn: #8a5300; --warnshade: #fff; }
  :root { --c0: #0072b2; --c1: #c24f00; --c2: #008060; --c3: #b0578f; --c4: #8a6d00; --c5: #7a5cc9; --c6: #8c564b; --c7: #2f86c0; }
  body { max-width: none; padding: 0; font-size: 9.5pt; } nav { display: none; } .scroll { overflow: visible; border: 0; }
  table { font-size: 7.5pt; } td, th, thead th, td.text { white-space: normal; min-width: 0; padding: .15rem .35rem; } table, tr, .panels svg, .warn { break-inside: avoid; } figure { break-inside: auto; } h2, h3, .legend { break-after: avoid; } .note { break-before: avoid; } .panels { grid-template-columns: 1fr 1fr; } }
"""


def text(value):
    return html.escape(plain(value))


def run_list(facts):
    return '<dl class="run">\n%s</dl>\n' % "".join("<dt>%s</dt><dd>%s</dd>\n" % (text(k), text(v)) for k, v in facts)


MARK = '<nav aria-label="Sections">'  # by which a report knows a page of its own


def page(title, facts, warnings, sections, left, again):
    """sections: [(heading, [Table or Figure])]; left: [(key, reason)]; again: [(arm, command)]."""
    nav = "".join('<li><a href="#s%d">%s</a></li>' % (i, text(h)) for i, (h, parts) in enumerate(sections) if parts)
    body = "".join('<p class="warn">%s</p>\n' % text(w) for w in warnings)
    for i, (heading, parts) in enumerate(sections):
        if parts:
            body += '<h2 id="s%d">%s</h2>\n%s' % (i, text(heading), "".join(p.html() for p in parts))
    if left:
        body += '<h2 id="left">What this report cannot show, and why</h2>\n<ul>\n%s</ul>\n' % "".join(
            "<li><b>%s</b>: %s.</li>\n" % (text(k), text(r)) for k, r in left)
    if again:
        body += '<h2 id="again">To make a row again</h2>\n<div class="scroll"><table><thead><tr><th scope="col">arm</th>' \
                '<th scope="col" class="text">command, of its first seed</th></tr></thead><tbody>\n%s</tbody></table></div>\n' % "".join(
                    '<tr><th scope="row">%s</th><td class="text"><code>%s</code></td></tr>\n' % (text(a), text(c)) for a, c in again)
    return ('<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, '
            'initial-scale=1">\n<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'; '
            'img-src data:">\n<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<h1>%s</h1>\n%s%s<ul>%s</ul>'
            "</nav>\n<main>\n%s</main>\n</body>\n</html>\n" % (text(title), STYLE, text(title), run_list(facts), MARK, nav, body))
