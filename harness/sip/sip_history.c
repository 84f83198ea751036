/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* History-Info (RFC 7044): entries and the tree that their indexes make. */
#include "harness/sip/sip_int.h"

#include "harness/base/mem.h"

/* The cause of an escaped Reason value, "SIP%3Bcause%3D408". */
static int escaped_cause(struct view reason)
{
    char *text = sip_unescape(reason);
    struct sip_reason_value r = {.cause = -1};
    if (text != NULL) {
        sip_reason_value(sip_text(text), &r);
    }
    int cause = r.cause > 0 ? r.cause : 0;
    mem_free(text);
    return cause;
}

enum status sip_history(struct view v, struct sip_history *out)
{
    struct view none = view_sub(v, 0, 0);
    *out = (struct sip_history){.index = none,
                                .rc = none,
                                .mp = none,
                                .np = none,
                                .reason = none,
                                .privacy = none};
    enum status s = sip_addr(v, &out->addr);
    if (sip_uri(out->addr.uri, &out->uri) != STATUS_OK ||
        !out->addr.has_angle) {
        s = STATUS_SYNTAX;
    }
    if (!sip_param(out->addr.params, "index", &out->index)) {
        s = STATUS_SYNTAX;
    }
    sip_param(out->addr.params, "rc", &out->rc);
    sip_param(out->addr.params, "mp", &out->mp);
    sip_param(out->addr.params, "np", &out->np);
    sip_uri_header(&out->uri, "Privacy", &out->privacy);
    if (sip_uri_header(&out->uri, "Reason", &out->reason)) {
        out->cause = escaped_cause(out->reason);
    }
    struct view cause;
    uint32_t n = 0;
    if (out->cause == 0 && sip_param(out->uri.params, "cause", &cause) &&
        sip_u32(cause, &n) == STATUS_OK && n <= 699) {
        out->cause = (int)n;
    }
    return s;
}

/* index_read gives how many numbers a dotted index has, 0 if it is none, and
 * its last one; *parent gets what stands before it, without the dot. */
static int index_read(struct view index, unsigned *last, struct view *parent)
{
    int depth = 0;
    size_t begin = 0;
    *parent = view_sub(index, 0, 0);
    *last = 0;
    for (;;) {
        size_t end = view_find(index, begin, '.');
        uint32_t n = 0;
        struct view num = view_sub(index, begin, end);
        if (sip_u32(num, &n) != STATUS_OK) {
            return 0;
        }
        depth++;
        *last = n;
        if (end == index.len) {
            *parent = view_sub(index, 0, begin > 0 ? begin - 1 : 0);
            return depth;
        }
        begin = end + 1;
    }
}

static int find_index(const struct sip_history_node *nodes, size_t num,
                      struct view index)
{
    for (size_t i = 0; i < num; i++) {
        if (nodes[i].depth > 0 && sip_same(nodes[i].entry.index, index)) {
            return (int)i;
        }
    }
    return -1;
}

static int pointer_is_bad(const struct sip_history_node *nodes, size_t num,
                          struct view pointer)
{
    return pointer.len > 0 && find_index(nodes, num, pointer) < 0;
}

static void place(struct sip_history_node *nodes, size_t i)
{
    struct sip_history_node *n = &nodes[i];
    struct view parent;
    n->depth = index_read(n->entry.index, &n->last, &parent);
    n->parent = -1;
    n->repeated = n->depth > 0 && find_index(nodes, i, n->entry.index) >= 0;
    n->bad_pointer = pointer_is_bad(nodes, i, n->entry.rc) ||
                     pointer_is_bad(nodes, i, n->entry.mp) ||
                     pointer_is_bad(nodes, i, n->entry.np);
    if (n->depth > 1) {
        n->parent = find_index(nodes, i, parent);
        if (n->parent < 0) {
            n->parent = -2;
        }
    }
    /* RFC 7044, 10.3: the first branch is 1, further ones count up by one. */
    n->gap = n->depth > 0 && n->last != 1;
    for (size_t k = 0; k < i && n->gap; k++) {
        n->gap = !(nodes[k].depth == n->depth && nodes[k].parent == n->parent &&
                   nodes[k].last + 1 == n->last);
    }
}

size_t sip_history_tree(const struct sip_msg *msg,
                        struct sip_history_node *nodes, size_t max)
{
    struct sip_iter it = {.msg = msg, .id = SIP_HDR_HISTORY_INFO};
    struct view v;
    size_t num = 0;
    while (sip_next(&it, &v)) {
        if (num < max) {
            sip_history(v, &nodes[num].entry);
            place(nodes, num);
        }
        num++;
    }
    return num;
}
