/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to the send path: what sip_out.c and the edits share. */
#ifndef HARNESS_SIP_SIP_OUT_INT_H
#define HARNESS_SIP_SIP_OUT_INT_H

#include "harness/sip/sip_int.h"

enum status out_set_text(struct sip_out *out, char **slot, struct view text);
int out_name_matches(const struct sip_out_header *h, const char *name);
/* out_find gives the position of the nth field of that name, num_headers if
 * there is none. */
size_t out_find(const struct sip_out *out, const char *name, size_t nth);
/* out_insert takes name (may be NULL) and value, also when it fails; value NULL
 * is a failed allocation. */
enum status out_insert(struct sip_out *out, size_t at, char *name, char *value);
enum status out_insert_line(struct sip_out *out, size_t at, const char *line);
void out_erase(struct sip_out *out, size_t at);
/* out_set_value takes value; first_only leaves further lines of the field
 * alone. */
enum status out_set_value(struct sip_out *out, const char *name, int first_only,
                          char *value);
void out_write_start(const struct sip_out *out, struct wr *w);

/* A path such as "key-mgmt[1].data" taken apart. */
struct edit_path {
    char name[64];
    int has_index;
    size_t index; /* 0 without */
    char field[32];
};

/* splice writes whole with op done to its part [from, to). STATUS_NOT_FOUND if
 * a truncation or flip reaches beyond that part. */
enum status splice(struct wr *w, struct view whole, size_t from, size_t to,
                   enum edit_op op, struct view value);
/* sip_edit_octets gives an edit's value with \r \n \t \\ \xHH undone: a new
 * block (mem_free), NULL without memory. */
uint8_t *sip_edit_octets(const char *text, size_t *len);
enum status out_edit_sdp(struct sip_out *out, const struct edit *e,
                         const struct edit_path *p);
/* out_edit_octets applies a kept edit; out_keep_edit keeps one for encoding. */
enum status out_edit_octets(struct wr *octets, const struct edit *e);
enum status out_keep_edit(struct sip_out *out, const struct edit *e);

#endif
