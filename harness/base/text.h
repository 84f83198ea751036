/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Hex and base64. */
#ifndef HARNESS_BASE_TEXT_H
#define HARNESS_BASE_TEXT_H

#include "harness/base/buf.h"

/* hex_encode writes 2*len lower-case digits and a NUL to out. */
void hex_encode(char *out, const uint8_t *data, size_t len);

/* hex_new returns data as a new lower-case hex string (mem_free), or NULL. */
char *hex_new(const uint8_t *data, size_t len);

/* hex_decode reads exactly digits/2 octets from text into out. Both cases are
 * taken. Returns STATUS_SYNTAX for an odd count or another character, else
 * STATUS_OK with *out_len set, or STATUS_NO_SPACE. */
enum status hex_decode(uint8_t *out, size_t cap, size_t *out_len,
                       const char *text, size_t digits);

/* base64_new returns RFC 4648 base64 with padding, without line breaks, as a
 * new string (mem_free), or NULL. */
char *base64_new(const uint8_t *data, size_t len);

/* base64_decode decodes strictly (RFC 4648, 4: alphabet, padding, zero pad
 * bits, no white space). out needs len / 4 * 3 octets and may be text. Returns
 * STATUS_SYNTAX with *out_len = the offset of the offending character, or
 * STATUS_OK with *out_len = octets written. */
enum status base64_decode(uint8_t *out, size_t *out_len, const char *text,
                          size_t len);

/* base64_span counts the characters of the alphabet, without padding, that text
 * begins with. */
size_t base64_span(const char *text, size_t len);

#endif
