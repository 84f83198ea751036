/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The verb "fetch": B calls the mailbox, proves itself, takes messages with
 * their keys and plays them into WAV files. */
#include "harness/agent/user_int.h"

#include "harness/agent/playout.h"
#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

/* The mailbox ends a delivery with a tone of its own; one that does not is
 * taken to have ended when it is silent for so long. */
#define AFTER_TONE_MS 10
#define SILENCE_MS 400
#define FIRST_PACKET_MS 1500

struct fetch_job {
    struct user *user;
    int id;
    json_t *args;
    struct outcall *call;
    struct playout *playout;
    struct net_timer *timer;
};

static void job_free(struct fetch_job *j)
{
    net_timer_cancel(&j->timer);
    user_out_remove(j->user, j->call);
    outcall_free(j->call);
    playout_free(j->playout);
    json_decref(j->args);
    mem_free(j);
}

static void drop(void *job)
{
    job_free(job);
}

static void on_over(struct outcall *c)
{
    struct fetch_job *j = c->owner;
    const char *result = c->verified && c->answered && !c->failed ? "fetched"
                         : c->status >= 300                       ? "refused"
                                                                  : "failed";
    json_t *list = playout_finish(j->playout, json_str(j->args, "out", "."),
                                  (unsigned)json_int(j->args, "next", 1));
    agent_ok(c->agent, j->id,
             json_pack("{s:s s:i s:s s:o?}", "result", result, "status",
                       c->status, "why", c->why, "messages", list));
    job_free(j);
}

static void on_quiet(void *ctx)
{
    struct fetch_job *j = ctx;
    j->timer = NULL;
    outcall_hangup(j->call);
}

static void wait_for_more(struct fetch_job *j, unsigned ms)
{
    net_timer_cancel(&j->timer);
    j->timer = net_timer_start(j->user->agent->loop, ms, on_quiet, j);
}

static void on_answer(struct outcall *c, const struct sip_msg *msg,
                      int verified)
{
    struct fetch_job *j = c->owner;
    if (verified) {
        playout_take(j->playout, msg, c->ib);
    }
    wait_for_more(j, FIRST_PACKET_MS);
}

static void on_rtp(struct outcall *c, const uint8_t *data, size_t len)
{
    struct fetch_job *j = c->owner;
    if (!c->answered) {
        return;
    }
    int tone = playout_packet(j->playout, data, len);
    if (j->timer != NULL) {
        wait_for_more(j, tone ? AFTER_TONE_MS : SILENCE_MS);
    }
}

static const struct outcall_hooks hooks = {
    .on_answer = on_answer, .on_rtp = on_rtp, .on_over = on_over};

void user_fetch(struct agent *a, int id, const json_t *args)
{
    char why[256] = "out of memory";
    const char *account = json_str(args, "account", NULL);
    if (account == NULL) {
        agent_fail(a, id, "fetch needs 'account'");
        return;
    }
    struct fetch_job *j = mem_alloc(sizeof *j);
    if (j == NULL) {
        agent_fail(a, id, "out of memory");
        return;
    }
    j->user = a->state;
    j->id = id;
    j->args = json_deep_copy(args);
    j->playout = playout_new(a);
    struct outcall_options o = {0};
    enum status st = STATUS_NO_MEMORY;
    if (j->args != NULL && j->playout != NULL) {
        user_options(a, &o, j->args);
        o.to = json_str(j->args, "account", "");
        o.called = o.to;
        o.refuse_deferred = !agent_does(a, FAULT_B_ACCEPT_DEFERRED_R1);
        j->call = outcall_start(a, &o, &hooks, j, why);
        st = j->call != NULL && user_out_add(j->user, j->call, j, drop) != NULL
                 ? STATUS_OK
                 : STATUS_IO;
    }
    if (st != STATUS_OK) {
        agent_fail(a, id, "%s", why);
        job_free(j);
    }
}
