/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A call that we make. */
#include "harness/agent/outcall.h"

#include "harness/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_TIMEOUT_MS 10000
#define BYE_TIMEOUT_MS 2000
#define R2_TIMEOUT "3" /* PX_T_R2, seconds */

static void on_update_event(void *ctx, const struct siptx_event *ev);

static void fail(struct outcall *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct outcall *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (c->why[0] == '\0') {
        vsnprintf(c->why, sizeof c->why, fmt, ap);
        log_at(&c->agent->log, LOG_NOTE, "call fails: %s", c->why);
    }
    va_end(ap);
    c->failed = 1;
}

static void over(struct outcall *c)
{
    if (!c->ended) {
        c->ended = 1;
        net_timer_cancel(&c->timer);
        net_timer_cancel(&c->hold);
        net_timer_cancel(&c->r2_timer);
        c->hooks->on_over(c);
    }
}

static void on_bye_event(void *ctx, const struct siptx_event *ev)
{
    struct outcall *c = ctx;
    if (c->ended || (ev->kind == SIPTX_RESPONSE && ev->code < 200)) {
        return;
    }
    if (ev->kind != SIPTX_END) {
        c->bye_status = ev->kind == SIPTX_RESPONSE ? ev->code : 408;
        c->dlg = NULL;
        over(c);
    }
}

static void on_bye_timeout(void *ctx)
{
    struct outcall *c = ctx;
    c->timer = NULL;
    over(c);
}

void outcall_hangup(struct outcall *c)
{
    if (c->ended) {
        return;
    }
    net_timer_cancel(&c->timer);
    net_timer_cancel(&c->r2_timer);
    c->timer =
        net_timer_start(c->agent->loop, BYE_TIMEOUT_MS, on_bye_timeout, c);
    if (c->answered && c->dlg != NULL) {
        if (siptx_bye(c->dlg, NULL, on_bye_event, c) != STATUS_OK) {
            over(c);
        }
    } else if (c->invite != NULL && c->status < 200) {
        c->cancelled = 1;
        siptx_cancel(c->invite, NULL); /* the 487 ends it */
    } else {
        over(c);
    }
}

static void on_timeout(void *ctx)
{
    struct outcall *c = ctx;
    c->timer = NULL;
    fail(c, "the call took too long");
    outcall_hangup(c);
}

static void on_hold_end(void *ctx)
{
    struct outcall *c = ctx;
    c->hold = NULL;
    fail(c, "I_MESSAGE_2 withheld as asked");
    outcall_hangup(c);
}

static void on_packet(void *ctx, struct media_port *port,
                      const struct net_addr *from, const uint8_t *data,
                      size_t len)
{
    struct outcall *c = ctx;
    (void)port;
    (void)from;
    if (c->hooks->on_rtp != NULL && !c->ended) {
        c->hooks->on_rtp(c, data, len);
    }
}

/* ---- offers ---- */

static enum status add_offer(struct outcall *c, struct sip_out *out,
                             struct view mikey)
{
    struct agent *a = c->agent;
    struct agent_sdp sdp = {
        .user = "latchkey",
        .session_id = c->sdp_id,
        .version =
            agent_does(a, FAULT_A_SDP_VERSION_STUCK) ? 1 : ++c->sdp_version,
        .rtp = media_port_addr(c->port),
        .mikey = mikey,
        .media_level =
            strcmp(agent_px(a, "PX_KM_LEVEL", "session"), "media") == 0,
        .direction = "sendrecv"};
    char *body = agent_desc_write(&sdp);
    if (body == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status st = sip_out_body(out, "application/sdp", body, strlen(body));
    mem_free(body);
    return st;
}

static enum status send_update(struct outcall *c, struct view i2)
{
    struct sip_out out;
    if (c->dlg == NULL) {
        return STATUS_UNEXPECTED; /* the answer made no dialog, or it is gone */
    }
    enum status st = siptx_dialog_request(c->dlg, &out, "UPDATE");
    if (st != STATUS_OK) {
        return st;
    }
    st = add_offer(c, &out, i2);
    if (st == STATUS_OK) {
        c->update_pending = 1;
        st = siptx_dialog_send(c->dlg, &out, on_update_event, c, NULL);
    }
    sip_out_free(&out);
    return st;
}

static void record(struct outcall *c, const char *item, struct view v)
{
    agent_record(c->agent, c->opt.label, c->number, item, v);
}

static void record_msg(struct outcall *c, struct view v)
{
    agent_record_msg(c->agent, c->opt.label, c->number, v);
}

/* Round 2 failed: the call ends, unless a fault does not care. */
static void give_up(struct outcall *c)
{
    if (!c->opt.ignore_failure) {
        outcall_hangup(c);
    } else if (c->hooks->on_failed != NULL) {
        c->hooks->on_failed(c);
    }
}

static void on_r2_timeout(void *ctx)
{
    struct outcall *c = ctx;
    c->r2_timer = NULL;
    fail(c, "no R_MESSAGE_2 in time");
    give_up(c);
}

static enum status make_i2(struct outcall *c)
{
    struct wr w;
    wr_init(&w);
    const char *esk = c->opt.esk_for;
    enum status st = ibake_make_i2(
        c->ib, esk != NULL ? view_str(esk) : (struct view){0}, esk != NULL, &w);
    if (st == STATUS_OK && !c->verified) {
        record_msg(c, (struct view){w.data, w.len});
        unsigned s = (unsigned)atoi(agent_px(c->agent, "PX_T_R2", R2_TIMEOUT));
        c->r2_timer =
            net_timer_start(c->agent->loop, s * 1000u, on_r2_timeout, c);
    }
    if (st == STATUS_OK) {
        st = send_update(c, (struct view){w.data, w.len});
    }
    wr_cleanup(&w);
    return st;
}

static void round_2(struct outcall *c)
{
    if (c->opt.withhold_i2) {
        if (c->hold == NULL) {
            c->hold = net_timer_start(c->agent->loop,
                                      c->opt.hold_ms ? c->opt.hold_ms : 300,
                                      on_hold_end, c);
        }
        return;
    }
    enum status st = make_i2(c);
    if (st != STATUS_OK) {
        fail(c, "I_MESSAGE_2 cannot be made: %s", status_name(st));
        outcall_hangup(c);
    } else if (c->hooks->on_i2 != NULL) {
        c->hooks->on_i2(c);
    }
}

/* ---- answers ---- */

static void on_prack_event(void *ctx, const struct siptx_event *ev)
{
    struct outcall *c = ctx;
    if (c->ended || ev->kind != SIPTX_RESPONSE || ev->code < 200) {
        return;
    }
    if (ev->code >= 300) {
        fail(c, "PRACK got %d", ev->code);
        outcall_hangup(c);
    } else if (c->took_r1 && !c->update_pending && !c->verified && !c->failed) {
        round_2(c);
    }
}

static void send_prack(struct outcall *c, const struct siptx_event *ev)
{
    struct sip_out out;
    if (ev->dialog != NULL && siptx_prack(ev, &out) == STATUS_OK) {
        siptx_dialog_send(ev->dialog, &out, on_prack_event, c, NULL);
        sip_out_free(&out);
    }
}

/* Somebody who cannot read the answer, or a fault that does not care, goes on
 * with an answer of his own making. */
static enum status guess(struct outcall *c, struct view r1)
{
    struct agent *a = c->agent;
    char name[32];
    struct wr w;
    snprintf(name, sizeof name, "%u.I_MESSAGE_1", c->number);
    char *idrr = agent_guess_idrr(r1);
    wr_init(&w);
    enum status st =
        agent_guess_r1(a, agent_record_get(a, name),
                       view_str(idrr != NULL ? idrr : c->opt.called),
                       view_str(a->identity), &w);
    if (st == STATUS_OK) {
        st = ibake_take_r1(c->ib, (struct view){w.data, w.len});
    }
    log_at(&a->log, LOG_NOTE, "yP is guessed: %s", status_name(st));
    wr_cleanup(&w);
    mem_free(idrr);
    return st;
}

static int is_malformed(enum status st)
{
    return st >= STATUS_TRUNCATED && st <= STATUS_SYNTAX;
}

/* Is this refusal one that the fault gets over? */
static int gets_over(struct outcall *c, enum status st, struct view r1)
{
    return (agent_does(c->agent, FAULT_A_ACCEPT_MALFORMED) &&
            is_malformed(st)) ||
           (agent_does(c->agent, FAULT_A_IGNORE_ERROR) && r1.len > 1 &&
            r1.data[1] == MIKEY_DT_ERROR) ||
           (agent_does(c->agent, FAULT_A_ACCEPT_ANY_CURVE) &&
            st == STATUS_UNSUPPORTED) ||
           (agent_does(c->agent, FAULT_A_ACCEPT_ANY_TYPE) && r1.len > 1 &&
            r1.data[1] != MIKEY_DT_R_MESSAGE_1);
}

static enum status take_r1_octets(struct outcall *c, struct view r1)
{
    struct agent *a = c->agent;
    record_msg(c, r1);
    if (c->opt.as != NULL) {
        return guess(c, r1);
    }
    struct ibake_session *spare =
        a->fault != NULL ? ibake_session_fork(c->ib) : NULL;
    enum status st = ibake_take_r1(c->ib, r1);
    if (st != STATUS_OK && spare != NULL && gets_over(c, st, r1)) {
        ibake_session_free(c->ib);
        c->ib = spare;
        spare = NULL;
        st = guess(c, r1);
    }
    ibake_session_free(spare);
    record(c, "yP", ibake_session_point(c->ib, IBAKE_RESPONDER));
    if (st == STATUS_OK && agent_does(a, FAULT_A_NEED_INNER_IDRI) &&
        ibake_session_reading(c->ib)->deviations > 0) {
        st = STATUS_MISMATCH;
    }
    return st;
}

/* R_MESSAGE_1 in an answer: returns 1 if round 2 may begin. */
static int take_r1(struct outcall *c, const struct sip_msg *msg,
                   struct siptx_dialog *dlg)
{
    struct agent_desc d;
    if (agent_desc_read(&d, msg) != STATUS_OK) {
        return 0;
    }
    int ok = 0;
    if (!d.present) {
        agent_desc_clear(&d);
        return 0;
    }
    c->plain = !d.is_savp && agent_does(c->agent, FAULT_A_ACCEPT_AVP);
    if (c->took_r1 || c->failed) {
        /* OI-17: once a deferred-form I2 is out, no further R1 is taken. */
        log_at(&c->agent->log, LOG_NOTE, "a further answer is not taken");
    } else if (d.mikey == NULL || d.bad_base64 || (!d.is_savp && !c->plain)) {
        fail(c, "the answer has no key management");
    } else {
        enum status st = take_r1_octets(c, (struct view){d.mikey, d.mikey_len});
        if (st != STATUS_OK) {
            fail(c, "R_MESSAGE_1 is refused: %s", ibake_session_why(c->ib));
        } else if (c->opt.refuse_deferred && c->opt.as == NULL &&
                   ibake_session_form(c->ib) == IBAKE_FORM_DEFERRED) {
            fail(c, "the mailbox could not decrypt I_MESSAGE_1");
        } else {
            c->took_r1 = 1;
            c->dlg = dlg;
            c->peer_rtp = d.rtp;
            ok = 1;
        }
    }
    agent_desc_clear(&d);
    return ok;
}

static void note_contact(struct outcall *c, const struct sip_msg *msg)
{
    char *contact = agent_header(msg, SIP_HDR_CONTACT, 0);
    if (contact != NULL && strstr(contact, "msg-taker") != NULL) {
        c->msg_taker = 1;
    }
    mem_free(contact);
}

static void on_update_event(void *ctx, const struct siptx_event *ev)
{
    struct outcall *c = ctx;
    if (c->ended || ev->kind == SIPTX_END ||
        (ev->kind == SIPTX_RESPONSE && ev->code < 200)) {
        return;
    }
    c->update_pending = 0;
    net_timer_cancel(&c->r2_timer);
    if (ev->kind == SIPTX_FAILED || ev->code >= 300) {
        if (c->verified) {
            return; /* the second I_MESSAGE_2 was refused, as it should be */
        }
        fail(c, "round 2 was refused: %d",
             ev->kind == SIPTX_FAILED ? 408 : ev->code);
        give_up(c);
        return;
    }
    if (c->verified) {
        return;
    }
    struct agent_desc d;
    if (agent_desc_read(&d, ev->msg) != STATUS_OK) {
        return;
    }
    enum status st =
        d.mikey == NULL
            ? STATUS_NOT_FOUND
            : ibake_take_r2(c->ib, (struct view){d.mikey, d.mikey_len});
    record_msg(c, (struct view){d.mikey, d.mikey_len});
    agent_desc_clear(&d);
    if (st != STATUS_OK) {
        fail(c, "R_MESSAGE_2 is refused: %s", status_name(st));
        give_up(c);
        return;
    }
    c->verified = 1;
    if (c->hooks->on_r2 != NULL) {
        c->hooks->on_r2(c);
    }
    if (c->opt.second_i2) {
        make_i2(c);
    }
}

static void on_success(struct outcall *c, const struct siptx_event *ev)
{
    if (ev->dialog == NULL) {
        fail(c, "the answer makes no dialog");
        over(c);
        return;
    }
    if (!c->opt.withhold_ack) {
        siptx_ack(ev->dialog, NULL);
    }
    if (c->dlg != NULL && c->dlg != ev->dialog) {
        siptx_bye(ev->dialog, NULL, NULL, NULL); /* another branch answered */
        return;
    }
    if (c->answered) {
        return;
    }
    c->answered = 1;
    net_timer_cancel(&c->timer);
    if (c->dlg == NULL) {
        c->dlg = ev->dialog;
    }
    if (!c->verified && !c->failed) {
        fail(c, "answered before the keys were agreed");
    }
    if ((c->failed && !c->opt.ignore_failure) || c->cancelled) {
        outcall_hangup(c);
        return;
    }
    c->hooks->on_answer(c, ev->msg, c->verified);
}

static void on_invite_event(void *ctx, const struct siptx_event *ev)
{
    struct outcall *c = ctx;
    if (c->ended) {
        return;
    }
    if (ev->kind == SIPTX_END) {
        c->invite = NULL;
        return;
    }
    if (ev->kind == SIPTX_FAILED) {
        fail(c, "the INVITE failed: %s", status_name(ev->why));
        over(c);
        return;
    }
    if (ev->code > 100) {
        note_contact(c, ev->msg);
    }
    c->diverted |= ev->code == 181;
    if (ev->code == 181 && agent_does(c->agent, FAULT_A_ABORT_ON_181)) {
        fail(c, "the call is being forwarded");
        outcall_hangup(c);
        return;
    }
    if (ev->code < 200) {
        int go = ev->code > 100 && take_r1(c, ev->msg, ev->dialog);
        if (siptx_is_reliable(ev->msg)) {
            send_prack(c, ev);
        } else if (go) {
            round_2(c);
        }
        if (c->failed && !c->opt.withhold_i2 && !c->cancelled) {
            outcall_hangup(c);
        }
        return;
    }
    c->status = ev->code;
    if (ev->code < 300) {
        on_success(c, ev);
        return;
    }
    fail(c, "the call was refused: %d", ev->code);
    c->dlg = NULL;
    over(c);
}

/* ---- start ---- */

/* A fault uses x, RAND and CSB ID of its first call again. */
static void remember_keys(struct outcall *c, struct view i1)
{
    struct agent *a = c->agent;
    struct mikey_msg msg;
    if (!agent_does(a, FAULT_A_REUSE_SESSION_KEYS) ||
        agent_record_get(a, "reuse.x").len != 0 ||
        mikey_decode(&msg, i1.data, i1.len, NULL) != STATUS_OK) {
        return;
    }
    const struct mikey_payload *r = mikey_find(&msg, MIKEY_PL_RAND);
    struct wr w;
    wr_init(&w);
    wr_u32(&w, msg.hdr.csb_id);
    agent_record(a, "reuse", 0, "x",
                 agent_record_get(a, "secret.ECDH_PRIVATE"));
    agent_record(a, "reuse", 0, "csb", (struct view){w.data, w.len});
    if (r != NULL) {
        agent_record(a, "reuse", 0, "rand", r->u.rnd.rand);
    }
    wr_cleanup(&w);
}

static enum status preset(struct outcall *c)
{
    struct agent *a = c->agent;
    struct ibake_preset p = {0};
    if (agent_does(a, FAULT_A_REUSE_SESSION_KEYS)) {
        p.scalar = agent_record_get(a, "reuse.x");
        p.rnd = agent_record_get(a, "reuse.rand");
        p.csb_id = agent_record_get(a, "reuse.csb");
    }
    if (agent_does(a, FAULT_A_REUSE_SK)) {
        p.sk = agent_record_get(a, "secret.SK");
    }
    return ibake_session_preset(c->ib, &p);
}

/* Edits of this call: the agent's, and those that its options stand for. */
static enum status call_edits(struct outcall *c)
{
    const struct outcall_options *o = &c->opt;
    struct wr w;
    wr_init(&w);
    if (o->replay != NULL) {
        wr_printf(&w,
                  "I_MESSAGE_1 set mikey recorded:%s.I_MESSAGE_1\n"
                  "I_MESSAGE_2 set mikey recorded:%s.I_MESSAGE_2\n",
                  o->replay, o->replay);
    }
    if (o->as != NULL) {
        wr_printf(&w,
                  "I_MESSAGE_1 set mikey.IDRi.data id:%s\n"
                  "I_MESSAGE_1 set mikey.IBAKE.IDRi.data id:%s\n"
                  "I_MESSAGE_2 set mikey.IDRi.data id:%s\n"
                  "I_MESSAGE_2 set mikey.IBAKE.IDRi.data id:%s\n",
                  o->as, o->as, o->as, o->as);
        if (o->refuse_deferred) {
            wr_str(&w, "I_MESSAGE_2 drop mikey.IBAKE.ECCPTi\n"
                       "I_MESSAGE_2 drop mikey.ESK\n");
        } else {
            wr_printf(&w, "I_MESSAGE_2 set mikey.ESK.IDRi.data id:%s\n", o->as);
        }
    }
    wr_u8(&w, 0);
    enum status st = w.err;
    if (st == STATUS_OK) {
        st = agent_edits_with(c->agent, (const char *)w.data, &c->edits);
    }
    wr_cleanup(&w);
    return st;
}

static enum status send_invite(struct outcall *c)
{
    struct agent *a = c->agent;
    struct wr w;
    struct sip_out out;
    wr_init(&w);
    enum status st = ibake_make_i1(c->ib, &w);
    if (st == STATUS_OK) {
        record_msg(c, (struct view){w.data, w.len});
        record(c, "xP", ibake_session_point(c->ib, IBAKE_INITIATOR));
        remember_keys(c, (struct view){w.data, w.len});
    }
    char *from = c->opt.from != NULL ? mem_strdup(c->opt.from)
                                     : mem_printf("<%s>", a->identity);
    char *to = mem_printf("<%s>", c->opt.to);
    if (st == STATUS_OK && (from == NULL || to == NULL)) {
        st = STATUS_NO_MEMORY;
    }
    if (st == STATUS_OK) {
        st = siptx_request(a->ep, &out, "INVITE", c->opt.to, from, to);
    }
    if (st == STATUS_OK) {
        sip_out_add(&out, "Supported", "100rel, histinfo");
        sip_out_add(&out, "Allow", AGENT_ALLOW);
        sip_out_add(&out, "Accept",
                    "application/sdp, multipart/mixed, application/mikey, "
                    "message/sipfrag");
        sip_out_add(&out, "P-Preferred-Identity", "<%s>", a->identity);
        agent_add_lines(&out, c->opt.headers);
        st = add_offer(c, &out, (struct view){w.data, w.len});
        if (st == STATUS_OK) {
            struct siptx_dest dest = {.addr = a->outbound};
            st = siptx_send(a->ep, &out, &dest, on_invite_event, c, &c->invite);
        }
        sip_out_free(&out);
    }
    mem_free(from);
    mem_free(to);
    wr_cleanup(&w);
    return st;
}

struct outcall *outcall_start(struct agent *a,
                              const struct outcall_options *opt,
                              const struct outcall_hooks *hooks, void *owner,
                              char why[256])
{
    struct outcall *c = mem_alloc(sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->agent = a;
    c->hooks = hooks;
    c->owner = owner;
    c->opt = *opt;
    c->number = ++a->num_calls;
    uint8_t id[4] = {0};
    env_random(&a->env, id, sizeof id);
    c->sdp_id = (uint64_t)id[0] << 16 | (uint64_t)id[1] << 8 | id[2];
    struct net_addr at = a->addr;
    at.port = 0;
    enum status st = media_port_open(&c->port, a->loop, &at, on_packet, c);
    if (st == STATUS_OK) {
        st = call_edits(c);
    }
    if (st == STATUS_OK) {
        struct ibake_config cfg = a->ibake;
        cfg.edits = &c->edits;
        c->ib = ibake_initiator_new(&cfg, view_str(a->identity),
                                    view_str(opt->called));
        st = c->ib == NULL ? STATUS_NO_MEMORY : preset(c);
    }
    if (st == STATUS_OK) {
        st = send_invite(c);
    }
    if (st != STATUS_OK) {
        const char *more = c->ib != NULL ? ibake_session_why(c->ib) : "";
        snprintf(why, 256, "the call cannot be made: %s%s%s", status_name(st),
                 more[0] != '\0' ? ", " : "", more);
        outcall_free(c);
        return NULL;
    }
    c->timer = net_timer_start(
        a->loop, opt->timeout_ms ? opt->timeout_ms : CALL_TIMEOUT_MS,
        on_timeout, c);
    return c;
}

void outcall_abandon(struct outcall *c)
{
    over(c);
}

void outcall_bye(struct outcall *c, struct siptx_server *tx)
{
    siptx_reply_status(tx, 200, NULL, NULL);
    c->dlg = NULL;
    if (!c->answered || !c->verified) {
        fail(c, "the peer hung up");
    }
    over(c);
}

void outcall_dialog_gone(struct outcall *c, const struct siptx_dialog *dlg)
{
    if (c->dlg == dlg) {
        c->dlg = NULL;
    }
}

void outcall_free(struct outcall *c)
{
    if (c == NULL) {
        return;
    }
    if (c->invite != NULL) {
        siptx_client_forget(c->invite);
    }
    net_timer_cancel(&c->timer);
    net_timer_cancel(&c->hold);
    net_timer_cancel(&c->r2_timer);
    ibake_session_free(c->ib);
    media_port_close(c->port);
    edit_list_clear(&c->edits);
    c->ib = NULL;
    c->port = NULL;
    c->invite = NULL;
    c->ended = 1;
    agent_bury(c->agent, c);
}
