/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Benchmarks of the field, the pairing and Boneh-Franklin IBE. */
#include "harness/cli/bench.h"

#include "harness/crypto/crypto_bench.h"

#include <stdio.h>
#include <string.h>

struct work {
    struct crypto_bench *cb;
};

#define FIELD(name, call, which)                                               \
    static int name(void *ctx, unsigned long n)                                \
    {                                                                          \
        const struct work *w = ctx;                                            \
        call(w->cb, which, n);                                                 \
        return 1;                                                              \
    }

FIELD(products, crypto_bench_products, CRYPTO_BENCH_OURS)
FIELD(products_gmp, crypto_bench_products, CRYPTO_BENCH_GMP)
FIELD(products_openssl, crypto_bench_products, CRYPTO_BENCH_OPENSSL)
FIELD(squares, crypto_bench_squares, CRYPTO_BENCH_OURS)
FIELD(squares_gmp, crypto_bench_squares, CRYPTO_BENCH_GMP)
FIELD(squares_openssl, crypto_bench_squares, CRYPTO_BENCH_OPENSSL)

/* One operation in F_p by three hands. */
struct trio {
    const char *kind;
    bench_fn ours, gmp, openssl;
};
static const struct trio trios[] = {
    {"product", products, products_gmp, products_openssl},
    {"square", squares, squares_gmp, squares_openssl}};

#define REPEAT(name, call)                                                     \
    static int name(void *ctx, unsigned long n)                                \
    {                                                                          \
        const struct work *w = ctx;                                            \
        int ok = 1;                                                            \
        while (n-- > 0) {                                                      \
            ok &= call;                                                        \
        }                                                                      \
        return ok;                                                             \
    }

REPEAT(pairings, (crypto_bench_pairing(w->cb), 1))
REPEAT(fixed_pairings, (crypto_bench_pairing_fixed(w->cb), 1))
REPEAT(encryptions, crypto_bench_encrypt(w->cb))
REPEAT(decryptions, crypto_bench_decrypt(w->cb))
REPEAT(identities, crypto_bench_identity(w->cb))
REPEAT(extractions, crypto_bench_extract(w->cb))

/* Ours beside those of two libraries, sample by sample in turns: the ratio is
 * the median of the quotients. */
static void field(struct bench_run *b, struct work *w, const struct trio *of,
                  unsigned bits)
{
    struct bench_time t;
    struct bench_time again;
    double gmp = 1;
    double openssl = 1;
    char name[32];
    char note[96];
    snprintf(name, sizeof name, "%s-%u", of->kind, bits);
    if (!bench_wanted(b, name)) {
        return;
    }
    if (!bench_measure(b, of->ours, of->gmp, w, &t, &gmp) ||
        !bench_measure(b, of->ours, of->openssl, w, &again, &openssl)) {
        bench_wrong(b, name);
        return;
    }
    const char *ops = crypto_bench_ops_name(w->cb);
    snprintf(note, sizeof note, "%s; %.2f of GMP's time, %.2f of OpenSSL's",
             ops, gmp, openssl);
    bench_report(b, name, t.median * 1e9, "ns", &t,
                 json_pack("{s:I s:s s:f s:f s:f s:f s:f}", "p_bits",
                           (json_int_t)bits, "implementation", ops, "min",
                           t.min * 1e9, "gmp_ns", t.median * 1e9 / gmp,
                           "openssl_ns", again.median * 1e9 / openssl,
                           "gmp_ratio", gmp, "openssl_ratio", openssl),
                 note);
}

/* One operation in ms, and as a multiple of a product measured beside it. */
static void operation(struct bench_run *b, struct work *w, const char *kind,
                      unsigned bits, bench_fn fn,
                      const struct crypto_bench_count *count)
{
    char name[32];
    char note[96];
    struct bench_time t;
    snprintf(name, sizeof name, "%s-%u", kind, bits);
    if (!bench_wanted(b, name)) {
        return;
    }
    double multiple = 0;
    if (!bench_measure(b, fn, products, w, &t, &multiple)) {
        bench_wrong(b, name);
        return;
    }
    json_t *more = json_pack(
        "{s:I s:f s:f s:f}", "p_bits", (json_int_t)bits, "min", t.min * 1e3,
        "product_ns", t.median * 1e9 / multiple, "products_of_time", multiple);
    int used = snprintf(note, sizeof note, "= %.0f products", multiple);
    if (count != NULL) {
        json_object_set_new(more, "muls",
                            json_integer((json_int_t)count->muls));
        json_object_set_new(more, "sqrs",
                            json_integer((json_int_t)count->sqrs));
        snprintf(note + used, sizeof note - (size_t)used,
                 "; %lu + %lu squares counted", count->muls, count->sqrs);
    }
    bench_report(b, name, t.median * 1e3, "ms", &t, more, note);
}

static int any_wanted(const struct bench_run *b, unsigned bits)
{
    static const char *const kinds[] = {"product",       "square",  "pairing",
                                        "pairing-fixed", "encrypt", "decrypt",
                                        "identity",      "extract"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s-%u", kinds[i], bits);
        if (bench_wanted(b, name)) {
            return 1;
        }
    }
    return 0;
}

static void one_size(struct bench_run *b, unsigned bits)
{
    struct work w = {0};
    struct crypto_bench_count plain;
    struct crypto_bench_count fixed;
    if (!any_wanted(b, bits)) {
        return;
    }
    w.cb = crypto_bench_new(bits);
    if (w.cb == NULL) {
        bench_wrong(b, "setup");
        return;
    }
    for (size_t i = 0; i < sizeof trios / sizeof *trios; i++) {
        field(b, &w, &trios[i], bits);
    }
    crypto_bench_count_pairing(&plain, w.cb);
    crypto_bench_count_fixed(&fixed, w.cb);
    operation(b, &w, "pairing", bits, pairings, &plain);
    operation(b, &w, "pairing-fixed", bits, fixed_pairings, &fixed);
    operation(b, &w, "encrypt", bits, encryptions, NULL);
    operation(b, &w, "decrypt", bits, decryptions, NULL);
    operation(b, &w, "identity", bits, identities, NULL);
    operation(b, &w, "extract", bits, extractions, NULL);
    crypto_bench_free(w.cb);
}

void bench_crypto(struct bench_run *b)
{
    one_size(b, 512);
    one_size(b, 1024);
    one_size(b, 1536);
}
