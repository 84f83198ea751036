/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Parts of latchkey vectors: one known-answer test and what came of it. */
#ifndef HARNESS_CLI_VECTORS_H
#define HARNESS_CLI_VECTORS_H

#include "harness/base/buf.h"
#include "harness/crypto/bf.h"

#include <jansson.h>

#define VEC_MAX_BUFS 256

/* What the program did with the inputs of a test. */
enum vec_outcome {
    VEC_DONE,    /* it worked and gave the values stated */
    VEC_WRONG,   /* it worked and gave others: why says which */
    VEC_REFUSED, /* it refused the inputs: reason says why */
    VEC_BAD,     /* the test itself cannot be read: why says which field */
    VEC_ERROR    /* out of memory and the like */
};

/* Parameters of a group, decoded once. */
struct vec_params {
    const json_t *of; /* the group they belong to */
    struct bf_params *bp;
    enum vec_outcome outcome; /* VEC_DONE, or why there are none */
    char why[160];
};

struct vec {
    const json_t *group;
    const json_t *test;
    struct vec_params *params;
    char why[256];
    const char *reason;           /* static */
    struct wr bufs[VEC_MAX_BUFS]; /* octets of fields and results */
    size_t num_bufs;
};

/* A kind of test: "type" of its group. */
struct vec_type {
    const char *name;
    enum vec_outcome (*run)(struct vec *v);
};
const struct vec_type *vec_type_find(const char *name);

/* The tables of the files vectors_*.c, each ended by a NULL name. */
extern const struct vec_type vec_types_bf[], vec_types_ibe[], vec_types_der[],
    vec_types_mikey[];

/* ---- fields; each sets why and returns 0 if it is missing or ill-formed ----
 */

/* vec_hex gives the octets of a hex string, vec_int the same for an integer (an
 * odd number of digits is taken, too). path descends: "A.x". */
int vec_hex(struct vec *v, const json_t *from, const char *path,
            struct view *out);
int vec_int(struct vec *v, const json_t *from, const char *path,
            struct view *out);
int vec_number(struct vec *v, const json_t *from, const char *path,
               uint64_t max, uint64_t *out);
const char *vec_string(struct vec *v, const json_t *from, const char *path);
const json_t *vec_get(const json_t *from,
                      const char *path);            /* NULL if absent */
int vec_has(const struct vec *v, const char *path); /* in the test */
int vec_is_infinity(const json_t *point);
int vec_flag(const struct vec *v, const char *flag);

/* vec_buf gives a writer that is cleaned up with the test; NULL with why set if
 * there are too many. */
struct wr *vec_buf(struct vec *v);
struct view vec_view(const struct wr *w);

/* ---- results ---- */

enum vec_outcome vec_wrong(struct vec *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* vec_bad: VEC_BAD; the text is kept if the reading of a field set one. */
enum vec_outcome vec_bad(struct vec *v, const char *text);
/* vec_status: what a function refused with. */
enum vec_outcome vec_status(struct vec *v, enum status s);
enum vec_outcome vec_refused(struct vec *v, const char *reason);

/* vec_same compares a result with the field name of the test: octet by octet.
 * vec_same_int compares integers. VEC_DONE, VEC_WRONG or VEC_BAD. */
enum vec_outcome vec_same(struct vec *v, const char *name, struct view got);
enum vec_outcome vec_same_int(struct vec *v, const char *name, struct view got);
/* vec_same_if: VEC_DONE without a look if the test has no such field. */
enum vec_outcome vec_same_if(struct vec *v, const char *name, struct view got);
/* vec_same_pair: {first, second} of two field elements, one after the other. */
enum vec_outcome vec_same_pair(struct vec *v, const char *name,
                               const char *first, const char *second,
                               struct view got);

/* ---- DER, of what stands in the fields ---- */

void vec_der_int(struct wr *w, struct view magnitude);
void vec_der_tlv(struct wr *w, uint8_t tag, struct view content);

#endif
