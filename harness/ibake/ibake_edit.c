/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Edits applied to a message in the making (docs/EDITS.md). */
#include "harness/ibake/ibake_int.h"

#include <stdio.h>

int edit_is_mikey(const struct edit *e)
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
enum status edit_octets(struct ibake_draft *d, const struct edit *e,
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

enum status edit_number(struct ibake_draft *d, const struct edit *e,
                        unsigned bits, uint64_t *v, int *missed, char why[200])
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
enum status item_body(struct ibake_draft *d, const struct ibake_item *it,
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
        if (!edit_is_mikey(e) || !edit_matches(e, d->message)) {
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
