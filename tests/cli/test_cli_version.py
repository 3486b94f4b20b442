"""`sld --version` tells the program, commit, compiler, flags, options and every library; cmake/commit.cmake finds the commit of a
clone, sees changes, and knows it in an archive that git made."""
import os
import re
import subprocess

from harness import check, expect, in_folder, sld, write

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
LINES = [r"sld \d+\.\d+\.\d+", r"commit: ([0-9a-f]{12}(, with changes)?|unknown)", r"compiler: \w+ \d+\.\S+", r"flags: .*-ffp-contract=off.*",
         r"options: CMAKE_BUILD_TYPE=\w+ SLD_KERNELS=(auto|onednn|blas) SLD_WERROR=\w+ SLD_SANITIZE=\w+", r"MPI: .*\d.*",
         r"files: HDF5 \d+\.\d+\.\d+ \(parallel\)", r"convolutions: .*\d thread", r"BLAS: .+", r"YAML: libyaml \d+\.\d+\.\d+"]


def version():
    for words in (["--version"], ["run", "--version"]):
        lines = expect(sld(*words, ranks=0), 0).out.splitlines()
        check(len(lines) == len(LINES) and all(re.fullmatch(p, l) for p, l in zip(LINES, lines)), "sld --version says", lines)


def one_voice():
    """Of the ranks of a launcher one answers what needs no verb."""
    for words, code, text in ((["--version"], 0, "compiler: "), (["run", "--version"], 0, "compiler: "), (["--help"], 0, "doctor"),
                              (["run", "--help"], 0, "--show-config   "), (["rnu"], 2, "expected a verb, got 'rnu'; nearest: run")):
        alone, said = sld(*words, ranks=0), expect(sld(*words, ranks=3), code)
        wanted = (alone.out + alone.err).count(text)
        check((said.out + said.err).count(text) == wanted > 0, words, "wanted", wanted, "times:", text, said.out, said.err)


def run(*words, **more):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, **more).stdout.decode().strip()


def commit_of(root, *more):
    out = os.path.join(os.getcwd(), "commit.h")
    run("cmake", *more, "-DROOT=" + root, "-DOUT=" + out, "-P", os.path.join(ROOT, "cmake", "commit.cmake"))
    with open(out) as f:
        return re.fullmatch(r'#define SLD_COMMIT "(.*)"\n', f.read()).group(1)


def commits():
    os.makedirs("clone/cmake")
    git = ["git", "-C", "clone", "-c", "user.name=a", "-c", "user.email=a@b"]
    run(*git, "init", "-q")
    write("clone/cmake/commit.txt", "$Format:%H$\n")
    write("clone/.gitattributes", "cmake/commit.txt export-subst\n")
    run(*git, "add", ".")
    run(*git, "commit", "-qm", "a")
    commit = run(*git, "rev-parse", "HEAD")[:12]
    check(commit_of("clone") == commit, "of a clone:", commit_of("clone"), commit)
    check(commit_of("clone", "-DGIT=/nowhere/git") == commit, "of a clone where git is not installed")
    os.mkdir("archive")
    run("tar", "-x", "-C", "archive", input=subprocess.run(git + ["archive", "HEAD"], stdout=subprocess.PIPE).stdout)
    check(commit_of("archive") == commit, "of an archive:", commit_of("archive"), commit)
    write("clone/cmake/commit.txt", "another\n")
    check(commit_of("clone") == commit + ", with changes", "of a changed clone:", commit_of("clone"))
    run("rm", "-r", "clone/.git")
    check(commit_of("clone") == "unknown", "of a copy without git:", commit_of("clone"))


def main():
    version()
    one_voice()
    commits()


in_folder(main)
