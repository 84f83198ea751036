/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Edit lines: MESSAGE OP PATH [VALUE]. */
#include "harness/base/edit.h"

#include "harness/base/mem.h"
#include "tests/unit/base/base_tests.h"

#include <stdio.h>
#include <string.h>

static void lines_are_taken_apart(void)
{
    static const struct {
        const char *line;
        const char *message;
        enum edit_op op;
        const char *path, *value;
    } rows[] = {
        {"I_MESSAGE_2 set mikey.IBAKE.ECCPTr.point other-point", "I_MESSAGE_2",
         EDIT_SET, "mikey.IBAKE.ECCPTr.point", "other-point"},
        {"I_MESSAGE_1 drop mikey.RAND", "I_MESSAGE_1", EDIT_DROP, "mikey.RAND",
         ""},
        {"  INVITE \tset  sip.From \"Alice\"  <sip:a>;tag=1", "INVITE",
         EDIT_SET, "sip.From", "\"Alice\"  <sip:a>;tag=1"},
        {"INVITE/183 repeat sdp.key-mgmt", "INVITE/183", EDIT_REPEAT,
         "sdp.key-mgmt", ""},
        {"* insert sip.line X: 1", "*", EDIT_INSERT, "sip.line", "X: 1"},
        {"* append sip.line X: 1", "*", EDIT_APPEND, "sip.line", "X: 1"},
        {"* truncate sip.body 3", "*", EDIT_TRUNCATE, "sip.body", "3"},
        {"* flip sip.octets[9] 7", "*", EDIT_FLIP, "sip.octets[9]", "7"},
    };
    struct edit_list list = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = NULL;
        CU_ASSERT_FATAL(edit_list_add(&list, rows[i].line, &why) == STATUS_OK);
        CU_ASSERT_FATAL(list.num == i + 1);
        const struct edit *e = &list.items[i];
        CU_ASSERT_STRING_EQUAL(e->message, rows[i].message);
        CU_ASSERT(e->op == rows[i].op);
        CU_ASSERT_STRING_EQUAL(e->path, rows[i].path);
        CU_ASSERT_STRING_EQUAL(e->value, rows[i].value);
    }
    CU_ASSERT(edit_matches(&list.items[0], "I_MESSAGE_2"));
    CU_ASSERT(!edit_matches(&list.items[0], "I_MESSAGE_1"));
    CU_ASSERT(edit_matches(&list.items[4], "anything"));
    edit_list_clear(&list);
    CU_ASSERT(list.num == 0 && list.items == NULL);
}

static void faults_are_named(void)
{
    static const char *const rows[][2] = {
        {"", "second word"},
        {"I_MESSAGE_1", "second word"},
        {"I_MESSAGE_1 change mikey.T 1", "second word"},
        {"I_MESSAGE_1 SET mikey.T 1", "second word"},
        {"I_MESSAGE_1 drop", "path"},
        {"I_MESSAGE_1 set mikey.T", "needs a value"},
        {"I_MESSAGE_1 insert mikey.T ", "needs a value"},
        {"I_MESSAGE_1 flip mikey.T", "needs a value"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct edit_list list = {0};
        const char *why = NULL;
        CU_ASSERT(edit_list_add(&list, rows[i][0], &why) == STATUS_SYNTAX);
        CU_ASSERT(why != NULL && strstr(why, rows[i][1]) != NULL);
        CU_ASSERT(edit_list_add(&list, rows[i][0], NULL) == STATUS_SYNTAX);
        CU_ASSERT(list.num == 0);
        edit_list_clear(&list);
    }
}

static void several_lines_are_read(void)
{
    struct edit_list list = {0};
    const char *why = NULL;
    CU_ASSERT(edit_list_add_all(&list, "* drop a.b\n\n  \t\n* drop c.d",
                                &why) == STATUS_OK);
    CU_ASSERT(list.num == 2);
    CU_ASSERT(edit_list_add_all(&list, "* drop e.f\nbad\n* drop g.h\n", &why) ==
              STATUS_SYNTAX);
    CU_ASSERT(list.num == 3 && why != NULL);
    edit_list_clear(&list);
}

static void want_of_memory_is_reported(void)
{
    unsigned long before = mem_live();
    unsigned long n = 1;
    for (; n < 20; n++) {
        struct edit_list list = {0};
        mem_fail_at(n);
        enum status s = edit_list_add(&list, "* set a.b c", NULL);
        mem_fail_at(0);
        edit_list_clear(&list);
        CU_ASSERT(mem_live() == before);
        if (s == STATUS_OK) {
            break;
        }
        CU_ASSERT(s == STATUS_NO_MEMORY);
    }
    CU_ASSERT(n == 6);
}

static const struct unit_case cases[] = {
    {"lines_are_taken_apart", lines_are_taken_apart},
    {"faults_are_named", faults_are_named},
    {"several_lines_are_read", several_lines_are_read},
    {"want_of_memory_is_reported", want_of_memory_is_reported},
    {NULL, NULL}};
const struct unit_suite edit_suite = {"edit", cases};
