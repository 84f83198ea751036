# SPDX-License-Identifier: Apache-2.0
add_fuzzer(ibake ibake)
target_sources(fuzz_ibake PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit/ibake/world.c
  ${PROJECT_SOURCE_DIR}/tests/unit/ibake/transcript.c)
target_link_libraries(fuzz_ibake PRIVATE cunit::cunit)
