/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What became of a deposit: was it stored? A later delivery shows that it was;
 * a retrieval by the owner that does not bring it, or a count that did not
 * rise, shows that it was not. */
#include "harness/judge/judge_int.h"

#include <string.h>

int is_owner(const struct judge *j, int party)
{
    if (party < 0) {
        return 0;
    }
    const char *id = j->parties[party].identity;
    int told = 0;
    for (size_t i = 0; i < j->num_parties; i++) {
        const struct jparty *p = &j->parties[i];
        if (p->account[0] == '\0') {
            continue;
        }
        told = 1;
        if (strcmp(p->account, id) == 0) {
            return 1;
        }
    }
    return !told && strcmp(party_role(j, party), "B") == 0;
}

const struct jsip *jx_ok(const struct jx *x)
{
    if (x->leg != NULL && x->leg->ok != NULL) {
        return x->leg->ok;
    }
    for (size_t i = 0; i < x->num_legs; i++) {
        if (x->legs[i]->ok != NULL) {
            return x->legs[i]->ok;
        }
    }
    return NULL;
}

/* What a receiver may put up with (a note elsewhere): T older than T1, a T
 * outside PX_SKEW that was accepted all the same. */
#define MINOR (JD_T_OLD | JD_SKEW)

int leg_complete(const struct jx *x, const struct jleg *l)
{
    if (x->i1 == NULL || l == NULL || l->r1 == NULL ||
        (x->i1->defects & ~MINOR) != 0 || (l->r1->defects & ~MINOR) != 0) {
        return 0;
    }
    for (size_t i = 0; i < l->num_i2; i++) {
        const struct jmsg *r2 = answer_r2(l->i2[i]);
        if ((l->i2[i]->defects & ~MINOR) == 0 && r2 != NULL &&
            (r2->defects & ~MINOR) == 0) {
            return 1;
        }
    }
    return 0;
}

const struct jx *retrieval_after(const struct judge *j, uint64_t after_us)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        if (x->kind == JX_RETRIEVAL && x->start_us > after_us &&
            is_owner(j, x->initiator) && leg_complete(x, x->leg) &&
            jx_ok(x) != NULL) {
            return x;
        }
    }
    return NULL;
}

static const struct jdelivery *
delivered(const struct judge *j, const struct jx *x, const struct jmsg *i2)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jdelivery *d = j->deliveries[i];
        if (d->deposit == x && (i2 == NULL || d->i2 == i2)) {
            return d;
        }
    }
    return NULL;
}

/* A message that may be one of several deposits with equal octets is none of
 * this one for certain unless it was handed out as often. */
static size_t accepted_between(const struct judge *j, const struct jx * not,
                               uint64_t from_us, uint64_t to_us)
{
    size_t n = 0;
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        n += x != not &&x->kind == JX_DEPOSIT && accepted_i2(x) != NULL &&
             x->end_us >= from_us && x->end_us <= to_us;
    }
    return n;
}

/* Accepted without a message in it: whether that counts is the mailbox's
 * choice. */
static int doubtful_between(const struct judge *j, const struct jx * not,
                            uint64_t from_us, uint64_t to_us)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        size_t n = 0;
        for (size_t k = 0; k < x->num_rtp; k++) {
            n += jrtp_is_content(x->rtp[k]) != 0;
        }
        if (x != not &&x->kind == JX_DEPOSIT && n == 0 &&
            accepted_i2(x) != NULL && x->end_us >= from_us &&
            x->end_us <= to_us) {
            return 1;
        }
    }
    return 0;
}

/* The counts around the deposit: -1 they do not tell, else whether they rose by
 * it. */
static int counted(const struct judge *j, const struct jx *x,
                   const struct jnotify **out)
{
    const struct jnotify *before = NULL;
    const struct jnotify *after = NULL;
    for (size_t i = 0; i < j->num_notifies; i++) {
        const struct jnotify *n = j->notifies[i];
        if ((!n->has_counts && n->waiting != 0) ||
            n->sip->src != x->responder) {
            continue;
        }
        if (n->sip->time_us < x->start_us) {
            before = n;
        } else if (n->sip->time_us > x->end_us && before != NULL &&
                   strcmp(n->sip->call_id, before->sip->call_id) == 0) {
            after =
                n; /* of one subscription: another may count another account */
        }
    }
    if (before == NULL || after == NULL ||
        doubtful_between(j, x, before->sip->time_us, after->sip->time_us)) {
        return -1;
    }
    unsigned had = before->fresh + before->old;
    unsigned has = after->fresh + after->old;
    size_t others =
        accepted_between(j, x, before->sip->time_us, after->sip->time_us);
    *out = after;
    if (has == had + others) {
        return 0;
    }
    return has == had + others + 1 ? 1 : -1;
}

enum jstored stored_state(struct judge *j, const struct jx *x,
                          const struct jmsg *i2, const char **why,
                          uint64_t *frame)
{
    const struct jnotify *n = NULL;
    const struct jdelivery *d = delivered(j, x, i2);
    *frame = 0;
    *why = "";
    if (d != NULL) {
        *frame = d->t->frame;
        *why = j_printf(j, "handed out at %s", d->x->place);
        return JSTORED_YES;
    }
    uint64_t after_us = i2 != NULL ? jmsg_time(i2) : x->start_us;
    const struct jx *r = retrieval_after(j, after_us);
    if (r != NULL && j->lossy) {
        *why = j->lossy_why;
        return JSTORED_UNKNOWN;
    }
    if (r != NULL) {
        *frame = jx_ok(r)->frame;
        *why = j_printf(j, "not among the messages handed out at %s", r->place);
        return JSTORED_NO;
    }
    int rose = counted(j, x, &n);
    if (rose >= 0) {
        *frame = n->sip->frame;
        *why = rose ? "counted in the message-summary after it"
                    : "not counted in the message-summary after it";
        return rose ? JSTORED_YES : JSTORED_NO;
    }
    *why = "no retrieval by the owner and no message-summary after it shows "
           "what is stored";
    return JSTORED_UNKNOWN;
}
