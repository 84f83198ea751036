/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of identity: who answered, who was called, who is shown. */
#include "tests/unit/judge/laws_fixture.h"

#include <string.h>

static struct mikey_payload *idr(const struct jform *f, uint8_t role)
{
    return (struct mikey_payload *)(uintptr_t)mikey_find_idr(f->msg, role);
}

static void a_sound_deposit_keeps_every_law(void)
{
    static const char *const all[] = {"i2-form-follows-r1", "i2-to-answerer",
                                      "esk-to-called",      "esk-names-sender",
                                      "keys-exact",         NULL};
    struct lf f;
    lf_init(&f);
    lf_deposit(&f, 1);
    for (size_t i = 0; all[i] != NULL; i++) {
        LF_ONE(&f, all[i], JUDGE_PASS);
    }
    lf_run(&f, "keys-exact");
    CU_ASSERT_EQUAL(f.j.num_findings, 5); /* I1, R1, I2, its ESK, R2 */
    LF_NONE(&f, "i1-unaltered");
    LF_NONE(&f, "same-identity-anywhere");
    lf_done(&f);
}

static void i2_in_the_wrong_form_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jform *i2 = x->leg->i2[0]->sent;
    lf_open(&f, &i2->ibake, LF_MBX,
            &(struct lf_inner){.idi = LF_ALICE, .idr = LF_MBX, .yp = 3});
    LF_ONE(&f, "i2-form-follows-r1", JUDGE_FAIL);
    lf_no_key(&i2->ibake, "IBE_PRIVATE mbx");
    LF_ONE(&f, "i2-form-follows-r1", JUDGE_INCONC);
    x->leg->form = JFORM_UNKNOWN;
    lf_no_key(&x->leg->r1->rcvd->ibake, "IBE_PRIVATE alice");
    LF_ONE(&f, "i2-form-follows-r1", JUDGE_INCONC);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_INCONC, "IBE_PRIVATE alice"));
    lf_done(&f);
}

static void the_report_of_the_caller_is_held_to_the_wire(void)
{
    struct lf f;
    lf_init(&f);
    lf_deposit(&f, 1);
    LF_ONE(&f, "a-reports-mailbox", JUDGE_INCONC);
    lf_evidence(&f, "{\"kind\":\"adapter\",\"role\":\"A\",\"verb\":\"call\","
                    "\"answer\":{\"ok\":true,\"reached\":\"mailbox\"}}");
    LF_ONE(&f, "a-reports-mailbox", JUDGE_PASS);
    lf_deposit(&f, 2);
    lf_evidence(&f, "{\"kind\":\"adapter\",\"role\":\"A\",\"verb\":\"call\","
                    "\"answer\":{\"ok\":true,\"reached\":\"user\"}}");
    lf_run(&f, "a-reports-mailbox");
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_PASS), 1);
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_FAIL), 1);
    lf_done(&f);
}

static void i2_to_somebody_else_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jform *i2 = x->leg->i2[0]->sent;
    i2->ibake.state = JOPEN_FOREIGN;
    i2->ibake.key = LF_BOB;
    LF_ONE(&f, "i2-to-answerer", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, LF_BOB));
    i2->ibake.state = JOPEN_OK;
    idr(i2, MIKEY_ROLE_RESPONDER)->u.idr.data = view_of(LF_BOB);
    LF_ONE(&f, "i2-to-answerer", JUDGE_FAIL);
    idr(i2, MIKEY_ROLE_RESPONDER)->u.idr.data = view_of(LF_MBX);
    lf_no_key(&i2->ibake, "IBE_PRIVATE mbx");
    LF_ONE(&f, "i2-to-answerer", JUDGE_INCONC);
    lf_done(&f);
}

static void esk_for_or_from_somebody_else_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jform *i2 = x->leg->i2[0]->sent;
    struct view sk = i2->esk.sk->u.sk.key;
    i2->esk.state = JOPEN_FOREIGN;
    LF_ONE(&f, "esk-to-called", JUDGE_FAIL);
    lf_open(&f, &i2->esk, LF_BOB,
            &(struct lf_inner){.idi = LF_CAROL, .sk_type = 1, .sk = sk});
    LF_ONE(&f, "esk-to-called", JUDGE_PASS);
    LF_ONE(&f, "esk-names-sender", JUDGE_FAIL);
    lf_no_key(&i2->esk, "IBE_PRIVATE bob");
    LF_ONE(&f, "esk-to-called", JUDGE_INCONC);
    LF_ONE(&f, "esk-names-sender", JUDGE_INCONC);
    lf_run(&f, "keys-exact");
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_INCONC), 1);
    lf_done(&f);
}

static void identity_that_follows_the_address_fails(void)
{
    struct lf f;
    lf_init(&f);
    lf_deposit(&f, 1);
    struct jx *y = lf_deposit(&f, 2);
    ((struct jsip *)(uintptr_t)y->invite)->contact = "<sip:a@127.9.3.77:5062>";
    LF_ONE(&f, "same-identity-anywhere", JUDGE_PASS);
    idr(y->i1->sent, MIKEY_ROLE_INITIATOR)->u.idr.data =
        view_of("sip:alice@127.9.3.77");
    LF_ONE(&f, "same-identity-anywhere", JUDGE_FAIL);
    idr(y->i1->sent, MIKEY_ROLE_INITIATOR)->u.idr.data = view_of(LF_ALICE);
    lf_no_key(&y->i1->sent->ibake, "IBE_PRIVATE bob");
    LF_ONE(&f, "same-identity-anywhere", JUDGE_INCONC);
    lf_done(&f);
}

static void the_network_may_not_touch_i1(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jmsg *m = x->i1;
    struct jsight two[2];
    two[0] = m->sights[0];
    two[0].dst = LF_CORE;
    two[1] = m->sights[0];
    two[1].src = LF_CORE;
    m->sights = two;
    m->num_sights = 2;
    LF_ONE(&f, "i1-unaltered", JUDGE_PASS);
    CU_ASSERT_EQUAL(f.j.findings[0]->party, LF_CORE);
    two[1].form = x->leg->i2[0]->sent;
    LF_ONE(&f, "i1-unaltered", JUDGE_FAIL);
    lf_done(&f);
}

/* ---- what the recipient is told
 * -------------------------------------------------- */

static void delivered_identity_is_the_proved_one(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    struct jdelivery *d = lf_deliver(&f, r, x, LF_ALICE);
    LF_ONE(&f, "delivered-identity", JUDGE_PASS);
    d->frag_from = LF_CAROL;
    LF_ONE(&f, "delivered-identity", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, LF_CAROL));
    d->has_frag = 0;
    LF_ONE(&f, "delivered-identity", JUDGE_FAIL);
    lf_no_key(&d->i2->rcvd->ibake, "IBE_PRIVATE mbx");
    LF_ONE(&f, "delivered-identity", JUDGE_INCONC);
    lf_done(&f);
}

static void a_borrowed_display_name_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    struct jdelivery *d = lf_deliver(&f, r, x, LF_ALICE);
    struct jsip *inv = (struct jsip *)(uintptr_t)x->invite;
    inv->from_uri = LF_CAROL;
    inv->from_name = "\"Carol\"";
    d->frag = view_of("From: \"Carol\" <" LF_ALICE ">\r\n\r\n");
    LF_ONE(&f, "delivered-identity", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "Carol"));
    d->frag = view_of("From: \"Alice\" <" LF_ALICE ">\r\n\r\n");
    LF_ONE(&f, "delivered-identity", JUDGE_PASS);
    lf_done(&f);
}

static struct jnotify *notify(struct lf *f, const char *from)
{
    struct judge *j = &f->j;
    struct jnotify *n = j_alloc(j, sizeof *n);
    n->sip = lf_sip(f, NULL, LF_MB, LF_B, "NOTIFY", 1 + f->serial++, 0);
    n->account = LF_MBX;
    n->subscriber = LF_B;
    n->waiting = 1;
    n->has_counts = 1;
    n->fresh = from != NULL;
    if (from != NULL) {
        n->block[0] = (struct jnotify_block){from, LF_BOB, "id"};
        n->num_blocks = 1;
    }
    j->notifies = j_room(j, j->notifies, j->num_notifies);
    j->notifies[j->num_notifies++] = n;
    return n;
}

static void notified_identity_is_the_proved_one(void)
{
    struct lf f;
    lf_init(&f);
    notify(&f, NULL);
    struct jx *x = lf_deposit(&f, 1);
    struct jnotify *n = notify(&f, "<" LF_ALICE ">");
    LF_ONE(&f, "notified-identity", JUDGE_PASS);
    n->block[0].from = LF_CAROL;
    LF_ONE(&f, "notified-identity", JUDGE_FAIL);
    n->block[0].from = LF_ALICE;
    n->block[1] = n->block[0];
    n->num_blocks = 2; /* one message, two headers */
    LF_ONE(&f, "notified-identity", JUDGE_FAIL);
    n->num_blocks = 1;
    lf_no_key(&x->leg->i2[0]->rcvd->ibake, "IBE_PRIVATE mbx");
    LF_ONE(&f, "notified-identity", JUDGE_INCONC);
    lf_done(&f);
}

#define RENDERED(status, from)                                                 \
    "{\"kind\":\"rendered\",\"role\":\"B\",\"n\":1,\"file\":\"r.wav\","        \
    "\"from\":\"" from "\",\"status\":\"" status "\"}"

static void the_sender_is_shown(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    lf_deliver(&f, r, x, LF_ALICE);
    LF_ONE(&f, "b-shows-sender", JUDGE_INCONC);
    lf_evidence(&f, RENDERED("authenticated", LF_ALICE));
    LF_ONE(&f, "b-shows-sender", JUDGE_PASS);
    LF_NONE(&f, "b-shows-mismatch");
    LF_NONE(&f, "b-shows-unknown");
    json_object_set_new(f.j.evs[0]->obj, "from", json_string(LF_CAROL));
    LF_ONE(&f, "b-shows-sender", JUDGE_FAIL);
    lf_done(&f);
}

static void a_mismatch_is_not_shown_as_proved(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    lf_deliver(&f, r, x, LF_CAROL);
    LF_ONE(&f, "b-shows-mismatch", JUDGE_INCONC);
    lf_evidence(&f, RENDERED("authenticated", LF_ALICE));
    LF_ONE(&f, "b-shows-mismatch", JUDGE_FAIL);
    LF_NONE(&f, "b-shows-sender");
    json_object_set_new(f.j.evs[0]->obj, "status", json_string("mismatch"));
    LF_ONE(&f, "b-shows-mismatch", JUDGE_PASS);
    lf_done(&f);
}

static void idri_alone_differing_may_go_unnoticed(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    struct jdelivery *d = lf_deliver(&f, r, x, LF_ALICE);
    idr(d->form, MIKEY_ROLE_INITIATOR)->u.idr.data = view_of(LF_CAROL);
    lf_evidence(&f, RENDERED("authenticated", LF_ALICE));
    LF_ONE(&f, "b-shows-mismatch", JUDGE_INCONC);
    json_object_set_new(f.j.evs[0]->obj, "status", json_string("mismatch"));
    LF_ONE(&f, "b-shows-mismatch", JUDGE_PASS);
    lf_done(&f);
}

static void without_an_identity_nobody_is_shown_as_proved(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    lf_deliver(&f, r, x, NULL);
    LF_ONE(&f, "b-shows-unknown", JUDGE_INCONC);
    lf_evidence(&f, RENDERED("authenticated", LF_ALICE));
    LF_ONE(&f, "b-shows-unknown", JUDGE_FAIL);
    json_object_set_new(f.j.evs[0]->obj, "status", json_string("unknown"));
    LF_ONE(&f, "b-shows-unknown", JUDGE_PASS);
    lf_done(&f);
}

#define CASE(name)                                                             \
    {                                                                          \
#name, name                                                            \
    }
static const struct unit_case cases[] = {
    CASE(a_sound_deposit_keeps_every_law),
    CASE(i2_in_the_wrong_form_fails),
    CASE(the_report_of_the_caller_is_held_to_the_wire),
    CASE(i2_to_somebody_else_fails),
    CASE(esk_for_or_from_somebody_else_fails),
    CASE(identity_that_follows_the_address_fails),
    CASE(the_network_may_not_touch_i1),
    CASE(delivered_identity_is_the_proved_one),
    CASE(a_borrowed_display_name_fails),
    CASE(notified_identity_is_the_proved_one),
    CASE(the_sender_is_shown),
    CASE(a_mismatch_is_not_shown_as_proved),
    CASE(idri_alone_differing_may_go_unnoticed),
    CASE(without_an_identity_nobody_is_shown_as_proved),
    {NULL, NULL},
};
const struct unit_suite suite_laws_identity = {"laws_identity", cases};
