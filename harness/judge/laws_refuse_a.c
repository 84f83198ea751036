/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of refusal for the initiator: no I_MESSAGE_2, no content. */
#include "harness/judge/laws_flow_int.h"
#include "harness/judge/laws_refuse_int.h"

#include <string.h>

static int from_responder(const struct jmsg *m)
{
    return m->x != NULL && m->x->kind != JX_REQUEST && m->leg != NULL &&
           jmsg_first(m)->sip != NULL && !jmsg_first(m)->sip->request;
}

static int i2_before(const struct jmsg *m)
{
    for (size_t i = 0; i < m->leg->num_i2; i++) {
        if (jmsg_frame(m->leg->i2[i]) < jmsg_frame(m)) {
            return 1;
        }
    }
    return 0;
}

/* The first I_MESSAGE_2 of the leg after the frame. */
static const struct jmsg *i2_after(const struct jleg *l, uint64_t frame)
{
    for (size_t i = 0; i < l->num_i2; i++) {
        if (jmsg_frame(l->i2[i]) > frame) {
            return l->i2[i];
        }
    }
    return NULL;
}

/* RTP of the initiator after the time. */
static const struct jrtp *content_after(const struct jx *x, uint64_t us)
{
    for (size_t i = 0; i < x->num_rtp; i++) {
        if (!x->rtp[i]->back && x->rtp[i]->ok && x->rtp[i]->t->time_us > us) {
            return x->rtp[i];
        }
    }
    return NULL;
}

/* The call was given up: BYE or CANCEL of the initiator, or none goes on any
 * more. */
static int gave_up(const struct judge *j, const struct jx *x, uint64_t us)
{
    return sip_request(j, x->call_id, "BYE", x->initiator, us) != NULL ||
           sip_request(j, x->call_id, "CANCEL", x->initiator, us) != NULL;
}

static void quiet_or_lack(struct probe *p, const struct jx *x, uint64_t us,
                          const char *want, const char *done)
{
    const char *why = "";
    if (p->j->lossy) {
        probe_lack(p, want, "the recording is incomplete: %s", p->j->lossy_why);
    } else if (!gave_up(p->j, x, us) &&
               !watched(p->j, us, us + quiet_us(p->j), &why)) {
        probe_lack(p, want, "%s", why);
    } else if (refuse_alive(p, want, x->initiator, us)) {
        probe_pass(p, want, "%s", done);
    }
}

static void show_rtp(struct probe *p, const struct jrtp *r)
{
    p->frame = r->t->frame;
    p->message = "RTP";
    probe_octets(p, "rtp", r->t->octets,
                 (struct mikey_range){0, (uint32_t)r->header_len});
}

/* A sound R_MESSAGE_2, of whichever leg, that arrived before the frame: it may
 * be what the initiator went by. */
static const struct jmsg *sound_r2_before(const struct jx *x, uint64_t frame)
{
    for (size_t i = 0; i < x->num_legs; i++) {
        const struct jmsg *m = leg_good_r2(x->legs[i]);
        if (m != NULL && jmsg_arrived(m) < frame) {
            return m;
        }
    }
    return NULL;
}

/* A sound R_MESSAGE_1 of the leg of m, other than m, that arrived before the
 * frame. */
static const struct jmsg *sound_r1_before(const struct jmsg *m, uint64_t frame)
{
    for (size_t i = 0; i < m->x->num_msgs; i++) {
        const struct jmsg *o = m->x->msgs[i];
        if (o != m && o->leg == m->leg && o->type == MIKEY_DT_R_MESSAGE_1 &&
            (o->defects & ~(uint32_t)JD_SECOND) == 0 && o->unknown == 0 &&
            jmsg_arrived(o) < frame) {
            return o;
        }
    }
    return NULL;
}

/* No content after the time. */
static void no_content(struct probe *p, const struct jx *x, uint64_t us,
                       const char *want)
{
    const struct jrtp *r = content_after(x, us);
    const struct jmsg *sound =
        r != NULL ? sound_r2_before(x, r->t->frame) : NULL;
    if (r != NULL && (sound != NULL || p->j->lossy)) {
        show_rtp(p, r);
        if (sound != NULL) {
            probe_lack(p, want,
                       "content was sent, but after the sound "
                       "R_MESSAGE_2 of frame %llu",
                       (unsigned long long)jmsg_arrived(sound));
        } else {
            probe_lack(p, want,
                       "content was sent; a sound R_MESSAGE_2 may be "
                       "missing: %s",
                       p->j->lossy_why);
        }
        return;
    }
    if (r != NULL) {
        show_rtp(p, r);
        refuse_broken(p, want, "content was sent");
        return;
    }
    quiet_or_lack(p, x, us, want, "none was sent");
}

/* ---- R_MESSAGE_1
 * -------------------------------------------------------------------- */

void law_refuse_r1(struct judge *j, const struct law *law)
{
    const struct refuse *d = law->arg;
    const char *want = "no I_MESSAGE_2, no content";
    for (size_t i = 0; i < j->num_msgs; i++) {
        const struct jmsg *m = j->msgs[i];
        if (!from_responder(m) || i2_before(m) || m->x->i1 == NULL ||
            m->x->kind == JX_RETRIEVAL) {
            continue;
        }
        struct probe p = probe_at(j, law, m->x, m->x->initiator);
        p.message = m->name;
        p.frame = jmsg_arrived(m);
        if ((m->defects & d->defects) == 0) {
            if ((m->unknown & d->defects) != 0 && refuse_asked(j, law)) {
                probe_lack(&p, want,
                           "whether the R_MESSAGE_1 is sound is open; missing "
                           "key: %s",
                           m->lack);
            }
            continue;
        }
        const struct jmsg *i2 = i2_after(m->leg, jmsg_arrived(m));
        if (i2 != NULL && sound_r1_before(m, jmsg_frame(i2)) != NULL) {
            probe_lack(&p, want,
                       "I_MESSAGE_2 was sent, but a sound "
                       "R_MESSAGE_1 had come too");
        } else if (i2 != NULL) {
            p.frame = jmsg_frame(i2);
            probe_octets(
                &p, "mikey", i2->sent->octets,
                (struct mikey_range){0, (uint32_t)i2->sent->octets.len});
            refuse_broken(&p, want,
                          j_printf(j,
                                   "I_MESSAGE_2 was sent after an answer "
                                   "that %s",
                                   jdefect_text(j, m->defects)));
        } else {
            no_content(&p, m->x, jmsg_time(m), want);
        }
    }
}

/* ---- R_MESSAGE_2
 * -------------------------------------------------------------------- */

void law_refuse_r2(struct judge *j, const struct law *law)
{
    const struct refuse *d = law->arg;
    for (size_t i = 0; i < j->num_msgs; i++) {
        const struct jmsg *m = j->msgs[i];
        if (!from_responder(m) || !i2_before(m) || m->x->kind == JX_RETRIEVAL ||
            m->type == MIKEY_DT_ERROR) {
            continue;
        }
        struct probe p = probe_at(j, law, m->x, m->x->initiator);
        p.message = m->name;
        p.frame = jmsg_arrived(m);
        if ((m->defects & d->defects) != 0) {
            no_content(&p, m->x, jmsg_time(m), "no content");
        } else if ((m->unknown & d->defects) != 0 && refuse_asked(j, law)) {
            probe_lack(&p, "no content",
                       "whether the R_MESSAGE_2 is sound is open; missing key: "
                       "%s",
                       m->lack);
        }
    }
}

/* ---- refusals and silence
 * -------------------------------------------------------------- */

/* The first final answer to an I_MESSAGE_2 as it arrived at the initiator. */
static const struct jsip *final_to(const struct judge *j, const struct jmsg *i2)
{
    const struct jsip *req = jmsg_first(i2)->sip;
    const struct jcall *c = sip_call(j, req->call_id);
    for (size_t i = 0; i < c->num; i++) {
        const struct jsip *s = c->sip[i];
        if (s->status >= 200 && s->cseq == req->cseq && s->dst == i2->from &&
            strcmp(s->method, req->method) == 0 && s->time_us >= req->time_us) {
            return s;
        }
    }
    return NULL;
}

void law_stops_488(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_msgs; i++) {
        const struct jmsg *m = j->msgs[i];
        if (m->leg == NULL || m->x->kind == JX_RETRIEVAL ||
            jmsg_first(m)->sip == NULL || !jmsg_first(m)->sip->request ||
            m->from != m->x->initiator) {
            continue;
        }
        const struct jsip *s = final_to(j, m);
        if (s == NULL || s->status < 300 || answer_r2(m) != NULL) {
            continue;
        }
        struct probe p = probe_at(j, law, m->x, m->x->initiator);
        probe_sip(&p, s);
        no_content(&p, m->x, s->time_us, "no content");
    }
}

void law_stops_error(struct judge *j, const struct law *law)
{
    const char *want = "no further message, no content";
    for (size_t i = 0; i < j->num_msgs; i++) {
        const struct jmsg *m = j->msgs[i];
        if (!from_responder(m) || m->type != MIKEY_DT_ERROR ||
            m->x->kind == JX_RETRIEVAL) {
            continue;
        }
        struct probe p = probe_at(j, law, m->x, m->x->initiator);
        const struct jmsg *i2 = i2_after(m->leg, jmsg_arrived(m));
        p.message = m->name;
        p.frame = jmsg_arrived(m);
        if (i2 != NULL) {
            p.frame = jmsg_frame(i2);
            refuse_broken(&p, want, "I_MESSAGE_2 was sent after the Error");
        } else {
            no_content(&p, m->x, jmsg_time(m), want);
        }
    }
}

void law_stops_without(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const struct jleg *l = x->leg;
        if (x->kind == JX_REQUEST || x->kind == JX_RETRIEVAL || l == NULL ||
            l->r1 == NULL || l->num_i2 == 0 || l->num_r2 > 0) {
            continue;
        }
        const struct jmsg *i2 = l->i2[l->num_i2 - 1];
        const struct jsip *s = final_to(j, i2);
        if (s != NULL && s->status >= 300) {
            continue; /* a-stops-on-488 */
        }
        struct probe p = probe_at(j, law, x, x->initiator);
        p.message = i2->name;
        p.frame = jmsg_frame(i2);
        no_content(&p, x, jmsg_time(i2), "no content without R_MESSAGE_2");
    }
}
