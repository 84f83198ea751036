/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* TCP streams put together again: retransmission, reordering, overlap, gaps.
 * What arrived first stays; where a later copy differs, that is reported. */
#include "capture/trace_int.h"

#include <assert.h>
#include <string.h>

#include "harness/base/mem.h"

#define HISTORY 16384 /* consumed octets kept for comparison */
#define COMPACT 65536 /* consumed octets that make moving the rest worth it */
#define GAP_US 100000 /* a hole that was acknowledged is waited for so long */
#define FAR                                                                    \
    (64u << 20) /* beyond this a sequence number is of another connection */

/* ---- table
 * --------------------------------------------------------------------- */

static size_t hash_pair(const struct cap_addr *a, const struct cap_addr *b)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int i = 0; i < 16; i++) {
        h = (h ^ a->ip[i]) * 0x100000001b3u;
        h = (h ^ b->ip[i]) * 0x100000001b3u;
    }
    h = (h ^ a->port) * 0x100000001b3u;
    h = (h ^ b->port) * 0x100000001b3u;
    return (size_t)(h ^ h >> 29);
}

enum status tcp_init(struct reader *r)
{
    size_t n = 64;
    while (n < r->cfg.max_streams) {
        n *= 2;
    }
    r->tcp.buckets = mem_alloc(n * sizeof *r->tcp.buckets);
    r->tcp.num_buckets = n;
    return r->tcp.buckets != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static struct tcp_stream **bucket(struct tcp_table *t, const struct cap_addr *a,
                                  const struct cap_addr *b)
{
    return &t->buckets[hash_pair(a, b) & (t->num_buckets - 1)];
}

static struct tcp_stream *find(struct tcp_table *t, const struct cap_addr *src,
                               const struct cap_addr *dst)
{
    struct tcp_stream *s = *bucket(t, src, dst);
    while (s != NULL &&
           !(cap_addr_equal(&s->src, src) && cap_addr_equal(&s->dst, dst))) {
        s = s->chain;
    }
    return s;
}

static void unlink_use(struct tcp_table *t, struct tcp_stream *s)
{
    *(s->newer != NULL ? &s->newer->older : &t->newest) = s->older;
    *(s->older != NULL ? &s->older->newer : &t->oldest) = s->newer;
}

static void link_newest(struct tcp_table *t, struct tcp_stream *s)
{
    s->newer = NULL;
    s->older = t->newest;
    *(t->newest != NULL ? &t->newest->newer : &t->oldest) = s;
    t->newest = s;
}

static void free_buffers(struct reader *r, struct tcp_stream *s)
{
    while (s->waiting != NULL) {
        struct tcp_segment *seg = s->waiting;
        s->waiting = seg->next;
        r->held -= seg->len;
        mem_free(seg);
    }
    s->waiting_len = 0;
    r->held -= s->cap;
    mem_free(s->data);
    mem_free(s->marks);
    s->data = NULL;
    s->marks = NULL;
    s->start = s->len = s->cap = 0;
    s->num_marks = s->cap_marks = 0;
}

/* ---- buffer
 * --------------------------------------------------------------------- */

static struct trace_loss loss_of(const struct tcp_stream *s,
                                 enum trace_loss_kind kind, uint64_t octets,
                                 const char *text)
{
    return (struct trace_loss){.kind = kind,
                               .src = s->src,
                               .dst = s->dst,
                               .octets = octets,
                               .text = text};
}

/* Forgets consumed octets, but for keep of them. */
static void compact(struct tcp_stream *s, size_t keep)
{
    size_t cut = s->start > keep ? s->start - keep : 0;
    uint64_t first = s->delivered - s->len + cut;
    size_t m = 0;
    if (cut == 0) {
        return;
    }
    memmove(s->data, s->data + cut, s->len - cut);
    s->start -= cut;
    s->len -= cut;
    while (m + 1 < s->num_marks && s->marks[m + 1].off <= first) {
        m++;
    }
    memmove(s->marks, s->marks + m, (s->num_marks - m) * sizeof *s->marks);
    s->num_marks -= m;
}

static void trim(struct reader *r, struct tcp_stream *s)
{
    if (r->held > r->cfg.max_held / 2) {
        compact(s, 0);
        if (s->len == 0 && s->cap > 0) {
            r->held -= s->cap;
            mem_free(s->data);
            mem_free(s->marks);
            s->data = NULL;
            s->marks = NULL;
            s->start = s->cap = 0;
            s->num_marks = s->cap_marks = 0;
        }
    } else if (s->start > COMPACT) {
        compact(s, HISTORY);
    }
}

static enum status reserve(struct reader *r, struct tcp_stream *s, size_t more)
{
    if (s->cap - s->len >= more) {
        return STATUS_OK;
    }
    size_t cap = s->cap < 2048 ? 2048 : s->cap * 2;
    while (cap - s->len < more) {
        cap *= 2;
    }
    uint8_t *p = mem_resize(s->data, cap);
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    r->held += cap - s->cap;
    s->data = p;
    s->cap = cap;
    return STATUS_OK;
}

static enum status mark(struct tcp_stream *s, uint64_t frame, uint64_t time_us)
{
    if (s->num_marks == s->cap_marks) {
        size_t cap = s->cap_marks == 0 ? 4 : s->cap_marks * 2;
        struct trace_stream_mark *p = mem_resize(s->marks, cap * sizeof *p);
        if (p == NULL) {
            return STATUS_NO_MEMORY;
        }
        s->marks = p;
        s->cap_marks = cap;
    }
    s->marks[s->num_marks++] =
        (struct trace_stream_mark){s->delivered, frame, time_us};
    return STATUS_OK;
}

void tcp_span(const struct tcp_stream *s, uint64_t off, size_t len,
              struct tcp_span *out)
{
    size_t lo = 0;
    size_t hi = s->num_marks;
    assert(s->num_marks > 0);
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        *(s->marks[mid].off <= off ? &lo : &hi) = mid;
    }
    *out = (struct tcp_span){s->marks[lo].frame, s->marks[lo].frame,
                             s->marks[lo].time_us};
    /* Complete when the latest of its segments was there, whatever the order.
     */
    for (; lo < s->num_marks && s->marks[lo].off < off + len; lo++) {
        if (s->marks[lo].frame > out->last_frame) {
            out->last_frame = s->marks[lo].frame;
            out->time_us = s->marks[lo].time_us;
        }
    }
}

/* ---- delivery
 * ------------------------------------------------------------------- */

/* The last octets of s->data. */
static void tell_octets(struct reader *r, const struct tcp_stream *s,
                        struct view octets, uint64_t frame, uint64_t time_us)
{
    if (r->sink->octets != NULL && reader_on(r)) {
        struct trace_chunk c = {.stream = s->id,
                                .kind = s->kind,
                                .off = s->delivered - octets.len,
                                .frame = frame,
                                .time_us = time_us,
                                .src = s->src,
                                .dst = s->dst,
                                .octets = octets};
        r->stopped |= r->sink->octets(r->sink->ctx, &c) != 0;
    }
}

/* What cannot become a message any more makes room. */
static void overflow(struct reader *r, struct tcp_stream *s)
{
    framing_run(r, s, 1);
    if (s->start < s->len) {
        reader_loss(r, loss_of(s, TRACE_LOSS_MEMORY, s->len - s->start,
                               "message longer than max_stream"));
        s->start = s->len;
    }
    s->resync = 1;
}

/* Octets at offset s->next. */
static void deliver(struct reader *r, struct tcp_stream *s, struct view octets,
                    uint64_t frame, uint64_t time_us)
{
    if (octets.len == 0) {
        return;
    }
    trim(r, s);
    if (s->len - s->start + octets.len > r->cfg.max_stream) {
        overflow(r, s);
        compact(s, 0);
    }
    if (reserve(r, s, octets.len) != STATUS_OK ||
        mark(s, frame, time_us) != STATUS_OK) {
        reader_fail(r, STATUS_NO_MEMORY);
        return;
    }
    if (s->id < 0) { /* only streams that carry something are counted */
        s->id = r->tcp.next_id++;
    }
    memcpy(s->data + s->len, octets.data, octets.len);
    s->len += octets.len;
    s->next += octets.len;
    s->delivered += octets.len;
    framing_decide(r, s); /* so that octets are told with their kind */
    tell_octets(r, s, octets, frame, time_us);
    framing_run(r, s, 0);
}

/* Reports once a stream when octets sent before are sent again and differ. */
static void compare(struct reader *r, struct tcp_stream *s, struct view again,
                    const uint8_t *have)
{
    /* A keep-alive probe repeats one octet of no meaning (RFC 1122, 4.2.3.6).
     */
    if (again.len > 1 && !s->told_overlap &&
        memcmp(again.data, have, again.len) != 0) {
        s->told_overlap = 1;
        reader_loss(r, loss_of(s, TRACE_LOSS_TCP_OVERLAP, 0,
                               "TCP octets sent again with other values; the "
                               "first ones count"));
    }
}

static void compare_delivered(struct reader *r, struct tcp_stream *s,
                              uint64_t off, struct view v)
{
    uint64_t first = s->next - s->len; /* offset of data[0] */
    if (off < first) {
        size_t cut = first - off < v.len ? (size_t)(first - off) : v.len;
        v.data += cut;
        v.len -= cut;
        off += cut;
    }
    if (v.len > 0 && off < s->next) {
        v.len = s->next - off < v.len ? (size_t)(s->next - off) : v.len;
        compare(r, s, v, s->data + (off - first));
    }
}

static void deliver_waiting(struct reader *r, struct tcp_stream *s)
{
    while (reader_on(r) && s->waiting != NULL && s->waiting->off <= s->next) {
        struct tcp_segment *seg = s->waiting;
        struct view v = {seg->data, seg->len};
        s->waiting = seg->next;
        s->waiting_len -= seg->len;
        r->held -= seg->len;
        if (seg->off < s->next) {
            size_t old = (size_t)(s->next - seg->off);
            compare_delivered(r, s, seg->off, v);
            old = old < v.len ? old : v.len;
            v.data += old;
            v.len -= old;
        }
        deliver(r, s, v, seg->frame, seg->time_us);
        mem_free(seg);
    }
    if (s->waiting == NULL || s->acked <= s->next) {
        s->acked_us = 0;
    }
}

/* Gives the hole before the first waiting segment up. */
static void skip_gap(struct reader *r, struct tcp_stream *s)
{
    uint64_t missing = s->waiting->off - s->next;
    framing_run(r, s, 1);
    struct trace_loss l =
        loss_of(s, TRACE_LOSS_TCP_GAP, missing, "TCP segments missing");
    l.frame = s->waiting->frame;
    l.last_frame = r->frame;
    reader_loss(r, l);
    /* data[] must stay one run of sequence numbers. */
    s->start = s->len = 0;
    s->num_marks = 0;
    s->next = s->waiting->off;
    s->resync = 1;
    s->acked_us = 0;
    if (s->kind == TRACE_STREAM) {
        s->decided = 0; /* what told its kind may have been in the hole */
    }
    deliver_waiting(r, s);
}

/* ---- segments
 * -------------------------------------------------------------------- */

static enum status wait_piece(struct reader *r, struct tcp_stream *s,
                              struct tcp_segment **link, uint64_t off,
                              struct view v)
{
    struct tcp_segment *seg = mem_alloc(sizeof *seg + v.len);
    if (seg == NULL) {
        return STATUS_NO_MEMORY;
    }
    seg->off = off;
    seg->len = (uint32_t)v.len;
    seg->frame = r->frame;
    seg->time_us = r->now_us;
    memcpy(seg->data, v.data, v.len);
    seg->next = *link;
    *link = seg;
    s->waiting_len += v.len;
    r->held += v.len;
    return STATUS_OK;
}

/* Keeps what comes too early, without overlaps. */
static void wait_segment(struct reader *r, struct tcp_stream *s, uint64_t off,
                         struct view v)
{
    struct tcp_segment **link = &s->waiting;
    while (v.len > 0) {
        while (*link != NULL && (*link)->off + (*link)->len <= off) {
            link = &(*link)->next;
        }
        struct tcp_segment *at = *link;
        size_t n = v.len;
        if (at != NULL && at->off <= off) {
            size_t left = (size_t)(at->off + at->len - off);
            n = left < n ? left : n;
            compare(r, s, (struct view){v.data, n}, at->data + (off - at->off));
        } else {
            n = at != NULL && at->off - off < n ? (size_t)(at->off - off) : n;
            if (wait_piece(r, s, link, off, (struct view){v.data, n}) !=
                STATUS_OK) {
                reader_fail(r, STATUS_NO_MEMORY);
                return;
            }
        }
        off += n;
        v.data += n;
        v.len -= n;
    }
}

static void take_segment(struct reader *r, struct tcp_stream *s, uint64_t off,
                         struct view v)
{
    if (off < s->next) {
        compare_delivered(r, s, off, v);
        size_t old = s->next - off < v.len ? (size_t)(s->next - off) : v.len;
        v.data += old;
        v.len -= old;
        off += old;
    }
    if (v.len == 0) {
        return;
    }
    if (off == s->next && s->waiting == NULL) {
        deliver(r, s, v, r->frame, r->now_us);
        return;
    }
    wait_segment(r, s, off, v);
    deliver_waiting(r, s);
    while (reader_on(r) && s->waiting != NULL &&
           (s->waiting_len > r->cfg.max_stream || r->held > r->cfg.max_held)) {
        skip_gap(r, s);
    }
}

/* ---- beginning and end
 * ------------------------------------------------------------ */

/* Delivers all that is left and reports what is not there. */
static void finish(struct reader *r, struct tcp_stream *s)
{
    if (s->closed) {
        return;
    }
    while (reader_on(r) && s->waiting != NULL) {
        skip_gap(r, s);
    }
    framing_run(r, s, 1);
    uint64_t end = s->next + (s->fin && s->fin_off == s->next ? 1 : 0);
    /* One octet more may be the acknowledged FIN that was not captured. */
    if (s->acked > end + 1 || (s->fin && s->fin_off > s->next)) {
        uint64_t have = s->fin ? s->fin_off : s->acked;
        reader_loss(r, loss_of(s, TRACE_LOSS_TCP_GAP, have - s->next,
                               "TCP segments missing at the end"));
    }
    s->closed = 1;
    free_buffers(r, s);
}

static void remove_oldest(struct reader *r)
{
    struct tcp_stream *s = r->tcp.oldest;
    struct tcp_stream **link = bucket(&r->tcp, &s->src, &s->dst);
    finish(r, s);
    free_buffers(r, s);
    while (*link != s) {
        link = &(*link)->chain;
    }
    *link = s->chain;
    unlink_use(&r->tcp, s);
    r->tcp.num--;
    mem_free(s);
}

static void begin(struct reader *r, struct tcp_stream *s, uint32_t base,
                  int syn)
{
    struct tcp_stream fresh = {.chain = s->chain,
                               .newer = s->newer,
                               .older = s->older,
                               .src = s->src,
                               .dst = s->dst,
                               .id = -1,
                               .base_seq = base,
                               .syn = (uint8_t)(syn != 0),
                               .resync = syn == 0,
                               .kind = TRACE_STREAM,
                               .first_frame = r->frame};
    *s = fresh;
}

static struct tcp_stream *create(struct reader *r, const struct trace_packet *p)
{
    while (r->tcp.num >= r->cfg.max_streams) {
        const struct tcp_stream *old = r->tcp.oldest;
        if (!old->closed && (old->start < old->len || old->waiting != NULL)) {
            reader_loss(r, loss_of(old, TRACE_LOSS_MEMORY, 0,
                                   "too many TCP connections at a time"));
        }
        remove_oldest(r);
    }
    struct tcp_stream *s = mem_alloc(sizeof *s);
    if (s == NULL) {
        reader_fail(r, STATUS_NO_MEMORY);
        return NULL;
    }
    s->src = p->src;
    s->dst = p->dst;
    struct tcp_stream **b = bucket(&r->tcp, &s->src, &s->dst);
    s->chain = *b;
    *b = s;
    link_newest(&r->tcp, s);
    r->tcp.num++;
    return s;
}

/* The offset of a sequence number near s->next; 0 with *ok 0 if it is far away.
 */
static uint64_t offset_of(const struct tcp_stream *s, uint32_t seq, int *ok)
{
    int32_t diff = (int32_t)(seq - (s->base_seq + (uint32_t)s->next));
    int64_t off = (int64_t)s->next + diff;
    *ok = diff < (int32_t)FAR && diff > -(int32_t)FAR;
    return off > 0 ? (uint64_t)off : 0;
}

/* What comes before the first octet seen (a capture that began midway). */
static struct view cut_front(const struct tcp_stream *s, uint32_t seq,
                             struct view v)
{
    int32_t diff = (int32_t)(seq - (s->base_seq + (uint32_t)s->next));
    int64_t off = (int64_t)s->next + diff;
    if (off < 0) {
        size_t cut = (uint64_t)-off < v.len ? (size_t)-off : v.len;
        v.data += cut;
        v.len -= cut;
    }
    return v;
}

static void tell_midway(struct reader *r, struct tcp_stream *s, size_t octets)
{
    /* One octet without SYN may be a keep-alive probe. */
    if (!s->syn && !s->told_midway && octets > 1) {
        s->told_midway = 1;
        reader_loss(r, loss_of(s, TRACE_LOSS_TCP_MIDWAY, 0,
                               "TCP connection began before the capture"));
    }
}

static void on_syn(struct reader *r, struct tcp_stream *s, uint32_t seq,
                   int is_new)
{
    if (!is_new && s->syn && s->base_seq == seq + 1) {
        return; /* sent again */
    }
    if (!is_new) {
        finish(r, s);
    }
    begin(r, s, seq + 1, 1);
}

static void on_ack(struct reader *r, const struct trace_packet *p, uint32_t ack)
{
    struct tcp_stream *s = find(&r->tcp, &p->dst, &p->src);
    int ok = 0;
    if (s == NULL || s->closed) {
        return;
    }
    uint64_t off = offset_of(s, ack, &ok);
    if (ok && off > s->acked) {
        s->acked = off;
    }
    if (s->waiting == NULL || s->acked < s->waiting->off) {
        return;
    }
    /* The receiver has what we miss: it will not be sent again. It may still
     * come, as captures swap frames now and then. */
    if (s->acked_us == 0) {
        s->acked_us = r->now_us + 1;
    } else if (r->now_us > s->acked_us + GAP_US) {
        skip_gap(r, s);
    }
}

static void on_payload(struct reader *r, struct tcp_stream *s,
                       const struct dissect_tcp *t)
{
    uint32_t seq = t->seq + (t->flags & TCP_SYN ? 1 : 0);
    struct view v = t->payload;
    int ok = 0;
    uint64_t off = offset_of(s, seq, &ok);
    if (!ok &&
        v.len > 0) { /* another connection on the same ports, SYN missed */
        finish(r, s);
        begin(r, s, seq, 0);
        off = 0;
    }
    if (s->closed) {
        return;
    }
    if (!s->syn && s->next == 0 && s->waiting == NULL && v.len > 0) {
        /* The stream begins with its first octets, not with an ACK or probe. */
        s->base_seq = seq;
        off = 0;
    }
    tell_midway(r, s, v.len);
    v = cut_front(s, seq, v);
    s->last_frame = r->frame;
    take_segment(r, s, off, v);
    if (t->flags & TCP_FIN && !s->fin) {
        s->fin = 1;
        s->fin_off = off + t->payload_len;
    }
}

void tcp_packet(struct reader *r, const struct dissect_tcp *t,
                const struct trace_packet *p)
{
    struct tcp_stream *s = find(&r->tcp, &p->src, &p->dst);
    int is_new = s == NULL;
    if (is_new) {
        s = create(r, p);
        if (s == NULL) {
            return;
        }
        begin(r, s, t->seq, 0);
    } else {
        unlink_use(&r->tcp, s);
        link_newest(&r->tcp, s);
    }
    if (t->flags & TCP_SYN) {
        on_syn(r, s, t->seq, is_new);
    }
    on_payload(r, s, t);
    if (t->flags & TCP_ACK && reader_on(r)) {
        on_ack(r, p, t->ack);
    }
    if (!s->closed && reader_on(r) &&
        (t->flags & TCP_RST || (s->fin && s->next >= s->fin_off))) {
        finish(r, s);
    }
}

void tcp_end(struct reader *r)
{
    /* Oldest first: the order does not depend on addresses. */
    while (r->tcp.oldest != NULL) {
        remove_oldest(r);
    }
    mem_free(r->tcp.buckets);
    r->tcp.buckets = NULL;
}
