/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of structure: offers and answers that carry MIKEY, and message takers.
 */
#include "harness/judge/laws_int.h"

#include "harness/base/mem.h"
#include "harness/sip/sdp.h"

#include <string.h>

static struct probe sip_probe(struct judge *j, const struct law *law,
                              const struct jx *x, const struct jsip *s)
{
    struct probe p = probe_at(j, law, x, s->src);
    probe_sip(&p, s);
    return p;
}

/* ---- offer-key-mgmt
 * -------------------------------------------------------------- */

static int num_keys(const struct jsdp *d)
{
    int n = d->num_key_mgmt;
    for (size_t i = 0; i < d->num_media; i++) {
        n += d->media[i].num_key_mgmt;
    }
    return n;
}

/* Points at the value of a key-mgmt line in the SIP octets. */
static void point_at_key(struct probe *p, const struct jsip *s,
                         const struct sdp_key_mgmt *k)
{
    struct view all = s->t->octets;
    if (k->value.data >= all.data &&
        k->value.data + k->value.len <= all.data + all.len) {
        uint32_t off = (uint32_t)(k->value.data - all.data);
        probe_octets(p, "sip", all,
                     (struct mikey_range){off, (uint32_t)k->value.len});
    }
}

static void key_line(struct probe *p, const struct jsip *s,
                     const struct sdp_key_mgmt *k)
{
    size_t shown = k->value.len < 48 ? k->value.len : 48;
    const char *value = j_shown(p->j, (struct view){k->value.data, shown});
    point_at_key(p, s, k);
    probe_must(p,
               k->spaces_before <= 1 && k->spaces_between == 1 && !k->bad_id &&
                   !k->no_data && !k->trailing_space,
               "a=key-mgmt:mikey <base64> (RFC 4567, 3.1)", "a=key-mgmt:%s...",
               value);
    if (!k->no_data) {
        point_at_key(p, s, k);
        probe_must(p, !k->bad_base64, "base64 by the grammar of SDP",
                   "another character at octet %u of the data", k->bad_at);
    }
}

static void key_lines(struct probe *p, const struct jsip *s)
{
    struct sdp *d = mem_alloc(sizeof *d);
    struct jpart part[8];
    size_t n = jsip_parts(p->j, s, part, 8);
    if (d == NULL) {
        p->j->err = STATUS_NO_MEMORY;
        return;
    }
    for (size_t i = 0; i < n && i < 8; i++) {
        if (strncmp(part[i].type, "application/sdp", 15) != 0) {
            continue;
        }
        sdp_parse(d, part[i].body);
        for (int level = SDP_SESSION; level < (int)d->num_media; level++) {
            struct sdp_key_mgmt k;
            for (size_t nth = 0; sdp_key_mgmt(d, level, nth, &k); nth++) {
                key_line(p, s, &k);
            }
        }
    }
    mem_free(d);
}

static void savp(struct probe *p, const struct jsdp *d)
{
    for (size_t i = 0; i < d->num_media; i++) {
        const struct jsdp_media *m = &d->media[i];
        int keyed = d->num_key_mgmt > 0 || m->num_key_mgmt > 0;
        if (keyed && m->port != 0) {
            probe_must(p, strncmp(m->proto, "RTP/SAVP", 8) == 0,
                       j_printf(p->j, "sdp.m[%zu].proto: RTP/SAVP", i + 1),
                       "sdp.m[%zu].proto: %s", i + 1, m->proto);
        }
    }
}

static void run_offer(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        for (size_t k = 0; k < x->num_sip; k++) {
            const struct jsip *s = x->sip[k];
            if (!s->ok || !s->request || s->echo || s->sdp == NULL ||
                !is_endpoint(j, s->src) || num_keys(s->sdp) == 0 ||
                law_repeat(x, s)) {
                continue;
            }
            struct probe p = sip_probe(j, law, x, s);
            probe_must(&p, s->sdp->ok, "a valid session description", "%s",
                       s->sdp->fault != NULL ? s->sdp->fault : "a bad line");
            probe_must(&p, s->sdp->num_media > 0, "sdp.m: one or more", "none");
            savp(&p, s->sdp);
            key_lines(&p, s);
            probe_end(&p, "valid SDP, RTP/SAVP, a=key-mgmt:mikey <base64>",
                      "%s with %d key-mgmt", s->method, num_keys(s->sdp));
        }
    }
}

/* ---- second-offer
 * ---------------------------------------------------------------- */

/* The last session description of the initiator before s. */
static const struct jsdp *offer_before(const struct jx *x, const struct jsip *s)
{
    const struct jsdp *d = NULL;
    for (size_t i = 0; i < x->num_sip && x->sip[i] != s; i++) {
        const struct jsip *e = x->sip[i];
        if (e->request && !e->echo && e->src == s->src && e->sdp != NULL) {
            d = e->sdp;
        }
    }
    return d;
}

static void sdp_follows(struct probe *p, const struct jsdp *d,
                        const struct jsdp *was)
{
    probe_must(p, d->o_version == was->o_version + 1,
               j_printf(p->j, "sdp.o version: %llu",
                        (unsigned long long)was->o_version + 1),
               "sdp.o version: %llu", (unsigned long long)d->o_version);
    probe_must(p, strcmp(d->o_id, was->o_id) == 0,
               j_printf(p->j, "sdp.o sess-id: %s", was->o_id),
               "sdp.o sess-id: %s", d->o_id);
    probe_must(p, d->num_media == was->num_media,
               j_printf(p->j, "sdp.m: %zu lines, as before", was->num_media),
               "sdp.m: %zu lines", d->num_media);
    for (size_t i = 0; i < d->num_media && i < was->num_media; i++) {
        probe_must(p, strcmp(d->media[i].kind, was->media[i].kind) == 0,
                   j_printf(p->j, "sdp.m[%zu]: %s", i + 1, was->media[i].kind),
                   "sdp.m[%zu]: %s", i + 1, d->media[i].kind);
    }
}

/* UPDATE: the answer R_MESSAGE_1 came reliably, was acknowledged, and nothing
 * that PRACK offered is open. */
static void none_pending(struct probe *p, const struct jx *x,
                         const struct jmsg *m, const struct jsip *s)
{
    const struct jsip *r1 =
        m->leg->r1 != NULL ? jmsg_last(m->leg->r1)->sip : NULL;
    const struct jsip *prack = NULL;
    int acked = 0;
    if (r1 == NULL || r1->request || r1->status / 100 != 1) {
        return;
    }
    probe_must(p, r1->rseq[0] != '\0',
               "the first offer answered reliably before the second",
               "its answer came in an unreliable %d", r1->status);
    for (size_t i = 0; i < x->num_sip && x->sip[i] != s; i++) {
        const struct jsip *e = x->sip[i];
        if (law_is(e, "PRACK", s->src)) {
            prack = e;
        }
        acked |= law_reply(e, "PRACK", -1) && e->dst == s->src &&
                 e->status / 100 == 2;
    }
    if (r1->rseq[0] == '\0') {
        return;
    }
    if (prack == NULL) {
        if (!law_lossy(p, "PRACK before UPDATE")) {
            probe_fail(p, "PRACK before UPDATE (RFC 3262)",
                       "UPDATE without PRACK");
        }
    } else if (!acked && prack->sdp != NULL) {
        probe_fail(p, "UPDATE after the 200 to PRACK",
                   "UPDATE while the offer in PRACK is pending");
    } else if (!acked) {
        probe_note(p, "UPDATE after the 200 to PRACK",
                   "UPDATE before it, with no offer pending");
    }
}

static void second_offer(struct judge *j, const struct law *law,
                         const struct jmsg *m)
{
    const struct jsip *s = law_sip(m);
    const struct jsdp *was = offer_before(m->x, s);
    const char *map = plan_pixit(j, "PX_R2_MAP", "");
    if (s->sdp == NULL || was == NULL || m->leg == NULL ||
        m->from != m->x->initiator) {
        return;
    }
    struct probe p = sip_probe(j, law, m->x, s);
    const char *used =
        strcmp(s->method, "INVITE") == 0 ? "REINVITE" : s->method;
    if (map[0] != '\0' && strcmp(map, used) != 0) {
        probe_lack(&p, j_printf(j, "I_MESSAGE_2 in mapping %s", map),
                   "mapping %s", used);
    }
    sdp_follows(&p, s->sdp, was);
    if (strcmp(s->method, "UPDATE") == 0) {
        none_pending(&p, m->x, m, s);
    }
    probe_end(&p, "second offer: none pending, o= version +1, same m= lines",
              "%s, o= version %llu", s->method,
              (unsigned long long)s->sdp->o_version);
}

static void run_second(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, second_offer);
}

/* ---- answer-after-i2
 * ------------------------------------------------------------- */

static const struct jsip *first_ok(const struct jx *x)
{
    for (size_t i = 0; i < x->num_sip; i++) {
        if (law_reply(x->sip[i], "INVITE", x->responder) &&
            x->sip[i]->status / 100 == 2) {
            return x->sip[i];
        }
    }
    return NULL;
}

static int media_active(const struct jsip *ok)
{
    for (size_t i = 0; ok->sdp != NULL && i < ok->sdp->num_media; i++) {
        if (ok->sdp->media[i].port != 0 &&
            strcmp(ok->sdp->media[i].direction, "inactive") != 0) {
            return 1;
        }
    }
    return 0;
}

static const struct jmsg *r2_before(const struct jx *x, uint64_t frame)
{
    for (size_t k = 0; k < x->num_legs; k++) {
        for (size_t i = 0; i < x->legs[k]->num_r2; i++) {
            if (jmsg_frame(x->legs[k]->r2[i]) <= frame) {
                return x->legs[k]->r2[i];
            }
        }
    }
    return NULL;
}

static void answer_after(struct judge *j, const struct law *law,
                         const struct jx *x)
{
    const struct jsip *ok = first_ok(x);
    if (x->kind != JX_DEPOSIT || x->i1 == NULL || x->responder < 0 ||
        ok == NULL) {
        return;
    }
    struct probe p = sip_probe(j, law, x, ok);
    const struct jmsg *r1 = x->leg != NULL ? x->leg->r1 : NULL;
    const char *want = "200 (INVITE) after R_MESSAGE_2";
    int reinvite = r1 != NULL && law_sip(r1)->status / 100 == 2;
    if (reinvite && media_active(ok)) {
        probe_fail(&p, want, "200 (INVITE) with R_MESSAGE_1 and active media");
    } else if (reinvite) {
        if (strcmp(plan_pixit(j, "PX_R2_MAP", ""), "REINVITE") != 0) {
            probe_lack(&p, want,
                       "mapping REINVITE: answered with inactive "
                       "media");
        }
    } else if (r2_before(x, ok->frame) == NULL && !law_lossy(&p, want)) {
        probe_fail(&p, want, "200 (INVITE) before any R_MESSAGE_2");
    }
    probe_end(&p, want, "so it is");
}

static void run_answer(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        answer_after(j, law, j->xs[i]);
    }
}

/* ---- reliable-r1
 * ----------------------------------------------------------------- */

static int wants_100rel(struct judge *j, const struct jx *x)
{
    const struct jsip *s = law_invite(x);
    if (s == NULL) {
        return 0;
    }
    if (law_token(s->require, "100rel")) {
        return 1;
    }
    const char *v = "x";
    for (size_t n = 0; v[0] != '\0'; n++) {
        v = law_header(j, s, "Supported", n);
        if (law_token(v, "100rel")) {
            return 1;
        }
    }
    return 0;
}

static size_t sent_again(const struct jx *x, const struct jsip *r)
{
    size_t n = 0;
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        n += law_reply(s, "INVITE", r->src) && s->status == r->status &&
             strcmp(s->rseq, r->rseq) == 0;
    }
    return n;
}

static const struct jsip *prack_for(struct judge *j, const struct jx *x,
                                    const struct jsip *r)
{
    const char *rack = j_printf(j, "%s %u INVITE", r->rseq, r->cseq);
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (law_is(s, "PRACK", -1) && s->dst == r->src &&
            strcmp(s->rack, rack) == 0) {
            return s;
        }
    }
    return NULL;
}

/* Until when the answerer had to go on: PRACK, a CANCEL, its final answer, or
 * the end of what was recorded. */
static uint64_t until(const struct jx *x, const struct jsip *r,
                      const struct jsip *prack)
{
    if (prack != NULL) {
        return prack->time_us;
    }
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (s->time_us >= r->time_us && s->frame > r->frame &&
            ((law_is(s, "CANCEL", -1) && s->dst == r->src) ||
             (law_reply(s, "INVITE", r->src) && s->status >= 200))) {
            return s->time_us;
        }
    }
    return x->end_us;
}

static void prack_answered(struct probe *p, const struct jsip *prack)
{
    const char *want = "200 (PRACK)";
    const struct jsip *f = sip_final(p->j, prack, prack->dst);
    const char *why = "";
    if (f != NULL) {
        /* An offer inside may be refused; PRACK by itself may not. */
        probe_must(p, f->status / 100 == 2 || prack->sdp != NULL, want,
                   "%d (PRACK)", f->status);
    } else if (watched(p->j, prack->time_us, prack->time_us + quiet_us(p->j),
                       &why)) {
        probe_fail(p, want, "no answer to PRACK");
    } else {
        probe_lack(p, want, "no answer seen: %s", why);
    }
}

static void reliable_r1(struct judge *j, const struct law *law,
                        const struct jmsg *m)
{
    const struct jsip *r = law_sip(m);
    const struct jx *x = m->x;
    if (!wants_100rel(j, x) || m->from != r->src || r->status >= 300) {
        return;
    }
    struct probe p = sip_probe(j, law, x, r);
    const char *want = "R_MESSAGE_1 in a reliable 1xx (Require: 100rel, RSeq) "
                       "or in a 200";
    if (r->status / 100 == 1) {
        const struct jsip *prack = prack_for(j, x, r);
        probe_must(&p, law_token(r->require, "100rel") && r->rseq[0] != '\0',
                   want, "%d with Require: %s, RSeq: %s", r->status,
                   r->require[0] != '\0' ? r->require : "none",
                   r->rseq[0] != '\0' ? r->rseq : "none");
        uint64_t end = until(x, r, prack);
        /* RFC 3262, 3: first retransmission after T1 (500 ms); twice that gives
         * room for a loaded machine. */
        if (r->rseq[0] != '\0' && end > r->time_us + 1000000u) {
            probe_must(&p, sent_again(x, r) > 1,
                       "retransmitted until PRACK (RFC 3262, 3)",
                       "sent once; no PRACK for %llu ms",
                       (unsigned long long)(end - r->time_us) / 1000u);
        }
        if (prack != NULL) {
            prack_answered(&p, prack);
        }
    }
    probe_end(&p, want, "in a %d", r->status);
}

static void run_reliable(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_R_MESSAGE_1, reliable_r1);
}

/* ---- msg-taker
 * ------------------------------------------------------------------- */

static int is_taker(const struct jsip *s)
{
    return s->automata && strcmp(s->actor, "msg-taker") == 0;
}

static int taker_elsewhere(const struct judge *j, int party)
{
    for (size_t i = 0; i < j->num_sip; i++) {
        const struct jsip *s = &j->sip[i];
        if (s->ok && !s->request && !s->echo && s->src == party &&
            is_taker(s)) {
            return 1;
        }
    }
    return 0;
}

static void taker(struct judge *j, const struct law *law, const struct jx *x,
                  const struct jsip *s)
{
    struct probe p = sip_probe(j, law, x, s);
    const char *want = "Contact: automata; actor=\"msg-taker\"";
    if (is_taker(s)) {
        probe_pass(&p, want, "so it is");
    } else if (s->actor[0] == '\0' && taker_elsewhere(j, s->src)) {
        probe_lack(&p, want, "not here, but in another answer");
    } else {
        probe_fail(&p, want, "Contact: %sactor=\"%s\"",
                   s->automata ? "automata; " : "", s->actor);
    }
}

static void run_taker_contact(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        for (size_t k = 0; k < x->num_sip && x->kind == JX_DEPOSIT; k++) {
            const struct jsip *s = x->sip[k];
            if (law_reply(s, "INVITE", -1) && s->status > 100 &&
                s->status < 300 && s->contact[0] != '\0' &&
                law_is_role(j, s->src, "MB") && !law_repeat(x, s)) {
                taker(j, law, x, s);
            }
        }
    }
}

static void run_taker_options(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_sip; i++) {
        const struct jsip *s = &j->sip[i];
        if (law_reply(s, "OPTIONS", -1) && s->status / 100 == 2 &&
            law_is_role(j, s->src, "MB")) {
            taker(j, law, NULL, s);
        }
    }
}

#define ROW(name, level, reqs, clause, sentence, run)                          \
    LAW(name, JUDGE_STRUCTURE, level, reqs, clause, sentence, run, NULL)

const struct law laws_structure_sip[] = {
    ROW("offer-key-mgmt", JUDGE_MUST,
        "DD-021 R4567-001 R4567-004 R4567-009 R4567-011 R4567-055",
        "RFC 4567, 3.1 and 4.1.1",
        "The offerer sends valid SDP with RTP/SAVP and its MIKEY message in "
        "base64 after a=key-mgmt:mikey.",
        run_offer),
    ROW("second-offer", JUDGE_MUST, "DD-018 R4567-041 R4567-043",
        "RFC 3264, 8; RFC 3311, 5.1",
        "The initiator offers I_MESSAGE_2 when no offer is pending, with the "
        "o= version raised by one and the same m= lines.",
        run_second),
    ROW("answer-after-i2", JUDGE_MUST, "DD-026 DD-025",
        "RFC 6267, 4.2.2; RFC 3262",
        "The mailbox answers the INVITE of a deposit only after it verified "
        "I_MESSAGE_2.",
        run_answer),
    ROW("reliable-r1", JUDGE_MUST, "R6267-065 R4567-015", "RFC 3262, 3",
        "The responder sends R_MESSAGE_1 in a reliable provisional response "
        "or in the 200.",
        run_reliable),
    ROW("msg-taker-contact", JUDGE_MUST, "DD-019 DD-020",
        "RFC 3840, 10.17; RFC 3842, 4.2",
        "The mailbox shows automata and actor=\"msg-taker\" in the Contact of "
        "its answers to a deposit.",
        run_taker_contact),
    ROW("msg-taker-options", JUDGE_MUST, "DD-019 DD-020",
        "RFC 3840, 10.17; RFC 3842, 4.2",
        "The mailbox shows automata and actor=\"msg-taker\" in the Contact of "
        "its answer to OPTIONS.",
        run_taker_options),
    ROW("goes-on-after-181", JUDGE_MUST, "DD-027", "RFC 3261, 13.2.2.1",
        "The initiator goes on with the call after a 181.", law_goes_on),
    ROW("cancel-form", JUDGE_MUST, "", "RFC 3261, 9.1 and 17.1.1.3",
        "The caller's CANCEL has branch, CSeq number and Request-URI of the "
        "INVITE, and the 487 is acknowledged.",
        law_cancel),
    ROW("acks-every-200", JUDGE_MUST, "", "RFC 3261, 13.2.2.4",
        "The caller sends an ACK for each retransmission of the 2xx to its "
        "INVITE.",
        law_acks),
    ROW("mwi-initial", JUDGE_MUST, "DD-115", "RFC 3842, 3.5 and 3.8",
        "The mailbox sends a NOTIFY at once after it accepted a subscription, "
        "without headers of messages.",
        law_mwi_initial),
    ROW("mwi-new-message", JUDGE_MUST, "DD-023", "RFC 3842, 3.8",
        "The mailbox notifies the owner of a stored message in PX_MWI_TIME, "
        "with the right count.",
        law_mwi_new),
    ROW("mwi-after-retrieval", JUDGE_MUST, "DD-115 DD-023", "RFC 3842, 3.8",
        "The mailbox counts a message as old after it was retrieved.",
        law_mwi_retrieved),
    ROW("mwi-refuses-stranger", JUDGE_MUST, "DD-115", "RFC 3842, 3.7 and 6",
        "The mailbox gives no summary of an account to a party that is not "
        "its owner.",
        law_mwi_stranger),
    ROW("b-subscribes", JUDGE_MUST, "DD-115", "RFC 3842, 3.6",
        "The recipient subscribes to message-summary and accepts "
        "application/simple-message-summary.",
        law_b_subscribes),
    ROW("b-calls-account", JUDGE_MUST, "DD-042", "RFC 3842, 3.5",
        "The recipient retrieves by calling the Message-Account of the "
        "NOTIFY.",
        law_b_calls),
    ROW("b-accepts-notify", JUDGE_MUST, "DD-115", "RFC 6665, 4.1.3",
        "The recipient answers each NOTIFY of its subscription with 200.",
        law_b_accepts),
    ROW("same-answer-again", JUDGE_MUST, "DD-011 DD-030", "RFC 3261, 17.2",
        "The responder answers a retransmitted INVITE with the same "
        "R_MESSAGE_1.",
        law_same_again),
    ROW("dialog-consistent", JUDGE_MUST, "", "RFC 3261, 8.1.1, 12.2 and 17.1",
        "Each party keeps tags, CSeq order and branches consistent in its "
        "calls.",
        law_dialog),
    ROW("history-info-tree", JUDGE_MUST, "DD-027",
        "RFC 7044, 10.3; RFC 4458, 2.1",
        "Whoever sends History-Info keeps its indices a tree and the syntax "
        "of target and cause.",
        law_history),
};
const size_t num_laws_structure_sip =
    sizeof laws_structure_sip / sizeof laws_structure_sip[0];
