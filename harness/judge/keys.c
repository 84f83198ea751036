/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Every key of an exchange, computed from the key log (RFC 6267, 5; RFC 3830,
 * 4). V of R_MESSAGE_2 tells which reading the peer speaks: AMB-12, 14, 15, 18,
 * the strict one tried first. */
#include "harness/judge/judge_int.h"

#include "harness/base/mem.h"
#include "harness/crypto/ecdh.h"
#include "harness/crypto/kdf.h"

#include <string.h>

#define ALL_CS 0xff
#define ALL_CSB 0xffffffffu
#define MPK_LEN 32

static struct view rand_of(const struct jform *f)
{
    const struct mikey_payload *p =
        f != NULL && f->msg != NULL ? mikey_find(f->msg, MIKEY_PL_RAND) : NULL;
    return p != NULL ? p->u.rnd.rand : (struct view){0};
}

/* What enters the derivations of one leg. */
struct inputs {
    struct judge *j;
    const struct jleg *leg;
    const struct jform *i1, *r1, *i2, *r2; /* NULL = not seen */
    uint8_t prf;
    uint32_t csb_id;
    struct ecdh_point shared; /* len 0 = not known */
    struct view rnd[3];       /* I1, I2, I1 || I2; the strict one first */
    size_t num_rnd;
};

struct reading {
    unsigned point; /* 0 04||X||Y, 1 X, 2 compressed */
    unsigned
        cover; /* 0 identities, 1 and T, 2 I_MESSAGE_2, 3 identity called */
    size_t rnd;
    size_t mpk_len;
};

/* ---- the shared point
 * -------------------------------------------------------------- */

static const struct mikey_payload *xp_of(const struct inputs *in)
{
    const struct jform *from[] = {in->i2, in->i1, in->r1, in->r2};
    if (in->leg->form == JFORM_NORMAL) {
        from[0] = in->i1;
        from[1] = in->i2;
    }
    for (size_t i = 0; i < 4; i++) {
        if (from[i] != NULL && jopen_has(&from[i]->ibake) &&
            from[i]->ibake.xp != NULL) {
            return from[i]->ibake.xp;
        }
    }
    return NULL;
}

static const struct mikey_payload *yp_of(const struct inputs *in)
{
    const struct jform *from[] = {in->r1, in->i2};
    for (size_t i = 0; i < 2; i++) {
        if (from[i] != NULL && jopen_has(&from[i]->ibake) &&
            from[i]->ibake.yp != NULL) {
            return from[i]->ibake.yp;
        }
    }
    return NULL;
}

/* [x][y]P from the scalar of mine and the point of theirs. */
static int agree(struct inputs *in, const struct mikey_payload *mine,
                 const struct mikey_payload *theirs)
{
    struct ecdh_point pub;
    struct ecdh_key key;
    struct view scalar;
    uint8_t curve = mine->u.eccpt.curve;
    if (ecdh_point_check(&pub, curve, mine->u.eccpt.point) != STATUS_OK ||
        keylog_find(in->j->kl, KEYLOG_ECDH_PRIVATE,
                    (struct view){pub.octets, pub.len}, &scalar) != STATUS_OK ||
        ecdh_from_scalar(&key, curve, scalar) != STATUS_OK) {
        return 0;
    }
    int ok = ecdh_shared(&in->shared, &key, theirs->u.eccpt.point) == STATUS_OK;
    ecdh_key_wipe(&key);
    if (!ok) {
        in->shared.len = 0;
    }
    return ok;
}

static const char *lack_of_opened(const struct jform *f, const char *none)
{
    if (f == NULL) {
        return none;
    }
    return f->ibake.lack[0] != '\0' ? f->ibake.lack : none;
}

static void find_shared(struct inputs *in, struct jkeys *k)
{
    const struct mikey_payload *xp = xp_of(in);
    const struct mikey_payload *yp = yp_of(in);
    if (yp == NULL) {
        k->lack = lack_of_opened(in->r1, "yP, which no message shows");
        return;
    }
    if (xp == NULL) {
        const struct jform *f =
            in->leg->form == JFORM_NORMAL || in->i2 == NULL ? in->i1 : in->i2;
        k->lack = lack_of_opened(f, "xP, which no message shows");
        return;
    }
    if (!ecdh_supported(xp->u.eccpt.curve) ||
        xp->u.eccpt.curve != yp->u.eccpt.curve) {
        k->lack = "MPK and TGK (no arithmetic for the curve of xP and yP)";
        return;
    }
    if (!agree(in, xp, yp) && !agree(in, yp, xp)) {
        k->lack =
            j_printf(in->j, "ECDH_PRIVATE %s", j_hex(in->j, xp->u.eccpt.point));
    }
}

/* ---- MPK, TGK
 * ------------------------------------------------------------------------ */

/* K_SESSION in the form of a reading (AMB-12). */
static struct view session_octets(const struct inputs *in, unsigned form,
                                  struct ecdh_point *buf)
{
    struct view whole = {in->shared.octets, in->shared.len};
    if (form == 1) {
        return (struct view){whole.data + 1, (whole.len - 1) / 2};
    }
    if (form == 2 && ecdh_compress(buf, &in->shared) == STATUS_OK) {
        return (struct view){buf->octets, buf->len};
    }
    return whole;
}

/* MPK by a reading: derived, or from the log. */
static int mpk_by(const struct inputs *in, const struct reading *r,
                  uint8_t out[MPK_LEN], size_t *len)
{
    struct ecdh_point buf;
    struct view rnd = in->rnd[r->rnd];
    *len = r->mpk_len;
    if (in->shared.len > 0) {
        return kdf_derive(out, MPK_LEN, in->prf,
                          session_octets(in, r->point, &buf), KDF_MPK, ALL_CS,
                          ALL_CSB, rnd) == STATUS_OK;
    }
    uint8_t lookup[4 + 512];
    struct wr w;
    struct view given;
    wr_init_fixed(&w, lookup, sizeof lookup);
    wr_u32(&w, in->csb_id);
    wr_bytes(&w, rnd.data, rnd.len);
    if (w.err != STATUS_OK ||
        keylog_find(in->j->kl, KEYLOG_MPK, (struct view){lookup, w.len},
                    &given) != STATUS_OK ||
        given.len > MPK_LEN) {
        return 0;
    }
    memcpy(out, given.data, given.len);
    *len = given.len < r->mpk_len ? given.len : r->mpk_len;
    return 1;
}

static int tgk_by(const struct inputs *in, const struct reading *r,
                  uint8_t out[32])
{
    struct ecdh_point buf;
    struct view rnd = in->rnd[r->rnd];
    if (in->shared.len > 0) {
        return kdf_derive(out, 32, in->prf, session_octets(in, r->point, &buf),
                          KDF_TGK, ALL_CS, ALL_CSB, rnd) == STATUS_OK;
    }
    uint8_t lookup[4 + 512];
    struct wr w;
    struct view given;
    wr_init_fixed(&w, lookup, sizeof lookup);
    wr_u32(&w, in->csb_id);
    wr_bytes(&w, rnd.data, rnd.len);
    if (w.err != STATUS_OK ||
        keylog_find(in->j->kl, KEYLOG_TGK, (struct view){lookup, w.len},
                    &given) != STATUS_OK ||
        given.len != 32) {
        return 0;
    }
    memcpy(out, given.data, 32);
    return 1;
}

/* "the MPK of line 7 of the key log": what is given, not computed, may be
 * wrong. */
static const char *line_of(struct judge *j, enum keylog_label label,
                           struct view secret)
{
    for (size_t i = 0; i < keylog_num(j->kl, label); i++) {
        const struct keylog_entry *e = keylog_at(j->kl, label, i);
        if (view_equal(e->secret, secret)) {
            return j_printf(j,
                            "a sound %s (that of line %u of the key log does "
                            "not fit)",
                            keylog_label_name(label), e->line);
        }
    }
    return j_printf(j, "a sound %s", keylog_label_name(label));
}

/* ---- V of R_MESSAGE_2
 * ------------------------------------------------------------------ */

static size_t tail_by(const struct inputs *in, const struct reading *r,
                      struct view out[3])
{
    if (r->cover == 2) {
        out[0] = in->i2->octets;
        return 1;
    }
    struct view idi = idr_of(in->i2, MIKEY_ROLE_INITIATOR);
    struct view idr = idr_of(in->r1, MIKEY_ROLE_RESPONDER);
    if (idi.len == 0) {
        idi = idr_of(in->i1, MIKEY_ROLE_INITIATOR);
    }
    if (idr.len == 0) {
        idr = idr_of(in->i2, MIKEY_ROLE_RESPONDER);
    }
    out[0] = idi;
    out[1] = r->cover == 3 ? idr_of(in->i1, MIKEY_ROLE_RESPONDER) : idr;
    if (r->cover != 1) {
        return 2;
    }
    const struct mikey_payload *t = mikey_find(in->i2->msg, MIKEY_PL_T);
    out[2] = t != NULL ? t->u.t.value : (struct view){0};
    return 3;
}

static int verify_by(const struct inputs *in, const struct reading *r)
{
    const struct mikey_payload *v = mikey_find(in->r2->msg, MIKEY_PL_V);
    uint8_t mpk[MPK_LEN], auth[KDF_MAX_MAC], tag[KDF_MAX_MAC];
    struct view parts[5];
    size_t num = 0, len = 0, mpk_len = 0;
    int alg_len = kdf_mac_len(v->u.v.auth_alg);
    if (alg_len <= 0 || v->u.v.mac.len != (size_t)alg_len ||
        mikey_mac_input(in->r2->msg, parts, &num) != STATUS_OK ||
        !mpk_by(in, r, mpk, &mpk_len) ||
        kdf_derive(auth, (size_t)alg_len, in->prf, (struct view){mpk, mpk_len},
                   KDF_MSG_AUTH, ALL_CS, in->csb_id,
                   in->rnd[r->rnd]) != STATUS_OK) {
        return 0;
    }
    num += tail_by(in, r, parts + num);
    return kdf_mac(tag, &len, v->u.v.auth_alg,
                   (struct view){auth, (size_t)alg_len}, parts,
                   num) == STATUS_OK &&
           len == v->u.v.mac.len && mem_equal(tag, v->u.v.mac.data, len);
}

/* Whether V of every R_MESSAGE_2 of the leg verifies. A given MPK that verifies
 * none of them is itself in doubt. */
static int find_reading(const struct inputs *in, struct reading *r);

static void verify_all(struct judge *j, struct inputs *in, struct jleg *l,
                       const struct reading *leg_reading)
{
    struct jkeys *k = &l->keys;
    int any = k->v_ok;
    for (size_t i = 0; i < l->num_r2; i++) {
        struct jmsg *m = l->r2[i];
        struct inputs one = *in;
        struct reading r = *leg_reading;
        one.r2 = m->rcvd;
        for (size_t n = 0; n < l->num_i2; n++) {
            one.i2 = answer_r2(l->i2[n]) == m && l->i2[n]->rcvd->msg != NULL
                         ? l->i2[n]->rcvd
                         : one.i2;
        }
        if (one.r2 == NULL || one.r2->msg == NULL || one.i2 == NULL ||
            one.r2->err == NULL || one.r2->err->status != STATUS_OK ||
            mikey_find(one.r2->msg, MIKEY_PL_V) == NULL) {
            continue;
        }
        m->v_checked = 1;
        m->v_ok = find_reading(&one, &r);
        any |= m->v_ok;
    }
    if (any || in->shared.len > 0) {
        return;
    }
    struct view given = {k->mpk, k->mpk_len};
    k->lack = line_of(j, KEYLOG_MPK, given);
    k->v_checked = 0;
    for (size_t i = 0; i < l->num_r2; i++) {
        l->r2[i]->v_checked = 0;
    }
}

static int find_reading(const struct inputs *in, struct reading *r)
{
    static const size_t lens[] = {32, 16, 20, 24};
    unsigned forms = in->shared.len > 0 ? 3 : 1;
    for (r->point = 0; r->point < forms; r->point++) {
        for (r->cover = 0; r->cover < 4; r->cover++) {
            for (r->rnd = 0; r->rnd < in->num_rnd; r->rnd++) {
                for (size_t n = 0; n < 4; n++) {
                    r->mpk_len = lens[n];
                    if (verify_by(in, r)) {
                        return 1;
                    }
                }
            }
        }
    }
    *r = (struct reading){.mpk_len = MPK_LEN};
    return 0;
}

static const char *reading_text(struct judge *j, const struct inputs *in,
                                const struct reading *r)
{
    static const char *const points[] = {"", "AMB-12 (c): K_SESSION is X only",
                                         "AMB-12 (b): K_SESSION compressed"};
    static const char *const covers[] = {
        "", "AMB-18 (b): V covers the identities and T",
        "AMB-18 (c): V covers I_MESSAGE_2",
        "AMB-18: V covers the identity called, not the one that answered"};
    static const char *const rands[] = {"", "AMB-15: RAND of I_MESSAGE_2",
                                        "AMB-15: RAND of both messages"};
    /* Both together come last, also when they are the same. */
    size_t rnd = r->rnd > 0 && r->rnd + 1 == in->num_rnd ? 2 : r->rnd;
    const char *t[4] = {points[r->point], covers[r->cover], rands[rnd], ""};
    if (in->shared.len > 0 && r->mpk_len != MPK_LEN) {
        t[3] = j_printf(j, "AMB-14: MPK of %zu bits", r->mpk_len * 8);
    }
    const char *out = "";
    for (size_t i = 0; i < 4; i++) {
        if (t[i][0] != '\0') {
            out = out[0] == '\0' ? t[i] : j_printf(j, "%s; %s", out, t[i]);
        }
    }
    return out;
}

/* ---- traffic keys
 * ------------------------------------------------------------------------ */

static int srtp_from_tgk(struct jsrtp_key *out, uint8_t prf, struct view tgk,
                         uint32_t csb_id, uint8_t cs, struct view rnd)
{
    return kdf_derive(out->key, sizeof out->key, prf, tgk, KDF_TEK, cs, csb_id,
                      rnd) == STATUS_OK &&
           kdf_derive(out->salt, sizeof out->salt, prf, tgk, KDF_SALT, cs,
                      csb_id, rnd) == STATUS_OK;
}

static int curve_of_len(size_t len)
{
    static const uint8_t curves[] = {ECDH_P256, ECDH_P384, ECDH_P521};
    for (size_t i = 0; i < sizeof curves; i++) {
        if (len == 1 + 2 * ecdh_field_octets(curves[i])) {
            return curves[i];
        }
    }
    return 0;
}

static const char *profile_of(struct view sk)
{
    if (sk.len == 30) {
        return "SKP-SRTP";
    }
    if (curve_of_len(sk.len) != 0 && sk.data[0] == 0x04) {
        return "SKP-CR";
    }
    return sk.len == 32 ? "SKP-STRICT" : "";
}

static int content_by(struct jsrtp_key *out, const char *profile,
                      struct view sk, const struct mikey_hdr *h, uint8_t cs,
                      struct view rnd)
{
    uint8_t tgk[32];
    if (strcmp(profile, "SKP-SRTP") == 0) {
        memcpy(out->key, sk.data, 16);
        memcpy(out->salt, sk.data + 16, 14);
        return 1;
    }
    if (strcmp(profile, "SKP-CR") == 0) {
        int ok = kdf_derive(tgk, sizeof tgk, h->prf, sk, KDF_TGK, ALL_CS,
                            ALL_CSB, rnd) == STATUS_OK &&
                 srtp_from_tgk(out, h->prf, (struct view){tgk, sizeof tgk},
                               h->csb_id, cs, rnd);
        mem_wipe(tgk, sizeof tgk);
        return ok;
    }
    return sk.len > 0 && srtp_from_tgk(out, h->prf, sk, h->csb_id, cs, rnd);
}

/* SK: from the opened ESK, else from its line of the log. */
static struct view find_sk(struct judge *j, struct jkeys *k,
                           const struct jform *i2)
{
    uint8_t digest[32];
    struct view sk = {0};
    const struct mikey_payload *esk =
        i2->msg != NULL ? mikey_find(i2->msg, MIKEY_PL_ESK) : NULL;
    if (jopen_has(&i2->esk) && i2->esk.sk != NULL) {
        return i2->esk.sk->u.sk.key;
    }
    if (esk == NULL) {
        k->e2e_lack = "an ESK payload";
        return sk;
    }
    kdf_sha256(digest, esk->u.enc.data);
    struct view lookup = {digest, sizeof digest};
    if (keylog_find(j->kl, KEYLOG_SK, lookup, &sk) != STATUS_OK) {
        k->e2e_lack =
            i2->esk.lack[0] != '\0'
                ? j_printf(j, "SK %s or %s", j_hex(j, lookup), i2->esk.lack)
                : j_printf(j, "SK %s", j_hex(j, lookup));
        return (struct view){0};
    }
    k->e2e_doubt = line_of(j, KEYLOG_SK, sk);
    return sk;
}

void keys_content(struct judge *j, struct jkeys *k, const struct jform *i2,
                  const struct jform *i1)
{
    if (i2 == NULL || i2->msg == NULL) {
        k->e2e_lack = "I_MESSAGE_2, which was not seen";
        return;
    }
    k->sk = find_sk(j, k, i2);
    if (k->sk.len == 0) {
        if (k->e2e_lack[0] == '\0') {
            k->e2e_lack = "an SK that is not empty";
        }
        return;
    }
    struct view rnd2 = rand_of(i2);
    struct view rnd1 = rand_of(i1);
    k->sk_profile = profile_of(k->sk);
    if (rnd2.len == 0) {
        rnd2 = rnd1;
    }
    k->has_e2e = 1;
    for (uint8_t cs = 1; cs <= 2; cs++) {
        k->has_e2e &= content_by(&k->e2e[cs - 1], k->sk_profile, k->sk,
                                 &i2->msg->hdr, cs, rnd2);
    }
    if (!k->has_e2e) {
        k->e2e_lack = "a PRF func that is known";
    }
    k->has_alt =
        k->has_e2e && rnd1.len > 0 && !view_equal(rnd1, rnd2) &&
        content_by(&k->e2e_alt, k->sk_profile, k->sk, &i2->msg->hdr, 1, rnd1);
}

/* ---- a leg
 * ---------------------------------------------------------------------------------
 */

/* The answered I_MESSAGE_2, and its answer; else the last of each. */
static void pick(const struct jleg *l, struct inputs *in)
{
    const struct jmsg *i2 = l->num_i2 > 0 ? l->i2[0] : NULL;
    for (size_t i = 0; i < l->num_i2; i++) {
        const struct jmsg *r2 = answer_r2(l->i2[i]);
        if (r2 != NULL) {
            in->i2 = l->i2[i]->rcvd;
            in->r2 = r2->rcvd;
            return;
        }
    }
    in->i2 = i2 != NULL ? i2->rcvd : NULL;
    in->r2 = l->num_r2 > 0 ? l->r2[l->num_r2 - 1]->rcvd : NULL;
}

static void collect_rands(struct inputs *in)
{
    struct view a = rand_of(in->i1);
    struct view b = rand_of(in->i2);
    if (a.len == 0) {
        a = b;
    }
    if (a.len == 0) {
        return;
    }
    in->rnd[in->num_rnd++] = a;
    if (b.len == 0) {
        return;
    }
    if (!view_equal(a, b)) {
        in->rnd[in->num_rnd++] = b;
    }
    uint8_t *both = j_alloc(in->j, a.len + b.len);
    if (both != NULL) {
        memcpy(both, a.data, a.len);
        memcpy(both + a.len, b.data, b.len);
        in->rnd[in->num_rnd++] = (struct view){both, a.len + b.len};
    }
}

static void set_keys(struct jkeys *k, const struct inputs *in,
                     const struct reading *r)
{
    struct ecdh_point buf;
    k->known = mpk_by(in, r, k->mpk, &k->mpk_len);
    k->derived = in->shared.len > 0;
    k->rnd = in->rnd[r->rnd];
    if (k->derived) {
        struct view s = session_octets(in, r->point, &buf);
        memcpy(k->ksession, s.data, s.len);
        k->ksession_len = s.len;
    }
    if (k->known) {
        k->lack = "";
    } else if (k->lack[0] == '\0') {
        k->lack = "MPK";
    }
    if (!tgk_by(in, r, k->tgk)) {
        return;
    }
    k->has_hop = 1;
    for (uint8_t cs = 1; cs <= 2; cs++) {
        k->has_hop &= srtp_from_tgk(&k->hop[cs - 1], in->prf,
                                    (struct view){k->tgk, sizeof k->tgk},
                                    in->csb_id, cs, k->rnd);
    }
}

static const struct jform *usable(const struct jform *f)
{
    return f != NULL && f->msg != NULL ? f : NULL;
}

static void keys_leg(struct judge *j, const struct jx *x, struct jleg *l)
{
    struct inputs in = {.j = j, .leg = l};
    struct reading r = {.mpk_len = MPK_LEN};
    in.i1 = usable(x->i1 != NULL ? x->i1->rcvd : NULL);
    in.r1 = usable(l->r1 != NULL ? l->r1->rcvd : NULL);
    pick(l, &in);
    in.i2 = usable(in.i2);
    in.r2 = usable(in.r2);
    keys_content(j, &l->keys, in.i2, in.i1);
    const struct jform *base = in.i1 != NULL ? in.i1 : in.i2;
    collect_rands(&in);
    if (base == NULL || in.num_rnd == 0) {
        l->keys.lack = "RAND, which no message shows";
        return;
    }
    in.prf = base->msg->hdr.prf;
    in.csb_id = base->msg->hdr.csb_id;
    if (in.prf > KDF_PRF_HMAC_SHA_256) {
        l->keys.lack = j_printf(j, "PRF func %u, which is not known", in.prf);
        return;
    }
    find_shared(&in, &l->keys);
    uint8_t mpk[MPK_LEN];
    size_t len;
    int have = 0;
    for (size_t i = 0; i < in.num_rnd && !have; i++) {
        struct reading any = {.rnd = i, .mpk_len = MPK_LEN};
        have = mpk_by(&in, &any, mpk, &len);
    }
    if (have && in.r2 != NULL && in.i2 != NULL && in.r2->err != NULL &&
        in.r2->err->status == STATUS_OK &&
        mikey_find(in.r2->msg, MIKEY_PL_V) != NULL) {
        l->keys.v_checked = 1;
        l->keys.v_ok = find_reading(&in, &r);
        l->keys.reading = l->keys.v_ok ? reading_text(j, &in, &r) : "";
    }
    set_keys(&l->keys, &in, &r);
    if (have) {
        verify_all(j, &in, l, &r);
    }
    if (l->keys.has_hop && in.shared.len == 0) {
        l->keys.hop_doubt = line_of(
            j, KEYLOG_TGK, (struct view){l->keys.tgk, sizeof l->keys.tgk});
    }
    mem_wipe(&in.shared, sizeof in.shared);
}

void keys_all(struct judge *j)
{
    for (size_t i = 0; i < j->num_xs && j->err == STATUS_OK; i++) {
        struct jx *x = j->xs[i];
        for (size_t k = 0; k < x->num_legs; k++) {
            keys_leg(j, x, x->legs[k]);
        }
    }
}
