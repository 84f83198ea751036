/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Deposit, retrieval or call; and, without a plan, who is who. */
#include "harness/judge/judge_int.h"

#include <string.h>

/* ---- mailbox identities
 * ------------------------------------------------------- */

/* The mailbox's own, and each under which it ever answered. */
static int is_mailbox_identity(const struct judge *j, struct view id)
{
    return id.len > 0 && jmap_get(j->mbx_map, id) != NULL;
}

static void note_mailbox(struct judge *j, struct view id)
{
    if (id.len > 0) {
        jmap_put(j, &j->mbx_map, id, j);
    }
}

static void find_mailboxes(struct judge *j)
{
    j->mbx_map = NULL;
    for (size_t i = 0; i < j->num_parties; i++) {
        if (strcmp(j->parties[i].role, "MB") == 0) {
            note_mailbox(j, view_of(j->parties[i].identity));
        }
    }
    for (size_t i = 0; i < j->num_xs; i++) {
        for (size_t k = 0; k < j->xs[i]->num_legs; k++) {
            const struct jleg *l = j->xs[i]->legs[k];
            /* An identity other than the one called is the answerer's own; one
             * that equals it may be B answering for itself. */
            if (l->r1 != NULL &&
                strcmp(party_role(j, l->r1->from), "MB") == 0 &&
                j->xs[i]->i1 != NULL &&
                !view_equal(idr_of(l->r1->sent, MIKEY_ROLE_RESPONDER),
                            idr_of(j->xs[i]->i1->sent, MIKEY_ROLE_RESPONDER))) {
                note_mailbox(j, idr_of(l->r1->sent, MIKEY_ROLE_RESPONDER));
            }
        }
    }
}

static int addresses_voicemail(const struct judge *j, const struct jx *x)
{
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (!s->request || strcmp(s->method, "INVITE") != 0) {
            continue;
        }
        if (strstr(s->ruri, ";target=") != NULL) {
            return 1;
        }
        int mb = party_find(j, "MB");
        if (mb >= 0 && j->parties[mb].vm_uri[0] != '\0' &&
            strcmp(s->ruri, j->parties[mb].vm_uri) == 0) {
            return 1;
        }
    }
    return 0;
}

static int sends_esk(const struct jx *x)
{
    for (size_t i = 0; i < x->num_msgs; i++) {
        const struct jmsg *m = x->msgs[i];
        if (m->type == MIKEY_DT_I_MESSAGE_2 && m->sent->msg != NULL &&
            mikey_find(m->sent->msg, MIKEY_PL_ESK) != NULL) {
            return 1;
        }
    }
    return 0;
}

static void set_called(struct judge *j, struct jx *x)
{
    struct view id = {0};
    if (x->i1 != NULL) {
        id = idr_of(x->i1->sent, MIKEY_ROLE_RESPONDER);
    }
    if (id.len > 0) {
        x->called = j_strn(j, id.data, id.len);
    } else if (x->invite != NULL) {
        x->called = jsip_bare(j, x->invite->to_uri);
    }
}

static enum jx_kind kind_of(struct judge *j, const struct jx *x)
{
    const char *role = party_role(j, x->responder);
    /* The owner of the account fetches, whatever form he is led into; another
     * may call the mailbox itself to leave a message. */
    if (is_mailbox_identity(j, view_of(x->called)) &&
        !addresses_voicemail(j, x) &&
        (!sends_esk(x) || is_owner(j, x->initiator))) {
        return JX_RETRIEVAL;
    }
    if (strcmp(role, "MB") == 0 || addresses_voicemail(j, x) || sends_esk(x)) {
        return JX_DEPOSIT;
    }
    if (x->responder < 0 && party_find(j, "MB") >= 0) {
        return JX_DEPOSIT; /* nobody was seen to answer; the mailbox would have
                            */
    }
    return JX_CALL;
}

/* ---- roles from the wire
 * -------------------------------------------------------- */

static void rename_party(struct judge *j, int party, const char *role)
{
    if (party < 0 || j->parties[party].named ||
        j->parties[party].role[0] != '?') {
        return;
    }
    unsigned n = 1;
    for (size_t i = 0; i < j->num_parties; i++) {
        size_t l = strlen(role);
        n += strncmp(j->parties[i].role, role, l) == 0 &&
             (j->parties[i].role[l] == '\0' || j->parties[i].role[l] == ' ');
    }
    j->parties[party].role = n == 1 ? role : j_printf(j, "%s %u", role, n);
}

static void find_cores(struct judge *j)
{
    for (size_t i = 0; i < j->num_sip; i++) {
        const struct jsip *a = &j->sip[i];
        for (size_t k = i + 1; k < j->num_sip && a->request && k < i + 64;
             k++) {
            const struct jsip *b = &j->sip[k];
            if (b->request && b->src == a->dst && b->dst != a->src &&
                b->cseq == a->cseq && strcmp(a->method, b->method) == 0 &&
                a->call_id[0] != '\0' && strcmp(a->call_id, b->call_id) == 0) {
                rename_party(j, a->dst, "CORE");
                break;
            }
        }
    }
}

static int takes_messages(const struct judge *j, const struct jx *x)
{
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (!s->request && s->src == x->responder &&
            (strcmp(s->actor, "msg-taker") == 0)) {
            return 1;
        }
    }
    const struct jleg *l = x->leg;
    (void)j;
    return l != NULL && l->r1 != NULL && x->i1 != NULL &&
           !view_equal(idr_of(l->r1->sent, MIKEY_ROLE_RESPONDER),
                       idr_of(x->i1->sent, MIKEY_ROLE_RESPONDER));
}

static void exchange_roles(struct judge *j)
{
    find_cores(j);
    for (size_t i = 0; i < j->num_xs; i++) {
        if (j->xs[i]->kind == JX_REQUEST) {
            rename_party(j, j->xs[i]->responder, "KMS");
        }
    }
    for (size_t i = 0; i < j->num_xs; i++) {
        struct jx *x = j->xs[i];
        if (x->kind != JX_REQUEST && takes_messages(j, x)) {
            rename_party(j, x->responder, "MB");
        }
    }
    find_mailboxes(j);
    for (size_t i = 0; i < j->num_xs; i++) {
        struct jx *x = j->xs[i];
        if (x->kind != JX_REQUEST && kind_of(j, x) == JX_RETRIEVAL) {
            rename_party(j, x->initiator, "B");
        }
    }
    for (size_t i = 0; i < j->num_xs; i++) {
        struct jx *x = j->xs[i];
        if (x->kind != JX_REQUEST) {
            rename_party(j, x->initiator, "A");
            rename_party(j, x->responder, "B");
        }
    }
}

/* Without a plan a party is who its messages say it is. */
static void learn_identities(struct judge *j)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        struct view own = {0};
        if (x->i1 != NULL && x->initiator >= 0 &&
            j->parties[x->initiator].identity[0] == '\0') {
            own = idr_of(x->i1->sent, MIKEY_ROLE_INITIATOR);
            j->parties[x->initiator].identity = j_strn(j, own.data, own.len);
        }
        if (x->leg != NULL && x->leg->r1 != NULL && x->leg->party >= 0 &&
            j->parties[x->leg->party].identity[0] == '\0') {
            own = idr_of(x->leg->r1->sent, MIKEY_ROLE_RESPONDER);
            j->parties[x->leg->party].identity = j_strn(j, own.data, own.len);
        }
        /* A mailbox keeps the messages of those for whom it answers. */
        if (x->kind == JX_DEPOSIT && x->responder >= 0 &&
            strcmp(j->parties[x->responder].role, "MB") == 0 &&
            j->parties[x->responder].account[0] == '\0') {
            j->parties[x->responder].account = x->called;
        }
    }
}

void exchange_classify(struct judge *j)
{
    unsigned count[4] = {0};
    for (size_t i = 0; i < j->num_xs; i++) {
        if (j->xs[i]->kind != JX_REQUEST) {
            set_called(j, j->xs[i]);
        }
    }
    if (j->plan == NULL) {
        exchange_roles(j);
    }
    find_mailboxes(j);
    for (size_t i = 0; i < j->num_xs; i++) {
        struct jx *x = j->xs[i];
        if (x->kind != JX_REQUEST) {
            x->kind = kind_of(j, x);
        }
        x->n = ++count[x->kind];
        x->place = j_printf(j, "%s %u", jx_kind_name(x->kind), x->n);
    }
    if (j->plan == NULL) {
        learn_identities(j);
    }
}
