/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to harness/ibake: what both sides of the key exchange compute. */
#ifndef HARNESS_IBAKE_IBAKE_KMS_H
#define HARNESS_IBAKE_IBAKE_KMS_H

#include "harness/ibake/ibake_int.h"

/* Keys that protect the exchange (RFC 6267, 5.2; RFC 3830, 4.1.4). */
struct kms_keys {
    uint8_t encr[16];
    uint8_t salt[14];
    uint8_t auth[KDF_MAX_MAC];
    size_t auth_len;
};

enum status kms_keys_derive(struct kms_keys *k, uint8_t prf, uint8_t mac_alg,
                            struct view psk, uint32_t csb_id, struct view rnd);
/* kms_mac begins the MAC of a message, kms_mac_id adds an identity to its tail
 * (AMB-36: user identities in the order of the request, then the KMS). */
void kms_mac(struct ibake_mac *mac, const struct kms_keys *k, uint8_t alg);
void kms_mac_id(struct ibake_mac *mac, struct view id);
/* kms_rules: no second T, RAND, KEMAC or V; V last. */
enum status kms_rules(const struct mikey_msg *msg);

#endif
