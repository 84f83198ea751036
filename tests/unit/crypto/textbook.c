/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Textbook Tate pairing on y^2 = x^3 + 1 with phi(x, y) = (zeta x, y). */
#include "tests/unit/crypto/textbook.h"

#include "harness/crypto/bf_prim.h"

#include <string.h>

#define Q_BITS 96
#define OCTETS 32

/* a + b*i, i^2 = -1 */
struct el {
    mpz_t a, b;
};

static void el_init(struct el *e, unsigned long a)
{
    mpz_init_set_ui(e->a, a);
    mpz_init(e->b);
}

static void el_done(struct el *e)
{
    mpz_clears(e->a, e->b, NULL);
}

static void el_mul(struct el *r, const struct el *x, const struct el *y,
                   const mpz_t p)
{
    mpz_t t;
    mpz_t u;
    mpz_inits(t, u, NULL);
    mpz_mul(t, x->a, y->a);
    mpz_submul(t, x->b, y->b);
    mpz_mul(u, x->a, y->b);
    mpz_addmul(u, x->b, y->a);
    mpz_mod(r->a, t, p);
    mpz_mod(r->b, u, p);
    mpz_clears(t, u, NULL);
}

/* r = x^-1 = conj(x)/(a^2+b^2) */
static void el_inv(struct el *r, const struct el *x, const mpz_t p)
{
    mpz_t n;
    mpz_init(n);
    mpz_mul(n, x->a, x->a);
    mpz_addmul(n, x->b, x->b);
    mpz_invert(n, n, p);
    mpz_mul(r->a, x->a, n);
    mpz_mul(r->b, x->b, n);
    mpz_neg(r->b, r->b);
    mpz_mod(r->a, r->a, p);
    mpz_mod(r->b, r->b, p);
    mpz_clear(n);
}

static void el_pow(struct el *r, const struct el *x, const mpz_t e,
                   const mpz_t p)
{
    struct el t;
    el_init(&t, 1);
    for (size_t i = mpz_sizeinbase(e, 2); i-- > 0;) {
        el_mul(&t, &t, &t, p);
        if (mpz_tstbit(e, i)) {
            el_mul(&t, &t, x, p);
        }
    }
    mpz_set(r->a, t.a);
    mpz_set(r->b, t.b);
    el_done(&t);
}

/* Slope of the line through (x1, y1), (x2, y2), or of the tangent. */
static void slope(mpz_t l, const mpz_t x1, const mpz_t y1, const mpz_t x2,
                  const mpz_t y2, const mpz_t p)
{
    mpz_t d;
    mpz_init(d);
    if (mpz_cmp(x1, x2) == 0) {
        mpz_mul(l, x1, x1);
        mpz_mul_ui(l, l, 3);
        mpz_mul_2exp(d, y1, 1);
    } else {
        mpz_sub(l, y2, y1);
        mpz_sub(d, x2, x1);
    }
    mpz_mod(d, d, p);
    mpz_invert(d, d, p);
    mpz_mul(l, l, d);
    mpz_mod(l, l, p);
    mpz_clear(d);
}

/* (x, y) += (x2, y2), not opposite */
static void add(mpz_t x, mpz_t y, const mpz_t x2, const mpz_t y2, const mpz_t p)
{
    mpz_t l;
    mpz_t x3;
    mpz_inits(l, x3, NULL);
    slope(l, x, y, x2, y2, p);
    mpz_mul(x3, l, l);
    mpz_sub(x3, x3, x);
    mpz_sub(x3, x3, x2);
    mpz_mod(x3, x3, p);
    mpz_sub(x, x, x3);
    mpz_mul(x, x, l);
    mpz_sub(y, x, y);
    mpz_mod(y, y, p);
    mpz_set(x, x3);
    mpz_clears(l, x3, NULL);
}

/* f *= line through V and W at B, over the vertical at V+W; V += W. If W = -V
 * the line is the vertical at V and there is nothing below. B = (bx, by), by in
 * F_p. */
static void step(struct el *f, mpz_t vx, mpz_t vy, const mpz_t wx,
                 const mpz_t wy, const struct el *bx, const mpz_t by,
                 const mpz_t p)
{
    struct el n;
    mpz_t t;
    mpz_init(t);
    el_init(&n, 0);
    mpz_add(t, vy, wy);
    if (mpz_cmp(vx, wx) == 0 && mpz_divisible_p(t, p)) {
        mpz_sub(n.a, bx->a, vx);
        mpz_set(n.b, bx->b);
        el_mul(f, f, &n, p);
    } else {
        struct el v;
        el_init(&v, 0);
        slope(t, vx, vy, wx, wy, p);
        mpz_sub(n.a, bx->a, vx); /* by - vy - t (bx - vx) */
        mpz_mul(n.a, n.a, t);
        mpz_sub(n.a, by, n.a);
        mpz_sub(n.a, n.a, vy);
        mpz_mul(n.b, bx->b, t);
        mpz_neg(n.b, n.b);
        el_mul(f, f, &n, p);
        add(vx, vy, wx, wy, p);
        mpz_sub(v.a, bx->a, vx);
        mpz_set(v.b, bx->b);
        el_inv(&v, &v, p);
        el_mul(f, f, &v, p);
        el_done(&v);
    }
    el_done(&n);
    mpz_clear(t);
}

static void tate(struct el *f, const struct textbook *tb, const mpz_t ax,
                 const mpz_t ay, const struct el *bx, const mpz_t by)
{
    mpz_t vx;
    mpz_t vy;
    mpz_t wx;
    mpz_t wy;
    mpz_t e;
    mpz_inits(wx, wy, e, NULL);
    mpz_init_set(vx, ax);
    mpz_init_set(vy, ay);
    for (size_t i = mpz_sizeinbase(tb->q, 2) - 1; i-- > 0;) {
        el_mul(f, f, f, tb->p);
        mpz_set(wx, vx);
        mpz_set(wy, vy);
        step(f, vx, vy, wx, wy, bx, by, tb->p);
        if (mpz_tstbit(tb->q, i)) {
            step(f, vx, vy, ax, ay, bx, by, tb->p);
        }
    }
    mpz_mul(e, tb->p, tb->p); /* (p^2 - 1)/q */
    mpz_sub_ui(e, e, 1);
    mpz_divexact(e, e, tb->q);
    el_pow(f, f, e, tb->p);
    mpz_clears(vx, vy, wx, wy, e, NULL);
}

/* bx = zeta * x, zeta = (p-1)/2 + ((p-1)/2 * 3^((p+1)/4)) i */
static void distort(struct el *bx, const mpz_t x, const mpz_t p)
{
    mpz_t half;
    mpz_t e;
    mpz_inits(half, e, NULL);
    mpz_tdiv_q_2exp(half, p, 1);
    mpz_add_ui(e, p, 1);
    mpz_tdiv_q_2exp(e, e, 2);
    mpz_set_ui(bx->b, 3);
    mpz_powm(bx->b, bx->b, e, p);
    mpz_mul(bx->b, bx->b, half);
    mpz_mul(bx->b, bx->b, x);
    mpz_mod(bx->b, bx->b, p);
    mpz_mul(bx->a, half, x);
    mpz_mod(bx->a, bx->a, p);
    mpz_clears(half, e, NULL);
}

/* (x, y) = [k]A by repeated addition of A; k is small */
static void multiple(mpz_t x, mpz_t y, const mpz_t ax, const mpz_t ay,
                     unsigned long k, const mpz_t p)
{
    mpz_set(x, ax);
    mpz_set(y, ay);
    while (--k > 0) {
        add(x, y, ax, ay, p);
    }
}

/* [k]A for large k: double and add, from the top; A of large order */
static void scale(mpz_t x, mpz_t y, const mpz_t k, const mpz_t p)
{
    mpz_t ax;
    mpz_t ay;
    mpz_t wx;
    mpz_t wy;
    mpz_init_set(ax, x);
    mpz_init_set(ay, y);
    mpz_inits(wx, wy, NULL);
    for (size_t i = mpz_sizeinbase(k, 2) - 1; i-- > 0;) {
        mpz_set(wx, x);
        mpz_set(wy, y);
        add(x, y, wx, wy, p);
        if (mpz_tstbit(k, i)) {
            add(x, y, ax, ay, p);
        }
    }
    mpz_clears(ax, ay, wx, wy, NULL);
}

void textbook_group(struct textbook *tb, int s, int c)
{
    mpz_t t;
    mpz_inits(t, tb->p, tb->q, tb->cofactor, tb->gen_x, tb->gen_y, NULL);
    for (unsigned b = 1; b < Q_BITS; b++) {
        mpz_set_ui(tb->q, 0);
        mpz_setbit(tb->q, s > 0 ? Q_BITS - 1 : Q_BITS);
        mpz_set_ui(t, 0);
        mpz_setbit(t, b);
        if (s > 0) {
            mpz_add(tb->q, tb->q, t);
        } else {
            mpz_sub(tb->q, tb->q, t);
        }
        if (c > 0) {
            mpz_add_ui(tb->q, tb->q, 1);
        } else {
            mpz_sub_ui(tb->q, tb->q, 1);
        }
        if (mpz_probab_prime_p(tb->q, 25) != 0) {
            break;
        }
    }
    for (unsigned long r = 1000001;; r += 2) { /* r odd: p = 3 mod 8 */
        mpz_mul_ui(tb->cofactor, tb->q, 12);
        mpz_mul_ui(tb->p, tb->cofactor, r);
        mpz_sub_ui(tb->p, tb->p, 1);
        mpz_set_ui(tb->cofactor, 12 * r);
        if (mpz_probab_prime_p(tb->p, 25) != 0) {
            break;
        }
    }
    mpz_set_ui(tb->gen_y, 5); /* x = (y^2 - 1)^((2p-1)/3) */
    mpz_mul_2exp(t, tb->p, 1);
    mpz_sub_ui(t, t, 1);
    mpz_divexact_ui(t, t, 3);
    mpz_set_ui(tb->gen_x, 24);
    mpz_powm(tb->gen_x, tb->gen_x, t, tb->p);
    scale(tb->gen_x, tb->gen_y, tb->cofactor, tb->p);
    mpz_clear(t);
}

void textbook_done(struct textbook *tb)
{
    mpz_clears(tb->p, tb->q, tb->cofactor, tb->gen_x, tb->gen_y, NULL);
}

static struct view octets(uint8_t *out, const mpz_t v)
{
    size_t len = 0;
    mpz_export(out, &len, 1, 1, 1, 0, v);
    return (struct view){out, len};
}

int textbook_agrees(struct textbook *tb, unsigned i)
{
    mpz_t v[4]; /* A = [i]G, B = [2i+1]G */
    struct el f;
    struct el bx;
    uint8_t o[8][OCTETS];
    uint8_t want[2 * OCTETS] = {0};
    uint8_t got[2 * OCTETS] = {0};
    struct wr out;
    mpz_inits(v[0], v[1], v[2], v[3], NULL);
    el_init(&f, 1);
    el_init(&bx, 0);
    multiple(v[0], v[1], tb->gen_x, tb->gen_y, i, tb->p);
    multiple(v[2], v[3], tb->gen_x, tb->gen_y, 2 * i + 1, tb->p);
    distort(&bx, v[2], tb->p);
    tate(&f, tb, v[0], v[1], &bx, v[3]);
    struct bf_prim_point a = {octets(o[0], v[0]), octets(o[1], v[1])};
    struct bf_prim_point b = {octets(o[2], v[2]), octets(o[3], v[3])};
    size_t len = (mpz_sizeinbase(tb->p, 2) + 7) / 8;
    struct view re = octets(o[4], f.a);
    struct view im = octets(o[5], f.b);
    memcpy(want + len - re.len, re.data, re.len);
    memcpy(want + 2 * len - im.len, im.data, im.len);
    wr_init_fixed(&out, got, sizeof got);
    int ok = bf_prim_pairing(&out, octets(o[6], tb->p), octets(o[7], tb->q), &a,
                             &b) == STATUS_OK &&
             out.len == 2 * len && memcmp(got, want, 2 * len) == 0 &&
             mpz_sgn(f.b) != 0;
    mpz_clears(v[0], v[1], v[2], v[3], NULL);
    el_done(&f);
    el_done(&bx);
    return ok;
}
