/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The life of an agent: requests in, answers out, provisioning. */
#include "harness/agent/agent_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const struct agent_role *const roles[] = {&role_user, &role_mailbox,
                                                 &role_kms, &role_core};

struct view view_str(const char *s)
{
    return (struct view){(const uint8_t *)s, strlen(s)};
}

int agent_does(const struct agent *a, enum fault_act act)
{
    return a->fault != NULL && a->fault->act == act;
}

void agent_bury(struct agent *a, void *block)
{
    void **p = mem_resize(a->buried, (a->num_buried + 1) * sizeof *p);
    if (p != NULL) { /* else it leaks until the process ends */
        a->buried = p;
        p[a->num_buried++] = block;
    }
}

/* ---- log, secrets, taps ---- */

static void on_log(void *ctx, enum log_level level, const char *text)
{
    static const char *const words[] = {"error", "warn", "note", "debug"};
    struct agent *a = ctx;
    char now[28];
    utc_rfc3339(now, env_now_us(&a->env));
    if (a->log_fd < 0) {
        return;
    }
    dprintf(a->log_fd, "%s %-5s %s\n", now, words[level], text);
}

static void on_secret(void *ctx, const char *label, struct view lookup,
                      struct view secret)
{
    struct agent *a = ctx;
    agent_record(a, "secret", 0, label, secret); /* faults use some again */
    if (!a->tester) {
        return;
    }
    char *l = hex_new(lookup.data, lookup.len);
    char *s = hex_new(secret.data, secret.len);
    if (l != NULL && s != NULL) {
        agent_event(a, json_pack("{s:s s:s s:s s:s}", "event", "secret",
                                 "label", label, "lookup", l, "secret", s));
    }
    mem_free(l);
    mem_free(s);
}

/* What is sent is always told; what is received only if it comes from somebody
 * who does not tell it himself: the harness's own agents all do. */
static void on_tap(void *ctx, int sent, struct net_addr local,
                   struct net_addr peer, int is_tcp, const uint8_t *data,
                   size_t len)
{
    struct agent *a = ctx;
    char src[NET_ADDR_TEXT];
    char dst[NET_ADDR_TEXT];
    if (!sent) {
        return;
    }
    char *b64 = base64_new(data, len);
    if (b64 != NULL) {
        agent_event(a, json_pack("{s:s s:s s:s s:b s:I s:s}", "event", "octets",
                                 "src", net_addr_text(src, &local), "dst",
                                 net_addr_text(dst, &peer), "tcp", is_tcp,
                                 "time_us", (json_int_t)env_now_us(&a->env),
                                 "data", b64));
    }
    mem_free(b64);
}

/* ---- edits ---- */

void agent_set_edits(struct agent *a, const json_t *lines, char why[256])
{
    size_t i;
    json_t *l;
    const char *text = NULL;
    edit_list_clear(&a->edits);
    if (a->fault != NULL && a->fault->edits != NULL) {
        edit_list_add_all(&a->edits, a->fault->edits, NULL);
    }
    json_array_foreach(lines, i, l)
    {
        if (!json_is_string(l) || edit_list_add(&a->edits, json_string_value(l),
                                                &text) != STATUS_OK) {
            snprintf(why, 256, "edit %zu: %s", i + 1,
                     text != NULL ? text : "not a line of text");
            return;
        }
    }
}

enum status agent_edits_with(const struct agent *a, const char *lines,
                             struct edit_list *out)
{
    static const char *const ops[] = {
        [EDIT_SET] = "set",       [EDIT_DROP] = "drop",
        [EDIT_REPEAT] = "repeat", [EDIT_INSERT] = "insert",
        [EDIT_APPEND] = "append", [EDIT_TRUNCATE] = "truncate",
        [EDIT_FLIP] = "flip"};
    enum status st = STATUS_OK;
    for (size_t i = 0; i < a->edits.num && st == STATUS_OK; i++) {
        const struct edit *e = &a->edits.items[i];
        char *line = mem_printf("%s %s %s %s", e->message, ops[e->op], e->path,
                                e->value);
        st = line == NULL ? STATUS_NO_MEMORY : edit_list_add(out, line, NULL);
        mem_free(line);
    }
    return st == STATUS_OK && lines != NULL
               ? edit_list_add_all(out, lines, NULL)
               : st;
}

/* ---- provisioning ---- */

enum status agent_load_params(struct ibake_keyring *kr, const json_t *p,
                              char why[256])
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(p, "params"), i, row)
    {
        size_t len = 0;
        enum bf_reason reason = BF_REASON_NONE;
        uint8_t *der = json_hex(row, "der", &len);
        enum status st =
            der == NULL
                ? STATUS_SYNTAX
                : ibake_keyring_add_params(
                      kr, json_str(row, "domain", ""), (struct view){der, len},
                      json_is_true(json_object_get(p, "toy")), &reason);
        mem_free(der);
        if (st != STATUS_OK) {
            snprintf(why, 256, "IBE parameters %zu are refused: %s", i + 1,
                     bf_reason_name(reason));
            return st;
        }
    }
    return STATUS_OK;
}

static enum status load_keys(struct agent *a, const json_t *p, char why[256])
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(p, "keys"), i, row)
    {
        size_t len = 0;
        enum bf_reason reason = BF_REASON_NONE;
        uint8_t *der = json_hex(row, "der", &len);
        char *hashed = mem_printf("%s%s", json_str(row, "identity", ""),
                                  json_str(row, "date", ""));
        enum status st = STATUS_SYNTAX;
        if (der != NULL && hashed != NULL) {
            st = ibake_keyring_add_private(a->keyring, view_str(hashed),
                                           (struct view){der, len}, &reason);
        }
        mem_free(der);
        mem_free(hashed);
        if (st != STATUS_OK) {
            snprintf(why, 256, "private key %zu is refused: %s", i + 1,
                     bf_reason_name(reason));
            return st;
        }
    }
    return STATUS_OK;
}

static enum status load_profile(struct agent *a, const json_t *p, char why[256])
{
    const char *item;
    json_t *v;
    ibake_profile_strict(&a->ibake.profile);
    json_object_foreach(json_object_get(p, "pixit"), item, v)
    {
        const char *text = json_string_value(v);
        enum status st = text == NULL
                             ? STATUS_BAD_VALUE
                             : ibake_profile_set(&a->ibake.profile, item, text);
        if (st != STATUS_OK && st != STATUS_NOT_FOUND) {
            snprintf(why, 256, "PIXIT %s cannot be '%s'", item,
                     text != NULL ? text : "?");
            return st;
        }
    }
    return STATUS_OK;
}

static enum status load_common(struct agent *a, const json_t *p, char why[256])
{
    a->provision = json_deep_copy(p);
    a->identity = mem_strdup(json_str(p, "identity", ""));
    a->keyring = ibake_keyring_new();
    if (a->provision == NULL || a->identity == NULL || a->keyring == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (json_object_get(p, "seed") != NULL) {
        env_init_seeded(&a->env, (uint64_t)json_int(p, "seed", 1));
    }
    a->tester = json_is_true(json_object_get(p, "tester"));
    if (json_is_true(json_object_get(p, "tap"))) {
        net_loop_set_tap(a->loop, on_tap, a);
    }
    if (net_addr_of(&a->addr, json_str(p, "address", ""),
                    (uint16_t)json_int(p, "sip_port", 5060)) != STATUS_OK) {
        snprintf(why, 256, "'address' is missing or no IP address");
        return STATUS_SYNTAX;
    }
    const char *out = json_str(p, "outbound", NULL);
    if (out != NULL &&
        net_addr_parse(&a->outbound, out, strlen(out)) != STATUS_OK) {
        snprintf(why, 256, "'outbound' must be ADDRESS:PORT");
        return STATUS_SYNTAX;
    }
    a->transport = strcmp(json_str(p, "transport", "tcp"), "udp") == 0
                       ? SIPTX_UDP
                       : SIPTX_TCP;
    a->ibake = (struct ibake_config){.keyring = a->keyring,
                                     .env = &a->env,
                                     .log = &a->log,
                                     .checks = IBAKE_CHECK_ALL,
                                     .edits = &a->edits,
                                     .secret = on_secret,
                                     .secret_ctx = a,
                                     .recorded = agent_recorded,
                                     .recorded_ctx = a};
    /* An agent under test holds its keys and tells nobody; TGK and MPK are told
     * by the tester at the other end. */
    a->ibake.tell_session_keys = 1;
    if (a->fault == NULL) {
        a->fault = fault_find(json_str(p, "fault", ""));
    }
    if (a->fault != NULL) {
        a->ibake.checks &= ~a->fault->checks_off;
        log_at(&a->log, LOG_WARN, "FAULT %s: %s", a->fault->name,
               a->fault->sentence);
    }
    agent_set_edits(a, json_object_get(p, "edits"), why);
    if (why[0] != '\0') {
        return STATUS_SYNTAX;
    }
    enum status st = load_profile(a, p, why);
    if (agent_does(a, FAULT_MB_NARROW_SKEW)) {
        a->ibake.profile.skew_s /= 5;
    }
    st = st != STATUS_OK ? st : agent_load_params(a->keyring, p, why);
    return st != STATUS_OK ? st : load_keys(a, p, why);
}

static void on_keys(struct agent *a, enum status st, const char *text)
{
    char why[256] = "";
    if (st != STATUS_OK) {
        agent_fail(a, a->provision_id, "no private keys: %s (%s)", text,
                   status_name(st));
        return;
    }
    st = a->role->start(a, a->provision, why);
    if (st != STATUS_OK) {
        agent_fail(a, a->provision_id, "%s", why[0] ? why : status_name(st));
        return;
    }
    a->provisioned = 1;
    agent_ok(a, a->provision_id, NULL);
}

static void on_extra_keys(struct agent *a, enum status st, const char *text)
{
    log_at(&a->log, LOG_NOTE, "key of somebody else: %s (%s)", status_name(st),
           text);
    on_keys(a, STATUS_OK, "");
}

static void on_own_keys(struct agent *a, enum status st, const char *text)
{
    const char *b = json_str(a->provision, "account", "");
    if (st == STATUS_OK && agent_does(a, FAULT_MB_ASK_FOR_B_KEY)) {
        agent_keys_fetch(a, &b, 1, on_extra_keys);
        return;
    }
    on_keys(a, st, text);
}

static void verb_provision(struct agent *a, int id, const json_t *args)
{
    char why[256] = "";
    if (a->provision != NULL) {
        agent_fail(a, id, "provisioned already");
        return;
    }
    enum status st = load_common(a, args, why);
    if (st != STATUS_OK) {
        agent_fail(a, id, "%s", why[0] ? why : status_name(st));
        return;
    }
    a->provision_id = id;
    if (a->fault != NULL && strcmp(a->fault->role, "any") == 0) {
        a->role = &role_peer;
    }
    if (!a->role->wants_keys || json_object_get(args, "kms") == NULL ||
        json_flag(args, "lazy_keys")) {
        on_keys(a, STATUS_OK, "");
        return;
    }
    const char *ids[1] = {a->identity};
    agent_keys_fetch(a, ids, 1, on_own_keys);
}

/* ---- the other common verbs ---- */

static void verb_hello(struct agent *a, int id, const json_t *args)
{
    static const char *const common[] = {"hello",     "provision", "edit",
                                         "set_clock", "reset",     "quit"};
    json_t *list = json_array();
    (void)args;
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        json_array_append_new(list, json_string(common[i]));
    }
    for (const struct agent_verb *v = a->role->verbs; v->name != NULL; v++) {
        json_array_append_new(list, json_string(v->name));
    }
    agent_ok(a, id,
             json_pack("{s:s s:s s:s s:o}", "name", "latchkey-reference",
                       "version", "0.1.0", "role", a->name, "verbs", list));
}

static void verb_edit(struct agent *a, int id, const json_t *args)
{
    char why[256] = "";
    agent_set_edits(a, json_object_get(args, "edits"), why);
    if (why[0] != '\0') {
        agent_fail(a, id, "%s", why);
    } else {
        agent_ok(a, id, NULL);
    }
}

static void verb_set_clock(struct agent *a, int id, const json_t *args)
{
    a->env.skew_us = (int64_t)json_int(args, "offset_s", 0) * 1000000;
    agent_ok(a, id, NULL);
}

static void verb_reset(struct agent *a, int id, const json_t *args)
{
    (void)args;
    json_object_clear(a->behave);
    if (a->role->reset != NULL && a->provisioned) {
        a->role->reset(a);
    }
    agent_ok(a, id, NULL);
}

static void verb_quit(struct agent *a, int id, const json_t *args)
{
    (void)args;
    agent_ok(a, id, NULL);
    net_loop_stop(a->loop);
}

static const struct agent_verb common_verbs[] = {
    {"hello", verb_hello}, {"provision", verb_provision},
    {"edit", verb_edit},   {"set_clock", verb_set_clock},
    {"reset", verb_reset}, {"quit", verb_quit},
    {NULL, NULL}};

static const struct agent_verb *find_verb(const struct agent_verb *list,
                                          const char *name)
{
    for (; list->name != NULL; list++) {
        if (strcmp(list->name, name) == 0) {
            return list;
        }
    }
    return NULL;
}

static void on_request(struct agent *a, const json_t *j)
{
    const char *verb = json_str(j, "verb", "");
    int id = (int)json_int(j, "id", 0);
    const struct agent_verb *v = find_verb(common_verbs, verb);
    if (v == NULL) {
        v = find_verb(a->role->verbs, verb);
        if (v != NULL && !a->provisioned) {
            agent_fail(a, id, "not provisioned yet");
            return;
        }
    }
    if (v == NULL) {
        agent_event(a, json_pack("{s:i s:b s:b s:s}", "id", id, "ok", 0,
                                 "unsupported", 1, "why", "no such verb"));
        return;
    }
    log_at(&a->log, LOG_NOTE, "request %d: %s", id, verb);
    v->run(a, id, j);
}

static const struct agent_role *find_role(const char *name)
{
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        for (const char *const *n = roles[i]->names; *n != NULL; n++) {
            if (strcasecmp(*n, name) == 0) {
                return roles[i];
            }
        }
    }
    return NULL;
}

enum status agent_begin(struct agent *a, const char *role, const char *fault)
{
    a->role = find_role(role);
    a->name = role;
    a->log = (struct log){.line = on_log, .ctx = a, .level = LOG_NOTE};
    a->fault = fault != NULL ? fault_find(fault) : NULL;
    return a->role == NULL || (fault != NULL && a->fault == NULL)
               ? STATUS_NOT_FOUND
               : STATUS_OK;
}

void agent_take(struct agent *a, const char *line, size_t len)
{
    json_t *j = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *id = json_object_get(j, "id");
    if (!json_is_integer(id) || json_integer_value(id) < 0 ||
        json_integer_value(id) > INT32_MAX) {
        log_at(&a->log, LOG_ERROR, "a line that is no request");
        agent_event(a, json_pack("{s:s s:s}", "event", "warning", "text",
                                 "a line that is no request"));
    } else {
        on_request(a, j);
    }
    json_decref(j);
}

void agent_end(struct agent *a)
{
    if (a->role != NULL && a->role->stop != NULL && a->state != NULL) {
        a->role->stop(a);
    }
    agent_keys_cancel(a);
    siptx_free(a->ep);
    ibake_keyring_free(a->keyring);
    ibake_keyring_free(a->other_keyring);
    edit_list_clear(&a->edits);
    for (size_t i = 0; i < a->num_buried; i++) {
        mem_free(a->buried[i]);
    }
    mem_free(a->buried);
    agent_records_free(a);
    mem_free(a->identity);
    json_decref(a->provision);
    json_decref(a->behave);
}

static void on_line(void *ctx, const char *line, size_t len, enum status st)
{
    struct agent *a = ctx;
    if (line != NULL && st == STATUS_OK) {
        agent_take(a, line, len);
    } else if (line == NULL && st != STATUS_BAD_LENGTH) {
        net_loop_stop(a->loop); /* the harness is gone */
    } else {
        log_at(&a->log, LOG_ERROR, "a line that is too long");
    }
}

int agent_run(const char *role, const char *fault, int fd_in, int fd_out,
              int log_fd)
{
    struct agent a = {.log_fd = log_fd};
    env_init_system(&a.env);
    if (agent_begin(&a, role, fault) != STATUS_OK) {
        return 64;
    }
    int rc = 70;
    if (net_loop_new(&a.loop, &a.env, NET_REAL) == STATUS_OK &&
        net_lines_open(&a.lines, a.loop, fd_in, fd_out, on_line, &a) ==
            STATUS_OK) {
        net_loop_run(a.loop);
        rc = 0;
    }
    agent_end(&a);
    net_lines_close(a.lines);
    net_loop_free(a.loop);
    return rc;
}
