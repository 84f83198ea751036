/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Messages and chains of sub-payloads: walking them, building them. */
#include "harness/mikey/mikey.h"

#include "harness/mikey/mikey_int.h"

/* One row per payload type; the names are in mikey_names.c. */
static const struct row rows[] = {
    [MIKEY_PL_KEMAC] = {"RFC 3830, 6.2", kemac_decode, kemac_put, 0},
    [MIKEY_PL_PKE] = {"RFC 3830, 6.3", pke_decode, pke_put, 0},
    [MIKEY_PL_DH] = {"RFC 3830, 6.4", dh_decode, dh_put, 0},
    [MIKEY_PL_SIGN] = {"RFC 3830, 6.5", sign_decode, sign_put, ROW_NO_NEXT},
    [MIKEY_PL_T] = {"RFC 3830, 6.6", t_decode, t_put, 0},
    [MIKEY_PL_ID] = {"RFC 3830, 6.7", id_decode, id_put, 0},
    [MIKEY_PL_CERT] = {"RFC 3830, 6.7", cert_decode, cert_put, 0},
    [MIKEY_PL_CHASH] = {"RFC 3830, 6.8", chash_decode, chash_put, 0},
    [MIKEY_PL_V] = {"RFC 3830, 6.9", v_decode, v_put, 0},
    [MIKEY_PL_SP] = {"RFC 3830, 6.10", sp_decode, sp_put, 0},
    [MIKEY_PL_RAND] = {"RFC 3830, 6.11", rnd_decode, rnd_put, 0},
    [MIKEY_PL_ERR] = {"RFC 3830, 6.12", err_decode, err_put, 0},
    [MIKEY_PL_TR] = {"RFC 6043, 6.4", tr_decode, tr_put, 0},
    [MIKEY_PL_IDR] = {"RFC 6043, 6.6", idr_decode, idr_put, 0},
    [MIKEY_PL_RANDR] = {"RFC 6043, 6.8", randr_decode, randr_put, 0},
    [MIKEY_PL_TP] = {"RFC 6043, 6.10", tp_decode, tp_put, 0},
    [MIKEY_PL_TICKET] = {"RFC 6043, 6.10", ticket_decode, ticket_put, 0},
    [MIKEY_PL_KEY_DATA] = {"RFC 3830, 6.13", key_data_decode, key_data_put,
                           ROW_INNER},
    [MIKEY_PL_GENERAL_EXT] = {"RFC 3830, 6.15", ext_decode, ext_put, 0},
    [MIKEY_PL_IBAKE] = {"RFC 6267, 6.1.1", ibake_decode, ibake_put, 0},
    [MIKEY_PL_ESK] = {"RFC 6267, 6.1.2", ibake_decode, ibake_put, 0},
    [MIKEY_PL_SK] = {"RFC 6267, 6.1.5", sk_decode, sk_put, ROW_INNER},
    [MIKEY_PL_ECCPT] = {"RFC 6267, 6.1.4", eccpt_decode, eccpt_put, ROW_INNER},
    [MIKEY_PL_SAKKE] = {"RFC 6509, 4.2", sakke_decode, sakke_put, 0},
};

const struct row *row_of(uint8_t type)
{
    if (type >= sizeof rows / sizeof *rows || rows[type].decode == NULL) {
        return NULL;
    }
    return &rows[type];
}

void dec_note(struct dec *d, enum status status, const char *field, size_t off,
              const char *clause)
{
    if (d->err.status == STATUS_OK) {
        d->err = (struct mikey_error){.status = status,
                                      .payload = d->type,
                                      .field = field,
                                      .offset = (uint32_t)off,
                                      .clause = clause};
    }
}

/* A payload list under construction: of a message, or of a chain (inner). */
struct walk {
    struct mikey_payload *payloads;
    size_t *num;
    int inner;
};

/* Says what is wrong with the Next payload field at off, which holds type. */
static int fail_next(struct dec *d, const struct row *row, size_t off)
{
    if (row == NULL) {
        return dec_fail_clause(d, STATUS_UNKNOWN_TYPE, "Next payload", off,
                               "RFC 3830, 6.1");
    }
    return dec_fail_clause(d, STATUS_UNEXPECTED, "Next payload", off,
                           row->clause);
}

static int read_payload(struct dec *d, const struct row *row,
                        struct mikey_payload *pl, uint8_t type)
{
    size_t start = d->r.pos;
    d->type = type;
    d->clause = row->clause;
    pl->type = type;
    pl->next = 0;
    pl->next_forced = 0;
    if (!(row->flags & ROW_NO_NEXT) && !get_u8(d, &pl->next, "Next payload")) {
        return 0;
    }
    if (!row->decode(d, pl)) {
        return 0;
    }
    pl->range.off = (uint32_t)start;
    pl->range.len = (uint32_t)(d->r.pos - start);
    return 1;
}

/* Reads payloads until one says that it is the last. next_off is the place of
 * the field that announced type. */
static int read_payloads(struct dec *d, const struct walk *k, uint8_t type,
                         size_t next_off)
{
    while (type != MIKEY_PL_LAST) {
        const struct row *row = row_of(type);
        if (row == NULL || (!k->inner && (row->flags & ROW_INNER))) {
            return fail_next(d, row, next_off);
        }
        if (*k->num == MIKEY_MAX_PAYLOADS) {
            return dec_fail_clause(d, STATUS_UNSUPPORTED, "Next payload",
                                   next_off, "limit of this decoder");
        }
        struct mikey_payload *pl = &k->payloads[*k->num];
        next_off = d->r.pos;
        if (!read_payload(d, row, pl, type)) {
            return 0;
        }
        (*k->num)++;
        type = pl->next;
    }
    if (rd_left(&d->r) != 0) {
        return dec_fail_clause(d, STATUS_TRAILING,
                               "octets after the last payload", d->r.pos,
                               "RFC 3830, 6.1");
    }
    return 1;
}

static enum status finish(const struct dec *d, struct mikey_error *err)
{
    if (err != NULL) {
        *err = d->err;
    }
    return d->err.status;
}

static void dec_init(struct dec *d, const uint8_t *data, size_t len)
{
    rd_init(&d->r, data, len);
    d->type = MIKEY_HDR_TYPE;
    d->clause = "RFC 3830, 6.1";
    d->err = (struct mikey_error){0};
    d->form_b = 0;
    d->num_eccpt = 0;
    if (len > UINT32_MAX) { /* offsets are 32 bits wide */
        dec_fail_clause(d, STATUS_UNSUPPORTED, "message", 0,
                        "limit of this decoder");
    }
}

enum status mikey_decode(struct mikey_msg *out, const uint8_t *data, size_t len,
                         struct mikey_error *err)
{
    struct dec d;
    dec_init(&d, data, len);
    out->raw = (struct view){data, len};
    out->hdr = (struct mikey_hdr){0};
    out->num_payloads = 0;
    if (d.err.status == STATUS_OK && hdr_decode(&d, &out->hdr)) {
        const struct walk k = {out->payloads, &out->num_payloads, 0};
        read_payloads(&d, &k, out->hdr.next_payload, 2);
    }
    return finish(&d, err);
}

static int chain_try(struct mikey_chain *out, struct dec *d, uint8_t first,
                     unsigned form_b)
{
    dec_init(d, out->raw.data, out->raw.len);
    d->form_b = form_b;
    d->type = first;
    out->num_payloads = 0;
    const struct walk k = {out->payloads, &out->num_payloads, 1};
    if (first == MIKEY_PL_LAST) {
        return fail_next(d, NULL, 0);
    }
    return d->err.status == STATUS_OK && read_payloads(d, &k, first, 0);
}

static int chain_has(const struct mikey_chain *c, uint8_t type)
{
    for (size_t i = 0; i < c->num_payloads; i++) {
        if (c->payloads[i].type == type) {
            return 1;
        }
    }
    return 0;
}

/* The readings of a chain that differs from the strict one, each tried as a
 * whole so that the effort stays linear: every ECCPT padded in form (b), or
 * only the first or only the second (one side copies the other's ECCPT octet by
 * octet); plain ID in the place of IDR before SK or Key data (AMB-07). */
static int chain_lenient(struct mikey_chain *out, uint8_t first, int eccpt)
{
    static const unsigned forms[] = {~0U, 1, 2};
    struct dec d;
    for (size_t i = 0; eccpt && i < sizeof forms / sizeof *forms; i++) {
        if (chain_try(out, &d, first, forms[i])) {
            return 1;
        }
    }
    return first == MIKEY_PL_IDR && chain_try(out, &d, MIKEY_PL_ID, 0) &&
           !chain_has(out, MIKEY_PL_ECCPT) &&
           (chain_has(out, MIKEY_PL_SK) || chain_has(out, MIKEY_PL_KEY_DATA));
}

enum status mikey_chain_decode(struct mikey_chain *out, uint8_t first,
                               const uint8_t *data, size_t len,
                               struct mikey_error *err)
{
    struct dec d;
    out->raw = (struct view){data, len};
    if (chain_try(out, &d, first, 0)) {
        return finish(&d, err);
    }
    if (chain_lenient(out, first, d.num_eccpt > 0)) {
        if (err != NULL) {
            *err = (struct mikey_error){0};
        }
        return STATUS_OK;
    }
    chain_try(out, &d, first,
              0); /* what stands is the strict reading's fault */
    return finish(&d, err);
}

void payload_put(struct put *p, const struct mikey_payload *pl, uint8_t next)
{
    const struct row *row = row_of(pl->type);
    if (row == NULL || !(row->flags & ROW_NO_NEXT)) {
        put_u8(p, "Next payload", next, MIKEY_REG_NEXT_PAYLOAD);
    }
    if (row != NULL) {
        row->put(p, pl);
    } else {
        put_octets(p, "body", pl->u.opaque.body);
    }
}

void mikey_payload_encode(const struct mikey_payload *pl, uint8_t next,
                          struct wr *w)
{
    struct put p = {.w = w};
    payload_put(&p, pl, next);
}

void mikey_chain_encode(const struct mikey_payload *payloads, size_t num,
                        struct wr *w)
{
    struct put p = {.w = w};
    for (size_t i = 0; i < num; i++) {
        uint8_t next = i + 1 < num ? payloads[i + 1].type : MIKEY_PL_LAST;
        payload_put(&p, &payloads[i],
                    payloads[i].next_forced ? payloads[i].next : next);
    }
}

void mikey_encode(const struct mikey_msg *msg, struct wr *w)
{
    struct put p = {.w = w};
    uint8_t next =
        msg->num_payloads > 0 ? msg->payloads[0].type : MIKEY_PL_LAST;
    hdr_put(&p, &msg->hdr, msg->hdr.next_forced ? msg->hdr.next_payload : next);
    mikey_chain_encode(msg->payloads, msg->num_payloads, w);
}
