/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A deposit from end to end: what A put in is what B gets out. */
#include "tests/unit/ibake/ibake_tests.h"

#include <stdio.h>

static void deposit(struct world *w, struct exchange *x, const char *sk,
                    const char *cs, const char *edit)
{
    CU_ASSERT_FATAL(world_up(w));
    CU_ASSERT(ibake_profile_set(&w->cfg.profile, "PX_SK_PROFILE", sk) ==
              STATUS_OK);
    CU_ASSERT(ibake_profile_set(&w->cfg.profile, "PX_CS_PROFILE", cs) ==
              STATUS_OK);
    world_configs(w);
    if (edit != NULL) {
        CU_ASSERT(edit_list_add_all(&w->edits_a, edit, NULL) == STATUS_OK);
    }
    exchange_new(x, w, ID_B, &w->cfg_m, ID_M);
    CU_ASSERT_EQUAL(exchange_run(x, ALL_STEPS), ALL_STEPS);
}

static void b_opens_what_a_sealed(const char *sk, const char *cs,
                                  enum ibake_sk form)
{
    struct world w;
    struct exchange x;
    struct ibake_deposit d;
    struct ibake_srtp_key e2e;
    struct ibake_srtp_key hop;
    struct ibake_srtp_key hop_m;
    deposit(&w, &x, sk, cs, NULL);
    CU_ASSERT(ibake_open_stored_i2(&w.cfg_b, text_view(ID_B),
                                   ibake_session_i2(x.r), &d) == STATUS_OK);
    CU_ASSERT(ibake_e2e_key(x.a, 1, &e2e) == STATUS_OK);
    CU_ASSERT(memcmp(&e2e, &d.e2e, sizeof e2e) == 0);
    CU_ASSERT(ibake_hop_key(x.a, 1, &hop) == STATUS_OK);
    CU_ASSERT(ibake_hop_key(x.r, 1, &hop_m) == STATUS_OK);
    CU_ASSERT(memcmp(&hop, &hop_m, sizeof hop) == 0);
    CU_ASSERT(memcmp(&hop, &e2e, sizeof hop) != 0);
    CU_ASSERT_EQUAL(d.sk_profile, form);
    CU_ASSERT(
        view_equal((struct view){d.sender, d.sender_len}, text_view(ID_A)));
    CU_ASSERT(view_equal((struct view){d.idri, d.idri_len}, text_view(ID_A)));
    CU_ASSERT_EQUAL(d.csb_id, ibake_session_csb_id(x.a));
    CU_ASSERT_EQUAL(d.timestamp, get_be((struct view){x.a->t2.value, 8}));
    CU_ASSERT_EQUAL(d.ssrc, strcmp(cs, "EMPTY") == 0
                                ? 0
                                : ibake_session_ssrc(x.a, IBAKE_INITIATOR));
    CU_ASSERT(ibake_session_has_esk(x.r));
    /* The mailbox cannot. */
    CU_ASSERT(ibake_open_stored_i2(&w.cfg_m, text_view(ID_M),
                                   ibake_session_i2(x.r),
                                   &d) == STATUS_DECRYPT);
    CU_ASSERT(ibake_open_stored_i2(&w.cfg_m, text_view(ID_B),
                                   ibake_session_i2(x.r), &d) == STATUS_NO_KEY);
    CU_ASSERT_EQUAL(d.sender_len, 0);
    exchange_free(&x);
    world_down(&w);
}

static void b_opens_each_sk_profile(void)
{
    b_opens_what_a_sealed("SKP-STRICT", "EMPTY", IBAKE_SKP_STRICT);
    b_opens_what_a_sealed("SKP-CR", "EMPTY", IBAKE_SKP_CR);
    b_opens_what_a_sealed("SKP-SRTP", "EMPTY", IBAKE_SKP_SRTP);
    b_opens_what_a_sealed("SKP-STRICT", "SRTPID", IBAKE_SKP_STRICT);
    b_opens_what_a_sealed("SKP-CR", "SRTPID+SP", IBAKE_SKP_CR);
}

static void the_key_of_ap_goes_to_the_key_log(void)
{
    struct world w;
    struct exchange x;
    struct octets sk;
    deposit(&w, &x, "SKP-CR", "EMPTY", NULL);
    CU_ASSERT(look(&w, wr_view(&x.i2), "mikey.ESK.SK.key", &sk) == STATUS_OK);
    CU_ASSERT_EQUAL(sk.len, 65);
    CU_ASSERT(find_told(&w, "ECDH_PRIVATE", octets_view(&sk)) != NULL);
    octets_free(&sk);
    exchange_free(&x);
    world_down(&w);
}

/* line: an edit of I_MESSAGE_2; what B then makes of it. */
static void b_gets(const char *line, enum status want, const char *logged,
                   int keys_agree_too)
{
    struct world w;
    struct exchange x;
    struct ibake_deposit d;
    struct ibake_srtp_key e2e;
    deposit(&w, &x, "SKP-STRICT", "EMPTY", line);
    enum status st = ibake_open_stored_i2(&w.cfg_b, text_view(ID_B),
                                          ibake_session_i2(x.r), &d);
    if (st != want) {
        printf("%s: %s\n", line, status_name(st));
    }
    CU_ASSERT_EQUAL(st, want);
    CU_ASSERT(logged == NULL || was_logged(&w, logged));
    if (keys_agree_too) {
        CU_ASSERT(ibake_e2e_key(x.a, 1, &e2e) == STATUS_OK);
        CU_ASSERT(memcmp(&e2e, &d.e2e, sizeof e2e) == 0);
    }
    exchange_free(&x);
    world_down(&w);
}

static void b_meets_odd_deposits(void)
{
    b_gets("I_MESSAGE_2 set mikey.ESK.date -1d", STATUS_OK, "neighbouring day",
           1);
    b_gets("I_MESSAGE_2 set mikey.ESK.date +1d", STATUS_OK, "neighbouring day",
           1);
    b_gets("I_MESSAGE_2 set mikey.ESK.date +2d", STATUS_DECRYPT, NULL, 0);
    b_gets("I_MESSAGE_2 set mikey.ESK.key id:" ID_C, STATUS_DECRYPT, NULL, 0);
    b_gets("I_MESSAGE_2 flip mikey.ESK.cipher -1", STATUS_DECRYPT, NULL, 0);
    b_gets("I_MESSAGE_2 set mikey.ESK.SK.type 2", STATUS_UNSUPPORTED,
           "SK of another type", 0);
    b_gets("I_MESSAGE_2 set mikey.ESK.SK.key random:48", STATUS_OK,
           "deviation: SK", 1);
    b_gets("I_MESSAGE_2 set mikey.ESK.SK.key random:30", STATUS_OK,
           "deviation: SK", 1);
    b_gets("I_MESSAGE_2 set mikey.ESK.SK.key off-curve", STATUS_OK,
           "deviation: SK", 1);
    b_gets("I_MESSAGE_2 set mikey.ESK.SK.key random:15", STATUS_UNSUPPORTED,
           "fits no profile", 0);
    b_gets("I_MESSAGE_2 drop mikey.ESK.SK", STATUS_NOT_FOUND, NULL, 0);
    b_gets("I_MESSAGE_2 repeat mikey.ESK.SK", STATUS_NOT_FOUND, NULL, 0);
    b_gets("I_MESSAGE_2 drop mikey.ESK.IDRi", STATUS_BAD_LENGTH, NULL, 0);
    b_gets("I_MESSAGE_2 set mikey.ESK.plain hex:00", STATUS_TRUNCATED, NULL, 0);
    b_gets("I_MESSAGE_2 set mikey.RAND.value random:16", STATUS_OK, NULL, 1);
    b_gets("I_MESSAGE_2 set mikey.ESK.SK.kv 1\n"
           "I_MESSAGE_2 set mikey.ESK.SK.spi hex:01",
           STATUS_OK, NULL, 1);
}

static void b_takes_another_sk_type_with_the_check_off(void)
{
    struct world w;
    struct exchange x;
    struct ibake_deposit d;
    deposit(&w, &x, "SKP-STRICT", "EMPTY",
            "I_MESSAGE_2 set mikey.ESK.SK.type 2");
    w.cfg_b.checks &= ~(unsigned)IBAKE_CHECK_SK_TYPE;
    CU_ASSERT(ibake_open_stored_i2(&w.cfg_b, text_view(ID_B),
                                   ibake_session_i2(x.r), &d) == STATUS_OK);
    exchange_free(&x);
    world_down(&w);
}

static void the_sender_inside_is_what_the_esk_says(void)
{
    struct world w;
    struct exchange x;
    struct ibake_deposit d;
    deposit(&w, &x, "SKP-STRICT", "EMPTY",
            "I_MESSAGE_2 set mikey.ESK.IDRi.data id:" ID_C);
    CU_ASSERT(ibake_open_stored_i2(&w.cfg_b, text_view(ID_B),
                                   ibake_session_i2(x.r), &d) == STATUS_OK);
    CU_ASSERT(
        view_equal((struct view){d.sender, d.sender_len}, text_view(ID_C)));
    CU_ASSERT(view_equal((struct view){d.idri, d.idri_len}, text_view(ID_A)));
    exchange_free(&x);
    world_down(&w);
}

static void other_messages_are_no_deposits(void)
{
    struct world w;
    struct exchange x;
    struct ibake_deposit d;
    deposit(&w, &x, "SKP-STRICT", "EMPTY", NULL);
    CU_ASSERT(ibake_open_stored_i2(&w.cfg_b, text_view(ID_B), wr_view(&x.i1),
                                   &d) == STATUS_UNEXPECTED);
    w.cfg_b.checks = 0;
    CU_ASSERT(ibake_open_stored_i2(&w.cfg_b, text_view(ID_B), wr_view(&x.i1),
                                   &d) == STATUS_NOT_FOUND);
    for (size_t n = 0; n < x.i2.len; n++) {
        CU_ASSERT(ibake_open_stored_i2(&w.cfg_b, text_view(ID_B),
                                       (struct view){x.i2.data, n},
                                       &d) != STATUS_OK);
    }
    exchange_free(&x);
    world_down(&w);
}

/* The date is that of T, in UTC; of the clock if T counts (AMB-04). */
static void dates_come_from_t(void)
{
    struct world w;
    struct exchange x;
    struct mikey_msg m;
    char date[9];
    CU_ASSERT_FATAL(world_up(&w));
    CU_ASSERT(edit_list_add(&w.edits_a, "I_MESSAGE_1 set mikey.T.value now-1d",
                            NULL) == STATUS_OK);
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT_EQUAL(exchange_run(&x, TAKE_I1), TAKE_I1);
    CU_ASSERT(mikey_decode(&m, x.i1.data, x.i1.len, NULL) == STATUS_OK);
    ibake_date_of(date, &m, &w.env);
    CU_ASSERT_STRING_EQUAL(date, DAY_BEFORE);
    struct octets got;
    CU_ASSERT(look(&w, wr_view(&x.i1), "mikey.IBAKE.date", &got) == STATUS_OK);
    CU_ASSERT(view_equal(octets_view(&got), text_view(DAY_BEFORE)));
    octets_free(&got);
    m.payloads[0].u.t.ts_type = MIKEY_TS_COUNTER;
    ibake_date_of(date, &m, &w.env);
    CU_ASSERT_STRING_EQUAL(date, DAY);
    exchange_free(&x);
    world_down(&w);
}

/* Identities that strangers claim do not fill the memory. */
static void the_cache_of_identities_is_bounded(void)
{
    struct world w;
    char id[64];
    CU_ASSERT_FATAL(world_up(&w));
    unsigned long after_64 = 0;
    for (int i = 0; i < 150; i++) {
        snprintf(id, sizeof id, "sip:user%d@example.com", i);
        const struct bf_id *p =
            ibake_keyring_public(w.ring_m, text_view(id), DAY);
        CU_ASSERT(p != NULL);
        CU_ASSERT(ibake_keyring_public(w.ring_m, text_view(id), DAY) == p);
        after_64 = i == 64 ? mem_live() : after_64;
    }
    CU_ASSERT_EQUAL(mem_live(), after_64);
    world_down(&w);
}

static const struct unit_case cases[] = {
    {"b_opens_each_sk_profile", b_opens_each_sk_profile},
    {"the_key_of_ap_goes_to_the_key_log", the_key_of_ap_goes_to_the_key_log},
    {"b_meets_odd_deposits", b_meets_odd_deposits},
    {"b_takes_another_sk_type_with_the_check_off",
     b_takes_another_sk_type_with_the_check_off},
    {"the_sender_inside_is_what_the_esk_says",
     the_sender_inside_is_what_the_esk_says},
    {"other_messages_are_no_deposits", other_messages_are_no_deposits},
    {"dates_come_from_t", dates_come_from_t},
    {"the_cache_of_identities_is_bounded", the_cache_of_identities_is_bounded},
    {NULL, NULL}};
const struct unit_suite ibake_deposit_suite = {"ibake_deposit", cases};
