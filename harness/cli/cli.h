/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the verbs share: exit codes, reading and writing files, printing. */
#ifndef HARNESS_CLI_CLI_H
#define HARNESS_CLI_CLI_H

#include "harness/base/buf.h"
#include "harness/cli/cmd.h"

#include <jansson.h>

/* docs/man/latchkey.1 */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAIL = 1,
    CLI_INCONC = 2,
    CLI_INVALID = 4,
    CLI_NOTHING = 5,
    CLI_USAGE = 64,
    CLI_INTERNAL = 70
};

/* cli_usage prints the synopsis on stderr; returns CLI_USAGE. */
int cli_usage(const struct cmd *cmd);

/* cli_read reads a whole file ("-" = standard input) of at most max octets into
 * *out, which it initialises. On failure it says why on stderr, in one line
 * that begins "latchkey VERB: PATH: ", and returns CLI_INVALID or CLI_INTERNAL.
 */
int cli_read(const char *verb, const char *path, size_t max, struct wr *out);

/* cli_write replaces a file in one step (temporary file beside it, rename),
 * mode 0644, or 0600 if it is secret. Says why not on stderr. */
int cli_write(const char *verb, const char *path, struct view octets,
              int secret);

/* cli_print writes what w holds to standard output and empties it. Returns
 * CLI_OK, or CLI_INTERNAL after saying why not. */
int cli_print(const char *verb, struct wr *w);

/* cli_print_json writes a value, indented, and releases it (NULL = out of
 * memory). */
int cli_print_json(const char *verb, json_t *value);

/* cli_wrap appends text broken at blanks so that lines of indent + text have at
 * most 78 columns; the first line is not indented. Ends with a newline. */
void cli_wrap(struct wr *w, const char *text, size_t indent);

/* cli_number reads a decimal or 0x number without sign. Returns 0 if text is
 * anything else or above max. */
int cli_number(const char *text, uint64_t max, uint64_t *out);

/* cli_near gives how unlike two words are, case aside: the number of letters to
 * insert, drop or exchange (at most 64 letters are looked at). */
size_t cli_near(const char *a, const char *b);

#endif
