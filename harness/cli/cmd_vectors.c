/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* latchkey vectors: runs files of known answers. */
#include "harness/cli/cli.h"

#include "harness/cli/home.h"
#include "harness/cli/vectors.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define MAX_FILE (256u << 20)
#define VERB "vectors"

struct options {
    int strict_reasons;
    int verbose;
    int json;
};

struct tally {
    const struct options *o;
    unsigned long passed;
    unsigned long failed;
    unsigned long reasons; /* refused for another reason than stated */
    json_t *failures;
};

const struct vec_type *vec_type_find(const char *name)
{
    static const struct vec_type *const tables[] = {
        vec_types_bf, vec_types_ibe, vec_types_der, vec_types_mikey};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct vec_type *t = tables[i]; t->name != NULL; t++) {
            if (strcmp(t->name, name) == 0) {
                return t;
            }
        }
    }
    return NULL;
}

/* ---- one test ---- */

/* A refusal for the reason stated, for that of a reader that does not check
 * points first, or without a reason stated. */
static int reason_fits(const struct vec *v)
{
    const char *a = json_string_value(json_object_get(v->test, "reason"));
    const char *b =
        json_string_value(json_object_get(v->test, "reasonWithoutPointChecks"));
    return a == NULL || strcmp(a, v->reason) == 0 ||
           (b != NULL && strcmp(b, v->reason) == 0);
}

/* Holds the outcome to the result the test states. Returns whether it passed;
 * why says what is wrong if not. */
static int holds(struct vec *v, enum vec_outcome o, const char *result,
                 struct tally *t)
{
    int valid = strcmp(result, "valid") == 0;
    int invalid = strcmp(result, "invalid") == 0;
    if (o == VEC_BAD || o == VEC_WRONG || o == VEC_ERROR) {
        return 0;
    }
    if (o == VEC_DONE) {
        if (invalid) {
            vec_wrong(v, "was not refused");
        }
        return !invalid;
    }
    if (valid) {
        vec_wrong(v, "was refused: %s", v->reason);
        return 0;
    }
    if (!reason_fits(v)) {
        t->reasons++;
        if (t->o->strict_reasons) {
            vec_wrong(v, "was refused as %s, not as %s", v->reason,
                      json_string_value(json_object_get(v->test, "reason")));
            return 0;
        }
    }
    return 1;
}

static void count(struct tally *t, const char *file, const char *type,
                  const json_t *test, int passed, const char *why)
{
    const char *comment = json_string_value(json_object_get(test, "comment"));
    long long id = (long long)json_integer_value(json_object_get(test, "tcId"));
    comment = comment != NULL ? comment : "";
    t->passed += passed != 0;
    t->failed += passed == 0;
    if (passed && t->o->verbose && !t->o->json) {
        printf("passed %s: %s %lld: %s\n", file, type, id, comment);
    } else if (!passed && !t->o->json) {
        printf("FAILED %s: %s %lld: %s: %s\n", file, type, id, comment, why);
    }
    if (!passed) {
        json_array_append_new(t->failures,
                              json_pack("{s:s s:s s:I s:s s:s}", "file", file,
                                        "type", type, "tcId", (json_int_t)id,
                                        "comment", comment, "why", why));
    }
}

/* Octets of a result may be in it that are no text. */
static void make_printable(char *s)
{
    for (; *s != '\0'; s++) {
        if ((unsigned char)*s < ' ' || (unsigned char)*s > '~') {
            *s = '?';
        }
    }
}

static void run_test(struct tally *t, const char *file, const char *type_name,
                     struct vec_params *params, const json_t *group,
                     const json_t *test)
{
    const struct vec_type *type = vec_type_find(type_name);
    const char *result = json_string_value(json_object_get(test, "result"));
    struct vec v = {.group = group, .test = test, .params = params};
    int passed = 0;
    if (type == NULL) {
        vec_wrong(&v, "this program does not know tests of type %.60s",
                  type_name);
    } else {
        passed = holds(&v, type->run(&v), result, t);
        if (!passed && v.why[0] == '\0') {
            vec_wrong(&v, "out of memory");
        }
    }
    make_printable(v.why);
    count(t, file, type_name, test, passed, v.why);
    for (size_t i = 0; i < v.num_bufs; i++) {
        wr_cleanup(&v.bufs[i]);
    }
}

/* ---- a file ---- */

static int malformed(const char *file, const char *what)
{
    fprintf(stderr, "latchkey vectors: %s: %s\n", file, what);
    return CLI_INVALID;
}

static int good_test(const json_t *test)
{
    const char *r = json_string_value(json_object_get(test, "result"));
    return json_is_integer(json_object_get(test, "tcId")) && r != NULL &&
           (strcmp(r, "valid") == 0 || strcmp(r, "invalid") == 0 ||
            strcmp(r, "acceptable") == 0);
}

/* The frame of the file is looked at before the first test is run. */
static int check_frame(const char *file, const json_t *root)
{
    const json_t *groups = json_object_get(root, "testGroups");
    const json_t *stated = json_object_get(root, "numberOfTests");
    size_t tests = 0;
    if (!json_is_array(groups)) {
        return malformed(file, "no testGroups: not a file of known answers");
    }
    for (size_t g = 0; g < json_array_size(groups); g++) {
        const json_t *group = json_array_get(groups, g);
        const json_t *list = json_object_get(group, "tests");
        char what[128];
        if (!json_is_string(json_object_get(group, "type")) ||
            !json_is_array(list)) {
            snprintf(what, sizeof what, "group %zu has no type or no tests",
                     g + 1);
            return malformed(file, what);
        }
        for (size_t i = 0; i < json_array_size(list); i++, tests++) {
            if (!good_test(json_array_get(list, i))) {
                snprintf(what, sizeof what,
                         "test %zu of group %zu has no tcId or no result "
                         "(valid, invalid, acceptable)",
                         i + 1, g + 1);
                return malformed(file, what);
            }
        }
    }
    if (stated != NULL && json_integer_value(stated) != (json_int_t)tests) {
        return malformed(file, "numberOfTests is not the number of tests");
    }
    return tests > 0 ? CLI_OK : malformed(file, "there are no tests in it");
}

/* file is what texts call it. */
static int run_file(struct tally *t, const char *path, const char *file)
{
    struct wr w;
    json_error_t err;
    int code = cli_read(VERB, path, MAX_FILE, &w);
    if (code != CLI_OK) {
        wr_cleanup(&w);
        return code;
    }
    json_t *root =
        json_loadb((const char *)w.data, w.len, JSON_REJECT_DUPLICATES, &err);
    wr_cleanup(&w);
    if (root == NULL) {
        char what[JSON_ERROR_TEXT_LENGTH + 64];
        snprintf(what, sizeof what, "not JSON at line %d, column %d: %s",
                 err.line, err.column, err.text);
        return malformed(file, what);
    }
    struct vec_params params = {0};
    const json_t *groups = json_object_get(root, "testGroups");
    code = check_frame(file, root);
    for (size_t g = 0; code == CLI_OK && g < json_array_size(groups); g++) {
        const json_t *group = json_array_get(groups, g);
        const json_t *tests = json_object_get(group, "tests");
        const char *type = json_string_value(json_object_get(group, "type"));
        for (size_t i = 0; i < json_array_size(tests); i++) {
            run_test(t, file, type, &params, group, json_array_get(tests, i));
        }
    }
    bf_params_free(params.bp);
    json_decref(root);
    return code;
}

static int run_all(struct tally *t)
{
    char folder[PATH_MAX];
    char pattern[PATH_MAX + 16];
    glob_t g = {0};
    int code = CLI_OK;
    home_path(folder, sizeof folder, "vectors");
    snprintf(pattern, sizeof pattern, "%s/*.json", folder);
    glob(pattern, 0, NULL, &g);
    size_t run = 0;
    for (size_t i = 0; i < g.gl_pathc; i++) {
        const char *slash = strrchr(g.gl_pathv[i], '/');
        if (strcmp(slash, "/schema.json") != 0) {
            char name[PATH_MAX];
            snprintf(name, sizeof name, "vectors%s", slash);
            int c = run_file(t, g.gl_pathv[i], name);
            code = c > code ? c : code;
            run++;
        }
    }
    globfree(&g);
    return run > 0 ? code : malformed(folder, "no files of known answers");
}

static int finish(struct tally *t, int code)
{
    if (t->o->json) {
        int printed = cli_print_json(
            VERB,
            json_pack("{s:I s:I s:I s:O}", "passed", (json_int_t)t->passed,
                      "failed", (json_int_t)t->failed, "other_reasons",
                      (json_int_t)t->reasons, "failures", t->failures));
        code = printed != CLI_OK ? printed : code;
    } else {
        if (t->reasons > 0 && !t->o->strict_reasons) {
            printf("%lu refused for another reason than stated "
                   "(--strict-reasons names them)\n",
                   t->reasons);
        }
        printf("%lu passed, %lu failed\n", t->passed, t->failed);
    }
    if (code == CLI_OK && t->passed + t->failed == 0) {
        code = CLI_NOTHING;
    }
    return code != CLI_OK ? code : t->failed > 0 ? CLI_FAIL : CLI_OK;
}

static int run(int argc, char **argv)
{
    struct options o = {0};
    int files = 0;
    int code = CLI_OK;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--strict-reasons") == 0) {
            o.strict_reasons = 1;
        } else if (strcmp(argv[i], "-v") == 0) {
            o.verbose = 1;
        } else if (strcmp(argv[i], "--json") == 0) {
            o.json = 1;
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            return cli_usage(&cmd_vectors);
        } else {
            files++;
        }
    }
    struct tally t = {.o = &o, .failures = json_array()};
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            int c = run_file(&t, argv[i], argv[i]);
            code = c > code ? c : code;
        }
    }
    if (files == 0) {
        code = run_all(&t);
    }
    code = finish(&t, code);
    json_decref(t.failures);
    return code;
}

const struct cmd cmd_vectors = {
    .name = "vectors",
    .args = "[FILE|-]... [--strict-reasons] [-v] [--json]",
    .summary = "run files of known answers",
    .help =
        "Without FILE all of vectors/*.json. A FILE is JSON in the manner of "
        "Wycheproof\n(vectors/README.md): valid tests must give the values "
        "stated, invalid ones must be\nrefused, acceptable ones may do either. "
        "A "
        "type of test that is not known is a failure.\n\n"
        "  --strict-reasons  a refusal must be for the reason stated\n"
        "  -v                name the tests that pass, too\n"
        "  --json            {passed, failed, other_reasons, failures: "
        "[...]}\n\n"
        "The last line is \"N passed, N failed\".\n\n"
        "Exit code: 0 all passed, 1 failures, 4 a malformed or unreadable "
        "file, "
        "64 usage.",
    .run = run,
};
