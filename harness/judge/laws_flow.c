/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of the whole way: did an exchange, a deposit, a retrieval come to its
 * end, and if not, by whose doing? */
#include "harness/judge/laws_flow_int.h"

#include <string.h>

/* ---- the steps of an exchange
 * --------------------------------------------------------- */

static void told(struct flow *f, int party, const char *what,
                 const struct jsip *s, uint64_t frame)
{
    f->broken = 1;
    f->at_fault = party;
    f->what = what;
    f->sip = s;
    f->frame = frame;
}

static void open_question(struct flow *f, const char *what, uint64_t frame)
{
    f->broken = 1;
    f->at_fault = -1;
    f->what = what;
    f->frame = frame;
}

/* 1 if the message is sound; else says whose fault that is, or what is missing.
 */
static int sound(struct judge *j, struct flow *f, const struct jmsg *m)
{
    uint32_t bad = m->defects & ~(uint32_t)(JD_T_OLD | JD_SKEW);
    if (bad != 0) {
        f->seen = 1;
        told(f, m->from, j_printf(j, "%s %s", m->name, jdefect_text(j, bad)),
             NULL, jmsg_frame(m));
        return 0;
    }
    if (m->unknown != 0) {
        open_question(
            f,
            j_printf(j, "missing key: %s",
                     m->lack[0] != '\0' ? m->lack : "that of its receiver"),
            jmsg_frame(m));
        return 0;
    }
    return 1;
}

static int missing(struct flow *f, int party, const char *what)
{
    told(f, party, what, NULL, f->x->start_frame);
    return 0;
}

/* Nobody is blamed for what could not reach him, or what the caller took back.
 */
static int called_off(const struct jx *x)
{
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (s->request && !s->echo && s->src == x->initiator &&
            strcmp(s->method, "CANCEL") == 0) {
            return 1;
        }
    }
    return 0;
}

static int first_round(struct judge *j, struct flow *f)
{
    const struct jx *x = f->x;
    const struct jleg *l = x->leg;
    if (x->i1 == NULL) {
        return missing(f, x->initiator, "no I_MESSAGE_1 was sent");
    }
    if (!sound(j, f, x->i1)) {
        return 0;
    }
    if (l == NULL || l->r1 == NULL) {
        if (x->invite_last == NULL || called_off(x)) {
            open_question(f,
                          x->invite_last == NULL
                              ? "the INVITE was not seen to reach anybody"
                              : "the call was cancelled",
                          x->start_frame);
            return 0;
        }
        return missing(f, x->responder, "no R_MESSAGE_1 was sent");
    }
    return sound(j, f, l->r1);
}

static int second_round(struct judge *j, struct flow *f)
{
    const struct jleg *l = f->x->leg;
    if (l->num_i2 == 0) {
        return missing(f, f->x->initiator, "no I_MESSAGE_2 was sent");
    }
    struct flow first = *f;
    for (size_t i = 0; i < l->num_i2; i++) {
        struct flow one = *f;
        const struct jmsg *r2 = answer_r2(l->i2[i]);
        if (sound(j, &one, l->i2[i])) {
            if (r2 == NULL) {
                missing(&one, l->i2[i]->to, "no R_MESSAGE_2 was sent");
                one.frame = jmsg_arrived(l->i2[i]);
            } else if (sound(j, &one, r2)) {
                f->r2 = r2;
                return 1;
            }
        }
        if (i == 0) {
            first = one;
        }
    }
    *f = first;
    return 0;
}

static int answered(struct flow *f)
{
    const struct jx *x = f->x;
    f->ok = jx_ok(x);
    if (f->ok == NULL) {
        return missing(f, x->responder, "no 2xx to the INVITE was sent");
    }
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (s->request && s->src == x->initiator && !s->echo &&
            strcmp(s->method, "ACK") == 0 && s->cseq == f->ok->cseq) {
            return 1;
        }
    }
    told(f, x->initiator, "no ACK to the 2xx was sent", f->ok, f->ok->frame);
    return 0;
}

static int ended(const struct judge *j, struct flow *f)
{
    const struct jx *x = f->x;
    if (x->bye == NULL) {
        open_question(f, "no BYE was seen", x->start_frame);
        return 0;
    }
    int other = x->bye->src == x->initiator ? x->responder : x->initiator;
    if (sip_final(j, x->bye, other) == NULL) {
        told(f, other, "the BYE was not answered", x->bye, x->bye->frame);
        return 0;
    }
    return 1;
}

size_t flow_content(const struct jx *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->num_rtp; i++) {
        n += jrtp_is_content(x->rtp[i]) != 0;
    }
    return n;
}

int flow_exchange(struct judge *j, struct flow *f, const struct jx *x)
{
    *f = (struct flow){.x = x, .at_fault = -1, .what = ""};
    return first_round(j, f) && second_round(j, f);
}

static int flow_deposit(struct judge *j, struct flow *f, const struct jx *x)
{
    if (!flow_exchange(j, f, x) || !answered(f)) {
        return 0;
    }
    if (flow_content(x) == 0) {
        told(f, x->initiator, "no packet of a message was sent", NULL,
             f->ok->frame);
        return 0;
    }
    return ended(j, f);
}

static size_t delivered_at(const struct judge *j, const struct jx *x)
{
    size_t n = 0;
    for (size_t i = 0; i < j->num_deliveries; i++) {
        n += j->deliveries[i]->x == x;
    }
    return n;
}

/* A deposit that was there when the retrieval began. */
static const struct jx *waiting_message(const struct judge *j,
                                        const struct jx *x)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *d = j->xs[i];
        if (d->kind == JX_DEPOSIT && d->end_us < x->start_us &&
            leg_complete(d, d->leg) && jx_ok(d) != NULL &&
            flow_content(d) > 0) {
            return d;
        }
    }
    return NULL;
}

static int flow_retrieval(struct judge *j, struct flow *f, const struct jx *x)
{
    if (!flow_exchange(j, f, x) || !answered(f)) {
        return 0;
    }
    const struct jx *d = waiting_message(j, x);
    size_t n = delivered_at(j, x);
    size_t packets = 0;
    for (size_t i = 0; i < x->num_rtp; i++) {
        packets += x->rtp[i]->back && x->rtp[i]->ok &&
                   (x->rtp[i]->key != JMK_HOP || x->rtp[i]->posing);
    }
    if (d != NULL && n == 0) {
        told(f, x->responder,
             j_printf(j, "%s waited and no stored I_MESSAGE_2 was handed out",
                      d->place),
             f->ok, f->ok->frame);
        return 0;
    }
    if (d != NULL && packets == 0) {
        told(f, x->responder, "no packet of a message was sent", f->ok,
             f->ok->frame);
        return 0;
    }
    return 1;
}

/* ---- findings for both
 * ------------------------------------------------------------------ */

static void flow_one(struct judge *j, const struct law *law,
                     const struct flow *f, int party, const char *want)
{
    struct probe p = probe_at(j, law, f->x, party);
    const char *why = "";
    if (party < 0) {
        return;
    }
    if (!f->broken) {
        probe_pass(&p, want, "all of it was seen");
        return;
    }
    p.frame = f->frame != 0 ? f->frame : p.frame;
    if (f->sip != NULL) {
        probe_sip(&p, f->sip);
    }
    if (j->lossy) {
        probe_lack(&p, want, "%s; the recording is incomplete: %s", f->what,
                   j->lossy_why);
    } else if (party == f->at_fault && !f->seen &&
               !watched(j, f->x->end_us, f->x->end_us + quiet_us(j), &why)) {
        probe_lack(&p, want, "%s: %s", f->what, why);
    } else if (party == f->at_fault) {
        probe_fail(&p, want, "%s", f->what);
    } else if (f->at_fault < 0) {
        probe_lack(&p, want, "%s", f->what);
    } else {
        probe_lack(&p, want, "%s did not go on: %s", party_role(j, f->at_fault),
                   f->what);
    }
}

static void flow_both(struct judge *j, const struct law *law,
                      const struct flow *f, const char *want)
{
    flow_one(j, law, f, f->x->initiator, want);
    if (f->x->responder != f->x->initiator) {
        flow_one(j, law, f, f->x->responder, want);
    }
}

static void run_deposit(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        struct flow f;
        if (j->xs[i]->kind == JX_DEPOSIT) {
            flow_deposit(j, &f, j->xs[i]);
            flow_both(j, law, &f,
                      "I_MESSAGE_1, R_MESSAGE_1, I_MESSAGE_2, R_MESSAGE_2, 2xx "
                      "to INVITE, ACK, content, BYE and its 200");
        }
    }
}

static void run_exchange(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        struct flow f;
        if (j->xs[i]->kind != JX_REQUEST && j->xs[i]->i1 != NULL) {
            flow_exchange(j, &f, j->xs[i]);
            flow_both(j, law, &f,
                      "sound I_MESSAGE_1, R_MESSAGE_1, I_MESSAGE_2, "
                      "R_MESSAGE_2");
        }
    }
}

static void run_r1(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        struct flow f = {.x = j->xs[i], .at_fault = -1, .what = ""};
        if (f.x->kind == JX_REQUEST || f.x->i1 == NULL) {
            continue;
        }
        first_round(j, &f);
        flow_one(j, law, &f, f.x->responder,
                 "a sound R_MESSAGE_1 reaches the initiator");
    }
}

static void run_retrieval(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        struct flow f;
        const struct jx *x = j->xs[i];
        if (x->kind == JX_RETRIEVAL && is_owner(j, x->initiator)) {
            flow_retrieval(j, &f, x);
            flow_both(j, law, &f,
                      "sound key exchange, 2xx to INVITE, ACK, and what waits "
                      "is handed out: stored I_MESSAGE_2 and media");
        }
    }
}

static void run_delivered(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const char *why = "";
        uint64_t frame = 0;
        const char *want = "the stored message is handed out to its owner";
        if (x->kind != JX_DEPOSIT || accepted_i2(x) == NULL) {
            continue;
        }
        struct probe p = probe_at(j, law, x, x->responder);
        enum jstored st = stored_state(j, x, accepted_i2(x), &why, &frame);
        p.frame = frame != 0 ? frame : p.frame;
        if (strncmp(why, "handed out", 10) == 0) {
            probe_pass(&p, want, "%s", why);
        } else if (st == JSTORED_NO && !j->lossy) {
            probe_fail(&p, want, "%s", why);
        } else {
            probe_lack(&p, want, "%s",
                       st == JSTORED_YES ? "no retrieval by the owner "
                                           "followed"
                                         : why);
        }
    }
}

static void run_proceeds(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        struct flow f;
        const struct jx *x = j->xs[i];
        const char *why = "";
        const char *want = "the message is sent";
        if (x->kind != JX_DEPOSIT || !flow_exchange(j, &f, x) ||
            jx_ok(x) == NULL) {
            continue;
        }
        struct probe p = probe_at(j, law, x, x->initiator);
        p.frame = jmsg_arrived(f.r2);
        size_t n = flow_content(x);
        if (n > 0) {
            probe_pass(&p, want, "%zu packets", n);
        } else if (x->bye == NULL &&
                   !watched(j, jmsg_time(f.r2), jmsg_time(f.r2) + quiet_us(j),
                            &why)) {
            probe_lack(&p, want, "%s", why);
        } else {
            probe_fail(&p, want, "no packet after the R_MESSAGE_2");
        }
    }
}

const struct law laws_flow[] = {
    LAW("deposit-complete", JUDGE_STRUCTURE, JUDGE_MUST,
        "DD-021 DD-026 DD-031 DD-041 R6267-064", "RFC 6267, 3.3, 4.2.2",
        "A and MB complete a deposit: four sound messages, answer, content, "
        "end",
        run_deposit, NULL),
    LAW("exchange-complete", JUDGE_STRUCTURE, JUDGE_MUST, "R6267-005 R6267-064",
        "RFC 6267, 4.2.2",
        "both parties complete the exchange with four sound messages",
        run_exchange, NULL),
    LAW("r1-received", JUDGE_STRUCTURE, JUDGE_MUST, "R6267-021 R6267-064",
        "RFC 6267, 4.2.2.3",
        "the responder answers I_MESSAGE_1 with a sound R_MESSAGE_1", run_r1,
        NULL),
    LAW("retrieval-complete", JUDGE_STRUCTURE, JUDGE_MUST,
        "DD-042 DD-043 DD-046 DD-050", "TR 33.828, 7.6.2.5",
        "MB hands out to the owner what waits for him", run_retrieval, NULL),
    LAW("message-delivered", JUDGE_STRUCTURE, JUDGE_MUST, "DD-042 DD-043",
        "TR 33.828, 7.6.2.5", "MB hands out the message of the deposit",
        run_delivered, NULL),
    LAW("proceeds-after-r2", JUDGE_STRUCTURE, JUDGE_MUST, "DD-026 R6267-064",
        "RFC 6267, 4.2.2.8", "A sends its message after a sound R_MESSAGE_2",
        run_proceeds, NULL),
    LAW("rendered", JUDGE_STRUCTURE, JUDGE_MUST, "DD-042 DD-013",
        "TR 33.828, 7.6.2.5",
        "B renders the samples that the delivered packets hold",
        law_flow_rendered, NULL),
    LAW("account-by-target", JUDGE_STRUCTURE, JUDGE_MUST, "DD-018 DD-045",
        "RFC 4458, 2; TS 24.606, 4.5",
        "MB puts the message into the account that the INVITE names",
        law_flow_account, NULL),
    LAW("a-takes-bare-r1", JUDGE_STRUCTURE, JUDGE_DERIVED, "DD-033",
        "RFC 6267, 4.2.2.3",
        "A goes on after a deferred-form R_MESSAGE_1 without IDRi inside",
        law_flow_bare_r1, NULL),
    LAW("mb-takes-extension", JUDGE_STRUCTURE, JUDGE_DERIVED, "R6267-022",
        "RFC 3830, 5.3",
        "MB answers an I_MESSAGE_1 that has an SP or General Extension payload "
        "besides",
        law_flow_extension, NULL),
    LAW("key-issued", JUDGE_STRUCTURE, JUDGE_MUST, "R6267-049 R6267-056 DD-114",
        "RFC 6267, 4.2.1.2", "KMS answers a sound request with the key",
        law_flow_key_issued, NULL),
};
const size_t num_laws_flow = sizeof laws_flow / sizeof laws_flow[0];
