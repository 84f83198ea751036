/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* MIKEY codec, private: field readers, field writers, the table of payloads. */
#ifndef HARNESS_MIKEY_MIKEY_INT_H
#define HARNESS_MIKEY_MIKEY_INT_H

#include "harness/mikey/mikey.h"

#define MIKEY_HDR_TYPE 0xff /* payload of struct mikey_error for HDR */

/* ---- reading --------------------------------------------------------------
 */

/* The state of one decode. type and clause are those of the payload being read,
 * for the error. form_b: bit n set = read the n-th ECCPT of the chain with its
 * padding counted from the point (AMB-09 (b)). */
struct dec {
    struct rd r;
    uint8_t type;
    const char *clause;
    struct mikey_error err;
    unsigned form_b;
    unsigned num_eccpt;
};

/* dec_note notes the error, unless one stands. */
void dec_note(struct dec *d, enum status status, const char *field, size_t off,
              const char *clause);

/* dec_fail does so with the clause of the payload; both return 0, so that
 * readers can be chained. */
static inline int dec_fail_clause(struct dec *d, enum status status,
                                  const char *field, size_t off,
                                  const char *clause)
{
    dec_note(d, status, field, off, clause);
    return 0;
}

static inline int dec_fail(struct dec *d, enum status status, const char *field,
                           size_t off)
{
    dec_note(d, status, field, off, d->clause);
    return 0;
}

/* Readers return 1, or 0 after dec_fail. */
static inline int get_u8(struct dec *d, uint8_t *out, const char *field)
{
    if (rd_u8(&d->r, out) != STATUS_OK) {
        return dec_fail(d, STATUS_TRUNCATED, field, d->r.pos);
    }
    return 1;
}

static inline int get_u16(struct dec *d, uint16_t *out, const char *field)
{
    if (rd_u16(&d->r, out) != STATUS_OK) {
        return dec_fail(d, STATUS_TRUNCATED, field, d->r.pos);
    }
    return 1;
}

static inline int get_u32(struct dec *d, uint32_t *out, const char *field)
{
    if (rd_u32(&d->r, out) != STATUS_OK) {
        return dec_fail(d, STATUS_TRUNCATED, field, d->r.pos);
    }
    return 1;
}

/* get_view reads n octets, n being implied by a fixed size or an algorithm. */
static inline int get_view(struct dec *d, struct view *out, size_t n,
                           const char *field)
{
    if (rd_bytes(&d->r, out, n) != STATUS_OK) {
        return dec_fail(d, STATUS_TRUNCATED, field, d->r.pos);
    }
    return 1;
}

/* get_block reads n octets, n having been read from the length field at
 * len_off, which is to blame if there are fewer. */
static inline int get_block(struct dec *d, struct view *out, size_t n,
                            const char *len_field, size_t len_off)
{
    if (rd_bytes(&d->r, out, n) != STATUS_OK) {
        return dec_fail(d, STATUS_BAD_LENGTH, len_field, len_off);
    }
    return 1;
}

static inline int get_block8(struct dec *d, struct view *out,
                             const char *len_field)
{
    size_t off = d->r.pos;
    uint8_t n;
    return get_u8(d, &n, len_field) && get_block(d, out, n, len_field, off);
}

static inline int get_block16(struct dec *d, struct view *out,
                              const char *len_field)
{
    size_t off = d->r.pos;
    uint16_t n;
    return get_u16(d, &n, len_field) && get_block(d, out, n, len_field, off);
}

/* dec_since gives what was read from start on. */
static inline struct view dec_since(const struct dec *d, size_t start)
{
    struct rd r = d->r;
    struct view v = {0};
    r.pos = start;
    rd_bytes(&r, &v, d->r.pos - start);
    return v;
}

/* get_kv reads the KV data that kv->kv (the nibble at off) calls for. */
int get_kv(struct dec *d, struct mikey_kv_data *kv, size_t off);

/* ---- writing and enumerating ----------------------------------------------
 */

/* Each payload has one function that goes through its fields in order; w set,
 * it writes them, fn set, it reports them. So the two cannot disagree. */
struct put {
    struct wr *w;
    mikey_field_fn fn;
    void *ctx;
    int stop;
    struct mikey_field f; /* payload, nth and the place to go on are kept */
};

void put_u8(struct put *p, const char *name, uint8_t v,
            enum mikey_registry reg);
void put_u16(struct put *p, const char *name, uint16_t v,
             enum mikey_registry reg);
void put_u32(struct put *p, const char *name, uint32_t v);
/* A length field; STATUS_BAD_LENGTH if len does not fit. */
void put_len8(struct put *p, const char *name, size_t len);
void put_len16(struct put *p, const char *name, size_t len);
void put_octets(struct put *p, const char *name, struct view v);
void put_chars(struct put *p, const char *name, struct view v);
/* ts_type says how to read v (enum mikey_ts_type). */
void put_time(struct put *p, const char *name, struct view v, uint8_t ts_type);

/* A part of an octet or of two: name, width in bits, value. */
struct bits {
    const char *name;
    unsigned width;
    size_t value;
    enum mikey_registry reg;
};
/* put_bits puts parts that fill one to three octets, most significant first. A
 * value too large for its width is STATUS_BAD_LENGTH. */
void put_bits(struct put *p, const struct bits *parts, size_t num);

/* put_half_kv: the octet that has KV in its lower half, with what is above. */
void put_half_kv(struct put *p, const char *name, unsigned value,
                 enum mikey_registry reg, const struct mikey_kv_data *kv);
void put_kv_data(struct put *p, const struct mikey_kv_data *kv);

/* ---- payloads --------------------------------------------------------------
 */

int hdr_decode(struct dec *d, struct mikey_hdr *hdr);
void hdr_put(struct put *p, const struct mikey_hdr *hdr, uint8_t next);

enum row_flags {
    ROW_NO_NEXT = 1, /* SIGN: has no Next payload field and ends the message */
    ROW_INNER = 2    /* only inside encrypted data */
};

/* decode and put begin after the Next payload field. */
struct row {
    const char *clause;
    int (*decode)(struct dec *d, struct mikey_payload *pl);
    void (*put)(struct put *p, const struct mikey_payload *pl);
    unsigned flags;
};
/* row_of gives the row of a payload type, or NULL. */
const struct row *row_of(uint8_t type);
/* payload_put goes through one payload, Next payload included. */
void payload_put(struct put *p, const struct mikey_payload *pl, uint8_t next);

#define ROW_FUNCTIONS(name)                                                    \
    int name##_decode(struct dec *d, struct mikey_payload *pl);                \
    void name##_put(struct put *p, const struct mikey_payload *pl)

ROW_FUNCTIONS(kemac);
ROW_FUNCTIONS(pke);
ROW_FUNCTIONS(dh);
ROW_FUNCTIONS(sign);
ROW_FUNCTIONS(t);
ROW_FUNCTIONS(id);
ROW_FUNCTIONS(cert);
ROW_FUNCTIONS(chash);
ROW_FUNCTIONS(v);
ROW_FUNCTIONS(sp);
ROW_FUNCTIONS(rnd);
ROW_FUNCTIONS(err);
ROW_FUNCTIONS(tr);
ROW_FUNCTIONS(idr);
ROW_FUNCTIONS(randr);
ROW_FUNCTIONS(tp);
ROW_FUNCTIONS(ticket);
ROW_FUNCTIONS(key_data);
ROW_FUNCTIONS(ext);
ROW_FUNCTIONS(ibake);
ROW_FUNCTIONS(sk);
ROW_FUNCTIONS(eccpt);
ROW_FUNCTIONS(sakke);

/* ts_len gives the octets of a TS value, or 0 for an unknown type. mac_len: of
 * a MAC, or -1. */
size_t ts_len(uint8_t ts_type);
int mac_len(uint8_t alg);

#endif
