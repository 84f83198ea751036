/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Captures of any size: each opening message by itself. What is plainly sound
 * is only counted; anything else goes through the judge as a recording of one
 * message, so that the laws say what is wrong and there is no second opinion.
 */
#include "harness/judge/judge_int.h"

#include "harness/base/mem.h"
#include "harness/sip/sdp.h"
#include "harness/sip/sip.h"

#include <string.h>

#define MAX_FINDINGS 1000

static const char *const laws[] = {"i1-structure", "offer-key-mgmt",
                                   "kms-request-structure"};

struct stream {
    struct judge *j; /* keeps the findings */
    struct judge_count n;
    struct judge_error *e;
    struct trace_sip sip; /* the last one */
    uint64_t num_sip;
};

/* ---- plainly sound
 * --------------------------------------------------------------- */

static int sound_i1(const struct trace_mikey *t)
{
    const struct mikey_msg *m = t->msg;
    uint32_t seen = 0;
    for (size_t i = 0; i < m->num_payloads; i++) {
        const struct mikey_payload *p = &m->payloads[i];
        uint32_t bit = p->type < 32 ? 1u << p->type : 0;
        if (p->type == MIKEY_PL_IDR) {
            bit = p->u.idr.role == MIKEY_ROLE_INITIATOR   ? 1u << 30
                  : p->u.idr.role == MIKEY_ROLE_RESPONDER ? 1u << 31
                                                          : 0;
        }
        if (bit == 0 || (seen & bit) != 0 || p->type == MIKEY_PL_SP ||
            p->type == MIKEY_PL_V) {
            return 0;
        }
        seen |= bit;
        if ((p->type == MIKEY_PL_T && p->u.t.ts_type > MIKEY_TS_NTP) ||
            (p->type == MIKEY_PL_RAND && p->u.rnd.rand.len < 16)) {
            return 0;
        }
    }
    const uint32_t want = 1u << MIKEY_PL_T | 1u << MIKEY_PL_RAND |
                          1u << MIKEY_PL_IBAKE | 1u << 30 | 1u << 31;
    return (seen & want) == want && m->hdr.v == 1 && m->hdr.version == 1;
}

static int begins(struct view v, const char *word, size_t len)
{
    return v.len >= len && memcmp(v.data, word, len) == 0;
}

/* One key-mgmt, at session level, and no crypto, which is read in one go here;
 * a longer name that begins like these only costs time. */
static int session_only(const struct sdp *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->num_lines; i++) {
        struct view v = d->lines[i].value;
        if (d->lines[i].type != 'a') {
            continue;
        }
        n += begins(v, "key-mgmt", 8) ? 1 + (i >= d->session_end) : 0;
        n += begins(v, "crypto", 6) ? 2 : 0;
    }
    return n == 1;
}

/* An offer of one audio stream with one attribute at session level, the one
 * whose base64 has been decoded. */
static int sound_offer(const struct trace_mikey *t)
{
    struct sdp_key_mgmt k;
    const struct sip_msg *m = t->sip_msg;
    struct sdp *d = t->sdp;
    if (m == NULL || d == NULL || m->is_response || m->num_devs > 0 ||
        t->carrier != TRACE_CARRIER_SDP_SESSION ||
        !sip_content_is(m, "application/sdp")) {
        return 0;
    }
    sdp_check(d);
    return d->num_devs == 0 && d->num_media == 1 &&
           sip_is(d->media[0].proto, "RTP/SAVP") &&
           sdp_key_mgmt_place(d, SDP_SESSION, 0, &k) && k.is_mikey &&
           k.spaces_before == 0 && k.spaces_between == 1 && !k.trailing_space &&
           session_only(d);
}

/* ---- everything else
 * --------------------------------------------------------------- */

static int is_wanted(const struct jfinding *f)
{
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        if (strcmp(f->law->info.name, laws[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *copied(struct judge *j, const char *s)
{
    return j_strn(j, s, strlen(s));
}

static void keep(struct stream *s, const struct jfinding *from)
{
    struct judge *j = s->j;
    if (j->num_findings >= MAX_FINDINGS) {
        return;
    }
    struct jfinding *f = j_alloc(j, sizeof *f);
    struct jfinding **v = j_room(j, j->findings, j->num_findings);
    if (f == NULL || v == NULL) {
        return;
    }
    j->findings = v;
    v[j->num_findings++] = f;
    *f = *from;
    f->x = NULL;
    f->party = -1;
    f->f.party = copied(j, from->f.party);
    f->f.place = "run";
    f->f.message = copied(j, from->f.message);
    f->f.in = copied(j, from->f.in);
    f->f.hex = copied(j, from->f.hex);
    f->f.expected = copied(j, from->f.expected);
    f->f.actual = copied(j, from->f.actual);
}

/* 1 if the laws find nothing wrong. */
static int by_the_laws(struct stream *s, const struct trace_mikey *t)
{
    struct judge *j = mem_alloc(sizeof *j);
    struct trace trace = {.num_mikey = 1};
    struct trace_mikey mikey = *t;
    int good = 0;
    if (j == NULL) {
        s->j->err = STATUS_NO_MEMORY;
        return 0;
    }
    mikey.sip = t->sip >= 0 ? 0 : -1;
    trace.mikey = &mikey;
    trace.sip = &s->sip;
    trace.num_sip = t->sip >= 0;
    trace.info.first_us = trace.info.last_us = t->time_us;
    j->dir = j->tp = j->title = j->role = "";
    j->trace = &trace;
    j->kl = s->j->kl;
    judge_steps(j);
    const struct law *l;
    for (size_t i = 0; j->err == STATUS_OK && (l = law_at(i)) != NULL; i++) {
        for (size_t k = 0; k < sizeof laws / sizeof laws[0]; k++) {
            if (strcmp(l->info.name, laws[k]) == 0) {
                l->run(j, l);
            }
        }
    }
    for (size_t i = 0; i < j->num_findings; i++) {
        const struct jfinding *f = j->findings[i];
        if (is_wanted(f) && f->f.verdict == JUDGE_PASS) {
            good |= 1;
        } else if (is_wanted(f)) {
            good |= 2;
            keep(s, f);
        }
    }
    if (j->err != STATUS_OK) {
        s->j->err = j->err;
    }
    j->trace = NULL; /* not its own */
    j->kl = NULL;
    judge_free_all(j);
    return good == 1;
}

/* ---- the sink
 * ---------------------------------------------------------------------------
 */

static int on_sip(void *ctx, const struct trace_sip *t)
{
    struct stream *s = ctx;
    s->num_sip++;
    s->sip = *t;
    return 0;
}

static int opens(const struct stream *s, const struct trace_mikey *t)
{
    uint8_t type = t->octets.len > 1 ? t->octets.data[1] : 0xff;
    if (t->sip < 0) {
        return type == MIKEY_DT_REQUEST_KEY_PSK ||
               type == MIKEY_DT_REQUEST_KEY_PKE;
    }
    struct view v = s->sip.octets;
    return v.len > 7 && memcmp(v.data, "INVITE ", 7) == 0 &&
           type != MIKEY_DT_I_MESSAGE_2 && !s->sip.cut;
}

static int on_mikey(void *ctx, const struct trace_mikey *t)
{
    struct stream *s = ctx;
    s->n.mikey++;
    if (!opens(s, t)) {
        s->n.others++;
        return 0;
    }
    int plain = t->msg != NULL && t->err.status == STATUS_OK &&
                t->text_status == STATUS_OK &&
                t->msg->hdr.data_type == MIKEY_DT_I_MESSAGE_1 && t->sip >= 0 &&
                sound_i1(t) && sound_offer(t);
    if (plain || by_the_laws(s, t)) {
        s->n.sound++;
    } else {
        s->n.unsound++;
    }
    return s->j->err != STATUS_OK;
}

/* ---- the result
 * ----------------------------------------------------------------------------
 */

static struct judge_result *summary(struct stream *s, struct trace *trace)
{
    struct judge *j = s->j;
    j->trace = trace;
    struct judge_result *r = result_make(j);
    j->trace = NULL;
    if (r == NULL) {
        return NULL;
    }
    r->verdict = s->n.unsound > 0 ? JUDGE_FAIL : JUDGE_INCONC;
    r->reason = j_printf(
        j,
        "%llu opening messages by themselves: %llu sound, %llu not; %llu "
        "others and all calls were not followed in a capture of this size",
        (unsigned long long)(s->n.sound + s->n.unsound),
        (unsigned long long)s->n.sound, (unsigned long long)s->n.unsound,
        (unsigned long long)s->n.others);
    return r;
}

static struct judge_result *stream_file(struct stream *s, const char *pcap)
{
    const struct trace_sink sink = {.ctx = s, .sip = on_sip, .mikey = on_mikey};
    struct trace trace = {0};
    enum status st = trace_each(pcap, NULL, &sink, &trace.info);
    if (st != STATUS_OK) {
        judge_say(s->e, st, pcap, trace.info.error.text);
        return NULL;
    }
    s->n.packets = trace.info.packets;
    s->n.octets = trace.info.octets;
    s->n.sip = s->num_sip;
    struct judge_result *r = s->j->err == STATUS_OK ? summary(s, &trace) : NULL;
    if (r == NULL) {
        judge_say(s->e, STATUS_NO_MEMORY, pcap, "out of memory while judging");
    }
    return r;
}

struct judge_result *judge_stream(const char *pcap, struct judge_count *count,
                                  struct judge_error *err)
{
    struct judge_error ignored;
    struct stream *s = mem_alloc(sizeof *s);
    struct judge *j = mem_alloc(sizeof *j);
    struct judge_result *r = NULL;
    struct judge_error *e = err != NULL ? err : &ignored;
    *e = (struct judge_error){0};
    if (count != NULL) {
        *count = (struct judge_count){0};
    }
    if (s != NULL && j != NULL) {
        s->e = e;
        s->j = j;
        j->dir = j->tp = j->title = j->role = j->lossy_why = "";
        j->kl = keylog_new();
        r = j->kl != NULL ? stream_file(s, pcap) : NULL;
        if (count != NULL) {
            *count = s->n;
        }
    }
    if (r == NULL) {
        judge_say(e, STATUS_NO_MEMORY, pcap, "out of memory");
        if (j != NULL) {
            judge_free_all(j);
        }
    }
    mem_free(s);
    return r;
}
