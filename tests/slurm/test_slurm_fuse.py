"""A sweep of two machines whose folder is a network file system, by FUSE: sshfs, which keeps what it knows of names and sizes for
a while, so that each machine sees late what the other has done, and which locks on its own machine alone. The bits are those
of a plain run, each trial is trained once, and a machine without power is replaced."""
import os
import shutil
import subprocess

from harness import check, in_folder, wait_for
from slurm_harness import both_held, hold, log, needs, plain, release, same, skip, spec, students, with_cluster

SFTP, STALE_S, EPOCHS = "/usr/lib/openssh/sftp-server", 5, 3
SERVER = """
import socket, subprocess, sys
with socket.create_server(("10.77.0.1", 7070)) as server:
    print("ready", flush=True)
    while True:
        line, _ = server.accept()
        subprocess.Popen([sys.argv[1]], stdin=line, stdout=line)
        line.close()
"""


def needs_fuse():
    needs()
    if not (shutil.which("sshfs") and os.path.exists(SFTP)):
        skip("no sshfs (Debian: sshfs openssh-sftp-server)")
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as why:
        skip("/dev/fuse: %s" % why.strerror)


def mount(c, machine):
    c.run("mkdir", "-p", "/run/net", machine=machine, user="root")
    c.run("sshfs", "-o", "directport=7070,allow_other,cache_timeout=%d,attr_timeout=%d,entry_timeout=%d" % ((STALE_S,) * 3),
          "10.77.0.1:" + os.path.join(c.home, "export"), "/run/net", machine=machine, user="root")


def two_machines(c, computed):
    """Each task of the array sees the folder through its own mount."""
    job = c.submit("cd /run/net && exec %s sweep net.yaml --dir both" % c.sld, "--array=1-2", "-c2", "-o", "both-%a.log")
    c.wait(job)
    said = log("both-1.log") + log("both-2.log")
    check(said.count("sweep tiny: done") == 2, said)
    check(all(students("both-%d.log" % i) for i in (1, 2)), "one machine alone has worked:", said)
    check(said.count("Z done ") == 4 and "attempt 2" not in said, "trials were trained twice:", said)
    same("export/both", computed, "a sweep over a network file system")


def one_without_power(c, computed):
    script = hold(c, "cut") + "cd /run/net && exec %s sweep net.yaml --dir cut" % c.sld
    job = c.submit(script, "--array=1-2", "-c2", "-o", "cut-%a.log", "--no-requeue")
    wait_for("students on both machines", lambda: both_held("cut"))
    c.call("off", c.dir, "n2")
    release("cut")
    wait_for("the end of the sweep", lambda: "sweep tiny: done" in log("cut-1.log") + log("cut-2.log"))
    same("export/cut", computed, "a machine without power, over a network file system")
    c.run("scancel", job)


def serve(c):
    """Login serves a folder, and each machine mounts it. The server ends with login."""
    os.mkdir("export")
    os.chmod("export", 0o777)
    spec("export/net.yaml", EPOCHS)
    with open("server.log", "wb") as f:
        c.server = subprocess.Popen(c.words("python3", "-c", SERVER, SFTP), stdout=f)
    wait_for("the file server", lambda: "ready" in log("server.log"))
    mount(c, "n1")
    mount(c, "n2")
    check("fuse" in c.run("stat", "-f", "-c", "%T", "/run/net", machine="n1"), "no FUSE")


def main():
    needs_fuse()
    computed = plain(EPOCHS)
    with_cluster([(serve,), (two_machines, computed), (one_without_power, computed)])


in_folder(main)
