/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Looks into a message as its readers would, by the paths of edits. */
#include "tests/unit/ibake/ibake_tests.h"

#include <stdlib.h>

static const char *const readers[] = {ID_A, ID_B, ID_M, ID_C};

/* The identity whose key of any of three days opens it; NULL: none. */
static const char *open_encr(struct world *w, const struct mikey_msg *m,
                             struct view encr, struct wr *plain, char date[9])
{
    struct ibake_keyring *rings[] = {w->ring_a, w->ring_b, w->ring_m};
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct ibake_config cfg = w->cfg;
            int neighbour = 0;
            cfg.keyring = rings[k];
            if (take_decrypt(&cfg, m, encr, text_view(readers[i]), plain, date,
                             &neighbour) == STATUS_OK) {
                return readers[i];
            }
        }
    }
    return NULL;
}

static enum status read_field(const struct edit_target *t, void *base,
                              struct octets *out)
{
    uint8_t number[8];
    if (t->field->kind == FIELD_VIEW) {
        return octets_set(out, *field_view(t->field, base));
    }
    size_t len = (t->field->bits + 7u) / 8;
    put_be(number, field_get(t->field, base), len);
    return octets_set(out, (struct view){number, len});
}

static enum status read_payloads(const struct edit_target *t,
                                 const struct mikey_payload *pl, size_t num,
                                 struct octets *out)
{
    unsigned seen = 0;
    for (size_t i = 0; i < num; i++) {
        uint8_t role = pl[i].type == MIKEY_PL_IDR ? pl[i].u.idr.role
                       : i > 0 && pl[i - 1].type == MIKEY_PL_IDR
                           ? pl[i - 1].u.idr.role
                           : 0;
        if (pl[i].type != t->type || (t->role != 0 && t->role != role) ||
            seen++ != t->nth) {
            continue;
        }
        struct mikey_payload copy = pl[i];
        if (t->kind == TGT_FIELD && t->field->kind == FIELD_NEXT) {
            return octets_set(out, (struct view){&copy.next, 1});
        }
        if (t->kind == TGT_FIELD) {
            return read_field(t, &copy, out);
        }
        struct wr w;
        wr_init(&w);
        mikey_payload_encode(&copy, 0, &w);
        enum status st = octets_set(out, wr_since(&w, 1));
        wr_cleanup(&w);
        return st;
    }
    return STATUS_NOT_FOUND;
}

static enum status read_part(struct world *w, const struct mikey_msg *m,
                             const struct edit_target *t, struct octets *out)
{
    const struct mikey_payload *pl =
        mikey_find(m, t->part == PART_ESK ? MIKEY_PL_ESK : MIKEY_PL_IBAKE);
    struct mikey_chain c;
    struct wr plain;
    char date[9] = "";
    if (pl == NULL) {
        return STATUS_NOT_FOUND;
    }
    wr_init(&plain);
    enum status st = STATUS_OK;
    const char *who = open_encr(w, m, pl->u.enc.data, &plain, date);
    if (who == NULL) {
        st = STATUS_DECRYPT;
    } else if (t->kind == TGT_FIELD && t->field->kind == FIELD_KEY) {
        st = octets_set(out, text_view(who));
    } else if (t->kind == TGT_FIELD && t->field->kind == FIELD_DATE) {
        st = octets_set(out, text_view(date));
    } else if (t->kind == TGT_FIELD && t->field->kind == FIELD_PLAIN) {
        st = octets_set(out, wr_view(&plain));
    } else {
        st = mikey_chain_decode(&c, MIKEY_PL_IDR, plain.data, plain.len, NULL);
        if (st == STATUS_OK) {
            st = read_payloads(t, c.payloads, c.num_payloads, out);
        }
    }
    wr_cleanup(&plain);
    return st;
}

enum status look(struct world *w, struct view octets, const char *path,
                 struct octets *out)
{
    struct edit_target t;
    struct mikey_msg m;
    char why[200] = "";
    *out = (struct octets){0};
    if (path_parse(&t, path, why) != STATUS_OK) {
        abort();
    }
    if (t.kind == TGT_MESSAGE) {
        return octets_set(out, octets);
    }
    enum status st = mikey_decode(&m, octets.data, octets.len, NULL);
    if (st != STATUS_OK) {
        return st;
    }
    if (t.type == PL_HDR) {
        return t.field->kind == FIELD_NEXT
                   ? octets_set(out, (struct view){&m.hdr.next_payload, 1})
                   : read_field(&t, &m.hdr, out);
    }
    return t.part != PART_OUTER
               ? read_part(w, &m, &t, out)
               : read_payloads(&t, m.payloads, m.num_payloads, out);
}
