# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where. The program finds share/latchkey and
# libexec/latchkey beside its own bin folder (harness/cli/home.c, main.c).
include(GNUInstallDirs)
set(LATCHKEY_SHARE ${CMAKE_INSTALL_DATAROOTDIR}/latchkey)
set(LATCHKEY_LIBEXEC libexec/latchkey)

install(TARGETS latchkey RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES docs/man/latchkey.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(DIRECTORY scenarios DESTINATION ${LATCHKEY_SHARE}
        USE_SOURCE_PERMISSIONS PATTERN __pycache__ EXCLUDE)
install(DIRECTORY vectors DESTINATION ${LATCHKEY_SHARE}
        FILES_MATCHING PATTERN "*.json" PATTERN "*.md" PATTERN gen EXCLUDE)
if(EXISTS ${PROJECT_SOURCE_DIR}/reports)
  install(DIRECTORY reports DESTINATION ${LATCHKEY_SHARE}
          PATTERN __pycache__ EXCLUDE)
endif()
install(FILES LICENSE README.md CHANGES.md DESTINATION ${LATCHKEY_SHARE})

# The verbs of the driver, and their package beside them. Each verb is looked up
# when installing, so that new ones need no new configuration.
install(CODE "
  file(GLOB verbs \"${PROJECT_SOURCE_DIR}/driver/latchkey-*\")
  file(INSTALL \${verbs} DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${LATCHKEY_LIBEXEC}\"
       USE_SOURCE_PERMISSIONS)
")
install(DIRECTORY driver/latchkey DESTINATION ${LATCHKEY_LIBEXEC}
        PATTERN __pycache__ EXCLUDE)
