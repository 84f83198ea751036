/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Bodies: multipart (RFC 2046), transfer encodings (RFC 2045), message-summary
 * (RFC 3842). */
#include "harness/sip/sip_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#define MAX_DEPTH 4

int multipart_boundary(struct view content_type, struct view *out)
{
    struct sip_media_type t;
    struct view b;
    size_t first = skip_lws(content_type, 0);
    if (first == content_type.len || lower(content_type.data[first]) != 'm' ||
        sip_media_type(content_type, &t) != STATUS_OK ||
        !sip_is_nocase(t.type, "multipart") ||
        !sip_param(t.params, "boundary", &b)) {
        return 0;
    }
    *out = sip_unquoted(b);
    return out->len > 0 && out->len <= 70; /* RFC 2046, 5.1.1 */
}

/* A delimiter line at pos: "--" boundary [ "--" ] blanks line-end. Returns 1
 * for an opening one, 2 for the closing one, 0 for neither; *next is the octet
 * after the line. */
static int delimiter(struct view v, size_t pos, struct view boundary,
                     size_t *next)
{
    if (v.len - pos < 2 + boundary.len || v.data[pos] != '-' ||
        v.data[pos + 1] != '-' ||
        memcmp(v.data + pos + 2, boundary.data, boundary.len) != 0) {
        return 0;
    }
    size_t i = pos + 2 + boundary.len;
    int kind = 1;
    if (v.len - i >= 2 && v.data[i] == '-' && v.data[i + 1] == '-') {
        kind = 2;
        i += 2;
    }
    while (i < v.len && is_blank(v.data[i])) {
        i++;
    }
    if (i + 1 < v.len && v.data[i] == '\r' && v.data[i + 1] == '\n') {
        i++;
    }
    if (i < v.len && v.data[i] != '\n') {
        return 0; /* a longer boundary */
    }
    *next = i < v.len ? i + 1 : i;
    return kind;
}

/* find_delimiter looks for the next delimiter line from pos; *at is where the
 * part before it ends (the line end belongs to the delimiter). */
static int find_delimiter(struct view v, size_t pos, struct view boundary,
                          size_t *at, size_t *next)
{
    size_t begin = pos;
    while (pos < v.len) {
        int kind = delimiter(v, pos, boundary, next);
        if (kind != 0) {
            *at = pos;
            if (pos > begin) {
                (*at)--;
                *at -= *at > begin && v.data[*at - 1] == '\r';
            }
            return kind;
        }
        pos = view_find(v, pos, '\n') + 1;
    }
    *at = v.len;
    *next = v.len;
    return 0;
}

static void read_part(struct view whole, struct sip_part *p)
{
    struct view none = view_sub(whole, 0, 0);
    struct view rest = whole;
    struct sip_header h;
    *p = (struct sip_part){.whole = whole,
                           .content_type = none,
                           .content_id = none,
                           .disposition = none,
                           .encoding = none};
    while (sip_field_next(&rest, whole.data, &h)) {
        if (h.id == SIP_HDR_CONTENT_TYPE) {
            p->content_type = h.value;
        } else if (h.id == SIP_HDR_CONTENT_ID) {
            p->content_id = h.value;
        } else if (h.id == SIP_HDR_CONTENT_DISPOSITION) {
            p->disposition = h.value;
        } else if (h.id == SIP_HDR_CONTENT_TRANSFER_ENCODING) {
            p->encoding = h.value;
        }
    }
    size_t head = whole.len - rest.len;
    p->head = view_sub(whole, 0, head);
    p->body = rest;
}

/* Where a walk over the leaves of a body stands at one depth. */
struct level {
    struct view octets;
    struct view boundary;
    size_t pos; /* after the delimiter line that opened the next part */
    int open;   /* a part begins at pos */
};

static int enter(struct level *l, struct view type, struct view octets)
{
    size_t at;
    *l = (struct level){.octets = octets};
    if (!multipart_boundary(type, &l->boundary)) {
        return 0;
    }
    l->open = find_delimiter(octets, 0, l->boundary, &at, &l->pos) == 1;
    return l->open;
}

static int next_part(struct level *l, struct sip_part *p)
{
    size_t at;
    size_t next;
    if (!l->open) {
        return 0;
    }
    int kind = find_delimiter(l->octets, l->pos, l->boundary, &at, &next);
    read_part(view_sub(l->octets, l->pos, at), p);
    p->unclosed = kind == 0;
    l->open = kind == 1;
    l->pos = next;
    return 1;
}

/* take_value keeps the first value of a field. */
static void take_value(struct view *out, const struct sip_header *h)
{
    if (out->data == NULL) {
        *out = h->value;
    }
}

static void read_whole(const struct sip_msg *msg, struct sip_part *out)
{
    struct view none = view_sub(msg->raw, 0, 0);
    struct view v[4] = {{NULL, 0}};
    for (size_t i = 0; i < msg->num_headers; i++) {
        const struct sip_header *h = &msg->headers[i];
        if (h->id == SIP_HDR_CONTENT_TYPE) {
            take_value(&v[0], h);
        } else if (h->id == SIP_HDR_CONTENT_ID) {
            take_value(&v[1], h);
        } else if (h->id == SIP_HDR_CONTENT_DISPOSITION) {
            take_value(&v[2], h);
        } else if (h->id == SIP_HDR_CONTENT_TRANSFER_ENCODING) {
            take_value(&v[3], h);
        }
    }
    *out = (struct sip_part){.whole = msg->body,
                             .head = view_sub(msg->body, 0, 0),
                             .body = msg->body,
                             .content_type = v[0].data != NULL ? v[0] : none,
                             .content_id = v[1].data != NULL ? v[1] : none,
                             .disposition = v[2].data != NULL ? v[2] : none,
                             .encoding = v[3].data != NULL ? v[3] : none};
}

int sip_body_part(const struct sip_msg *msg, size_t nth, struct sip_part *out)
{
    struct level levels[MAX_DEPTH];
    if (msg->body.len == 0) {
        return 0;
    }
    read_whole(msg, out);
    unsigned depth = 0;
    if (!enter(&levels[0], out->content_type, msg->body)) {
        return nth == 0;
    }
    for (;;) {
        if (!next_part(&levels[depth], out)) {
            if (depth == 0) {
                return 0;
            }
            depth--;
        } else if (depth + 1 < MAX_DEPTH &&
                   enter(&levels[depth + 1], out->content_type, out->body)) {
            depth++;
        } else if (nth-- == 0) {
            out->depth = depth + 1;
            return 1;
        }
    }
}

int sip_body_find(const struct sip_msg *msg, const char *type,
                  struct sip_part *out, size_t *nth)
{
    for (size_t i = 0; sip_body_part(msg, i, out); i++) {
        if (sip_type_is(out->content_type, type)) {
            if (nth != NULL) {
                *nth = i;
            }
            return 1;
        }
    }
    return 0;
}

static enum status decode_base64(struct view in, struct wr *w)
{
    char *text = mem_alloc(in.len + 1);
    uint8_t *octets = mem_alloc(in.len + 1);
    enum status s = STATUS_NO_MEMORY;
    if (text != NULL && octets != NULL) {
        size_t n = 0;
        size_t len = 0;
        for (size_t i = 0; i < in.len; i++) {
            if (!is_lws(in.data[i])) {
                text[n++] = (char)in.data[i];
            }
        }
        s = base64_decode(octets, &len, text, n);
        if (s == STATUS_OK) {
            wr_bytes(w, octets, len);
            s = w->err;
        }
    }
    mem_free(text);
    mem_free(octets);
    return s;
}

static int hex_digit(uint8_t c)
{
    if (is_class(c, CC_DIGIT)) {
        return c - '0';
    }
    return is_class(c, CC_HEX) ? lower(c) - 'a' + 10 : -1;
}

static enum status decode_quoted(struct view in, struct wr *w)
{
    size_t i = 0;
    while (i < in.len) {
        if (in.data[i] != '=') {
            wr_u8(w, in.data[i++]);
        } else if (i + 2 < in.len && in.data[i + 1] == '\r' &&
                   in.data[i + 2] == '\n') {
            i += 3; /* soft line break */
        } else if (i + 1 < in.len && in.data[i + 1] == '\n') {
            i += 2;
        } else if (i + 2 < in.len && hex_digit(in.data[i + 1]) >= 0 &&
                   hex_digit(in.data[i + 2]) >= 0) {
            wr_u8(w, (uint8_t)(hex_digit(in.data[i + 1]) << 4 |
                               hex_digit(in.data[i + 2])));
            i += 3;
        } else {
            return STATUS_SYNTAX;
        }
    }
    return w->err;
}

enum status sip_part_decode(const struct sip_part *part, struct wr *w)
{
    struct view e = part->encoding;
    if (sip_is_nocase(e, "base64")) {
        return decode_base64(part->body, w);
    }
    if (sip_is_nocase(e, "quoted-printable")) {
        return decode_quoted(part->body, w);
    }
    if (e.len == 0 || sip_is_nocase(e, "binary") || sip_is_nocase(e, "8bit") ||
        sip_is_nocase(e, "7bit")) {
        wr_bytes(w, part->body.data, part->body.len);
        return w->err;
    }
    return STATUS_UNSUPPORTED;
}

int body_sdp(struct view content_type, struct view body, size_t *off,
             size_t *len)
{
    struct level levels[MAX_DEPTH];
    struct sip_part p;
    unsigned depth = 0;
    *off = 0;
    *len = body.len;
    if (sip_type_is(content_type, "application/sdp")) {
        return 1;
    }
    if (!enter(&levels[0], content_type, body)) {
        return 0;
    }
    for (;;) {
        if (!next_part(&levels[depth], &p)) {
            if (depth == 0) {
                return 0;
            }
            depth--;
        } else if (sip_type_is(p.content_type, "application/sdp")) {
            *off = (size_t)(p.body.data - body.data);
            *len = p.body.len;
            return 1;
        } else if (depth + 1 < MAX_DEPTH &&
                   enter(&levels[depth + 1], p.content_type, p.body)) {
            depth++;
        }
    }
}

/* ---- message-summary ---- */

/* count_pair reads "n/o"; *pos is moved behind it. */
static int count_pair(struct view v, size_t *pos, uint32_t *a, uint32_t *b)
{
    size_t i = skip_lws(v, *pos);
    size_t end = skip_class(v, i, CC_DIGIT);
    int ok = sip_u32(view_sub(v, i, end), a) == STATUS_OK;
    i = skip_lws(v, end);
    if (i == v.len || v.data[i] != '/') {
        return 0;
    }
    i = skip_lws(v, i + 1);
    end = skip_class(v, i, CC_DIGIT);
    ok &= sip_u32(view_sub(v, i, end), b) == STATUS_OK;
    *pos = end;
    return ok;
}

static void read_voice(struct sip_mwi *m, struct view v)
{
    size_t pos = 0;
    m->voice = v;
    m->has_voice = count_pair(v, &pos, &m->fresh, &m->old);
    pos = skip_lws(v, pos);
    if (m->has_voice && pos < v.len && v.data[pos] == '(') {
        pos++;
        m->has_urgent = count_pair(v, &pos, &m->urgent_fresh, &m->urgent_old);
        pos = skip_lws(v, pos);
        m->malformed |= !m->has_urgent || pos == v.len || v.data[pos] != ')';
        pos += pos < v.len;
    }
    m->malformed |= !m->has_voice || skip_lws(v, pos) != v.len;
}

enum status sip_mwi(struct view body, struct sip_mwi *out)
{
    struct view rest = body;
    struct sip_header h;
    *out = (struct sip_mwi){.waiting = -1,
                            .account = view_sub(body, 0, 0),
                            .voice = view_sub(body, 0, 0)};
    while (sip_field_next(&rest, body.data, &h)) {
        if (h.name.len == 0) {
            out->malformed = 1;
        } else if (sip_is_nocase(h.name, "Messages-Waiting")) {
            out->waiting = sip_is_nocase(h.value, "yes")  ? 1
                           : sip_is_nocase(h.value, "no") ? 0
                                                          : -1;
            out->malformed |= out->waiting < 0;
        } else if (sip_is_nocase(h.name, "Message-Account")) {
            out->account = h.value;
        } else if (sip_is_nocase(h.name, "Voice-Message")) {
            read_voice(out, h.value);
        }
    }
    out->blocks = rest;
    return out->malformed || out->waiting < 0 ? STATUS_SYNTAX : STATUS_OK;
}

int sip_mwi_block(struct view *rest, struct view *block)
{
    struct sip_header h;
    struct view at = *rest;
    size_t fields = 0;
    for (;;) {
        struct view before = at;
        if (sip_field_next(&at, rest->data, &h)) {
            fields++;
            continue;
        }
        if (fields > 0) {
            *block = view_sub(*rest, 0, (size_t)(before.data - rest->data));
            *rest = at;
            return 1;
        }
        if (at.len == 0) {
            *rest = at;
            return 0;
        }
        *rest = at; /* one more empty line */
    }
}
