/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of structure: the key request and what the KMS answers. */
#include "harness/judge/laws_int.h"

#include "harness/base/env.h"
#include "harness/crypto/kdf.h"

#include <string.h>

#define MAX_IDS 16

/* ---- the exchange
 * ---------------------------------------------------------------- */

static int is_user(const struct mikey_payload *pl)
{
    return pl->type == MIKEY_PL_IDR &&
           (pl->u.idr.role == MIKEY_ROLE_INITIATOR ||
            pl->u.idr.role == MIKEY_ROLE_RESPONDER);
}

/* The users named in a request, in its order. */
static size_t users_of(const struct jform *f, struct view out[MAX_IDS])
{
    size_t n = 0;
    for (size_t i = 0; f->msg != NULL && i < f->msg->num_payloads; i++) {
        if (is_user(&f->msg->payloads[i]) && n < MAX_IDS) {
            out[n++] = f->msg->payloads[i].u.idr.data;
        }
    }
    return n;
}

static int is_answer(const struct jmsg *m)
{
    return m != NULL && m->type != MIKEY_DT_ERROR;
}

/* The pre-shared key of a request: that of IDRpsk, else of a user it names. */
static int psk_of(const struct judge *j, const struct jform *req,
                  struct view *out, struct view *whose)
{
    struct view ids[MAX_IDS];
    struct view psk_id = idr_of(req, MIKEY_ROLE_PSK);
    size_t n = users_of(req, ids);
    *whose = psk_id.len > 0 ? psk_id : n > 0 ? ids[0] : (struct view){0};
    if (j->kl == NULL) {
        return 0;
    }
    if (psk_id.len > 0) {
        return keylog_find(j->kl, KEYLOG_PSK, psk_id, out) == STATUS_OK;
    }
    for (size_t i = 0; i < n; i++) {
        if (keylog_find(j->kl, KEYLOG_PSK, ids[i], out) == STATUS_OK) {
            return 1;
        }
    }
    return 0;
}

struct kms_keys { /* of the key request exchange (RFC 3830, 4.1.4) */
    uint8_t auth[32];
    size_t auth_len;
    uint8_t encr[32];
    uint8_t salt[14];
    uint64_t t;
    uint32_t csb_id;
};

/* Lacks are emitted; 0 then. */
static int kms_keys(struct probe *p, const struct jform *req, uint8_t auth_alg,
                    const char *want, struct kms_keys *out)
{
    struct view psk = {0};
    struct view whose = {0};
    if (req->type == MIKEY_DT_REQUEST_KEY_PKE) {
        probe_lack(p, want,
                   "missing: the envelope key of the request, which "
                   "no line of the key log gives");
        return 0;
    }
    if (!psk_of(p->j, req, &psk, &whose)) {
        probe_lack(p, want, "missing from the key log: PSK %s (%s)",
                   j_hex(p->j, whose), law_view(p->j, whose));
        return 0;
    }
    const struct mikey_payload *r = mikey_find(req->msg, MIKEY_PL_RAND);
    if (r == NULL) {
        probe_lack(p, want, "the request carries no RAND");
        return 0;
    }
    uint8_t prf = req->msg->hdr.prf;
    uint32_t csb = req->msg->hdr.csb_id;
    struct view rnd = r->u.rnd.rand;
    int len = kdf_mac_len(auth_alg);
    out->auth_len = len > 0 ? (size_t)len : 0;
    out->csb_id = csb;
    out->t = req->t;
    enum status st = STATUS_OK;
    if (out->auth_len > 0) {
        st = kdf_derive(out->auth, out->auth_len, prf, psk, KDF_MSG_AUTH, 0xff,
                        csb, rnd);
    }
    if (st == STATUS_OK) {
        st = kdf_derive(out->encr, 32, prf, psk, KDF_MSG_ENCR, 0xff, csb, rnd);
    }
    if (st == STATUS_OK) {
        st = kdf_derive(out->salt, 14, prf, psk, KDF_MSG_SALT, 0xff, csb, rnd);
    }
    if (st != STATUS_OK) {
        probe_lack(p, want, "no keys from the PSK: PRF func %u, %s", prf,
                   status_name(st));
        return 0;
    }
    return 1;
}

typedef void (*kms_fn)(struct probe *p, const struct jx *x);

static void each_request(struct judge *j, const struct law *law, int response,
                         kms_fn fn)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        if (x->kind != JX_REQUEST || x->request == NULL) {
            continue;
        }
        const struct jmsg *m = response ? x->response : x->request;
        if (!is_answer(m)) {
            continue;
        }
        struct probe p = probe_msg(j, law, m);
        fn(&p, x);
    }
}

/* ---- kms-request-structure
 * ------------------------------------------------------- */

static void hdr_is(struct probe *p, const struct jform *f, const char *field,
                   unsigned have, unsigned want)
{
    law_field(p, f, NULL, field);
    probe_must(p, have == want, j_printf(p->j, "mikey.HDR.%s: %u", field, want),
               "mikey.HDR.%s: %u", field, have);
}

static void last_is(struct probe *p, const struct jform *f, uint8_t type)
{
    size_t n = f->msg->num_payloads;
    const struct mikey_payload *last = n > 0 ? &f->msg->payloads[n - 1] : NULL;
    if (last != NULL) {
        probe_payload(p, "mikey", f->octets, last);
    }
    probe_must(
        p, last != NULL && last->type == type,
        j_printf(p->j, "the last payload is %s", mikey_payload_name(type)),
        "the last payload has type %u", last != NULL ? last->type : 0);
}

static int decodes(struct probe *p, const struct jform *f)
{
    if (law_decoded(f)) {
        return 1;
    }
    return law_decodes(p, f);
}

static void request_structure(struct probe *p, const struct jx *x)
{
    const struct jform *f = x->request->sent;
    struct view ids[MAX_IDS];
    if (decodes(p, f)) {
        law_field(p, f, NULL, "data type");
        probe_must(p,
                   f->type == MIKEY_DT_REQUEST_KEY_PSK ||
                       f->type == MIKEY_DT_REQUEST_KEY_PKE,
                   "mikey.HDR.data type: 19 or 20", "mikey.HDR.data type: %u",
                   f->type);
        hdr_is(p, f, "V", f->msg->hdr.v, 1);
        hdr_is(p, f, "#CS", f->msg->hdr.num_cs, 0);
        hdr_is(p, f, "CS ID map type", f->msg->hdr.map_type, MIKEY_MAP_EMPTY);
        law_has(p, f, MIKEY_PL_T, 0);
        law_has(p, f, MIKEY_PL_RAND, 0);
        probe_octets(p, "mikey", f->octets, (struct mikey_range){0, 0});
        probe_must(p, users_of(f, ids) > 0, "mikey.IDRi or IDRr present",
                   "no identity is named");
        law_has(p, f, MIKEY_PL_IDR, MIKEY_ROLE_KMS);
        last_is(p, f,
                f->type == MIKEY_DT_REQUEST_KEY_PKE ? MIKEY_PL_SIGN
                                                    : MIKEY_PL_V);
    }
    probe_end(p,
              "HDR (19 or 20, V 1, #CS 0, Empty map), T, RAND, IDRi/r, "
              "IDRkms, V or SIGN last",
              "all there");
}

static void run_request(struct judge *j, const struct law *law)
{
    each_request(j, law, 0, request_structure);
}

/* ---- kms-response-structure
 * ------------------------------------------------------ */

static void response_structure(struct probe *p, const struct jx *x)
{
    const struct jform *f = x->response->sent;
    const struct jform *req = x->request->rcvd;
    if (decodes(p, f)) {
        hdr_is(p, f, "data type", f->type, MIKEY_DT_REQUEST_KEY_RESP);
        hdr_is(p, f, "V", f->msg->hdr.v, 0);
        law_five(p, f, req, "the request");
        if (law_has(p, f, MIKEY_PL_T, 0) != NULL) {
            law_same_t(p, f, req, "the request");
        }
        const struct mikey_payload *k = law_has(p, f, MIKEY_PL_KEMAC, 0);
        last_is(p, f, MIKEY_PL_V);
        if (k != NULL && k->u.kemac.mac_alg != 0) {
            law_field(p, f, k, "MAC alg");
            probe_note(p, "mikey.KEMAC.MAC alg: 0 NULL (SHOULD)",
                       "R6267-057: mikey.KEMAC.MAC alg: %u",
                       k->u.kemac.mac_alg);
        }
    }
    probe_end(p, "HDR (21, V 0) and T as in the request, KEMAC, V last",
              "all as stated");
}

static void run_response(struct judge *j, const struct law *law)
{
    each_request(j, law, 1, response_structure);
}

/* ---- kms-response-mac
 * ------------------------------------------------------------ */

static int mac_over(const struct mikey_msg *msg, const struct kms_keys *k,
                    const struct mikey_payload *v, const struct view *tail,
                    size_t num_tail)
{
    struct view parts[2 + MAX_IDS + 2];
    size_t n = 0;
    if (mikey_mac_input(msg, parts, &n) != STATUS_OK) {
        return 0;
    }
    for (size_t i = 0; i < num_tail; i++) {
        parts[n++] = tail[i];
    }
    uint8_t mac[KDF_MAX_MAC];
    size_t len = 0;
    if (kdf_mac(mac, &len, v->u.v.auth_alg, (struct view){k->auth, k->auth_len},
                parts, n) != STATUS_OK) {
        return 0;
    }
    return view_equal((struct view){mac, len}, v->u.v.mac);
}

/* The identities that follow: all users, then the KMS (AMB-36); other readings
 * are recognised. */
static const char *mac_reading(const struct jform *f, const struct jform *req,
                               const struct kms_keys *k,
                               const struct mikey_payload *v)
{
    struct view ids[MAX_IDS + 2];
    size_t n = users_of(req, ids);
    struct view kms = idr_of(req, MIKEY_ROLE_KMS);
    const struct mikey_payload *t = mikey_find(req->msg, MIKEY_PL_T);
    ids[n] = kms;
    if (mac_over(f->msg, k, v, ids, n + 1)) {
        return "";
    }
    if (t != NULL) {
        ids[n + 1] = t->u.t.value;
        if (mac_over(f->msg, k, v, ids, n + 2)) {
            return "AMB-36, AMB-18 (b): identities, then T";
        }
    }
    struct view two[2] = {n > 0 ? ids[0] : (struct view){0}, kms};
    if (mac_over(f->msg, k, v, two, 2)) {
        return "AMB-36: the first user alone, then the KMS";
    }
    if (mac_over(f->msg, k, v, &req->octets, 1)) {
        return "AMB-18 (c): the request in place of identities";
    }
    return NULL;
}

static void response_mac(struct probe *p, const struct jx *x)
{
    const struct jform *f = x->response->sent;
    const struct jform *req = x->request->rcvd;
    const char *want = "mikey.V.Ver data: the MAC under auth_key of the PSK";
    const struct mikey_payload *v =
        law_decoded(f) ? mikey_find(f->msg, MIKEY_PL_V) : NULL;
    struct kms_keys k = {0};
    if (v == NULL || !law_decoded(req)) {
        return; /* kms-response-structure says what is amiss */
    }
    law_field(p, f, v, "Ver data");
    if (v->u.v.auth_alg == 0) {
        probe_fail(p, want, "mikey.V.Auth alg: 0 NULL");
    } else if (kms_keys(p, req, v->u.v.auth_alg, want, &k)) {
        const char *reading = mac_reading(f, req, &k, v);
        probe_must(p, reading != NULL, want, "mikey.V.Ver data: %s, another",
                   j_hex(p->j, v->u.v.mac));
        if (reading != NULL && reading[0] != '\0') {
            probe_note(p, want, "%s", reading);
        }
    }
    probe_end(p, want, "it verifies");
}

static void run_mac(struct judge *j, const struct law *law)
{
    each_request(j, law, 1, response_mac);
}

/* ---- kms-response-keys
 * ----------------------------------------------------------- */

/* The chain in the clear, or a finding. */
static int kemac_open(struct probe *p, const struct jform *f,
                      const struct mikey_payload *kemac,
                      const struct kms_keys *k, struct view *plain)
{
    uint8_t alg = kemac->u.kemac.encr_alg;
    struct view copy = j_copy(p->j, kemac->u.kemac.data);
    law_field(p, f, kemac, "Encr data");
    if (alg == 0) {
        probe_fail(p, "mikey.KEMAC encrypted with encr_key",
                   "mikey.KEMAC.Encr alg: 0 NULL, private keys in clear");
        return 0;
    }
    if (alg == 2) {
        struct wr w;
        wr_init(&w);
        enum status st = kdf_aes_kw_unwrap(&w, (struct view){k->encr, 16},
                                           kemac->u.kemac.data);
        *plain = j_copy(p->j, (struct view){w.data, w.len});
        wr_cleanup(&w);
        return probe_must(p, st == STATUS_OK, "mikey.KEMAC opens with encr_key",
                          "it does not: %s", status_name(st));
    }
    if ((alg != 1 && alg != 3) || copy.data == NULL) {
        probe_lack(p, "mikey.KEMAC opens with encr_key",
                   "mikey.KEMAC.Encr alg: %u, which this judge does not know",
                   alg);
        return 0;
    }
    uint8_t *octets = j_alloc(p->j, copy.len);
    if (octets == NULL) {
        return 0;
    }
    if (copy.len > 0) {
        memcpy(octets, copy.data, copy.len);
    }
    enum status st =
        kdf_aes_cm(octets, copy.len, (struct view){k->encr, alg == 1 ? 16 : 32},
                   k->salt, k->csb_id, k->t);
    *plain = (struct view){octets, copy.len};
    return probe_must(p, st == STATUS_OK, "mikey.KEMAC opens with encr_key",
                      "it does not: %s", status_name(st));
}

static uint64_t octets_be(struct view v)
{
    uint64_t n = 0;
    for (size_t i = 0; i < v.len && i < 8; i++) {
        n = n << 8 | v.data[i];
    }
    return n;
}

/* One K_PR: for an identity asked for, and its private key on its date. */
static void one_key(struct probe *p, const struct jform *req, struct view plain,
                    struct view id, const struct mikey_payload *kd)
{
    struct view asked[MAX_IDS];
    size_t n = users_of(req, asked);
    int found = 0;
    char date[9] = "";
    for (size_t i = 0; i < n; i++) {
        found |= view_equal(asked[i], id);
    }
    probe_payload(p, "kemac", plain, kd);
    probe_must(p, found, "keys of the identities asked for only", "a key of %s",
               law_view(p->j, id));
    probe_payload(p, "kemac", plain, kd);
    probe_must(p, kd->u.key_data.type == MIKEY_KEY_K_PR,
               "kemac.Key data.Type: 7", "kemac.Key data.Type: %u",
               kd->u.key_data.type);
    if (kd->u.key_data.kv.kv == MIKEY_KV_INTERVAL &&
        kd->u.key_data.kv.from.len == 8) {
        utc_date(date, us_from_ntp(octets_be(kd->u.key_data.kv.from)));
    } else {
        memcpy(date, req->date, sizeof date);
        probe_note(p, "kemac.Key data.KV: Interval of 8-octet NTP-UTC times",
                   "AMB-35: no Interval; the date of T is taken");
    }
    const char *want = j_printf(p->j, "K_PR(%s%s)", law_view(p->j, id), date);
    const struct bf_params *bp =
        p->j->kl != NULL ? keylog_params(p->j->kl, id) : NULL;
    if (bp == NULL) {
        probe_lack(p, want,
                   "missing from the key log: IBE_PARAMS or "
                   "IBE_MASTER of %s",
                   law_view(p->j, id));
        return;
    }
    enum bf_reason why = BF_REASON_NONE;
    struct bf_key *key = bf_key_decode(bp, kd->u.key_data.key.data,
                                       kd->u.key_data.key.len, &why);
    if (key == NULL) {
        probe_payload(p, "kemac", plain, kd);
        probe_fail(p, want, "no BFPrivateKeyBlock: %s", bf_reason_name(why));
        return;
    }
    const char *hashed =
        j_printf(p->j, "%s%s", j_strn(p->j, id.data, id.len), date);
    probe_payload(p, "kemac", plain, kd);
    probe_must(p, bf_key_check(key, view_of(hashed)) == STATUS_OK, want,
               "the key of another identity or date");
    bf_key_free(key);
}

static void key_chain(struct probe *p, const struct jform *req,
                      const struct mikey_chain *c)
{
    struct view id = {0};
    size_t keys = 0;
    for (size_t i = 0; i < c->num_payloads; i++) {
        const struct mikey_payload *pl = &c->payloads[i];
        if (pl->type == MIKEY_PL_IDR) {
            id = pl->u.idr.data;
        } else if (pl->type == MIKEY_PL_ID) {
            id = pl->u.id.data;
        } else if (pl->type == MIKEY_PL_KEY_DATA) {
            keys++;
            one_key(p, req, c->raw, id, pl);
        }
    }
    probe_octets(p, "kemac", c->raw,
                 (struct mikey_range){0, (uint32_t)c->raw.len});
    probe_must(p, keys > 0, "kemac: one K_PR or more", "kemac: no Key data");
}

static void response_keys(struct probe *p, const struct jx *x)
{
    const struct jform *f = x->response->sent;
    const struct jform *req = x->request->rcvd;
    const char *want = "kemac: ID and K_PR of each identity granted";
    const struct mikey_payload *k =
        law_decoded(f) ? mikey_find(f->msg, MIKEY_PL_KEMAC) : NULL;
    struct kms_keys keys = {0};
    struct view plain = {0};
    if (k == NULL || !law_decoded(req)) {
        return;
    }
    if (kms_keys(p, req, 1, want, &keys) &&
        kemac_open(p, f, k, &keys, &plain)) {
        struct mikey_chain *c = j_alloc(p->j, sizeof *c);
        struct mikey_error err = {0};
        if (c == NULL) {
            return;
        }
        enum status st =
            mikey_chain_decode(c, MIKEY_PL_IDR, plain.data, plain.len, &err);
        if (st == STATUS_OK) {
            key_chain(p, req, c);
        } else {
            probe_fail(p, want, "no chain under encr_key of the PSK: %s in %s",
                       status_name(st), err.field != NULL ? err.field : "?");
        }
    }
    probe_end(p, want, "each checks against identity and date");
}

static void run_keys(struct judge *j, const struct law *law)
{
    each_request(j, law, 1, response_keys);
}

#define ROW(name, reqs, clause, sentence, run)                                 \
    LAW(name, JUDGE_STRUCTURE, JUDGE_MUST, reqs, clause, sentence, run, NULL)

const struct law laws_structure_kms[] = {
    ROW("kms-request-structure",
        "R6267-030 R6267-033 R6267-035 R6267-036 R6267-037 R6267-041 "
        "R6267-145 R6267-147 R6267-149",
        "RFC 6267, 4.2.1.1",
        "The user sends a key request with data type 19 or 20, V flag 1, #CS "
        "0, Empty map, T, RAND, identities, IDRkms, and V or SIGN last.",
        run_request),
    ROW("kms-response-structure",
        "DD-114 R6267-052 R6267-053 R6267-055 R6267-056 R6267-057 R6267-059",
        "RFC 6267, 4.2.1.3",
        "The KMS answers with data type 21, V flag 0, the five HDR fields and "
        "T of the request, KEMAC, and V last.",
        run_response),
    ROW("kms-response-mac", "R6267-027 R6267-060 R6267-126 R6267-140",
        "RFC 6267, 4.2.1.3",
        "The KMS protects its answer with the auth_key of the pre-shared key.",
        run_mac),
    ROW("kms-response-keys",
        "DD-114 R6267-010 R6267-056 R6267-058 R6267-154 R6267-155",
        "RFC 6267, 4.2.1.3",
        "The KMS encrypts one or more keys of type 7, each the private key of "
        "an identity asked for on its date.",
        run_keys),
};
const size_t num_laws_structure_kms =
    sizeof laws_structure_kms / sizeof laws_structure_kms[0];
