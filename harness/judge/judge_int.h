/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to harness/judge: the recording as exchanges, and the tools of laws.
 */
#ifndef HARNESS_JUDGE_JUDGE_INT_H
#define HARNESS_JUDGE_JUDGE_INT_H

#include "capture/keylog.h"
#include "capture/trace.h"
#include "harness/base/ytree.h"
#include "harness/judge/judge.h"
#include "harness/mikey/mikey.h"

#include <jansson.h>

/* Everything made while judging lives in the arena of struct judge and is freed
 * with it. Strings are NUL-terminated and never NULL ("" = absent). When memory
 * runs out err is set, strings become "", pointers NULL; the result is then
 * thrown away as a whole. */

struct judge;
struct law;
struct jx;
struct jleg;

/* ---- parties ---------------------------------------------------------------
 */

struct jparty {
    const char *role; /* "A", "MB", ...; "?1" for an address nobody named */
    struct cap_addr addr;
    uint16_t sip_port;
    uint16_t kms_port;
    const char *identity;
    const char *account; /* mailbox: whose messages it keeps */
    const char *vm_uri;
    int harness;
    int named; /* by the plan */
};

/* ---- SIP -------------------------------------------------------------------
 */

#define JSDP_MEDIA 8

struct jsdp_media {
    const char *kind;  /* "audio" */
    const char *proto; /* "RTP/SAVP" */
    uint16_t port;
    struct cap_addr addr; /* c= of the media or session; port as above */
    int num_key_mgmt, num_mikey, num_crypto;
    const char *direction; /* "sendrecv" */
    int pt;                /* first format, -1 */
    const char *codec;     /* of that format: "PCMU/8000", "" */
};

struct jsdp {
    int ok; /* v=, o=, s=, t= there and every line readable */
    const char *fault;
    uint64_t o_version;
    const char *o_id;                        /* sess-id */
    int num_key_mgmt, num_mikey, num_crypto; /* at session level */
    int bad_key_mgmt; /* a key-mgmt line that is not RFC 4567, 3 syntax */
    struct jsdp_media media[JSDP_MEDIA];
    size_t num_media;
};

struct jsip {
    const struct trace_sip *t;
    uint64_t frame;
    uint64_t time_us;
    int src, dst; /* index of the party */
    int ok;       /* it parsed far enough to have the fields below */
    int request;
    const char *method; /* of the request, or of CSeq */
    int status;         /* 0 for requests */
    const char *reason;
    const char *ruri;
    const char *call_id;
    uint32_t cseq;
    const char *from_uri, *from_tag, *from_name;
    const char *to_uri, *to_tag;
    const char *branch; /* of the topmost Via */
    const char *contact;
    int automata;
    const char *actor; /* "msg-taker" */
    const char *pai;   /* URI of the first P-Asserted-Identity */
    const char *event, *substate;
    const char *rack, *rseq, *require, *warning;
    const char *content_type;
    struct view body;
    const struct jsdp *sdp; /* NULL if there is none */
    int echo;               /* octets the sender was sent before */
};

/* One part of a multipart body. */
struct jpart {
    const char *type;
    const char *content_id;
    const char *disposition;
    struct view body;
};

/* jsip_parts lists the body parts (one if the body is not multipart) and gives
 * how many there are. */
size_t jsip_parts(struct judge *j, const struct jsip *s, struct jpart *out,
                  size_t max);
/* jsip_line gives the value of a header line in the octets of a fragment
 * (sipfrag, message-summary block), or "". */
const char *jsip_line(struct judge *j, struct view text, const char *name);
/* jsip_uri takes the URI out of a name-addr or addr-spec. jsip_bare cuts
 * parameters, headers and port off a URI ("sip:bob@home-b.example"). */
const char *jsip_uri(struct judge *j, const char *value);
const char *jsip_bare(struct judge *j, const char *uri);

/* ---- MIKEY -----------------------------------------------------------------
 */

enum jopen_state {
    JOPEN_ABSENT,  /* no such payload */
    JOPEN_OK,      /* opens with the key it should be for */
    JOPEN_FOREIGN, /* opens with somebody else's key */
    JOPEN_REFUSED, /* the right key is at hand and does not open it */
    JOPEN_NO_KEY,  /* the right key is missing */
    JOPEN_GARBLED  /* opens with the right key, but holds no chain */
};

struct jopen { /* an IBAKE or ESK payload, opened */
    enum jopen_state state;
    const char *want;        /* "sip:bob@home-b.example20261124" */
    const char *key;         /* the one that opened it, "" */
    const char *lack;        /* which key log line is missing, "" */
    const char *reading;     /* deviation: "AMB-04 ...", "" */
    struct mikey_range encr; /* of Encr data in the message */
    struct view plain;
    struct mikey_error err;
    const struct mikey_chain *chain;                 /* NULL unless opened */
    const struct mikey_payload *idi, *idr, *xp, *yp; /* ECCPTi, ECCPTr */
    const struct mikey_payload *id, *sk;             /* ESK: identity and SK */
    size_t num_points;
};
/* jopen_has: the content is known. */
static inline int jopen_has(const struct jopen *o)
{
    return o->state == JOPEN_OK || o->state == JOPEN_FOREIGN;
}

struct jform { /* distinct octets of a message */
    struct view octets;
    const struct mikey_msg *msg;   /* NULL: the octets are not even base64 */
    const struct mikey_error *err; /* status OK if it decoded */
    enum status text_status;
    uint8_t type; /* data type, 0xff unknown */
    int has_t;
    uint8_t t_type;
    uint64_t t; /* NTP */
    char date[9];
    struct jopen ibake, esk;
    int opened; /* open_all has tried */
};

struct jsight { /* a message seen on one hop */
    const struct trace_mikey *t;
    const struct jsip *sip; /* NULL outside SIP */
    int src, dst;
    struct jform *form;
};

struct jmsg {
    const char *name; /* "I_MESSAGE_1", "MIKEY 99", "undecodable" */
    uint8_t type;
    struct jsight *sights;
    size_t num_sights;
    struct jform *sent; /* as it left */
    struct jform *rcvd; /* as it arrived on the last hop seen */
    int from, to;       /* first source, last destination */
    struct jx *x;
    struct jleg *leg;           /* NULL for I_MESSAGE_1 */
    uint32_t defects;           /* JD_* as the receiver sees it */
    uint32_t unknown;           /* JD_* that cannot be told, for want of keys */
    const char *lack;           /* the key that is wanting */
    const struct jmsg *earlier; /* the message that this one repeats */
    struct jmsg *next_same;     /* with the same key in msg_map */
    int v_checked, v_ok;        /* R_MESSAGE_2: its V */
};
static inline const struct jsight *jmsg_first(const struct jmsg *m)
{
    return &m->sights[0];
}
static inline const struct jsight *jmsg_last(const struct jmsg *m)
{
    return &m->sights[m->num_sights - 1];
}
uint64_t jmsg_frame(const struct jmsg *m);   /* as it left */
uint64_t jmsg_arrived(const struct jmsg *m); /* frame of the last hop */
uint64_t jmsg_time(const struct jmsg *m);    /* of arrival, microseconds */

/* What is wrong with a message, from the view of its receiver (defect.c). */
#define JD_MALFORMED (1u << 0) /* does not decode */
#define JD_BASE64 (1u << 1)
#define JD_TYPE (1u << 2)       /* not the data type whose turn it is */
#define JD_HDR (1u << 3)        /* CSB ID, PRF, #CS, map type changed */
#define JD_T (1u << 4)          /* reply: T not echoed; I2: T = T1 */
#define JD_T_OLD (1u << 5)      /* I2: T older than T1 */
#define JD_SKEW (1u << 6)       /* T outside PX_SKEW */
#define JD_NO_START (1u << 7)   /* no I_MESSAGE_1 before it */
#define JD_SECOND (1u << 8)     /* its like was accepted before */
#define JD_REPLAY (1u << 9)     /* octets of an earlier exchange */
#define JD_IDI (1u << 10)       /* outer IDRi changed */
#define JD_IDR (1u << 11)       /* outer IDRr changed */
#define JD_KEY (1u << 12)       /* IBAKE not under the receiver's key */
#define JD_INNER_IDI (1u << 13) /* inner IDRi is not the outer one */
#define JD_INNER_IDR (1u << 14)
#define JD_NO_XP (1u << 15) /* ECCPTi wanted and missing */
#define JD_XP (1u << 16)    /* ECCPTi is not the one of I_MESSAGE_1 */
#define JD_POINT (1u << 17) /* a point that is none of its curve */
#define JD_CURVE (1u << 18) /* unknown curve */
#define JD_YP (1u << 19)    /* ECCPTr is not the one that was sent */
#define JD_NO_ESK (1u << 20)
#define JD_V (1u << 21) /* V does not verify */
#define JD_NO_IBAKE (1u << 22)
#define JD_DEFERRED                                                            \
    (1u << 23) /* deferred form where the called party answered */
#define JD_NO_YP (1u << 24)
const char *jdefect_text(struct judge *j, uint32_t defects);

/* ---- keys ------------------------------------------------------------------
 */

struct jsrtp_key {
    uint8_t key[16];
    uint8_t salt[14];
};

struct jkeys {           /* of one leg */
    int known;           /* MPK at hand */
    const char *lack;    /* which key log line is missing */
    int v_checked, v_ok; /* V of R_MESSAGE_2 */
    const char *reading; /* deviations, "AMB-18 (b): ..."; "" = strict */
    uint8_t ksession[133];
    size_t ksession_len;
    uint8_t mpk[32];
    size_t mpk_len;
    uint8_t tgk[32];
    int has_hop;
    struct jsrtp_key hop[2]; /* cs_id 1, 2 */
    struct view rnd;         /* the RAND of the derivation */
    /* the content key */
    int has_e2e;
    const char *e2e_lack;
    const char *sk_profile; /* "SKP-STRICT" */
    struct view sk;
    struct jsrtp_key e2e[2];  /* cs_id 1, 2 */
    struct jsrtp_key e2e_alt; /* of I_MESSAGE_1's RAND where it differs */
    int has_alt;
    int derived; /* MPK was derived from xP and yP, not given */
    /* What rests on a line of the log that nothing confirms, in words; NULL =
     * on nothing. Such a key may open a packet, but not condemn one. */
    const char *hop_doubt, *e2e_doubt;
};

/* ---- exchanges -------------------------------------------------------------
 */

enum jx_kind { JX_DEPOSIT, JX_RETRIEVAL, JX_CALL, JX_REQUEST };
const char *jx_kind_name(enum jx_kind k);

enum jform_kind { JFORM_UNKNOWN, JFORM_NORMAL, JFORM_DEFERRED };
const char *jform_kind_name(enum jform_kind k);

struct jleg { /* one responder that answered (one early dialog) */
    const char *tag;
    int party;
    struct jmsg *r1;
    struct jmsg **i2;
    size_t num_i2;
    struct jmsg **r2;
    size_t num_r2;
    enum jform_kind form;  /* of R1 */
    const struct jsip *ok; /* 2xx to the INVITE, on the responder's hop */
    struct jkeys keys;
};

enum jmedia_key { JMK_UNKNOWN, JMK_E2E, JMK_HOP, JMK_NONE };

struct jrtp {
    const struct trace_rtp *t;
    struct jx *x;
    int back; /* 0 initiator to responder, 1 the other way */
    int pt, marker;
    uint16_t seq;
    uint32_t ts, ssrc;
    size_t header_len;
    int ok;              /* an RTP header */
    enum jmedia_key key; /* which key verifies its tag */
    int cs;              /* crypto session that did, 1 or 2 */
    uint64_t index;      /* extended sequence number under that key */
    int posing; /* under the hop key, yet with the SSRC of a deposited message
                 */
    struct view plain;      /* payload in clear when key is E2E or HOP */
    const struct jkeys *by; /* whose key it is */
};

struct jx {
    enum jx_kind kind;
    unsigned n;
    const char *place; /* "deposit 1" */
    const char *call_id;
    int initiator;
    int responder;      /* who answered or was last sent to; -1 unknown */
    const char *called; /* identity called: IDRr of I1, or To */
    struct jmsg *i1;
    struct jmsg **msgs; /* all, in wire order */
    size_t num_msgs;
    struct jleg **legs;
    size_t num_legs;
    struct jleg *leg; /* the one that counts: the mailbox's, or the first */
    const struct jsip **sip; /* all messages of the call, in wire order */
    size_t num_sip;
    const struct jsip *invite; /* first */
    const struct jsip
        *invite_last;       /* first INVITE on the last hop to responder */
    const struct jsip *bye; /* first BYE seen */
    uint64_t start_us, end_us;
    uint64_t start_frame;
    struct jrtp **rtp; /* in wire order */
    size_t num_rtp;
    /* JX_REQUEST */
    struct jmsg *request, *response;
};

struct jdelivery { /* a stored I_MESSAGE_2 handed out at a retrieval */
    unsigned n;    /* from 1 over the recording */
    unsigned nth;  /* from 1 within the retrieval */
    struct jx *x;  /* the retrieval */
    const struct trace_mikey *t;
    const struct jsip *sip;
    struct jform *form;
    struct jkeys keys;  /* content key of this very form */
    struct jx *deposit; /* whose it is; NULL unknown */
    struct jmsg *i2;    /* the I_MESSAGE_2 of that deposit */
    int same;           /* octet for octet */
    int has_frag;
    struct view frag;
    const char *frag_from, *frag_pai, *frag_to, *frag_call_id;
    const char *content_id;
};

struct jnotify_block {
    const char *from, *to, *message_id;
};
struct jnotify {            /* a message-summary */
    const struct jsip *sip; /* on the notifier's hop */
    const char *account;
    int waiting; /* -1 absent */
    int has_counts;
    unsigned fresh, old;
    struct jnotify_block block[8];
    size_t num_blocks;
    int initial;    /* first of its subscription */
    int subscriber; /* party that subscribed, -1 */
};

struct jev { /* a line of evidence.jsonl */
    const char *kind;
    const char *role;
    json_t *obj;
    unsigned line;
};

struct jrow {
    const char *law;
    const char *on;
    const char *as;
    unsigned line;
};

struct jfinding {
    struct judge_finding f;
    const struct law *law;
    const struct jx *x;
    int party;
};

struct judge {
    enum status err; /* STATUS_OK, STATUS_NO_MEMORY */
    struct jblock *blocks;
    struct trace *trace;
    struct keylog *kl;
    struct ynode *plan; /* NULL without one */
    const char *dir;    /* folder of the bundle, "" */
    const char *tp, *title, *role;
    struct jrow *rows;
    size_t num_rows;
    struct jparty *parties;
    size_t num_parties;
    struct jsip *sip; /* parallel to trace->sip */
    size_t num_sip;
    struct jform **forms;
    size_t num_forms;
    struct jmsg **msgs;
    size_t num_msgs;
    struct jx **xs;
    size_t num_xs;
    struct jrtp *rtp; /* parallel to trace->rtp */
    size_t num_rtp;
    struct jdelivery **deliveries;
    size_t num_deliveries;
    struct jnotify **notifies;
    size_t num_notifies;
    struct jev **evs;
    size_t num_evs;
    struct jfinding **findings;
    size_t num_findings;
    int lossy;             /* something is known to be missing */
    const char *lossy_why; /* in words */
    int complete;          /* the bundle vouches that nothing was dropped */
    /* Look-ups of the engine (hash.c). */
    struct jmap *form_map;     /* octets -> struct jform */
    struct jmap *call_map;     /* Call-ID -> struct jx */
    struct jmap *msg_map;      /* call, CSeq, tags -> struct jmsg */
    struct jmap *csb_map;      /* CSB ID of I_MESSAGE_1 -> struct jx */
    struct jmap *sip_map;      /* Call-ID -> struct jcall */
    struct jmap *addr_map;     /* address -> party */
    struct jmap *bare_map;     /* URI -> what jsip_bare makes of it */
    struct jmap *mbx_map;      /* identities under which the mailbox answers */
    size_t room;               /* octets left in the newest block */
    const char *input_name[4]; /* what was read: NULL = absent */
    const char *input_sha256[4];
};

/* ---- base.c: memory and text -----------------------------------------------
 */

void *j_alloc(struct judge *j, size_t n); /* zeroed, or NULL */
/* j_room returns vec with room for one more pointer after num, or NULL. */
void *j_room(struct judge *j, void *vec, size_t num);
const char *j_strn(struct judge *j, const void *s, size_t len);
const char *j_printf(struct judge *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
const char *j_hex(struct judge *j, struct view v);
/* j_shown is printable text of octets, others as \xNN. */
const char *j_shown(struct judge *j, struct view v);
struct view j_copy(struct judge *j, struct view v);
void j_cleanup(struct judge *j);

int view_equal(struct view a, struct view b);
int view_is(struct view v, const char *s);
struct view view_of(const char *s);
/* view_find gives the offset of needle in hay, or -1. */
int64_t view_find(struct view hay, struct view needle);

/* ---- hash.c: octets -> pointer
 * ----------------------------------------------- */

struct jmap;
uint64_t jhash(uint64_t seed, const void *data, size_t len);
void *jmap_get(const struct jmap *m, struct view key); /* m may be NULL */
/* jmap_put makes *m at its first use; an equal key gets the new value. key must
 * live as long as the judge. */
void jmap_put(struct judge *j, struct jmap **m, struct view key, void *value);

/* All SIP messages with one Call-ID, in wire order (question.c). */
struct jcall {
    const struct jsip **sip;
    size_t num;
};
const struct jcall *sip_call(const struct judge *j, const char *call_id);
void sip_calls(struct judge *j); /* makes them; sip_index calls it */

/* ---- the steps of judging ---------------------------------------------------
 */

enum status plan_load(struct judge *j, const char *path, struct judge_error *e);
const char *plan_pixit(const struct judge *j, const char *item,
                       const char *fallback);
/* Times of PIXIT in microseconds: "300 ms", "10 s"; a bare number counts unit.
 */
uint64_t plan_time_us(const struct judge *j, const char *item,
                      uint64_t fallback, uint64_t unit_us);
int party_of(struct judge *j, const struct cap_addr *a);
int party_find(const struct judge *j, const char *role);
const char *party_role(const struct judge *j, int party);

enum status evidence_load(struct judge *j, const char *path,
                          struct judge_error *e);

void sip_index(struct judge *j);
/* An I_MESSAGE_2 in the body of an answer is handed out, not negotiated. */
int is_delivery(const struct trace_mikey *t, const struct jsip *s);
void messages_build(struct judge *j);
void exchange_build(struct judge *j);
void exchange_classify(struct judge *j);
struct jform *form_of(struct judge *j, struct view octets,
                      const struct mikey_msg *msg,
                      const struct mikey_error *err, enum status text_status);
/* open_all opens what the key log can open, leg by leg. */
void open_all(struct judge *j);
void open_payload(struct judge *j, struct jform *f, struct jopen *o,
                  uint8_t type, struct view want);
void keys_all(struct judge *j);
/* The content key (TEK_e2e, both CS) of an I_MESSAGE_2 form from its ESK or an
 * SK line, into the e2e fields of *k. */
void keys_content(struct judge *j, struct jkeys *k, const struct jform *i2,
                  const struct jform *i1);
void defects_all(struct judge *j);
void media_all(struct judge *j);
void deliver_all(struct judge *j);
void notify_all(struct judge *j);

/* ---- questions laws ask -----------------------------------------------------
 */

/* SIP answers. sip_final: the final response of party to the request, NULL if
 * none was seen; sip_answer: any response carrying that MIKEY type. */
const struct jsip *sip_final(const struct judge *j, const struct jsip *request,
                             int party);
const struct jmsg *sip_answer(const struct judge *j, const struct jsip *request,
                              uint8_t type);
/* The first request of that method by party in a call after a time, or NULL. */
const struct jsip *sip_request(const struct judge *j, const char *call_id,
                               const char *method, int party,
                               uint64_t after_us);
/* Something of the party's own making after the time: an answer or a request
 * that is no echo. */
const struct jsip *sip_life(const struct judge *j, int party,
                            uint64_t after_us);
/* watched: the recording goes on past the time and nothing is known to be
 * missing between the two. why, if not NULL, receives the reason when it is 0.
 */
int watched(struct judge *j, uint64_t from_us, uint64_t to_us,
            const char **why);
uint64_t quiet_us(const struct judge *j); /* PX_T_QUIET */

int same_point(const struct mikey_payload *a, const struct mikey_payload *b);
/* 1 on its curve, 0 not, -1 cannot be told (no arithmetic for that curve). */
int point_valid(const struct mikey_payload *eccpt);
struct view idr_of(const struct jform *f, uint8_t role); /* len 0 = absent */
int is_endpoint(const struct judge *j, int party);       /* no CORE */
/* regular: the deferred deposit went as it should, as far as the messages show.
 */
const struct jmsg *leg_good_i2(const struct jleg *leg);
const struct jmsg *leg_good_r2(const struct jleg *leg);
/* The accepted I_MESSAGE_2 of a deposit (R_MESSAGE_2 was sent for it), or NULL.
 */
const struct jmsg *accepted_i2(const struct jx *x);
const struct jmsg *answer_r2(const struct jmsg *i2);

/* media.c: jrtp_is_content: a packet of the message itself (initiator to
 * responder of a deposit between R_MESSAGE_2 and BYE). */
int jrtp_is_content(const struct jrtp *r);
enum status srtp_open(const struct jsrtp_key *key, struct view packet,
                      size_t header_len, uint64_t index, uint8_t *out);
/* srtp_unchecked decrypts whatever the tag says. */
enum status srtp_unchecked(const struct jsrtp_key *key, struct view packet,
                           size_t header_len, uint64_t index, uint8_t *out);

/* Is the party the owner of the account that a deposit or retrieval went to? */
int is_owner(const struct judge *j, int party);
/* The first 2xx to the INVITE of a call, as its responder sent it; NULL. */
const struct jsip *jx_ok(const struct jx *x);
/* complete: the key exchange of a leg went through with sound messages. */
int leg_complete(const struct jx *x, const struct jleg *l);
/* Was a retrieval of the owner carried through after the time, so that what it
 * does not show was not there? The first such, or NULL. */
const struct jx *retrieval_after(const struct judge *j, uint64_t after_us);

/* store.c: what became of a deposit. */
enum jstored { JSTORED_UNKNOWN, JSTORED_NO, JSTORED_YES };
enum jstored stored_state(struct judge *j, const struct jx *x,
                          const struct jmsg *i2, const char **why,
                          uint64_t *frame);

/* ---- laws -------------------------------------------------------------------
 */

struct law {
    struct judge_law_info info;
    void (*run)(struct judge *j, const struct law *law);
    const void *arg;
};

extern const struct law laws_structure[], laws_structure_sip[],
    laws_structure_kms[], laws_identity[], laws_identity_show[], laws_replay[],
    laws_secrecy[], laws_secrecy_media[], laws_refuse[], laws_flow[];
extern const size_t num_laws_structure, num_laws_structure_sip,
    num_laws_structure_kms, num_laws_identity, num_laws_identity_show,
    num_laws_replay, num_laws_secrecy, num_laws_secrecy_media, num_laws_refuse,
    num_laws_flow;
const struct law *law_at(size_t i);
void laws_run(struct judge *j);

/* A probe collects what a law finds at one place: fails and lacks become
 * findings at once; probe_end adds a PASS if there was neither. */
struct probe {
    struct judge *j;
    const struct law *law;
    const struct jx *x;
    int party;
    const char *message;
    uint64_t frame;
    const char *in;
    struct view octets; /* what ranges count in */
    struct mikey_range range;
    unsigned failed, lacking, noted;
};
struct probe probe_at(struct judge *j, const struct law *law,
                      const struct jx *x, int party);
/* of a message as it was sent (party = sender) or as it arrived. */
struct probe probe_msg(struct judge *j, const struct law *law,
                       const struct jmsg *m);
void probe_sip(struct probe *p, const struct jsip *s);
/* Points at octets [off, off + len) of buf, called in; the next finding shows
 * them. */
void probe_octets(struct probe *p, const char *in, struct view buf,
                  struct mikey_range r);
void probe_payload(struct probe *p, const char *in, struct view buf,
                   const struct mikey_payload *pl);
/* probe_must emits a FAIL unless ok; returns ok. */
int probe_must(struct probe *p, int ok, const char *expected, const char *fmt,
               ...) __attribute__((format(printf, 4, 5)));
void probe_fail(struct probe *p, const char *expected, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void probe_lack(struct probe *p, const char *expected, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* probe_note records a deviation: the finding is a PASS at level DERIVED that
 * names the reading. */
void probe_note(struct probe *p, const char *expected, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void probe_pass(struct probe *p, const char *expected, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void probe_end(struct probe *p, const char *expected, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A missing key for an opened payload: emits the lack and returns 1. */
int probe_needs(struct probe *p, const struct jopen *o, const char *expected);

/* judge.c: judge_steps runs all steps up to the laws; stream.c uses it for
 * single messages. judge_free_all frees what a judge owns. */
void judge_steps(struct judge *j);
void judge_free_all(struct judge *j);
void judge_say(struct judge_error *e, enum status st, const char *path,
               const char *what);
/* note_input remembers the digest of a file that was read: 0 capture.pcap, 1
 * keys.log, 2 evidence.jsonl, 3 plan.yaml. */
void note_input(struct judge *j, int which, const char *path);

/* verdict.c, result.c */
struct judge_result *result_make(struct judge *j);
void verdict_rows(struct judge *j, struct judge_result *r);

#endif
