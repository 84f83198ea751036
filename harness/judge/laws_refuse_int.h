/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to the laws of refusal. */
#ifndef HARNESS_JUDGE_LAWS_REFUSE_INT_H
#define HARNESS_JUDGE_LAWS_REFUSE_INT_H

#include "harness/judge/laws_int.h"

struct refuse {       /* argument of a law */
    uint32_t defects; /* any of these makes its condition */
};

/* refuse_asked: a row of the plan names the law: then even what cannot be told
 * is a finding. */
int refuse_asked(const struct judge *j, const struct law *law);
/* refuse_broken: a FAIL, or a lack if the duty is only derived or stands
 * outside the standards (a security finding). */
void refuse_broken(struct probe *p, const char *want, const char *what);
/* refuse_alive: the party did something of its own after the time, else a lack.
 */
int refuse_alive(struct probe *p, const char *want, int party, uint64_t us);

#endif
