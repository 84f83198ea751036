/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The array form of a trace: keeps what the reader hands on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace_int.h"
#include "harness/base/mem.h"

#define BLOCK (256u << 10)

struct block {
    struct block *next;
    size_t used;
    size_t cap;
    _Alignas(8) uint8_t data[];
};

struct array {
    void *items;
    size_t num;
    size_t cap;
};

struct stream_build {
    struct wr octets;
    struct array marks;
};

struct trace_store {
    struct block *blocks;
    size_t held;
    size_t max;
    enum status err;
    struct array packets;
    struct array sip;
    struct array mikey;
    struct array rtp;
    struct array losses;
    struct array streams;
    struct array builds;
    struct view seen; /* payload of the packet told last, and its copy */
    struct view kept;
};

static int fail(struct trace_store *st, enum status err)
{
    if (st->err == STATUS_OK) {
        st->err = err;
    }
    return 1;
}

static int charge(struct trace_store *st, size_t n)
{
    if (n > st->max - st->held) {
        return fail(st, STATUS_NO_SPACE);
    }
    st->held += n;
    return 0;
}

/* A zeroed item at the end, or NULL with st->err set. */
static void *push(struct trace_store *st, struct array *a, size_t size)
{
    if (a->num == a->cap) {
        size_t cap = a->cap == 0 ? 16 : a->cap * 2;
        if (charge(st, (cap - a->cap) * size)) {
            return NULL;
        }
        void *p = mem_resize(a->items, cap * size);
        if (p == NULL) {
            fail(st, STATUS_NO_MEMORY);
            return NULL;
        }
        a->items = p;
        a->cap = cap;
    }
    void *item = (uint8_t *)a->items + a->num++ * size;
    memset(item, 0, size);
    return item;
}

/* Aligned for any struct here: data[] of a block is, and all sizes are rounded.
 */
static void *reserve(struct trace_store *st, size_t n)
{
    struct block *b = st->blocks;
    size_t size = (n + 7) & ~(size_t)7;
    if (b == NULL || b->cap - b->used < size) {
        size_t cap = size > BLOCK ? size : BLOCK;
        if (charge(st, cap)) {
            return NULL;
        }
        b = mem_alloc(sizeof *b + cap);
        if (b == NULL) {
            fail(st, STATUS_NO_MEMORY);
            return NULL;
        }
        b->cap = cap;
        b->next = st->blocks;
        st->blocks = b;
    }
    void *p = b->data + b->used;
    b->used += size;
    return p;
}

static struct view keep(struct trace_store *st, struct view v)
{
    uint8_t *copy = v.len != 0 ? reserve(st, v.len) : NULL;
    if (copy == NULL) {
        return (struct view){NULL, 0};
    }
    memcpy(copy, v.data, v.len);
    return (struct view){copy, v.len};
}

/* The copy of octets that are part of the packet told last. */
static struct view keep_seen(struct trace_store *st, struct view v)
{
    if (st->seen.len != 0 && v.len <= st->seen.len &&
        (uintptr_t)v.data >= (uintptr_t)st->seen.data &&
        (uintptr_t)v.data - (uintptr_t)st->seen.data <= st->seen.len - v.len) {
        size_t off = (size_t)(v.data - st->seen.data);
        return (struct view){st->kept.data + off, v.len};
    }
    return keep(st, v);
}

/* ---- sink
 * -----------------------------------------------------------------------------
 */

static int on_packet(void *ctx, const struct trace_packet *p)
{
    struct trace_store *st = ctx;
    struct trace_packet *mine = push(st, &st->packets, sizeof *mine);
    if (mine == NULL) {
        return 1;
    }
    *mine = *p;
    st->seen = p->payload;
    st->kept = mine->payload = keep(st, p->payload);
    return st->err != STATUS_OK;
}

static int on_sip(void *ctx, const struct trace_sip *m)
{
    struct trace_store *st = ctx;
    struct trace_sip *mine = push(st, &st->sip, sizeof *mine);
    if (mine == NULL) {
        return 1;
    }
    *mine = *m;
    if (m->stream < 0) {
        mine->octets = keep_seen(st, m->octets);
    } else {
        mine->octets.data = NULL; /* set when the stream is complete */
    }
    return st->err != STATUS_OK;
}

static int on_mikey(void *ctx, const struct trace_mikey *m)
{
    struct trace_store *st = ctx;
    struct trace_mikey *mine = push(st, &st->mikey, sizeof *mine);
    if (mine == NULL) {
        return 1;
    }
    *mine = *m;
    mine->octets = keep(st, m->octets);
    mine->msg = NULL;
    mine->sip_msg = NULL;
    mine->sdp = NULL;
    return st->err != STATUS_OK;
}

static int on_rtp(void *ctx, const struct trace_rtp *m)
{
    struct trace_store *st = ctx;
    struct trace_rtp *mine = push(st, &st->rtp, sizeof *mine);
    if (mine == NULL) {
        return 1;
    }
    *mine = *m;
    mine->octets = keep_seen(st, m->octets);
    return st->err != STATUS_OK;
}

static int on_loss(void *ctx, const struct trace_loss *l)
{
    struct trace_store *st = ctx;
    struct trace_loss *mine = push(st, &st->losses, sizeof *mine);
    if (mine == NULL) {
        return 1;
    }
    *mine = *l;
    return 0;
}

static int on_octets(void *ctx, const struct trace_chunk *c)
{
    struct trace_store *st = ctx;
    while (st->streams.num <= (size_t)c->stream) {
        struct stream_build *b = push(st, &st->builds, sizeof *b);
        struct trace_stream *s = push(st, &st->streams, sizeof *s);
        if (b == NULL || s == NULL) {
            return 1;
        }
        wr_init(&b->octets);
        *s = (struct trace_stream){
            .src = c->src, .dst = c->dst, .frame = c->frame};
    }
    struct trace_stream *s =
        (struct trace_stream *)st->streams.items + c->stream;
    struct stream_build *b =
        (struct stream_build *)st->builds.items + c->stream;
    struct trace_stream_mark *m = push(st, &b->marks, sizeof *m);
    if (m == NULL || charge(st, c->octets.len)) {
        return 1;
    }
    *m = (struct trace_stream_mark){c->off, c->frame, c->time_us};
    s->kind = c->kind;
    s->last_frame = c->frame > s->last_frame ? c->frame : s->last_frame;
    wr_bytes(&b->octets, c->octets.data, c->octets.len);
    return b->octets.err != STATUS_OK ? fail(st, STATUS_NO_MEMORY) : 0;
}

/* ---- when the file has been read
 * ------------------------------------------------------- */

static void finish_streams(struct trace_store *st)
{
    struct trace_stream *s = st->streams.items;
    const struct stream_build *b = st->builds.items;
    struct trace_sip *sip = st->sip.items;
    for (size_t i = 0; i < st->streams.num; i++) {
        s[i].octets = (struct view){b[i].octets.data, b[i].octets.len};
        s[i].marks = b[i].marks.items;
        s[i].num_marks = b[i].marks.num;
    }
    for (size_t i = 0; i < st->sip.num; i++) {
        if (sip[i].stream >= 0) {
            struct trace_stream *from = &s[sip[i].stream];
            sip[i].octets.data = from->octets.data + sip[i].stream_off;
            from->kind = TRACE_SIP;
        }
    }
}

/* Views that pointed into SIP octets, then the decoded form over the kept ones.
 */
static enum status finish_mikey(struct trace_store *st)
{
    struct trace_mikey *m = st->mikey.items;
    const struct trace_sip *sip = st->sip.items;
    for (size_t i = 0; i < st->mikey.num; i++) {
        if (m[i].text.len != 0) {
            m[i].text.data = sip[m[i].sip].octets.data + m[i].text_off;
        } else {
            m[i].text.data = NULL;
        }
        if (m[i].octets.len != 0) {
            struct mikey_msg *msg = reserve(st, sizeof *msg);
            if (msg == NULL) {
                return st->err;
            }
            mikey_decode(msg, m[i].octets.data, m[i].octets.len, &m[i].err);
            m[i].msg = msg;
        }
    }
    return STATUS_OK;
}

struct order {
    uint64_t last_frame;
    size_t at;
};

static int by_frame(const void *a, const void *b)
{
    const struct order *x = a;
    const struct order *y = b;
    if (x->last_frame != y->last_frame) {
        return x->last_frame < y->last_frame ? -1 : 1;
    }
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Sorts items by frame; what waited behind a gap was told late. Fills
 * old_to_new (may be NULL). */
static enum status sort_items(struct trace_store *st, struct array *a,
                              size_t size, size_t frame_at, size_t *old_to_new)
{
    struct order *o = mem_alloc(a->num * sizeof *o);
    uint8_t *sorted = mem_alloc(a->num * size);
    if (o == NULL || sorted == NULL) {
        mem_free(o);
        mem_free(sorted);
        fail(st, STATUS_NO_MEMORY);
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < a->num; i++) {
        o[i].at = i;
        memcpy(&o[i].last_frame, (uint8_t *)a->items + i * size + frame_at,
               sizeof o[i].last_frame);
    }
    if (a->num > 1) {
        qsort(o, a->num, sizeof *o, by_frame);
    }
    for (size_t i = 0; i < a->num; i++) {
        memcpy(sorted + i * size, (uint8_t *)a->items + o[i].at * size, size);
        if (old_to_new != NULL) {
            old_to_new[o[i].at] = i;
        }
    }
    mem_free(o);
    mem_free(a->items);
    a->items = sorted;
    a->cap = a->num;
    return STATUS_OK;
}

static enum status sort_all(struct trace_store *st)
{
    size_t *map = mem_alloc((st->sip.num + 1) * sizeof *map);
    if (map == NULL) {
        return fail(st, STATUS_NO_MEMORY), st->err;
    }
    enum status s = sort_items(st, &st->sip, sizeof(struct trace_sip),
                               offsetof(struct trace_sip, last_frame), map);
    if (s == STATUS_OK) {
        s = sort_items(st, &st->mikey, sizeof(struct trace_mikey),
                       offsetof(struct trace_mikey, last_frame), NULL);
    }
    struct trace_mikey *m = st->mikey.items;
    for (size_t i = 0; s == STATUS_OK && i < st->mikey.num; i++) {
        if (m[i].sip >= 0) {
            m[i].sip = (int64_t)map[m[i].sip];
        }
    }
    mem_free(map);
    return s;
}

static void publish(struct trace *t)
{
    const struct trace_store *st = t->store;
    t->packets = st->packets.items;
    t->num_packets = st->packets.num;
    t->sip = st->sip.items;
    t->num_sip = st->sip.num;
    t->mikey = st->mikey.items;
    t->num_mikey = st->mikey.num;
    t->rtp = st->rtp.items;
    t->num_rtp = st->rtp.num;
    t->losses = st->losses.items;
    t->num_losses = st->losses.num;
    t->streams = st->streams.items;
    t->num_streams = st->streams.num;
}

static void store_free(struct trace_store *st)
{
    struct stream_build *b = st->builds.items;
    for (size_t i = 0; i < st->builds.num; i++) {
        wr_cleanup(&b[i].octets);
        mem_free(b[i].marks.items);
    }
    while (st->blocks != NULL) {
        struct block *next = st->blocks->next;
        mem_free(st->blocks);
        st->blocks = next;
    }
    mem_free(st->packets.items);
    mem_free(st->sip.items);
    mem_free(st->mikey.items);
    mem_free(st->rtp.items);
    mem_free(st->losses.items);
    mem_free(st->streams.items);
    mem_free(st->builds.items);
    mem_free(st);
}

void trace_free(struct trace *t)
{
    if (t != NULL) {
        store_free(t->store);
        mem_free(t);
    }
}

static void explain(struct trace_error *err, const struct trace_store *st,
                    const struct trace_info *info, const char *name)
{
    *err = info->error;
    if (st->err == STATUS_NO_SPACE) {
        *err = (struct trace_error){STATUS_NO_SPACE, info->packets, ""};
        snprintf(
            err->text, sizeof err->text,
            "%.100s needs more than %zu MiB at frame %llu. Judge it in the "
            "streaming form, or cut it.",
            name, st->max >> 20, (unsigned long long)info->packets);
    } else if (st->err != STATUS_OK) {
        *err = (struct trace_error){st->err, info->packets, "Out of memory."};
    }
}

static enum status complete(struct trace_store *st)
{
    finish_streams(st);
    enum status s = sort_all(st);
    return s == STATUS_OK ? finish_mikey(st) : s;
}

struct trace *trace_load_file(FILE *f, const char *name,
                              const struct trace_config *config,
                              struct trace_error *err)
{
    struct trace *t = mem_alloc(sizeof *t);
    struct trace_store *st = mem_alloc(sizeof *st);
    if (t == NULL || st == NULL) {
        mem_free(t);
        mem_free(st);
        fclose(f);
        if (err != NULL) {
            *err = (struct trace_error){STATUS_NO_MEMORY, 0, "Out of memory."};
        }
        return NULL;
    }
    struct trace_sink sink = {.ctx = st,
                              .packet = on_packet,
                              .sip = on_sip,
                              .mikey = on_mikey,
                              .rtp = on_rtp,
                              .loss = on_loss,
                              .octets = on_octets};
    t->store = st;
    st->max = config != NULL && config->max_octets != 0 ? config->max_octets
                                                        : 256u << 20;
    enum status s = trace_each_file(f, name, config, &sink, &t->info);
    if (s == STATUS_OK) {
        s = st->err == STATUS_OK ? complete(st) : st->err;
    }
    if (s != STATUS_OK) {
        if (err != NULL) {
            explain(err, st, &t->info, name);
        }
        trace_free(t);
        return NULL;
    }
    publish(t);
    if (err != NULL) {
        *err = t->info.error;
    }
    return t;
}

struct trace *trace_load(const char *path, const struct trace_config *config,
                         struct trace_error *err)
{
    struct trace_info info;
    FILE *f = trace_open(path, &info);
    if (f == NULL) {
        if (err != NULL) {
            *err = info.error;
        }
        return NULL;
    }
    return trace_load_file(f, path, config, err);
}

uint64_t trace_stream_frame(const struct trace_stream *s, uint64_t off)
{
    size_t lo = 0;
    size_t hi = s->num_marks;
    if (hi == 0) {
        return s->frame;
    }
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        *(s->marks[mid].off <= off ? &lo : &hi) = mid;
    }
    return s->marks[lo].frame;
}
