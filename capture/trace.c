/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Reads a capture file frame by frame and hands on what it holds, in memory
 * that does not grow with the file. */
#include "capture/trace.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capture/trace_int.h"
#include "harness/base/mem.h"

void reader_fail(struct reader *r, enum status err)
{
    if (r->err == STATUS_OK) {
        r->err = err;
    }
}

int reader_on(const struct reader *r)
{
    return r->err == STATUS_OK && !r->stopped;
}

void reader_loss(struct reader *r, struct trace_loss l)
{
    if (!reader_on(r)) {
        return;
    }
    if (l.frame == 0) {
        l.frame = r->frame;
    }
    if (l.last_frame < l.frame) {
        l.last_frame = l.frame;
    }
    r->info->losses++;
    if (r->sink->loss != NULL) {
        r->stopped |= r->sink->loss(r->sink->ctx, &l) != 0;
    }
}

void reader_sip(struct reader *r, struct trace_sip *m)
{
    if (!reader_on(r)) {
        return;
    }
    if (r->sink->sip != NULL) {
        r->stopped |= r->sink->sip(r->sink->ctx, m) != 0;
    }
    if (reader_on(r)) {
        carrier_sip(r, m);
    }
    r->info->num_sip++;
}

void reader_mikey(struct reader *r, struct trace_mikey *m)
{
    if (!reader_on(r)) {
        return;
    }
    r->info->num_mikey++;
    if (r->sink->mikey != NULL) {
        r->stopped |= r->sink->mikey(r->sink->ctx, m) != 0;
    }
}

static __attribute__((format(printf, 3, 4))) enum status
fault(struct trace_info *info, enum status s, const char *fmt, ...)
{
    va_list ap;
    info->error.status = s;
    info->error.frame = info->packets;
    va_start(ap, fmt);
    vsnprintf(info->error.text, sizeof info->error.text, fmt, ap);
    va_end(ap);
    return s;
}

/* ---- one frame
 * ------------------------------------------------------------------- */

static void lose(struct reader *r, enum trace_loss_kind kind,
                 const struct trace_packet *p, uint64_t octets,
                 const char *text)
{
    reader_loss(r, (struct trace_loss){.kind = kind,
                                       .src = p->src,
                                       .dst = p->dst,
                                       .octets = octets,
                                       .text = text});
}

static void tell_packet(struct reader *r, const struct trace_packet *p)
{
    if (r->sink->packet != NULL && reader_on(r)) {
        r->stopped |= r->sink->packet(r->sink->ctx, p) != 0;
    }
}

static int rtp_named(const struct reader *r, const struct cap_addr *a, int rtcp)
{
    struct cap_addr even = *a;
    even.port = (uint16_t)(a->port - (rtcp ? 1 : 0));
    return rtp_ports_has(r, &even) || port_listed(r->cfg.rtp_ports, even.port);
}

/* Named in an SDP, at either end: the sender of media uses the address it
 * receives at as a rule. RTCP: one port up, or with RTP (RFC 5761). */
static int rtp_negotiated(const struct reader *r, const struct trace_packet *p,
                          int rtcp)
{
    return rtp_named(r, &p->dst, 0) || rtp_named(r, &p->src, 0) ||
           (rtcp && (rtp_named(r, &p->dst, 1) || rtp_named(r, &p->src, 1)));
}

static int is_sip_port(const struct reader *r, const struct trace_packet *p)
{
    return port_listed(r->cfg.sip_ports, p->src.port) ||
           port_listed(r->cfg.sip_ports, p->dst.port);
}

/* Keep-alives of CRLF or nothing (RFC 5626, 3.5.1) and STUN are no messages. */
static int is_keepalive(struct view v)
{
    size_t i = 0;
    while (i < v.len &&
           (v.data[i] == '\r' || v.data[i] == '\n' || v.data[i] == 0)) {
        i++;
    }
    return i == v.len;
}

static enum trace_kind classify_udp(const struct reader *r,
                                    const struct trace_packet *p)
{
    struct view v = p->payload;
    if (is_keepalive(v)) {
        return v.len == 0 ? TRACE_NONE : TRACE_OTHER;
    }
    if (looks_rtp(v) && rtp_negotiated(r, p, 0)) {
        return TRACE_RTP;
    }
    if (looks_sip(v) == 1 || is_sip_port(r, p)) {
        return TRACE_SIP;
    }
    if (port_listed(r->cfg.kms_ports, p->src.port) ||
        port_listed(r->cfg.kms_ports, p->dst.port) || looks_mikey(v) == 1) {
        return TRACE_MIKEY;
    }
    if (looks_rtcp(v)) {
        return TRACE_RTCP;
    }
    return looks_rtp(v) ? TRACE_RTP : TRACE_OTHER;
}

static void tell_rtp(struct reader *r, const struct trace_packet *p)
{
    int rtcp = p->kind == TRACE_RTCP;
    struct trace_rtp m = {.frame = p->frame,
                          .time_us = p->time_us,
                          .src = p->src,
                          .dst = p->dst,
                          .octets = p->payload,
                          .rtcp = (uint8_t)rtcp,
                          .cut = p->cut};
    m.negotiated = (uint8_t)rtp_negotiated(r, p, rtcp);
    r->info->num_rtp++;
    if (r->sink->rtp != NULL && reader_on(r)) {
        r->stopped |= r->sink->rtp(r->sink->ctx, &m) != 0;
    }
}

static void tell_sip_datagram(struct reader *r, const struct trace_packet *p)
{
    struct trace_sip m = {.frame = p->frame,
                          .last_frame = p->frame,
                          .time_us = p->time_us,
                          .src = p->src,
                          .dst = p->dst,
                          .transport = TRACE_UDP,
                          .octets = p->payload,
                          .stream = -1,
                          .cut = p->cut};
    reader_sip(r, &m);
}

static void tell_mikey_datagram(struct reader *r, const struct trace_packet *p)
{
    struct trace_mikey m = {.frame = p->frame,
                            .last_frame = p->frame,
                            .time_us = p->time_us,
                            .src = p->src,
                            .dst = p->dst,
                            .carrier = TRACE_CARRIER_UDP,
                            .octets = p->payload};
    /* What the capture cut off must not be taken for the sender's fault. */
    if (!p->cut) {
        carrier_bare(r, &m);
    }
}

static void on_udp(struct reader *r, struct trace_packet *p,
                   const struct dissect_ip *ip)
{
    struct dissect_udp u;
    const char *why = NULL;
    if (dissect_udp(&u, ip->payload, ip->payload_len, &why) != DISSECT_OK) {
        p->payload = ip->payload;
        tell_packet(r, p);
        lose(r, TRACE_LOSS_FRAME, p, 0, why);
        return;
    }
    p->proto = TRACE_UDP;
    p->src.port = u.src_port;
    p->dst.port = u.dst_port;
    p->payload = u.payload;
    p->cut |= u.cut;
    p->kind = classify_udp(r, p);
    tell_packet(r, p);
    switch ((int)p->kind) {
    case TRACE_SIP:
        tell_sip_datagram(r, p);
        break;
    case TRACE_MIKEY:
        tell_mikey_datagram(r, p);
        break;
    case TRACE_RTP:
    case TRACE_RTCP:
        tell_rtp(r, p);
        break;
    }
}

static void on_tcp(struct reader *r, struct trace_packet *p,
                   const struct dissect_ip *ip)
{
    struct dissect_tcp t;
    const char *why = NULL;
    if (dissect_tcp(&t, ip->payload, ip->payload_len, &why) != DISSECT_OK) {
        p->payload = ip->payload;
        tell_packet(r, p);
        lose(r, TRACE_LOSS_FRAME, p, 0, why);
        return;
    }
    p->proto = TRACE_TCP;
    p->src.port = t.src_port;
    p->dst.port = t.dst_port;
    p->payload = t.payload;
    p->tcp_flags = t.flags;
    p->kind = t.payload.len != 0 ? TRACE_STREAM : TRACE_NONE;
    tell_packet(r, p);
    if (reader_on(r)) {
        tcp_packet(r, &t, p);
    }
}

static void on_ip(struct reader *r, struct trace_packet *p, struct view packet,
                  size_t wire_len)
{
    struct dissect_ip ip;
    const char *why = NULL;
    if (dissect_ip(&ip, packet, wire_len, &why) != DISSECT_OK) {
        tell_packet(r, p);
        lose(r, TRACE_LOSS_FRAME, p, 0, why);
        return;
    }
    p->src = ip.src;
    p->dst = ip.dst;
    p->ip_proto = ip.proto;
    p->payload = ip.payload;
    p->cut = ip.payload.len < ip.payload_len;
    if (p->cut) {
        r->info->cut++;
        lose(r, TRACE_LOSS_CUT, p, ip.payload_len - ip.payload.len,
             "packet captured shorter than it was");
    }
    if (ip.is_fragment) {
        p->kind = TRACE_OTHER;
        if (p->cut || !frag_add(r, &ip, &ip.payload)) {
            tell_packet(r, p);
            return;
        }
        p->reassembled = 1;
        p->ip_proto = ip.proto;
        p->payload = ip.payload;
    }
    switch (ip.proto) {
    case 17:
        on_udp(r, p, &ip);
        return;
    case 6:
        on_tcp(r, p, &ip);
        return;
    }
    p->kind = TRACE_OTHER;
    tell_packet(r, p);
}

static void on_frame(struct reader *r, const struct pcap_pkthdr *h,
                     const u_char *data, int link)
{
    struct view frame = {data, h->caplen};
    struct view packet = {NULL, 0};
    struct trace_packet p = {.frame = r->frame,
                             .time_us = r->now_us,
                             .proto = TRACE_OTHER_IP,
                             .kind = TRACE_NONE};
    switch (dissect_link(&packet, link, frame)) {
    case DISSECT_SKIP:
        return;
    case DISSECT_BAD:
        lose(r, TRACE_LOSS_FRAME, &p, 0, "link header cut");
        return;
    case DISSECT_OK:
        break;
    }
    size_t header = frame.len - packet.len;
    on_ip(r, &p, packet, h->len > header ? h->len - header : 0);
}

/* ---- the file
 * ---------------------------------------------------------------------- */

static void count(struct trace_info *info, const struct pcap_pkthdr *h,
                  uint64_t time_us)
{
    if (info->packets == 0) {
        info->first_us = time_us;
    }
    info->packets++;
    info->octets += h->caplen;
    info->last_us = time_us;
}

static void broken_off(struct reader *r, const char *name, const char *text)
{
    struct trace_packet none = {0};
    r->info->incomplete = 1;
    lose(r, TRACE_LOSS_FILE, &none, 0, "the file breaks off inside a record");
    fault(r->info, STATUS_TRUNCATED,
          "%.80s breaks off after frame %llu (%.90s); what stands before it is "
          "judged.",
          name, (unsigned long long)r->info->packets, text);
}

static void read_frames(struct reader *r, pcap_t *pcap, const char *name)
{
    struct pcap_pkthdr *h = NULL;
    const u_char *data = NULL;
    int link = pcap_datalink(pcap);
    int rc = 1;
    while (reader_on(r)) {
        rc = pcap_next_ex(pcap, &h, &data);
        if (rc != 1) {
            break;
        }
        /* Always nanoseconds: libpcap converts. */
        r->now_us =
            (uint64_t)h->ts.tv_sec * 1000000 + (uint64_t)h->ts.tv_usec / 1000;
        r->frame = r->info->packets + 1;
        count(r->info, h, r->now_us);
        on_frame(r, h, data, link);
    }
    if (rc != 1 && rc != PCAP_ERROR_BREAK) {
        broken_off(r, name, pcap_geterr(pcap));
    }
}

static size_t or_default(size_t value, size_t fallback)
{
    return value != 0 ? value : fallback;
}

static void set_defaults(struct trace_config *c)
{
    c->max_stream = or_default(c->max_stream, 4u << 20);
    c->max_held = or_default(c->max_held, 32u << 20);
    c->max_streams = or_default(c->max_streams, 16384);
    c->max_octets = or_default(c->max_octets, 256u << 20);
}

static enum status run(pcap_t *pcap, const char *name,
                       const struct trace_config *config,
                       const struct trace_sink *sink, struct trace_info *info)
{
    struct reader r = {.sink = sink, .info = info};
    if (config != NULL) {
        r.cfg = *config;
    }
    set_defaults(&r.cfg);
    wr_init(&r.text);
    r.err = tcp_init(&r);
    if (r.err == STATUS_OK) {
        read_frames(&r, pcap, name);
        tcp_end(&r);
    }
    frag_end(&r);
    rtp_ports_free(&r.rtp);
    wr_cleanup(&r.text);
    if (r.err != STATUS_OK) {
        return fault(info, r.err, "%.100s: out of memory after frame %llu.",
                     name, (unsigned long long)info->packets);
    }
    return STATUS_OK;
}

enum status trace_each_file(FILE *f, const char *name,
                            const struct trace_config *config,
                            const struct trace_sink *sink,
                            struct trace_info *info)
{
    char errbuf[PCAP_ERRBUF_SIZE] = "";
    enum status s;
    memset(info, 0, sizeof *info);
    pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(
        f, PCAP_TSTAMP_PRECISION_NANO, errbuf);
    if (pcap == NULL) {
        fclose(f);
        return fault(
            info, STATUS_SYNTAX,
            "%.80s is no capture that can be read: %.120s. Give a pcap or "
            "pcapng file.",
            name, errbuf);
    }
    info->link_type = pcap_datalink(pcap);
    if (!dissect_link_supported(info->link_type)) {
        const char *link = pcap_datalink_val_to_name(info->link_type);
        s = fault(
            info, STATUS_UNSUPPORTED,
            "%.80s has link type %d (%.40s). Capture on Ethernet, lo, any, or "
            "a raw IP interface.",
            name, info->link_type, link != NULL ? link : "unknown");
    } else {
        s = run(pcap, name, config, sink, info);
    }
    pcap_close(pcap); /* closes f */
    return s;
}

FILE *trace_open(const char *path, struct trace_info *info)
{
    memset(info, 0, sizeof *info);
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (f == NULL) {
        fault(info, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO,
              "Cannot open %.120s: %.80s.", path, strerror(errno));
    }
    return f;
}

/* Reads in large pieces: the library takes a packet at a time. */
#define FILE_BUFFER (64u << 10)

enum status trace_each(const char *path, const struct trace_config *config,
                       const struct trace_sink *sink, struct trace_info *info)
{
    FILE *f = trace_open(path, info);
    if (f == NULL) {
        return info->error.status;
    }
    char *buffer = mem_alloc(FILE_BUFFER);
    if (buffer != NULL && f != stdin) {
        setvbuf(f, buffer, _IOFBF, FILE_BUFFER);
    }
    enum status s = trace_each_file(f, path, config, sink, info);
    mem_free(buffer);
    return s;
}

/* ---- names
 * ------------------------------------------------------------------------- */

const char *trace_loss_name(enum trace_loss_kind kind)
{
    switch (kind) {
    case TRACE_LOSS_TCP_GAP:
        return "tcp-gap";
    case TRACE_LOSS_TCP_MIDWAY:
        return "tcp-midway";
    case TRACE_LOSS_TCP_OVERLAP:
        return "tcp-overlap";
    case TRACE_LOSS_TCP_TAIL:
        return "tcp-tail";
    case TRACE_LOSS_CUT:
        return "cut";
    case TRACE_LOSS_FRAGMENT:
        return "fragment";
    case TRACE_LOSS_FRAME:
        return "frame";
    case TRACE_LOSS_SIP:
        return "sip";
    case TRACE_LOSS_MEMORY:
        return "memory";
    case TRACE_LOSS_FILE:
        return "file";
    }
    return NULL;
}

const char *trace_kind_name(enum trace_kind kind)
{
    switch (kind) {
    case TRACE_NONE:
        return "none";
    case TRACE_SIP:
        return "sip";
    case TRACE_MIKEY:
        return "mikey";
    case TRACE_RTP:
        return "rtp";
    case TRACE_RTCP:
        return "rtcp";
    case TRACE_TLS:
        return "tls";
    case TRACE_STREAM:
        return "stream";
    case TRACE_OTHER:
        return "other";
    }
    return NULL;
}

const char *trace_carrier_name(enum trace_carrier c)
{
    switch (c) {
    case TRACE_CARRIER_SDP_SESSION:
        return "sdp-session";
    case TRACE_CARRIER_SDP_MEDIA:
        return "sdp-media";
    case TRACE_CARRIER_BODY:
        return "body";
    case TRACE_CARRIER_TCP:
        return "tcp";
    case TRACE_CARRIER_UDP:
        return "udp";
    }
    return NULL;
}
