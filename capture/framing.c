/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Messages cut out of TCP streams: SIP by Content-Length (RFC 3261, 18.3),
 * MIKEY by its 16-bit length prefix. */
#define _GNU_SOURCE /* memmem */
#include <string.h>
#include <strings.h>

#include "capture/trace_int.h"

#define MAX_GUESS 8192   /* octets to wait for something known in a stream */
#define MAX_HEADER 65536 /* a header longer than this is noise */
#define NOT_FOUND ((size_t)-1)

static struct view pending(const struct tcp_stream *s)
{
    return (struct view){s->data + s->start, s->len - s->start};
}

static uint64_t pending_off(const struct tcp_stream *s)
{
    return s->delivered - (s->len - s->start);
}

static struct view from(struct view v, size_t at)
{
    return (struct view){v.data + at, v.len - at};
}

static void lose(struct reader *r, const struct tcp_stream *s,
                 enum trace_loss_kind kind, const struct tcp_span *span,
                 uint64_t octets, const char *text)
{
    reader_loss(r, (struct trace_loss){.kind = kind,
                                       .frame = span->frame,
                                       .last_frame = span->last_frame,
                                       .src = s->src,
                                       .dst = s->dst,
                                       .octets = octets,
                                       .text = text});
}

/* Consumes n octets that are no message. */
static void skip(struct reader *r, struct tcp_stream *s, size_t n,
                 const char *text)
{
    struct tcp_span span;
    if (n != 0) {
        tcp_span(s, pending_off(s), n, &span);
        lose(r, s, TRACE_LOSS_SIP, &span, n, text);
        s->start += n;
        s->scanned = 0;
    }
}

/* ---- what a stream carries
 * --------------------------------------------------------- */

static size_t blank_len(struct view v)
{
    size_t n = 0;
    while (n < v.len && (v.data[n] == '\r' || v.data[n] == '\n')) {
        n++;
    }
    return n;
}

static int listed(const uint16_t ports[8], const struct tcp_stream *s)
{
    return port_listed(ports, s->src.port) || port_listed(ports, s->dst.port);
}

/* The first place from which on a SIP message may begin: 0, or after a line
 * end; 1 too, since a keep-alive probe may have left an octet in front. */
static size_t find_start(struct view v, size_t first, int *sure)
{
    for (size_t p = first; p < v.len; p++) {
        if (p > 1 && v.data[p - 1] != '\n') {
            const uint8_t *nl = memchr(v.data + p, '\n', v.len - p);
            if (nl == NULL) {
                break;
            }
            p = (size_t)(nl - v.data) + 1;
        }
        int looks = p < v.len ? looks_sip(from(v, p)) : -1;
        if (looks != 0) {
            *sure = looks == 1;
            return p;
        }
    }
    return NOT_FOUND;
}

/* A length prefix and the start of a HDR: 1 yes, 0 no, -1 too short to tell. */
static int looks_prefixed(struct view v)
{
    if (v.len < 5) {
        return v.len < 3 || v.data[2] == 1 ? -1 : 0;
    }
    size_t len = (size_t)v.data[0] << 8 | v.data[1];
    return len >= 10 && looks_mikey(from(v, 2)) == 1;
}

/* 1 yes, 0 no, -1 later, over the candidates in turn. */
static int guess(struct tcp_stream *s, struct view v)
{
    int wait = 0;
    int sure = 0;
    int prefixed = looks_prefixed(v);
    struct view text = from(v, blank_len(v));
    int sip = looks_sip(text);
    if (v.data[0] == 0x16 && (v.len < 2 || v.data[1] == 3)) {
        s->kind = TRACE_TLS;
        return v.len < 2 ? -1 : 1;
    }
    if (prefixed == 1) {
        s->kind = TRACE_MIKEY;
        return 1;
    }
    if (sip == 1 ||
        (s->resync && find_start(v, 0, &sure) != NOT_FOUND && sure)) {
        s->kind = TRACE_SIP;
        return 1;
    }
    wait = prefixed < 0 || sip < 0 || s->resync;
    return wait && v.len < MAX_GUESS ? -1 : 0;
}

static int decide(struct reader *r, struct tcp_stream *s, int last)
{
    if (listed(r->cfg.sip_ports, s)) {
        s->kind = TRACE_SIP;
    } else if (listed(r->cfg.kms_ports, s)) {
        s->kind = TRACE_MIKEY;
    } else {
        int g = guess(s, pending(s));
        if (g <= 0) {
            s->kind = TRACE_STREAM;
        }
        if (g < 0 && !last) {
            return 0;
        }
    }
    s->decided = 1;
    return 1;
}

/* ---- SIP
 * -----------------------------------------------------------------------------
 */

/* The length of the header with its empty line, or NOT_FOUND. Bare LF counts,
 * as the parser takes it, too. scanned octets were looked at before. */
static size_t header_len(struct view v, size_t scanned)
{
    for (size_t p = scanned; p < v.len;) {
        const uint8_t *nl = memchr(v.data + p, '\n', v.len - p);
        if (nl == NULL) {
            break;
        }
        p = (size_t)(nl - v.data) + 1;
        if (p < v.len && v.data[p] == '\n') {
            return p + 1;
        }
        if (p + 1 < v.len && v.data[p] == '\r' && v.data[p + 1] == '\n') {
            return p + 2;
        }
    }
    return NOT_FOUND;
}

static int name_is(struct view v, const char *name)
{
    size_t n = strlen(name);
    return v.len >= n && strncasecmp((const char *)v.data, name, n) == 0;
}

/* The first Content-Length (or l) of a header; 0 if there is none or it is no
 * number. */
static size_t content_length(struct view head)
{
    size_t value = 0;
    for (size_t p = 0; p < head.len;) {
        struct view line = from(head, p);
        const uint8_t *nl = memchr(line.data, '\n', line.len);
        line.len = nl != NULL ? (size_t)(nl - line.data) : line.len;
        p += line.len + 1;
        size_t n = name_is(line, "content-length") ? 14
                   : name_is(line, "l")            ? 1
                                                   : 0;
        while (n != 0 && n < line.len &&
               (line.data[n] == ' ' || line.data[n] == '\t')) {
            n++;
        }
        if (n == 0 || n >= line.len || line.data[n] != ':') {
            continue;
        }
        for (n++;
             n < line.len && (line.data[n] == ' ' || line.data[n] == '\t');) {
            n++;
        }
        for (; n < line.len && line.data[n] >= '0' && line.data[n] <= '9' &&
               value < UINT32_MAX;
             n++) {
            value = value * 10 + (size_t)(line.data[n] - '0');
        }
        return value;
    }
    return 0;
}

static void emit_sip(struct reader *r, struct tcp_stream *s, size_t len,
                     int cut)
{
    struct tcp_span span;
    uint64_t off = pending_off(s);
    tcp_span(s, off, len, &span);
    struct trace_sip m = {.frame = span.frame,
                          .last_frame = span.last_frame,
                          .time_us = span.time_us,
                          .src = s->src,
                          .dst = s->dst,
                          .transport = TRACE_TCP,
                          .octets = {s->data + s->start, len},
                          .stream = s->id,
                          .stream_off = off,
                          .cut = (uint8_t)cut};
    reader_sip(r, &m);
    s->start += len;
    s->scanned = 0;
}

/* Goes to the next start line; 0 if it is not there yet. */
static int resync(struct reader *r, struct tcp_stream *s, size_t first,
                  int last)
{
    static const char text[] = "octets in a SIP stream that are no message";
    struct view v = pending(s);
    int sure = 0;
    size_t p = find_start(v, first, &sure);
    if (p == NOT_FOUND || (!sure && last)) {
        /* The last line may still grow into a start line. */
        const uint8_t *nl = memrchr(v.data, '\n', v.len);
        size_t n = last ? v.len : nl != NULL ? (size_t)(nl - v.data) + 1 : 0;
        if (last || v.len > MAX_GUESS) {
            skip(r, s, n != 0 ? n : v.len, text);
        }
        return 0;
    }
    skip(r, s, p, text);
    s->resync = !sure;
    return sure;
}

/* What stands at the end of a stream, or before a gap, is a message cut short.
 */
static void leave_tail(struct reader *r, struct tcp_stream *s)
{
    struct tcp_span span;
    struct view v = pending(s);
    tcp_span(s, pending_off(s), v.len, &span);
    lose(r, s, TRACE_LOSS_TCP_TAIL, &span, 0,
         "TCP stream ends inside a SIP message");
    emit_sip(r, s, v.len, 1);
}

/* Returns whether to go on. */
static int frame_sip(struct reader *r, struct tcp_stream *s, int last)
{
    int sure = 0;
    s->start += blank_len(pending(s)); /* RFC 3261, 7.5; RFC 5626, 3.5.1 */
    struct view v = pending(s);
    if (v.len == 0) {
        return 0;
    }
    if (s->resync && !resync(r, s, 0, last)) {
        return 0;
    }
    v = pending(s);
    size_t head = header_len(v, (size_t)s->scanned);
    if (head == NOT_FOUND && v.len > MAX_HEADER) {
        skip(r, s, v.len, "SIP header longer than 64 KiB");
        s->resync = 1;
        return 0;
    }
    if (looks_sip(v) == 0) {
        /* A body longer than its Content-Length, or a start line gone wrong:
         * the former if a good one comes before the empty line. */
        struct view part = {v.data, head != NOT_FOUND ? head : v.len};
        size_t next = find_start(part, 2, &sure);
        if (next != NOT_FOUND && sure) {
            skip(r, s, next, "octets in a SIP stream that are no message");
            return 1;
        }
    }
    if (head == NOT_FOUND) {
        s->scanned = v.len > 2 ? v.len - 2 : 0;
    } else {
        size_t body = content_length((struct view){v.data, head});
        if (body <= v.len - head) {
            emit_sip(r, s, head + body, 0);
            return 1;
        }
        s->scanned = head > 2 ? head - 3 : 0;
    }
    if (last) {
        leave_tail(r, s);
    }
    return 0;
}

/* ---- MIKEY
 * ----------------------------------------------------------------------------
 */

static void emit_mikey(struct reader *r, struct tcp_stream *s, size_t len)
{
    struct tcp_span span;
    tcp_span(s, pending_off(s), len + 2, &span);
    struct trace_mikey m = {.frame = span.frame,
                            .last_frame = span.last_frame,
                            .time_us = span.time_us,
                            .src = s->src,
                            .dst = s->dst,
                            .carrier = TRACE_CARRIER_TCP,
                            .octets = {s->data + s->start + 2, len}};
    carrier_bare(r, &m);
    s->start += len + 2;
}

static int frame_mikey(struct reader *r, struct tcp_stream *s, int last)
{
    struct view v = pending(s);
    size_t len = v.len >= 2 ? (size_t)v.data[0] << 8 | v.data[1] : 0;
    if (s->resync) {
        /* Behind a gap the length prefix is where it looks like one, or
         * nowhere. */
        int looks = looks_prefixed(v);
        if (looks < 0 && !last) {
            return 0;
        }
        if (looks != 1) {
            s->kind = TRACE_STREAM;
            return 1;
        }
        s->resync = 0;
    }
    if (v.len >= 2 && v.len - 2 >= len) {
        emit_mikey(r, s, len);
        return 1;
    }
    if (last && v.len > 0) {
        struct tcp_span span;
        tcp_span(s, pending_off(s), v.len, &span);
        lose(r, s, TRACE_LOSS_TCP_TAIL, &span, v.len >= 2 ? len + 2 - v.len : 0,
             "TCP stream ends inside a MIKEY message");
        s->start = s->len;
    }
    return 0;
}

void framing_decide(struct reader *r, struct tcp_stream *s)
{
    if (!s->decided && s->start < s->len) {
        decide(r, s, 0);
    }
}

void framing_run(struct reader *r, struct tcp_stream *s, int last)
{
    int more = 1;
    while (more && reader_on(r) && s->start < s->len) {
        if (!s->decided && !decide(r, s, last)) {
            return;
        }
        switch (s->kind) {
        case TRACE_SIP:
            more = frame_sip(r, s, last);
            break;
        case TRACE_MIKEY:
            more = frame_mikey(r, s, last);
            break;
        case TRACE_TLS:
        case TRACE_STREAM:
        case TRACE_NONE:
        case TRACE_RTP:
        case TRACE_RTCP:
        case TRACE_OTHER:
            s->start = s->len;
            break;
        }
    }
}
