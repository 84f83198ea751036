/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* SIP behaviour over the message layer: transports, transactions (RFC 3261, 17
 * with the corrections of RFC 6026), reliable provisional responses (RFC 3262),
 * dialogs (RFC 3261, 12), proxying (16), digest (22), offer/answer (RFC 3264).
 *
 * An endpoint is one address (UDP and TCP on one port) with one owner. It may
 * be a user agent (dialogs are kept, strays answered) or a proxy (no dialogs).
 *
 * Tester's rule: the endpoint keeps the machinery right by default; a scenario
 * bends any outgoing message with edits and any sending with on_send. It never
 * judges what the peer does: what is odd is reported or answered as the RFC
 * says.
 *
 * Lifetimes. A client or server transaction lives until its END event, a dialog
 * until on_dialog_end; then forget the pointer. Messages given to callbacks
 * live as long as the callback; siptx_server_request as long as the
 * transaction. */
#ifndef HARNESS_SIPTX_SIPTX_H
#define HARNESS_SIPTX_SIPTX_H

#include "harness/base/edit.h"
#include "harness/base/log.h"
#include "harness/net/net.h"
#include "harness/sip/sip.h"

struct siptx_endpoint;
struct siptx_client; /* client transaction: a request we sent */
struct siptx_server; /* server transaction: a request we got */
struct siptx_dialog;

enum siptx_transport { SIPTX_DEFAULT, SIPTX_UDP, SIPTX_TCP };

/* Where a request goes. addr.family 0: find out (RFC 3261, 8.1.2: first Route,
 * else Request-URI; a host name is looked up with resolve, else outbound). */
struct siptx_dest {
    struct net_addr addr;
    enum siptx_transport transport;
};

enum siptx_kind {
    SIPTX_RESPONSE, /* msg, code; dialog if the response belongs to one */
    SIPTX_FAILED,   /* why: STATUS_TIMEOUT (timer B, F), STATUS_IO (transport).
                       Nothing further comes but SIPTX_END */
    SIPTX_END       /* the transaction is gone; exactly once, last */
};

struct siptx_event {
    enum siptx_kind kind;
    struct siptx_client *client;
    const struct sip_msg *msg;
    int code;
    struct siptx_dialog *dialog;
    enum status why;
};
typedef void siptx_event_fn(void *ctx, const struct siptx_event *ev);

/* What on_send decides about one sending. */
struct siptx_sending {
    const char *name;    /* "INVITE", "INVITE/183", "ACK" */
    unsigned repeat;     /* 0 the first time, n the n-th retransmission */
    const uint8_t *data; /* the octets, edits already applied */
    size_t len;
    struct siptx_dest to;
    /* out: */
    unsigned copies;   /* 1; 0 drops it, 2 sends it twice … */
    uint64_t delay_ms; /* 0 */
};

struct siptx_handlers {
    /* on_request: a new request other than ACK and CANCEL. dialog is NULL if it
     * is outside a dialog; the endpoint has answered 481 itself if it claims a
     * dialog that a user agent does not have, 482 if it is merged (8.2.2.2).
     * PRACK for a reliable response of ours comes here too, already counted. */
    void (*on_request)(void *ctx, struct siptx_server *tx,
                       const struct sip_msg *msg, struct siptx_dialog *dialog);
    /* on_ack: the ACK of a 2xx (a user agent: dialog is set; the first one
     * only; a proxy: dialog NULL, every one, to be passed on with
     * siptx_forward_ack). */
    void (*on_ack)(void *ctx, struct siptx_dialog *dialog,
                   const struct sip_msg *msg);
    /* on_cancel: a CANCEL for a pending INVITE; it is answered 200 already. If
     * NULL, a user agent answers the INVITE with 487 itself. */
    void (*on_cancel)(void *ctx, struct siptx_server *invite,
                      const struct sip_msg *msg);
    /* on_unacked: no ACK for a 2xx (13.3.1.4) or no PRACK for a reliable
     * provisional (RFC 3262, 3) within 64*T1. If NULL: BYE, 500 respectively.
     */
    void (*on_unacked)(void *ctx, struct siptx_server *invite,
                       struct siptx_dialog *dialog, int code);
    /* on_stray: a response that matches no transaction. May be NULL. */
    void (*on_stray)(void *ctx, const struct sip_msg *msg);
    /* on_dialog_end: dlg is going. May be NULL. */
    void (*on_dialog_end)(void *ctx, struct siptx_dialog *dlg);
    /* on_server_end: tx is going. May be NULL. */
    void (*on_server_end)(void *ctx, struct siptx_server *tx);
    /* on_send: veto, delay, duplicate. May be NULL. */
    void (*on_send)(void *ctx, struct siptx_sending *s);
    /* on_garbage: octets that are no SIP message (after the connection was
     * closed, or the datagram dropped). May be NULL. */
    void (*on_garbage)(void *ctx, const struct net_addr *from,
                       const uint8_t *data, size_t len);
    /* resolve fills *out for a host that is no address; returns
     * STATUS_NOT_FOUND otherwise. May be NULL. */
    enum status (*resolve)(void *ctx, const char *host, uint16_t port,
                           struct net_addr *out);
};

struct siptx_config {
    struct net_loop *loop;
    struct env *env;
    const struct log *log;          /* may be NULL */
    struct net_addr addr;           /* port 0: any */
    enum siptx_transport transport; /* for requests; SIPTX_DEFAULT is TCP */
    unsigned mtu;        /* known path MTU for UDP; 0: unknown, 1300 rule */
    int no_udp_fallback; /* large requests by UDP all the same (a fault) */
    int is_proxy;
    unsigned t1_ms;                /* 0: 500 */
    unsigned t2_ms;                /* 0: 4,000 */
    unsigned t4_ms;                /* 0: 5,000 */
    unsigned timer_d_ms;           /* 0: 32,000, RFC 3261, 17.1.1.2 */
    const char *user;              /* user part of Contact; NULL: none */
    const char *contact_params;    /* after the Contact's '>': ";audio"; NULL */
    const char *product;           /* User-Agent and Server; NULL: left out */
    struct siptx_dest outbound;    /* for names; family 0: none */
    const struct edit_list *edits; /* may be NULL; must outlive the endpoint */
    struct siptx_handlers on;
    void *ctx;
};

/* siptx_new binds and listens. Strings of config are copied. Returns the status
 * of the binding; *out is then NULL. siptx_free ends all transactions and
 * dialogs (END, on_server_end and on_dialog_end are called) and closes the
 * sockets. */
enum status siptx_new(struct siptx_endpoint **out,
                      const struct siptx_config *config);
void siptx_free(struct siptx_endpoint *ep);

struct net_addr siptx_addr(const struct siptx_endpoint *ep);
/* siptx_contact gives the Contact's value as
 * "<sip:bob@127.0.0.2:5060;transport= tcp>;audio"; siptx_contact_uri only the
 * URI. Owned by ep. */
const char *siptx_contact(const struct siptx_endpoint *ep);
const char *siptx_contact_uri(const struct siptx_endpoint *ep);
/* siptx_set_edits replaces the edits from the next message on. */
void siptx_set_edits(struct siptx_endpoint *ep, const struct edit_list *edits);
/* siptx_drop_connections closes all TCP connections (a fault; a restart). */
void siptx_drop_connections(struct siptx_endpoint *ep);
/* siptx_send_raw sends octets as they are. */
enum status siptx_send_raw(struct siptx_endpoint *ep,
                           const struct siptx_dest *dest, const uint8_t *data,
                           size_t len);
/* siptx_token writes a new random token (tags, Call-IDs): n hex digits and a
 * NUL, n even. */
void siptx_token(struct siptx_endpoint *ep, char *out, size_t n);

/* ---- requests ---- */

/* siptx_request fills out (new, unset) with a request outside any dialog:
 * Request- URI, Max-Forwards, From with new tag, To, Call-ID, CSeq 1 and, for
 * INVITE, SUBSCRIBE, REGISTER, the Contact. from and to are name-addr text
 * without tag
 * ("\"Alice\" <sip:alice@home-a.example>"). Via and Content-Length come when
 * it is sent. The caller frees out. */
enum status siptx_request(struct siptx_endpoint *ep, struct sip_out *out,
                          const char *method, const char *uri, const char *from,
                          const char *to);

/* siptx_dialog_request fills out with a request inside a dialog (12.2.1.1):
 * target, route set, From, To, Call-ID, next CSeq, Max-Forwards and, for
 * INVITE, UPDATE, SUBSCRIBE, NOTIFY, the Contact. */
enum status siptx_dialog_request(struct siptx_dialog *dlg, struct sip_out *out,
                                 const char *method);

/* siptx_send sends a request (not ACK) in a new client transaction: adds the
 * Via, applies edits, encodes. dest NULL: find out. on_event may be NULL, *tx
 * too. out is only read and may be freed at once. STATUS_NOT_FOUND: no next
 * hop. A transport that fails is reported as SIPTX_FAILED. */
enum status siptx_send(struct siptx_endpoint *ep, const struct sip_out *out,
                       const struct siptx_dest *dest, siptx_event_fn *on_event,
                       void *ctx, struct siptx_client **tx);
/* siptx_dialog_send is siptx_send inside a dialog. */
enum status siptx_dialog_send(struct siptx_dialog *dlg,
                              const struct sip_out *out,
                              siptx_event_fn *on_event, void *ctx,
                              struct siptx_client **tx);

/* siptx_cancel cancels a pending INVITE (9.1): at once if a provisional
 * response has come, else as soon as one comes. extra is a header field line
 * such as "Reason: SIP;cause=200;text=\"Call completed elsewhere\"", or NULL.
 * STATUS_UNEXPECTED if there is a final response already. */
enum status siptx_cancel(struct siptx_client *invite, const char *extra);
/* siptx_cancel_now does not wait for a provisional response (a fault). */
enum status siptx_cancel_now(struct siptx_client *invite, const char *extra);

/* siptx_ack acknowledges the 2xx of dlg's INVITE (13.2.2.4) and again each time
 * that 2xx is repeated. out NULL: a plain ACK; else a message begun with
 * siptx_dialog_ack and completed by the caller. */
enum status siptx_ack(struct siptx_dialog *dlg, const struct sip_out *out);
enum status siptx_dialog_ack(struct siptx_dialog *dlg, struct sip_out *out);

/* siptx_prack fills out with the PRACK for the reliable provisional ev (RFC
 * 3262, 4); send it with siptx_dialog_send. STATUS_UNEXPECTED if ev is not
 * reliable. Repeated and out-of-order reliable provisionals are not reported.
 */
enum status siptx_prack(const struct siptx_event *ev, struct sip_out *out);
/* siptx_is_reliable: a provisional with Require: 100rel and an RSeq. */
int siptx_is_reliable(const struct sip_msg *msg);

/* siptx_client_forget: no more events for this transaction, END neither. */
void siptx_client_forget(struct siptx_client *tx);
const char *siptx_client_method(const struct siptx_client *tx);
const char *siptx_client_branch(const struct siptx_client *tx);

/* ---- responses ---- */

/* siptx_response fills out with a response to tx's request (8.2.6): Vias, From,
 * To with our tag (except 100), Call-ID, CSeq; Record-Route and Contact where a
 * dialog or a target refresh needs them. reason NULL: the usual phrase. */
enum status siptx_response(struct siptx_server *tx, struct sip_out *out,
                           int code, const char *reason);

/* siptx_reply sends a response through the transaction. A user agent's dialog
 * is made or confirmed by it. STATUS_UNEXPECTED after a final response (except
 * further 2xx to an INVITE). */
enum status siptx_reply(struct siptx_server *tx, const struct sip_out *out);

/* siptx_reply_reliable adds Require: 100rel and the RSeq to a provisional of
 * 101 to 199 and repeats it until PRACK comes. More than one may be pending if
 * the caller insists (RFC 3262, 3 forbids it: see siptx_unpracked). A 2xx
 * before the PRACK is likewise the caller's choice. */
enum status siptx_reply_reliable(struct siptx_server *tx,
                                 const struct sip_out *out);
unsigned siptx_unpracked(const struct siptx_server *tx);

/* siptx_reply_status is siptx_response and siptx_reply; extra is a header field
 * line
 * ("Retry-After: 5") or NULL. */
enum status siptx_reply_status(struct siptx_server *tx, int code,
                               const char *reason, const char *extra);

const struct sip_msg *siptx_server_request(const struct siptx_server *tx);
struct siptx_dialog *siptx_server_dialog(const struct siptx_server *tx);
/* siptx_server_pracked: for a PRACK request, the INVITE transaction it is for.
 */
struct siptx_server *siptx_server_pracked(const struct siptx_server *tx);
struct siptx_dest siptx_server_peer(const struct siptx_server *tx);
void siptx_server_set_user(struct siptx_server *tx, void *user);
void *siptx_server_user(const struct siptx_server *tx);
/* siptx_server_set_tag makes the To tag of the next responses: another tag is
 * another early dialog (forking). Up to 63 octets. */
enum status siptx_server_set_tag(struct siptx_server *tx, const char *tag);

/* ---- dialogs ---- */

enum siptx_dialog_state { SIPTX_EARLY, SIPTX_CONFIRMED, SIPTX_ENDED };

/* Read only, but for user. Text is owned by the dialog. A dialog begins with a
 * response 101–299 that has a To tag to INVITE or SUBSCRIBE (also with NOTIFY
 * before that response), ends with a non-2xx final response to that INVITE
 * while early, a final response to our BYE, our 2xx to the peer's BYE, or
 * siptx_dialog_end. 481 and 408 to a request inside end it too (12.2.1.2). */
struct siptx_dialog {
    struct siptx_endpoint *ep;
    enum siptx_dialog_state state;
    int is_uas; /* we got the request that made it */
    char *call_id;
    char *local_tag;
    char *remote_tag; /* "" if the peer gave none */
    char *local_uri;  /* From or To field value without tag */
    char *remote_uri;
    char *remote_target; /* Contact URI */
    char **routes;       /* route set, in the order of sending */
    size_t num_routes;
    uint32_t local_cseq;
    uint32_t remote_cseq;
    int has_remote_cseq;
    void *user;
};

/* siptx_dialog_find finds a dialog by its three names. */
struct siptx_dialog *siptx_dialog_find(struct siptx_endpoint *ep,
                                       const char *call_id,
                                       const char *local_tag,
                                       const char *remote_tag);
/* siptx_dialog_end forgets the dialog without sending anything. */
void siptx_dialog_end(struct siptx_dialog *dlg);
/* siptx_bye sends BYE; extra as in siptx_cancel. on_event may be NULL. */
enum status siptx_bye(struct siptx_dialog *dlg, const char *extra,
                      siptx_event_fn *on_event, void *ctx);

/* ---- proxy (is_proxy; RFC 3261, 16) ---- */

/* siptx_forward_copy fills out with tx's request ready to go on: own topmost
 * Route removed, Max-Forwards lowered (added as 70 if absent), Record-Route
 * with our URI on top if record_route. STATUS_REFUSED if Max-Forwards is 0:
 * answer 483. The caller may change Request-URI and header fields (retargeting,
 * History-Info). */
enum status siptx_forward_copy(struct siptx_server *tx, struct sip_out *out,
                               int record_route);

/* siptx_forward sends it in a client transaction of its own; several branches
 * per tx are allowed. dest NULL: next Route, else Request-URI. Responses are
 * reported to on_event and not passed on by themselves: use siptx_relay. CANCEL
 * a branch with siptx_cancel. 100 is answered upstream by the endpoint at once
 * when an INVITE comes in (16.2). ACK of non-2xx is made here, hop by hop. */
enum status siptx_forward(struct siptx_server *tx, const struct sip_out *out,
                          const struct siptx_dest *dest,
                          siptx_event_fn *on_event, void *ctx,
                          struct siptx_client **client);

/* siptx_relay_copy fills out with a response without our Via; siptx_relay does
 * that and sends it upstream through tx. 100 is not relayed (16.7). */
enum status siptx_relay_copy(struct sip_out *out, const struct sip_msg *msg);
enum status siptx_relay(struct siptx_server *tx, const struct sip_msg *msg);

/* siptx_forward_ack passes the ACK of a 2xx on, statelessly; dest as above. */
enum status siptx_forward_ack(struct siptx_endpoint *ep,
                              const struct sip_msg *msg,
                              const struct siptx_dest *dest);

/* ---- digest (RFC 3261, 22; RFC 2617, RFC 8760: MD5, SHA-256) ---- */

struct siptx_credentials {
    const char *user;
    const char *password;
    unsigned nonce_count; /* the caller keeps it; siptx_authorize counts */
};

/* siptx_authorize adds Authorization or Proxy-Authorization to a request for
 * the challenge in response 401 or 407 and raises the CSeq by one: send it
 * again as a new transaction. STATUS_NOT_FOUND: no Digest challenge;
 * STATUS_UNSUPPORTED: another algorithm or qop; out is then unchanged. */
enum status siptx_authorize(struct siptx_endpoint *ep, struct sip_out *out,
                            const struct sip_msg *response,
                            struct siptx_credentials *cred);

/* siptx_check_auth verifies the (Proxy-)Authorization of a request for our
 * challenge. STATUS_OK; STATUS_NOT_FOUND: none, challenge it; STATUS_MISMATCH:
 * realm, nonce, URI or user are others; STATUS_AUTH: wrong password. */
enum status siptx_check_auth(const struct sip_msg *request, int proxy,
                             const char *realm, const char *nonce,
                             const char *user, const char *password);

/* ---- offer/answer (RFC 3264; RFC 3311, 5) ---- */

enum siptx_oa_state { SIPTX_OA_IDLE, SIPTX_OA_SENT, SIPTX_OA_RECEIVED };

struct siptx_oa { /* one per dialog, zeroed */
    enum siptx_oa_state state;
    unsigned completed; /* offer/answer exchanges done */
};

/* siptx_oa_offer_out: may we offer now? STATUS_OK and the offer is out, or
 * STATUS_UNEXPECTED. siptx_oa_answer_in: an answer came; STATUS_UNEXPECTED if
 * none was awaited. */
enum status siptx_oa_offer_out(struct siptx_oa *oa);
enum status siptx_oa_answer_in(struct siptx_oa *oa);
/* siptx_oa_offer_in: an offer came. Returns 0 (take it), 491 (ours is pending)
 * or 500 (theirs is still unanswered: send Retry-After, 0 to 10 s). */
int siptx_oa_offer_in(struct siptx_oa *oa);
enum status siptx_oa_answer_out(struct siptx_oa *oa);
/* siptx_oa_rejected: the pending offer was refused; the session stays as it
 * was. */
void siptx_oa_rejected(struct siptx_oa *oa);

#endif
