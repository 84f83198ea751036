/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Tate pairing: Miller loop for a Solinas order, final exponent by Lucas. */
#include "harness/crypto/pairing.h"

#include "harness/base/mem.h"

#include <string.h>

/* The pairing of RFC 5091 is e'(A, B) = f_{q,A}(phi(B))^((p^2-1)/q) with
 * phi(x, y) = (zeta x, y), zeta = -1/2 - (sqrt(3)/2) i. As zeta*x is not in
 * F_p, vertical lines would not vanish. The endomorphism sqrt(-3) = 2 zeta + 1
 * sends B to a point of trace zero, B' = (-(x^3+4)/(3 x^2), -i y (x^3-8)/(3
 * sqrt(3) x^3)), whose x is in F_p and whose y is a multiple of i. There the
 * verticals, and every factor in F_p, die in the final exponent, and
 *     f_{q,A}(B')^((p^2-1)/q) = e'(A, 2B) = e'(A, B)^2,
 * as the part of A's own group gives 1.
 *
 * Undoing the square: with a fixed A, take A/2 once. Otherwise stop the final
 * exponent 12r at 6r, which leaves e' or -e', and e' is the one whose order is
 * odd: f^((p-1) 6r q) = f^((p^2-1)/2) is the quadratic character of f in F_p^2,
 * which is the Legendre symbol of its norm.
 *
 * Loop for q = 2^a + s 2^b + c: a-b doublings, add s*A, b doublings; the last
 * addition, of c*A, meets infinity and its line is vertical. */

void pairing_init(struct pairing *pr, const struct fp *f,
                  const struct solinas *q, const uint64_t *cofactor,
                  size_t cofactor_limbs)
{
    uint64_t e[FP_MAX_LIMBS + 1];
    fp_el three;
    fp_el root3;
    pr->f = f;
    pr->q = *q;
    memcpy(pr->cofactor, cofactor, cofactor_limbs * 8);
    pr->cofactor_limbs = cofactor_limbs;
    memcpy(e, f->p, f->n * 8);
    e[f->n] = 0;
    for (size_t i = 0; i <= f->n && ++e[i] == 0; i++) { /* p + 1 */
    }
    for (size_t i = 0; i < f->n; i++) { /* (p+1)/4 */
        e[i] = e[i] >> 2 | e[i + 1] << 62;
    }
    fp_set_small(three, 3, f);
    fp_pow(root3, three, e, f->n, f);
    fp_inv(pr->third, three, f);
    fp_mul(root3, root3, three, f);
    fp_inv(pr->third_root3, root3, f); /* 1/(3 sqrt 3) */
}

int pairing_image_of(struct pairing_image *out, const struct ec_point *b,
                     const struct pairing *pr)
{
    const struct fp *f = pr->f;
    fp_el x3;
    fp_el i3;
    fp_el t;
    fp_el four;
    fp_sqr(x3, b->x, f);
    fp_mul(x3, x3, b->x, f);  /* x^3 */
    if (!fp_inv(i3, x3, f)) { /* 1/x^3 */
        return 0;
    }
    fp_set_small(four, 4, f);
    fp_add(t, x3, four, f);                 /* x^3 + 4 */
    fp_mul(t, t, b->x, f);                  /* */
    fp_mul(t, t, i3, f);                    /* (x^3+4)/x^2 */
    fp_mul(t, t, pr->third, f);             /* */
    fp_neg(out->x, t, f);                   /* x' = -(x^3+4)/(3x^2) */
    fp_dbl(four, four, f);                  /* */
    fp_sub(t, four, x3, f);                 /* 8 - x^3 */
    fp_mul(t, t, b->y, f);                  /* */
    fp_mul(t, t, i3, f);                    /* */
    fp_mul(out->im, t, pr->third_root3, f); /* y(8-x^3)/(3 sqrt(3) x^3) */
    return 1;
}

int fp2_equal(const struct fp2 *a, const struct fp2 *b, const struct fp *f)
{
    return fp_equal(a->re, b->re, f) & fp_equal(a->im, b->im, f);
}

/* 2M */
static void fp2_sqr(struct fp2 *r, const struct fp *f)
{
    fp_el t;
    fp_el u;
    fp_add(t, r->re, r->im, f);     /* a + b */
    fp_sub(u, r->re, r->im, f);     /* a - b */
    fp_mul(r->im, r->re, r->im, f); /* */
    fp_dbl(r->im, r->im, f);        /* 2ab */
    fp_mul(r->re, t, u, f);         /* a^2 - b^2 */
}

/* 3M */
static void fp2_mul(struct fp2 *r, const uint64_t *c, const uint64_t *d,
                    const struct fp *f)
{
    fp_el ac;
    fp_el bd;
    fp_el t;
    fp_mul(ac, r->re, c, f);        /* */
    fp_mul(bd, r->im, d, f);        /* */
    fp_add(r->im, r->re, r->im, f); /* a + b */
    fp_add(t, c, d, f);             /* c + d */
    fp_mul(t, r->im, t, f);         /* (a+b)(c+d) */
    fp_sub(t, t, ac, f);            /* */
    fp_sub(r->im, t, bd, f);        /* ad + bc */
    fp_sub(r->re, ac, bd, f);       /* ac - bd */
}

void pairing_power(struct fp2 *r, const struct fp2 *g, const uint64_t *im_inv,
                   const uint64_t *e, size_t bits, const struct fp *f)
{
    fp_el v0;    /* V_m = g^m + g^-m, m = the bits read so far */
    fp_el v1;    /* V_(m+1) */
    fp_el trace; /* V_1 = 2 g.re */
    fp_el two;
    fp_dbl(two, f->one, f);
    fp_dbl(trace, g->re, f);
    fp_copy(v0, two, f);
    fp_copy(v1, trace, f);
    uint64_t swapped = 0; /* v0 and v1 stand exchanged */
    for (size_t i = bits; i-- > 0;) {
        uint64_t bit = e[i / 64] >> i % 64 & 1;
        fp_cswap(v0, v1, bit ^ swapped, f);
        swapped = bit;
        fp_mul(v1, v0, v1, f);
        fp_sub(v1, v1, trace, f); /* V_(2m+1) = V_m V_(m+1) - V_1 */
        fp_sqr(v0, v0, f);
        fp_sub(v0, v0, two, f); /* V_2m = V_m^2 - 2, V_(2m+2) alike */
    }
    fp_cswap(v0, v1, swapped, f);
    fp_half(v0, v0, f); /* re(g^e) = V_e/2 */
    fp_half(v1, v1, f); /* V_(e+1)/2 = re(g^e) re(g) - im(g^e) im(g) */
    fp_mul(two, v0, g->re, f);
    fp_sub(two, two, v1, f);
    fp_mul(r->im, two, im_inv, f);
    fp_copy(r->re, v0, f);
}

/* out = f^((p-1) e) for e = the cofactor, or half of it with the sign that
 * makes the order odd. f is not 0. */
static void final_exponent(struct fp2 *out, const struct fp2 *m, int halve,
                           const struct pairing *pr)
{
    const struct fp *f = pr->f;
    struct fp2 g;
    fp_el a2;
    fp_el b2;
    fp_el norm;
    fp_el ab;
    fp_el inv;
    uint64_t e[FP_MAX_LIMBS] = {0};
    size_t n = pr->cofactor_limbs;
    fp_sqr(a2, m->re, f);
    fp_sqr(b2, m->im, f);
    fp_add(norm, a2, b2, f); /* N = a^2 + b^2 */
    fp_mul(ab, m->re, m->im, f);
    fp_mul(inv, norm, ab, f);
    if (!fp_inv(inv, inv, f)) { /* 1/(N ab) */
        /* ab = 0: f^(p-1) is 1 or -1, the only odd order is 1 */
        fp_copy(out->re, f->one, f);
        memset(out->im, 0, f->n * 8);
        return;
    }
    /* g = f^(p-1) = conj(f)/f = conj(f)^2/N = ((a^2-b^2) - 2ab i)/N */
    fp_mul(ab, inv, ab, f); /* 1/N */
    fp_sub(a2, a2, b2, f);
    fp_mul(g.re, a2, ab, f); /* (a^2-b^2)/N */
    fp_sqr(b2, norm, f);
    fp_mul(b2, b2, inv, f); /* N/(ab) */
    fp_half(b2, b2, f);
    fp_neg(b2, b2, f); /* 1/g.im = -N/(2ab) */
    memcpy(e, pr->cofactor, n * 8);
    if (halve) {
        for (size_t i = 0; i < n; i++) {
            e[i] = e[i] >> 1 | (i + 1 < n ? e[i + 1] << 63 : 0);
        }
    }
    pairing_power(out, &g, b2, e, limbs_bits(e, n), f);
    if (halve && fp_jacobi(norm, f) < 0) {
        fp_neg(out->re, out->re, f);
        fp_neg(out->im, out->im, f);
    }
}

/* V = 2V; f = f^2 * tangent at V, evaluated at (x', i y'):
 *     2YZ^3 (i y' - y - L(x' - x)), L = 3X^2/(2YZ)
 *     = [E(X - Z^2 x') - 2Y^2] + i [2YZ Z^2 y'], E = 3X^2
 * 6M + 6S for point and line (two squares replace products), 5M for f. */
static void step_double(struct fp2 *m, struct ec_jac *v, fp_el zz,
                        const struct pairing_image *b, const struct fp *f)
{
    fp_el xx;
    fp_el yy;
    fp_el y4;
    fp_el d;
    fp_el e;
    fp_el re;
    fp_el im;
    fp_sqr(xx, v->x, f);         /* X^2 */
    fp_sqr(yy, v->y, f);         /* Y^2 */
    fp_sqr(y4, yy, f);           /* Y^4 */
    fp_add(d, v->x, yy, f);      /* */
    fp_sqr(d, d, f);             /* */
    fp_sub(d, d, xx, f);         /* */
    fp_sub(d, d, y4, f);         /* */
    fp_dbl(d, d, f);             /* D = 4XY^2 */
    fp_dbl(e, xx, f);            /* */
    fp_add(e, e, xx, f);         /* E = 3X^2 */
    fp_add(v->z, v->y, v->z, f); /* */
    fp_sqr(v->z, v->z, f);       /* */
    fp_sub(v->z, v->z, yy, f);   /* */
    fp_sub(v->z, v->z, zz, f);   /* Z' = 2YZ = (Y+Z)^2 - Y^2 - Z^2 */
    fp_mul(re, zz, b->x, f);     /* Z^2 x' */
    fp_sub(re, v->x, re, f);     /* */
    fp_mul(re, e, re, f);        /* E(X - Z^2 x') */
    fp_sub(re, re, yy, f);       /* */
    fp_sub(re, re, yy, f);       /* - 2Y^2 */
    fp_mul(im, v->z, zz, f);     /* */
    fp_mul(im, im, b->im, f);    /* 2YZ Z^2 y' */
    fp_sqr(zz, v->z, f);         /* Z'^2 */
    fp_sqr(v->x, e, f);          /* */
    fp_sub(v->x, v->x, d, f);    /* */
    fp_sub(v->x, v->x, d, f);    /* X' = E^2 - 2D */
    fp_sub(d, d, v->x, f);       /* */
    fp_mul(v->y, e, d, f);       /* */
    fp_dbl(y4, y4, f);           /* */
    fp_dbl(y4, y4, f);           /* */
    fp_dbl(y4, y4, f);           /* */
    fp_sub(v->y, v->y, y4, f);   /* Y' = E(D - X') - 8Y^4 */
    fp2_sqr(m, f);
    fp2_mul(m, re, im, f);
}

/* V = V + A; f = f * line through V and A, evaluated at (x', i y'):
 *     L = (y_A - y)/(x_A - x) = R/(Z H),  R = y_A Z^3 - Y, H = x_A Z^2 - X
 *     Z' (i y' - y_A - L(x' - x_A)) = [R(x_A - x') - y_A Z'] + i Z' y' */
static void step_add(struct fp2 *m, struct ec_jac *v, fp_el zz,
                     const struct ec_point *a, const struct pairing_image *b,
                     const struct fp *f)
{
    fp_el r;
    fp_el re;
    fp_el im;
    fp_mul(r, zz, v->z, f);
    fp_mul(r, a->y, r, f);
    fp_sub(r, r, v->y, f);     /* R */
    ec_add_affine(v, v, a, f); /* Z' = Z H */
    fp_sqr(zz, v->z, f);
    fp_sub(re, a->x, b->x, f);
    fp_mul(re, r, re, f); /* R(x_A - x') */
    fp_mul(im, a->y, v->z, f);
    fp_sub(re, re, im, f);      /* - y_A Z' */
    fp_mul(im, v->z, b->im, f); /* Z' y' */
    fp2_mul(m, re, im, f);
}

int pairing_compute(struct fp2 *out, const struct ec_point *a,
                    const struct ec_point *b, const struct pairing *pr)
{
    const struct fp *f = pr->f;
    struct pairing_image img;
    struct ec_point signed_a;
    struct ec_jac v;
    struct fp2 m;
    fp_el zz;
    if (!pairing_image_of(&img, b, pr)) {
        return 0;
    }
    fp_copy(m.re, f->one, f);
    memset(m.im, 0, f->n * 8);
    ec_set(&v, a, f);
    fp_copy(zz, f->one, f);
    for (size_t i = 0; i < pr->q.a - pr->q.b; i++) {
        step_double(&m, &v, zz, &img, f);
    }
    ec_negate(&signed_a, a, f);
    step_add(&m, &v, zz, pr->q.s > 0 ? a : &signed_a, &img, f);
    for (size_t i = 0; i < pr->q.b; i++) {
        step_double(&m, &v, zz, &img, f);
    }
    final_exponent(out, &m, 1, pr);
    return 1;
}

/* Steps of the loop in order; step i has the slope L of its line and
 * c = L x - y, so that the line at (x', i y') is (c - L x') + i y'. */
struct pairing_lines {
    size_t num;
    size_t add_at; /* this step is the addition of s*A */
    size_t size;   /* octets of this block */
    uint64_t lc[]; /* L_0, c_0, L_1, c_1, .. packed */
};

/* Numerators of L and c, and their denominator, for the tangent at V:
 *     L = E Z^2 / (Z' Z^2),  c = (E X - 2Y^2) / (Z' Z^2);  then V = 2V. */
static void lines_double(uint64_t *lc, uint64_t *den, struct ec_jac *v,
                         const struct fp *f)
{
    fp_el e;
    fp_el t;
    fp_sqr(t, v->x, f);
    fp_dbl(e, t, f);
    fp_add(e, e, t, f); /* E = 3X^2 */
    fp_sqr(t, v->y, f); /* Y^2 */
    fp_mul(lc + f->n, e, v->x, f);
    fp_sub(lc + f->n, lc + f->n, t, f);
    fp_sub(lc + f->n, lc + f->n, t, f);
    fp_sqr(t, v->z, f);
    fp_mul(lc, e, t, f);
    ec_double(v, v, f);
    fp_mul(den, v->z, t, f);
}

/* L = R/Z', c = (R x_A - y_A Z')/Z';  then V = V + A. */
static void lines_add(uint64_t *lc, uint64_t *den, struct ec_jac *v,
                      const struct ec_point *a, const struct fp *f)
{
    fp_el t;
    fp_sqr(t, v->z, f);
    fp_mul(t, t, v->z, f);
    fp_mul(t, a->y, t, f);
    fp_sub(lc, t, v->y, f); /* R = y_A Z^3 - Y */
    ec_add_affine(v, v, a, f);
    fp_copy(den, v->z, f);
    fp_mul(t, a->y, den, f);
    fp_mul(lc + f->n, lc, a->x, f);
    fp_sub(lc + f->n, lc + f->n, t, f);
}

/* A/2 = [(q+1)/2]A for A of order q; (q+1)/2 = 2^(a-1) + s 2^(b-1) + (c+1)/2 */
static int halve_point(struct ec_point *r, const struct ec_point *a,
                       const struct pairing *pr)
{
    const struct fp *f = pr->f;
    struct ec_jac t;
    struct ec_point minus;
    const struct solinas *q = &pr->q;
    ec_negate(&minus, a, f);
    ec_set(&t, a, f);
    for (size_t i = 0; i < q->a - q->b; i++) {
        ec_double(&t, &t, f);
    }
    ec_add_affine(&t, &t, q->s > 0 ? a : &minus, f);
    for (size_t i = 0; i < q->b - 1; i++) {
        ec_double(&t, &t, f);
    }
    if (q->c > 0) {
        ec_add_affine(&t, &t, a, f);
    }
    return ec_affine(r, &t, f);
}

static void lines_fill(struct pairing_lines *l, uint64_t *den,
                       const struct ec_point *h, const struct pairing *pr)
{
    const struct fp *f = pr->f;
    struct ec_jac v;
    struct ec_point signed_h;
    size_t n = f->n;
    ec_negate(&signed_h, h, f);
    ec_set(&v, h, f);
    for (size_t i = 0; i < l->num; i++) {
        if (i == l->add_at) {
            lines_add(l->lc + 2 * i * n, den + i * n, &v,
                      pr->q.s > 0 ? h : &signed_h, f);
        } else {
            lines_double(l->lc + 2 * i * n, den + i * n, &v, f);
        }
    }
}

struct pairing_lines *pairing_lines_new(const struct ec_point *a,
                                        const struct pairing *pr)
{
    const struct fp *f = pr->f;
    struct ec_point h;
    size_t n = f->n;
    size_t num = pr->q.a + 1;
    size_t size = sizeof(struct pairing_lines) + 2 * num * n * 8;
    struct pairing_lines *l = mem_alloc(size);
    uint64_t *den = mem_alloc(2 * num * n * 8);
    int ok = l != NULL && den != NULL && halve_point(&h, a, pr);
    if (ok) {
        l->size = size;
        l->num = num;
        l->add_at = pr->q.a - pr->q.b;
        lines_fill(l, den, &h, pr);
        ok = fp_inv_all(den, den + num * n, num, f);
    }
    for (size_t i = 0; ok && i < 2 * num; i++) {
        fp_mul(l->lc + i * n, l->lc + i * n, den + i / 2 * n, f);
    }
    if (den != NULL) {
        mem_wipe(den, 2 * num * n * 8);
    }
    mem_free(den);
    mem_wipe(&h, sizeof h);
    if (!ok && l != NULL) {
        mem_wipe(l, size);
        mem_free(l);
        l = NULL;
    }
    return l;
}

void pairing_lines_free(struct pairing_lines *lines)
{
    if (lines != NULL) {
        mem_wipe(lines, lines->size);
        mem_free(lines);
    }
}

/* Per step: f^2 2M, line 1M, f*line 3M. */
int pairing_fixed(struct fp2 *out, const struct pairing_lines *lines,
                  const struct ec_point *b, const struct pairing *pr)
{
    const struct fp *f = pr->f;
    struct pairing_image img;
    struct fp2 m;
    fp_el re;
    size_t n = f->n;
    if (!pairing_image_of(&img, b, pr)) {
        return 0;
    }
    fp_copy(m.re, f->one, f);
    memset(m.im, 0, n * 8);
    for (size_t i = 0; i < lines->num; i++) {
        const uint64_t *lc = lines->lc + 2 * i * n;
        if (i != lines->add_at && i != 0) {
            fp2_sqr(&m, f);
        }
        fp_mul(re, lc, img.x, f);
        fp_sub(re, lc + n, re, f); /* c - L x' */
        fp2_mul(&m, re, img.im, f);
    }
    final_exponent(out, &m, 0, pr);
    return 1;
}
