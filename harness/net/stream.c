/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* TCP: listening, connecting, sending, and the ways a stream ends. */
#include "harness/net/net_int.h"

#include "harness/base/mem.h"

#include <string.h>

struct net_stream *net_stream_new(struct net_loop *loop)
{
    struct net_stream *s = mem_alloc(sizeof(*s));
    if (s != NULL) {
        s->loop = loop;
        s->refs = 1;
        net_link_add(&loop->streams, &s->link);
    }
    return s;
}

static void on_uv_closed(uv_handle_t *h)
{
    mem_free(h->data);
}

static void uv_close_now(struct net_stream *s)
{
    net_timer_cancel(&s->timer);
    net_link_del(&s->link);
    if (!s->uv_made) {
        mem_free(s);
        return;
    }
    if (!s->uv_closing) {
        s->uv_closing = 1;
        uv_close((uv_handle_t *)&s->uv, on_uv_closed);
    }
}

/* The owner hears nothing of s any more. */
void net_stream_detach(struct net_stream *s)
{
    s->closing = 1;
    s->cb = (struct net_stream_cb){0};
    net_link_del(&s->link);
    net_timer_cancel(&s->timer);
}

void net_stream_gone(struct net_stream *s, enum status why)
{
    if (s->closing) {
        return;
    }
    struct net_stream_cb cb = s->cb;
    net_stream_detach(s);
    if (cb.on_closed != NULL) {
        cb.on_closed(s->ctx, s, why);
    }
    if (s->in_memory) {
        net_mem_leave(s, why != STATUS_OK);
    } else {
        uv_close_now(s);
    }
}

/* ---- real: reading ---- */

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct net_stream *s = h->data;
    (void)suggested;
    *buf = uv_buf_init((char *)s->loop->rx, NET_RX_LEN);
}

static void on_read(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
    struct net_stream *s = uv->data;
    if (s->closing || n == 0) {
        return;
    }
    if (n > 0) {
        net_tap(s->loop, 0, &s->local, &s->peer, 1, (uint8_t *)buf->base,
                (size_t)n);
        if (s->cb.on_data != NULL) {
            s->cb.on_data(s->ctx, s, (uint8_t *)buf->base, (size_t)n);
        }
        return;
    }
    if (n != UV_EOF) {
        net_stream_gone(s, STATUS_IO);
        return;
    }
    s->got_end = 1;
    uv_read_stop(uv);
    if (s->cb.on_end == NULL || s->shut) {
        net_stream_gone(s, STATUS_OK);
    } else {
        s->cb.on_end(s->ctx, s);
    }
}

static void names(struct net_stream *s)
{
    struct sockaddr_storage ss;
    int len = sizeof(ss);
    if (uv_tcp_getsockname(&s->uv, (struct sockaddr *)&ss, &len) == 0) {
        net_from_sockaddr(&s->local, (struct sockaddr *)&ss);
    }
    len = sizeof(ss);
    if (uv_tcp_getpeername(&s->uv, (struct sockaddr *)&ss, &len) == 0) {
        net_from_sockaddr(&s->peer, (struct sockaddr *)&ss);
    }
}

static int start(struct net_stream *s)
{
    s->open = 1;
    uv_tcp_nodelay(&s->uv, 1);
    names(s);
    return uv_read_start((uv_stream_t *)&s->uv, on_alloc, on_read);
}

static enum status make_uv(struct net_stream *s)
{
    int e = uv_tcp_init(&s->loop->uv, &s->uv);
    s->uv_made = e == 0;
    s->uv.data = s;
    return net_from_uv(e);
}

/* ---- listening ---- */

static void on_listener_closed(uv_handle_t *h)
{
    mem_free(h->data);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct net_listener *l = server->data;
    if (status != 0) {
        return;
    }
    struct net_stream *s = net_stream_new(l->loop);
    if (s == NULL) {
        return;
    }
    if (make_uv(s) != STATUS_OK ||
        uv_accept(server, (uv_stream_t *)&s->uv) != 0 || start(s) != 0) {
        net_stream_reset(s);
        return;
    }
    l->loop->events++;
    l->cb(l->ctx, l, s);
}

static enum status listen_uv(struct net_listener *l)
{
    struct sockaddr_storage ss;
    net_to_sockaddr(&ss, &l->local);
    int e = uv_tcp_bind(&l->uv, (struct sockaddr *)&ss, 0);
    if (e == 0) {
        e = uv_listen((uv_stream_t *)&l->uv, 128, on_connection);
    }
    if (e == 0) {
        int len = sizeof(ss);
        e = uv_tcp_getsockname(&l->uv, (struct sockaddr *)&ss, &len);
        net_from_sockaddr(&l->local, (struct sockaddr *)&ss);
    }
    return net_from_uv(e);
}

enum status net_tcp_listen(struct net_listener **out, struct net_loop *loop,
                           const struct net_addr *local, net_accept_fn *cb,
                           void *ctx)
{
    *out = NULL;
    struct net_listener *l = mem_alloc(sizeof(*l));
    if (l == NULL) {
        return STATUS_NO_MEMORY;
    }
    *l = (struct net_listener){
        .loop = loop, .local = *local, .cb = cb, .ctx = ctx};
    enum status s = STATUS_OK;
    if (loop->mode == NET_VIRTUAL) {
        s = net_mem_bind(loop, &l->local, 1);
        if (s != STATUS_OK) {
            mem_free(l);
            return s;
        }
    } else {
        int e = uv_tcp_init(&loop->uv, &l->uv);
        if (e != 0) {
            mem_free(l);
            return net_from_uv(e);
        }
        l->uv.data = l;
        s = listen_uv(l);
        if (s != STATUS_OK) {
            uv_close((uv_handle_t *)&l->uv, on_listener_closed);
            return s;
        }
    }
    net_link_add(&loop->listeners, &l->link);
    *out = l;
    return STATUS_OK;
}

struct net_addr net_listener_local(const struct net_listener *l)
{
    return l->local;
}

void net_listener_close(struct net_listener *l)
{
    if (l == NULL) {
        return;
    }
    net_link_del(&l->link);
    if (l->loop->mode == NET_VIRTUAL) {
        mem_free(l);
    } else {
        uv_close((uv_handle_t *)&l->uv, on_listener_closed);
    }
}

/* ---- connecting ---- */

static void on_connect_timeout(void *ctx)
{
    struct net_stream *s = ctx;
    s->timer = NULL;
    net_stream_gone(s, STATUS_TIMEOUT);
}

/* Connecting failed at once; the owner hears of it from the loop. */
static void on_connect_refused(void *ctx)
{
    struct net_stream *s = ctx;
    s->timer = NULL;
    net_stream_gone(s, STATUS_REFUSED);
}

static void on_connected(uv_connect_t *req, int status)
{
    struct net_stream *s = req->handle->data;
    if (s->uv_closing) {
        return;
    }
    s->loop->events++;
    if (status != 0) {
        if (s->closing) {
            uv_close_now(s);
        } else {
            net_stream_gone(s, net_from_uv(status));
        }
        return;
    }
    if (s->closing) {
        return; /* closed gently meanwhile: what waits goes out */
    }
    net_timer_cancel(&s->timer);
    if (start(s) != 0) {
        net_stream_gone(s, STATUS_IO);
    } else if (s->cb.on_open != NULL) {
        s->cb.on_open(s->ctx, s);
    }
}

static enum status connect_uv(struct net_stream *s,
                              const struct net_addr *local)
{
    struct sockaddr_storage ss;
    enum status st = make_uv(s);
    if (st == STATUS_OK && local != NULL) {
        net_to_sockaddr(&ss, local);
        st = net_from_uv(uv_tcp_bind(&s->uv, (struct sockaddr *)&ss, 0));
    }
    if (st != STATUS_OK) {
        return st;
    }
    net_to_sockaddr(&ss, &s->peer);
    int e = uv_tcp_connect(&s->connect, &s->uv, (struct sockaddr *)&ss,
                           on_connected);
    if (e != 0) {
        net_timer_cancel(&s->timer);
        s->timer = net_timer_start(s->loop, 0, on_connect_refused, s);
        return s->timer == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    /* The port is fixed by now: what is sent before the connection stands is
     * told to the tap under it. */
    int len = sizeof ss;
    if (uv_tcp_getsockname(&s->uv, (struct sockaddr *)&ss, &len) == 0) {
        net_from_sockaddr(&s->local, (struct sockaddr *)&ss);
    }
    return STATUS_OK;
}

static enum status connect_mem(struct net_stream *s,
                               const struct net_addr *local)
{
    s->in_memory = 1;
    if (local != NULL) {
        s->local = *local;
    } else {
        s->local.family = s->peer.family;
        s->local.ip[0] = 127;
        s->local.ip[3] = 1;
    }
    if (s->local.port == 0) {
        return net_mem_bind(s->loop, &s->local, 1);
    }
    return STATUS_OK;
}

enum status net_tcp_connect(struct net_stream **out, struct net_loop *loop,
                            const struct net_addr *local,
                            const struct net_addr *peer,
                            const struct net_stream_cb *cb, void *ctx)
{
    *out = NULL;
    struct net_stream *s = net_stream_new(loop);
    if (s == NULL) {
        return STATUS_NO_MEMORY;
    }
    s->peer = *peer;
    net_stream_set_cb(s, cb, ctx);
    s->timer = net_timer_start(loop, NET_CONNECT_MS, on_connect_timeout, s);
    enum status st = s->timer == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    if (st == STATUS_OK && loop->mode == NET_REAL) {
        st = connect_uv(s, local);
    } else if (st == STATUS_OK) {
        st = connect_mem(s, local);
        if (st == STATUS_OK) {
            st = net_mem_connect(s);
        }
    }
    if (st != STATUS_OK) {
        net_stream_reset(s);
        return st;
    }
    *out = s;
    return STATUS_OK;
}

/* ---- using ---- */

void net_stream_set_cb(struct net_stream *s, const struct net_stream_cb *cb,
                       void *ctx)
{
    s->cb = *cb;
    s->ctx = ctx;
}

struct write_req {
    uv_write_t uv;
    size_t len;
    uint8_t data[];
};

static void on_written(uv_write_t *uv, int status)
{
    struct net_stream *s = uv->handle->data;
    struct write_req *w = (struct write_req *)uv;
    s->queued -= w->len;
    mem_free(w);
    if (status != 0 && status != UV_ECANCELED && !s->closing) {
        net_stream_gone(s, STATUS_IO);
    }
}

static enum status send_uv(struct net_stream *s, const uint8_t *data,
                           size_t len)
{
    struct write_req *w = mem_alloc(sizeof(*w) + len);
    if (w == NULL) {
        return STATUS_NO_MEMORY;
    }
    w->len = len;
    memcpy(w->data, data, len);
    uv_buf_t buf = uv_buf_init((char *)w->data, (unsigned)len);
    int e = uv_write(&w->uv, (uv_stream_t *)&s->uv, &buf, 1, on_written);
    if (e != 0) {
        mem_free(w);
        return STATUS_IO;
    }
    s->queued += len;
    return STATUS_OK;
}

enum status net_stream_send(struct net_stream *s, const uint8_t *data,
                            size_t len)
{
    if (s->ended || s->closing) {
        return STATUS_UNEXPECTED;
    }
    if (len > NET_QUEUE_MAX || s->queued > NET_QUEUE_MAX - len) {
        return STATUS_NO_SPACE;
    }
    if (len == 0) {
        return STATUS_OK;
    }
    if (s->in_memory) {
        enum status st = net_mem_send(s, data, len);
        if (st == STATUS_OK) {
            net_tap(s->loop, 1, &s->local, &s->peer, 1, data, len);
        }
        return st;
    }
    /* Told before it goes out, so that no answer bears an earlier time. */
    net_tap(s->loop, 1, &s->local, &s->peer, 1, data, len);
    return send_uv(s, data, len);
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
    struct net_stream *s = req->handle->data;
    (void)status;
    s->shut = 1;
    if (s->uv_closing) {
        return;
    }
    if (s->closing) {
        uv_close_now(s);
    } else if (s->got_end) {
        net_stream_gone(s, STATUS_OK);
    }
}

void net_stream_end(struct net_stream *s)
{
    if (s->ended || s->closing) {
        return;
    }
    s->ended = 1;
    if (s->in_memory) {
        net_mem_end(s);
    } else {
        (void)uv_shutdown(&s->shutdown, (uv_stream_t *)&s->uv, on_shutdown);
    }
}

static void on_close_timeout(void *ctx)
{
    struct net_stream *s = ctx;
    s->timer = NULL;
    uv_close_now(s);
}

void net_stream_close(struct net_stream *s)
{
    if (s == NULL || s->closing) {
        return;
    }
    if (s->in_memory) {
        net_stream_detach(s);
        net_mem_leave(s, 0);
        return;
    }
    int waits = s->queued > 0;
    if (waits && !s->ended) {
        s->ended = 1;
        waits =
            uv_shutdown(&s->shutdown, (uv_stream_t *)&s->uv, on_shutdown) == 0;
    }
    net_stream_detach(s);
    if (waits && !s->shut) {
        uv_read_stop((uv_stream_t *)&s->uv);
        s->timer = net_timer_start(s->loop, NET_CLOSE_MS, on_close_timeout, s);
        if (s->timer != NULL) {
            /* Back in the list: the loop closes it if it ends before. */
            net_link_add(&s->loop->streams, &s->link);
            return;
        }
    }
    uv_close_now(s);
}

void net_stream_reset(struct net_stream *s)
{
    if (s == NULL) {
        return;
    }
    net_stream_detach(s);
    if (s->in_memory) {
        net_mem_leave(s, 1);
        return;
    }
    net_link_del(&s->link);
    if (s->uv_made && s->open && !s->uv_closing && !s->ended) {
        s->uv_closing = 1;
        if (uv_tcp_close_reset(&s->uv, on_uv_closed) == 0) {
            return;
        }
        s->uv_closing = 0;
    }
    uv_close_now(s);
}

struct net_addr net_stream_local(const struct net_stream *s)
{
    return s->local;
}

struct net_addr net_stream_peer(const struct net_stream *s)
{
    return s->peer;
}

int net_stream_is_open(const struct net_stream *s)
{
    return s->open;
}
