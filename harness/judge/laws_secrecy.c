/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of secrecy: keys asked for, the ESK, and who gets what when. */
#include "harness/judge/laws_int.h"

#include <string.h>

/* ---- own-keys-only
 * --------------------------------------------------------------- */

static void own_keys(struct judge *j, const struct law *law, const struct jx *x)
{
    const struct jmsg *m = x->request;
    if (x->kind != JX_REQUEST || m == NULL || m->sent->msg == NULL ||
        !law_is_role(j, m->from, "MB")) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    const char *own = j->parties[m->from].identity;
    const char *want = j_printf(j, "keys for %s only", own);
    for (size_t i = 0; i < m->sent->msg->num_payloads; i++) {
        const struct mikey_payload *pl = &m->sent->msg->payloads[i];
        if (pl->type != MIKEY_PL_IDR ||
            (pl->u.idr.role != MIKEY_ROLE_INITIATOR &&
             pl->u.idr.role != MIKEY_ROLE_RESPONDER)) {
            continue;
        }
        int mine = law_own_identity(j, m->from, pl->u.idr.data);
        probe_payload(&p, "mikey", m->sent->octets, pl);
        if (mine < 0 && own[0] == '\0') {
            probe_lack(&p, "keys for its own identity only",
                       "whose identity %s is, is not known",
                       law_view(j, pl->u.idr.data));
        } else {
            probe_must(&p, mine == 1 || view_is(pl->u.idr.data, own), want,
                       "a key for %s", law_view(j, pl->u.idr.data));
        }
    }
    probe_end(&p, want, "so it is");
}

static void run_own_keys(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        own_keys(j, law, j->xs[i]);
    }
}

/* ---- esk-unchanged
 * --------------------------------------------------------------- */

static void esk_unchanged(struct judge *j, const struct law *law,
                          const struct jdelivery *d)
{
    struct probe p = probe_at(j, law, d->x, d->sip->src);
    const char *want = "the stored mikey.ESK, octet for octet";
    probe_sip(&p, d->sip);
    p.message = "I_MESSAGE_2";
    if (d->i2 == NULL || d->form == NULL) {
        probe_lack(&p, want, "its deposit is not in the recording");
        return;
    }
    const struct jform *was = d->i2->rcvd;
    const struct mikey_payload *a =
        d->form->msg != NULL ? mikey_find(d->form->msg, MIKEY_PL_ESK) : NULL;
    const struct mikey_payload *b =
        was->msg != NULL ? mikey_find(was->msg, MIKEY_PL_ESK) : NULL;
    if (a != NULL) {
        probe_payload(&p, "mikey", d->form->octets, a);
    }
    if (a == NULL || b == NULL) {
        probe_must(&p, (a == NULL) == (b == NULL), want, "mikey.ESK %s",
                   a == NULL ? "absent" : "where the deposit had none");
    } else {
        probe_must(&p, view_equal(a->u.enc.data, b->u.enc.data), want,
                   "mikey.ESK: other octets than in %s",
                   d->deposit != NULL ? d->deposit->place : "the deposit");
    }
    if (p.failed == 0 && !d->same) {
        probe_note(&p, "the stored I_MESSAGE_2, octet for octet",
                   "PX_ESK_MAP: the ESK unchanged in another message");
    }
    probe_end(&p, want, "identical");
}

static void run_esk_unchanged(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        esk_unchanged(j, law, j->deliveries[i]);
    }
}

/* ---- store-clean
 * ----------------------------------------------------------------- */

static void store_clean(struct judge *j, const struct law *law,
                        const struct jev *ev)
{
    int party = party_find(j, ev->role);
    if (party < 0 || !law_is_role(j, party, "MB")) {
        return; /* the others may keep what is theirs */
    }
    struct probe p = probe_at(j, law, NULL, party);
    const json_t *hits = json_object_get(ev->obj, "hits");
    const json_t *files = json_object_get(ev->obj, "files");
    const char *want = "no secret in what the party keeps";
    for (size_t i = 0; i < json_array_size(hits); i++) {
        p.in = "evidence"; /* anew: a finding takes it with it */
        const json_t *h = json_array_get(hits, i);
        const char *file = json_string_value(json_object_get(h, "file"));
        const char *what = json_string_value(json_object_get(h, "what"));
        probe_fail(&p, want, "%s in %s at octet %lld",
                   what != NULL ? what : "a secret", file != NULL ? file : "?",
                   (long long)json_integer_value(json_object_get(h, "offset")));
    }
    int seen = !json_is_integer(files) ? strcmp(ev->kind, "memory") == 0
                                       : json_integer_value(files) > 0;
    if (p.failed == 0 && (!seen || !json_is_array(hits))) {
        probe_lack(&p, want, "nothing was there to be searched");
    }
    probe_end(&p, want, "%s searched, none found", ev->kind);
}

static void run_store_clean(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_evs; i++) {
        if (strcmp(j->evs[i]->kind, "store") == 0 ||
            strcmp(j->evs[i]->kind, "memory") == 0) {
            store_clean(j, law, j->evs[i]);
        }
    }
}

/* ---- opaque-esk
 * ------------------------------------------------------------------ */

static const struct jdelivery *delivery_of(const struct judge *j,
                                           const struct jx *x)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        if (j->deliveries[i]->deposit == x) {
            return j->deliveries[i];
        }
    }
    return NULL;
}

static int same_esk(const struct jdelivery *d)
{
    const struct mikey_payload *a =
        d->form->msg != NULL ? mikey_find(d->form->msg, MIKEY_PL_ESK) : NULL;
    const struct mikey_msg *was = d->i2->rcvd->msg;
    const struct mikey_payload *b =
        was != NULL ? mikey_find(was, MIKEY_PL_ESK) : NULL;
    return a != NULL && b != NULL && view_equal(a->u.enc.data, b->u.enc.data);
}

/* Accepted; then stored and handed out as it came. */
static void kept(struct probe *p, const struct jx *x, const struct jmsg *i2,
                 const char *want)
{
    const struct jdelivery *d = delivery_of(p->j, x);
    const char *why = "";
    uint64_t frame = 0;
    if (d != NULL && d->i2 != NULL && d->form != NULL) {
        probe_sip(p, d->sip);
        probe_must(p, d->same || same_esk(d), want,
                   "handed out with another ESK");
        return;
    }
    switch (stored_state(p->j, x, i2, &why, &frame)) {
    case JSTORED_YES:
        break; /* announced; the recording does not reach to a retrieval */
    case JSTORED_NO:
        probe_fail(p, want, "accepted, but %s", why);
        break;
    case JSTORED_UNKNOWN:
        probe_lack(p, want, "%s", why);
        break;
    }
}

static void opaque_esk(struct judge *j, const struct law *law,
                       const struct jmsg *m)
{
    const struct jopen *o = &m->rcvd->esk;
    struct bf_ciphertext c;
    if (m->x->kind != JX_DEPOSIT || !law_decoded(m->rcvd) || m->leg == NULL ||
        (o->state != JOPEN_FOREIGN && o->state != JOPEN_REFUSED &&
         o->state != JOPEN_GARBLED) ||
        m->defects != 0) {
        return;
    }
    const struct mikey_payload *pl = mikey_find(m->rcvd->msg, MIKEY_PL_ESK);
    if (pl == NULL) {
        return;
    }
    struct probe p = probe_at(j, law, m->x, m->to);
    const char *want = "accepted, stored and handed out, whoever can open the "
                       "ESK";
    p.message = m->name;
    p.frame = jmsg_arrived(m);
    probe_payload(&p, "mikey", m->rcvd->octets, pl);
    int formed = bf_ciphertext_parse(&c, pl->u.enc.data.data,
                                     pl->u.enc.data.len) == STATUS_OK;
    if (answer_r2(m) != NULL) {
        kept(&p, m->x, m, want);
    } else if (m->unknown != 0) {
        probe_lack(&p, want,
                   "not answered; whether all else was right is "
                   "not known: %s",
                   m->lack);
    } else if (!formed) {
        probe_lack(&p, want, "refused; the ESK is no BFCiphertextBlock");
    } else if (!law_lossy(&p, want)) {
        probe_fail(&p, want, "refused for what the ESK holds");
    }
    probe_end(&p, want, "so it is");
}

static void run_opaque_esk(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, opaque_esk);
}

/* ---- released-after-proof
 * -------------------------------------------------------- */

/* What a receiver may put up with: a T that is equal, older, or outside the
 * skew. */
#define MINOR (JD_T | JD_T_OLD | JD_SKEW)

static int proves(const struct jmsg *i2)
{
    return (i2->defects & ~(uint32_t)MINOR) == 0 && i2->unknown == 0;
}

/* The frame of the R_MESSAGE_2 that answers a good proof; UINT64_MAX without
 * one. */
static uint64_t proof_frame(const struct jx *x)
{
    uint64_t best = UINT64_MAX;
    for (size_t i = 0; i < x->num_legs; i++) {
        const struct jleg *l = x->legs[i];
        for (size_t k = 0; k < l->num_i2; k++) {
            const struct jmsg *r2 =
                proves(l->i2[k]) ? answer_r2(l->i2[k]) : NULL;
            if (r2 != NULL && jmsg_frame(r2) < best) {
                best = jmsg_frame(r2);
            }
        }
    }
    return best;
}

/* What was released before a frame: deliveries and packets. */
static size_t released_before(struct probe *p, const struct jx *x,
                              uint64_t frame, const char *want)
{
    size_t n = 0;
    for (size_t i = 0; i < p->j->num_deliveries; i++) {
        const struct jdelivery *d = p->j->deliveries[i];
        if (d->x == x && d->sip->frame < frame) {
            n++;
            probe_sip(p, d->sip);
            probe_fail(p, want, "stored I_MESSAGE_2 handed out");
        }
    }
    struct law_index ix = {0};
    for (size_t i = 0; i < x->num_rtp; i++) {
        const struct jrtp *r = x->rtp[i];
        if (!law_released(r) || r->t->frame >= frame) {
            continue;
        }
        if (ix.v == NULL) { /* made only where something came early */
            ix = law_index_make(p->j, 0);
        }
        if (r->key == JMK_E2E || law_index_find(&ix, r, 0, NULL) != NULL) {
            n++;
            p->frame = r->t->frame;
            probe_octets(p, "rtp", r->t->octets,
                         (struct mikey_range){0, (uint32_t)r->header_len});
            probe_fail(p, want, "a stored packet sent, seq %u", r->seq);
            break; /* one packet says it all */
        }
    }
    return n;
}

static int r1_sent(const struct jx *x)
{
    for (size_t i = 0; i < x->num_legs; i++) {
        if (x->legs[i]->r1 != NULL) {
            return 1;
        }
    }
    return 0;
}

static void after_proof(struct judge *j, const struct law *law,
                        const struct jx *x)
{
    const char *why = "";
    if (x->kind != JX_RETRIEVAL || x->responder < 0 || !r1_sent(x)) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->responder);
    uint64_t proof = proof_frame(x);
    const char *want = "nothing released before I_MESSAGE_2 is verified";
    const struct jmsg *i2 =
        x->leg != NULL && x->leg->num_i2 > 0 ? x->leg->i2[0] : NULL;
    p.frame = x->start_frame;
    size_t n = 0;
    if (proof == UINT64_MAX && i2 != NULL && i2->unknown != 0 &&
        (i2->defects & ~(uint32_t)MINOR) == 0) {
        probe_lack(&p, want, "whether I_MESSAGE_2 is good is not known: %s",
                   i2->lack);
        return;
    }
    n = released_before(&p, x, proof, want);
    if (n == 0 && proof == UINT64_MAX) {
        uint64_t t = x->leg != NULL && x->leg->r1 != NULL
                         ? jmsg_time(x->leg->r1)
                         : x->start_us;
        if (!watched(j, t, t + quiet_us(j), &why)) {
            probe_lack(&p, want, "not watched long enough: %s", why);
        }
    }
    probe_end(&p, want,
              proof == UINT64_MAX ? "no proof came, nothing released"
                                  : "nothing before R_MESSAGE_2");
}

static void run_after_proof(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        after_proof(j, law, j->xs[i]);
    }
}

/* ---- released-to-owner-only
 * ------------------------------------------------------ */

/* Whose messages a retrieval is for; "" if nobody says. */
static const char *account_for(struct judge *j, const struct jx *x)
{
    const char *named = law_account(j, x);
    for (size_t i = 0; i < j->num_parties && named[0] != '\0'; i++) {
        if (strcmp(j->parties[i].account, named) == 0) {
            return named;
        }
    }
    return j->parties[x->responder].account;
}

/* The owner is known from the plan; the wire alone does not tell. */
static const char *not_owner(struct judge *j, const struct jx *x)
{
    const char *account = account_for(j, x);
    const struct jparty *b = &j->parties[x->initiator];
    struct view idi = x->i1 != NULL ? idr_of(x->i1->rcvd, MIKEY_ROLE_INITIATOR)
                                    : (struct view){0};
    if (account[0] == '\0') {
        return NULL;
    }
    if (b->named && b->identity[0] != '\0' &&
        strcmp(b->identity, account) != 0) {
        return j_printf(j, "the caller is %s", b->identity);
    }
    if (idi.len > 0 && !view_is(idi, account)) {
        return j_printf(j, "the caller claims to be %s", law_view(j, idi));
    }
    return NULL;
}

/* Why the caller has no right to the messages; NULL if he has, as far as is
 * seen. */
static const char *no_right(struct judge *j, const struct jx *x)
{
    const char *who = not_owner(j, x);
    const struct jleg *l = x->leg;
    uint32_t faults = 0;
    for (size_t i = 0; who == NULL && l != NULL && i < l->num_i2; i++) {
        if ((l->i2[i]->defects & ~(uint32_t)MINOR) == 0) {
            return NULL;
        }
        faults |= l->i2[i]->defects;
    }
    return who == NULL && faults != 0
               ? j_printf(j, "the proof %s", jdefect_text(j, faults))
               : who;
}

static const struct jsip *refusal(const struct jx *x)
{
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (s->ok && !s->request && !s->echo && s->src == x->responder &&
            s->status >= 400) {
            return s;
        }
    }
    return NULL;
}

static void owner_only(struct judge *j, const struct law *law,
                       const struct jx *x)
{
    const char *why = "";
    if (x->kind != JX_RETRIEVAL || x->responder < 0 || x->initiator < 0 ||
        !law_is_role(j, x->responder, "MB")) {
        return;
    }
    const char *reason = no_right(j, x);
    if (reason == NULL) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->responder);
    const char *want = j_printf(j, "%s: refused, nothing released", reason);
    const struct jsip *no = refusal(x);
    p.frame = no != NULL ? no->frame : x->start_frame;
    if (released_before(&p, x, UINT64_MAX, want) == 0 && no == NULL) {
        if (!watched(j, x->end_us, x->end_us + quiet_us(j), &why)) {
            probe_lack(&p, want, "not watched long enough: %s", why);
        } else if (sip_life(j, x->responder, x->start_us) == NULL) {
            probe_lack(&p, want,
                       "no answer: the mailbox was not seen to be "
                       "alive");
        }
    }
    probe_end(&p, want, "%s",
              no != NULL ? j_printf(j, "%d, nothing released", no->status)
                         : "nothing released");
}

static void run_owner_only(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        owner_only(j, law, j->xs[i]);
    }
}

/* ---- keeps-protection
 * ------------------------------------------------------------ */

static int keyed(const struct jsdp *d)
{
    int n = d->num_key_mgmt;
    for (size_t i = 0; i < d->num_media; i++) {
        n += d->media[i].num_key_mgmt;
    }
    return n > 0;
}

static int protected_offer(const struct jsip *s)
{
    if (s->sdp == NULL || !keyed(s->sdp)) {
        return 0;
    }
    for (size_t i = 0; i < s->sdp->num_media; i++) {
        if (strncmp(s->sdp->media[i].proto, "RTP/SAVP", 8) == 0) {
            return 1;
        }
    }
    return 0;
}

static int answers_protected(const struct jx *x, const struct jsip *a)
{
    for (size_t i = 0; i < x->num_sip && x->sip[i] != a; i++) {
        const struct jsip *s = x->sip[i];
        if (s->ok && s->request && s->dst == a->src && s->cseq == a->cseq &&
            strcmp(s->method, a->method) == 0 && protected_offer(s)) {
            return 1;
        }
    }
    return 0;
}

static void keeps(struct judge *j, const struct law *law, const struct jx *x,
                  const struct jsip *a)
{
    struct probe p = probe_at(j, law, x, a->src);
    const struct jsdp *d = a->sdp;
    const char *want = "answer with RTP/SAVP and key-mgmt, no a=crypto";
    probe_sip(&p, a);
    probe_must(&p, d->num_crypto == 0, want, "a=crypto at session level");
    for (size_t i = 0; i < d->num_media; i++) {
        const struct jsdp_media *m = &d->media[i];
        if (m->port == 0) {
            continue;
        }
        probe_must(&p, strncmp(m->proto, "RTP/SAVP", 8) == 0, want,
                   "sdp.m[%zu].proto: %s", i + 1, m->proto);
        probe_must(&p, d->num_key_mgmt + m->num_key_mgmt > 0, want,
                   "sdp.m[%zu] without key-mgmt", i + 1);
        probe_must(&p, m->num_crypto == 0, want, "sdp.m[%zu] with a=crypto",
                   i + 1);
    }
    probe_end(&p, want, "so it is");
}

static void run_keeps(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        for (size_t k = 0; k < x->num_sip; k++) {
            const struct jsip *a = x->sip[k];
            if (a->ok && !a->request && !a->echo && a->status > 100 &&
                a->status < 300 && a->sdp != NULL && a->src == x->responder &&
                !law_repeat(x, a) && answers_protected(x, a)) {
                keeps(j, law, x, a);
            }
        }
    }
}

#define ROW(name, level, reqs, clause, sentence, run)                          \
    LAW(name, JUDGE_SECRECY, level, reqs, clause, sentence, run, NULL)

const struct law laws_secrecy[] = {
    ROW("own-keys-only", JUDGE_MUST, "DD-029", "TR 33.828, 7.6.2.5",
        "The mailbox asks the KMS for keys of its own identity only.",
        run_own_keys),
    ROW("esk-unchanged", JUDGE_MUST, "DD-043 DD-106 R6267-107",
        "TR 33.828, 7.6.2.5; RFC 6267, 4.2.2.6",
        "The mailbox hands out the ESK as it was deposited.",
        run_esk_unchanged),
    ROW("no-secret-shown", JUDGE_MUST, "DD-006 R6267-156 R6267-162",
        "RFC 6267, 6.1.4 and 6.1.5",
        "Each party shows no key, secret or plaintext in anything it sends.",
        law_no_secret),
    ROW("store-clean", JUDGE_MUST, "DD-006", "TR 33.828, 4.2.4",
        "The mailbox keeps no key, secret or plaintext of a message.",
        run_store_clean),
    ROW("opaque-esk", JUDGE_MUST, "DD-006 DD-040 R6267-107",
        "TR 33.828, 7.6.2.5",
        "The mailbox accepts an ESK whatever it holds and whoever can open "
        "it.",
        run_opaque_esk),
    ROW("keeps-protection", JUDGE_MUST, "DD-013 R4567-015 R4567-062",
        "RFC 4567, 4.1 and 8",
        "The responder answers a protected offer with RTP/SAVP and key-mgmt.",
        run_keeps),
    ROW("released-after-proof", JUDGE_MUST, "DD-044 DD-046",
        "TR 33.828, 7.6.2.5",
        "The mailbox releases nothing of a retrieval before it verified "
        "I_MESSAGE_2.",
        run_after_proof),
    ROW("released-to-owner-only", JUDGE_MUST, "DD-044 DD-050",
        "TR 33.828, 7.6.2.5",
        "The mailbox releases messages to the owner of the account only.",
        run_owner_only),
};
const size_t num_laws_secrecy = sizeof laws_secrecy / sizeof laws_secrecy[0];
