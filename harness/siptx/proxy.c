/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What a forwarding proxy needs (RFC 3261, 16): the copy of a request that goes
 * on, the copy of a response that goes back, the ACK of a 2xx. */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"

#include <string.h>

/* Is this URI our own address? */
static int is_own(struct siptx_endpoint *ep, struct view uri)
{
    struct sip_uri u;
    struct net_addr a;
    if (sip_uri(uri, &u) != STATUS_OK ||
        net_addr_parse(&a, (const char *)u.host.data, u.host.len) !=
            STATUS_OK) {
        return 0;
    }
    a.port = u.port != 0 ? u.port : 5060;
    return net_addr_equal(&a, &ep->addr);
}

/* 16.4: the topmost Route goes if it is ours. A request by name with our Route
 * above it was loosely routed; a strict router's habits are not undone. */
static enum status drop_own_route(struct siptx_endpoint *ep,
                                  struct sip_out *out,
                                  const struct sip_msg *msg)
{
    struct sip_addr route;
    if (sip_addr(sip_value(msg, SIP_HDR_ROUTE, 0), &route) != STATUS_OK ||
        !is_own(ep, route.uri)) {
        return STATUS_OK;
    }
    return sip_out_remove_value(out, "Route", 0);
}

static enum status lower_max_forwards(struct sip_out *out,
                                      const struct sip_msg *msg)
{
    uint32_t hops = 70 + 1; /* 16.6, 3: 70 if there is none */
    struct view v = sip_value(msg, SIP_HDR_MAX_FORWARDS, 0);
    if (v.len > 0 && sip_u32(sip_trim(v), &hops) != STATUS_OK) {
        hops = 70 + 1;
    }
    if (hops == 0) {
        return STATUS_REFUSED;
    }
    return sip_out_set(out, "Max-Forwards", "%u", hops - 1);
}

static enum status copy_on(struct siptx_endpoint *ep, struct sip_out *out,
                           const struct sip_msg *msg, const char *top_via,
                           int record_route)
{
    enum status s = sip_out_from_msg(out, msg);
    if (s == STATUS_OK) {
        s = lower_max_forwards(out, msg);
    }
    if (s == STATUS_OK) {
        s = drop_own_route(ep, out, msg);
    }
    if (s == STATUS_OK && top_via != NULL) {
        s = sip_out_remove_value(out, "Via", 0);
        if (s == STATUS_OK) {
            s = sip_out_prepend(out, "Via", "%s", top_via);
        }
    }
    if (s == STATUS_OK && record_route) {
        s = sip_out_prepend(out, "Record-Route", "<%s;lr>", ep->contact_uri);
    }
    return stx_out_settle(out, s);
}

enum status siptx_forward_copy(struct siptx_server *tx, struct sip_out *out,
                               int record_route)
{
    return copy_on(tx->ep, out, tx->msg, tx->via, record_route);
}

enum status siptx_forward(struct siptx_server *tx, const struct sip_out *out,
                          const struct siptx_dest *dest,
                          siptx_event_fn *on_event, void *ctx,
                          struct siptx_client **client)
{
    return stx_client_send(tx->ep, out, dest, NULL, 1, on_event, ctx, client);
}

enum status siptx_relay_copy(struct sip_out *out, const struct sip_msg *msg)
{
    enum status s = sip_out_from_msg(out, msg);
    if (s == STATUS_OK) {
        s = sip_out_remove_value(out, "Via", 0);
    }
    return stx_out_settle(out, s);
}

enum status siptx_relay(struct siptx_server *tx, const struct sip_msg *msg)
{
    struct sip_out out;
    if (msg->status == 100) {
        return STATUS_OK; /* 16.7, 5 */
    }
    enum status s = siptx_relay_copy(&out, msg);
    if (s == STATUS_OK) {
        s = siptx_reply(tx, &out);
    }
    sip_out_free(&out);
    return s;
}

enum status siptx_forward_ack(struct siptx_endpoint *ep,
                              const struct sip_msg *msg,
                              const struct siptx_dest *dest)
{
    struct sip_out out;
    struct target to;
    struct octets o = {0};
    enum status s = copy_on(ep, &out, msg, NULL, 0);
    if (s == STATUS_OK) {
        s = stx_address_ack(ep, &out, dest, &to, &o);
    }
    if (s == STATUS_OK) {
        s = stx_transport_send(ep, &to, "ACK", 0, &o);
    }
    stx_octets_free(&o);
    sip_out_free(&out);
    return s;
}
