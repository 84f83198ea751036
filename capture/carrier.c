/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* MIKEY messages and RTP addresses in SIP messages: a=key-mgmt attributes (RFC
 * 4567, 3.1), application/mikey body parts; and MIKEY outside SIP. */
#include <string.h>

#include "capture/trace_int.h"
#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/sip/sdp.h"
#include "harness/sip/sip.h"

#define MAX_PARTS 32 /* leaves of one body; a sound message has three */
#define MAX_PORTS 8  /* of one m= line (RFC 4566, 5.14: <port>/<number>) */

/* What is being looked at. */
struct carried {
    struct reader *r;
    const struct trace_sip *m;
    const struct sip_msg *msg;
    struct sdp *sdp;
    struct view part; /* body of the part */
    uint32_t nth_part;
};

/* ---- messages
 * -------------------------------------------------------------------- */

/* Decodes what octets holds and hands it on. */
static void tell(struct reader *r, struct trace_mikey *t)
{
    struct mikey_msg msg;
    /* Nothing to decode is an error, too: it says where one should stand. */
    mikey_decode(&msg, t->octets.data, t->octets.len, &t->err);
    t->msg = t->octets.len != 0 ? &msg : NULL;
    reader_mikey(r, t);
    t->msg = NULL;
}

void carrier_bare(struct reader *r, struct trace_mikey *m)
{
    m->sip = -1;
    tell(r, m);
}

static void init(struct trace_mikey *t, const struct carried *c,
                 enum trace_carrier carrier, struct view where)
{
    *t = (struct trace_mikey){.frame = c->m->frame,
                              .last_frame = c->m->last_frame,
                              .time_us = c->m->time_us,
                              .src = c->m->src,
                              .dst = c->m->dst,
                              .carrier = carrier,
                              .sip = (int64_t)c->r->info->num_sip,
                              .part = c->nth_part,
                              .text_off = sip_off(c->msg, where),
                              .sip_msg = c->msg,
                              .sdp = c->sdp};
}

/* What the capture cut off must not be taken for the sender's fault. */
static int is_cut(const struct carried *c, struct view v)
{
    return c->m->cut && sip_off(c->msg, v) + v.len == c->msg->raw.len;
}

static int is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Room for n octets in r->text, or NULL. */
static uint8_t *room(struct reader *r, size_t n)
{
    if (r->text.cap < n) {
        uint8_t *p = mem_resize(r->text.data, n);
        if (p == NULL) {
            reader_fail(r, STATUS_NO_MEMORY);
            return NULL;
        }
        r->text.data = p;
        r->text.cap = n;
    }
    return r->text.data;
}

/* The place in text of the nth character that is no space; its end if there
 * are not so many. */
static size_t place(struct view text, size_t nth)
{
    size_t i = 0;
    for (; i < text.len; i++) {
        if (!is_space(text.data[i]) && nth-- == 0) {
            break;
        }
    }
    return i;
}

/* Decodes t->text. lines: white space in it counts for nothing (RFC
 * 2045, 6.8). */
static int decode(struct reader *r, struct trace_mikey *t, int lines)
{
    size_t len = 0;
    struct view text = t->text;
    uint8_t *out = room(r, text.len + 1);
    if (out == NULL) {
        return 0;
    }
    const char *in = (const char *)text.data;
    size_t in_len = text.len;
    if (lines) {
        in = (const char *)out; /* decoded in place */
        in_len = 0;
        for (size_t i = 0; i < text.len; i++) {
            if (!is_space(text.data[i])) {
                out[in_len++] = text.data[i];
            }
        }
    }
    t->text_status = base64_decode(out, &len, in, in_len);
    if (t->text_status == STATUS_OK) {
        t->octets = (struct view){out, len};
    } else {
        t->text_bad = (uint32_t)(lines ? place(text, len) : len);
    }
    return 1;
}

/* ---- SDP
 * ------------------------------------------------------------------------- */

static void tell_attributes(struct carried *c, const struct sdp *s, int level)
{
    struct sdp_key_mgmt k;
    struct trace_mikey t;
    for (size_t i = 0; reader_on(c->r) && sdp_key_mgmt_place(s, level, i, &k);
         i++) {
        if (!k.is_mikey || is_cut(c, k.value)) {
            continue;
        }
        init(&t, c,
             level == SDP_SESSION ? TRACE_CARRIER_SDP_SESSION
                                  : TRACE_CARRIER_SDP_MEDIA,
             k.data);
        t.media = level == SDP_SESSION ? 0 : (uint32_t)level;
        t.nth = (uint32_t)i;
        t.spaced = k.spaces_before == 1;
        t.text = k.data;
        if (decode(c->r, &t, 0)) {
            tell(c->r, &t);
        }
    }
}

/* c= with an address of the wrong or of no form names no place. */
static int media_address(struct reader *r, const struct sdp *s, int level,
                         struct cap_addr *out)
{
    char text[CAP_ADDR_TEXT];
    struct sdp_connection con;
    if (sdp_connection(s, level, &con) != STATUS_OK) {
        return 0;
    }
    size_t len = con.address.len;
    const uint8_t *ttl = memchr(con.address.data, '/', len);
    len = ttl != NULL ? (size_t)(ttl - con.address.data) : len;
    if (len >= sizeof text) {
        return 0;
    }
    memcpy(text, con.address.data, len);
    text[len] = '\0';
    if (len == 0 || strcmp(text, r->media_text) != 0) {
        if (cap_addr_parse(&r->media_addr, text) != STATUS_OK) {
            r->media_text[0] = '\0';
            return 0;
        }
        memcpy(r->media_text, text, len + 1);
    }
    *out = r->media_addr;
    return 1;
}

static int is_rtp(const struct sdp_media *m)
{
    struct view v = m->proto;
    for (size_t i = 0; i + 4 <= v.len; i++) {
        if (memcmp(v.data + i, "RTP/", 4) == 0) {
            return 1;
        }
    }
    return 0;
}

static void note_ports(struct carried *c, const struct sdp *s, int level)
{
    const struct sdp_media *m = &s->media[level];
    struct cap_addr a;
    if (m->port == 0 || !is_rtp(m) || !media_address(c->r, s, level, &a)) {
        return;
    }
    for (uint32_t i = 0; i < m->num_ports && i < MAX_PORTS; i++) {
        if (m->port + 2 * i <= 65535) {
            a.port = (uint16_t)(m->port + 2 * i);
            rtp_ports_add(c->r, &a);
        }
    }
}

static void on_sdp(struct carried *c)
{
    struct sdp s;
    sdp_read(&s, c->part); /* what is wrong in it is the judge's business */
    c->sdp = &s;
    tell_attributes(c, &s, SDP_SESSION);
    for (size_t i = 0; i < s.num_media && reader_on(c->r); i++) {
        tell_attributes(c, &s, (int)i);
        note_ports(c, &s, (int)i);
    }
    c->sdp = NULL;
}

/* ---- body parts
 * ------------------------------------------------------------------ */

static struct view trimmed(struct view v)
{
    while (v.len != 0 && is_space(v.data[v.len - 1])) {
        v.len--;
    }
    while (v.len != 0 && is_space(v.data[0])) {
        v.data++;
        v.len--;
    }
    return v;
}

static void on_mikey(struct carried *c, const struct sip_part *p)
{
    struct trace_mikey t;
    struct wr w;
    int ok = 1;
    if (is_cut(c, c->part)) {
        return;
    }
    init(&t, c, TRACE_CARRIER_BODY, c->part);
    wr_init(&w);
    if (sip_is_nocase(p->encoding, "base64")) {
        t.text = trimmed(c->part);
        t.text_off = sip_off(c->msg, t.text);
        ok = decode(c->r, &t, 1);
    } else {
        t.text_status = sip_part_decode(p, &w);
        t.octets = t.text_status == STATUS_OK ? (struct view){w.data, w.len}
                                              : (struct view){NULL, 0};
        if (w.err != STATUS_OK) {
            reader_fail(c->r, w.err);
            ok = 0;
        }
    }
    if (ok) {
        tell(c->r, &t);
    }
    wr_cleanup(&w);
}

void carrier_sip(struct reader *r, const struct trace_sip *m)
{
    struct sip_msg msg;
    struct sip_part p;
    sip_parse(&msg, m->octets.data, m->octets.len);
    struct carried c = {.r = r, .m = m, .msg = &msg};
    for (size_t i = 0; reader_on(r) && sip_body_part(&msg, i, &p); i++) {
        if (i == MAX_PARTS) {
            reader_loss(
                r, (struct trace_loss){.kind = TRACE_LOSS_MEMORY,
                                       .frame = m->frame,
                                       .last_frame = m->last_frame,
                                       .src = m->src,
                                       .dst = m->dst,
                                       .text = "body parts beyond the 32nd"});
            break;
        }
        c.part = p.body;
        c.nth_part = (uint32_t)i;
        if (sip_type_is(p.content_type, "application/sdp")) {
            on_sdp(&c);
        } else if (sip_type_is(p.content_type, "application/mikey")) {
            on_mikey(&c, &p);
        }
        if (p.depth == 0) {
            break; /* no multipart: there is no second one */
        }
    }
}
