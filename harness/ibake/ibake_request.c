/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The user's side of the key exchange, PSK variant (RFC
 * 6267, 4.2.1.1, 4.2.1.4). */
#include "harness/ibake/ibake_kms.h"

#define CSB_ALL_MESSAGES 0xff
#define MAX_IDS 16

struct ibake_key_request {
    struct ibake_config cfg;
    struct octets ids[MAX_IDS];
    size_t num_ids;
    struct octets kms, psk_id, psk;
    struct mikey_hdr hdr;
    struct ibake_ts t;
    struct octets rnd;
    struct kms_keys keys;
    int made;
};

/* ---- keys and MAC of both sides ---- */

enum status kms_keys_derive(struct kms_keys *k, uint8_t prf, uint8_t mac_alg,
                            struct view psk, uint32_t csb_id, struct view rnd)
{
    int auth = kdf_mac_len(mac_alg);
    if (auth <= 0) {
        return STATUS_UNSUPPORTED;
    }
    k->auth_len = (size_t)auth;
    enum status st = kdf_derive(k->auth, k->auth_len, prf, psk, KDF_MSG_AUTH,
                                CSB_ALL_MESSAGES, csb_id, rnd);
    if (st == STATUS_OK) {
        st = kdf_derive(k->encr, sizeof k->encr, prf, psk, KDF_MSG_ENCR,
                        CSB_ALL_MESSAGES, csb_id, rnd);
    }
    if (st == STATUS_OK) {
        st = kdf_derive(k->salt, sizeof k->salt, prf, psk, KDF_MSG_SALT,
                        CSB_ALL_MESSAGES, csb_id, rnd);
    }
    return st;
}

void kms_mac(struct ibake_mac *mac, const struct kms_keys *k, uint8_t alg)
{
    *mac = (struct ibake_mac){.alg = alg, .key_len = k->auth_len};
    memcpy(mac->key, k->auth, k->auth_len);
}

void kms_mac_id(struct ibake_mac *mac, struct view id)
{
    if (mac->num_tail < MAC_MAX_TAIL) {
        mac->tail[mac->num_tail++] = id;
    }
}

/* Several identities of one role are in order here (RFC 6267, 4.2.1.1). */
enum status kms_rules(const struct mikey_msg *msg)
{
    static const uint8_t once[] = {MIKEY_PL_T, MIKEY_PL_RAND, MIKEY_PL_KEMAC,
                                   MIKEY_PL_V};
    for (size_t k = 0; k < sizeof once; k++) {
        unsigned seen = 0;
        for (size_t i = 0; i < msg->num_payloads; i++) {
            seen += msg->payloads[i].type == once[k];
        }
        if (seen > 1) {
            return STATUS_DUPLICATE;
        }
    }
    const struct mikey_payload *v = mikey_find(msg, MIKEY_PL_V);
    return v == NULL || v == &msg->payloads[msg->num_payloads - 1]
               ? STATUS_OK
               : STATUS_ORDER;
}

/* ---- life ---- */

struct ibake_key_request *ibake_key_request_new(const struct ibake_config *cfg,
                                                const struct view *ids,
                                                size_t num_ids, struct view kms,
                                                struct view psk_id,
                                                struct view psk)
{
    if (num_ids == 0 || num_ids > MAX_IDS) {
        return NULL;
    }
    struct ibake_key_request *r = mem_alloc(sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    r->cfg = *cfg;
    enum status st = octets_set(&r->kms, kms);
    if (st == STATUS_OK) {
        st = octets_set(&r->psk_id, psk_id);
    }
    if (st == STATUS_OK) {
        st = octets_set(&r->psk, psk);
    }
    for (size_t i = 0; i < num_ids && st == STATUS_OK; i++) {
        st = octets_set(&r->ids[i], ids[i]);
        r->num_ids++;
    }
    if (st != STATUS_OK) {
        ibake_key_request_free(r);
        return NULL;
    }
    return r;
}

void ibake_key_request_free(struct ibake_key_request *r)
{
    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < r->num_ids; i++) {
        octets_free(&r->ids[i]);
    }
    octets_free(&r->kms);
    octets_free(&r->psk_id);
    octets_free(&r->psk);
    octets_free(&r->rnd);
    mem_wipe(r, sizeof *r);
    mem_free(r);
}

static void tell(const struct ibake_key_request *r, const char *label,
                 struct view lookup, struct view secret)
{
    if (r->cfg.secret != NULL) {
        r->cfg.secret(r->cfg.secret_ctx, label, lookup, secret);
    }
}

/* ---- REQUEST_KEY_PSK ---- */

static enum status begin(struct ibake_key_request *r)
{
    uint8_t csb[4];
    uint8_t rnd[IBAKE_RAND_LEN];
    enum status st = env_random(r->cfg.env, csb, sizeof csb);
    if (st == STATUS_OK) {
        st = env_random(r->cfg.env, rnd, sizeof rnd);
    }
    if (st == STATUS_OK) {
        st = octets_set(&r->rnd, (struct view){rnd, sizeof rnd});
    }
    if (st != STATUS_OK) {
        return st;
    }
    r->hdr = (struct mikey_hdr){
        .version = 1,
        .data_type = MIKEY_DT_REQUEST_KEY_PSK,
        .v = 1,
        .prf = r->cfg.profile.prf,
        .csb_id = (uint32_t)get_be((struct view){csb, sizeof csb}),
        .map_type = MIKEY_MAP_EMPTY};
    r->t = (struct ibake_ts){.type = MIKEY_TS_NTP_UTC, .len = 8};
    put_be(r->t.value, keyring_next_t(r->cfg.keyring, r->cfg.env, 0), 8);
    return kms_keys_derive(&r->keys, r->hdr.prf, r->cfg.profile.mac_alg,
                           octets_view(&r->psk), r->hdr.csb_id,
                           octets_view(&r->rnd));
}

static void fill_request(const struct ibake_key_request *r,
                         struct ibake_draft *d, struct ibake_mac *mac)
{
    uint8_t type = r->cfg.profile.id_type;
    d->hdr = r->hdr;
    d->t1 = &r->t;
    draft_add_t(d, &r->t);
    draft_add_rand(d, octets_view(&r->rnd));
    kms_mac(mac, &r->keys, r->cfg.profile.mac_alg);
    for (size_t i = 0; i < r->num_ids; i++) {
        draft_add_idr(d, PART_OUTER, MIKEY_ROLE_INITIATOR, type,
                      octets_view(&r->ids[i]));
        kms_mac_id(mac, octets_view(&r->ids[i]));
    }
    draft_add_idr(d, PART_OUTER, MIKEY_ROLE_KMS, type, octets_view(&r->kms));
    kms_mac_id(mac, octets_view(&r->kms));
    if (r->psk_id.len != 0) {
        draft_add_idr(d, PART_OUTER, MIKEY_ROLE_PSK, type,
                      octets_view(&r->psk_id));
    }
}

/* What the request says is what the response is held to. */
static enum status adopt(struct ibake_key_request *r, struct view octets)
{
    struct mikey_msg msg;
    if (mikey_decode(&msg, octets.data, octets.len, NULL) != STATUS_OK) {
        return STATUS_OK;
    }
    const struct mikey_payload *rnd = mikey_find(&msg, MIKEY_PL_RAND);
    if (mikey_find(&msg, MIKEY_PL_T) != NULL) {
        take_t(&msg, &r->t);
    }
    r->hdr.csb_id = msg.hdr.csb_id;
    return rnd != NULL ? octets_set(&r->rnd, rnd->u.rnd.rand) : STATUS_OK;
}

enum status ibake_key_request_make(struct ibake_key_request *r, struct wr *out)
{
    struct ibake_mac mac = {0};
    enum status st = begin(r);
    struct ibake_draft *d =
        st == STATUS_OK ? draft_new(&r->cfg, MIKEY_DT_REQUEST_KEY_PSK) : NULL;
    if (st != STATUS_OK || d == NULL) {
        return st != STATUS_OK ? st : STATUS_NO_MEMORY;
    }
    struct view who =
        r->psk_id.len != 0 ? octets_view(&r->psk_id) : octets_view(&r->ids[0]);
    tell(r, "PSK", who, octets_view(&r->psk));
    fill_request(r, d, &mac);
    size_t at = out->len;
    st = draft_finish(d, &mac, out);
    if (st == STATUS_OK) {
        st = adopt(r, wr_since(out, at));
    }
    r->made = st == STATUS_OK;
    draft_free(d);
    mem_wipe(&mac, sizeof mac);
    return st;
}

/* ---- REQUEST_KEY_RESP ---- */

static enum status refuse(const struct ibake_key_request *r, enum status st,
                          const char *what)
{
    log_at(r->cfg.log, LOG_NOTE, "REQUEST_KEY_RESP refused: %s", what);
    return st;
}

static enum status check_response(const struct ibake_key_request *r,
                                  const struct mikey_msg *msg)
{
    const struct mikey_hdr *h = &msg->hdr;
    struct ibake_ts t;
    if (h->data_type == MIKEY_DT_ERROR) {
        return refuse(r, STATUS_REFUSED, "the KMS sent an Error message");
    }
    if (h->data_type != MIKEY_DT_REQUEST_KEY_RESP) {
        return refuse(r, STATUS_UNEXPECTED, "another data type");
    }
    enum status st = kms_rules(msg);
    if (st != STATUS_OK) {
        return refuse(r, st, "duplicate payloads, or V not last");
    }
    if ((h->csb_id != r->hdr.csb_id || h->prf != r->hdr.prf ||
         h->num_cs != r->hdr.num_cs || h->map_type != r->hdr.map_type) &&
        (r->cfg.checks & IBAKE_CHECK_HDR)) {
        return refuse(r, STATUS_MISMATCH, "HDR is not that of the request");
    }
    take_t(msg, &t);
    if ((t.type != r->t.type || t.len != r->t.len ||
         memcmp(t.value, r->t.value, t.len) != 0) &&
        (r->cfg.checks & IBAKE_CHECK_T)) {
        return refuse(r, STATUS_MISMATCH, "T is not that of the request");
    }
    return STATUS_OK;
}

static enum status check_v(struct ibake_key_request *r,
                           const struct mikey_msg *msg)
{
    const struct mikey_payload *v = mikey_find(msg, MIKEY_PL_V);
    struct ibake_mac mac = {0};
    if (v == NULL) {
        return STATUS_AUTH;
    }
    enum status st = kms_keys_derive(&r->keys, r->hdr.prf, v->u.v.auth_alg,
                                     octets_view(&r->psk), r->hdr.csb_id,
                                     octets_view(&r->rnd));
    if (st != STATUS_OK) {
        return st;
    }
    kms_mac(&mac, &r->keys, v->u.v.auth_alg);
    for (size_t i = 0; i < r->num_ids; i++) {
        kms_mac_id(&mac, octets_view(&r->ids[i]));
    }
    kms_mac_id(&mac, octets_view(&r->kms));
    st = mac_verify(&mac, msg);
    if (st == STATUS_AUTH) { /* AMB-18: with the timestamp */
        kms_mac_id(&mac, (struct view){r->t.value, r->t.len});
        st = mac_verify(&mac, msg);
        if (st == STATUS_OK) {
            log_at(r->cfg.log, LOG_NOTE, "deviation: V covers T, too");
        }
    }
    mem_wipe(&mac, sizeof mac);
    return st;
}

static int asked_for(const struct ibake_key_request *r, struct view id)
{
    for (size_t i = 0; i < r->num_ids; i++) {
        if (view_equal(octets_view(&r->ids[i]), id)) {
            return 1;
        }
    }
    return 0;
}

static void key_date(const struct ibake_key_request *r,
                     const struct mikey_msg *msg,
                     const struct mikey_kv_data *kv, char date[9])
{
    if (kv->kv == MIKEY_KV_INTERVAL && kv->from.len == 8) {
        utc_date(date, us_from_ntp(get_be(kv->from)));
    } else {
        log_at(r->cfg.log, LOG_NOTE, "deviation: K_PR without an interval");
        ibake_date_of(date, msg, r->cfg.env);
    }
}

static enum status add_key(struct ibake_key_request *r,
                           const struct mikey_msg *msg, struct view id,
                           const struct mikey_payload *key)
{
    char date[9];
    struct wr hashed;
    enum bf_reason reason = BF_REASON_NONE;
    key_date(r, msg, &key->u.key_data.kv, date);
    wr_init(&hashed);
    wr_bytes(&hashed, id.data, id.len);
    wr_bytes(&hashed, date, 8);
    enum status st = hashed.err;
    struct view h = {hashed.data, hashed.len};
    if (st == STATUS_OK) {
        st = ibake_keyring_add_private(r->cfg.keyring, h, key->u.key_data.key,
                                       &reason);
    }
    if (st == STATUS_OK) {
        tell(r, "IBE_PRIVATE", h, key->u.key_data.key);
    } else if (st != STATUS_NO_MEMORY) {
        log_at(r->cfg.log, LOG_NOTE, "the key of %.*s for %s: %s",
               (int)(id.len < 200 ? id.len : 200), (const char *)id.data, date,
               bf_reason_name(reason));
    }
    wr_cleanup(&hashed);
    return st;
}

static enum status take_keys(struct ibake_key_request *r,
                             const struct mikey_msg *msg, const struct wr *w,
                             size_t *out_num)
{
    struct mikey_chain c;
    struct view id = {0};
    enum status st =
        mikey_chain_decode(&c, MIKEY_PL_IDR, w->data, w->len, NULL);
    if (st != STATUS_OK) {
        return refuse(r, st, "the KEMAC does not parse");
    }
    for (size_t i = 0; i < c.num_payloads; i++) {
        const struct mikey_payload *pl = &c.payloads[i];
        if (pl->type == MIKEY_PL_IDR || pl->type == MIKEY_PL_ID) {
            id = pl->type == MIKEY_PL_ID ? pl->u.id.data : pl->u.idr.data;
            continue;
        }
        if (pl->type != MIKEY_PL_KEY_DATA ||
            pl->u.key_data.type != MIKEY_KEY_K_PR || !asked_for(r, id)) {
            log_at(r->cfg.log, LOG_NOTE, "deviation: a key not asked for");
            continue;
        }
        st = add_key(r, msg, id, pl);
        if (st != STATUS_OK) {
            return refuse(r, st, "a private key is not what it should be");
        }
        ++*out_num;
    }
    return STATUS_OK;
}

static enum status open_kemac(struct ibake_key_request *r,
                              const struct mikey_msg *msg, struct wr *plain)
{
    const struct mikey_payload *k = mikey_find(msg, MIKEY_PL_KEMAC);
    if (k == NULL) {
        return refuse(r, STATUS_NOT_FOUND, "no KEMAC");
    }
    if (k->u.kemac.mac_alg != 0) { /* V covers it */
        log_at(r->cfg.log, LOG_NOTE, "deviation: KEMAC with a MAC");
    }
    wr_bytes(plain, k->u.kemac.data.data, k->u.kemac.data.len);
    if (plain->err != STATUS_OK) {
        return plain->err;
    }
    if (k->u.kemac.encr_alg == 0) {
        log_at(r->cfg.log, LOG_NOTE, "deviation: KEMAC is not encrypted");
        return STATUS_OK;
    }
    if (k->u.kemac.encr_alg != 1) {
        return refuse(r, STATUS_UNSUPPORTED, "KEMAC under an unknown cipher");
    }
    return kdf_aes_cm(plain->data, plain->len,
                      (struct view){r->keys.encr, sizeof r->keys.encr},
                      r->keys.salt, r->hdr.csb_id, ts_number(&r->t));
}

enum status ibake_key_request_take(struct ibake_key_request *r,
                                   struct view octets, size_t *out_num)
{
    struct mikey_msg msg;
    struct wr plain;
    *out_num = 0;
    if (!r->made) {
        return STATUS_UNEXPECTED;
    }
    enum status st = mikey_decode(&msg, octets.data, octets.len, NULL);
    if (st != STATUS_OK) {
        return refuse(r, st, "does not parse");
    }
    st = check_response(r, &msg);
    if (st == STATUS_OK) {
        st = check_v(r, &msg);
        if (st == STATUS_AUTH && !(r->cfg.checks & IBAKE_CHECK_V)) {
            st = STATUS_OK;
        }
        if (st != STATUS_OK) {
            refuse(r, st, "V does not verify");
        }
    }
    if (st != STATUS_OK) {
        return st;
    }
    wr_init(&plain);
    st = open_kemac(r, &msg, &plain);
    if (st == STATUS_OK) {
        st = take_keys(r, &msg, &plain, out_num);
    }
    wr_cleanup(&plain);
    return st;
}
