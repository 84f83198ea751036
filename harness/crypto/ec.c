/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Point arithmetic on y^2 = x^3 + 1 in Jacobian coordinates (RFC 5091, 3.3,
 * with its errata). */
#include "harness/crypto/ec.h"

#include "harness/base/mem.h"

#include <string.h>

/* o = 2^k + s for s = +1 or -1: gives k, or 0 */
static size_t power_beside(const uint64_t *o, size_t n, int s)
{
    uint64_t v[FP_MAX_LIMBS];
    memcpy(v, o, n * 8); /* odd, so adding or taking 1 stays in limb 0 .. */
    if (s > 0) {
        v[0] -= 1;
    } else {
        for (size_t i = 0; i < n && ++v[i] == 0; i++) { /* .. or carries */
        }
    }
    size_t bits = limbs_bits(v, n);
    size_t ones = 0;
    for (size_t i = 0; i < n; i++) {
        ones += (size_t)__builtin_popcountll(v[i]);
    }
    return ones == 1 ? bits - 1 : 0;
}

int solinas_from(struct solinas *out, const uint64_t *q, size_t n)
{
    if (n == 0 || n > FP_MAX_LIMBS - 1 || (q[0] & 1) == 0) {
        return 0;
    }
    for (int c = 1; c >= -1; c -= 2) {
        uint64_t v[FP_MAX_LIMBS] = {0};
        memcpy(v, q, n * 8); /* one limb more than q, for a carry */
        if (c > 0) {
            v[0] -= 1; /* q - c */
        } else {
            for (size_t i = 0; ++v[i] == 0; i++) {
            }
        }
        size_t b = 0;
        while (b < n * 64 && (v[b / 64] >> b % 64 & 1) == 0) {
            b++;
        }
        uint64_t o[FP_MAX_LIMBS] = {0}; /* (q - c) / 2^b, odd */
        for (size_t i = b; i < (n + 1) * 64; i++) {
            o[(i - b) / 64] |= (v[i / 64] >> i % 64 & 1) << (i - b) % 64;
        }
        for (int s = 1; s >= -1; s -= 2) {
            size_t k = power_beside(o, n + 1, s);
            if (k != 0) {
                *out = (struct solinas){.a = k + b, .b = b, .s = s, .c = c};
                return 1;
            }
        }
    }
    return 0;
}

int ec_on_curve(const struct ec_point *a, const struct fp *f)
{
    fp_el l;
    fp_el r;
    fp_sqr(l, a->y, f); /* y^2 */
    fp_sqr(r, a->x, f);
    fp_mul(r, r, a->x, f);
    fp_add(r, r, f->one, f); /* x^3 + 1 */
    return fp_equal(l, r, f);
}

int ec_is_infinity(const struct ec_jac *a, const struct fp *f)
{
    return fp_is_zero(a->z, f);
}

static void set_infinity(struct ec_jac *r, const struct fp *f)
{
    fp_copy(r->x, f->one, f);
    fp_copy(r->y, f->one, f);
    memset(r->z, 0, f->n * 8);
}

static void jac_copy(struct ec_jac *r, const struct ec_jac *a,
                     const struct fp *f)
{
    fp_copy(r->x, a->x, f);
    fp_copy(r->y, a->y, f);
    fp_copy(r->z, a->z, f);
}

void ec_set(struct ec_jac *r, const struct ec_point *a, const struct fp *f)
{
    fp_copy(r->x, a->x, f);
    fp_copy(r->y, a->y, f);
    fp_copy(r->z, f->one, f);
}

void ec_negate(struct ec_point *r, const struct ec_point *a, const struct fp *f)
{
    fp_copy(r->x, a->x, f);
    fp_neg(r->y, a->y, f);
}

int ec_affine(struct ec_point *r, const struct ec_jac *a, const struct fp *f)
{
    fp_el i;
    fp_el i2;
    if (!fp_inv(i, a->z, f)) {
        return 0;
    }
    fp_sqr(i2, i, f);
    fp_mul(r->x, a->x, i2, f); /* x = X/Z^2 */
    fp_mul(i2, i2, i, f);
    fp_mul(r->y, a->y, i2, f); /* y = Y/Z^3 */
    return 1;
}

int ec_equal(const struct ec_jac *a, const struct ec_point *b,
             const struct fp *f)
{
    fp_el z2;
    fp_el t;
    if (ec_is_infinity(a, f)) {
        return 0;
    }
    fp_sqr(z2, a->z, f);
    fp_mul(t, b->x, z2, f); /* x_b Z^2 */
    int same = fp_equal(t, a->x, f);
    fp_mul(z2, z2, a->z, f);
    fp_mul(t, b->y, z2, f); /* y_b Z^3 */
    return same & fp_equal(t, a->y, f);
}

/* 2M + 5S; infinity and points of order 2 give Z = 0 by themselves */
void ec_double(struct ec_jac *r, const struct ec_jac *a, const struct fp *f)
{
    fp_el xx;
    fp_el yy;
    fp_el y4;
    fp_el d;
    fp_el e;
    fp_sqr(xx, a->x, f);    /* X^2 */
    fp_sqr(yy, a->y, f);    /* Y^2 */
    fp_sqr(y4, yy, f);      /* Y^4 */
    fp_add(d, a->x, yy, f); /* */
    fp_sqr(d, d, f);        /* (X + Y^2)^2 */
    fp_sub(d, d, xx, f);    /* */
    fp_sub(d, d, y4, f);    /* 2XY^2 */
    fp_dbl(d, d, f);        /* D = 4XY^2 */
    fp_dbl(e, xx, f);       /* */
    fp_add(e, e, xx, f);    /* E = 3X^2 */
    fp_mul(r->z, a->y, a->z, f);
    fp_dbl(r->z, r->z, f);     /* Z' = 2YZ */
    fp_sqr(r->x, e, f);        /* */
    fp_sub(r->x, r->x, d, f);  /* */
    fp_sub(r->x, r->x, d, f);  /* X' = E^2 - 2D */
    fp_sub(d, d, r->x, f);     /* D - X' */
    fp_mul(r->y, e, d, f);     /* */
    fp_dbl(y4, y4, f);         /* */
    fp_dbl(y4, y4, f);         /* */
    fp_dbl(y4, y4, f);         /* 8Y^4 */
    fp_sub(r->y, r->y, y4, f); /* Y' = E(D - X') - 8Y^4 */
}

/* The part after u1, s1 (of a) and u2, s2 (of b): what both additions share.
 * z is the product of the two Z. r->z is written last. */
static void add_tail(struct ec_jac *r, const struct ec_jac *a, fp_el u1,
                     fp_el s1, fp_el u2, fp_el s2, const uint64_t *z,
                     const struct fp *f)
{
    fp_el hh;
    fp_el v;
    fp_sub(u2, u2, u1, f); /* H = U2 - U1 */
    fp_sub(s2, s2, s1, f); /* R = S2 - S1 */
    if (fp_is_zero(u2, f)) {
        if (fp_is_zero(s2, f)) {
            ec_double(r, a, f); /* RFC 5091, 3.3.2 forgets this case */
        } else {
            set_infinity(r, f);
        }
        return;
    }
    fp_mul(r->z, z, u2, f);    /* Z' = Z1 Z2 H */
    fp_sqr(hh, u2, f);         /* H^2 */
    fp_mul(v, u1, hh, f);      /* V = U1 H^2 */
    fp_mul(hh, hh, u2, f);     /* H^3 */
    fp_sqr(r->x, s2, f);       /* */
    fp_sub(r->x, r->x, hh, f); /* */
    fp_sub(r->x, r->x, v, f);  /* */
    fp_sub(r->x, r->x, v, f);  /* X' = R^2 - H^3 - 2V */
    fp_sub(v, v, r->x, f);     /* */
    fp_mul(v, s2, v, f);       /* */
    fp_mul(hh, s1, hh, f);     /* */
    fp_sub(r->y, v, hh, f);    /* Y' = R(V - X') - S1 H^3 */
}

void ec_add(struct ec_jac *r, const struct ec_jac *a, const struct ec_jac *b,
            const struct fp *f)
{
    fp_el za;
    fp_el zb;
    fp_el u1;
    fp_el s1;
    fp_el u2;
    fp_el s2;
    if (ec_is_infinity(a, f)) {
        jac_copy(r, b, f);
        return;
    }
    if (ec_is_infinity(b, f)) {
        jac_copy(r, a, f);
        return;
    }
    fp_sqr(za, a->z, f);
    fp_sqr(zb, b->z, f);
    fp_mul(u1, a->x, zb, f);   /* U1 = X1 Z2^2 */
    fp_mul(u2, b->x, za, f);   /* U2 = X2 Z1^2 */
    fp_mul(zb, zb, b->z, f);   /* */
    fp_mul(za, za, a->z, f);   /* */
    fp_mul(s1, a->y, zb, f);   /* S1 = Y1 Z2^3 */
    fp_mul(s2, b->y, za, f);   /* S2 = Y2 Z1^3 */
    fp_mul(za, a->z, b->z, f); /* Z1 Z2 */
    add_tail(r, a, u1, s1, u2, s2, za, f);
}

/* 8M + 3S */
void ec_add_affine(struct ec_jac *r, const struct ec_jac *a,
                   const struct ec_point *b, const struct fp *f)
{
    fp_el z;
    fp_el u1;
    fp_el s1;
    fp_el u2;
    fp_el s2;
    if (ec_is_infinity(a, f)) {
        ec_set(r, b, f);
        return;
    }
    fp_copy(u1, a->x, f);
    fp_copy(s1, a->y, f);
    fp_sqr(z, a->z, f);     /* */
    fp_mul(u2, b->x, z, f); /* U2 = X2 Z1^2 */
    fp_mul(z, z, a->z, f);  /* */
    fp_mul(s2, b->y, z, f); /* S2 = Y2 Z1^3 */
    add_tail(r, a, u1, s1, u2, s2, a->z, f);
}

#define MUL_WINDOW 4

void ec_mul(struct ec_jac *r, const struct ec_point *a, const uint64_t *k,
            size_t num, const struct fp *f)
{
    struct ec_jac table[1 << MUL_WINDOW]; /* [i]a */
    struct ec_jac t;
    set_infinity(&t, f);
    ec_set(&table[1], a, f);
    for (size_t i = 2; i < 1u << MUL_WINDOW; i++) {
        ec_add_affine(&table[i], &table[i - 1], a, f);
    }
    size_t windows = (limbs_bits(k, num) + MUL_WINDOW - 1) / MUL_WINDOW;
    for (size_t at = windows * MUL_WINDOW; at > 0;) {
        at -= MUL_WINDOW;
        for (int i = 0; i < MUL_WINDOW; i++) {
            ec_double(&t, &t, f);
        }
        unsigned digit = k[at / 64] >> at % 64 & ((1u << MUL_WINDOW) - 1);
        if (digit != 0) {
            ec_add(&t, &t, &table[digit], f);
        }
    }
    jac_copy(r, &t, f);
}

int ec_has_order(const struct ec_point *a, const struct solinas *q,
                 const struct fp *f)
{
    struct ec_jac t;
    struct ec_point minus;
    ec_negate(&minus, a, f);
    ec_set(&t, a, f);
    for (size_t i = 0; i < q->a - q->b; i++) {
        ec_double(&t, &t, f);
    }
    ec_add_affine(&t, &t, q->s > 0 ? a : &minus, f);
    for (size_t i = 0; i < q->b; i++) {
        ec_double(&t, &t, f);
    }
    /* [2^a + s 2^b]a = -c*a */
    return ec_equal(&t, q->c > 0 ? &minus : a, f);
}

void ec_from_y(struct ec_point *r, const uint64_t *y, const struct fp *f)
{
    uint64_t e[FP_MAX_LIMBS + 1]; /* (2p - 1) / 3 */
    fp_el t;
    uint64_t rest = 0;
    uint64_t carry = 0;
    for (size_t i = 0; i < f->n; i++) {
        e[i] = f->p[i] << 1 | carry;
        carry = f->p[i] >> 63;
    }
    e[f->n] = carry;
    e[0] -= 1; /* no borrow: 2p = 2 mod 4 */
    for (size_t i = f->n + 1; i-- > 0;) {
        unsigned __int128 v = (unsigned __int128)rest << 64 | e[i];
        e[i] = (uint64_t)(v / 3);
        rest = (uint64_t)(v % 3);
    }
    fp_sqr(t, y, f);
    fp_sub(t, t, f->one, f);
    fp_copy(r->y, y, f);
    fp_pow(r->x, t, e, f->n + 1, f); /* x = (y^2 - 1)^((2p-1)/3) */
}
