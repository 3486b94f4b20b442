"""pages.py: the project's pages as the tests of tests/docs see them: files, headings, links, blocks of code."""
import os
import re
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def files():
    """Every file of the project, relative to ROOT: from git where there is one, else by looking."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode().split("\0")
        return sorted(n for n in names if n and os.path.isfile(os.path.join(ROOT, n)))
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in (".git", "build", "runs", "__pycache__")]
        found += [os.path.relpath(os.path.join(folder, n), ROOT) for n in names]
    return sorted(found)


def text_of(name):
    """None for a file that is not text."""
    try:
        with open(os.path.join(ROOT, name), encoding="utf-8") as f:
            return f.read()
    except UnicodeDecodeError:
        return None


def pages():
    """{name: text} of the Markdown pages."""
    return {n: text_of(n) for n in files() if n.endswith(".md")}


def without_code(text):
    """The text with the contents of fenced blocks and of code spans blanked, so that they hold no links and headings."""
    text = re.sub(r"^```.*?^```", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "``", text)


def headings(text):
    """Titles of the sections of a page."""
    fenceless = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return [m.group(1).strip() for m in re.finditer(r"^#+ (.*)$", fenceless, flags=re.M)]


def anchor(title):
    """What a link to a section is called, as code hosts make it."""
    title = re.sub(r"[^\w\- ]", "", title.lower())
    return title.replace(" ", "-")


def blocks(text, language):
    """(first line, contents) of the fenced blocks of a language."""
    for m in re.finditer(r"^```%s\n(.*?)^```" % language, text, flags=re.M | re.S):
        yield text[:m.start()].count("\n") + 2, m.group(1)


def commands(text):
    """(line number, command line) of the lines of code that call sld."""
    fence = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            fence = not fence
            continue
        shown = line.strip() if fence else line.strip() if line.startswith("    ") else ""
        shown = re.split(r"\s+#", shown)[0]
        m = re.match(r"(?:\$ )?(?:exec )?(?:srun|mpirun)?(?: -\S+(?: \d+)?)* ?(sld (?:-|[a-z]).*)$", shown)
        if m:
            yield number, m.group(1)
        else:
            m = re.search(r"\bmpirun .*?\b(sld [a-z].*?)(?: &.*)?$", shown)
            if m:
                yield number, m.group(1)
    for m in re.finditer(r"`(?:mpirun [^`]*?)?(sld [^`\n]+)`", text):
        yield text[:m.start()].count("\n") + 1, m.group(1)
