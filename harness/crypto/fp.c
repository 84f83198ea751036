/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Prime field F_p in Montgomery form: everything but the products. */
#include "harness/crypto/fp.h"

#include "harness/base/mem.h"

#include <gmp.h>
#include <string.h>

_Static_assert(sizeof(mp_limb_t) == 8 && GMP_NAIL_BITS == 0,
               "GMP limbs are 64 bits");

size_t limbs_from_octets(uint64_t *r, size_t cap, const uint8_t *data,
                         size_t len)
{
    while (len > 0 && data[0] == 0) {
        data++;
        len--;
    }
    if (len > cap * 8) {
        return cap + 1;
    }
    memset(r, 0, cap * 8);
    for (size_t i = 0; i < len; i++) {
        size_t bit = (len - 1 - i) * 8;
        r[bit / 64] |= (uint64_t)data[i] << bit % 64;
    }
    return (len + 7) / 8;
}

void limbs_to_octets(uint8_t *out, size_t len, const uint64_t *a, size_t n)
{
    for (size_t i = 0; i < len; i++) {
        size_t at = len - 1 - i;
        uint64_t limb = at / 8 < n ? a[at / 8] : 0;
        out[i] = (uint8_t)(limb >> at % 8 * 8);
    }
}

size_t limbs_bits(const uint64_t *a, size_t n)
{
    while (n > 0 && a[n - 1] == 0) {
        n--;
    }
    return n == 0 ? 0 : n * 64 - (size_t)__builtin_clzll(a[n - 1]);
}

/* r = 2^(64 k) mod p */
static void power_of_r(uint64_t *r, size_t k, const struct fp *f)
{
    mp_limb_t num[3 * FP_MAX_LIMBS + 1] = {0};
    mp_limb_t quot[3 * FP_MAX_LIMBS + 1];
    num[k] = 1;
    mpn_tdiv_qr(quot, r, 0, num, (mp_size_t)k + 1, f->p, (mp_size_t)f->n);
}

int fp_init(struct fp *f, const uint8_t *p, size_t len)
{
    memset(f, 0, sizeof *f);
    f->n = limbs_from_octets(f->p, FP_MAX_LIMBS, p, len);
    if (f->n < 2 || f->n > FP_MAX_LIMBS || (f->p[0] & 1) == 0) {
        return 0;
    }
    f->bits = limbs_bits(f->p, f->n);
    f->octets = (f->bits + 7) / 8;
    for (size_t i = 0; i < f->n; i++) {
        f->not_p[i] = ~f->p[i];
    }
    uint64_t inv = f->p[0]; /* right in 3 bits, doubled by each Newton step */
    for (int i = 0; i < 5; i++) {
        inv *= 2 - f->p[0] * inv;
    }
    f->n0 = 0 - inv;
    power_of_r(f->one, f->n, f);
    power_of_r(f->r2, 2 * f->n, f);
    power_of_r(f->r3, 3 * f->n, f);
    f->ops = fp_ops_choose(f->n);
    return 1;
}

static void count_mul(uint64_t *r, const uint64_t *a, const uint64_t *b,
                      const struct fp *f)
{
    f->count->muls++;
    f->count->inner->mul(r, a, b, f);
}

static void count_sqr(uint64_t *r, const uint64_t *a, const struct fp *f)
{
    f->count->sqrs++;
    f->count->inner->sqr(r, a, f);
}

static void count_add(uint64_t *r, const uint64_t *a, const uint64_t *b,
                      const struct fp *f)
{
    f->count->inner->add(r, a, b, f);
}

static void count_sub(uint64_t *r, const uint64_t *a, const uint64_t *b,
                      const struct fp *f)
{
    f->count->inner->sub(r, a, b, f);
}

void fp_counting(struct fp *f, const struct fp *from, struct fp_count *count)
{
    static const struct fp_ops ops_counting = {
        "counting", 0, count_mul, count_sqr, count_add, count_sub};
    *f = *from;
    *count = (struct fp_count){.inner = from->ops};
    f->ops = &ops_counting;
    f->count = count;
}

int fp_from_octets(uint64_t *r, const uint8_t *data, size_t len,
                   const struct fp *f)
{
    fp_el t;
    size_t used = limbs_from_octets(t, f->n, data, len);
    if (used > f->n || mpn_cmp(t, f->p, (mp_size_t)f->n) >= 0) {
        return 0;
    }
    fp_mul(r, t, f->r2, f); /* a*R = a * R^2 / R */
    return 1;
}

void fp_to_octets(uint8_t *out, const uint64_t *a, const struct fp *f)
{
    fp_el t;
    fp_el unit;
    memset(unit, 0, f->n * 8);
    unit[0] = 1;
    fp_mul(t, a, unit, f); /* a = a*R * 1 / R */
    limbs_to_octets(out, f->octets, t, f->n);
    mem_wipe(t, f->n * 8);
}

int fp_is_zero(const uint64_t *a, const struct fp *f)
{
    uint64_t any = 0;
    for (size_t i = 0; i < f->n; i++) {
        any |= a[i];
    }
    return any == 0;
}

int fp_equal(const uint64_t *a, const uint64_t *b, const struct fp *f)
{
    uint64_t diff = 0;
    for (size_t i = 0; i < f->n; i++) {
        diff |= a[i] ^ b[i];
    }
    return diff == 0;
}

void fp_copy(uint64_t *r, const uint64_t *a, const struct fp *f)
{
    memmove(r, a, f->n * 8);
}

void fp_set_small(uint64_t *r, unsigned v, const struct fp *f)
{
    memset(r, 0, f->n * 8);
    for (; v > 0; v--) {
        fp_add(r, r, f->one, f);
    }
}

void fp_neg(uint64_t *r, const uint64_t *a, const struct fp *f)
{
    static const fp_el zero;
    fp_sub(r, zero, a, f);
}

void fp_half(uint64_t *r, const uint64_t *a, const struct fp *f)
{
    mp_size_t n = (mp_size_t)f->n;
    /* a even: a/2; a odd: (a+p)/2 */
    mp_limb_t carry = mpn_cnd_add_n(a[0] & 1, r, a, f->p, n);
    mpn_rshift(r, r, n, 1);
    r[n - 1] |= carry << 63;
}

void fp_cswap(uint64_t *a, uint64_t *b, uint64_t bit, const struct fp *f)
{
    uint64_t mask = 0 - bit;
    for (size_t i = 0; i < f->n; i++) {
        uint64_t t = (a[i] ^ b[i]) & mask;
        a[i] ^= t;
        b[i] ^= t;
    }
}

#define POW_WINDOW 5

static unsigned window_at(const uint64_t *e, size_t num, size_t bit)
{
    uint64_t v = e[bit / 64] >> bit % 64;
    if (bit % 64 > 64 - POW_WINDOW && bit / 64 + 1 < num) {
        v |= e[bit / 64 + 1] << (64 - bit % 64);
    }
    return (unsigned)(v & ((1u << POW_WINDOW) - 1));
}

void fp_pow(uint64_t *r, const uint64_t *a, const uint64_t *e, size_t num,
            const struct fp *f)
{
    fp_el table[1 << POW_WINDOW]; /* a^0 .. a^31 */
    fp_el t;
    size_t bits = limbs_bits(e, num);
    fp_copy(table[0], f->one, f);
    for (size_t i = 1; i < 1u << POW_WINDOW; i++) {
        fp_mul(table[i], table[i - 1], a, f);
    }
    fp_copy(t, f->one, f);
    for (size_t at = (bits + POW_WINDOW - 1) / POW_WINDOW; at-- > 0;) {
        for (int i = 0; i < POW_WINDOW; i++) {
            fp_sqr(t, t, f);
        }
        fp_mul(t, t, table[window_at(e, num, at * POW_WINDOW)], f);
    }
    fp_copy(r, t, f);
}

int fp_inv(uint64_t *r, const uint64_t *a, const struct fp *f)
{
    mp_limb_t u[FP_MAX_LIMBS + 2];
    mp_limb_t v[FP_MAX_LIMBS + 2];
    mp_limb_t g[FP_MAX_LIMBS + 2];
    mp_limb_t s[FP_MAX_LIMBS + 2] = {0};
    mp_size_t n = (mp_size_t)f->n;
    mp_size_t sn = 0;
    if (fp_is_zero(a, f)) {
        return 0;
    }
    u[n] = mpn_add_n(u, a, f->p, n); /* a + p: not shorter than p */
    memcpy(v, f->p, f->n * 8);
    mp_size_t gn = mpn_gcdext(g, s, &sn, u, n + (u[n] != 0), v, n);
    if (gn != 1 || g[0] != 1) {
        return 0;
    }
    /* 1 = s*(a+p) + t*p, and a is held as a*R: s = 1/(a*R) */
    if (sn < 0) {
        mpn_sub_n(s, f->p, s, n);
    }
    fp_mul(r, s, f->r3, f); /* R/a = 1/(a*R) * R^3 / R */
    return 1;
}

int fp_inv_all(uint64_t *a, uint64_t *scratch, size_t num, const struct fp *f)
{
    fp_el inv;
    fp_el t;
    size_t n = f->n;
    if (num == 0) {
        return 1;
    }
    fp_copy(scratch, a, f);
    for (size_t i = 1; i < num; i++) { /* scratch[i] = a[0] * .. * a[i] */
        fp_mul(scratch + i * n, scratch + (i - 1) * n, a + i * n, f);
    }
    if (!fp_inv(inv, scratch + (num - 1) * n, f)) {
        return 0;
    }
    for (size_t i = num - 1; i > 0; i--) { /* inv = 1 / (a[0] * .. * a[i]) */
        fp_mul(t, inv, scratch + (i - 1) * n, f);
        fp_mul(inv, inv, a + i * n, f);
        fp_copy(a + i * n, t, f);
    }
    fp_copy(a, inv, f);
    return 1;
}

int fp_jacobi(const uint64_t *a, const struct fp *f)
{
    fp_el t;
    fp_el unit;
    mpz_t x;
    mpz_t p;
    memset(unit, 0, f->n * 8);
    unit[0] = 1;
    fp_mul(t, a, unit, f);
    mpz_roinit_n(x, t, (mp_size_t)f->n);
    mpz_roinit_n(p, f->p, (mp_size_t)f->n);
    return mpz_jacobi(x, p);
}
