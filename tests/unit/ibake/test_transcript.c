/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The known-answer transcript, octet by octet, through the sessions. */
#include "tests/unit/ibake/ibake_tests.h"

static const char *const labels[] = {"I1", "R1", "I2", "ESK", "R2"};

static void preset_all(struct exchange *x)
{
    static const uint8_t csb[] = {0x0a, 0x0b, 0x0c, 0x0d};
    static const uint8_t rnd[] = {0, 1, 2,  3,  4,  5,  6,  7,
                                  8, 9, 10, 11, 12, 13, 14, 15};
    struct octets k = known_octets("x");
    struct octets y = known_octets("y");
    struct octets sk = known_octets("sk");
    struct ibake_preset a = {.scalar = octets_view(&k),
                             .rnd = {rnd, sizeof rnd},
                             .csb_id = {csb, sizeof csb},
                             .sk = octets_view(&sk)};
    struct ibake_preset r = {.scalar = octets_view(&y)};
    CU_ASSERT(ibake_session_preset(x->a, &a) == STATUS_OK);
    CU_ASSERT(ibake_session_preset(x->r, &r) == STATUS_OK);
    octets_free(&k);
    octets_free(&y);
    octets_free(&sk);
}

static void run_transcript(struct world *w, struct exchange *x, enum step until)
{
    world_rho(w, labels, 5);
    exchange_new(x, w, ID_B, &w->cfg_m, ID_M);
    preset_all(x);
    CU_ASSERT_EQUAL(exchange_run(x, until), until);
}

static void messages_equal_the_transcript(void)
{
    struct world w;
    struct exchange x;
    CU_ASSERT_FATAL(world_up(&w));
    run_transcript(&w, &x, ALL_STEPS);
    CU_ASSERT(is_known(wr_view(&x.i1), "i1"));
    CU_ASSERT(is_known(wr_view(&x.r1), "r1"));
    CU_ASSERT(is_known(wr_view(&x.i2), "i2"));
    CU_ASSERT(is_known(wr_view(&x.r2), "r2"));
    CU_ASSERT_EQUAL(ibake_session_form(x.a), IBAKE_FORM_DEFERRED);
    CU_ASSERT_EQUAL(ibake_session_form(x.r), IBAKE_FORM_DEFERRED);
    CU_ASSERT_EQUAL(ibake_session_reading(x.a)->deviations, 0);
    CU_ASSERT_EQUAL(ibake_session_reading(x.r)->deviations, 0);
    CU_ASSERT(ibake_session_reading(x.a)->v_matched);
    exchange_free(&x);
    world_down(&w);
}

static void keys_of(uint8_t prf, const char *mpk, const char *tgk,
                    const char *tek, const char *salt)
{
    struct world w;
    struct exchange x;
    struct ibake_srtp_key a;
    struct ibake_srtp_key r;
    CU_ASSERT_FATAL(world_up(&w));
    w.cfg.profile.prf = prf;
    w.cfg.profile.mac_alg = prf == 1 ? 2 : 1;
    world_configs(&w);
    run_transcript(&w, &x, MAKE_R2);
    CU_ASSERT(is_known((struct view){x.a->mpk, 32}, mpk));
    CU_ASSERT(is_known((struct view){x.r->mpk, 32}, mpk));
    CU_ASSERT(is_known((struct view){x.a->tgk, 32}, tgk));
    CU_ASSERT(is_known((struct view){x.a->shared.octets, x.a->shared.len},
                       "k_session"));
    CU_ASSERT(ibake_hop_key(x.a, 1, &a) == STATUS_OK);
    CU_ASSERT(ibake_hop_key(x.r, 1, &r) == STATUS_OK);
    CU_ASSERT(memcmp(&a, &r, sizeof a) == 0);
    CU_ASSERT(is_known((struct view){a.key, sizeof a.key}, tek));
    CU_ASSERT(is_known((struct view){a.salt, sizeof a.salt}, salt));
    struct ibake_mac mac = {0};
    CU_ASSERT(keys_mac_r2(x.r, prf == 1 ? 2 : 1, &mac) == STATUS_OK);
    CU_ASSERT(is_known((struct view){mac.key, mac.key_len},
                       prf == 1 ? "auth_key_1" : "auth_key_0"));
    exchange_free(&x);
    world_down(&w);
}

static void keys_of_mikey_1_equal_the_transcript(void)
{
    keys_of(0, "mpk_0", "tgk_0", "tek_0", "salt_0");
}

static void keys_of_hmac_sha_256_equal_the_transcript(void)
{
    keys_of(1, "mpk_1", "tgk_1", "tek_1", "salt_1");
}

/* V of R_MESSAGE_2 made under a cover, and the reading A recognises. */
static void v_of(enum ibake_v_cover cover, const char *name)
{
    struct world w;
    struct exchange x;
    struct mikey_msg m;
    CU_ASSERT_FATAL(world_up(&w));
    w.cfg_m.profile.v_cover = cover;
    run_transcript(&w, &x, ALL_STEPS);
    CU_ASSERT_FATAL(mikey_decode(&m, x.r2.data, x.r2.len, NULL) == STATUS_OK);
    CU_ASSERT(is_known(mikey_find(&m, MIKEY_PL_V)->u.v.mac, name));
    CU_ASSERT_EQUAL(ibake_session_reading(x.a)->v_cover, cover);
    CU_ASSERT_EQUAL(ibake_session_reading(x.a)->deviations, 1);
    exchange_free(&x);
    world_down(&w);
}

static void v_with_timestamp_is_made_and_recognised(void)
{
    v_of(IBAKE_V_IDS_T, "v_ids_t");
}

static void v_over_i2_is_made_and_recognised(void)
{
    v_of(IBAKE_V_I2, "v_i2");
}

/* The Ver data of Annex C for PRF func 1: the IBAKE ciphertext is that of the
 * R2 above, since nothing inside depends on the PRF. */
static void v_of_prf_1_equals_the_transcript(void)
{
    struct world w;
    struct exchange x;
    struct mikey_msg m;
    CU_ASSERT_FATAL(world_up(&w));
    w.cfg.profile.prf = 1;
    w.cfg.profile.mac_alg = 2;
    world_configs(&w);
    run_transcript(&w, &x, ALL_STEPS);
    CU_ASSERT_FATAL(mikey_decode(&m, x.r2.data, x.r2.len, NULL) == STATUS_OK);
    CU_ASSERT(is_known(mikey_find(&m, MIKEY_PL_V)->u.v.mac, "v_prf_1"));
    CU_ASSERT_EQUAL(ibake_session_reading(x.a)->deviations, 0);
    exchange_free(&x);
    world_down(&w);
}

static void secrets_go_to_the_key_log(void)
{
    struct world w;
    struct exchange x;
    uint8_t digest[32];
    struct mikey_msg m;
    CU_ASSERT_FATAL(world_up(&w));
    w.cfg_a.tell_session_keys = 1;
    run_transcript(&w, &x, ALL_STEPS);
    struct octets xp = known_octets("xp");
    struct octets yp = known_octets("yp");
    const struct told *tx = find_told(&w, "ECDH_PRIVATE", octets_view(&xp));
    const struct told *ty = find_told(&w, "ECDH_PRIVATE", octets_view(&yp));
    CU_ASSERT(tx != NULL && is_known(octets_view(&tx->secret), "x"));
    CU_ASSERT(ty != NULL && is_known(octets_view(&ty->secret), "y"));
    CU_ASSERT_FATAL(mikey_decode(&m, x.i2.data, x.i2.len, NULL) == STATUS_OK);
    kdf_sha256(digest, mikey_find(&m, MIKEY_PL_ESK)->u.enc.data);
    const struct told *sk = find_told(&w, "SK", (struct view){digest, 32});
    CU_ASSERT(sk != NULL && is_known(octets_view(&sk->secret), "sk"));
    static const uint8_t lookup[] = {0x0a, 0x0b, 0x0c, 0x0d, 0,  1, 2,
                                     3,    4,    5,    6,    7,  8, 9,
                                     10,   11,   12,   13,   14, 15};
    const struct told *mpk =
        find_told(&w, "MPK", (struct view){lookup, sizeof lookup});
    const struct told *tgk =
        find_told(&w, "TGK", (struct view){lookup, sizeof lookup});
    CU_ASSERT(mpk != NULL && is_known(octets_view(&mpk->secret), "mpk_0"));
    CU_ASSERT(tgk != NULL && is_known(octets_view(&tgk->secret), "tgk_0"));
    octets_free(&xp);
    octets_free(&yp);
    exchange_free(&x);
    world_down(&w);
}

static const struct unit_case cases[] = {
    {"messages_equal_the_transcript", messages_equal_the_transcript},
    {"keys_of_mikey_1_equal_the_transcript",
     keys_of_mikey_1_equal_the_transcript},
    {"keys_of_hmac_sha_256_equal_the_transcript",
     keys_of_hmac_sha_256_equal_the_transcript},
    {"v_with_timestamp_is_made_and_recognised",
     v_with_timestamp_is_made_and_recognised},
    {"v_over_i2_is_made_and_recognised", v_over_i2_is_made_and_recognised},
    {"v_of_prf_1_equals_the_transcript", v_of_prf_1_equals_the_transcript},
    {"secrets_go_to_the_key_log", secrets_go_to_the_key_log},
    {NULL, NULL}};
const struct unit_suite ibake_transcript_suite = {"ibake_transcript", cases};
