/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Key derivation, MAC and key transport against published and agreed values. */
#include "tests/unit/crypto/crypto_tests.h"

#include "harness/crypto/kdf.h"

#include <stdio.h>
#include <string.h>

#define RAND_TV1 "4a28da979ee21a7651a0d7f19136d98c"

/* inkey 00 01 02 .. of several lengths, 46 octets of output */
static const struct {
    size_t len;
    const char *sha1;
    const char *sha256;
} prf_rows[] = {
    {16,
     "653dd085cbe8c9d6b09607e59a864171a2d2eff6f8e91dcae41610b6992a7947"
     "d160a6443b0ce72acab24cf4540a",
     "65724b0aeb7e7b6ec1cf41158c62b64cd3e9642b0c270325f5882b68db3398a8"
     "e8ccc14f2158be666c7c44720a37"},
    {32,
     "ac8fcb094a25e3c53efc1d8f774e91d44f25c1be039a88bc5139319915b0bdf3"
     "dcee881a31406eb2a71d3823f5c1",
     "5d8144987739d856253f571629c9b0c95e5dabd48af56b1faf0cf5bad846df68"
     "2102637db320d744f28a70573a13"},
    {33,
     "e8c5eb882dcd50526c036eb24f5364cd685536ac78f662d0f07791d3d299d890"
     "eb635a4b7b660c10a515001a2b63",
     "365b6106f11c971209ef3dd2b9dfd93a2619e8350ae87e668c36fa0c8ee0ca7b"
     "5db2c6b3756cb1e4a02bc348044e"},
    {40,
     "b0f124a68969665cefaf82a36ab20dccd7857fabc85f393b240ff2e1692dfae9"
     "ab2650e60b16b4374339e535a5a9",
     "475c6b671df7dc6155f9f23bc6caefc0bef215b31c6951a435263dae09ff271b"
     "0e1e1da4d1bac043035e8e9bf534"},
    {64,
     "26b6802b767bbb24022e06bfb34a9bd6a87c244762351a487341eaa866165684"
     "5bd52afa26ffc01e2b0f7a516c63",
     "d9c3e64070cbb1af034071f23e2ce11fe4028a7cac9a55afa596df27926f0da8"
     "fc12bbd9472d2bc11b6b36fb1eff"},
    {65,
     "e4622f21a8bf468c743fb1e2cacbefc5bb109e6ea1d20f5add97c59cb1e9e18d"
     "6937a5bc87b04f00bccefd5baddd",
     "7d770b0fe80ae534c8594b687bb48117d4a767f63b62d627c2a90460ee0d9116"
     "e4a52841f9291b92029f80d0126c"},
};

static void prf_values(void)
{
    struct octets label = octets_of("2ad01c6401cd177e50" RAND_TV1);
    uint8_t key[65];
    uint8_t out[46];
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof prf_rows / sizeof prf_rows[0]; i++) {
        struct view in = {key, prf_rows[i].len};
        for (size_t len = 1; len <= sizeof out; len++) {
            char want[93];
            memset(out, 0xee, sizeof out);
            CU_ASSERT_EQUAL(kdf_prf(out, len, 0, in, octets_view(&label)),
                            STATUS_OK);
            snprintf(want, 2 * len + 1, "%s", prf_rows[i].sha1);
            CU_ASSERT(hex_is("PRF 0", (struct view){out, len}, want));
            CU_ASSERT(len == sizeof out || out[len] == 0xee);
            CU_ASSERT_EQUAL(kdf_prf(out, len, 1, in, octets_view(&label)),
                            STATUS_OK);
            snprintf(want, 2 * len + 1, "%s", prf_rows[i].sha256);
            CU_ASSERT(hex_is("PRF 1", (struct view){out, len}, want));
        }
    }
    CU_ASSERT_EQUAL(
        kdf_prf(out, 16, 2, (struct view){key, 16}, octets_view(&label)),
        STATUS_UNSUPPORTED);
    CU_ASSERT_EQUAL(
        kdf_prf(out, 16, 0, (struct view){key, 0}, octets_view(&label)),
        STATUS_BAD_LENGTH);
    octets_free(&label);
}

struct derived {
    uint8_t prf;
    const char *inkey, *rnd;
    enum kdf_const constant;
    uint8_t cs_id;
    uint32_t csb_id;
    const char *want;
};

#define PSK "30313233343536373839414243444546"
#define TV3                                                                    \
    "a27b7d578eeb9b1ee7705e385996d300", "4339f62f55aac86348846a482c893802"
#define TGK "f31f3847d1fcb59e27b24969d23c14421b137059635e959ef373316144469082"
#define TGK1 "46625710f4e3ad4d13a7501cce7628a1e4585726b38dc438d8dffe69b10d8f7f"
#define RAND_C "000102030405060708090a0b0c0d0e0f"
#define KEY2 "f2656ce74a39d59ca6e5d5e43573d082"

static const struct derived derived_rows[] = {
    /* the example of RFC 4567, 5.1 */
    {0, PSK, RAND_TV1, KDF_MSG_ENCR, 0xff, 0xcd177e50,
     "b6310fae6962b5da4ade8c5f168eef9a"},
    {0, PSK, RAND_TV1, KDF_MSG_SALT, 0xff, 0xcd177e50,
     "4265c2fd7911494792b8998045bd"},
    {0, PSK, RAND_TV1, KDF_MSG_AUTH, 0xff, 0xcd177e50,
     "2d516829aa45bf5ca32a72f2eace37d52c47b7f0"},
    {0, KEY2, RAND_TV1, KDF_TEK, 1, 0xcd177e50,
     "dee87fcb250c46cd3c1bfb9da1741429"},
    {0, KEY2, RAND_TV1, KDF_TEK, 4, 0xcd177e50,
     "07e2db78afa9653ee5f3d716b3e9cdea"},
    /* third-party labels, PRF 1 */
    {1, TV3, KDF_TEK_ENCR, 4, 0x05a85c16, "3924935940c154ccbc3c2ad05c8f5181"},
    {1, TV3, KDF_SALT, 4, 0x05a85c16, "1725869b80f370cc9f24e13b"},
    {1, TV3, KDF_TEK_ENCR, 0, 0x05a85c16, "f17c80a8d2f9befa47cf712603d7229a"},
    {1, TV3, KDF_SALT, 0, 0x05a85c16, "c3b7b561a291a1d3abef482b"},
    {1, TV3, KDF_TEK, 4, 0x0633f457, "59aaa49ebb54813602b7cc165961b4e8"},
    {1, TV3, KDF_SALT, 4, 0x0633f457, "745eb4df7d155c473114a799"},
    /* MIKEY-IBAKE transcript: traffic keys from the TGK */
    {0, TGK, RAND_C, KDF_TEK, 1, 0x0a0b0c0d,
     "9521bc022a0573d64bca0e4bc132a234"},
    {0, TGK, RAND_C, KDF_SALT, 1, 0x0a0b0c0d, "267b0bb33700c5767c71bf04987d"},
    {1, TGK1, RAND_C, KDF_TEK, 1, 0x0a0b0c0d,
     "b33f59f99638713284ee285df17b32d0"},
    {1, TGK1, RAND_C, KDF_SALT, 1, 0x0a0b0c0d, "6dafd40c8ddeabcae239bf99f950"},
};

static void derivations(void)
{
    for (size_t i = 0; i < sizeof derived_rows / sizeof derived_rows[0]; i++) {
        const struct derived *d = &derived_rows[i];
        struct octets key = octets_of(d->inkey);
        struct octets rnd = octets_of(d->rnd);
        uint8_t out[32];
        size_t len = strlen(d->want) / 2;
        CU_ASSERT_EQUAL(kdf_derive(out, len, d->prf, octets_view(&key),
                                   d->constant, d->cs_id, d->csb_id,
                                   octets_view(&rnd)),
                        STATUS_OK);
        CU_ASSERT(hex_is("derived", (struct view){out, len}, d->want));
        octets_free(&key);
        octets_free(&rnd);
    }
}

/* RFC 2202, RFC 4231, case 2; split in every way */
static void macs(void)
{
    static const uint8_t data[] = "what do ya want for nothing?";
    static const char *const want[] = {
        "", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"};
    struct view key = {(const uint8_t *)"Jefe", 4};
    for (uint8_t alg = 0; alg <= 2; alg++) {
        for (size_t cut = 0; cut <= 28; cut++) {
            struct view parts[2] = {{data, cut}, {data + cut, 28 - cut}};
            uint8_t out[KDF_MAX_MAC];
            size_t len = 99;
            CU_ASSERT_EQUAL(kdf_mac(out, &len, alg, key, parts, 2), STATUS_OK);
            CU_ASSERT(hex_is("MAC", (struct view){out, len}, want[alg]));
            CU_ASSERT_EQUAL(kdf_mac_len(alg), (int)len);
        }
    }
    uint8_t out[KDF_MAX_MAC];
    size_t len = 0;
    CU_ASSERT_EQUAL(kdf_mac(out, &len, 3, key, NULL, 0), STATUS_UNSUPPORTED);
    CU_ASSERT_EQUAL(kdf_mac_len(3), -1);
}

static void counter_mode(void)
{
    static const char cipher[] =
        "d092a981a5640da6b08bdc21541b41b74299d78ca636ebbadbe36fde8ccf2f28"
        "302bf19b";
    static const char plain[] =
        "00100010" KEY2 "000e980c97f9e383702749ea07332578";
    struct octets key = octets_of("b6310fae6962b5da4ade8c5f168eef9a");
    struct octets salt = octets_of("4265c2fd7911494792b8998045bd");
    struct octets data = octets_of(cipher);
    uint8_t iv[16];
    kdf_aes_cm_iv(iv, salt.data, 0xcd177e50, 0xc8e350ea00000000);
    CU_ASSERT(hex_is("IV", (struct view){iv, 16},
                     "42650fea074181a4c252998045bd0000"));
    CU_ASSERT_EQUAL(kdf_aes_cm(data.data, data.len, octets_view(&key),
                               salt.data, 0xcd177e50, 0xc8e350ea00000000),
                    STATUS_OK);
    CU_ASSERT(hex_is("plain", octets_view(&data), plain));
    CU_ASSERT_EQUAL(kdf_aes_cm(data.data, data.len, octets_view(&key),
                               salt.data, 0xcd177e50, 0xc8e350ea00000000),
                    STATUS_OK);
    CU_ASSERT(hex_is("cipher", octets_view(&data), cipher));
    for (size_t len = 0; len < 16; len++) {
        CU_ASSERT_EQUAL(kdf_aes_cm(data.data, data.len,
                                   (struct view){key.data, len}, salt.data, 0,
                                   0),
                        STATUS_BAD_LENGTH);
    }
    octets_free(&key);
    octets_free(&salt);
    octets_free(&data);
}

/* RFC 3394, 4.1 */
static void key_wrap(void)
{
    static const char wrapped[] =
        "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5";
    struct octets key = octets_of("000102030405060708090a0b0c0d0e0f");
    struct octets plain = octets_of("00112233445566778899aabbccddeeff");
    struct octets in = octets_of(wrapped);
    static const uint8_t salt[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct wr out;
    wr_init(&out);
    CU_ASSERT_EQUAL(
        kdf_aes_kw_wrap(&out, octets_view(&key), octets_view(&plain)),
        STATUS_OK);
    CU_ASSERT(hex_is("wrapped", (struct view){out.data, out.len}, wrapped));
    wr_cleanup(&out);
    wr_init(&out);
    for (size_t bit = 0; bit < 8 * in.len; bit++) {
        in.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CU_ASSERT_EQUAL(
            kdf_aes_kw_unwrap(&out, octets_view(&key), octets_view(&in)),
            STATUS_AUTH);
        in.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CU_ASSERT_EQUAL(out.len, 0);
    CU_ASSERT_EQUAL(
        kdf_aes_kw_unwrap(&out, octets_view(&key), octets_view(&in)),
        STATUS_OK);
    CU_ASSERT(hex_is("plain", (struct view){out.data, out.len},
                     "00112233445566778899aabbccddeeff"));
    CU_ASSERT_EQUAL(
        kdf_aes_kw_unwrap_salt(&out, octets_view(&key), salt, octets_view(&in)),
        STATUS_AUTH); /* made with the default value */
    wr_cleanup(&out);
    wr_init(&out);
    CU_ASSERT_EQUAL(kdf_aes_kw_wrap_salt(&out, octets_view(&key), salt,
                                         octets_view(&plain)),
                    STATUS_OK);
    struct octets salted = octets_copy(out.data, out.len);
    wr_cleanup(&out);
    wr_init(&out);
    CU_ASSERT_EQUAL(kdf_aes_kw_unwrap_salt(&out, octets_view(&key), salt,
                                           octets_view(&salted)),
                    STATUS_OK);
    CU_ASSERT_EQUAL(out.len, 16);
    for (size_t len = 0; len < 16; len++) {
        CU_ASSERT_EQUAL(kdf_aes_kw_wrap(&out, octets_view(&key),
                                        (struct view){plain.data, len}),
                        STATUS_BAD_LENGTH);
    }
    wr_cleanup(&out);
    octets_free(&salted);
    octets_free(&key);
    octets_free(&plain);
    octets_free(&in);
}

/* FIPS 180: "abc" */
static void digests(void)
{
    uint8_t d[32];
    struct view abc = {(const uint8_t *)"abc", 3};
    kdf_sha1(d, abc);
    CU_ASSERT(hex_is("SHA-1", (struct view){d, 20},
                     "a9993e364706816aba3e25717850c26c9cd0d89d"));
    kdf_sha256(d, abc);
    CU_ASSERT(hex_is("SHA-256", (struct view){d, 32},
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f"
                     "20015ad"));
}

static const struct unit_case cases[] = {
    {"prf_matches_the_vectors_at_every_length", prf_values},
    {"derived_keys_match_the_vectors", derivations},
    {"macs_match_the_vectors", macs},
    {"counter_mode_matches_the_example", counter_mode},
    {"key_wrap_matches_and_notices_every_bit", key_wrap},
    {"digests_match", digests},
    {NULL, NULL}};

const struct unit_suite crypto_kdf_suite = {"kdf", cases};
