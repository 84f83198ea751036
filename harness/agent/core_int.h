/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to the core stand-in: registrar, forwarding proxy, diversion. */
#ifndef HARNESS_AGENT_CORE_INT_H
#define HARNESS_AGENT_CORE_INT_H

#include "harness/agent/agent_int.h"
#include "harness/agent/agent_sdp.h"

enum divert_mode {
    DIVERT_DEFAULT, /* as registered; to the mailbox if not */
    DIVERT_NONE,
    DIVERT_UNCONDITIONAL,
    DIVERT_NOT_REGISTERED,
    DIVERT_NO_REPLY,
    DIVERT_BUSY
};

enum divert_carry { CARRY_URI, CARRY_HISTORY, CARRY_DIVERSION };

struct core_user {
    const char *identity; /* of the provisioning */
    const char *name;     /* for digest */
    const char *password;
    struct net_addr addr;
    char *contact; /* registered Contact URI, or NULL */
    uint64_t expires_ms;
    enum divert_mode mode;
    enum divert_carry carry;
    unsigned no_reply_ms;
    int cause; /* 0: that of the mode */
    int quiet; /* no 181 */
};

struct core_call;

struct core {
    struct agent *agent;
    struct core_user *users;
    size_t num_users;
    const char *vm_uri;
    char *vm_identity;
    const char *vm_account;  /* whose mailbox it is */
    struct net_addr vm_addr; /* family 0: there is no mailbox */
    unsigned no_reply_ms;
    struct core_call *calls;
    char nonce[33];
};

struct core_user *core_user_of(struct core *k, const char *identity);
/* core_user_at finds who sends from an address. */
struct core_user *core_user_at(struct core *k, const struct net_addr *from);
int core_is_registered(struct core *k, struct core_user *u);

/* core_registrar.c */
void core_register(struct core *k, struct siptx_server *tx,
                   const struct sip_msg *msg);

/* core_forward.c */
void core_forward(struct core *k, struct siptx_server *tx,
                  const struct sip_msg *msg);
void core_cancel(struct core *k, struct siptx_server *invite);
void core_server_gone(struct core *k, const struct siptx_server *tx);
void core_calls_clear(struct core *k);

#endif
