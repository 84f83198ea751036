/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Forwarding: who is asked where, diversion to the mailbox, History-Info,
 * asserted identities, forking (RFC 3261, 16; RFC 3325; RFC 4458; RFC 7044;
 * specs 3.1). */
#include "harness/agent/core_int.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

#define MAX_BRANCHES 3

struct branch {
    struct siptx_client *client; /* NULL: over, or never begun */
    int is_user;                 /* the called user's own device */
    int final;                   /* its final status, 0 = none yet */
};

struct core_call {
    struct core_call *next;
    struct core *core;
    struct siptx_server *tx;  /* NULL: gone */
    struct core_user *called; /* the user that is diverted, or NULL */
    struct branch branches[MAX_BRANCHES];
    size_t num;
    struct net_timer *no_reply;
    char *tried;          /* Contact of the user that was tried */
    struct sip_out *best; /* best final response so far, our Via off */
    int best_status;
    int diverted, answered, cancelled;
};

static void on_event(void *ctx, const struct siptx_event *ev);

/* ---- life ---- */

static void call_bury(struct core_call *c)
{
    struct core *k = c->core;
    for (struct core_call **p = &k->calls; *p != NULL; p = &(*p)->next) {
        if (*p == c) {
            *p = c->next;
            break;
        }
    }
    net_timer_cancel(&c->no_reply);
    if (c->best != NULL) {
        sip_out_free(c->best);
        mem_free(c->best);
    }
    mem_free(c->tried);
    mem_free(c);
}

/* A call is kept while a branch may still speak. */
static void tidy(struct core_call *c)
{
    size_t open = 0;
    for (size_t i = 0; i < c->num; i++) {
        open += c->branches[i].client != NULL;
    }
    if (open == 0 && c->tx == NULL) {
        call_bury(c);
    }
}

void core_calls_clear(struct core *k)
{
    while (k->calls != NULL) {
        struct core_call *c = k->calls;
        for (size_t i = 0; i < c->num; i++) {
            if (c->branches[i].client != NULL) {
                siptx_client_forget(c->branches[i].client);
            }
        }
        call_bury(c);
    }
}

void core_server_gone(struct core *k, const struct siptx_server *tx)
{
    struct core_call *next;
    for (struct core_call *c = k->calls; c != NULL; c = next) {
        next = c->next;
        if (c->tx == tx) {
            c->tx = NULL;
            net_timer_cancel(&c->no_reply);
            tidy(c);
        }
    }
}

/* ---- identities ---- */

/* The trust boundary: what a user prefers is left behind, what the network
 * knows is asserted (RFC 3325, 5). The user is known by his address, as an IMS
 * core knows him by his security association. */
static void assert_identity(struct core *k, struct siptx_server *tx,
                            struct sip_out *out)
{
    struct net_addr from = siptx_server_peer(tx).addr;
    const struct core_user *u = core_user_at(k, &from);
    sip_out_remove(out, "P-Preferred-Identity");
    sip_out_remove(out, "P-Asserted-Identity");
    if (u != NULL) {
        sip_out_add(out, "P-Asserted-Identity", "<%s>", u->identity);
    }
}

/* ---- branches ---- */

static struct sip_msg const *request_of(const struct core_call *c)
{
    return siptx_server_request(c->tx);
}

static int send_branch(struct core_call *c, struct sip_out *out,
                       const struct siptx_dest *dest, int is_user)
{
    struct siptx_client *client = NULL;
    if (c->num == MAX_BRANCHES) {
        return 0;
    }
    struct branch *b = &c->branches[c->num++];
    b->is_user = is_user;
    if (siptx_forward(c->tx, out, dest, on_event, c, &client) != STATUS_OK) {
        b->final = 503;
        return 0;
    }
    b->client = client;
    return 1;
}

static enum status copy_request(struct core_call *c, struct sip_out *out)
{
    const struct sip_msg *msg = request_of(c);
    int makes_dialog =
        agent_method_is(msg, "INVITE") || agent_method_is(msg, "SUBSCRIBE");
    enum status st = siptx_forward_copy(c->tx, out, makes_dialog);
    if (st == STATUS_OK) {
        assert_identity(c->core, c->tx, out);
    }
    return st;
}

static enum status set_uri(struct sip_out *out, const char *uri)
{
    char *copy = mem_strdup(uri);
    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    mem_free(out->uri);
    out->uri = copy;
    return STATUS_OK;
}

/* To a place that needs no thought: next Route or Request-URI, or dest. */
static int pass_on(struct core_call *c, const char *uri,
                   const struct siptx_dest *dest, int is_user)
{
    struct sip_out out;
    enum status st = copy_request(c, &out);
    if (st == STATUS_OK && uri != NULL) {
        st = set_uri(&out, uri);
    }
    int ok = st == STATUS_OK && send_branch(c, &out, dest, is_user);
    if (st != STATUS_REFUSED) {
        sip_out_free(&out);
    }
    return ok;
}

/* ---- diversion ---- */

static int cause_of(const struct core_call *c, enum divert_mode why)
{
    static const int causes[] = {
        [DIVERT_DEFAULT] = 404,       [DIVERT_NONE] = 404,
        [DIVERT_UNCONDITIONAL] = 302, [DIVERT_NOT_REGISTERED] = 404,
        [DIVERT_NO_REPLY] = 408,      [DIVERT_BUSY] = 486};
    return c->called->cause != 0 ? c->called->cause : causes[why];
}

/* The voicemail URI with target and cause (RFC 4458), mem_free. */
static char *voicemail_uri(struct core *k, const char *target, int cause)
{
    struct wr w;
    size_t len = 0;
    wr_init(&w);
    wr_str(&w, k->vm_uri);
    wr_str(&w, ";target=");
    sip_escape(&w, view_str(target), ":");
    wr_printf(&w, ";cause=%d", cause);
    wr_u8(&w, 0);
    return (char *)wr_take(&w, &len);
}

/* History-Info (RFC 7044): who was called, which device was tried, the mailbox.
 */
static void add_history(struct core_call *c, struct sip_out *out,
                        const char *vm, int cause)
{
    const char *who = c->called->identity;
    unsigned n = 1;
    sip_out_remove(out, "History-Info");
    sip_out_add(out, "History-Info", "<%s>;index=1", who);
    if (c->tried != NULL) {
        sip_out_add(out, "History-Info",
                    "<%s?Reason=SIP%%3Bcause%%3D%d>;index=1.1;rc=1", c->tried,
                    cause);
        n = 2;
    }
    sip_out_add(out, "History-Info", "<%s>;index=1.%u;mp=1", vm, n);
}

static const char *diversion_reason(int cause)
{
    return cause == 302                   ? "unconditional"
           : cause == 486                 ? "user-busy"
           : cause == 408                 ? "no-answer"
           : cause == 503                 ? "unavailable"
           : cause == 480 || cause == 487 ? "deflection"
                                          : "unknown";
}

/* S6: the caller is told, with the same history. */
static void tell_caller(struct core_call *c, const char *vm, int cause)
{
    struct sip_out out;
    if (c->called->quiet ||
        siptx_response(c->tx, &out, 181, NULL) != STATUS_OK) {
        return;
    }
    sip_out_add(&out, "P-Asserted-Identity", "<%s>", c->called->identity);
    if (c->called->carry != CARRY_DIVERSION &&
        sip_has_token(request_of(c), SIP_HDR_SUPPORTED, "histinfo")) {
        add_history(c, &out, vm, cause);
    }
    siptx_reply(c->tx, &out);
    sip_out_free(&out);
}

static int to_mailbox(struct core_call *c, enum divert_mode why)
{
    struct core *k = c->core;
    int cause = cause_of(c, why);
    char *vm = voicemail_uri(k, c->called->identity, cause);
    struct siptx_dest dest = {.addr = k->vm_addr};
    struct sip_out out;
    if (vm == NULL || c->tx == NULL) {
        mem_free(vm);
        return 0;
    }
    c->diverted = 1;
    tell_caller(c, vm, cause);
    enum status st = copy_request(c, &out);
    if (st == STATUS_OK) {
        st = set_uri(&out, c->called->carry == CARRY_URI ? vm : k->vm_uri);
        if (c->called->carry == CARRY_DIVERSION) {
            sip_out_prepend(&out, "Diversion", "<%s>;reason=%s;counter=1",
                            c->called->identity, diversion_reason(cause));
        } else {
            add_history(c, &out, vm, cause);
        }
    }
    int ok = st == STATUS_OK && send_branch(c, &out, &dest, 0);
    if (st != STATUS_REFUSED) {
        sip_out_free(&out);
    }
    mem_free(vm);
    return ok;
}

static int has_mailbox(const struct core_call *c)
{
    const struct core *k = c->core;
    return c->called != NULL && k->vm_addr.family != 0 &&
           strcmp(k->vm_account, c->called->identity) == 0;
}

static void cancel_branches(struct core_call *c, const struct siptx_client *but,
                            const char *reason)
{
    for (size_t i = 0; i < c->num; i++) {
        struct branch *b = &c->branches[i];
        if (b->client != NULL && b->client != but && b->final == 0) {
            siptx_cancel(b->client, reason);
        }
    }
}

/* The user does not answer: the mailbox is asked, then his phone stops ringing.
 */
static void on_no_reply(void *ctx)
{
    struct core_call *c = ctx;
    c->no_reply = NULL;
    if (c->tx == NULL || c->answered || c->cancelled) {
        return;
    }
    to_mailbox(c, DIVERT_NO_REPLY);
    for (size_t i = 0; i < c->num; i++) {
        if (c->branches[i].is_user && c->branches[i].client != NULL) {
            siptx_cancel(c->branches[i].client,
                         "Reason: SIP;cause=408;text=\"no reply\"");
        }
    }
}

/* ---- responses ---- */

static void keep_best(struct core_call *c, const struct sip_msg *msg,
                      int status)
{
    /* 16.7, 6: a 6xx wins, else the lowest class; a cancelled phone says
     * nothing. */
    int better = c->best == NULL || (status >= 600 && c->best_status < 600) ||
                 (c->best_status < 600 && status / 100 < c->best_status / 100);
    if (!better) {
        return;
    }
    if (c->best == NULL) {
        c->best = mem_alloc(sizeof *c->best);
        if (c->best == NULL) {
            return;
        }
    } else {
        sip_out_free(c->best);
    }
    c->best_status = status;
    if (siptx_relay_copy(c->best, msg) != STATUS_OK) {
        mem_free(c->best);
        c->best = NULL;
    }
}

/* All branches are over without success: the best refusal goes back. */
static void conclude(struct core_call *c)
{
    for (size_t i = 0; i < c->num; i++) {
        if (c->branches[i].client != NULL && c->branches[i].final == 0) {
            return;
        }
    }
    struct siptx_server *tx = c->tx;
    if (c->answered || tx == NULL || c->no_reply != NULL) {
        return;
    }
    c->answered = 1;
    if (c->best != NULL) {
        siptx_reply(tx, c->best);
    } else {
        siptx_reply_status(tx, c->cancelled ? 487 : 408, NULL, NULL);
    }
}

static struct branch *branch_of(struct core_call *c,
                                const struct siptx_client *client)
{
    for (size_t i = 0; i < c->num; i++) {
        if (c->branches[i].client == client) {
            return &c->branches[i];
        }
    }
    return NULL;
}

static void on_final(struct core_call *c, struct branch *b,
                     const struct siptx_event *ev)
{
    int status = ev->kind == SIPTX_FAILED
                     ? (ev->why == STATUS_TIMEOUT ? 408 : 503)
                     : ev->code;
    int open_to_divert = b->is_user && c->tx != NULL && !c->diverted &&
                         !c->answered && !c->cancelled && has_mailbox(c);
    enum divert_mode mode = c->called != NULL ? c->called->mode : DIVERT_NONE;
    b->final = status;
    if (b->is_user) {
        net_timer_cancel(&c->no_reply);
    }
    if (open_to_divert && status == 486 && mode == DIVERT_BUSY &&
        to_mailbox(c, DIVERT_BUSY)) {
        return;
    }
    if (open_to_divert && mode != DIVERT_NONE &&
        (status == 503 || status == 408) &&
        to_mailbox(c, mode == DIVERT_NO_REPLY ? mode : DIVERT_DEFAULT)) {
        return;
    }
    if (ev->kind == SIPTX_RESPONSE && !(c->diverted && b->is_user)) {
        keep_best(c, ev->msg, status);
    }
    if (status >= 600) {
        cancel_branches(c, b->client, NULL);
    }
    conclude(c);
}

static void on_event(void *ctx, const struct siptx_event *ev)
{
    struct core_call *c = ctx;
    struct branch *b = branch_of(c, ev->client);
    if (b == NULL) {
        return;
    }
    if (ev->kind == SIPTX_END) {
        b->client = NULL;
        tidy(c);
        return;
    }
    if (ev->kind == SIPTX_RESPONSE && ev->code < 300) {
        if (c->tx != NULL && ev->code > 100 &&
            !(c->diverted && b->is_user && ev->code < 200)) {
            siptx_relay(c->tx, ev->msg);
        }
        if (ev->code >= 200) {
            b->final = ev->code;
            c->answered = 1;
            net_timer_cancel(&c->no_reply);
            cancel_branches(c, b->client,
                            "Reason: SIP;cause=200;"
                            "text=\"Call completed elsewhere\"");
        }
        return;
    }
    on_final(c, b, ev);
}

void core_cancel(struct core *k, struct siptx_server *invite)
{
    for (struct core_call *c = k->calls; c != NULL; c = c->next) {
        if (c->tx == invite) {
            c->cancelled = 1;
            net_timer_cancel(&c->no_reply);
            cancel_branches(c, NULL, NULL);
            conclude(c);
            return;
        }
    }
    siptx_reply_status(invite, 487, NULL, NULL);
}

/* ---- routing ---- */

static int ring(struct core_call *c, struct core_user *u)
{
    struct siptx_dest dest = {.addr = u->addr};
    if (core_is_registered(c->core, u)) {
        c->tried = mem_strdup(u->contact);
        return pass_on(c, u->contact, NULL, 1);
    }
    return pass_on(c, NULL, &dest, 1);
}

/* A call for a user: as he wishes, as he is to be had. */
static int route_call(struct core_call *c, struct core_user *u)
{
    int registered = core_is_registered(c->core, u);
    c->called = u;
    int mailbox = has_mailbox(c);
    if (mailbox &&
        (u->mode == DIVERT_UNCONDITIONAL || u->mode == DIVERT_NOT_REGISTERED)) {
        return to_mailbox(c, u->mode);
    }
    if (mailbox && !registered && u->mode == DIVERT_DEFAULT) {
        return to_mailbox(c, DIVERT_NOT_REGISTERED);
    }
    if (mailbox && u->mode == DIVERT_NO_REPLY) {
        c->no_reply = net_timer_start(c->core->agent->loop, u->no_reply_ms,
                                      on_no_reply, c);
    }
    return ring(c, u);
}

static int is_mailbox(const struct core *k, const char *identity)
{
    return k->vm_identity != NULL && k->vm_addr.family != 0 &&
           strcmp(k->vm_identity, identity) == 0;
}

/* An address as host: a Contact, as inside dialogs. */
static int has_address(const struct sip_msg *msg)
{
    struct sip_uri u;
    struct net_addr a;
    return sip_uri(msg->uri, &u) == STATUS_OK &&
           net_addr_parse(&a, (const char *)u.host.data, u.host.len) ==
               STATUS_OK;
}

static int in_dialog(const struct sip_msg *msg)
{
    struct sip_addr to = {0};
    (void)sip_addr(sip_value(msg, SIP_HDR_TO, 0), &to);
    return to.tag.len > 0;
}

/* Returns 0 if nothing was sent on; *status says with what to refuse. */
static int route(struct core_call *c, const struct sip_msg *msg, int *status)
{
    struct core *k = c->core;
    *status = 404;
    if (in_dialog(msg) || has_address(msg)) {
        *status = 503;
        return pass_on(c, NULL, NULL, 0);
    }
    char *identity = sip_identity_new(msg->uri);
    struct core_user *u = identity != NULL ? core_user_of(k, identity) : NULL;
    int ok = 0;
    if (identity == NULL) {
        *status = 416;
    } else if (is_mailbox(k, identity)) {
        struct siptx_dest dest = {.addr = k->vm_addr};
        *status = 503;
        ok = pass_on(c, NULL, &dest, 0);
    } else if (u != NULL && agent_method_is(msg, "INVITE")) {
        *status = 480;
        ok = route_call(c, u);
    } else if (u != NULL) {
        *status = 480;
        ok = ring(c, u);
    }
    mem_free(identity);
    return ok;
}

void core_forward(struct core *k, struct siptx_server *tx,
                  const struct sip_msg *msg)
{
    struct core_call *c = mem_alloc(sizeof *c);
    uint32_t hops = 70;
    int status = 500;
    (void)sip_u32(sip_trim(sip_value(msg, SIP_HDR_MAX_FORWARDS, 0)), &hops);
    if (c == NULL || hops == 0) {
        mem_free(c);
        siptx_reply_status(tx, c == NULL && hops != 0 ? 500 : 483, NULL, NULL);
        return;
    }
    *c = (struct core_call){.next = k->calls, .core = k, .tx = tx};
    k->calls = c;
    if (!route(c, msg, &status)) {
        log_at(&k->agent->log, LOG_NOTE, "%.*s %.*s: %d", (int)msg->method.len,
               (const char *)msg->method.data, (int)msg->uri.len,
               (const char *)msg->uri.data, status);
        net_timer_cancel(&c->no_reply);
        c->answered = 1;
        siptx_reply_status(tx, status, NULL, NULL);
    }
}
