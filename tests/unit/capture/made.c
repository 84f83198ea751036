/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Capture files made octet by octet for the tests, without libpcap. */
#include "tests/unit/capture/made.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/mem.h"
#include "tests/unit/unit.h"

static void le32(struct wr *w, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        wr_u8(w, (uint8_t)(v >> 8 * i));
    }
}

static void le16(struct wr *w, uint16_t v)
{
    wr_u8(w, (uint8_t)v);
    wr_u8(w, (uint8_t)(v >> 8));
}

void made_init(struct made *m, int link)
{
    memset(m, 0, sizeof *m);
    wr_init(&m->w);
    m->us = 1767614400000000; /* 2026-01-05T12:00:00Z */
    m->link = link;
    le32(&m->w, 0xa1b2c3d4);
    le16(&m->w, 2);
    le16(&m->w, 4);
    le32(&m->w, 0);
    le32(&m->w, 0);
    le32(&m->w, 262144);
    le32(&m->w, (uint32_t)link);
}

void made_frame(struct made *m, const void *data, size_t len)
{
    size_t cap =
        m->cut_to != 0 && len > (size_t)m->cut_to ? (size_t)m->cut_to : len;
    le32(&m->w, (uint32_t)(m->us / 1000000));
    le32(&m->w, (uint32_t)(m->us % 1000000));
    le32(&m->w, (uint32_t)cap);
    le32(&m->w, (uint32_t)len);
    wr_bytes(&m->w, data, cap);
    m->us += 1000;
}

static void link_header(struct wr *w, int link, int version)
{
    uint16_t type = version == 4 ? 0x0800 : 0x86dd;
    switch (link) {
    case 0: /* BSD loopback, as a little-endian host writes it */
        le32(w, version == 4 ? 2 : 30);
        break;
    case 108: /* the same in network order */
        wr_u32(w, version == 4 ? 2 : 24);
        break;
    case 1:
        wr_fill(w, 0, 12);
        wr_u16(w, type);
        break;
    case 113: /* Linux cooked v1: packet type, ARPHRD, length, address, protocol
               */
        wr_u16(w, 0);
        wr_u16(w, 772);
        wr_u16(w, 6);
        wr_fill(w, 0, 8);
        wr_u16(w, type);
        break;
    case 276: /* v2: protocol, 0, ifindex, ARPHRD, packet type, length, address
               */
        wr_u16(w, type);
        wr_u16(w, 0);
        wr_u32(w, 1);
        wr_u16(w, 772);
        wr_u8(w, 0);
        wr_u8(w, 6);
        wr_fill(w, 0, 8);
        break;
    default: /* 101, 228, 229: no link header */
        break;
    }
}

static void ip_header(struct made *m, struct wr *w, const char *src,
                      const char *dst, uint8_t proto, size_t len, uint16_t frag)
{
    struct cap_addr a = {0};
    struct cap_addr b = {0};
    CU_ASSERT_FATAL(cap_addr_parse(&a, src) == STATUS_OK);
    CU_ASSERT_FATAL(cap_addr_parse(&b, dst) == STATUS_OK);
    link_header(w, m->link, a.version);
    if (a.version == 4) {
        wr_u16(w, 0x4500);
        wr_u16(w, (uint16_t)(20 + len));
        wr_u16(w, m->ip_id++);
        wr_u16(w, frag);
        wr_u8(w, 64);
        wr_u8(w, proto);
        wr_u16(w, 0);
        wr_bytes(w, a.ip, 4);
        wr_bytes(w, b.ip, 4);
    } else {
        wr_u32(w, 0x60000000);
        wr_u16(w, (uint16_t)len);
        wr_u8(w, proto);
        wr_u8(w, 64);
        wr_bytes(w, a.ip, 16);
        wr_bytes(w, b.ip, 16);
    }
}

static void put_ip(struct made *m, const char *src, const char *dst,
                   uint8_t proto, const void *data, size_t len, uint16_t frag)
{
    struct wr w;
    wr_init(&w);
    ip_header(m, &w, src, dst, proto, len, frag);
    wr_bytes(&w, data, len);
    made_frame(m, w.data, w.len);
    wr_cleanup(&w);
}

void made_ip(struct made *m, const char *src, const char *dst, uint8_t proto,
             const void *data, size_t len)
{
    put_ip(m, src, dst, proto, data, len, 0x4000);
}

void made_fragment(struct made *m, const char *src, const char *dst,
                   uint16_t id, size_t off, int more, const void *data,
                   size_t len)
{
    m->ip_id = id;
    put_ip(m, src, dst, 17, data, len,
           (uint16_t)(off / 8 | (more ? 0x2000 : 0)));
}

static uint16_t port_of(const char *addr)
{
    struct cap_addr a = {0};
    cap_addr_parse(&a, addr);
    return a.port;
}

void made_udp(struct made *m, const char *src, const char *dst,
              const void *data, size_t len)
{
    struct wr w;
    wr_init(&w);
    wr_u16(&w, port_of(src));
    wr_u16(&w, port_of(dst));
    wr_u16(&w, (uint16_t)(8 + len));
    wr_u16(&w, 0);
    wr_bytes(&w, data, len);
    made_ip(m, src, dst, 17, w.data, w.len);
    wr_cleanup(&w);
}

void made_tcp(struct made *m, const char *src, const char *dst, uint32_t seq,
              uint32_t ack, uint8_t flags, const void *data, size_t len)
{
    struct wr w;
    wr_init(&w);
    wr_u16(&w, port_of(src));
    wr_u16(&w, port_of(dst));
    wr_u32(&w, seq);
    wr_u32(&w, ack);
    wr_u8(&w, 5 << 4);
    wr_u8(&w, flags);
    wr_u16(&w, 65535);
    wr_u32(&w, 0);
    wr_bytes(&w, data, len);
    made_ip(m, src, dst, 6, w.data, w.len);
    wr_cleanup(&w);
}

/* fmemopen refuses to open nothing. */
static FILE *as_file(const struct made *m)
{
    FILE *f = m->w.len != 0 ? fmemopen(m->w.data, m->w.len, "rb")
                            : fopen("/dev/null", "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    return f;
}

struct trace *made_load(const struct made *m, const struct trace_config *config,
                        struct trace_error *err)
{
    return trace_load_file(as_file(m), "made", config, err);
}

enum status made_each(const struct made *m, const struct trace_config *config,
                      const struct trace_sink *sink, struct trace_info *info)
{
    return trace_each_file(as_file(m), "made", config, sink, info);
}

void made_done(struct made *m)
{
    wr_cleanup(&m->w);
}

size_t made_losses(const struct trace *t, enum trace_loss_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < t->num_losses; i++) {
        n += t->losses[i].kind == kind;
    }
    return n;
}

int made_is(struct view v, const char *text)
{
    return v.len == strlen(text) &&
           (v.len == 0 || memcmp(v.data, text, v.len) == 0);
}

uint8_t *made_read_file(const char *path, size_t *out_len)
{
    struct wr w;
    uint8_t block[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    *out_len = 0;
    if (f == NULL) {
        return NULL;
    }
    wr_init(&w);
    while ((n = fread(block, 1, sizeof block, f)) > 0) {
        wr_bytes(&w, block, n);
    }
    fclose(f);
    return wr_take(&w, out_len);
}
