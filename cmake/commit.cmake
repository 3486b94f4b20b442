# cmake -DROOT=DIR -DOUT=FILE -P commit.cmake: SLD_COMMIT as a header, for `sld --version`: of a clone its commit and whether
# files differ from it, of an archive that git made what stands in commit.txt, else "unknown". Runs with every build; the header
# is written only when it changes.
cmake_minimum_required(VERSION 3.22)

set(commit "unknown")
set(line "")
find_program(GIT NAMES git)
if(EXISTS ${ROOT}/.git)
  set(failed TRUE)
  if(GIT)
    execute_process(COMMAND ${GIT} -C ${ROOT} rev-parse HEAD OUTPUT_VARIABLE line ERROR_QUIET RESULT_VARIABLE failed
      OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  if(failed AND EXISTS ${ROOT}/.git/HEAD) # no git here, or one that distrusts another user's folder
    file(STRINGS ${ROOT}/.git/HEAD line LIMIT_COUNT 1)
    if(line MATCHES "^ref: (.+)$" AND EXISTS ${ROOT}/.git/${CMAKE_MATCH_1})
      file(STRINGS ${ROOT}/.git/${CMAKE_MATCH_1} line LIMIT_COUNT 1)
    endif()
  endif()
else()
  file(STRINGS ${ROOT}/cmake/commit.txt line LIMIT_COUNT 1)
  set(failed TRUE)
endif()
if(line MATCHES "^[0-9a-f]+$")
  string(SUBSTRING ${line} 0 12 commit)
  if(NOT failed)
    execute_process(COMMAND ${GIT} -C ${ROOT} --no-optional-locks status --porcelain --untracked-files=no
      OUTPUT_VARIABLE changes ERROR_QUIET)
    if(changes)
      string(APPEND commit ", with changes")
    endif()
  endif()
endif()

set(text "#define SLD_COMMIT \"${commit}\"\n")
if(EXISTS ${OUT})
  file(READ ${OUT} old)
endif()
if(NOT "${old}" STREQUAL "${text}")
  file(WRITE ${OUT} "${text}")
endif()
