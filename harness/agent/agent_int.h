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
struct kms_call;
struct record;

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
    const char *name;          /* "A" */
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
    struct ibake_keyring *other_keyring; /* of somebody we speak for, or NULL */
    struct ibake_config ibake;           /* template for sessions */
    struct edit_list edits;              /* of the fault and of 'edit' */
    struct siptx_endpoint *ep;
    void *state;   /* the role's own */
    void **buried; /* blocks that late events may still point to */
    size_t num_buried;
    struct kms_call *kms_call; /* of agent_keys_fetch, while it lasts */
    void *kms_fetch;
    struct record *records; /* values for "recorded:" in edits */
    unsigned num_calls;     /* calls made or got so far */
    json_t *behave;         /* options of the verb 'behave' */
    /* Where answers and events go instead of lines (unit tests); takes o. */
    void (*sink)(void *ctx, json_t *o);
    void *sink_ctx;
};

/* agent_json.c */
void agent_ok(struct agent *a, int id,
              json_t *more); /* takes more; may be NULL */
void agent_fail(struct agent *a, int id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void agent_event(struct agent *a, json_t *event); /* takes event */
const char *json_str(const json_t *obj, const char *key, const char *fallback);
long long json_int(const json_t *obj, const char *key, long long fallback);
/* json_hex decodes a hex member into a new block (mem_free), or NULL. */
uint8_t *json_hex(const json_t *obj, const char *key, size_t *out_len);
/* An option set with the verb 'behave', or fallback. agent_behave_verb is the
 * verb; allowed ends with NULL. */
const char *agent_behave(const struct agent *a, const char *key,
                         const char *fallback);
int agent_behaves(const struct agent *a, const char *key); /* "yes" */
void agent_behave_verb(struct agent *a, int id, const json_t *args,
                       const char *const *allowed);
/* json_flag: yes, true, 1 or a JSON true. json_text gives strings and numbers
 * as text (mem_free), NULL if absent. */
int json_flag(const json_t *obj, const char *key);
char *json_text(const json_t *obj, const char *key);
/* PIXIT item of the provisioning. */
const char *agent_px(const struct agent *a, const char *item,
                     const char *fallback);

/* agent.c. agent_begin sets up a for a role ("A") with the loop and env that a
 * holds already; agent_take handles one request, agent_end frees everything but
 * the loop. */
enum status agent_begin(struct agent *a, const char *role, const char *fault);
void agent_take(struct agent *a, const char *line, size_t len);
void agent_end(struct agent *a);
int agent_does(const struct agent *a, enum fault_act act);
void agent_set_edits(struct agent *a, const json_t *lines, char why[256]);
/* agent_load_params adds the IBE parameters of a provisioning to a key ring. */
enum status agent_load_params(struct ibake_keyring *kr, const json_t *p,
                              char why[256]);
/* agent_edits_with copies the agent's edits and adds lines (may be NULL). */
enum status agent_edits_with(const struct agent *a, const char *lines,
                             struct edit_list *out);
struct view view_str(const char *s);
/* agent_bury frees block with the agent: transactions may outlive the call that
 * they belong to, and report to it. */
void agent_bury(struct agent *a, void *block);

/* agent_sip.c: an endpoint with the agent's address, edits, faults. handlers'
 * ctx is a. */
enum status agent_sip_start(struct agent *a, const struct siptx_handlers *on,
                            int is_proxy, const char *user,
                            const char *contact_params, char why[256]);

/* agent_keys.c: asks the KMS for keys of the identities; done(a, status) when
 * it answered. */
typedef void agent_keys_fn(struct agent *a, enum status st, const char *why);
void agent_keys_fetch(struct agent *a, const char *const *ids, size_t num,
                      agent_keys_fn *done);

/* agent_keys_cancel drops a fetch under way. agent_key_request makes the
 * request for the identities with the PSK of the provisioning. */
void agent_keys_cancel(struct agent *a);
enum status agent_key_request(struct ibake_key_request **out, struct agent *a,
                              const struct ibake_config *cfg,
                              const char *const *ids, size_t num);

/* user_request.c: agent_request_verb carries out the verb "request", one key
 * exchange of its own; what is under way hangs at *list.
 * agent_requests_clear drops it without a word. */
struct request;
void agent_request_verb(struct agent *a, struct request **list, int id,
                        const json_t *args);
void agent_requests_clear(struct request **list);

/* agent_kms_call sends octets (with their length) to the KMS over TCP and
 * reports the response, or why there is none; msg lives as long as the
 * callback. */
typedef void agent_kms_fn(void *ctx, enum status st, struct view msg);
enum status agent_kms_call(struct kms_call **out, struct agent *a,
                           struct view request, unsigned timeout_ms,
                           agent_kms_fn *done, void *ctx);
/* agent_kms_cancel forgets a call that has not reported. */
void agent_kms_cancel(struct kms_call *c);

/* agent_record.c: octets of finished messages, by name: "first.I_MESSAGE_1"
 * (the label of a call) and "1.I_MESSAGE_1" (its number). label may be NULL. */
void agent_record(struct agent *a, const char *label, unsigned number,
                  const char *item, struct view octets);
/* agent_record_msg records a MIKEY message under its data type's name, and with
 * I_MESSAGE_2 its ESK. */
void agent_record_msg(struct agent *a, const char *label, unsigned number,
                      struct view octets);
/* agent_recorded is the callback of struct ibake_config; ctx is the agent. */
const uint8_t *agent_recorded(void *ctx, const char *name, size_t *out_len);
struct view agent_record_get(const struct agent *a, const char *name);
void agent_records_free(struct agent *a);

/* agent_guess.c: what an outsider makes up. agent_guess_r1 appends an
 * R_MESSAGE_1 that goes with the I_MESSAGE_1 in i1, as if answered by
 * responder, with a point of our own and encrypted to reader, whose key we
 * have. */
enum status agent_guess_r1(struct agent *a, struct view i1,
                           struct view responder, struct view reader,
                           struct wr *out);
/* agent_guess_idrr copies IDRr of a message in clear (mem_free), or NULL. */
char *agent_guess_idrr(struct view msg);

extern const struct agent_role role_user, role_mailbox, role_kms, role_core,
    role_peer;

#endif
