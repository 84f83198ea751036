/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The loop: a heap of timers over libuv's clock or over one that jumps. */
#include "harness/net/net_int.h"

#include "harness/base/mem.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

void net_link_init(struct net_link *l)
{
    l->prev = l;
    l->next = l;
}

void net_link_add(struct net_link *list, struct net_link *l)
{
    l->prev = list->prev;
    l->next = list;
    list->prev->next = l;
    list->prev = l;
}

void net_link_del(struct net_link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    net_link_init(l);
}

/* ---- heap ---- */

static int before(const struct net_timer *a, const struct net_timer *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->seq < b->seq;
}

static void put(struct net_loop *loop, struct net_timer *t, size_t pos)
{
    loop->heap[pos] = t;
    t->pos = pos;
}

static void sift(struct net_loop *loop, struct net_timer *t, size_t pos)
{
    while (pos > 0 && before(t, loop->heap[(pos - 1) / 2])) {
        put(loop, loop->heap[(pos - 1) / 2], pos);
        pos = (pos - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * pos + 1;
        if (child + 1 < loop->num_timers &&
            before(loop->heap[child + 1], loop->heap[child])) {
            child++;
        }
        if (child >= loop->num_timers || before(t, loop->heap[child])) {
            break;
        }
        put(loop, loop->heap[child], pos);
        pos = child;
    }
    put(loop, t, pos);
}

static void heap_del(struct net_loop *loop, struct net_timer *t)
{
    size_t pos = t->pos;
    assert(pos < loop->num_timers && loop->heap[pos] == t);
    struct net_timer *last = loop->heap[--loop->num_timers];
    if (last != t) {
        sift(loop, last, pos);
    }
}

/* ---- time ---- */

uint64_t net_loop_now_ms(const struct net_loop *loop)
{
    if (loop->mode == NET_VIRTUAL) {
        return loop->now_ms;
    }
    return uv_hrtime() / 1000000 - loop->start_ms;
}

enum net_mode net_loop_mode(const struct net_loop *loop)
{
    return loop->mode;
}

struct env *net_loop_env(const struct net_loop *loop)
{
    return loop->env;
}

static void fire_first(struct net_loop *loop)
{
    struct net_timer *t = loop->heap[0];
    heap_del(loop, t);
    loop->events++;
    net_timer_fn *cb = t->cb;
    void *ctx = t->ctx;
    mem_free(t);
    cb(ctx);
}

static void on_uv_timer(uv_timer_t *uv);

/* The one libuv timer stands at the first entry of the heap. */
static void rearm(struct net_loop *loop)
{
    if (loop->mode == NET_VIRTUAL) {
        return;
    }
    if (loop->num_timers == 0) {
        uv_timer_stop(&loop->uv_timer);
        return;
    }
    uint64_t now = net_loop_now_ms(loop);
    uint64_t at = loop->heap[0]->at_ms;
    uv_update_time(&loop->uv);
    uv_timer_start(&loop->uv_timer, on_uv_timer, at > now ? at - now : 0, 0);
}

static void on_uv_timer(uv_timer_t *uv)
{
    struct net_loop *loop = uv->data;
    uint64_t now = net_loop_now_ms(loop);
    /* Timers started meanwhile wait for the next round: I/O gets its turn. */
    uint64_t last = loop->timer_seq;
    while (!loop->stop && loop->num_timers > 0 && loop->heap[0]->at_ms <= now &&
           loop->heap[0]->seq < last) {
        fire_first(loop);
    }
    /* After net_loop_stop a due timer stays: armed again at once, libuv would
     * call us for ever. run_real arms it when the loop goes on. */
    if (!loop->stop) {
        rearm(loop);
    }
    /* libuv would poll now and wait; run_real wants to ask whether it is done.
     */
    uv_stop(&loop->uv);
}

struct net_timer *net_timer_start(struct net_loop *loop, uint64_t ms,
                                  net_timer_fn *cb, void *ctx)
{
    if (loop->num_timers == loop->cap_timers) {
        size_t cap = loop->cap_timers * 2 + 16;
        void *p = mem_resize(loop->heap, cap * sizeof(loop->heap[0]));
        if (p == NULL) {
            return NULL;
        }
        loop->heap = p;
        loop->cap_timers = cap;
    }
    struct net_timer *t = mem_alloc(sizeof(*t));
    if (t == NULL) {
        return NULL;
    }
    t->loop = loop;
    t->at_ms = net_loop_now_ms(loop) + ms;
    t->seq = loop->timer_seq++;
    t->cb = cb;
    t->ctx = ctx;
    loop->num_timers++;
    sift(loop, t, loop->num_timers - 1);
    if (t->pos == 0) {
        rearm(loop);
    }
    return t;
}

void net_timer_cancel(struct net_timer **t)
{
    if (*t != NULL) {
        struct net_loop *loop = (*t)->loop;
        heap_del(loop, *t);
        mem_free(*t);
        *t = NULL;
        rearm(loop);
    }
}

/* ---- making and freeing ---- */

enum status net_loop_new(struct net_loop **out, struct env *env,
                         enum net_mode mode)
{
    *out = NULL;
    struct net_loop *loop = mem_alloc(sizeof(*loop));
    if (loop == NULL) {
        return STATUS_NO_MEMORY;
    }
    loop->mode = mode;
    loop->env = env;
    loop->next_port = 40000;
    net_link_init(&loop->udps);
    net_link_init(&loop->listeners);
    net_link_init(&loop->streams);
    net_link_init(&loop->watches);
    net_link_init(&loop->deliveries);
    if (mode == NET_REAL) {
        if (uv_loop_init(&loop->uv) != 0) {
            mem_free(loop);
            return STATUS_IO;
        }
        uv_timer_init(&loop->uv, &loop->uv_timer);
        loop->uv_timer.data = loop;
        loop->start_ms = uv_hrtime() / 1000000;
        (void)signal(SIGPIPE, SIG_IGN);
    }
    *out = loop;
    return STATUS_OK;
}

void net_loop_free(struct net_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    while (loop->udps.next != &loop->udps) {
        net_udp_close((struct net_udp *)loop->udps.next);
    }
    while (loop->listeners.next != &loop->listeners) {
        net_listener_close((struct net_listener *)loop->listeners.next);
    }
    while (loop->watches.next != &loop->watches) {
        net_watch_close((struct net_watch *)loop->watches.next);
    }
    while (loop->streams.next != &loop->streams) {
        net_stream_reset((struct net_stream *)loop->streams.next);
    }
    net_mem_loop_free(loop);
    while (loop->num_timers > 0) {
        struct net_timer *t = loop->heap[0];
        net_timer_cancel(&t);
    }
    if (loop->mode == NET_REAL) {
        uv_close((uv_handle_t *)&loop->uv_timer, NULL);
        while (uv_loop_close(&loop->uv) == UV_EBUSY) {
            uv_run(&loop->uv, UV_RUN_ONCE);
        }
    }
    mem_free(loop->heap);
    mem_free(loop);
}

void net_loop_set_tap(struct net_loop *loop, net_tap_fn *tap, void *ctx)
{
    loop->tap = tap;
    loop->tap_ctx = ctx;
}

void net_loop_set_filter(struct net_loop *loop, net_filter_fn *filter,
                         void *ctx)
{
    loop->filter = filter;
    loop->filter_ctx = ctx;
}

void net_tap(struct net_loop *loop, int sent, const struct net_addr *local,
             const struct net_addr *peer, int is_tcp, const uint8_t *data,
             size_t len)
{
    if (!sent) {
        loop->events++;
    }
    if (loop->tap != NULL) {
        loop->tap(loop->tap_ctx, sent, *local, *peer, is_tcp, data, len);
    }
}

enum status net_from_uv(int err)
{
    switch (err) {
    case 0:
        return STATUS_OK;
    case UV_EADDRINUSE:
        return STATUS_DUPLICATE;
    case UV_EACCES:
    case UV_EPERM:
        return STATUS_PERMISSION;
    case UV_ECONNREFUSED:
        return STATUS_REFUSED;
    case UV_ETIMEDOUT:
        return STATUS_TIMEOUT;
    case UV_ENOMEM:
        return STATUS_NO_MEMORY;
    case UV_EMSGSIZE:
        return STATUS_BAD_LENGTH;
    default:
        return STATUS_IO;
    }
}

/* ---- running ---- */

static void advance(struct net_loop *loop, uint64_t to_ms)
{
    if (to_ms > loop->now_ms) {
        loop->env->virtual_us += (to_ms - loop->now_ms) * 1000;
        loop->now_ms = to_ms;
    }
}

/* Runs to until_ms (UINT64_MAX: as long as there is something). */
static int run_virtual(struct net_loop *loop, uint64_t until_ms,
                       int (*done)(void *ctx), void *ctx)
{
    loop->stop = 0;
    while (!loop->stop) {
        if (done != NULL && done(ctx)) {
            return 1;
        }
        if (loop->num_timers == 0 || loop->heap[0]->at_ms > until_ms) {
            if (until_ms != UINT64_MAX) {
                advance(loop, until_ms);
            }
            break;
        }
        advance(loop, loop->heap[0]->at_ms);
        fire_first(loop);
    }
    return done != NULL && done(ctx);
}

static void on_deadline(void *ctx)
{
    *(int *)ctx = 1;
}

static int run_real(struct net_loop *loop, uint64_t ms, int (*done)(void *ctx),
                    void *ctx)
{
    int over = 0;
    struct net_timer *deadline = NULL;
    loop->stop = 0;
    rearm(loop);
    if (ms != UINT64_MAX) {
        deadline = net_timer_start(loop, ms, on_deadline, &over);
        if (deadline == NULL) {
            return 0;
        }
    }
    int met = done != NULL && done(ctx);
    while (!loop->stop && !over && !met) {
        if (uv_run(&loop->uv, UV_RUN_ONCE) == 0) {
            met = done != NULL && done(ctx);
            break;
        }
        met = done != NULL && done(ctx);
    }
    if (!over) {
        net_timer_cancel(&deadline);
    }
    return met;
}

static int run(struct net_loop *loop, uint64_t ms, int (*done)(void *ctx),
               void *ctx)
{
    if (loop->mode == NET_REAL) {
        return run_real(loop, ms, done, ctx);
    }
    uint64_t until = ms == UINT64_MAX ? ms : loop->now_ms + ms;
    return run_virtual(loop, until, done, ctx);
}

void net_loop_run(struct net_loop *loop)
{
    run(loop, UINT64_MAX, NULL, NULL);
}

void net_loop_stop(struct net_loop *loop)
{
    loop->stop = 1;
}

void net_loop_run_for(struct net_loop *loop, uint64_t ms)
{
    run(loop, ms, NULL, NULL);
}

int net_loop_run_until(struct net_loop *loop, int (*done)(void *ctx), void *ctx,
                       uint64_t max_ms)
{
    return run(loop, max_ms, done, ctx);
}

void net_loop_settle(struct net_loop *loop)
{
    if (loop->mode == NET_VIRTUAL) {
        run_virtual(loop, loop->now_ms, NULL, NULL);
        return;
    }
    /* Bounded: two agents that talk for ever would keep us here. */
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t events = loop->events;
        uv_run(&loop->uv, UV_RUN_NOWAIT);
        if (loop->events == events) {
            break;
        }
    }
}
