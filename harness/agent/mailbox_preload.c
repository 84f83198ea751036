/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The verb "preload" of a tester mailbox: messages as if deposited, so that B
 * can be tested alone. The exchange is played with ourselves; the depositor's
 * identity goes in by edits, since only public keys are needed to speak for
 * him. */
#include "harness/agent/mailbox_int.h"

#include "harness/agent/speech.h"
#include "harness/base/mem.h"

#include <string.h>

#define DAY_US INT64_C(86400000000)

struct preload {
    struct agent *agent;
    const json_t *args;
    struct env env; /* days ago */
    struct edit_list edits;
    struct ibake_session *ib;
};

static enum status add_edits(struct preload *p, const char *from)
{
    const json_t *sk = json_object_get(p->args, "sk_type");
    const char *idi = json_str(p->args, "idi", from);
    struct wr w;
    wr_init(&w);
    wr_printf(&w,
              "I_MESSAGE_1 set mikey.IDRi.data id:%s\n"
              "I_MESSAGE_1 set mikey.IBAKE.IDRi.data id:%s\n"
              "I_MESSAGE_2 set mikey.IDRi.data id:%s\n"
              "I_MESSAGE_2 set mikey.IBAKE.IDRi.data id:%s\n"
              "I_MESSAGE_2 set mikey.ESK.IDRi.data id:%s\n",
              idi, idi, idi, idi, from);
    if (json_is_integer(sk)) {
        wr_printf(&w, "I_MESSAGE_2 set mikey.ESK.SK.type %d\n",
                  (int)json_integer_value(sk));
    }
    wr_u8(&w, 0);
    enum status st = w.err;
    if (st == STATUS_OK) {
        st = edit_list_add_all(&p->edits, (const char *)w.data, NULL);
    }
    wr_cleanup(&w);
    return st;
}

/* I_MESSAGE_1 to the owner, an answer of our own, I_MESSAGE_2 into i2. */
static enum status exchange(struct preload *p, const char *owner, struct wr *i2)
{
    struct agent *a = p->agent;
    struct ibake_config cfg = a->ibake;
    struct view me = view_str(a->identity);
    const char *esk = json_str(p->args, "esk_for", owner);
    struct wr w1;
    struct wr w2;
    wr_init(&w1);
    wr_init(&w2);
    cfg.env = &p->env;
    cfg.edits = &p->edits;
    p->ib = ibake_initiator_new(&cfg, me, view_str(owner));
    enum status st = p->ib == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    if (st == STATUS_OK) {
        st = ibake_make_i1(p->ib, &w1);
    }
    if (st == STATUS_OK) {
        st = agent_guess_r1(a, (struct view){w1.data, w1.len}, me, me, &w2);
    }
    if (st == STATUS_OK) {
        st = ibake_take_r1(p->ib, (struct view){w2.data, w2.len});
    }
    if (st == STATUS_OK) {
        st = ibake_make_i2(p->ib, view_str(esk), 1, i2);
    }
    wr_cleanup(&w1);
    wr_cleanup(&w2);
    return st;
}

static enum status on_packet(void *ctx, const uint8_t *data, size_t len)
{
    return store_draft_packet(ctx, data, len);
}

static enum status add_media(struct preload *p, struct store_draft *draft)
{
    struct speech sp;
    struct ibake_srtp_key key;
    enum status st = ibake_e2e_key(p->ib, 1, &key);
    if (st == STATUS_OK) {
        st = speech_load(&sp, p->agent, p->args);
    }
    if (st == STATUS_OK) {
        st = speech_each(&sp, &key, ibake_session_ssrc(p->ib, IBAKE_INITIATOR),
                         on_packet, draft);
        speech_clear(&sp);
    }
    mem_wipe(&key, sizeof key);
    return st;
}

static enum status preload_one(struct preload *p, const char *owner)
{
    struct agent *a = p->agent;
    struct mailbox *m = a->state;
    struct store_draft *draft = NULL;
    char call_id[17];
    struct wr i2;
    wr_init(&i2);
    siptx_token(a->ep, call_id, 16);
    const char *from = json_str(p->args, "from", "");
    struct store_message head = {.sender = (char *)from,
                                 .display = (char *)from,
                                 .call_id = call_id,
                                 .account = m->account,
                                 .time_us = env_now_us(&p->env)};
    enum status st = exchange(p, owner, &i2);
    if (st == STATUS_OK) {
        head.i2 = i2.data;
        head.i2_len = i2.len;
        agent_record_msg(a, json_str(p->args, "label", NULL), ++a->num_calls,
                         (struct view){i2.data, i2.len});
        st = store_draft_new(m->store, &draft);
    }
    if (st == STATUS_OK) {
        st = add_media(p, draft);
        if (st != STATUS_OK) {
            store_discard(draft);
        }
    }
    if (st == STATUS_OK) {
        st = store_commit(draft, &head, NULL);
    }
    log_at(&a->log, LOG_NOTE, "preload from %s: %s %s", from, status_name(st),
           p->ib != NULL ? ibake_session_why(p->ib) : "");
    ibake_session_free(p->ib);
    p->ib = NULL;
    wr_cleanup(&i2);
    return st;
}

void mailbox_preload(struct agent *a, int id, const json_t *args)
{
    struct mailbox *m = a->state;
    struct preload p = {.agent = a, .args = args, .env = a->env};
    const char *from = json_str(args, "from", NULL);
    long long count = json_int(args, "count", 1);
    if (from == NULL || !a->tester || count < 1 || count > 100) {
        agent_fail(a, id,
                   from == NULL ? "preload needs 'from'"
                   : !a->tester ? "only a tester preloads"
                                : "'count' must be 1 to 100");
        return;
    }
    p.env.skew_us -= json_int(args, "days", 0) * DAY_US;
    enum status st = add_edits(&p, from);
    for (long long i = 0; i < count && st == STATUS_OK; i++) {
        st = preload_one(&p, m->account);
    }
    a->env.seed[0] = p.env.seed[0]; /* the same octets never come twice */
    a->env.seed[1] = p.env.seed[1];
    edit_list_clear(&p.edits);
    if (st != STATUS_OK) {
        agent_fail(a, id, "preload: %s", status_name(st));
    } else {
        agent_ok(a, id, json_pack("{s:I}", "stored", (json_int_t)count));
    }
}
