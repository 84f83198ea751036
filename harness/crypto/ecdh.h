/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* ECDH on the prime curves of the ECC Curve registry (RFC 6267, 6.1.4). */
#ifndef HARNESS_CRYPTO_ECDH_H
#define HARNESS_CRYPTO_ECDH_H

#include "harness/base/buf.h"
#include "harness/base/env.h"

#define ECDH_MAX_SCALAR 66          /* P-521 */
#define ECDH_MAX_POINT (1 + 2 * 66) /* uncompressed P-521 */

/* Registry values of the curves this program computes on. */
enum ecdh_curve { ECDH_P256 = 8, ECDH_P384 = 11, ECDH_P521 = 14 };

/* ecdh_field_octets gives L = ceil(m/8) of any registry value 1..16, 0 for
 * others (RFC 6267, 6.1.4 table). ecdh_supported: whether arithmetic is
 * available. */
size_t ecdh_field_octets(uint8_t curve);
int ecdh_supported(uint8_t curve);

struct ecdh_point { /* uncompressed 04||X||Y */
    uint8_t octets[ECDH_MAX_POINT];
    size_t len;
    uint8_t curve;
};

struct ecdh_key {
    uint8_t
        scalar[ECDH_MAX_SCALAR]; /* big-endian, as long as the group order */
    size_t scalar_len;
    struct ecdh_point pub;
};

/* ecdh_generate draws a scalar in 1..n-1 from env and computes the point.
 * ecdh_from_scalar takes a big-endian scalar of the exact length. Errors:
 * STATUS_UNSUPPORTED (curve), STATUS_BAD_VALUE (scalar), STATUS_IO. */
enum status ecdh_generate(struct ecdh_key *out, uint8_t curve, struct env *env);
enum status ecdh_from_scalar(struct ecdh_key *out, uint8_t curve,
                             struct view scalar);
void ecdh_key_wipe(struct ecdh_key *key);

/* ecdh_point_check: the SEC1 octets (uncompressed or compressed) are a finite
 * point of the curve. STATUS_BAD_VALUE if not; on success *out (may be NULL) is
 * the uncompressed form. */
enum status ecdh_point_check(struct ecdh_point *out, uint8_t curve,
                             struct view sec1);

/* ecdh_shared computes [scalar]peer as an uncompressed point (the whole point,
 * as RFC 6267, 5.1 converts it). peer may be compressed; it is checked first.
 */
enum status ecdh_shared(struct ecdh_point *out, const struct ecdh_key *key,
                        struct view peer);

/* ecdh_compress writes 02/03||X of an uncompressed point. */
enum status ecdh_compress(struct ecdh_point *out, const struct ecdh_point *in);

#endif
