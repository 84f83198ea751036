/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Event loop, timers, UDP, TCP, lines on file descriptors; one interface over
 * real sockets (libuv, not visible here) and over a network in memory.
 *
 * A loop is NET_REAL or NET_VIRTUAL. In a virtual loop every socket lives in
 * memory, packets arrive in the order sent, nothing is lost unless a filter
 * says so, and the clock stands until all packets are delivered, then jumps to
 * the next timer: tests need no sleep and no port.
 *
 * Rules. One thread. Callbacks come only from inside the net_loop_run* calls
 * (not to be called from a callback), never from the function that asked for
 * the thing. Any object may be closed from any callback, its own too; after its
 * close call no callback of it comes. The octets given to a callback live as
 * long as the callback. net_*_close(NULL) does nothing. TLS is to come as
 * another way to open a struct net_stream. */
#ifndef HARNESS_NET_NET_H
#define HARNESS_NET_NET_H

#include "harness/base/env.h"
#include "harness/base/status.h"

#include <stddef.h>
#include <stdint.h>

/* ---- addresses ---- */

struct net_addr {
    uint8_t family; /* 4, 6, or 0: none */
    uint16_t port;  /* host order */
    uint8_t ip[16]; /* network order, the first 4 or all 16 octets */
};

#define NET_ADDR_TEXT 64 /* "[ipv6]:65535" and a NUL */

/* net_addr_parse reads "127.0.0.1", "127.0.0.1:5060", "::1", "[::1]" or
 * "[::1]:5060" (len octets); without a port the port is 0. Returns
 * STATUS_SYNTAX for anything else, names included, with *out unchanged. */
enum status net_addr_parse(struct net_addr *out, const char *text, size_t len);

/* net_addr_of is net_addr_parse of a NUL-terminated text with the port given
 * apart (it wins over one in the text unless it is 0). */
enum status net_addr_of(struct net_addr *out, const char *text, uint16_t port);

/* net_addr_text writes "127.0.0.1:5060"; net_addr_host writes it without port
 * and brackets; net_addr_uri_host without port, IPv6 in brackets (SIP, URLs).
 * out has NET_ADDR_TEXT octets; all return out. */
const char *net_addr_text(char *out, const struct net_addr *a);
const char *net_addr_host(char *out, const struct net_addr *a);
const char *net_addr_uri_host(char *out, const struct net_addr *a);

int net_addr_equal(const struct net_addr *a, const struct net_addr *b);
int net_addr_same_host(const struct net_addr *a, const struct net_addr *b);
int net_addr_is_loopback(const struct net_addr *a);

/* ---- loop ---- */

struct net_loop;

enum net_mode { NET_REAL, NET_VIRTUAL };

/* net_loop_new makes a loop. env must outlive it; with NET_VIRTUAL it must come
 * from env_init_virtual and the loop moves its clock. Returns STATUS_NO_MEMORY
 * or STATUS_IO, with *out NULL. Free with net_loop_free, which closes whatever
 * is still open, without callbacks. NET_REAL makes the process ignore SIGPIPE:
 * a peer that resets a connection must not end us. */
enum status net_loop_new(struct net_loop **out, struct env *env,
                         enum net_mode mode);
void net_loop_free(struct net_loop *loop);

/* net_loop_run runs until net_loop_stop, or until nothing is left to wait for.
 * net_loop_stop makes the run return after the current callback (virtual) or
 * after what the kernel has handed over (real). */
void net_loop_run(struct net_loop *loop);
void net_loop_stop(struct net_loop *loop);

/* net_loop_run_for runs for ms milliseconds of loop time, whatever happens
 * (less only after net_loop_stop). A virtual loop moves its clock by exactly
 * ms. */
void net_loop_run_for(struct net_loop *loop, uint64_t ms);

/* net_loop_run_until runs until done(ctx) is true, asked after each event; at
 * most max_ms of loop time. Returns 1 if done, 0 otherwise. */
int net_loop_run_until(struct net_loop *loop, int (*done)(void *ctx), void *ctx,
                       uint64_t max_ms);

/* net_loop_settle handles everything due now without letting time pass
 * (virtual), or everything the kernel has ready (real). */
void net_loop_settle(struct net_loop *loop);

/* net_loop_now_ms is monotonic and counts from the making of the loop. */
uint64_t net_loop_now_ms(const struct net_loop *loop);
enum net_mode net_loop_mode(const struct net_loop *loop);
struct env *net_loop_env(const struct net_loop *loop);

/* The tap sees all octets sent and received on the sockets of the loop, in
 * order, after net_stream/net_udp took them for sending or before the owner
 * gets them. */
typedef void net_tap_fn(void *ctx, int sent, struct net_addr local,
                        struct net_addr peer, int is_tcp, const uint8_t *data,
                        size_t len);
void net_loop_set_tap(struct net_loop *loop, net_tap_fn *tap, void *ctx);

/* The filter of a virtual loop is asked for each UDP datagram: return 0 to lose
 * it, 1 to deliver; *delay_ms (0 on entry) postpones it; *copies (1 on entry).
 */
typedef int net_filter_fn(void *ctx, const struct net_addr *from,
                          const struct net_addr *to, const uint8_t *data,
                          size_t len, uint64_t *delay_ms, unsigned *copies);
void net_loop_set_filter(struct net_loop *loop, net_filter_fn *filter,
                         void *ctx);

/* ---- timers ---- */

struct net_timer; /* one-shot */
typedef void net_timer_fn(void *ctx);

/* net_timer_start calls cb once, ms from now; timers due at one moment run in
 * the order started. The timer is freed after it ran; clear your pointer in cb.
 * Returns NULL if memory is short. */
struct net_timer *net_timer_start(struct net_loop *loop, uint64_t ms,
                                  net_timer_fn *cb, void *ctx);
/* net_timer_cancel frees a timer that has not run; *t becomes NULL. */
void net_timer_cancel(struct net_timer **t);

/* ---- UDP ---- */

struct net_udp;
typedef void net_packet_fn(void *ctx, struct net_udp *udp,
                           const struct net_addr *from, const uint8_t *data,
                           size_t len);

/* net_udp_open binds local (port 0: any). STATUS_IO, STATUS_PERMISSION,
 * STATUS_DUPLICATE (address in use), STATUS_NO_MEMORY; *out is then NULL. */
enum status net_udp_open(struct net_udp **out, struct net_loop *loop,
                         const struct net_addr *local, net_packet_fn *cb,
                         void *ctx);

/* net_udp_open_pair binds an even port and the odd one above it (RTP and RTCP,
 * RFC 3550, 11) at the host of local; a port that is not 0 is taken as said. */
enum status net_udp_open_pair(struct net_udp **rtp, struct net_udp **rtcp,
                              struct net_loop *loop,
                              const struct net_addr *local, net_packet_fn *cb,
                              void *ctx);

/* net_udp_send copies data. STATUS_BAD_LENGTH above 65,507 octets, STATUS_IO,
 * STATUS_NO_SPACE when too much is waiting already. */
enum status net_udp_send(struct net_udp *udp, const struct net_addr *to,
                         const uint8_t *data, size_t len);
struct net_addr net_udp_local(const struct net_udp *udp);
void net_udp_close(struct net_udp *udp);

/* ---- TCP ---- */

struct net_stream;
struct net_listener;

struct net_stream_cb {
    /* on_open: the connection asked for with net_tcp_connect stands. */
    void (*on_open)(void *ctx, struct net_stream *s);
    void (*on_data)(void *ctx, struct net_stream *s, const uint8_t *data,
                    size_t len);
    /* on_end: the peer will send no more; we still can. If NULL, the stream is
     * closed then and on_closed says STATUS_OK. */
    void (*on_end)(void *ctx, struct net_stream *s);
    /* on_closed: the stream is gone and s must not be used again. why is
     * STATUS_OK (both sides ended), STATUS_REFUSED (no listener), STATUS_IO
     * (reset, broken) or STATUS_TIMEOUT (connecting). Not called after our own
     * close. */
    void (*on_closed)(void *ctx, struct net_stream *s, enum status why);
};

/* net_tcp_listen accepts connections at local (port 0: any); on_accept gets
 * each one and must call net_stream_set_cb or close it before it returns. */
typedef void net_accept_fn(void *ctx, struct net_listener *l,
                           struct net_stream *s);
enum status net_tcp_listen(struct net_listener **out, struct net_loop *loop,
                           const struct net_addr *local, net_accept_fn *cb,
                           void *ctx);
struct net_addr net_listener_local(const struct net_listener *l);
void net_listener_close(struct net_listener *l); /* its streams stay */

/* net_tcp_connect connects to peer from the host of local (NULL: any; its port
 * is used if not 0). Sending may start at once; the octets wait. A connection
 * not made within 5 s is closed with STATUS_TIMEOUT. */
enum status net_tcp_connect(struct net_stream **out, struct net_loop *loop,
                            const struct net_addr *local,
                            const struct net_addr *peer,
                            const struct net_stream_cb *cb, void *ctx);

/* net_stream_pair makes two connected ends in memory, in either mode. */
enum status net_stream_pair(struct net_stream **a, struct net_stream **b,
                            struct net_loop *loop);

/* net_stream_set_cb gives the stream to another owner; cb is copied. */
void net_stream_set_cb(struct net_stream *s, const struct net_stream_cb *cb,
                       void *ctx);

/* net_stream_send copies data. STATUS_NO_SPACE when more than 8 MiB would wait
 * (nothing is taken then); STATUS_UNEXPECTED after net_stream_end. */
enum status net_stream_send(struct net_stream *s, const uint8_t *data,
                            size_t len);
/* net_stream_end says that we will send no more (FIN after what waits). */
void net_stream_end(struct net_stream *s);
/* net_stream_close lets what waits go out, then closes; no callback comes any
 * more. net_stream_reset drops everything and resets the connection. */
void net_stream_close(struct net_stream *s);
void net_stream_reset(struct net_stream *s);
struct net_addr net_stream_local(const struct net_stream *s);
struct net_addr net_stream_peer(const struct net_stream *s);
int net_stream_is_open(const struct net_stream *s); /* connecting is done */

/* ---- file descriptors (real loops only; virtual: STATUS_UNSUPPORTED) ---- */

struct net_watch;

/* net_watch_fd calls cb whenever fd is readable (libpcap, pipes). fd stays the
 * caller's; close the watch first. net_watch_signal calls cb for each signal. A
 * watch keeps net_loop_run going until it is closed. */
enum status net_watch_fd(struct net_watch **out, struct net_loop *loop, int fd,
                         void (*cb)(void *ctx), void *ctx);
enum status net_watch_signal(struct net_watch **out, struct net_loop *loop,
                             int signum, void (*cb)(void *ctx), void *ctx);
void net_watch_close(struct net_watch *w);

struct net_lines;

/* Lines longer than this are cut off: on_line gets STATUS_BAD_LENGTH, no text.
 */
#define NET_LINE_MAX (4u << 20)

/* net_lines_open reads lines from fd_in (-1: none; a file, pipe or terminal)
 * and writes lines to fd_out (-1: none). on_line gets each line NUL-terminated
 * without its LF or CRLF, with STATUS_OK; at the end of input it is called once
 * with NULL, 0 and STATUS_OK (end) or STATUS_IO. The descriptors stay the
 * caller's. */
typedef void net_line_fn(void *ctx, const char *line, size_t len,
                         enum status st);
enum status net_lines_open(struct net_lines **out, struct net_loop *loop,
                           int fd_in, int fd_out, net_line_fn *on_line,
                           void *ctx);
/* net_lines_write writes text and a LF before it returns. STATUS_IO if the
 * other end is gone or takes nothing for 5 s. */
enum status net_lines_write(struct net_lines *l, const char *text, size_t len);
void net_lines_close(struct net_lines *l);

#endif
