"""The report page, the live page and the viewer in a headless Chromium, wide and as narrow as a phone, light, dark and printed: nothing
scrolls sideways, no text lies over another, every text and every line can be told from what is behind it. Skipped without Chromium."""
import os
import subprocess
import sys

from package import ANALYSIS, needs

import browser

if not browser.CHROMIUM:
    print("SKIP: no Chromium")
    sys.exit(77)
needs("matplotlib", "pandas", "scipy", "yaml")

import made_study
import made_sweep
from harness import check, expect, in_folder, sld, write

CLAIMS = "claims: {SLD less KD-PA: {arm: SLD, against: KD-PA}, a name that is rather long for a claim: {arm: KD-PA+LTS, against: [KD-PA, KD-PA+LSS]}}"
SEEN = """
(() => {
  const out = { wide: document.documentElement.scrollWidth, over: [], faint: [] };
  const turned = e => { for (; e && e.nodeType === 1; e = e.parentNode) { const t = e.getAttribute("transform") || "", r = /rotate\\((-?[\\d.]+)/.exec(t); if (r && Number(r[1]) % 90) return true; } return false; };
  const numbers = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = c => { const [r, g, b] = numbers(c).slice(0, 3).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (c && !/, 0\\)|transparent/.test(c)) return c; } return "rgb(255, 255, 255)"; };
  const boxes = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (!node.data.trim() || e.closest("script, style, option, title") || !e.checkVisibility()) continue;
    const range = document.createRange(), own = e.closest("svg") && e.closest("text");
    range.selectNodeContents(node);
    const style = getComputedStyle(e), color = own ? style.fill : style.color;
    if (ratio(color, behind(e)) < 4.5 && !e.closest("button, select, input")) out.faint.push([node.data.trim().slice(0, 30), color, behind(e), ratio(color, behind(e))]);
    if (own && turned(e)) continue;
    for (const r of own ? [e.getBoundingClientRect()] : range.getClientRects()) boxes.push([r, node.data.trim().slice(0, 30), e]);
  }
  boxes.sort((a, b) => a[0].top - b[0].top);
  for (let i = 0; i < boxes.length; i++)
    for (let j = i + 1; j < boxes.length && boxes[j][0].top < boxes[i][0].bottom - 3; j++) {
      const [a, s, e] = boxes[i], [b, t, f] = boxes[j];
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - b.top > 3 && e !== f && e.closest(".scroll") === f.closest(".scroll")) out.over.push([s, t]);
    }
  const root = getComputedStyle(document.documentElement), paper = document.createElement("i");
  document.body.append(paper);
  for (let k = 0; k < 8; k++) {
    paper.style.color = root.getPropertyValue("--c" + k);
    const c = getComputedStyle(paper).color, back = getComputedStyle(document.body).backgroundColor;
    if (root.getPropertyValue("--c" + k) && ratio(c, back) < 3) out.faint.push(["--c" + k, c, back, ratio(c, back)]);
  }
  paper.remove();
  return out;
})()
"""


def check_page(b, name):
    for width, scheme, media in ((1200, "light", ""), (390, "dark", ""), (794, "light", "print")):
        b.open(name, width, 900, scheme, media)
        seen, where = b.run(SEEN), (name, width, scheme, media)
        check(seen["wide"] <= width, "scrolls sideways", where, seen["wide"])
        check(not seen["over"], "text over text", where, seen["over"][:8])
        check(not seen["faint"], "cannot be told from what is behind", where, seen["faint"][:8])


def main():
    made_study.write_study("study.h5", made_study.square()[1:], seeds=3, samples=120, spec=CLAIMS,
                           states={("SLD", 3): ("failed", "no such file: /a/path/that/is/long/enough/to/need/two/lines/data.h5")})
    subprocess.run([os.path.join(ANALYSIS, "sld-analysis"), "report", "study.h5", "-o", "out"], check=True, stdout=subprocess.DEVNULL)
    made_sweep.small_sweep("made")
    made_sweep.mark("made", "lo0000000003", "failed", "no such file: /a/path/that/is/long/enough/to/need/two/lines/data.h5\n")
    expect(sld("report", "made", "--html", "live.html", ranks=0), 0)
    write("bad.html", "<body style='background: #fff'><p style='color: #aaa'>faint</p><p style='width: 2000px'>wide</p>"
                      "<p style='position: absolute; top: 10px'>one over</p><p style='position: absolute; top: 12px'>another</p>")
    with browser.Browser() as b:
        b.open("bad.html", 390)
        seen = b.run(SEEN)
        check(seen["wide"] > 390 and seen["over"] and seen["faint"], "the test finds what it looks for", seen)
        for name in ("out/report.html", "live.html"):
            check_page(b, name)


in_folder(main)
