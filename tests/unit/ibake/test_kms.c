/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The key exchange with the KMS, both sides. */
#include "tests/unit/ibake/ibake_tests.h"

#include <stdio.h>

struct kms_world {
    struct world w;
    struct octets master, psk;
    struct ibake_kms_user users[2];
    const char *ids_a[3], *ids_b[2], *dates[4];
    struct ibake_kms kms;
    struct ibake_keyring *ring; /* of the user who asks */
    struct ibake_config cfg;
    struct edit_list edits;
    struct wr request, response;
    struct ibake_key_request *r;
};

static void kms_up(struct kms_world *k)
{
    struct octets der = known_octets("params");
    memset(k, 0, sizeof *k);
    CU_ASSERT_FATAL(world_up(&k->w));
    k->master = known_octets("master");
    k->psk = known_octets("psk");
    k->ids_a[0] = ID_A;
    k->ids_b[0] = ID_B;
    k->dates[0] = DAY;
    k->users[0] = (struct ibake_kms_user){ID_A, octets_view(&k->psk), k->ids_a};
    k->users[1] = (struct ibake_kms_user){"sip:b-psk@example.com",
                                          octets_view(&k->psk), k->ids_b};
    k->kms = (struct ibake_kms){
        .identity = ID_KMS,
        .params = ibake_keyring_params(k->w.ring_m, text_view(ID_KMS)),
        .master = octets_view(&k->master),
        .users = k->users,
        .num_users = 2,
        .dates = k->dates};
    k->ring = ibake_keyring_new();
    CU_ASSERT(ibake_keyring_add_params(k->ring, "", octets_view(&der), 1,
                                       NULL) == STATUS_OK);
    k->cfg = k->w.cfg;
    k->cfg.keyring = k->ring;
    k->cfg.edits = &k->edits;
    k->w.env.virtual_us = NOON_US - (uint64_t)4 * 3600 * 1000000;
    wr_init(&k->request);
    wr_init(&k->response);
    octets_free(&der);
}

static void kms_down(struct kms_world *k)
{
    ibake_key_request_free(k->r);
    ibake_keyring_free(k->ring);
    wr_cleanup(&k->request);
    wr_cleanup(&k->response);
    edit_list_clear(&k->edits);
    octets_free(&k->master);
    octets_free(&k->psk);
    world_down(&k->w);
}

static void ask(struct kms_world *k, const char *id, const char *psk_id)
{
    struct view v = text_view(id);
    k->r = ibake_key_request_new(&k->cfg, &v, 1, text_view(ID_KMS),
                                 text_view(psk_id), octets_view(&k->psk));
    CU_ASSERT_FATAL(k->r != NULL);
    CU_ASSERT(ibake_key_request_make(k->r, &k->request) == STATUS_OK);
}

static enum status answer(struct kms_world *k)
{
    return ibake_kms_answer(&k->w.cfg_m, &k->kms, wr_view(&k->request),
                            &k->response);
}

static enum status take(struct kms_world *k, size_t *num)
{
    return ibake_key_request_take(k->r, wr_view(&k->response), num);
}

static int error_of(const struct wr *w)
{
    struct mikey_msg m;
    if (mikey_decode(&m, w->data, w->len, NULL) != STATUS_OK ||
        m.hdr.data_type != MIKEY_DT_ERROR) {
        return -1;
    }
    return mikey_find(&m, MIKEY_PL_ERR)->u.err.error;
}

/* The CSB ID and the RAND of the transcript. */
static enum status script(struct env *env, uint8_t *out, size_t len)
{
    (void)env;
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(len == 4 ? 1 + i : 0x20 + i);
    }
    return STATUS_OK;
}

static void exchange_equals_the_transcript(void)
{
    struct kms_world k;
    size_t num = 0;
    kms_up(&k);
    k.w.env.random = script;
    ask(&k, ID_A, "");
    CU_ASSERT(is_known(wr_view(&k.request), "request"));
    CU_ASSERT(answer(&k) == STATUS_OK);
    CU_ASSERT(is_known(wr_view(&k.response), "response"));
    CU_ASSERT(take(&k, &num) == STATUS_OK);
    CU_ASSERT_EQUAL(num, 1);
    CU_ASSERT(ibake_keyring_private(k.ring, text_view(ID_A), DAY) != NULL);
    const struct told *t = find_told(&k.w, "IBE_PRIVATE", text_view(ID_A DAY));
    CU_ASSERT(t != NULL && is_known(octets_view(&t->secret), "k_pr_a"));
    kms_down(&k);
}

static void several_identities_and_days(void)
{
    struct kms_world k;
    size_t num = 0;
    struct view ids[] = {text_view(ID_A), text_view(ID_C)};
    kms_up(&k);
    k.ids_a[1] = ID_C;
    k.dates[1] = DAY_AFTER;
    k.dates[2] = DAY_BEFORE;
    k.r = ibake_key_request_new(&k.cfg, ids, 2, text_view(ID_KMS),
                                text_view(ID_A), octets_view(&k.psk));
    CU_ASSERT(ibake_key_request_make(k.r, &k.request) == STATUS_OK);
    CU_ASSERT(answer(&k) == STATUS_OK);
    CU_ASSERT(take(&k, &num) == STATUS_OK);
    CU_ASSERT_EQUAL(num, 6);
    CU_ASSERT(ibake_keyring_private(k.ring, text_view(ID_C), DAY_BEFORE) !=
              NULL);
    kms_down(&k);
}

static void sha_256_protects_it_too(void)
{
    struct kms_world k;
    size_t num = 0;
    kms_up(&k);
    k.cfg.profile.prf = 1;
    k.cfg.profile.mac_alg = 2;
    ask(&k, ID_B, "sip:b-psk@example.com");
    CU_ASSERT(answer(&k) == STATUS_OK);
    CU_ASSERT(take(&k, &num) == STATUS_OK);
    CU_ASSERT_EQUAL(num, 1);
    kms_down(&k);
}

static void kms_refuses(const char *edit, enum status want, int error,
                        unsigned check)
{
    struct kms_world k;
    kms_up(&k);
    CU_ASSERT(edit_list_add(&k.edits, edit, NULL) == STATUS_OK);
    ask(&k, ID_A, "");
    enum status st = answer(&k);
    CU_ASSERT_EQUAL(st, want);
    CU_ASSERT_EQUAL(error_of(&k.response), error);
    wr_cleanup(&k.response);
    wr_init(&k.response);
    k.w.cfg_m.checks &= ~check;
    if (check != 0) {
        CU_ASSERT_EQUAL(answer(&k), STATUS_OK);
    }
    kms_down(&k);
}

static void bad_requests_are_refused(void)
{
    kms_refuses("REQUEST_KEY_PSK flip mikey.V.mac 3", STATUS_AUTH, 0,
                IBAKE_CHECK_V);
    kms_refuses("REQUEST_KEY_PSK set mikey.HDR.CS 1", STATUS_BAD_VALUE, 12,
                IBAKE_CHECK_HDR);
    kms_refuses("REQUEST_KEY_PSK set mikey.T.value now-400s", STATUS_STALE, 1,
                IBAKE_CHECK_SKEW);
    kms_refuses("REQUEST_KEY_PSK set mikey.T.value now+400s", STATUS_STALE, 1,
                IBAKE_CHECK_SKEW);
    kms_refuses("REQUEST_KEY_PSK set mikey.HDR.type 20", STATUS_UNSUPPORTED, 11,
                0);
    kms_refuses("REQUEST_KEY_PSK set mikey.HDR.PRF 5", STATUS_UNSUPPORTED, 2,
                0);
    kms_refuses("REQUEST_KEY_PSK drop mikey.V", STATUS_NOT_FOUND, 12, 0);
    kms_refuses("REQUEST_KEY_PSK drop mikey.RAND", STATUS_NOT_FOUND, 12, 0);
    kms_refuses("REQUEST_KEY_PSK drop mikey.T", STATUS_NOT_FOUND, -1, 0);
    kms_refuses("REQUEST_KEY_PSK set mikey.IDRkms.data id:sip:x@example.com",
                STATUS_MISMATCH, 7, 0);
    kms_refuses("REQUEST_KEY_PSK set mikey.IDRi.data id:sip:x@example.com",
                STATUS_AUTH, 0, 0);
    kms_refuses("REQUEST_KEY_PSK truncate mikey 20", STATUS_TRUNCATED, -1, 0);
}

static void unexpected_payloads_are_ignored(void)
{
    struct kms_world k;
    size_t num = 0;
    kms_up(&k);
    CU_ASSERT(edit_list_add(
                  &k.edits,
                  "REQUEST_KEY_PSK append mikey.RAND payload:GENEXT:hex:0102",
                  NULL) == STATUS_OK);
    CU_ASSERT(edit_list_add(&k.edits, "REQUEST_KEY_PSK set mikey.HDR.V 0",
                            NULL) == STATUS_OK);
    ask(&k, ID_A, "");
    CU_ASSERT(answer(&k) == STATUS_OK);
    CU_ASSERT(take(&k, &num) == STATUS_OK);
    CU_ASSERT_EQUAL(num, 1);
    kms_down(&k);
}

static void nobody_gets_the_key_of_another(void)
{
    struct kms_world k;
    size_t num = 0;
    kms_up(&k);
    ask(&k, ID_B, ID_A); /* A's PSK, B's identity */
    CU_ASSERT(answer(&k) == STATUS_PERMISSION);
    CU_ASSERT_EQUAL(error_of(&k.response), 7);
    CU_ASSERT(take(&k, &num) == STATUS_REFUSED);
    CU_ASSERT_EQUAL(num, 0);
    CU_ASSERT(ibake_keyring_private(k.ring, text_view(ID_B), DAY) == NULL);
    kms_down(&k);
}

static void a_wildcard_serves_everybody(void)
{
    struct kms_world k;
    size_t num = 0;
    kms_up(&k);
    k.ids_a[0] = "*";
    ask(&k, ID_B, ID_A);
    CU_ASSERT(answer(&k) == STATUS_OK);
    CU_ASSERT(take(&k, &num) == STATUS_OK);
    CU_ASSERT_EQUAL(num, 1);
    kms_down(&k);
}

static void a_replayed_request_gets_nothing(void)
{
    struct kms_world k;
    kms_up(&k);
    ask(&k, ID_A, "");
    CU_ASSERT(answer(&k) == STATUS_OK);
    wr_cleanup(&k.response);
    wr_init(&k.response);
    k.w.env.virtual_us += 30 * 1000000;
    CU_ASSERT(answer(&k) == STATUS_REPLAY);
    CU_ASSERT_EQUAL(k.response.len, 0);
    k.w.cfg_m.checks &= ~(unsigned)IBAKE_CHECK_T;
    CU_ASSERT(answer(&k) == STATUS_OK);
    kms_down(&k);
}

static void user_refuses(const char *edit, enum status want, unsigned check)
{
    struct kms_world k;
    size_t num = 0;
    kms_up(&k);
    k.dates[1] = DAY_AFTER;
    CU_ASSERT(edit_list_add(&k.w.edits_m, edit, NULL) == STATUS_OK);
    ask(&k, ID_A, "");
    CU_ASSERT(take(&k, &num) != STATUS_OK); /* nothing came yet */
    CU_ASSERT(answer(&k) == STATUS_OK);
    enum status got = take(&k, &num);
    if (got != want) {
        printf("%s: %s\n", edit, status_name(got));
    }
    CU_ASSERT_EQUAL(got, want);
    if (want != STATUS_OK) {
        CU_ASSERT_EQUAL(num, 0);
    }
    if (check != 0) {
        struct view v = text_view(ID_A);
        ibake_key_request_free(k.r);
        k.cfg.checks &= ~check;
        wr_cleanup(&k.request);
        wr_init(&k.request);
        wr_cleanup(&k.response);
        wr_init(&k.response);
        k.r = ibake_key_request_new(&k.cfg, &v, 1, text_view(ID_KMS),
                                    (struct view){0}, octets_view(&k.psk));
        CU_ASSERT(ibake_key_request_make(k.r, &k.request) == STATUS_OK);
        CU_ASSERT(answer(&k) == STATUS_OK);
        CU_ASSERT_EQUAL(take(&k, &num), STATUS_OK);
        CU_ASSERT_EQUAL(num, 2);
    }
    kms_down(&k);
}

static void bad_responses_are_refused(void)
{
    user_refuses("REQUEST_KEY_RESP flip mikey.V.mac 0", STATUS_AUTH,
                 IBAKE_CHECK_V);
    user_refuses("REQUEST_KEY_RESP set mikey.T.value now-7s", STATUS_MISMATCH,
                 IBAKE_CHECK_T);
    user_refuses("REQUEST_KEY_RESP set mikey.HDR.CSB_ID 7", STATUS_MISMATCH,
                 IBAKE_CHECK_HDR);
    user_refuses("REQUEST_KEY_RESP set mikey.HDR.type 22", STATUS_UNEXPECTED,
                 0);
    user_refuses("REQUEST_KEY_RESP drop mikey.KEMAC", STATUS_NOT_FOUND, 0);
    user_refuses("REQUEST_KEY_RESP drop mikey.V", STATUS_AUTH, 0);
    user_refuses("REQUEST_KEY_RESP set mikey.KEMAC.encr_alg 9",
                 STATUS_UNSUPPORTED, 0);
    user_refuses("REQUEST_KEY_RESP flip mikey.KEMAC.KEY.key -1",
                 STATUS_BAD_VALUE, 0);
    user_refuses("REQUEST_KEY_RESP truncate mikey.KEMAC.plain 30",
                 STATUS_BAD_LENGTH, 0);
    user_refuses("REQUEST_KEY_RESP set mikey.HDR.V 1", STATUS_OK, 0);
    user_refuses("REQUEST_KEY_RESP drop mikey.IDRi", STATUS_OK, 0);
}

/* Keys of another identity than asked for do not enter the key ring. */
static void foreign_keys_are_not_taken(void)
{
    struct kms_world k;
    size_t num = 0;
    kms_up(&k);
    CU_ASSERT(
        edit_list_add(&k.w.edits_m,
                      "REQUEST_KEY_RESP set mikey.KEMAC.IDRi.data id:" ID_B,
                      NULL) == STATUS_OK);
    ask(&k, ID_A, "");
    CU_ASSERT(answer(&k) == STATUS_OK);
    CU_ASSERT(take(&k, &num) == STATUS_OK);
    CU_ASSERT_EQUAL(num, 0);
    CU_ASSERT(ibake_keyring_private(k.ring, text_view(ID_B), DAY) == NULL);
    kms_down(&k);
}

static void the_wrong_psk_opens_nothing(void)
{
    struct kms_world k;
    size_t num = 0;
    kms_up(&k);
    ask(&k, ID_A, "");
    CU_ASSERT(answer(&k) == STATUS_OK);
    ibake_key_request_free(k.r);
    struct view id = text_view(ID_A);
    k.r =
        ibake_key_request_new(&k.cfg, &id, 1, text_view(ID_KMS),
                              (struct view){0}, text_view("another secret!!"));
    struct wr again;
    wr_init(&again);
    CU_ASSERT(ibake_key_request_make(k.r, &again) == STATUS_OK);
    CU_ASSERT(take(&k, &num) != STATUS_OK);
    CU_ASSERT_EQUAL(num, 0);
    wr_cleanup(&k.response);
    wr_init(&k.response);
    CU_ASSERT(ibake_kms_answer(&k.w.cfg_m, &k.kms, wr_view(&again),
                               &k.response) == STATUS_AUTH);
    wr_cleanup(&again);
    kms_down(&k);
}

/* NTP-UTC-32 enters the IV with a fraction of zero (RFC 6043, 6.3), not as the
 * 32-bit number a COUNTER is. */
static void a_short_timestamp_enters_the_iv_padded(void)
{
    struct kms_world k;
    struct mikey_msg m;
    struct wr plain;
    uint8_t key[16];
    uint8_t salt[14];
    size_t num = 0;
    kms_up(&k);
    k.w.env.random = script;
    CU_ASSERT(
        edit_list_add_all(&k.edits,
                          "REQUEST_KEY_PSK set mikey.T.type 3\n"
                          "REQUEST_KEY_PSK set mikey.T.value hex:ed05ee00",
                          NULL) == STATUS_OK);
    ask(&k, ID_A, "");
    CU_ASSERT(answer(&k) == STATUS_OK);
    CU_ASSERT_FATAL(mikey_decode(&m, k.request.data, k.request.len, NULL) ==
                    STATUS_OK);
    struct view rnd = mikey_find(&m, MIKEY_PL_RAND)->u.rnd.rand;
    CU_ASSERT(kdf_derive(key, sizeof key, 0, octets_view(&k.psk), KDF_MSG_ENCR,
                         0xff, m.hdr.csb_id, rnd) == STATUS_OK);
    CU_ASSERT(kdf_derive(salt, sizeof salt, 0, octets_view(&k.psk),
                         KDF_MSG_SALT, 0xff, m.hdr.csb_id, rnd) == STATUS_OK);
    uint32_t csb = m.hdr.csb_id;
    CU_ASSERT_FATAL(mikey_decode(&m, k.response.data, k.response.len, NULL) ==
                    STATUS_OK);
    struct view data = mikey_find(&m, MIKEY_PL_KEMAC)->u.kemac.data;
    wr_init(&plain);
    wr_bytes(&plain, data.data, data.len);
    CU_ASSERT(kdf_aes_cm(plain.data, plain.len, (struct view){key, sizeof key},
                         salt, csb, 0xed05ee0000000000u) == STATUS_OK);
    CU_ASSERT(plain.len > 5 && memcmp(plain.data, "\x14\x01\x01\x00\x15", 5) ==
                                   0); /* IDR before Key data */
    CU_ASSERT(take(&k, &num) == STATUS_OK);
    CU_ASSERT_EQUAL(num, 1);
    wr_cleanup(&plain);
    kms_down(&k);
}

static const struct unit_case cases[] = {
    {"exchange_equals_the_transcript", exchange_equals_the_transcript},
    {"several_identities_and_days", several_identities_and_days},
    {"sha_256_protects_it_too", sha_256_protects_it_too},
    {"bad_requests_are_refused", bad_requests_are_refused},
    {"unexpected_payloads_are_ignored", unexpected_payloads_are_ignored},
    {"nobody_gets_the_key_of_another", nobody_gets_the_key_of_another},
    {"a_wildcard_serves_everybody", a_wildcard_serves_everybody},
    {"a_replayed_request_gets_nothing", a_replayed_request_gets_nothing},
    {"bad_responses_are_refused", bad_responses_are_refused},
    {"foreign_keys_are_not_taken", foreign_keys_are_not_taken},
    {"the_wrong_psk_opens_nothing", the_wrong_psk_opens_nothing},
    {"a_short_timestamp_enters_the_iv_padded",
     a_short_timestamp_enters_the_iv_padded},
    {NULL, NULL}};
const struct unit_suite ibake_kms_suite = {"ibake_kms", cases};
