/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The judge: a pure function from a recording (capture, key log, plan,
 * evidence) to findings and a verdict. It asks nobody and computes every key
 * itself. */
#ifndef HARNESS_JUDGE_JUDGE_H
#define HARNESS_JUDGE_JUDGE_H

#include "harness/base/buf.h"

/* In the order "worst wins" (design, 4). */
enum judge_verdict {
    JUDGE_NONE, /* nothing was verified */
    JUDGE_PASS,
    JUDGE_INCONC,
    JUDGE_FAIL,
    JUDGE_ERROR /* the harness did not do what it had to */
};
const char *judge_verdict_name(enum judge_verdict v); /* "PASS"; "NONE" */

enum judge_level { JUDGE_MUST, JUDGE_SHOULD, JUDGE_DERIVED, JUDGE_SECURITY };
const char *judge_level_name(enum judge_level l);

enum judge_family {
    JUDGE_STRUCTURE,
    JUDGE_IDENTITY,
    JUDGE_REPLAY,
    JUDGE_SECRECY
};
const char *judge_family_name(enum judge_family f);

/* A law as `latchkey list laws` and `explain` show it. All strings are static.
 */
struct judge_law_info {
    const char *name;
    enum judge_family family;
    enum judge_level level;
    const char *requirements; /* ids separated by blanks */
    const char *clause;
    const char *sentence; /* the duty, beginning with the party */
};
size_t judge_num_laws(void);
const struct judge_law_info *judge_law(size_t i); /* NULL past the end */
const struct judge_law_info *judge_law_find(const char *name);

/* One place where the condition of a law arose. Strings belong to the result.
 */
struct judge_finding {
    unsigned n; /* from 1, in the order of the wire */
    const struct judge_law_info *law;
    enum judge_verdict verdict; /* PASS, INCONC or FAIL */
    enum judge_level level;     /* that of the law, or lower for a deviation */
    const char *party;          /* role */
    const char *place;          /* "deposit 2", "run" */
    const char *message;        /* "I_MESSAGE_2", "" */
    uint64_t frame;             /* 0 = no frame */
    const char *in;    /* what octets counts in: "mikey", "ibake", "esk", "sip",
                        * "rtp", "kemac", "evidence", "" */
    uint32_t from, to; /* [from, to); equal = no range */
    const char *hex;
    const char *expected;
    const char *actual;
    int counted; /* it bears on the verdict of the plan */
};

struct judge_row { /* a row of expect, evaluated */
    const char *law;
    const char *on;
    const char *as;
    int met;
    enum judge_verdict verdict;
    const char *why; /* when not met */
    const unsigned *findings;
    size_t num_findings;
};

struct judge_message {
    const char *name;
    uint64_t frame;
    const char *from;
    const char *to;
    const char *sip; /* "INVITE", "183", "" */
};

struct judge_exchange {
    const char *place;
    const char *csb_id; /* 8 hex digits */
    const char *call_id;
    const char *form; /* "deferred", "normal", "unknown", "" for the KMS */
    const struct judge_message *messages;
    size_t num_messages;
};

struct judge_step { /* a row of the ladder */
    uint64_t frame;
    double t; /* seconds since the first packet */
    const char *from;
    const char *to;
    const char *label;
    const char *mikey; /* "" = none */
};

struct judge_party_result { /* without a plan: what each party earned */
    const char *role;
    const char *address;
    const char *identity;
    enum judge_verdict verdict;
    size_t passed, inconclusive, failed;
};

struct judge_result {
    const char *tp; /* "" without a plan */
    const char *title;
    const char *role;
    enum judge_verdict verdict;
    const char *reason;
    struct {
        const char *name, *sha256;
    } inputs[4]; /* name NULL = absent */
    const struct judge_row *rows;
    size_t num_rows;
    const struct judge_finding *findings;
    size_t num_findings;
    const struct judge_exchange *exchanges;
    size_t num_exchanges;
    const struct judge_step *ladder;
    size_t num_steps;
    const struct judge_party_result *parties;
    size_t num_parties;
    void *store; /* private */
};

/* Why there is no result: file, line and remedy in words. */
struct judge_error {
    enum status status;
    char text[512];
};

/* judge_bundle judges the folder of a run (docs/BUNDLE.md): capture.pcap and
 * plan.yaml must be there, keys.log and evidence.jsonl may be missing.
 * keys_path and plan_path, if not NULL, replace those of the bundle. Returns a
 * new result (judge_free), or NULL with *err filled: STATUS_NOT_FOUND,
 * STATUS_SYNTAX, STATUS_NO_MEMORY, .... */
struct judge_result *judge_bundle(const char *dir, const char *keys_path,
                                  const char *plan_path,
                                  struct judge_error *err);

/* judge_capture judges a capture by itself. keys_path and plan_path may be
 * NULL: without keys most findings are INCONC and name the key, without a plan
 * every law is held against every exchange. */
struct judge_result *judge_capture(const char *pcap, const char *keys_path,
                                   const char *plan_path,
                                   struct judge_error *err);
void judge_free(struct judge_result *r);

/* judge_stream reads a capture of any size once and holds each message that
 * opens an exchange (I_MESSAGE_1 and its offer, REQUEST_KEY) to the laws that
 * need nothing but that message: i1-structure, offer-key-mgmt,
 * kms-request-structure. Calls are not followed, keys are not used; memory does
 * not grow with the capture (the first 1000 findings that are no PASS are
 * kept). The verdict is FAIL or INCONC: what was not looked at cannot pass; the
 * result carries no digest. judge_capture does the same, without a plan, for a
 * capture that needs more memory than a trace may have, or holds more than
 * JUDGE_FOLLOWED MIKEY messages: laws that compare calls with each other take
 * time that grows with the square of their number. count may be NULL. */
#define JUDGE_FOLLOWED 4000
struct judge_count {
    uint64_t packets, octets, sip, mikey;
    uint64_t sound;   /* opening messages that keep the laws */
    uint64_t unsound; /* and that do not */
    uint64_t others;  /* messages that need their exchange to be judged */
};
struct judge_result *judge_stream(const char *pcap, struct judge_count *count,
                                  struct judge_error *err);

/* judge_json appends verdict.json: fixed order of keys, the same octets
 * whenever the same inputs are judged. judge_text appends the account for
 * people. verbose adds findings that passed and the ladder. */
void judge_json(const struct judge_result *r, struct wr *w);
void judge_text(const struct judge_result *r, int verbose, struct wr *w);

#endif
