/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The set of RTP addresses that SDP bodies named. */
#include <string.h>

#include "capture/trace_int.h"
#include "harness/base/mem.h"

#define MAX_PORTS 65536

static size_t hash(const struct cap_addr *a)
{
    uint64_t h = 0xcbf29ce484222325u ^ a->port;
    for (int i = 0; i < 16; i++) {
        h = (h ^ a->ip[i]) * 0x100000001b3u;
    }
    return (size_t)(h ^ h >> 31);
}

static struct cap_addr *slot(const struct rtp_ports *p,
                             const struct cap_addr *a)
{
    size_t i = hash(a) & (p->cap - 1);
    while (p->slots[i].version != 0 && !cap_addr_equal(&p->slots[i], a)) {
        i = (i + 1) & (p->cap - 1);
    }
    return &p->slots[i];
}

static enum status grow(struct rtp_ports *p)
{
    struct rtp_ports big = {.cap = p->cap == 0 ? 64 : p->cap * 2};
    big.slots = mem_alloc(big.cap * sizeof *big.slots);
    if (big.slots == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < p->cap; i++) {
        if (p->slots[i].version != 0) {
            *slot(&big, &p->slots[i]) = p->slots[i];
            big.num++;
        }
    }
    mem_free(p->slots);
    *p = big;
    return STATUS_OK;
}

void rtp_ports_add(struct reader *r, const struct cap_addr *a)
{
    struct rtp_ports *p = &r->rtp;
    if (rtp_ports_has(r, a)) {
        return;
    }
    /* Beyond that many RTP is known by its form only. */
    if (p->num >= MAX_PORTS) {
        return;
    }
    if (p->num * 2 >= p->cap && grow(p) != STATUS_OK) {
        reader_fail(r, STATUS_NO_MEMORY);
        return;
    }
    *slot(p, a) = *a;
    p->num++;
}

int rtp_ports_has(const struct reader *r, const struct cap_addr *a)
{
    return r->rtp.cap != 0 && slot(&r->rtp, a)->version != 0;
}

void rtp_ports_free(struct rtp_ports *p)
{
    mem_free(p->slots);
    *p = (struct rtp_ports){0};
}
