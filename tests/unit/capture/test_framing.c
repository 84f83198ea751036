/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* SIP and MIKEY messages cut out of TCP streams. */
#include "tests/unit/capture/capture_tests.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdio.h>
#include <string.h>

#define A HOST_A
#define B HOST_B

/* A stream from A in segments of piece octets. */
static struct trace *stream(const struct wr *w, size_t piece,
                            const struct trace_config *c)
{
    struct made m;
    made_init(&m, 1);
    made_tcp(&m, A, B, 0, 0, MADE_SYN, "", 0);
    for (size_t at = 0; at < w->len; at += piece) {
        size_t n = w->len - at < piece ? w->len - at : piece;
        made_tcp(&m, A, B, 1 + (uint32_t)at, 0, MADE_ACK, w->data + at, n);
    }
    made_tcp(&m, A, B, 1 + (uint32_t)w->len, 0, MADE_ACK | MADE_FIN, "", 0);
    struct trace *t = made_load(&m, c, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    made_done(&m);
    return t;
}

static void messages_are_found_however_segments_fall(void)
{
    struct wr w;
    size_t ends[3];
    wr_init(&w);
    wr_str(&w, "\r\n\r\n"); /* keep-alive */
    put_invite(&w, "one", "v=0\r\n");
    ends[0] = w.len;
    put_invite(&w, "two", "");
    ends[1] = w.len;
    wr_str(&w, "\r\n");
    wr_str(&w, "SIP/2.0 200 OK\nCall-ID: three\nl : 2\n\nok");
    ends[2] = w.len;
    for (size_t piece = 1; piece <= w.len; piece++) {
        struct trace *t = stream(&w, piece, NULL);
        CU_ASSERT(t->num_losses == 0);
        CU_ASSERT_FATAL(t->num_sip == 3);
        for (size_t i = 0; i < 3; i++) {
            const struct trace_sip *s = &t->sip[i];
            CU_ASSERT(s->stream == 0 && s->transport == TRACE_TCP && !s->cut);
            CU_ASSERT(s->stream_off + s->octets.len == ends[i]);
            CU_ASSERT(memcmp(s->octets.data, w.data + s->stream_off,
                             s->octets.len) == 0);
            CU_ASSERT(s->frame == 2 + s->stream_off / piece);
            CU_ASSERT(s->last_frame == 2 + (ends[i] - 1) / piece);
            CU_ASSERT(s->time_us ==
                      1767614400000000u + 1000 * (s->last_frame - 1));
        }
        CU_ASSERT(t->streams[0].kind == TRACE_SIP);
        trace_free(t);
    }
    wr_cleanup(&w);
}

static void a_stream_that_ends_inside_a_message_says_so(void)
{
    struct wr w;
    wr_init(&w);
    put_invite(&w, "one", "v=0\r\n");
    size_t whole = w.len;
    for (size_t n = 20; n < whole; n++) {
        w.len = n;
        struct trace *t = stream(&w, 1400, NULL);
        CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_TAIL) == 1);
        CU_ASSERT_FATAL(t->num_sip == 1);
        CU_ASSERT(t->sip[0].cut && t->sip[0].octets.len == n);
        trace_free(t);
    }
    wr_cleanup(&w);
}

static void noise_between_messages_is_a_loss(void)
{
    struct wr w;
    wr_init(&w);
    put_invite(&w, "one", "");
    wr_str(&w, "trailing octets of a body\r\nmore\r\n");
    put_invite(&w, "two", "");
    struct trace *t = stream(&w, 100, NULL);
    CU_ASSERT(t->num_sip == 2 && made_losses(t, TRACE_LOSS_SIP) == 1);
    CU_ASSERT(t->losses[0].octets == 33);
    trace_free(t);
    wr_cleanup(&w);
}

static void after_a_gap_the_next_start_line_counts(void)
{
    struct wr w;
    struct made m;
    wr_init(&w);
    put_invite(&w, "one", "v=0\r\n");
    size_t one = w.len;
    put_invite(&w, "two", "");
    size_t two = w.len;
    put_invite(&w, "three", "");
    made_init(&m, 1);
    made_tcp(&m, A, B, 0, 0, MADE_SYN, "", 0);
    made_tcp(&m, A, B, 1, 0, MADE_ACK, w.data, one + 10);
    made_tcp(&m, A, B, 1 + (uint32_t)two - 20, 0, MADE_ACK, w.data + two - 20,
             w.len - two + 20);
    struct trace *t = made_load(&m, NULL, NULL);
    CU_ASSERT_FATAL(t != NULL && t->num_sip == 3);
    CU_ASSERT(!t->sip[0].cut && t->sip[1].cut && !t->sip[2].cut);
    CU_ASSERT(t->sip[1].octets.len == 10);
    CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_GAP) == 1);
    CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_TAIL) == 1);
    CU_ASSERT(made_losses(t, TRACE_LOSS_SIP) == 1);
    trace_free(t);
    made_done(&m);
    wr_cleanup(&w);
}

static void a_capture_that_begins_midway_finds_the_next_message(void)
{
    struct wr w;
    struct made m;
    wr_init(&w);
    wr_str(&w, "mid of a body\r\na=sendrecv\r\n");
    put_invite(&w, "two", "");
    made_init(&m, 1);
    made_tcp(&m, A, B, 77, 0, MADE_ACK, w.data, w.len);
    struct trace *t = made_load(&m, NULL, NULL);
    CU_ASSERT_FATAL(t != NULL && t->num_sip == 1);
    CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_MIDWAY) == 1);
    CU_ASSERT(made_losses(t, TRACE_LOSS_SIP) == 1);
    trace_free(t);
    made_done(&m);
    wr_cleanup(&w);
}

static void put_mikey(struct wr *w)
{
    uint8_t octets[256];
    size_t len = 0;
    CU_ASSERT_FATAL(base64_decode(octets, &len, i1_base64, strlen(i1_base64)) ==
                    STATUS_OK);
    wr_u16(w, (uint16_t)len);
    wr_bytes(w, octets, len);
}

static void mikey_is_framed_by_its_length(void)
{
    struct wr w;
    wr_init(&w);
    put_mikey(&w);
    size_t one = w.len;
    put_mikey(&w);
    for (size_t piece = 1; piece <= 2 * w.len; piece += piece < 8 ? 1 : 13) {
        struct trace *t = stream(&w, piece, NULL);
        CU_ASSERT(t->num_losses == 0 && t->num_sip == 0);
        CU_ASSERT_FATAL(t->num_mikey == 2);
        for (size_t i = 0; i < 2; i++) {
            const struct trace_mikey *k = &t->mikey[i];
            CU_ASSERT(k->carrier == TRACE_CARRIER_TCP && k->sip == -1);
            CU_ASSERT(k->octets.len == one - 2);
            CU_ASSERT(k->err.status == STATUS_OK && k->msg != NULL);
            CU_ASSERT(k->frame == 2 + i * one / piece);
        }
        CU_ASSERT(t->streams[0].kind == TRACE_MIKEY);
        trace_free(t);
    }
    w.len -= 5;
    struct trace *t = stream(&w, 50, NULL);
    CU_ASSERT(t->num_mikey == 1 && made_losses(t, TRACE_LOSS_TCP_TAIL) == 1);
    CU_ASSERT(t->losses[0].octets == 5);
    trace_free(t);
    wr_cleanup(&w);
}

static void ports_say_what_a_stream_is(void)
{
    struct trace_config kms = {.kms_ports = {5060}};
    struct trace_config sip = {.sip_ports = {5060}};
    struct wr w;
    wr_init(&w);
    wr_u16(&w, 0); /* an empty message */
    wr_u16(&w, 3);
    wr_str(&w, "xyz");
    struct trace *t = stream(&w, 100, &kms);
    CU_ASSERT_FATAL(t->num_mikey == 2);
    CU_ASSERT(t->mikey[0].octets.len == 0 && t->mikey[0].msg == NULL &&
              t->mikey[0].err.status != STATUS_OK);
    CU_ASSERT(made_is(t->mikey[1].octets, "xyz") && t->mikey[1].msg != NULL &&
              t->mikey[1].err.status != STATUS_OK);
    trace_free(t);
    t = stream(&w, 100, NULL);
    CU_ASSERT(t->num_mikey == 0 && t->streams[0].kind == TRACE_STREAM);
    trace_free(t);
    wr_cleanup(&w);
    wr_init(&w);
    wr_str(&w, "\x7f garbage without a name\r\nx: y\r\n\r\n");
    t = stream(&w, 100, &sip);
    CU_ASSERT(t->num_sip == 1 && t->streams[0].kind == TRACE_SIP);
    trace_free(t);
    t = stream(&w, 100, NULL);
    CU_ASSERT(t->num_sip == 0);
    trace_free(t);
    wr_cleanup(&w);
}

static void tls_is_known_by_its_record(void)
{
    struct wr w;
    wr_init(&w);
    wr_bytes(&w, "\x16\x03\x01\x00\x05hello", 10);
    for (size_t piece = 1; piece <= 10; piece += 9) {
        struct trace *t = stream(&w, piece, NULL);
        CU_ASSERT_FATAL(t->num_streams == 1);
        CU_ASSERT(t->streams[0].kind == TRACE_TLS && t->num_losses == 0);
        CU_ASSERT(t->streams[0].octets.len == 10);
        trace_free(t);
    }
    wr_cleanup(&w);
}

static void endless_heads_are_given_up(void)
{
    struct wr w;
    wr_init(&w);
    wr_str(&w, "OPTIONS sip:a SIP/2.0\r\n");
    while (w.len < 70000) {
        wr_str(&w, "X: 0123456789012345678901234567890123456789\r\n");
    }
    struct trace *t = stream(&w, 1000, NULL);
    CU_ASSERT(made_losses(t, TRACE_LOSS_SIP) >= 1);
    trace_free(t);
    wr_cleanup(&w);
}

static void a_message_larger_than_the_bound_is_a_loss(void)
{
    struct trace_config c = {.max_stream = 4096};
    struct wr w;
    wr_init(&w);
    wr_str(&w, "OPTIONS sip:a SIP/2.0\r\nContent-Length: 90000\r\n\r\n");
    wr_fill(&w, 'x', 89998);
    wr_str(&w, "\r\n");
    put_invite(&w, "after", "");
    struct trace *t = stream(&w, 1000, &c);
    CU_ASSERT(t->num_losses >= 1);
    /* The one after it is found again. */
    CU_ASSERT(t->num_sip >= 1 &&
              memcmp(t->sip[t->num_sip - 1].octets.data, "INVITE", 6) == 0);
    trace_free(t);
    wr_cleanup(&w);
}

static const struct unit_case cases[] = {
    {"messages_are_found_however_segments_fall",
     messages_are_found_however_segments_fall},
    {"a_stream_that_ends_inside_a_message_says_so",
     a_stream_that_ends_inside_a_message_says_so},
    {"noise_between_messages_is_a_loss", noise_between_messages_is_a_loss},
    {"after_a_gap_the_next_start_line_counts",
     after_a_gap_the_next_start_line_counts},
    {"a_capture_that_begins_midway_finds_the_next_message",
     a_capture_that_begins_midway_finds_the_next_message},
    {"mikey_is_framed_by_its_length", mikey_is_framed_by_its_length},
    {"ports_say_what_a_stream_is", ports_say_what_a_stream_is},
    {"tls_is_known_by_its_record", tls_is_known_by_its_record},
    {"endless_heads_are_given_up", endless_heads_are_given_up},
    {"a_message_larger_than_the_bound_is_a_loss",
     a_message_larger_than_the_bound_is_a_loss},
    {NULL, NULL}};
const struct unit_suite framing_suite = {"framing", cases};
