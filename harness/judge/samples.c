/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What B played out, against what the judge itself decrypts. */
#include "harness/judge/laws_flow_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE (64u << 20)

/* ITU-T G.711, mu-law: one's complement; sign, three bits of segment, four of
 * step, with a bias of 33 in units of four. */
static int16_t from_ulaw(uint8_t octet)
{
    unsigned v = ~(unsigned)octet & 0xff;
    int magnitude = (int)(((v & 0x0f) << 3) + 0x84) << (v >> 4 & 7);
    magnitude -= 0x84;
    return (int16_t)(v & 0x80 ? -magnitude : magnitude);
}

static int by_index(const void *a, const void *b)
{
    const struct jrtp *const *x = a;
    const struct jrtp *const *y = b;
    return (*x)->index < (*y)->index ? -1 : (*x)->index > (*y)->index;
}

static int of_delivery(const struct jdelivery *d, const struct jrtp *r)
{
    return r->back && r->ok && r->key == JMK_E2E && r->by == &d->keys;
}

/* Packets that verify in the order of their index, each once: sent twice, heard
 * once. NULL without memory. */
static const struct jrtp **packets_of(struct judge *j,
                                      const struct jdelivery *d, size_t *num)
{
    const struct jx *x = d->x;
    const struct jrtp **v =
        j_alloc(j, (x->num_rtp + 1) * sizeof(struct jrtp *));
    size_t n = 0, kept = 0;
    for (size_t i = 0; v != NULL && i < x->num_rtp; i++) {
        if (of_delivery(d, x->rtp[i])) {
            v[n++] = x->rtp[i];
        }
    }
    if (v != NULL) {
        qsort(v, n, sizeof(struct jrtp *), by_index);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || v[i]->index != v[kept - 1]->index) {
            v[kept++] = v[i];
        }
    }
    *num = kept;
    return v;
}

static int decode(struct judge *j, struct view payload, struct samples *out)
{
    out->num = payload.len;
    out->v = j_alloc(j, payload.len * sizeof *out->v + 1);
    for (size_t i = 0; out->v != NULL && i < payload.len; i++) {
        out->v[i] = from_ulaw(payload.data[i]);
    }
    return out->v != NULL;
}

void samples_expected(struct judge *j, const struct jdelivery *d,
                      struct samples *out, size_t *altered)
{
    size_t n = 0, octets = 0;
    const struct jrtp **v = packets_of(j, d, &n);
    *out = (struct samples){0};
    *altered = 0;
    for (size_t i = 0; i < d->x->num_rtp; i++) {
        const struct jrtp *r = d->x->rtp[i];
        *altered += r->back && r->ok && r->key == JMK_NONE;
    }
    for (size_t i = 0; v != NULL && i < n; i++) {
        octets += v[i]->plain.len;
    }
    out->v = j_alloc(j, octets * sizeof *out->v + 1);
    for (size_t i = 0; v != NULL && out->v != NULL && i < n; i++) {
        for (size_t k = 0; k < v[i]->plain.len; k++) {
            out->v[out->num++] = from_ulaw(v[i]->plain.data[k]);
        }
    }
}

int samples_unchecked(struct judge *j, const struct jdelivery *d,
                      const struct jrtp *r, struct samples *out)
{
    const size_t tag = 10;
    if (!d->keys.has_e2e || r->t->octets.len <= r->header_len + tag) {
        return 0;
    }
    uint8_t *plain = j_alloc(j, r->t->octets.len);
    /* A message has far fewer than 2^16 packets; the others say what ROC is. */
    uint64_t roc = 0;
    for (size_t i = 0; i < d->x->num_rtp && d->x->rtp[i] != r; i++) {
        roc = of_delivery(d, d->x->rtp[i]) ? d->x->rtp[i]->index >> 16 : roc;
    }
    if (plain == NULL ||
        srtp_unchecked(&d->keys.e2e[0], r->t->octets, r->header_len,
                       roc << 16 | r->seq, plain) != STATUS_OK) {
        return 0;
    }
    return decode(
        j, (struct view){plain, r->t->octets.len - r->header_len - tag}, out);
}

int samples_raw(struct judge *j, const struct jrtp *r, struct samples *out)
{
    const size_t tag = 10;
    struct view v = r->t->octets;
    if (v.len <= r->header_len + tag) {
        return 0;
    }
    return decode(
        j, (struct view){v.data + r->header_len, v.len - r->header_len - tag},
        out);
}

int samples_in_order(struct judge *j, const struct samples *a,
                     const struct jdelivery *d)
{
    size_t n = 0, at = 0;
    const struct jrtp **v = packets_of(j, d, &n);
    for (size_t i = 0; v != NULL && i < n; i++) {
        struct samples one;
        if (!decode(j, v[i]->plain, &one)) {
            return 0;
        }
        while (at + one.num <= a->num &&
               memcmp(a->v + at, one.v, one.num * sizeof *one.v) != 0) {
            at++;
        }
        if (at + one.num > a->num) {
            return 0;
        }
        at += one.num;
    }
    return v != NULL;
}

/* ---- RIFF/WAVE: little-endian
 * ------------------------------------------------------- */

static uint32_t le(struct rd *r, size_t octets)
{
    struct view v = {0};
    uint32_t out = 0;
    if (rd_bytes(r, &v, octets) == STATUS_OK) {
        for (size_t i = octets; i-- > 0;) {
            out = out << 8 | v.data[i];
        }
    }
    return out;
}

static int wave_samples(struct judge *j, unsigned format, struct view data,
                        struct samples *out)
{
    size_t width = format == 1 ? 2 : 1;
    struct rd r;
    rd_init(&r, data.data, data.len);
    out->num = data.len / width;
    out->v = j_alloc(j, out->num * sizeof *out->v + 1);
    for (size_t i = 0; out->v != NULL && i < out->num; i++) {
        uint32_t s = le(&r, width);
        out->v[i] = width == 2 ? (int16_t)s : from_ulaw((uint8_t)s);
    }
    return out->v != NULL;
}

static int wave_read(struct judge *j, struct view file, struct samples *out)
{
    struct rd r;
    struct view tag = {0}, body = {0};
    unsigned format = 0;
    rd_init(&r, file.data, file.len);
    rd_bytes(&r, &tag, 4);
    le(&r, 4);
    if (rd_bytes(&r, &body, 4) != STATUS_OK || !view_is(tag, "RIFF") ||
        !view_is(body, "WAVE")) {
        return 0;
    }
    while (rd_left(&r) >= 8) {
        rd_bytes(&r, &tag, 4);
        uint32_t len = le(&r, 4);
        if (rd_bytes(&r, &body, len) != STATUS_OK) {
            return 0;
        }
        if (len % 2 != 0 && rd_left(&r) > 0) {
            rd_bytes(&r, &(struct view){0}, 1);
        }
        if (view_is(tag, "fmt ")) {
            struct rd f;
            rd_init(&f, body.data, body.len);
            format = le(&f, 2);
        } else if (view_is(tag, "data") && (format == 1 || format == 7)) {
            return wave_samples(j, format, body, out);
        }
    }
    return 0;
}

static int file_read(struct judge *j, const char *path, struct view *out)
{
    FILE *f = fopen(path, "rb");
    struct wr w;
    uint8_t buf[8192];
    size_t n;
    if (f == NULL) {
        return 0;
    }
    wr_init(&w);
    while ((n = fread(buf, 1, sizeof buf, f)) > 0 && w.len < MAX_FILE) {
        wr_bytes(&w, buf, n);
    }
    int ok = !ferror(f) && w.err == STATUS_OK && w.len < MAX_FILE;
    fclose(f);
    if (ok) {
        *out = j_copy(j, (struct view){w.data, w.len});
    }
    wr_cleanup(&w);
    return ok;
}

int samples_rendered(struct judge *j, const struct jev *ev, struct samples *out,
                     const char **why)
{
    const char *file = law_text(ev, "file");
    struct view octets = {0};
    *out = (struct samples){0};
    *why = "";
    if (file[0] == '\0') {
        return 1; /* reported without a file: nothing was played */
    }
    if (strchr(file, '/') != NULL) {
        *why = "the evidence names a file outside the bundle";
        return 0;
    }
    if (!file_read(j, j_printf(j, "%s/%s", j->dir, file), &octets)) {
        *why = j_printf(j, "%s is missing from the bundle", file);
        return 0;
    }
    if (!wave_read(j, octets, out)) {
        *why = j_printf(j, "%s is no WAVE file of PCM or mu-law", file);
        return 0;
    }
    return 1;
}

int samples_hold(const struct samples *a, const struct samples *b)
{
    if (b->num == 0 || a->num < b->num) {
        return b->num == 0;
    }
    return view_find(
               (struct view){(const uint8_t *)a->v, a->num * sizeof *a->v},
               (struct view){(const uint8_t *)b->v, b->num * sizeof *b->v}) >=
           0;
}
