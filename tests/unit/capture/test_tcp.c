/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* TCP streams: order, retransmission, overlap, gaps, beginnings and ends. */
#include "tests/unit/capture/capture_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

#define A HOST_A
#define B HOST_B

/* One segment from A of the octets [off, off + len) of a text. */
struct seg {
    size_t off;
    size_t len;
};

static void syn(struct made *m, uint32_t isn)
{
    made_tcp(m, A, B, isn, 0, MADE_SYN, "", 0);
}

static void put(struct made *m, uint32_t isn, const char *text, size_t off,
                size_t len)
{
    made_tcp(m, A, B, isn + 1 + (uint32_t)off, 0, MADE_ACK, text + off, len);
}

static struct trace *load(struct made *m)
{
    struct trace *t = made_load(m, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    made_done(m);
    return t;
}

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static void segments_come_in_any_order(void)
{
    static const struct {
        struct seg segs[8];
        uint32_t isn;
    } rows[] = {
        {{{0, 10}, {10, 10}, {20, 16}}, 1000},
        {{{20, 16}, {10, 10}, {0, 10}}, 1000},
        {{{10, 10}, {0, 10}, {20, 16}}, 0xfffffff0}, /* wraps around */
        {{{0, 10}, {0, 10}, {10, 26}, {10, 26}}, 7}, /* retransmissions */
        {{{0, 10}, {5, 10}, {12, 24}}, 7},           /* overlaps */
        {{{20, 10}, {25, 11}, {5, 20}, {0, 7}}, 7},  /* overlaps, waiting */
        {{{30, 6}, {0, 36}}, 7},                     /* one covers all */
        {{{10, 2}, {14, 2}, {8, 12}, {0, 9}, {18, 18}}, 7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made m;
        made_init(&m, 1);
        syn(&m, rows[i].isn);
        for (size_t k = 0; k < 8 && rows[i].segs[k].len != 0; k++) {
            put(&m, rows[i].isn, digits, rows[i].segs[k].off,
                rows[i].segs[k].len);
        }
        struct trace *t = load(&m);
        int good = t->num_streams == 1 && t->num_losses == 0 &&
                   made_is(t->streams[0].octets, digits);
        if (!good) {
            printf("  row %zu: %zu streams, %zu losses\n", i, t->num_streams,
                   t->num_losses);
        }
        CU_ASSERT(good);
        trace_free(t);
    }
}

static void each_octet_knows_its_frame(void)
{
    struct made m;
    made_init(&m, 1);
    syn(&m, 0);
    put(&m, 0, digits, 0, 10);
    put(&m, 0, digits, 20, 16);
    put(&m, 0, digits, 10, 10);
    struct trace *t = load(&m);
    CU_ASSERT_FATAL(t->num_streams == 1);
    const struct trace_stream *s = &t->streams[0];
    CU_ASSERT(trace_stream_frame(s, 0) == 2 && trace_stream_frame(s, 9) == 2);
    CU_ASSERT(trace_stream_frame(s, 10) == 4 && trace_stream_frame(s, 19) == 4);
    CU_ASSERT(trace_stream_frame(s, 20) == 3 && trace_stream_frame(s, 35) == 3);
    CU_ASSERT(s->frame == 2 && s->last_frame == 4);
    trace_free(t);
}

static void what_came_first_stays(void)
{
    struct made m;
    made_init(&m, 1);
    syn(&m, 0);
    put(&m, 0, digits, 0, 10);
    put(&m, 0, "XXXXXXXXXXXXXXXXXXXX", 5, 10);
    put(&m, 0, "YYYYYYYYYYYYYYYYYYYY", 0, 5);
    struct trace *t = load(&m);
    CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_OVERLAP) == 1);
    CU_ASSERT(t->losses[0].frame == 3);
    CU_ASSERT_FATAL(t->num_streams == 1);
    CU_ASSERT(made_is(t->streams[0].octets, "0123456789XXXXX"));
    trace_free(t);
}

static void a_difference_in_what_waits_is_seen(void)
{
    struct made m;
    made_init(&m, 1);
    syn(&m, 0);
    put(&m, 0, digits, 10, 10);
    put(&m, 0, "____________YYYY", 12, 4);
    put(&m, 0, digits, 0, 10);
    struct trace *t = load(&m);
    CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_OVERLAP) == 1);
    CU_ASSERT_FATAL(t->num_streams == 1);
    CU_ASSERT(made_is(t->streams[0].octets, "0123456789abcdefghij"));
    trace_free(t);
}

static void keep_alive_probes_are_no_overlap(void)
{
    struct made m;
    made_init(&m, 1);
    syn(&m, 0);
    put(&m, 0, digits, 0, 10);
    made_tcp(&m, A, B, 10, 0, MADE_ACK, "\0", 1);
    put(&m, 0, digits, 10, 5);
    struct trace *t = load(&m);
    CU_ASSERT(t->num_losses == 0);
    CU_ASSERT(made_is(t->streams[0].octets, "0123456789abcde"));
    trace_free(t);
}

static void gaps_are_losses_and_the_rest_is_kept(void)
{
    struct made m;
    made_init(&m, 1);
    syn(&m, 0);
    put(&m, 0, digits, 0, 10);
    put(&m, 0, digits, 20, 10);
    struct trace *t = load(&m);
    CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_GAP) == 1 && t->num_losses == 1);
    CU_ASSERT(t->losses[0].octets == 10 && t->losses[0].frame == 3);
    CU_ASSERT_FATAL(t->num_streams == 1);
    CU_ASSERT(made_is(t->streams[0].octets, "0123456789klmnopqrst"));
    trace_free(t);
}

/* What the receiver acknowledged will not come again. */
static void an_acknowledged_gap_is_given_up(void)
{
    struct made m;
    made_init(&m, 1);
    syn(&m, 0);
    put(&m, 0, digits, 10, 10);
    made_tcp(&m, B, A, 1, 21, MADE_ACK, "", 0);
    m.us += 200000;
    made_tcp(&m, B, A, 1, 21, MADE_ACK, "", 0);
    put(&m, 0, digits, 20, 5);
    struct trace *t = load(&m);
    CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_GAP) == 1);
    CU_ASSERT(t->losses[0].last_frame == 4 && t->losses[0].octets == 10);
    CU_ASSERT_FATAL(t->num_streams == 1);
    CU_ASSERT(made_is(t->streams[0].octets, "abcdefghijklmno"));
    trace_free(t);
}

static void missing_octets_at_the_end_are_losses(void)
{
    struct made m;
    made_init(&m, 1);
    syn(&m, 0);
    put(&m, 0, digits, 0, 10);
    made_tcp(&m, A, B, 21, 0, MADE_ACK | MADE_FIN, "", 0);
    struct trace *t = load(&m);
    CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_GAP) == 1);
    CU_ASSERT(t->losses[0].octets == 10);
    trace_free(t);
    /* the same known only from the acknowledgement */
    made_init(&m, 1);
    syn(&m, 0);
    put(&m, 0, digits, 0, 10);
    made_tcp(&m, B, A, 1, 21, MADE_ACK, "", 0);
    t = load(&m);
    CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_GAP) == 1);
    CU_ASSERT(t->losses[0].octets == 10);
    trace_free(t);
    /* a FIN in its place is the end */
    made_init(&m, 1);
    syn(&m, 0);
    put(&m, 0, digits, 0, 10);
    made_tcp(&m, A, B, 11, 0, MADE_ACK | MADE_FIN, "", 0);
    made_tcp(&m, B, A, 1, 12, MADE_ACK, "", 0);
    t = load(&m);
    CU_ASSERT(t->num_losses == 0);
    trace_free(t);
}

static void a_capture_may_begin_midway(void)
{
    struct made m;
    made_init(&m, 1);
    made_tcp(&m, B, A, 500, 100, MADE_ACK, "", 0);
    made_tcp(&m, A, B, 100, 500, MADE_ACK, digits, 10);
    made_tcp(&m, A, B, 110, 500, MADE_ACK, digits + 10, 26);
    struct trace *t = load(&m);
    CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_MIDWAY) == 1 && t->num_losses == 1);
    CU_ASSERT_FATAL(t->num_streams == 1);
    CU_ASSERT(made_is(t->streams[0].octets, digits));
    trace_free(t);
}

static void ports_are_used_again(void)
{
    struct made m;
    made_init(&m, 1);
    syn(&m, 0);
    put(&m, 0, "first", 0, 5);
    made_tcp(&m, A, B, 6, 0, MADE_ACK | MADE_RST, "", 0);
    syn(&m, 70000);
    put(&m, 70000, "second", 0, 6);
    syn(&m, 900000000);
    syn(&m, 900000000); /* sent again */
    put(&m, 900000000, "third", 0, 5);
    struct trace *t = load(&m);
    CU_ASSERT(t->num_losses == 0);
    CU_ASSERT_FATAL(t->num_streams == 3);
    CU_ASSERT(made_is(t->streams[0].octets, "first"));
    CU_ASSERT(made_is(t->streams[1].octets, "second"));
    CU_ASSERT(made_is(t->streams[2].octets, "third"));
    trace_free(t);
}

static void both_directions_are_apart(void)
{
    struct made m;
    made_init(&m, 1);
    syn(&m, 0);
    made_tcp(&m, B, A, 50, 1, MADE_SYN | MADE_ACK, "", 0);
    put(&m, 0, "question", 0, 8);
    made_tcp(&m, B, A, 51, 9, MADE_ACK, "answer", 6);
    struct trace *t = load(&m);
    CU_ASSERT_FATAL(t->num_streams == 2 && t->num_losses == 0);
    CU_ASSERT(made_is(t->streams[0].octets, "question"));
    CU_ASSERT(made_is(t->streams[1].octets, "answer"));
    CU_ASSERT(t->streams[1].src.port == 5060);
    trace_free(t);
}

static void bounds_hold(void)
{
    struct made m;
    struct trace_config c = {.max_streams = 2, .max_stream = 4096};
    struct trace *t;
    made_init(&m, 1);
    /* a hole, and more behind it than may be held */
    syn(&m, 0);
    for (uint32_t i = 0; i < 20; i++) {
        made_tcp(&m, A, B, 100 + i * 36, 0, MADE_ACK, digits, 36);
    }
    for (int i = 0; i < 200; i++) {
        made_tcp(&m, A, B, 100 + 720 + (uint32_t)i * 36, 0, MADE_ACK, digits,
                 36);
    }
    /* more connections than may be followed */
    for (int i = 1; i <= 4; i++) {
        char from[32];
        snprintf(from, sizeof from, "192.0.2.9:%d", 1000 + i);
        made_tcp(&m, from, B, 1, 0, MADE_SYN, "", 0);
        made_tcp(&m, from, B, 2, 0, MADE_ACK, "INVITE sip:b", 12);
    }
    t = made_load(&m, &c, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT(made_losses(t, TRACE_LOSS_TCP_GAP) >= 1);
    CU_ASSERT(made_losses(t, TRACE_LOSS_MEMORY) >= 2);
    CU_ASSERT(t->num_streams == 5);
    trace_free(t);
    made_done(&m);
}

static void want_of_memory_is_reported(void)
{
    struct made m;
    unsigned long n = 1;
    made_init(&m, 1);
    syn(&m, 0);
    put(&m, 0, digits, 10, 10);
    put(&m, 0, digits, 0, 10);
    made_udp(&m, A, B, "OPTIONS sip:a SIP/2.0\r\n\r\n", 25);
    made_fragment(&m, "192.0.2.1", "192.0.2.2", 9, 8, 0, "12345678", 8);
    made_fragment(&m, "192.0.2.1", "192.0.2.2", 9, 0, 1, "12345678", 8);
    unsigned long before = mem_live();
    for (; n < 200; n++) {
        struct trace_error err = {0};
        mem_fail_at(n);
        struct trace *t = made_load(&m, NULL, &err);
        mem_fail_at(0);
        if (t != NULL) {
            trace_free(t);
            CU_ASSERT(mem_live() == before);
            break;
        }
        CU_ASSERT(err.status == STATUS_NO_MEMORY && err.text[0] != '\0');
        CU_ASSERT(mem_live() == before);
    }
    CU_ASSERT(n > 10 && n < 200);
    made_done(&m);
}

static const struct unit_case cases[] = {
    {"segments_come_in_any_order", segments_come_in_any_order},
    {"each_octet_knows_its_frame", each_octet_knows_its_frame},
    {"what_came_first_stays", what_came_first_stays},
    {"a_difference_in_what_waits_is_seen", a_difference_in_what_waits_is_seen},
    {"keep_alive_probes_are_no_overlap", keep_alive_probes_are_no_overlap},
    {"gaps_are_losses_and_the_rest_is_kept",
     gaps_are_losses_and_the_rest_is_kept},
    {"an_acknowledged_gap_is_given_up", an_acknowledged_gap_is_given_up},
    {"missing_octets_at_the_end_are_losses",
     missing_octets_at_the_end_are_losses},
    {"a_capture_may_begin_midway", a_capture_may_begin_midway},
    {"ports_are_used_again", ports_are_used_again},
    {"both_directions_are_apart", both_directions_are_apart},
    {"bounds_hold", bounds_hold},
    {"want_of_memory_is_reported", want_of_memory_is_reported},
    {NULL, NULL}};
const struct unit_suite tcp_suite = {"tcp", cases};
