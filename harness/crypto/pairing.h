/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The modified Tate pairing e'(A, B) = Tate(A, phi(B)) of RFC 5091, 4.5, on
 * y^2 = x^3 + 1, embedding degree 2. */
#ifndef HARNESS_CRYPTO_PAIRING_H
#define HARNESS_CRYPTO_PAIRING_H

#include "harness/crypto/ec.h"

/* F_p^2 = F_p[i] / (i^2 + 1): re + im*i */
struct fp2 {
    fp_el re, im;
};

/* What the pairing needs besides the field: immutable after pairing_init. */
struct pairing {
    const struct fp *f;
    struct solinas q;
    uint64_t cofactor[FP_MAX_LIMBS]; /* (p+1)/q = 12r */
    size_t cofactor_limbs;
    fp_el third;       /* 1/3 */
    fp_el third_root3; /* 1/(3 sqrt 3), sqrt 3 = 3^((p+1)/4) */
};

/* pairing_init takes the field, q in Solinas form and the cofactor. */
void pairing_init(struct pairing *pr, const struct fp *f,
                  const struct solinas *q, const uint64_t *cofactor,
                  size_t cofactor_limbs);

/* The image of a point under sqrt(-3): x in F_p, y = i*im. */
struct pairing_image {
    fp_el x, im;
};

/* pairing_image returns 0 if x = 0 (a point of order 3). */
int pairing_image_of(struct pairing_image *out, const struct ec_point *b,
                     const struct pairing *pr);

/* pairing_compute gives e'(A, B) for A, B of order q. */
int pairing_compute(struct fp2 *out, const struct ec_point *a,
                    const struct ec_point *b, const struct pairing *pr);

/* Lines of a fixed first argument: two field elements for each of the a + 1
 * steps of the loop. pairing_lines_new returns NULL without memory or if A is
 * not of order q; free with pairing_lines_free, which wipes. */
struct pairing_lines;
struct pairing_lines *pairing_lines_new(const struct ec_point *a,
                                        const struct pairing *pr);
void pairing_lines_free(struct pairing_lines *lines);

/* pairing_fixed gives the same value as pairing_compute(A, B). */
int pairing_fixed(struct fp2 *out, const struct pairing_lines *lines,
                  const struct ec_point *b, const struct pairing *pr);

/* pairing_power gives r = g^e for g of norm 1, im_inv = 1/g.im, by a Lucas
 * ladder: one product and one square per bit, whatever the bits. r may be g. */
void pairing_power(struct fp2 *r, const struct fp2 *g, const uint64_t *im_inv,
                   const uint64_t *e, size_t bits, const struct fp *f);

int fp2_equal(const struct fp2 *a, const struct fp2 *b, const struct fp *f);

#endif
