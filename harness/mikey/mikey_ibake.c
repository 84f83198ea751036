/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The payloads of RFC 6267, and the sub-payloads that carry keys (RFC
 * 3830, 6.13, 6.14). */
#include "harness/mikey/mikey_int.h"

int get_kv(struct dec *d, struct mikey_kv_data *kv, size_t off)
{
    const char *clause = "RFC 3830, 6.14";
    const char *own = d->clause;
    int ok = 1;
    kv->spi = (struct view){0};
    kv->from = (struct view){0};
    kv->to = (struct view){0};
    if (kv->kv == MIKEY_KV_NULL) {
        return 1;
    }
    d->clause = clause;
    if (kv->kv == MIKEY_KV_SPI) {
        ok = get_block8(d, &kv->spi, "SPI length");
    } else if (kv->kv == MIKEY_KV_INTERVAL) {
        ok = get_block8(d, &kv->from, "VF length") &&
             get_block8(d, &kv->to, "VT length");
    } else { /* nobody knows how long it is */
        ok = dec_fail(d, STATUS_UNSUPPORTED, "KV", off);
    }
    d->clause = own;
    return ok;
}

void put_half_kv(struct put *p, const char *name, unsigned value,
                 enum mikey_registry reg, const struct mikey_kv_data *kv)
{
    const struct bits parts[] = {{name, 4, value, reg},
                                 {"KV", 4, kv->kv, MIKEY_REG_KV}};
    put_bits(p, parts, 2);
}

/* An interval of a K_PR is given by two NTP-UTC times (AMB-35), one of SRTP by
 * two packet indices of 6 octets. */
static void put_bound(struct put *p, const char *len_name, const char *name,
                      struct view v)
{
    put_len8(p, len_name, v.len);
    if (v.len == 8) {
        put_time(p, name, v, MIKEY_TS_NTP_UTC);
    } else {
        put_octets(p, name, v);
    }
}

void put_kv_data(struct put *p, const struct mikey_kv_data *kv)
{
    if (kv->kv == MIKEY_KV_SPI) {
        put_len8(p, "SPI length", kv->spi.len);
        put_octets(p, "SPI", kv->spi);
    } else if (kv->kv == MIKEY_KV_INTERVAL) {
        put_bound(p, "VF length", "Valid From", kv->from);
        put_bound(p, "VT length", "Valid To", kv->to);
    }
}

int ibake_decode(struct dec *d, struct mikey_payload *pl)
{
    return get_block16(d, &pl->u.enc.data, "Encr data len");
}

void ibake_put(struct put *p, const struct mikey_payload *pl)
{
    put_len16(p, "Encr data len", pl->u.enc.data.len);
    put_octets(p, "Encr data", pl->u.enc.data);
}

int sk_decode(struct dec *d, struct mikey_payload *pl)
{
    size_t off = d->r.pos;
    uint8_t type_kv;
    if (!get_u8(d, &type_kv, "Type") ||
        !get_block16(d, &pl->u.sk.key, "Key data len")) {
        return 0;
    }
    pl->u.sk.type = type_kv >> 4;
    pl->u.sk.kv.kv = type_kv & 15;
    return get_kv(d, &pl->u.sk.kv, off);
}

void sk_put(struct put *p, const struct mikey_payload *pl)
{
    put_half_kv(p, "Type", pl->u.sk.type, MIKEY_REG_SK_TYPE, &pl->u.sk.kv);
    put_len16(p, "Key data len", pl->u.sk.key.len);
    put_octets(p, "Key data", pl->u.sk.key);
    put_kv_data(p, &pl->u.sk.kv);
}

/* TGK+SALT, TEK+SALT, GTGK+SALT. */
static int has_salt(uint8_t key_type)
{
    return key_type == 1 || key_type == 3 || key_type == 5;
}

int key_data_decode(struct dec *d, struct mikey_payload *pl)
{
    size_t off = d->r.pos;
    uint8_t type_kv;
    if (!get_u8(d, &type_kv, "Type")) {
        return 0;
    }
    pl->u.key_data.type = type_kv >> 4;
    pl->u.key_data.kv.kv = type_kv & 15;
    pl->u.key_data.salt = (struct view){0};
    if (pl->u.key_data.type > MIKEY_KEY_K_PR) { /* with a salt or without? */
        return dec_fail(d, STATUS_UNSUPPORTED, "Type", off);
    }
    return get_block16(d, &pl->u.key_data.key, "Key data len") &&
           (!has_salt(pl->u.key_data.type) ||
            get_block16(d, &pl->u.key_data.salt, "Salt len")) &&
           get_kv(d, &pl->u.key_data.kv, off);
}

void key_data_put(struct put *p, const struct mikey_payload *pl)
{
    put_half_kv(p, "Type", pl->u.key_data.type, MIKEY_REG_KEY_TYPE,
                &pl->u.key_data.kv);
    put_len16(p, "Key data len", pl->u.key_data.key.len);
    put_octets(p, "Key data", pl->u.key_data.key);
    if (has_salt(pl->u.key_data.type)) {
        put_len16(p, "Salt len", pl->u.key_data.salt.len);
        put_octets(p, "Salt data", pl->u.key_data.salt);
    }
    put_kv_data(p, &pl->u.key_data.kv);
}

size_t mikey_curve_octets(uint8_t curve)
{
    static const uint8_t octets[] = {/* ceil(m / 8), ECC Curve 1 to 16 */
                                     0,  24, 21, 21, 21, 28, 30, 30, 32,
                                     36, 36, 48, 52, 52, 66, 72, 72};
    return curve < sizeof octets ? octets[curve] : 0;
}

size_t mikey_eccpt_pad(size_t point_len, int from_point)
{
    size_t before = from_point ? 0 : 2; /* Next payload, ECC Curve */
    return (4 - (before + point_len) % 4) % 4;
}

/* The point has no length field: its first octet and the curve tell it (SEC 1;
 * AMB-08). */
static int get_point(struct dec *d, struct mikey_payload *pl)
{
    size_t off = d->r.pos;
    size_t octets = mikey_curve_octets(pl->u.eccpt.curve);
    if (octets == 0) {
        return dec_fail(d, STATUS_UNSUPPORTED, "ECC Curve", off - 1);
    }
    if (rd_left(&d->r) == 0) {
        return dec_fail(d, STATUS_TRUNCATED, "ECC Point", off);
    }
    size_t len = 0;
    switch (d->r.data[off]) {
    case 4:
        len = 1 + 2 * octets;
        break;
    case 2:
    case 3:
        len = 1 + octets;
        break;
    default:
        return dec_fail(d, STATUS_BAD_VALUE, "ECC Point", off);
    }
    return get_view(d, &pl->u.eccpt.point, len, "ECC Point");
}

static int all_zero(struct view v)
{
    uint8_t any = 0;
    for (size_t i = 0; i < v.len; i++) {
        any |= v.data[i];
    }
    return any == 0;
}

int eccpt_decode(struct dec *d, struct mikey_payload *pl)
{
    unsigned nth = d->num_eccpt < 31 ? d->num_eccpt : 31;
    int form_b = (d->form_b >> nth & 1) != 0;
    d->num_eccpt++;
    if (!get_u8(d, &pl->u.eccpt.curve, "ECC Curve") || !get_point(d, pl)) {
        return 0;
    }
    size_t off = d->r.pos;
    uint8_t res_kv;
    if (!get_view(d, &pl->u.eccpt.padding,
                  mikey_eccpt_pad(pl->u.eccpt.point.len, form_b), "padding") ||
        !get_u8(d, &pl->u.eccpt.auth_alg, "Auth alg") ||
        !get_u16(d, &pl->u.eccpt.tgk_len, "TGK len") ||
        !get_u8(d, &res_kv, "KV")) {
        return 0;
    }
    pl->u.eccpt.reserved = res_kv >> 4;
    pl->u.eccpt.kv.kv = res_kv & 15;
    pl->u.eccpt.padded_from_point = (uint8_t)form_b;
    /* Form (b) is told from (a) by the length alone, so nothing else in it may
     * be unusual. */
    if (form_b && (pl->u.eccpt.kv.kv != MIKEY_KV_NULL ||
                   !all_zero(pl->u.eccpt.padding))) {
        return dec_fail(d, STATUS_BAD_VALUE, "padding", off);
    }
    return get_kv(d, &pl->u.eccpt.kv, d->r.pos - 1);
}

void eccpt_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "ECC Curve", pl->u.eccpt.curve, MIKEY_REG_CURVE);
    put_octets(p, "ECC Point", pl->u.eccpt.point);
    if (p->w != NULL && pl->u.eccpt.padding.data == NULL) {
        wr_fill(p->w, 0,
                mikey_eccpt_pad(pl->u.eccpt.point.len,
                                pl->u.eccpt.padded_from_point));
    } else if (pl->u.eccpt.padding.len > 0) {
        put_octets(p, "padding", pl->u.eccpt.padding);
    }
    put_u8(p, "Auth alg", pl->u.eccpt.auth_alg, MIKEY_REG_NONE);
    put_u16(p, "TGK len", pl->u.eccpt.tgk_len, MIKEY_REG_NONE);
    put_half_kv(p, "Reserv", pl->u.eccpt.reserved, MIKEY_REG_NONE,
                &pl->u.eccpt.kv);
    put_kv_data(p, &pl->u.eccpt.kv);
}
