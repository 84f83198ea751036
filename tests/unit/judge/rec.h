/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Recordings made by the tests themselves: real key exchanges with toy IBE
 * parameters, SIP over TCP, SRTP by libsrtp2, each with what is to be wrong. */
#ifndef TESTS_UNIT_JUDGE_REC_H
#define TESTS_UNIT_JUDGE_REC_H

#include "capture/record.h"
#include "harness/base/env.h"
#include "harness/crypto/bf.h"
#include "harness/crypto/ecdh.h"
#include "harness/judge/judge.h"
#include "harness/mikey/mikey.h"
#include "tests/unit/unit.h"

#define REC_A "sip:alice@home-a.example"
#define REC_B "sip:bob@home-b.example"
#define REC_MB "sip:bob-mbx@vm.home-b.example"
#define REC_C "sip:carol@home-b.example"

/* What is wrong with a message, or which reading its maker has. */
enum rec_twist {
    TW_I1_SKEW = 1,
    TW_I1_TYPE,
    TW_I1_BASE64,
    TW_I1_POINT,
    TW_R1_MALFORMED,
    TW_R1_CSB,
    TW_R1_T,
    TW_R1_IS_R2,
    TW_R1_CURVE,
    TW_R1_POINT,
    TW_R1_INNER_IDR,
    TW_R1_DEFERRED,
    TW_I2_YP,
    TW_I2_NO_ESK,
    TW_I2_NO_XP,
    TW_I2_CUT,
    TW_I2_IDI,
    TW_I2_INNER_IDI,
    TW_I2_INNER_IDR,
    TW_I2_KEY,
    TW_I2_EQUAL_T,
    TW_I2_POINT,
    TW_R2_V,
    TW_R2_XP,
    TW_R2_NO_IBAKE,
    TW_V_WITH_T,
    TW_V_WITH_I2,
    TW_K_X_ONLY,
    TW_K_COMPRESSED,
    TW_MPK_128,
    TW_RAND_I2,
    TW_RAND_BOTH,
    TW_DATE,
    TW_SK_SRTP,
    TW_SK_CR
};

struct rec_octets {
    uint8_t data[2048];
    size_t len;
};

struct rec_call {
    unsigned seed; /* makes scalars, RAND, CSB ID */
    enum rec_twist twist;
    int retrieval; /* B fetches; else A deposits */
    int packets;   /* of the message */
    int refuse;    /* status for the I_MESSAGE_2 instead of R_MESSAGE_2 */
    int stop;      /* after: 1 I_MESSAGE_1, 2 R_MESSAGE_1, 3 I_MESSAGE_2 */
    int flip;      /* this octet of message flip_in is changed, -1 = none */
    int flip_in;   /* 1 to 4 */
    const char *initiator;             /* identity, NULL = REC_A or REC_B */
    const struct rec_call *replay_i2;  /* its I_MESSAGE_2 is sent instead */
    const struct rec_call *deliver[4]; /* whose messages are handed out */
    int alter_esk;  /* the stored I_MESSAGE_2 is changed when handed out */
    int no_content; /* the message is not sent */
    /* results */
    struct rec_octets i1, r1, i2, r2;
    struct ecdh_key x, y;
    uint8_t mpk[32], tgk[32], sk[65];
    size_t sk_len;
    uint8_t rtp[32][256];
    int rtp_len[32];
};

struct rec {
    struct tap_writer *tap;
    char dir[64];
    struct env env;
    struct bf_params *bp;
    uint64_t us;
    struct wr keys, plan, evidence;
    unsigned calls;
};

void rec_init(struct rec *r);
void rec_done(struct rec *r); /* removes the folder */
void rec_call(struct rec *r, struct rec_call *c);
/* One SIP message between two parties ("A", "MB", "B"), with an SDP or other
 * body. */
void rec_sip(struct rec *r, const char *src, const char *dst, const char *head,
             const char *type, struct view body);
void rec_quiet(struct rec *r,
               unsigned ms); /* time passes, then an OPTIONS/200 */
void rec_notify(struct rec *r, unsigned cseq, unsigned fresh, unsigned old);
/* Lines of expect. */
void rec_expect(struct rec *r, const char *law, const char *at, const char *as);
/* rec_judge writes the files and judges the bundle; keys and plan may be left
 * out. Fatal if there is no result. */
#define REC_NO_KEYS 1
#define REC_NO_PLAN 2
struct judge_result *rec_judge(struct rec *r, int without);
void rec_write(struct rec *r, int without);
char *rec_path(const struct rec *r, const char *name, char out[128]);

/* The verdict of a law at a place for a party: the worst finding. */
enum judge_verdict rec_finding(const struct judge_result *r, const char *law,
                               const char *place, const char *party);
const struct judge_finding *rec_first(const struct judge_result *r,
                                      const char *law, const char *place,
                                      enum judge_verdict v);

#endif
