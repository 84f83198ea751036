/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Strict DER of the structures of RFC 5091, 8. */
#include "harness/crypto/bf_int.h"

#include <string.h>

/* 2.16.840.1.114334.1.1.1.1 */
static const uint8_t oid_type1curve[] = {0x60, 0x86, 0x48, 0x01, 0x86, 0xfd,
                                         0x1e, 0x01, 0x01, 0x01, 0x01};
const struct view bf_oid_type1curve = {oid_type1curve, sizeof oid_type1curve};

static int read_point(struct rd *r, struct bf_raw_point *out)
{
    struct view v;
    struct rd in;
    if (!der_read(r, &v, DER_SEQUENCE)) {
        return 0;
    }
    memset(out, 0, sizeof *out);
    out->infinity = v.len == 0;
    if (out->infinity) {
        return 1;
    }
    rd_init(&in, v.data, v.len);
    return der_read_int(&in, &out->x) && der_read_int(&in, &out->y) &&
           rd_left(&in) == 0;
}

/* SEQUENCE { version INTEGER (2), .. }, nothing after it */
static enum bf_reason open_block(struct rd *in, const uint8_t *der, size_t len)
{
    struct rd r;
    struct view v;
    struct der_int version;
    rd_init(&r, der, len);
    if (!der_read(&r, &v, DER_SEQUENCE) || rd_left(&r) != 0) {
        return BF_REASON_DER;
    }
    rd_init(in, v.data, v.len);
    if (!der_read_int(in, &version)) {
        return BF_REASON_DER;
    }
    if (version.mag.len != 1 || version.mag.data[0] != 2) {
        return BF_REASON_VERSION;
    }
    return BF_REASON_NONE;
}

enum bf_reason bf_der_params(struct bf_raw_params *out, const uint8_t *der,
                             size_t len)
{
    struct rd in;
    enum bf_reason why = open_block(&in, der, len);
    if (why != BF_REASON_NONE) {
        return why;
    }
    if (!der_read(&in, &out->curve, DER_OID) || !der_read_int(&in, &out->p) ||
        !der_read_int(&in, &out->q) || !read_point(&in, &out->gen) ||
        !read_point(&in, &out->pub) || !der_read(&in, &out->hash, DER_OID) ||
        rd_left(&in) != 0) {
        return BF_REASON_DER;
    }
    return BF_REASON_NONE;
}

enum bf_reason bf_der_key(struct bf_raw_point *out, const uint8_t *der,
                          size_t len)
{
    struct rd in;
    enum bf_reason why = open_block(&in, der, len);
    if (why == BF_REASON_NONE && (!read_point(&in, out) || rd_left(&in) != 0)) {
        why = BF_REASON_DER;
    }
    return why;
}

enum bf_reason bf_der_ciphertext(struct bf_raw_ciphertext *out,
                                 const uint8_t *der, size_t len)
{
    struct rd in;
    enum bf_reason why = open_block(&in, der, len);
    if (why == BF_REASON_NONE &&
        (!read_point(&in, &out->u) || !der_read(&in, &out->v, DER_OCTETS) ||
         !der_read(&in, &out->w, DER_OCTETS) || rd_left(&in) != 0)) {
        why = BF_REASON_DER;
    }
    return why;
}

enum status bf_ciphertext_parse(struct bf_ciphertext *out, const uint8_t *der,
                                size_t len)
{
    struct bf_raw_ciphertext c;
    switch (bf_der_ciphertext(&c, der, len)) {
    case BF_REASON_NONE:
        break;
    case BF_REASON_VERSION:
        return STATUS_BAD_VALUE;
    default:
        return STATUS_SYNTAX;
    }
    if (c.u.infinity || c.u.x.negative || c.u.y.negative) {
        return STATUS_BAD_VALUE;
    }
    *out = (struct bf_ciphertext){c.u.x.mag, c.u.y.mag, c.v, c.w};
    return STATUS_OK;
}

void bf_der_point(struct wr *out, const struct ec_point *a, const struct fp *f)
{
    uint8_t v[FP_MAX_OCTETS];
    struct wr body;
    wr_init(&body);
    fp_to_octets(v, a->x, f);
    der_put_uint(&body, v, f->octets);
    fp_to_octets(v, a->y, f);
    der_put_uint(&body, v, f->octets);
    der_put_block(out, DER_SEQUENCE, &body);
    wr_cleanup(&body);
}

enum bf_reason bf_point_read(struct ec_point *out,
                             const struct bf_raw_point *raw, const struct fp *f)
{
    if (raw->infinity) {
        return BF_REASON_INFINITY;
    }
    if (raw->x.negative || raw->y.negative ||
        !fp_from_octets(out->x, raw->x.mag.data, raw->x.mag.len, f) ||
        !fp_from_octets(out->y, raw->y.mag.data, raw->y.mag.len, f)) {
        return BF_REASON_COORDINATE_RANGE;
    }
    return ec_on_curve(out, f) ? BF_REASON_NONE : BF_REASON_NOT_ON_CURVE;
}
