/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The KMS's side of the key exchange, PSK variant (RFC 6267, 4.2.1.2, 4.2.1.3;
 * specs AMB-34 to AMB-36). */
#include "harness/ibake/ibake_kms.h"

#include <stdio.h>

struct answer {
    const struct ibake_config *cfg;
    const struct ibake_kms *kms;
    struct mikey_msg msg;
    const struct ibake_kms_user *user;
    struct kms_keys keys;
};

/* ---- checks of the request ---- */

static int is_user_id(const struct mikey_payload *pl)
{
    return pl->type == MIKEY_PL_IDR &&
           (pl->u.idr.role == MIKEY_ROLE_INITIATOR ||
            pl->u.idr.role == MIKEY_ROLE_RESPONDER);
}

static int text_is(const char *text, struct view v)
{
    return view_equal((struct view){(const uint8_t *)text, strlen(text)}, v);
}

static int serves(const struct ibake_kms_user *u, struct view id)
{
    for (const char *const *p = u->identities; *p != NULL; p++) {
        if (strcmp(*p, "*") == 0 || text_is(*p, id)) {
            return 1;
        }
    }
    return 0;
}

/* By IDRpsk; without it by the first identity asked for. */
static const struct ibake_kms_user *find_user(const struct answer *a)
{
    const struct mikey_payload *psk = mikey_find_idr(&a->msg, MIKEY_ROLE_PSK);
    const struct mikey_payload *first = NULL;
    for (size_t i = 0; i < a->msg.num_payloads && first == NULL; i++) {
        if (is_user_id(&a->msg.payloads[i])) {
            first = &a->msg.payloads[i];
        }
    }
    for (size_t i = 0; i < a->kms->num_users; i++) {
        const struct ibake_kms_user *u = &a->kms->users[i];
        if (psk != NULL
                ? text_is(u->psk_id, psk->u.idr.data)
                : first != NULL && (text_is(u->psk_id, first->u.idr.data) ||
                                    serves(u, first->u.idr.data))) {
            return u;
        }
    }
    return NULL;
}

static enum status check_form(const struct answer *a, uint8_t *alert)
{
    const struct mikey_hdr *h = &a->msg.hdr;
    const struct mikey_payload *t = mikey_find(&a->msg, MIKEY_PL_T);
    const struct mikey_payload *v = mikey_find(&a->msg, MIKEY_PL_V);
    const struct mikey_payload *kms = mikey_find_idr(&a->msg, MIKEY_ROLE_KMS);
    *alert = IBAKE_ERR_DT;
    if (h->data_type != MIKEY_DT_REQUEST_KEY_PSK) {
        return STATUS_UNSUPPORTED;
    }
    *alert = IBAKE_ERR_PRF;
    if (h->prf > KDF_PRF_HMAC_SHA_256) {
        return STATUS_UNSUPPORTED;
    }
    *alert = IBAKE_ERR_UNSPECIFIED;
    if ((h->num_cs != 0 || h->map_type != MIKEY_MAP_EMPTY) &&
        (a->cfg->checks & IBAKE_CHECK_HDR)) {
        return STATUS_BAD_VALUE;
    }
    if (t == NULL || mikey_find(&a->msg, MIKEY_PL_RAND) == NULL || v == NULL ||
        v != &a->msg.payloads[a->msg.num_payloads - 1]) {
        return STATUS_NOT_FOUND;
    }
    *alert = IBAKE_ERR_MAC;
    if (v->u.v.auth_alg != 1 && v->u.v.auth_alg != 2) {
        return STATUS_UNSUPPORTED;
    }
    *alert = IBAKE_ERR_ID;
    return kms != NULL && text_is(a->kms->identity, kms->u.idr.data)
               ? STATUS_OK
               : STATUS_MISMATCH;
}

static enum status check_mac(struct answer *a)
{
    struct ibake_mac mac = {0};
    const struct mikey_payload *v = mikey_find(&a->msg, MIKEY_PL_V);
    const struct mikey_payload *rnd = mikey_find(&a->msg, MIKEY_PL_RAND);
    enum status st =
        kms_keys_derive(&a->keys, a->msg.hdr.prf, v->u.v.auth_alg, a->user->psk,
                        a->msg.hdr.csb_id, rnd->u.rnd.rand);
    if (st != STATUS_OK) {
        return st;
    }
    kms_mac(&mac, &a->keys, v->u.v.auth_alg);
    for (size_t i = 0; i < a->msg.num_payloads; i++) {
        if (is_user_id(&a->msg.payloads[i])) {
            kms_mac_id(&mac, a->msg.payloads[i].u.idr.data);
        }
    }
    kms_mac_id(&mac, (struct view){(const uint8_t *)a->kms->identity,
                                   strlen(a->kms->identity)});
    st = mac_verify(&mac, &a->msg);
    mem_wipe(&mac, sizeof mac);
    return st;
}

static enum status check_asked(const struct answer *a)
{
    size_t num = 0;
    for (size_t i = 0; i < a->msg.num_payloads; i++) {
        const struct mikey_payload *pl = &a->msg.payloads[i];
        if (!is_user_id(pl)) {
            continue;
        }
        num++;
        if (!serves(a->user, pl->u.idr.data)) {
            return STATUS_PERMISSION;
        }
    }
    return num > 0 ? STATUS_OK : STATUS_NOT_FOUND;
}

/* RFC 3830, 5.3 order: clock, then who, then MAC, then replay. */
static enum status check_request(struct answer *a, uint8_t *alert)
{
    const struct ibake_config *cfg = a->cfg;
    uint8_t digest[32];
    enum status st = check_form(a, alert);
    if (st != STATUS_OK) {
        return st;
    }
    *alert = IBAKE_ERR_TS;
    st = skew_check(cfg, &a->msg);
    if (st != STATUS_OK && (cfg->checks & IBAKE_CHECK_SKEW)) {
        return st;
    }
    *alert = IBAKE_ERR_AUTH;
    a->user = find_user(a);
    if (a->user == NULL) {
        return STATUS_AUTH;
    }
    st = check_mac(a);
    if (st != STATUS_OK &&
        (st != STATUS_AUTH || (cfg->checks & IBAKE_CHECK_V))) {
        return st;
    }
    *alert = IBAKE_ERR_TS;
    kdf_sha256(digest, a->msg.raw);
    if (keyring_replayed(cfg->keyring, digest) &&
        (cfg->checks & IBAKE_CHECK_T)) {
        return STATUS_REPLAY;
    }
    *alert = IBAKE_ERR_ID;
    return check_asked(a);
}

/* ---- answers ---- */

static void copy_t(const struct answer *a, struct ibake_draft *d)
{
    struct ibake_item *it = draft_add(d, PART_OUTER, MIKEY_PL_T);
    const struct mikey_payload *t = mikey_find(&a->msg, MIKEY_PL_T);
    if (it != NULL && t != NULL) {
        it->pl.u.t = t->u.t;
    }
}

static struct ibake_draft *answer_draft(const struct answer *a, uint8_t type)
{
    struct ibake_draft *d = draft_new(a->cfg, type);
    if (d != NULL) {
        d->hdr = a->msg.hdr;
        d->hdr.data_type = type;
        d->hdr.v = 0;
        d->hdr.next_forced = 0;
        copy_t(a, d);
    }
    return d;
}

static enum status send_error(const struct answer *a, uint8_t alert,
                              struct wr *out)
{
    if (mikey_find(&a->msg, MIKEY_PL_T) == NULL) {
        return STATUS_OK; /* an Error message answers a T */
    }
    struct ibake_draft *d = answer_draft(a, MIKEY_DT_ERROR);
    if (d == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct ibake_item *it = draft_add(d, PART_OUTER, MIKEY_PL_ERR);
    if (it != NULL) {
        it->pl.u.err.error = alert;
    }
    enum status st = draft_finish(d, NULL, out);
    draft_free(d);
    return st;
}

/* First and last second of the day, as NTP-UTC (AMB-35). */
static enum status put_interval(struct ibake_draft *d, struct ibake_item *it,
                                const char *date)
{
    uint64_t us = 0;
    uint8_t *p = arena_alloc(&d->arena, 8);
    uint8_t *q = arena_alloc(&d->arena, 8);
    if (p == NULL || q == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (utc_parse(&us, date) != STATUS_OK) {
        return STATUS_SYNTAX;
    }
    put_be(p, ntp_from_us(us), 8);
    put_be(q, ntp_from_us(us + (uint64_t)86399 * 1000000), 8);
    it->pl.u.key_data.kv = (struct mikey_kv_data){
        .kv = MIKEY_KV_INTERVAL, .from = {p, 8}, .to = {q, 8}};
    return STATUS_OK;
}

static enum status extract(const struct answer *a, struct ibake_draft *d,
                           struct view id, const char *date, struct view *out)
{
    struct wr hashed;
    struct wr key;
    wr_init(&hashed);
    wr_init(&key);
    wr_bytes(&hashed, id.data, id.len);
    wr_bytes(&hashed, date, 8);
    enum status st = hashed.err;
    if (st == STATUS_OK) {
        st = bf_extract(a->kms->params, a->kms->master,
                        (struct view){hashed.data, hashed.len}, &key);
    }
    if (st == STATUS_OK) {
        st = key.err;
    }
    if (st == STATUS_OK) {
        *out = arena_copy(&d->arena, (struct view){key.data, key.len});
        st = out->data != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    wr_cleanup(&hashed);
    wr_cleanup(&key);
    return st;
}

static enum status add_key(const struct answer *a, struct ibake_draft *d,
                           const struct mikey_payload *idr, const char *date)
{
    struct view key = {0};
    if (strlen(date) != 8) {
        return STATUS_SYNTAX;
    }
    if (d->parts[PART_KEMAC].chain.num + 2 > MIKEY_MAX_PAYLOADS) {
        log_at(a->cfg->log, LOG_WARN, "no room for the key of %s", date);
        return STATUS_OK;
    }
    enum status st = extract(a, d, idr->u.idr.data, date, &key);
    if (st != STATUS_OK) {
        return st;
    }
    draft_add_idr(d, PART_KEMAC, idr->u.idr.role, idr->u.idr.type,
                  idr->u.idr.data);
    struct ibake_item *it = draft_add(d, PART_KEMAC, MIKEY_PL_KEY_DATA);
    if (it == NULL) {
        return STATUS_NO_SPACE;
    }
    it->pl.u.key_data.type = MIKEY_KEY_K_PR;
    it->pl.u.key_data.key = key;
    return put_interval(d, it, date);
}

static enum status fill_response(const struct answer *a, struct ibake_draft *d,
                                 struct ibake_mac *mac)
{
    struct view kms = {(const uint8_t *)a->kms->identity,
                       strlen(a->kms->identity)};
    struct ibake_ts t;
    enum status st = STATUS_OK;
    draft_add_part(d, PART_KEMAC, kms);
    struct ibake_item kemac = d->outer.items[--d->outer.num];
    for (size_t i = 0; i < a->msg.num_payloads && st == STATUS_OK; i++) {
        const struct mikey_payload *pl = &a->msg.payloads[i];
        if (!is_user_id(pl)) {
            continue;
        }
        draft_add_idr(d, PART_OUTER, pl->u.idr.role, pl->u.idr.type,
                      pl->u.idr.data);
        kms_mac_id(mac, pl->u.idr.data);
        for (size_t j = 0; a->kms->dates[j] != NULL && st == STATUS_OK; j++) {
            st = add_key(a, d, pl, a->kms->dates[j]);
        }
    }
    draft_add_idr(d, PART_OUTER, MIKEY_ROLE_KMS, a->cfg->profile.id_type, kms);
    kms_mac_id(mac, kms);
    struct ibake_item *it = draft_add(d, PART_OUTER, MIKEY_PL_KEMAC);
    if (it != NULL) {
        *it = kemac;
    }
    memcpy(d->encr_key, a->keys.encr, sizeof d->encr_key);
    memcpy(d->salt_key, a->keys.salt, sizeof d->salt_key);
    d->kemac_csb = a->msg.hdr.csb_id;
    take_t(&a->msg, &t);
    d->kemac_t = ts_number(&t);
    return st;
}

static enum status send_response(const struct answer *a, struct wr *out)
{
    struct ibake_mac mac = {0};
    const struct mikey_payload *v = mikey_find(&a->msg, MIKEY_PL_V);
    struct ibake_draft *d = answer_draft(a, MIKEY_DT_REQUEST_KEY_RESP);
    if (d == NULL) {
        return STATUS_NO_MEMORY;
    }
    kms_mac(&mac, &a->keys, v->u.v.auth_alg);
    enum status st = fill_response(a, d, &mac);
    if (st == STATUS_OK) {
        st = draft_finish(d, &mac, out);
    }
    if (st != STATUS_OK) {
        log_at(a->cfg->log, LOG_WARN, "REQUEST_KEY_RESP: %s %s",
               status_name(st), d->why);
    }
    draft_free(d);
    mem_wipe(&mac, sizeof mac);
    return st;
}

enum status ibake_kms_answer(const struct ibake_config *cfg,
                             const struct ibake_kms *kms, struct view request,
                             struct wr *out)
{
    struct answer a = {.cfg = cfg, .kms = kms};
    uint8_t alert = IBAKE_ERR_UNSPECIFIED;
    enum status st = mikey_decode(&a.msg, request.data, request.len, NULL);
    if (st != STATUS_OK) {
        log_at(cfg->log, LOG_NOTE, "a key request does not parse");
        return st;
    }
    st = kms_rules(&a.msg);
    if (st == STATUS_OK) {
        st = check_request(&a, &alert);
    }
    if (st == STATUS_OK) {
        st = send_response(&a, out);
    } else {
        log_at(cfg->log, LOG_NOTE, "a key request is refused: %s",
               status_name(st));
        /* A replayed request gets nothing at all (AMB-34). */
        enum status sent = st == STATUS_REPLAY || st == STATUS_NO_MEMORY
                               ? STATUS_OK
                               : send_error(&a, alert, out);
        st = sent == STATUS_NO_MEMORY ? sent : st;
    }
    mem_wipe(&a.keys, sizeof a.keys);
    return st;
}
