/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The user agents: A and D deposit, B retrieves, C and M try what they may not.
 */
#include "harness/agent/user_int.h"

#include "harness/base/mem.h"

#include <string.h>

/* ---- calls of ours ---- */

struct user_out *user_out_add(struct user *u, struct outcall *c, void *job,
                              void (*drop)(void *job))
{
    struct user_out *o = mem_alloc(sizeof *o);
    if (o != NULL) {
        *o = (struct user_out){
            .next = u->outs, .call = c, .job = job, .drop = drop};
        u->outs = o;
    }
    return o;
}

void user_out_remove(struct user *u, const struct outcall *c)
{
    for (struct user_out **p = &u->outs; *p != NULL; p = &(*p)->next) {
        if ((*p)->call == c) {
            struct user_out *o = *p;
            *p = o->next;
            mem_free(o);
            return;
        }
    }
}

static struct outcall *out_of(struct user *u, const struct siptx_dialog *dlg)
{
    for (struct user_out *o = u->outs; o != NULL && dlg != NULL; o = o->next) {
        if (o->call->dlg == dlg) {
            return o->call;
        }
    }
    return NULL;
}

void user_options(struct agent *a, struct outcall_options *o,
                  const json_t *args)
{
    const char *withhold = json_str(args, "withhold", "");
    const char *as = json_str(args, "as", NULL);
    o->from = json_str(args, "from", NULL);
    o->esk_for = json_str(args, "esk_for", NULL);
    o->headers = json_str(args, "headers", NULL);
    o->replay = json_str(args, "replay", NULL);
    o->label = json_str(args, "label", NULL);
    o->as = as != NULL && strcmp(as, a->identity) != 0 ? as : NULL;
    o->withhold_i2 = strcmp(withhold, "i2") == 0;
    o->withhold_ack = strcmp(withhold, "ack") == 0;
    o->second_i2 = json_flag(args, "second_i2");
    o->hold_ms = (unsigned)json_int(args, "hold_ms", 0);
    o->timeout_ms = (unsigned)json_int(args, "timeout_ms", 0);
    o->ignore_failure = agent_does(a, FAULT_A_MEDIA_DESPITE_FAILURE);
}

/* ---- calls that we get ---- */

static int yes(struct incall *c)
{
    (void)c;
    return 0;
}

static void on_bye(struct incall *c, struct siptx_server *tx)
{
    siptx_reply_status(tx, 200, NULL, NULL);
    incall_over(c);
}

static void on_over(struct incall *c)
{
    struct user *u = c->agent->state;
    incall_free(&u->calls, c);
}

static const struct incall_hooks answer_hooks = {
    .on_i1 = yes, .on_i2 = yes, .on_bye = on_bye, .on_over = on_over};

static void on_invite(struct user *u, struct siptx_server *tx,
                      const struct sip_msg *msg)
{
    struct agent *a = u->agent;
    struct view own = view_str(a->identity);
    struct incall *c = NULL;
    switch (u->mode) {
    case ANSWER_BUSY:
        siptx_reply_status(tx, 486, NULL, NULL);
        break;
    case ANSWER_DECLINE:
        siptx_reply_status(tx, 603, NULL, NULL);
        break;
    case ANSWER_NONE:
        break;
    case ANSWER_RING:
        if (siptx_reply_status(tx, 180, NULL, NULL) == STATUS_OK) {
            u->ringing = tx;
        }
        break;
    case ANSWER_ACCEPT:
        c = incall_take(a, tx, msg, &own, 1, &answer_hooks, NULL);
        if (c != NULL) {
            c->next = u->calls;
            u->calls = c;
        }
        break;
    }
}

static void verb_answer(struct agent *a, int id, const json_t *args)
{
    static const char *const modes[] = {"ring", "busy", "accept", "decline",
                                        "none"};
    struct user *u = a->state;
    const char *mode = json_str(args, "mode", "");
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(mode, modes[i]) == 0) {
            u->mode = (enum answer_mode)i;
            agent_ok(a, id, NULL);
            return;
        }
    }
    agent_fail(a, id, "'mode' must be ring, busy, accept, decline or none");
}

static void verb_request(struct agent *a, int id, const json_t *args)
{
    struct user *u = a->state;
    agent_request_verb(a, &u->requests, id, args);
}

/* ---- message waiting ---- */

static void on_notify(struct user *u, struct siptx_server *tx,
                      const struct sip_msg *msg)
{
    struct agent *a = u->agent;
    struct sip_mwi m;
    if (agent_does(a, FAULT_B_REFUSE_NOTIFY)) {
        siptx_reply_status(tx, 500, NULL, NULL);
        return;
    }
    siptx_reply_status(tx, 200, NULL, NULL);
    if (sip_content_is(msg, "application/simple-message-summary")) {
        sip_mwi(msg->body, &m);
        agent_event(a,
                    json_pack("{s:s s:b s:I s:I}", "event", "message-summary",
                              "waiting", m.waiting == 1, "new",
                              (json_int_t)m.fresh, "old", (json_int_t)m.old));
        user_notified(u);
    }
}

/* ---- SIP ---- */

static void on_request(void *ctx, struct siptx_server *tx,
                       const struct sip_msg *msg, struct siptx_dialog *dlg)
{
    struct agent *a = ctx;
    struct user *u = a->state;
    struct outcall *out = out_of(u, dlg);
    if (dlg != NULL && incall_request(u->calls, tx, msg, dlg)) {
        return;
    }
    if (agent_method_is(msg, "NOTIFY")) {
        on_notify(u, tx, msg);
    } else if (agent_method_is(msg, "OPTIONS")) {
        agent_answer_options(a, tx);
    } else if (out != NULL && agent_method_is(msg, "BYE")) {
        outcall_bye(out, tx);
    } else if (agent_method_is(msg, "INVITE") && dlg == NULL) {
        on_invite(u, tx, msg);
    } else if (agent_method_is(msg, "BYE") && dlg != NULL) {
        siptx_reply_status(tx, 200, NULL, NULL);
    } else if (dlg != NULL) {
        siptx_reply_status(tx, 488, NULL, NULL);
    } else {
        siptx_reply_status(tx, 405, NULL, "Allow: " AGENT_ALLOW);
    }
}

static void on_ack(void *ctx, struct siptx_dialog *dlg,
                   const struct sip_msg *msg)
{
    struct agent *a = ctx;
    struct user *u = a->state;
    (void)msg;
    incall_ack(u->calls, dlg);
}

static void on_cancel(void *ctx, struct siptx_server *invite,
                      const struct sip_msg *msg)
{
    struct agent *a = ctx;
    struct user *u = a->state;
    (void)msg;
    incall_cancelled(u->calls, invite);
}

static void on_dialog_end(void *ctx, struct siptx_dialog *dlg)
{
    struct agent *a = ctx;
    struct user *u = a->state;
    if (u == NULL) {
        return;
    }
    incall_dialog_gone(u->calls, dlg);
    for (struct user_out *o = u->outs; o != NULL; o = o->next) {
        outcall_dialog_gone(o->call, dlg);
    }
    if (u->subscription == dlg) {
        u->subscription = NULL;
    }
}

static void on_server_end(void *ctx, struct siptx_server *tx)
{
    struct agent *a = ctx;
    struct user *u = a->state;
    if (u != NULL) {
        incall_server_gone(u->calls, tx);
        u->ringing = u->ringing == tx ? NULL : u->ringing;
    }
}

/* ---- life ---- */

static enum status user_start(struct agent *a, const json_t *p, char why[256])
{
    static const struct siptx_handlers on = {.on_request = on_request,
                                             .on_ack = on_ack,
                                             .on_cancel = on_cancel,
                                             .on_dialog_end = on_dialog_end,
                                             .on_server_end = on_server_end};
    struct user *u = mem_alloc(sizeof *u);
    if (u == NULL) {
        return STATUS_NO_MEMORY;
    }
    a->state = u;
    u->agent = a;
    u->mode = ANSWER_RING;
    u->cred.user = json_str(a->provision, "user", "");
    u->cred.password = json_str(a->provision, "password", "");
    return agent_sip_start(a, &on, 0, json_str(p, "user", "user"), ";audio",
                           why);
}

static void drop_calls(struct user *u)
{
    while (u->outs != NULL) {
        struct user_out *o = u->outs;
        o->drop(o->job); /* takes it off the list */
    }
    while (u->calls != NULL) {
        u->calls->invite = NULL;
        incall_over(u->calls);
    }
    net_timer_cancel(&u->await_timer);
    user_sendings_clear(u);
    agent_requests_clear(&u->requests);
}

static void user_reset(struct agent *a)
{
    struct user *u = a->state;
    drop_calls(u);
    u->mode = ANSWER_RING;
    if (u->subscription != NULL) {
        siptx_dialog_end(u->subscription);
    }
}

static void user_stop(struct agent *a)
{
    struct user *u = a->state;
    drop_calls(u);
    mem_free(u->subscribed_to);
    mem_free(u);
    a->state = NULL;
}

static const char *const names[] = {"A", "B", "C", "D", "M", NULL};
static const struct agent_verb verbs[] = {{"register", user_register},
                                          {"subscribe", user_subscribe},
                                          {"call", user_call},
                                          {"answer", verb_answer},
                                          {"fetch", user_fetch},
                                          {"send", user_send},
                                          {"request", verb_request},
                                          {"await", user_await},
                                          {NULL, NULL}};
const struct agent_role role_user = {.names = names,
                                     .verbs = verbs,
                                     .wants_keys = 1,
                                     .start = user_start,
                                     .reset = user_reset,
                                     .stop = user_stop};
