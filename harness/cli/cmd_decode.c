/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* latchkey decode: MIKEY messages as a tree with octet ranges. */
#include "harness/cli/cli.h"

#include "harness/cli/decode.h"

#include <stdio.h>
#include <string.h>

#define MAX_INPUT (64u << 20)
#define MAX_ARGS 64

struct options {
    const char *files[MAX_ARGS];
    size_t num_files;
    const char *identities[MAX_ARGS];
    size_t num_identities;
    const char *keys;
    int json;
};

static int parse_one(struct options *o, int argc, char **argv, int *i)
{
    const char *arg = argv[*i];
    if (strcmp(arg, "--json") == 0) {
        o->json = 1;
    } else if (strcmp(arg, "--keys") == 0 && *i + 1 < argc) {
        o->keys = argv[++*i];
    } else if (strcmp(arg, "--for") == 0 && *i + 1 < argc &&
               o->num_identities < MAX_ARGS) {
        o->identities[o->num_identities++] = argv[++*i];
    } else if ((arg[0] != '-' || arg[1] == '\0') && o->num_files < MAX_ARGS) {
        o->files[o->num_files++] = arg;
    } else {
        return 0;
    }
    return 1;
}

static int parse(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!parse_one(o, argc, argv, &i)) {
            return 0;
        }
    }
    if (o->num_files == 0) {
        o->files[o->num_files++] = "-";
    }
    return 1;
}

static int collect_file(struct decode_set *set, const char *path)
{
    struct wr w;
    int code = cli_read("decode", path, MAX_INPUT, &w);
    if (code == CLI_OK) {
        const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
        switch ((int)decode_collect(set, name, (struct view){w.data, w.len})) {
        case STATUS_OK:
            code = 0;
            break;
        case STATUS_NOT_FOUND:
            fprintf(stderr, "latchkey decode: %s: no MIKEY message in it\n",
                    name);
            code = CLI_FAIL;
            break;
        default:
            fprintf(stderr, "latchkey decode: %s: out of memory\n", name);
            code = CLI_INTERNAL;
            break;
        }
    }
    wr_cleanup(&w);
    return code;
}

static int load_keys(const struct options *o, struct keylog **out)
{
    struct keylog_error err = {0};
    if (o->keys == NULL) {
        return 1;
    }
    *out = keylog_load(o->keys, &err);
    if (*out == NULL && err.line != 0) {
        fprintf(stderr, "latchkey decode: %s:%u: %s\n", o->keys, err.line,
                err.text);
    } else if (*out == NULL) {
        fprintf(stderr, "latchkey decode: %s: %s\n", o->keys, err.text);
    }
    return *out != NULL;
}

static int decode_run(const struct options *o)
{
    struct decode_set set = {0};
    struct keylog *log = NULL;
    int code = 0;
    if (!load_keys(o, &log)) {
        return CLI_INVALID;
    }
    for (size_t i = 0; i < o->num_files; i++) {
        int c = collect_file(&set, o->files[i]);
        code = c > code ? c : code;
    }
    const struct decode_keys keys = {log, &set, o->identities,
                                     o->num_identities};
    size_t bad = o->json ? decode_print_json(&keys) : decode_print_text(&keys);
    if (bad > 0 && code == 0) {
        code = CLI_FAIL;
    }
    decode_clear(&set);
    keylog_free(log);
    return code;
}

static int run(int argc, char **argv)
{
    struct options o = {0};
    if (!parse(&o, argc, argv)) {
        return cli_usage(&cmd_decode);
    }
    return decode_run(&o);
}

const struct cmd cmd_decode = {
    .name = "decode",
    .args = "[FILE|-]... [--keys FILE] [--for IDENTITY] [--json]",
    .summary = "show MIKEY messages as a tree with octet ranges",
    .help =
        "FILE is a MIKEY message (binary, hex, base64), an a=key-mgmt line, an "
        "SDP or\na SIP message; - is standard input. Of several FILEs each may "
        "give what another\nneeds (RAND, the identity called).\n\n"
        "  --keys FILE     key log: show what is inside IBAKE, ESK and KEMAC\n"
        "  --for IDENTITY  try the key of this identity too\n"
        "  --json          for machines\n\n"
        "Exit code: 0 sound, 1 malformed (the fault is the last line of a "
        "message), 4 unreadable\nfile, 64 usage.",
    .run = run,
};
