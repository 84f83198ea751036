/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of identity: who answered, who was called, whose key opens what. */
#include "harness/judge/laws_int.h"

#include <string.h>

/* ---- i2-form-follows-r1
 * ---------------------------------------------------------- */

static void deferred_form(struct probe *p, const struct jmsg *m)
{
    const struct jform *f = m->sent;
    const struct jopen *o = &f->ibake;
    const char *want = "I_MESSAGE_2 in deferred form: ECCPTi and ESK";
    probe_octets(p, "mikey", f->octets, (struct mikey_range){0, 0});
    probe_must(p, mikey_find(f->msg, MIKEY_PL_ESK) != NULL, want,
               "mikey.ESK absent");
    if (o->state == JOPEN_NO_KEY) {
        probe_needs(p, o, want);
    } else if (!jopen_has(o)) {
        probe_lack(p, want, "mikey.IBAKE does not open with K_PR(%s)", o->want);
    } else {
        probe_octets(p, "ibake", o->plain,
                     (struct mikey_range){0, (uint32_t)o->plain.len});
        probe_must(p, o->xp != NULL, want, "ibake.ECCPTi absent");
    }
}

static void normal_form(struct probe *p, const struct jmsg *m)
{
    const struct jopen *o = &m->sent->ibake;
    const char *want = "I_MESSAGE_2 in normal form: no ECCPTi";
    if (o->state == JOPEN_NO_KEY) {
        probe_needs(p, o, want);
    } else if (!jopen_has(o)) {
        probe_lack(p, want, "mikey.IBAKE does not open with K_PR(%s)", o->want);
    } else if (o->xp != NULL) {
        probe_payload(p, "ibake", o->plain, o->xp);
        probe_fail(p, want, "ibake.ECCPTi: %s", j_hex(p->j, law_point(o->xp)));
    }
}

static void form_follows(struct judge *j, const struct law *law,
                         const struct jmsg *m)
{
    if (m->leg == NULL || m->leg->r1 == NULL || !law_decoded(m->sent)) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    const struct jopen *r1 = &m->leg->r1->rcvd->ibake;
    switch (m->leg->form) {
    case JFORM_DEFERRED:
        deferred_form(&p, m);
        break;
    case JFORM_NORMAL:
        normal_form(&p, m);
        break;
    case JFORM_UNKNOWN:
        if (!probe_needs(&p, r1, "the form of R_MESSAGE_1")) {
            probe_lack(&p, "the form of R_MESSAGE_1",
                       "its IBAKE does not open");
        }
        break;
    }
    probe_end(&p, "I_MESSAGE_2 in the form of R_MESSAGE_1", "%s form",
              jform_kind_name(m->leg->form));
}

static void run_form(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, form_follows);
}

/* ---- a-reports-mailbox
 * ----------------------------------------------------------- */

static int is_outgoing(const struct jx *x)
{
    return x->kind == JX_DEPOSIT || x->kind == JX_CALL;
}

/* The answer to the nth "call" of the role, for its nth call on the wire: the
 * order of calls is the same, that of answers need not be when calls overlap.
 */
static const struct jev *call_report(const struct judge *j, const struct jx *x)
{
    const char *role = party_role(j, x->initiator);
    size_t nth = 0;
    for (size_t i = 0; i < j->num_xs && j->xs[i] != x; i++) {
        nth += is_outgoing(j->xs[i]) &&
               strcmp(party_role(j, j->xs[i]->initiator), role) == 0;
    }
    for (size_t i = 0; i < j->num_evs; i++) {
        const struct jev *ev = j->evs[i];
        if (strcmp(ev->kind, "adapter") == 0 && strcmp(ev->role, role) == 0 &&
            strcmp(law_text(ev, "verb"), "call") == 0 && nth-- == 0) {
            return ev;
        }
    }
    return NULL;
}

static int sends_esk(const struct jleg *l)
{
    for (size_t i = 0; i < l->num_i2; i++) {
        const struct jform *f = l->i2[i]->sent;
        if (f->msg != NULL && mikey_find(f->msg, MIKEY_PL_ESK) != NULL) {
            return 1;
        }
    }
    return 0;
}

static void reports(struct judge *j, const struct law *law, const struct jx *x)
{
    const struct jleg *l = x->leg;
    if (x->kind != JX_DEPOSIT || l == NULL || l->r1 == NULL ||
        l->form != JFORM_DEFERRED) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->initiator);
    const struct jev *ev = call_report(j, x);
    const char *want = "reached: mailbox";
    p.in = "evidence";
    p.frame = jmsg_arrived(l->r1);
    const char *reached =
        ev != NULL ? json_string_value(json_object_get(
                         json_object_get(ev->obj, "answer"), "reached"))
                   : NULL;
    if (reached == NULL) {
        probe_lack(&p, want, "no report of who was reached");
    } else if (strcmp(reached, "unknown") == 0) {
        probe_lack(&p, want, "reached: unknown");
    } else if (probe_must(&p, strcmp(reached, "mailbox") == 0, want,
                          "reached: %s", reached) &&
               !sends_esk(l)) {
        /* What a party says of itself is never enough. */
        probe_lack(&p, want,
                   "reached: mailbox, but no I_MESSAGE_2 with ESK "
                   "shows that it took the answer for a mailbox's");
    }
    probe_end(&p, want, "so it is");
}

static void run_reports(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        reports(j, law, j->xs[i]);
    }
}

/* ---- whose key
 * ------------------------------------------------------------------- */

/* The payload opens with exactly the key that it should open with. */
static void opens_exactly(struct probe *p, const struct jform *f,
                          const struct jopen *o, const char *name)
{
    const char *want =
        j_printf(p->j, "mikey.%s opens with K_PR(%s)", name, o->want);
    probe_octets(p, "mikey", f->octets, o->encr);
    switch (o->state) {
    case JOPEN_ABSENT:
        return;
    case JOPEN_OK:
    case JOPEN_GARBLED:
        law_note_reading(p, o);
        return;
    case JOPEN_FOREIGN:
        probe_fail(p, want, "it opens with K_PR(%s)", o->key);
        return;
    case JOPEN_REFUSED:
        probe_fail(p, want, "it does not");
        return;
    case JOPEN_NO_KEY:
        probe_needs(p, o, want);
        return;
    }
}

static void to_answerer(struct judge *j, const struct law *law,
                        const struct jmsg *m)
{
    if (m->leg == NULL || m->leg->r1 == NULL || !law_decoded(m->sent) ||
        m->sent->ibake.state == JOPEN_ABSENT) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    struct view answered = idr_of(m->leg->r1->rcvd, MIKEY_ROLE_RESPONDER);
    const struct mikey_payload *idr =
        mikey_find_idr(m->sent->msg, MIKEY_ROLE_RESPONDER);
    if (idr != NULL && answered.len > 0) {
        probe_payload(&p, "mikey", m->sent->octets, idr);
        probe_must(&p, view_equal(idr->u.idr.data, answered),
                   j_printf(j, "mikey.IDRr: %s, as in R_MESSAGE_1",
                            law_view(j, answered)),
                   "mikey.IDRr: %s", law_view(j, idr->u.idr.data));
    }
    opens_exactly(&p, m->sent, &m->sent->ibake, "IBAKE");
    probe_end(&p, "IDRr of R_MESSAGE_1, IBAKE under exactly that identity",
              "opens with K_PR(%s)", m->sent->ibake.key);
}

static void run_answerer(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, to_answerer);
}

static void to_called(struct judge *j, const struct law *law,
                      const struct jmsg *m)
{
    if (m->leg == NULL || m->sent->esk.state == JOPEN_ABSENT ||
        m->x->i1 == NULL) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    opens_exactly(&p, m->sent, &m->sent->esk, "ESK");
    probe_end(&p, "mikey.ESK under the identity called", "opens with K_PR(%s)",
              m->sent->esk.key);
}

static void run_called(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, to_called);
}

static void esk_names(struct judge *j, const struct law *law,
                      const struct jmsg *m)
{
    const struct jopen *o = &m->sent->esk;
    struct view idi = idr_of(m->sent, MIKEY_ROLE_INITIATOR);
    if (m->leg == NULL || o->state == JOPEN_ABSENT || idi.len == 0) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    const char *want = j_printf(j, "esk.ID: %s, as IDRi", law_view(j, idi));
    if (o->state == JOPEN_NO_KEY) {
        probe_needs(&p, o, want);
    } else if (!jopen_has(o)) {
        probe_lack(&p, want, "mikey.ESK does not open with K_PR(%s)", o->want);
    } else {
        law_inner(&p, o, "esk", o->id, "ID", idi, "IDRi");
    }
    probe_end(&p, want, "so it is");
}

static void run_names(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, esk_names);
}

/* ---- same-identity-anywhere
 * ------------------------------------------------------ */

static int elsewhere(struct judge *j, const struct jx *a, const struct jx *b)
{
    return !cap_addr_same_ip(&a->invite->t->src, &b->invite->t->src) ||
           strcmp(jsip_uri(j, a->invite->contact),
                  jsip_uri(j, b->invite->contact)) != 0;
}

static void same_identity(struct judge *j, const struct law *law,
                          const struct jx *x, const struct jx *was)
{
    struct probe p = probe_msg(j, law, x->i1);
    const struct jform *f = x->i1->sent;
    const struct jform *e = was->i1->sent;
    for (uint8_t role = MIKEY_ROLE_INITIATOR; role <= MIKEY_ROLE_RESPONDER;
         role++) {
        const struct mikey_payload *pl = mikey_find_idr(f->msg, role);
        const char *name = role == MIKEY_ROLE_INITIATOR ? "IDRi" : "IDRr";
        struct view want = idr_of(e, role);
        if (pl == NULL) {
            continue;
        }
        probe_payload(&p, "mikey", f->octets, pl);
        probe_must(&p, view_equal(pl->u.idr.data, want),
                   j_printf(j, "mikey.%s: %s, as from the other address", name,
                            law_view(j, want)),
                   "mikey.%s: %s", name, law_view(j, pl->u.idr.data));
    }
    opens_exactly(&p, f, &f->ibake, "IBAKE");
    probe_end(&p, "IDRi, IDRr and key as from the other address",
              "unchanged; before from %s, now from %s", was->invite->contact,
              x->invite->contact);
}

static void run_same(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        for (size_t k = 0; k < i; k++) {
            const struct jx *e = j->xs[k];
            if (is_outgoing(x) && is_outgoing(e) && x->i1 != NULL &&
                e->i1 != NULL && x->invite != NULL && e->invite != NULL &&
                law_decoded(x->i1->sent) && law_decoded(e->i1->sent) &&
                strcmp(party_role(j, x->initiator),
                       party_role(j, e->initiator)) == 0 &&
                strcmp(jsip_bare(j, x->invite->to_uri),
                       jsip_bare(j, e->invite->to_uri)) == 0 &&
                elsewhere(j, x, e)) {
                same_identity(j, law, x, e);
                break;
            }
        }
    }
}

/* ---- i1-unaltered
 * ---------------------------------------------------------------- */

static void unaltered(struct judge *j, const struct law *law,
                      const struct jmsg *m)
{
    int passed_on = -1;
    for (size_t i = 0; i < m->num_sights; i++) {
        const struct jsight *s = &m->sights[i];
        if (s->src == m->from || (s->sip != NULL && s->sip->echo)) {
            continue;
        }
        if (passed_on < 0 || s->form != m->sent) {
            passed_on = (int)i;
        }
    }
    if (passed_on < 0) {
        return; /* one hop only: nobody could have altered it */
    }
    const struct jsight *s = &m->sights[passed_on];
    struct probe p = probe_at(j, law, m->x, s->src);
    p.message = m->name;
    p.frame = s->t->frame;
    probe_octets(&p, "mikey", s->form->octets,
                 (struct mikey_range){0, (uint32_t)s->form->octets.len});
    probe_must(&p, s->form == m->sent, "I_MESSAGE_1 passed on unaltered",
               "%zu octets, other than the %zu that were sent",
               s->form->octets.len, m->sent->octets.len);
    probe_end(&p, "I_MESSAGE_1 passed on unaltered", "%zu octets, identical",
              s->form->octets.len);
}

static void run_unaltered(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_1, unaltered);
}

/* ---- keys-exact
 * ------------------------------------------------------------------ */

static void exact(struct judge *j, const struct law *law, const struct jmsg *m)
{
    const struct jform *f = m->sent;
    const struct jopen *both[2] = {&f->ibake, &f->esk};
    static const char *const name[2] = {"IBAKE", "ESK"};
    for (int i = 0; i < 2 && law_decoded(f); i++) {
        if (both[i]->state == JOPEN_ABSENT) {
            continue;
        }
        struct probe p = probe_msg(j, law, m);
        opens_exactly(&p, f, both[i], name[i]);
        probe_end(
            &p,
            j_printf(j, "mikey.%s opens with K_PR(%s)", name[i], both[i]->want),
            "with that one");
    }
}

static void run_exact(struct judge *j, const struct law *law)
{
    for (uint8_t t = MIKEY_DT_I_MESSAGE_1; t <= MIKEY_DT_R_MESSAGE_2; t++) {
        law_each(j, law, t, exact);
    }
}

#define ROW(name, level, reqs, clause, sentence, run)                          \
    LAW(name, JUDGE_IDENTITY, level, reqs, clause, sentence, run, NULL)

const struct law laws_identity[] = {
    ROW("i2-form-follows-r1", JUDGE_MUST, "DD-033 DD-104 R6267-090 R6267-099",
        "RFC 6267, 4.2.2.4",
        "The initiator answers a deferred-form R_MESSAGE_1 in deferred form "
        "and a normal-form one in normal form.",
        run_form),
    ROW("a-reports-mailbox", JUDGE_MUST, "DD-033 DD-019", "TR 33.828, 7.6.2.5",
        "The initiator tells its user that a mailbox was reached.",
        run_reports),
    ROW("i2-to-answerer", JUDGE_MUST, "DD-036 R6267-097 R6267-101",
        "RFC 6267, 4.2.2.5",
        "The initiator encrypts I_MESSAGE_2 under exactly the identity of "
        "R_MESSAGE_1 and names it in IDRr.",
        run_answerer),
    ROW("esk-to-called", JUDGE_MUST, "DD-039 DD-017 R6267-104 R6267-176",
        "RFC 6267, 4.2.2.5",
        "The initiator encrypts the ESK under the identity it called and no "
        "other.",
        run_called),
    ROW("esk-names-sender", JUDGE_MUST, "DD-017 DD-038", "RFC 6267, 4.2.2.5",
        "The initiator names itself inside the ESK as in IDRi.", run_names),
    ROW("same-identity-anywhere", JUDGE_MUST, "DD-016", "RFC 6267, 4.1",
        "The initiator uses the same identities and keys from any address.",
        run_same),
    ROW("i1-unaltered", JUDGE_MUST, "DD-028", "RFC 6267, 4.2.2",
        "The network passes I_MESSAGE_1 on as it was sent.", run_unaltered),
    ROW("keys-exact", JUDGE_MUST, "DD-017 DD-028 DD-036 DD-039",
        "RFC 6267, 4.1",
        "Each party encrypts each payload under exactly the identity that is "
        "meant to open it.",
        run_exact),
};
const size_t num_laws_identity = sizeof laws_identity / sizeof laws_identity[0];
