/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* MIKEY key derivation, MAC and key transport ciphers; hashes and AES are
 * OpenSSL's. */
#include "harness/crypto/kdf.h"

#include "harness/base/mem.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#define PRF_BLOCK 32          /* 256 bits of inkey, whatever the hash */
#define AES_CM_MAX (1u << 20) /* 2^23 bits (RFC 3830, 4.2.3) */
#define AES_KW_BLOCK 8

/* One row per HMAC that MIKEY names. */
struct hmac_alg {
    const char *digest;
    size_t len;
};
static const struct hmac_alg hmac_sha1 = {"SHA1", 20};
static const struct hmac_alg hmac_sha256 = {"SHA256", 32};

static const struct hmac_alg *prf_hmac(uint8_t prf)
{
    switch (prf) {
    case KDF_PRF_MIKEY_1:
        return &hmac_sha1;
    case KDF_PRF_HMAC_SHA_256:
        return &hmac_sha256;
    default:
        return NULL;
    }
}

static const struct hmac_alg *mac_hmac(uint8_t alg)
{
    switch (alg) {
    case 1:
        return &hmac_sha1;
    case 2:
        return &hmac_sha256;
    default:
        return NULL;
    }
}

static EVP_MAC_CTX *hmac_new(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    return ctx;
}

/* out = HMAC(key, parts[0] || parts[1] || ...); out may be one of the parts. */
static int hmac_parts(EVP_MAC_CTX *ctx, const struct hmac_alg *alg,
                      uint8_t *out, struct view key, const struct view *parts,
                      size_t num)
{
    static const uint8_t none[1] = {0};
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                         (char *)(uintptr_t)alg->digest, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t len = 0;
    /* OpenSSL reads a NULL key as "keep the last one". */
    const uint8_t *k = key.data == NULL ? none : key.data;
    if (EVP_MAC_init(ctx, k, key.len, params) != 1) {
        return 0;
    }
    for (size_t i = 0; i < num; i++) {
        if (parts[i].len != 0 &&
            EVP_MAC_update(ctx, parts[i].data, parts[i].len) != 1) {
            return 0;
        }
    }
    return EVP_MAC_final(ctx, out, &len, alg->len) == 1 && len == alg->len;
}

/* out ^= P(s, label, m), the leftmost out_len octets:
 *   A_0 = label, A_i = HMAC(s, A_(i-1))
 *   P   = HMAC(s, A_1 || label) || ... || HMAC(s, A_m || label) */
static int prf_p_xor(EVP_MAC_CTX *ctx, const struct hmac_alg *alg, uint8_t *out,
                     size_t out_len, struct view s, struct view label)
{
    uint8_t a[KDF_MAX_MAC];
    uint8_t block[KDF_MAX_MAC];
    struct view a_label[2] = {{a, alg->len}, label};
    int ok = hmac_parts(ctx, alg, a, s, &label, 1); /* A_1 */
    for (size_t off = 0; ok && off < out_len; off += alg->len) {
        ok = hmac_parts(ctx, alg, block, s, a_label, 2) && /* A_i || label */
             hmac_parts(ctx, alg, a, s, a_label, 1);       /* A_(i+1) */
        for (size_t i = 0; ok && i < alg->len && off + i < out_len; i++) {
            out[off + i] ^= block[i];
        }
    }
    mem_wipe(a, sizeof a);
    mem_wipe(block, sizeof block);
    return ok;
}

enum status kdf_prf(uint8_t *out, size_t out_len, uint8_t prf,
                    struct view inkey, struct view label)
{
    const struct hmac_alg *alg = prf_hmac(prf);
    if (alg == NULL) {
        return STATUS_UNSUPPORTED;
    }
    if (inkey.len == 0) {
        return STATUS_BAD_LENGTH; /* n = 0 would give a key of zeros */
    }
    EVP_MAC_CTX *ctx = hmac_new();
    int ok = ctx != NULL;
    memset(out, 0, out_len);
    /* inkey = s_1 || ... || s_n; the last block has 1..32 octets, never 0. */
    for (size_t off = 0; ok && off < inkey.len; off += PRF_BLOCK) {
        size_t left = inkey.len - off;
        struct view s = {inkey.data + off, left < PRF_BLOCK ? left : PRF_BLOCK};
        ok = prf_p_xor(ctx, alg, out, out_len, s, label);
    }
    EVP_MAC_CTX_free(ctx);
    if (!ok) {
        mem_wipe(out, out_len);
        ERR_clear_error();
        return STATUS_INTERNAL;
    }
    return STATUS_OK;
}

enum status kdf_derive(uint8_t *out, size_t out_len, uint8_t prf,
                       struct view inkey, enum kdf_const constant,
                       uint8_t cs_id, uint32_t csb_id, struct view rnd)
{
    uint8_t label[4 + 1 + 4 + KDF_MAX_RAND];
    struct wr w;
    wr_init_fixed(&w, label, sizeof label);
    wr_u32(&w, (uint32_t)constant);
    wr_u8(&w, cs_id);
    wr_u32(&w, csb_id);
    wr_bytes(&w, rnd.data, rnd.len);
    if (w.err != STATUS_OK) {
        return STATUS_BAD_LENGTH;
    }
    return kdf_prf(out, out_len, prf, inkey, (struct view){label, w.len});
}

int kdf_mac_len(uint8_t alg)
{
    const struct hmac_alg *h = mac_hmac(alg);
    if (alg == 0) {
        return 0;
    }
    return h == NULL ? -1 : (int)h->len;
}

enum status kdf_mac(uint8_t out[KDF_MAX_MAC], size_t *out_len, uint8_t alg,
                    struct view key, const struct view *parts, size_t num_parts)
{
    const struct hmac_alg *h = mac_hmac(alg);
    if (alg == 0) {
        *out_len = 0;
        return STATUS_OK;
    }
    if (h == NULL) {
        return STATUS_UNSUPPORTED;
    }
    EVP_MAC_CTX *ctx = hmac_new();
    int ok = ctx != NULL && hmac_parts(ctx, h, out, key, parts, num_parts);
    EVP_MAC_CTX_free(ctx);
    if (!ok) {
        ERR_clear_error();
        return STATUS_INTERNAL;
    }
    *out_len = h->len;
    return STATUS_OK;
}

void kdf_aes_cm_iv(uint8_t iv[16], const uint8_t salt[14], uint32_t csb_id,
                   uint64_t t)
{
    struct wr w;
    wr_init_fixed(&w, iv, 16);
    wr_u16(&w, 0);
    wr_u32(&w, csb_id);
    wr_u64(&w, t);
    wr_u16(&w, 0);
    for (size_t i = 0; i < 14; i++) {
        iv[i] ^= salt[i];
    }
}

enum status kdf_aes_cm(uint8_t *data, size_t len, struct view key,
                       const uint8_t salt[14], uint32_t csb_id, uint64_t t)
{
    const EVP_CIPHER *cipher = key.len == 16   ? EVP_aes_128_ctr()
                               : key.len == 32 ? EVP_aes_256_ctr()
                                               : NULL;
    uint8_t iv[16];
    int n = 0;
    if (cipher == NULL || len > AES_CM_MAX) {
        return STATUS_BAD_LENGTH;
    }
    if (len == 0) {
        return STATUS_OK;
    }
    kdf_aes_cm_iv(iv, salt, csb_id, t);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int ok = ctx != NULL &&
             EVP_EncryptInit_ex(ctx, cipher, NULL, key.data, iv) == 1 &&
             EVP_EncryptUpdate(ctx, data, &n, data, (int)len) == 1 &&
             (size_t)n == len;
    EVP_CIPHER_CTX_free(ctx);
    mem_wipe(iv, sizeof iv);
    if (!ok) {
        ERR_clear_error();
        return STATUS_INTERNAL;
    }
    return STATUS_OK;
}

/* RFC 3394, 2.2.3.1: the integrity value used unless there is a salt. */
static const uint8_t kw_default_iv[AES_KW_BLOCK] = {0xA6, 0xA6, 0xA6, 0xA6,
                                                    0xA6, 0xA6, 0xA6, 0xA6};

/* Runs the wrap (enc 1) or unwrap (enc 0) into buf; *out_len is what came out.
 */
static int kw_run(uint8_t *buf, size_t *out_len, struct view key,
                  const uint8_t *iv, struct view in, int enc)
{
    int n = 0;
    int last = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        return 0;
    }
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    int ok = EVP_CipherInit_ex(ctx, EVP_aes_128_wrap(), NULL, key.data, iv,
                               enc) == 1 &&
             EVP_CipherUpdate(ctx, buf, &n, in.data, (int)in.len) == 1 &&
             EVP_CipherFinal_ex(ctx, buf + n, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();
    *out_len = (size_t)n + (size_t)last;
    return ok;
}

static enum status kw_append(struct wr *out, struct view key, const uint8_t *iv,
                             struct view in, int enc)
{
    size_t min = (size_t)(enc ? 2 : 3) * AES_KW_BLOCK;
    size_t want = enc ? in.len + AES_KW_BLOCK : in.len - AES_KW_BLOCK;
    size_t got = 0;
    if (key.len != 16 || in.len < min || in.len % AES_KW_BLOCK != 0 ||
        in.len > AES_CM_MAX) {
        return STATUS_BAD_LENGTH;
    }
    /* OpenSSL may write a block more than the result while it unwraps. */
    size_t cap = in.len + 2 * AES_KW_BLOCK;
    uint8_t *buf = mem_alloc(cap);
    if (buf == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status s = STATUS_OK;
    if (!kw_run(buf, &got, key, iv == NULL ? kw_default_iv : iv, in, enc) ||
        got != want) {
        s = enc ? STATUS_INTERNAL : STATUS_AUTH;
    } else {
        wr_bytes(out, buf, got);
        s = out->err;
    }
    mem_wipe(buf, cap);
    mem_free(buf);
    return s;
}

enum status kdf_aes_kw_wrap(struct wr *out, struct view key, struct view plain)
{
    return kw_append(out, key, NULL, plain, 1);
}

enum status kdf_aes_kw_unwrap(struct wr *out, struct view key,
                              struct view wrapped)
{
    return kw_append(out, key, NULL, wrapped, 0);
}

enum status kdf_aes_kw_wrap_salt(struct wr *out, struct view key,
                                 const uint8_t salt[8], struct view plain)
{
    return kw_append(out, key, salt, plain, 1);
}

enum status kdf_aes_kw_unwrap_salt(struct wr *out, struct view key,
                                   const uint8_t salt[8], struct view wrapped)
{
    return kw_append(out, key, salt, wrapped, 0);
}

static void digest(uint8_t *out, struct view data, const EVP_MD *md)
{
    /* Fails only if the library has no memory or no such hash. A digest that
     * was not computed must not be taken for one. */
    int ok = EVP_Digest(data.len == 0 ? out : data.data, data.len, out, NULL,
                        md, NULL);
    assert(ok == 1);
    (void)ok;
}

void kdf_sha1(uint8_t out[20], struct view data)
{
    digest(out, data, EVP_sha1());
}

void kdf_sha256(uint8_t out[32], struct view data)
{
    digest(out, data, EVP_sha256());
}
