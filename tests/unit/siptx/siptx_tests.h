/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* An endpoint under test (127.0.0.1:5060) and a raw peer (127.0.0.2:5060) that
 * writes down what it gets, with the time, and sends what the test says. */
#ifndef TESTS_UNIT_SIPTX_SIPTX_TESTS_H
#define TESTS_UNIT_SIPTX_SIPTX_TESTS_H

#include "harness/siptx/siptx.h"
#include "tests/unit/unit.h"

extern const struct unit_suite client_suite;
extern const struct unit_suite server_suite;
extern const struct unit_suite reliable_suite;
extern const struct unit_suite dialog_suite;
extern const struct unit_suite transport_suite;
extern const struct unit_suite proxy_suite;
extern const struct unit_suite auth_suite;
extern const struct unit_suite pair_suite;

#define MAX_SEEN 64

struct seen {
    uint64_t at_ms;
    char *text;
    size_t len;
};

struct world {
    struct env env;
    struct net_loop *loop;
    struct siptx_endpoint *ep;
    unsigned long live;
    /* the raw peer */
    struct net_udp *udp;
    struct net_listener *listener;
    struct net_stream *stream; /* the last one, either way */
    unsigned accepted;
    unsigned closed;
    struct seen seen[MAX_SEEN];
    size_t num_seen;
    /* what the endpoint told its owner */
    char log[2000];
    struct siptx_server *server;
    struct siptx_dialog *dialog;
    struct siptx_client *client;
    char answer[200]; /* codes to reply at once to each request: "180 200" */
    int reliable;     /* provisionals are sent reliably */
    int auto_ack;
    int auto_prack;
    unsigned drop_first; /* on_send drops so many */
};

/* world_begin makes both; config may be NULL. UDP is the default transport
 * here. world_end frees all and checks that nothing is left allocated. */
void world_begin(struct world *w, const struct siptx_config *config);
void world_end(struct world *w);
void world_callbacks(struct siptx_config *config, struct world *w);
/* world_start makes a request to sip:bob@127.0.0.2:5060 and sends it. */
struct siptx_client *world_start(struct world *w, const char *method);
struct siptx_client *world_send(struct world *w, struct sip_out *out);
struct siptx_client *world_send_to(struct world *w, struct sip_out *out,
                                   const struct siptx_dest *dest);

void peer_send(struct world *w, const char *text);     /* by UDP */
void peer_send_tcp(struct world *w, const char *text); /* on the stream */
void peer_connect(struct world *w);
/* peer_response makes a response to the i-th message seen, with To tag (NULL:
 * none) and further header lines (each with CRLF). */
char *peer_response(struct world *w, size_t i, const char *status,
                    const char *tag, const char *lines);
void peer_reply(struct world *w, size_t i, const char *status, const char *tag,
                const char *lines);
/* peer_request makes a request from bob with branch and To tag. */
void peer_request(struct world *w, const char *method, const char *branch,
                  const char *to_tag, unsigned cseq, const char *lines);
char *peer_request_text(const char *method, const char *branch,
                        const char *to_tag, unsigned cseq, const char *lines,
                        const char *transport);

/* unit_parse makes a message from text (free with unit_parse_free). */
struct sip_msg *unit_parse(const char *text);
void unit_parse_free(struct sip_msg *msg);

/* seen_field gives the value of a header field in the i-th message seen, in a
 * buffer that the next calls reuse in turn. */
const char *seen_field(struct world *w, size_t i, const char *name);
int seen_starts(struct world *w, size_t i, const char *text);
/* seen_times writes the times of the messages that start with text: "0 500". */
const char *seen_times(struct world *w, const char *text);
const char *tag_of(const char *field);

#endif
