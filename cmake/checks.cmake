# Targets for what is checked without running anything: format, format-check, check-layers.

set(sld_check_layers ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -P ${CMAKE_SOURCE_DIR}/cmake/check_layers.cmake)
add_custom_target(check-layers COMMAND ${sld_check_layers} VERBATIM)

set(sld_format ${CMAKE_SOURCE_DIR}/cmake/format.cmake)
add_custom_target(format COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -P ${sld_format} VERBATIM)
add_custom_target(format-check COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -DCHECK=ON -P ${sld_format} VERBATIM)
