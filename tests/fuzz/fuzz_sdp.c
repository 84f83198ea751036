/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Session descriptions: places lie in the octets, lines cover them, and every
 * reader copes with every level. */
#include "harness/sip/sdp.h"

#include "harness/sip/sip.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const struct sdp *s, struct view v)
{
    if (v.data < s->raw.data || v.len > s->raw.len ||
        (size_t)(v.data - s->raw.data) > s->raw.len - v.len) {
        abort();
    }
}

static void use_level(const struct sdp *s, int level)
{
    struct sdp_key_mgmt k;
    struct sdp_connection c;
    struct sdp_rtpmap r;
    struct view v;
    struct wr w;
    size_t n = 0;
    for (; sdp_key_mgmt(s, level, n, &k); n++) {
        inside(s, k.value);
        inside(s, k.protocol);
        inside(s, k.data);
        if (k.line >= s->num_lines || k.level != level ||
            k.bad_at > k.data.len) {
            abort();
        }
    }
    if (n != sdp_num_key_mgmt(s, level)) {
        abort();
    }
    if (sdp_connection(s, level, &c) == STATUS_OK) {
        inside(s, c.address);
    }
    if (sdp_direction_name(sdp_direction_of(s, level))[0] == '\0') {
        abort();
    }
    for (size_t i = 0; sdp_fmt(s, level, i, &v); i++) {
        uint32_t pt = 0;
        inside(s, v);
        if (sip_u32(v, &pt) == STATUS_OK && sdp_rtpmap(s, level, pt, &r)) {
            inside(s, r.encoding);
        }
    }
    sdp_ptime(s, level);
    wr_init(&w);
    sdp_key_mgmt_list(s, level, &w);
    wr_cleanup(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sdp s;
    struct sdp_origin o;
    sdp_parse(&s, (struct view){data, size});
    uint32_t next = 0;
    for (size_t i = 0; i < s.num_lines; i++) {
        if (s.lines[i].off != next || s.lines[i].len == 0) {
            abort();
        }
        next += s.lines[i].len;
        inside(&s, s.lines[i].value);
    }
    if (next != size && s.num_lines != SDP_MAX_LINES) {
        abort();
    }
    for (size_t i = 0; i < s.num_devs; i++) {
        if ((size_t)s.devs[i].off + s.devs[i].len > size) {
            abort();
        }
    }
    sdp_origin(&s, &o);
    use_level(&s, SDP_SESSION);
    for (size_t i = 0; i < s.num_media; i++) {
        use_level(&s, (int)i);
        sdp_is_secure(&s.media[i]);
    }
    return 0;
}
