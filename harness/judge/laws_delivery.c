/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of secrecy and replay: packets delivered against packets deposited. */
#include "harness/judge/laws_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- finding packets again
 * ------------------------------------------------------- */

static struct view octets_of(const struct jrtp *r, int payload)
{
    struct view v = r->t->octets;
    if (payload && r->header_len <= v.len) {
        v.data += r->header_len;
        v.len -= r->header_len;
    }
    return v;
}

static uint64_t hash_of(struct view v) /* FNV-1a */
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < v.len; i++) {
        h = (h ^ v.data[i]) * 0x100000001b3u;
    }
    return h;
}

static int by_hash(const void *a, const void *b)
{
    const struct law_packet *x = a;
    const struct law_packet *y = b;
    if (x->hash != y->hash) {
        return x->hash < y->hash ? -1 : 1;
    }
    if (x->r->t->frame != y->r->t->frame) {
        return x->r->t->frame < y->r->t->frame ? -1 : 1;
    }
    return 0;
}

struct law_index law_index_make(struct judge *j, int payload)
{
    struct law_index ix = {0};
    size_t max = 0;
    for (size_t i = 0; i < j->num_xs; i++) {
        max += j->xs[i]->kind == JX_DEPOSIT ? j->xs[i]->num_rtp : 0;
    }
    ix.v = j_alloc(j, (max + 1) * sizeof *ix.v);
    for (size_t i = 0; ix.v != NULL && i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        size_t at = 0;
        for (size_t k = 0; x->kind == JX_DEPOSIT && k < x->num_rtp; k++) {
            const struct jrtp *r = x->rtp[k];
            if (jrtp_is_content(r)) {
                ix.v[ix.num++] = (struct law_packet){
                    hash_of(octets_of(r, payload)), r, x, at++};
            }
        }
    }
    if (ix.num > 1) {
        qsort(ix.v, ix.num, sizeof *ix.v, by_hash);
    }
    return ix;
}

const struct law_packet *law_index_find(const struct law_index *ix,
                                        const struct jrtp *r, int payload,
                                        const struct jx *x)
{
    struct view v = octets_of(r, payload);
    uint64_t h = hash_of(v);
    const struct law_packet *found = NULL;
    size_t lo = 0;
    size_t hi = ix->num;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (ix->v[mid].hash < h) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    for (; lo < ix->num && ix->v[lo].hash == h; lo++) {
        if (!view_equal(octets_of(ix->v[lo].r, payload), v)) {
            continue;
        }
        if (x == NULL || ix->v[lo].x == x) {
            return &ix->v[lo];
        }
        found = found == NULL ? &ix->v[lo] : found;
    }
    return found;
}

int law_released(const struct jrtp *r)
{
    return r->back && r->ok && !r->t->rtcp && (r->key != JMK_HOP || r->posing);
}

static void point_at(struct probe *p, const struct jrtp *r)
{
    p->frame = r->t->frame;
    probe_octets(p, "rtp", r->t->octets,
                 (struct mikey_range){0, (uint32_t)r->t->octets.len});
}

/* ---- delivery-octets
 * ------------------------------------------------------------- */

static size_t content_of(const struct jx *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->num_rtp; i++) {
        n += (size_t)jrtp_is_content(x->rtp[i]);
    }
    return n;
}

/* PX_LOSS: packets, or a part of them ("1 %"). */
static size_t may_miss(const struct judge *j, size_t num)
{
    const char *s = plan_pixit(j, "PX_LOSS", "0");
    char *end = NULL;
    unsigned long n = strtoul(s, &end, 10);
    if (n > num) {
        n = num;
    }
    return strchr(end, '%') != NULL ? num * (n > 100 ? 100 : n) / 100 : n;
}

/* The recipient hung up while packets were still coming. */
static int cut_short(const struct jx *x, const struct jrtp *last)
{
    return x->bye != NULL && x->bye->src == x->initiator &&
           (last == NULL || x->bye->time_us < last->t->time_us + 60000u);
}

struct run { /* delivery of one deposit */
    size_t num;
    size_t reach; /* place after the furthest packet that came */
    const struct jrtp *last;
};

/* A datagram may be overtaken on its way, or on its way to the witness, by a
 * few others; no more can be told from such a packet. */
#define MAY_OVERTAKE 8

static void late(struct probe *p, const struct jrtp *r, size_t places)
{
    const char *want = "packets in the order of the deposit";
    if (places > MAY_OVERTAKE) {
        probe_fail(p, want, "seq %u, %zu places late", r->seq, places);
    } else {
        probe_lack(p, want, "seq %u, %zu places late, as UDP may bring it",
                   r->seq, places);
    }
}

static struct run walk(struct probe *p, const struct law_index *ix,
                       const struct jx *x, const struct jx *dep)
{
    struct run w = {0};
    size_t next = 0;
    uint8_t *seen = j_alloc(p->j, content_of(dep) + 1);
    for (size_t i = 0; seen != NULL && i < x->num_rtp; i++) {
        const struct jrtp *r = x->rtp[i];
        const struct law_packet *k =
            law_released(r) ? law_index_find(ix, r, 0, dep) : NULL;
        if (k == NULL || k->x != dep) {
            continue;
        }
        w.last = r;
        if (seen[k->at]) {
            continue; /* media-once */
        }
        seen[k->at] = 1;
        w.num++;
        if (k->at < next) {
            point_at(p, r);
            late(p, r, w.reach - k->at);
        }
        next = k->at + 1;
        w.reach = next > w.reach ? next : w.reach;
    }
    return w;
}

static size_t distinct(const struct law_index *ix, const struct jx *dep)
{
    size_t n = 0;
    for (size_t i = 0; i < ix->num; i++) {
        const struct law_packet *k = &ix->v[i];
        n += k->x == dep && (i == 0 || law_index_find(ix, k->r, 0, dep) == k);
    }
    return n;
}

/* Distinct packets of the deposit before a place. */
static size_t reached(const struct law_index *ix, const struct jx *dep,
                      size_t before)
{
    size_t n = 0;
    for (size_t i = 0; i < ix->num; i++) {
        const struct law_packet *k = &ix->v[i];
        n += k->x == dep && k->at < before &&
             law_index_find(ix, k->r, 0, dep) == k;
    }
    return n;
}

static void one_message(struct probe *p, const struct law_index *ix,
                        const struct jx *x, const struct jx *dep)
{
    size_t all = distinct(ix, dep);
    if (all == 0) {
        return;
    }
    struct run w = walk(p, ix, x, dep);
    const char *want = j_printf(p->j,
                                "all %zu packets of %s, %zu at most "
                                "missing",
                                all, dep->place, may_miss(p->j, all));
    if (w.num + may_miss(p->j, all) >= all) {
        return;
    }
    if (w.last != NULL) {
        point_at(p, w.last);
    }
    /* What is missing before the furthest packet was not cut off by anybody. */
    size_t gaps = reached(ix, dep, w.reach) - w.num;
    if (gaps <= may_miss(p->j, all) && cut_short(x, w.last)) {
        probe_lack(p, want, "%zu, then the recipient hung up", w.num);
    } else if (!p->j->complete) {
        probe_lack(p, want, "%zu; nothing vouches for the recording: %s", w.num,
                   p->j->lossy ? p->j->lossy_why : "no capture line");
    } else {
        probe_fail(p, want, "%zu", w.num);
    }
}

/* Packets that are none of any deposit. */
static size_t strange(struct probe *p, const struct law_index *ix,
                      const struct jx *x, int all_here)
{
    size_t n = 0;
    for (size_t i = 0; i < x->num_rtp; i++) {
        const struct jrtp *r = x->rtp[i];
        const char *want = "a packet as it was deposited";
        if (!law_released(r)) {
            continue;
        }
        n++;
        if (law_index_find(ix, r, 0, NULL) != NULL) {
            continue;
        }
        point_at(p, r);
        if (!all_here) {
            probe_lack(p, want, "its deposit is not in the recording");
        } else if (r->key == JMK_UNKNOWN) {
            probe_lack(p, want,
                       "seq %u is none of the deposit; a prompt, or "
                       "altered: %s",
                       r->seq,
                       x->leg != NULL && x->leg->keys.lack[0] != '\0'
                           ? x->leg->keys.lack
                           : "the hop key is missing");
        } else if (!law_lossy(p, want)) {
            probe_fail(p, want, "seq %u with other octets", r->seq);
        }
        break; /* the first says it; the rest would repeat it */
    }
    return n;
}

void law_delivery_octets(struct judge *j, const struct law *law)
{
    struct law_index ix = law_index_make(j, 0);
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        int all_here = 1;
        size_t told = 0;
        if (x->kind != JX_RETRIEVAL || x->responder < 0) {
            continue;
        }
        struct probe p = probe_at(j, law, x, x->responder);
        p.frame = x->start_frame;
        for (size_t k = 0; k < j->num_deliveries; k++) {
            const struct jdelivery *d = j->deliveries[k];
            if (d->x == x) {
                all_here &= d->deposit != NULL;
                told += d->deposit != NULL && content_of(d->deposit) > 0;
            }
        }
        size_t sent = strange(&p, &ix, x, all_here);
        for (size_t k = 0; k < j->num_deliveries; k++) {
            const struct jdelivery *d = j->deliveries[k];
            if (d->x == x && d->deposit != NULL) {
                one_message(&p, &ix, x, d->deposit);
            }
        }
        if (sent > 0 || told > 0) {
            probe_end(&p,
                      "each packet octet for octet as deposited, in order, "
                      "none missing",
                      "%zu packets", sent);
        }
    }
}

/* ---- delivery-rtp-header
 * --------------------------------------------------------- */

static void header_field(struct probe *p, const struct jrtp *r,
                         const char *name, uint32_t have, uint32_t want)
{
    point_at(p, r);
    probe_must(p, have == want, j_printf(p->j, "rtp.%s: %u", name, want),
               "rtp.%s: %u", name, have);
}

static void header_fields(struct probe *p, const struct jrtp *r,
                          const struct jrtp *was)
{
    header_field(p, r, "PT", (uint32_t)r->pt, (uint32_t)was->pt);
    header_field(p, r, "SSRC", r->ssrc, was->ssrc);
    header_field(p, r, "seq", r->seq, was->seq);
    header_field(p, r, "timestamp", r->ts, was->ts);
    header_field(p, r, "marker", (uint32_t)r->marker, (uint32_t)was->marker);
}

/* The codec that a session description gives to a payload type; "" = not told.
 */
static const char *codec_for(const struct jx *x, int party, int pt)
{
    const char *out = "";
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        for (size_t k = 0;
             s->sdp != NULL && s->src == party && k < s->sdp->num_media; k++) {
            if (s->sdp->media[k].pt == pt) {
                out = s->sdp->media[k].codec;
            }
        }
    }
    return out;
}

static void same_codec(struct probe *p, const struct jx *x,
                       const struct jrtp *r, const struct jx *dep)
{
    const char *now = codec_for(x, x->responder, r->pt);
    const char *was = codec_for(dep, dep->initiator, r->pt);
    if (now[0] != '\0' && was[0] != '\0') {
        probe_must(
            p, strcmp(now, was) == 0,
            j_printf(p->j, "PT %d: %s, as in %s", r->pt, was, dep->place),
            "PT %d: %s", r->pt, now);
    }
}

void law_delivery_header(struct judge *j, const struct law *law)
{
    struct law_index ix = law_index_make(j, 0);
    struct law_index px = law_index_make(j, 1);
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        size_t n = 0;
        if (x->kind != JX_RETRIEVAL || x->responder < 0) {
            continue;
        }
        struct probe p = probe_at(j, law, x, x->responder);
        for (size_t k = 0; k < x->num_rtp && p.failed == 0; k++) {
            const struct jrtp *r = x->rtp[k];
            const struct law_packet *w =
                law_released(r) ? law_index_find(&px, r, 1, NULL) : NULL;
            if (w == NULL) {
                continue;
            }
            n++;
            /* Several packets may share a payload; the whole decides first. */
            if (law_index_find(&ix, r, 0, NULL) == NULL) {
                header_fields(&p, r, w->r);
            }
            if (n == 1) {
                point_at(&p, r);
                same_codec(&p, x, r, w->x);
            }
        }
        if (n > 0) {
            probe_end(&p, "PT, SSRC, seq, timestamp, marker as deposited",
                      "%zu packets, unchanged", n);
        }
    }
}

/* ---- opaque-media
 * ---------------------------------------------------------------- */

/* All keys are known and none verifies a single packet. */
static int is_opaque(const struct jx *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->num_rtp; i++) {
        if (jrtp_is_content(x->rtp[i])) {
            n++;
            if (x->rtp[i]->key != JMK_NONE) {
                return 0;
            }
        }
    }
    return n > 0;
}

static void opaque(struct judge *j, const struct law *law,
                   const struct law_index *ix, const struct jx *x)
{
    const struct jdelivery *d = NULL;
    const char *why = "";
    uint64_t frame = 0;
    for (size_t k = 0; k < j->num_deliveries && d == NULL; k++) {
        d = j->deliveries[k]->deposit == x ? j->deliveries[k] : NULL;
    }
    struct probe p = probe_at(j, law, x, x->responder);
    const char *want = "stored and delivered as it came";
    p.frame = x->start_frame;
    if (d != NULL) {
        p.frame = d->sip->frame;
        one_message(&p, ix, d->x, x);
    } else {
        switch (stored_state(j, x, accepted_i2(x), &why, &frame)) {
        case JSTORED_NO:
            probe_fail(&p, want, "%s", why);
            break;
        case JSTORED_YES:
            probe_lack(&p, want, "stored, but not delivered in the recording");
            break;
        case JSTORED_UNKNOWN:
            probe_lack(&p, want, "%s", why);
            break;
        }
    }
    probe_end(&p, want, "every packet found again");
}

void law_opaque_media(struct judge *j, const struct law *law)
{
    struct law_index ix = law_index_make(j, 0);
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        if (x->kind == JX_DEPOSIT && x->responder >= 0 &&
            accepted_i2(x) != NULL && is_opaque(x)) {
            opaque(j, law, &ix, x);
        }
    }
}

/* ---- media-once
 * ------------------------------------------------------------------ */

/* Packets of the deposit that were sent again: while the call stood, or after.
 */
static void sent_again(struct judge *j, const struct law_index *ix,
                       const struct jx *dep, size_t *during, size_t *after)
{
    *during = *after = 0;
    for (size_t i = 0; i < j->num_rtp; i++) {
        const struct jrtp *r = &j->rtp[i];
        const struct law_packet *k =
            r->ok && !r->t->rtcp ? law_index_find(ix, r, 0, dep) : NULL;
        if (k == NULL || k->x != dep || k->r == r ||
            (r->x != NULL && r->x->kind == JX_RETRIEVAL)) {
            continue;
        }
        if (dep->bye != NULL && r->t->time_us > dep->bye->time_us) {
            (*after)++;
        } else {
            (*during)++;
        }
    }
}

static void once(struct judge *j, const struct law *law,
                 const struct law_index *ix, const struct jdelivery *d)
{
    size_t during = 0;
    size_t after = 0;
    size_t twice = 0;
    sent_again(j, ix, d->deposit, &during, &after);
    if (during + after == 0) {
        return;
    }
    struct probe p = probe_at(j, law, d->x, d->sip->src);
    const char *want = "each packet delivered once";
    uint8_t *seen = j_alloc(j, content_of(d->deposit) + 1);
    p.frame = d->sip->frame;
    for (size_t i = 0; seen != NULL && i < d->x->num_rtp; i++) {
        const struct jrtp *r = d->x->rtp[i];
        const struct law_packet *k =
            law_released(r) ? law_index_find(ix, r, 0, d->deposit) : NULL;
        if (k == NULL || k->x != d->deposit) {
            continue;
        }
        if (seen[k->at]) {
            twice++;
            point_at(&p, r);
        }
        seen[k->at] = 1;
    }
    if (twice > 0 && after > 0 && during == 0) {
        probe_fail(&p, want, "%zu packets sent after the BYE were added",
                   twice);
    } else if (twice > 0) {
        /* The mailbox cannot verify tags; the recipient drops what is doubled.
         */
        probe_lack(&p, want, "%zu packets twice", twice);
    }
    probe_end(&p, want, "%zu copies dropped", during + after);
}

void law_media_once(struct judge *j, const struct law *law)
{
    struct law_index ix = law_index_make(j, 0);
    for (size_t i = 0; i < j->num_deliveries; i++) {
        if (j->deliveries[i]->deposit != NULL) {
            once(j, law, &ix, j->deliveries[i]);
        }
    }
}
