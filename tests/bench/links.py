#!/usr/bin/env python3
"""links.py: what a link between machines costs a training step, measured in two ways, beside what the model of scaling.py says.

    tests/bench/links.py [--ranks N] ...     on a clock of its own: a rank on each of N machines
    tests/bench/links.py --wire ...          over a wire: a rank on each of two machines
    tests/bench/links.py --check             tries the wire itself
      [--build DIR] [--links 20,10 200,1 ...] [--pairs TEACHER-STUDENT ...] [--rounds N] [--steps N] [--json FILE]

A link is microseconds in one direction, Gbit/s. Without --wire the library virtual_link (virtual_link.c) is loaded into the ranks of
sld bench: their clock counts the CPU time of the rank and the time that messages take on the link, so that neither the other work
of this computer nor its number of cores matters; the protocol stack costs nothing. With --wire the machines are two network namespaces of this computer, and the program link (link.c) carries their packets:
real TCP and real time. That needs root, Open MPI, iproute2, util-linux, an otherwise idle computer, and a third core for the link, or
its share of a core is taken from the ranks.

Each turn takes every link once, and before them the step without one (NEAR on the virtual clock, shared memory otherwise). Of
each pair and link the table has the median over the turns, the lowest and the highest, of what the link adds to a step and of the
efficiency, the step without the link / the step with it; beside both what the model says. On the virtual clock what a link adds is
what ranks wait more in a step than without one: the rest of a step differs from run to run by more, where other programs use the
caches. With --wire it is the difference of the steps, and beside it stand the median lateness of packets and the share of a core
that the link used.

--check: the rate of a TCP stream, the time of a small message in one direction (median, nine of ten), and how much later than due
packets came (median, 90 %, 99 %)."""
import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import scaling

HERE = os.path.dirname(os.path.abspath(__file__))
LINKS = ((20, 10), (200, 10), (20, 1), (200, 1))
NEAR = (0.5, 200)
MPIRUN = ["mpirun", "--allow-run-as-root", "--bind-to", "none", "--oversubscribe", "-x", "OMPI_MCA_hwloc_base_binding_policy=none"]
ANY_MPIRUN = os.environ.get("SLD_MPIRUN", " ".join(MPIRUN + ["--mca", "mpi_yield_when_idle", "1"])).split()
OVER_LINK = ["--host", "m1,m2", "--map-by", "ppr:1:node", "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "link0",
             "--mca", "oob_tcp_if_include", "link0", "--mca", "plm", "rsh", "--mca", "ras", "^slurm"]
STREAM = """
import socket, sys, time
server = socket.create_server(("10.78.0.2", 7071))
print("ready", flush=True)
line, _ = server.accept()
line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
data, n = bytearray(1 << 20), 0
while n < int(sys.argv[1]):
    n += line.recv_into(data)
line.send(b"x")
while True:
    got = line.recv(64)
    if not got:
        break
    line.send(got)
"""
SENDER = """
import socket, statistics, sys, time
line = socket.create_connection(("10.78.0.2", 7071))
line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
n, times = int(sys.argv[1]), []
begin = time.monotonic()
line.sendall(bytes(n))
line.recv(1)
print(8e-9 * n / (time.monotonic() - begin))
for _ in range(500):
    begin = time.monotonic()
    line.send(bytes(64))
    line.recv(64)
    times.append(5e5 * (time.monotonic() - begin))
print(statistics.median(times), statistics.quantiles(times, n=10)[8])
"""


class Machines:
    """m1 and m2: host name, network, /dev/shm and boot id of their own; one core each."""

    def __init__(self, folder):
        self.folder, self.first = folder, []
        with open(os.path.join(folder, "hosts"), "w") as f:
            f.write("127.0.0.1 localhost\n10.78.0.1 m1\n10.78.0.2 m2\n")
        for i, name in enumerate(("m1", "m2")):
            with open("/proc/sys/kernel/random/uuid") as f, open(os.path.join(folder, name), "w") as g:
                g.write(f.read())
            begin = ("hostname %s && mount --bind %s/%s /proc/sys/kernel/random/boot_id && mount --bind %s/hosts /etc/hosts && "
                     "mount -t tmpfs shm /dev/shm && ip link set lo up && echo ready && exec sleep infinity" % (name, folder, name, folder))
            first = subprocess.Popen(["unshare", "--net", "--uts", "--ipc", "--mount", "taskset", "-c", str(i), "sh", "-c", begin],
                                     stdout=subprocess.PIPE, text=True)
            self.first.append(first)
            if first.stdout.readline() != "ready\n":
                sys.exit("links.py: %s does not start; links.py needs root, and namespaces" % name)
        # How mpirun starts its daemon on m2: the words behind the host's name are for a shell there.
        self.agent = os.path.join(folder, "agent")
        with open(self.agent, "w") as f:
            f.write("#!/bin/sh\nshift\nexec %s sh -c \"$*\"\n" % " ".join(self.inside(1)))
        os.chmod(self.agent, 0o755)

    def inside(self, i, cpus=None):
        """Words before a command, to run it on machine i."""
        return ["nsenter", "-t", str(self.first[i].pid), "-n", "-u", "-i", "-m", "taskset", "-c", cpus or str(i)]

    def end(self):
        for first in self.first:
            first.kill()
            first.wait()


@contextlib.contextmanager
def link(program, machines, us, gigabits):
    """Yields a dictionary that holds, afterwards, what the link says of itself."""
    told = {}
    process = subprocess.Popen([program, *(str(f.pid) for f in machines.first), str(us), str(gigabits)], stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "READY\n":
        sys.exit("links.py: the link does not start")
    try:
        yield told
    finally:
        process.send_signal(signal.SIGTERM)
        told.update(json.loads(process.communicate()[0]))


def check(options, machines):
    print("%-18s %8s %10s %10s %26s %6s" % ("link", "Gbit/s", "us one way", "90 % of", "packets late, us: 50 90 99 %", "core"))
    for us, gigabits in options.links:
        n = int(gigabits * 1e9 / 8 / 4)  # a quarter of a second
        with link(options.link, machines, us, gigabits) as told:
            server = subprocess.Popen(machines.inside(1) + [sys.executable, "-c", STREAM, str(n)], stdout=subprocess.PIPE, text=True)
            server.stdout.readline()
            sender = subprocess.run(machines.inside(0) + [sys.executable, "-c", SENDER, str(n)], stdout=subprocess.PIPE, text=True, check=True)
            server.wait()
        rate, median, ninety = map(float, sender.stdout.split())
        print("%-18s %8.2f %10.0f %10.0f %26s %6.2f" % ("%g us, %g Gbit/s" % (us, gigabits), rate, median, ninety,
                                                        " ".join("%.0f" % t for t in told["late_us"]), told["cpu_s"] / told["wall_s"]), flush=True)


def bench(options, words, pair):
    """Of sld bench, started by these words: the median of its steps, and what ranks wait in a step, ms."""
    sld = os.path.abspath(os.path.join(options.build, "src", "cli", "sld"))
    done = subprocess.run(words + [sld, "bench", *pair.split("-"), "--no-epoch", "--json", "--stall-minutes", "0", "--steps", str(options.steps)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=options.folder)
    if done.returncode != 0:
        sys.exit("links.py: exit code %d: %s\n%s" % (done.returncode, " ".join(words), done.stderr[-2000:]))
    figures = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))["figures"]
    return {"step": figures["ms_median"], "waits": figures["waiting"] * 64e3 / figures["samples_per_s"]}


def over_virtual_link(options, pair, us, gigabits):
    library = os.path.abspath(os.path.join(options.build, "tests", "bench", "libvirtual_link.so"))
    words = ANY_MPIRUN + ["-n", str(options.ranks), "env", "LD_PRELOAD=" + library, "SLD_VIRTUAL_LINK=%g %g" % (us, gigabits)]
    return bench(options, words, pair)


def over_wire(options, machines, pair, us, gigabits):
    with link(options.link, machines, us, gigabits) as told:
        words = machines.inside(0) + MPIRUN + OVER_LINK + ["--mca", "plm_rsh_agent", machines.agent]
        found = bench(options, words, pair)
    return dict(found, late_us=told["late_us"][0], core=told["cpu_s"] / told["wall_s"])


def take_turn(options, machines, pair):
    if machines:
        near = bench(options, machines.inside(0, "0,1") + MPIRUN + ["-n", "2"], pair)
        return {"near": near, "links": [over_wire(options, machines, pair, *one) for one in options.links]}
    return {"near": over_virtual_link(options, pair, *NEAR), "links": [over_virtual_link(options, pair, *one) for one in options.links]}


def added_ms(options, near, over):
    return over["step"] - near["step"] if options.wire else over["waits"] - near["waits"]


def share(options, near, over):
    """Efficiency, in per cent."""
    if options.wire:
        return 100 * near["step"] / over["step"]
    works = over["step"] - over["waits"]
    return 100 * (works + near["waits"]) / (works + over["waits"])


def middle(values, form):
    """Median, lowest and highest."""
    return (form + " (" + form + " to " + form + ")") % (statistics.median(values), min(values), max(values))


def print_pair(options, pair, turns):
    near = [t["near"]["step"] for t in turns]
    at_hand = 0 if options.wire else 1e3 * scaling.link_s(pair, options.ranks, 8, *NEAR)
    print("%s, %d ranks: %s ms without a link" % (pair, options.ranks, middle(near, "%.0f")))
    for i, (us, gigabits) in enumerate(options.links):
        over = [(t["near"], t["links"][i]) for t in turns]
        model = 1e3 * scaling.link_s(pair, options.ranks, 8, us, gigabits) - at_hand
        text = "  %-18s added %s ms, model %.0f; efficiency %s, model %.0f" % (
            "%g us, %g Gbit/s:" % (us, gigabits), middle([added_ms(options, *o) for o in over], "%.0f"), model,
            middle([share(options, *o) for o in over], "%.0f"), 100 * statistics.median(near) / (statistics.median(near) + model))
        if options.wire:
            text += "; late %.0f us, %.2f core" % tuple(statistics.median(o[key] for _, o in over) for key in ("late_us", "core"))
        print(text, flush=True)


def measure(options, machines):
    turns = {pair: [] for pair in options.pairs}
    for pair in options.pairs:
        turns[pair] = [take_turn(options, machines, pair) for _ in range(options.rounds)]
        print_pair(options, pair, turns[pair])
    if options.json:
        with open(options.json, "w") as f:
            json.dump({"ranks": options.ranks, "wire": options.wire, "links": options.links, "turns": turns}, f, indent=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(HERE, "../../build/release"))
    parser.add_argument("--links", nargs="+", default=LINKS, type=lambda text: tuple(map(float, text.split(","))))
    parser.add_argument("--pairs", nargs="+", default=list(scaling.PAIRS), choices=list(scaling.PAIRS))
    parser.add_argument("--ranks", type=int, default=2, help="a power of two")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--json", help="a file for all turns")
    parser.add_argument("--wire", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.wire and options.ranks != 2:
        parser.error("--wire joins two machines")
    options.link = os.path.join(options.build, "tests", "bench", "link")
    with tempfile.TemporaryDirectory(prefix="sld-links-") as options.folder:
        machines = Machines(options.folder) if options.wire or options.check else None
        try:
            print("load %.1f" % os.getloadavg()[0], flush=True)
            if options.check:
                check(options, machines)
            else:
                measure(options, machines)
        finally:
            if machines:
                machines.end()


if __name__ == "__main__":
    main()
