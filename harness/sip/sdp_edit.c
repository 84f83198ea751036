/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Edits of the session description in a message to send. */
#include "harness/sip/sip_out_int.h"

#include "harness/base/mem.h"

/* What a path names: a line, and the part of it that set, truncate and flip
 * change. */
struct target {
    size_t line_from, line_to; /* line end included */
    size_t from, to;
    int is_part; /* a field of the line: all operations are about it */
};

/* Fields of o= and c= and m= by their number. */
static const struct {
    char letter;
    const char *name;
    size_t number;
} parts[] = {
    {'o', "username", 0}, {'o', "sess-id", 1},  {'o', "sess-version", 2},
    {'o', "nettype", 3},  {'o', "addrtype", 4}, {'o', "address", 5},
    {'c', "nettype", 0},  {'c', "addrtype", 1}, {'c', "address", 2},
    {'m', "media", 0},    {'m', "port", 1},     {'m', "proto", 2},
    {'m', "fmt", 3},
};

static int part_number(char letter, const char *name, size_t *number)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].letter == letter && strcmp(parts[i].name, name) == 0) {
            *number = parts[i].number;
            return 1;
        }
    }
    return 0;
}

static const struct sdp_line *letter_line(const struct sdp *s, char letter,
                                          size_t nth)
{
    for (size_t i = 0; i < s->num_lines; i++) {
        if (s->lines[i].type == letter && nth-- == 0) {
            return &s->lines[i];
        }
    }
    return NULL;
}

static const struct sdp_line *attribute_line(const struct sdp *s,
                                             const char *name, size_t nth)
{
    for (size_t i = 0; i < s->num_lines; i++) {
        const struct sdp_line *l = &s->lines[i];
        size_t colon = view_find(l->value, 0, ':');
        if (l->type == 'a' && sip_is(view_sub(l->value, 0, colon), name) &&
            nth-- == 0) {
            return l;
        }
    }
    return NULL;
}

/* The nth space-separated field; the last one of m= takes the rest. */
static int field_range(struct view value, char letter, size_t nth, size_t *from,
                       size_t *to)
{
    size_t i = 0;
    for (size_t n = 0;; n++) {
        size_t end = view_find(value, i, ' ');
        if (n == nth) {
            *from = i;
            *to = letter == 'm' && nth == 3 ? value.len : end;
            return 1;
        }
        if (end == value.len) {
            return 0;
        }
        i = end + 1;
    }
}

static void point(const struct sdp *s, struct target *t, struct view v)
{
    t->from = sdp_off(s, v);
    t->to = t->from + v.len;
}

static enum status part_target(const struct sdp *s, const struct sdp_line *l,
                               const char *name, struct target *t)
{
    size_t number;
    size_t from;
    size_t to;
    if (!part_number(l->type, name, &number)) {
        return STATUS_SYNTAX;
    }
    if (!field_range(l->value, l->type, number, &from, &to)) {
        return STATUS_NOT_FOUND;
    }
    t->is_part = 1;
    point(s, t, view_sub(l->value, from, to));
    return STATUS_OK;
}

static enum status key_part_target(const struct sdp *s, const char *name,
                                   struct target *t)
{
    struct sdp_key_mgmt k;
    sdp_key_mgmt_text(view_sub(s->raw, t->from, t->to), &k);
    t->is_part = 1;
    if (strcmp(name, "protocol") == 0) {
        point(s, t, k.protocol);
    } else if (strcmp(name, "data") == 0) {
        point(s, t, k.data);
    } else {
        return STATUS_SYNTAX;
    }
    return STATUS_OK;
}

static enum status find_target(const struct sdp *s, const struct edit_path *p,
                               struct target *t)
{
    size_t number;
    const struct sdp_line *l;
    const char *field = p->field;
    int is_letter = p->name[1] == '\0';
    int is_media = part_number('m', p->name, &number);
    *t = (struct target){0};
    if (is_letter) {
        l = letter_line(s, p->name[0], p->index);
    } else if (is_media) {
        l = letter_line(s, 'm', p->index);
        field = p->name;
    } else {
        l = attribute_line(s, p->name, p->index);
    }
    if (l == NULL) {
        return STATUS_NOT_FOUND;
    }
    t->line_from = l->off;
    t->line_to = l->off + l->len;
    point(s, t, l->value);
    if (is_letter || is_media) {
        return *field != '\0' ? part_target(s, l, field, t) : STATUS_OK;
    }
    size_t colon = view_find(l->value, 0, ':');
    if (colon < l->value.len) { /* a flag is its own value */
        point(s, t, view_tail(l->value, colon + 1));
    }
    if (*field == '\0') {
        return STATUS_OK;
    }
    return strcmp(p->name, "key-mgmt") == 0 ? key_part_target(s, field, t)
                                            : STATUS_SYNTAX;
}

/* A whole line put before or after another needs line ends. */
static enum status insert_line(struct wr *w, struct view sdp,
                               const struct target *t, enum edit_op op,
                               struct view value)
{
    size_t at = op == EDIT_INSERT ? t->line_from : t->line_to;
    wr_bytes(w, sdp.data, at);
    if (at > 0 && sdp.data[at - 1] != '\n') {
        wr_str(w, "\r\n");
    }
    wr_bytes(w, value.data, value.len);
    wr_str(w, "\r\n");
    struct view rest = view_tail(sdp, at);
    if (rest.len > 0) {
        wr_bytes(w, rest.data, rest.len);
    }
    return w->err;
}

static enum status edit_once(struct wr *w, struct view sdp,
                             const struct edit *e, const struct edit_path *p,
                             struct view value)
{
    struct sdp s;
    struct target t;
    sdp_parse(&s, sdp);
    enum status st = find_target(&s, p, &t);
    if (st != STATUS_OK) {
        return st;
    }
    if (t.is_part || e->op == EDIT_SET || e->op == EDIT_TRUNCATE ||
        e->op == EDIT_FLIP) {
        return splice(w, sdp, t.from, t.to, e->op, value);
    }
    if (e->op == EDIT_INSERT || e->op == EDIT_APPEND) {
        return insert_line(w, sdp, &t, e->op, value);
    }
    return splice(w, sdp, t.line_from, t.line_to, e->op, value);
}

/* edit_all applies the edit; a drop without index goes on while it finds
 * something. */
static enum status edit_all(struct wr *w, struct view sdp, const struct edit *e,
                            const struct edit_path *p, struct view value)
{
    enum status s = edit_once(w, sdp, e, p, value);
    while (s == STATUS_OK && e->op == EDIT_DROP && !p->has_index &&
           *p->field == '\0' && !part_number('m', p->name, &(size_t){0})) {
        struct wr again;
        wr_init(&again);
        enum status more =
            edit_once(&again, (struct view){w->data, w->len}, e, p, value);
        if (more != STATUS_OK) {
            wr_cleanup(&again);
            return more == STATUS_NOT_FOUND ? s : more;
        }
        wr_cleanup(w);
        *w = again;
    }
    return s;
}

static int find_sdp(const struct sip_out *out, size_t *off, size_t *len)
{
    const char *type = sip_out_get(out, "Content-Type", 0);
    struct view body = {out->body, out->body_len};
    if (out->body == NULL) {
        return 0;
    }
    if (type != NULL && body_sdp(sip_text(type), body, off, len)) {
        return 1;
    }
    /* Content-Type may have been edited away before. */
    *off = 0;
    *len = body.len;
    return body.len >= 2 && memcmp(body.data, "v=", 2) == 0;
}

enum status out_edit_sdp(struct sip_out *out, const struct edit *e,
                         const struct edit_path *p)
{
    size_t off;
    size_t len;
    size_t value_len;
    if (!find_sdp(out, &off, &len)) {
        return STATUS_NOT_FOUND;
    }
    uint8_t *value = sip_edit_octets(e->value, &value_len);
    if (value == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct wr sdp;
    struct wr body;
    wr_init(&sdp);
    wr_init(&body);
    struct view old = {out->body, out->body_len};
    enum status s = edit_all(&sdp, view_sub(old, off, off + len), e, p,
                             (struct view){value, value_len});
    if (s == STATUS_OK) {
        s = splice(&body, old, off, off + len, EDIT_SET,
                   (struct view){sdp.data, sdp.len});
    }
    if (s == STATUS_OK) {
        mem_free(out->body);
        out->body = wr_take(&body, &out->body_len);
    }
    wr_cleanup(&body);
    wr_cleanup(&sdp);
    mem_free(value);
    return s;
}
