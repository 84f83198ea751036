/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Session descriptions of the agents: what they read and what they write. */
#include "harness/agent/agent_sdp.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/sip/sdp.h"

#include <string.h>

/* ---- reading ---- */

static void read_address(struct agent_desc *d, const struct sdp *s)
{
    struct sdp_connection c;
    struct net_addr a;
    if (s->media[0].port == 0 || s->media[0].port > 65535 ||
        sdp_connection(s, 0, &c) != STATUS_OK ||
        net_addr_parse(&a, (const char *)c.address.data, c.address.len) !=
            STATUS_OK) {
        return;
    }
    a.port = (uint16_t)s->media[0].port;
    d->rtp = a;
}

static enum status read_mikey(struct agent_desc *d,
                              const struct sdp_key_mgmt *km)
{
    if (km->bad_base64 || km->no_data || km->data.len == 0) {
        d->bad_base64 = 1;
        return STATUS_OK;
    }
    uint8_t *octets = mem_alloc(km->data.len);
    size_t len = 0;
    if (octets == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (base64_decode(octets, &len, (const char *)km->data.data,
                      km->data.len) != STATUS_OK) {
        d->bad_base64 = 1;
        mem_free(octets);
    } else if (d->mikey == NULL) {
        d->mikey = octets;
        d->mikey_len = len;
    } else {
        mem_free(octets);
    }
    return STATUS_OK;
}

/* Every attribute at either level counts: one that fails aborts all
 * (R4567-029). The message taken is that of the media section, else that of the
 * session. */
static enum status read_key_mgmt(struct agent_desc *d, const struct sdp *s)
{
    static const int levels[] = {0, SDP_SESSION};
    enum status st = STATUS_OK;
    for (size_t l = 0; l < 2; l++) {
        struct sdp_key_mgmt km;
        for (size_t i = 0;
             st == STATUS_OK && sdp_key_mgmt(s, levels[l], i, &km); i++) {
            d->num_key_mgmt++;
            if (km.is_mikey) {
                d->num_mikey++;
                st = read_mikey(d, &km);
            }
        }
    }
    return st;
}

enum status agent_desc_read(struct agent_desc *out, const struct sip_msg *msg)
{
    *out = (struct agent_desc){0};
    struct sip_part part;
    struct wr w;
    if (!sip_body_find(msg, "application/sdp", &part, NULL)) {
        return STATUS_OK;
    }
    wr_init(&w);
    struct sdp *s = mem_alloc(sizeof *s);
    enum status st = s == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    if (st == STATUS_OK && sip_part_decode(&part, &w) == STATUS_OK &&
        w.len > 0) {
        sdp_parse(s, (struct view){w.data, w.len});
        out->present = 1;
        if (s->num_media > 0) {
            out->is_savp = sdp_is_secure(&s->media[0]);
            read_address(out, s);
            st = read_key_mgmt(out, s);
        }
    }
    if (st == STATUS_OK) {
        st = w.err;
    }
    mem_free(s);
    wr_cleanup(&w);
    if (st != STATUS_OK) {
        agent_desc_clear(out);
    }
    return st;
}

void agent_desc_clear(struct agent_desc *d)
{
    mem_free(d->mikey);
    *d = (struct agent_desc){0};
}

/* ---- writing ---- */

char *agent_desc_write(const struct agent_sdp *p)
{
    char host[NET_ADDR_TEXT];
    struct sdp_key_line key = {.message = p->mikey};
    size_t has = p->mikey.len > 0;
    struct sdp_params sp = {.user = p->user,
                            .session_id = p->session_id,
                            .version = p->version,
                            .address = net_addr_host(host, &p->rtp),
                            .port = p->rtp.port,
                            .proto = p->avp ? "RTP/AVP" : "RTP/SAVP",
                            .pt = 0,
                            .rtpmap = "PCMU/8000",
                            .ptime = 20,
                            .direction = p->direction,
                            .session_keys = &key,
                            .num_session_keys = p->media_level ? 0 : has,
                            .media_keys = &key,
                            .num_media_keys = p->media_level ? has : 0};
    struct wr w;
    size_t len = 0;
    wr_init(&w);
    char *text = NULL;
    if (sdp_build(&w, &sp) == STATUS_OK) {
        wr_u8(&w, 0);
        text = (char *)wr_take(&w, &len);
    }
    wr_cleanup(&w);
    return text;
}
