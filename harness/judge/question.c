/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The questions that laws ask of a recording. */
#include "harness/judge/judge_int.h"

#include "harness/crypto/ecdh.h"

#include <string.h>

/* ---- calls
 * ------------------------------------------------------------------------ */

void sip_calls(struct judge *j)
{
    for (size_t i = 0; i < j->num_sip && j->err == STATUS_OK; i++) {
        const struct jsip *s = &j->sip[i];
        if (!s->ok) {
            continue;
        }
        struct jcall *c = jmap_get(j->sip_map, view_of(s->call_id));
        if (c == NULL) {
            c = j_alloc(j, sizeof *c);
            if (c == NULL) {
                return;
            }
            jmap_put(j, &j->sip_map, view_of(s->call_id), c);
        }
        const struct jsip **v = j_room(j, c->sip, c->num);
        if (v != NULL) {
            c->sip = v;
            v[c->num++] = s;
        }
    }
}

const struct jcall *sip_call(const struct judge *j, const char *call_id)
{
    static const struct jcall none;
    const struct jcall *c = jmap_get(j->sip_map, view_of(call_id));
    return c != NULL ? c : &none;
}

static int answers(const struct jsip *s, const struct jsip *request)
{
    return !s->request && s->cseq == request->cseq &&
           s->time_us >= request->time_us &&
           strcmp(s->method, request->method) == 0 &&
           strcmp(s->from_tag, request->from_tag) == 0 &&
           (request->to_tag[0] == '\0' ||
            strcmp(s->to_tag, request->to_tag) == 0);
}

const struct jsip *sip_final(const struct judge *j, const struct jsip *request,
                             int party)
{
    const struct jcall *c = sip_call(j, request->call_id);
    for (size_t i = 0; i < c->num; i++) {
        const struct jsip *s = c->sip[i];
        if (s->status >= 200 && answers(s, request) && s->src == party) {
            return s;
        }
    }
    return NULL;
}

const struct jmsg *sip_answer(const struct judge *j, const struct jsip *request,
                              uint8_t type)
{
    struct jx *x = jmap_get(j->call_map, view_of(request->call_id));
    for (size_t i = 0; x != NULL && i < x->num_msgs; i++) {
        const struct jmsg *m = x->msgs[i];
        const struct jsip *s = jmsg_first(m)->sip;
        if (m->type == type && s != NULL && answers(s, request)) {
            return m;
        }
    }
    return NULL;
}

const struct jsip *sip_request(const struct judge *j, const char *call_id,
                               const char *method, int party, uint64_t after_us)
{
    const struct jcall *c = sip_call(j, call_id);
    for (size_t i = 0; i < c->num; i++) {
        const struct jsip *s = c->sip[i];
        if (s->request && s->src == party && !s->echo &&
            s->time_us >= after_us && strcmp(s->method, method) == 0) {
            return s;
        }
    }
    return NULL;
}

const struct jsip *sip_life(const struct judge *j, int party, uint64_t after_us)
{
    for (size_t i = 0; i < j->num_sip; i++) {
        const struct jsip *s = &j->sip[i];
        if (s->ok && s->src == party && !s->echo && s->time_us > after_us &&
            s->status != 100) {
            return s;
        }
    }
    return NULL;
}

/* ---- time
 * ----------------------------------------------------------------------------
 */

static const struct jx *place_find(const struct judge *j, const char *place)
{
    for (size_t i = 0; place != NULL && i < j->num_xs; i++) {
        if (strcmp(j->xs[i]->place, place) == 0) {
            return j->xs[i];
        }
    }
    return NULL;
}

/* Until when the recording is known to have listened: its last packet, what the
 * capture line says, or, without that, what a quiet line vouches for. */
static uint64_t listened_until(const struct judge *j)
{
    uint64_t end = j->trace->info.last_us;
    for (size_t i = 0; i < j->num_evs; i++) {
        json_int_t until =
            json_integer_value(json_object_get(j->evs[i]->obj, "until_us"));
        if (strcmp(j->evs[i]->kind, "capture") == 0 && until > 0) {
            return (uint64_t)until > end ? (uint64_t)until : end;
        }
    }
    for (size_t i = 0; i < j->num_evs; i++) {
        const json_t *o = j->evs[i]->obj;
        json_int_t ms = json_integer_value(json_object_get(o, "ms"));
        if (strcmp(j->evs[i]->kind, "quiet") != 0 || ms <= 0 ||
            ms > 1000000000) {
            continue;
        }
        const struct jx *x =
            place_find(j, json_string_value(json_object_get(o, "after")));
        uint64_t from = x != NULL ? x->end_us : j->trace->info.last_us;
        if (from + (uint64_t)ms * 1000u > end) {
            end = from + (uint64_t)ms * 1000u;
        }
    }
    return end;
}

int watched(struct judge *j, uint64_t from_us, uint64_t to_us, const char **why)
{
    const char *reason = NULL;
    (void)from_us;
    if (j->lossy) {
        reason = j->lossy_why;
    } else if (listened_until(j) < to_us) {
        reason = "the recording ends before the observation time is over";
    }
    if (why != NULL) {
        *why = reason != NULL ? reason : "";
    }
    return reason == NULL;
}

uint64_t quiet_us(const struct judge *j)
{
    return plan_time_us(j, "PX_T_QUIET", 300000u, 1000u);
}

/* ---- points
 * ----------------------------------------------------------------------------
 */

/* One point may stand compressed in one place and whole in another. */
int same_point(const struct mikey_payload *a, const struct mikey_payload *b)
{
    struct ecdh_point p, q;
    if (a == NULL || b == NULL || a->u.eccpt.curve != b->u.eccpt.curve) {
        return 0;
    }
    if (view_equal(a->u.eccpt.point, b->u.eccpt.point)) {
        return 1;
    }
    if (a->u.eccpt.point.len == b->u.eccpt.point.len ||
        !ecdh_supported(a->u.eccpt.curve)) {
        return 0;
    }
    return ecdh_point_check(&p, a->u.eccpt.curve, a->u.eccpt.point) ==
               STATUS_OK &&
           ecdh_point_check(&q, b->u.eccpt.curve, b->u.eccpt.point) ==
               STATUS_OK &&
           p.len == q.len && memcmp(p.octets, q.octets, p.len) == 0;
}

int point_valid(const struct mikey_payload *eccpt)
{
    if (!ecdh_supported(eccpt->u.eccpt.curve)) {
        return -1;
    }
    return ecdh_point_check(NULL, eccpt->u.eccpt.curve, eccpt->u.eccpt.point) ==
           STATUS_OK;
}

/* ---- legs
 * ------------------------------------------------------------------------------
 */

/* Defects that nobody holds against a message: what a later check may find. */
static int good(const struct jmsg *m)
{
    return m->defects == 0 && m->unknown == 0;
}

const struct jmsg *leg_good_i2(const struct jleg *leg)
{
    for (size_t i = 0; leg != NULL && i < leg->num_i2; i++) {
        if (good(leg->i2[i])) {
            return leg->i2[i];
        }
    }
    return NULL;
}

const struct jmsg *leg_good_r2(const struct jleg *leg)
{
    for (size_t i = 0; leg != NULL && i < leg->num_r2; i++) {
        if (good(leg->r2[i])) {
            return leg->r2[i];
        }
    }
    return NULL;
}

const struct jmsg *answer_r2(const struct jmsg *i2)
{
    const struct jsip *s = jmsg_first(i2)->sip;
    for (size_t i = 0; i2->leg != NULL && s != NULL && i < i2->leg->num_r2;
         i++) {
        const struct jsip *a = jmsg_first(i2->leg->r2[i])->sip;
        if (a != NULL && a->cseq == s->cseq &&
            strcmp(a->method, s->method) == 0) {
            return i2->leg->r2[i];
        }
    }
    return NULL;
}

const struct jmsg *accepted_i2(const struct jx *x)
{
    for (size_t k = 0; k < x->num_legs; k++) {
        for (size_t i = 0; i < x->legs[k]->num_i2; i++) {
            if (answer_r2(x->legs[k]->i2[i]) != NULL) {
                return x->legs[k]->i2[i];
            }
        }
    }
    return NULL;
}
