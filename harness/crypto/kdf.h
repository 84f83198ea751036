/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* MIKEY key derivation, MAC and key transport ciphers (RFC 3830, 4; RFC 6043,
 * 6.1; RFC 6267, 5). */
#ifndef HARNESS_CRYPTO_KDF_H
#define HARNESS_CRYPTO_KDF_H

#include "harness/base/buf.h"

#define KDF_MAX_MAC 32
#define KDF_MAX_RAND (2 * 255) /* two RANDs, one after the other (AMB-15) */

enum kdf_prf { KDF_PRF_MIKEY_1 = 0, KDF_PRF_HMAC_SHA_256 = 1 };

/* kdf_prf computes outkey = PRF(inkey, label) (RFC 3830, 4.1.2), out_len
 * octets. STATUS_UNSUPPORTED for another prf, STATUS_BAD_LENGTH for an empty
 * inkey. */
enum status kdf_prf(uint8_t *out, size_t out_len, uint8_t prf,
                    struct view inkey, struct view label);

/* The constants of the labels (RFC 3830, 4.1.3, 4.1.4; RFC 6267, 5.1). */
enum kdf_const {
    KDF_TEK = 0x2AD01C64,
    KDF_SALT = 0x39A2C14B,
    KDF_TEK_AUTH = 0x1B5C7973,
    KDF_TEK_ENCR = 0x15798CEF,
    KDF_MSG_AUTH = 0x2D22AC75,
    KDF_MSG_ENCR = 0x150533E1,
    KDF_MSG_SALT = 0x29B88916,
    KDF_MPK = 0x220E99A2,
    KDF_TGK = 0x1F4D675B
};

/* kdf_derive = PRF(inkey, constant || cs_id || csb_id || RAND). For message
 * keys, MPK and TGK cs_id is 0xFF; for MPK and TGK csb_id is 0xFFFFFFFF.
 * STATUS_BAD_LENGTH for a RAND of more than KDF_MAX_RAND octets. */
enum status kdf_derive(uint8_t *out, size_t out_len, uint8_t prf,
                       struct view inkey, enum kdf_const constant,
                       uint8_t cs_id, uint32_t csb_id, struct view rnd);

/* kdf_mac computes the MAC of algorithm 1 (HMAC-SHA-1-160) or 2
 * (HMAC-SHA-256-256) over the concatenation of parts; *out_len is 20 or 32. 0
 * (NULL) gives length 0. STATUS_UNSUPPORTED for others. kdf_mac_len gives the
 * length, or -1. */
enum status kdf_mac(uint8_t out[KDF_MAX_MAC], size_t *out_len, uint8_t alg,
                    struct view key, const struct view *parts,
                    size_t num_parts);
int kdf_mac_len(uint8_t alg);

/* kdf_aes_cm encrypts or decrypts in place with AES in counter mode (RFC 3830,
 * 4.2.3): key of 16 or 32 octets, salt 14 octets,
 * IV = (salt XOR (0x0000 || csb_id || T)) || 0x0000, which kdf_aes_cm_iv
 * computes alone. STATUS_BAD_LENGTH for another key length or more than 2^23
 * bits. */
void kdf_aes_cm_iv(uint8_t iv[16], const uint8_t salt[14], uint32_t csb_id,
                   uint64_t t);
enum status kdf_aes_cm(uint8_t *data, size_t len, struct view key,
                       const uint8_t salt[14], uint32_t csb_id, uint64_t t);

/* kdf_aes_kw_wrap and _unwrap: RFC 3394 with a 128-bit key; len a multiple of
 * 8, at least 16, else STATUS_BAD_LENGTH. Unwrap gives STATUS_AUTH if the
 * integrity value is wrong, and appends nothing. The _salt forms put the 64-bit
 * salt S in the place of the default integrity value, as MIKEY does (RFC
 * 3830, 4.2.3). */
enum status kdf_aes_kw_wrap(struct wr *out, struct view key, struct view plain);
enum status kdf_aes_kw_unwrap(struct wr *out, struct view key,
                              struct view wrapped);
enum status kdf_aes_kw_wrap_salt(struct wr *out, struct view key,
                                 const uint8_t salt[8], struct view plain);
enum status kdf_aes_kw_unwrap_salt(struct wr *out, struct view key,
                                   const uint8_t salt[8], struct view wrapped);

/* kdf_sha1, kdf_sha256: plain digests for lookups and canaries. */
void kdf_sha1(uint8_t out[20], struct view data);
void kdf_sha256(uint8_t out[32], struct view data);

#endif
