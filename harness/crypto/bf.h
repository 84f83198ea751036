/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Boneh-Franklin IBE (RFC 5091, corrected as in its errata; type-1 curve
 * y^2 = x^3 + 1 over F_p, p = 12rq - 1). DER in, DER out. */
#ifndef HARNESS_CRYPTO_BF_H
#define HARNESS_CRYPTO_BF_H

#include "harness/base/buf.h"
#include "harness/base/env.h"

#define BF_MAX_P_OCTETS 960 /* p of 7680 bits */
#define BF_MAX_HASH_OCTETS 64

/* Why something was refused; bf_reason_name gives the word of the vectors. */
enum bf_reason {
    BF_REASON_NONE,
    BF_REASON_DER,
    BF_REASON_VERSION,
    BF_REASON_CURVE_OID,
    BF_REASON_BAD_HASH,
    BF_REASON_BAD_P,
    BF_REASON_BAD_Q,
    BF_REASON_BAD_COFACTOR,
    BF_REASON_Q_NOT_SOLINAS,
    BF_REASON_BAD_LEVEL,
    BF_REASON_BAD_MASTER_SECRET,
    BF_REASON_INFINITY,
    BF_REASON_COORDINATE_RANGE,
    BF_REASON_NOT_ON_CURVE,
    BF_REASON_WRONG_ORDER,
    BF_REASON_V_LENGTH,
    BF_REASON_FO_CHECK,
    BF_REASON_MISMATCH,
    BF_REASON_NO_MEMORY
};
const char *bf_reason_name(enum bf_reason r);

/* Public parameters of one KMS, with what is precomputed from them (Montgomery
 * constants, tables of P and P_pub). Immutable after creation: may be shared.
 */
struct bf_params;

/* bf_params_decode reads and validates a DER BFPublicParameters (RFC 5091, 8):
 * canonical DER, version, OIDs, p, q, cofactor, size row, both points on the
 * curve, of order q. With allow_toy sizes outside the table (the 192-bit p of
 * RFC 5091, 7.4) pass too. Returns NULL with *reason set on refusal. Free with
 * bf_params_free. */
struct bf_params *bf_params_decode(const uint8_t *der, size_t len,
                                   int allow_toy, enum bf_reason *reason);
void bf_params_free(struct bf_params *bp);

/* bf_params_encode appends the DER BFPublicParameters. */
void bf_params_encode(const struct bf_params *bp, struct wr *out);

/* bf_setup makes parameters for n in {1024, 2048, 3072, 7680, 15360} (RFC 5091,
 * 5.1.2; r odd, so p = 3 mod 8) and the master secret s, big-endian, as long as
 * q
 * (*out_len octets into out_s of BF_MAX_HASH_OCTETS). NULL for another n or no
 * memory. */
struct bf_params *bf_setup(unsigned n, struct env *env, uint8_t *out_s,
                           size_t *out_len);

size_t bf_p_octets(const struct bf_params *bp); /* ceil(lg p / 8) */
size_t bf_p_bits(const struct bf_params *bp);
size_t bf_q_octets(const struct bf_params *bp);
size_t bf_hash_octets(const struct bf_params *bp); /* length of rho and V */
int bf_params_equal(const struct bf_params *a, const struct bf_params *b);

/* bf_extract appends the DER BFPrivateKeyBlock of S_id = [s]Q_id for the octets
 * id (RFC 5091, 5.3.1). s is the master secret, big-endian. STATUS_BAD_VALUE if
 * s is not in 1..q-1, STATUS_MISMATCH if [s]P is not P_pub. */
enum status bf_extract(const struct bf_params *bp, struct view s,
                       struct view id, struct wr *out);

/* A private key ready for decryption (lines of the fixed-argument pairing are
 * precomputed). Holds a pointer to bp, which must outlive it. */
struct bf_key;

/* bf_key_decode reads a DER BFPrivateKeyBlock: range, curve, order q. */
struct bf_key *bf_key_decode(const struct bf_params *bp, const uint8_t *der,
                             size_t len, enum bf_reason *reason);
void bf_key_free(struct bf_key *key); /* wipes */

/* bf_key_check: STATUS_OK if e'(P_pub, Q_id) = e'(P, S_id), else
 * STATUS_MISMATCH. */
enum status bf_key_check(const struct bf_key *key, struct view id);

/* An identity ready for encryption: Q_id and e'(P_pub, Q_id) are cached. */
struct bf_id;
struct bf_id *bf_id_new(const struct bf_params *bp, struct view id);
void bf_id_free(struct bf_id *id);

/* bf_encrypt appends the DER BFCiphertextBlock of msg (any length) to id (RFC
 * 5091, 5.4.1). bf_encrypt_rho takes rho (hash octets long) instead of drawing
 * it; STATUS_BAD_LENGTH for another length, STATUS_BAD_VALUE if l becomes 0. */
enum status bf_encrypt(const struct bf_id *id, struct env *env, struct view msg,
                       struct wr *out);
enum status bf_encrypt_rho(const struct bf_id *id, struct view rho,
                           struct view msg, struct wr *out);

/* bf_decrypt appends the plaintext of a DER BFCiphertextBlock. All checks of
 * RFC 5091, 5.5.1 and the point checks before them are made. On any refusal it
 * returns STATUS_DECRYPT, sets *reason (may be NULL), appends nothing and wipes
 * what it computed. */
enum status bf_decrypt(const struct bf_key *key, const uint8_t *der, size_t len,
                       struct wr *out, enum bf_reason *reason);

/* bf_ciphertext_parse gives views of u.x, u.y (magnitudes as written,
 * big-endian, without sign octet), v, w of a DER BFCiphertextBlock without any
 * curve check; STATUS_SYNTAX if it is not strict DER, STATUS_BAD_VALUE for
 * another version, a negative coordinate or an empty point. */
struct bf_ciphertext {
    struct view ux, uy, v, w;
};
enum status bf_ciphertext_parse(struct bf_ciphertext *out, const uint8_t *der,
                                size_t len);

#endif
