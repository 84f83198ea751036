/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Capture files: reading ends, both forms tell the same number of things, and
 * what they point to can be read. */
#include "capture/trace.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct counts {
    size_t packets, sip, mikey, rtp, losses;
    unsigned sum; /* makes reading the octets worth it */
};

static void touch(struct counts *c, struct view v)
{
    for (size_t i = 0; i < v.len; i++) {
        c->sum += v.data[i];
    }
}

static int on_packet(void *ctx, const struct trace_packet *p)
{
    struct counts *c = ctx;
    c->packets++;
    touch(c, p->payload);
    return trace_kind_name(p->kind) == NULL;
}

static int on_sip(void *ctx, const struct trace_sip *m)
{
    struct counts *c = ctx;
    c->sip++;
    touch(c, m->octets);
    return m->last_frame < m->frame;
}

static int on_mikey(void *ctx, const struct trace_mikey *m)
{
    struct counts *c = ctx;
    c->mikey++;
    touch(c, m->octets);
    touch(c, m->text);
    if (m->sip >= 0 && (size_t)m->sip != c->sip - 1) {
        abort();
    }
    return trace_carrier_name(m->carrier) == NULL;
}

static int on_rtp(void *ctx, const struct trace_rtp *m)
{
    struct counts *c = ctx;
    c->rtp++;
    touch(c, m->octets);
    return 0;
}

static int on_loss(void *ctx, const struct trace_loss *l)
{
    ((struct counts *)ctx)->losses++;
    return l->text == NULL || trace_loss_name(l->kind) == NULL;
}

static int on_octets(void *ctx, const struct trace_chunk *c)
{
    touch(ctx, c->octets);
    return 0;
}

static FILE *open_data(const uint8_t *data, size_t size)
{
    return size != 0 ? fmemopen((void *)data, size, "rb")
                     : fopen("/dev/null", "rb");
}

static void check_array(const struct trace *t, struct counts *c)
{
    if (t->num_packets != c->packets || t->num_sip != c->sip ||
        t->num_mikey != c->mikey || t->num_rtp != c->rtp ||
        t->num_losses != c->losses) {
        abort();
    }
    for (size_t i = 0; i < t->num_packets; i++) {
        touch(c, t->packets[i].payload);
    }
    for (size_t i = 0; i < t->num_sip; i++) {
        touch(c, t->sip[i].octets);
    }
    for (size_t i = 0; i < t->num_mikey; i++) {
        const struct trace_mikey *m = &t->mikey[i];
        touch(c, m->octets);
        touch(c, m->text);
        if (m->sip >= (int64_t)t->num_sip) {
            abort();
        }
        if (m->msg != NULL) {
            touch(c, m->msg->raw);
        }
    }
    for (size_t i = 0; i < t->num_streams; i++) {
        const struct trace_stream *s = &t->streams[i];
        touch(c, s->octets);
        if (s->octets.len > 0 && trace_stream_frame(s, 0) == 0) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counts c = {0};
    struct trace_sink sink = {.ctx = &c,
                              .packet = on_packet,
                              .sip = on_sip,
                              .mikey = on_mikey,
                              .rtp = on_rtp,
                              .loss = on_loss,
                              .octets = on_octets};
    /* Small bounds, so that they are reached. */
    struct trace_config config = {.kms_ports = {7000},
                                  .sip_ports = {5060},
                                  .rtp_ports = {4000},
                                  .max_stream = 2048,
                                  .max_held = 8192,
                                  .max_streams = 4};
    struct trace_info info;
    struct trace_error err;
    FILE *f = open_data(data, size);
    if (f == NULL) {
        return 0;
    }
    enum status s = trace_each_file(f, "fuzz", &config, &sink, &info);
    f = open_data(data, size);
    if (f == NULL) {
        return 0;
    }
    struct trace *t = trace_load_file(f, "fuzz", &config, &err);
    if ((t != NULL) != (s == STATUS_OK) ||
        (t == NULL && err.status == STATUS_OK)) {
        abort();
    }
    if (t != NULL) {
        check_array(t, &c);
    }
    trace_free(t);
    return 0;
}
