/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The payloads of RFC 3830. */
#include "harness/mikey/mikey_int.h"

size_t ts_len(uint8_t ts_type)
{
    switch (ts_type) {
    case MIKEY_TS_NTP_UTC:
    case MIKEY_TS_NTP:
        return 8;
    case MIKEY_TS_COUNTER:
    case MIKEY_TS_NTP_UTC_32:
        return 4;
    default:
        return 0;
    }
}

int mac_len(uint8_t alg)
{
    static const int lens[] = {0, 20, 32};
    return alg < sizeof lens / sizeof *lens ? lens[alg] : -1;
}

static int get_mac(struct dec *d, uint8_t *alg, struct view *out,
                   const char *alg_field, const char *field)
{
    size_t off = d->r.pos;
    if (!get_u8(d, alg, alg_field)) {
        return 0;
    }
    int len = mac_len(*alg);
    if (len < 0) {
        return dec_fail(d, STATUS_UNSUPPORTED, alg_field, off);
    }
    return get_view(d, out, (size_t)len, field);
}

#define KEMAC_MAX 65536 /* the whole payload (RFC 3830, 6.13) */
#define KEMAC_FIXED 5   /* Next payload, Encr alg, Encr data len, MAC alg */

int kemac_decode(struct dec *d, struct mikey_payload *pl)
{
    size_t off = d->r.pos + 1;
    if (!get_u8(d, &pl->u.kemac.encr_alg, "Encr alg") ||
        !get_block16(d, &pl->u.kemac.data, "Encr data len") ||
        !get_mac(d, &pl->u.kemac.mac_alg, &pl->u.kemac.mac, "MAC alg", "MAC")) {
        return 0;
    }
    if (KEMAC_FIXED + pl->u.kemac.data.len + pl->u.kemac.mac.len > KEMAC_MAX) {
        return dec_fail_clause(d, STATUS_BAD_LENGTH, "Encr data len", off,
                               "RFC 3830, 6.13");
    }
    return 1;
}

void kemac_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "Encr alg", pl->u.kemac.encr_alg, MIKEY_REG_ENCR_ALG);
    put_len16(p, "Encr data len", pl->u.kemac.data.len);
    put_octets(p, "Encr data", pl->u.kemac.data);
    put_u8(p, "MAC alg", pl->u.kemac.mac_alg, MIKEY_REG_MAC_ALG);
    put_octets(p, "MAC", pl->u.kemac.mac);
}

int pke_decode(struct dec *d, struct mikey_payload *pl)
{
    size_t off = d->r.pos;
    uint16_t c_len;
    if (!get_u16(d, &c_len, "Data len")) {
        return 0;
    }
    pl->u.pke.cache = (uint8_t)(c_len >> 14);
    return get_block(d, &pl->u.pke.data, c_len & 0x3fff, "Data len", off);
}

void pke_put(struct put *p, const struct mikey_payload *pl)
{
    const struct bits c_len[] = {
        {"C", 2, pl->u.pke.cache, MIKEY_REG_CACHE},
        {"Data len", 14, pl->u.pke.data.len, MIKEY_REG_NONE}};
    put_bits(p, c_len, 2);
    put_octets(p, "Data", pl->u.pke.data);
}

int dh_decode(struct dec *d, struct mikey_payload *pl)
{
    static const size_t lens[] = {192, 96, 128}; /* OAKLEY 5, 1, 2 */
    size_t off = d->r.pos;
    uint8_t res_kv;
    if (!get_u8(d, &pl->u.dh.group, "DH-Group")) {
        return 0;
    }
    if (pl->u.dh.group >= sizeof lens / sizeof *lens) {
        return dec_fail(d, STATUS_UNSUPPORTED, "DH-Group", off);
    }
    if (!get_view(d, &pl->u.dh.value, lens[pl->u.dh.group], "DH-value")) {
        return 0;
    }
    off = d->r.pos;
    if (!get_u8(d, &res_kv, "KV")) {
        return 0;
    }
    pl->u.dh.reserved = res_kv >> 4;
    pl->u.dh.kv.kv = res_kv & 15;
    return get_kv(d, &pl->u.dh.kv, off);
}

void dh_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "DH-Group", pl->u.dh.group, MIKEY_REG_DH_GROUP);
    put_octets(p, "DH-value", pl->u.dh.value);
    put_half_kv(p, "Reserv", pl->u.dh.reserved, MIKEY_REG_NONE, &pl->u.dh.kv);
    put_kv_data(p, &pl->u.dh.kv);
}

int sign_decode(struct dec *d, struct mikey_payload *pl)
{
    size_t off = d->r.pos;
    uint16_t s_len;
    if (!get_u16(d, &s_len, "Signature len")) {
        return 0;
    }
    pl->u.sign.s_type = (uint8_t)(s_len >> 12);
    return get_block(d, &pl->u.sign.sig, s_len & 0xfff, "Signature len", off);
}

void sign_put(struct put *p, const struct mikey_payload *pl)
{
    const struct bits s_len[] = {
        {"S type", 4, pl->u.sign.s_type, MIKEY_REG_S_TYPE},
        {"Signature len", 12, pl->u.sign.sig.len, MIKEY_REG_NONE}};
    put_bits(p, s_len, 2);
    put_octets(p, "Signature", pl->u.sign.sig);
}

static int get_ts(struct dec *d, uint8_t *type, struct view *value)
{
    size_t off = d->r.pos;
    if (!get_u8(d, type, "TS type")) {
        return 0;
    }
    size_t len = ts_len(*type);
    if (len == 0) {
        return dec_fail(d, STATUS_UNSUPPORTED, "TS type", off);
    }
    return get_view(d, value, len, "TS value");
}

int t_decode(struct dec *d, struct mikey_payload *pl)
{
    return get_ts(d, &pl->u.t.ts_type, &pl->u.t.value);
}

void t_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "TS type", pl->u.t.ts_type, MIKEY_REG_TS_TYPE);
    put_time(p, "TS value", pl->u.t.value, pl->u.t.ts_type);
}

int tr_decode(struct dec *d, struct mikey_payload *pl)
{
    return get_u8(d, &pl->u.tr.role, "TS Role") &&
           get_ts(d, &pl->u.tr.ts_type, &pl->u.tr.value);
}

void tr_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "TS Role", pl->u.tr.role, MIKEY_REG_TS_ROLE);
    put_u8(p, "TS type", pl->u.tr.ts_type, MIKEY_REG_TS_TYPE);
    put_time(p, "TS value", pl->u.tr.value, pl->u.tr.ts_type);
}

int id_decode(struct dec *d, struct mikey_payload *pl)
{
    return get_u8(d, &pl->u.id.type, "ID type") &&
           get_block16(d, &pl->u.id.data, "ID len");
}

void id_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "ID type", pl->u.id.type, MIKEY_REG_ID_TYPE);
    put_len16(p, "ID len", pl->u.id.data.len);
    put_chars(p, "ID Data", pl->u.id.data);
}

int cert_decode(struct dec *d, struct mikey_payload *pl)
{
    return get_u8(d, &pl->u.id.type, "Cert type") &&
           get_block16(d, &pl->u.id.data, "Cert len");
}

void cert_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "Cert type", pl->u.id.type, MIKEY_REG_CERT_TYPE);
    put_len16(p, "Cert len", pl->u.id.data.len);
    if (pl->u.id.type == 1) { /* a URL */
        put_chars(p, "Cert data", pl->u.id.data);
    } else {
        put_octets(p, "Cert data", pl->u.id.data);
    }
}

int chash_decode(struct dec *d, struct mikey_payload *pl)
{
    static const size_t lens[] = {20, 16, 32}; /* SHA-1, MD5, SHA-256 */
    size_t off = d->r.pos;
    if (!get_u8(d, &pl->u.chash.hash, "Hash func")) {
        return 0;
    }
    if (pl->u.chash.hash >= sizeof lens / sizeof *lens) {
        return dec_fail(d, STATUS_UNSUPPORTED, "Hash func", off);
    }
    return get_view(d, &pl->u.chash.value, lens[pl->u.chash.hash], "Hash");
}

void chash_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "Hash func", pl->u.chash.hash, MIKEY_REG_HASH);
    put_octets(p, "Hash", pl->u.chash.value);
}

int v_decode(struct dec *d, struct mikey_payload *pl)
{
    return get_mac(d, &pl->u.v.auth_alg, &pl->u.v.mac, "Auth alg", "Ver data");
}

void v_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "Auth alg", pl->u.v.auth_alg, MIKEY_REG_MAC_ALG);
    put_octets(p, "Ver data", pl->u.v.mac);
}

/* Next policy parameter; 0 at the end or if it does not fit. */
static int next_param(struct rd *r, uint8_t *type, struct view *value)
{
    uint8_t len;
    return rd_left(r) > 0 && rd_u8(r, type) == STATUS_OK &&
           rd_u8(r, &len) == STATUS_OK && rd_bytes(r, value, len) == STATUS_OK;
}

int sp_decode(struct dec *d, struct mikey_payload *pl)
{
    if (!get_u8(d, &pl->u.sp.policy, "Policy no") ||
        !get_u8(d, &pl->u.sp.prot, "Prot type") ||
        !get_block16(d, &pl->u.sp.params, "Policy param length")) {
        return 0;
    }
    struct rd r;
    uint8_t type;
    struct view value;
    size_t start = d->r.pos - pl->u.sp.params.len;
    size_t off = 0; /* of the parameter */
    rd_init(&r, pl->u.sp.params.data, pl->u.sp.params.len);
    while (next_param(&r, &type, &value)) {
        off = r.pos;
    }
    if (r.err != STATUS_OK) {
        return dec_fail(d, STATUS_BAD_LENGTH, "Policy param", start + off);
    }
    return 1;
}

void sp_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "Policy no", pl->u.sp.policy, MIKEY_REG_NONE);
    put_u8(p, "Prot type", pl->u.sp.prot, MIKEY_REG_PROT_TYPE);
    put_len16(p, "Policy param length", pl->u.sp.params.len);
    if (p->w != NULL) { /* also what is no list of parameters */
        wr_bytes(p->w, pl->u.sp.params.data, pl->u.sp.params.len);
        return;
    }
    struct rd r;
    uint8_t type;
    struct view value;
    rd_init(&r, pl->u.sp.params.data, pl->u.sp.params.len);
    for (unsigned i = 1; next_param(&r, &type, &value); i++) {
        p->f.nth = (uint8_t)(i < 255 ? i : 255);
        put_u8(p, "Type", type,
               pl->u.sp.prot == 0 ? MIKEY_REG_SRTP_PARAM : MIKEY_REG_NONE);
        put_len8(p, "Length", value.len);
        put_octets(p, "Value", value);
    }
    p->f.nth = 0;
}

enum status mikey_sp_param(struct view params, uint8_t type, struct view *out)
{
    struct rd r;
    uint8_t t;
    struct view value;
    rd_init(&r, params.data, params.len);
    while (next_param(&r, &t, &value)) {
        if (t == type) {
            *out = value;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

int rnd_decode(struct dec *d, struct mikey_payload *pl)
{
    return get_block8(d, &pl->u.rnd.rand, "RAND len");
}

void rnd_put(struct put *p, const struct mikey_payload *pl)
{
    put_len8(p, "RAND len", pl->u.rnd.rand.len);
    put_octets(p, "RAND", pl->u.rnd.rand);
}

int err_decode(struct dec *d, struct mikey_payload *pl)
{
    return get_u8(d, &pl->u.err.error, "Error no") &&
           get_u16(d, &pl->u.err.reserved, "Reserved");
}

void err_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "Error no", pl->u.err.error, MIKEY_REG_ERROR_NO);
    put_u16(p, "Reserved", pl->u.err.reserved, MIKEY_REG_NONE);
}

int ext_decode(struct dec *d, struct mikey_payload *pl)
{
    return get_u8(d, &pl->u.ext.type, "Type") &&
           get_block16(d, &pl->u.ext.data, "Length");
}

/* Key ID information is a list (RFC 4563, 4); 1 if v is one. */
static int is_key_ids(struct view v)
{
    struct rd r;
    uint8_t type;
    struct view id;
    rd_init(&r, v.data, v.len);
    while (next_param(&r, &type, &id)) {
    }
    return v.len > 0 && r.err == STATUS_OK;
}

static void put_key_ids(struct put *p, struct view v)
{
    struct rd r;
    uint8_t type;
    struct view id;
    rd_init(&r, v.data, v.len);
    for (unsigned i = 1; next_param(&r, &type, &id); i++) {
        p->f.nth = (uint8_t)(i < 255 ? i : 255);
        put_u8(p, "Key ID Type", type, MIKEY_REG_KEY_ID_TYPE);
        put_len8(p, "Key ID Length", id.len);
        put_octets(p, "Key ID", id);
    }
    p->f.nth = 0;
}

void ext_put(struct put *p, const struct mikey_payload *pl)
{
    put_u8(p, "Type", pl->u.ext.type, MIKEY_REG_EXT_TYPE);
    put_len16(p, "Length", pl->u.ext.data.len);
    if (p->w == NULL && pl->u.ext.type == 3 && is_key_ids(pl->u.ext.data)) {
        put_key_ids(p, pl->u.ext.data);
    } else {
        put_chars(p, "Data", pl->u.ext.data);
    }
}
