# sld_add_test(<name> [SLOW] [SOURCE file] [ROOMS room ...] [NPROCS n ...] [SANITIZED n ...] [ARGS a ...] [TIMEOUT s] [LABELS l ...]):
# builds <name>.c with cmocka against the rooms. Without NPROCS it is one test, with the label fast unless it is SLOW: a second
# of a core at most. What is SLOW walks whole tables or damages files byte by byte; under the sanitizers the fuzz targets do
# so. With NPROCS it is one test per rank count, named <name>_np<n>. Of these one rank, three, of which one has fewer shards
# and one is nobody's other half, and the most are run always; the others with --soak. Under the sanitizers only the rank
# counts SANITIZED (or `none`), 3 when it is not given: what many ranks compute is proved without sanitizers. A test that hangs
# is a test that fails: timeouts end nothing else. No test depends on how fast it is, so ctest -j may crowd the cores; only
# those of several ranks that compute all the time claim two.
if(SLD_MPICH)
  set(SLD_MPIRUN_FLAGS -bind-to none)
else()
  set(SLD_MPIRUN_FLAGS --oversubscribe --bind-to none --mca mpi_yield_when_idle 1)
endif()

# sld_plain_ranks(<out> <all> <sanitized>): which of these rank counts are run without --soak.
function(sld_plain_ranks out all sanitized)
  set(plain ${all})
  if(3 IN_LIST all)
    list(GET all -1 most)
    set(plain 1 3 ${most})
    if(SLD_SANITIZE)
      set(plain 3)
    endif()
  endif()
  if(SLD_SANITIZE AND sanitized)
    set(plain ${sanitized})
  endif()
  set(${out} ${plain} PARENT_SCOPE)
endfunction()

# What MPI's own thread leaks, of several ranks, is known (tests/lsan.supp) by whole stacks alone, which are dear.
set(SLD_WHOLE_STACKS "ASAN_OPTIONS=fast_unwind_on_malloc=0:malloc_context_size=10:allocator_may_return_null=1")

# sld_mpi_environment(<out> <test> <n>): of a test on n ranks.
function(sld_mpi_environment out test n)
  set(environment "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
  if(n GREATER 1) # a rank that fails takes the others out, who would wait for it
    list(APPEND environment "CMOCKA_TEST_ABORT=1")
    if(SLD_SANITIZE)
      list(APPEND environment "${SLD_WHOLE_STACKS}")
    endif()
  endif()
  if(NOT test MATCHES "^test_comm_") # which is MPI as users have it; others need no network, as in harness.py
    list(APPEND environment "OMPI_MCA_pml=ob1")
  endif()
  set(${out} ${environment} PARENT_SCOPE)
endfunction()

function(sld_add_test name)
  cmake_parse_arguments(arg "SLOW" "TIMEOUT" "ROOMS;NPROCS;SANITIZED;ARGS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900)
  endif()
  if(arg_SLOW AND SLD_SANITIZE)
    list(APPEND arg_LABELS soak)
  elseif(NOT arg_SLOW AND NOT arg_NPROCS)
    list(APPEND arg_LABELS fast)
  endif()
  if(NOT TARGET ${name})
    add_executable(${name} ${name}.c)
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE sld_flags PkgConfig::CMOCKA)
    foreach(room IN LISTS arg_ROOMS)
      target_link_libraries(${name} PRIVATE sld_${room})
    endforeach()
  endif()
  if(NOT arg_NPROCS)
    add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
  endif()
  sld_plain_ranks(plain "${arg_NPROCS}" "${arg_SANITIZED}")
  foreach(n IN LISTS arg_NPROCS)
    set(soak)
    if(NOT n IN_LIST plain)
      set(soak soak)
    endif()
    add_test(NAME ${name}_np${n} COMMAND ${MPIEXEC_EXECUTABLE} ${SLD_MPIRUN_FLAGS} -n ${n} $<TARGET_FILE:${name}> ${arg_ARGS})
    sld_mpi_environment(environment ${name} ${n})
    set_tests_properties(${name}_np${n} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "mpi;${soak};${arg_LABELS}"
      ENVIRONMENT "${environment}")
  endforeach()
endfunction()

find_program(SLD_PYTHON NAMES /usr/bin/python3 python3)

# sld_add_cli_test(<name> [AS test] [ARGS a ...] [TIMEOUT s] [LABELS l ...] [SANITIZED]): the program <name>.py, which finds harness.py
# and the library faulty_io of tests/cli. Exit code 77 is a skipped test.
function(sld_add_cli_test name)
  cmake_parse_arguments(arg "SANITIZED" "TIMEOUT;AS" "ARGS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 1800)
  endif()
  if(SLD_SANITIZE AND NOT arg_SANITIZED)
    list(APPEND arg_LABELS soak)
  endif()
  if(NOT arg_AS)
    set(arg_AS ${name})
  endif()
  list(JOIN SLD_MPIRUN_FLAGS " " flags)
  add_test(NAME ${arg_AS} COMMAND ${SLD_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/${name}.py ${arg_ARGS})
  set_tests_properties(${arg_AS} PROPERTIES TIMEOUT ${arg_TIMEOUT} COST 30 SKIP_RETURN_CODE 77 LABELS "cli;${arg_LABELS}"
    ENVIRONMENT "SLD_BINARY=$<TARGET_FILE:sld>;SLD_MPIRUN=${MPIEXEC_EXECUTABLE} ${flags};PYTHONPATH=${CMAKE_SOURCE_DIR}/tests/cli;SLD_FAULTY_IO=$<TARGET_FILE:faulty_io>")
  if(SLD_SANITIZE)
    set_property(TEST ${arg_AS} APPEND PROPERTY ENVIRONMENT "${SLD_WHOLE_STACKS}")
  endif()
endfunction()
