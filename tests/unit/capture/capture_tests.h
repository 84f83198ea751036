/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Shared by the test files of unit_capture. */
#ifndef TESTS_UNIT_CAPTURE_CAPTURE_TESTS_H
#define TESTS_UNIT_CAPTURE_CAPTURE_TESTS_H

#include "tests/unit/capture/made.h"
#include "tests/unit/unit.h"

#define HOST_A "192.0.2.11:5060"
#define HOST_B "198.51.100.41:5060"

/* An I_MESSAGE_1 of the digest's structure vectors in base64: 124 octets. */
extern const char i1_base64[];

/* invite writes a sound INVITE with that much body and Content-Length. */
void put_invite(struct wr *w, const char *call_id, const char *body);

extern const struct unit_suite dissect_suite;
extern const struct unit_suite tcp_suite;
extern const struct unit_suite framing_suite;
extern const struct unit_suite carrier_suite;
extern const struct unit_suite trace_suite;
extern const struct unit_suite keylog_suite;
extern const struct unit_suite keylog_keys_suite;
extern const struct unit_suite record_suite;

#endif
