/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* SIP messages of the trace as the fields that laws look at. */
#include "harness/judge/judge_int.h"

#include "harness/base/mem.h"
#include "harness/sip/sdp.h"
#include "harness/sip/sip.h"

#include <stdlib.h>
#include <string.h>

struct scratch { /* too large for the stack */
    struct sip_msg msg;
    struct sdp sdp;
};

static const char *strv(struct judge *j, struct view v)
{
    return j_strn(j, v.data, v.len);
}

/* ---- SDP
 * ------------------------------------------------------------------------ */

static int tolerated(enum sdp_dev kind)
{
    switch ((int)kind) {
    case SDP_DEV_BARE_LF:
    case SDP_DEV_NO_LINE_END:
    case SDP_DEV_BLANK_LINE:
    case SDP_DEV_TOO_MANY:
    case SDP_DEV_KM_SPACE:
    case SDP_DEV_KM_ID:
    case SDP_DEV_KM_NO_DATA:
    case SDP_DEV_KM_BASE64:
        return 1;
    }
    return 0;
}

static int count_keys(const struct sdp *s, int level, int *mikey, int *bad)
{
    struct sdp_key_mgmt k;
    int n = 0;
    for (size_t i = 0; sdp_key_mgmt(s, level, i, &k); i++) {
        n++;
        *mikey += k.is_mikey;
        *bad += k.bad_id || k.bad_base64 || k.no_data || k.spaces_before > 1 ||
                k.spaces_between != 1 || k.trailing_space;
    }
    return n;
}

static void address_of(struct jsdp_media *m, const struct sdp *s, int level)
{
    struct sdp_connection c;
    char text[64];
    if (sdp_connection(s, level, &c) != STATUS_OK ||
        c.address.len >= sizeof text) {
        return;
    }
    memcpy(text, c.address.data, c.address.len);
    text[c.address.len] = '\0';
    text[strcspn(text, "/")] = '\0'; /* the TTL of a multicast address */
    if (cap_addr_parse(&m->addr, text) != STATUS_OK) {
        m->addr = (struct cap_addr){0};
    }
    m->addr.port = m->port;
}

static void media_of(struct judge *j, const struct sdp *s, int level,
                     struct jsdp *out)
{
    struct jsdp_media *m = &out->media[level];
    const struct sdp_media *in = &s->media[level];
    m->kind = strv(j, in->media);
    m->proto = strv(j, in->proto);
    m->port = in->port <= 0xffff ? (uint16_t)in->port : 0;
    address_of(m, s, level);
    m->num_key_mgmt = count_keys(s, level, &m->num_mikey, &out->bad_key_mgmt);
    m->num_crypto = sdp_has_crypto(s, level);
    m->direction = sdp_direction_name(sdp_direction_of(s, level));
    m->pt = -1;
    m->codec = "";
    struct view fmt;
    uint32_t pt = 0;
    struct sdp_rtpmap map;
    if (sdp_fmt(s, level, 0, &fmt) && sip_u32(fmt, &pt) == STATUS_OK &&
        pt < 128) {
        m->pt = (int)pt;
        if (sdp_rtpmap(s, level, pt, &map)) {
            m->codec = j_printf(j, "%.*s/%u", (int)map.encoding.len,
                                (const char *)map.encoding.data, map.rate);
        }
    }
}

static const struct jsdp *sdp_of(struct judge *j, struct sdp *s,
                                 struct view body)
{
    struct jsdp *out = j_alloc(j, sizeof *out);
    struct sdp_origin o;
    if (out == NULL) {
        return NULL;
    }
    sdp_parse(s, body);
    out->ok = 1;
    out->fault = out->o_id = "";
    for (size_t i = 0; i < s->num_devs && out->ok; i++) {
        if (!tolerated(s->devs[i].kind)) {
            out->ok = 0;
            out->fault = sdp_dev_text(s->devs[i].kind);
        }
    }
    if (sdp_origin(s, &o) == STATUS_OK) {
        out->o_id = strv(j, o.sess_id);
        out->o_version = strtoull(strv(j, o.sess_version), NULL, 10);
    }
    out->num_key_mgmt =
        count_keys(s, SDP_SESSION, &out->num_mikey, &out->bad_key_mgmt);
    out->num_crypto = sdp_has_crypto(s, SDP_SESSION);
    out->num_media = s->num_media < JSDP_MEDIA ? s->num_media : JSDP_MEDIA;
    for (size_t i = 0; i < out->num_media; i++) {
        media_of(j, s, (int)i, out);
    }
    return out;
}

/* ---- header fields
 * --------------------------------------------------------------- */

static const char *value_of(struct judge *j, const struct sip_msg *m,
                            enum sip_hdr id)
{
    return strv(j, sip_value(m, id, 0));
}

static void names(struct judge *j, const struct sip_msg *m, struct jsip *s)
{
    struct sip_addr a;
    if (sip_addr(sip_value(m, SIP_HDR_FROM, 0), &a) == STATUS_OK) {
        s->from_uri = strv(j, a.uri);
        s->from_tag = strv(j, a.tag);
        s->from_name = strv(j, sip_unquoted(a.display));
    }
    if (sip_addr(sip_value(m, SIP_HDR_TO, 0), &a) == STATUS_OK) {
        s->to_uri = strv(j, a.uri);
        s->to_tag = strv(j, a.tag);
    }
    struct view v = sip_value(m, SIP_HDR_CONTACT, 0);
    if (v.data != NULL && sip_addr(v, &a) == STATUS_OK) {
        struct view actor;
        s->contact = strv(j, a.uri);
        s->automata = sip_feature(a.params, "automata", NULL);
        if (sip_feature(a.params, "actor", &actor)) {
            s->actor = strv(j, actor);
        }
    }
    v = sip_value(m, SIP_HDR_P_ASSERTED_IDENTITY, 0);
    if (v.data != NULL && sip_addr(v, &a) == STATUS_OK) {
        s->pai = strv(j, a.uri);
    }
}

static const char *token_of(struct judge *j, const struct sip_msg *m,
                            enum sip_hdr id)
{
    struct sip_token_params t;
    struct view v = sip_value(m, id, 0);
    return v.data != NULL && sip_token_params(v, &t) == STATUS_OK
               ? strv(j, t.token)
               : "";
}

static void fields(struct judge *j, const struct sip_msg *m, struct jsip *s)
{
    struct sip_cseq cseq;
    struct sip_via via;
    if (sip_cseq(sip_value(m, SIP_HDR_CSEQ, 0), &cseq) == STATUS_OK) {
        s->cseq = cseq.num;
    }
    s->call_id = value_of(j, m, SIP_HDR_CALL_ID);
    names(j, m, s);
    if (sip_via(sip_value(m, SIP_HDR_VIA, 0), &via) == STATUS_OK) {
        s->branch = strv(j, via.branch);
    }
    s->event = token_of(j, m, SIP_HDR_EVENT);
    s->substate = token_of(j, m, SIP_HDR_SUBSCRIPTION_STATE);
    s->rack = value_of(j, m, SIP_HDR_RACK);
    s->rseq = value_of(j, m, SIP_HDR_RSEQ);
    s->require = value_of(j, m, SIP_HDR_REQUIRE);
    s->warning = value_of(j, m, SIP_HDR_WARNING);
    s->content_type = value_of(j, m, SIP_HDR_CONTENT_TYPE);
}

static void blank(struct jsip *s)
{
    s->method = s->reason = s->ruri = s->call_id = s->from_uri = s->from_tag =
        s->from_name = s->to_uri = s->to_tag = s->branch = s->contact =
            s->actor = s->pai = s->event = s->substate = s->rack = s->rseq =
                s->require = s->warning = s->content_type = "";
}

static void index_one(struct judge *j, struct scratch *x, struct jsip *s,
                      const struct trace_sip *t)
{
    struct sip_msg *m = &x->msg;
    struct sip_part part;
    s->t = t;
    s->frame = t->frame;
    s->time_us = t->time_us;
    s->src = party_of(j, &t->src);
    s->dst = party_of(j, &t->dst);
    blank(s);
    sip_parse(m, t->octets.data, t->octets.len);
    s->request = !m->is_response;
    s->status = m->is_response ? m->status : 0;
    s->method = strv(j, m->method);
    s->reason = strv(j, m->reason);
    s->ruri = strv(j, m->uri);
    fields(j, m, s);
    s->body = m->body;
    s->ok = s->method[0] != '\0' && s->call_id[0] != '\0' &&
            (s->request || s->status >= 100);
    if (t->cut) {
        s->ok = 0; /* what it lacks was not left out by its sender */
        return;
    }
    if (sip_body_find(m, "application/sdp", &part, NULL)) {
        s->sdp = sdp_of(j, &x->sdp, part.body);
    }
}

/* An echo: the same octets went the other way before. */
static void find_echoes(struct judge *j)
{
    struct jmap *seen = NULL;
    for (size_t i = 0; i < j->num_sip; i++) {
        struct jsip *s = &j->sip[i];
        const struct jsip *first = jmap_get(seen, s->t->octets);
        if (first == NULL) {
            jmap_put(j, &seen, s->t->octets, s);
        } else if (first->src == s->dst && first->dst == s->src &&
                   s->src != s->dst) {
            s->echo = 1;
        }
    }
}

void sip_index(struct judge *j)
{
    struct scratch *x = mem_alloc(sizeof *x);
    j->sip = j_alloc(j, (j->trace->num_sip + 1) * sizeof *j->sip);
    if (x == NULL || j->sip == NULL) {
        j->err = STATUS_NO_MEMORY;
        mem_free(x);
        return;
    }
    for (size_t i = 0; i < j->trace->num_sip && j->err == STATUS_OK; i++) {
        index_one(j, x, &j->sip[i], &j->trace->sip[i]);
        j->num_sip++;
    }
    find_echoes(j);
    sip_calls(j);
    mem_free(x);
}

/* ---- tools of laws
 * ----------------------------------------------------------------- */

static struct view part_body(struct judge *j, const struct sip_part *p)
{
    struct wr w;
    wr_init(&w);
    struct view out = p->body;
    if (sip_part_decode(p, &w) == STATUS_OK && w.err == STATUS_OK) {
        out = j_copy(j, (struct view){w.data, w.len});
    }
    wr_cleanup(&w);
    return out;
}

size_t jsip_parts(struct judge *j, const struct jsip *s, struct jpart *out,
                  size_t max)
{
    struct sip_msg *m = mem_alloc(sizeof *m);
    size_t n = 0;
    if (m == NULL) {
        j->err = STATUS_NO_MEMORY;
        return 0;
    }
    sip_parse(m, s->t->octets.data, s->t->octets.len);
    struct sip_part p;
    for (; sip_body_part(m, n, &p); n++) {
        struct sip_media_type t;
        if (n >= max) {
            continue;
        }
        out[n] = (struct jpart){.type = "", .body = part_body(j, &p)};
        if (sip_media_type(p.content_type, &t) == STATUS_OK) {
            out[n].type = j_printf(
                j, "%.*s/%.*s", (int)t.type.len, (const char *)t.type.data,
                (int)t.subtype.len, (const char *)t.subtype.data);
        }
        out[n].content_id = strv(j, p.content_id);
        out[n].disposition = strv(j, p.disposition);
    }
    mem_free(m);
    return n;
}

const char *jsip_line(struct judge *j, struct view text, const char *name)
{
    struct view v;
    return sip_block_find(text, name, &v) ? strv(j, v) : "";
}

const char *jsip_uri(struct judge *j, const char *value)
{
    struct sip_addr a;
    return sip_addr(view_of(value), &a) == STATUS_OK ? strv(j, a.uri) : "";
}

const char *jsip_bare(struct judge *j, const char *uri)
{
    struct wr w;
    /* Laws ask for the same few URIs again and again. */
    const char *out = jmap_get(j->bare_map, view_of(uri));
    if (out != NULL) {
        return out;
    }
    wr_init(&w);
    if (sip_identity(&w, view_of(uri)) == STATUS_OK && w.err == STATUS_OK) {
        out = j_strn(j, w.data, w.len);
    }
    wr_cleanup(&w);
    if (out == NULL) {
        out = j_strn(j, uri, strcspn(uri, ";?>"));
    }
    jmap_put(j, &j->bare_map, j_copy(j, view_of(uri)), (void *)out);
    return out;
}
