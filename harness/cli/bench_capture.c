/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Benchmarks of reading and judging a large capture: INVITEs over UDP, each
 * with an I_MESSAGE_1 of its own. */
#define _DEFAULT_SOURCE /* wait4 */
#include "harness/cli/bench.h"

#include "capture/sample.h"
#include "capture/trace.h"
#include "harness/judge/judge.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PACKETS 100000u
#define PACKETS_QUICK 1000u

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

static int write_capture(struct input *in)
{
    struct stat st;
    int fd = mkstemp(in->path);
    if (fd < 0) {
        return 0;
    }
    close(fd);
    if (sample_write(in->path, in->packets) != STATUS_OK ||
        stat(in->path, &st) != 0) {
        return 0;
    }
    in->octets = (uint64_t)st.st_size;
    return 1;
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
    const struct trace_sink sink = {.ctx = a, .sip = on_sip, .mikey = on_mikey};
    struct trace_info info;
    a->ok = trace_each(in->path, NULL, &sink, &info) == STATUS_OK &&
            a->sip == in->packets && a->mikey == in->packets;
    a->packets = info.packets;
}

static void do_stream(const struct input *in, struct answer *a)
{
    struct judge_error err = {0};
    struct judge_count count = {0};
    struct judge_result *r = judge_stream(in->path, &count, &err);
    a->ok = r != NULL && count.sound + count.unsound == in->packets;
    a->packets = count.packets;
    a->sip = count.sip;
    a->mikey = count.mikey;
    a->findings = r != NULL ? r->num_findings : 0;
    judge_free(r);
}

/* Whole exchanges, each message held against all laws. */
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

/* Returns packets per second of CPU; 0 if it went wrong. */
static double one(struct bench_run *b, const struct input *in, const char *name,
                  void (*work)(const struct input *, struct answer *))
{
    struct answer a[5] = {0};
    size_t samples = b->quick ? 1 : 5;
    char note[96];
    for (size_t i = 0; i < samples; i++) {
        if (!ask(in, work, &a[i])) {
            bench_wrong(b, name);
            return 0;
        }
    }
    qsort(a, samples, sizeof *a, by_cpu);
    const struct answer *m = &a[samples / 2];
    double rate = (double)m->packets / m->cpu;
    double mb = (double)in->octets / m->cpu * 1e-6;
    struct bench_time t = {.samples = samples, .calls = 1};
    snprintf(note, sizeof note,
             "%llu packets, %.2f s of CPU, %.0f MB/s, peak %.1f MB",
             (unsigned long long)m->packets, m->cpu, mb,
             (double)m->rss_kb / 1024);
    bench_report(b, name, rate, "packets/s", &t,
                 json_pack("{s:I s:f s:f s:f s:I s:I s:I}", "packets",
                           (json_int_t)m->packets, "cpu_seconds", m->cpu,
                           "seconds", m->seconds, "MB_per_s", mb, "peak_rss_kb",
                           (json_int_t)m->rss_kb, "mikey", (json_int_t)m->mikey,
                           "findings", (json_int_t)m->findings),
                 note);
    return rate;
}

/* ---- tshark beside it ---- */

static void exec_tshark(const char *path)
{
    static const char off[] = "sdp.establish_conversation:FALSE";
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execlp("tshark", "tshark", "-r", path, "-o", off, "-T", "fields", "-e",
               "frame.number", "-e", "mikey.type", (char *)NULL);
    }
    _exit(127);
}

/* The same file, once: its start counts, as it does for us. Nothing is said
 * where tshark is not installed or does not do it. */
static void beside_tshark(struct bench_run *b, const struct input *in,
                          double ours)
{
    char note[96];
    int status = -1;
    struct rusage ru;
    double t = bench_now();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        exec_tshark(in->path);
    }
    if (pid < 0 || wait4(pid, &status, 0, &ru) != pid || status != 0) {
        return;
    }
    t = bench_now() - t;
    double cpu = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
                 (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1e-6;
    double rate = in->packets / cpu;
    struct bench_time once = {.samples = 1, .calls = 1};
    snprintf(note, sizeof note,
             "%u packets, %.2f s of CPU, peak %.1f MB; judge is %.0f times as "
             "fast",
             in->packets, cpu, (double)ru.ru_maxrss / 1024, ours / rate);
    bench_report(
        b, "judge-tshark", rate, "packets/s", &once,
        json_pack("{s:I s:f s:f s:I s:f}", "packets", (json_int_t)in->packets,
                  "cpu_seconds", cpu, "seconds", t, "peak_rss_kb",
                  (json_int_t)ru.ru_maxrss, "judge_ratio", ours / rate),
        note);
}

static void on_capture(struct bench_run *b, const char *name, unsigned packets,
                       void (*work)(const struct input *, struct answer *),
                       int beside)
{
    struct input in = {.path = P_tmpdir "/latchkey-bench-XXXXXX",
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
        double rate = one(b, &in, name, work);
        if (beside && rate > 0) {
            beside_tshark(b, &in, rate);
        }
    }
    unlink(in.path);
}

void bench_capture(struct bench_run *b)
{
    unsigned packets = b->quick ? PACKETS_QUICK : PACKETS;
    on_capture(b, "trace", packets, do_trace, 0);
    on_capture(b, "judge", packets, do_stream, 1);
    on_capture(b, "judge-exchanges", PACKETS_QUICK, do_judge, 0);
}
