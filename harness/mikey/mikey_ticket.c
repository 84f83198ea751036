/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Payloads with roles and tickets (RFC 6043, 6.6 to 6.10), and SAKKE (RFC
 * 6509). */
#include "harness/mikey/mikey_int.h"

int idr_decode(struct dec *d, struct mikey_payload *pl)
{
    return get_u8(d, &pl->u.idr.role, "ID Role") &&
           get_u8(d, &pl->u.idr.type, "ID Type") &&
           get_block16(d, &pl->u.idr.data, "ID len");
}

void idr_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "ID Role", pl->u.idr.role, MIKEY_REG_ID_ROLE);
    put_u8(p, "ID Type", pl->u.idr.type, MIKEY_REG_ID_TYPE);
    put_len16(p, "ID len", pl->u.idr.data.len);
    put_chars(p, "ID Data", pl->u.idr.data);
}

int randr_decode(struct dec *d, struct mikey_payload *pl)
{
    return get_u8(d, &pl->u.randr.role, "RAND Role") &&
           get_block8(d, &pl->u.randr.rand, "RAND length");
}

void randr_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "RAND Role", pl->u.randr.role, MIKEY_REG_RAND_ROLE);
    put_len8(p, "RAND length", pl->u.randr.rand.len);
    put_octets(p, "RAND", pl->u.randr.rand);
}

/* What stands before the data of TP and TICKET. */
struct policy {
    uint16_t type;
    uint8_t subtype;
    uint8_t version;
    uint8_t prf;
    uint16_t flags; /* D to O, 12 bits */
    uint8_t res;
    struct view tp_data;
};

static int get_policy(struct dec *d, struct policy *out)
{
    uint16_t prf_flags;
    uint8_t flags_res;
    if (!get_u16(d, &out->type, "Ticket Type") ||
        !get_u8(d, &out->subtype, "Subtype") ||
        !get_u8(d, &out->version, "Version") ||
        !get_u16(d, &prf_flags, "PRF Func") ||
        !get_u8(d, &flags_res, "flags") ||
        !get_block16(d, &out->tp_data, "TP Data length")) {
        return 0;
    }
    out->prf = (uint8_t)(prf_flags >> 9);
    out->flags = (uint16_t)((prf_flags & 0x1ff) << 3 | flags_res >> 5);
    out->res = flags_res & 31;
    return 1;
}

static void put_policy(struct put *p, const struct policy *pol)
{
    const struct bits parts[] = {
        {"PRF Func", 7, pol->prf, MIKEY_REG_PRF},
        {"flags", 12, pol->flags, MIKEY_REG_NONE},
        {"Res", 5, pol->res, MIKEY_REG_NONE},
    };
    put_u16(p, "Ticket Type", pol->type, MIKEY_REG_TICKET_TYPE);
    put_u8(p, "Subtype", pol->subtype, MIKEY_REG_NONE);
    put_u8(p, "Version", pol->version, MIKEY_REG_NONE);
    put_bits(p, parts, 3);
    put_len16(p, "TP Data length", pol->tp_data.len);
    put_octets(p, "TP Data", pol->tp_data);
}

int tp_decode(struct dec *d, struct mikey_payload *pl)
{
    size_t start = d->r.pos;
    struct policy pol;
    if (!get_policy(d, &pol)) {
        return 0;
    }
    pl->u.opaque.body = dec_since(d, start);
    return 1;
}

/* The body is written as it stands; for the fields it is read once more, and
 * what does not read (a body built for a test) is one field. */
void tp_put(struct put *p, const struct mikey_payload *pl)
{
    struct view body = pl->u.opaque.body;
    struct dec d = {.type = pl->type};
    struct policy pol;
    rd_init(&d.r, body.data, body.len);
    if (p->w == NULL && get_policy(&d, &pol) && rd_left(&d.r) == 0) {
        put_policy(p, &pol);
    } else {
        put_octets(p, "body", body);
    }
}

struct ticket {
    struct policy policy;
    struct view data;
    struct view initiator;
};

static int get_ticket(struct dec *d, struct ticket *out)
{
    return get_policy(d, &out->policy) &&
           get_block16(d, &out->data, "Ticket Data length") &&
           get_block16(d, &out->initiator, "Initiator Data length");
}

int ticket_decode(struct dec *d, struct mikey_payload *pl)
{
    size_t start = d->r.pos;
    struct ticket t;
    if (!get_ticket(d, &t)) {
        return 0;
    }
    pl->u.opaque.body = dec_since(d, start);
    return 1;
}

void ticket_put(struct put *p, const struct mikey_payload *pl)
{
    struct view body = pl->u.opaque.body;
    struct dec d = {.type = pl->type};
    struct ticket t;
    rd_init(&d.r, body.data, body.len);
    if (p->w != NULL || !get_ticket(&d, &t) || rd_left(&d.r) != 0) {
        put_octets(p, "body", body);
        return;
    }
    put_policy(p, &t.policy);
    put_len16(p, "Ticket Data length", t.data.len);
    put_octets(p, "Ticket Data", t.data);
    put_len16(p, "Initiator Data length", t.initiator.len);
    put_octets(p, "Initiator Data", t.initiator);
}

struct sakke {
    uint8_t params;
    uint8_t scheme;
    struct view data;
};

static int get_sakke(struct dec *d, struct sakke *out)
{
    return get_u8(d, &out->params, "SAKKE params") &&
           get_u8(d, &out->scheme, "ID scheme") &&
           get_block16(d, &out->data, "SAKKE data length");
}

int sakke_decode(struct dec *d, struct mikey_payload *pl)
{
    size_t start = d->r.pos;
    struct sakke s;
    if (!get_sakke(d, &s)) {
        return 0;
    }
    pl->u.opaque.body = dec_since(d, start);
    return 1;
}

void sakke_put(struct put *p, const struct mikey_payload *pl)
{
    struct view body = pl->u.opaque.body;
    struct dec d = {.type = pl->type};
    struct sakke s;
    rd_init(&d.r, body.data, body.len);
    if (p->w != NULL || !get_sakke(&d, &s) || rd_left(&d.r) != 0) {
        put_octets(p, "body", body);
        return;
    }
    put_u8(p, "SAKKE params", s.params, MIKEY_REG_NONE);
    put_u8(p, "ID scheme", s.scheme, MIKEY_REG_NONE);
    put_len16(p, "SAKKE data length", s.data.len);
    put_octets(p, "SAKKE data", s.data);
}
