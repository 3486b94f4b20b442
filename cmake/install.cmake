# What `cmake --install` puts in place beside the program: pages, sweeps, the Python of analysis. Every path is relative to the
# prefix, so that DESTDIR and another prefix work.
include(GNUInstallDirs)
install(FILES README.md CHANGELOG.md CONTRIBUTING.md CITATION.cff LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(PROGRAMS analysis/sld-analysis DESTINATION bin)
install(FILES jobs/sweep.sbatch jobs/array.sbatch jobs/trial.sbatch jobs/sweep.pbs jobs/sweep.flux
  DESTINATION ${CMAKE_INSTALL_DATADIR}/sld/jobs)
install(DIRECTORY sweeps analysis DESTINATION ${CMAKE_INSTALL_DATADIR}/sld PATTERN __pycache__ EXCLUDE)

# A modulefile, which a site may copy: it knows the prefix, and the modules that were loaded when sld was configured.
string(REPLACE ":" " " sld_modules "$ENV{LOADEDMODULES}")
install(CODE "set(version ${PROJECT_VERSION})
  set(prefix \"\${CMAKE_INSTALL_PREFIX}\")
  set(load \"\")
  if(NOT \"${sld_modules}\" STREQUAL \"\")
    set(load \"module load ${sld_modules}\\n\")
  endif()
  configure_file(${CMAKE_SOURCE_DIR}/packaging/modulefile.in
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/modulefiles/sld/${PROJECT_VERSION}\" @ONLY)")
