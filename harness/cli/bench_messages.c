/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Benchmarks of the codecs: MIKEY and SIP messages per second. */
#include "harness/cli/bench.h"

#include "harness/base/mem.h"
#include "harness/mikey/mikey.h"
#include "harness/sip/sip.h"

#include <stdio.h>

struct work {
    struct mikey_msg msg;
    struct wr sample;
    struct sip_msg sip;
    uint8_t out[4096];
};

static int decode(void *ctx, unsigned long n)
{
    struct work *w = ctx;
    int ok = 1;
    while (n-- > 0) {
        ok &= mikey_decode(&w->msg, w->sample.data, w->sample.len, NULL) ==
              STATUS_OK;
    }
    return ok;
}

static int encode(void *ctx, unsigned long n)
{
    struct work *w = ctx;
    int ok = 1;
    while (n-- > 0) {
        struct wr out;
        wr_init_fixed(&out, w->out, sizeof w->out);
        mikey_encode(&w->msg, &out);
        ok &= out.err == STATUS_OK && out.len == w->sample.len;
    }
    return ok;
}

static int parse(void *ctx, unsigned long n)
{
    struct work *w = ctx;
    struct view v = sip_sample();
    int ok = 1;
    while (n-- > 0) {
        sip_parse(&w->sip, v.data, v.len);
        ok &= w->sip.num_headers > 10;
    }
    return ok;
}

static void one(struct bench_run *b, struct work *w, const char *name,
                bench_fn fn, size_t octets)
{
    struct bench_time t;
    char note[64];
    if (!bench_wanted(b, name)) {
        return;
    }
    if (!bench_measure(b, fn, NULL, w, &t, NULL)) {
        bench_wrong(b, name);
        return;
    }
    double mb = (double)octets / t.median * 1e-6;
    snprintf(note, sizeof note, "%zu octets each, %.0f MB/s, %.0f ns", octets,
             mb, t.median * 1e9);
    bench_report(b, name, 1 / t.median, "messages/s", &t,
                 json_pack("{s:I s:f s:f}", "octets", (json_int_t)octets, "ns",
                           t.median * 1e9, "MB_per_s", mb),
                 note);
}

void bench_messages(struct bench_run *b)
{
    struct work *w = mem_alloc(sizeof *w);
    if (w == NULL) {
        bench_wrong(b, "mikey");
        return;
    }
    wr_init(&w->sample);
    mikey_sample(&w->sample);
    if (w->sample.err != STATUS_OK || !decode(w, 1)) {
        bench_wrong(b, "mikey");
    } else {
        one(b, w, "mikey-decode", decode, w->sample.len);
        one(b, w, "mikey-encode", encode, w->sample.len);
        one(b, w, "sip-parse", parse, sip_sample().len);
    }
    wr_cleanup(&w->sample);
    mem_free(w);
}
