/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Opens IBAKE and ESK payloads with the key they should be for, and knows a
 * foreign key when it fits (AMB-04 to AMB-09). */
#include "harness/judge/judge_int.h"

#include "harness/base/env.h"

#include <string.h>

#define DAY_US INT64_C(86400000000)

static void add_reading(struct judge *j, struct jopen *o, const char *text)
{
    o->reading =
        o->reading[0] == '\0' ? text : j_printf(j, "%s; %s", o->reading, text);
}

static int is_ident(const struct mikey_payload *p)
{
    return p->type == MIKEY_PL_IDR || p->type == MIKEY_PL_ID;
}

/* What the plaintext holds. */
static enum jopen_state take_chain(struct judge *j, struct jopen *o)
{
    struct mikey_chain *c = j_alloc(j, sizeof *c);
    if (c == NULL) {
        return JOPEN_NO_KEY;
    }
    if (mikey_chain_decode(c, MIKEY_PL_IDR, o->plain.data, o->plain.len,
                           &o->err) != STATUS_OK) {
        return JOPEN_GARBLED;
    }
    o->chain = c;
    o->idi = mikey_chain_find_idr(c, MIKEY_ROLE_INITIATOR);
    o->idr = mikey_chain_find_idr(c, MIKEY_ROLE_RESPONDER);
    o->xp = mikey_chain_eccpt(c, MIKEY_ROLE_INITIATOR);
    o->yp = mikey_chain_eccpt(c, MIKEY_ROLE_RESPONDER);
    for (size_t i = 0; i < c->num_payloads; i++) {
        const struct mikey_payload *p = &c->payloads[i];
        if (is_ident(p) && o->id == NULL) {
            o->id = p;
        }
        if (p->type == MIKEY_PL_ID) {
            add_reading(j, o, "AMB-07: ID where IDR is meant");
        }
        if (p->type == MIKEY_PL_SK && o->sk == NULL) {
            o->sk = p;
        }
        if (p->type == MIKEY_PL_ECCPT) {
            o->num_points++;
            if (p->u.eccpt.padded_from_point) {
                add_reading(j, o, "AMB-09 (b): padding counted from the point");
            }
        }
    }
    return JOPEN_OK;
}

static int try_key(struct judge *j, struct jopen *o, const struct bf_key *key,
                   struct view encr)
{
    struct wr w;
    enum bf_reason why = BF_REASON_NONE;
    if (key == NULL) {
        return 0;
    }
    wr_init(&w);
    int ok = bf_decrypt(key, encr.data, encr.len, &w, &why) == STATUS_OK &&
             w.err == STATUS_OK;
    if (why == BF_REASON_NO_MEMORY || w.err == STATUS_NO_MEMORY) {
        j->err = STATUS_NO_MEMORY;
    }
    if (ok) {
        o->plain = j_copy(j, (struct view){w.data, w.len});
    }
    wr_cleanup(&w);
    return ok;
}

static void date_near(char out[9], const struct jform *f, int days)
{
    int64_t us = (int64_t)us_from_ntp(f->t) + days * DAY_US;
    utc_date(out, us > 0 ? (uint64_t)us : 0);
}

static const char *hashed(struct judge *j, struct view id, const char *date)
{
    return j_printf(j, "%s%s", j_shown(j, id), date);
}

/* The right key of another day, or of another reading of H1's string. */
static int try_readings(struct judge *j, struct jform *f, struct jopen *o,
                        struct view want, struct view encr)
{
    static const int days[] = {-1, 1};
    char date[9];
    for (size_t i = 0; i < 2; i++) {
        date_near(date, f, days[i]);
        if (try_key(j, o, keylog_private(j->kl, want, date), encr)) {
            o->key = hashed(j, want, date);
            add_reading(
                j, o,
                j_printf(j, "AMB-04: key of %s, T is of %s", date, f->date));
            return 1;
        }
    }
    /* AMB-04 (b): the whole IDR payload || date. */
    for (size_t i = 0; f->msg != NULL && i < f->msg->num_payloads; i++) {
        const struct mikey_payload *p = &f->msg->payloads[i];
        if (p->type != MIKEY_PL_IDR || !view_equal(p->u.idr.data, want)) {
            continue;
        }
        struct wr w;
        wr_init(&w);
        wr_bytes(&w, f->octets.data + p->range.off, p->range.len);
        wr_str(&w, f->date);
        int ok = w.err == STATUS_OK &&
                 try_key(j, o,
                         keylog_private_for(j->kl, want,
                                            (struct view){w.data, w.len}),
                         encr);
        wr_cleanup(&w);
        if (ok) {
            o->key = hashed(j, want, f->date);
            add_reading(j, o, "AMB-04 (b): H1 of the whole IDR payload");
            return 1;
        }
    }
    return 0;
}

static int try_foreign_id(struct judge *j, struct jform *f, struct jopen *o,
                          struct view id, struct view want, struct view encr)
{
    if (id.len == 0 || view_equal(id, want) || f->date[0] == '\0' ||
        !try_key(j, o, keylog_private(j->kl, id, f->date), encr)) {
        return 0;
    }
    o->key = hashed(j, id, f->date);
    return 1;
}

static int try_foreign(struct judge *j, struct jform *f, struct jopen *o,
                       struct view want, struct view encr)
{
    for (size_t i = 0; i < f->msg->num_payloads; i++) {
        const struct mikey_payload *p = &f->msg->payloads[i];
        if (p->type == MIKEY_PL_IDR &&
            try_foreign_id(j, f, o, p->u.idr.data, want, encr)) {
            return 1;
        }
    }
    for (size_t i = 0; i < j->num_parties; i++) {
        if (try_foreign_id(j, f, o, view_of(j->parties[i].identity), want,
                           encr) ||
            try_foreign_id(j, f, o, view_of(j->parties[i].account), want,
                           encr)) {
            return 1;
        }
    }
    for (size_t i = 0; i < keylog_num(j->kl, KEYLOG_IBE_PRIVATE); i++) {
        struct view h = keylog_at(j->kl, KEYLOG_IBE_PRIVATE, i)->lookup;
        struct view id = {h.data, h.len > 8 ? h.len - 8 : 0};
        if (try_key(j, o, keylog_private_for(j->kl, id, h), encr)) {
            o->key = j_shown(j, h);
            return 1;
        }
    }
    return 0;
}

static enum jopen_state open_with(struct judge *j, struct jform *f,
                                  struct jopen *o, struct view want,
                                  struct view encr)
{
    if (f->date[0] == '\0') {
        o->want = j_shown(j, want);
        o->lack = "a T that gives a date (NTP-UTC or NTP)";
        return try_foreign(j, f, o, want, encr) ? JOPEN_FOREIGN : JOPEN_NO_KEY;
    }
    o->want = hashed(j, want, f->date);
    const struct bf_key *key =
        want.len > 0 ? keylog_private(j->kl, want, f->date) : NULL;
    if (key == NULL) {
        /* What a log refuses (a key that is none of its identity) is said. */
        struct wr w;
        wr_init(&w);
        wr_bytes(&w, want.data, want.len);
        wr_str(&w, f->date);
        int given =
            w.err == STATUS_OK &&
            keylog_find(j->kl, KEYLOG_IBE_PRIVATE, (struct view){w.data, w.len},
                        NULL) == STATUS_OK;
        wr_cleanup(&w);
        o->lack = given ? j_printf(j, "a sound IBE_PRIVATE %s (%s)", o->want,
                                   keylog_why(j->kl))
                        : j_printf(j, "IBE_PRIVATE %s", o->want);
    }
    if (try_key(j, o, key, encr)) {
        o->key = o->want;
        return JOPEN_OK;
    }
    if (want.len > 0 && try_readings(j, f, o, want, encr)) {
        o->lack = "";
        return JOPEN_OK;
    }
    if (try_foreign(j, f, o, want, encr)) {
        o->lack = "";
        return JOPEN_FOREIGN;
    }
    return key == NULL ? JOPEN_NO_KEY : JOPEN_REFUSED;
}

void open_payload(struct judge *j, struct jform *f, struct jopen *o,
                  uint8_t type, struct view want)
{
    const struct mikey_payload *pl =
        f->msg != NULL ? mikey_find(f->msg, type) : NULL;
    struct mikey_field fd;
    if (pl == NULL) {
        o->state = JOPEN_ABSENT;
        return;
    }
    if (mikey_field_find(NULL, pl, "Encr data", &fd) == STATUS_OK) {
        o->encr = fd.range;
    }
    if (want.len == 0) {
        o->state = JOPEN_NO_KEY;
        o->lack = "the identity it is for: the message that names it was not "
                  "seen";
        return;
    }
    o->state = open_with(j, f, o, want, pl->u.enc.data);
    if (jopen_has(o) && take_chain(j, o) == JOPEN_GARBLED) {
        o->state = JOPEN_GARBLED;
    }
}

/* Whose key a message's IBAKE is for. */
static struct view ibake_for(const struct jform *f)
{
    int to_initiator =
        f->type == MIKEY_DT_R_MESSAGE_1 || f->type == MIKEY_DT_R_MESSAGE_2;
    return idr_of(f,
                  to_initiator ? MIKEY_ROLE_INITIATOR : MIKEY_ROLE_RESPONDER);
}

static void open_form(struct judge *j, struct jform *f, const struct jmsg *m)
{
    if (f == NULL || f->opened || f->msg == NULL) {
        return;
    }
    f->opened = 1;
    struct view want = ibake_for(f);
    if (want.len == 0 && m->x != NULL && m->x->i1 != NULL) {
        /* IDRi and IDRr may be left out of R_MESSAGE_2 (R6267-113). */
        want = f->type == MIKEY_DT_R_MESSAGE_2
                   ? idr_of(m->x->i1->sent, MIKEY_ROLE_INITIATOR)
                   : want;
    }
    open_payload(j, f, &f->ibake, MIKEY_PL_IBAKE, want);
    struct view called = {0};
    if (m->x != NULL && m->x->i1 != NULL) {
        called = idr_of(m->x->i1->sent, MIKEY_ROLE_RESPONDER);
    }
    if (called.len == 0 && m->x != NULL) {
        called = view_of(m->x->called);
    }
    open_payload(j, f, &f->esk, MIKEY_PL_ESK, called);
}

/* Of R_MESSAGE_1 alone tells which form an exchange has. */
static enum jform_kind form_kind(const struct jform *r1)
{
    if (r1 == NULL || !jopen_has(&r1->ibake)) {
        return JFORM_UNKNOWN;
    }
    return r1->ibake.xp != NULL ? JFORM_NORMAL : JFORM_DEFERRED;
}

void open_all(struct judge *j)
{
    for (size_t i = 0; i < j->num_msgs && j->err == STATUS_OK; i++) {
        struct jmsg *m = j->msgs[i];
        if (m->x == NULL || m->x->kind == JX_REQUEST) {
            continue;
        }
        for (size_t k = 0; k < m->num_sights; k++) {
            open_form(j, m->sights[k].form, m);
        }
    }
    for (size_t i = 0; i < j->num_xs; i++) {
        for (size_t k = 0; k < j->xs[i]->num_legs; k++) {
            struct jleg *l = j->xs[i]->legs[k];
            if (l->r1 != NULL) {
                l->form = form_kind(l->r1->rcvd);
            }
        }
    }
}
