/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Keys that follow from a key log: parameters by domain, private keys given or
 * extracted, identities for encryption. */
#include "capture/keylog.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capture/keylog_int.h"
#include "harness/base/mem.h"

#define MAX_SHOWN 80

static __attribute__((format(printf, 2, 3))) void say(struct keylog *kl,
                                                      const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(kl->why, sizeof kl->why, fmt, ap);
    va_end(ap);
}

const char *keylog_why(const struct keylog *kl)
{
    return kl->why;
}

/* A printable copy of an identity. */
static void show(char out[MAX_SHOWN + 1], struct view v)
{
    size_t n = v.len < MAX_SHOWN ? v.len : MAX_SHOWN;
    for (size_t i = 0; i < n; i++) {
        out[i] =
            (char)(v.data[i] >= 0x20 && v.data[i] < 0x7f ? v.data[i] : '?');
    }
    out[n] = '\0';
}

/* ---- parameters -------------------------------------------------------------
 */

static int same(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static struct keylog_params_slot *slot_of(struct keylog *kl, struct view der)
{
    for (size_t i = 0; i < kl->num_params; i++) {
        if (same(kl->params[i].der, der)) {
            return &kl->params[i];
        }
    }
    struct keylog_params_slot *p =
        mem_resize(kl->params, (kl->num_params + 1) * sizeof *p);
    if (p == NULL) {
        say(kl, "Out of memory.");
        return NULL;
    }
    kl->params = p;
    p += kl->num_params++;
    *p = (struct keylog_params_slot){.der = der};
    return p;
}

/* Decodes at first use: validation takes several scalar multiplications. */
static const struct bf_params *slot_params(struct keylog *kl, struct view der)
{
    struct keylog_params_slot *slot = slot_of(kl, der);
    if (slot == NULL) {
        return NULL;
    }
    if (!slot->tried) {
        /* Toy sizes are the judge's business, not the key log's. */
        slot->bp = bf_params_decode(der.data, der.len, 1, &slot->reason);
        slot->tried = slot->bp != NULL || slot->reason != BF_REASON_NO_MEMORY;
    }
    if (slot->bp == NULL) {
        say(kl, "The IBE parameters in the key log are refused: %s.",
            bf_reason_name(slot->reason));
    }
    return slot->bp;
}

/* Where the domain of an identity starts and ends: after @ (or the scheme), up
 * to port, parameter, header or path. */
static struct view domain_of(struct view id)
{
    size_t end = 0;
    while (end < id.len && id.data[end] != ';' && id.data[end] != '?' &&
           id.data[end] != '>' && id.data[end] != '/') {
        end++;
    }
    size_t start = 0;
    size_t colon = 0;
    for (size_t i = 0; i < end; i++) {
        if (id.data[i] == '@') {
            start = i + 1;
        } else if (id.data[i] == ':' && colon == 0) {
            colon = i + 1;
        }
    }
    if (start == 0) {
        start = colon;
    }
    int bracket = 0;
    size_t stop = start;
    for (; stop < end && (id.data[stop] != ':' || bracket); stop++) {
        bracket = id.data[stop] == '[' || (bracket && id.data[stop] != ']');
    }
    return (struct view){id.data + start, stop - start};
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* suffix ends domain at a label boundary; host names ignore case. */
static int domain_ends(struct view domain, struct view suffix)
{
    if (suffix.len > domain.len) {
        return 0;
    }
    size_t at = domain.len - suffix.len;
    for (size_t i = 0; i < suffix.len; i++) {
        if (lower(domain.data[at + i]) != lower(suffix.data[i])) {
            return 0;
        }
    }
    return suffix.len == 0 || at == 0 || domain.data[at - 1] == '.';
}

static const struct keylog_entry *by_domain(const struct keylog *kl,
                                            struct view identity)
{
    const struct keylog_list *l = &kl->lists[KEYLOG_IBE_PARAMS];
    struct view domain = domain_of(identity);
    const struct keylog_entry *best = NULL;
    for (size_t i = 0; i < l->num; i++) {
        if (domain_ends(domain, l->items[i].lookup) &&
            (best == NULL || best->lookup.len < l->items[i].lookup.len)) {
            best = &l->items[i];
        }
    }
    return best;
}

/* The one set of parameters of the log, if there is exactly one. */
static int only_params(const struct keylog *kl, struct view *out)
{
    int found = 0;
    for (size_t i = 0; i < kl->lists[KEYLOG_IBE_PARAMS].num; i++) {
        struct view der = kl->lists[KEYLOG_IBE_PARAMS].items[i].secret;
        if (found && !same(der, *out)) {
            return 0;
        }
        *out = der;
        found = 1;
    }
    for (size_t i = 0; i < kl->lists[KEYLOG_IBE_MASTER].num; i++) {
        struct view der = kl->lists[KEYLOG_IBE_MASTER].items[i].lookup;
        if (found && !same(der, *out)) {
            return 0;
        }
        *out = der;
        found = 1;
    }
    return found;
}

/* The DER of the parameters of an identity; 0 if the log does not tell. */
static int params_der(struct keylog *kl, struct view identity, struct view *out)
{
    char shown[MAX_SHOWN + 1];
    const struct keylog_entry *e = by_domain(kl, identity);
    if (e != NULL) {
        *out = e->secret;
        return 1;
    }
    if (only_params(kl, out)) {
        return 1;
    }
    show(shown, identity);
    say(kl,
        "The key log does not say which IBE parameters %s uses. Add an "
        "IBE_PARAMS "
        "line for its domain.",
        shown);
    return 0;
}

const struct bf_params *keylog_params(struct keylog *kl, struct view identity)
{
    struct view der;
    kl->why[0] = '\0';
    return params_der(kl, identity, &der) ? slot_params(kl, der) : NULL;
}

/* ---- cache
 * ------------------------------------------------------------------- */

static const struct keylog_cached *cache_find(const struct keylog *kl,
                                              const struct bf_params *bp,
                                              struct view hashed, int want_key)
{
    for (size_t i = 0; i < kl->num_cached; i++) {
        const struct keylog_cached *c = &kl->cached[i];
        if (c->bp == bp && (c->key != NULL) == want_key &&
            same((struct view){c->hashed, c->len}, hashed)) {
            return c;
        }
    }
    return NULL;
}

/* Keeps key or id; frees it and returns 0 when there is no memory. */
static int cache_put(struct keylog *kl, const struct bf_params *bp,
                     struct view hashed, struct bf_key *key, struct bf_id *id)
{
    uint8_t *copy = mem_dup(hashed.data, hashed.len);
    struct keylog_cached *c =
        mem_resize(kl->cached, (kl->num_cached + 1) * sizeof *c);
    if (c != NULL) {
        kl->cached = c;
    }
    if (c == NULL || copy == NULL) {
        mem_free(copy);
        bf_key_free(key);
        bf_id_free(id);
        say(kl, "Out of memory.");
        return 0;
    }
    c[kl->num_cached++] = (struct keylog_cached){copy, hashed.len, bp, key, id};
    return 1;
}

void keylog_derived_clear(struct keylog *kl)
{
    for (size_t i = 0; i < kl->num_cached; i++) {
        mem_free(kl->cached[i].hashed);
        bf_key_free(kl->cached[i].key);
        bf_id_free(kl->cached[i].id);
    }
    mem_free(kl->cached);
    kl->cached = NULL;
    kl->num_cached = 0;
    for (size_t i = 0; i < kl->num_params; i++) {
        bf_params_free(kl->params[i].bp);
    }
    mem_free(kl->params);
    kl->params = NULL;
    kl->num_params = 0;
}

/* ---- private keys
 * ------------------------------------------------------------ */

/* A key that is not of this identity would turn a good message into one that
 * "does not decrypt": a verdict not earned. So each given key is checked. */
static struct bf_key *given_key(struct keylog *kl, const struct bf_params *bp,
                                struct view der, struct view hashed)
{
    enum bf_reason reason = BF_REASON_NONE;
    struct bf_key *key = bf_key_decode(bp, der.data, der.len, &reason);
    char shown[MAX_SHOWN + 1];
    show(shown, hashed);
    if (key == NULL) {
        say(kl, "The IBE_PRIVATE of %s is refused: %s.", shown,
            bf_reason_name(reason));
        return NULL;
    }
    if (bf_key_check(key, hashed) != STATUS_OK) {
        bf_key_free(key);
        say(kl,
            "The IBE_PRIVATE of %s is not the key of that identity and date "
            "under "
            "its IBE parameters. Log the key that belongs to them.",
            shown);
        return NULL;
    }
    return key;
}

/* The key in the log under the parameters of its domain, or else any others. */
static struct bf_key *given_key_any(struct keylog *kl, struct view identity,
                                    struct view der, struct view hashed)
{
    struct view pd = {NULL, 0};
    struct bf_key *key = NULL;
    if (params_der(kl, identity, &pd)) {
        const struct bf_params *bp = slot_params(kl, pd);
        key = bp == NULL ? NULL : given_key(kl, bp, der, hashed);
        if (key != NULL) {
            return key;
        }
    }
    char why[sizeof kl->why];
    memcpy(why, kl->why, sizeof why);
    for (int l = 0; l < 2 && key == NULL; l++) {
        const struct keylog_list *list =
            &kl->lists[l == 0 ? KEYLOG_IBE_PARAMS : KEYLOG_IBE_MASTER];
        for (size_t i = 0; i < list->num && key == NULL; i++) {
            struct view other =
                l == 0 ? list->items[i].secret : list->items[i].lookup;
            const struct bf_params *bp =
                same(other, pd) ? NULL : slot_params(kl, other);
            key = bp == NULL ? NULL : given_key(kl, bp, der, hashed);
        }
    }
    if (key == NULL) {
        memcpy(kl->why, why, sizeof why);
    }
    return key;
}

static struct bf_key *extracted_key(struct keylog *kl,
                                    const struct bf_params *bp,
                                    struct view params, struct view hashed)
{
    struct view s;
    struct wr w;
    char shown[MAX_SHOWN + 1];
    show(shown, hashed);
    if (keylog_find(kl, KEYLOG_IBE_MASTER, params, &s) != STATUS_OK) {
        say(kl,
            "No private key for %s. Add its IBE_PRIVATE line, or IBE_MASTER of "
            "its "
            "KMS.",
            shown);
        return NULL;
    }
    wr_init(&w);
    enum status st = bf_extract(bp, s, hashed, &w);
    if (st == STATUS_OK) {
        st = w.err;
    }
    enum bf_reason reason = BF_REASON_NONE;
    struct bf_key *key =
        st == STATUS_OK ? bf_key_decode(bp, w.data, w.len, &reason) : NULL;
    wr_cleanup(&w);
    if (st == STATUS_MISMATCH || st == STATUS_BAD_VALUE) {
        say(kl,
            "The IBE_MASTER secret does not belong to its parameters. Log s "
            "with P_pub = sP.");
    } else if (key == NULL) {
        say(kl, "No private key for %s: %s.", shown,
            st != STATUS_OK ? status_name(st) : bf_reason_name(reason));
    }
    return key;
}

const struct bf_key *keylog_private_for(struct keylog *kl, struct view identity,
                                        struct view hashed)
{
    struct view der;
    struct view given;
    struct bf_key *key = NULL;
    /* The parameters asked for tell two KMSs with one identity apart; a given
     * key is found by its hashed string alone. */
    int have_given =
        keylog_find(kl, KEYLOG_IBE_PRIVATE, hashed, &given) == STATUS_OK;
    const struct bf_params *bp = NULL;
    kl->why[0] = '\0';
    if (!have_given) {
        if (!params_der(kl, identity, &der)) {
            return NULL;
        }
        bp = slot_params(kl, der);
        if (bp == NULL) {
            return NULL;
        }
    }
    const struct keylog_cached *c = cache_find(kl, bp, hashed, 1);
    if (c != NULL) {
        return c->key;
    }
    key = have_given ? given_key_any(kl, identity, given, hashed)
                     : extracted_key(kl, bp, der, hashed);
    return key != NULL && cache_put(kl, bp, hashed, key, NULL) ? key : NULL;
}

const struct bf_id *keylog_public_for(struct keylog *kl, struct view identity,
                                      struct view hashed)
{
    const struct bf_params *bp = keylog_params(kl, identity);
    if (bp == NULL) {
        return NULL;
    }
    const struct keylog_cached *c = cache_find(kl, bp, hashed, 0);
    if (c != NULL) {
        return c->id;
    }
    struct bf_id *id = bf_id_new(bp, hashed);
    if (id == NULL) {
        say(kl, "Out of memory.");
        return NULL;
    }
    return cache_put(kl, bp, hashed, NULL, id) ? id : NULL;
}

/* ---- identity || date
 * --------------------------------------------------------- */

static enum status join(struct wr *w, struct view identity, const char *date)
{
    wr_init(w);
    wr_bytes(w, identity.data, identity.len);
    wr_str(w, date);
    return w->err;
}

const struct bf_key *keylog_private(struct keylog *kl, struct view identity,
                                    const char *date)
{
    struct wr w;
    const struct bf_key *key = NULL;
    say(kl, "Out of memory.");
    if (join(&w, identity, date) == STATUS_OK) {
        key = keylog_private_for(kl, identity, (struct view){w.data, w.len});
    }
    wr_cleanup(&w);
    return key;
}

const struct bf_id *keylog_public(struct keylog *kl, struct view identity,
                                  const char *date)
{
    struct wr w;
    const struct bf_id *id = NULL;
    say(kl, "Out of memory.");
    if (join(&w, identity, date) == STATUS_OK) {
        id = keylog_public_for(kl, identity, (struct view){w.data, w.len});
    }
    wr_cleanup(&w);
    return id;
}

/* ---- the thorough check
 * -------------------------------------------------------- */

static enum status check_fault(struct keylog *kl, const struct keylog_entry *e,
                               struct keylog_error *err)
{
    if (err != NULL) {
        *err =
            (struct keylog_error){.status = STATUS_BAD_VALUE, .line = e->line};
        snprintf(err->text, sizeof err->text, "%s", kl->why);
    }
    return STATUS_BAD_VALUE;
}

static enum status check_one(struct keylog *kl, enum keylog_label label,
                             const struct keylog_entry *e)
{
    static const uint8_t any[] = "sip:check@latchkey.invalid";
    struct view id = {any, sizeof any - 1};
    const struct bf_params *bp = NULL;
    struct bf_key *key = NULL;
    switch ((int)label) {
    case KEYLOG_IBE_PARAMS:
        return slot_params(kl, e->secret) ? STATUS_OK : STATUS_BAD_VALUE;
    case KEYLOG_IBE_MASTER:
        bp = slot_params(kl, e->lookup);
        key = bp != NULL ? extracted_key(kl, bp, e->lookup, id) : NULL;
        bf_key_free(key);
        return key != NULL ? STATUS_OK : STATUS_BAD_VALUE;
    case KEYLOG_IBE_PRIVATE:
        id = e->lookup;
        id.len -= id.len > 8 ? 8 : 0;
        return keylog_private_for(kl, id, e->lookup) ? STATUS_OK
                                                     : STATUS_BAD_VALUE;
    }
    return STATUS_OK;
}

enum status keylog_check(struct keylog *kl, struct keylog_error *err)
{
    static const enum keylog_label labels[] = {
        KEYLOG_IBE_PARAMS, KEYLOG_IBE_MASTER, KEYLOG_IBE_PRIVATE};
    if (err != NULL) {
        *err = (struct keylog_error){.status = STATUS_OK};
    }
    for (size_t l = 0; l < sizeof labels / sizeof labels[0]; l++) {
        for (size_t i = 0; i < keylog_num(kl, labels[l]); i++) {
            const struct keylog_entry *e = keylog_at(kl, labels[l], i);
            kl->why[0] = '\0';
            if (check_one(kl, labels[l], e) != STATUS_OK) {
                return check_fault(kl, e, err);
            }
        }
    }
    return STATUS_OK;
}
