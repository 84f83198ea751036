/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Messages as siptx needs them: framing, edits, ACK, CANCEL, responses. */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"

#include <string.h>

/* ---- reading ---- */

int stx_frame_next(const uint8_t *data, size_t len, size_t *out_len)
{
    switch ((int)sip_frame(data, len, out_len)) {
    case STATUS_OK:
        return 1;
    case STATUS_TRUNCATED:
        return 0;
    default:
        return -1;
    }
}

static int is_message(const struct sip_msg *m)
{
    for (size_t i = 0; i < m->num_devs; i++) {
        enum sip_dev d = m->devs[i].kind;
        if (d == SIP_DEV_EMPTY || d == SIP_DEV_START_LINE ||
            d == SIP_DEV_NO_END) {
            return 0;
        }
    }
    return m->is_response ? m->status >= 100
                          : m->method.len > 0 && m->uri.len > 0;
}

struct sip_msg *stx_msg_parse(const uint8_t *data, size_t len)
{
    struct sip_msg *m = mem_alloc(sizeof(*m));
    if (m != NULL) {
        sip_parse(m, data, len);
        if (!is_message(m)) {
            mem_free(m);
            m = NULL;
        }
    }
    return m;
}

void stx_msg_free(struct sip_msg *m)
{
    mem_free(m);
}

struct view stx_msg_tag(const struct sip_msg *m, enum sip_hdr id)
{
    struct sip_addr a = {0};
    (void)sip_addr(sip_value(m, id, 0), &a);
    return a.tag;
}

uint32_t stx_msg_cseq(const struct sip_msg *m)
{
    struct sip_cseq c = {0};
    (void)sip_cseq(sip_value(m, SIP_HDR_CSEQ, 0), &c);
    return c.num;
}

/* ---- making ---- */

enum status stx_out_settle(struct sip_out *out, enum status s)
{
    if (s == STATUS_OK) {
        s = out->err;
    }
    if (s != STATUS_OK) {
        sip_out_free(out);
        sip_out_init(out);
    }
    return s;
}

enum status stx_out_encode(const struct sip_out *out, struct octets *octets)
{
    struct wr w;
    wr_init(&w);
    *octets = (struct octets){0};
    enum status s = sip_out_encode(out, &w);
    if (s == STATUS_OK) {
        octets->data = wr_take(&w, &octets->len);
        s = octets->data == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    wr_cleanup(&w);
    return s;
}

static int is_ours(const struct edit *e, const char *name)
{
    return edit_matches(e, name) && (strncmp(e->path, "sip.", 4) == 0 ||
                                     strncmp(e->path, "sdp.", 4) == 0);
}

enum status stx_encode(struct siptx_endpoint *ep, const struct sip_out *out,
                       const char *name, struct octets *octets)
{
    const struct edit_list *edits = ep->cfg.edits;
    struct sip_out copy;
    enum status s = sip_out_copy(&copy, out);
    for (size_t i = 0; edits != NULL && i < edits->num && s == STATUS_OK; i++) {
        const struct edit *e = &edits->items[i];
        if (!is_ours(e, name)) {
            continue;
        }
        enum status done = sip_out_edit(&copy, e);
        if (done != STATUS_OK) {
            log_at(ep->cfg.log, LOG_ERROR, "edit of %s at %s: %s", name,
                   e->path, status_name(done));
        }
    }
    if (s == STATUS_OK) {
        s = stx_out_encode(&copy, octets);
    }
    sip_out_free(&copy);
    return s;
}

static void copy_fields(struct sip_out *out, const struct sip_msg *msg,
                        enum sip_hdr id)
{
    for (size_t i = 0; sip_find(msg, id, i) != NULL; i++) {
        sip_out_add_view(out, sip_hdr_name(id), sip_find(msg, id, i)->value);
    }
}

/* 9.1 and 17.1.1.3: an own request of the same hop, for another method. */
static enum status make_same_hop(struct sip_out *out, const char *method,
                                 const struct sip_msg *request, struct view to)
{
    char *uri = sip_dup(request->uri);
    sip_out_init(out);
    if (uri == NULL) {
        return STATUS_NO_MEMORY;
    }
    sip_out_request(out, method, uri);
    mem_free(uri);
    sip_out_add_view(out, "Via", sip_value(request, SIP_HDR_VIA, 0));
    copy_fields(out, request, SIP_HDR_MAX_FORWARDS);
    copy_fields(out, request, SIP_HDR_ROUTE);
    copy_fields(out, request, SIP_HDR_FROM);
    sip_out_add_view(out, "To", to);
    copy_fields(out, request, SIP_HDR_CALL_ID);
    return sip_out_add(out, "CSeq", "%u %s", stx_msg_cseq(request), method);
}

enum status stx_make_ack(struct sip_out *out, const struct sip_msg *request,
                         const struct sip_msg *response)
{
    return make_same_hop(out, "ACK", request,
                         sip_value(response, SIP_HDR_TO, 0));
}

enum status stx_make_cancel(struct sip_out *out, const struct sip_msg *request,
                            const char *extra)
{
    enum status s = make_same_hop(out, "CANCEL", request,
                                  sip_value(request, SIP_HDR_TO, 0));
    if (s == STATUS_OK && extra != NULL) {
        s = sip_out_add_line(out, extra);
    }
    return s;
}

/* 12.1.1, 12.2.2: responses that make a dialog or refresh a target. */
static int wants_contact(const struct siptx_server *tx, int code)
{
    static const char *const methods[] = {"INVITE", "UPDATE", "SUBSCRIBE",
                                          "NOTIFY"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(tx->method, methods[i]) == 0) {
            return code > 100 && code < 300;
        }
    }
    return 0;
}

enum status siptx_response(struct siptx_server *tx, struct sip_out *out,
                           int code, const char *reason)
{
    const struct siptx_endpoint *ep = tx->ep;
    enum status s = sip_out_response(out, tx->msg, code, reason,
                                     code > 100 ? tx->tag : NULL);
    if (s == STATUS_OK) {
        s = sip_out_remove_value(out, "Via", 0);
    }
    if (s == STATUS_OK) {
        s = sip_out_prepend(out, "Via", "%s", tx->via);
    }
    if (s == STATUS_OK && !ep->cfg.is_proxy && wants_contact(tx, code)) {
        s = sip_out_add(out, "Contact", "%s", ep->contact);
    }
    if (s == STATUS_OK && ep->product != NULL && code > 100) {
        s = sip_out_add(out, "Server", "%s", ep->product);
    }
    return stx_out_settle(out, s);
}
