/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The same over real sockets on 127.0.0.0/8, ports chosen by the kernel. */
#include "tests/unit/net/net_tests.h"

#include "harness/base/mem.h"

#include <string.h>
#include <signal.h>
#include <unistd.h>

#define OCTETS(s) ((const uint8_t *)(s)), (sizeof(s) - 1)
#define PATIENCE 5000

struct world {
    struct env env;
    struct net_loop *loop;
    unsigned long live;
};

static void begin(struct world *w)
{
    w->live = mem_live();
    env_init_system(&w->env);
    CU_ASSERT_FATAL(net_loop_new(&w->loop, &w->env, NET_REAL) == STATUS_OK);
}

static void finish(struct world *w)
{
    net_loop_free(w->loop);
    CU_ASSERT(mem_live() == w->live);
}

static int has_octet(void *ctx)
{
    return ((struct probe *)ctx)->len > 0;
}

static int is_closed(void *ctx)
{
    return ((struct probe *)ctx)->closed > 0;
}

static void udp_echoes(void)
{
    struct world w;
    struct probe a = {0};
    struct probe b = {.echo = 1};
    struct net_udp *ua;
    struct net_udp *ub;
    struct net_addr la = addr_of("127.0.0.21");
    struct net_addr lb = addr_of("127.0.0.22");
    begin(&w);
    CU_ASSERT_FATAL(net_udp_open(&ua, w.loop, &la, probe_packet, &a) ==
                    STATUS_OK);
    CU_ASSERT_FATAL(net_udp_open(&ub, w.loop, &lb, probe_packet, &b) ==
                    STATUS_OK);
    struct net_addr to = net_udp_local(ub);
    CU_ASSERT(to.port != 0);
    CU_ASSERT(net_udp_send(ua, &to, OCTETS("ping")) == STATUS_OK);
    CU_ASSERT(net_loop_run_until(w.loop, has_octet, &a, PATIENCE));
    CU_ASSERT(memcmp(a.got, "ping", 4) == 0 && net_addr_equal(&a.from, &to));
    struct net_udp *dup;
    CU_ASSERT(net_udp_open(&dup, w.loop, &to, probe_packet, &a) ==
              STATUS_DUPLICATE);
    finish(&w);
}

static void rtp_pairs_are_even_and_next(void)
{
    struct world w;
    struct probe p = {0};
    struct net_addr host = addr_of("127.0.0.23");
    begin(&w);
    for (size_t i = 0; i < 8; i++) {
        struct net_udp *rtp;
        struct net_udp *rtcp;
        CU_ASSERT_FATAL(net_udp_open_pair(&rtp, &rtcp, w.loop, &host,
                                          probe_packet, &p) == STATUS_OK);
        CU_ASSERT(net_udp_local(rtp).port % 2 == 0);
        CU_ASSERT(net_udp_local(rtcp).port == net_udp_local(rtp).port + 1);
    }
    finish(&w);
}

static void tcp_over(const char *host)
{
    struct world w;
    struct probe c = {0};
    struct probe s = {.echo = 1};
    struct net_listener *l;
    struct net_stream *cs;
    struct net_addr a = addr_of(host);
    begin(&w);
    CU_ASSERT_FATAL(net_tcp_listen(&l, w.loop, &a, probe_accept, &s) ==
                    STATUS_OK);
    struct net_addr to = net_listener_local(l);
    CU_ASSERT_FATAL(net_tcp_connect(&cs, w.loop, &a, &to, &probe_cb, &c) ==
                    STATUS_OK);
    CU_ASSERT(net_stream_send(cs, OCTETS("hello")) == STATUS_OK);
    CU_ASSERT(net_loop_run_until(w.loop, has_octet, &c, PATIENCE));
    CU_ASSERT(c.opened == 1 && memcmp(c.got, "hello", 5) == 0);
    struct net_addr local = net_stream_local(cs);
    CU_ASSERT(net_addr_same_host(&local, &a));
    net_stream_close(cs);
    CU_ASSERT(net_loop_run_until(w.loop, is_closed, &s, PATIENCE));
    CU_ASSERT(s.why == STATUS_OK && c.closed == 0);
    finish(&w);
}

static void tcp_echoes_on_v4(void)
{
    tcp_over("127.0.0.24");
}

static void tcp_echoes_on_v6(void)
{
    tcp_over("::1");
}

static void tcp_without_listener_is_refused(void)
{
    struct world w;
    struct probe p = {0};
    struct net_listener *l;
    struct net_stream *s;
    struct net_addr a = addr_of("127.0.0.25");
    begin(&w);
    /* A port that was ours a moment ago and listens no more. */
    CU_ASSERT_FATAL(net_tcp_listen(&l, w.loop, &a, probe_accept, &p) ==
                    STATUS_OK);
    struct net_addr to = net_listener_local(l);
    net_listener_close(l);
    net_loop_settle(w.loop);
    CU_ASSERT(net_tcp_connect(&s, w.loop, NULL, &to, &probe_cb, &p) ==
              STATUS_OK);
    CU_ASSERT(net_stream_send(s, OCTETS("x")) == STATUS_OK);
    CU_ASSERT(p.closed == 0);
    CU_ASSERT(net_loop_run_until(w.loop, is_closed, &p, PATIENCE));
    CU_ASSERT(p.why == STATUS_REFUSED);
    finish(&w);
}

static int has_four_mib(void *ctx)
{
    return ((struct probe *)ctx)->total == 4u << 20;
}

static void tcp_close_lets_megabytes_arrive(void)
{
    struct world w;
    struct probe c = {0};
    struct probe s = {0};
    struct net_listener *l;
    struct net_stream *cs;
    struct net_addr a = addr_of("127.0.0.26");
    static uint8_t mib[1 << 20];
    begin(&w);
    CU_ASSERT_FATAL(net_tcp_listen(&l, w.loop, &a, probe_accept, &s) ==
                    STATUS_OK);
    struct net_addr to = net_listener_local(l);
    CU_ASSERT_FATAL(net_tcp_connect(&cs, w.loop, NULL, &to, &probe_cb, &c) ==
                    STATUS_OK);
    for (unsigned i = 0; i < 4; i++) {
        CU_ASSERT(net_stream_send(cs, mib, sizeof(mib)) == STATUS_OK);
    }
    net_stream_close(cs); /* before it is even connected */
    CU_ASSERT(net_loop_run_until(w.loop, has_four_mib, &s, PATIENCE));
    CU_ASSERT(net_loop_run_until(w.loop, is_closed, &s, PATIENCE));
    finish(&w);
}

static void tcp_survives_a_peer_that_resets(void)
{
    struct world w;
    struct probe c = {0};
    struct probe s = {0};
    struct net_listener *l;
    struct net_stream *cs;
    struct net_addr a = addr_of("127.0.0.27");
    static uint8_t mib[1 << 20];
    begin(&w);
    CU_ASSERT_FATAL(net_tcp_listen(&l, w.loop, &a, probe_accept, &s) ==
                    STATUS_OK);
    struct net_addr to = net_listener_local(l);
    CU_ASSERT_FATAL(net_tcp_connect(&cs, w.loop, NULL, &to, &probe_cb, &c) ==
                    STATUS_OK);
    CU_ASSERT(net_stream_send(cs, OCTETS("hello")) == STATUS_OK);
    CU_ASSERT(net_loop_run_until(w.loop, has_octet, &s, PATIENCE));
    net_stream_reset(s.stream);
    CU_ASSERT(net_stream_send(cs, mib, sizeof(mib)) == STATUS_OK);
    CU_ASSERT(net_loop_run_until(w.loop, is_closed, &c, PATIENCE));
    CU_ASSERT(c.why == STATUS_IO);
    finish(&w);
}

static void tcp_half_close_still_answers(void)
{
    struct world w;
    struct probe c = {0};
    struct probe s = {.end_on_end = 1};
    struct net_listener *l;
    struct net_stream *cs;
    struct net_addr a = addr_of("127.0.0.28");
    begin(&w);
    CU_ASSERT_FATAL(net_tcp_listen(&l, w.loop, &a, probe_accept_half, &s) ==
                    STATUS_OK);
    struct net_addr to = net_listener_local(l);
    CU_ASSERT_FATAL(net_tcp_connect(&cs, w.loop, NULL, &to, &probe_half_cb,
                                    &c) == STATUS_OK);
    CU_ASSERT(net_stream_send(cs, OCTETS("question")) == STATUS_OK);
    net_stream_end(cs);
    CU_ASSERT(net_loop_run_until(w.loop, is_closed, &c, PATIENCE));
    CU_ASSERT(c.why == STATUS_OK && s.ended == 1 && s.len == 8);
    finish(&w);
}

static void count(void *ctx)
{
    ++*(int *)ctx;
}

static int is_counted(void *ctx)
{
    return *(int *)ctx > 0;
}

static void timers_run_on_the_real_clock(void)
{
    struct world w;
    int n = 0;
    int never = 0;
    begin(&w);
    net_timer_start(w.loop, 20, count, &n);
    struct net_timer *t = net_timer_start(w.loop, 10, count, &never);
    net_timer_cancel(&t);
    net_loop_run(w.loop);
    CU_ASSERT(n == 1 && never == 0);
    CU_ASSERT(net_loop_now_ms(w.loop) >= 20);
    net_loop_run_for(w.loop, 10);
    CU_ASSERT(net_loop_now_ms(w.loop) >= 30);
    finish(&w);
}

static void signals_are_watched(void)
{
    struct world w;
    struct net_watch *watch;
    int n = 0;
    begin(&w);
    CU_ASSERT_FATAL(net_watch_signal(&watch, w.loop, SIGUSR1, count, &n) ==
                    STATUS_OK);
    CU_ASSERT(kill(getpid(), SIGUSR1) == 0);
    CU_ASSERT(net_loop_run_until(w.loop, is_counted, &n, PATIENCE));
    net_watch_close(watch);
    finish(&w);
}

static void loop_closes_what_is_left_open(void)
{
    struct world w;
    struct probe p = {0};
    struct net_listener *l;
    struct net_stream *cs;
    struct net_udp *u;
    struct net_watch *watch;
    int n = 0;
    int fds[2];
    struct net_addr a = addr_of("127.0.0.29");
    begin(&w);
    CU_ASSERT_FATAL(pipe(fds) == 0);
    CU_ASSERT(net_udp_open(&u, w.loop, &a, probe_packet, &p) == STATUS_OK);
    CU_ASSERT(net_watch_fd(&watch, w.loop, fds[0], count, &n) == STATUS_OK);
    CU_ASSERT_FATAL(net_tcp_listen(&l, w.loop, &a, probe_accept, &p) ==
                    STATUS_OK);
    struct net_addr to = net_listener_local(l);
    CU_ASSERT(net_tcp_connect(&cs, w.loop, NULL, &to, &probe_cb, &p) ==
              STATUS_OK);
    CU_ASSERT(net_stream_send(cs, OCTETS("hello")) == STATUS_OK);
    finish(&w);
    CU_ASSERT(p.closed == 0);
    close(fds[0]);
    close(fds[1]);
}

static void stop_the_loop(void *ctx)
{
    net_loop_stop(ctx);
}

static void count_up(void *ctx)
{
    ++*(int *)ctx;
}

/* Two timers are due at once and the first one stops the loop: the second is
 * not run, the run returns, and the next run goes on with it. */
static void stop_leaves_due_timers_for_the_next_run(void)
{
    struct world w;
    int n = 0;
    begin(&w);
    CU_ASSERT_FATAL(net_timer_start(w.loop, 0, stop_the_loop, w.loop) != NULL);
    CU_ASSERT_FATAL(net_timer_start(w.loop, 0, count_up, &n) != NULL);
    net_loop_run(w.loop);
    CU_ASSERT(n == 0);
    net_loop_run_for(w.loop, 20);
    CU_ASSERT(n == 1);
    finish(&w);
}

static const struct unit_case cases[] = {
    {"udp_echoes", udp_echoes},
    {"rtp_pairs_are_even_and_next", rtp_pairs_are_even_and_next},
    {"tcp_echoes_on_v4", tcp_echoes_on_v4},
    {"tcp_echoes_on_v6", tcp_echoes_on_v6},
    {"tcp_without_listener_is_refused", tcp_without_listener_is_refused},
    {"tcp_close_lets_megabytes_arrive", tcp_close_lets_megabytes_arrive},
    {"tcp_survives_a_peer_that_resets", tcp_survives_a_peer_that_resets},
    {"tcp_half_close_still_answers", tcp_half_close_still_answers},
    {"timers_run_on_the_real_clock", timers_run_on_the_real_clock},
    {"signals_are_watched", signals_are_watched},
    {"stop_leaves_due_timers_for_the_next_run",
     stop_leaves_due_timers_for_the_next_run},
    {"loop_closes_what_is_left_open", loop_closes_what_is_left_open},
    {NULL, NULL}};
const struct unit_suite net_real_suite = {"real", cases};
