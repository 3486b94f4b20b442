"""Every version of a file format that the code writes or reads stands in CHANGELOG.md, "Versions of file formats", and the newest of
each in docs/files.md, "Versions"; and only the files looked at here know of versions."""
import re
import sys

from pages import files, text_of

wrong = []


def in_code():
    found = {(name, int(version)) for name, version in re.findall(r'\{"(sld-[a-z-]+)", (\d+)\}', text_of("src/store/formats.c"))}
    table = text_of("src/store/table.h")
    found.add((re.search(r'TABLE_FORMAT\s+"([^"]+)"', table).group(1), int(re.search(r"TABLE_VERSION\s+(\d+)", table).group(1))))
    return found | {("sld-sweep", int(v)) for v in re.findall(r'"sld-sweep (\d+)"', text_of("src/grid/points.c"))}


def rows(page, heading):
    section = re.split(r"^## |\Z", re.split(r"^## %s$" % heading, text_of(page), flags=re.M)[1], flags=re.M)[0]
    return [[c.strip() for c in line.strip("|").split("|")] for line in re.findall(r"^\| sld-.*$", section, re.M)]


code = in_code()
changes = {(row[0].split()[0], int(row[1])) for row in rows("CHANGELOG.md", "Versions of file formats")}
page = {(row[0], int(row[1].split(";")[0])) for row in rows("docs/files.md", "Versions")}
newest = {(name, max(v for n, v in code if n == name)) for name, _ in code}
for name, version in sorted(code - changes):
    wrong.append("CHANGELOG.md: Versions of file formats: expected a row of %s %d, got none" % (name, version))
for name, version in sorted(changes - code):
    wrong.append("CHANGELOG.md: Versions of file formats: %s %d: no code writes or reads it" % (name, version))
for name, version in sorted(newest ^ page):
    wrong.append("docs/files.md: Versions: %s %d: the page and the code differ" % (name, version))
for name in files():
    if re.match(r"src/.*\.c$", name) and name not in ("src/store/formats.c", "src/store/table_publish.c", "src/store/table_read.c"):
        if '"format_version"' in text_of(name):
            wrong.append('%s: writes or reads "format_version" by itself; use sld_doc_put_format()' % name)
print("\n".join(wrong))
print("versions: %d in the code, %d wrong" % (len(code), len(wrong)))
sys.exit(1 if wrong or len(code) < 7 else 0)
