"""A disk that fills up at different moments of a run: exit code 74 with the reason, the last checkpoint intact, and with
more room the same command ends with the bits of an undisturbed run. The disk is a small tmpfs; skipped where mounting is
not permitted."""
import os
import subprocess
import sys

from harness import SHORT, check, digest, expect, in_folder, sld, teacher, write


def mount(*options):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "sld-test", "disk"],
                          stderr=subprocess.DEVNULL).returncode == 0


def main():
    os.mkdir("disk")
    if not mount("size=64k"):
        print("SKIP: no permission to mount a tmpfs")
        sys.exit(77)
    subprocess.run(["umount", "disk"], check=True)
    teacher()
    write("student.yaml", SHORT)
    expect(sld("run", "student.yaml", "run.dir=runs/through", ranks=2), 0)
    wanted = digest("runs/through")
    full = 0
    for kilobytes in (4, 64, 800, 1600, 2400, 3200, 4000):
        check(mount("size=%dk" % kilobytes), "mount")
        try:
            result = sld("run", "student.yaml", "run.dir=disk/run", ranks=2)
            if result.code != 0:
                expect(result, 74, "disk/run", "No space left on device")
                full += 1
            subprocess.run(["mount", "-o", "remount,size=32m", "disk"], check=True)
            expect(sld("run", "student.yaml", "run.dir=disk/run"), 0)
            check(digest("disk/run") == wanted, "other bits after a disk of", kilobytes, "KiB was full")
        finally:
            subprocess.run(["umount", "disk"], check=True)
    check(full >= 4, "only", full, "of the disks were too small")


in_folder(main)
