/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What taking a message has in common: structure, HDR, T, decryption, inner
 * identities, points (RFC 6267, 4.2.2; specs AMB-04 to AMB-11, AMB-30, AMB-45).
 */
#include "harness/ibake/ibake_int.h"

#include <stdio.h>

#define DAY_US ((uint64_t)86400 * 1000000)
#define MIN_RAND 16 /* SHOULD of RFC 3830, 6.11 */

/* ---- structure ---- */

static enum status refuse_decode(struct ibake_session *s,
                                 const struct mikey_error *err)
{
    char text[160];
    struct wr w;
    wr_init_fixed(&w, (uint8_t *)text, sizeof text - 1);
    mikey_error_text(err, &w);
    text[w.len] = '\0';
    return session_refuse(
        s, err->status,
        err->payload == MIKEY_PL_ECCPT ? IBAKE_ERR_DH : IBAKE_ERR_UNSPECIFIED,
        "does not parse: %s", text);
}

static int is_i_r(uint8_t data_type)
{
    return data_type >= MIKEY_DT_I_MESSAGE_1 &&
           data_type <= MIKEY_DT_R_MESSAGE_2;
}

static enum status check_type(struct ibake_session *s,
                              const struct mikey_msg *msg, uint8_t data_type)
{
    uint8_t got = msg->hdr.data_type;
    char what[64];
    if (got == data_type) {
        return STATUS_OK;
    }
    snprintf(what, sizeof what, "data type %u instead of %u", got, data_type);
    if (!is_i_r(got)) {
        return session_refuse(s, STATUS_UNEXPECTED, IBAKE_ERR_DT, "%s", what);
    }
    if (session_fails(s, IBAKE_CHECK_FORM, what)) {
        return session_refuse(s, STATUS_UNEXPECTED, IBAKE_ERR_UNSPECIFIED, "%s",
                              what);
    }
    return STATUS_OK;
}

static const struct {
    unsigned need;
    uint8_t type, role;
    const char *name;
} needs[] = {{NEED_T, MIKEY_PL_T, 0, "T"},
             {NEED_RAND, MIKEY_PL_RAND, 0, "RAND"},
             {NEED_IDRI, MIKEY_PL_IDR, MIKEY_ROLE_INITIATOR, "IDRi"},
             {NEED_IDRR, MIKEY_PL_IDR, MIKEY_ROLE_RESPONDER, "IDRr"},
             {NEED_IBAKE, MIKEY_PL_IBAKE, 0, "IBAKE"},
             {NEED_V, MIKEY_PL_V, 0, "V"}};

static enum status check_needs(struct ibake_session *s,
                               const struct mikey_msg *msg, unsigned need)
{
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        const struct mikey_payload *pl =
            needs[i].type == MIKEY_PL_IDR ? mikey_find_idr(msg, needs[i].role)
                                          : mikey_find(msg, needs[i].type);
        if ((need & needs[i].need) != 0 && pl == NULL) {
            return session_refuse(s, STATUS_NOT_FOUND, IBAKE_ERR_UNSPECIFIED,
                                  "no %s", needs[i].name);
        }
    }
    const struct mikey_payload *rnd = mikey_find(msg, MIKEY_PL_RAND);
    if ((need & NEED_RAND) != 0 && rnd->u.rnd.rand.len == 0) {
        return session_refuse(s, STATUS_BAD_LENGTH, IBAKE_ERR_UNSPECIFIED,
                              "RAND of no octets");
    }
    return STATUS_OK;
}

/* AMB-45: no duplicates, V last. An SP beside the Empty map is put up with
 * (OI-10), so the rules are asked again as if the map were another. */
static enum status check_rules(struct ibake_session *s,
                               const struct mikey_msg *msg)
{
    struct mikey_error err;
    enum status st = mikey_i_r_rules(msg, &err);
    if (st == STATUS_UNEXPECTED) {
        struct mikey_msg copy = *msg;
        copy.hdr.map_type = MIKEY_MAP_SRTP_ID;
        session_deviation(s, "SP although the map is empty");
        st = mikey_i_r_rules(&copy, &err);
    }
    return st == STATUS_OK ? st : refuse_decode(s, &err);
}

/* Place of a payload in the figures of RFC 6267; -1: not in them. */
static int rank(const struct mikey_payload *pl)
{
    switch (pl->type) {
    case MIKEY_PL_T:
        return 0;
    case MIKEY_PL_RAND:
        return 1;
    case MIKEY_PL_IDR:
        return pl->u.idr.role == MIKEY_ROLE_INITIATOR   ? 2
               : pl->u.idr.role == MIKEY_ROLE_RESPONDER ? 3
                                                        : -1;
    case MIKEY_PL_SP: /* SRTPID+SP puts it after IDRr */
        return 4;
    case MIKEY_PL_IBAKE:
        return 5;
    case MIKEY_PL_ESK:
        return 6;
    case MIKEY_PL_V:
        return 7;
    default:
        return -1;
    }
}

static int may_have(uint8_t data_type, int r)
{
    static const uint8_t allowed[] = {
        [0] = 0x3f, /* I_MESSAGE_1: no ESK (AMB-22) */
        [1] = 0x2d,
        [2] = 0x7f,
        [3] = 0xad};
    return (allowed[data_type - MIKEY_DT_I_MESSAGE_1] >> r & 1) != 0;
}

/* What is accepted, but is not how the strict profile sends it. */
static void note_oddities(struct ibake_session *s, const struct mikey_msg *msg)
{
    int last = -1;
    int v = msg->hdr.data_type != MIKEY_DT_R_MESSAGE_2;
    if (msg->hdr.v != v) {
        session_deviation(s, "V flag %u", msg->hdr.v);
    }
    for (size_t i = 0; i < msg->num_payloads; i++) {
        const struct mikey_payload *pl = &msg->payloads[i];
        int r = rank(pl);
        if (r < 0 || !may_have(msg->hdr.data_type, r)) {
            const char *name = mikey_payload_name(pl->type);
            session_deviation(s, "unexpected payload %s ignored",
                              name != NULL ? name : "?");
            continue;
        }
        if (r < last) {
            session_deviation(s, "payloads in another order");
        }
        last = r;
        if (pl->type == MIKEY_PL_IDR && pl->u.idr.type != MIKEY_ID_URI) {
            session_deviation(s, "identity of type %u", pl->u.idr.type);
        }
        if (pl->type == MIKEY_PL_RAND && pl->u.rnd.rand.len < MIN_RAND) {
            session_deviation(s, "RAND of %zu octets", pl->u.rnd.rand.len);
        }
        if (pl->type == MIKEY_PL_T && pl->u.t.ts_type != MIKEY_TS_NTP_UTC) {
            session_deviation(s, "T of type %u", pl->u.t.ts_type);
        }
    }
}

enum status take_open(struct ibake_session *s, struct mikey_msg *msg,
                      struct view octets, uint8_t data_type, unsigned need)
{
    struct mikey_error err = {0};
    enum status st = mikey_decode(msg, octets.data, octets.len, &err);
    if (st != STATUS_OK) {
        return refuse_decode(s, &err);
    }
    st = check_type(s, msg, data_type);
    if (st == STATUS_OK) {
        st = check_rules(s, msg);
    }
    if (st == STATUS_OK) {
        st = check_needs(s, msg, need);
    }
    if (st == STATUS_OK) {
        note_oddities(s, msg);
    }
    return st;
}

/* ---- HDR ---- */

enum status take_hdr(struct ibake_session *s, const struct mikey_msg *msg)
{
    const struct mikey_hdr *a = &s->hdr;
    const struct mikey_hdr *b = &msg->hdr;
    const char *what = a->csb_id != b->csb_id       ? "another CSB ID"
                       : a->prf != b->prf           ? "another PRF func"
                       : a->num_cs != b->num_cs     ? "another #CS"
                       : a->map_type != b->map_type ? "another CS ID map type"
                                                    : NULL;
    if (what == NULL || !session_fails(s, IBAKE_CHECK_HDR, what)) {
        return STATUS_OK;
    }
    return session_refuse(s, STATUS_MISMATCH,
                          a->prf != b->prf && a->csb_id == b->csb_id
                              ? IBAKE_ERR_PRF
                              : IBAKE_ERR_UNSPECIFIED,
                          "%s", what);
}

/* ---- T ---- */

void take_t(const struct mikey_msg *msg, struct ibake_ts *out)
{
    const struct mikey_payload *t = mikey_find(msg, MIKEY_PL_T);
    *out = (struct ibake_ts){0};
    if (t != NULL && t->u.t.value.len <= sizeof out->value) {
        out->type = t->u.t.ts_type;
        out->len = (uint8_t)t->u.t.value.len;
        memcpy(out->value, t->u.t.value.data, out->len);
    }
}

enum status take_t_echo(struct ibake_session *s, const struct mikey_msg *msg,
                        const struct ibake_ts *ours)
{
    struct ibake_ts t;
    take_t(msg, &t);
    if ((t.type == ours->type && t.len == ours->len &&
         memcmp(t.value, ours->value, t.len) == 0) ||
        !session_fails(s, IBAKE_CHECK_T, "T is not the one sent")) {
        return STATUS_OK;
    }
    return session_refuse(s, STATUS_MISMATCH, IBAKE_ERR_TS,
                          "T is not the one sent");
}

static int is_time(uint8_t type)
{
    return type == MIKEY_TS_NTP_UTC || type == MIKEY_TS_NTP ||
           type == MIKEY_TS_NTP_UTC_32;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

enum status skew_check(const struct ibake_config *cfg,
                       const struct mikey_msg *msg)
{
    uint8_t type = 0;
    uint64_t t = 0;
    if (!cfg->profile.check_skew ||
        mikey_timestamp(msg, &type, &t) != STATUS_OK || !is_time(type)) {
        return STATUS_OK;
    }
    uint64_t allowed = (uint64_t)cfg->profile.skew_s * 1000000;
    return distance(us_from_ntp(t), env_now_us(cfg->env)) > allowed
               ? STATUS_STALE
               : STATUS_OK;
}

uint64_t ts_number(const struct ibake_ts *t)
{
    uint64_t v = get_be((struct view){t->value, t->len});
    return t->type == MIKEY_TS_NTP_UTC_32 ? v << 32 : v;
}

/* NTP times wrap every 136 years, next in 2036 (RFC 3830, 4.2.8). */
static int is_newer(const struct ibake_ts *a, const struct ibake_ts *b)
{
    uint64_t x = ts_number(a);
    uint64_t y = ts_number(b);
    return is_time(a->type) ? x != y && x - y < (uint64_t)1 << 63 : x > y;
}

enum status take_t_fresh(struct ibake_session *s, const struct mikey_msg *msg,
                         struct ibake_ts *out)
{
    take_t(msg, out);
    if (skew_check(&s->cfg, msg) != STATUS_OK &&
        session_fails(s, IBAKE_CHECK_SKEW, "T outside the allowed skew")) {
        return session_refuse(s, STATUS_STALE, IBAKE_ERR_TS,
                              "T outside the allowed skew");
    }
    if (out == &s->t1 || s->t1.len == 0) {
        return STATUS_OK;
    }
    if (is_time(out->type) != is_time(s->t1.type)) {
        session_deviation(s, "T of another type than before");
        return STATUS_OK;
    }
    if (!is_newer(out, &s->t1) &&
        session_fails(s, IBAKE_CHECK_T, "T is not newer than before")) {
        return session_refuse(s, STATUS_STALE, IBAKE_ERR_TS,
                              "T is not newer than that of I_MESSAGE_1");
    }
    return STATUS_OK;
}

/* ---- dates and decryption ---- */

static uint64_t time_of(const struct mikey_msg *msg, struct env *env)
{
    uint8_t type = 0;
    uint64_t t = 0;
    if (mikey_timestamp(msg, &type, &t) == STATUS_OK && is_time(type)) {
        return us_from_ntp(t);
    }
    return env_now_us(env);
}

void ibake_date_of(char out[9], const struct mikey_msg *msg, struct env *env)
{
    utc_date(out, time_of(msg, env));
}

enum status take_decrypt(const struct ibake_config *cfg,
                         const struct mikey_msg *msg, struct view encr,
                         struct view identity, struct wr *plain,
                         char out_date[9], int *out_neighbour)
{
    uint64_t t = time_of(msg, cfg->env);
    const uint64_t tries[] = {t, t > DAY_US ? t - DAY_US : t, t + DAY_US};
    enum status st = STATUS_NO_KEY;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        char date[9];
        utc_date(date, tries[i]);
        const struct bf_key *key =
            ibake_keyring_private(cfg->keyring, identity, date);
        if (key == NULL) {
            continue;
        }
        enum bf_reason reason = BF_REASON_NONE;
        st = bf_decrypt(key, encr.data, encr.len, plain, &reason);
        if (st == STATUS_OK || reason == BF_REASON_NO_MEMORY) {
            memcpy(out_date, date, sizeof date);
            *out_neighbour = i != 0;
            return st == STATUS_OK ? plain->err : STATUS_NO_MEMORY;
        }
        st = STATUS_DECRYPT;
    }
    return st;
}

/* ---- plaintexts ---- */

enum status take_chain(struct ibake_session *s, struct mikey_chain *c,
                       const struct wr *plain)
{
    struct mikey_error err = {0};
    unsigned roles = 0;
    if (mikey_chain_decode(c, MIKEY_PL_IDR, plain->data, plain->len, &err) !=
        STATUS_OK) {
        return refuse_decode(s, &err);
    }
    for (size_t i = 0; i < c->num_payloads; i++) {
        const struct mikey_payload *pl = &c->payloads[i];
        unsigned bit = pl->type == MIKEY_PL_IDR && pl->u.idr.role < 8
                           ? 1u << pl->u.idr.role
                           : 0;
        if ((roles & bit) != 0) {
            return session_refuse(s, STATUS_DUPLICATE, IBAKE_ERR_UNSPECIFIED,
                                  "two identities of role %u inside",
                                  pl->u.idr.role);
        }
        roles |= bit;
        if (pl->type == MIKEY_PL_ECCPT) {
            if (i == 0 || c->payloads[i - 1].type != MIKEY_PL_IDR) {
                return session_refuse(s, STATUS_ORDER, IBAKE_ERR_UNSPECIFIED,
                                      "an ECCPT without its identity");
            }
            if (pl->u.eccpt.padded_from_point) {
                session_deviation(s,
                                  "ECCPT padded from the start of the point");
            }
        } else if (pl->type != MIKEY_PL_IDR) {
            session_deviation(s, "unexpected sub-payload %u ignored", pl->type);
        }
    }
    if (c->num_payloads == 0 || c->payloads[0].type != MIKEY_PL_IDR) {
        return session_refuse(s, STATUS_ORDER, IBAKE_ERR_UNSPECIFIED,
                              "the plaintext does not begin with an identity");
    }
    if (c->payloads[0].u.idr.role != MIKEY_ROLE_INITIATOR) {
        session_deviation(s, "the plaintext begins with role %u",
                          c->payloads[0].u.idr.role);
    }
    return STATUS_OK;
}

enum status take_inner_id(struct ibake_session *s, const struct mikey_chain *c,
                          uint8_t role, struct view expected, int absent_ok)
{
    const struct mikey_payload *pl = mikey_chain_find_idr(c, role);
    const char *name = role == MIKEY_ROLE_INITIATOR ? "IDRi" : "IDRr";
    char what[64];
    if (pl == NULL && absent_ok) {
        return STATUS_OK;
    }
    if (pl != NULL && view_equal(pl->u.idr.data, expected)) {
        return STATUS_OK;
    }
    snprintf(what, sizeof what,
             pl == NULL ? "no inner %s" : "inner and outer %s differ", name);
    if (!session_fails(s, IBAKE_CHECK_INNER_IDS, what)) {
        return STATUS_OK;
    }
    return session_refuse(s, STATUS_MISMATCH, IBAKE_ERR_AUTH, "%s", what);
}

/* ---- points ---- */

enum status take_point(struct ibake_session *s, const struct mikey_payload *pl,
                       struct octets *out, int *good)
{
    struct ecdh_point p;
    uint8_t curve = pl->u.eccpt.curve;
    struct view v = pl->u.eccpt.point;
    if (!ecdh_supported(curve)) {
        return session_refuse(s, STATUS_UNSUPPORTED, IBAKE_ERR_DH,
                              "ECC curve %u is not supported", curve);
    }
    if (s->have_key && s->pub.curve != curve) {
        return session_refuse(s, STATUS_MISMATCH, IBAKE_ERR_DH,
                              "ECC curve %u instead of %u", curve,
                              s->pub.curve);
    }
    *good = ecdh_point_check(&p, curve, v) == STATUS_OK;
    if (!*good) {
        if (session_fails(s, IBAKE_CHECK_POINT, "a point not on the curve")) {
            return session_refuse(s, STATUS_BAD_VALUE, IBAKE_ERR_DH,
                                  "the point is not on the curve");
        }
        return octets_set(out, v);
    }
    if (v.len != p.len) {
        session_deviation(s, "compressed point");
    }
    return octets_set(out, (struct view){p.octets, p.len});
}

int point_is(const struct mikey_payload *pl, const struct ecdh_point *p)
{
    struct ecdh_point q;
    struct view v = pl->u.eccpt.point;
    if (pl->u.eccpt.curve != p->curve) {
        return 0;
    }
    if (view_equal(v, (struct view){p->octets, p->len})) {
        return 1;
    }
    return ecdh_point_check(&q, p->curve, v) == STATUS_OK && q.len == p->len &&
           memcmp(q.octets, p->octets, q.len) == 0;
}
