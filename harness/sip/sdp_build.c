/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Session descriptions to send. */
#include "harness/sip/sip_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <inttypes.h>

static const char *or_else(const char *text, const char *other)
{
    return text != NULL ? text : other;
}

static enum status write_keys(struct wr *w, const struct sdp_key_line *keys,
                              size_t num)
{
    for (size_t i = 0; i < num; i++) {
        const char *protocol = or_else(keys[i].protocol, "mikey");
        if (keys[i].text != NULL) {
            wr_printf(w, "a=key-mgmt:%s %s\r\n", protocol, keys[i].text);
            continue;
        }
        char *text = base64_new(keys[i].message.data, keys[i].message.len);
        if (text == NULL) {
            return STATUS_NO_MEMORY;
        }
        wr_printf(w, "a=key-mgmt:%s ", protocol);
        wr_str(w, text);
        wr_str(w, "\r\n");
        mem_free(text);
    }
    return w->err;
}

/* RFC 4566, 5: the order of lines. */
enum status sdp_build(struct wr *w, const struct sdp_params *p)
{
    const char *address = or_else(p->address, "0.0.0.0");
    const char *family = strchr(address, ':') != NULL ? "IP6" : "IP4";
    wr_printf(w, "v=0\r\no=%s %" PRIu64 " %" PRIu64 " IN %s %s\r\n",
              or_else(p->user, "-"), p->session_id, p->version, family,
              address);
    wr_printf(w, "s=-\r\nc=IN %s %s\r\nt=0 0\r\n", family, address);
    enum status s = write_keys(w, p->session_keys, p->num_session_keys);
    wr_printf(w, "m=%s %u %s %u\r\n", or_else(p->media, "audio"), p->port,
              or_else(p->proto, "RTP/SAVP"), p->pt);
    if (s == STATUS_OK) {
        s = write_keys(w, p->media_keys, p->num_media_keys);
    }
    if (p->rtpmap != NULL) {
        wr_printf(w, "a=rtpmap:%u %s\r\n", p->pt, p->rtpmap);
    }
    if (p->fmtp != NULL) {
        wr_printf(w, "a=fmtp:%u %s\r\n", p->pt, p->fmtp);
    }
    if (p->ptime != 0) {
        wr_printf(w, "a=ptime:%u\r\n", p->ptime);
    }
    if (p->direction != NULL) {
        wr_printf(w, "a=%s\r\n", p->direction);
    }
    wr_str(w, or_else(p->more, ""));
    wr_str(w, or_else(p->more_media, ""));
    return s == STATUS_OK ? w->err : s;
}
