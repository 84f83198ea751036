/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of replay: what must be fresh, and what becomes of what is not. */
#include "harness/judge/laws_int.h"

#include "harness/base/env.h"

#include <string.h>

/* ---- pieces
 * ---------------------------------------------------------------------- */

static int same_role(const struct judge *j, int a, int b)
{
    return a == b || (a >= 0 && b >= 0 &&
                      strcmp(party_role(j, a), party_role(j, b)) == 0);
}

static struct view rand_of(const struct jform *f)
{
    const struct mikey_payload *r =
        f->msg != NULL ? mikey_find(f->msg, MIKEY_PL_RAND) : NULL;
    return r != NULL ? r->u.rnd.rand : (struct view){0};
}

static const char *not_as(struct judge *j, const char *what, const struct jx *e)
{
    return j_printf(j, "%s other than in %s", what, e->place);
}

static uint64_t apart(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* ---- fresh-across-calls
 * ---------------------------------------------------------- */

static void fresh_clear(struct probe *p, const struct jmsg *m,
                        const struct jx *e)
{
    const struct jform *f = m->sent;
    const struct jform *g = e->i1->sent;
    law_field(p, f, NULL, "CSB ID");
    probe_must(p, f->msg->hdr.csb_id != g->msg->hdr.csb_id,
               not_as(p->j, "mikey.HDR.CSB ID", e), "0x%08x again",
               f->msg->hdr.csb_id);
    const struct mikey_payload *r = mikey_find(f->msg, MIKEY_PL_RAND);
    if (r != NULL) {
        probe_payload(p, "mikey", f->octets, r);
        probe_must(p, !view_equal(rand_of(f), rand_of(g)),
                   not_as(p->j, "mikey.RAND", e), "%s again",
                   j_hex(p->j, rand_of(f)));
    }
    const struct mikey_payload *t = mikey_find(f->msg, MIKEY_PL_T);
    if (t != NULL && g->has_t) {
        probe_payload(p, "mikey", f->octets, t);
        probe_must(p, f->t != g->t || f->t_type != g->t_type,
                   not_as(p->j, "mikey.T", e), "0x%016llx again",
                   (unsigned long long)f->t);
    }
}

/* xP of two exchanges; the same ciphertext is the same point, whoever can read
 * it. Returns 0 if it cannot be told. */
static int fresh_point(struct probe *p, const struct jform *f,
                       const struct jform *g, const struct jx *e,
                       const char *name)
{
    int i = strcmp(name, "ECCPTi") == 0;
    const struct jopen *a = &f->ibake;
    const struct jopen *b = &g->ibake;
    const char *want = not_as(p->j, j_printf(p->j, "ibake.%s", name), e);
    if (jopen_has(a) && jopen_has(b)) {
        const struct mikey_payload *x = i ? a->xp : a->yp;
        const struct mikey_payload *y = i ? b->xp : b->yp;
        if (x != NULL && y != NULL) {
            probe_payload(p, "ibake", a->plain, x);
            probe_must(p, !same_point(x, y), want, "%s again",
                       j_hex(p->j, law_point(x)));
        }
        return 1;
    }
    const struct mikey_payload *c = mikey_find(f->msg, MIKEY_PL_IBAKE);
    const struct mikey_payload *d = mikey_find(g->msg, MIKEY_PL_IBAKE);
    if (c != NULL && d != NULL && view_equal(c->u.enc.data, d->u.enc.data)) {
        probe_payload(p, "mikey", f->octets, c);
        probe_fail(p, want, "the same ciphertext again");
        return 1;
    }
    return 0;
}

static const char *lack_of(const struct jform *f, const struct jform *g)
{
    const char *l = jopen_has(&f->ibake) ? g->ibake.lack : f->ibake.lack;
    return l[0] != '\0' ? l : "an IBAKE that does not open";
}

static void run_fresh(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const char *lack = NULL;
        size_t n = 0;
        if (x->i1 == NULL || x->kind == JX_REQUEST ||
            !law_decoded(x->i1->sent)) {
            continue;
        }
        struct probe p = probe_msg(j, law, x->i1);
        for (size_t k = 0; k < i; k++) {
            const struct jx *e = j->xs[k];
            if (e->i1 == NULL || !same_role(j, x->initiator, e->initiator) ||
                !law_decoded(e->i1->sent)) {
                continue;
            }
            n++;
            fresh_clear(&p, x->i1, e);
            if (!fresh_point(&p, x->i1->sent, e->i1->sent, e, "ECCPTi")) {
                lack = lack_of(x->i1->sent, e->i1->sent);
            }
        }
        if (n > 0 && lack != NULL && p.failed == 0) {
            probe_lack(&p, "ibake.ECCPTi other than before", "missing: %s",
                       lack);
        }
        if (n > 0) {
            probe_end(&p,
                      "CSB ID, RAND, T, xP other than in any exchange "
                      "before",
                      "%zu earlier, none repeated", n);
        }
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

static void fresh_yp(struct judge *j, const struct law *law, struct jx *x,
                     struct jleg *l)
{
    const struct jmsg *m = l->r1;
    const char *lack = NULL;
    size_t n = 0;
    if (!law_decoded(m->sent)) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    for (size_t i = 0; i < j->num_xs && j->xs[i] != x; i++) {
        const struct jx *e = j->xs[i];
        for (size_t k = 0; k < e->num_legs && e->kind != JX_REQUEST; k++) {
            const struct jmsg *w = e->legs[k]->r1;
            if (w == NULL || !same_role(j, w->from, m->from) ||
                !law_decoded(w->sent)) {
                continue;
            }
            n++;
            if (!fresh_point(&p, m->sent, w->sent, e, "ECCPTr")) {
                lack = lack_of(m->sent, w->sent);
            }
        }
    }
    if (n > 0 && lack != NULL && p.failed == 0) {
        probe_lack(&p, "ibake.ECCPTr other than before", "missing: %s", lack);
    }
    if (n > 0) {
        probe_end(&p, "yP other than in any exchange before",
                  "%zu earlier, none repeated", n);
    }
}

static void run_fresh_yp(struct judge *j, const struct law *law)
{
    law_each_leg(j, law, fresh_yp);
}

/* ---- mb-keeps-nothing-of-i1
 * ------------------------------------------------------ */

static int any_i2(const struct jx *x)
{
    for (size_t i = 0; i < x->num_legs; i++) {
        if (x->legs[i]->num_i2 > 0) {
            return 1;
        }
    }
    return 0;
}

static void run_keeps_nothing(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const char *why = "";
        uint64_t frame = 0;
        if (x->kind != JX_DEPOSIT || x->i1 == NULL || any_i2(x) ||
            !law_is_role(j, x->i1->to, "MB")) {
            continue;
        }
        struct probe p = probe_at(j, law, x, x->i1->to);
        const char *want = "no I_MESSAGE_2 came: nothing stored, notified or "
                           "delivered";
        p.message = x->i1->name;
        p.frame = jmsg_arrived(x->i1);
        switch (stored_state(j, x, NULL, &why, &frame)) {
        case JSTORED_YES:
            p.frame = frame != 0 ? frame : p.frame;
            probe_fail(&p, want, "%s", why);
            break;
        case JSTORED_UNKNOWN:
            probe_lack(&p, want, "%s", why);
            break;
        case JSTORED_NO:
            break;
        }
        probe_end(&p, want, "nothing");
    }
}

/* ---- clock skew
 * ------------------------------------------------------------------ */

static const struct jmsg *r1_to(const struct jx *x)
{
    for (size_t i = 0; i < x->num_legs; i++) {
        if (x->legs[i]->r1 != NULL && x->legs[i]->r1->from == x->i1->to) {
            return x->legs[i]->r1;
        }
    }
    return NULL;
}

static struct probe t_probe(struct judge *j, const struct law *law,
                            const struct jx *x)
{
    const struct jmsg *m = x->i1;
    struct probe p = probe_at(j, law, x, m->to);
    p.message = m->name;
    p.frame = jmsg_arrived(m);
    const struct mikey_payload *t =
        m->rcvd->msg != NULL ? mikey_find(m->rcvd->msg, MIKEY_PL_T) : NULL;
    if (t != NULL) {
        probe_payload(&p, "mikey", m->rcvd->octets, t);
    }
    return p;
}

static int to_mailbox(const struct judge *j, const struct jx *x)
{
    return x->kind == JX_DEPOSIT && x->i1 != NULL &&
           law_is_role(j, x->i1->to, "MB");
}

static void run_skewed(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const char *why = "";
        if (!to_mailbox(j, x) || (x->i1->defects & JD_SKEW) == 0) {
            continue;
        }
        struct probe p = t_probe(j, law, x);
        const char *want = "T outside PX_SKEW: no R_MESSAGE_1";
        const struct jsip *no = x->invite_last != NULL
                                    ? sip_final(j, x->invite_last, x->i1->to)
                                    : NULL;
        if (r1_to(x) != NULL) {
            probe_lack(&p, want,
                       "R_MESSAGE_1 sent: the skew check, which is "
                       "recommended, is not made");
        } else if (no == NULL || no->status < 300) {
            uint64_t t = jmsg_time(x->i1);
            if (!watched(j, t, t + quiet_us(j), &why)) {
                probe_lack(&p, want, "not watched long enough: %s", why);
            }
        }
        probe_end(&p, want, "none%s",
                  no != NULL && no->status >= 300
                      ? j_printf(j, ", %d", no->status)
                      : "");
    }
}

static void run_within(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const char *why = "";
        if (!to_mailbox(j, x) || x->i1->defects != 0 || !x->i1->rcvd->has_t ||
            x->i1->rcvd->t_type == MIKEY_TS_COUNTER ||
            apart(us_from_ntp(x->i1->rcvd->t), jmsg_time(x->i1)) <
                30u * 1000000u) {
            continue;
        }
        struct probe p = t_probe(j, law, x);
        const char *want = "T inside PX_SKEW: R_MESSAGE_1";
        const struct jsip *no = x->invite_last != NULL
                                    ? sip_final(j, x->invite_last, x->i1->to)
                                    : NULL;
        uint64_t t = jmsg_time(x->i1);
        if (r1_to(x) == NULL && no != NULL && no->status >= 300) {
            probe_sip(&p, no);
            probe_fail(&p, want, "%d", no->status);
        } else if (r1_to(x) == NULL && watched(j, t, t + quiet_us(j), &why)) {
            probe_fail(&p, want, "no answer");
        } else if (r1_to(x) == NULL) {
            probe_lack(&p, want, "no answer seen: %s", why);
        }
        probe_end(&p, want, "sent");
    }
}

/* ---- b-accepts-old
 * --------------------------------------------------------------- */

static void accepts_old(struct judge *j, const struct law *law,
                        const struct jdelivery *d)
{
    const struct jform *f = d->form;
    uint64_t skew = plan_time_us(j, "PX_SKEW", 300u * 1000000u, 1000000u);
    if (f == NULL || !f->has_t || f->t_type == MIKEY_TS_COUNTER ||
        f->esk.state != JOPEN_OK || d->x->leg == NULL ||
        leg_good_r2(d->x->leg) == NULL ||
        apart(us_from_ntp(f->t), d->sip->time_us) <= skew) {
        return;
    }
    struct probe p = probe_at(j, law, d->x, d->x->initiator);
    const struct jev *ev = law_rendered(j, d);
    const char *want = "a stored message older than PX_SKEW: rendered";
    probe_sip(&p, d->sip);
    p.message = "I_MESSAGE_2";
    if (ev != NULL) {
        probe_must(&p,
                   strcmp(law_text(ev, "status"), "undecryptable") != 0 &&
                       law_text(ev, "file")[0] != '\0',
                   want, "status %s", law_text(ev, "status"));
    } else if (law_reports(j, d->x->initiator)) {
        probe_fail(&p, want, "not rendered");
    } else {
        probe_lack(&p, want, "no report of what was rendered");
    }
    probe_end(&p, want, "so it is");
}

static void run_accepts_old(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        accepts_old(j, law, j->deliveries[i]);
    }
}

/* ---- unique-timestamps
 * ----------------------------------------------------------- */

static const struct mikey_payload *own_point(const struct jmsg *m)
{
    const struct jopen *o = &m->sent->ibake;
    if (!jopen_has(o)) {
        return NULL;
    }
    return law_turn(m) == MIKEY_DT_I_MESSAGE_1   ? o->xp
           : law_turn(m) == MIKEY_DT_R_MESSAGE_1 ? o->yp
                                                 : NULL;
}

static void unique_pair(struct probe *p, const struct jmsg *m,
                        const struct jmsg *e)
{
    uint8_t a = law_turn(m);
    uint8_t b = law_turn(e);
    int both_i = (a == MIKEY_DT_I_MESSAGE_1 || a == MIKEY_DT_I_MESSAGE_2) &&
                 (b == MIKEY_DT_I_MESSAGE_1 || b == MIKEY_DT_I_MESSAGE_2);
    struct view idi = idr_of(m->sent, MIKEY_ROLE_INITIATOR);
    p->message = m->name;
    p->frame = jmsg_frame(m);
    p->x = m->x;
    if (both_i && m->sent->has_t && e->sent->has_t &&
        m->sent->t == e->sent->t &&
        view_equal(idi, idr_of(e->sent, MIKEY_ROLE_INITIATOR))) {
        probe_payload(p, "mikey", m->sent->octets,
                      mikey_find(m->sent->msg, MIKEY_PL_T));
        probe_fail(p, "(IDRi, T) unique", "mikey.T: 0x%016llx as in frame %llu",
                   (unsigned long long)m->sent->t,
                   (unsigned long long)jmsg_frame(e));
    }
    if (a == MIKEY_DT_I_MESSAGE_1 && b == a && m->x != e->x &&
        m->sent->msg->hdr.csb_id == e->sent->msg->hdr.csb_id &&
        view_equal(idr_of(m->sent, MIKEY_ROLE_RESPONDER),
                   idr_of(e->sent, MIKEY_ROLE_RESPONDER))) {
        law_field(p, m->sent, NULL, "CSB ID");
        probe_fail(p, "(pair, CSB ID) unique", "0x%08x as in frame %llu",
                   m->sent->msg->hdr.csb_id, (unsigned long long)jmsg_frame(e));
    }
    const struct mikey_payload *x = own_point(m);
    const struct mikey_payload *y = own_point(e);
    if (x != NULL && y != NULL && m->x != e->x && same_point(x, y)) {
        probe_payload(p, "ibake", m->sent->ibake.plain, x);
        probe_fail(p, "ECC points unique", "%s as in frame %llu",
                   j_hex(p->j, law_point(x)),
                   (unsigned long long)jmsg_frame(e));
    }
}

static void unique_for(struct judge *j, const struct law *law, int party)
{
    size_t n = 0;
    const struct jx *first = NULL;
    int several = 0;
    struct probe p = probe_at(j, law, NULL, party);
    for (size_t i = 0; i < j->num_msgs; i++) {
        const struct jmsg *m = j->msgs[i];
        if (m->from != party || law_turn(m) == 0 || !law_decoded(m->sent)) {
            continue;
        }
        n++;
        several |= first != NULL && m->x != first;
        first = first != NULL ? first : m->x;
        for (size_t k = 0; k < i; k++) {
            const struct jmsg *e = j->msgs[k];
            if (e->from == party && law_turn(e) != 0 && law_decoded(e->sent)) {
                unique_pair(&p, m, e);
            }
        }
    }
    p.x = NULL;
    p.message = "";
    p.frame = 0;
    probe_octets(&p, "", (struct view){0}, (struct mikey_range){0, 0});
    if (several) {
        probe_end(&p, "(IDRi, T), (pair, CSB ID) and ECC points unique",
                  "%zu messages, none repeated", n);
    }
}

static void run_unique(struct judge *j, const struct law *law)
{
    for (int i = 0; i < (int)j->num_parties; i++) {
        unique_for(j, law, i);
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
        run_keeps_nothing),
    ROW("mb-refuses-skewed-i1", JUDGE_SHOULD, "DD-112 R3830-080",
        "RFC 3830, 5.3",
        "The mailbox discards an I_MESSAGE_1 whose T is outside the skew.",
        run_skewed),
    ROW("mb-accepts-within-skew", JUDGE_MUST, "DD-112 R3830-080",
        "RFC 3830, 5.4",
        "The mailbox takes an I_MESSAGE_1 whose T is inside the skew.",
        run_within),
    ROW("b-accepts-old", JUDGE_MUST, "DD-042", "TR 33.828, 7.6.2.5",
        "The recipient renders a stored message however old its T is.",
        run_accepts_old),
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
