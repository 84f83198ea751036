/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* IP fragments put together (RFC 791, 3.2; RFC 8200, 4.5). What arrived first
 * stays where fragments overlap. */
#include "capture/trace_int.h"

#include <string.h>

#include "harness/base/mem.h"

#define MAX_PACKETS 1024
#define MAX_TOTAL 65535
#define LIFETIME_US 60000000u /* RFC 8200, 4.5: 60 seconds */

static void drop(struct reader *r, struct frag_packet **link)
{
    struct frag_packet *p = *link;
    *link = p->next;
    r->frags.num--;
    while (p->pieces != NULL) {
        struct frag_piece *piece = p->pieces;
        p->pieces = piece->next;
        r->held -= piece->len;
        mem_free(piece);
    }
    mem_free(p);
}

static void give_up(struct reader *r, struct frag_packet **link,
                    const char *text)
{
    const struct frag_packet *p = *link;
    reader_loss(r, (struct trace_loss){
                       .kind = TRACE_LOSS_FRAGMENT,
                       .frame = p->frame,
                       .last_frame = r->frame,
                       .src = p->src,
                       .dst = p->dst,
                       .octets = p->total > p->have ? p->total - p->have : 0,
                       .text = text});
    drop(r, link);
}

static struct frag_packet **find(struct reader *r, const struct dissect_ip *ip)
{
    struct frag_packet **link = &r->frags.first;
    for (; *link != NULL; link = &(*link)->next) {
        const struct frag_packet *p = *link;
        /* IPv6 identifies by addresses and id, IPv4 by the protocol too. */
        if (p->id == ip->frag_id && cap_addr_same_ip(&p->src, &ip->src) &&
            cap_addr_same_ip(&p->dst, &ip->dst) &&
            (ip->src.version == 6 || p->proto == ip->proto)) {
            break;
        }
    }
    return link;
}

static struct frag_packet *start(struct reader *r, const struct dissect_ip *ip,
                                 struct frag_packet **link)
{
    struct frag_packet *p = mem_alloc(sizeof *p);
    if (p == NULL) {
        reader_fail(r, STATUS_NO_MEMORY);
        return NULL;
    }
    *p = (struct frag_packet){.src = ip->src,
                              .dst = ip->dst,
                              .id = ip->frag_id,
                              .proto = ip->proto,
                              .frame = r->frame,
                              .time_us = r->now_us};
    *link = p;
    r->frags.num++;
    return p;
}

/* Puts octets [off, off + len) in where nothing stands yet. */
static enum status place(struct reader *r, struct frag_packet *p, uint32_t off,
                         struct view octets)
{
    struct frag_piece **link = &p->pieces;
    uint32_t end = off + (uint32_t)octets.len;
    for (uint32_t pos = off; pos < end;) {
        while (*link != NULL && (*link)->off + (*link)->len <= pos) {
            link = &(*link)->next;
        }
        if (*link != NULL && (*link)->off <= pos) {
            pos = (*link)->off + (*link)->len;
            continue;
        }
        uint32_t stop =
            *link != NULL && (*link)->off < end ? (*link)->off : end;
        struct frag_piece *piece = mem_alloc(sizeof *piece + (stop - pos));
        if (piece == NULL) {
            return STATUS_NO_MEMORY;
        }
        piece->off = pos;
        piece->len = stop - pos;
        memcpy(piece->data, octets.data + (pos - off), piece->len);
        piece->next = *link;
        *link = piece;
        p->have += piece->len;
        r->held += piece->len;
        pos = stop;
    }
    return STATUS_OK;
}

static int put_together(struct reader *r, struct frag_packet **link,
                        struct dissect_ip *ip, struct view *out)
{
    struct frag_packet *p = *link;
    uint8_t *whole = mem_alloc(p->total);
    if (whole == NULL) {
        reader_fail(r, STATUS_NO_MEMORY);
        return 0;
    }
    mem_free(r->frags.whole);
    r->frags.whole = whole;
    for (const struct frag_piece *i = p->pieces; i != NULL; i = i->next) {
        memcpy(whole + i->off, i->data, i->len);
    }
    *out = (struct view){whole, p->total};
    ip->proto = p->proto;
    ip->payload_len = p->total;
    drop(r, link);
    return 1;
}

/* Where the last piece ends. */
static uint32_t extent(const struct frag_packet *p)
{
    uint32_t end = 0;
    for (const struct frag_piece *i = p->pieces; i != NULL; i = i->next) {
        end = i->off + i->len;
    }
    return end;
}

static void make_room(struct reader *r)
{
    while (r->frags.first != NULL &&
           r->now_us - r->frags.first->time_us > LIFETIME_US &&
           r->now_us > r->frags.first->time_us) {
        give_up(r, &r->frags.first, "IP fragments missing");
    }
    while (r->frags.first != NULL &&
           (r->frags.num > MAX_PACKETS || r->held > r->cfg.max_held)) {
        give_up(r, &r->frags.first, "too many IP fragments at a time");
    }
}

int frag_add(struct reader *r, struct dissect_ip *ip, struct view *out)
{
    make_room(r);
    struct frag_packet **link = find(r, ip);
    struct frag_packet *p = *link != NULL ? *link : start(r, ip, link);
    uint64_t end = (uint64_t)ip->frag_off + ip->payload_len;
    if (p == NULL) {
        return 0;
    }
    if (ip->frag_off == 0) {
        p->proto = ip->proto; /* IPv6: only the first names it for sure */
    }
    if (end > MAX_TOTAL || (p->total != 0 && end > p->total) ||
        (!ip->more && p->total != 0 && end != p->total)) {
        give_up(r, link, "IP fragments contradict each other");
        return 0;
    }
    if (!ip->more) {
        p->total = (uint32_t)end;
    }
    if (place(r, p, ip->frag_off, ip->payload) != STATUS_OK) {
        reader_fail(r, STATUS_NO_MEMORY);
        return 0;
    }
    /* Pieces past the end may have come before the last one told where it is;
     * they must not make up for a hole. */
    if (p->total != 0 && extent(p) > p->total) {
        give_up(r, link, "IP fragments contradict each other");
        return 0;
    }
    if (p->total == 0 || p->have < p->total) {
        return 0;
    }
    return put_together(r, link, ip, out);
}

void frag_end(struct reader *r)
{
    while (r->frags.first != NULL) {
        give_up(r, &r->frags.first, "IP fragments missing");
    }
    mem_free(r->frags.whole);
    r->frags.whole = NULL;
}
