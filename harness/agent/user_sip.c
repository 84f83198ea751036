/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Requests of a user agent that make no call: REGISTER, SUBSCRIBE, and any
 * other. */
#include "harness/agent/user_int.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

#define SEND_TIMEOUT_MS 5000
#define AWAIT_TIMEOUT_MS 10000

struct sending {
    struct sending *next;
    struct user *user;
    int id;
    struct sip_out out;
    int authorized; /* digest was tried */
    int subscribes;
    int done;
    struct net_timer *timer;
};

static void on_event(void *ctx, const struct siptx_event *ev);

static void finish(struct sending *s)
{
    for (struct sending **p = &s->user->sendings; *p != NULL; p = &(*p)->next) {
        if (*p == s) {
            *p = s->next;
            break;
        }
    }
    net_timer_cancel(&s->timer);
    sip_out_free(&s->out);
    s->done = 1;
    agent_bury(s->user->agent, s); /* END is still to come */
}

void user_sendings_clear(struct user *u)
{
    while (u->sendings != NULL) {
        finish(u->sendings);
    }
}

static void on_timeout(void *ctx)
{
    struct sending *s = ctx;
    s->timer = NULL;
    agent_fail(s->user->agent, s->id, "no final response in time");
    finish(s);
}

static enum status transmit(struct sending *s)
{
    struct agent *a = s->user->agent;
    const struct siptx_dest dest = {.addr = a->outbound};
    struct siptx_dialog *dlg = s->user->subscription;
    if (s->subscribes && dlg != NULL && s->authorized == 0) {
        return siptx_dialog_send(dlg, &s->out, on_event, s, NULL);
    }
    return siptx_send(a->ep, &s->out, a->outbound.family != 0 ? &dest : NULL,
                      on_event, s, NULL);
}

static void on_event(void *ctx, const struct siptx_event *ev)
{
    struct sending *s = ctx;
    if (s->done) {
        return; /* the user may be gone already */
    }
    struct agent *a = s->user->agent;
    if (ev->kind == SIPTX_END ||
        (ev->kind == SIPTX_RESPONSE && ev->code < 200)) {
        return;
    }
    if (ev->kind == SIPTX_FAILED) {
        agent_fail(a, s->id, "the request failed: %s", status_name(ev->why));
        finish(s);
        return;
    }
    if ((ev->code == 401 || ev->code == 407) && !s->authorized &&
        siptx_authorize(a->ep, &s->out, ev->msg, &s->user->cred) == STATUS_OK) {
        s->authorized = 1;
        if (transmit(s) == STATUS_OK) {
            return;
        }
    }
    if (s->subscribes && ev->code < 300 && ev->dialog != NULL) {
        s->user->subscription = ev->dialog;
    }
    if (ev->code < 300 &&
        strcmp(siptx_client_method(ev->client), "INVITE") == 0 &&
        ev->dialog != NULL) {
        siptx_ack(ev->dialog, NULL);
        siptx_bye(ev->dialog, NULL, NULL, NULL);
    }
    char *reason = sip_dup(ev->msg->reason);
    agent_ok(a, s->id,
             json_pack("{s:i s:s}", "status", ev->code, "reason",
                       reason != NULL ? reason : ""));
    mem_free(reason);
    finish(s);
}

static struct sending *sending_new(struct agent *a, int id)
{
    struct user *u = a->state;
    struct sending *s = mem_alloc(sizeof *s);
    if (s != NULL) {
        s->user = u;
        s->id = id;
        sip_out_init(&s->out);
        s->next = u->sendings;
        u->sendings = s;
    }
    return s;
}

static void go(struct sending *s, enum status st)
{
    struct agent *a = s->user->agent;
    if (st == STATUS_OK) {
        st = transmit(s);
    }
    if (st != STATUS_OK) {
        agent_fail(a, s->id, "the request cannot be sent: %s", status_name(st));
        finish(s);
        return;
    }
    s->timer = net_timer_start(a->loop, SEND_TIMEOUT_MS, on_timeout, s);
}

static enum status begin(struct sending *s, const char *method, const char *uri,
                         const char *to_uri, const char *from_text)
{
    struct agent *a = s->user->agent;
    char *from = from_text != NULL ? mem_strdup(from_text)
                                   : mem_printf("<%s>", a->identity);
    char *to = mem_printf("<%s>", to_uri);
    enum status st = from == NULL || to == NULL
                         ? STATUS_NO_MEMORY
                         : siptx_request(a->ep, &s->out, method, uri, from, to);
    mem_free(from);
    mem_free(to);
    return st;
}

/* "sip:alice@home-a.example" is registered at "sip:home-a.example". */
static char *registrar_of(const char *identity)
{
    const char *at = strchr(identity, '@');
    return mem_printf("sip:%s", at != NULL ? at + 1 : "invalid");
}

void user_register(struct agent *a, int id, const json_t *args)
{
    struct sending *s = sending_new(a, id);
    char *uri = registrar_of(a->identity);
    long long expires = json_int(args, "expires", 600);
    enum status st = STATUS_NO_MEMORY;
    if (s != NULL && uri != NULL) {
        st = begin(s, "REGISTER", uri, a->identity, NULL);
    }
    mem_free(uri);
    if (s == NULL) {
        agent_fail(a, id, "out of memory");
        return;
    }
    sip_out_set(&s->out, "Expires", "%lld", expires < 0 ? 0 : expires);
    go(s, st);
}

void user_subscribe(struct agent *a, int id, const json_t *args)
{
    struct user *u = a->state;
    const char *account = json_str(args, "account", NULL);
    long long expires = json_int(args, "expires", 7200);
    if (account == NULL) {
        agent_fail(a, id, "subscribe needs 'account'");
        return;
    }
    struct sending *s = sending_new(a, id);
    if (s == NULL) {
        agent_fail(a, id, "out of memory");
        return;
    }
    s->subscribes = 1;
    u->notified = 0;
    enum status st = STATUS_OK;
    if (u->subscription != NULL &&
        (u->subscribed_to == NULL || strcmp(u->subscribed_to, account) != 0)) {
        u->subscription = NULL; /* another account: a dialog of its own */
    }
    if (u->subscription != NULL) {
        st = siptx_dialog_request(u->subscription, &s->out, "SUBSCRIBE");
    } else {
        st = begin(s, "SUBSCRIBE", account, account, NULL);
    }
    mem_free(u->subscribed_to);
    u->subscribed_to = mem_strdup(account);
    sip_out_set(&s->out, "Event", "message-summary");
    sip_out_set(&s->out, "Accept", "application/simple-message-summary");
    sip_out_set(&s->out, "Expires", "%lld", expires < 0 ? 0 : expires);
    sip_out_set(&s->out, "P-Preferred-Identity", "<%s>", a->identity);
    agent_add_lines(&s->out, json_str(args, "headers", NULL));
    go(s, st);
}

void user_send(struct agent *a, int id, const json_t *args)
{
    const char *method = json_str(args, "method", NULL);
    const char *to = json_str(args, "to", NULL);
    const char *body = json_str(args, "body", NULL);
    const char *body_type = json_str(args, "body_type", "text/plain");
    if (method == NULL || to == NULL) {
        agent_fail(a, id, "send needs 'method' and 'to'");
        return;
    }
    struct sending *s = sending_new(a, id);
    if (s == NULL) {
        agent_fail(a, id, "out of memory");
        return;
    }
    enum status st = begin(s, method, to, to, json_str(args, "from", NULL));
    if (strcmp(method, "SUBSCRIBE") == 0) {
        sip_out_set(&s->out, "Event", "message-summary");
    }
    agent_add_lines(&s->out, json_str(args, "headers", NULL));
    if (body != NULL && strcmp(body, "none") != 0) {
        sip_out_body(&s->out, body_type, body, strlen(body));
    }
    go(s, st);
}

/* ---- waiting for summaries ---- */

static void await_over(struct user *u)
{
    net_timer_cancel(&u->await_timer);
    agent_ok(u->agent, u->await_id,
             json_pack("{s:I}", "notified", (json_int_t)u->notified));
    u->notified = 0;
}

static void on_await_timeout(void *ctx)
{
    struct user *u = ctx;
    u->await_timer = NULL;
    await_over(u);
}

void user_notified(struct user *u)
{
    u->notified++;
    if (u->await_timer != NULL && u->notified >= u->awaited) {
        await_over(u);
    }
}

void user_await(struct agent *a, int id, const json_t *args)
{
    struct user *u = a->state;
    long long want = json_int(args, "notify", 1);
    long long ms = json_int(args, "timeout_ms", AWAIT_TIMEOUT_MS);
    if (u->await_timer != NULL) {
        agent_fail(a, id, "another await is not over");
        return;
    }
    if (want < 1 || want > 1000 || ms < 0 || ms > 86400000) {
        agent_fail(a, id,
                   "'notify' must be 1 to 1000, 'timeout_ms' a day at "
                   "most");
        return;
    }
    u->await_id = id;
    u->awaited = (unsigned)want;
    if (u->notified >= u->awaited) {
        await_over(u);
        return;
    }
    u->await_timer =
        net_timer_start(a->loop, (uint64_t)ms, on_await_timeout, u);
    if (u->await_timer == NULL) {
        agent_fail(a, id, "out of memory");
    }
}
