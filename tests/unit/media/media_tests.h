/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_media. */
#ifndef TESTS_UNIT_MEDIA_MEDIA_TESTS_H
#define TESTS_UNIT_MEDIA_MEDIA_TESTS_H

#include "harness/media/media.h"
#include "tests/unit/unit.h"

extern const struct unit_suite voice_suite;
extern const struct unit_suite rtp_suite;
extern const struct unit_suite srtp_suite;
extern const struct unit_suite sender_suite;

#endif
