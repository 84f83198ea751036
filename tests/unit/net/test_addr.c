/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Addresses as text. */
#include "tests/unit/net/net_tests.h"

#include <string.h>

static void addr_text_round_trips(void)
{
    static const struct {
        const char *in;
        const char *out;
        const char *host;
        const char *uri;
        int family;
    } rows[] = {
        {"127.0.0.1", "127.0.0.1:0", "127.0.0.1", "127.0.0.1", 4},
        {"127.0.0.11:5060", "127.0.0.11:5060", "127.0.0.11", "127.0.0.11", 4},
        {"0.0.0.0:65535", "0.0.0.0:65535", "0.0.0.0", "0.0.0.0", 4},
        {"::1", "[::1]:0", "::1", "[::1]", 6},
        {"[::1]", "[::1]:0", "::1", "[::1]", 6},
        {"[::1]:5060", "[::1]:5060", "::1", "[::1]", 6},
        {"2001:db8::a:b", "[2001:db8::a:b]:0", "2001:db8::a:b",
         "[2001:db8::a:b]", 6},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct net_addr a = addr_of(rows[i].in);
        char text[NET_ADDR_TEXT];
        CU_ASSERT_STRING_EQUAL(net_addr_text(text, &a), rows[i].out);
        CU_ASSERT_STRING_EQUAL(net_addr_host(text, &a), rows[i].host);
        CU_ASSERT_STRING_EQUAL(net_addr_uri_host(text, &a), rows[i].uri);
        CU_ASSERT(a.family == rows[i].family);
    }
}

static void addr_refuses_what_is_no_address(void)
{
    static const char *const rows[] = {
        "",
        "localhost",
        "127.0.0",
        "127.0.0.256",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:5060x",
        "[::1",
        "[::1]5060",
        "[::1]:",
        "[127.0.0.1]",
        ":::",
        "1:2:3",
        "[]",
        "127.0.0.1 ",
        "example.org:5060",
        "127.0.0.1:000001",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct net_addr a = {.family = 9};
        CU_ASSERT(net_addr_parse(&a, rows[i], strlen(rows[i])) ==
                  STATUS_SYNTAX);
        CU_ASSERT(a.family == 9);
    }
}

static void addr_reads_no_further_than_told(void)
{
    static const char text[] = "[2001:db8::1]:5060";
    for (size_t n = 0; n < sizeof(text) - 1; n++) {
        /* A copy of exact size lets the sanitizer see a read past its end. */
        char buf[sizeof(text)];
        memcpy(buf, text, n);
        struct net_addr a = {0};
        enum status s = net_addr_parse(&a, buf, n);
        CU_ASSERT((s == STATUS_OK) == (n >= 13 && n != 14));
    }
}

static void addr_port_apart_wins(void)
{
    struct net_addr a;
    CU_ASSERT(net_addr_of(&a, "127.0.0.1:1", 2) == STATUS_OK);
    CU_ASSERT(a.port == 2);
    CU_ASSERT(net_addr_of(&a, "127.0.0.1:1", 0) == STATUS_OK);
    CU_ASSERT(a.port == 1);
}

static void addr_comparisons(void)
{
    struct net_addr a = addr_of("127.0.0.1:1");
    struct net_addr b = addr_of("127.0.0.1:2");
    struct net_addr c = addr_of("[::1]:1");
    struct net_addr d = addr_of("10.0.0.1:1");
    CU_ASSERT(net_addr_equal(&a, &a) && !net_addr_equal(&a, &b));
    CU_ASSERT(net_addr_same_host(&a, &b) && !net_addr_same_host(&a, &c));
    CU_ASSERT(net_addr_is_loopback(&a) && net_addr_is_loopback(&c));
    CU_ASSERT(!net_addr_is_loopback(&d));
}

static const struct unit_case cases[] = {
    {"addr_text_round_trips", addr_text_round_trips},
    {"addr_refuses_what_is_no_address", addr_refuses_what_is_no_address},
    {"addr_reads_no_further_than_told", addr_reads_no_further_than_told},
    {"addr_port_apart_wins", addr_port_apart_wins},
    {"addr_comparisons", addr_comparisons},
    {NULL, NULL}};
const struct unit_suite net_addr_suite = {"addr", cases};
