/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The initiator: makes I_MESSAGE_1 and I_MESSAGE_2, takes R_MESSAGE_1 and
 * R_MESSAGE_2 (RFC 6267, 4.2.2.1, 4.2.2.4, 4.2.2.5, 4.2.2.8). */
#include "harness/ibake/ibake_int.h"

/* ---- I_MESSAGE_1 ---- */

static enum status choose_rand(struct ibake_session *s)
{
    uint8_t rnd[IBAKE_RAND_LEN];
    if (s->preset_rand.len != 0) {
        return octets_set(&s->rand1, octets_view(&s->preset_rand));
    }
    enum status st = env_random(s->cfg.env, rnd, sizeof rnd);
    return st != STATUS_OK
               ? st
               : octets_set(&s->rand1, (struct view){rnd, sizeof rnd});
}

static enum status choose_csb(struct ibake_session *s)
{
    uint8_t id[4];
    if (s->preset_csb.len != 0) {
        s->hdr.csb_id = (uint32_t)get_be(octets_view(&s->preset_csb));
        return STATUS_OK;
    }
    enum status st = env_random(s->cfg.env, id, sizeof id);
    s->hdr.csb_id = (uint32_t)get_be((struct view){id, sizeof id});
    return st;
}

static void choose_t(struct ibake_session *s, struct ibake_ts *t,
                     uint64_t after)
{
    *t = (struct ibake_ts){.type = MIKEY_TS_NTP_UTC, .len = 8};
    put_be(t->value, keyring_next_t(s->cfg.keyring, s->cfg.env, after), 8);
}

static enum status begin_exchange(struct ibake_session *s)
{
    int empty = s->cfg.profile.cs == IBAKE_CS_EMPTY;
    s->hdr = (struct mikey_hdr){.version = 1,
                                .v = 1,
                                .prf = s->cfg.profile.prf,
                                .num_cs = empty ? 1 : IBAKE_MAX_CS,
                                .map_type = empty ? MIKEY_MAP_EMPTY
                                                  : MIKEY_MAP_SRTP_ID};
    enum status st = choose_csb(s);
    if (st == STATUS_OK) {
        st = choose_rand(s);
    }
    if (st == STATUS_OK && s->preset_t1.len != 0) {
        s->t1 = (struct ibake_ts){.type = MIKEY_TS_NTP_UTC, .len = 8};
        memcpy(s->t1.value, s->preset_t1.data, 8);
    } else if (st == STATUS_OK) {
        choose_t(s, &s->t1, 0);
    }
    if (st == STATUS_OK) {
        st = session_write_map(s);
    }
    if (st == STATUS_OK && !s->have_key) {
        st = session_draw_key(s, s->cfg.profile.curve);
    }
    return st;
}

static void fill_i1(struct ibake_session *s, struct ibake_draft *d)
{
    struct view me = octets_view(&s->me);
    struct view called = octets_view(&s->called);
    draft_add_t(d, &s->t1);
    draft_add_rand(d, octets_view(&s->rand1));
    draft_add_idr(d, PART_OUTER, MIKEY_ROLE_INITIATOR, s->me_type, me);
    draft_add_idr(d, PART_OUTER, MIKEY_ROLE_RESPONDER, s->called_type, called);
    if (s->cfg.profile.cs == IBAKE_CS_SRTPID_SP) {
        draft_add_sp(d);
    }
    draft_add_part(d, PART_IBAKE, called);
    draft_add_idr(d, PART_IBAKE, MIKEY_ROLE_INITIATOR, s->me_type, me);
    draft_add_eccpt(d, PART_IBAKE, s->pub.curve,
                    (struct view){s->pub.octets, s->pub.len});
    draft_add_idr(d, PART_IBAKE, MIKEY_ROLE_RESPONDER, s->called_type, called);
}

/* What an edit made of the clear fields is what the exchange goes on with. */
static enum status adopt_i1(struct ibake_session *s, struct view octets)
{
    struct mikey_msg msg;
    if (mikey_decode(&msg, octets.data, octets.len, NULL) != STATUS_OK) {
        return STATUS_OK;
    }
    const struct mikey_payload *rnd = mikey_find(&msg, MIKEY_PL_RAND);
    s->hdr.csb_id = msg.hdr.csb_id;
    s->hdr.num_cs = msg.hdr.num_cs;
    s->hdr.map_type = msg.hdr.map_type;
    if (msg.hdr.prf <= KDF_PRF_HMAC_SHA_256) {
        s->hdr.prf = msg.hdr.prf;
    }
    if (mikey_find(&msg, MIKEY_PL_T) != NULL) {
        take_t(&msg, &s->t1);
    }
    enum status st = octets_set(&s->map, msg.hdr.map_info);
    s->hdr.map_info = octets_view(&s->map);
    if (st == STATUS_OK && rnd != NULL) {
        st = octets_set(&s->rand1, rnd->u.rnd.rand);
    }
    return st;
}

enum status ibake_make_i1(struct ibake_session *s, struct wr *out)
{
    if (s->role != IBAKE_INITIATOR) {
        return STATUS_MISUSE;
    }
    if (s->state != IBAKE_ST_NEW) {
        return session_fail(s, STATUS_UNEXPECTED,
                            "I_MESSAGE_1 was made before");
    }
    enum status st = begin_exchange(s);
    if (st != STATUS_OK) {
        return session_fail(s, st, "x, RAND or CSB ID cannot be drawn");
    }
    struct ibake_draft *d = session_draft(s, MIKEY_DT_I_MESSAGE_1);
    if (d == NULL) {
        return session_fail(s, STATUS_NO_MEMORY, "out of memory");
    }
    fill_i1(s, d);
    size_t at = out->len;
    st = session_finish(s, d, NULL, out);
    draft_free(d);
    if (st == STATUS_OK) {
        st = adopt_i1(s, wr_since(out, at));
    }
    if (st == STATUS_OK) {
        s->state = IBAKE_ST_I1;
    }
    return st;
}

/* ---- R_MESSAGE_1 ---- */

static enum status take_answer_ids(struct ibake_session *s,
                                   const struct mikey_msg *msg)
{
    const struct mikey_payload *i = mikey_find_idr(msg, MIKEY_ROLE_INITIATOR);
    const struct mikey_payload *r = mikey_find_idr(msg, MIKEY_ROLE_RESPONDER);
    if (i != NULL && !view_equal(i->u.idr.data, octets_view(&s->me)) &&
        session_fails(s, IBAKE_CHECK_INNER_IDS, "IDRi is not the one sent")) {
        return session_refuse(s, STATUS_MISMATCH, IBAKE_ERR_AUTH,
                              "IDRi is not the one sent");
    }
    if (s->state == IBAKE_ST_I1 && r != NULL) {
        s->peer_type = r->u.idr.type;
        enum status st = octets_set(&s->peer, r->u.idr.data);
        return st == STATUS_OK ? st
                               : session_refuse(s, st, IBAKE_ERR_UNSPECIFIED,
                                                "out of memory");
    }
    if (r != NULL && !view_equal(r->u.idr.data, octets_view(&s->peer)) &&
        session_fails(s, IBAKE_CHECK_INNER_IDS,
                      "IDRr is not that of R_MESSAGE_1")) {
        return session_refuse(s, STATUS_MISMATCH, IBAKE_ERR_AUTH,
                              "IDRr is not that of R_MESSAGE_1");
    }
    return STATUS_OK;
}

static enum status take_r1_points(struct ibake_session *s,
                                  const struct mikey_chain *c)
{
    const struct mikey_payload *xp = mikey_chain_eccpt(c, MIKEY_ROLE_INITIATOR);
    const struct mikey_payload *yp = mikey_chain_eccpt(c, MIKEY_ROLE_RESPONDER);
    enum status st =
        take_inner_id(s, c, MIKEY_ROLE_INITIATOR, octets_view(&s->me),
                      xp == NULL); /* AMB-20: the absence of ECCPTi decides */
    if (st == STATUS_OK) {
        st =
            take_inner_id(s, c, MIKEY_ROLE_RESPONDER, octets_view(&s->peer), 0);
    }
    if (st != STATUS_OK) {
        return st;
    }
    if (xp != NULL && !point_is(xp, &s->pub) &&
        session_fails(s, IBAKE_CHECK_XP, "ECCPTi is not the xP sent")) {
        return session_refuse(s, STATUS_MISMATCH, IBAKE_ERR_AUTH,
                              "ECCPTi of R_MESSAGE_1 is not the xP sent");
    }
    if (yp == NULL) {
        return session_refuse(s, STATUS_NOT_FOUND, IBAKE_ERR_UNSPECIFIED,
                              "no ECCPTr in R_MESSAGE_1");
    }
    s->form = xp != NULL ? IBAKE_FORM_NORMAL : IBAKE_FORM_DEFERRED;
    st = take_point(s, yp, &s->peer_point, &s->peer_point_good);
    if (st != STATUS_OK) {
        return st;
    }
    st = keys_agree(s);
    return st == STATUS_OK ? st
                           : session_refuse(s, st, IBAKE_ERR_DH,
                                            "[x][y]P cannot be computed");
}

enum status ibake_take_r1(struct ibake_session *s, struct view octets)
{
    struct mikey_msg msg;
    struct mikey_chain c;
    struct wr plain;
    if (s->role != IBAKE_INITIATOR) {
        return STATUS_MISUSE;
    }
    if (s->state != IBAKE_ST_I1) {
        return STATUS_UNEXPECTED;
    }
    enum status st = take_open(s, &msg, octets, MIKEY_DT_R_MESSAGE_1,
                               NEED_T | NEED_IDRI | NEED_IDRR | NEED_IBAKE);
    if (st == STATUS_OK) {
        st = take_hdr(s, &msg);
    }
    if (st == STATUS_OK) {
        st = take_t_echo(s, &msg, &s->t1);
    }
    if (st == STATUS_OK) {
        st = take_answer_ids(s, &msg);
    }
    if (st != STATUS_OK) {
        return st;
    }
    wr_init(&plain);
    st = take_ibake(s, &msg, octets_view(&s->me), &plain, &c);
    if (st == STATUS_OK) {
        st = take_r1_points(s, &c);
    }
    if (st == STATUS_OK) {
        st = session_take_map(s, &msg.hdr, 0);
    }
    if (st == STATUS_OK) {
        s->state = IBAKE_ST_R1;
    }
    wr_cleanup(&plain);
    return st;
}

/* ---- I_MESSAGE_2 ---- */

static enum status draw_ap(struct ibake_session *s, struct octets *out)
{
    struct ecdh_key a;
    enum status st = ecdh_generate(&a, s->pub.curve, s->cfg.env);
    if (st == STATUS_OK) {
        struct view ap = {a.pub.octets, a.pub.len};
        session_tell(s, "ECDH_PRIVATE", ap,
                     (struct view){a.scalar, a.scalar_len});
        st = octets_set(out, ap);
    }
    ecdh_key_wipe(&a);
    return st;
}

static enum status draw_sk(struct ibake_session *s, struct octets *out)
{
    uint8_t sk[IBAKE_KEY_LEN];
    size_t len = s->cfg.profile.sk == IBAKE_SKP_SRTP
                     ? sizeof(struct ibake_srtp_key)
                     : IBAKE_KEY_LEN;
    if (s->preset_sk.len != 0) {
        return octets_set(out, octets_view(&s->preset_sk));
    }
    if (s->cfg.profile.sk == IBAKE_SKP_CR) {
        return draw_ap(s, out);
    }
    enum status st = env_random(s->cfg.env, sk, len);
    if (st == STATUS_OK) {
        st = octets_set(out, (struct view){sk, len});
    }
    mem_wipe(sk, sizeof sk);
    return st;
}

static void fill_i2(struct ibake_session *s, struct ibake_draft *d,
                    const struct ibake_ts *t)
{
    struct view me = octets_view(&s->me);
    struct view peer = octets_view(&s->peer);
    draft_add_t(d, t);
    draft_add_rand(d, octets_view(&s->rand1));
    draft_add_idr(d, PART_OUTER, MIKEY_ROLE_INITIATOR, s->me_type, me);
    draft_add_idr(d, PART_OUTER, MIKEY_ROLE_RESPONDER, s->peer_type, peer);
    if (s->cfg.profile.cs == IBAKE_CS_SRTPID_SP) {
        draft_add_sp(d);
    }
    draft_add_part(d, PART_IBAKE, peer);
    draft_add_idr(d, PART_IBAKE, MIKEY_ROLE_INITIATOR, s->me_type, me);
    if (s->form == IBAKE_FORM_DEFERRED) {
        draft_add_eccpt(d, PART_IBAKE, s->pub.curve,
                        (struct view){s->pub.octets, s->pub.len});
    }
    draft_add_idr(d, PART_IBAKE, MIKEY_ROLE_RESPONDER, s->peer_type, peer);
    draft_add_eccpt(d, PART_IBAKE, s->pub.curve, octets_view(&s->peer_point));
}

static void fill_esk(struct ibake_session *s, struct ibake_draft *d,
                     struct view intended, struct view sk)
{
    draft_add_part(d, PART_ESK, intended);
    draft_add_idr(d, PART_ESK, MIKEY_ROLE_INITIATOR, s->me_type,
                  octets_view(&s->me));
    struct ibake_item *it = draft_add(d, PART_ESK, MIKEY_PL_SK);
    if (it != NULL) {
        it->pl.u.sk.type = 1;
        it->pl.u.sk.key = sk;
    }
}

/* The SK as an edit left it, under the digest of the ciphertext it is in. */
static enum status keep_sk(struct ibake_session *s, struct ibake_draft *d,
                           struct octets *sk)
{
    uint8_t digest[32];
    struct ibake_item *it = seq_find(&d->parts[PART_ESK].chain, MIKEY_PL_SK, 0);
    struct view cipher = d->parts[PART_ESK].cipher;
    if (it == NULL || it->form != ITEM_STRUCT || cipher.len == 0) {
        return STATUS_OK;
    }
    enum status st = octets_set(sk, it->pl.u.sk.key);
    if (st == STATUS_OK && sk->len != 0) {
        kdf_sha256(digest, cipher);
        session_tell(s, "SK", (struct view){digest, sizeof digest},
                     octets_view(sk));
    }
    return st;
}

static enum status adopt_i2(struct ibake_session *s, struct view octets)
{
    struct mikey_msg msg;
    enum status st = octets_set(&s->rand2, octets_view(&s->rand1));
    if (st == STATUS_OK) {
        st = octets_set(&s->i2, octets);
    }
    s->i2_has_esk = 0;
    s->i2_has_eccpti = s->form == IBAKE_FORM_DEFERRED;
    if (st != STATUS_OK ||
        mikey_decode(&msg, octets.data, octets.len, NULL) != STATUS_OK) {
        return st;
    }
    const struct mikey_payload *rnd = mikey_find(&msg, MIKEY_PL_RAND);
    s->i2_has_esk = mikey_find(&msg, MIKEY_PL_ESK) != NULL;
    if (mikey_find(&msg, MIKEY_PL_T) != NULL) {
        take_t(&msg, &s->t2);
    }
    return rnd != NULL ? octets_set(&s->rand2, rnd->u.rnd.rand) : st;
}

/* Builds the message. A second I_MESSAGE_2 after completion (a stimulus) leaves
 * the session's own values as they are. */
static enum status build_i2(struct ibake_session *s, struct view esk_for,
                            struct wr *out)
{
    struct octets sk = {0};
    struct ibake_ts t;
    size_t at = out->len;
    int again = s->state == IBAKE_ST_DONE;
    struct view last = again ? (struct view){s->t2.value, s->t2.len}
                             : (struct view){s->t1.value, s->t1.len};
    choose_t(s, &t, s->t1.type <= MIKEY_TS_NTP ? get_be(last) : 0);
    struct ibake_draft *d = session_draft(s, MIKEY_DT_I_MESSAGE_2);
    enum status st = d != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    if (st == STATUS_OK && esk_for.len != 0) {
        st = draw_sk(s, &sk);
    }
    if (st == STATUS_OK) {
        d->t2 = &t;
        fill_i2(s, d, &t);
        if (esk_for.len != 0) {
            fill_esk(s, d, esk_for, octets_view(&sk));
        }
        st = session_finish(s, d, NULL, out);
    }
    if (st == STATUS_OK && esk_for.len != 0) {
        st = keep_sk(s, d, again ? &sk : &s->sk);
    }
    draft_free(d);
    octets_free(&sk);
    if (st != STATUS_OK || again) {
        return st;
    }
    s->t2 = t;
    return adopt_i2(s, wr_since(out, at));
}

enum status ibake_make_i2(struct ibake_session *s, struct view intended,
                          int with_esk, struct wr *out)
{
    struct view esk_for = {0};
    if (s->role != IBAKE_INITIATOR) {
        return STATUS_MISUSE;
    }
    if (s->state != IBAKE_ST_R1 && s->state != IBAKE_ST_I2 &&
        s->state != IBAKE_ST_DONE) {
        return session_fail(s, STATUS_UNEXPECTED, "no R_MESSAGE_1 was taken");
    }
    if (s->form == IBAKE_FORM_DEFERRED) {
        esk_for = intended.len != 0 ? intended : octets_view(&s->called);
    } else if (with_esk) {
        esk_for = intended;
    }
    enum status st = build_i2(s, esk_for, out);
    if (st == STATUS_OK && s->state != IBAKE_ST_DONE) {
        st = keys_derive(s);
        s->state = st == STATUS_OK ? IBAKE_ST_I2 : s->state;
    }
    if (st != STATUS_OK && s->why[0] == '\0') {
        session_fail(s, st, "I_MESSAGE_2: %s", status_name(st));
    }
    return st;
}

/* ---- R_MESSAGE_2 ---- */

static enum status take_r2_ibake(struct ibake_session *s,
                                 const struct mikey_msg *msg)
{
    struct mikey_chain c;
    struct wr plain;
    if (mikey_find(msg, MIKEY_PL_IBAKE) == NULL) {
        if (s->i2_has_eccpti &&
            session_fails(s, IBAKE_CHECK_R2_IBAKE, "no IBAKE in R_MESSAGE_2")) {
            return session_refuse(s, STATUS_NOT_FOUND, IBAKE_ERR_AUTH,
                                  "no IBAKE in R_MESSAGE_2");
        }
        return STATUS_OK;
    }
    if (!s->i2_has_eccpti) {
        session_deviation(s, "IBAKE in a normal-form R_MESSAGE_2");
    }
    wr_init(&plain);
    enum status st = take_ibake(s, msg, octets_view(&s->me), &plain, &c);
    if (st == STATUS_OK) {
        st = take_inner_id(s, &c, MIKEY_ROLE_INITIATOR, octets_view(&s->me), 0);
    }
    if (st == STATUS_OK) {
        const struct mikey_payload *xp =
            mikey_chain_eccpt(&c, MIKEY_ROLE_INITIATOR);
        if ((xp == NULL || !point_is(xp, &s->pub)) &&
            session_fails(s, IBAKE_CHECK_XP, "ECCPTi is not the xP sent")) {
            st = session_refuse(s, STATUS_MISMATCH, IBAKE_ERR_AUTH,
                                "ECCPTi of R_MESSAGE_2 is not the xP sent");
        }
    }
    wr_cleanup(&plain);
    return st;
}

static enum status take_v(struct ibake_session *s, const struct mikey_msg *msg)
{
    enum status st = keys_verify_r2(s, msg);
    if (st == STATUS_OK ||
        (st != STATUS_NO_MEMORY &&
         !session_fails(s, IBAKE_CHECK_V, "V does not verify"))) {
        return STATUS_OK;
    }
    return session_refuse(
        s, st, st == STATUS_UNSUPPORTED ? IBAKE_ERR_MAC : IBAKE_ERR_AUTH,
        "V does not verify");
}

enum status ibake_take_r2(struct ibake_session *s, struct view octets)
{
    struct mikey_msg msg;
    if (s->role != IBAKE_INITIATOR) {
        return STATUS_MISUSE;
    }
    if (s->state != IBAKE_ST_I2) {
        return STATUS_UNEXPECTED;
    }
    unsigned need = NEED_T | (s->cfg.checks & IBAKE_CHECK_V ? NEED_V : 0);
    enum status st = take_open(s, &msg, octets, MIKEY_DT_R_MESSAGE_2, need);
    if (st == STATUS_OK) {
        st = take_hdr(s, &msg);
    }
    if (st == STATUS_OK) {
        st = take_t_echo(s, &msg, &s->t2);
    }
    if (st == STATUS_OK) {
        st = take_answer_ids(s, &msg);
    }
    if (st == STATUS_OK) {
        st = take_r2_ibake(s, &msg);
    }
    if (st == STATUS_OK) {
        st = take_v(s, &msg);
    }
    if (st == STATUS_OK) {
        session_done(s);
    }
    return st;
}
