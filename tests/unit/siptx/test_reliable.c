/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Reliable provisional responses: RFC 3262, both sides. */
#include "tests/unit/siptx/siptx_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTACT "Contact: <sip:bob@127.0.0.2:5060;transport=udp>\r\n"

/* ---- UAS ---- */

static void begin_uas(struct world *w, const char *codes)
{
    world_begin(w, NULL);
    w->reliable = 1;
    snprintf(w->answer, sizeof(w->answer), "%s", codes);
    peer_request(w, "INVITE", "z9hG4bK-1", NULL, 1, "Supported: 100rel\r\n");
}

static void prack(struct world *w, const char *branch, unsigned cseq,
                  unsigned rseq, const char *rest)
{
    char lines[64];
    char tag[64];
    snprintf(tag, sizeof(tag), "%s", tag_of(seen_field(w, 0, "To")));
    snprintf(lines, sizeof(lines), "RAck: %u %s\r\n", rseq, rest);
    peer_request(w, "PRACK", branch, tag, cseq, lines);
}

static void reliable_repeats_doubling_without_t2_until_prack(void)
{
    struct world w;
    begin_uas(&w, "183");
    net_loop_run_for(w.loop, 20000);
    /* RFC 3262, 3: from T1, doubling; no T2 here. */
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "SIP/2.0 183"),
                           "0 500 1500 3500 7500 15500");
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 0, "Require"), "100rel");
    unsigned rseq = (unsigned)atoi(seen_field(&w, 0, "RSeq"));
    CU_ASSERT(rseq >= 1);
    CU_ASSERT(siptx_unpracked(w.server) == 1);
    struct siptx_server *invite = w.server;
    snprintf(w.answer, sizeof(w.answer), "200");
    prack(&w, "z9hG4bK-2", 2, rseq, "1 INVITE");
    CU_ASSERT_STRING_EQUAL(w.log, "request request+dialog ");
    CU_ASSERT(w.server != NULL && siptx_server_pracked(w.server) == invite);
    CU_ASSERT(siptx_unpracked(invite) == 0);
    CU_ASSERT(seen_starts(&w, 6, "SIP/2.0 200 "));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 6, "CSeq"), "2 PRACK");
    net_loop_run_for(w.loop, 20000);
    CU_ASSERT(w.num_seen == 7);
    world_end(&w);
}

static void reliable_without_prack_is_told_after_64_t1(void)
{
    struct world w;
    begin_uas(&w, "183");
    net_loop_run_for(w.loop, 40000);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "SIP/2.0 183"),
                           "0 500 1500 3500 7500 15500 31500");
    CU_ASSERT_STRING_EQUAL(w.log, "request unacked 183 at 32000 ");
    world_end(&w);
}

static void prack_of_something_else_gets_481(void)
{
    struct world w;
    begin_uas(&w, "183");
    unsigned rseq = (unsigned)atoi(seen_field(&w, 0, "RSeq"));
    prack(&w, "z9hG4bK-2", 2, rseq + 1, "1 INVITE");
    prack(&w, "z9hG4bK-3", 3, rseq, "2 INVITE");
    prack(&w, "z9hG4bK-4", 4, rseq, "1 UPDATE");
    prack(&w, "z9hG4bK-5", 5, rseq, "");
    for (size_t i = 1; i < 5; i++) {
        CU_ASSERT(seen_starts(&w, i, "SIP/2.0 481 "));
    }
    CU_ASSERT_STRING_EQUAL(w.log, "request ");
    CU_ASSERT(siptx_unpracked(w.server) == 1); /* still waiting */
    world_end(&w);
}

static void second_prack_gets_481(void)
{
    struct world w;
    begin_uas(&w, "183");
    unsigned rseq = (unsigned)atoi(seen_field(&w, 0, "RSeq"));
    snprintf(w.answer, sizeof(w.answer), "200");
    prack(&w, "z9hG4bK-2", 2, rseq, "1 INVITE");
    prack(&w, "z9hG4bK-3", 3, rseq, "1 INVITE");
    CU_ASSERT(seen_starts(&w, 1, "SIP/2.0 200 "));
    CU_ASSERT(seen_starts(&w, 2, "SIP/2.0 481 "));
    world_end(&w);
}

static void rseq_counts_by_one(void)
{
    struct world w;
    begin_uas(&w, "180 183");
    CU_ASSERT(atoi(seen_field(&w, 1, "RSeq")) ==
              atoi(seen_field(&w, 0, "RSeq")) + 1);
    CU_ASSERT(siptx_unpracked(w.server) == 2);
    CU_ASSERT(siptx_reply_status(w.server, 486, NULL, NULL) == STATUS_OK);
    CU_ASSERT(siptx_unpracked(w.server) == 0); /* a final response ends it */
    net_loop_run_for(w.loop, 400);
    CU_ASSERT(w.num_seen == 3);
    world_end(&w);
}

static void only_101_to_199_to_invite_can_be_reliable(void)
{
    static const int codes[] = {100, 200, 404};
    struct world w;
    struct sip_out out;
    world_begin(&w, NULL);
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT(siptx_response(w.server, &out, codes[i], NULL) == STATUS_OK);
        CU_ASSERT(siptx_reply_reliable(w.server, &out) == STATUS_MISUSE);
        sip_out_free(&out);
    }
    peer_request(&w, "OPTIONS", "z9hG4bK-2", NULL, 1, NULL);
    CU_ASSERT(siptx_response(w.server, &out, 180, NULL) == STATUS_OK);
    CU_ASSERT(siptx_reply_reliable(w.server, &out) == STATUS_MISUSE);
    sip_out_free(&out);
    world_end(&w);
}

/* ---- without on_unacked: what RFC 3262, 3 and RFC 3261, 13.3.1.4 say ---- */

static void bare_on_request(void *ctx, struct siptx_server *tx,
                            const struct sip_msg *msg,
                            struct siptx_dialog *dialog)
{
    int code = *(const int *)ctx;
    struct sip_out out;
    (void)msg;
    (void)dialog;
    CU_ASSERT(siptx_response(tx, &out, code, NULL) == STATUS_OK);
    CU_ASSERT((code < 200 ? siptx_reply_reliable(tx, &out)
                          : siptx_reply(tx, &out)) == STATUS_OK);
    sip_out_free(&out);
}

static void bare(int code, const char *want, const char *times)
{
    struct world w;
    struct siptx_endpoint *ep;
    struct siptx_config c = {.transport = SIPTX_UDP,
                             .on = {.on_request = bare_on_request},
                             .ctx = &code};
    world_begin(&w, NULL);
    c.loop = w.loop;
    c.env = &w.env;
    CU_ASSERT(net_addr_of(&c.addr, "127.0.0.1", 5061) == STATUS_OK);
    CU_ASSERT_FATAL(siptx_new(&ep, &c) == STATUS_OK);
    char *text = peer_request_text("INVITE", "z9hG4bK-1", NULL, 1, NULL, "UDP");
    CU_ASSERT(net_udp_send(w.udp, &c.addr, (const uint8_t *)text,
                           strlen(text)) == STATUS_OK);
    mem_free(text);
    net_loop_run_for(w.loop, 32001);
    CU_ASSERT_STRING_EQUAL(seen_times(&w, want), times);
    siptx_free(ep);
    world_end(&w);
}

static void nobody_to_tell_rejects_or_hangs_up(void)
{
    bare(183, "SIP/2.0 500", "32000");
    bare(200, "BYE sip:bob@127.0.0.2:5060", "32000");
}

/* ---- UAC ---- */

static void begin_uac(struct world *w)
{
    world_begin(w, NULL);
    w->auto_prack = 1;
    world_start(w, "INVITE");
    net_loop_settle(w->loop);
}

static void reliable_provisional_is_acknowledged(void)
{
    struct world w;
    begin_uac(&w);
    peer_reply(&w, 0, "183 Session Progress", "m1",
               CONTACT "Require: 100rel\r\nRSeq: 776656\r\n");
    CU_ASSERT_FATAL(w.num_seen == 2);
    CU_ASSERT(
        seen_starts(&w, 1, "PRACK sip:bob@127.0.0.2:5060;transport=udp "));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "RAck"), "776656 1 INVITE");
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "CSeq"), "2 PRACK");
    CU_ASSERT_STRING_EQUAL(tag_of(seen_field(&w, 1, "To")), "m1");
    CU_ASSERT_STRING_EQUAL(w.log, "183 ");
    world_end(&w);
}

static void repeated_or_unordered_reliables_are_not_told(void)
{
    static const struct {
        const char *rseq;
        const char *log;
    } rows[] = {{"10", "183 "},        {"10", "183 "},    /* repeated */
                {"12", "183 "},                           /* 11 is missing */
                {"11", "183 183 "},    {"9", "183 183 "}, /* old */
                {"12", "183 183 183 "}};
    struct world w;
    begin_uac(&w);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char lines[200];
        snprintf(lines, sizeof(lines),
                 CONTACT "Require: 100rel\r\nRSeq: %s\r\n", rows[i].rseq);
        peer_reply(&w, 0, "183 Session Progress", "m1", lines);
        CU_ASSERT_STRING_EQUAL(w.log, rows[i].log);
    }
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "PRACK "), "0 0 0");
    world_end(&w);
}

static void each_early_dialog_counts_its_own_rseq(void)
{
    struct world w;
    begin_uac(&w);
    peer_reply(&w, 0, "183 Session Progress", "m1",
               CONTACT "Require: 100rel\r\nRSeq: 10\r\n");
    peer_reply(&w, 0, "183 Session Progress", "m2",
               CONTACT "Require: 100rel\r\nRSeq: 5\r\n");
    CU_ASSERT_STRING_EQUAL(w.log, "183 183 ");
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 2, "RAck"), "5 1 INVITE");
    CU_ASSERT_STRING_EQUAL(tag_of(seen_field(&w, 2, "To")), "m2");
    world_end(&w);
}

static void unreliable_provisional_gets_no_prack(void)
{
    static const char *const rows[] = {"", "Require: 100rel\r\n", "RSeq: 1\r\n",
                                       "Require: 100rel\r\nRSeq: x\r\n"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        begin_uac(&w);
        peer_reply(&w, 0, "183 Session Progress", "m1", rows[i]);
        peer_reply(&w, 0, "183 Session Progress", "m1", rows[i]);
        CU_ASSERT_STRING_EQUAL(w.log, "183 183 ");
        CU_ASSERT(w.num_seen == 1);
        world_end(&w);
    }
}

static const struct unit_case cases[] = {
    {"reliable_repeats_doubling_without_t2_until_prack",
     reliable_repeats_doubling_without_t2_until_prack},
    {"reliable_without_prack_is_told_after_64_t1",
     reliable_without_prack_is_told_after_64_t1},
    {"prack_of_something_else_gets_481", prack_of_something_else_gets_481},
    {"second_prack_gets_481", second_prack_gets_481},
    {"rseq_counts_by_one", rseq_counts_by_one},
    {"only_101_to_199_to_invite_can_be_reliable",
     only_101_to_199_to_invite_can_be_reliable},
    {"nobody_to_tell_rejects_or_hangs_up", nobody_to_tell_rejects_or_hangs_up},
    {"reliable_provisional_is_acknowledged",
     reliable_provisional_is_acknowledged},
    {"repeated_or_unordered_reliables_are_not_told",
     repeated_or_unordered_reliables_are_not_told},
    {"each_early_dialog_counts_its_own_rseq",
     each_early_dialog_counts_its_own_rseq},
    {"unreliable_provisional_gets_no_prack",
     unreliable_provisional_gets_no_prack},
    {NULL, NULL}};
const struct unit_suite reliable_suite = {"reliable", cases};
