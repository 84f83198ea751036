/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* One captured frame: link layer, IP, fragments, UDP and TCP headers. */
#include "capture/dissect.h"

#include <pcap/pcap.h>
#include <string.h>

#define ETHER_IPV4 0x0800
#define ETHER_IPV6 0x86dd
#define ETHER_VLAN 0x8100
#define ETHER_QINQ 0x88a8
#define MAX_VLAN 4
#define MAX_EXT 16 /* IPv6 extension headers */

int dissect_link_supported(int link)
{
    switch (link) {
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_NULL:
    case DLT_LOOP:
        return 1;
    }
    return 0;
}

static struct view rest(const struct rd *r)
{
    return (struct view){r->data + r->pos, rd_left(r)};
}

static void skip(struct rd *r, size_t n)
{
    struct view v;
    rd_bytes(r, &v, n);
}

static enum dissect by_ethertype(struct view *out, struct rd *r, uint16_t type)
{
    for (int i = 0; i < MAX_VLAN && (type == ETHER_VLAN || type == ETHER_QINQ);
         i++) {
        skip(r, 2);
        rd_u16(r, &type);
    }
    if (r->err != STATUS_OK) {
        return DISSECT_BAD;
    }
    *out = rest(r);
    return type == ETHER_IPV4 || type == ETHER_IPV6 ? DISSECT_OK : DISSECT_SKIP;
}

/* DLT_NULL: the address family in the byte order of the capturing host; 30, 28
 * and 24 are IPv6 on the BSDs, 10 on Linux. DLT_LOOP: the same in network
 * order. */
static enum dissect by_family(struct view *out, struct rd *r)
{
    uint32_t af = 0;
    if (rd_u32(r, &af) != STATUS_OK) {
        return DISSECT_BAD;
    }
    if (af > 0xffff) {
        af = af >> 24 | (af >> 8 & 0xff00);
    }
    *out = rest(r);
    return af == 2 || af == 10 || af == 24 || af == 28 || af == 30
               ? DISSECT_OK
               : DISSECT_SKIP;
}

enum dissect dissect_link(struct view *out, int link, struct view frame)
{
    struct rd r;
    uint16_t type = 0;
    rd_init(&r, frame.data, frame.len);
    switch (link) {
    case DLT_EN10MB:
        skip(&r, 12);
        break;
    case DLT_LINUX_SLL:
        skip(&r, 14);
        break;
    case DLT_LINUX_SLL2:
        rd_u16(&r, &type);
        skip(&r, 18);
        return by_ethertype(out, &r, type);
    case DLT_NULL:
    case DLT_LOOP:
        return by_family(out, &r);
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        *out = frame;
        return DISSECT_OK;
    default:
        return DISSECT_BAD;
    }
    rd_u16(&r, &type);
    return by_ethertype(out, &r, type);
}

/* ---- IP
 * ------------------------------------------------------------------------ */

static enum dissect bad(const char **why, const char *text)
{
    *why = text;
    return DISSECT_BAD;
}

static void take_addr(struct rd *r, struct cap_addr *a, uint8_t version)
{
    struct view v;
    memset(a, 0, sizeof *a);
    a->version = version;
    if (rd_bytes(r, &v, version == 4 ? 4 : 16) == STATUS_OK) {
        memcpy(a->ip, v.data, v.len);
    }
}

/* Link padding after the packet is cut off, a shorter capture is noted by len.
 */
static void take_payload(struct dissect_ip *out, const struct rd *r, size_t len)
{
    out->payload = rest(r);
    out->payload_len = len;
    if (out->payload.len > len) {
        out->payload.len = len;
    }
}

static enum dissect ipv4(struct dissect_ip *out, struct rd *r, size_t wire_len,
                         const char **why)
{
    uint8_t vihl = 0;
    uint8_t b;
    uint16_t total = 0;
    uint16_t id = 0;
    uint16_t frag = 0;
    rd_u8(r, &vihl);
    rd_u8(r, &b);
    rd_u16(r, &total);
    rd_u16(r, &id);
    rd_u16(r, &frag);
    rd_u8(r, &b);
    rd_u8(r, &out->proto);
    skip(r, 2);
    take_addr(r, &out->src, 4);
    take_addr(r, &out->dst, 4);
    size_t header = (size_t)(vihl & 15) * 4;
    if (r->err != STATUS_OK) {
        return bad(why, "IPv4 header cut");
    }
    /* Segmentation offload leaves the length 0. */
    size_t len = total != 0 ? total : wire_len;
    if (header < 20 || len < header) {
        return bad(why, "IPv4 header length wrong");
    }
    skip(r, header - 20);
    if (r->err != STATUS_OK) {
        return bad(why, "IPv4 options cut");
    }
    out->frag_id = id;
    out->frag_off = (uint32_t)(frag & 0x1fff) * 8;
    out->more = (frag & 0x2000) != 0;
    out->is_fragment = out->more || out->frag_off != 0;
    take_payload(out, r, len - header);
    return DISSECT_OK;
}

static int is_extension(uint8_t next)
{
    return next == 0 || next == 43 || next == 44 || next == 51 || next == 60;
}

/* One IPv6 extension header; *left is what the packet has left on the wire. */
static enum dissect extension(struct dissect_ip *out, struct rd *r,
                              size_t *left, const char **why)
{
    uint8_t next = 0;
    uint8_t len = 0;
    size_t size = 8;
    rd_u8(r, &next);
    rd_u8(r, &len);
    if (out->proto == 44) {
        uint16_t off = 0;
        rd_u16(r, &off);
        rd_u32(r, &out->frag_id);
        out->frag_off = off & 0xfff8;
        out->more = off & 1;
        out->is_fragment = out->more || out->frag_off != 0;
    } else {
        /* AH counts in 4 octets less 2, the others in 8 octets less 1. */
        size = out->proto == 51 ? ((size_t)len + 2) * 4 : ((size_t)len + 1) * 8;
        skip(r, size - 2);
    }
    if (r->err != STATUS_OK || size > *left) {
        return bad(why, "IPv6 extension header cut");
    }
    *left -= size;
    out->proto = next;
    return DISSECT_OK;
}

static enum dissect ipv6(struct dissect_ip *out, struct rd *r, size_t wire_len,
                         const char **why)
{
    uint16_t len16 = 0;
    uint8_t hops;
    skip(r, 4);
    rd_u16(r, &len16);
    rd_u8(r, &out->proto);
    rd_u8(r, &hops);
    take_addr(r, &out->src, 6);
    take_addr(r, &out->dst, 6);
    if (r->err != STATUS_OK) {
        return bad(why, "IPv6 header cut");
    }
    size_t left = len16 != 0 || wire_len < 40 ? len16 : wire_len - 40;
    for (int i = 0; i < MAX_EXT && is_extension(out->proto); i++) {
        /* Behind a fragment header with an offset stands the middle of the
         * original packet, no header. */
        if (out->is_fragment && out->frag_off != 0) {
            break;
        }
        if (extension(out, r, &left, why) != DISSECT_OK) {
            return DISSECT_BAD;
        }
    }
    take_payload(out, r, left);
    return DISSECT_OK;
}

enum dissect dissect_ip(struct dissect_ip *out, struct view packet,
                        size_t wire_len, const char **why)
{
    struct rd r;
    memset(out, 0, sizeof *out);
    rd_init(&r, packet.data, packet.len);
    if (packet.len == 0) {
        return bad(why, "IP header cut");
    }
    switch (packet.data[0] >> 4) {
    case 4:
        return ipv4(out, &r, wire_len, why);
    case 6:
        return ipv6(out, &r, wire_len, why);
    }
    return bad(why, "IP version is neither 4 nor 6");
}

/* ---- transport
 * ------------------------------------------------------------------ */

enum dissect dissect_udp(struct dissect_udp *out, struct view octets,
                         size_t wire_len, const char **why)
{
    struct rd r;
    uint16_t len = 0;
    memset(out, 0, sizeof *out);
    rd_init(&r, octets.data, octets.len);
    rd_u16(&r, &out->src_port);
    rd_u16(&r, &out->dst_port);
    rd_u16(&r, &len);
    skip(&r, 2);
    if (r.err != STATUS_OK) {
        return bad(why, "UDP header cut");
    }
    if (len != 0 && (len < 8 || len > wire_len)) {
        return bad(why, "UDP length wrong");
    }
    size_t want = len != 0 ? (size_t)len - 8 : wire_len - 8;
    out->payload = rest(&r);
    out->cut = out->payload.len < want;
    if (out->payload.len > want) {
        out->payload.len = want;
    }
    return DISSECT_OK;
}

enum dissect dissect_tcp(struct dissect_tcp *out, struct view octets,
                         size_t wire_len, const char **why)
{
    struct rd r;
    uint8_t offset = 0;
    memset(out, 0, sizeof *out);
    rd_init(&r, octets.data, octets.len);
    rd_u16(&r, &out->src_port);
    rd_u16(&r, &out->dst_port);
    rd_u32(&r, &out->seq);
    rd_u32(&r, &out->ack);
    rd_u8(&r, &offset);
    rd_u8(&r, &out->flags);
    skip(&r, 6);
    size_t header = (size_t)(offset >> 4) * 4;
    if (r.err != STATUS_OK) {
        return bad(why, "TCP header cut");
    }
    if (header < 20 || header > wire_len) {
        return bad(why, "TCP header length wrong");
    }
    skip(&r, header - 20);
    if (r.err != STATUS_OK) {
        return bad(why, "TCP options cut");
    }
    out->payload = rest(&r);
    out->payload_len = wire_len - header;
    return DISSECT_OK;
}
