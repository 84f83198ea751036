/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of secrecy: what the media of deposits and retrievals are keyed with. */
#include "harness/judge/laws_int.h"

#include <string.h>

/* ---- content-under-e2e
 * ----------------------------------------------------------- */

struct tally {
    size_t num, e2e, hop, none, unknown, wrong_cs, ssrc;
    const struct jrtp *bad; /* first that is not as it must be */
};

static void count_key(struct tally *t, const struct jrtp *r, int cs)
{
    int good = r->key == JMK_E2E && (cs == 0 || r->cs == cs);
    t->num++;
    t->e2e += r->key == JMK_E2E;
    t->hop += r->key == JMK_HOP;
    t->none += r->key == JMK_NONE;
    t->unknown += r->key == JMK_UNKNOWN;
    t->wrong_cs += r->key == JMK_E2E && cs != 0 && r->cs != cs;
    if (!good && t->bad == NULL && r->key != JMK_UNKNOWN) {
        t->bad = r;
    }
}

static void point_at(struct probe *p, const struct jrtp *r)
{
    p->frame = r->t->frame;
    probe_octets(p, "rtp", r->t->octets,
                 (struct mikey_range){0, (uint32_t)r->t->octets.len});
}

static const char *e2e_lack(const struct jx *x)
{
    const struct jkeys *k = x->leg != NULL ? &x->leg->keys : NULL;
    if (k != NULL && (k->e2e_doubt != NULL || k->hop_doubt != NULL)) {
        return k->e2e_doubt != NULL ? k->e2e_doubt : k->hop_doubt;
    }
    return k != NULL && k->e2e_lack[0] != '\0' ? k->e2e_lack
                                               : "the SK of the deposit";
}

/* The SSRC announced for CS 1, or 0. */
static uint32_t announced_ssrc(const struct jx *x)
{
    struct mikey_srtp_id id;
    if (x->i1 == NULL || x->i1->sent->msg == NULL ||
        x->i1->sent->msg->hdr.map_type != MIKEY_MAP_SRTP_ID ||
        mikey_srtp_id(&x->i1->sent->msg->hdr, 0, &id) != STATUS_OK) {
        return 0;
    }
    return id.ssrc;
}

static void content_e2e(struct judge *j, const struct law *law,
                        const struct jx *x)
{
    struct tally t = {0};
    uint32_t ssrc = announced_ssrc(x);
    const struct jrtp *other = NULL;
    if (x->kind != JX_DEPOSIT || x->leg == NULL ||
        x->leg->form == JFORM_NORMAL) {
        return;
    }
    for (size_t i = 0; i < x->num_rtp; i++) {
        const struct jrtp *r = x->rtp[i];
        if (jrtp_is_content(r)) {
            count_key(&t, r, 1);
            other = ssrc != 0 && r->ssrc != ssrc && other == NULL ? r : other;
        }
    }
    if (t.num == 0) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->initiator);
    const char *want = "content verifies under TEK_e2e of CS 1, not under "
                       "TEK_hop";
    if (t.bad != NULL) {
        point_at(&p, t.bad);
        probe_fail(&p, want,
                   "of %zu packets %zu under TEK_hop, %zu under no "
                   "key known, %zu under another CS",
                   t.num, t.hop, t.none, t.wrong_cs);
    } else if (t.unknown > 0) {
        probe_lack(&p, want, "missing: %s", e2e_lack(x));
    }
    if (other != NULL) {
        point_at(&p, other);
        probe_fail(&p,
                   j_printf(j, "rtp.SSRC: 0x%08x, as in the CS ID map", ssrc),
                   "rtp.SSRC: 0x%08x", other->ssrc);
    }
    probe_end(&p, want, "%zu packets do", t.num);
}

/* The same packets on their way to the recipient. */
static int is_deposit_ssrc(const struct judge *j, const struct jx *x,
                           uint32_t ssrc)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jx *dep = j->deliveries[i]->deposit;
        if (j->deliveries[i]->x != x || dep == NULL) {
            continue;
        }
        for (size_t k = 0; k < dep->num_rtp; k++) {
            if (jrtp_is_content(dep->rtp[k]) && dep->rtp[k]->ssrc == ssrc) {
                return 1;
            }
        }
    }
    return 0;
}

static void delivered_e2e(struct judge *j, const struct law *law,
                          const struct jx *x)
{
    struct tally t = {0};
    uint32_t seen = 0;
    int known = -1;
    if (x->kind != JX_RETRIEVAL || x->responder < 0) {
        return;
    }
    for (size_t i = 0; i < x->num_rtp; i++) {
        const struct jrtp *r = x->rtp[i];
        if (!r->back || !r->ok || r->t->rtcp) {
            continue;
        }
        if (known < 0 || r->ssrc != seen) {
            seen = r->ssrc;
            known = is_deposit_ssrc(j, x, seen);
        }
        if (known || r->key == JMK_E2E) {
            count_key(&t, r, 0);
        }
    }
    if (t.num == 0) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->responder);
    const char *want = "delivered content still under TEK_e2e, not under "
                       "TEK_hop";
    if (t.hop > 0 && t.bad != NULL) {
        point_at(&p, t.bad);
        probe_fail(&p, want, "of %zu packets %zu under TEK_hop", t.num, t.hop);
    } else if (t.e2e == 0) {
        probe_lack(&p, want,
                   "%zu packets under no key known: the SK of the "
                   "deposit, or ECDH_PRIVATE of the retrieval",
                   t.num);
    }
    probe_end(&p, want, "%zu packets, %zu under TEK_e2e", t.num, t.e2e);
}

static void run_e2e(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        content_e2e(j, law, j->xs[i]);
        delivered_e2e(j, law, j->xs[i]);
    }
}

/* ---- content-after-r2
 * ------------------------------------------------------------ */

/* R_MESSAGE_2 that the initiator could rely on. *doubt says why it may not be,
 * NULL if it is good. IBAKE may be wanting: V alone then convinced the
 * initiator, which is not against the letter. */
static const struct jmsg *good_r2(struct judge *j, const struct jx *x,
                                  const char **doubt)
{
    const struct jmsg *found = NULL;
    *doubt = NULL;
    for (size_t i = 0; i < x->num_legs; i++) {
        for (size_t k = 0; k < x->legs[i]->num_r2; k++) {
            const struct jmsg *m = x->legs[i]->r2[k];
            if (m->defects == 0 && m->unknown == 0) {
                *doubt = NULL;
                return m;
            }
            if ((m->defects & ~(uint32_t)(JD_NO_IBAKE | JD_T)) == 0 &&
                found == NULL) {
                found = m;
                *doubt = m->defects != 0
                             ? j_printf(j, "R_MESSAGE_2 %s",
                                        jdefect_text(j, m->defects))
                             : j_printf(j,
                                        "whether R_MESSAGE_2 is good is not "
                                        "known: %s",
                                        m->lack);
            }
        }
    }
    return found;
}

static const struct jrtp *first_forward(const struct jx *x)
{
    for (size_t i = 0; i < x->num_rtp; i++) {
        const struct jrtp *r = x->rtp[i];
        if (!r->back && r->ok && !r->t->rtcp &&
            r->t->octets.len > r->header_len) {
            return r;
        }
    }
    return NULL;
}

static void after_r2(struct judge *j, const struct law *law, const struct jx *x)
{
    const char *doubt = NULL;
    const char *why = "";
    if (x->kind != JX_DEPOSIT || x->leg == NULL || x->leg->r1 == NULL ||
        x->initiator < 0) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->initiator);
    const struct jmsg *r2 = good_r2(j, x, &doubt);
    const struct jrtp *r = first_forward(x);
    const char *want = "no content before a good R_MESSAGE_2";
    p.frame = jmsg_arrived(r2 != NULL ? r2 : x->leg->r1);
    if (r != NULL && r2 == NULL && j->lossy) {
        law_lossy(&p, want);
    } else if (r != NULL && (r2 == NULL || r->t->frame < jmsg_arrived(r2))) {
        point_at(&p, r);
        probe_fail(&p, want,
                   r2 == NULL ? "content, and no good R_MESSAGE_2"
                              : "content before R_MESSAGE_2");
    } else if (r != NULL && doubt != NULL) {
        probe_lack(&p, want, "%s", doubt);
    } else if (r == NULL) {
        uint64_t t = jmsg_time(x->leg->num_i2 > 0 ? x->leg->i2[0] : x->leg->r1);
        if (!watched(j, t, t + quiet_us(j), &why)) {
            probe_lack(&p, want, "not watched long enough: %s", why);
        }
    } else if (law_lossy(&p, want)) {
        return;
    }
    probe_end(&p, want,
              r != NULL ? "the first packet came after it"
                        : "no content at all");
}

static void run_after_r2(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        after_r2(j, law, j->xs[i]);
    }
}

/* ---- no-content-in-clear
 * --------------------------------------------------------- */

/* An answer that took the protection away: RTP/AVP, or no key-mgmt. */
static const struct jsip *downgrade(const struct jx *x)
{
    for (size_t i = 0; i < x->num_sip; i++) {
        const struct jsip *s = x->sip[i];
        if (!law_reply(s, "INVITE", -1) || s->dst != x->initiator ||
            s->sdp == NULL || s->status >= 300) {
            continue;
        }
        for (size_t k = 0; k < s->sdp->num_media; k++) {
            const struct jsdp_media *m = &s->sdp->media[k];
            if (m->port != 0 && strncmp(m->proto, "RTP/SAVP", 8) != 0) {
                return s;
            }
        }
    }
    return NULL;
}

static int holds_canary(const struct judge *j, const struct jrtp *r)
{
    struct view payload = {r->t->octets.data + r->header_len,
                           r->t->octets.len - r->header_len};
    for (size_t i = 0; j->kl != NULL && i < keylog_num(j->kl, KEYLOG_CANARY);
         i++) {
        struct view c = keylog_at(j->kl, KEYLOG_CANARY, i)->secret;
        if (c.len >= 8 && (view_find(payload, c) >= 0 ||
                           (payload.len >= 32 && view_find(c, payload) >= 0))) {
            return 1;
        }
    }
    return 0;
}

static void in_clear(struct judge *j, const struct law *law, const struct jx *x)
{
    const struct jsip *down = downgrade(x);
    const struct jrtp *r = first_forward(x);
    const char *why = "";
    size_t keyed = 0;
    size_t all = 0;
    if ((x->kind != JX_DEPOSIT && x->kind != JX_CALL) || x->i1 == NULL ||
        x->initiator < 0 || (down == NULL && r == NULL)) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->initiator);
    const char *want = "no RTP without protection";
    p.frame = down != NULL ? down->frame : r->t->frame;
    for (size_t i = 0; i < x->num_rtp; i++) {
        const struct jrtp *k = x->rtp[i];
        if (k->back || !k->ok || k->t->rtcp) {
            continue;
        }
        all++;
        keyed += k->key == JMK_E2E || k->key == JMK_HOP;
        if (k->key != JMK_E2E && k->key != JMK_HOP &&
            (holds_canary(j, k) ||
             (down != NULL && k->t->frame > down->frame))) {
            point_at(&p, k);
            probe_fail(&p, want, "%s",
                       down != NULL ? "RTP after an answer without "
                                      "protection"
                                    : "plaintext in RTP");
            break;
        }
    }
    if (p.failed == 0 && all > keyed) {
        probe_lack(&p, want, "%zu of %zu packets verify under no key at hand",
                   all - keyed, all);
    } else if (p.failed == 0 && all == 0 &&
               !watched(j, down->time_us, down->time_us + quiet_us(j), &why)) {
        probe_lack(&p, want, "not watched long enough: %s", why);
    }
    probe_end(&p, want, "%zu packets, all protected", all);
}

static void run_in_clear(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        in_clear(j, law, j->xs[i]);
    }
}

/* ---- greeting-under-hop-key
 * ------------------------------------------------------ */

static void greeting(struct judge *j, const struct law *law, const struct jx *x)
{
    size_t num = 0;
    size_t good = 0;
    size_t unknown = 0;
    const struct jrtp *bad = NULL;
    for (size_t i = 0; i < x->num_rtp; i++) {
        const struct jrtp *r = x->rtp[i];
        if (!r->back || !r->ok || r->t->rtcp) {
            continue;
        }
        num++;
        unknown += r->key == JMK_UNKNOWN;
        if (r->key == JMK_HOP && r->cs == 2) {
            good++;
        } else if (bad == NULL && r->key != JMK_UNKNOWN) {
            bad = r;
        }
    }
    if (x->kind != JX_DEPOSIT || num == 0 || x->responder < 0) {
        return;
    }
    struct probe p = probe_at(j, law, x, x->responder);
    const char *want = "greeting verifies under TEK_hop of CS 2";
    if (bad != NULL) {
        point_at(&p, bad);
        probe_fail(&p, want, "a packet %s",
                   bad->key == JMK_E2E   ? "under TEK_e2e"
                   : bad->key == JMK_HOP ? "under TEK_hop of CS 1"
                                         : "under no key known, or in clear");
    } else if (unknown > 0) {
        probe_lack(&p, want, "missing: %s",
                   x->leg != NULL && x->leg->keys.hop_doubt != NULL
                       ? x->leg->keys.hop_doubt
                   : x->leg != NULL && x->leg->keys.lack[0] != '\0'
                       ? x->leg->keys.lack
                       : "[x][y]P");
    }
    probe_end(&p, want, "%zu packets do", good);
}

static void run_greeting(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        greeting(j, law, j->xs[i]);
    }
}

/* ---- hop-keys-differ
 * ------------------------------------------------------------- */

static int same_hop(const struct jkeys *a, const struct jkeys *b)
{
    return (a->mpk_len > 0 && a->mpk_len == b->mpk_len &&
            memcmp(a->mpk, b->mpk, a->mpk_len) == 0) ||
           (a->has_hop && b->has_hop &&
            memcmp(a->hop[0].key, b->hop[0].key, 16) == 0);
}

static void run_hop(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const char *lack = NULL;
        size_t n = 0;
        if (x->kind != JX_RETRIEVAL || x->leg == NULL || x->leg->num_r2 == 0 ||
            x->responder < 0) {
            continue;
        }
        struct probe p = probe_msg(j, law, x->leg->r2[0]);
        const char *want = "hop keys other than in any exchange before";
        for (size_t k = 0; k < i; k++) {
            const struct jx *e = j->xs[k];
            if (e->kind == JX_REQUEST || e->leg == NULL ||
                e->leg->num_r2 == 0 || e->responder != x->responder) {
                continue;
            }
            n += e->kind == JX_RETRIEVAL;
            if (!x->leg->keys.known || !e->leg->keys.known) {
                lack =
                    x->leg->keys.known ? e->leg->keys.lack : x->leg->keys.lack;
                continue;
            }
            probe_must(&p, !same_hop(&x->leg->keys, &e->leg->keys), want,
                       "the keys of %s again", e->place);
        }
        if (n > 0 && lack != NULL && p.failed == 0) {
            probe_lack(&p, want, "missing: %s", lack);
        }
        if (n > 0) {
            probe_end(&p, want, "they differ");
        }
    }
}

#define ROW(name, level, reqs, clause, sentence, run)                          \
    LAW(name, JUDGE_SECRECY, level, reqs, clause, sentence, run, NULL)

const struct law laws_secrecy_media[] = {
    ROW("delivery-octets", JUDGE_MUST, "DD-006 DD-007 DD-008",
        "TR 33.828, 4.2.4",
        "The mailbox delivers the packets of a message as they were "
        "deposited, in order and complete.",
        law_delivery_octets),
    ROW("delivery-rtp-header", JUDGE_MUST, "DD-007", "TR 33.828, 4.2.4",
        "The mailbox leaves payload type, SSRC, sequence number, timestamp "
        "and marker as they were deposited.",
        law_delivery_header),
    ROW("opaque-media", JUDGE_MUST, "DD-006", "TR 33.828, 4.2.4",
        "The mailbox stores and delivers media that no key verifies as they "
        "came.",
        law_opaque_media),
    ROW("content-under-e2e", JUDGE_MUST, "DD-013 R6267-125 R6267-175 R3830-023",
        "RFC 6267, 7.5; RFC 3711, 5",
        "The initiator protects the content with the key of its SK, not with "
        "a hop key, and it stays so at delivery.",
        run_e2e),
    ROW("content-after-r2", JUDGE_MUST, "DD-026", "TR 33.828, 7.6.2.5",
        "The initiator sends no content before it verified R_MESSAGE_2.",
        run_after_r2),
    ROW("no-content-in-clear", JUDGE_MUST, "DD-013 R4567-061 R4567-062",
        "RFC 4567, 8", "The initiator sends no content without protection.",
        run_in_clear),
    ROW("greeting-under-hop-key", JUDGE_MUST, "DD-014", "RFC 6267, 7.5",
        "The mailbox protects what it says to the initiator with the hop key "
        "of the exchange.",
        run_greeting),
    ROW("hop-keys-differ", JUDGE_MUST, "DD-012 DD-014", "TR 33.828, 4.2.4",
        "The mailbox and the recipient use new hop keys in each retrieval.",
        run_hop),
};
const size_t num_laws_secrecy_media =
    sizeof laws_secrecy_media / sizeof laws_secrecy_media[0];
