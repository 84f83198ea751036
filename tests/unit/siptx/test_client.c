/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Client transactions: RFC 3261, 17.1, timers from its Table 4. */
#include "tests/unit/siptx/siptx_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

/* ---- retransmission by table: T1 500, T2 4,000 ---- */

static void invite_repeats_doubling_and_fails_after_64_t1(void)
{
    struct world w;
    world_begin(&w, NULL);
    world_start(&w, "INVITE");
    net_loop_run_for(w.loop, 100000);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "INVITE "),
                           "0 500 1500 3500 7500 15500 31500");
    CU_ASSERT_STRING_EQUAL(w.log, "failed:timeout at 32000 end at 32000 ");
    world_end(&w);
}

static void other_request_repeats_up_to_t2_and_fails_after_64_t1(void)
{
    struct world w;
    world_begin(&w, NULL);
    world_start(&w, "OPTIONS");
    net_loop_run_for(w.loop, 100000);
    CU_ASSERT_STRING_EQUAL(
        seen_times(&w, "OPTIONS "),
        "0 500 1500 3500 7500 11500 15500 19500 23500 27500 31500");
    CU_ASSERT_STRING_EQUAL(w.log, "failed:timeout at 32000 end at 32000 ");
    world_end(&w);
}

static void repeats_are_octet_identical(void)
{
    struct world w;
    world_begin(&w, NULL);
    world_start(&w, "INVITE");
    net_loop_run_for(w.loop, 10000);
    CU_ASSERT_FATAL(w.num_seen == 5);
    for (size_t i = 1; i < 5; i++) {
        CU_ASSERT_STRING_EQUAL(w.seen[i].text, w.seen[0].text);
    }
    CU_ASSERT(strncmp(strstr(seen_field(&w, 0, "Via"), "branch="),
                      "branch=z9hG4bK", 14) == 0);
    world_end(&w);
}

static void other_timers_follow_the_config(void)
{
    struct world w;
    struct siptx_config c = {.transport = SIPTX_UDP, .t1_ms = 10, .t2_ms = 40};
    world_begin(&w, &c);
    world_start(&w, "OPTIONS");
    net_loop_run_for(w.loop, 1000);
    CU_ASSERT(strncmp(seen_times(&w, "OPTIONS "), "0 10 30 70 110 150 190 230",
                      26) == 0);
    CU_ASSERT_STRING_EQUAL(w.log, "failed:timeout at 640 end at 640 ");
    world_end(&w);
}

static void tcp_does_not_repeat(void)
{
    struct world w;
    struct siptx_config c = {.transport = SIPTX_TCP};
    static const char *const methods[] = {"INVITE", "OPTIONS"};
    for (int i = 0; i < 2; i++) {
        world_begin(&w, &c);
        world_start(&w, methods[i]);
        net_loop_run_for(w.loop, 100000);
        CU_ASSERT_STRING_EQUAL(seen_times(&w, methods[i]), "0");
        CU_ASSERT_STRING_EQUAL(w.log, "failed:timeout at 32000 end at 32000 ");
        world_end(&w);
    }
}

static void provisional_stops_invite_for_ever(void)
{
    struct world w;
    world_begin(&w, NULL);
    world_start(&w, "INVITE");
    net_loop_run_for(w.loop, 600);
    peer_reply(&w, 0, "100 Trying", NULL, NULL);
    net_loop_run_for(w.loop, 500000);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "INVITE "), "0 500");
    CU_ASSERT_STRING_EQUAL(w.log, "100 ");
    world_end(&w);
}

static void provisional_slows_other_request_to_t2(void)
{
    struct world w;
    world_begin(&w, NULL);
    world_start(&w, "OPTIONS");
    net_loop_run_for(w.loop, 600);
    peer_reply(&w, 0, "100 Trying", NULL, NULL);
    net_loop_run_for(w.loop, 100000);
    /* E runs out once more at 1500, then each T2 (17.1.2.2). */
    CU_ASSERT_STRING_EQUAL(
        seen_times(&w, "OPTIONS "),
        "0 500 1500 5500 9500 13500 17500 21500 25500 29500");
    CU_ASSERT_STRING_EQUAL(w.log, "100 failed:timeout at 32000 end at 32000 ");
    world_end(&w);
}

/* ---- final responses and what lingers ---- */

static void final_responses(void)
{
    static const struct {
        const char *method;
        int tcp;
        const char *status;
        const char *log; /* K = T4, D = 32 s, M = 64*T1 */
        unsigned acks;
    } rows[] = {
        {"OPTIONS", 0, "200 OK", "200 end at 5100 ", 0},
        {"OPTIONS", 0, "404 Not Found", "404 end at 5100 ", 0},
        {"OPTIONS", 1, "200 OK", "200 end at 100 ", 0},
        {"INVITE", 0, "486 Busy Here", "486 end at 32100 ", 1},
        {"INVITE", 1, "486 Busy Here", "486 end at 100 ", 1},
        {"INVITE", 0, "302 Moved", "302 end at 32100 ", 1},
        {"INVITE", 0, "603 Decline", "603 end at 32100 ", 1},
        {"INVITE", 0, "200 OK", "200 end at 32100 ", 0},
        {"INVITE", 1, "200 OK", "200 end at 32100 ", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        struct siptx_config c = {.transport =
                                     rows[i].tcp ? SIPTX_TCP : SIPTX_UDP};
        world_begin(&w, &c);
        world_start(&w, rows[i].method);
        net_loop_run_for(w.loop, 100);
        peer_reply(&w, 0, rows[i].status, "b1", NULL);
        net_loop_run_for(w.loop, 100000);
        CU_ASSERT_STRING_EQUAL(w.log, rows[i].log);
        CU_ASSERT(w.num_seen == 1 + rows[i].acks);
        world_end(&w);
    }
}

static void ack_of_a_failure_follows_17_1_1_3(void)
{
    struct world w;
    struct sip_out out;
    world_begin(&w, NULL);
    CU_ASSERT(siptx_request(w.ep, &out, "INVITE", "sip:bob@home-b.example",
                            "\"Alice, A.\" <sip:alice@home-a.example>",
                            "<sip:bob@home-b.example>") == STATUS_OK);
    CU_ASSERT(sip_out_add(&out, "Route", "<sip:127.0.0.2:5060;lr>") ==
              STATUS_OK);
    world_send(&w, &out);
    net_loop_settle(w.loop);
    peer_reply(&w, 0, "486 Busy Here", "b77", NULL);
    CU_ASSERT_FATAL(w.num_seen == 2);
    CU_ASSERT(seen_starts(&w, 1, "ACK sip:bob@home-b.example SIP/2.0\r\n"));
    static const char *const same[] = {"Via", "From", "Call-ID", "Route",
                                       "Max-Forwards"};
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, same[i]),
                               seen_field(&w, 0, same[i]));
    }
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "CSeq"), "1 ACK");
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "To"),
                           "<sip:bob@home-b.example>;tag=b77");
    world_end(&w);
}

static void repeated_failure_is_acknowledged_again_but_told_once(void)
{
    struct world w;
    world_begin(&w, NULL);
    world_start(&w, "INVITE");
    net_loop_settle(w.loop);
    peer_reply(&w, 0, "486 Busy Here", "b1", NULL);
    peer_reply(&w, 0, "486 Busy Here", "b1", NULL);
    net_loop_run_for(w.loop, 31999);
    peer_reply(&w, 0, "486 Busy Here", "b1", NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "486 ");
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "ACK "), "0 0 31999");
    CU_ASSERT_STRING_EQUAL(w.seen[1].text, w.seen[2].text);
    net_loop_run_for(w.loop, 2);
    peer_reply(&w, 0, "486 Busy Here", "b1", NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "486 end at 32000 stray ");
    world_end(&w);
}

static void responses_out_of_place_change_nothing(void)
{
    struct world w;
    world_begin(&w, NULL);
    world_start(&w, "INVITE");
    net_loop_settle(w.loop);
    peer_reply(&w, 0, "486 Busy Here", "b1", NULL);
    peer_reply(&w, 0, "180 Ringing", "b1", NULL);
    peer_reply(&w, 0, "200 OK", "b1", NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "486 ");
    world_end(&w);
}

static void response_of_another_method_or_branch_is_stray(void)
{
    struct world w;
    world_begin(&w, NULL);
    world_start(&w, "INVITE");
    net_loop_settle(w.loop);
    char *text = peer_response(&w, 0, "200 OK", "b1", NULL);
    char *method = strstr(text, "1 INVITE");
    memcpy(method, "1 UPDATE", 8);
    peer_send(&w, text);
    memcpy(method, "1 INVITE", 8);
    char *branch = strstr(text, "z9hG4bK");
    branch[8] ^= 1;
    peer_send(&w, text);
    mem_free(text);
    CU_ASSERT_STRING_EQUAL(w.log, "stray stray ");
    world_end(&w);
}

/* ---- CANCEL ---- */

static void cancel_waits_for_a_provisional(void)
{
    struct world w;
    world_begin(&w, NULL);
    world_start(&w, "INVITE");
    net_loop_settle(w.loop);
    CU_ASSERT(siptx_cancel(w.client, "Reason: SIP;cause=408") == STATUS_OK);
    net_loop_run_for(w.loop, 100);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "CANCEL "), "");
    peer_reply(&w, 0, "180 Ringing", "b1", NULL);
    CU_ASSERT_FATAL(seen_starts(&w, 1, "CANCEL sip:bob@127.0.0.2:5060 "));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "Via"), seen_field(&w, 0, "Via"));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "CSeq"), "1 CANCEL");
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "To"), seen_field(&w, 0, "To"));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "Reason"), "SIP;cause=408");
    peer_reply(&w, 1, "200 OK", "b1", NULL);
    peer_reply(&w, 0, "180 Ringing", "b1", NULL); /* no second CANCEL */
    peer_reply(&w, 0, "487 Request Terminated", "b1", NULL);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "CANCEL "), "100");
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "ACK "), "100");
    CU_ASSERT_STRING_EQUAL(w.log, "180 180 487 dialog-end ");
    world_end(&w);
}

static void cancel_meets_200(void)
{
    struct world w;
    world_begin(&w, NULL);
    w.auto_ack = 1;
    world_start(&w, "INVITE");
    net_loop_settle(w.loop);
    peer_reply(&w, 0, "180 Ringing", "b1", NULL);
    CU_ASSERT(siptx_cancel(w.client, NULL) == STATUS_OK);
    /* on its way already */
    peer_reply(&w, 0, "200 OK", "b1", "Contact: <sip:bob@127.0.0.2>\r\n");
    CU_ASSERT(siptx_cancel(w.client, NULL) == STATUS_UNEXPECTED);
    CU_ASSERT_STRING_EQUAL(w.log, "180 200 ");
    CU_ASSERT(w.dialog != NULL && w.dialog->state == SIPTX_CONFIRMED);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "ACK "), "0");
    world_end(&w);
}

static void cancelled_call_without_answer_is_given_up(void)
{
    struct world w;
    world_begin(&w, NULL);
    world_start(&w, "INVITE");
    net_loop_settle(w.loop);
    peer_reply(&w, 0, "180 Ringing", "b1", NULL);
    net_loop_run_for(w.loop, 1000);
    CU_ASSERT(siptx_cancel(w.client, NULL) == STATUS_OK);
    net_loop_run_for(w.loop, 100000);
    CU_ASSERT_STRING_EQUAL(
        seen_times(&w, "CANCEL "),
        "1000 1500 2500 4500 8500 12500 16500 20500 24500 28500 32500");
    CU_ASSERT_STRING_EQUAL(
        w.log, "180 failed:timeout at 33000 dialog-end end at 33000 ");
    world_end(&w);
}

static void cancel_now_does_not_wait(void)
{
    struct world w;
    world_begin(&w, NULL);
    world_start(&w, "INVITE");
    CU_ASSERT(siptx_cancel_now(w.client, NULL) == STATUS_OK);
    net_loop_settle(w.loop);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "CANCEL "), "0");
    world_start(&w, "OPTIONS");
    CU_ASSERT(siptx_cancel(w.client, NULL) == STATUS_UNEXPECTED);
    world_end(&w);
}

/* ---- transport trouble ---- */

static void refused_connection_is_told(void)
{
    struct world w;
    struct siptx_config c = {.transport = SIPTX_TCP};
    world_begin(&w, &c);
    net_listener_close(w.listener);
    world_start(&w, "INVITE");
    CU_ASSERT_STRING_EQUAL(w.log, ""); /* not from inside siptx_send */
    net_loop_run_for(w.loop, 10);
    CU_ASSERT_STRING_EQUAL(w.log, "failed:input/output error at 0 end at 0 ");
    world_end(&w);
}

static void no_next_hop_is_told_at_once(void)
{
    struct world w;
    struct sip_out out;
    world_begin(&w, NULL);
    CU_ASSERT(siptx_request(w.ep, &out, "INVITE", "sip:bob@home-b.example",
                            "<sip:a@x>", "<sip:b@y>") == STATUS_OK);
    CU_ASSERT(siptx_send(w.ep, &out, NULL, NULL, NULL, NULL) ==
              STATUS_NOT_FOUND);
    sip_out_free(&out);
    world_end(&w);
}

static void large_request_goes_by_tcp(void)
{
    static const struct {
        unsigned mtu;
        int no_fallback;
        size_t body;
        const char *transport;
    } rows[] = {
        {0, 0, 100, "UDP"},     {0, 0, 1300, "TCP"}, {65535, 0, 1300, "UDP"},
        {1500, 0, 1100, "TCP"}, {0, 1, 1300, "UDP"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        struct siptx_config c = {.transport = SIPTX_UDP,
                                 .mtu = rows[i].mtu,
                                 .no_udp_fallback = rows[i].no_fallback};
        struct sip_out out;
        char body[1300];
        memset(body, 'x', sizeof(body));
        world_begin(&w, &c);
        CU_ASSERT(siptx_request(w.ep, &out, "INVITE", "sip:bob@127.0.0.2:5060",
                                "<sip:a@x>", "<sip:b@y>") == STATUS_OK);
        CU_ASSERT(sip_out_body(&out, "text/plain", body, rows[i].body) ==
                  STATUS_OK);
        world_send(&w, &out);
        net_loop_settle(w.loop);
        CU_ASSERT(w.num_seen >= 1);
        char want[32];
        snprintf(want, sizeof(want), "SIP/2.0/%s ", rows[i].transport);
        CU_ASSERT(strncmp(seen_field(&w, 0, "Via"), want, strlen(want)) == 0);
        CU_ASSERT((w.accepted == 1) == (rows[i].transport[0] == 'T'));
        world_end(&w);
    }
}

static void forgotten_transaction_says_nothing(void)
{
    struct world w;
    world_begin(&w, NULL);
    siptx_client_forget(world_start(&w, "OPTIONS"));
    net_loop_settle(w.loop);
    peer_reply(&w, 0, "200 OK", "b1", NULL);
    net_loop_run_for(w.loop, 100000);
    CU_ASSERT_STRING_EQUAL(w.log, "");
    w.client = NULL;
    world_end(&w);
}

static const struct unit_case cases[] = {
    {"invite_repeats_doubling_and_fails_after_64_t1",
     invite_repeats_doubling_and_fails_after_64_t1},
    {"other_request_repeats_up_to_t2_and_fails_after_64_t1",
     other_request_repeats_up_to_t2_and_fails_after_64_t1},
    {"repeats_are_octet_identical", repeats_are_octet_identical},
    {"other_timers_follow_the_config", other_timers_follow_the_config},
    {"tcp_does_not_repeat", tcp_does_not_repeat},
    {"provisional_stops_invite_for_ever", provisional_stops_invite_for_ever},
    {"provisional_slows_other_request_to_t2",
     provisional_slows_other_request_to_t2},
    {"final_responses", final_responses},
    {"ack_of_a_failure_follows_17_1_1_3", ack_of_a_failure_follows_17_1_1_3},
    {"repeated_failure_is_acknowledged_again_but_told_once",
     repeated_failure_is_acknowledged_again_but_told_once},
    {"responses_out_of_place_change_nothing",
     responses_out_of_place_change_nothing},
    {"response_of_another_method_or_branch_is_stray",
     response_of_another_method_or_branch_is_stray},
    {"cancel_waits_for_a_provisional", cancel_waits_for_a_provisional},
    {"cancel_meets_200", cancel_meets_200},
    {"cancelled_call_without_answer_is_given_up",
     cancelled_call_without_answer_is_given_up},
    {"cancel_now_does_not_wait", cancel_now_does_not_wait},
    {"refused_connection_is_told", refused_connection_is_told},
    {"no_next_hop_is_told_at_once", no_next_hop_is_told_at_once},
    {"large_request_goes_by_tcp", large_request_goes_by_tcp},
    {"forgotten_transaction_says_nothing", forgotten_transaction_says_nothing},
    {NULL, NULL}};
const struct unit_suite client_suite = {"client", cases};
