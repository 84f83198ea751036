/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Helpers of unit_ibake. */
#include "tests/unit/ibake/ibake_tests.h"

#include "harness/base/text.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- known answers ---- */

static const char *known_hex(const char *name)
{
    for (const struct known *k = known_answers; k->name != NULL; k++) {
        if (strcmp(k->name, name) == 0) {
            return k->hex;
        }
    }
    printf("no known answer %s\n", name);
    abort();
}

struct octets known_octets(const char *name)
{
    const char *hex = known_hex(name);
    uint8_t buf[1024];
    size_t len = 0;
    struct octets o = {0};
    if (hex_decode(buf, sizeof buf, &len, hex, strlen(hex)) != STATUS_OK) {
        abort();
    }
    octets_set(&o, (struct view){buf, len});
    return o;
}

int is_known(struct view v, const char *name)
{
    struct octets o = known_octets(name);
    int same = view_equal(v, octets_view(&o));
    octets_free(&o);
    return same;
}

/* ---- outside world ---- */

static enum status world_random(struct env *env, uint8_t *out, size_t len)
{
    struct world *w = (struct world *)(void *)env;
    if (len == 20 && w->next_rho < w->num_rho) {
        memcpy(out, w->rho[w->next_rho++], len);
        return STATUS_OK;
    }
    /* The seeded generator of base, with its state kept here. */
    struct env gen;
    env_init_virtual(&gen, 0, 1);
    gen.seed[0] = w->env.seed[0];
    gen.seed[1] = w->env.seed[1];
    enum status st = gen.random(&gen, out, len);
    w->env.seed[0] = gen.seed[0];
    w->env.seed[1] = gen.seed[1];
    return st;
}

void world_rho(struct world *w, const char *const *labels, size_t num)
{
    w->num_rho = num;
    w->next_rho = 0;
    for (size_t i = 0; i < num; i++) {
        kdf_sha1(w->rho[i], text_view(labels[i]));
    }
}

static void on_secret(void *ctx, const char *label, struct view lookup,
                      struct view secret)
{
    struct world *w = ctx;
    if (w->num_told == MAX_TOLD) {
        return;
    }
    struct told *t = &w->told[w->num_told];
    snprintf(t->label, sizeof t->label, "%s", label);
    if (octets_set(&t->lookup, lookup) == STATUS_OK &&
        octets_set(&t->secret, secret) == STATUS_OK) {
        w->num_told++;
    } else {
        octets_free(&t->lookup);
        octets_free(&t->secret);
    }
}

const struct told *find_told(const struct world *w, const char *label,
                             struct view lookup)
{
    for (size_t i = 0; i < w->num_told; i++) {
        if (strcmp(w->told[i].label, label) == 0 &&
            view_equal(octets_view(&w->told[i].lookup), lookup)) {
            return &w->told[i];
        }
    }
    return NULL;
}

static void on_line(void *ctx, enum log_level level, const char *text)
{
    struct world *w = ctx;
    size_t used = strlen(w->log);
    (void)level;
    snprintf(w->log + used, sizeof w->log - used, "%s\n", text);
}

int was_logged(const struct world *w, const char *text)
{
    return strstr(w->log, text) != NULL;
}

/* ---- key rings ---- */

int give_key(struct ibake_keyring *ring, const char *id, const char *date)
{
    struct octets s = known_octets("master");
    struct wr hashed;
    struct wr key;
    wr_init(&hashed);
    wr_init(&key);
    wr_str(&hashed, id);
    wr_str(&hashed, date);
    const struct bf_params *bp = ibake_keyring_params(ring, text_view(id));
    int ok =
        bp != NULL &&
        bf_extract(bp, octets_view(&s), wr_view(&hashed), &key) == STATUS_OK &&
        ibake_keyring_add_private(ring, wr_view(&hashed), wr_view(&key),
                                  NULL) == STATUS_OK;
    wr_cleanup(&hashed);
    wr_cleanup(&key);
    octets_free(&s);
    return ok;
}

static struct ibake_keyring *ring_new(const char *owner)
{
    struct ibake_keyring *ring = ibake_keyring_new();
    struct octets der = known_octets("params");
    int ok = ring != NULL &&
             ibake_keyring_add_params(ring, "", octets_view(&der), 1, NULL) ==
                 STATUS_OK &&
             give_key(ring, owner, DAY) && give_key(ring, owner, DAY_BEFORE) &&
             give_key(ring, owner, DAY_AFTER);
    octets_free(&der);
    if (!ok) {
        ibake_keyring_free(ring);
        return NULL;
    }
    return ring;
}

void world_configs(struct world *w)
{
    w->cfg_a = w->cfg;
    w->cfg_a.keyring = w->ring_a;
    w->cfg_a.edits = &w->edits_a;
    w->cfg_b = w->cfg;
    w->cfg_b.keyring = w->ring_b;
    w->cfg_m = w->cfg;
    w->cfg_m.keyring = w->ring_m;
    w->cfg_m.edits = &w->edits_m;
}

static const struct log *world_log(struct world *w)
{
    struct log *log = mem_alloc(sizeof *log);
    if (log != NULL) {
        *log = (struct log){.line = on_line, .ctx = w, .level = LOG_DEBUG};
    }
    return log;
}

int world_up(struct world *w)
{
    memset(w, 0, sizeof *w);
    env_init_virtual(&w->env, NOON_US, 7);
    w->env.random = world_random;
    w->ring_a = ring_new(ID_A);
    w->ring_b = ring_new(ID_B);
    w->ring_m = ring_new(ID_M);
    ibake_profile_strict(&w->cfg.profile);
    w->cfg.env = &w->env;
    w->cfg.secret = on_secret;
    w->cfg.secret_ctx = w;
    w->cfg.checks = IBAKE_CHECK_ALL;
    w->cfg.log = world_log(w);
    world_configs(w);
    return w->ring_a != NULL && w->ring_b != NULL && w->ring_m != NULL &&
           w->cfg.log != NULL;
}

void world_down(struct world *w)
{
    ibake_keyring_free(w->ring_a);
    ibake_keyring_free(w->ring_b);
    ibake_keyring_free(w->ring_m);
    edit_list_clear(&w->edits_a);
    edit_list_clear(&w->edits_m);
    for (size_t i = 0; i < w->num_told; i++) {
        octets_free(&w->told[i].lookup);
        octets_free(&w->told[i].secret);
    }
    mem_free((void *)(uintptr_t)w->cfg.log);
}

/* ---- exchanges ---- */

void exchange_new(struct exchange *x, struct world *w, const char *called,
                  const struct ibake_config *cfg_r, const char *own)
{
    struct view id = text_view(own);
    *x = (struct exchange){.w = w};
    wr_init(&x->i1);
    wr_init(&x->r1);
    wr_init(&x->i2);
    wr_init(&x->r2);
    x->a = ibake_initiator_new(&w->cfg_a, text_view(ID_A), text_view(called));
    x->r = ibake_responder_new(cfg_r, &id, 1);
}

static enum status do_step(struct exchange *x, enum step step)
{
    if (x->a == NULL || x->r == NULL) {
        return STATUS_NO_MEMORY;
    }
    switch (step) {
    case MAKE_I1:
        return ibake_make_i1(x->a, &x->i1);
    case TAKE_I1:
        return ibake_take_i1(x->r, wr_view(&x->i1));
    case MAKE_R1:
        return ibake_make_r1(x->r, &x->r1);
    case TAKE_R1:
        return ibake_take_r1(x->a, wr_view(&x->r1));
    case MAKE_I2:
        x->w->env.virtual_us += 1000000;
        return ibake_make_i2(x->a, (struct view){0}, 0, &x->i2);
    case TAKE_I2:
        return ibake_take_i2(x->r, wr_view(&x->i2));
    case MAKE_R2:
        return ibake_make_r2(x->r, &x->r2);
    case TAKE_R2:
        return ibake_take_r2(x->a, wr_view(&x->r2));
    default:
        return STATUS_MISUSE;
    }
}

enum status exchange_run_one(struct exchange *x, enum step step)
{
    x->st[step] = do_step(x, step);
    return x->st[step];
}

enum step exchange_run(struct exchange *x, enum step until)
{
    for (int s = MAKE_I1; s < (int)until && s < ALL_STEPS; s++) {
        x->st[s] = do_step(x, (enum step)s);
        if (x->st[s] != STATUS_OK) {
            return (enum step)s;
        }
    }
    return until;
}

void exchange_free(struct exchange *x)
{
    ibake_session_free(x->a);
    ibake_session_free(x->r);
    wr_cleanup(&x->i1);
    wr_cleanup(&x->r1);
    wr_cleanup(&x->i2);
    wr_cleanup(&x->r2);
}
