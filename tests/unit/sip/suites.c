/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_sip. */
#include "tests/unit/sip/sip_tests.h"

const struct unit_suite *const unit_suites[] = {
    &sip_names_suite, &sip_examples_suite, &sip_devs_suite, &sip_fields_suite,
    &sip_uri_suite,   &sip_frame_suite,    &sip_body_suite, &sip_out_suite,
    &sip_edit_suite,  &sip_digest_suite,   &sdp_suite,      NULL};
