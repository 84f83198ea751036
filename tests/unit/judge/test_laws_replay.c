/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of replay: fresh values, skew, old messages, doubled packets. */
#include "tests/unit/judge/laws_fixture.h"

#include <string.h>

static void two_sound_deposits_are_fresh(void)
{
    static const char *const all[] = {"fresh-across-calls", "fresh-sk",
                                      "i2-timestamp",       "fresh-yp",
                                      "unique-timestamps",  NULL};
    struct lf f;
    lf_init(&f);
    lf_deposit(&f, 1);
    LF_NONE(&f, "fresh-across-calls");
    LF_NONE(&f, "fresh-sk");
    LF_NONE(&f, "fresh-yp");
    LF_NONE(&f, "unique-timestamps");
    lf_deposit(&f, 2);
    for (size_t i = 0; all[i] != NULL; i++) {
        LF_ONE(&f, all[i], JUDGE_PASS);
    }
    lf_done(&f);
}

static void values_used_again_fail(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *y = lf_deposit(&f, 2);
    lf_edit(y->i1->sent)->hdr.csb_id = x->i1->sent->msg->hdr.csb_id;
    LF_ONE(&f, "fresh-across-calls", JUDGE_FAIL);
    lf_run(&f, "unique-timestamps");
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "(pair, CSB ID)"));
    lf_edit(y->i1->sent)->hdr.csb_id++;
    lf_open(&f, &y->i1->sent->ibake, LF_BOB,
            &(struct lf_inner){.idi = LF_ALICE, .xp = 2, .idr = LF_BOB});
    LF_ONE(&f, "fresh-across-calls", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "ibake.ECCPTi"));
    lf_no_key(&y->i1->sent->ibake, "IBE_PRIVATE bob");
    LF_ONE(&f, "fresh-across-calls", JUDGE_INCONC);
    lf_done(&f);
}

static void an_equal_t_anywhere_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *y = lf_deposit(&f, 2);
    y->i1->sent->t = x->i1->sent->t;
    LF_ONE(&f, "fresh-across-calls", JUDGE_FAIL);
    lf_run(&f, "unique-timestamps");
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "(IDRi, T) unique"));
    lf_done(&f);
}

static void the_same_sk_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *y = lf_deposit(&f, 2);
    struct view sk = x->leg->i2[0]->sent->esk.sk->u.sk.key;
    struct jopen *o = &y->leg->i2[0]->sent->esk;
    lf_open(&f, o, LF_BOB,
            &(struct lf_inner){.idi = LF_ALICE, .sk_type = 1, .sk = sk});
    LF_ONE(&f, "fresh-sk", JUDGE_FAIL);
    lf_no_key(o, "IBE_PRIVATE bob");
    LF_ONE(&f, "fresh-sk", JUDGE_INCONC);
    lf_done(&f);
}

static void t_of_i2_equal_fails_older_is_open(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    x->leg->i2[0]->sent->t = x->i1->sent->t;
    LF_ONE(&f, "i2-timestamp", JUDGE_FAIL);
    x->leg->i2[0]->sent->t = x->i1->sent->t - 1;
    LF_ONE(&f, "i2-timestamp", JUDGE_INCONC);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_INCONC, "AMB-28"));
    lf_done(&f);
}

static void the_same_yp_fails_even_unread(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *y = lf_deposit(&f, 2);
    struct jopen *o = &y->leg->r1->sent->ibake;
    lf_open(&f, o, LF_ALICE,
            &(struct lf_inner){.idi = LF_ALICE, .idr = LF_MBX, .yp = 3});
    LF_ONE(&f, "fresh-yp", JUDGE_FAIL);
    lf_no_key(o, "IBE_PRIVATE alice");
    LF_ONE(&f, "fresh-yp", JUDGE_INCONC);
    lf_payload(y->leg->r1->sent, MIKEY_PL_IBAKE)->u.enc.data =
        lf_payload(x->leg->r1->sent, MIKEY_PL_IBAKE)->u.enc.data;
    LF_ONE(&f, "fresh-yp", JUDGE_FAIL);
    lf_done(&f);
}

/* An exchange that stops after R_MESSAGE_1. */
static struct jx *stub(struct lf *f, unsigned seed)
{
    struct jx *x = lf_deposit(f, seed);
    x->leg->num_i2 = x->leg->num_r2 = 0;
    x->num_rtp = 0;
    return x;
}

static void nothing_is_kept_of_i1_alone(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = stub(&f, 1);
    LF_ONE(&f, "mb-keeps-nothing-of-i1", JUDGE_INCONC);
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    LF_ONE(&f, "mb-keeps-nothing-of-i1", JUDGE_PASS);
    struct jx *other = lf_deposit(&f, 2);
    struct jdelivery *d = lf_deliver(&f, r, other, LF_ALICE);
    d->deposit = x;
    lf_run(&f, "mb-keeps-nothing-of-i1");
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_FAIL), 1);
    lf_done(&f);
}

static void a_skewed_i1_answered_is_inconclusive(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = stub(&f, 1);
    LF_NONE(&f, "mb-refuses-skewed-i1");
    x->i1->defects = JD_SKEW;
    LF_ONE(&f, "mb-refuses-skewed-i1", JUDGE_INCONC);
    x->leg->r1 = NULL;
    x->num_msgs = 1;
    x->num_sip = 1;
    LF_ONE(&f, "mb-refuses-skewed-i1", JUDGE_PASS);
    f.trace.info.last_us = jmsg_time(x->i1);
    LF_ONE(&f, "mb-refuses-skewed-i1", JUDGE_INCONC);
    lf_done(&f);
}

static void inside_the_skew_must_be_answered(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = stub(&f, 1);
    LF_NONE(&f, "mb-accepts-within-skew"); /* T is the time of arrival */
    x->i1->rcvd->t -= UINT64_C(240) << 32;
    LF_ONE(&f, "mb-accepts-within-skew", JUDGE_PASS);
    x->leg->r1 = NULL;
    f.j.num_sip = 1;
    LF_ONE(&f, "mb-accepts-within-skew", JUDGE_FAIL);
    f.j.lossy = 1;
    f.j.lossy_why = "packets dropped";
    LF_ONE(&f, "mb-accepts-within-skew", JUDGE_INCONC);
    lf_done(&f);
}

static void an_old_message_is_rendered(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    f.now_us += UINT64_C(259200000000); /* three days */
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    lf_deliver(&f, r, x, LF_ALICE);
    LF_ONE(&f, "b-accepts-old", JUDGE_INCONC);
    lf_evidence(&f, "{\"kind\":\"adapter\",\"role\":\"B\",\"verb\":\"fetch\"}");
    LF_ONE(&f, "b-accepts-old", JUDGE_FAIL);
    lf_evidence(&f,
                "{\"kind\":\"rendered\",\"role\":\"B\",\"n\":1,"
                "\"file\":\"rendered-1.wav\",\"status\":\"authenticated\"}");
    LF_ONE(&f, "b-accepts-old", JUDGE_PASS);
    lf_done(&f);
}

static void play(struct lf *f, struct jx *r, unsigned seed, int twice)
{
    for (uint16_t i = 0; i < 3; i++) {
        for (int k = 0; k <= twice; k++) {
            struct jrtp *p =
                lf_rtp(f, r, 1, i, j_printf(&f->j, "content-%u-%u", seed, i),
                       JMK_E2E, 1);
            ((uint8_t *)(uintptr_t)p->t->octets.data)[11] = 1; /* SSRC of A */
            p->ssrc = 1;
        }
    }
}

static void packets_doubled_in_the_call_and_after(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    lf_deliver(&f, r, x, LF_ALICE);
    play(&f, r, 1, 0);
    LF_NONE(&f, "media-once"); /* none was sent twice */
    struct jrtp *again = lf_rtp(&f, x, 0, 0, "content-1-0", JMK_E2E, 1);
    LF_ONE(&f, "media-once", JUDGE_PASS);
    play(&f, r, 1, 0); /* now each is delivered twice */
    LF_ONE(&f, "media-once", JUDGE_FAIL);
    ((struct trace_rtp *)(uintptr_t)again->t)->time_us = x->bye->time_us - 1;
    LF_ONE(&f, "media-once", JUDGE_INCONC);
    lf_done(&f);
}

#define CASE(name)                                                             \
    {                                                                          \
#name, name                                                            \
    }
static const struct unit_case cases[] = {
    CASE(two_sound_deposits_are_fresh),
    CASE(values_used_again_fail),
    CASE(an_equal_t_anywhere_fails),
    CASE(the_same_sk_fails),
    CASE(t_of_i2_equal_fails_older_is_open),
    CASE(the_same_yp_fails_even_unread),
    CASE(nothing_is_kept_of_i1_alone),
    CASE(a_skewed_i1_answered_is_inconclusive),
    CASE(inside_the_skew_must_be_answered),
    CASE(an_old_message_is_rendered),
    CASE(packets_doubled_in_the_call_and_after),
    {NULL, NULL},
};
const struct unit_suite suite_laws_replay = {"laws_replay", cases};
