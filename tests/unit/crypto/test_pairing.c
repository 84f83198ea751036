/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of the pairing, and its value against a textbook Miller loop. */
#include "tests/unit/crypto/crypto_tests.h"

#include "harness/crypto/bf_int.h"
#include "tests/unit/crypto/textbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void each_group(void (*body)(const struct bf_params *bp))
{
    static const int64_t bits[] = {192, 512, 512, 1024, 1536, 3840};
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        unsigned nth = i == 2; /* the second set of 512 bits */
        struct bf_params *bp = params_of(vectors_group("BfIbe", bits[i], nth));
        body(bp);
        bf_params_free(bp);
    }
}

/* r = e^k by square and multiply, independent of the ladder */
static void power(struct fp2 *r, const struct fp2 *e, const uint64_t *k,
                  size_t num, const struct fp *f)
{
    struct fp2 t;
    fp_copy(t.re, f->one, f);
    memset(t.im, 0, f->n * 8);
    for (size_t i = num * 64; i-- > 0;) {
        for (int step = 0; step < 2; step++) {
            const struct fp2 *by = step == 0 ? &t : e;
            fp_el ac;
            fp_el bd;
            fp_el ad;
            fp_el bc;
            if (step == 1 && (k[i / 64] >> i % 64 & 1) == 0) {
                continue;
            }
            fp_mul(ac, t.re, by->re, f);
            fp_mul(bd, t.im, by->im, f);
            fp_mul(ad, t.re, by->im, f);
            fp_mul(bc, t.im, by->re, f);
            fp_sub(t.re, ac, bd, f);
            fp_add(t.im, ad, bc, f);
        }
    }
    *r = t;
}

static int is_one(const struct fp2 *e, const struct fp *f)
{
    return fp_equal(e->re, f->one, f) && fp_is_zero(e->im, f);
}

static void bilinear(const struct bf_params *bp)
{
    const struct fp *f = &bp->f;
    uint64_t x[1] = {0x9e3779b97f4a7c15};
    uint64_t y[1] = {0xd1b54a32d192ed03};
    struct ec_point a;
    struct ec_point b;
    struct ec_jac t;
    struct fp2 e;
    struct fp2 r;
    struct fp2 want;
    ec_mul(&t, &bp->gen, x, 1, f);
    ec_affine(&a, &t, f);
    ec_mul(&t, &bp->pub, y, 1, f);
    ec_affine(&b, &t, f);
    CU_ASSERT(pairing_compute(&e, &bp->gen, &bp->pub, &bp->pr));
    CU_ASSERT(!is_one(&e, f));
    power(&r, &e, bp->q, bp->q_limbs, f); /* e^q = 1 */
    CU_ASSERT(is_one(&r, f));
    power(&want, &e, x, 1, f);
    power(&want, &want, y, 1, f);
    CU_ASSERT(pairing_compute(&r, &a, &b, &bp->pr));
    CU_ASSERT(fp2_equal(&r, &want, f)); /* e([x]A, [y]B) = e(A, B)^(xy) */
    CU_ASSERT(pairing_compute(&r, &b, &a, &bp->pr));
    CU_ASSERT(fp2_equal(&r, &want, f)); /* symmetric */
    CU_ASSERT(pairing_compute(&r, &a, &a, &bp->pr));
    CU_ASSERT(!is_one(&r, f)); /* e(A, A) != 1 */
}

static void fixed_is_same(const struct bf_params *bp)
{
    const struct fp *f = &bp->f;
    struct fp2 e;
    struct fp2 r;
    struct pairing_lines *l = pairing_lines_new(&bp->gen, &bp->pr);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l);
    CU_ASSERT(pairing_compute(&e, &bp->gen, &bp->pub, &bp->pr));
    CU_ASSERT(pairing_fixed(&r, l, &bp->pub, &bp->pr));
    CU_ASSERT(fp2_equal(&r, &e, f));
    CU_ASSERT(pairing_fixed(&r, bp->pub_lines, &bp->gen, &bp->pr));
    CU_ASSERT(fp2_equal(&r, &e, f));
    pairing_lines_free(l);
}

static void ladder_is_power(const struct bf_params *bp)
{
    const struct fp *f = &bp->f;
    uint64_t k[2] = {0, 0};
    struct fp2 e;
    struct fp2 r;
    struct fp2 want;
    fp_el im_inv;
    CU_ASSERT(pairing_fixed(&e, bp->pub_lines, &bp->gen, &bp->pr));
    CU_ASSERT_FATAL(fp_inv(im_inv, e.im, f));
    for (int i = 0; i < 6; i++) {
        pairing_power(&r, &e, im_inv, k, 128, f);
        power(&want, &e, k, 2, f);
        CU_ASSERT(fp2_equal(&r, &want, f));
        k[0] = k[0] * 0x9e3779b97f4a7c15 + 1; /* 0, 1, then large ones */
        k[1] = i > 2 ? ~k[0] : 0;
    }
}

static void laws(void)
{
    each_group(bilinear);
}

static void fixed(void)
{
    each_group(fixed_is_same);
}

static void ladder(void)
{
    each_group(ladder_is_power);
}

/* Four small groups, one for each (s, c); 3 values each against the textbook.
 */
static void sign_patterns(void)
{
    for (int sc = 0; sc < 4; sc++) {
        struct textbook tb;
        textbook_group(&tb, (sc & 1) != 0 ? 1 : -1, (sc & 2) != 0 ? 1 : -1);
        for (unsigned i = 1; i <= 3; i++) {
            CU_ASSERT(textbook_agrees(&tb, i));
        }
        textbook_done(&tb);
    }
}

/* e'(P, P_pub) of the toy parameters of RFC 5091, 7.4, from PARI/GP:
 * elltatepairing over F_p(i), zeta = -1/2 - (sqrt 3/2)i, final power. */
static void value_of_pari(void)
{
    struct bf_params *bp = params_of(vectors_group("BfIbe", 192, 0));
    struct fp2 e;
    uint8_t v[48];
    pairing_compute(&e, &bp->gen, &bp->pub, &bp->pr);
    bf_canonical(v, &e, 0, &bp->f);
    CU_ASSERT(hex_is("e", (struct view){v, 48},
                     "1ad9349c21c6065251fbdeefedbcec434cf20d4bcbc38f6b"
                     "31bbfe33006a257e420a6a607ef3aa094b050ed8ee27d3a8"));
    bf_params_free(bp);
}

static void point_of_order_three(void)
{
    struct bf_params *bp = params_of(vectors_group("BfIbe", 192, 0));
    struct ec_point a;
    struct fp2 e;
    fp_set_small(a.x, 0, &bp->f);
    fp_set_small(a.y, 1, &bp->f);
    CU_ASSERT(!pairing_compute(&e, &bp->gen, &a, &bp->pr));
    CU_ASSERT(!pairing_fixed(&e, bp->pub_lines, &a, &bp->pr));
    bf_params_free(bp);
}

/* Budget: doublings and lines 12, f 5 per bit of q, exponent 2 per bit of
 * 12r. */
static void counts_stay_in_the_budget(void)
{
    static const struct {
        int64_t bits;
        unsigned long most, most_fixed;
    } rows[] = {{512, 3500, 1750}, {1024, 5500, 3050}, {1536, 7000, 4200}};
    for (size_t i = 0; i < 3; i++) {
        struct bf_params *bp =
            params_of(vectors_group("BfIbe", rows[i].bits, 0));
        static struct fp f;
        struct fp_count c;
        struct fp2 e;
        struct pairing pr = bp->pr;
        fp_counting(&f, &bp->f, &c);
        pr.f = &f;
        pairing_compute(&e, &bp->gen, &bp->pub, &pr);
        CU_ASSERT(c.muls + c.sqrs <= rows[i].most);
        CU_ASSERT(c.muls > 1000);
        c.muls = c.sqrs = 0;
        pairing_fixed(&e, bp->pub_lines, &bp->gen, &pr);
        CU_ASSERT(c.muls + c.sqrs <= rows[i].most_fixed);
        bf_params_free(bp);
    }
}

static const struct unit_case cases[] = {
    {"pairing_is_bilinear_symmetric_and_of_order_q", laws},
    {"fixed_argument_gives_the_same_value", fixed},
    {"ladder_gives_the_same_power", ladder},
    {"all_four_sign_patterns_match_the_textbook", sign_patterns},
    {"value_is_that_of_pari", value_of_pari},
    {"point_with_x_zero_is_refused", point_of_order_three},
    {"products_stay_in_the_budget", counts_stay_in_the_budget},
    {NULL, NULL}};

const struct unit_suite crypto_pairing_suite = {"pairing", cases};
