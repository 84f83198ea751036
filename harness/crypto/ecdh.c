/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* ECDH on P-256, P-384 and P-521 with OpenSSL's EC_POINT arithmetic. */
#include "harness/crypto/ecdh.h"

#include "harness/base/mem.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <string.h>

#define MAX_DRAWS 100

/* ECC Curve registry (RFC 6267, 6.1.4): L = ceil(m/8); nid 0 = no arithmetic.
 * The order of each curve with arithmetic is as long as its field. */
static const struct {
    uint8_t octets;
    int nid;
} registry[] = {
    [1] = {24, 0},
    [2] = {21, 0},
    [3] = {21, 0},
    [4] = {21, 0},
    [5] = {28, 0},
    [6] = {30, 0},
    [7] = {30, 0},
    [9] = {36, 0},
    [10] = {36, 0},
    [12] = {52, 0},
    [13] = {52, 0},
    [15] = {72, 0},
    [16] = {72, 0},
    [ECDH_P256] = {32, NID_X9_62_prime256v1},
    [ECDH_P384] = {48, NID_secp384r1},
    [ECDH_P521] = {66, NID_secp521r1},
};

size_t ecdh_field_octets(uint8_t curve)
{
    return curve < sizeof registry / sizeof *registry ? registry[curve].octets
                                                      : 0;
}

int ecdh_supported(uint8_t curve)
{
    return curve < sizeof registry / sizeof *registry &&
           registry[curve].nid != 0;
}

/* What one operation on a curve needs. */
struct work {
    EC_GROUP *group;
    BN_CTX *bn;
    BIGNUM *scalar;
    EC_POINT *point;
    EC_POINT *peer;
};

static void work_cleanup(struct work *w)
{
    EC_POINT_clear_free(w->peer);
    EC_POINT_clear_free(w->point);
    BN_clear_free(w->scalar);
    BN_CTX_free(w->bn);
    EC_GROUP_free(w->group);
    ERR_clear_error();
}

static enum status work_init(struct work *w, uint8_t curve)
{
    *w = (struct work){0};
    if (!ecdh_supported(curve)) {
        return STATUS_UNSUPPORTED;
    }
    w->group = EC_GROUP_new_by_curve_name(registry[curve].nid);
    w->bn = BN_CTX_new();
    w->scalar = BN_secure_new();
    if (w->group != NULL) {
        w->point = EC_POINT_new(w->group);
        w->peer = EC_POINT_new(w->group);
    }
    if (w->bn == NULL || w->scalar == NULL || w->point == NULL ||
        w->peer == NULL) {
        work_cleanup(w);
        return STATUS_NO_MEMORY;
    }
    BN_set_flags(w->scalar, BN_FLG_CONSTTIME);
    return STATUS_OK;
}

/* w->scalar = octets; STATUS_BAD_VALUE unless 1 <= scalar < n. */
static enum status work_scalar(struct work *w, const uint8_t *octets,
                               size_t len)
{
    if (BN_bin2bn(octets, (int)len, w->scalar) == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (BN_is_zero(w->scalar) ||
        BN_cmp(w->scalar, EC_GROUP_get0_order(w->group)) >= 0) {
        return STATUS_BAD_VALUE;
    }
    return STATUS_OK;
}

/* Writes p in the given form; the point at infinity has none here. */
static enum status work_encode(const struct work *w, struct ecdh_point *out,
                               uint8_t curve, const EC_POINT *p)
{
    struct ecdh_point r = {.curve = curve};
    if (EC_POINT_is_at_infinity(w->group, p)) {
        return STATUS_BAD_VALUE;
    }
    r.len = EC_POINT_point2oct(w->group, p, POINT_CONVERSION_UNCOMPRESSED,
                               r.octets, sizeof r.octets, w->bn);
    if (r.len != 1 + 2 * ecdh_field_octets(curve)) {
        return STATUS_INTERNAL;
    }
    *out = r;
    return STATUS_OK;
}

/* Reads SEC1 octets into w->peer. Forms 04 (whole length) and 02, 03; the
 * hybrid forms 06, 07 and the infinity 00 are refused (AMB-08, AMB-11).
 * Coordinate range and curve equation are checked by EC_POINT_oct2point. */
static enum status work_peer(struct work *w, uint8_t curve, struct view sec1)
{
    size_t l = ecdh_field_octets(curve);
    if (sec1.len == 0) {
        return STATUS_BAD_VALUE;
    }
    int whole = sec1.data[0] == 0x04 && sec1.len == 1 + 2 * l;
    int half =
        (sec1.data[0] == 0x02 || sec1.data[0] == 0x03) && sec1.len == 1 + l;
    if (!whole && !half) {
        return STATUS_BAD_VALUE;
    }
    if (EC_POINT_oct2point(w->group, w->peer, sec1.data, sec1.len, w->bn) !=
            1 ||
        EC_POINT_is_at_infinity(w->group, w->peer) ||
        EC_POINT_is_on_curve(w->group, w->peer, w->bn) != 1) {
        return STATUS_BAD_VALUE;
    }
    return STATUS_OK;
}

enum status ecdh_from_scalar(struct ecdh_key *out, uint8_t curve,
                             struct view scalar)
{
    struct ecdh_key key = {.scalar_len = scalar.len};
    struct work w;
    enum status s = work_init(&w, curve);
    if (s != STATUS_OK) {
        return s;
    }
    if (scalar.len != ecdh_field_octets(curve)) {
        s = STATUS_BAD_VALUE;
        goto out;
    }
    memcpy(key.scalar, scalar.data, scalar.len);
    s = work_scalar(&w, scalar.data, scalar.len);
    if (s != STATUS_OK) {
        goto out;
    }
    /* pub = [scalar]G */
    if (EC_POINT_mul(w.group, w.point, w.scalar, NULL, NULL, w.bn) != 1) {
        s = STATUS_INTERNAL;
        goto out;
    }
    s = work_encode(&w, &key.pub, curve, w.point);
    if (s == STATUS_OK) {
        *out = key;
    }
out:
    mem_wipe(&key, sizeof key);
    work_cleanup(&w);
    return s;
}

enum status ecdh_generate(struct ecdh_key *out, uint8_t curve, struct env *env)
{
    uint8_t scalar[ECDH_MAX_SCALAR];
    size_t len = ecdh_field_octets(curve);
    enum status s = STATUS_BAD_VALUE;
    if (!ecdh_supported(curve)) {
        return STATUS_UNSUPPORTED;
    }
    /* Draw again while the octets are not in 1..n-1: no bias. */
    for (int i = 0; i < MAX_DRAWS && s == STATUS_BAD_VALUE; i++) {
        s = env_random(env, scalar, len);
        if (s != STATUS_OK) {
            break;
        }
        if (curve == ECDH_P521) {
            scalar[0] &= 0x01; /* 521 = 65 * 8 + 1 bits */
        }
        s = ecdh_from_scalar(out, curve, (struct view){scalar, len});
    }
    mem_wipe(scalar, sizeof scalar);
    /* A source that gives nothing usable a hundred times is broken. */
    return s == STATUS_BAD_VALUE ? STATUS_IO : s;
}

void ecdh_key_wipe(struct ecdh_key *key)
{
    mem_wipe(key, sizeof *key);
}

enum status ecdh_point_check(struct ecdh_point *out, uint8_t curve,
                             struct view sec1)
{
    struct ecdh_point p;
    struct work w;
    enum status s = work_init(&w, curve);
    if (s != STATUS_OK) {
        return s;
    }
    s = work_peer(&w, curve, sec1);
    if (s == STATUS_OK) {
        s = work_encode(&w, &p, curve, w.peer);
    }
    if (s == STATUS_OK && out != NULL) {
        *out = p;
    }
    work_cleanup(&w);
    return s;
}

enum status ecdh_shared(struct ecdh_point *out, const struct ecdh_key *key,
                        struct view peer)
{
    uint8_t curve = key->pub.curve;
    struct work w;
    enum status s = work_init(&w, curve);
    if (s != STATUS_OK) {
        return s;
    }
    s = work_scalar(&w, key->scalar, key->scalar_len);
    if (s == STATUS_OK) {
        s = work_peer(&w, curve, peer);
    }
    if (s == STATUS_OK &&
        EC_POINT_mul(w.group, w.point, NULL, w.peer, w.scalar, w.bn) != 1) {
        s = STATUS_INTERNAL;
    }
    if (s == STATUS_OK) {
        s = work_encode(&w, out, curve, w.point);
    }
    work_cleanup(&w);
    return s;
}

enum status ecdh_compress(struct ecdh_point *out, const struct ecdh_point *in)
{
    size_t l = ecdh_field_octets(in->curve);
    struct ecdh_point r = {.curve = in->curve, .len = 1 + l};
    if (l == 0 || in->len != 1 + 2 * l || in->octets[0] != 0x04) {
        return STATUS_BAD_VALUE;
    }
    /* 02 for an even y, 03 for an odd one (SEC 1, 2.3.3; prime fields). */
    if (!ecdh_supported(in->curve)) {
        return STATUS_UNSUPPORTED;
    }
    r.octets[0] = 0x02 | (in->octets[2 * l] & 0x01);
    memcpy(r.octets + 1, in->octets + 1, l);
    *out = r;
    return STATUS_OK;
}
