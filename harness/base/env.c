/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The outside world of an agent: clock and randomness. */
#define _GNU_SOURCE
#include "harness/base/env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static uint64_t system_now_us(struct env *env)
{
    struct timespec ts;
    (void)env;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static uint64_t virtual_now_us(struct env *env)
{
    return env->virtual_us;
}

static enum status system_random(struct env *env, uint8_t *out, size_t len)
{
    (void)env;
    while (len != 0) {
        ssize_t n = getrandom(out, len, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return STATUS_IO;
        }
        out += n;
        len -= (size_t)n;
    }
    return STATUS_OK;
}

/* SplitMix64 (Steele, Lea, Flood 2014): one multiply-xorshift per 64 bits. */
static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static enum status seeded_random(struct env *env, uint8_t *out, size_t len)
{
    while (len != 0) {
        uint64_t v = splitmix(&env->seed[0]);
        size_t n = len < sizeof v ? len : sizeof v;
        memcpy(out, &v, n);
        out += n;
        len -= n;
    }
    return STATUS_OK;
}

void env_init_system(struct env *env)
{
    *env = (struct env){.now_us = system_now_us, .random = system_random};
}

void env_init_seeded(struct env *env, uint64_t seed)
{
    *env = (struct env){
        .now_us = system_now_us, .random = seeded_random, .seed = {seed, 0}};
}

void env_init_virtual(struct env *env, uint64_t now_us, uint64_t seed)
{
    *env = (struct env){.now_us = virtual_now_us,
                        .random = seeded_random,
                        .virtual_us = now_us,
                        .seed = {seed, 0}};
}

uint64_t env_now_us(struct env *env)
{
    return env->now_us(env) + (uint64_t)env->skew_us;
}

enum status env_random(struct env *env, uint8_t *out, size_t len)
{
    return env->random(env, out, len);
}

#define NTP_UNIX_OFFSET 2208988800u /* seconds from 1900 to 1970 */

uint64_t ntp_from_us(uint64_t unix_us)
{
    uint64_t sec = unix_us / 1000000u + NTP_UNIX_OFFSET;
    uint64_t frac = ((unix_us % 1000000u << 32) + 999999u) / 1000000u;
    return sec << 32 | frac;
}

uint64_t us_from_ntp(uint64_t ntp)
{
    uint64_t sec = ntp >> 32;
    /* Era 1 begins on 2036-02-07: small values belong there. */
    if (sec < NTP_UNIX_OFFSET) {
        sec += (uint64_t)1 << 32;
    }
    return (sec - NTP_UNIX_OFFSET) * 1000000u +
           ((ntp & 0xffffffffu) * 1000000u >> 32);
}

static void utc_fields(struct tm *out, uint64_t unix_us)
{
    time_t t = (time_t)(unix_us / 1000000u);
    memset(out, 0, sizeof *out);
    gmtime_r(&t, out);
}

void utc_date(char out[9], uint64_t unix_us)
{
    struct tm tm;
    utc_fields(&tm, unix_us);
    char text[16];
    strftime(text, sizeof text, "%Y%m%d", &tm);
    snprintf(out, 9, "%.8s", text);
}

void utc_rfc3339(char out[28], uint64_t unix_us)
{
    struct tm tm;
    utc_fields(&tm, unix_us);
    char text[24];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, 28, "%.19s.%06uZ", text, (unsigned)(unix_us % 1000000u));
}

/* Reads n digits; -1 if they are not there. */
static int digits(const char **text, int n)
{
    int v = 0;
    for (; n > 0; n--, (*text)++) {
        if (**text < '0' || **text > '9') {
            return -1;
        }
        v = v * 10 + (**text - '0');
    }
    return v;
}

static int take(const char **text, char c)
{
    return **text == c ? ((*text)++, 0) : -1;
}

/* hh:mm:ss[.f…]Z */
static int parse_time(struct tm *tm, uint64_t *frac, const char **text)
{
    uint64_t unit = 100000;
    int bad = take(text, 'T');
    bad |= tm->tm_hour = digits(text, 2);
    bad |= take(text, ':');
    bad |= tm->tm_min = digits(text, 2);
    bad |= take(text, ':');
    bad |= tm->tm_sec = digits(text, 2);
    if (bad >= 0 && **text == '.') {
        (*text)++;
        bad |= **text < '0' || **text > '9' ? -1 : 0;
        for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10) {
            *frac += (uint64_t)(**text - '0') * unit;
        }
    }
    return bad | take(text, 'Z');
}

enum status utc_parse(uint64_t *out_us, const char *text)
{
    struct tm tm = {0};
    uint64_t frac = 0;
    int bad = tm.tm_year = digits(&text, 4);
    int dashes = bad >= 0 && take(&text, '-') == 0;
    bad |= tm.tm_mon = bad >= 0 ? digits(&text, 2) : -1;
    bad |= bad >= 0 && dashes ? take(&text, '-') : 0;
    bad |= tm.tm_mday = bad >= 0 ? digits(&text, 2) : -1;
    bad |= bad >= 0 && dashes ? parse_time(&tm, &frac, &text) : 0;
    if (bad < 0 || *text != '\0') {
        return STATUS_SYNTAX;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    struct tm norm = tm;
    time_t t = timegm(&norm);
    /* timegm makes 1 March of 29 February in a common year: no such day. */
    if (norm.tm_mday != tm.tm_mday || norm.tm_mon != tm.tm_mon ||
        norm.tm_hour != tm.tm_hour || norm.tm_min != tm.tm_min ||
        norm.tm_sec != tm.tm_sec) {
        return STATUS_SYNTAX;
    }
    if (t < 0) {
        return STATUS_BAD_VALUE;
    }
    *out_us = (uint64_t)t * 1000000u + frac;
    return STATUS_OK;
}
