/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What a mailbox hands out: stored I_MESSAGE_2 parts with the identity beside
 * them, matched to the deposits they came from. */
#include "harness/judge/judge_int.h"

#include "harness/base/mem.h"

#include <string.h>
#include <strings.h>

#define MAX_PARTS 64

/* ---- parts
 * ------------------------------------------------------------------------ */

static int part_is(const struct jpart *p, const char *type)
{
    return strcasecmp(p->type, type) == 0;
}

/* How many parts of that type stand before part n. */
static size_t count_before(const struct jpart *p, size_t n, const char *type)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        k += part_is(&p[i], type);
    }
    return k;
}

/* The sipfrag of the part: the one with the same place in the row if there are
 * as many of one as of the other, else the next. */
static const struct jpart *frag_of(const struct jpart *p, size_t num, size_t at)
{
    static const char *const frag = "message/sipfrag";
    size_t keys = count_before(p, num, "application/mikey");
    size_t frags = count_before(p, num, frag);
    size_t nth = count_before(p, at, "application/mikey");
    for (size_t i = 0; i < num; i++) {
        if (part_is(&p[i], frag) &&
            (keys == frags ? count_before(p, i, frag) == nth : i > at)) {
            return &p[i];
        }
        if (keys != frags && i > at && part_is(&p[i], "application/mikey")) {
            return NULL;
        }
    }
    return NULL;
}

static void read_parts(struct judge *j, struct jdelivery *d)
{
    struct jpart *p = mem_alloc(MAX_PARTS * sizeof *p);
    if (p == NULL) {
        j->err = STATUS_NO_MEMORY;
        return;
    }
    size_t n = jsip_parts(j, d->sip, p, MAX_PARTS);
    n = n < MAX_PARTS ? n : MAX_PARTS;
    if (d->t->part < n) {
        d->content_id = p[d->t->part].content_id;
        const struct jpart *f = frag_of(p, n, d->t->part);
        if (f != NULL) {
            d->has_frag = 1;
            d->frag = f->body;
            d->frag_from = jsip_line(j, f->body, "From");
            d->frag_pai = jsip_line(j, f->body, "P-Asserted-Identity");
            d->frag_to = jsip_line(j, f->body, "To");
            d->frag_call_id = jsip_line(j, f->body, "Call-ID");
        }
    }
    mem_free(p);
}

/* ---- whose it is
 * -------------------------------------------------------------------- */

static struct view esk_of(const struct jform *f)
{
    const struct mikey_payload *p =
        f->msg != NULL ? mikey_find(f->msg, MIKEY_PL_ESK) : NULL;
    return p != NULL ? p->u.enc.data : (struct view){0};
}

/* 3 octet for octet, 2 the same ESK, 1 the same CSB, 0 not alike; +4 if the
 * deposit was accepted. */
static int likeness(const struct jform *f, const struct jmsg *i2)
{
    int found = 0;
    if (i2->type != MIKEY_DT_I_MESSAGE_2) {
        /* A mailbox that stored something else than an I_MESSAGE_2. */
        return i2->rcvd->octets.len > 0 &&
                       view_equal(f->octets, i2->rcvd->octets)
                   ? 3
                   : 0;
    }
    if (view_equal(f->octets, i2->rcvd->octets)) {
        found = 3;
    } else if (esk_of(f).len > 0 && view_equal(esk_of(f), esk_of(i2->rcvd))) {
        found = 2;
    } else if (f->msg != NULL && i2->rcvd->msg != NULL &&
               f->msg->hdr.csb_id == i2->rcvd->msg->hdr.csb_id &&
               view_equal(idr_of(f, MIKEY_ROLE_INITIATOR),
                          idr_of(i2->rcvd, MIKEY_ROLE_INITIATOR))) {
        found = 1;
    }
    return found != 0 && answer_r2(i2) != NULL ? found + 4 : found;
}

/* One retrieval hands each message out once: what has its delivery already
 * comes last, so that a replayed deposit is seen to be stored twice. */
static int taken(const struct judge *j, const struct jdelivery *d,
                 const struct jmsg *i2)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jdelivery *o = j->deliveries[i];
        if (o != d && o->x == d->x && o->i2 == i2) {
            return 1;
        }
    }
    return 0;
}

static void find_deposit(const struct judge *j, struct jdelivery *d)
{
    int best = 0;
    for (size_t i = 0; i < j->num_xs; i++) {
        struct jx *x = j->xs[i];
        for (size_t k = 0; x->kind == JX_DEPOSIT && k < x->num_msgs; k++) {
            struct jmsg *m = x->msgs[k];
            int like = jmsg_time(m) < d->t->time_us ? likeness(d->form, m) : 0;
            like += (like & 3) >= 2 && !taken(j, d, m) ? 8 : 0;
            if (like > best) {
                best = like;
                d->deposit = x;
                d->i2 = m;
                d->same = (like & 3) == 3;
            }
        }
    }
}

/* A stored message that no deposit of the recording explains is opened as what
 * it is: IBAKE for the mailbox, ESK for the one who fetches. */
static void open_unknown(struct judge *j, struct jdelivery *d)
{
    struct jform *f = d->form;
    struct view owner = {0};
    if (f->opened || f->msg == NULL) {
        return;
    }
    f->opened = 1;
    if (d->deposit != NULL && d->deposit->i1 != NULL) {
        owner = idr_of(d->deposit->i1->sent, MIKEY_ROLE_RESPONDER);
    }
    if (owner.len == 0) {
        int mb = d->x->responder;
        owner = view_of(mb >= 0 ? j->parties[mb].account : "");
    }
    if (owner.len == 0 && d->x->i1 != NULL) {
        owner = idr_of(d->x->i1->sent, MIKEY_ROLE_INITIATOR);
    }
    open_payload(j, f, &f->ibake, MIKEY_PL_IBAKE,
                 idr_of(f, MIKEY_ROLE_RESPONDER));
    open_payload(j, f, &f->esk, MIKEY_PL_ESK, owner);
}

/* ---- all
 * ------------------------------------------------------------------------------
 */

/* One handing out is seen on several hops, and again when the answer is
 * repeated. */
static struct jdelivery *delivery_new(struct judge *j, struct jmap **seen,
                                      const struct trace_mikey *t,
                                      const struct jsip *s)
{
    const char *key = j_printf(j, "%s\n%u\n%s\n%s\n%d\n%u", s->call_id, s->cseq,
                               s->method, s->to_tag, s->status, t->part);
    if (jmap_get(*seen, view_of(key)) != NULL) {
        return NULL;
    }
    struct jdelivery *d = j_alloc(j, sizeof *d);
    struct jdelivery **v = j_room(j, j->deliveries, j->num_deliveries);
    if (d == NULL || v == NULL) {
        return NULL;
    }
    jmap_put(j, seen, view_of(key), d);
    j->deliveries = v;
    v[j->num_deliveries++] = d;
    *d = (struct jdelivery){.n = (unsigned)j->num_deliveries,
                            .t = t,
                            .sip = s,
                            .frag_from = "",
                            .frag_pai = "",
                            .frag_to = "",
                            .frag_call_id = "",
                            .content_id = ""};
    d->keys.lack = d->keys.reading = d->keys.e2e_lack = d->keys.sk_profile = "";
    return d;
}

void deliver_all(struct judge *j)
{
    struct jmap *seen = NULL;
    for (size_t i = 0; i < j->trace->num_mikey && j->err == STATUS_OK; i++) {
        const struct trace_mikey *t = &j->trace->mikey[i];
        const struct jsip *s = t->sip >= 0 ? &j->sip[t->sip] : NULL;
        struct jx *x = is_delivery(t, s)
                           ? jmap_get(j->call_map, view_of(s->call_id))
                           : NULL;
        struct jdelivery *d = x != NULL ? delivery_new(j, &seen, t, s) : NULL;
        if (d == NULL) {
            continue;
        }
        d->x = x;
        d->form = form_of(j, t->octets, t->msg, &t->err, t->text_status);
        if (d->form == NULL) {
            return;
        }
        d->nth = 1;
        for (size_t k = 0; k + 1 < j->num_deliveries; k++) {
            d->nth += j->deliveries[k]->x == x;
        }
        read_parts(j, d);
        find_deposit(j, d);
        open_unknown(j, d);
        keys_content(j, &d->keys, d->form,
                     d->deposit != NULL && d->deposit->i1 != NULL
                         ? d->deposit->i1->rcvd
                         : NULL);
    }
}
