/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Allocation that tests can make fail, and wiping of secrets. */
#ifndef HARNESS_BASE_MEM_H
#define HARNESS_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

/* mem_alloc returns n zeroed octets (n may be 0), or NULL. Free with mem_free.
 */
void *mem_alloc(size_t n);

/* mem_resize is realloc with failure injection; new octets are not zeroed. On
 * failure p is unchanged and NULL is returned. */
void *mem_resize(void *p, size_t n);

/* mem_dup returns a copy of data, or NULL. */
void *mem_dup(const void *data, size_t len);

/* mem_strdup and mem_strndup return a NUL-terminated copy, or NULL. */
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t len);

/* mem_printf returns a new formatted string, or NULL. */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* mem_free frees; mem_free(NULL) does nothing. */
void mem_free(void *p);

/* mem_wipe overwrites len octets in a way the compiler keeps. */
void mem_wipe(void *p, size_t len);

/* mem_equal compares in time independent of the contents. */
int mem_equal(const void *a, const void *b, size_t len);

/* For tests only: the n-th allocation from now (1 = next) fails, 0 = none.
 * mem_live counts the blocks not yet freed in this process. */
void mem_fail_at(unsigned long n);
unsigned long mem_live(void);

#endif
