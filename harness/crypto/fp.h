/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Prime field F_p in Montgomery form, p of 65 to 7680 bits. */
#ifndef HARNESS_CRYPTO_FP_H
#define HARNESS_CRYPTO_FP_H

#include <stddef.h>
#include <stdint.h>

#define FP_MAX_LIMBS 120 /* 7680 bits */
#define FP_MAX_OCTETS (FP_MAX_LIMBS * 8)

/* An element a is held as a*R mod p, R = 2^(64 n), least significant limb
 * first, always below p. Only the first n limbs of an fp_el are used; tables
 * are packed with n limbs per element. */
typedef uint64_t fp_el[FP_MAX_LIMBS];

struct fp;
struct fp_count;

/* One implementation of the operations that cost time. r may be a or b. This
 * struct is the seam at which a vector unit comes in: fp_ops_choose() in
 * fp_ops.c is the only place that picks one. */
struct fp_ops {
    const char *name;
    size_t limbs; /* works for this many limbs only; 0 = any number */
    /* r = a*b/R mod p */
    void (*mul)(uint64_t *r, const uint64_t *a, const uint64_t *b,
                const struct fp *f);
    /* r = a^2/R mod p */
    void (*sqr)(uint64_t *r, const uint64_t *a, const struct fp *f);
    /* r = a+b mod p */
    void (*add)(uint64_t *r, const uint64_t *a, const uint64_t *b,
                const struct fp *f);
    /* r = a-b mod p */
    void (*sub)(uint64_t *r, const uint64_t *a, const uint64_t *b,
                const struct fp *f);
};

/* Field constants. Immutable after fp_init, may be shared; the assembly reads
 * the first three members at fixed offsets. */
struct fp {
    fp_el p;
    fp_el not_p; /* R - 1 - p */
    uint64_t n0; /* -1/p mod 2^64 */
    size_t n;    /* limbs */
    const struct fp_ops *ops;
    struct fp_count *count; /* see fp_counting */
    size_t bits;
    size_t octets; /* ceil(bits / 8) */
    fp_el one;     /* R mod p */
    fp_el r2;      /* R^2 mod p */
    fp_el r3;      /* R^3 mod p */
};

/* Products made through a counting field. */
struct fp_count {
    const struct fp_ops *inner;
    unsigned long muls;
    unsigned long sqrs;
};

/* fp_ops_choose gives the fastest implementation for n limbs on this machine.
 * fp_ops_nth gives the i-th implementation that runs for n limbs on this
 * machine, NULL past the last: for tests and measurements. */
const struct fp_ops *fp_ops_choose(size_t n);
const struct fp_ops *fp_ops_nth(size_t n, size_t i);

/* fp_init takes p, big-endian. Returns 0 unless p is odd and has 65 to 7680
 * bits; primality is the caller's business. */
int fp_init(struct fp *f, const uint8_t *p, size_t len);

/* fp_counting makes *f a copy of *from whose products are counted in *count,
 * which is zeroed and must outlive it. */
void fp_counting(struct fp *f, const struct fp *from, struct fp_count *count);

/* fp_from_octets reads a big-endian integer of any length. Returns 0 if it is
 * not in 0..p-1. fp_to_octets writes f->octets octets. */
int fp_from_octets(uint64_t *r, const uint8_t *data, size_t len,
                   const struct fp *f);
void fp_to_octets(uint8_t *out, const uint64_t *a, const struct fp *f);

int fp_is_zero(const uint64_t *a, const struct fp *f);
int fp_equal(const uint64_t *a, const uint64_t *b, const struct fp *f);

void fp_copy(uint64_t *r, const uint64_t *a, const struct fp *f);
void fp_set_small(uint64_t *r, unsigned v, const struct fp *f);
void fp_neg(uint64_t *r, const uint64_t *a, const struct fp *f);
void fp_half(uint64_t *r, const uint64_t *a, const struct fp *f); /* a/2 */

/* fp_cswap exchanges a and b if bit is 1, in constant time. */
void fp_cswap(uint64_t *a, uint64_t *b, uint64_t bit, const struct fp *f);

/* fp_pow computes r = a^e, e of num limbs, least significant first. */
void fp_pow(uint64_t *r, const uint64_t *a, const uint64_t *e, size_t num,
            const struct fp *f);

/* fp_inv computes r = 1/a with GMP's extended Euclid: variable time. Returns 0
 * if a is 0 or has a factor in common with p. */
int fp_inv(uint64_t *r, const uint64_t *a, const struct fp *f);

/* fp_inv_all inverts num packed elements in place with one inversion and
 * 3(num-1) products. scratch holds num elements. Returns 0 if one of them is 0.
 */
int fp_inv_all(uint64_t *a, uint64_t *scratch, size_t num, const struct fp *f);

/* fp_jacobi gives the Legendre symbol (a/p): 1, -1 or 0. */
int fp_jacobi(const uint64_t *a, const struct fp *f);

static inline void fp_mul(uint64_t *r, const uint64_t *a, const uint64_t *b,
                          const struct fp *f)
{
    f->ops->mul(r, a, b, f);
}

static inline void fp_sqr(uint64_t *r, const uint64_t *a, const struct fp *f)
{
    f->ops->sqr(r, a, f);
}

static inline void fp_add(uint64_t *r, const uint64_t *a, const uint64_t *b,
                          const struct fp *f)
{
    f->ops->add(r, a, b, f);
}

static inline void fp_sub(uint64_t *r, const uint64_t *a, const uint64_t *b,
                          const struct fp *f)
{
    f->ops->sub(r, a, b, f);
}

static inline void fp_dbl(uint64_t *r, const uint64_t *a, const struct fp *f)
{
    f->ops->add(r, a, a, f);
}

/* Plain integers, least significant limb first. */
size_t
limbs_from_octets(uint64_t *r, size_t cap, const uint8_t *data,
                  size_t len); /* returns limbs used, cap+1 if too large */
void limbs_to_octets(uint8_t *out, size_t len, const uint64_t *a, size_t n);
size_t limbs_bits(const uint64_t *a, size_t n);

#endif
