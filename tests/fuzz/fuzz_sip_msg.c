/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* SIP messages: every view and place lies in the octets, every typed reader
 * copes with every value, and a copy that was sent says the same. */
#include "harness/base/mem.h"
#include "harness/sip/sdp.h"
#include "harness/sip/sip.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const struct sip_msg *m, struct view v)
{
    if (v.data < m->raw.data || v.len > m->raw.len ||
        (size_t)(v.data - m->raw.data) > m->raw.len - v.len) {
        abort();
    }
}

/* Each reader, whatever the field is. */
static void read_value(struct view v)
{
    union {
        struct sip_via via;
        struct sip_cseq cseq;
        struct sip_rack rack;
        struct sip_media_type type;
        struct sip_token_params token;
        struct sip_reason_value reason;
        struct sip_warning warning;
        struct sip_auth auth;
    } u;
    struct sip_addr a;
    struct sip_uri uri;
    struct sip_history h;
    struct sip_param p;
    char *target;
    int cause;
    sip_via(v, &u.via);
    sip_cseq(v, &u.cseq);
    sip_rack(v, &u.rack);
    sip_media_type(v, &u.type);
    sip_token_params(v, &u.token);
    sip_reason_value(v, &u.reason);
    sip_warning(v, &u.warning);
    if (sip_auth(v, &u.auth) == STATUS_OK) {
        struct view nonce;
        sip_auth_param(&u.auth, "nonce", &nonce);
    }
    sip_addr(v, &a);
    sip_is_message_taker(a.params);
    sip_uri(a.uri, &uri);
    if (sip_voicemail(&uri, &target, &cause)) {
        mem_free(target);
    }
    struct view rest = uri.headers;
    while (sip_uri_header_next(&rest, &p)) {
        mem_free(sip_unescape(p.value));
    }
    sip_history(v, &h);
    mem_free(sip_identity_new(v));
    mem_free(sip_unquote(v));
}

static void use_fields(const struct sip_msg *m)
{
    for (size_t i = 0; i < m->num_headers; i++) {
        const struct sip_header *h = &m->headers[i];
        struct sip_iter it = {.msg = m, .id = h->id};
        struct view v;
        inside(m, h->name);
        inside(m, h->value);
        if ((size_t)h->off + h->len > m->raw.len) {
            abort();
        }
        read_value(h->value);
        if (sip_find(m, h->id, 0) != h) {
            continue; /* values were read with the first line */
        }
        while (h->id != SIP_HDR_OTHER && sip_next(&it, &v)) {
            inside(m, v);
            read_value(v);
        }
    }
    struct sip_history_node nodes[16];
    sip_history_tree(m, nodes, 16);
}

static void use_body(const struct sip_msg *m)
{
    static struct sdp sdp;
    struct sip_part p;
    inside(m, m->body);
    for (size_t i = 0; i < 8 && sip_body_part(m, i, &p); i++) {
        struct wr w;
        struct sip_mwi mwi;
        inside(m, p.whole);
        inside(m, p.body);
        wr_init(&w);
        sip_part_decode(&p, &w);
        wr_cleanup(&w);
        sip_mwi(p.body, &mwi);
        struct view block;
        while (sip_mwi_block(&mwi.blocks, &block)) {
            inside(m, block);
        }
        sdp_parse(&sdp, p.body);
    }
}

/* What is sent again is read as it was: the values are the same. */
static void send_again(const struct sip_msg *m)
{
    static struct sip_msg again;
    struct sip_out out;
    struct wr w;
    wr_init(&w);
    if (sip_out_from_msg(&out, m) == STATUS_OK &&
        sip_out_encode(&out, &w) == STATUS_OK && m->num_devs == 0) {
        sip_parse(&again, w.data, w.len);
        if (again.num_headers < m->num_headers ||
            again.is_response != m->is_response || again.status != m->status ||
            !sip_same(again.body, m->body) || !sip_same(again.uri, m->uri)) {
            abort();
        }
    }
    sip_out_free(&out);
    if (sip_out_response(&out, m, 200, NULL, "t") == STATUS_OK) {
        (void)sip_out_encode(&out, &w);
    }
    sip_out_free(&out);
    wr_cleanup(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sip_msg m;
    size_t total = 0;
    enum status s = sip_frame(data, size, &total);
    if (s == STATUS_OK && total > size) {
        abort();
    }
    sip_parse(&m, data, size);
    sip_check(&m, size % 2 == 0 ? SIP_CHECK_STREAM : 0);
    for (size_t i = 0; i < m.num_devs; i++) {
        if ((size_t)m.devs[i].off + m.devs[i].len > m.raw.len) {
            abort();
        }
    }
    inside(&m, m.start_line);
    use_fields(&m);
    use_body(&m);
    send_again(&m);
    return 0;
}
