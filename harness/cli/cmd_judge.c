/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* latchkey judge: verdicts from a recording. */
#include "harness/cli/cli.h"

#include "harness/base/mem.h"
#include "harness/judge/judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct options {
    const char *path;
    const char *keys;
    const char *plan;
    int json;
    int verbose;
    int no_write;
};

static int parse(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--keys") == 0 && i + 1 < argc) {
            o->keys = argv[++i];
        } else if (strcmp(argv[i], "--plan") == 0 && i + 1 < argc) {
            o->plan = argv[++i];
        } else if (strcmp(argv[i], "--json") == 0) {
            o->json = 1;
        } else if (strcmp(argv[i], "-v") == 0 ||
                   strcmp(argv[i], "--verbose") == 0) {
            o->verbose = 1;
        } else if (strcmp(argv[i], "--no-write") == 0) {
            o->no_write = 1;
        } else if (argv[i][0] != '-' && o->path == NULL) {
            o->path = argv[i];
        } else {
            return 0;
        }
    }
    return o->path != NULL;
}

static int exit_code(enum judge_verdict v)
{
    switch (v) {
    case JUDGE_PASS:
        return CLI_OK;
    case JUDGE_FAIL:
        return CLI_FAIL;
    case JUDGE_INCONC:
    case JUDGE_ERROR:
        return CLI_INCONC;
    case JUDGE_NONE:
        break;
    }
    return CLI_NOTHING;
}

/* Writes verdict.json into the bundle and prints the account. */
static int report(const struct options *o, int bundle,
                  const struct judge_result *r)
{
    struct wr json;
    struct wr text;
    int code = exit_code(r->verdict);
    int printed = CLI_OK;
    wr_init(&json);
    wr_init(&text);
    judge_json(r, &json);
    if (bundle && !o->no_write && json.err == STATUS_OK) {
        char *path = mem_printf("%s/verdict.json", o->path);
        int written = path != NULL
                          ? cli_write("judge", path,
                                      (struct view){json.data, json.len}, 0)
                          : CLI_INTERNAL;
        mem_free(path);
        code = written != CLI_OK ? written : code;
    }
    if (o->json) {
        printed = cli_print("judge", &json);
    } else if (json.err != STATUS_OK) {
        printed = cli_print("judge", &json); /* says why */
    } else {
        judge_text(r, o->verbose, &text);
        printed = cli_print("judge", &text);
    }
    wr_cleanup(&json);
    wr_cleanup(&text);
    return printed != CLI_OK ? printed : code;
}

static int run(int argc, char **argv)
{
    struct options o = {0};
    struct judge_error err = {0};
    struct stat st;
    if (!parse(&o, argc, argv)) {
        return cli_usage(&cmd_judge);
    }
    if (stat(o.path, &st) != 0) {
        fprintf(stderr, "latchkey judge: %s: %s\n", o.path, strerror(errno));
        return CLI_INVALID;
    }
    int bundle = S_ISDIR(st.st_mode);
    struct judge_result *r = bundle
                                 ? judge_bundle(o.path, o.keys, o.plan, &err)
                                 : judge_capture(o.path, o.keys, o.plan, &err);
    if (r == NULL) {
        fprintf(stderr, "latchkey judge: %s\n",
                err.text[0] != '\0' ? err.text : status_name(err.status));
        return err.status == STATUS_NO_MEMORY || err.status == STATUS_INTERNAL
                   ? CLI_INTERNAL
                   : CLI_INVALID;
    }
    int code = report(&o, bundle, r);
    judge_free(r);
    return code;
}

const struct cmd cmd_judge = {
    .name = "judge",
    .args = "CAPTURE|BUNDLE [--keys FILE] [--plan FILE] [--json] [-v] "
            "[--no-write]",
    .summary = "give verdicts from a recording",
    .help =
        "A folder is a bundle (docs/BUNDLE.md): verdict.json is written into "
        "it. A file is a\ncapture, pcap or pcapng: without a plan every law is "
        "held against every exchange.\n\n"
        "  --keys FILE  key log (docs/KEYLOG.md); for a bundle instead of its "
        "own\n"
        "  --plan FILE  who is who and what is expected; likewise\n"
        "  --json       print verdict.json instead of the account for people\n"
        "  -v           also what passed, and the ladder\n"
        "  --no-write   leave the bundle as it is\n\n"
        "Exit code: 0 PASS, 1 FAIL, 2 INCONC or ERROR, 4 cannot be judged, 5 "
        "nothing was\nverified, 64 usage.",
    .run = run,
};
