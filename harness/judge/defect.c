/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What is wrong with each message, as its receiver sees it: the conditions of
 * the laws that ask for a refusal. */
#include "harness/judge/judge_int.h"

#include "harness/base/env.h"

#include <string.h>

const char *jdefect_text(struct judge *j, uint32_t defects)
{
    static const char *const words[] = {
        "does not decode",
        "is no base64",
        "has another data type than the one whose turn it is",
        "has other HDR fields",
        "has a T that is not the one it has to be",
        "has a T older than that of I_MESSAGE_1",
        "has a T outside the allowed skew",
        "comes without an I_MESSAGE_1 and R_MESSAGE_1 before it",
        "comes after its like was accepted",
        "repeats an earlier exchange",
        "has another IDRi",
        "has another IDRr",
        "is not encrypted for its receiver",
        "has an inner IDRi that is not the outer one",
        "has an inner IDRr that is not the outer one",
        "lacks ECCPTi",
        "has an ECCPTi that is not xP of I_MESSAGE_1",
        "has a point that is not on its curve",
        "names an unknown curve",
        "has an ECCPTr that is not the yP that was sent",
        "lacks ESK",
        "has a V that does not verify",
        "lacks IBAKE",
        "has the deferred form where the called party itself answers",
        "lacks ECCPTr",
    };
    const char *out = "";
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((defects >> i & 1) != 0) {
            out = out[0] == '\0' ? words[i]
                                 : j_printf(j, "%s, %s", out, words[i]);
        }
    }
    return out;
}

/* ---- points
 * ---------------------------------------------------------------------- */

static uint32_t point_defect(const struct mikey_payload *eccpt)
{
    if (eccpt == NULL) {
        return 0;
    }
    if (mikey_curve_octets(eccpt->u.eccpt.curve) == 0) {
        return JD_CURVE;
    }
    return point_valid(eccpt) == 0 ? JD_POINT : 0;
}

/* A chain that did not decode: which of the defects is it? */
static uint32_t garbled_defect(const struct mikey_error *e)
{
    if (e->field != NULL && e->payload == MIKEY_PL_ECCPT) {
        if (strcmp(e->field, "ECC Curve") == 0) {
            return JD_CURVE;
        }
        if (strcmp(e->field, "ECC Point") == 0 &&
            e->status == STATUS_BAD_VALUE) {
            return JD_POINT;
        }
    }
    return JD_MALFORMED;
}

#define INNER                                                                  \
    (JD_KEY | JD_INNER_IDI | JD_INNER_IDR | JD_NO_XP | JD_XP | JD_POINT |      \
     JD_CURVE | JD_YP | JD_NO_YP)

/* What the ciphertext itself tells; 1 if its content is known. */
static int opened(struct jmsg *m, const struct jopen *o)
{
    switch (o->state) {
    case JOPEN_OK:
        return 1;
    case JOPEN_FOREIGN:
        m->defects |= JD_KEY;
        return 1;
    case JOPEN_REFUSED:
        m->defects |= JD_KEY;
        return 0;
    case JOPEN_GARBLED:
        m->defects |= garbled_defect(&o->err);
        return 0;
    case JOPEN_NO_KEY:
        m->unknown |= INNER;
        m->lack = o->lack;
        return 0;
    case JOPEN_ABSENT:
        m->defects |= JD_NO_IBAKE;
        return 0;
    }
    return 0;
}

static void inner_ids(struct jmsg *m, const struct jopen *o,
                      const struct jform *f, int idi_may_lack)
{
    struct view outer_i = idr_of(f, MIKEY_ROLE_INITIATOR);
    struct view outer_r = idr_of(f, MIKEY_ROLE_RESPONDER);
    if (o->idi == NULL
            ? !idi_may_lack
            : outer_i.len > 0 && !view_equal(o->idi->u.idr.data, outer_i)) {
        m->defects |= JD_INNER_IDI;
    }
    if (f->type != MIKEY_DT_R_MESSAGE_2 &&
        (o->idr == NULL || !view_equal(o->idr->u.idr.data, outer_r))) {
        m->defects |= JD_INNER_IDR;
    }
}

/* ---- the clear part
 * ------------------------------------------------------------------ */

/* 1 if there is a message to look at further. */
static int readable(struct jmsg *m)
{
    const struct jform *f = m->rcvd;
    if (f->text_status != STATUS_OK) {
        m->defects |= JD_BASE64;
        return 0;
    }
    if (f->msg == NULL || (f->err != NULL && f->err->status != STATUS_OK)) {
        m->defects |= JD_MALFORMED;
        return 0;
    }
    struct mikey_error err;
    enum status st = mikey_i_r_rules(f->msg, &err);
    if (st != STATUS_OK && st != STATUS_UNEXPECTED) {
        m->defects |= JD_MALFORMED;
        return 0;
    }
    return 1;
}

static void same_hdr(struct jmsg *m, const struct jform *of)
{
    if (of == NULL || of->msg == NULL || m->rcvd->msg == NULL) {
        return;
    }
    const struct mikey_hdr *a = &m->rcvd->msg->hdr;
    const struct mikey_hdr *b = &of->msg->hdr;
    if (a->version != b->version || a->prf != b->prf ||
        a->csb_id != b->csb_id || a->num_cs != b->num_cs ||
        a->map_type != b->map_type) {
        m->defects |= JD_HDR;
    }
}

static void same_id(struct jmsg *m, uint8_t role, const struct jform *of,
                    uint32_t defect, int may_lack)
{
    struct view a = idr_of(m->rcvd, role);
    struct view b = idr_of(of, role);
    if (of != NULL && !view_equal(a, b) && !(may_lack && a.len == 0)) {
        m->defects |= defect;
    }
}

static void echoed_t(struct jmsg *m, const struct jform *of)
{
    if (of != NULL && of->has_t &&
        (!m->rcvd->has_t || m->rcvd->t != of->t ||
         m->rcvd->t_type != of->t_type)) {
        m->defects |= JD_T;
    }
}

static void skew(const struct judge *j, struct jmsg *m)
{
    const struct jform *f = m->rcvd;
    uint64_t allowed = plan_time_us(j, "PX_SKEW", 300000000u, 1000000u);
    if (!f->has_t || f->t_type == MIKEY_TS_COUNTER) {
        return;
    }
    uint64_t t = us_from_ntp(f->t);
    uint64_t at = jmsg_time(m);
    if ((t > at ? t - at : at - t) > allowed) {
        m->defects |= JD_SKEW;
    }
}

/* ---- replays: the ciphertext of an earlier exchange
 * -------------------------------------- */

static struct view ibake_of(const struct jform *f)
{
    const struct mikey_payload *p =
        f->msg != NULL ? mikey_find(f->msg, MIKEY_PL_IBAKE) : NULL;
    return p != NULL ? p->u.enc.data : f->octets;
}

static void find_replay(struct judge *j, struct jmap **seen, struct jmsg *m)
{
    struct view c = ibake_of(m->rcvd);
    if (c.len < 16 || m->x == NULL) {
        return;
    }
    const struct jmsg *first = jmap_get(*seen, c);
    if (first == NULL) {
        jmap_put(j, seen, c, m);
    } else if (first->x != m->x) {
        m->defects |= JD_REPLAY;
        m->earlier = first;
    }
}

/* ---- each message
 * ------------------------------------------------------------------------ */

static void defects_i1(const struct judge *j, struct jmsg *m)
{
    if (m->type != MIKEY_DT_I_MESSAGE_1) {
        m->defects |= JD_TYPE;
    }
    if (!readable(m)) {
        return;
    }
    skew(j, m);
    const struct jopen *o = &m->rcvd->ibake;
    if (opened(m, o)) {
        inner_ids(m, o, m->rcvd, 0);
        m->defects |= point_defect(o->xp);
        m->defects |= o->xp == NULL ? JD_NO_XP : 0;
    }
}

static void same_point_as(struct jmsg *m, const struct mikey_payload *p,
                          const struct jform *of, int yp, uint32_t defect)
{
    if (p == NULL || of == NULL) {
        return;
    }
    if (!jopen_has(&of->ibake)) {
        m->unknown |= defect;
        if (m->lack[0] == '\0') {
            m->lack = of->ibake.lack;
        }
        return;
    }
    const struct mikey_payload *want = yp ? of->ibake.yp : of->ibake.xp;
    if (want != NULL && !same_point(p, want)) {
        m->defects |= defect;
    }
}

static void defects_r1(const struct judge *j, struct jmsg *m)
{
    const struct jx *x = m->x;
    const struct jform *i1 = x->i1 != NULL ? x->i1->sent : NULL;
    (void)j;
    if (m->type != MIKEY_DT_R_MESSAGE_1) {
        m->defects |= JD_TYPE;
    }
    if (x->i1 == NULL) {
        m->defects |= JD_NO_START;
    }
    if (m->leg != NULL && m->leg->r1 != NULL && m->leg->r1 != m &&
        jmsg_frame(m->leg->r1) < jmsg_frame(m)) {
        m->defects |= JD_SECOND;
    }
    if (!readable(m)) {
        return;
    }
    same_hdr(m, i1);
    echoed_t(m, i1);
    same_id(m, MIKEY_ROLE_INITIATOR, i1, JD_IDI, 0);
    if (m->type != MIKEY_DT_R_MESSAGE_1) {
        return;
    }
    const struct jopen *o = &m->rcvd->ibake;
    if (!opened(m, o)) {
        return;
    }
    inner_ids(m, o, m->rcvd, 1); /* OI-01 */
    m->defects |= point_defect(o->xp) | point_defect(o->yp);
    m->defects |= o->yp == NULL ? JD_NO_YP : 0;
    same_point_as(m, o->xp, i1, 0, JD_XP);
    if (o->xp == NULL && x->kind == JX_RETRIEVAL) {
        m->defects |= JD_DEFERRED;
    }
}

/* An I_MESSAGE_2 of the leg that was answered before this one came. */
static int answered_before(const struct jmsg *m)
{
    const struct jleg *l = m->leg;
    for (size_t i = 0; l != NULL && i < l->num_i2; i++) {
        const struct jmsg *r2 = answer_r2(l->i2[i]);
        if (l->i2[i] != m && r2 != NULL && jmsg_frame(r2) < jmsg_frame(m)) {
            return 1;
        }
    }
    return 0;
}

static void i2_time(const struct judge *j, struct jmsg *m,
                    const struct jform *i1)
{
    const struct jform *f = m->rcvd;
    skew(j, m);
    if (i1 == NULL || !i1->has_t || !f->has_t || i1->t_type != f->t_type) {
        return;
    }
    m->defects |= f->t == i1->t ? JD_T : f->t < i1->t ? JD_T_OLD : 0;
}

static void i2_content(struct jmsg *m, const struct jform *i1,
                       const struct jform *r1)
{
    const struct jopen *o = &m->rcvd->ibake;
    enum jform_kind form = m->leg != NULL ? m->leg->form : JFORM_UNKNOWN;
    int esk = mikey_find(m->rcvd->msg, MIKEY_PL_ESK) != NULL;
    if (form == JFORM_UNKNOWN && r1 != NULL && r1->ibake.lack[0] != '\0') {
        m->unknown |= JD_NO_ESK | JD_NO_XP;
        m->lack = r1->ibake.lack;
    }
    if (form == JFORM_DEFERRED && !esk) {
        m->defects |= JD_NO_ESK;
    }
    if (!opened(m, o)) {
        return;
    }
    inner_ids(m, o, m->rcvd, 0);
    m->defects |= point_defect(o->xp) | point_defect(o->yp);
    m->defects |= o->yp == NULL ? JD_NO_YP : 0;
    m->defects |= form == JFORM_DEFERRED && o->xp == NULL ? JD_NO_XP : 0;
    same_point_as(m, o->xp, i1, 0, JD_XP);
    same_point_as(m, o->yp, r1, 1, JD_YP);
}

static void defects_i2(const struct judge *j, struct jmsg *m)
{
    const struct jx *x = m->x;
    const struct jform *i1 = x->i1 != NULL ? x->i1->rcvd : NULL;
    const struct jform *r1 =
        m->leg != NULL && m->leg->r1 != NULL ? m->leg->r1->sent : NULL;
    if (m->type != MIKEY_DT_I_MESSAGE_2) {
        m->defects |= JD_TYPE;
    }
    if (i1 == NULL || i1->type != MIKEY_DT_I_MESSAGE_1 || r1 == NULL) {
        m->defects |= JD_NO_START;
    }
    if (answered_before(m)) {
        m->defects |= JD_SECOND;
    }
    if (!readable(m)) {
        return;
    }
    same_hdr(m, i1);
    i2_time(j, m, i1);
    same_id(m, MIKEY_ROLE_INITIATOR, i1, JD_IDI, 0);
    same_id(m, MIKEY_ROLE_RESPONDER, r1, JD_IDR, 0);
    if (m->type == MIKEY_DT_I_MESSAGE_2) {
        i2_content(m, i1, r1);
    }
}

/* The I_MESSAGE_2 that an R_MESSAGE_2 answers. */
static const struct jmsg *answered_by(const struct jmsg *r2)
{
    const struct jleg *l = r2->leg;
    for (size_t i = 0; l != NULL && i < l->num_i2; i++) {
        if (answer_r2(l->i2[i]) == r2) {
            return l->i2[i];
        }
    }
    return l != NULL && l->num_i2 > 0 && jmsg_frame(l->i2[0]) < jmsg_frame(r2)
               ? l->i2[0]
               : NULL;
}

static void r2_content(struct jmsg *m, const struct jmsg *i2)
{
    const struct jform *f = m->rcvd;
    int deferred = i2 != NULL && jopen_has(&i2->sent->ibake)
                       ? i2->sent->ibake.xp != NULL
                       : m->leg->form == JFORM_DEFERRED;
    const struct jkeys *k = &m->leg->keys;
    const struct mikey_payload *v = mikey_find(f->msg, MIKEY_PL_V);
    if (deferred || f->ibake.state != JOPEN_ABSENT) {
        if (opened(m, &f->ibake)) {
            inner_ids(m, &f->ibake, f, 0);
            m->defects |= point_defect(f->ibake.xp);
            m->defects |= f->ibake.xp == NULL ? JD_NO_XP : 0;
            same_point_as(m, f->ibake.xp,
                          m->x->i1 != NULL ? m->x->i1->sent : NULL, 0, JD_XP);
        }
    }
    if (m->v_checked) {
        m->defects |= m->v_ok ? 0 : JD_V;
    } else if (v == NULL || v->u.v.auth_alg == 0) {
        m->defects |= JD_V;
    } else {
        m->unknown |= JD_V;
        m->lack = k->lack[0] != '\0' ? k->lack : m->lack;
    }
}

static void defects_r2(const struct judge *j, struct jmsg *m)
{
    const struct jmsg *i2 = answered_by(m);
    const struct jform *f2 = i2 != NULL ? i2->sent : NULL;
    (void)j;
    if (m->type != MIKEY_DT_R_MESSAGE_2) {
        m->defects |= JD_TYPE;
    }
    if (i2 == NULL) {
        m->defects |= JD_NO_START;
    }
    if (!readable(m) || m->leg == NULL) {
        return;
    }
    same_hdr(m, f2);
    echoed_t(m, f2);
    same_id(m, MIKEY_ROLE_INITIATOR, f2, JD_IDI, 1);
    same_id(m, MIKEY_ROLE_RESPONDER, f2, JD_IDR, 1);
    if (m->type == MIKEY_DT_R_MESSAGE_2) {
        r2_content(m, i2);
    }
}

/* Whose turn it was decides what a message is held to, whatever it says it is.
 */
static void defects_of(const struct judge *j, struct jmsg *m)
{
    const struct jsip *s = jmsg_first(m)->sip;
    if (m->type == MIKEY_DT_ERROR) {
        return;
    }
    if (s->request) {
        if (m->leg == NULL) {
            defects_i1(j, m);
        } else {
            defects_i2(j, m);
        }
        return;
    }
    int i2_before = 0;
    for (size_t i = 0; m->leg != NULL && i < m->leg->num_i2; i++) {
        i2_before |= jmsg_frame(m->leg->i2[i]) < jmsg_frame(m);
    }
    if (i2_before) {
        defects_r2(j, m);
    } else {
        defects_r1(j, m);
    }
}

void defects_all(struct judge *j)
{
    struct jmap *seen = NULL;
    for (size_t i = 0; i < j->num_msgs && j->err == STATUS_OK; i++) {
        struct jmsg *m = j->msgs[i];
        if (m->x != NULL && jmsg_first(m)->sip != NULL) {
            defects_of(j, m);
            find_replay(j, &seen, m);
            m->unknown &= ~m->defects;
        }
    }
}
