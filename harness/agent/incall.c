/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A call that we get. */
#include "harness/agent/incall.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_FAILURE_WARNING                                                    \
    "Warning: 306 latchkey \"Attribute not understood: key-mgmt\", 399 "       \
    "latchkey \"key management failure\""

void incall_over(struct incall *c)
{
    if (!c->ended) {
        c->ended = 1;
        if (c->over != NULL) {
            *c->over = 1;
        }
        net_timer_cancel(&c->timer);
        net_timer_cancel(&c->delay);
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
    net_timer_cancel(&c->delay);
    ibake_session_free(c->ib);
    media_port_close(c->port);
    wr_cleanup(&c->r2);
    wr_cleanup(&c->forced_i2);
    mem_free(c->from);
    mem_free(c->asserted);
    mem_free(c->to);
    mem_free(c->uri);
    mem_free(c->call_id);
    mem_free(c);
}

void incall_refuse(struct incall *c, int status)
{
    struct siptx_server *tx = c->invite;
    c->invite = NULL;
    if (tx != NULL) {
        siptx_reply_status(tx, status, NULL,
                           status == 488 ? KEY_FAILURE_WARNING : NULL);
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
        .avp = agent_does(c->agent, FAULT_MB_DOWNGRADE_AVP) ||
               agent_behaves(c->agent, "answer_avp"),
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
    sip_out_set(out, "Allow", AGENT_ALLOW);
}

/* A fault uses the y of its first exchange in all of them. */
static void reuse_y(struct incall *c, int made)
{
    struct agent *a = c->agent;
    struct view y = agent_record_get(a, "reuse.y");
    if (!agent_does(a, FAULT_MB_REUSE_Y)) {
        return;
    }
    if (made && y.len == 0) {
        agent_record(a, "reuse", 0, "y",
                     agent_record_get(a, "secret.ECDH_PRIVATE"));
    } else if (!made && y.len != 0) {
        const struct ibake_preset p = {.scalar = y};
        ibake_session_preset(c->ib, &p);
    }
}

/* R_MESSAGE_1, or the MIKEY Error that a tester was told to send. */
static enum status make_r1(struct incall *c, struct wr *w)
{
    const char *error = agent_behave(c->agent, "error", NULL);
    if (error != NULL) {
        return ibake_make_error(c->ib, (uint8_t)atoi(error), w);
    }
    reuse_y(c, 0);
    enum status st = ibake_make_r1(c->ib, w);
    if (st == STATUS_OK) {
        reuse_y(c, 1);
        agent_record_msg(c->agent, NULL, c->number,
                         (struct view){w->data, w->len});
        agent_record(c->agent, NULL, c->number, "yP",
                     ibake_session_point(c->ib, IBAKE_RESPONDER));
    }
    return st;
}

static void send_r1(struct incall *c)
{
    struct wr w;
    struct sip_out out;
    wr_init(&w);
    enum status st = make_r1(c, &w);
    if (st == STATUS_OK) {
        st = siptx_response(c->invite, &out, 183, NULL);
    }
    if (st == STATUS_OK) {
        add_common(c, &out);
        st = add_answer_sdp(c, &out, (struct view){w.data, w.len});
        if (st == STATUS_OK && c->hooks->add_early != NULL) {
            c->hooks->add_early(c, &out);
        }
        if (st == STATUS_OK) {
            st = siptx_reply_reliable(c->invite, &out);
        }
        sip_out_free(&out);
    }
    wr_cleanup(&w);
    if (st != STATUS_OK) {
        log_at(&c->agent->log, LOG_ERROR, "no R_MESSAGE_1: %s %s",
               status_name(st), ibake_session_why(c->ib));
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

static struct ibake_session *new_session(struct incall *c,
                                         const struct view *own, size_t num)
{
    struct ibake_config cfg = c->agent->ibake;
    if (num > 1 && c->agent->other_keyring != NULL) {
        cfg.keyring = c->agent->other_keyring; /* in somebody else's place */
    }
    ibake_session_free(c->ib);
    c->ib = ibake_responder_new(&cfg, own, num);
    return c->ib;
}

/* One that does not ask whether a message comes at its moment. */
static struct ibake_session *
new_careless_session(struct incall *c, const struct view *own, size_t num)
{
    struct ibake_config cfg = c->agent->ibake;
    cfg.checks &= ~(unsigned)IBAKE_CHECK_FORM;
    ibake_session_free(c->ib);
    c->ib = ibake_responder_new(&cfg, own, num);
    return c->ib;
}

/* Faults in what is taken for an I_MESSAGE_1; st is what the exchange said. */
static enum status take_i1_faulty(struct incall *c, const struct agent_desc *d,
                                  const struct view *own, size_t num,
                                  enum status st)
{
    struct agent *a = c->agent;
    struct view msg = {d->mikey, d->mikey_len};
    struct mikey_msg m;
    if (agent_does(a, FAULT_MB_REFUSE_EXTENSION) && st == STATUS_OK &&
        mikey_decode(&m, msg.data, msg.len, NULL) == STATUS_OK &&
        mikey_find(&m, MIKEY_PL_GENERAL_EXT) != NULL) {
        return STATUS_UNSUPPORTED;
    }
    if (st == STATUS_OK || msg.len < 2) {
        return st;
    }
    if (agent_does(a, FAULT_MB_ACCEPT_ANY_TYPE) &&
        msg.data[1] != MIKEY_DT_I_MESSAGE_1 &&
        new_session(c, own, num) != NULL) {
        d->mikey[1] = MIKEY_DT_I_MESSAGE_1;
        return ibake_take_i1(c->ib, msg);
    }
    if (agent_does(a, FAULT_MB_ACCEPT_FRESH_I2) &&
        msg.data[1] == MIKEY_DT_I_MESSAGE_2 &&
        new_careless_session(c, own, num) != NULL) {
        c->fresh_i2 = 1;
        return ibake_take_i2(c->ib, msg);
    }
    return st;
}

static int take_i1(struct incall *c, const struct agent_desc *d,
                   const struct view *own, size_t num)
{
    struct agent *a = c->agent;
    if (new_session(c, own, num) == NULL) {
        return 500;
    }
    enum status st =
        ibake_take_i1(c->ib, (struct view){d->mikey, d->mikey_len});
    log_at(&a->log, LOG_NOTE, "I_MESSAGE_1: %s %s", status_name(st),
           ibake_session_why(c->ib));
    agent_record_msg(a, NULL, c->number, (struct view){d->mikey, d->mikey_len});
    if (a->fault != NULL) {
        st = take_i1_faulty(c, d, own, num, st);
    }
    return st == STATUS_OK ? c->hooks->on_i1(c) : 488;
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
        status = take_i1(c, &d, own, num_own);
    }
    agent_desc_clear(&d);
    return status;
}

/* A fault answers an I_MESSAGE_2 out of the blue with R_MESSAGE_2. */
static void answer_fresh_i2(struct incall *c)
{
    struct sip_out out;
    struct wr w;
    wr_init(&w);
    int status = c->hooks->on_i2(c);
    if (status == 0 && ibake_make_r2(c->ib, &w) == STATUS_OK &&
        siptx_response(c->invite, &out, 200, NULL) == STATUS_OK) {
        add_common(c, &out);
        add_answer_sdp(c, &out, (struct view){w.data, w.len});
        siptx_reply(c->invite, &out);
        sip_out_free(&out);
        c->dlg = siptx_server_dialog(c->invite);
        c->invite = NULL;
        c->answered = c->verified = 1;
    } else {
        incall_refuse(c, 488);
    }
    wr_cleanup(&w);
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
    c->number = ++a->num_calls;
    wr_init(&c->r2);
    wr_init(&c->forced_i2);
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
    int over = 0;
    c->over = &over;
    int status =
        c->from == NULL || c->call_id == NULL || c->uri == NULL || c->to == NULL
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
    } else if (c->fresh_i2) {
        answer_fresh_i2(c);
    } else {
        send_r1(c);
        if (!over && agent_does(a, FAULT_MB_ANSWER_EARLY)) {
            incall_answer(c);
        }
    }
    if (over) {
        return NULL;
    }
    c->over = NULL;
    return c;
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
        strcmp(agent_behave(c->agent, "drop", ""), "200") == 0 ||
        siptx_response(c->invite, &out, 200, NULL) != STATUS_OK) {
        return;
    }
    add_common(c, &out);
    if (c->no_keys) {
        add_answer_sdp(c, &out, (struct view){0});
    } else if (c->hooks->add_answer != NULL) {
        c->hooks->add_answer(c, &out);
    }
    int times = atoi(agent_behave(c->agent, "ok_times", "1"));
    for (int i = 0; i < times && i < 10; i++) {
        siptx_reply(c->invite, &out);
    }
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
    if (c->answered && c->dlg != NULL) {
        siptx_bye(c->dlg, NULL, NULL, NULL);
    }
    incall_refuse(c, status);
}

/* The 200 with R_MESSAGE_2, then that of the INVITE. */
static void send_r2(struct incall *c)
{
    struct siptx_server *tx = c->update;
    struct sip_out out;
    c->update = NULL;
    if (tx == NULL || siptx_response(tx, &out, 200, NULL) != STATUS_OK) {
        return;
    }
    add_common(c, &out);
    add_answer_sdp(c, &out, (struct view){c->r2.data, c->r2.len});
    siptx_reply(tx, &out);
    sip_out_free(&out);
    c->verified = 1;
    incall_answer(c);
}

static void on_delay(void *ctx)
{
    struct incall *c = ctx;
    c->delay = NULL;
    send_r2(c);
}

/* What was answered when the same I_MESSAGE_2 came in an earlier call. */
static struct view earlier_r2(struct incall *c, struct view i2)
{
    char name[32];
    for (unsigned n = 1; n < c->number; n++) {
        snprintf(name, sizeof name, "%u.I_MESSAGE_2", n);
        struct view was = agent_record_get(c->agent, name);
        if (was.len == i2.len && was.len > 0 &&
            memcmp(was.data, i2.data, i2.len) == 0) {
            snprintf(name, sizeof name, "%u.R_MESSAGE_2", n);
            return agent_record_get(c->agent, name);
        }
    }
    return (struct view){0};
}

/* Does a fault take an I_MESSAGE_2 that was refused with st? Then *r2 is what
 * it answers, if it has anything. */
static int takes_anyway(struct incall *c, enum status st, struct view i2,
                        struct view *r2)
{
    *r2 = (struct view){0};
    if (agent_does(c->agent, FAULT_MB_ACCEPT_REPLAYED_I2)) {
        *r2 = earlier_r2(c, i2);
        return r2->len > 0;
    }
    return (agent_does(c->agent, FAULT_MB_ACCEPT_UNDECRYPTABLE) &&
            (st == STATUS_DECRYPT || st == STATUS_NO_KEY)) ||
           (agent_does(c->agent, FAULT_MB_ACCEPT_TRUNCATED) &&
            st >= STATUS_TRUNCATED && st <= STATUS_SYNTAX);
}

/* The SIP status to refuse with, or 0 and R_MESSAGE_2 in c->r2. */
static int judge_i2(struct incall *c, const struct agent_desc *d)
{
    struct agent *a = c->agent;
    struct view i2 = {d->mikey, d->mikey_len};
    enum status st = STATUS_NOT_FOUND;
    int offered = offer_status(d) == 0 && c->ib != NULL;
    if (offered) {
        agent_record_msg(a, NULL, c->number, i2);
        st = ibake_take_i2(c->ib, i2);
    }
    log_at(&a->log, LOG_NOTE, "I_MESSAGE_2: %s %s", status_name(st),
           c->ib != NULL ? ibake_session_why(c->ib) : "");
    wr_cleanup(&c->r2);
    wr_init(&c->r2);
    struct view r2;
    if (offered && st != STATUS_OK && takes_anyway(c, st, i2, &r2)) {
        wr_bytes(&c->forced_i2, i2.data, i2.len);
        wr_bytes(&c->r2, r2.data, r2.len);
        return c->hooks->on_i2(c);
    }
    if (st != STATUS_OK) {
        return 488;
    }
    agent_record(a, NULL, c->number, "xP",
                 ibake_session_point(c->ib, IBAKE_INITIATOR));
    int status = c->hooks->on_i2(c);
    if (status == 0 && !c->verified) {
        status = atoi(agent_behave(a, "status", "0"));
    }
    if (status == 0 && ibake_make_r2(c->ib, &c->r2) != STATUS_OK) {
        status = 488;
    }
    if (status == 0) {
        agent_record_msg(a, NULL, c->number,
                         (struct view){c->r2.data, c->r2.len});
    }
    return status;
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
    if (c->update != NULL) { /* RFC 3311, 5.2: the offer before is unanswered */
        siptx_reply_status(tx, 500, NULL, "Retry-After: 1");
        agent_desc_clear(&d);
        return;
    }
    int delay = atoi(agent_behave(c->agent, "delay_r2_ms", "0"));
    int status = judge_i2(c, &d);
    if (status != 0) {
        refuse_i2(c, tx, status, (struct view){d.mikey, d.mikey_len});
    } else if (strcmp(agent_behave(c->agent, "drop", ""), "r2") == 0) {
        log_at(&c->agent->log, LOG_NOTE, "R_MESSAGE_2 is kept back as asked");
    } else {
        c->update = tx;
        if (delay > 0 && !c->verified) {
            c->delay =
                net_timer_start(c->agent->loop, (uint64_t)delay, on_delay, c);
        } else {
            send_r2(c);
        }
    }
    agent_desc_clear(&d);
}

int incall_request(struct incall *list, struct siptx_server *tx,
                   const struct sip_msg *msg, struct siptx_dialog *dlg)
{
    struct incall *c = find(list, dlg);
    if (c == NULL) {
        return 0;
    }
    if (agent_method_is(msg, "PRACK")) {
        siptx_reply_status(tx, 200, NULL, NULL);
    } else if (agent_method_is(msg, "UPDATE")) {
        on_update(c, tx, msg);
    } else if (agent_method_is(msg, "BYE")) {
        struct siptx_server *invite = c->invite;
        c->invite = NULL;
        if (invite != NULL) {
            siptx_reply_status(invite, 487, NULL, NULL);
        }
        c->hooks->on_bye(c, tx);
    } else if (agent_method_is(msg, "INVITE")) {
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

void incall_server_gone(struct incall *list, const struct siptx_server *tx)
{
    for (; list != NULL; list = list->next) {
        list->invite = list->invite == tx ? NULL : list->invite;
        list->update = list->update == tx ? NULL : list->update;
    }
}
