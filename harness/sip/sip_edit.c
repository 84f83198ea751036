/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Edits of messages to send: start line, fields, body, octets. */
#include "harness/sip/sip_out_int.h"

#include "harness/base/mem.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    uint8_t l = lower((uint8_t)c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

uint8_t *sip_edit_octets(const char *text, size_t *len)
{
    uint8_t *out = mem_alloc(strlen(text) + 1);
    size_t n = 0;
    for (size_t i = 0; out != NULL && text[i] != '\0'; i++) {
        uint8_t c = (uint8_t)text[i];
        char next = c == '\\' ? text[i + 1] : '\0';
        if (next == 'r' || next == 'n' || next == 't' || next == '\\') {
            c = next == 'r'   ? '\r'
                : next == 'n' ? '\n'
                : next == 't' ? '\t'
                              : '\\';
            i++;
        } else if (next == 'x' && hex_digit(text[i + 2]) >= 0 &&
                   hex_digit(text[i + 3]) >= 0) {
            c = (uint8_t)(hex_digit(text[i + 2]) << 4 | hex_digit(text[i + 3]));
            i += 3;
        }
        out[n++] = c;
    }
    *len = n;
    return out;
}

static enum status flip(struct wr *w, size_t from, size_t to, uint32_t bit)
{
    size_t at = from + bit / 8;
    if (at >= to || w->err != STATUS_OK) {
        return w->err != STATUS_OK ? w->err : STATUS_NOT_FOUND;
    }
    w->data[at] = (uint8_t)(w->data[at] ^ 0x80u >> bit % 8);
    return STATUS_OK;
}

static void put(struct wr *w, struct view v)
{
    if (v.len > 0) {
        wr_bytes(w, v.data, v.len);
    }
}

enum status splice(struct wr *w, struct view whole, size_t from, size_t to,
                   enum edit_op op, struct view value)
{
    struct view thing = view_sub(whole, from, to);
    uint32_t n = 0;
    if ((op == EDIT_TRUNCATE || op == EDIT_FLIP) &&
        sip_u32(value, &n) != STATUS_OK) {
        return STATUS_SYNTAX;
    }
    size_t base = w->len;
    put(w, view_sub(whole, 0, from));
    switch (op) {
    case EDIT_SET:
        put(w, value);
        break;
    case EDIT_DROP:
        break;
    case EDIT_REPEAT:
        put(w, thing);
        put(w, thing);
        break;
    case EDIT_INSERT:
        put(w, value);
        put(w, thing);
        break;
    case EDIT_APPEND:
        put(w, thing);
        put(w, value);
        break;
    case EDIT_TRUNCATE:
        if (n > thing.len) {
            return STATUS_NOT_FOUND;
        }
        put(w, view_sub(thing, 0, n));
        break;
    case EDIT_FLIP:
        put(w, thing);
        break;
    }
    put(w, view_tail(whole, to));
    return op == EDIT_FLIP ? flip(w, base + from, base + to, n) : w->err;
}

/* edit_text applies e to a string; STATUS_UNSUPPORTED if a NUL came into it. */
static enum status edit_text(struct sip_out *out, char **slot,
                             const struct edit *e)
{
    size_t len;
    uint8_t *value = sip_edit_octets(e->value, &len);
    struct wr w;
    wr_init(&w);
    enum status s = STATUS_NO_MEMORY;
    if (value != NULL) {
        struct view text = sip_text(*slot != NULL ? *slot : "");
        s = splice(&w, text, 0, text.len, e->op, (struct view){value, len});
    }
    struct view result = {w.data, w.len};
    if (s == STATUS_OK && result.len > 0 &&
        view_find(result, 0, '\0') < result.len) {
        s = STATUS_UNSUPPORTED;
    }
    if (s == STATUS_OK) {
        s = out_set_text(out, slot, result);
    }
    wr_cleanup(&w);
    mem_free(value);
    return s;
}

/* The start line as text, so that it can be edited as a whole. */
static enum status fix_start_line(struct sip_out *out)
{
    if (out->start_line != NULL) {
        return STATUS_OK;
    }
    struct wr w;
    wr_init(&w);
    out_write_start(out, &w);
    enum status s = w.err;
    if (s == STATUS_OK) {
        s = out_set_text(out, &out->start_line, (struct view){w.data, w.len});
    }
    wr_cleanup(&w);
    return s;
}

static enum status edit_status(struct sip_out *out, const struct edit *e)
{
    uint32_t n = 0;
    if (e->op != EDIT_SET) {
        return STATUS_UNSUPPORTED;
    }
    if (strlen(e->value) == 3 && sip_u32(sip_text(e->value), &n) == STATUS_OK) {
        out->status = (int)n;
        return STATUS_OK;
    }
    char *line = mem_printf("SIP/2.0 %s %s", e->value,
                            out->reason != NULL ? out->reason : "");
    if (line == NULL) {
        return STATUS_NO_MEMORY;
    }
    mem_free(out->start_line);
    out->start_line = line;
    return STATUS_OK;
}

static enum status edit_start(struct sip_out *out, const struct edit *e,
                              const char *name)
{
    int response = out->method == NULL;
    if (strcmp(name, "request-line") == 0 || strcmp(name, "status-line") == 0) {
        if (response != (*name == 's')) {
            return STATUS_NOT_FOUND;
        }
        enum status s = fix_start_line(out);
        return s == STATUS_OK ? edit_text(out, &out->start_line, e) : s;
    }
    if (strcmp(name, "version") == 0) {
        if (out->version == NULL) {
            enum status s =
                out_set_text(out, &out->version, sip_text("SIP/2.0"));
            if (s != STATUS_OK) {
                return s;
            }
        }
        return edit_text(out, &out->version, e);
    }
    if (response !=
        (strcmp(name, "status") == 0 || strcmp(name, "reason") == 0)) {
        return STATUS_NOT_FOUND;
    }
    if (strcmp(name, "status") == 0) {
        return edit_status(out, e);
    }
    char **slot = *name == 'r'   ? &out->reason
                  : *name == 'm' ? &out->method
                                 : &out->uri;
    return edit_text(out, slot, e);
}

/* The computed Content-Length as a line of its own. */
static enum status fix_length(struct sip_out *out)
{
    if (out_find(out, "Content-Length", 0) != out->num_headers) {
        return STATUS_OK;
    }
    if (out->no_length) {
        return STATUS_NOT_FOUND;
    }
    enum status s = sip_out_add(out, "Content-Length", "%zu", out->body_len);
    if (s == STATUS_OK && out->length != NULL) {
        s = out_set_text(out, &out->headers[out->num_headers - 1].value,
                         sip_text(out->length));
        mem_free(out->length);
        out->length = NULL;
    }
    return s;
}

static enum status repeat_header(struct sip_out *out, size_t at)
{
    const struct sip_out_header *h = &out->headers[at];
    char *name = mem_strdup(h->name);
    char *value = mem_strdup(h->value);
    if (name == NULL || value == NULL) {
        mem_free(name);
        mem_free(value);
        return STATUS_NO_MEMORY;
    }
    return out_insert(out, at + 1, name, value);
}

static enum status insert_line(struct sip_out *out, size_t at,
                               const struct edit *e)
{
    size_t len;
    uint8_t *value = sip_edit_octets(e->value, &len);
    if (value == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status s;
    struct view v = {value, len};
    size_t colon = view_find(v, 0, ':');
    struct view name = view_sub(v, 0, colon < len ? colon : 0);
    if (view_find(v, 0, '\0') != len) {
        s = STATUS_UNSUPPORTED;
    } else if (!view_all(name, CC_TOKEN) || view_find(v, 0, '\n') != len) {
        s = out_insert(out, at, NULL, sip_dup(v));
    } else {
        s = out_insert_line(out, at, (const char *)value);
    }
    mem_free(value);
    return s;
}

static enum status edit_header(struct sip_out *out, const struct edit *e,
                               const struct edit_path *p)
{
    int length = sip_hdr_of(sip_text(p->name)) == SIP_HDR_CONTENT_LENGTH;
    size_t at = out_find(out, p->name, p->index);
    int absent = at == out->num_headers;
    if (e->op == EDIT_DROP && !p->has_index) {
        return sip_out_remove(out, p->name);
    }
    if (e->op == EDIT_SET && absent && !p->has_index) {
        char *empty = NULL;
        enum status s = edit_text(out, &empty, e);
        return s == STATUS_OK ? out_set_value(out, p->name, 1, empty) : s;
    }
    if (length && absent) {
        enum status s = fix_length(out);
        if (s != STATUS_OK) {
            return s;
        }
        at = out_find(out, p->name, p->index);
        absent = at == out->num_headers;
    }
    if (absent) {
        return STATUS_NOT_FOUND;
    }
    switch (e->op) {
    case EDIT_DROP:
        out_erase(out, at);
        return STATUS_OK;
    case EDIT_REPEAT:
        return repeat_header(out, at);
    case EDIT_INSERT:
        return insert_line(out, at, e);
    case EDIT_APPEND:
        return insert_line(out, at + 1, e);
    case EDIT_SET:
    case EDIT_TRUNCATE:
    case EDIT_FLIP:
        break;
    }
    return edit_text(out, &out->headers[at].value, e);
}

static enum status edit_body(struct sip_out *out, const struct edit *e)
{
    size_t len;
    uint8_t *value = sip_edit_octets(e->value, &len);
    struct wr w;
    wr_init(&w);
    enum status s = STATUS_NO_MEMORY;
    if (value != NULL) {
        s = splice(&w, (struct view){out->body, out->body_len}, 0,
                   out->body_len, e->op, (struct view){value, len});
    }
    mem_free(value);
    if (s == STATUS_OK && w.err == STATUS_OK) {
        mem_free(out->body);
        out->body = wr_take(&w, &out->body_len);
        return STATUS_OK;
    }
    wr_cleanup(&w);
    return s;
}

/* ---- octets, after encoding ---- */

enum status out_keep_edit(struct sip_out *out, const struct edit *e)
{
    struct edit *p =
        mem_resize(out->late.items, (out->late.num + 1) * sizeof *p);
    struct edit copy = {.message = mem_strdup(e->message),
                        .op = e->op,
                        .path = mem_strdup(e->path),
                        .value = mem_strdup(e->value)};
    if (p != NULL) {
        out->late.items = p;
    }
    if (p == NULL || copy.message == NULL || copy.path == NULL ||
        copy.value == NULL) {
        mem_free(copy.message);
        mem_free(copy.path);
        mem_free(copy.value);
        return STATUS_NO_MEMORY;
    }
    p[out->late.num++] = copy;
    return STATUS_OK;
}

/* path_read takes "name[index].field" apart. */
static enum status path_read(const char *text, struct edit_path *p)
{
    *p = (struct edit_path){0};
    size_t n = strcspn(text, "[.");
    if (n == 0 || n >= sizeof p->name) {
        return STATUS_SYNTAX;
    }
    memcpy(p->name, text, n);
    text += n;
    if (*text == '[') {
        size_t digits = strcspn(++text, "]");
        uint32_t index = 0;
        if (text[digits] != ']' ||
            sip_u32((struct view){(const uint8_t *)text, digits}, &index) !=
                STATUS_OK) {
            return STATUS_SYNTAX;
        }
        p->has_index = 1;
        p->index = index;
        text += digits + 1;
    }
    if (*text == '.') {
        n = strlen(++text);
        if (n == 0 || n >= sizeof p->field) {
            return STATUS_SYNTAX;
        }
        memcpy(p->field, text, n);
        text += n;
    }
    return *text == '\0' ? STATUS_OK : STATUS_SYNTAX;
}

/* The part of the octets that an edit of octets[n] is about. */
static enum status octet_range(const struct edit *e, const struct edit_path *p,
                               size_t total, size_t value_len, size_t *from,
                               size_t *to)
{
    uint32_t n = 1;
    *from = p->index;
    *to = total;
    if (!p->has_index) {
        return STATUS_OK;
    }
    if (*from > total) {
        return STATUS_NOT_FOUND;
    }
    size_t left = total - *from;
    switch (e->op) {
    case EDIT_SET:
        *to = *from + (value_len < left ? value_len : left);
        return STATUS_OK;
    case EDIT_INSERT:
    case EDIT_APPEND:
        *to = *from;
        return STATUS_OK;
    case EDIT_DROP:
        if (*e->value != '\0' && sip_u32(sip_text(e->value), &n) != STATUS_OK) {
            return STATUS_SYNTAX;
        }
        *to = *from + n;
        return n <= left ? STATUS_OK : STATUS_NOT_FOUND;
    case EDIT_FLIP:
    case EDIT_TRUNCATE:
        return STATUS_OK;
    case EDIT_REPEAT:
        break;
    }
    return STATUS_UNSUPPORTED;
}

enum status out_edit_octets(struct wr *octets, const struct edit *e)
{
    struct edit_path p;
    size_t len = 0;
    size_t from;
    size_t to;
    enum status s = path_read(e->path + strlen("sip."), &p);
    uint8_t *value = sip_edit_octets(e->value, &len);
    if (value == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (s == STATUS_OK) {
        s = octet_range(e, &p, octets->len, len, &from, &to);
    }
    if (s == STATUS_OK) {
        struct wr w;
        wr_init(&w);
        s = splice(&w, (struct view){octets->data, octets->len}, from, to,
                   e->op, (struct view){value, len});
        if (s == STATUS_OK) {
            s = w.err;
        }
        if (s == STATUS_OK) {
            wr_cleanup(octets);
            *octets = w;
        } else {
            wr_cleanup(&w);
        }
    }
    mem_free(value);
    return s;
}

static enum status keep_octets_edit(struct sip_out *out, const struct edit *e)
{
    uint32_t n = 0;
    if ((e->op == EDIT_TRUNCATE || e->op == EDIT_FLIP) &&
        sip_u32(sip_text(e->value), &n) != STATUS_OK) {
        return STATUS_SYNTAX;
    }
    return out_keep_edit(out, e);
}

static enum status edit_sip(struct sip_out *out, const struct edit *e,
                            const struct edit_path *p)
{
    static const char *const start[] = {"request-line", "status-line", "method",
                                        "uri",          "version",     "status",
                                        "reason"};
    for (size_t i = 0; i < sizeof start / sizeof *start; i++) {
        if (strcmp(p->name, start[i]) == 0) {
            return edit_start(out, e, p->name);
        }
    }
    if (strcmp(p->name, "body") == 0) {
        return edit_body(out, e);
    }
    if (strcmp(p->name, "octets") == 0) {
        return keep_octets_edit(out, e);
    }
    if (strcmp(p->name, "line") == 0) {
        if (e->op != EDIT_INSERT && e->op != EDIT_APPEND) {
            return STATUS_UNSUPPORTED;
        }
        return insert_line(out, e->op == EDIT_INSERT ? 0 : out->num_headers, e);
    }
    return edit_header(out, e, p);
}

enum status sip_out_edit(struct sip_out *out, const struct edit *e)
{
    struct edit_path p;
    if (out->err != STATUS_OK) {
        return out->err;
    }
    if (strncmp(e->path, "sip.", 4) != 0 && strncmp(e->path, "sdp.", 4) != 0) {
        return STATUS_SYNTAX;
    }
    enum status s = path_read(e->path + 4, &p);
    if (s != STATUS_OK) {
        return s;
    }
    if (e->path[1] == 'd') {
        return out_edit_sdp(out, e, &p);
    }
    return *p.field != '\0' ? STATUS_SYNTAX : edit_sip(out, e, &p);
}
