/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* RTP packets (RFC 3550, 5.1). */
#include "harness/media/media.h"

enum status rtp_parse(struct rtp *out, const uint8_t *data, size_t len)
{
    struct rd r;
    struct rtp p = {0};
    uint8_t b0 = 0;
    uint8_t b1 = 0;
    rd_init(&r, data, len);
    rd_u8(&r, &b0);
    rd_u8(&r, &b1);
    rd_u16(&r, &p.seq);
    rd_u32(&r, &p.timestamp);
    if (rd_u32(&r, &p.ssrc) != STATUS_OK) {
        return r.err;
    }
    p.version = b0 >> 6;
    p.padding = b0 >> 5 & 1;
    p.has_ext = b0 >> 4 & 1;
    p.num_csrc = b0 & 0x0f;
    p.marker = b1 >> 7;
    p.pt = b1 & 0x7f;
    if (p.version != 2) {
        return STATUS_BAD_VALUE;
    }
    for (size_t i = 0; i < p.num_csrc; i++) {
        rd_u32(&r, &p.csrc[i]);
    }
    if (p.has_ext) {
        uint16_t words = 0;
        rd_u16(&r, &p.ext_profile);
        rd_u16(&r, &words);
        rd_bytes(&r, &p.ext, (size_t)words * 4);
    }
    p.header = (struct view){data, r.pos};
    if (rd_bytes(&r, &p.payload, rd_left(&r)) != STATUS_OK) {
        return r.err;
    }
    *out = p;
    return STATUS_OK;
}

void rtp_write(struct wr *w, const struct rtp *p)
{
    wr_u8(w, (uint8_t)((p->version & 3) << 6 | (p->padding & 1) << 5 |
                       (p->has_ext ? 1 : 0) << 4 | (p->num_csrc & 0x0f)));
    wr_u8(w, (uint8_t)((p->marker & 1) << 7 | (p->pt & 0x7f)));
    wr_u16(w, p->seq);
    wr_u32(w, p->timestamp);
    wr_u32(w, p->ssrc);
    for (size_t i = 0; i < (p->num_csrc & 0x0fu); i++) {
        wr_u32(w, p->csrc[i]);
    }
    if (p->has_ext) {
        wr_u16(w, p->ext_profile);
        wr_u16(w, (uint16_t)(p->ext.len / 4));
        wr_bytes(w, p->ext.data, p->ext.len);
    }
    wr_bytes(w, p->payload.data, p->payload.len);
}

enum status rtp_strip_padding(struct rtp *p)
{
    if (!p->padding) {
        return STATUS_OK;
    }
    size_t len = p->payload.len;
    uint8_t count = len == 0 ? 0 : p->payload.data[len - 1];
    if (count == 0 || count > len) {
        return STATUS_BAD_LENGTH;
    }
    p->payload.len = len - count;
    p->padding = 0;
    return STATUS_OK;
}
