/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Implementations of the products of F_p, for fp_ops.c. */
#ifndef HARNESS_CRYPTO_FP_INT_H
#define HARNESS_CRYPTO_FP_INT_H

#include "harness/crypto/fp.h"

/* With mulx, adcx, adox (x86-64 with BMI2 and ADX); ends with NULL, empty on
 * other machines. */
extern const struct fp_ops *const fp_ops_adx[];

/* The functions in assembly for n limbs (fp_adx.c, fp_adx_sum.c). */
#define FP_ADX_DECLARE(n)                                                      \
    void fp_mul_adx_##n(uint64_t *r, const uint64_t *a, const uint64_t *b,     \
                        const struct fp *f);                                   \
    void fp_sqr_adx_##n(uint64_t *r, const uint64_t *a, const struct fp *f);   \
    void fp_add_adx_##n(uint64_t *r, const uint64_t *a, const uint64_t *b,     \
                        const struct fp *f);                                   \
    void fp_sub_adx_##n(uint64_t *r, const uint64_t *a, const uint64_t *b,     \
                        const struct fp *f);

#endif
