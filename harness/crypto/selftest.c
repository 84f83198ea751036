/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Known answers of every primitive. */
#include "harness/crypto/selftest.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/crypto/bf_prim.h"
#include "harness/crypto/ecdh.h"
#include "harness/crypto/fp.h"
#include "harness/crypto/kdf.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

#define MAX_OCTETS 512

/* Octets of a known answer; too long or bad hex gives len 0. */
struct kat {
    uint8_t data[MAX_OCTETS];
    size_t len;
};

static struct kat kat_of(const char *hex)
{
    struct kat k;
    k.len = 0;
    size_t len = 0;
    if (hex_decode(k.data, sizeof k.data, &len, hex, strlen(hex)) ==
        STATUS_OK) {
        k.len = len;
    }
    return k;
}

static struct view view_of(const struct kat *k)
{
    return (struct view){k->data, k->len};
}

static int is(const uint8_t *data, size_t len, const char *hex)
{
    struct kat k = kat_of(hex);
    return k.len == len && len != 0 && memcmp(k.data, data, len) == 0;
}

/* Products of both implementations agree, at every size with assembly, on
 * values with all limbs in use. The larger p is not prime; no matter here. */
static int field_product(void)
{
    static const size_t octets[] = {24, 64, 128, 192, 960};
    uint8_t p[FP_MAX_OCTETS];
    struct fp f;
    fp_el a;
    fp_el want[2];
    fp_el got;
    memset(p, 0xb7, sizeof p);
    for (size_t i = 0; i < sizeof octets / sizeof octets[0]; i++) {
        if (!fp_init(&f, p, octets[i])) {
            return 0;
        }
        size_t size = f.n * 8;
        const struct fp_ops *o = fp_ops_nth(f.n, 0);
        o->sub(a, f.r3, f.r2, &f);
        o->mul(want[0], a, f.r2, &f);
        o->sqr(want[1], a, &f);
        for (size_t j = 1; (o = fp_ops_nth(f.n, j)) != NULL; j++) {
            o->mul(got, a, f.r2, &f);
            if (memcmp(got, want[0], size) != 0) {
                return 0;
            }
            o->sqr(got, a, &f);
            if (memcmp(got, want[1], size) != 0) {
                return 0;
            }
        }
        /* 1/R * R^2 = R: the product is Montgomery's, not merely the same */
        memset(a, 0, size);
        a[0] = 1;
        f.ops->mul(got, a, f.r2, &f);
        if (memcmp(got, f.one, size) != 0) {
            return 0;
        }
    }
    return 1;
}

/* e'([x]P, [y]P), p of 512 bits */
static const char pair_p[] =
    "b3a42ea029faafa3bdc153118136183e4f748988b8ae9cb2abfde1786bec342a"
    "bc803b2fd5a02baea026228d8e210bcb37d4cf55924b1c77c8e4dd8b9ef8b64b";
static const char pair_q[] = "ffffffffffffffffffffefffffffffffffffffff";
static const char pair_ax[] =
    "25e6d2eae9661960e9a6915cf3b3d4dcbee9b4a033e9413d763914e5f857a7d4"
    "754431d2d13e59efb5b005988e17e1ed808121002562964f432f8123af090a2a";
static const char pair_ay[] =
    "08108a7ada1b09be6b5f0380585efeef48276ae1b16ddcc8b1d9718e56ac2b5c"
    "9763b4a0ec0f47736776b6a525db921fee8fc88e5300fb72b42a53057c5f0686";
static const char pair_bx[] =
    "525d7870a54f8495088de65e9fe1cf5d28ebd5376422aacfb554226c0b9bef3b"
    "057b9b55c9f417ff43d006d4dca82c304eca2e013233bc056020599d7185a3b5";
static const char pair_by[] =
    "654644b63b24a8fd67f5a61dbd5dea2be8e96f22817e539c765564da2eeda5c5"
    "ef347d7b1e3f8b223ecb461108069e8b3eff0c2254d7ddf752f8838ecbf1afba";
static const char pair_e[] =
    "467d99dbe04d6b7db84c38a22f8f78ee7cf1ea50c6edf34165ba4e44f96351ac"
    "ad6d11baf8c7b64f0864a6a81445693b012036b2763ddbc6a528a085e0bfe64f"
    "755e2dc8cc3a59e7e7a45a4d14c8134fc80ceedd3d106c1acbc79b99e998f2ca"
    "8dbc4e31cee081746bb18a5fe9bf1711d66662dce4d7c6089a7aa087792195a6";

static int pairing_value(void)
{
    struct kat p = kat_of(pair_p);
    struct kat q = kat_of(pair_q);
    struct kat ax = kat_of(pair_ax);
    struct kat ay = kat_of(pair_ay);
    struct kat bx = kat_of(pair_bx);
    struct kat by = kat_of(pair_by);
    struct bf_prim_point a = {view_of(&ax), view_of(&ay)};
    struct bf_prim_point b = {view_of(&bx), view_of(&by)};
    uint8_t e[128];
    struct wr out;
    wr_init_fixed(&out, e, sizeof e);
    return bf_prim_pairing(&out, view_of(&p), view_of(&q), &a, &b) ==
               STATUS_OK &&
           is(e, out.len, pair_e);
}

/* The parameters of RFC 5091, 7.4, and its inputs of 7.6 */
static const char bf_params_der[] =
    "3081b4020102060b6086480186fd1e01010101021900a6a0ffd016103fffffff"
    "fff595f002fe9ef195f002fe9efb02120ffffffffffffffffffffffeffffffff"
    "ffff303402186924c354256acf5a0ff7f61be4f0495b54540a5bf6395b3d0218"
    "024fd8e2eb7c09104bca116f41c035219955237c0eac19ab3036021900a68412"
    "ae960d1392701066664d20b2f4a76d6ee7156211080219009e7644e75c9a131d"
    "075752e143e3f0435ff231b6745a486f06052b0e03021a";
static const char bf_master[] = "0749e52ddb807e0220054417e514742b05a0";
static const char bf_id_hex[] = "426f62";
static const char bf_rho[] = "ed5397ff77b567ba5ecb644d7671d6b6f2082968";
static const char bf_msg[] = "486920746865726521";
static const char bf_key_der[] =
    "303b02010230360219008212b74ea75c841a9d1accc914ca140f4032d191b5ce"
    "5501021900950643d940aba68099bdcb40082532b6130c88d317958657";
static const char bf_cipher_der[] =
    "305a020102303402184c1a590bf1191150b44786af914729b08ff7128b752dba"
    "b70218279e159efd9a5f834d673ada217035e50ef1ea33c047d1bf0414379d3f"
    "9c38adf1deaf09e4fb48c538b61a5d3d8f04091c04aaec1308e0f32b";

static int bf_messages(const struct bf_params *bp)
{
    struct kat s = kat_of(bf_master);
    struct kat id = kat_of(bf_id_hex);
    struct kat rho = kat_of(bf_rho);
    struct kat msg = kat_of(bf_msg);
    struct kat der = kat_of(bf_cipher_der);
    enum bf_reason reason;
    struct wr key_der;
    struct wr out;
    struct wr plain;
    wr_init(&key_der);
    wr_init(&out);
    wr_init(&plain);
    int ok = bf_extract(bp, view_of(&s), view_of(&id), &key_der) == STATUS_OK &&
             is(key_der.data, key_der.len, bf_key_der);
    struct bf_key *key =
        ok ? bf_key_decode(bp, key_der.data, key_der.len, &reason) : NULL;
    struct bf_id *ready = bf_id_new(bp, view_of(&id));
    ok = key != NULL && ready != NULL &&
         bf_key_check(key, view_of(&id)) == STATUS_OK &&
         bf_encrypt_rho(ready, view_of(&rho), view_of(&msg), &out) ==
             STATUS_OK &&
         is(out.data, out.len, bf_cipher_der) &&
         bf_decrypt(key, der.data, der.len, &plain, NULL) == STATUS_OK &&
         is(plain.data, plain.len, bf_msg);
    der.data[der.len - 1] ^= 1; /* a changed ciphertext is refused */
    ok = ok &&
         bf_decrypt(key, der.data, der.len, &plain, &reason) == STATUS_DECRYPT;
    bf_id_free(ready);
    bf_key_free(key);
    wr_cleanup(&key_der);
    wr_cleanup(&out);
    wr_cleanup(&plain);
    return ok;
}

static int bf_ibe(void)
{
    enum bf_reason reason;
    struct kat der = kat_of(bf_params_der);
    struct bf_params *bp = bf_params_decode(der.data, der.len, 1, &reason);
    int ok = bp != NULL && bf_messages(bp);
    bf_params_free(bp);
    return ok;
}

/* Exchange of RFC 6267 with x = SHA-256("x"), y = SHA-256("y") on P-256 */
static int ecdh(void)
{
    static const char x[] = "2d711642b726b04401627ca9fbac32f5"
                            "c8530fb1903cc4db02258717921a4881";
    static const char y[] = "a1fce4363854ff888cff4b8e7875d600"
                            "c2682390412a8cf79b37d0b11148b0fa";
    static const char x_pub[] =
        "04dee194247be003578f96f4a336e118a1771dc347da3e1e1f0e53059d530d4670"
        "3f6267bb3bc3efb81148147031c9023e616972b199c62483d636eb758d4fd25a";
    static const char shared[] =
        "0444006b1022da6275c58d17ef828e3dbc71f450fddafb0d86bc6892560c6dfb3f"
        "7b541aab4adaa2e9e584641af8489591a33959e68768052e330041544e5f725b";
    struct kat kx = kat_of(x);
    struct kat ky = kat_of(y);
    struct ecdh_key a;
    struct ecdh_key b;
    struct ecdh_point ab;
    struct ecdh_point ba;
    int ok = ecdh_from_scalar(&a, ECDH_P256, view_of(&kx)) == STATUS_OK &&
             ecdh_from_scalar(&b, ECDH_P256, view_of(&ky)) == STATUS_OK &&
             ecdh_shared(&ab, &a, (struct view){b.pub.octets, b.pub.len}) ==
                 STATUS_OK &&
             ecdh_shared(&ba, &b, (struct view){a.pub.octets, a.pub.len}) ==
                 STATUS_OK;
    return ok && is(a.pub.octets, a.pub.len, x_pub) &&
           is(ab.octets, ab.len, shared) && is(ba.octets, ba.len, shared);
}

/* 33 octets 00 01 .. 20: two blocks, the second of one octet */
static int prf_gives(uint8_t prf, const char *want)
{
    uint8_t out[46];
    struct kat label =
        kat_of("2ad01c6401cd177e504a28da979ee21a7651a0d7f19136d98c");
    uint8_t key[33];
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)i;
    }
    return kdf_prf(out, sizeof out, prf, (struct view){key, sizeof key},
                   view_of(&label)) == STATUS_OK &&
           is(out, sizeof out, want);
}

static int prf_sha1(void)
{
    return prf_gives(
        KDF_PRF_MIKEY_1,
        "e8c5eb882dcd50526c036eb24f5364cd685536ac78f662d0f07791d3d299d890"
        "eb635a4b7b660c10a515001a2b63");
}

static int prf_sha256(void)
{
    return prf_gives(
        KDF_PRF_HMAC_SHA_256,
        "365b6106f11c971209ef3dd2b9dfd93a2619e8350ae87e668c36fa0c8ee0ca7b"
        "5db2c6b3756cb1e4a02bc348044e");
}

/* RFC 2202 and RFC 4231, test case 2 */
static int mac(void)
{
    static const struct {
        uint8_t alg;
        const char *want;
    } rows[] = {
        {1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
        {2, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    };
    const char *data = "what do ya want for nothing?";
    struct view parts[2] = {{(const uint8_t *)data, 10},
                            {(const uint8_t *)data + 10, strlen(data) - 10}};
    struct view key = {(const uint8_t *)"Jefe", 4};
    int ok = 1;
    for (size_t i = 0; i < 2; i++) {
        uint8_t out[KDF_MAX_MAC];
        size_t len = 0;
        ok &= kdf_mac(out, &len, rows[i].alg, key, parts, 2) == STATUS_OK &&
              is(out, len, rows[i].want);
    }
    return ok;
}

/* KEMAC of the example of RFC 4567, 5.1 */
static int aes_cm(void)
{
    struct kat key = kat_of("b6310fae6962b5da4ade8c5f168eef9a");
    struct kat salt = kat_of("4265c2fd7911494792b8998045bd");
    struct kat data = kat_of("d092a981a5640da6b08bdc21541b41b74299d78ca636ebba"
                             "dbe36fde8ccf2f28302bf19b");
    return kdf_aes_cm(data.data, data.len, view_of(&key), salt.data, 0xcd177e50,
                      0xc8e350ea00000000) == STATUS_OK &&
           is(data.data, data.len,
              "00100010f2656ce74a39d59ca6e5d5e43573d082"
              "000e980c97f9e383702749ea07332578");
}

/* RFC 3394, 4.1 */
static int aes_key_wrap(void)
{
    static const char wrapped[] =
        "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5";
    static const char plain[] = "00112233445566778899aabbccddeeff";
    struct kat key = kat_of("000102030405060708090a0b0c0d0e0f");
    struct kat p = kat_of(plain);
    struct kat w = kat_of(wrapped);
    struct wr a;
    struct wr b;
    wr_init(&a);
    wr_init(&b);
    int ok = kdf_aes_kw_wrap(&a, view_of(&key), view_of(&p)) == STATUS_OK &&
             is(a.data, a.len, wrapped) &&
             kdf_aes_kw_unwrap(&b, view_of(&key), view_of(&w)) == STATUS_OK &&
             is(b.data, b.len, plain);
    w.data[0] ^= 1;
    ok = ok && kdf_aes_kw_unwrap(&b, view_of(&key), view_of(&w)) == STATUS_AUTH;
    wr_cleanup(&a);
    wr_cleanup(&b);
    return ok;
}

static const struct {
    const char *name;
    int (*holds)(void);
} primitives[] = {
    {"field product", field_product},
    {"pairing", pairing_value},
    {"BF-IBE", bf_ibe},
    {"ECDH", ecdh},
    {"PRF SHA-1", prf_sha1},
    {"PRF SHA-256", prf_sha256},
    {"MAC", mac},
    {"AES-CM", aes_cm},
    {"AES key wrap", aes_key_wrap},
};

/* Written once, under pthread_once: the result is the process's, not a
 * caller's. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *first_failed;

static void run_all(void)
{
    for (size_t i = 0; i < sizeof primitives / sizeof primitives[0]; i++) {
        if (!primitives[i].holds()) {
            first_failed = primitives[i].name;
            return;
        }
    }
}

enum status crypto_selftest(const char **failed)
{
    if (pthread_once(&once, run_all) != 0) {
        *failed = "pthread_once";
        return STATUS_INTERNAL;
    }
    if (first_failed != NULL) {
        *failed = first_failed;
        return STATUS_INTERNAL;
    }
    return STATUS_OK;
}
