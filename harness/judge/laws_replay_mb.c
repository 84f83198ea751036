/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of replay: what mailbox and recipient do with old and skewed messages.
 */
#include "harness/judge/laws_int.h"

#include "harness/base/env.h"

#include <string.h>

static uint64_t apart(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
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

void law_keeps_nothing(struct judge *j, const struct law *law)
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

void law_skewed(struct judge *j, const struct law *law)
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
            } else if (sip_life(j, x->i1->to, t) == NULL) {
                probe_lack(&p, want,
                           "no answer: the mailbox was not seen to "
                           "be alive");
            }
        }
        probe_end(&p, want, "none%s",
                  no != NULL && no->status >= 300
                      ? j_printf(j, ", %d", no->status)
                      : "");
    }
}

void law_within(struct judge *j, const struct law *law)
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

void law_accepts_old(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        accepts_old(j, law, j->deliveries[i]);
    }
}
