/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* ECDH: the transcript's values, laws, and what is not a point. */
#include "tests/unit/crypto/crypto_tests.h"

#include "harness/crypto/ecdh.h"

#include <string.h>

static const uint8_t curves[] = {ECDH_P256, ECDH_P384, ECDH_P521};

static struct view pub(const struct ecdh_key *k)
{
    return (struct view){k->pub.octets, k->pub.len};
}

static struct view octets_at(const struct ecdh_point *p)
{
    return (struct view){p->octets, p->len};
}

static void transcript(void)
{
    struct octets x = octets_of("2d711642b726b04401627ca9fbac32f5"
                                "c8530fb1903cc4db02258717921a4881");
    struct octets y = octets_of("a1fce4363854ff888cff4b8e7875d600"
                                "c2682390412a8cf79b37d0b11148b0fa");
    struct ecdh_key a;
    struct ecdh_key b;
    struct ecdh_point s;
    CU_ASSERT_EQUAL(ecdh_from_scalar(&a, ECDH_P256, octets_view(&x)),
                    STATUS_OK);
    CU_ASSERT_EQUAL(ecdh_from_scalar(&b, ECDH_P256, octets_view(&y)),
                    STATUS_OK);
    CU_ASSERT(hex_is(
        "[x]P", pub(&a),
        "04dee194247be003578f96f4a336e118a1771dc347da3e1e1f0e53059d530d4670"
        "3f6267bb3bc3efb81148147031c9023e616972b199c62483d636eb758d4fd25a"));
    CU_ASSERT(hex_is(
        "[y]P", pub(&b),
        "04b834030ac886380dde6cfb6fc5e8ac69d7d079e2afb74ad1564a86df8d7aa920"
        "c970bea71ba7a9d4518be07b2c20da21e125ec2ca33d4b75d6a097ee968794b9"));
    CU_ASSERT_EQUAL(ecdh_shared(&s, &a, pub(&b)), STATUS_OK);
    CU_ASSERT(hex_is(
        "[x][y]P", octets_at(&s),
        "0444006b1022da6275c58d17ef828e3dbc71f450fddafb0d86bc6892560c6dfb3f"
        "7b541aab4adaa2e9e584641af8489591a33959e68768052e330041544e5f725b"));
    octets_free(&x);
    octets_free(&y);
}

static void both_sides_agree(void)
{
    for (size_t i = 0; i < 3; i++) {
        struct env *env = test_env(i);
        struct ecdh_key a;
        struct ecdh_key b;
        struct ecdh_point s;
        struct ecdh_point t;
        struct ecdh_point c;
        CU_ASSERT(ecdh_supported(curves[i]));
        CU_ASSERT_EQUAL(ecdh_generate(&a, curves[i], env), STATUS_OK);
        CU_ASSERT_EQUAL(ecdh_generate(&b, curves[i], env), STATUS_OK);
        CU_ASSERT(memcmp(a.scalar, b.scalar, a.scalar_len) != 0);
        CU_ASSERT_EQUAL(a.pub.len, 1 + 2 * ecdh_field_octets(curves[i]));
        CU_ASSERT_EQUAL(ecdh_shared(&s, &a, pub(&b)), STATUS_OK);
        CU_ASSERT_EQUAL(ecdh_compress(&c, &a.pub), STATUS_OK);
        CU_ASSERT_EQUAL(c.len, 1 + ecdh_field_octets(curves[i]));
        CU_ASSERT_EQUAL(ecdh_shared(&t, &b, octets_at(&c)), STATUS_OK);
        CU_ASSERT_EQUAL(memcmp(s.octets, t.octets, s.len), 0);
        CU_ASSERT_EQUAL(ecdh_point_check(&t, curves[i], octets_at(&c)),
                        STATUS_OK);
        CU_ASSERT_EQUAL(memcmp(a.pub.octets, t.octets, t.len), 0);
        ecdh_key_wipe(&a);
        for (size_t k = 0; k < sizeof a.scalar; k++) {
            CU_ASSERT_EQUAL(a.scalar[k], 0);
        }
    }
}

static void what_is_no_point(void)
{
    for (size_t i = 0; i < 3; i++) {
        struct ecdh_key k;
        struct ecdh_point s;
        uint8_t v[ECDH_MAX_POINT + 1] = {0};
        CU_ASSERT_EQUAL(ecdh_generate(&k, curves[i], test_env(9)), STATUS_OK);
        size_t len = k.pub.len;
        for (size_t bit = 0; bit < 8 * len; bit++) {
            memcpy(v, k.pub.octets, len);
            v[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CU_ASSERT_NOT_EQUAL(
                ecdh_point_check(NULL, curves[i], (struct view){v, len}),
                STATUS_OK);
            CU_ASSERT_NOT_EQUAL(ecdh_shared(&s, &k, (struct view){v, len}),
                                STATUS_OK);
        }
        memcpy(v, k.pub.octets, len);
        for (size_t cut = 0; cut <= len + 1; cut++) {
            CU_ASSERT_EQUAL(
                ecdh_point_check(NULL, curves[i], (struct view){v, cut}) ==
                    STATUS_OK,
                cut == len);
        }
        memset(v, 0, sizeof v); /* infinity, and (0, 0) */
        CU_ASSERT_NOT_EQUAL(
            ecdh_point_check(NULL, curves[i], (struct view){v, 1}), STATUS_OK);
        v[0] = 4;
        CU_ASSERT_NOT_EQUAL(
            ecdh_point_check(NULL, curves[i], (struct view){v, len}),
            STATUS_OK);
    }
}

static void scalars_are_checked(void)
{
    /* order of P-256 */
    struct octets n = octets_of("ffffffff00000000ffffffffffffffff"
                                "bce6faada7179e84f3b9cac2fc632551");
    struct ecdh_key k;
    uint8_t zero[32] = {0};
    CU_ASSERT_EQUAL(ecdh_from_scalar(&k, ECDH_P256, octets_view(&n)),
                    STATUS_BAD_VALUE);
    CU_ASSERT_EQUAL(ecdh_from_scalar(&k, ECDH_P256, (struct view){zero, 32}),
                    STATUS_BAD_VALUE);
    n.data[31] -= 1; /* n - 1: gives -P */
    CU_ASSERT_EQUAL(ecdh_from_scalar(&k, ECDH_P256, octets_view(&n)),
                    STATUS_OK);
    for (size_t len = 0; len < 32; len++) {
        CU_ASSERT_EQUAL(
            ecdh_from_scalar(&k, ECDH_P256, (struct view){n.data, len}),
            STATUS_BAD_VALUE);
    }
    octets_free(&n);
}

static void registry(void)
{
    for (unsigned c = 0; c < 256; c++) {
        struct ecdh_key k;
        int known = c == ECDH_P256 || c == ECDH_P384 || c == ECDH_P521;
        CU_ASSERT_EQUAL(ecdh_supported((uint8_t)c) != 0, known);
        CU_ASSERT_EQUAL(ecdh_field_octets((uint8_t)c) != 0, c >= 1 && c <= 16);
        CU_ASSERT_EQUAL(ecdh_generate(&k, (uint8_t)c, test_env(1)),
                        known ? STATUS_OK : STATUS_UNSUPPORTED);
    }
    CU_ASSERT_EQUAL(ecdh_field_octets(ECDH_P256), 32);
    CU_ASSERT_EQUAL(ecdh_field_octets(ECDH_P384), 48);
    CU_ASSERT_EQUAL(ecdh_field_octets(ECDH_P521), 66);
}

static const struct unit_case cases[] = {
    {"exchange_matches_the_transcript", transcript},
    {"both_sides_agree_on_every_curve", both_sides_agree},
    {"what_is_no_point_is_refused", what_is_no_point},
    {"scalars_are_checked", scalars_are_checked},
    {"registry_says_what_is_supported", registry},
    {NULL, NULL}};

const struct unit_suite crypto_ecdh_suite = {"ecdh", cases};
