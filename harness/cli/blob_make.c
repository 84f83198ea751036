/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Makes one MIKEY message: plays both sides of the exchange up to it, or takes
 * up an exchange from messages given. */
#include "harness/cli/blob.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

/* I_MESSAGE_2 is made this much after I_MESSAGE_1. */
#define ROUND_US 1000000u

enum side { SIDE_A, SIDE_R };

struct bench {
    const struct blob_request *rq;
    struct blob_keys *keys;
    struct env env[2];
    struct ibake_keyring *ring[2];
    struct ibake_config cfg[2];
    struct ibake_session *s[2];
    struct wr msgs[4]; /* I1, R1, I2, R2 */
    char *why;
};

static struct view str_view(const char *s)
{
    return (struct view){(const uint8_t *)s, strlen(s)};
}

static struct view wr_view(const struct wr *w)
{
    return (struct view){w->data, w->len};
}

/* ---- setting up ---- */

static uint64_t side_seed(const struct blob_request *rq, enum side side)
{
    uint64_t seed = rq->seed * 2 + (side == SIDE_R);
    struct env system;
    if (!rq->seeded) {
        env_init_system(&system);
        if (env_random(&system, (uint8_t *)&seed, sizeof seed) != STATUS_OK) {
            seed = 0;
        }
    }
    return seed;
}

/* Secrets come from the system's generator unless a seed was given; the clock
 * stands where it is put. */
static uint64_t standing_clock(struct env *env)
{
    return env->virtual_us;
}

static void side_env(struct bench *b, enum side side)
{
    const struct blob_request *rq = b->rq;
    struct env *env = &b->env[side];
    if (rq->seeded) {
        env_init_virtual(env, rq->time_us, side_seed(rq, side));
    } else {
        env_init_system(env);
        env->virtual_us = rq->time_us;
        env->now_us = standing_clock;
    }
}

static int side_up(struct bench *b, enum side side, const char *own)
{
    const struct blob_request *rq = b->rq;
    const uint64_t times[] = {rq->time_us, rq->time_us + ROUND_US};
    side_env(b, side);
    b->ring[side] = blob_ring(b->keys, own, times, 2, b->why);
    b->cfg[side] = (struct ibake_config){
        .profile = rq->profile,
        .keyring = b->ring[side],
        .env = &b->env[side],
        .secret = blob_secret,
        .secret_ctx = b->keys,
        /* A message is made whatever came before it. */
        .checks = rq->edits.num > 0 ? 0 : IBAKE_CHECK_ALL & ~IBAKE_CHECK_SKEW,
        .edits = &rq->edits,
        .tell_session_keys = 1,
    };
    b->cfg[side].profile.check_skew = 0;
    return b->ring[side] != NULL;
}

static void down(struct bench *b)
{
    for (size_t i = 0; i < 2; i++) {
        ibake_session_free(b->s[i]);
        ibake_keyring_free(b->ring[i]);
        mem_wipe(&b->env[i], sizeof b->env[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        wr_cleanup(&b->msgs[i]);
    }
}

/* ---- one step ---- */

static const char *const names[] = {"I_MESSAGE_1", "R_MESSAGE_1", "I_MESSAGE_2",
                                    "R_MESSAGE_2"};

static enum status explain(struct bench *b, const char *what, unsigned step,
                           enum side side, enum status s)
{
    const char *why = ibake_session_why(b->s[side]);
    if (s != STATUS_OK) {
        snprintf(b->why, 256, "cannot %s %s: %.180s", what, names[step],
                 why[0] != '\0' ? why : status_name(s));
    }
    return s;
}

static enum status make(struct bench *b, unsigned step)
{
    struct wr *w = &b->msgs[step];
    enum side side = step % 2 == 0 ? SIDE_A : SIDE_R;
    struct ibake_session *s = b->s[side];
    const char *esk = b->rq->esk_for != NULL ? b->rq->esk_for : b->rq->called;
    int normal = ibake_session_form(s) == IBAKE_FORM_NORMAL;
    enum status st = STATUS_INTERNAL;
    wr_init(w);
    switch (step) {
    case 0:
        st = ibake_make_i1(s, w);
        break;
    case 1:
        st = ibake_make_r1(s, w);
        break;
    case 2:
        b->env[SIDE_A].virtual_us = b->rq->time_us + ROUND_US;
        b->env[SIDE_R].virtual_us = b->rq->time_us + ROUND_US;
        st = ibake_make_i2(
            s, normal && !b->rq->with_esk ? (struct view){0} : str_view(esk),
            b->rq->with_esk, w);
        break;
    case 3:
        st = ibake_make_r2(s, w);
        break;
    default:
        break;
    }
    return explain(b, "make", step, side, st);
}

static enum status take(struct bench *b, unsigned step, struct view msg)
{
    enum side side = step % 2 == 0 ? SIDE_R : SIDE_A;
    struct ibake_session *s = b->s[side];
    enum status st = step == 0   ? ibake_take_i1(s, msg)
                     : step == 1 ? ibake_take_r1(s, msg)
                                 : ibake_take_i2(s, msg);
    return explain(b, "go on after", step, side, st);
}

/* ---- taking up an exchange from its messages ---- */

/* The scalar of the side that goes on: given, or in the key log beside its
 * point. */
static struct view scalar_of(struct bench *b, struct view holder,
                             const char *identity, uint8_t role)
{
    struct view out = b->rq->scalar;
    if (out.len == 0 && holder.len > 0) {
        blob_scalar(b->keys, holder, identity, role, &out);
    }
    return out;
}

/* The initiator of a given I_MESSAGE_1 with its x: the same octets of RAND, CSB
 * ID and T. */
static enum status resume_initiator(struct bench *b)
{
    struct mikey_msg *msg = mem_alloc(sizeof *msg);
    struct ibake_preset p = {0};
    enum status s =
        msg == NULL ? STATUS_NO_MEMORY
                    : mikey_decode(msg, b->rq->i1.data, b->rq->i1.len, NULL);
    const struct mikey_payload *t = NULL;
    const struct mikey_payload *rnd = NULL;
    if (s == STATUS_OK) {
        t = mikey_find(msg, MIKEY_PL_T);
        rnd = mikey_find(msg, MIKEY_PL_RAND);
    }
    p.scalar = scalar_of(b, b->rq->i1, b->rq->called, MIKEY_ROLE_INITIATOR);
    if (t == NULL || rnd == NULL || t->u.t.value.len != 8) {
        snprintf(b->why, 256,
                 "the I_MESSAGE_1 given has no T of 8 octets or no "
                 "RAND");
        s = s == STATUS_OK ? STATUS_SYNTAX : s;
    } else if (p.scalar.len == 0) {
        snprintf(b->why, 256,
                 "x is not known: give --scalar, or --keys with its "
                 "ECDH_PRIVATE and the master secret");
        s = STATUS_NO_KEY;
    } else {
        p.rnd = rnd->u.rnd.rand;
        p.t1 = t->u.t.value;
        p.csb_id = (struct view){b->rq->i1.data + 4, 4};
        s = ibake_session_preset(b->s[SIDE_A], &p);
        s = s == STATUS_OK ? make(b, 0) : s;
    }
    mem_free(msg);
    return s;
}

static enum status resume_responder(struct bench *b)
{
    struct ibake_preset p = {0};
    if (b->rq->in.len > 0 && b->rq->message == BLOB_R2) {
        p.scalar = scalar_of(b, b->rq->in, b->rq->to, MIKEY_ROLE_RESPONDER);
        if (p.scalar.len == 0) {
            snprintf(b->why, 256,
                     "y is not known: give --scalar, or --keys with "
                     "its ECDH_PRIVATE and the master secret");
            return STATUS_NO_KEY;
        }
    } else {
        p.scalar = b->rq->message == BLOB_R1 ? b->rq->scalar : (struct view){0};
    }
    return p.scalar.len > 0 ? ibake_session_preset(b->s[SIDE_R], &p)
                            : STATUS_OK;
}

/* ---- the exchange ---- */

/* Makes all messages up to the one wanted; those that are given are taken
 * instead. */
static enum status walk(struct bench *b)
{
    const struct blob_request *rq = b->rq;
    unsigned last = (unsigned)rq->message;
    unsigned given = rq->in.len > 0 ? last - 1 : 99; /* step of rq->in */
    struct view i1 = given == 0 ? rq->in : rq->i1;
    enum status s = STATUS_OK;
    if (rq->message == BLOB_I2 && i1.len > 0) {
        s = resume_initiator(b);
    } else if (i1.len == 0) {
        if (rq->message == BLOB_I1 && rq->scalar.len > 0) {
            struct ibake_preset p = {.scalar = rq->scalar};
            s = ibake_session_preset(b->s[SIDE_A], &p);
        }
        s = s == STATUS_OK ? make(b, 0) : s;
    }
    for (unsigned step = 1; s == STATUS_OK && step <= last; step++) {
        struct view before = step - 1 == given ? rq->in
                             : step == 1 && i1.len > 0
                                 ? i1
                                 : wr_view(&b->msgs[step - 1]);
        int taken_by_r = step % 2 == 1;
        /* Nobody needs a responder where its R_MESSAGE_1 was given. */
        if (taken_by_r && given == 1 && last == 2) {
            continue;
        }
        if (step == 1) {
            s = resume_responder(b);
        }
        /* The initiator of messages given is not here. */
        if (!taken_by_r && given == 2 && last == 3) {
            continue;
        }
        s = s == STATUS_OK ? take(b, step - 1, before) : s;
        s = s == STATUS_OK ? make(b, step) : s;
    }
    return s;
}

static enum status exchange(struct bench *b, struct wr *out)
{
    const struct blob_request *rq = b->rq;
    struct view to = str_view(rq->to);
    if (!side_up(b, SIDE_A, rq->from) || !side_up(b, SIDE_R, rq->to)) {
        return STATUS_BAD_VALUE;
    }
    b->s[SIDE_A] = ibake_initiator_new(&b->cfg[SIDE_A], str_view(rq->from),
                                       str_view(rq->called));
    b->s[SIDE_R] = ibake_responder_new(&b->cfg[SIDE_R], &to, 1);
    if (b->s[SIDE_A] == NULL || b->s[SIDE_R] == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status s = walk(b);
    enum side maker =
        rq->message == BLOB_I1 || rq->message == BLOB_I2 ? SIDE_A : SIDE_R;
    if (s == STATUS_OK && ibake_session_edits_missed(b->s[maker]) > 0) {
        snprintf(b->why, 256, "an edit found nothing to change");
        s = STATUS_NOT_FOUND;
    }
    const struct wr *msg = &b->msgs[rq->message];
    wr_bytes(out, msg->data, msg->len);
    return s != STATUS_OK ? s : out->err;
}

/* ---- Error messages, the KMS exchange ---- */

static enum status error_message(struct bench *b, struct wr *out)
{
    const struct blob_request *rq = b->rq;
    struct view i1 = rq->in.len > 0 ? rq->in : rq->i1;
    struct view to = str_view(rq->to);
    enum status s = STATUS_NO_MEMORY;
    if (!side_up(b, SIDE_A, rq->from) || !side_up(b, SIDE_R, rq->to)) {
        return STATUS_BAD_VALUE;
    }
    b->s[SIDE_A] = ibake_initiator_new(&b->cfg[SIDE_A], str_view(rq->from),
                                       str_view(rq->called));
    b->s[SIDE_R] = ibake_responder_new(&b->cfg[SIDE_R], &to, 1);
    if (b->s[SIDE_A] != NULL && b->s[SIDE_R] != NULL) {
        s = i1.len > 0 ? STATUS_OK : make(b, 0);
    }
    if (s == STATUS_OK) {
        s = take(b, 0, i1.len > 0 ? i1 : wr_view(&b->msgs[0]));
    }
    return s == STATUS_OK ? ibake_make_error(b->s[SIDE_R], rq->error_no, out)
                          : s;
}

static enum status key_response(struct bench *b, struct view request,
                                struct wr *out)
{
    const struct blob_request *rq = b->rq;
    const struct bf_params *bp =
        ibake_keyring_params(b->ring[SIDE_R], str_view(rq->from));
    char date[9];
    const char *dates[] = {date, NULL};
    const char *ids[] = {rq->from, NULL};
    const struct ibake_kms_user user = {rq->from, rq->psk, ids};
    utc_date(date, rq->time_us);
    if (bp == NULL || b->keys->master.len == 0) {
        snprintf(b->why, 256,
                 "the KMS needs parameters with their master "
                 "secret: --ibe FILE");
        return STATUS_NO_KEY;
    }
    const struct ibake_kms kms = {
        .identity = rq->kms,
        .params = bp,
        .master = {b->keys->master.data, b->keys->master.len},
        .users = &user,
        .num_users = 1,
        .dates = dates,
    };
    enum status s = ibake_kms_answer(&b->cfg[SIDE_R], &kms, request, out);
    if (s != STATUS_OK) {
        snprintf(b->why, 256, "the KMS refuses the request: %s",
                 status_name(s));
    }
    return s;
}

static enum status kms_exchange(struct bench *b, struct wr *out)
{
    const struct blob_request *rq = b->rq;
    struct view id = str_view(rq->from);
    struct wr *request = &b->msgs[0];
    wr_init(request);
    if (!side_up(b, SIDE_A, NULL) || !side_up(b, SIDE_R, NULL)) {
        return STATUS_BAD_VALUE;
    }
    struct ibake_key_request *r = ibake_key_request_new(
        &b->cfg[SIDE_A], &id, 1, str_view(rq->kms), id, rq->psk);
    enum status s =
        r != NULL ? ibake_key_request_make(
                        r, rq->message == BLOB_KEY_REQUEST ? out : request)
                  : STATUS_NO_MEMORY;
    if (s == STATUS_OK && rq->message == BLOB_KEY_RESPONSE) {
        s = key_response(b, rq->in.len > 0 ? rq->in : wr_view(request), out);
    }
    ibake_key_request_free(r);
    return s;
}

enum status blob_make(const struct blob_request *rq, struct blob_keys *keys,
                      struct wr *out, char why[256])
{
    struct bench b = {.rq = rq, .keys = keys, .why = why};
    enum status s;
    why[0] = '\0';
    switch (rq->message) {
    case BLOB_KEY_REQUEST:
    case BLOB_KEY_RESPONSE:
        s = kms_exchange(&b, out);
        break;
    case BLOB_ERROR:
        s = error_message(&b, out);
        break;
    default:
        s = exchange(&b, out);
        break;
    }
    down(&b);
    if (s != STATUS_OK && why[0] == '\0') {
        snprintf(why, 256, "%s", status_name(s));
    }
    return s;
}
