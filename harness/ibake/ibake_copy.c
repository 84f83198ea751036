/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The values copy:PATH and recorded:NAME#PATH of edits. */
#include "harness/ibake/ibake_int.h"

#include <stdio.h>

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
