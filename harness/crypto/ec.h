/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The curve E: y^2 = x^3 + 1 over F_p, p = 11 mod 12 (RFC 5091, 2.1): p+1
 * points, supersingular. */
#ifndef HARNESS_CRYPTO_EC_H
#define HARNESS_CRYPTO_EC_H

#include "harness/crypto/fp.h"

#define EC_MAX_SCALAR FP_MAX_LIMBS

/* A finite point (x, y). */
struct ec_point {
    fp_el x, y;
};

/* Jacobian: x = X/Z^2, y = Y/Z^3; Z = 0 is the point at infinity. */
struct ec_jac {
    fp_el x, y, z;
};

/* q = 2^a + s*2^b + c, s and c in {1, -1} (RFC 5091, 3.5.2). */
struct solinas {
    size_t a, b;
    int s, c;
};

/* solinas_from finds a, b, s, c of an integer. Returns 0 if it has no such
 * form. */
int solinas_from(struct solinas *out, const uint64_t *q, size_t n);

int ec_on_curve(const struct ec_point *a, const struct fp *f);
int ec_is_infinity(const struct ec_jac *a, const struct fp *f);
void ec_set(struct ec_jac *r, const struct ec_point *a, const struct fp *f);
void ec_negate(struct ec_point *r, const struct ec_point *a,
               const struct fp *f);

/* ec_affine returns 0 (with *r unchanged) if a is infinity. */
int ec_affine(struct ec_point *r, const struct ec_jac *a, const struct fp *f);
int ec_equal(const struct ec_jac *a, const struct ec_point *b,
             const struct fp *f);

/* Complete: any points, r may be a. */
void ec_double(struct ec_jac *r, const struct ec_jac *a, const struct fp *f);
void ec_add(struct ec_jac *r, const struct ec_jac *a, const struct ec_jac *b,
            const struct fp *f);
void ec_add_affine(struct ec_jac *r, const struct ec_jac *a,
                   const struct ec_point *b, const struct fp *f);

/* ec_mul computes r = [k]a for any point of E; fixed windows of 4 bits. Time
 * depends on k only through its length and its zero windows. */
void ec_mul(struct ec_jac *r, const struct ec_point *a, const uint64_t *k,
            size_t num, const struct fp *f);

/* ec_has_order: [q]a = 0, for q in Solinas form: a doublings, 2 additions. */
int ec_has_order(const struct ec_point *a, const struct solinas *q,
                 const struct fp *f);

/* ec_from_y gives the point (x, y) with x = (y^2-1)^(1/3): the cube root
 * is unique as p = 2 mod 3. */
void ec_from_y(struct ec_point *r, const uint64_t *y, const struct fp *f);

/* Multiples of a fixed point of prime order: the comb of Lim and Lee. */
struct ec_comb {
    size_t spacing;  /* bits of the scalar per tooth */
    uint64_t *table; /* packed x, y of [sum of 2^(spacing i)]P, 63 points */
};

/* ec_comb_init fills *c for scalars of bits bits; a is of prime order of that
 * many bits. Returns 0 without memory. ec_comb_mul computes [k]a. */
int ec_comb_init(struct ec_comb *c, const struct ec_point *a, size_t bits,
                 const struct fp *f);
void ec_comb_free(struct ec_comb *c);
void ec_comb_mul(struct ec_jac *r, const struct ec_comb *c, const uint64_t *k,
                 size_t num, const struct fp *f);

#endif
