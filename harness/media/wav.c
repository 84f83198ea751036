/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* RIFF/WAVE files: little-endian chunks, mono, 8 kHz. */
#include "harness/media/media.h"

#include "harness/base/mem.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FORMAT_PCM 1
#define FORMAT_ULAW 7
#define RATE 8000
#define FILE_MAX (64u << 20)

static enum status rd_le16(struct rd *r, uint16_t *out)
{
    struct view v;
    enum status s = rd_bytes(r, &v, 2);
    if (s == STATUS_OK) {
        *out = (uint16_t)(v.data[1] << 8 | v.data[0]);
    }
    return s;
}

static enum status rd_le32(struct rd *r, uint32_t *out)
{
    uint16_t lo = 0;
    uint16_t hi = 0;
    enum status s = rd_le16(r, &lo);
    if (s == STATUS_OK) {
        s = rd_le16(r, &hi);
    }
    if (s == STATUS_OK) {
        *out = (uint32_t)hi << 16 | lo;
    }
    return s;
}

static void wr_le16(struct wr *w, uint16_t v)
{
    wr_u8(w, (uint8_t)v);
    wr_u8(w, (uint8_t)(v >> 8));
}

static void wr_le32(struct wr *w, uint32_t v)
{
    wr_le16(w, (uint16_t)v);
    wr_le16(w, (uint16_t)(v >> 16));
}

static int is_tag(const struct view *v, const char *tag)
{
    return v->len == 4 && memcmp(v->data, tag, 4) == 0;
}

/* What the fmt chunk says: 16 or 8 bits per sample of what we take, else 0. */
static unsigned sample_bits(const struct view *fmt)
{
    struct rd r;
    uint16_t format = 0;
    uint16_t channels = 0;
    uint16_t align = 0;
    uint16_t bits = 0;
    uint32_t rate = 0;
    uint32_t bytes = 0;
    rd_init(&r, fmt->data, fmt->len);
    rd_le16(&r, &format);
    rd_le16(&r, &channels);
    rd_le32(&r, &rate);
    rd_le32(&r, &bytes);
    rd_le16(&r, &align);
    if (rd_le16(&r, &bits) != STATUS_OK || channels != 1 || rate != RATE) {
        return 0;
    }
    if ((format == FORMAT_PCM && bits == 16) ||
        (format == FORMAT_ULAW && bits == 8)) {
        return bits;
    }
    return 0;
}

static enum status take_samples(struct wav *out, const struct view *data,
                                unsigned bits)
{
    size_t num = data->len / (bits / 8);
    int16_t *samples = mem_alloc(num * sizeof(*samples));
    if (samples == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct rd r;
    rd_init(&r, data->data, data->len);
    for (size_t i = 0; i < num; i++) {
        uint16_t v = 0;
        uint8_t c = 0;
        if (bits == 16) {
            (void)rd_le16(&r, &v);
            samples[i] = (int16_t)v;
        } else {
            (void)rd_u8(&r, &c);
            samples[i] = ulaw_decode(c);
        }
    }
    out->samples = samples;
    out->num = num;
    return STATUS_OK;
}

enum status wav_parse(struct wav *out, const uint8_t *data, size_t len)
{
    struct rd r;
    struct view tag;
    struct view fmt = {0};
    uint32_t size = 0;
    *out = (struct wav){0};
    rd_init(&r, data, len);
    if (rd_bytes(&r, &tag, 4) != STATUS_OK) {
        return STATUS_TRUNCATED;
    }
    if (!is_tag(&tag, "RIFF")) {
        return STATUS_SYNTAX;
    }
    if (rd_le32(&r, &size) != STATUS_OK || rd_bytes(&r, &tag, 4) != STATUS_OK) {
        return STATUS_TRUNCATED;
    }
    if (!is_tag(&tag, "WAVE")) {
        return STATUS_SYNTAX;
    }
    for (;;) {
        struct view body;
        rd_bytes(&r, &tag, 4);
        rd_le32(&r, &size);
        if (rd_bytes(&r, &body, size) != STATUS_OK) {
            return STATUS_TRUNCATED; /* before a data chunk */
        }
        if (is_tag(&tag, "fmt ")) {
            fmt = body;
        } else if (is_tag(&tag, "data")) {
            unsigned bits = sample_bits(&fmt);
            return bits == 0 ? STATUS_UNSUPPORTED
                             : take_samples(out, &body, bits);
        }
        if (size % 2 != 0 && rd_bytes(&r, &body, 1) != STATUS_OK) {
            return STATUS_TRUNCATED; /* chunks are padded to even length */
        }
    }
}

static enum status read_all(struct wr *w, FILE *f)
{
    uint8_t buf[8192];
    size_t n;
    do {
        n = fread(buf, 1, sizeof(buf), f);
        wr_bytes(w, buf, n);
    } while (n > 0 && w->err == STATUS_OK && w->len <= FILE_MAX);
    if (ferror(f)) {
        return STATUS_IO;
    }
    return w->len > FILE_MAX ? STATUS_NO_SPACE : w->err;
}

enum status wav_load(struct wav *out, const char *path)
{
    struct wr w;
    *out = (struct wav){0};
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    wr_init(&w);
    enum status s = read_all(&w, f);
    fclose(f);
    if (s == STATUS_OK) {
        s = wav_parse(out, w.data, w.len);
    }
    wr_cleanup(&w);
    return s;
}

static void put_head(struct wr *w, unsigned format, unsigned bits, size_t bytes)
{
    wr_str(w, "RIFF");
    wr_le32(w, (uint32_t)(36 + bytes + bytes % 2));
    wr_str(w, "WAVEfmt ");
    wr_le32(w, 16);
    wr_le16(w, (uint16_t)format);
    wr_le16(w, 1);
    wr_le32(w, RATE);
    wr_le32(w, RATE * bits / 8);
    wr_le16(w, (uint16_t)(bits / 8));
    wr_le16(w, (uint16_t)bits);
    wr_str(w, "data");
    wr_le32(w, (uint32_t)bytes);
}

static enum status save(const char *path, struct wr *w)
{
    enum status s = w->err;
    if (s == STATUS_OK) {
        FILE *f = fopen(path, "wb");
        if (f == NULL || fwrite(w->data, 1, w->len, f) != w->len) {
            s = STATUS_IO;
        }
        if (f != NULL && fclose(f) != 0) {
            s = STATUS_IO;
        }
    }
    wr_cleanup(w);
    return s;
}

enum status wav_save(const char *path, const int16_t *samples, size_t num)
{
    struct wr w;
    wr_init(&w);
    put_head(&w, FORMAT_PCM, 16, num * 2);
    for (size_t i = 0; i < num; i++) {
        wr_le16(&w, (uint16_t)samples[i]);
    }
    return save(path, &w);
}

enum status wav_save_ulaw(const char *path, const uint8_t *codes, size_t num)
{
    struct wr w;
    wr_init(&w);
    put_head(&w, FORMAT_ULAW, 8, num);
    wr_bytes(&w, codes, num);
    wr_fill(&w, 0, num % 2);
    return save(path, &w);
}

void wav_free(struct wav *w)
{
    mem_free(w->samples);
    *w = (struct wav){0};
}

enum status wav_tone(struct wav *out, unsigned hz, int16_t peak, size_t num)
{
    const double two_pi = 6.283185307179586;
    *out = (struct wav){.samples = mem_alloc(num * sizeof(int16_t))};
    if (out->samples == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < num; i++) {
        double t = (double)i / RATE;
        out->samples[i] = (int16_t)(peak * sin(two_pi * hz * t));
    }
    out->num = num;
    return STATUS_OK;
}
