/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Multiples of a fixed point: a comb with six teeth. */
#include "harness/crypto/ec.h"

#include "harness/base/mem.h"

#include <string.h>

#define TEETH 6
#define POINTS ((1u << TEETH) - 1)

/* A scalar of 6d bits is read as d columns of six bits, bit i of a column
 * having the weight 2^(d i): k = sum over j of 2^j * (k_j + k_(j+d) 2^d + .. +
 * k_(j+5d) 2^(5d)), so [k]P takes d doublings and d additions from a table of
 * 63 points. */

/* the point of column value v (1..63) */
static uint64_t *entry(const struct ec_comb *c, size_t v, const struct fp *f)
{
    return c->table + (v - 1) * 2 * f->n;
}

static void fill(struct ec_jac *all, const struct ec_comb *c,
                 const struct ec_point *a, const struct fp *f)
{
    struct ec_jac t;
    ec_set(&t, a, f);
    for (size_t i = 0; i < TEETH; i++) { /* t = [2^(d i)]a */
        for (size_t j = 0; i > 0 && j < c->spacing; j++) {
            ec_double(&t, &t, f);
        }
        all[(1u << i) - 1] = t;
        for (size_t v = 1; v < 1u << i; v++) {
            ec_add(&all[(1u << i) + v - 1], &all[v - 1], &t, f);
        }
    }
}

int ec_comb_init(struct ec_comb *c, const struct ec_point *a, size_t bits,
                 const struct fp *f)
{
    size_t n = f->n;
    c->spacing = (bits + TEETH - 1) / TEETH;
    c->table = mem_alloc(POINTS * 2 * n * 8);
    struct ec_jac *all = mem_alloc(POINTS * sizeof *all);
    uint64_t *z = mem_alloc(2 * POINTS * n * 8);
    int ok = c->table != NULL && all != NULL && z != NULL;
    if (ok) {
        fill(all, c, a, f);
        for (size_t i = 0; i < POINTS; i++) {
            fp_copy(z + i * n, all[i].z, f);
        }
        ok = fp_inv_all(z, z + POINTS * n, POINTS, f);
    }
    for (size_t i = 0; ok && i < POINTS; i++) {
        uint64_t *xy = entry(c, i + 1, f);
        fp_el z2;
        fp_sqr(z2, z + i * n, f);
        fp_mul(xy, all[i].x, z2, f); /* x = X/Z^2 */
        fp_mul(z2, z2, z + i * n, f);
        fp_mul(xy + n, all[i].y, z2, f); /* y = Y/Z^3 */
    }
    mem_free(all);
    mem_free(z);
    if (!ok) {
        ec_comb_free(c);
    }
    return ok;
}

void ec_comb_free(struct ec_comb *c)
{
    mem_free(c->table);
    c->table = NULL;
}

static size_t bit_at(const uint64_t *k, size_t num, size_t i)
{
    return i / 64 < num ? k[i / 64] >> i % 64 & 1 : 0;
}

void ec_comb_mul(struct ec_jac *r, const struct ec_comb *c, const uint64_t *k,
                 size_t num, const struct fp *f)
{
    struct ec_point a;
    memset(r, 0, sizeof *r);
    for (size_t j = c->spacing; j-- > 0;) {
        size_t v = 0;
        for (size_t i = 0; i < TEETH; i++) {
            v |= bit_at(k, num, i * c->spacing + j) << i;
        }
        ec_double(r, r, f);
        if (v != 0) {
            const uint64_t *xy = entry(c, v, f);
            fp_copy(a.x, xy, f);
            fp_copy(a.y, xy + f->n, f);
            ec_add_affine(r, r, &a, f);
        }
    }
}
