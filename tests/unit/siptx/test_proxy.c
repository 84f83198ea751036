/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A forwarding proxy on the endpoint (RFC 3261, 16): the raw peer is both
 * sides. */
#include "tests/unit/siptx/siptx_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

struct proxy {
    struct world w;
    struct siptx_endpoint *ep; /* 127.0.0.3:5060 */
    struct siptx_server *up;
    struct siptx_client *down;
    struct net_addr addr;
    unsigned acks;
    unsigned cancels;
    unsigned failed;
    int record_route;
};

static void on_event(void *ctx, const struct siptx_event *ev)
{
    struct proxy *p = ctx;
    switch (ev->kind) {
    case SIPTX_RESPONSE:
        CU_ASSERT(ev->dialog == NULL);
        CU_ASSERT(siptx_relay(p->up, ev->msg) == STATUS_OK);
        break;
    case SIPTX_FAILED:
        p->failed++;
        CU_ASSERT(siptx_reply_status(p->up, 408, NULL, NULL) == STATUS_OK);
        break;
    case SIPTX_END:
        p->down = NULL;
        break;
    }
}

static void on_request(void *ctx, struct siptx_server *tx,
                       const struct sip_msg *msg, struct siptx_dialog *dialog)
{
    struct proxy *p = ctx;
    struct sip_out out;
    (void)msg;
    CU_ASSERT(dialog == NULL);
    p->up = tx;
    enum status s = siptx_forward_copy(tx, &out, p->record_route);
    if (s == STATUS_REFUSED) {
        CU_ASSERT(siptx_reply_status(tx, 483, NULL, NULL) == STATUS_OK);
        return;
    }
    CU_ASSERT_FATAL(s == STATUS_OK);
    CU_ASSERT(siptx_forward(tx, &out, NULL, on_event, p, &p->down) ==
              STATUS_OK);
    sip_out_free(&out);
}

static void on_ack(void *ctx, struct siptx_dialog *dialog,
                   const struct sip_msg *msg)
{
    struct proxy *p = ctx;
    CU_ASSERT(dialog == NULL);
    p->acks++;
    CU_ASSERT(siptx_forward_ack(p->ep, msg, NULL) == STATUS_OK);
}

static void on_cancel(void *ctx, struct siptx_server *invite,
                      const struct sip_msg *msg)
{
    struct proxy *p = ctx;
    (void)msg;
    CU_ASSERT(invite == p->up);
    p->cancels++;
    CU_ASSERT(siptx_cancel(p->down, NULL) == STATUS_OK);
}

static void begin(struct proxy *p)
{
    struct siptx_config c = {.transport = SIPTX_UDP,
                             .is_proxy = 1,
                             .on = {.on_request = on_request,
                                    .on_ack = on_ack,
                                    .on_cancel = on_cancel},
                             .ctx = p};
    memset(p, 0, sizeof(*p));
    world_begin(&p->w, NULL);
    c.loop = p->w.loop;
    c.env = &p->w.env;
    CU_ASSERT(net_addr_of(&c.addr, "127.0.0.3", 5060) == STATUS_OK);
    CU_ASSERT_FATAL(siptx_new(&p->ep, &c) == STATUS_OK);
    p->addr = c.addr;
}

static void finish(struct proxy *p)
{
    siptx_free(p->ep);
    world_end(&p->w);
}

/* Alice (the endpoint of the world) calls through the proxy. */
static void call_by(struct proxy *p, const char *route,
                    const char *max_forwards)
{
    struct siptx_dest dest = {p->addr, SIPTX_UDP};
    struct sip_out out;
    CU_ASSERT(siptx_request(p->w.ep, &out, "INVITE", "sip:bob@127.0.0.2:5060",
                            "<sip:alice@home-a.example>",
                            "<sip:bob@home-b.example>") == STATUS_OK);
    CU_ASSERT(sip_out_add(&out, "Route", "%s", route) == STATUS_OK);
    CU_ASSERT(sip_out_set(&out, "Max-Forwards", "%s", max_forwards) ==
              STATUS_OK);
    CU_ASSERT(sip_out_body(&out, "text/plain", "voice", 5) == STATUS_OK);
    world_send_to(&p->w, &out, &dest);
    net_loop_settle(p->w.loop);
}

static void call(struct proxy *p, const char *max_forwards)
{
    call_by(p, "<sip:127.0.0.3:5060;lr>, <sip:127.0.0.2:5060;lr>",
            max_forwards);
}

/* The raw peer answers to the proxy. */
static void reply(struct proxy *p, size_t i, const char *status,
                  const char *tag, const char *lines)
{
    char *text = peer_response(&p->w, i, status, tag, lines);
    char *via2 = strstr(text, "\r\nFrom:");
    CU_ASSERT_FATAL(via2 != NULL);
    /* peer_response repeats the first Via line only; add the caller's. */
    const char *second = strstr(p->w.seen[i].text, "\r\nVia:");
    second = second != NULL ? strstr(second + 2, "\r\nVia:") : NULL;
    char *full = text;
    if (second != NULL) {
        const char *end = strstr(second + 2, "\r\n");
        full = mem_printf("%.*s%.*s%s", (int)(via2 - text), text,
                          (int)(end - second), second, via2);
        mem_free(text);
    }
    CU_ASSERT(net_udp_send(p->w.udp, &p->addr, (uint8_t *)full, strlen(full)) ==
              STATUS_OK);
    mem_free(full);
    net_loop_settle(p->w.loop);
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    for (const char *p = strstr(text, part); p != NULL;
         p = strstr(p + 1, part)) {
        n++;
    }
    return n;
}

static void request_goes_on_with_what_16_6_asks(void)
{
    struct proxy p;
    begin(&p);
    p.record_route = 1;
    call(&p, "70");
    CU_ASSERT_FATAL(p.w.num_seen == 1);
    CU_ASSERT(seen_starts(&p.w, 0, "INVITE sip:bob@127.0.0.2:5060 SIP/2.0"));
    CU_ASSERT_STRING_EQUAL(seen_field(&p.w, 0, "Max-Forwards"), "69");
    CU_ASSERT(strncmp(seen_field(&p.w, 0, "Via"),
                      "SIP/2.0/UDP 127.0.0.3:5060;branch=z9hG4bK", 41) == 0);
    CU_ASSERT(count(p.w.seen[0].text, "Via: ") == 2);
    CU_ASSERT_STRING_EQUAL(seen_field(&p.w, 0, "Route"),
                           "<sip:127.0.0.2:5060;lr>");
    CU_ASSERT_STRING_EQUAL(seen_field(&p.w, 0, "Record-Route"),
                           "<sip:127.0.0.3:5060;transport=udp;lr>");
    CU_ASSERT(strstr(p.w.seen[0].text, "\r\n\r\nvoice") != NULL);
    /* 100 came upstream at once, hop by hop */
    CU_ASSERT_STRING_EQUAL(p.w.log, "100 ");
    finish(&p);
}

static void route_of_somebody_else_stays(void)
{
    struct proxy p;
    begin(&p);
    call_by(&p, "<sip:127.0.0.2:5060;lr>, <sip:127.0.0.3:5060;lr>", "70");
    CU_ASSERT_FATAL(p.w.num_seen == 1);
    CU_ASSERT_STRING_EQUAL(seen_field(&p.w, 0, "Route"),
                           "<sip:127.0.0.2:5060;lr>, <sip:127.0.0.3:5060;lr>");
    CU_ASSERT_STRING_EQUAL(seen_field(&p.w, 0, "Record-Route"), "");
    finish(&p);
}

static void trying_is_not_relayed(void)
{
    struct proxy p;
    begin(&p);
    call(&p, "70");
    reply(&p, 0, "100 Trying", NULL, NULL);
    reply(&p, 0, "181 Call Is Being Forwarded", "as", NULL);
    CU_ASSERT_STRING_EQUAL(p.w.log, "100 181 ");
    finish(&p);
}

static void request_without_hops_left_gets_483(void)
{
    struct proxy p;
    begin(&p);
    call(&p, "0");
    CU_ASSERT(p.w.num_seen == 0);
    CU_ASSERT_STRING_EQUAL(p.w.log, "100 483 ");
    finish(&p);
}

static void failure_is_acknowledged_hop_by_hop(void)
{
    struct proxy p;
    begin(&p);
    call(&p, "70");
    reply(&p, 0, "180 Ringing", "b1", NULL);
    reply(&p, 0, "486 Busy Here", "b1", NULL);
    CU_ASSERT_STRING_EQUAL(p.w.log, "100 180 486 dialog-end ");
    CU_ASSERT_FATAL(p.w.num_seen == 2);
    CU_ASSERT(seen_starts(&p.w, 1, "ACK "));
    CU_ASSERT(count(p.w.seen[1].text, "Via: ") == 1);
    CU_ASSERT_STRING_EQUAL(seen_field(&p.w, 1, "Via"),
                           seen_field(&p.w, 0, "Via"));
    CU_ASSERT(p.acks == 0);
    net_loop_run_for(p.w.loop, 100000);
    CU_ASSERT(p.w.num_seen == 2);
    finish(&p);
}

static void success_and_its_ack_pass_end_to_end(void)
{
    struct proxy p;
    begin(&p);
    p.w.auto_ack = 1;
    p.record_route = 1;
    call(&p, "70");
    reply(&p, 0, "200 OK", "b1",
          "Contact: <sip:bob@127.0.0.2:5060>\r\n"
          "Record-Route: <sip:127.0.0.3:5060;transport=udp;lr>\r\n");
    CU_ASSERT_STRING_EQUAL(p.w.log, "100 200 ");
    CU_ASSERT(p.acks == 1);
    CU_ASSERT_FATAL(p.w.num_seen == 2);
    CU_ASSERT(seen_starts(&p.w, 1, "ACK sip:bob@127.0.0.2:5060 SIP/2.0"));
    CU_ASSERT(count(p.w.seen[1].text, "Via: ") == 2);
    CU_ASSERT_STRING_EQUAL(seen_field(&p.w, 1, "Route"), "");
    /* A repeated 2xx passes too, and so does its ACK. */
    reply(&p, 0, "200 OK", "b1",
          "Contact: <sip:bob@127.0.0.2:5060>\r\n"
          "Record-Route: <sip:127.0.0.3:5060;transport=udp;lr>\r\n");
    CU_ASSERT(p.acks == 2 && p.w.num_seen == 3);
    CU_ASSERT_STRING_EQUAL(p.w.log, "100 200 ");
    /* BYE through the route set */
    CU_ASSERT(siptx_bye(p.w.dialog, NULL, NULL, NULL) == STATUS_OK);
    net_loop_settle(p.w.loop);
    CU_ASSERT(seen_starts(&p.w, 3, "BYE sip:bob@127.0.0.2:5060 "));
    reply(&p, 3, "200 OK", NULL, NULL);
    CU_ASSERT_STRING_EQUAL(p.w.log, "100 200 dialog-end ");
    finish(&p);
}

static void cancel_goes_down_the_branch(void)
{
    struct proxy p;
    begin(&p);
    call(&p, "70");
    reply(&p, 0, "180 Ringing", "b1", NULL);
    CU_ASSERT(siptx_cancel(p.w.client, NULL) == STATUS_OK);
    net_loop_settle(p.w.loop);
    CU_ASSERT(p.cancels == 1);
    CU_ASSERT_FATAL(p.w.num_seen == 2);
    CU_ASSERT(seen_starts(&p.w, 1, "CANCEL "));
    CU_ASSERT_STRING_EQUAL(seen_field(&p.w, 1, "Via"),
                           seen_field(&p.w, 0, "Via"));
    reply(&p, 1, "200 OK", "b1", NULL);
    reply(&p, 0, "487 Request Terminated", "b1", NULL);
    CU_ASSERT_STRING_EQUAL(p.w.log, "100 180 487 dialog-end ");
    finish(&p);
}

static void silent_branch_is_told(void)
{
    struct proxy p;
    begin(&p);
    call(&p, "70");
    net_loop_run_for(p.w.loop, 40000);
    CU_ASSERT(p.failed == 1);
    CU_ASSERT_STRING_EQUAL(seen_times(&p.w, "INVITE "),
                           "0 500 1500 3500 7500 15500 31500");
    CU_ASSERT(strncmp(p.w.log, "100 408 ", 8) == 0);
    finish(&p);
}

static const struct unit_case cases[] = {
    {"request_goes_on_with_what_16_6_asks",
     request_goes_on_with_what_16_6_asks},
    {"route_of_somebody_else_stays", route_of_somebody_else_stays},
    {"trying_is_not_relayed", trying_is_not_relayed},
    {"request_without_hops_left_gets_483", request_without_hops_left_gets_483},
    {"failure_is_acknowledged_hop_by_hop", failure_is_acknowledged_hop_by_hop},
    {"success_and_its_ack_pass_end_to_end",
     success_and_its_ack_pass_end_to_end},
    {"cancel_goes_down_the_branch", cancel_goes_down_the_branch},
    {"silent_branch_is_told", silent_branch_is_told},
    {NULL, NULL}};
const struct unit_suite proxy_suite = {"proxy", cases};
