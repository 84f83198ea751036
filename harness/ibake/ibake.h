/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* MIKEY-IBAKE as a protocol: the two roles of the exchange, key rings, key
 * schedule, edits and switched-off checks (RFC 6267; specs AMB-nn). Message
 * octets in, message octets out; transport is somebody else's. */
#ifndef HARNESS_IBAKE_IBAKE_H
#define HARNESS_IBAKE_IBAKE_H

#include "harness/base/buf.h"
#include "harness/base/edit.h"
#include "harness/base/env.h"
#include "harness/base/log.h"
#include "harness/crypto/bf.h"
#include "harness/crypto/ecdh.h"
#include "harness/mikey/mikey.h"

/* ---- profile: the switches of PIXIT (ims-deferred-delivery 2.6, 8.2) ---- */

enum ibake_cs { IBAKE_CS_EMPTY, IBAKE_CS_SRTPID, IBAKE_CS_SRTPID_SP };
enum ibake_sk { IBAKE_SKP_STRICT, IBAKE_SKP_CR, IBAKE_SKP_SRTP };
enum ibake_v_cover { IBAKE_V_IDS, IBAKE_V_IDS_T, IBAKE_V_I2 };
enum ibake_rand_src {
    IBAKE_RAND_SAME,
    IBAKE_RAND_I1,
    IBAKE_RAND_I2,
    IBAKE_RAND_I1_I2
};
enum ibake_ksession {
    IBAKE_K_UNCOMPRESSED,
    IBAKE_K_X_ONLY,
    IBAKE_K_COMPRESSED
};

struct ibake_profile {
    uint8_t prf;     /* 0 MIKEY-1, 1 HMAC-SHA-256 */
    uint8_t mac_alg; /* 1 or 2 */
    uint8_t curve;   /* 8, 11, 14 */
    uint8_t id_type; /* 1 URI */
    enum ibake_cs cs;
    enum ibake_sk sk;
    enum ibake_v_cover v_cover;
    enum ibake_rand_src rand_src;
    enum ibake_ksession ksession;
    int r1_inner_id; /* deferred-form R1 carries IDRi inside (PX_R1_INNER_ID) */
    int check_skew;  /* responder refuses T outside skew_s */
    uint32_t skew_s; /* PX_SKEW */
};

/* ibake_profile_strict sets the strict profile of the specs. ibake_profile_set
 * sets one PIXIT item ("PX_SK_PROFILE", "SKP-CR"); STATUS_NOT_FOUND for an item
 * that is not of this layer, STATUS_BAD_VALUE for a value it does not have. */
void ibake_profile_strict(struct ibake_profile *p);
enum status ibake_profile_set(struct ibake_profile *p, const char *item,
                              const char *value);

/* ---- secrets told to the key log ---- */

/* Called for each secret the harness itself holds, with the label and values of
 * docs/KEYLOG.md. */
typedef void (*ibake_secret_fn)(void *ctx, const char *label,
                                struct view lookup, struct view secret);

/* ---- key ring ---- */

/* Public parameters by domain, own private keys by hashed identity (identity
 * octets
 * || YYYYMMDD), caches. Not shared between threads. */
struct ibake_keyring;
struct ibake_keyring *ibake_keyring_new(void);
void ibake_keyring_free(struct ibake_keyring *kr);

/* ibake_keyring_add_params: DER BFPublicParameters for every identity whose
 * octets end in domain (longest match wins). allow_toy as in bf_params_decode.
 */
enum status ibake_keyring_add_params(struct ibake_keyring *kr,
                                     const char *domain, struct view der,
                                     int allow_toy, enum bf_reason *reason);
/* ibake_keyring_add_private: DER BFPrivateKeyBlock of the hashed identity. */
enum status ibake_keyring_add_private(struct ibake_keyring *kr,
                                      struct view hashed_id, struct view der,
                                      enum bf_reason *reason);
/* Lookups; NULL if the domain has no parameters, or there is no such key. date
 * is 8 digits. The results belong to the key ring; a public one stays until 64
 * others were asked for. */
const struct bf_params *ibake_keyring_params(struct ibake_keyring *kr,
                                             struct view identity);
const struct bf_id *ibake_keyring_public(struct ibake_keyring *kr,
                                         struct view identity,
                                         const char date[9]);
const struct bf_key *ibake_keyring_private(struct ibake_keyring *kr,
                                           struct view identity,
                                           const char date[9]);

/* ---- what an agent may do wrong ---- */

/* Checks that a fault switches off. */
enum ibake_check {
    IBAKE_CHECK_XP = 1 << 0,        /* initiator: ECCPTi returned equals xP */
    IBAKE_CHECK_YP = 1 << 1,        /* responder: ECCPTr in I2 equals yP */
    IBAKE_CHECK_INNER_IDS = 1 << 2, /* inner identities equal outer ones */
    IBAKE_CHECK_SAME_IDI = 1 << 3,  /* IDRi of I2 equals IDRi of I1 */
    IBAKE_CHECK_V = 1 << 4,         /* initiator: V of R2 */
    IBAKE_CHECK_HDR = 1 << 5,       /* CSB ID, PRF, #CS, map type unchanged */
    IBAKE_CHECK_T = 1 << 6,         /* T echoed; T of I2 newer than of I1 */
    IBAKE_CHECK_SKEW = 1 << 7,
    IBAKE_CHECK_POINT = 1 << 8,       /* on the curve, not infinity */
    IBAKE_CHECK_ESK_PRESENT = 1 << 9, /* responder: deferred form has ESK */
    IBAKE_CHECK_ECCPTI_PRESENT = 1
                                 << 10, /* responder: deferred I2 has ECCPTi */
    IBAKE_CHECK_IDR_OWN = 1 << 11,      /* responder: IDRr of I2 is its own */
    IBAKE_CHECK_FORM = 1 << 12,         /* data type and moment fit */
    IBAKE_CHECK_R2_IBAKE = 1 << 13,     /* initiator: deferred R2 has IBAKE */
    IBAKE_CHECK_SECOND_I2 = 1 << 14,    /* responder: no second I2 in a CSB */
    IBAKE_CHECK_SK_TYPE = 1 << 15,      /* B: SK sub-payload has type 1 */
    IBAKE_CHECK_ALL = (1 << 16) - 1
};

/* ibake_edits_check validates every "mikey." edit of the list without a
 * message: message name, path, operation and value. Returns STATUS_OK, or
 * STATUS_SYNTAX with a sentence in why. Edits with other paths are not looked
 * at. */
enum status ibake_edits_check(const struct edit_list *edits, char *why,
                              size_t why_len);

/* ---- sessions ---- */

struct ibake_config {
    struct ibake_profile profile;
    struct ibake_keyring *keyring;
    struct env *env;
    const struct log *log;
    ibake_secret_fn secret; /* may be NULL */
    void *secret_ctx;
    unsigned checks; /* IBAKE_CHECK_ALL unless faulty */
    const struct edit_list
        *edits; /* "mikey." edits on messages made; may be NULL */
    /* Octets of the edit value "recorded:NAME"; may be NULL. Returns NULL for
     * an unknown name; the octets stay until the make function returns. */
    const uint8_t *(*recorded)(void *ctx, const char *name, size_t *out_len);
    void *recorded_ctx;
    int tell_session_keys; /* MPK and TGK go to secret, too */
};

enum ibake_role { IBAKE_INITIATOR, IBAKE_RESPONDER };
enum ibake_form { IBAKE_FORM_UNKNOWN, IBAKE_FORM_NORMAL, IBAKE_FORM_DEFERRED };

/* One exchange. Create with ibake_initiator_new or ibake_responder_new; free
 * wipes. */
struct ibake_session;

/* identity octets as in IDR (e.g. "sip:alice@home-a.example"). called: IDRr of
 * I_MESSAGE_1. */
struct ibake_session *ibake_initiator_new(const struct ibake_config *cfg,
                                          struct view own, struct view called);
/* own: the identities this responder answers for, the first being the one it
 * answers under when the IDRr received is none of them (mailbox). */
struct ibake_session *ibake_responder_new(const struct ibake_config *cfg,
                                          const struct view *own,
                                          size_t num_own);
void ibake_session_free(struct ibake_session *s);

/* ibake_session_fork copies an initiator that has made I_MESSAGE_1 and taken no
 * answer, for one more R_MESSAGE_1 of a forked call (AMB-41). The copy may
 * outlive s. Returns NULL at any other moment or without memory. That no
 * R_MESSAGE_1 of the CSB is taken any more once one branch has sent a
 * deferred-form I_MESSAGE_2 (OI-17) is for the caller to see to. */
struct ibake_session *ibake_session_fork(const struct ibake_session *s);

/* What is otherwise drawn, for faults, vectors and the command line; an empty
 * view leaves it to chance. Call before the message that carries it is made. */
struct ibake_preset {
    struct view scalar; /* x or y, big-endian, as long as the group order */
    struct view rnd;    /* RAND of I_MESSAGE_1 */
    struct view csb_id; /* 4 octets */
    struct view t1;     /* T of I_MESSAGE_1, 8 octets */
    struct view sk;     /* Key data of the SK; with SKP-CR 04||X||Y */
};
enum status ibake_session_preset(struct ibake_session *s,
                                 const struct ibake_preset *preset);

/* Each make function appends one message; each take function reads one and
 * returns STATUS_OK or why it refuses (the session is then dead: later calls
 * give STATUS_UNEXPECTED; secrets are wiped). ibake_alert gives the MIKEY Error
 * no. (AMB-34) that fits the last refusal. Make functions return STATUS_NO_KEY
 * when the peer's public parameters are unknown.
 *
 * ibake_make_i2: intended is the identity whose K_PUB protects the ESK; len 0
 * sends no ESK unless R1 was in deferred form, when the identity called is
 * taken. with_esk 1 adds an ESK also in normal form (3.2, direct addressing).
 */
enum status ibake_make_i1(struct ibake_session *s, struct wr *out);
enum status ibake_take_i1(struct ibake_session *s, struct view msg);
enum status ibake_make_r1(struct ibake_session *s, struct wr *out);
enum status ibake_take_r1(struct ibake_session *s, struct view msg);
enum status ibake_make_i2(struct ibake_session *s, struct view intended,
                          int with_esk, struct wr *out);
enum status ibake_take_i2(struct ibake_session *s, struct view msg);
enum status ibake_make_r2(struct ibake_session *s, struct wr *out);
enum status ibake_take_r2(struct ibake_session *s, struct view msg);
uint8_t ibake_alert(const struct ibake_session *s);
/* Why the last take or make function failed, one sentence; "" if none did. */
const char *ibake_session_why(const struct ibake_session *s);
/* How many edits meant for the messages made so far found nothing to change. */
unsigned ibake_session_edits_missed(const struct ibake_session *s);

/* ibake_make_error appends an Error message (data type 6: HDR, T, ERR). */
enum status ibake_make_error(const struct ibake_session *s, uint8_t error_no,
                             struct wr *out);

enum ibake_form ibake_session_form(const struct ibake_session *s);
uint32_t ibake_session_csb_id(const struct ibake_session *s);
/* The other party's identity: for the initiator IDRr of R1, for the responder
 * the IDRi proved by I2 (len 0 before). Valid as long as the session. */
struct view ibake_session_peer(const struct ibake_session *s);
/* The I_MESSAGE_2 received or sent, whole (len 0 before), and whether it has an
 * ESK. */
struct view ibake_session_i2(const struct ibake_session *s);
int ibake_session_has_esk(const struct ibake_session *s);
/* The point of one side, 04||X||Y as sent (xP of the initiator, yP of the
 * responder); len 0 while it is not known. */
struct view ibake_session_point(const struct ibake_session *s,
                                enum ibake_role of);
/* IDRr of the I_MESSAGE_1 (who was called). */
struct view ibake_session_called(const struct ibake_session *s);

/* Which of the known readings the V of R_MESSAGE_2 verified under (initiator,
 * after ibake_take_r2), or those used so far. deviations counts everything met
 * that the strict profile does not send (each is also a log line "deviation:
 * ..."). */
struct ibake_reading {
    enum ibake_v_cover v_cover;
    enum ibake_rand_src rand_src;
    enum ibake_ksession ksession;
    unsigned mpk_bits;
    int v_matched;
    unsigned deviations;
};
const struct ibake_reading *
ibake_session_reading(const struct ibake_session *s);

/* SSRC of each direction in the CS ID map (SRTP-ID profiles): set before the
 * message that carries it is made. Defaults are random. */
void ibake_session_set_ssrc(struct ibake_session *s, uint32_t ssrc);
uint32_t ibake_session_ssrc(const struct ibake_session *s, enum ibake_role of);

/* SRTP keys: 16 octets master key and 14 octets salt of crypto session cs_id.
 * hop: from [x][y]P (available after I2 on either side). e2e: from the SK this
 * initiator put into its ESK. STATUS_NO_KEY if not available. */
struct ibake_srtp_key {
    uint8_t key[16];
    uint8_t salt[14];
};
enum status ibake_hop_key(struct ibake_session *s, uint8_t cs_id,
                          struct ibake_srtp_key *out);
enum status ibake_e2e_key(struct ibake_session *s, uint8_t cs_id,
                          struct ibake_srtp_key *out);

/* ---- B: opening a stored I_MESSAGE_2 ---- */

struct ibake_deposit {
    uint8_t sender[256]; /* identity inside the ESK */
    size_t sender_len;
    uint8_t idri[256]; /* clear IDRi of the stored I2 */
    size_t idri_len;
    uint32_t csb_id;
    uint32_t ssrc;      /* of CS 1, 0 with the Empty map */
    uint64_t timestamp; /* T of the stored I2, NTP */
    struct ibake_srtp_key e2e;
    enum ibake_sk sk_profile; /* the one recognised */
};
/* ibake_open_stored_i2 decrypts the ESK of a stored I_MESSAGE_2 as identity own
 * with the key of the date of its T (neighbour days tried, AMB-04) and derives
 * the content key of CS 1. STATUS_NO_KEY, STATUS_DECRYPT, or a malformed-input
 * status. */
enum status ibake_open_stored_i2(const struct ibake_config *cfg,
                                 struct view own, struct view i2,
                                 struct ibake_deposit *out);

/* ---- KMS exchange, PSK variant (RFC 6267, 4.2.1) ---- */

struct ibake_key_request; /* the user's side */
struct ibake_key_request *ibake_key_request_new(const struct ibake_config *cfg,
                                                const struct view *ids,
                                                size_t num_ids, struct view kms,
                                                struct view psk_id,
                                                struct view psk);
void ibake_key_request_free(struct ibake_key_request *r);
enum status ibake_key_request_make(struct ibake_key_request *r, struct wr *out);
/* ibake_key_request_take verifies the response and adds every K_PR to the key
 * ring of cfg (hashed id = identity || UTC date of its validity interval).
 * *out_num counts. */
enum status ibake_key_request_take(struct ibake_key_request *r, struct view msg,
                                   size_t *out_num);

struct ibake_kms_user {
    const char *psk_id; /* identity of the PSK */
    struct view psk;
    const char *const *identities; /* served to this user, NULL-terminated */
};
struct ibake_kms {
    const char *identity; /* "sip:kms.home-b.example" */
    const struct bf_params *params;
    struct view master;
    const struct ibake_kms_user *users;
    size_t num_users;
    const char *const
        *dates; /* 8 digits each, NULL-terminated; the days issued */
};
/* ibake_kms_answer handles one request and appends the response, or an Error
 * message; returns why it refused (the answer may still be worth sending),
 * STATUS_OK if keys were issued. cfg gives profile, env, log, edits
 * ("REQUEST_KEY_RESP ..."), checks. */
enum status ibake_kms_answer(const struct ibake_config *cfg,
                             const struct ibake_kms *kms, struct view request,
                             struct wr *out);

/* ibake_date_of gives the 8-digit UTC date of a MIKEY message's T (AMB-04), or
 * of env's clock if T is no NTP time. */
void ibake_date_of(char out[9], const struct mikey_msg *msg, struct env *env);

#endif
