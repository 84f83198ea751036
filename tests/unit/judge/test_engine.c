/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The judge on whole recordings: good ones, and what it says of them. */
#include "tests/unit/judge/rec.h"

#include <stdio.h>
#include <string.h>

static void show(const struct judge_result *j)
{
    struct wr w;
    wr_init(&w);
    judge_text(j, 0, &w);
    printf("%.*s", (int)w.len, (const char *)w.data);
    wr_cleanup(&w);
}

static void good_deposit_and_retrieval_pass(void)
{
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 5, .flip = -1};
    struct rec_call b = {
        .seed = 2, .retrieval = 1, .flip = -1, .deliver = {&a}};
    rec_init(&r);
    rec_expect(&r, "deposit-complete", "deposit 1", "duty");
    rec_expect(&r, "retrieval-complete", "retrieval 1", "duty");
    rec_expect(&r, "message-delivered", "deposit 1", "duty");
    rec_expect(&r, "r2-mac", "deposit 1", "duty");
    rec_call(&r, &a);
    rec_call(&r, &b);
    rec_quiet(&r, 400);
    struct judge_result *j = rec_judge(&r, 0);
    if (j->verdict != JUDGE_PASS) {
        show(j);
    }
    CU_ASSERT_EQUAL(j->verdict, JUDGE_PASS);
    for (size_t i = 0; i < j->num_findings; i++) {
        if (j->findings[i].verdict == JUDGE_FAIL) {
            printf("%s: %s / %s\n", j->findings[i].law->name,
                   j->findings[i].expected, j->findings[i].actual);
        }
        CU_ASSERT_NOT_EQUAL(j->findings[i].verdict, JUDGE_FAIL);
    }
    judge_free(j);
    rec_done(&r);
}

static const struct unit_case cases[] = {
    {"good_deposit_and_retrieval_pass", good_deposit_and_retrieval_pass},
    {NULL, NULL}};
const struct unit_suite suite_engine = {"engine", cases};
