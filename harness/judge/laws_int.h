/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the laws of structure, identity, replay and secrecy share. */
#ifndef HARNESS_JUDGE_LAWS_INT_H
#define HARNESS_JUDGE_LAWS_INT_H

#include "harness/judge/judge_int.h"

/* A row of a table of laws. */
#define LAW(name, family, level, reqs, clause, sentence, run, arg)             \
    {                                                                          \
        {name, family, level, reqs, clause, sentence}, run, arg                \
    }

/* law_turn gives the data type whose turn it was when m was sent: 22 to 25, or
 * 0 if m is none of the four (MIKEY Error, update, delivery). What does not
 * decode has the turn of the place where it stands. */
uint8_t law_turn(const struct jmsg *m);

/* law_each calls fn for every message of calls whose turn is turn. */
typedef void (*law_msg_fn)(struct judge *j, const struct law *law,
                           const struct jmsg *m);
void law_each(struct judge *j, const struct law *law, uint8_t turn,
              law_msg_fn fn);
/* law_each_leg calls fn for every leg with an R_MESSAGE_1. */
typedef void (*law_leg_fn)(struct judge *j, const struct law *law, struct jx *x,
                           struct jleg *l);
void law_each_leg(struct judge *j, const struct law *law, law_leg_fn fn);

/* law_decodes: m decodes and keeps the rules for all I/R messages; else a FAIL.
 */
int law_decodes(struct probe *p, const struct jform *f);
/* decoded: the same without a finding. */
int law_decoded(const struct jform *f);
/* law_has: the payload is there, else a FAIL; role only for IDR. */
const struct mikey_payload *law_has(struct probe *p, const struct jform *f,
                                    uint8_t type, uint8_t role);
/* law_point_at points at a field of HDR (pl NULL) or of a payload. */
void law_field(struct probe *p, const struct jform *f,
               const struct mikey_payload *pl, const char *name);
/* law_five: version, PRF func, CSB ID, #CS, CS ID map type of f are those of
 * of. */
int law_five(struct probe *p, const struct jform *f, const struct jform *of,
             const char *whose);
/* law_same_t: T type and value are those of of. */
void law_same_t(struct probe *p, const struct jform *f, const struct jform *of,
                const char *whose);

/* Is the identity one of the party's own, by the plan? 1, 0, or -1: the plan
 * names none. */
int law_own_identity(const struct judge *j, int party, struct view id);
/* Was I_MESSAGE_1 encrypted for the party that answered? 1, 0, or -1: cannot be
 * told, for want of the key named in *lack. */
int law_for_answerer(const struct judge *j, const struct jx *x,
                     const struct jleg *l, const char **lack);
/* The I_MESSAGE_2 that came with or before a message of the leg, or NULL. */
const struct jmsg *law_i2_before(const struct jleg *l, uint64_t frame);
/* Octets of an ECCPT's point, empty if there is none; its name in words. */
struct view law_point(const struct mikey_payload *eccpt);
const char *law_view(struct judge *j, struct view v); /* text, or hex */
/* law_point_ok: FAIL unless the point is finite and on its curve. */
void law_point_ok(struct probe *p, const struct jopen *o, const char *in,
                  const struct mikey_payload *eccpt, const char *name);
/* law_opened: the content of an IBAKE or ESK is known. Missing key: lack. The
 * right key does not open it: a FAIL if strict, else a lack. */
int law_opened(struct probe *p, const struct jform *f, const struct jopen *o,
               const char *name, int strict);
/* law_note_reading records a deviation on the way to open. */
void law_note_reading(struct probe *p, const struct jopen *o);
/* law_inner: an identity inside is there and is the one wanted. */
void law_inner(struct probe *p, const struct jopen *o, const char *in,
               const struct mikey_payload *id, const char *name,
               struct view want, const char *whose);
/* The SIP message that carries m where it left. */
const struct jsip *law_sip(const struct jmsg *m);
/* law_lossy emits a lack and returns 1 if the recording is known to miss
 * things. */
int law_lossy(struct probe *p, const char *expected);

/* laws_content.c: what the encrypted parts hold (rows in laws_structure.c). */
void law_i1_content(struct judge *j, const struct law *law);
void law_r1_deferred(struct judge *j, const struct law *law);
void law_r1_key(struct judge *j, const struct law *law);
void law_r1_normal(struct judge *j, const struct law *law);
void law_i2_deferred(struct judge *j, const struct law *law);
void law_i2_normal(struct judge *j, const struct law *law);
void law_r2_content(struct judge *j, const struct law *law);
/* laws_content_sk.c */
void law_i2_esk(struct judge *j, const struct law *law);
void law_sk_profile(struct judge *j, const struct law *law);
void law_sk_independent(struct judge *j, const struct law *law);

/* ---- SIP --------------------------------------------------------------------
 */

/* law_repeat: the same octets went the same way before in the call. */
int law_repeat(const struct jx *x, const struct jsip *s);
/* law_is: a request of that method, by party (-1: any), no echo. */
int law_is(const struct jsip *s, const char *method, int party);
/* law_reply: a response to that method, by party (-1: any), no echo. */
int law_reply(const struct jsip *s, const char *method, int party);
int law_is_role(const struct judge *j, int party, const char *role);
/* law_token: the comma list holds the token. */
int law_token(const char *list, const char *token);
uint64_t law_mwi_us(const struct judge *j); /* PX_MWI_TIME */
/* Whose account a deposit is for: target of the Request-URI, else the identity
 * called, or the mailbox's account if that is the mailbox's own. */
const char *law_account(struct judge *j, const struct jx *x);
/* The first INVITE on its last hop, or where it was first seen. */
const struct jsip *law_invite(const struct jx *x);

/* laws_sip_mwi.c, laws_sip_dialog.c (rows in laws_structure_sip.c) */
void law_mwi_initial(struct judge *j, const struct law *law);
void law_mwi_new(struct judge *j, const struct law *law);
void law_mwi_retrieved(struct judge *j, const struct law *law);
void law_mwi_stranger(struct judge *j, const struct law *law);
void law_b_subscribes(struct judge *j, const struct law *law);
void law_b_calls(struct judge *j, const struct law *law);
void law_b_accepts(struct judge *j, const struct law *law);
void law_goes_on(struct judge *j, const struct law *law);
void law_cancel(struct judge *j, const struct law *law);
void law_acks(struct judge *j, const struct law *law);
void law_same_again(struct judge *j, const struct law *law);
void law_dialog(struct judge *j, const struct law *law);
void law_history(struct judge *j, const struct law *law);

/* ---- identity
 * ---------------------------------------------------------------- */

/* law_authentic: the identity a deposit proved: IDRi inside the I_MESSAGE_2
 * that was accepted. Empty with *lack set if it is not known. */
struct view law_authentic(const struct jx *x, const char **lack);
/* law_delivered_id: the identity told with a delivery, bare; "" = none. */
const char *law_delivered_id(struct judge *j, const struct jdelivery *d);
/* law_rendered: what the recipient reported of the delivery, or NULL. */
const struct jev *law_rendered(const struct judge *j,
                               const struct jdelivery *d);
const char *law_text(const struct jev *ev, const char *member); /* "" = none */
/* law_reports: evidence of the party exists, so that silence says something. */
int law_reports(const struct judge *j, int party);

/* ---- media
 * ------------------------------------------------------------------- */

/* A packet of a deposit, found again by its octets. */
struct law_packet {
    uint64_t hash; /* of all octets, or of those after the header */
    const struct jrtp *r;
    const struct jx *x;
    size_t at; /* place in the deposit, from 0 */
};
struct law_index {
    struct law_packet *v; /* ordered by hash */
    size_t num;
};
/* law_index of the content of all deposits; payload: without the RTP header. */
struct law_index law_index_make(struct judge *j, int payload);
/* law_index_find gives the packet with the octets of r, of a deposit x if there
 * is one, else of any; NULL. */
const struct law_packet *law_index_find(const struct law_index *ix,
                                        const struct jrtp *r, int payload,
                                        const struct jx *x);
/* law_released: a packet of a retrieval, mailbox to recipient, that is no
 * prompt: it is not under the hop key. */
int law_released(const struct jrtp *r);
/* laws_delivery.c, laws_secret.c (rows in laws_secrecy*.c and laws_replay.c) */
void law_media_once(struct judge *j, const struct law *law);
void law_delivery_octets(struct judge *j, const struct law *law);
void law_delivery_header(struct judge *j, const struct law *law);
void law_opaque_media(struct judge *j, const struct law *law);
void law_no_secret(struct judge *j, const struct law *law);

/* laws_replay_mb.c (rows in laws_replay.c) */
void law_keeps_nothing(struct judge *j, const struct law *law);
void law_skewed(struct judge *j, const struct law *law);
void law_within(struct judge *j, const struct law *law);
void law_accepts_old(struct judge *j, const struct law *law);

/* Header lines of a SIP message, read again from its octets. */
const char *law_header(struct judge *j, const struct jsip *s, const char *name,
                       size_t nth);

#endif
