/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Known answers for the parts of RFC 5091: hashes, encoding, points, pairing.
 */
#include "harness/cli/vectors.h"

#include "harness/crypto/bf_prim.h"

#include <string.h>

static enum vec_outcome hash_to_range(struct vec *v)
{
    struct view s, n;
    const char *oid = vec_string(v, v->test, "hashOid");
    struct wr *out = vec_buf(v);
    if (oid == NULL || out == NULL || !vec_hex(v, v->test, "s", &s) ||
        !vec_int(v, v->test, "n", &n)) {
        return VEC_BAD;
    }
    enum vec_outcome o = vec_status(v, bf_prim_hash_to_range(out, oid, s, n));
    return o == VEC_DONE ? vec_same_int(v, "v", vec_view(out)) : o;
}

static enum vec_outcome hash_bytes(struct vec *v)
{
    struct view seed;
    uint64_t b = 0;
    const char *oid = vec_string(v, v->test, "hashOid");
    struct wr *out = vec_buf(v);
    if (oid == NULL || out == NULL || !vec_hex(v, v->test, "seed", &seed) ||
        !vec_number(v, v->test, "b", 1 << 24, &b)) {
        return VEC_BAD;
    }
    enum vec_outcome o =
        vec_status(v, bf_prim_hash_bytes(out, oid, (size_t)b, seed));
    return o == VEC_DONE ? vec_same(v, "out", vec_view(out)) : o;
}

static enum vec_outcome canonical(struct vec *v)
{
    struct view p, a, b;
    uint64_t order = 0;
    uint64_t k = 2;
    struct wr *out = vec_buf(v);
    if (out == NULL || !vec_int(v, v->test, "p", &p) ||
        !vec_int(v, v->test, "v.a", &a) || !vec_int(v, v->test, "v.b", &b) ||
        !vec_number(v, v->test, "o", 1, &order) ||
        (vec_has(v, "k") && !vec_number(v, v->test, "k", 2, &k))) {
        return VEC_BAD;
    }
    if (k != 2) {
        return vec_bad(v, "k other than 2");
    }
    enum vec_outcome o =
        vec_status(v, bf_prim_canonical(out, p, a, b, (int)order));
    return o == VEC_DONE ? vec_same(v, "out", vec_view(out)) : o;
}

static int point(struct vec *v, const char *name, struct bf_prim_point *out)
{
    char x[16] = "";
    char y[16] = "";
    strncat(strncat(x, name, 8), ".x", 3);
    strncat(strncat(y, name, 8), ".y", 3);
    return vec_int(v, v->test, x, &out->x) && vec_int(v, v->test, y, &out->y);
}

static enum vec_outcome point_multiply(struct vec *v)
{
    struct view p, k;
    struct bf_prim_point a;
    int infinity = 0;
    struct wr *out = vec_buf(v);
    if (vec_is_infinity(json_object_get(v->test, "A"))) {
        /* [k]0 = 0, and the interface has no form for 0 */
        return vec_is_infinity(json_object_get(v->test, "kA"))
                   ? VEC_DONE
                   : vec_wrong(v, "kA is infinity");
    }
    if (out == NULL || !vec_int(v, v->test, "p", &p) ||
        !vec_int(v, v->test, "k", &k) || !point(v, "A", &a)) {
        return VEC_BAD;
    }
    enum vec_outcome o =
        vec_status(v, bf_prim_point_multiply(out, &infinity, p, &a, k));
    if (o != VEC_DONE) {
        return o;
    }
    if (vec_is_infinity(json_object_get(v->test, "kA"))) {
        return infinity ? VEC_DONE : vec_wrong(v, "kA is not infinity");
    }
    if (infinity) {
        return vec_wrong(v, "kA comes out as infinity");
    }
    return vec_same_pair(v, "kA", "x", "y", vec_view(out));
}

/* The inverse of an element of norm 1: (a, p - b), octets of one length. */
static void conjugate(struct wr *w, struct view p, struct view e)
{
    size_t half = e.len / 2;
    unsigned borrow = 0;
    wr_bytes(w, e.data, e.len);
    if (w->err != STATUS_OK || p.len > half) {
        return;
    }
    for (size_t i = 0; i < half; i++) {
        unsigned from = i < p.len ? p.data[p.len - 1 - i] : 0;
        unsigned take = w->data[e.len - 1 - i] + borrow;
        borrow = from < take;
        w->data[e.len - 1 - i] = (uint8_t)(from - take);
    }
}

/* e'(A, 0) = e'(0, B) = 1; the interface has no form for 0. */
static enum vec_outcome pairing_of_infinity(struct vec *v)
{
    static const uint8_t one[] = {1, 0};
    return vec_same_pair(v, "e", "a", "b", (struct view){one, sizeof one});
}

static enum vec_outcome pairing(struct vec *v)
{
    struct view p, q;
    struct bf_prim_point a, b;
    struct wr *out = vec_buf(v);
    struct wr *inverse = vec_buf(v);
    if (vec_is_infinity(json_object_get(v->test, "A")) ||
        vec_is_infinity(json_object_get(v->test, "B"))) {
        return pairing_of_infinity(v);
    }
    if (out == NULL || inverse == NULL || !vec_int(v, v->test, "p", &p) ||
        !vec_int(v, v->test, "q", &q) || !point(v, "A", &a) ||
        !point(v, "B", &b)) {
        return VEC_BAD;
    }
    enum vec_outcome o = vec_status(v, bf_prim_pairing(out, p, q, &a, &b));
    if (o != VEC_DONE) {
        return o;
    }
    o = vec_same_pair(v, "e", "a", "b", vec_view(out));
    if (o == VEC_WRONG && vec_flag(v, "ZetaSignOpen")) {
        while (p.len > 0 && p.data[0] == 0) {
            p.data++;
            p.len--;
        }
        conjugate(inverse, p, vec_view(out));
        o = vec_same_pair(v, "e", "a", "b", vec_view(inverse));
    }
    return o;
}

const struct vec_type vec_types_bf[] = {
    {"HashToRange", hash_to_range}, {"HashBytes", hash_bytes},
    {"Canonical", canonical},       {"PointMultiply", point_multiply},
    {"Pairing", pairing},           {NULL, NULL},
};
