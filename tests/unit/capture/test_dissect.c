/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Link layers, IPv4, IPv6, fragments, UDP. */
#include "tests/unit/capture/capture_tests.h"

#include "capture/dissect.h"
#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

const char i1_base64[] =
    "ARYFgB3A7l4CAAAKEc4BAAAAAAAAAAAAAAAAAAsA7U/TmEAAAAAOEDAxMjM0NTY3ODk6Ozw9"
    "Pj8OAQEAGHNpcDphbGljZUBob21lLWEuZXhhbXBsZRYCAQAWc2lwOmJvYkBob21lLWIuZXhh"
    "bXBsZQAACOHh4eHh4eHh";

void put_invite(struct wr *w, const char *call_id, const char *body)
{
    wr_printf(w,
              "INVITE sip:bob@home-b.example SIP/2.0\r\n"
              "Via: SIP/2.0/TCP 192.0.2.11:5060;branch=z9hG4bK-%s\r\n"
              "From: <sip:alice@home-a.example>;tag=1\r\n"
              "To: <sip:bob@home-b.example>\r\nCall-ID: %s\r\n"
              "CSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n"
              "Content-Length: %zu\r\n\r\n",
              call_id, call_id, strlen(body));
    wr_str(w, body);
}

static const int links[] = {1, 113, 276, 0, 108, 101, 228, 229};

static void every_link_type_carries_both_versions(void)
{
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct made m;
        made_init(&m, links[i]);
        made_udp(&m, HOST_A, HOST_B, "OPTIONS sip:a SIP/2.0\r\n\r\n", 25);
        made_udp(&m, "[2001:db8::1]:5060", "[2001:db8::2]:5062", "hello", 5);
        struct trace *t = made_load(&m, NULL, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(t);
        /* libpcap gives raw IP its own number. */
        CU_ASSERT(t->info.link_type == (links[i] == 101 ? 12 : links[i]));
        CU_ASSERT(t->info.losses == 0);
        CU_ASSERT_FATAL(t->num_packets == 2 && t->num_sip == 1);
        char text[CAP_ADDR_TEXT];
        cap_addr_text(text, &t->packets[0].src);
        CU_ASSERT_STRING_EQUAL(text, HOST_A);
        CU_ASSERT(t->packets[0].kind == TRACE_SIP &&
                  t->packets[0].proto == TRACE_UDP &&
                  t->packets[0].ip_proto == 17);
        CU_ASSERT(made_is(t->packets[1].payload, "hello"));
        cap_addr_text(text, &t->packets[1].dst);
        CU_ASSERT_STRING_EQUAL(text, "[2001:db8::2]:5062");
        CU_ASSERT(t->packets[1].time_us == 1767614400001000u);
        trace_free(t);
        made_done(&m);
    }
}

static void vlan_tags_are_passed_over(void)
{
    static const uint8_t frame[] = {0,    0, 0, 0, 0,    0,    0,   0,
                                    0,    0, 0, 0, 0x88, 0xa8, 0,   1,
                                    0x81, 0, 0, 2, 0x86, 0xdd, 0x60};
    struct view v = {frame, sizeof frame};
    struct view out = {NULL, 0};
    CU_ASSERT(dissect_link(&out, 1, v) == DISSECT_OK);
    CU_ASSERT(out.len == 1 && out.data[0] == 0x60);
    for (size_t n = 0; n < 22; n++) {
        v.len = n;
        CU_ASSERT(dissect_link(&out, 1, v) == DISSECT_BAD);
    }
}

static void what_is_not_ip_is_passed_over(void)
{
    struct made m;
    uint8_t arp[42] = {[12] = 0x08, [13] = 0x06};
    made_init(&m, 1);
    made_frame(&m, arp, sizeof arp);
    made_frame(&m, arp, 13); /* cut in the link header */
    made_udp(&m, HOST_A, HOST_B, "x", 1);
    struct trace *t = made_load(&m, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT(t->info.packets == 3 && t->num_packets == 1);
    CU_ASSERT(t->packets[0].frame == 3);
    CU_ASSERT(made_losses(t, TRACE_LOSS_FRAME) == 1 && t->num_losses == 1);
    CU_ASSERT(t->losses[0].frame == 2);
    trace_free(t);
    made_done(&m);
}

static void ethernet_padding_is_no_payload(void)
{
    struct made m;
    struct wr w;
    made_init(&m, 1);
    made_udp(&m, HOST_A, HOST_B, "abc", 3);
    wr_init(&w);
    wr_bytes(&w, m.w.data + 24 + 16, m.w.len - 24 - 16);
    wr_fill(&w, 0x55, 15);
    made_frame(&m, w.data, w.len);
    struct trace *t = made_load(&m, NULL, NULL);
    CU_ASSERT_FATAL(t != NULL && t->num_packets == 2);
    CU_ASSERT(made_is(t->packets[1].payload, "abc") && !t->packets[1].cut);
    trace_free(t);
    wr_cleanup(&w);
    made_done(&m);
}

static void bad_headers_are_losses(void)
{
    static const struct {
        const char *what;
        uint8_t octets[48];
        size_t len;
    } rows[] = {
        {"IP version is neither 4 nor 6", {0x50}, 40},
        {"IPv4 header cut", {0x45, 0, 0, 20}, 19},
        {"IPv4 header length wrong", {0x44, 0, 0, 20}, 20},
        {"IPv4 header length wrong", {0x45, 0, 0, 19}, 20},
        {"IPv4 options cut", {0x4f, 0, 0, 60}, 59},
        {"IPv6 header cut", {0x60}, 39},
        {"IPv6 extension header cut", {0x60, 0, 0, 0, 0, 8, 0}, 41},
        {"IPv6 extension header cut", {0x60, 0, 0, 0, 0, 4, 0}, 48},
        {"UDP header cut", {0x45, 0, 0, 27, 0, 0, 0, 0, 0, 17}, 27},
        {"UDP length wrong",
         {0x45, 0, 0, 28, 0, 0, 0, 0, 0, 17, [24] = 0, [25] = 7},
         28},
        {"UDP length wrong",
         {0x45, 0, 0, 28, 0, 0, 0, 0, 0, 17, [24] = 0, [25] = 9},
         28},
        {"TCP header cut", {0x45, 0, 0, 39, 0, 0, 0, 0, 0, 6}, 39},
        {"TCP header length wrong",
         {0x45, 0, 0, 40, 0, 0, 0, 0, 0, 6, [32] = 0x40},
         40},
        {"TCP header length wrong",
         {0x45, 0, 0, 40, 0, 0, 0, 0, 0, 6, [32] = 0x60},
         40},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made m;
        made_init(&m, 101);
        made_frame(&m, rows[i].octets, rows[i].len);
        struct trace *t = made_load(&m, NULL, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(t);
        int good = t->num_losses == 1 &&
                   t->losses[0].kind == TRACE_LOSS_FRAME &&
                   strcmp(t->losses[0].text, rows[i].what) == 0;
        if (!good) {
            printf("  row %zu: %zu losses, %s\n", i, t->num_losses,
                   t->num_losses > 0 ? t->losses[0].text : "");
        }
        CU_ASSERT(good && t->num_packets == 1);
        trace_free(t);
        made_done(&m);
    }
}

static void options_and_extension_headers_are_passed_over(void)
{
    /* IPv4 with one option word; protocol 1 */
    static const uint8_t four[] = {0x46, 0, 0, 26,  0, 0, 0,   0,   64,
                                   1,    0, 0, 192, 0, 2, 1,   192, 0,
                                   2,    2, 1, 1,   1, 0, 'o', 'k'};
    /* IPv6, hop-by-hop, destination options, AH of 12 octets, then 59 */
    static const uint8_t six[] = {
        0x60, 0, 0, 0, 0, 30, 0,  64, 0x20, 1, 0xd,  0xb8, 0,   0,
        0,    0, 0, 0, 0, 0,  0,  0,  0,    1, 0x20, 1,    0xd, 0xb8,
        0,    0, 0, 0, 0, 0,  0,  0,  0,    0, 0,    2,    60,  0,
        0,    0, 0, 0, 0, 0,  51, 0,  0,    0, 0,    0,    0,   0,
        59,   1, 0, 0, 0, 0,  0,  0,  0,    0, 0,    0,    'o', 'k'};
    struct dissect_ip ip;
    const char *why = NULL;
    CU_ASSERT(dissect_ip(&ip, (struct view){four, sizeof four}, 26, &why) ==
              DISSECT_OK);
    CU_ASSERT(ip.proto == 1 && made_is(ip.payload, "ok"));
    CU_ASSERT(dissect_ip(&ip, (struct view){six, sizeof six}, sizeof six,
                         &why) == DISSECT_OK);
    CU_ASSERT(ip.proto == 59 && made_is(ip.payload, "ok") &&
              ip.payload_len == 2);
}

static void cut_packets_are_told_as_such(void)
{
    struct made m;
    made_init(&m, 101);
    m.cut_to = 40;
    made_udp(&m, HOST_A, HOST_B, "OPTIONS sip:a SIP/2.0\r\n\r\n", 25);
    m.cut_to = 0;
    made_udp(&m, HOST_A, HOST_B, "OPTIONS sip:a SIP/2.0\r\n\r\n", 25);
    struct trace_config sip = {.sip_ports = {5060}};
    struct trace *t = made_load(&m, &sip, NULL);
    CU_ASSERT_FATAL(t != NULL && t->num_packets == 2 && t->num_sip == 2);
    CU_ASSERT(t->info.cut == 1 && t->packets[0].cut && !t->packets[1].cut);
    CU_ASSERT(made_is(t->packets[0].payload, "OPTIONS sip:"));
    CU_ASSERT(t->sip[0].cut && !t->sip[1].cut);
    CU_ASSERT(made_losses(t, TRACE_LOSS_CUT) == 1);
    CU_ASSERT(t->losses[0].octets == 13 && t->losses[0].frame == 1);
    trace_free(t);
    made_done(&m);
}

/* A UDP packet with header, in pieces of 24 octets, in this order. */
static struct trace *fragmented(const int *order, size_t num, uint16_t id)
{
    struct made m;
    struct wr w;
    made_init(&m, 1);
    wr_init(&w);
    wr_u16(&w, 5060);
    wr_u16(&w, 5060);
    wr_u16(&w, 8 + 60);
    wr_u16(&w, 0);
    for (uint8_t i = 0; i < 60; i++) {
        wr_u8(&w, (uint8_t)('A' + i % 26));
    }
    for (size_t i = 0; i < num; i++) {
        size_t off = (size_t)order[i] * 24;
        size_t n = w.len - off < 24 ? w.len - off : 24;
        made_fragment(&m, "192.0.2.1", "192.0.2.2", id, off, off + n < w.len,
                      w.data + off, n);
    }
    struct trace *t = made_load(&m, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    wr_cleanup(&w);
    made_done(&m);
    return t;
}

static void fragments_are_put_together_in_any_order(void)
{
    static const int orders[][4] = {{0, 1, 2, 2}, {2, 1, 0, 0}, {1, 0, 2, 1},
                                    {2, 0, 1, 0}, {0, 0, 1, 2}, {1, 1, 2, 0}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct trace *t = fragmented(orders[i], 4, 7);
        size_t whole = 0;
        for (size_t k = 0; k < t->num_packets; k++) {
            const struct trace_packet *p = &t->packets[k];
            if (p->reassembled) {
                whole++;
                CU_ASSERT(p->payload.len == 60 && p->payload.data[59] == 'H');
                CU_ASSERT(p->src.port == 5060 && !p->cut);
            } else {
                CU_ASSERT(p->kind == TRACE_OTHER);
            }
        }
        CU_ASSERT(whole == 1);
        /* A piece after the packet was complete begins a new one. */
        CU_ASSERT(t->num_losses <= 1);
        trace_free(t);
    }
}

static void missing_fragments_are_losses(void)
{
    static const int order[] = {0, 2};
    struct trace *t = fragmented(order, 2, 7);
    CU_ASSERT(made_losses(t, TRACE_LOSS_FRAGMENT) == 1 && t->num_losses == 1);
    CU_ASSERT(t->losses[0].octets == 24 && t->losses[0].frame == 1 &&
              t->losses[0].last_frame == 2);
    trace_free(t);
}

static void contradicting_fragments_are_losses(void)
{
    struct made m;
    made_init(&m, 1);
    made_fragment(&m, "192.0.2.1", "192.0.2.2", 1, 16, 0, "end-----", 8);
    made_fragment(&m, "192.0.2.1", "192.0.2.2", 1, 32, 0, "end-----", 8);
    made_fragment(&m, "192.0.2.1", "192.0.2.2", 2, 65528, 1, "12345678", 8);
    /* A piece past the end must not make up for the hole at 0. */
    made_fragment(&m, "192.0.2.1", "192.0.2.2", 3, 64, 1, "12345678", 8);
    made_fragment(&m, "192.0.2.1", "192.0.2.2", 3, 8, 0, "12345678", 8);
    struct trace *t = made_load(&m, NULL, NULL);
    CU_ASSERT_FATAL(t != NULL);
    CU_ASSERT(made_losses(t, TRACE_LOSS_FRAGMENT) == 3 && t->num_losses == 3);
    CU_ASSERT_STRING_EQUAL(t->losses[0].text,
                           "IP fragments contradict each other");
    trace_free(t);
    made_done(&m);
}

static void packets_of_two_hosts_do_not_mix(void)
{
    struct made m;
    static const uint8_t head[24] = {0x13, 0xc4, 0x13, 0xc4, 0, 32};
    made_init(&m, 1);
    made_fragment(&m, "192.0.2.1", "192.0.2.2", 9, 0, 1, head, 24);
    made_fragment(&m, "192.0.2.3", "192.0.2.2", 9, 24, 0, "12345678", 8);
    made_fragment(&m, "192.0.2.1", "192.0.2.2", 9, 24, 0, "ABCDEFGH", 8);
    struct trace *t = made_load(&m, NULL, NULL);
    CU_ASSERT_FATAL(t != NULL && t->num_packets == 3);
    CU_ASSERT(t->packets[2].reassembled && t->packets[2].payload.len == 24);
    CU_ASSERT(memcmp(t->packets[2].payload.data + 16, "ABCDEFGH", 8) == 0);
    CU_ASSERT(t->num_losses == 1);
    trace_free(t);
    made_done(&m);
}

static void addresses_have_a_text_form(void)
{
    static const struct {
        const char *text;
        const char *want; /* NULL: refused */
    } rows[] = {
        {"127.9.3.1:5060", "127.9.3.1:5060"},
        {"127.9.3.1", "127.9.3.1"},
        {"::1", "::1"},
        {"[::1]", "::1"},
        {"[2001:db8::1]:65535", "[2001:db8::1]:65535"},
        {"127.9.3.1:65536", NULL},
        {"127.9.3.1:", NULL},
        {"127.9.3.1:5060x", NULL},
        {"127.9.3", NULL},
        {"[127.0.0.1]:1", NULL},
        {"[::1", NULL},
        {"[::1]5060", NULL},
        {"home-b.example", NULL},
        {"", NULL},
        {"111111111111111111111111111111111111111111111111111111111111111111"
         "1111",
         NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cap_addr a = {0};
        enum status s = cap_addr_parse(&a, rows[i].text);
        CU_ASSERT((s == STATUS_OK) == (rows[i].want != NULL));
        if (s == STATUS_OK && rows[i].want != NULL) {
            char text[CAP_ADDR_TEXT];
            cap_addr_text(text, &a);
            CU_ASSERT_STRING_EQUAL(text, rows[i].want);
        } else {
            CU_ASSERT(a.version == 0);
        }
    }
}

/* Every octet of the file in turn is changed, and the file cut there. */
static void damaged_frames_do_no_harm(void)
{
    for (size_t l = 0; l < sizeof links / sizeof *links; l++) {
        struct made m;
        static const uint8_t piece[24] = {0x13, 0xc4, 0x13, 0xc4, 0, 32};
        made_init(&m, links[l]);
        made_udp(&m, HOST_A, HOST_B, "OPTIONS sip:a SIP/2.0\r\n\r\n", 25);
        made_tcp(&m, HOST_A, HOST_B, 1, 0, MADE_SYN, "", 0);
        made_tcp(&m, HOST_A, HOST_B, 2, 0, MADE_ACK, "BYE sip:a SIP/2.0", 17);
        made_fragment(&m, "192.0.2.1", "192.0.2.2", 9, 0, 1, piece, 24);
        made_fragment(&m, "192.0.2.1", "192.0.2.2", 9, 24, 0, piece, 8);
        made_udp(&m, "[::1]:1", "[::2]:2", "x", 1);
        for (size_t i = 24; i < m.w.len; i++) {
            for (int k = 0; k < 3; k++) {
                static const uint8_t flips[] = {0x01, 0x80, 0xff};
                m.w.data[i] ^= flips[k];
                struct trace *t = made_load(&m, NULL, NULL);
                CU_ASSERT_PTR_NOT_NULL(t);
                trace_free(t);
                m.w.data[i] ^= flips[k];
            }
        }
        made_done(&m);
    }
}

static const struct unit_case cases[] = {
    {"every_link_type_carries_both_versions",
     every_link_type_carries_both_versions},
    {"vlan_tags_are_passed_over", vlan_tags_are_passed_over},
    {"what_is_not_ip_is_passed_over", what_is_not_ip_is_passed_over},
    {"ethernet_padding_is_no_payload", ethernet_padding_is_no_payload},
    {"bad_headers_are_losses", bad_headers_are_losses},
    {"options_and_extension_headers_are_passed_over",
     options_and_extension_headers_are_passed_over},
    {"cut_packets_are_told_as_such", cut_packets_are_told_as_such},
    {"fragments_are_put_together_in_any_order",
     fragments_are_put_together_in_any_order},
    {"missing_fragments_are_losses", missing_fragments_are_losses},
    {"contradicting_fragments_are_losses", contradicting_fragments_are_losses},
    {"packets_of_two_hosts_do_not_mix", packets_of_two_hosts_do_not_mix},
    {"addresses_have_a_text_form", addresses_have_a_text_form},
    {"damaged_frames_do_no_harm", damaged_frames_do_no_harm},
    {NULL, NULL}};
const struct unit_suite dissect_suite = {"dissect", cases};
