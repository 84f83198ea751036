/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Making parameters and private keys (RFC 5091, 5.1, 5.3). */
#include "harness/crypto/bf_int.h"

#include "harness/base/mem.h"

#include <gmp.h>
#include <string.h>

#define PRIME_ROUNDS 28

/* bits random bits, the uppermost octet masked */
static enum status draw(uint8_t *out, size_t bits, struct env *env)
{
    size_t len = (bits + 7) / 8;
    enum status s = env_random(env, out, len);
    out[0] &= (uint8_t)(0xff >> (len * 8 - bits));
    return s;
}

/* q = 2^a + s 2^b + c, prime, of bits bits: forms in turn from a random start
 */
static enum status draw_q(mpz_t q, size_t bits, struct env *env)
{
    uint8_t start[2];
    enum status st = env_random(env, start, sizeof start);
    size_t num = 4 * (bits - 1);
    size_t at = (size_t)(start[0] << 8 | start[1]) % num;
    for (size_t i = 0; st == STATUS_OK && i < num; i++, at = (at + 1) % num) {
        size_t b = at / 4 + 1;
        /* 2^(bits-1) + 2^b + c, or 2^bits - 2^b + c */
        mpz_set_ui(q, 0);
        mpz_setbit(q, (at & 1) != 0 ? bits : bits - 1);
        mpz_t t;
        mpz_init(t);
        mpz_setbit(t, b);
        if ((at & 1) != 0) {
            mpz_sub(q, q, t);
        } else {
            mpz_add(q, q, t);
        }
        mpz_clear(t);
        if ((at & 2) != 0) {
            mpz_add_ui(q, q, 1);
        } else {
            mpz_sub_ui(q, q, 1);
        }
        if (mpz_sizeinbase(q, 2) == bits &&
            mpz_probab_prime_p(q, PRIME_ROUNDS) != 0) {
            return STATUS_OK;
        }
    }
    return st == STATUS_OK ? STATUS_NOT_FOUND : st;
}

/* p = 12rq - 1, prime, of bits bits, r odd and random */
static enum status draw_p(mpz_t p, mpz_t q, size_t bits, struct env *env)
{
    uint8_t v[FP_MAX_OCTETS];
    mpz_t r;
    mpz_t step;
    enum status st = STATUS_OK;
    mpz_init(r);
    mpz_init(step);
    mpz_mul_ui(step, q, 12);
    do {
        st = draw(v, bits, env);
        v[0] |= (uint8_t)(1u << (bits - 1) % 8);
        mpz_import(r, (bits + 7) / 8, 1, 1, 0, 0, v);
        mpz_tdiv_q(r, r, step);
        mpz_setbit(r, 0); /* r odd: p = 3 mod 8 (specified sign of zeta) */
        mpz_mul(p, r, step);
        mpz_sub_ui(p, p, 1);
    } while (st == STATUS_OK && (mpz_sizeinbase(p, 2) != bits ||
                                 mpz_probab_prime_p(p, PRIME_ROUNDS) == 0));
    mpz_clear(r);
    mpz_clear(step);
    return st;
}

/* P = [12r]P', P' uniform among the finite points: y uniform, x its cube root
 */
static enum status draw_point(struct ec_point *out, const struct fp *f,
                              const uint64_t *cofactor, size_t num,
                              struct env *env)
{
    uint8_t v[FP_MAX_OCTETS];
    fp_el y;
    struct ec_point a;
    struct ec_jac t;
    for (;;) {
        enum status st = draw(v, f->bits, env);
        if (st != STATUS_OK) {
            return st;
        }
        if (fp_from_octets(y, v, f->octets, f)) {
            ec_from_y(&a, y, f);
            ec_mul(&t, &a, cofactor, num, f);
            if (ec_affine(out, &t, f)) {
                return STATUS_OK;
            }
        }
    }
}

/* s uniform in 2..q-1, as long as q */
static enum status draw_secret(uint8_t *out, mpz_t q, size_t bits,
                               struct env *env)
{
    uint64_t v[BF_Q_LIMBS];
    size_t len = (bits + 7) / 8;
    enum status st;
    int ok;
    do {
        st = draw(out, bits, env);
        limbs_from_octets(v, BF_Q_LIMBS, out, len);
        mp_size_t n = (mp_size_t)mpz_size(q);
        ok = mpn_cmp(v, mpz_limbs_read(q), n) < 0 &&
             limbs_bits(v, BF_Q_LIMBS) > 1;
    } while (st == STATUS_OK && !ok);
    mem_wipe(v, sizeof v);
    return st;
}

struct made {
    struct fp f;
    struct ec_point gen, pub;
    uint8_t p[FP_MAX_OCTETS], q[BF_MAX_HASH_OCTETS];
    uint8_t xy[4][FP_MAX_OCTETS];
};

static struct der_int int_of(const uint8_t *data, size_t len)
{
    return (struct der_int){.mag = {data, len}};
}

static enum status make(struct made *m, uint8_t *out_s, mpz_t p, mpz_t q,
                        const struct bf_level *row, struct env *env)
{
    enum status st = draw_q(q, row->q_bits, env);
    uint64_t s[BF_Q_LIMBS];
    struct ec_jac t;
    mpz_t k;
    st = st != STATUS_OK ? st : draw_p(p, q, row->p_bits, env);
    if (st != STATUS_OK) {
        return st;
    }
    mpz_export(m->p, NULL, 1, 1, 0, 0, p);
    mpz_export(m->q, NULL, 1, 1, 0, 0, q);
    fp_init(&m->f, m->p, row->p_bits / 8);
    mpz_init(k);
    mpz_add_ui(k, p, 1);
    mpz_tdiv_q(k, k, q);
    st = draw_point(&m->gen, &m->f, mpz_limbs_read(k), mpz_size(k), env);
    mpz_clear(k);
    st = st != STATUS_OK ? st : draw_secret(out_s, q, row->q_bits, env);
    if (st != STATUS_OK) {
        return st;
    }
    limbs_from_octets(s, BF_Q_LIMBS, out_s, row->q_bits / 8);
    ec_mul(&t, &m->gen, s, BF_Q_LIMBS, &m->f);
    ec_affine(&m->pub, &t, &m->f); /* finite: 0 < s < q */
    mem_wipe(s, sizeof s);
    fp_to_octets(m->xy[0], m->gen.x, &m->f);
    fp_to_octets(m->xy[1], m->gen.y, &m->f);
    fp_to_octets(m->xy[2], m->pub.x, &m->f);
    fp_to_octets(m->xy[3], m->pub.y, &m->f);
    return STATUS_OK;
}

struct bf_params *bf_setup(unsigned n, struct env *env, uint8_t *out_s,
                           size_t *out_len)
{
    const struct bf_level *row = bf_level_of_n(n);
    struct bf_params *bp = NULL;
    struct made *m = row == NULL ? NULL : mem_alloc(sizeof *m);
    enum bf_reason reason;
    mpz_t p;
    mpz_t q;
    if (m == NULL) {
        return NULL;
    }
    mpz_init(p);
    mpz_init(q);
    if (make(m, out_s, p, q, row, env) == STATUS_OK) {
        size_t len = row->p_bits / 8;
        struct bf_raw_params raw = {
            .p = int_of(m->p, len),
            .q = int_of(m->q, row->q_bits / 8),
            .gen = {.x = int_of(m->xy[0], len), .y = int_of(m->xy[1], len)},
            .pub = {.x = int_of(m->xy[2], len), .y = int_of(m->xy[3], len)},
            .curve = bf_oid_type1curve,
            .hash = row->hash_der,
        };
        bp = bf_params_build(&raw, 0, &reason);
        *out_len = row->q_bits / 8;
    }
    mpz_clear(p);
    mpz_clear(q);
    mem_free(m);
    bf_burn_stack();
    return bp;
}

static enum status extract(const struct bf_params *bp, const uint64_t *s,
                           struct view id, struct wr *out)
{
    static const uint8_t two = 2;
    struct bf_hasher h;
    struct ec_point q;
    struct ec_jac t;
    struct wr body;
    ec_comb_mul(&t, &bp->gen_comb, s, bp->q_limbs, &bp->f);
    if (!ec_equal(&t, &bp->pub, &bp->f)) {
        return STATUS_MISMATCH;
    }
    bf_hasher_init(&h, bp->md, bp->hash->hash_octets);
    int finite = bf_hash_to_point(&q, &h, id, bp);
    if (!bf_hasher_done(&h)) {
        return STATUS_NO_MEMORY;
    }
    if (!finite) {
        return STATUS_BAD_VALUE;
    }
    ec_mul(&t, &q, s, bp->q_limbs, &bp->f); /* S_id = [s]Q_id */
    ec_affine(&q, &t, &bp->f);
    wr_init(&body);
    der_put_uint(&body, &two, 1);
    bf_der_point(&body, &q, &bp->f);
    der_put_block(out, DER_SEQUENCE, &body);
    wr_cleanup(&body);
    mem_wipe(&q, sizeof q);
    return out->err;
}

enum status bf_extract(const struct bf_params *bp, struct view s,
                       struct view id, struct wr *out)
{
    uint64_t v[BF_Q_LIMBS];
    size_t used = limbs_from_octets(v, BF_Q_LIMBS, s.data, s.len);
    if (used == 0 || used > bp->q_limbs ||
        mpn_cmp(v, bp->q, (mp_size_t)bp->q_limbs) >= 0) {
        return STATUS_BAD_VALUE;
    }
    enum status st = extract(bp, v, id, out);
    mem_wipe(v, sizeof v);
    bf_burn_stack();
    return st;
}
