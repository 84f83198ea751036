/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Distinguished encoding rules: elements and integers. */
#include "harness/crypto/der.h"

int der_read(struct rd *r, struct view *out, uint8_t tag)
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

int der_read_int(struct rd *r, struct der_int *out)
{
    struct view v;
    if (!der_read(r, &v, DER_INTEGER) || v.len == 0) {
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

int der_read_u64(struct rd *r, uint64_t *out)
{
    struct der_int v;
    if (!der_read_int(r, &v) || v.negative || v.mag.len > 8) {
        return 0;
    }
    *out = 0;
    for (size_t i = 0; i < v.mag.len; i++) {
        *out = *out << 8 | v.mag.data[i];
    }
    return 1;
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

void der_put(struct wr *out, uint8_t tag, struct view v)
{
    put_head(out, tag, v.len);
    wr_bytes(out, v.data, v.len);
}

void der_put_block(struct wr *out, uint8_t tag, const struct wr *body)
{
    if (body->err != STATUS_OK) {
        out->err = out->err != STATUS_OK ? out->err : body->err;
        return;
    }
    der_put(out, tag, (struct view){body->data, body->len});
}

void der_put_uint(struct wr *out, const uint8_t *data, size_t len)
{
    while (len > 1 && data[0] == 0) {
        data++;
        len--;
    }
    int sign = len == 0 || data[0] >= 0x80;
    put_head(out, DER_INTEGER, len + (size_t)sign);
    if (sign) {
        wr_u8(out, 0);
    }
    wr_bytes(out, data, len);
}

void der_put_u64(struct wr *out, uint64_t v)
{
    uint8_t data[8];
    for (size_t i = 0; i < 8; i++) {
        data[i] = (uint8_t)(v >> 8 * (7 - i));
    }
    der_put_uint(out, data, sizeof data);
}
