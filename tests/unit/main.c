/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Runs the suites of one layer; prints "N passed, N failed" (cases). */
#include "tests/unit/unit.h"

#include <CUnit/TestRun.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned failed_cases;
static unsigned run_cases;

static void on_case_done(const CU_pTest test, const CU_pSuite suite,
                         const CU_pFailureRecord failure)
{
    run_cases++;
    if (failure == NULL) {
        return;
    }
    failed_cases++;
    for (CU_pFailureRecord f = failure; f != NULL; f = f->pNext) {
        printf("FAIL %s/%s %s:%u %s\n", suite->pName, test->pName,
               f->strFileName, f->uiLineNumber, f->strCondition);
    }
}

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS) {
        return 70;
    }
    for (const struct unit_suite *const *s = unit_suites; *s != NULL; s++) {
        CU_pSuite cs = CU_add_suite((*s)->name, NULL, NULL);
        for (const struct unit_case *c = (*s)->cases; c->name != NULL; c++) {
            if (cs == NULL || CU_add_test(cs, c->name, c->run) == NULL) {
                return 70;
            }
        }
    }
    CU_set_test_complete_handler(on_case_done);
    CU_run_all_tests();
    printf("%u passed, %u failed\n", run_cases - failed_cases, failed_cases);
    CU_cleanup_registry();
    /* A program that ran nothing has not passed. */
    return failed_cases != 0 || run_cases == 0;
}
