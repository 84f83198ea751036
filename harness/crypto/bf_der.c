/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Strict DER of the structures of RFC 5091, 8. */
#include "harness/crypto/bf_int.h"

#include <string.h>

#define TAG_INTEGER 0x02
#define TAG_OCTETS 0x04
#define TAG_OID 0x06
#define TAG_SEQUENCE 0x30

/* 2.16.840.1.114334.1.1.1.1 */
static const uint8_t oid_type1curve[] = {0x60, 0x86, 0x48, 0x01, 0x86, 0xfd,
                                         0x1e, 0x01, 0x01, 0x01, 0x01};
const struct view bf_oid_type1curve = {oid_type1curve, sizeof oid_type1curve};

/* Tag and length: definite, in as few octets as will do. */
static int read_tlv(struct rd *r, struct view *out, uint8_t tag)
{
    uint8_t t = 0;
    uint8_t first = 0;
    if (rd_u8(r, &t) != STATUS_OK || t != tag ||
        rd_u8(r, &first) != STATUS_OK) {
        return 0;
    }
    size_t len = first;
    if (first >= 0x80) {
        size_t count = first & 0x7f;
        len = 0;
        if (count == 0 || count > 4) {
            return 0;
        }
        for (size_t i = 0; i < count; i++) {
            uint8_t o = 0;
            if (rd_u8(r, &o) != STATUS_OK || (i == 0 && o == 0)) {
                return 0;
            }
            len = len << 8 | o;
        }
        if (len < 0x80) {
            return 0;
        }
    }
    return rd_bytes(r, out, len) == STATUS_OK;
}

static int read_int(struct rd *r, struct bf_int *out)
{
    struct view v;
    if (!read_tlv(r, &v, TAG_INTEGER) || v.len == 0) {
        return 0;
    }
    /* the first nine bits are neither all 0 nor all 1 */
    if (v.len > 1 && ((v.data[0] == 0 && v.data[1] < 0x80) ||
                      (v.data[0] == 0xff && v.data[1] >= 0x80))) {
        return 0;
    }
    out->negative = v.data[0] >= 0x80;
    if (v.len > 1 && v.data[0] == 0) {
        v.data++;
        v.len--;
    }
    out->mag = v;
    return 1;
}

static int read_point(struct rd *r, struct bf_raw_point *out)
{
    struct view v;
    struct rd in;
    if (!read_tlv(r, &v, TAG_SEQUENCE)) {
        return 0;
    }
    memset(out, 0, sizeof *out);
    out->infinity = v.len == 0;
    if (out->infinity) {
        return 1;
    }
    rd_init(&in, v.data, v.len);
    return read_int(&in, &out->x) && read_int(&in, &out->y) &&
           rd_left(&in) == 0;
}

/* SEQUENCE { version INTEGER (2), .. }, nothing after it */
static enum bf_reason open_block(struct rd *in, const uint8_t *der, size_t len)
{
    struct rd r;
    struct view v;
    struct bf_int version;
    rd_init(&r, der, len);
    if (!read_tlv(&r, &v, TAG_SEQUENCE) || rd_left(&r) != 0) {
        return BF_REASON_DER;
    }
    rd_init(in, v.data, v.len);
    if (!read_int(in, &version)) {
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
    if (!read_tlv(&in, &out->curve, TAG_OID) || !read_int(&in, &out->p) ||
        !read_int(&in, &out->q) || !read_point(&in, &out->gen) ||
        !read_point(&in, &out->pub) || !read_tlv(&in, &out->hash, TAG_OID) ||
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
        (!read_point(&in, &out->u) || !read_tlv(&in, &out->v, TAG_OCTETS) ||
         !read_tlv(&in, &out->w, TAG_OCTETS) || rd_left(&in) != 0)) {
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

static void put_head(struct wr *out, uint8_t tag, size_t len)
{
    wr_u8(out, tag);
    if (len < 0x80) {
        wr_u8(out, (uint8_t)len);
        return;
    }
    unsigned count = len > 0xffffff ? 4 : len > 0xffff ? 3 : len > 0xff ? 2 : 1;
    wr_u8(out, (uint8_t)(0x80 | count));
    while (count-- > 0) {
        wr_u8(out, (uint8_t)(len >> 8 * count));
    }
}

void bf_der_string(struct wr *out, uint8_t tag, struct view v)
{
    put_head(out, tag, v.len);
    wr_bytes(out, v.data, v.len);
}

void bf_der_wrap(struct wr *out, uint8_t tag, const struct wr *body)
{
    if (body->err != STATUS_OK) {
        out->err = out->err != STATUS_OK ? out->err : body->err;
        return;
    }
    bf_der_string(out, tag, (struct view){body->data, body->len});
}

void bf_der_uint(struct wr *out, const uint8_t *data, size_t len)
{
    while (len > 1 && data[0] == 0) {
        data++;
        len--;
    }
    int sign = len == 0 || data[0] >= 0x80;
    put_head(out, TAG_INTEGER, len + (size_t)sign);
    if (sign) {
        wr_u8(out, 0);
    }
    wr_bytes(out, data, len);
}

void bf_der_point(struct wr *out, const struct ec_point *a, const struct fp *f)
{
    uint8_t v[FP_MAX_OCTETS];
    struct wr body;
    wr_init(&body);
    fp_to_octets(v, a->x, f);
    bf_der_uint(&body, v, f->octets);
    fp_to_octets(v, a->y, f);
    bf_der_uint(&body, v, f->octets);
    bf_der_wrap(out, TAG_SEQUENCE, &body);
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
