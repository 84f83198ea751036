/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A recording made by hand for the tests of laws: exchanges as the engine would
 * have found them, with what is inside the ciphertexts known beforehand. */
#ifndef TESTS_UNIT_JUDGE_LAWS_FIXTURE_H
#define TESTS_UNIT_JUDGE_LAWS_FIXTURE_H

#include "harness/judge/judge_int.h"
#include "tests/unit/unit.h"

enum { LF_A, LF_CORE, LF_MB, LF_B, LF_KMS, LF_C, LF_PARTIES };

#define LF_ALICE "sip:alice@home-a.example"
#define LF_BOB "sip:bob@home-b.example"
#define LF_MBX "sip:bob-mbx@vm.home-b.example"
#define LF_CAROL "sip:carol@home-b.example"
#define LF_SIPS 200
#define LF_RTPS 200

struct lf {
    struct judge j;
    struct trace trace;
    uint64_t now_us, frame;
    unsigned serial;
    struct trace_packet *packets;
};

/* What a message holds; 0 and NULL leave a thing out. */
struct lf_spec {
    uint8_t type, v;
    uint32_t csb;
    uint64_t t;       /* seconds of NTP, the fraction is 0 */
    const char *rand; /* octets as text */
    const char *idi, *idr;
    const char *ibake, *esk, *mac; /* Encr data or tag, as text */
    const uint8_t *head;           /* others of HDR: PRF, #CS; NULL = 0, 1 */
};

/* What is inside an IBAKE or ESK. Points are scalars times P, 0 = absent. */
struct lf_inner {
    const char *idi;
    unsigned xp;
    const char *idr;
    unsigned yp;
    uint8_t sk_type;
    struct view sk;
};

void lf_init(struct lf *f);
void lf_done(struct lf *f);

struct jform *lf_form(struct lf *f, const struct lf_spec *s);
/* lf_broken: a message cut to len octets. */
struct jform *lf_broken(struct lf *f, const struct lf_spec *s, size_t len);
void lf_open(struct lf *f, struct jopen *o, const char *want,
             const struct lf_inner *in);
void lf_no_key(struct jopen *o, const char *lack);

struct jx *lf_exchange(struct lf *f, enum jx_kind kind, int from, int to);
struct jleg *lf_leg(struct lf *f, struct jx *x, int party);
/* A request (status 0) or response on the wire; 10 ms after what came before.
 */
struct jsip *lf_sip(struct lf *f, struct jx *x, int src, int dst,
                    const char *method, uint32_t cseq, int status);
struct jmsg *lf_msg(struct lf *f, struct jx *x, struct jleg *l,
                    struct jform *form, const struct jsip *sip);
struct jrtp *lf_rtp(struct lf *f, struct jx *x, int back, uint16_t seq,
                    const char *payload, enum jmedia_key key, int cs);
void lf_evidence(struct lf *f, const char *json);
struct jdelivery *lf_deliver(struct lf *f, struct jx *retrieval,
                             struct jx *deposit, const char *from);

/* A whole deposit in deferred form with three packets, as it should be. seed
 * makes all its values different from those of another. */
struct jx *lf_deposit(struct lf *f, unsigned seed);
/* A whole retrieval by B (or C) in normal form, without deliveries. */
struct jx *lf_retrieval(struct lf *f, unsigned seed, int who);
void lf_bye(struct lf *f, struct jx *x);

/* What was decoded, to be changed in place as if it had come so. */
struct mikey_msg *lf_edit(const struct jform *form);
struct mikey_payload *lf_payload(const struct jform *form, uint8_t type);

/* lf_run runs one law; the findings of earlier runs are forgotten. */
void lf_run(struct lf *f, const char *name);
unsigned lf_count(const struct lf *f, enum judge_verdict v);
/* A finding with that verdict whose texts hold the words. */
int lf_says(const struct lf *f, enum judge_verdict v, const char *words);

#define LF_ONE(f, name, verdict)                                               \
    do {                                                                       \
        lf_run(f, name);                                                       \
        CU_ASSERT_TRUE(lf_count(f, verdict) > 0);                              \
        CU_ASSERT_EQUAL(lf_count(f, verdict), (unsigned)(f)->j.num_findings);  \
    } while (0)
#define LF_NONE(f, name)                                                       \
    do {                                                                       \
        lf_run(f, name);                                                       \
        CU_ASSERT_EQUAL((f)->j.num_findings, 0);                               \
    } while (0)

extern const struct unit_suite suite_laws_structure, suite_laws_sip,
    suite_laws_identity, suite_laws_replay, suite_laws_secrecy, suite_laws_kms;

#endif
