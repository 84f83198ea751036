/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Law of secrecy: no secret appears in anything sent, raw, in hex or in base64.
 */
#include "harness/judge/laws_int.h"

#include "harness/base/mem.h"

#include <string.h>

#define WINDOW 32  /* octets of a long secret searched for at a time */
#define MOST 64    /* findings against one party; more say nothing new */
#define SHORTEST 8 /* shorter ones would be found by chance */

/* ---- patterns
 * -------------------------------------------------------------------- */

struct pattern {
    struct view octets;
    const char *what; /* "SK of deposit 1, base64" */
    size_t of;        /* number of the secret */
    int32_t next;     /* with the same first octets, -1 = none */
};

struct hit { /* a pattern in what a party sent */
    struct hit *next;
    int party;
    size_t of;
    uint64_t frame;
    struct view in;
    size_t at, len;
    const char *what;
};

struct patterns {
    struct judge *j;
    struct pattern *v;
    size_t num, cap;
    size_t secrets;
    struct hit *hits;
    size_t num_hits;
    int32_t heads[65536]; /* by the first four octets, mixed */
};

static uint16_t mix(const uint8_t *p)
{
    uint32_t n = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                 (uint32_t)p[3] << 24;
    return (uint16_t)(n * 2654435761u >> 16);
}

static int known(const struct patterns *s, struct view v)
{
    for (int32_t i = s->heads[mix(v.data)]; i >= 0; i = s->v[i].next) {
        if (view_equal(s->v[i].octets, v)) {
            return 1;
        }
    }
    return 0;
}

static void put(struct patterns *s, struct view v, const char *what)
{
    if (v.len < SHORTEST || known(s, v)) {
        return;
    }
    if (s->num == s->cap) {
        size_t cap = s->cap == 0 ? 256 : s->cap * 2;
        struct pattern *n = j_alloc(s->j, cap * sizeof *n);
        if (n == NULL) {
            return;
        }
        if (s->num > 0) {
            memcpy(n, s->v, s->num * sizeof *n);
        }
        s->v = n;
        s->cap = cap;
    }
    uint16_t h = mix(v.data);
    s->v[s->num] = (struct pattern){v, what, s->secrets, s->heads[h]};
    s->heads[h] = (int32_t)s->num++;
}

static void put_hex(struct patterns *s, struct view v, const char *what)
{
    const char *low = j_hex(s->j, v);
    put(s, view_of(low), j_printf(s->j, "%s, in hex", what));
    struct view up = j_copy(s->j, view_of(low));
    uint8_t *p = j_alloc(s->j, up.len + 1);
    for (size_t i = 0; p != NULL && i < up.len; i++) {
        p[i] = up.data[i] >= 'a' ? (uint8_t)(up.data[i] - 32) : up.data[i];
    }
    if (p != NULL) {
        put(s, (struct view){p, up.len}, j_printf(s->j, "%s, in hex", what));
    }
}

/* Base64 of octets that begin at offset skip (0 to 2) of a group of three: only
 * the characters that depend on nothing around them. */
static void put_base64(struct patterns *s, struct view v, size_t skip,
                       const char *what)
{
    static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                              "uvwxyz0123456789+/";
    size_t bits = v.len * 8;
    size_t from = (6 - skip * 8 % 6) % 6; /* first bit of a whole character */
    char *out = j_alloc(s->j, bits / 6 + 2);
    size_t n = 0;
    for (size_t b = from; out != NULL && b + 6 <= bits; b += 6) {
        unsigned two = (unsigned)v.data[b / 8] << 8;
        two |= b / 8 + 1 < v.len ? v.data[b / 8 + 1] : 0u;
        out[n++] = abc[two >> (10 - b % 8) & 63];
    }
    if (out != NULL) {
        put(s, (struct view){(const uint8_t *)out, n},
            j_printf(s->j, "%s, in base64", what));
    }
}

/* Silence and the like say nothing: eight different octets at least, or half of
 * a short value. */
static int telling(struct view v)
{
    uint8_t seen[256] = {0};
    size_t n = 0;
    for (size_t i = 0; i < v.len; i++) {
        n += !seen[v.data[i]];
        seen[v.data[i]] = 1;
    }
    return n >= 8 || (v.len <= 16 && n * 2 >= v.len);
}

static void window(struct patterns *s, struct view w, int text,
                   const char *what)
{
    if (!telling(w)) {
        return;
    }
    put(s, w, what);
    if (text) {
        put_hex(s, w, what);
        for (size_t skip = 0; skip < 3; skip++) {
            put_base64(s, w, skip, what);
        }
    }
}

/* A key is looked for by its halves: cut in two, as by the end of a header
 * line, it still shows one of them. A longer secret in windows: whoever shows
 * two of them in a row shows one whole. Text forms only for what is short
 * enough to be a key. */
static void secret(struct patterns *s, struct view v, const char *what)
{
    if (v.len < SHORTEST) {
        return;
    }
    s->secrets++;
    if (v.len >= 2 * SHORTEST && v.len <= 2 * WINDOW) {
        size_t half = (v.len + 1) / 2;
        window(s, (struct view){v.data, half}, 1, what);
        window(s, (struct view){v.data + v.len - half, half}, 1, what);
        return;
    }
    size_t step = v.len <= 2 * WINDOW ? v.len : WINDOW;
    for (size_t at = 0; at + step <= v.len; at += step) {
        window(s, (struct view){v.data + at, step}, v.len <= 1024, what);
    }
}

/* ---- what is secret
 * -------------------------------------------------------------- */

static void log_secrets(struct patterns *s)
{
    static const enum keylog_label labels[] = {
        KEYLOG_CANARY, KEYLOG_SK,  KEYLOG_ECDH_PRIVATE, KEYLOG_IBE_PRIVATE,
        KEYLOG_MPK,    KEYLOG_TGK, KEYLOG_PSK,          KEYLOG_IBE_MASTER};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        for (size_t k = 0; k < keylog_num(s->j->kl, labels[i]); k++) {
            const struct keylog_entry *e = keylog_at(s->j->kl, labels[i], k);
            secret(s, e->secret,
                   e->line > 0 ? j_printf(s->j, "%s of line %u of the key log",
                                          keylog_label_name(labels[i]), e->line)
                               : keylog_label_name(labels[i]));
        }
    }
}

static void leg_secrets(struct patterns *s, const struct jx *x,
                        const struct jkeys *k)
{
    struct judge *j = s->j;
    /* The whole point, and its x-coordinate, which some take for the key. */
    if (k->ksession_len > 0) {
        struct view v = {k->ksession, k->ksession_len};
        size_t l = (v.len - 1) / 2;
        secret(s, v, j_printf(j, "[x][y]P of %s", x->place));
        secret(s, (struct view){v.data + 1, l},
               j_printf(j, "[x][y]P of %s", x->place));
    }
    secret(s, (struct view){k->mpk, k->mpk_len},
           j_printf(j, "MPK of %s", x->place));
    for (int i = 0; i < 2 && k->has_hop; i++) {
        secret(s, (struct view){k->hop[i].key, sizeof k->hop[i].key},
               j_printf(j, "TEK_hop of %s", x->place));
    }
    if (k->has_hop) {
        secret(s, (struct view){k->tgk, sizeof k->tgk},
               j_printf(j, "TGK of %s", x->place));
    }
    for (int i = 0; i < 2 && k->has_e2e; i++) {
        secret(s, (struct view){k->e2e[i].key, sizeof k->e2e[i].key},
               j_printf(j, "TEK_e2e of %s", x->place));
    }
    secret(s, k->sk, j_printf(j, "SK of %s", x->place));
}

static void derived_secrets(struct patterns *s)
{
    for (size_t i = 0; i < s->j->num_xs; i++) {
        const struct jx *x = s->j->xs[i];
        for (size_t k = 0; k < x->num_legs; k++) {
            leg_secrets(s, x, &x->legs[k]->keys);
        }
    }
    for (size_t i = 0; i < s->j->num_forms; i++) {
        const struct jopen *o = &s->j->forms[i]->esk;
        if (jopen_has(o) && o->sk != NULL) {
            secret(s, o->sk->u.sk.key, "SK inside an ESK");
        }
    }
}

/* ---- search
 * ---------------------------------------------------------------------- */

static const struct pattern *search(const struct patterns *s, struct view hay,
                                    size_t *at)
{
    for (size_t i = *at; i + SHORTEST <= hay.len; i++) {
        for (int32_t k = s->heads[mix(hay.data + i)]; k >= 0;
             k = s->v[k].next) {
            const struct pattern *p = &s->v[k];
            if (p->octets.len <= hay.len - i &&
                memcmp(hay.data + i, p->octets.data, p->octets.len) == 0) {
                *at = i;
                return p;
            }
        }
    }
    return NULL;
}

/* At most this many hits in one run of octets. */
#define PER_PLACE 4

static void hit_add(struct patterns *s, int party, const struct pattern *p,
                    uint64_t frame, struct view in, size_t at, size_t len)
{
    struct hit *h = j_alloc(s->j, sizeof *h);
    if (h != NULL) {
        *h = (struct hit){s->hits, party, p->of, frame, in, at, len, p->what};
        s->hits = h;
        s->num_hits++;
    }
}

/* Text of lines: SIP, HTTP. */
static int is_text(struct view v)
{
    for (size_t i = 0; i < v.len && i < 8; i++) {
        if (v.data[i] < 0x20 || v.data[i] > 0x7e) {
            return 0;
        }
    }
    return v.len >= 8;
}

static int is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where octet n of what is no blank stands. */
static size_t place_of(struct view v, size_t n)
{
    size_t i = 0;
    for (; i < v.len; i++) {
        if (!is_blank(v.data[i]) && n-- == 0) {
            break;
        }
    }
    return i;
}

static size_t search_run(struct patterns *s, int party, struct view hay,
                         struct view shown, const struct trace_stream *st,
                         uint64_t frame)
{
    size_t at = 0, n = 0;
    const struct pattern *hit;
    while (n < PER_PLACE && (hit = search(s, hay, &at)) != NULL) {
        size_t from = at, len = hit->octets.len;
        if (hay.data != shown.data) {
            from = place_of(shown, at);
            len = place_of(shown, at + len - 1) + 1 - from;
        }
        hit_add(s, party, hit,
                st != NULL ? trace_stream_frame(st, from) : frame, shown, from,
                len);
        at += hit->octets.len;
        n++;
    }
    return n;
}

/* As it stands; then without blanks, so that a folded line hides nothing. */
static void search_in(struct patterns *s, int party, struct view hay,
                      const struct trace_stream *st, uint64_t frame)
{
    if (search_run(s, party, hay, hay, st, frame) > 0 || !is_text(hay)) {
        return;
    }
    uint8_t *tight = mem_alloc(hay.len);
    size_t n = 0;
    for (size_t i = 0; tight != NULL && i < hay.len; i++) {
        tight[n] = hay.data[i];
        n += !is_blank(hay.data[i]);
    }
    if (tight == NULL) {
        s->j->err = STATUS_NO_MEMORY;
        return;
    }
    search_run(s, party, (struct view){tight, n}, hay, st, frame);
    mem_free(tight);
}

/* ECCPT and SK exist inside ciphertext only. */
static void bare_payloads(struct probe *p, int party)
{
    for (size_t i = 0; i < p->j->num_msgs; i++) {
        const struct jmsg *m = p->j->msgs[i];
        const struct mikey_error *e = m->sent->err;
        if (m->from == party && e != NULL &&
            (e->status == STATUS_UNEXPECTED ||
             e->status == STATUS_UNKNOWN_TYPE) &&
            (e->payload == MIKEY_PL_SK || e->payload == MIKEY_PL_ECCPT)) {
            p->frame = jmsg_frame(m);
            probe_fail(p, "ECCPT and SK inside ciphertext only", "%s in clear",
                       mikey_payload_name(e->payload));
        }
    }
}

/* One pass over everything; each party has its probe and its count. */
struct shown {
    struct probe p;
    uint64_t octets;
};

static void search_all(struct judge *j, struct patterns *s, struct shown *by)
{
    for (size_t i = 0; i < j->trace->num_packets; i++) {
        const struct trace_packet *k = &j->trace->packets[i];
        int party = k->proto != TRACE_TCP && k->payload.len > 0
                        ? party_of(j, &k->src)
                        : -1;
        if (party >= 0) {
            by[party].octets += k->payload.len;
            search_in(s, party, k->payload, NULL, k->frame);
        }
    }
    for (size_t i = 0; i < j->trace->num_streams; i++) {
        const struct trace_stream *k = &j->trace->streams[i];
        int party = party_of(j, &k->src);
        if (party >= 0) {
            by[party].octets += k->octets.len;
            search_in(s, party, k->octets, k, k->frame);
        }
    }
}

/* In the order of the wire. */
static void show_hits(const struct patterns *s, struct shown *by)
{
    const struct hit **v =
        j_alloc(s->j, (s->num_hits + 1) * sizeof(struct hit *));
    const struct hit **first =
        j_alloc(s->j, (s->secrets + 1) * sizeof(struct hit *));
    size_t n = s->num_hits;
    if (v == NULL || first == NULL) {
        return;
    }
    for (const struct hit *h = s->hits; h != NULL; h = h->next) {
        v[--n] = h;
        if (first[h->of] == NULL || h->frame < first[h->of]->frame) {
            first[h->of] = h;
        }
    }
    for (size_t i = 0; i < s->num_hits; i++) {
        struct probe *p = &by[v[i]->party].p;
        if (p->failed >= MOST || first[v[i]->of]->party != v[i]->party) {
            continue; /* who passes on what another gave away gives nothing away
                       */
        }
        p->frame = v[i]->frame;
        probe_octets(
            p, "packet", v[i]->in,
            (struct mikey_range){(uint32_t)v[i]->at, (uint32_t)v[i]->len});
        probe_fail(p, "no secret in anything sent", "%s, octets %zu to %zu",
                   v[i]->what, v[i]->at, v[i]->at + v[i]->len);
    }
}

static void party_end(const struct patterns *s, struct shown *by, int party)
{
    struct probe *p = &by->p;
    bare_payloads(p, party);
    if (by->octets == 0) {
        return;
    }
    p->frame = 0;
    if (s->secrets == 0 && p->failed == 0) {
        probe_lack(p, "no secret in anything sent",
                   "missing from the key log: every secret to search for");
    }
    probe_end(p, "no secret in anything sent",
              "%llu octets searched for %zu secrets",
              (unsigned long long)by->octets, s->secrets);
}

/* Every sender becomes a party before the counts are laid out. */
static size_t senders(struct judge *j)
{
    for (size_t i = 0; i < j->trace->num_packets; i++) {
        party_of(j, &j->trace->packets[i].src);
    }
    for (size_t i = 0; i < j->trace->num_streams; i++) {
        party_of(j, &j->trace->streams[i].src);
    }
    return j->num_parties;
}

void law_no_secret(struct judge *j, const struct law *law)
{
    struct patterns *s = j_alloc(j, sizeof *s);
    if (s == NULL) {
        return;
    }
    s->j = j;
    memset(s->heads, 0xff, sizeof s->heads);
    if (j->kl != NULL) {
        log_secrets(s);
    }
    derived_secrets(s);
    size_t num = senders(j);
    struct shown *by = j_alloc(j, num * sizeof *by);
    if (by == NULL) {
        return;
    }
    for (size_t i = 0; i < num; i++) {
        by[i].p = probe_at(j, law, NULL, (int)i);
    }
    search_all(j, s, by);
    show_hits(s, by);
    for (size_t i = 0; i < num; i++) {
        party_end(s, &by[i], (int)i);
    }
}
