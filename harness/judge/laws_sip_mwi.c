/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of structure: message waiting indication (RFC 3842). */
#include "harness/judge/laws_int.h"

#include <string.h>

static int is_summary(const struct jsip *s)
{
    return strncmp(s->event, "message-summary", 15) == 0 &&
           (s->event[15] == '\0' || s->event[15] == ';');
}

static int terminated(const struct jsip *s)
{
    return strncmp(s->substate, "terminated", 10) == 0;
}

/* ---- mwi-initial
 * ----------------------------------------------------------------- */

static const struct jnotify *notify_of(const struct judge *j,
                                       const char *call_id, int party)
{
    for (size_t i = 0; i < j->num_notifies; i++) {
        const struct jnotify *n = j->notifies[i];
        if (n->sip->src == party && strcmp(n->sip->call_id, call_id) == 0) {
            return n;
        }
    }
    return NULL;
}

static const struct jsip *any_notify(const struct judge *j, const char *call_id,
                                     int party)
{
    for (size_t i = 0; i < j->num_sip; i++) {
        if (law_is(&j->sip[i], "NOTIFY", party) &&
            strcmp(j->sip[i].call_id, call_id) == 0) {
            return &j->sip[i];
        }
    }
    return NULL;
}

static int seen_before(const struct judge *j, const struct jsip *s)
{
    for (const struct jsip *e = j->sip; e != s; e++) {
        if (e->request == s->request && e->src == s->src && e->dst == s->dst &&
            view_equal(e->t->octets, s->t->octets)) {
            return 1;
        }
    }
    return 0;
}

static void initial(struct judge *j, const struct law *law,
                    const struct jsip *sub)
{
    const struct jsip *ok = sip_final(j, sub, sub->dst);
    if (ok == NULL || ok->status / 100 != 2) {
        return;
    }
    struct probe p = probe_at(j, law, NULL, sub->dst);
    const char *want = "NOTIFY at once, without headers of messages";
    const char *why = "";
    const struct jnotify *n = notify_of(j, sub->call_id, sub->dst);
    const struct jsip *s =
        n != NULL ? n->sip : any_notify(j, sub->call_id, sub->dst);
    probe_sip(&p, s != NULL ? s : ok);
    if (s == NULL) {
        if (watched(j, ok->time_us, ok->time_us + law_mwi_us(j), &why)) {
            probe_fail(&p, want, "no NOTIFY");
        } else {
            probe_lack(&p, want, "no NOTIFY seen: %s", why);
        }
    } else if (n != NULL) {
        probe_must(&p, n->num_blocks == 0, want,
                   "NOTIFY with headers of %zu messages", n->num_blocks);
    }
    probe_end(&p, want, "so it is");
}

void law_mwi_initial(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_sip; i++) {
        const struct jsip *s = &j->sip[i];
        if (law_is(s, "SUBSCRIBE", -1) && is_summary(s) &&
            s->to_tag[0] == '\0' && is_endpoint(j, s->dst) &&
            !seen_before(j, s)) {
            initial(j, law, s);
        }
    }
}

/* ---- subscriptions
 * --------------------------------------------------------------- */

/* The last NOTIFY of the account's owner before a time whose subscription is
 * alive. */
static const struct jnotify *watching(struct judge *j, int mb,
                                      const char *account, uint64_t before_us)
{
    const struct jnotify *last = NULL;
    for (size_t i = 0; i < j->num_notifies; i++) {
        const struct jnotify *n = j->notifies[i];
        if (n->sip->src != mb || n->sip->time_us > before_us) {
            continue;
        }
        const char *who =
            n->subscriber >= 0 ? j->parties[n->subscriber].identity : "";
        if (strcmp(who, account) != 0 &&
            strcmp(jsip_bare(j, n->sip->from_uri), account) != 0) {
            continue;
        }
        last = terminated(n->sip) ? NULL : n;
    }
    return last;
}

static const struct jnotify *next_of(const struct judge *j,
                                     const struct jnotify *n, uint64_t after_us)
{
    for (size_t i = 0; i < j->num_notifies; i++) {
        const struct jnotify *k = j->notifies[i];
        if (k->sip->src == n->sip->src && k->sip->time_us >= after_us &&
            strcmp(k->sip->call_id, n->sip->call_id) == 0) {
            return k;
        }
    }
    return NULL;
}

/* ---- mwi-new-message
 * ------------------------------------------------------------- */

static int has_content(const struct jx *x)
{
    for (size_t i = 0; i < x->num_rtp; i++) {
        if (jrtp_is_content(x->rtp[i])) {
            return 1;
        }
    }
    return 0;
}

/* Deposits for the account that ended in (from, to]. */
static unsigned ended_between(struct judge *j, const char *account,
                              uint64_t from, uint64_t to)
{
    unsigned n = 0;
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        n += x->kind == JX_DEPOSIT && x->bye != NULL &&
             x->bye->time_us > from && x->bye->time_us <= to &&
             accepted_i2(x) != NULL && has_content(x) &&
             strcmp(law_account(j, x), account) == 0;
    }
    return n;
}

/* How many new messages a summary tells of: -1 it does not tell. Without
 * messages the count may be left out (RFC 3842, 5.2). */
static int told_fresh(const struct jnotify *n)
{
    return n->has_counts ? (int)n->fresh : n->waiting == 0 ? 0 : -1;
}

static void new_message(struct judge *j, const struct law *law,
                        const struct jx *x)
{
    if (x->kind != JX_DEPOSIT || x->bye == NULL || accepted_i2(x) == NULL ||
        !has_content(x) || x->responder < 0) {
        return;
    }
    const char *account = law_account(j, x);
    uint64_t t = x->bye->time_us;
    const struct jnotify *was = watching(j, x->responder, account, t);
    if (was == NULL) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->responder);
    const char *want = "NOTIFY in PX_MWI_TIME: Messages-Waiting yes, count as "
                       "stored";
    const char *why = "";
    const struct jnotify *n = next_of(j, was, t);
    probe_sip(&p, n != NULL ? n->sip : x->bye);
    if (n == NULL) {
        if (watched(j, t, t + law_mwi_us(j), &why)) {
            probe_fail(&p, want, "no NOTIFY after the BYE");
        } else {
            probe_lack(&p, want, "no NOTIFY seen: %s", why);
        }
        return;
    }
    unsigned more =
        ended_between(j, account, was->sip->time_us, n->sip->time_us);
    probe_must(&p, n->waiting == 1, want, "Messages-Waiting: %s",
               n->waiting == 0 ? "no" : "absent");
    int had = told_fresh(was);
    if (n->has_counts && had >= 0) {
        probe_must(&p, n->fresh == (unsigned)had + more,
                   j_printf(j, "Voice-Message: %u new, %u more than before",
                            (unsigned)had + more, more),
                   "Voice-Message: %u/%u", n->fresh, n->old);
    } else if (!n->has_counts) {
        probe_lack(&p, want, "the NOTIFY has no count");
    } else {
        probe_must(&p, n->fresh >= more, want, "Voice-Message: %u/%u", n->fresh,
                   n->old);
    }
    if (n->sip->time_us > t + law_mwi_us(j)) {
        probe_lack(&p, want, "after %llu ms",
                   (unsigned long long)(n->sip->time_us - t) / 1000u);
    }
    probe_end(&p, want, "yes, %u/%u", n->fresh, n->old);
}

void law_mwi_new(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        new_message(j, law, j->xs[i]);
    }
}

/* ---- mwi-after-retrieval
 * --------------------------------------------------------- */

static int delivered_before(const struct judge *j, const struct jdelivery *d)
{
    for (size_t i = 0; i < j->num_deliveries && j->deliveries[i] != d; i++) {
        if (j->deliveries[i]->form == d->form) {
            return 1;
        }
    }
    return 0;
}

static void retrieved(struct judge *j, const struct law *law,
                      const struct jx *x)
{
    unsigned first = 0;
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jdelivery *d = j->deliveries[i];
        first += d->x == x && !delivered_before(j, d);
    }
    if (x->kind != JX_RETRIEVAL || x->bye == NULL || first == 0 ||
        x->responder < 0 || x->initiator < 0) {
        return;
    }
    const char *account = j->parties[x->initiator].identity;
    const struct jnotify *was = watching(j, x->responder, account, x->start_us);
    if (was == NULL || !was->has_counts) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->responder);
    const char *want = j_printf(j, "NOTIFY with Voice-Message: %u/%u",
                                was->fresh >= first ? was->fresh - first : 0,
                                was->old + first);
    const struct jnotify *n = next_of(j, was, x->start_us + 1);
    while (n != NULL && n->has_counts && n->fresh >= was->fresh &&
           next_of(j, n, n->sip->time_us + 1) != NULL) {
        n = next_of(j, n, n->sip->time_us + 1);
    }
    probe_sip(&p, n != NULL ? n->sip : x->bye);
    if (n == NULL || !n->has_counts) {
        probe_lack(&p, want, "no NOTIFY with counts after the retrieval");
    } else if (n->fresh + n->old < was->fresh + was->old) {
        probe_fail(&p, want, "Voice-Message: %u/%u, messages are lost",
                   n->fresh, n->old);
    } else if (n->fresh + first != was->fresh || n->old != was->old + first) {
        probe_lack(&p, want, "Voice-Message: %u/%u", n->fresh, n->old);
    }
    probe_end(&p, want, "so it is");
}

void law_mwi_retrieved(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        retrieved(j, law, j->xs[i]);
    }
}

/* ---- mwi-refuses-stranger
 * -------------------------------------------------------- */

/* The account a SUBSCRIBE is for, and who keeps it: "" if no mailbox keeps it.
 */
static const char *account_of(struct judge *j, const struct jsip *s)
{
    const char *res = jsip_bare(j, s->to_uri);
    for (size_t i = 0; i < j->num_parties; i++) {
        const struct jparty *p = &j->parties[i];
        if (p->account[0] != '\0' &&
            (strcmp(res, p->account) == 0 || strcmp(res, p->identity) == 0)) {
            return p->account;
        }
    }
    return "";
}

/* Who asks: the party that sent the request first. */
static int asker(const struct judge *j, const struct jsip *s)
{
    for (size_t i = 0; i < j->num_sip; i++) {
        const struct jsip *e = &j->sip[i];
        if (law_is(e, "SUBSCRIBE", -1) && e->cseq == s->cseq &&
            strcmp(e->call_id, s->call_id) == 0 && is_endpoint(j, e->src)) {
            return e->src;
        }
    }
    return -1;
}

static void stranger(struct judge *j, const struct law *law,
                     const struct jsip *s)
{
    const char *account = account_of(j, s);
    int who = asker(j, s);
    if (account[0] == '\0' || who < 0 || !j->parties[who].named ||
        j->parties[who].identity[0] == '\0' ||
        strcmp(j->parties[who].identity, account) == 0) {
        return;
    }
    struct probe p = probe_at(j, law, NULL, s->dst);
    const struct jsip *f = sip_final(j, s, s->dst);
    const struct jnotify *n = notify_of(j, s->call_id, s->dst);
    const char *want = "401, 403 or 407, and no NOTIFY with a summary";
    const char *why = "";
    probe_sip(&p, f != NULL ? f : s);
    if (n != NULL && (n->has_counts || n->waiting >= 0)) {
        probe_sip(&p, n->sip);
        probe_fail(&p, want, "NOTIFY with Messages-Waiting: %s",
                   n->waiting == 1 ? "yes" : "no");
    } else if (f == NULL) {
        probe_lack(&p, want, "no final answer to the SUBSCRIBE");
    } else if (f->status / 100 == 2) {
        probe_lack(&p, want, "%d, but no summary was sent", f->status);
    } else if (!watched(j, f->time_us, f->time_us + quiet_us(j), &why)) {
        probe_lack(&p, want, "%d; whether a NOTIFY followed is not known: %s",
                   f->status, why);
    }
    probe_end(&p, want, "%d", f != NULL ? f->status : 0);
}

void law_mwi_stranger(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_sip; i++) {
        const struct jsip *s = &j->sip[i];
        if (law_is(s, "SUBSCRIBE", -1) && is_summary(s) &&
            law_is_role(j, s->dst, "MB") && s->to_tag[0] == '\0' &&
            !seen_before(j, s)) {
            stranger(j, law, s);
        }
    }
}

/* ---- the recipient
 * --------------------------------------------------------------- */

void law_b_subscribes(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_sip; i++) {
        const struct jsip *s = &j->sip[i];
        if (!law_is(s, "SUBSCRIBE", -1) || !law_is_role(j, s->src, "B") ||
            s->to_tag[0] != '\0' || seen_before(j, s)) {
            continue;
        }
        struct probe p = probe_at(j, law, NULL, s->src);
        const char *want = "Event: message-summary, Accept: "
                           "application/simple-message-summary";
        int accepts = 0;
        const char *v = law_header(j, s, "Accept", 0);
        probe_sip(&p, s);
        probe_must(&p, is_summary(s), want, "Event: %s", s->event);
        for (size_t n = 0; n < 16; n++) {
            const char *a = law_header(j, s, "Accept", n);
            accepts |=
                strncmp(a, "application/simple-message-summary", 34) == 0 ||
                strncmp(a, "*/*", 3) == 0 ||
                strncmp(a, "application/*", 13) == 0;
        }
        if (v[0] == '\0') {
            probe_note(&p, want, "no Accept: the default of the package");
        } else {
            probe_must(&p, accepts, want, "Accept: %s", v);
        }
        probe_end(&p, want, "so it is");
    }
}

/* The last Message-Account the party was told before a time. */
static const char *told_account(const struct judge *j, int party,
                                uint64_t before_us)
{
    const char *out = "";
    for (size_t i = 0; i < j->num_notifies; i++) {
        const struct jnotify *n = j->notifies[i];
        if (n->subscriber == party && n->sip->time_us < before_us &&
            n->account[0] != '\0') {
            out = n->account;
        }
    }
    return out;
}

void law_b_calls(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        if (x->kind != JX_RETRIEVAL || x->invite == NULL) {
            continue;
        }
        const char *told = told_account(j, x->initiator, x->start_us);
        if (told[0] == '\0') {
            continue;
        }
        struct probe p = probe_at(j, law, x, x->initiator);
        const char *want = j_printf(j, "INVITE %s, the Message-Account", told);
        probe_sip(&p, x->invite);
        if (strcmp(jsip_bare(j, x->invite->ruri), jsip_bare(j, told)) != 0) {
            probe_lack(&p, want, "INVITE %s", x->invite->ruri);
        }
        probe_end(&p, want, "so it is");
    }
}

void law_b_accepts(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_sip; i++) {
        const struct jsip *s = &j->sip[i];
        if (!law_is(s, "NOTIFY", -1) || !is_summary(s) ||
            !law_is_role(j, s->dst, "B") || seen_before(j, s)) {
            continue;
        }
        struct probe p = probe_at(j, law, NULL, s->dst);
        const struct jsip *f = sip_final(j, s, s->dst);
        const char *want = "200 (NOTIFY)";
        const char *why = "";
        probe_sip(&p, f != NULL ? f : s);
        if (f != NULL) {
            probe_must(&p, f->status / 100 == 2, want, "%d (NOTIFY)",
                       f->status);
        } else if (watched(j, s->time_us, s->time_us + quiet_us(j), &why)) {
            probe_fail(&p, want, "no answer to the NOTIFY");
        } else {
            probe_lack(&p, want, "no answer seen: %s", why);
        }
        probe_end(&p, want, "%d (NOTIFY)", f != NULL ? f->status : 0);
    }
}
