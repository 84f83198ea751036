/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* latchkey bench: micro-benchmarks. */
#include "harness/cli/cli.h"

#include "harness/cli/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLES 15
#define SAMPLE_S 0.03

static double clock_s(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

double bench_now(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

double bench_cpu(void)
{
    return clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

int bench_wanted(const struct bench_run *b, const char *name)
{
    for (size_t i = 0; i < b->num_names; i++) {
        size_t len = strlen(b->names[i]);
        if (strncmp(name, b->names[i], len) == 0 &&
            (name[len] == '\0' || name[len] == '-')) {
            return 1;
        }
    }
    return b->num_names == 0;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

/* Calls that fill a sample. */
static int calibrate(bench_fn work, void *ctx, double sample_s,
                     unsigned long *calls)
{
    *calls = 1;
    for (;;) {
        double t = bench_cpu();
        if (!work(ctx, *calls)) {
            return 0;
        }
        t = bench_cpu() - t;
        if (t >= sample_s || *calls >= 1ul << 30) {
            return 1;
        }
        double scale = t > sample_s / 64 ? sample_s / t * 1.1 : 8;
        *calls = (unsigned long)((double)*calls * scale) + 1;
    }
}

static int sample(bench_fn work, void *ctx, unsigned long calls, double *out)
{
    double t = bench_cpu();
    int ok = work(ctx, calls);
    *out = (bench_cpu() - t) / (double)calls;
    return ok;
}

int bench_measure(const struct bench_run *b, bench_fn work, bench_fn unit,
                  void *ctx, struct bench_time *out, double *ratio)
{
    double all[BENCH_MAX_SAMPLES];
    double quotient[BENCH_MAX_SAMPLES];
    double one = 1;
    unsigned long unit_calls = 0;
    size_t samples = b->quick ? 3 : SAMPLES;
    double length = b->quick ? 0.001 : SAMPLE_S;
    *out = (struct bench_time){.samples = samples};
    if (!calibrate(work, ctx, length, &out->calls) ||
        (unit != NULL && !calibrate(unit, ctx, length / 4, &unit_calls))) {
        return 0;
    }
    for (size_t i = 0; i < samples; i++) {
        if ((unit != NULL && !sample(unit, ctx, unit_calls, &one)) ||
            !sample(work, ctx, out->calls, &all[i])) {
            return 0;
        }
        quotient[i] = all[i] / one;
    }
    qsort(all, samples, sizeof *all, by_value);
    qsort(quotient, samples, sizeof *quotient, by_value);
    out->median = all[samples / 2];
    out->min = all[0];
    if (ratio != NULL) {
        *ratio = quotient[samples / 2];
    }
    return 1;
}

void bench_report(struct bench_run *b, const char *name, double value,
                  const char *unit, const struct bench_time *t, json_t *more,
                  const char *note)
{
    if (b->json) {
        json_t *o = json_pack("{s:s s:f s:s s:I s:I}", "name", name, "median",
                              value, "unit", unit, "samples",
                              (json_int_t)(t != NULL ? t->samples : 1), "calls",
                              (json_int_t)(t != NULL ? t->calls : 1));
        json_object_update(o, more);
        char *line = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(6));
        printf("%s\n", line != NULL ? line : "{}");
        free(line);
        json_decref(o);
    } else {
        printf("%-22s %14.4g %-12s %s\n", name, value, unit,
               note != NULL ? note : "");
    }
    fflush(stdout);
    json_decref(more);
}

void bench_wrong(struct bench_run *b, const char *name)
{
    fprintf(stderr,
            "latchkey bench: %s: a result was wrong, or memory ran "
            "out\n",
            name);
    b->failed = 1;
}

static int run(int argc, char **argv)
{
    struct bench_run b = {0};
    static const char *const known[] = {
        "product", "square", "pairing", "encrypt", "decrypt", "identity",
        "extract", "mikey",  "sip",     "trace",   "judge"};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            b.json = 1;
        } else if (strcmp(argv[i], "--quick") == 0) {
            b.quick = 1;
        } else if (argv[i][0] != '-' && b.num_names < BENCH_MAX_NAMES) {
            size_t head = strcspn(argv[i], "-");
            int found = 0;
            for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
                found |= strlen(known[k]) == head &&
                         strncmp(known[k], argv[i], head) == 0;
            }
            if (!found) {
                fprintf(stderr, "latchkey bench: no benchmark '%s'\n", argv[i]);
                return CLI_USAGE;
            }
            b.names[b.num_names++] = argv[i];
        } else {
            return cli_usage(&cmd_bench);
        }
    }
    bench_crypto(&b);
    bench_messages(&b);
    bench_capture(&b);
    return b.failed ? CLI_FAIL : CLI_OK;
}

const struct cmd cmd_bench = {
    .name = "bench",
    .args = "[NAME]... [--json] [--quick]",
    .summary = "run micro-benchmarks, medians",
    .help =
        "NAME, or its beginning up to a dash; all without NAME:\n\n"
        "  product-P, square-P           in F_p, p of P = 512, 1024, 1536 "
        "bits; GMP "
        "and OpenSSL beside\n"
        "  pairing-P, pairing-fixed-P    and as a multiple of one product\n"
        "  encrypt-P, decrypt-P, identity-P, extract-P   Boneh-Franklin IBE\n"
        "  mikey-decode, mikey-encode, sip-parse         messages per second\n"
        "  trace, judge                  a capture of 100000 INVITEs with "
        "MIKEY: "
        "packets per\n                                second, peak memory; "
        "tshark beside, if installed\n"
        "  judge-exchanges               1000 INVITEs as exchanges, against "
        "all "
        "laws\n\n"
        "  --json   one JSON object a line\n"
        "  --quick  short samples, small capture: shows that it works\n\n"
        "Exit code: 0, 1 a result was wrong, 64 usage.",
    .run = run,
};
