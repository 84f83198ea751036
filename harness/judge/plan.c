/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* plan.yaml: who is who, PIXIT, what is expected (docs/BUNDLE.md). */
#include "harness/judge/judge_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status refuse(struct judge_error *e, const char *path,
                          unsigned line, const char *what)
{
    e->status = STATUS_SYNTAX;
    snprintf(e->text, sizeof e->text, "%s:%u: %s", path, line, what);
    return e->status;
}

static struct jparty *party_add(struct judge *j)
{
    /* parties[] is an array, not a vector of pointers: few, and indexed often.
     * It is full when the number is a power of two from 8 on. */
    size_t n = j->num_parties;
    struct jparty *p = j->parties;
    if (n == 0 || (n >= 8 && (n & (n - 1)) == 0)) {
        p = j_alloc(j, (n < 8 ? 8 : n * 2) * sizeof *p);
        if (p == NULL) {
            return NULL;
        }
        if (n > 0) {
            memcpy(p, j->parties, n * sizeof *p);
        }
        j->parties = p;
    }
    p += j->num_parties++;
    p->role = p->identity = p->account = p->vm_uri = "";
    return p;
}

/* A key that is misspelt must not make a plan that asks for less. */
static const char *unknown_key(const struct ynode *map,
                               const char *const *known)
{
    for (const struct ynode *c = map->first; c != NULL; c = c->next) {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], c->key) != 0) {
            i++;
        }
        if (known[i] == NULL) {
            return c->key;
        }
    }
    return NULL;
}

static enum status refuse_key(struct judge_error *e, const char *path,
                              const struct ynode *n, const char *key)
{
    char what[200];
    snprintf(what, sizeof what,
             "there is no key \"%.100s\" here "
             "(docs/BUNDLE.md); remove or correct it",
             key);
    return refuse(e, path, n->line, what);
}

static enum status load_party(struct judge *j, const char *path,
                              const struct ynode *n, struct judge_error *e)
{
    static const char *const keys[] = {"role",     "address",  "sip_port",
                                       "kms_port", "identity", "account",
                                       "vm_uri",   "harness",  NULL};
    const char *role = ynode_str(n, "role", NULL);
    const char *addr = ynode_str(n, "address", NULL);
    const char *odd = n->kind == YNODE_MAP ? unknown_key(n, keys) : NULL;
    if (odd != NULL) {
        return refuse_key(e, path, n, odd);
    }
    if (role == NULL || addr == NULL) {
        return refuse(e, path, n->line,
                      "a party needs role and address; add them");
    }
    struct cap_addr a;
    if (cap_addr_parse(&a, addr) != STATUS_OK) {
        return refuse(e, path, n->line,
                      "address is no IP address; write it as 127.9.3.1 or ::1");
    }
    struct jparty *p = party_add(j);
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    p->role = role;
    p->addr = a;
    p->sip_port = (uint16_t)ynode_int(n, "sip_port", 0);
    p->kms_port = (uint16_t)ynode_int(n, "kms_port", 0);
    p->identity = ynode_str(n, "identity", "");
    p->account = ynode_str(n, "account", "");
    p->vm_uri = ynode_str(n, "vm_uri", "");
    p->harness = ynode_bool(n, "harness", 0);
    p->named = 1;
    return STATUS_OK;
}

static int as_known(const char *as)
{
    return strcmp(as, "duty") == 0 || strcmp(as, "preamble") == 0 ||
           strcmp(as, "control") == 0 || strcmp(as, "stimulus") == 0;
}

static int on_known(const char *on)
{
    static const char *const kinds[] = {"deposit ", "retrieval ", "call ",
                                        "request ", NULL};
    if (strcmp(on, "any") == 0 || strcmp(on, "all") == 0 ||
        strcmp(on, "run") == 0) {
        return 1;
    }
    for (size_t i = 0; kinds[i] != NULL; i++) {
        size_t n = strlen(kinds[i]);
        char *end = NULL;
        if (strncmp(on, kinds[i], n) == 0 && on[n] >= '1' && on[n] <= '9') {
            strtoul(on + n, &end, 10);
            return *end == '\0';
        }
    }
    return 0;
}

static enum status load_rows(struct judge *j, const char *path,
                             const struct ynode *seq, struct judge_error *e)
{
    size_t n = seq != NULL ? seq->num_children : 0;
    j->rows = j_alloc(j, (n + 1) * sizeof *j->rows);
    if (j->rows == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (seq != NULL && seq->kind != YNODE_SEQ && seq->first != NULL) {
        return refuse(e, path, seq->line,
                      "expect is a list; write each row as - {law: ..., at: "
                      "..., as: ...}");
    }
    for (const struct ynode *c = seq != NULL ? seq->first : NULL; c != NULL;
         c = c->next) {
        static const char *const keys[] = {"law", "at", "as", NULL};
        if (c->kind != YNODE_MAP) {
            return refuse(e, path, c->line,
                          "a row is a map; write - {law: ..., at: ..., as: "
                          "...}");
        }
        const char *odd = unknown_key(c, keys);
        if (odd != NULL) {
            return refuse_key(e, path, c, odd);
        }
        struct jrow r = {.law = ynode_str(c, "law", ""),
                         .on = ynode_str(c, "at", "any"),
                         .as = ynode_str(c, "as", "duty"),
                         .line = c->line};
        char what[200];
        if (judge_law_find(r.law) == NULL) {
            snprintf(what, sizeof what,
                     "there is no law \"%.100s\"; see latchkey list laws",
                     r.law);
            return refuse(e, path, c->line, what);
        }
        if (!as_known(r.as)) {
            return refuse(e, path, c->line,
                          "as must be duty, preamble, control or stimulus");
        }
        if (!on_known(r.on)) {
            return refuse(
                e, path, c->line,
                "at must be deposit N, retrieval N, call N, request N, "
                "run, any or all");
        }
        for (size_t i = 0; i < j->num_rows; i++) {
            const struct jrow *o = &j->rows[i];
            if (strcmp(o->law, r.law) == 0 && strcmp(o->on, r.on) == 0 &&
                strcmp(o->as, r.as) == 0) {
                snprintf(what, sizeof what,
                         "this row is that of line %u again; remove it",
                         o->line);
                return refuse(e, path, c->line, what);
            }
        }
        j->rows[j->num_rows++] = r;
    }
    return STATUS_OK;
}

enum status plan_load(struct judge *j, const char *path, struct judge_error *e)
{
    struct ytree_error ye = {0};
    j->plan = ytree_load(path, &ye);
    if (j->plan == NULL) {
        e->status = STATUS_SYNTAX;
        if (strstr(ye.text, path) != NULL) {
            snprintf(e->text, sizeof e->text, "%s", ye.text);
            return e->status;
        }
        return refuse(e, path, ye.line, ye.text);
    }
    if (j->plan->kind != YNODE_MAP || ynode_int(j->plan, "plan", 0) != 1) {
        return refuse(e, path, 1,
                      "not a plan of version 1; it begins with \"plan: 1\"");
    }
    j->tp = ynode_str(j->plan, "tp", "");
    j->title = ynode_str(j->plan, "title", "");
    j->role = ynode_str(j->plan, "role", "");
    if (j->tp[0] == '\0' || j->role[0] == '\0') {
        return refuse(e, path, 1, "tp or role is missing; add them");
    }
    const struct ynode *ps = ynode_get(j->plan, "parties");
    if (ps != NULL && ps->kind != YNODE_SEQ && ps->first != NULL) {
        return refuse(e, path, ps->line,
                      "parties is a list; write each as - {role: ..., address: "
                      "...}");
    }
    for (const struct ynode *c = ps != NULL ? ps->first : NULL; c != NULL;
         c = c->next) {
        enum status st = load_party(j, path, c, e);
        if (st != STATUS_OK) {
            return st;
        }
    }
    enum status rows = load_rows(j, path, ynode_get(j->plan, "expect"), e);
    if (rows != STATUS_OK) {
        return rows;
    }
    if (strcmp(j->role, "PC") != 0 && party_find(j, j->role) < 0) {
        char what[200];
        snprintf(what, sizeof what,
                 "role is %.60s, but no party has that role; correct it or add "
                 "the party",
                 j->role);
        const struct ynode *n = ynode_get(j->plan, "role");
        return refuse(e, path, n != NULL ? n->line : 1, what);
    }
    return STATUS_OK;
}

const char *plan_pixit(const struct judge *j, const char *item,
                       const char *fallback)
{
    return ynode_str(ynode_get(j->plan, "pixit"), item, fallback);
}

uint64_t plan_time_us(const struct judge *j, const char *item,
                      uint64_t fallback, uint64_t unit_us)
{
    const char *s = plan_pixit(j, item, NULL);
    if (s == NULL || s[0] < '0' || s[0] > '9') {
        return fallback;
    }
    char *end = NULL;
    unsigned long long v = strtoull(s, &end, 10);
    while (*end == ' ') {
        end++;
    }
    if (v > 1000000000u) {
        return fallback;
    }
    if (strcmp(end, "ms") == 0) {
        return v * 1000u;
    }
    if (strcmp(end, "s") == 0) {
        return v * 1000000u;
    }
    return *end == '\0' ? v * unit_us : fallback;
}

/* Addresses decide; where several parties share one, their ports do. */
static int party_search(struct judge *j, const struct cap_addr *a)
{
    int found = -1;
    for (size_t i = 0; i < j->num_parties; i++) {
        const struct jparty *p = &j->parties[i];
        if (!cap_addr_same_ip(&p->addr, a)) {
            continue;
        }
        if (a->port != 0 &&
            (a->port == p->sip_port || a->port == p->kms_port)) {
            return (int)i;
        }
        if (found < 0) {
            found = (int)i;
        }
    }
    if (found >= 0) {
        return found;
    }
    struct jparty *p = party_add(j);
    if (p == NULL) {
        return -1;
    }
    p->addr = *a;
    p->addr.port = 0;
    p->role = j_printf(j, "?%zu", j->num_parties);
    return (int)(j->num_parties - 1);
}

int party_of(struct judge *j, const struct cap_addr *a)
{
    uint8_t key[19];
    struct wr w;
    wr_init_fixed(&w, key, sizeof key);
    wr_u8(&w, a->version);
    wr_bytes(&w, a->ip, sizeof a->ip);
    wr_u16(&w, a->port);
    struct view v = {key, w.len};
    const int *known = jmap_get(j->addr_map, v);
    if (known != NULL) {
        return *known;
    }
    int *found = j_alloc(j, sizeof *found);
    if (found == NULL) {
        return -1;
    }
    *found = party_search(j, a);
    jmap_put(j, &j->addr_map, j_copy(j, v), found);
    return *found;
}

int party_find(const struct judge *j, const char *role)
{
    for (size_t i = 0; i < j->num_parties; i++) {
        if (strcmp(j->parties[i].role, role) == 0) {
            return (int)i;
        }
    }
    return -1;
}

const char *party_role(const struct judge *j, int party)
{
    return party >= 0 && (size_t)party < j->num_parties ? j->parties[party].role
                                                        : "?";
}

int is_endpoint(const struct judge *j, int party)
{
    return party >= 0 && strcmp(j->parties[party].role, "CORE") != 0;
}
