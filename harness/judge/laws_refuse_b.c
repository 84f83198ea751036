/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of refusal for the recipient: what must not be played out. */
#include "harness/judge/laws_flow_int.h"
#include "harness/judge/laws_refuse_int.h"

#include <string.h>

/* ---- b-refuses-deferred-r1
 * -------------------------------------------------------------- */

void law_b_deferred(struct judge *j, const struct law *law)
{
    const char *want = "no I_MESSAGE_2 to a mailbox that could not decrypt";
    for (size_t i = 0; i < j->num_msgs; i++) {
        const struct jmsg *m = j->msgs[i];
        const struct jmsg *i2 = NULL;
        const char *why = "";
        if (m->x == NULL || m->leg == NULL || m->x->kind != JX_RETRIEVAL ||
            m->type != MIKEY_DT_R_MESSAGE_1) {
            continue;
        }
        struct probe p = probe_at(j, law, m->x, m->x->initiator);
        p.message = m->name;
        p.frame = jmsg_arrived(m);
        if ((m->defects & JD_DEFERRED) == 0) {
            if (m->unknown != 0 && refuse_asked(j, law)) {
                probe_lack(&p, want, "missing key: %s", m->lack);
            }
            continue;
        }
        for (size_t k = 0; k < m->leg->num_i2 && i2 == NULL; k++) {
            i2 = jmsg_frame(m->leg->i2[k]) > jmsg_arrived(m) ? m->leg->i2[k]
                                                             : NULL;
        }
        uint64_t us = jmsg_time(m);
        int left =
            sip_request(j, m->x->call_id, "CANCEL", m->x->initiator, us) !=
                NULL ||
            sip_request(j, m->x->call_id, "BYE", m->x->initiator, us) != NULL;
        if (i2 != NULL) {
            p.frame = jmsg_frame(i2);
            probe_octets(
                &p, "mikey", i2->sent->octets,
                (struct mikey_range){0, (uint32_t)i2->sent->octets.len});
            probe_fail(&p, want, "I_MESSAGE_2 was sent");
        } else if (j->lossy ||
                   (!left && !watched(j, us, us + quiet_us(j), &why))) {
            probe_lack(&p, want, "%s", j->lossy ? j->lossy_why : why);
        } else if (refuse_alive(&p, want, m->x->initiator, us)) {
            probe_pass(&p, want, "none was sent");
        }
    }
}

/* ---- what must not be rendered
 * -------------------------------------------------------------- */

static struct probe at_delivery(struct judge *j, const struct law *law,
                                const struct jdelivery *d)
{
    struct probe p = probe_at(j, law, d->x, d->x->initiator);
    p.frame = d->t->frame;
    p.message = "I_MESSAGE_2";
    return p;
}

/* 1: the report shows that nothing of it was played; else a finding. */
static int not_rendered(struct probe *p, const struct jdelivery *d,
                        const char *want)
{
    const struct jev *ev = law_rendered(p->j, d);
    struct samples have;
    const char *why = "";
    if (ev == NULL) {
        if (law_reports(p->j, d->x->initiator)) {
            return 1;
        }
        probe_lack(p, want, "no report of what was rendered");
        return 0;
    }
    if (!samples_rendered(p->j, ev, &have, &why)) {
        probe_lack(p, want, "%s", why);
        return 0;
    }
    for (size_t i = 0; i < have.num; i++) {
        if (have.v[i] != 0) {
            p->in = "evidence";
            probe_fail(p, want, "%s holds %zu samples", law_text(ev, "file"),
                       have.num);
            return 0;
        }
    }
    return 1;
}

static void must_not_render(struct judge *j, const struct law *law,
                            const struct jdelivery *d)
{
    struct probe p = at_delivery(j, law, d);
    const char *want = "nothing rendered";
    if (not_rendered(&p, d, want) &&
        refuse_alive(&p, want, d->x->initiator, d->sip->time_us)) {
        probe_pass(&p, want, "nothing");
    }
}

void law_b_bad_v(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const struct jmsg *bad = NULL;
        size_t n = 0;
        for (size_t k = 0;
             x->kind == JX_RETRIEVAL && x->leg != NULL && k < x->leg->num_r2;
             k++) {
            bad = x->leg->r2[k]->defects & JD_V ? x->leg->r2[k] : bad;
        }
        for (size_t k = 0; bad != NULL && k < j->num_deliveries; k++) {
            if (j->deliveries[k]->x == x) {
                must_not_render(j, law, j->deliveries[k]);
                n++;
            }
        }
        if (bad == NULL || n > 0) {
            continue;
        }
        /* B left before anything was handed out. */
        struct probe p = probe_at(j, law, x, x->initiator);
        const char *why = "";
        const char *want = "the retrieval is given up";
        uint64_t us = jmsg_time(bad);
        p.frame = jmsg_arrived(bad);
        p.message = bad->name;
        if (!watched(j, us, us + quiet_us(j), &why)) {
            probe_lack(&p, want, "%s", why);
        } else if (refuse_alive(&p, want, x->initiator, us)) {
            probe_pass(&p, want, "nothing was handed out or rendered");
        }
    }
}

void law_b_sk_type(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jdelivery *d = j->deliveries[i];
        const struct jopen *o = &d->form->esk;
        if (jopen_has(o) && o->sk != NULL && o->sk->u.sk.type != 1) {
            must_not_render(j, law, d);
        } else if (o->state == JOPEN_NO_KEY && refuse_asked(j, law)) {
            struct probe p = at_delivery(j, law, d);
            probe_needs(&p, o, "nothing rendered");
        }
    }
}

static int foreign_esk(const struct jdelivery *d)
{
    enum jopen_state s = d->form->esk.state;
    return s == JOPEN_FOREIGN || s == JOPEN_REFUSED || s == JOPEN_GARBLED;
}

void law_b_foreign_esk(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jdelivery *d = j->deliveries[i];
        if (!foreign_esk(d)) {
            continue;
        }
        struct probe p = at_delivery(j, law, d);
        const char *want = "nothing rendered of it, the others rendered";
        if (!not_rendered(&p, d, want)) {
            continue;
        }
        for (size_t k = 0; k < j->num_deliveries; k++) {
            const struct jdelivery *o = j->deliveries[k];
            if (o->x == d->x && !foreign_esk(o) && law_rendered(j, o) == NULL) {
                probe_fail(&p, want, "message %u was not rendered either",
                           o->nth);
            }
        }
        probe_end(&p, want, "so it is");
    }
}

void law_b_unauthenticated(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jdelivery *d = j->deliveries[i];
        const struct jleg *l = d->x->leg;
        int proved = 0;
        for (size_t k = 0; l != NULL && k < l->num_r2; k++) {
            /* as it left: both may pass the core on the way */
            proved |= jmsg_frame(l->r2[k]) <= d->t->last_frame;
        }
        if (!proved && !j->lossy) {
            must_not_render(j, law, d);
        }
    }
}

/* ---- packets that must not be heard
 * -------------------------------------------------------------- */

/* Every packet that verifies is heard, in order; between two of them there may
 * be silence or something made up, but not a packet that does not verify. */
void law_b_altered(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jdelivery *d = j->deliveries[i];
        struct samples want, have, heard;
        size_t altered;
        const char *why = "";
        samples_expected(j, d, &want, &altered);
        if (altered == 0 || want.num == 0) {
            continue;
        }
        struct probe p = at_delivery(j, law, d);
        const struct jev *ev = law_rendered(j, d);
        const char *expected = j_printf(
            j, "the %zu samples of packets that verify; of %zu others none",
            want.num, altered);
        if (ev == NULL || !samples_rendered(j, ev, &have, &why)) {
            probe_lack(&p, expected, "%s",
                       ev == NULL ? "no report of what was rendered" : why);
            continue;
        }
        for (size_t k = 0; k < d->x->num_rtp; k++) {
            const struct jrtp *r = d->x->rtp[k];
            if (r->back && r->ok && r->key == JMK_NONE &&
                ((samples_unchecked(j, d, r, &heard) &&
                  samples_hold(&have, &heard)) ||
                 (samples_raw(j, r, &heard) && samples_hold(&have, &heard)))) {
                p.frame = r->t->frame;
                probe_octets(
                    &p, "rtp", r->t->octets,
                    (struct mikey_range){0, (uint32_t)r->t->octets.len});
                probe_fail(&p, expected,
                           "a packet that does not verify was rendered");
            }
        }
        if (p.failed == 0) {
            probe_must(&p, samples_in_order(j, &have, d), expected,
                       "%zu samples, in which packets that verify are missing",
                       have.num);
        }
        probe_end(&p, expected, "so it is");
    }
}

static size_t count_key(const struct jx *x, enum jmedia_key key)
{
    size_t n = 0;
    for (size_t i = 0; i < x->num_rtp; i++) {
        n += x->rtp[i]->back && x->rtp[i]->key == key;
    }
    return n;
}

void law_b_hop_media(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jdelivery *d = j->deliveries[i];
        if (count_key(d->x, JMK_HOP) > 0 && count_key(d->x, JMK_E2E) == 0) {
            must_not_render(j, law, d);
        }
    }
}
