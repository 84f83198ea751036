/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The verb "call": A speaks to whoever answers, and tells who that was. */
#include "harness/agent/user_int.h"

#include "harness/agent/speech.h"
#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

struct user_call {
    struct user *user;
    int id;
    json_t *args; /* options point into it */
    struct outcall *call;
    struct speech speech;
    struct media_sender *sender;
    struct media_srtp *srtp;
    struct net_timer *timer;
    int started, spoken, over;
    struct media_srtp *greeting; /* what the mailbox says to us */
    uint32_t greeting_ssrc;
    unsigned greeted;
    unsigned dup, flip;
    struct view *kept; /* packets sent, for replay_media */
    size_t num_kept;
};

static void job_free(struct user_call *j)
{
    media_sender_stop(j->sender);
    net_timer_cancel(&j->timer);
    user_out_remove(j->user, j->call);
    outcall_free(j->call);
    media_srtp_free(j->srtp);
    media_srtp_free(j->greeting);
    speech_clear(&j->speech);
    for (size_t i = 0; i < j->num_kept; i++) {
        mem_free((void *)(uintptr_t)j->kept[i].data);
    }
    mem_free(j->kept);
    json_decref(j->args);
    mem_free(j);
}

static void drop(void *job)
{
    job_free(job);
}

/* ---- the end ---- */

static const char *reached(const struct user_call *j)
{
    const struct outcall *c = j->call;
    enum ibake_form form = ibake_session_form(c->ib);
    if (!c->took_r1) {
        return "unknown";
    }
    if (agent_does(c->agent, FAULT_A_REPORTS_USER)) {
        return "user";
    }
    return form == IBAKE_FORM_DEFERRED || c->msg_taker ? "mailbox" : "user";
}

static void finish(struct user_call *j)
{
    struct outcall *c = j->call;
    struct view peer = ibake_session_peer(c->ib);
    int mailbox = strcmp(reached(j), "mailbox") == 0;
    const char *result = "failed";
    if (c->verified && c->answered && !c->failed) {
        result = !mailbox                                ? "answered"
                 : j->spoken && c->bye_status / 100 == 2 ? "deposited"
                                                         : "connected";
    } else if (c->status >= 300) {
        result = "refused";
    }
    agent_ok(c->agent, j->id,
             json_pack("{s:s s:i s:s s:s% s:s s:b s:i s:i}", "result", result,
                       "status", c->status, "reached", reached(j), "peer",
                       peer.len > 0 ? (const char *)peer.data : "", peer.len,
                       "why", c->why, "diverted", c->diverted, "greeting",
                       (int)j->greeted, "bye_status", c->bye_status));
    job_free(j);
}

static void on_replayed(void *ctx)
{
    struct user_call *j = ctx;
    j->sender = NULL;
    finish(j);
}

static void on_over(struct outcall *c)
{
    struct user_call *j = c->owner;
    const struct media_send how = {.port = c->port,
                                   .to = c->peer_rtp,
                                   .interval_ms = MEDIA_FAST_INTERVAL,
                                   .burst = MEDIA_FAST_BURST,
                                   .done = on_replayed,
                                   .ctx = j};
    net_timer_cancel(&j->timer);
    if (j->sender != NULL && c->opt.ignore_failure) {
        j->over = 1; /* a fault speaks on */
        return;
    }
    media_sender_stop(j->sender);
    j->sender = NULL;
    if (j->num_kept > 0 &&
        media_send_packets(&j->sender, c->agent->loop, &how, j->kept,
                           j->num_kept) == STATUS_OK) {
        return; /* the old port hears all of it once more */
    }
    finish(j);
}

static void on_hold(void *ctx)
{
    struct user_call *j = ctx;
    j->timer = NULL;
    outcall_abandon(j->call);
}

/* The call was answered and everything is said. */
static void hang_up(struct user_call *j)
{
    const char *withhold = json_str(j->args, "withhold", "");
    if (strcmp(withhold, "bye") == 0 || strcmp(withhold, "ack") == 0) {
        j->timer = net_timer_start(j->user->agent->loop,
                                   (uint64_t)json_int(j->args, "hold_ms", 300),
                                   on_hold, j);
        return;
    }
    outcall_hangup(j->call);
}

/* ---- media ---- */

static void keep(struct user_call *j, const uint8_t *data, size_t len)
{
    struct view *p = mem_resize(j->kept, (j->num_kept + 1) * sizeof *p);
    uint8_t *copy = mem_dup(data, len);
    if (p != NULL) {
        j->kept = p;
    }
    if (p == NULL || copy == NULL) {
        mem_free(copy);
        return;
    }
    p[j->num_kept++] = (struct view){copy, len};
}

/* What the step's options do to packets on their way. */
static unsigned alter(void *ctx, size_t index, uint8_t *data, size_t *len,
                      size_t cap)
{
    struct user_call *j = ctx;
    (void)cap;
    if (json_flag(j->args, "replay_media")) {
        keep(j, data, *len);
    }
    if (j->flip > 0 && (index + 1) % j->flip == 0 && *len > RTP_HEADER_LEN) {
        data[RTP_HEADER_LEN + (*len - RTP_HEADER_LEN) / 2] ^= 0x04;
    }
    return index < j->dup ? 2 : 1;
}

static void on_spoken(void *ctx)
{
    struct user_call *j = ctx;
    j->sender = NULL;
    j->spoken = 1;
    if (j->over) {
        finish(j);
        return;
    }
    if (j->call->answered || j->call->failed) {
        hang_up(j);
    }
}

/* The key for what we say: that of the content if there is one, else that of
 * the hop (B answered in person). */
static int content_key(struct user_call *j, struct ibake_srtp_key *key)
{
    struct agent *a = j->user->agent;
    struct ibake_session *ib = j->call->ib;
    if (agent_does(a, FAULT_A_PLAINTEXT_MEDIA) || j->call->plain) {
        return 0;
    }
    return (!agent_does(a, FAULT_A_MEDIA_UNDER_HOP_KEY) &&
            ibake_e2e_key(ib, 1, key) == STATUS_OK) ||
           ibake_hop_key(ib, 1, key) == STATUS_OK;
}

static void speak(struct user_call *j)
{
    struct outcall *c = j->call;
    struct ibake_srtp_key key;
    const struct media_send how = {.port = c->port,
                                   .to = c->peer_rtp,
                                   .interval_ms = MEDIA_FAST_INTERVAL,
                                   .burst = MEDIA_FAST_BURST,
                                   .done = on_spoken,
                                   .ctx = j,
                                   .alter = alter};
    if (j->started) {
        return;
    }
    j->started = 1;
    int has_key = content_key(j, &key);
    enum status st = STATUS_NOT_FOUND;
    if (c->peer_rtp.family != 0 && !agent_does(c->agent, FAULT_A_SILENT)) {
        st = speech_start(&j->speech, &how, has_key ? &key : NULL,
                          ibake_session_ssrc(c->ib, IBAKE_INITIATOR), &j->srtp,
                          &j->sender);
    }
    mem_wipe(&key, sizeof key);
    if (st != STATUS_OK) {
        on_spoken(j);
        j->spoken = 0;
    }
}

static void on_answer(struct outcall *c, const struct sip_msg *msg,
                      int verified)
{
    struct user_call *j = c->owner;
    const char *hangup = json_str(j->args, "hangup", "after-media");
    (void)msg;
    (void)verified;
    if (strcmp(hangup, "after-media") != 0) {
        hang_up(j);
    } else if (j->started) {
        if (j->sender == NULL) {
            hang_up(j);
        }
    } else {
        speak(j);
    }
}

static void on_i2(struct outcall *c)
{
    if (agent_does(c->agent, FAULT_A_EARLY_MEDIA)) {
        speak(c->owner);
    }
}

static void on_failed(struct outcall *c)
{
    speak(c->owner); /* a fault does not care */
}

/* The greeting: CS 2 under the hop key (2.3). */
static void on_rtp(struct outcall *c, const uint8_t *data, size_t len)
{
    struct user_call *j = c->owner;
    struct ibake_srtp_key key;
    struct rtp r;
    uint8_t out[RTP_MAX_PACKET];
    size_t n = 0;
    if (rtp_parse(&r, data, len) != STATUS_OK) {
        return;
    }
    if (j->greeting == NULL && ibake_hop_key(c->ib, 2, &key) == STATUS_OK) {
        struct media_srtp_params p = {0};
        memcpy(p.key, key.key, sizeof p.key);
        memcpy(p.salt, key.salt, sizeof p.salt);
        media_srtp_new(&j->greeting, &p, r.ssrc, 0, 0);
        j->greeting_ssrc = r.ssrc;
        mem_wipe(&p, sizeof p);
        mem_wipe(&key, sizeof key);
    }
    if (j->greeting != NULL && r.ssrc == j->greeting_ssrc &&
        media_srtp_unprotect(j->greeting, out, sizeof out, &n, data, len) ==
            STATUS_OK) {
        j->greeted++;
    }
}

static const struct outcall_hooks hooks = {.on_answer = on_answer,
                                           .on_i2 = on_i2,
                                           .on_failed = on_failed,
                                           .on_rtp = on_rtp,
                                           .on_over = on_over};

/* ---- start ---- */

/* The identity that a voicemail URI stands for is its target (3.2 keeps both
 * apart: called is the mailbox then, esk_for the target). */
static enum status dial(struct user_call *j, char why[256])
{
    struct outcall_options o = {0};
    user_options(j->user->agent, &o, j->args);
    o.to = json_str(j->args, "to", "");
    o.called = json_str(j->args, "called", o.to);
    j->call = outcall_start(j->user->agent, &o, &hooks, j, why);
    if (j->call == NULL) {
        return STATUS_IO;
    }
    return user_out_add(j->user, j->call, j, drop) != NULL ? STATUS_OK
                                                           : STATUS_NO_MEMORY;
}

static unsigned count_of(const json_t *args, const char *key)
{
    long long n = json_int(args, key, 0);
    return n > 0 && n < 1000000 ? (unsigned)n : 0;
}

void user_call(struct agent *a, int id, const json_t *args)
{
    char why[256] = "out of memory";
    if (json_str(args, "to", "")[0] == '\0') {
        agent_fail(a, id, "call needs 'to'");
        return;
    }
    struct user_call *j = mem_alloc(sizeof *j);
    if (j == NULL) {
        agent_fail(a, id, "out of memory");
        return;
    }
    j->user = a->state;
    j->id = id;
    j->args = json_deep_copy(args);
    j->dup = count_of(args, "dup_media");
    j->flip = count_of(args, "flip_media");
    enum status st = j->args == NULL ? STATUS_NO_MEMORY
                                     : speech_load(&j->speech, a, j->args);
    if (st != STATUS_OK) {
        snprintf(why, sizeof why, "media '%s': %s", json_str(args, "media", ""),
                 status_name(st));
    } else {
        st = dial(j, why);
    }
    if (st != STATUS_OK) {
        agent_fail(a, id, "%s", why);
        job_free(j);
    }
}
