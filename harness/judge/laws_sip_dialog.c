/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of structure: calls, transactions and dialogs of SIP. */
#include "harness/judge/laws_int.h"

#include "harness/base/mem.h"
#include "harness/sip/sip.h"

#include <string.h>

/* ---- goes-on-after-181
 * ----------------------------------------------------------- */

static const struct jmsg *r1_after(const struct jx *x, uint64_t time_us)
{
    for (size_t i = 0; i < x->num_legs; i++) {
        const struct jmsg *m = x->legs[i]->r1;
        if (m != NULL && m->to == x->initiator && jmsg_time(m) > time_us) {
            return m;
        }
    }
    return NULL;
}

static const struct jsip *given_up(const struct jx *x, uint64_t from_us,
                                   uint64_t to_us)
{
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (s->time_us > from_us && s->time_us <= to_us &&
            (law_is(s, "CANCEL", x->initiator) ||
             law_is(s, "BYE", x->initiator))) {
            return s;
        }
    }
    return NULL;
}

static int told_to_hang_up(const struct judge *j, const char *role)
{
    for (size_t i = 0; i < j->num_evs; i++) {
        const char *verb =
            json_string_value(json_object_get(j->evs[i]->obj, "verb"));
        if (verb != NULL && strcmp(j->evs[i]->role, role) == 0 &&
            (strcmp(verb, "hangup") == 0 || strcmp(verb, "cancel") == 0)) {
            return 1;
        }
    }
    return 0;
}

static int took(const struct jx *x, const struct jmsg *r1)
{
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (s->time_us >= jmsg_time(r1) &&
            (law_is(s, "PRACK", x->initiator) ||
             law_is(s, "UPDATE", x->initiator) ||
             law_is(s, "ACK", x->initiator)) &&
            strcmp(s->to_tag, r1->leg->tag) == 0) {
            return 1;
        }
    }
    return 0;
}

static void after_181(struct judge *j, const struct law *law,
                      const struct jx *x, const struct jsip *s)
{
    const struct jmsg *r1 = r1_after(x, s->time_us);
    const struct jsip *end =
        given_up(x, s->time_us, r1 != NULL ? jmsg_time(r1) : x->end_us);
    if (r1 == NULL && end == NULL) {
        return; /* nothing came that it could have taken */
    }
    struct probe p = probe_at(j, law, x, x->initiator);
    const char *want = "the call goes on after 181";
    probe_sip(&p, end != NULL ? end : s);
    if (end != NULL && told_to_hang_up(j, party_role(j, x->initiator))) {
        probe_lack(&p, want, "the user hung up");
    } else if (end != NULL) {
        probe_fail(&p, want, "%s after 181", end->method);
    } else if (!took(x, r1) && !law_lossy(&p, want)) {
        probe_fail(&p, want, "the later R_MESSAGE_1 is not taken");
    }
    probe_end(&p, want, "the later R_MESSAGE_1 is taken");
}

void law_goes_on(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        for (size_t k = 0; k < x->num_sip; k++) {
            const struct jsip *s = x->sip[k];
            if (law_reply(s, "INVITE", -1) && s->status == 181 &&
                s->dst == x->initiator) {
                after_181(j, law, x, s);
                break;
            }
        }
    }
}

/* ---- cancel-form
 * ----------------------------------------------------------------- */

static const struct jsip *invite_of(const struct jx *x, const struct jsip *c)
{
    const struct jsip *found = NULL;
    for (size_t i = 0; i < x->num_sip && x->sip[i] != c; i++) {
        const struct jsip *s = x->sip[i];
        if (law_is(s, "INVITE", c->src) &&
            (found == NULL || s->cseq == c->cseq)) {
            found = s;
        }
    }
    return found;
}

static void acknowledged(struct probe *p, const struct jx *x,
                         const struct jsip *inv)
{
    const struct jsip *no = NULL;
    int acked = 0;
    const char *why = "";
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (law_reply(s, "INVITE", -1) && s->status == 487 &&
            s->dst == inv->src && s->cseq == inv->cseq && no == NULL &&
            strcmp(s->branch, inv->branch) == 0) {
            no = s;
        }
        acked |=
            no != NULL && law_is(s, "ACK", inv->src) && s->cseq == inv->cseq;
    }
    if (no == NULL || acked) {
        return;
    }
    if (watched(p->j, no->time_us, no->time_us + quiet_us(p->j), &why)) {
        probe_fail(p, "ACK to the 487", "no ACK");
    } else {
        probe_lack(p, "ACK to the 487", "no ACK seen: %s", why);
    }
}

static void cancel(struct judge *j, const struct law *law, const struct jx *x,
                   const struct jsip *c)
{
    const struct jsip *inv = invite_of(x, c);
    if (inv == NULL) {
        return;
    }
    struct probe p = probe_at(j, law, x, c->src);
    int provisional = 0;
    probe_sip(&p, c);
    probe_must(&p, strcmp(c->branch, inv->branch) == 0,
               j_printf(j, "CANCEL with branch=%s", inv->branch), "branch=%s",
               c->branch);
    probe_must(&p, c->cseq == inv->cseq,
               j_printf(j, "CANCEL with CSeq: %u", inv->cseq), "CSeq: %u",
               c->cseq);
    probe_must(&p, strcmp(c->ruri, inv->ruri) == 0,
               j_printf(j, "CANCEL %s", inv->ruri), "CANCEL %s", c->ruri);
    for (size_t i = 0; i < x->num_sip && x->sip[i] != c; i++) {
        provisional |= law_reply(x->sip[i], "INVITE", -1) &&
                       x->sip[i]->dst == c->src && x->sip[i]->status / 100 == 1;
    }
    if (!provisional && !law_lossy(&p, "CANCEL after a provisional answer")) {
        probe_fail(&p, "CANCEL after a provisional answer (RFC 3261, 9.1)",
                   "none had arrived");
    }
    acknowledged(&p, x, inv);
    probe_end(&p,
              "CANCEL with branch, CSeq number, Request-URI of the INVITE; 487 "
              "acknowledged",
              "so it is");
}

void law_cancel(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        for (size_t k = 0; k < x->num_sip; k++) {
            const struct jsip *s = x->sip[k];
            if (law_is(s, "CANCEL", x->initiator) && !law_repeat(x, s) &&
                is_endpoint(j, s->src)) {
                cancel(j, law, x, s);
            }
        }
    }
}

/* ---- acks-every-200
 * -------------------------------------------------------------- */

static void acks(struct judge *j, const struct law *law, const struct jx *x,
                 const struct jsip *first)
{
    uint64_t owed = 0;
    uint64_t sent = 0;
    uint64_t num = 0;
    const struct jsip *last = first;
    const char *why = "";
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (law_reply(s, "INVITE", -1) && s->status / 100 == 2 &&
            s->dst == x->initiator && s->cseq == first->cseq &&
            strcmp(s->to_tag, first->to_tag) == 0) {
            num++;
            owed++;
            last = s;
        } else if (law_is(s, "ACK", x->initiator) && s->cseq == first->cseq &&
                   strcmp(s->to_tag, first->to_tag) == 0) {
            sent++;
            owed -= owed > 0;
        }
    }
    if (num < 2) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->initiator);
    const char *want =
        j_printf(j, "%llu ACK, one for each 2xx", (unsigned long long)num);
    probe_sip(&p, last);
    if (owed > 0 &&
        !watched(j, last->time_us, last->time_us + quiet_us(j), &why)) {
        probe_lack(&p, want, "%llu ACK seen: %s", (unsigned long long)sent,
                   why);
    } else {
        probe_must(&p, owed == 0, want, "%llu ACK", (unsigned long long)sent);
    }
    probe_end(&p, want, "so it is");
}

void law_acks(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const struct jsip *first = NULL;
        for (size_t k = 0; k < x->num_sip && first == NULL; k++) {
            if (law_reply(x->sip[k], "INVITE", -1) &&
                x->sip[k]->status / 100 == 2 &&
                x->sip[k]->dst == x->initiator) {
                first = x->sip[k];
            }
        }
        if (first != NULL) {
            acks(j, law, x, first);
        }
    }
}

/* ---- same-answer-again
 * ----------------------------------------------------------- */

static unsigned times_asked(const struct jx *x, const struct jsip *inv)
{
    unsigned n = 0;
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        n += law_is(s, "INVITE", inv->src) && s->dst == inv->dst &&
             strcmp(s->branch, inv->branch) == 0 && s->cseq == inv->cseq;
    }
    return n;
}

static void same_again(struct judge *j, const struct law *law, struct jx *x)
{
    const struct jsip *inv = x->invite_last;
    const struct jmsg *first = NULL;
    if (inv == NULL || x->responder < 0 || times_asked(x, inv) < 2) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->responder);
    for (size_t i = 0; i < x->num_msgs; i++) {
        const struct jmsg *m = x->msgs[i];
        if (law_turn(m) != MIKEY_DT_R_MESSAGE_1 || m->from != x->responder ||
            law_sip(m)->cseq != inv->cseq) {
            continue;
        }
        for (size_t k = 0; k < m->num_sights; k++) {
            const struct jsight *s = &m->sights[k];
            if (s->src != x->responder) {
                continue;
            }
            if (first == NULL) {
                first = m;
                probe_sip(&p, s->sip);
            }
            if (s->form != first->sent) {
                probe_sip(&p, s->sip);
                probe_fail(&p, "the same R_MESSAGE_1 for each copy of INVITE",
                           "another R_MESSAGE_1");
            }
        }
    }
    if (first == NULL) {
        return;
    }
    for (size_t i = 0; i < j->num_deliveries; i++) {
        for (size_t k = 0; k < i && x->kind == JX_DEPOSIT; k++) {
            if (j->deliveries[i]->deposit == x &&
                j->deliveries[k]->deposit == x &&
                j->deliveries[i]->x == j->deliveries[k]->x) {
                probe_fail(&p, "one message",
                           "the message is delivered "
                           "several times");
            }
        }
    }
    probe_end(&p, "the same R_MESSAGE_1 for each copy of INVITE",
              "%u copies, one R_MESSAGE_1", times_asked(x, inv));
}

void law_same_again(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        same_again(j, law, j->xs[i]);
    }
}

/* ---- dialog-consistent
 * ----------------------------------------------------------- */

static int is_new(const struct jx *x, const struct jsip *s)
{
    return s->ok && !s->echo && !law_repeat(x, s);
}

static void one_request(struct probe *p, const struct jx *x,
                        const struct jsip *s)
{
    int acks = strcmp(s->method, "ACK") == 0;
    int cancels = strcmp(s->method, "CANCEL") == 0;
    probe_sip(p, s);
    probe_must(p, strncmp(s->branch, "z9hG4bK", 7) == 0,
               "Via branch=z9hG4bK...", "Via branch=%s", s->branch);
    for (size_t i = 0; i < x->num_sip && x->sip[i] != s; i++) {
        const struct jsip *e = x->sip[i];
        if (!e->ok || !e->request || e->echo || e->src != s->src) {
            continue;
        }
        int same = strcmp(e->method, s->method) == 0 && e->cseq == s->cseq;
        int of_invite =
            (acks || cancels) && e->cseq == s->cseq &&
            (strcmp(e->method, "INVITE") == 0 ||
             strcmp(e->method, "CANCEL") == 0 || strcmp(e->method, "ACK") == 0);
        int from_cancel = strcmp(e->method, "CANCEL") == 0 && acks;
        if (!same && !of_invite && !from_cancel) {
            probe_must(p, strcmp(e->branch, s->branch) != 0,
                       "a branch of its own for each transaction",
                       "%s with the branch of %s %u", s->method, e->method,
                       e->cseq);
        }
        int old = strcmp(e->method, "ACK") != 0 &&
                  strcmp(e->method, "CANCEL") != 0 && !acks && !cancels &&
                  strcmp(e->branch, s->branch) != 0 &&
                  strcmp(e->from_tag, s->from_tag) == 0 &&
                  strcmp(e->to_tag, s->to_tag) == 0 &&
                  strcmp(e->call_id, s->call_id) == 0;
        if (old) {
            probe_must(p, s->cseq > e->cseq,
                       j_printf(p->j, "CSeq above %u", e->cseq),
                       "%s with CSeq: %u", s->method, s->cseq);
        }
    }
}

/* The tag by which the party is known in the call. */
static void tag_is(struct probe *p, const struct jsip *s, const char *have,
                   const char **mine, const char *field)
{
    if ((*mine)[0] == '\0') {
        *mine = have;
    }
    probe_sip(p, s);
    probe_must(p, strcmp(have, *mine) == 0,
               j_printf(p->j, "%s tag=%s, as before", field, *mine),
               "%s tag=%s", field, have);
}

/* The first 1xx or 2xx to an INVITE that begins a dialog may choose a tag:
 * after a challenge, the next INVITE is such a one again. */
static int begins_dialog(const struct jx *x, const struct jsip *a)
{
    int opening = 0;
    if (strcmp(a->method, "INVITE") != 0) {
        return 0;
    }
    for (size_t i = 0; i < x->num_sip && x->sip[i] != a; i++) {
        const struct jsip *s = x->sip[i];
        if (law_is(s, "INVITE", -1) && s->dst == a->src && s->cseq == a->cseq) {
            opening = s->to_tag[0] == '\0';
        } else if (law_reply(s, "INVITE", a->src) && s->cseq == a->cseq &&
                   s->status > 100) {
            return 0;
        }
    }
    return opening;
}

static void consistent(struct judge *j, const struct law *law,
                       const struct jx *x, int party)
{
    struct probe p = probe_at(j, law, x, party);
    const char *mine = "";
    unsigned n = 0;
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (!is_new(x, s) || s->src != party) {
            continue;
        }
        n++;
        if (s->request) {
            one_request(&p, x, s);
            tag_is(&p, s, s->from_tag, &mine, "From");
        } else if (s->status > 100 && s->status < 300) {
            mine = begins_dialog(x, s) ? "" : mine;
            tag_is(&p, s, s->to_tag, &mine, "To");
        }
    }
    if (n > 0) {
        probe_end(&p, "tags, CSeq and branches consistent", "%u messages", n);
    }
}

static int spoke_before(const struct jx *x, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (x->sip[i]->src == x->sip[at]->src) {
            return 1;
        }
    }
    return 0;
}

void law_dialog(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        for (size_t k = 0; k < x->num_sip && x->kind != JX_REQUEST; k++) {
            if (is_endpoint(j, x->sip[k]->src) && !spoke_before(x, k)) {
                consistent(j, law, x, x->sip[k]->src);
            }
        }
    }
}

/* ---- history-info-tree
 * ----------------------------------------------------------- */

static int known_cause(int cause)
{
    static const int defined[] = {302, 404, 408, 480, 486, 487, 503, 0};
    for (size_t i = 0; defined[i] != 0; i++) {
        if (cause == defined[i]) {
            return 1;
        }
    }
    return 0;
}

static void entry(struct probe *p, const struct sip_history_node *n)
{
    const struct sip_history *h = &n->entry;
    const char *index = j_shown(p->j, h->index);
    char *target = NULL;
    int cause = 0;
    struct view v = {0};
    probe_must(p, n->depth > 0 && !n->repeated,
               "an index of numbers, each once", "index=%s", index);
    probe_must(p, n->parent != -2, "an entry above each entry",
               "index=%s without it", index);
    probe_must(p, !n->bad_pointer, "rc, mp, np name an entry before",
               "index=%s points nowhere", index);
    if (n->gap) {
        probe_note(p, "indices without a gap", "a gap before index=%s", index);
    }
    sip_voicemail(&h->uri, &target, &cause);
    if (sip_param(h->uri.params, "target", &v)) {
        struct sip_uri u;
        probe_must(
            p, target != NULL && sip_uri(view_of(target), &u) == STATUS_OK,
            "target=<escaped URI> (RFC 4458)", "target=%s", j_shown(p->j, v));
    }
    mem_free(target);
    if (sip_param(h->uri.params, "cause", &v)) {
        probe_must(p, known_cause(cause),
                   "cause=302, 404, 408, 480, 486, 487 or 503", "cause=%s",
                   j_shown(p->j, v));
    }
}

static void history(struct judge *j, const struct law *law, const struct jx *x,
                    const struct jsip *s)
{
    struct sip_history_node nodes[32];
    struct sip_msg *m = mem_alloc(sizeof *m);
    if (m == NULL) {
        j->err = STATUS_NO_MEMORY;
        return;
    }
    sip_parse(m, s->t->octets.data, s->t->octets.len);
    size_t n = sip_history_tree(m, nodes, 32);
    if (n > 0) {
        struct probe p = probe_at(j, law, x, s->src);
        probe_sip(&p, s);
        for (size_t i = 0; i < n && i < 32; i++) {
            entry(&p, &nodes[i]);
        }
        probe_end(&p, "History-Info: a tree, target and cause well-formed",
                  "%zu entries", n);
    }
    mem_free(m);
}

void law_history(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        for (size_t k = 0; k < x->num_sip; k++) {
            const struct jsip *s = x->sip[k];
            if (s->ok && !s->echo && !law_repeat(x, s)) {
                history(j, law, x, s);
            }
        }
    }
}
