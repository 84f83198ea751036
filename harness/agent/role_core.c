/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The core: a stand-in for the IMS network between the parties. */
#include "harness/agent/core_int.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct core_user *core_user_of(struct core *k, const char *identity)
{
    for (size_t i = 0; i < k->num_users; i++) {
        if (strcmp(k->users[i].identity, identity) == 0) {
            return &k->users[i];
        }
    }
    return NULL;
}

struct core_user *core_user_at(struct core *k, const struct net_addr *from)
{
    for (size_t i = 0; i < k->num_users; i++) {
        if (net_addr_same_host(&k->users[i].addr, from)) {
            return &k->users[i];
        }
    }
    return NULL;
}

int core_is_registered(struct core *k, struct core_user *u)
{
    if (u->contact != NULL &&
        net_loop_now_ms(k->agent->loop) >= u->expires_ms) {
        mem_free(u->contact);
        u->contact = NULL;
    }
    return u->contact != NULL;
}

/* ---- SIP ---- */

static void on_request(void *ctx, struct siptx_server *tx,
                       const struct sip_msg *msg, struct siptx_dialog *dlg)
{
    struct agent *a = ctx;
    struct core *k = a->state;
    (void)dlg;
    if (agent_method_is(msg, "REGISTER")) {
        core_register(k, tx, msg);
    } else {
        core_forward(k, tx, msg);
    }
}

static void on_ack(void *ctx, struct siptx_dialog *dlg,
                   const struct sip_msg *msg)
{
    struct agent *a = ctx;
    (void)dlg;
    siptx_forward_ack(a->ep, msg, NULL);
}

static void on_cancel(void *ctx, struct siptx_server *invite,
                      const struct sip_msg *msg)
{
    struct agent *a = ctx;
    (void)msg;
    core_cancel(a->state, invite);
}

static void on_server_end(void *ctx, struct siptx_server *tx)
{
    struct agent *a = ctx;
    if (a->state != NULL) {
        core_server_gone(a->state, tx);
    }
}

/* Names of the provisioning have addresses. */
static enum status resolve(void *ctx, const char *host, uint16_t port,
                           struct net_addr *out)
{
    struct agent *a = ctx;
    struct core *k = a->state;
    for (size_t i = 0; i < k->num_users; i++) {
        const char *at = strchr(k->users[i].identity, '@');
        if (at != NULL && strcmp(at + 1, host) == 0 && k->vm_identity != NULL &&
            k->vm_addr.family != 0 &&
            net_addr_equal(&k->users[i].addr, &k->vm_addr)) {
            *out = k->vm_addr;
            out->port = port != 0 ? port : k->vm_addr.port;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

/* ---- verbs ---- */

static int find_word(const char *const *words, const char *word)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

static void verb_divert(struct agent *a, int id, const json_t *args)
{
    static const char *const modes[] = {
        "default", "none", "unconditional", "not-registered", "no-reply",
        "busy",    NULL};
    static const char *const carries[] = {"uri", "history", "diversion", NULL};
    struct core *k = a->state;
    const char *user = json_str(args, "user", NULL);
    int mode = find_word(modes, json_str(args, "mode", ""));
    int carry = find_word(carries, json_str(args, "carry", "uri"));
    long long cause = json_int(args, "cause", 0);
    struct core_user *u = user != NULL ? core_user_of(k, user) : NULL;
    if (u == NULL) {
        agent_fail(a, id, "divert: no user '%s'", user != NULL ? user : "");
    } else if (mode < 0) {
        agent_fail(a, id,
                   "'mode' must be unconditional, not-registered, "
                   "no-reply, busy, none or default");
    } else if (carry < 0) {
        agent_fail(a, id, "'carry' must be uri, history or diversion");
    } else if (cause != 0 && (cause < 100 || cause > 699)) {
        agent_fail(a, id, "'cause' must be 100 to 699");
    } else {
        u->mode = (enum divert_mode)mode;
        u->carry = (enum divert_carry)carry;
        u->cause = (int)cause;
        u->quiet = strcmp(json_str(args, "notify", "yes"), "no") == 0;
        u->no_reply_ms =
            (unsigned)json_int(args, "no_reply_ms", k->no_reply_ms);
        agent_ok(a, id, NULL);
    }
}

/* ---- life ---- */

static enum status load_users(struct core *k, const json_t *list, char why[256])
{
    size_t num = json_array_size(list);
    k->users = mem_alloc((num + 1) * sizeof *k->users);
    if (k->users == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < num; i++) {
        const json_t *row = json_array_get(list, i);
        struct core_user *u = &k->users[k->num_users];
        u->identity = json_str(row, "identity", "");
        u->password = json_str(row, "password", "");
        u->no_reply_ms = k->no_reply_ms;
        if (u->identity[0] == '\0' ||
            net_addr_of(&u->addr, json_str(row, "address", ""),
                        (uint16_t)json_int(row, "port", 5060)) != STATUS_OK) {
            snprintf(why, 256, "user %zu needs 'identity' and 'address'",
                     i + 1);
            return STATUS_SYNTAX;
        }
        k->num_users++;
    }
    return STATUS_OK;
}

static enum status load_mailbox(struct core *k, const json_t *m, char why[256])
{
    if (m == NULL) {
        return STATUS_OK;
    }
    k->vm_uri = json_str(m, "uri", "");
    k->vm_account = json_str(m, "account", "");
    k->vm_identity = agent_identity(k->vm_uri);
    if (k->vm_identity == NULL ||
        net_addr_of(&k->vm_addr, json_str(m, "address", ""),
                    (uint16_t)json_int(m, "port", 5060)) != STATUS_OK) {
        snprintf(why, 256, "'mailbox' needs 'uri' and 'address'");
        return STATUS_SYNTAX;
    }
    return STATUS_OK;
}

static enum status core_start(struct agent *a, const json_t *p, char why[256])
{
    static const struct siptx_handlers on = {.on_request = on_request,
                                             .on_ack = on_ack,
                                             .on_cancel = on_cancel,
                                             .on_server_end = on_server_end,
                                             .resolve = resolve};
    struct core *k = mem_alloc(sizeof *k);
    if (k == NULL) {
        return STATUS_NO_MEMORY;
    }
    a->state = k;
    k->agent = a;
    k->no_reply_ms = (unsigned)json_int(p, "no_reply_ms", 200);
    enum status st = load_users(k, json_object_get(p, "users"), why);
    if (st == STATUS_OK) {
        st = load_mailbox(k, json_object_get(p, "mailbox"), why);
    }
    if (st == STATUS_OK) {
        st = agent_sip_start(a, &on, 1, NULL, NULL, why);
    }
    if (st == STATUS_OK) {
        siptx_token(a->ep, k->nonce, 32);
    }
    return st;
}

static void core_reset(struct agent *a)
{
    struct core *k = a->state;
    core_calls_clear(k);
    for (size_t i = 0; i < k->num_users; i++) {
        struct core_user *u = &k->users[i];
        mem_free(u->contact);
        u->contact = NULL;
        u->mode = DIVERT_DEFAULT;
        u->carry = CARRY_URI;
        u->cause = 0;
        u->quiet = 0;
        u->no_reply_ms = k->no_reply_ms;
    }
}

static void core_stop(struct agent *a)
{
    struct core *k = a->state;
    core_calls_clear(k);
    for (size_t i = 0; i < k->num_users; i++) {
        mem_free(k->users[i].contact);
    }
    mem_free(k->users);
    mem_free(k->vm_identity);
    mem_free(k);
    a->state = NULL;
}

static const char *const names[] = {"CORE", NULL};
static const struct agent_verb verbs[] = {{"divert", verb_divert},
                                          {NULL, NULL}};
const struct agent_role role_core = {.names = names,
                                     .verbs = verbs,
                                     .start = core_start,
                                     .reset = core_reset,
                                     .stop = core_stop};
