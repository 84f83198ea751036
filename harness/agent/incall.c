/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A call that we get. */
#include "harness/agent/incall.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

#define KEY_FAILURE_WARNING                                                        "Warning: 306 latchkey \"Attribute not understood: key-mgmt\", 399 "           "latchkey \"key management failure\""

void incall_over(struct incall *c)
{
    if (!c->ended) {
        c->ended = 1;
        net_timer_cancel(&c->timer);
        c->hooks->on_over(c);
    }
}

void incall_free(struct incall **list, struct incall *c)
{
    for (struct incall **p = list; *p != NULL; p = &(*p)->next) {
        if (*p == c) {
            *p = c->next;
            break;
        }
    }
    net_timer_cancel(&c->timer);
    ibake_session_free(c->ib);
    media_port_close(c->port);
    mem_free(c->from);
    mem_free(c->asserted);
    mem_free(c->to);
    mem_free(c->uri);
    mem_free(c->call_id);
    mem_free(c);
}

void incall_refuse(struct incall *c, int status)
{
    if (c->invite != NULL) {
        siptx_reply_status(c->invite, status, NULL,
                           status == 488 ? KEY_FAILURE_WARNING : NULL);
        c->invite = NULL;
    }
    incall_over(c);
}

static void on_packet(void *ctx, struct media_port *port,
                      const struct net_addr *from, const uint8_t *data,
                      size_t len)
{
    struct incall *c = ctx;
    (void)port;
    (void)from;
    if (c->hooks->on_rtp != NULL && !c->ended) {
        c->hooks->on_rtp(c, data, len);
    }
}

/* No I_MESSAGE_2, no ACK: the exchange times out (PX_T_I2). */
static void on_timeout(void *ctx)
{
    struct incall *c = ctx;
    c->timer = NULL;
    log_at(&c->agent->log, LOG_NOTE, "call %s times out", c->call_id);
    if (c->dlg != NULL && c->answered) {
        siptx_bye(c->dlg, NULL, NULL, NULL);
    }
    incall_refuse(c, 480);
}

static enum status add_answer_sdp(struct incall *c, struct sip_out *out,
                                  struct view mikey)
{
    struct agent_sdp sdp = {
        .user = "latchkey",
        .session_id = c->sdp_id,
        .version = ++c->sdp_version,
        .rtp = media_port_addr(c->port),
        .mikey = mikey,
        .avp = agent_does(c->agent, FAULT_MB_DOWNGRADE_AVP),
        .media_level =
            strcmp(agent_px(c->agent, "PX_KM_LEVEL", "session"), "media") == 0,
        .direction = "sendrecv"};
    char *body = agent_desc_write(&sdp);
    if (body == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status st = sip_out_body(out, "application/sdp", body, strlen(body));
    mem_free(body);
    return st;
}

static void add_common(struct incall *c, struct sip_out *out)
{
    const char *id = c->agent->identity;
    sip_out_set(out, "P-Asserted-Identity", "<%s>", id);
    sip_out_set(out, "Allow",
                "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, SUBSCRIBE");
}

static void send_r1(struct incall *c)
{
    struct wr w;
    struct sip_out out;
    wr_init(&w);
    enum status st = ibake_make_r1(c->ib, &w);
    if (st == STATUS_OK) {
        st = siptx_response(c->invite, &out, 183, NULL);
    }
    if (st == STATUS_OK) {
        add_common(c, &out);
        st = add_answer_sdp(c, &out, (struct view){w.data, w.len});
        if (st == STATUS_OK) {
            st = siptx_reply_reliable(c->invite, &out);
        }
        sip_out_free(&out);
    }
    wr_cleanup(&w);
    if (st != STATUS_OK) {
        log_at(&c->agent->log, LOG_ERROR, "no R_MESSAGE_1: %s", status_name(st));
        incall_refuse(c, 488);
        return;
    }
    c->dlg = siptx_server_dialog(c->invite);
}

/* The MIKEY message of an offer, or the SIP status with which it is refused. */
static int offer_status(const struct agent_desc *d)
{
    if (!d->present || !d->is_savp || d->num_mikey == 0 || d->bad_base64) {
        return 488;
    }
    return 0;
}

static int begin(struct incall *c, const struct sip_msg *msg,
                 const struct view *own, size_t num_own)
{
    struct agent *a = c->agent;
    struct agent_desc d;
    struct net_addr at = a->addr;
    at.port = 0;
    if (agent_desc_read(&d, msg) != STATUS_OK) {
        return 500;
    }
    int status = offer_status(&d);
    c->peer_rtp = d.rtp;
    if (media_port_open(&c->port, a->loop, &at, on_packet, c) != STATUS_OK) {
        status = 500;
    } else if (status == 488 && d.present &&
               agent_does(a, FAULT_MB_ACCEPT_ANY_PROTOCOL)) {
        c->no_keys = 1;
        status = 0;
    } else if (status == 0) {
        c->ib = ibake_responder_new(&a->ibake, own, num_own);
        enum status st =
            c->ib == NULL ? STATUS_NO_MEMORY
                          : ibake_take_i1(c->ib, (struct view){d.mikey,
                                                               d.mikey_len});
        log_at(&a->log, LOG_NOTE, "I_MESSAGE_1: %s", status_name(st));
        status = st == STATUS_OK ? c->hooks->on_i1(c) : 488;
    }
    agent_desc_clear(&d);
    return status;
}

struct incall *incall_take(struct agent *a, struct siptx_server *tx,
                           const struct sip_msg *msg, const struct view *own,
                           size_t num_own, const struct incall_hooks *hooks,
                           void *owner)
{
    struct incall *c = mem_alloc(sizeof *c);
    if (c == NULL) {
        siptx_reply_status(tx, 500, NULL, NULL);
        return NULL;
    }
    c->agent = a;
    c->hooks = hooks;
    c->owner = owner;
    c->invite = tx;
    uint8_t id[4] = {0};
    env_random(&a->env, id, sizeof id);
    c->sdp_id = (uint64_t)id[0] << 16 | (uint64_t)id[1] << 8 | id[2];
    c->from = agent_header(msg, SIP_HDR_FROM, 0);
    c->to = agent_header(msg, SIP_HDR_TO, 0);
    c->call_id = agent_header(msg, SIP_HDR_CALL_ID, 0);
    c->uri = mem_strndup((const char *)msg->uri.data, msg->uri.len);
    char *pai = agent_header(msg, SIP_HDR_P_ASSERTED_IDENTITY, 0);
    c->asserted = pai != NULL ? agent_identity(pai) : NULL;
    mem_free(pai);
    siptx_server_set_user(tx, c);
    int status = c->from == NULL || c->call_id == NULL || c->uri == NULL ||
                         c->to == NULL
                     ? 400
                     : begin(c, msg, own, num_own);
    if (status != 0) {
        incall_refuse(c, status);
        return NULL;
    }
    unsigned t = (unsigned)atoi(agent_px(a, "PX_T_I2", "32"));
    c->timer = net_timer_start(a->loop, t * 1000u, on_timeout, c);
    if (c->no_keys) {
        incall_answer(c);
    } else {
        send_r1(c);
        if (!c->ended && agent_does(a, FAULT_MB_ANSWER_EARLY)) {
            incall_answer(c);
        }
    }
    return c->ended ? NULL : c;
}

static struct incall *find(struct incall *list, const struct siptx_dialog *dlg)
{
    for (; list != NULL; list = list->next) {
        if (list->dlg == dlg && dlg != NULL) {
            return list;
        }
    }
    return NULL;
}

void incall_answer(struct incall *c)
{
    struct sip_out out;
    if (c->invite == NULL ||
        siptx_response(c->invite, &out, 200, NULL) != STATUS_OK) {
        return;
    }
    add_common(c, &out);
    if (c->no_keys) {
        add_answer_sdp(c, &out, (struct view){0});
    } else if (c->hooks->add_answer != NULL) {
        c->hooks->add_answer(c, &out);
    }
    siptx_reply(c->invite, &out);
    sip_out_free(&out);
    c->dlg = siptx_server_dialog(c->invite);
    c->invite = NULL;
    c->answered = 1;
}

static void refuse_i2(struct incall *c, struct siptx_server *tx, int status,
                      struct view i2)
{
    siptx_reply_status(tx, status, NULL,
                       status == 488 ? KEY_FAILURE_WARNING : NULL);
    if (c->verified) {
        return; /* the exchange that is complete stays as it is */
    }
    if (c->hooks->on_refused != NULL) {
        c->hooks->on_refused(c, i2);
    }
    incall_refuse(c, status);
}

static void on_update(struct incall *c, struct siptx_server *tx,
                      const struct sip_msg *msg)
{
    struct agent_desc d;
    if (agent_desc_read(&d, msg) != STATUS_OK) {
        siptx_reply_status(tx, 500, NULL, NULL);
        return;
    }
    if (!d.present) {
        siptx_reply_status(tx, 200, NULL, NULL); /* a plain target refresh */
        agent_desc_clear(&d);
        return;
    }
    struct view i2 = {d.mikey, d.mikey_len};
    enum status st = STATUS_NOT_FOUND;
    if (offer_status(&d) == 0 && c->ib != NULL) {
        st = ibake_take_i2(c->ib, i2);
    }
    log_at(&c->agent->log, LOG_NOTE, "I_MESSAGE_2: %s", status_name(st));
    int status = st == STATUS_OK ? c->hooks->on_i2(c) : 488;
    struct wr w;
    wr_init(&w);
    if (status == 0 && ibake_make_r2(c->ib, &w) != STATUS_OK) {
        status = 488;
    }
    struct sip_out out;
    if (status != 0) {
        refuse_i2(c, tx, status, i2);
    } else if (siptx_response(tx, &out, 200, NULL) == STATUS_OK) {
        add_common(c, &out);
        add_answer_sdp(c, &out, (struct view){w.data, w.len});
        siptx_reply(tx, &out);
        sip_out_free(&out);
        c->verified = 1;
        incall_answer(c);
    }
    wr_cleanup(&w);
    agent_desc_clear(&d);
}

static int method_is(const struct sip_msg *msg, const char *name)
{
    return msg->method.len == strlen(name) &&
           memcmp(msg->method.data, name, msg->method.len) == 0;
}

int incall_request(struct incall *list, struct siptx_server *tx,
                   const struct sip_msg *msg, struct siptx_dialog *dlg)
{
    struct incall *c = find(list, dlg);
    if (c == NULL) {
        return 0;
    }
    if (method_is(msg, "PRACK")) {
        siptx_reply_status(tx, 200, NULL, NULL);
    } else if (method_is(msg, "UPDATE")) {
        on_update(c, tx, msg);
    } else if (method_is(msg, "BYE")) {
        if (c->invite != NULL) {
            siptx_reply_status(c->invite, 487, NULL, NULL);
            c->invite = NULL;
        }
        c->hooks->on_bye(c, tx);
    } else if (method_is(msg, "INVITE")) {
        siptx_reply_status(tx, 488, NULL, NULL);
    } else {
        siptx_reply_status(tx, 501, NULL, NULL);
    }
    return 1;
}

void incall_ack(struct incall *list, struct siptx_dialog *dlg)
{
    struct incall *c = find(list, dlg);
    if (c != NULL && !c->acked) {
        c->acked = 1;
        net_timer_cancel(&c->timer);
        if (c->hooks->on_ack != NULL) {
            c->hooks->on_ack(c);
        }
    }
}

void incall_cancelled(struct incall *list, struct siptx_server *invite)
{
    for (; list != NULL; list = list->next) {
        if (list->invite == invite) {
            incall_refuse(list, 487);
            return;
        }
    }
    siptx_reply_status(invite, 487, NULL, NULL);
}

void incall_dialog_gone(struct incall *list, struct siptx_dialog *dlg)
{
    struct incall *c = find(list, dlg);
    if (c != NULL) {
        c->dlg = NULL;
    }
}
