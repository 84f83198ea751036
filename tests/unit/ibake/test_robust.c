/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Short and altered messages, and a machine without memory. */
#include "tests/unit/ibake/ibake_tests.h"

#include <stdio.h>
#include <stdlib.h>

static const uint8_t scalar_y[32] = {0x11, 0x22, 0x33};

/* A copy in a block of exactly its size, so that a read past it is seen. */
static enum status take_copy(struct ibake_session *s, enum step step,
                             const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len);
    struct view v = {copy, len};
    if (len > 0) {
        memcpy(copy, data, len);
    }
    enum status st = step == TAKE_I1   ? ibake_take_i1(s, v)
                     : step == TAKE_R1 ? ibake_take_r1(s, v)
                     : step == TAKE_I2 ? ibake_take_i2(s, v)
                                       : ibake_take_r2(s, v);
    free(copy);
    return st;
}

/* A session of the same state as the one in x that is about to take that step.
 */
static struct ibake_session *same_state(struct exchange *x, enum step step,
                                        const struct ibake_session *fork_of)
{
    struct view own = text_view(ID_M);
    struct ibake_preset y = {.scalar = {scalar_y, sizeof scalar_y}};
    struct wr out;
    struct ibake_session *s = NULL;
    wr_init(&out);
    if (step == TAKE_I1 || step == TAKE_I2) {
        s = ibake_responder_new(&x->w->cfg_m, &own, 1);
        CU_ASSERT(ibake_session_preset(s, &y) == STATUS_OK);
    } else {
        s = ibake_session_fork(fork_of);
    }
    CU_ASSERT_FATAL(s != NULL);
    if (step == TAKE_I2) {
        CU_ASSERT(ibake_take_i1(s, wr_view(&x->i1)) == STATUS_OK);
        CU_ASSERT(ibake_make_r1(s, &out) == STATUS_OK);
    } else if (step == TAKE_R2) {
        CU_ASSERT(ibake_take_r1(s, wr_view(&x->r1)) == STATUS_OK);
        CU_ASSERT(ibake_make_i2(s, (struct view){0}, 0, &out) == STATUS_OK);
    }
    wr_cleanup(&out);
    return s;
}

static const struct wr *message_of(const struct exchange *x, enum step step)
{
    return step == TAKE_I1   ? &x->i1
           : step == TAKE_R1 ? &x->r1
           : step == TAKE_I2 ? &x->i2
                             : &x->r2;
}

typedef void (*mangle_fn)(struct exchange *x, enum step step,
                          const struct ibake_session *fork_of);

static void over_all_messages(mangle_fn fn)
{
    struct world w;
    struct exchange x;
    struct ibake_preset y = {.scalar = {scalar_y, sizeof scalar_y}};
    CU_ASSERT_FATAL(world_up(&w));
    w.cfg_a.log = NULL;
    w.cfg_m.log = NULL;
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT(ibake_session_preset(x.r, &y) == STATUS_OK);
    CU_ASSERT_EQUAL(exchange_run(&x, TAKE_I1), TAKE_I1);
    struct ibake_session *first = ibake_session_fork(x.a);
    for (int s = TAKE_I1; s < ALL_STEPS; s++) {
        CU_ASSERT_EQUAL(exchange_run_one(&x, (enum step)s), STATUS_OK);
    }
    static const enum step steps[] = {TAKE_I1, TAKE_R1, TAKE_I2, TAKE_R2};
    for (size_t i = 0; i < 4; i++) {
        fn(&x, steps[i], first);
    }
    ibake_session_free(first);
    exchange_free(&x);
    world_down(&w);
}

static void shorten(struct exchange *x, enum step step,
                    const struct ibake_session *fork_of)
{
    const struct wr *m = message_of(x, step);
    for (size_t n = 0; n < m->len; n++) {
        struct ibake_session *s = same_state(x, step, fork_of);
        CU_ASSERT(take_copy(s, step, m->data, n) != STATUS_OK);
        ibake_session_free(s);
    }
}

static void every_shorter_length_fails_cleanly(void)
{
    over_all_messages(shorten);
}

/* Offsets of the octets of clear length fields. */
static size_t length_octets(const struct wr *w, size_t *out, size_t max)
{
    struct mikey_msg m;
    size_t num = 0;
    uint64_t unused;
    CU_ASSERT_FATAL(mikey_decode(&m, w->data, w->len, NULL) == STATUS_OK);
    for (size_t i = 0; i < m.num_payloads; i++) {
        const struct mikey_payload *pl = &m.payloads[i];
        size_t at = pl->type == MIKEY_PL_IDR ? 3 : 1;
        size_t n = pl->type == MIKEY_PL_RAND ? 1 : 2;
        for (size_t k = 0;
             item_has_length(pl->type, &unused) && k < n && num < max; k++) {
            out[num++] = pl->range.off + at + k;
        }
    }
    return num;
}

static void flip_lengths(struct exchange *x, enum step step,
                         const struct ibake_session *fork_of)
{
    struct wr *m = (struct wr *)(uintptr_t)message_of(x, step);
    size_t at[32];
    size_t num = length_octets(m, at, 32);
    CU_ASSERT(num >= 6);
    for (size_t i = 0; i < 8 * num; i++) {
        uint8_t *p = &m->data[at[i / 8]];
        uint8_t bit = (uint8_t)(1u << (i % 8));
        struct ibake_session *s = same_state(x, step, fork_of);
        *p ^= bit;
        CU_ASSERT(take_copy(s, step, m->data, m->len) != STATUS_OK);
        *p ^= bit;
        ibake_session_free(s);
    }
}

static void every_flipped_length_fails_cleanly(void)
{
    over_all_messages(flip_lengths);
}

static void flip_octets_anywhere(struct exchange *x, enum step step,
                                 const struct ibake_session *fork_of)
{
    struct wr *m = (struct wr *)(uintptr_t)message_of(x, step);
    for (size_t i = 0; i < m->len; i++) {
        struct ibake_session *s = same_state(x, step, fork_of);
        m->data[i] ^= 0xff;
        enum status st = take_copy(s, step, m->data, m->len);
        m->data[i] ^= 0xff;
        if (st != STATUS_OK) {
            CU_ASSERT(ibake_session_why(s)[0] != '\0');
        }
        ibake_session_free(s);
    }
}

static void every_flipped_octet_is_survived(void)
{
    over_all_messages(flip_octets_anywhere);
}

/* ---- allocation ladder ---- */

typedef int (*ladder_fn)(struct world *w);

/* Fails the n-th allocation for n = 1, 2, ... until the work passes. */
static void ladder(ladder_fn work, unsigned least)
{
    unsigned n;
    for (n = 1; n < 2000; n++) {
        struct world w;
        unsigned long before = mem_live();
        CU_ASSERT_FATAL(world_up(&w));
        w.cfg.secret = NULL; /* it swallows a failure of its own */
        world_configs(&w);
        mem_fail_at(n);
        int ok = work(&w);
        mem_fail_at(0);
        world_down(&w);
        CU_ASSERT_EQUAL(mem_live(), before);
        if (ok) {
            break;
        }
    }
    CU_ASSERT(n > least && n < 2000);
}

static int deposit_and_open(struct world *w)
{
    struct exchange x;
    struct ibake_deposit d;
    exchange_new(&x, w, ID_B, &w->cfg_m, ID_M);
    int ok = exchange_run(&x, ALL_STEPS) == ALL_STEPS &&
             ibake_open_stored_i2(&w->cfg_b, text_view(ID_B),
                                  ibake_session_i2(x.r), &d) == STATUS_OK;
    exchange_free(&x);
    return ok;
}

static int fork_and_finish(struct world *w)
{
    struct exchange x;
    exchange_new(&x, w, ID_B, &w->cfg_b, ID_B);
    int ok = exchange_run(&x, TAKE_I1) == TAKE_I1;
    struct ibake_session *f = ok ? ibake_session_fork(x.a) : NULL;
    ok = f != NULL;
    for (int s = TAKE_I1; ok && s < ALL_STEPS; s++) {
        ok = exchange_run_one(&x, (enum step)s) == STATUS_OK;
    }
    ibake_session_free(f);
    exchange_free(&x);
    return ok;
}

static int exchange_keys(struct world *w, const struct ibake_kms *kms)
{
    struct wr req;
    struct wr resp;
    size_t num = 0;
    struct view id = text_view(ID_A);
    wr_init(&req);
    wr_init(&resp);
    struct ibake_key_request *r =
        ibake_key_request_new(&w->cfg_a, &id, 1, text_view(ID_KMS),
                              text_view(ID_A), kms->users[0].psk);
    int ok =
        r != NULL && ibake_key_request_make(r, &req) == STATUS_OK &&
        ibake_kms_answer(&w->cfg_m, kms, wr_view(&req), &resp) == STATUS_OK &&
        ibake_key_request_take(r, wr_view(&resp), &num) == STATUS_OK &&
        num == 1;
    ibake_key_request_free(r);
    wr_cleanup(&req);
    wr_cleanup(&resp);
    return ok;
}

/* The ladder stands between mem_fail_at calls of its own: what the KMS is given
 * is made before. */
static void the_kms_survives_a_lack_of_memory(void)
{
    static const char *const ids[] = {ID_A, NULL};
    static const char *const dates[] = {DAY, NULL};
    struct octets master = known_octets("master");
    unsigned n;
    for (n = 1; n < 1000; n++) {
        struct world w;
        unsigned long before = mem_live();
        CU_ASSERT_FATAL(world_up(&w));
        w.cfg.secret = NULL;
        world_configs(&w);
        struct ibake_kms_user user = {ID_A, text_view("sixteen octets!!"), ids};
        struct ibake_kms kms = {
            .identity = ID_KMS,
            .params = ibake_keyring_params(w.ring_m, text_view(ID_KMS)),
            .master = octets_view(&master),
            .users = &user,
            .num_users = 1,
            .dates = dates};
        mem_fail_at(n);
        int ok = exchange_keys(&w, &kms);
        mem_fail_at(0);
        world_down(&w);
        CU_ASSERT_EQUAL(mem_live(), before);
        if (ok) {
            break;
        }
    }
    CU_ASSERT(n > 20 && n < 1000);
    octets_free(&master);
}

static int edited_exchange(struct world *w)
{
    static const char *const lines =
        "I_MESSAGE_1 repeat mikey.IDRi.data\n"
        "I_MESSAGE_1 truncate mikey.IDRi.data 21\n"
        "I_MESSAGE_1 append mikey.T payload:GENEXT:random:9\n"
        "I_MESSAGE_1 flip mikey.GENEXT 0\n"
        "I_MESSAGE_2 set mikey.ESK.SK.key copy:mikey.IBAKE.plain\n"
        "I_MESSAGE_2 append mikey.ESK.plain zeros:0\n"
        "I_MESSAGE_2 append mikey zeros:0";
    struct exchange x;
    int ok = edit_list_add_all(&w->edits_a, lines, NULL) == STATUS_OK;
    exchange_new(&x, w, ID_B, &w->cfg_m, ID_M);
    ok = ok && exchange_run(&x, ALL_STEPS) == ALL_STEPS;
    exchange_free(&x);
    return ok;
}

static void edits_survive_a_lack_of_memory(void)
{
    ladder(edited_exchange, 80);
}

static void deposits_survive_a_lack_of_memory(void)
{
    ladder(deposit_and_open, 60);
}

static void forks_survive_a_lack_of_memory(void)
{
    ladder(fork_and_finish, 60);
}

static const struct unit_case cases[] = {
    {"every_shorter_length_fails_cleanly", every_shorter_length_fails_cleanly},
    {"every_flipped_length_fails_cleanly", every_flipped_length_fails_cleanly},
    {"every_flipped_octet_is_survived", every_flipped_octet_is_survived},
    {"deposits_survive_a_lack_of_memory", deposits_survive_a_lack_of_memory},
    {"forks_survive_a_lack_of_memory", forks_survive_a_lack_of_memory},
    {"the_kms_survives_a_lack_of_memory", the_kms_survives_a_lack_of_memory},
    {"edits_survive_a_lack_of_memory", edits_survive_a_lack_of_memory},
    {NULL, NULL}};
const struct unit_suite ibake_robust_suite = {"ibake_robust", cases};
