/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of the key request: a made exchange with a real key, and what breaks it.
 */
#include "tests/unit/judge/laws_fixture.h"

#include "harness/base/env.h"
#include "harness/crypto/kdf.h"

#include <string.h>

#define KMS "sip:kms.home-b.example"
#define RAND "rand-of-request.."

static const uint8_t psk[16] = {1, 2,  3,  4,  5,  6,  7,  8,
                                9, 10, 11, 12, 13, 14, 15, 16};

struct made { /* a request and its answer */
    struct lf f;
    struct jx *x;
    struct wr key; /* DER of the private key */
    char date[9];
    uint64_t t;
};

static struct view der(const struct made *m)
{
    return (struct view){m->key.data, m->key.len};
}

static struct mikey_payload *add(struct mikey_msg *m, uint8_t type)
{
    struct mikey_payload *p = &m->payloads[m->num_payloads++];
    p->type = type;
    return p;
}

static void add_id(struct mikey_msg *m, uint8_t role, const char *id)
{
    struct mikey_payload *p = add(m, MIKEY_PL_IDR);
    p->u.idr.role = role;
    p->u.idr.type = MIKEY_ID_URI;
    p->u.idr.data = view_of(id);
}

static struct view t_octets(struct made *m)
{
    uint8_t t[8];
    for (int i = 0; i < 8; i++) {
        t[i] = (uint8_t)(m->t >> (56 - 8 * i));
    }
    return j_copy(&m->f.j, (struct view){t, 8});
}

static struct jform *encoded(struct made *m, const struct mikey_msg *msg)
{
    struct judge *j = &m->f.j;
    struct wr w;
    wr_init(&w);
    mikey_encode(msg, &w);
    struct view v = j_copy(j, (struct view){w.data, w.len});
    wr_cleanup(&w);
    struct mikey_msg *out = j_alloc(j, sizeof *out);
    struct mikey_error *e = j_alloc(j, sizeof *e);
    e->status = mikey_decode(out, v.data, v.len, e);
    CU_ASSERT_EQUAL_FATAL(e->status, STATUS_OK);
    return form_of(j, v, out, e, STATUS_OK);
}

static struct mikey_msg *head(struct made *m, uint8_t type, uint8_t v)
{
    struct mikey_msg *msg = j_alloc(&m->f.j, sizeof *msg);
    msg->hdr = (struct mikey_hdr){.version = 1,
                                  .data_type = type,
                                  .v = v,
                                  .csb_id = 77,
                                  .map_type = MIKEY_MAP_EMPTY};
    add(msg, MIKEY_PL_T)->u.t.value = t_octets(m);
    return msg;
}

static void derive(uint8_t *out, size_t len, enum kdf_const c)
{
    kdf_derive(out, len, 0, (struct view){psk, sizeof psk}, c, 0xff, 77,
               view_of(RAND));
}

static struct jform *request(struct made *m)
{
    struct mikey_msg *msg = head(m, MIKEY_DT_REQUEST_KEY_PSK, 1);
    add(msg, MIKEY_PL_RAND)->u.rnd.rand = view_of(RAND);
    add_id(msg, MIKEY_ROLE_INITIATOR, LF_BOB);
    add_id(msg, MIKEY_ROLE_KMS, KMS);
    struct mikey_payload *v = add(msg, MIKEY_PL_V);
    v->u.v.auth_alg = 1;
    v->u.v.mac = view_of("aaaaaaaaaaaaaaaaaaaa");
    return encoded(m, msg);
}

static struct view kemac(struct made *m, const char *id)
{
    struct mikey_payload pl[2] = {{.type = MIKEY_PL_IDR},
                                  {.type = MIKEY_PL_KEY_DATA}};
    uint8_t encr[16], salt[14];
    struct wr w;
    pl[0].u.idr.role = MIKEY_ROLE_INITIATOR;
    pl[0].u.idr.type = MIKEY_ID_URI;
    pl[0].u.idr.data = view_of(id);
    pl[1].u.key_data.type = MIKEY_KEY_K_PR;
    pl[1].u.key_data.key = der(m);
    pl[1].u.key_data.kv.kv = MIKEY_KV_INTERVAL;
    pl[1].u.key_data.kv.from = pl[1].u.key_data.kv.to = t_octets(m);
    wr_init(&w);
    mikey_chain_encode(pl, 2, &w);
    derive(encr, 16, KDF_MSG_ENCR);
    derive(salt, 14, KDF_MSG_SALT);
    CU_ASSERT_EQUAL(
        kdf_aes_cm(w.data, w.len, (struct view){encr, 16}, salt, 77, m->t),
        STATUS_OK);
    struct view out = j_copy(&m->f.j, (struct view){w.data, w.len});
    wr_cleanup(&w);
    return out;
}

/* The answer, its MAC right unless flip. */
static void answer(struct made *m, const char *id, int flip)
{
    struct mikey_msg *msg = head(m, MIKEY_DT_REQUEST_KEY_RESP, 0);
    uint8_t auth[20], mac[KDF_MAX_MAC];
    size_t n = 0, len = 0;
    struct view parts[4];
    struct mikey_payload *k = add(msg, MIKEY_PL_KEMAC);
    k->u.kemac.encr_alg = 1;
    k->u.kemac.data = kemac(m, id);
    struct mikey_payload *v = add(msg, MIKEY_PL_V);
    v->u.v.auth_alg = 1;
    v->u.v.mac = view_of("aaaaaaaaaaaaaaaaaaaa");
    struct jform *f = encoded(m, msg);
    derive(auth, 20, KDF_MSG_AUTH);
    CU_ASSERT_EQUAL(mikey_mac_input(f->msg, parts, &n), STATUS_OK);
    parts[n++] = view_of(LF_BOB);
    parts[n++] = view_of(KMS);
    kdf_mac(mac, &len, 1, (struct view){auth, 20}, parts, n);
    mac[0] ^= (uint8_t)flip;
    v->u.v.mac = j_copy(&m->f.j, (struct view){mac, len});
    m->x->num_msgs = 1;
    m->x->response = lf_msg(&m->f, m->x, NULL, encoded(m, msg), NULL);
    m->x->response->from = LF_KMS;
}

static void setup(struct made *m)
{
    struct env env;
    uint8_t s[BF_MAX_HASH_OCTETS];
    size_t s_len = 0;
    struct wr params;
    memset(m, 0, sizeof *m);
    lf_init(&m->f);
    m->t = ntp_from_us(m->f.now_us);
    utc_date(m->date, m->f.now_us);
    env_init_virtual(&env, m->f.now_us, 1);
    struct bf_params *bp = bf_setup(1024, &env, s, &s_len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bp);
    wr_init(&params);
    bf_params_encode(bp, &params);
    wr_init(&m->key);
    const char *hashed = j_printf(&m->f.j, "%s%s", LF_BOB, m->date);
    CU_ASSERT_EQUAL(
        bf_extract(bp, (struct view){s, s_len}, view_of(hashed), &m->key),
        STATUS_OK);
    bf_params_free(bp);
    m->f.j.kl = keylog_new();
    CU_ASSERT_EQUAL(keylog_add(m->f.j.kl, KEYLOG_IBE_PARAMS, view_of("example"),
                               (struct view){params.data, params.len}, NULL),
                    STATUS_OK);
    CU_ASSERT_EQUAL(keylog_add(m->f.j.kl, KEYLOG_PSK, view_of(LF_BOB),
                               (struct view){psk, sizeof psk}, NULL),
                    STATUS_OK);
    wr_cleanup(&params);
    m->x = lf_exchange(&m->f, JX_REQUEST, LF_B, LF_KMS);
    m->x->request = lf_msg(&m->f, m->x, NULL, request(m), NULL);
    answer(m, LF_BOB, 0);
}

static void done(struct made *m)
{
    wr_cleanup(&m->key);
    lf_done(&m->f);
}

static void a_sound_request_keeps_every_law(void)
{
    struct made m;
    setup(&m);
    LF_ONE(&m.f, "kms-request-structure", JUDGE_PASS);
    LF_ONE(&m.f, "kms-response-structure", JUDGE_PASS);
    LF_ONE(&m.f, "kms-response-mac", JUDGE_PASS);
    LF_ONE(&m.f, "kms-response-keys", JUDGE_PASS);
    CU_ASSERT_EQUAL(m.f.j.findings[0]->party, LF_KMS);
    done(&m);
}

static void a_wrong_mac_fails(void)
{
    struct made m;
    setup(&m);
    answer(&m, LF_BOB, 1);
    LF_ONE(&m.f, "kms-response-mac", JUDGE_FAIL);
    done(&m);
}

static void a_key_for_another_fails(void)
{
    struct made m;
    setup(&m);
    answer(&m, LF_CAROL, 0);
    lf_run(&m.f, "kms-response-keys");
    CU_ASSERT_TRUE(lf_says(&m.f, JUDGE_FAIL, LF_CAROL));
    CU_ASSERT_TRUE(lf_says(&m.f, JUDGE_FAIL, "another identity or date"));
    CU_ASSERT_STRING_EQUAL(m.f.j.findings[0]->f.in, "kemac");
    done(&m);
}

static void without_the_psk_its_line_is_named(void)
{
    struct made m;
    setup(&m);
    keylog_free(m.f.j.kl);
    m.f.j.kl = keylog_new();
    LF_ONE(&m.f, "kms-response-mac", JUDGE_INCONC);
    CU_ASSERT_TRUE(lf_says(&m.f, JUDGE_INCONC, "PSK 7369703a626f62"));
    LF_ONE(&m.f, "kms-response-keys", JUDGE_INCONC);
    keylog_add(m.f.j.kl, KEYLOG_PSK, view_of(LF_BOB),
               (struct view){psk, sizeof psk}, NULL);
    LF_ONE(&m.f, "kms-response-mac", JUDGE_PASS);
    LF_ONE(&m.f, "kms-response-keys", JUDGE_INCONC);
    CU_ASSERT_TRUE(lf_says(&m.f, JUDGE_INCONC, "IBE_PARAMS"));
    done(&m);
}

static void fields_of_the_exchange_are_checked(void)
{
    struct made m;
    setup(&m);
    lf_edit(m.x->request->sent)->hdr.num_cs = 1;
    LF_ONE(&m.f, "kms-request-structure", JUDGE_FAIL);
    /* The answer then has another #CS than the request. */
    LF_ONE(&m.f, "kms-response-structure", JUDGE_FAIL);
    lf_edit(m.x->request->sent)->hdr.num_cs = 0;
    lf_edit(m.x->response->sent)->hdr.v = 1;
    LF_ONE(&m.f, "kms-response-structure", JUDGE_FAIL);
    lf_edit(m.x->response->sent)->hdr.v = 0;
    lf_payload(m.x->response->sent, MIKEY_PL_KEMAC)->u.kemac.mac_alg = 1;
    LF_ONE(&m.f, "kms-response-structure", JUDGE_PASS);
    CU_ASSERT_TRUE(lf_says(&m.f, JUDGE_PASS, "R6267-057"));
    lf_payload(m.x->response->sent, MIKEY_PL_KEMAC)->u.kemac.encr_alg = 0;
    LF_ONE(&m.f, "kms-response-keys", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&m.f, JUDGE_FAIL, "in clear"));
    m.x->response->type = MIKEY_DT_ERROR;
    LF_NONE(&m.f, "kms-response-structure");
    done(&m);
}

#define CASE(name)                                                             \
    {                                                                          \
#name, name                                                            \
    }
static const struct unit_case cases[] = {
    CASE(a_sound_request_keeps_every_law),
    CASE(a_wrong_mac_fails),
    CASE(a_key_for_another_fails),
    CASE(without_the_psk_its_line_is_named),
    CASE(fields_of_the_exchange_are_checked),
    {NULL, NULL},
};
const struct unit_suite suite_laws_kms = {"laws_kms", cases};
