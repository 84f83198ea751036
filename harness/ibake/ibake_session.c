/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What sessions of both roles have in common: life, secrets, refusals. */
#include "harness/ibake/ibake_int.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- refusals and deviations ---- */

static void note_why(struct ibake_session *s, const char *fmt, va_list ap)
{
    vsnprintf(s->why, sizeof s->why, fmt, ap);
}

enum status session_refuse(struct ibake_session *s, enum status st,
                           uint8_t alert, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    note_why(s, fmt, ap);
    va_end(ap);
    s->alert = alert;
    log_at(s->cfg.log, LOG_NOTE, "refused: %s", s->why);
    /* A completed exchange stays what it is, whatever else arrives. */
    if (s->state != IBAKE_ST_DONE) {
        session_wipe(s);
        s->state = IBAKE_ST_DEAD;
    }
    return st;
}

enum status session_fail(struct ibake_session *s, enum status st,
                         const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    note_why(s, fmt, ap);
    va_end(ap);
    log_at(s->cfg.log, LOG_WARN, "no message made: %s", s->why);
    return st;
}

void session_deviation(struct ibake_session *s, const char *fmt, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    s->reading.deviations++;
    log_at(s->cfg.log, LOG_NOTE, "deviation: %s", text);
}

int session_fails(const struct ibake_session *s, enum ibake_check check,
                  const char *what)
{
    if ((s->cfg.checks & check) != 0) {
        return 1;
    }
    log_at(s->cfg.log, LOG_NOTE, "ignored, the check is off: %s", what);
    return 0;
}

/* ---- secrets ---- */

void session_wipe(struct ibake_session *s)
{
    ecdh_key_wipe(&s->key);
    s->have_key = 0;
    mem_wipe(&s->shared, sizeof s->shared);
    s->have_shared = 0;
    mem_wipe(s->mpk, sizeof s->mpk);
    mem_wipe(s->tgk, sizeof s->tgk);
    s->have_keys = 0;
    octets_free(&s->sk);
    octets_free(&s->preset_scalar);
    octets_free(&s->preset_sk);
}

/* RFC 6539, 3.2: x, y and what leads to the session key go once the exchange is
 * complete. TGK and SK serve the media that follow. */
void session_done(struct ibake_session *s)
{
    s->state = IBAKE_ST_DONE;
    if (s->role == IBAKE_INITIATOR) {
        keys_tell(s);
    }
    ecdh_key_wipe(&s->key);
    s->have_key = 0;
    mem_wipe(&s->shared, sizeof s->shared);
    s->have_shared = 0;
    octets_free(&s->preset_scalar);
    octets_free(&s->preset_sk);
    if (s->cfg.checks & IBAKE_CHECK_SECOND_I2) {
        mem_wipe(s->mpk, sizeof s->mpk);
    }
}

void session_tell(const struct ibake_session *s, const char *label,
                  struct view lookup, struct view secret)
{
    if (s->cfg.secret != NULL) {
        s->cfg.secret(s->cfg.secret_ctx, label, lookup, secret);
    }
}

enum status session_draw_key(struct ibake_session *s, uint8_t curve)
{
    enum status st =
        s->preset_scalar.len != 0
            ? ecdh_from_scalar(&s->key, curve, octets_view(&s->preset_scalar))
            : ecdh_generate(&s->key, curve, s->cfg.env);
    if (st != STATUS_OK) {
        ecdh_key_wipe(&s->key);
        return st;
    }
    s->have_key = 1;
    s->pub = s->key.pub;
    session_tell(s, "ECDH_PRIVATE", (struct view){s->pub.octets, s->pub.len},
                 (struct view){s->key.scalar, s->key.scalar_len});
    return STATUS_OK;
}

/* ---- life ---- */

struct ibake_session *session_new(const struct ibake_config *cfg,
                                  enum ibake_role role)
{
    struct ibake_session *s = mem_alloc(sizeof *s);
    uint8_t ssrc[4];
    if (s == NULL) {
        return NULL;
    }
    s->cfg = *cfg;
    s->role = role;
    s->me_type = cfg->profile.id_type;
    s->reading = (struct ibake_reading){.v_cover = cfg->profile.v_cover,
                                        .rand_src = cfg->profile.rand_src,
                                        .ksession = cfg->profile.ksession,
                                        .mpk_bits = 8 * IBAKE_KEY_LEN};
    if (env_random(cfg->env, ssrc, sizeof ssrc) != STATUS_OK) {
        mem_free(s);
        return NULL;
    }
    s->ssrc[role] = (uint32_t)get_be((struct view){ssrc, sizeof ssrc});
    s->have_ssrc[role] = 1;
    return s;
}

struct ibake_session *ibake_initiator_new(const struct ibake_config *cfg,
                                          struct view own, struct view called)
{
    struct ibake_session *s = session_new(cfg, IBAKE_INITIATOR);
    if (s == NULL) {
        return NULL;
    }
    s->called_type = cfg->profile.id_type;
    if (octets_set(&s->me, own) != STATUS_OK ||
        octets_set(&s->called, called) != STATUS_OK) {
        ibake_session_free(s);
        return NULL;
    }
    return s;
}

static enum status copy_own(struct ibake_session *s, const struct view *own,
                            size_t num)
{
    if (num == 0) {
        return STATUS_OK;
    }
    s->own = mem_alloc(num * sizeof *s->own);
    if (s->own == NULL) {
        return STATUS_NO_MEMORY;
    }
    s->num_own = num;
    for (size_t i = 0; i < num; i++) {
        if (octets_set(&s->own[i], own[i]) != STATUS_OK) {
            return STATUS_NO_MEMORY;
        }
    }
    return octets_set(&s->me, own[0]);
}

struct ibake_session *ibake_responder_new(const struct ibake_config *cfg,
                                          const struct view *own,
                                          size_t num_own)
{
    struct ibake_session *s = session_new(cfg, IBAKE_RESPONDER);
    if (s != NULL && copy_own(s, own, num_own) != STATUS_OK) {
        ibake_session_free(s);
        return NULL;
    }
    return s;
}

void ibake_session_free(struct ibake_session *s)
{
    if (s == NULL) {
        return;
    }
    session_wipe(s);
    for (size_t i = 0; i < s->num_own; i++) {
        octets_free(&s->own[i]);
    }
    mem_free(s->own);
    struct octets *all[] = {&s->me,         &s->called,     &s->peer,
                            &s->map,        &s->rand1,      &s->rand2,
                            &s->i2,         &s->peer_point, &s->preset_rand,
                            &s->preset_csb, &s->preset_t1};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        octets_free(all[i]);
    }
    mem_wipe(s, sizeof *s);
    mem_free(s);
}

struct ibake_session *ibake_session_fork(const struct ibake_session *s)
{
    if (s->role != IBAKE_INITIATOR || s->state != IBAKE_ST_I1) {
        return NULL;
    }
    struct ibake_session *f = mem_alloc(sizeof *f);
    if (f == NULL) {
        return NULL;
    }
    *f = *s;
    struct {
        struct octets *to;
        const struct octets *from;
    } all[] = {{&f->me, &s->me},
               {&f->called, &s->called},
               {&f->peer, &s->peer},
               {&f->map, &s->map},
               {&f->rand1, &s->rand1},
               {&f->rand2, &s->rand2},
               {&f->i2, &s->i2},
               {&f->peer_point, &s->peer_point},
               {&f->sk, &s->sk},
               {&f->preset_scalar, &s->preset_scalar},
               {&f->preset_rand, &s->preset_rand},
               {&f->preset_csb, &s->preset_csb},
               {&f->preset_t1, &s->preset_t1},
               {&f->preset_sk, &s->preset_sk}};
    size_t num = sizeof all / sizeof *all;
    for (size_t i = 0; i < num; i++) {
        *all[i].to = (struct octets){0};
    }
    enum status st = STATUS_OK;
    for (size_t i = 0; i < num && st == STATUS_OK; i++) {
        st = octets_set(all[i].to, octets_view(all[i].from));
    }
    f->hdr.map_info = octets_view(&f->map);
    if (st != STATUS_OK) {
        ibake_session_free(f);
        return NULL;
    }
    return f;
}

enum status ibake_session_preset(struct ibake_session *s,
                                 const struct ibake_preset *p)
{
    if ((p->csb_id.len != 0 && p->csb_id.len != 4) ||
        (p->t1.len != 0 && p->t1.len != 8) || p->rnd.len > 255 ||
        p->scalar.len > ECDH_MAX_SCALAR || p->sk.len > UINT16_MAX) {
        return STATUS_BAD_LENGTH;
    }
    enum status st = octets_set(&s->preset_scalar, p->scalar);
    if (st == STATUS_OK) {
        st = octets_set(&s->preset_rand, p->rnd);
    }
    if (st == STATUS_OK) {
        st = octets_set(&s->preset_csb, p->csb_id);
    }
    if (st == STATUS_OK) {
        st = octets_set(&s->preset_t1, p->t1);
    }
    if (st == STATUS_OK) {
        st = octets_set(&s->preset_sk, p->sk);
    }
    return st;
}

/* ---- what can be asked ---- */

uint8_t ibake_alert(const struct ibake_session *s)
{
    return s->alert;
}

const char *ibake_session_why(const struct ibake_session *s)
{
    return s->why;
}

unsigned ibake_session_edits_missed(const struct ibake_session *s)
{
    return s->edits_missed;
}

enum ibake_form ibake_session_form(const struct ibake_session *s)
{
    return s->form;
}

uint32_t ibake_session_csb_id(const struct ibake_session *s)
{
    return s->hdr.csb_id;
}

struct view ibake_session_peer(const struct ibake_session *s)
{
    if (s->role == IBAKE_RESPONDER && !s->peer_proved) {
        return (struct view){0};
    }
    return octets_view(&s->peer);
}

struct view ibake_session_i2(const struct ibake_session *s)
{
    return octets_view(&s->i2);
}

int ibake_session_has_esk(const struct ibake_session *s)
{
    return s->i2_has_esk;
}

struct view ibake_session_called(const struct ibake_session *s)
{
    return octets_view(&s->called);
}

const struct ibake_reading *ibake_session_reading(const struct ibake_session *s)
{
    return &s->reading;
}

void ibake_session_set_ssrc(struct ibake_session *s, uint32_t ssrc)
{
    s->ssrc[s->role] = ssrc;
}

uint32_t ibake_session_ssrc(const struct ibake_session *s, enum ibake_role of)
{
    return s->ssrc[of];
}

enum status ibake_hop_key(struct ibake_session *s, uint8_t cs_id,
                          struct ibake_srtp_key *out)
{
    uint8_t buf[2 * 255];
    if (!s->have_keys || s->state < IBAKE_ST_I2 || s->state == IBAKE_ST_DEAD) {
        return STATUS_NO_KEY;
    }
    return srtp_from_tgk(out, s->hdr.prf, (struct view){s->tgk, sizeof s->tgk},
                         s->hdr.csb_id, cs_id,
                         keys_rand(s, s->reading.rand_src, buf));
}

enum status ibake_e2e_key(struct ibake_session *s, uint8_t cs_id,
                          struct ibake_srtp_key *out)
{
    if (s->role != IBAKE_INITIATOR || s->sk.len == 0) {
        return STATUS_NO_KEY;
    }
    return content_key(out, octets_view(&s->sk), s->hdr.prf, s->hdr.csb_id,
                       cs_id, octets_view(&s->rand2));
}
