/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Values of fields: lists, parameters, quoted and escaped text. */
#include "harness/sip/sip_int.h"

#include "harness/base/mem.h"

int sip_is(struct view v, const char *text)
{
    size_t n = strlen(text);
    return v.len == n && (n == 0 || memcmp(v.data, text, n) == 0);
}

int sip_is_nocase(struct view v, const char *text)
{
    for (size_t i = 0; i < v.len; i++) {
        if (text[i] == '\0' || lower(v.data[i]) != lower((uint8_t)text[i])) {
            return 0;
        }
    }
    return text[v.len] == '\0';
}

int sip_same(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int sip_same_nocase(struct view a, struct view b)
{
    if (a.len != b.len) {
        return 0;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) {
            return 0;
        }
    }
    return 1;
}

struct view sip_trim(struct view v)
{
    size_t from = skip_lws(v, 0);
    size_t to = v.len;
    while (to > from && is_lws(v.data[to - 1])) {
        to--;
    }
    return view_sub(v, from, to);
}

struct view sip_text(const char *s)
{
    return (struct view){(const uint8_t *)s, strlen(s)};
}

enum status sip_u32(struct view v, uint32_t *out)
{
    uint64_t n = 0;
    if (!view_all(v, CC_DIGIT)) {
        return STATUS_SYNTAX;
    }
    for (size_t i = 0; i < v.len; i++) {
        n = n * 10 + (v.data[i] - '0');
        if (n > UINT32_MAX) {
            return STATUS_BAD_VALUE;
        }
    }
    *out = (uint32_t)n;
    return STATUS_OK;
}

char *sip_dup(struct view v)
{
    return mem_strndup((const char *)v.data, v.len);
}

size_t quoted_end(struct view v, size_t i)
{
    for (i++; i < v.len; i++) {
        if (v.data[i] == '\\') {
            i++;
        } else if (v.data[i] == '"') {
            return i + 1;
        }
    }
    return v.len + 1;
}

struct view sip_unquoted(struct view v)
{
    if (v.len >= 2 && v.data[0] == '"' && v.data[v.len - 1] == '"') {
        return view_sub(v, 1, v.len - 1);
    }
    return v;
}

char *sip_unquote(struct view v)
{
    struct view in = sip_unquoted(v);
    char *out = sip_dup(in);
    if (out == NULL || in.len == v.len) {
        return out;
    }
    size_t n = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (in.data[i] == '\\' && i + 1 < in.len) {
            i++;
        }
        out[n++] = (char)in.data[i];
    }
    out[n] = '\0';
    return out;
}

static int hex_value(uint8_t c)
{
    if (is_class(c, CC_DIGIT)) {
        return c - '0';
    }
    return is_class(c, CC_HEX) ? lower(c) - 'a' + 10 : -1;
}

char *sip_unescape(struct view v)
{
    char *out = sip_dup(v);
    if (out == NULL) {
        return NULL;
    }
    size_t n = 0;
    for (size_t i = 0; i < v.len; i++) {
        uint8_t c = v.data[i];
        if (c == '%' && i + 2 < v.len && is_class(v.data[i + 1], CC_HEX) &&
            is_class(v.data[i + 2], CC_HEX)) {
            c = (uint8_t)(hex_value(v.data[i + 1]) << 4 |
                          hex_value(v.data[i + 2]));
            i += 2;
        }
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return out;
}

void sip_escape(struct wr *w, struct view v, const char *keep)
{
    for (size_t i = 0; i < v.len; i++) {
        uint8_t c = v.data[i];
        if (is_class(c, CC_UNRESERVED) ||
            (c != '\0' && strchr(keep, (char)c) != NULL)) {
            wr_u8(w, c);
        } else {
            wr_printf(w, "%%%02X", c);
        }
    }
}

/* span finds the first stop at or after i, quoted strings and, if angles is
 * set, < > passed over. */
static size_t span(struct view v, size_t i, uint8_t stop, int angles)
{
    int inside = 0;
    while (i < v.len) {
        uint8_t c = v.data[i];
        if (c == stop && !inside) {
            return i;
        }
        if (c == '"' && !inside) {
            i = quoted_end(v, i) - 1;
            if (i >= v.len) {
                return v.len;
            }
        } else if (c == '<') {
            inside = angles;
        } else if (c == '>') {
            inside = 0;
        }
        i++;
    }
    return v.len;
}

int sip_list_next(struct view *rest, struct view *out)
{
    if (rest->data == NULL) {
        return 0;
    }
    size_t n = span(*rest, 0, ',', 1);
    *out = sip_trim(view_sub(*rest, 0, n));
    if (n == rest->len) {
        *rest = (struct view){0};
    } else {
        *rest = view_tail(*rest, n + 1);
    }
    return 1;
}

int sip_next(struct sip_iter *it, struct view *out)
{
    while (!sip_list_next(&it->rest, out)) {
        while (it->row < it->msg->num_headers &&
               it->msg->headers[it->row].id != it->id) {
            it->row++;
        }
        if (it->row == it->msg->num_headers) {
            return 0;
        }
        it->h = &it->msg->headers[it->row++];
        if (!sip_hdr_is_list(it->id)) {
            *out = it->h->value;
            return 1;
        }
        it->rest = it->h->value;
    }
    return 1;
}

struct view sip_value(const struct sip_msg *msg, enum sip_hdr id, size_t nth)
{
    struct sip_iter it = {.msg = msg, .id = id};
    struct view v;
    while (sip_next(&it, &v)) {
        if (nth-- == 0) {
            return v;
        }
    }
    return (struct view){0};
}

struct view sip_value_name(const struct sip_msg *msg, const char *name,
                           size_t nth)
{
    enum sip_hdr id = sip_hdr_of(sip_text(name));
    if (id != SIP_HDR_OTHER) {
        return sip_value(msg, id, nth);
    }
    const struct sip_header *h = sip_find_name(msg, name, nth);
    return h != NULL ? h->value : (struct view){0};
}

int sip_has_token(const struct sip_msg *msg, enum sip_hdr id, const char *token)
{
    for (size_t i = 0; i < msg->num_headers; i++) {
        if (msg->headers[i].id != id) {
            continue;
        }
        struct view rest = msg->headers[i].value;
        struct view v;
        while (sip_list_next(&rest, &v)) {
            v = sip_trim(view_sub(v, 0, span(v, 0, ';', 0)));
            if (sip_is_nocase(v, token)) {
                return 1;
            }
        }
    }
    return 0;
}

void split_param(struct view item, struct sip_param *out)
{
    size_t eq = span(item, 0, '=', 0);
    out->whole = item;
    out->name = sip_trim(view_sub(item, 0, eq));
    out->has_value = eq < item.len;
    out->value = sip_trim(view_tail(item, out->has_value ? eq + 1 : eq));
}

int sip_param_next(struct view *rest, struct sip_param *out)
{
    if (rest->data == NULL) {
        return 0;
    }
    size_t i = skip_lws(*rest, 0);
    if (i < rest->len && rest->data[i] == ';') {
        i++;
    } else if (i == rest->len) {
        return 0;
    }
    size_t end = span(*rest, i, ';', 0);
    split_param(sip_trim(view_sub(*rest, i, end)), out);
    *rest = view_tail(*rest, end);
    return 1;
}

int sip_param(struct view params, const char *name, struct view *value)
{
    struct sip_param p;
    while (sip_param_next(&params, &p)) {
        if (sip_is_nocase(p.name, name)) {
            if (value != NULL) {
                *value = p.value;
            }
            return 1;
        }
    }
    return 0;
}

int sip_param_is(struct view params, const char *name, const char *value)
{
    struct view v;
    return sip_param(params, name, &v) && sip_is_nocase(sip_unquoted(v), value);
}

/* ---- lines ---- */

static size_t text_line(struct view v, size_t pos, size_t *next)
{
    size_t lf = view_find(v, pos, '\n');
    *next = lf < v.len ? lf + 1 : lf;
    return lf > pos && v.data[lf - 1] == '\r' ? lf - 1 : lf;
}

int sip_field_next(struct view *rest, const uint8_t *base,
                   struct sip_header *out)
{
    if (rest->len == 0) {
        return 0;
    }
    size_t next;
    size_t end = text_line(*rest, 0, &next);
    if (end == 0) {
        *rest = view_tail(*rest, next);
        return 0;
    }
    while (next < rest->len && is_blank(rest->data[next])) {
        end = text_line(*rest, next, &next);
    }
    struct view line = view_sub(*rest, 0, end);
    size_t colon = view_find(line, 0, ':');
    size_t name_end = colon == line.len ? 0 : colon;
    out->off = (uint32_t)(rest->data - base);
    out->len = (uint32_t)next;
    out->name = sip_trim(view_sub(line, 0, name_end));
    out->value = sip_trim(view_tail(line, colon == line.len ? 0 : colon + 1));
    out->id = sip_hdr_of(out->name);
    *rest = view_tail(*rest, next);
    return 1;
}

int sip_block_find(struct view block, const char *name, struct view *value)
{
    struct sip_header h;
    while (sip_field_next(&block, block.data, &h)) {
        if (h.name.len != 0 && sip_is_nocase(h.name, name)) {
            *value = h.value;
            return 1;
        }
    }
    return 0;
}
