/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* latchkey decode: MIKEY messages as a tree with octet ranges. */
#include "harness/cli/cmd.h"

#include "harness/base/mem.h"
#include "harness/cli/decode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EXIT_MALFORMED 1
#define EXIT_UNREADABLE 4
#define EXIT_USAGE 64
#define EXIT_INTERNAL 70

#define MAX_INPUT (64u << 20)
#define MAX_ARGS 64

struct options {
    const char *files[MAX_ARGS];
    size_t num_files;
    const char *identities[MAX_ARGS];
    size_t num_identities;
    const char *keys;
    int json;
    int help;
};

static int parse_one(struct options *o, int argc, char **argv, int *i)
{
    const char *arg = argv[*i];
    if (strcmp(arg, "--json") == 0) {
        o->json = 1;
    } else if (strcmp(arg, "--help") == 0) {
        o->help = 1;
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

/* Reads a whole file; says on stderr why not. */
static int read_file(const char *path, struct wr *w)
{
    int standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "rb");
    char buf[16384];
    size_t n = 0;
    wr_init(w);
    if (f == NULL) {
        fprintf(stderr, "latchkey decode: %s: %s\n", path, strerror(errno));
        return 0;
    }
    while (w->err == STATUS_OK && w->len <= MAX_INPUT &&
           (n = fread(buf, 1, sizeof buf, f)) > 0) {
        wr_bytes(w, buf, n);
    }
    int failed = ferror(f);
    int why = errno;
    if (!standard) {
        fclose(f);
    }
    if (failed || w->err != STATUS_OK || w->len > MAX_INPUT) {
        fprintf(stderr, "latchkey decode: %s: %s\n", path,
                failed                ? strerror(why)
                : w->err != STATUS_OK ? status_name(w->err)
                                      : "larger than 64 MiB; use 'latchkey "
                                        "judge' for captures");
        return 0;
    }
    return 1;
}

static int collect_file(struct decode_set *set, const char *path)
{
    struct wr w;
    int code = EXIT_UNREADABLE;
    if (read_file(path, &w)) {
        const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
        switch ((int)decode_collect(set, name, (struct view){w.data, w.len})) {
        case STATUS_OK:
            code = 0;
            break;
        case STATUS_NOT_FOUND:
            fprintf(stderr, "latchkey decode: %s: no MIKEY message in it\n",
                    name);
            code = EXIT_MALFORMED;
            break;
        default:
            fprintf(stderr, "latchkey decode: %s: out of memory\n", name);
            code = EXIT_INTERNAL;
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
        return EXIT_UNREADABLE;
    }
    for (size_t i = 0; i < o->num_files; i++) {
        int c = collect_file(&set, o->files[i]);
        code = c > code ? c : code;
    }
    const struct decode_keys keys = {log, &set, o->identities,
                                     o->num_identities};
    size_t bad = o->json ? decode_print_json(&keys) : decode_print_text(&keys);
    if (bad > 0 && code == 0) {
        code = EXIT_MALFORMED;
    }
    decode_clear(&set);
    keylog_free(log);
    return code;
}

static int run(int argc, char **argv)
{
    struct options o = {0};
    if (!parse(&o, argc, argv)) {
        fprintf(stderr, "usage: latchkey decode %s\n", cmd_decode.args);
        return EXIT_USAGE;
    }
    if (o.help) {
        printf("usage: latchkey decode %s\n\n%s\n\n"
               "FILE is a MIKEY message (binary, hex, base64), an a=key-mgmt "
               "line, an SDP or\na SIP message; - is standard input. Of "
               "several FILEs each may give what another\nneeds (RAND, the "
               "identity called).\n\n"
               "  --keys FILE     key log: show what is inside IBAKE, ESK and "
               "KEMAC\n"
               "  --for IDENTITY  try the key of this identity too\n"
               "  --json          for machines\n\n"
               "Exit code: 0 sound, 1 malformed (the fault is the last line "
               "of a message), 4 unreadable\nfile, 64 usage.\n",
               cmd_decode.args, cmd_decode.summary);
        return 0;
    }
    return decode_run(&o);
}

const struct cmd cmd_decode = {
    .name = "decode",
    .args = "[FILE|-]... [--keys FILE] [--for IDENTITY] [--json]",
    .summary = "show MIKEY messages as a tree with octet ranges",
    .run = run,
};
