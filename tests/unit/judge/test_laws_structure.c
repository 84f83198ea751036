/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of structure: each holds for a sound exchange and sees what is amiss. */
#include "tests/unit/judge/laws_fixture.h"

#include <string.h>

static void a_sound_deposit_keeps_every_law(void)
{
    static const char *const all[] = {"i1-structure",
                                      "i1-content",
                                      "r1-structure",
                                      "r1-own-identity",
                                      "r1-deferred-content",
                                      "r1-under-initiator-key",
                                      "i2-structure",
                                      "i2-header-copied",
                                      "i2-deferred-content",
                                      "i2-esk",
                                      "r2-structure",
                                      "r2-content",
                                      "r2-mac",
                                      "sk-profile",
                                      "sk-independent",
                                      NULL};
    struct lf f;
    lf_init(&f);
    lf_deposit(&f, 1);
    for (size_t i = 0; all[i] != NULL; i++) {
        LF_ONE(&f, all[i], JUDGE_PASS);
    }
    LF_NONE(&f, "r1-normal-content");
    LF_NONE(&f, "i2-normal-content");
    lf_done(&f);
}

static void a_sound_retrieval_keeps_every_law(void)
{
    static const char *const all[] = {"i1-structure",
                                      "i1-content",
                                      "r1-structure",
                                      "r1-own-identity",
                                      "r1-normal-content",
                                      "r1-under-initiator-key",
                                      "i2-structure",
                                      "i2-header-copied",
                                      "i2-normal-content",
                                      "r2-structure",
                                      "r2-content",
                                      "r2-mac",
                                      NULL};
    struct lf f;
    lf_init(&f);
    lf_retrieval(&f, 1, LF_B);
    for (size_t i = 0; all[i] != NULL; i++) {
        LF_ONE(&f, all[i], JUDGE_PASS);
    }
    LF_NONE(&f, "r1-deferred-content");
    LF_NONE(&f, "i2-deferred-content");
    LF_NONE(&f, "i2-esk");
    lf_done(&f);
}

static void without_keys_the_missing_line_is_named(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jleg *l = x->leg;
    lf_no_key(&x->i1->rcvd->ibake, "IBE_PRIVATE bob");
    LF_ONE(&f, "i1-content", JUDGE_INCONC);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_INCONC, "IBE_PRIVATE bob"));
    LF_ONE(&f, "i2-deferred-content", JUDGE_INCONC);
    lf_no_key(&l->r1->rcvd->ibake, "IBE_PRIVATE alice");
    LF_ONE(&f, "r1-deferred-content", JUDGE_INCONC);
    LF_ONE(&f, "r1-under-initiator-key", JUDGE_INCONC);
    lf_no_key(&l->i2[0]->rcvd->ibake, "IBE_PRIVATE mailbox");
    LF_ONE(&f, "r2-content", JUDGE_INCONC);
    lf_no_key(&l->i2[0]->rcvd->esk, "IBE_PRIVATE bob2");
    LF_ONE(&f, "i2-esk", JUDGE_INCONC);
    LF_ONE(&f, "sk-profile", JUDGE_INCONC);
    LF_ONE(&f, "sk-independent", JUDGE_INCONC);
    l->r2[0]->v_checked = 0;
    l->keys.lack = "ECDH_PRIVATE 04";
    LF_ONE(&f, "r2-mac", JUDGE_INCONC);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_INCONC, "ECDH_PRIVATE 04"));
    lf_done(&f);
}

static void i1_without_v_flag_or_payloads_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    lf_edit(x->i1->sent)->hdr.v = 0;
    LF_ONE(&f, "i1-structure", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "mikey.HDR.V: 0"));
    lf_edit(x->i1->sent)->hdr.v = 1;
    lf_payload(x->i1->sent, MIKEY_PL_RAND)->type = MIKEY_PL_GENERAL_EXT;
    LF_ONE(&f, "i1-structure", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "RAND absent"));
    CU_ASSERT_EQUAL(f.j.findings[0]->party, LF_A);
    lf_done(&f);
}

static void i1_cut_short_fails_where_it_ends(void)
{
    struct lf f;
    struct lf_spec s = {.type = MIKEY_DT_I_MESSAGE_1,
                        .v = 1,
                        .csb = 1,
                        .t = 4000000000u,
                        .rand = "................",
                        .idi = LF_ALICE,
                        .idr = LF_BOB,
                        .ibake = "x"};
    lf_init(&f);
    struct jx *x = lf_exchange(&f, JX_DEPOSIT, LF_A, LF_MB);
    x->i1 = lf_msg(&f, x, NULL, lf_broken(&f, &s, 40),
                   lf_sip(&f, x, LF_A, LF_MB, "INVITE", 1, 0));
    LF_ONE(&f, "i1-structure", JUDGE_FAIL);
    CU_ASSERT_TRUE(f.j.findings[0]->f.frame > 0);
    lf_done(&f);
}

static void i1_under_another_key_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    x->i1->sent->ibake.state = JOPEN_FOREIGN;
    x->i1->sent->ibake.key = "sip:eve@evil.example20261124";
    LF_ONE(&f, "i1-content", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "eve"));
    x->i1->sent->ibake.state = JOPEN_REFUSED;
    LF_ONE(&f, "i1-content", JUDGE_FAIL);
    lf_done(&f);
}

static void a_point_off_its_curve_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct mikey_payload *p =
        (struct mikey_payload *)(uintptr_t)x->i1->sent->ibake.xp;
    uint8_t bad[65];
    memcpy(bad, p->u.eccpt.point.data, 65);
    bad[40] ^= 1;
    p->u.eccpt.point.data = bad;
    LF_ONE(&f, "i1-content", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "not on curve"));
    CU_ASSERT_STRING_EQUAL(f.j.findings[0]->f.in, "ibake");
    lf_done(&f);
}

static void r1_must_repeat_t_and_header(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    x->leg->r1->sent->t += 1;
    LF_ONE(&f, "r1-structure", JUDGE_FAIL);
    x->leg->r1->sent->t -= 1;
    lf_edit(x->leg->r1->sent)->hdr.csb_id ^= 1;
    LF_ONE(&f, "r1-structure", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "CSB ID"));
    lf_done(&f);
}

static void r1_under_the_called_name_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct mikey_payload *idr =
        (struct mikey_payload *)(uintptr_t)mikey_find_idr(x->leg->r1->sent->msg,
                                                          MIKEY_ROLE_RESPONDER);
    idr->u.idr.data = view_of(LF_BOB);
    LF_ONE(&f, "r1-own-identity", JUDGE_FAIL);
    /* Without a plan the deferred form gives it away; without its key nothing.
     */
    f.j.parties[LF_MB].named = 0;
    LF_ONE(&f, "r1-own-identity", JUDGE_FAIL);
    x->leg->form = JFORM_UNKNOWN;
    LF_ONE(&f, "r1-own-identity", JUDGE_INCONC);
    lf_done(&f);
}

static void deferred_r1_with_xp_fails_without_idi_is_a_note(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jopen *o = &x->leg->r1->sent->ibake;
    lf_open(&f, o, LF_ALICE, &(struct lf_inner){.idr = LF_MBX, .yp = 3});
    LF_ONE(&f, "r1-deferred-content", JUDGE_PASS);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_PASS, "OI-01"));
    CU_ASSERT_EQUAL(f.j.findings[0]->f.level, JUDGE_DERIVED);
    lf_open(
        &f, o, LF_ALICE,
        &(struct lf_inner){.idi = LF_ALICE, .xp = 2, .idr = LF_MBX, .yp = 3});
    LF_ONE(&f, "r1-deferred-content", JUDGE_FAIL);
    lf_open(&f, o, LF_ALICE,
            &(struct lf_inner){.idi = LF_ALICE, .idr = LF_BOB, .yp = 3});
    LF_ONE(&f, "r1-deferred-content", JUDGE_FAIL);
    lf_done(&f);
}

static void r1_under_another_key_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    x->leg->r1->sent->ibake.state = JOPEN_FOREIGN;
    LF_ONE(&f, "r1-under-initiator-key", JUDGE_FAIL);
    x->leg->r1->sent->ibake.state = JOPEN_REFUSED;
    LF_ONE(&f, "r1-under-initiator-key", JUDGE_FAIL);
    lf_done(&f);
}

static void normal_r1_must_return_xp(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_retrieval(&f, 1, LF_B);
    struct jopen *o = &x->leg->r1->sent->ibake;
    lf_open(&f, o, LF_BOB,
            &(struct lf_inner){.idi = LF_BOB, .idr = LF_MBX, .yp = 3});
    LF_ONE(&f, "r1-normal-content", JUDGE_FAIL);
    lf_open(
        &f, o, LF_BOB,
        &(struct lf_inner){.idi = LF_BOB, .xp = 77, .idr = LF_MBX, .yp = 3});
    LF_ONE(&f, "r1-normal-content", JUDGE_FAIL);
    lf_no_key(o, "IBE_PRIVATE bob");
    LF_ONE(&f, "r1-normal-content", JUDGE_INCONC);
    lf_done(&f);
}

static void i2_with_another_rand_is_a_note(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    const struct jform *i2 = x->leg->i2[0]->sent;
    lf_payload(i2, MIKEY_PL_RAND)->u.rnd.rand = view_of("another rand....");
    lf_run(&f, "i2-structure");
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_FAIL), 0);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_PASS, "AMB-15"));
    lf_edit(i2)->hdr.v = 0;
    lf_run(&f, "i2-structure");
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_FAIL), 1);
    lf_done(&f);
}

static void i2_header_and_points_must_be_those_received(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jopen *o = &x->leg->i2[0]->sent->ibake;
    lf_edit(x->leg->i2[0]->sent)->hdr.num_cs = 2;
    LF_ONE(&f, "i2-header-copied", JUDGE_FAIL);
    lf_open(
        &f, o, LF_MBX,
        &(struct lf_inner){.idi = LF_ALICE, .xp = 2, .idr = LF_MBX, .yp = 9});
    LF_ONE(&f, "i2-deferred-content", JUDGE_FAIL);
    lf_open(&f, o, LF_MBX,
            &(struct lf_inner){.idi = LF_ALICE, .idr = LF_MBX, .yp = 3});
    LF_ONE(&f, "i2-deferred-content", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "ECCPTi absent"));
    lf_done(&f);
}

static void normal_i2_with_xp_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_retrieval(&f, 1, LF_B);
    struct jopen *o = &x->leg->i2[0]->sent->ibake;
    lf_open(&f, o, LF_MBX,
            &(struct lf_inner){.idi = LF_BOB, .xp = 2, .idr = LF_MBX, .yp = 3});
    LF_ONE(&f, "i2-normal-content", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "R6267-099"));
    lf_no_key(o, "IBE_PRIVATE mbx");
    LF_ONE(&f, "i2-normal-content", JUDGE_INCONC);
    lf_done(&f);
}

static void esk_absent_foreign_or_of_type_2_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jform *i2 = x->leg->i2[0]->sent;
    struct view sk = i2->esk.sk->u.sk.key;
    lf_open(&f, &i2->esk, LF_BOB,
            &(struct lf_inner){.idi = LF_ALICE, .sk_type = 2, .sk = sk});
    LF_ONE(&f, "i2-esk", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "esk.SK.Type: 2"));
    i2->esk.state = JOPEN_FOREIGN;
    LF_ONE(&f, "i2-esk", JUDGE_FAIL);
    lf_payload(i2, MIKEY_PL_ESK)->type = MIKEY_PL_GENERAL_EXT;
    LF_ONE(&f, "i2-esk", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "ESK absent"));
    lf_done(&f);
}

static void sk_of_another_form_or_of_the_exchange(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jform *i2 = x->leg->i2[0]->sent;
    struct view xp = x->i1->sent->ibake.xp->u.eccpt.point;
    lf_open(
        &f, &i2->esk, LF_BOB,
        &(struct lf_inner){.idi = LF_ALICE,
                           .sk_type = 1,
                           .sk = view_of("thirty octets................!")});
    LF_ONE(&f, "sk-profile", JUDGE_INCONC);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_INCONC, "SKP-SRTP"));
    lf_open(&f, &i2->esk, LF_BOB,
            &(struct lf_inner){
                .idi = LF_ALICE, .sk_type = 1, .sk = {xp.data + 1, 32}});
    LF_ONE(&f, "sk-profile", JUDGE_PASS);
    LF_ONE(&f, "sk-independent", JUDGE_FAIL);
    lf_open(&f, &i2->esk, LF_BOB,
            &(struct lf_inner){
                .idi = LF_ALICE, .sk_type = 1, .sk = {x->leg->keys.mpk, 32}});
    LF_ONE(&f, "sk-independent", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "MPK"));
    lf_done(&f);
}

static void r2_must_have_v_flag_0_and_v_last(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jform *r2 = x->leg->r2[0]->sent;
    lf_edit(r2)->hdr.v = 1;
    LF_ONE(&f, "r2-structure", JUDGE_FAIL);
    lf_edit(r2)->hdr.v = 0;
    lf_payload(r2, MIKEY_PL_V)->type = MIKEY_PL_GENERAL_EXT;
    LF_ONE(&f, "r2-structure", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "the last payload"));
    x->leg->num_i2 = 0;
    f.j.lossy = 1;
    f.j.lossy_why = "TCP segments missing";
    lf_run(&f, "r2-structure");
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_INCONC, "TCP segments missing"));
    lf_done(&f);
}

static void r2_content_follows_i2(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    lf_open(&f, &x->leg->r2[0]->sent->ibake, LF_ALICE,
            &(struct lf_inner){.idi = LF_ALICE, .xp = 8});
    LF_ONE(&f, "r2-content", JUDGE_FAIL);
    struct jx *y = lf_retrieval(&f, 2, LF_B);
    (void)y;
    lf_run(&f, "r2-content");
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_PASS), 1);
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_FAIL), 1);
    lf_done(&f);
}

static void r2_mac_names_the_reading(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    x->leg->keys.reading = "AMB-18 (b): identities and T";
    lf_run(&f, "r2-mac");
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_PASS, "AMB-18 (b)"));
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_FAIL), 0);
    x->leg->r2[0]->v_ok = 0;
    LF_ONE(&f, "r2-mac", JUDGE_FAIL);
    lf_done(&f);
}

static const struct unit_case cases[] = {
    {"a_sound_deposit_keeps_every_law", a_sound_deposit_keeps_every_law},
    {"a_sound_retrieval_keeps_every_law", a_sound_retrieval_keeps_every_law},
    {"without_keys_the_missing_line_is_named",
     without_keys_the_missing_line_is_named},
    {"i1_without_v_flag_or_payloads_fails",
     i1_without_v_flag_or_payloads_fails},
    {"i1_cut_short_fails_where_it_ends", i1_cut_short_fails_where_it_ends},
    {"i1_under_another_key_fails", i1_under_another_key_fails},
    {"a_point_off_its_curve_fails", a_point_off_its_curve_fails},
    {"r1_must_repeat_t_and_header", r1_must_repeat_t_and_header},
    {"r1_under_the_called_name_fails", r1_under_the_called_name_fails},
    {"deferred_r1_with_xp_fails_without_idi_is_a_note",
     deferred_r1_with_xp_fails_without_idi_is_a_note},
    {"r1_under_another_key_fails", r1_under_another_key_fails},
    {"normal_r1_must_return_xp", normal_r1_must_return_xp},
    {"i2_with_another_rand_is_a_note", i2_with_another_rand_is_a_note},
    {"i2_header_and_points_must_be_those_received",
     i2_header_and_points_must_be_those_received},
    {"normal_i2_with_xp_fails", normal_i2_with_xp_fails},
    {"esk_absent_foreign_or_of_type_2_fails",
     esk_absent_foreign_or_of_type_2_fails},
    {"sk_of_another_form_or_of_the_exchange",
     sk_of_another_form_or_of_the_exchange},
    {"r2_must_have_v_flag_0_and_v_last", r2_must_have_v_flag_0_and_v_last},
    {"r2_content_follows_i2", r2_content_follows_i2},
    {"r2_mac_names_the_reading", r2_mac_names_the_reading},
    {NULL, NULL},
};
const struct unit_suite suite_laws_structure = {"laws_structure", cases};
