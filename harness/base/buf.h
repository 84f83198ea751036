/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Byte reader and writer with a sticky error. All wire octets go through
 * these two; nobody else adds to a pointer. */
#ifndef HARNESS_BASE_BUF_H
#define HARNESS_BASE_BUF_H

#include "harness/base/status.h"

#include <stddef.h>
#include <stdint.h>

/* A view into octets owned by somebody else. */
struct view {
    const uint8_t *data;
    size_t len;
};

/* Reader. After the first failure err and err_pos stay, every further read
 * fails with the same status and moves nothing. */
struct rd {
    const uint8_t *data;
    size_t len;
    size_t pos;
    size_t err_pos;
    enum status err;
};

static inline void rd_init(struct rd *r, const uint8_t *data, size_t len)
{
    *r = (struct rd){.data = data, .len = len};
}

static inline size_t rd_left(const struct rd *r)
{
    return r->len - r->pos;
}

/* rd_fail sets the sticky error at the current position unless one is set;
 * returns the error that stands. */
static inline enum status rd_fail(struct rd *r, enum status err)
{
    if (r->err == STATUS_OK) {
        r->err = err;
        r->err_pos = r->pos;
    }
    return r->err;
}

/* rd_bytes gives a view of the next n octets and advances. Returns STATUS_OK,
 * or STATUS_TRUNCATED with *out unchanged. */
static inline enum status rd_bytes(struct rd *r, struct view *out, size_t n)
{
    if (r->err != STATUS_OK) {
        return r->err;
    }
    if (rd_left(r) < n) {
        return rd_fail(r, STATUS_TRUNCATED);
    }
    out->data = r->data + r->pos;
    out->len = n;
    r->pos += n;
    return STATUS_OK;
}

/* rd_u8, rd_u16, rd_u32, rd_u64 read a big-endian integer. Return STATUS_OK,
 * or STATUS_TRUNCATED with *out unchanged. */
static inline enum status rd_u8(struct rd *r, uint8_t *out)
{
    struct view v;
    enum status s = rd_bytes(r, &v, 1);
    if (s == STATUS_OK) {
        *out = v.data[0];
    }
    return s;
}

static inline enum status rd_u16(struct rd *r, uint16_t *out)
{
    struct view v;
    enum status s = rd_bytes(r, &v, 2);
    if (s == STATUS_OK) {
        *out = (uint16_t)(v.data[0] << 8 | v.data[1]);
    }
    return s;
}

static inline enum status rd_u32(struct rd *r, uint32_t *out)
{
    struct view v;
    enum status s = rd_bytes(r, &v, 4);
    if (s == STATUS_OK) {
        *out = (uint32_t)v.data[0] << 24 | (uint32_t)v.data[1] << 16 |
               (uint32_t)v.data[2] << 8 | v.data[3];
    }
    return s;
}

static inline enum status rd_u64(struct rd *r, uint64_t *out)
{
    uint32_t hi = 0;
    uint32_t lo = 0;
    if (r->err == STATUS_OK && rd_left(r) < 8) {
        return rd_fail(r, STATUS_TRUNCATED);
    }
    enum status s = rd_u32(r, &hi);
    if (s == STATUS_OK) {
        s = rd_u32(r, &lo);
    }
    if (s == STATUS_OK) {
        *out = (uint64_t)hi << 32 | lo;
    }
    return s;
}

/* Writer. Grows on the heap, or writes into the caller's array (wr_init_fixed).
 * After a failure (STATUS_NO_MEMORY, STATUS_NO_SPACE) further writes do
 * nothing; check err at the end. */
struct wr {
    uint8_t *data;
    size_t len;
    size_t cap;
    enum status err;
    int fixed;
};

void wr_init(struct wr *w);
void wr_init_fixed(struct wr *w, uint8_t *data, size_t cap);

/* wr_cleanup wipes and frees what a growing writer holds; a zeroed or fixed
 * writer is left alone. */
void wr_cleanup(struct wr *w);

/* wr_take hands the octets to the caller (mem_free) and empties w. Returns NULL
 * with *out_len 0 if an error stands. Growing writers only. */
uint8_t *wr_take(struct wr *w, size_t *out_len);

void wr_bytes(struct wr *w, const void *data, size_t len);
void wr_fill(struct wr *w, uint8_t octet, size_t count);
void wr_u8(struct wr *w, uint8_t v);
void wr_u16(struct wr *w, uint16_t v);
void wr_u32(struct wr *w, uint32_t v);
void wr_u64(struct wr *w, uint64_t v);
void wr_str(struct wr *w, const char *s); /* without the NUL */
void wr_printf(struct wr *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* wr_open16 reserves a 16-bit length field and returns its position;
 * wr_close16 fills it with the number of octets written since. A block longer
 * than 65,535 octets gives STATUS_BAD_LENGTH. */
size_t wr_open16(struct wr *w);
void wr_close16(struct wr *w, size_t mark);

#endif
