/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A capture to measure with: INVITEs with I_MESSAGE_1, all different. */
#include "capture/sample.h"

#include <string.h>

#include "capture/record.h"
#include "harness/base/env.h"
#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/mikey/mikey.h"
#include "harness/sip/sdp.h"

#define START_US 1767614400000000u /* 2026-01-05T12:00:00Z */
#define ENCR_LEN 284 /* IBAKE of I_MESSAGE_1 under a 512-bit p and P-256 */
#define MAX_TEXT 4096

struct call {
    size_t nth;
    uint64_t time_us;
    uint8_t noise[ENCR_LEN + 20]; /* RAND, CSB ID, Encr data */
};

static void begin_call(struct call *c, struct env *env, size_t nth)
{
    c->nth = nth;
    c->time_us = START_US + 1000 * (uint64_t)nth;
    /* The seeded generator never fails. */
    (void)env_random(env, c->noise, sizeof c->noise);
}

static void put_i1(struct wr *w, const struct call *c)
{
    uint8_t t[8];
    struct wr ts;
    static const char a[] = "sip:alice@home-a.example";
    static const char b[] = "sip:bob@home-b.example";
    const uint8_t *n = c->noise;
    struct mikey_msg msg = {
        .hdr = {.version = 1,
                .data_type = MIKEY_DT_I_MESSAGE_1,
                .v = 1,
                .csb_id = (uint32_t)c->nth + 1,
                .num_cs = 1,
                .map_type = MIKEY_MAP_EMPTY},
        .num_payloads = 5,
        .payloads = {
            {.type = MIKEY_PL_T, .u.t = {MIKEY_TS_NTP_UTC, {t, sizeof t}}},
            {.type = MIKEY_PL_RAND, .u.rnd = {{n, 16}}},
            {.type = MIKEY_PL_IDR,
             .u.idr = {MIKEY_ROLE_INITIATOR,
                       MIKEY_ID_URI,
                       {(const uint8_t *)a, sizeof a - 1}}},
            {.type = MIKEY_PL_IDR,
             .u.idr = {MIKEY_ROLE_RESPONDER,
                       MIKEY_ID_URI,
                       {(const uint8_t *)b, sizeof b - 1}}},
            {.type = MIKEY_PL_IBAKE, .u.enc = {{n + 20, ENCR_LEN}}}}};
    wr_init_fixed(&ts, t, sizeof t);
    wr_u64(&ts, ntp_from_us(c->time_us));
    mikey_encode(&msg, w);
}

static enum status put_sdp(struct wr *w, const struct call *c)
{
    uint8_t i1[1024];
    struct wr m;
    wr_init_fixed(&m, i1, sizeof i1);
    put_i1(&m, c);
    struct sdp_key_line key = {.message = {i1, m.len}};
    struct sdp_params p = {.user = "alice",
                           .session_id = 3981345304u + c->nth,
                           .version = 1,
                           .address = "192.0.2.11",
                           .port = (uint16_t)(20000 + c->nth * 2 % 40000),
                           .pt = 97,
                           .rtpmap = "AMR/8000",
                           .fmtp = "mode-set=7; octet-align=1",
                           .ptime = 20,
                           .direction = "sendrecv",
                           .session_keys = &key,
                           .num_session_keys = 1};
    return m.err != STATUS_OK ? m.err : sdp_build(w, &p);
}

static enum status put_invite(struct wr *w, const struct call *c)
{
    uint8_t body[MAX_TEXT];
    struct wr sdp;
    wr_init_fixed(&sdp, body, sizeof body);
    enum status s = put_sdp(&sdp, c);
    if (s != STATUS_OK) {
        return s;
    }
    wr_printf(
        w,
        "INVITE sip:bob@home-b.example SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 192.0.2.11:5060;branch=z9hG4bK-a-%06zu\r\n"
        "Max-Forwards: 70\r\n"
        "Route: <sip:scscf1.home-a.example;lr>\r\n"
        "From: \"Alice\" <sip:alice@home-a.example>;tag=a-%06zu\r\n"
        "To: <sip:bob@home-b.example>\r\n"
        "Call-ID: dd-%06zu@192.0.2.11\r\n"
        "CSeq: 1 INVITE\r\n"
        "Contact: <sip:alice@192.0.2.11:5060>;audio\r\n"
        "P-Asserted-Identity: \"Alice\" <sip:alice@home-a.example>\r\n"
        "Supported: 100rel, histinfo\r\n"
        "Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, NOTIFY\r\n"
        "Content-Type: application/sdp\r\n"
        "Content-Length: %zu\r\n\r\n",
        c->nth, c->nth, c->nth, sdp.len);
    wr_bytes(w, sdp.data, sdp.len);
    return w->err;
}

static enum status write_calls(struct tap_writer *t, size_t invites)
{
    struct env env;
    struct cap_addr a;
    struct cap_addr b;
    enum status s = cap_addr_parse(&a, "192.0.2.11:5060");
    if (s == STATUS_OK) {
        s = cap_addr_parse(&b, "198.51.100.41:5060");
    }
    env_init_virtual(&env, START_US, 1);
    for (size_t i = 0; i < invites && s == STATUS_OK; i++) {
        uint8_t text[MAX_TEXT];
        struct wr w;
        struct call c;
        begin_call(&c, &env, i);
        wr_init_fixed(&w, text, sizeof text);
        s = put_invite(&w, &c);
        if (s == STATUS_OK) {
            s = tap_udp(t, c.time_us, &a, &b, (struct view){w.data, w.len});
        }
    }
    return s;
}

enum status sample_write(const char *path, size_t invites)
{
    char why[RECORD_ERROR_TEXT];
    struct tap_writer *t = NULL;
    enum status s = tap_open(&t, path, why);
    if (s == STATUS_OK) {
        s = write_calls(t, invites);
        enum status end = tap_close(t);
        s = s == STATUS_OK ? end : s;
    }
    return s;
}
