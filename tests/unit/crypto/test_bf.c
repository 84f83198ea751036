/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Boneh-Franklin IBE: round trips, refusals, errors, lack of memory. */
#include "tests/unit/crypto/crypto_tests.h"

#include "harness/base/mem.h"
#include "harness/crypto/bf_int.h"
#include "harness/crypto/bf_prim.h"

#include <stdio.h>
#include <string.h>

static struct view text(const char *s)
{
    return (struct view){(const uint8_t *)s, strlen(s)};
}

/* Parameters, master secret and a key of the group with p of these bits. */
struct set {
    struct bf_params *bp;
    struct octets s;
    struct bf_key *bob;
};

static void set_open(struct set *set, int64_t bits)
{
    const struct ynode *g = vectors_group("BfIbe", bits, 0);
    enum bf_reason reason;
    struct wr der;
    set->bp = params_of(g);
    set->s = octets_of(ynode_str(g, "masterSecret", ""));
    wr_init(&der);
    CU_ASSERT_EQUAL_FATAL(
        bf_extract(set->bp, octets_view(&set->s), text("bob"), &der),
        STATUS_OK);
    set->bob = bf_key_decode(set->bp, der.data, der.len, &reason);
    CU_ASSERT_PTR_NOT_NULL_FATAL(set->bob);
    wr_cleanup(&der);
}

static void set_close(struct set *set)
{
    bf_key_free(set->bob);
    octets_free(&set->s);
    bf_params_free(set->bp);
}

static int round_trip(const struct bf_params *bp, const struct bf_key *key,
                      const char *id, size_t len)
{
    struct env *env = test_env(len);
    struct bf_id *to = bf_id_new(bp, text(id));
    struct wr cipher;
    struct wr plain;
    uint8_t msg[300];
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    memset(msg, 0x5a, sizeof msg);
    wr_init(&cipher);
    wr_init(&plain);
    wr_str(&plain, "kept");
    int ok = bf_encrypt(to, env, (struct view){msg, len}, &cipher) == STATUS_OK;
    enum bf_reason reason = BF_REASON_DER;
    ok &= bf_decrypt(key, cipher.data, cipher.len, &plain, &reason) ==
              STATUS_OK &&
          reason == BF_REASON_NONE && plain.len == 4 + len &&
          memcmp(plain.data, "kept", 4) == 0 &&
          memcmp(plain.data + 4, msg, len) == 0;
    bf_id_free(to);
    wr_cleanup(&cipher);
    wr_cleanup(&plain);
    return ok;
}

/* p of 7680 bits makes its one round trip in the vectors: it takes a second. */
static void every_size(void)
{
    static const int64_t bits[] = {192, 512, 1024, 1536, 3840};
    static const size_t lens[] = {0, 1, 20, 33, 300};
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        struct set set;
        set_open(&set, bits[i]);
        CU_ASSERT_EQUAL((int64_t)bf_p_bits(set.bp), bits[i]);
        for (size_t k = 0; k < (i < 3 ? 5u : 2u); k++) {
            CU_ASSERT(round_trip(set.bp, set.bob, "bob", lens[k]));
        }
        CU_ASSERT_EQUAL(bf_key_check(set.bob, text("bob")), STATUS_OK);
        CU_ASSERT_EQUAL(bf_key_check(set.bob, text("bOb")), STATUS_MISMATCH);
        set_close(&set);
    }
}

/* The general products throughout: a key and a message of the fast path. */
static void portable_path(void)
{
    static const int64_t bits[] = {512, 1024, 1536};
    for (size_t i = 0; i < 3; i++) {
        struct set set;
        set_open(&set, bits[i]);
        const struct fp_ops *fast = set.bp->f.ops;
        const struct fp_ops *o = NULL;
        for (size_t k = 0; fp_ops_nth(set.bp->f.n, k) != NULL; k++) {
            o = fp_ops_nth(set.bp->f.n, k);
        }
        CU_ASSERT_EQUAL(o->limbs, 0);
        set.bp->f.ops = o;
        CU_ASSERT(round_trip(set.bp, set.bob, "bob", 100));
        CU_ASSERT_EQUAL(bf_key_check(set.bob, text("bob")), STATUS_OK);
        struct bf_id *to = bf_id_new(set.bp, text("bob"));
        struct wr a;
        wr_init(&a);
        CU_ASSERT_EQUAL(bf_encrypt(to, test_env(1), text("m"), &a), STATUS_OK);
        set.bp->f.ops = fast;
        struct wr m;
        wr_init(&m);
        CU_ASSERT_EQUAL(bf_decrypt(set.bob, a.data, a.len, &m, NULL),
                        STATUS_OK);
        wr_cleanup(&a);
        wr_cleanup(&m);
        bf_id_free(to);
        set_close(&set);
    }
}

static void setup_makes_levels(void)
{
    static const struct {
        unsigned n;
        size_t p, q, hash;
    } rows[] = {{1024, 64, 20, 20}, {2048, 128, 28, 28}, {3072, 192, 32, 32}};
    for (size_t i = 0; i < 3; i++) {
        uint8_t s[BF_MAX_HASH_OCTETS];
        size_t len = 0;
        struct wr der;
        enum bf_reason reason;
        struct bf_params *bp = bf_setup(rows[i].n, test_env(i), s, &len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(bp);
        CU_ASSERT_EQUAL(bf_p_octets(bp), rows[i].p);
        CU_ASSERT_EQUAL(bf_p_bits(bp), 8 * rows[i].p);
        CU_ASSERT_EQUAL(bf_q_octets(bp), rows[i].q);
        CU_ASSERT_EQUAL(len, rows[i].q);
        CU_ASSERT_EQUAL(bf_hash_octets(bp), rows[i].hash);
        CU_ASSERT_EQUAL(bp->f.p[0] % 8, 3); /* r odd */
        wr_init(&der);
        bf_params_encode(bp, &der);
        struct bf_params *again =
            bf_params_decode(der.data, der.len, 0, &reason);
        CU_ASSERT_PTR_NOT_NULL_FATAL(again);
        CU_ASSERT(bf_params_equal(bp, again));
        wr_cleanup(&der);
        CU_ASSERT_EQUAL(
            bf_extract(again, (struct view){s, len}, text("bob"), &der),
            STATUS_OK);
        struct bf_key *key = bf_key_decode(again, der.data, der.len, &reason);
        CU_ASSERT_PTR_NOT_NULL_FATAL(key);
        CU_ASSERT(round_trip(bp, key, "bob", 50));
        bf_key_free(key);
        wr_cleanup(&der);
        bf_params_free(again);
        bf_params_free(bp);
    }
}

static void setup_depends_on_seed(void)
{
    uint8_t s[3][BF_MAX_HASH_OCTETS];
    size_t len = 0;
    struct bf_params *a = bf_setup(1024, test_env(7), s[0], &len);
    struct bf_params *b = bf_setup(1024, test_env(7), s[1], &len);
    struct bf_params *c = bf_setup(1024, test_env(8), s[2], &len);
    CU_ASSERT(bf_params_equal(a, b));
    CU_ASSERT_EQUAL(memcmp(s[0], s[1], len), 0);
    CU_ASSERT(!bf_params_equal(a, c));
    CU_ASSERT(memcmp(s[0], s[2], len) != 0);
    CU_ASSERT_PTR_NULL(bf_setup(1000, test_env(7), s[0], &len));
    bf_params_free(a);
    bf_params_free(b);
    bf_params_free(c);
}

static enum status no_random(struct env *env, uint8_t *out, size_t len)
{
    (void)env;
    (void)out;
    (void)len;
    return STATUS_IO;
}

static void no_randomness_is_an_error(void)
{
    struct set set;
    struct env *env = test_env(0);
    struct wr out;
    uint8_t s[BF_MAX_HASH_OCTETS];
    size_t len;
    set_open(&set, 192);
    struct bf_id *to = bf_id_new(set.bp, text("bob"));
    env->random = no_random;
    wr_init(&out);
    CU_ASSERT_EQUAL(bf_encrypt(to, env, text("m"), &out), STATUS_IO);
    CU_ASSERT_EQUAL(out.len, 0);
    CU_ASSERT_PTR_NULL(bf_setup(1024, env, s, &len));
    bf_id_free(to);
    set_close(&set);
}

static void master_secret_is_checked(void)
{
    struct set set;
    struct wr out;
    set_open(&set, 512);
    wr_init(&out);
    struct octets q =
        octets_of(ynode_str(vectors_group("BfIbe", 512, 0), "params.q", ""));
    struct octets long_s = octets_of("00000000000000000000000000000000"
                                     "0000000000000000000000000000000000");
    CU_ASSERT_EQUAL(bf_extract(set.bp, octets_view(&q), text("b"), &out),
                    STATUS_BAD_VALUE);
    CU_ASSERT_EQUAL(bf_extract(set.bp, octets_view(&long_s), text("b"), &out),
                    STATUS_BAD_VALUE); /* 0 */
    CU_ASSERT_EQUAL(bf_extract(set.bp, (struct view){NULL, 0}, text("b"), &out),
                    STATUS_BAD_VALUE);
    set.s.data[set.s.len - 1] ^= 1;
    CU_ASSERT_EQUAL(bf_extract(set.bp, octets_view(&set.s), text("b"), &out),
                    STATUS_MISMATCH);
    CU_ASSERT_EQUAL(out.len, 0);
    octets_free(&q);
    octets_free(&long_s);
    set_close(&set);
}

static void rho_is_checked(void)
{
    struct set set;
    struct wr out;
    uint8_t rho[21] = {1, 2, 3};
    set_open(&set, 192);
    struct bf_id *to = bf_id_new(set.bp, text("bob"));
    wr_init(&out);
    for (size_t len = 0; len <= 21; len++) {
        enum status st =
            bf_encrypt_rho(to, (struct view){rho, len}, text("m"), &out);
        CU_ASSERT_EQUAL(st, len == 20 ? STATUS_OK : STATUS_BAD_LENGTH);
    }
    wr_cleanup(&out);
    bf_id_free(to);
    set_close(&set);
}

/* A chosen encryption is the same each time; a drawn one never. */
static void encryption_is_randomised(void)
{
    struct set set;
    struct wr a;
    struct wr b;
    struct env *env = test_env(3);
    set_open(&set, 192);
    struct bf_id *to = bf_id_new(set.bp, text("bob"));
    wr_init(&a);
    wr_init(&b);
    CU_ASSERT_EQUAL(bf_encrypt(to, env, text("message"), &a), STATUS_OK);
    CU_ASSERT_EQUAL(bf_encrypt(to, env, text("message"), &b), STATUS_OK);
    CU_ASSERT(a.len != b.len || memcmp(a.data, b.data, a.len) != 0);
    wr_cleanup(&a);
    wr_cleanup(&b);
    bf_id_free(to);
    set_close(&set);
}

static void parameters_compare(void)
{
    struct bf_params *all[3] = {params_of(vectors_group("BfIbe", 512, 0)),
                                params_of(vectors_group("BfIbe", 512, 1)),
                                params_of(vectors_group("BfIbe", 192, 0))};
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 3; k++) {
            CU_ASSERT_EQUAL(bf_params_equal(all[i], all[k]), i == k);
        }
    }
    for (size_t i = 0; i < 3; i++) {
        bf_params_free(all[i]);
    }
}

/* The RFC's parameters are too small for use. */
static void toys_need_permission(void)
{
    struct octets der = octets_of(
        ynode_str(vectors_group("BfIbe", 192, 0), "params.paramsDer", ""));
    enum bf_reason reason;
    CU_ASSERT_PTR_NULL(bf_params_decode(der.data, der.len, 0, &reason));
    CU_ASSERT_EQUAL(reason, BF_REASON_BAD_LEVEL);
    struct bf_params *bp = bf_params_decode(der.data, der.len, 1, &reason);
    CU_ASSERT_PTR_NOT_NULL(bp);
    bf_params_free(bp);
    octets_free(&der);
}

/* Reasons seen in the vectors and in what the vectors cannot hold. */
static void every_reason_occurs(void)
{
    unsigned seen[BF_REASON_NO_MEMORY + 1] = {0};
    static const char *const types[] = {"BfParams", "BfExtract", "BfIbe"};
    struct set set;
    set_open(&set, 512);
    for (size_t k = 0; k < 3; k++) {
        const struct ynode *g = vectors_group(types[k], k == 0 ? 0 : 512, 0);
        for (const struct ynode *t = ynode_get(g, "tests")->first; t != NULL;
             t = t->next) {
            static const char *const fields[] = {"paramsDer", "privateKeyDer",
                                                 "ciphertextDer"};
            struct octets der = octets_of(ynode_str(t, fields[k], "3000"));
            struct octets id = octets_of(ynode_str(t, "identity", ""));
            enum bf_reason why = BF_REASON_NONE;
            struct wr out;
            wr_init(&out);
            if (k == 0) {
                bf_params_free(bf_params_decode(der.data, der.len, 0, &why));
            } else if (k == 1) {
                why = bf_prim_key_verify(set.bp, der.data, der.len,
                                         octets_view(&id));
            } else {
                bf_decrypt(set.bob, der.data, der.len, &out, &why);
            }
            wr_cleanup(&out);
            seen[why]++;
            octets_free(&der);
            octets_free(&id);
        }
    }
    /* infinity cannot be encoded; an empty SEQUENCE stands for it */
    static const uint8_t infinity[] = {0x30, 5, 2, 1, 2, 0x30, 0};
    enum bf_reason why;
    CU_ASSERT_PTR_NULL(bf_key_decode(set.bp, infinity, sizeof infinity, &why));
    seen[why]++;
    mem_fail_at(1);
    CU_ASSERT_PTR_NULL(bf_key_decode(set.bp, infinity, sizeof infinity, &why));
    mem_fail_at(0);
    seen[why]++;
    for (enum bf_reason r = BF_REASON_DER; r <= BF_REASON_NO_MEMORY; r++) {
        if (seen[r] == 0) {
            printf("never seen: %s\n", bf_reason_name(r));
        }
        CU_ASSERT(seen[r] > 0);
    }
    set_close(&set);
}

static void reasons_have_names(void)
{
    for (enum bf_reason a = BF_REASON_NONE; a <= BF_REASON_NO_MEMORY; a++) {
        for (enum bf_reason b = BF_REASON_NONE; b < a; b++) {
            CU_ASSERT_STRING_NOT_EQUAL(bf_reason_name(a), bf_reason_name(b));
        }
    }
}

/* One pass through everything with the n-th allocation failing. Returns how
 * many of the steps gave a result. */
static unsigned pass(const struct octets *params, const struct octets *s,
                     unsigned long n)
{
    enum bf_reason reason = BF_REASON_NONE;
    unsigned steps = 0;
    struct wr key_der;
    struct wr cipher;
    struct wr plain;
    wr_init(&key_der);
    wr_init(&cipher);
    wr_init(&plain);
    mem_fail_at(n);
    struct bf_params *bp =
        bf_params_decode(params->data, params->len, 1, &reason);
    struct bf_key *key = NULL;
    struct bf_id *to = NULL;
    CU_ASSERT(bp != NULL || reason == BF_REASON_NO_MEMORY);
    if (bp != NULL) {
        steps++;
        steps +=
            bf_extract(bp, octets_view(s), text("bob"), &key_der) == STATUS_OK;
        if (steps == 2) {
            key = bf_key_decode(bp, key_der.data, key_der.len, &reason);
            CU_ASSERT(key != NULL || reason == BF_REASON_NO_MEMORY);
        }
        to = bf_id_new(bp, text("bob"));
    }
    steps += key != NULL;
    if (to != NULL && key != NULL) {
        steps += 1;
        steps +=
            bf_encrypt(to, test_env(1), text("message"), &cipher) == STATUS_OK;
    }
    if (steps == 5) {
        enum status st =
            bf_decrypt(key, cipher.data, cipher.len, &plain, &reason);
        CU_ASSERT(st == STATUS_OK || reason == BF_REASON_NO_MEMORY);
        steps += st == STATUS_OK;
    }
    mem_fail_at(0);
    bf_id_free(to);
    bf_key_free(key);
    bf_params_free(bp);
    wr_cleanup(&key_der);
    wr_cleanup(&cipher);
    wr_cleanup(&plain);
    return steps;
}

static void lack_of_memory_is_survived(void)
{
    const struct ynode *g = vectors_group("BfIbe", 192, 0);
    struct octets der = octets_of(ynode_str(g, "params.paramsDer", ""));
    struct octets s = octets_of(ynode_str(g, "masterSecret", ""));
    unsigned long live = mem_live();
    unsigned long n = 1;
    unsigned steps = 0;
    for (; n < 100; n++) {
        steps = pass(&der, &s, n);
        CU_ASSERT_EQUAL(mem_live(), live);
        if (steps == 6) {
            break;
        }
    }
    CU_ASSERT_EQUAL(steps, 6); /* nothing failed any more */
    CU_ASSERT(n > 12);
    octets_free(&der);
    octets_free(&s);
}

static const struct unit_case cases[] = {
    {"messages_come_back_at_every_size", every_size},
    {"portable_products_give_the_same", portable_path},
    {"setup_makes_each_level", setup_makes_levels},
    {"setup_depends_on_the_seed_alone", setup_depends_on_seed},
    {"no_randomness_is_an_error", no_randomness_is_an_error},
    {"master_secret_is_checked", master_secret_is_checked},
    {"rho_has_the_length_of_the_hash", rho_is_checked},
    {"encryption_is_randomised", encryption_is_randomised},
    {"parameters_are_compared_by_value", parameters_compare},
    {"toy_parameters_need_permission", toys_need_permission},
    {"every_reason_occurs", every_reason_occurs},
    {"reasons_have_different_names", reasons_have_names},
    {"lack_of_memory_is_survived", lack_of_memory_is_survived},
    {NULL, NULL}};

const struct unit_suite crypto_bf_suite = {"bf", cases};
