/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The endpoint under test and its raw peer. */
#include "tests/unit/siptx/siptx_tests.h"

#include "harness/base/mem.h"
#include "harness/siptx/siptx_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void note(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct world *w, const char *fmt, ...)
{
    va_list ap;
    size_t n = strlen(w->log);
    va_start(ap, fmt);
    vsnprintf(w->log + n, sizeof(w->log) - n, fmt, ap);
    va_end(ap);
}

static void see(struct world *w, const uint8_t *data, size_t len)
{
    if (w->num_seen < MAX_SEEN) {
        struct seen *s = &w->seen[w->num_seen++];
        s->at_ms = net_loop_now_ms(w->loop);
        s->text = strndup((const char *)data, len); /* never made to fail */
        s->len = len;
    }
}

static void on_packet(void *ctx, struct net_udp *u, const struct net_addr *from,
                      const uint8_t *data, size_t len)
{
    (void)u;
    (void)from;
    see(ctx, data, len);
}

static void on_data(void *ctx, struct net_stream *s, const uint8_t *data,
                    size_t len)
{
    (void)s;
    see(ctx, data, len);
}

static void on_closed(void *ctx, struct net_stream *s, enum status why)
{
    struct world *w = ctx;
    (void)why;
    w->closed++;
    if (w->stream == s) {
        w->stream = NULL;
    }
}

static const struct net_stream_cb stream_cb = {.on_data = on_data,
                                               .on_closed = on_closed};

static void on_accept(void *ctx, struct net_listener *l, struct net_stream *s)
{
    struct world *w = ctx;
    (void)l;
    w->accepted++;
    w->stream = s;
    net_stream_set_cb(s, &stream_cb, w);
}

/* ---- the owner ---- */

static void on_request(void *ctx, struct siptx_server *tx,
                       const struct sip_msg *msg, struct siptx_dialog *dialog)
{
    struct world *w = ctx;
    (void)msg;
    w->server = tx;
    note(w, "request%s ", dialog != NULL ? "+dialog" : "");
    if (dialog != NULL) {
        w->dialog = dialog;
    }
    char codes[sizeof(w->answer)];
    memcpy(codes, w->answer, sizeof(codes));
    char *save = NULL;
    for (char *c = strtok_r(codes, " ", &save); c != NULL;
         c = strtok_r(NULL, " ", &save)) {
        int code = atoi(c);
        struct sip_out out;
        CU_ASSERT(siptx_response(tx, &out, code, NULL) == STATUS_OK);
        enum status s = w->reliable && code > 100 && code < 200
                            ? siptx_reply_reliable(tx, &out)
                            : siptx_reply(tx, &out);
        CU_ASSERT(s == STATUS_OK);
        sip_out_free(&out);
        if (siptx_server_dialog(tx) != NULL) {
            w->dialog = siptx_server_dialog(tx);
        }
    }
}

static void on_ack(void *ctx, struct siptx_dialog *dialog,
                   const struct sip_msg *msg)
{
    (void)msg;
    note(ctx, "ack%s ", dialog != NULL ? "+dialog" : "");
}

static void on_unacked(void *ctx, struct siptx_server *invite,
                       struct siptx_dialog *dialog, int code)
{
    struct world *w = ctx;
    (void)invite;
    (void)dialog;
    note(w, "unacked %d at %u ", code, (unsigned)net_loop_now_ms(w->loop));
}

static void on_stray(void *ctx, const struct sip_msg *msg)
{
    (void)msg;
    note(ctx, "stray ");
}

static void on_dialog_end(void *ctx, struct siptx_dialog *dlg)
{
    struct world *w = ctx;
    note(w, "dialog-end ");
    if (w->dialog == dlg) {
        w->dialog = NULL;
    }
}

static void on_server_end(void *ctx, struct siptx_server *tx)
{
    struct world *w = ctx;
    if (w->server == tx) {
        w->server = NULL;
    }
}

static void on_send(void *ctx, struct siptx_sending *s)
{
    struct world *w = ctx;
    if (w->drop_first > 0) {
        w->drop_first--;
        s->copies = 0;
    }
}

static void on_garbage(void *ctx, const struct net_addr *from,
                       const uint8_t *data, size_t len)
{
    (void)from;
    (void)data;
    note(ctx, "garbage %u ", (unsigned)len);
}

static void on_event(void *ctx, const struct siptx_event *ev)
{
    struct world *w = ctx;
    switch (ev->kind) {
    case SIPTX_RESPONSE:
        note(w, "%d ", ev->code);
        break;
    case SIPTX_FAILED:
        note(w, "failed:%s at %u ", status_name(ev->why),
             (unsigned)net_loop_now_ms(w->loop));
        break;
    case SIPTX_END:
        note(w, "end at %u ", (unsigned)net_loop_now_ms(w->loop));
        if (w->client == ev->client) {
            w->client = NULL;
        }
        return;
    }
    if (ev->dialog != NULL) {
        w->dialog = ev->dialog;
    }
    if (w->auto_ack && ev->code >= 200 && ev->code < 300 &&
        ev->dialog != NULL &&
        strcmp(siptx_client_method(ev->client), "INVITE") == 0) {
        CU_ASSERT(siptx_ack(ev->dialog, NULL) == STATUS_OK);
    }
    struct sip_out out;
    if (w->auto_prack && siptx_prack(ev, &out) == STATUS_OK) {
        CU_ASSERT(siptx_dialog_send(ev->dialog, &out, NULL, NULL, NULL) ==
                  STATUS_OK);
        sip_out_free(&out);
    }
}

void world_callbacks(struct siptx_config *c, struct world *w)
{
    c->on = (struct siptx_handlers){.on_request = on_request,
                                    .on_ack = on_ack,
                                    .on_unacked = on_unacked,
                                    .on_stray = on_stray,
                                    .on_dialog_end = on_dialog_end,
                                    .on_server_end = on_server_end,
                                    .on_send = on_send,
                                    .on_garbage = on_garbage};
    c->ctx = w;
}

void world_begin(struct world *w, const struct siptx_config *config)
{
    struct siptx_config c = {.transport = SIPTX_UDP};
    struct net_addr peer;
    memset(w, 0, sizeof(*w));
    w->live = mem_live();
    env_init_virtual(&w->env, UINT64_C(1700000000000000), 1);
    CU_ASSERT_FATAL(net_loop_new(&w->loop, &w->env, NET_VIRTUAL) == STATUS_OK);
    if (config != NULL) {
        c = *config;
    }
    struct siptx_handlers own = c.on;
    world_callbacks(&c, w);
    if (own.on_cancel != NULL) {
        c.on.on_cancel = own.on_cancel;
    }
    c.loop = w->loop;
    c.env = &w->env;
    c.user = "alice";
    CU_ASSERT(net_addr_of(&c.addr, "127.0.0.1", 5060) == STATUS_OK);
    CU_ASSERT_FATAL(siptx_new(&w->ep, &c) == STATUS_OK);
    CU_ASSERT(net_addr_of(&peer, "127.0.0.2", 5060) == STATUS_OK);
    CU_ASSERT_FATAL(net_udp_open(&w->udp, w->loop, &peer, on_packet, w) ==
                    STATUS_OK);
    CU_ASSERT_FATAL(net_tcp_listen(&w->listener, w->loop, &peer, on_accept,
                                   w) == STATUS_OK);
}

void world_end(struct world *w)
{
    siptx_free(w->ep);
    net_loop_free(w->loop);
    for (size_t i = 0; i < w->num_seen; i++) {
        free(w->seen[i].text);
    }
    CU_ASSERT(mem_live() == w->live);
}

struct siptx_client *world_send_to(struct world *w, struct sip_out *out,
                                   const struct siptx_dest *dest)
{
    struct siptx_client *tx = NULL;
    CU_ASSERT(siptx_send(w->ep, out, dest, on_event, w, &tx) == STATUS_OK);
    sip_out_free(out);
    w->client = tx;
    return tx;
}

struct siptx_client *world_send(struct world *w, struct sip_out *out)
{
    return world_send_to(w, out, NULL);
}

struct siptx_client *world_start(struct world *w, const char *method)
{
    struct sip_out out;
    CU_ASSERT_FATAL(siptx_request(w->ep, &out, method, "sip:bob@127.0.0.2:5060",
                                  "<sip:alice@home-a.example>",
                                  "<sip:bob@home-b.example>") == STATUS_OK);
    return world_send(w, &out);
}

/* ---- the peer ---- */

void peer_send(struct world *w, const char *text)
{
    struct net_addr to = siptx_addr(w->ep);
    CU_ASSERT(net_udp_send(w->udp, &to, (const uint8_t *)text, strlen(text)) ==
              STATUS_OK);
    net_loop_settle(w->loop);
}

void peer_send_tcp(struct world *w, const char *text)
{
    CU_ASSERT_FATAL(w->stream != NULL);
    CU_ASSERT(net_stream_send(w->stream, (const uint8_t *)text, strlen(text)) ==
              STATUS_OK);
    net_loop_settle(w->loop);
}

void peer_connect(struct world *w)
{
    struct net_addr local = net_listener_local(w->listener);
    struct net_addr to = siptx_addr(w->ep);
    local.port = 0;
    CU_ASSERT_FATAL(net_tcp_connect(&w->stream, w->loop, &local, &to,
                                    &stream_cb, w) == STATUS_OK);
    net_loop_settle(w->loop);
}

const char *seen_field(struct world *w, size_t i, const char *name)
{
    static char buf[8][512];
    static unsigned turn;
    char *out = buf[turn++ % 8];
    size_t n = strlen(name);
    out[0] = '\0';
    CU_ASSERT_FATAL(i < w->num_seen);
    for (const char *p = w->seen[i].text; p != NULL && *p != '\0';) {
        const char *eol = strstr(p, "\r\n");
        if (eol == NULL || eol == p) {
            break;
        }
        if (strncasecmp(p, name, n) == 0 && p[n] == ':') {
            p += n + 1;
            p += strspn(p, " ");
            snprintf(out, 512, "%.*s", (int)(eol - p), p);
            break;
        }
        p = eol + 2;
    }
    return out;
}

int seen_starts(struct world *w, size_t i, const char *text)
{
    return i < w->num_seen && strncmp(w->seen[i].text, text, strlen(text)) == 0;
}

const char *seen_times(struct world *w, const char *text)
{
    static char out[1000];
    out[0] = '\0';
    for (size_t i = 0; i < w->num_seen; i++) {
        if (seen_starts(w, i, text)) {
            size_t n = strlen(out);
            snprintf(out + n, sizeof(out) - n, "%s%u", n > 0 ? " " : "",
                     (unsigned)w->seen[i].at_ms);
        }
    }
    return out;
}

const char *tag_of(const char *field)
{
    const char *p = strstr(field, ";tag=");
    return p != NULL ? p + 5 : "";
}

char *peer_response(struct world *w, size_t i, const char *status,
                    const char *tag, const char *lines)
{
    const char *to = seen_field(w, i, "To");
    return mem_printf("SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s%s%s\r\n"
                      "Call-ID: %s\r\nCSeq: %s\r\n%sContent-Length: 0\r\n\r\n",
                      status, seen_field(w, i, "Via"), seen_field(w, i, "From"),
                      to, tag != NULL ? ";tag=" : "", tag != NULL ? tag : "",
                      seen_field(w, i, "Call-ID"), seen_field(w, i, "CSeq"),
                      lines != NULL ? lines : "");
}

void peer_reply(struct world *w, size_t i, const char *status, const char *tag,
                const char *lines)
{
    char *text = peer_response(w, i, status, tag, lines);
    CU_ASSERT_FATAL(text != NULL);
    if (w->stream != NULL) {
        peer_send_tcp(w, text);
    } else {
        peer_send(w, text);
    }
    mem_free(text);
}

char *peer_request_text(const char *method, const char *branch,
                        const char *to_tag, unsigned cseq, const char *lines,
                        const char *transport)
{
    return mem_printf(
        "%s sip:alice@127.0.0.1:5060 SIP/2.0\r\n"
        "Via: SIP/2.0/%s 127.0.0.2:5060;branch=%s\r\nMax-Forwards: 70\r\n"
        "From: <sip:bob@home-b.example>;tag=b1\r\n"
        "To: <sip:alice@home-a.example>%s%s\r\nCall-ID: call-1@peer\r\n"
        "CSeq: %u %s\r\nContact: <sip:bob@127.0.0.2:5060;transport=%s>\r\n"
        "%sContent-Length: 0\r\n\r\n",
        method, transport, branch, to_tag != NULL ? ";tag=" : "",
        to_tag != NULL ? to_tag : "", cseq, method, transport,
        lines != NULL ? lines : "");
}

void peer_request(struct world *w, const char *method, const char *branch,
                  const char *to_tag, unsigned cseq, const char *lines)
{
    int tcp = w->stream != NULL;
    char *text = peer_request_text(method, branch, to_tag, cseq, lines,
                                   tcp ? "TCP" : "UDP");
    CU_ASSERT_FATAL(text != NULL);
    if (tcp) {
        peer_send_tcp(w, text);
    } else {
        peer_send(w, text);
    }
    mem_free(text);
}

struct sip_msg *unit_parse(const char *text)
{
    return stx_msg_parse((const uint8_t *)text, strlen(text));
}

void unit_parse_free(struct sip_msg *msg)
{
    stx_msg_free(msg);
}
