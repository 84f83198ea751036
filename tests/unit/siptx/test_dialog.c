/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Dialogs: RFC 3261, 12 and 13.2.2.4; offer/answer: RFC 3311, 5. */
#include "tests/unit/siptx/siptx_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

#define CONTACT "Contact: <sip:bob@127.0.0.2:5060>\r\n"

static void begin_uac(struct world *w)
{
    world_begin(w, NULL);
    w->auto_ack = 1;
    world_start(w, "INVITE");
    net_loop_settle(w->loop);
}

static void send_in_dialog(struct world *w, const char *method)
{
    struct sip_out out;
    CU_ASSERT(siptx_dialog_request(w->dialog, &out, method) == STATUS_OK);
    CU_ASSERT(siptx_dialog_send(w->dialog, &out, NULL, NULL, NULL) ==
              STATUS_OK);
    sip_out_free(&out);
    net_loop_settle(w->loop);
}

static void uac_reverses_the_record_route(void)
{
    struct world w;
    begin_uac(&w);
    peer_reply(&w, 0, "200 OK", "b1",
               "Record-Route: <sip:p2.example;lr>, <sip:p1b.example;lr>\r\n"
               "Record-Route: <sip:127.0.0.2:5060;lr>\r\n"
               "Contact: \"Bob, B.\" <sip:bob@10.9.9.9:5070;x=1>;audio\r\n");
    CU_ASSERT_FATAL(w.num_seen == 2);
    /* ACK: to the remote target, through the route set */
    CU_ASSERT(seen_starts(&w, 1, "ACK sip:bob@10.9.9.9:5070;x=1 SIP/2.0\r\n"));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "CSeq"), "1 ACK");
    CU_ASSERT_STRING_EQUAL(tag_of(seen_field(&w, 1, "To")), "b1");
    CU_ASSERT(strcmp(seen_field(&w, 1, "Via"), seen_field(&w, 0, "Via")) != 0);
    const char *r1 = strstr(w.seen[1].text, "<sip:127.0.0.2:5060;lr>");
    const char *r2 = strstr(w.seen[1].text, "<sip:p1b.example;lr>");
    const char *r3 = strstr(w.seen[1].text, "<sip:p2.example;lr>");
    CU_ASSERT(r1 != NULL && r1 < r2 && r2 < r3);
    CU_ASSERT(w.dialog->num_routes == 3);
    send_in_dialog(&w, "BYE");
    CU_ASSERT(seen_starts(&w, 2, "BYE sip:bob@10.9.9.9:5070;x=1 SIP/2.0\r\n"));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 2, "CSeq"), "2 BYE");
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 2, "From"),
                           seen_field(&w, 0, "From"));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 2, "Call-ID"),
                           seen_field(&w, 0, "Call-ID"));
    world_end(&w);
}

static void uas_keeps_the_record_route_and_answers_with_it(void)
{
    struct world w;
    world_begin(&w, NULL);
    snprintf(w.answer, sizeof(w.answer), "200");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 7,
                 "Record-Route: <sip:127.0.0.2:5060;lr>\r\n"
                 "Record-Route: <sip:p2.example;lr>\r\n");
    CU_ASSERT(strstr(w.seen[0].text, "<sip:127.0.0.2:5060;lr>") != NULL);
    CU_ASSERT(strstr(w.seen[0].text, "<sip:p2.example;lr>") != NULL);
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 0, "Contact"),
                           "<sip:alice@127.0.0.1:5060;transport=udp>");
    CU_ASSERT_FATAL(w.dialog != NULL);
    CU_ASSERT(w.dialog->is_uas && w.dialog->state == SIPTX_CONFIRMED);
    CU_ASSERT(w.dialog->remote_cseq == 7);
    send_in_dialog(&w, "BYE");
    CU_ASSERT(seen_starts(&w, 1, "BYE sip:bob@127.0.0.2:5060;transport=UDP "));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "Route"),
                           "<sip:127.0.0.2:5060;lr>");
    CU_ASSERT_STRING_EQUAL(tag_of(seen_field(&w, 1, "To")), "b1");
    CU_ASSERT_STRING_EQUAL(tag_of(seen_field(&w, 1, "From")),
                           tag_of(seen_field(&w, 0, "To")));
    world_end(&w);
}

static void forked_early_dialogs_are_kept_apart(void)
{
    struct world w;
    begin_uac(&w);
    peer_reply(&w, 0, "180 Ringing", "b1", CONTACT);
    struct siptx_dialog *first = w.dialog;
    peer_reply(&w, 0, "181 Call Is Being Forwarded", "as", NULL);
    peer_reply(&w, 0, "183 Session Progress", "m1",
               "Contact: <sip:mbx@127.0.0.2:5060>\r\n");
    struct siptx_dialog *second = w.dialog;
    CU_ASSERT_FATAL(first != NULL && second != NULL && first != second);
    CU_ASSERT_STRING_EQUAL(first->remote_target, "sip:bob@127.0.0.2:5060");
    CU_ASSERT_STRING_EQUAL(second->remote_target, "sip:mbx@127.0.0.2:5060");
    CU_ASSERT(first->state == SIPTX_EARLY && second->state == SIPTX_EARLY);
    peer_reply(&w, 0, "200 OK", "m1", "Contact: <sip:mbx@127.0.0.2:5060>\r\n");
    CU_ASSERT(second->state == SIPTX_CONFIRMED);
    CU_ASSERT_STRING_EQUAL(w.log, "180 181 183 200 ");
    /* 13.2.2.4: the others end 64*T1 after the 2xx. */
    net_loop_run_for(w.loop, 31999);
    CU_ASSERT(first->state == SIPTX_EARLY);
    net_loop_run_for(w.loop, 2);
    CU_ASSERT_STRING_EQUAL(
        w.log, "180 181 183 200 dialog-end dialog-end end at 32000 ");
    CU_ASSERT(second->state == SIPTX_CONFIRMED);
    world_end(&w);
}

static void forked_2xx_are_both_told(void)
{
    struct world w;
    begin_uac(&w);
    peer_reply(&w, 0, "200 OK", "b1", CONTACT);
    peer_reply(&w, 0, "200 OK", "b2", CONTACT);
    CU_ASSERT_STRING_EQUAL(w.log, "200 200 ");
    CU_ASSERT_STRING_EQUAL(tag_of(seen_field(&w, 1, "To")), "b1");
    CU_ASSERT_STRING_EQUAL(tag_of(seen_field(&w, 2, "To")), "b2");
    world_end(&w);
}

static void repeated_2xx_is_acknowledged_again_but_told_once(void)
{
    struct world w;
    begin_uac(&w);
    peer_reply(&w, 0, "200 OK", "b1", CONTACT);
    net_loop_run_for(w.loop, 500);
    peer_reply(&w, 0, "200 OK", "b1", CONTACT);
    CU_ASSERT_STRING_EQUAL(w.log, "200 ");
    CU_ASSERT_STRING_EQUAL(seen_times(&w, "ACK "), "0 500");
    CU_ASSERT_STRING_EQUAL(w.seen[1].text, w.seen[2].text);
    world_end(&w);
}

static void failure_ends_all_early_dialogs(void)
{
    struct world w;
    begin_uac(&w);
    peer_reply(&w, 0, "180 Ringing", "b1", CONTACT);
    peer_reply(&w, 0, "183 Session Progress", "m1", CONTACT);
    peer_reply(&w, 0, "486 Busy Here", "b1", NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "180 183 486 dialog-end dialog-end ");
    world_end(&w);
}

static void no_dialog_from_100_or_without_tag(void)
{
    struct world w;
    begin_uac(&w);
    peer_reply(&w, 0, "100 Trying", "b1", NULL);
    CU_ASSERT(w.dialog == NULL);
    peer_reply(&w, 0, "180 Ringing", NULL, CONTACT);
    CU_ASSERT(w.dialog == NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "100 180 ");
    world_end(&w);
}

static void update_refreshes_the_target_both_ways(void)
{
    struct world w;
    begin_uac(&w);
    peer_reply(&w, 0, "200 OK", "b1", CONTACT);
    send_in_dialog(&w, "UPDATE");
    peer_reply(&w, 2, "200 OK", NULL, "Contact: <sip:new@127.0.0.2:5060>\r\n");
    CU_ASSERT_STRING_EQUAL(w.dialog->remote_target, "sip:new@127.0.0.2:5060");
    world_end(&w);

    world_begin(&w, NULL);
    snprintf(w.answer, sizeof(w.answer), "200");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    const char *tag = tag_of(seen_field(&w, 0, "To"));
    char *text = peer_request_text("UPDATE", "z9hG4bK-2", tag, 2, NULL, "UDP");
    memcpy(strstr(text, "Contact: <sip:bob"), "Contact: <sip:new", 17);
    peer_send(&w, text);
    mem_free(text);
    CU_ASSERT(strncmp(w.dialog->remote_target, "sip:new@", 8) == 0);
    CU_ASSERT_STRING_EQUAL(w.log, "request request+dialog ");
    world_end(&w);
}

static void lower_cseq_gets_500(void)
{
    struct world w;
    world_begin(&w, NULL);
    snprintf(w.answer, sizeof(w.answer), "200");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 5, NULL);
    const char *tag = tag_of(seen_field(&w, 0, "To"));
    peer_request(&w, "UPDATE", "z9hG4bK-2", tag, 4, NULL);
    CU_ASSERT(seen_starts(&w, 1, "SIP/2.0 500 "));
    peer_request(&w, "UPDATE", "z9hG4bK-3", tag, 9, NULL);
    CU_ASSERT(seen_starts(&w, 2, "SIP/2.0 200 "));
    CU_ASSERT_STRING_EQUAL(w.log, "request request+dialog ");
    world_end(&w);
}

static void bye_ends_the_dialog_on_both_sides(void)
{
    struct world w;
    begin_uac(&w);
    peer_reply(&w, 0, "200 OK", "b1", CONTACT);
    CU_ASSERT(siptx_bye(w.dialog, "Reason: SIP;cause=200", NULL, NULL) ==
              STATUS_OK);
    net_loop_settle(w.loop);
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 2, "Reason"), "SIP;cause=200");
    CU_ASSERT_STRING_EQUAL(w.log, "200 ");
    peer_reply(&w, 2, "200 OK", NULL, NULL);
    CU_ASSERT_STRING_EQUAL(w.log, "200 dialog-end ");
    world_end(&w);

    world_begin(&w, NULL);
    snprintf(w.answer, sizeof(w.answer), "200");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    const char *tag = tag_of(seen_field(&w, 0, "To"));
    peer_request(&w, "ACK", "z9hG4bK-2", tag, 1, NULL);
    peer_request(&w, "BYE", "z9hG4bK-3", tag, 2, NULL);
    CU_ASSERT_STRING_EQUAL(w.log,
                           "request ack+dialog request+dialog dialog-end ");
    peer_request(&w, "BYE", "z9hG4bK-4", tag, 3, NULL);
    CU_ASSERT(seen_starts(&w, 2, "SIP/2.0 481 "));
    world_end(&w);
}

static void answers_that_end_a_dialog(void)
{
    static const struct {
        const char *status;
        int ends;
    } rows[] = {{"481 Call Does Not Exist", 1},
                {"408 Request Timeout", 1},
                {"488 Not Acceptable Here", 0},
                {"491 Request Pending", 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        begin_uac(&w);
        peer_reply(&w, 0, "200 OK", "b1", CONTACT);
        send_in_dialog(&w, "UPDATE");
        peer_reply(&w, 2, rows[i].status, NULL, NULL);
        CU_ASSERT((w.dialog == NULL) == rows[i].ends);
        world_end(&w);
    }
}

static void unanswered_request_ends_the_dialog(void)
{
    struct world w;
    begin_uac(&w);
    peer_reply(&w, 0, "200 OK", "b1", CONTACT);
    send_in_dialog(&w, "UPDATE");
    net_loop_run_for(w.loop, 31999);
    CU_ASSERT(w.dialog != NULL);
    net_loop_run_for(w.loop, 2);
    CU_ASSERT(w.dialog == NULL);
    world_end(&w);
}

static void uas_may_fork_by_another_tag(void)
{
    struct world w;
    struct sip_out out;
    world_begin(&w, NULL);
    snprintf(w.answer, sizeof(w.answer), "180");
    peer_request(&w, "INVITE", "z9hG4bK-1", NULL, 1, NULL);
    struct siptx_dialog *first = w.dialog;
    CU_ASSERT(siptx_server_set_tag(w.server, "m1") == STATUS_OK);
    CU_ASSERT(siptx_response(w.server, &out, 183, NULL) == STATUS_OK);
    CU_ASSERT(siptx_reply(w.server, &out) == STATUS_OK);
    sip_out_free(&out);
    struct siptx_dialog *second = siptx_server_dialog(w.server);
    CU_ASSERT(first != NULL && second != NULL && first != second);
    CU_ASSERT_STRING_EQUAL(second->local_tag, "m1");
    CU_ASSERT(siptx_dialog_find(w.ep, "call-1@peer", "m1", "b1") == second);
    CU_ASSERT(siptx_dialog_find(w.ep, "call-1@peer", "b1", "m1") == NULL);
    char longer[80];
    memset(longer, 'x', sizeof(longer));
    longer[79] = '\0';
    CU_ASSERT(siptx_server_set_tag(w.server, longer) == STATUS_BAD_LENGTH);
    world_end(&w);
}

/* ---- SUBSCRIBE and NOTIFY ---- */

static void notify_may_come_before_the_answer_to_subscribe(void)
{
    struct world w;
    world_begin(&w, NULL);
    snprintf(w.answer, sizeof(w.answer), "200");
    world_start(&w, "SUBSCRIBE");
    net_loop_settle(w.loop);
    const char *tag = tag_of(seen_field(&w, 0, "From"));
    char *text =
        mem_printf("NOTIFY sip:alice@127.0.0.1:5060 SIP/2.0\r\n"
                   "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK-n1\r\n"
                   "From: <sip:bob@home-b.example>;tag=b1\r\n"
                   "To: <sip:alice@home-a.example>;tag=%s\r\n"
                   "Call-ID: %s\r\nCSeq: 1 NOTIFY\r\n"
                   "Contact: <sip:bob@127.0.0.2:5060>\r\n"
                   "Content-Length: 0\r\n\r\n",
                   tag, seen_field(&w, 0, "Call-ID"));
    peer_send(&w, text);
    CU_ASSERT_STRING_EQUAL(w.log, "request+dialog ");
    CU_ASSERT(seen_starts(&w, 1, "SIP/2.0 200 "));
    struct siptx_dialog *d = w.dialog;
    w.dialog = NULL;
    peer_reply(&w, 0, "200 OK", "b1", CONTACT);
    CU_ASSERT(w.dialog == d && d->state == SIPTX_CONFIRMED);
    mem_free(text);
    siptx_dialog_end(d);
    CU_ASSERT(w.dialog == NULL);
    world_end(&w);
}

static void subscription_dialog_of_the_notifier(void)
{
    struct world w;
    world_begin(&w, NULL);
    snprintf(w.answer, sizeof(w.answer), "200");
    peer_request(&w, "SUBSCRIBE", "z9hG4bK-1", NULL, 1, NULL);
    CU_ASSERT_FATAL(w.dialog != NULL && w.dialog->state == SIPTX_CONFIRMED);
    send_in_dialog(&w, "NOTIFY");
    CU_ASSERT(seen_starts(&w, 1, "NOTIFY sip:bob@127.0.0.2:5060"));
    CU_ASSERT_STRING_EQUAL(seen_field(&w, 1, "CSeq"), "1 NOTIFY");
    world_end(&w);
}

/* ---- offer/answer ---- */

static void offers_follow_rfc_3311(void)
{
    struct siptx_oa oa = {SIPTX_OA_IDLE, 0};
    CU_ASSERT(siptx_oa_answer_in(&oa) == STATUS_UNEXPECTED);
    CU_ASSERT(siptx_oa_answer_out(&oa) == STATUS_UNEXPECTED);
    CU_ASSERT(siptx_oa_offer_out(&oa) == STATUS_OK);
    CU_ASSERT(siptx_oa_offer_out(&oa) == STATUS_UNEXPECTED);
    CU_ASSERT(siptx_oa_offer_in(&oa) == 491);
    CU_ASSERT(siptx_oa_answer_in(&oa) == STATUS_OK);
    CU_ASSERT(siptx_oa_offer_in(&oa) == 0);
    CU_ASSERT(siptx_oa_offer_in(&oa) == 500);
    CU_ASSERT(siptx_oa_offer_out(&oa) == STATUS_UNEXPECTED);
    CU_ASSERT(siptx_oa_answer_out(&oa) == STATUS_OK);
    CU_ASSERT(oa.completed == 2);
    CU_ASSERT(siptx_oa_offer_out(&oa) == STATUS_OK);
    siptx_oa_rejected(&oa);
    CU_ASSERT(oa.state == SIPTX_OA_IDLE && oa.completed == 2);
}

static const struct unit_case cases[] = {
    {"uac_reverses_the_record_route", uac_reverses_the_record_route},
    {"uas_keeps_the_record_route_and_answers_with_it",
     uas_keeps_the_record_route_and_answers_with_it},
    {"forked_early_dialogs_are_kept_apart",
     forked_early_dialogs_are_kept_apart},
    {"forked_2xx_are_both_told", forked_2xx_are_both_told},
    {"repeated_2xx_is_acknowledged_again_but_told_once",
     repeated_2xx_is_acknowledged_again_but_told_once},
    {"failure_ends_all_early_dialogs", failure_ends_all_early_dialogs},
    {"no_dialog_from_100_or_without_tag", no_dialog_from_100_or_without_tag},
    {"update_refreshes_the_target_both_ways",
     update_refreshes_the_target_both_ways},
    {"lower_cseq_gets_500", lower_cseq_gets_500},
    {"bye_ends_the_dialog_on_both_sides", bye_ends_the_dialog_on_both_sides},
    {"answers_that_end_a_dialog", answers_that_end_a_dialog},
    {"unanswered_request_ends_the_dialog", unanswered_request_ends_the_dialog},
    {"uas_may_fork_by_another_tag", uas_may_fork_by_another_tag},
    {"notify_may_come_before_the_answer_to_subscribe",
     notify_may_come_before_the_answer_to_subscribe},
    {"subscription_dialog_of_the_notifier",
     subscription_dialog_of_the_notifier},
    {"offers_follow_rfc_3311", offers_follow_rfc_3311},
    {NULL, NULL}};
const struct unit_suite dialog_suite = {"dialog", cases};
