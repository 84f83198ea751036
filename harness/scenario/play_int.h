/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to harness/scenario: the parties of a run and their processes. */
#ifndef HARNESS_SCENARIO_PLAY_INT_H
#define HARNESS_SCENARIO_PLAY_INT_H

#include "capture/record.h"
#include "harness/base/env.h"
#include "harness/scenario/play.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

#define PLAY_MAX_PARTIES 10
#define PLAY_MAX_LINE (1u << 20)
#define PLAY_SIP_PORT 5060
#define PLAY_KMS_PORT 7557

struct play;

struct party {
    const char *role;
    const char *identity; /* "" for CORE */
    char address[16];
    int is_iut;      /* the role under test */
    int listen_only; /* adapter "listen:": no process */
    pid_t pid;       /* 0 = none or gone */
    int in, out;     /* its stdin and stdout, -1 = closed */
    char *line;      /* what was read of the current line */
    size_t line_len;
    char psk[33];        /* hex */
    const char *command; /* of its adapter, NULL: reference agent */
    int restarted;       /* its log goes on */
};

/* An outstanding request. */
struct request {
    int id;
    struct party *party;
    char *what;
    uint64_t deadline_us;
    int done;
    json_t *answer; /* NULL if none came */
};

struct play {
    const struct scenario *scn;
    const struct play_config *cfg;
    struct env env;
    char *net_prefix; /* "127.9.3." */
    unsigned net_base;
    struct party parties[PLAY_MAX_PARTIES];
    size_t num_parties;
    struct recorder *recorder;
    struct tap_writer *tap;
    int taps;
    FILE *evidence;
    char *keys_path;
    struct ynode *ibe;
    int next_id;
    struct request *requests;
    size_t num_requests;
    unsigned rendered;
    int stopping;      /* quit was sent: processes may end */
    uint64_t until_us; /* when the last step was over */
    json_t *told; /* label and lookup value of each secret in the key log */
};

/* play_child.c */
enum status party_spawn(struct play *p, struct party *party,
                        const char *command, char why[512]);
void party_write(struct party *party, const json_t *message);
/* Reads what is there; whole lines go to play_on_line. */
void party_read(struct play *p, struct party *party);
/* Ends the process: quit was sent; waits grace_ms, then TERM, then KILL; notes
 * the exit in the evidence log. */
void party_stop(struct play *p, struct party *party, unsigned grace_ms);
void party_reap(struct play *p, struct party *party, int expected);
/* Ends the process by signal ("KILL", "TERM"), starts it again and provisions
 * it as before. What went wrong is told to the evidence log. */
void party_restart(struct play *p, struct party *party, const char *signal);

/* play.c */
void play_on_line(struct play *p, struct party *party, const char *line);
/* Waits for events until all requests with id >= from are done or timed out,
 * or, with from 0, for ms milliseconds. */
void play_wait(struct play *p, int from, unsigned ms);
int play_send(struct play *p, struct party *party, json_t *message,
              const char *what, unsigned timeout_ms);
struct request *play_request(struct play *p, int id);
struct party *play_party(struct play *p, const char *role);

/* play_bundle.c */
void evidence_add(struct play *p, json_t *object); /* takes the reference */
enum status bundle_write_plan(const struct play *p, const char *started,
                              char why[512]);
const char *play_pixit(const struct play *p, const char *item,
                       const char *fallback);
/* Removes what an earlier run left in the folder. */
void bundle_clean(const struct play *p);
/* play_store.c: searches the mailbox's store for secrets of the key log; one
 * line of evidence (kind "store"). */
void store_scan(struct play *p);
/* play_provision.c */
int play_provision_one(struct play *p, struct party *party);
enum status play_provision(struct play *p, char why[512]);

#endif
