/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* mu-law and WAV. The expected values were made by Python's audioop module. */
#include "tests/unit/media/media_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* audioop.ulaw2lin(bytes(range(256)), 2) */
static const int16_t decoded[256] = {
    -32124, -31100, -30076, -29052, -28028, -27004, -25980, -24956, -23932,
    -22908, -21884, -20860, -19836, -18812, -17788, -16764, -15996, -15484,
    -14972, -14460, -13948, -13436, -12924, -12412, -11900, -11388, -10876,
    -10364, -9852,  -9340,  -8828,  -8316,  -7932,  -7676,  -7420,  -7164,
    -6908,  -6652,  -6396,  -6140,  -5884,  -5628,  -5372,  -5116,  -4860,
    -4604,  -4348,  -4092,  -3900,  -3772,  -3644,  -3516,  -3388,  -3260,
    -3132,  -3004,  -2876,  -2748,  -2620,  -2492,  -2364,  -2236,  -2108,
    -1980,  -1884,  -1820,  -1756,  -1692,  -1628,  -1564,  -1500,  -1436,
    -1372,  -1308,  -1244,  -1180,  -1116,  -1052,  -988,   -924,   -876,
    -844,   -812,   -780,   -748,   -716,   -684,   -652,   -620,   -588,
    -556,   -524,   -492,   -460,   -428,   -396,   -372,   -356,   -340,
    -324,   -308,   -292,   -276,   -260,   -244,   -228,   -212,   -196,
    -180,   -164,   -148,   -132,   -120,   -112,   -104,   -96,    -88,
    -80,    -72,    -64,    -56,    -48,    -40,    -32,    -24,    -16,
    -8,     0,      32124,  31100,  30076,  29052,  28028,  27004,  25980,
    24956,  23932,  22908,  21884,  20860,  19836,  18812,  17788,  16764,
    15996,  15484,  14972,  14460,  13948,  13436,  12924,  12412,  11900,
    11388,  10876,  10364,  9852,   9340,   8828,   8316,   7932,   7676,
    7420,   7164,   6908,   6652,   6396,   6140,   5884,   5628,   5372,
    5116,   4860,   4604,   4348,   4092,   3900,   3772,   3644,   3516,
    3388,   3260,   3132,   3004,   2876,   2748,   2620,   2492,   2364,
    2236,   2108,   1980,   1884,   1820,   1756,   1692,   1628,   1564,
    1500,   1436,   1372,   1308,   1244,   1180,   1116,   1052,   988,
    924,    876,    844,    812,    780,    748,    716,    684,    652,
    620,    588,    556,    524,    492,    460,    428,    396,    372,
    356,    340,    324,    308,    292,    276,    260,    244,    228,
    212,    196,    180,    164,    148,    132,    120,    112,    104,
    96,     88,     80,     72,     64,     56,     48,     40,     32,
    24,     16,     8,      0,
};

/* CRC-32 (IEEE 802.3), as zlib.crc32. */
static uint32_t crc32_of(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int b = 0; b < 8; b++) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
        }
    }
    return ~crc;
}

static void every_code_decodes_as_audioop_says(void)
{
    for (unsigned c = 0; c < 256; c++) {
        CU_ASSERT(ulaw_decode((uint8_t)c) == decoded[c]);
    }
}

static void every_sample_encodes_as_audioop_says(void)
{
    static uint8_t codes[65536];
    for (int s = -32768; s <= 32767; s++) {
        codes[s + 32768] = ulaw_encode((int16_t)s);
    }
    /* zlib.crc32(audioop.lin2ulaw(struct.pack("<65536h",
     *     *range(-32768, 32768)), 2)) */
    CU_ASSERT(crc32_of(codes, sizeof(codes)) == 0x3b7c3a3e);
}

static void decoded_samples_survive_another_round(void)
{
    for (unsigned c = 0; c < 256; c++) {
        int16_t s = ulaw_decode((uint8_t)c);
        CU_ASSERT(ulaw_decode(ulaw_encode(s)) == s);
    }
}

static void hello_is_exact_in_ulaw_and_whole_packets(void)
{
    struct wav w;
    CU_ASSERT_FATAL(wav_load(&w, LATCHKEY_SOURCE_DIR
                             "/scenarios/media/hello.wav") == STATUS_OK);
    CU_ASSERT(w.num == 30720 && w.num % 160 == 0);
    unsigned loud = 0;
    for (size_t i = 0; i < w.num; i++) {
        CU_ASSERT(ulaw_decode(ulaw_encode(w.samples[i])) == w.samples[i]);
        loud += w.samples[i] > 3000 || w.samples[i] < -3000;
    }
    CU_ASSERT(loud > 1000); /* it is no silence */
    wav_free(&w);
}

static void save_and_load(int ulaw)
{
    char path[] = P_tmpdir "/latchkey-wav-XXXXXX";
    int16_t samples[333];
    uint8_t codes[333];
    struct wav w;
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    for (size_t i = 0; i < 333; i++) {
        codes[i] = (uint8_t)(i * 7);
        samples[i] = ulaw_decode(codes[i]);
    }
    enum status s =
        ulaw ? wav_save_ulaw(path, codes, 333) : wav_save(path, samples, 333);
    CU_ASSERT(s == STATUS_OK);
    CU_ASSERT_FATAL(wav_load(&w, path) == STATUS_OK);
    CU_ASSERT(w.num == 333);
    CU_ASSERT(memcmp(w.samples, samples, sizeof(samples)) == 0);
    wav_free(&w);
    unlink(path);
}

static void wav_round_trips_in_both_forms(void)
{
    save_and_load(0);
    save_and_load(1);
}

/* RIFF, fmt (PCM, 1 channel, 8,000 Hz, 16 bits), an odd chunk, two samples */
static const uint8_t small[] =
    "RIFF\x38\0\0\0WAVE"
    "fmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
    "LIST\3\0\0\0abc\0"
    "data\4\0\0\0\x34\x12\xfe\xff";
#define SMALL_LEN (sizeof(small) - 1)

static void wav_skips_other_chunks(void)
{
    struct wav w;
    CU_ASSERT_FATAL(wav_parse(&w, small, SMALL_LEN) == STATUS_OK);
    CU_ASSERT(w.num == 2 && w.samples[0] == 0x1234 && w.samples[1] == -2);
    wav_free(&w);
}

static void wav_fails_cleanly_at_every_shorter_length(void)
{
    unsigned long live = mem_live();
    for (size_t n = 0; n < SMALL_LEN; n++) {
        uint8_t *exact = mem_dup(small, n);
        struct wav w;
        CU_ASSERT(wav_parse(&w, exact, n) == STATUS_TRUNCATED);
        CU_ASSERT(w.samples == NULL && w.num == 0);
        mem_free(exact);
    }
    CU_ASSERT(mem_live() == live);
}

static void wav_fails_cleanly_for_every_changed_octet(void)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    unsigned long live = mem_live();
    for (size_t i = 0; i < SMALL_LEN; i++) {
        for (size_t v = 0; v < sizeof(values); v++) {
            uint8_t *p = mem_dup(small, SMALL_LEN);
            struct wav w;
            p[i] = values[v];
            if (wav_parse(&w, p, SMALL_LEN) == STATUS_OK) {
                CU_ASSERT(w.num <= 2);
            }
            wav_free(&w);
            mem_free(p);
        }
    }
    CU_ASSERT(mem_live() == live);
}

static void wav_refuses_what_it_cannot_play(void)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum status want;
    } rows[] = {
        {0, 'X', STATUS_SYNTAX},        /* RIFX */
        {8, 'X', STATUS_SYNTAX},        /* no WAVE */
        {20, 6, STATUS_UNSUPPORTED},    /* A-law */
        {22, 2, STATUS_UNSUPPORTED},    /* stereo */
        {25, 0x3e, STATUS_UNSUPPORTED}, /* another rate */
        {34, 8, STATUS_UNSUPPORTED},    /* 8-bit PCM */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t p[SMALL_LEN];
        struct wav w;
        memcpy(p, small, SMALL_LEN);
        p[rows[i].at] = rows[i].value;
        CU_ASSERT(wav_parse(&w, p, SMALL_LEN) == rows[i].want);
    }
    struct wav w;
    CU_ASSERT(wav_load(&w, "/nonexistent/x.wav") == STATUS_NOT_FOUND);
}

static void tone_has_its_period(void)
{
    struct wav w;
    CU_ASSERT_FATAL(wav_tone(&w, 1000, 8000, 800) == STATUS_OK);
    for (size_t i = 0; i + 8 < w.num; i++) {
        int d = w.samples[i] - w.samples[i + 8];
        CU_ASSERT(d >= -2 && d <= 2);
    }
    CU_ASSERT(w.samples[2] > 7900 && w.samples[6] < -7900);
    wav_free(&w);
}

static const struct unit_case cases[] = {
    {"every_code_decodes_as_audioop_says", every_code_decodes_as_audioop_says},
    {"every_sample_encodes_as_audioop_says",
     every_sample_encodes_as_audioop_says},
    {"decoded_samples_survive_another_round",
     decoded_samples_survive_another_round},
    {"hello_is_exact_in_ulaw_and_whole_packets",
     hello_is_exact_in_ulaw_and_whole_packets},
    {"wav_round_trips_in_both_forms", wav_round_trips_in_both_forms},
    {"wav_skips_other_chunks", wav_skips_other_chunks},
    {"wav_fails_cleanly_at_every_shorter_length",
     wav_fails_cleanly_at_every_shorter_length},
    {"wav_fails_cleanly_for_every_changed_octet",
     wav_fails_cleanly_for_every_changed_octet},
    {"wav_refuses_what_it_cannot_play", wav_refuses_what_it_cannot_play},
    {"tone_has_its_period", tone_has_its_period},
    {NULL, NULL}};
const struct unit_suite voice_suite = {"voice", cases};
