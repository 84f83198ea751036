/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the files of unit_mikey share. */
#ifndef TESTS_UNIT_MIKEY_MIKEY_TESTS_H
#define TESTS_UNIT_MIKEY_MIKEY_TESTS_H

#include "harness/mikey/mikey.h"
#include "tests/unit/unit.h"

#define HDR_ERROR 0xff /* payload of an error in HDR */

extern const struct unit_suite mikey_vectors_suite;
extern const struct unit_suite mikey_payloads_suite;
extern const struct unit_suite mikey_errors_suite;
extern const struct unit_suite mikey_eccpt_suite;
extern const struct unit_suite mikey_robust_suite;
extern const struct unit_suite mikey_access_suite;
extern const struct unit_suite mikey_encode_suite;
extern const struct unit_suite mikey_fields_suite;

struct vector {
    const char *name;
    uint8_t first; /* of a chain: type of its first sub-payload */
    const char *hex;
};
/* Both end with a NULL name. */
extern const struct vector vector_messages[];
extern const struct vector vector_chains[];
const struct vector *vector_find(const char *name);

/* octets_of gives the octets of hex digits (spaces are skipped) in a heap block
 * of exactly their size, so that a read past the end is seen; free with
 * octets_free. */
struct octets {
    uint8_t *data;
    size_t len;
};
struct octets octets_of(const char *hex);
struct octets octets_copy(const uint8_t *data, size_t len);
void octets_free(struct octets *o);

/* octets_are compares a view with hex digits. */
int octets_are(struct view v, const char *hex);
int text_is(struct view v, const char *text);

/* encodes_to: the message (chain) encodes to exactly these octets. */
int encodes_to(const struct mikey_msg *msg, const uint8_t *data, size_t len);
int chain_encodes_to(const struct mikey_chain *c, const uint8_t *data,
                     size_t len);

/* fields_cover: the fields of the message (chain) lie one after the other, bit
 * by bit, and leave no octet out. They agree with the octets. */
int fields_cover(const struct mikey_msg *msg);
int chain_fields_cover(const struct mikey_chain *c);

#endif
