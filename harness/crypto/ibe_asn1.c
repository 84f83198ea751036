/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* DER structures of RFC 5408 and RFC 5409. */
#include "harness/crypto/ibe_asn1.h"

#include "harness/crypto/der.h"

#include <string.h>

/* contents of 2.16.840.1.114334.1.1.2.1 and 2.16.840.1.114334.1.3.2.1 */
static const uint8_t oid_bf[] = {0x60, 0x86, 0x48, 0x01, 0x86, 0xfd,
                                 0x1e, 0x01, 0x01, 0x02, 0x01};
static const uint8_t oid_pkg_uri[] = {0x60, 0x86, 0x48, 0x01, 0x86, 0xfd,
                                      0x1e, 0x01, 0x03, 0x02, 0x01};

static int oid_is(struct view oid, const uint8_t *data, size_t len)
{
    return oid.len == len && memcmp(oid.data, data, len) == 0;
}

enum status ibe_oid_text(struct wr *out, struct view oid)
{
    uint64_t arc = 0;
    int first = 1;
    int open = 0;
    if (oid.len == 0) {
        return STATUS_SYNTAX;
    }
    for (size_t i = 0; i < oid.len; i++) {
        if ((!open && oid.data[i] == 0x80) || arc >> 57 != 0) {
            return STATUS_SYNTAX;
        }
        arc = arc << 7 | (oid.data[i] & 0x7f);
        open = oid.data[i] >= 0x80;
        if (!open) {
            if (first) { /* 40 * first arc + second */
                uint64_t top = arc < 80 ? arc / 40 : 2;
                wr_printf(out, "%llu", (unsigned long long)top);
                arc -= top * 40;
            }
            wr_printf(out, ".%llu", (unsigned long long)arc);
            first = 0;
            arc = 0;
        }
    }
    return open ? STATUS_SYNTAX : out->err;
}

static void put_arc(struct wr *out, uint64_t arc)
{
    int shift = 0;
    while (shift < 63 && arc >> (shift + 7) != 0) {
        shift += 7;
    }
    for (; shift >= 0; shift -= 7) {
        wr_u8(out, (uint8_t)((arc >> shift & 0x7f) | (shift > 0 ? 0x80 : 0)));
    }
}

/* digits, then a dot or the end; at most 18 digits */
static const char *take_arc(uint64_t *arc, const char *s)
{
    const char *from = s;
    *arc = 0;
    while (*s >= '0' && *s <= '9' && s - from < 18) {
        *arc = *arc * 10 + (uint64_t)(*s++ - '0');
    }
    int ok = s != from && (*s == '.' || *s == '\0') &&
             (*from != '0' || s == from + 1);
    return !ok ? NULL : *s == '.' ? s + 1 : s;
}

enum status ibe_oid_parse(struct wr *out, const char *dotted)
{
    uint64_t top = 0;
    uint64_t arc = 0;
    const char *s = take_arc(&top, dotted);
    s = s == NULL || *s == '\0' ? NULL : take_arc(&arc, s);
    if (s == NULL || top > 2 || (top < 2 && arc > 39)) {
        return STATUS_SYNTAX;
    }
    put_arc(out, top * 40 + arc);
    while (*s != '\0') {
        s = take_arc(&arc, s);
        if (s == NULL) {
            return STATUS_SYNTAX;
        }
        put_arc(out, arc);
    }
    return s[-1] == '.' ? STATUS_SYNTAX : out->err;
}

enum status ibe_oid_decode(struct view *out, const uint8_t *der, size_t len)
{
    struct rd r;
    rd_init(&r, der, len);
    return der_read(&r, out, DER_OID) && rd_left(&r) == 0 ? STATUS_OK
                                                          : STATUS_SYNTAX;
}

void ibe_oid_encode(struct wr *out, struct view oid)
{
    der_put(out, DER_OID, oid);
}

static int open_sequence(struct rd *in, const uint8_t *der, size_t len)
{
    struct rd r;
    struct view v;
    rd_init(&r, der, len);
    if (!der_read(&r, &v, DER_SEQUENCE) || rd_left(&r) != 0) {
        return 0;
    }
    rd_init(in, v.data, v.len);
    return 1;
}

/* A whole SEQUENCE, with tag and length. */
static int read_element(struct rd *r, struct view *out)
{
    size_t from = r->pos;
    struct view v;
    if (!der_read(r, &v, DER_SEQUENCE)) {
        return 0;
    }
    *out = (struct view){r->data + from, r->pos - from};
    return 1;
}

/* YYYYMMDDHHMMSSZ */
static int read_time(struct rd *r, struct view *out)
{
    if (!der_read(r, out, DER_TIME) || out->len != 15 || out->data[14] != 'Z') {
        return 0;
    }
    for (size_t i = 0; i < 14; i++) {
        if (out->data[i] < '0' || out->data[i] > '9') {
            return 0;
        }
    }
    return 1;
}

/* SEQUENCE OF SEQUENCE { OBJECT IDENTIFIER, OCTET STRING } */
static enum status read_pairs(struct rd *r, struct ibe_pairs *out)
{
    struct view all;
    struct rd in;
    out->present = 1;
    out->num = 0;
    if (!der_read(r, &all, DER_SEQUENCE)) {
        return STATUS_SYNTAX;
    }
    rd_init(&in, all.data, all.len);
    while (rd_left(&in) > 0) {
        struct view one;
        struct rd p;
        if (out->num == IBE_MAX_PARTS) {
            return STATUS_NO_SPACE;
        }
        struct ibe_pair *pair = &out->at[out->num++];
        if (!der_read(&in, &one, DER_SEQUENCE)) {
            return STATUS_SYNTAX;
        }
        rd_init(&p, one.data, one.len);
        if (!der_read(&p, &pair->oid, DER_OID) ||
            !der_read(&p, &pair->value, DER_OCTETS) || rd_left(&p) != 0) {
            return STATUS_SYNTAX;
        }
    }
    return STATUS_OK;
}

/* The optional last part of a SEQUENCE. */
static enum status read_last_pairs(struct rd *r, struct ibe_pairs *out)
{
    if (rd_left(r) == 0) {
        return STATUS_OK;
    }
    enum status st = read_pairs(r, out);
    return st != STATUS_OK || rd_left(r) == 0 ? st : STATUS_SYNTAX;
}

static void put_pairs(struct wr *out, const struct ibe_pairs *v)
{
    struct wr all;
    struct wr one;
    if (!v->present) {
        return;
    }
    wr_init(&all);
    for (size_t i = 0; i < v->num; i++) {
        wr_init(&one);
        der_put(&one, DER_OID, v->at[i].oid);
        der_put(&one, DER_OCTETS, v->at[i].value);
        der_put_block(&all, DER_SEQUENCE, &one);
        wr_cleanup(&one);
    }
    der_put_block(out, DER_SEQUENCE, &all);
    wr_cleanup(&all);
}

/* Closes a structure begun with wr_init(body). */
static void finish(struct wr *out, struct wr *body)
{
    der_put_block(out, DER_SEQUENCE, body);
    wr_cleanup(body);
}

enum status ibe_identity_decode(struct ibe_identity *out, const uint8_t *der,
                                size_t len)
{
    struct rd r;
    return open_sequence(&r, der, len) &&
                   der_read(&r, &out->district, DER_IA5STRING) &&
                   der_read_u64(&r, &out->serial) &&
                   der_read(&r, &out->type, DER_OID) &&
                   der_read(&r, &out->data, DER_OCTETS) && rd_left(&r) == 0
               ? STATUS_OK
               : STATUS_SYNTAX;
}

void ibe_identity_encode(struct wr *out, const struct ibe_identity *v)
{
    struct wr body;
    wr_init(&body);
    der_put(&body, DER_IA5STRING, v->district);
    der_put_u64(&body, v->serial);
    der_put(&body, DER_OID, v->type);
    der_put(&body, DER_OCTETS, v->data);
    finish(out, &body);
}

enum status ibe_email_decode(struct ibe_email *out, const uint8_t *der,
                             size_t len)
{
    struct rd r;
    return open_sequence(&r, der, len) &&
                   der_read(&r, &out->name, DER_IA5STRING) &&
                   read_time(&r, &out->time) && rd_left(&r) == 0
               ? STATUS_OK
               : STATUS_SYNTAX;
}

void ibe_email_encode(struct wr *out, const struct ibe_email *v)
{
    struct wr body;
    wr_init(&body);
    der_put(&body, DER_IA5STRING, v->name);
    der_put(&body, DER_TIME, v->time);
    finish(out, &body);
}

static int read_validity(struct rd *r, struct ibe_sys_params *out)
{
    struct view v;
    struct rd in;
    if (!der_read(r, &v, DER_SEQUENCE)) {
        return 0;
    }
    rd_init(&in, v.data, v.len);
    return read_time(&in, &out->not_before) &&
           read_time(&in, &out->not_after) && rd_left(&in) == 0;
}

enum status ibe_sys_params_decode(struct ibe_sys_params *out,
                                  const uint8_t *der, size_t len)
{
    struct rd r;
    uint64_t version = 0;
    memset(out, 0, sizeof *out);
    if (!open_sequence(&r, der, len) || !der_read_u64(&r, &version)) {
        return STATUS_SYNTAX;
    }
    if (version != 2) {
        return STATUS_BAD_VALUE;
    }
    if (!der_read(&r, &out->district, DER_IA5STRING) ||
        !der_read_u64(&r, &out->serial) || !read_validity(&r, out)) {
        return STATUS_SYNTAX;
    }
    enum status st = read_pairs(&r, &out->algorithms);
    if (st != STATUS_OK) {
        return st;
    }
    if (out->algorithms.num == 0 ||
        !der_read(&r, &out->identity_type, DER_OID)) {
        return STATUS_SYNTAX;
    }
    return read_last_pairs(&r, &out->extensions);
}

void ibe_sys_params_encode(struct wr *out, const struct ibe_sys_params *v)
{
    struct wr body;
    struct wr validity;
    wr_init(&body);
    wr_init(&validity);
    der_put_u64(&body, 2);
    der_put(&body, DER_IA5STRING, v->district);
    der_put_u64(&body, v->serial);
    der_put(&validity, DER_TIME, v->not_before);
    der_put(&validity, DER_TIME, v->not_after);
    finish(&body, &validity);
    put_pairs(&body, &v->algorithms);
    der_put(&body, DER_OID, v->identity_type);
    put_pairs(&body, &v->extensions);
    finish(out, &body);
}

/* The value "is an IA5String": DER of one, or the bare characters. */
static struct view uri_of(struct view value)
{
    struct rd r;
    struct view v;
    rd_init(&r, value.data, value.len);
    return der_read(&r, &v, DER_IA5STRING) && rd_left(&r) == 0 ? v : value;
}

enum status ibe_sys_params_bf(struct view *out, struct view *out_pkg_uri,
                              const struct ibe_sys_params *v)
{
    *out = (struct view){NULL, 0};
    *out_pkg_uri = (struct view){NULL, 0};
    for (size_t i = 0; i < v->extensions.num; i++) {
        if (!oid_is(v->extensions.at[i].oid, oid_pkg_uri, sizeof oid_pkg_uri)) {
            return STATUS_UNSUPPORTED;
        }
        *out_pkg_uri = uri_of(v->extensions.at[i].value);
    }
    for (size_t i = 0; i < v->algorithms.num; i++) {
        if (oid_is(v->algorithms.at[i].oid, oid_bf, sizeof oid_bf)) {
            *out = v->algorithms.at[i].value;
        }
    }
    return STATUS_OK;
}

enum status ibe_key_reply_decode(struct ibe_key_reply *out, const uint8_t *der,
                                 size_t len)
{
    struct rd r;
    memset(out, 0, sizeof *out);
    if (!open_sequence(&r, der, len) || !read_element(&r, &out->identity) ||
        !der_read(&r, &out->algorithm, DER_OID) ||
        !der_read(&r, &out->key, DER_OCTETS)) {
        return STATUS_SYNTAX;
    }
    return read_last_pairs(&r, &out->options);
}

void ibe_key_reply_encode(struct wr *out, const struct ibe_key_reply *v)
{
    struct wr body;
    wr_init(&body);
    wr_bytes(&body, v->identity.data, v->identity.len);
    der_put(&body, DER_OID, v->algorithm);
    der_put(&body, DER_OCTETS, v->key);
    put_pairs(&body, &v->options);
    finish(out, &body);
}

enum status ibe_key_reply_usable(const struct ibe_key_reply *v)
{
    return v->options.num == 0 ? STATUS_OK : STATUS_UNSUPPORTED;
}

enum status ibe_recipient_decode(struct ibe_recipient *out, const uint8_t *der,
                                 size_t len)
{
    struct rd r;
    uint64_t version = 0;
    memset(out, 0, sizeof *out);
    if (!open_sequence(&r, der, len) || !der_read_u64(&r, &version)) {
        return STATUS_SYNTAX;
    }
    if (version != 3) {
        return STATUS_BAD_VALUE;
    }
    if (!der_read(&r, &out->key_fetch, DER_OID) ||
        !read_element(&r, &out->identity)) {
        return STATUS_SYNTAX;
    }
    if (rd_left(&r) > 0 && r.data[r.pos] == DER_SEQUENCE) {
        enum status st = read_pairs(&r, &out->server);
        if (st != STATUS_OK) {
            return st;
        }
    }
    return der_read(&r, &out->encrypted_key, DER_OCTETS) && rd_left(&r) == 0
               ? STATUS_OK
               : STATUS_SYNTAX;
}

void ibe_recipient_encode(struct wr *out, const struct ibe_recipient *v)
{
    struct wr body;
    wr_init(&body);
    der_put_u64(&body, 3);
    der_put(&body, DER_OID, v->key_fetch);
    wr_bytes(&body, v->identity.data, v->identity.len);
    put_pairs(&body, &v->server);
    der_put(&body, DER_OCTETS, v->encrypted_key);
    finish(out, &body);
}

enum status ibe_other_recipient_decode(struct ibe_other_recipient *out,
                                       const uint8_t *der, size_t len)
{
    struct rd r;
    return open_sequence(&r, der, len) && der_read(&r, &out->type, DER_OID) &&
                   read_element(&r, &out->value) && rd_left(&r) == 0
               ? STATUS_OK
               : STATUS_SYNTAX;
}

void ibe_other_recipient_encode(struct wr *out,
                                const struct ibe_other_recipient *v)
{
    struct wr body;
    wr_init(&body);
    der_put(&body, DER_OID, v->type);
    wr_bytes(&body, v->value.data, v->value.len);
    finish(out, &body);
}
