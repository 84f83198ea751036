/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Client transactions (RFC 3261, 17.1; RFC 6026, 7.2).
 *
 *   INVITE:  CALLING -1xx-> PROCEEDING -3xx+-> COMPLETED (ACK, D) -> end
 *                           `--2xx-> ACCEPTED (M) -> end
 *   others:  CALLING -1xx-> PROCEEDING -final-> COMPLETED (K) -> end */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

static void emit(struct siptx_client *tx, enum siptx_kind kind,
                 const struct sip_msg *msg, struct siptx_dialog *dialog,
                 enum status why)
{
    struct siptx_event ev = {.kind = kind,
                             .client = tx,
                             .msg = msg,
                             .code = msg != NULL ? msg->status : 0,
                             .dialog = dialog,
                             .why = why};
    if (tx->on_event != NULL) {
        tx->on_event(tx->ctx, &ev);
    }
}

static void client_bury(void *object)
{
    struct siptx_client *tx = object;
    mem_free(tx->method);
    mem_free(tx->branch);
    mem_free(tx->cancel_extra);
    stx_octets_free(&tx->request);
    stx_octets_free(&tx->ack);
    mem_free(tx);
}

static void stop_timers(struct siptx_client *tx)
{
    net_timer_cancel(&tx->resend);
    net_timer_cancel(&tx->timeout);
}

void stx_client_end(struct siptx_client *tx)
{
    if (tx->state == CLIENT_ENDED) {
        return;
    }
    tx->state = CLIENT_ENDED;
    stop_timers(tx);
    stx_node_del(&tx->node);
    stx_dialogs_end_early(tx->ep, tx, NULL);
    emit(tx, SIPTX_END, NULL, NULL, STATUS_OK);
    stx_bury(tx->ep, &tx->grave, client_bury, tx);
}

/* What a final response or its absence does to the dialog of the request
 * (12.2.1.2, 15.1.1). */
static void judge_dialog(struct siptx_client *tx, int code)
{
    struct siptx_dialog *d = tx->dialog;
    if (d != NULL && code >= 200 &&
        (code == 481 || code == 408 || strcmp(tx->method, "BYE") == 0)) {
        stx_dialog_end(d);
    }
}

static void fail(struct siptx_client *tx, enum status why)
{
    stop_timers(tx);
    emit(tx, SIPTX_FAILED, NULL, tx->dialog, why);
    if (tx->state != CLIENT_ENDED) {
        judge_dialog(tx, 408);
        stx_client_end(tx);
    }
}

static void on_fail_now(void *ctx)
{
    struct siptx_client *tx = ctx;
    tx->timeout = NULL;
    fail(tx, STATUS_IO);
}

void stx_client_transport_failed(struct siptx_endpoint *ep, uint64_t conn)
{
    struct node *n = ep->clients.next;
    while (n != &ep->clients) {
        struct siptx_client *tx = NODE_OF(struct siptx_client, node, n);
        n = n->next;
        if (tx->to.conn == conn && tx->state == CLIENT_CALLING) {
            /* From the loop: the callback may do what it likes. */
            net_timer_cancel(&tx->timeout);
            tx->timeout = net_timer_start(ep->cfg.loop, 0, on_fail_now, tx);
        }
    }
}

/* ---- timers ---- */

static void on_timeout(void *ctx) /* B, F */
{
    struct siptx_client *tx = ctx;
    tx->timeout = NULL;
    fail(tx, STATUS_TIMEOUT);
}

static void on_linger_over(void *ctx) /* D, K, M */
{
    struct siptx_client *tx = ctx;
    tx->timeout = NULL;
    stx_client_end(tx);
}

static void start_timeout(struct siptx_client *tx, uint64_t ms,
                          net_timer_fn *fn)
{
    net_timer_cancel(&tx->timeout);
    tx->timeout = net_timer_start(tx->ep->cfg.loop, ms, fn, tx);
}

static void on_resend(void *ctx) /* A, E */
{
    struct siptx_client *tx = ctx;
    struct siptx_endpoint *ep = tx->ep;
    tx->resend = NULL;
    tx->repeats++;
    (void)stx_transport_send(ep, &tx->to, tx->method, tx->repeats,
                             &tx->request);
    tx->interval_ms *= 2; /* A: without limit (17.1.1.2) */
    if (!tx->is_invite &&
        (tx->interval_ms > stx_t2(ep) || tx->state == CLIENT_PROCEEDING)) {
        tx->interval_ms = stx_t2(ep);
    }
    tx->resend = net_timer_start(ep->cfg.loop, tx->interval_ms, on_resend, tx);
}

/* ---- responses ---- */

static void send_ack(struct siptx_client *tx, const struct sip_msg *response)
{
    struct siptx_endpoint *ep = tx->ep;
    if (tx->ack.data == NULL) {
        struct sip_out out;
        struct sip_msg *request =
            stx_msg_parse(tx->request.data, tx->request.len);
        if (request == NULL) {
            return; /* an edit made it unreadable: no ACK for that */
        }
        if (stx_make_ack(&out, request, response) == STATUS_OK) {
            (void)stx_encode(ep, &out, "ACK", &tx->ack);
        }
        sip_out_free(&out);
        stx_msg_free(request);
    }
    if (tx->ack.data != NULL) {
        (void)stx_transport_send(ep, &tx->to, "ACK", 0, &tx->ack);
    }
}

static void invite_provisional(struct siptx_client *tx,
                               const struct sip_msg *msg)
{
    if (tx->state != CLIENT_CALLING && tx->state != CLIENT_PROCEEDING) {
        return;
    }
    if (tx->state == CLIENT_CALLING) {
        tx->state = CLIENT_PROCEEDING;
        stop_timers(tx);
    }
    if (tx->cancel_wanted) {
        tx->cancel_wanted = 0;
        (void)siptx_cancel_now(tx, tx->cancel_extra);
    }
    struct siptx_dialog *d = stx_dialog_from_response(tx, msg);
    if (d != NULL && siptx_is_reliable(msg) && !stx_dialog_takes_rseq(d, msg)) {
        return;
    }
    emit(tx, SIPTX_RESPONSE, msg, d, STATUS_OK);
}

static void invite_success(struct siptx_client *tx, const struct sip_msg *msg)
{
    struct siptx_endpoint *ep = tx->ep;
    if (tx->state == CLIENT_COMPLETED) {
        return;
    }
    if (tx->state != CLIENT_ACCEPTED) {
        tx->state = CLIENT_ACCEPTED;
        tx->final_code = msg->status;
        stop_timers(tx);
        start_timeout(tx, 64 * stx_t1(ep), on_linger_over); /* M */
    }
    struct siptx_dialog *d = stx_dialog_from_response(tx, msg);
    if (d != NULL && !stx_dialog_takes_2xx(d, msg)) {
        return; /* a repetition: acknowledged again */
    }
    emit(tx, SIPTX_RESPONSE, msg, d, STATUS_OK);
}

static void invite_failure(struct siptx_client *tx, const struct sip_msg *msg)
{
    struct siptx_endpoint *ep = tx->ep;
    if (tx->state == CLIENT_COMPLETED) {
        send_ack(tx, msg);
        return;
    }
    if (tx->state == CLIENT_ACCEPTED) {
        return;
    }
    tx->state = CLIENT_COMPLETED;
    tx->final_code = msg->status;
    stop_timers(tx);
    send_ack(tx, msg);
    uint64_t d_ms = ep->cfg.timer_d_ms != 0 ? ep->cfg.timer_d_ms : 32000;
    start_timeout(tx, stx_is_reliable_transport(tx->to.transport) ? 0 : d_ms,
                  on_linger_over);
    emit(tx, SIPTX_RESPONSE, msg, stx_dialog_known(tx, msg), STATUS_OK);
    judge_dialog(tx, tx->final_code);
    stx_dialogs_end_early(ep, tx, NULL);
}

static void other_response(struct siptx_client *tx, const struct sip_msg *msg)
{
    int code = msg->status;
    if (tx->state != CLIENT_CALLING && tx->state != CLIENT_PROCEEDING) {
        return;
    }
    if (code < 200) {
        tx->state = CLIENT_PROCEEDING;
        emit(tx, SIPTX_RESPONSE, msg, tx->dialog, STATUS_OK);
        return;
    }
    tx->state = CLIENT_COMPLETED;
    tx->final_code = code;
    stop_timers(tx);
    start_timeout(
        tx, stx_is_reliable_transport(tx->to.transport) ? 0 : stx_t4(tx->ep),
        on_linger_over); /* K */
    struct siptx_dialog *d = tx->dialog;
    if (code < 300) {
        d = stx_dialog_from_response(tx, msg);
    }
    emit(tx, SIPTX_RESPONSE, msg, d, STATUS_OK);
    judge_dialog(tx, code);
}

void stx_client_on_response(struct siptx_client *tx, const struct sip_msg *msg)
{
    int code = msg->status;
    if (!tx->is_invite) {
        other_response(tx, msg);
    } else if (code < 200) {
        invite_provisional(tx, msg);
    } else if (code < 300) {
        invite_success(tx, msg);
    } else {
        invite_failure(tx, msg);
    }
}

struct siptx_client *stx_client_find(struct siptx_endpoint *ep,
                                     struct view branch, struct view method)
{
    for (struct node *n = ep->clients.next; n != &ep->clients; n = n->next) {
        struct siptx_client *tx = NODE_OF(struct siptx_client, node, n);
        if (sip_is(branch, tx->branch) && sip_is(method, tx->method)) {
            return tx;
        }
    }
    return NULL;
}

/* ---- sending ---- */

static void start(struct siptx_client *tx)
{
    struct siptx_endpoint *ep = tx->ep;
    enum status s =
        stx_transport_send(ep, &tx->to, tx->method, 0, &tx->request);
    if (s != STATUS_OK) {
        start_timeout(tx, 0, on_fail_now);
        return;
    }
    start_timeout(tx, 64 * stx_t1(ep), on_timeout);
    if (!stx_is_reliable_transport(tx->to.transport)) {
        tx->interval_ms = stx_t1(ep);
        tx->resend =
            net_timer_start(ep->cfg.loop, tx->interval_ms, on_resend, tx);
    }
}

/* The branch and method are those that really go out, edits included: the
 * response will repeat them. */
static enum status learn_names(struct siptx_client *tx, const char *method)
{
    struct sip_via via = {0};
    struct sip_msg *msg = stx_msg_parse(tx->request.data, tx->request.len);
    if (msg != NULL) {
        (void)sip_via(sip_value(msg, SIP_HDR_VIA, 0), &via);
    }
    tx->branch = sip_dup(via.branch);
    tx->method = mem_strdup(method);
    tx->is_invite = strcmp(method, "INVITE") == 0;
    stx_msg_free(msg);
    return tx->branch == NULL || tx->method == NULL ? STATUS_NO_MEMORY
                                                    : STATUS_OK;
}

/* Starts a transaction for a request that has its Via. */
static enum status launch(struct siptx_endpoint *ep, const struct sip_out *out,
                          const char *method, const struct target *to,
                          struct siptx_client **result)
{
    struct siptx_client *tx = mem_alloc(sizeof(*tx));
    *result = NULL;
    if (tx == NULL) {
        return STATUS_NO_MEMORY;
    }
    tx->ep = ep;
    tx->to = *to;
    enum status s = stx_encode(ep, out, method, &tx->request);
    if (s == STATUS_OK) {
        s = learn_names(tx, method);
    }
    if (s != STATUS_OK) {
        client_bury(tx);
        return s;
    }
    stx_node_add(&ep->clients, &tx->node);
    *result = tx;
    return STATUS_OK;
}

static enum status push_via(struct siptx_endpoint *ep, struct sip_out *out,
                            enum siptx_transport transport)
{
    char host[NET_ADDR_TEXT];
    char token[17];
    siptx_token(ep, token, 16);
    return sip_out_prepend(
        out, "Via", "SIP/2.0/%s %s:%u;branch=z9hG4bK-%s;rport",
        stx_transport_word(transport), net_addr_uri_host(host, &ep->addr),
        ep->addr.port, token);
}

static int too_large(const struct siptx_endpoint *ep, size_t len)
{
    /* 18.1.1: within 200 octets of the path MTU, or 1300 if that is unknown */
    size_t limit = ep->cfg.mtu > 200 ? ep->cfg.mtu - 200 : SIPTX_UDP_LIMIT;
    return !ep->cfg.no_udp_fallback && len > limit;
}

/* Finds the next hop, adds the Via, and takes TCP if the request is large. */
static enum status address(struct siptx_endpoint *ep, struct sip_out *copy,
                           const struct sip_out *out,
                           const struct siptx_dest *dest, struct target *to,
                           char **method)
{
    struct octets plain = {0};
    enum status s = stx_out_encode(out, &plain);
    struct sip_msg *msg =
        s == STATUS_OK ? stx_msg_parse(plain.data, plain.len) : NULL;
    if (s == STATUS_OK && msg == NULL) {
        s = STATUS_MISUSE; /* no request at all */
    }
    if (s == STATUS_OK) {
        s = stx_find_next_hop(ep, msg, dest, to);
    }
    if (s == STATUS_OK) {
        *method = sip_dup(msg->method);
        s = *method == NULL ? STATUS_NO_MEMORY : sip_out_copy(copy, out);
    }
    if (s == STATUS_OK) {
        /* A Via of ours has some 90 octets. */
        if (to->transport == SIPTX_UDP && too_large(ep, plain.len + 90)) {
            to->transport = SIPTX_TCP;
        }
        s = push_via(ep, copy, to->transport);
    }
    stx_msg_free(msg);
    stx_octets_free(&plain);
    return s;
}

enum status stx_client_send(struct siptx_endpoint *ep,
                            const struct sip_out *out,
                            const struct siptx_dest *dest,
                            struct siptx_dialog *dialog, int forwarded,
                            siptx_event_fn *on_event, void *ctx,
                            struct siptx_client **result)
{
    struct sip_out copy;
    struct target to;
    char *method = NULL;
    struct siptx_client *tx = NULL;
    sip_out_init(&copy);
    enum status s = address(ep, &copy, out, dest, &to, &method);
    if (s == STATUS_OK) {
        s = launch(ep, &copy, method, &to, &tx);
    }
    if (s == STATUS_OK) {
        tx->dialog = dialog;
        tx->forwarded = forwarded;
        tx->on_event = on_event;
        tx->ctx = ctx;
        start(tx);
    }
    if (result != NULL) {
        *result = tx;
    }
    mem_free(method);
    sip_out_free(&copy);
    return s;
}

enum status siptx_send(struct siptx_endpoint *ep, const struct sip_out *out,
                       const struct siptx_dest *dest, siptx_event_fn *on_event,
                       void *ctx, struct siptx_client **tx)
{
    return stx_client_send(ep, out, dest, NULL, 0, on_event, ctx, tx);
}

enum status siptx_dialog_send(struct siptx_dialog *dlg,
                              const struct sip_out *out,
                              siptx_event_fn *on_event, void *ctx,
                              struct siptx_client **tx)
{
    return stx_client_send(dlg->ep, out, NULL, dlg, 0, on_event, ctx, tx);
}

enum status stx_address_ack(struct siptx_endpoint *ep,
                            const struct sip_out *out,
                            const struct siptx_dest *dest, struct target *to,
                            struct octets *octets)
{
    struct sip_out copy;
    char *method = NULL;
    sip_out_init(&copy);
    enum status s = address(ep, &copy, out, dest, to, &method);
    if (s == STATUS_OK) {
        s = stx_encode(ep, &copy, "ACK", octets);
    }
    mem_free(method);
    sip_out_free(&copy);
    return s;
}

/* ---- CANCEL ---- */

enum status siptx_cancel_now(struct siptx_client *invite, const char *extra)
{
    struct siptx_endpoint *ep = invite->ep;
    struct siptx_client *tx = NULL;
    struct sip_out out;
    if (!invite->is_invite || (invite->state != CLIENT_CALLING &&
                               invite->state != CLIENT_PROCEEDING)) {
        return STATUS_UNEXPECTED;
    }
    struct sip_msg *request =
        stx_msg_parse(invite->request.data, invite->request.len);
    if (request == NULL) {
        return STATUS_UNEXPECTED;
    }
    enum status s = stx_make_cancel(&out, request, extra);
    if (s == STATUS_OK) {
        s = launch(ep, &out, "CANCEL", &invite->to, &tx);
    }
    if (s == STATUS_OK) {
        tx->forwarded = 1; /* makes no dialog */
        start(tx);
        /* 9.1: without a final response within 64*T1 it is as good as dead. */
        start_timeout(invite, 64 * stx_t1(ep), on_timeout);
    }
    sip_out_free(&out);
    stx_msg_free(request);
    return s;
}

enum status siptx_cancel(struct siptx_client *invite, const char *extra)
{
    if (invite->state == CLIENT_PROCEEDING) {
        return siptx_cancel_now(invite, extra);
    }
    if (!invite->is_invite || invite->state != CLIENT_CALLING) {
        return STATUS_UNEXPECTED;
    }
    char *copy = extra != NULL ? mem_strdup(extra) : NULL;
    if (extra != NULL && copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    mem_free(invite->cancel_extra);
    invite->cancel_extra = copy;
    invite->cancel_wanted = 1;
    return STATUS_OK;
}

void siptx_client_forget(struct siptx_client *tx)
{
    tx->on_event = NULL;
}

const char *siptx_client_method(const struct siptx_client *tx)
{
    return tx->method;
}

const char *siptx_client_branch(const struct siptx_client *tx)
{
    return tx->branch;
}

void stx_client_drop_dialog(struct siptx_endpoint *ep, struct siptx_dialog *dlg)
{
    for (struct node *n = ep->clients.next; n != &ep->clients; n = n->next) {
        struct siptx_client *tx = NODE_OF(struct siptx_client, node, n);
        if (tx->dialog == dlg) {
            tx->dialog = NULL;
        }
    }
}
