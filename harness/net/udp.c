/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* UDP sockets and RTP port pairs. */
#include "harness/net/net_int.h"

#include "harness/base/mem.h"

#include <string.h>

#define UDP_MAX 65507
#define UDP_BUFFER (4 << 20)
#define PAIR_TRIES 200

static void on_closed(uv_handle_t *h)
{
    mem_free(h->data);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct net_udp *u = h->data;
    (void)suggested;
    *buf = uv_buf_init((char *)u->loop->rx, NET_RX_LEN);
}

static void on_recv(uv_udp_t *uv, ssize_t n, const uv_buf_t *buf,
                    const struct sockaddr *from, unsigned flags)
{
    struct net_udp *u = uv->data;
    (void)flags;
    if (n < 0 || from == NULL) {
        return; /* an error of one datagram, or nothing more to read */
    }
    struct net_addr peer;
    net_from_sockaddr(&peer, from);
    net_tap(u->loop, 0, &u->local, &peer, 0, (uint8_t *)buf->base, (size_t)n);
    u->cb(u->ctx, u, &peer, (uint8_t *)buf->base, (size_t)n);
}

static enum status open_uv(struct net_udp *u)
{
    struct sockaddr_storage ss;
    net_to_sockaddr(&ss, &u->local);
    int e = uv_udp_bind(&u->uv, (struct sockaddr *)&ss, 0);
    if (e == 0) {
        e = uv_udp_recv_start(&u->uv, on_alloc, on_recv);
    }
    if (e == 0) {
        int len = sizeof(ss);
        e = uv_udp_getsockname(&u->uv, (struct sockaddr *)&ss, &len);
        net_from_sockaddr(&u->local, (struct sockaddr *)&ss);
    }
    if (e == 0) {
        /* Bursts of RTP: as much as the kernel gives, less is no error. */
        int size = UDP_BUFFER;
        (void)uv_recv_buffer_size((uv_handle_t *)&u->uv, &size);
    }
    return net_from_uv(e);
}

enum status net_udp_open(struct net_udp **out, struct net_loop *loop,
                         const struct net_addr *local, net_packet_fn *cb,
                         void *ctx)
{
    *out = NULL;
    struct net_udp *u = mem_alloc(sizeof(*u));
    if (u == NULL) {
        return STATUS_NO_MEMORY;
    }
    *u = (struct net_udp){.loop = loop, .local = *local, .cb = cb, .ctx = ctx};
    enum status s = STATUS_OK;
    if (loop->mode == NET_VIRTUAL) {
        s = net_mem_bind(loop, &u->local, 0);
    } else {
        s = net_from_uv(uv_udp_init(&loop->uv, &u->uv));
        if (s == STATUS_OK) {
            u->uv.data = u;
            s = open_uv(u);
            if (s != STATUS_OK) {
                uv_close((uv_handle_t *)&u->uv, on_closed);
                return s;
            }
        }
    }
    if (s != STATUS_OK) {
        mem_free(u);
        return s;
    }
    net_link_add(&loop->udps, &u->link);
    *out = u;
    return STATUS_OK;
}

enum status net_udp_open_pair(struct net_udp **rtp, struct net_udp **rtcp,
                              struct net_loop *loop,
                              const struct net_addr *local, net_packet_fn *cb,
                              void *ctx)
{
    enum status s = STATUS_DUPLICATE;
    *rtp = NULL;
    *rtcp = NULL;
    for (unsigned i = 0; i < PAIR_TRIES && s == STATUS_DUPLICATE; i++) {
        s = net_udp_open(rtp, loop, local, cb, ctx);
        if (s != STATUS_OK) {
            return s;
        }
        struct net_addr next = (*rtp)->local;
        next.port++;
        s = STATUS_DUPLICATE;
        if ((next.port & 1) != 0) {
            s = net_udp_open(rtcp, loop, &next, cb, ctx);
        }
        if (s != STATUS_OK) {
            net_udp_close(*rtp);
            *rtp = NULL;
        }
        if (local->port != 0) {
            break;
        }
    }
    return s;
}

struct send_req {
    uv_udp_send_t uv;
    uint8_t data[];
};

static void on_sent(uv_udp_send_t *uv, int status)
{
    (void)status; /* UDP promises nothing */
    mem_free(uv);
}

static enum status send_uv(struct net_udp *u, const struct net_addr *to,
                           const uint8_t *data, size_t len)
{
    struct sockaddr_storage ss;
    net_to_sockaddr(&ss, to);
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);
    int e = uv_udp_try_send(&u->uv, &buf, 1, (struct sockaddr *)&ss);
    if (e != UV_EAGAIN) {
        return e < 0 ? net_from_uv(e) : STATUS_OK;
    }
    if (uv_udp_get_send_queue_size(&u->uv) > NET_QUEUE_MAX) {
        return STATUS_NO_SPACE;
    }
    struct send_req *r = mem_alloc(sizeof(*r) + len);
    if (r == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(r->data, data, len);
    buf.base = (char *)r->data;
    e = uv_udp_send(&r->uv, &u->uv, &buf, 1, (struct sockaddr *)&ss, on_sent);
    if (e != 0) {
        mem_free(r);
    }
    return net_from_uv(e);
}

enum status net_udp_send(struct net_udp *udp, const struct net_addr *to,
                         const uint8_t *data, size_t len)
{
    if (len > UDP_MAX) {
        return STATUS_BAD_LENGTH;
    }
    if (udp->loop->mode == NET_VIRTUAL) {
        enum status s = net_mem_udp_send(udp, to, data, len);
        if (s == STATUS_OK) {
            net_tap(udp->loop, 1, &udp->local, to, 0, data, len);
        }
        return s;
    }
    /* Told before it goes out, so that no answer bears an earlier time. */
    net_tap(udp->loop, 1, &udp->local, to, 0, data, len);
    return send_uv(udp, to, data, len);
}

struct net_addr net_udp_local(const struct net_udp *udp)
{
    return udp->local;
}

void net_udp_close(struct net_udp *udp)
{
    if (udp == NULL) {
        return;
    }
    net_link_del(&udp->link);
    if (udp->loop->mode == NET_VIRTUAL) {
        mem_free(udp);
    } else {
        uv_close((uv_handle_t *)&udp->uv, on_closed);
    }
}
