/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Messages to send: fields and bodies. */
#include "harness/sip/sip_out_int.h"

#include "harness/base/mem.h"

#include <stdio.h>

void sip_out_init(struct sip_out *out)
{
    *out = (struct sip_out){0};
}

void sip_out_free(struct sip_out *out)
{
    for (size_t i = 0; i < out->num_headers; i++) {
        mem_free(out->headers[i].name);
        mem_free(out->headers[i].value);
    }
    mem_free(out->headers);
    mem_free(out->method);
    mem_free(out->uri);
    mem_free(out->reason);
    mem_free(out->version);
    mem_free(out->start_line);
    mem_free(out->body);
    mem_free(out->length);
    mem_free(out->boundary);
    edit_list_clear(&out->late);
    *out = (struct sip_out){0};
}

static enum status fail(struct sip_out *out, enum status s)
{
    if (out->err == STATUS_OK) {
        out->err = s;
    }
    return out->err;
}

enum status out_set_text(struct sip_out *out, char **slot, struct view text)
{
    char *copy = sip_dup(text);
    if (copy == NULL) {
        return fail(out, STATUS_NO_MEMORY);
    }
    mem_free(*slot);
    *slot = copy;
    return out->err;
}

static enum status copy_text(struct sip_out *out, char **slot, const char *text)
{
    if (text == NULL) {
        return out->err;
    }
    return out_set_text(out, slot, sip_text(text));
}

/* ---- fields ---- */

int out_name_matches(const struct sip_out_header *h, const char *name)
{
    if (h->name == NULL) {
        return 0;
    }
    struct view a = sip_text(h->name);
    enum sip_hdr id = sip_hdr_of(a);
    return id != SIP_HDR_OTHER ? id == sip_hdr_of(sip_text(name))
                               : sip_is_nocase(a, name);
}

/* find gives the position of the nth field of that name, num_headers if none.
 */
size_t out_find(const struct sip_out *out, const char *name, size_t nth)
{
    for (size_t i = 0; i < out->num_headers; i++) {
        if (out_name_matches(&out->headers[i], name) && nth-- == 0) {
            return i;
        }
    }
    return out->num_headers;
}

static int is_length(const char *name)
{
    return name != NULL && sip_hdr_of(sip_text(name)) == SIP_HDR_CONTENT_LENGTH;
}

/* out_insert takes name and value, also when it fails. */
enum status out_insert(struct sip_out *out, size_t at, char *name, char *value)
{
    struct sip_out_header *p = NULL;
    if (out->err == STATUS_OK && value != NULL) {
        p = mem_resize(out->headers, (out->num_headers + 1) * sizeof *p);
    }
    if (p == NULL) {
        mem_free(name);
        mem_free(value);
        return fail(out, STATUS_NO_MEMORY);
    }
    out->headers = p;
    memmove(p + at + 1, p + at, (out->num_headers - at) * sizeof *p);
    p[at] = (struct sip_out_header){.name = name, .value = value};
    out->num_headers++;
    return STATUS_OK;
}

void out_erase(struct sip_out *out, size_t at)
{
    mem_free(out->headers[at].name);
    mem_free(out->headers[at].value);
    out->num_headers--;
    memmove(out->headers + at, out->headers + at + 1,
            (out->num_headers - at) * sizeof *out->headers);
}

static char *format(const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *text = n < 0 ? NULL : mem_alloc((size_t)n + 1);
    if (text != NULL) {
        vsnprintf(text, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    return text;
}

static enum status set_length(struct sip_out *out, char *value)
{
    if (value == NULL) {
        return fail(out, STATUS_NO_MEMORY);
    }
    mem_free(out->length);
    out->length = value;
    out->no_length = 0;
    return out->err;
}

static enum status put(struct sip_out *out, size_t at, const char *name,
                       char *value)
{
    if (out->err != STATUS_OK) {
        mem_free(value);
        return out->err;
    }
    char *copy = mem_strdup(name);
    if (copy == NULL) {
        mem_free(value);
        return fail(out, STATUS_NO_MEMORY);
    }
    return out_insert(out, at, copy, value);
}

enum status sip_out_add(struct sip_out *out, const char *name, const char *fmt,
                        ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *value = format(fmt, ap);
    va_end(ap);
    return put(out, out->num_headers, name, value);
}

enum status sip_out_add_view(struct sip_out *out, const char *name,
                             struct view value)
{
    return put(out, out->num_headers, name, sip_dup(value));
}

enum status sip_out_prepend(struct sip_out *out, const char *name,
                            const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *value = format(fmt, ap);
    va_end(ap);
    size_t at = out_find(out, name, 0);
    return put(out, at == out->num_headers ? 0 : at, name, value);
}

enum status sip_out_set(struct sip_out *out, const char *name, const char *fmt,
                        ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *value = format(fmt, ap);
    va_end(ap);
    return out_set_value(out, name, 0, value);
}

/* out_set_value takes value. With nth 0 the field's other lines are dropped if
 * it is in place of all. */
enum status out_set_value(struct sip_out *out, const char *name, int nth_only,
                          char *value)
{
    if (value == NULL || out->err != STATUS_OK) {
        mem_free(value);
        return fail(out, STATUS_NO_MEMORY);
    }
    if (is_length(name)) {
        return set_length(out, value);
    }
    size_t at = out_find(out, name, 0);
    if (at == out->num_headers) {
        return put(out, at, name, value);
    }
    mem_free(out->headers[at].value);
    out->headers[at].value = value;
    while (!nth_only && (at = out_find(out, name, 1)) != out->num_headers) {
        out_erase(out, at);
    }
    return STATUS_OK;
}

enum status out_insert_line(struct sip_out *out, size_t at, const char *line)
{
    size_t len = strcspn(line, "\r\n");
    size_t colon = strcspn(line, ":");
    struct view text = {(const uint8_t *)line, len};
    struct view name = view_sub(text, 0, colon < len ? colon : 0);
    char *copy = NULL;
    if (out->err != STATUS_OK) {
        return out->err;
    }
    if (!view_all(name, CC_TOKEN)) {
        return out_insert(out, at, NULL, sip_dup(text));
    }
    copy = sip_dup(name);
    if (copy == NULL) {
        return fail(out, STATUS_NO_MEMORY);
    }
    return out_insert(out, at, copy,
                      sip_dup(sip_trim(view_tail(text, colon + 1))));
}

enum status sip_out_add_line(struct sip_out *out, const char *line)
{
    return out_insert_line(out, out->num_headers, line);
}

enum status sip_out_remove(struct sip_out *out, const char *name)
{
    size_t before = out->num_headers;
    size_t at;
    if (is_length(name)) {
        mem_free(out->length);
        out->length = NULL;
        out->no_length = 1;
        before++;
    }
    while ((at = out_find(out, name, 0)) != out->num_headers) {
        out_erase(out, at);
    }
    return before != out->num_headers ? STATUS_OK : STATUS_NOT_FOUND;
}

/* cut_value leaves the nth element out of a list; 0 elements left: *left 0. */
static char *cut_value(const char *list, size_t nth, size_t *left)
{
    struct wr w;
    struct view rest = sip_text(list);
    struct view v;
    wr_init(&w);
    *left = 0;
    for (size_t i = 0; sip_list_next(&rest, &v); i++) {
        if (i != nth) {
            wr_str(&w, (*left)++ > 0 ? ", " : "");
            wr_bytes(&w, v.data, v.len);
        }
    }
    char *text =
        w.err == STATUS_OK ? mem_strndup((const char *)w.data, w.len) : NULL;
    wr_cleanup(&w);
    return text;
}

enum status sip_out_remove_value(struct sip_out *out, const char *name,
                                 size_t nth)
{
    if (!sip_hdr_is_list(sip_hdr_of(sip_text(name)))) {
        size_t at = out_find(out, name, nth);
        if (at == out->num_headers) {
            return STATUS_NOT_FOUND;
        }
        out_erase(out, at);
        return STATUS_OK;
    }
    for (size_t i = 0; i < out->num_headers; i++) {
        struct sip_out_header *h = &out->headers[i];
        if (!out_name_matches(h, name)) {
            continue;
        }
        struct view rest = sip_text(h->value);
        struct view v;
        size_t num = 0;
        while (sip_list_next(&rest, &v)) {
            num++;
        }
        if (nth >= num) {
            nth -= num;
            continue;
        }
        if (num == 1) {
            out_erase(out, i);
            return STATUS_OK;
        }
        char *text = cut_value(h->value, nth, &num);
        if (text == NULL) {
            return fail(out, STATUS_NO_MEMORY);
        }
        mem_free(h->value);
        h->value = text;
        return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

const char *sip_out_get(const struct sip_out *out, const char *name, size_t nth)
{
    size_t at = out_find(out, name, nth);
    return at < out->num_headers ? out->headers[at].value : NULL;
}

/* ---- whole messages ---- */

enum status sip_out_request(struct sip_out *out, const char *method,
                            const char *uri)
{
    sip_out_init(out);
    copy_text(out, &out->method, method);
    return copy_text(out, &out->uri, uri);
}

/* unfolded gives the value with line ends in it replaced by one space. */
static char *unfolded(struct view v)
{
    char *text = sip_dup(v);
    size_t n = 0;
    for (size_t i = 0; text != NULL && i < v.len; i++) {
        char c = (char)v.data[i];
        if (c == '\r' || c == '\n') {
            while (i + 1 < v.len && is_lws(v.data[i + 1])) {
                i++;
            }
            c = ' ';
        }
        text[n++] = c;
    }
    if (text != NULL) {
        text[n] = '\0';
    }
    return text;
}

static enum status copy_field(struct sip_out *out, const struct sip_header *h)
{
    char *value = unfolded(h->value);
    if (h->name.len == 0) { /* a line without colon */
        return out_insert(out, out->num_headers, NULL, value);
    }
    char *name = sip_dup(h->name);
    if (name == NULL) {
        mem_free(value);
        return fail(out, STATUS_NO_MEMORY);
    }
    return out_insert(out, out->num_headers, name, value);
}

static enum status copy_to(struct sip_out *out, const struct sip_header *h,
                           const char *tag)
{
    struct sip_addr a;
    sip_addr(h->value, &a);
    enum status s = copy_field(out, h);
    if (s != STATUS_OK || tag == NULL || *tag == '\0' ||
        sip_param(a.params, "tag", NULL)) {
        return s;
    }
    struct sip_out_header *to = &out->headers[out->num_headers - 1];
    char *value = mem_printf("%s;tag=%s", to->value, tag);
    if (value == NULL) {
        return fail(out, STATUS_NO_MEMORY);
    }
    mem_free(to->value);
    to->value = value;
    return STATUS_OK;
}

enum status sip_out_response(struct sip_out *out, const struct sip_msg *req,
                             int status, const char *reason, const char *to_tag)
{
    static const enum sip_hdr copied[] = {SIP_HDR_VIA,     SIP_HDR_RECORD_ROUTE,
                                          SIP_HDR_FROM,    SIP_HDR_TO,
                                          SIP_HDR_CALL_ID, SIP_HDR_CSEQ};
    sip_out_init(out);
    out->status = status;
    copy_text(out, &out->reason, reason != NULL ? reason : sip_reason(status));
    for (size_t k = 0; k < sizeof copied / sizeof *copied; k++) {
        if (copied[k] == SIP_HDR_RECORD_ROUTE &&
            (status < 101 || status > 299)) {
            continue;
        }
        for (size_t i = 0; i < req->num_headers; i++) {
            const struct sip_header *h = &req->headers[i];
            if (h->id != copied[k]) {
                continue;
            }
            if (h->id == SIP_HDR_TO) {
                copy_to(out, h, to_tag);
            } else {
                copy_field(out, h);
            }
        }
    }
    return out->err;
}

static enum status take_body(struct sip_out *out, const void *data, size_t len)
{
    uint8_t *copy = mem_dup(data, len);
    if (copy == NULL) {
        return fail(out, STATUS_NO_MEMORY);
    }
    mem_free(out->body);
    out->body = copy;
    out->body_len = len;
    return out->err;
}

enum status sip_out_from_msg(struct sip_out *out, const struct sip_msg *msg)
{
    sip_out_init(out);
    if (msg->is_response) {
        out->status = msg->status;
        out_set_text(out, &out->reason, msg->reason);
    } else {
        out_set_text(out, &out->method, msg->method);
        out_set_text(out, &out->uri, msg->uri);
    }
    if (!sip_is(msg->version, "SIP/2.0")) {
        out_set_text(out, &out->version, msg->version);
    }
    for (size_t i = 0; i < msg->num_headers; i++) {
        if (msg->headers[i].id != SIP_HDR_CONTENT_LENGTH) {
            copy_field(out, &msg->headers[i]);
        }
    }
    if (msg->body.len > 0) {
        take_body(out, msg->body.data, msg->body.len);
    }
    return out->err;
}

enum status sip_out_copy(struct sip_out *dst, const struct sip_out *src)
{
    sip_out_init(dst);
    dst->status = src->status;
    dst->no_length = src->no_length;
    dst->err = src->err;
    copy_text(dst, &dst->method, src->method);
    copy_text(dst, &dst->uri, src->uri);
    copy_text(dst, &dst->reason, src->reason);
    copy_text(dst, &dst->version, src->version);
    copy_text(dst, &dst->start_line, src->start_line);
    copy_text(dst, &dst->length, src->length);
    copy_text(dst, &dst->boundary, src->boundary);
    for (size_t i = 0; i < src->num_headers && dst->err == STATUS_OK; i++) {
        const struct sip_out_header *h = &src->headers[i];
        char *value = mem_strdup(h->value);
        if (h->name == NULL) {
            out_insert(dst, dst->num_headers, NULL, value);
        } else {
            put(dst, dst->num_headers, h->name, value);
        }
    }
    if (src->body != NULL && dst->err == STATUS_OK) {
        take_body(dst, src->body, src->body_len);
    }
    for (size_t i = 0; i < src->late.num && dst->err == STATUS_OK; i++) {
        out_keep_edit(dst, &src->late.items[i]);
    }
    return dst->err;
}

/* ---- bodies ---- */

enum status sip_out_body(struct sip_out *out, const char *type,
                         const void *data, size_t len)
{
    take_body(out, data, len);
    if (type != NULL && out->err == STATUS_OK) {
        sip_out_set(out, "Content-Type", "%s", type);
    }
    return out->err;
}

static enum status append_body(struct sip_out *out, const struct wr *w)
{
    uint8_t *p = NULL;
    if (w->err == STATUS_OK) {
        p = mem_resize(out->body, out->body_len + w->len);
    }
    if (p == NULL) {
        return fail(out, STATUS_NO_MEMORY);
    }
    memcpy(p + out->body_len, w->data, w->len);
    out->body = p;
    out->body_len += w->len;
    return out->err;
}

enum status sip_out_multipart_begin(struct sip_out *out, const char *subtype,
                                    const char *boundary)
{
    copy_text(out, &out->boundary, boundary);
    take_body(out, "", 0);
    sip_out_set(out, "MIME-Version", "1.0");
    return sip_out_set(out, "Content-Type", "multipart/%s;boundary=%s", subtype,
                       boundary);
}

enum status sip_out_multipart_part(struct sip_out *out, const char *type,
                                   const char *headers, const void *data,
                                   size_t len)
{
    struct wr w;
    if (out->boundary == NULL || out->err != STATUS_OK) {
        return fail(out, STATUS_MISUSE);
    }
    wr_init(&w);
    wr_printf(&w, "%s--%s\r\n", out->body_len > 0 ? "\r\n" : "", out->boundary);
    wr_printf(&w, "Content-Type: %s\r\n%s\r\n", type,
              headers != NULL ? headers : "");
    wr_bytes(&w, data, len);
    enum status s = append_body(out, &w);
    wr_cleanup(&w);
    return s;
}

enum status sip_out_multipart_end(struct sip_out *out)
{
    struct wr w;
    if (out->boundary == NULL || out->err != STATUS_OK) {
        return fail(out, STATUS_MISUSE);
    }
    wr_init(&w);
    wr_printf(&w, "\r\n--%s--\r\n", out->boundary);
    enum status s = append_body(out, &w);
    wr_cleanup(&w);
    mem_free(out->boundary);
    out->boundary = NULL;
    return s;
}

/* ---- octets ---- */

void out_write_start(const struct sip_out *out, struct wr *w)
{
    const char *version = out->version != NULL ? out->version : "SIP/2.0";
    if (out->start_line != NULL) {
        wr_str(w, out->start_line);
    } else if (out->method != NULL) {
        wr_printf(w, "%s %s %s", out->method, out->uri, version);
    } else {
        wr_printf(w, "%s %03d %s", version, out->status,
                  out->reason != NULL ? out->reason : "");
    }
}

enum status sip_out_encode(const struct sip_out *out, struct wr *w)
{
    struct wr own;
    if (out->err != STATUS_OK) {
        return out->err;
    }
    wr_init(&own);
    out_write_start(out, &own);
    wr_str(&own, "\r\n");
    int has_length = out_find(out, "Content-Length", 0) != out->num_headers;
    for (size_t i = 0; i < out->num_headers; i++) {
        const struct sip_out_header *h = &out->headers[i];
        if (h->name != NULL) {
            wr_printf(&own, "%s: %s\r\n", h->name, h->value);
        } else {
            wr_printf(&own, "%s\r\n", h->value);
        }
    }
    if (out->length != NULL) {
        wr_printf(&own, "Content-Length: %s\r\n", out->length);
    } else if (!out->no_length && !has_length) {
        wr_printf(&own, "Content-Length: %zu\r\n", out->body_len);
    }
    wr_str(&own, "\r\n");
    wr_bytes(&own, out->body, out->body_len);
    enum status s = own.err;
    for (size_t i = 0; i < out->late.num && s == STATUS_OK; i++) {
        s = out_edit_octets(&own, &out->late.items[i]);
    }
    if (s == STATUS_OK) {
        wr_bytes(w, own.data, own.len);
        s = w->err;
    }
    wr_cleanup(&own);
    return s;
}
