/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The parts of Boneh-Franklin IBE one by one, for known answers. */
#include "harness/crypto/bf_prim.h"

#include "harness/base/mem.h"
#include "harness/crypto/bf_int.h"

#include <gmp.h>
#include <string.h>

static void put_el(struct wr *out, const uint64_t *a, const struct fp *f)
{
    uint8_t v[FP_MAX_OCTETS];
    fp_to_octets(v, a, f);
    wr_bytes(out, v, f->octets);
}

static void put_limbs(struct wr *out, const uint64_t *a, size_t n, size_t len)
{
    uint8_t v[FP_MAX_OCTETS];
    limbs_to_octets(v, len, a, n);
    wr_bytes(out, v, len);
}

enum status bf_prim_hash_to_range(struct wr *out, const char *hash_oid,
                                  struct view s, struct view n)
{
    const struct bf_level *row = bf_level_of_dotted(hash_oid);
    uint64_t range[FP_MAX_LIMBS];
    uint64_t v[FP_MAX_LIMBS];
    struct bf_hasher h;
    size_t num = limbs_from_octets(range, FP_MAX_LIMBS, n.data, n.len);
    if (row == NULL) {
        return STATUS_UNSUPPORTED;
    }
    if (num == 0 || num > FP_MAX_LIMBS) {
        return STATUS_BAD_VALUE;
    }
    EVP_MD *md = EVP_MD_fetch(NULL, row->hash, NULL);
    bf_hasher_init(&h, md, row->hash_octets);
    bf_hash_to_range(&h, v, &s, 1, range, num);
    int ok = bf_hasher_done(&h);
    EVP_MD_free(md);
    put_limbs(out, v, num, (limbs_bits(range, num) + 7) / 8);
    return ok ? out->err : STATUS_NO_MEMORY;
}

enum status bf_prim_hash_bytes(struct wr *out, const char *hash_oid, size_t b,
                               struct view seed)
{
    const struct bf_level *row = bf_level_of_dotted(hash_oid);
    struct bf_hasher h;
    if (row == NULL) {
        return STATUS_UNSUPPORTED;
    }
    size_t at = out->len;
    wr_fill(out, 0, b);
    if (out->err != STATUS_OK) {
        return out->err;
    }
    EVP_MD *md = EVP_MD_fetch(NULL, row->hash, NULL);
    bf_hasher_init(&h, md, row->hash_octets);
    bf_hash_bytes_xor(&h, out->data + at, b, seed);
    int ok = bf_hasher_done(&h);
    EVP_MD_free(md);
    return ok ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status bf_prim_canonical(struct wr *out, struct view p, struct view a,
                              struct view b, int order)
{
    struct fp f;
    struct fp2 v;
    uint8_t c[2 * FP_MAX_OCTETS];
    if (!fp_init(&f, p.data, p.len) ||
        !fp_from_octets(v.re, a.data, a.len, &f) ||
        !fp_from_octets(v.im, b.data, b.len, &f)) {
        return STATUS_BAD_VALUE;
    }
    bf_canonical(c, &v, order, &f);
    wr_bytes(out, c, 2 * f.octets);
    return out->err;
}

static int point_of(struct ec_point *out, const struct bf_prim_point *a,
                    const struct fp *f)
{
    struct bf_raw_point raw = {.x = {.mag = a->x}, .y = {.mag = a->y}};
    return bf_point_read(out, &raw, f) == BF_REASON_NONE;
}

enum status bf_prim_point_multiply(struct wr *out, int *infinity, struct view p,
                                   const struct bf_prim_point *a, struct view k)
{
    struct fp f;
    struct ec_point pt;
    struct ec_jac t;
    uint64_t e[FP_MAX_LIMBS + 1];
    size_t num = limbs_from_octets(e, FP_MAX_LIMBS + 1, k.data, k.len);
    if (!fp_init(&f, p.data, p.len) || !point_of(&pt, a, &f) ||
        num > FP_MAX_LIMBS + 1) {
        return STATUS_BAD_VALUE;
    }
    ec_mul(&t, &pt, e, num, &f);
    *infinity = !ec_affine(&pt, &t, &f);
    if (!*infinity) {
        put_el(out, pt.x, &f);
        put_el(out, pt.y, &f);
    }
    return out->err;
}

enum status bf_prim_pairing(struct wr *out, struct view p, struct view q,
                            const struct bf_prim_point *a,
                            const struct bf_prim_point *b)
{
    struct fp f;
    struct pairing pr;
    struct solinas form;
    struct ec_point pa;
    struct ec_point pb;
    struct fp2 e;
    uint64_t ql[BF_Q_LIMBS];
    uint64_t sum[FP_MAX_LIMBS + 1];
    uint64_t quot[FP_MAX_LIMBS + 1] = {0};
    uint64_t rest[BF_Q_LIMBS] = {0};
    size_t num = limbs_from_octets(ql, BF_Q_LIMBS, q.data, q.len);
    if (!fp_init(&f, p.data, p.len) || num > BF_Q_LIMBS || num == 0 ||
        mpn_mod_1(f.p, (mp_size_t)f.n, 12) != 11 ||
        !solinas_from(&form, ql, num)) {
        return STATUS_BAD_VALUE;
    }
    sum[f.n] = mpn_add_1(sum, f.p, (mp_size_t)f.n, 1);
    mpn_tdiv_qr(quot, rest, 0, sum, (mp_size_t)(f.n + 1), ql, (mp_size_t)num);
    if (limbs_bits(rest, num) != 0 || limbs_bits(quot, f.n + 1) < 4) {
        return STATUS_BAD_VALUE;
    }
    pairing_init(&pr, &f, &form, quot, (limbs_bits(quot, f.n + 1) + 63) / 64);
    if (!point_of(&pa, a, &f) || !point_of(&pb, b, &f) ||
        !ec_has_order(&pa, &form, &f) || !ec_has_order(&pb, &form, &f) ||
        !pairing_compute(&e, &pa, &pb, &pr)) {
        return STATUS_BAD_VALUE;
    }
    put_el(out, e.re, &f);
    put_el(out, e.im, &f);
    return out->err;
}

enum status bf_prim_identity(struct wr *out, const struct bf_params *bp,
                             struct view id)
{
    const struct fp *f = &bp->f;
    struct bf_hasher h;
    struct ec_point q;
    fp_el y;
    bf_hasher_init(&h, bp->md, bp->hash->hash_octets);
    bf_hash_to_range(&h, y, &id, 1, f->p, f->n);
    int finite = bf_hash_to_point(&q, &h, id, bp);
    if (!bf_hasher_done(&h)) {
        return STATUS_NO_MEMORY;
    }
    if (!finite) {
        return STATUS_BAD_VALUE;
    }
    put_limbs(out, y, f->n, f->octets);
    put_el(out, q.x, f);
    put_el(out, q.y, f);
    return out->err;
}

enum status bf_prim_encrypt(struct wr *out, struct wr *steps,
                            const struct bf_id *id, struct view rho,
                            struct view msg)
{
    const struct bf_params *bp = id->bp;
    struct bf_trace tr;
    enum status st = bf_encrypt_traced(id, rho, msg, out, &tr);
    if (st != STATUS_OK) {
        return st;
    }
    wr_bytes(steps, tr.t, bp->hash->hash_octets);
    put_limbs(steps, tr.l, bp->q_limbs, bf_q_octets(bp));
    put_el(steps, id->theta.re, &bp->f);
    put_el(steps, id->theta.im, &bp->f);
    put_el(steps, tr.theta_l.re, &bp->f);
    put_el(steps, tr.theta_l.im, &bp->f);
    wr_bytes(steps, tr.w, bp->hash->hash_octets);
    return steps->err;
}

enum bf_reason bf_prim_key_verify(const struct bf_params *bp,
                                  const uint8_t *der, size_t len,
                                  struct view id)
{
    enum bf_reason reason;
    struct bf_key *key = bf_key_decode(bp, der, len, &reason);
    if (key == NULL) {
        return reason;
    }
    switch (bf_key_check(key, id)) {
    case STATUS_OK:
        break;
    case STATUS_NO_MEMORY:
        reason = BF_REASON_NO_MEMORY;
        break;
    default:
        reason = BF_REASON_MISMATCH;
    }
    bf_key_free(key);
    return reason;
}
