/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What `latchkey bench` measures of the cryptography. Nothing here reads a
 * clock: each call does one unit of work, the caller times it. */
#ifndef HARNESS_CRYPTO_CRYPTO_BENCH_H
#define HARNESS_CRYPTO_CRYPTO_BENCH_H

/* Parameters, a key, an identity and a ciphertext for one size of p, made from
 * a fixed seed. Used by one thread at a time. */
struct crypto_bench;

/* crypto_bench_new takes p_bits 512, 1024, 1536, 3840 or 7680 and runs setup:
 * 20 ms, 0.1 s, 0.3 s; the last two take from seconds to minutes. NULL for
 * another size or without memory. Free with crypto_bench_free. */
struct crypto_bench *crypto_bench_new(unsigned p_bits);
void crypto_bench_free(struct crypto_bench *cb);

/* Whose product of two elements of F_p. OURS is what the pairing uses;
 * GMP is mpn_mul_n and a Montgomery
 * reduction with mpn_addmul_1 (what GMP's own redc_1 does); OPENSSL is
 * BN_mod_mul_montgomery. */
enum crypto_bench_product {
    CRYPTO_BENCH_OURS,
    CRYPTO_BENCH_GMP,
    CRYPTO_BENCH_OPENSSL
};

/* crypto_bench_products computes x = x*y n times, each product needing the one
 * before. Divide the time by n: nanoseconds per product. _squares: x = x^2. */
void crypto_bench_products(struct crypto_bench *cb,
                           enum crypto_bench_product which, unsigned long n);
void crypto_bench_squares(struct crypto_bench *cb,
                          enum crypto_bench_product which, unsigned long n);

/* crypto_bench_ops_name says which implementation OURS is: "adx" or "gmp". */
const char *crypto_bench_ops_name(const struct crypto_bench *cb);

/* Products and squares in F_p of one reduced pairing, counted as they are made,
 * final exponent included (not the two inversions, done by Euclid's algorithm,
 * nor the Legendre symbol). Count muls + sqrs against a budget of products. */
struct crypto_bench_count {
    unsigned long muls, sqrs;
};

/* _count_pairing: both arguments new. _count_fixed: first argument with
 * precomputed lines, as in decryption. */
void crypto_bench_count_pairing(struct crypto_bench_count *out,
                                const struct crypto_bench *cb);
void crypto_bench_count_fixed(struct crypto_bench_count *out,
                              const struct crypto_bench *cb);

/* One reduced pairing e'(A, B) each, the two ways. */
void crypto_bench_pairing(struct crypto_bench *cb);
void crypto_bench_pairing_fixed(struct crypto_bench *cb);

/* One bf_encrypt of 208 octets to an identity that is ready, one bf_decrypt of
 * it, one bf_id_new (hash to point and pairing), one bf_extract. Return 1, or 0
 * if the result was wrong. */
int crypto_bench_encrypt(struct crypto_bench *cb);
int crypto_bench_decrypt(struct crypto_bench *cb);
int crypto_bench_identity(struct crypto_bench *cb);
int crypto_bench_extract(struct crypto_bench *cb);

#endif
