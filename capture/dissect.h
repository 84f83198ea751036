/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* One captured frame: link layer, IP, fragments, UDP and TCP headers. */
#ifndef CAPTURE_DISSECT_H
#define CAPTURE_DISSECT_H

#include "capture/addr.h"
#include "harness/base/buf.h"

enum dissect {
    DISSECT_OK,
    DISSECT_SKIP, /* readable, but not IP */
    DISSECT_BAD   /* a header that cannot be read; see why */
};

/* dissect_link_supported: frames of this DLT_ value can be read. */
int dissect_link_supported(int link);

/* dissect_link finds the IP packet in a frame. */
enum dissect dissect_link(struct view *out, int link, struct view frame);

struct dissect_ip {
    struct cap_addr src; /* port 0 */
    struct cap_addr dst;
    uint8_t proto;
    struct view payload; /* as captured */
    size_t payload_len;  /* as the header says; longer if the frame was cut */
    uint8_t is_fragment;
    uint8_t more;
    uint32_t frag_id;
    uint32_t frag_off;
};

/* dissect_ip reads IPv4 or IPv6 with its extension headers. wire_len is what
 * the IP packet measured on the wire, for headers that leave the length 0. */
enum dissect dissect_ip(struct dissect_ip *out, struct view packet,
                        size_t wire_len, const char **why);

struct dissect_udp {
    uint16_t src_port;
    uint16_t dst_port;
    struct view payload;
    uint8_t cut;
};
enum dissect dissect_udp(struct dissect_udp *out, struct view octets,
                         size_t wire_len, const char **why);

struct dissect_tcp {
    uint16_t src_port;
    uint16_t dst_port;
    uint32_t seq;
    uint32_t ack;
    uint8_t flags;
    struct view payload;
    size_t payload_len; /* on the wire */
};
enum dissect dissect_tcp(struct dissect_tcp *out, struct view octets,
                         size_t wire_len, const char **why);

#endif
