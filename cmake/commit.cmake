# cmake -DROOT=DIR -DOUT=FILE -P commit.cmake: SLD_COMMIT as a header, for `sld --version`: of a clone its commit and whether
# files differ from it, of an archive that git made what stands in commit.txt, else "unknown". Runs with every build; the header
# is written only when it changes.
cmake_minimum_required(VERSION 3.22)

set(commit "unknown")
find_program(GIT NAMES git)
if(GIT AND EXISTS ${ROOT}/.git)
  execute_process(COMMAND ${GIT} -C ${ROOT} rev-parse --short=12 HEAD OUTPUT_VARIABLE hash ERROR_QUIET RESULT_VARIABLE failed
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT failed)
    set(commit ${hash})
    execute_process(COMMAND ${GIT} -C ${ROOT} --no-optional-locks status --porcelain --untracked-files=no
      OUTPUT_VARIABLE changes ERROR_QUIET)
    if(changes)
      string(APPEND commit ", with changes")
    endif()
  endif()
else()
  file(STRINGS ${ROOT}/cmake/commit.txt line LIMIT_COUNT 1)
  if(line MATCHES "^[0-9a-f]+$")
    string(SUBSTRING ${line} 0 12 commit)
  endif()
endif()

set(text "#define SLD_COMMIT \"${commit}\"\n")
if(EXISTS ${OUT})
  file(READ ${OUT} old)
endif()
if(NOT "${old}" STREQUAL "${text}")
  file(WRITE ${OUT} "${text}")
endif()
