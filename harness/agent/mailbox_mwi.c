/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Message waiting indication (RFC 3842): who subscribed, what he is told. */
#include "harness/agent/mailbox_int.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mwi {
    struct mwi *next;
    struct siptx_dialog *dlg;
    unsigned expires;
};

static void header_block(struct mailbox *m, const struct store_message *msg,
                         struct wr *w)
{
    char date[40];
    agent_http_date(date, msg->time_us);
    const char *from = agent_does(m->agent, FAULT_MB_NOTIFY_WRONG_FROM)
                           ? "sip:somebody@home-a.example"
                           : msg->sender;
    wr_printf(w,
              "\r\nTo: <%s>\r\nFrom: <%s>\r\nDate: %s\r\n"
              "Message-ID: %s@vm.home-b.example\r\n"
              "Message-Context: voice-message\r\n",
              m->account, from, date, msg->id);
}

static void summary(struct mailbox *m, const struct store_message *message,
                    int initial, struct wr *w)
{
    size_t fresh = 0;
    size_t old = 0;
    store_counts(m->store, m->account, &fresh, &old);
    if (agent_does(m->agent, FAULT_MB_NOTIFY_WRONG_COUNT) && message != NULL) {
        fresh++;
    }
    wr_printf(w, "Messages-Waiting: %s\r\nMessage-Account: %s\r\n",
              fresh > 0 ? "yes" : "no", m->agent->identity);
    if (fresh + old > 0) {
        wr_printf(w, "Voice-Message: %zu/%zu (0/0)\r\n", fresh, old);
    }
    if (message != NULL) {
        header_block(m, message, w);
    } else if (initial &&
               agent_does(m->agent, FAULT_MB_NOTIFY_HEADERS_INITIAL)) {
        const struct store_message none = {.id = "dd-000000",
                                           .sender = "sip:x@home-a.example"};
        header_block(m, &none, w);
    }
}

static void notify(struct mailbox *m, struct mwi *s,
                   const struct store_message *message, int initial)
{
    struct sip_out out;
    struct wr w;
    if (s->dlg == NULL ||
        siptx_dialog_request(s->dlg, &out, "NOTIFY") != STATUS_OK) {
        return;
    }
    wr_init(&w);
    sip_out_set(&out, "Event", "message-summary");
    if (s->expires > 0) {
        sip_out_set(&out, "Subscription-State", "active;expires=%u",
                    s->expires);
    } else {
        sip_out_set(&out, "Subscription-State", "terminated;reason=timeout");
    }
    summary(m, message, initial, &w);
    if (w.err == STATUS_OK) {
        sip_out_body(&out, "application/simple-message-summary", w.data, w.len);
        siptx_dialog_send(s->dlg, &out, NULL, NULL, NULL);
    }
    wr_cleanup(&w);
    sip_out_free(&out);
}

static struct mwi *find(struct mailbox *m, const struct siptx_dialog *dlg)
{
    for (struct mwi *s = m->subs; s != NULL; s = s->next) {
        if (s->dlg == dlg && dlg != NULL) {
            return s;
        }
    }
    return NULL;
}

/* The subscriber is who the trust domain says he is (RFC 3325): the asserted
 * identity must be the owner's. */
static int may_subscribe(struct mailbox *m, const struct sip_msg *msg)
{
    char *pai = agent_header(msg, SIP_HDR_P_ASSERTED_IDENTITY, 0);
    char *id = pai != NULL ? agent_identity(pai) : NULL;
    int ok = id != NULL && strcmp(id, m->account) == 0;
    mem_free(pai);
    mem_free(id);
    return ok || agent_does(m->agent, FAULT_MB_SUBSCRIBE_ANYBODY);
}

static void drop(struct mailbox *m, struct mwi *gone)
{
    for (struct mwi **p = &m->subs; *p != NULL; p = &(*p)->next) {
        if (*p == gone) {
            *p = gone->next;
            mem_free(gone);
            return;
        }
    }
}

void mwi_subscribe(struct mailbox *m, struct siptx_server *tx,
                   const struct sip_msg *msg, struct siptx_dialog *dlg)
{
    char *event = agent_header(msg, SIP_HDR_EVENT, 0);
    char *exp = agent_header(msg, SIP_HDR_EXPIRES, 0);
    unsigned expires = exp != NULL ? (unsigned)strtoul(exp, NULL, 10) : 3600;
    int known = event != NULL && strncmp(event, "message-summary", 15) == 0;
    mem_free(event);
    mem_free(exp);
    if (!known) {
        siptx_reply_status(tx, 489, NULL, "Allow-Events: message-summary");
        return;
    }
    if (!may_subscribe(m, msg)) {
        siptx_reply_status(tx, 403, NULL, NULL);
        return;
    }
    struct mwi *s = find(m, dlg);
    if (s == NULL) {
        s = mem_alloc(sizeof *s);
        if (s == NULL) {
            siptx_reply_status(tx, 500, NULL, NULL);
            return;
        }
        s->next = m->subs;
        m->subs = s;
    }
    s->expires = expires > 7200 ? 7200 : expires;
    char line[40];
    snprintf(line, sizeof line, "Expires: %u", s->expires);
    siptx_reply_status(tx, 200, NULL, line);
    s->dlg = siptx_server_dialog(tx) != NULL ? siptx_server_dialog(tx) : dlg;
    if (!agent_does(m->agent, FAULT_MB_NO_NOTIFY_INITIAL)) {
        notify(m, s, NULL, 1);
    }
    if (s->expires == 0) {
        drop(m, s); /* RFC 6665: that was the last one */
    }
}

void mwi_dialog_gone(struct mailbox *m, struct siptx_dialog *dlg)
{
    for (struct mwi **p = &m->subs; *p != NULL;) {
        if ((*p)->dlg == dlg) {
            struct mwi *s = *p;
            *p = s->next;
            mem_free(s);
        } else {
            p = &(*p)->next;
        }
    }
}

void mwi_notify(struct mailbox *m, const struct store_message *message)
{
    if (message != NULL && agent_does(m->agent, FAULT_MB_NO_NOTIFY)) {
        return;
    }
    for (struct mwi *s = m->subs; s != NULL; s = s->next) {
        notify(m, s, message, 0);
    }
}

void mwi_clear(struct mailbox *m)
{
    while (m->subs != NULL) {
        struct mwi *s = m->subs;
        m->subs = s->next;
        mem_free(s);
    }
}
