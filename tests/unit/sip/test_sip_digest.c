/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Digest authentication: the examples of RFC 2617, 3.5 and RFC 7616, 3.9.1;
 * the other values were computed with Python's hashlib. */
#include "tests/unit/sip/sip_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- SHA-256 (FIPS 180-4, 6.2), for RFC 7616 ---- */

static const uint32_t sha_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t right(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static void sha_block(uint32_t h[8], const uint8_t *p)
{
    uint32_t w[64];
    uint32_t s[8];
    memcpy(s, h, sizeof s);
    for (unsigned i = 0; i < 16; i++) {
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
               (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    }
    for (unsigned i = 16; i < 64; i++) {
        uint32_t a = w[i - 15];
        uint32_t b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (right(a, 7) ^ right(a, 18) ^ a >> 3) +
               (right(b, 17) ^ right(b, 19) ^ b >> 10);
    }
    for (unsigned i = 0; i < 64; i++) {
        uint32_t e = s[4];
        uint32_t a = s[0];
        uint32_t t1 = s[7] + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) +
                      ((e & s[5]) ^ (~e & s[6])) + sha_k[i] + w[i];
        uint32_t t2 = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) +
                      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++) {
        h[i] += s[i];
    }
}

static enum status sha256(void *ctx, const uint8_t *data, size_t len,
                          uint8_t *out, size_t *out_len)
{
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    size_t padded = (len + 8) / 64 * 64 + 64;
    uint8_t *p = calloc(1, padded);
    (void)ctx;
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (len > 0) {
        memcpy(p, data, len);
    }
    p[len] = 0x80;
    for (unsigned i = 0; i < 8; i++) {
        p[padded - 1 - i] = (uint8_t)((uint64_t)len * 8 >> 8 * i);
    }
    for (size_t i = 0; i < padded; i += 64) {
        sha_block(h, p + i);
    }
    free(p);
    for (unsigned i = 0; i < 32; i++) {
        out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    }
    *out_len = 32;
    return STATUS_OK;
}

/* ---- */

#define NONCE "dcd98b7102dd2f0e8b11d0f600bfb0c093"
#define NONCE_7616 "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define CNONCE_7616 "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"

static void responses_are_those_of_the_rfcs(void)
{
    static const struct {
        const char *realm, *nonce, *qop, *cnonce, *algorithm, *body, *password;
        sip_hash_fn *hash;
        const char *want;
    } rows[] = {
        {"testrealm@host.com", NONCE, "auth", "0a4f113b", "", "",
         "Circle Of Life", test_md5, "6629fae49393a05397450978507c4ef1"},
        {"testrealm@host.com", NONCE, "", "", "MD5", "", "Circle Of Life",
         test_md5, "670fd8c2df070c60b045671b8b24ff02"},
        {"testrealm@host.com", NONCE, "auth", "0a4f113b", "MD5-sess", "",
         "Circle Of Life", test_md5, "8e3825c57e897f5a0dec6c2d4e5059d0"},
        {"testrealm@host.com", NONCE, "auth-int", "0a4f113b", "", "v=0\r\n",
         "Circle Of Life", test_md5, "151b6cabb7e59e0ac757207a039ff3d0"},
        {"testrealm@host.com", NONCE, "auth-int", "0a4f113b", "", "",
         "Circle Of Life", test_md5, "5e6610ecf9ba3017a4870ad48e3ad30b"},
        {"http-auth@example.org", NONCE_7616, "auth", CNONCE_7616, "MD5", "",
         "Circle of Life", test_md5, "8ca523f5e9506fed4657c9700eebdbec"},
        {"http-auth@example.org", NONCE_7616, "auth", CNONCE_7616, "SHA-256",
         "", "Circle of Life", sha256,
         "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char got[129];
        struct sip_digest d = {.username = sip_text("Mufasa"),
                               .realm = sip_text(rows[i].realm),
                               .nonce = sip_text(rows[i].nonce),
                               .uri = sip_text("/dir/index.html"),
                               .method = sip_text("GET"),
                               .qop = sip_text(rows[i].qop),
                               .cnonce = sip_text(rows[i].cnonce),
                               .nc = sip_text("00000001"),
                               .algorithm = sip_text(rows[i].algorithm),
                               .body = sip_text(rows[i].body)};
        CU_ASSERT(sip_digest_response(got, &d, sip_text(rows[i].password),
                                      rows[i].hash, NULL) == STATUS_OK);
        SAYS(sip_text(got), rows[i].want);
    }
}

static enum status answer(struct wr *w, const char *challenge, unsigned nc)
{
    wr_init(w);
    return sip_digest_answer(w, sip_text(challenge), "bob", "zanzibar",
                             "INVITE", "sip:bob@biloxi.com", "0a4f113b", nc,
                             test_md5, NULL);
}

static void challenges_are_answered(void)
{
    static const struct {
        const char *challenge;
        unsigned nc;
        const char *want;
    } rows[] = {
        {"Digest realm=\"biloxi.com\", qop=\"auth,auth-int\", nonce=\"" NONCE
         "\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
         1,
         "Digest username=\"bob\", realm=\"biloxi.com\", nonce=\"" NONCE
         "\", uri=\"sip:bob@biloxi.com\", "
         "response=\"89eb0059246c02b2f6ee02c7961d5ea3\", qop=auth, "
         "nc=00000001, cnonce=\"0a4f113b\", "
         "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""},
        {"Digest realm=\"biloxi.com\",qop=auth,nonce=\"" NONCE
         "\",algorithm=MD5",
         31,
         "Digest username=\"bob\", realm=\"biloxi.com\", nonce=\"" NONCE
         "\", uri=\"sip:bob@biloxi.com\", "
         "response=\"468a7492d3570a2be959e326138fb747\", algorithm=MD5, "
         "qop=auth, nc=0000001f, cnonce=\"0a4f113b\""},
        {"digest  nonce=\"" NONCE "\" , realm=\"biloxi.com\"", 1,
         "Digest username=\"bob\", realm=\"biloxi.com\", nonce=\"" NONCE
         "\", uri=\"sip:bob@biloxi.com\", "
         "response=\"bf57e4e0d0bffc0fbaedce64d59add5e\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wr w;
        CU_ASSERT(answer(&w, rows[i].challenge, rows[i].nc) == STATUS_OK);
        SAYS(((struct view){w.data, w.len}), rows[i].want);
        wr_cleanup(&w);
    }
}

static void what_cannot_be_answered_is_refused(void)
{
    static const struct {
        const char *challenge;
        enum status want;
    } rows[] = {
        {"Basic realm=\"x\"", STATUS_NOT_FOUND},
        {"", STATUS_NOT_FOUND},
        {"Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\"",
         STATUS_UNSUPPORTED},
        {"Digest realm=\"x\", nonce=\"y\", qop=\"\"", STATUS_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wr w;
        CU_ASSERT(answer(&w, rows[i].challenge, 1) == rows[i].want);
        CU_ASSERT(w.len == 0);
        wr_cleanup(&w);
    }
}

static enum status no_hash(void *ctx, const uint8_t *data, size_t len,
                           uint8_t *out, size_t *out_len)
{
    (void)ctx;
    (void)data;
    (void)len;
    (void)out;
    (void)out_len;
    return STATUS_UNSUPPORTED;
}

static void a_failing_hash_is_reported(void)
{
    char got[129];
    struct sip_digest d = {.username = sip_text("u")};
    CU_ASSERT(sip_digest_response(got, &d, sip_text("p"), no_hash, NULL) ==
              STATUS_UNSUPPORTED);
}

static enum status verify(const char *authorization, const char *method,
                          const char *password,
                          const struct sip_digest_expect *expect)
{
    return sip_digest_verify(sip_text(authorization), expect, method, password,
                             test_md5, NULL);
}

static void answers_are_verified(void)
{
    struct sip_digest_expect e = {.realm = sip_text("biloxi.com"),
                                  .nonce = sip_text(NONCE),
                                  .uri = sip_text("sip:bob@biloxi.com"),
                                  .username = sip_text("bob")};
    struct sip_digest_expect any = {0};
    struct sip_digest_expect other = e;
    struct wr w;
    CU_ASSERT(answer(&w,
                     "Digest realm=\"biloxi.com\", qop=\"auth\", "
                     "nonce=\"" NONCE "\"",
                     1) == STATUS_OK);
    wr_u8(&w, 0);
    const char *text = (const char *)w.data;
    CU_ASSERT(verify(text, "INVITE", "zanzibar", &e) == STATUS_OK);
    CU_ASSERT(verify(text, "INVITE", "zanzibar", &any) == STATUS_OK);
    CU_ASSERT(verify(text, "INVITE", "zanzibaR", &e) == STATUS_AUTH);
    CU_ASSERT(verify(text, "BYE", "zanzibar", &e) == STATUS_AUTH);
    other.nonce = sip_text("stale");
    CU_ASSERT(verify(text, "INVITE", "zanzibar", &other) == STATUS_MISMATCH);
    other = e;
    other.uri = sip_text("sip:carol@biloxi.com");
    CU_ASSERT(verify(text, "INVITE", "zanzibar", &other) == STATUS_MISMATCH);
    other = e;
    other.username = sip_text("carol");
    CU_ASSERT(verify(text, "INVITE", "zanzibar", &other) == STATUS_MISMATCH);
    other = e;
    other.realm = sip_text("chicago.com");
    CU_ASSERT(verify(text, "INVITE", "zanzibar", &other) == STATUS_MISMATCH);
    /* Every octet of the response counts, and none may be missing. */
    char *at = strstr((char *)w.data, "response=\"") + 10;
    for (size_t i = 0; i < 32; i++) {
        char was = at[i];
        at[i] = was == '0' ? '1' : '0';
        CU_ASSERT(verify(text, "INVITE", "zanzibar", &e) == STATUS_AUTH);
        at[i] = was;
    }
    memmove(at + 31, at + 32, strlen(at + 32) + 1);
    CU_ASSERT(verify(text, "INVITE", "zanzibar", &e) == STATUS_AUTH);
    wr_cleanup(&w);
}

static void incomplete_credentials_are_no_credentials(void)
{
    static const char *const rows[] = {
        "",
        "Digest",
        "Basic Ym9iOnphbnppYmFy",
        "Digest username=\"bob\", realm=\"r\", nonce=\"n\", uri=\"u\"",
        "Digest username=\"bob\", realm=\"r\", nonce=\"n\", response=\"0\"",
        "Digest realm=\"r\", nonce=\"n\", uri=\"u\", response=\"0\"",
        "Digest username=\"bob\", nonce=\"n\", uri=\"u\", response=\"0\"",
        "Digest username=\"bob\", realm=\"r\", uri=\"u\", response=\"0\"",
        "Digest username=\"b\", realm=\"r\", nonce=\"n\", uri=\"u\", "
        "response=\"0\", qop=auth",
        "Digest username=\"b\", realm=\"r\", nonce=\"n\", uri=\"u\", "
        "response=\"0\", qop=auth, cnonce=\"c\", nc=1",
    };
    struct sip_digest_expect any = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT(verify(rows[i], "INVITE", "x", &any) == STATUS_NOT_FOUND);
    }
}

static void credentials_cut_short_never_pass(void)
{
    struct sip_digest_expect any = {0};
    struct wr w;
    CU_ASSERT(answer(&w, "Digest realm=\"r\", qop=\"auth\", nonce=\"n\"", 1) ==
              STATUS_OK);
    for (size_t n = 0; n + 1 < w.len; n++) {
        struct block b = block_of(w.data, n);
        struct view v = {b.data, b.len};
        enum status s =
            sip_digest_verify(v, &any, "INVITE", "zanzibar", test_md5, NULL);
        CU_ASSERT(s != STATUS_OK);
        block_free(&b);
    }
    wr_cleanup(&w);
}

static const struct unit_case cases[] = {
    {"responses_are_those_of_the_rfcs", responses_are_those_of_the_rfcs},
    {"challenges_are_answered", challenges_are_answered},
    {"what_cannot_be_answered_is_refused", what_cannot_be_answered_is_refused},
    {"a_failing_hash_is_reported", a_failing_hash_is_reported},
    {"answers_are_verified", answers_are_verified},
    {"incomplete_credentials_are_no_credentials",
     incomplete_credentials_are_no_credentials},
    {"credentials_cut_short_never_pass", credentials_cut_short_never_pass},
    {NULL, NULL}};
const struct unit_suite sip_digest_suite = {"sip_digest", cases};
