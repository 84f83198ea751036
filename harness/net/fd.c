/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* File descriptors and signals: watches, and lines in both directions. */
#include "harness/net/net_int.h"

#include "harness/base/buf.h"
#include "harness/base/mem.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define WRITE_WAIT_MS 5000

struct net_watch {
    struct net_link link;
    struct net_loop *loop;
    void (*cb)(void *ctx);
    void *ctx;
    struct net_timer *timer; /* a regular file is always readable */
    int is_signal;
    int is_file;
    int closed;
    union {
        uv_poll_t poll;
        uv_signal_t signal;
        uv_handle_t handle;
    } uv;
};

static void on_closed(uv_handle_t *h)
{
    mem_free(h->data);
}

static void fire(struct net_watch *w)
{
    w->loop->events++;
    w->cb(w->ctx);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
    (void)status; /* an error shows when the owner reads */
    (void)events;
    fire(p->data);
}

static void on_signal(uv_signal_t *s, int signum)
{
    (void)signum;
    fire(s->data);
}

/* epoll refuses regular files; they are watched by a timer. */
static void on_file(void *ctx)
{
    struct net_watch *w = ctx;
    w->timer = net_timer_start(w->loop, 0, on_file, w);
    fire(w);
}

static struct net_watch *watch_new(struct net_loop *loop, void (*cb)(void *ctx),
                                   void *ctx)
{
    struct net_watch *w = mem_alloc(sizeof(*w));
    if (w != NULL) {
        w->loop = loop;
        w->cb = cb;
        w->ctx = ctx;
        net_link_init(&w->link);
    }
    return w;
}

static enum status watch_start(struct net_watch *w, int fd)
{
    int e = uv_poll_init(&w->loop->uv, &w->uv.poll, fd);
    if (e == UV_EPERM) {
        w->is_file = 1;
        w->timer = net_timer_start(w->loop, 0, on_file, w);
        return w->timer == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    if (e != 0) {
        return net_from_uv(e);
    }
    w->uv.handle.data = w;
    return net_from_uv(
        uv_poll_start(&w->uv.poll, UV_READABLE | UV_DISCONNECT, on_poll));
}

enum status net_watch_fd(struct net_watch **out, struct net_loop *loop, int fd,
                         void (*cb)(void *ctx), void *ctx)
{
    *out = NULL;
    if (loop->mode != NET_REAL) {
        return STATUS_UNSUPPORTED;
    }
    struct net_watch *w = watch_new(loop, cb, ctx);
    if (w == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status s = watch_start(w, fd);
    if (s != STATUS_OK && w->uv.handle.data == NULL) {
        mem_free(w);
        return s;
    }
    if (s != STATUS_OK) {
        uv_close(&w->uv.handle, on_closed);
        return s;
    }
    net_link_add(&loop->watches, &w->link);
    *out = w;
    return STATUS_OK;
}

enum status net_watch_signal(struct net_watch **out, struct net_loop *loop,
                             int signum, void (*cb)(void *ctx), void *ctx)
{
    *out = NULL;
    if (loop->mode != NET_REAL) {
        return STATUS_UNSUPPORTED;
    }
    struct net_watch *w = watch_new(loop, cb, ctx);
    if (w == NULL) {
        return STATUS_NO_MEMORY;
    }
    w->is_signal = 1;
    int e = uv_signal_init(&loop->uv, &w->uv.signal);
    if (e != 0) {
        mem_free(w);
        return net_from_uv(e);
    }
    w->uv.handle.data = w;
    e = uv_signal_start(&w->uv.signal, on_signal, signum);
    if (e != 0) {
        uv_close(&w->uv.handle, on_closed);
        return net_from_uv(e);
    }
    net_link_add(&loop->watches, &w->link);
    *out = w;
    return STATUS_OK;
}

void net_watch_close(struct net_watch *w)
{
    if (w == NULL) {
        return;
    }
    net_link_del(&w->link);
    net_timer_cancel(&w->timer);
    if (w->is_file) {
        mem_free(w);
    } else {
        uv_close(&w->uv.handle, on_closed);
    }
}

/* ---- lines ---- */

struct net_lines {
    struct net_loop *loop;
    int fd_in;
    int fd_out;
    net_line_fn *on_line;
    void *ctx;
    struct net_watch *watch;
    struct wr line; /* what has come of the line under way */
    int too_long;
    int closed; /* by the owner, inside on_line */
    int busy;   /* inside on_line */
};

static void lines_free(struct net_lines *l)
{
    net_watch_close(l->watch);
    wr_cleanup(&l->line);
    mem_free(l);
}

static void give(struct net_lines *l, const char *text, size_t len,
                 enum status st)
{
    if (!l->closed) {
        l->on_line(l->ctx, text, len, st);
    }
}

static void end_line(struct net_lines *l)
{
    int bad = l->too_long || l->line.err != STATUS_OK;
    if (!bad && l->line.len > 0 && l->line.data[l->line.len - 1] == '\r') {
        l->line.len--;
    }
    wr_u8(&l->line, 0);
    if (bad || l->line.err != STATUS_OK) {
        give(l, NULL, 0, l->too_long ? STATUS_BAD_LENGTH : STATUS_NO_MEMORY);
    } else {
        give(l, (const char *)l->line.data, l->line.len - 1, STATUS_OK);
    }
    l->line.len = 0;
    l->line.err = STATUS_OK;
    l->too_long = 0;
}

static void add(struct net_lines *l, const uint8_t *data, size_t len)
{
    if (l->line.len + len > NET_LINE_MAX) {
        l->too_long = 1;
        l->line.len = 0;
    }
    if (!l->too_long) {
        wr_bytes(&l->line, data, len);
    }
}

static void take(struct net_lines *l, const uint8_t *data, size_t len)
{
    while (len > 0 && !l->closed) {
        const uint8_t *nl = memchr(data, '\n', len);
        size_t n = nl == NULL ? len : (size_t)(nl - data);
        add(l, data, n);
        if (nl != NULL) {
            end_line(l);
            n++;
        }
        data += n;
        len -= n;
    }
}

static void finish(struct net_lines *l, enum status st)
{
    net_watch_close(l->watch);
    l->watch = NULL;
    if (l->line.len > 0 || l->too_long) {
        end_line(l); /* a last line without LF */
    }
    give(l, NULL, 0, st);
}

static void on_readable(void *ctx)
{
    struct net_lines *l = ctx;
    uint8_t buf[16384];
    ssize_t n = read(l->fd_in, buf, sizeof(buf));
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    l->busy = 1;
    if (n > 0) {
        take(l, buf, (size_t)n);
    } else {
        finish(l, n == 0 ? STATUS_OK : STATUS_IO);
    }
    l->busy = 0;
    if (l->closed) {
        lines_free(l);
    }
}

enum status net_lines_open(struct net_lines **out, struct net_loop *loop,
                           int fd_in, int fd_out, net_line_fn *on_line,
                           void *ctx)
{
    *out = NULL;
    struct net_lines *l = mem_alloc(sizeof(*l));
    if (l == NULL) {
        return STATUS_NO_MEMORY;
    }
    l->loop = loop;
    l->fd_in = fd_in;
    l->fd_out = fd_out;
    l->on_line = on_line;
    l->ctx = ctx;
    wr_init(&l->line);
    if (fd_in >= 0) {
        enum status s = net_watch_fd(&l->watch, loop, fd_in, on_readable, l);
        if (s != STATUS_OK) {
            lines_free(l);
            return s;
        }
    }
    *out = l;
    return STATUS_OK;
}

static enum status write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
            continue;
        }
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        if (errno == EAGAIN && poll(&p, 1, WRITE_WAIT_MS) == 1) {
            continue;
        }
        if (errno != EINTR) {
            return STATUS_IO;
        }
    }
    return STATUS_OK;
}

enum status net_lines_write(struct net_lines *l, const char *text, size_t len)
{
    if (l->fd_out < 0) {
        return STATUS_MISUSE;
    }
    /* One write for a short line: lines of several writers do not mix. */
    char *line = mem_alloc(len + 1);
    if (line == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(line, text, len);
    line[len] = '\n';
    enum status s = write_all(l->fd_out, line, len + 1);
    mem_free(line);
    return s;
}

void net_lines_close(struct net_lines *l)
{
    if (l == NULL) {
        return;
    }
    if (l->busy) {
        l->closed = 1;
    } else {
        lines_free(l);
    }
}
