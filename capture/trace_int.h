/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Inside of the reader: IP fragments, TCP streams, what they carry. */
#ifndef CAPTURE_TRACE_INT_H
#define CAPTURE_TRACE_INT_H

#include "capture/dissect.h"
#include "capture/trace.h"

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_ACK 16

/* ---- IP fragments (frag.c)
 * --------------------------------------------------- */

struct frag_piece {
    struct frag_piece *next; /* by offset, no overlaps */
    uint32_t off;
    uint32_t len;
    uint8_t data[];
};

struct frag_packet {
    struct frag_packet *next; /* oldest first */
    struct cap_addr src;
    struct cap_addr dst;
    uint32_t id;
    uint8_t proto;
    uint32_t total; /* known from the last fragment, else 0 */
    uint32_t have;
    uint64_t frame; /* of the first fragment seen */
    uint64_t time_us;
    struct frag_piece *pieces;
};

struct frag_table {
    struct frag_packet *first;
    size_t num;
    uint8_t *whole; /* the packet put together last */
};

/* ---- TCP streams (tcp.c)
 * ------------------------------------------------------ */

struct tcp_segment { /* waits for what is missing before it */
    struct tcp_segment *next;
    uint64_t off; /* counts from the first octet of the stream, gaps included */
    uint64_t frame;
    uint64_t time_us;
    uint32_t len;
    uint8_t data[];
};

struct tcp_stream {
    struct tcp_stream *chain; /* hash bucket */
    struct tcp_stream *newer; /* by last use */
    struct tcp_stream *older;
    struct cap_addr src;
    struct cap_addr dst;
    int32_t id;
    uint32_t base_seq; /* sequence number of offset 0 */
    uint64_t next;     /* first offset not yet here */
    uint64_t fin_off;  /* valid if fin */
    uint64_t acked;    /* what dst acknowledged */
    uint64_t acked_us; /* when it first acknowledged past a hole, or 0 */
    uint64_t first_frame;
    uint64_t last_frame;
    uint8_t syn;
    uint8_t fin;
    uint8_t closed;
    uint8_t told_midway;
    uint8_t told_overlap;
    uint8_t resync;  /* SIP: look for a start line */
    uint8_t decided; /* kind is final */
    enum trace_kind kind;
    struct tcp_segment *waiting; /* by offset, no overlaps */
    size_t waiting_len;
    /* Octets in order. Those before start are consumed and kept a while to
     * compare retransmissions with; data[len] would be offset next. */
    uint8_t *data;
    size_t start;
    size_t len;
    size_t cap;
    uint64_t
        delivered;    /* stream offset (gaps not counted) after data[len - 1] */
    uint64_t scanned; /* framing: where to go on looking */
    struct trace_stream_mark *marks;
    size_t num_marks;
    size_t cap_marks;
    uint64_t skipped; /* octets of a SIP stream that are no SIP */
    uint64_t skipped_frame;
};

struct tcp_table {
    struct tcp_stream **buckets;
    size_t num_buckets; /* a power of two */
    size_t num;
    struct tcp_stream *newest;
    struct tcp_stream *oldest;
    int32_t next_id;
};

/* ---- ports named in SDP (rtp.c)
 * ------------------------------------------------ */

struct rtp_ports {
    struct cap_addr *slots; /* open addressing; version 0 = free */
    size_t num;
    size_t cap;
};

/* ---- the reader
 * ------------------------------------------------------------------ */

struct reader {
    struct trace_config cfg; /* with the defaults filled in */
    const struct trace_sink *sink;
    struct trace_info *info;
    struct frag_table frags;
    struct tcp_table tcp;
    struct rtp_ports rtp;
    char
        media_text[CAP_ADDR_TEXT]; /* address of c= read last, and its octets */
    struct cap_addr media_addr;
    struct wr text; /* decoded base64 */
    size_t held;    /* octets in streams and fragments */
    uint64_t frame;
    uint64_t now_us;
    int stopped;     /* the sink wants no more */
    enum status err; /* STATUS_NO_MEMORY */
};

/* reader_fail notes the first failure; reader_on tells whether to go on. */
void reader_fail(struct reader *r, enum status err);
int reader_on(const struct reader *r);
/* reader_loss reports a loss at the current frame unless l says another. */
void reader_loss(struct reader *r, struct trace_loss l);
void reader_sip(struct reader *r, struct trace_sip *m);
void reader_mikey(struct reader *r, struct trace_mikey *m);

/* trace_open opens a capture file, or says in info->error why not. */
FILE *trace_open(const char *path, struct trace_info *info);

/* frag_add takes a fragment. When it completes a packet *out gets the whole
 * payload, valid until the next call, and 1 is returned. */
int frag_add(struct reader *r, struct dissect_ip *ip, struct view *out);
void frag_end(struct reader *r); /* reports what is incomplete, frees */

/* tcp_packet takes one segment, tcp_end delivers what is left and frees. */
enum status tcp_init(struct reader *r);
void tcp_packet(struct reader *r, const struct dissect_tcp *t,
                const struct trace_packet *p);
void tcp_end(struct reader *r);
/* tcp_span: the frames that brought len octets from stream offset off on. */
struct tcp_span {
    uint64_t frame;      /* of the first octet */
    uint64_t last_frame; /* the highest */
    uint64_t time_us;    /* of last_frame */
};
void tcp_span(const struct tcp_stream *s, uint64_t off, size_t len,
              struct tcp_span *out);

/* framing_run cuts messages out of s->data from start on; last: nothing will
 * follow directly (end or gap). */
void framing_run(struct reader *r, struct tcp_stream *s, int last);
/* framing_decide sets s->kind as soon as the octets tell it. */
void framing_decide(struct reader *r, struct tcp_stream *s);

/* What octets look like. sip_looks: 1 yes, 0 no, -1 too short to tell. */
int looks_sip(struct view v);
int looks_mikey(struct view v);
int looks_rtp(struct view v);
int looks_rtcp(struct view v);
int port_listed(const uint16_t ports[8], uint16_t port);

/* carrier_sip finds the MIKEY messages and RTP ports in a SIP message. */
void carrier_sip(struct reader *r, const struct trace_sip *m);
/* carrier_bare hands on a MIKEY message outside SIP. */
void carrier_bare(struct reader *r, struct trace_mikey *m);

void rtp_ports_add(struct reader *r, const struct cap_addr *a);
int rtp_ports_has(const struct reader *r, const struct cap_addr *a);
void rtp_ports_free(struct rtp_ports *p);

#endif
