/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The verbs of the command line: one const entry per file cmd_*.c. */
#ifndef HARNESS_CLI_CMD_H
#define HARNESS_CLI_CMD_H

struct cmd {
    const char *name;
    const char *args;    /* synopsis after the name */
    const char *summary; /* one line */
    const char *help;    /* what --help prints besides; fits a screen */
    /* argv[0] is the verb. Returns the exit code (docs/man/latchkey.1). */
    int (*run)(int argc, char **argv);
};

extern const struct cmd cmd_vectors, cmd_decode, cmd_judge, cmd_agent, cmd_play,
    cmd_list, cmd_explain, cmd_blob, cmd_bench;

#endif
