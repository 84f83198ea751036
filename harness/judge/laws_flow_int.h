/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the laws of the whole way and of refusals share. */
#ifndef HARNESS_JUDGE_LAWS_FLOW_INT_H
#define HARNESS_JUDGE_LAWS_FLOW_INT_H

#include "harness/judge/laws_int.h"

/* How far an exchange came. */
struct flow {
    const struct jx *x;
    int broken;
    int at_fault; /* party; -1 = nobody's, or not known */
    const char *what;
    const struct jsip *sip; /* where, or NULL */
    uint64_t frame;
    int seen; /* what is amiss is on record: no waiting would mend it */
    const struct jmsg *r2;
    const struct jsip *ok; /* 2xx to the INVITE */
};

/* flow_exchange: four sound messages; 1 if so, else *f says what is amiss. */
int flow_exchange(struct judge *j, struct flow *f, const struct jx *x);
/* flow_content counts the packets of the message. */
size_t flow_content(const struct jx *x);

/* laws_flow_more.c (rows in laws_flow.c) */
void law_flow_rendered(struct judge *j, const struct law *law);
void law_flow_account(struct judge *j, const struct law *law);
void law_flow_key_issued(struct judge *j, const struct law *law);
void law_flow_bare_r1(struct judge *j, const struct law *law);
void law_flow_extension(struct judge *j, const struct law *law);

/* V of a key request: 1 verifies, 0 does not, -1 cannot be told, for want of
 * *lack. */
int kms_request_proof(struct judge *j, const struct jx *x, const char **lack);
/* The identity whose pre-shared key protects the request: IDRpsk, else the
 * first user. kms_foreign: the first identity asked for that is another's; len
 * 0 = none. */
struct view kms_requester(const struct jform *req);
struct view kms_foreign(const struct judge *j, const struct jx *x);
/* The same octets came before, in another exchange with a KMS. */
int kms_is_replay(const struct judge *j, const struct jx *x);
/* The answer holds keys: it is a REQUEST_KEY_RESP with KEMAC. */
int kms_gave_keys(const struct jx *x);

/* laws_refuse_a.c, laws_refuse_b.c, laws_refuse_kms.c (rows in laws_refuse.c)
 */
void law_refuse_r1(struct judge *j, const struct law *law);
void law_refuse_r2(struct judge *j, const struct law *law);
void law_stops_488(struct judge *j, const struct law *law);
void law_stops_error(struct judge *j, const struct law *law);
void law_stops_without(struct judge *j, const struct law *law);
void law_b_deferred(struct judge *j, const struct law *law);
void law_b_bad_v(struct judge *j, const struct law *law);
void law_b_sk_type(struct judge *j, const struct law *law);
void law_b_foreign_esk(struct judge *j, const struct law *law);
void law_b_unauthenticated(struct judge *j, const struct law *law);
void law_b_altered(struct judge *j, const struct law *law);
void law_b_hop_media(struct judge *j, const struct law *law);
void law_kms_refuses(struct judge *j, const struct law *law);

/* What a rendered file holds against the packets of a delivery. */
struct samples {
    int16_t *v;
    size_t num;
};
/* samples_expected decrypts: those of packets that verify, in the order of
 * their index, each once; altered counts packets that do not. */
void samples_expected(struct judge *j, const struct jdelivery *d,
                      struct samples *out, size_t *altered);
/* samples_rendered reads the file named in the evidence; 0 with *why. */
int samples_rendered(struct judge *j, const struct jev *ev, struct samples *out,
                     const char **why);
/* samples_unchecked: what a packet would sound like if nobody looked at its
 * tag. */
int samples_unchecked(struct judge *j, const struct jdelivery *d,
                      const struct jrtp *r, struct samples *out);
/* samples_raw: what it would sound like if nobody even decrypted it. */
int samples_raw(struct judge *j, const struct jrtp *r, struct samples *out);
/* samples_in_order: every packet of the delivery that verifies is heard in a,
 * in the order of their index. */
int samples_in_order(struct judge *j, const struct samples *a,
                     const struct jdelivery *d);
/* Does a hold b as a run? */
int samples_hold(const struct samples *a, const struct samples *b);

#endif
