/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private keys and identities, ready for use (RFC 5091, 5.2, 5.3). */
#include "harness/crypto/bf_int.h"

#include "harness/base/mem.h"

#include <string.h>

struct bf_key *bf_key_decode(const struct bf_params *bp, const uint8_t *der,
                             size_t len, enum bf_reason *reason)
{
    struct bf_raw_point raw;
    struct bf_key *key = mem_alloc(sizeof *key);
    if (key == NULL) {
        *reason = BF_REASON_NO_MEMORY;
        return NULL;
    }
    key->bp = bp;
    *reason = bf_der_key(&raw, der, len);
    if (*reason == BF_REASON_NONE) {
        *reason = bf_point_read(&key->s, &raw, &bp->f);
    }
    if (*reason == BF_REASON_NONE &&
        !ec_has_order(&key->s, &bp->pr.q, &bp->f)) {
        *reason = BF_REASON_WRONG_ORDER;
    }
    if (*reason == BF_REASON_NONE) {
        key->lines = pairing_lines_new(&key->s, &bp->pr);
        *reason = key->lines == NULL ? BF_REASON_NO_MEMORY : BF_REASON_NONE;
    }
    if (*reason != BF_REASON_NONE) {
        bf_key_free(key);
        key = NULL;
    }
    bf_burn_stack();
    return key;
}

void bf_key_free(struct bf_key *key)
{
    if (key != NULL) {
        pairing_lines_free(key->lines);
        mem_wipe(key, sizeof *key);
        mem_free(key);
    }
}

enum status bf_key_check(const struct bf_key *key, struct view id)
{
    const struct bf_params *bp = key->bp;
    struct bf_hasher h;
    struct ec_point q;
    struct fp2 l;
    struct fp2 r;
    bf_hasher_init(&h, bp->md, bp->hash->hash_octets);
    int ok = bf_hash_to_point(&q, &h, id, bp);
    if (!bf_hasher_done(&h)) {
        return STATUS_NO_MEMORY;
    }
    /* e'(P_pub, Q_id) = e'(S_id, P) */
    ok = ok && pairing_fixed(&l, bp->pub_lines, &q, &bp->pr) &&
         pairing_fixed(&r, key->lines, &bp->gen, &bp->pr) &&
         fp2_equal(&l, &r, &bp->f);
    bf_burn_stack();
    return ok ? STATUS_OK : STATUS_MISMATCH;
}

struct bf_id *bf_id_new(const struct bf_params *bp, struct view id)
{
    struct bf_hasher h;
    struct bf_id *i = mem_alloc(sizeof *i);
    if (i == NULL) {
        return NULL;
    }
    i->bp = bp;
    bf_hasher_init(&h, bp->md, bp->hash->hash_octets);
    int ok = bf_hash_to_point(&i->q, &h, id, bp);
    ok &= bf_hasher_done(&h);
    ok = ok && pairing_fixed(&i->theta, bp->pub_lines, &i->q, &bp->pr) &&
         fp_inv(i->im_inv, i->theta.im, &bp->f);
    if (!ok) {
        mem_free(i);
        return NULL;
    }
    return i;
}

void bf_id_free(struct bf_id *id)
{
    mem_free(id);
}
