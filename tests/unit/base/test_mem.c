/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Allocation with injected failures, wiping, comparing, logging. */
#include "harness/base/mem.h"

#include "harness/base/log.h"
#include "tests/unit/base/base_tests.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void blocks_are_zeroed_and_counted(void)
{
    unsigned long before = mem_live();
    uint8_t *p = mem_alloc(100);
    uint8_t *none = mem_alloc(0);
    CU_ASSERT_FATAL(p != NULL && none != NULL);
    CU_ASSERT(mem_live() == before + 2);
    for (int i = 0; i < 100; i++) {
        CU_ASSERT(p[i] == 0);
    }
    memset(p, 7, 100);
    p = mem_resize(p, 1000);
    CU_ASSERT_FATAL(p != NULL);
    CU_ASSERT(p[99] == 7 && mem_live() == before + 2);
    mem_free(p);
    mem_free(none);
    mem_free(NULL);
    CU_ASSERT(mem_live() == before);
    p = mem_resize(NULL, 10);
    CU_ASSERT(p != NULL && mem_live() == before + 1);
    mem_free(p);
}

static void copies_are_copies(void)
{
    char *a = mem_strdup("abc");
    char *b = mem_strndup("abcdef", 3);
    char *c = mem_printf("%s-%d", "x", 5);
    uint8_t *d = mem_dup("xyz", 3);
    CU_ASSERT_STRING_EQUAL(a, "abc");
    CU_ASSERT_STRING_EQUAL(b, "abc");
    CU_ASSERT_STRING_EQUAL(c, "x-5");
    CU_ASSERT(memcmp(d, "xyz", 3) == 0);
    mem_free(a);
    mem_free(b);
    mem_free(c);
    mem_free(d);
}

static void the_nth_allocation_fails_once(void)
{
    mem_fail_at(2);
    void *a = mem_alloc(1);
    void *b = mem_alloc(1);
    void *c = mem_alloc(1);
    CU_ASSERT(a != NULL && b == NULL && c != NULL);
    mem_fail_at(1);
    CU_ASSERT(mem_resize(a, 100) == NULL); /* a is as it was */
    mem_fail_at(1);
    CU_ASSERT(mem_strdup("x") == NULL);
    mem_fail_at(1);
    CU_ASSERT(mem_printf("x") == NULL);
    mem_fail_at(1);
    mem_fail_at(0);
    void *d = mem_alloc(1);
    CU_ASSERT(d != NULL);
    mem_free(a);
    mem_free(c);
    mem_free(d);
}

static void secrets_are_wiped_and_compared(void)
{
    uint8_t x[32];
    uint8_t y[32];
    memset(x, 1, sizeof x);
    memset(y, 1, sizeof y);
    CU_ASSERT(mem_equal(x, y, sizeof x) && mem_equal(x, y, 0));
    for (size_t i = 0; i < sizeof x; i++) {
        y[i] ^= 0x80;
        CU_ASSERT(!mem_equal(x, y, sizeof x));
        CU_ASSERT(mem_equal(x, y, i));
        y[i] ^= 0x80;
    }
    mem_wipe(x, 31);
    for (size_t i = 0; i < 31; i++) {
        CU_ASSERT(x[i] == 0);
    }
    CU_ASSERT(x[31] == 1);
    mem_wipe(NULL, 0);
}

struct lines {
    unsigned num;
    enum log_level level;
    char last[1100];
};

static void on_line(void *ctx, enum log_level level, const char *line)
{
    struct lines *l = ctx;
    l->num++;
    l->level = level;
    snprintf(l->last, sizeof l->last, "%s", line);
}

static void log_lines_go_to_the_sink(void)
{
    struct lines l = {0};
    struct log log = {on_line, &l, LOG_NOTE};
    char longer[2000];
    log_at(&log, LOG_WARN, "%s %d", "frame", 7);
    CU_ASSERT(l.num == 1 && l.level == LOG_WARN);
    CU_ASSERT_STRING_EQUAL(l.last, "frame 7");
    log_at(&log, LOG_DEBUG, "dropped");
    CU_ASSERT(l.num == 1);
    log_at(NULL, LOG_ERROR, "nowhere");
    log.line = NULL;
    log_at(&log, LOG_ERROR, "nowhere");
    log.line = on_line;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    log_at(&log, LOG_ERROR, "%s", longer);
    CU_ASSERT(l.num == 2 && strlen(l.last) == 1023);
}

static const struct unit_case cases[] = {
    {"blocks_are_zeroed_and_counted", blocks_are_zeroed_and_counted},
    {"copies_are_copies", copies_are_copies},
    {"the_nth_allocation_fails_once", the_nth_allocation_fails_once},
    {"secrets_are_wiped_and_compared", secrets_are_wiped_and_compared},
    {"log_lines_go_to_the_sink", log_lines_go_to_the_sink},
    {NULL, NULL}};
const struct unit_suite mem_suite = {"mem", cases};
