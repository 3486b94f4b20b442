"""sld for Spack: docs/install.md, "Spack". Its dependencies are those of cmake/dependencies.cmake (docs_packaging)."""
import os

from spack.package import *

try:  # Spack 1.0 and later keep build systems there
    from spack_repo.builtin.build_systems.cmake import CMakePackage
except ImportError:
    pass


class Sld(CMakePackage):
    """Knowledge-distillation sweeps over MPI: image classifiers trained by data-parallel SGD on CPU clusters, with the same bits
    on any number of ranks and after any interruption."""

    # The clone that this file lies in: packaging/spack/packages/sld.
    git = "file://" + os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4))

    license("MIT")

    version("main", branch="main")

    variant("onednn", default=True, description="oneDNN: with version 2 most convolutions")
    variant("tests", default=False, description="Build the tests")

    depends_on("c", type="build")
    depends_on("cmake@3.22:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("openmpi@4:")
    depends_on("hdf5@1.10:+mpi+hl")
    depends_on("libyaml")
    depends_on("openblas")
    depends_on("onednn@2.6:3", when="+onednn")
    depends_on("cmocka", type="build", when="+tests")

    generator("ninja")

    def cmake_args(self):
        return [
            self.define("SLD_KERNELS", "onednn" if self.spec.satisfies("+onednn") else "blas"),
            self.define_from_variant("SLD_TESTS", "tests"),
        ]

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def selftest(self):
        Executable(self.prefix.bin.sld)("selftest")
