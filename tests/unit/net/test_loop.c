/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Timers and runs under the virtual clock. */
#include "tests/unit/net/net_tests.h"

#include "harness/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define T0 UINT64_C(1700000000000000)

struct order {
    struct net_loop *loop;
    char text[600];
    struct net_timer *victim;
};

struct mark {
    struct order *o;
    char name;
};

static void note(void *ctx)
{
    struct mark *m = ctx;
    size_t n = strlen(m->o->text);
    m->o->text[n] = m->name;
    m->o->text[n + 1] = '\0';
}

static void timers_run_in_order_of_time_then_of_start(void)
{
    struct env env;
    struct order o = {0};
    env_init_virtual(&env, T0, 1);
    CU_ASSERT_FATAL(net_loop_new(&o.loop, &env, NET_VIRTUAL) == STATUS_OK);
    struct mark m[] = {{&o, 'a'}, {&o, 'b'}, {&o, 'c'}, {&o, 'd'}, {&o, 'e'}};
    static const uint64_t ms[] = {30, 10, 20, 10, 0};
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT(net_timer_start(o.loop, ms[i], note, &m[i]) != NULL);
    }
    net_loop_run(o.loop);
    CU_ASSERT_STRING_EQUAL(o.text, "ebdca");
    CU_ASSERT(net_loop_now_ms(o.loop) == 30);
    CU_ASSERT(env_now_us(&env) == T0 + 30000);
    net_loop_free(o.loop);
}

static void run_for_moves_the_clock_exactly(void)
{
    struct env env;
    struct order o = {0};
    env_init_virtual(&env, T0, 1);
    CU_ASSERT_FATAL(net_loop_new(&o.loop, &env, NET_VIRTUAL) == STATUS_OK);
    struct mark m[] = {{&o, 'a'}, {&o, 'b'}};
    net_timer_start(o.loop, 500, note, &m[0]);
    net_timer_start(o.loop, 501, note, &m[1]);
    net_loop_run_for(o.loop, 499);
    CU_ASSERT_STRING_EQUAL(o.text, "");
    net_loop_run_for(o.loop, 1);
    CU_ASSERT_STRING_EQUAL(o.text, "a");
    CU_ASSERT(net_loop_now_ms(o.loop) == 500);
    net_loop_run_for(o.loop, 1000);
    CU_ASSERT_STRING_EQUAL(o.text, "ab");
    CU_ASSERT(net_loop_now_ms(o.loop) == 1500);
    net_loop_free(o.loop);
}

static void cancel_victim(void *ctx)
{
    struct mark *m = ctx;
    note(m);
    net_timer_cancel(&m->o->victim);
}

static void a_timer_may_cancel_another_of_the_same_moment(void)
{
    struct env env;
    struct order o = {0};
    env_init_virtual(&env, T0, 1);
    CU_ASSERT_FATAL(net_loop_new(&o.loop, &env, NET_VIRTUAL) == STATUS_OK);
    struct mark m[] = {{&o, 'a'}, {&o, 'b'}, {&o, 'c'}};
    net_timer_start(o.loop, 5, cancel_victim, &m[0]);
    o.victim = net_timer_start(o.loop, 5, note, &m[1]);
    net_timer_start(o.loop, 5, note, &m[2]);
    net_loop_run(o.loop);
    CU_ASSERT_STRING_EQUAL(o.text, "ac");
    CU_ASSERT(o.victim == NULL);
    net_timer_cancel(&o.victim); /* nothing to do */
    net_loop_free(o.loop);
}

/* The heap against a plain sort: 400 timers, every third cancelled. */
static void record_time(void *ctx)
{
    struct order *o = ctx;
    static const char digits[] = "0123456789abcdef";
    size_t n = strlen(o->text);
    o->text[n] = digits[net_loop_now_ms(o->loop) & 15];
    o->text[n + 1] = '\0';
}

static void many_timers_fire_in_time_order(void)
{
    struct env env;
    struct order o = {0};
    struct net_timer *t[400];
    unsigned want[16] = {0};
    env_init_virtual(&env, T0, 1);
    CU_ASSERT_FATAL(net_loop_new(&o.loop, &env, NET_VIRTUAL) == STATUS_OK);
    for (unsigned i = 0; i < 400; i++) {
        unsigned at = (i * 7919u) % 16;
        t[i] = net_timer_start(o.loop, at, record_time, &o);
        want[at] += i % 3 != 0;
    }
    for (unsigned i = 0; i < 400; i += 3) {
        net_timer_cancel(&t[i]);
    }
    net_loop_run(o.loop);
    const char *p = o.text;
    for (unsigned at = 0; at < 16; at++) {
        unsigned n = 0;
        while (*p == "0123456789abcdef"[at]) {
            p++;
            n++;
        }
        CU_ASSERT(n == want[at]);
    }
    CU_ASSERT(*p == '\0');
    net_loop_free(o.loop);
}

static int has_three(void *ctx)
{
    struct order *o = ctx;
    return strlen(o->text) >= 3;
}

static void stop_loop(void *ctx)
{
    net_loop_stop(ctx);
}

static void run_until_and_stop(void)
{
    struct env env;
    struct order o = {0};
    env_init_virtual(&env, T0, 1);
    CU_ASSERT_FATAL(net_loop_new(&o.loop, &env, NET_VIRTUAL) == STATUS_OK);
    struct mark m = {&o, 'x'};
    for (uint64_t i = 1; i <= 5; i++) {
        net_timer_start(o.loop, i * 10, note, &m);
    }
    CU_ASSERT(net_loop_run_until(o.loop, has_three, &o, 20) == 0);
    CU_ASSERT(net_loop_now_ms(o.loop) == 20);
    CU_ASSERT(net_loop_run_until(o.loop, has_three, &o, 1000) == 1);
    CU_ASSERT(net_loop_now_ms(o.loop) == 30);
    net_timer_start(o.loop, 10, stop_loop, o.loop);
    net_loop_run(o.loop);
    CU_ASSERT(net_loop_now_ms(o.loop) == 40);
    net_loop_free(o.loop); /* with a timer left */
}

static void loop_gives_everything_back(void)
{
    for (unsigned long n = 1; n < 30; n++) {
        struct env env;
        struct net_loop *loop;
        struct net_udp *u = NULL;
        struct net_listener *l = NULL;
        struct net_stream *s = NULL;
        struct probe p = {0};
        struct net_addr a = addr_of("127.0.0.1:5060");
        unsigned long live = mem_live();
        env_init_virtual(&env, T0, 1);
        mem_fail_at(n);
        if (net_loop_new(&loop, &env, NET_VIRTUAL) == STATUS_OK) {
            if (net_udp_open(&u, loop, &a, probe_packet, &p) == STATUS_OK) {
                (void)net_udp_send(u, &a, (const uint8_t *)"x", 1);
            }
            (void)net_tcp_listen(&l, loop, &a, probe_accept, &p);
            if (net_tcp_connect(&s, loop, NULL, &a, &probe_cb, &p) ==
                STATUS_OK) {
                (void)net_stream_send(s, (const uint8_t *)"x", 1);
            }
            net_loop_run(loop);
            net_loop_free(loop);
        }
        mem_fail_at(0);
        CU_ASSERT(mem_live() == live);
    }
}

static const struct unit_case cases[] = {
    {"timers_run_in_order_of_time_then_of_start",
     timers_run_in_order_of_time_then_of_start},
    {"run_for_moves_the_clock_exactly", run_for_moves_the_clock_exactly},
    {"a_timer_may_cancel_another_of_the_same_moment",
     a_timer_may_cancel_another_of_the_same_moment},
    {"many_timers_fire_in_time_order", many_timers_fire_in_time_order},
    {"run_until_and_stop", run_until_and_stop},
    {"loop_gives_everything_back", loop_gives_everything_back},
    {NULL, NULL}};
const struct unit_suite net_loop_suite = {"loop", cases};
