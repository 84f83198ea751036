/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* YAML trees. */
#include "harness/base/ytree.h"

#include "harness/base/mem.h"
#include "tests/unit/base/base_tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "# head\n"
                           "id: TP_1\n"
                           "flags: {async: yes, off: 'no'}\n"
                           "list:\n"
                           "  - one\n"
                           "  - {n: 0x10, m: -3}\n"
                           "quoted: \"12\"\n"
                           "deep: {a: {b: {c: found}}}\n"
                           "big: 99999999999999999999\n"
                           "empty:\n";

static void trees_have_lines_and_values(void)
{
    struct ytree_error err;
    struct ynode *t = ytree_parse(text, sizeof text - 1, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT(t->kind == YNODE_MAP && t->num_children == 7);
    CU_ASSERT_STRING_EQUAL(ynode_str(t, "id", ""), "TP_1");
    CU_ASSERT(ynode_get(t, "id")->line == 2);
    CU_ASSERT(ynode_bool(t, "flags.async", 0) == 1);
    CU_ASSERT(ynode_bool(t, "flags.off", 1) == 0);
    CU_ASSERT(ynode_bool(t, "id", 7) == 7 && ynode_bool(t, "none", 7) == 7);
    const struct ynode *l = ynode_get(t, "list");
    CU_ASSERT_FATAL(l != NULL && l->kind == YNODE_SEQ && l->num_children == 2);
    CU_ASSERT(l->first->line == 5 && l->first->key == NULL);
    CU_ASSERT(ynode_int(l->first->next, "n", 0) == 16);
    CU_ASSERT(ynode_int(l->first->next, "m", 0) == -3);
    CU_ASSERT(ynode_int(t, "big", 5) == 5 && ynode_int(t, "id", 5) == 5 &&
              ynode_int(t, "empty", 5) == 5);
    CU_ASSERT(ynode_get(t, "quoted")->quoted && !ynode_get(t, "id")->quoted);
    CU_ASSERT_STRING_EQUAL(ynode_str(t, "deep.a.b.c", ""), "found");
    CU_ASSERT(ynode_get(t, "deep.a.x") == NULL &&
              ynode_get(t, "id.x") == NULL && ynode_get(NULL, "x") == NULL);
    CU_ASSERT_STRING_EQUAL(ynode_str(t, "list", "fallback"), "fallback");
    ytree_free(t);
    ytree_free(NULL);
}

static void json_is_read(void)
{
    static const char json[] = "{\"a\": [1, true, \"\\u00e9\"], \"b\": {}}\n";
    struct ytree_error err;
    struct ynode *t = ytree_parse(json, sizeof json - 1, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT(ynode_get(t, "a")->num_children == 3);
    CU_ASSERT_STRING_EQUAL(ynode_get(t, "a")->first->next->next->scalar,
                           "\xc3\xa9");
    CU_ASSERT(ynode_get(t, "b")->kind == YNODE_MAP);
    ytree_free(t);
}

static void what_is_refused_has_a_line(void)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *has;
    } rows[] = {
        {"", 1, "empty"},
        {"# nothing\n", 1, "empty"},
        {"a: 1\nb: 2\na: 3\n", 3, "duplicate key"},
        {"a: 1\nb: *x\n", 2, "aliases are not supported"},
        {"a: 1\nb: &x 2\n", 2, "anchors are not supported"},
        {"a: 1\n\nb: &x [1]\n", 3, "anchors"},
        {"a: 1\nb: !t 2\n", 2, "tags are not supported"},
        {"- !t {a: 1}\n", 1, "tags"},
        {"a: 1\n? [x]\n: 2\n", 1, "key must be plain text"},
        {"a: 1\n---\nb: 2\n", 2, "second document"},
        {"a: [1\n", 2, ""},
        {"a: 'x\n", 2, ""},
        {"a: 1\n b: 2\n", 2, ""},
        {"\ta: 1\n", 1, ""},
        {"a: \x01\n", 1, ""},
        {"a: \xff\n", 1, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ytree_error err;
        struct ynode *t = ytree_parse(rows[i].text, strlen(rows[i].text), &err);
        int good = t == NULL && err.line == rows[i].line &&
                   err.text[0] != '\0' && strstr(err.text, rows[i].has);
        if (!good) {
            printf("  row %zu: %u %s\n", i, err.line, err.text);
        }
        CU_ASSERT(good);
        ytree_free(t);
    }
}

static void depth_is_bounded(void)
{
    char deep[400];
    struct ytree_error err;
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    CU_ASSERT(ytree_parse(deep, 400, &err) == NULL);
    CU_ASSERT(strstr(err.text, "nested too deeply") != NULL);
    struct ynode *t = ytree_parse(deep + 150, 100, &err);
    CU_ASSERT(t != NULL);
    ytree_free(t);
}

static void files_are_loaded(void)
{
    struct ytree_error err;
    CU_ASSERT(ytree_load("/nonexistent/x.yaml", &err) == NULL);
    CU_ASSERT(err.text[0] != '\0');
    CU_ASSERT(ytree_load("/", &err) == NULL && err.text[0] != '\0');
    struct ynode *t =
        ytree_load(LATCHKEY_SOURCE_DIR "/CMakePresets.json", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT(ynode_int(t, "version", 0) == 6);
    ytree_free(t);
}

static void cut_and_damaged_text_does_no_harm(void)
{
    for (size_t n = 0; n < sizeof text; n++) {
        struct ytree_error err = {0};
        char *exact = malloc(n + 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
        memcpy(exact, text, n);
        struct ynode *t = ytree_parse(exact, n, &err);
        CU_ASSERT(t != NULL || err.text[0] != '\0');
        ytree_free(t);
        for (unsigned bit = 0; bit < 8 && n > 0; bit++) {
            exact[n - 1] = (char)(exact[n - 1] ^ (1 << bit));
            t = ytree_parse(exact, n, &err);
            CU_ASSERT(t != NULL || err.text[0] != '\0');
            ytree_free(t);
            exact[n - 1] = (char)(exact[n - 1] ^ (1 << bit));
        }
        free(exact);
    }
}

static void want_of_memory_is_reported(void)
{
    unsigned long before = mem_live();
    unsigned long n = 1;
    for (; n < 200; n++) {
        struct ytree_error err = {0};
        mem_fail_at(n);
        struct ynode *t = ytree_parse(text, sizeof text - 1, &err);
        mem_fail_at(0);
        if (t != NULL) {
            ytree_free(t);
            break;
        }
        CU_ASSERT(strstr(err.text, "out of memory") != NULL);
        CU_ASSERT(mem_live() == before);
    }
    CU_ASSERT(n > 30 && n < 200 && mem_live() == before);
}

static const struct unit_case cases[] = {
    {"trees_have_lines_and_values", trees_have_lines_and_values},
    {"json_is_read", json_is_read},
    {"what_is_refused_has_a_line", what_is_refused_has_a_line},
    {"depth_is_bounded", depth_is_bounded},
    {"files_are_loaded", files_are_loaded},
    {"cut_and_damaged_text_does_no_harm", cut_and_damaged_text_does_no_harm},
    {"want_of_memory_is_reported", want_of_memory_is_reported},
    {NULL, NULL}};
const struct unit_suite ytree_suite = {"ytree", cases};
