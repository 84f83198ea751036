/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Retrieval: the owner proves who he is, then gets every message with its key as
 * deposited, its authenticated sender and its packets unchanged (S30 to S36). */
#include "harness/agent/mailbox_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct retrieval {
    struct store_message *list;
    size_t num;
    size_t next; /* message being sent */
    struct media_sender *sender;
    struct media_srtp *prompt;
    int released; /* keys were handed out */
};

static int is_owner(struct incall *c, struct view id)
{
    struct mailbox *m = mailbox_of(c);
    return id.len == strlen(m->account) && memcmp(id.data, m->account, id.len) == 0;
}

static int retrieval_i1(struct incall *c)
{
    struct retrieval *r = mem_alloc(sizeof *r);
    struct mailbox *m = mailbox_of(c);
    if (r == NULL) {
        return 500;
    }
    c->owner = r;
    /* A mailbox that is called itself can decrypt: anything else is no retrieval. */
    if (ibake_session_form(c->ib) != IBAKE_FORM_NORMAL) {
        return 403;
    }
    if (!is_owner(c, ibake_session_peer(c->ib)) &&
        !agent_does(c->agent, FAULT_MB_SERVE_ANYBODY)) {
        log_at(&c->agent->log, LOG_NOTE, "refused: %.*s is not the owner",
               (int)ibake_session_peer(c->ib).len,
               (const char *)ibake_session_peer(c->ib).data);
        return 403;
    }
    return store_list(m->store, m->account, &r->list, &r->num, NULL) == STATUS_OK
               ? 0
               : 500;
}

static int retrieval_i2(struct incall *c)
{
    return is_owner(c, ibake_session_peer(c->ib)) ||
                   agent_does(c->agent, FAULT_MB_SERVE_ANYBODY)
               ? 0
               : 403;
}

/* ---- the parts of the 200 (S34) ---- */

static void http_date(char out[40], uint64_t time_us)
{
    time_t t = (time_t)(time_us / 1000000u);
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(out, 40, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static const char *sender_of(struct incall *c, const struct retrieval *r,
                             size_t i)
{
    return agent_does(c->agent, FAULT_MB_ONE_IDENTITY_FOR_ALL)
               ? r->list[0].sender
               : r->list[i].sender;
}

static enum status key_part(struct incall *c, const struct store_message *m,
                            struct wr *body)
{
    uint8_t *i2 = mem_dup(m->i2, m->i2_len);
    if (i2 != NULL && agent_does(c->agent, FAULT_MB_ALTER_ESK) &&
        m->i2_len > 8) {
        i2[m->i2_len - 4] ^= 1; /* inside W of the ESK, which comes last */
    }
    char *b64 = i2 != NULL ? base64_new(i2, m->i2_len) : NULL;
    if (b64 != NULL) {
        wr_printf(body,
                  "--dd-b1\r\nContent-Type: application/mikey\r\n"
                  "Content-Transfer-Encoding: base64\r\n"
                  "Content-ID: <%s-key@vm.home-b.example>\r\n"
                  "Content-Disposition: x-dd-key;handling=optional\r\n\r\n%s\r\n",
                  m->id, b64);
    }
    mem_free(b64);
    mem_free(i2);
    return b64 != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static void origin_part(struct incall *c, const struct store_message *m,
                        const char *sender, struct wr *body)
{
    char date[40];
    http_date(date, m->time_us);
    wr_printf(body,
              "--dd-b1\r\nContent-Type: message/sipfrag\r\n"
              "Content-ID: <%s-orig@vm.home-b.example>\r\n"
              "Content-Disposition: x-dd-origin;handling=optional\r\n\r\n"
              "From: <%s>;tag=%s\r\nP-Asserted-Identity: <%s>\r\nTo: <%s>\r\n"
              "Date: %s\r\nCall-ID: %s\r\n\r\n",
              m->id, sender, m->id, sender, m->account, date, m->call_id);
    (void)c;
}

static void retrieval_answer(struct incall *c, struct sip_out *out)
{
    struct retrieval *r = c->owner;
    struct wr body;
    wr_init(&body);
    for (size_t i = 0; i < r->num; i++) {
        if (key_part(c, &r->list[i], &body) != STATUS_OK) {
            break;
        }
        origin_part(c, &r->list[i], sender_of(c, r, i), &body);
    }
    if (r->num > 0 && body.err == STATUS_OK) {
        wr_str(&body, "--dd-b1--\r\n");
        sip_out_set(out, "MIME-Version", "1.0");
        sip_out_body(out, "multipart/mixed;boundary=dd-b1", body.data, body.len);
        r->released = 1;
    }
    if (agent_does(c->agent, FAULT_MB_LEAK_HOP_KEY)) {
        struct ibake_srtp_key k;
        if (c->ib != NULL && ibake_hop_key(c->ib, 2, &k) == STATUS_OK) {
            char *hex = hex_new(k.key, sizeof k.key);
            sip_out_add(out, "X-Debug", "%s", hex != NULL ? hex : "");
            mem_free(hex);
        }
    }
    wr_cleanup(&body);
}

/* ---- media ---- */

static void send_next(struct incall *c);

/* A tone under the hop key ends the delivery: B knows the SSRC is not a message's. */
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

/* Faults that touch the media; correct mailboxes change nothing. */
static unsigned alter(void *ctx, size_t index, uint8_t *data, size_t *len,
                      size_t cap)
{
    struct incall *c = ctx;
    struct retrieval *r = c->owner;
    if (agent_does(c->agent, FAULT_MB_FLIP_MEDIA_BIT) && index == 3 && *len > 20) {
        data[20] ^= 0x10;
    }
    if (agent_does(c->agent, FAULT_MB_RENUMBER_MEDIA)) {
        data[2] = (uint8_t)(index >> 8);
        data[3] = (uint8_t)index;
    }
    if (agent_does(c->agent, FAULT_MB_REENCRYPT_MEDIA) && *len > 22) {
        struct ibake_srtp_key key;
        struct media_srtp_params p = {0};
        struct media_srtp *s = NULL;
        struct rtp h;
        if (rtp_parse(&h, data, *len) == STATUS_OK &&
            ibake_hop_key(c->ib, 2, &key) == STATUS_OK) {
            memcpy(p.key, key.key, sizeof p.key);
            memcpy(p.salt, key.salt, sizeof p.salt);
            if (media_srtp_new(&s, &p, h.ssrc, 0, 1) == STATUS_OK) {
                media_srtp_protect(s, data, cap, len, data, *len - 10);
            }
            media_srtp_free(s);
        }
    }
    (void)r;
    return 1;
}

static void send_next(struct incall *c)
{
    struct retrieval *r = c->owner;
    if (r->next >= r->num) {
        send_prompt(c);
        return;
    }
    const struct store_message *m = &r->list[r->next];
    struct view *v = mem_alloc((m->num_packets + 1) * sizeof *v);
    if (v == NULL) {
        return;
    }
    for (size_t i = 0; i < m->num_packets; i++) {
        v[i] = (struct view){m->packets[i], m->packet_lens[i]};
    }
    struct media_send how = {.port = c->port,
                             .to = c->peer_rtp,
                             .interval_ms = MEDIA_FAST_INTERVAL,
                             .burst = MEDIA_FAST_BURST,
                             .done = on_sent,
                             .ctx = c,
                             .alter = c->agent->fault != NULL ? alter : NULL};
    if (media_send_packets(&r->sender, c->agent->loop, &how, v,
                           m->num_packets) != STATUS_OK) {
        log_at(&c->agent->log, LOG_ERROR, "cannot send message %s", m->id);
    }
    mem_free(v);
}

static void retrieval_ack(struct incall *c)
{
    struct retrieval *r = c->owner;
    if (c->peer_rtp.family == 0 || !r->released) {
        send_prompt(c);
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
        for (size_t i = 0; i < r->num; i++) {
            store_mark_seen(m->store, r->list[i].id);
        }
        if (agent_does(c->agent, FAULT_MB_FORGET_MESSAGE)) {
            store_reset(m->store);
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
        store_list_free(r->list, r->num);
        mem_free(r);
    }
    incall_free(&m->calls, c);
}

const struct incall_hooks retrieval_hooks = {.on_i1 = retrieval_i1,
                                             .on_i2 = retrieval_i2,
                                             .add_answer = retrieval_answer,
                                             .on_ack = retrieval_ack,
                                             .on_bye = retrieval_bye,
                                             .on_over = retrieval_over};
