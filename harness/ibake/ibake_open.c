/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* B opens a stored I_MESSAGE_2: ESK, SK, content key (RFC 6267, 6.1.2; specs
 * AMB-24, AMB-47). */
#include "harness/ibake/ibake_int.h"

static enum status note(const struct ibake_config *cfg, enum status st,
                        const char *what)
{
    log_at(cfg->log, LOG_NOTE, "stored I_MESSAGE_2: %s", what);
    return st;
}

static int check_off(const struct ibake_config *cfg, enum ibake_check check)
{
    return (cfg->checks & check) == 0;
}

/* The sender's identity: IDR, or plain ID (AMB-07). */
static enum status esk_sender(const struct mikey_chain *c, struct view *out)
{
    const struct mikey_payload *pl = &c->payloads[0];
    if (c->num_payloads == 0) {
        return STATUS_NOT_FOUND;
    }
    *out = pl->type == MIKEY_PL_ID    ? pl->u.id.data
           : pl->type == MIKEY_PL_IDR ? pl->u.idr.data
                                      : (struct view){0};
    return out->data != NULL ? STATUS_OK : STATUS_ORDER;
}

static const struct mikey_payload *find_sk(const struct mikey_chain *c)
{
    const struct mikey_payload *found = NULL;
    for (size_t i = 0; i < c->num_payloads; i++) {
        if (c->payloads[i].type == MIKEY_PL_SK) {
            if (found != NULL) {
                return NULL; /* which of the two? */
            }
            found = &c->payloads[i];
        }
    }
    return found;
}

static enum status put_identity(uint8_t out[256], size_t *out_len,
                                struct view id)
{
    if (id.len > 256) {
        return STATUS_NO_SPACE;
    }
    if (id.len != 0) {
        memcpy(out, id.data, id.len);
    }
    *out_len = id.len;
    return STATUS_OK;
}

static enum status open_chain(const struct ibake_config *cfg,
                              const struct mikey_msg *msg,
                              const struct mikey_chain *c, struct view *out_sk,
                              struct ibake_deposit *out)
{
    const struct mikey_payload *sk = find_sk(c);
    struct view sender = {0};
    int odd = 0;
    (void)msg;
    enum status st = esk_sender(c, &sender);
    if (st != STATUS_OK || sk == NULL) {
        return note(cfg, st != STATUS_OK ? st : STATUS_NOT_FOUND,
                    "the ESK holds no identity or no SK");
    }
    if (sk->u.sk.type != 1 && !check_off(cfg, IBAKE_CHECK_SK_TYPE)) {
        return note(cfg, STATUS_UNSUPPORTED, "SK of another type than 1");
    }
    st = sk_recognise(sk->u.sk.key, &out->sk_profile, &odd);
    if (st != STATUS_OK) {
        return note(cfg, st, "SK fits no profile");
    }
    if (odd || out->sk_profile != cfg->profile.sk) {
        note(cfg, STATUS_OK, "deviation: SK of another profile or length");
    }
    *out_sk = sk->u.sk.key;
    return put_identity(out->sender, &out->sender_len, sender);
}

static void tell_sk(const struct ibake_config *cfg, struct view encr,
                    struct view sk)
{
    uint8_t digest[32];
    kdf_sha256(digest, encr);
    if (cfg->secret != NULL) {
        cfg->secret(cfg->secret_ctx, "SK", (struct view){digest, sizeof digest},
                    sk);
    }
}

static enum status fill(const struct ibake_config *cfg,
                        const struct mikey_msg *msg,
                        const struct mikey_payload *esk, const struct wr *plain,
                        struct ibake_deposit *out)
{
    const struct mikey_payload *i = mikey_find_idr(msg, MIKEY_ROLE_INITIATOR);
    const struct mikey_payload *rnd = mikey_find(msg, MIKEY_PL_RAND);
    struct mikey_chain c;
    struct mikey_srtp_id id;
    struct view sk = {0};
    uint8_t type = 0;
    enum status st =
        mikey_chain_decode(&c, MIKEY_PL_IDR, plain->data, plain->len, NULL);
    if (st == STATUS_OK) {
        st = open_chain(cfg, msg, &c, &sk, out);
    }
    if (st != STATUS_OK) {
        return st;
    }
    tell_sk(cfg, esk->u.enc.data, sk);
    out->csb_id = msg->hdr.csb_id;
    if (mikey_srtp_id(&msg->hdr, 0, &id) == STATUS_OK) {
        out->ssrc = id.ssrc;
    }
    mikey_timestamp(msg, &type, &out->timestamp);
    if (i != NULL) {
        st = put_identity(out->idri, &out->idri_len, i->u.idr.data);
    }
    if (st == STATUS_OK && rnd == NULL && out->sk_profile != IBAKE_SKP_SRTP) {
        return note(cfg, STATUS_NOT_FOUND, "no RAND");
    }
    struct view r = rnd != NULL ? rnd->u.rnd.rand : (struct view){0};
    return st != STATUS_OK ? st
                           : content_key(&out->e2e, sk, msg->hdr.prf,
                                         msg->hdr.csb_id, 1, r);
}

enum status ibake_open_stored_i2(const struct ibake_config *cfg,
                                 struct view own, struct view i2,
                                 struct ibake_deposit *out)
{
    struct mikey_msg msg;
    struct wr plain;
    char date[9];
    int neighbour = 0;
    *out = (struct ibake_deposit){0};
    enum status st = mikey_decode(&msg, i2.data, i2.len, NULL);
    if (st != STATUS_OK) {
        return note(cfg, st, "does not parse");
    }
    if (msg.hdr.data_type != MIKEY_DT_I_MESSAGE_2 &&
        !check_off(cfg, IBAKE_CHECK_FORM)) {
        return note(cfg, STATUS_UNEXPECTED, "is another message");
    }
    const struct mikey_payload *esk = mikey_find(&msg, MIKEY_PL_ESK);
    if (esk == NULL) {
        return note(cfg, STATUS_NOT_FOUND, "has no ESK");
    }
    wr_init(&plain);
    st =
        take_decrypt(cfg, &msg, esk->u.enc.data, own, &plain, date, &neighbour);
    if (st == STATUS_OK) {
        if (neighbour) {
            note(cfg, st, "deviation: ESK under the key of a neighbouring day");
        }
        st = fill(cfg, &msg, esk, &plain, out);
    } else {
        note(cfg, st, status_name(st));
    }
    if (st != STATUS_OK) {
        mem_wipe(out, sizeof *out);
    }
    wr_cleanup(&plain);
    return st;
}
