/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Frames made from the octets that agents report, written through libpcap. */
#include "capture/record.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/mem.h"

#define SEGMENT                                                                \
    32768 /* a loopback's worth; IPv4 total length allows 65,535               \
           */
#define MAX_UDP (65535 - 20 - 8)
#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_PSH 8
#define TCP_ACK 16

struct tap_conn {
    struct cap_addr a; /* who spoke first: the client */
    struct cap_addr b;
    uint32_t seq_a; /* next sequence number of a */
    uint32_t seq_b;
};

/* What was reported, until it is known in which order it happened: each agent
 * reports through a pipe of its own. */
struct tap_report {
    uint64_t time_us;
    size_t order; /* of the reports */
    enum tap_kind { TAP_UDP, TAP_TCP, TAP_TCP_CLOSE } kind;
    struct cap_addr src;
    struct cap_addr dst;
    uint8_t *data;
    size_t len;
};

struct tap_writer {
    struct tap_report *reports;
    size_t num_reports;
    pcap_t *pcap;
    pcap_dumper_t *dump;
    struct tap_conn *conns;
    size_t num_conns;
    uint16_t ip_id;
    uint64_t last_us; /* time stamps never run backwards */
};

enum status tap_open(struct tap_writer **out, const char *path,
                     char why[RECORD_ERROR_TEXT])
{
    struct tap_writer *t = mem_alloc(sizeof *t);
    *out = NULL;
    why[0] = '\0';
    if (t == NULL) {
        snprintf(why, RECORD_ERROR_TEXT, "Out of memory.");
        return STATUS_NO_MEMORY;
    }
    t->pcap = pcap_open_dead(DLT_EN10MB, 262144);
    t->dump = t->pcap != NULL ? pcap_dump_open(t->pcap, path) : NULL;
    if (t->dump == NULL) {
        snprintf(why, RECORD_ERROR_TEXT, "Cannot write the capture: %.240s",
                 t->pcap != NULL ? pcap_geterr(t->pcap) : "out of memory");
        if (t->pcap != NULL) {
            pcap_close(t->pcap);
        }
        mem_free(t);
        return STATUS_IO;
    }
    *out = t;
    return STATUS_OK;
}

/* ---- headers ----------------------------------------------------------------
 */

/* RFC 1071: sum of 16-bit words, folded at the end. */
static uint32_t sum16(uint32_t sum, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        sum += (uint32_t)data[i] << 8 | data[i + 1];
    }
    if (len % 2 != 0) {
        sum += (uint32_t)data[len - 1] << 8;
    }
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static void put16(struct wr *w, size_t at, uint16_t v)
{
    if (w->err == STATUS_OK) {
        w->data[at] = (uint8_t)(v >> 8);
        w->data[at + 1] = (uint8_t)v;
    }
}

static size_t ip_octets(const struct cap_addr *a)
{
    return a->version == 4 ? 4 : 16;
}

/* Ethernet with addresses 0 as on lo, then IPv4 or IPv6 without options. */
static void ip_header(struct tap_writer *t, struct wr *w,
                      const struct cap_addr *src, const struct cap_addr *dst,
                      uint8_t proto, size_t len)
{
    size_t start;
    wr_fill(w, 0, 12);
    wr_u16(w, src->version == 4 ? 0x0800 : 0x86dd);
    start = w->len;
    if (src->version == 4) {
        wr_u16(w, 0x4500);
        wr_u16(w, (uint16_t)(20 + len));
        wr_u16(w, ++t->ip_id);
        wr_u16(w, 0x4000); /* do not fragment */
        wr_u8(w, 64);
        wr_u8(w, proto);
        wr_u16(w, 0);
    } else {
        wr_u32(w, 0x60000000);
        wr_u16(w, (uint16_t)len);
        wr_u8(w, proto);
        wr_u8(w, 64);
    }
    wr_bytes(w, src->ip, ip_octets(src));
    wr_bytes(w, dst->ip, ip_octets(dst));
    if (src->version == 4 && w->err == STATUS_OK) {
        put16(w, start + 10, fold(sum16(0, w->data + start, 20)));
    }
}

static uint16_t transport_sum(const struct wr *w, size_t at,
                              const struct cap_addr *src,
                              const struct cap_addr *dst, uint8_t proto)
{
    size_t len = w->len - at;
    uint32_t sum = sum16(0, src->ip, ip_octets(src));
    sum = sum16(sum, dst->ip, ip_octets(dst));
    sum += proto + (uint32_t)len;
    return fold(sum16(sum, w->data + at, len));
}

static enum status emit(struct tap_writer *t, uint64_t time_us, struct wr *w)
{
    enum status s = w->err;
    if (s == STATUS_OK) {
        t->last_us = time_us > t->last_us ? time_us : t->last_us;
        struct pcap_pkthdr h = {.caplen = (bpf_u_int32)w->len,
                                .len = (bpf_u_int32)w->len};
        h.ts.tv_sec = (time_t)(t->last_us / 1000000);
        h.ts.tv_usec = (suseconds_t)(t->last_us % 1000000);
        pcap_dump((u_char *)t->dump, &h, w->data);
        s = ferror(pcap_dump_file(t->dump)) ? STATUS_IO : STATUS_OK;
    }
    wr_cleanup(w);
    return s;
}

static int usable(const struct cap_addr *src, const struct cap_addr *dst)
{
    return src->version == dst->version &&
           (src->version == 4 || src->version == 6);
}

static enum status write_udp(struct tap_writer *t, uint64_t time_us,
                             const struct cap_addr *src,
                             const struct cap_addr *dst, struct view octets)
{
    struct wr w;
    wr_init(&w);
    ip_header(t, &w, src, dst, 17, 8 + octets.len);
    size_t at = w.len;
    wr_u16(&w, src->port);
    wr_u16(&w, dst->port);
    wr_u16(&w, (uint16_t)(8 + octets.len));
    wr_u16(&w, 0);
    wr_bytes(&w, octets.data, octets.len);
    if (w.err == STATUS_OK) {
        uint16_t sum = transport_sum(&w, at, src, dst, 17);
        put16(&w, at + 6, sum != 0 ? sum : 0xffff);
    }
    return emit(t, time_us, &w);
}

/* ---- TCP
 * ---------------------------------------------------------------------- */

static enum status segment(struct tap_writer *t, uint64_t time_us,
                           struct tap_conn *c, int from_a, uint8_t flags,
                           struct view octets)
{
    struct wr w;
    const struct cap_addr *src = from_a ? &c->a : &c->b;
    const struct cap_addr *dst = from_a ? &c->b : &c->a;
    uint32_t *seq = from_a ? &c->seq_a : &c->seq_b;
    uint32_t ack = from_a ? c->seq_b : c->seq_a;
    wr_init(&w);
    ip_header(t, &w, src, dst, 6, 20 + octets.len);
    size_t at = w.len;
    wr_u16(&w, src->port);
    wr_u16(&w, dst->port);
    wr_u32(&w, *seq);
    wr_u32(&w, flags & TCP_ACK ? ack : 0);
    wr_u8(&w, 5 << 4);
    wr_u8(&w, flags);
    wr_u16(&w, 65535);
    wr_u32(&w, 0);
    wr_bytes(&w, octets.data, octets.len);
    if (w.err == STATUS_OK) {
        put16(&w, at + 16, transport_sum(&w, at, src, dst, 6));
    }
    *seq += (uint32_t)octets.len + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
    return emit(t, time_us, &w);
}

static struct tap_conn *find_conn(struct tap_writer *t,
                                  const struct cap_addr *src,
                                  const struct cap_addr *dst, int *from_a)
{
    for (size_t i = 0; i < t->num_conns; i++) {
        struct tap_conn *c = &t->conns[i];
        if (cap_addr_equal(&c->a, src) && cap_addr_equal(&c->b, dst)) {
            *from_a = 1;
            return c;
        }
        if (cap_addr_equal(&c->b, src) && cap_addr_equal(&c->a, dst)) {
            *from_a = 0;
            return c;
        }
    }
    return NULL;
}

static enum status open_conn(struct tap_writer *t, uint64_t time_us,
                             const struct cap_addr *src,
                             const struct cap_addr *dst)
{
    struct view none = {NULL, 0};
    struct tap_conn *c = mem_resize(t->conns, (t->num_conns + 1) * sizeof *c);
    if (c == NULL) {
        return STATUS_NO_MEMORY;
    }
    t->conns = c;
    c += t->num_conns++;
    *c = (struct tap_conn){.a = *src, .b = *dst, .seq_a = 1000, .seq_b = 5000};
    enum status s = segment(t, time_us, c, 1, TCP_SYN, none);
    if (s == STATUS_OK) {
        s = segment(t, time_us, c, 0, TCP_SYN | TCP_ACK, none);
    }
    return s == STATUS_OK ? segment(t, time_us, c, 1, TCP_ACK, none) : s;
}

static enum status write_tcp(struct tap_writer *t, uint64_t time_us,
                             const struct cap_addr *src,
                             const struct cap_addr *dst, struct view octets)
{
    int from_a = 1;
    enum status s = STATUS_OK;
    struct tap_conn *c = find_conn(t, src, dst, &from_a);
    if (c == NULL) {
        s = open_conn(t, time_us, src, dst);
        c = find_conn(t, src, dst, &from_a);
    }
    for (size_t pos = 0; s == STATUS_OK && pos < octets.len; pos += SEGMENT) {
        size_t n = octets.len - pos < SEGMENT ? octets.len - pos : SEGMENT;
        s = segment(t, time_us, c, from_a, TCP_PSH | TCP_ACK,
                    (struct view){octets.data + pos, n});
    }
    if (s == STATUS_OK && octets.len > 0) {
        s = segment(t, time_us, c, !from_a, TCP_ACK, (struct view){NULL, 0});
    }
    return s;
}

static enum status write_tcp_close(struct tap_writer *t, uint64_t time_us,
                                   const struct cap_addr *src,
                                   const struct cap_addr *dst)
{
    struct view none = {NULL, 0};
    int from_a = 1;
    struct tap_conn *c = find_conn(t, src, dst, &from_a);
    if (c == NULL) {
        return STATUS_OK;
    }
    enum status s = segment(t, time_us, c, from_a, TCP_FIN | TCP_ACK, none);
    if (s == STATUS_OK) {
        s = segment(t, time_us, c, !from_a, TCP_FIN | TCP_ACK, none);
    }
    if (s == STATUS_OK) {
        s = segment(t, time_us, c, from_a, TCP_ACK, none);
    }
    *c = t->conns[--t->num_conns];
    return s;
}

/* ---- reports
 * ------------------------------------------------------------------ */

static enum status report(struct tap_writer *t, enum tap_kind kind,
                          uint64_t time_us, const struct cap_addr *src,
                          const struct cap_addr *dst, struct view octets)
{
    struct tap_report *r =
        mem_resize(t->reports, (t->num_reports + 1) * sizeof *r);
    if (r == NULL) {
        return STATUS_NO_MEMORY;
    }
    t->reports = r;
    r += t->num_reports;
    *r = (struct tap_report){.time_us = time_us,
                             .order = t->num_reports,
                             .kind = kind,
                             .src = *src,
                             .dst = *dst,
                             .len = octets.len};
    if (octets.len > 0) {
        r->data = mem_dup(octets.data, octets.len);
        if (r->data == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    t->num_reports++;
    return STATUS_OK;
}

enum status tap_udp(struct tap_writer *t, uint64_t time_us,
                    const struct cap_addr *src, const struct cap_addr *dst,
                    struct view octets)
{
    if (!usable(src, dst)) {
        return STATUS_MISUSE;
    }
    return octets.len > MAX_UDP ? STATUS_BAD_LENGTH
                                : report(t, TAP_UDP, time_us, src, dst, octets);
}

enum status tap_tcp(struct tap_writer *t, uint64_t time_us,
                    const struct cap_addr *src, const struct cap_addr *dst,
                    struct view octets)
{
    return usable(src, dst) ? report(t, TAP_TCP, time_us, src, dst, octets)
                            : STATUS_MISUSE;
}

enum status tap_tcp_close(struct tap_writer *t, uint64_t time_us,
                          const struct cap_addr *src,
                          const struct cap_addr *dst)
{
    return report(t, TAP_TCP_CLOSE, time_us, src, dst, (struct view){0});
}

static int earlier(const void *a, const void *b)
{
    const struct tap_report *x = a;
    const struct tap_report *y = b;
    if (x->time_us != y->time_us) {
        return x->time_us < y->time_us ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

static enum status write_report(struct tap_writer *t,
                                const struct tap_report *r)
{
    struct view octets = {r->data, r->len};
    switch (r->kind) {
    case TAP_UDP:
        return write_udp(t, r->time_us, &r->src, &r->dst, octets);
    case TAP_TCP:
        return write_tcp(t, r->time_us, &r->src, &r->dst, octets);
    case TAP_TCP_CLOSE:
        return write_tcp_close(t, r->time_us, &r->src, &r->dst);
    }
    return STATUS_INTERNAL;
}

static enum status write_reports(struct tap_writer *t)
{
    enum status s = STATUS_OK;
    if (t->num_reports > 0) {
        qsort(t->reports, t->num_reports, sizeof *t->reports, earlier);
    }
    for (size_t i = 0; i < t->num_reports; i++) {
        if (s == STATUS_OK) {
            s = write_report(t, &t->reports[i]);
        }
        mem_free(t->reports[i].data);
    }
    mem_free(t->reports);
    return s;
}

enum status tap_close(struct tap_writer *t)
{
    enum status s = write_reports(t);
    if (pcap_dump_flush(t->dump) != 0 && s == STATUS_OK) {
        s = STATUS_IO;
    }
    pcap_dump_close(t->dump);
    pcap_close(t->pcap);
    mem_free(t->conns);
    mem_free(t);
    return s;
}
