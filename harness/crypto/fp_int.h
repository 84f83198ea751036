/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Implementations of the products of F_p, for fp_ops.c. */
#ifndef HARNESS_CRYPTO_FP_INT_H
#define HARNESS_CRYPTO_FP_INT_H

#include "harness/crypto/fp.h"

/* With mulx, adcx, adox (x86-64 with BMI2 and ADX); ends with NULL, empty on
 * other machines. */
extern const struct fp_ops *const fp_ops_adx[];

#endif
