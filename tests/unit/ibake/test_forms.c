/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Both forms of the exchange, forks, profiles, keys of both sides. */
#include "tests/unit/ibake/ibake_tests.h"

static int same_hop_keys(struct exchange *x, uint8_t cs)
{
    struct ibake_srtp_key a;
    struct ibake_srtp_key r;
    return ibake_hop_key(x->a, cs, &a) == STATUS_OK &&
           ibake_hop_key(x->r, cs, &r) == STATUS_OK &&
           memcmp(&a, &r, sizeof a) == 0;
}

static int peer_is(const struct ibake_session *s, const char *id)
{
    return view_equal(ibake_session_peer(s), text_view(id));
}

static void normal_form_needs_no_esk(void)
{
    struct world w;
    struct exchange x;
    struct octets got;
    struct ibake_srtp_key e2e;
    CU_ASSERT_FATAL(world_up(&w));
    exchange_new(&x, &w, ID_B, &w.cfg_b, ID_B);
    CU_ASSERT_EQUAL(ibake_session_peer(x.r).len, 0);
    CU_ASSERT_EQUAL(exchange_run(&x, TAKE_I2), TAKE_I2);
    CU_ASSERT_EQUAL(ibake_session_peer(x.r).len, 0);
    CU_ASSERT_EQUAL(exchange_run_one(&x, TAKE_I2), STATUS_OK);
    CU_ASSERT_EQUAL(exchange_run_one(&x, MAKE_R2), STATUS_OK);
    CU_ASSERT_EQUAL(exchange_run_one(&x, TAKE_R2), STATUS_OK);
    CU_ASSERT_EQUAL(ibake_session_form(x.a), IBAKE_FORM_NORMAL);
    CU_ASSERT_EQUAL(ibake_session_form(x.r), IBAKE_FORM_NORMAL);
    CU_ASSERT(!ibake_session_has_esk(x.a));
    CU_ASSERT(!ibake_session_has_esk(x.r));
    CU_ASSERT(peer_is(x.a, ID_B));
    CU_ASSERT(peer_is(x.r, ID_A));
    CU_ASSERT(view_equal(ibake_session_called(x.r), text_view(ID_B)));
    CU_ASSERT(same_hop_keys(&x, 1) && same_hop_keys(&x, 2));
    CU_ASSERT(view_equal(ibake_session_point(x.a, IBAKE_INITIATOR),
                         ibake_session_point(x.r, IBAKE_INITIATOR)));
    CU_ASSERT(view_equal(ibake_session_point(x.a, IBAKE_RESPONDER),
                         ibake_session_point(x.r, IBAKE_RESPONDER)));
    CU_ASSERT_EQUAL(ibake_session_point(x.a, IBAKE_RESPONDER).len, 65);
    CU_ASSERT(ibake_e2e_key(x.a, 1, &e2e) == STATUS_NO_KEY);
    CU_ASSERT_EQUAL(ibake_session_reading(x.a)->deviations, 0);
    CU_ASSERT_EQUAL(ibake_session_reading(x.r)->deviations, 0);
    CU_ASSERT(look(&w, wr_view(&x.i2), "mikey.IBAKE.ECCPTi", &got) ==
              STATUS_NOT_FOUND);
    CU_ASSERT(look(&w, wr_view(&x.r2), "mikey.IBAKE", &got) ==
              STATUS_NOT_FOUND);
    exchange_free(&x);
    world_down(&w);
}

static void direct_addressing_carries_an_esk_in_normal_form(void)
{
    struct world w;
    struct exchange x;
    struct ibake_srtp_key e2e;
    struct octets key;
    CU_ASSERT_FATAL(world_up(&w));
    exchange_new(&x, &w, ID_M, &w.cfg_m, ID_M);
    CU_ASSERT_EQUAL(exchange_run(&x, MAKE_I2), MAKE_I2);
    CU_ASSERT_EQUAL(ibake_make_i2(x.a, text_view(ID_B), 1, &x.i2), STATUS_OK);
    CU_ASSERT_EQUAL(exchange_run_one(&x, TAKE_I2), STATUS_OK);
    CU_ASSERT_EQUAL(exchange_run_one(&x, MAKE_R2), STATUS_OK);
    CU_ASSERT_EQUAL(exchange_run_one(&x, TAKE_R2), STATUS_OK);
    CU_ASSERT_EQUAL(ibake_session_form(x.r), IBAKE_FORM_NORMAL);
    CU_ASSERT(ibake_session_has_esk(x.r));
    CU_ASSERT(ibake_e2e_key(x.a, 1, &e2e) == STATUS_OK);
    CU_ASSERT(look(&w, wr_view(&x.i2), "mikey.ESK.key", &key) == STATUS_OK);
    CU_ASSERT(view_equal(octets_view(&key), text_view(ID_B)));
    octets_free(&key);
    exchange_free(&x);
    world_down(&w);
}

static void moments_are_kept(void)
{
    struct world w;
    struct exchange x;
    struct wr out;
    struct ibake_srtp_key k;
    CU_ASSERT_FATAL(world_up(&w));
    wr_init(&out);
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT(ibake_make_i2(x.a, (struct view){0}, 0, &out) ==
              STATUS_UNEXPECTED);
    CU_ASSERT(ibake_make_r1(x.r, &out) == STATUS_UNEXPECTED);
    CU_ASSERT(ibake_make_r2(x.r, &out) == STATUS_UNEXPECTED);
    CU_ASSERT(ibake_make_i1(x.r, &out) == STATUS_MISUSE);
    CU_ASSERT(ibake_make_r1(x.a, &out) == STATUS_MISUSE);
    CU_ASSERT(ibake_take_i1(x.a, wr_view(&out)) == STATUS_MISUSE);
    CU_ASSERT(ibake_take_r1(x.r, wr_view(&out)) == STATUS_MISUSE);
    CU_ASSERT(ibake_take_r1(x.a, wr_view(&out)) == STATUS_UNEXPECTED);
    CU_ASSERT(ibake_hop_key(x.a, 1, &k) == STATUS_NO_KEY);
    CU_ASSERT_EQUAL(exchange_run(&x, MAKE_I2), MAKE_I2);
    CU_ASSERT(ibake_make_i1(x.a, &out) == STATUS_UNEXPECTED);
    CU_ASSERT(ibake_take_r1(x.a, wr_view(&x.r1)) == STATUS_UNEXPECTED);
    CU_ASSERT(ibake_take_i1(x.r, wr_view(&x.i1)) == STATUS_UNEXPECTED);
    CU_ASSERT(ibake_hop_key(x.a, 1, &k) == STATUS_NO_KEY);
    CU_ASSERT(ibake_hop_key(x.r, 1, &k) == STATUS_NO_KEY);
    CU_ASSERT_EQUAL(out.len, 0);
    wr_cleanup(&out);
    exchange_free(&x);
    world_down(&w);
}

/* Two values under one lookup would spoil the whole log. */
static void session_keys_are_told_under_one_reading(void)
{
    struct world w;
    struct exchange x;
    CU_ASSERT_FATAL(world_up(&w));
    w.cfg.tell_session_keys = 1;
    world_configs(&w);
    w.cfg_m.profile.ksession = IBAKE_K_X_ONLY;
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT_EQUAL(exchange_run(&x, ALL_STEPS), ALL_STEPS);
    unsigned mpk = 0;
    for (size_t i = 0; i < w.num_told; i++) {
        const struct told *t = &w.told[i];
        const struct told *first =
            find_told(&w, t->label, octets_view(&t->lookup));
        CU_ASSERT(
            view_equal(octets_view(&first->secret), octets_view(&t->secret)));
        mpk += strcmp(t->label, "MPK") == 0;
    }
    CU_ASSERT_EQUAL(mpk, 2);
    exchange_free(&x);
    world_down(&w);
}

static void secrets_are_gone_after_completion(void)
{
    static const uint8_t zero[ECDH_MAX_SCALAR] = {0};
    struct world w;
    struct exchange x;
    CU_ASSERT_FATAL(world_up(&w));
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT_EQUAL(exchange_run(&x, ALL_STEPS), ALL_STEPS);
    CU_ASSERT(memcmp(x.a->key.scalar, zero, sizeof zero) == 0);
    CU_ASSERT(memcmp(x.r->key.scalar, zero, sizeof zero) == 0);
    CU_ASSERT(memcmp(x.a->mpk, zero, 32) == 0);
    CU_ASSERT(memcmp(x.r->mpk, zero, 32) == 0);
    CU_ASSERT(memcmp(x.a->shared.octets, zero, 60) == 0);
    CU_ASSERT(same_hop_keys(&x, 1));
    exchange_free(&x);
    world_down(&w);
}

static void secrets_are_gone_after_refusal(void)
{
    static const uint8_t zero[ECDH_MAX_SCALAR] = {0};
    struct world w;
    struct exchange x;
    struct ibake_srtp_key k;
    CU_ASSERT_FATAL(world_up(&w));
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT_EQUAL(exchange_run(&x, TAKE_R2), TAKE_R2);
    CU_ASSERT(ibake_e2e_key(x.a, 1, &k) == STATUS_OK);
    x.r2.data[x.r2.len - 1] ^= 1;
    CU_ASSERT(ibake_take_r2(x.a, wr_view(&x.r2)) == STATUS_AUTH);
    CU_ASSERT(memcmp(x.a->key.scalar, zero, sizeof zero) == 0);
    CU_ASSERT(memcmp(x.a->tgk, zero, 32) == 0);
    CU_ASSERT(ibake_e2e_key(x.a, 1, &k) == STATUS_NO_KEY);
    CU_ASSERT(ibake_hop_key(x.a, 1, &k) == STATUS_NO_KEY);
    x.r2.data[x.r2.len - 1] ^= 1;
    CU_ASSERT(ibake_take_r2(x.a, wr_view(&x.r2)) == STATUS_UNEXPECTED);
    exchange_free(&x);
    world_down(&w);
}

static void forked_branches_have_keys_of_their_own(void)
{
    struct world w;
    struct exchange b;
    struct exchange m;
    struct ibake_srtp_key kb;
    struct ibake_srtp_key km;
    CU_ASSERT_FATAL(world_up(&w));
    exchange_new(&b, &w, ID_B, &w.cfg_b, ID_B);
    exchange_new(&m, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT(ibake_session_fork(b.a) == NULL);
    CU_ASSERT_EQUAL(exchange_run(&b, TAKE_R1), TAKE_R1);
    ibake_session_free(m.a);
    m.a = ibake_session_fork(b.a);
    CU_ASSERT_FATAL(m.a != NULL);
    wr_bytes(&m.i1, b.i1.data, b.i1.len);
    for (int s = TAKE_I1; s < ALL_STEPS; s++) {
        CU_ASSERT_EQUAL(exchange_run_one(&m, (enum step)s), STATUS_OK);
    }
    for (int s = TAKE_R1; s < ALL_STEPS; s++) {
        CU_ASSERT_EQUAL(exchange_run_one(&b, (enum step)s), STATUS_OK);
    }
    CU_ASSERT(ibake_session_fork(b.a) == NULL);
    CU_ASSERT_EQUAL(ibake_session_form(b.a), IBAKE_FORM_NORMAL);
    CU_ASSERT_EQUAL(ibake_session_form(m.a), IBAKE_FORM_DEFERRED);
    CU_ASSERT_EQUAL(ibake_session_csb_id(b.a), ibake_session_csb_id(m.a));
    CU_ASSERT(same_hop_keys(&b, 1) && same_hop_keys(&m, 1));
    CU_ASSERT(ibake_hop_key(b.a, 1, &kb) == STATUS_OK);
    CU_ASSERT(ibake_hop_key(m.a, 1, &km) == STATUS_OK);
    CU_ASSERT(memcmp(&kb, &km, sizeof kb) != 0);
    exchange_free(&b);
    exchange_free(&m);
    world_down(&w);
}

/* A device with the common key answers under its unique identity (RFC
 * 6267, 3.1). */
static void a_device_answers_under_its_own_identity(void)
{
    struct world w;
    struct exchange x;
    CU_ASSERT_FATAL(world_up(&w));
    CU_ASSERT(give_key(w.ring_m, ID_B, DAY));
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT_EQUAL(exchange_run(&x, ALL_STEPS), ALL_STEPS);
    CU_ASSERT_EQUAL(ibake_session_form(x.a), IBAKE_FORM_NORMAL);
    CU_ASSERT(peer_is(x.a, ID_M));
    exchange_free(&x);
    world_down(&w);
}

static void profile(const char *item, const char *value, unsigned deviations)
{
    for (int normal = 0; normal < 2; normal++) {
        struct world w;
        struct exchange x;
        struct ibake_srtp_key k;
        CU_ASSERT_FATAL(world_up(&w));
        CU_ASSERT(ibake_profile_set(&w.cfg.profile, item, value) == STATUS_OK);
        world_configs(&w);
        exchange_new(&x, &w, ID_B, normal ? &w.cfg_b : &w.cfg_m,
                     normal ? ID_B : ID_M);
        CU_ASSERT_EQUAL(exchange_run(&x, ALL_STEPS), ALL_STEPS);
        CU_ASSERT(same_hop_keys(&x, 1) && same_hop_keys(&x, 2));
        CU_ASSERT(normal == (ibake_e2e_key(x.a, 1, &k) != STATUS_OK));
        if (!normal || deviations == 0 || strcmp(item, "PX_R1_INNER_ID") != 0) {
            CU_ASSERT_EQUAL(ibake_session_reading(x.a)->deviations, deviations);
        }
        exchange_free(&x);
        world_down(&w);
    }
}

static void every_switch_of_the_profile_works(void)
{
    profile("PX_CS_PROFILE", "EMPTY", 0);
    profile("PX_CS_PROFILE", "SRTPID", 0);
    profile("PX_CS_PROFILE", "SRTPID+SP", 0);
    profile("PX_SK_PROFILE", "SKP-STRICT", 0);
    profile("PX_SK_PROFILE", "SKP-CR", 0);
    profile("PX_SK_PROFILE", "SKP-SRTP", 0);
    profile("PX_V_COVER", "IDS", 0);
    profile("PX_V_COVER", "IDS+T", 1);
    profile("PX_V_COVER", "I2", 1);
    profile("PX_RAND_SRC", "SAME", 0);
    profile("PX_RAND_SRC", "I1", 0);
    profile("PX_RAND_SRC", "I2", 0);
    profile("PX_RAND_SRC", "I1+I2", 1);
    profile("PX_K_SESSION", "UNCOMPRESSED", 0);
    profile("PX_K_SESSION", "X", 1);
    profile("PX_K_SESSION", "COMPRESSED", 1);
    profile("PX_R1_INNER_ID", "Y", 0);
    profile("PX_R1_INNER_ID", "N", 1);
    profile("PX_CURVE", "8", 0);
    profile("PX_CURVE", "11", 0);
    profile("PX_CURVE", "14", 0);
    profile("PX_PRF", "0", 0);
    profile("PX_PRF", "1", 0);
    profile("PX_MAC_ALG", "2", 1);
}

static void profile_refuses_what_it_does_not_know(void)
{
    struct ibake_profile p;
    ibake_profile_strict(&p);
    CU_ASSERT(ibake_profile_set(&p, "PX_CANARY", "x") == STATUS_NOT_FOUND);
    CU_ASSERT(ibake_profile_set(&p, "PX_CURVE", "9") == STATUS_BAD_VALUE);
    CU_ASSERT(ibake_profile_set(&p, "PX_SKEW", "soon") == STATUS_BAD_VALUE);
    CU_ASSERT(ibake_profile_set(&p, "PX_SKEW", "60 s") == STATUS_OK);
    CU_ASSERT_EQUAL(p.skew_s, 60);
}

static void the_map_tells_both_ssrcs(void)
{
    struct world w;
    struct exchange x;
    struct mikey_msg m;
    struct mikey_srtp_id id;
    CU_ASSERT_FATAL(world_up(&w));
    w.cfg.profile.cs = IBAKE_CS_SRTPID;
    world_configs(&w);
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    ibake_session_set_ssrc(x.a, 0x0a11ce01);
    ibake_session_set_ssrc(x.r, 0x0b0b5eee);
    CU_ASSERT_EQUAL(exchange_run(&x, ALL_STEPS), ALL_STEPS);
    CU_ASSERT_EQUAL(ibake_session_ssrc(x.a, IBAKE_RESPONDER), 0x0b0b5eee);
    CU_ASSERT_EQUAL(ibake_session_ssrc(x.r, IBAKE_INITIATOR), 0x0a11ce01);
    CU_ASSERT_FATAL(mikey_decode(&m, x.i1.data, x.i1.len, NULL) == STATUS_OK);
    CU_ASSERT(mikey_srtp_id(&m.hdr, 0, &id) == STATUS_OK);
    CU_ASSERT_EQUAL(id.ssrc, 0x0a11ce01);
    CU_ASSERT(mikey_srtp_id(&m.hdr, 1, &id) == STATUS_OK);
    CU_ASSERT_EQUAL(id.ssrc, 0);
    CU_ASSERT_FATAL(mikey_decode(&m, x.i2.data, x.i2.len, NULL) == STATUS_OK);
    CU_ASSERT(mikey_srtp_id(&m.hdr, 1, &id) == STATUS_OK);
    CU_ASSERT_EQUAL(id.ssrc, 0x0b0b5eee);
    exchange_free(&x);
    world_down(&w);
}

static void timestamps_increase_while_the_clock_stands_still(void)
{
    struct world w;
    uint64_t last = 0;
    CU_ASSERT_FATAL(world_up(&w));
    for (int i = 0; i < 5; i++) {
        struct exchange x;
        struct mikey_msg m;
        uint8_t type = 0;
        uint64_t t = 0;
        exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
        CU_ASSERT_EQUAL(exchange_run(&x, TAKE_I1), TAKE_I1);
        CU_ASSERT(mikey_decode(&m, x.i1.data, x.i1.len, NULL) == STATUS_OK);
        CU_ASSERT(mikey_timestamp(&m, &type, &t) == STATUS_OK);
        CU_ASSERT(t > last);
        last = t;
        exchange_free(&x);
    }
    world_down(&w);
}

static void without_parameters_nothing_is_made(void)
{
    struct world w;
    struct exchange x;
    struct octets der = known_octets("params");
    CU_ASSERT_FATAL(world_up(&w));
    ibake_keyring_free(w.ring_a);
    w.ring_a = ibake_keyring_new();
    CU_ASSERT(ibake_keyring_add_params(w.ring_a, "home-b.example",
                                       octets_view(&der), 1,
                                       NULL) == STATUS_OK);
    world_configs(&w);
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT(ibake_make_i1(x.a, &x.i1) == STATUS_NO_KEY);
    CU_ASSERT_EQUAL(x.i1.len, 0);
    CU_ASSERT(strstr(ibake_session_why(x.a), ID_B) != NULL);
    octets_free(&der);
    exchange_free(&x);
    world_down(&w);
}

static void error_messages_name_the_alert(void)
{
    struct world w;
    struct exchange x;
    struct mikey_msg m;
    struct wr out;
    CU_ASSERT_FATAL(world_up(&w));
    wr_init(&out);
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT_EQUAL(exchange_run(&x, MAKE_R1), MAKE_R1);
    CU_ASSERT(ibake_make_error(x.r, 6, &out) == STATUS_OK);
    CU_ASSERT_FATAL(mikey_decode(&m, out.data, out.len, NULL) == STATUS_OK);
    CU_ASSERT_EQUAL(m.hdr.data_type, MIKEY_DT_ERROR);
    CU_ASSERT_EQUAL(m.hdr.csb_id, ibake_session_csb_id(x.r));
    CU_ASSERT_EQUAL(m.num_payloads, 2);
    const struct mikey_payload *e = mikey_find(&m, MIKEY_PL_ERR);
    CU_ASSERT(e != NULL && e->u.err.error == 6);
    CU_ASSERT(mikey_find(&m, MIKEY_PL_T) != NULL);
    CU_ASSERT(ibake_take_r1(x.a, wr_view(&out)) == STATUS_UNEXPECTED);
    CU_ASSERT_EQUAL(ibake_alert(x.a), 11);
    wr_cleanup(&out);
    exchange_free(&x);
    world_down(&w);
}

static void presets_of_a_wrong_length_are_refused(void)
{
    static const uint8_t octets[128] = {0};
    struct world w;
    struct exchange x;
    CU_ASSERT_FATAL(world_up(&w));
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    struct ibake_preset csb = {.csb_id = {octets, 3}};
    struct ibake_preset t1 = {.t1 = {octets, 7}};
    struct ibake_preset scalar = {.scalar = {octets, 67}};
    struct ibake_preset zero = {.scalar = {octets, 32}};
    CU_ASSERT(ibake_session_preset(x.a, &csb) == STATUS_BAD_LENGTH);
    CU_ASSERT(ibake_session_preset(x.a, &t1) == STATUS_BAD_LENGTH);
    CU_ASSERT(ibake_session_preset(x.a, &scalar) == STATUS_BAD_LENGTH);
    CU_ASSERT(ibake_session_preset(x.a, &zero) == STATUS_OK);
    CU_ASSERT(ibake_make_i1(x.a, &x.i1) == STATUS_BAD_VALUE);
    exchange_free(&x);
    world_down(&w);
}

/* NTP seconds wrap on 2036-02-07 at 06:28:16 UTC; T2 after it is newer than T1
 * before it (RFC 3830, 4.2.8). */
static void an_exchange_outlives_the_ntp_era(void)
{
    static const uint64_t wrap_us = (uint64_t)2085978496 * 1000000;
    struct world w;
    struct exchange x;
    CU_ASSERT_FATAL(world_up(&w));
    w.env.virtual_us = wrap_us - 5000000;
    CU_ASSERT(give_key(w.ring_a, ID_A, "20360207"));
    CU_ASSERT(give_key(w.ring_b, ID_B, "20360207"));
    exchange_new(&x, &w, ID_B, &w.cfg_b, ID_B);
    CU_ASSERT_EQUAL(exchange_run(&x, MAKE_I2), MAKE_I2);
    w.env.virtual_us = wrap_us + 5000000;
    for (int step = MAKE_I2; step < ALL_STEPS; step++) {
        CU_ASSERT_EQUAL(exchange_run_one(&x, (enum step)step), STATUS_OK);
    }
    struct mikey_msg m;
    uint8_t type = 0;
    uint64_t t = 0;
    CU_ASSERT(mikey_decode(&m, x.i2.data, x.i2.len, NULL) == STATUS_OK);
    CU_ASSERT(mikey_timestamp(&m, &type, &t) == STATUS_OK);
    CU_ASSERT_EQUAL(t >> 32, 6); /* a second passes before I_MESSAGE_2 */
    exchange_free(&x);
    world_down(&w);
}

static const struct unit_case cases[] = {
    {"normal_form_needs_no_esk", normal_form_needs_no_esk},
    {"direct_addressing_carries_an_esk_in_normal_form",
     direct_addressing_carries_an_esk_in_normal_form},
    {"moments_are_kept", moments_are_kept},
    {"session_keys_are_told_under_one_reading",
     session_keys_are_told_under_one_reading},
    {"secrets_are_gone_after_completion", secrets_are_gone_after_completion},
    {"secrets_are_gone_after_refusal", secrets_are_gone_after_refusal},
    {"forked_branches_have_keys_of_their_own",
     forked_branches_have_keys_of_their_own},
    {"a_device_answers_under_its_own_identity",
     a_device_answers_under_its_own_identity},
    {"every_switch_of_the_profile_works", every_switch_of_the_profile_works},
    {"profile_refuses_what_it_does_not_know",
     profile_refuses_what_it_does_not_know},
    {"the_map_tells_both_ssrcs", the_map_tells_both_ssrcs},
    {"timestamps_increase_while_the_clock_stands_still",
     timestamps_increase_while_the_clock_stands_still},
    {"without_parameters_nothing_is_made", without_parameters_nothing_is_made},
    {"error_messages_name_the_alert", error_messages_name_the_alert},
    {"presets_of_a_wrong_length_are_refused",
     presets_of_a_wrong_length_are_refused},
    {"an_exchange_outlives_the_ntp_era", an_exchange_outlives_the_ntp_era},
    {NULL, NULL}};
const struct unit_suite ibake_forms_suite = {"ibake_forms", cases};
