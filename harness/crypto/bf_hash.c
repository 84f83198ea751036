/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The hash functions of RFC 5091, 4: HashToRange, HashBytes, HashToPoint. */
#include "harness/crypto/bf_int.h"

#include "harness/base/mem.h"

#include <assert.h>
#include <gmp.h>
#include <string.h>

void bf_hasher_init(struct bf_hasher *h, const EVP_MD *md, size_t len)
{
    h->ctx = EVP_MD_CTX_new();
    h->md = md;
    h->len = len;
    h->bad = h->ctx == NULL || md == NULL;
}

int bf_hasher_done(struct bf_hasher *h)
{
    EVP_MD_CTX_free(h->ctx); /* wipes its state */
    h->ctx = NULL;
    return !h->bad;
}

void bf_hash(struct bf_hasher *h, uint8_t *out, const struct view *parts,
             size_t num)
{
    int ok = !h->bad && EVP_DigestInit_ex2(h->ctx, h->md, NULL) == 1;
    for (size_t i = 0; ok && i < num; i++) {
        ok = parts[i].len == 0 ||
             EVP_DigestUpdate(h->ctx, parts[i].data, parts[i].len) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(h->ctx, out, NULL) == 1;
    if (!ok) {
        h->bad = 1;
        memset(out, 0, h->len);
    }
}

void bf_hash_to_range(struct bf_hasher *h, uint64_t *out,
                      const struct view *parts, size_t num_parts,
                      const uint64_t *n, size_t num)
{
    uint8_t v[3 * BF_MAX_HASH_OCTETS] = {0}; /* h_0 || h_1 || h_2 */
    uint64_t num_v[2 * BF_MAX_HASH_OCTETS / 8];
    uint64_t quot[2 * BF_MAX_HASH_OCTETS / 8 + 1];
    struct view in[4];
    assert(num_parts < 4 && h->len <= BF_MAX_HASH_OCTETS);
    for (size_t i = 0; i < num_parts; i++) {
        in[i + 1] = parts[i];
    }
    for (size_t i = 1; i <= 2; i++) { /* h_i = H(h_(i-1) || s), h_0 = 0 */
        in[0] = (struct view){v + (i - 1) * h->len, h->len};
        bf_hash(h, v + i * h->len, in, num_parts + 1);
    }
    /* v = h_1 || h_2, reduced mod n */
    size_t used =
        limbs_from_octets(num_v, sizeof num_v / 8, v + h->len, 2 * h->len);
    memset(out, 0, num * 8);
    if (used < num) {
        memcpy(out, num_v, used * 8);
    } else {
        mpn_tdiv_qr(quot, out, 0, num_v, (mp_size_t)used, n, (mp_size_t)num);
    }
    mem_wipe(v, sizeof v);
    mem_wipe(num_v, sizeof num_v);
}

void bf_hash_bytes_xor(struct bf_hasher *h, uint8_t *data, size_t len,
                       struct view seed)
{
    uint8_t k[BF_MAX_HASH_OCTETS];
    uint8_t chain[BF_MAX_HASH_OCTETS] = {0};
    uint8_t block[BF_MAX_HASH_OCTETS];
    struct view chain_k[2] = {{chain, h->len}, {k, h->len}};
    bf_hash(h, k, &seed, 1); /* K = H(seed) */
    for (size_t at = 0; at < len; at += h->len) {
        bf_hash(h, chain, chain_k, 1); /* h_i = H(h_(i-1)) */
        bf_hash(h, block, chain_k, 2); /* r_i = H(h_i || K) */
        for (size_t i = 0; i < h->len && at + i < len; i++) {
            data[at + i] ^= block[i];
        }
    }
    mem_wipe(k, sizeof k);
    mem_wipe(block, sizeof block);
}

int bf_hash_to_point(struct ec_point *out, struct bf_hasher *h, struct view id,
                     const struct bf_params *bp)
{
    const struct fp *f = &bp->f;
    fp_el y;
    struct ec_point a;
    struct ec_jac t;
    bf_hash_to_range(h, y, &id, 1, f->p, f->n);
    fp_mul(y, y, f->r2, f);
    ec_from_y(&a, y, f);
    ec_mul(&t, &a, bp->pr.cofactor, bp->pr.cofactor_limbs, f);
    return ec_affine(out, &t, f) & !h->bad;
}

void bf_canonical(uint8_t *out, const struct fp2 *v, int order,
                  const struct fp *f)
{
    fp_to_octets(out, order == 0 ? v->re : v->im, f);
    fp_to_octets(out + f->octets, order == 0 ? v->im : v->re, f);
}

#define BURN_OCTETS (96 * 1024) /* ec_mul takes the most, 70 kB */

__attribute__((noinline)) void bf_burn_stack(void)
{
    uint8_t below[BURN_OCTETS];
    mem_wipe(below, sizeof below);
}
