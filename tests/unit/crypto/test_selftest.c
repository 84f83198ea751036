/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The self-test passes here, from any thread, and fails by name elsewhere; the
 * units of work for measurements do their work. */
#include "tests/unit/crypto/crypto_tests.h"

#include "harness/base/mem.h"
#include "harness/crypto/crypto_bench.h"
#include "harness/crypto/selftest.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a process of its own, as the result is kept for the life of one. */
static void failure_names_the_primitive(void)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        const char *failed = NULL;
        mem_fail_at(1);
        int ok = crypto_selftest(&failed) == STATUS_INTERNAL &&
                 failed != NULL && strcmp(failed, "BF-IBE") == 0;
        mem_fail_at(0);
        failed = NULL; /* the first result stays */
        ok &= crypto_selftest(&failed) == STATUS_INTERNAL && failed != NULL;
        _exit(ok ? 42 : 1);
    }
    CU_ASSERT_FATAL(pid > 0);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

static void *one_thread(void *arg)
{
    const char *failed = NULL;
    *(enum status *)arg = crypto_selftest(&failed);
    return NULL;
}

static void passes_from_any_thread(void)
{
    pthread_t t[4];
    enum status result[4];
    for (size_t i = 0; i < 4; i++) {
        result[i] = STATUS_TIMEOUT;
        CU_ASSERT_EQUAL_FATAL(
            pthread_create(&t[i], NULL, one_thread, &result[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        CU_ASSERT_EQUAL(result[i], STATUS_OK);
    }
}

static void bench_works(void)
{
    static const struct {
        unsigned bits;
        unsigned long most;
    } rows[] = {{512, 3500}, {1024, 5500}, {1536, 7000}};
    for (size_t i = 0; i < 3; i++) {
        struct crypto_bench *cb = crypto_bench_new(rows[i].bits);
        struct crypto_bench_count c;
        struct crypto_bench_count fixed;
        CU_ASSERT_PTR_NOT_NULL_FATAL(cb);
        CU_ASSERT(crypto_bench_encrypt(cb));
        CU_ASSERT(crypto_bench_decrypt(cb));
        CU_ASSERT(crypto_bench_identity(cb));
        CU_ASSERT(crypto_bench_extract(cb));
        crypto_bench_pairing(cb);
        crypto_bench_pairing_fixed(cb);
        for (enum crypto_bench_product w = CRYPTO_BENCH_OURS;
             w <= CRYPTO_BENCH_OPENSSL; w++) {
            crypto_bench_products(cb, w, 10);
            crypto_bench_squares(cb, w, 10);
        }
        crypto_bench_count_pairing(&c, cb);
        crypto_bench_count_fixed(&fixed, cb);
        CU_ASSERT(c.muls + c.sqrs <= rows[i].most);
        CU_ASSERT(fixed.muls + fixed.sqrs < c.muls + c.sqrs);
        CU_ASSERT(fixed.muls > 1000);
        CU_ASSERT(strlen(crypto_bench_ops_name(cb)) > 0);
        crypto_bench_free(cb);
    }
    CU_ASSERT_PTR_NULL(crypto_bench_new(511));
}

static const struct unit_case cases[] = {
    {"failure_names_the_primitive", failure_names_the_primitive},
    {"passes_from_any_thread", passes_from_any_thread},
    {"units_of_work_do_their_work", bench_works},
    {NULL, NULL}};

const struct unit_suite crypto_selftest_suite = {"selftest", cases};
