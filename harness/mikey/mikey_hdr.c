/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* HDR and the CS ID maps (RFC 3830, 6.1; RFC 4563, 5; RFC 6043, 6.1.1). */
#include "harness/mikey/mikey_int.h"

#define SRTP_ID_LEN 9

/* One entry of a GENERIC-ID map. */
static int get_generic_id(struct dec *d, struct mikey_generic_id *out)
{
    uint8_t s_p;
    if (!get_u8(d, &out->cs_id, "CS ID") ||
        !get_u8(d, &out->prot, "Prot type") || !get_u8(d, &s_p, "#P")) {
        return 0;
    }
    out->s = s_p >> 7;
    return get_view(d, &out->policies, s_p & 0x7f, "Policy_no") &&
           get_block16(d, &out->session_data, "Session Data Length") &&
           get_block8(d, &out->spi, "SPI Length");
}

static int get_map(struct dec *d, struct mikey_hdr *hdr)
{
    size_t start = d->r.pos;
    struct mikey_generic_id entry;
    switch (hdr->map_type) {
    case MIKEY_MAP_SRTP_ID:
        d->clause = "RFC 3830, 6.1.1";
        return get_view(d, &hdr->map_info, (size_t)hdr->num_cs * SRTP_ID_LEN,
                        "CS ID map info");
    case MIKEY_MAP_EMPTY:
        return get_view(d, &hdr->map_info, 0, "CS ID map info");
    case MIKEY_MAP_GENERIC_ID:
        d->clause = "RFC 6043, 6.1.1";
        for (unsigned i = 0; i < hdr->num_cs; i++) {
            if (!get_generic_id(d, &entry)) {
                return 0;
            }
        }
        hdr->map_info = dec_since(d, start);
        return 1;
    default: /* nobody knows how long it is */
        return dec_fail(d, STATUS_UNSUPPORTED, "CS ID map type", 9);
    }
}

int hdr_decode(struct dec *d, struct mikey_hdr *hdr)
{
    uint8_t v_prf;
    if (!get_u8(d, &hdr->version, "version") ||
        !get_u8(d, &hdr->data_type, "data type") ||
        !get_u8(d, &hdr->next_payload, "Next payload") ||
        !get_u8(d, &v_prf, "PRF func")) {
        return 0;
    }
    hdr->v = v_prf >> 7;
    hdr->prf = v_prf & 0x7f;
    if (!get_u32(d, &hdr->csb_id, "CSB ID") ||
        !get_u8(d, &hdr->num_cs, "#CS") ||
        !get_u8(d, &hdr->map_type, "CS ID map type")) {
        return 0;
    }
    if (hdr->version != 1) {
        return dec_fail(d, STATUS_UNSUPPORTED, "version", 0);
    }
    return get_map(d, hdr);
}

enum status mikey_srtp_id(const struct mikey_hdr *hdr, unsigned at,
                          struct mikey_srtp_id *out)
{
    struct rd r;
    struct view before;
    if (hdr->map_type != MIKEY_MAP_SRTP_ID || at >= hdr->num_cs ||
        hdr->map_info.len < (at + 1U) * SRTP_ID_LEN) {
        return STATUS_NOT_FOUND;
    }
    rd_init(&r, hdr->map_info.data, hdr->map_info.len);
    rd_bytes(&r, &before, (size_t)at * SRTP_ID_LEN);
    rd_u8(&r, &out->policy);
    rd_u32(&r, &out->ssrc);
    return rd_u32(&r, &out->roc);
}

void mikey_srtp_id_put(const struct mikey_srtp_id *id, struct wr *w)
{
    wr_u8(w, id->policy);
    wr_u32(w, id->ssrc);
    wr_u32(w, id->roc);
}

enum status mikey_generic_id(const struct mikey_hdr *hdr, unsigned at,
                             struct mikey_generic_id *out)
{
    struct dec d = {.type = MIKEY_HDR_TYPE};
    rd_init(&d.r, hdr->map_info.data, hdr->map_info.len);
    if (hdr->map_type != MIKEY_MAP_GENERIC_ID || at >= hdr->num_cs) {
        return STATUS_NOT_FOUND;
    }
    for (unsigned i = 0; i <= at; i++) {
        if (!get_generic_id(&d, out)) {
            return STATUS_NOT_FOUND;
        }
    }
    return STATUS_OK;
}

static void put_srtp_map(struct put *p, const struct mikey_hdr *hdr)
{
    struct mikey_srtp_id id;
    for (unsigned i = 0; mikey_srtp_id(hdr, i, &id) == STATUS_OK; i++) {
        p->f.nth = (uint8_t)(i + 1);
        put_u8(p, "Policy_no", id.policy, MIKEY_REG_NONE);
        put_u32(p, "SSRC", id.ssrc);
        put_u32(p, "ROC", id.roc);
    }
}

static void put_generic_map(struct put *p, const struct mikey_hdr *hdr)
{
    struct mikey_generic_id id;
    for (unsigned i = 0; mikey_generic_id(hdr, i, &id) == STATUS_OK; i++) {
        const struct bits s_p[] = {{"S", 1, id.s, MIKEY_REG_NONE},
                                   {"#P", 7, id.policies.len, MIKEY_REG_NONE}};
        p->f.nth = (uint8_t)(i + 1);
        put_u8(p, "CS ID", id.cs_id, MIKEY_REG_NONE);
        put_u8(p, "Prot type", id.prot, MIKEY_REG_PROT_TYPE);
        put_bits(p, s_p, 2);
        put_octets(p, "Policy_no", id.policies);
        put_len16(p, "Session Data Length", id.session_data.len);
        put_octets(p, "Session Data", id.session_data);
        put_len8(p, "SPI Length", id.spi.len);
        put_octets(p, "SPI", id.spi);
    }
}

/* Written as it stands, enumerated by entries: a map built with a wrong #CS is
 * still written whole. */
static void put_map(struct put *p, const struct mikey_hdr *hdr)
{
    if (p->w != NULL) {
        wr_bytes(p->w, hdr->map_info.data, hdr->map_info.len);
        return;
    }
    if (hdr->map_type == MIKEY_MAP_SRTP_ID) {
        put_srtp_map(p, hdr);
    } else if (hdr->map_type == MIKEY_MAP_GENERIC_ID) {
        put_generic_map(p, hdr);
    }
    p->f.nth = 0;
}

void hdr_put(struct put *p, const struct mikey_hdr *hdr, uint8_t next)
{
    const struct bits v_prf[] = {{"V", 1, hdr->v, MIKEY_REG_NONE},
                                 {"PRF func", 7, hdr->prf, MIKEY_REG_PRF}};
    put_u8(p, "version", hdr->version, MIKEY_REG_NONE);
    put_u8(p, "data type", hdr->data_type, MIKEY_REG_DATA_TYPE);
    put_u8(p, "Next payload", next, MIKEY_REG_NEXT_PAYLOAD);
    put_bits(p, v_prf, 2);
    put_u32(p, "CSB ID", hdr->csb_id);
    put_u8(p, "#CS", hdr->num_cs, MIKEY_REG_NONE);
    put_u8(p, "CS ID map type", hdr->map_type, MIKEY_REG_MAP_TYPE);
    put_map(p, hdr);
}
