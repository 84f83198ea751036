/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* YAML trees and edit lines from any octets: errors have a line, trees count
 * right. */
#include "harness/base/edit.h"
#include "harness/base/mem.h"
#include "harness/base/ytree.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct ynode *n)
{
    size_t lines = 0;
    size_t children = 0;
    if (n->line == 0 || (n->kind == YNODE_SCALAR && n->scalar == NULL)) {
        abort();
    }
    for (const struct ynode *c = n->first; c != NULL; c = c->next) {
        children++;
        lines += walk(c);
        if (n->kind == YNODE_MAP) {
            if (c->key == NULL) {
                abort();
            }
            (void)ynode_str(n, c->key, "");
            (void)ynode_int(n, c->key, 0);
            (void)ynode_bool(n, c->key, 0);
        }
    }
    if (children != n->num_children) {
        abort();
    }
    return lines + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ytree_error err = {0};
    struct edit_list edits = {0};
    const char *why = NULL;
    struct ynode *root = ytree_parse((const char *)data, size, &err);
    if (root != NULL) {
        walk(root);
        ytree_free(root);
    } else if (err.text[0] == '\0') {
        abort();
    }
    char *text = mem_strndup((const char *)data, size);
    if (text != NULL) {
        if (edit_list_add_all(&edits, text, &why) != STATUS_OK && why == NULL) {
            abort();
        }
        for (size_t i = 0; i < edits.num; i++) {
            (void)edit_matches(&edits.items[i], "I_MESSAGE_1");
        }
        edit_list_clear(&edits);
    }
    mem_free(text);
    return 0;
}
