/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of the whole way: rendering, accounts, keys issued. */
#include "harness/judge/laws_flow_int.h"

#include "harness/base/mem.h"
#include "harness/crypto/kdf.h"
#include "harness/sip/sip.h"

#include <string.h>

/* ---- rendered
 * ---------------------------------------------------------------------- */

/* All inputs of B are valid: the mailbox has proved itself, the ESK opens with
 * B's key and holds an SK of type 1. Without B's key that is open. */
static int renderable(const struct jdelivery *d)
{
    const struct jopen *o = &d->form->esk;
    int proved = d->x->leg != NULL && leg_good_r2(d->x->leg) != NULL;
    return o->state == JOPEN_NO_KEY || (proved && o->state == JOPEN_OK &&
                                        o->sk != NULL && o->sk->u.sk.type == 1);
}

void law_flow_rendered(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jdelivery *d = j->deliveries[i];
        const struct jev *ev = law_rendered(j, d);
        struct samples want, have;
        size_t altered;
        const char *why = "";
        if (!renderable(d)) {
            continue;
        }
        struct probe p = probe_at(j, law, d->x, d->x->initiator);
        p.frame = d->t->frame;
        p.message = "I_MESSAGE_2";
        samples_expected(j, d, &want, &altered);
        const char *expected = j_printf(
            j, "rendered-%u.wav holds the %zu samples of the delivered packets",
            d->n, want.num);
        if (!d->keys.has_e2e) {
            probe_lack(&p, expected, "missing key: %s", d->keys.e2e_lack);
        } else if (want.num == 0) {
            probe_lack(&p, expected,
                       "no delivered packet verifies under the content key");
        } else if (ev == NULL) {
            probe_lack(&p, expected, "no report of what was rendered");
        } else if (!samples_rendered(j, ev, &have, &why)) {
            probe_lack(&p, expected, "%s", why);
        } else {
            probe_must(&p, samples_hold(&have, &want), expected,
                       "%zu samples, which are others", have.num);
        }
        probe_end(&p, expected, "it does");
    }
}

/* ---- account-by-target
 * ----------------------------------------------------------------- */

/* target of a voicemail URI (RFC 4458), bare; "" = none. */
static const char *target_of(struct judge *j, const char *uri)
{
    struct sip_uri u;
    char *target = NULL;
    int cause = 0;
    const char *out = "";
    if (sip_uri(view_of(uri), &u) == STATUS_OK &&
        sip_voicemail(&u, &target, &cause) && target != NULL) {
        out = jsip_bare(j, target);
    }
    mem_free(target);
    return out;
}

/* How an INVITE names the account, and how much a mailbox must make of it. */
struct named {
    const char *account; /* "" = not at all */
    const char *where;
    int defined; /* by RFC 4458; else it may be unsupported */
};

static struct named named_account(struct judge *j, const struct jsip *s)
{
    struct named n = {target_of(j, s->ruri), "the Request-URI", 1};
    for (size_t i = 0; n.account[0] == '\0' && i < 16; i++) {
        const char *h = law_header(j, s, "History-Info", i);
        if (h[0] == '\0') {
            break;
        }
        n = (struct named){target_of(j, jsip_uri(j, h)), "History-Info", 1};
    }
    if (n.account[0] == '\0') {
        const char *h = law_header(j, s, "Diversion", 0);
        n = (struct named){h[0] != '\0' ? jsip_bare(j, jsip_uri(j, h)) : "",
                           "Diversion", 0};
    }
    return n;
}

static void account_at(struct judge *j, const struct law *law,
                       const struct jx *x, const char *account)
{
    struct probe p = probe_at(j, law, x, x->responder);
    const char *want =
        j_printf(j, "the message is in the account of %s", account);
    const char *why = "";
    uint64_t frame = 0;
    probe_sip(&p, x->invite_last);
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jdelivery *d = j->deliveries[i];
        if (d->deposit != x || d->x->initiator < 0) {
            continue;
        }
        const char *to = j->parties[d->x->initiator].identity;
        p.frame = d->t->frame;
        probe_must(&p, strcmp(jsip_bare(j, to), account) == 0, want,
                   "it was handed out to %s", to);
        probe_end(&p, want, "it was handed out to it at %s", d->x->place);
        return;
    }
    enum jstored st = stored_state(j, x, accepted_i2(x), &why, &frame);
    if (st == JSTORED_NO && !j->lossy) {
        probe_fail(&p, want, "%s", why);
    } else if (st == JSTORED_YES) {
        p.frame = frame;
        probe_pass(&p, want, "%s", why);
    } else {
        probe_lack(&p, want, "%s", why);
    }
}

/* The mailbox turned a sound call away, before any I_MESSAGE_2 or upon a sound
 * one: it does not know the account or the cause. */
static const struct jsip *turned_away(const struct judge *j, const struct jx *x)
{
    const struct jsip *no = sip_final(j, x->invite_last, x->responder);
    if (no == NULL || no->status < 300 || no->status == 401 ||
        no->status == 407 || no->status == 487 || no->status >= 500 ||
        x->i1 == NULL || x->i1->defects != 0 || x->invite_last->sdp == NULL ||
        !x->invite_last->sdp->ok) {
        return NULL;
    }
    for (size_t i = 0; i < x->num_legs; i++) {
        if (x->legs[i]->num_i2 > 0) {
            return NULL; /* refused for what it says, or that is another law */
        }
    }
    return no;
}

static void account_refused(struct judge *j, const struct law *law,
                            const struct jx *x, const struct named *n,
                            const struct jsip *no)
{
    struct probe p = probe_at(j, law, x, x->responder);
    const char *want =
        j_printf(j, "the account of %s is found from %s", n->account, n->where);
    probe_sip(&p, no);
    if (n->defined) {
        probe_fail(&p, want, "refused with %d", no->status);
    } else {
        probe_lack(&p, want, "refused with %d: %s is not supported", no->status,
                   n->where);
    }
}

void law_flow_account(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        if (x->kind != JX_DEPOSIT || x->invite_last == NULL ||
            !law_is_role(j, x->responder, "MB")) {
            continue;
        }
        struct named n = named_account(j, x->invite_last);
        if (n.account[0] == '\0') {
            continue;
        }
        const struct jsip *no = turned_away(j, x);
        if (accepted_i2(x) != NULL) {
            account_at(j, law, x, n.account);
        } else if (no != NULL) {
            account_refused(j, law, x, &n, no);
        }
    }
}

/* ---- what need not be understood
 * ------------------------------------------------------- */

/* A deferred-form R_MESSAGE_1 as the CR reads it, without IDRi inside (OI-01).
 */
void law_flow_bare_r1(struct judge *j, const struct law *law)
{
    const char *want = "I_MESSAGE_2 in deferred form";
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const struct jleg *l = x->leg;
        if (x->kind == JX_REQUEST || x->kind == JX_RETRIEVAL || l == NULL ||
            l->r1 == NULL || l->form != JFORM_DEFERRED ||
            l->r1->rcvd->ibake.idi != NULL || l->r1->defects != 0) {
            continue;
        }
        struct probe p = probe_at(j, law, x, x->initiator);
        p.message = l->r1->name;
        p.frame = jmsg_arrived(l->r1);
        if (l->num_i2 > 0) {
            p.frame = jmsg_frame(l->i2[0]);
            probe_pass(&p, want, "it was sent");
        } else if (!law_lossy(&p, want)) {
            probe_lack(&p, want,
                       "none: the answer without IDRi inside is not "
                       "understood");
        }
    }
}

static int has_extension(const struct jmsg *m)
{
    return m->rcvd->msg != NULL &&
           (mikey_find(m->rcvd->msg, MIKEY_PL_SP) != NULL ||
            mikey_find(m->rcvd->msg, MIKEY_PL_GENERAL_EXT) != NULL);
}

void law_flow_extension(struct judge *j, const struct law *law)
{
    const char *want = "R_MESSAGE_1, whatever else is in I_MESSAGE_1";
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        if (x->kind != JX_DEPOSIT || x->i1 == NULL || x->i1->defects != 0 ||
            !has_extension(x->i1) || !law_is_role(j, x->i1->to, "MB")) {
            continue;
        }
        struct probe p = probe_at(j, law, x, x->i1->to);
        const struct jsip *no = x->invite_last != NULL
                                    ? sip_final(j, x->invite_last, x->i1->to)
                                    : NULL;
        p.message = x->i1->name;
        p.frame = jmsg_arrived(x->i1);
        if (x->leg != NULL && x->leg->r1 != NULL) {
            p.frame = jmsg_frame(x->leg->r1);
            probe_pass(&p, want, "it was sent");
        } else if (no != NULL && no->status >= 300) {
            probe_sip(&p, no);
            probe_lack(&p, want, "a clean rejection, %d", no->status);
        } else if (!law_lossy(&p, want)) {
            probe_lack(&p, want, "no answer");
        }
    }
}

/* ---- the KMS
 * -------------------------------------------------------------------------------
 */

static int is_user(const struct mikey_payload *p)
{
    return p->type == MIKEY_PL_IDR && (p->u.idr.role == MIKEY_ROLE_INITIATOR ||
                                       p->u.idr.role == MIKEY_ROLE_RESPONDER);
}

struct view kms_requester(const struct jform *req)
{
    struct view psk = idr_of(req, MIKEY_ROLE_PSK);
    for (size_t i = 0;
         psk.len == 0 && req->msg != NULL && i < req->msg->num_payloads; i++) {
        if (is_user(&req->msg->payloads[i])) {
            psk = req->msg->payloads[i].u.idr.data;
        }
    }
    return psk;
}

/* Who sends: by the plan, else by the pre-shared key named. */
struct view kms_foreign(const struct judge *j, const struct jx *x)
{
    const struct jform *req = x->request->rcvd;
    struct view own = kms_requester(req);
    for (size_t i = 0; req->msg != NULL && i < req->msg->num_payloads; i++) {
        const struct mikey_payload *p = &req->msg->payloads[i];
        if (!is_user(p)) {
            continue;
        }
        int known = law_own_identity(j, x->request->from, p->u.idr.data);
        if (known == 0 || (known < 0 && !view_equal(p->u.idr.data, own))) {
            return p->u.idr.data;
        }
    }
    return (struct view){0};
}

static int is_key_request(const struct jx *x)
{
    return x->kind == JX_REQUEST &&
           (x->request->type == MIKEY_DT_REQUEST_KEY_PSK ||
            x->request->type == MIKEY_DT_REQUEST_KEY_PKE);
}

int kms_is_replay(const struct judge *j, const struct jx *x)
{
    for (size_t i = 0; i < j->num_xs && j->xs[i] != x; i++) {
        if (is_key_request(j->xs[i]) &&
            j->xs[i]->request->rcvd == x->request->rcvd) {
            return 1;
        }
    }
    return 0;
}

int kms_gave_keys(const struct jx *x)
{
    const struct jmsg *m = x->response;
    /* Whatever the message says it is: keys are keys. */
    return m != NULL && m->sent->msg != NULL &&
           mikey_find(m->sent->msg, MIKEY_PL_KEMAC) != NULL;
}

#define MAX_TAIL 16

/* V over the request and each of the tails that are known (AMB-36, AMB-18). */
static int proof_with(const struct jform *req, const struct mikey_payload *v,
                      struct view auth)
{
    struct view parts[2 + MAX_TAIL + 2];
    size_t n = 0, len = 0;
    uint8_t mac[KDF_MAX_MAC];
    const struct mikey_payload *t = mikey_find(req->msg, MIKEY_PL_T);
    if (mikey_mac_input(req->msg, parts, &n) != STATUS_OK) {
        return 0;
    }
    for (size_t i = 0; i < req->msg->num_payloads && n < 2 + MAX_TAIL; i++) {
        if (is_user(&req->msg->payloads[i])) {
            parts[n++] = req->msg->payloads[i].u.idr.data;
        }
    }
    parts[n++] = idr_of(req, MIKEY_ROLE_KMS);
    for (int with_t = 0; with_t < 2; with_t++) {
        if (with_t && t != NULL) {
            parts[n++] = t->u.t.value;
        }
        if (kdf_mac(mac, &len, v->u.v.auth_alg, auth, parts, n) == STATUS_OK &&
            len > 0 && view_equal((struct view){mac, len}, v->u.v.mac)) {
            return 1;
        }
    }
    return 0;
}

int kms_request_proof(struct judge *j, const struct jx *x, const char **lack)
{
    const struct jform *req = x->request->rcvd;
    const struct mikey_payload *v, *r;
    struct view psk = {0};
    uint8_t auth[KDF_MAX_MAC];
    *lack = "";
    if (!law_decoded(req)) {
        return 0;
    }
    v = mikey_find(req->msg, MIKEY_PL_V);
    r = mikey_find(req->msg, MIKEY_PL_RAND);
    if (req->type == MIKEY_DT_REQUEST_KEY_PKE) {
        *lack = "the public key of the one who signed the request";
        return -1;
    }
    struct view who = kms_requester(req);
    if (v == NULL || r == NULL || kdf_mac_len(v->u.v.auth_alg) <= 0) {
        return 0;
    }
    if (keylog_find(j->kl, KEYLOG_PSK, who, &psk) != STATUS_OK) {
        *lack = j_printf(j, "PSK %s (%s)", j_hex(j, who), j_shown(j, who));
        return -1;
    }
    size_t len = (size_t)kdf_mac_len(v->u.v.auth_alg);
    if (kdf_derive(auth, len, req->msg->hdr.prf, psk, KDF_MSG_AUTH, 0xff,
                   req->msg->hdr.csb_id, r->u.rnd.rand) != STATUS_OK) {
        *lack = "a PRF func that is known";
        return -1;
    }
    return proof_with(req, v, (struct view){auth, len});
}

void law_flow_key_issued(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const char *lack = "";
        const char *want = "REQUEST_KEY_RESP with KEMAC";
        if (!is_key_request(x)) {
            continue;
        }
        int proof = kms_request_proof(j, x, &lack);
        if (proof == 0 || kms_foreign(j, x).len > 0 || kms_is_replay(j, x)) {
            continue; /* nothing was to be issued */
        }
        struct probe p = probe_at(j, law, x, x->responder);
        p.message = x->request->name;
        if (kms_gave_keys(x)) {
            p.message = x->response->name;
            p.frame = jmsg_frame(x->response);
            probe_pass(&p, want, "it was sent");
        } else if (proof < 0) {
            probe_lack(&p, want, "none was sent; missing key: %s", lack);
        } else if (x->response != NULL) {
            probe_fail(&p, want, "%s", x->response->name);
        } else if (watched(j, jmsg_time(x->request),
                           jmsg_time(x->request) + quiet_us(j), &lack)) {
            probe_fail(&p, want, "no answer was sent");
        } else {
            probe_lack(&p, want, "no answer is on record: %s", lack);
        }
    }
}
