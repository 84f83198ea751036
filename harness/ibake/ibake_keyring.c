/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Public parameters, private keys and the caches of one agent. */
#include "harness/ibake/ibake_int.h"

#define REPLAY_SIZE 256 /* digests of authenticated key requests kept */
#define MAX_PUBLICS 64  /* identities ready for encryption kept */

struct domain {
    struct octets name;
    struct bf_params *params;
};

struct private_key {
    struct octets hashed;
    struct bf_key *key;
};

struct public_key {
    struct octets hashed;
    const struct bf_params *params;
    struct bf_id *id;
};

struct ibake_keyring {
    struct domain *domains;
    size_t num_domains;
    struct private_key *privates;
    size_t num_privates;
    struct public_key *publics;
    size_t num_publics;
    struct bf_params **retired; /* replaced, still referred to */
    size_t num_retired;
    uint64_t last_t;
    uint8_t replay[REPLAY_SIZE][32];
    size_t num_replay; /* counts on; the slot is num_replay % REPLAY_SIZE */
};

struct ibake_keyring *ibake_keyring_new(void)
{
    return mem_alloc(sizeof(struct ibake_keyring));
}

void ibake_keyring_free(struct ibake_keyring *kr)
{
    if (kr == NULL) {
        return;
    }
    for (size_t i = 0; i < kr->num_privates; i++) {
        octets_free(&kr->privates[i].hashed);
        bf_key_free(kr->privates[i].key);
    }
    for (size_t i = 0; i < kr->num_publics; i++) {
        octets_free(&kr->publics[i].hashed);
        bf_id_free(kr->publics[i].id);
    }
    for (size_t i = 0; i < kr->num_domains; i++) {
        octets_free(&kr->domains[i].name);
        bf_params_free(kr->domains[i].params);
    }
    for (size_t i = 0; i < kr->num_retired; i++) {
        bf_params_free(kr->retired[i]);
    }
    mem_free(kr->privates);
    mem_free(kr->publics);
    mem_free(kr->domains);
    mem_free(kr->retired);
    mem_free(kr);
}

/* Makes room for one more element of size octets each; NULL: no memory. */
static void *grow(void **list, size_t num, size_t size)
{
    void *p = mem_resize(*list, (num + 1) * size);
    if (p == NULL) {
        return NULL;
    }
    *list = p;
    memset((uint8_t *)p + num * size, 0, size);
    return (uint8_t *)p + num * size;
}

static enum status retire(struct ibake_keyring *kr, struct bf_params *old)
{
    struct bf_params **slot =
        grow((void **)&kr->retired, kr->num_retired, sizeof *slot);
    if (slot == NULL) {
        return STATUS_NO_MEMORY;
    }
    *slot = old;
    kr->num_retired++;
    return STATUS_OK;
}

/* Keys and cached identities of the old parameters stay usable, so the old ones
 * live on until the key ring is freed. */
static enum status replace_params(struct ibake_keyring *kr, struct domain *d,
                                  struct bf_params *bp)
{
    if (bf_params_equal(d->params, bp)) {
        bf_params_free(bp);
        return STATUS_OK;
    }
    enum status st = retire(kr, d->params);
    if (st == STATUS_OK) {
        d->params = bp;
    } else {
        bf_params_free(bp);
    }
    return st;
}

enum status ibake_keyring_add_params(struct ibake_keyring *kr,
                                     const char *domain, struct view der,
                                     int allow_toy, enum bf_reason *reason)
{
    struct view name = {(const uint8_t *)domain, strlen(domain)};
    enum bf_reason why = BF_REASON_NONE;
    struct bf_params *bp = bf_params_decode(der.data, der.len, allow_toy, &why);
    if (reason != NULL) {
        *reason = why;
    }
    if (bp == NULL) {
        return why == BF_REASON_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_BAD_VALUE;
    }
    for (size_t i = 0; i < kr->num_domains; i++) {
        if (view_equal(octets_view(&kr->domains[i].name), name)) {
            return replace_params(kr, &kr->domains[i], bp);
        }
    }
    struct domain *d = grow((void **)&kr->domains, kr->num_domains, sizeof *d);
    if (d == NULL || octets_set(&d->name, name) != STATUS_OK) {
        bf_params_free(bp);
        return STATUS_NO_MEMORY;
    }
    d->params = bp;
    kr->num_domains++;
    return STATUS_OK;
}

/* The identity ends in the domain, at the border of a label. */
static int in_domain(struct view id, struct view domain)
{
    if (domain.len > id.len) {
        return 0;
    }
    size_t at = id.len - domain.len;
    if (domain.len != 0 && memcmp(id.data + at, domain.data, domain.len) != 0) {
        return 0;
    }
    return at == 0 || domain.len == 0 || domain.data[0] == '.' ||
           id.data[at - 1] == '.' || id.data[at - 1] == '@' ||
           id.data[at - 1] == ':';
}

const struct bf_params *ibake_keyring_params(struct ibake_keyring *kr,
                                             struct view identity)
{
    const struct domain *best = NULL;
    for (size_t i = 0; i < kr->num_domains; i++) {
        const struct domain *d = &kr->domains[i];
        if (in_domain(identity, octets_view(&d->name)) &&
            (best == NULL || d->name.len > best->name.len)) {
            best = d;
        }
    }
    return best != NULL ? best->params : NULL;
}

static enum status hash_string(struct octets *out, struct view identity,
                               const char date[9])
{
    struct wr w;
    wr_init(&w);
    wr_bytes(&w, identity.data, identity.len);
    wr_bytes(&w, date, 8);
    enum status st = w.err;
    if (st == STATUS_OK) {
        out->data = wr_take(&w, &out->len);
        st = out->data != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    wr_cleanup(&w);
    return st;
}

static int date_like(struct view v)
{
    for (size_t i = 0; i < v.len; i++) {
        if (v.data[i] < '0' || v.data[i] > '9') {
            return 0;
        }
    }
    return 1;
}

static struct private_key *find_private(struct ibake_keyring *kr,
                                        struct view hashed)
{
    for (size_t i = 0; i < kr->num_privates; i++) {
        if (view_equal(octets_view(&kr->privates[i].hashed), hashed)) {
            return &kr->privates[i];
        }
    }
    return NULL;
}

static enum status store_private(struct ibake_keyring *kr, struct view hashed,
                                 struct bf_key *key)
{
    struct private_key *p = find_private(kr, hashed);
    if (p != NULL) {
        bf_key_free(p->key);
        p->key = key;
        return STATUS_OK;
    }
    p = grow((void **)&kr->privates, kr->num_privates, sizeof *p);
    if (p == NULL || octets_set(&p->hashed, hashed) != STATUS_OK) {
        bf_key_free(key);
        return STATUS_NO_MEMORY;
    }
    p->key = key;
    kr->num_privates++;
    return STATUS_OK;
}

enum status ibake_keyring_add_private(struct ibake_keyring *kr,
                                      struct view hashed_id, struct view der,
                                      enum bf_reason *reason)
{
    enum bf_reason why = BF_REASON_NONE;
    if (reason == NULL) {
        reason = &why;
    }
    *reason = BF_REASON_NONE;
    if (hashed_id.len < 8) {
        return STATUS_BAD_LENGTH;
    }
    struct view id = {hashed_id.data, hashed_id.len - 8};
    struct view date = {hashed_id.data + id.len, 8};
    if (!date_like(date)) {
        return STATUS_SYNTAX;
    }
    const struct bf_params *bp = ibake_keyring_params(kr, id);
    if (bp == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct bf_key *key = bf_key_decode(bp, der.data, der.len, reason);
    if (key == NULL) {
        return *reason == BF_REASON_NO_MEMORY ? STATUS_NO_MEMORY
                                              : STATUS_BAD_VALUE;
    }
    enum status st = bf_key_check(key, hashed_id);
    if (st != STATUS_OK) {
        *reason = BF_REASON_MISMATCH;
        bf_key_free(key);
        return st;
    }
    return store_private(kr, hashed_id, key);
}

const struct bf_key *ibake_keyring_private(struct ibake_keyring *kr,
                                           struct view identity,
                                           const char date[9])
{
    for (size_t i = 0; i < kr->num_privates; i++) {
        struct view h = octets_view(&kr->privates[i].hashed);
        if (h.len == identity.len + 8 &&
            memcmp(h.data + identity.len, date, 8) == 0 &&
            (identity.len == 0 ||
             memcmp(h.data, identity.data, identity.len) == 0)) {
            return kr->privates[i].key;
        }
    }
    return NULL;
}

/* Anybody may claim any identity, and each costs a few kilobytes here. */
static void forget_oldest(struct ibake_keyring *kr)
{
    if (kr->num_publics < MAX_PUBLICS) {
        return;
    }
    octets_free(&kr->publics[0].hashed);
    bf_id_free(kr->publics[0].id);
    kr->num_publics--;
    memmove(&kr->publics[0], &kr->publics[1],
            kr->num_publics * sizeof *kr->publics);
}

const struct bf_id *ibake_keyring_public(struct ibake_keyring *kr,
                                         struct view identity,
                                         const char date[9])
{
    const struct bf_params *bp = ibake_keyring_params(kr, identity);
    struct octets hashed = {0};
    if (bp == NULL || hash_string(&hashed, identity, date) != STATUS_OK) {
        return NULL;
    }
    for (size_t i = 0; i < kr->num_publics; i++) {
        struct public_key *p = &kr->publics[i];
        if (p->params == bp &&
            view_equal(octets_view(&p->hashed), octets_view(&hashed))) {
            octets_free(&hashed);
            return p->id;
        }
    }
    forget_oldest(kr);
    struct public_key *p =
        grow((void **)&kr->publics, kr->num_publics, sizeof *p);
    struct bf_id *id = p != NULL ? bf_id_new(bp, octets_view(&hashed)) : NULL;
    if (id == NULL) {
        octets_free(&hashed);
        return NULL;
    }
    *p = (struct public_key){.hashed = hashed, .params = bp, .id = id};
    kr->num_publics++;
    return id;
}

/* T counts up by one unit (2^-32 s) while the clock stands still or steps back
 * a little; a clock that was set back is followed. */
uint64_t keyring_next_t(struct ibake_keyring *kr, struct env *env,
                        uint64_t after)
{
    static const uint64_t second = (uint64_t)1 << 32;
    uint64_t t = ntp_from_us(env_now_us(env));
    if (kr != NULL && t <= kr->last_t && kr->last_t - t < second) {
        t = kr->last_t + 1;
    }
    /* AMB-28: T of I_MESSAGE_2 is newer than that of I_MESSAGE_1. NTP wraps. */
    if (after != 0 && after - t < (uint64_t)1 << 63) {
        t = after + 1;
    }
    if (kr != NULL) {
        kr->last_t = t;
    }
    return t;
}

int keyring_replayed(struct ibake_keyring *kr, const uint8_t digest[32])
{
    if (kr == NULL) {
        return 0;
    }
    size_t n = kr->num_replay < REPLAY_SIZE ? kr->num_replay : REPLAY_SIZE;
    for (size_t i = 0; i < n; i++) {
        if (memcmp(kr->replay[i], digest, 32) == 0) {
            return 1;
        }
    }
    memcpy(kr->replay[kr->num_replay % REPLAY_SIZE], digest, 32);
    kr->num_replay++;
    return 0;
}
