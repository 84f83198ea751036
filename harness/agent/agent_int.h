/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to harness/agent: what all agents share. */
#ifndef HARNESS_AGENT_AGENT_INT_H
#define HARNESS_AGENT_AGENT_INT_H

#include "harness/agent/agent.h"
#include "harness/agent/fault.h"
#include "harness/base/log.h"
#include "harness/ibake/ibake.h"
#include "harness/net/net.h"
#include "harness/siptx/siptx.h"

#include <jansson.h>

struct agent;

struct agent_verb {
    const char *name;
    /* run answers with agent_ok or agent_fail, now or later, exactly once. */
    void (*run)(struct agent *a, int id, const json_t *args);
};

struct agent_role {
    const char *const *names;       /* NULL-terminated */
    const struct agent_verb *verbs; /* ends with a NULL name */
    int wants_keys;                 /* gets private keys from the KMS first */
    /* start is called when keys are there; a status other than OK fails the
     * provisioning with the sentence in why. */
    enum status (*start)(struct agent *a, const json_t *provision,
                         char why[256]);
    void (*reset)(struct agent *a);
    void (*stop)(struct agent *a); /* frees state */
};

struct agent {
    const struct agent_role *role;
    const char *name; /* "A" */
    const struct fault *fault; /* NULL = none */
    struct net_loop *loop;
    struct net_lines *lines;
    struct env env;
    struct log log;
    int log_fd;
    int tester;
    int tap;
    /* from provision */
    int provisioned;
    int provision_id; /* the request being answered */
    json_t *provision;
    char *identity;
    struct net_addr addr;
    struct net_addr outbound;
    enum siptx_transport transport;
    struct ibake_keyring *keyring;
    struct ibake_config ibake; /* template for sessions */
    struct edit_list edits;    /* of the fault and of 'edit' */
    struct siptx_endpoint *ep;
    void *state; /* the role's own */
    void **buried; /* blocks that late events may still point to */
    size_t num_buried;
};

/* agent_json.c */
void agent_ok(struct agent *a, int id, json_t *more); /* takes more; may be NULL */
void agent_fail(struct agent *a, int id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void agent_event(struct agent *a, json_t *event); /* takes event */
const char *json_str(const json_t *obj, const char *key, const char *fallback);
long long json_int(const json_t *obj, const char *key, long long fallback);
/* json_hex decodes a hex member into a new block (mem_free), or NULL. */
uint8_t *json_hex(const json_t *obj, const char *key, size_t *out_len);
/* PIXIT item of the provisioning. */
const char *agent_px(const struct agent *a, const char *item,
                     const char *fallback);

/* agent.c */
int agent_does(const struct agent *a, enum fault_act act);
void agent_set_edits(struct agent *a, const json_t *lines, char why[256]);
struct view view_str(const char *s);
/* agent_bury frees block with the agent: transactions may outlive the call that they
 * belong to, and report to it. */
void agent_bury(struct agent *a, void *block);

/* agent_sip.c: an endpoint with the agent's address, edits, faults. handlers' ctx
 * is a. */
enum status agent_sip_start(struct agent *a, const struct siptx_handlers *on,
                            int is_proxy, const char *user,
                            const char *contact_params, char why[256]);

/* agent_keys.c: asks the KMS for keys of the identities; done(a, status) when it
 * answered. */
typedef void agent_keys_fn(struct agent *a, enum status st, const char *why);
void agent_keys_fetch(struct agent *a, const char *const *ids, size_t num,
                      agent_keys_fn *done);

extern const struct agent_role role_user, role_mailbox, role_kms, role_core,
    role_peer;

#endif
