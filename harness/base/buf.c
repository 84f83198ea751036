/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Byte writer. */
#include "harness/base/buf.h"

#include "harness/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void wr_init(struct wr *w)
{
    *w = (struct wr){0};
}

void wr_init_fixed(struct wr *w, uint8_t *data, size_t cap)
{
    *w = (struct wr){.data = data, .cap = cap, .fixed = 1};
}

void wr_cleanup(struct wr *w)
{
    if (!w->fixed && w->data != NULL) {
        mem_wipe(w->data, w->cap);
        mem_free(w->data);
    }
    *w = (struct wr){0};
}

uint8_t *wr_take(struct wr *w, size_t *out_len)
{
    uint8_t *p = NULL;
    *out_len = 0;
    if (w->err == STATUS_OK && !w->fixed) {
        p = w->data != NULL ? w->data : mem_alloc(1);
        *out_len = w->len;
        *w = (struct wr){0};
    } else {
        wr_cleanup(w);
    }
    return p;
}

/* Room for n more octets and a NUL that is not counted, so that text writers
 * can be printed. */
static int wr_reserve(struct wr *w, size_t n)
{
    if (w->err != STATUS_OK) {
        return 0;
    }
    if (w->fixed) {
        if (w->cap - w->len < n) {
            w->err = STATUS_NO_SPACE;
        }
        return w->err == STATUS_OK;
    }
    if (w->cap - w->len > n) {
        return 1;
    }
    size_t cap = w->cap < 128 ? 128 : w->cap;
    while (cap - w->len <= n) {
        if (cap > SIZE_MAX / 2) {
            w->err = STATUS_NO_MEMORY;
            return 0;
        }
        cap *= 2;
    }
    uint8_t *p = mem_resize(w->data, cap);
    if (p == NULL) {
        w->err = STATUS_NO_MEMORY;
        return 0;
    }
    w->data = p;
    w->cap = cap;
    return 1;
}

void wr_bytes(struct wr *w, const void *data, size_t len)
{
    if (wr_reserve(w, len)) {
        if (len != 0) {
            memcpy(w->data + w->len, data, len);
        }
        w->len += len;
        if (!w->fixed) {
            w->data[w->len] = 0;
        }
    }
}

void wr_fill(struct wr *w, uint8_t octet, size_t count)
{
    if (wr_reserve(w, count)) {
        memset(w->data + w->len, octet, count);
        w->len += count;
        if (!w->fixed) {
            w->data[w->len] = 0;
        }
    }
}

void wr_u8(struct wr *w, uint8_t v)
{
    wr_bytes(w, &v, 1);
}

void wr_u16(struct wr *w, uint16_t v)
{
    const uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    wr_bytes(w, b, sizeof b);
}

void wr_u32(struct wr *w, uint32_t v)
{
    const uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16),
                          (uint8_t)(v >> 8), (uint8_t)v};
    wr_bytes(w, b, sizeof b);
}

void wr_u64(struct wr *w, uint64_t v)
{
    wr_u32(w, (uint32_t)(v >> 32));
    wr_u32(w, (uint32_t)v);
}

void wr_str(struct wr *w, const char *s)
{
    wr_bytes(w, s, strlen(s));
}

void wr_printf(struct wr *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = NULL;
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || (s = mem_alloc((size_t)n + 1)) == NULL) {
        w->err = w->err == STATUS_OK ? STATUS_NO_MEMORY : w->err;
        return;
    }
    va_start(ap, fmt);
    vsnprintf(s, (size_t)n + 1, fmt, ap);
    va_end(ap);
    wr_bytes(w, s, (size_t)n);
    mem_free(s);
}

size_t wr_open16(struct wr *w)
{
    size_t mark = w->len;
    wr_u16(w, 0);
    return mark;
}

void wr_close16(struct wr *w, size_t mark)
{
    if (w->err != STATUS_OK) {
        return;
    }
    size_t n = w->len - mark - 2;
    if (n > 0xffff) {
        w->err = STATUS_BAD_LENGTH;
        return;
    }
    w->data[mark] = (uint8_t)(n >> 8);
    w->data[mark + 1] = (uint8_t)n;
}
