# SPDX-License-Identifier: Apache-2.0
# Differential tests; built where the other implementation is installed.
pkg_check_modules(sofia IMPORTED_TARGET sofia-sip-ua)
if(sofia_FOUND)
  add_executable(oracle_sip ${CMAKE_CURRENT_LIST_DIR}/oracle_sip.c)
  target_link_libraries(oracle_sip PRIVATE latchkey_sip PkgConfig::sofia)
  latchkey_set_warnings(oracle_sip)
  add_test(NAME oracle_sip COMMAND oracle_sip
           ${CMAKE_CURRENT_LIST_DIR}/corpus
           ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/sip_msg)
endif()
