/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Allocation that tests can make fail, and wiping of secrets. */
#include "harness/base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Test instruments, not program state: the countdown to an injected failure
 * and the number of live blocks. */
static atomic_ulong fail_countdown;
static atomic_ulong live_blocks;

static int injected_failure(void)
{
    unsigned long n = atomic_load(&fail_countdown);
    if (n == 0) {
        return 0;
    }
    return atomic_fetch_sub(&fail_countdown, 1) == 1;
}

void *mem_alloc(size_t n)
{
    if (injected_failure()) {
        return NULL;
    }
    void *p = calloc(1, n == 0 ? 1 : n);
    if (p != NULL) {
        atomic_fetch_add(&live_blocks, 1);
    }
    return p;
}

void *mem_resize(void *p, size_t n)
{
    if (p == NULL) {
        return mem_alloc(n);
    }
    if (injected_failure()) {
        return NULL;
    }
    return realloc(p, n == 0 ? 1 : n);
}

void *mem_dup(const void *data, size_t len)
{
    void *p = mem_alloc(len);
    if (p != NULL && len != 0) {
        memcpy(p, data, len);
    }
    return p;
}

char *mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

char *mem_strndup(const char *s, size_t len)
{
    char *p = mem_alloc(len + 1);
    if (p != NULL && len != 0) {
        memcpy(p, s, len);
    }
    return p;
}

char *mem_printf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        return NULL;
    }
    char *p = mem_alloc((size_t)n + 1);
    if (p != NULL) {
        va_start(ap, fmt);
        vsnprintf(p, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    return p;
}

void mem_free(void *p)
{
    if (p != NULL) {
        atomic_fetch_sub(&live_blocks, 1);
        free(p);
    }
}

void mem_wipe(void *p, size_t len)
{
    if (len == 0) {
        return; /* p may be NULL */
    }
    explicit_bzero(p, len);
}

int mem_equal(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t d = 0;
    for (size_t i = 0; i < len; i++) {
        d = (uint8_t)(d | (x[i] ^ y[i]));
    }
    return d == 0;
}

void mem_fail_at(unsigned long n)
{
    atomic_store(&fail_countdown, n);
}

unsigned long mem_live(void)
{
    return atomic_load(&live_blocks);
}
