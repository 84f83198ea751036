/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Parts of latchkey explain: one function for each kind of id. */
#ifndef HARNESS_CLI_EXPLAIN_H
#define HARNESS_CLI_EXPLAIN_H

#include "harness/base/buf.h"
#include "harness/cli/catalog.h"

/* Each appends what it knows of id and returns how many things of that name it
 * found. */
size_t explain_exit(struct wr *w, const char *id);
size_t explain_tp(struct wr *w, const struct catalog *c, const char *id);
size_t explain_fault(struct wr *w, const struct catalog *c, const char *id);
size_t explain_law(struct wr *w, const struct catalog *c, const char *id);
size_t explain_item(struct wr *w, const struct catalog *c, const char *id);
size_t explain_profile(struct wr *w, const char *id);

/* explain_ids calls fn for every id there is. */
void explain_ids(const struct catalog *c, void (*fn)(void *ctx, const char *id),
                 void *ctx);

#endif
