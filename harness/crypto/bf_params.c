/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Public parameters of Boneh-Franklin IBE: checks, encoding, comparison. */
#include "harness/crypto/bf_int.h"

#include "harness/base/mem.h"

#include <gmp.h>
#include <string.h>

#define TOY_P_BITS 96 /* below these the arithmetic meets special cases */
#define TOY_Q_BITS 80
#define PRIME_ROUNDS 28 /* Baillie-PSW and a few Miller-Rabin rounds */

static const uint8_t oid_sha1[] = {0x2b, 0x0e, 0x03, 0x02, 0x1a};
#define OID_SHA2(last)                                                         \
    {                                                                          \
        0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last                   \
    }
static const uint8_t oid_sha224[] = OID_SHA2(4);
static const uint8_t oid_sha256[] = OID_SHA2(1);
static const uint8_t oid_sha384[] = OID_SHA2(2);
static const uint8_t oid_sha512[] = OID_SHA2(3);

/* RFC 5091, 5.1.2 */
static const struct bf_level levels[] = {
    {1024, 512, 160, "SHA1", 20, "1.3.14.3.2.26", {oid_sha1, 5}},
    {2048, 1024, 224, "SHA224", 28, "2.16.840.1.101.3.4.2.4", {oid_sha224, 9}},
    {3072, 1536, 256, "SHA256", 32, "2.16.840.1.101.3.4.2.1", {oid_sha256, 9}},
    {7680, 3840, 384, "SHA384", 48, "2.16.840.1.101.3.4.2.2", {oid_sha384, 9}},
    {15360, 7680, 512, "SHA512", 64, "2.16.840.1.101.3.4.2.3", {oid_sha512, 9}},
};
#define NUM_LEVELS (sizeof levels / sizeof levels[0])

const struct bf_level *bf_level_of_n(unsigned n)
{
    for (size_t i = 0; i < NUM_LEVELS; i++) {
        if (levels[i].n == n) {
            return &levels[i];
        }
    }
    return NULL;
}

static int view_equal(struct view a, struct view b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

const struct bf_level *bf_level_of_oid(struct view contents)
{
    for (size_t i = 0; i < NUM_LEVELS; i++) {
        if (view_equal(levels[i].hash_der, contents)) {
            return &levels[i];
        }
    }
    return NULL;
}

const struct bf_level *bf_level_of_dotted(const char *oid)
{
    for (size_t i = 0; i < NUM_LEVELS; i++) {
        if (strcmp(levels[i].hash_oid, oid) == 0) {
            return &levels[i];
        }
    }
    return NULL;
}

/* One row per reason; no default, so the compiler names a forgotten one. */
const char *bf_reason_name(enum bf_reason r)
{
    switch (r) {
    case BF_REASON_NONE:
        return "none";
    case BF_REASON_DER:
        return "der";
    case BF_REASON_VERSION:
        return "version";
    case BF_REASON_CURVE_OID:
        return "curve_oid";
    case BF_REASON_BAD_HASH:
        return "bad_hash";
    case BF_REASON_BAD_P:
        return "bad_p";
    case BF_REASON_BAD_Q:
        return "bad_q";
    case BF_REASON_BAD_COFACTOR:
        return "bad_cofactor";
    case BF_REASON_Q_NOT_SOLINAS:
        return "q_not_solinas";
    case BF_REASON_BAD_LEVEL:
        return "bad_level";
    case BF_REASON_BAD_MASTER_SECRET:
        return "bad_master_secret";
    case BF_REASON_INFINITY:
        return "infinity";
    case BF_REASON_COORDINATE_RANGE:
        return "coordinate_range";
    case BF_REASON_NOT_ON_CURVE:
        return "not_on_curve";
    case BF_REASON_WRONG_ORDER:
        return "wrong_order";
    case BF_REASON_V_LENGTH:
        return "v_length";
    case BF_REASON_FO_CHECK:
        return "fo_check";
    case BF_REASON_MISMATCH:
        return "mismatch";
    case BF_REASON_NO_MEMORY:
        return "no_memory";
    }
    return "unknown";
}

static int is_prime(const uint64_t *v, size_t n)
{
    mpz_t z;
    return mpz_probab_prime_p(mpz_roinit_n(z, v, (mp_size_t)n), PRIME_ROUNDS) !=
           0;
}

static enum bf_reason check_p(struct fp *f, const struct der_int *p)
{
    if (p->negative || !fp_init(f, p->mag.data, p->mag.len) ||
        f->bits < TOY_P_BITS || mpn_mod_1(f->p, (mp_size_t)f->n, 12) != 11 ||
        !is_prime(f->p, f->n)) {
        return BF_REASON_BAD_P;
    }
    return BF_REASON_NONE;
}

static enum bf_reason check_q(struct bf_params *bp, const struct der_int *q)
{
    bp->q_limbs = limbs_from_octets(bp->q, BF_Q_LIMBS, q->mag.data, q->mag.len);
    if (q->negative || bp->q_limbs > BF_Q_LIMBS) {
        return BF_REASON_BAD_Q;
    }
    bp->q_bits = limbs_bits(bp->q, bp->q_limbs);
    if (bp->q_bits < TOY_Q_BITS || bp->q_bits >= bp->f.bits ||
        !is_prime(bp->q, bp->q_limbs)) {
        return BF_REASON_BAD_Q;
    }
    return BF_REASON_NONE;
}

/* (p+1)/q = 12r */
static enum bf_reason check_cofactor(struct bf_params *bp)
{
    uint64_t sum[FP_MAX_LIMBS + 1];
    uint64_t quot[FP_MAX_LIMBS + 1] = {0};
    uint64_t rest[BF_Q_LIMBS] = {0};
    struct solinas form;
    size_t n = bp->f.n;
    sum[n] = mpn_add_1(sum, bp->f.p, (mp_size_t)n, 1);
    mpn_tdiv_qr(quot, rest, 0, sum, (mp_size_t)(n + 1), bp->q,
                (mp_size_t)bp->q_limbs);
    size_t num = (limbs_bits(quot, n + 1) + 63) / 64;
    if (limbs_bits(rest, bp->q_limbs) != 0 || num == 0 || num > FP_MAX_LIMBS ||
        mpn_mod_1(quot, (mp_size_t)num, 12) != 0) {
        return BF_REASON_BAD_COFACTOR;
    }
    if (!solinas_from(&form, bp->q, bp->q_limbs)) {
        return BF_REASON_Q_NOT_SOLINAS;
    }
    pairing_init(&bp->pr, &bp->f, &form, quot, num);
    return BF_REASON_NONE;
}

static enum bf_reason check_point(struct ec_point *out,
                                  const struct bf_raw_point *raw,
                                  const struct bf_params *bp)
{
    enum bf_reason why = bf_point_read(out, raw, &bp->f);
    if (why == BF_REASON_NONE && !ec_has_order(out, &bp->pr.q, &bp->f)) {
        why = BF_REASON_WRONG_ORDER;
    }
    return why;
}

static enum bf_reason check_points(struct bf_params *bp,
                                   const struct bf_raw_params *raw)
{
    enum bf_reason why = check_point(&bp->gen, &raw->gen, bp);
    if (why == BF_REASON_NONE) {
        why = check_point(&bp->pub, &raw->pub, bp);
    }
    if (why == BF_REASON_NONE && fp_equal(bp->gen.x, bp->pub.x, &bp->f) &&
        fp_equal(bp->gen.y, bp->pub.y, &bp->f)) {
        why = BF_REASON_BAD_MASTER_SECRET; /* s = 1; it is in 2..q-1 */
    }
    return why;
}

static enum bf_reason check_all(struct bf_params *bp,
                                const struct bf_raw_params *raw, int allow_toy)
{
    if (!view_equal(raw->curve, bf_oid_type1curve)) {
        return BF_REASON_CURVE_OID;
    }
    bp->hash = bf_level_of_oid(raw->hash);
    if (bp->hash == NULL) {
        return BF_REASON_BAD_HASH;
    }
    enum bf_reason why = check_p(&bp->f, &raw->p);
    if (why == BF_REASON_NONE) {
        why = check_q(bp, &raw->q);
    }
    if (why == BF_REASON_NONE) {
        why = check_cofactor(bp);
    }
    if (why == BF_REASON_NONE && !allow_toy &&
        (bp->hash->p_bits != bp->f.bits || bp->hash->q_bits != bp->q_bits)) {
        why = BF_REASON_BAD_LEVEL;
    }
    return why != BF_REASON_NONE ? why : check_points(bp, raw);
}

/* Tables and hash: everything that can lack memory. */
static int precompute(struct bf_params *bp)
{
    bp->md = EVP_MD_fetch(NULL, bp->hash->hash, NULL);
    bp->pub_lines = pairing_lines_new(&bp->pub, &bp->pr);
    return bp->md != NULL && bp->pub_lines != NULL &&
           ec_comb_init(&bp->gen_comb, &bp->gen, bp->q_bits, &bp->f);
}

struct bf_params *bf_params_build(const struct bf_raw_params *raw,
                                  int allow_toy, enum bf_reason *reason)
{
    struct bf_params *bp = mem_alloc(sizeof *bp);
    *reason = bp == NULL ? BF_REASON_NO_MEMORY : check_all(bp, raw, allow_toy);
    if (*reason == BF_REASON_NONE && !precompute(bp)) {
        *reason = BF_REASON_NO_MEMORY;
    }
    if (*reason != BF_REASON_NONE) {
        bf_params_free(bp);
        return NULL;
    }
    return bp;
}

struct bf_params *bf_params_decode(const uint8_t *der, size_t len,
                                   int allow_toy, enum bf_reason *reason)
{
    struct bf_raw_params raw;
    *reason = bf_der_params(&raw, der, len);
    return *reason != BF_REASON_NONE ? NULL
                                     : bf_params_build(&raw, allow_toy, reason);
}

void bf_params_free(struct bf_params *bp)
{
    if (bp != NULL) {
        EVP_MD_free(bp->md);
        pairing_lines_free(bp->pub_lines);
        ec_comb_free(&bp->gen_comb);
        mem_free(bp);
    }
}

void bf_params_encode(const struct bf_params *bp, struct wr *out)
{
    static const uint8_t two = 2;
    uint8_t v[FP_MAX_OCTETS];
    struct wr body;
    wr_init(&body);
    der_put_uint(&body, &two, 1);
    der_put(&body, DER_OID, bf_oid_type1curve);
    limbs_to_octets(v, bp->f.octets, bp->f.p, bp->f.n);
    der_put_uint(&body, v, bp->f.octets);
    limbs_to_octets(v, bf_q_octets(bp), bp->q, bp->q_limbs);
    der_put_uint(&body, v, bf_q_octets(bp));
    bf_der_point(&body, &bp->gen, &bp->f);
    bf_der_point(&body, &bp->pub, &bp->f);
    der_put(&body, DER_OID, bp->hash->hash_der);
    der_put_block(out, DER_SEQUENCE, &body);
    wr_cleanup(&body);
}

size_t bf_p_octets(const struct bf_params *bp)
{
    return bp->f.octets;
}

size_t bf_p_bits(const struct bf_params *bp)
{
    return bp->f.bits;
}

size_t bf_q_octets(const struct bf_params *bp)
{
    return (bp->q_bits + 7) / 8;
}

size_t bf_hash_octets(const struct bf_params *bp)
{
    return bp->hash->hash_octets;
}

static int same_point(const struct ec_point *a, const struct ec_point *b,
                      const struct fp *f)
{
    return fp_equal(a->x, b->x, f) && fp_equal(a->y, b->y, f);
}

int bf_params_equal(const struct bf_params *a, const struct bf_params *b)
{
    return a == b || (a->f.n == b->f.n && a->hash == b->hash &&
                      fp_equal(a->f.p, b->f.p, &a->f) &&
                      memcmp(a->q, b->q, sizeof a->q) == 0 &&
                      same_point(&a->gen, &b->gen, &a->f) &&
                      same_point(&a->pub, &b->pub, &a->f));
}
