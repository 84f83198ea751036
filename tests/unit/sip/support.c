/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the test files of unit_sip share. */
#include "tests/unit/sip/sip_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const examples[] = {
    "s01_invite.sip", "s05_cancel.sip", "s05_487.sip",       "s06_181.sip",
    "s07_invite.sip", "s08_183.sip",    "s09_prack.sip",     "s10_update.sip",
    "s11_200.sip",    "s12_200.sip",    "s12_ack.sip",       "s15_bye.sip",
    "s21_notify.sip", "s22_notify.sip", "s20_subscribe.sip", "s30_invite.sip",
    "s34_200.sip",    "e1_488.sip",     "v1_302.sip",        NULL};

int says(struct view v, const char *want)
{
    size_t n = strlen(want);
    if (v.len == n && (n == 0 || memcmp(v.data, want, n) == 0)) {
        return 1;
    }
    printf("  want \"%s\"\n  have \"%.*s\"\n", want, (int)v.len,
           v.data != NULL ? (const char *)v.data : "");
    return 0;
}

struct block block_of(const void *data, size_t len)
{
    struct block b = {malloc(len > 0 ? len : 1), len};
    if (b.data != NULL && len > 0) {
        memcpy(b.data, data, len);
    }
    return b;
}

void block_free(struct block *b)
{
    free(b->data);
    b->data = NULL;
}

struct block block_load(const char *name)
{
    char path[512];
    static char text[8192];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/sip_msg/%s",
             LATCHKEY_SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    size_t n = f != NULL ? fread(text, 1, sizeof text, f) : 0;
    if (f != NULL) {
        fclose(f);
    }
    CU_ASSERT_FATAL(n > 0 && n < sizeof text);
    return block_of(text, n);
}

struct sip_msg *parse_text(const char *text, unsigned flags)
{
    static struct sip_msg m;
    sip_parse(&m, (const uint8_t *)text, strlen(text));
    sip_check(&m, flags);
    return &m;
}

/* ---- MD5 (RFC 1321, 3) ---- */

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* 2^32 * |sin(i + 1)|, RFC 1321, 3.4. */
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
    0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
    0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
    0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
    0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
    0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
    0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
    0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
    0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

static void md5_block(uint32_t s[4], const uint8_t *p)
{
    static const uint8_t turns[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = s[0];
    uint32_t b = s[1];
    uint32_t c = s[2];
    uint32_t d = s[3];
    for (unsigned i = 0; i < 64; i++) {
        uint32_t f = i < 16   ? (b & c) | (~b & d)
                     : i < 32 ? (d & b) | (~d & c)
                     : i < 48 ? b ^ c ^ d
                              : c ^ (b | ~d);
        unsigned k = i < 16   ? i
                     : i < 32 ? (5 * i + 1) % 16
                     : i < 48 ? (3 * i + 5) % 16
                              : 7 * i % 16;
        uint32_t word = (uint32_t)p[4 * k] | (uint32_t)p[4 * k + 1] << 8 |
                        (uint32_t)p[4 * k + 2] << 16 |
                        (uint32_t)p[4 * k + 3] << 24;
        uint32_t t = d;
        d = c;
        c = b;
        b += rotate(a + f + sines[i] + word, turns[i / 16][i % 4]);
        a = t;
    }
    s[0] += a;
    s[1] += b;
    s[2] += c;
    s[3] += d;
}

enum status test_md5(void *ctx, const uint8_t *data, size_t len, uint8_t *out,
                     size_t *out_len)
{
    uint32_t s[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    size_t padded = (len + 8) / 64 * 64 + 64;
    uint8_t *p = calloc(1, padded);
    (void)ctx;
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (len > 0) {
        memcpy(p, data, len);
    }
    p[len] = 0x80;
    for (unsigned i = 0; i < 8; i++) {
        p[padded - 8 + i] = (uint8_t)((uint64_t)len * 8 >> 8 * i);
    }
    for (size_t i = 0; i < padded; i += 64) {
        md5_block(s, p + i);
    }
    free(p);
    for (unsigned i = 0; i < 16; i++) {
        out[i] = (uint8_t)(s[i / 4] >> 8 * (i % 4));
    }
    *out_len = 16;
    return STATUS_OK;
}
