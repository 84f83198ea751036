/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Capture files: pcap in all byte orders, pcapng, broken ones; both forms of
 * reading agree. */
#include "tests/unit/capture/capture_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char options[] = "OPTIONS sip:a SIP/2.0\r\n\r\n";

static void sample(struct made *m)
{
    struct wr w;
    wr_init(&w);
    put_invite(&w, "one",
               "v=0\r\no=a 1 1 IN IP4 192.0.2.11\r\ns=-\r\n"
               "c=IN IP4 192.0.2.11\r\nt=0 0\r\na=key-mgmt:mikey AQID\r\n"
               "m=audio 4000 RTP/SAVP 97\r\n");
    made_init(m, 1);
    made_tcp(m, HOST_A, HOST_B, 0, 0, MADE_SYN, "", 0);
    made_tcp(m, HOST_A, HOST_B, 1, 0, MADE_ACK, w.data, 100);
    made_udp(m, HOST_A, HOST_B, options, sizeof options - 1);
    made_tcp(m, HOST_A, HOST_B, 101, 0, MADE_ACK, w.data + 100, w.len - 100);
    made_udp(m, HOST_B, "192.0.2.11:4000", "\x80\x61\0\1\0\0\0\0\1\2\3\4media",
             17);
    wr_cleanup(&w);
}

static void swap32(uint8_t *p)
{
    uint8_t a = p[0];
    uint8_t b = p[1];
    p[0] = p[3];
    p[1] = p[2];
    p[2] = b;
    p[3] = a;
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* The same file as a big-endian host would write it. */
static void swap_file(struct wr *w)
{
    size_t at = 24;
    while (at < w->len) {
        uint32_t n = le32(w->data + at + 8);
        for (size_t i = 0; i < 4; i++) {
            swap32(w->data + at + 4 * i);
        }
        at += 16 + n;
    }
    for (size_t i = 0; i < 6; i++) {
        swap32(w->data + 4 * i);
    }
    uint8_t major[2] = {w->data[6], w->data[7]}; /* two 16-bit fields */
    memmove(w->data + 6, w->data + 4, 2);
    memcpy(w->data + 4, major, 2);
}

static void check_sample(const struct trace *t)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT(t->info.packets == 5 && t->num_packets == 5);
    CU_ASSERT_FATAL(t->num_sip == 2 && t->num_mikey == 1 && t->num_rtp == 1);
    CU_ASSERT(t->num_losses == 0 && !t->info.incomplete);
    /* placed where the last octet was seen */
    CU_ASSERT(t->sip[0].transport == TRACE_UDP && t->sip[0].frame == 3);
    CU_ASSERT(t->sip[1].transport == TRACE_TCP && t->sip[1].frame == 2 &&
              t->sip[1].last_frame == 4);
    CU_ASSERT(t->mikey[0].sip == 1 && t->mikey[0].last_frame == 4);
    CU_ASSERT(made_is(t->mikey[0].text, "AQID"));
    CU_ASSERT(t->rtp[0].negotiated && t->rtp[0].octets.len == 17);
    CU_ASSERT(t->info.first_us == 1767614400000000u &&
              t->info.last_us == 1767614400004000u);
}

static void both_byte_orders_and_resolutions_are_read(void)
{
    struct made m;
    sample(&m);
    struct trace *t = made_load(&m, NULL, NULL);
    check_sample(t);
    trace_free(t);
    swap_file(&m.w);
    t = made_load(&m, NULL, NULL);
    check_sample(t);
    trace_free(t);
    made_done(&m);
    /* nanoseconds: the magic number, and fractions times 1000 */
    sample(&m);
    m.w.data[0] = 0x4d;
    m.w.data[1] = 0x3c;
    for (size_t at = 24; at < m.w.len; at += 16 + le32(m.w.data + at + 8)) {
        uint32_t ns = le32(m.w.data + at + 4) * 1000 + 999;
        for (unsigned i = 0; i < 4; i++) {
            m.w.data[at + 4 + i] = (uint8_t)(ns >> 8 * i);
        }
    }
    t = made_load(&m, NULL, NULL);
    check_sample(t);
    trace_free(t);
    made_done(&m);
}

static void put32(struct wr *w, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++) {
        wr_u8(w, (uint8_t)(v >> 8 * i));
    }
}

/* The same records in pcapng blocks (section header, interface description,
 * enhanced packets). */
static void to_pcapng(struct made *m)
{
    struct wr w;
    wr_init(&w);
    put32(&w, 0x0a0d0d0a);
    put32(&w, 28);
    put32(&w, 0x1a2b3c4d);
    put32(&w, 1);
    put32(&w, 0xffffffff);
    put32(&w, 0xffffffff);
    put32(&w, 28);
    put32(&w, 1);
    put32(&w, 20);
    put32(&w, (uint32_t)m->link);
    put32(&w, 262144);
    put32(&w, 20);
    for (size_t at = 24; at < m->w.len;) {
        const uint8_t *p = m->w.data + at;
        uint32_t len = le32(p + 8);
        uint32_t padded = (len + 3) & ~3u;
        uint64_t us = (uint64_t)le32(p) * 1000000 + le32(p + 4);
        put32(&w, 6);
        put32(&w, 32 + padded);
        put32(&w, 0);
        put32(&w, (uint32_t)(us >> 32));
        put32(&w, (uint32_t)us);
        put32(&w, len);
        put32(&w, le32(p + 12));
        wr_bytes(&w, p + 16, len);
        wr_fill(&w, 0, padded - len);
        put32(&w, 32 + padded);
        at += 16 + len;
    }
    wr_cleanup(&m->w);
    m->w = w;
}

static void pcapng_is_read(void)
{
    struct made m;
    sample(&m);
    to_pcapng(&m);
    struct trace *t = made_load(&m, NULL, NULL);
    check_sample(t);
    trace_free(t);
    made_done(&m);
}

/* Every shorter length: what stands before the break is told, and that it
 * breaks off; or it is no capture. */
static void broken_files_are_read_as_far_as_they_go(void)
{
    for (int ng = 0; ng < 2; ng++) {
        struct made m;
        sample(&m);
        if (ng) {
            to_pcapng(&m);
        }
        size_t whole = m.w.len;
        size_t last = 0;
        for (size_t n = 0; n < whole; n++) {
            struct trace_error err = {0};
            m.w.len = n;
            struct trace *t = made_load(&m, NULL, &err);
            if (t == NULL) {
                CU_ASSERT(err.status == STATUS_SYNTAX && err.text[0] != '\0');
                CU_ASSERT(n < (ng ? 48 : 24));
                continue;
            }
            CU_ASSERT(t->info.packets >= last && t->info.packets < 5);
            last = t->info.packets;
            if (t->info.incomplete) {
                CU_ASSERT(made_losses(t, TRACE_LOSS_FILE) == 1);
                CU_ASSERT(t->info.error.status == STATUS_TRUNCATED &&
                          t->info.error.frame == last &&
                          t->info.error.text[0] != '\0');
            } else {
                CU_ASSERT(made_losses(t, TRACE_LOSS_FILE) == 0);
            }
            trace_free(t);
        }
        CU_ASSERT(last == 4);
        made_done(&m);
    }
}

static void damaged_files_do_no_harm(void)
{
    for (int ng = 0; ng < 2; ng++) {
        struct made m;
        sample(&m);
        if (ng) {
            to_pcapng(&m);
        }
        for (size_t i = 0; i < m.w.len; i++) {
            static const uint8_t flips[] = {0x01, 0x80, 0xff};
            for (int k = 0; k < 3; k++) {
                struct trace_error err = {0};
                m.w.data[i] ^= flips[k];
                struct trace *t = made_load(&m, NULL, &err);
                CU_ASSERT(t != NULL || err.status != STATUS_OK);
                trace_free(t);
                m.w.data[i] ^= flips[k];
            }
        }
        made_done(&m);
    }
}

static void what_cannot_be_read_is_explained(void)
{
    struct made m;
    struct trace_error err = {0};
    struct trace_info info;
    struct trace_sink none = {0};
    made_init(&m, 105); /* IEEE 802.11 */
    CU_ASSERT(made_load(&m, NULL, &err) == NULL);
    CU_ASSERT(err.status == STATUS_UNSUPPORTED);
    CU_ASSERT(strstr(err.text, "link type 105") != NULL);
    made_done(&m);
    CU_ASSERT(trace_each("/nonexistent/x.pcap", NULL, &none, &info) ==
              STATUS_NOT_FOUND);
    CU_ASSERT(strstr(info.error.text, "/nonexistent/x.pcap") != NULL);
    CU_ASSERT(trace_load("/nonexistent/x.pcap", NULL, &err) == NULL);
    CU_ASSERT(err.status == STATUS_NOT_FOUND);
    CU_ASSERT(trace_load("/nonexistent/x.pcap", NULL, NULL) == NULL);
    CU_ASSERT(trace_load("/", NULL, &err) == NULL);
    CU_ASSERT(err.status == STATUS_SYNTAX || err.status == STATUS_IO);
}

static void the_array_form_has_a_bound(void)
{
    struct made m;
    struct trace_error err = {0};
    struct trace_config c = {.max_octets = 1 << 20};
    static const uint8_t much[60000];
    made_init(&m, 1);
    for (int i = 0; i < 40; i++) {
        made_udp(&m, HOST_A, HOST_B, much, sizeof much);
    }
    CU_ASSERT(made_load(&m, &c, &err) == NULL);
    CU_ASSERT(err.status == STATUS_NO_SPACE && err.frame > 5 && err.frame < 40);
    c.max_octets = 0;
    struct trace *t = made_load(&m, &c, &err);
    CU_ASSERT(t != NULL && t->num_packets == 40);
    trace_free(t);
    made_done(&m);
}

/* ---- both forms agree ---- */

struct counts {
    size_t packets, sip, mikey, rtp, losses, octets;
    uint64_t last_sip;
    int order_broken;
};

static int on_packet(void *ctx, const struct trace_packet *p)
{
    (void)p;
    ((struct counts *)ctx)->packets++;
    return 0;
}
static int on_sip(void *ctx, const struct trace_sip *m)
{
    struct counts *c = ctx;
    c->sip++;
    c->last_sip = m->last_frame;
    return 0;
}
static int on_mikey(void *ctx, const struct trace_mikey *m)
{
    struct counts *c = ctx;
    c->mikey++;
    c->order_broken |= m->sip != (int64_t)c->sip - 1 ||
                       m->last_frame != c->last_sip || m->msg == NULL;
    return 0;
}
static int on_rtp(void *ctx, const struct trace_rtp *m)
{
    (void)m;
    ((struct counts *)ctx)->rtp++;
    return 0;
}
static int on_loss(void *ctx, const struct trace_loss *l)
{
    ((struct counts *)ctx)->losses++;
    return l->text == NULL;
}
static int on_octets(void *ctx, const struct trace_chunk *c)
{
    struct counts *n = ctx;
    n->order_broken |= c->off != n->octets || c->stream != 0;
    n->octets += c->octets.len;
    return 0;
}

static void the_streaming_form_tells_the_same(void)
{
    struct made m;
    struct counts c = {0};
    struct trace_sink sink = {.ctx = &c,
                              .packet = on_packet,
                              .sip = on_sip,
                              .mikey = on_mikey,
                              .rtp = on_rtp,
                              .loss = on_loss,
                              .octets = on_octets};
    struct trace_info info;
    sample(&m);
    CU_ASSERT(made_each(&m, NULL, &sink, &info) == STATUS_OK);
    struct trace *t = made_load(&m, NULL, NULL);
    check_sample(t);
    CU_ASSERT(c.packets == t->num_packets && c.sip == t->num_sip &&
              c.mikey == t->num_mikey && c.rtp == t->num_rtp &&
              c.losses == t->num_losses);
    CU_ASSERT(c.octets == t->streams[0].octets.len && !c.order_broken);
    CU_ASSERT(info.num_sip == 2 && info.num_mikey == 1 && info.num_rtp == 1 &&
              info.packets == 5 && info.octets == t->info.octets);
    trace_free(t);
    made_done(&m);
}

static void keep_alives_and_stun_are_no_messages(void)
{
    struct made m;
    struct trace_config sip = {.sip_ports = {5060}};
    made_init(&m, 1);
    made_udp(&m, HOST_A, HOST_B, "\r\n\r\n", 4);
    made_udp(&m, HOST_A, HOST_B, "\0\0\0\0", 4);
    made_udp(&m, HOST_A, HOST_B, "", 0);
    made_udp(&m, "192.0.2.1:7", "192.0.2.1:8", "\0\1\0\0\x21\x12\xa4\x42", 8);
    struct trace *t = made_load(&m, &sip, NULL);
    CU_ASSERT_FATAL(t != NULL && t->num_packets == 4);
    CU_ASSERT(t->num_sip == 0 && t->num_mikey == 0 && t->num_losses == 0);
    CU_ASSERT(t->packets[0].kind == TRACE_OTHER &&
              t->packets[2].kind == TRACE_NONE);
    trace_free(t);
    made_done(&m);
}

static void names_are_words(void)
{
    for (int i = TRACE_LOSS_TCP_GAP; i <= TRACE_LOSS_FILE; i++) {
        CU_ASSERT_PTR_NOT_NULL(trace_loss_name((enum trace_loss_kind)i));
    }
    for (int i = TRACE_NONE; i <= TRACE_OTHER; i++) {
        CU_ASSERT_PTR_NOT_NULL(trace_kind_name((enum trace_kind)i));
    }
    for (int i = TRACE_CARRIER_SDP_SESSION; i <= TRACE_CARRIER_UDP; i++) {
        CU_ASSERT_PTR_NOT_NULL(trace_carrier_name((enum trace_carrier)i));
    }
    CU_ASSERT(trace_loss_name((enum trace_loss_kind)99) == NULL);
    CU_ASSERT_STRING_EQUAL(trace_carrier_name(TRACE_CARRIER_BODY), "body");
}

static const struct unit_case cases[] = {
    {"both_byte_orders_and_resolutions_are_read",
     both_byte_orders_and_resolutions_are_read},
    {"pcapng_is_read", pcapng_is_read},
    {"broken_files_are_read_as_far_as_they_go",
     broken_files_are_read_as_far_as_they_go},
    {"damaged_files_do_no_harm", damaged_files_do_no_harm},
    {"what_cannot_be_read_is_explained", what_cannot_be_read_is_explained},
    {"the_array_form_has_a_bound", the_array_form_has_a_bound},
    {"the_streaming_form_tells_the_same", the_streaming_form_tells_the_same},
    {"keep_alives_and_stun_are_no_messages",
     keep_alives_and_stun_are_no_messages},
    {"names_are_words", names_are_words},
    {NULL, NULL}};
const struct unit_suite trace_suite = {"trace", cases};
