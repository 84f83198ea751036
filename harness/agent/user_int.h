/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to the user agents (A, B, C, D, M): their state and its chapters. */
#ifndef HARNESS_AGENT_USER_INT_H
#define HARNESS_AGENT_USER_INT_H

#include "harness/agent/agent_int.h"
#include "harness/agent/incall.h"
#include "harness/agent/outcall.h"

struct sending;   /* SIP request under way */
struct user_call; /* deposit */
struct fetch_job; /* retrieval */

/* A call of ours, whatever it is for: what role_user needs of it. */
struct user_out {
    struct user_out *next;
    struct outcall *call;
    void *job;
    void (*drop)(void *job); /* ends it without a word */
};

enum answer_mode {
    ANSWER_RING,
    ANSWER_BUSY,
    ANSWER_ACCEPT,
    ANSWER_DECLINE,
    ANSWER_NONE
};

struct user {
    struct agent *agent;
    enum answer_mode mode;
    struct user_out *outs;
    struct incall *calls;         /* that we get */
    struct siptx_server *ringing; /* one INVITE that is not answered */
    struct request *requests;
    struct sending *sendings;
    struct siptx_dialog *subscription;
    char *subscribed_to;
    unsigned notified; /* summaries since the last subscribe or await */
    unsigned awaited;  /* how many "await" waits for */
    int await_id;      /* its request */
    struct net_timer *await_timer; /* NULL: nobody waits */
    struct siptx_credentials cred;
};

/* user_out_add and user_out_remove keep the list of calls. */
struct user_out *user_out_add(struct user *u, struct outcall *c, void *job,
                              void (*drop)(void *job));
void user_out_remove(struct user *u, const struct outcall *c);

/* user_options reads what call and fetch have in common; strings belong to
 * args. */
void user_options(struct agent *a, struct outcall_options *o,
                  const json_t *args);

void user_call(struct agent *a, int id, const json_t *args);  /* user_call.c */
void user_fetch(struct agent *a, int id, const json_t *args); /* user_fetch.c */
/* user_sip.c: register, subscribe, send, await */
void user_register(struct agent *a, int id, const json_t *args);
void user_subscribe(struct agent *a, int id, const json_t *args);
void user_send(struct agent *a, int id, const json_t *args);
void user_await(struct agent *a, int id, const json_t *args);
/* user_notified: a message summary came. */
void user_notified(struct user *u);
void user_sendings_clear(struct user *u);

#endif
