/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* YAML as a tree with line numbers. */
#include "harness/base/ytree.h"

#include "harness/base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#define YTREE_MAX_DEPTH 64

static struct ynode *fail(struct ytree_error *err, size_t line,
                          const char *what)
{
    err->line = (unsigned)line + 1;
    snprintf(err->text, sizeof err->text, "%s", what);
    return NULL;
}

static struct ynode *convert(yaml_document_t *doc, int id, unsigned depth,
                             struct ytree_error *err);

static int add_child(struct ynode *parent, struct ynode ***tail,
                     struct ynode *child)
{
    if (child == NULL) {
        return 0;
    }
    **tail = child;
    *tail = &child->next;
    parent->num_children++;
    return 1;
}

static int convert_map(struct ynode *out, yaml_document_t *doc,
                       const yaml_node_t *n, unsigned depth,
                       struct ytree_error *err)
{
    struct ynode **tail = &out->first;
    for (yaml_node_pair_t *p = n->data.mapping.pairs.start;
         p < n->data.mapping.pairs.top; p++) {
        const yaml_node_t *k = yaml_document_get_node(doc, p->key);
        if (k == NULL || k->type != YAML_SCALAR_NODE) {
            fail(err, n->start_mark.line, "a key must be plain text");
            return 0;
        }
        const char *key = (const char *)k->data.scalar.value;
        for (const struct ynode *c = out->first; c != NULL; c = c->next) {
            if (strcmp(c->key, key) == 0) {
                fail(err, k->start_mark.line,
                     "duplicate key; keep one of them");
                return 0;
            }
        }
        struct ynode *c = convert(doc, p->value, depth + 1, err);
        if (!add_child(out, &tail, c)) {
            return 0;
        }
        c->key = mem_strdup(key);
        if (c->key == NULL) {
            fail(err, k->start_mark.line, "out of memory");
            return 0;
        }
    }
    return 1;
}

static int convert_seq(struct ynode *out, yaml_document_t *doc,
                       const yaml_node_t *n, unsigned depth,
                       struct ytree_error *err)
{
    struct ynode **tail = &out->first;
    for (yaml_node_item_t *i = n->data.sequence.items.start;
         i < n->data.sequence.items.top; i++) {
        if (!add_child(out, &tail, convert(doc, *i, depth + 1, err))) {
            return 0;
        }
    }
    return 1;
}

static struct ynode *convert(yaml_document_t *doc, int id, unsigned depth,
                             struct ytree_error *err)
{
    const yaml_node_t *n = yaml_document_get_node(doc, id);
    if (n == NULL) {
        return fail(err, 0, "empty node");
    }
    if (depth > YTREE_MAX_DEPTH) {
        return fail(err, n->start_mark.line, "nested too deeply");
    }
    struct ynode *out = mem_alloc(sizeof *out);
    if (out == NULL) {
        return fail(err, n->start_mark.line, "out of memory");
    }
    out->line = (unsigned)n->start_mark.line + 1;
    int ok = 0;
    if (n->type == YAML_SCALAR_NODE) {
        out->kind = YNODE_SCALAR;
        out->quoted = n->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        out->scalar = mem_strndup((const char *)n->data.scalar.value,
                                  n->data.scalar.length);
        ok = out->scalar != NULL;
    } else if (n->type == YAML_SEQUENCE_NODE) {
        out->kind = YNODE_SEQ;
        ok = convert_seq(out, doc, n, depth, err);
    } else if (n->type == YAML_MAPPING_NODE) {
        out->kind = YNODE_MAP;
        ok = convert_map(out, doc, n, depth, err);
    }
    if (!ok) {
        ytree_free(out);
        return NULL;
    }
    return out;
}

/* What an event has that a tree cannot say, or NULL. */
static const char *refused(const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    switch ((int)e->type) {
    case YAML_ALIAS_EVENT:
        /* Resolved to shared nodes, they make a huge tree of a small file. */
        return "aliases are not supported; write the value out";
    case YAML_SCALAR_EVENT:
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
        break;
    }
    if (anchor != NULL) {
        return "anchors are not supported; write the value out";
    }
    return tag != NULL ? "tags are not supported; leave the !word out" : NULL;
}

/* Looked for before the document is built; also for a second document. */
static int has_refused(const char *text, size_t len, struct ytree_error *err)
{
    yaml_parser_t p;
    yaml_event_t e;
    const char *why = NULL;
    int documents = 0;
    int done = 0;
    if (!yaml_parser_initialize(&p)) {
        fail(err, 0, "out of memory");
        return 1;
    }
    yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
    while (!done && why == NULL) {
        if (!yaml_parser_parse(&p, &e)) {
            break; /* reported by the loader */
        }
        done = e.type == YAML_STREAM_END_EVENT;
        documents += e.type == YAML_DOCUMENT_START_EVENT;
        why =
            documents > 1 ? "a second document; a file holds one" : refused(&e);
        if (why != NULL) {
            fail(err, e.start_mark.line, why);
        }
        yaml_event_delete(&e);
    }
    yaml_parser_delete(&p);
    return why != NULL;
}

struct ynode *ytree_parse(const char *text, size_t len, struct ytree_error *err)
{
    yaml_parser_t p;
    yaml_document_t doc;
    struct ynode *root = NULL;
    memset(err, 0, sizeof *err);
    if (has_refused(text, len, err)) {
        return NULL;
    }
    if (!yaml_parser_initialize(&p)) {
        return fail(err, 0, "out of memory");
    }
    yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
    if (!yaml_parser_load(&p, &doc)) {
        fail(err, p.problem_mark.line,
             p.problem != NULL ? p.problem : "not YAML");
        yaml_parser_delete(&p);
        return NULL;
    }
    const yaml_node_t *top = yaml_document_get_root_node(&doc);
    if (top == NULL) {
        fail(err, 0, "the document is empty");
    } else {
        root = convert(&doc, 1, 0, err);
        if (root == NULL && err->text[0] == '\0') {
            fail(err, top->start_mark.line, "out of memory");
        }
    }
    yaml_document_delete(&doc);
    yaml_parser_delete(&p);
    return root;
}

struct ynode *ytree_load(const char *path, struct ytree_error *err)
{
    memset(err, 0, sizeof *err);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return fail(err, 0, strerror(errno));
    }
    struct ynode *root = NULL;
    char *text = NULL;
    long n = -1;
    if (fseek(f, 0, SEEK_END) == 0) {
        n = ftell(f);
        rewind(f);
    }
    if (n < 0 || n > 64l << 20) {
        fail(err, 0, "not a readable file of at most 64 MB");
    } else if ((text = mem_alloc((size_t)n + 1)) == NULL ||
               fread(text, 1, (size_t)n, f) != (size_t)n) {
        fail(err, 0, "cannot read the file");
    } else {
        root = ytree_parse(text, (size_t)n, err);
    }
    mem_free(text);
    fclose(f);
    return root;
}

void ytree_free(struct ynode *root)
{
    while (root != NULL) {
        struct ynode *next = root->next;
        ytree_free(root->first);
        mem_free(root->scalar);
        mem_free(root->key);
        mem_free(root);
        root = next;
    }
}

const struct ynode *ynode_get(const struct ynode *node, const char *path)
{
    while (node != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");
        if (node->kind != YNODE_MAP) {
            return NULL;
        }
        const struct ynode *c = node->first;
        while (c != NULL &&
               (strncmp(c->key, path, n) != 0 || c->key[n] != '\0')) {
            c = c->next;
        }
        node = c;
        path += path[n] == '.' ? n + 1 : n;
    }
    return node;
}

const char *ynode_str(const struct ynode *node, const char *path,
                      const char *fallback)
{
    const struct ynode *n = ynode_get(node, path);
    return n != NULL && n->kind == YNODE_SCALAR ? n->scalar : fallback;
}

int64_t ynode_int(const struct ynode *node, const char *path, int64_t fallback)
{
    const char *s = ynode_str(node, path, NULL);
    char *end;
    if (s == NULL || *s == '\0') {
        return fallback;
    }
    errno = 0;
    long long v = strtoll(s, &end, 0);
    return *end == '\0' && errno == 0 ? (int64_t)v : fallback;
}

int ynode_bool(const struct ynode *node, const char *path, int fallback)
{
    static const char *const yes[] = {"true", "yes", "on", "Y"};
    static const char *const no[] = {"false", "no", "off", "N"};
    const char *s = ynode_str(node, path, NULL);
    for (size_t i = 0; s != NULL && i < 4; i++) {
        if (strcasecmp(s, yes[i]) == 0) {
            return 1;
        }
        if (strcasecmp(s, no[i]) == 0) {
            return 0;
        }
    }
    return fallback;
}
