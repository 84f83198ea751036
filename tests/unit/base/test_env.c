/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Clocks, randomness, NTP time stamps, dates. */
#include "harness/base/env.h"

#include "tests/unit/base/base_tests.h"

#include <stdio.h>
#include <string.h>

static void the_virtual_clock_stands(void)
{
    struct env env;
    env_init_virtual(&env, 1000, 1);
    CU_ASSERT(env_now_us(&env) == 1000 && env_now_us(&env) == 1000);
    env.skew_us = -200;
    CU_ASSERT(env_now_us(&env) == 800);
    env.virtual_us = 5000;
    CU_ASSERT(env_now_us(&env) == 4800);
}

static void the_system_clock_runs(void)
{
    struct env env;
    env_init_system(&env);
    uint64_t a = env_now_us(&env);
    CU_ASSERT(a > 1700000000000000u); /* after 2023 */
    CU_ASSERT(env_now_us(&env) >= a);
    uint8_t x[64] = {0};
    uint8_t y[64] = {0};
    CU_ASSERT(env_random(&env, x, sizeof x) == STATUS_OK);
    CU_ASSERT(env_random(&env, y, sizeof y) == STATUS_OK);
    CU_ASSERT(memcmp(x, y, sizeof x) != 0);
}

static void the_same_seed_gives_the_same_octets(void)
{
    struct env a;
    struct env b;
    uint8_t x[33];
    uint8_t y[33];
    env_init_seeded(&a, 42);
    env_init_virtual(&b, 0, 42);
    CU_ASSERT(env_random(&a, x, sizeof x) == STATUS_OK);
    CU_ASSERT(env_random(&b, y, sizeof y) == STATUS_OK);
    CU_ASSERT(memcmp(x, y, sizeof x) == 0);
    CU_ASSERT(env_random(&b, y, sizeof y) == STATUS_OK);
    CU_ASSERT(memcmp(x, y, sizeof x) != 0);
    env_init_virtual(&b, 0, 43);
    CU_ASSERT(env_random(&b, y, sizeof y) == STATUS_OK);
    CU_ASSERT(memcmp(x, y, sizeof x) != 0);
    /* The first output of SplitMix64 for seed 0, least octet first. */
    env_init_virtual(&b, 0, 0);
    CU_ASSERT(env_random(&b, y, 8) == STATUS_OK);
    CU_ASSERT(memcmp(y, "\xaf\xcd\x1d\x7b\x39\xa8\x20\xe2", 8) == 0);
}

static void ntp_times_are_those_of_the_rfc(void)
{
    /* RFC 5905, 6, figure 4: the Unix era, the last second of era 0 and the
     * first of era 1. */
    static const struct {
        uint64_t us;
        uint64_t ntp;
    } rows[] = {
        {0, 2208988800ull << 32},
        {1, (2208988800ull << 32) + 4295},
        {500000, (2208988800ull << 32) + 0x80000000u},
        {1767614400000000u, (1767614400ull + 2208988800ull) << 32},
        {2085978495000000u, 4294967295ull << 32},
        {2085978496000000u, 0},
        {2085978497000000u, 1ull << 32},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT(ntp_from_us(rows[i].us) == rows[i].ntp);
        CU_ASSERT(us_from_ntp(rows[i].ntp) == rows[i].us);
    }
    for (uint64_t us = 1767614400000000u; us < 1767614401000000u; us += 997) {
        CU_ASSERT(us_from_ntp(ntp_from_us(us)) == us);
    }
}

static void dates_are_written(void)
{
    char date[9];
    char text[28];
    utc_date(date, 0);
    CU_ASSERT_STRING_EQUAL(date, "19700101");
    utc_date(date, 1772323199999999u);
    CU_ASSERT_STRING_EQUAL(date, "20260228");
    utc_date(date, 1772323200000000u);
    CU_ASSERT_STRING_EQUAL(date, "20260301");
    utc_rfc3339(text, 1767614400000042u);
    CU_ASSERT_STRING_EQUAL(text, "2026-01-05T12:00:00.000042Z");
    utc_rfc3339(text, 951782399999999u);
    CU_ASSERT_STRING_EQUAL(text, "2000-02-28T23:59:59.999999Z");
}

static void dates_are_read_strictly(void)
{
    static const struct {
        const char *text;
        enum status want;
        uint64_t us;
    } rows[] = {
        {"19700101", STATUS_OK, 0},
        {"20260105", STATUS_OK, 1767571200000000u},
        {"20240229", STATUS_OK, 1709164800000000u},
        {"2026-01-05T12:00:00Z", STATUS_OK, 1767614400000000u},
        {"2026-01-05T12:00:00.5Z", STATUS_OK, 1767614400500000u},
        {"2026-01-05T12:00:00.000042Z", STATUS_OK, 1767614400000042u},
        {"2026-01-05T12:00:00.0000429Z", STATUS_OK, 1767614400000042u},
        {"19691231", STATUS_BAD_VALUE, 0},
        {"", STATUS_SYNTAX, 0},
        {"2026010", STATUS_SYNTAX, 0},
        {"202601051", STATUS_SYNTAX, 0},
        {"20261305", STATUS_SYNTAX, 0},
        {"20260230", STATUS_SYNTAX, 0},
        {"20260100", STATUS_SYNTAX, 0},
        {"2026-01-05", STATUS_SYNTAX, 0},
        {"2026-01-05T12:00:00", STATUS_SYNTAX, 0},
        {"2026-01-05T12:00:00z", STATUS_SYNTAX, 0},
        {"2026-01-05 12:00:00Z", STATUS_SYNTAX, 0},
        {"2026-1-05T12:00:00Z", STATUS_SYNTAX, 0},
        {"2026-01-05T12:00:00.Z", STATUS_SYNTAX, 0},
        {"2026-01-05T12:00:00+01:00", STATUS_SYNTAX, 0},
        {"2026-01-05T24:00:00Z", STATUS_SYNTAX, 0},
        {"2026-01-05T12:60:00Z", STATUS_SYNTAX, 0},
        {"2026-01-05T12:00:00Zx", STATUS_SYNTAX, 0},
        {" 20260105", STATUS_SYNTAX, 0},
        {"2026 105", STATUS_SYNTAX, 0},
        {"+2026105", STATUS_SYNTAX, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t us = 77;
        enum status s = utc_parse(&us, rows[i].text);
        if (s != rows[i].want || us != (s == STATUS_OK ? rows[i].us : 77)) {
            printf("  %s: %s\n", rows[i].text, status_name(s));
            CU_FAIL("date");
        }
    }
}

static const struct unit_case cases[] = {
    {"the_virtual_clock_stands", the_virtual_clock_stands},
    {"the_system_clock_runs", the_system_clock_runs},
    {"the_same_seed_gives_the_same_octets",
     the_same_seed_gives_the_same_octets},
    {"ntp_times_are_those_of_the_rfc", ntp_times_are_those_of_the_rfc},
    {"dates_are_written", dates_are_written},
    {"dates_are_read_strictly", dates_are_read_strictly},
    {NULL, NULL}};
const struct unit_suite env_suite = {"env", cases};
