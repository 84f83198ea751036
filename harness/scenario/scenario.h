/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Scenario files: what is done, step by step, and which laws must then hold
 * (docs/SCENARIO.md). */
#ifndef HARNESS_SCENARIO_SCENARIO_H
#define HARNESS_SCENARIO_SCENARIO_H

#include "harness/base/edit.h"
#include "harness/base/ytree.h"

struct scn_arg {
    char *key;
    char *value;
};

enum scn_answer { SCN_ANSWER_ANY, SCN_ANSWER_OK, SCN_ANSWER_FAIL };

/* One step: "ROLE VERB key=value ...", or "wait MS", with what stands beside
 * it. */
struct scn_step {
    unsigned line;
    char *text; /* as written, for logs and reports */
    char *role; /* "A", "MB", ...; "" for wait */
    char *verb;
    struct scn_arg *args;
    size_t num_args;
    struct edit_list edits; /* given to the role for this step only */
    int async;              /* go on without waiting for the answer */
};

struct scn_expect {
    unsigned line;
    char *law;
    char *on; /* "deposit 2", "any", ... */
    char *as; /* "duty", "preamble", "control", "stimulus" */
};

struct scenario {
    char *path;
    struct ynode *tree; /* the whole file; the strings below point into it */
    const char *id, *title, *role, *type, *level, *stimulus, *duty;
    const struct ynode *clauses, *requirements, *pics, *faults, *pixit;
    const char *not_run; /* reason why this purpose cannot be tried, or NULL */
    const char *parties[12]; /* roles taking part, NULL-terminated */
    struct scn_step *steps;
    size_t num_steps;
    struct scn_expect *expects;
    size_t num_expects;
};

struct scn_error {
    unsigned line;
    char text[320]; /* what is wrong and the remedy, without file and line */
};

/* scenario_load reads and checks a file. On failure *out is NULL and err says
 * where and why. Free with scenario_free. */
enum status scenario_load(struct scenario **out, const char *path,
                          struct scn_error *err);
void scenario_free(struct scenario *s);

/* scn_step_arg returns the value of key, or fallback. */
const char *scn_step_arg(const struct scn_step *step, const char *key,
                         const char *fallback);

#endif
