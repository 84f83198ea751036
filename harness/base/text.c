/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Hex and base64. */
#include "harness/base/text.h"

#include <string.h>

#include "harness/base/mem.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

void hex_encode(char *out, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * len] = '\0';
}

char *hex_new(const uint8_t *data, size_t len)
{
    char *s = mem_alloc(2 * len + 1);
    if (s != NULL) {
        hex_encode(s, data, len);
    }
    return s;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

enum status hex_decode(uint8_t *out, size_t cap, size_t *out_len,
                       const char *text, size_t digits)
{
    if (digits % 2 != 0) {
        return STATUS_SYNTAX;
    }
    if (digits / 2 > cap) {
        return STATUS_NO_SPACE;
    }
    for (size_t i = 0; i < digits / 2; i++) {
        int hi = hex_value(text[2 * i]);
        int lo = hex_value(text[2 * i + 1]);
        if (hi < 0 || lo < 0) {
            return STATUS_SYNTAX;
        }
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    *out_len = digits / 2;
    return STATUS_OK;
}

static const char b64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_new(const uint8_t *data, size_t len)
{
    char *s = mem_alloc((len + 2) / 3 * 4 + 1);
    if (s == NULL) {
        return NULL;
    }
    char *p = s;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t v = (uint32_t)data[i] << 16;
        if (i + 1 < len) {
            v |= (uint32_t)data[i + 1] << 8;
        }
        if (i + 2 < len) {
            v |= data[i + 2];
        }
        *p++ = b64_alphabet[v >> 18];
        *p++ = b64_alphabet[v >> 12 & 63];
        *p++ = '=';
        *p++ = '=';
        if (i + 1 < len) {
            p[-2] = b64_alphabet[v >> 6 & 63];
        }
        if (i + 2 < len) {
            p[-1] = b64_alphabet[v & 63];
        }
    }
    return s;
}

/* Every digit with its value. */
/* clang-format off */
#define B64_DIGITS(D) \
    D('A', 0) D('B', 1) D('C', 2) D('D', 3) D('E', 4) D('F', 5) D('G', 6) D('H', 7) \
    D('I', 8) D('J', 9) D('K', 10) D('L', 11) D('M', 12) D('N', 13) D('O', 14) D('P', 15) \
    D('Q', 16) D('R', 17) D('S', 18) D('T', 19) D('U', 20) D('V', 21) D('W', 22) D('X', 23) \
    D('Y', 24) D('Z', 25) D('a', 26) D('b', 27) D('c', 28) D('d', 29) D('e', 30) D('f', 31) \
    D('g', 32) D('h', 33) D('i', 34) D('j', 35) D('k', 36) D('l', 37) D('m', 38) D('n', 39) \
    D('o', 40) D('p', 41) D('q', 42) D('r', 43) D('s', 44) D('t', 45) D('u', 46) D('v', 47) \
    D('w', 48) D('x', 49) D('y', 50) D('z', 51) D('0', 52) D('1', 53) D('2', 54) D('3', 55) \
    D('4', 56) D('5', 57) D('6', 58) D('7', 59) D('8', 60) D('9', 61) D('+', 62) D('/', 63)
/* clang-format on */

/* Tables for the first to fourth digit of a group: the value in its place, and
 * a mark; all four marks together make B64_MARKS. 0 for other characters. */
#define B64_MARKS 0x0f000000u
#define B64_AT(c, v, n)                                                        \
    [c] = 1u << (24 + (n)) | (uint32_t)(v) << (18 - 6 * (n)),
#define B64_0(c, v) B64_AT(c, v, 0)
#define B64_1(c, v) B64_AT(c, v, 1)
#define B64_2(c, v) B64_AT(c, v, 2)
#define B64_3(c, v) B64_AT(c, v, 3)
static const uint32_t b64_group[4][256] = {{B64_DIGITS(B64_0)},
                                           {B64_DIGITS(B64_1)},
                                           {B64_DIGITS(B64_2)},
                                           {B64_DIGITS(B64_3)}};

static uint32_t digit(const char *text, size_t i, unsigned place)
{
    return b64_group[place][(uint8_t)text[i]];
}

#if defined(__x86_64__)

/* Thirty-two characters at a time, where the machine has AVX2. */
#define AVX2 __attribute__((target("avx2")))

/* Both lanes alike: a table of 16 rows. */
AVX2 static inline __m256i rows(__m128i table, __m256i nth)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), nth);
}

/* The values of 32 digits; 0 if one of the characters is none. A character is a
 * digit if no bit of its high half's row is in its low half's: bit 0 says the
 * column 2 (+ and /), 1 the column 3 (0 to 9), 2 the columns 4 and 6 (not @ and
 * not `), 3 the columns 5 and 7 (not from { or [ on), 4 all others. What is to
 * be added follows from the column, but for / which takes the row before +. */
AVX2 static inline int values32(__m256i *out, const char *text)
{
    const __m128i low =
        _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                      0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
    const __m128i high =
        _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10,
                      0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    const __m128i add =
        _mm_setr_epi8(0, 63 - '/', 62 - '+', 52 - '0', 0 - 'A', 0 - 'A',
                      26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i half = _mm256_set1_epi8(0x0f);
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)text);
    __m256i column = _mm256_and_si256(_mm256_srli_epi32(x, 4), half);
    __m256i bad = _mm256_and_si256(rows(low, _mm256_and_si256(x, half)),
                                   rows(high, column));
    __m256i slash = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('/'));
    *out = _mm256_add_epi8(x, rows(add, _mm256_add_epi8(column, slash)));
    return _mm256_testz_si256(bad, bad);
}

AVX2 static size_t span_avx2(const char *text, size_t len)
{
    __m256i v;
    size_t i = 0;
    while (i + 32 <= len && values32(&v, text + i)) {
        i += 32;
    }
    return i;
}

/* Each lane of 32 bits gets the 24 bits of its group; then the three octets of
 * each are put in order and side by side. A store writes four octets more than
 * it is to, so eight characters must follow. */
AVX2 static size_t decode_avx2(uint8_t *out, const char *text, size_t len)
{
    const __m256i order = _mm256_setr_epi8(
        2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2, 1, 0, 6, 5,
        4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    size_t i = 0;
    __m256i v;
    for (; i + 40 <= len && values32(&v, text + i); i += 32, out += 24) {
        v = _mm256_maddubs_epi16(v, _mm256_set1_epi32(0x01400140));
        v = _mm256_madd_epi16(v, _mm256_set1_epi32(0x00011000));
        v = _mm256_shuffle_epi8(v, order);
        _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(v));
        _mm_storeu_si128((__m128i *)(void *)(out + 12),
                         _mm256_extracti128_si256(v, 1));
    }
    return i;
}

static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

static size_t wide_span(const char *text, size_t len)
{
    return has_avx2() ? span_avx2(text, len) : 0;
}

static size_t wide_decode(uint8_t *out, const char *text, size_t len)
{
    return has_avx2() ? decode_avx2(out, text, len) : 0;
}

#else

static size_t wide_span(const char *text, size_t len)
{
    (void)text;
    (void)len;
    return 0;
}

static size_t wide_decode(uint8_t *out, const char *text, size_t len)
{
    (void)out;
    (void)text;
    (void)len;
    return 0;
}

#endif

size_t base64_span(const char *text, size_t len)
{
    size_t i = wide_span(text, len);
    while (i < len && digit(text, i, 0) != 0) {
        i++;
    }
    return i;
}

static uint32_t group(const char *text)
{
    return digit(text, 0, 0) | digit(text, 1, 1) | digit(text, 2, 2) |
           digit(text, 3, 3);
}

static void put_group(uint8_t *out, uint32_t v)
{
    out[0] = (uint8_t)(v >> 16);
    out[1] = (uint8_t)(v >> 8);
    out[2] = (uint8_t)v;
}

/* The groups of four digits; stops at the first that is none. */
static size_t decode_groups(uint8_t *out, const char *text, size_t len)
{
    size_t i = wide_decode(out, text, len);
    out += i / 4 * 3;
    for (; i + 8 <= len; i += 8, out += 6) { /* two at a time */
        uint32_t a = group(text + i);
        uint32_t b = group(text + i + 4);
        if ((a & b & B64_MARKS) != B64_MARKS) {
            break;
        }
        put_group(out, a);
        put_group(out + 3, b);
    }
    for (; i + 4 <= len; i += 4, out += 3) {
        uint32_t v = group(text + i);
        if ((v & B64_MARKS) != B64_MARKS) {
            break;
        }
        put_group(out, v);
    }
    return i;
}

enum status base64_decode(uint8_t *out, size_t *out_len, const char *text,
                          size_t len)
{
    size_t pad = 0;
    if (len >= 4 && text[len - 1] == '=') {
        pad = text[len - 2] == '=' ? 2 : 1;
    }
    size_t whole = pad == 0 ? len : len - 4; /* without the padded group */
    size_t done = len % 4 == 0 ? decode_groups(out, text, whole) : 0;
    size_t good = done + base64_span(text + done, len - pad - done);
    if (good < len - pad || len % 4 != 0) {
        *out_len = good < len - pad ? good : len;
        return STATUS_SYNTAX;
    }
    size_t n = done / 4 * 3;
    if (pad != 0) {
        uint32_t v = digit(text, whole, 0) | digit(text, whole + 1, 1);
        v |= pad == 1 ? digit(text, whole + 2, 2) : 0;
        if ((v & (pad == 2 ? 0xffffu : 0xffu)) != 0) {
            *out_len = len - pad - 1; /* pad bits that are not zero */
            return STATUS_SYNTAX;
        }
        out[n++] = (uint8_t)(v >> 16);
        if (pad == 1) {
            out[n++] = (uint8_t)(v >> 8);
        }
    }
    *out_len = n;
    return STATUS_OK;
}
