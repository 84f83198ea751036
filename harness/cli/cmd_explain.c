/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* latchkey explain: what an id is about, what hangs together with it, how to
 * reproduce it. */
#include "harness/cli/cli.h"

#include "harness/cli/explain.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MAX_NEAR 5

/* The nearest ids seen so far, the nearest first. */
struct nearest {
    const char *asked;
    size_t num;
    struct {
        size_t distance;
        char id[64];
    } found[MAX_NEAR];
};

static void consider(void *ctx, const char *id)
{
    struct nearest *n = ctx;
    size_t d = cli_near(n->asked, id);
    size_t at = n->num;
    while (at > 0 && n->found[at - 1].distance > d) {
        at--;
    }
    if (at >= MAX_NEAR) {
        return;
    }
    for (size_t i = n->num < MAX_NEAR ? n->num : MAX_NEAR - 1; i > at; i--) {
        n->found[i] = n->found[i - 1];
    }
    n->found[at].distance = d;
    snprintf(n->found[at].id, sizeof n->found[at].id, "%s", id);
    n->num += n->num < MAX_NEAR;
}

static int unknown(const struct catalog *c, const char *id)
{
    struct nearest n = {.asked = id};
    explain_ids(c, consider, &n);
    fprintf(stderr, "latchkey explain: no '%s'; near it are", id);
    for (size_t i = 0; i < n.num; i++) {
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", n.found[i].id);
    }
    fprintf(stderr, "\n");
    return CLI_USAGE;
}

static int explain_one(const struct catalog *c, const char *id)
{
    struct wr w;
    wr_init(&w);
    size_t found = explain_exit(&w, id) + explain_tp(&w, c, id) +
                   explain_fault(&w, c, id) + explain_law(&w, c, id) +
                   explain_item(&w, c, id) + explain_profile(&w, id);
    if (found == 0) {
        wr_cleanup(&w);
        return unknown(c, id);
    }
    return cli_print("explain", &w);
}

static int run(int argc, char **argv)
{
    struct catalog c;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            return cli_usage(&cmd_explain);
        }
    }
    if (argc < 2) {
        return cli_usage(&cmd_explain);
    }
    int code = catalog_load(&c, "explain");
    if (code != CLI_OK) {
        return code;
    }
    for (int i = 1; i < argc; i++) {
        int one = explain_one(&c, argv[i]);
        code = one > code ? one : code;
    }
    catalog_free(&c);
    return code;
}

const struct cmd cmd_explain = {
    .name = "explain",
    .args = "ID...",
    .summary = "say what an id is about and how to reproduce it",
    .help =
        "ID is a test purpose (TP_DD_MB_IB_004), a fault "
        "(mb-accept-foreign-yp), "
        "a law\n(mb-refuses-foreign-yp), a requirement (DD-025, R6267-098), an "
        "ambiguity (AMB-18, A-3,\nB-2), an open issue (OI-12), a PICS or PIXIT "
        "item (PIC_M_01, PX_SK_PROFILE), a value\n(SKP-CR) or an exit code "
        "(5). "
        "Upper and lower case are the same.\n\n"
        "Exit code: 0, 4 unusable data files, 64 unknown id (the nearest are "
        "named).",
    .run = run,
};
