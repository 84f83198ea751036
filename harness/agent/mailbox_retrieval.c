/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Retrieval: the owner proves who he is, then gets every message with its key
 * as deposited, its authenticated sender and its packets unchanged (S30 to
 * S36). */
#include "harness/agent/mailbox_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdio.h>
#include <string.h>

#define TAG_LEN 10 /* HMAC-SHA1-80 */

struct retrieval {
    struct store_message *list;
    size_t num; /* messages to hand out; with deliver_again each counts twice */
    size_t in_list;
    size_t next; /* message being sent */
    struct media_sender *sender;
    struct media_srtp *prompt;
    struct media_srtp *anew; /* the hop key on somebody's SSRC */
    uint32_t anew_ssrc;
    int released; /* keys were handed out */
};

static int is_owner(struct incall *c, struct view id)
{
    struct mailbox *m = mailbox_of(c);
    return id.len == strlen(m->account) &&
           memcmp(id.data, m->account, id.len) == 0;
}

static int retrieval_i1(struct incall *c)
{
    struct retrieval *r = mem_alloc(sizeof *r);
    struct mailbox *m = mailbox_of(c);
    if (r == NULL) {
        return 500;
    }
    c->owner = r;
    /* A mailbox that is called itself can decrypt: anything else is no
     * retrieval. */
    if (ibake_session_form(c->ib) != IBAKE_FORM_NORMAL) {
        return 403;
    }
    size_t bad = 0;
    if (store_list(m->store, m->account, &r->list, &r->in_list, &bad) !=
        STATUS_OK) {
        return 500;
    }
    if (bad > 0) {
        log_at(&c->agent->log, LOG_ERROR, "%zu messages cannot be read", bad);
    }
    if (agent_does(c->agent, FAULT_MB_FORGET_MESSAGE)) {
        store_reset(m->store);
        return 0;
    }
    r->num = r->in_list * (agent_behaves(c->agent, "deliver_again") ? 2 : 1);
    return 0;
}

static const struct store_message *message_at(const struct retrieval *r,
                                              size_t i)
{
    return &r->list[i % r->in_list];
}

/* The second time round a message has an id of its own. */
static void id_at(const struct retrieval *r, size_t i, char out[64])
{
    snprintf(out, 64, "%.40s%s", message_at(r, i)->id,
             i >= r->in_list ? "-again" : "");
}

static int retrieval_i2(struct incall *c)
{
    return is_owner(c, ibake_session_peer(c->ib)) ||
                   agent_does(c->agent, FAULT_MB_SERVE_ANYBODY)
               ? 0
               : 403;
}

/* ---- the parts of the 200 (S34) ---- */

/* Who is told to B as the depositor; NULL: nobody. */
static const char *sender_of(struct incall *c, const struct retrieval *r,
                             size_t i)
{
    struct agent *a = c->agent;
    const char *told = agent_behave(a, "identity", NULL);
    if (agent_behaves(a, "no_identity")) {
        return NULL;
    }
    if (told != NULL) {
        return told;
    }
    return agent_does(a, FAULT_MB_ONE_IDENTITY_FOR_ALL)
               ? r->list[0].sender
               : message_at(r, i)->sender;
}

static enum status key_part(struct incall *c, const struct retrieval *r,
                            size_t i, struct wr *body)
{
    const struct store_message *m = message_at(r, i);
    char id[64];
    uint8_t *i2 = mem_dup(m->i2, m->i2_len);
    if (i2 != NULL && agent_does(c->agent, FAULT_MB_ALTER_ESK) &&
        m->i2_len > 8) {
        i2[m->i2_len - 4] ^= 1; /* inside W of the ESK, which comes last */
    }
    char *b64 = i2 != NULL ? base64_new(i2, m->i2_len) : NULL;
    if (b64 != NULL) {
        id_at(r, i, id);
        wr_printf(body,
                  "--dd-b1\r\nContent-Type: application/mikey\r\n"
                  "Content-Transfer-Encoding: base64\r\n"
                  "Content-ID: <%s-key@vm.home-b.example>\r\n"
                  "Content-Disposition: x-dd-key;handling=optional\r\n\r\n",
                  id);
        wr_str(body, b64);
        wr_str(body, "\r\n");
    }
    mem_free(b64);
    mem_free(i2);
    return b64 != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static void origin_part(struct incall *c, const struct retrieval *r, size_t i,
                        struct wr *body)
{
    const struct store_message *m = message_at(r, i);
    const char *sender = sender_of(c, r, i);
    char date[40];
    char id[64];
    agent_http_date(date, m->time_us);
    id_at(r, i, id);
    wr_printf(body,
              "--dd-b1\r\nContent-Type: message/sipfrag\r\n"
              "Content-ID: <%s-orig@vm.home-b.example>\r\n"
              "Content-Disposition: x-dd-origin;handling=optional\r\n\r\n",
              id);
    if (sender != NULL) {
        wr_printf(body, "From: <%s>;tag=%s\r\nP-Asserted-Identity: <%s>\r\n",
                  sender, id, sender);
    }
    wr_printf(body, "To: <%s>\r\nDate: %s\r\nCall-ID: %s\r\n\r\n", m->account,
              date, m->call_id);
}

static enum status message_parts(struct incall *c, const struct retrieval *r,
                                 size_t i, struct wr *body)
{
    int frag_first =
        strcmp(agent_behave(c->agent, "order", ""), "sipfrag-first") == 0;
    if (frag_first) {
        origin_part(c, r, i, body);
    }
    enum status st = key_part(c, r, i, body);
    if (st == STATUS_OK && !frag_first) {
        origin_part(c, r, i, body);
    }
    return st;
}

static void add_parts(struct incall *c, struct sip_out *out)
{
    struct retrieval *r = c->owner;
    const char *sdp = (const char *)out->body;
    struct wr body;
    wr_init(&body);
    if (sdp != NULL) {
        wr_str(&body, "--dd-b1\r\nContent-Type: application/sdp\r\n\r\n");
        wr_bytes(&body, out->body, out->body_len);
        wr_str(&body, "\r\n");
    }
    enum status st = STATUS_OK;
    for (size_t i = 0; i < r->num && st == STATUS_OK; i++) {
        st = message_parts(c, r, i, &body);
    }
    if (r->num > 0 && st == STATUS_OK && body.err == STATUS_OK) {
        wr_str(&body, "--dd-b1--\r\n");
        sip_out_set(out, "MIME-Version", "1.0");
        sip_out_body(out, "multipart/mixed;boundary=dd-b1", body.data,
                     body.len);
        r->released = 1;
    }
    wr_cleanup(&body);
}

/* A fault does not wait for I_MESSAGE_2. */
static void retrieval_early(struct incall *c, struct sip_out *out)
{
    if (agent_does(c->agent, FAULT_MB_RELEASE_EARLY)) {
        add_parts(c, out);
    }
}

static void retrieval_answer(struct incall *c, struct sip_out *out)
{
    add_parts(c, out);
    if (agent_does(c->agent, FAULT_MB_LEAK_HOP_KEY)) {
        struct view tgk = agent_record_get(c->agent, "secret.TGK");
        char *hex = hex_new(tgk.data, tgk.len);
        sip_out_add(out, "X-Debug", "%s", hex != NULL ? hex : "");
        mem_free(hex);
    }
}

/* ---- media ---- */

static void send_next(struct incall *c);

/* A tone under the hop key ends the delivery: B knows the SSRC is not a
 * message's. */
static void on_prompted(void *ctx)
{
    struct incall *c = ctx;
    struct retrieval *r = c->owner;
    r->sender = NULL;
}

static void send_prompt(struct incall *c)
{
    struct retrieval *r = c->owner;
    struct ibake_srtp_key key;
    struct wav beep = {0};
    if (ibake_hop_key(c->ib, 2, &key) != STATUS_OK) {
        return;
    }
    struct media_srtp_params p = {0};
    memcpy(p.key, key.key, sizeof p.key);
    memcpy(p.salt, key.salt, sizeof p.salt);
    uint32_t ssrc = ibake_session_ssrc(c->ib, IBAKE_RESPONDER);
    if (media_srtp_new(&r->prompt, &p, ssrc, 0, 1) == STATUS_OK &&
        wav_tone(&beep, 400, 8000, 480) == STATUS_OK) {
        struct media_send how = {.port = c->port,
                                 .to = c->peer_rtp,
                                 .interval_ms = MEDIA_FAST_INTERVAL,
                                 .burst = MEDIA_FAST_BURST,
                                 .done = on_prompted,
                                 .ctx = c};
        struct media_voice voice = {.samples = beep.samples,
                                    .num = beep.num,
                                    .ssrc = ssrc,
                                    .first_seq = 1,
                                    .pt = RTP_PT_PCMU,
                                    .srtp = r->prompt};
        media_send_voice(&r->sender, c->agent->loop, &how, &voice);
    }
    wav_free(&beep);
    mem_wipe(&key, sizeof key);
    mem_wipe(&p, sizeof p);
}

static void on_sent(void *ctx)
{
    struct incall *c = ctx;
    struct retrieval *r = c->owner;
    r->sender = NULL;
    r->next++;
    send_next(c);
}

/* Protects what came anew, under the hop key and the SSRC it has. */
static void reencrypt(struct incall *c, uint8_t *data, size_t *len, size_t cap)
{
    struct retrieval *r = c->owner;
    struct ibake_srtp_key key;
    struct rtp h;
    if (*len <= RTP_HEADER_LEN + TAG_LEN ||
        rtp_parse(&h, data, *len) != STATUS_OK) {
        return;
    }
    if (r->anew == NULL || r->anew_ssrc != h.ssrc) {
        struct media_srtp_params p = {0};
        media_srtp_free(r->anew);
        r->anew = NULL;
        r->anew_ssrc = h.ssrc;
        if (ibake_hop_key(c->ib, 2, &key) == STATUS_OK) {
            memcpy(p.key, key.key, sizeof p.key);
            memcpy(p.salt, key.salt, sizeof p.salt);
            if (media_srtp_new(&r->anew, &p, h.ssrc, 0, 1) != STATUS_OK) {
                r->anew = NULL;
            }
            mem_wipe(&key, sizeof key);
            mem_wipe(&p, sizeof p);
        }
    }
    if (r->anew != NULL) {
        media_srtp_protect(r->anew, data, cap, len, data, *len - TAG_LEN);
    }
}

/* Faults and stimuli that touch the media; correct mailboxes change nothing. */
static unsigned alter(void *ctx, size_t index, uint8_t *data, size_t *len,
                      size_t cap)
{
    struct incall *c = ctx;
    if (agent_does(c->agent, FAULT_MB_FLIP_MEDIA_BIT) && index == 3 &&
        *len > 20) {
        data[20] ^= 0x10;
    }
    if (agent_does(c->agent, FAULT_MB_RENUMBER_MEDIA)) {
        data[2] = (uint8_t)(index >> 8);
        data[3] = (uint8_t)index;
    }
    if (agent_does(c->agent, FAULT_MB_REENCRYPT_MEDIA) ||
        agent_behaves(c->agent, "reencrypt")) {
        reencrypt(c, data, len, cap);
    }
    return 1;
}

static void send_next(struct incall *c)
{
    struct retrieval *r = c->owner;
    if (r->next >= r->num || !r->released) {
        send_prompt(c);
        return;
    }
    const struct store_message *m = message_at(r, r->next);
    struct view *v = mem_alloc((m->num_packets + 1) * sizeof *v);
    if (v == NULL) {
        return;
    }
    for (size_t i = 0; i < m->num_packets; i++) {
        v[i] = (struct view){m->packets[i], m->packet_lens[i]};
    }
    struct media_send how = {
        .port = c->port,
        .to = c->peer_rtp,
        .interval_ms = MEDIA_FAST_INTERVAL,
        .burst = MEDIA_FAST_BURST,
        .done = on_sent,
        .ctx = c,
        .alter =
            c->agent->fault != NULL || c->agent->behave != NULL ? alter : NULL};
    if (media_send_packets(&r->sender, c->agent->loop, &how, v,
                           m->num_packets) != STATUS_OK) {
        log_at(&c->agent->log, LOG_ERROR, "cannot send message %s", m->id);
        r->next = r->num;
    }
    mem_free(v);
}

static void retrieval_ack(struct incall *c)
{
    if (c->peer_rtp.family == 0 || c->ib == NULL) {
        return;
    }
    send_next(c);
}

/* S36: new becomes old. */
static void retrieval_bye(struct incall *c, struct siptx_server *tx)
{
    struct retrieval *r = c->owner;
    struct mailbox *m = mailbox_of(c);
    siptx_reply_status(tx, 200, NULL, NULL);
    if (r->released && r->next >= r->num) {
        for (size_t i = 0; i < r->in_list; i++) {
            if (!agent_does(c->agent, FAULT_MB_COUNTS_STAY_NEW)) {
                store_mark_seen(m->store, r->list[i].id);
            }
        }
        mwi_notify(m, NULL);
    }
    incall_over(c);
}

static void retrieval_over(struct incall *c)
{
    struct retrieval *r = c->owner;
    struct mailbox *m = mailbox_of(c);
    if (r != NULL) {
        media_sender_stop(r->sender);
        media_srtp_free(r->prompt);
        media_srtp_free(r->anew);
        store_list_free(r->list, r->in_list);
        mem_free(r);
    }
    incall_free(&m->calls, c);
}

const struct incall_hooks retrieval_hooks = {.on_i1 = retrieval_i1,
                                             .on_i2 = retrieval_i2,
                                             .add_early = retrieval_early,
                                             .add_answer = retrieval_answer,
                                             .on_ack = retrieval_ack,
                                             .on_bye = retrieval_bye,
                                             .on_over = retrieval_over};
