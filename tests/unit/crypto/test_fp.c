/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* F_p against GMP, for every size and every implementation of the products. */
#include "tests/unit/crypto/crypto_tests.h"

#include "harness/crypto/fp.h"

#include <gmp.h>
#include <stdio.h>
#include <string.h>

/* limbs of the RFC's own examples, of the five levels, and odd ones */
static const size_t sizes[] = {2, 3, 4, 5, 7, 8, 9, 16, 24, 60, 120};
#define NUM_SIZES (sizeof sizes / sizeof sizes[0])

static gmp_randstate_t rnd;

/* p odd with all limbs in use: 0 = just above 2^(64n-1), 1 = just below
 * 2^(64n), others random; not prime, the arithmetic does not mind */
static void modulus(mpz_t p, size_t n, unsigned kind)
{
    mpz_set_ui(p, 0);
    if (kind == 0) {
        mpz_setbit(p, 64 * n - 1);
    } else if (kind == 1) {
        mpz_setbit(p, 64 * n);
        mpz_sub_ui(p, p, 58);
    } else {
        mpz_urandomb(p, rnd, 64 * n);
        mpz_setbit(p, 64 * n - 1);
    }
    mpz_setbit(p, 0);
}

static void field_of(struct fp *f, mpz_t p)
{
    uint8_t octets[FP_MAX_OCTETS];
    size_t len = 0;
    mpz_export(octets, &len, 1, 1, 1, 0, p);
    CU_ASSERT_FATAL(fp_init(f, octets, len));
}

/* Edge values first, then random ones. */
static void operand(mpz_t a, mpz_t p, unsigned i)
{
    switch (i) {
    case 0:
    case 1:
    case 2:
        mpz_set_ui(a, i);
        break;
    case 3:
    case 4:
        mpz_sub_ui(a, p, i - 2); /* p-1, p-2 */
        break;
    case 5:
        mpz_tdiv_q_2exp(a, p, 1);
        break;
    case 6: /* a run of ones in the lower limbs */
        mpz_set_ui(a, 0);
        mpz_setbit(a, mpz_sizeinbase(p, 2) - 1);
        mpz_sub_ui(a, a, 1);
        break;
    default:
        mpz_urandomm(a, rnd, p);
    }
}
#define NUM_EDGES 7

static void limbs_of(uint64_t *r, mpz_t a, const struct fp *f)
{
    memset(r, 0, f->n * 8);
    mpz_export(r, NULL, -1, 8, 0, 0, a);
}

static int limbs_are(const uint64_t *r, mpz_t a, const struct fp *f)
{
    fp_el want;
    limbs_of(want, a, f);
    return memcmp(r, want, f->n * 8) == 0;
}

struct work {
    mpz_t p, a, b, c, r_inv;
    struct fp f;
};

static void work_init(struct work *w, size_t n, unsigned kind)
{
    mpz_inits(w->p, w->a, w->b, w->c, w->r_inv, NULL);
    modulus(w->p, n, kind);
    field_of(&w->f, w->p);
    mpz_set_ui(w->c, 0);
    mpz_setbit(w->c, 64 * n);
    CU_ASSERT_FATAL(mpz_invert(w->r_inv, w->c, w->p) != 0);
}

static void work_done(struct work *w)
{
    mpz_clears(w->p, w->a, w->b, w->c, w->r_inv, NULL);
}

/* One pair of operands through one implementation, also in place. */
static int pair_holds(struct work *w, const struct fp_ops *o)
{
    fp_el a;
    fp_el b;
    fp_el r;
    int ok = 1;
    limbs_of(a, w->a, &w->f);
    limbs_of(b, w->b, &w->f);
    mpz_mul(w->c, w->a, w->b);
    mpz_mul(w->c, w->c, w->r_inv);
    mpz_mod(w->c, w->c, w->p);
    o->mul(r, a, b, &w->f);
    ok &= limbs_are(r, w->c, &w->f);
    fp_copy(r, a, &w->f);
    o->mul(r, r, b, &w->f);
    ok &= limbs_are(r, w->c, &w->f);
    mpz_mul(w->c, w->a, w->a);
    mpz_mul(w->c, w->c, w->r_inv);
    mpz_mod(w->c, w->c, w->p);
    o->sqr(r, a, &w->f);
    ok &= limbs_are(r, w->c, &w->f);
    fp_copy(r, a, &w->f);
    o->sqr(r, r, &w->f);
    ok &= limbs_are(r, w->c, &w->f);
    mpz_add(w->c, w->a, w->b);
    mpz_mod(w->c, w->c, w->p);
    o->add(r, a, b, &w->f);
    ok &= limbs_are(r, w->c, &w->f);
    fp_copy(r, b, &w->f);
    o->add(r, a, r, &w->f);
    ok &= limbs_are(r, w->c, &w->f);
    mpz_sub(w->c, w->a, w->b);
    mpz_mod(w->c, w->c, w->p);
    o->sub(r, a, b, &w->f);
    ok &= limbs_are(r, w->c, &w->f);
    fp_copy(r, b, &w->f);
    o->sub(r, a, r, &w->f);
    return ok & limbs_are(r, w->c, &w->f);
}

static void products_are_gmps(void)
{
    static const unsigned random_pairs = 60;
    for (size_t s = 0; s < NUM_SIZES; s++) {
        for (unsigned kind = 0; kind < 5; kind++) {
            struct work w;
            work_init(&w, sizes[s], kind);
            const struct fp_ops *o = NULL;
            for (size_t i = 0; (o = fp_ops_nth(sizes[s], i)) != NULL; i++) {
                int ok = 1;
                unsigned n = NUM_EDGES * NUM_EDGES + random_pairs;
                for (unsigned k = 0; k < n; k++) {
                    operand(w.a, w.p,
                            k % NUM_EDGES + (k >= n - random_pairs) * 8);
                    operand(w.b, w.p, k / NUM_EDGES);
                    ok &= pair_holds(&w, o);
                }
                if (!ok) {
                    printf("%s, %zu limbs, modulus %u\n", o->name, sizes[s],
                           kind);
                }
                CU_ASSERT(ok);
            }
            work_done(&w);
        }
    }
}

/* On a machine with ADX each level but one has two implementations, so that the
 * test above has compared both. */
static void both_paths_are_there(void)
{
    for (size_t i = 0; i < NUM_SIZES; i++) {
        const struct fp_ops *o = fp_ops_nth(sizes[i], 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(o);
        CU_ASSERT_PTR_EQUAL(o, fp_ops_choose(sizes[i]));
        if (o->limbs != 0) {
            CU_ASSERT_EQUAL(o->limbs, sizes[i]);
            o = fp_ops_nth(sizes[i], 1);
            CU_ASSERT_PTR_NOT_NULL_FATAL(o);
            CU_ASSERT_EQUAL(o->limbs, 0);
        }
    }
}

static void random_el(uint64_t *r, struct work *w)
{
    mpz_urandomm(w->a, rnd, w->p);
    limbs_of(r, w->a, &w->f);
}

static void field_axioms_hold(void)
{
    for (size_t s = 0; s < NUM_SIZES; s++) {
        struct work w;
        work_init(&w, sizes[s], 2);
        const struct fp *f = &w.f;
        for (int i = 0; i < 20; i++) {
            fp_el a;
            fp_el b;
            fp_el c;
            fp_el l;
            fp_el r;
            random_el(a, &w);
            random_el(b, &w);
            random_el(c, &w);
            fp_add(l, a, b, f); /* (a+b)c = ac + bc */
            fp_mul(l, l, c, f);
            fp_mul(r, a, c, f);
            fp_mul(b, b, c, f);
            fp_add(r, r, b, f);
            CU_ASSERT(fp_equal(l, r, f));
            fp_mul(l, a, f->one, f); /* 1a = a */
            CU_ASSERT(fp_equal(l, a, f));
            fp_neg(l, a, f); /* a + -a = 0 */
            fp_add(l, l, a, f);
            CU_ASSERT(fp_is_zero(l, f));
            fp_half(l, a, f); /* a/2 + a/2 = a */
            fp_dbl(l, l, f);
            CU_ASSERT(fp_equal(l, a, f));
            if (fp_inv(l, a, f)) { /* a/a = 1, but for factors of p */
                fp_mul(l, l, a, f);
                CU_ASSERT(fp_equal(l, f->one, f));
            }
        }
        work_done(&w);
    }
}

static void powers_and_symbols_are_gmps(void)
{
    struct work w;
    work_init(&w, 8, 2);
    mpz_nextprime(w.p, w.p);
    field_of(&w.f, w.p);
    const struct fp *f = &w.f;
    for (int i = 0; i < 40; i++) {
        uint64_t e[8];
        fp_el a;
        fp_el r;
        uint8_t octets[64];
        random_el(a, &w);
        fp_to_octets(octets, a, f);
        mpz_import(w.a, 64, 1, 1, 0, 0, octets);
        mpz_urandomb(w.b, rnd, 1 + (unsigned)i * 13);
        memset(e, 0, sizeof e);
        mpz_export(e, NULL, -1, 8, 0, 0, w.b);
        mpz_powm(w.c, w.a, w.b, w.p);
        fp_pow(r, a, e, 8, f);
        fp_to_octets(octets, r, f);
        mpz_import(w.b, 64, 1, 1, 0, 0, octets);
        CU_ASSERT_EQUAL(mpz_cmp(w.b, w.c), 0);
        CU_ASSERT_EQUAL(fp_jacobi(a, f), mpz_jacobi(w.a, w.p));
    }
    work_done(&w);
}

static void many_inverses_at_once(void)
{
    struct work w;
    uint64_t v[9 * 4];
    uint64_t scratch[9 * 4];
    uint64_t copy[9 * 4];
    work_init(&w, 4, 1);
    mpz_nextprime(w.p, w.p);
    mpz_sub_ui(w.p, w.p, 2000);
    while (mpz_probab_prime_p(w.p, 25) == 0) {
        mpz_sub_ui(w.p, w.p, 1);
    }
    field_of(&w.f, w.p);
    CU_ASSERT_EQUAL_FATAL(w.f.n, 4);
    for (size_t num = 1; num <= 9; num++) {
        for (size_t i = 0; i < num; i++) {
            fp_el a;
            random_el(a, &w);
            memcpy(v + 4 * i, a, 32);
        }
        memcpy(copy, v, sizeof v);
        CU_ASSERT(fp_inv_all(v, scratch, num, &w.f));
        for (size_t i = 0; i < num; i++) {
            fp_el r;
            fp_mul(r, v + 4 * i, copy + 4 * i, &w.f);
            CU_ASSERT(fp_equal(r, w.f.one, &w.f));
        }
    }
    memset(v + 4 * 3, 0, 32);
    CU_ASSERT(!fp_inv_all(v, scratch, 9, &w.f));
    work_done(&w);
}

static void octets_and_range(void)
{
    struct work w;
    uint8_t octets[FP_MAX_OCTETS + 2] = {0};
    uint8_t back[FP_MAX_OCTETS];
    fp_el a;
    work_init(&w, 3, 2);
    const struct fp *f = &w.f;
    limbs_to_octets(octets + 2, 24, f->p, 3);
    CU_ASSERT(!fp_from_octets(a, octets + 2, 24, f)); /* p */
    CU_ASSERT(!fp_from_octets(a, octets, 26, f));
    octets[25] -= 1;
    CU_ASSERT(fp_from_octets(a, octets, 26, f)); /* p-1, with leading zeros */
    fp_to_octets(back, a, f);
    CU_ASSERT_EQUAL(memcmp(back, octets + 2, 24), 0);
    octets[0] = 1;
    CU_ASSERT(!fp_from_octets(a, octets, 26, f)); /* too many octets */
    CU_ASSERT(fp_from_octets(a, octets, 0, f));
    CU_ASSERT(fp_is_zero(a, f));
    CU_ASSERT(!fp_inv(a, a, f));
    work_done(&w);
}

static void moduli_out_of_range_are_refused(void)
{
    static struct fp f;
    uint8_t p[FP_MAX_OCTETS + 1];
    memset(p, 0xff, sizeof p);
    CU_ASSERT(fp_init(&f, p, FP_MAX_OCTETS));
    CU_ASSERT(!fp_init(&f, p, FP_MAX_OCTETS + 1));
    CU_ASSERT(!fp_init(&f, p, 8));
    CU_ASSERT(!fp_init(&f, p, 0));
    p[63] = 0xfe;
    CU_ASSERT(!fp_init(&f, p, 64)); /* even */
}

static void exchange_is_conditional(void)
{
    struct work w;
    fp_el a;
    fp_el b;
    fp_el a0;
    fp_el b0;
    work_init(&w, 5, 2);
    random_el(a, &w);
    random_el(b, &w);
    fp_copy(a0, a, &w.f);
    fp_copy(b0, b, &w.f);
    fp_cswap(a, b, 0, &w.f);
    CU_ASSERT(fp_equal(a, a0, &w.f) && fp_equal(b, b0, &w.f));
    fp_cswap(a, b, 1, &w.f);
    CU_ASSERT(fp_equal(a, b0, &w.f) && fp_equal(b, a0, &w.f));
    work_done(&w);
}

static void counting_counts_each_product(void)
{
    struct work w;
    static struct fp f;
    struct fp_count c;
    fp_el a;
    fp_el want;
    uint64_t e[1] = {3};
    work_init(&w, 8, 2);
    random_el(a, &w);
    fp_counting(&f, &w.f, &c);
    fp_pow(a, a, e, 1, &f); /* table of 31 products, 5 squares, 1 product */
    CU_ASSERT_EQUAL(c.muls, 32);
    CU_ASSERT_EQUAL(c.sqrs, 5);
    fp_sqr(want, a, &w.f);
    fp_sqr(a, a, &f);
    CU_ASSERT(fp_equal(a, want, &f));
    work_done(&w);
}

static void run(void (*body)(void))
{
    gmp_randinit_default(rnd);
    gmp_randseed_ui(rnd, 5091);
    body();
    gmp_randclear(rnd);
}

#define CASE(name)                                                             \
    static void case_##name(void)                                              \
    {                                                                          \
        run(name);                                                             \
    }
CASE(products_are_gmps)
CASE(field_axioms_hold)
CASE(powers_and_symbols_are_gmps)
CASE(many_inverses_at_once)
CASE(octets_and_range)
CASE(exchange_is_conditional)
CASE(counting_counts_each_product)

static const struct unit_case cases[] = {
    {"products_and_sums_are_gmps_for_every_size_and_path",
     case_products_are_gmps},
    {"both_paths_are_compared_where_there_are_two", both_paths_are_there},
    {"field_axioms_hold", case_field_axioms_hold},
    {"powers_and_legendre_symbols_are_gmps", case_powers_and_symbols_are_gmps},
    {"many_inverses_at_once_are_inverses", case_many_inverses_at_once},
    {"octets_are_in_range_or_refused", case_octets_and_range},
    {"moduli_out_of_range_are_refused", moduli_out_of_range_are_refused},
    {"exchange_depends_on_the_bit", case_exchange_is_conditional},
    {"counting_counts_each_product", case_counting_counts_each_product},
    {NULL, NULL}};

const struct unit_suite crypto_fp_suite = {"fp", cases};
