/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Probes: callbacks that write down what happened. */
#include "tests/unit/net/net_tests.h"

#include <string.h>

struct net_addr addr_of(const char *text)
{
    struct net_addr a = {0};
    CU_ASSERT_FATAL(net_addr_of(&a, text, 0) == STATUS_OK);
    return a;
}

static void take(struct probe *p, const uint8_t *data, size_t len)
{
    p->packets++;
    p->total += len;
    if (len > sizeof(p->got) - p->len) {
        len = sizeof(p->got) - p->len;
    }
    memcpy(p->got + p->len, data, len);
    p->len += len;
}

static void on_open(void *ctx, struct net_stream *s)
{
    struct probe *p = ctx;
    (void)s;
    p->opened++;
}

static void on_data(void *ctx, struct net_stream *s, const uint8_t *data,
                    size_t len)
{
    struct probe *p = ctx;
    take(p, data, len);
    if (p->echo) {
        CU_ASSERT(net_stream_send(s, data, len) == STATUS_OK);
    }
    if (p->close_on_data) {
        net_stream_close(s);
        p->stream = NULL;
    }
}

static void on_end(void *ctx, struct net_stream *s)
{
    struct probe *p = ctx;
    p->ended++;
    if (p->end_on_end) {
        net_stream_end(s);
    }
}

static void on_closed(void *ctx, struct net_stream *s, enum status why)
{
    struct probe *p = ctx;
    (void)s;
    p->closed++;
    p->why = why;
    p->stream = NULL;
}

const struct net_stream_cb probe_cb = {
    .on_open = on_open, .on_data = on_data, .on_closed = on_closed};
const struct net_stream_cb probe_half_cb = {.on_open = on_open,
                                            .on_data = on_data,
                                            .on_end = on_end,
                                            .on_closed = on_closed};

void probe_accept(void *ctx, struct net_listener *l, struct net_stream *s)
{
    struct probe *p = ctx;
    (void)l;
    p->stream = s;
    net_stream_set_cb(s, &probe_cb, p);
}

void probe_accept_half(void *ctx, struct net_listener *l, struct net_stream *s)
{
    struct probe *p = ctx;
    (void)l;
    p->stream = s;
    net_stream_set_cb(s, &probe_half_cb, p);
}

void probe_packet(void *ctx, struct net_udp *u, const struct net_addr *from,
                  const uint8_t *data, size_t len)
{
    struct probe *p = ctx;
    p->from = *from;
    take(p, data, len);
    if (p->echo) {
        CU_ASSERT(net_udp_send(u, from, data, len) == STATUS_OK);
    }
}
