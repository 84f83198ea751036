/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Inside of siptx: what an endpoint keeps.
 *
 * Nothing is freed while it may still be on the stack: an object that ends is
 * taken out of its list, and buried; the next turn of the loop frees it. */
#ifndef HARNESS_SIPTX_SIPTX_INT_H
#define HARNESS_SIPTX_SIPTX_INT_H

#include "harness/siptx/siptx.h"

#define SIPTX_MESSAGE_MAX (2u << 20) /* of one message on TCP */
#define SIPTX_TAG_MAX 64
#define SIPTX_MAX_CONNS 512
#define SIPTX_MAX_TX 20000 /* at a time; more requests are not heard */
#define SIPTX_UDP_LIMIT 1300
#define SIPTX_100_AFTER_MS 200 /* RFC 3261, 17.2.1 */

struct node {
    struct node *prev;
    struct node *next;
};

/* An object that has ended and is to be freed. */
struct grave {
    struct node node;
    void (*bury)(void *object);
    void *object;
};

/* Octets that may be sent again. */
struct octets {
    uint8_t *data;
    size_t len;
};

/* Where to send. conn wins if that connection still stands. */
struct target {
    struct net_addr addr;
    enum siptx_transport transport; /* UDP or TCP */
    uint64_t conn;                  /* id of a connection; 0: none */
};

struct conn {
    struct node node;
    struct grave grave;
    struct siptx_endpoint *ep;
    struct net_stream *stream;
    struct net_addr peer;
    uint64_t id;
    struct wr in; /* octets of a message not complete yet */
    int was_open;
};

/* Where a message came from. */
struct source {
    struct net_addr addr;
    enum siptx_transport transport;
    uint64_t conn;
};

enum client_state {
    CLIENT_CALLING,    /* INVITE; TRYING for others */
    CLIENT_PROCEEDING, /* a provisional has come */
    CLIENT_COMPLETED,  /* a final response; for INVITE not 2xx */
    CLIENT_ACCEPTED,   /* INVITE: a 2xx (RFC 6026) */
    CLIENT_ENDED
};

struct siptx_client {
    struct node node;
    struct grave grave;
    struct siptx_endpoint *ep;
    enum client_state state;
    int is_invite;
    int forwarded; /* for a proxy: no dialogs */
    char *method;
    char *branch;
    struct octets request; /* as sent */
    struct octets ack;     /* of a non-2xx final response */
    struct target to;
    unsigned repeats;
    uint64_t interval_ms;
    struct net_timer *resend;    /* A, E */
    struct net_timer *timeout;   /* B, F; D, K, M */
    struct siptx_dialog *dialog; /* a request inside this dialog */
    siptx_event_fn *on_event;
    void *ctx;
    int cancel_wanted; /* as soon as a provisional comes */
    char *cancel_extra;
    int final_code;
};

/* A reliable provisional that waits for its PRACK. */
struct reliable {
    struct node node;
    struct siptx_server *tx;
    uint32_t rseq;
    int code;
    char *tag;  /* To tag it was sent with */
    char *name; /* "INVITE/183" */
    struct octets octets;
    uint64_t interval_ms;
    uint64_t started_ms;
    unsigned repeats;
    struct net_timer *timer;
};

enum server_state {
    SERVER_TRYING, /* nothing answered yet */
    SERVER_PROCEEDING,
    SERVER_COMPLETED,
    SERVER_CONFIRMED, /* INVITE: ACK of a non-2xx came */
    SERVER_ACCEPTED,  /* INVITE: 2xx sent (RFC 6026) */
    SERVER_ENDED
};

struct siptx_server {
    struct node node;
    struct grave grave;
    struct siptx_endpoint *ep;
    enum server_state state;
    int is_invite;
    char *method;
    char *key; /* 17.2.3 */
    uint32_t cseq;
    char *call_id;
    char *from_tag;
    struct octets raw; /* the request, viewed by msg */
    struct sip_msg *msg;
    char *via; /* the top Via with received and rport */
    struct target to;
    char tag[SIPTX_TAG_MAX];
    struct octets response; /* the last one sent */
    char *response_name;
    unsigned repeats;
    int final_code;
    int acked; /* the 2xx */
    uint64_t interval_ms;
    uint64_t started_ms;
    struct net_timer *resend;  /* G; 2xx */
    struct net_timer *timeout; /* H, I, J, L */
    struct net_timer *trying;  /* 100 after 200 ms */
    struct siptx_dialog *dialog;
    struct siptx_server *pracked;
    struct node reliables;
    uint32_t next_rseq;
    void *user;
};

struct dialog_priv {
    struct siptx_dialog pub; /* first: a siptx_dialog is a dialog_priv */
    struct node node;
    struct grave grave;
    struct siptx_client *made_by;   /* the INVITE or SUBSCRIBE we sent */
    struct siptx_server *made_in;   /* the one we got */
    struct siptx_server *invite_in; /* the peer's INVITE under way */
    uint32_t got_2xx_cseq;          /* of the last 2xx reported */
    int got_2xx;
    struct octets ack;
    struct target ack_to;
    unsigned ack_repeats;
    uint32_t last_rseq; /* RFC 3262, 4: in order only */
    uint32_t last_rseq_cseq;
};

/* A sending that on_send put off. */
struct delayed {
    struct node node;
    struct siptx_endpoint *ep;
    struct net_timer *timer;
    struct target to;
    struct octets octets;
};

struct siptx_endpoint {
    struct siptx_config cfg; /* strings replaced by copies */
    char *user;
    char *contact_params;
    char *product;
    char *contact;
    char *contact_uri;
    struct net_addr addr;
    struct net_udp *udp;
    struct net_listener *listener;
    struct node conns;
    size_t num_conns;
    uint64_t next_conn;
    struct node clients;
    struct node servers;
    size_t num_servers;
    struct node dialogs;
    struct node delayed;
    struct node graves;
    struct net_timer *sexton;
    int closing;
};

/* list.c */
void stx_node_init(struct node *n);
void stx_node_add(struct node *list, struct node *n);
void stx_node_del(struct node *n);
#define NODE_OF(type, member, n)                                               \
    ((type *)(void *)((char *)(n) - __builtin_offsetof(type, member)))
void stx_octets_free(struct octets *o);
/* bury frees object with fn when nothing can be using it any more. The grave is
 * part of the object: burying cannot fail. */
void stx_bury(struct siptx_endpoint *ep, struct grave *g,
              void (*fn)(void *object), void *object);
void stx_dig_up(struct siptx_endpoint *ep);

/* transport.c */
enum status stx_transport_open(struct siptx_endpoint *ep);
void stx_transport_close(struct siptx_endpoint *ep);
/* transport_send sends through on_send. A connection that must be made first is
 * made; its failure comes to client_transport_failed. *to gets the connection.
 */
enum status stx_transport_send(struct siptx_endpoint *ep, struct target *to,
                               const char *name, unsigned repeat,
                               const struct octets *o);
const char *stx_transport_word(enum siptx_transport t);
enum siptx_transport stx_transport_of(struct view word,
                                      enum siptx_transport other);
enum siptx_transport stx_transport_default(const struct siptx_endpoint *ep);
/* find_next_hop says where a message goes (8.1.2). */
enum status stx_find_next_hop(struct siptx_endpoint *ep,
                              const struct sip_msg *msg,
                              const struct siptx_dest *dest, struct target *to);
enum status stx_uri_target(struct siptx_endpoint *ep, struct view uri,
                           struct target *to);

/* message.c */
/* frame_next: 1 and the length of a whole message, 0 if more must come, -1 if
 * it never will be one. */
int stx_frame_next(const uint8_t *data, size_t len, size_t *out_len);
/* msg_parse makes a message that views octets; NULL if they are none. */
struct sip_msg *stx_msg_parse(const uint8_t *data, size_t len);
void stx_msg_free(struct sip_msg *m);
struct view stx_msg_tag(const struct sip_msg *m, enum sip_hdr id);
uint32_t stx_msg_cseq(const struct sip_msg *m);
/* out_settle returns s or the error kept in out; in case of a failure out is
 * freed and empty. */
enum status stx_out_settle(struct sip_out *out, enum status s);
enum status stx_out_encode(const struct sip_out *out, struct octets *octets);
enum status stx_make_ack(struct sip_out *out, const struct sip_msg *request,
                         const struct sip_msg *response);
enum status stx_make_cancel(struct sip_out *out, const struct sip_msg *request,
                            const char *extra);
/* encode applies the edits for name and gives the octets. */
enum status stx_encode(struct siptx_endpoint *ep, const struct sip_out *out,
                       const char *name, struct octets *octets);

/* endpoint.c */
void stx_on_message(struct siptx_endpoint *ep, const struct sip_msg *msg,
                    const struct source *from);
uint64_t stx_t1(const struct siptx_endpoint *ep);
uint64_t stx_t2(const struct siptx_endpoint *ep);
uint64_t stx_t4(const struct siptx_endpoint *ep);
int stx_is_reliable_transport(enum siptx_transport t);

/* client.c */
void stx_client_on_response(struct siptx_client *tx, const struct sip_msg *msg);
struct siptx_client *stx_client_find(struct siptx_endpoint *ep,
                                     struct view branch, struct view method);
void stx_client_transport_failed(struct siptx_endpoint *ep, uint64_t conn);
void stx_client_end(struct siptx_client *tx);
void stx_client_drop_dialog(struct siptx_endpoint *ep,
                            struct siptx_dialog *dlg);
/* address_ack adds the Via to an ACK of a 2xx, encodes it and says where to. */
enum status stx_address_ack(struct siptx_endpoint *ep,
                            const struct sip_out *out,
                            const struct siptx_dest *dest, struct target *to,
                            struct octets *octets);
enum status stx_client_send(struct siptx_endpoint *ep,
                            const struct sip_out *out,
                            const struct siptx_dest *dest,
                            struct siptx_dialog *dialog, int forwarded,
                            siptx_event_fn *on_event, void *ctx,
                            struct siptx_client **tx);

/* server.c */
void stx_server_on_request(struct siptx_endpoint *ep, const struct sip_msg *msg,
                           const struct source *from);
void stx_server_end(struct siptx_server *tx);
void stx_server_drop_dialog(struct siptx_endpoint *ep,
                            struct siptx_dialog *dlg);
void stx_server_ack_2xx(struct siptx_server *tx);

/* reliable.c */
void stx_reliable_clear(struct siptx_server *tx);
/* reliable_prack finds what a PRACK is for and stops it; NULL if nothing. */
struct siptx_server *stx_reliable_prack(struct siptx_endpoint *ep,
                                        const struct sip_msg *prack,
                                        struct siptx_dialog *dlg);
void stx_accept_start(struct siptx_server *tx); /* 2xx until ACK */

/* dialog.c */
struct dialog_priv *stx_dialog_priv_of(struct siptx_dialog *d);
struct siptx_dialog *stx_dialog_of(struct siptx_endpoint *ep,
                                   struct view call_id, struct view local_tag,
                                   struct view remote_tag);
struct siptx_dialog *stx_dialog_from_response(struct siptx_client *tx,
                                              const struct sip_msg *msg);
struct siptx_dialog *stx_dialog_from_reply(struct siptx_server *tx,
                                           const struct sip_msg *sent);
struct siptx_dialog *stx_dialog_from_notify(struct siptx_endpoint *ep,
                                            const struct sip_msg *msg);
void stx_dialog_refresh_target(struct siptx_dialog *d,
                               const struct sip_msg *msg);
void stx_dialog_end(struct siptx_dialog *d);
struct siptx_dialog *stx_dialog_known(struct siptx_client *tx,
                                      const struct sip_msg *msg);
/* Is this the next reliable provisional, the first of its 2xx? A repeated 2xx
 * is acknowledged again. */
int stx_dialog_takes_rseq(struct siptx_dialog *d, const struct sip_msg *msg);
int stx_dialog_takes_2xx(struct siptx_dialog *d, const struct sip_msg *msg);
/* dialogs_end_early ends the early dialogs that tx made. */
void stx_dialogs_end_early(struct siptx_endpoint *ep,
                           const struct siptx_client *c,
                           const struct siptx_server *s);

#endif
