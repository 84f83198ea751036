/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Requests of a user agent: outside a dialog, inside, ACK, PRACK, BYE. */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"

#include <string.h>

static int wants_contact(const char *method)
{
    static const char *const methods[] = {"INVITE",   "UPDATE", "SUBSCRIBE",
                                          "REGISTER", "NOTIFY", "REFER"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(method, methods[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The first failure is kept in out: only the last call is looked at. */
static void add_common(struct siptx_endpoint *ep, struct sip_out *out,
                       const char *method)
{
    if (wants_contact(method)) {
        sip_out_add(out, "Contact", "%s", ep->contact);
    }
    if (ep->product != NULL) {
        sip_out_add(out, "User-Agent", "%s", ep->product);
    }
}

enum status siptx_request(struct siptx_endpoint *ep, struct sip_out *out,
                          const char *method, const char *uri, const char *from,
                          const char *to)
{
    char tag[17];
    char call_id[25];
    char host[NET_ADDR_TEXT];
    siptx_token(ep, tag, 16);
    siptx_token(ep, call_id, 24);
    enum status s = sip_out_request(out, method, uri);
    sip_out_add(out, "Max-Forwards", "70");
    sip_out_add(out, "From", "%s;tag=%s", from, tag);
    sip_out_add(out, "To", "%s", to);
    sip_out_add(out, "Call-ID", "%s@%s", call_id,
                net_addr_uri_host(host, &ep->addr));
    sip_out_add(out, "CSeq", "1 %s", method);
    add_common(ep, out, method);
    return stx_out_settle(out, s);
}

static void add_party(struct sip_out *out, const char *name, const char *uri,
                      const char *tag)
{
    if (tag[0] != '\0') {
        sip_out_add(out, name, "%s;tag=%s", uri, tag);
    } else {
        sip_out_add(out, name, "%s", uri);
    }
}

static enum status begin_in_dialog(struct siptx_dialog *dlg,
                                   struct sip_out *out, const char *method,
                                   uint32_t cseq)
{
    enum status s = sip_out_request(out, method, dlg->remote_target);
    sip_out_add(out, "Max-Forwards", "70");
    for (size_t i = 0; i < dlg->num_routes; i++) {
        sip_out_add(out, "Route", "%s", dlg->routes[i]);
    }
    add_party(out, "From", dlg->local_uri, dlg->local_tag);
    add_party(out, "To", dlg->remote_uri, dlg->remote_tag);
    sip_out_add(out, "Call-ID", "%s", dlg->call_id);
    sip_out_add(out, "CSeq", "%u %s", cseq, method);
    add_common(dlg->ep, out, method);
    return stx_out_settle(out, s);
}

enum status siptx_dialog_request(struct siptx_dialog *dlg, struct sip_out *out,
                                 const char *method)
{
    return begin_in_dialog(dlg, out, method, ++dlg->local_cseq);
}

enum status siptx_dialog_ack(struct siptx_dialog *dlg, struct sip_out *out)
{
    uint32_t cseq = stx_dialog_priv_of(dlg)->got_2xx_cseq;
    return begin_in_dialog(dlg, out, "ACK", cseq);
}

int siptx_is_reliable(const struct sip_msg *msg)
{
    uint32_t rseq;
    return msg->is_response && msg->status > 100 && msg->status < 200 &&
           sip_has_token(msg, SIP_HDR_REQUIRE, "100rel") &&
           sip_u32(sip_value(msg, SIP_HDR_RSEQ, 0), &rseq) == STATUS_OK;
}

enum status siptx_prack(const struct siptx_event *ev, struct sip_out *out)
{
    uint32_t rseq = 0;
    sip_out_init(out);
    if (ev->msg == NULL || ev->dialog == NULL || !siptx_is_reliable(ev->msg)) {
        return STATUS_UNEXPECTED;
    }
    (void)sip_u32(sip_value(ev->msg, SIP_HDR_RSEQ, 0), &rseq);
    enum status s = siptx_dialog_request(ev->dialog, out, "PRACK");
    if (s == STATUS_OK) {
        s = sip_out_add(out, "RAck", "%u %u INVITE", rseq,
                        stx_msg_cseq(ev->msg));
    }
    return stx_out_settle(out, s);
}

enum status siptx_bye(struct siptx_dialog *dlg, const char *extra,
                      siptx_event_fn *on_event, void *ctx)
{
    struct sip_out out;
    enum status s = siptx_dialog_request(dlg, &out, "BYE");
    if (s == STATUS_OK && extra != NULL) {
        s = sip_out_add_line(&out, extra);
    }
    if (s == STATUS_OK) {
        s = siptx_dialog_send(dlg, &out, on_event, ctx, NULL);
    }
    sip_out_free(&out);
    return s;
}
