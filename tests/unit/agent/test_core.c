/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The core between a caller, a called user and a mailbox, all in memory. */
#include "harness/base/mem.h"
#include "tests/unit/agent/agent_tests.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BOB "sip:bob@home-b.example"
#define CORE_LINE                                                              \
    "{\"id\":1,\"verb\":\"provision\",\"address\":\"127.0.0.5\","              \
    "\"sip_port\":5060,\"no_reply_ms\":200,\"users\":["                        \
    "{\"identity\":\"sip:alice@home-a.example\",\"address\":\"127.0.0.1\","    \
    "\"password\":\"pa\"},"                                                    \
    "{\"identity\":\"sip:bob@home-b.example\",\"address\":\"127.0.0.2\","      \
    "\"password\":\"pb\"}],\"mailbox\":{\"account\":"                          \
    "\"sip:bob@home-b.example\",\"uri\":\"sip:vm@vm.home-b.example\","         \
    "\"address\":\"127.0.0.3\"}}"

/* One end: writes down what comes, answers INVITE as told. */
struct end {
    struct env env;
    struct siptx_endpoint *ep;
    char log[400];
    char uri[200];
    char history[3][200];
    char asserted[100];
    char preferred[100];
    char diversion[120];
    char route[100];
    int answer; /* to INVITE; 0: 180 and wait; -1: nothing */
    struct siptx_server *ringing;
    int code; /* last response to a request of ours */
    int codes;
    struct sip_out out;
    struct siptx_credentials cred;
    int authorize;
    struct siptx_client *client;
    struct siptx_dialog *dialog;
};

struct scene {
    struct bench bench;
    struct end a, b, m;
};

static void note(struct end *e, const char *fmt, ...)
{
    va_list ap;
    size_t n = strlen(e->log);
    va_start(ap, fmt);
    vsnprintf(e->log + n, sizeof e->log - n, fmt, ap);
    va_end(ap);
}

static void copy(char *out, size_t cap, struct view v)
{
    snprintf(out, cap, "%.*s", (int)v.len,
             v.len > 0 ? (const char *)v.data : "");
}

static void on_request(void *ctx, struct siptx_server *tx,
                       const struct sip_msg *msg, struct siptx_dialog *dlg)
{
    struct end *e = ctx;
    (void)dlg;
    note(e, "%.*s ", (int)msg->method.len, (const char *)msg->method.data);
    copy(e->uri, sizeof e->uri, msg->uri);
    for (size_t i = 0; i < 3; i++) {
        copy(e->history[i], sizeof e->history[i],
             sip_value(msg, SIP_HDR_HISTORY_INFO, i));
    }
    copy(e->asserted, sizeof e->asserted,
         sip_value(msg, SIP_HDR_P_ASSERTED_IDENTITY, 0));
    copy(e->preferred, sizeof e->preferred,
         sip_value(msg, SIP_HDR_P_PREFERRED_IDENTITY, 0));
    copy(e->diversion, sizeof e->diversion,
         sip_value(msg, SIP_HDR_DIVERSION, 0));
    copy(e->route, sizeof e->route, sip_value(msg, SIP_HDR_RECORD_ROUTE, 0));
    if (!sip_is(msg->method, "INVITE")) {
        siptx_reply_status(tx, 200, NULL, NULL);
    } else if (e->answer > 0) {
        siptx_reply_status(tx, e->answer, NULL, NULL);
    } else if (e->answer == 0) {
        siptx_reply_status(tx, 180, NULL, NULL);
        e->ringing = tx;
    }
}

static void on_cancel(void *ctx, struct siptx_server *invite,
                      const struct sip_msg *msg)
{
    (void)msg;
    note(ctx, "CANCEL ");
    siptx_reply_status(invite, 487, NULL, NULL);
}

static void on_ack(void *ctx, struct siptx_dialog *dlg,
                   const struct sip_msg *msg)
{
    (void)dlg;
    (void)msg;
    note(ctx, "ACK ");
}

static void on_event(void *ctx, const struct siptx_event *ev);

static void end_open(struct scene *s, struct end *e, const char *ip,
                     const char *user)
{
    *e = (struct end){.answer = 200};
    env_init_virtual(&e->env, 1, (uint64_t)(ip[8] + 1));
    struct siptx_config c = {.loop = s->bench.loop,
                             .env = &e->env,
                             .transport = SIPTX_TCP,
                             .user = user,
                             .on = {.on_request = on_request,
                                    .on_cancel = on_cancel,
                                    .on_ack = on_ack},
                             .ctx = e};
    net_addr_of(&c.addr, ip, 5060);
    net_addr_of(&c.outbound.addr, "127.0.0.5", 5060);
    CU_ASSERT_FATAL(siptx_new(&e->ep, &c) == STATUS_OK);
}

static void scene_begin(struct scene *s)
{
    bench_begin(&s->bench, "CORE", NULL);
    bench_say(&s->bench, CORE_LINE);
    CU_ASSERT_FATAL(bench_ok(&s->bench, 1));
    end_open(s, &s->a, "127.0.0.1", "alice");
    end_open(s, &s->b, "127.0.0.2", "bob");
    end_open(s, &s->m, "127.0.0.3", "vm");
    s->a.cred = (struct siptx_credentials){.user = "alice", .password = "pa"};
    s->b.cred = (struct siptx_credentials){.user = "bob", .password = "pb"};
}

static void scene_end(struct scene *s)
{
    struct end *all[] = {&s->a, &s->b, &s->m};
    for (size_t i = 0; i < 3; i++) {
        siptx_free(all[i]->ep);
        sip_out_free(&all[i]->out);
    }
    bench_end(&s->bench);
}

static void on_event(void *ctx, const struct siptx_event *ev)
{
    struct end *e = ctx;
    if (ev->kind != SIPTX_RESPONSE || ev->code == 100) {
        e->client = ev->kind == SIPTX_END ? NULL : e->client;
        return;
    }
    e->code = ev->code;
    note(e, "%d ", ev->code);
    if (ev->code == 401 && e->authorize) {
        e->authorize = 0;
        CU_ASSERT(siptx_authorize(e->ep, &e->out, ev->msg, &e->cred) ==
                  STATUS_OK);
        siptx_send(e->ep, &e->out, NULL, on_event, e, NULL);
    }
    if (ev->code / 100 == 2 && ev->dialog != NULL &&
        strcmp(siptx_client_method(ev->client), "INVITE") == 0) {
        e->dialog = ev->dialog;
        siptx_ack(ev->dialog, NULL);
    }
}

static void request(struct scene *s, struct end *e, const char *method,
                    const char *uri, const char *from, const char *extra)
{
    const struct siptx_dest dest = {
        .addr = {.family = 4, .port = 5060, .ip = {127, 0, 0, 5}}};
    char to[100];
    snprintf(to, sizeof to, "<%s>", strcmp(method, "REGISTER") ? uri : from);
    char angle[100];
    snprintf(angle, sizeof angle, "<%s>", from);
    sip_out_free(&e->out);
    CU_ASSERT_FATAL(siptx_request(e->ep, &e->out, method, uri, angle, to) ==
                    STATUS_OK);
    if (extra != NULL) {
        sip_out_add_line(&e->out, extra);
    }
    sip_out_add(&e->out, "Supported", "100rel, histinfo");
    sip_out_add(&e->out, "P-Preferred-Identity", "<sip:liar@home-a.example>");
    CU_ASSERT(siptx_send(e->ep, &e->out, &dest, on_event, e, &e->client) ==
              STATUS_OK);
    net_loop_settle(s->bench.loop);
}

static void call(struct scene *s, const char *uri)
{
    request(s, &s->a, "INVITE", uri, "sip:alice@home-a.example", NULL);
}

static void enrol(struct scene *s)
{
    s->b.authorize = 1;
    request(s, &s->b, "REGISTER", "sip:home-b.example", BOB, "Expires: 600");
    CU_ASSERT_STRING_EQUAL(s->b.log, "401 200 ");
    s->b.log[0] = '\0';
}

static void divert(struct scene *s, const char *how)
{
    static int id = 100;
    char line[200];
    snprintf(line, sizeof line,
             "{\"id\":%d,\"verb\":\"divert\",\"user\":\"" BOB "\",%s}", ++id,
             how);
    bench_say(&s->bench, line);
    CU_ASSERT(bench_ok(&s->bench, id));
}

/* ---- registrar ---- */

static void registration_wants_the_right_password(void)
{
    struct scene s;
    scene_begin(&s);
    enrol(&s);
    s.b.cred.password = "wrong";
    s.b.authorize = 1;
    request(&s, &s.b, "REGISTER", "sip:home-b.example", BOB, NULL);
    CU_ASSERT_STRING_EQUAL(s.b.log, "401 403 ");
    s.b.log[0] = '\0';
    request(&s, &s.b, "REGISTER", "sip:home-b.example",
            "sip:eve@home-b.example", NULL);
    CU_ASSERT_STRING_EQUAL(s.b.log, "404 ");
    scene_end(&s);
}

static void registration_ends(void)
{
    struct scene s;
    scene_begin(&s);
    enrol(&s);
    call(&s, BOB);
    CU_ASSERT_STRING_EQUAL(s.b.log, "INVITE ACK ");
    net_loop_run_for(s.bench.loop, 601000);
    s.b.log[0] = '\0';
    call(&s, BOB);
    CU_ASSERT_STRING_EQUAL(s.b.log, ""); /* not registered: the mailbox */
    CU_ASSERT_STRING_EQUAL(s.m.log, "INVITE ACK ");
    CU_ASSERT(strstr(s.m.uri, ";cause=404") != NULL);
    scene_end(&s);
}

/* ---- diversion ---- */

static void unconditional_goes_to_the_mailbox(void)
{
    struct scene s;
    scene_begin(&s);
    enrol(&s);
    divert(&s, "\"mode\":\"unconditional\"");
    call(&s, BOB);
    CU_ASSERT_STRING_EQUAL(s.a.log, "181 200 ");
    CU_ASSERT_STRING_EQUAL(s.b.log, "");
    CU_ASSERT_STRING_EQUAL(s.m.log, "INVITE ACK ");
    CU_ASSERT_STRING_EQUAL(
        s.m.uri,
        "sip:vm@vm.home-b.example;target=sip:bob%40home-b.example;cause=302");
    CU_ASSERT_STRING_EQUAL(s.m.history[0], "<" BOB ">;index=1");
    CU_ASSERT(strstr(s.m.history[1], "index=1.1;mp=1") != NULL);
    CU_ASSERT_STRING_EQUAL(s.m.history[2], "");
    CU_ASSERT_STRING_EQUAL(s.m.asserted, "<sip:alice@home-a.example>");
    CU_ASSERT_STRING_EQUAL(s.m.preferred, "");
    CU_ASSERT(strstr(s.m.route, "127.0.0.5") != NULL);
    /* The dialog goes through the core, too. */
    CU_ASSERT_FATAL(s.a.dialog != NULL);
    CU_ASSERT(siptx_bye(s.a.dialog, NULL, on_event, &s.a) == STATUS_OK);
    net_loop_settle(s.bench.loop);
    CU_ASSERT_STRING_EQUAL(s.m.log, "INVITE ACK BYE ");
    CU_ASSERT_STRING_EQUAL(s.a.log, "181 200 200 ");
    scene_end(&s);
}

static void the_account_travels_as_asked(void)
{
    struct scene s;
    scene_begin(&s);
    divert(&s, "\"mode\":\"unconditional\",\"carry\":\"history\",\"cause\":486,"
               "\"notify\":\"no\"");
    call(&s, BOB);
    CU_ASSERT_STRING_EQUAL(s.a.log, "200 ");
    CU_ASSERT_STRING_EQUAL(s.m.uri, "sip:vm@vm.home-b.example");
    CU_ASSERT(strstr(s.m.history[1],
                     "target=sip:bob%40home-b.example;cause=486") != NULL);
    divert(&s, "\"mode\":\"unconditional\",\"carry\":\"diversion\"");
    call(&s, BOB);
    CU_ASSERT_STRING_EQUAL(s.m.history[0], "");
    CU_ASSERT_STRING_EQUAL(s.m.diversion,
                           "<" BOB ">;reason=unconditional;counter=1");
    scene_end(&s);
}

static void no_reply_cancels_the_phone(void)
{
    struct scene s;
    scene_begin(&s);
    enrol(&s);
    divert(&s, "\"mode\":\"no-reply\",\"no_reply_ms\":500");
    s.b.answer = 0;
    call(&s, BOB);
    CU_ASSERT_STRING_EQUAL(s.a.log, "180 ");
    net_loop_run_for(s.bench.loop, 499);
    CU_ASSERT_STRING_EQUAL(s.m.log, "");
    net_loop_run_for(s.bench.loop, 10);
    CU_ASSERT_STRING_EQUAL(s.a.log, "180 181 200 ");
    CU_ASSERT_STRING_EQUAL(s.b.log, "INVITE CANCEL ");
    CU_ASSERT(strstr(s.m.uri, ";cause=408") != NULL);
    CU_ASSERT(strstr(s.m.history[1], "Reason=SIP%3Bcause%3D408") != NULL);
    CU_ASSERT(strstr(s.m.history[1], "index=1.1;rc=1") != NULL);
    CU_ASSERT(strstr(s.m.history[2], "index=1.2;mp=1") != NULL);
    scene_end(&s);
}

static void an_answer_in_time_stays_with_the_user(void)
{
    struct scene s;
    scene_begin(&s);
    enrol(&s);
    divert(&s, "\"mode\":\"no-reply\"");
    call(&s, BOB);
    net_loop_run_for(s.bench.loop, 5000);
    CU_ASSERT_STRING_EQUAL(s.a.log, "200 ");
    CU_ASSERT_STRING_EQUAL(s.m.log, "");
    scene_end(&s);
}

static void busy_is_diverted_only_if_asked(void)
{
    struct scene s;
    scene_begin(&s);
    enrol(&s);
    s.b.answer = 486;
    divert(&s, "\"mode\":\"none\"");
    call(&s, BOB);
    CU_ASSERT_STRING_EQUAL(s.a.log, "486 ");
    divert(&s, "\"mode\":\"busy\"");
    s.a.log[0] = '\0';
    call(&s, BOB);
    CU_ASSERT_STRING_EQUAL(s.a.log, "181 200 ");
    CU_ASSERT(strstr(s.m.uri, ";cause=486") != NULL);
    scene_end(&s);
}

static void cancel_reaches_the_branch(void)
{
    struct scene s;
    scene_begin(&s);
    divert(&s, "\"mode\":\"unconditional\"");
    s.m.answer = 0;
    call(&s, BOB);
    CU_ASSERT_FATAL(s.a.client != NULL);
    CU_ASSERT(siptx_cancel(s.a.client, NULL) == STATUS_OK);
    net_loop_settle(s.bench.loop);
    CU_ASSERT_STRING_EQUAL(s.m.log, "INVITE CANCEL ");
    CU_ASSERT_STRING_EQUAL(s.a.log, "181 180 487 ");
    scene_end(&s);
}

static void a_refusing_mailbox_is_heard(void)
{
    struct scene s;
    scene_begin(&s);
    divert(&s, "\"mode\":\"unconditional\"");
    s.m.answer = 488;
    call(&s, BOB);
    CU_ASSERT_STRING_EQUAL(s.a.log, "181 488 ");
    scene_end(&s);
}

/* ---- routing ---- */

static void the_mailbox_can_be_called_itself(void)
{
    struct scene s;
    scene_begin(&s);
    call(&s, "sip:vm@vm.home-b.example;target=sip:bob%40home-b.example");
    CU_ASSERT_STRING_EQUAL(s.m.log, "INVITE ACK ");
    CU_ASSERT_STRING_EQUAL(s.m.history[0], "");
    scene_end(&s);
}

static void what_cannot_be_routed_is_refused(void)
{
    struct scene s;
    scene_begin(&s);
    call(&s, "sip:eve@nowhere.example");
    CU_ASSERT(s.a.code == 404);
    call(&s, "urn:service:sos");
    CU_ASSERT(s.a.code == 416);
    request(&s, &s.a, "OPTIONS", BOB, "sip:alice@home-a.example", NULL);
    CU_ASSERT(s.a.code == 200);
    sip_out_set(&s.a.out, "Max-Forwards", "0");
    s.a.code = 0;
    const struct siptx_dest dest = {
        .addr = {.family = 4, .port = 5060, .ip = {127, 0, 0, 5}}};
    siptx_send(s.a.ep, &s.a.out, &dest, on_event, &s.a, NULL);
    net_loop_settle(s.bench.loop);
    CU_ASSERT(s.a.code == 483);
    scene_end(&s);
}

static void divert_says_what_is_wrong(void)
{
    static const char *const lines[] = {
        "\"verb\":\"divert\"",
        "\"verb\":\"divert\",\"user\":\"sip:eve@x\",\"mode\":\"busy\"",
        "\"verb\":\"divert\",\"user\":\"" BOB "\"",
        "\"verb\":\"divert\",\"user\":\"" BOB "\",\"mode\":\"perhaps\"",
        "\"verb\":\"divert\",\"user\":\"" BOB
        "\",\"mode\":\"busy\",\"carry\":\"pigeon\"",
        "\"verb\":\"divert\",\"user\":\"" BOB
        "\",\"mode\":\"busy\",\"cause\":7}"};
    struct scene s;
    scene_begin(&s);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char line[200];
        snprintf(line, sizeof line, "{\"id\":%zu,%s%s", i + 10, lines[i],
                 strchr(lines[i], '}') != NULL ? "" : "}");
        bench_say(&s.bench, line);
        CU_ASSERT(bench_why(&s.bench, (int)i + 10)[0] != '\0');
    }
    scene_end(&s);
}

static const struct unit_case cases[] = {
    {"registration_wants_the_right_password",
     registration_wants_the_right_password},
    {"registration_ends", registration_ends},
    {"unconditional_goes_to_the_mailbox", unconditional_goes_to_the_mailbox},
    {"the_account_travels_as_asked", the_account_travels_as_asked},
    {"no_reply_cancels_the_phone", no_reply_cancels_the_phone},
    {"an_answer_in_time_stays_with_the_user",
     an_answer_in_time_stays_with_the_user},
    {"busy_is_diverted_only_if_asked", busy_is_diverted_only_if_asked},
    {"cancel_reaches_the_branch", cancel_reaches_the_branch},
    {"a_refusing_mailbox_is_heard", a_refusing_mailbox_is_heard},
    {"the_mailbox_can_be_called_itself", the_mailbox_can_be_called_itself},
    {"what_cannot_be_routed_is_refused", what_cannot_be_routed_is_refused},
    {"divert_says_what_is_wrong", divert_says_what_is_wrong},
    {NULL, NULL}};
const struct unit_suite core_suite = {"core", cases};
