/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* TCP framing, garbage, connections, edits and on_send. */
#include "tests/unit/siptx/siptx_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

#define HEAD                                                                   \
    "OPTIONS sip:alice@127.0.0.1:5060 SIP/2.0\r\n"                             \
    "Via: SIP/2.0/TCP 127.0.0.2:5060;branch=z9hG4bK-%s\r\n"                    \
    "From: <sip:bob@y>;tag=1\r\nTo: <sip:alice@x>\r\nCall-ID: %s\r\n"          \
    "CSeq: 1 OPTIONS\r\nContent-Length: %s\r\n\r\n"

static void tcp_world(struct world *w)
{
    world_begin(w, NULL);
    snprintf(w->answer, sizeof(w->answer), "200");
    peer_connect(w);
}

static void send_octets(struct world *w, const char *data, size_t len)
{
    CU_ASSERT(net_stream_send(w->stream, (const uint8_t *)data, len) ==
              STATUS_OK);
    net_loop_settle(w->loop);
}

static void message_may_be_cut_anywhere(void)
{
    char text[1000];
    /* Two messages, line ends before and between them, the first with a body.
     */
    snprintf(text, sizeof(text), "\r\n\r\n" HEAD "body\r\n\r\n" HEAD, "1", "a",
             "4", "2", "b", "0");
    size_t len = strlen(text);
    for (size_t cut = 0; cut <= len; cut++) {
        struct world w;
        tcp_world(&w);
        if (cut > 0) {
            send_octets(&w, text, cut);
        }
        if (cut < len) {
            send_octets(&w, text + cut, len - cut);
        }
        CU_ASSERT_STRING_EQUAL(w.log, "request request ");
        CU_ASSERT(w.num_seen == 2 && w.closed == 0);
        world_end(&w);
    }
}

static void message_may_come_octet_by_octet(void)
{
    char text[1000];
    struct world w;
    snprintf(text, sizeof(text), HEAD "body" HEAD, "1", "a", "4", "2", "b",
             "0");
    tcp_world(&w);
    for (size_t i = 0; i < strlen(text); i++) {
        send_octets(&w, text + i, 1);
    }
    CU_ASSERT_STRING_EQUAL(w.log, "request request ");
    world_end(&w);
}

static void garbage_closes_the_connection(void)
{
    static const char *const rows[] = {
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n", /* like TLS */
        "hello\r\n\r\n",
        /* the length is no number, so nobody knows where the next begins */
        "OPTIONS sip:a@x SIP/2.0\r\nContent-Length: x\r\n\r\n",
        "OPTIONS sip:a@x SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        tcp_world(&w);
        send_octets(&w, rows[i], strlen(rows[i]));
        CU_ASSERT(strncmp(w.log, "garbage ", 8) == 0);
        CU_ASSERT(w.closed == 1 && w.num_seen == 0);
        /* The endpoint still serves others. */
        w.log[0] = '\0';
        peer_connect(&w);
        peer_request(&w, "OPTIONS", "z9hG4bK-9", NULL, 1, NULL);
        CU_ASSERT_STRING_EQUAL(w.log, "request ");
        world_end(&w);
    }
}

static void endless_message_is_cut_off(void)
{
    struct world w;
    char block[65536];
    memset(block, 'x', sizeof(block));
    tcp_world(&w);
    send_octets(&w, "OPTIONS sip:a@x SIP/2.0\r\nX: ", 28);
    for (unsigned i = 0; i < 100 && w.closed == 0; i++) {
        send_octets(&w, block, sizeof(block));
    }
    CU_ASSERT(w.closed == 1);
    CU_ASSERT(strncmp(w.log, "garbage ", 8) == 0);
    world_end(&w);
}

static void connection_closed_in_a_message_is_told(void)
{
    struct world w;
    char text[1000];
    snprintf(text, sizeof(text), HEAD "bo", "1", "a", "4");
    tcp_world(&w);
    send_octets(&w, text, strlen(text));
    CU_ASSERT_STRING_EQUAL(w.log, "");
    net_stream_close(w.stream);
    w.stream = NULL;
    net_loop_settle(w.loop);
    CU_ASSERT(strncmp(w.log, "garbage ", 8) == 0);
    CU_ASSERT(w.num_seen == 0);
    world_end(&w);
}

static void datagram_garbage_is_told_and_dropped(void)
{
    struct world w;
    world_begin(&w, NULL);
    peer_send(&w, "hello");
    CU_ASSERT_STRING_EQUAL(w.log, "garbage 5 ");
    peer_send(&w, "\r\n\r\n"); /* a keep-alive */
    CU_ASSERT_STRING_EQUAL(w.log, "garbage 5 ");
    CU_ASSERT(w.num_seen == 0);
    world_end(&w);
}

/* Each shorter datagram of a good request: told, answered, or dropped, no more.
 */
static void every_shorter_datagram_is_survived(void)
{
    struct world w;
    world_begin(&w, NULL);
    char *text = peer_request_text("INVITE", "z9hG4bK-1", NULL, 1, NULL, "UDP");
    size_t len = strlen(text);
    for (size_t n = 0; n < len; n++) {
        char c = text[n];
        text[n] = '\0';
        peer_send(&w, text);
        text[n] = c;
    }
    CU_ASSERT(w.num_seen <= MAX_SEEN);
    mem_free(text);
    world_end(&w);
}

static void every_changed_octet_is_survived(void)
{
    static const char values[] = {'\0', ' ', ';', ',', '"', '<', '\n', '\xff'};
    for (size_t v = 0; v < sizeof(values); v++) {
        struct world w;
        world_begin(&w, NULL);
        char *text = peer_request_text("INVITE", "z9hG4bK-1", "t", 1,
                                       "Require: 100rel\r\n", "UDP");
        size_t len = strlen(text);
        struct net_addr to = siptx_addr(w.ep);
        for (size_t i = 0; i < len; i++) {
            char c = text[i];
            text[i] = values[v];
            CU_ASSERT(net_udp_send(w.udp, &to, (uint8_t *)text, len) ==
                      STATUS_OK);
            net_loop_settle(w.loop);
            text[i] = c;
        }
        mem_free(text);
        world_end(&w);
    }
}

/* ---- connections ---- */

static void requests_to_one_peer_share_a_connection(void)
{
    struct world w;
    struct siptx_config c = {.transport = SIPTX_TCP};
    world_begin(&w, &c);
    world_start(&w, "OPTIONS");
    world_start(&w, "OPTIONS");
    net_loop_settle(w.loop);
    world_start(&w, "OPTIONS");
    net_loop_settle(w.loop);
    CU_ASSERT(w.accepted == 1 && w.num_seen >= 2);
    siptx_drop_connections(w.ep);
    net_loop_settle(w.loop);
    CU_ASSERT(w.closed == 1);
    world_start(&w, "OPTIONS");
    net_loop_settle(w.loop);
    CU_ASSERT(w.accepted == 2);
    world_end(&w);
}

static void peer_that_hangs_up_before_the_answer(void)
{
    struct world w;
    struct siptx_config c = {.transport = SIPTX_TCP};
    world_begin(&w, &c);
    world_start(&w, "OPTIONS");
    net_loop_settle(w.loop);
    net_stream_reset(w.stream);
    w.stream = NULL;
    net_loop_run_for(w.loop, 10);
    CU_ASSERT_STRING_EQUAL(w.log, "failed:input/output error at 0 end at 0 ");
    world_end(&w);
    /* An orderly close may be followed by the answer on another connection. */
    world_begin(&w, &c);
    world_start(&w, "OPTIONS");
    net_loop_settle(w.loop);
    net_stream_close(w.stream);
    w.stream = NULL;
    net_loop_run_for(w.loop, 10);
    CU_ASSERT_STRING_EQUAL(w.log, "");
    peer_connect(&w);
    peer_reply(&w, 0, "200 OK", "b1", NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "200 end at 10 ");
    world_end(&w);
}

static void raw_octets_go_out_as_they_are(void)
{
    struct world w;
    struct siptx_dest dest = {.transport = SIPTX_UDP};
    world_begin(&w, NULL);
    CU_ASSERT(net_addr_of(&dest.addr, "127.0.0.2", 5060) == STATUS_OK);
    CU_ASSERT(siptx_send_raw(w.ep, &dest, (const uint8_t *)"any\n", 4) ==
              STATUS_OK);
    net_loop_settle(w.loop);
    CU_ASSERT_STRING_EQUAL(w.seen[0].text, "any\n");
    world_end(&w);
}

static void address_in_use_is_told(void)
{
    struct world w;
    struct siptx_endpoint *ep;
    struct siptx_config c = {.transport = SIPTX_UDP};
    world_begin(&w, NULL);
    c.loop = w.loop;
    c.env = &w.env;
    c.addr = siptx_addr(w.ep);
    CU_ASSERT(siptx_new(&ep, &c) == STATUS_DUPLICATE);
    CU_ASSERT(ep == NULL);
    c.addr.port = 0;
    CU_ASSERT_FATAL(siptx_new(&ep, &c) == STATUS_OK);
    CU_ASSERT(siptx_addr(ep).port != 0);
    CU_ASSERT(strncmp(siptx_contact(ep), "<sip:127.0.0.1:", 15) == 0);
    siptx_free(ep);
    world_end(&w);
}

/* ---- on_send and edits ---- */

static void on_send_may_drop(void)
{
    struct world w;
    world_begin(&w, NULL);
    w.drop_first = 2;
    world_start(&w, "OPTIONS");
    net_loop_run_for(w.loop, 2000);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "OPTIONS "), "1500");
    world_end(&w);
}

static void twice_and_late(void *ctx, struct siptx_sending *s)
{
    (void)ctx;
    CU_ASSERT_STRING_EQUAL(s->name, "MESSAGE");
    CU_ASSERT(s->to.transport == SIPTX_UDP && s->to.addr.port == 5060);
    s->copies = s->repeat == 0 ? 2 : 1;
    s->delay_ms = 40;
}

static void on_send_may_double_and_delay(void)
{
    struct world w;
    struct siptx_endpoint *ep;
    struct siptx_config c = {.transport = SIPTX_UDP,
                             .on = {.on_send = twice_and_late}};
    struct sip_out out;
    world_begin(&w, NULL);
    c.loop = w.loop;
    c.env = &w.env;
    CU_ASSERT(net_addr_of(&c.addr, "127.0.0.1", 5061) == STATUS_OK);
    CU_ASSERT_FATAL(siptx_new(&ep, &c) == STATUS_OK);
    CU_ASSERT(siptx_request(ep, &out, "MESSAGE", "sip:b@127.0.0.2", "<sip:a@x>",
                            "<sip:b@y>") == STATUS_OK);
    CU_ASSERT(siptx_send(ep, &out, NULL, NULL, NULL, NULL) == STATUS_OK);
    sip_out_free(&out);
    net_loop_run_for(w.loop, 1000);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "MESSAGE "), "40 40 540");
    net_loop_run_for(w.loop, 510);
    siptx_free(ep); /* with one on its way */
    world_end(&w);
}

static void edits_change_what_goes_out_and_what_is_expected(void)
{
    struct world w;
    struct edit_list edits = {0};
    const char *why;
    CU_ASSERT(edit_list_add(&edits, "INVITE set sip.Subject hello", &why) ==
              STATUS_OK);
    CU_ASSERT(edit_list_add(&edits, "INVITE/180 set sip.Subject back", &why) ==
              STATUS_OK);
    CU_ASSERT(edit_list_add(&edits, "ACK drop sip.Max-Forwards", &why) ==
              STATUS_OK);
    world_begin(&w, NULL);
    siptx_set_edits(w.ep, &edits);
    world_start(&w, "INVITE");
    world_start(&w, "OPTIONS");
    net_loop_settle(w.loop);
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 0, "Subject"), "hello");
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "Subject"), "");
    peer_reply(&w, 0, "486 Busy Here", "b1", NULL);
    CU_ASSERT(seen_starts(&w, 2, "ACK "));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 2, "Max-Forwards"), "");
    snprintf(w.answer, sizeof(w.answer), "180");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 3, "Subject"), "back");
    siptx_set_edits(w.ep, NULL);
    world_end(&w);
    edit_list_clear(&edits);
}

static void endpoint_gives_everything_back_when_memory_is_short(void)
{
    for (unsigned long n = 1; n < 400; n++) {
        struct world w;
        world_begin(&w, NULL);
        struct siptx_config c = {.transport = SIPTX_UDP,
                                 .loop = w.loop,
                                 .env = &w.env,
                                 .user = "bob",
                                 .product = "x"};
        struct siptx_endpoint *ep;
        struct sip_out out;
        c.addr = siptx_addr(w.ep);
        c.addr.port = 5062;
        mem_fail_at(n);
        if (siptx_new(&ep, &c) == STATUS_OK) {
            if (siptx_request(ep, &out, "INVITE", "sip:b@127.0.0.2",
                              "<sip:a@x>", "<sip:b@y>") == STATUS_OK) {
                (void)siptx_send(ep, &out, NULL, NULL, NULL, NULL);
                sip_out_free(&out);
            }
            net_loop_run_for(w.loop, 600);
            siptx_free(ep);
        }
        mem_fail_at(0);
        world_end(&w);
    }
}

static void serving_survives_lack_of_memory(void)
{
    for (unsigned long n = 1; n < 300; n++) {
        struct world w;
        world_begin(&w, NULL);
        struct net_addr to = siptx_addr(w.ep);
        char *text =
            peer_request_text("INVITE", "z9hG4bK-1", NULL, 1, NULL, "UDP");
        CU_ASSERT(net_udp_send(w.udp, &to, (uint8_t *)text, strlen(text)) ==
                  STATUS_OK);
        mem_free(text);
        mem_fail_at(n);
        net_loop_run_for(w.loop, 300);
        if (w.server != NULL) {
            (void)siptx_reply_status(w.server, 183, NULL, NULL);
            (void)siptx_reply_status(w.server, 200, NULL, NULL);
        }
        net_loop_run_for(w.loop, 2000);
        mem_fail_at(0);
        world_end(&w);
    }
}

static const struct unit_case cases[] = {
    {"message_may_be_cut_anywhere", message_may_be_cut_anywhere},
    {"message_may_come_octet_by_octet", message_may_come_octet_by_octet},
    {"garbage_closes_the_connection", garbage_closes_the_connection},
    {"endless_message_is_cut_off", endless_message_is_cut_off},
    {"connection_closed_in_a_message_is_told",
     connection_closed_in_a_message_is_told},
    {"datagram_garbage_is_told_and_dropped",
     datagram_garbage_is_told_and_dropped},
    {"every_shorter_datagram_is_survived", every_shorter_datagram_is_survived},
    {"every_changed_octet_is_survived", every_changed_octet_is_survived},
    {"requests_to_one_peer_share_a_connection",
     requests_to_one_peer_share_a_connection},
    {"peer_that_hangs_up_before_the_answer",
     peer_that_hangs_up_before_the_answer},
    {"raw_octets_go_out_as_they_are", raw_octets_go_out_as_they_are},
    {"address_in_use_is_told", address_in_use_is_told},
    {"on_send_may_drop", on_send_may_drop},
    {"on_send_may_double_and_delay", on_send_may_double_and_delay},
    {"edits_change_what_goes_out_and_what_is_expected",
     edits_change_what_goes_out_and_what_is_expected},
    {"endpoint_gives_everything_back_when_memory_is_short",
     endpoint_gives_everything_back_when_memory_is_short},
    {"serving_survives_lack_of_memory", serving_survives_lack_of_memory},
    {NULL, NULL}};
const struct unit_suite transport_suite = {"transport", cases};
