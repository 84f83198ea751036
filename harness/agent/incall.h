/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A call that we get: I_MESSAGE_1 in the INVITE, R_MESSAGE_1 in a reliable 183,
 * I_MESSAGE_2 in an UPDATE, R_MESSAGE_2 in its 200, then the 200 to the INVITE.
 */
#ifndef HARNESS_AGENT_INCALL_H
#define HARNESS_AGENT_INCALL_H

#include "harness/agent/agent_int.h"
#include "harness/agent/agent_sdp.h"
#include "harness/media/media.h"

struct incall;

struct incall_hooks {
    /* on_i1: I_MESSAGE_1 is read; returns 0 to go on, or the SIP status to
     * refuse with. */
    int (*on_i1)(struct incall *c);
    /* on_i2: I_MESSAGE_2 is verified; returns 0, or a SIP status. */
    int (*on_i2)(struct incall *c);
    /* on_refused: I_MESSAGE_2 was refused (for a fault); may be NULL. */
    void (*on_refused)(struct incall *c, struct view i2);
    /* add_early completes the 183 with R_MESSAGE_1 (for a fault); may be NULL.
     */
    void (*add_early)(struct incall *c, struct sip_out *out);
    /* add_answer completes the 200 to the INVITE (body); may be NULL. */
    void (*add_answer)(struct incall *c, struct sip_out *out);
    void (*on_ack)(struct incall *c);
    void (*on_rtp)(struct incall *c, const uint8_t *data, size_t len);
    /* on_bye: BYE came; answers it (siptx_reply_status) at once or later. */
    void (*on_bye)(struct incall *c, struct siptx_server *tx);
    /* on_over: the last call; the owner frees its part and calls incall_free.
     */
    void (*on_over)(struct incall *c);
};

struct incall {
    struct agent *agent;
    const struct incall_hooks *hooks;
    void *owner;
    struct incall *next; /* all calls of the agent */
    struct ibake_session *ib;
    struct media_port *port;
    struct net_addr peer_rtp;
    struct siptx_server *invite; /* until its final response */
    struct siptx_server *update; /* with I_MESSAGE_2, until answered */
    struct wr r2;                /* its answer, while that is held back */
    struct net_timer *delay;
    struct siptx_dialog *dlg;
    struct net_timer *timer;
    char *from;     /* From header value */
    char *asserted; /* identity of P-Asserted-Identity, or NULL */
    char *to;
    char *uri; /* Request-URI */
    char *call_id;
    uint64_t sdp_id;
    unsigned sdp_version;
    int verified, answered, acked, ended;
    int fresh_i2;    /* a fault took an I_MESSAGE_2 in place of I_MESSAGE_1 */
    int *over;       /* set to 1 when the call ends, while incall_take runs */
    unsigned number; /* of this call, for "recorded:" */
    struct wr forced_i2; /* a fault took this without understanding it */
    int no_keys;         /* a fault let the call go on without key management */
};

/* incall_take begins with an INVITE outside a dialog. It answers whatever must
 * be answered; NULL if the call was refused at once. */
struct incall *incall_take(struct agent *a, struct siptx_server *tx,
                           const struct sip_msg *msg, const struct view *own,
                           size_t num_own, const struct incall_hooks *hooks,
                           void *owner);
/* incall_request handles a request inside the call's dialog; 1 if it was ours.
 */
int incall_request(struct incall *list, struct siptx_server *tx,
                   const struct sip_msg *msg, struct siptx_dialog *dlg);
void incall_ack(struct incall *list, struct siptx_dialog *dlg);
void incall_cancelled(struct incall *list, struct siptx_server *invite);
/* incall_server_gone: a server transaction ends. */
void incall_server_gone(struct incall *list, const struct siptx_server *tx);
void incall_dialog_gone(struct incall *list, struct siptx_dialog *dlg);
/* incall_answer sends the 200 to the INVITE. */
void incall_answer(struct incall *c);
/* incall_refuse ends a call that is not answered yet. */
void incall_refuse(struct incall *c, int status);
/* incall_over ends the bookkeeping: calls on_over once. */
void incall_over(struct incall *c);
void incall_free(struct incall **list, struct incall *c);

#endif
