/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Text form and comparison of transport addresses. */
#include "capture/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static size_t ip_len(const struct cap_addr *a)
{
    return a->version == 4 ? 4 : a->version == 6 ? 16 : 0;
}

void cap_addr_ip_text(char out[CAP_ADDR_TEXT], const struct cap_addr *a)
{
    int family = a->version == 6 ? AF_INET6 : AF_INET;
    if (ip_len(a) == 0 ||
        inet_ntop(family, a->ip, out, CAP_ADDR_TEXT) == NULL) {
        memcpy(out, "-", 2);
    }
}

void cap_addr_text(char out[CAP_ADDR_TEXT], const struct cap_addr *a)
{
    char ip[CAP_ADDR_TEXT];
    cap_addr_ip_text(ip, a);
    if (a->port == 0 || ip_len(a) == 0) {
        memcpy(out, ip, CAP_ADDR_TEXT);
        return;
    }
    /* The longest IPv6 text has 45 octets. */
    snprintf(out, CAP_ADDR_TEXT, a->version == 6 ? "[%.46s]:%u" : "%.46s:%u",
             ip, (unsigned)a->port);
}

static enum status parse_port(uint16_t *out, const char *text)
{
    unsigned long v = 0;
    size_t n = 0;
    for (; text[n] >= '0' && text[n] <= '9' && n < 6; n++) {
        v = v * 10 + (unsigned long)(text[n] - '0');
    }
    if (n == 0 || text[n] != '\0' || v > 65535) {
        return STATUS_SYNTAX;
    }
    *out = (uint16_t)v;
    return STATUS_OK;
}

enum status cap_addr_parse(struct cap_addr *out, const char *text)
{
    struct cap_addr a = {0};
    char ip[CAP_ADDR_TEXT];
    const char *port = NULL;
    size_t len = strlen(text);
    const char *colon = strrchr(text, ':');
    const char *start = text;
    if (text[0] == '[') {
        const char *close = strchr(text, ']');
        if (close == NULL || (close[1] != '\0' && close[1] != ':')) {
            return STATUS_SYNTAX;
        }
        start = text + 1;
        len = (size_t)(close - start);
        port = close[1] == ':' ? close + 2 : NULL;
    } else if (colon != NULL && strchr(text, ':') == colon) {
        len = (size_t)(colon - text);
        port = colon + 1;
    }
    if (len >= sizeof ip) {
        return STATUS_SYNTAX;
    }
    memcpy(ip, start, len);
    ip[len] = '\0';
    if (text[0] != '[' && inet_pton(AF_INET, ip, a.ip) == 1) {
        a.version = 4;
    } else if (inet_pton(AF_INET6, ip, a.ip) == 1) {
        a.version = 6;
    } else {
        return STATUS_SYNTAX;
    }
    if (port != NULL && parse_port(&a.port, port) != STATUS_OK) {
        return STATUS_SYNTAX;
    }
    *out = a;
    return STATUS_OK;
}

int cap_addr_same_ip(const struct cap_addr *a, const struct cap_addr *b)
{
    return a->version == b->version && memcmp(a->ip, b->ip, ip_len(a)) == 0;
}

int cap_addr_equal(const struct cap_addr *a, const struct cap_addr *b)
{
    return cap_addr_same_ip(a, b) && a->port == b->port;
}
