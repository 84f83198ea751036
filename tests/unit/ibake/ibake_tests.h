/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the files of unit_ibake share: a small world with A, B, the mailbox M.
 */
#ifndef TESTS_UNIT_IBAKE_IBAKE_TESTS_H
#define TESTS_UNIT_IBAKE_IBAKE_TESTS_H

#include "harness/ibake/ibake_int.h"
#include "tests/unit/unit.h"

extern const struct unit_suite ibake_transcript_suite;
extern const struct unit_suite ibake_forms_suite;
extern const struct unit_suite ibake_checks_suite;
extern const struct unit_suite ibake_edits_suite;
extern const struct unit_suite ibake_kms_suite;
extern const struct unit_suite ibake_deposit_suite;
extern const struct unit_suite ibake_robust_suite;

#define ID_A "sip:alice@example.com"
#define ID_B "sip:bob@example.com"
#define ID_M "sip:vm.bob@example.net"
#define ID_C "sip:carol@example.com"
#define ID_KMS "sip:kms@example.com"
#define DAY "20260105"
#define DAY_BEFORE "20260104"
#define DAY_AFTER "20260106"
#define NOON_US ((uint64_t)1767614400 * 1000000) /* 2026-01-05T12:00:00Z */

/* The known-answer transcript, as hex; ends with a NULL name. */
struct known {
    const char *name;
    const char *hex;
};
extern const struct known known_answers[];
/* known_octets decodes one; free with octets_free. */
struct octets known_octets(const char *name);
int is_known(struct view v, const char *name);

struct told {
    char label[16];
    struct octets lookup, secret;
};

#define MAX_TOLD 64
#define MAX_RHO 8

/* env comes first: its functions get at the rest. */
struct world {
    struct env env;
    uint8_t rho[MAX_RHO][20]; /* handed out for requests of 20 octets */
    size_t num_rho, next_rho;
    struct ibake_keyring *ring_a, *ring_b, *ring_m;
    struct ibake_config cfg; /* template: strict, all checks */
    struct ibake_config cfg_a, cfg_b, cfg_m;
    struct edit_list edits_a, edits_m;
    struct told told[MAX_TOLD];
    size_t num_told;
    char log[8192]; /* lines of the last steps */
};

/* world_up makes the key rings: A has the keys of A, B those of B, M those of
 * M, for DAY and its neighbours. 0: no memory. */
int world_up(struct world *w);
void world_down(struct world *w);
/* world_configs copies w->cfg to the three parties again. */
void world_configs(struct world *w);
/* world_rho makes the next IBE encryptions use SHA-1 of these labels. */
void world_rho(struct world *w, const char *const *labels, size_t num);
int give_key(struct ibake_keyring *ring, const char *id, const char *date);
const struct told *find_told(const struct world *w, const char *label,
                             struct view lookup);
int was_logged(const struct world *w, const char *text);

enum step {
    MAKE_I1,
    TAKE_I1,
    MAKE_R1,
    TAKE_R1,
    MAKE_I2,
    TAKE_I2,
    MAKE_R2,
    TAKE_R2,
    ALL_STEPS
};

/* One exchange between an initiator A and a responder. */
struct exchange {
    struct world *w;
    struct ibake_session *a, *r;
    struct wr i1, r1, i2, r2;
    enum status st[ALL_STEPS];
};

/* exchange_new: A calls `called`, the party with cfg_r answers as `own`. */
void exchange_new(struct exchange *x, struct world *w, const char *called,
                  const struct ibake_config *cfg_r, const char *own);
/* exchange_run goes on until before the step `until`; stops at the first
 * failure, and returns the step that failed, or `until`. */
enum step exchange_run(struct exchange *x, enum step until);
enum status exchange_run_one(struct exchange *x, enum step step);
void exchange_free(struct exchange *x);

/* look gives what is at a path of edits in a finished message, inside
 * ciphertexts, too; "mikey.IBAKE.key" is the identity that can open it. */
enum status look(struct world *w, struct view octets, const char *path,
                 struct octets *out);

static inline struct view text_view(const char *s)
{
    return (struct view){(const uint8_t *)s, strlen(s)};
}
static inline struct view wr_view(const struct wr *w)
{
    return (struct view){w->data, w->len};
}

#endif
