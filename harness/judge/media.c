/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* RTP: which exchange a packet belongs to, and which key verifies its tag (RFC
 * 3711, AES-CM-128 with HMAC-SHA-1-80). */
#include "harness/judge/judge_int.h"

#include "harness/base/mem.h"
#include "harness/crypto/kdf.h"

#include <string.h>

#define TAG_LEN 10
#define MAX_KEYS 64

/* ---- SRTP
 * ------------------------------------------------------------------------ */

struct session { /* session keys of a master key, key derivation rate 0 */
    uint8_t encr[16], auth[20], salt[14];
};

/* RFC 3711, 4.3.1: the label stands at octet 7 of the 14 of the salt; in the IV
 * of kdf_aes_cm the last eight of these are T. */
static int session_key(uint8_t *out, size_t len, const struct jsrtp_key *k,
                       uint8_t label)
{
    memset(out, 0, len);
    return kdf_aes_cm(out, len, (struct view){k->key, sizeof k->key}, k->salt,
                      0, (uint64_t)label << 48) == STATUS_OK;
}

static int session_make(struct session *s, const struct jsrtp_key *k)
{
    return session_key(s->encr, sizeof s->encr, k, 0) &&
           session_key(s->auth, sizeof s->auth, k, 1) &&
           session_key(s->salt, sizeof s->salt, k, 2);
}

static int tag_ok(const struct session *s, struct view packet, uint32_t roc)
{
    uint8_t tag[KDF_MAX_MAC], r[4];
    struct wr w;
    size_t len = 0;
    wr_init_fixed(&w, r, sizeof r);
    wr_u32(&w, roc);
    struct view parts[2] = {{packet.data, packet.len - TAG_LEN}, {r, sizeof r}};
    return kdf_mac(tag, &len, 1, (struct view){s->auth, sizeof s->auth}, parts,
                   2) == STATUS_OK &&
           mem_equal(tag, packet.data + packet.len - TAG_LEN, TAG_LEN);
}

/* RFC 3711, 4.1.1: IV = salt XOR SSRC XOR index, counted in octets 4 to 13. */
static int decrypt(const struct session *s, struct view packet,
                   size_t header_len, uint64_t index, uint8_t *out)
{
    struct rd r;
    uint32_t ssrc = 0;
    struct view skip;
    size_t n = packet.len - header_len - TAG_LEN;
    rd_init(&r, packet.data, packet.len);
    rd_bytes(&r, &skip, 8);
    rd_u32(&r, &ssrc);
    memcpy(out, packet.data + header_len, n);
    return kdf_aes_cm(out, n, (struct view){s->encr, sizeof s->encr}, s->salt,
                      ssrc >> 16,
                      (uint64_t)(ssrc & 0xffff) << 48 |
                          (index & 0xffffffffffffu)) == STATUS_OK;
}

static enum status open_session(const struct session *s, struct view packet,
                                size_t header_len, uint64_t index, uint8_t *out)
{
    if (packet.len < header_len + TAG_LEN || header_len < 12) {
        return STATUS_TRUNCATED;
    }
    if (!tag_ok(s, packet, (uint32_t)(index >> 16))) {
        return STATUS_AUTH;
    }
    return decrypt(s, packet, header_len, index, out) ? STATUS_OK
                                                      : STATUS_INTERNAL;
}

enum status srtp_open(const struct jsrtp_key *key, struct view packet,
                      size_t header_len, uint64_t index, uint8_t *out)
{
    struct session s;
    if (!session_make(&s, key)) {
        return STATUS_INTERNAL;
    }
    enum status st = open_session(&s, packet, header_len, index, out);
    mem_wipe(&s, sizeof s);
    return st;
}

enum status srtp_unchecked(const struct jsrtp_key *key, struct view packet,
                           size_t header_len, uint64_t index, uint8_t *out)
{
    struct session s;
    if (packet.len < header_len + TAG_LEN || header_len < 12) {
        return STATUS_TRUNCATED;
    }
    int ok =
        session_make(&s, key) && decrypt(&s, packet, header_len, index, out);
    mem_wipe(&s, sizeof s);
    return ok ? STATUS_OK : STATUS_INTERNAL;
}

/* ---- RTP header
 * --------------------------------------------------------------------- */

static void header_of(struct jrtp *r)
{
    struct rd rd;
    uint8_t a = 0, b = 0;
    uint16_t profile = 0, words = 0;
    struct view skip;
    rd_init(&rd, r->t->octets.data, r->t->octets.len);
    rd_u8(&rd, &a);
    rd_u8(&rd, &b);
    rd_u16(&rd, &r->seq);
    rd_u32(&rd, &r->ts);
    rd_u32(&rd, &r->ssrc);
    rd_bytes(&rd, &skip, (size_t)(a & 0x0f) * 4);
    if ((a & 0x10) != 0) {
        rd_u16(&rd, &profile);
        rd_u16(&rd, &words);
        rd_bytes(&rd, &skip, (size_t)words * 4);
    }
    r->pt = b & 0x7f;
    r->marker = b >> 7;
    r->header_len = rd.pos;
    r->ok = rd.err == STATUS_OK && a >> 6 == 2 && !r->t->rtcp;
}

/* ---- whose is it
 * -------------------------------------------------------------------- */

struct use { /* an address that an exchange announced, from a time on */
    struct use *older;
    struct jx *x;
    uint64_t from_us;
    int of_initiator;
};

static struct view addr_key(struct judge *j, const struct cap_addr *a)
{
    uint8_t key[19];
    struct wr w;
    wr_init_fixed(&w, key, sizeof key);
    wr_u8(&w, a->version);
    wr_bytes(&w, a->ip, sizeof a->ip);
    wr_u16(&w, a->port);
    return j_copy(j, (struct view){key, w.len});
}

static void use_add(struct judge *j, struct jmap **map, struct jx *x,
                    const struct jsip *s, const struct cap_addr *a)
{
    struct view key = addr_key(j, a);
    struct use *old = jmap_get(*map, key);
    const char *mine = x->invite != NULL ? x->invite->from_tag : "";
    int by_initiator = s->request == (strcmp(s->from_tag, mine) == 0);
    if (old != NULL && old->x == x) {
        return;
    }
    struct use *u = j_alloc(j, sizeof *u);
    if (u != NULL) {
        *u = (struct use){old, x, s->time_us, by_initiator};
        jmap_put(j, map, key, u);
    }
}

static void uses_of(struct judge *j, struct jmap **map)
{
    for (size_t i = 0; i < j->num_sip; i++) {
        const struct jsip *s = &j->sip[i];
        struct jx *x = s->sdp != NULL && !s->echo
                           ? jmap_get(j->call_map, view_of(s->call_id))
                           : NULL;
        for (size_t k = 0; x != NULL && k < s->sdp->num_media; k++) {
            const struct jsdp_media *m = &s->sdp->media[k];
            if (m->addr.version != 0 && m->port != 0) {
                use_add(j, map, x, s, &m->addr);
            }
        }
    }
}

/* The newest use of the address that had begun when the packet came. */
static const struct use *use_at(struct judge *j, const struct jmap *map,
                                const struct cap_addr *a, uint64_t us)
{
    const struct use *u = jmap_get(map, addr_key(j, a));
    while (u != NULL && u->from_us > us) {
        u = u->older;
    }
    return u;
}

static void place_packet(struct judge *j, const struct jmap *map,
                         struct jrtp *r)
{
    const struct use *dst = use_at(j, map, &r->t->dst, r->t->time_us);
    const struct use *src = use_at(j, map, &r->t->src, r->t->time_us);
    const struct use *u = dst != NULL ? dst : src;
    if (u == NULL) {
        return;
    }
    r->x = u->x;
    r->back = u == dst ? u->of_initiator : !u->of_initiator;
    struct jrtp **v = j_room(j, r->x->rtp, r->x->num_rtp);
    if (v != NULL) {
        r->x->rtp = v;
        v[r->x->num_rtp++] = r;
    }
}

/* ---- which key
 * ------------------------------------------------------------------------ */

struct candidate {
    struct session s;
    enum jmedia_key key;
    int cs;
    const struct jkeys *by;
    int doubted, fits; /* given by the log; verified a packet */
};

struct track { /* index of one SSRC under one key (RFC 3711, 3.3.1) */
    uint32_t ssrc;
    int back;
    size_t key;
    int started;
    uint32_t roc;
    uint16_t last;
};

struct keyset {
    struct candidate c[MAX_KEYS];
    size_t num;
    int all; /* every key that might fit is known */
    struct track tracks[MAX_KEYS];
    size_t num_tracks;
};

static void key_add(struct keyset *set, const struct jkeys *by,
                    const struct jsrtp_key *k, enum jmedia_key kind, int cs)
{
    if (set->num < MAX_KEYS && session_make(&set->c[set->num].s, k)) {
        set->c[set->num].doubted =
            (kind == JMK_E2E ? by->e2e_doubt : by->hop_doubt) != NULL;
        set->c[set->num].fits = 0;
        set->c[set->num].key = kind;
        set->c[set->num].cs = cs;
        set->c[set->num].by = by;
        set->num++;
    } else {
        set->all = 0;
    }
}

static void keys_add(struct keyset *set, const struct jkeys *k, int hop)
{
    for (int cs = 1; cs <= 2; cs++) {
        if (k->has_e2e) {
            key_add(set, k, &k->e2e[cs - 1], JMK_E2E, cs);
        }
        if (hop && k->has_hop) {
            key_add(set, k, &k->hop[cs - 1], JMK_HOP, cs);
        }
    }
    if (k->has_alt) {
        key_add(set, k, &k->e2e_alt, JMK_E2E, 1);
    }
    set->all &= hop ? k->has_hop : 1;
}

static void keyset_make(const struct judge *j, const struct jx *x,
                        struct keyset *set)
{
    set->num = set->num_tracks = 0;
    set->all = 1;
    for (size_t i = 0; i < x->num_legs; i++) {
        const struct jkeys *k = &x->legs[i]->keys;
        keys_add(set, k, 1);
        set->all &= x->kind != JX_DEPOSIT || k->has_e2e;
    }
    for (size_t i = 0; i < j->num_deliveries; i++) {
        const struct jdelivery *d = j->deliveries[i];
        if (d->x == x) {
            keys_add(set, &d->keys, 0);
            set->all &= d->keys.has_e2e;
        }
    }
}

static struct track *track_of(struct keyset *set, const struct jrtp *r,
                              size_t key)
{
    for (size_t i = 0; i < set->num_tracks; i++) {
        struct track *t = &set->tracks[i];
        if (t->ssrc == r->ssrc && t->back == r->back && t->key == key) {
            return t;
        }
    }
    return NULL;
}

/* RFC 3711, 3.3.1 and appendix A. */
static uint32_t guess_roc(const struct track *t, uint16_t seq)
{
    if (t == NULL || !t->started) {
        return 0;
    }
    if (t->last < 32768) {
        return seq > t->last && seq - t->last > 32768 && t->roc > 0 ? t->roc - 1
                                                                    : t->roc;
    }
    return t->last - 32768 > seq ? t->roc + 1 : t->roc;
}

static void track_note(struct keyset *set, const struct jrtp *r, size_t key,
                       uint32_t roc)
{
    struct track *t = track_of(set, r, key);
    if (t == NULL && set->num_tracks < MAX_KEYS) {
        t = &set->tracks[set->num_tracks++];
        *t = (struct track){.ssrc = r->ssrc, .back = r->back, .key = key};
    }
    if (t != NULL &&
        (!t->started || roc > t->roc || (roc == t->roc && r->seq > t->last))) {
        t->started = 1;
        t->roc = roc;
        t->last = r->seq;
    }
}

static void find_key(struct judge *j, struct keyset *set, struct jrtp *r)
{
    struct view p = r->t->octets;
    if (!r->ok || r->t->cut) {
        return;
    }
    r->key = set->all ? JMK_NONE : JMK_UNKNOWN;
    if (p.len < r->header_len + TAG_LEN) {
        return;
    }
    for (size_t i = 0; i < set->num; i++) {
        uint32_t roc = guess_roc(track_of(set, r, i), r->seq);
        if (!tag_ok(&set->c[i].s, p, roc)) {
            continue;
        }
        size_t n = p.len - r->header_len - TAG_LEN;
        uint8_t *out = j_alloc(j, n);
        r->index = (uint64_t)roc << 16 | r->seq;
        if (out == NULL ||
            !decrypt(&set->c[i].s, p, r->header_len, r->index, out)) {
            return;
        }
        r->plain = (struct view){out, n};
        r->key = set->c[i].key;
        r->cs = set->c[i].cs;
        r->by = set->c[i].by;
        set->c[i].fits = 1;
        track_note(set, r, i, roc);
        return;
    }
}

/* A key that the log gives and that verifies no packet may be a wrong line:
 * then what verifies under no key is not known to be wrong. One that fits one
 * crypto session is right for the other. */
static int in_doubt(const struct keyset *set)
{
    for (size_t i = 0; i < set->num; i++) {
        int fits = !set->c[i].doubted;
        for (size_t k = 0; k < set->num; k++) {
            fits |= set->c[k].by == set->c[i].by &&
                    set->c[k].key == set->c[i].key && set->c[k].fits;
        }
        if (!fits) {
            return 1;
        }
    }
    return 0;
}

static int is_deposited(const struct judge *j, uint32_t ssrc)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        for (size_t k = 0; x->kind == JX_DEPOSIT && k < x->num_rtp; k++) {
            if (jrtp_is_content(x->rtp[k])) {
                if (x->rtp[k]->ssrc == ssrc) {
                    return 1;
                }
                break; /* one SSRC a message */
            }
        }
    }
    return 0;
}

/* A prompt has an SSRC of the mailbox's own: what bears that of a message is
 * the message, whatever key protects it now. */
static void find_posing(const struct judge *j)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        const struct jrtp *last = NULL;
        for (size_t k = 0; x->kind == JX_RETRIEVAL && k < x->num_rtp; k++) {
            struct jrtp *r = x->rtp[k];
            if (r->back && r->ok && !r->t->rtcp && r->key == JMK_HOP) {
                r->posing = last != NULL && last->ssrc == r->ssrc
                                ? last->posing
                                : is_deposited(j, r->ssrc);
                last = r;
            }
        }
    }
}

void media_all(struct judge *j)
{
    struct jmap *map = NULL;
    j->rtp = j_alloc(j, (j->trace->num_rtp + 1) * sizeof *j->rtp);
    struct keyset *set = mem_alloc(sizeof *set);
    if (j->rtp == NULL || set == NULL) {
        j->err = STATUS_NO_MEMORY;
        mem_free(set);
        return;
    }
    uses_of(j, &map);
    for (size_t i = 0; i < j->trace->num_rtp; i++) {
        struct jrtp *r = &j->rtp[j->num_rtp++];
        r->t = &j->trace->rtp[i];
        header_of(r);
        place_packet(j, map, r);
    }
    for (size_t i = 0; i < j->num_xs && j->err == STATUS_OK; i++) {
        struct jx *x = j->xs[i];
        if (x->num_rtp > 0) {
            keyset_make(j, x, set);
        }
        for (size_t k = 0; k < x->num_rtp; k++) {
            find_key(j, set, x->rtp[k]);
        }
        if (x->num_rtp > 0 && in_doubt(set)) {
            for (size_t k = 0; k < x->num_rtp; k++) {
                x->rtp[k]->key =
                    x->rtp[k]->key == JMK_NONE ? JMK_UNKNOWN : x->rtp[k]->key;
            }
        }
    }
    find_posing(j);
    mem_wipe(set, sizeof *set);
    mem_free(set);
}

int jrtp_is_content(const struct jrtp *r)
{
    const struct jx *x = r->x;
    if (x == NULL || r->back || !r->ok || x->kind != JX_DEPOSIT ||
        x->leg == NULL || x->leg->num_r2 == 0) {
        return 0;
    }
    return r->t->time_us >= jmsg_time(x->leg->r2[0]) &&
           (x->bye == NULL || r->t->time_us <= x->bye->time_us);
}
