/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_media. */
#include "tests/unit/media/media_tests.h"

const struct unit_suite *const unit_suites[] = {
    &voice_suite, &rtp_suite, &srtp_suite, &sender_suite, NULL};
