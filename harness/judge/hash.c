/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Octets to pointers: what is looked up for every message of a recording. */
#include "harness/judge/judge_int.h"

#include <string.h>

struct jnode {
    struct jnode *next; /* in the bucket */
    struct view key;
    uint64_t hash;
    void *value;
};

struct jmap {
    struct jnode **buckets;
    size_t num_buckets; /* a power of two */
    size_t num;
};

uint64_t jhash(uint64_t seed, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t h = seed ^ 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < len; i++) {
        h = (h ^ p[i]) * 0x100000001b3u;
    }
    return h ^ h >> 29;
}

static int grow(struct judge *j, struct jmap *m)
{
    size_t n = m->num_buckets == 0 ? 64 : m->num_buckets * 4;
    struct jnode **b = j_alloc(j, n * sizeof(struct jnode *));
    if (b == NULL) {
        return 0;
    }
    for (size_t i = 0; i < m->num_buckets; i++) {
        for (struct jnode *c = m->buckets[i]; c != NULL;) {
            struct jnode *next = c->next;
            c->next = b[c->hash & (n - 1)];
            b[c->hash & (n - 1)] = c;
            c = next;
        }
    }
    m->buckets = b;
    m->num_buckets = n;
    return 1;
}

static struct jnode *find(const struct jmap *m, struct view key, uint64_t hash)
{
    if (m == NULL || m->num_buckets == 0) {
        return NULL;
    }
    struct jnode *c = m->buckets[hash & (m->num_buckets - 1)];
    while (c != NULL && (c->hash != hash || !view_equal(c->key, key))) {
        c = c->next;
    }
    return c;
}

void *jmap_get(const struct jmap *m, struct view key)
{
    struct jnode *c = find(m, key, jhash(0, key.data, key.len));
    return c != NULL ? c->value : NULL;
}

void jmap_put(struct judge *j, struct jmap **map, struct view key, void *value)
{
    uint64_t h = jhash(0, key.data, key.len);
    if (*map == NULL) {
        *map = j_alloc(j, sizeof **map);
    }
    struct jmap *m = *map;
    if (m == NULL) {
        return;
    }
    struct jnode *c = find(m, key, h);
    if (c != NULL) {
        c->value = value;
        return;
    }
    if (m->num >= m->num_buckets && !grow(j, m)) {
        return;
    }
    c = j_alloc(j, sizeof *c);
    if (c == NULL) {
        return;
    }
    *c = (struct jnode){m->buckets[h & (m->num_buckets - 1)], key, h, value};
    m->buckets[h & (m->num_buckets - 1)] = c;
    m->num++;
}
