# SPDX-License-Identifier: Apache-2.0
# Warnings and sanitizers, per target (no global flags).
function(latchkey_set_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wconversion
    -Wvla -Wmissing-prototypes -Wstrict-prototypes -Wno-sign-conversion)
  if(LATCHKEY_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(LATCHKEY_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined
      -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
  if(LATCHKEY_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(LATCHKEY_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage)
    target_link_options(${target} PUBLIC --coverage)
  endif()
endfunction()
