/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Peers that deserve nothing: silent, echo, 200 to everything, random octets.
 */
#include "harness/agent/agent_int.h"

#include "harness/base/mem.h"

#include <string.h>
#include <strings.h>

struct peer_state {
    struct net_listener *listener;
    struct net_udp *udp;
};

/* The octets a worthless peer returns for what it got. */
static void reply(struct agent *a, const uint8_t *data, size_t len,
                  struct wr *w)
{
    uint8_t noise[256];
    if (agent_does(a, FAULT_PEER_ECHO)) {
        wr_bytes(w, data, len);
    } else if (agent_does(a, FAULT_PEER_NOISE) &&
               env_random(&a->env, noise, sizeof noise) == STATUS_OK) {
        wr_bytes(w, noise, sizeof noise);
    } else if (agent_does(a, FAULT_PEER_200)) {
        static const char *const copy[] = {
            "via:", "from:", "to:", "call-id:", "cseq:", "record-route:"};
        wr_str(w, "SIP/2.0 200 OK\r\n");
        const char *p = (const char *)data;
        const char *end = p + len;
        while (p < end) {
            const char *nl = memchr(p, '\n', (size_t)(end - p));
            size_t n = nl != NULL ? (size_t)(nl - p) + 1 : (size_t)(end - p);
            for (size_t i = 0; i < sizeof copy / sizeof *copy; i++) {
                if (n > strlen(copy[i]) &&
                    strncasecmp(p, copy[i], strlen(copy[i])) == 0) {
                    wr_bytes(w, p, n);
                }
            }
            p += n;
        }
        wr_str(w, "Content-Length: 0\r\n\r\n");
    }
}

static void on_data(void *ctx, struct net_stream *s, const uint8_t *data,
                    size_t len)
{
    struct wr w;
    wr_init(&w);
    reply(ctx, data, len, &w);
    if (w.len > 0 && w.err == STATUS_OK) {
        net_stream_send(s, w.data, w.len);
    }
    wr_cleanup(&w);
}

static void on_accept(void *ctx, struct net_listener *l, struct net_stream *s)
{
    static const struct net_stream_cb cb = {.on_data = on_data};
    (void)l;
    net_stream_set_cb(s, &cb, ctx);
}

static void on_packet(void *ctx, struct net_udp *udp,
                      const struct net_addr *from, const uint8_t *data,
                      size_t len)
{
    struct wr w;
    wr_init(&w);
    reply(ctx, data, len, &w);
    if (w.len > 0 && w.err == STATUS_OK) {
        net_udp_send(udp, from, w.data, w.len);
    }
    wr_cleanup(&w);
}

static enum status peer_start(struct agent *a, const json_t *p, char why[256])
{
    struct peer_state *s = mem_alloc(sizeof *s);
    if (s == NULL) {
        return STATUS_NO_MEMORY;
    }
    a->state = s;
    struct net_addr at = a->addr;
    at.port = (uint16_t)json_int(p, "port", at.port);
    enum status st = net_tcp_listen(&s->listener, a->loop, &at, on_accept, a);
    if (st == STATUS_OK) {
        st = net_udp_open(&s->udp, a->loop, &at, on_packet, a);
    }
    if (st != STATUS_OK) {
        snprintf(why, 256, "cannot listen: %s", status_name(st));
    }
    return st;
}

static void peer_stop(struct agent *a)
{
    struct peer_state *s = a->state;
    net_listener_close(s->listener);
    net_udp_close(s->udp);
    mem_free(s);
    a->state = NULL;
}

/* It claims to have done whatever it was asked. */
static void claim(struct agent *a, int id, const json_t *args)
{
    (void)args;
    agent_ok(a, id,
             json_pack("{s:s s:s s:i}", "result", "deposited", "reached",
                       "mailbox", "status", 200));
}

static const char *const names[] = {NULL};
static const struct agent_verb verbs[] = {
    {"register", claim}, {"subscribe", claim}, {"call", claim},
    {"answer", claim},   {"fetch", claim},     {"messages", claim},
    {"divert", claim},   {"send", claim},      {NULL, NULL}};
const struct agent_role role_peer = {
    .names = names, .verbs = verbs, .start = peer_start, .stop = peer_stop};
