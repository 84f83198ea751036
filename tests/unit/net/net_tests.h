/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the files of unit_net share. */
#ifndef TESTS_UNIT_NET_NET_TESTS_H
#define TESTS_UNIT_NET_NET_TESTS_H

#include "harness/net/net.h"
#include "tests/unit/unit.h"

extern const struct unit_suite net_addr_suite;
extern const struct unit_suite net_loop_suite;
extern const struct unit_suite net_mem_suite;
extern const struct unit_suite net_real_suite;
extern const struct unit_suite net_lines_suite;

/* A stream or socket under test and what happened to it. */
struct probe {
    char got[256]; /* octets received */
    size_t len;
    size_t total; /* all of them, also those that found no room */
    unsigned packets;
    unsigned opened;
    unsigned ended;
    unsigned closed;
    enum status why;
    struct net_stream *stream; /* the one accepted */
    struct net_addr from;
    int echo;       /* send back what comes */
    int end_on_end; /* answer the peer's end with ours */
    int close_on_data;
};

extern const struct net_stream_cb probe_cb;      /* without on_end */
extern const struct net_stream_cb probe_half_cb; /* with on_end */
void probe_accept(void *ctx, struct net_listener *l, struct net_stream *s);
void probe_accept_half(void *ctx, struct net_listener *l, struct net_stream *s);
void probe_packet(void *ctx, struct net_udp *u, const struct net_addr *from,
                  const uint8_t *data, size_t len);
struct net_addr addr_of(const char *text);

#endif
