/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Server transactions (RFC 3261, 17.2; RFC 6026, 7.1).
 *
 *   INVITE:  TRYING -1xx-> PROCEEDING -3xx+-> COMPLETED (G, H) -ACK->
 *            CONFIRMED (I) -> end;  -2xx-> ACCEPTED (L) -> end
 *   others:  TRYING -1xx-> PROCEEDING -final-> COMPLETED (J) -> end */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

static void server_bury(void *object)
{
    struct siptx_server *tx = object;
    mem_free(tx->method);
    mem_free(tx->key);
    mem_free(tx->call_id);
    mem_free(tx->from_tag);
    mem_free(tx->via);
    mem_free(tx->response_name);
    stx_octets_free(&tx->response);
    stx_msg_free(tx->msg);
    stx_octets_free(&tx->raw);
    mem_free(tx);
}

static void forget_server(struct siptx_endpoint *ep,
                          const struct siptx_server *gone)
{
    for (struct node *n = ep->servers.next; n != &ep->servers; n = n->next) {
        struct siptx_server *tx = NODE_OF(struct siptx_server, node, n);
        if (tx->pracked == gone) {
            tx->pracked = NULL;
        }
    }
    for (struct node *n = ep->dialogs.next; n != &ep->dialogs; n = n->next) {
        struct dialog_priv *d = NODE_OF(struct dialog_priv, node, n);
        if (d->invite_in == gone) {
            d->invite_in = NULL;
        }
    }
}

void stx_server_end(struct siptx_server *tx)
{
    struct siptx_endpoint *ep = tx->ep;
    if (tx->state == SERVER_ENDED) {
        return;
    }
    tx->state = SERVER_ENDED;
    net_timer_cancel(&tx->resend);
    net_timer_cancel(&tx->timeout);
    net_timer_cancel(&tx->trying);
    stx_reliable_clear(tx);
    stx_node_del(&tx->node);
    ep->num_servers--;
    forget_server(ep, tx);
    stx_dialogs_end_early(ep, NULL, tx);
    if (ep->cfg.on.on_server_end != NULL) {
        ep->cfg.on.on_server_end(ep->cfg.ctx, tx);
    }
    stx_bury(ep, &tx->grave, server_bury, tx);
}

/* ---- making ---- */

/* 17.2.3: branch, sent-by and method; without the magic cookie what RFC 2543
 * compared. */
static char *make_key(const struct sip_msg *msg, const char *method)
{
    struct sip_via via = {0};
    struct view top = sip_value(msg, SIP_HDR_VIA, 0);
    (void)sip_via(top, &via);
    if (via.branch.len > 7 && memcmp(via.branch.data, "z9hG4bK", 7) == 0) {
        return mem_printf("%.*s|%.*s:%u|%s", (int)via.branch.len,
                          (const char *)via.branch.data, (int)via.host.len,
                          (const char *)via.host.data, via.port, method);
    }
    struct view id = sip_value(msg, SIP_HDR_CALL_ID, 0);
    struct view tag = stx_msg_tag(msg, SIP_HDR_FROM);
    return mem_printf("%.*s|%.*s|%u|%s|%.*s", (int)id.len,
                      (const char *)id.data, (int)tag.len,
                      (const char *)tag.data, stx_msg_cseq(msg), method,
                      (int)top.len, (const char *)top.data);
}

static struct siptx_server *find_key(struct siptx_endpoint *ep, const char *key)
{
    for (struct node *n = ep->servers.next; n != &ep->servers; n = n->next) {
        struct siptx_server *tx = NODE_OF(struct siptx_server, node, n);
        if (strcmp(tx->key, key) == 0) {
            return tx;
        }
    }
    return NULL;
}

static struct siptx_server *find_server(struct siptx_endpoint *ep,
                                        const struct sip_msg *msg,
                                        const char *method)
{
    char *key = make_key(msg, method);
    struct siptx_server *tx = key != NULL ? find_key(ep, key) : NULL;
    mem_free(key);
    return tx;
}

/* Where "rport" without a value ends in the Via; 0 if there is none (RFC 3581).
 */
static size_t rport_end(struct view top, const struct sip_via *via)
{
    struct view rest = via->params;
    struct sip_param p;
    while (sip_param_next(&rest, &p)) {
        if (sip_is_nocase(p.name, "rport") && p.value.len == 0) {
            return (size_t)(p.name.data - top.data) + p.name.len;
        }
    }
    return 0;
}

/* 18.2.1, RFC 3581: received and rport; 18.2.2: where responses go. */
static void set_via(struct siptx_server *tx, const struct source *from)
{
    struct sip_via via = {0};
    struct view top = sip_trim(sip_value(tx->msg, SIP_HDR_VIA, 0));
    struct net_addr sent_by = {0};
    char host[NET_ADDR_TEXT];
    char received[NET_ADDR_TEXT + 16] = "";
    char port[8] = "";
    (void)sip_via(top, &via);
    size_t cut = rport_end(top, &via);
    if (cut != 0) {
        snprintf(port, sizeof(port), "=%u", from->addr.port);
    }
    if (net_addr_parse(&sent_by, (const char *)via.host.data, via.host.len) !=
            STATUS_OK ||
        !net_addr_same_host(&sent_by, &from->addr) || cut != 0) {
        snprintf(received, sizeof(received), ";received=%s",
                 net_addr_host(host, &from->addr));
    }
    tx->to = (struct target){from->addr, from->transport, from->conn};
    if (from->transport != SIPTX_UDP || cut == 0) {
        tx->to.addr.port = via.port != 0 ? via.port : 5060;
    }
    tx->via = mem_printf("%.*s%s%.*s%s", (int)cut, (const char *)top.data, port,
                         (int)(top.len - cut), (const char *)top.data + cut,
                         received);
}

static struct siptx_server *server_new(struct siptx_endpoint *ep,
                                       const struct sip_msg *msg,
                                       const struct source *from,
                                       const char *method)
{
    if (ep->num_servers >= SIPTX_MAX_TX) {
        return NULL;
    }
    struct siptx_server *tx = mem_alloc(sizeof(*tx));
    if (tx == NULL) {
        return NULL;
    }
    struct view raw = msg->raw;
    stx_node_init(&tx->reliables);
    tx->ep = ep;
    tx->is_invite = strcmp(method, "INVITE") == 0;
    tx->method = mem_strdup(method);
    tx->key = make_key(msg, method);
    tx->cseq = stx_msg_cseq(msg);
    tx->call_id = sip_dup(sip_value(msg, SIP_HDR_CALL_ID, 0));
    tx->from_tag = sip_dup(stx_msg_tag(msg, SIP_HDR_FROM));
    tx->raw = (struct octets){mem_dup(raw.data, raw.len), raw.len};
    tx->msg =
        tx->raw.data != NULL ? stx_msg_parse(tx->raw.data, raw.len) : NULL;
    if (tx->msg != NULL) {
        set_via(tx, from);
    }
    if (tx->method == NULL || tx->key == NULL || tx->call_id == NULL ||
        tx->from_tag == NULL || tx->msg == NULL || tx->via == NULL) {
        server_bury(tx);
        return NULL;
    }
    siptx_token(ep, tx->tag, 16);
    stx_node_add(&ep->servers, &tx->node);
    ep->num_servers++;
    return tx;
}

/* ---- sending ---- */

static void on_server_over(void *ctx) /* H, I, J, and L of a proxy */
{
    struct siptx_server *tx = ctx;
    tx->timeout = NULL;
    stx_server_end(tx);
}

static void start_timeout(struct siptx_server *tx, uint64_t ms,
                          net_timer_fn *fn)
{
    net_timer_cancel(&tx->timeout);
    tx->timeout = net_timer_start(tx->ep->cfg.loop, ms, fn, tx);
}

static void resend_response(struct siptx_server *tx)
{
    if (tx->response.data != NULL) {
        tx->repeats++;
        (void)stx_transport_send(tx->ep, &tx->to, tx->response_name,
                                 tx->repeats, &tx->response);
    }
}

static void on_resend(void *ctx) /* G */
{
    struct siptx_server *tx = ctx;
    struct siptx_endpoint *ep = tx->ep;
    tx->resend = NULL;
    resend_response(tx);
    tx->interval_ms *= 2;
    if (tx->interval_ms > stx_t2(ep)) {
        tx->interval_ms = stx_t2(ep);
    }
    tx->resend = net_timer_start(ep->cfg.loop, tx->interval_ms, on_resend, tx);
}

static void finish_invite(struct siptx_server *tx, int code)
{
    struct siptx_endpoint *ep = tx->ep;
    stx_reliable_clear(tx);
    if (code < 300) {
        tx->state = SERVER_ACCEPTED;
        if (ep->cfg.is_proxy) {
            start_timeout(tx, 64 * stx_t1(ep), on_server_over); /* L */
        } else {
            stx_accept_start(tx);
        }
        return;
    }
    tx->state = SERVER_COMPLETED;
    start_timeout(tx, 64 * stx_t1(ep), on_server_over); /* H */
    if (!stx_is_reliable_transport(tx->to.transport)) {
        tx->interval_ms = stx_t1(ep);
        tx->resend =
            net_timer_start(ep->cfg.loop, tx->interval_ms, on_resend, tx);
    }
}

static void finish(struct siptx_server *tx, int code)
{
    struct siptx_endpoint *ep = tx->ep;
    tx->final_code = code;
    tx->repeats = 0;
    net_timer_cancel(&tx->trying);
    if (tx->is_invite) {
        finish_invite(tx, code);
        return;
    }
    tx->state = SERVER_COMPLETED;
    start_timeout(
        tx, stx_is_reliable_transport(tx->to.transport) ? 0 : 64 * stx_t1(ep),
        on_server_over); /* J */
}

/* Encodes with edits, sends, and keeps the octets for retransmissions. */
static enum status send_response(struct siptx_server *tx,
                                 const struct sip_out *out, int code)
{
    struct octets o = {0};
    char *name = mem_printf("%s/%d", tx->method, code);
    if (name == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status s = stx_encode(tx->ep, out, name, &o);
    if (s != STATUS_OK) {
        mem_free(name);
        return s;
    }
    stx_octets_free(&tx->response);
    mem_free(tx->response_name);
    tx->response = o;
    tx->response_name = name;
    tx->repeats = 0;
    (void)stx_transport_send(tx->ep, &tx->to, name, 0, &o);
    return STATUS_OK;
}

/* Dialogs follow what was really sent. */
static void follow_dialog(struct siptx_server *tx, int code)
{
    struct siptx_endpoint *ep = tx->ep;
    if (ep->cfg.is_proxy || code <= 100) {
        return;
    }
    struct sip_msg *sent = stx_msg_parse(tx->response.data, tx->response.len);
    if (sent != NULL && code < 300) {
        struct siptx_dialog *d = stx_dialog_from_reply(tx, sent);
        if (d != NULL) {
            tx->dialog = d;
        }
    }
    stx_msg_free(sent);
    if (code >= 300 && tx->is_invite) {
        stx_dialogs_end_early(ep, NULL, tx);
    }
    if (code >= 200 && code < 300 && tx->dialog != NULL &&
        strcmp(tx->method, "BYE") == 0) {
        stx_dialog_end(tx->dialog);
    }
}

enum status siptx_reply(struct siptx_server *tx, const struct sip_out *out)
{
    int code = out->status;
    int again = tx->state == SERVER_ACCEPTED && code >= 200 && code < 300;
    if (tx->state != SERVER_TRYING && tx->state != SERVER_PROCEEDING &&
        !again) {
        return STATUS_UNEXPECTED;
    }
    enum status s = send_response(tx, out, code);
    if (s != STATUS_OK) {
        return s;
    }
    if (code < 200) {
        tx->state = SERVER_PROCEEDING;
        net_timer_cancel(&tx->trying);
    } else if (!again) {
        finish(tx, code);
    }
    follow_dialog(tx, code);
    return STATUS_OK;
}

enum status siptx_reply_status(struct siptx_server *tx, int code,
                               const char *reason, const char *extra)
{
    struct sip_out out;
    enum status s = siptx_response(tx, &out, code, reason);
    if (s == STATUS_OK && extra != NULL) {
        s = sip_out_add_line(&out, extra);
    }
    if (s == STATUS_OK) {
        s = siptx_reply(tx, &out);
    }
    sip_out_free(&out);
    return s;
}

void stx_server_ack_2xx(struct siptx_server *tx)
{
    tx->acked = 1;
    net_timer_cancel(&tx->resend);
    start_timeout(tx, 64 * stx_t1(tx->ep), on_server_over);
}

/* ---- receiving ---- */

static void on_trying(void *ctx)
{
    struct siptx_server *tx = ctx;
    tx->trying = NULL;
    if (tx->state == SERVER_TRYING) {
        (void)siptx_reply_status(tx, 100, NULL, NULL);
    }
}

static void take_ack(struct siptx_endpoint *ep, const struct sip_msg *msg)
{
    struct siptx_server *tx = find_server(ep, msg, "INVITE");
    if (tx != NULL && tx->state == SERVER_COMPLETED) {
        tx->state = SERVER_CONFIRMED;
        net_timer_cancel(&tx->resend);
        start_timeout(
            tx, stx_is_reliable_transport(tx->to.transport) ? 0 : stx_t4(ep),
            on_server_over); /* I */
        return;
    }
    if (tx != NULL && tx->state == SERVER_CONFIRMED) {
        return;
    }
    if (ep->cfg.is_proxy) {
        if (ep->cfg.on.on_ack != NULL) {
            ep->cfg.on.on_ack(ep->cfg.ctx, NULL, msg);
        }
        return;
    }
    struct siptx_dialog *d = stx_dialog_of(
        ep, sip_value(msg, SIP_HDR_CALL_ID, 0), stx_msg_tag(msg, SIP_HDR_TO),
        stx_msg_tag(msg, SIP_HDR_FROM));
    tx = d != NULL ? stx_dialog_priv_of(d)->invite_in : NULL;
    if (tx == NULL || tx->state != SERVER_ACCEPTED || tx->acked ||
        tx->cseq != stx_msg_cseq(msg)) {
        return;
    }
    stx_server_ack_2xx(tx);
    if (ep->cfg.on.on_ack != NULL) {
        ep->cfg.on.on_ack(ep->cfg.ctx, d, msg);
    }
}

static void take_cancel(struct siptx_server *tx, const struct sip_msg *msg)
{
    struct siptx_endpoint *ep = tx->ep;
    struct siptx_server *invite = find_server(ep, msg, "INVITE");
    if (invite == NULL) {
        (void)siptx_reply_status(tx, 481, NULL, NULL);
        return;
    }
    /* 9.2: the To tag of both answers should be one. */
    memcpy(tx->tag, invite->tag, sizeof(tx->tag));
    (void)siptx_reply_status(tx, 200, NULL, NULL);
    if (invite->state != SERVER_TRYING && invite->state != SERVER_PROCEEDING) {
        return; /* too late: it has its final response */
    }
    if (ep->cfg.on.on_cancel != NULL) {
        ep->cfg.on.on_cancel(ep->cfg.ctx, invite, msg);
    } else if (!ep->cfg.is_proxy) {
        (void)siptx_reply_status(invite, 487, NULL, NULL);
    }
}

/* 8.2.2.2: the same request on another way. */
static int is_merged(const struct siptx_server *tx)
{
    const struct node *list = &tx->ep->servers;
    for (const struct node *n = list->next; n != list; n = n->next) {
        const struct siptx_server *o = NODE_OF(struct siptx_server, node, n);
        if (o != tx && o->cseq == tx->cseq &&
            strcmp(o->method, tx->method) == 0 &&
            strcmp(o->call_id, tx->call_id) == 0 &&
            strcmp(o->from_tag, tx->from_tag) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_target_refresh(const char *method)
{
    return strcmp(method, "INVITE") == 0 || strcmp(method, "UPDATE") == 0 ||
           strcmp(method, "SUBSCRIBE") == 0 || strcmp(method, "NOTIFY") == 0;
}

/* What a user agent answers by itself; 0: the owner's affair. */
static int check_dialog(struct siptx_server *tx)
{
    struct siptx_endpoint *ep = tx->ep;
    struct view to_tag = stx_msg_tag(tx->msg, SIP_HDR_TO);
    if (to_tag.len == 0) {
        return is_merged(tx) ? 482 : 0;
    }
    struct siptx_dialog *d = stx_dialog_of(ep, sip_text(tx->call_id), to_tag,
                                           stx_msg_tag(tx->msg, SIP_HDR_FROM));
    if (d == NULL && strcmp(tx->method, "NOTIFY") == 0) {
        d = stx_dialog_from_notify(ep, tx->msg);
    }
    if (d == NULL) {
        return 481; /* 12.2.2 */
    }
    if (d->has_remote_cseq && tx->cseq < d->remote_cseq) {
        return 500; /* 12.2.2: out of order */
    }
    tx->dialog = d;
    d->remote_cseq = tx->cseq;
    d->has_remote_cseq = 1;
    if (is_target_refresh(tx->method)) {
        stx_dialog_refresh_target(d, tx->msg);
    }
    if (tx->is_invite) {
        stx_dialog_priv_of(d)->invite_in = tx;
    }
    if (strcmp(tx->method, "PRACK") == 0) {
        tx->pracked = stx_reliable_prack(ep, tx->msg, d);
        return tx->pracked == NULL ? 481 : 0; /* RFC 3262, 3 */
    }
    return 0;
}

static int is_complete(const struct sip_msg *msg, const char *method)
{
    struct sip_cseq cseq;
    struct sip_addr a;
    return sip_cseq(sip_value(msg, SIP_HDR_CSEQ, 0), &cseq) == STATUS_OK &&
           sip_is(cseq.method, method) &&
           sip_value(msg, SIP_HDR_CALL_ID, 0).len > 0 &&
           sip_addr(sip_value(msg, SIP_HDR_FROM, 0), &a) == STATUS_OK &&
           sip_addr(sip_value(msg, SIP_HDR_TO, 0), &a) == STATUS_OK;
}

static void offer(struct siptx_server *tx)
{
    struct siptx_endpoint *ep = tx->ep;
    int code = ep->cfg.is_proxy ? 0 : check_dialog(tx);
    if (code != 0) {
        (void)siptx_reply_status(tx, code, NULL, NULL);
        return;
    }
    if (tx->is_invite && ep->cfg.is_proxy) {
        (void)siptx_reply_status(tx, 100, NULL, NULL);
    } else if (tx->is_invite) {
        tx->trying =
            net_timer_start(ep->cfg.loop, SIPTX_100_AFTER_MS, on_trying, tx);
    }
    if (ep->cfg.on.on_request != NULL) {
        ep->cfg.on.on_request(ep->cfg.ctx, tx, tx->msg, tx->dialog);
    } else {
        (void)siptx_reply_status(tx, 501, NULL, NULL);
    }
}

static void take_request(struct siptx_endpoint *ep, const struct sip_msg *msg,
                         const struct source *from, const char *method)
{
    struct sip_via via;
    if (sip_via(sip_value(msg, SIP_HDR_VIA, 0), &via) != STATUS_OK) {
        return; /* no way to answer */
    }
    if (strcmp(method, "ACK") == 0) {
        take_ack(ep, msg);
        return;
    }
    struct siptx_server *tx = find_server(ep, msg, method);
    if (tx != NULL) {
        if (tx->state == SERVER_PROCEEDING || tx->state == SERVER_COMPLETED) {
            resend_response(tx);
        }
        return;
    }
    tx = server_new(ep, msg, from, method);
    if (tx == NULL) {
        return;
    }
    if (!is_complete(msg, method)) {
        (void)siptx_reply_status(tx, 400, NULL, NULL);
    } else if (strcmp(method, "CANCEL") == 0) {
        take_cancel(tx, msg);
    } else {
        offer(tx);
    }
}

void stx_server_on_request(struct siptx_endpoint *ep, const struct sip_msg *msg,
                           const struct source *from)
{
    char *method = sip_dup(msg->method);
    if (method != NULL) {
        take_request(ep, msg, from, method);
    }
    mem_free(method);
}

/* ---- for the owner ---- */

const struct sip_msg *siptx_server_request(const struct siptx_server *tx)
{
    return tx->msg;
}

struct siptx_dialog *siptx_server_dialog(const struct siptx_server *tx)
{
    return tx->dialog;
}

struct siptx_server *siptx_server_pracked(const struct siptx_server *tx)
{
    return tx->pracked;
}

struct siptx_dest siptx_server_peer(const struct siptx_server *tx)
{
    return (struct siptx_dest){tx->to.addr, tx->to.transport};
}

void siptx_server_set_user(struct siptx_server *tx, void *user)
{
    tx->user = user;
}

void *siptx_server_user(const struct siptx_server *tx)
{
    return tx->user;
}

enum status siptx_server_set_tag(struct siptx_server *tx, const char *tag)
{
    if (strlen(tag) >= sizeof(tx->tag)) {
        return STATUS_BAD_LENGTH;
    }
    memset(tx->tag, 0, sizeof(tx->tag));
    memcpy(tx->tag, tag, strlen(tag));
    return STATUS_OK;
}

void stx_server_drop_dialog(struct siptx_endpoint *ep, struct siptx_dialog *dlg)
{
    for (struct node *n = ep->servers.next; n != &ep->servers; n = n->next) {
        struct siptx_server *tx = NODE_OF(struct siptx_server, node, n);
        if (tx->dialog == dlg) {
            tx->dialog = NULL;
        }
    }
}
