"""`cmake --install` with DESTDIR and another prefix puts program, pages, sweeps and analysis in place, and they work there:
the program runs, the links of the pages resolve, the program reads the shipped sweeps. Needs SLD_CMAKE and SLD_BUILD."""
import os
import re
import subprocess
import sys
import tempfile

from pages import without_code


def run(*words, **more):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)


def dead_links(folder):
    for place, _, names in os.walk(folder):
        for name in (n for n in names if n.endswith(".md")):
            with open(os.path.join(place, name), encoding="utf-8") as f:
                for target in re.findall(r"\]\(([^)\s#]+)", without_code(f.read())):
                    if not re.match("[a-z]+:", target) and not os.path.exists(os.path.join(place, target)):
                        yield "%s: links %s, which is not installed" % (os.path.join(place, name), target)


def main():
    wrong = []
    with tempfile.TemporaryDirectory() as stage:
        done = run(os.environ["SLD_CMAKE"], "--install", os.environ["SLD_BUILD"], "--prefix", "/opt/sld",
                   env=dict(os.environ, DESTDIR=stage))
        top = os.path.join(stage, "opt", "sld")
        sld, sweeps = os.path.join(top, "bin", "sld"), os.path.join(top, "share", "sld", "sweeps")
        if done.returncode != 0 or os.listdir(stage) != ["opt"]:
            wrong.append("cmake --install: %s\nin DESTDIR: %s" % (done.stdout.decode(), os.listdir(stage)))
        else:
            env = dict(os.environ, OMPI_MCA_ess_singleton_isolated="1")
            if run(sld, "--version", env=env).returncode != 0:
                wrong.append("bin/sld --version failed")
            plan = run(sld, "sweep", os.path.join(sweeps, "quickstart.yaml"), "--plan", cwd=stage, env=env)
            if plan.returncode != 0:
                wrong.append("the installed quickstart.yaml: " + plan.stdout.decode())
            if not os.path.isdir(os.path.join(top, "share", "sld", "analysis")):
                wrong.append("share/sld/analysis is not there")
            share = os.path.join(top, "share")
            with open(os.path.join(share, "modulefiles", "sld", os.listdir(os.path.join(share, "modulefiles", "sld"))[0])) as f:
                module = f.read()
            if not module.startswith("#%Module") or "set prefix {/opt/sld}\n" not in module or "@" in module:
                wrong.append("the modulefile: expected the prefix /opt/sld, got " + module)
            for made in ("man/man1/sld.1", "man/man1/sld-run.1", "man/man1/sld-sweep.1", "zsh/site-functions/_sld",
                         "bash-completion/completions/sld", "sld/jobs/sweep.sbatch", "sld/jobs/trial.sbatch"):
                if not os.path.isfile(os.path.join(share, made)) or not os.path.getsize(os.path.join(share, made)):
                    wrong.append("share/%s is not there, or empty" % made)
            wrong += dead_links(os.path.join(top, "share", "doc"))
    print("\n".join(wrong) or "installed, and works there")
    sys.exit(1 if wrong else 0)


main()
