/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Units of work for measurements. */
#include "harness/crypto/crypto_bench.h"

#include "harness/base/mem.h"
#include "harness/crypto/bf_int.h"

#include <openssl/bn.h>
#include <string.h>

#define MESSAGE_OCTETS 208
#define SEED 20260105

struct crypto_bench {
    struct bf_params *bp;
    struct bf_key *key;
    struct bf_id *id;
    struct env env;
    struct wr ciphertext;
    uint8_t msg[MESSAGE_OCTETS];
    uint8_t s[BF_MAX_HASH_OCTETS];
    size_t s_len;
    fp_el x, y;
    struct ec_point other;
    const struct fp_ops *gmp;
    BN_CTX *ctx;
    BN_MONT_CTX *mont;
    BIGNUM *bx, *by;
};

static const struct view bench_id = {(const uint8_t *)"sip:b@example.com", 17};

static unsigned level_of(unsigned p_bits)
{
    for (unsigned n = 1024; n <= 15360; n += 1024 / 2) {
        const struct bf_level *row = bf_level_of_n(n);
        if (row != NULL && row->p_bits == p_bits) {
            return n;
        }
    }
    return 0;
}

static int ready_openssl(struct crypto_bench *cb)
{
    uint8_t v[FP_MAX_OCTETS];
    const struct fp *f = &cb->bp->f;
    limbs_to_octets(v, f->octets, f->p, f->n);
    BIGNUM *p = BN_bin2bn(v, (int)f->octets, NULL);
    fp_to_octets(v, cb->x, f);
    cb->bx = BN_bin2bn(v, (int)f->octets, NULL);
    fp_to_octets(v, cb->y, f);
    cb->by = BN_bin2bn(v, (int)f->octets, NULL);
    cb->ctx = BN_CTX_new();
    cb->mont = BN_MONT_CTX_new();
    int ok = p != NULL && cb->bx != NULL && cb->by != NULL && cb->ctx != NULL &&
             cb->mont != NULL && BN_MONT_CTX_set(cb->mont, p, cb->ctx) == 1;
    BN_free(p);
    return ok;
}

static int ready(struct crypto_bench *cb)
{
    struct wr der;
    enum bf_reason reason;
    wr_init(&der);
    int ok = bf_extract(cb->bp, (struct view){cb->s, cb->s_len}, bench_id,
                        &der) == STATUS_OK;
    cb->key = ok ? bf_key_decode(cb->bp, der.data, der.len, &reason) : NULL;
    cb->id = bf_id_new(cb->bp, bench_id);
    wr_cleanup(&der);
    if (cb->key == NULL || cb->id == NULL) {
        return 0;
    }
    cb->other = cb->id->q;
    fp_copy(cb->x, cb->other.x, &cb->bp->f);
    fp_copy(cb->y, cb->other.y, &cb->bp->f);
    for (size_t i = 0; fp_ops_nth(cb->bp->f.n, i) != NULL; i++) {
        cb->gmp = fp_ops_nth(cb->bp->f.n, i); /* the last is the general one */
    }
    return ready_openssl(cb) && crypto_bench_encrypt(cb);
}

struct crypto_bench *crypto_bench_new(unsigned p_bits)
{
    unsigned n = level_of(p_bits);
    struct crypto_bench *cb = n == 0 ? NULL : mem_alloc(sizeof *cb);
    if (cb == NULL) {
        return NULL;
    }
    env_init_virtual(&cb->env, 0, SEED);
    wr_init(&cb->ciphertext);
    cb->bp = bf_setup(n, &cb->env, cb->s, &cb->s_len);
    if (cb->bp == NULL || !ready(cb)) {
        crypto_bench_free(cb);
        return NULL;
    }
    return cb;
}

void crypto_bench_free(struct crypto_bench *cb)
{
    if (cb != NULL) {
        BN_free(cb->bx);
        BN_free(cb->by);
        BN_MONT_CTX_free(cb->mont);
        BN_CTX_free(cb->ctx);
        wr_cleanup(&cb->ciphertext);
        bf_id_free(cb->id);
        bf_key_free(cb->key);
        bf_params_free(cb->bp);
        mem_free(cb);
    }
}

void crypto_bench_products(struct crypto_bench *cb,
                           enum crypto_bench_product which, unsigned long n)
{
    const struct fp *f = &cb->bp->f;
    const struct fp_ops *ops = which == CRYPTO_BENCH_OURS ? f->ops : cb->gmp;
    if (which == CRYPTO_BENCH_OPENSSL) {
        while (n-- > 0) {
            BN_mod_mul_montgomery(cb->bx, cb->bx, cb->by, cb->mont, cb->ctx);
        }
        return;
    }
    while (n-- > 0) {
        ops->mul(cb->x, cb->x, cb->y, f);
    }
}

void crypto_bench_squares(struct crypto_bench *cb,
                          enum crypto_bench_product which, unsigned long n)
{
    const struct fp *f = &cb->bp->f;
    const struct fp_ops *ops = which == CRYPTO_BENCH_OURS ? f->ops : cb->gmp;
    if (which == CRYPTO_BENCH_OPENSSL) {
        while (n-- > 0) {
            BN_mod_mul_montgomery(cb->bx, cb->bx, cb->bx, cb->mont, cb->ctx);
        }
        return;
    }
    while (n-- > 0) {
        ops->sqr(cb->x, cb->x, f);
    }
}

const char *crypto_bench_ops_name(const struct crypto_bench *cb)
{
    return cb->bp->f.ops->name;
}

static void count(struct crypto_bench_count *out, const struct crypto_bench *cb,
                  int fixed)
{
    struct fp f;
    struct fp_count c;
    struct fp2 e;
    struct pairing pr = cb->bp->pr;
    fp_counting(&f, &cb->bp->f, &c);
    pr.f = &f;
    if (fixed) {
        pairing_fixed(&e, cb->bp->pub_lines, &cb->other, &pr);
    } else {
        pairing_compute(&e, &cb->bp->pub, &cb->other, &pr);
    }
    *out = (struct crypto_bench_count){c.muls, c.sqrs};
}

void crypto_bench_count_pairing(struct crypto_bench_count *out,
                                const struct crypto_bench *cb)
{
    count(out, cb, 0);
}

void crypto_bench_count_fixed(struct crypto_bench_count *out,
                              const struct crypto_bench *cb)
{
    count(out, cb, 1);
}

void crypto_bench_pairing(struct crypto_bench *cb)
{
    struct fp2 e;
    pairing_compute(&e, &cb->bp->pub, &cb->other, &cb->bp->pr);
}

void crypto_bench_pairing_fixed(struct crypto_bench *cb)
{
    struct fp2 e;
    pairing_fixed(&e, cb->bp->pub_lines, &cb->other, &cb->bp->pr);
}

int crypto_bench_encrypt(struct crypto_bench *cb)
{
    cb->ciphertext.len = 0;
    return bf_encrypt(cb->id, &cb->env, (struct view){cb->msg, sizeof cb->msg},
                      &cb->ciphertext) == STATUS_OK;
}

int crypto_bench_decrypt(struct crypto_bench *cb)
{
    struct wr out;
    uint8_t data[MESSAGE_OCTETS];
    wr_init_fixed(&out, data, sizeof data);
    return bf_decrypt(cb->key, cb->ciphertext.data, cb->ciphertext.len, &out,
                      NULL) == STATUS_OK &&
           out.len == sizeof cb->msg && memcmp(data, cb->msg, sizeof data) == 0;
}

int crypto_bench_identity(struct crypto_bench *cb)
{
    struct bf_id *id = bf_id_new(cb->bp, bench_id);
    int ok = id != NULL;
    bf_id_free(id);
    return ok;
}

int crypto_bench_extract(struct crypto_bench *cb)
{
    struct wr der;
    wr_init(&der);
    int ok = bf_extract(cb->bp, (struct view){cb->s, cb->s_len}, bench_id,
                        &der) == STATUS_OK;
    wr_cleanup(&der);
    return ok;
}
