/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* UDP and TCP under one endpoint: framing, reuse of connections, sending. */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"

#include <string.h>

const char *stx_transport_word(enum siptx_transport t)
{
    return t == SIPTX_UDP ? "UDP" : "TCP";
}

enum siptx_transport stx_transport_of(struct view word,
                                      enum siptx_transport other)
{
    if (sip_is_nocase(word, "udp")) {
        return SIPTX_UDP;
    }
    return sip_is_nocase(word, "tcp") ? SIPTX_TCP : other;
}

enum siptx_transport stx_transport_default(const struct siptx_endpoint *ep)
{
    return ep->cfg.transport == SIPTX_UDP ? SIPTX_UDP : SIPTX_TCP;
}

int stx_is_reliable_transport(enum siptx_transport t)
{
    return t != SIPTX_UDP;
}

/* ---- incoming ---- */

static void take_message(struct siptx_endpoint *ep, const uint8_t *data,
                         size_t len, const struct source *from)
{
    struct sip_msg *msg = stx_msg_parse(data, len);
    if (msg == NULL) {
        if (ep->cfg.on.on_garbage != NULL) {
            ep->cfg.on.on_garbage(ep->cfg.ctx, &from->addr, data, len);
        }
        return;
    }
    stx_on_message(ep, msg, from);
    stx_msg_free(msg);
}

static void on_packet(void *ctx, struct net_udp *udp,
                      const struct net_addr *from, const uint8_t *data,
                      size_t len)
{
    struct siptx_endpoint *ep = ctx;
    struct source src = {.addr = *from, .transport = SIPTX_UDP};
    (void)udp;
    size_t begin = sip_frame_blank(data, len);
    if (begin < len) {
        take_message(ep, data + begin, len - begin, &src);
    }
}

static void conn_bury(void *object)
{
    struct conn *c = object;
    wr_cleanup(&c->in);
    mem_free(c);
}

static void conn_gone(struct conn *c)
{
    struct siptx_endpoint *ep = c->ep;
    c->stream = NULL;
    stx_node_del(&c->node);
    ep->num_conns--;
    stx_bury(ep, &c->grave, conn_bury, c);
}

static void conn_close(struct conn *c)
{
    net_stream_close(c->stream);
    conn_gone(c);
}

static void garbage(struct conn *c)
{
    struct siptx_endpoint *ep = c->ep;
    struct net_addr peer = c->peer;
    log_at(ep->cfg.log, LOG_WARN, "closing a connection: no SIP on it");
    conn_close(c);
    if (ep->cfg.on.on_garbage != NULL) {
        ep->cfg.on.on_garbage(ep->cfg.ctx, &peer, c->in.data, c->in.len);
    }
}

/* Takes whole messages off the front of what has come. */
static void take_frames(struct conn *c)
{
    struct source src = {
        .addr = c->peer, .transport = SIPTX_TCP, .conn = c->id};
    size_t pos = 0;
    while (c->stream != NULL) {
        pos += sip_frame_blank(c->in.data + pos, c->in.len - pos);
        size_t len = 0;
        int whole = stx_frame_next(c->in.data + pos, c->in.len - pos, &len);
        if (whole < 0 || (whole == 0 && c->in.len - pos > SIPTX_MESSAGE_MAX)) {
            garbage(c);
            return;
        }
        if (whole == 0) {
            break;
        }
        take_message(c->ep, c->in.data + pos, len, &src);
        pos += len;
    }
    memmove(c->in.data, c->in.data + pos, c->in.len - pos);
    c->in.len -= pos;
}

static void on_data(void *ctx, struct net_stream *s, const uint8_t *data,
                    size_t len)
{
    struct conn *c = ctx;
    (void)s;
    wr_bytes(&c->in, data, len);
    if (c->in.err != STATUS_OK) {
        garbage(c); /* no memory for it */
        return;
    }
    take_frames(c);
}

static void on_open(void *ctx, struct net_stream *s)
{
    struct conn *c = ctx;
    (void)s;
    c->was_open = 1;
}

static void on_closed(void *ctx, struct net_stream *s, enum status why)
{
    struct conn *c = ctx;
    struct siptx_endpoint *ep = c->ep;
    uint64_t id = c->id;
    (void)s;
    if (c->in.len > 0 && ep->cfg.on.on_garbage != NULL) {
        /* Closed in the middle of a message. */
        ep->cfg.on.on_garbage(ep->cfg.ctx, &c->peer, c->in.data, c->in.len);
    }
    conn_gone(c);
    if (why != STATUS_OK) {
        stx_client_transport_failed(ep, id);
    }
}

static const struct net_stream_cb conn_cb = {
    .on_open = on_open, .on_data = on_data, .on_closed = on_closed};

static struct conn *conn_new(struct siptx_endpoint *ep,
                             const struct net_addr *peer)
{
    if (ep->num_conns >= SIPTX_MAX_CONNS) {
        return NULL;
    }
    struct conn *c = mem_alloc(sizeof(*c));
    if (c != NULL) {
        c->ep = ep;
        c->peer = *peer;
        c->id = ++ep->next_conn;
        wr_init(&c->in);
        stx_node_add(&ep->conns, &c->node);
        ep->num_conns++;
    }
    return c;
}

static void on_accept(void *ctx, struct net_listener *l, struct net_stream *s)
{
    struct siptx_endpoint *ep = ctx;
    struct net_addr peer = net_stream_peer(s);
    struct conn *c = conn_new(ep, &peer);
    (void)l;
    if (c == NULL) {
        net_stream_reset(s);
        return;
    }
    c->stream = s;
    c->was_open = 1;
    net_stream_set_cb(s, &conn_cb, c);
}

/* ---- opening ---- */

#define PORT_TRIES 50

static enum status open_both(struct siptx_endpoint *ep, struct net_addr *addr)
{
    enum status s =
        net_tcp_listen(&ep->listener, ep->cfg.loop, addr, on_accept, ep);
    if (s != STATUS_OK) {
        return s;
    }
    *addr = net_listener_local(ep->listener);
    s = net_udp_open(&ep->udp, ep->cfg.loop, addr, on_packet, ep);
    if (s != STATUS_OK) {
        net_listener_close(ep->listener);
        ep->listener = NULL;
    }
    return s;
}

enum status stx_transport_open(struct siptx_endpoint *ep)
{
    enum status s = STATUS_DUPLICATE;
    /* A free TCP port may be taken for UDP: another one then. */
    for (int i = 0; i < PORT_TRIES && s == STATUS_DUPLICATE; i++) {
        ep->addr = ep->cfg.addr;
        s = open_both(ep, &ep->addr);
        if (ep->cfg.addr.port != 0) {
            break;
        }
    }
    return s;
}

void siptx_drop_connections(struct siptx_endpoint *ep)
{
    while (ep->conns.next != &ep->conns) {
        conn_close(NODE_OF(struct conn, node, ep->conns.next));
    }
}

void stx_transport_close(struct siptx_endpoint *ep)
{
    net_listener_close(ep->listener);
    net_udp_close(ep->udp);
    siptx_drop_connections(ep);
    while (ep->delayed.next != &ep->delayed) {
        struct delayed *d = NODE_OF(struct delayed, node, ep->delayed.next);
        net_timer_cancel(&d->timer);
        stx_node_del(&d->node);
        stx_octets_free(&d->octets);
        mem_free(d);
    }
}

/* ---- outgoing ---- */

static struct conn *conn_find(struct siptx_endpoint *ep,
                              const struct target *to)
{
    struct conn *by_addr = NULL;
    for (struct node *n = ep->conns.next; n != &ep->conns; n = n->next) {
        struct conn *c = NODE_OF(struct conn, node, n);
        if (c->id == to->conn) {
            return c;
        }
        if (net_addr_equal(&c->peer, &to->addr)) {
            by_addr = c;
        }
    }
    return by_addr;
}

static enum status send_tcp(struct siptx_endpoint *ep, struct target *to,
                            const uint8_t *data, size_t len)
{
    struct conn *c = conn_find(ep, to);
    if (c == NULL) {
        struct net_addr local = ep->addr;
        local.port = 0;
        c = conn_new(ep, &to->addr);
        if (c == NULL) {
            return STATUS_NO_MEMORY;
        }
        enum status s = net_tcp_connect(&c->stream, ep->cfg.loop, &local,
                                        &to->addr, &conn_cb, c);
        if (s != STATUS_OK) {
            conn_gone(c);
            return s;
        }
    }
    to->conn = c->id;
    return net_stream_send(c->stream, data, len);
}

static enum status send_now(struct siptx_endpoint *ep, struct target *to,
                            const uint8_t *data, size_t len)
{
    if (to->transport == SIPTX_UDP) {
        return net_udp_send(ep->udp, &to->addr, data, len);
    }
    return send_tcp(ep, to, data, len);
}

static void on_delayed(void *ctx)
{
    struct delayed *d = ctx;
    d->timer = NULL;
    (void)send_now(d->ep, &d->to, d->octets.data, d->octets.len);
    stx_node_del(&d->node);
    stx_octets_free(&d->octets);
    mem_free(d);
}

static enum status send_later(struct siptx_endpoint *ep,
                              const struct target *to, const uint8_t *data,
                              size_t len, uint64_t ms)
{
    struct delayed *d = mem_alloc(sizeof(*d));
    if (d == NULL) {
        return STATUS_NO_MEMORY;
    }
    d->ep = ep;
    d->to = *to;
    d->octets.data = mem_dup(data, len);
    d->octets.len = len;
    d->timer = net_timer_start(ep->cfg.loop, ms, on_delayed, d);
    if (d->octets.data == NULL || d->timer == NULL) {
        net_timer_cancel(&d->timer);
        stx_octets_free(&d->octets);
        mem_free(d);
        return STATUS_NO_MEMORY;
    }
    stx_node_add(&ep->delayed, &d->node);
    return STATUS_OK;
}

enum status stx_transport_send(struct siptx_endpoint *ep, struct target *to,
                               const char *name, unsigned repeat,
                               const struct octets *o)
{
    struct siptx_sending s = {.name = name,
                              .repeat = repeat,
                              .data = o->data,
                              .len = o->len,
                              .to = {to->addr, to->transport},
                              .copies = 1};
    if (ep->cfg.on.on_send != NULL) {
        ep->cfg.on.on_send(ep->cfg.ctx, &s);
    }
    enum status st = STATUS_OK;
    for (unsigned i = 0; i < s.copies && st == STATUS_OK; i++) {
        st = s.delay_ms > 0 ? send_later(ep, to, o->data, o->len, s.delay_ms)
                            : send_now(ep, to, o->data, o->len);
    }
    if (st != STATUS_OK) {
        log_at(ep->cfg.log, LOG_WARN, "%s not sent: %s", name, status_name(st));
    }
    return st;
}

enum status siptx_send_raw(struct siptx_endpoint *ep,
                           const struct siptx_dest *dest, const uint8_t *data,
                           size_t len)
{
    struct target to = {.addr = dest->addr, .transport = dest->transport};
    if (to.transport == SIPTX_DEFAULT) {
        to.transport = stx_transport_default(ep);
    }
    return send_now(ep, &to, data, len);
}

/* ---- next hop ---- */

static enum status host_addr(struct siptx_endpoint *ep, struct view host,
                             uint16_t port, struct net_addr *out)
{
    if (net_addr_parse(out, (const char *)host.data, host.len) == STATUS_OK) {
        out->port = port != 0 ? port : 5060;
        return STATUS_OK;
    }
    if (ep->cfg.on.resolve == NULL) {
        return STATUS_NOT_FOUND;
    }
    char *name = sip_dup(host);
    if (name == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status s = ep->cfg.on.resolve(ep->cfg.ctx, name, port, out);
    mem_free(name);
    return s;
}

enum status stx_uri_target(struct siptx_endpoint *ep, struct view uri,
                           struct target *to)
{
    struct sip_uri u;
    struct view transport;
    *to = (struct target){.transport = stx_transport_default(ep)};
    if (sip_uri(uri, &u) == STATUS_OK &&
        host_addr(ep, u.host, u.port, &to->addr) == STATUS_OK) {
        if (sip_param(u.params, "transport", &transport)) {
            to->transport = stx_transport_of(transport, to->transport);
        }
        return STATUS_OK;
    }
    if (ep->cfg.outbound.addr.family == 0) {
        return STATUS_NOT_FOUND;
    }
    to->addr = ep->cfg.outbound.addr;
    if (ep->cfg.outbound.transport != SIPTX_DEFAULT) {
        to->transport = ep->cfg.outbound.transport;
    }
    return STATUS_OK;
}

enum status stx_find_next_hop(struct siptx_endpoint *ep,
                              const struct sip_msg *msg,
                              const struct siptx_dest *dest, struct target *to)
{
    if (dest != NULL && dest->addr.family != 0) {
        *to = (struct target){.addr = dest->addr, .transport = dest->transport};
        if (to->transport == SIPTX_DEFAULT) {
            to->transport = stx_transport_default(ep);
        }
        return STATUS_OK;
    }
    struct sip_addr route;
    struct view first = sip_value(msg, SIP_HDR_ROUTE, 0);
    enum status s = first.len > 0 && sip_addr(first, &route) == STATUS_OK
                        ? stx_uri_target(ep, route.uri, to)
                        : stx_uri_target(ep, msg->uri, to);
    if (s == STATUS_OK && dest != NULL && dest->transport != SIPTX_DEFAULT) {
        to->transport = dest->transport;
    }
    return s;
}
