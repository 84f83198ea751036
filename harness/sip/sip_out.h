/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* SIP messages to send: sound by default, wrong in any way on demand. */
#ifndef HARNESS_SIP_SIP_OUT_H
#define HARNESS_SIP_SIP_OUT_H

#include "harness/base/edit.h"
#include "harness/sip/sip.h"

#include <stdarg.h>

struct sip_out_header {
    char *name; /* NULL: value is the whole line, without line end */
    char *value;
};

/* A message being made. Begin with sip_out_init, sip_out_request,
 * sip_out_response or sip_out_from_msg (none frees what was there before), end
 * with sip_out_free. The first failure is kept in err and returned by
 * everything after it, so that only the last call need be looked at. Values are
 * UTF-8 strings; what needs a NUL or other octets is done with "sip.octets"
 * edits or the body. */
struct sip_out {
    char *method; /* NULL: a response */
    char *uri;
    int status;
    char *reason;
    char *version;    /* NULL: SIP/2.0 */
    char *start_line; /* replaces the whole start line if not NULL */
    struct sip_out_header *headers;
    size_t num_headers;
    uint8_t *body;
    size_t body_len;
    char *length;          /* Content-Length in place of the right one */
    int no_length;         /* no Content-Length at all */
    struct edit_list late; /* edits of the octets (sip.octets) */
    char *boundary;        /* while a multipart is open */
    enum status err;
};

void sip_out_init(struct sip_out *out);
void sip_out_free(struct sip_out *out);
enum status sip_out_copy(struct sip_out *dst, const struct sip_out *src);

enum status sip_out_request(struct sip_out *out, const char *method,
                            const char *uri);
/* sip_out_response copies Via, From, To, Call-ID, CSeq, and for 101–299 the
 * Record-Route (RFC 3261, 8.2.6.2, 12.1.1). to_tag (NULL: none) is added to a
 * To without tag. reason NULL: the usual phrase. */
enum status sip_out_response(struct sip_out *out, const struct sip_msg *req,
                             int status, const char *reason,
                             const char *to_tag);
/* sip_out_from_msg copies a received message: start line, fields (folding
 * undone), body. Content-Length is computed again. */
enum status sip_out_from_msg(struct sip_out *out, const struct sip_msg *msg);

/* Fields. A name matches in any case, compact and long form alike. add puts it
 * at the end, prepend first among its like (first of all if there is none), set
 * replaces the first and drops the others (adds if absent). Content-Length may
 * be set too: it then replaces the computed one; removing it leaves it out. */
enum status sip_out_add(struct sip_out *out, const char *name, const char *fmt,
                        ...) __attribute__((format(printf, 3, 4)));
enum status sip_out_prepend(struct sip_out *out, const char *name,
                            const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
enum status sip_out_set(struct sip_out *out, const char *name, const char *fmt,
                        ...) __attribute__((format(printf, 3, 4)));
enum status sip_out_add_view(struct sip_out *out, const char *name,
                             struct view value);
/* sip_out_add_line adds "Name: value", or any line as it is. */
enum status sip_out_add_line(struct sip_out *out, const char *line);
/* sip_out_remove drops all fields of that name; STATUS_NOT_FOUND (not kept in
 * err). sip_out_remove_value drops the nth value, commas heeded (Route, Via).
 */
enum status sip_out_remove(struct sip_out *out, const char *name);
enum status sip_out_remove_value(struct sip_out *out, const char *name,
                                 size_t nth);
/* sip_out_get gives the value of the nth line of a field, or NULL. */
const char *sip_out_get(const struct sip_out *out, const char *name,
                        size_t nth);

/* sip_out_body sets body and Content-Type (type NULL: leaves that field alone).
 */
enum status sip_out_body(struct sip_out *out, const char *type,
                         const void *data, size_t len);

/* A multipart body: begin sets Content-Type with the boundary (and
 * MIME-Version), part adds one, end closes. headers: further lines of the part,
 * each with CRLF, or NULL. */
enum status sip_out_multipart_begin(struct sip_out *out, const char *subtype,
                                    const char *boundary);
enum status sip_out_multipart_part(struct sip_out *out, const char *type,
                                   const char *headers, const void *data,
                                   size_t len);
enum status sip_out_multipart_end(struct sip_out *out);

/* sip_out_edit applies one edit. STATUS_NOT_FOUND: there is nothing at the path
 * (a scenario error; nothing is changed), STATUS_SYNTAX: no such path or value,
 * STATUS_UNSUPPORTED: the operation makes no sense there. None is kept in err.
 *
 *   sip.request-line  sip.status-line  the whole start line (set, truncate,
 * flip) sip.method  sip.uri  sip.version  sip.status  sip.reason   (set,
 * truncate, flip) sip.<Header-Name>[n]  the nth line (default 0): set its value
 * (adds the field if absent and n is not given); drop (without [n]: all of
 *                     them); repeat; insert, append: VALUE is a whole line
 *                     "Name: value" put before or after it; truncate, flip: the
 * value sip.Content-Length  set, drop: in place of the right one sip.line
 * insert, append: VALUE as first, last header line sip.body          set (\r \n
 * \t \\ \xHH understood), drop, truncate, flip, repeat, insert, append
 *   sip.octets        as sip.body, on the encoded octets; insert and append at
 *                     their begin and end
 *   sip.octets[n]     set, insert, drop, flip from offset n on
 *   sdp.<letter>[n]   the nth line of that type: set its value, drop (without
 * [n]: all), repeat, insert, append (VALUE a whole line), truncate, flip
 *   sdp.<attribute>[n]        the same for a=<attribute>…: sdp.key-mgmt,
 * sdp.rtpmap sdp.key-mgmt[n].protocol  .data sdp.proto[n] sdp.media[n]
 * sdp.port[n] sdp.fmt[n]   of the nth m= line sdp.o.username .sess-id
 * .sess-version .nettype .addrtype .address sdp.c.nettype .addrtype .address
 *
 * sdp paths work on the first application/sdp part of the body. */
enum status sip_out_edit(struct sip_out *out, const struct edit *e);

/* sip_out_encode writes the message: Content-Length computed unless overridden,
 * then sip.octets edits. Returns the first error. */
enum status sip_out_encode(const struct sip_out *out, struct wr *w);

/* ---- digest access authentication (RFC 3261, 22; RFC 2617; RFC 8760) ---- */

/* The hash is the caller's: MD5, or whatever algorithm names. Writes *out_len
 * octets to out (room for 64). */
typedef enum status sip_hash_fn(void *ctx, const uint8_t *data, size_t len,
                                uint8_t *out, size_t *out_len);

struct sip_digest {
    struct view username, realm, nonce, uri, method;
    struct view qop; /* empty, "auth" or "auth-int" */
    struct view cnonce;
    struct view nc;        /* eight hex digits */
    struct view algorithm; /* empty: MD5; "MD5-sess" understood */
    struct view body;      /* auth-int only */
};
/* sip_digest_response writes the response value: hex digits and a NUL. */
enum status sip_digest_response(char out[129], const struct sip_digest *d,
                                struct view password, sip_hash_fn *hash,
                                void *ctx);
/* Client: sip_digest_answer writes the value of an Authorization for the
 * challenge of a 401 or 407. nc 1 for the first use of the nonce.
 * STATUS_NOT_FOUND: no Digest challenge; STATUS_UNSUPPORTED: only qop values
 * that are not auth. The algorithm is not looked at but copied; hash must fit
 * it. */
enum status sip_digest_answer(struct wr *w, struct view challenge,
                              const char *user, const char *password,
                              const char *method, const char *uri,
                              const char *cnonce, unsigned nc,
                              sip_hash_fn *hash, void *ctx);
/* Server: sip_digest_verify compares. STATUS_OK; STATUS_NOT_FOUND (not Digest,
 * or a parameter is missing), STATUS_MISMATCH (realm, nonce or uri other than
 * expected; empty views are not compared), STATUS_AUTH. */
struct sip_digest_expect {
    struct view realm, nonce, uri;
    struct view username;
};
enum status sip_digest_verify(struct view authorization,
                              const struct sip_digest_expect *expect,
                              const char *method, const char *password,
                              sip_hash_fn *hash, void *ctx);

#endif
