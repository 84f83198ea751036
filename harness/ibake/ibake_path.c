/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Paths of edits: what "mikey.IBAKE.ECCPTi.point" names (docs/EDITS.md). */
#include "harness/ibake/ibake_int.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* ---- tables ---- */

static const struct payload_name names[] = {
    {"T", MIKEY_PL_T, 0},
    {"RAND", MIKEY_PL_RAND, 0},
    {"ID", MIKEY_PL_ID, 0},
    {"IDR", MIKEY_PL_IDR, 0},
    {"IDRi", MIKEY_PL_IDR, MIKEY_ROLE_INITIATOR},
    {"IDRr", MIKEY_PL_IDR, MIKEY_ROLE_RESPONDER},
    {"IDRkms", MIKEY_PL_IDR, MIKEY_ROLE_KMS},
    {"IDRpsk", MIKEY_PL_IDR, MIKEY_ROLE_PSK},
    {"IDRapp", MIKEY_PL_IDR, MIKEY_ROLE_APPLICATION},
    {"IBAKE", MIKEY_PL_IBAKE, 0},
    {"ESK", MIKEY_PL_ESK, 0},
    {"KEMAC", MIKEY_PL_KEMAC, 0},
    {"V", MIKEY_PL_V, 0},
    {"SP", MIKEY_PL_SP, 0},
    {"ERR", MIKEY_PL_ERR, 0},
    {"GENEXT", MIKEY_PL_GENERAL_EXT, 0},
    {"ECCPT", MIKEY_PL_ECCPT, 0},
    {"ECCPTi", MIKEY_PL_ECCPT, MIKEY_ROLE_INITIATOR},
    {"ECCPTr", MIKEY_PL_ECCPT, MIKEY_ROLE_RESPONDER},
    {"SK", MIKEY_PL_SK, 0},
    {"KEY", MIKEY_PL_KEY_DATA, 0},
    {"CERT", MIKEY_PL_CERT, 0},
    {"CHASH", MIKEY_PL_CHASH, 0},
    {"PKE", MIKEY_PL_PKE, 0},
    {"DH", MIKEY_PL_DH, 0},
    {"SIGN", MIKEY_PL_SIGN, 0},
    {"TR", MIKEY_PL_TR, 0},
    {"RANDR", MIKEY_PL_RANDR, 0},
    {"TP", MIKEY_PL_TP, 0},
    {"TICKET", MIKEY_PL_TICKET, 0},
    {"SAKKE", MIKEY_PL_SAKKE, 0},
};

#define HDR(name, kind, bits, member)                                          \
    {                                                                          \
        PL_HDR, name, kind, bits, offsetof(struct mikey_hdr, member)           \
    }
#define U8(type, name, bits, member)                                           \
    {                                                                          \
        type, name, FIELD_U8, bits, offsetof(struct mikey_payload, u.member)   \
    }
#define U16(type, name, member)                                                \
    {                                                                          \
        type, name, FIELD_U16, 16, offsetof(struct mikey_payload, u.member)    \
    }
#define VIEW(type, name, member)                                               \
    {                                                                          \
        type, name, FIELD_VIEW, 0, offsetof(struct mikey_payload, u.member)    \
    }
#define KV(type, member)                                                       \
    U8(type, "kv", 4, member.kv.kv), VIEW(type, "spi", member.kv.spi),         \
        VIEW(type, "from", member.kv.from), VIEW(type, "to", member.kv.to)

/* The first VIEW of a payload is what "payload:NAME:VALUE" sets. */
static const struct field fields[] = {
    HDR("version", FIELD_U8, 8, version),
    HDR("type", FIELD_U8, 8, data_type),
    HDR("V", FIELD_U8, 1, v),
    HDR("PRF", FIELD_U8, 7, prf),
    HDR("CSB_ID", FIELD_U32, 32, csb_id),
    HDR("CS", FIELD_U8, 8, num_cs),
    HDR("map_type", FIELD_U8, 8, map_type),
    HDR("map", FIELD_VIEW, 0, map_info),
    HDR("next", FIELD_NEXT, 8, next_payload),
    U8(MIKEY_PL_T, "type", 8, t.ts_type),
    VIEW(MIKEY_PL_T, "value", t.value),
    VIEW(MIKEY_PL_RAND, "value", rnd.rand),
    U8(MIKEY_PL_ID, "type", 8, id.type),
    VIEW(MIKEY_PL_ID, "data", id.data),
    U8(MIKEY_PL_CERT, "type", 8, id.type),
    VIEW(MIKEY_PL_CERT, "data", id.data),
    U8(MIKEY_PL_IDR, "role", 8, idr.role),
    U8(MIKEY_PL_IDR, "type", 8, idr.type),
    VIEW(MIKEY_PL_IDR, "data", idr.data),
    VIEW(MIKEY_PL_IBAKE, "cipher", enc.data),
    VIEW(MIKEY_PL_ESK, "cipher", enc.data),
    VIEW(MIKEY_PL_KEMAC, "cipher", kemac.data),
    U8(MIKEY_PL_KEMAC, "encr_alg", 8, kemac.encr_alg),
    U8(MIKEY_PL_KEMAC, "mac_alg", 8, kemac.mac_alg),
    VIEW(MIKEY_PL_KEMAC, "mac", kemac.mac),
    U8(MIKEY_PL_PKE, "cache", 2, pke.cache),
    VIEW(MIKEY_PL_PKE, "data", pke.data),
    U8(MIKEY_PL_DH, "group", 8, dh.group),
    VIEW(MIKEY_PL_DH, "value", dh.value),
    KV(MIKEY_PL_DH, dh),
    U8(MIKEY_PL_SIGN, "type", 4, sign.s_type),
    VIEW(MIKEY_PL_SIGN, "data", sign.sig),
    U8(MIKEY_PL_CHASH, "hash", 8, chash.hash),
    VIEW(MIKEY_PL_CHASH, "value", chash.value),
    U8(MIKEY_PL_V, "alg", 8, v.auth_alg),
    VIEW(MIKEY_PL_V, "mac", v.mac),
    VIEW(MIKEY_PL_V, "data", v.mac),
    U8(MIKEY_PL_SP, "policy", 8, sp.policy),
    U8(MIKEY_PL_SP, "prot", 8, sp.prot),
    VIEW(MIKEY_PL_SP, "params", sp.params),
    U8(MIKEY_PL_ERR, "error", 8, err.error),
    U16(MIKEY_PL_ERR, "reserved", err.reserved),
    U8(MIKEY_PL_TR, "role", 8, tr.role),
    U8(MIKEY_PL_TR, "type", 8, tr.ts_type),
    VIEW(MIKEY_PL_TR, "value", tr.value),
    U8(MIKEY_PL_RANDR, "role", 8, randr.role),
    VIEW(MIKEY_PL_RANDR, "value", randr.rand),
    VIEW(MIKEY_PL_TP, "body", opaque.body),
    VIEW(MIKEY_PL_TICKET, "body", opaque.body),
    VIEW(MIKEY_PL_SAKKE, "body", opaque.body),
    U8(MIKEY_PL_GENERAL_EXT, "type", 8, ext.type),
    VIEW(MIKEY_PL_GENERAL_EXT, "data", ext.data),
    U8(MIKEY_PL_ECCPT, "curve", 8, eccpt.curve),
    VIEW(MIKEY_PL_ECCPT, "point", eccpt.point),
    VIEW(MIKEY_PL_ECCPT, "padding", eccpt.padding),
    U8(MIKEY_PL_ECCPT, "auth_alg", 8, eccpt.auth_alg),
    U16(MIKEY_PL_ECCPT, "tgk_len", eccpt.tgk_len),
    U8(MIKEY_PL_ECCPT, "reserved", 4, eccpt.reserved),
    KV(MIKEY_PL_ECCPT, eccpt),
    U8(MIKEY_PL_SK, "type", 4, sk.type),
    VIEW(MIKEY_PL_SK, "key", sk.key),
    KV(MIKEY_PL_SK, sk),
    U8(MIKEY_PL_KEY_DATA, "type", 4, key_data.type),
    VIEW(MIKEY_PL_KEY_DATA, "key", key_data.key),
    VIEW(MIKEY_PL_KEY_DATA, "salt", key_data.salt),
    KV(MIKEY_PL_KEY_DATA, key_data),
};

static const struct field any_next = {0, "next", FIELD_NEXT, 8, 0};
static const struct field any_len = {0, "len", FIELD_LEN, 16, 0};
static const struct field part_key = {0, "key", FIELD_KEY, 0, 0};
static const struct field part_date = {0, "date", FIELD_DATE, 0, 0};
static const struct field part_plain = {0, "plain", FIELD_PLAIN, 0, 0};

/* ---- fields ---- */

struct view *field_view(const struct field *f, void *base)
{
    return (struct view *)(void *)((char *)base + f->off);
}

uint64_t field_get(const struct field *f, const void *base)
{
    uint16_t v16;
    uint32_t v32;
    const char *p = (const char *)base + f->off;
    switch (f->kind) {
    case FIELD_U16:
        memcpy(&v16, p, sizeof v16);
        return v16;
    case FIELD_U32:
        memcpy(&v32, p, sizeof v32);
        return v32;
    default:
        return *(const uint8_t *)p;
    }
}

void field_put(const struct field *f, void *base, uint64_t v)
{
    uint16_t v16 = (uint16_t)v;
    uint32_t v32 = (uint32_t)v;
    char *p = (char *)base + f->off;
    if (f->kind == FIELD_U16) {
        memcpy(p, &v16, sizeof v16);
    } else if (f->kind == FIELD_U32) {
        memcpy(p, &v32, sizeof v32);
    } else {
        *(uint8_t *)p = (uint8_t)v;
    }
}

struct view *item_default_octets(struct ibake_item *it)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (fields[i].type == it->pl.type && fields[i].kind == FIELD_VIEW) {
            return field_view(&fields[i], &it->pl);
        }
    }
    return NULL;
}

const struct payload_name *payload_by_name(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i].name) == len &&
            memcmp(names[i].name, name, len) == 0) {
            return &names[i];
        }
    }
    return NULL;
}

/* ---- paths ---- */

static enum status wrong(char why[200], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static enum status wrong(char why[200], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, 200, fmt, ap);
    va_end(ap);
    return STATUS_SYNTAX;
}

struct segment {
    const char *text;
    size_t len;
    unsigned nth; /* from 0 */
};

/* Takes the next segment, "NAME" or "NAME[2]", and the dot after it. */
static int next_segment(const char **path, struct segment *out)
{
    const char *p = *path;
    out->text = p;
    out->len = strcspn(p, ".[");
    out->nth = 0;
    p += out->len;
    if (out->len == 0) {
        return 0;
    }
    if (*p == '[') {
        unsigned n = 0;
        size_t digits = strspn(p + 1, "0123456789");
        if (digits == 0 || digits > 2 || p[1 + digits] != ']') {
            return 0;
        }
        for (size_t i = 0; i < digits; i++) {
            n = n * 10 + (unsigned)(p[1 + i] - '0');
        }
        if (n == 0) {
            return 0;
        }
        out->nth = n - 1;
        p += digits + 2;
    }
    if (*p == '.') {
        p++;
        if (*p == '\0') {
            return 0;
        }
    } else if (*p != '\0') {
        return 0;
    }
    *path = p;
    return 1;
}

static const struct field *find_field(uint8_t type, const struct segment *g)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (fields[i].type == type && strlen(fields[i].name) == g->len &&
            memcmp(fields[i].name, g->text, g->len) == 0) {
            return &fields[i];
        }
    }
    return NULL;
}

static int is_word(const struct segment *g, const char *word)
{
    return strlen(word) == g->len && memcmp(word, g->text, g->len) == 0;
}

static int part_of(uint8_t type)
{
    return type == MIKEY_PL_IBAKE   ? PART_IBAKE
           : type == MIKEY_PL_ESK   ? PART_ESK
           : type == MIKEY_PL_KEMAC ? PART_KEMAC
                                    : PART_OUTER;
}

static int number_type(const struct segment *g, uint8_t *type)
{
    unsigned n = 0;
    if (g->len == 0 || g->len > 3) {
        return 0;
    }
    for (size_t i = 0; i < g->len; i++) {
        if (g->text[i] < '0' || g->text[i] > '9') {
            return 0;
        }
        n = n * 10 + (unsigned)(g->text[i] - '0');
    }
    *type = (uint8_t)n;
    return n > 0 && n < PL_HDR;
}

static int set_payload(struct edit_target *t, const struct segment *g)
{
    const struct payload_name *n = payload_by_name(g->text, g->len);
    t->kind = TGT_PAYLOAD;
    t->nth = g->nth;
    t->role = 0;
    if (n == NULL) {
        return number_type(g, &t->type);
    }
    t->type = n->type;
    t->role = n->role;
    return 1;
}

static enum status set_field(struct edit_target *t, const struct segment *g,
                             char why[200])
{
    uint64_t max;
    int part = t->part == PART_OUTER ? part_of(t->type) : PART_OUTER;
    t->field = t->type == PL_HDR || !is_word(g, "next") ? find_field(t->type, g)
                                                        : &any_next;
    if (t->field == NULL && t->type != PL_HDR && is_word(g, "len") &&
        item_has_length(t->type, &max)) {
        t->field = &any_len;
    }
    if (t->field == NULL && part != PART_OUTER) {
        t->field = is_word(g, "plain")                        ? &part_plain
                   : part != PART_KEMAC && is_word(g, "key")  ? &part_key
                   : part != PART_KEMAC && is_word(g, "date") ? &part_date
                                                              : NULL;
        t->part = t->field != NULL ? part : PART_OUTER;
    }
    t->kind = TGT_FIELD;
    return t->field != NULL ? STATUS_OK
                            : wrong(why, "there is no field \"%.*s\"",
                                    (int)(g->len < 60 ? g->len : 60), g->text);
}

/* What follows a payload: a field, or for IBAKE, ESK and KEMAC a sub-payload
 * and perhaps its field. */
static enum status set_rest(struct edit_target *t, const char *p, char why[200])
{
    struct segment g;
    struct edit_target inner = *t;
    if (*p == '\0') {
        return STATUS_OK;
    }
    if (!next_segment(&p, &g)) {
        return wrong(why, "the path does not parse");
    }
    int part = t->part == PART_OUTER ? part_of(t->type) : PART_OUTER;
    if (part != PART_OUTER && find_field(t->type, &g) == NULL &&
        payload_by_name(g.text, g.len) != NULL) {
        set_payload(&inner, &g);
        inner.part = part;
        *t = inner;
        return set_rest(t, p, why);
    }
    return *p == '\0' ? set_field(t, &g, why)
                      : wrong(why, "the path goes on after a field");
}

enum status path_parse(struct edit_target *t, const char *path, char why[200])
{
    struct segment g;
    const char *p = path;
    *t = (struct edit_target){.kind = TGT_MESSAGE, .part = PART_OUTER};
    if (!next_segment(&p, &g) || !is_word(&g, "mikey")) {
        return wrong(why, "the path does not begin with mikey");
    }
    if (*p == '\0') {
        return path[g.len] == '\0' ? STATUS_OK
                                   : wrong(why, "the path does not parse");
    }
    if (!next_segment(&p, &g)) {
        return wrong(why, "the path does not parse");
    }
    if (is_word(&g, "HDR")) {
        t->type = PL_HDR;
        if (*p == '\0') {
            return wrong(why, "name a field of HDR, as mikey.HDR.CSB_ID");
        }
    } else if (!set_payload(t, &g)) {
        return wrong(why, "there is no payload \"%.*s\"",
                     (int)(g.len < 60 ? g.len : 60), g.text);
    }
    return set_rest(t, p, why);
}

enum edit_stage path_stage(const struct edit_target *t)
{
    if (t->kind == TGT_MESSAGE) {
        return STAGE_OCTETS;
    }
    if (t->kind == TGT_FIELD) {
        switch (t->field->kind) {
        case FIELD_PLAIN:
            return STAGE_PLAIN;
        case FIELD_KEY:
        case FIELD_DATE:
            return STAGE_KEY;
        default:
            break;
        }
    }
    if (t->part != PART_OUTER) {
        return STAGE_INNER;
    }
    if (t->type == MIKEY_PL_V) {
        return STAGE_V;
    }
    if (t->type == PL_HDR) {
        return STAGE_FIELDS;
    }
    if (t->kind == TGT_PAYLOAD || t->field->kind == FIELD_NEXT ||
        t->field->kind == FIELD_LEN || part_of(t->type) != PART_OUTER) {
        return STAGE_AFTER;
    }
    return STAGE_FIELDS;
}

size_t path_find(const struct ibake_seq *q, const struct edit_target *t)
{
    unsigned seen = 0;
    for (size_t i = 0; i < q->num; i++) {
        const struct ibake_item *it = &q->items[i];
        if (it->pl.type == t->type && (t->role == 0 || it->tag == t->role) &&
            seen++ == t->nth) {
            return i;
        }
    }
    return IBAKE_MAX_ITEMS;
}
