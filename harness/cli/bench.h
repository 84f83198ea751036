/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Parts of latchkey bench: taking samples, reporting medians. */
#ifndef HARNESS_CLI_BENCH_H
#define HARNESS_CLI_BENCH_H

#include <jansson.h>
#include <stddef.h>

#define BENCH_MAX_SAMPLES 31
#define BENCH_MAX_NAMES 32

struct bench_run {
    const char *names[BENCH_MAX_NAMES]; /* wanted; none = all */
    size_t num_names;
    int json;
    int quick; /* few short samples: shows that it works, measures little */
    int failed;
};

/* Seconds per call of one piece of work. */
struct bench_time {
    double median, min;
    unsigned long calls; /* per sample */
    size_t samples;
};

double bench_now(void); /* wall clock, monotonic, in seconds */
double bench_cpu(void); /* CPU time of this process: others do not count */

/* bench_wanted: name, or a part of it up to a dash, was asked for (or nothing
 * was). */
int bench_wanted(const struct bench_run *b, const char *name);

/* Does n pieces of work; returns 0 if a result was wrong. */
typedef int (*bench_fn)(void *ctx, unsigned long n);

/* bench_measure takes CPU time of samples long enough for the clock, after a
 * warm-up. With unit (may be NULL) a sample of it goes with each sample of
 * work, and *ratio is the median of the quotients: what other load does to the
 * machine does it to both. */
int bench_measure(const struct bench_run *b, bench_fn work, bench_fn unit,
                  void *ctx, struct bench_time *out, double *ratio);

/* bench_report prints one result: value in unit, and what else is to be said as
 * a JSON object, which it releases. note is for the table (may be NULL). */
void bench_report(struct bench_run *b, const char *name, double value,
                  const char *unit, const struct bench_time *t, json_t *more,
                  const char *note);
void bench_wrong(struct bench_run *b, const char *name);

void bench_crypto(struct bench_run *b);
void bench_messages(struct bench_run *b);
void bench_capture(struct bench_run *b);

#endif
