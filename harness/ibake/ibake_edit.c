/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Edits applied to a message in the making (docs/EDITS.md). */
#include "harness/ibake/ibake_int.h"

#include <stdio.h>

static int is_mikey(const struct edit *e)
{
    return strncmp(e->path, "mikey", 5) == 0 &&
           strchr(".[", e->path[5]) != NULL; /* or its end */
}

/* ---- octets ---- */

static enum status join(struct ibake_draft *d, struct view a, struct view b,
                        struct view *out)
{
    struct wr w;
    wr_init(&w);
    wr_bytes(&w, a.data, a.len);
    wr_bytes(&w, b.data, b.len);
    enum status st = w.err;
    if (st == STATUS_OK) {
        *out = arena_copy(&d->arena, (struct view){w.data, w.len});
        st = out->data != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    wr_cleanup(&w);
    return st;
}

static enum status truncate_octets(struct view *v, int64_t n, int *missed)
{
    int64_t keep = n < 0 ? (int64_t)v->len + n : n;
    if (keep < 0 || keep >= (int64_t)v->len) {
        *missed = 1;
        return STATUS_OK;
    }
    v->len = (size_t)keep;
    return STATUS_OK;
}

/* Bit 0 is the most significant of the first octet, -1 the least significant of
 * the last. */
static enum status flip_octets(struct ibake_draft *d, struct view *v, int64_t n,
                               int *missed)
{
    int64_t bits = (int64_t)v->len * 8;
    int64_t bit = n < 0 ? bits + n : n;
    if (bit < 0 || bit >= bits) {
        *missed = 1;
        return STATUS_OK;
    }
    uint8_t *p = arena_alloc(&d->arena, v->len);
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(p, v->data, v->len);
    p[bit / 8] ^= (uint8_t)(0x80 >> (bit % 8));
    v->data = p;
    return STATUS_OK;
}

/* Does the operation to v. d NULL only checks the value. */
static enum status edit_octets(struct ibake_draft *d, const struct edit *e,
                               struct view *v, int *missed, char why[200])
{
    struct view value = {0};
    int64_t n = 0;
    enum status st = STATUS_OK;
    switch (e->op) {
    case EDIT_DROP:
        v->len = 0;
        return STATUS_OK;
    case EDIT_REPEAT:
        return d == NULL ? STATUS_OK : join(d, *v, *v, v);
    case EDIT_TRUNCATE:
    case EDIT_FLIP:
        st = value_signed(e->value, &n, why);
        if (st != STATUS_OK || d == NULL) {
            return st;
        }
        return e->op == EDIT_TRUNCATE ? truncate_octets(v, n, missed)
                                      : flip_octets(d, v, n, missed);
    default:
        break;
    }
    st = value_octets(d, e->value, *v, &value, why);
    if (st != STATUS_OK || d == NULL) {
        return st;
    }
    if (e->op == EDIT_SET) {
        *v = value;
        return STATUS_OK;
    }
    return e->op == EDIT_INSERT ? join(d, value, *v, v) : join(d, *v, value, v);
}

static enum status edit_writer(struct ibake_draft *d, const struct edit *e,
                               struct wr *w, int *missed)
{
    struct view v = {w->data, w->len};
    enum status st = edit_octets(d, e, &v, missed, d->why);
    if (st != STATUS_OK) {
        return st;
    }
    struct wr n;
    wr_init(&n);
    wr_bytes(&n, v.data, v.len);
    if (n.err != STATUS_OK) {
        wr_cleanup(&n);
        return STATUS_NO_MEMORY;
    }
    wr_cleanup(w);
    *w = n;
    return STATUS_OK;
}

/* ---- numbers ---- */

static enum status only_set(const struct edit *e, char why[200])
{
    if (e->op == EDIT_SET) {
        return STATUS_OK;
    }
    snprintf(why, 200, "%s can only be set", e->path);
    return STATUS_SYNTAX;
}

static enum status edit_number(struct ibake_draft *d, const struct edit *e,
                               unsigned bits, uint64_t *v, int *missed,
                               char why[200])
{
    uint64_t max = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    int64_t n = 0;
    if (e->op == EDIT_SET) {
        return value_integer(d, e->value, max, v, why);
    }
    if (e->op != EDIT_FLIP) {
        snprintf(why, 200, "%s is a number: set or flip it", e->path);
        return STATUS_SYNTAX;
    }
    enum status st = value_signed(e->value, &n, why);
    if (st != STATUS_OK || d == NULL) {
        return st;
    }
    int64_t bit = n < 0 ? (int64_t)bits + n : n;
    if (bit < 0 || bit >= (int64_t)bits) {
        *missed = 1;
    } else {
        *v ^= (uint64_t)1 << ((int64_t)bits - 1 - bit);
    }
    return STATUS_OK;
}

/* ---- payloads ---- */

static enum status put_item(struct ibake_seq *q, size_t at,
                            const struct ibake_item *it)
{
    if (q->num == IBAKE_MAX_ITEMS) {
        return STATUS_NO_SPACE;
    }
    struct ibake_item copy = *it;
    memmove(&q->items[at + 1], &q->items[at], (q->num - at) * sizeof *q->items);
    q->items[at] = copy;
    q->num++;
    return STATUS_OK;
}

static void drop_item(struct ibake_seq *q, size_t at)
{
    q->num--;
    memmove(&q->items[at], &q->items[at + 1], (q->num - at) * sizeof *q->items);
}

/* What follows the Next payload octet. */
static enum status item_body(struct ibake_draft *d, const struct ibake_item *it,
                             struct view *out)
{
    struct ibake_item copy = *it;
    struct wr w;
    wr_init(&w);
    item_encode(&copy, 0, &w);
    enum status st = w.err;
    if (st == STATUS_OK) {
        *out = arena_copy(&d->arena, wr_since(&w, 1));
        st = out->data != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    wr_cleanup(&w);
    return st;
}

static enum status edit_body(struct ibake_draft *d, const struct edit *e,
                             struct ibake_item *it, int *missed)
{
    struct view v = {0};
    enum status st = item_body(d, it, &v);
    if (st == STATUS_OK) {
        st = edit_octets(d, e, &v, missed, d->why);
    }
    if (st == STATUS_OK && !*missed) {
        it->form = ITEM_BODY;
        it->raw = v;
        it->len_forced = 0; /* the octets are what was asked for */
    }
    return st;
}

static enum status edit_payload(struct ibake_draft *d, const struct edit *e,
                                struct ibake_seq *q, size_t at, int *missed)
{
    struct ibake_item it;
    enum status st;
    switch (e->op) {
    case EDIT_DROP:
        drop_item(q, at);
        return STATUS_OK;
    case EDIT_REPEAT:
        return put_item(q, at + 1, &q->items[at]);
    case EDIT_INSERT:
    case EDIT_APPEND:
        st = value_payload(d, e->value, &it, d->why);
        return st != STATUS_OK ? st
                               : put_item(q, at + (e->op == EDIT_APPEND), &it);
    default:
        return edit_body(d, e, &q->items[at], missed);
    }
}

/* ---- fields ---- */

static enum status edit_part(struct ibake_draft *d, const struct edit *e,
                             const struct edit_target *t)
{
    struct ibake_part *p = &d->parts[t->part];
    return t->field->kind == FIELD_KEY
               ? value_octets(d, e->value, p->key_id, &p->key_id, d->why)
               : value_date(d, e->value, &p->date, d->why);
}

static enum status edit_item_field(struct ibake_draft *d, const struct edit *e,
                                   const struct edit_target *t,
                                   struct ibake_item *it, int *missed)
{
    uint64_t v = 0;
    uint64_t max = 0;
    enum status st;
    if (t->field->kind == FIELD_NEXT) {
        v = it->pl.next;
        st = edit_number(d, e, 8, &v, missed, d->why);
        it->pl.next = (uint8_t)v;
        it->pl.next_forced = 1;
        return st;
    }
    if (t->field->kind == FIELD_LEN) {
        item_has_length(it->pl.type, &max);
        st = value_integer(d, e->value, max, &v, d->why);
        it->len = (uint16_t)v;
        it->len_forced = st == STATUS_OK;
        return st;
    }
    if (it->form != ITEM_STRUCT) { /* raw octets have no fields any more */
        *missed = 1;
        return STATUS_OK;
    }
    if (t->field->kind == FIELD_VIEW) {
        return edit_octets(d, e, field_view(t->field, &it->pl), missed, d->why);
    }
    v = field_get(t->field, &it->pl);
    st = edit_number(d, e, t->field->bits, &v, missed, d->why);
    if (st == STATUS_OK) {
        field_put(t->field, &it->pl, v);
    }
    return st;
}

static enum status edit_hdr(struct ibake_draft *d, const struct edit *e,
                            const struct edit_target *t, int *missed)
{
    uint64_t v;
    if (t->field->kind == FIELD_VIEW) {
        return edit_octets(d, e, field_view(t->field, &d->hdr), missed, d->why);
    }
    v = field_get(t->field, &d->hdr);
    enum status st = edit_number(d, e, t->field->bits, &v, missed, d->why);
    if (st == STATUS_OK) {
        field_put(t->field, &d->hdr, v);
        d->hdr_next_forced |= t->field->kind == FIELD_NEXT;
    }
    return st;
}

static enum status apply(struct ibake_draft *d, const struct edit *e,
                         const struct edit_target *t, struct wr *w, int *missed)
{
    if (w != NULL) { /* STAGE_PLAIN, STAGE_OCTETS */
        return edit_writer(d, e, w, missed);
    }
    if (t->kind == TGT_FIELD &&
        (t->field->kind == FIELD_KEY || t->field->kind == FIELD_DATE)) {
        *missed = !d->parts[t->part].used;
        return *missed ? STATUS_OK : edit_part(d, e, t);
    }
    if (t->type == PL_HDR) {
        return edit_hdr(d, e, t, missed);
    }
    struct ibake_seq *q = draft_seq(d, t->part);
    size_t at = path_find(q, t);
    if (at == IBAKE_MAX_ITEMS) {
        *missed = 1;
        return STATUS_OK;
    }
    return t->kind == TGT_PAYLOAD
               ? edit_payload(d, e, q, at, missed)
               : edit_item_field(d, e, t, &q->items[at], missed);
}

/* STAGE_PLAIN is only reached by parts that are there. */
static int plain_misses(const struct ibake_draft *d,
                        const struct edit_target *t, enum edit_stage wanted,
                        enum edit_stage now)
{
    return wanted == STAGE_PLAIN && now == STAGE_KEY && !d->parts[t->part].used;
}

enum status edits_apply(struct ibake_draft *d, enum edit_stage stage, int part,
                        struct wr *w)
{
    const struct edit_list *list = d->cfg->edits;
    for (size_t i = 0; list != NULL && i < list->num; i++) {
        const struct edit *e = &list->items[i];
        struct edit_target t;
        int missed = 0;
        if (!is_mikey(e) || !edit_matches(e, d->message)) {
            continue;
        }
        enum status st = path_parse(&t, e->path, d->why);
        if (st != STATUS_OK) {
            return st;
        }
        enum edit_stage wanted = path_stage(&t);
        if (wanted == stage && (stage != STAGE_PLAIN || t.part == part)) {
            st = apply(d, e, &t, w, &missed);
        } else {
            missed = plain_misses(d, &t, wanted, stage);
        }
        if (st != STATUS_OK) {
            return st;
        }
        if (missed && strcmp(e->message, "*") != 0) {
            d->missed++;
            log_at(d->cfg->log, LOG_WARN,
                   "edit \"%s %s\" found nothing to change", e->message,
                   e->path);
        }
    }
    return STATUS_OK;
}

/* ---- copies ---- */

static enum status nothing_at(const char *path, char why[200])
{
    snprintf(why, 200, "copy: there is nothing at %.100s", path);
    return STATUS_NOT_FOUND;
}

static enum status copy_number(struct ibake_draft *d, uint64_t v, unsigned bits,
                               struct view *out)
{
    size_t len = (bits + 7) / 8;
    uint8_t *p = arena_alloc(&d->arena, len);
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    put_be(p, v, len);
    *out = (struct view){p, len};
    return STATUS_OK;
}

static enum status copy_field(struct ibake_draft *d, const struct field *f,
                              void *base, const char *path, struct view *out,
                              char why[200])
{
    if (f->kind == FIELD_VIEW) {
        *out = *field_view(f, base);
        return STATUS_OK;
    }
    if (f->kind > FIELD_VIEW) {
        return nothing_at(path, why);
    }
    return copy_number(d, field_get(f, base), f->bits, out);
}

static enum status copy_part(struct ibake_draft *d, const struct edit_target *t,
                             const char *path, struct view *out, char why[200])
{
    struct ibake_part *p = &d->parts[t->part];
    struct wr w;
    if (!p->used || t->field->kind == FIELD_DATE) {
        return nothing_at(path, why);
    }
    if (t->field->kind == FIELD_KEY) {
        *out = p->key_id;
        return STATUS_OK;
    }
    wr_init(&w);
    seq_encode(&p->chain, &w);
    enum status st = w.err;
    if (st == STATUS_OK) {
        *out = arena_copy(&d->arena, (struct view){w.data, w.len});
        st = out->data != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    wr_cleanup(&w);
    return st;
}

static enum status copy_item(struct ibake_draft *d, const struct edit_target *t,
                             struct ibake_item *it, const char *path,
                             struct view *out, char why[200])
{
    if (t->kind == TGT_PAYLOAD) {
        return item_body(d, it, out);
    }
    if (it->form != ITEM_STRUCT) {
        return nothing_at(path, why);
    }
    return copy_field(d, t->field, &it->pl, path, out, why);
}

enum status edit_copy(struct ibake_draft *d, const char *path, struct view *out,
                      char why[200])
{
    struct edit_target t;
    enum status st = path_parse(&t, path, why);
    if (st != STATUS_OK) {
        return st;
    }
    if (t.kind == TGT_MESSAGE) {
        return nothing_at(path, why);
    }
    if (t.type == PL_HDR) {
        return copy_field(d, t.field, &d->hdr, path, out, why);
    }
    if (t.kind == TGT_FIELD && t.field->kind >= FIELD_KEY) {
        return copy_part(d, &t, path, out, why);
    }
    struct ibake_seq *q = draft_seq(d, t.part);
    size_t at = path_find(q, &t);
    return at == IBAKE_MAX_ITEMS
               ? nothing_at(path, why)
               : copy_item(d, &t, &q->items[at], path, out, why);
}

enum status edit_copy_from(struct ibake_draft *d, struct view octets,
                           const char *path, struct view *out, char why[200])
{
    struct edit_target t;
    struct mikey_msg m;
    unsigned seen = 0;
    enum status st = path_parse(&t, path, why);
    if (st != STATUS_OK) {
        return st;
    }
    if (mikey_decode(&m, octets.data, octets.len, NULL) != STATUS_OK ||
        t.kind == TGT_MESSAGE || t.part != PART_OUTER) {
        return nothing_at(path, why);
    }
    if (t.type == PL_HDR) {
        return copy_field(d, t.field, &m.hdr, path, out, why);
    }
    for (size_t i = 0; i < m.num_payloads; i++) {
        struct ibake_item it = {.pl = m.payloads[i]};
        if (it.pl.type == t.type &&
            (t.role == 0 || it.pl.u.idr.role == t.role) && seen++ == t.nth) {
            return copy_item(d, &t, &it, path, out, why);
        }
    }
    return nothing_at(path, why);
}

/* ---- checking without a message ---- */

static enum status check_field(const struct edit *e,
                               const struct edit_target *t, char why[200])
{
    struct view v = {0};
    uint64_t n = 0;
    uint64_t max = 0;
    int missed = 0;
    enum status st;
    switch (t->field->kind) {
    case FIELD_VIEW:
    case FIELD_PLAIN:
        return edit_octets(NULL, e, &v, &missed, why);
    case FIELD_KEY:
        st = only_set(e, why);
        return st != STATUS_OK ? st : value_octets(NULL, e->value, v, &v, why);
    case FIELD_DATE:
        st = only_set(e, why);
        return st != STATUS_OK ? st : value_date(NULL, e->value, &v, why);
    case FIELD_LEN:
        item_has_length(t->type, &max);
        st = only_set(e, why);
        return st != STATUS_OK ? st
                               : value_integer(NULL, e->value, max, &n, why);
    default:
        return edit_number(NULL, e, t->field->bits, &n, &missed, why);
    }
}

static enum status check_edit(const struct edit *e, char why[200])
{
    struct edit_target t;
    struct view v = {0};
    struct ibake_item it;
    int missed = 0;
    enum status st = path_parse(&t, e->path, why);
    if (st != STATUS_OK) {
        return st;
    }
    if (t.kind == TGT_FIELD) {
        return check_field(e, &t, why);
    }
    if (t.kind == TGT_PAYLOAD &&
        (e->op == EDIT_INSERT || e->op == EDIT_APPEND)) {
        return value_payload(NULL, e->value, &it, why);
    }
    return edit_octets(NULL, e, &v, &missed, why);
}

static int known_message(const char *name)
{
    static const uint8_t types[] = {MIKEY_DT_ERROR,
                                    MIKEY_DT_REQUEST_KEY_PSK,
                                    MIKEY_DT_REQUEST_KEY_RESP,
                                    MIKEY_DT_I_MESSAGE_1,
                                    MIKEY_DT_R_MESSAGE_1,
                                    MIKEY_DT_I_MESSAGE_2,
                                    MIKEY_DT_R_MESSAGE_2};
    if (strcmp(name, "*") == 0) {
        return 1;
    }
    for (size_t i = 0; i < sizeof types; i++) {
        if (strcmp(name, mikey_data_type_name(types[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

enum status ibake_edits_check(const struct edit_list *edits, char *why,
                              size_t why_len)
{
    char text[200] = "";
    for (size_t i = 0; i < edits->num; i++) {
        const struct edit *e = &edits->items[i];
        if (!is_mikey(e)) {
            continue;
        }
        enum status st = STATUS_OK;
        if (!known_message(e->message)) {
            st = STATUS_SYNTAX;
            snprintf(text, sizeof text, "\"%.60s\" is no message made here",
                     e->message);
        } else {
            st = check_edit(e, text);
        }
        if (st != STATUS_OK) {
            if (why_len > 0) {
                snprintf(why, why_len, "%s %s: %s", e->message, e->path, text);
            }
            return STATUS_SYNTAX;
        }
    }
    return STATUS_OK;
}
