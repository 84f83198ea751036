/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Responses that are repeated until the peer says it has them: reliable
 * provisional ones (RFC 3262, 3) until PRACK, 2xx to INVITE (RFC
 * 3261, 13.3.1.4) until ACK. Both do so on TCP too: a proxy on the way may use
 * UDP. */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"

#include <string.h>

static void reliable_free(struct reliable *r)
{
    net_timer_cancel(&r->timer);
    stx_node_del(&r->node);
    stx_octets_free(&r->octets);
    mem_free(r->name);
    mem_free(r->tag);
    mem_free(r);
}

void stx_reliable_clear(struct siptx_server *tx)
{
    while (tx->reliables.next != &tx->reliables) {
        reliable_free(NODE_OF(struct reliable, node, tx->reliables.next));
    }
}

static void unacked(struct siptx_server *tx, int code)
{
    struct siptx_endpoint *ep = tx->ep;
    if (ep->cfg.on.on_unacked != NULL) {
        ep->cfg.on.on_unacked(ep->cfg.ctx, tx, tx->dialog, code);
    } else if (code < 200) {
        (void)siptx_reply_status(tx, 500, NULL, NULL); /* RFC 3262, 3 */
    } else if (tx->dialog != NULL) {
        (void)siptx_bye(tx->dialog, NULL, NULL, NULL); /* 13.3.1.4 */
    }
}

static void on_repeat(void *ctx)
{
    struct reliable *r = ctx;
    struct siptx_server *tx = r->tx;
    struct siptx_endpoint *ep = tx->ep;
    r->timer = NULL;
    uint64_t gone = net_loop_now_ms(ep->cfg.loop) - r->started_ms;
    if (gone >= 64 * stx_t1(ep)) {
        int code = r->code;
        reliable_free(r);
        unacked(tx, code);
        return;
    }
    r->repeats++;
    (void)stx_transport_send(ep, &tx->to, r->name, r->repeats, &r->octets);
    r->interval_ms *= 2; /* without limit but the end */
    uint64_t left = 64 * stx_t1(ep) - gone;
    r->timer = net_timer_start(ep->cfg.loop,
                               r->interval_ms < left ? r->interval_ms : left,
                               on_repeat, r);
}

static enum status remember(struct siptx_server *tx, uint32_t rseq, int code)
{
    struct siptx_endpoint *ep = tx->ep;
    struct reliable *r = mem_alloc(sizeof(*r));
    if (r == NULL) {
        return STATUS_NO_MEMORY;
    }
    stx_node_init(&r->node);
    r->tx = tx;
    r->rseq = rseq;
    r->code = code;
    r->tag = mem_strdup(tx->tag);
    r->name = mem_strdup(tx->response_name);
    r->octets.data = mem_dup(tx->response.data, tx->response.len);
    r->octets.len = tx->response.len;
    r->interval_ms = stx_t1(ep);
    r->started_ms = net_loop_now_ms(ep->cfg.loop);
    r->timer = net_timer_start(ep->cfg.loop, r->interval_ms, on_repeat, r);
    if (r->tag == NULL || r->name == NULL || r->octets.data == NULL ||
        r->timer == NULL) {
        reliable_free(r);
        return STATUS_NO_MEMORY;
    }
    stx_node_add(&tx->reliables, &r->node);
    return STATUS_OK;
}

enum status siptx_reply_reliable(struct siptx_server *tx,
                                 const struct sip_out *out)
{
    int code = out->status;
    if (!tx->is_invite || code <= 100 || code >= 200) {
        return STATUS_MISUSE;
    }
    if (tx->next_rseq == 0) {
        uint8_t seed[2] = {0, 1};
        (void)env_random(tx->ep->cfg.env, seed, sizeof(seed));
        tx->next_rseq = 1 + (uint32_t)(seed[0] << 8 | seed[1]);
    }
    struct sip_out copy;
    enum status s = sip_out_copy(&copy, out);
    if (s == STATUS_OK) {
        s = sip_out_add(&copy, "Require", "100rel");
    }
    if (s == STATUS_OK) {
        s = sip_out_add(&copy, "RSeq", "%u", tx->next_rseq);
    }
    if (s == STATUS_OK) {
        s = siptx_reply(tx, &copy);
    }
    sip_out_free(&copy);
    if (s == STATUS_OK) {
        s = remember(tx, tx->next_rseq++, code);
    }
    return s;
}

unsigned siptx_unpracked(const struct siptx_server *tx)
{
    unsigned n = 0;
    for (const struct node *r = tx->reliables.next; r != &tx->reliables;
         r = r->next) {
        n++;
    }
    return n;
}

struct siptx_server *stx_reliable_prack(struct siptx_endpoint *ep,
                                        const struct sip_msg *prack,
                                        struct siptx_dialog *dlg)
{
    struct sip_rack rack;
    if (sip_rack(sip_value(prack, SIP_HDR_RACK, 0), &rack) != STATUS_OK ||
        !sip_is(rack.method, "INVITE")) {
        return NULL;
    }
    for (struct node *n = ep->servers.next; n != &ep->servers; n = n->next) {
        struct siptx_server *tx = NODE_OF(struct siptx_server, node, n);
        if (tx->cseq != rack.num || strcmp(tx->call_id, dlg->call_id) != 0) {
            continue;
        }
        for (struct node *m = tx->reliables.next; m != &tx->reliables;
             m = m->next) {
            struct reliable *r = NODE_OF(struct reliable, node, m);
            if (r->rseq == rack.rseq && strcmp(r->tag, dlg->local_tag) == 0) {
                reliable_free(r);
                return tx;
            }
        }
    }
    return NULL;
}

/* ---- 2xx ---- */

static void on_repeat_2xx(void *ctx)
{
    struct siptx_server *tx = ctx;
    struct siptx_endpoint *ep = tx->ep;
    tx->resend = NULL;
    tx->repeats++;
    (void)stx_transport_send(ep, &tx->to, tx->response_name, tx->repeats,
                             &tx->response);
    tx->interval_ms *= 2;
    if (tx->interval_ms > stx_t2(ep)) {
        tx->interval_ms = stx_t2(ep);
    }
    tx->resend =
        net_timer_start(ep->cfg.loop, tx->interval_ms, on_repeat_2xx, tx);
}

static void on_no_ack(void *ctx)
{
    struct siptx_server *tx = ctx;
    tx->timeout = NULL;
    net_timer_cancel(&tx->resend);
    unacked(tx, tx->final_code);
    stx_server_end(tx);
}

void stx_accept_start(struct siptx_server *tx)
{
    struct siptx_endpoint *ep = tx->ep;
    tx->interval_ms = stx_t1(ep);
    tx->resend =
        net_timer_start(ep->cfg.loop, tx->interval_ms, on_repeat_2xx, tx);
    net_timer_cancel(&tx->timeout);
    tx->timeout = net_timer_start(ep->cfg.loop, 64 * stx_t1(ep), on_no_ack, tx);
}
