/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Cutting messages out of a stream (RFC 3261, 18.3). */
#include "harness/sip/sip_int.h"

size_t sip_frame_blank(const uint8_t *data, size_t len)
{
    size_t n = 0;
    while (n < len && (data[n] == '\r' || data[n] == '\n')) {
        n++;
    }
    return n;
}

static int has_sip_word(struct view line)
{
    for (size_t i = 0; i + 4 <= line.len; i++) {
        if (sip_is_nocase(view_sub(line, i, i + 4), "SIP/")) {
            return 1;
        }
    }
    return 0;
}

/* could_be_sip: a line not complete yet begins with a token and a space, or
 * with part of one. */
static int could_be_sip(struct view v)
{
    size_t n = skip_class(v, 0, CC_TOKEN);
    return n == v.len || (n > 0 && (v.data[n] == ' ' || v.data[n] == '/'));
}

struct lengths {
    int seen;
    int bad;
    uint32_t value;
};

static void take_length(struct lengths *l, struct view value)
{
    uint32_t n = 0;
    if (sip_u32(sip_trim(value), &n) != STATUS_OK ||
        (l->seen && n != l->value)) {
        l->bad = 1;
    }
    l->seen = 1;
    l->value = n;
}

/* The octet after a header line and its continuation lines; 0 if they are not
 * all there yet. */
static size_t field_end(struct view all, size_t pos)
{
    for (;;) {
        size_t lf = view_find(all, pos, '\n');
        if (lf + 1 >= all.len) {
            return 0;
        }
        if (!is_blank(all.data[lf + 1])) {
            return lf + 1;
        }
        pos = lf + 1;
    }
}

/* head_end walks the header lines from pos; returns the offset of the body, 0
 * if the head is not complete. */
static size_t head_end(struct view all, size_t pos, struct lengths *l)
{
    while (pos < all.len) {
        if (all.data[pos] == '\n') {
            return pos + 1;
        }
        if (all.data[pos] == '\r' && pos + 1 < all.len &&
            all.data[pos + 1] == '\n') {
            return pos + 2;
        }
        size_t end = field_end(all, pos);
        if (end == 0) {
            return 0;
        }
        size_t name = skip_class(all, pos, CC_TOKEN);
        size_t colon = name;
        while (colon < end && is_blank(all.data[colon])) {
            colon++;
        }
        if (all.data[colon] == ':' &&
            sip_hdr_of(view_sub(all, pos, name)) == SIP_HDR_CONTENT_LENGTH) {
            take_length(l, view_sub(all, colon + 1, end));
        }
        pos = end;
    }
    return 0;
}

enum status sip_frame(const uint8_t *data, size_t len, size_t *out_total)
{
    struct view all = {data, len};
    *out_total = 0;
    if (len == 0) {
        return STATUS_TRUNCATED;
    }
    size_t lf = view_find(all, 0, '\n');
    if (lf == len) {
        if (len > SIP_FRAME_MAX_HEAD) {
            return STATUS_BAD_LENGTH;
        }
        return could_be_sip(all) ? STATUS_TRUNCATED : STATUS_SYNTAX;
    }
    if (!has_sip_word(view_sub(all, 0, lf))) {
        return STATUS_SYNTAX;
    }
    struct lengths l = {0};
    size_t head = head_end(all, lf + 1, &l);
    if (l.bad) {
        return STATUS_SYNTAX;
    }
    if ((head == 0 && len > SIP_FRAME_MAX_HEAD) || head > SIP_FRAME_MAX_HEAD ||
        l.value > SIP_FRAME_MAX_BODY) {
        return STATUS_BAD_LENGTH;
    }
    if (head == 0) {
        return STATUS_TRUNCATED;
    }
    *out_total = head + l.value;
    return *out_total <= len ? STATUS_OK : STATUS_TRUNCATED;
}
