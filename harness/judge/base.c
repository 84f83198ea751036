/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The arena of the judge, its strings, and views. */
#define _GNU_SOURCE
#include "harness/judge/judge_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct jblock {
    struct jblock *next;
    size_t size; /* of data */
    max_align_t data[];
};

/* Small things share a block, so that a large capture does not drown in block
 * heads; large ones have their own. */
#define SHARED_BLOCK 65536u
#define SMALL 4096u

static struct jblock *block_new(struct judge *j, size_t n)
{
    struct jblock *b = mem_alloc(sizeof *b + n);
    if (b == NULL) {
        j->err = STATUS_NO_MEMORY;
        return NULL;
    }
    b->size = n;
    return b;
}

/* The block that small things share is always the first. */
static int shared_new(struct judge *j)
{
    struct jblock *b = block_new(j, SHARED_BLOCK);
    if (b == NULL) {
        return 0;
    }
    b->next = j->blocks;
    j->blocks = b;
    j->room = SHARED_BLOCK;
    return 1;
}

void *j_alloc(struct judge *j, size_t n)
{
    const size_t align = _Alignof(max_align_t);
    if (n > SIZE_MAX - SHARED_BLOCK) {
        j->err = STATUS_NO_MEMORY;
        return NULL;
    }
    n = n == 0 ? align : (n + align - 1) / align * align;
    if ((j->blocks == NULL || (n <= SMALL && j->room < n)) && !shared_new(j)) {
        return NULL;
    }
    if (n > SMALL) {
        struct jblock *b = block_new(j, n);
        if (b == NULL) {
            return NULL;
        }
        b->next = j->blocks->next;
        j->blocks->next = b;
        return b->data;
    }
    uint8_t *at = (uint8_t *)j->blocks->data + (SHARED_BLOCK - j->room);
    j->room -= n;
    return at;
}

void j_cleanup(struct judge *j)
{
    while (j->blocks != NULL) {
        struct jblock *b = j->blocks;
        j->blocks = b->next;
        mem_free(b);
    }
}

/* Room is full when the count is 0 or a power of two from 8 on: the old vector
 * is left to the arena. */
void *j_room(struct judge *j, void *vec, size_t num)
{
    if (num != 0 && (num < 8 || (num & (num - 1)) != 0)) {
        return vec;
    }
    size_t cap = num < 8 ? 8 : num * 2;
    void **out = j_alloc(j, cap * sizeof *out);
    if (out != NULL && num != 0) {
        memcpy(out, vec, num * sizeof *out);
    }
    return out;
}

const char *j_strn(struct judge *j, const void *s, size_t len)
{
    if (len == 0) {
        return "";
    }
    char *out = j_alloc(j, len + 1);
    if (out == NULL) {
        return "";
    }
    memcpy(out, s, len);
    return out;
}

const char *j_printf(struct judge *j, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *out = n >= 0 ? j_alloc(j, (size_t)n + 1) : NULL;
    if (out == NULL) {
        return "";
    }
    va_start(ap, fmt);
    vsnprintf(out, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return out;
}

const char *j_hex(struct judge *j, struct view v)
{
    char *out = j_alloc(j, v.len * 2 + 1);
    if (out == NULL) {
        return "";
    }
    hex_encode(out, v.data, v.len);
    return out;
}

const char *j_shown(struct judge *j, struct view v)
{
    char *out = j_alloc(j, v.len * 4 + 1);
    if (out == NULL) {
        return "";
    }
    size_t n = 0;
    for (size_t i = 0; i < v.len; i++) {
        if (v.data[i] >= 0x20 && v.data[i] < 0x7f) {
            out[n++] = (char)v.data[i];
        } else {
            n += (size_t)snprintf(out + n, 5, "\\x%02x", v.data[i]);
        }
    }
    out[n] = '\0';
    return out;
}

struct view j_copy(struct judge *j, struct view v)
{
    uint8_t *p = j_alloc(j, v.len);
    if (p == NULL) {
        return (struct view){0};
    }
    if (v.len > 0) {
        memcpy(p, v.data, v.len);
    }
    return (struct view){p, v.len};
}

int view_equal(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

struct view view_of(const char *s)
{
    return (struct view){(const uint8_t *)s, strlen(s)};
}

int view_is(struct view v, const char *s)
{
    return view_equal(v, view_of(s));
}

int64_t view_find(struct view hay, struct view needle)
{
    if (needle.len == 0 || hay.len < needle.len) {
        return -1;
    }
    const void *p = memmem(hay.data, hay.len, needle.data, needle.len);
    return p != NULL ? (const uint8_t *)p - hay.data : -1;
}
