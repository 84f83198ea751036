/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the files of Boneh-Franklin IBE share. */
#ifndef HARNESS_CRYPTO_BF_INT_H
#define HARNESS_CRYPTO_BF_INT_H

#include "harness/crypto/bf.h"
#include "harness/crypto/der.h"
#include "harness/crypto/ec.h"
#include "harness/crypto/fp.h"
#include "harness/crypto/pairing.h"

#include <openssl/evp.h>

#define BF_Q_LIMBS 8 /* q of at most 512 bits */

/* One row of the table of RFC 5091, 5.1.2. */
struct bf_level {
    unsigned n; /* input of setup */
    size_t p_bits, q_bits;
    const char *hash; /* OpenSSL's name */
    size_t hash_octets;
    const char *hash_oid; /* dotted */
    struct view hash_der; /* contents of the OBJECT IDENTIFIER */
};
const struct bf_level *bf_level_of_n(unsigned n);
const struct bf_level *bf_level_of_oid(struct view contents);
const struct bf_level *bf_level_of_dotted(const char *oid);

struct bf_params {
    struct fp f;
    struct pairing pr;
    const struct bf_level *hash; /* row whose hash this is */
    EVP_MD *md;
    uint64_t q[BF_Q_LIMBS];
    size_t q_limbs, q_bits;
    struct ec_point gen, pub; /* P, P_pub */
    struct ec_comb gen_comb;  /* multiples of P */
    struct pairing_lines *pub_lines;
};

struct bf_key {
    const struct bf_params *bp;
    struct ec_point s; /* S_id */
    struct pairing_lines *lines;
};

struct bf_id {
    const struct bf_params *bp;
    struct ec_point q; /* Q_id */
    struct fp2 theta;  /* e'(P_pub, Q_id) */
    fp_el im_inv;      /* 1/theta.im */
};

/* Hashing with one context; bad is sticky (no memory). */
struct bf_hasher {
    EVP_MD_CTX *ctx;
    const EVP_MD *md;
    size_t len;
    int bad;
};
void bf_hasher_init(struct bf_hasher *h, const EVP_MD *md, size_t len);
int bf_hasher_done(struct bf_hasher *h); /* frees; 0 if something failed */
void bf_hash(struct bf_hasher *h, uint8_t *out, const struct view *parts,
             size_t num);

/* bf_hash_to_range computes HashToRange(parts, n) (RFC 5091, 4.1.1) into out, n
 * and out of num limbs. bf_hash_bytes_xor XORs HashBytes(len, seed) (4.2.1) to
 * data. */
void bf_hash_to_range(struct bf_hasher *h, uint64_t *out,
                      const struct view *parts, size_t num_parts,
                      const uint64_t *n, size_t num);
void bf_hash_bytes_xor(struct bf_hasher *h, uint8_t *data, size_t len,
                       struct view seed);

/* bf_hash_to_point computes Q_id (4.4.2). Returns 0 if it is infinity or the
 * hasher went bad. */
int bf_hash_to_point(struct ec_point *out, struct bf_hasher *h, struct view id,
                     const struct bf_params *bp);

/* bf_canonical writes Canonical(v) (4.3), 2 * f->octets: re || im for order 0,
 * im || re for 1. */
void bf_canonical(uint8_t *out, const struct fp2 *v, int order,
                  const struct fp *f);

struct bf_raw_point {
    struct der_int x, y;
    int infinity; /* an empty SEQUENCE, which some write for it */
};
/* Strict DER (X.690, 10, 11) of the structures of RFC 5091, 8: no curve checks.
 * All return BF_REASON_NONE, _DER or _VERSION. */
struct bf_raw_params {
    struct der_int p, q;
    struct bf_raw_point gen, pub;
    struct view curve, hash; /* contents of OIDs */
};
enum bf_reason bf_der_params(struct bf_raw_params *out, const uint8_t *der,
                             size_t len);
enum bf_reason bf_der_key(struct bf_raw_point *out, const uint8_t *der,
                          size_t len);
struct bf_raw_ciphertext {
    struct bf_raw_point u;
    struct view v, w;
};
enum bf_reason bf_der_ciphertext(struct bf_raw_ciphertext *out,
                                 const uint8_t *der, size_t len);
extern const struct view bf_oid_type1curve;

/* bf_der_point appends an FpPoint. */
void bf_der_point(struct wr *out, const struct ec_point *a, const struct fp *f);

/* bf_point_read: finite, coordinates in range, on the curve; the order is
 * checked by the caller. */
enum bf_reason bf_point_read(struct ec_point *out,
                             const struct bf_raw_point *raw,
                             const struct fp *f);

/* bf_params_build makes parameters from raw values after all checks. */
struct bf_params *bf_params_build(const struct bf_raw_params *raw,
                                  int allow_toy, enum bf_reason *reason);

/* What encryption computes on the way, for known answers. */
struct bf_trace {
    uint64_t l[BF_Q_LIMBS];
    struct fp2 theta_l;
    uint8_t t[BF_MAX_HASH_OCTETS]; /* H(m) */
    uint8_t w[BF_MAX_HASH_OCTETS];
};
enum status bf_encrypt_traced(const struct bf_id *id, struct view rho,
                              struct view msg, struct wr *out,
                              struct bf_trace *trace);

/* bf_burn_stack overwrites the stack below the caller, where the arithmetic has
 * left values that depend on secrets. */
void bf_burn_stack(void);

#endif
