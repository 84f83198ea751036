/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Server transactions: RFC 3261, 17.2 and 9.2, 18.2, RFC 6026. */
#include "tests/unit/siptx/siptx_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

static void answer(struct world *w, const char *codes)
{
    snprintf(w->answer, sizeof(w->answer), "%s", codes);
}

static void count_packet(void *ctx, struct net_udp *u,
                         const struct net_addr *from, const uint8_t *data,
                         size_t len)
{
    (void)u;
    (void)from;
    (void)data;
    (void)len;
    ++*(unsigned *)ctx;
}

static void invite_is_answered_100_after_200_ms(void)
{
    struct world w;
    world_begin(&w, NULL);
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "request ");
    net_loop_run_for(w.loop, 5000);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "SIP/2.0 "), "200");
    CU_ASSERT(seen_starts(&w, 0, "SIP/2.0 100 "));
    CU_ASSERT_STRING_EQUAL(tag_of(seen_field(&w, 0, "To")), "");
    world_end(&w);
}

static void no_100_when_the_owner_was_faster_or_it_is_no_invite(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "180");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    net_loop_run_for(w.loop, 5000);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "SIP/2.0 "), "0");
    answer(&w, "");
    peer_request(&w, "OPTIONS", "z9hG4bK-2", NULL, 9, NULL);
    net_loop_run_for(w.loop, 5000);
    CU_ASSERT(w.num_seen == 1);
    world_end(&w);
}

static void repeated_request_gets_the_same_octets(void)
{
    static const struct {
        const char *method;
        const char *codes;
    } rows[] = {{"OPTIONS", "200"},
                {"OPTIONS", "404"},
                {"INVITE", "180"},
                {"INVITE", "486"},
                {"MESSAGE", "202"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        world_begin(&w, NULL);
        answer(&w, rows[i].codes);
        peer_request(&w, rows[i].method, "z9hG4bK-1", NULL, 1, NULL);
        peer_request(&w, rows[i].method, "z9hG4bK-1", NULL, 1, NULL);
        CU_ASSERT_STRING_EQUAL(w.log, "request ");
        CU_ASSERT_FATAL(w.num_seen == 2);
        CU_ASSERT_STRING_EQUAL(w.seen[0].text, w.seen[1].text);
        world_end(&w);
    }
}

static void unanswered_request_is_absorbed_when_repeated(void)
{
    struct world w;
    world_begin(&w, NULL);
    peer_request(&w, "OPTIONS", "z9hG4bK-1", NULL, 1, NULL);
    peer_request(&w, "OPTIONS", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "request ");
    CU_ASSERT(w.num_seen == 0);
    world_end(&w);
}

static void completed_transaction_lives_for_timer_j(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "200");
    peer_request(&w, "OPTIONS", "z9hG4bK-1", NULL, 1, NULL);
    net_loop_run_for(w.loop, 31999);
    peer_request(&w, "OPTIONS", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "request ");
    net_loop_run_for(w.loop, 2);
    peer_request(&w, "OPTIONS", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "request request ");
    world_end(&w);
}

static void tcp_transaction_ends_at_once(void)
{
    struct world w;
    world_begin(&w, NULL);
    peer_connect(&w);
    answer(&w, "200");
    peer_request(&w, "OPTIONS", "z9hG4bK-1", NULL, 1, NULL);
    net_loop_run_for(w.loop, 1);
    peer_request(&w, "OPTIONS", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "request request ");
    world_end(&w);
}

/* ---- INVITE: final responses ---- */

static void failure_repeats_until_ack(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "486");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    net_loop_run_for(w.loop, 1600);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "SIP/2.0 486"), "0 500 1500");
    CU_ASSERT_STRING_EQUAL(w.seen[0].text, w.seen[2].text);
    peer_request(&w, "ACK", "z9hG4bK-1", "x", 1, NULL);
    net_loop_run_for(w.loop, 100000);
    CU_ASSERT(w.num_seen == 3);
    CU_ASSERT_STRING_EQUAL(w.log, "request ");
    world_end(&w);
}

static void failure_repeats_up_to_t2_and_gives_up_at_timer_h(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "486");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    net_loop_run_for(w.loop, 100000);
    CU_ASSERT_STRING_EQUAL(
        seen_times(&w, "SIP/2.0 486"),
        "0 500 1500 3500 7500 11500 15500 19500 23500 27500 31500");
    CU_ASSERT(w.server == NULL);
    world_end(&w);
}

static void failure_over_tcp_does_not_repeat(void)
{
    struct world w;
    world_begin(&w, NULL);
    peer_connect(&w);
    answer(&w, "486");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    net_loop_run_for(w.loop, 31999);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "SIP/2.0 486"), "0");
    CU_ASSERT(w.server != NULL); /* waits for ACK or H */
    peer_request(&w, "ACK", "z9hG4bK-1", "x", 1, NULL);
    net_loop_run_for(w.loop, 1);
    CU_ASSERT(w.server == NULL); /* I is 0 */
    world_end(&w);
}

static void success_repeats_until_ack_on_any_transport(void)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        struct world w;
        world_begin(&w, NULL);
        if (tcp) {
            peer_connect(&w);
        }
        answer(&w, "200");
        peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
        net_loop_run_for(w.loop, 8000);
        CU_ASSERT_STRING_EQUAL(seen_times(&w, "SIP/2.0 200"),
                               "0 500 1500 3500 7500");
        const char *tag = tag_of(seen_field(&w, 0, "To"));
        CU_ASSERT(strlen(tag) >= 8);
        peer_request(&w, "ACK", "z9hG4bK-2", tag, 1, NULL);
        peer_request(&w, "ACK", "z9hG4bK-3", tag, 1, NULL);
        net_loop_run_for(w.loop, 100000);
        CU_ASSERT(w.num_seen == 5);
        CU_ASSERT_STRING_EQUAL(w.log, "request ack+dialog ");
        world_end(&w);
    }
}

static void success_without_ack_is_told_after_64_t1(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "200");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    net_loop_run_for(w.loop, 100000);
    CU_ASSERT_STRING_EQUAL(
        seen_times(&w, "SIP/2.0 200"),
        "0 500 1500 3500 7500 11500 15500 19500 23500 27500 31500");
    CU_ASSERT_STRING_EQUAL(w.log, "request unacked 200 at 32000 ");
    world_end(&w);
}

static void ack_of_another_cseq_or_tag_does_not_count(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "200");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    const char *tag = tag_of(seen_field(&w, 0, "To"));
    peer_request(&w, "ACK", "z9hG4bK-2", tag, 2, NULL);
    peer_request(&w, "ACK", "z9hG4bK-3", "other", 1, NULL);
    net_loop_run_for(w.loop, 600);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "SIP/2.0 200"), "0 500");
    CU_ASSERT_STRING_EQUAL(w.log, "request ");
    world_end(&w);
}

static void invite_repeated_after_2xx_is_absorbed(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "200");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "request ");
    CU_ASSERT(w.num_seen == 1);
    world_end(&w);
}

static void second_final_response_is_refused(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "486");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT(siptx_reply_status(w.server, 200, NULL, NULL) ==
              STATUS_UNEXPECTED);
    CU_ASSERT(siptx_reply_status(w.server, 180, NULL, NULL) ==
              STATUS_UNEXPECTED);
    CU_ASSERT(w.num_seen == 1);
    world_end(&w);
}

/* ---- CANCEL ---- */

static void cancel_is_answered_and_ends_the_invite(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "180");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    peer_request(&w, "CANCEL", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT_FATAL(w.num_seen == 3);
    CU_ASSERT(seen_starts(&w, 1, "SIP/2.0 200 "));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "CSeq"), "1 CANCEL");
    CU_ASSERT(seen_starts(&w, 2, "SIP/2.0 487 "));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 2, "CSeq"), "1 INVITE");
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "To"), seen_field(&w, 0, "To"));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 2, "To"), seen_field(&w, 0, "To"));
    CU_ASSERT_STRING_EQUAL(w.log, "request dialog-end ");
    peer_request(&w, "CANCEL", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT(w.num_seen == 4);
    CU_ASSERT_STRING_EQUAL(w.seen[1].text, w.seen[3].text);
    world_end(&w);
}

static void cancel_after_the_answer_changes_nothing(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "200");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    peer_request(&w, "CANCEL", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT(w.num_seen == 2);
    CU_ASSERT(seen_starts(&w, 1, "SIP/2.0 200 "));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "CSeq"), "1 CANCEL");
    CU_ASSERT(w.dialog != NULL && w.dialog->state == SIPTX_CONFIRMED);
    world_end(&w);
}

static void cancel_of_nothing_gets_481(void)
{
    struct world w;
    world_begin(&w, NULL);
    peer_request(&w, "CANCEL", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT(seen_starts(&w, 0, "SIP/2.0 481 "));
    CU_ASSERT_STRING_EQUAL(w.log, "");
    world_end(&w);
}

static unsigned cancels;

static void on_cancel(void *ctx, struct siptx_server *invite,
                      const struct sip_msg *msg)
{
    (void)ctx;
    (void)invite;
    (void)msg;
    cancels++;
}

static void owner_may_handle_cancel_itself(void)
{
    struct world w;
    struct siptx_config c = {.transport = SIPTX_UDP,
                             .on = {.on_cancel = on_cancel}};
    cancels = 0;
    world_begin(&w, &c);
    answer(&w, "180");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    peer_request(&w, "CANCEL", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT(cancels == 1 && w.num_seen == 2);
    /* It may even accept the call all the same: a fault. */
    CU_ASSERT(siptx_reply_status(w.server, 200, NULL, NULL) == STATUS_OK);
    world_end(&w);
}

/* ---- what the endpoint answers by itself ---- */

static void requests_that_never_reach_the_owner(void)
{
    static const struct {
        const char *method;
        const char *to_tag;
        const char *want; /* "" : silence */
    } rows[] = {{"BYE", "nobody", "SIP/2.0 481 "},
                {"UPDATE", "nobody", "SIP/2.0 481 "},
                {"INVITE", "nobody", "SIP/2.0 481 "},
                {"PRACK", "nobody", "SIP/2.0 481 "},
                {"ACK", "nobody", ""},
                {"ACK", NULL, ""}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        world_begin(&w, NULL);
        peer_request(&w, rows[i].method, "z9hG4bK-1", rows[i].to_tag, 1, NULL);
        CU_ASSERT_STRING_EQUAL(w.log, "");
        CU_ASSERT(w.num_seen == (rows[i].want[0] != '\0'));
        CU_ASSERT(w.num_seen == 0 || seen_starts(&w, 0, rows[i].want));
        world_end(&w);
    }
}

static void merged_request_gets_482(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "180");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    peer_request(&w, "INVITE", "z9hG4bK-2", NULL, 1, NULL);
    CU_ASSERT(seen_starts(&w, 1, "SIP/2.0 482 "));
    CU_ASSERT_STRING_EQUAL(w.log, "request ");
    world_end(&w);
}

static void incomplete_request_gets_400(void)
{
    static const char *const rows[] = {
        "OPTIONS sip:a@127.0.0.1 SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK1\r\n"
        "From: <sip:b@y>;tag=1\r\nTo: <sip:a@x>\r\nCSeq: 1 OPTIONS\r\n\r\n",
        "OPTIONS sip:a@127.0.0.1 SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK1\r\n"
        "From: <sip:b@y>;tag=1\r\nTo: <sip:a@x>\r\nCall-ID: 1\r\n"
        "CSeq: 1 INVITE\r\n\r\n",
        "OPTIONS sip:a@127.0.0.1 SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK1\r\n"
        "From: <sip:b@y>;tag=1\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        world_begin(&w, NULL);
        peer_send(&w, rows[i]);
        CU_ASSERT_FATAL(w.num_seen == 1);
        CU_ASSERT(seen_starts(&w, 0, "SIP/2.0 400 "));
        CU_ASSERT_STRING_EQUAL(w.log, "");
        world_end(&w);
    }
}

static void request_of_rfc_2543_is_matched_without_cookie(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "200");
    peer_request(&w, "OPTIONS", "1", NULL, 1, NULL);
    peer_request(&w, "OPTIONS", "1", NULL, 1, NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "request ");
    CU_ASSERT(w.num_seen == 2);
    peer_request(&w, "OPTIONS", "1", NULL, 2, NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "request request ");
    world_end(&w);
}

/* ---- where responses go (18.2) ---- */

static void via_gets_received_and_rport(void)
{
    static const struct {
        const char *via;
        const char *want;
    } rows[] = {
        {"SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK1",
         "SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK1"},
        {"SIP/2.0/UDP peer.example:5060;branch=z9hG4bK1",
         "SIP/2.0/UDP peer.example:5060;branch=z9hG4bK1;received=127.0.0.2"},
        {"SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bK1",
         "SIP/2.0/UDP 10.0.0.1;rport=5060;branch=z9hG4bK1;received=127.0.0.2"},
        {"SIP/2.0/UDP 127.0.0.2:9;branch=z9hG4bK1;rport",
         "SIP/2.0/UDP 127.0.0.2:9;branch=z9hG4bK1;rport=5060;received=127.0.0."
         "2"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        world_begin(&w, NULL);
        answer(&w, "200");
        char *text = mem_printf(
            "OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nVia: %s\r\n"
            "From: <sip:b@y>;tag=1\r\nTo: <sip:a@x>\r\nCall-ID: 1\r\n"
            "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            rows[i].via);
        peer_send(&w, text);
        mem_free(text);
        CU_ASSERT_FATAL(w.num_seen == 1);
        CU_ASSERT_STRING_EQUAL(seen_field(&w, 0, "Via"), rows[i].want);
        world_end(&w);
    }
}

/* 18.2.2: to the port of the Via; RFC 3581: with rport to where it came from.
 */
static void datagram_is_answered_at_the_right_port(void)
{
    for (int rport = 0; rport < 2; rport++) {
        struct world w;
        struct net_udp *other;
        struct net_addr at;
        struct net_addr to;
        world_begin(&w, NULL);
        char *text = peer_request_text("OPTIONS",
                                       rport ? "z9hG4bK-1;rport" : "z9hG4bK-1",
                                       NULL, 1, NULL, "UDP");
        answer(&w, "200");
        to = siptx_addr(w.ep);
        CU_ASSERT(net_addr_of(&at, "127.0.0.2", 6000) == STATUS_OK);
        CU_ASSERT_FATAL(net_udp_open(&other, w.loop, &at, count_packet,
                                     &w.closed) == STATUS_OK);
        memcpy(strstr(text, "127.0.0.2:5060"), "127.0.0.2:6000", 14);
        CU_ASSERT(net_udp_send(w.udp, &to, (const uint8_t *)text,
                               strlen(text)) == STATUS_OK);
        net_loop_settle(w.loop);
        CU_ASSERT(w.num_seen == (rport ? 1 : 0));
        CU_ASSERT(w.closed == (rport ? 0 : 1));
        mem_free(text);
        world_end(&w);
    }
}

static void all_vias_come_back_in_order(void)
{
    struct world w;
    world_begin(&w, NULL);
    answer(&w, "200");
    peer_send(&w, "OPTIONS sip:a@127.0.0.1 SIP/2.0\r\n"
                  "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK1, "
                  "SIP/2.0/TCP b.example;branch=z9hG4bK2\r\n"
                  "Via: SIP/2.0/TCP c.example;branch=z9hG4bK3\r\n"
                  "From: <sip:b@y>;tag=1\r\nTo: <sip:a@x>\r\nCall-ID: 1\r\n"
                  "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
    CU_ASSERT_FATAL(w.num_seen == 1);
    const char *b1 = strstr(w.seen[0].text, "z9hG4bK1");
    const char *b2 = strstr(w.seen[0].text, "z9hG4bK2");
    const char *b3 = strstr(w.seen[0].text, "z9hG4bK3");
    CU_ASSERT(b1 != NULL && b2 != NULL && b3 != NULL);
    CU_ASSERT(b1 < b2 && b2 < b3);
    world_end(&w);
}

static void response_goes_over_a_new_connection_if_the_old_is_gone(void)
{
    struct world w;
    world_begin(&w, NULL);
    peer_connect(&w);
    peer_request(&w, "OPTIONS", "z9hG4bK-1", NULL, 1, NULL);
    net_stream_close(w.stream);
    w.stream = NULL;
    net_loop_settle(w.loop);
    CU_ASSERT(siptx_reply_status(w.server, 200, NULL, NULL) == STATUS_OK);
    net_loop_settle(w.loop);
    CU_ASSERT(w.accepted == 1); /* at the port of the Via */
    CU_ASSERT(seen_starts(&w, 0, "SIP/2.0 200 "));
    world_end(&w);
}

static void answered_by_what_the_handlers_say_or_501(void)
{
    struct world w;
    struct siptx_config c = {.transport = SIPTX_UDP};
    struct siptx_endpoint *bare;
    world_begin(&w, NULL);
    c.loop = w.loop;
    c.env = &w.env;
    CU_ASSERT(net_addr_of(&c.addr, "127.0.0.1", 5061) == STATUS_OK);
    CU_ASSERT_FATAL(siptx_new(&bare, &c) == STATUS_OK);
    char *text =
        peer_request_text("OPTIONS", "z9hG4bK-1", NULL, 1, NULL, "UDP");
    CU_ASSERT(net_udp_send(w.udp, &c.addr, (const uint8_t *)text,
                           strlen(text)) == STATUS_OK);
    mem_free(text);
    net_loop_settle(w.loop);
    CU_ASSERT(seen_starts(&w, 0, "SIP/2.0 501 "));
    siptx_free(bare);
    world_end(&w);
}

static const struct unit_case cases[] = {
    {"invite_is_answered_100_after_200_ms",
     invite_is_answered_100_after_200_ms},
    {"no_100_when_the_owner_was_faster_or_it_is_no_invite",
     no_100_when_the_owner_was_faster_or_it_is_no_invite},
    {"repeated_request_gets_the_same_octets",
     repeated_request_gets_the_same_octets},
    {"unanswered_request_is_absorbed_when_repeated",
     unanswered_request_is_absorbed_when_repeated},
    {"completed_transaction_lives_for_timer_j",
     completed_transaction_lives_for_timer_j},
    {"tcp_transaction_ends_at_once", tcp_transaction_ends_at_once},
    {"failure_repeats_until_ack", failure_repeats_until_ack},
    {"failure_repeats_up_to_t2_and_gives_up_at_timer_h",
     failure_repeats_up_to_t2_and_gives_up_at_timer_h},
    {"failure_over_tcp_does_not_repeat", failure_over_tcp_does_not_repeat},
    {"success_repeats_until_ack_on_any_transport",
     success_repeats_until_ack_on_any_transport},
    {"success_without_ack_is_told_after_64_t1",
     success_without_ack_is_told_after_64_t1},
    {"ack_of_another_cseq_or_tag_does_not_count",
     ack_of_another_cseq_or_tag_does_not_count},
    {"invite_repeated_after_2xx_is_absorbed",
     invite_repeated_after_2xx_is_absorbed},
    {"second_final_response_is_refused", second_final_response_is_refused},
    {"cancel_is_answered_and_ends_the_invite",
     cancel_is_answered_and_ends_the_invite},
    {"cancel_after_the_answer_changes_nothing",
     cancel_after_the_answer_changes_nothing},
    {"cancel_of_nothing_gets_481", cancel_of_nothing_gets_481},
    {"owner_may_handle_cancel_itself", owner_may_handle_cancel_itself},
    {"requests_that_never_reach_the_owner",
     requests_that_never_reach_the_owner},
    {"merged_request_gets_482", merged_request_gets_482},
    {"incomplete_request_gets_400", incomplete_request_gets_400},
    {"request_of_rfc_2543_is_matched_without_cookie",
     request_of_rfc_2543_is_matched_without_cookie},
    {"via_gets_received_and_rport", via_gets_received_and_rport},
    {"datagram_is_answered_at_the_right_port",
     datagram_is_answered_at_the_right_port},
    {"all_vias_come_back_in_order", all_vias_come_back_in_order},
    {"response_goes_over_a_new_connection_if_the_old_is_gone",
     response_goes_over_a_new_connection_if_the_old_is_gone},
    {"answered_by_what_the_handlers_say_or_501",
     answered_by_what_the_handlers_say_or_501},
    {NULL, NULL}};
const struct unit_suite server_suite = {"server", cases};
