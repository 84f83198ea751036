/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* An agent without process, pipes and sockets. */
#include "tests/unit/agent/agent_tests.h"

#include "harness/base/mem.h"

#include <string.h>

#define T0 UINT64_C(1764072000000000) /* 2025-11-25T12:00:00Z */

static void on_said(void *ctx, json_t *o)
{
    struct bench *b = ctx;
    json_array_append_new(b->said, o);
}

void bench_begin(struct bench *b, const char *role, const char *fault)
{
    *b = (struct bench){.live = mem_live(), .said = json_array()};
    env_init_virtual(&b->env, T0, 1);
    CU_ASSERT_FATAL(net_loop_new(&b->loop, &b->env, NET_VIRTUAL) == STATUS_OK);
    b->agent = (struct agent){
        .loop = b->loop, .log_fd = -1, .sink = on_said, .sink_ctx = b};
    env_init_virtual(&b->agent.env, T0, 2);
    CU_ASSERT_FATAL(agent_begin(&b->agent, role, fault) == STATUS_OK);
}

void bench_end(struct bench *b)
{
    agent_end(&b->agent);
    net_loop_free(b->loop);
    json_decref(b->said);
    CU_ASSERT(mem_live() == b->live);
}

void bench_say(struct bench *b, const char *line)
{
    agent_take(&b->agent, line, strlen(line));
    net_loop_settle(b->loop);
}

const json_t *bench_answer(const struct bench *b, int id)
{
    size_t i;
    json_t *o;
    json_array_foreach(b->said, i, o)
    {
        const json_t *v = json_object_get(o, "id");
        if (json_is_integer(v) && json_integer_value(v) == id) {
            return o;
        }
    }
    return NULL;
}

int bench_ok(const struct bench *b, int id)
{
    return json_is_true(json_object_get(bench_answer(b, id), "ok"));
}

const char *bench_why(const struct bench *b, int id)
{
    const json_t *o = bench_answer(b, id);
    return o != NULL && json_is_false(json_object_get(o, "ok"))
               ? json_str(o, "why", "")
               : "";
}
