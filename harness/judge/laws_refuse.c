/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of refusal: a message with a named defect arrived after an otherwise
 * good start; nobody may go on as if it were sound, and nothing may be stored.
 */
#include "harness/judge/laws_flow_int.h"
#include "harness/judge/laws_refuse_int.h"

#include <string.h>

/* ---- tools
 * ------------------------------------------------------------------------- */

int refuse_asked(const struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_rows; i++) {
        if (strcmp(j->rows[i].law, law->info.name) == 0) {
            return 1;
        }
    }
    return 0;
}

void refuse_broken(struct probe *p, const char *want, const char *what)
{
    if (p->law->info.level == JUDGE_DERIVED) {
        probe_lack(p, want, "%s, which the standards do not forbid in words",
                   what);
    } else if (p->law->info.level == JUDGE_SECURITY) {
        probe_lack(p, want,
                   "security finding: %s, which the standards do not "
                   "forbid in words",
                   what);
    } else {
        probe_fail(p, want, "%s", what);
    }
}

int refuse_alive(struct probe *p, const char *want, int party, uint64_t us)
{
    if (sip_life(p->j, party, us) != NULL) {
        return 1;
    }
    probe_lack(p, want, "refused, but %s was not seen to be alive afterwards",
               party_role(p->j, party));
    return 0;
}

/* ---- MB: I_MESSAGE_2
 * ------------------------------------------------------------------- */

static int is_deposit_at(const struct judge *j, const struct jmsg *m)
{
    return m->x != NULL && m->x->kind == JX_DEPOSIT && jmsg_first(m)->sip &&
           m->to == m->x->responder && strcmp(party_role(j, m->to), "MB") == 0;
}

static int refused_in_sip(const struct judge *j, const struct jmsg *m,
                          const struct jsip **final)
{
    const struct jsip *req = jmsg_last(m)->sip;
    *final = sip_final(j, req, m->to);
    return *final != NULL && (*final)->status >= 300;
}

/* Nothing may have been stored; 0 if that is not shown. */
static int nothing_stored(struct probe *p, const struct jmsg *m,
                          const char *want)
{
    const char *why = "";
    uint64_t frame = 0;
    switch (stored_state(p->j, m->x, m, &why, &frame)) {
    case JSTORED_YES:
        p->frame = frame != 0 ? frame : p->frame;
        refuse_broken(p, want,
                      j_printf(p->j, "the message was stored: %s", why));
        return 0;
    case JSTORED_UNKNOWN:
        probe_lack(p, want,
                   "no R_MESSAGE_2, but whether it was stored is open: "
                   "%s",
                   why);
        return 0;
    case JSTORED_NO:
        return 1;
    }
    return 0;
}

static void duty_i2(struct judge *j, const struct law *law,
                    const struct jmsg *m)
{
    struct probe p = probe_at(j, law, m->x, m->to);
    const char *want = "no R_MESSAGE_2, nothing stored";
    const struct jmsg *r2 = answer_r2(m);
    const struct jsip *final = NULL;
    const char *why = "";
    p.message = m->name;
    p.frame = jmsg_arrived(m);
    if (r2 != NULL) {
        p.frame = jmsg_frame(r2);
        probe_octets(&p, "mikey", r2->sent->octets,
                     (struct mikey_range){0, (uint32_t)r2->sent->octets.len});
        refuse_broken(&p, want,
                      j_printf(j,
                               "R_MESSAGE_2 was sent to an I_MESSAGE_2 that "
                               "%s",
                               jdefect_text(j, m->defects)));
        return;
    }
    int said = refused_in_sip(j, m, &final);
    if (!nothing_stored(&p, m, want)) {
        return;
    }
    if (final != NULL && final->status < 300) {
        probe_sip(&p, final);
        probe_lack(&p, want, "nothing stored, but the answer is %d",
                   final->status);
    } else if (!said &&
               !watched(j, jmsg_time(m), jmsg_time(m) + quiet_us(j), &why)) {
        probe_lack(&p, want, "%s", why);
    } else if (refuse_alive(&p, want, m->to, jmsg_time(m))) {
        probe_pass(&p, want, "%s, and nothing was stored",
                   said ? j_printf(j, "refused with %d", final->status)
                        : "no answer");
    }
}

static void run_i2(struct judge *j, const struct law *law)
{
    const struct refuse *r = law->arg;
    for (size_t i = 0; i < j->num_msgs; i++) {
        const struct jmsg *m = j->msgs[i];
        if (m->leg == NULL || !is_deposit_at(j, m) ||
            !jmsg_first(m)->sip->request) {
            continue;
        }
        if (m->x->invite == NULL) {
            continue; /* the call began before the recording did */
        }
        int first = m->x->i1 == NULL || m->leg->r1 == NULL;
        if (first != (r->defects == JD_NO_START)) {
            continue; /* no good start, which has a law of its own */
        }
        if ((m->defects & r->defects) != 0) {
            duty_i2(j, law, m);
        } else if ((m->unknown & r->defects) != 0 && refuse_asked(j, law)) {
            struct probe p = probe_at(j, law, m->x, m->to);
            p.message = m->name;
            p.frame = jmsg_arrived(m);
            probe_lack(&p, "no R_MESSAGE_2, nothing stored",
                       "whether the I_MESSAGE_2 is sound is open; missing key: "
                       "%s",
                       m->lack);
        }
    }
}

/* The second I_MESSAGE_2 of a CSB: the ESK of the first one is kept. */
static void run_second(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_msgs; i++) {
        const struct jmsg *m = j->msgs[i];
        const struct jmsg *kept = NULL;
        if ((m->defects & JD_SECOND) == 0 || m->leg == NULL ||
            !is_deposit_at(j, m) || !jmsg_first(m)->sip->request) {
            continue;
        }
        for (size_t k = 0; k < j->num_deliveries && kept == NULL; k++) {
            const struct jdelivery *d = j->deliveries[k];
            kept = d->deposit == m->x && d->i2 != m && d->same ? d->i2 : NULL;
        }
        if (kept != NULL || answer_r2(m) != NULL) {
            duty_i2(j, law, m);
            continue;
        }
        struct probe p = probe_at(j, law, m->x, m->to);
        p.message = m->name;
        p.frame = jmsg_arrived(m);
        if (nothing_stored(&p, m, "the first ESK kept")) {
            probe_lack(&p, "the first ESK kept",
                       "the first I_MESSAGE_2 was not handed out either");
        }
    }
}

/* ---- MB: the opening INVITE
 * ---------------------------------------------------------------- */

static const struct jmsg *r1_of(const struct jx *x)
{
    for (size_t i = 0; i < x->num_legs; i++) {
        if (x->legs[i]->r1 != NULL && x->legs[i]->party == x->responder) {
            return x->legs[i]->r1;
        }
    }
    return NULL;
}

static void duty_invite(struct judge *j, const struct law *law,
                        const struct jx *x, const struct jsip *req)
{
    struct probe p = probe_at(j, law, x, x->responder);
    const char *want = "refused: no R_MESSAGE_1, no 2xx";
    const char *why = "";
    const struct jmsg *r1 = r1_of(x);
    const struct jsip *final = sip_final(j, req, x->responder);
    probe_sip(&p, req);
    if (r1 != NULL) {
        p.frame = jmsg_frame(r1);
        probe_octets(&p, "mikey", r1->sent->octets,
                     (struct mikey_range){0, (uint32_t)r1->sent->octets.len});
        refuse_broken(&p, want, "R_MESSAGE_1 was sent");
    } else if (final != NULL && final->status < 300) {
        probe_sip(&p, final);
        refuse_broken(&p, want, j_printf(j, "accepted with %d", final->status));
    } else if (final == NULL &&
               !watched(j, req->time_us, req->time_us + quiet_us(j), &why)) {
        probe_lack(&p, want, "%s", why);
    } else if (refuse_alive(&p, want, x->responder, req->time_us)) {
        probe_pass(&p, want, "%s",
                   final != NULL ? j_printf(j, "refused with %d", final->status)
                                 : "no answer");
    }
}

static const struct jmsg *opening(const struct jx *x, uint32_t defects)
{
    for (size_t i = 0; i < x->num_msgs; i++) {
        const struct jmsg *m = x->msgs[i];
        if (m->leg == NULL && jmsg_first(m)->sip != NULL &&
            jmsg_first(m)->sip->request && (m->defects & defects) != 0) {
            return m;
        }
    }
    return NULL;
}

static int foreign_protocol(const struct jx *x)
{
    const struct jsdp *s = x->invite_last->sdp;
    int keys = s->num_key_mgmt, mikey = s->num_mikey;
    for (size_t i = 0; i < s->num_media; i++) {
        keys += s->media[i].num_key_mgmt;
        mikey += s->media[i].num_mikey;
    }
    return keys > 0 && mikey == 0;
}

/* Good at session level, bad at media level. */
static int bad_media_level(const struct jx *x)
{
    int good = 0, bad = 0;
    for (size_t i = 0; i < x->num_msgs; i++) {
        const struct jmsg *m = x->msgs[i];
        uint32_t d = m->defects & (JD_MALFORMED | JD_BASE64 | JD_TYPE);
        if (m->leg != NULL || jmsg_first(m)->sip == NULL) {
            continue;
        }
        good |= jmsg_first(m)->t->carrier == TRACE_CARRIER_SDP_SESSION && !d;
        bad |= jmsg_first(m)->t->carrier == TRACE_CARRIER_SDP_MEDIA && d;
    }
    return good && bad;
}

enum opening_kind { OPEN_TYPE, OPEN_BASE64, OPEN_PROTOCOL, OPEN_MEDIA };

static int condition(const struct jx *x, const enum opening_kind *kind)
{
    const struct jsdp *s = x->invite_last->sdp;
    switch (*kind) {
    case OPEN_TYPE:
        return opening(x, JD_TYPE) != NULL;
    case OPEN_BASE64:
        return opening(x, JD_BASE64) != NULL && !bad_media_level(x);
    case OPEN_PROTOCOL:
        return s != NULL && foreign_protocol(x);
    case OPEN_MEDIA:
        return bad_media_level(x);
    }
    return 0;
}

static void run_opening(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        if (x->kind == JX_DEPOSIT && x->invite_last != NULL &&
            strcmp(party_role(j, x->responder), "MB") == 0 &&
            condition(x, law->arg)) {
            duty_invite(j, law, x, x->invite_last);
        }
    }
}

/* ---- the table
 * --------------------------------------------------------------------------------
 */

static const enum opening_kind open_type = OPEN_TYPE, open_base64 = OPEN_BASE64,
                               open_protocol = OPEN_PROTOCOL,
                               open_media = OPEN_MEDIA;

#define DEFECT(d)                                                              \
    &(const struct refuse)                                                     \
    {                                                                          \
        d                                                                      \
    }
#define MB_I2(name, family, level, reqs, clause, what, d)                      \
    LAW(name, family, level, reqs, clause,                                     \
        "MB refuses and does not store an I_MESSAGE_2 " what, run_i2,          \
        DEFECT(d))
#define MB_OPEN(name, reqs, clause, what, kind)                                \
    LAW(name, JUDGE_STRUCTURE, JUDGE_MUST, reqs, clause, "MB refuses " what,   \
        run_opening, kind)
#define A_R1(name, family, level, reqs, clause, what, d)                       \
    LAW(name, family, level, reqs, clause,                                     \
        "A sends no I_MESSAGE_2 after an R_MESSAGE_1 " what, law_refuse_r1,    \
        DEFECT(d))
#define A_R2(name, family, level, reqs, clause, what, d)                       \
    LAW(name, family, level, reqs, clause,                                     \
        "A sends no content after an R_MESSAGE_2 " what, law_refuse_r2,        \
        DEFECT(d))

const struct law laws_refuse[] = {
    MB_I2("mb-refuses-no-esk", JUDGE_STRUCTURE, JUDGE_MUST,
          "DD-104 R6267-091 R6267-103", "RFC 6267, 4.2.2.5",
          "of the deferred form without ESK", JD_NO_ESK),
    MB_I2("mb-refuses-no-xp", JUDGE_STRUCTURE, JUDGE_MUST,
          "DD-025 DD-104 R6267-090 R6267-098", "RFC 6267, 4.2.2.5",
          "of the deferred form without ECCPTi", JD_NO_XP),
    MB_I2("mb-refuses-malformed-i2", JUDGE_STRUCTURE, JUDGE_MUST,
          "DD-110 R6267-105 R6267-108", "RFC 6267, 4.2.2.6",
          "that does not decode", JD_MALFORMED | JD_BASE64),
    MB_I2("mb-refuses-i2-first", JUDGE_STRUCTURE, JUDGE_MUST, "R6267-005",
          "RFC 6267, 4.1", "with which a call begins", JD_NO_START),
    LAW("mb-refuses-second-i2", JUDGE_STRUCTURE, JUDGE_MUST, "DD-112",
        "RFC 6267, 4.1",
        "MB refuses a second I_MESSAGE_2 of one CSB and keeps the first ESK",
        run_second, NULL),
    MB_I2("mb-refuses-bad-point", JUDGE_STRUCTURE, JUDGE_SECURITY, "DD-030",
          "RFC 6267, 6.1.4", "with a point that is not on its curve",
          JD_POINT | JD_CURVE),
    MB_OPEN("mb-refuses-unknown-type", "R6267-073 R6267-077",
            "RFC 3830, 5.1.2, 6.12", "an offer of another data type",
            &open_type),
    MB_I2("mb-refuses-foreign-idi", JUDGE_IDENTITY, JUDGE_MUST, "DD-051",
          "RFC 6267, 4.2.2.5", "with another IDRi than I_MESSAGE_1", JD_IDI),
    MB_I2("mb-refuses-inner-idi", JUDGE_IDENTITY, JUDGE_MUST, "DD-051 DD-035",
          "RFC 6267, 7.2", "whose inner IDRi is not the outer one",
          JD_INNER_IDI),
    MB_I2("mb-refuses-inner-idr", JUDGE_IDENTITY, JUDGE_MUST,
          "DD-035 R6267-100", "RFC 6267, 4.2.2.5",
          "whose inner IDRr is not the outer one", JD_INNER_IDR),
    MB_I2("mb-refuses-foreign-yp", JUDGE_IDENTITY, JUDGE_MUST,
          "DD-025 R6539-007", "RFC 6539, 3.2",
          "whose ECCPTr is not the yP that was sent", JD_YP | JD_NO_YP),
    MB_I2("mb-refuses-replayed-i2", JUDGE_REPLAY, JUDGE_MUST, "DD-025 DD-111",
          "RFC 6539, 3.2", "of an earlier exchange", JD_REPLAY),
    MB_I2("mb-refuses-wrong-key", JUDGE_STRUCTURE, JUDGE_MUST,
          "DD-110 R6267-106", "RFC 6267, 4.2.2.6",
          "whose IBAKE is under another key", JD_KEY),
    MB_I2("mb-refuses-equal-t", JUDGE_REPLAY, JUDGE_DERIVED, "DD-011 DD-112",
          "RFC 3830, 5.2", "with the T of I_MESSAGE_1", JD_T),
    MB_OPEN("mb-refuses-bad-base64", "R4567-010 DD-113", "RFC 4567, 4.1.1",
            "an offer whose key-mgmt data is no base64", &open_base64),
    MB_OPEN("mb-refuses-foreign-protocol", "DD-113", "RFC 4567, 4.1.2",
            "an offer with another key management protocol only",
            &open_protocol),
    MB_OPEN("mb-refuses-bad-media-level", "DD-113 R4567-006 R4567-029",
            "RFC 4567, 4.1.2", "an offer of which one attribute fails",
            &open_media),
    A_R1("a-refuses-malformed-r1", JUDGE_STRUCTURE, JUDGE_MUST,
         "DD-110 R6267-088 R6267-092", "RFC 6267, 4.2.2.4",
         "that does not decode", JD_MALFORMED | JD_BASE64),
    A_R1("a-refuses-other-csb", JUDGE_STRUCTURE, JUDGE_MUST, "R6267-078",
         "RFC 6267, 4.2.2.3", "with other HDR fields", JD_HDR),
    A_R1("a-refuses-other-t", JUDGE_STRUCTURE, JUDGE_DERIVED,
         "R6267-080 DD-112", "RFC 6267, 4.2.2.3; RFC 3830, 5.2",
         "with another T", JD_T),
    A_R1("a-refuses-r2-first", JUDGE_STRUCTURE, JUDGE_MUST, "R6267-005",
         "RFC 6267, 4.1", "that is an R_MESSAGE_2", JD_TYPE),
    A_R1("a-refuses-unknown-curve", JUDGE_STRUCTURE, JUDGE_MUST, "DD-110",
         "RFC 6267, 6.1.4", "with an unknown curve", JD_CURVE),
    A_R1("a-refuses-bad-point", JUDGE_STRUCTURE, JUDGE_SECURITY, "DD-030",
         "RFC 6267, 6.1.4", "with a point that is not on its curve", JD_POINT),
    A_R1("a-refuses-inner-idr", JUDGE_IDENTITY, JUDGE_MUST, "DD-031 DD-111",
         "RFC 6267, 7.2", "whose inner IDRr is not the outer one",
         JD_INNER_IDR),
    A_R2("a-refuses-wrong-xp", JUDGE_IDENTITY, JUDGE_MUST, "DD-041 DD-111",
         "RFC 6539, 3.2", "whose ECCPTi is not xP", JD_XP),
    A_R2("a-refuses-bad-v", JUDGE_IDENTITY, JUDGE_MUST, "DD-109 R6267-137",
         "RFC 6267, 5.4", "whose V does not verify", JD_V),
    A_R2("a-refuses-no-ibake", JUDGE_IDENTITY, JUDGE_DERIVED, "DD-107",
         "RFC 6267, 4.2.2.7", "without IBAKE", JD_NO_IBAKE),
    A_R2("a-refuses-replayed-r2", JUDGE_REPLAY, JUDGE_MUST, "DD-011 DD-111",
         "RFC 6267, 5.4", "of an earlier call", JD_REPLAY),
    LAW("a-stops-on-488", JUDGE_STRUCTURE, JUDGE_MUST, "DD-113",
        "RFC 4567, 4.1.2",
        "A sends no content after its I_MESSAGE_2 was "
        "refused",
        law_stops_488, NULL),
    LAW("a-stops-on-error", JUDGE_STRUCTURE, JUDGE_MUST, "DD-110 DD-113",
        "RFC 3830, 5.1.2, 6.12", "A stops after a MIKEY Error message",
        law_stops_error, NULL),
    LAW("a-stops-without-r2", JUDGE_IDENTITY, JUDGE_MUST, "DD-026 DD-111",
        "RFC 6539, 3.2", "A sends no content without R_MESSAGE_2",
        law_stops_without, NULL),
    LAW("b-refuses-deferred-r1", JUDGE_IDENTITY, JUDGE_MUST, "DD-050",
        "TR 33.828, 7.6.2.5",
        "B does not go on with a mailbox that could not "
        "decrypt",
        law_b_deferred, NULL),
    LAW("b-refuses-bad-v", JUDGE_IDENTITY, JUDGE_MUST, "DD-050 DD-109",
        "RFC 6267, 5.4",
        "B renders nothing after an R_MESSAGE_2 whose V does "
        "not verify",
        law_b_bad_v, NULL),
    LAW("b-refuses-sk-type", JUDGE_STRUCTURE, JUDGE_MUST, "R6267-163",
        "RFC 6267, 6.1.5", "B does not use an SK of an unknown type",
        law_b_sk_type, NULL),
    LAW("b-refuses-foreign-esk", JUDGE_IDENTITY, JUDGE_MUST, "DD-039",
        "TR 33.828, 7.6.2.5", "B renders nothing whose ESK is for another",
        law_b_foreign_esk, NULL),
    LAW("b-refuses-unauthenticated", JUDGE_IDENTITY, JUDGE_MUST, "DD-046",
        "TR 33.828, 7.6.2.5",
        "B uses nothing that a mailbox hands out without having proved itself",
        law_b_unauthenticated, NULL),
    LAW("b-drops-altered", JUDGE_SECRECY, JUDGE_MUST, "DD-010 DD-052",
        "RFC 3711, 3.3", "B drops packets whose tag does not verify",
        law_b_altered, NULL),
    LAW("b-drops-hop-media", JUDGE_SECRECY, JUDGE_MUST, "DD-013",
        "TR 33.828, 7.6.2.5",
        "B does not render what is protected by the hop key as the message",
        law_b_hop_media, NULL),
    LAW("kms-refuses-bad-mac", JUDGE_IDENTITY, JUDGE_MUST,
        "R6267-026 R6267-048 DD-114", "RFC 6267, 4.2.1.2",
        "KMS gives no keys when V does not verify", law_kms_refuses, "mac"),
    LAW("kms-refuses-foreign-identity", JUDGE_SECRECY, JUDGE_MUST,
        "DD-029 DD-114 R6267-048", "RFC 6267, 4.2.1.2",
        "KMS gives nobody the key of another identity", law_kms_refuses,
        "identity"),
    LAW("kms-refuses-replay", JUDGE_REPLAY, JUDGE_DERIVED, "DD-114",
        "RFC 3830, 5.4", "KMS discards a request that it has seen",
        law_kms_refuses, "replay"),
};
const size_t num_laws_refuse = sizeof laws_refuse / sizeof laws_refuse[0];
