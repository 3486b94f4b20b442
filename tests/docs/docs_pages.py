"""What pages and comments refer to exists: every page and section that code cites, every relative link of a page and its
anchor, every file and test that a page names; no comment cites a document that the project does not have; README.md fits on two screens."""
import os
import re
import sys

from pages import ROOT, anchor, files, headings, pages, text_of, without_code

README_LINES = 120
CITATION = re.compile(r"\b((?:docs/[a-z0-9_-]+|[A-Z]+)\.md)(?:, \"([^\"]+)\"(?: and \"([^\"]+)\")?)?")
OLD = re.compile(r"\b(?:DESIGN|REFERENCE|PROTOCOL|GOLDEN|STYLE)(?:\.md| section\b)")

wrong = []


def complain(place, text):
    wrong.append("%s: %s" % (place, text))


def joined(text):
    """Comments that go on in the next line become one line."""
    return re.sub(r"\n[ \t]*(?:\*|#|//)?[ \t]*", " ", text)


def check_citations(all_pages):
    """Sections that code, scripts and tests cite. Returns how many."""
    n = 0
    for name in files():
        text = text_of(name)
        if text is None or name.endswith(".md") or name.startswith("tests/docs/"):
            continue
        for m in OLD.finditer(text):
            line = text[:m.start()].count("\n") + 1
            complain("%s:%d" % (name, line), "cites %s, which the project does not have" % m.group(0))
        for m in CITATION.finditer(joined(text)):
            page, sections = m.group(1), [s for s in m.groups()[1:] if s]
            n += 1
            if page not in all_pages:
                complain(name, "cites %s: there is no such page" % page)
                continue
            for section in sections:
                if section not in headings(all_pages[page]):
                    complain(name, "cites %s, \"%s\": the page has no such section" % (page, section))
    return n


def check_links(all_pages):
    """Relative links and anchors of the pages. Returns how many."""
    n = 0
    for name, text in all_pages.items():
        for m in re.finditer(r"\]\(([^)\s]+)\)", without_code(text)):
            target = m.group(1)
            if re.match(r"[a-z]+:", target):
                continue
            n += 1
            line = text[:0].count("\n") + without_code(text)[:m.start()].count("\n") + 1
            path, _, section = target.partition("#")
            page = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
            if not os.path.exists(os.path.join(ROOT, page)):
                complain("%s:%d" % (name, line), "links %s: there is no such file" % target)
            elif section and section not in [anchor(h) for h in headings(all_pages.get(page, ""))]:
                complain("%s:%d" % (name, line), "links %s: the page has no such section" % target)
    return n


def check_paths(all_pages):
    """Files and tests that pages name in their text: src/nn/init.c, tests/run.sh, test_nn_zoo. Words in capitals stand for
    names. Returns how many."""
    n, everything = 0, files()
    folders = {os.path.dirname(name[:m.end()]) for name in everything for m in re.finditer("/", name)}
    tests = {os.path.splitext(os.path.basename(name))[0] for name in everything if name.startswith("tests/")}
    for name, text in all_pages.items():
        for m in re.finditer(r"(?<![\w./-])(?:src|include|tests|cmake|jobs|analysis|sweeps|docs)/[\w./-]*[\w/]|\btest_[a-z0-9]+_\w+",
                             text):
            word = m.group(0).rstrip("/")
            if re.search(r"\b[A-Z]{2,}\b|[A-Z]{3,}|_behaviour$", word):
                continue
            n += 1
            if word not in (tests if word.startswith("test_") else folders | set(everything)):
                complain("%s:%d" % (name, text[:m.start()].count("\n") + 1), "names %s, which is not there" % word)
    return n


def check_held(all_pages):
    """Every row of docs/edges.md names the tests that hold it, and they are there. Returns how many."""
    tests = {os.path.splitext(os.path.basename(name))[0] for name in files() if name.startswith("tests/")}
    rows = re.findall(r"^\|.*\|$", re.sub(r"^\| case .*\n.*\n", "", all_pages["docs/edges.md"], flags=re.M), flags=re.M)
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        for word in cells[-1].split(", "):
            if len(cells) != 3 or word not in tests and not os.path.isfile(os.path.join(ROOT, word)):
                complain("docs/edges.md", "expected | case | what sld does | tests |, got %s" % row)
    return len(rows)


def check_reached(all_pages):
    """A page of docs/ that no other page links is found by nobody."""
    linked = {os.path.normpath(os.path.join(os.path.dirname(page), to)) for page, text in all_pages.items()
              for to in re.findall(r"\]\(([^()#\s]+)[#)]", text) if to != os.path.basename(page)}
    for name in all_pages:
        if name.startswith("docs/") and name not in linked:
            complain(name, "no other page links it")


def main():
    all_pages = pages()
    cited, linked, named = check_citations(all_pages), check_links(all_pages), check_paths(all_pages)
    held = check_held(all_pages)
    check_reached(all_pages)
    lines = all_pages["README.md"].count("\n")
    if lines > README_LINES:
        complain("README.md", "%d lines, at most %d" % (lines, README_LINES))
    if 0 in (cited, linked, named, held):
        complain("docs_pages", "found %d citations, %d links, %d names, %d edges: it looks in the wrong place" % (cited, linked, named, held))
    print("%d pages, %d citations in code, %d links, %d files and tests named, %d wrong"
          % (len(all_pages), cited, linked, named, len(wrong)))
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
