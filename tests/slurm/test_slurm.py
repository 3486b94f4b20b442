"""sld under a real Slurm of two machines: one job over both, a trial over both, an array on one folder with a task killed, a
step per node, signals, the end of a job's time with requeue, preemption, a machine without its daemon, one without power, srun without its
plugin. Whatever happens, the bits are those of a plain run, and nobody asks the scheduler more than once per start of a job.
Names of cases: those alone; `more`: those that the suite leaves to --soak; `long [EPOCHS]`: a time limit of a minute that comes
again and again."""
import glob
import os
import sys

from harness import check, digest, expect, in_folder, sld, wait_for, write
from slurm_harness import both_held, held, hold, log, needs, plain, plugin, release, same, spec, students, with_cluster

QUICK, SLOW, LONG = 1, 5, 300  # epochs


def both_nodes(c, computed):
    """One sweep in a batch script: it works on all machines of the job, trials of two ranks stay where they are placed."""
    c.wait(c.submit("exec %s sweep tiny.yaml --dir both --ranks 2" % c.sld, "-N2", "-c2", "-o", "both.log"))
    said = log("both.log")
    check("the job has 2 machines" in said and "of n1" in said and "of n2" in said, said)
    check(said.count("ends in") == 2 and "sweep tiny: done" in said, said)
    same("both", computed, "a job of two nodes")


def step_per_node(c, computed):
    """A coordinator on each node by srun itself, as a step that holds the CPUs."""
    said = c.run(*c.in_job("srun", "-t", "10", "-N2", "--ntasks-per-node=1", "-c2", c.sld, "sweep", "tiny.yaml", "--dir", "step"))
    check("of n1" in said and "of n2" in said, said)
    same("step", computed, "srun --ntasks-per-node=1")


def spans(c, computed):
    """Trials of more ranks than a machine has cores: over both, by srun and the plugin of the MPI."""
    c.wait(c.submit("exec %s sweep pair.yaml --dir spans --ranks 3" % c.sld, "-N2", "-c2", "-o", "spans.log"))
    check("3 ranks do not fit" in log("spans.log") and "--mpi=" + plugin() in log("spans.log"), log("spans.log"))
    same("spans", computed, "trials over two machines")


def trial(c):
    """jobs/trial.sbatch: one experiment, a rank on each machine."""
    write("one.yaml", "name: one\nmethod: none\nstudent: {network: resnet8}\ntrain: {epochs: 1, batch: 16}\n"
                      "synthetic: {train: 32, test: 20}\n")
    expect(sld("run", "one.yaml", "run.dir=one-plain", ranks=0), 0)
    script = c.shipped("trial.sbatch", experiment="one.yaml", sld=c.sld)
    c.wait(c.submit(script, "-N2", "--ntasks-per-node=1", "-o", "one.log"))
    check("2 ranks" in log("one.log"), log("one.log"))
    check(digest("runs/one") == digest("one-plain"), "other bits over two machines")


def array(c, computed):
    """jobs/array.sbatch: identical tasks on one folder; one dies in the midst of its trial, its script with it."""
    script = c.shipped("array.sbatch", sweep="slow.yaml", settings="(--dir array)", sld=c.sld).replace("#SBATCH --exclusive\n", "")
    job = c.submit(script.replace("\n", "\n" + hold(c, "array"), 1), "--array=1-4", "-c1", "-o", "array-%a.log")
    wait_for("students at work", lambda: held("array") == 3)
    killed = next(i for i in range(1, 5) if students("array-%d.log" % i))
    c.run("scancel", "--signal=KILL", "--full", "%s_%d" % (job, killed), ok=(0, 1))
    release("array")
    c.wait(job)
    check(sum("sweep tiny: done" in log("array-%d.log" % i) for i in range(1, 5)) == 3, log("array-1.log"))
    same("array", computed, "an array with a task killed")


def stops(c, computed):
    """scancel, with the signal for the batch script and without, ends launchers too: no failure, and the next job goes on."""
    script = "exec %s sweep stops.yaml --dir stops" % c.sld
    for epoch, words in ((3, ["--batch", "--signal=USR1"]), (5, [])):
        name = "stops-%d" % epoch
        job = c.submit(hold(c, name, epoch) + script + " --ranks 2", "-N1", "-c2", "-o", name + ".log")
        wait_for("a student at work", lambda: held(name))
        c.run("scancel", *words, job)
        wait_for("the stop", lambda: "asked to stop" in log(name + ".log"))
        release(name)
        c.wait(job)
        check("stopped, and all is saved" in log(name + ".log"), log(name + ".log"))
        check(not glob.glob("stops/claims/*.error"), "a stop is a failure", log(name + ".log"))
    c.wait(c.submit(script, "-N1", "-c2", "-o", "stops.log"))
    same("stops", computed, "a sweep that was cancelled twice")


def requeues(c, computed, minute=0):
    """jobs/sweep.sbatch: its time ends before the sweep does; it puts itself back until all is done. minute: the epochs of a sweep
    that takes several jobs of a minute; 0: the first two starts are told an earlier end than they have."""
    name = "minute" if minute else "requeue"
    spec(name + ".yaml", minute or SLOW)
    write(name + "-sld", "#!/bin/sh\n" + ("" if minute else '[ "${SLURM_RESTART_COUNT:-0}" -ge 2 ] || '
                         "export SLURM_JOB_END_TIME=$(($(date +%s) + 5))\n") + 'exec ' + c.sld + ' "$@"\n')
    os.chmod(name + "-sld", 0o755)
    script = c.shipped("sweep.sbatch", sweep=name + ".yaml", settings="(--dir %s)" % name, sld="./%s-sld" % name)
    c.wait(c.submit(script, "-N2", "-o", name + ".log", *(["-t", "1", "--signal=B:USR1@0"] if minute else [])))
    said = log(name + ".log")
    times = said.count("DUE TO JOB REQUEUE")
    check(times >= (3 if minute else 1) and "save and stop" in said and "DUE TO TIME LIMIT" not in said, said)
    print(said if minute else "%d requeues" % times)
    same(name, computed, "a sweep through the ends of its jobs")


def preempted(c, computed):
    """jobs/sweep.sbatch gives its machines to a job of more urgency, and goes on when that has ended."""
    script = c.shipped("sweep.sbatch", sweep="stops.yaml", settings="(--dir preempted)", sld=c.sld)
    job = c.submit(script.replace("\n", "\n" + hold(c, "preempted"), 1), "-N2", "-o", "preempted.log")
    wait_for("a student at work", lambda: held("preempted"))
    urgent = c.submit("exec true", "-p", "urgent", "-N2", "-c2", "-o", "urgent.log")
    wait_for("the stop", lambda: "asked to stop" in log("preempted.log"))
    release("preempted")
    c.wait(urgent)
    c.wait(job)
    said = log("preempted.log")
    check("DUE TO PREEMPTION" in said and "sweep tiny: done" in said, said)
    same("preempted", computed, "a sweep that was preempted")


def no_daemon(c, computed):
    """slurmd dies, and the trial lives on where Slurm does not see it: the job that is put back joins its own former start."""
    script = '[ -n "$SLURM_RESTART_COUNT" ] || %shostname\nexec %s sweep stops.yaml --dir daemon' % (hold(c, "daemon"), c.sld)
    job = c.submit(script, "-N1", "-c2", "--requeue", "-o", "daemon.log")
    wait_for("a trial that saves", lambda: held("daemon"))
    machine = log("daemon.log").split()[0]
    c.run("bash", "-c", "kill -KILL $(cat /run/slurmd.pid)", machine=machine, user="root")
    wait_for("the job's next start", lambda: log("daemon.log").count(" in daemon: ") == 2)
    check({"n1", "n2"} <= set(log("daemon.log").split()), log("daemon.log"))
    release("daemon")
    c.wait(job)
    check("sweep tiny: done" in log("daemon.log"), log("daemon.log"))
    same("daemon", computed, "a machine without its daemon")
    c.call("off", c.dir, machine)
    c.call("up", c.dir)


def power_cut(c, computed):
    """A machine is gone in the midst of its trial; the other task takes it over."""
    script = hold(c, "cut") + "exec %s sweep slow.yaml --dir cut" % c.sld
    job = c.submit(script, "--array=1-2", "-c2", "-o", "cut-%a.log", "--no-requeue")
    wait_for("students on both machines", lambda: both_held("cut"))
    c.call("off", c.dir, "n2")
    release("cut")
    wait_for("the end of the sweep", lambda: "sweep tiny: done" in log("cut-1.log") + log("cut-2.log"))
    same("cut", computed, "a machine without power")
    c.run("scancel", job)
    c.call("up", c.dir)


def without_plugin(c):
    """Refused before MPI starts where several tasks stand; one task goes on alone, and verbs that need no ranks do."""
    said = c.run("srun", "-n2", c.sld, "run", "tiny.yaml", ok=(2,))
    check("srun started 2 tasks" in said and "--mpi=" + plugin() in said, said)
    check("resnet8" in c.run("srun", "-n1", c.sld, "models"), "models")
    check("Slurm" in c.run("srun", "-n1", c.sld, "doctor", ".", ok=(0, 1)), "doctor")


def questions(c):
    """Of all jobs above, arrays and requeues among them. Where Slurm tells its jobs their end nobody has to ask."""
    asked, told = c.queries(), "SLURM_JOB_END_TIME=" in c.run("srun", "-n1", "env")
    check(max(asked.values(), default=0) <= 1, "asked the scheduler more than once:", asked)
    check(asked or told, "no job knows its end")
    print("%d starts of jobs asked once each" % len(asked))


def specs(c):
    spec("tiny.yaml", QUICK)
    spec("slow.yaml", SLOW)
    spec("pair.yaml", QUICK, "0.01")
    spec("stops.yaml", SLOW, "0.01")


def main():
    needs()
    if sys.argv[1:2] == ["long"]:
        epochs = int(sys.argv[2]) if sys.argv[2:] else LONG
        with_cluster([(requeues, plain(epochs), epochs)])
        return
    quick, slow = plain(QUICK), plain(SLOW)
    cases = [(both_nodes, quick), (array, slow), (stops, slow), (requeues, slow), (no_daemon, slow), (without_plugin,)]
    more = [(step_per_node, quick), (spans, quick), (trial,), (preempted, slow), (power_cut, slow)]
    named = [case for case in cases + more if case[0].__name__ in sys.argv[1:]]
    with_cluster([(specs,)] + (more if sys.argv[1:] == ["more"] else named or cases) + [(questions,)])


in_folder(main)
