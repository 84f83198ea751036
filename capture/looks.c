/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What octets look like, when no port says so. */
#define _GNU_SOURCE /* memmem */
#include <string.h>

#include "capture/trace_int.h"

#define MAX_START_LINE 4096

int port_listed(const uint16_t ports[8], uint16_t port)
{
    for (int i = 0; i < 8; i++) {
        if (ports[i] != 0 && ports[i] == port) {
            return 1;
        }
    }
    return 0;
}

/* RFC 3261, 25.1: token, without the characters that only noise would use. */
static int is_method_char(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static int contains(struct view v, const char *word, size_t len)
{
    return memmem(v.data, v.len, word, len) != NULL;
}

static int starts(struct view v, const char *word)
{
    size_t n = strlen(word);
    return v.len >= n && memcmp(v.data, word, n) == 0;
}

/* The rest of a request line: a version, or at least a URI that a SIP request
 * may have. */
static int looks_request_rest(struct view v, int complete)
{
    if (contains(v, " SIP/", 5) || starts(v, "sip:") || starts(v, "sips:")) {
        return 1;
    }
    return complete ? 0 : -1;
}

int looks_sip(struct view v)
{
    static const char version[] = "SIP/";
    size_t n = 0;
    size_t cmp = v.len < 4 ? v.len : 4;
    if (v.len == 0 || memcmp(v.data, version, cmp) == 0) {
        return cmp == 4 && v.len > 0 ? 1 : -1;
    }
    while (n < v.len && n < 32 && is_method_char(v.data[n])) {
        n++;
    }
    if (n == v.len && n < 32) {
        return -1;
    }
    if (n == 0 || n == 32 || v.data[n] != ' ') {
        return 0;
    }
    struct view rest = {v.data + n + 1, v.len - n - 1};
    const uint8_t *end = memchr(rest.data, '\n', rest.len);
    if (end != NULL) {
        rest.len = (size_t)(end - rest.data);
    }
    return looks_request_rest(rest, end != NULL || v.len > MAX_START_LINE);
}

/* HDR (RFC 3830, 6.1): version 1, a data type that this program is about, a
 * known next payload. */
int looks_mikey(struct view v)
{
    uint8_t type;
    if (v.len < 3) {
        return v.len == 0 || v.data[0] == 1 ? -1 : 0;
    }
    type = v.data[1];
    if (v.data[0] != 1 ||
        !(type == MIKEY_DT_ERROR ||
          (type >= MIKEY_DT_REQUEST_KEY_PSK && type <= MIKEY_DT_R_MESSAGE_2))) {
        return 0;
    }
    return v.data[2] != 0 && mikey_payload_name(v.data[2]) != NULL;
}

int looks_rtcp(struct view v)
{
    /* RFC 5761, 4: types 192..223 are RTCP beside RTP. */
    return v.len >= 8 && v.data[0] >> 6 == 2 && v.data[1] >= 192 &&
           v.data[1] <= 223;
}

int looks_rtp(struct view v)
{
    if (v.len < 12 || v.data[0] >> 6 != 2 || looks_rtcp(v)) {
        return 0;
    }
    uint8_t pt = v.data[1] & 0x7f;
    size_t header = 12 + 4 * (size_t)(v.data[0] & 15);
    if (v.data[0] & 0x10) { /* header extension (RFC 3550, 5.3.1) */
        if (v.len < header + 4) {
            return 0;
        }
        header +=
            4 + 4 * ((size_t)v.data[header + 2] << 8 | v.data[header + 3]);
    }
    return (pt <= 34 || pt >= 96) && v.len >= header;
}
