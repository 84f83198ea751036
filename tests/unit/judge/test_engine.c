/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The judge on whole recordings: good ones, and what it says of them. */
#include "tests/unit/judge/rec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(const struct judge_result *j)
{
    struct wr w;
    wr_init(&w);
    judge_text(j, getenv("SHOW") != NULL, &w);
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
    if (getenv("SHOW") != NULL || j->verdict != JUDGE_PASS) {
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

/* ---- defects: who goes on fails, who refuses passes
 * ---------------------------------- */

static const struct {
    enum rec_twist twist;
    const char *law;
} i2_defects[] = {
    {TW_I2_YP, "mb-refuses-foreign-yp"},
    {TW_I2_NO_ESK, "mb-refuses-no-esk"},
    {TW_I2_NO_XP, "mb-refuses-no-xp"},
    {TW_I2_CUT, "mb-refuses-malformed-i2"},
    {TW_I2_IDI, "mb-refuses-foreign-idi"},
    {TW_I2_INNER_IDI, "mb-refuses-inner-idi"},
    {TW_I2_INNER_IDR, "mb-refuses-inner-idr"},
    {TW_I2_KEY, "mb-refuses-wrong-key"},
    {TW_I2_EQUAL_T, "mb-refuses-equal-t"},
    {TW_I2_POINT, "mb-refuses-bad-point"},
};

/* A good deposit, the one with the defect, and a retrieval. */
static struct judge_result *second_deposit(struct rec *r, enum rec_twist twist,
                                           int refuse, int stored)
{
    struct rec_call a = {.seed = 1, .packets = 3, .flip = -1};
    struct rec_call bad = {.seed = 2,
                           .packets = 3,
                           .flip = -1,
                           .twist = twist,
                           .refuse = refuse ? 488 : 0};
    struct rec_call b = {.seed = 3, .retrieval = 1, .flip = -1};
    rec_init(r);
    rec_call(r, &a);
    rec_call(r, &bad);
    b.deliver[0] = &a;
    b.deliver[1] = stored ? &bad : NULL;
    rec_call(r, &b);
    rec_quiet(r, 400);
    return rec_judge(r, 0);
}

static void each_bad_i2_must_be_refused(void)
{
    for (size_t i = 0; i < sizeof i2_defects / sizeof i2_defects[0]; i++) {
        const char *law = i2_defects[i].law;
        int derived = i2_defects[i].twist == TW_I2_EQUAL_T ||
                      i2_defects[i].twist == TW_I2_POINT; /* security */
        struct rec r;
        struct judge_result *j = second_deposit(&r, i2_defects[i].twist, 1, 0);
        if (rec_finding(j, law, "deposit 2", "MB") != JUDGE_PASS) {
            printf("%s is not PASS\n", law);
        }
        CU_ASSERT_EQUAL(rec_finding(j, law, "deposit 2", "MB"), JUDGE_PASS);
        CU_ASSERT_EQUAL(rec_finding(j, law, "deposit 1", "MB"), JUDGE_NONE);
        judge_free(j);
        rec_done(&r);
        j = second_deposit(&r, i2_defects[i].twist, 0, 0);
        if (rec_finding(j, law, "deposit 2", "MB") < JUDGE_INCONC) {
            printf("%s is not noticed\n", law);
        }
        CU_ASSERT_EQUAL(rec_finding(j, law, "deposit 2", "MB"),
                        derived ? JUDGE_INCONC : JUDGE_FAIL);
        judge_free(j);
        rec_done(&r);
        j = second_deposit(&r, i2_defects[i].twist, 1, 1);
        CU_ASSERT_EQUAL(rec_finding(j, law, "deposit 2", "MB"),
                        derived ? JUDGE_INCONC : JUDGE_FAIL);
        judge_free(j);
        rec_done(&r);
    }
}

static void replayed_i2_must_be_refused(void)
{
    for (int refuse = 0; refuse < 2; refuse++) {
        struct rec r;
        struct rec_call a = {.seed = 1, .packets = 3, .flip = -1};
        struct rec_call again = {.seed = 2,
                                 .packets = 3,
                                 .flip = -1,
                                 .replay_i2 = &a,
                                 .refuse = refuse ? 488 : 0};
        struct rec_call b = {
            .seed = 3, .retrieval = 1, .flip = -1, .deliver = {&a}};
        rec_init(&r);
        rec_call(&r, &a);
        rec_call(&r, &again);
        rec_call(&r, &b);
        rec_quiet(&r, 400);
        struct judge_result *j = rec_judge(&r, 0);
        CU_ASSERT_EQUAL(
            rec_finding(j, "mb-refuses-replayed-i2", "deposit 2", "MB"),
            refuse ? JUDGE_PASS : JUDGE_FAIL);
        judge_free(j);
        rec_done(&r);
    }
}

static void replay_stored_in_silence_is_noticed(void)
{
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 3, .flip = -1};
    struct rec_call again = {
        .seed = 2, .flip = -1, .replay_i2 = &a, .refuse = 488};
    struct rec_call b = {
        .seed = 3, .retrieval = 1, .flip = -1, .deliver = {&a, &a}};
    rec_init(&r);
    rec_call(&r, &a);
    rec_call(&r, &again);
    rec_call(&r, &b);
    rec_quiet(&r, 400);
    struct judge_result *j = rec_judge(&r, 0);
    CU_ASSERT_EQUAL(rec_finding(j, "mb-refuses-replayed-i2", "deposit 2", "MB"),
                    JUDGE_FAIL);
    judge_free(j);
    rec_done(&r);
}

static const struct {
    enum rec_twist twist;
    const char *law;
    int derived;
} r1_defects[] = {
    {TW_R1_MALFORMED, "a-refuses-malformed-r1", 0},
    {TW_R1_CSB, "a-refuses-other-csb", 0},
    {TW_R1_T, "a-refuses-other-t", 1},
    {TW_R1_IS_R2, "a-refuses-r2-first", 0},
    {TW_R1_CURVE, "a-refuses-unknown-curve", 0},
    {TW_R1_POINT, "a-refuses-bad-point", 1},
    {TW_R1_INNER_IDR, "a-refuses-inner-idr", 0},
};

static void each_bad_r1_must_stop_the_initiator(void)
{
    for (size_t i = 0; i < sizeof r1_defects / sizeof r1_defects[0]; i++) {
        for (int stops = 0; stops < 2; stops++) {
            struct rec r;
            struct rec_call a = {.seed = 1,
                                 .packets = 3,
                                 .flip = -1,
                                 .twist = r1_defects[i].twist,
                                 .stop = stops ? 2 : 0};
            enum judge_verdict want = stops                   ? JUDGE_PASS
                                      : r1_defects[i].derived ? JUDGE_INCONC
                                                              : JUDGE_FAIL;
            rec_init(&r);
            rec_call(&r, &a);
            rec_quiet(&r, 400);
            struct judge_result *j = rec_judge(&r, 0);
            enum judge_verdict v =
                rec_finding(j, r1_defects[i].law, "deposit 1", "A");
            if (v != want) {
                printf("%s: %s\n", r1_defects[i].law, judge_verdict_name(v));
            }
            CU_ASSERT_EQUAL(v, want);
            judge_free(j);
            rec_done(&r);
        }
    }
}

static void each_bad_r2_must_stop_the_content(void)
{
    static const struct {
        enum rec_twist twist;
        const char *law;
    } rows[] = {{TW_R2_V, "a-refuses-bad-v"},
                {TW_R2_XP, "a-refuses-wrong-xp"},
                {TW_R2_NO_IBAKE, "a-refuses-no-ibake"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int stops = 0; stops < 2; stops++) {
            struct rec r;
            struct rec_call a = {.seed = 1,
                                 .packets = 3,
                                 .flip = -1,
                                 .twist = rows[i].twist,
                                 .no_content = stops};
            rec_init(&r);
            rec_call(&r, &a);
            rec_quiet(&r, 400);
            struct judge_result *j = rec_judge(&r, 0);
            CU_ASSERT_EQUAL(rec_finding(j, rows[i].law, "deposit 1", "A"),
                            stops                             ? JUDGE_PASS
                            : rows[i].twist == TW_R2_NO_IBAKE ? JUDGE_INCONC
                                                              : JUDGE_FAIL);
            judge_free(j);
            rec_done(&r);
        }
    }
}

static void offers_that_must_be_refused(void)
{
    static const struct {
        enum rec_twist twist;
        const char *law;
    } rows[] = {{TW_I1_TYPE, "mb-refuses-unknown-type"},
                {TW_I1_BASE64, "mb-refuses-bad-base64"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int refuse = 0; refuse < 2; refuse++) {
            struct rec r;
            struct rec_call a = {.seed = 1,
                                 .packets = 3,
                                 .flip = -1,
                                 .twist = rows[i].twist,
                                 .stop = refuse ? 1 : 0};
            rec_init(&r);
            rec_call(&r, &a);
            rec_quiet(&r, 400);
            struct judge_result *j = rec_judge(&r, 0);
            CU_ASSERT_EQUAL(rec_finding(j, rows[i].law, "deposit 1", "MB"),
                            refuse ? JUDGE_PASS : JUDGE_FAIL);
            judge_free(j);
            rec_done(&r);
        }
    }
}

static void deferred_r1_must_stop_the_recipient(void)
{
    for (int stops = 0; stops < 2; stops++) {
        struct rec r;
        struct rec_call b = {.seed = 1,
                             .retrieval = 1,
                             .flip = -1,
                             .twist = TW_R1_DEFERRED,
                             .stop = stops ? 2 : 0};
        rec_init(&r);
        rec_call(&r, &b);
        rec_quiet(&r, 400);
        struct judge_result *j = rec_judge(&r, 0);
        CU_ASSERT_EQUAL(
            rec_finding(j, "b-refuses-deferred-r1", "retrieval 1", "B"),
            stops ? JUDGE_PASS : JUDGE_FAIL);
        judge_free(j);
        rec_done(&r);
    }
}

/* ---- readings
 * ---------------------------------------------------------------------------
 */

static void each_reading_is_recognised(void)
{
    static const struct {
        enum rec_twist twist;
        const char *law;
        const char *words;
    } rows[] = {{TW_V_WITH_T, "r2-mac", "AMB-18 (b)"},
                {TW_V_WITH_I2, "r2-mac", "AMB-18 (c)"},
                {TW_K_X_ONLY, "r2-mac", "AMB-12 (c)"},
                {TW_K_COMPRESSED, "r2-mac", "AMB-12 (b)"},
                {TW_MPK_128, "r2-mac", "AMB-14: MPK of 128 bits"},
                {TW_RAND_I2, "r2-mac", "AMB-15: RAND of I_MESSAGE_2"},
                {TW_RAND_BOTH, "r2-mac", "AMB-15: RAND of both"},
                {TW_DATE, "i1-content", "AMB-04"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rec r;
        struct rec_call a = {
            .seed = 1, .packets = 1, .flip = -1, .twist = rows[i].twist};
        int seen = 0;
        rec_init(&r);
        rec_call(&r, &a);
        struct judge_result *j = rec_judge(&r, 0);
        for (size_t k = 0; k < j->num_findings; k++) {
            const struct judge_finding *f = &j->findings[k];
            seen |= strcmp(f->law->name, rows[i].law) == 0 &&
                    f->verdict == JUDGE_PASS && f->level == JUDGE_DERIVED &&
                    strstr(f->actual, rows[i].words) != NULL;
            CU_ASSERT_FALSE(strcmp(f->law->name, "r2-mac") == 0 &&
                            f->verdict == JUDGE_FAIL);
        }
        if (!seen) {
            printf("%s is not recognised\n", rows[i].words);
        }
        CU_ASSERT_TRUE(seen);
        judge_free(j);
        rec_done(&r);
    }
}

static void each_sk_profile_opens_the_content(void)
{
    static const enum rec_twist rows[] = {0, TW_SK_CR, TW_SK_SRTP};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rec r;
        struct rec_call a = {
            .seed = 4, .packets = 4, .flip = -1, .twist = rows[i]};
        rec_init(&r);
        rec_call(&r, &a);
        struct judge_result *j = rec_judge(&r, 0);
        CU_ASSERT_EQUAL(rec_finding(j, "content-under-e2e", "deposit 1", "A"),
                        JUDGE_PASS);
        judge_free(j);
        rec_done(&r);
    }
}

/* ---- what is missing
 * ------------------------------------------------------------------------ */

static void missing_keys_are_named(void)
{
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 3, .flip = -1};
    rec_init(&r);
    rec_expect(&r, "deposit-complete", "deposit 1", "duty");
    rec_expect(&r, "r2-mac", "deposit 1", "duty");
    rec_call(&r, &a);
    struct judge_result *j = rec_judge(&r, REC_NO_KEYS);
    CU_ASSERT_EQUAL(j->verdict, JUDGE_INCONC);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(j->reason, "IBE_PRIVATE sip:bob@home-b.example20260105"));
    for (size_t i = 0; i < j->num_findings; i++) {
        if (j->findings[i].verdict == JUDGE_FAIL) {
            printf("without keys %s: %s\n", j->findings[i].law->name,
                   j->findings[i].actual);
        }
        CU_ASSERT_NOT_EQUAL(j->findings[i].verdict, JUDGE_FAIL);
    }
    judge_free(j);
    rec_done(&r);
}

static void missing_scalar_is_named(void)
{
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 3, .flip = -1};
    rec_init(&r);
    rec_expect(&r, "r2-mac", "deposit 1", "duty");
    rec_call(&r, &a);
    char *cut = strstr((char *)r.keys.data, "ECDH_PRIVATE");
    CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
    r.keys.len = (size_t)(cut - (char *)r.keys.data);
    struct judge_result *j = rec_judge(&r, 0);
    CU_ASSERT_EQUAL(j->verdict, JUDGE_INCONC);
    CU_ASSERT_PTR_NOT_NULL(strstr(j->reason, "ECDH_PRIVATE 04"));
    judge_free(j);
    rec_done(&r);
}

/* Cut after any of its octets, a recording neither passes nor condemns. */
static void cut_captures_are_inconclusive(void)
{
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 3, .flip = -1};
    static uint8_t data[65536];
    char path[128];
    rec_init(&r);
    rec_expect(&r, "deposit-complete", "deposit 1", "duty");
    rec_call(&r, &a);
    rec_write(&r, 0);
    FILE *f = fopen(rec_path(&r, "capture.pcap", path), "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    size_t len = fread(data, 1, sizeof data, f);
    fclose(f);
    CU_ASSERT_TRUE(len > 5000 && len < sizeof data);
    for (size_t n = 30; n + 16 < len; n += 611) {
        f = fopen(path, "wb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        CU_ASSERT_EQUAL(fwrite(data, 1, n, f), n);
        fclose(f);
        struct judge_error e;
        struct judge_result *j = judge_bundle(r.dir, NULL, NULL, &e);
        CU_ASSERT_PTR_NOT_NULL_FATAL(j);
        if (j->verdict != JUDGE_INCONC) {
            printf("cut after %zu of %zu: ", n, len);
            show(j);
        }
        CU_ASSERT_EQUAL(j->verdict, JUDGE_INCONC);
        judge_free(j);
    }
    rec_done(&r);
}

/* ---- one octet
 * -----------------------------------------------------------------------------------
 */

/* Whatever octet of a message is changed, some law stops passing: the whole is
 * no longer a complete deposit without remark. */
static void one_changed_octet_never_passes(void)
{
    for (int which = 1; which <= 4; which++) {
        for (int at = 0; at < 300; at += 13) {
            struct rec r;
            struct rec_call a = {
                .seed = 1, .packets = 1, .flip = at, .flip_in = which};
            rec_init(&r);
            rec_call(&r, &a);
            struct judge_result *j = rec_judge(&r, 0);
            int broken = 0;
            for (size_t i = 0; i < j->num_findings; i++) {
                const struct judge_finding *f = &j->findings[i];
                broken |=
                    f->verdict == JUDGE_FAIL ||
                    (f->verdict == JUDGE_INCONC &&
                     strcmp(f->law->name, "a-reports-mailbox") != 0) ||
                    (f->verdict == JUDGE_PASS && f->level == JUDGE_DERIVED &&
                     f->law->level != JUDGE_DERIVED);
            }
            if (!broken) {
                printf("octet %d of message %d\n", at, which);
            }
            CU_ASSERT_TRUE(broken);
            judge_free(j);
            rec_done(&r);
        }
    }
}

/* ---- verdicts
 * -----------------------------------------------------------------------------------------
 */

static struct judge_result *
with_rows(struct rec *r, const char *const rows[][3], enum rec_twist twist)
{
    struct rec_call a = {.seed = 1, .packets = 3, .flip = -1, .twist = twist};
    rec_init(r);
    for (size_t i = 0; rows[i][0] != NULL; i++) {
        rec_expect(r, rows[i][0], rows[i][1], rows[i][2]);
    }
    rec_call(r, &a);
    rec_quiet(r, 400);
    return rec_judge(r, 0);
}

static void verdict_rules(void)
{
    static const char *const none[][3] = {
        {"deposit-complete", "deposit 1", "control"}, {NULL, NULL, NULL}};
    static const char *const no_finding[][3] = {
        {"deposit-complete", "deposit 1", "duty"},
        {"mb-refuses-no-esk", "deposit 1", "duty"},
        {NULL, NULL, NULL}};
    static const char *const control[][3] = {
        {"r2-mac", "deposit 1", "duty"},
        {"deposit-complete", "deposit 2", "control"},
        {NULL, NULL, NULL}};
    static const char *const stimulus[][3] = {
        {"r2-mac", "deposit 1", "duty"},
        {"deposit-complete", "deposit 2", "stimulus"},
        {NULL, NULL, NULL}};
    static const char *const duty[][3] = {{"r2-mac", "deposit 1", "duty"},
                                          {NULL, NULL, NULL}};
    const struct {
        const char *const (*rows)[3];
        enum rec_twist twist;
        enum judge_verdict want;
        const char *words;
    } all[] = {{none, 0, JUDGE_INCONC, "no duty"},
               {no_finding, 0, JUDGE_INCONC, "mb-refuses-no-esk"},
               {control, 0, JUDGE_INCONC, "deposit 2"},
               {stimulus, 0, JUDGE_ERROR, "deposit 2"},
               {duty, 0, JUDGE_PASS, "1 duty met"},
               {duty, TW_R2_V, JUDGE_FAIL, "r2-mac"}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct rec r;
        struct judge_result *j = with_rows(&r, all[i].rows, all[i].twist);
        CU_ASSERT_EQUAL(j->verdict, all[i].want);
        CU_ASSERT_PTR_NOT_NULL(strstr(j->reason, all[i].words));
        if (j->verdict != all[i].want) {
            printf("row %zu: %s, %s\n", i, judge_verdict_name(j->verdict),
                   j->reason);
        }
        judge_free(j);
        rec_done(&r);
    }
}

static void a_leak_fails_whatever_the_rows_say(void)
{
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 3, .flip = -1};
    char head[1200], hex[65] = "";
    rec_init(&r);
    rec_expect(&r, "r2-mac", "deposit 1", "duty");
    rec_call(&r, &a);
    for (size_t i = 0; i < 32; i++) {
        snprintf(hex + 2 * i, 3, "%02x", a.sk[i]);
    }
    snprintf(head, sizeof head,
             "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 127.9.3.1;branch=z9hG4bK-q\r\n"
             "From: <" REC_A ">;tag=o\r\nTo: <" REC_B ">;tag=m\r\nCall-ID: "
             "leak\r\nCSeq: 1 OPTIONS\r\nX-Debug: %s\r\n",
             hex);
    rec_sip(&r, "MB", "A", head, "", (struct view){0});
    struct judge_result *j = rec_judge(&r, 0);
    CU_ASSERT_EQUAL(j->verdict, JUDGE_FAIL);
    CU_ASSERT_PTR_NOT_NULL(strstr(j->reason, "no-secret-shown"));
    judge_free(j);
    rec_done(&r);
}

static const struct unit_case cases[] = {
    {"good_deposit_and_retrieval_pass", good_deposit_and_retrieval_pass},
    {"each_bad_i2_must_be_refused", each_bad_i2_must_be_refused},
    {"replayed_i2_must_be_refused", replayed_i2_must_be_refused},
    {"replay_stored_in_silence_is_noticed",
     replay_stored_in_silence_is_noticed},
    {"each_bad_r1_must_stop_the_initiator",
     each_bad_r1_must_stop_the_initiator},
    {"each_bad_r2_must_stop_the_content", each_bad_r2_must_stop_the_content},
    {"offers_that_must_be_refused", offers_that_must_be_refused},
    {"deferred_r1_must_stop_the_recipient",
     deferred_r1_must_stop_the_recipient},
    {"each_reading_is_recognised", each_reading_is_recognised},
    {"each_sk_profile_opens_the_content", each_sk_profile_opens_the_content},
    {"missing_keys_are_named", missing_keys_are_named},
    {"missing_scalar_is_named", missing_scalar_is_named},
    {"cut_captures_are_inconclusive", cut_captures_are_inconclusive},
    {"one_changed_octet_never_passes", one_changed_octet_never_passes},
    {"verdict_rules", verdict_rules},
    {"a_leak_fails_whatever_the_rows_say", a_leak_fails_whatever_the_rows_say},
    {NULL, NULL}};
const struct unit_suite suite_engine = {"engine", cases};
