/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Messages become exchanges: one call each, with a leg for every responder that
 * answered. */
#include "harness/judge/judge_int.h"

#include <string.h>

const char *jx_kind_name(enum jx_kind k)
{
    switch (k) {
    case JX_DEPOSIT:
        return "deposit";
    case JX_RETRIEVAL:
        return "retrieval";
    case JX_CALL:
        return "call";
    case JX_REQUEST:
        return "request";
    }
    return "?";
}

const char *jform_kind_name(enum jform_kind k)
{
    switch (k) {
    case JFORM_UNKNOWN:
        return "unknown";
    case JFORM_NORMAL:
        return "normal";
    case JFORM_DEFERRED:
        return "deferred";
    }
    return "?";
}

static struct jx *jx_new(struct judge *j, const char *call_id, int initiator,
                         uint64_t frame, uint64_t time_us)
{
    struct jx *x = j_alloc(j, sizeof *x);
    struct jx **v = j_room(j, j->xs, j->num_xs);
    if (x == NULL || v == NULL) {
        return NULL;
    }
    j->xs = v;
    v[j->num_xs++] = x;
    x->call_id = call_id;
    x->initiator = initiator;
    x->responder = -1;
    x->called = x->place = "";
    x->start_us = x->end_us = time_us;
    x->start_frame = frame;
    if (call_id[0] != '\0') {
        jmap_put(j, &j->call_map, view_of(call_id), x);
    }
    return x;
}

static struct jx *jx_by_call(const struct judge *j, const char *call_id)
{
    return jmap_get(j->call_map, view_of(call_id));
}

/* The call that now has that CSB ID. */
static void csb_note(struct judge *j, struct jx *x)
{
    if (x->i1->sent->msg != NULL && x->i1->sent->octets.len >= 8) {
        jmap_put(j, &j->csb_map, (struct view){x->i1->sent->octets.data + 4, 4},
                 x);
    }
}

/* Carriers outside the call's dialog (INFO, MESSAGE) are found by CSB ID. */
static struct jx *jx_by_csb(const struct judge *j, const struct jmsg *m)
{
    if (m->type < MIKEY_DT_R_MESSAGE_1 || m->type > MIKEY_DT_R_MESSAGE_2 ||
        m->sent->msg == NULL || jmsg_first(m)->sip == NULL ||
        strcmp(jmsg_first(m)->sip->method, "INVITE") == 0) {
        return NULL;
    }
    return m->sent->octets.len >= 8
               ? jmap_get(j->csb_map,
                          (struct view){m->sent->octets.data + 4, 4})
               : NULL;
}

static void sip_add(struct judge *j, struct jx *x, const struct jsip *s)
{
    const struct jsip **v = j_room(j, x->sip, x->num_sip);
    if (v == NULL) {
        return;
    }
    x->sip = v;
    v[x->num_sip++] = s;
    if (s->time_us > x->end_us) {
        x->end_us = s->time_us;
    }
    if (s->request && !s->echo && strcmp(s->method, "BYE") == 0 &&
        x->bye == NULL) {
        x->bye = s;
    }
}

/* A new call: an INVITE without To tag whose Call-ID was not seen before. */
static void calls_build(struct judge *j)
{
    for (size_t i = 0; i < j->num_sip && j->err == STATUS_OK; i++) {
        const struct jsip *s = &j->sip[i];
        if (!s->ok || s->call_id[0] == '\0') {
            continue;
        }
        struct jx *x = jx_by_call(j, s->call_id);
        if (x == NULL && s->request && s->to_tag[0] == '\0' &&
            strcmp(s->method, "INVITE") == 0) {
            x = jx_new(j, s->call_id, s->src, s->frame, s->time_us);
            if (x != NULL) {
                x->invite = s;
            }
        }
        if (x != NULL) {
            sip_add(j, x, s);
        }
    }
}

static struct jleg *leg_of(struct judge *j, struct jx *x, const char *tag)
{
    for (size_t i = 0; i < x->num_legs; i++) {
        if (strcmp(x->legs[i]->tag, tag) == 0) {
            return x->legs[i];
        }
    }
    struct jleg *l = j_alloc(j, sizeof *l);
    struct jleg **v = j_room(j, x->legs, x->num_legs);
    if (l == NULL || v == NULL) {
        return NULL;
    }
    x->legs = v;
    v[x->num_legs++] = l;
    l->tag = tag;
    l->party = -1;
    l->keys.lack = l->keys.reading = l->keys.e2e_lack = l->keys.sk_profile = "";
    return l;
}

static void msg_push(struct judge *j, struct jmsg ***vec, size_t *num,
                     struct jmsg *m)
{
    struct jmsg **v = j_room(j, *vec, *num);
    if (v != NULL) {
        *vec = v;
        v[(*num)++] = m;
    }
}

/* Which responder a message belongs to: the tag that is not the initiator's. */
static const char *leg_tag(const struct jx *x, const struct jsip *s)
{
    const char *mine = x->invite != NULL ? x->invite->from_tag : s->from_tag;
    return strcmp(s->from_tag, mine) == 0 ? s->to_tag : s->from_tag;
}

static void place_request(struct judge *j, struct jx *x, struct jmsg *m,
                          const struct jsip *s)
{
    int opening = s->to_tag[0] == '\0' && strcmp(s->method, "INVITE") == 0;
    if (opening && m->type != MIKEY_DT_I_MESSAGE_2) {
        /* An offer made again (challenge, redirection) replaces the first,
         * unless it was answered already. A second attribute of one offer does
         * not. */
        if (x->i1 == NULL ||
            (x->num_legs == 0 && jmsg_first(x->i1)->sip != s)) {
            x->i1 = m;
            csb_note(j, x);
        }
        return;
    }
    m->leg = leg_of(j, x, leg_tag(x, s));
    if (m->leg != NULL) {
        msg_push(j, &m->leg->i2, &m->leg->num_i2, m);
    }
}

/* An I_MESSAGE_2 that opens a call stands in a leg without a tag, and its
 * answer with it. */
static const char *answered_tag(const struct jx *x, const struct jmsg *m,
                                const struct jsip *s)
{
    for (size_t i = 0; i < x->num_legs; i++) {
        const struct jleg *l = x->legs[i];
        for (size_t k = 0; l->tag[0] == '\0' && k < l->num_i2; k++) {
            const struct jsip *req = jmsg_first(l->i2[k])->sip;
            if (m->type == MIKEY_DT_R_MESSAGE_2 && req != NULL &&
                req->cseq == s->cseq && strcmp(req->method, s->method) == 0) {
                return l->tag;
            }
        }
    }
    return leg_tag(x, s);
}

static void place_response(struct judge *j, struct jx *x, struct jmsg *m,
                           const struct jsip *s)
{
    m->leg = leg_of(j, x, answered_tag(x, m, s));
    if (m->leg == NULL) {
        return;
    }
    struct jleg *l = m->leg;
    if (l->party < 0) {
        l->party = m->from;
    }
    if (m->type == MIKEY_DT_R_MESSAGE_1 && l->r1 == NULL) {
        l->r1 = m;
        l->party = m->from;
    } else if (l->num_i2 > 0 && m->type == MIKEY_DT_R_MESSAGE_2) {
        msg_push(j, &l->r2, &l->num_r2, m);
    }
}

static void place_sip(struct judge *j, struct jmsg *m)
{
    const struct jsip *s = jmsg_first(m)->sip;
    struct jx *x = jx_by_call(j, s->call_id);
    if (x == NULL) {
        x = jx_by_csb(j, m);
    }
    if (x == NULL) {
        x = jx_new(j, s->call_id, s->request ? s->src : s->dst, jmsg_frame(m),
                   jmsg_time(m));
    }
    if (x == NULL) {
        return;
    }
    m->x = x;
    msg_push(j, &x->msgs, &x->num_msgs, m);
    if (s->request) {
        place_request(j, x, m, s);
    } else {
        place_response(j, x, m, s);
    }
}

static int reversed(const struct trace_mikey *a, const struct trace_mikey *b)
{
    return cap_addr_equal(&a->src, &b->dst) && cap_addr_equal(&a->dst, &b->src);
}

/* The key exchange: a request, and what comes back on the same path. */
static void place_kms(struct judge *j, struct jmsg *m)
{
    /* Bounded, so that a flood of what nobody answers stays linear. */
    size_t oldest = j->num_xs > 1024 ? j->num_xs - 1024 : 0;
    for (size_t i = j->num_xs; i-- > oldest;) {
        struct jx *x = j->xs[i];
        if (x->kind == JX_REQUEST && x->response == NULL &&
            reversed(jmsg_first(x->request)->t, jmsg_first(m)->t)) {
            x->response = m;
            m->x = x;
            msg_push(j, &x->msgs, &x->num_msgs, m);
            x->end_us = jmsg_time(m);
            return;
        }
    }
    if (m->type == MIKEY_DT_REQUEST_KEY_RESP &&
        (j->plan == NULL || strcmp(party_role(j, m->from), "KMS") == 0)) {
        return; /* an answer whose request is not on record */
    }
    struct jx *x = jx_new(j, "", m->from, jmsg_frame(m), jmsg_time(m));
    if (x == NULL) {
        return;
    }
    x->kind = JX_REQUEST;
    x->request = m;
    x->responder = m->to;
    m->x = x;
    msg_push(j, &x->msgs, &x->num_msgs, m);
}

/* The 2xx to the INVITE as the responder of the leg sent it. */
static void find_ok(struct jx *x, struct jleg *l)
{
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (!s->request && s->status / 100 == 2 &&
            strcmp(s->method, "INVITE") == 0 &&
            strcmp(s->to_tag, l->tag) == 0 &&
            (l->party < 0 || s->src == l->party)) {
            l->ok = s;
            return;
        }
    }
}

/* Who was to answer: the one whose R_MESSAGE_1 counts, else the last endpoint
 * that the INVITE was seen to reach, the mailbox before others. */
static void find_responder(const struct judge *j, struct jx *x)
{
    for (size_t i = 0; i < x->num_legs; i++) {
        struct jleg *l = x->legs[i];
        int better = x->leg == NULL || (x->leg->r1 == NULL && l->r1 != NULL) ||
                     (x->leg->num_i2 == 0 && l->num_i2 != 0);
        if (better) {
            x->leg = l;
        }
        find_ok(x, l);
    }
    if (x->leg != NULL && x->leg->party >= 0) {
        x->responder = x->leg->party;
    }
    for (size_t i = 0; i < x->num_sip && x->leg == NULL; i++) {
        const struct jsip *s = x->sip[i];
        if (s->request && !s->echo && strcmp(s->method, "INVITE") == 0 &&
            s->to_tag[0] == '\0' && is_endpoint(j, s->dst) &&
            s->dst != x->initiator &&
            strcmp(party_role(j, x->responder), "MB") != 0) {
            x->responder = s->dst;
        }
    }
    if (x->leg != NULL && x->responder < 0 && x->leg->num_i2 > 0) {
        x->responder = x->leg->i2[0]->to;
    }
    for (size_t i = 0; i < x->num_sip && x->invite_last == NULL; i++) {
        const struct jsip *s = x->sip[i];
        if (s->request && strcmp(s->method, "INVITE") == 0 && !s->echo &&
            s->to_tag[0] == '\0' && s->dst == x->responder) {
            x->invite_last = s;
        }
    }
}

void exchange_build(struct judge *j)
{
    calls_build(j);
    for (size_t i = 0; i < j->num_msgs && j->err == STATUS_OK; i++) {
        if (jmsg_first(j->msgs[i])->sip != NULL) {
            place_sip(j, j->msgs[i]);
        } else {
            place_kms(j, j->msgs[i]);
        }
    }
    for (size_t i = 0; i < j->num_xs; i++) {
        if (j->xs[i]->kind != JX_REQUEST) {
            find_responder(j, j->xs[i]);
        }
    }
}
