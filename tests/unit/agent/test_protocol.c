/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* JSON Lines: whatever comes in, every request has exactly one answer and
 * nothing breaks. */
#include "harness/base/mem.h"
#include "tests/unit/agent/agent_tests.h"

#include <stdio.h>
#include <string.h>

#define USER                                                                   \
    "\"address\":\"127.0.0.1\",\"sip_port\":5060,"                             \
    "\"identity\":\"sip:alice@home-a.example\",\"user\":\"alice\""

static size_t answers(const struct bench *b, int id)
{
    size_t i;
    json_t *o;
    size_t n = 0;
    json_array_foreach(b->said, i, o)
    {
        const json_t *v = json_object_get(o, "id");
        n += json_is_integer(v) && json_integer_value(v) == id;
    }
    return n;
}

static void rubbish_is_no_request(void)
{
    static const char *const lines[] = {
        "",
        "{",
        "[]",
        "null",
        "42",
        "\"id\"",
        "{}",
        "{\"verb\":\"hello\"}",
        "\xff\xfe",
        "{\"id\":\"1\",\"verb\":\"hello\"}",
        "{\"id\":-1,\"verb\":\"hello\"}",
        "{\"id\":99999999999999,\"verb\":\"hello\"}",
        "{\"id\":1,\"id\":2,\"verb\":\"hello\"}",
        "{\"id\":1.5,\"verb\":\"hello\"}"};
    struct bench b;
    bench_begin(&b, "A", NULL);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        bench_say(&b, lines[i]);
    }
    for (size_t i = 0; i < json_array_size(b.said); i++) {
        const json_t *o = json_array_get(b.said, i);
        CU_ASSERT(json_object_get(o, "id") == NULL);
        CU_ASSERT_STRING_EQUAL(json_str(o, "event", ""), "warning");
    }
    bench_say(&b, "{\"id\":3,\"verb\":\"hello\",\"unknown\":[{}]}");
    CU_ASSERT(bench_ok(&b, 3));
    bench_end(&b);
}

static void hello_lists_every_verb_and_unknown_ones_are_unsupported(void)
{
    struct bench b;
    bench_begin(&b, "MB", NULL);
    bench_say(&b, "{\"id\":1,\"verb\":\"hello\",\"version\":1}");
    bench_say(&b, "{\"id\":2,\"verb\":\"dance\"}");
    bench_say(&b, "{\"id\":3}");
    const json_t *verbs = json_object_get(bench_answer(&b, 1), "verbs");
    size_t i;
    json_t *v;
    int preload = 0;
    json_array_foreach(verbs, i, v)
    {
        preload |= strcmp(json_string_value(v), "preload") == 0;
    }
    CU_ASSERT(preload && json_array_size(verbs) == 10);
    CU_ASSERT(
        json_is_true(json_object_get(bench_answer(&b, 2), "unsupported")));
    CU_ASSERT(
        json_is_true(json_object_get(bench_answer(&b, 3), "unsupported")));
    bench_end(&b);
}

static void nothing_works_before_provisioning(void)
{
    static const char *const verbs[] = {
        "register", "subscribe", "call", "answer", "fetch", "send", "request"};
    struct bench b;
    bench_begin(&b, "B", NULL);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        char line[80];
        snprintf(line, sizeof line, "{\"id\":%zu,\"verb\":\"%s\"}", i + 1,
                 verbs[i]);
        bench_say(&b, line);
        CU_ASSERT_STRING_EQUAL(bench_why(&b, (int)i + 1),
                               "not provisioned yet");
    }
    bench_say(&b, "{\"id\":20,\"verb\":\"set_clock\",\"offset_s\":5}");
    bench_say(&b, "{\"id\":21,\"verb\":\"reset\"}");
    CU_ASSERT(bench_ok(&b, 20) && bench_ok(&b, 21));
    CU_ASSERT(b.agent.env.skew_us == 5000000);
    bench_end(&b);
}

static void provisioning_says_what_is_wrong(void)
{
    static const struct {
        const char *members, *why;
    } cases[] = {
        {"\"identity\":\"sip:a@b\"", "'address' is missing or no IP address"},
        {"\"address\":\"host\"", "'address' is missing or no IP address"},
        {USER ",\"outbound\":\"nowhere\"", "'outbound' must be ADDRESS:PORT"},
        {USER ",\"params\":[{\"domain\":\"example\",\"der\":\"zz\"}]",
         "IBE parameters 1 are refused"},
        {USER ",\"params\":[{\"domain\":\"example\",\"der\":\"3003020102\"}]",
         "IBE parameters 1 are refused"},
        {USER ",\"keys\":[{\"identity\":\"x\",\"date\":\"20261124\"}]",
         "private key 1 is refused"},
        {USER ",\"pixit\":{\"PX_SK_PROFILE\":\"SKP-NONE\"}",
         "PIXIT PX_SK_PROFILE cannot be 'SKP-NONE'"},
        {USER ",\"edits\":[\"I_MESSAGE_1 dance mikey\"]", "edit 1: "},
        {USER ",\"edits\":[7]", "edit 1: not a line of text"},
        {USER ",\"kms\":{}", "no private keys: the key request cannot be made"},
        {USER
         ",\"kms\":{\"psk\":\"00\",\"address\":\"127.0.0.4\",\"port\":7557}",
         "no private keys: the connection to the KMS failed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;
        char line[400];
        bench_begin(&b, "A", NULL);
        snprintf(line, sizeof line, "{\"id\":1,\"verb\":\"provision\",%s}",
                 cases[i].members);
        bench_say(&b, line);
        net_loop_run_for(b.loop, 11000);
        CU_ASSERT(
            strncmp(bench_why(&b, 1), cases[i].why, strlen(cases[i].why)) == 0);
        if (strncmp(bench_why(&b, 1), cases[i].why, strlen(cases[i].why))) {
            printf("%s\n", bench_why(&b, 1));
        }
        bench_end(&b);
    }
}

static void provisioning_works_once(void)
{
    struct bench b;
    bench_begin(&b, "A", NULL);
    bench_say(&b, "{\"id\":1,\"verb\":\"provision\"," USER "}");
    bench_say(&b, "{\"id\":2,\"verb\":\"provision\"," USER "}");
    CU_ASSERT(bench_ok(&b, 1));
    CU_ASSERT_STRING_EQUAL(bench_why(&b, 2), "provisioned already");
    bench_end(&b);
}

static void a_port_in_use_is_said(void)
{
    struct bench b;
    struct net_addr at;
    struct net_listener *l = NULL;
    bench_begin(&b, "A", NULL);
    net_addr_of(&at, "127.0.0.1", 5060);
    CU_ASSERT_FATAL(net_tcp_listen(&l, b.loop, &at, NULL, NULL) == STATUS_OK);
    bench_say(&b, "{\"id\":1,\"verb\":\"provision\"," USER "}");
    CU_ASSERT(strstr(bench_why(&b, 1), "the port is in use") != NULL);
    bench_say(&b, "{\"id\":2,\"verb\":\"call\",\"to\":\"sip:b@h\"}");
    CU_ASSERT_STRING_EQUAL(bench_why(&b, 2), "not provisioned yet");
    bench_end(&b);
}

/* Each verb with nothing, and with members of the wrong kind. */
static void verbs_survive_wrong_arguments(void)
{
    static const struct {
        const char *role, *members;
    } cases[] = {
        {"A", "\"verb\":\"call\""},
        {"A", "\"verb\":\"call\",\"to\":7"},
        {"A",
         "\"verb\":\"call\",\"to\":\"sip:b@h\",\"media\":\"/nowhere.wav\""},
        {"A", "\"verb\":\"call\",\"to\":\"sip:b@h\",\"packets\":-4"},
        {"A", "\"verb\":\"call\",\"to\":\"nonsense\",\"media\":\"none\""},
        {"B", "\"verb\":\"fetch\""},
        {"B", "\"verb\":\"fetch\",\"account\":[]"},
        {"B", "\"verb\":\"fetch\",\"account\":\"sip:x@y\""},
        {"B", "\"verb\":\"subscribe\""},
        {"B", "\"verb\":\"answer\""},
        {"B", "\"verb\":\"answer\",\"mode\":\"sing\""},
        {"A", "\"verb\":\"send\""},
        {"A", "\"verb\":\"send\",\"method\":\"OPTIONS\""},
        {"A", "\"verb\":\"send\",\"method\":\"O P\",\"to\":\"\""},
        {"A", "\"verb\":\"request\""},
        {"A", "\"verb\":\"edit\",\"edits\":[\"x\"]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;
        char line[300];
        bench_begin(&b, cases[i].role, NULL);
        bench_say(&b, "{\"id\":1,\"verb\":\"provision\"," USER "}");
        CU_ASSERT(bench_ok(&b, 1));
        snprintf(line, sizeof line, "{\"id\":2,%s}", cases[i].members);
        bench_say(&b, line);
        net_loop_run_for(b.loop, 70000);
        CU_ASSERT(answers(&b, 2) == 1);
        CU_ASSERT(bench_why(&b, 2)[0] != '\0');
        bench_end(&b);
    }
}

/* A peer that takes the connection and says nothing; one that answers rubbish.
 */
struct wall {
    const char *answer;
};

static void on_data(void *ctx, struct net_stream *s, const uint8_t *data,
                    size_t len)
{
    const struct wall *w = ctx;
    (void)data;
    (void)len;
    if (w->answer != NULL) {
        net_stream_send(s, (const uint8_t *)w->answer, strlen(w->answer));
    }
}

static void on_accept(void *ctx, struct net_listener *l, struct net_stream *s)
{
    static const struct net_stream_cb cb = {.on_data = on_data};
    (void)l;
    net_stream_set_cb(s, &cb, ctx);
}

static void silent_and_garbled_peers_end_in_an_answer(void)
{
    static const struct wall walls[] = {
        {NULL},
        {"\x16\x03\x01 no SIP at all\r\n\r\n"},
        {"SIP/2.0 200 OK\r\n\r\n"},
        {"SIP/2.0 200 OK\r\nContent-Length: 9999999\r\n\r\nshort"}};
    static const char *const verbs[] = {
        "\"verb\":\"register\"",
        "\"verb\":\"subscribe\",\"account\":\"sip:m@h\"",
        "\"verb\":\"send\",\"method\":\"OPTIONS\",\"to\":\"sip:m@h\""};
    for (size_t i = 0; i < sizeof walls / sizeof *walls; i++) {
        for (size_t k = 0; k < sizeof verbs / sizeof *verbs; k++) {
            struct bench b;
            struct net_addr at;
            struct net_listener *l = NULL;
            struct wall wall = walls[i];
            char line[200];
            bench_begin(&b, "B", NULL);
            net_addr_of(&at, "127.0.0.5", 5060);
            CU_ASSERT_FATAL(net_tcp_listen(&l, b.loop, &at, on_accept, &wall) ==
                            STATUS_OK);
            bench_say(&b, "{\"id\":1,\"verb\":\"provision\"," USER
                          ",\"outbound\":\"127.0.0.5:5060\"}");
            snprintf(line, sizeof line, "{\"id\":2,%s}", verbs[k]);
            bench_say(&b, line);
            net_loop_run_for(b.loop, 70000);
            CU_ASSERT(answers(&b, 2) == 1);
            CU_ASSERT(bench_why(&b, 2)[0] != '\0');
            bench_end(&b);
        }
    }
}

static void reset_and_end_drop_what_is_under_way(void)
{
    struct bench b;
    struct net_addr at;
    struct net_listener *l = NULL;
    struct wall wall = {NULL};
    bench_begin(&b, "B", NULL);
    net_addr_of(&at, "127.0.0.5", 5060);
    CU_ASSERT_FATAL(net_tcp_listen(&l, b.loop, &at, on_accept, &wall) ==
                    STATUS_OK);
    bench_say(&b, "{\"id\":1,\"verb\":\"provision\"," USER
                  ",\"outbound\":\"127.0.0.5:5060\"}");
    bench_say(&b, "{\"id\":2,\"verb\":\"register\"}");
    bench_say(&b, "{\"id\":3,\"verb\":\"reset\"}");
    CU_ASSERT(bench_ok(&b, 3));
    bench_say(&b, "{\"id\":4,\"verb\":\"register\"}");
    bench_end(&b); /* nothing may be left */
}

static const struct unit_case cases[] = {
    {"rubbish_is_no_request", rubbish_is_no_request},
    {"hello_lists_every_verb_and_unknown_ones_are_unsupported",
     hello_lists_every_verb_and_unknown_ones_are_unsupported},
    {"nothing_works_before_provisioning", nothing_works_before_provisioning},
    {"provisioning_says_what_is_wrong", provisioning_says_what_is_wrong},
    {"provisioning_works_once", provisioning_works_once},
    {"a_port_in_use_is_said", a_port_in_use_is_said},
    {"verbs_survive_wrong_arguments", verbs_survive_wrong_arguments},
    {"silent_and_garbled_peers_end_in_an_answer",
     silent_and_garbled_peers_end_in_an_answer},
    {"reset_and_end_drop_what_is_under_way",
     reset_and_end_drop_what_is_under_way},
    {NULL, NULL}};
const struct unit_suite protocol_suite = {"protocol", cases};
