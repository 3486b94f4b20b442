# cmake -DROOT=DIR -P check_design.cmake: the rooms of CMakeLists.txt use no more than docs/design.md, "Rooms",
# allows, and only main() ends the process (CONTRIBUTING.md, "Errors").
cmake_minimum_required(VERSION 3.22)

# room -> rooms beside base; libraries. cli may use all. Wider than the page in one point: data uses comm itself, for
# memory shared by a machine's ranks and for opening files collectively.
set(rooms_base "")
set(rooms_config "")
set(rooms_comm "")
set(rooms_kernels "")
set(rooms_nn kernels comm)
set(rooms_distill kernels comm)
set(rooms_data store comm)
set(rooms_store comm)
set(rooms_learn nn distill data store config comm)
set(rooms_rundir "")
set(rooms_teacher learn nn distill data store config comm)
set(rooms_trial rundir teacher learn nn distill data store config comm)
set(rooms_tools trial teacher learn nn distill data store config comm)
set(rooms_grid config store rundir)
set(rooms_report config store grid rundir)
set(rooms_sweep config store grid report rundir)
set(libraries_config yaml)
set(libraries_comm mpi)
set(libraries_kernels onednn blas)
set(libraries_store hdf5)

set(wrong 0)
macro(complain text)
  message(SEND_ERROR "${text}")
  math(EXPR wrong "${wrong} + 1")
endmacro()

# ---- declared uses ----

file(READ ${ROOT}/CMakeLists.txt text)
string(REGEX MATCHALL "sld_add_room\\([^)]*\\)" declarations "${text}")
foreach(declaration IN LISTS declarations)
  string(REGEX REPLACE "^sld_add_room\\(|\\)$" "" words "${declaration}")
  string(REGEX REPLACE "[ \t\r\n]+" ";" words "${words}")
  list(POP_FRONT words room)
  cmake_parse_arguments(arg "" "" "USES;LIBS" ${words})
  if(NOT DEFINED rooms_${room})
    complain("CMakeLists.txt: room ${room} is not in the design")
  endif()
  foreach(used IN LISTS arg_USES)
    if(NOT used IN_LIST rooms_${room} AND NOT used STREQUAL base)
      complain("CMakeLists.txt: room ${room} uses room ${used}: the design allows base ${rooms_${room}}")
    endif()
  endforeach()
  foreach(library IN LISTS arg_LIBS)
    if(NOT library IN_LIST libraries_${room})
      complain("CMakeLists.txt: room ${room} uses library ${library}: the design allows '${libraries_${room}}'")
    endif()
  endforeach()
endforeach()

# ---- calls that end the process ----

# sld_comm_abort is declared and defined in comm, where MPI_Abort does its work; a forked child (one that could
# not become a launcher or ask the batch system, one that has written sweep.h5) has nothing to return to.
set(ends "exit|_exit|_Exit|quick_exit|abort|MPI_Abort|sld_comm_abort")
set(may_end src/cli/main.c)
set(may_define src/comm/comm.c include/sld/comm.h src/sweep/launcher.c src/sweep/index_writer.c src/store/foreign.c
  src/cli/selftest_child.c src/sweep/nodes.c src/sweep/allocation_query.c)
set(may_be_defined MPI_Abort sld_comm_abort _exit)

file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/src/*.[ch] ${ROOT}/include/*.h)
list(REMOVE_ITEM files ${may_end})
foreach(file IN LISTS files)
  file(STRINGS ${ROOT}/${file} lines REGEX "(^|[^A-Za-z0-9_])(${ends})[ ]*\\(")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "//.*$|/\\*.*$|^[ \t]*\\*.*$|\"[^\"]*\"" "" code "${line}") # comments and strings may speak of it
    if(code MATCHES "(^|[^A-Za-z0-9_])(${ends})[ ]*\\(")
      set(call ${CMAKE_MATCH_2})
      if(NOT (file IN_LIST may_define AND call IN_LIST may_be_defined))
        complain("${file}: calls ${call}(): only ${may_end} ends the process; return a status")
      endif()
    endif()
  endforeach()
endforeach()

list(LENGTH declarations n_rooms)
if(n_rooms EQUAL 0 OR NOT files)
  complain("no rooms or no sources under ${ROOT}")
endif()
message(STATUS "design: ${n_rooms} rooms, ${wrong} wrong")
