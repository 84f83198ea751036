/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Dialogs (RFC 3261, 12): made by responses, found by three names. */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"

#include <string.h>

struct dialog_priv *stx_dialog_priv_of(struct siptx_dialog *d)
{
    return NODE_OF(struct dialog_priv, pub, d);
}

static void free_routes(struct siptx_dialog *d)
{
    for (size_t i = 0; i < d->num_routes; i++) {
        mem_free(d->routes[i]);
    }
    mem_free(d->routes);
    d->routes = NULL;
    d->num_routes = 0;
}

static void dialog_bury(void *object)
{
    struct dialog_priv *p = object;
    struct siptx_dialog *d = &p->pub;
    mem_free(d->call_id);
    mem_free(d->local_tag);
    mem_free(d->remote_tag);
    mem_free(d->local_uri);
    mem_free(d->remote_uri);
    mem_free(d->remote_target);
    free_routes(d);
    stx_octets_free(&p->ack);
    mem_free(p);
}

void stx_dialog_end(struct siptx_dialog *d)
{
    struct dialog_priv *p = stx_dialog_priv_of(d);
    struct siptx_endpoint *ep = d->ep;
    if (d->state == SIPTX_ENDED) {
        return;
    }
    d->state = SIPTX_ENDED;
    stx_node_del(&p->node);
    stx_client_drop_dialog(ep, d);
    stx_server_drop_dialog(ep, d);
    if (ep->cfg.on.on_dialog_end != NULL) {
        ep->cfg.on.on_dialog_end(ep->cfg.ctx, d);
    }
    stx_bury(ep, &p->grave, dialog_bury, p);
}

void siptx_dialog_end(struct siptx_dialog *dlg)
{
    stx_dialog_end(dlg);
}

void stx_dialogs_end_early(struct siptx_endpoint *ep,
                           const struct siptx_client *c,
                           const struct siptx_server *s)
{
    struct node *n = ep->dialogs.next;
    while (n != &ep->dialogs) {
        struct dialog_priv *p = NODE_OF(struct dialog_priv, node, n);
        int mine =
            (c != NULL && p->made_by == c) || (s != NULL && p->made_in == s);
        if (mine && p->pub.state == SIPTX_EARLY) {
            stx_dialog_end(&p->pub);
            n = ep->dialogs.next; /* the callback may have ended others */
            continue;
        }
        if (mine) {
            p->made_by = NULL;
            p->made_in = NULL;
        }
        n = n->next;
    }
}

/* ---- finding ---- */

struct siptx_dialog *stx_dialog_of(struct siptx_endpoint *ep,
                                   struct view call_id, struct view local_tag,
                                   struct view remote_tag)
{
    for (struct node *n = ep->dialogs.next; n != &ep->dialogs; n = n->next) {
        struct siptx_dialog *d = &NODE_OF(struct dialog_priv, node, n)->pub;
        if (sip_is(call_id, d->call_id) && sip_is(local_tag, d->local_tag) &&
            sip_is(remote_tag, d->remote_tag)) {
            return d;
        }
    }
    return NULL;
}

struct siptx_dialog *siptx_dialog_find(struct siptx_endpoint *ep,
                                       const char *call_id,
                                       const char *local_tag,
                                       const char *remote_tag)
{
    return stx_dialog_of(ep, sip_text(call_id), sip_text(local_tag),
                         sip_text(remote_tag));
}

struct siptx_dialog *stx_dialog_known(struct siptx_client *tx,
                                      const struct sip_msg *msg)
{
    if (tx->forwarded || tx->ep->cfg.is_proxy) {
        return NULL;
    }
    if (tx->dialog != NULL) {
        return tx->dialog;
    }
    return stx_dialog_of(tx->ep, sip_value(msg, SIP_HDR_CALL_ID, 0),
                         stx_msg_tag(msg, SIP_HDR_FROM),
                         stx_msg_tag(msg, SIP_HDR_TO));
}

/* ---- making ---- */

/* 12.1.1: as they stand for a UAS; 12.1.2: in reverse for a UAC. */
static enum status take_routes(struct siptx_dialog *d,
                               const struct sip_msg *msg, int reverse)
{
    size_t num = 0;
    while (sip_value(msg, SIP_HDR_RECORD_ROUTE, num).len > 0) {
        num++;
    }
    char **routes = mem_alloc(num * sizeof(routes[0]));
    if (routes == NULL) {
        return STATUS_NO_MEMORY;
    }
    free_routes(d);
    d->routes = routes;
    for (size_t i = 0; i < num; i++) {
        size_t from = reverse ? num - 1 - i : i;
        routes[i] = sip_dup(sip_value(msg, SIP_HDR_RECORD_ROUTE, from));
        if (routes[i] == NULL) {
            return STATUS_NO_MEMORY;
        }
        d->num_routes++;
    }
    return STATUS_OK;
}

void stx_dialog_refresh_target(struct siptx_dialog *d,
                               const struct sip_msg *msg)
{
    struct sip_addr contact;
    if (sip_addr(sip_value(msg, SIP_HDR_CONTACT, 0), &contact) == STATUS_OK) {
        char *target = sip_dup(contact.uri);
        if (target != NULL) {
            mem_free(d->remote_target);
            d->remote_target = target;
        }
    }
}

/* names: the message whose From and To name the dialog; local is "From" or
 * "To". target: the message with the peer's Contact. */
static struct dialog_priv *dialog_new(struct siptx_endpoint *ep,
                                      const struct sip_msg *names,
                                      enum sip_hdr local, enum sip_hdr remote,
                                      const struct sip_msg *target, int reverse)
{
    struct dialog_priv *p = mem_alloc(sizeof(*p));
    if (p == NULL) {
        return NULL;
    }
    struct siptx_dialog *d = &p->pub;
    struct sip_addr l = {0};
    struct sip_addr r = {0};
    (void)sip_addr(sip_value(names, local, 0), &l);
    (void)sip_addr(sip_value(names, remote, 0), &r);
    stx_node_init(&p->node);
    d->ep = ep;
    d->call_id = sip_dup(sip_value(names, SIP_HDR_CALL_ID, 0));
    d->local_tag = sip_dup(l.tag);
    d->remote_tag = sip_dup(r.tag);
    d->local_uri = sip_dup(l.bare);
    d->remote_uri = sip_dup(r.bare);
    /* Without a Contact the peer is sought where it says it is. */
    d->remote_target = sip_dup(r.uri);
    stx_dialog_refresh_target(d, target);
    enum status s = take_routes(d, target, reverse);
    if (s != STATUS_OK || d->call_id == NULL || d->local_tag == NULL ||
        d->remote_tag == NULL || d->local_uri == NULL ||
        d->remote_uri == NULL || d->remote_target == NULL) {
        dialog_bury(p);
        return NULL;
    }
    stx_node_add(&ep->dialogs, &p->node);
    return p;
}

static int makes_dialog(const char *method, int code)
{
    if (strcmp(method, "INVITE") == 0) {
        return code > 100 && code < 300;
    }
    return strcmp(method, "SUBSCRIBE") == 0 && code >= 200 && code < 300;
}

static int is_target_refresh(const char *method)
{
    return strcmp(method, "INVITE") == 0 || strcmp(method, "UPDATE") == 0 ||
           strcmp(method, "SUBSCRIBE") == 0 || strcmp(method, "NOTIFY") == 0;
}

struct siptx_dialog *stx_dialog_from_response(struct siptx_client *tx,
                                              const struct sip_msg *msg)
{
    struct siptx_endpoint *ep = tx->ep;
    int code = msg->status;
    struct siptx_dialog *d = stx_dialog_known(tx, msg);
    if (tx->forwarded || ep->cfg.is_proxy) {
        return NULL;
    }
    if (tx->dialog != NULL) {
        if (code >= 200 && code < 300 && is_target_refresh(tx->method)) {
            stx_dialog_refresh_target(d, msg);
        }
        return d;
    }
    if (!makes_dialog(tx->method, code) ||
        stx_msg_tag(msg, SIP_HDR_TO).len == 0) {
        return d;
    }
    if (d == NULL) {
        struct dialog_priv *p =
            dialog_new(ep, msg, SIP_HDR_FROM, SIP_HDR_TO, msg, 1);
        if (p == NULL) {
            return NULL;
        }
        p->made_by = tx;
        d = &p->pub;
        d->local_cseq = stx_msg_cseq(msg);
    }
    if (code >= 200 && d->state == SIPTX_EARLY) {
        d->state = SIPTX_CONFIRMED;
        stx_dialog_refresh_target(d, msg);
        (void)take_routes(d, msg, 1); /* 13.2.2.4: anew with the 2xx */
    }
    return d;
}

struct siptx_dialog *stx_dialog_from_reply(struct siptx_server *tx,
                                           const struct sip_msg *sent)
{
    struct siptx_endpoint *ep = tx->ep;
    int code = sent->status;
    if (!makes_dialog(tx->method, code) ||
        stx_msg_tag(sent, SIP_HDR_TO).len == 0) {
        return tx->dialog;
    }
    struct siptx_dialog *d = stx_dialog_of(
        ep, sip_value(sent, SIP_HDR_CALL_ID, 0), stx_msg_tag(sent, SIP_HDR_TO),
        stx_msg_tag(sent, SIP_HDR_FROM));
    if (d == NULL && stx_msg_tag(tx->msg, SIP_HDR_TO).len > 0) {
        return tx->dialog; /* inside a dialog that an edit has hidden */
    }
    if (d == NULL) {
        struct dialog_priv *p =
            dialog_new(ep, sent, SIP_HDR_TO, SIP_HDR_FROM, tx->msg, 0);
        if (p == NULL) {
            return NULL;
        }
        p->made_in = tx;
        d = &p->pub;
        d->is_uas = 1;
        d->remote_cseq = tx->cseq;
        d->has_remote_cseq = 1;
    }
    if (tx->is_invite) {
        stx_dialog_priv_of(d)->invite_in = tx;
    }
    if (code >= 200) {
        d->state = SIPTX_CONFIRMED;
    }
    return d;
}

/* RFC 6665, 4.4.1: a NOTIFY may overtake the response to the SUBSCRIBE. */
struct siptx_dialog *stx_dialog_from_notify(struct siptx_endpoint *ep,
                                            const struct sip_msg *msg)
{
    for (struct node *n = ep->clients.next; n != &ep->clients; n = n->next) {
        struct siptx_client *tx = NODE_OF(struct siptx_client, node, n);
        if (strcmp(tx->method, "SUBSCRIBE") != 0) {
            continue;
        }
        struct sip_msg *sub = stx_msg_parse(tx->request.data, tx->request.len);
        struct dialog_priv *p = NULL;
        int mine = sub != NULL &&
                   sip_same(stx_msg_tag(sub, SIP_HDR_FROM),
                            stx_msg_tag(msg, SIP_HDR_TO)) &&
                   sip_same(sip_value(sub, SIP_HDR_CALL_ID, 0),
                            sip_value(msg, SIP_HDR_CALL_ID, 0));
        if (mine) {
            p = dialog_new(ep, msg, SIP_HDR_TO, SIP_HDR_FROM, msg, 0);
        }
        if (p != NULL) {
            p->pub.state = SIPTX_CONFIRMED;
            p->pub.local_cseq = stx_msg_cseq(sub);
        }
        stx_msg_free(sub);
        if (mine) {
            return p != NULL ? &p->pub : NULL;
        }
    }
    return NULL;
}

/* ---- repetitions ---- */

int stx_dialog_takes_rseq(struct siptx_dialog *d, const struct sip_msg *msg)
{
    struct dialog_priv *p = stx_dialog_priv_of(d);
    uint32_t rseq = 0;
    uint32_t cseq = stx_msg_cseq(msg);
    (void)sip_u32(sip_value(msg, SIP_HDR_RSEQ, 0), &rseq);
    /* RFC 3262, 4: the first one sets the number, then one by one. */
    if (p->last_rseq != 0 && p->last_rseq_cseq == cseq &&
        rseq != p->last_rseq + 1) {
        return 0;
    }
    p->last_rseq = rseq;
    p->last_rseq_cseq = cseq;
    return 1;
}

int stx_dialog_takes_2xx(struct siptx_dialog *d, const struct sip_msg *msg)
{
    struct dialog_priv *p = stx_dialog_priv_of(d);
    uint32_t cseq = stx_msg_cseq(msg);
    if (p->got_2xx && p->got_2xx_cseq == cseq) {
        if (p->ack.data != NULL) {
            (void)stx_transport_send(d->ep, &p->ack_to, "ACK", ++p->ack_repeats,
                                     &p->ack);
        }
        return 0;
    }
    p->got_2xx = 1;
    p->got_2xx_cseq = cseq;
    stx_octets_free(&p->ack);
    return 1;
}

/* ---- ACK ---- */

enum status siptx_ack(struct siptx_dialog *dlg, const struct sip_out *out)
{
    struct siptx_endpoint *ep = dlg->ep;
    struct dialog_priv *p = stx_dialog_priv_of(dlg);
    struct sip_out plain;
    struct octets o = {0};
    struct target to;
    enum status s = STATUS_OK;
    sip_out_init(&plain);
    if (out == NULL) {
        s = siptx_dialog_ack(dlg, &plain);
    }
    if (s == STATUS_OK) {
        s = stx_address_ack(ep, out != NULL ? out : &plain, NULL, &to, &o);
    }
    sip_out_free(&plain);
    if (s != STATUS_OK) {
        return s;
    }
    stx_octets_free(&p->ack);
    p->ack = o;
    p->ack_to = to;
    p->ack_repeats = 0;
    s = stx_transport_send(ep, &p->ack_to, "ACK", 0, &p->ack);
    return s;
}
