/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Edits: how scenarios and faults say what is wrong with a message.
 *
 *   MESSAGE OP PATH [VALUE]
 *   I_MESSAGE_2 set mikey.IBAKE.ECCPTr.point other-point
 *   I_MESSAGE_1 drop mikey.RAND
 *   INVITE set sip.From "Alice" <sip:alice@home-a.example>;tag=1
 *
 * MESSAGE is a MIKEY data type name, or a SIP method or "METHOD/status" for a
 * response ("INVITE/183"), or "*". OP is one of set, drop, repeat, insert,
 * truncate, flip, append. Paths beginning with "mikey." are applied by
 * harness/ibake, "sip." and "sdp." by harness/sip. docs/SCENARIO.md lists them.
 */
#ifndef HARNESS_BASE_EDIT_H
#define HARNESS_BASE_EDIT_H

#include "harness/base/status.h"

#include <stddef.h>

enum edit_op {
    EDIT_SET,
    EDIT_DROP,
    EDIT_REPEAT,   /* the thing follows itself once more */
    EDIT_INSERT,   /* VALUE goes before the thing at PATH */
    EDIT_APPEND,   /* VALUE goes after the thing at PATH */
    EDIT_TRUNCATE, /* VALUE octets remain */
    EDIT_FLIP      /* bit VALUE (0 = most significant of the first octet) */
};

struct edit {
    char *message;
    enum edit_op op;
    char *path;
    char *value; /* "" if absent */
};

struct edit_list {
    struct edit *items;
    size_t num;
};

/* edit_list_add parses one line and appends it. STATUS_SYNTAX names the fault
 * in why (static text, may be NULL); STATUS_NO_MEMORY. */
enum status edit_list_add(struct edit_list *list, const char *line,
                          const char **why);
/* edit_list_add_all parses lines separated by newlines. */
enum status edit_list_add_all(struct edit_list *list, const char *lines,
                              const char **why);
void edit_list_clear(struct edit_list *list);

/* edit_matches: the edit is meant for this message name ("*" matches all). */
int edit_matches(const struct edit *e, const char *message);

#endif
