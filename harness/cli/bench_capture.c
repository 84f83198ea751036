/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Benchmarks of reading and judging a large capture: INVITEs over UDP, each with
 * an I_MESSAGE_1 of its own. */
#include "harness/cli/bench.h"

#include "capture/trace.h"
#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/judge/judge.h"
#include "harness/mikey/mikey.h"
#include "harness/sip/sip.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PACKETS 100000u
#define PACKETS_QUICK 1000u
#define FIRST_US 1767614400000000u /* 2026-01-05T12:00:00Z */

struct input {
    char path[64];
    unsigned packets;
    uint64_t octets;
};

/* What a child process found, told through a pipe. */
struct answer {
    double seconds, cpu;
    uint64_t packets, sip, mikey, findings;
    long rss_kb;
    int ok;
};

/* ---- the capture ---- */

/* I_MESSAGE_1 number i: the sample message without ESK, its own CSB ID. */
static char *message(struct mikey_msg *msg, unsigned i)
{
    struct wr w;
    wr_init(&w);
    msg->hdr.data_type = MIKEY_DT_I_MESSAGE_1;
    msg->hdr.csb_id = 0x10000000u + i;
    mikey_encode(msg, &w);
    char *text = w.err == STATUS_OK ? base64_new(w.data, w.len) : NULL;
    wr_cleanup(&w);
    return text;
}

/* The sample INVITE with that message, and Call-ID and branch of its own. */
static int invite(struct wr *w, const char *text, unsigned i)
{
    struct view v = sip_sample();
    char *whole = mem_strndup((const char *)v.data, v.len);
    char *length = whole != NULL ? strstr(whole, "Content-Length: ") : NULL;
    char *body = length != NULL ? strstr(length, "\r\n\r\n") : NULL;
    char *key = body != NULL ? strstr(body, "a=key-mgmt:mikey ") : NULL;
    char *call = whole != NULL ? strstr(whole, "Call-ID: dd-") : NULL;
    char *branch = whole != NULL ? strstr(whole, "z9hG4bK-a") : NULL;
    int ok = key != NULL && call != NULL && branch != NULL;
    if (ok) {
        char digits[9];
        key += strlen("a=key-mgmt:mikey ");
        const char *rest = strstr(key, "\r\n");
        size_t body_len =
            (size_t)(key - (body + 4)) + strlen(text) + strlen(rest);
        snprintf(digits, sizeof digits, "%08x", i);
        memcpy(call + strlen("Call-ID: dd-"), digits, 8);
        memcpy(branch + strlen("z9hG4bK-"), digits + 2, 6);
        wr_bytes(w, whole, (size_t)(length - whole));
        wr_printf(w, "Content-Length: %zu", body_len);
        wr_bytes(w, body, (size_t)(key - body));
        wr_str(w, text);
        wr_str(w, rest);
    }
    mem_free(whole);
    return ok && w->err == STATUS_OK;
}

static void packet(struct wr *w, struct view sip, unsigned i)
{
    static const uint8_t ethernet[14] = {2, 0, 0, 0, 0, 2, 2,
                                         0, 0, 0, 0, 1, 8, 0};
    wr_bytes(w, ethernet, sizeof ethernet);
    wr_u16(w, 0x4500);
    wr_u16(w, (uint16_t)(sip.len + 28));
    wr_u16(w, (uint16_t)i);
    wr_u16(w, 0);
    wr_u16(w, 0x4011);
    wr_u16(w, 0); /* checksum: not computed, as with offloading */
    wr_u32(w, 0xc000020b);
    wr_u32(w, 0xc0000215);
    wr_u16(w, 5060);
    wr_u16(w, 5060);
    wr_u16(w, (uint16_t)(sip.len + 8));
    wr_u16(w, 0);
    wr_bytes(w, sip.data, sip.len);
}

static int dump(struct input *in, pcap_dumper_t *d, struct mikey_msg *msg)
{
    for (unsigned i = 0; i < in->packets; i++) {
        struct wr sip;
        struct wr pkt;
        struct pcap_pkthdr h = {0};
        char *text = message(msg, i);
        wr_init(&sip);
        wr_init(&pkt);
        int ok = text != NULL && invite(&sip, text, i);
        if (ok) {
            packet(&pkt, (struct view){sip.data, sip.len}, i);
            ok = pkt.err == STATUS_OK;
        }
        if (ok) {
            uint64_t us = FIRST_US + i * 100u;
            h.ts.tv_sec = (time_t)(us / 1000000u);
            h.ts.tv_usec = (suseconds_t)(us % 1000000u);
            h.caplen = h.len = (bpf_u_int32)pkt.len;
            pcap_dump((u_char *)d, &h, pkt.data);
            in->octets += pkt.len;
        }
        mem_free(text);
        wr_cleanup(&sip);
        wr_cleanup(&pkt);
        if (!ok) {
            return 0;
        }
    }
    return pcap_dump_flush(d) == 0;
}

static int write_capture(struct input *in)
{
    struct mikey_msg *msg = mem_alloc(sizeof *msg);
    struct wr sample;
    wr_init(&sample);
    mikey_sample(&sample);
    int ok = msg != NULL && sample.err == STATUS_OK &&
             mikey_decode(msg, sample.data, sample.len, NULL) == STATUS_OK;
    int fd = ok ? mkstemp(in->path) : -1;
    FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
    pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
    pcap_dumper_t *d =
        f != NULL && p != NULL ? pcap_dump_fopen(p, f) : NULL;
    ok = d != NULL;
    if (ok) {
        if (msg->num_payloads > 0 &&
            msg->payloads[msg->num_payloads - 1].type == MIKEY_PL_ESK) {
            msg->num_payloads--;
        }
        ok = dump(in, d, msg);
        pcap_dump_close(d);
    }
    if (p != NULL) {
        pcap_close(p);
    }
    wr_cleanup(&sample);
    mem_free(msg);
    return ok;
}

/* ---- what is measured, each in a process of its own ---- */

static int on_sip(void *ctx, const struct trace_sip *m)
{
    struct answer *a = ctx;
    (void)m;
    a->sip++;
    return 0;
}

static int on_mikey(void *ctx, const struct trace_mikey *m)
{
    struct answer *a = ctx;
    a->mikey += m->err.status == STATUS_OK;
    return 0;
}

static void do_trace(const struct input *in, struct answer *a)
{
    const struct trace_sink sink = {
        .ctx = a, .sip = on_sip, .mikey = on_mikey};
    struct trace_info info;
    a->ok = trace_each(in->path, NULL, &sink, &info) == STATUS_OK &&
            a->sip == in->packets && a->mikey == in->packets;
    a->packets = info.packets;
}

static void do_judge(const struct input *in, struct answer *a)
{
    struct judge_error err = {0};
    struct judge_result *r = judge_capture(in->path, NULL, NULL, &err);
    a->ok = r != NULL;
    a->packets = in->packets;
    if (r != NULL) {
        a->mikey = r->num_exchanges;
        a->findings = r->num_findings;
        a->ok = r->num_exchanges == in->packets;
    }
    judge_free(r);
}

static void child(const struct input *in,
                  void (*work)(const struct input *, struct answer *), int fd)
{
    struct answer a = {0};
    struct rusage ru;
    double t = bench_now();
    double c = bench_cpu();
    work(in, &a);
    a.cpu = bench_cpu() - c;
    a.seconds = bench_now() - t;
    getrusage(RUSAGE_SELF, &ru);
    a.rss_kb = ru.ru_maxrss;
    ssize_t n = write(fd, &a, sizeof a);
    _exit(n == (ssize_t)sizeof a ? 0 : 1);
}

static int ask(const struct input *in,
               void (*work)(const struct input *, struct answer *),
               struct answer *a)
{
    int fds[2];
    if (pipe(fds) != 0) {
        return 0;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        child(in, work, fds[1]);
    }
    close(fds[1]);
    int ok = pid > 0 && read(fds[0], a, sizeof *a) == (ssize_t)sizeof *a;
    close(fds[0]);
    if (pid > 0) {
        int status;
        waitpid(pid, &status, 0);
    }
    return ok && a->ok;
}

static int by_cpu(const void *x, const void *y)
{
    const struct answer *a = x;
    const struct answer *b = y;
    return (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

static void one(struct bench_run *b, const struct input *in, const char *name,
                void (*work)(const struct input *, struct answer *))
{
    struct answer a[5] = {0};
    size_t samples = b->quick ? 1 : 5;
    char note[96];
    if (!bench_wanted(b, name)) {
        return;
    }
    for (size_t i = 0; i < samples; i++) {
        if (!ask(in, work, &a[i])) {
            bench_wrong(b, name);
            return;
        }
    }
    qsort(a, samples, sizeof *a, by_cpu);
    const struct answer *m = &a[samples / 2];
    double rate = (double)m->packets / m->cpu;
    double mb = (double)in->octets / m->cpu * 1e-6;
    struct bench_time t = {.samples = samples, .calls = 1};
    snprintf(note, sizeof note, "%llu packets, %.2f s of CPU, %.0f MB/s, peak %.1f MB",
             (unsigned long long)m->packets, m->cpu, mb,
             (double)m->rss_kb / 1024);
    bench_report(b, name, rate, "packets/s", &t,
                 json_pack("{s:I s:f s:f s:f s:I s:I s:I}", "packets",
                           (json_int_t)m->packets, "cpu_seconds", m->cpu,
                           "seconds", m->seconds,
                           "MB_per_s", mb, "peak_rss_kb",
                           (json_int_t)m->rss_kb, "mikey",
                           (json_int_t)m->mikey, "findings",
                           (json_int_t)m->findings),
                 note);
}

static void on_capture(struct bench_run *b, const char *name, unsigned packets,
                       void (*work)(const struct input *, struct answer *))
{
    struct input in = {.path = "/var/tmp/latchkey-bench-XXXXXX",
                       .packets = packets};
    const char *tmp = getenv("TMPDIR");
    if (tmp != NULL && strlen(tmp) < 32) {
        snprintf(in.path, sizeof in.path, "%s/latchkey-bench-XXXXXX", tmp);
    }
    if (!bench_wanted(b, name)) {
        return;
    }
    if (!write_capture(&in)) {
        bench_wrong(b, "the capture to read");
    } else {
        one(b, &in, name, work);
    }
    unlink(in.path);
}

void bench_capture(struct bench_run *b)
{
    unsigned packets = b->quick ? PACKETS_QUICK : PACKETS;
    on_capture(b, "trace", packets, do_trace);
    on_capture(b, "judge", packets, do_judge);
}
