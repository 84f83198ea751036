/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* BFencrypt and BFdecrypt (RFC 5091, 5.4.1, 5.5.1). */
#include "harness/crypto/bf_int.h"

#include "harness/base/mem.h"

#include <string.h>

/* w = H(Canonical(p, 2, 0, v)) */
static void mask_of(uint8_t *w, struct bf_hasher *h, const struct fp2 *v,
                    const struct fp *f)
{
    uint8_t c[2 * FP_MAX_OCTETS];
    struct view all = {c, 2 * f->octets};
    bf_canonical(c, v, 0, f);
    bf_hash(h, w, &all, 1);
    mem_wipe(c, all.len);
}

/* t = H(m), l = HashToRange(rho || t, q). Returns 0 if l = 0. */
static int scalar_of(uint64_t *l, uint8_t *t, struct bf_hasher *h,
                     const uint8_t *rho, struct view msg,
                     const struct bf_params *bp)
{
    struct view parts[2] = {{rho, h->len}, {t, h->len}};
    bf_hash(h, t, &msg, 1);
    bf_hash_to_range(h, l, parts, 2, bp->q, bp->q_limbs);
    return limbs_bits(l, bp->q_limbs) != 0;
}

/* SEQUENCE { 2, U, V, W }; plain is XORed in place to W on the way */
static void put_ciphertext(struct wr *out, const struct ec_point *u,
                           const uint8_t *v, struct bf_hasher *h,
                           const uint8_t *rho, struct view msg,
                           const struct fp *f)
{
    static const uint8_t two = 2;
    struct wr body;
    wr_init(&body);
    der_put_uint(&body, &two, 1);
    bf_der_point(&body, u, f);
    der_put(&body, DER_OCTETS, (struct view){v, h->len});
    der_put(&body, DER_OCTETS, msg);
    if (body.err == STATUS_OK) { /* W = HashBytes(|m|, rho) XOR m */
        bf_hash_bytes_xor(h, body.data + body.len - msg.len, msg.len,
                          (struct view){rho, h->len});
    }
    if (!h->bad) {
        der_put_block(out, DER_SEQUENCE, &body);
    }
    wr_cleanup(&body);
}

enum status bf_encrypt_traced(const struct bf_id *id, struct view rho,
                              struct view msg, struct wr *out,
                              struct bf_trace *tr)
{
    const struct bf_params *bp = id->bp;
    const struct fp *f = &bp->f;
    struct bf_hasher h;
    struct ec_jac t;
    struct ec_point u;
    uint8_t v[BF_MAX_HASH_OCTETS];
    if (rho.len != bp->hash->hash_octets) {
        return STATUS_BAD_LENGTH;
    }
    bf_hasher_init(&h, bp->md, bp->hash->hash_octets);
    int ok = scalar_of(tr->l, tr->t, &h, rho.data, msg, bp);
    if (ok) {
        ec_comb_mul(&t, &bp->gen_comb, tr->l, bp->q_limbs, f); /* U = [l]P */
        ec_affine(&u, &t, f);
        pairing_power(&tr->theta_l, &id->theta, id->im_inv, tr->l, bp->q_bits,
                      f);
        mask_of(tr->w, &h, &tr->theta_l, f);
        for (size_t i = 0; i < h.len; i++) {
            v[i] = tr->w[i] ^ rho.data[i]; /* V = w XOR rho */
        }
        put_ciphertext(out, &u, v, &h, rho.data, msg, f);
    }
    if (!bf_hasher_done(&h)) {
        return STATUS_NO_MEMORY;
    }
    return ok ? out->err : STATUS_BAD_VALUE;
}

enum status bf_encrypt_rho(const struct bf_id *id, struct view rho,
                           struct view msg, struct wr *out)
{
    struct bf_trace tr;
    enum status st = bf_encrypt_traced(id, rho, msg, out, &tr);
    mem_wipe(&tr, sizeof tr);
    bf_burn_stack();
    return st;
}

enum status bf_encrypt(const struct bf_id *id, struct env *env, struct view msg,
                       struct wr *out)
{
    uint8_t rho[BF_MAX_HASH_OCTETS];
    size_t len = id->bp->hash->hash_octets;
    enum status st;
    do { /* l = 0 has a chance of 1/q */
        st = env_random(env, rho, len);
        if (st == STATUS_OK) {
            st = bf_encrypt_rho(id, (struct view){rho, len}, msg, out);
        }
    } while (st == STATUS_BAD_VALUE);
    mem_wipe(rho, sizeof rho);
    return st;
}

/* Steps 1 to 5 for a U of order q: m into *msg (|W| octets, wiped on refusal).
 */
static enum bf_reason open_message(const struct bf_key *key,
                                   const struct ec_point *u,
                                   const struct bf_raw_ciphertext *c,
                                   uint8_t *msg)
{
    const struct bf_params *bp = key->bp;
    struct bf_hasher h;
    struct fp2 theta;
    struct ec_jac t;
    uint64_t l[BF_Q_LIMBS] = {0};
    uint8_t w[BF_MAX_HASH_OCTETS];
    uint8_t rho[BF_MAX_HASH_OCTETS];
    bf_hasher_init(&h, bp->md, bp->hash->hash_octets);
    int ok = pairing_fixed(&theta, key->lines, u, &bp->pr); /* e'(S_id, U) */
    mask_of(w, &h, &theta, &bp->f);
    for (size_t i = 0; i < h.len; i++) {
        rho[i] = w[i] ^ c->v.data[i]; /* rho = w XOR V */
    }
    memcpy(msg, c->w.data, c->w.len);
    bf_hash_bytes_xor(&h, msg, c->w.len, (struct view){rho, h.len});
    ok &= scalar_of(l, w, &h, rho, (struct view){msg, c->w.len}, bp);
    ec_comb_mul(&t, &bp->gen_comb, l, bp->q_limbs, &bp->f);
    ok &= ec_equal(&t, u, &bp->f); /* U = [l]P */
    mem_wipe(&theta, sizeof theta);
    mem_wipe(l, sizeof l);
    mem_wipe(w, sizeof w);
    mem_wipe(rho, sizeof rho);
    if (!bf_hasher_done(&h)) {
        return BF_REASON_NO_MEMORY;
    }
    return ok ? BF_REASON_NONE : BF_REASON_FO_CHECK;
}

static enum bf_reason decrypt(const struct bf_key *key, const uint8_t *der,
                              size_t len, struct wr *out)
{
    const struct bf_params *bp = key->bp;
    struct bf_raw_ciphertext c;
    struct ec_point u;
    enum bf_reason why = bf_der_ciphertext(&c, der, len);
    if (why == BF_REASON_NONE) {
        why = bf_point_read(&u, &c.u, &bp->f);
    }
    if (why == BF_REASON_NONE && !ec_has_order(&u, &bp->pr.q, &bp->f)) {
        why = BF_REASON_WRONG_ORDER;
    }
    if (why == BF_REASON_NONE && c.v.len != bp->hash->hash_octets) {
        why = BF_REASON_V_LENGTH;
    }
    if (why != BF_REASON_NONE) {
        return why;
    }
    uint8_t *msg = mem_alloc(c.w.len);
    if (msg == NULL) {
        return BF_REASON_NO_MEMORY;
    }
    why = open_message(key, &u, &c, msg);
    if (why == BF_REASON_NONE) {
        wr_bytes(out, msg, c.w.len);
        why = out->err == STATUS_OK ? BF_REASON_NONE : BF_REASON_NO_MEMORY;
    }
    mem_wipe(msg, c.w.len);
    mem_free(msg);
    return why;
}

enum status bf_decrypt(const struct bf_key *key, const uint8_t *der, size_t len,
                       struct wr *out, enum bf_reason *reason)
{
    enum bf_reason why = decrypt(key, der, len, out);
    bf_burn_stack();
    if (reason != NULL) {
        *reason = why;
    }
    return why == BF_REASON_NONE ? STATUS_OK : STATUS_DECRYPT;
}
