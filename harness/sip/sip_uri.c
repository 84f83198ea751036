/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* URIs: sip, sips (RFC 3261, 19.1), tel (RFC 3966), voicemail (RFC 4458). */
#include "harness/sip/sip_int.h"

#include "harness/base/mem.h"

/* hostport reads host [":" port] up to ";" or "?" or the end; returns where it
 * stopped. */
static size_t hostport(struct view v, size_t i, struct sip_uri *u, int *bad)
{
    size_t begin = i;
    if (i < v.len && v.data[i] == '[') {
        i = view_find(v, i, ']');
        *bad |= i == v.len;
        i += i < v.len;
    } else {
        while (i < v.len && v.data[i] != ':' && v.data[i] != ';' &&
               v.data[i] != '?') {
            i++;
        }
    }
    u->host = view_sub(v, begin, i);
    if (i < v.len && v.data[i] == ':') {
        size_t end = i + 1;
        while (end < v.len && v.data[end] != ';' && v.data[end] != '?') {
            end++;
        }
        uint32_t port = 0;
        *bad |= sip_u32(view_sub(v, i + 1, end), &port) != STATUS_OK ||
                port > 65535;
        u->port = port <= 65535 ? (uint16_t)port : 0;
        i = end;
    }
    *bad |= u->host.len == 0;
    if (i < v.len && v.data[i] != ';' && v.data[i] != '?') {
        *bad = 1; /* text after "]" */
        while (i < v.len && v.data[i] != ';' && v.data[i] != '?') {
            i++;
        }
    }
    return i;
}

static void sip_scheme(struct view v, size_t i, struct sip_uri *u, int *bad)
{
    size_t at = view_find(v, i, '@');
    if (at < v.len) {
        size_t colon = view_find(view_sub(v, 0, at), i, ':');
        u->has_user = 1;
        u->user = view_sub(v, i, colon);
        if (colon < at) {
            u->password = view_sub(v, colon + 1, at);
        }
        *bad |= u->user.len == 0;
        i = at + 1;
    }
    i = hostport(v, i, u, bad);
    size_t q = view_find(v, i, '?');
    u->params = view_sub(v, i, q);
    u->headers = view_tail(v, q < v.len ? q + 1 : q);
}

enum status sip_uri(struct view v, struct sip_uri *out)
{
    struct view where;
    int bad = uri_flaw(v, &where) != SIP_DEV_COUNT;
    struct view none = view_sub(v, 0, 0);
    *out = (struct sip_uri){.scheme = none,
                            .user = none,
                            .password = none,
                            .host = none,
                            .params = none,
                            .headers = none};
    size_t colon = view_find(v, 0, ':');
    if (colon == v.len) {
        return STATUS_SYNTAX;
    }
    out->scheme = view_sub(v, 0, colon);
    out->is_sip =
        sip_is_nocase(out->scheme, "sip") || sip_is_nocase(out->scheme, "sips");
    out->is_tel = sip_is_nocase(out->scheme, "tel");
    if (out->is_sip) {
        sip_scheme(v, colon + 1, out, &bad);
    } else {
        size_t semi = out->is_tel ? view_find(v, colon, ';') : v.len;
        out->user = view_sub(v, colon + 1, semi);
        out->params = view_tail(v, semi);
        bad |= out->user.len == 0;
    }
    return bad ? STATUS_SYNTAX : STATUS_OK;
}

static int scheme_is_sound(struct view s)
{
    if (s.len == 0 || !is_class(s.data[0], CC_ALPHA)) {
        return 0;
    }
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i];
        if (!is_class(c, CC_ALPHA | CC_DIGIT) && c != '+' && c != '-' &&
            c != '.') {
            return 0;
        }
    }
    return 1;
}

/* find_char looks for an octet that is in none of the classes, an escape aside.
 */
static enum sip_dev bad_char(struct view v, unsigned cc, struct view *where)
{
    for (size_t i = 0; i < v.len; i++) {
        if (v.data[i] == '%') {
            if (i + 2 >= v.len || !is_class(v.data[i + 1], CC_HEX) ||
                !is_class(v.data[i + 2], CC_HEX)) {
                *where = view_sub(v, i, i + 1);
                return SIP_DEV_ESCAPE;
            }
            i += 2;
        } else if (!is_class(v.data[i], cc)) {
            *where = view_sub(v, i, i + 1);
            return SIP_DEV_URI;
        }
    }
    return SIP_DEV_COUNT;
}

static int host_is_sound(struct view h)
{
    int v6 = h.len > 2 && h.data[0] == '[' && h.data[h.len - 1] == ']';
    struct view in = v6 ? view_sub(h, 1, h.len - 1) : h;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.data[i];
        if (!is_class(c, v6 ? CC_HEX : CC_ALPHA | CC_DIGIT) && c != '.' &&
            c != (v6 ? ':' : '-')) {
            return 0;
        }
    }
    return in.len > 0;
}

/* The parts of a sip URI, each with its own alphabet. */
static enum sip_dev sip_flaw(struct view uri, size_t colon, struct view *where)
{
    struct sip_uri u = {.host = view_sub(uri, 0, 0)};
    u.user = u.password = u.params = u.headers = u.host;
    int bad = 0;
    sip_scheme(uri, colon + 1, &u, &bad);
    enum sip_dev d = bad_char(u.user, CC_USER, where);
    if (d == SIP_DEV_COUNT) {
        d = bad_char(u.password, CC_USER, where);
    }
    if (d == SIP_DEV_COUNT && !host_is_sound(u.host)) {
        *where = u.host;
        d = SIP_DEV_URI;
    }
    struct sip_param p;
    struct view rest = u.params;
    while (d == SIP_DEV_COUNT && sip_param_next(&rest, &p)) {
        if (p.name.len == 0 || (p.has_value && p.value.len == 0)) {
            *where = p.whole;
            return SIP_DEV_URI;
        }
        d = bad_char(p.name, CC_PARAM, where);
        if (d == SIP_DEV_COUNT) {
            d = bad_char(p.value, CC_PARAM, where);
        }
    }
    if (d == SIP_DEV_COUNT && bad) {
        *where = uri;
        d = SIP_DEV_URI;
    }
    return d;
}

enum sip_dev uri_flaw(struct view uri, struct view *where)
{
    size_t colon = view_find(uri, 0, ':');
    *where = uri;
    if (colon == uri.len || !scheme_is_sound(view_sub(uri, 0, colon))) {
        return SIP_DEV_URI;
    }
    enum sip_dev d = bad_char(uri, CC_URI, where);
    struct view scheme = view_sub(uri, 0, colon);
    if (d == SIP_DEV_COUNT &&
        (sip_is_nocase(scheme, "sip") || sip_is_nocase(scheme, "sips"))) {
        d = sip_flaw(uri, colon, where);
    }
    return d;
}

int sip_uri_header_next(struct view *rest, struct sip_param *out)
{
    if (rest->data == NULL || rest->len == 0) {
        return 0;
    }
    size_t amp = view_find(*rest, 0, '&');
    struct view item = view_sub(*rest, 0, amp);
    size_t eq = view_find(item, 0, '=');
    out->whole = item;
    out->name = view_sub(item, 0, eq);
    out->has_value = eq < item.len;
    out->value = view_tail(item, eq < item.len ? eq + 1 : eq);
    *rest = view_tail(*rest, amp < rest->len ? amp + 1 : amp);
    return 1;
}

int sip_uri_header(const struct sip_uri *uri, const char *name,
                   struct view *value)
{
    struct view rest = uri->headers;
    struct sip_param p;
    while (sip_uri_header_next(&rest, &p)) {
        if (sip_is_nocase(p.name, name)) {
            *value = p.value;
            return 1;
        }
    }
    return 0;
}

int sip_voicemail(const struct sip_uri *uri, char **target, int *cause)
{
    struct view v;
    uint32_t n = 0;
    *target = NULL;
    *cause = 0;
    if (sip_param(uri->params, "target", &v)) {
        *target = sip_unescape(v);
    }
    if (sip_param(uri->params, "cause", &v) && sip_u32(v, &n) == STATUS_OK &&
        n <= 699) {
        *cause = (int)n;
    }
    return *target != NULL;
}

/* Escapes of characters that need none are undone, the others get upper case
 * digits (RFC 3261, 19.1.4: both are equivalent). */
static void write_user(struct wr *w, struct view user)
{
    for (size_t i = 0; i < user.len; i++) {
        uint8_t c = user.data[i];
        if (c != '%' || i + 2 >= user.len) {
            wr_u8(w, c);
            continue;
        }
        uint8_t digits[3] = {user.data[i + 1], user.data[i + 2], 0};
        unsigned value = 0;
        for (int k = 0; k < 2; k++) {
            uint8_t d = lower(digits[k]);
            value = value * 16 + (unsigned)(d >= 'a' ? d - 'a' + 10 : d - '0');
        }
        if (is_class((uint8_t)value, CC_USER)) {
            wr_u8(w, (uint8_t)value);
        } else {
            wr_printf(w, "%%%02X", value);
        }
        i += 2;
    }
}

static void write_tel(struct wr *w, const struct sip_uri *u)
{
    wr_str(w, "tel:");
    for (size_t i = 0; i < u->user.len; i++) {
        uint8_t c = u->user.data[i];
        if (strchr("-.()", c) == NULL) { /* RFC 3966, 3: visual separators */
            wr_u8(w, lower(c));
        }
    }
    struct view context;
    if (u->user.data[0] != '+' &&
        sip_param(u->params, "phone-context", &context)) {
        wr_str(w, ";phone-context=");
        for (size_t i = 0; i < context.len; i++) {
            wr_u8(w, lower(context.data[i]));
        }
    }
}

enum status sip_identity(struct wr *w, struct view uri_or_addr)
{
    struct sip_addr a;
    struct sip_uri u;
    sip_addr(uri_or_addr, &a);
    /* Without < > the parameters may be the URI's own: phone-context counts. */
    struct view uri = a.has_angle ? a.uri : sip_trim(uri_or_addr);
    if (sip_uri(uri, &u) != STATUS_OK || (!u.is_sip && !u.is_tel)) {
        return STATUS_SYNTAX;
    }
    if (u.is_tel) {
        write_tel(w, &u);
        return w->err;
    }
    wr_str(w, "sip:");
    if (u.has_user) {
        write_user(w, u.user);
        wr_u8(w, '@');
    }
    for (size_t i = 0; i < u.host.len; i++) {
        wr_u8(w, lower(u.host.data[i]));
    }
    return w->err;
}

char *sip_identity_new(struct view uri_or_addr)
{
    struct wr w;
    wr_init(&w);
    char *out = NULL;
    if (sip_identity(&w, uri_or_addr) == STATUS_OK && w.data != NULL) {
        out = mem_strndup((const char *)w.data, w.len);
    }
    wr_cleanup(&w);
    return out;
}
