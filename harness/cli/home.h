/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Where the data files of this installation are. */
#ifndef HARNESS_CLI_HOME_H
#define HARNESS_CLI_HOME_H

#include <stddef.h>

/* home_path writes the path of a data file such as "scenarios/ibe/p1536.yaml":
 * under $LATCHKEY_HOME, in the source tree (the program is in a build folder),
 * or installed under PREFIX/share/latchkey. Returns 1 if it exists, 0 otherwise
 * (the last place tried is then in out). */
int home_path(char *out, size_t cap, const char *name);

/* home_program writes the path of this program. Returns 1, or 0. */
int home_program(char *out, size_t cap);

#endif
