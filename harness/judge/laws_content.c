/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of structure: what the IBE-encrypted parts of the four messages hold. */
#include "harness/judge/laws_int.h"

#include <string.h>

/* ---- pieces
 * -------------------------------------------------------------------- */

static void chain_is(struct probe *p, const struct jopen *o, const char *in,
                     size_t want, const char *what)
{
    if (o->chain == NULL || o->chain->num_payloads == want) {
        return;
    }
    probe_octets(p, in, o->plain,
                 (struct mikey_range){0, (uint32_t)o->plain.len});
    probe_fail(p, j_printf(p->j, "%s: %s, no more", in, what),
               "%s: %zu sub-payloads", in, o->chain->num_payloads);
}

static void point_is(struct probe *p, const struct jopen *o,
                     const struct mikey_payload *have, const char *name,
                     const struct mikey_payload *want, const char *whose,
                     const char *lack)
{
    const char *expected = j_printf(p->j, "ibake.%s: %s", name, whose);
    if (have == NULL) {
        probe_octets(p, "ibake", o->plain,
                     (struct mikey_range){0, (uint32_t)o->plain.len});
        probe_fail(p, expected, "ibake.%s absent", name);
        return;
    }
    probe_payload(p, "ibake", o->plain, have);
    if (want == NULL) {
        probe_lack(p, expected, "%s is not known: %s", whose, lack);
        return;
    }
    expected = j_printf(p->j, "ibake.%s: %s, %s", name,
                        j_hex(p->j, law_point(want)), whose);
    probe_must(p, same_point(have, want), expected, "ibake.%s: %s", name,
               j_hex(p->j, law_point(have)));
}

static const struct mikey_payload *xp_of(const struct jform *f,
                                         const char **lack)
{
    if (f == NULL || !jopen_has(&f->ibake)) {
        *lack = f != NULL && f->ibake.lack[0] != '\0' ? f->ibake.lack
                                                      : "it does not open";
        return NULL;
    }
    *lack = "it holds none";
    return f->ibake.xp;
}

static const struct mikey_payload *yp_of(const struct jform *f,
                                         const char **lack)
{
    if (f == NULL || !jopen_has(&f->ibake)) {
        *lack = f != NULL && f->ibake.lack[0] != '\0' ? f->ibake.lack
                                                      : "it does not open";
        return NULL;
    }
    *lack = "it holds none";
    return f->ibake.yp;
}

/* ---- I_MESSAGE_1
 * ----------------------------------------------------------------- */

static void i1_content(struct judge *j, const struct law *law,
                       const struct jmsg *m)
{
    const struct jform *f = m->sent;
    const struct jopen *o = &f->ibake;
    if (f->msg == NULL || o->state == JOPEN_ABSENT) {
        return; /* i1-structure says so */
    }
    struct probe p = probe_msg(j, law, m);
    if (o->state == JOPEN_FOREIGN) {
        probe_octets(&p, "mikey", f->octets, o->encr);
        probe_fail(&p, j_printf(j, "mikey.IBAKE opens with K_PR(%s)", o->want),
                   "it opens with K_PR(%s)", o->key);
    }
    if (law_opened(&p, f, o, "IBAKE", 1)) {
        law_note_reading(&p, o);
        law_inner(&p, o, "ibake", o->idi, "IDRi",
                  idr_of(f, MIKEY_ROLE_INITIATOR), "outside");
        law_inner(&p, o, "ibake", o->idr, "IDRr",
                  idr_of(f, MIKEY_ROLE_RESPONDER), "outside");
        probe_octets(&p, "ibake", o->plain,
                     (struct mikey_range){0, (uint32_t)o->plain.len});
        probe_must(&p, o->xp != NULL && o->num_points == 1,
                   "ibake: one ECCPT, after IDRi", "ibake: %zu ECCPT%s",
                   o->num_points, o->xp == NULL ? ", none after IDRi" : "");
        law_point_ok(&p, o, "ibake", o->xp, "ECCPTi");
        chain_is(&p, o, "ibake", 3, "IDRi, ECCPTi, IDRr");
    }
    probe_end(&p, "ibake: IDRi, ECCPTi, IDRr under the identity called",
              "opens with K_PR(%s)", o->key);
}

void law_i1_content(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_1, i1_content);
}

/* ---- R_MESSAGE_1
 * ----------------------------------------------------------------- */

/* The identity inside is the answerer's own: by the plan, else the outer one.
 */
static void own_inside(struct probe *p, const struct jmsg *m)
{
    const struct jopen *o = &m->sent->ibake;
    struct view outer = idr_of(m->sent, MIKEY_ROLE_RESPONDER);
    struct view inner = o->idr != NULL ? o->idr->u.idr.data : (struct view){0};
    if (law_own_identity(p->j, m->from, inner) == 1) {
        return;
    }
    if (law_own_identity(p->j, m->from, inner) == 0) {
        outer = view_of(p->j->parties[m->from].identity);
    }
    law_inner(p, o, "ibake", o->idr, "IDRr", outer, "the answerer's own");
}

static void r1_deferred(struct judge *j, const struct law *law, struct jx *x,
                        struct jleg *l)
{
    const char *lack = "";
    const struct jmsg *m = l->r1;
    const struct jopen *o = &m->sent->ibake;
    int mine = law_for_answerer(j, x, l, &lack);
    if (mine == 1 || m->sent->msg == NULL || o->state == JOPEN_ABSENT ||
        (mine < 0 && l->form != JFORM_DEFERRED)) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    if (law_opened(&p, m->sent, o, "IBAKE", 0)) {
        probe_octets(&p, "ibake", o->plain,
                     (struct mikey_range){0, (uint32_t)o->plain.len});
        probe_must(&p, o->num_points == 1, "ibake: one ECCPT",
                   "ibake: %zu ECCPT", o->num_points);
        if (o->xp != NULL) {
            probe_payload(&p, "ibake", o->plain, o->xp);
            probe_fail(&p, "ibake.ECCPTi absent", "ibake.ECCPTi: %s",
                       j_hex(j, law_point(o->xp)));
        }
        probe_must(&p, o->yp != NULL, "ibake.ECCPTr after IDRr",
                   "ibake.ECCPTr absent");
        law_point_ok(&p, o, "ibake", o->yp, "ECCPTr");
        own_inside(&p, m);
        if (o->idi == NULL) {
            probe_note(&p, "ibake.IDRi as in the formula of RFC 6267",
                       "OI-01, AMB-20 (c): ibake.IDRi absent");
        } else if (x->i1 == NULL) {
            probe_lack(&p, "ibake.IDRi as received",
                       "the I_MESSAGE_1 was not seen");
        } else {
            law_inner(&p, o, "ibake", o->idi, "IDRi",
                      idr_of(x->i1->rcvd, MIKEY_ROLE_INITIATOR), "received");
        }
    }
    probe_end(&p, "ibake: [IDRi], IDRr of the answerer, ECCPTr",
              "IDRr %s, one ECCPT, IDRi %s",
              o->idr != NULL ? law_view(j, o->idr->u.idr.data) : "absent",
              o->idi != NULL ? "present" : "absent");
}

void law_r1_deferred(struct judge *j, const struct law *law)
{
    law_each_leg(j, law, r1_deferred);
}

static void r1_key(struct judge *j, const struct law *law, const struct jmsg *m)
{
    const struct jopen *o = &m->sent->ibake;
    if (m->sent->msg == NULL || o->state == JOPEN_ABSENT) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    const char *want =
        j_printf(j, "mikey.IBAKE opens with K_PR(%s), no other", o->want);
    probe_octets(&p, "mikey", m->sent->octets, o->encr);
    switch (o->state) {
    case JOPEN_ABSENT:
    case JOPEN_OK:
    case JOPEN_GARBLED: /* the key is right; what it holds is another law's */
        law_note_reading(&p, o);
        break;
    case JOPEN_FOREIGN:
        probe_fail(&p, want, "it opens with K_PR(%s)", o->key);
        break;
    case JOPEN_REFUSED:
        probe_fail(&p, want, "it does not open with it");
        break;
    case JOPEN_NO_KEY:
        probe_needs(&p, o, want);
        break;
    }
    probe_end(&p, want, "it does");
}

void law_r1_key(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_R_MESSAGE_1, r1_key);
}

static void r1_normal(struct judge *j, const struct law *law, struct jx *x,
                      struct jleg *l)
{
    const char *lack = "";
    const struct jmsg *m = l->r1;
    const struct jopen *o = &m->sent->ibake;
    int mine = law_for_answerer(j, x, l, &lack);
    if (mine == 0 || m->sent->msg == NULL || o->state == JOPEN_ABSENT ||
        (mine < 0 && l->form == JFORM_DEFERRED)) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    if (mine < 0) {
        probe_lack(&p, "whether the answerer could decrypt I_MESSAGE_1",
                   "missing: %s", lack);
    } else if (law_opened(&p, m->sent, o, "IBAKE", 0)) {
        point_is(&p, o, o->xp, "ECCPTi", xp_of(x->i1->rcvd, &lack),
                 "xP of I_MESSAGE_1", lack);
        probe_must(&p, o->yp != NULL, "ibake.ECCPTr after IDRr",
                   "ibake.ECCPTr absent");
        law_point_ok(&p, o, "ibake", o->yp, "ECCPTr");
        law_inner(&p, o, "ibake", o->idi, "IDRi",
                  idr_of(m->sent, MIKEY_ROLE_INITIATOR), "outside");
        law_inner(&p, o, "ibake", o->idr, "IDRr",
                  idr_of(m->sent, MIKEY_ROLE_RESPONDER), "outside");
        chain_is(&p, o, "ibake", 4, "IDRi, ECCPTi, IDRr, ECCPTr");
    }
    probe_end(&p, "ibake: IDRi, xP, IDRr, yP", "all as stated");
}

void law_r1_normal(struct judge *j, const struct law *law)
{
    law_each_leg(j, law, r1_normal);
}

/* ---- I_MESSAGE_2
 * ----------------------------------------------------------------- */

static void i2_ids(struct probe *p, const struct jmsg *m)
{
    const struct jopen *o = &m->sent->ibake;
    law_inner(p, o, "ibake", o->idi, "IDRi",
              idr_of(m->x->i1->sent, MIKEY_ROLE_INITIATOR), "in I_MESSAGE_1");
    law_inner(p, o, "ibake", o->idr, "IDRr",
              idr_of(m->leg->r1->rcvd, MIKEY_ROLE_RESPONDER), "in R_MESSAGE_1");
}

static int i2_applies(const struct jmsg *m, enum jform_kind form)
{
    return m->leg != NULL && m->leg->r1 != NULL && m->x->i1 != NULL &&
           m->sent->msg != NULL && m->leg->form == form &&
           m->sent->ibake.state != JOPEN_ABSENT;
}

/* IDRr of I_MESSAGE_2 is that of R_MESSAGE_1, and IBAKE is under its key. */
static void i2_to_answerer(struct probe *p, const struct jmsg *m)
{
    const struct jform *f = m->sent;
    const struct jopen *o = &f->ibake;
    struct view want = idr_of(m->leg->r1->rcvd, MIKEY_ROLE_RESPONDER);
    const struct mikey_payload *idr =
        mikey_find_idr(f->msg, MIKEY_ROLE_RESPONDER);
    if (want.len == 0) {
        return;
    }
    if (idr != NULL) {
        probe_payload(p, "mikey", f->octets, idr);
        probe_must(p, view_equal(idr->u.idr.data, want),
                   j_printf(p->j, "mikey.IDRr: %s, as in R_MESSAGE_1",
                            law_view(p->j, want)),
                   "mikey.IDRr: %s", law_view(p->j, idr->u.idr.data));
    }
    if (o->state == JOPEN_FOREIGN) {
        probe_octets(p, "mikey", f->octets, o->encr);
        probe_fail(p,
                   j_printf(p->j, "mikey.IBAKE opens with K_PR(%s)", o->want),
                   "it opens with K_PR(%s)", o->key);
    }
}

static void i2_deferred(struct judge *j, const struct law *law,
                        const struct jmsg *m)
{
    const char *lack = "";
    const struct jopen *o = &m->sent->ibake;
    if (!i2_applies(m, JFORM_DEFERRED)) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    i2_to_answerer(&p, m);
    if (law_opened(&p, m->sent, o, "IBAKE", 1)) {
        law_note_reading(&p, o);
        i2_ids(&p, m);
        const struct mikey_payload *xp = xp_of(m->x->i1->sent, &lack);
        point_is(&p, o, o->xp, "ECCPTi", xp, "xP of I_MESSAGE_1", lack);
        const struct mikey_payload *yp = yp_of(m->leg->r1->rcvd, &lack);
        point_is(&p, o, o->yp, "ECCPTr", yp, "yP of R_MESSAGE_1", lack);
        chain_is(&p, o, "ibake", 4, "IDRi, ECCPTi, IDRr, ECCPTr");
    }
    probe_end(&p, "ibake: IDRi, xP, IDRr of R_MESSAGE_1, yP", "all as stated");
}

void law_i2_deferred(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, i2_deferred);
}

static void i2_normal(struct judge *j, const struct law *law,
                      const struct jmsg *m)
{
    const char *lack = "";
    const struct jopen *o = &m->sent->ibake;
    if (!i2_applies(m, JFORM_NORMAL)) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    if (law_opened(&p, m->sent, o, "IBAKE", 1)) {
        law_note_reading(&p, o);
        i2_ids(&p, m);
        const struct mikey_payload *yp = yp_of(m->leg->r1->rcvd, &lack);
        point_is(&p, o, o->yp, "ECCPTr", yp, "yP of R_MESSAGE_1", lack);
        if (o->xp != NULL) {
            probe_payload(&p, "ibake", o->plain, o->xp);
            probe_fail(&p, "ibake.ECCPTi absent (R6267-099)",
                       "ibake.ECCPTi: %s", j_hex(j, law_point(o->xp)));
        } else {
            chain_is(&p, o, "ibake", 3, "IDRi, IDRr, ECCPTr");
        }
    }
    probe_end(&p, "ibake: IDRi, IDRr, yP, no ECCPTi", "all as stated");
}

void law_i2_normal(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, i2_normal);
}

/* ---- R_MESSAGE_2
 * ----------------------------------------------------------------- */

static void r2_deferred(struct probe *p, const struct jmsg *m,
                        const struct jmsg *i2)
{
    const struct jopen *o = &m->sent->ibake;
    const char *want =
        j_printf(p->j, "mikey.IBAKE opens with K_PR(%s)",
                 o->want[0] != '\0'
                     ? o->want
                     : law_view(p->j, idr_of(i2->rcvd, MIKEY_ROLE_INITIATOR)));
    if (o->state == JOPEN_FOREIGN) {
        probe_octets(p, "mikey", m->sent->octets, o->encr);
        probe_fail(p, want, "it opens with K_PR(%s)", o->key);
    }
    if (!law_opened(p, m->sent, o, "IBAKE", 1)) {
        return;
    }
    law_note_reading(p, o);
    law_inner(p, o, "ibake", o->idi, "IDRi",
              idr_of(i2->rcvd, MIKEY_ROLE_INITIATOR), "in I_MESSAGE_2");
    point_is(p, o, o->xp, "ECCPTi", i2->rcvd->ibake.xp, "xP of I_MESSAGE_2",
             "");
    chain_is(p, o, "ibake", 2, "IDRi, ECCPTi");
}

static void r2_content(struct judge *j, const struct law *law,
                       const struct jmsg *m)
{
    const struct jmsg *i2 = law_i2_before(m->leg, jmsg_frame(m));
    if (i2 == NULL || !law_decoded(m->sent)) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    const struct mikey_payload *ib = mikey_find(m->sent->msg, MIKEY_PL_IBAKE);
    if (!jopen_has(&i2->rcvd->ibake)) {
        probe_lack(&p, "IBAKE exactly when I_MESSAGE_2 carried ECCPTi",
                   "what I_MESSAGE_2 carried is not known: %s",
                   i2->rcvd->ibake.lack[0] != '\0' ? i2->rcvd->ibake.lack
                                                   : "it does not open");
    } else if (i2->rcvd->ibake.xp != NULL) {
        r2_deferred(&p, m, i2);
    } else if (ib != NULL) {
        probe_payload(&p, "mikey", m->sent->octets, ib);
        probe_fail(&p, "no mikey.IBAKE: I_MESSAGE_2 carried no ECCPTi",
                   "mikey.IBAKE present");
    }
    probe_end(&p, ib != NULL ? "ibake: IDRi, xP under IDRi" : "no mikey.IBAKE",
              "as stated");
}

void law_r2_content(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_R_MESSAGE_2, r2_content);
}
