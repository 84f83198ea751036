/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of replay: what must be fresh, and what becomes of what is not. */
#include "harness/judge/laws_int.h"

#include <string.h>

/* ---- pieces
 * ---------------------------------------------------------------------- */

static int same_role(const struct judge *j, int a, int b)
{
    return a == b || (a >= 0 && b >= 0 &&
                      strcmp(party_role(j, a), party_role(j, b)) == 0);
}

static const char *not_as(struct judge *j, const char *what, const struct jx *e)
{
    return j_printf(j, "%s other than in %s", what, e->place);
}

/* ---- what was there before
 * ------------------------------------------------------- */

/* Looks a value up among those of earlier messages, and keeps it if it is new.
 */
static const struct jmsg *seen_before(struct judge *j, struct jmap **map,
                                      const char *key, const struct jmsg *m)
{
    const struct jmsg *e = jmap_get(*map, view_of(key));
    if (e == NULL) {
        jmap_put(j, map, view_of(key), (void *)(uintptr_t)m);
    }
    return e;
}

struct past { /* of one role */
    size_t num;
    const struct jform *blind; /* one whose IBAKE was not opened */
};

static struct past *past_of(struct judge *j, struct jmap **map, int party)
{
    struct view role = view_of(party_role(j, party));
    struct past *p = jmap_get(*map, role);
    if (p == NULL) {
        p = j_alloc(j, sizeof *p);
        jmap_put(j, map, role, p);
    }
    return p;
}

/* Key of a point: its x-coordinate, which all forms of it share. */
static const char *point_key(struct judge *j, const char *role,
                             const struct mikey_payload *pt)
{
    size_t l = mikey_curve_octets(pt->u.eccpt.curve);
    struct view v = law_point(pt);
    if (v.len > l && v.len > 1) {
        v = (struct view){v.data + 1, l < v.len ? l : v.len - 1};
    }
    return j_printf(j, "P %s %u %s", role, pt->u.eccpt.curve, j_hex(j, v));
}

static const struct mikey_payload *point_of(const struct jform *f, int yp)
{
    const struct jopen *o = &f->ibake;
    return !jopen_has(o) ? NULL : yp ? o->yp : o->xp;
}

/* The point of m must be new to its sender. The same ciphertext is the same
 * point, whoever can read it. */
static void fresh_point(struct probe *p, struct jmap **map, struct past *past,
                        const struct jmsg *m, int yp)
{
    struct judge *j = p->j;
    const struct jform *f = m->sent;
    const char *role = party_role(j, m->from);
    const char *name = yp ? "ibake.ECCPTr" : "ibake.ECCPTi";
    const struct mikey_payload *pt = point_of(f, yp);
    const struct mikey_payload *c = mikey_find(f->msg, MIKEY_PL_IBAKE);
    const struct jmsg *e = NULL;
    if (c != NULL) {
        uint64_t h = jhash(0, c->u.enc.data.data, c->u.enc.data.len);
        e = seen_before(
            j, map,
            j_printf(j, "E %s %d %016llx", role, yp, (unsigned long long)h), m);
        const struct mikey_payload *d =
            e != NULL ? mikey_find(e->sent->msg, MIKEY_PL_IBAKE) : NULL;
        if (d != NULL && view_equal(c->u.enc.data, d->u.enc.data)) {
            probe_payload(p, "mikey", f->octets, c);
            probe_fail(p, not_as(j, name, e->x), "the same ciphertext again");
            return;
        }
    }
    e = pt != NULL ? seen_before(j, map, point_key(j, role, pt), m) : NULL;
    if (e != NULL && same_point(pt, point_of(e->sent, yp))) {
        probe_payload(p, "ibake", f->ibake.plain, pt);
        probe_fail(p, not_as(j, name, e->x), "%s again",
                   j_hex(j, law_point(pt)));
    } else if (past->num > 0 && (pt == NULL || past->blind != NULL)) {
        const char *lack = pt == NULL ? f->ibake.lack : past->blind->ibake.lack;
        probe_lack(p, j_printf(j, "%s other than before", name), "missing: %s",
                   lack[0] != '\0' ? lack : "an IBAKE that does not open");
    }
}

static void past_add(struct past *past, const struct jmsg *m, int yp)
{
    past->num++;
    if (past->blind == NULL && point_of(m->sent, yp) == NULL) {
        past->blind = m->sent;
    }
}

/* ---- fresh-across-calls
 * ---------------------------------------------------------- */

static void fresh_clear(struct probe *p, struct jmap **map,
                        const struct jmsg *m)
{
    struct judge *j = p->j;
    const struct jform *f = m->sent;
    const char *role = party_role(j, m->from);
    const struct jmsg *e = seen_before(
        j, map, j_printf(j, "C %s %08x", role, f->msg->hdr.csb_id), m);
    if (e != NULL) {
        law_field(p, f, NULL, "CSB ID");
        probe_fail(p, not_as(j, "mikey.HDR.CSB ID", e->x), "0x%08x again",
                   f->msg->hdr.csb_id);
    }
    const struct mikey_payload *r = mikey_find(f->msg, MIKEY_PL_RAND);
    e = r != NULL
            ? seen_before(j, map,
                          j_printf(j, "R %s %s", role, j_hex(j, r->u.rnd.rand)),
                          m)
            : NULL;
    if (e != NULL) {
        probe_payload(p, "mikey", f->octets, r);
        probe_fail(p, not_as(j, "mikey.RAND", e->x), "%s again",
                   j_hex(j, r->u.rnd.rand));
    }
    e = f->has_t ? seen_before(j, map,
                               j_printf(j, "T %s %u %016llx", role, f->t_type,
                                        (unsigned long long)f->t),
                               m)
                 : NULL;
    if (e != NULL) {
        probe_payload(p, "mikey", f->octets, mikey_find(f->msg, MIKEY_PL_T));
        probe_fail(p, not_as(j, "mikey.T", e->x), "0x%016llx again",
                   (unsigned long long)f->t);
    }
}

static void run_fresh(struct judge *j, const struct law *law)
{
    struct jmap *map = NULL;
    struct jmap *roles = NULL;
    for (size_t i = 0; i < j->num_xs && j->err == STATUS_OK; i++) {
        const struct jmsg *m = j->xs[i]->i1;
        if (m == NULL || j->xs[i]->kind == JX_REQUEST ||
            !law_decoded(m->sent)) {
            continue;
        }
        struct past *past = past_of(j, &roles, m->from);
        if (past == NULL) {
            return;
        }
        struct probe p = probe_msg(j, law, m);
        fresh_clear(&p, &map, m);
        fresh_point(&p, &map, past, m, 0);
        if (past->num > 0) {
            probe_end(&p,
                      "CSB ID, RAND, T, xP other than in any exchange before",
                      "%zu earlier, none repeated", past->num);
        }
        past_add(past, m, 0);
    }
}

/* ---- fresh-sk
 * -------------------------------------------------------------------- */

static const struct jmsg *esk_of(const struct jx *x)
{
    for (size_t i = 0; i < x->num_msgs; i++) {
        if (law_turn(x->msgs[i]) == MIKEY_DT_I_MESSAGE_2 &&
            x->msgs[i]->sent->esk.state != JOPEN_ABSENT) {
            return x->msgs[i];
        }
    }
    return NULL;
}

static int sk_known(const struct jopen *o)
{
    return jopen_has(o) && o->sk != NULL;
}

static void run_fresh_sk(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const struct jmsg *m = x->kind == JX_DEPOSIT ? esk_of(x) : NULL;
        size_t n = 0;
        const struct jopen *blind = NULL;
        if (m == NULL) {
            continue;
        }
        struct probe p = probe_msg(j, law, m);
        const struct jopen *o = &m->sent->esk;
        for (size_t k = 0; k < i; k++) {
            const struct jx *e = j->xs[k];
            const struct jmsg *w = e->kind == JX_DEPOSIT ? esk_of(e) : NULL;
            if (w == NULL || !same_role(j, x->initiator, e->initiator)) {
                continue;
            }
            n++;
            if (sk_known(o) && sk_known(&w->sent->esk)) {
                probe_payload(&p, "esk", o->plain, o->sk);
                probe_must(
                    &p, !view_equal(o->sk->u.sk.key, w->sent->esk.sk->u.sk.key),
                    not_as(j, "esk.SK.Key data", e), "the same again");
            } else if (view_equal(
                           mikey_find(m->sent->msg, MIKEY_PL_ESK)->u.enc.data,
                           mikey_find(w->sent->msg, MIKEY_PL_ESK)
                               ->u.enc.data)) {
                probe_fail(&p, not_as(j, "esk.SK.Key data", e),
                           "the same ciphertext again");
            } else {
                blind = sk_known(o) ? &w->sent->esk : o;
            }
        }
        if (blind != NULL && p.failed == 0) {
            probe_lack(&p, "esk.SK.Key data other than before", "missing: %s",
                       blind->lack[0] != '\0' ? blind->lack
                                              : "an ESK that does not open");
        }
        if (n > 0) {
            probe_end(&p, "esk.SK.Key data other than in any deposit before",
                      "%zu earlier, none repeated", n);
        }
    }
}

/* ---- i2-timestamp
 * ---------------------------------------------------------------- */

static void i2_timestamp(struct judge *j, const struct law *law,
                         const struct jmsg *m)
{
    const struct jform *f = m->sent;
    const struct jform *g = m->x->i1 != NULL ? m->x->i1->sent : NULL;
    if (g == NULL || !f->has_t || !g->has_t || !law_decoded(f)) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    const char *want = j_printf(j, "mikey.T after 0x%016llx of I_MESSAGE_1",
                                (unsigned long long)g->t);
    probe_payload(&p, "mikey", f->octets, mikey_find(f->msg, MIKEY_PL_T));
    if (probe_must(&p, f->t != g->t || f->t_type != g->t_type, want,
                   "mikey.T: the same") &&
        f->t < g->t) {
        probe_lack(&p, want, "AMB-28: mikey.T: 0x%016llx, older",
                   (unsigned long long)f->t);
    }
    probe_end(&p, want, "mikey.T: 0x%016llx", (unsigned long long)f->t);
}

static void run_i2_timestamp(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, i2_timestamp);
}

/* ---- fresh-yp
 * -------------------------------------------------------------------- */

static void run_fresh_yp(struct judge *j, const struct law *law)
{
    struct jmap *map = NULL;
    struct jmap *roles = NULL;
    for (size_t i = 0; i < j->num_xs && j->err == STATUS_OK; i++) {
        const struct jx *x = j->xs[i];
        for (size_t k = 0; k < x->num_legs && x->kind != JX_REQUEST; k++) {
            const struct jmsg *m = x->legs[k]->r1;
            struct past *past = m != NULL && law_decoded(m->sent)
                                    ? past_of(j, &roles, m->from)
                                    : NULL;
            if (past == NULL) {
                continue;
            }
            struct probe p = probe_msg(j, law, m);
            fresh_point(&p, &map, past, m, 1);
            if (past->num > 0) {
                probe_end(&p, "yP other than in any exchange before",
                          "%zu earlier, none repeated", past->num);
            }
            past_add(past, m, 1);
        }
    }
}

/* ---- unique-timestamps
 * ----------------------------------------------------------- */

struct repeats { /* of one party over the recording */
    struct probe p;
    const struct jx *first;
    int several; /* it took part in more than one exchange */
    size_t num;
};

static void repeated(struct probe *p, const struct jmsg *m,
                     const struct jmsg *e, const char *what)
{
    p->x = m->x;
    p->message = m->name;
    p->frame = jmsg_frame(m);
    probe_fail(p, what, "as in frame %llu", (unsigned long long)jmsg_frame(e));
}

static void unique_clear(struct probe *p, struct jmap **map,
                         const struct jmsg *m)
{
    struct judge *j = p->j;
    const struct jform *f = m->sent;
    uint8_t turn = law_turn(m);
    const char *idi = law_view(j, idr_of(f, MIKEY_ROLE_INITIATOR));
    const struct jmsg *e = NULL;
    if (turn != MIKEY_DT_I_MESSAGE_1 && turn != MIKEY_DT_I_MESSAGE_2) {
        return;
    }
    if (f->has_t) {
        e = seen_before(j, map,
                        j_printf(j, "T %d %s %016llx", m->from, idi,
                                 (unsigned long long)f->t),
                        m);
    }
    if (e != NULL && (e->x != m->x || e->sent != m->sent)) {
        /* The same octets in the same call are the same message once more, as
         * after a challenge or a glare. */
        probe_payload(p, "mikey", f->octets, mikey_find(f->msg, MIKEY_PL_T));
        repeated(p, m, e, "(IDRi, T) unique");
    }
    if (turn == MIKEY_DT_I_MESSAGE_1) {
        e = seen_before(j, map,
                        j_printf(j, "C %d %s %s %08x", m->from, idi,
                                 law_view(j, idr_of(f, MIKEY_ROLE_RESPONDER)),
                                 f->msg->hdr.csb_id),
                        m);
        if (e != NULL && e->x != m->x) {
            law_field(p, f, NULL, "CSB ID");
            repeated(p, m, e, "(pair, CSB ID) unique");
        }
    }
}

static void unique_point(struct probe *p, struct jmap **map,
                         const struct jmsg *m)
{
    int yp = law_turn(m) == MIKEY_DT_R_MESSAGE_1;
    const struct mikey_payload *pt = point_of(m->sent, yp);
    if (pt == NULL || (!yp && law_turn(m) != MIKEY_DT_I_MESSAGE_1)) {
        return;
    }
    const struct jmsg *e = seen_before(
        p->j, map, point_key(p->j, j_printf(p->j, "%d", m->from), pt), m);
    if (e != NULL && e->x != m->x) {
        const struct mikey_payload *was =
            point_of(e->sent, law_turn(e) == MIKEY_DT_R_MESSAGE_1);
        if (same_point(pt, was)) {
            probe_payload(p, "ibake", m->sent->ibake.plain, pt);
            repeated(p, m, e, "ECC points unique");
        }
    }
}

static void run_unique(struct judge *j, const struct law *law)
{
    struct jmap *map = NULL;
    struct repeats *by = j_alloc(j, (j->num_parties + 1) * sizeof *by);
    for (size_t i = 0; by != NULL && i < j->num_msgs; i++) {
        const struct jmsg *m = j->msgs[i];
        if (m->from < 0 || law_turn(m) == 0 || !law_decoded(m->sent)) {
            continue;
        }
        struct repeats *r = &by[m->from];
        if (r->num++ == 0) {
            r->p = probe_at(j, law, NULL, m->from);
            r->first = m->x;
        }
        r->several |= m->x != r->first;
        unique_clear(&r->p, &map, m);
        unique_point(&r->p, &map, m);
    }
    for (size_t i = 0; by != NULL && i < j->num_parties; i++) {
        struct probe *p = &by[i].p;
        if (by[i].several) {
            p->x = NULL;
            p->message = "";
            p->frame = 0;
            probe_end(p, "(IDRi, T), (pair, CSB ID) and ECC points unique",
                      "%zu messages, none repeated", by[i].num);
        }
    }
}

#define ROW(name, level, reqs, clause, sentence, run)                          \
    LAW(name, JUDGE_REPLAY, level, reqs, clause, sentence, run, NULL)

const struct law laws_replay[] = {
    ROW("fresh-across-calls", JUDGE_MUST,
        "DD-112 DD-037 DD-030 R6267-067 R6539-003 R3830-078 R3830-127",
        "RFC 6539, 3.2; RFC 3830, 5.2 and 6.11",
        "The initiator uses a new CSB ID, RAND, T and xP in each exchange.",
        run_fresh),
    ROW("fresh-sk", JUDGE_MUST, "DD-037 R6267-175", "RFC 6267, 7.5",
        "The initiator makes a new SK for each deposit.", run_fresh_sk),
    ROW("i2-timestamp", JUDGE_MUST, "DD-112 R3830-078", "RFC 3830, 5.2",
        "The initiator gives I_MESSAGE_2 a later T than I_MESSAGE_1.",
        run_i2_timestamp),
    ROW("fresh-yp", JUDGE_MUST, "DD-030 R6539-005 R6267-015", "RFC 6539, 3.2",
        "The responder makes a new yP for each exchange.", run_fresh_yp),
    ROW("mb-keeps-nothing-of-i1", JUDGE_MUST, "DD-011 DD-111", "RFC 6539, 3.2",
        "The mailbox keeps nothing of an exchange that had no I_MESSAGE_2.",
        law_keeps_nothing),
    ROW("mb-refuses-skewed-i1", JUDGE_SHOULD, "DD-112 R3830-080",
        "RFC 3830, 5.3",
        "The mailbox discards an I_MESSAGE_1 whose T is outside the skew.",
        law_skewed),
    ROW("mb-accepts-within-skew", JUDGE_MUST, "DD-112 R3830-080",
        "RFC 3830, 5.4",
        "The mailbox takes an I_MESSAGE_1 whose T is inside the skew.",
        law_within),
    ROW("b-accepts-old", JUDGE_MUST, "DD-042", "TR 33.828, 7.6.2.5",
        "The recipient renders a stored message however old its T is.",
        law_accepts_old),
    ROW("unique-timestamps", JUDGE_MUST, "DD-112 R3830-078 R3830-099",
        "RFC 3830, 5.2 and 6.1",
        "Each party repeats no timestamp, no CSB ID of a pair and no ECC "
        "point.",
        run_unique),
    ROW("media-once", JUDGE_MUST, "DD-011", "RFC 3711, 3.3.2",
        "The mailbox keeps and delivers each packet of a message once.",
        law_media_once),
};
const size_t num_laws_replay = sizeof laws_replay / sizeof laws_replay[0];
