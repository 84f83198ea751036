/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The latchkey program: finds the verb and runs it. */
#include "harness/cli/cli.h"
#include "harness/crypto/selftest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cmd *const verbs[] = {
    &cmd_judge, &cmd_decode,  &cmd_agent, &cmd_play,  &cmd_vectors,
    &cmd_list,  &cmd_explain, &cmd_blob,  &cmd_bench,
};

/* Verbs of the Python driver, for the help text only. */
static const struct {
    const char *name, *summary;
} driver_verbs[] = {
    {"run", "run a campaign and write the reports"},
    {"zoo", "try every fault against its test purposes"},
    {"doctor", "find configuration mistakes before a run"},
    {"report", "render the reports of a finished run again"},
};

static void print_help(FILE *f)
{
    fprintf(f, "usage: latchkey VERB [arguments]\n\n"
               "Conformance tests for deferred delivery with MIKEY-IBAKE.\n\n");
    for (size_t i = 0; i < sizeof driver_verbs / sizeof *driver_verbs; i++) {
        fprintf(f, "  %-8s %s\n", driver_verbs[i].name,
                driver_verbs[i].summary);
    }
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        fprintf(f, "  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
    }
    fprintf(f, "\n'latchkey help VERB' shows the options of one verb; "
               "see also latchkey(1).\n");
}

static const struct cmd *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i]->name, name) == 0) {
            return verbs[i];
        }
    }
    return NULL;
}

/* Replaces the process by DIR/latchkey-VERB if there is one: beside the
 * program, in the source tree's driver folder (build/bin is two levels below
 * it), or in the installed libexec folder. */
static void exec_external(char **argv)
{
    static const char *const places[] = {"%s/latchkey-%s",
                                         "%s/../../driver/latchkey-%s",
                                         "%s/../libexec/latchkey/latchkey-%s"};
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) {
        return;
    }
    self[n] = '\0';
    setenv("LATCHKEY", self, 1);
    char *slash = strrchr(self, '/');
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char path[PATH_MAX + 64];
        snprintf(path, sizeof path, places[i], self, argv[0]);
        if (access(path, X_OK) == 0) {
            argv[0] = path;
            execv(path, argv);
            fprintf(stderr, "latchkey: cannot start %s: %s\n", path,
                    strerror(errno));
            exit(CLI_INTERNAL);
        }
    }
}

static int is_word(const char *s)
{
    return *s != '\0' && strspn(s, "abcdefghijklmnopqrstuvwxyz-") == strlen(s);
}

static int verb_help(const struct cmd *v)
{
    printf("usage: latchkey %s %s\n\nlatchkey %s: %s.\n\n%s\n", v->name,
           v->args, v->name, v->summary, v->help);
    return 0;
}

static int wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return 1;
        }
        if (strcmp(argv[i], "--") == 0) {
            break;
        }
    }
    return 0;
}

static int help(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stdout);
        return 0;
    }
    const struct cmd *v = find_verb(argv[1]);
    if (v == NULL && is_word(argv[1])) {
        static char flag[] = "--help";
        char *sub[] = {argv[1], flag, NULL};
        exec_external(sub);
    }
    if (v == NULL) {
        fprintf(stderr, "latchkey: no verb '%s'; 'latchkey help' lists them\n",
                argv[1]);
        return CLI_USAGE;
    }
    return verb_help(v);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("latchkey %s\n", LATCHKEY_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "help") == 0) {
        return help(argc - 1, argv + 1);
    }
    const struct cmd *v = find_verb(argv[1]);
    if (v == NULL) {
        if (is_word(argv[1])) {
            exec_external(argv + 1);
        }
        fprintf(stderr, "latchkey: no verb '%s'; 'latchkey help' lists them\n",
                argv[1]);
        return CLI_USAGE;
    }
    if (wants_help(argc - 1, argv + 1)) {
        return verb_help(v);
    }
    const char *failed = NULL;
    if (crypto_selftest(&failed) != STATUS_OK) {
        fprintf(stderr,
                "latchkey: self-test of %s failed; this build cannot "
                "be trusted\n",
                failed);
        return CLI_INTERNAL;
    }
    return v->run(argc - 1, argv + 1);
}
