/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* MIKEY messages: several sightings on several hops are one message. */
#include "harness/judge/judge_int.h"

#include "harness/base/env.h"

#include <string.h>

struct jform *form_of(struct judge *j, struct view octets,
                      const struct mikey_msg *msg,
                      const struct mikey_error *err, enum status text_status)
{
    struct jform *f = octets.len > 0 ? jmap_get(j->form_map, octets) : NULL;
    if (f != NULL && f->text_status == text_status) {
        return f;
    }
    f = j_alloc(j, sizeof *f);
    struct jform **v = j_room(j, j->forms, j->num_forms);
    if (f == NULL || v == NULL) {
        return NULL;
    }
    j->forms = v;
    v[j->num_forms++] = f;
    if (octets.len > 0) {
        jmap_put(j, &j->form_map, octets, f);
    }
    f->octets = octets;
    f->msg = msg;
    f->err = err;
    f->text_status = text_status;
    f->type = octets.len > 1 ? octets.data[1] : 0xff;
    f->ibake.want = f->ibake.key = f->ibake.lack = f->ibake.reading = "";
    f->esk.want = f->esk.key = f->esk.lack = f->esk.reading = "";
    if (msg != NULL && mikey_timestamp(msg, &f->t_type, &f->t) == STATUS_OK) {
        f->has_t = 1;
        if (f->t_type != MIKEY_TS_COUNTER) {
            utc_date(f->date, us_from_ntp(f->t));
        }
    }
    return f;
}

struct view idr_of(const struct jform *f, uint8_t role)
{
    const struct mikey_payload *p =
        f != NULL && f->msg != NULL ? mikey_find_idr(f->msg, role) : NULL;
    return p != NULL ? p->u.idr.data : (struct view){0};
}

uint64_t jmsg_frame(const struct jmsg *m)
{
    return m->sights[0].t->frame;
}

uint64_t jmsg_arrived(const struct jmsg *m)
{
    return jmsg_last(m)->t->frame;
}

uint64_t jmsg_time(const struct jmsg *m)
{
    return jmsg_last(m)->t->time_us;
}

/* ---- sightings
 * --------------------------------------------------------------- */

int is_delivery(const struct trace_mikey *t, const struct jsip *s)
{
    if (s == NULL || s->request || t->carrier != TRACE_CARRIER_BODY) {
        return 0;
    }
    uint8_t type = t->octets.len > 1 ? t->octets.data[1] : 0xff;
    return type != MIKEY_DT_R_MESSAGE_1 && type != MIKEY_DT_R_MESSAGE_2 &&
           type != MIKEY_DT_ERROR;
}

static int same_place(const struct trace_mikey *a, const struct trace_mikey *b)
{
    return a->carrier == b->carrier && a->media == b->media &&
           a->nth == b->nth && a->part == b->part;
}

/* Is this the message m once more: sent again, or passed on by a proxy? */
static int same_message(const struct jmsg *m, const struct jsight *s)
{
    const struct jsight *last = jmsg_last(m);
    if (s->sip == NULL || last->sip == NULL ||
        s->sip->request != last->sip->request ||
        s->sip->cseq != last->sip->cseq ||
        strcmp(s->sip->method, last->sip->method) != 0 ||
        strcmp(s->sip->call_id, last->sip->call_id) != 0 ||
        strcmp(s->sip->from_tag, last->sip->from_tag) != 0) {
        return 0;
    }
    if (!s->sip->request && strcmp(s->sip->to_tag, last->sip->to_tag) != 0) {
        return 0;
    }
    if (s->form == last->form || s->form == m->sent) {
        /* The echo of a request by the one who was asked is no hop of it. */
        return 1;
    }
    /* Passed on with other octets: somebody on the way changed it. */
    return last->dst == s->src && last->src != s->src &&
           same_place(last->t, s->t) && s->sip->status == last->sip->status;
}

static void sight_add(struct judge *j, struct jmsg *m, const struct jsight *s)
{
    struct jsight *v = j_alloc(j, (m->num_sights + 1) * sizeof *v);
    if (v == NULL) {
        return;
    }
    if (m->num_sights > 0) {
        memcpy(v, m->sights, m->num_sights * sizeof *v);
    }
    v[m->num_sights++] = *s;
    m->sights = v;
}

static const char *name_of(struct judge *j, const struct jform *f)
{
    if (f->msg == NULL || f->octets.len < 2) {
        return "undecodable";
    }
    const char *n = mikey_data_type_name(f->type);
    return n != NULL ? n : j_printf(j, "MIKEY type %u", f->type);
}

/* What all sightings of one message have in common. */
static const char *key_of(struct judge *j, const struct jsip *s)
{
    return j_printf(j, "%d\n%u\n%s\n%s\n%s\n%s", s->request, s->cseq, s->method,
                    s->call_id, s->from_tag, s->request ? "" : s->to_tag);
}

static struct jmsg *message_find(struct judge *j, const struct jsight *s,
                                 const char *key)
{
    struct jmsg *m = s->sip != NULL ? jmap_get(j->msg_map, view_of(key)) : NULL;
    while (m != NULL && !same_message(m, s)) {
        m = m->next_same;
    }
    return m;
}

/* In the order of the wire under its key. */
static void message_key(struct judge *j, struct jmsg *m, const char *key)
{
    struct jmsg *first = jmap_get(j->msg_map, view_of(key));
    if (first == NULL) {
        jmap_put(j, &j->msg_map, view_of(key), m);
        return;
    }
    while (first->next_same != NULL) {
        first = first->next_same;
    }
    first->next_same = m;
}

static void message_new(struct judge *j, const struct jsight *s,
                        const char *key)
{
    struct jmsg *m = j_alloc(j, sizeof *m);
    struct jmsg **v = j_room(j, j->msgs, j->num_msgs);
    if (m == NULL || v == NULL) {
        return;
    }
    m->lack = "";
    m->type = s->form->type;
    m->name = name_of(j, s->form);
    m->sent = m->rcvd = s->form;
    m->from = s->src;
    m->to = s->dst;
    sight_add(j, m, s);
    if (m->num_sights == 0) {
        return;
    }
    j->msgs = v;
    v[j->num_msgs++] = m;
    if (s->sip != NULL) {
        message_key(j, m, key);
    }
}

/* A forked request reaches several parties; the mailbox is the one that counts
 * as its receiver, else the last. An echo does not move the receiver. */
static void settle_receiver(const struct judge *j, struct jmsg *m)
{
    for (size_t i = 0; i < m->num_sights; i++) {
        const struct jsight *s = &m->sights[i];
        if (s->dst == m->from || (s->sip != NULL && s->sip->echo)) {
            continue;
        }
        if (strcmp(party_role(j, m->to), "MB") == 0 &&
            strcmp(party_role(j, s->dst), "MB") != 0) {
            continue;
        }
        m->to = s->dst;
        m->rcvd = s->form;
    }
    /* Put the sighting of arrival last: jmsg_last() is where it was received.
     */
    for (size_t i = 0; i + 1 < m->num_sights; i++) {
        if (m->sights[i].dst == m->to && m->sights[i].form == m->rcvd &&
            jmsg_last(m)->dst != m->to) {
            struct jsight s = m->sights[i];
            memmove(&m->sights[i], &m->sights[i + 1],
                    (m->num_sights - i - 1) * sizeof s);
            m->sights[m->num_sights - 1] = s;
            break;
        }
    }
}

void messages_build(struct judge *j)
{
    for (size_t i = 0; i < j->trace->num_mikey && j->err == STATUS_OK; i++) {
        const struct trace_mikey *t = &j->trace->mikey[i];
        struct jsight s = {.t = t};
        s.sip = t->sip >= 0 ? &j->sip[t->sip] : NULL;
        if (is_delivery(t, s.sip) || (s.sip != NULL && s.sip->t->cut)) {
            continue;
        }
        s.src = party_of(j, &t->src);
        s.dst = party_of(j, &t->dst);
        s.form = form_of(j, t->octets, t->msg, &t->err, t->text_status);
        if (s.form == NULL) {
            return;
        }
        const char *key = s.sip != NULL ? key_of(j, s.sip) : "";
        struct jmsg *m = message_find(j, &s, key);
        if (m != NULL) {
            sight_add(j, m, &s);
        } else {
            message_new(j, &s, key);
        }
    }
    for (size_t k = 0; k < j->num_msgs; k++) {
        settle_receiver(j, j->msgs[k]);
    }
}
