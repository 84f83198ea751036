/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Key schedule: K_SESSION, MPK, TGK, SRTP keys, the MAC of R_MESSAGE_2 (RFC
 * 6267, 5; specs AMB-12 to AMB-18, AMB-24). */
#include "harness/ibake/ibake_int.h"

#define ALL_CS 0xff /* cs_id of keys that belong to no crypto session */
#define ALL_CSB 0xffffffffu

struct view keys_rand(const struct ibake_session *s, enum ibake_rand_src src,
                      uint8_t *buf)
{
    struct view a = octets_view(&s->rand1);
    struct view b = octets_view(&s->rand2);
    if (src == IBAKE_RAND_I2) {
        return b;
    }
    if (src != IBAKE_RAND_I1_I2) {
        return a;
    }
    struct wr w;
    wr_init_fixed(&w, buf, 2 * 255);
    wr_bytes(&w, a.data, a.len);
    wr_bytes(&w, b.data, b.len);
    return (struct view){buf, w.len};
}

/* K_SESSION in the form of a reading (AMB-12). What is no point (its check is
 * off) is taken as it came. */
static struct view k_session(const struct ibake_session *s,
                             struct ecdh_point *buf)
{
    struct view whole = {s->shared.octets, s->shared.len};
    size_t l = ecdh_field_octets(s->shared.curve);
    if (whole.len != 1 + 2 * l || l == 0) {
        return whole;
    }
    if (s->reading.ksession == IBAKE_K_X_ONLY) {
        struct rd r;
        struct view skip;
        struct view x = {0};
        rd_init(&r, whole.data, whole.len);
        rd_bytes(&r, &skip, 1);
        rd_bytes(&r, &x, l);
        return x;
    }
    if (s->reading.ksession == IBAKE_K_COMPRESSED &&
        ecdh_compress(buf, &s->shared) == STATUS_OK) {
        return (struct view){buf->octets, buf->len};
    }
    return whole;
}

static void tell_keys(const struct ibake_session *s, struct view rnd)
{
    uint8_t lookup[4 + 2 * 255];
    struct wr w;
    wr_init_fixed(&w, lookup, sizeof lookup);
    wr_u32(&w, s->hdr.csb_id);
    wr_bytes(&w, rnd.data, rnd.len);
    struct view v = {lookup, w.len};
    session_tell(s, "MPK", v, (struct view){s->mpk, sizeof s->mpk});
    session_tell(s, "TGK", v, (struct view){s->tgk, sizeof s->tgk});
}

static enum status derive(struct ibake_session *s)
{
    uint8_t buf[2 * 255];
    struct ecdh_point point;
    struct view rnd = keys_rand(s, s->reading.rand_src, buf);
    struct view k = k_session(s, &point);
    enum status st = kdf_derive(s->mpk, sizeof s->mpk, s->hdr.prf, k, KDF_MPK,
                                ALL_CS, ALL_CSB, rnd);
    if (st == STATUS_OK) {
        st = kdf_derive(s->tgk, sizeof s->tgk, s->hdr.prf, k, KDF_TGK, ALL_CS,
                        ALL_CSB, rnd);
    }
    mem_wipe(&point, sizeof point);
    s->have_keys = st == STATUS_OK;
    return st;
}

void keys_tell(const struct ibake_session *s)
{
    uint8_t buf[2 * 255];
    if (s->cfg.tell_session_keys && s->have_keys) {
        tell_keys(s, keys_rand(s, s->reading.rand_src, buf));
    }
}

enum status keys_derive(struct ibake_session *s)
{
    if (!s->have_shared) {
        return STATUS_NO_KEY;
    }
    enum status st = derive(s);
    if (s->role == IBAKE_RESPONDER) {
        keys_tell(s);
    }
    return st;
}

enum status keys_agree(struct ibake_session *s)
{
    struct view peer = octets_view(&s->peer_point);
    enum status st = STATUS_OK;
    if (!s->have_key) {
        return STATUS_NO_KEY;
    }
    if (s->peer_point_good) {
        st = ecdh_shared(&s->shared, &s->key, peer);
    } else {
        /* The check of the point is off: there is no product. What came takes
         * its place, so that the party goes on as if it had not noticed. */
        struct wr w;
        wr_init_fixed(&w, s->shared.octets, sizeof s->shared.octets);
        wr_bytes(&w, peer.data, peer.len);
        s->shared.len = w.len;
        s->shared.curve = s->key.pub.curve;
    }
    s->have_shared = st == STATUS_OK;
    return st;
}

uint8_t keys_mac_alg(const struct ibake_session *s)
{
    if (s->cfg.profile.prf == s->hdr.prf) {
        return s->cfg.profile.mac_alg;
    }
    return s->hdr.prf == KDF_PRF_HMAC_SHA_256 ? 2 : 1;
}

/* ---- MAC of R_MESSAGE_2 ---- */

static size_t auth_key_len(uint8_t alg)
{
    int n = kdf_mac_len(alg);
    return n > 0 ? (size_t)n : 0;
}

static void mac_tail(const struct ibake_session *s, struct ibake_mac *mac)
{
    const struct octets *i = s->role == IBAKE_INITIATOR ? &s->me : &s->peer;
    const struct octets *r = s->role == IBAKE_INITIATOR ? &s->peer : &s->me;
    mac->num_tail = 0;
    if (s->reading.v_cover == IBAKE_V_I2) {
        mac->tail[mac->num_tail++] = octets_view(&s->i2);
        return;
    }
    mac->tail[mac->num_tail++] = octets_view(i);
    mac->tail[mac->num_tail++] = octets_view(r);
    if (s->reading.v_cover == IBAKE_V_IDS_T) {
        mac->tail[mac->num_tail++] = (struct view){s->t2.value, s->t2.len};
    }
}

enum status keys_mac_r2(const struct ibake_session *s, uint8_t alg,
                        struct ibake_mac *mac)
{
    uint8_t buf[2 * 255];
    size_t mpk_len = s->reading.mpk_bits / 8;
    if (!s->have_keys || mpk_len > sizeof s->mpk) {
        return STATUS_NO_KEY;
    }
    mac->alg = alg;
    mac->key_len = auth_key_len(alg);
    mac_tail(s, mac);
    if (mac->key_len == 0) {
        return kdf_mac_len(alg) == 0 ? STATUS_OK : STATUS_UNSUPPORTED;
    }
    return kdf_derive(mac->key, mac->key_len, s->hdr.prf,
                      (struct view){s->mpk, mpk_len}, KDF_MSG_AUTH, ALL_CS,
                      s->hdr.csb_id, keys_rand(s, s->reading.rand_src, buf));
}

enum status mac_compute(const struct ibake_mac *mac, const struct view *parts,
                        size_t num, uint8_t out[KDF_MAX_MAC], size_t *out_len)
{
    struct view all[IBAKE_MAX_ITEMS + MAC_MAX_TAIL];
    if (num > IBAKE_MAX_ITEMS || mac->num_tail > MAC_MAX_TAIL) {
        return STATUS_NO_SPACE;
    }
    memcpy(all, parts, num * sizeof *parts);
    memcpy(all + num, mac->tail, mac->num_tail * sizeof *mac->tail);
    return kdf_mac(out, out_len, mac->alg,
                   (struct view){mac->key, mac->key_len}, all,
                   num + mac->num_tail);
}

enum status mac_verify(const struct ibake_mac *mac, const struct mikey_msg *msg)
{
    const struct mikey_payload *v = mikey_find(msg, MIKEY_PL_V);
    struct view in[2];
    size_t num = 0;
    uint8_t tag[KDF_MAX_MAC];
    size_t len = 0;
    if (v == NULL || mikey_mac_input(msg, in, &num) != STATUS_OK) {
        return STATUS_AUTH;
    }
    enum status st = mac_compute(mac, in, num, tag, &len);
    if (st != STATUS_OK) {
        return st;
    }
    int good = len > 0 && len == v->u.v.mac.len &&
               mem_equal(tag, v->u.v.mac.data, len);
    mem_wipe(tag, sizeof tag);
    return good ? STATUS_OK : STATUS_AUTH;
}

/* One reading; leaves it in s->reading if it is the one. */
static enum status try_reading(struct ibake_session *s,
                               const struct mikey_msg *msg, uint8_t alg)
{
    struct ibake_mac mac = {0};
    enum status st = derive(s);
    if (st == STATUS_OK) {
        st = keys_mac_r2(s, alg, &mac);
    }
    if (st == STATUS_OK) {
        st = mac_verify(&mac, msg);
    }
    mem_wipe(&mac, sizeof mac);
    return st;
}

static enum status try_lengths(struct ibake_session *s,
                               const struct mikey_msg *msg, uint8_t alg)
{
    static const unsigned bits[] = {256, 128, 160, 192}; /* AMB-14 */
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        s->reading.mpk_bits = bits[i];
        enum status st = try_reading(s, msg, alg);
        if (st != STATUS_AUTH) {
            return st;
        }
    }
    return STATUS_AUTH;
}

static enum status try_all(struct ibake_session *s, const struct mikey_msg *msg,
                           uint8_t alg)
{
    static const enum ibake_rand_src srcs[] = {IBAKE_RAND_SAME, IBAKE_RAND_I2,
                                               IBAKE_RAND_I1_I2};
    for (int k = IBAKE_K_UNCOMPRESSED; k <= IBAKE_K_COMPRESSED; k++) {
        for (int v = IBAKE_V_IDS; v <= IBAKE_V_I2; v++) {
            for (size_t r = 0; r < sizeof srcs / sizeof *srcs; r++) {
                s->reading.ksession = (enum ibake_ksession)k;
                s->reading.v_cover = (enum ibake_v_cover)v;
                s->reading.rand_src = srcs[r];
                enum status st = try_lengths(s, msg, alg);
                if (st != STATUS_AUTH) {
                    return st;
                }
            }
        }
    }
    return STATUS_AUTH;
}

static void report_reading(struct ibake_session *s)
{
    const struct ibake_reading *r = &s->reading;
    static const char *const covers[] = {"identities", "identities and T",
                                         "I_MESSAGE_2"};
    static const char *const forms[] = {"uncompressed", "x only", "compressed"};
    if (r->v_cover != IBAKE_V_IDS) {
        session_deviation(s, "V covers %s after the message",
                          covers[r->v_cover]);
    }
    if (r->ksession != IBAKE_K_UNCOMPRESSED) {
        session_deviation(s, "K_SESSION is the point in the form %s",
                          forms[r->ksession]);
    }
    if (r->mpk_bits != 256) {
        session_deviation(s, "MPK of %u bits", r->mpk_bits);
    }
    if ((r->rand_src == IBAKE_RAND_I2 || r->rand_src == IBAKE_RAND_I1_I2) &&
        !(r->rand_src == IBAKE_RAND_I2 &&
          view_equal(octets_view(&s->rand1), octets_view(&s->rand2)))) {
        session_deviation(s, "another RAND than that of I_MESSAGE_1 enters the "
                             "key derivation");
    }
}

enum status keys_verify_r2(struct ibake_session *s, const struct mikey_msg *msg)
{
    const struct mikey_payload *v = mikey_find(msg, MIKEY_PL_V);
    const struct ibake_reading first = s->reading;
    if (v == NULL || !s->have_shared) {
        return STATUS_AUTH;
    }
    uint8_t alg = v->u.v.auth_alg;
    if (alg != 1 && alg != 2) {
        return alg == 0 ? STATUS_AUTH : STATUS_UNSUPPORTED;
    }
    enum status st = try_reading(s, msg, alg);
    if (st == STATUS_AUTH) {
        st = try_all(s, msg, alg);
    }
    if (st != STATUS_OK) {
        s->reading = first;
        enum status again = derive(s);
        return again != STATUS_OK ? again : st;
    }
    s->reading.v_matched = 1;
    if (alg != (s->hdr.prf == KDF_PRF_HMAC_SHA_256 ? 2 : 1)) {
        session_deviation(s, "PRF func %u with Auth alg %u", s->hdr.prf, alg);
    }
    report_reading(s);
    return STATUS_OK;
}

/* ---- traffic keys ---- */

enum status srtp_from_tgk(struct ibake_srtp_key *out, uint8_t prf,
                          struct view tgk, uint32_t csb_id, uint8_t cs_id,
                          struct view rnd)
{
    enum status st = kdf_derive(out->key, sizeof out->key, prf, tgk, KDF_TEK,
                                cs_id, csb_id, rnd);
    if (st == STATUS_OK) {
        st = kdf_derive(out->salt, sizeof out->salt, prf, tgk, KDF_SALT, cs_id,
                        csb_id, rnd);
    }
    return st;
}

static uint8_t curve_of_point(size_t len)
{
    static const uint8_t curves[] = {ECDH_P256, ECDH_P384, ECDH_P521};
    for (size_t i = 0; i < sizeof curves; i++) {
        if (len == 1 + 2 * ecdh_field_octets(curves[i])) {
            return curves[i];
        }
    }
    return 0;
}

enum status sk_recognise(struct view sk, enum ibake_sk *out, int *odd)
{
    uint8_t curve = curve_of_point(sk.len);
    *odd = 0;
    if (sk.len == sizeof(struct ibake_srtp_key)) {
        *out = IBAKE_SKP_SRTP;
    } else if (curve != 0 && sk.data[0] == 0x04) {
        *out = IBAKE_SKP_CR;
        *odd = ecdh_point_check(NULL, curve, sk) != STATUS_OK;
    } else if (sk.len >= 16) {
        *out = IBAKE_SKP_STRICT;
        *odd = sk.len != IBAKE_KEY_LEN;
    } else {
        return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

static enum status key_from_sk(struct ibake_srtp_key *out, struct view sk)
{
    struct rd r;
    struct view key = {0};
    struct view salt = {0};
    rd_init(&r, sk.data, sk.len);
    rd_bytes(&r, &key, sizeof out->key);
    rd_bytes(&r, &salt, sizeof out->salt);
    if (r.err != STATUS_OK) {
        return r.err;
    }
    memcpy(out->key, key.data, key.len);
    memcpy(out->salt, salt.data, salt.len);
    return STATUS_OK;
}

enum status content_key(struct ibake_srtp_key *out, struct view sk, uint8_t prf,
                        uint32_t csb_id, uint8_t cs_id, struct view rnd)
{
    enum ibake_sk form;
    int odd;
    uint8_t tgk[IBAKE_KEY_LEN];
    enum status st = sk_recognise(sk, &form, &odd);
    if (st != STATUS_OK) {
        return st;
    }
    if (form == IBAKE_SKP_SRTP) {
        return key_from_sk(out, sk);
    }
    if (form == IBAKE_SKP_STRICT) {
        return srtp_from_tgk(out, prf, sk, csb_id, cs_id, rnd);
    }
    st = kdf_derive(tgk, sizeof tgk, prf, sk, KDF_TGK, ALL_CS, ALL_CSB, rnd);
    if (st == STATUS_OK) {
        st = srtp_from_tgk(out, prf, (struct view){tgk, sizeof tgk}, csb_id,
                           cs_id, rnd);
    }
    mem_wipe(tgk, sizeof tgk);
    return st;
}
