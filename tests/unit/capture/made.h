/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Capture files made octet by octet for the tests, without libpcap. */
#ifndef TESTS_UNIT_CAPTURE_MADE_H
#define TESTS_UNIT_CAPTURE_MADE_H

#include "capture/trace.h"

#define MADE_FIN 1
#define MADE_SYN 2
#define MADE_RST 4
#define MADE_ACK 16

struct made {
    struct wr w;
    uint64_t us; /* of the next frame; each takes 1 ms */
    int link;
    int cut_to; /* if not 0: snap length of the frames that follow */
    uint16_t ip_id;
};

void made_init(struct made *m, int link);
void made_frame(struct made *m, const void *data,
                size_t len); /* a link frame */
void made_ip(struct made *m, const char *src, const char *dst, uint8_t proto,
             const void *data, size_t len); /* IP payload */
void made_udp(struct made *m, const char *src, const char *dst,
              const void *data, size_t len);
void made_tcp(struct made *m, const char *src, const char *dst, uint32_t seq,
              uint32_t ack, uint8_t flags, const void *data, size_t len);
/* A fragment of an IPv4 packet with protocol 17. */
void made_fragment(struct made *m, const char *src, const char *dst,
                   uint16_t id, size_t off, int more, const void *data,
                   size_t len);

/* made_load reads what was made, made_each streams it; both leave m as it is.
 */
struct trace *made_load(const struct made *m, const struct trace_config *config,
                        struct trace_error *err);
enum status made_each(const struct made *m, const struct trace_config *config,
                      const struct trace_sink *sink, struct trace_info *info);
void made_done(struct made *m);

size_t made_losses(const struct trace *t, enum trace_loss_kind kind);
int made_is(struct view v, const char *text);

/* A whole file into memory (mem_free), or NULL. */
uint8_t *made_read_file(const char *path, size_t *out_len);

#endif
