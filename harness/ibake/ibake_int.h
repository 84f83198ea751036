/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to harness/ibake: sessions, messages in the making, helpers. */
#ifndef HARNESS_IBAKE_IBAKE_INT_H
#define HARNESS_IBAKE_IBAKE_INT_H

#include "harness/base/mem.h"
#include "harness/crypto/kdf.h"
#include "harness/ibake/ibake.h"

#include <string.h>

/* ---- octets that somebody owns ---- */

struct octets {
    uint8_t *data;
    size_t len;
};

/* octets_set replaces o by a copy of v; STATUS_NO_MEMORY leaves o empty. */
enum status octets_set(struct octets *o, struct view v);
void octets_free(struct octets *o); /* wipes */

static inline struct view octets_view(const struct octets *o)
{
    return (struct view){o->data, o->len};
}

static inline int view_equal(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* ---- sessions ---- */

#define IBAKE_ERR_AUTH 0
#define IBAKE_ERR_TS 1
#define IBAKE_ERR_PRF 2
#define IBAKE_ERR_MAC 3
#define IBAKE_ERR_EA 4
#define IBAKE_ERR_DH 6
#define IBAKE_ERR_ID 7
#define IBAKE_ERR_DT 11
#define IBAKE_ERR_UNSPECIFIED 12

#define IBAKE_RAND_LEN 16
#define IBAKE_KEY_LEN                                                          \
    32                  /* MPK, TGK and SK of the strict profile (AMB-14, 24) */
#define IBAKE_CS_INFO 9 /* octets of one SRTP-ID map entry */
#define IBAKE_MAX_CS 2  /* crypto sessions this program sends */
#define IBAKE_MAX_ITEMS 48
#define MAC_MAX_TAIL 40

/* The last message that passed, in either role. */
enum ibake_state {
    IBAKE_ST_NEW,
    IBAKE_ST_I1,
    IBAKE_ST_R1,
    IBAKE_ST_I2,
    IBAKE_ST_DONE,
    IBAKE_ST_DEAD
};

struct ibake_ts {
    uint8_t type;
    uint8_t len;
    uint8_t value[8];
};

struct ibake_session {
    enum ibake_role role;
    enum ibake_state state;
    enum ibake_form form;
    struct ibake_config cfg;

    struct octets *own; /* responder: all it answers for */
    size_t num_own;
    struct octets me; /* the identity in use */
    uint8_t me_type;
    struct octets called; /* IDRr of I_MESSAGE_1 */
    uint8_t called_type;
    struct octets peer; /* initiator: IDRr of R1; responder: IDRi of I1, I2 */
    uint8_t peer_type;
    int peer_proved;

    struct mikey_hdr hdr; /* the five fields; map_info views map */
    struct octets map;
    uint32_t ssrc[IBAKE_MAX_CS];
    int have_ssrc[IBAKE_MAX_CS];

    struct ibake_ts t1, t2;
    struct octets rand1, rand2;

    struct ecdh_key key; /* x or y */
    int have_key;
    struct ecdh_point pub;    /* xP or yP; stays when key is wiped */
    struct octets peer_point; /* 04||X||Y, or what came if the check is off */
    int peer_point_good;
    uint8_t peer_curve;       /* responder: the curve to answer on */
    struct ecdh_point shared; /* [x][y]P */
    int have_shared;
    uint8_t mpk[IBAKE_KEY_LEN];
    uint8_t tgk[IBAKE_KEY_LEN];
    int have_keys;
    struct ibake_reading reading;

    struct octets sk; /* as sent in the ESK */
    struct octets i2;
    int i2_has_esk;
    int i2_has_eccpti;

    struct octets preset_scalar, preset_rand, preset_csb, preset_t1, preset_sk;
    uint8_t alert;
    unsigned edits_missed;
    char why[200];
};

/* session_refuse notes why, wipes and kills a session that is not complete yet;
 * returns st. */
enum status session_refuse(struct ibake_session *s, enum status st,
                           uint8_t alert, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* session_fail notes why a make function made nothing; the session lives on. */
enum status session_fail(struct ibake_session *s, enum status st,
                         const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
struct ibake_session *session_new(const struct ibake_config *cfg,
                                  enum ibake_role role);
/* session_deviation logs and counts something that is tolerated. */
void session_deviation(struct ibake_session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* session_fails: a derived check found a fault. Returns 1 if the check is on;
 * if it is off, logs that the fault is ignored and returns 0. */
int session_fails(const struct ibake_session *s, enum ibake_check check,
                  const char *what);
void session_wipe(struct ibake_session *s);
void session_tell(const struct ibake_session *s, const char *label,
                  struct view lookup, struct view secret);
/* session_draw_key makes x or y (or takes the preset) and tells the key log. */
enum status session_draw_key(struct ibake_session *s, uint8_t curve);
/* session_done: the exchange is complete; what is no longer needed is wiped. */
void session_done(struct ibake_session *s);

/* keyring_next_t: NTP time of env, unique among those given out by this key
 * ring. */
uint64_t keyring_next_t(struct ibake_keyring *kr, struct env *env,
                        uint64_t after);
/* keyring_replayed: the digest was seen before; if not, it is now. */
int keyring_replayed(struct ibake_keyring *kr, const uint8_t digest[32]);

void put_be(uint8_t *out, uint64_t v, size_t len);
uint64_t get_be(struct view v);

/* The octets written since position at. */
struct view wr_since(const struct wr *w, size_t at);

/* ---- steps of both roles (ibake_exchange.c) ---- */

struct ibake_draft;
struct ibake_mac;
/* session_draft begins a message with the HDR of the exchange, V flag 1. */
struct ibake_draft *session_draft(const struct ibake_session *s,
                                  uint8_t data_type);
enum status session_finish(struct ibake_session *s, struct ibake_draft *d,
                           const struct ibake_mac *mac, struct wr *out);
/* session_write_map puts the SSRCs known into the CS ID map, session_take_map
 * takes map and SSRC of the other party; opening: the map itself is new. */
enum status session_write_map(struct ibake_session *s);
enum status session_take_map(struct ibake_session *s,
                             const struct mikey_hdr *hdr, int opening);

/* ---- key schedule (ibake_keys.c) ---- */

/* RAND as it enters the PRF under a reading. buf holds 2 * 255 octets. */
struct view keys_rand(const struct ibake_session *s, enum ibake_rand_src src,
                      uint8_t *buf);
/* keys_tell tells MPK and TGK to the key log, if cfg wants that. The initiator
 * does so when the reading is known, since two values under one lookup spoil
 * the log. */
void keys_tell(const struct ibake_session *s);
/* keys_derive computes MPK and TGK under s->reading from s->shared. */
enum status keys_derive(struct ibake_session *s);
/* keys_agree computes [x][y]P from key and peer_point into shared. */
enum status keys_agree(struct ibake_session *s);
uint8_t keys_mac_alg(const struct ibake_session *s);

struct ibake_mac {
    uint8_t alg;
    uint8_t key[KDF_MAX_MAC];
    size_t key_len;
    struct view tail[MAC_MAX_TAIL]; /* follows the message in the MAC input */
    size_t num_tail;
};
enum status mac_compute(const struct ibake_mac *mac, const struct view *parts,
                        size_t num, uint8_t out[KDF_MAX_MAC], size_t *out_len);
/* keys_mac_r2 sets up the V of R_MESSAGE_2 under s->reading. */
enum status keys_mac_r2(const struct ibake_session *s, uint8_t alg,
                        struct ibake_mac *mac);
/* keys_verify_r2 tries all readings, the profile's first, and leaves the one
 * that matched in s->reading with MPK and TGK to it; STATUS_AUTH. */
enum status keys_verify_r2(struct ibake_session *s,
                           const struct mikey_msg *msg);
enum status mac_verify(const struct ibake_mac *mac,
                       const struct mikey_msg *msg);

/* sk_recognise tells the SK profile from length and shape (2.6(h));
 * STATUS_UNSUPPORTED if it is none. *odd is set if it fits no profile exactly.
 */
enum status sk_recognise(struct view sk, enum ibake_sk *out, int *odd);
/* content_key derives the content key of a crypto session from SK. */
enum status content_key(struct ibake_srtp_key *out, struct view sk, uint8_t prf,
                        uint32_t csb_id, uint8_t cs_id, struct view rnd);
/* srtp_from_tgk: TEK and salt of RFC 3830, 4.1.3. */
enum status srtp_from_tgk(struct ibake_srtp_key *out, uint8_t prf,
                          struct view tgk, uint32_t csb_id, uint8_t cs_id,
                          struct view rnd);

/* ---- receiving (ibake_take.c) ---- */

#define NEED_T 0x01
#define NEED_RAND 0x02
#define NEED_IDRI 0x04
#define NEED_IDRR 0x08
#define NEED_IBAKE 0x10
#define NEED_V 0x20

/* take_open decodes and does what every message needs: data type, mandatory
 * payloads, duplicates, V last. */
enum status take_open(struct ibake_session *s, struct mikey_msg *msg,
                      struct view octets, uint8_t data_type, unsigned need);
/* take_hdr compares the five fields with those of the exchange. */
enum status take_hdr(struct ibake_session *s, const struct mikey_msg *msg);
/* take_t_echo: T equals ours, type and value. */
enum status take_t_echo(struct ibake_session *s, const struct mikey_msg *msg,
                        const struct ibake_ts *ours);
enum status take_t_fresh(struct ibake_session *s, const struct mikey_msg *msg,
                         struct ibake_ts *out);

/* skew_check: STATUS_STALE if T is a time outside the profile's skew. */
enum status skew_check(const struct ibake_config *cfg,
                       const struct mikey_msg *msg);

/* take_decrypt opens an Encr data as identity with the key of the date of the
 * message's T, then of the days before and after (AMB-04). STATUS_NO_KEY if
 * there is no key for any of them, STATUS_DECRYPT. plain must be initialised.
 * *out_date tells the day. */
enum status take_decrypt(const struct ibake_config *cfg,
                         const struct mikey_msg *msg, struct view encr,
                         struct view identity, struct wr *plain,
                         char out_date[9], int *out_neighbour);
/* ts_number gives T as the 64-bit number that enters the IV of AES-CM: a
 * COUNTER padded on the left (RFC 3830, 6.6), NTP-UTC-32 with a fraction of
 * zero (RFC 6043, 6.3). */
uint64_t ts_number(const struct ibake_ts *t);
/* take_t copies T. */
void take_t(const struct mikey_msg *msg, struct ibake_ts *out);
/* take_ibake decrypts IBAKE as me and decodes it; c views plain, which must be
 * initialised. */
enum status take_ibake(struct ibake_session *s, const struct mikey_msg *msg,
                       struct view me, struct wr *plain, struct mikey_chain *c);
/* take_chain decodes an IBAKE plaintext and refuses duplicate roles. */
enum status take_chain(struct ibake_session *s, struct mikey_chain *c,
                       const struct wr *plain);
/* take_inner_id: the inner identity of that role equals the outer one.
 * absent_ok: no inner identity is fine. */
enum status take_inner_id(struct ibake_session *s, const struct mikey_chain *c,
                          uint8_t role, struct view expected, int absent_ok);
/* take_point reads an ECCPT into *out (uncompressed); *good is 0 for a bad
 * point that is let through because the check is off. */
enum status take_point(struct ibake_session *s, const struct mikey_payload *pl,
                       struct octets *out, int *good);
/* point_is: the ECCPT is this point (in either SEC1 form). */
int point_is(const struct mikey_payload *pl, const struct ecdh_point *p);

/* ---- messages in the making (ibake_draft.c) ---- */

struct ibake_block;
struct ibake_arena {
    struct ibake_block *first;
};
uint8_t *arena_alloc(struct ibake_arena *a, size_t len); /* NULL: no memory */
struct view arena_copy(struct ibake_arena *a,
                       struct view v);  /* data NULL: same */
void arena_free(struct ibake_arena *a); /* wipes */

enum item_form {
    ITEM_STRUCT,
    ITEM_RAW, /* raw is the whole payload, Next payload included */
    ITEM_BODY /* raw follows the Next payload octet */
};

struct ibake_item {
    struct mikey_payload pl;
    enum item_form form;
    struct view raw;
    uint8_t tag; /* role of an IDR, or of the IDR before an ECCPT, when made */
    int len_forced;
    uint16_t len;
    size_t off, end; /* where it was encoded */
};

struct ibake_seq {
    struct ibake_item items[IBAKE_MAX_ITEMS];
    size_t num;
};

enum part_id { PART_IBAKE, PART_ESK, PART_KEMAC, NUM_PARTS, PART_OUTER = -1 };

struct ibake_part {
    struct ibake_seq chain;
    int used;
    struct view key_id; /* whose public key encrypts */
    struct view date;   /* 8 digits; len 0 = the date of T */
    struct view cipher; /* Encr data before edits on it */
};

struct ibake_draft {
    const struct ibake_config *cfg;
    const char *message; /* "I_MESSAGE_1" */
    struct mikey_hdr hdr;
    int hdr_next_forced;
    struct ibake_seq outer;
    struct ibake_part parts[NUM_PARTS];
    struct ibake_arena arena;
    enum status err; /* no memory or too many payloads, while adding */
    /* what edit values refer to */
    uint8_t curve;
    const struct ecdh_point *own_point;
    struct view peer_point;
    const struct ibake_ts *t1, *t2;
    unsigned missed;
    char why[200];
    /* KEMAC (AES-CM) */
    uint8_t encr_key[16], salt_key[14];
    uint64_t kemac_t;
    uint32_t kemac_csb;
};

/* draft_new zeroes; free with draft_free. NULL: no memory. */
struct ibake_draft *draft_new(const struct ibake_config *cfg,
                              uint8_t data_type);
void draft_free(struct ibake_draft *d);
/* The add functions append a payload to the message or to a part's chain. */
struct ibake_item *draft_add(struct ibake_draft *d, int part, uint8_t type);
void draft_add_t(struct ibake_draft *d, const struct ibake_ts *t);
void draft_add_rand(struct ibake_draft *d, struct view rnd);
void draft_add_idr(struct ibake_draft *d, int part, uint8_t role, uint8_t type,
                   struct view data);
void draft_add_eccpt(struct ibake_draft *d, int part, uint8_t curve,
                     struct view point);
/* draft_add_part adds IBAKE, ESK or KEMAC, encrypted to key_id; its chain is
 * filled by the other functions. draft_add_sp adds the SRTP policy of
 * SRTPID+SP. */
void draft_add_part(struct ibake_draft *d, int part, struct view key_id);
void draft_add_sp(struct ibake_draft *d);
struct ibake_seq *draft_seq(struct ibake_draft *d, int part);
/* item_encode appends one payload. */
void item_encode(struct ibake_item *it, uint8_t next, struct wr *w);
/* draft_finish applies the edits, encrypts, encodes, computes V (mac may be
 * NULL) and appends the message to out. */
enum status draft_finish(struct ibake_draft *d, const struct ibake_mac *mac,
                         struct wr *out);
struct ibake_item *seq_find(struct ibake_seq *q, uint8_t type, uint8_t role);

/* ---- edits (ibake_edit.c, ibake_value.c) ---- */

enum edit_stage {
    STAGE_FIELDS, /* clear fields, before encryption */
    STAGE_INNER,  /* sub-payloads */
    STAGE_PLAIN,  /* octets of a plaintext; w is the plaintext */
    STAGE_KEY,    /* whose key encrypts, and of which date */
    STAGE_AFTER,  /* whole payloads, ciphertexts, forced lengths */
    STAGE_V,      /* after the MAC */
    STAGE_OCTETS  /* the finished message; w is the message */
};

/* edits_apply applies the edits of one stage. part limits STAGE_PLAIN. A
 * failure leaves a sentence in d->why. */
enum status edits_apply(struct ibake_draft *d, enum edit_stage stage, int part,
                        struct wr *w);

/* What a path names. */
enum target_kind { TGT_MESSAGE, TGT_PAYLOAD, TGT_FIELD };
enum field_kind {
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_VIEW,
    FIELD_NEXT, /* Next payload, forced */
    FIELD_LEN,  /* length field, forced */
    FIELD_KEY,  /* whose public key encrypts */
    FIELD_DATE, /* and of which day */
    FIELD_PLAIN /* the plaintext */
};
#define PL_HDR 0xff /* "payload type" of HDR in the tables */

struct field {
    uint8_t type; /* payload it is in, or PL_HDR */
    const char *name;
    enum field_kind kind;
    uint8_t bits; /* width of a number */
    uint16_t off; /* in struct mikey_payload, or mikey_hdr */
};

struct payload_name {
    const char *name;
    uint8_t type, role;
};

struct edit_target {
    enum target_kind kind;
    int part; /* PART_OUTER, or the part whose chain or plaintext is meant */
    uint8_t type, role;
    unsigned nth; /* from 0 */
    const struct field *field;
};

/* path_parse reads "mikey.IBAKE.ECCPTi[1].point". STATUS_SYNTAX with why. */
enum status path_parse(struct edit_target *t, const char *path, char why[200]);
enum edit_stage path_stage(const struct edit_target *t);
/* path_find gives the place of the payload in its sequence; IBAKE_MAX_ITEMS:
 * none. */
size_t path_find(const struct ibake_seq *q, const struct edit_target *t);
const struct payload_name *payload_by_name(const char *name, size_t len);
/* field_view gives a pointer to the octets of a FIELD_VIEW, field_get and
 * field_put read and write a number. base: the struct mikey_payload or
 * mikey_hdr. */
struct view *field_view(const struct field *f, void *base);
uint64_t field_get(const struct field *f, const void *base);
void field_put(const struct field *f, void *base, uint64_t v);
int item_has_length(uint8_t type, uint64_t *max);
struct view *item_default_octets(struct ibake_item *it);

/* value_octets gives the octets a value stands for; cur is what the field holds
 * now. d NULL only checks the syntax. why gets a sentence on failure. */
enum status value_octets(struct ibake_draft *d, const char *text,
                         struct view cur, struct view *out, char why[200]);
enum status value_integer(struct ibake_draft *d, const char *text, uint64_t max,
                          uint64_t *out, char why[200]);
/* value_signed reads a decimal number, for truncate and flip. */
enum status value_signed(const char *text, int64_t *out, char why[200]);
enum status value_date(struct ibake_draft *d, const char *text,
                       struct view *out, char why[200]);
/* value_payload makes the payload "payload:NAME:VALUE". */
enum status value_payload(struct ibake_draft *d, const char *text,
                          struct ibake_item *out, char why[200]);
/* edit_copy gives the octets of what is at path in the message as it stands,
 * edit_copy_from in a message recorded. */
enum status edit_copy(struct ibake_draft *d, const char *path, struct view *out,
                      char why[200]);
enum status edit_copy_from(struct ibake_draft *d, struct view msg,
                           const char *path, struct view *out, char why[200]);
int edit_is_mikey(const struct edit *e);
/* edit_octets does an operation to octets, edit_number to a number of that
 * width. d NULL only checks the value. */
enum status edit_octets(struct ibake_draft *d, const struct edit *e,
                        struct view *v, int *missed, char why[200]);
enum status edit_number(struct ibake_draft *d, const struct edit *e,
                        unsigned bits, uint64_t *v, int *missed, char why[200]);
/* item_body gives what follows the Next payload octet. */
enum status item_body(struct ibake_draft *d, const struct ibake_item *it,
                      struct view *out);
void seq_encode(struct ibake_seq *q, struct wr *w);
void draft_date(const struct ibake_draft *d, char date[9]);

#endif
