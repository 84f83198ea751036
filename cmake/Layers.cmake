# SPDX-License-Identifier: Apache-2.0
# Layers of the house (docs/ARCHITECTURE.md). tests/lint/test_layers.py reads
# these calls and holds every #include to them.

# add_layer(<name> [DEPENDS layer...] [LIBS target...]) makes the static library
# latchkey_<name> from the .c files of the current folder.
function(add_layer name)
  cmake_parse_arguments(L "" "" "DEPENDS;LIBS" ${ARGN})
  file(GLOB_RECURSE srcs CONFIGURE_DEPENDS *.c)
  if(NOT srcs)
    add_library(latchkey_${name} INTERFACE)
    return()
  endif()
  add_library(latchkey_${name} STATIC ${srcs})
  target_include_directories(latchkey_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  foreach(d IN LISTS L_DEPENDS)
    target_link_libraries(latchkey_${name} PUBLIC latchkey_${d})
  endforeach()
  target_link_libraries(latchkey_${name} PUBLIC ${L_LIBS})
  latchkey_set_warnings(latchkey_${name})
endfunction()

# add_unit_tests(<layer> [extra layers...]) makes the program unit_<layer> from
# tests/unit/<layer>/*.c and the runner tests/unit/main.c.
function(add_unit_tests layer)
  file(GLOB srcs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${layer}/*.c)
  if(NOT srcs)
    return()
  endif()
  add_executable(unit_${layer} ${srcs} ${PROJECT_SOURCE_DIR}/tests/unit/main.c)
  target_link_libraries(unit_${layer} PRIVATE latchkey_${layer} cunit::cunit)
  foreach(d IN LISTS ARGN)
    target_link_libraries(unit_${layer} PRIVATE latchkey_${d})
  endforeach()
  target_compile_definitions(unit_${layer} PRIVATE
    LATCHKEY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  latchkey_set_warnings(unit_${layer})
  add_test(NAME unit_${layer} COMMAND unit_${layer}
           WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
endfunction()

# add_fuzzer(<name> <layer>) makes fuzz_<name> from tests/fuzz/fuzz_<name>.c. With
# LATCHKEY_FUZZ it is a libFuzzer program, otherwise it replays the files and
# folders of its arguments; ctest replays tests/fuzz/corpus/<name>.
function(add_fuzzer name layer)
  add_executable(fuzz_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c)
  target_link_libraries(fuzz_${name} PRIVATE latchkey_${layer})
  if(LATCHKEY_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
  endif()
  latchkey_set_warnings(fuzz_${name})
  add_test(NAME fuzz_corpus_${name} COMMAND fuzz_${name}
           ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
endfunction()
