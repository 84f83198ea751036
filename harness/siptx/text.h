/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private: the few header field values that transactions and dialogs live on.
 * They are read leniently; what is absent is an empty view. */
#ifndef HARNESS_SIPTX_TEXT_H
#define HARNESS_SIPTX_TEXT_H

#include "harness/base/buf.h"

int view_is(struct view v, const char *text); /* octet for octet */
int view_is_nocase(struct view v, const char *text);
int view_equal(struct view a, struct view b);
struct view view_trim(struct view v);
struct view view_of(const char *text);
char *view_dup(struct view v); /* mem_free; NULL if memory is short */
/* view_u32 reads decimal digits; 0 if there is anything else or too much. */
int view_u32(struct view v, uint32_t *out);

/* text_split gives the next element of a comma-separated list, commas in quotes
 * and angle brackets aside; 0 at the end. */
int text_split(struct view *rest, struct view *out);

/* text_param finds ";name=value" (quotes kept) in a run of parameters; 1 if
 * there, *out may then be empty. */
int text_param(struct view params, const char *name, struct view *out);

struct text_via {
    struct view transport; /* "TCP" */
    struct view host;      /* IPv6 with its brackets */
    uint16_t port;         /* 0: none given */
    struct view params;
    struct view branch;
};
int text_via(struct view v, struct text_via *out);

struct text_addr { /* From, To, Contact, Route */
    struct view uri;
    struct view params; /* of the header field */
    struct view tag;
    struct view bare; /* without the parameters of the header field */
};
int text_addr(struct view v, struct text_addr *out);

struct text_uri {
    struct view scheme;
    struct view user;
    struct view host; /* IPv6 without brackets */
    uint16_t port;    /* 0: none given */
    struct view params;
    struct view transport;
    int is_loose; /* ;lr */
};
int text_uri(struct view v, struct text_uri *out);

/* text_cseq reads "1 INVITE"; text_rack "776656 1 INVITE". */
int text_cseq(struct view v, uint32_t *num, struct view *method);
int text_rack(struct view v, uint32_t *rseq, uint32_t *num,
              struct view *method);

#endif
