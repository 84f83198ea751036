/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* RTP packets. */
#include "tests/unit/media/media_tests.h"

#include "harness/base/mem.h"

#include <string.h>

/* V 2, P, X, 2 CSRC, M, PT 96, seq 0x1234, ts, SSRC; two CSRC; extension 0xBEDE
 * of one word; payload "hi" and two octets of padding */
static const uint8_t rich[] = {0xb2, 0xe0, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad,
                               0xca, 0xfe, 0xba, 0xbe, 0x00, 0x00, 0x00, 0x01,
                               0x00, 0x00, 0x00, 0x02, 0xbe, 0xde, 0x00, 0x01,
                               0x10, 0xaa, 0x00, 0x00, 'h',  'i',  0x00, 0x02};

static void all_fields_are_read_and_written_again(void)
{
    struct rtp p;
    struct wr w;
    CU_ASSERT_FATAL(rtp_parse(&p, rich, sizeof(rich)) == STATUS_OK);
    CU_ASSERT(p.version == 2 && p.padding == 1 && p.has_ext == 1);
    CU_ASSERT(p.num_csrc == 2 && p.csrc[0] == 1 && p.csrc[1] == 2);
    CU_ASSERT(p.marker == 1 && p.pt == 96 && p.seq == 0x1234);
    CU_ASSERT(p.timestamp == 0xdecafbad && p.ssrc == 0xcafebabe);
    CU_ASSERT(p.ext_profile == 0xbede && p.ext.len == 4);
    CU_ASSERT(p.header.len == 28 && p.payload.len == 4);
    wr_init(&w);
    rtp_write(&w, &p);
    CU_ASSERT(w.len == sizeof(rich) && memcmp(w.data, rich, w.len) == 0);
    wr_cleanup(&w);
    CU_ASSERT(rtp_strip_padding(&p) == STATUS_OK);
    CU_ASSERT(p.payload.len == 2 && memcmp(p.payload.data, "hi", 2) == 0);
}

static void every_shorter_head_fails_cleanly(void)
{
    for (size_t n = 0; n < 28; n++) {
        uint8_t *exact = mem_dup(rich, n);
        struct rtp p = {.seq = 7};
        CU_ASSERT(rtp_parse(&p, exact, n) == STATUS_TRUNCATED);
        CU_ASSERT(p.seq == 7);
        mem_free(exact);
    }
    struct rtp p;
    CU_ASSERT(rtp_parse(&p, rich, 28) == STATUS_OK && p.payload.len == 0);
    CU_ASSERT(rtp_strip_padding(&p) == STATUS_BAD_LENGTH);
}

static void every_flipped_bit_fails_cleanly(void)
{
    for (size_t bit = 0; bit < sizeof(rich) * 8; bit++) {
        uint8_t *p = mem_dup(rich, sizeof(rich));
        struct rtp r;
        p[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        enum status s = rtp_parse(&r, p, sizeof(rich));
        CU_ASSERT((bit > 1) || s == STATUS_BAD_VALUE);
        if (s == STATUS_OK) {
            CU_ASSERT(r.header.len + r.payload.len == sizeof(rich));
            (void)rtp_strip_padding(&r);
        }
        mem_free(p);
    }
}

static void padding_longer_than_the_payload_is_refused(void)
{
    struct rtp p;
    uint8_t d[16] = {0xa0, 0, [12] = 1, 2, 3, 5};
    CU_ASSERT(rtp_parse(&p, d, sizeof(d)) == STATUS_OK);
    CU_ASSERT(rtp_strip_padding(&p) == STATUS_BAD_LENGTH);
    d[15] = 4;
    CU_ASSERT(rtp_parse(&p, d, sizeof(d)) == STATUS_OK);
    CU_ASSERT(rtp_strip_padding(&p) == STATUS_OK && p.payload.len == 0);
}

/* ---- recording ---- */

static void add(struct media_recording *r, uint16_t seq, uint8_t fill,
                size_t num)
{
    uint8_t payload[8];
    memset(payload, fill, sizeof(payload));
    struct rtp p = {
        .version = 2, .seq = seq, .ssrc = 1, .payload = {payload, num}};
    struct wr w;
    wr_init(&w);
    rtp_write(&w, &p);
    CU_ASSERT(media_recording_add(r, w.data, w.len) == STATUS_OK);
    wr_cleanup(&w);
}

static void recording_sorts_fills_and_counts_once(void)
{
    unsigned long live = mem_live();
    struct media_recording *r = media_recording_new();
    CU_ASSERT_FATAL(r != NULL);
    add(r, 0xfffe, 'a', 2);
    add(r, 0x0000, 'c', 2); /* over the wrap, before its neighbour */
    add(r, 0xffff, 'b', 2);
    add(r, 0x0000, 'x', 2); /* again: not taken */
    add(r, 0x0003, 'f', 1); /* two lost before it */
    size_t len;
    uint8_t *codes = media_recording_codes(r, &len);
    CU_ASSERT(len == 11);
    CU_ASSERT(memcmp(codes,
                     "aabbcc\xff\xff\xff\xff"
                     "f",
                     11) == 0);
    mem_free(codes);
    static const uint8_t other[13] = {0x80, [11] = 2};
    CU_ASSERT(media_recording_add(r, other, sizeof(other)) == STATUS_MISMATCH);
    CU_ASSERT(media_recording_add(r, other, 5) == STATUS_TRUNCATED);
    media_recording_free(r);
    CU_ASSERT(mem_live() == live);
}

static void empty_recording_is_empty(void)
{
    struct media_recording *r = media_recording_new();
    size_t len = 1;
    uint8_t *codes = media_recording_codes(r, &len);
    CU_ASSERT(len == 0);
    mem_free(codes);
    media_recording_free(r);
}

static const struct unit_case cases[] = {
    {"all_fields_are_read_and_written_again",
     all_fields_are_read_and_written_again},
    {"every_shorter_head_fails_cleanly", every_shorter_head_fails_cleanly},
    {"every_flipped_bit_fails_cleanly", every_flipped_bit_fails_cleanly},
    {"padding_longer_than_the_payload_is_refused",
     padding_longer_than_the_payload_is_refused},
    {"recording_sorts_fills_and_counts_once",
     recording_sorts_fills_and_counts_once},
    {"empty_recording_is_empty", empty_recording_is_empty},
    {NULL, NULL}};
const struct unit_suite rtp_suite = {"rtp", cases};
