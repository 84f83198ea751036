/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A call that we make. */
#include "harness/agent/outcall.h"

#include "harness/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CALL_TIMEOUT_MS 14000
#define BYE_TIMEOUT_MS 3000

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
    net_timer_cancel(&c->timer);
    c->timer = net_timer_start(c->agent->loop, BYE_TIMEOUT_MS, on_bye_timeout, c);
    if (c->answered && c->dlg != NULL) {
        if (siptx_bye(c->dlg, NULL, on_bye_event, c) != STATUS_OK) {
            over(c);
        }
    } else if (c->invite != NULL && c->status < 200) {
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
        .version = agent_does(a, FAULT_A_SDP_VERSION_STUCK) ? 1 : ++c->sdp_version,
        .rtp = media_port_addr(c->port),
        .mikey = mikey,
        .media_level = strcmp(agent_px(a, "PX_KM_LEVEL", "session"), "media") == 0,
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

static enum status make_i2(struct outcall *c)
{
    struct wr w;
    wr_init(&w);
    const char *esk = c->opt.esk_for;
    enum status st =
        ibake_make_i2(c->ib, esk != NULL ? view_str(esk) : (struct view){0},
                      esk != NULL, &w);
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
    if (siptx_prack(ev, &out) == STATUS_OK) {
        siptx_dialog_send(ev->dialog, &out, on_prack_event, c, NULL);
        sip_out_free(&out);
    }
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
    if (c->took_r1 || c->failed) {
        /* OI-17: once a deferred-form I2 is out, no further R1 is taken. */
        log_at(&c->agent->log, LOG_NOTE, "a further answer is not taken");
    } else if (d.mikey == NULL || !d.is_savp) {
        fail(c, "the answer has no key management");
    } else {
        enum status st =
            ibake_take_r1(c->ib, (struct view){d.mikey, d.mikey_len});
        if (st != STATUS_OK) {
            fail(c, "R_MESSAGE_1 is refused: %s", status_name(st));
        } else if (c->opt.refuse_deferred &&
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
    if (ev->kind == SIPTX_FAILED || ev->code >= 300) {
        if (c->verified) {
            return; /* the second I_MESSAGE_2 was refused, as it should be */
        }
        fail(c, "round 2 was refused: %d",
             ev->kind == SIPTX_FAILED ? 408 : ev->code);
        if (!c->opt.ignore_failure) {
            outcall_hangup(c);
        }
        return;
    }
    if (c->verified) {
        return;
    }
    struct agent_desc d;
    if (agent_desc_read(&d, ev->msg) != STATUS_OK) {
        return;
    }
    enum status st = d.mikey == NULL
                         ? STATUS_NOT_FOUND
                         : ibake_take_r2(c->ib,
                                         (struct view){d.mikey, d.mikey_len});
    agent_desc_clear(&d);
    if (st != STATUS_OK) {
        fail(c, "R_MESSAGE_2 is refused: %s", status_name(st));
        if (!c->opt.ignore_failure) {
            outcall_hangup(c);
        }
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
    siptx_ack(ev->dialog, NULL);
    if (c->answered) {
        return; /* repeated by the peer, or another branch */
    }
    c->answered = 1;
    if (c->dlg == NULL) {
        c->dlg = ev->dialog;
    }
    if (!c->verified && !c->failed) {
        fail(c, "answered before the keys were agreed");
    }
    if (c->failed && !c->opt.ignore_failure) {
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
    if (ev->code < 200) {
        int go = ev->code > 100 && take_r1(c, ev->msg, ev->dialog);
        if (siptx_is_reliable(ev->msg)) {
            send_prack(c, ev);
        } else if (go) {
            round_2(c);
        }
        if (c->failed && !c->opt.withhold_i2) {
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

static enum status send_invite(struct outcall *c)
{
    struct agent *a = c->agent;
    struct wr w;
    struct sip_out out;
    wr_init(&w);
    enum status st = ibake_make_i1(c->ib, &w);
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
        sip_out_add(&out, "Allow",
                    "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, NOTIFY");
        sip_out_add(&out, "Accept",
                    "application/sdp, multipart/mixed, application/mikey, "
                    "message/sipfrag");
        sip_out_add(&out, "P-Preferred-Identity", "<%s>", a->identity);
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

struct outcall *outcall_start(struct agent *a, const struct outcall_options *opt,
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
    uint8_t id[4] = {0};
    env_random(&a->env, id, sizeof id);
    c->sdp_id = (uint64_t)id[0] << 16 | (uint64_t)id[1] << 8 | id[2];
    struct net_addr at = a->addr;
    at.port = 0;
    enum status st = media_port_open(&c->port, a->loop, &at, on_packet, c);
    if (st == STATUS_OK) {
        c->ib = ibake_initiator_new(&a->ibake, view_str(a->identity),
                                    view_str(opt->called));
        st = c->ib == NULL ? STATUS_NO_MEMORY : send_invite(c);
    }
    if (st != STATUS_OK) {
        snprintf(why, 256, "the call cannot be made: %s", status_name(st));
        outcall_free(c);
        return NULL;
    }
    c->timer = net_timer_start(
        a->loop, opt->timeout_ms ? opt->timeout_ms : CALL_TIMEOUT_MS, on_timeout,
        c);
    return c;
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
    ibake_session_free(c->ib);
    media_port_close(c->port);
    c->ib = NULL;
    c->port = NULL;
    c->invite = NULL;
    c->ended = 1;
    agent_bury(c->agent, c);
}
