"""The Spack package, the easyconfig and the Apptainer definition ask for what cmake/dependencies.cmake looks for, no more and no
less, in the versions that it takes; the package's Python runs, with a made spack.package that writes down its directives."""
import re
import sys
import types

from pages import text_of

# A library of cmake/dependencies.cmake, or a program that CMake needs: its name in Spack, in EasyBuild (None: foss has it), and
# Debian's packages.
KNOWN = {
    "mpi": ("openmpi", None, "libopenmpi-dev openmpi-bin"),
    "hdf5": ("hdf5", "HDF5", "libhdf5-openmpi-dev"),
    "yaml": ("libyaml", "libyaml", "libyaml-dev"),
    "blas": ("openblas", None, "libopenblas-dev"),
    "onednn": ("onednn", "no easyconfig: -DSLD_KERNELS=blas", "libdnnl-dev"),
    "pkg-config": ("pkgconfig", "pkgconf", "pkgconf"),
    "compiler": ("c", None, "gcc libc6-dev"),
    "cmake": ("cmake", "CMake", "cmake"),
    "ninja": ("ninja", "Ninja", "ninja-build"),
}
TESTS = {"cmocka": "cmocka"}  # with SLD_TESTS alone
wrong = []


def compare(place, expected, got):
    for name in sorted(set(expected) - set(got)):
        wrong.append("%s: expected %s, which cmake/dependencies.cmake needs" % (place, name))
    for name in sorted(set(got) - set(expected)):
        wrong.append("%s: asks for %s, which cmake/dependencies.cmake does not need" % (place, name))


def looked_for(text):
    """What CMake looks for, by the names of KNOWN."""
    found = set(re.findall(r"add_library\(sld_dep_([a-z0-9]+) INTERFACE\)", text)) | set(re.findall(r"^sld_find_library\((\w+) ", text, re.M))
    if "find_package(PkgConfig" in text:
        found.add("pkg-config")
    return found | {"compiler", "cmake", "ninja"}


def spack():
    """{name: what is asked of it} and the variants of the package."""
    needs, variants = {}, set()

    class CMakePackage:
        pass

    def depends_on(spec, **how):
        name, rest = re.match(r"([a-z0-9-]+)(.*)", spec).groups()
        needs[name] = (rest, how)

    def directive(*words, **how):
        return lambda function: function

    module = types.ModuleType("spack.package")
    for name in ("license", "version", "generator", "run_after", "on_package_attributes"):
        setattr(module, name, directive)
    module.depends_on, module.CMakePackage = depends_on, CMakePackage
    module.variant = lambda name, **how: variants.add(name)
    sys.modules.update({"spack": types.ModuleType("spack"), "spack.package": module})
    place = "packaging/spack/packages/sld/package.py"
    scope = {"__file__": place, "__name__": "package"}
    exec(compile(text_of(place), place, "exec"), scope)

    class Asked(scope["Sld"]):
        spec = types.SimpleNamespace(satisfies=lambda spec: spec == "+onednn")

        def define(self, name, value):
            return "-D%s=%s" % (name, value)

        define_from_variant = define

    if Asked().cmake_args() != ["-DSLD_KERNELS=onednn", "-DSLD_TESTS=tests"]:
        wrong.append("%s: cmake_args: got %s" % (place, Asked().cmake_args()))
    return needs, variants


def main():
    cmake, top = text_of("cmake/dependencies.cmake"), text_of("CMakeLists.txt")
    names = looked_for(cmake)
    compare("tests/docs/docs_packaging.py: KNOWN", names, KNOWN)

    needs, variants = spack()
    place = "packaging/spack/packages/sld/package.py"
    compare(place, {KNOWN[n][0] for n in names & set(KNOWN)} | set(TESTS.values()), needs)
    for name, when in (("cmocka", "+tests"), ("onednn", "+onednn")):
        if needs.get(name, ("", {}))[1].get("when") != when or when[1:] not in variants:
            wrong.append("%s: %s: expected when=\"%s\" and that variant" % (place, name, when))
    least = re.search(r"cmake_minimum_required\(VERSION ([\d.]+)", top).group(1)
    first, end = re.search(r"dnnl_version VERSION_GREATER_EQUAL ([\d.]+) AND dnnl_version VERSION_LESS (\d+)", cmake).groups()
    for name, asked in (("cmake", "@%s:" % least), ("onednn", "@%s:%d" % (first, int(end) - 1))):
        if needs.get(name, ("",))[0] != asked:
            wrong.append("%s: expected %s%s, as CMake takes it, got %s" % (place, name, asked, needs.get(name, ("",))[0]))
    if "+mpi" not in needs["hdf5"][0] or "+hl" not in needs["hdf5"][0]:
        wrong.append("%s: hdf5: expected +mpi+hl, got %s" % (place, needs["hdf5"][0]))

    place = "packaging/easybuild/sld-0.1.0-foss-2023a.eb"
    config = {"SOURCE_TAR_GZ": "%(name)s-%(version)s.tar.gz"}
    exec(compile(text_of(place), place, "exec"), config)
    asked = [d[0] for d in config["builddependencies"] + config["dependencies"]]
    compare(place, [KNOWN[n][1] for n in names & set(KNOWN) if KNOWN[n][1] and "no easyconfig" not in KNOWN[n][1]], asked)
    version = re.search(r"project\(sld VERSION ([\d.]+)", top).group(1)
    if config["version"] != version or "-DSLD_KERNELS=blas" not in config["configopts"]:
        wrong.append("%s: expected version %s without oneDNN, got %s, %s" % (place, version, config["version"], config["configopts"]))

    place = "packaging/apptainer/sld.def"
    install = re.search(r"apt-get install -y --no-install-recommends ((?:.*\\\n)*.*)", text_of(place)).group(1)
    debian = " ".join(KNOWN[n][2] for n in names & set(KNOWN)).split()
    compare(place, debian, install.replace("\\\n", " ").split())
    setup = re.findall(r'^    "(?:build|speed)\|[^|]*\|([^|]*)\|', text_of("jobs/setup.sh"), re.M)
    compare("jobs/setup.sh", debian, " ".join(setup).split())

    print("%d libraries and programs in three packages, %d wrong" % (len(names), len(wrong)))
    print("\n".join(wrong))
    sys.exit(1 if wrong or not names else 0)


main()
