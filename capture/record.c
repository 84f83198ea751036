/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Live capture through libpcap. A large buffer and a 50 ms timeout lose
 * nothing; immediate mode with a large snap length does, so it is never used.
 */
#include "capture/record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/env.h"
#include "harness/base/mem.h"

#define SENTINEL_LEN 32
#define SENTINEL_TRIES 10

struct recorder {
    pcap_t *pcap;
    pcap_dumper_t *dump;
    struct env env;
    int drain_ms;
    int has_sentinel;
    struct cap_addr sentinel_addr;
    uint8_t sentinel[SENTINEL_LEN]; /* payload that marks the end */
    int sentinel_sent;
    int seen; /* the sentinel came through */
    uint64_t written;
    enum status err;
};

static enum status say(char why[RECORD_ERROR_TEXT], enum status s,
                       const char *what, const char *text)
{
    snprintf(why, RECORD_ERROR_TEXT, "%.60s: %.240s", what, text);
    return s;
}

static int or_default(int value, int fallback)
{
    return value != 0 ? value : fallback;
}

static enum status activate(pcap_t *p, const struct recorder_config *c,
                            char why[RECORD_ERROR_TEXT])
{
    int bad = pcap_set_snaplen(p, or_default(c->snaplen, 262144)) |
              pcap_set_buffer_size(p, or_default(c->buffer_mib, 16) << 20) |
              pcap_set_timeout(p, or_default(c->timeout_ms, 50));
    if (bad == 0 && c->nanoseconds) {
        bad = pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
    }
    if (bad != 0) {
        return say(why, STATUS_IO, "Cannot set up the capture", pcap_geterr(p));
    }
    int rc = pcap_activate(p);
    if (rc >= 0) {
        return STATUS_OK; /* positive values are warnings */
    }
    const char *text = pcap_geterr(p);
    text = text[0] != '\0' ? text : pcap_statustostr(rc);
    if (rc == PCAP_ERROR_PERM_DENIED || rc == PCAP_ERROR_PROMISC_PERM_DENIED) {
        snprintf(
            why, RECORD_ERROR_TEXT,
            "No permission to capture: %.150s. Run as root, give the program "
            "cap_net_raw, or record with taps.",
            text);
        return STATUS_PERMISSION;
    }
    return say(why,
               rc == PCAP_ERROR_NO_SUCH_DEVICE ? STATUS_NOT_FOUND : STATUS_IO,
               "Cannot capture", text);
}

static enum status set_filter(pcap_t *p, const char *filter,
                              char why[RECORD_ERROR_TEXT])
{
    struct bpf_program prog;
    if (filter == NULL || filter[0] == '\0') {
        return STATUS_OK;
    }
    if (pcap_compile(p, &prog, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        return say(why, STATUS_SYNTAX, "Capture filter refused",
                   pcap_geterr(p));
    }
    int bad = pcap_setfilter(p, &prog);
    pcap_freecode(&prog);
    return bad ? say(why, STATUS_IO, "Cannot set the filter", pcap_geterr(p))
               : STATUS_OK;
}

/* The mark must be new to this run; it is no secret. */
static enum status make_sentinel(struct recorder *r)
{
    static const char text[16] = "latchkey-capture";
    memcpy(r->sentinel, text, sizeof text);
    return env_random(&r->env, r->sentinel + sizeof text,
                      sizeof r->sentinel - sizeof text);
}

static enum status setup(struct recorder *r, const struct recorder_config *c,
                         char why[RECORD_ERROR_TEXT])
{
    char errbuf[PCAP_ERRBUF_SIZE] = "";
    const char *device = c->device != NULL ? c->device : "lo";
    env_init_system(&r->env);
    r->drain_ms = or_default(c->drain_ms, 2000);
    if (c->sentinel != NULL) {
        if (cap_addr_parse(&r->sentinel_addr, c->sentinel) != STATUS_OK) {
            return say(why, STATUS_SYNTAX, "Sentinel is no address",
                       c->sentinel);
        }
        r->has_sentinel = 1;
        if (make_sentinel(r) != STATUS_OK) {
            return say(why, STATUS_IO, "Cannot capture", "no randomness");
        }
    }
    r->pcap = pcap_create(device, errbuf);
    if (r->pcap == NULL) {
        return say(why, STATUS_IO, "Cannot open the device", errbuf);
    }
    enum status s = activate(r->pcap, c, why);
    if (s == STATUS_OK) {
        s = set_filter(r->pcap, c->filter, why);
    }
    if (s != STATUS_OK) {
        return s;
    }
    if (pcap_setnonblock(r->pcap, 1, errbuf) != 0) {
        return say(why, STATUS_IO, "Cannot poll the capture", errbuf);
    }
    r->dump = pcap_dump_open(r->pcap, c->path);
    if (r->dump == NULL || pcap_dump_flush(r->dump) != 0) {
        return say(why, STATUS_IO, "Cannot write the capture",
                   pcap_geterr(r->pcap));
    }
    return STATUS_OK;
}

static void recorder_free(struct recorder *r)
{
    if (r->dump != NULL) {
        pcap_dump_close(r->dump);
    }
    if (r->pcap != NULL) {
        pcap_close(r->pcap);
    }
    mem_free(r);
}

enum status recorder_open(struct recorder **out,
                          const struct recorder_config *config,
                          char why[RECORD_ERROR_TEXT])
{
    struct recorder *r = mem_alloc(sizeof *r);
    *out = NULL;
    why[0] = '\0';
    if (r == NULL) {
        return say(why, STATUS_NO_MEMORY, "Cannot capture", "out of memory");
    }
    enum status s = setup(r, config, why);
    if (s != STATUS_OK) {
        recorder_free(r);
        return s;
    }
    *out = r;
    return STATUS_OK;
}

int recorder_fd(const struct recorder *r)
{
    return pcap_get_selectable_fd(r->pcap);
}

/* The sentinel is the harness's own mark and stays out of the file. */
static int is_sentinel(const struct recorder *r, const struct pcap_pkthdr *h,
                       const u_char *data)
{
    return r->sentinel_sent && h->caplen >= SENTINEL_LEN &&
           memcmp(data + h->caplen - SENTINEL_LEN, r->sentinel, SENTINEL_LEN) ==
               0;
}

static void on_packet(u_char *user, const struct pcap_pkthdr *h,
                      const u_char *data)
{
    struct recorder *r = (struct recorder *)(void *)user;
    if (is_sentinel(r, h, data)) {
        r->seen = 1;
        return;
    }
    if (!r->seen) {
        pcap_dump((u_char *)r->dump, h, data);
        r->written++;
    }
}

enum status recorder_poll(struct recorder *r)
{
    int n;
    do {
        n = pcap_dispatch(r->pcap, -1, on_packet, (u_char *)r);
    } while (n > 0 && !r->seen);
    if (n < 0 || ferror(pcap_dump_file(r->dump))) {
        r->err = STATUS_IO;
    }
    return r->err;
}

enum status recorder_flush(struct recorder *r)
{
    if (pcap_dump_flush(r->dump) != 0) {
        r->err = STATUS_IO;
    }
    return r->err;
}

/* ---- the end ---------------------------------------------------------------
 */

static socklen_t to_sockaddr(struct sockaddr_storage *ss,
                             const struct cap_addr *a)
{
    memset(ss, 0, sizeof *ss);
    if (a->version == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)ss;
        in->sin_family = AF_INET;
        in->sin_port = htons(a->port);
        memcpy(&in->sin_addr, a->ip, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)ss;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(a->port);
    memcpy(&in6->sin6_addr, a->ip, 16);
    return sizeof *in6;
}

/* A socket bound to the sentinel's address and connected to itself, so that the
 * datagram causes no ICMP error. */
static int sentinel_socket(const struct recorder *r)
{
    struct sockaddr_storage ss;
    socklen_t len = to_sockaddr(&ss, &r->sentinel_addr);
    int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    struct sockaddr *sa = (struct sockaddr *)(void *)&ss;
    if (bind(fd, sa, len) != 0 || getsockname(fd, sa, &len) != 0 ||
        connect(fd, sa, len) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int64_t now_ms(struct recorder *r)
{
    return (int64_t)(env_now_us(&r->env) / 1000);
}

static enum status drain(struct recorder *r)
{
    int fd = r->has_sentinel ? sentinel_socket(r) : -1;
    int64_t start = now_ms(r);
    int step =
        r->drain_ms / SENTINEL_TRIES > 0 ? r->drain_ms / SENTINEL_TRIES : 1;
    int64_t next_send = start;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && !r->seen && now_ms(r) - start <= r->drain_ms) {
        if (fd >= 0 && now_ms(r) >= next_send) {
            /* More than one, as a full buffer may drop it. */
            r->sentinel_sent = 1;
            if (send(fd, r->sentinel, sizeof r->sentinel, 0) < 0 &&
                errno != ENOBUFS && errno != EAGAIN) {
                break;
            }
            next_send = now_ms(r) + step;
        }
        struct pollfd p = {recorder_fd(r), POLLIN, 0};
        poll(&p, 1, step < 10 ? step : 10);
        s = recorder_poll(r);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (s == STATUS_OK && r->has_sentinel && !r->seen) {
        s = STATUS_TIMEOUT;
    }
    return s;
}

enum status recorder_stop(struct recorder *r, struct recorder_stats *out)
{
    struct pcap_stat ps = {0};
    enum status s = drain(r);
    int have_stats = pcap_stats(r->pcap, &ps) == 0;
    if (out != NULL) {
        *out = (struct recorder_stats){
            .written = r->written,
            .received = have_stats ? ps.ps_recv : 0,
            .dropped = have_stats ? (uint64_t)ps.ps_drop + ps.ps_ifdrop : 0,
            .drained = r->seen};
    }
    if (pcap_dump_flush(r->dump) != 0) {
        s = STATUS_IO;
    }
    recorder_free(r);
    return s;
}
