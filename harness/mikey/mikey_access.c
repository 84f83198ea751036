/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Finding things in decoded messages, MAC input, the structural rules of I/R
 * messages. */
#include "harness/mikey/mikey_int.h"

const struct mikey_payload *mikey_find(const struct mikey_msg *msg,
                                       uint8_t type)
{
    for (size_t i = 0; i < msg->num_payloads; i++) {
        if (msg->payloads[i].type == type) {
            return &msg->payloads[i];
        }
    }
    return NULL;
}

static int is_idr(const struct mikey_payload *pl, uint8_t role)
{
    return pl->type == MIKEY_PL_IDR && pl->u.idr.role == role;
}

static const struct mikey_payload *
list_find_idr(const struct mikey_payload *payloads, size_t num, uint8_t role)
{
    for (size_t i = 0; i < num; i++) {
        if (is_idr(&payloads[i], role)) {
            return &payloads[i];
        }
    }
    return NULL;
}

const struct mikey_payload *mikey_find_idr(const struct mikey_msg *msg,
                                           uint8_t role)
{
    return list_find_idr(msg->payloads, msg->num_payloads, role);
}

const struct mikey_payload *mikey_chain_find_idr(const struct mikey_chain *c,
                                                 uint8_t role)
{
    return list_find_idr(c->payloads, c->num_payloads, role);
}

const struct mikey_payload *mikey_chain_eccpt(const struct mikey_chain *c,
                                              uint8_t role)
{
    for (size_t i = 0; i + 1 < c->num_payloads; i++) {
        if (is_idr(&c->payloads[i], role) &&
            c->payloads[i + 1].type == MIKEY_PL_ECCPT) {
            return &c->payloads[i + 1];
        }
    }
    return NULL;
}

enum status mikey_timestamp(const struct mikey_msg *msg, uint8_t *out_type,
                            uint64_t *out_value)
{
    const struct mikey_payload *t = mikey_find(msg, MIKEY_PL_T);
    struct rd r;
    uint32_t v32 = 0;
    if (t == NULL) {
        return STATUS_NOT_FOUND;
    }
    *out_type = t->u.t.ts_type;
    rd_init(&r, t->u.t.value.data, t->u.t.value.len);
    if (t->u.t.value.len == 8) {
        return rd_u64(&r, out_value);
    }
    enum status s = rd_u32(&r, &v32);
    if (s == STATUS_OK) {
        *out_value =
            t->u.t.ts_type == MIKEY_TS_NTP_UTC_32 ? (uint64_t)v32 << 32 : v32;
    }
    return s;
}

/* The octets [from, to) of the message. */
static struct view part(const struct mikey_msg *msg, size_t from, size_t to)
{
    struct rd r;
    struct view v = {0};
    rd_init(&r, msg->raw.data, msg->raw.len);
    rd_bytes(&r, &v, from);
    rd_bytes(&r, &v, to - from);
    return v;
}

enum status mikey_mac_input(const struct mikey_msg *msg, struct view out[2],
                            size_t *out_num)
{
    const struct mikey_payload *esk = NULL;
    size_t end = 0;
    for (size_t i = 0; i < msg->num_payloads; i++) {
        const struct mikey_payload *pl = &msg->payloads[i];
        if (pl->type == MIKEY_PL_ESK && esk != NULL) {
            return STATUS_DUPLICATE; /* no reading of which one is left out */
        }
        if (pl->type == MIKEY_PL_ESK) {
            esk = pl;
        }
        end = pl->range.off + pl->range.len;
    }
    const struct mikey_payload *last =
        msg->num_payloads > 0 ? &msg->payloads[msg->num_payloads - 1] : NULL;
    if (last != NULL && last->type == MIKEY_PL_V) {
        end -= last->u.v.mac.len;
    } else if (last != NULL && last->type == MIKEY_PL_SIGN) {
        end -= last->u.sign.sig.len;
    } else {
        return STATUS_NOT_FOUND;
    }
    if (esk == NULL) {
        out[0] = part(msg, 0, end);
        *out_num = 1;
        return STATUS_OK;
    }
    out[0] = part(msg, 0, esk->range.off);
    out[1] = part(msg, esk->range.off + esk->range.len, end);
    *out_num = 2;
    return STATUS_OK;
}

static enum status broken(struct mikey_error *err, enum status status,
                          const struct mikey_payload *pl, const char *field,
                          const char *clause)
{
    if (err != NULL) {
        *err = (struct mikey_error){.status = status,
                                    .payload = pl->type,
                                    .field = field,
                                    .offset = pl->range.off,
                                    .clause = clause};
    }
    return status;
}

static int same_kind(const struct mikey_payload *a,
                     const struct mikey_payload *b)
{
    switch (a->type) {
    case MIKEY_PL_T:
    case MIKEY_PL_RAND:
    case MIKEY_PL_IBAKE:
    case MIKEY_PL_ESK:
    case MIKEY_PL_V:
        return a->type == b->type;
    case MIKEY_PL_IDR:
        return is_idr(b, a->u.idr.role);
    default:
        return 0;
    }
}

enum status mikey_i_r_rules(const struct mikey_msg *msg,
                            struct mikey_error *err)
{
    if (err != NULL) {
        *err = (struct mikey_error){0};
    }
    for (size_t i = 0; i < msg->num_payloads; i++) {
        const struct mikey_payload *pl = &msg->payloads[i];
        for (size_t k = 0; k < i; k++) {
            if (same_kind(&msg->payloads[k], pl)) {
                return broken(err, STATUS_DUPLICATE, pl, "payload",
                              "RFC 6267, 4.2.2 (AMB-45)");
            }
        }
        if (pl->type == MIKEY_PL_V && i + 1 < msg->num_payloads) {
            return broken(err, STATUS_ORDER, pl, "Next payload",
                          "RFC 6267, 4.2.2.7");
        }
        if (pl->type == MIKEY_PL_SP && msg->hdr.map_type == MIKEY_MAP_EMPTY) {
            return broken(err, STATUS_UNEXPECTED, pl, "payload", "RFC 4563, 5");
        }
    }
    return STATUS_OK;
}
