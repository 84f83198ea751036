/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Known-answer self-test of every primitive. */
#ifndef HARNESS_CRYPTO_SELFTEST_H
#define HARNESS_CRYPTO_SELFTEST_H

#include "harness/base/status.h"

/* crypto_selftest runs the known answers once per process (thread-safe); later
 * calls return the first result. On failure *failed names the primitive. Every
 * program that computes verdicts or keys calls it before the first use. */
enum status crypto_selftest(const char **failed);

#endif
