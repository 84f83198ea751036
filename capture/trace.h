/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A capture file as the messages it holds: packets, TCP streams, SIP, MIKEY,
 * RTP, and what is missing. An independent witness: only octets of the file
 * count. */
#ifndef CAPTURE_TRACE_H
#define CAPTURE_TRACE_H

#include "capture/addr.h"
#include "harness/base/buf.h"
#include "harness/mikey/mikey.h"

#include <stdio.h>

struct sdp;
struct sip_msg;

/* Frame numbers count the records of the file from 1, as tshark does. Times are
 * microseconds since 1970. Events come in wire order: a message is placed where
 * its last octet was seen. */

/* Why a trace could not be had, or where it ends. text is one sentence with the
 * remedy. */
struct trace_error {
    enum status status;
    uint64_t frame; /* last frame read, 0 = none */
    char text[256];
};

enum trace_proto { TRACE_UDP, TRACE_TCP, TRACE_OTHER_IP };

enum trace_kind {             /* what the payload was taken for */
                  TRACE_NONE, /* no payload (TCP ACK and the like) */
                  TRACE_SIP,
                  TRACE_MIKEY, /* KMS exchange or bare MIKEY */
                  TRACE_RTP,
                  TRACE_RTCP,
                  TRACE_TLS,
                  TRACE_STREAM, /* TCP octets; see the stream */
                  TRACE_OTHER
};

struct trace_packet {
    uint64_t frame;
    uint64_t time_us;
    struct cap_addr src;
    struct cap_addr dst;
    enum trace_proto proto;
    uint8_t ip_proto; /* 17, 6, 1, … */
    enum trace_kind kind;
    struct view payload; /* of UDP or TCP; of IP for others */
    uint8_t tcp_flags;   /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16 */
    uint8_t cut;         /* captured shorter than it was: octets are missing */
    uint8_t reassembled; /* from IP fragments; frame is that of the last one */
};

/* A SIP message. octets is exactly the message: one datagram, or what sip_frame
 * cut out of a TCP stream. For UDP the whole datagram belongs to it. */
struct trace_sip {
    uint64_t frame;      /* holds its first octet */
    uint64_t last_frame; /* holds its last octet */
    uint64_t time_us;    /* of last_frame */
    struct cap_addr src;
    struct cap_addr dst;
    enum trace_proto transport;
    struct view octets;
    int32_t stream;      /* index of the TCP stream, -1 for UDP */
    uint64_t stream_off; /* offset of octets in the stream */
    uint8_t cut; /* packet was cut, or the stream ended inside the message */
};

struct trace_rtp {
    uint64_t frame;
    uint64_t time_us;
    struct cap_addr src;
    struct cap_addr dst;
    struct view octets; /* RTP or SRTP, header first */
    uint8_t rtcp;       /* RTCP or SRTCP (second octet 192..223) */
    uint8_t
        negotiated; /* dst (or src) was named in an SDP; else guessed by form */
    uint8_t cut;
};

enum trace_carrier {
    TRACE_CARRIER_SDP_SESSION, /* a=key-mgmt at session level */
    TRACE_CARRIER_SDP_MEDIA, /* a=key-mgmt at media level: media is its index */
    TRACE_CARRIER_BODY,      /* application/mikey */
    TRACE_CARRIER_TCP,       /* 16-bit length prefix */
    TRACE_CARRIER_UDP        /* a datagram */
};

/* A MIKEY message, or what stands where one should (octets empty when the
 * base64 does not decode: see text_status). */
struct trace_mikey {
    uint64_t frame;
    uint64_t last_frame;
    uint64_t time_us;
    struct cap_addr src;
    struct cap_addr dst;
    enum trace_carrier carrier;
    int64_t sip;    /* index of the trace_sip, -1 outside SIP */
    uint32_t part;  /* body part: 0 = only or first, as sip_body_part counts */
    uint32_t media; /* m= line, from 0 */
    uint32_t nth;   /* which key-mgmt attribute of that level, from 0 */
    struct view
        text; /* base64 as it stands in the SIP octets; empty if binary */
    uint32_t text_off; /* its offset (or that of the binary octets) in the SIP
                        * octets; 0 outside SIP */
    enum status
        text_status; /* STATUS_SYNTAX: not base64; text_bad = offset in text */
    uint32_t text_bad;
    struct view octets;          /* the MIKEY message */
    const struct mikey_msg *msg; /* decoded; payloads before the fault if err
                                  * says so; NULL if octets is empty */
    struct mikey_error err;      /* status STATUS_OK if it decoded */
    uint8_t spaced; /* "a=key-mgmt: mikey", the 0*1SP of RFC 4567, 3.1 */
    /* Streaming form only: the SIP message as sip_parse read it, the SDP as
     * sdp_read did (the sink may call sdp_check). NULL where there is none, and
     * in the array form. */
    const struct sip_msg *sip_msg;
    struct sdp *sdp;
};

enum trace_loss_kind {
    TRACE_LOSS_TCP_GAP,    /* segments missing; the stream goes on after them */
    TRACE_LOSS_TCP_MIDWAY, /* no SYN seen: the stream began before the capture
                            */
    TRACE_LOSS_TCP_OVERLAP, /* the same octets were sent twice and differ */
    TRACE_LOSS_TCP_TAIL, /* the stream ended, or was given up, inside a message
                          */
    TRACE_LOSS_CUT,      /* packet captured shorter than it was */
    TRACE_LOSS_FRAGMENT, /* IP fragments missing */
    TRACE_LOSS_FRAME,  /* not a link, IP, UDP or TCP header that can be read */
    TRACE_LOSS_SIP,    /* octets in a SIP stream that are no SIP message */
    TRACE_LOSS_MEMORY, /* a bound of trace_config was reached */
    TRACE_LOSS_FILE    /* the file ends or breaks inside a record */
};

struct trace_loss {
    enum trace_loss_kind kind;
    uint64_t frame;      /* where it was noticed */
    uint64_t last_frame; /* where it was given up; equal for single packets */
    struct cap_addr src;
    struct cap_addr dst;
    uint64_t octets;  /* how many are missing, 0 = unknown */
    const char *text; /* static, as "TCP segments missing" */
};

const char *trace_loss_name(enum trace_loss_kind kind); /* as "tcp-gap" */
const char *trace_kind_name(enum trace_kind kind);      /* as "sip" */
const char *trace_carrier_name(enum trace_carrier c);   /* as "sdp-session" */

/* One direction of a TCP connection (array form only): every octet that came
 * through in order, whatever it carries, for searches across segments. */
struct trace_stream {
    struct cap_addr src;
    struct cap_addr dst;
    enum trace_kind kind; /* SIP, MIKEY, TLS, STREAM */
    uint64_t frame;
    uint64_t last_frame;
    struct view octets; /* gaps are left out; see the losses */
    const struct trace_stream_mark *marks;
    size_t num_marks;
};
struct trace_stream_mark { /* octets from off on came with frame */
    uint64_t off;
    uint64_t frame;
    uint64_t time_us;
};
/* trace_stream_frame gives the frame that brought the octet at off. */
uint64_t trace_stream_frame(const struct trace_stream *s, uint64_t off);

/* All fields 0 mean the default. Up to eight ports each; SIP and MIKEY on other
 * ports are known by their content.
 * kms_ports: MIKEY, bare in UDP, with a 16-bit length prefix in TCP.
 * sip_ports: what goes there is SIP whatever it looks like.
 * rtp_ports: RTP ports known beforehand (even ones; +1 = RTCP). */
struct trace_config {
    uint16_t kms_ports[8];
    uint16_t sip_ports[8];
    uint16_t rtp_ports[8];
    size_t max_stream;  /* octets held for one direction: 4 MiB */
    size_t max_held;    /* octets held for all streams and fragments: 32 MiB */
    size_t max_streams; /* directions followed at a time: 16384 */
    size_t max_octets;  /* array form: octets kept in all: 256 MiB */
};

struct trace_info { /* what is known when the file has been read */
    uint64_t packets;
    uint64_t octets;   /* captured octets of all packets */
    uint64_t cut;      /* packets cut by the snap length */
    uint64_t losses;   /* loss events */
    uint64_t first_us; /* time of the first frame */
    uint64_t last_us;
    uint64_t num_sip;
    uint64_t num_mikey;
    uint64_t num_rtp;
    int link_type; /* DLT_ value */
    uint8_t nanoseconds;
    uint8_t incomplete; /* the file ends or breaks inside a record: error says
                           where */
    struct trace_error error;
};

/* Octets of one direction of a TCP connection, in order as they become known.
 */
struct trace_chunk {
    int32_t stream; /* running number of the direction, from 0 */
    enum trace_kind kind;
    uint64_t off; /* octets of the stream before these (gaps not counted) */
    uint64_t frame;
    uint64_t time_us;
    struct cap_addr src;
    struct cap_addr dst;
    struct view octets;
};

/* Streaming form. Each function may be NULL. Everything pointed to lives during
 * the call only. A function that returns nonzero stops the reading (STATUS_OK).
 * For a SIP message sip comes before the mikey calls of what it carries; sip of
 * those is the running number of the message, whose octets live until the last
 * of them. */
struct trace_sink {
    void *ctx;
    int (*packet)(void *ctx, const struct trace_packet *p);
    int (*sip)(void *ctx, const struct trace_sip *m);
    int (*mikey)(void *ctx, const struct trace_mikey *m);
    int (*rtp)(void *ctx, const struct trace_rtp *m);
    int (*loss)(void *ctx, const struct trace_loss *l);
    int (*octets)(void *ctx, const struct trace_chunk *c);
};

/* trace_each reads a pcap or pcapng file ("-" = standard input) and calls the
 * sink. STATUS_OK, also when the file broke off in the middle
 * (info->incomplete); STATUS_IO or STATUS_NOT_FOUND (cannot be opened),
 * STATUS_SYNTAX (not a capture file), STATUS_UNSUPPORTED (link type),
 * STATUS_NO_MEMORY: info->error says why and what to do. config may be NULL.
 * trace_each_file does the same with an open stream, which it closes; name is
 * for texts. */
enum status trace_each(const char *path, const struct trace_config *config,
                       const struct trace_sink *sink, struct trace_info *info);
enum status trace_each_file(FILE *f, const char *name,
                            const struct trace_config *config,
                            const struct trace_sink *sink,
                            struct trace_info *info);

/* Array form, for bundles and other captures of moderate size. All views point
 * into memory of the trace. */
struct trace {
    struct trace_info info;
    const struct trace_packet *packets;
    size_t num_packets;
    const struct trace_sip *sip;
    size_t num_sip;
    const struct trace_mikey *mikey;
    size_t num_mikey;
    const struct trace_rtp *rtp;
    size_t num_rtp;
    const struct trace_loss *losses;
    size_t num_losses;
    const struct trace_stream *streams;
    size_t num_streams;
    struct trace_store *store; /* private */
};

/* trace_load returns a new trace (trace_free), also for a file that broke off
 * (info.incomplete), or NULL with *err set (err may be NULL); STATUS_NO_SPACE
 * if it needs more than max_octets. */
struct trace *trace_load(const char *path, const struct trace_config *config,
                         struct trace_error *err);
struct trace *trace_load_file(FILE *f, const char *name,
                              const struct trace_config *config,
                              struct trace_error *err);
void trace_free(struct trace *t);

#endif
