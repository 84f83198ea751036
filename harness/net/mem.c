/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The network in memory: each packet under way is a delivery with a timer.
 *
 * A stream's memory is held by its owner, by its far end (other) and by each
 * delivery it sent. A stream that was closed lets go of its far end when its
 * last delivery has arrived, so that the two do not hold each other for ever.
 */
#include "harness/net/net_int.h"

#include "harness/base/mem.h"

#include <string.h>

enum delivery_kind { D_UDP, D_CONNECT, D_DATA, D_END, D_RESET };

struct delivery {
    struct net_link link;
    struct net_loop *loop;
    struct net_timer *timer;
    enum delivery_kind kind;
    struct net_addr from;
    struct net_addr to;
    struct net_stream *stream; /* the sender; holds a reference */
    int last;                  /* the sender is closed: nothing follows */
    size_t len;
    uint8_t data[];
};

/* ---- addresses ---- */

static int same(const struct net_addr *bound, const struct net_addr *a)
{
    static const uint8_t any[16];
    return net_addr_equal(bound, a) ||
           (bound->port == a->port && bound->family == a->family &&
            memcmp(bound->ip, any, bound->family == 6 ? 16 : 4) == 0);
}

static struct net_udp *find_udp(struct net_loop *loop, const struct net_addr *a)
{
    for (struct net_link *l = loop->udps.next; l != &loop->udps; l = l->next) {
        struct net_udp *u = (struct net_udp *)l;
        if (same(&u->local, a)) {
            return u;
        }
    }
    return NULL;
}

static struct net_listener *find_listener(struct net_loop *loop,
                                          const struct net_addr *a)
{
    for (struct net_link *l = loop->listeners.next; l != &loop->listeners;
         l = l->next) {
        struct net_listener *n = (struct net_listener *)l;
        if (same(&n->local, a)) {
            return n;
        }
    }
    return NULL;
}

static int in_use(struct net_loop *loop, const struct net_addr *a, int is_tcp)
{
    return is_tcp ? find_listener(loop, a) != NULL : find_udp(loop, a) != NULL;
}

enum status net_mem_bind(struct net_loop *loop, struct net_addr *local,
                         int is_tcp)
{
    if (local->port != 0) {
        return in_use(loop, local, is_tcp) ? STATUS_DUPLICATE : STATUS_OK;
    }
    for (unsigned i = 0; i < 20000; i++) {
        local->port = loop->next_port;
        loop->next_port =
            loop->next_port == 59999 ? 40000 : (uint16_t)(loop->next_port + 1);
        if (!in_use(loop, local, is_tcp)) {
            return STATUS_OK;
        }
    }
    return STATUS_DUPLICATE;
}

/* ---- references ---- */

static void unref(struct net_stream *s)
{
    if (--s->refs == 0) {
        mem_free(s);
    }
}

static void let_go(struct net_stream *s)
{
    if (s->other != NULL) {
        struct net_stream *other = s->other;
        s->other = NULL;
        unref(other);
    }
}

static void marry(struct net_stream *a, struct net_stream *b)
{
    a->other = b;
    b->other = a;
    a->refs++;
    b->refs++;
    a->open = 1;
    b->open = 1;
}

/* ---- deliveries ---- */

static void free_delivery(struct delivery *d)
{
    net_link_del(&d->link);
    if (d->stream != NULL) {
        if (d->last) {
            let_go(d->stream);
        }
        unref(d->stream);
    }
    mem_free(d);
}

static void arrive(void *ctx);

static struct delivery *post(struct net_loop *loop, enum delivery_kind kind,
                             struct net_stream *stream, const uint8_t *data,
                             size_t len, uint64_t delay_ms)
{
    struct delivery *d = mem_alloc(sizeof(*d) + len);
    if (d == NULL) {
        return NULL;
    }
    d->timer = net_timer_start(loop, delay_ms, arrive, d);
    if (d->timer == NULL) {
        mem_free(d);
        return NULL;
    }
    d->loop = loop;
    d->kind = kind;
    d->stream = stream;
    d->len = len;
    if (len > 0) {
        memcpy(d->data, data, len);
    }
    if (stream != NULL) {
        stream->refs++;
    }
    net_link_add(&loop->deliveries, &d->link);
    return d;
}

static void arrive_udp(struct delivery *d)
{
    struct net_udp *u = find_udp(d->loop, &d->to);
    if (u != NULL) {
        net_tap(d->loop, 0, &d->to, &d->from, 0, d->data, d->len);
        u->cb(u->ctx, u, &d->from, d->data, d->len);
    }
}

static void arrive_connect(struct delivery *d)
{
    struct net_stream *s = d->stream;
    if (s->closing) {
        return;
    }
    net_timer_cancel(&s->timer);
    struct net_listener *l = find_listener(d->loop, &s->peer);
    if (l == NULL) {
        net_stream_gone(s, STATUS_REFUSED);
        return;
    }
    struct net_stream *t = net_stream_new(d->loop);
    if (t == NULL) {
        net_stream_gone(s, STATUS_NO_MEMORY);
        return;
    }
    t->in_memory = 1;
    t->local = s->peer;
    t->peer = s->local;
    marry(s, t);
    l->cb(l->ctx, l, t);
    if (!s->closing && s->cb.on_open != NULL) {
        s->cb.on_open(s->ctx, s);
    }
}

static void arrive_data(struct delivery *d)
{
    struct net_stream *s = d->stream;
    struct net_stream *t = s->other;
    s->queued -= d->len;
    if (t == NULL || t->closing) {
        net_stream_gone(s, STATUS_IO); /* as a reset would */
        return;
    }
    net_tap(d->loop, 0, &t->local, &t->peer, 1, d->data, d->len);
    if (t->cb.on_data != NULL) {
        t->cb.on_data(t->ctx, t, d->data, d->len);
    }
}

static void arrive_end(struct delivery *d)
{
    struct net_stream *s = d->stream;
    struct net_stream *t = s->other;
    s->shut = 1;
    if (t != NULL && !t->closing) {
        t->got_end = 1;
        if (t->cb.on_end == NULL || t->shut) {
            net_stream_gone(t, STATUS_OK);
        } else {
            t->cb.on_end(t->ctx, t);
        }
    }
    if (s->got_end && !s->closing) {
        net_stream_gone(s, STATUS_OK);
    }
}

static void arrive(void *ctx)
{
    struct delivery *d = ctx;
    d->timer = NULL;
    switch (d->kind) {
    case D_UDP:
        arrive_udp(d);
        break;
    case D_CONNECT:
        arrive_connect(d);
        break;
    case D_DATA:
        arrive_data(d);
        break;
    case D_END:
        arrive_end(d);
        break;
    case D_RESET:
        if (d->stream->other != NULL) {
            net_stream_gone(d->stream->other, STATUS_IO);
        }
        break;
    }
    free_delivery(d);
}

void net_mem_loop_free(struct net_loop *loop)
{
    while (loop->deliveries.next != &loop->deliveries) {
        struct delivery *d = (struct delivery *)loop->deliveries.next;
        net_timer_cancel(&d->timer);
        free_delivery(d);
    }
}

/* ---- sending ---- */

enum status net_mem_udp_send(struct net_udp *udp, const struct net_addr *to,
                             const uint8_t *data, size_t len)
{
    struct net_loop *loop = udp->loop;
    uint64_t delay_ms = 0;
    unsigned copies = 1;
    if (loop->filter != NULL && !loop->filter(loop->filter_ctx, &udp->local, to,
                                              data, len, &delay_ms, &copies)) {
        return STATUS_OK; /* lost on the way */
    }
    for (unsigned i = 0; i < copies; i++) {
        struct delivery *d = post(loop, D_UDP, NULL, data, len, delay_ms);
        if (d == NULL) {
            return STATUS_NO_MEMORY;
        }
        d->from = udp->local;
        d->to = *to;
    }
    return STATUS_OK;
}

enum status net_mem_connect(struct net_stream *s)
{
    return post(s->loop, D_CONNECT, s, NULL, 0, 0) == NULL ? STATUS_NO_MEMORY
                                                           : STATUS_OK;
}

enum status net_mem_send(struct net_stream *s, const uint8_t *data, size_t len)
{
    if (post(s->loop, D_DATA, s, data, len, 0) == NULL) {
        return STATUS_NO_MEMORY;
    }
    s->queued += len;
    return STATUS_OK;
}

void net_mem_end(struct net_stream *s)
{
    (void)post(s->loop, D_END, s, NULL, 0, 0);
}

void net_mem_leave(struct net_stream *s, int reset)
{
    struct delivery *d = NULL;
    if (s->other != NULL || !s->open) {
        /* A stream still connecting posts too: its data go first. */
        d = post(s->loop, reset ? D_RESET : D_END, s, NULL, 0, 0);
    }
    if (d != NULL) {
        d->last = 1;
    } else {
        let_go(s);
    }
    unref(s);
}

enum status net_stream_pair(struct net_stream **a, struct net_stream **b,
                            struct net_loop *loop)
{
    *a = net_stream_new(loop);
    *b = net_stream_new(loop);
    if (*a == NULL || *b == NULL) {
        net_stream_reset(*a);
        net_stream_reset(*b);
        *a = NULL;
        *b = NULL;
        return STATUS_NO_MEMORY;
    }
    (*a)->in_memory = 1;
    (*b)->in_memory = 1;
    marry(*a, *b);
    return STATUS_OK;
}
