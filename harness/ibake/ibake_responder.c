/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The responder (user or mailbox): takes I_MESSAGE_1 and I_MESSAGE_2, makes
 * R_MESSAGE_1 and R_MESSAGE_2 (RFC 6267, 4.2.2.2, 4.2.2.3, 4.2.2.6, 4.2.2.7).
 */
#include "harness/ibake/ibake_int.h"

/* ---- I_MESSAGE_1 ---- */

static enum status no_memory(struct ibake_session *s)
{
    return session_refuse(s, STATUS_NO_MEMORY, IBAKE_ERR_UNSPECIFIED,
                          "out of memory");
}

/* The identity to answer under: the one called if it is ours, else the first of
 * ours (a mailbox; a device under its unique identity, RFC 6267, 3.1). */
static enum status choose_me(struct ibake_session *s)
{
    for (size_t i = 0; i < s->num_own; i++) {
        if (view_equal(octets_view(&s->own[i]), octets_view(&s->called))) {
            return octets_set(&s->me, octets_view(&s->called));
        }
    }
    return STATUS_OK;
}

/* HDR, T, RAND and identities of the message that opens the exchange. */
static enum status adopt_opening(struct ibake_session *s,
                                 const struct mikey_msg *msg)
{
    const struct mikey_payload *i = mikey_find_idr(msg, MIKEY_ROLE_INITIATOR);
    const struct mikey_payload *r = mikey_find_idr(msg, MIKEY_ROLE_RESPONDER);
    const struct mikey_payload *rnd = mikey_find(msg, MIKEY_PL_RAND);
    if (msg->hdr.prf > KDF_PRF_HMAC_SHA_256) {
        return session_refuse(s, STATUS_UNSUPPORTED, IBAKE_ERR_PRF,
                              "PRF func %u is not supported", msg->hdr.prf);
    }
    s->hdr = msg->hdr;
    s->hdr.version = 1;
    s->hdr.next_forced = 0;
    s->peer_type = i->u.idr.type;
    s->called_type = r->u.idr.type;
    if (octets_set(&s->peer, i->u.idr.data) != STATUS_OK ||
        octets_set(&s->called, r->u.idr.data) != STATUS_OK ||
        octets_set(&s->rand1, rnd->u.rnd.rand) != STATUS_OK ||
        choose_me(s) != STATUS_OK) {
        s->hdr.map_info = (struct view){0};
        return no_memory(s);
    }
    return session_take_map(s, &msg->hdr, 1);
}

static enum status take_i1_plain(struct ibake_session *s,
                                 const struct wr *plain)
{
    struct mikey_chain c;
    enum status st = take_chain(s, &c, plain);
    if (st == STATUS_OK) {
        st = take_inner_id(s, &c, MIKEY_ROLE_INITIATOR, octets_view(&s->peer),
                           0);
    }
    if (st == STATUS_OK) {
        st = take_inner_id(s, &c, MIKEY_ROLE_RESPONDER, octets_view(&s->called),
                           0);
    }
    if (st != STATUS_OK) {
        return st;
    }
    const struct mikey_payload *xp =
        mikey_chain_eccpt(&c, MIKEY_ROLE_INITIATOR);
    if (xp == NULL) {
        return session_refuse(s, STATUS_NOT_FOUND, IBAKE_ERR_UNSPECIFIED,
                              "no ECCPTi in I_MESSAGE_1");
    }
    s->form = IBAKE_FORM_NORMAL;
    s->peer_curve = xp->u.eccpt.curve;
    return take_point(s, xp, &s->peer_point, &s->peer_point_good);
}

static enum status take_i1_ibake(struct ibake_session *s,
                                 const struct mikey_msg *msg)
{
    const struct mikey_payload *ib = mikey_find(msg, MIKEY_PL_IBAKE);
    struct wr plain;
    char date[9];
    int neighbour = 0;
    wr_init(&plain);
    enum status st =
        take_decrypt(&s->cfg, msg, ib->u.enc.data, octets_view(&s->called),
                     &plain, date, &neighbour);
    if (st == STATUS_NO_KEY || st == STATUS_DECRYPT) {
        /* AMB-46: not for us. R_MESSAGE_1 says so. */
        s->form = IBAKE_FORM_DEFERRED;
        s->peer_curve = s->cfg.profile.curve;
        st = STATUS_OK;
    } else if (st != STATUS_OK) {
        st = no_memory(s);
    } else {
        if (neighbour) {
            session_deviation(s, "IBAKE under the key of %s", date);
        }
        st = take_i1_plain(s, &plain);
    }
    wr_cleanup(&plain);
    return st;
}

enum status ibake_take_i1(struct ibake_session *s, struct view octets)
{
    struct mikey_msg msg;
    if (s->role != IBAKE_RESPONDER) {
        return STATUS_MISUSE;
    }
    if (s->state != IBAKE_ST_NEW) {
        return STATUS_UNEXPECTED;
    }
    enum status st =
        take_open(s, &msg, octets, MIKEY_DT_I_MESSAGE_1,
                  NEED_T | NEED_RAND | NEED_IDRI | NEED_IDRR | NEED_IBAKE);
    if (st == STATUS_OK) {
        st = take_t_fresh(s, &msg, &s->t1);
    }
    if (st == STATUS_OK) {
        st = adopt_opening(s, &msg);
    }
    if (st == STATUS_OK) {
        st = take_i1_ibake(s, &msg);
    }
    if (st == STATUS_OK) {
        s->state = IBAKE_ST_I1;
    }
    return st;
}

/* ---- R_MESSAGE_1 ---- */

static void fill_r1(struct ibake_session *s, struct ibake_draft *d)
{
    struct view me = octets_view(&s->me);
    struct view peer = octets_view(&s->peer);
    int normal = s->form == IBAKE_FORM_NORMAL;
    draft_add_t(d, &s->t1);
    draft_add_idr(d, PART_OUTER, MIKEY_ROLE_INITIATOR, s->peer_type, peer);
    draft_add_idr(d, PART_OUTER, MIKEY_ROLE_RESPONDER, s->me_type, me);
    draft_add_part(d, PART_IBAKE, peer);
    if (normal || s->cfg.profile.r1_inner_id) {
        draft_add_idr(d, PART_IBAKE, MIKEY_ROLE_INITIATOR, s->peer_type, peer);
    }
    if (normal) {
        draft_add_eccpt(d, PART_IBAKE, s->pub.curve,
                        octets_view(&s->peer_point));
    }
    draft_add_idr(d, PART_IBAKE, MIKEY_ROLE_RESPONDER, s->me_type, me);
    draft_add_eccpt(d, PART_IBAKE, s->pub.curve,
                    (struct view){s->pub.octets, s->pub.len});
}

enum status ibake_make_r1(struct ibake_session *s, struct wr *out)
{
    if (s->role != IBAKE_RESPONDER) {
        return STATUS_MISUSE;
    }
    if (s->state != IBAKE_ST_I1) {
        return session_fail(s, STATUS_UNEXPECTED, "no I_MESSAGE_1 was taken");
    }
    enum status st = STATUS_OK;
    if (!s->have_key) {
        st = session_draw_key(s, s->peer_curve);
    }
    if (st == STATUS_OK && s->form == IBAKE_FORM_NORMAL) {
        st = keys_agree(s);
    }
    if (st == STATUS_OK) {
        st = session_write_map(s);
    }
    if (st != STATUS_OK) {
        return session_fail(s, st, "y cannot be drawn or used: %s",
                            status_name(st));
    }
    struct ibake_draft *d = session_draft(s, MIKEY_DT_R_MESSAGE_1);
    if (d == NULL) {
        return session_fail(s, STATUS_NO_MEMORY, "out of memory");
    }
    fill_r1(s, d);
    st = session_finish(s, d, NULL, out);
    draft_free(d);
    if (st == STATUS_OK) {
        s->state = IBAKE_ST_R1;
    }
    return st;
}

/* ---- I_MESSAGE_2 ---- */

/* A party whose check of the moment is off goes along with an I_MESSAGE_2 out
 * of the blue. */
static enum status open_without_i1(struct ibake_session *s,
                                   const struct mikey_msg *msg)
{
    enum status st = adopt_opening(s, msg);
    s->form = IBAKE_FORM_DEFERRED;
    if (st == STATUS_OK) {
        st = session_draw_key(s, s->cfg.profile.curve);
    }
    return st;
}

static enum status check_moment(struct ibake_session *s,
                                const struct mikey_msg *msg)
{
    if (s->state == IBAKE_ST_R1) {
        return STATUS_OK;
    }
    if (s->state == IBAKE_ST_I2 || s->state == IBAKE_ST_DONE) {
        return session_fails(s, IBAKE_CHECK_SECOND_I2, "a second I_MESSAGE_2")
                   ? session_refuse(s, STATUS_UNEXPECTED, IBAKE_ERR_UNSPECIFIED,
                                    "a second I_MESSAGE_2")
                   : STATUS_OK;
    }
    if (session_fails(s, IBAKE_CHECK_FORM, "I_MESSAGE_2 before R_MESSAGE_1")) {
        return session_refuse(s, STATUS_UNEXPECTED, IBAKE_ERR_UNSPECIFIED,
                              "I_MESSAGE_2 before R_MESSAGE_1");
    }
    return s->have_key ? STATUS_OK : open_without_i1(s, msg);
}

static enum status check_outer_ids(struct ibake_session *s,
                                   const struct mikey_msg *msg)
{
    const struct mikey_payload *i = mikey_find_idr(msg, MIKEY_ROLE_INITIATOR);
    const struct mikey_payload *r = mikey_find_idr(msg, MIKEY_ROLE_RESPONDER);
    if (!view_equal(i->u.idr.data, octets_view(&s->peer)) &&
        session_fails(s, IBAKE_CHECK_SAME_IDI,
                      "IDRi is not that of I_MESSAGE_1")) {
        return session_refuse(s, STATUS_MISMATCH, IBAKE_ERR_AUTH,
                              "IDRi is not that of I_MESSAGE_1");
    }
    if (!view_equal(r->u.idr.data, octets_view(&s->me)) &&
        session_fails(s, IBAKE_CHECK_IDR_OWN, "IDRr is not our own")) {
        return session_refuse(s, STATUS_MISMATCH, IBAKE_ERR_ID,
                              "IDRr is not the identity that answered");
    }
    return STATUS_OK;
}

/* AMB-45: an ECCPTi that R_MESSAGE_1 carried already must be xP. */
static enum status check_repeated_xp(struct ibake_session *s,
                                     const struct mikey_payload *xp)
{
    struct octets p = {0};
    int good = 0;
    enum status st = take_point(s, xp, &p, &good);
    int same = view_equal(octets_view(&p), octets_view(&s->peer_point));
    octets_free(&p);
    if (st != STATUS_OK) {
        return st;
    }
    session_deviation(s, "ECCPTi in a normal-form I_MESSAGE_2");
    if (!same && session_fails(s, IBAKE_CHECK_XP, "ECCPTi is not xP")) {
        return session_refuse(s, STATUS_MISMATCH, IBAKE_ERR_AUTH,
                              "ECCPTi is not that of I_MESSAGE_1");
    }
    return STATUS_OK;
}

/* Without xP there is no session key; a party that does not look for it goes on
 * with its own point in its place. */
static enum status miss_xp(struct ibake_session *s)
{
    if (session_fails(s, IBAKE_CHECK_ECCPTI_PRESENT, "no ECCPTi")) {
        return session_refuse(s, STATUS_NOT_FOUND, IBAKE_ERR_UNSPECIFIED,
                              "no ECCPTi in a deferred-form I_MESSAGE_2");
    }
    s->peer_point_good = 0;
    return octets_set(&s->peer_point, (struct view){s->pub.octets, s->pub.len});
}

static enum status take_i2_points(struct ibake_session *s,
                                  const struct mikey_chain *c, int fresh)
{
    const struct mikey_payload *xp = mikey_chain_eccpt(c, MIKEY_ROLE_INITIATOR);
    const struct mikey_payload *yp = mikey_chain_eccpt(c, MIKEY_ROLE_RESPONDER);
    if (!fresh && (yp == NULL || !point_is(yp, &s->pub)) &&
        session_fails(s, IBAKE_CHECK_YP, "ECCPTr is not yP")) {
        return session_refuse(s, STATUS_MISMATCH, IBAKE_ERR_AUTH,
                              "ECCPTr is not the yP sent");
    }
    s->i2_has_eccpti = xp != NULL;
    if (xp == NULL) {
        return s->form == IBAKE_FORM_NORMAL ? STATUS_OK : miss_xp(s);
    }
    return s->form == IBAKE_FORM_NORMAL
               ? check_repeated_xp(s, xp)
               : take_point(s, xp, &s->peer_point, &s->peer_point_good);
}

static enum status take_i2_ibake(struct ibake_session *s,
                                 const struct mikey_msg *msg, int fresh)
{
    const struct mikey_payload *i = mikey_find_idr(msg, MIKEY_ROLE_INITIATOR);
    const struct mikey_payload *r = mikey_find_idr(msg, MIKEY_ROLE_RESPONDER);
    struct mikey_chain c;
    struct wr plain;
    wr_init(&plain);
    enum status st = take_ibake(s, msg, octets_view(&s->me), &plain, &c);
    if (st == STATUS_OK) {
        st = take_inner_id(s, &c, MIKEY_ROLE_INITIATOR, i->u.idr.data, 0);
    }
    if (st == STATUS_OK) {
        st = take_inner_id(s, &c, MIKEY_ROLE_RESPONDER, r->u.idr.data, 0);
    }
    if (st == STATUS_OK) {
        st = take_i2_points(s, &c, fresh);
    }
    wr_cleanup(&plain);
    return st;
}

static enum status keep_i2(struct ibake_session *s, const struct mikey_msg *msg)
{
    const struct mikey_payload *i = mikey_find_idr(msg, MIKEY_ROLE_INITIATOR);
    const struct mikey_payload *rnd = mikey_find(msg, MIKEY_PL_RAND);
    s->peer_type = i->u.idr.type;
    if (octets_set(&s->rand2, rnd->u.rnd.rand) != STATUS_OK ||
        octets_set(&s->peer, i->u.idr.data) != STATUS_OK ||
        octets_set(&s->i2, msg->raw) != STATUS_OK) {
        return no_memory(s);
    }
    if (!view_equal(octets_view(&s->rand1), octets_view(&s->rand2))) {
        session_deviation(s, "RAND of I_MESSAGE_2 is another (AMB-15)");
    }
    return session_take_map(s, &msg->hdr, 0);
}

static enum status check_esk(struct ibake_session *s,
                             const struct mikey_msg *msg)
{
    int has = mikey_find(msg, MIKEY_PL_ESK) != NULL;
    if (s->form == IBAKE_FORM_DEFERRED && !has &&
        session_fails(s, IBAKE_CHECK_ESK_PRESENT, "no ESK")) {
        return session_refuse(s, STATUS_NOT_FOUND, IBAKE_ERR_UNSPECIFIED,
                              "no ESK in a deferred-form I_MESSAGE_2");
    }
    s->i2_has_esk = has;
    return STATUS_OK;
}

static enum status agree_i2(struct ibake_session *s)
{
    enum status st = STATUS_OK;
    if (!s->have_key) {
        return STATUS_OK; /* a second I_MESSAGE_2 that nobody refused */
    }
    if (s->form == IBAKE_FORM_DEFERRED) {
        st = keys_agree(s);
    }
    if (st == STATUS_OK) {
        st = keys_derive(s);
    }
    return st == STATUS_OK ? st
                           : session_refuse(s, st, IBAKE_ERR_DH,
                                            "[x][y]P cannot be computed");
}

enum status ibake_take_i2(struct ibake_session *s, struct view octets)
{
    struct mikey_msg msg;
    struct ibake_ts t = {0};
    if (s->role != IBAKE_RESPONDER) {
        return STATUS_MISUSE;
    }
    if (s->state == IBAKE_ST_DEAD) {
        return STATUS_UNEXPECTED;
    }
    int fresh = s->state == IBAKE_ST_NEW;
    enum status st =
        take_open(s, &msg, octets, MIKEY_DT_I_MESSAGE_2,
                  NEED_T | NEED_RAND | NEED_IDRI | NEED_IDRR | NEED_IBAKE);
    if (st == STATUS_OK) {
        st = check_moment(s, &msg);
    }
    if (st == STATUS_OK) {
        st = take_hdr(s, &msg);
    }
    if (st == STATUS_OK) {
        st = take_t_fresh(s, &msg, &t);
    }
    if (st == STATUS_OK) {
        st = check_outer_ids(s, &msg);
    }
    if (st == STATUS_OK) {
        st = take_i2_ibake(s, &msg, fresh);
    }
    if (st == STATUS_OK) {
        st = check_esk(s, &msg);
    }
    if (st == STATUS_OK) {
        st = keep_i2(s, &msg);
    }
    if (st == STATUS_OK) {
        s->t2 = t;
        st = agree_i2(s);
    }
    if (st == STATUS_OK) {
        s->peer_proved = 1;
        s->state = IBAKE_ST_I2;
    }
    return st;
}

/* ---- R_MESSAGE_2 ---- */

static void fill_r2(struct ibake_session *s, struct ibake_draft *d)
{
    struct view peer = octets_view(&s->peer);
    draft_add_t(d, &s->t2);
    draft_add_idr(d, PART_OUTER, MIKEY_ROLE_INITIATOR, s->peer_type, peer);
    draft_add_idr(d, PART_OUTER, MIKEY_ROLE_RESPONDER, s->me_type,
                  octets_view(&s->me));
    if (s->i2_has_eccpti) {
        draft_add_part(d, PART_IBAKE, peer);
        draft_add_idr(d, PART_IBAKE, MIKEY_ROLE_INITIATOR, s->peer_type, peer);
        draft_add_eccpt(d, PART_IBAKE, s->pub.curve,
                        octets_view(&s->peer_point));
    }
}

enum status ibake_make_r2(struct ibake_session *s, struct wr *out)
{
    struct ibake_mac mac = {0};
    if (s->role != IBAKE_RESPONDER) {
        return STATUS_MISUSE;
    }
    if (s->state != IBAKE_ST_I2) {
        return session_fail(s, STATUS_UNEXPECTED, "no I_MESSAGE_2 was taken");
    }
    enum status st = keys_mac_r2(s, keys_mac_alg(s), &mac);
    struct ibake_draft *d = session_draft(s, MIKEY_DT_R_MESSAGE_2);
    if (st == STATUS_OK && d == NULL) {
        st = STATUS_NO_MEMORY;
    }
    if (st == STATUS_OK) {
        d->hdr.v = 0;
        fill_r2(s, d);
        st = session_finish(s, d, &mac, out);
    } else {
        session_fail(s, st, "R_MESSAGE_2: %s", status_name(st));
    }
    draft_free(d);
    mem_wipe(&mac, sizeof mac);
    if (st == STATUS_OK) {
        session_done(s);
    }
    return st;
}
