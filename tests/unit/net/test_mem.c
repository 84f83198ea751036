/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The network in memory: UDP, TCP, pairs. */
#include "tests/unit/net/net_tests.h"

#include "harness/base/mem.h"

#include <string.h>

#define OCTETS(s) ((const uint8_t *)(s)), (sizeof(s) - 1)

struct world {
    struct env env;
    struct net_loop *loop;
    unsigned long live;
};

static void begin(struct world *w)
{
    w->live = mem_live();
    env_init_virtual(&w->env, UINT64_C(1700000000000000), 1);
    CU_ASSERT_FATAL(net_loop_new(&w->loop, &w->env, NET_VIRTUAL) == STATUS_OK);
}

static void finish(struct world *w)
{
    net_loop_free(w->loop);
    CU_ASSERT(mem_live() == w->live);
}

static void udp_delivers_in_order_and_echoes(void)
{
    struct world w;
    struct probe a = {0};
    struct probe b = {.echo = 1};
    struct net_udp *ua;
    struct net_udp *ub;
    struct net_addr la = addr_of("127.0.0.1:1000");
    struct net_addr lb = addr_of("127.0.0.2:2000");
    begin(&w);
    CU_ASSERT(net_udp_open(&ua, w.loop, &la, probe_packet, &a) == STATUS_OK);
    CU_ASSERT(net_udp_open(&ub, w.loop, &lb, probe_packet, &b) == STATUS_OK);
    CU_ASSERT(net_udp_send(ua, &lb, OCTETS("one")) == STATUS_OK);
    CU_ASSERT(net_udp_send(ua, &lb, OCTETS("two")) == STATUS_OK);
    CU_ASSERT(b.packets == 0); /* callbacks come from the loop only */
    net_loop_settle(w.loop);
    CU_ASSERT(b.packets == 2 && b.len == 6 && memcmp(b.got, "onetwo", 6) == 0);
    CU_ASSERT(a.packets == 2 && net_addr_equal(&a.from, &lb));
    CU_ASSERT(net_loop_now_ms(w.loop) == 0);
    struct net_udp *dup;
    CU_ASSERT(net_udp_open(&dup, w.loop, &la, probe_packet, &a) ==
              STATUS_DUPLICATE);
    CU_ASSERT(dup == NULL);
    uint8_t big[65508] = {0};
    CU_ASSERT(net_udp_send(ua, &lb, big, sizeof(big)) == STATUS_BAD_LENGTH);
    net_udp_close(ub);
    CU_ASSERT(net_udp_send(ua, &lb, OCTETS("gone")) == STATUS_OK);
    net_loop_settle(w.loop);
    CU_ASSERT(b.packets == 2);
    finish(&w);
}

static int lossy(void *ctx, const struct net_addr *from,
                 const struct net_addr *to, const uint8_t *data, size_t len,
                 uint64_t *delay_ms, unsigned *copies)
{
    (void)ctx;
    (void)from;
    (void)to;
    (void)len;
    *delay_ms = data[0] == 'd' ? 100 : 0;
    *copies = data[0] == '2' ? 2 : 1;
    return data[0] != 'x';
}

static void filter_loses_delays_and_doubles(void)
{
    struct world w;
    struct probe p = {0};
    struct net_udp *u;
    struct net_addr a = addr_of("127.0.0.1:1000");
    begin(&w);
    net_loop_set_filter(w.loop, lossy, NULL);
    CU_ASSERT(net_udp_open(&u, w.loop, &a, probe_packet, &p) == STATUS_OK);
    net_udp_send(u, &a, OCTETS("d"));
    net_udp_send(u, &a, OCTETS("x"));
    net_udp_send(u, &a, OCTETS("2"));
    net_udp_send(u, &a, OCTETS("p"));
    net_loop_settle(w.loop);
    CU_ASSERT(p.len == 3 && memcmp(p.got, "22p", 3) == 0);
    net_loop_run_for(w.loop, 100);
    CU_ASSERT(p.len == 4 && p.got[3] == 'd');
    finish(&w);
}

static void rtp_pairs_are_even_and_next(void)
{
    struct world w;
    struct probe p = {0};
    struct net_addr host = addr_of("127.0.0.1");
    struct net_udp *rtp[20];
    struct net_udp *rtcp[20];
    begin(&w);
    for (size_t i = 0; i < 20; i++) {
        CU_ASSERT_FATAL(net_udp_open_pair(&rtp[i], &rtcp[i], w.loop, &host,
                                          probe_packet, &p) == STATUS_OK);
        uint16_t even = net_udp_local(rtp[i]).port;
        CU_ASSERT(even % 2 == 0);
        CU_ASSERT(net_udp_local(rtcp[i]).port == even + 1);
    }
    struct net_addr odd = addr_of("127.0.0.1:30001");
    CU_ASSERT(net_udp_open_pair(&rtp[0], &rtcp[0], w.loop, &odd, probe_packet,
                                &p) == STATUS_DUPLICATE);
    CU_ASSERT(rtp[0] == NULL && rtcp[0] == NULL);
    finish(&w);
}

struct tcp {
    struct world w;
    struct probe client;
    struct probe server;
    struct net_listener *l;
    struct net_stream *c;
};

static void tcp_begin(struct tcp *t, const struct net_stream_cb *cb,
                      net_accept_fn *accept)
{
    struct net_addr a = addr_of("127.0.0.1:5060");
    memset(t, 0, sizeof(*t));
    begin(&t->w);
    CU_ASSERT_FATAL(net_tcp_listen(&t->l, t->w.loop, &a, accept, &t->server) ==
                    STATUS_OK);
    CU_ASSERT_FATAL(net_tcp_connect(&t->c, t->w.loop, NULL, &a, cb,
                                    &t->client) == STATUS_OK);
}

static void tcp_sends_before_and_after_connecting(void)
{
    struct tcp t;
    tcp_begin(&t, &probe_cb, probe_accept);
    CU_ASSERT(!net_stream_is_open(t.c));
    CU_ASSERT(net_stream_send(t.c, OCTETS("early ")) == STATUS_OK);
    net_loop_settle(t.w.loop);
    CU_ASSERT(t.client.opened == 1 && net_stream_is_open(t.c));
    CU_ASSERT(net_stream_send(t.c, OCTETS("late")) == STATUS_OK);
    net_loop_settle(t.w.loop);
    CU_ASSERT(t.server.len == 10);
    CU_ASSERT(memcmp(t.server.got, "early late", 10) == 0);
    struct net_addr cl = net_stream_local(t.c);
    struct net_addr sp = net_stream_peer(t.server.stream);
    CU_ASSERT(net_addr_equal(&cl, &sp));
    CU_ASSERT(net_stream_send(t.server.stream, OCTETS("back")) == STATUS_OK);
    net_loop_settle(t.w.loop);
    CU_ASSERT(t.client.len == 4);
    finish(&t.w);
}

static void tcp_without_listener_is_refused(void)
{
    struct world w;
    struct probe p = {0};
    struct net_stream *s;
    struct net_addr a = addr_of("127.0.0.1:9");
    begin(&w);
    CU_ASSERT(net_tcp_connect(&s, w.loop, NULL, &a, &probe_cb, &p) ==
              STATUS_OK);
    CU_ASSERT(net_stream_send(s, OCTETS("into the void")) == STATUS_OK);
    CU_ASSERT(p.closed == 0);
    net_loop_run(w.loop);
    CU_ASSERT(p.closed == 1 && p.why == STATUS_REFUSED && p.opened == 0);
    finish(&w);
}

static void tcp_close_lets_what_waits_arrive(void)
{
    struct tcp t;
    tcp_begin(&t, &probe_cb, probe_accept);
    net_loop_settle(t.w.loop);
    CU_ASSERT(net_stream_send(t.c, OCTETS("last words")) == STATUS_OK);
    net_stream_close(t.c);
    net_loop_settle(t.w.loop);
    CU_ASSERT(t.server.len == 10 && t.server.closed == 1);
    CU_ASSERT(t.server.why == STATUS_OK && t.client.closed == 0);
    finish(&t.w);
}

static void tcp_reset_is_an_error_for_the_peer(void)
{
    struct tcp t;
    tcp_begin(&t, &probe_cb, probe_accept);
    net_loop_settle(t.w.loop);
    net_stream_reset(t.c);
    net_loop_settle(t.w.loop);
    CU_ASSERT(t.server.closed == 1 && t.server.why == STATUS_IO);
    finish(&t.w);
}

static void tcp_half_close_still_answers(void)
{
    struct tcp t;
    tcp_begin(&t, &probe_half_cb, probe_accept_half);
    t.server.end_on_end = 1;
    CU_ASSERT(net_stream_send(t.c, OCTETS("question")) == STATUS_OK);
    net_stream_end(t.c);
    CU_ASSERT(net_stream_send(t.c, OCTETS("x")) == STATUS_UNEXPECTED);
    net_loop_settle(t.w.loop);
    CU_ASSERT(t.server.ended == 1 && t.server.len == 8);
    CU_ASSERT(t.client.closed == 1 && t.client.why == STATUS_OK);
    CU_ASSERT(t.server.closed == 1 && t.server.why == STATUS_OK);
    finish(&t.w);
}

static void tcp_half_open_peer_is_noticed_when_sending(void)
{
    struct tcp t;
    tcp_begin(&t, &probe_half_cb, probe_accept_half);
    net_loop_settle(t.w.loop);
    net_stream_close(t.server.stream);
    net_loop_settle(t.w.loop);
    CU_ASSERT(t.client.ended == 1 && t.client.closed == 0);
    CU_ASSERT(net_stream_send(t.c, OCTETS("anybody?")) == STATUS_OK);
    net_loop_settle(t.w.loop);
    CU_ASSERT(t.client.closed == 1 && t.client.why == STATUS_IO);
    finish(&t.w);
}

static void tcp_may_be_closed_in_its_own_callback(void)
{
    struct tcp t;
    tcp_begin(&t, &probe_cb, probe_accept);
    t.server.close_on_data = 1;
    CU_ASSERT(net_stream_send(t.c, OCTETS("a")) == STATUS_OK);
    CU_ASSERT(net_stream_send(t.c, OCTETS("b")) == STATUS_OK);
    net_loop_settle(t.w.loop);
    CU_ASSERT(t.server.packets == 1 && t.server.closed == 0);
    CU_ASSERT(t.client.closed == 1);
    finish(&t.w);
}

static void tcp_queue_is_bounded(void)
{
    struct tcp t;
    static uint8_t mib[1 << 20];
    tcp_begin(&t, &probe_cb, probe_accept);
    for (unsigned i = 0; i < 8; i++) {
        CU_ASSERT(net_stream_send(t.c, mib, sizeof(mib)) == STATUS_OK);
    }
    CU_ASSERT(net_stream_send(t.c, mib, 1) == STATUS_NO_SPACE);
    net_loop_settle(t.w.loop);
    CU_ASSERT(t.server.total == 8u << 20);
    CU_ASSERT(net_stream_send(t.c, mib, 1) == STATUS_OK);
    finish(&t.w);
}

static void pair_talks_both_ways(void)
{
    struct world w;
    struct probe a = {0};
    struct probe b = {.echo = 1};
    struct net_stream *sa;
    struct net_stream *sb;
    begin(&w);
    CU_ASSERT_FATAL(net_stream_pair(&sa, &sb, w.loop) == STATUS_OK);
    net_stream_set_cb(sa, &probe_cb, &a);
    net_stream_set_cb(sb, &probe_cb, &b);
    CU_ASSERT(net_stream_send(sa, OCTETS("ping")) == STATUS_OK);
    net_loop_settle(w.loop);
    CU_ASSERT(a.len == 4 && b.len == 4);
    net_stream_close(sb);
    net_loop_settle(w.loop);
    CU_ASSERT(a.closed == 1);
    finish(&w);
}

struct seen {
    char text[64];
};

static void tap(void *ctx, int sent, struct net_addr local,
                struct net_addr peer, int is_tcp, const uint8_t *data,
                size_t len)
{
    struct seen *s = ctx;
    size_t n = strlen(s->text);
    (void)local;
    (void)peer;
    CU_ASSERT_FATAL(n + len + 3 < sizeof(s->text));
    s->text[n++] = sent ? '>' : '<';
    s->text[n++] = is_tcp ? 't' : 'u';
    memcpy(s->text + n, data, len);
    s->text[n + len] = '\0';
}

static void tap_sees_all_octets(void)
{
    struct tcp t;
    struct seen seen = {{0}};
    struct net_udp *u;
    struct net_addr a = addr_of("127.0.0.1:1000");
    tcp_begin(&t, &probe_cb, probe_accept);
    net_loop_set_tap(t.w.loop, tap, &seen);
    CU_ASSERT(net_udp_open(&u, t.w.loop, &a, probe_packet, &t.client) ==
              STATUS_OK);
    net_udp_send(u, &a, OCTETS("U"));
    net_stream_send(t.c, OCTETS("T"));
    net_loop_settle(t.w.loop);
    CU_ASSERT_STRING_EQUAL(seen.text, ">uU>tT<uU<tT");
    finish(&t.w);
}

static const struct unit_case cases[] = {
    {"udp_delivers_in_order_and_echoes", udp_delivers_in_order_and_echoes},
    {"filter_loses_delays_and_doubles", filter_loses_delays_and_doubles},
    {"rtp_pairs_are_even_and_next", rtp_pairs_are_even_and_next},
    {"tcp_sends_before_and_after_connecting",
     tcp_sends_before_and_after_connecting},
    {"tcp_without_listener_is_refused", tcp_without_listener_is_refused},
    {"tcp_close_lets_what_waits_arrive", tcp_close_lets_what_waits_arrive},
    {"tcp_reset_is_an_error_for_the_peer", tcp_reset_is_an_error_for_the_peer},
    {"tcp_half_close_still_answers", tcp_half_close_still_answers},
    {"tcp_half_open_peer_is_noticed_when_sending",
     tcp_half_open_peer_is_noticed_when_sending},
    {"tcp_may_be_closed_in_its_own_callback",
     tcp_may_be_closed_in_its_own_callback},
    {"tcp_queue_is_bounded", tcp_queue_is_bounded},
    {"pair_talks_both_ways", pair_talks_both_ways},
    {"tap_sees_all_octets", tap_sees_all_octets},
    {NULL, NULL}};
const struct unit_suite net_mem_suite = {"mem", cases};
