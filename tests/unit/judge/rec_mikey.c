/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The four messages of a recording, written after RFC 6267 from the test's own
 * side, and SRTP by libsrtp2. */
#include "tests/unit/judge/rec_int.h"

#include "harness/base/mem.h"
#include "harness/crypto/kdf.h"

#include <srtp2/srtp.h>
#include <string.h>

static struct view str(const char *s)
{
    return (struct view){(const uint8_t *)s, strlen(s)};
}

static const char *initiator(const struct rec_call *c)
{
    return c->initiator != NULL ? c->initiator : c->retrieval ? REC_B : REC_A;
}

static const char *called(const struct rec_call *c)
{
    return c->retrieval ? REC_MB : REC_B;
}

static int deferred(const struct rec_call *c)
{
    return !c->retrieval || c->twist == TW_R1_DEFERRED;
}

/* ---- sub-payloads
 * -------------------------------------------------------------------- */

struct chain {
    struct mikey_payload p[6];
    size_t num;
};

static void add_id(struct chain *c, uint8_t role, const char *id)
{
    struct mikey_payload *p = &c->p[c->num++];
    p->type = MIKEY_PL_IDR;
    p->u.idr.role = role;
    p->u.idr.type = MIKEY_ID_URI;
    p->u.idr.data = str(id);
}

static void add_point(struct chain *c, const struct ecdh_point *at,
                      uint8_t curve)
{
    struct mikey_payload *p = &c->p[c->num++];
    p->type = MIKEY_PL_ECCPT;
    p->u.eccpt.curve = curve;
    p->u.eccpt.point = (struct view){at->octets, at->len};
}

/* The ciphertext of the chain for identity || date of t. */
static struct view encrypt(struct rec *r, const struct chain *c, const char *id,
                           int other_day, struct wr *out)
{
    struct wr plain, name;
    char date[9];
    utc_date(date, r->us - (other_day ? UINT64_C(86400000000) : 0));
    wr_init(&plain);
    wr_init(&name);
    mikey_chain_encode(c->p, c->num, &plain);
    wr_printf(&name, "%s%s", id, date);
    struct bf_id *to = bf_id_new(r->bp, (struct view){name.data, name.len});
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    CU_ASSERT_EQUAL_FATAL(
        bf_encrypt(to, &r->env, (struct view){plain.data, plain.len}, out),
        STATUS_OK);
    bf_id_free(to);
    wr_cleanup(&plain);
    wr_cleanup(&name);
    return (struct view){out->data, out->len};
}

/* ---- messages
 * -------------------------------------------------------------------------- */

struct making {
    struct mikey_msg m;
    uint8_t t[8];
    uint8_t rnd[16];
    struct wr ibake, esk;
    struct chain inner;
};

static struct mikey_payload *add(struct making *k, uint8_t type)
{
    struct mikey_payload *p = &k->m.payloads[k->m.num_payloads++];
    p->type = type;
    return p;
}

static void put_t(uint8_t t[8], uint64_t us)
{
    struct wr w;
    wr_init_fixed(&w, t, 8);
    wr_u64(&w, ntp_from_us(us));
}

static struct making *begin(const struct rec_call *c, uint8_t type, uint64_t us)
{
    struct making *k = mem_alloc(sizeof *k);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k);
    k->m.hdr.version = 1;
    k->m.hdr.data_type = type;
    k->m.hdr.v = type != MIKEY_DT_R_MESSAGE_2;
    k->m.hdr.csb_id = 0x0a0b0000u + c->seed;
    k->m.hdr.num_cs = 1;
    k->m.hdr.map_type = MIKEY_MAP_EMPTY;
    put_t(k->t, us);
    for (size_t i = 0; i < sizeof k->rnd; i++) {
        k->rnd[i] = (uint8_t)(c->seed * 16 + i);
    }
    struct mikey_payload *p = add(k, MIKEY_PL_T);
    p->u.t.value = (struct view){k->t, 8};
    return k;
}

static void put_rand(struct making *k)
{
    add(k, MIKEY_PL_RAND)->u.rnd.rand = (struct view){k->rnd, sizeof k->rnd};
}

static void put_idr(struct making *k, uint8_t role, const char *id)
{
    struct mikey_payload *p = add(k, MIKEY_PL_IDR);
    p->u.idr.role = role;
    p->u.idr.type = MIKEY_ID_URI;
    p->u.idr.data = str(id);
}

static void finish(struct making *k, const struct rec_call *c, int which,
                   struct rec_octets *out)
{
    struct wr w;
    wr_init_fixed(&w, out->data, sizeof out->data);
    mikey_encode(&k->m, &w);
    CU_ASSERT_EQUAL_FATAL(w.err, STATUS_OK);
    out->len = w.len;
    if (c->flip_in == which && c->flip >= 0) {
        out->data[(size_t)c->flip % out->len] ^= 0x01;
    }
    wr_cleanup(&k->ibake);
    wr_cleanup(&k->esk);
    mem_free(k);
}

static void scalar(struct ecdh_key *key, unsigned seed, uint8_t what)
{
    uint8_t s[32] = {0}, in[5] = {what, (uint8_t)(seed >> 8), (uint8_t)seed};
    kdf_sha256(s, (struct view){in, sizeof in});
    s[0] &= 0x7f;
    CU_ASSERT_EQUAL_FATAL(
        ecdh_from_scalar(key, ECDH_P256, (struct view){s, sizeof s}),
        STATUS_OK);
}

static void log_scalar(struct rec *r, const struct ecdh_key *k)
{
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *p = i == 0 ? k->pub.octets : k->scalar;
        size_t len = i == 0 ? k->pub.len : k->scalar_len;
        wr_str(&r->keys, i == 0 ? "ECDH_PRIVATE " : " ");
        for (size_t n = 0; n < len; n++) {
            wr_printf(&r->keys, "%02x", p[n]);
        }
    }
    wr_str(&r->keys, "\n");
}

/* A point that is on no curve. */
static struct ecdh_point off_curve(const struct ecdh_point *p)
{
    struct ecdh_point out = *p;
    out.octets[out.len - 1] ^= 0x01;
    return out;
}

void rec_make_i1(struct rec *r, struct rec_call *c)
{
    uint8_t type = c->twist == TW_I1_TYPE ? 99 : MIKEY_DT_I_MESSAGE_1;
    uint64_t skew = c->twist == TW_I1_SKEW ? UINT64_C(3600000000) : 0;
    struct making *k = begin(c, type, r->us + skew);
    scalar(&c->x, c->seed, 'x');
    scalar(&c->y, c->seed, 'y');
    log_scalar(r, &c->x);
    struct ecdh_point xp =
        c->twist == TW_I1_POINT ? off_curve(&c->x.pub) : c->x.pub;
    put_rand(k);
    put_idr(k, MIKEY_ROLE_INITIATOR, initiator(c));
    put_idr(k, MIKEY_ROLE_RESPONDER, called(c));
    add_id(&k->inner, MIKEY_ROLE_INITIATOR, initiator(c));
    add_point(&k->inner, &xp, ECDH_P256);
    add_id(&k->inner, MIKEY_ROLE_RESPONDER, called(c));
    add(k, MIKEY_PL_IBAKE)->u.enc.data =
        encrypt(r, &k->inner, called(c), c->twist == TW_DATE, &k->ibake);
    finish(k, c, 1, &c->i1);
}

static void copy_t(struct making *k, const struct rec_octets *from)
{
    memcpy(k->t, from->data + 12, 8); /* HDR 10, T: next, type, value */
}

void rec_make_r1(struct rec *r, struct rec_call *c)
{
    uint8_t type =
        c->twist == TW_R1_IS_R2 ? MIKEY_DT_R_MESSAGE_2 : MIKEY_DT_R_MESSAGE_1;
    struct making *k = begin(c, type, r->us);
    uint8_t curve = ECDH_P256;
    struct ecdh_point yp = c->y.pub;
    copy_t(k, &c->i1);
    k->m.hdr.csb_id += c->twist == TW_R1_CSB;
    k->t[7] ^= c->twist == TW_R1_T;
    put_idr(k, MIKEY_ROLE_INITIATOR, initiator(c));
    put_idr(k, MIKEY_ROLE_RESPONDER, REC_MB);
    add_id(&k->inner, MIKEY_ROLE_INITIATOR, initiator(c));
    if (!deferred(c)) {
        add_point(&k->inner, &c->x.pub, ECDH_P256);
    }
    add_id(&k->inner, MIKEY_ROLE_RESPONDER,
           c->twist == TW_R1_INNER_IDR ? REC_C : REC_MB);
    if (c->twist == TW_R1_POINT) {
        yp = off_curve(&yp);
    }
    if (c->twist == TW_R1_CURVE) {
        curve = 255;
    }
    add_point(&k->inner, &yp, curve);
    add(k, MIKEY_PL_IBAKE)->u.enc.data =
        encrypt(r, &k->inner, initiator(c), 0, &k->ibake);
    finish(k, c, 2, &c->r1);
    c->r1.len -= c->twist == TW_R1_MALFORMED ? 20 : 0;
}

static void make_sk(struct rec_call *c)
{
    struct ecdh_key a;
    scalar(&a, c->seed, 'a');
    switch (c->twist) {
    case TW_SK_CR:
        memcpy(c->sk, a.pub.octets, a.pub.len);
        c->sk_len = a.pub.len;
        break;
    case TW_SK_SRTP:
        memcpy(c->sk, a.scalar, 30);
        c->sk_len = 30;
        break;
    default:
        memcpy(c->sk, a.scalar, 32);
        c->sk_len = 32;
    }
}

static void put_esk(struct rec *r, struct rec_call *c, struct making *k)
{
    struct chain esk = {0};
    make_sk(c);
    add_id(&esk, MIKEY_ROLE_INITIATOR, initiator(c));
    struct mikey_payload *p = &esk.p[esk.num++];
    p->type = MIKEY_PL_SK;
    p->u.sk.type = 1;
    p->u.sk.key = (struct view){c->sk, c->sk_len};
    add(k, MIKEY_PL_ESK)->u.enc.data = encrypt(r, &esk, called(c), 0, &k->esk);
}

void rec_make_i2(struct rec *r, struct rec_call *c)
{
    struct making *k = begin(c, MIKEY_DT_I_MESSAGE_2, r->us);
    struct ecdh_key other;
    struct ecdh_point xp = c->x.pub, yp = c->y.pub;
    if (c->replay_i2 != NULL) {
        c->i2 = c->replay_i2->i2;
        mem_free(k);
        return;
    }
    scalar(&other, c->seed, 'o');
    if (c->twist == TW_RAND_I2 || c->twist == TW_RAND_BOTH) {
        k->rnd[0] ^= 0xff;
    }
    if (c->twist == TW_I2_EQUAL_T) {
        copy_t(k, &c->i1);
    }
    put_rand(k);
    put_idr(k, MIKEY_ROLE_INITIATOR,
            c->twist == TW_I2_IDI ? REC_C : initiator(c));
    put_idr(k, MIKEY_ROLE_RESPONDER, REC_MB);
    add_id(&k->inner, MIKEY_ROLE_INITIATOR,
           c->twist == TW_I2_IDI || c->twist == TW_I2_INNER_IDI ? REC_C
                                                                : initiator(c));
    if (deferred(c) && c->twist != TW_I2_NO_XP) {
        xp = c->twist == TW_I2_POINT ? off_curve(&xp) : xp;
        add_point(&k->inner, &xp, ECDH_P256);
    }
    add_id(&k->inner, MIKEY_ROLE_RESPONDER,
           c->twist == TW_I2_INNER_IDR ? REC_C : REC_MB);
    yp = c->twist == TW_I2_YP ? other.pub : yp;
    add_point(&k->inner, &yp, ECDH_P256);
    add(k, MIKEY_PL_IBAKE)->u.enc.data = encrypt(
        r, &k->inner, c->twist == TW_I2_KEY ? REC_C : REC_MB, 0, &k->ibake);
    if (deferred(c) && c->twist != TW_I2_NO_ESK) {
        put_esk(r, c, k);
    }
    finish(k, c, 3, &c->i2);
    c->i2.len -= c->twist == TW_I2_CUT ? 20 : 0;
}

/* ---- keys
 * -----------------------------------------------------------------------------------
 */

static void make_keys(struct rec_call *c, const uint8_t *rnd, size_t rnd_len)
{
    struct ecdh_point k, z;
    CU_ASSERT_EQUAL_FATAL(
        ecdh_shared(&k, &c->x, (struct view){c->y.pub.octets, c->y.pub.len}),
        STATUS_OK);
    struct view in = {k.octets, k.len};
    struct view label = {rnd, rnd_len};
    if (c->twist == TW_K_X_ONLY) {
        in = (struct view){k.octets + 1, 32};
    } else if (c->twist == TW_K_COMPRESSED) {
        CU_ASSERT_EQUAL(ecdh_compress(&z, &k), STATUS_OK);
        in = (struct view){z.octets, z.len};
    }
    CU_ASSERT_EQUAL(
        kdf_derive(c->mpk, 32, 0, in, KDF_MPK, 0xff, 0xffffffffu, label),
        STATUS_OK);
    CU_ASSERT_EQUAL(
        kdf_derive(c->tgk, 32, 0, in, KDF_TGK, 0xff, 0xffffffffu, label),
        STATUS_OK);
}

static void mac_r2(struct rec_call *c, struct making *k, uint8_t mac[20])
{
    uint8_t rnd[32], auth[20], whole[2048], tag[KDF_MAX_MAC];
    size_t rnd_len = 16, len = 0;
    struct view parts[4];
    size_t n = 0;
    struct wr w;
    memcpy(rnd, k->rnd, 16);
    if (c->twist == TW_RAND_I2) {
        rnd[0] ^= 0xff;
    } else if (c->twist == TW_RAND_BOTH) {
        memcpy(rnd + 16, k->rnd, 16);
        rnd[16] ^= 0xff;
        rnd_len = 32;
    }
    make_keys(c, rnd, rnd_len);
    size_t mpk_len = c->twist == TW_MPK_128 ? 16 : 32;
    kdf_derive(auth, 20, 0, (struct view){c->mpk, mpk_len}, KDF_MSG_AUTH, 0xff,
               k->m.hdr.csb_id, (struct view){rnd, rnd_len});
    wr_init_fixed(&w, whole, sizeof whole);
    mikey_encode(&k->m, &w);
    CU_ASSERT_EQUAL_FATAL(w.err, STATUS_OK);
    parts[n++] = (struct view){whole, w.len - 20};
    if (c->twist == TW_V_WITH_I2) {
        parts[n++] = (struct view){c->i2.data, c->i2.len};
    } else {
        parts[n++] = str(initiator(c));
        parts[n++] = str(REC_MB);
    }
    if (c->twist == TW_V_WITH_T) {
        parts[n++] = (struct view){k->t, 8};
    }
    CU_ASSERT_EQUAL(kdf_mac(tag, &len, 1, (struct view){auth, 20}, parts, n),
                    STATUS_OK);
    memcpy(mac, tag, 20);
}

void rec_make_r2(struct rec *r, struct rec_call *c)
{
    struct making *k = begin(c, MIKEY_DT_R_MESSAGE_2, r->us);
    struct ecdh_key other;
    uint8_t mac[20] = {0};
    copy_t(k, &c->i2);
    scalar(&other, c->seed, 'o');
    put_idr(k, MIKEY_ROLE_INITIATOR, initiator(c));
    put_idr(k, MIKEY_ROLE_RESPONDER, REC_MB);
    if (deferred(c) && c->twist != TW_R2_NO_IBAKE) {
        add_id(&k->inner, MIKEY_ROLE_INITIATOR, initiator(c));
        add_point(&k->inner, c->twist == TW_R2_XP ? &other.pub : &c->x.pub,
                  ECDH_P256);
        add(k, MIKEY_PL_IBAKE)->u.enc.data =
            encrypt(r, &k->inner, initiator(c), 0, &k->ibake);
    }
    struct mikey_payload *v = add(k, MIKEY_PL_V);
    v->u.v.auth_alg = 1;
    v->u.v.mac = (struct view){mac, sizeof mac};
    mac_r2(c, k, mac);
    mac[3] ^= c->twist == TW_R2_V;
    finish(k, c, 4, &c->r2);
}

/* ---- SRTP
 * --------------------------------------------------------------------------------------
 */

static void content_key(const struct rec_call *c, uint8_t out[30])
{
    uint8_t tgk[32], rnd[16];
    uint32_t csb = 0x0a0b0000u + c->seed;
    for (size_t i = 0; i < sizeof rnd; i++) {
        rnd[i] = (uint8_t)(c->seed * 16 + i);
    }
    struct view r = {rnd, sizeof rnd};
    if (c->twist == TW_SK_SRTP) {
        memcpy(out, c->sk, 30);
        return;
    }
    memcpy(tgk, c->sk, 32);
    if (c->twist == TW_SK_CR) {
        kdf_derive(tgk, 32, 0, (struct view){c->sk, c->sk_len}, KDF_TGK, 0xff,
                   0xffffffffu, r);
    }
    struct view in = {tgk, sizeof tgk};
    kdf_derive(out, 16, 0, in, KDF_TEK, 1, csb, r);
    kdf_derive(out + 16, 14, 0, in, KDF_SALT, 1, csb, r);
}

int rec_media(const struct rec_call *c, int n, uint8_t out[256])
{
    uint8_t key[30];
    srtp_policy_t policy;
    srtp_t session;
    int len = 12 + 160;
    content_key(c, key);
    memset(&policy, 0, sizeof policy);
    CU_ASSERT_EQUAL_FATAL(srtp_init(), srtp_err_status_ok);
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    policy.ssrc.type = ssrc_any_outbound;
    policy.key = key;
    CU_ASSERT_EQUAL_FATAL(srtp_create(&session, &policy), srtp_err_status_ok);
    struct wr w;
    wr_init_fixed(&w, out, 256);
    wr_u16(&w, 0x8000);
    wr_u16(&w, (uint16_t)(100 + n));
    wr_u32(&w, 160u * (unsigned)n);
    wr_u32(&w, 0xabcd0000u + c->seed);
    for (int i = 0; i < 160; i++) {
        wr_u8(&w, (uint8_t)(n * 7 + i + (int)c->seed));
    }
    CU_ASSERT_EQUAL(srtp_protect(session, out, &len), srtp_err_status_ok);
    srtp_dealloc(session);
    srtp_shutdown();
    return len;
}
