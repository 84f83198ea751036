/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to harness/sip: character classes, views, the table of fields. */
#ifndef HARNESS_SIP_SIP_INT_H
#define HARNESS_SIP_SIP_INT_H

#include "harness/sip/sdp.h"
#include "harness/sip/sip.h"

#include <assert.h>
#include <string.h>

/* RFC 3261, 25.1. */
#define CC_TOKEN 0x01u /* token */
#define CC_DIGIT 0x02u
#define CC_HEX 0x04u /* hex digit, both cases */
#define CC_ALPHA 0x08u
#define CC_UNRESERVED 0x10u /* alphanum and mark */
#define CC_USER 0x20u       /* unreserved and user-unreserved */
#define CC_URI 0x40u        /* reserved, unreserved, "%", "[" and "]" */
#define CC_PARAM 0x80u      /* unreserved and param-unreserved */
extern const uint8_t sip_class[256];

static inline int is_class(uint8_t c, unsigned cc)
{
    return (sip_class[c] & cc) != 0;
}
static inline int is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}
/* LWS inside a value that was folded. */
static inline int is_lws(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
static inline uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* view_sub is the part [from, to) of v; an empty v without data stays so. */
static inline struct view view_sub(struct view v, size_t from, size_t to)
{
    assert(from <= to && to <= v.len);
    return v.data == NULL ? v : (struct view){v.data + from, to - from};
}
/* view_find gives the offset of the first c at or after from, v.len if none. */
static inline size_t view_find(struct view v, size_t from, uint8_t c)
{
    if (from >= v.len) {
        return v.len;
    }
    const uint8_t *p = memchr(v.data + from, c, v.len - from);
    return p != NULL ? (size_t)(p - v.data) : v.len;
}
static inline int view_all(struct view v, unsigned cc)
{
    for (size_t i = 0; i < v.len; i++) {
        if (!is_class(v.data[i], cc)) {
            return 0;
        }
    }
    return v.len > 0;
}
static inline struct view view_tail(struct view v, size_t from)
{
    return view_sub(v, from, v.len);
}
/* quoted_end gives the offset after the closing quote of the string that begins
 * at i, v.len + 1 if it is not closed. */
size_t quoted_end(struct view v, size_t i);

/* Looks for control octets, 64 at a time: bits says which of those from base on
 * (a multiple of 64) are below 0x20, or 0x7f. */
struct scan {
    struct view octets;
    size_t base;
    uint64_t bits;
};
static inline struct scan scan_begin(struct view octets)
{
    return (struct scan){.octets = octets, .base = 1}; /* nothing loaded */
}
void scan_load(struct scan *s, size_t base);

/* scan_next gives the offset of the next control from i on; the end if there is
 * none. */
static inline size_t scan_next(struct scan *s, size_t i)
{
    while (i < s->octets.len) {
        size_t base = i & ~(size_t)63;
        if (base != s->base) {
            scan_load(s, base);
        }
        uint64_t left = s->bits >> (i & 63);
        if (left != 0) {
            return i + (size_t)__builtin_ctzll(left);
        }
        i = base + 64;
    }
    return s->octets.len;
}

/* What a field's value looks like. */
enum value_kind {
    VALUE_TEXT,         /* UTF-8 text */
    VALUE_TOKENS,       /* token list, may be empty */
    VALUE_TOKEN_PARAMS, /* token *(; param) */
    VALUE_ADDR,         /* name-addr / addr-spec, params */
    VALUE_ROUTE,        /* name-addr, params */
    VALUE_HISTORY,
    VALUE_CONTACT, /* VALUE_ADDR or * */
    VALUE_VIA,
    VALUE_CSEQ,
    VALUE_RACK,
    VALUE_NUMBER,  /* digits */
    VALUE_SECONDS, /* digits *(; param), comment allowed */
    VALUE_MEDIA_TYPE,
    VALUE_MEDIA_RANGES, /* Accept: list, may be empty */
    VALUE_CALL_ID,
    VALUE_AUTH,
    VALUE_DATE,
    VALUE_WARNING
};

struct hdr_info {
    const char *name;
    uint8_t len;   /* of name */
    char compact;  /* 0: none */
    uint8_t flags; /* HDR_* */
    uint8_t kind;  /* enum value_kind */
};
#define HDR_LIST 1u  /* comma list */
#define HDR_ONCE 2u  /* one line and one value at most */
#define HDR_EMPTY 4u /* the value may be empty */
extern const struct hdr_info hdr_info[SIP_HDR_COUNT];

/* add_dev notes a deviation of the octets in where. */
void add_dev(struct sip_msg *msg, enum sip_dev kind, enum sip_hdr hdr,
             size_t off, size_t len);
static inline void add_dev_view(struct sip_msg *msg, enum sip_dev kind,
                                enum sip_hdr hdr, struct view where)
{
    add_dev(msg, kind, hdr, (size_t)(where.data - msg->raw.data), where.len);
}

/* uri_flaw looks for the first thing wrong in a URI: SIP_DEV_COUNT if there is
 * none, else the deviation, with *where set. */
enum sip_dev uri_flaw(struct view uri, struct view *where);

/* A reader of parts of a value: skips LWS. */
static inline size_t skip_lws(struct view v, size_t i)
{
    while (i < v.len && is_lws(v.data[i])) {
        i++;
    }
    return i;
}
static inline size_t skip_class(struct view v, size_t i, unsigned cc)
{
    while (i < v.len && is_class(v.data[i], cc)) {
        i++;
    }
    return i;
}

/* split_param reads "name = value" from the whole of item. */
void split_param(struct view item, struct sip_param *out);

/* Boundary of a multipart type, without quotes; 0 if there is none. */
int multipart_boundary(struct view content_type, struct view *out);

/* body_sdp finds the SDP in a body: offset and length; 0 if there is none. */
int body_sdp(struct view content_type, struct view body, size_t *off,
             size_t *len);

#endif
