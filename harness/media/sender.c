/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The RTP port, and the sender that paces packets with timers. */
#include "harness/media/media.h"

#include "harness/base/mem.h"

#include <string.h>

#define PTIME 20
#define SAMPLES_PER_MS 8
#define PCMU_SILENCE 0xff

/* ---- port ---- */

struct media_port {
    struct net_udp *rtp;
    struct net_udp *rtcp;
    media_packet_fn *cb;
    void *ctx;
};

static void on_packet(void *ctx, struct net_udp *udp,
                      const struct net_addr *from, const uint8_t *data,
                      size_t len)
{
    struct media_port *p = ctx;
    if (udp == p->rtp && p->cb != NULL) {
        p->cb(p->ctx, p, from, data, len);
    }
}

enum status media_port_open(struct media_port **out, struct net_loop *loop,
                            const struct net_addr *local, media_packet_fn *cb,
                            void *ctx)
{
    *out = NULL;
    struct media_port *p = mem_alloc(sizeof(*p));
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    p->cb = cb;
    p->ctx = ctx;
    enum status s =
        net_udp_open_pair(&p->rtp, &p->rtcp, loop, local, on_packet, p);
    if (s != STATUS_OK) {
        mem_free(p);
        return s;
    }
    *out = p;
    return STATUS_OK;
}

void media_port_close(struct media_port *port)
{
    if (port != NULL) {
        net_udp_close(port->rtp);
        net_udp_close(port->rtcp);
        mem_free(port);
    }
}

struct net_addr media_port_addr(const struct media_port *port)
{
    return net_udp_local(port->rtp);
}

enum status media_port_send(struct media_port *port, const struct net_addr *to,
                            const uint8_t *data, size_t len)
{
    return net_udp_send(port->rtp, to, data, len);
}

/* ---- sender ---- */

struct media_sender {
    struct net_loop *loop;
    struct net_timer *timer;
    struct media_send how;
    struct media_voice voice; /* samples not used: codes */
    int is_voice;
    uint8_t *octets;   /* mu-law codes, or all packets one after the other */
    size_t *ends;      /* where packet i ends in octets */
    size_t num;        /* packets */
    size_t index;      /* the next one */
    size_t per_packet; /* samples */
    uint64_t next_ms;  /* when the next burst is due */
};

size_t voice_packets(size_t num, unsigned ptime_ms)
{
    size_t per = (size_t)(ptime_ms == 0 ? PTIME : ptime_ms) * SAMPLES_PER_MS;
    return (num + per - 1) / per;
}

static void sender_free(struct media_sender *s)
{
    net_timer_cancel(&s->timer);
    mem_free(s->octets);
    mem_free(s->ends);
    mem_free(s);
}

/* Writes voice packet i; 0 leaves it out. */
static size_t voice_packet(struct media_sender *s, size_t i,
                           uint8_t out[RTP_MAX_PACKET])
{
    const struct media_voice *v = &s->voice;
    size_t per = s->per_packet;
    size_t cap = RTP_MAX_PACKET;
    struct wr w;
    struct rtp p = {
        .version = 2,
        .pt = v->pt,
        .seq = (uint16_t)(v->first_seq + i),
        .timestamp = v->first_timestamp + (uint32_t)(i * per),
        .ssrc = v->ssrc,
        .payload = {s->octets + i * per, per},
    };
    wr_init_fixed(&w, out, cap);
    rtp_write(&w, &p);
    size_t len = w.err == STATUS_OK ? w.len : 0;
    if (v->alter_plain != NULL &&
        !v->alter_plain(v->alter_ctx, i, out, &len, cap)) {
        return 0;
    }
    if (v->srtp != NULL &&
        media_srtp_protect(v->srtp, out, cap, &len, out, len) != STATUS_OK) {
        return 0;
    }
    return len;
}

static size_t stored_packet(struct media_sender *s, size_t i,
                            uint8_t out[RTP_MAX_PACKET])
{
    size_t begin = i == 0 ? 0 : s->ends[i - 1];
    size_t len = s->ends[i] - begin;
    memcpy(out, s->octets + begin, len);
    return len;
}

static void send_one(struct media_sender *s)
{
    uint8_t data[RTP_MAX_PACKET];
    size_t i = s->index++;
    size_t len =
        s->is_voice ? voice_packet(s, i, data) : stored_packet(s, i, data);
    unsigned copies = len > 0;
    if (len > 0 && s->how.alter != NULL) {
        copies = s->how.alter(s->how.ctx, i, data, &len, sizeof(data));
    }
    for (unsigned c = 0; c < copies; c++) {
        /* A datagram that cannot be sent is a datagram lost. */
        (void)media_port_send(s->how.port, &s->how.to, data, len);
    }
}

static void on_due(void *ctx)
{
    struct media_sender *s = ctx;
    s->timer = NULL;
    for (unsigned b = 0; b < s->how.burst && s->index < s->num; b++) {
        send_one(s);
    }
    if (s->index < s->num) {
        s->next_ms += s->how.interval_ms;
        uint64_t now = net_loop_now_ms(s->loop);
        uint64_t wait = s->next_ms > now ? s->next_ms - now : 0;
        s->timer = net_timer_start(s->loop, wait, on_due, s);
        if (s->timer != NULL) {
            return;
        }
    }
    void (*done)(void *) = s->how.done;
    void *done_ctx = s->how.ctx;
    sender_free(s);
    if (done != NULL) {
        done(done_ctx);
    }
}

static struct media_sender *sender_new(struct net_loop *loop,
                                       const struct media_send *how, size_t num)
{
    struct media_sender *s = mem_alloc(sizeof(*s));
    if (s == NULL) {
        return NULL;
    }
    s->loop = loop;
    s->how = *how;
    s->num = num;
    if (s->how.ptime_ms == 0) {
        s->how.ptime_ms = PTIME;
    }
    if (s->how.interval_ms == 0) {
        s->how.interval_ms = s->how.ptime_ms;
    }
    if (s->how.burst == 0) {
        s->how.burst = 1;
    }
    s->next_ms = net_loop_now_ms(loop);
    s->timer = net_timer_start(loop, 0, on_due, s);
    return s;
}

static enum status finish_new(struct media_sender **out, struct media_sender *s)
{
    if (s->octets == NULL || s->timer == NULL) {
        sender_free(s);
        return STATUS_NO_MEMORY;
    }
    *out = s;
    return STATUS_OK;
}

enum status media_send_voice(struct media_sender **out, struct net_loop *loop,
                             const struct media_send *how,
                             const struct media_voice *voice)
{
    *out = NULL;
    unsigned ptime = how->ptime_ms == 0 ? PTIME : how->ptime_ms;
    if (ptime > 200) {
        return STATUS_BAD_VALUE; /* must fit RTP_MAX_PACKET */
    }
    size_t num = voice_packets(voice->num, ptime);
    struct media_sender *s = sender_new(loop, how, num);
    if (s == NULL) {
        return STATUS_NO_MEMORY;
    }
    s->is_voice = 1;
    s->voice = *voice;
    s->voice.samples = NULL;
    s->per_packet = (size_t)ptime * SAMPLES_PER_MS;
    s->octets = mem_alloc(num * s->per_packet);
    if (s->octets != NULL) {
        memset(s->octets, PCMU_SILENCE, num * s->per_packet);
        for (size_t i = 0; i < voice->num; i++) {
            s->octets[i] = ulaw_encode(voice->samples[i]);
        }
    }
    return finish_new(out, s);
}

enum status media_send_packets(struct media_sender **out, struct net_loop *loop,
                               const struct media_send *how,
                               const struct view *packets, size_t num)
{
    *out = NULL;
    size_t total = 0;
    for (size_t i = 0; i < num; i++) {
        if (packets[i].len > RTP_MAX_PACKET) {
            return STATUS_BAD_LENGTH;
        }
        total += packets[i].len;
    }
    struct media_sender *s = sender_new(loop, how, num);
    if (s == NULL) {
        return STATUS_NO_MEMORY;
    }
    s->octets = mem_alloc(total);
    s->ends = mem_alloc(num * sizeof(s->ends[0]));
    if (s->ends == NULL || s->octets == NULL) {
        sender_free(s);
        return STATUS_NO_MEMORY;
    }
    total = 0;
    for (size_t i = 0; i < num; i++) {
        if (packets[i].len > 0) {
            memcpy(s->octets + total, packets[i].data, packets[i].len);
        }
        total += packets[i].len;
        s->ends[i] = total;
    }
    return finish_new(out, s);
}

void media_sender_stop(struct media_sender *s)
{
    if (s != NULL) {
        sender_free(s);
    }
}
