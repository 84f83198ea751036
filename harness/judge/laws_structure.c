/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of structure: the four messages as they stand in clear, and V. */
#include "harness/judge/laws_int.h"

#include <string.h>

static void type_is(struct probe *p, const struct jform *f, uint8_t want)
{
    law_field(p, f, NULL, "data type");
    probe_must(p, f->msg->hdr.data_type == want,
               j_printf(p->j, "mikey.HDR.data type: %u %s", want,
                        mikey_data_type_name(want)),
               "mikey.HDR.data type: %u", f->msg->hdr.data_type);
}

static void v_flag_is(struct probe *p, const struct jform *f, uint8_t want)
{
    law_field(p, f, NULL, "V");
    probe_must(p, f->msg->hdr.v == want,
               j_printf(p->j, "mikey.HDR.V: %u", want), "mikey.HDR.V: %u",
               f->msg->hdr.v);
}

/* An NTP type gives the date of the keys; with another it is anybody's guess.
 */
static void t_is_ntp(struct probe *p, const struct jform *f)
{
    const struct mikey_payload *t = law_has(p, f, MIKEY_PL_T, 0);
    if (t != NULL && t->u.t.ts_type != MIKEY_TS_NTP_UTC &&
        t->u.t.ts_type != MIKEY_TS_NTP) {
        law_field(p, f, t, "TS type");
        probe_note(p, "mikey.T.TS type: 0 NTP-UTC or 1 NTP",
                   "AMB-04: TS type %u gives no date for the keys",
                   t->u.t.ts_type);
    }
}

static void rand_is_long(struct probe *p, const struct jform *f)
{
    const struct mikey_payload *r = law_has(p, f, MIKEY_PL_RAND, 0);
    if (r != NULL && r->u.rnd.rand.len < 16) {
        probe_payload(p, "mikey", f->octets, r);
        probe_note(p, "mikey.RAND: 16 octets or more (R3830-129, SHOULD)",
                   "mikey.RAND: %zu octets", r->u.rnd.rand.len);
    }
}

static void i1_structure(struct judge *j, const struct law *law,
                         const struct jmsg *m)
{
    struct probe p = probe_msg(j, law, m);
    const struct jform *f = m->sent;
    if (law_decodes(&p, f)) {
        type_is(&p, f, MIKEY_DT_I_MESSAGE_1);
        v_flag_is(&p, f, 1);
        t_is_ntp(&p, f);
        rand_is_long(&p, f);
        law_has(&p, f, MIKEY_PL_IDR, MIKEY_ROLE_INITIATOR);
        law_has(&p, f, MIKEY_PL_IDR, MIKEY_ROLE_RESPONDER);
        law_has(&p, f, MIKEY_PL_IBAKE, 0);
    }
    probe_end(&p, "HDR (22, V 1), T, RAND, IDRi, IDRr, IBAKE",
              "all there, last Next payload 0");
}

static void run_i1_structure(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_1, i1_structure);
}

/* IDRi as it was received. */
static void same_idi(struct probe *p, const struct jform *f,
                     const struct jform *of, const char *whose)
{
    const struct mikey_payload *idi =
        law_has(p, f, MIKEY_PL_IDR, MIKEY_ROLE_INITIATOR);
    struct view want = idr_of(of, MIKEY_ROLE_INITIATOR);
    if (idi == NULL) {
        return;
    }
    probe_payload(p, "mikey", f->octets, idi);
    if (want.len == 0) {
        probe_lack(p, j_printf(p->j, "IDRi as in %s", whose),
                   "%s has no readable IDRi", whose);
        return;
    }
    probe_must(
        p, view_equal(idi->u.idr.data, want),
        j_printf(p->j, "mikey.IDRi: %s, as in %s", law_view(p->j, want), whose),
        "mikey.IDRi: %s", law_view(p->j, idi->u.idr.data));
}

static void r1_structure(struct judge *j, const struct law *law,
                         const struct jmsg *m)
{
    struct probe p = probe_msg(j, law, m);
    const struct jform *f = m->sent;
    const struct jform *i1 = m->x->i1 != NULL ? m->x->i1->rcvd : NULL;
    if (law_decodes(&p, f)) {
        type_is(&p, f, MIKEY_DT_R_MESSAGE_1);
        v_flag_is(&p, f, 1);
        law_five(&p, f, i1, "I_MESSAGE_1");
        if (law_has(&p, f, MIKEY_PL_T, 0) != NULL) {
            law_same_t(&p, f, i1, "I_MESSAGE_1");
        }
        same_idi(&p, f, i1, "I_MESSAGE_1");
        law_has(&p, f, MIKEY_PL_IDR, MIKEY_ROLE_RESPONDER);
        law_has(&p, f, MIKEY_PL_IBAKE, 0);
        const struct mikey_payload *r = mikey_find(f->msg, MIKEY_PL_RAND);
        if (r != NULL) {
            probe_payload(&p, "mikey", f->octets, r);
            probe_fail(&p, "no mikey.RAND in R_MESSAGE_1",
                       "mikey.RAND of %zu octets", r->u.rnd.rand.len);
        }
    }
    probe_end(&p,
              "HDR (23, V 1) and T as in I_MESSAGE_1, IDRi as received, IDRr, "
              "IBAKE, no RAND",
              "all as stated");
}

static void run_r1_structure(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_R_MESSAGE_1, r1_structure);
}

static void own_without_plan(struct probe *p, const struct jmsg *m,
                             struct view idr, struct view called)
{
    const struct jleg *l = m->leg;
    const char *want = "mikey.IDRr: the answerer's own identity, not the one "
                       "called, which it cannot decrypt for";
    if (!view_equal(idr, called) || l->form == JFORM_NORMAL) {
        return;
    }
    if (l->form == JFORM_UNKNOWN) {
        const struct jopen *o = &m->sent->ibake;
        probe_lack(p, want,
                   "mikey.IDRr: %s, as called; which form the answer "
                   "has is not known%s%s",
                   law_view(p->j, idr), o->lack[0] != '\0' ? ": " : "",
                   o->lack);
        return;
    }
    probe_fail(p, want, "mikey.IDRr: %s, the identity called",
               law_view(p->j, idr));
}

static void r1_own(struct judge *j, const struct law *law, const struct jmsg *m)
{
    const struct jform *f = m->sent;
    const struct mikey_payload *idr =
        f->msg != NULL ? mikey_find_idr(f->msg, MIKEY_ROLE_RESPONDER) : NULL;
    struct view called = m->x->i1 != NULL
                             ? idr_of(m->x->i1->rcvd, MIKEY_ROLE_RESPONDER)
                             : (struct view){0};
    if (idr == NULL || m->leg == NULL) {
        return; /* r1-structure says so */
    }
    struct view id = idr->u.idr.data;
    int own = law_own_identity(j, m->from, id);
    if (own < 0 && (m->x->kind != JX_DEPOSIT || called.len == 0)) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    probe_payload(&p, "mikey", f->octets, idr);
    if (own >= 0) {
        probe_must(&p, own,
                   j_printf(j, "mikey.IDRr: %s, the answerer's own",
                            j->parties[m->from].identity),
                   "mikey.IDRr: %s", law_view(j, id));
    } else {
        own_without_plan(&p, m, id, called);
    }
    probe_end(&p, "mikey.IDRr: the answerer's own identity", "mikey.IDRr: %s",
              law_view(j, id));
}

static void run_r1_own(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_R_MESSAGE_1, r1_own);
}

static void same_rand(struct probe *p, const struct jform *f,
                      const struct jform *i1)
{
    const struct mikey_payload *r = mikey_find(f->msg, MIKEY_PL_RAND);
    const struct mikey_payload *r1 =
        law_decoded(i1) ? mikey_find(i1->msg, MIKEY_PL_RAND) : NULL;
    if (r == NULL || r1 == NULL || view_equal(r->u.rnd.rand, r1->u.rnd.rand)) {
        return;
    }
    probe_payload(p, "mikey", f->octets, r);
    probe_note(p,
               j_printf(p->j, "mikey.RAND: %s, as in I_MESSAGE_1",
                        j_hex(p->j, r1->u.rnd.rand)),
               "AMB-15: mikey.RAND: %s, another than in I_MESSAGE_1",
               j_hex(p->j, r->u.rnd.rand));
}

static void i2_structure(struct judge *j, const struct law *law,
                         const struct jmsg *m)
{
    struct probe p = probe_msg(j, law, m);
    const struct jform *f = m->sent;
    const struct jform *i1 = m->x->i1 != NULL ? m->x->i1->sent : NULL;
    if (law_decodes(&p, f)) {
        type_is(&p, f, MIKEY_DT_I_MESSAGE_2);
        v_flag_is(&p, f, 1);
        t_is_ntp(&p, f);
        rand_is_long(&p, f);
        same_rand(&p, f, i1);
        same_idi(&p, f, i1, "I_MESSAGE_1");
        law_has(&p, f, MIKEY_PL_IDR, MIKEY_ROLE_RESPONDER);
        law_has(&p, f, MIKEY_PL_IBAKE, 0);
    }
    probe_end(&p, "HDR (24, V 1), T, RAND, IDRi as in I_MESSAGE_1, IDRr, IBAKE",
              "all there");
}

static void run_i2_structure(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, i2_structure);
}

static int same_five(const struct mikey_hdr *a, const struct mikey_hdr *b)
{
    return a->version == b->version && a->prf == b->prf &&
           a->csb_id == b->csb_id && a->num_cs == b->num_cs &&
           a->map_type == b->map_type;
}

static void i2_header(struct judge *j, const struct law *law,
                      const struct jmsg *m)
{
    if (m->leg == NULL || m->leg->r1 == NULL || !law_decoded(m->sent)) {
        return;
    }
    const struct jform *r1 = m->leg->r1->rcvd;
    const struct jform *i1 = m->x->i1 != NULL ? m->x->i1->sent : NULL;
    struct probe p = probe_msg(j, law, m);
    const struct mikey_hdr *h = &m->sent->msg->hdr;
    /* A responder that broke the rule before: staying with I_MESSAGE_1 is right
     * as well. */
    if (!law_decoded(i1) || !same_five(h, &i1->msg->hdr) || !law_decoded(r1) ||
        same_five(&i1->msg->hdr, &r1->msg->hdr)) {
        law_five(&p, m->sent, r1, "R_MESSAGE_1");
    }
    probe_end(&p,
              "mikey.HDR: version, PRF func, CSB ID, #CS, CS ID map type as in "
              "R_MESSAGE_1",
              "equal, CSB ID 0x%08x", h->csb_id);
}

static void run_i2_header(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, i2_header);
}

static void v_is_last(struct probe *p, const struct jform *f)
{
    size_t n = f->msg->num_payloads;
    const struct mikey_payload *last = n > 0 ? &f->msg->payloads[n - 1] : NULL;
    if (last != NULL) {
        probe_payload(p, "mikey", f->octets, last);
    }
    probe_must(p, last != NULL && last->type == MIKEY_PL_V,
               "the last payload is V", "the last payload is %s",
               last != NULL && mikey_payload_name(last->type) != NULL
                   ? mikey_payload_name(last->type)
                   : "HDR");
}

static void r2_structure(struct judge *j, const struct law *law,
                         const struct jmsg *m)
{
    struct probe p = probe_msg(j, law, m);
    const struct jform *f = m->sent;
    const struct jmsg *i2 = law_i2_before(m->leg, jmsg_frame(m));
    if (law_decodes(&p, f)) {
        type_is(&p, f, MIKEY_DT_R_MESSAGE_2);
        v_flag_is(&p, f, 0);
        v_is_last(&p, f);
        const struct mikey_payload *t = law_has(&p, f, MIKEY_PL_T, 0);
        if (i2 != NULL) {
            law_five(&p, f, i2->rcvd, "I_MESSAGE_2");
            if (t != NULL) {
                law_same_t(&p, f, i2->rcvd, "I_MESSAGE_2");
            }
        } else if (!law_lossy(&p, "an I_MESSAGE_2 that it answers")) {
            probe_fail(&p, "an I_MESSAGE_2 that it answers",
                       "R_MESSAGE_2 without an I_MESSAGE_2 before it");
        }
        if (idr_of(f, MIKEY_ROLE_INITIATOR).len == 0 ||
            idr_of(f, MIKEY_ROLE_RESPONDER).len == 0) {
            probe_note(&p, "mikey.IDRi and mikey.IDRr present (SHOULD)",
                       "R6267-113: not both present");
        }
    }
    probe_end(&p, "HDR (25, V 0) and T as in I_MESSAGE_2, V last",
              "all as stated");
}

static void run_r2_structure(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_R_MESSAGE_2, r2_structure);
}

/* The engine tries every reading; what is left is right or wrong. */
static void r2_mac(struct judge *j, const struct law *law, const struct jmsg *m)
{
    const struct jleg *l = m->leg;
    const struct mikey_payload *v =
        law_decoded(m->sent) ? mikey_find(m->sent->msg, MIKEY_PL_V) : NULL;
    if (v == NULL || l == NULL) {
        return; /* r2-structure says what is amiss */
    }
    struct probe p = probe_msg(j, law, m);
    const char *want = "mikey.V.Ver data: the MAC under auth_key of the MPK of "
                       "[x][y]P";
    law_field(&p, m->sent, v, "Ver data");
    if (v->u.v.auth_alg == 0) {
        probe_fail(&p, want, "mikey.V.Auth alg: 0 NULL");
    } else if (!m->v_checked) {
        probe_lack(&p, want, "missing from the key log: %s",
                   l->keys.lack[0] != '\0' ? l->keys.lack
                                           : "ECDH_PRIVATE of x or y, or MPK");
    } else {
        probe_must(&p, m->v_ok, want, "mikey.V.Ver data: %s, another",
                   j_hex(j, v->u.v.mac));
        if (m->v_ok && l->keys.reading[0] != '\0') {
            probe_note(&p, want, "%s", l->keys.reading);
        }
    }
    probe_end(&p, want, "it verifies");
}

static void run_r2_mac(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_R_MESSAGE_2, r2_mac);
}

#define ROW(name, level, reqs, clause, sentence, run)                          \
    LAW(name, JUDGE_STRUCTURE, level, reqs, clause, sentence, run, NULL)

const struct law laws_structure[] = {
    ROW("i1-structure", JUDGE_MUST,
        "DD-101 R6267-066 R6267-068 R6267-069 R6267-145", "RFC 6267, 4.2.2.1",
        "The initiator sends I_MESSAGE_1 with data type 22, V flag 1, T, RAND, "
        "IDRi, IDRr and IBAKE.",
        run_i1_structure),
    ROW("i1-content", JUDGE_MUST, "DD-028 R6267-070 R6267-012 R6267-013",
        "RFC 6267, 4.2.2.1",
        "The initiator encrypts IDRi, a valid ECCPTi and IDRr, and nothing "
        "else, under the identity it calls and the date of T.",
        law_i1_content),
    ROW("r1-structure", JUDGE_MUST,
        "DD-103 R6267-078 R6267-079 R6267-080 R6267-081 R6267-082",
        "RFC 6267, 4.2.2.3",
        "The responder sends R_MESSAGE_1 with data type 23, V flag 1, the five "
        "HDR fields, T and IDRi of I_MESSAGE_1, IDRr and IBAKE, without RAND.",
        run_r1_structure),
    ROW("r1-own-identity", JUDGE_MUST, "DD-103 R6267-083", "RFC 6267, 4.2.2.3",
        "The responder puts its own identity in IDRr of R_MESSAGE_1.",
        run_r1_own),
    ROW("r1-deferred-content", JUDGE_MUST,
        "DD-031 DD-034 DD-102 R6267-076 R6267-086", "RFC 6267, 4.2.2.3",
        "The responder that cannot decrypt I_MESSAGE_1 answers with one valid "
        "ECCPT, its own yP, and its own identity.",
        law_r1_deferred),
    ROW("r1-under-initiator-key", JUDGE_MUST, "DD-032 R6267-087",
        "RFC 6267, 4.2.2.3",
        "The responder encrypts R_MESSAGE_1 under IDRi and the date of T.",
        law_r1_key),
    ROW("r1-normal-content", JUDGE_MUST, "R6267-085 R6267-087",
        "RFC 6267, 4.2.2.3",
        "The responder that could decrypt I_MESSAGE_1 returns ECCPTi and a "
        "valid yP with both identities.",
        law_r1_normal),
    ROW("i2-structure", JUDGE_MUST, "DD-105 R6267-093 R6267-095 R6267-096",
        "RFC 6267, 4.2.2.5",
        "The initiator sends I_MESSAGE_2 with data type 24, V flag 1, T, RAND, "
        "its IDRi, IDRr and IBAKE.",
        run_i2_structure),
    ROW("i2-header-copied", JUDGE_MUST, "DD-105 R6267-094", "RFC 6267, 4.2.2.5",
        "The initiator copies version, PRF func, CSB ID, #CS and map type from "
        "R_MESSAGE_1 into I_MESSAGE_2.",
        run_i2_header),
    ROW("i2-deferred-content", JUDGE_MUST,
        "DD-035 DD-104 R6267-090 R6267-098 R6267-100", "RFC 6267, 4.2.2.5",
        "The initiator answers a deferred-form R_MESSAGE_1 with IDRi, its xP, "
        "IDRr and the yP received.",
        law_i2_deferred),
    ROW("i2-normal-content", JUDGE_MUST, "DD-104 R6267-099 R6267-100",
        "RFC 6267, 4.2.2.5",
        "The initiator answers a normal-form R_MESSAGE_1 with IDRi, IDRr and "
        "the yP received, without ECCPTi.",
        law_i2_normal),
    ROW("i2-esk", JUDGE_MUST,
        "DD-038 DD-039 R6267-091 R6267-103 R6267-104 R6267-163",
        "RFC 6267, 4.2.2.5",
        "The initiator adds to a deferred-form I_MESSAGE_2 an ESK of its "
        "identity and an SK of type 1 under the identity called.",
        law_i2_esk),
    ROW("sk-profile", JUDGE_DERIVED, "DD-037 R6267-163", "RFC 6267, 6.1.5",
        "The initiator's SK has the form of the SK profile in use.",
        law_sk_profile),
    ROW("sk-independent", JUDGE_MUST, "DD-037 R6267-175", "RFC 6267, 7.5",
        "The initiator's SK is neither xP, yP, [x][y]P nor a key derived from "
        "them.",
        law_sk_independent),
    ROW("r2-structure", JUDGE_MUST,
        "DD-107 R6267-109 R6267-110 R6267-112 R6267-116", "RFC 6267, 4.2.2.7",
        "The responder sends R_MESSAGE_2 with data type 25, V flag 0, the five "
        "HDR fields and T of I_MESSAGE_2, and V last.",
        run_r2_structure),
    ROW("r2-content", JUDGE_MUST, "DD-041 DD-107 R6267-114 R6267-115",
        "RFC 6267, 4.2.2.7",
        "The responder returns IDRi and ECCPTi under IDRi if I_MESSAGE_2 "
        "carried ECCPTi, and sends no IBAKE otherwise.",
        law_r2_content),
    ROW("r2-mac", JUDGE_MUST,
        "DD-108 DD-109 R6267-117 R6267-137 R6267-138 R6267-140",
        "RFC 6267, 5.2 and 5.4",
        "The responder's V in R_MESSAGE_2 verifies under the key of [x][y]P.",
        run_r2_mac),
};
const size_t num_laws_structure =
    sizeof laws_structure / sizeof laws_structure[0];
