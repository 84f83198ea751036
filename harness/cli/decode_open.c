/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Opens IBAKE, ESK and KEMAC payloads with a key log, for showing. Nothing here
 * is a verdict: it tries what might fit and says what did. */
#include "harness/cli/decode.h"

#include "harness/base/env.h"
#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/crypto/kdf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_ID_SHOWN 200

static __attribute__((format(printf, 2, 3))) void say(struct decode_inside *in,
                                                      const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(in->how, sizeof in->how, fmt, ap);
    va_end(ap);
    decode_tidy(in->how); /* identities are the peer's octets */
}

/* How much of an identity a line shows. */
static int id_len(struct view id)
{
    return id.len < MAX_ID_SHOWN ? (int)id.len : MAX_ID_SHOWN;
}

static int same(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static struct view idr_data(const struct mikey_msg *msg, uint8_t role)
{
    const struct mikey_payload *pl = mikey_find_idr(msg, role);
    return pl != NULL ? pl->u.idr.data : (struct view){0};
}

/* ---- IBE ---- */

/* One attempt at a ciphertext: with whose key, of which day. */
struct attempt {
    const struct decode_keys *keys;
    struct view encr;
    struct decode_inside *in;
};

/* Tries one key; STATUS_OK, STATUS_NO_KEY or STATUS_DECRYPT with the reason in
 * in->how if nothing stands there yet. */
static enum status try_key(const struct attempt *a, const struct bf_key *key,
                           struct view identity, const char *date)
{
    enum bf_reason reason = BF_REASON_NONE;
    int quiet = a->in->how[0] != '\0';
    if (key == NULL) {
        if (!quiet) {
            say(a->in, "closed: %s", keylog_why(a->keys->log));
        }
        return STATUS_NO_KEY;
    }
    if (bf_decrypt(key, a->encr.data, a->encr.len, &a->in->plain, &reason) ==
        STATUS_OK) {
        say(a->in, "opened with the private key of %.*s for %s",
            id_len(identity), (const char *)identity.data, date);
        return STATUS_OK;
    }
    if (!quiet) {
        say(a->in,
            "closed: the private key of %.*s for %s does not open it "
            "(%s)",
            id_len(identity), (const char *)identity.data, date,
            bf_reason_name(reason));
    }
    return STATUS_DECRYPT;
}

static enum status try_identity(const struct attempt *a, struct view identity,
                                const char *date)
{
    if (identity.len == 0 || date[0] == '\0') {
        return STATUS_NO_KEY;
    }
    return try_key(a, keylog_private(a->keys->log, identity, date), identity,
                   date);
}

/* Every private key of the log, whoever it is for. */
static enum status try_all(const struct attempt *a)
{
    struct keylog *log = a->keys->log;
    size_t num = keylog_num(log, KEYLOG_IBE_PRIVATE);
    for (size_t i = 0; i < num; i++) {
        struct view hashed = keylog_at(log, KEYLOG_IBE_PRIVATE, i)->lookup;
        char date[9] = "";
        if (hashed.len <= 8) {
            continue;
        }
        struct view identity = {hashed.data, hashed.len - 8};
        memcpy(date, hashed.data + identity.len, 8);
        if (try_key(a, keylog_private_for(log, identity, hashed), identity,
                    date) == STATUS_OK) {
            return STATUS_OK;
        }
    }
    return STATUS_NO_KEY;
}

/* The day before (-1), of (0) or after (1) the message's T, as the key names it
 * (AMB-04); "" if T is no time. */
static void date_near(char out[9], const struct mikey_msg *msg, int days)
{
    uint8_t type;
    uint64_t ntp;
    out[0] = '\0';
    if (mikey_timestamp(msg, &type, &ntp) == STATUS_OK &&
        type != MIKEY_TS_COUNTER) {
        uint64_t us = us_from_ntp(ntp);
        int64_t shift = (int64_t)days * 86400 * 1000000;
        utc_date(out, (uint64_t)((int64_t)us + shift));
    }
}

/* Tries identities in turn with the day of T and its neighbours. */
static enum status try_list(const struct attempt *a,
                            const struct mikey_msg *msg, const struct view *ids,
                            size_t num)
{
    static const int days[] = {0, -1, 1};
    for (size_t d = 0; d < sizeof days / sizeof *days; d++) {
        char date[9];
        date_near(date, msg, days[d]);
        for (size_t i = 0; i < num; i++) {
            if (try_identity(a, ids[i], date) == STATUS_OK) {
                return STATUS_OK;
            }
        }
    }
    return STATUS_NO_KEY;
}

#define MAX_IDS 24

static void add_id(struct view *ids, size_t *num, struct view id)
{
    for (size_t i = 0; i < *num; i++) {
        if (same(ids[i], id)) {
            return;
        }
    }
    if (id.len > 0 && *num < MAX_IDS) {
        ids[(*num)++] = id;
    }
}

/* Whose key opens it: IBAKE the receiver's; ESK of I_MESSAGE_2 the one whom
 * I_MESSAGE_1 called (RFC 6267, 4.2.2.5), who may stand in another message of
 * the set or be given. */
static size_t ibe_identities(const struct decode_keys *keys,
                             const struct decode_item *item, uint8_t type,
                             struct view ids[MAX_IDS])
{
    const struct mikey_msg *msg = &item->msg;
    uint8_t dt = msg->hdr.data_type;
    size_t num = 0;
    if (type == MIKEY_PL_ESK && dt == MIKEY_DT_I_MESSAGE_2) {
        for (size_t i = 0; i < keys->set->num; i++) {
            const struct mikey_msg *m = &keys->set->items[i]->msg;
            if (m->hdr.data_type == MIKEY_DT_I_MESSAGE_1 &&
                m->hdr.csb_id == msg->hdr.csb_id) {
                add_id(ids, &num, idr_data(m, MIKEY_ROLE_RESPONDER));
            }
        }
    } else {
        int to_i = dt == MIKEY_DT_R_MESSAGE_1 || dt == MIKEY_DT_R_MESSAGE_2;
        add_id(
            ids, &num,
            idr_data(msg, to_i ? MIKEY_ROLE_INITIATOR : MIKEY_ROLE_RESPONDER));
    }
    for (size_t i = 0; i < keys->num_identities; i++) {
        add_id(ids, &num,
               (struct view){(const uint8_t *)keys->identities[i],
                             strlen(keys->identities[i])});
    }
    return num;
}

static void say_sk(const struct decode_keys *keys, struct view encr,
                   struct decode_inside *in)
{
    uint8_t hash[32];
    struct view sk;
    kdf_sha256(hash, encr);
    if (keylog_find(keys->log, KEYLOG_SK, (struct view){hash, sizeof hash},
                    &sk) == STATUS_OK &&
        sk.len <= 64) {
        char hex[129];
        hex_encode(hex, sk.data, sk.len);
        say(in, "closed, but the key log gives its SK: %s", hex);
    }
}

static void open_ibe(const struct decode_keys *keys,
                     const struct decode_item *item,
                     const struct mikey_payload *pl, struct decode_inside *in)
{
    const struct attempt a = {keys, pl->u.enc.data, in};
    struct view ids[MAX_IDS];
    size_t num = ibe_identities(keys, item, pl->type, ids);
    if (try_list(&a, &item->msg, ids, num) == STATUS_OK ||
        try_all(&a) == STATUS_OK) {
        in->opened = 1;
        in->status = mikey_chain_decode(
            &in->chain, MIKEY_PL_IDR, in->plain.data, in->plain.len, &in->err);
        return;
    }
    if (in->how[0] == '\0') {
        say(in, "closed: nobody to try; give the message that called the "
                "recipient too, or --for IDENTITY");
    }
    if (pl->type == MIKEY_PL_ESK) {
        say_sk(keys, pl->u.enc.data, in);
    }
}

/* ---- KEMAC ---- */

static struct view find_rand(const struct decode_keys *keys,
                             const struct mikey_msg *msg)
{
    const struct mikey_payload *pl = mikey_find(msg, MIKEY_PL_RAND);
    for (size_t i = 0; pl == NULL && i < keys->set->num; i++) {
        const struct mikey_msg *m = &keys->set->items[i]->msg;
        if (m->hdr.csb_id == msg->hdr.csb_id) {
            pl = mikey_find(m, MIKEY_PL_RAND);
        }
    }
    return pl != NULL ? pl->u.rnd.rand : (struct view){0};
}

/* What the sub-payloads may begin with: it is not signalled (RFC 3830, 6.2). */
static enum status kemac_chain(const struct decode_item *item,
                               struct decode_inside *in)
{
    static const uint8_t firsts[] = {MIKEY_PL_KEY_DATA, MIKEY_PL_IDR,
                                     MIKEY_PL_ID};
    size_t n = sizeof firsts / sizeof *firsts;
    size_t start = item->msg.hdr.data_type == MIKEY_DT_REQUEST_KEY_RESP ? 1
                   : item->msg.hdr.data_type == MIKEY_DT_PKE_INIT       ? 2
                                                                        : 0;
    for (size_t i = 0; i < n; i++) {
        struct mikey_error err;
        enum status s = mikey_chain_decode(&in->chain, firsts[(start + i) % n],
                                           in->plain.data, in->plain.len, &err);
        if (s == STATUS_OK || i == 0) {
            in->err = err;
            in->status = s;
        }
        if (s == STATUS_OK) {
            return STATUS_OK;
        }
    }
    in->chain.num_payloads = 0;
    return in->status;
}

static enum status kemac_decrypt(const struct decode_item *item,
                                 const struct mikey_payload *pl,
                                 struct view psk, struct view rnd,
                                 struct wr *plain)
{
    const struct mikey_hdr *h = &item->msg.hdr;
    uint8_t alg = pl->u.kemac.encr_alg;
    size_t key_len = alg == 3 ? 32 : 16;
    size_t salt_len = alg == 2 ? 8 : 14;
    uint8_t key[32];
    uint8_t salt[14];
    uint8_t type = 0;
    uint64_t t = 0;
    mikey_timestamp(&item->msg, &type, &t);
    if (alg > 3) {
        return STATUS_UNSUPPORTED;
    }
    enum status s = kdf_derive(key, key_len, h->prf, psk, KDF_MSG_ENCR, 0xff,
                               h->csb_id, rnd);
    if (s == STATUS_OK) {
        s = kdf_derive(salt, salt_len, h->prf, psk, KDF_MSG_SALT, 0xff,
                       h->csb_id, rnd);
    }
    if (s == STATUS_OK && alg == 2) {
        s = kdf_aes_kw_unwrap_salt(plain, (struct view){key, key_len}, salt,
                                   pl->u.kemac.data);
    } else if (s == STATUS_OK) {
        wr_bytes(plain, pl->u.kemac.data.data, pl->u.kemac.data.len);
        s = plain->err != STATUS_OK
                ? plain->err
                : kdf_aes_cm(plain->data, plain->len,
                             (struct view){key, key_len}, salt, h->csb_id, t);
    }
    mem_wipe(key, sizeof key);
    mem_wipe(salt, sizeof salt);
    return s;
}

/* Key transport ciphers have no check of their own here: a key fits if what
 * comes out reads as a chain. */
static int try_psk(const struct decode_item *item,
                   const struct mikey_payload *pl,
                   const struct keylog_entry *psk, struct view rnd,
                   struct decode_inside *in)
{
    wr_cleanup(&in->plain);
    if (kemac_decrypt(item, pl, psk->secret, rnd, &in->plain) == STATUS_OK &&
        kemac_chain(item, in) == STATUS_OK) {
        say(in, "decrypts with the PSK of %.*s to what reads as keys",
            id_len(psk->lookup), (const char *)psk->lookup.data);
        in->opened = 1;
    }
    return in->opened;
}

static void open_kemac(const struct decode_keys *keys,
                       const struct decode_item *item,
                       const struct mikey_payload *pl, struct decode_inside *in)
{
    struct view rnd = find_rand(keys, &item->msg);
    size_t num = keylog_num(keys->log, KEYLOG_PSK);
    if (pl->u.kemac.encr_alg > 3) {
        say(in, "closed: Encr alg %u is unknown", pl->u.kemac.encr_alg);
    } else if (rnd.len == 0) {
        say(in, "closed: its keys need the RAND of the request; give that "
                "message too");
    } else if (num == 0) {
        say(in, "closed: the key log has no PSK");
    } else {
        for (size_t i = 0; i < num; i++) {
            if (try_psk(item, pl, keylog_at(keys->log, KEYLOG_PSK, i), rnd,
                        in)) {
                return;
            }
        }
        say(in, "closed: no PSK of the key log opens it");
    }
}

static void open_null(const struct decode_item *item,
                      const struct mikey_payload *pl, struct decode_inside *in)
{
    wr_bytes(&in->plain, pl->u.kemac.data.data, pl->u.kemac.data.len);
    in->opened = 1;
    kemac_chain(item, in);
    say(in, "not encrypted (Encr alg NULL)");
}

int decode_open(const struct decode_keys *keys, const struct decode_item *item,
                const struct mikey_payload *pl, struct decode_inside *out)
{
    int kemac = pl->type == MIKEY_PL_KEMAC && pl->u.kemac.data.len > 0;
    int ibe = pl->type == MIKEY_PL_IBAKE || pl->type == MIKEY_PL_ESK;
    wr_init(&out->plain);
    out->how[0] = '\0';
    out->opened = 0;
    out->status = STATUS_OK;
    out->err = (struct mikey_error){0};
    out->chain.num_payloads = 0;
    if (kemac && pl->u.kemac.encr_alg == 0) {
        open_null(item, pl, out);
    } else if (keys->log != NULL && kemac) {
        open_kemac(keys, item, pl, out);
    } else if (keys->log != NULL && ibe) {
        open_ibe(keys, item, pl, out);
    } else {
        return 0;
    }
    return 1;
}

void decode_inside_cleanup(struct decode_inside *in)
{
    wr_cleanup(&in->plain); /* wipes */
}
