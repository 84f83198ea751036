/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The key management service: answers MIKEY key requests over TCP and UDP. */
#include "harness/agent/agent_int.h"

#include "harness/base/mem.h"

#include <string.h>

#define KMS_MAX_USERS 16
#define KMS_MAX_IDS 8
#define KMS_MAX_DATES 16
#define KMS_MAX_MESSAGE 65535

struct kms_state {
    struct ibake_kms kms;
    struct ibake_kms_user users[KMS_MAX_USERS];
    const char *ids[KMS_MAX_USERS][KMS_MAX_IDS + 1];
    uint8_t *psk[KMS_MAX_USERS];
    const char *dates[KMS_MAX_DATES + 1];
    uint8_t *master;
    struct net_listener *listener;
    struct net_udp *udp;
};

struct conn {
    struct agent *agent;
    struct wr in;
};

/* Appends the answer to one request; nothing if there is none to give. */
static void answer(struct agent *a, struct view msg, struct wr *out)
{
    struct kms_state *k = a->state;
    enum status st = ibake_kms_answer(&a->ibake, &k->kms, msg, out);
    log_at(&a->log, LOG_NOTE, "key request of %zu octets: %s", msg.len,
           status_name(st));
}

static void conn_free(struct conn *c)
{
    wr_cleanup(&c->in);
    mem_free(c);
}

static void on_data(void *ctx, struct net_stream *s, const uint8_t *data,
                    size_t len)
{
    struct conn *c = ctx;
    wr_bytes(&c->in, data, len);
    struct rd r;
    rd_init(&r, c->in.data, c->in.len);
    size_t used = 0;
    for (;;) {
        uint16_t n = 0;
        struct view msg = {0};
        rd_u16(&r, &n);
        if (rd_bytes(&r, &msg, n) != STATUS_OK) {
            break;
        }
        used = r.pos;
        struct wr w;
        wr_init(&w);
        size_t mark = wr_open16(&w);
        answer(c->agent, msg, &w);
        wr_close16(&w, mark);
        if (w.err == STATUS_OK && w.len > 2) {
            net_stream_send(s, w.data, w.len);
        }
        wr_cleanup(&w);
    }
    if (used > 0) {
        memmove(c->in.data, c->in.data + used, c->in.len - used);
        c->in.len -= used;
    }
}

static void on_closed(void *ctx, struct net_stream *s, enum status why)
{
    (void)s;
    (void)why;
    conn_free(ctx);
}

static void on_accept(void *ctx, struct net_listener *l, struct net_stream *s)
{
    static const struct net_stream_cb cb = {.on_data = on_data,
                                            .on_closed = on_closed};
    struct conn *c = mem_alloc(sizeof *c);
    (void)l;
    if (c == NULL) {
        net_stream_close(s);
        return;
    }
    c->agent = ctx;
    wr_init(&c->in);
    net_stream_set_cb(s, &cb, c);
}

static void on_packet(void *ctx, struct net_udp *udp,
                      const struct net_addr *from, const uint8_t *data,
                      size_t len)
{
    struct wr w;
    wr_init(&w);
    answer(ctx, (struct view){data, len}, &w);
    if (w.err == STATUS_OK && w.len > 0) {
        net_udp_send(udp, from, w.data, w.len);
    }
    wr_cleanup(&w);
}

static void load_users(struct agent *a, struct kms_state *k, const json_t *list)
{
    static const char *const everybody[] = {"*", NULL};
    size_t i;
    json_t *u;
    json_array_foreach(list, i, u)
    {
        if (k->kms.num_users == KMS_MAX_USERS) {
            break;
        }
        size_t n = k->kms.num_users++;
        size_t len = 0;
        size_t j;
        json_t *id;
        size_t num = 0;
        k->psk[n] = json_hex(u, "psk", &len);
        json_array_foreach(json_object_get(u, "identities"), j, id)
        {
            if (num < KMS_MAX_IDS && json_is_string(id)) {
                k->ids[n][num++] = json_string_value(id);
            }
        }
        k->users[n] = (struct ibake_kms_user){
            .psk_id = json_str(u, "psk_id", ""),
            .psk = {k->psk[n], k->psk[n] != NULL ? len : 0},
            .identities =
                agent_does(a, FAULT_KMS_SERVE_ANYBODY) ? everybody : k->ids[n]};
    }
}

static enum status kms_start(struct agent *a, const json_t *p, char why[256])
{
    struct kms_state *k = mem_alloc(sizeof *k);
    size_t len = 0;
    if (k == NULL) {
        return STATUS_NO_MEMORY;
    }
    a->state = k;
    k->master = json_hex(p, "master", &len);
    k->kms = (struct ibake_kms){
        .identity = a->identity,
        .params = ibake_keyring_params(a->keyring, view_str("sip:x@example")),
        .master = {k->master, len},
        .users = k->users,
        .dates = k->dates};
    load_users(a, k, json_object_get(p, "users"));
    size_t i;
    json_t *d;
    json_array_foreach(json_object_get(p, "dates"), i, d)
    {
        if (i < KMS_MAX_DATES) {
            k->dates[i] = json_string_value(d);
        }
    }
    if (k->master == NULL || k->kms.params == NULL || k->dates[0] == NULL) {
        snprintf(why, 256, "the KMS needs params, master and dates");
        return STATUS_MISUSE;
    }
    struct net_addr at = a->addr;
    at.port = (uint16_t)json_int(p, "port", 7557);
    enum status st = net_tcp_listen(&k->listener, a->loop, &at, on_accept, a);
    if (st == STATUS_OK) {
        st = net_udp_open(&k->udp, a->loop, &at, on_packet, a);
    }
    if (st != STATUS_OK) {
        char text[NET_ADDR_TEXT];
        snprintf(why, 256, "cannot listen at %s: %s", net_addr_text(text, &at),
                 status_name(st));
    }
    return st;
}

static void kms_stop(struct agent *a)
{
    struct kms_state *k = a->state;
    if (k == NULL) {
        return;
    }
    net_listener_close(k->listener);
    net_udp_close(k->udp);
    for (size_t i = 0; i < KMS_MAX_USERS; i++) {
        mem_free(k->psk[i]);
    }
    mem_free(k->master);
    mem_free(k);
    a->state = NULL;
}

static const char *const names[] = {"KMS", NULL};
static const struct agent_verb verbs[] = {{NULL, NULL}};
const struct agent_role role_kms = {
    .names = names, .verbs = verbs, .start = kms_start, .stop = kms_stop};
