/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A call that we make: INVITE with I_MESSAGE_1, reliable 183 with R_MESSAGE_1,
 * UPDATE with I_MESSAGE_2, 200 with R_MESSAGE_2 (ims-deferred-delivery, 2.4).
 */
#ifndef HARNESS_AGENT_OUTCALL_H
#define HARNESS_AGENT_OUTCALL_H

#include "harness/agent/agent_int.h"
#include "harness/agent/agent_sdp.h"
#include "harness/media/media.h"

struct outcall;

struct outcall_hooks {
    /* on_answer: final 2xx to the INVITE, acknowledged; verified says whether
     * R2 was verified. Called once. */
    void (*on_answer)(struct outcall *c, const struct sip_msg *msg,
                      int verified);
    /* on_r2: R2 is verified. */
    void (*on_r2)(struct outcall *c);
    /* on_i2: UPDATE with I2 is on its way (for a fault). */
    void (*on_i2)(struct outcall *c);
    /* on_failed: round 2 failed and opt.ignore_failure says to go on (a fault).
     * May be NULL. */
    void (*on_failed)(struct outcall *c);
    /* on_rtp: a packet came. */
    void (*on_rtp)(struct outcall *c, const uint8_t *data, size_t len);
    /* on_over: the call is over, whatever the reason; the last call, free
     * owner. */
    void (*on_over)(struct outcall *c);
};

struct outcall_options {
    const char *to;      /* Request-URI and To */
    const char *from;    /* From header value, NULL = own identity */
    const char *called;  /* identity for I_MESSAGE_1 */
    const char *esk_for; /* identity for the ESK in normal form, NULL = none */
    const char *headers; /* extra header lines for the INVITE, or NULL */
    int withhold_i2;     /* stop after R1: cancel after hold_ms */
    int withhold_ack;    /* the 2xx is not acknowledged */
    const char *as;      /* claimed identity: its answers cannot be read */
    const char *replay;  /* label of a call whose messages are sent again */
    const char *label;   /* name for "recorded:", or NULL */
    int ignore_failure;  /* fault: go on when round 2 was refused */
    int second_i2;       /* a second I_MESSAGE_2 after R2 */
    int refuse_deferred; /* B: the mailbox must be able to decrypt I1 */
    unsigned hold_ms;
    unsigned timeout_ms; /* until the answer, 0 = 10 s */
};

struct outcall {
    struct agent *agent;
    const struct outcall_hooks *hooks;
    void *owner;
    struct outcall_options opt;
    struct ibake_session *ib;
    struct media_port *port;
    struct net_addr peer_rtp;
    struct siptx_client *invite;
    struct siptx_dialog *dlg; /* the dialog of the R1 we took */
    struct net_timer *timer;
    struct net_timer *hold;
    struct net_timer *r2_timer;
    struct edit_list edits; /* of this call */
    unsigned number;        /* of this call, for "recorded:" */
    uint64_t sdp_id;
    unsigned sdp_version;
    int took_r1, verified, answered, ended, failed, cancelled;
    int update_pending;
    int plain;      /* a fault: the answer said RTP/AVP, media go in clear */
    int status;     /* final SIP status, 0 = none */
    int bye_status; /* of our BYE, 0 = none */
    int msg_taker;  /* a Contact said actor=msg-taker */
    int diverted;   /* a 181 came */
    char why[160];
};

/* outcall_start sends the INVITE; NULL with why if it cannot. opt's strings
 * must live as long as the call. */
struct outcall *outcall_start(struct agent *a,
                              const struct outcall_options *opt,
                              const struct outcall_hooks *hooks, void *owner,
                              char why[256]);
/* outcall_hangup ends the call: BYE, or CANCEL before the answer. on_over
 * follows. */
void outcall_hangup(struct outcall *c);
/* outcall_abandon ends the call here without telling the peer. */
void outcall_abandon(struct outcall *c);
/* outcall_bye: the peer hung up (BYE in our dialog); answers it.
 * outcall_dialog_gone: dlg ends. */
void outcall_bye(struct outcall *c, struct siptx_server *tx);
void outcall_dialog_gone(struct outcall *c, const struct siptx_dialog *dlg);
/* outcall_free frees without a word (after on_over, or at the end). */
void outcall_free(struct outcall *c);

#endif
