/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Suites of unit_agent, and an agent whose answers are kept in memory. */
#ifndef TESTS_UNIT_AGENT_AGENT_TESTS_H
#define TESTS_UNIT_AGENT_AGENT_TESTS_H

#include "harness/agent/agent_int.h"
#include "tests/unit/unit.h"

extern const struct unit_suite store_suite;
extern const struct unit_suite sdp_suite;
extern const struct unit_suite faults_suite;
extern const struct unit_suite core_suite;
extern const struct unit_suite protocol_suite;

struct bench {
    struct env env; /* of the loop */
    struct net_loop *loop;
    struct agent agent;
    json_t *said; /* everything it said, in order */
    unsigned long live;
};

/* bench_begin makes an agent of the role over a network in memory. bench_end
 * frees everything and checks that nothing is left. */
void bench_begin(struct bench *b, const char *role, const char *fault);
void bench_end(struct bench *b);
/* bench_say gives it a line and lets what is due happen. */
void bench_say(struct bench *b, const char *line);
/* bench_answer is the answer to request id, or NULL. */
const json_t *bench_answer(const struct bench *b, int id);
int bench_ok(const struct bench *b, int id);
const char *bench_why(const struct bench *b, int id);

#endif
