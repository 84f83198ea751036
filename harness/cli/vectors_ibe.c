/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Known answers for Boneh-Franklin IBE: parameters, keys, ciphertexts. */
#include "harness/cli/vectors.h"

#include "harness/crypto/bf_prim.h"

#include <stdio.h>
#include <string.h>

#define TAG_OCTETS 0x04
#define TAG_OID 0x06
#define TAG_SEQUENCE 0x30

/* Points that an encoder may write for infinity, which has no form of its own:
 * (0, 0), and the points of order 3 and 2 that are easily taken for it. */
static const uint8_t stand_ins[][2] = {{0, 0}, {0, 1}, {1, 0}};
#define NUM_STAND_INS (sizeof stand_ins / sizeof *stand_ins)

static enum vec_outcome refused_for(struct vec *v, enum bf_reason r)
{
    if (r == BF_REASON_NO_MEMORY || r == BF_REASON_NONE) {
        snprintf(v->why, sizeof v->why, "%s", bf_reason_name(r));
        return VEC_ERROR;
    }
    return vec_refused(v, bf_reason_name(r));
}

/* ---- structures of RFC 5091 out of the fields ---- */

static void sequence(struct wr *w, struct wr *body)
{
    if (body->err != STATUS_OK) {
        w->err = body->err;
    } else {
        vec_der_tlv(w, TAG_SEQUENCE, vec_view(body));
    }
    wr_cleanup(body);
}

static void der_point(struct wr *w, struct view x, struct view y)
{
    struct wr body;
    wr_init(&body);
    vec_der_int(&body, x);
    vec_der_int(&body, y);
    sequence(w, &body);
}

static void der_version(struct wr *w, unsigned version)
{
    uint8_t octet = (uint8_t)version;
    vec_der_int(w, (struct view){&octet, 1});
}

/* BFPrivateKeyBlock of a point. */
static void der_key(struct wr *w, struct view x, struct view y)
{
    struct wr body;
    wr_init(&body);
    der_version(&body, 2);
    der_point(&body, x, y);
    sequence(w, &body);
}

/* BFCiphertextBlock. */
static void der_ciphertext(struct wr *w, struct view ux, struct view uy,
                           struct view vv, struct view ww)
{
    struct wr body;
    wr_init(&body);
    der_version(&body, 2);
    der_point(&body, ux, uy);
    vec_der_tlv(&body, TAG_OCTETS, vv);
    vec_der_tlv(&body, TAG_OCTETS, ww);
    sequence(w, &body);
}

/* OBJECT IDENTIFIER of a dotted one. */
static void der_oid(struct wr *w, const char *dotted)
{
    struct wr body;
    unsigned long arcs[32];
    size_t num = 0;
    wr_init(&body);
    for (const char *p = dotted; num < 32; p++) {
        int used = 0;
        if (sscanf(p, "%lu%n", &arcs[num], &used) != 1) {
            break;
        }
        num++;
        p += used;
        if (*p != '.') {
            break;
        }
    }
    for (size_t i = 1; i < num; i++) {
        unsigned long a = i == 1 ? arcs[0] * 40 + arcs[1] : arcs[i];
        int shift = 28;
        while (shift > 0 && a >> shift == 0) {
            shift -= 7;
        }
        for (; shift >= 0; shift -= 7) {
            wr_u8(&body,
                  (uint8_t)((a >> shift & 0x7f) | (shift > 0 ? 0x80 : 0)));
        }
    }
    vec_der_tlv(w, TAG_OID, vec_view(&body));
    wr_cleanup(&body);
}

/* BFPublicParameters of the fields of params. */
static int der_params(struct vec *v, const json_t *params, struct wr *w)
{
    struct view p, q, x1, y1, x2, y2;
    struct wr body;
    uint64_t version = 2;
    const char *oid = vec_string(v, params, "hashOid");
    if (oid == NULL || !vec_int(v, params, "p", &p) ||
        !vec_int(v, params, "q", &q) || !vec_int(v, params, "P.x", &x1) ||
        !vec_int(v, params, "P.y", &y1) || !vec_int(v, params, "Ppub.x", &x2) ||
        !vec_int(v, params, "Ppub.y", &y2) ||
        (vec_get(params, "version") != NULL &&
         !vec_number(v, params, "version", 127, &version))) {
        return 0;
    }
    wr_init(&body);
    der_version(&body, (unsigned)version);
    der_oid(&body, "2.16.840.1.114334.1.1.1.1");
    vec_der_int(&body, p);
    vec_der_int(&body, q);
    der_point(&body, x1, y1);
    der_point(&body, x2, y2);
    der_oid(&body, oid);
    sequence(w, &body);
    return w->err == STATUS_OK;
}

/* ---- parameters of a group ---- */

static enum vec_outcome make_params(struct vec *v)
{
    const json_t *params = json_object_get(v->group, "params");
    enum bf_reason reason = BF_REASON_NONE;
    struct view der = {0};
    struct wr *built = vec_buf(v);
    int fields = vec_get(params, "p") != NULL;
    int given = vec_get(params, "paramsDer") != NULL;
    if (built == NULL || (!fields && !given)) {
        return vec_bad(v, "the group has no params");
    }
    if (fields && !der_params(v, params, built)) {
        return VEC_BAD;
    }
    if (given && !vec_hex(v, params, "paramsDer", &der)) {
        return VEC_BAD;
    }
    if (fields && given &&
        (built->len != der.len ||
         memcmp(built->data, der.data, der.len) != 0)) {
        return vec_bad(v, "paramsDer of the group does not hold its p, q, P, "
                          "Ppub and hashOid");
    }
    der = given ? der : vec_view(built);
    v->params->bp = bf_params_decode(der.data, der.len, 1, &reason);
    return v->params->bp != NULL ? VEC_DONE : refused_for(v, reason);
}

/* The parameters of the group, or NULL with *o saying why there are none. */
static const struct bf_params *group_params(struct vec *v, enum vec_outcome *o)
{
    struct vec_params *p = v->params;
    if (p->of != v->group) {
        bf_params_free(p->bp);
        *p = (struct vec_params){.of = v->group};
        p->outcome = make_params(v);
        snprintf(p->why, sizeof p->why, "params of the group: %.120s",
                 p->outcome == VEC_REFUSED ? v->reason : v->why);
        v->why[0] = '\0';
    }
    if (p->bp == NULL) {
        /* never a refusal of the test itself */
        *o = p->outcome == VEC_ERROR ? VEC_ERROR : VEC_BAD;
        snprintf(v->why, sizeof v->why, "%s", p->why);
    }
    return p->bp;
}

/* masterSecret of the group, and that masterSecretDer holds the same. */
static int master_secret(struct vec *v, struct view *s)
{
    struct view der;
    struct wr *w = vec_buf(v);
    struct wr body;
    if (w == NULL || !vec_int(v, v->group, "masterSecret", s)) {
        return 0;
    }
    if (vec_get(v->group, "masterSecretDer") == NULL) {
        return 1;
    }
    if (!vec_hex(v, v->group, "masterSecretDer", &der)) {
        return 0;
    }
    wr_init(&body);
    der_version(&body, 2);
    vec_der_int(&body, *s);
    sequence(w, &body);
    if (w->len != der.len || memcmp(w->data, der.data, der.len) != 0) {
        vec_bad(v, "masterSecretDer of the group is not that of masterSecret");
        return 0;
    }
    return 1;
}

/* ---- BfParams ---- */

static enum vec_outcome bf_params(struct vec *v)
{
    struct view der;
    enum bf_reason reason = BF_REASON_NONE;
    struct wr *again = vec_buf(v);
    if (again == NULL || !vec_hex(v, v->test, "paramsDer", &der)) {
        return VEC_BAD;
    }
    struct bf_params *bp = bf_params_decode(der.data, der.len, 0, &reason);
    if (bp == NULL) {
        return refused_for(v, reason);
    }
    bf_params_encode(bp, again);
    bf_params_free(bp);
    enum vec_outcome o = vec_status(v, again->err);
    return o == VEC_DONE ? vec_same(v, "paramsDer", vec_view(again)) : o;
}

/* ---- BfExtract ---- */

/* y and Q_id of the identity, whatever the key. */
static enum vec_outcome check_identity(struct vec *v,
                                       const struct bf_params *bp,
                                       struct view id, const char *y_name,
                                       const char *q_name)
{
    struct wr *w = vec_buf(v);
    if (w == NULL) {
        return VEC_BAD;
    }
    enum vec_outcome o = vec_status(v, bf_prim_identity(w, bp, id));
    size_t l = bf_p_octets(bp);
    if (o == VEC_DONE && y_name != NULL && vec_has(v, y_name)) {
        o = vec_same_int(v, y_name, (struct view){w->data, l});
    }
    if (o == VEC_DONE && vec_has(v, q_name)) {
        o = vec_same_pair(v, q_name, "x", "y",
                          (struct view){w->data + l, 2 * l});
    }
    return o;
}

/* privateKey and privateKeyDer are one and the same. */
static enum vec_outcome key_der(struct vec *v, struct view *out)
{
    struct view x, y;
    struct wr *w = vec_buf(v);
    if (w == NULL) {
        return VEC_BAD;
    }
    if (vec_has(v, "privateKey.x")) {
        if (!vec_int(v, v->test, "privateKey.x", &x) ||
            !vec_int(v, v->test, "privateKey.y", &y)) {
            return VEC_BAD;
        }
        der_key(w, x, y);
        if (w->err != STATUS_OK) {
            return vec_status(v, w->err);
        }
        *out = vec_view(w);
        if (!vec_has(v, "privateKeyDer")) {
            return VEC_DONE;
        }
        return vec_same(v, "privateKeyDer", vec_view(w)) == VEC_DONE
                   ? VEC_DONE
                   : vec_bad(v, "");
    }
    return vec_hex(v, v->test, "privateKeyDer", out) ? VEC_DONE : VEC_BAD;
}

static enum vec_outcome verify(struct vec *v, const struct bf_params *bp,
                               struct view der, struct view id)
{
    enum bf_reason r = bf_prim_key_verify(bp, der.data, der.len, id);
    return r == BF_REASON_NONE ? VEC_DONE : refused_for(v, r);
}

static enum vec_outcome infinite_key(struct vec *v, const struct bf_params *bp,
                                     struct view id)
{
    for (size_t i = 0; i < NUM_STAND_INS; i++) {
        struct wr *w = vec_buf(v);
        if (w == NULL) {
            return VEC_BAD;
        }
        der_key(w, (struct view){&stand_ins[i][0], 1},
                (struct view){&stand_ins[i][1], 1});
        enum vec_outcome o = verify(v, bp, vec_view(w), id);
        if (o != VEC_REFUSED) {
            return o;
        }
    }
    return vec_refused(v, bf_reason_name(BF_REASON_INFINITY));
}

static enum vec_outcome bf_extracted(struct vec *v)
{
    struct view id, s, der;
    enum vec_outcome o = VEC_DONE;
    struct wr *key = vec_buf(v);
    const struct bf_params *bp = group_params(v, &o);
    if (bp == NULL) {
        return o;
    }
    if (key == NULL || !vec_hex(v, v->test, "identity", &id) ||
        !master_secret(v, &s)) {
        return VEC_BAD;
    }
    o = check_identity(v, bp, id, "y", "Qid");
    if (o != VEC_DONE) {
        return o;
    }
    if (vec_is_infinity(json_object_get(v->test, "privateKey"))) {
        return infinite_key(v, bp, id);
    }
    o = key_der(v, &der);
    if (o == VEC_DONE) {
        o = verify(v, bp, der, id);
    }
    if (o == VEC_DONE) {
        o = vec_status(v, bf_extract(bp, s, id, key));
    }
    if (o == VEC_DONE &&
        (key->len != der.len || memcmp(key->data, der.data, der.len) != 0)) {
        o = vec_wrong(v, "privateKey is not [s]Q_id");
    }
    return o;
}

/* ---- BfIbe ---- */

static enum vec_outcome check_steps(struct vec *v, const struct bf_params *bp,
                                    const struct wr *steps)
{
    size_t h = bf_hash_octets(bp);
    size_t q = bf_q_octets(bp);
    size_t l = bf_p_octets(bp);
    struct rd r;
    struct view t = {0}, lq = {0}, theta = {0}, theta_l = {0}, w = {0};
    enum vec_outcome o = VEC_DONE;
    rd_init(&r, steps->data, steps->len);
    rd_bytes(&r, &t, h);
    rd_bytes(&r, &lq, q);
    rd_bytes(&r, &theta, 2 * l);
    rd_bytes(&r, &theta_l, 2 * l);
    if (rd_bytes(&r, &w, h) != STATUS_OK) {
        return vec_status(v, STATUS_INTERNAL);
    }
    o = vec_same_if(v, "intermediate.t", t);
    if (o == VEC_DONE && vec_has(v, "intermediate.l")) {
        o = vec_same_int(v, "intermediate.l", lq);
    }
    if (o == VEC_DONE && vec_has(v, "intermediate.theta")) {
        o = vec_same_pair(v, "intermediate.theta", "a", "b", theta);
    }
    if (o == VEC_DONE && vec_has(v, "intermediate.thetaL")) {
        o = vec_same_pair(v, "intermediate.thetaL", "a", "b", theta_l);
    }
    return o == VEC_DONE ? vec_same_if(v, "intermediate.w", w) : o;
}

/* Encrypting msg with rho gives what the test says. */
static enum vec_outcome check_encrypt(struct vec *v, const struct bf_params *bp,
                                      struct view id, struct view msg)
{
    struct view rho;
    struct bf_ciphertext c;
    struct wr *out = vec_buf(v);
    struct wr *steps = vec_buf(v);
    if (out == NULL || steps == NULL || !vec_hex(v, v->test, "rho", &rho)) {
        return VEC_BAD;
    }
    struct bf_id *bid = bf_id_new(bp, id);
    if (bid == NULL) {
        return vec_status(v, STATUS_NO_MEMORY);
    }
    enum vec_outcome o =
        vec_status(v, bf_prim_encrypt(out, steps, bid, rho, msg));
    bf_id_free(bid);
    if (o != VEC_DONE) {
        return o;
    }
    if (bf_ciphertext_parse(&c, out->data, out->len) != STATUS_OK) {
        return vec_wrong(v, "the ciphertext made is not DER");
    }
    o = check_steps(v, bp, steps);
    if (o == VEC_DONE) {
        o = vec_same_if(v, "ciphertextDer", vec_view(out));
    }
    if (o == VEC_DONE && vec_has(v, "U")) {
        o = vec_same_int(v, "U.x", c.ux);
        o = o == VEC_DONE ? vec_same_int(v, "U.y", c.uy) : o;
    }
    o = o == VEC_DONE ? vec_same_if(v, "V", c.v) : o;
    return o == VEC_DONE ? vec_same_if(v, "W", c.w) : o;
}

/* Decrypting der gives msg, or is refused. */
static enum vec_outcome decrypt(struct vec *v, const struct bf_key *key,
                                struct view der, struct view msg)
{
    enum bf_reason reason = BF_REASON_NONE;
    struct wr *out = vec_buf(v);
    if (out == NULL) {
        return VEC_BAD;
    }
    enum status s = bf_decrypt(key, der.data, der.len, out, &reason);
    if (s != STATUS_OK) {
        if (out->len != 0) {
            return vec_wrong(v, "a refused ciphertext gave output");
        }
        return s == STATUS_DECRYPT ? refused_for(v, reason) : vec_status(v, s);
    }
    if (out->len != msg.len || memcmp(out->data, msg.data, msg.len) != 0) {
        return vec_wrong(v, "it decrypts to something else than msg");
    }
    return VEC_DONE;
}

/* The ciphertext of U, V, W, if the test has them; infinity in its stand-ins.
 */
static enum vec_outcome decrypt_parts(struct vec *v, const struct bf_key *key,
                                      struct view msg)
{
    struct view ux, uy, vv, ww;
    int infinity = vec_is_infinity(json_object_get(v->test, "U"));
    if (!vec_hex(v, v->test, "V", &vv) || !vec_hex(v, v->test, "W", &ww)) {
        return VEC_BAD;
    }
    for (size_t i = 0; infinity && i < NUM_STAND_INS; i++) {
        struct wr *w = vec_buf(v);
        if (w == NULL) {
            return VEC_BAD;
        }
        der_ciphertext(w, (struct view){&stand_ins[i][0], 1},
                       (struct view){&stand_ins[i][1], 1}, vv, ww);
        enum vec_outcome o = decrypt(v, key, vec_view(w), msg);
        if (o != VEC_REFUSED) {
            return o;
        }
    }
    if (infinity) {
        return vec_refused(v, bf_reason_name(BF_REASON_INFINITY));
    }
    struct wr *w = vec_buf(v);
    if (w == NULL || !vec_int(v, v->test, "U.x", &ux) ||
        !vec_int(v, v->test, "U.y", &uy)) {
        return VEC_BAD;
    }
    der_ciphertext(w, ux, uy, vv, ww);
    return w->err != STATUS_OK ? vec_status(v, w->err)
                               : decrypt(v, key, vec_view(w), msg);
}

static enum vec_outcome check_decrypt(struct vec *v, const struct bf_key *key,
                                      struct view msg)
{
    struct view der;
    enum vec_outcome o = VEC_DONE;
    int parts = vec_has(v, "U");
    if (!parts && !vec_has(v, "ciphertextDer")) {
        return vec_bad(v, "neither ciphertextDer nor U, V, W");
    }
    if (parts) {
        o = decrypt_parts(v, key, msg);
    }
    if (!vec_has(v, "ciphertextDer") || (o != VEC_DONE && o != VEC_REFUSED)) {
        return o;
    }
    if (!vec_hex(v, v->test, "ciphertextDer", &der)) {
        return VEC_BAD;
    }
    enum vec_outcome second = decrypt(v, key, der, msg);
    if (parts && o != second) {
        return second == VEC_WRONG
                   ? second
                   : vec_wrong(v, "U, V, W and ciphertextDer fare differently");
    }
    return second;
}

/* The private key of the test is that of keyIdentity, where the group says
 * whose secret made it. */
static enum vec_outcome check_key(struct vec *v, const struct bf_params *bp,
                                  struct view id, struct view der)
{
    struct view s, other;
    struct wr *key = vec_buf(v);
    if (vec_get(v->group, "masterSecret") == NULL) {
        return VEC_DONE;
    }
    if (key == NULL || !master_secret(v, &s)) {
        return VEC_BAD;
    }
    if (vec_has(v, "keyIdentity")) {
        if (!vec_hex(v, v->test, "keyIdentity", &other)) {
            return VEC_BAD;
        }
        id = other;
    }
    enum vec_outcome o = vec_status(v, bf_extract(bp, s, id, key));
    if (o == VEC_DONE &&
        (key->len != der.len || memcmp(key->data, der.data, der.len) != 0)) {
        return vec_wrong(v, "privateKey is not [s]Q_id");
    }
    return o;
}

static int result_is(const struct vec *v, const char *word)
{
    const char *r = json_string_value(json_object_get(v->test, "result"));
    return r != NULL && strcmp(r, word) == 0;
}

static enum vec_outcome bf_ibe(struct vec *v)
{
    struct view id, msg, der;
    enum bf_reason reason = BF_REASON_NONE;
    enum vec_outcome o = VEC_DONE;
    const struct bf_params *bp = group_params(v, &o);
    if (bp == NULL) {
        return o;
    }
    if (!vec_hex(v, v->test, "identity", &id) ||
        !vec_hex(v, v->test, "msg", &msg)) {
        return VEC_BAD;
    }
    o = key_der(v, &der);
    if (o != VEC_DONE) {
        return o;
    }
    struct bf_key *key = bf_key_decode(bp, der.data, der.len, &reason);
    if (key == NULL) {
        return refused_for(v, reason);
    }
    o = check_decrypt(v, key, msg);
    bf_key_free(key);
    if (o != VEC_DONE || result_is(v, "invalid")) {
        return o;
    }
    /* It works: then all that is stated must hold. A ciphertext given in DER
     * alone is a matter of its encoding. */
    o = check_key(v, bp, id, der);
    if (o == VEC_DONE) {
        o = check_identity(v, bp, id, NULL, "intermediate.Qid");
    }
    int encoding_only = result_is(v, "acceptable") && !vec_has(v, "U");
    if (o == VEC_DONE && vec_has(v, "rho") && !encoding_only) {
        o = check_encrypt(v, bp, id, msg);
    }
    return o;
}

const struct vec_type vec_types_ibe[] = {
    {"BfParams", bf_params},
    {"BfExtract", bf_extracted},
    {"BfIbe", bf_ibe},
    {NULL, NULL},
};
