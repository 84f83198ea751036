/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Fields of session descriptions, key management attributes among them. */
#include "harness/sip/sip_int.h"

#include "harness/base/text.h"

/* The lines of a level: [*from, *to). */
static int level_lines(const struct sdp *s, int level, size_t *from, size_t *to)
{
    if (level == SDP_SESSION) {
        *from = 0;
        *to = s->session_end;
        return 1;
    }
    if (level < 0 || (size_t)level >= s->num_media) {
        return 0;
    }
    *from = s->media[level].line;
    *to = s->media[level].end;
    return 1;
}

const struct sdp_line *sdp_find(const struct sdp *s, int level, char type,
                                size_t nth)
{
    size_t from;
    size_t to;
    if (!level_lines(s, level, &from, &to)) {
        return NULL;
    }
    for (size_t i = from; i < to; i++) {
        if (s->lines[i].type == type && nth-- == 0) {
            return &s->lines[i];
        }
    }
    return NULL;
}

/* attr_line finds the nth attribute of that name. */
static const struct sdp_line *attr_line(const struct sdp *s, int level,
                                        const char *name, size_t nth,
                                        struct view *value)
{
    size_t from;
    size_t to;
    if (!level_lines(s, level, &from, &to)) {
        return NULL;
    }
    size_t len = strlen(name);
    for (size_t i = from; i < to; i++) {
        const struct sdp_line *l = &s->lines[i];
        struct view v = l->value;
        if (l->type == 'a' && v.len >= len &&
            (v.len == len || v.data[len] == ':') &&
            memcmp(v.data, name, len) == 0 && nth-- == 0) {
            *value = view_tail(v, len + (len < v.len));
            return l;
        }
    }
    return NULL;
}

int sdp_attr(const struct sdp *s, int level, const char *name, size_t nth,
             struct view *value)
{
    struct view v;
    if (attr_line(s, level, name, nth, &v) == NULL) {
        return 0;
    }
    if (value != NULL) {
        *value = v;
    }
    return 1;
}

static struct view field(struct view *rest)
{
    size_t end = view_find(*rest, 0, ' ');
    struct view v = view_sub(*rest, 0, end);
    *rest = view_tail(*rest, end < rest->len ? end + 1 : end);
    return v;
}

enum status sdp_origin(const struct sdp *s, struct sdp_origin *out)
{
    const struct sdp_line *l = sdp_find(s, SDP_SESSION, 'o', 0);
    struct view rest = l != NULL ? l->value : view_sub(s->raw, 0, 0);
    out->username = field(&rest);
    out->sess_id = field(&rest);
    out->sess_version = field(&rest);
    out->nettype = field(&rest);
    out->addrtype = field(&rest);
    out->address = rest;
    if (l == NULL) {
        return STATUS_NOT_FOUND;
    }
    return view_all(out->sess_id, CC_DIGIT) &&
                   view_all(out->sess_version, CC_DIGIT) &&
                   out->address.len > 0 && view_find(rest, 0, ' ') == rest.len
               ? STATUS_OK
               : STATUS_SYNTAX;
}

enum status sdp_connection(const struct sdp *s, int level,
                           struct sdp_connection *out)
{
    const struct sdp_line *l = sdp_find(s, level, 'c', 0);
    if (l == NULL) {
        l = sdp_find(s, SDP_SESSION, 'c', 0);
    }
    struct view rest = l != NULL ? l->value : view_sub(s->raw, 0, 0);
    out->nettype = field(&rest);
    out->addrtype = field(&rest);
    out->address = rest;
    if (l == NULL) {
        return STATUS_NOT_FOUND;
    }
    return out->address.len > 0 && view_find(rest, 0, ' ') == rest.len
               ? STATUS_OK
               : STATUS_SYNTAX;
}

/* base64 of RFC 4566, 9: groups of four, "=" only at the end. Pad bits are the
 * business of who decodes it. Returns the offset of the first fault, v.len if
 * there is none. */
static size_t base64_fault(struct view v)
{
    size_t i = base64_span((const char *)v.data, v.len);
    size_t pad = v.len - i;
    if (pad == 0) {
        return v.len % 4 == 0 ? v.len : v.len - v.len % 4;
    }
    int sound = (pad == 1 || (pad == 2 && v.data[i + 1] == '=')) &&
                v.data[i] == '=' && v.len % 4 == 0;
    return sound ? v.len : i;
}

static unsigned spaces(struct view v, size_t *i)
{
    size_t begin = *i;
    while (*i < v.len && v.data[*i] == ' ') {
        (*i)++;
    }
    return (unsigned)(*i - begin);
}

/* All but the faults of the data. */
static void split_key_mgmt(struct view value, struct sdp_key_mgmt *out)
{
    size_t i = 0;
    *out = (struct sdp_key_mgmt){.value = value, .level = SDP_SESSION};
    out->spaces_before = spaces(value, &i);
    size_t end = view_find(value, i, ' ');
    out->protocol = view_sub(value, i, end);
    out->bad_id = !view_all(out->protocol, CC_ALPHA | CC_DIGIT);
    out->is_mikey = sip_is(out->protocol, "mikey");
    i = end;
    out->spaces_between = spaces(value, &i);
    size_t last = value.len;
    while (last > i && value.data[last - 1] == ' ') {
        last--;
    }
    out->data = view_sub(value, i, last);
    out->trailing_space = last != value.len;
    out->no_data = out->data.len == 0;
}

void sdp_key_mgmt_text(struct view value, struct sdp_key_mgmt *out)
{
    split_key_mgmt(value, out);
    out->bad_at = (uint32_t)base64_fault(out->data);
    out->bad_base64 = out->bad_at != out->data.len;
}

int sdp_key_mgmt_place(const struct sdp *s, int level, size_t nth,
                       struct sdp_key_mgmt *out)
{
    struct view value;
    const struct sdp_line *l = attr_line(s, level, "key-mgmt", nth, &value);
    if (l == NULL) {
        return 0;
    }
    split_key_mgmt(value, out);
    out->line = (size_t)(l - s->lines);
    out->level = level;
    return 1;
}

int sdp_key_mgmt(const struct sdp *s, int level, size_t nth,
                 struct sdp_key_mgmt *out)
{
    struct sdp_key_mgmt k;
    if (!sdp_key_mgmt_place(s, level, nth, &k)) {
        return 0;
    }
    sdp_key_mgmt_text(k.value, out);
    out->line = k.line;
    out->level = level;
    return 1;
}

size_t sdp_num_key_mgmt(const struct sdp *s, int level)
{
    size_t n = 0;
    while (sdp_attr(s, level, "key-mgmt", n, NULL)) {
        n++;
    }
    return n;
}

int sdp_key_mgmt_for(const struct sdp *s, int media, size_t nth,
                     struct sdp_key_mgmt *out)
{
    int own = sdp_attr(s, media, "key-mgmt", 0, NULL);
    return sdp_key_mgmt(s, own ? media : SDP_SESSION, nth, out);
}

void sdp_key_mgmt_list(const struct sdp *s, int level, struct wr *w)
{
    struct sdp_key_mgmt k;
    for (size_t i = 0; sdp_key_mgmt(s, level, i, &k); i++) {
        if (i > 0) {
            wr_u8(w, ';');
        }
        wr_bytes(w, k.protocol.data, k.protocol.len);
    }
}

static const char *const directions[] = {
    [SDP_SENDRECV] = "sendrecv",
    [SDP_SENDONLY] = "sendonly",
    [SDP_RECVONLY] = "recvonly",
    [SDP_INACTIVE] = "inactive",
};

const char *sdp_direction_name(enum sdp_direction d)
{
    return (unsigned)d < 4 ? directions[d] : "";
}

static int direction_at(const struct sdp *s, int level, enum sdp_direction *out)
{
    for (unsigned d = 0; d < 4; d++) {
        if (sdp_attr(s, level, directions[d], 0, NULL)) {
            *out = (enum sdp_direction)d;
            return 1;
        }
    }
    return 0;
}

enum sdp_direction sdp_direction_of(const struct sdp *s, int level)
{
    enum sdp_direction d = SDP_SENDRECV;
    if (!direction_at(s, level, &d)) {
        direction_at(s, SDP_SESSION, &d);
    }
    return d;
}

static int number(struct view v, unsigned *out)
{
    uint32_t n = 0;
    int ok = sip_u32(v, &n) == STATUS_OK;
    *out = n;
    return ok;
}

int sdp_rtpmap(const struct sdp *s, int level, unsigned pt,
               struct sdp_rtpmap *out)
{
    struct view v;
    for (size_t i = 0; sdp_attr(s, level, "rtpmap", i, &v); i++) {
        unsigned at = 0;
        if (!number(field(&v), &at) || at != pt) {
            continue;
        }
        size_t a = view_find(v, 0, '/');
        struct view rest = view_tail(v, a + (a < v.len));
        size_t b = view_find(rest, 0, '/');
        out->pt = pt;
        out->encoding = view_sub(v, 0, a);
        out->channels = 1;
        int ok = number(view_sub(rest, 0, b), &out->rate);
        if (b < rest.len) {
            ok &= number(view_tail(rest, b + 1), &out->channels);
        }
        return ok;
    }
    return 0;
}

int sdp_fmt(const struct sdp *s, int media, size_t nth, struct view *out)
{
    if (media < 0 || (size_t)media >= s->num_media) {
        return 0;
    }
    struct view rest = s->media[media].fmts;
    while (rest.len > 0) {
        *out = field(&rest);
        if (nth-- == 0) {
            return 1;
        }
    }
    return 0;
}

unsigned sdp_ptime(const struct sdp *s, int level)
{
    struct view v;
    unsigned n = 0;
    if (sdp_attr(s, level, "ptime", 0, &v)) {
        number(v, &n);
    }
    return n;
}

int sdp_has_crypto(const struct sdp *s, int level)
{
    return sdp_attr(s, level, "crypto", 0, NULL);
}

int sdp_is_secure(const struct sdp_media *m)
{
    static const char *const secure[] = {
        "RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"};
    for (size_t i = 0; i < sizeof secure / sizeof *secure; i++) {
        if (sip_is(m->proto, secure[i])) {
            return 1;
        }
    }
    return 0;
}
