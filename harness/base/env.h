/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The outside world of an agent: clock and randomness. Same seed, same octets.
 */
#ifndef HARNESS_BASE_ENV_H
#define HARNESS_BASE_ENV_H

#include "harness/base/status.h"

#include <stddef.h>
#include <stdint.h>

struct env {
    /* now_us gives microseconds since 1970-01-01T00:00:00Z. */
    uint64_t (*now_us)(struct env *env);
    /* random fills out; returns STATUS_IO if no randomness is to be had. */
    enum status (*random)(struct env *env, uint8_t *out, size_t len);
    int64_t skew_us;     /* added to the clock by env_now_us */
    uint64_t virtual_us; /* the time of env_init_virtual */
    uint64_t seed[2];    /* state of the seeded generator */
};

/* env_init_system uses the system clock and getrandom. */
void env_init_system(struct env *env);

/* env_init_seeded uses the system clock and a deterministic generator: the
 * octets depend on seed and on the calls made. For test repeatability, not for
 * secrets that matter. */
void env_init_seeded(struct env *env, uint64_t seed);

/* env_init_virtual uses a clock that stands at now_us until it is set, and the
 * deterministic generator. */
void env_init_virtual(struct env *env, uint64_t now_us, uint64_t seed);

uint64_t env_now_us(struct env *env);
enum status env_random(struct env *env, uint8_t *out, size_t len);

/* NTP time stamps (RFC 3830, 6.6; RFC 5905): seconds since 1900 in the upper 32
 * bits, fraction in the lower. */
uint64_t ntp_from_us(uint64_t unix_us);
uint64_t us_from_ntp(uint64_t ntp);

/* utc_date writes the UTC date of unix_us as 8 digits YYYYMMDD and a NUL. */
void utc_date(char out[9], uint64_t unix_us);

/* utc_rfc3339 writes YYYY-MM-DDThh:mm:ss.ffffffZ and a NUL. */
void utc_rfc3339(char out[28], uint64_t unix_us);

/* utc_parse reads YYYYMMDD or YYYY-MM-DDThh:mm:ss[.f…]Z into *out_us. Returns
 * STATUS_SYNTAX for anything else. */
enum status utc_parse(uint64_t *out_us, const char *text);

#endif
