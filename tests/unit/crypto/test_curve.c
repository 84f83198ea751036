/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of the curve y^2 = x^3 + 1. */
#include "tests/unit/crypto/crypto_tests.h"

#include "harness/crypto/bf_int.h"

#include <stdio.h>
#include <string.h>

static void each_level(void (*body)(const struct bf_params *bp))
{
    static const int64_t bits[] = {192, 512, 1024, 1536, 3840};
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        struct bf_params *bp = params_of(vectors_group("BfIbe", bits[i], 0));
        body(bp);
        bf_params_free(bp);
    }
}

static void random_scalar(uint64_t *k, size_t bits, struct env *env)
{
    uint8_t v[BF_MAX_HASH_OCTETS];
    env_random(env, v, bits / 8);
    limbs_from_octets(k, BF_Q_LIMBS, v, bits / 8);
}

/* A point of E from its y, in general not of order q. */
static void any_point(struct ec_point *a, struct env *env, const struct fp *f)
{
    uint8_t v[FP_MAX_OCTETS];
    fp_el y;
    env_random(env, v, f->octets);
    v[0] &= 0x3f;
    CU_ASSERT_FATAL(fp_from_octets(y, v, f->octets, f));
    ec_from_y(a, y, f);
}

static int same(const struct ec_jac *a, const struct ec_jac *b,
                const struct fp *f)
{
    struct ec_point p;
    return ec_affine(&p, a, f) ? ec_equal(b, &p, f) : ec_is_infinity(b, f);
}

static void add_is_linear(const struct bf_params *bp)
{
    const struct fp *f = &bp->f;
    struct env *env = test_env(1);
    uint64_t a[BF_Q_LIMBS];
    uint64_t b[BF_Q_LIMBS];
    uint64_t sum[BF_Q_LIMBS + 1] = {0};
    struct ec_jac pa;
    struct ec_jac pb;
    struct ec_jac ps;
    unsigned __int128 carry = 0;
    random_scalar(a, bp->q_bits, env);
    random_scalar(b, bp->q_bits, env);
    for (size_t i = 0; i < BF_Q_LIMBS; i++) {
        carry += (unsigned __int128)a[i] + b[i];
        sum[i] = (uint64_t)carry;
        carry >>= 64;
    }
    sum[BF_Q_LIMBS] = (uint64_t)carry;
    ec_mul(&pa, &bp->gen, a, BF_Q_LIMBS, f);
    ec_mul(&pb, &bp->gen, b, BF_Q_LIMBS, f);
    ec_mul(&ps, &bp->gen, sum, BF_Q_LIMBS + 1, f);
    ec_add(&pa, &pa, &pb, f); /* [a]P + [b]P = [a+b]P */
    CU_ASSERT(same(&pa, &ps, f));
    CU_ASSERT(!ec_is_infinity(&ps, f));
}

static void comb_is_mul(const struct bf_params *bp)
{
    struct env *env = test_env(2);
    for (unsigned i = 0; i < 6; i++) {
        uint64_t k[BF_Q_LIMBS] = {0};
        struct ec_jac a;
        struct ec_jac b;
        if (i < 3) {
            k[0] = i; /* 0, 1, 2 */
        } else if (i == 3) {
            memcpy(k, bp->q, sizeof k);
            k[0] -= 1; /* q - 1 */
        } else {
            random_scalar(k, bp->q_bits, env);
        }
        ec_comb_mul(&a, &bp->gen_comb, k, bp->q_limbs, &bp->f);
        ec_mul(&b, &bp->gen, k, bp->q_limbs, &bp->f);
        CU_ASSERT(same(&a, &b, &bp->f));
    }
}

static void order_of_points(const struct bf_params *bp)
{
    const struct fp *f = &bp->f;
    struct env *env = test_env(3);
    struct ec_point a;
    struct ec_point in;
    struct ec_jac t;
    any_point(&a, env, f);
    CU_ASSERT(ec_on_curve(&a, f));
    CU_ASSERT(!ec_has_order(&a, &bp->pr.q, f));
    ec_mul(&t, &a, bp->pr.cofactor, bp->pr.cofactor_limbs, f);
    CU_ASSERT_FATAL(ec_affine(&in, &t, f));
    CU_ASSERT(ec_on_curve(&in, f));
    CU_ASSERT(ec_has_order(&in, &bp->pr.q, f));
    ec_mul(&t, &in, bp->q, bp->q_limbs, f);
    CU_ASSERT(ec_is_infinity(&t, f));
    ec_mul(&t, &a, bp->q, bp->q_limbs, f);
    CU_ASSERT(!ec_is_infinity(&t, f));
    fp_add(a.y, a.y, f->one, f);
    CU_ASSERT(!ec_on_curve(&a, f));
}

/* (-1, 0) has order 2, (0, 1) order 3, (2, 3) order 6; none has order q */
static void small_orders(const struct bf_params *bp)
{
    static const struct {
        int x;
        unsigned y;
        uint64_t order;
    } rows[] = {{-1, 0, 2}, {0, 1, 3}, {2, 3, 6}};
    const struct fp *f = &bp->f;
    for (size_t i = 0; i < 3; i++) {
        struct ec_point a;
        struct ec_jac t;
        fp_set_small(a.x, rows[i].x < 0 ? 1 : (unsigned)rows[i].x, f);
        if (rows[i].x < 0) {
            fp_neg(a.x, a.x, f);
        }
        fp_set_small(a.y, rows[i].y, f);
        CU_ASSERT(ec_on_curve(&a, f));
        CU_ASSERT(!ec_has_order(&a, &bp->pr.q, f));
        for (uint64_t k = 1; k <= 13; k++) {
            ec_mul(&t, &a, &k, 1, f);
            CU_ASSERT_EQUAL(ec_is_infinity(&t, f), k % rows[i].order == 0);
        }
    }
}

static void additions_are_complete(const struct bf_params *bp)
{
    const struct fp *f = &bp->f;
    struct ec_point minus;
    struct ec_jac zero;
    struct ec_jac a;
    struct ec_jac b;
    struct ec_jac r;
    uint64_t two = 2;
    ec_negate(&minus, &bp->gen, f);
    memset(&zero, 0, sizeof zero);
    ec_set(&a, &bp->gen, f);
    ec_add(&r, &zero, &a, f); /* 0 + A */
    CU_ASSERT(ec_equal(&r, &bp->gen, f));
    ec_add(&r, &a, &zero, f); /* A + 0 */
    CU_ASSERT(ec_equal(&r, &bp->gen, f));
    ec_add_affine(&r, &zero, &bp->gen, f);
    CU_ASSERT(ec_equal(&r, &bp->gen, f));
    ec_add_affine(&r, &a, &minus, f); /* A - A */
    CU_ASSERT(ec_is_infinity(&r, f));
    ec_set(&b, &minus, f);
    ec_add(&r, &a, &b, f);
    CU_ASSERT(ec_is_infinity(&r, f));
    ec_double(&r, &zero, f); /* 2 * 0 */
    CU_ASSERT(ec_is_infinity(&r, f));
    ec_mul(&b, &bp->gen, &two, 1, f);
    ec_add_affine(&r, &a, &bp->gen, f); /* A + A, which RFC 5091 gets wrong */
    CU_ASSERT(same(&r, &b, f));
    ec_add(&r, &a, &a, f);
    CU_ASSERT(same(&r, &b, f));
    CU_ASSERT(!ec_equal(&zero, &bp->gen, f));
}

static void linear(void)
{
    each_level(add_is_linear);
}

static void comb(void)
{
    each_level(comb_is_mul);
}

static void orders(void)
{
    each_level(order_of_points);
}

static void small(void)
{
    each_level(small_orders);
}

static void complete(void)
{
    each_level(additions_are_complete);
}

/* every form for a <= 90, b < a: found again, with the same value */
static void solinas_forms(void)
{
    unsigned found = 0;
    for (size_t a = 2; a <= 90; a++) {
        for (size_t b = 1; b < a; b++) {
            for (int sc = 0; sc < 4; sc++) {
                int s = (sc & 1) != 0 ? 1 : -1;
                int c = (sc & 2) != 0 ? 1 : -1;
                unsigned __int128 one = 1;
                unsigned __int128 q = (one << a) + (unsigned __int128)c;
                q = s > 0 ? q + (one << b) : q - (one << b);
                uint64_t v[2] = {(uint64_t)q, (uint64_t)(q >> 64)};
                struct solinas f;
                if (q < 3) {
                    continue;
                }
                CU_ASSERT_FATAL(solinas_from(&f, v, 2));
                unsigned __int128 w = (one << f.a) + (unsigned __int128)f.c;
                w = f.s > 0 ? w + (one << f.b) : w - (one << f.b);
                CU_ASSERT(w == q && f.b >= 1 && f.a > f.b);
                found++;
            }
        }
    }
    CU_ASSERT(found > 15000);
    uint64_t no[2] = {0x123456789abcdef1, 1};
    struct solinas f;
    CU_ASSERT(!solinas_from(&f, no, 2));
    no[0] = 0x8000000000000000;
    CU_ASSERT(!solinas_from(&f, no, 2)); /* even */
}

static const struct unit_case cases[] = {
    {"sums_of_multiples_are_multiples_of_the_sum", linear},
    {"comb_and_window_agree", comb},
    {"cofactor_leads_into_the_subgroup", orders},
    {"points_of_small_order_have_that_order", small},
    {"additions_know_every_special_case", complete},
    {"every_solinas_form_is_recognised", solinas_forms},
    {NULL, NULL}};

const struct unit_suite crypto_curve_suite = {"curve", cases};
