/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The endpoint: its making, its end, and who gets an incoming message. */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <string.h>

uint64_t stx_t1(const struct siptx_endpoint *ep)
{
    return ep->cfg.t1_ms != 0 ? ep->cfg.t1_ms : 500;
}

uint64_t stx_t2(const struct siptx_endpoint *ep)
{
    return ep->cfg.t2_ms != 0 ? ep->cfg.t2_ms : 4000;
}

uint64_t stx_t4(const struct siptx_endpoint *ep)
{
    return ep->cfg.t4_ms != 0 ? ep->cfg.t4_ms : 5000;
}

static char *copy_text(const char *text, enum status *s)
{
    char *copy = text != NULL ? mem_strdup(text) : NULL;
    if (text != NULL && copy == NULL) {
        *s = STATUS_NO_MEMORY;
    }
    return copy;
}

static enum status copy_config(struct siptx_endpoint *ep,
                               const struct siptx_config *config)
{
    enum status s = STATUS_OK;
    ep->cfg = *config;
    ep->user = copy_text(config->user, &s);
    ep->contact_params = copy_text(config->contact_params, &s);
    ep->product = copy_text(config->product, &s);
    ep->cfg.user = ep->user;
    ep->cfg.contact_params = ep->contact_params;
    ep->cfg.product = ep->product;
    return s;
}

static enum status make_contact(struct siptx_endpoint *ep)
{
    char host[NET_ADDR_TEXT];
    const char *word = stx_transport_default(ep) == SIPTX_UDP ? "udp" : "tcp";
    ep->contact_uri = mem_printf(
        "sip:%s%s%s:%u;transport=%s", ep->user != NULL ? ep->user : "",
        ep->user != NULL ? "@" : "", net_addr_uri_host(host, &ep->addr),
        ep->addr.port, word);
    if (ep->contact_uri == NULL) {
        return STATUS_NO_MEMORY;
    }
    ep->contact =
        mem_printf("<%s>%s", ep->contact_uri,
                   ep->contact_params != NULL ? ep->contact_params : "");
    return ep->contact == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

enum status siptx_new(struct siptx_endpoint **out,
                      const struct siptx_config *config)
{
    *out = NULL;
    struct siptx_endpoint *ep = mem_alloc(sizeof(*ep));
    if (ep == NULL) {
        return STATUS_NO_MEMORY;
    }
    stx_node_init(&ep->conns);
    stx_node_init(&ep->clients);
    stx_node_init(&ep->servers);
    stx_node_init(&ep->dialogs);
    stx_node_init(&ep->delayed);
    stx_node_init(&ep->graves);
    enum status s = copy_config(ep, config);
    if (s == STATUS_OK) {
        s = stx_transport_open(ep);
    }
    if (s == STATUS_OK) {
        s = make_contact(ep);
    }
    if (s != STATUS_OK) {
        siptx_free(ep);
        return s;
    }
    *out = ep;
    return STATUS_OK;
}

void siptx_free(struct siptx_endpoint *ep)
{
    if (ep == NULL) {
        return;
    }
    while (ep->clients.next != &ep->clients) {
        stx_client_end(NODE_OF(struct siptx_client, node, ep->clients.next));
    }
    while (ep->servers.next != &ep->servers) {
        stx_server_end(NODE_OF(struct siptx_server, node, ep->servers.next));
    }
    while (ep->dialogs.next != &ep->dialogs) {
        stx_dialog_end(
            &NODE_OF(struct dialog_priv, node, ep->dialogs.next)->pub);
    }
    stx_transport_close(ep);
    net_timer_cancel(&ep->sexton);
    stx_dig_up(ep);
    mem_free(ep->user);
    mem_free(ep->contact_params);
    mem_free(ep->product);
    mem_free(ep->contact);
    mem_free(ep->contact_uri);
    mem_free(ep);
}

struct net_addr siptx_addr(const struct siptx_endpoint *ep)
{
    return ep->addr;
}

const char *siptx_contact(const struct siptx_endpoint *ep)
{
    return ep->contact;
}

const char *siptx_contact_uri(const struct siptx_endpoint *ep)
{
    return ep->contact_uri;
}

void siptx_set_edits(struct siptx_endpoint *ep, const struct edit_list *edits)
{
    ep->cfg.edits = edits;
}

void siptx_token(struct siptx_endpoint *ep, char *out, size_t n)
{
    uint8_t octets[32] = {0};
    if (n > 2 * sizeof(octets)) {
        n = 2 * sizeof(octets);
    }
    /* Without randomness the token is plain zeros: visible, and no secret. */
    (void)env_random(ep->cfg.env, octets, n / 2);
    hex_encode(out, octets, n / 2);
}

static void on_response(struct siptx_endpoint *ep, const struct sip_msg *msg)
{
    struct sip_via via = {0};
    (void)sip_via(sip_value(msg, SIP_HDR_VIA, 0), &via);
    struct siptx_client *tx = stx_client_find(ep, via.branch, msg->method);
    if (tx != NULL) {
        stx_client_on_response(tx, msg);
    } else if (ep->cfg.on.on_stray != NULL) {
        ep->cfg.on.on_stray(ep->cfg.ctx, msg);
    }
}

void stx_on_message(struct siptx_endpoint *ep, const struct sip_msg *msg,
                    const struct source *from)
{
    if (!msg->is_response) {
        stx_server_on_request(ep, msg, from);
    } else if (msg->status >= 100) {
        on_response(ep, msg);
    }
}
