/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The parts of Boneh-Franklin IBE one by one, octets in and out, for files of
 * known answers. Not for use with secrets. */
#ifndef HARNESS_CRYPTO_BF_PRIM_H
#define HARNESS_CRYPTO_BF_PRIM_H

#include "harness/crypto/bf.h"

/* All integers are big-endian octets of any length; hash_oid is dotted, one of
 * the five of RFC 5091. Results of field elements have ceil(lg p / 8) octets.
 * Errors: STATUS_UNSUPPORTED (hash), STATUS_BAD_VALUE (p, q, a coordinate or a
 * point that does not fit), STATUS_NO_SPACE, STATUS_NO_MEMORY. */

/* bf_prim_hash_to_range appends HashToRange(s, n) (RFC 5091, 4.1.1), as long
 * as n without leading zero octets. n has at most 7680 bits. */
enum status bf_prim_hash_to_range(struct wr *out, const char *hash_oid,
                                  struct view s, struct view n);

/* bf_prim_hash_bytes appends HashBytes(b, seed) (4.2.1). */
enum status bf_prim_hash_bytes(struct wr *out, const char *hash_oid, size_t b,
                               struct view seed);

/* bf_prim_canonical appends Canonical(p, 2, order, a + b*i) (4.3). */
enum status bf_prim_canonical(struct wr *out, struct view p, struct view a,
                              struct view b, int order);

struct bf_prim_point { /* views into the caller's octets */
    struct view x, y;
};

/* bf_prim_point_multiply appends x || y of [k]A on y^2 = x^3 + 1 over F_p,
 * nothing if the result is infinity (*infinity = 1). A is any point of the
 * curve. */
enum status bf_prim_point_multiply(struct wr *out, int *infinity, struct view p,
                                   const struct bf_prim_point *a,
                                   struct view k);

/* bf_prim_pairing appends re || im of e'(A, B), A and B of order q. */
enum status bf_prim_pairing(struct wr *out, struct view p, struct view q,
                            const struct bf_prim_point *a,
                            const struct bf_prim_point *b);

/* bf_prim_identity appends y = HashToRange(id, p), then x || y of Q_id: three
 * field elements. */
enum status bf_prim_identity(struct wr *out, const struct bf_params *bp,
                             struct view id);

/* bf_prim_encrypt is bf_encrypt_rho and appends to steps what was computed on
 * the way: t, l (as long as q), theta (re || im), thetaL (re || im), w. */
enum status bf_prim_encrypt(struct wr *out, struct wr *steps,
                            const struct bf_id *id, struct view rho,
                            struct view msg);

/* bf_prim_key_verify decodes a DER BFPrivateKeyBlock and checks that it is the
 * key of id: BF_REASON_NONE, why it does not decode, or BF_REASON_MISMATCH. */
enum bf_reason bf_prim_key_verify(const struct bf_params *bp,
                                  const uint8_t *der, size_t len,
                                  struct view id);

#endif
