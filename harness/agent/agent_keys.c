/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The user's side of the key exchange with the KMS: one request over TCP with a
 * 16-bit length prefix (specs AMB-40). */
#include "harness/agent/agent_int.h"

#include "harness/base/mem.h"

#include <string.h>

#define KEYS_TIMEOUT_MS 10000
#define KEYS_MAX 8

/* ---- one message there, one back ---- */

struct kms_call {
    struct agent *agent;
    agent_kms_fn *done;
    void *ctx;
    struct net_stream *stream;
    struct net_timer *timer;
    struct wr in;
};

void agent_kms_cancel(struct kms_call *c)
{
    if (c != NULL) {
        net_timer_cancel(&c->timer);
        if (c->stream != NULL) {
            net_stream_close(c->stream);
        }
        wr_cleanup(&c->in);
        mem_free(c);
    }
}

static void report(struct kms_call *c, enum status st, struct view msg)
{
    agent_kms_fn *done = c->done;
    void *ctx = c->ctx;
    struct wr in = c->in; /* msg points into it */
    wr_init(&c->in);
    agent_kms_cancel(c);
    done(ctx, st, msg);
    wr_cleanup(&in);
}

static void on_timeout(void *ctx)
{
    struct kms_call *c = ctx;
    c->timer = NULL;
    report(c, STATUS_TIMEOUT, (struct view){0});
}

static void on_data(void *ctx, struct net_stream *s, const uint8_t *data,
                    size_t len)
{
    struct kms_call *c = ctx;
    (void)s;
    wr_bytes(&c->in, data, len);
    struct rd r;
    struct view msg = {0};
    uint16_t n = 0;
    rd_init(&r, c->in.data, c->in.len);
    rd_u16(&r, &n);
    if (rd_bytes(&r, &msg, n) == STATUS_OK) {
        report(c, STATUS_OK, msg);
    } else if (c->in.err != STATUS_OK) {
        report(c, c->in.err, (struct view){0});
    }
}

static void on_closed(void *ctx, struct net_stream *s, enum status why)
{
    struct kms_call *c = ctx;
    (void)s;
    c->stream = NULL;
    report(c, why == STATUS_OK ? STATUS_NOT_FOUND : why, (struct view){0});
}

enum status agent_kms_call(struct kms_call **out, struct agent *a,
                           struct view request, unsigned timeout_ms,
                           agent_kms_fn *done, void *ctx)
{
    static const struct net_stream_cb cb = {.on_data = on_data,
                                            .on_closed = on_closed};
    const json_t *kms = json_object_get(a->provision, "kms");
    struct net_addr peer;
    struct net_addr local = a->addr;
    local.port = 0;
    if (net_addr_of(&peer, json_str(kms, "address", ""),
                    (uint16_t)json_int(kms, "port", 0)) != STATUS_OK ||
        peer.port == 0) {
        return STATUS_MISUSE;
    }
    struct kms_call *c = mem_alloc(sizeof *c);
    if (c == NULL) {
        return STATUS_NO_MEMORY;
    }
    *c = (struct kms_call){.agent = a, .done = done, .ctx = ctx};
    wr_init(&c->in);
    struct wr w;
    wr_init(&w);
    size_t mark = wr_open16(&w);
    wr_bytes(&w, request.data, request.len);
    wr_close16(&w, mark);
    enum status st = w.err;
    if (st == STATUS_OK) {
        st = net_tcp_connect(&c->stream, a->loop, &local, &peer, &cb, c);
    }
    if (st == STATUS_OK) {
        st = net_stream_send(c->stream, w.data, w.len);
    }
    if (st == STATUS_OK) {
        c->timer = net_timer_start(a->loop, timeout_ms, on_timeout, c);
        st = c->timer == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    wr_cleanup(&w);
    if (st != STATUS_OK) {
        agent_kms_cancel(c);
        return st;
    }
    *out = c;
    return STATUS_OK;
}

/* ---- keys for the key ring ---- */

struct fetch {
    struct agent *agent;
    agent_keys_fn *done;
    struct ibake_key_request *req;
};

static void finish(struct fetch *f, enum status st, const char *why)
{
    struct agent *a = f->agent;
    agent_keys_fn *done = f->done;
    a->kms_call = NULL;
    ibake_key_request_free(f->req);
    mem_free(f);
    done(a, st, why);
}

static void on_response(void *ctx, enum status st, struct view msg)
{
    struct fetch *f = ctx;
    size_t num = 0;
    if (st != STATUS_OK) {
        finish(f, st,
               st == STATUS_TIMEOUT ? "the KMS does not answer"
                                    : "the connection to the KMS failed");
        return;
    }
    st = ibake_key_request_take(f->req, msg, &num);
    if (st == STATUS_OK && num == 0) {
        st = STATUS_NO_KEY;
    }
    finish(f, st,
           st == STATUS_OK ? "" : "the KMS refused or its answer is wrong");
}

enum status agent_key_request(struct ibake_key_request **out, struct agent *a,
                              const struct ibake_config *cfg,
                              const char *const *ids, size_t num)
{
    const json_t *kms = json_object_get(a->provision, "kms");
    struct view views[KEYS_MAX];
    size_t psk_len = 0;
    if (num > KEYS_MAX) {
        return STATUS_MISUSE;
    }
    for (size_t i = 0; i < num; i++) {
        views[i] = view_str(ids[i]);
    }
    uint8_t *psk = json_hex(kms, "psk", &psk_len);
    if (psk == NULL) {
        return STATUS_SYNTAX;
    }
    *out = ibake_key_request_new(
        cfg, views, num, view_str(json_str(kms, "identity", "")),
        view_str(json_str(kms, "psk_id", "")), (struct view){psk, psk_len});
    mem_wipe(psk, psk_len);
    mem_free(psk);
    return *out != NULL ? STATUS_OK : STATUS_NO_MEMORY;
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
    struct wr w;
    wr_init(&w);
    enum status st = agent_key_request(&f->req, a, &a->ibake, ids, num);
    if (st == STATUS_OK) {
        st = ibake_key_request_make(f->req, &w);
    }
    if (st == STATUS_OK) {
        st = agent_kms_call(&a->kms_call, a, (struct view){w.data, w.len},
                            KEYS_TIMEOUT_MS, on_response, f);
    }
    wr_cleanup(&w);
    if (st != STATUS_OK) {
        finish(f, st, "the key request cannot be made");
        return;
    }
    a->kms_fetch = f;
}

void agent_keys_cancel(struct agent *a)
{
    if (a->kms_call != NULL) {
        agent_kms_cancel(a->kms_call);
        a->kms_call = NULL;
        ibake_key_request_free(((struct fetch *)a->kms_fetch)->req);
        mem_free(a->kms_fetch);
    }
}
