/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Reading of Via, name-addr, URI, CSeq and RAck values. */
#include "harness/siptx/text.h"

#include "harness/base/mem.h"

#include <string.h>
#include <strings.h>

struct view view_of(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

int view_is(struct view v, const char *text)
{
    return v.len == strlen(text) && memcmp(v.data, text, v.len) == 0;
}

int view_is_nocase(struct view v, const char *text)
{
    return v.len == strlen(text) &&
           strncasecmp((const char *)v.data, text, v.len) == 0;
}

int view_equal(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static int is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* skip is the only place here that moves a view's begin. */
static struct view skip(struct view v, size_t n)
{
    return (struct view){n == 0 ? v.data : v.data + n, v.len - n};
}

static struct view cut(struct view v, size_t n)
{
    return (struct view){v.data, n};
}

struct view view_trim(struct view v)
{
    while (v.len > 0 && is_space(v.data[0])) {
        v = skip(v, 1);
    }
    while (v.len > 0 && is_space(v.data[v.len - 1])) {
        v.len--;
    }
    return v;
}

char *view_dup(struct view v)
{
    return mem_strndup(v.len == 0 ? "" : (const char *)v.data, v.len);
}

int view_u32(struct view v, uint32_t *out)
{
    uint64_t n = 0;
    if (v.len == 0 || v.len > 10) {
        return 0;
    }
    for (size_t i = 0; i < v.len; i++) {
        if (v.data[i] < '0' || v.data[i] > '9') {
            return 0;
        }
        n = n * 10 + (uint64_t)(v.data[i] - '0');
    }
    if (n > UINT32_MAX) {
        return 0;
    }
    *out = (uint32_t)n;
    return 1;
}

/* The index of the first c outside quotes and, if angles, outside <>. */
static size_t find_bare(struct view v, uint8_t c, int angles)
{
    int quoted = 0;
    int depth = 0;
    for (size_t i = 0; i < v.len; i++) {
        uint8_t d = v.data[i];
        if (quoted) {
            i += d == '\\';
            quoted = d != '"';
        } else if (d == c && depth == 0) {
            return i;
        } else if (d == '"') {
            quoted = 1;
        } else if (angles && d == '<') {
            depth = 1;
        } else if (angles && d == '>') {
            depth = 0;
        }
    }
    return v.len;
}

int text_split(struct view *rest, struct view *out)
{
    while (rest->len > 0) {
        size_t n = find_bare(*rest, ',', 1);
        *out = view_trim(cut(*rest, n));
        *rest = skip(*rest, n < rest->len ? n + 1 : n);
        if (out->len > 0) {
            return 1;
        }
    }
    return 0;
}

int text_param(struct view params, const char *name, struct view *out)
{
    while (params.len > 0) {
        size_t n = find_bare(params, ';', 0);
        struct view p = view_trim(cut(params, n));
        params = skip(params, n < params.len ? n + 1 : n);
        size_t eq = find_bare(p, '=', 0);
        if (view_is_nocase(view_trim(cut(p, eq)), name)) {
            *out = view_trim(skip(p, eq < p.len ? eq + 1 : eq));
            return 1;
        }
    }
    return 0;
}

/* host[:port], host of IPv6 in brackets */
static int host_port(struct view v, struct view *host, uint16_t *port)
{
    size_t n = 0;
    uint32_t num = 0;
    v = view_trim(v);
    if (v.len > 0 && v.data[0] == '[') {
        while (n < v.len && v.data[n] != ']') {
            n++;
        }
        if (n == v.len) {
            return 0;
        }
        n++;
    } else {
        n = find_bare(v, ':', 0);
    }
    *host = view_trim(cut(v, n));
    *port = 0;
    struct view rest = view_trim(skip(v, n));
    if (rest.len == 0) {
        return host->len > 0;
    }
    if (rest.data[0] != ':' || !view_u32(view_trim(skip(rest, 1)), &num) ||
        num > 65535) {
        return 0;
    }
    *port = (uint16_t)num;
    return host->len > 0;
}

int text_via(struct view v, struct text_via *out)
{
    *out = (struct text_via){0};
    v = view_trim(v);
    /* SIP / 2.0 / TCP, with spaces allowed around the slashes */
    for (int i = 0; i < 2; i++) {
        size_t n = find_bare(v, '/', 0);
        if (n == v.len) {
            return 0;
        }
        v = view_trim(skip(v, n + 1));
    }
    size_t n = 0;
    while (n < v.len && !is_space(v.data[n])) {
        n++;
    }
    out->transport = cut(v, n);
    v = view_trim(skip(v, n));
    n = find_bare(v, ';', 0);
    if (!host_port(cut(v, n), &out->host, &out->port)) {
        return 0;
    }
    out->params = skip(v, n < v.len ? n + 1 : n);
    (void)text_param(out->params, "branch", &out->branch);
    return 1;
}

int text_addr(struct view v, struct text_addr *out)
{
    *out = (struct text_addr){0};
    v = view_trim(v);
    size_t lt = find_bare(v, '<', 0);
    if (lt < v.len) {
        struct view in = skip(v, lt + 1);
        size_t gt = 0;
        while (gt < in.len && in.data[gt] != '>') {
            gt++;
        }
        if (gt == in.len) {
            return 0;
        }
        out->uri = view_trim(cut(in, gt));
        out->bare = cut(v, lt + 1 + gt + 1);
        out->params = skip(in, gt + 1);
    } else {
        /* Without brackets all parameters are the header field's (20.10). */
        size_t n = find_bare(v, ';', 0);
        out->uri = view_trim(cut(v, n));
        out->bare = out->uri;
        out->params = skip(v, n);
    }
    (void)text_param(out->params, "tag", &out->tag);
    return out->uri.len > 0;
}

int text_uri(struct view v, struct text_uri *out)
{
    *out = (struct text_uri){0};
    v = view_trim(v);
    size_t n = find_bare(v, ':', 0);
    if (n == v.len) {
        return 0;
    }
    out->scheme = cut(v, n);
    v = skip(v, n + 1);
    size_t at = 0;
    while (at < v.len && v.data[at] != '@') {
        at++;
    }
    if (at < v.len) {
        out->user = cut(v, at);
        v = skip(v, at + 1);
    }
    size_t q = find_bare(v, '?', 0);
    v = cut(v, q);
    n = find_bare(v, ';', 0);
    if (!host_port(cut(v, n), &out->host, &out->port)) {
        return 0;
    }
    if (out->host.data[0] == '[') {
        out->host = cut(skip(out->host, 1), out->host.len - 2);
    }
    out->params = skip(v, n < v.len ? n + 1 : n);
    (void)text_param(out->params, "transport", &out->transport);
    struct view lr;
    out->is_loose = text_param(out->params, "lr", &lr);
    return 1;
}

static struct view word(struct view *v)
{
    size_t n = 0;
    *v = view_trim(*v);
    while (n < v->len && !is_space(v->data[n])) {
        n++;
    }
    struct view w = cut(*v, n);
    *v = view_trim(skip(*v, n));
    return w;
}

int text_cseq(struct view v, uint32_t *num, struct view *method)
{
    if (!view_u32(word(&v), num)) {
        return 0;
    }
    *method = word(&v);
    return method->len > 0 && v.len == 0;
}

int text_rack(struct view v, uint32_t *rseq, uint32_t *num, struct view *method)
{
    return view_u32(word(&v), rseq) && text_cseq(v, num, method);
}
