"""A build on OpenBLAS computes with kernels that suit the CPU, though the library may not know it; what the user asks for
is kept; and a run is not resumed with other kernels. Skipped in a build that does not multiply with OpenBLAS."""
import os
import re
import sys

from harness import check, expect, in_folder, sld, write, TEACHER

SETS = (({"avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"}, {"SkylakeX", "Cooperlake", "SapphireRapids"}),
        ({"avx2", "fma"}, {"Haswell", "Zen", "Excavator"}), (set(), None))


def core(env=None, ranks=0):
    version = expect(sld("--version", ranks=ranks, env=env), 0)
    return re.findall(r" core (\w+)", version.out)


def main():
    os.environ.pop("OPENBLAS_CORETYPE", None)
    with open("/proc/cpuinfo") as f:
        flags = set(re.search(r"^flags\s*:(.*)$", f.read(), re.M).group(1).split())
    cores = next(cores for needed, cores in SETS if needed <= flags)
    found = core()
    print("kernels:", found[0])
    check(cores is None or found[0] in cores, found, "on a CPU for", cores)
    check(core(ranks=3) == found * 3, "under mpirun:", core(ranks=3))
    check(core({"OPENBLAS_CORETYPE": "Prescott"}) == ["Prescott"], "the user's choice was not kept")
    check(len(core({"OPENBLAS_CORETYPE": "nonsense"})) == 1, "an unknown choice")  # an answer, not a loop
    write("t.yaml", TEACHER)
    expect(sld("run", "t.yaml", "run.stop_after_steps=2", ranks=2, env={"OPENBLAS_CORETYPE": "Prescott"}), 75)
    expect(sld("run", "t.yaml", ranks=2), 2, "core Prescott", "core " + found[0], "run.accept_fingerprint")
    expect(sld("run", "t.yaml", "run.accept_fingerprint=true", ranks=2), 0)


if "OpenBLAS" not in sld("--version", ranks=0).out or os.uname().machine != "x86_64":
    print("SKIP: this build does not multiply with OpenBLAS, or not on x86-64")
    sys.exit(77)
in_folder(main)
