"""The job scripts of jobs/ are sound shell and one text with what `sld sweep --print-job` prints, which fills in hours, nodes,
spec and settings from the command line or from the cost, measured once trials have ended, and says what does not fit. The
scripts' own logic runs against a made sld, scontrol and srun: what is requeued, how often, and what a user is told."""
import os
import re
import shutil
import signal
import subprocess
import time

from harness import check, expect, in_folder, sld, write

JOBS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "jobs")
FILES = {"slurm": "sweep.sbatch", "array": "array.sbatch", "pbs": "sweep.pbs", "flux": "sweep.flux"}
SPEC = """
name: tiny
base: {method: none, student: {network: resnet8}, train: {epochs: 1, batch: 32}, data: {format: synthetic},
       synthetic: {train: 64, test: 16}, parallel: {shards: 2}}
axes: {train.lr: [0.01, 0.02]}
seeds: [1]
"""


def text(name):
    with open(os.path.join(JOBS, name)) as f:
        return f.read()


def value(script, key):
    found = re.findall(r"^%s(.*)$" % re.escape(key), script, re.M)
    check(len(found) == 1, "expected one line", key, "got", found, script)
    return re.sub(r" +#.*", "", found[0])


def sound():
    for name in sorted(os.listdir(JOBS)):
        if not name.endswith(".sh"):
            check(subprocess.run(["bash", "-n", os.path.join(JOBS, name)]).returncode == 0, name, "is no shell")
            check(len(re.findall("# EDIT", text(name))) == 2, name, "is to be edited in two lines")
    below = [text(n).split("# ---- nothing below")[1] for n in ("sweep.sbatch", "array.sbatch")]
    check(below[0] == below[1], "sweep.sbatch and array.sbatch share what follows their settings")


def print_job(scheduler, *words):
    return expect(sld("sweep", "tiny.yaml", "--print-job", scheduler, *words, ranks=0), 0)


def same_text():
    """Beyond head, known settings and the directive of an array the printed script is the file."""
    keys = r"(#SBATCH --(time|array)=|#PBS -(l walltime=|l select=1:ncpus=|J )|#flux: --time-limit=|(seconds|modules|sweep|settings|sld)=)"
    for name, file in FILES.items():
        printed = print_job("slurm", "--nodes", "3").out if name == "array" else print_job(name, "--nodes", "3" if name == "pbs" else "1").out
        rest = [[l for l in t.splitlines() if not re.match(keys, l) and not l.startswith("# ")] for t in (printed, text(file))]
        check(rest[0] == rest[1], file, "and what is printed differ:", set(rest[0]) ^ set(rest[1]))
        write("printed", printed)
        check(subprocess.run(["bash", "-n", "printed"]).returncode == 0, printed)


def filled_in():
    printed = print_job("slurm", "synthetic.test=16", "--dir", "it's here", "--hours", "1.5", "--cores", "8").out
    check(value(printed, "#SBATCH --time=") == "01:30:00", printed)
    check(value(printed, "sweep=") == "tiny.yaml" and os.path.isabs(value(printed, "sld=")), printed)
    check(value(printed, "settings=") == r"(synthetic.test=16 --dir 'it'\''s here')", printed)
    check("2 of 2 trials left" in printed and "a guess until" in printed and "(--cores" not in printed, printed)
    array = print_job("slurm", "--nodes", "5", "--cores", "2")
    check(value(array.out, "#SBATCH --array=") == "1-5", array.out)
    for place in (array.out, array.err):
        check("3 of the nodes have nothing to do: the trials can use 4 cores together" in place, place)
    pbs = print_job("pbs", "--hours", "2", "--nodes", "2", "--cores", "24").out
    check((value(pbs, "#PBS -l walltime="), value(pbs, "#PBS -l select=1:ncpus="), value(pbs, "#PBS -J "), value(pbs, "seconds="))
          == ("02:00:00", "24", "1-2", "7200"), pbs)
    flux = print_job("flux", "--hours", "0.5").out
    check((value(flux, "#flux: --time-limit="), value(flux, "seconds=")) == ("30m", "1800"), flux)
    long = print_job("slurm", "train.epochs=100000", "synthetic.train=50000", "--hours", "3", "--nodes", "1", "--cores", "4").out
    check("this does not fit into 3 h: about" in long and "each requeues itself" in long, long)
    modules = expect(sld("sweep", "tiny.yaml", "--print-job", "flux", ranks=0, env={"LOADEDMODULES": "gcc/12:openmpi/4"}), 0).out
    check(value(modules, "modules=") == "'gcc/12 openmpi/4'", modules)


def refused():
    for words, told in ((["--print-job", "lsf"], "--print-job: expected slurm, pbs or flux, got lsf"),
                        (["--print-job", "slurm", "--hours", "0"], "--hours: expected a number from 0.2 to 10000, got 0"),
                        (["--print-job", "slurm", "--nodes", "1.5"], "--nodes: expected a whole number from 1 to 100000, got 1.5"),
                        (["--hours", "1"], "--hours: expected --print-job with it, got none")):
        expect(sld("sweep", "tiny.yaml", *words, ranks=0), 2, told)
    check(not os.path.exists("runs"), "a printed job leaves nothing")


def measured():
    """What trials took is the measure, and those that have ended cost nothing more."""
    expect(sld("sweep", "tiny.yaml", "--ranks", "1", ranks=0), 0)
    check("settings=(--slots 2 --accept-changes)" in print_job("slurm", "--accept-changes", "--slots", "2").out, "options that are kept")
    told = expect(sld("sweep", "runs/tiny", "--print-job", "slurm", ranks=0), 0).out
    check("nothing is left to do: every trial has ended" in told, told)
    write("more.yaml", SPEC.replace("[0.01, 0.02]", "[0.01, 0.02, 0.03]"))
    expect(sld("sweep", "more.yaml", "--plan", ranks=0), 0, "measured on 2 trials here", "1 of 3 points left")
    told = expect(sld("sweep", "more.yaml", "--print-job", "slurm", ranks=0), 0).out
    check("1 of 3 trials left" in told and "measured on trials of this folder" in told, told)


# ---- what the scripts do, with commands that write down how they were called ----

def tool(name, body):
    write(os.path.join("bin", name), "#!/bin/bash\necho \"%s $*\" >>calls\n%s\n" % (name, body))
    os.chmod(os.path.join("bin", name), 0o755)


def job(name, sld_does, scontrol="exit 0", env=None, sent=None, mpi="Open MPI v4.1.4"):
    """Runs a script of jobs/ as a scheduler would; sent: a signal when its sld, of that MPI,
    works, and the script has not yet got to the command behind its start. Exit code, calls, what it said."""
    shutil.rmtree("bin", ignore_errors=True)
    os.mkdir("bin")
    for file in ("calls", "works", "sent"):
        if os.path.exists(file):
            os.remove(file)
    tool("sld", "[ \"$1\" != --version ] || { echo 'MPI: %s'; exit; }; trap 'exit 75' USR1 TERM; >works; %s" % (mpi, sld_does))
    tool("scontrol", scontrol)
    tool("srun", '[ "$1" = --mpi=list ] || exec "${@:2}"; echo MPI plugin types are... pmix pmi2')
    tool("sleep", "exit 0")
    env = dict(os.environ, PATH=os.path.abspath("bin") + ":" + os.environ["PATH"], SLURM_JOB_ID="7", SLURM_JOB_NAME="j",
               SLURM_NTASKS="2", PBS_O_WORKDIR=os.getcwd(), **(env or {}))
    if sent:
        write("slow", "trap '[[ $BASH_COMMAND != pid=* ]] || until [ -e sent ]; do /bin/sleep 0.02; done' DEBUG\n")
        env["BASH_ENV"] = os.path.abspath("slow")
    process = subprocess.Popen(["bash", os.path.join(JOBS, name)], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    while sent and not os.path.exists("works"):
        time.sleep(0.01)
    if sent:
        process.send_signal(sent)
        write("sent", "")
    try:
        said = process.communicate(timeout=60)[0].decode()
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    with open("calls") as f:
        return process.returncode, f.read(), said


WAITS = "while :; do /bin/sleep 0.02; done"
ARRAY = {"SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": "2"}


def logic():
    write("experiment.yaml", "")
    for name, what, more, code, called, told in (
            ("sweep.sbatch", "exit 0", {}, 0, "", ""),
            ("sweep.sbatch", "exit 1", {}, 1, "", ""),
            ("sweep.sbatch", "exit 75", {}, 75, "scontrol requeue 7\n", ""),  # it has seen its end itself
            ("sweep.sbatch", WAITS, {"sent": signal.SIGTERM}, 75, "", ""),  # a user's scancel: not to come back
            ("trial.sbatch", WAITS, {"sent": signal.SIGTERM}, 75, "", ""),
            ("sweep.sbatch", WAITS, {"sent": signal.SIGUSR1}, 75, "scontrol requeue 7\n", ""),
            ("sweep.sbatch", WAITS, {"sent": signal.SIGUSR1, "scontrol": "exit 1"}, 75, "scontrol requeue 7\n", "submit this script again"),
            ("array.sbatch", WAITS, {"sent": signal.SIGUSR1, "env": ARRAY}, 75, "scontrol requeue 5_2\n", ""),
            ("trial.sbatch", "exit 0", {}, 0, "", ""),
            ("trial.sbatch", WAITS, {"sent": signal.SIGUSR1}, 75, "scontrol requeue 7\n", ""),
            ("trial.sbatch", "exit 205", {}, 205, "scontrol requeue 7\n", ""),
            ("trial.sbatch", "exit 137", {}, 137, "scontrol requeue 7\n", ""),
            ("trial.sbatch", "exit 137", {}, 137, "scontrol requeue 7\n", ""),
            ("trial.sbatch", "exit 205", {}, 205, "", ""),  # the fourth time
            ("sweep.pbs", "exit 75", {}, 75, "", "submit this script again"),
            ("sweep.flux", "exit 0", {}, 0, "", "")):
        got, calls, said = job(name, what, **more)
        requeues = "".join(l + "\n" for l in calls.splitlines() if l.startswith("scontrol"))
        check(got == code and requeues == called and told in said, name, what, "expected", code, called, told, "got", got, calls, said)
        check(bool(told) == ("submit this script" in said), name, what, "tells", said)
    for mpi, plugin in (("Open MPI v5.0.7", "pmix"), ("MPICH Version: 4.0.2", "pmi2")):
        calls = job("trial.sbatch", "exit 0", mpi=mpi)[1]
        check("srun --mpi=%s sld run experiment.yaml" % plugin in calls, mpi, calls)
    # The scheduler that gives no signal: the script does, here after a second.
    with open(os.path.join(JOBS, "sweep.pbs")) as f:
        write("soon.pbs", f.read().replace("seconds=14400", "seconds=121"))
    got, calls, said = job(os.path.abspath("soon.pbs"), WAITS)
    check(got == 75 and "submit this script again" in said, got, calls, said)


def main():
    write("tiny.yaml", SPEC)
    sound()
    same_text()
    filled_in()
    refused()
    logic()
    measured()


in_folder(main)
