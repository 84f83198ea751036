/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* SRTP. Master key and salt are those of RFC 3711, B.3. The packets were made
 * by a short Python program (AES-CTR and HMAC of python3-cryptography, key
 * derivation of RFC 3711, 4.3) whose derived keys agree with B.3. */
#include "tests/unit/media/media_tests.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <string.h>

#define SSRC 0xcafebabe

static struct media_srtp_params params(void)
{
    struct media_srtp_params p = {.tag_len = 0};
    size_t n;
    CU_ASSERT(hex_decode(p.key, 16, &n, "e1f97a0d3e018be0d64fa32c06de4139",
                         32) == STATUS_OK);
    CU_ASSERT(hex_decode(p.salt, 14, &n, "0ec675ad498afeebb6960b3aabe6", 28) ==
              STATUS_OK);
    return p;
}

/* PT 15, timestamp decafbad, SSRC cafebabe, 16 times ab */
static void plain(uint8_t out[28], uint16_t seq)
{
    static const uint8_t head[12] = {0x80, 0x0f, 0,    0,    0xde, 0xca,
                                     0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe};
    memcpy(out, head, 12);
    out[2] = (uint8_t)(seq >> 8);
    out[3] = (uint8_t)seq;
    memset(out + 12, 0xab, 16);
}

static const struct {
    uint16_t seq;
    uint32_t roc;
    const char *srtp;
} known[] = {
    {0x1234, 0,
     "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8"
     "dbb"},
    {0x1234, 1,
     "800f1234decafbadcafebabe179265c8bf303e4c24e7279f739bb5a6f8b3916fd670057bf"
     "1dc"},
    {0xffff, 0,
     "800fffffdecafbadcafebabef36e96fc87ac01758cea5f94ba171db81149c9c49efa93c1b"
     "483"},
    {0x0000, 1,
     "800f0000decafbadcafebabe24ecf92d9c97bf2ac679b796fdfd365a267beecdc56456590"
     "e62"},
    {0xffff, 6,
     "800fffffdecafbadcafebabe130a5d58c4156cd8af482eab9899805bba91f0b84da16c171"
     "1d9"},
    {0x0000, 7,
     "800f0000decafbadcafebabe81a767494bb0b298bd6156ed306fe59911b691a833fa3eac1"
     "188"},
    {0x1234, 0x7fffffff,
     "800f1234decafbadcafebabe5c46de2b6294d80b861ccfb9724771875e38dff3fa9ce1af9"
     "45f"},
};
#define NUM_KNOWN (sizeof(known) / sizeof(known[0]))

static void protect_one(struct media_srtp *s, size_t row)
{
    uint8_t in[28];
    uint8_t out[64];
    size_t len;
    plain(in, known[row].seq);
    CU_ASSERT(media_srtp_protect(s, out, sizeof(out), &len, in, 28) ==
              STATUS_OK);
    char *hex = hex_new(out, len);
    CU_ASSERT_STRING_EQUAL(hex, known[row].srtp);
    mem_free(hex);
}

static enum status unprotect_one(struct media_srtp *s, size_t row)
{
    uint8_t in[64];
    uint8_t out[64];
    uint8_t want[28];
    size_t n;
    size_t len;
    CU_ASSERT(hex_decode(in, sizeof(in), &n, known[row].srtp,
                         strlen(known[row].srtp)) == STATUS_OK);
    enum status st = media_srtp_unprotect(s, out, sizeof(out), &len, in, n);
    plain(want, known[row].seq);
    CU_ASSERT((st == STATUS_OK) == (len == 28 && memcmp(out, want, 28) == 0));
    return st;
}

static struct media_srtp *stream(uint32_t roc, int sender)
{
    struct media_srtp_params p = params();
    struct media_srtp *s = NULL;
    CU_ASSERT_FATAL(media_init() == STATUS_OK);
    CU_ASSERT_FATAL(media_srtp_new(&s, &p, SSRC, roc, sender) == STATUS_OK);
    return s;
}

static void known_packets_both_ways(void)
{
    unsigned long live = mem_live();
    for (size_t i = 0; i < NUM_KNOWN; i++) {
        struct media_srtp *out = stream(known[i].roc, 1);
        struct media_srtp *in = stream(known[i].roc, 0);
        protect_one(out, i);
        CU_ASSERT(unprotect_one(in, i) == STATUS_OK);
        CU_ASSERT(media_srtp_roc(in) == known[i].roc);
        media_srtp_free(out);
        media_srtp_free(in);
    }
    CU_ASSERT(mem_live() == live);
}

static void rollover_counter_wraps_with_the_sequence(void)
{
    for (size_t i = 2; i < 6; i += 2) {
        struct media_srtp *out = stream(known[i].roc, 1);
        struct media_srtp *in = stream(known[i].roc, 0);
        protect_one(out, i);
        protect_one(out, i + 1);
        CU_ASSERT(unprotect_one(in, i) == STATUS_OK);
        CU_ASSERT(unprotect_one(in, i + 1) == STATUS_OK);
        CU_ASSERT(media_srtp_roc(out) == known[i].roc + 1);
        CU_ASSERT(media_srtp_roc(in) == known[i].roc + 1);
        media_srtp_free(out);
        media_srtp_free(in);
    }
}

static void wrong_rollover_counter_does_not_verify(void)
{
    struct media_srtp *in = stream(0, 0);
    CU_ASSERT(unprotect_one(in, 1) == STATUS_AUTH);
    media_srtp_free(in);
}

static void a_packet_is_taken_once(void)
{
    struct media_srtp *in = stream(0, 0);
    CU_ASSERT(unprotect_one(in, 0) == STATUS_OK);
    CU_ASSERT(unprotect_one(in, 0) == STATUS_REPLAY);
    media_srtp_free(in);
}

static void a_packet_behind_the_window_is_stale(void)
{
    struct media_srtp *out = stream(0, 1);
    struct media_srtp *in = stream(0, 0);
    uint8_t p[28];
    uint8_t first[64];
    uint8_t last[64];
    size_t first_len;
    size_t last_len;
    plain(p, 100);
    CU_ASSERT(media_srtp_protect(out, first, 64, &first_len, p, 28) ==
              STATUS_OK);
    plain(p, 1100);
    CU_ASSERT(media_srtp_protect(out, last, 64, &last_len, p, 28) == STATUS_OK);
    size_t len;
    uint8_t got[64];
    CU_ASSERT(media_srtp_unprotect(in, got, 64, &len, last, last_len) ==
              STATUS_OK);
    CU_ASSERT(media_srtp_unprotect(in, got, 64, &len, first, first_len) ==
              STATUS_STALE);
    media_srtp_free(out);
    media_srtp_free(in);
}

static void every_flipped_bit_is_noticed(void)
{
    uint8_t good[64];
    size_t n;
    CU_ASSERT(hex_decode(good, sizeof(good), &n, known[0].srtp, 76) ==
              STATUS_OK);
    for (size_t bit = 0; bit < n * 8; bit++) {
        struct media_srtp *in = stream(0, 0);
        uint8_t out[64];
        uint8_t bad[64];
        size_t len = 1;
        memcpy(bad, good, n);
        bad[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        CU_ASSERT(media_srtp_unprotect(in, out, sizeof(out), &len, bad, n) !=
                  STATUS_OK);
        CU_ASSERT(len == 0);
        media_srtp_free(in);
    }
}

static void every_shorter_packet_fails_cleanly(void)
{
    uint8_t good[64];
    size_t n;
    CU_ASSERT(hex_decode(good, sizeof(good), &n, known[0].srtp, 76) ==
              STATUS_OK);
    for (size_t cut = 0; cut < n; cut++) {
        struct media_srtp *in = stream(0, 0);
        uint8_t *exact = mem_dup(good, cut);
        uint8_t out[64];
        size_t len = 1;
        CU_ASSERT(media_srtp_unprotect(in, out, sizeof(out), &len, exact,
                                       cut) != STATUS_OK);
        CU_ASSERT(len == 0);
        mem_free(exact);
        media_srtp_free(in);
    }
}

static void other_transforms_change_the_right_octets(void)
{
    static const struct {
        struct media_srtp_params p;
        size_t len;
        int clear;
    } rows[] = {
        {{.tag_len = 4}, 32, 0},
        {{.no_auth = 1}, 28, 0},
        {{.no_encryption = 1}, 38, 1},
        {{.mki = {1, 2, 3, 4}, .mki_len = 4}, 42, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct media_srtp_params p = params();
        struct media_srtp *out;
        struct media_srtp *in;
        uint8_t rtp[28];
        uint8_t srtp[64];
        uint8_t back[64];
        size_t n;
        size_t len;
        memcpy((uint8_t *)&p + 30, (const uint8_t *)&rows[i].p + 30,
               sizeof(p) - 30);
        CU_ASSERT_FATAL(media_srtp_new(&out, &p, SSRC, 0, 1) == STATUS_OK);
        CU_ASSERT_FATAL(media_srtp_new(&in, &p, SSRC, 0, 0) == STATUS_OK);
        plain(rtp, 9);
        CU_ASSERT(media_srtp_protect(out, srtp, 64, &n, rtp, 28) == STATUS_OK);
        CU_ASSERT(n == rows[i].len);
        CU_ASSERT((memcmp(srtp + 12, rtp + 12, 16) == 0) == rows[i].clear);
        CU_ASSERT(media_srtp_unprotect(in, back, 64, &len, srtp, n) ==
                  STATUS_OK);
        CU_ASSERT(len == 28 && memcmp(back, rtp, 28) == 0);
        media_srtp_free(out);
        media_srtp_free(in);
    }
}

static void misuse_is_refused(void)
{
    struct media_srtp_params p = params();
    struct media_srtp *s = stream(0, 1);
    struct media_srtp *t;
    uint8_t rtp[28];
    uint8_t out[64];
    size_t len;
    plain(rtp, 1);
    CU_ASSERT(media_srtp_protect(s, out, 37, &len, rtp, 28) == STATUS_NO_SPACE);
    rtp[8] ^= 1;
    CU_ASSERT(media_srtp_protect(s, out, 64, &len, rtp, 28) == STATUS_NO_KEY);
    p.tag_len = 5;
    CU_ASSERT(media_srtp_new(&t, &p, SSRC, 0, 1) == STATUS_BAD_VALUE);
    CU_ASSERT(t == NULL);
    media_srtp_free(s);
}

static const struct unit_case cases[] = {
    {"known_packets_both_ways", known_packets_both_ways},
    {"rollover_counter_wraps_with_the_sequence",
     rollover_counter_wraps_with_the_sequence},
    {"wrong_rollover_counter_does_not_verify",
     wrong_rollover_counter_does_not_verify},
    {"a_packet_is_taken_once", a_packet_is_taken_once},
    {"a_packet_behind_the_window_is_stale",
     a_packet_behind_the_window_is_stale},
    {"every_flipped_bit_is_noticed", every_flipped_bit_is_noticed},
    {"every_shorter_packet_fails_cleanly", every_shorter_packet_fails_cleanly},
    {"other_transforms_change_the_right_octets",
     other_transforms_change_the_right_octets},
    {"misuse_is_refused", misuse_is_refused},
    {NULL, NULL}};
const struct unit_suite srtp_suite = {"srtp", cases};
