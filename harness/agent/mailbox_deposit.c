/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Deposits: what comes is stored as it comes. */
#include "harness/agent/mailbox_int.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

/* BYE travels by TCP and may overtake media: it is held back until no packet
 * came for so long. */
#define LAST_PACKETS_MS 8
#define SEEN_MIN 1024 /* slots of the set of packets seen, a power of two */

struct deposit {
    struct store_draft *draft;
    struct siptx_server *bye;
    struct net_timer *timer;
    struct media_sender *greeting;
    struct media_srtp *srtp;
    unsigned refused_media;
    unsigned packets;
    unsigned packets_at_timer;
    uint64_t *seen; /* hashes of the packets stored, 0 = free */
    size_t seen_cap;
    size_t seen_num;
};

/* ---- duplicates ---- */

static uint64_t hash(const uint8_t *data, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < len; i++) {
        h = (h ^ data[i]) * UINT64_C(0x100000001b3);
    }
    return h | 1;
}

/* Puts h into a set with room for it; 1 if it was there. */
static int put(uint64_t *set, size_t cap, uint64_t h)
{
    size_t i = (size_t)(h >> 7) & (cap - 1);
    while (set[i] != 0 && set[i] != h) {
        i = (i + 1) & (cap - 1);
    }
    int was = set[i] == h;
    set[i] = h;
    return was;
}

static enum status grow(struct deposit *d)
{
    size_t cap = d->seen_cap != 0 ? 2 * d->seen_cap : SEEN_MIN;
    uint64_t *set = mem_alloc(cap * sizeof *set);
    if (set == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < d->seen_cap; i++) {
        if (d->seen[i] != 0) {
            put(set, cap, d->seen[i]);
        }
    }
    mem_free(d->seen);
    d->seen = set;
    d->seen_cap = cap;
    return STATUS_OK;
}

/* A packet that came before, octet for octet, is a replay (DD-011). */
static int is_replay(struct deposit *d, const uint8_t *data, size_t len)
{
    if (2 * d->seen_num >= d->seen_cap && grow(d) != STATUS_OK) {
        return 0;
    }
    int was = put(d->seen, d->seen_cap, hash(data, len));
    d->seen_num += !was;
    return was;
}

/* ---- the exchange ---- */

static enum status finish(struct incall *c, struct view sender, struct view i2);

/* Stores what nobody proved, under whoever claims to have sent it (faults). */
static void store_claimed(struct incall *c, struct view i2)
{
    struct deposit *d = c->owner;
    char *id = agent_identity(c->from);
    if (id != NULL && d->draft == NULL) {
        store_draft_new(mailbox_of(c)->store, &d->draft);
    }
    if (id != NULL && d->draft != NULL) {
        finish(c, view_str(id), i2);
    }
    mem_free(id);
}

static int deposit_i1(struct incall *c)
{
    struct deposit *d = mem_alloc(sizeof *d);
    if (d == NULL) {
        return 500;
    }
    c->owner = d;
    if (agent_does(c->agent, FAULT_MB_STORE_UNVERIFIED)) {
        char name[32];
        snprintf(name, sizeof name, "%u.I_MESSAGE_1", c->number);
        store_claimed(c, agent_record_get(c->agent, name));
    }
    return 0;
}

/* A fault wants to open what is none of its business. */
static int opens_esk(struct incall *c)
{
    struct agent *a = c->agent;
    struct ibake_deposit dep;
    return ibake_open_stored_i2(&a->ibake, view_str(a->identity),
                                ibake_session_i2(c->ib), &dep) == STATUS_OK;
}

static int deposit_i2(struct incall *c)
{
    struct deposit *d = c->owner;
    struct mailbox *m = mailbox_of(c);
    /* Without ESK there is no key that the mailbox does not have itself (3.2).
     */
    if (c->forced_i2.len == 0 && !ibake_session_has_esk(c->ib) &&
        !agent_behaves(c->agent, "normal_form") &&
        (c->agent->ibake.checks & IBAKE_CHECK_ESK_PRESENT)) {
        return 488;
    }
    if (agent_does(c->agent, FAULT_MB_OPEN_ESK) && !opens_esk(c)) {
        return 488;
    }
    if (c->forced_i2.len > 0) { /* a fault keeps what it did not understand */
        store_claimed(c, (struct view){c->forced_i2.data, c->forced_i2.len});
        return 0;
    }
    if (d->draft != NULL) {
        return 0; /* a fault: a second I_MESSAGE_2 */
    }
    return store_draft_new(m->store, &d->draft) == STATUS_OK ? 0 : 500;
}

static void fill_head(struct incall *c, struct store_message *head,
                      struct view sender, struct view i2)
{
    struct mailbox *m = mailbox_of(c);
    *head = (struct store_message){
        .sender = mem_strndup((const char *)sender.data, sender.len),
        .display = c->from,
        .call_id = c->call_id,
        .account = m->account,
        .time_us = env_now_us(&c->agent->env),
        .i2 = (uint8_t *)i2.data,
        .i2_len = i2.len};
}

/* Stores the draft, announces it. STATUS_OK: it is on disk. */
static enum status finish(struct incall *c, struct view sender, struct view i2)
{
    struct deposit *d = c->owner;
    struct mailbox *m = mailbox_of(c);
    struct store_message head;
    fill_head(c, &head, sender, i2);
    struct store_draft *draft = d->draft;
    d->draft = NULL;
    if (agent_does(c->agent, FAULT_MB_STORE_CLEAR_KEY)) {
        /* Not a key of the content: the mailbox has none. */
        head.note = agent_record_get(c->agent, "secret.TGK");
    }
    char *id = NULL;
    enum status st = head.sender == NULL ? STATUS_NO_MEMORY
                                         : store_commit(draft, &head, &id);
    if (st == STATUS_OK) {
        log_at(&c->agent->log, LOG_NOTE, "stored %s from %s", id, head.sender);
        head.id = id;
        mwi_notify(m, &head);
    } else {
        log_at(&c->agent->log, LOG_ERROR, "cannot store: %s", status_name(st));
    }
    mem_free(id);
    mem_free(head.sender);
    return st;
}

/* A fault keeps what was refused, under whoever claimed to send it. */
static void deposit_refused(struct incall *c, struct view i2)
{
    if (agent_does(c->agent, FAULT_MB_STORE_REFUSED) && i2.len > 0) {
        store_claimed(c, i2);
    }
}

static void on_greeted(void *ctx)
{
    struct deposit *d = ctx;
    d->greeting = NULL;
}

/* The greeting under the hop key of CS 2: the mailbox may speak to A (2.3). */
static void deposit_ack(struct incall *c)
{
    struct deposit *d = c->owner;
    struct ibake_srtp_key key;
    if (c->ib == NULL || c->peer_rtp.family == 0 ||
        strcmp(agent_behave(c->agent, "greeting", ""), "no") == 0 ||
        ibake_hop_key(c->ib, 2, &key) != STATUS_OK) {
        return;
    }
    struct media_srtp_params p = {0};
    memcpy(p.key, key.key, sizeof p.key);
    memcpy(p.salt, key.salt, sizeof p.salt);
    mem_wipe(&key, sizeof key);
    uint32_t ssrc = ibake_session_ssrc(c->ib, IBAKE_RESPONDER);
    struct wav beep = {0};
    if (media_srtp_new(&d->srtp, &p, ssrc, 0, 1) == STATUS_OK &&
        wav_tone(&beep, 800, 8000, 800) == STATUS_OK) {
        struct media_send how = {.port = c->port,
                                 .to = c->peer_rtp,
                                 .interval_ms = MEDIA_FAST_INTERVAL,
                                 .burst = MEDIA_FAST_BURST,
                                 .done = on_greeted,
                                 .ctx = d};
        struct media_voice voice = {.samples = beep.samples,
                                    .num = beep.num,
                                    .ssrc = ssrc,
                                    .first_seq = 1,
                                    .pt = RTP_PT_PCMU,
                                    .srtp = d->srtp};
        media_send_voice(&d->greeting, c->agent->loop, &how, &voice);
    }
    wav_free(&beep);
    mem_wipe(&p, sizeof p);
}

/* Packets are stored as received. A datagram that is no RTP at all is not. */
static void deposit_rtp(struct incall *c, const uint8_t *data, size_t len)
{
    struct deposit *d = c->owner;
    struct rtp r;
    if (d->draft == NULL || !c->answered ||
        rtp_parse(&r, data, len) != STATUS_OK) {
        return;
    }
    d->packets++;
    if (is_replay(d, data, len) &&
        !agent_does(c->agent, FAULT_MB_KEEP_DUPLICATES)) {
        return;
    }
    if (agent_does(c->agent, FAULT_MB_DROP_MEDIA) && d->packets % 10 == 0) {
        return;
    }
    /* A mailbox that wants to make sense of media takes 20 ms of PCMU and a tag
     * of 80 bits for the only thing that can be. */
    if (agent_does(c->agent, FAULT_MB_DECODES_MEDIA) && r.payload.len != 170) {
        d->refused_media++;
        return;
    }
    store_draft_packet(d->draft, data, len);
}

static enum status store_deposit(struct incall *c)
{
    struct deposit *d = c->owner;
    struct view sender = ibake_session_peer(c->ib);
    struct view i2 = ibake_session_i2(c->ib);
    char *from = NULL;
    if (d->refused_media > 0) {
        return STATUS_BAD_VALUE; /* a fault could not make sense of it */
    }
    if (agent_does(c->agent, FAULT_MB_ATTRIBUTE_FROM_HEADER)) {
        from = agent_identity(c->from);
        sender = from != NULL ? view_str(from) : sender;
    }
    enum status st = finish(c, sender, i2);
    mem_free(from);
    return st;
}

static void on_drained(void *ctx)
{
    struct incall *c = ctx;
    struct deposit *d = c->owner;
    struct siptx_server *bye = d->bye;
    enum status st = STATUS_OK;
    d->timer = NULL;
    if (d->packets != d->packets_at_timer) {
        d->packets_at_timer = d->packets;
        d->timer =
            net_timer_start(c->agent->loop, LAST_PACKETS_MS, on_drained, c);
        if (d->timer != NULL) {
            return;
        }
    }
    d->bye = NULL;
    if (d->draft != NULL && d->packets > 0 && c->ib != NULL) {
        st = store_deposit(c);
    }
    /* Only now is the deposit acknowledged. */
    siptx_reply_status(bye, st == STATUS_OK ? 200 : 500, NULL, NULL);
    incall_over(c);
}

static void deposit_bye(struct incall *c, struct siptx_server *tx)
{
    struct deposit *d = c->owner;
    if (d->bye != NULL) {
        siptx_reply_status(tx, 481, NULL, NULL);
        return;
    }
    d->bye = tx;
    d->packets_at_timer = d->packets;
    d->timer = net_timer_start(c->agent->loop, LAST_PACKETS_MS, on_drained, c);
}

static void deposit_over(struct incall *c)
{
    struct deposit *d = c->owner;
    struct mailbox *m = mailbox_of(c);
    if (d != NULL) {
        net_timer_cancel(&d->timer);
        media_sender_stop(d->greeting);
        media_srtp_free(d->srtp);
        store_discard(d->draft);
        mem_free(d->seen);
        mem_free(d);
    }
    incall_free(&m->calls, c);
}

const struct incall_hooks deposit_hooks = {.on_i1 = deposit_i1,
                                           .on_i2 = deposit_i2,
                                           .on_refused = deposit_refused,
                                           .on_ack = deposit_ack,
                                           .on_rtp = deposit_rtp,
                                           .on_bye = deposit_bye,
                                           .on_over = deposit_over};
