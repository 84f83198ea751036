/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Distinguished encoding rules (X.690, 10, 11): elements and integers, strictly
 * read, on struct rd and struct wr. */
#ifndef HARNESS_CRYPTO_DER_H
#define HARNESS_CRYPTO_DER_H

#include "harness/base/buf.h"

#define DER_INTEGER 0x02
#define DER_OCTETS 0x04
#define DER_OID 0x06
#define DER_IA5STRING 0x16
#define DER_TIME 0x18 /* GeneralizedTime */
#define DER_SEQUENCE 0x30

/* An INTEGER as read. */
struct der_int {
    struct view mag; /* big-endian, without sign octet */
    int negative;    /* then mag is two's complement */
};

/* der_read reads one element with this tag: definite length in as few octets as
 * will do. der_read_int reads an INTEGER of minimal length, der_read_u64 one
 * in 0..2^64-1. Return 0 if it is not there; r is then of no further use. */
int der_read(struct rd *r, struct view *out, uint8_t tag);
int der_read_int(struct rd *r, struct der_int *out);
int der_read_u64(struct rd *r, uint64_t *out);

/* der_put appends an element with these contents, der_put_block one whose
 * contents were written to body, passing body's error on. der_put_uint takes
 * big-endian octets and drops leading zeros. */
void der_put(struct wr *out, uint8_t tag, struct view v);
void der_put_block(struct wr *out, uint8_t tag, const struct wr *body);
void der_put_uint(struct wr *out, const uint8_t *data, size_t len);
void der_put_u64(struct wr *out, uint64_t v);

#endif
