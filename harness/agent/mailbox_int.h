/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to the mailbox: its state and its chapters. */
#ifndef HARNESS_AGENT_MAILBOX_INT_H
#define HARNESS_AGENT_MAILBOX_INT_H

#include "harness/agent/agent_int.h"
#include "harness/agent/incall.h"
#include "harness/agent/store.h"

struct mwi; /* message waiting notifications */

struct mailbox {
    struct agent *agent;
    struct store *store;
    char *account; /* the owner's identity */
    char *vm_user; /* user part of the voicemail service URI */
    struct incall *calls;
    struct mwi *subs;
    int behave_id;            /* request waiting for the key of B */
    struct request *requests; /* key requests of the verb "request" */
};

/* mailbox_deposit.c, mailbox_retrieval.c */
extern const struct incall_hooks deposit_hooks, retrieval_hooks;
/* The parts of a deposit or retrieval hang at incall.owner. */
struct mailbox *mailbox_of(const struct incall *c);

/* mailbox_preload.c: the verb 'preload'. */
void mailbox_preload(struct agent *a, int id, const json_t *args);

/* mailbox_mwi.c */
void mwi_subscribe(struct mailbox *m, struct siptx_server *tx,
                   const struct sip_msg *msg, struct siptx_dialog *dlg);
void mwi_dialog_gone(struct mailbox *m, struct siptx_dialog *dlg);
/* Tells every subscriber; message, if not NULL, is new since the last time. */
void mwi_notify(struct mailbox *m, const struct store_message *message);
void mwi_clear(struct mailbox *m);

#endif
