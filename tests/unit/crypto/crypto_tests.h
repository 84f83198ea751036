/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the files of unit_crypto share. */
#ifndef TESTS_UNIT_CRYPTO_CRYPTO_TESTS_H
#define TESTS_UNIT_CRYPTO_CRYPTO_TESTS_H

#include "harness/base/buf.h"
#include "harness/base/env.h"
#include "harness/base/ytree.h"
#include "harness/crypto/bf.h"
#include "tests/unit/unit.h"

extern const struct unit_suite crypto_vectors_suite;
extern const struct unit_suite crypto_fp_suite;
extern const struct unit_suite crypto_curve_suite;
extern const struct unit_suite crypto_pairing_suite;
extern const struct unit_suite crypto_bf_suite;
extern const struct unit_suite crypto_der_suite;
extern const struct unit_suite crypto_kdf_suite;
extern const struct unit_suite crypto_ecdh_suite;
extern const struct unit_suite crypto_selftest_suite;
extern const struct unit_suite crypto_ibe_asn1_suite;

/* octets_of gives the octets of hex digits (spaces are skipped, an odd count
 * gets a leading zero) in a heap block of exactly their size; octets_free
 * frees. */
struct octets {
    uint8_t *data;
    size_t len;
};
struct octets octets_of(const char *hex);
struct octets octets_copy(const uint8_t *data, size_t len);
void octets_free(struct octets *o);
struct view octets_view(const struct octets *o);

/* hex_is compares octets with hex digits and prints both if they differ. */
int hex_is(const char *what, struct view v, const char *hex);

/* vectors_root gives vectors/bf_ibe.json, read once. vectors_group gives its
 * n-th group of a type with p of p_bits (0 = any), or NULL. */
const struct ynode *vectors_root(void);
const struct ynode *vectors_group(const char *type, int64_t p_bits,
                                  unsigned nth);
void vectors_release(void);

/* params_of decodes params.paramsDer of a group; aborts if that fails. */
struct bf_params *params_of(const struct ynode *group);

/* key_of and cipher_of: private key and ciphertext of the n-th valid test of a
 * BfIbe group. */
const struct ynode *valid_test(const struct ynode *group, unsigned nth);

/* A deterministic source of octets. */
struct env *test_env(uint64_t seed);

#endif
