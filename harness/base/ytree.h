/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* YAML as a tree with line numbers (libyaml). JSON is read too, being YAML. */
#ifndef HARNESS_BASE_YTREE_H
#define HARNESS_BASE_YTREE_H

#include "harness/base/status.h"

#include <stddef.h>
#include <stdint.h>

enum ynode_kind { YNODE_SCALAR, YNODE_SEQ, YNODE_MAP };

struct ynode {
    enum ynode_kind kind;
    unsigned line;       /* 1-based */
    int quoted;          /* a scalar written in quotes is a string */
    char *scalar;        /* YNODE_SCALAR: NUL-terminated UTF-8 */
    char *key;           /* its key, if it sits in a map */
    struct ynode *first; /* children of a sequence or map, in order */
    struct ynode *next;  /* next sibling */
    size_t num_children;
};

/* An error in words: "file:line: what; remedy". */
struct ytree_error {
    unsigned line;
    char text[256];
};

/* ytree_load and ytree_parse return the root of one YAML document (free with
 * ytree_free), or NULL with *err filled. Anchors, aliases and tags are refused;
 * duplicate keys are an error. */
struct ynode *ytree_load(const char *path, struct ytree_error *err);
struct ynode *ytree_parse(const char *text, size_t len,
                          struct ytree_error *err);
void ytree_free(struct ynode *root);

/* ynode_get returns the value of key in a map, or NULL. A dotted path descends:
 * "a.b". node may be NULL. */
const struct ynode *ynode_get(const struct ynode *node, const char *path);

/* ynode_str returns the scalar of node at path, or fallback. */
const char *ynode_str(const struct ynode *node, const char *path,
                      const char *fallback);

/* ynode_int and ynode_bool return the value, or fallback if it is absent or not
 * of that form. Booleans: true, false, yes, no, on, off, Y, N. */
int64_t ynode_int(const struct ynode *node, const char *path, int64_t fallback);
int ynode_bool(const struct ynode *node, const char *path, int fallback);

#endif
