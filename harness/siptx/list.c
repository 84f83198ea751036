/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Lists, and the burial of objects that may still be in use. */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"

void stx_node_init(struct node *n)
{
    n->prev = n;
    n->next = n;
}

void stx_node_add(struct node *list, struct node *n)
{
    n->prev = list->prev;
    n->next = list;
    list->prev->next = n;
    list->prev = n;
}

void stx_node_del(struct node *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    stx_node_init(n);
}

void stx_octets_free(struct octets *o)
{
    mem_free(o->data);
    *o = (struct octets){0};
}

void stx_dig_up(struct siptx_endpoint *ep)
{
    while (ep->graves.next != &ep->graves) {
        struct grave *g = NODE_OF(struct grave, node, ep->graves.next);
        stx_node_del(&g->node);
        g->bury(g->object);
    }
}

static void on_sexton(void *ctx)
{
    struct siptx_endpoint *ep = ctx;
    ep->sexton = NULL;
    stx_dig_up(ep);
}

void stx_bury(struct siptx_endpoint *ep, struct grave *g,
              void (*fn)(void *object), void *object)
{
    g->bury = fn;
    g->object = object;
    stx_node_add(&ep->graves, &g->node);
    if (ep->sexton == NULL) {
        /* Without a timer the grave stays until siptx_free. */
        ep->sexton = net_timer_start(ep->cfg.loop, 0, on_sexton, ep);
    }
}
