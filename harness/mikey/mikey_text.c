/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Decoded messages as text. */
#include "harness/base/env.h"
#include "harness/mikey/mikey_int.h"

#include <inttypes.h>
#include <stdio.h>

#define CUT_OCTETS 48 /* longer values are cut in listings */

static void put_hex(struct wr *w, struct view v)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < v.len; i++) {
        wr_u8(w, (uint8_t)digits[v.data[i] >> 4]);
        wr_u8(w, (uint8_t)digits[v.data[i] & 15]);
    }
}

static int printable(struct view v)
{
    for (size_t i = 0; i < v.len; i++) {
        if (v.data[i] < 0x20 || v.data[i] > 0x7e) {
            return 0;
        }
    }
    return v.len > 0;
}

static void put_time_text(struct wr *w, uint64_t ntp)
{
    char text[28];
    utc_rfc3339(text, us_from_ntp(ntp));
    wr_str(w, text);
}

static void put_value(const struct mikey_field *f, struct view octets,
                      struct wr *w)
{
    switch (f->form) {
    case MIKEY_FORM_UINT:
        wr_printf(w, "%" PRIu64, f->value);
        break;
    case MIKEY_FORM_HEX:
        wr_printf(w, "0x%08" PRIx64, f->value);
        break;
    case MIKEY_FORM_OCTETS:
        put_hex(w, octets);
        break;
    case MIKEY_FORM_TEXT:
        if (printable(octets)) {
            wr_bytes(w, octets.data, octets.len);
        } else {
            put_hex(w, octets);
        }
        break;
    case MIKEY_FORM_TIME:
        put_time_text(w, f->value);
        break;
    }
    if (f->meaning != NULL) {
        wr_printf(w, " %s", f->meaning);
    }
}

void mikey_field_value(const struct mikey_field *f, struct wr *w)
{
    put_value(f, f->octets, w);
}

struct listing {
    struct wr *w;
    unsigned indent;
};

/* "first..last" of a range, and the bits if it is a part of an octet. */
static void put_range(struct listing *l, const struct mikey_range *r,
                      const struct mikey_field *f)
{
    char text[48];
    int n = snprintf(text, sizeof text, "%u", r->off);
    if (r->len != 1) { /* an empty range ends before it begins */
        n = snprintf(text, sizeof text, "%u..%" PRId64, r->off,
                     (int64_t)r->off + r->len - 1);
    }
    if (f != NULL && f->bits == 1) {
        snprintf(text + n, sizeof text - (size_t)n, ":%u", f->bit);
    } else if (f != NULL && f->bits != 0) {
        snprintf(text + n, sizeof text - (size_t)n, ":%u-%u", f->bit,
                 f->bit + f->bits - 1U);
    }
    wr_fill(l->w, ' ', l->indent);
    wr_printf(l->w, "%-13s ", text);
}

static int list_field(void *ctx, const struct mikey_field *f)
{
    struct listing *l = ctx;
    char name[64];
    put_range(l, &f->range, f);
    if (f->nth != 0) {
        snprintf(name, sizeof name, "[%u] %s", f->nth, f->name);
    } else {
        snprintf(name, sizeof name, "%s", f->name);
    }
    wr_printf(l->w, "  %-24s ", name);
    if (f->octets.len > CUT_OCTETS) {
        put_value(f, (struct view){f->octets.data, CUT_OCTETS}, l->w);
        wr_printf(l->w, "... (%zu octets)", f->octets.len);
    } else if (f->form != MIKEY_FORM_UINT && f->form != MIKEY_FORM_HEX &&
               f->octets.len == 0) {
        wr_str(l->w, "(empty)");
    } else {
        put_value(f, f->octets, l->w);
    }
    if (f->form == MIKEY_FORM_TIME) {
        wr_str(l->w, " (");
        put_hex(l->w, f->octets);
        wr_str(l->w, ")");
    }
    wr_str(l->w, "\n");
    return 0;
}

/* What tells this payload from others of its type. */
static const char *payload_label(const struct mikey_payload *pl)
{
    const char *role = NULL;
    if (pl->type == MIKEY_PL_IDR) {
        role = mikey_name(MIKEY_REG_ID_ROLE, pl->u.idr.role);
    } else if (pl->type == MIKEY_PL_RANDR) {
        role = mikey_name(MIKEY_REG_RAND_ROLE, pl->u.randr.role);
    } else if (pl->type == MIKEY_PL_TR) {
        role = mikey_name(MIKEY_REG_TS_ROLE, pl->u.tr.role);
    }
    return role != NULL ? role : mikey_payload_name(pl->type);
}

void mikey_payload_text(const struct mikey_payload *pl, unsigned indent,
                        struct wr *w)
{
    struct listing l = {.w = w, .indent = indent};
    put_range(&l, &pl->range, NULL);
    wr_printf(w, "%s%s\n", payload_label(pl),
              pl->type == MIKEY_PL_ECCPT && pl->u.eccpt.padded_from_point
                  ? " (padding counted from the point, AMB-09 (b))"
                  : "");
    mikey_payload_fields(pl, list_field, &l);
}

void mikey_hdr_text(const struct mikey_hdr *hdr, struct wr *w)
{
    struct listing l = {.w = w};
    struct mikey_range range = {0, (uint32_t)(10 + hdr->map_info.len)};
    const char *type = mikey_data_type_name(hdr->data_type);
    put_range(&l, &range, NULL);
    wr_printf(w, "HDR%s%s\n", type != NULL ? " of " : "",
              type != NULL ? type : "");
    mikey_hdr_fields(hdr, list_field, &l);
}

void mikey_text(const struct mikey_msg *msg, struct wr *w)
{
    if (msg->raw.len < 10) { /* HDR did not decode */
        return;
    }
    mikey_hdr_text(&msg->hdr, w);
    for (size_t i = 0; i < msg->num_payloads; i++) {
        mikey_payload_text(&msg->payloads[i], 0, w);
    }
}

void mikey_chain_text(const struct mikey_chain *c, unsigned indent,
                      struct wr *w)
{
    for (size_t i = 0; i < c->num_payloads; i++) {
        mikey_payload_text(&c->payloads[i], indent, w);
    }
}

void mikey_error_text(const struct mikey_error *err, struct wr *w)
{
    const char *name = err->payload == MIKEY_HDR_TYPE
                           ? "HDR"
                           : mikey_payload_name(err->payload);
    if (name != NULL) {
        wr_str(w, name);
    } else {
        wr_printf(w, "payload %u", err->payload);
    }
    wr_printf(w, ", %s, octet %u: %s (%s)",
              err->field != NULL ? err->field : "-", err->offset,
              status_name(err->status),
              err->clause != NULL ? err->clause : "-");
}
