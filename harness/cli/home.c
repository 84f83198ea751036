/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Where the data files of this installation are. */
#include "harness/cli/home.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int home_program(char *out, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", out, cap - 1);
    if (n <= 0) {
        out[0] = '\0';
        return 0;
    }
    out[n] = '\0';
    return 1;
}

int home_path(char *out, size_t cap, const char *name)
{
    static const char *const places[] = {"../..", "../share/latchkey", ".."};
    const char *home = getenv("LATCHKEY_HOME");
    char dir[PATH_MAX];
    if (home != NULL) {
        snprintf(out, cap, "%s/%s", home, name);
        return access(out, R_OK) == 0;
    }
    if (!home_program(dir, sizeof dir)) {
        return 0;
    }
    *strrchr(dir, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(out, cap, "%s/%s/%s", dir, places[i], name);
        if (access(out, R_OK) == 0) {
            return 1;
        }
    }
    return 0;
}
