/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* From plain PCMU packets back to voice. */
#include "harness/media/media.h"

#include "harness/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define PCMU_SILENCE 0xff
#define CODES_MAX (64u << 20)

struct piece {
    int64_t ext_seq; /* RFC 3550, A.1: sequence number with wraps counted */
    size_t offset;
    size_t len;
};

struct media_recording {
    struct piece *pieces;
    size_t num;
    size_t cap;
    int64_t highest;
    uint32_t ssrc;
    struct wr codes; /* in order of arrival */
};

struct media_recording *media_recording_new(void)
{
    struct media_recording *r = mem_alloc(sizeof(*r));
    if (r != NULL) {
        wr_init(&r->codes);
    }
    return r;
}

void media_recording_free(struct media_recording *r)
{
    if (r != NULL) {
        wr_cleanup(&r->codes);
        mem_free(r->pieces);
        mem_free(r);
    }
}

static int has_seq(const struct media_recording *r, int64_t ext_seq)
{
    for (size_t i = r->num; i > 0; i--) {
        if (r->pieces[i - 1].ext_seq == ext_seq) {
            return 1;
        }
    }
    return 0;
}

static enum status add_piece(struct media_recording *r, int64_t ext_seq,
                             const struct view *payload)
{
    if (r->num == r->cap) {
        size_t cap = r->cap * 2 + 64;
        void *p = mem_resize(r->pieces, cap * sizeof(r->pieces[0]));
        if (p == NULL) {
            return STATUS_NO_MEMORY;
        }
        r->pieces = p;
        r->cap = cap;
    }
    if (r->codes.len + payload->len > CODES_MAX) {
        return STATUS_NO_SPACE;
    }
    size_t offset = r->codes.len;
    wr_bytes(&r->codes, payload->data, payload->len);
    if (r->codes.err == STATUS_OK) {
        r->pieces[r->num++] = (struct piece){ext_seq, offset, payload->len};
    }
    return r->codes.err;
}

enum status media_recording_add(struct media_recording *r, const uint8_t *rtp,
                                size_t len)
{
    struct rtp p;
    enum status s = rtp_parse(&p, rtp, len);
    if (s == STATUS_OK) {
        s = rtp_strip_padding(&p);
    }
    if (s != STATUS_OK) {
        return s;
    }
    if (r->num == 0) {
        r->ssrc = p.ssrc;
        r->highest = p.seq;
    } else if (p.ssrc != r->ssrc) {
        return STATUS_MISMATCH;
    }
    int64_t ext_seq =
        r->highest + (int16_t)(uint16_t)(p.seq - (uint16_t)r->highest);
    if (r->num > 0 && ext_seq <= r->highest && has_seq(r, ext_seq)) {
        return STATUS_OK;
    }
    s = add_piece(r, ext_seq, &p.payload);
    if (s == STATUS_OK && ext_seq > r->highest) {
        r->highest = ext_seq;
    }
    return s;
}

static int by_seq(const void *a, const void *b)
{
    const struct piece *pa = a;
    const struct piece *pb = b;
    return (pa->ext_seq > pb->ext_seq) - (pa->ext_seq < pb->ext_seq);
}

uint8_t *media_recording_codes(const struct media_recording *r, size_t *out_len)
{
    struct wr w;
    *out_len = 0;
    if (r->num > 0) {
        qsort(r->pieces, r->num, sizeof(r->pieces[0]), by_seq);
    }
    wr_init(&w);
    for (size_t i = 0; i < r->num; i++) {
        const struct piece *p = &r->pieces[i];
        if (i > 0) {
            /* A lost packet was as long as the one before it. */
            size_t lost = (size_t)(p->ext_seq - p[-1].ext_seq - 1) * p[-1].len;
            if (lost > CODES_MAX - (w.len < CODES_MAX ? w.len : CODES_MAX)) {
                break;
            }
            wr_fill(&w, PCMU_SILENCE, lost);
        }
        wr_bytes(&w, r->codes.data + p->offset, p->len);
    }
    uint8_t *codes = wr_take(&w, out_len);
    wr_cleanup(&w);
    return codes;
}

enum status media_recording_save(const struct media_recording *r,
                                 const char *path)
{
    size_t num;
    uint8_t *codes = media_recording_codes(r, &num);
    int16_t *samples = mem_alloc(num * sizeof(*samples));
    enum status s = STATUS_NO_MEMORY;
    if (samples != NULL) {
        for (size_t i = 0; i < num; i++) {
            samples[i] = ulaw_decode(codes[i]);
        }
        s = wav_save(path, samples, num);
    }
    mem_free(samples);
    mem_free(codes);
    return s;
}
