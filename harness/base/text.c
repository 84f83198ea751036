/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Hex and base64. */
#include "harness/base/text.h"

#include "harness/base/mem.h"

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

static int b64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

enum status base64_decode(uint8_t *out, size_t *out_len, const char *text,
                          size_t len)
{
    size_t n = 0;
    size_t pad = 0;
    if (len >= 4 && text[len - 1] == '=') {
        pad = text[len - 2] == '=' ? 2 : 1;
    }
    for (size_t i = 0; i < len; i++) {
        if (i < len - pad && b64_value(text[i]) < 0) {
            *out_len = i;
            return STATUS_SYNTAX;
        }
    }
    if (len % 4 != 0) {
        *out_len = len;
        return STATUS_SYNTAX;
    }
    for (size_t i = 0; i < len; i += 4) {
        size_t k = i + 4 == len ? 4 - pad : 4; /* digits in this group */
        uint32_t v = (uint32_t)b64_value(text[i]) << 18 |
                     (uint32_t)b64_value(text[i + 1]) << 12;
        v |= k > 2 ? (uint32_t)b64_value(text[i + 2]) << 6 : 0;
        v |= k > 3 ? (uint32_t)b64_value(text[i + 3]) : 0;
        if ((k == 2 && (v & 0xffff) != 0) || (k == 3 && (v & 0xff) != 0)) {
            *out_len = i + k - 1; /* pad bits that are not zero */
            return STATUS_SYNTAX;
        }
        out[n++] = (uint8_t)(v >> 16);
        if (k > 2) {
            out[n++] = (uint8_t)(v >> 8);
        }
        if (k > 3) {
            out[n++] = (uint8_t)v;
        }
    }
    *out_len = n;
    return STATUS_OK;
}
