/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Known answers for the structures of RFC 5408 and RFC 5409 in strict DER: what
 * the octets say must be what the fields say. */
#include "harness/cli/vectors.h"

#include "harness/base/env.h"
#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdio.h>
#include <string.h>

enum tag {
    TAG_INTEGER = 0x02,
    TAG_OCTETS = 0x04,
    TAG_OID = 0x06,
    TAG_IA5 = 0x16,
    TAG_TIME = 0x18,
    TAG_SEQUENCE = 0x30
};

/* The only extension of RFC 5408 that a client knows. */
#define OID_PKG_URI "2.16.840.1.114334.1.3.2.1"

/* A structure being read. The first fault stands: in r.err for octets, in wrong
 * for a value that is not the one stated. */
struct der {
    struct vec *v;
    struct rd r;
    const char *unusable; /* reason not to use what was read */
    int wrong;
};

static int read_len(struct rd *r, size_t *len)
{
    uint8_t first = 0;
    if (rd_u8(r, &first) != STATUS_OK) {
        return 0;
    }
    *len = first;
    if (first < 0x80) {
        return 1;
    }
    *len = 0;
    for (unsigned i = 0; i < (first & 0x7fu); i++) {
        uint8_t o = 0;
        if (rd_u8(r, &o) != STATUS_OK || (i == 0 && o == 0) || i == 4) {
            rd_fail(r, STATUS_SYNTAX);
            return 0;
        }
        *len = *len << 8 | o;
    }
    if (*len < 0x80) {
        rd_fail(r, STATUS_SYNTAX);
        return 0;
    }
    return 1;
}

static int tlv(struct rd *r, uint8_t tag, struct view *out)
{
    uint8_t t = 0;
    size_t len = 0;
    if (rd_u8(r, &t) != STATUS_OK) {
        return 0;
    }
    if (t != tag) {
        rd_fail(r, STATUS_SYNTAX);
        return 0;
    }
    return read_len(r, &len) && rd_bytes(r, out, len) == STATUS_OK;
}

static int next_is(const struct der *d, uint8_t tag)
{
    return d->r.err == STATUS_OK && rd_left(&d->r) > 0 &&
           d->r.data[d->r.pos] == tag;
}

/* Enters a SEQUENCE; leave() checks that all of it was read. */
static struct rd enter(struct der *d)
{
    struct view body = {0};
    struct rd outer = d->r;
    if (tlv(&outer, TAG_SEQUENCE, &body)) {
        rd_init(&d->r, body.data, body.len);
    } else {
        d->r.err = outer.err;
    }
    return outer;
}

static void leave(struct der *d, struct rd outer)
{
    enum status err = d->r.err;
    if (err == STATUS_OK && rd_left(&d->r) > 0) {
        err = STATUS_TRAILING;
    }
    d->r = outer;
    if (err != STATUS_OK) {
        d->r.err = err;
    }
}

/* ---- one value against one field ---- */

static void complain(struct der *d, const char *name, const char *got)
{
    if (!d->wrong && d->r.err == STATUS_OK) {
        d->wrong = 1;
        vec_wrong(d->v, "fields.%s comes out as %.80s", name, got);
    }
}

static const json_t *stated(const struct der *d, const char *name)
{
    return json_object_get(json_object_get(d->v->test, "fields"), name);
}

static void expect_text(struct der *d, const char *name, const char *got)
{
    const char *want = json_string_value(stated(d, name));
    if (want == NULL || strcmp(want, got) != 0) {
        complain(d, name, got);
    }
}

static void integer(struct der *d, const char *name)
{
    struct view v = {0};
    char text[24];
    if (!tlv(&d->r, TAG_INTEGER, &v)) {
        return;
    }
    uint64_t n = 0;
    for (size_t i = 0; i < v.len && i < 8; i++) {
        n = n << 8 | v.data[i];
    }
    int minimal =
        v.len > 0 && !(v.len > 1 && v.data[0] == 0 && v.data[1] < 0x80);
    if (!minimal || v.len > 8 || v.data[0] >= 0x80) {
        rd_fail(&d->r, STATUS_SYNTAX);
        return;
    }
    snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    const json_t *want = stated(d, name);
    if (!json_is_integer(want) || (uint64_t)json_integer_value(want) != n) {
        complain(d, name, text);
    }
}

static void octets(struct der *d, const char *name, struct view v)
{
    char *hex = hex_new(v.data, v.len);
    if (hex == NULL) {
        d->r.err = STATUS_NO_MEMORY;
        return;
    }
    expect_text(d, name, hex);
    mem_free(hex);
}

static void octet_string(struct der *d, const char *name)
{
    struct view v = {0};
    if (tlv(&d->r, TAG_OCTETS, &v)) {
        octets(d, name, v);
    }
}

/* A whole element, whatever it is, as hex. */
static void element(struct der *d, const char *name)
{
    size_t start = d->r.pos;
    struct view body = {0};
    if (tlv(&d->r, TAG_SEQUENCE, &body)) {
        octets(d, name, (struct view){d->r.data + start, d->r.pos - start});
    }
}

/* YYYYMMDDHHMMSSZ */
static int is_time(const char *s)
{
    uint64_t us;
    char iso[24];
    if (strlen(s) != 15 || strspn(s, "0123456789") != 14 || s[14] != 'Z') {
        return 0;
    }
    snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s, s + 4, s + 6,
             s + 8, s + 10, s + 12);
    return utc_parse(&us, iso) == STATUS_OK;
}

/* IA5String and GeneralizedTime: seven bits. */
static void text(struct der *d, uint8_t tag, const char *name)
{
    struct view v = {0};
    if (!tlv(&d->r, tag, &v)) {
        return;
    }
    char *got = mem_alloc(v.len + 1);
    if (got == NULL) {
        d->r.err = STATUS_NO_MEMORY;
        return;
    }
    int ok = 1;
    for (size_t i = 0; i < v.len; i++) {
        got[i] = (char)v.data[i];
        ok &= v.data[i] > 0 && v.data[i] < 0x80;
    }
    if (!ok || (tag == TAG_TIME && !is_time(got))) {
        rd_fail(&d->r, STATUS_SYNTAX);
    } else {
        expect_text(d, name, got);
    }
    mem_free(got);
}

/* OBJECT IDENTIFIER as dotted text. */
static int read_oid(struct der *d, char *out, size_t cap)
{
    struct view v = {0};
    uint64_t arc = 0;
    size_t used = 0;
    int fresh = 1;
    out[0] = '\0';
    if (!tlv(&d->r, TAG_OID, &v)) {
        return 0;
    }
    for (size_t i = 0; i < v.len; i++) {
        if ((fresh && v.data[i] == 0x80) || arc >> 50 != 0 || used + 32 > cap) {
            break;
        }
        arc = arc << 7 | (v.data[i] & 0x7f);
        fresh = v.data[i] < 0x80;
        if (!fresh) {
            continue;
        }
        unsigned top = arc < 80 ? (unsigned)arc / 40 : 2;
        if (used == 0) {
            used += (size_t)snprintf(out, cap, "%u.%llu", top,
                                     (unsigned long long)(arc - top * 40));
        } else {
            used += (size_t)snprintf(out + used, cap - used, ".%llu",
                                     (unsigned long long)arc);
        }
        arc = 0;
    }
    if (used == 0 || !fresh || v.data[v.len - 1] >= 0x80) {
        rd_fail(&d->r, STATUS_SYNTAX);
        return 0;
    }
    return 1;
}

static void oid(struct der *d, const char *name)
{
    char dotted[256];
    if (read_oid(d, dotted, sizeof dotted)) {
        expect_text(d, name, dotted);
    }
}

/* SEQUENCE OF SEQUENCE { OBJECT IDENTIFIER, OCTET STRING } against an array of
 * {oid, value}. */
static void pairs(struct der *d, const char *name, const char *known,
                  const char *unusable)
{
    size_t n = 0;
    const json_t *list = stated(d, name);
    struct rd outer = enter(d);
    while (d->r.err == STATUS_OK && rd_left(&d->r) > 0) {
        char dotted[256];
        struct view v = {0};
        struct rd inner = enter(d);
        int ok =
            read_oid(d, dotted, sizeof dotted) && tlv(&d->r, TAG_OCTETS, &v);
        leave(d, inner);
        if (!ok) {
            break;
        }
        const json_t *want = json_array_get(list, n++);
        const char *want_oid = json_string_value(json_object_get(want, "oid"));
        const char *want_value =
            json_string_value(json_object_get(want, "value"));
        char *hex = hex_new(v.data, v.len);
        if (hex == NULL) {
            d->r.err = STATUS_NO_MEMORY;
        } else if (want_oid == NULL || want_value == NULL ||
                   strcmp(want_oid, dotted) != 0 ||
                   strcmp(want_value, hex) != 0) {
            complain(d, name, dotted);
        }
        mem_free(hex);
        if (known == NULL || strcmp(known, dotted) != 0) {
            d->unusable = unusable;
        }
    }
    if (d->r.err == STATUS_OK && n != json_array_size(list)) {
        complain(d, name, "another number of elements");
    }
    leave(d, outer);
}

/* ---- the structures ---- */

static void email_identity(struct der *d)
{
    struct rd outer = enter(d);
    text(d, TAG_IA5, "rfc822Name");
    text(d, TAG_TIME, "time");
    leave(d, outer);
}

static void identity_info(struct der *d)
{
    struct rd outer = enter(d);
    text(d, TAG_IA5, "district");
    integer(d, "serial");
    oid(d, "identityType");
    octet_string(d, "identityData");
    leave(d, outer);
}

static void sys_params(struct der *d)
{
    struct rd outer = enter(d);
    integer(d, "version");
    text(d, TAG_IA5, "districtName");
    integer(d, "districtSerial");
    struct rd validity = enter(d);
    text(d, TAG_TIME, "notBefore");
    text(d, TAG_TIME, "notAfter");
    leave(d, validity);
    struct rd list = enter(d);
    struct rd one = enter(d);
    oid(d, "ibeAlgorithm");
    octet_string(d, "publicParameterData");
    leave(d, one);
    leave(d, list);
    oid(d, "ibeIdentityType");
    if (next_is(d, TAG_SEQUENCE)) {
        pairs(d, "extensions", OID_PKG_URI, "unknown_extension");
    } else if (json_array_size(stated(d, "extensions")) != 0) {
        complain(d, "extensions", "absent");
    }
    leave(d, outer);
    if (json_integer_value(stated(d, "version")) != 2) {
        d->unusable = "version";
    }
}

static void key_reply(struct der *d)
{
    struct rd outer = enter(d);
    element(d, "pkgIdentity");
    oid(d, "pkgAlgorithm");
    octet_string(d, "pkgKeyData");
    if (next_is(d, TAG_SEQUENCE)) {
        pairs(d, "pkgOptions", NULL, "unknown_option");
    } else if (json_array_size(stated(d, "pkgOptions")) != 0) {
        complain(d, "pkgOptions", "absent");
    }
    leave(d, outer);
}

static void algorithm_oid(struct der *d)
{
    oid(d, "oid");
}

static void recipient_info(struct der *d)
{
    struct rd outer = enter(d);
    integer(d, "cmsVersion");
    oid(d, "keyFetchMethod");
    element(d, "recipientIdentity");
    if (next_is(d, TAG_SEQUENCE)) {
        pairs(d, "serverInfo", NULL, NULL); /* unknown parts are ignored */
        if (json_array_size(stated(d, "serverInfo")) == 0) {
            rd_fail(&d->r, STATUS_SYNTAX); /* SIZE (1..MAX) */
        }
    }
    octet_string(d, "encryptedKey");
    leave(d, outer);
    if (json_integer_value(stated(d, "cmsVersion")) != 3) {
        d->unusable = "version";
    }
}

static void other_recipient_info(struct der *d)
{
    struct rd outer = enter(d);
    oid(d, "oriType");
    element(d, "oriValue");
    leave(d, outer);
}

static const struct {
    const char *name;
    void (*read)(struct der *d);
} structures[] = {
    {"EmailIdentityData", email_identity},
    {"IBEIdentityInfo", identity_info},
    {"IBESysParams", sys_params},
    {"IBEPrivateKeyReply", key_reply},
    {"AlgorithmOid", algorithm_oid},
    {"IBERecipientInfo", recipient_info},
    {"IBEOtherRecipientInfo", other_recipient_info},
};

/* The base64 that HTTP or XML carries is that of der, line breaks aside. */
static enum vec_outcome carried(struct vec *v, const char *name,
                                struct view der)
{
    const char *want = vec_string(v, v->test, name);
    char *got = base64_new(der.data, der.len);
    if (want == NULL || got == NULL) {
        mem_free(got);
        return want == NULL ? VEC_BAD : VEC_ERROR;
    }
    size_t at = 0;
    for (; *want != '\0'; want++) {
        if (strchr(" \t\r\n", *want) == NULL) {
            if (*want != got[at]) {
                break;
            }
            at++;
        }
    }
    int same = *want == '\0' && got[at] == '\0';
    mem_free(got);
    return same ? VEC_DONE : vec_wrong(v, "%s is not the base64 of der", name);
}

static enum vec_outcome ibe_structures(struct vec *v)
{
    struct der d = {.v = v};
    struct view der;
    const char *name = vec_string(v, v->test, "structure");
    size_t i = 0;
    size_t num = sizeof structures / sizeof *structures;
    if (name == NULL || !vec_hex(v, v->test, "der", &der)) {
        return VEC_BAD;
    }
    if (!json_is_object(json_object_get(v->test, "fields"))) {
        return vec_bad(v, "field fields is missing");
    }
    while (i < num && strcmp(structures[i].name, name) != 0) {
        i++;
    }
    if (i == num) {
        return vec_bad(v, "unknown structure");
    }
    rd_init(&d.r, der.data, der.len);
    structures[i].read(&d);
    if (d.r.err == STATUS_OK && rd_left(&d.r) > 0) {
        d.r.err = STATUS_TRAILING;
    }
    if (d.r.err == STATUS_NO_MEMORY) {
        return vec_status(v, d.r.err);
    }
    if (d.r.err != STATUS_OK) {
        return vec_refused(v, "der");
    }
    enum vec_outcome o = d.wrong ? VEC_WRONG : VEC_DONE;
    if (o == VEC_DONE && vec_has(v, "httpBody")) {
        o = carried(v, "httpBody", der);
    }
    if (o == VEC_DONE && vec_has(v, "xmlText")) {
        o = carried(v, "xmlText", der);
    }
    return o == VEC_DONE && d.unusable != NULL ? vec_refused(v, d.unusable) : o;
}

const struct vec_type vec_types_der[] = {
    {"IbeStructures", ibe_structures},
    {NULL, NULL},
};
