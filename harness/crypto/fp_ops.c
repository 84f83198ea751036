/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The products of F_p: the portable implementation on GMP's limbs, and the one
 * place where an implementation is chosen. */
#include "harness/crypto/fp_int.h"

#include <gmp.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* r = t/R mod p for t < p*R (t of 2n limbs is destroyed), R = 2^(64 n):
 * for each limb add m*p with m = -t_i/p mod 2^64, which clears that limb. */
static void redc(uint64_t *r, uint64_t *t, const struct fp *f)
{
    mp_size_t n = (mp_size_t)f->n;
    for (size_t i = 0; i < f->n; i++) {
        /* the carry of row i belongs to limb i+n; it is kept in limb i, which
         * is zero now, and added below */
        t[i] = mpn_addmul_1(t + i, f->p, n, t[i] * f->n0);
    }
    mp_limb_t carry = mpn_add_n(t, t, t + n, n);
    mp_limb_t borrow = mpn_sub_n(r, t, f->p, n);
    mpn_cnd_add_n(borrow & (carry ^ 1), r, r, f->p, n);
}

static void mul_gmp(uint64_t *r, const uint64_t *a, const uint64_t *b,
                    const struct fp *f)
{
    mp_limb_t t[2 * FP_MAX_LIMBS];
    mpn_mul_n(t, a, b, (mp_size_t)f->n);
    redc(r, t, f);
}

static void sqr_gmp(uint64_t *r, const uint64_t *a, const struct fp *f)
{
    mp_limb_t t[2 * FP_MAX_LIMBS];
    mpn_sqr(t, a, (mp_size_t)f->n);
    redc(r, t, f);
}

static void add_gmp(uint64_t *r, const uint64_t *a, const uint64_t *b,
                    const struct fp *f)
{
    mp_size_t n = (mp_size_t)f->n;
    mp_limb_t carry = mpn_add_n(r, a, b, n);
    mp_limb_t borrow = mpn_sub_n(r, r, f->p, n);
    mpn_cnd_add_n(borrow & (carry ^ 1), r, r, f->p, n);
}

static void sub_gmp(uint64_t *r, const uint64_t *a, const uint64_t *b,
                    const struct fp *f)
{
    mp_size_t n = (mp_size_t)f->n;
    mpn_cnd_add_n(mpn_sub_n(r, a, b, n), r, r, f->p, n);
}

static const struct fp_ops ops_gmp = {"gmp",   0,       mul_gmp,
                                      sqr_gmp, add_gmp, sub_gmp};

#if defined(__x86_64__)
static int cpu_has_adx(void)
{
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    const unsigned need = 1u << 8 | 1u << 19; /* BMI2 (mulx), ADX */
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & need) == need;
}
#else
static int cpu_has_adx(void)
{
    return 0;
}
#endif

/* Fastest first. */
const struct fp_ops *fp_ops_nth(size_t n, size_t i)
{
    if (cpu_has_adx()) {
        for (const struct fp_ops *const *o = fp_ops_adx; *o != NULL; o++) {
            if ((*o)->limbs == n && i-- == 0) {
                return *o;
            }
        }
    }
    return i == 0 ? &ops_gmp : NULL;
}

const struct fp_ops *fp_ops_choose(size_t n)
{
    return fp_ops_nth(n, 0);
}
