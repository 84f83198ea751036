/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Addresses as text and as sockaddr. */
#include "harness/net/net_int.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static enum status parse_port(uint16_t *out, const char *text, size_t len)
{
    unsigned v = 0;
    if (len == 0 || len > 5) {
        return STATUS_SYNTAX;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return STATUS_SYNTAX;
        }
        v = v * 10 + (unsigned)(text[i] - '0');
    }
    if (v > 65535) {
        return STATUS_SYNTAX;
    }
    *out = (uint16_t)v;
    return STATUS_OK;
}

static enum status parse_host(struct net_addr *a, int family, const char *text,
                              size_t len)
{
    char buf[INET6_ADDRSTRLEN];
    if (len == 0 || len >= sizeof(buf) || memchr(text, 0, len) != NULL) {
        return STATUS_SYNTAX;
    }
    memcpy(buf, text, len);
    buf[len] = '\0';
    if (inet_pton(family == 4 ? AF_INET : AF_INET6, buf, a->ip) != 1) {
        return STATUS_SYNTAX;
    }
    a->family = (uint8_t)family;
    return STATUS_OK;
}

enum status net_addr_parse(struct net_addr *out, const char *text, size_t len)
{
    struct net_addr a = {0};
    size_t host = 0;
    size_t host_len = len;
    size_t after = len; /* where ":port" begins */
    int family = 4;
    if (len == 0) {
        return STATUS_SYNTAX;
    }
    const char *colon = memchr(text, ':', len);
    if (text[0] == '[') {
        const char *end = memchr(text, ']', len);
        if (end == NULL) {
            return STATUS_SYNTAX;
        }
        family = 6;
        host = 1;
        host_len = (size_t)(end - text) - 1;
        after = host_len + 2;
    } else if (colon != NULL &&
               memchr(colon + 1, ':', len - (size_t)(colon - text) - 1) !=
                   NULL) {
        family = 6; /* two colons and no brackets: no port */
    } else if (colon != NULL) {
        host_len = (size_t)(colon - text);
        after = host_len;
    }
    enum status s = parse_host(&a, family, text + host, host_len);
    if (s == STATUS_OK && after < len) {
        s = text[after] != ':'
                ? STATUS_SYNTAX
                : parse_port(&a.port, text + after + 1, len - after - 1);
    }
    if (s == STATUS_OK) {
        *out = a;
    }
    return s;
}

enum status net_addr_of(struct net_addr *out, const char *text, uint16_t port)
{
    enum status s = net_addr_parse(out, text, strlen(text));
    if (s == STATUS_OK && port != 0) {
        out->port = port;
    }
    return s;
}

const char *net_addr_host(char *out, const struct net_addr *a)
{
    if (a->family == 4) {
        (void)inet_ntop(AF_INET, a->ip, out, NET_ADDR_TEXT);
    } else if (a->family == 6) {
        (void)inet_ntop(AF_INET6, a->ip, out, NET_ADDR_TEXT);
    } else {
        snprintf(out, NET_ADDR_TEXT, "none");
    }
    return out;
}

const char *net_addr_uri_host(char *out, const struct net_addr *a)
{
    if (a->family != 6) {
        return net_addr_host(out, a);
    }
    char host[INET6_ADDRSTRLEN];
    (void)inet_ntop(AF_INET6, a->ip, host, sizeof(host));
    snprintf(out, NET_ADDR_TEXT, "[%s]", host);
    return out;
}

const char *net_addr_text(char *out, const struct net_addr *a)
{
    net_addr_uri_host(out, a);
    size_t n = strlen(out);
    snprintf(out + n, NET_ADDR_TEXT - n, ":%u", a->port);
    return out;
}

int net_addr_same_host(const struct net_addr *a, const struct net_addr *b)
{
    return a->family == b->family &&
           memcmp(a->ip, b->ip, a->family == 6 ? 16 : 4) == 0;
}

int net_addr_equal(const struct net_addr *a, const struct net_addr *b)
{
    return a->port == b->port && net_addr_same_host(a, b);
}

int net_addr_is_loopback(const struct net_addr *a)
{
    static const uint8_t one[16] = {[15] = 1};
    if (a->family == 4) {
        return a->ip[0] == 127;
    }
    return a->family == 6 && memcmp(a->ip, one, sizeof(one)) == 0;
}

size_t net_to_sockaddr(struct sockaddr_storage *out, const struct net_addr *a)
{
    memset(out, 0, sizeof(*out));
    if (a->family == 6) {
        struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)out;
        s6->sin6_family = AF_INET6;
        s6->sin6_port = htons(a->port);
        memcpy(&s6->sin6_addr, a->ip, 16);
        return sizeof(*s6);
    }
    struct sockaddr_in *s4 = (struct sockaddr_in *)out;
    s4->sin_family = AF_INET;
    s4->sin_port = htons(a->port);
    memcpy(&s4->sin_addr, a->ip, 4);
    return sizeof(*s4);
}

void net_from_sockaddr(struct net_addr *out, const struct sockaddr *sa)
{
    memset(out, 0, sizeof(*out));
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *s4 = (const struct sockaddr_in *)sa;
        out->family = 4;
        out->port = ntohs(s4->sin_port);
        memcpy(out->ip, &s4->sin_addr, 4);
    } else if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *s6 = (const struct sockaddr_in6 *)sa;
        out->family = 6;
        out->port = ntohs(s6->sin6_port);
        memcpy(out->ip, &s6->sin6_addr, 16);
    }
}
