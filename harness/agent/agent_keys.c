/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The user's side of the key exchange with the KMS: one request over TCP with a 16-bit
 * length prefix (specs AMB-40). */
#include "harness/agent/agent_int.h"

#include "harness/base/mem.h"

#include <string.h>

#define KEYS_TIMEOUT_MS 10000

struct fetch {
    struct agent *agent;
    agent_keys_fn *done;
    struct ibake_key_request *req;
    struct net_stream *stream;
    struct net_timer *timer;
    struct wr in;
};

static void finish(struct fetch *f, enum status st, const char *why)
{
    struct agent *a = f->agent;
    agent_keys_fn *done = f->done;
    net_timer_cancel(&f->timer);
    if (f->stream != NULL) {
        net_stream_close(f->stream);
    }
    ibake_key_request_free(f->req);
    wr_cleanup(&f->in);
    mem_free(f);
    done(a, st, why);
}

static void on_timeout(void *ctx)
{
    struct fetch *f = ctx;
    f->timer = NULL;
    finish(f, STATUS_TIMEOUT, "the KMS does not answer");
}

static void on_data(void *ctx, struct net_stream *s, const uint8_t *data,
                    size_t len)
{
    struct fetch *f = ctx;
    (void)s;
    wr_bytes(&f->in, data, len);
    struct rd r;
    struct view msg = {0};
    uint16_t n = 0;
    rd_init(&r, f->in.data, f->in.len);
    rd_u16(&r, &n);
    if (rd_bytes(&r, &msg, n) != STATUS_OK) {
        return; /* more is to come */
    }
    size_t num = 0;
    enum status st = ibake_key_request_take(f->req, msg, &num);
    if (st == STATUS_OK && num == 0) {
        st = STATUS_NO_KEY;
    }
    finish(f, st, st == STATUS_OK ? "" : "the KMS refused or its answer is wrong");
}

static void on_closed(void *ctx, struct net_stream *s, enum status why)
{
    struct fetch *f = ctx;
    (void)s;
    (void)why;
    f->stream = NULL;
    finish(f, STATUS_IO, "the connection to the KMS failed");
}

static enum status start(struct fetch *f, const char *const *ids, size_t num)
{
    static const struct net_stream_cb cb = {.on_data = on_data,
                                            .on_closed = on_closed};
    struct agent *a = f->agent;
    const json_t *kms = json_object_get(a->provision, "kms");
    struct net_addr peer;
    struct view views[8];
    size_t psk_len = 0;
    if (num > 8 ||
        net_addr_of(&peer, json_str(kms, "address", ""),
                    (uint16_t)json_int(kms, "port", 0)) != STATUS_OK) {
        return STATUS_MISUSE;
    }
    for (size_t i = 0; i < num; i++) {
        views[i] = view_str(ids[i]);
    }
    uint8_t *psk = json_hex(kms, "psk", &psk_len);
    if (psk == NULL) {
        return STATUS_SYNTAX;
    }
    f->req = ibake_key_request_new(&a->ibake, views, num,
                                   view_str(json_str(kms, "identity", "")),
                                   view_str(json_str(kms, "psk_id", "")),
                                   (struct view){psk, psk_len});
    mem_free(psk);
    if (f->req == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct wr w;
    wr_init(&w);
    size_t mark = wr_open16(&w);
    enum status st = ibake_key_request_make(f->req, &w);
    wr_close16(&w, mark);
    st = st != STATUS_OK ? st : w.err;
    if (st == STATUS_OK) {
        struct net_addr local = a->addr;
        local.port = 0;
        st = net_tcp_connect(&f->stream, a->loop, &local, &peer, &cb, f);
    }
    if (st == STATUS_OK) {
        st = net_stream_send(f->stream, w.data, w.len);
    }
    wr_cleanup(&w);
    return st;
}

void agent_keys_fetch(struct agent *a, const char *const *ids, size_t num,
                      agent_keys_fn *done)
{
    struct fetch *f = mem_alloc(sizeof *f);
    if (f == NULL) {
        done(a, STATUS_NO_MEMORY, "out of memory");
        return;
    }
    f->agent = a;
    f->done = done;
    wr_init(&f->in);
    enum status st = start(f, ids, num);
    if (st != STATUS_OK) {
        finish(f, st, "the key request cannot be made");
        return;
    }
    f->timer = net_timer_start(a->loop, KEYS_TIMEOUT_MS, on_timeout, f);
}
