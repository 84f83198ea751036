/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of structure about SIP: offers, dialogs, message takers, notifications.
 */
#include "tests/unit/judge/laws_fixture.h"

#include <string.h>

static struct jsip *sip_at(struct jx *x, size_t i)
{
    return (struct jsip *)(uintptr_t)x->sip[i];
}

/* lf_deposit: 0 INVITE, 1 183, 2 PRACK, 3 200, 4 UPDATE, 5 200, 6 200, 7 ACK.
 */
static void a_sound_deposit_keeps_every_law(void)
{
    static const char *const all[] = {"answer-after-i2", "msg-taker-contact",
                                      "dialog-consistent", NULL};
    struct lf f;
    lf_init(&f);
    lf_deposit(&f, 1);
    for (size_t i = 0; all[i] != NULL; i++) {
        LF_ONE(&f, all[i], JUDGE_PASS);
    }
    LF_NONE(&f, "cancel-form");
    LF_NONE(&f, "acks-every-200");
    LF_NONE(&f, "goes-on-after-181");
    LF_NONE(&f, "same-answer-again");
    LF_NONE(&f, "second-offer");
    LF_NONE(&f, "history-info-tree");
    lf_done(&f);
}

static struct jsdp offer(uint64_t version)
{
    struct jsdp d = {.ok = 1,
                     .o_version = version,
                     .o_id = "1",
                     .num_media = 1,
                     .num_key_mgmt = 1,
                     .fault = ""};
    d.media[0] = (struct jsdp_media){.kind = "audio",
                                     .proto = "RTP/SAVP",
                                     .port = 9,
                                     .direction = "sendrecv",
                                     .codec = ""};
    return d;
}

static void the_offer_is_held_to_rfc_4567(void)
{
    struct lf f;
    struct jsdp d = offer(1);
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    sip_at(x, 0)->sdp = &d;
    LF_ONE(&f, "offer-key-mgmt", JUDGE_PASS);
    d.media[0].proto = "RTP/AVP";
    LF_ONE(&f, "offer-key-mgmt", JUDGE_FAIL);
    d.media[0].proto = "RTP/SAVPF";
    d.ok = 0;
    d.fault = "no t= line";
    LF_ONE(&f, "offer-key-mgmt", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "no t= line"));
    lf_done(&f);
}

static void the_second_offer_counts_on(void)
{
    struct lf f;
    struct jsdp a = offer(1);
    struct jsdp b = offer(2);
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    sip_at(x, 0)->sdp = &a;
    sip_at(x, 4)->sdp = &b;
    LF_ONE(&f, "second-offer", JUDGE_PASS);
    b.o_version = 1;
    LF_ONE(&f, "second-offer", JUDGE_FAIL);
    b.o_version = 2;
    b.num_media = 2;
    LF_ONE(&f, "second-offer", JUDGE_FAIL);
    b.num_media = 1;
    sip_at(x, 2)->method = "INFO"; /* no PRACK at all */
    LF_ONE(&f, "second-offer", JUDGE_FAIL);
    f.j.lossy = 1;
    f.j.lossy_why = "octets missing";
    LF_ONE(&f, "second-offer", JUDGE_INCONC);
    lf_done(&f);
}

static void an_answer_before_the_proof_fails(void)
{
    struct lf f;
    struct jsdp d = offer(1);
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    const struct jsip *ok = x->sip[6];
    memmove(&x->sip[3], &x->sip[2], 4 * sizeof x->sip[0]);
    x->sip[2] = ok;
    ((struct jsip *)(uintptr_t)ok)->frame = 2;
    LF_ONE(&f, "answer-after-i2", JUDGE_FAIL);
    /* R_MESSAGE_1 in the 200 itself: the mapping by re-INVITE. */
    sip_at(x, 1)->status = 200;
    sip_at(x, 1)->sdp = &d;
    d.media[0].direction = "inactive";
    LF_ONE(&f, "answer-after-i2", JUDGE_INCONC);
    d.media[0].direction = "sendrecv";
    LF_ONE(&f, "answer-after-i2", JUDGE_FAIL);
    lf_done(&f);
}

static void r1_is_sent_reliably(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    LF_NONE(&f, "reliable-r1"); /* nobody asked for 100rel */
    sip_at(x, 0)->require = "100rel";
    LF_ONE(&f, "reliable-r1", JUDGE_PASS);
    sip_at(x, 1)->rseq = "";
    LF_ONE(&f, "reliable-r1", JUDGE_FAIL);
    sip_at(x, 1)->rseq = "1";
    f.j.num_sip = 3; /* PRACK is the last that was seen */
    LF_ONE(&f, "reliable-r1", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "no answer to PRACK"));
    f.trace.info.last_us = sip_at(x, 2)->time_us;
    LF_ONE(&f, "reliable-r1", JUDGE_INCONC);
    sip_at(x, 2)->time_us += 5000000; /* five seconds without a second copy */
    lf_run(&f, "reliable-r1");
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "sent once"));
    lf_done(&f);
}

static void a_message_taker_says_so(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jsip *o = lf_sip(&f, NULL, LF_MB, LF_A, "OPTIONS", 1, 200);
    LF_ONE(&f, "msg-taker-options", JUDGE_INCONC); /* the 183 says it */
    sip_at(x, 1)->actor = "";
    LF_ONE(&f, "msg-taker-options", JUDGE_FAIL);
    LF_ONE(&f, "msg-taker-contact", JUDGE_FAIL);
    o->automata = 1;
    o->actor = "msg-taker";
    LF_ONE(&f, "msg-taker-options", JUDGE_PASS);
    LF_ONE(&f, "msg-taker-contact", JUDGE_INCONC);
    sip_at(x, 1)->actor = "principal";
    LF_ONE(&f, "msg-taker-contact", JUDGE_FAIL);
    lf_done(&f);
}

static void a_181_is_no_reason_to_stop(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jsip *s = lf_sip(&f, x, LF_CORE, LF_A, "INVITE", 1, 181);
    s->time_us = sip_at(x, 0)->time_us + 1;
    LF_ONE(&f, "goes-on-after-181", JUDGE_PASS);
    struct jsip *c = lf_sip(&f, x, LF_A, LF_CORE, "CANCEL", 1, 0);
    c->time_us = s->time_us + 1;
    LF_ONE(&f, "goes-on-after-181", JUDGE_FAIL);
    lf_evidence(&f, "{\"kind\":\"adapter\",\"role\":\"A\","
                    "\"verb\":\"hangup\"}");
    LF_ONE(&f, "goes-on-after-181", JUDGE_INCONC);
    lf_done(&f);
}

static void cancel_has_the_form_of_its_invite(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jsip *c = lf_sip(&f, x, LF_A, LF_MB, "CANCEL", 1, 0);
    c->branch = x->invite->branch;
    LF_ONE(&f, "cancel-form", JUDGE_PASS);
    c->ruri = "sip:other";
    LF_ONE(&f, "cancel-form", JUDGE_FAIL);
    c->ruri = x->invite->ruri;
    c->branch = "z9hG4bK-new";
    LF_ONE(&f, "cancel-form", JUDGE_FAIL);
    c->branch = x->invite->branch;
    struct jsip *no = lf_sip(&f, x, LF_MB, LF_A, "INVITE", 1, 487);
    LF_ONE(&f, "cancel-form", JUDGE_PASS); /* another transaction's */
    no->branch = x->invite->branch;
    LF_ONE(&f, "cancel-form", JUDGE_FAIL); /* no ACK to it */
    f.trace.info.last_us = f.now_us;
    LF_ONE(&f, "cancel-form", JUDGE_INCONC);
    lf_sip(&f, x, LF_A, LF_MB, "ACK", 1, 0)->branch = x->invite->branch;
    LF_ONE(&f, "cancel-form", JUDGE_PASS);
    lf_done(&f);
}

static void each_200_gets_its_ack(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    lf_sip(&f, x, LF_MB, LF_A, "INVITE", 1, 200);
    LF_ONE(&f, "acks-every-200", JUDGE_FAIL);
    f.trace.info.last_us = f.now_us;
    LF_ONE(&f, "acks-every-200", JUDGE_INCONC);
    lf_sip(&f, x, LF_A, LF_MB, "ACK", 1, 0);
    LF_ONE(&f, "acks-every-200", JUDGE_PASS);
    lf_done(&f);
}

static void a_copy_of_invite_gets_the_same_answer(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    lf_sip(&f, x, LF_A, LF_MB, "INVITE", 1, 0);
    LF_ONE(&f, "same-answer-again", JUDGE_PASS);
    struct jx *y = lf_deposit(&f, 2);
    struct jmsg *m = lf_msg(&f, x, x->leg, y->leg->r1->sent,
                            lf_sip(&f, x, LF_MB, LF_A, "INVITE", 1, 183));
    LF_ONE(&f, "same-answer-again", JUDGE_FAIL);
    CU_ASSERT_EQUAL(f.j.findings[0]->f.frame, jmsg_frame(m));
    lf_done(&f);
}

static void dialogs_are_consistent_for_each_party(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    sip_at(x, 4)->cseq = 1; /* UPDATE */
    lf_run(&f, "dialog-consistent");
    CU_ASSERT_EQUAL(f.j.findings[0]->party, LF_A);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "UPDATE with CSeq: 1"));
    sip_at(x, 4)->cseq = 3;
    sip_at(x, 5)->to_tag = "another";
    lf_run(&f, "dialog-consistent");
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_FAIL), 1);
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_PASS), 1);
    sip_at(x, 5)->to_tag = sip_at(x, 3)->to_tag;
    sip_at(x, 4)->branch = sip_at(x, 2)->branch;
    lf_run(&f, "dialog-consistent");
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "branch of PRACK"));
    lf_done(&f);
}

static void a_challenge_may_have_another_tag(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_exchange(&f, JX_DEPOSIT, LF_A, LF_MB);
    lf_sip(&f, x, LF_A, LF_MB, "INVITE", 1, 0);
    lf_sip(&f, x, LF_MB, LF_A, "INVITE", 1, 401)->to_tag = "first";
    lf_sip(&f, x, LF_A, LF_MB, "INVITE", 2, 0);
    lf_sip(&f, x, LF_MB, LF_A, "INVITE", 2, 183);
    struct jsip *ok = lf_sip(&f, x, LF_MB, LF_A, "INVITE", 2, 200);
    LF_ONE(&f, "dialog-consistent", JUDGE_PASS);
    ok->to_tag = "another";
    lf_run(&f, "dialog-consistent");
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_FAIL), 1);
    lf_done(&f);
}

static void history(struct lf *f, const char *value, enum judge_verdict v)
{
    struct jx *x = f->j.xs[0];
    struct trace_sip *t = (struct trace_sip *)(uintptr_t)x->sip[0]->t;
    t->octets = view_of(j_printf(&f->j,
                                 "INVITE sip:x SIP/2.0\r\nHistory-Info: "
                                 "%s\r\n\r\n",
                                 value));
    LF_ONE(f, "history-info-tree", v);
}

static void history_info_is_a_tree(void)
{
    struct lf f;
    lf_init(&f);
    lf_deposit(&f, 1);
    history(&f,
            "<sip:b@h>;index=1, <sip:vm@h;target=sip:b%40h;cause=408>"
            ";index=1.1;mp=1",
            JUDGE_PASS);
    history(&f, "<sip:b@h>;index=1, <sip:c@h>;index=2.1", JUDGE_FAIL);
    history(&f, "<sip:b@h>;index=1, <sip:c@h>;index=1", JUDGE_FAIL);
    history(&f,
            "<sip:b@h>;index=1, <sip:vm@h;target=sip:b%40h;cause=999>"
            ";index=1.1",
            JUDGE_FAIL);
    lf_done(&f);
}

/* ---- message waiting
 * ------------------------------------------------------------- */

static struct jnotify *notify(struct lf *f, unsigned fresh, unsigned old)
{
    struct judge *j = &f->j;
    struct jnotify *n = j_alloc(j, sizeof *n);
    struct jsip *s = lf_sip(f, NULL, LF_MB, LF_B, "NOTIFY", 1 + f->serial++, 0);
    s->event = "message-summary";
    *n = (struct jnotify){.sip = s,
                          .account = LF_MBX,
                          .subscriber = LF_B,
                          .waiting = fresh > 0,
                          .has_counts = 1,
                          .fresh = fresh,
                          .old = old};
    j->notifies = j_room(j, j->notifies, j->num_notifies);
    j->notifies[j->num_notifies++] = n;
    return n;
}

static struct jsip *subscribe(struct lf *f, int who)
{
    struct jsip *s = lf_sip(f, NULL, who, LF_MB, "SUBSCRIBE", 1, 0);
    s->event = "message-summary";
    s->to_uri = LF_BOB;
    return s;
}

static void a_subscription_is_answered_at_once(void)
{
    struct lf f;
    lf_init(&f);
    subscribe(&f, LF_B);
    LF_NONE(&f, "mwi-initial");
    lf_sip(&f, NULL, LF_MB, LF_B, "SUBSCRIBE", 1, 200);
    LF_ONE(&f, "mwi-initial", JUDGE_FAIL);
    f.trace.info.last_us = f.now_us;
    LF_ONE(&f, "mwi-initial", JUDGE_INCONC);
    struct jnotify *n = notify(&f, 0, 0);
    LF_ONE(&f, "mwi-initial", JUDGE_PASS);
    n->num_blocks = 1;
    LF_ONE(&f, "mwi-initial", JUDGE_FAIL);
    lf_done(&f);
}

static void a_new_message_is_counted(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *none = lf_deposit(&f, 1);
    LF_NONE(&f, "mwi-new-message");
    f.j.num_xs = 0;
    (void)none;
    notify(&f, 0, 0);
    struct jx *x = lf_deposit(&f, 2);
    LF_ONE(&f, "mwi-new-message", JUDGE_FAIL);
    f.trace.info.last_us = f.now_us;
    LF_ONE(&f, "mwi-new-message", JUDGE_INCONC);
    struct jnotify *n = notify(&f, 1, 0);
    LF_ONE(&f, "mwi-new-message", JUDGE_PASS);
    n->fresh = 2;
    LF_ONE(&f, "mwi-new-message", JUDGE_FAIL);
    n->fresh = 1;
    ((struct jsip *)(uintptr_t)n->sip)->time_us = x->bye->time_us + 60000000;
    LF_ONE(&f, "mwi-new-message", JUDGE_INCONC); /* right, but late */
    lf_done(&f);
}

static void a_retrieved_message_is_old(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    notify(&f, 1, 0);
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    lf_deliver(&f, r, x, LF_ALICE);
    lf_bye(&f, r);
    LF_ONE(&f, "mwi-after-retrieval", JUDGE_INCONC);
    struct jnotify *n = notify(&f, 0, 1);
    LF_ONE(&f, "mwi-after-retrieval", JUDGE_PASS);
    n->old = 0;
    LF_ONE(&f, "mwi-after-retrieval", JUDGE_FAIL);
    n->fresh = 1;
    LF_ONE(&f, "mwi-after-retrieval", JUDGE_INCONC);
    lf_done(&f);
}

static void a_stranger_is_told_nothing(void)
{
    struct lf f;
    lf_init(&f);
    subscribe(&f, LF_C);
    LF_ONE(&f, "mwi-refuses-stranger", JUDGE_INCONC);
    struct jsip *no = lf_sip(&f, NULL, LF_MB, LF_C, "SUBSCRIBE", 1, 403);
    LF_ONE(&f, "mwi-refuses-stranger", JUDGE_PASS);
    no->status = 200;
    LF_ONE(&f, "mwi-refuses-stranger", JUDGE_INCONC);
    notify(&f, 1, 0);
    LF_ONE(&f, "mwi-refuses-stranger", JUDGE_FAIL);
    f.j.num_sip = 0;
    subscribe(&f, LF_B);
    LF_NONE(&f, "mwi-refuses-stranger");
    lf_done(&f);
}

static void the_recipient_subscribes_and_calls(void)
{
    struct lf f;
    lf_init(&f);
    struct jsip *s = subscribe(&f, LF_B);
    LF_ONE(&f, "b-subscribes", JUDGE_PASS); /* default of the package, noted */
    ((struct trace_sip *)(uintptr_t)s->t)->octets =
        view_of("SUBSCRIBE sip:x SIP/2.0\r\nAccept: text/plain\r\n\r\n");
    LF_ONE(&f, "b-subscribes", JUDGE_FAIL);
    struct jnotify *n = notify(&f, 1, 0);
    LF_ONE(&f, "b-accepts-notify", JUDGE_FAIL);
    f.trace.info.last_us = f.now_us;
    LF_ONE(&f, "b-accepts-notify", JUDGE_INCONC);
    struct jsip *ok =
        lf_sip(&f, NULL, LF_B, LF_MB, "NOTIFY", n->sip->cseq, 200);
    ok->from_tag = n->sip->from_tag;
    ok->to_tag = n->sip->to_tag;
    LF_ONE(&f, "b-accepts-notify", JUDGE_PASS);
    ok->status = 481;
    LF_ONE(&f, "b-accepts-notify", JUDGE_FAIL);
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    LF_ONE(&f, "b-calls-account", JUDGE_PASS);
    sip_at(r, 0)->ruri = "sip:other@vm.home-b.example";
    LF_ONE(&f, "b-calls-account", JUDGE_INCONC);
    lf_done(&f);
}

#define CASE(name)                                                             \
    {                                                                          \
#name, name                                                            \
    }
static const struct unit_case cases[] = {
    CASE(a_sound_deposit_keeps_every_law),
    CASE(the_offer_is_held_to_rfc_4567),
    CASE(the_second_offer_counts_on),
    CASE(an_answer_before_the_proof_fails),
    CASE(r1_is_sent_reliably),
    CASE(a_message_taker_says_so),
    CASE(a_181_is_no_reason_to_stop),
    CASE(cancel_has_the_form_of_its_invite),
    CASE(each_200_gets_its_ack),
    CASE(a_copy_of_invite_gets_the_same_answer),
    CASE(dialogs_are_consistent_for_each_party),
    CASE(a_challenge_may_have_another_tag),
    CASE(history_info_is_a_tree),
    CASE(a_subscription_is_answered_at_once),
    CASE(a_new_message_is_counted),
    CASE(a_retrieved_message_is_old),
    CASE(a_stranger_is_told_nothing),
    CASE(the_recipient_subscribes_and_calls),
    {NULL, NULL},
};
const struct unit_suite suite_laws_sip = {"laws_sip", cases};
