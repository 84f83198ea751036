/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Any octets from a peer: as datagrams and on a TCP connection in pieces, to a
 * user agent with a call under way and to a proxy. The first octet chooses the
 * pieces; datagrams are cut at "\n---\n". */
#include "harness/siptx/siptx.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
    struct env env;
    struct net_loop *loop;
    struct siptx_endpoint *ua;
    struct siptx_endpoint *proxy;
    struct net_udp *udp;
    struct net_listener *listener;
};

static void ua_on_request(void *ctx, struct siptx_server *tx,
                          const struct sip_msg *msg,
                          struct siptx_dialog *dialog)
{
    (void)ctx;
    (void)msg;
    if (dialog == NULL) {
        struct sip_out out;
        if (siptx_response(tx, &out, 183, NULL) == STATUS_OK) {
            (void)siptx_reply_reliable(tx, &out);
            sip_out_free(&out);
        }
    }
    (void)siptx_reply_status(tx, 200, NULL, NULL);
}

static void on_event(void *ctx, const struct siptx_event *ev)
{
    struct sip_out out;
    struct siptx_credentials cred = {"u", "p", 0};
    (void)ctx;
    if (ev->kind != SIPTX_RESPONSE) {
        return;
    }
    if (siptx_prack(ev, &out) == STATUS_OK) {
        (void)siptx_dialog_send(ev->dialog, &out, on_event, ctx, NULL);
        sip_out_free(&out);
    }
    if (ev->dialog != NULL && ev->code >= 200) {
        (void)siptx_ack(ev->dialog, NULL);
    }
    if (ev->code == 401 &&
        sip_out_request(&out, "OPTIONS", "sip:x") == STATUS_OK) {
        (void)sip_out_add(&out, "CSeq", "1 OPTIONS");
        (void)siptx_authorize(ctx, &out, ev->msg, &cred);
        sip_out_free(&out);
    }
}

static void on_relay(void *ctx, const struct siptx_event *ev)
{
    if (ev->kind == SIPTX_RESPONSE) {
        (void)siptx_relay(ctx, ev->msg);
    } else if (ev->kind == SIPTX_END) {
        siptx_server_set_user(ctx, NULL);
    }
}

/* The server transaction may go first: its branch then has nobody to tell. */
static void on_server_end(void *ctx, struct siptx_server *tx)
{
    (void)ctx;
    if (siptx_server_user(tx) != NULL) {
        siptx_client_forget(siptx_server_user(tx));
    }
}

static void proxy_on_request(void *ctx, struct siptx_server *tx,
                             const struct sip_msg *msg,
                             struct siptx_dialog *dialog)
{
    struct sip_out out;
    struct siptx_client *client = NULL;
    (void)ctx;
    (void)msg;
    (void)dialog;
    if (siptx_forward_copy(tx, &out, 1) == STATUS_OK) {
        (void)siptx_forward(tx, &out, NULL, on_relay, tx, &client);
        siptx_server_set_user(tx, client);
        sip_out_free(&out);
    }
}

static void on_packet(void *ctx, struct net_udp *udp,
                      const struct net_addr *from, const uint8_t *data,
                      size_t len)
{
    (void)ctx;
    (void)udp;
    (void)from;
    (void)data;
    (void)len;
}

static const struct net_stream_cb quiet = {.on_data = NULL};

static void begin(struct fuzz *f)
{
    struct siptx_config c = {.transport = SIPTX_UDP};
    struct net_addr peer;
    struct sip_out out;
    env_init_virtual(&f->env, UINT64_C(1700000000000000), 1);
    if (net_loop_new(&f->loop, &f->env, NET_VIRTUAL) != STATUS_OK) {
        abort();
    }
    c.loop = f->loop;
    c.env = &f->env;
    c.on.on_request = ua_on_request;
    (void)net_addr_of(&c.addr, "127.0.0.1", 5060);
    (void)siptx_new(&f->ua, &c);
    c.on.on_request = proxy_on_request;
    c.on.on_server_end = on_server_end;
    c.is_proxy = 1;
    (void)net_addr_of(&c.addr, "127.0.0.3", 5060);
    (void)siptx_new(&f->proxy, &c);
    (void)net_addr_of(&peer, "127.0.0.2", 5060);
    (void)net_udp_open(&f->udp, f->loop, &peer, on_packet, NULL);
    (void)siptx_request(f->ua, &out, "INVITE", "sip:bob@127.0.0.2", "<sip:a@x>",
                        "<sip:b@y>");
    (void)siptx_send(f->ua, &out, NULL, on_event, f->ua, NULL);
    sip_out_free(&out);
    net_loop_settle(f->loop);
}

static const char mark[] = "\n---\n";
#define MARK_LEN (sizeof(mark) - 1)

static size_t find_mark(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + MARK_LEN <= size; i++) {
        if (memcmp(data + i, mark, MARK_LEN) == 0) {
            return i;
        }
    }
    return size;
}

static void datagrams(struct fuzz *f, const struct net_addr *to,
                      const uint8_t *data, size_t size)
{
    while (size > 0) {
        size_t n = find_mark(data, size);
        (void)net_udp_send(f->udp, to, data, n > 65000 ? 65000 : n);
        net_loop_run_for(f->loop, 300);
        n += n < size ? MARK_LEN : 0;
        data += n;
        size -= n;
    }
}

static void stream(struct fuzz *f, const struct net_addr *to, size_t piece,
                   const uint8_t *data, size_t size)
{
    struct net_stream *s;
    if (net_tcp_connect(&s, f->loop, NULL, to, &quiet, NULL) != STATUS_OK) {
        return;
    }
    for (size_t i = 0; i < size; i += piece) {
        size_t n = size - i < piece ? size - i : piece;
        (void)net_stream_send(s, data + i, n);
    }
    net_loop_settle(f->loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz f = {.loop = NULL};
    if (size < 2) {
        return 0;
    }
    begin(&f);
    struct net_addr ua = siptx_addr(f.ua);
    struct net_addr proxy = siptx_addr(f.proxy);
    size_t piece = data[0] < 8 ? (size_t)data[0] + 1 : (size_t)data[0] * 8;
    datagrams(&f, &ua, data + 1, size - 1);
    datagrams(&f, &proxy, data + 1, size - 1);
    stream(&f, &ua, piece, data + 1, size - 1);
    stream(&f, &proxy, piece, data + 1, size - 1);
    net_loop_run_for(f.loop, 70000);
    siptx_free(f.ua);
    siptx_free(f.proxy);
    net_loop_free(f.loop);
    return 0;
}
