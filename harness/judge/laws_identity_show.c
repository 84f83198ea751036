/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of identity: who the recipient is told, and shows, as the sender. */
#include "harness/judge/laws_int.h"

#include "harness/sip/sip.h"

#include <string.h>

/* ---- shared
 * ---------------------------------------------------------------------- */

const char *law_text(const struct jev *ev, const char *member)
{
    const char *s = json_string_value(json_object_get(ev->obj, member));
    return s != NULL ? s : "";
}

struct view law_authentic(const struct jx *x, const char **lack)
{
    const struct jmsg *i2 = accepted_i2(x);
    *lack = "no I_MESSAGE_2 was accepted";
    if (i2 == NULL) {
        return (struct view){0};
    }
    const struct jopen *o = &i2->rcvd->ibake;
    if (!jopen_has(o) || o->idi == NULL) {
        *lack = o->lack[0] != '\0' ? o->lack : "IDRi inside I_MESSAGE_2";
        return (struct view){0};
    }
    *lack = "";
    return o->idi->u.idr.data;
}

const char *law_delivered_id(struct judge *j, const struct jdelivery *d)
{
    if (!d->has_frag) {
        return "";
    }
    const char *v = d->frag_pai[0] != '\0' ? d->frag_pai : d->frag_from;
    return jsip_bare(j, jsip_uri(j, v));
}

const struct jev *law_rendered(const struct judge *j, const struct jdelivery *d)
{
    for (size_t i = 0; i < j->num_evs; i++) {
        const struct jev *ev = j->evs[i];
        if (strcmp(ev->kind, "rendered") == 0 &&
            json_integer_value(json_object_get(ev->obj, "n")) ==
                (json_int_t)d->n) {
            return ev;
        }
    }
    return NULL;
}

int law_reports(const struct judge *j, int party)
{
    for (size_t i = 0; i < j->num_evs; i++) {
        if (strcmp(j->evs[i]->role, party_role(j, party)) == 0 &&
            (strcmp(j->evs[i]->kind, "adapter") == 0 ||
             strcmp(j->evs[i]->kind, "rendered") == 0)) {
            return 1;
        }
    }
    return 0;
}

static struct probe delivery_probe(struct judge *j, const struct law *law,
                                   const struct jdelivery *d, int party)
{
    struct probe p = probe_at(j, law, d->x, party);
    probe_sip(&p, d->sip);
    p.message = "I_MESSAGE_2";
    return p;
}

/* ---- delivered-identity
 * ---------------------------------------------------------- */

static const char *display_of(struct judge *j, const char *value)
{
    struct sip_addr a;
    if (sip_addr(view_of(value), &a) != STATUS_OK || a.display.len == 0) {
        return "";
    }
    struct view v = sip_unquoted(a.display);
    return j_strn(j, v.data, v.len);
}

/* The name that a depositor wrote beside an identity not his own. */
static void no_borrowed_name(struct probe *p, const struct jdelivery *d,
                             const char *id)
{
    const struct jsip *inv = d->deposit->invite;
    if (inv == NULL || inv->from_name[0] == '\0' ||
        strcmp(jsip_bare(p->j, inv->from_uri), id) == 0) {
        return;
    }
    struct view claimed = sip_unquoted(view_of(inv->from_name));
    const char *name =
        display_of(p->j, jsip_line(p->j, d->frag, "P-Asserted-Identity"));
    const char *from = display_of(p->j, jsip_line(p->j, d->frag, "From"));
    probe_must(p, !view_is(claimed, name) && !view_is(claimed, from),
               "no display name of an identity that was not proved",
               "\"%s\" beside %s", j_strn(p->j, claimed.data, claimed.len), id);
}

static void delivered(struct judge *j, const struct law *law,
                      const struct jdelivery *d)
{
    struct probe p = delivery_probe(j, law, d, d->sip->src);
    const char *lack = "";
    const char *map = plan_pixit(j, "PX_ORIG_ID_MAP", "SIPFRAG");
    if (d->deposit == NULL) {
        probe_lack(&p, "the identity proved at the deposit",
                   "its deposit is not in the recording");
        return;
    }
    struct view id = law_authentic(d->deposit, &lack);
    const char *who = j_strn(j, id.data, id.len);
    const char *want =
        j_printf(j, "sipfrag P-Asserted-Identity and From: %s, as proved in %s",
                 who, d->deposit->place);
    const char *pai = jsip_bare(j, jsip_uri(j, d->frag_pai));
    const char *from = jsip_bare(j, jsip_uri(j, d->frag_from));
    if (id.len == 0) {
        probe_lack(&p, "the identity proved at the deposit", "missing: %s",
                   lack);
    } else if (!d->has_frag && strcmp(map, "SIPFRAG") != 0) {
        probe_lack(&p, want, "mapping %s: no sipfrag", map);
    } else if (!d->has_frag || (pai[0] == '\0' && from[0] == '\0')) {
        probe_fail(&p, want, "the message comes without an identity");
    } else {
        probe_must(&p, pai[0] == '\0' || strcmp(pai, who) == 0, want,
                   "P-Asserted-Identity: %s", pai);
        probe_must(&p, from[0] == '\0' || strcmp(from, who) == 0, want,
                   "From: %s", from);
        no_borrowed_name(&p, d, who);
    }
    probe_end(&p, want, "%s", pai[0] != '\0' ? pai : from);
}

static void run_delivered(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        delivered(j, law, j->deliveries[i]);
    }
}

/* ---- notified-identity
 * ----------------------------------------------------------- */

#define MAX_NEW 16

/* Deposits that ended since the notification before this one. */
static size_t new_since(struct judge *j, const struct jnotify *n,
                        const struct jx *out[MAX_NEW])
{
    uint64_t since = 0;
    size_t num = 0;
    for (size_t i = 0; i < j->num_notifies && j->notifies[i] != n; i++) {
        if (strcmp(j->notifies[i]->sip->call_id, n->sip->call_id) == 0 &&
            j->notifies[i]->sip->src == n->sip->src) {
            since = j->notifies[i]->sip->time_us;
        }
    }
    for (size_t i = 0; i < j->num_xs && num < MAX_NEW; i++) {
        const struct jx *x = j->xs[i];
        if (x->kind == JX_DEPOSIT && x->responder == n->sip->src &&
            x->bye != NULL && x->bye->time_us > since &&
            x->bye->time_us <= n->sip->time_us && accepted_i2(x) != NULL) {
            out[num++] = x;
        }
    }
    return num;
}

static void notified(struct judge *j, const struct law *law,
                     const struct jnotify *n)
{
    const struct jx *xs[MAX_NEW];
    int used[MAX_NEW] = {0};
    const char *lack = "";
    size_t num = new_since(j, n, xs);
    struct probe p = probe_at(j, law, num > 0 ? xs[0] : NULL, n->sip->src);
    const char *want = "From: the identity proved at the deposit, new messages "
                       "only";
    probe_sip(&p, n->sip);
    if (n->num_blocks > num && law_lossy(&p, want)) {
        return;
    }
    for (size_t i = 0; i < n->num_blocks; i++) {
        const char *from = jsip_bare(j, jsip_uri(j, n->block[i].from));
        int found = 0;
        int unknown = 0;
        for (size_t k = 0; k < num && !found; k++) {
            struct view id = law_authentic(xs[k], &lack);
            unknown |= id.len == 0;
            if (!used[k] && view_is(id, from)) {
                used[k] = found = 1;
            }
        }
        if (!found && unknown) {
            probe_lack(&p, want, "missing: %s", lack);
        } else {
            probe_must(&p, found, want, "From: %s of message %zu", from, i + 1);
        }
    }
    probe_end(&p, want, "%zu blocks", n->num_blocks);
}

static void run_notified(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_notifies; i++) {
        if (j->notifies[i]->num_blocks > 0) {
            notified(j, law, j->notifies[i]);
        }
    }
}

/* ---- what the recipient shows
 * ---------------------------------------------------- */

struct ids {           /* the three that the recipient can compare */
    const char *told;  /* with the delivery */
    const char *outer; /* IDRi of the stored I_MESSAGE_2 */
    const char *inner; /* inside the ESK, "" = not known */
};

static struct ids ids_of(struct judge *j, const struct jdelivery *d)
{
    struct view outer = idr_of(d->form, MIKEY_ROLE_INITIATOR);
    struct ids s = {law_delivered_id(j, d), j_strn(j, outer.data, outer.len),
                    ""};
    const struct jopen *o = &d->form->esk;
    if (jopen_has(o) && o->id != NULL) {
        struct view v =
            o->id->type == MIKEY_PL_ID ? o->id->u.id.data : o->id->u.idr.data;
        s.inner = j_strn(j, v.data, v.len);
    }
    return s;
}

/* The recipient's own proof of the mailbox was good, and the key is one. */
static int acceptable(const struct jdelivery *d)
{
    const struct jopen *o = &d->form->esk;
    return o->state == JOPEN_OK && o->sk != NULL && o->sk->u.sk.type == 1 &&
           d->x->leg != NULL && leg_good_r2(d->x->leg) != NULL;
}

static void shows_sender(struct judge *j, const struct law *law,
                         const struct jdelivery *d)
{
    struct ids s = ids_of(j, d);
    const struct jev *ev = law_rendered(j, d);
    if (!acceptable(d) || s.told[0] == '\0' || strcmp(s.told, s.outer) != 0 ||
        strcmp(s.told, s.inner) != 0) {
        return;
    }
    struct probe p = delivery_probe(j, law, d, d->x->initiator);
    const char *want = j_printf(j, "shown: %s, status authenticated", s.told);
    if (ev == NULL) {
        probe_lack(&p, want, "no report of what was shown");
    } else {
        probe_must(&p,
                   strcmp(law_text(ev, "status"), "authenticated") == 0 &&
                       strcmp(jsip_bare(j, law_text(ev, "from")), s.told) == 0,
                   want, "shown: %s, status %s", law_text(ev, "from"),
                   law_text(ev, "status"));
    }
    probe_end(&p, want, "so it is");
}

static void shows_mismatch(struct judge *j, const struct law *law,
                           const struct jdelivery *d)
{
    struct ids s = ids_of(j, d);
    const struct jev *ev = law_rendered(j, d);
    int plain =
        ev != NULL && strcmp(law_text(ev, "status"), "authenticated") == 0;
    int esk = s.inner[0] != '\0' && strcmp(s.told, s.inner) != 0;
    if (s.told[0] == '\0' || s.inner[0] == '\0' ||
        (!esk && strcmp(s.told, s.outer) == 0)) {
        return;
    }
    struct probe p = delivery_probe(j, law, d, d->x->initiator);
    const char *want =
        j_printf(j, "told %s, IDRi %s, ESK %s: a mismatch shown, or nothing",
                 s.told, s.outer, s.inner);
    if (ev == NULL && !law_reports(j, d->x->initiator)) {
        probe_lack(&p, want, "no report of what was shown");
    } else if (plain && !esk) {
        /* IDRi of the stored message is not used by every recipient. */
        probe_lack(&p, want, "shown as authenticated: IDRi is not compared");
    } else {
        /* Showing the one who was told, M, plainly is wrong too: the ESK is not
         * his. */
        probe_must(&p, !plain, want, "shown: %s, status authenticated",
                   ev != NULL ? law_text(ev, "from") : "");
    }
    probe_end(&p, want, "%s",
              ev != NULL ? law_text(ev, "status") : "not shown");
}

static void shows_unknown(struct judge *j, const struct law *law,
                          const struct jdelivery *d)
{
    const struct jev *ev = law_rendered(j, d);
    if (law_delivered_id(j, d)[0] != '\0') {
        return;
    }
    struct probe p = delivery_probe(j, law, d, d->x->initiator);
    const char *want = "no identity was delivered: none shown as authenticated";
    if (ev == NULL && !law_reports(j, d->x->initiator)) {
        probe_lack(&p, want, "no report of what was shown");
    } else {
        probe_must(&p,
                   ev == NULL ||
                       strcmp(law_text(ev, "status"), "authenticated") != 0,
                   want, "shown: %s, status authenticated",
                   ev != NULL ? law_text(ev, "from") : "");
    }
    probe_end(&p, want, "%s",
              ev != NULL ? law_text(ev, "status") : "not shown");
}

typedef void (*delivery_fn)(struct judge *j, const struct law *law,
                            const struct jdelivery *d);

static void each_delivery(struct judge *j, const struct law *law,
                          delivery_fn fn)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        if (j->deliveries[i]->form != NULL && j->deliveries[i]->x != NULL) {
            fn(j, law, j->deliveries[i]);
        }
    }
}

static void run_sender(struct judge *j, const struct law *law)
{
    each_delivery(j, law, shows_sender);
}

static void run_mismatch(struct judge *j, const struct law *law)
{
    each_delivery(j, law, shows_mismatch);
}

static void run_unknown(struct judge *j, const struct law *law)
{
    each_delivery(j, law, shows_unknown);
}

#define ROW(name, level, reqs, clause, sentence, run)                          \
    LAW(name, JUDGE_IDENTITY, level, reqs, clause, sentence, run, NULL)

const struct law laws_identity_show[] = {
    ROW("delivered-identity", JUDGE_MUST, "DD-047 DD-051", "TR 33.828, 7.6.2.5",
        "The mailbox tells with each message the identity that was proved at "
        "its deposit, and no other.",
        run_delivered),
    ROW("notified-identity", JUDGE_MUST, "DD-047 DD-115",
        "RFC 3842, 3.5; TR 33.828, 7.6.2.5",
        "The mailbox names in a notification only the identity proved at the "
        "deposit of a new message.",
        run_notified),
    ROW("b-shows-sender", JUDGE_MUST, "DD-047", "TR 33.828, 7.6.2.5",
        "The recipient shows the sender on whom delivery, IDRi and ESK agree.",
        run_sender),
    ROW("b-shows-mismatch", JUDGE_MUST, "DD-051", "TR 33.828, 7.6.2.5",
        "The recipient shows nobody as authenticated when delivery, IDRi and "
        "ESK disagree.",
        run_mismatch),
    ROW("b-shows-unknown", JUDGE_MUST, "DD-047", "TR 33.828, 7.6.2.5",
        "The recipient shows nobody as authenticated when no identity was "
        "delivered.",
        run_unknown),
};
const size_t num_laws_identity_show =
    sizeof laws_identity_show / sizeof laws_identity_show[0];
