/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Inside of net: the loop's heap of timers and its lists of open objects. */
#ifndef HARNESS_NET_NET_INT_H
#define HARNESS_NET_NET_INT_H

#include "harness/net/net.h"

#include <uv.h>

#define NET_RX_LEN 65536
#define NET_QUEUE_MAX (8u << 20)
#define NET_CONNECT_MS 5000
#define NET_CLOSE_MS 5000 /* for a peer that does not take what waits */

/* Every open object begins with a link, so that the loop can close it. */
struct net_link {
    struct net_link *prev;
    struct net_link *next;
};

struct net_timer {
    struct net_loop *loop;
    uint64_t at_ms;
    uint64_t seq; /* order among timers of one moment */
    size_t pos;   /* in the heap */
    net_timer_fn *cb;
    void *ctx;
};

struct net_loop {
    enum net_mode mode;
    struct env *env;
    uv_loop_t uv;
    uv_timer_t uv_timer; /* real: set to the first of the heap */
    uint64_t now_ms;     /* virtual */
    uint64_t start_ms;   /* real: uv_now at the making */
    struct net_timer **heap;
    size_t num_timers;
    size_t cap_timers;
    uint64_t timer_seq;
    uint64_t events; /* callbacks made so far */
    int stop;
    net_tap_fn *tap;
    void *tap_ctx;
    net_filter_fn *filter;
    void *filter_ctx;
    struct net_link udps;
    struct net_link listeners;
    struct net_link streams;
    struct net_link watches;
    struct net_link deliveries; /* in memory, under way */
    uint16_t next_port;         /* virtual: next ephemeral port to try */
    uint8_t rx[NET_RX_LEN];
};

struct net_udp {
    struct net_link link;
    struct net_loop *loop;
    struct net_addr local;
    net_packet_fn *cb;
    void *ctx;
    uv_udp_t uv; /* real */
};

struct net_listener {
    struct net_link link;
    struct net_loop *loop;
    struct net_addr local;
    net_accept_fn *cb;
    void *ctx;
    uv_tcp_t uv; /* real */
};

struct net_stream {
    struct net_link link;
    struct net_loop *loop;
    struct net_addr local;
    struct net_addr peer;
    struct net_stream_cb cb;
    void *ctx;
    struct net_timer *timer; /* connecting, or closing gently */
    int in_memory;
    int open;    /* connected */
    int ended;   /* we send no more */
    int got_end; /* the peer sends no more */
    int closing; /* gone for the owner: no callback any more */
    int shut;    /* our end of sending has gone out */
    size_t queued;
    uv_tcp_t uv; /* real */
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    int uv_closing;
    int uv_made;
    struct net_stream *other; /* in memory: the far end; holds a reference */
    unsigned refs;            /* in memory */
};

void net_link_init(struct net_link *l);
void net_link_add(struct net_link *list, struct net_link *l);
void net_link_del(struct net_link *l);

void net_tap(struct net_loop *loop, int sent, const struct net_addr *local,
             const struct net_addr *peer, int is_tcp, const uint8_t *data,
             size_t len);
enum status net_from_uv(int err);
size_t net_to_sockaddr(struct sockaddr_storage *out, const struct net_addr *a);
void net_from_sockaddr(struct net_addr *out, const struct sockaddr *sa);

/* In memory (mem.c). */
enum status net_mem_bind(struct net_loop *loop, struct net_addr *local,
                         int is_tcp);
enum status net_mem_udp_send(struct net_udp *udp, const struct net_addr *to,
                             const uint8_t *data, size_t len);
enum status net_mem_connect(struct net_stream *s);
enum status net_mem_send(struct net_stream *s, const uint8_t *data, size_t len);
void net_mem_end(struct net_stream *s);
/* net_mem_leave tells the far end that s is closed or reset and drops the
 * owner's reference. */
void net_mem_leave(struct net_stream *s, int reset);
void net_mem_loop_free(struct net_loop *loop);

/* Both kinds (stream.c). net_stream_gone ends s and says so to its owner. */
struct net_stream *net_stream_new(struct net_loop *loop);
void net_stream_gone(struct net_stream *s, enum status why);
void net_stream_detach(struct net_stream *s);

#endif
