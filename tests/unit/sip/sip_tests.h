/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Shared by the test files of unit_sip. */
#ifndef TESTS_UNIT_SIP_SIP_TESTS_H
#define TESTS_UNIT_SIP_SIP_TESTS_H

#include "harness/sip/sdp.h"
#include "harness/sip/sip.h"
#include "tests/unit/unit.h"

/* says prints what differs, since CUnit only tells the condition. */
int says(struct view v, const char *want);
#define SAYS(v, want) CU_ASSERT(says(v, want))

/* An octet block of exactly len octets, so that a read past the end is seen. */
struct block {
    uint8_t *data;
    size_t len;
};
struct block block_of(const void *data, size_t len);
void block_free(struct block *b);
/* block_load reads an example message from the corpus, "s01_invite.sip". */
struct block block_load(const char *name);

/* parse_text parses and checks a string; the result is static, one at a time.
 */
struct sip_msg *parse_text(const char *text, unsigned flags);

/* Names of the example messages, NULL-terminated. */
extern const char *const examples[];

/* md5 for digest tests (RFC 1321), a sip_hash_fn. */
enum status test_md5(void *ctx, const uint8_t *data, size_t len, uint8_t *out,
                     size_t *out_len);

extern const struct unit_suite sip_names_suite;
extern const struct unit_suite sip_examples_suite;
extern const struct unit_suite sip_devs_suite;
extern const struct unit_suite sip_fields_suite;
extern const struct unit_suite sip_uri_suite;
extern const struct unit_suite sip_frame_suite;
extern const struct unit_suite sip_body_suite;
extern const struct unit_suite sip_out_suite;
extern const struct unit_suite sip_edit_suite;
extern const struct unit_suite sip_digest_suite;
extern const struct unit_suite sdp_suite;

#endif
