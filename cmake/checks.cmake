# Targets for what is checked without running anything: format, format-check, check-layers.

set(sld_check_layers ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -P ${CMAKE_SOURCE_DIR}/cmake/check_layers.cmake)
add_custom_target(check-layers COMMAND ${sld_check_layers} VERBATIM)

set(sld_format ${CMAKE_SOURCE_DIR}/cmake/format.cmake)
add_custom_target(format COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -P ${sld_format} VERBATIM)
add_custom_target(format-check COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -DCHECK=ON -P ${sld_format} VERBATIM)

# Every header of include/ by itself: it includes what it needs, and converts no number in silence.
file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/include/sld/*.h)
list(REMOVE_ITEM headers sld/config_struct.h) # a part of sld/config.h
add_library(sld_headers OBJECT)
foreach(header IN LISTS headers)
  string(MAKE_C_IDENTIFIER ${header} name)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/headers/${name}.c CONTENT "#include \"${header}\"\n")
  target_sources(sld_headers PRIVATE ${CMAKE_BINARY_DIR}/headers/${name}.c)
endforeach()
target_include_directories(sld_headers PRIVATE ${CMAKE_SOURCE_DIR}/include)
target_link_libraries(sld_headers PRIVATE sld_flags)
target_compile_options(sld_headers PRIVATE -Wconversion)
