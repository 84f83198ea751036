/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Fields of a known-answer test, and comparing results with them. */
#include "harness/cli/vectors.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const json_t *vec_get(const json_t *from, const char *path)
{
    while (from != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");
        char key[64];
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        from = json_object_get(from, key);
        path += n;
        path += *path == '.';
    }
    return from;
}

int vec_has(const struct vec *v, const char *path)
{
    return vec_get(v->test, path) != NULL;
}

int vec_is_infinity(const json_t *point)
{
    const char *s = json_string_value(point);
    return s != NULL && strcmp(s, "infinity") == 0;
}

int vec_flag(const struct vec *v, const char *flag)
{
    const json_t *flags = json_object_get(v->test, "flags");
    for (size_t i = 0; i < json_array_size(flags); i++) {
        const char *s = json_string_value(json_array_get(flags, i));
        if (s != NULL && strcmp(s, flag) == 0) {
            return 1;
        }
    }
    return 0;
}

struct wr *vec_buf(struct vec *v)
{
    if (v->num_bufs == VEC_MAX_BUFS) {
        snprintf(v->why, sizeof v->why, "too many fields");
        return NULL;
    }
    struct wr *w = &v->bufs[v->num_bufs++];
    wr_init(w);
    return w;
}

struct view vec_view(const struct wr *w)
{
    return (struct view){w->data, w->len};
}

static int complain(struct vec *v, const char *path, const char *what)
{
    snprintf(v->why, sizeof v->why, "field %s %s", path, what);
    return 0;
}

static int read_hex(struct vec *v, const json_t *from, const char *path,
                    int integer, struct view *out)
{
    const json_t *j = vec_get(from, path);
    const char *text = json_string_value(j);
    if (j == NULL || text == NULL) {
        return complain(v, path, j == NULL ? "is missing" : "is not a string");
    }
    size_t len = json_string_length(j);
    char *padded = mem_printf("%s%s", integer && len % 2 != 0 ? "0" : "", text);
    struct wr *w = vec_buf(v);
    size_t digits = padded != NULL ? strlen(padded) : 0;
    size_t n = 0;
    if (padded != NULL && w != NULL) {
        wr_fill(w, 0, digits / 2);
    }
    if (padded == NULL || w == NULL || w->err != STATUS_OK) {
        mem_free(padded);
        return complain(v, path, "does not fit into memory");
    }
    int ok = hex_decode(w->data, w->len, &n, padded, digits) == STATUS_OK;
    mem_free(padded);
    *out = (struct view){w->data, n};
    return ok ? 1 : complain(v, path, "is not hex");
}

int vec_hex(struct vec *v, const json_t *from, const char *path,
            struct view *out)
{
    return read_hex(v, from, path, 0, out);
}

int vec_int(struct vec *v, const json_t *from, const char *path,
            struct view *out)
{
    return read_hex(v, from, path, 1, out);
}

int vec_number(struct vec *v, const json_t *from, const char *path,
               uint64_t max, uint64_t *out)
{
    const json_t *j = vec_get(from, path);
    if (!json_is_integer(j)) {
        return complain(v, path, j == NULL ? "is missing" : "is no integer");
    }
    json_int_t n = json_integer_value(j);
    if (n < 0 || (uint64_t)n > max) {
        return complain(v, path, "is out of range");
    }
    *out = (uint64_t)n;
    return 1;
}

const char *vec_string(struct vec *v, const json_t *from, const char *path)
{
    const json_t *j = vec_get(from, path);
    if (!json_is_string(j)) {
        complain(v, path, j == NULL ? "is missing" : "is not a string");
        return NULL;
    }
    return json_string_value(j);
}

/* ---- results ---- */

enum vec_outcome vec_wrong(struct vec *v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(v->why, sizeof v->why, fmt, ap);
    va_end(ap);
    return VEC_WRONG;
}

enum vec_outcome vec_bad(struct vec *v, const char *text)
{
    if (v->why[0] == '\0') {
        snprintf(v->why, sizeof v->why, "%s", text);
    }
    return VEC_BAD;
}

enum vec_outcome vec_refused(struct vec *v, const char *reason)
{
    v->reason = reason;
    return VEC_REFUSED;
}

enum vec_outcome vec_status(struct vec *v, enum status s)
{
    if (s == STATUS_OK) {
        return VEC_DONE;
    }
    if (s == STATUS_NO_MEMORY || s == STATUS_NO_SPACE || s == STATUS_IO ||
        s == STATUS_INTERNAL || s == STATUS_MISUSE) {
        snprintf(v->why, sizeof v->why, "%s", status_name(s));
        return VEC_ERROR;
    }
    return vec_refused(v, status_name(s));
}

static struct view without_zeros(struct view v)
{
    while (v.len > 0 && v.data[0] == 0) {
        v.data++;
        v.len--;
    }
    return v;
}

static int equal(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* "out is 0123..., not 4567..." */
static enum vec_outcome differ(struct vec *v, const char *name, struct view got)
{
    char hex[65];
    size_t n = got.len < 32 ? got.len : 32;
    hex_encode(hex, got.data, n);
    return vec_wrong(v, "%s comes out as %s%s (%zu octets)", name, hex,
                     n < got.len ? "..." : "", got.len);
}

enum vec_outcome vec_same(struct vec *v, const char *name, struct view got)
{
    struct view want;
    if (!vec_hex(v, v->test, name, &want)) {
        return VEC_BAD;
    }
    return equal(want, got) ? VEC_DONE : differ(v, name, got);
}

enum vec_outcome vec_same_if(struct vec *v, const char *name, struct view got)
{
    return vec_has(v, name) ? vec_same(v, name, got) : VEC_DONE;
}

enum vec_outcome vec_same_int(struct vec *v, const char *name, struct view got)
{
    struct view want;
    if (!vec_int(v, v->test, name, &want)) {
        return VEC_BAD;
    }
    return equal(without_zeros(want), without_zeros(got))
               ? VEC_DONE
               : differ(v, name, got);
}

enum vec_outcome vec_same_pair(struct vec *v, const char *name,
                               const char *first, const char *second,
                               struct view got)
{
    const char *parts[] = {first, second};
    size_t half = got.len / 2;
    for (size_t i = 0; i < 2; i++) {
        char path[96];
        snprintf(path, sizeof path, "%s.%s", name, parts[i]);
        enum vec_outcome o =
            vec_same_int(v, path, (struct view){got.data + i * half, half});
        if (o != VEC_DONE) {
            return o;
        }
    }
    return VEC_DONE;
}

/* ---- DER ---- */

void vec_der_tlv(struct wr *w, uint8_t tag, struct view content)
{
    wr_u8(w, tag);
    if (content.len < 0x80) {
        wr_u8(w, (uint8_t)content.len);
    } else if (content.len <= 0xff) {
        wr_u8(w, 0x81);
        wr_u8(w, (uint8_t)content.len);
    } else if (content.len <= 0xffff) {
        wr_u8(w, 0x82);
        wr_u16(w, (uint16_t)content.len);
    } else {
        wr_u8(w, 0x84);
        wr_u32(w, (uint32_t)content.len);
    }
    wr_bytes(w, content.data, content.len);
}

void vec_der_int(struct wr *w, struct view magnitude)
{
    struct wr body;
    magnitude = without_zeros(magnitude);
    wr_init(&body);
    if (magnitude.len == 0 || magnitude.data[0] >= 0x80) {
        wr_u8(&body, 0);
    }
    wr_bytes(&body, magnitude.data, magnitude.len);
    if (body.err != STATUS_OK) {
        w->err = body.err;
    } else {
        vec_der_tlv(w, 0x02, vec_view(&body));
    }
    wr_cleanup(&body);
}
