/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The mailbox: takes deposits, keeps them as received, hands them to their
 * owner. */
#include "harness/agent/mailbox_int.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

struct mailbox *mailbox_of(const struct incall *c)
{
    return c->agent->state;
}

static char *user_of(const char *uri)
{
    const char *colon = strchr(uri, ':');
    const char *u = colon != NULL ? colon + 1 : uri;
    return mem_strndup(u, strcspn(u, "@;>"));
}

/* The account that a deposit is for: target of the voicemail URI in the
 * Request-URI, else in History-Info, else in Diversion (RFC 4458, 3), or NULL.
 */
static char *account_of(struct agent *a, const struct sip_msg *msg,
                        const char *uri)
{
    char *target = agent_uri_param(uri, "target");
    int history = !agent_does(a, FAULT_MB_IGNORE_HISTORY);
    for (size_t i = 0; history && target == NULL && i < 16; i++) {
        char *h = agent_header(msg, SIP_HDR_HISTORY_INFO, i);
        if (h == NULL) {
            break;
        }
        target = agent_uri_param(h, "target");
        mem_free(h);
    }
    if (target == NULL && !agent_does(a, FAULT_MB_IGNORE_DIVERSION)) {
        target = agent_header(msg, SIP_HDR_DIVERSION, 0);
    }
    if (agent_does(a, FAULT_MB_ACCOUNT_BY_TO)) {
        mem_free(target);
        target = agent_header(msg, SIP_HDR_TO, 0);
    }
    char *id = target != NULL ? agent_identity(target) : NULL;
    mem_free(target);
    return id;
}

/* A fault does not know one of the causes of RFC 4458. */
static int refuses_cause(struct agent *a, const char *uri)
{
    char *cause = agent_uri_param(uri, "cause");
    int refuses = cause != NULL && strcmp(cause, "487") == 0 &&
                  agent_does(a, FAULT_MB_REFUSE_CAUSE);
    mem_free(cause);
    return refuses;
}

static void on_invite(struct mailbox *m, struct siptx_server *tx,
                      const struct sip_msg *msg)
{
    struct agent *a = m->agent;
    /* As a tester it may answer as if it were B, whose key it then has. */
    const struct view own[2] = {view_str(a->identity), view_str(m->account)};
    size_t num_own = 1;
    char *uri = mem_strndup((const char *)msg->uri.data, msg->uri.len);
    char *user = uri != NULL ? user_of(uri) : NULL;
    const struct incall_hooks *hooks = &retrieval_hooks;
    int status = 0;
    if (user == NULL) {
        status = 500;
    } else if (strcmp(user, m->vm_user) == 0) {
        hooks = &deposit_hooks;
        num_own = agent_behaves(a, "normal_form") ? 2 : 1;
        char *account = account_of(a, msg, uri);
        status = account == NULL || strcmp(account, m->account) != 0 ? 404 : 0;
        status = refuses_cause(a, uri) ? 404 : status;
        mem_free(account);
    }
    mem_free(user);
    mem_free(uri);
    if (status != 0) {
        siptx_reply_status(tx, status, NULL, NULL);
        return;
    }
    struct incall *c = incall_take(a, tx, msg, own, num_own, hooks, NULL);
    if (c != NULL) {
        c->next = m->calls;
        m->calls = c;
    }
}

static void on_request(void *ctx, struct siptx_server *tx,
                       const struct sip_msg *msg, struct siptx_dialog *dlg)
{
    struct agent *a = ctx;
    struct mailbox *m = a->state;
    if (agent_method_is(msg, "SUBSCRIBE")) {
        mwi_subscribe(m, tx, msg, dlg);
    } else if (dlg != NULL && incall_request(m->calls, tx, msg, dlg)) {
        return;
    } else if (agent_method_is(msg, "INVITE") && dlg == NULL) {
        on_invite(m, tx, msg);
    } else if (agent_method_is(msg, "OPTIONS")) {
        agent_answer_options(a, tx);
    } else if (dlg != NULL) {
        siptx_reply_status(tx, 481, NULL, NULL);
    } else {
        siptx_reply_status(tx, 405, NULL, NULL);
    }
}

static void on_ack(void *ctx, struct siptx_dialog *dlg,
                   const struct sip_msg *msg)
{
    struct agent *a = ctx;
    struct mailbox *m = a->state;
    (void)msg;
    incall_ack(m->calls, dlg);
}

static void on_cancel(void *ctx, struct siptx_server *invite,
                      const struct sip_msg *msg)
{
    struct agent *a = ctx;
    struct mailbox *m = a->state;
    (void)msg;
    incall_cancelled(m->calls, invite);
}

static void on_dialog_end(void *ctx, struct siptx_dialog *dlg)
{
    struct agent *a = ctx;
    struct mailbox *m = a->state;
    if (m != NULL) {
        incall_dialog_gone(m->calls, dlg);
        mwi_dialog_gone(m, dlg);
    }
}

static void on_server_end(void *ctx, struct siptx_server *tx)
{
    struct agent *a = ctx;
    struct mailbox *m = a->state;
    if (m != NULL) {
        incall_server_gone(m->calls, tx);
    }
}

static void on_b_key(struct agent *a, enum status st, const char *why)
{
    struct mailbox *m = a->state;
    if (st == STATUS_OK) {
        agent_ok(a, m->behave_id, NULL);
    } else {
        agent_fail(a, m->behave_id, "no key of %s: %s (%s)", m->account, why,
                   status_name(st));
    }
}

/* Into a key ring of its own: it serves only while the option stands. */
static void fetch_b_key(struct mailbox *m, int id)
{
    struct agent *a = m->agent;
    const char *b = m->account;
    char why[256] = "out of memory";
    if (a->behave == NULL) {
        a->behave = json_object();
    }
    if (a->other_keyring == NULL) {
        a->other_keyring = ibake_keyring_new();
        if (a->other_keyring == NULL ||
            agent_load_params(a->other_keyring, a->provision, why) !=
                STATUS_OK) {
            agent_fail(a, id, "%s", why);
            return;
        }
    }
    json_object_set_new(a->behave, "normal_form", json_string("yes"));
    m->behave_id = id;
    a->ibake.keyring = a->other_keyring; /* the request keeps its copy */
    agent_keys_fetch(a, &b, 1, on_b_key);
    a->ibake.keyring = a->keyring;
}

static void verb_behave(struct agent *a, int id, const json_t *args)
{
    static const char *const allowed[] = {
        "normal_form", "delay_r2_ms", "drop",     "status",
        "error",       "answer_avp",  "order",    "deliver_again",
        "no_identity", "identity",    "greeting", "ok_times",
        "reencrypt",   NULL};
    struct mailbox *m = a->state;
    if (!a->tester) {
        agent_fail(a, id, "only a tester misbehaves on demand");
    } else if (json_flag(args, "normal_form") && a->kms_call == NULL &&
               json_object_get(a->provision, "kms") != NULL) {
        fetch_b_key(m, id);
    } else {
        agent_behave_verb(a, id, args, allowed);
    }
}

static void verb_messages(struct agent *a, int id, const json_t *args)
{
    struct mailbox *m = a->state;
    size_t fresh = 0;
    size_t old = 0;
    enum status st = store_counts(
        m->store, json_str(args, "account", m->account), &fresh, &old);
    if (st != STATUS_OK) {
        agent_fail(a, id, "the store cannot be read: %s", status_name(st));
        return;
    }
    agent_ok(a, id, json_pack("{s:I}", "messages", (json_int_t)(fresh + old)));
}

static void verb_request(struct agent *a, int id, const json_t *args)
{
    struct mailbox *m = a->state;
    agent_request_verb(a, &m->requests, id, args);
}

static enum status mailbox_start(struct agent *a, const json_t *p,
                                 char why[256])
{
    static const struct siptx_handlers on = {.on_request = on_request,
                                             .on_ack = on_ack,
                                             .on_cancel = on_cancel,
                                             .on_dialog_end = on_dialog_end,
                                             .on_server_end = on_server_end};
    struct mailbox *m = mem_alloc(sizeof *m);
    if (m == NULL) {
        return STATUS_NO_MEMORY;
    }
    a->state = m;
    m->agent = a;
    m->account = mem_strdup(json_str(p, "account", ""));
    m->vm_user = user_of(json_str(p, "vm_uri", "sip:vm@invalid"));
    if (m->account == NULL || m->vm_user == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status st = store_open(&m->store, json_str(p, "store", "store"));
    if (st != STATUS_OK) {
        snprintf(why, 256, "cannot open the store '%s': %s",
                 json_str(p, "store", "store"), status_name(st));
        return st;
    }
    const char *features = agent_does(a, FAULT_MB_ACTOR_PRINCIPAL)
                               ? ";automata;actor=\"principal\";audio"
                               : ";automata;actor=\"msg-taker\";audio";
    return agent_sip_start(a, &on, 0, "mbx", features, why);
}

static void mailbox_drop_calls(struct mailbox *m)
{
    while (m->calls != NULL) {
        struct incall *c = m->calls;
        c->invite = NULL;
        incall_over(c);
    }
}

static void mailbox_reset(struct agent *a)
{
    struct mailbox *m = a->state;
    mailbox_drop_calls(m);
    agent_requests_clear(&m->requests);
    mwi_clear(m);
    store_reset(m->store);
}

static void mailbox_stop(struct agent *a)
{
    struct mailbox *m = a->state;
    mailbox_drop_calls(m);
    agent_requests_clear(&m->requests);
    mwi_clear(m);
    store_close(m->store);
    mem_free(m->account);
    mem_free(m->vm_user);
    mem_free(m);
    a->state = NULL;
}

static const char *const names[] = {"MB", "mailbox", NULL};
static const struct agent_verb verbs[] = {{"messages", verb_messages},
                                          {"behave", verb_behave},
                                          {"preload", mailbox_preload},
                                          {"request", verb_request},
                                          {NULL, NULL}};
const struct agent_role role_mailbox = {.names = names,
                                        .verbs = verbs,
                                        .wants_keys = 1,
                                        .start = mailbox_start,
                                        .reset = mailbox_reset,
                                        .stop = mailbox_stop};
