/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Deliveries: who left a message, what it says. */
#include "harness/agent/playout.h"

#include "harness/base/mem.h"
#include "harness/media/media.h"

#include <stdio.h>
#include <string.h>

#define MAX_MESSAGES 64
#define TAG_LEN 10 /* HMAC-SHA1-80 */

struct message {
    char *id;     /* Content-ID without "-key" */
    char *told;   /* identity in the sipfrag, or NULL */
    struct wr i2; /* as delivered */
    struct ibake_deposit dep;
    int opened;
    struct media_srtp *srtp;
    uint32_t ssrc;
    int bound; /* ssrc is known */
    struct media_recording *rec;
    unsigned played, dropped;
};

struct origin {
    char *id;
    char *who;
    int used;
};

struct playout {
    struct agent *agent;
    struct message *messages;
    size_t num;
    struct origin *origins;
    size_t num_origins;
    struct ibake_srtp_key hop;
    int has_hop;
    struct media_srtp *tone;
    uint32_t tone_ssrc;
    char *answerer; /* asserted identity of the answer (a fault shows it) */
};

struct playout *playout_new(struct agent *a)
{
    struct playout *p = mem_alloc(sizeof *p);
    if (p != NULL) {
        p->agent = a;
        p->messages = mem_alloc(MAX_MESSAGES * sizeof *p->messages);
        p->origins = mem_alloc(MAX_MESSAGES * sizeof *p->origins);
        if (p->messages == NULL || p->origins == NULL) {
            playout_free(p);
            p = NULL;
        }
    }
    return p;
}

void playout_free(struct playout *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < p->num; i++) {
        struct message *m = &p->messages[i];
        mem_free(m->id);
        mem_free(m->told);
        wr_cleanup(&m->i2);
        mem_wipe(&m->dep, sizeof m->dep);
        media_srtp_free(m->srtp);
        media_recording_free(m->rec);
    }
    for (size_t i = 0; i < p->num_origins; i++) {
        mem_free(p->origins[i].id);
        mem_free(p->origins[i].who);
    }
    mem_wipe(&p->hop, sizeof p->hop);
    media_srtp_free(p->tone);
    mem_free(p->answerer);
    mem_free(p->messages);
    mem_free(p->origins);
    mem_free(p);
}

/* ---- the parts of the answer ---- */

/* "<dd-000017-key@vm.home-b.example>" is "dd-000017@vm.home-b.example". */
static char *id_of(struct view content_id, const char *suffix)
{
    struct view v = sip_trim(content_id);
    if (v.len >= 2 && v.data[0] == '<' && v.data[v.len - 1] == '>') {
        v.data++;
        v.len -= 2;
    }
    char *text = sip_dup(v);
    char *at = text != NULL ? strchr(text, '@') : NULL;
    size_t n = strlen(suffix);
    if (at != NULL && (size_t)(at - text) > n &&
        strncmp(at - n, suffix, n) == 0) {
        memmove(at - n, at, strlen(at) + 1);
    }
    return text;
}

static void take_key(struct playout *p, const struct sip_part *part)
{
    if (p->num == MAX_MESSAGES) {
        return;
    }
    struct message *m = &p->messages[p->num++];
    wr_init(&m->i2);
    m->id = id_of(part->content_id, "-key");
    if (sip_part_decode(part, &m->i2) != STATUS_OK) {
        m->i2.len = 0;
    }
}

static void take_origin(struct playout *p, const struct sip_part *part)
{
    struct view v;
    if (p->num_origins == MAX_MESSAGES) {
        return;
    }
    struct origin *o = &p->origins[p->num_origins++];
    o->id = id_of(part->content_id, "-orig");
    if (sip_block_find(part->body, "P-Asserted-Identity", &v) ||
        sip_block_find(part->body, "From", &v)) {
        o->who = sip_identity_new(v);
    }
}

/* By Content-ID, else in the order of the parts. */
static void pair(struct playout *p)
{
    for (size_t i = 0; i < p->num; i++) {
        struct message *m = &p->messages[i];
        struct origin *found = NULL;
        for (size_t k = 0; k < p->num_origins && m->id != NULL; k++) {
            struct origin *o = &p->origins[k];
            if (found == NULL && o->id != NULL && m->id[0] != '\0' &&
                strcmp(o->id, m->id) == 0) {
                found = o;
            }
        }
        if (found == NULL && i < p->num_origins && !p->origins[i].used) {
            found = &p->origins[i];
        }
        if (found != NULL) {
            found->used = 1;
            m->told = found->who != NULL ? mem_strdup(found->who) : NULL;
        }
    }
}

static int is_outdated(struct playout *p, const struct ibake_deposit *d)
{
    struct agent *a = p->agent;
    uint64_t t = us_from_ntp(d->timestamp);
    return agent_does(a, FAULT_B_REFUSE_OLD) &&
           t + a->ibake.profile.skew_s * UINT64_C(1000000) <
               env_now_us(&a->env);
}

static void open_message(struct playout *p, struct message *m)
{
    struct agent *a = p->agent;
    enum status st =
        ibake_open_stored_i2(&a->ibake, view_str(a->identity),
                             (struct view){m->i2.data, m->i2.len}, &m->dep);
    log_at(&a->log, LOG_NOTE, "stored I_MESSAGE_2 of %s: %s",
           m->id != NULL ? m->id : "?", status_name(st));
    m->opened = st == STATUS_OK && !is_outdated(p, &m->dep);
    if (m->opened && m->dep.ssrc != 0) {
        m->ssrc = m->dep.ssrc;
        m->bound = 1;
    }
    m->rec = media_recording_new();
}

void playout_take(struct playout *p, const struct sip_msg *msg,
                  struct ibake_session *ib)
{
    struct sip_part part;
    p->has_hop = ibake_hop_key(ib, 2, &p->hop) == STATUS_OK;
    for (size_t i = 0; sip_body_part(msg, i, &part); i++) {
        if (sip_type_is(part.content_type, "application/mikey")) {
            take_key(p, &part);
        } else if (sip_type_is(part.content_type, "message/sipfrag")) {
            take_origin(p, &part);
        }
    }
    pair(p);
    for (size_t i = 0; i < p->num; i++) {
        open_message(p, &p->messages[i]);
    }
    struct view v = sip_value(msg, SIP_HDR_P_ASSERTED_IDENTITY, 0);
    p->answerer = v.data != NULL ? sip_identity_new(v) : NULL;
}

/* ---- packets ---- */

static struct media_srtp *new_stream(const struct ibake_srtp_key *key,
                                     uint32_t ssrc)
{
    struct media_srtp_params sp = {0};
    struct media_srtp *s = NULL;
    memcpy(sp.key, key->key, sizeof sp.key);
    memcpy(sp.salt, key->salt, sizeof sp.salt);
    if (media_srtp_new(&s, &sp, ssrc, 0, 0) != STATUS_OK) {
        s = NULL;
    }
    mem_wipe(&sp, sizeof sp);
    return s;
}

/* Unprotects with the message's key; a first packet that verifies binds the
 * SSRC. */
static enum status try_message(struct message *m, uint32_t ssrc,
                               const uint8_t *data, size_t len)
{
    uint8_t out[RTP_MAX_PACKET];
    size_t n = 0;
    struct media_srtp *s =
        m->srtp != NULL ? m->srtp : new_stream(&m->dep.e2e, ssrc);
    if (s == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status st = media_srtp_unprotect(s, out, sizeof out, &n, data, len);
    if (st == STATUS_OK || m->srtp != NULL || m->bound) {
        m->srtp = s;
    } else {
        media_srtp_free(s);
    }
    if (st == STATUS_OK) {
        m->ssrc = ssrc;
        m->bound = 1;
        m->played++;
        if (m->rec != NULL) {
            media_recording_add(m->rec, out, n);
        }
    }
    mem_wipe(out, sizeof out);
    return st;
}

/* A fault plays whatever comes, decrypted or not. */
static void play_raw(struct message *m, uint32_t ssrc, const uint8_t *data,
                     size_t len)
{
    if (len > RTP_HEADER_LEN + TAG_LEN && m->rec != NULL) {
        m->bound = 1;
        m->ssrc = ssrc;
        m->played++;
        media_recording_add(m->rec, data, len - TAG_LEN);
    }
}

static int try_tone(struct playout *p, uint32_t ssrc, const uint8_t *data,
                    size_t len)
{
    uint8_t out[RTP_MAX_PACKET];
    size_t n = 0;
    if (!p->has_hop || (p->tone != NULL && p->tone_ssrc != ssrc)) {
        return 0;
    }
    struct media_srtp *s =
        p->tone != NULL ? p->tone : new_stream(&p->hop, ssrc);
    int ok = s != NULL && media_srtp_unprotect(s, out, sizeof out, &n, data,
                                               len) == STATUS_OK;
    if (ok || p->tone != NULL) {
        p->tone = s;
        p->tone_ssrc = ssrc;
    } else {
        media_srtp_free(s);
    }
    return ok;
}

static struct message *bound_to(struct playout *p, uint32_t ssrc, size_t from)
{
    for (size_t i = from; i < p->num; i++) {
        if (p->messages[i].bound && p->messages[i].ssrc == ssrc) {
            return &p->messages[i];
        }
    }
    return NULL;
}

static struct message *unbound(struct playout *p, struct message *after)
{
    size_t i = after != NULL ? (size_t)(after - p->messages) + 1 : 0;
    for (; i < p->num; i++) {
        if (!p->messages[i].bound) {
            return &p->messages[i];
        }
    }
    return NULL;
}

/* The same message handed out twice has the same SSRC and key twice: a packet
 * that the first has played already goes to the second. */
static int play_bound(struct playout *p, struct message *m, uint32_t ssrc,
                      const uint8_t *data, size_t len)
{
    enum status st = STATUS_NO_KEY;
    for (; m != NULL; m = bound_to(p, ssrc, (size_t)(m - p->messages) + 1)) {
        st = m->opened ? try_message(m, ssrc, data, len) : STATUS_NO_KEY;
        if (st == STATUS_OK) {
            return 1;
        }
        m->dropped++;
        if (agent_does(p->agent, FAULT_B_RENDER_ANYTHING)) {
            play_raw(m, ssrc, data, len);
            return 1;
        }
        if (st != STATUS_REPLAY && st != STATUS_STALE) {
            return 0;
        }
    }
    for (m = unbound(p, NULL); m != NULL; m = unbound(p, m)) {
        if (m->opened && try_message(m, ssrc, data, len) == STATUS_OK) {
            return 1;
        }
    }
    return 0;
}

int playout_packet(struct playout *p, const uint8_t *data, size_t len)
{
    struct rtp r;
    if (rtp_parse(&r, data, len) != STATUS_OK) {
        return 0;
    }
    struct message *m = bound_to(p, r.ssrc, 0);
    if (m != NULL) {
        play_bound(p, m, r.ssrc, data, len);
        return 0;
    }
    int anything = agent_does(p->agent, FAULT_B_RENDER_ANYTHING) &&
                   unbound(p, NULL) != NULL;
    if (!anything && try_tone(p, r.ssrc, data, len)) {
        return 1;
    }
    for (m = unbound(p, NULL); m != NULL; m = unbound(p, m)) {
        if (m->opened && try_message(m, r.ssrc, data, len) == STATUS_OK) {
            return 0;
        }
    }
    m = unbound(p, NULL);
    if (m != NULL && agent_does(p->agent, FAULT_B_RENDER_ANYTHING)) {
        play_raw(m, r.ssrc, data, len);
    }
    return 0;
}

/* ---- the report ---- */

static int same(const char *text, const uint8_t *data, size_t len)
{
    return text != NULL && strlen(text) == len && memcmp(text, data, len) == 0;
}

/* How the sender is shown: the mailbox's word counts only if the ESK, which the
 * sender made, says the same (DD-051). */
static const char *status_of(struct playout *p, const struct message *m,
                             const char **from)
{
    struct agent *a = p->agent;
    *from = m->told != NULL ? m->told : "";
    if (agent_does(a, FAULT_B_SHOW_NOBODY)) {
        *from = "";
        return "unknown";
    }
    if (!m->opened) {
        return "undecryptable";
    }
    if (agent_does(a, FAULT_B_TRUST_ESK_ID)) {
        *from = (const char *)m->dep.sender;
        return "authenticated";
    }
    if (m->told == NULL) {
        if (agent_does(a, FAULT_B_SHOW_FROM) && p->answerer != NULL) {
            *from = p->answerer;
            return "authenticated";
        }
        return "unknown";
    }
    return same(m->told, m->dep.sender, m->dep.sender_len) &&
                   same(m->told, m->dep.idri, m->dep.idri_len)
               ? "authenticated"
               : "mismatch";
}

/* A fault plays noise. */
static enum status save_noise(struct agent *a, const char *path)
{
    uint8_t codes[1600];
    enum status st = env_random(&a->env, codes, sizeof codes);
    return st != STATUS_OK ? st : wav_save_ulaw(path, codes, sizeof codes);
}

static char *save(struct playout *p, const struct message *m, const char *dir,
                  unsigned n)
{
    struct agent *a = p->agent;
    int allowed = m->opened || agent_does(a, FAULT_B_RENDER_ANYTHING);
    char *path = mem_printf("%s/rendered-%u.wav", dir, n);
    if (path == NULL || m->played == 0 || !allowed || m->rec == NULL) {
        mem_free(path);
        return NULL;
    }
    enum status st = agent_does(a, FAULT_B_RENDER_NOISE)
                         ? save_noise(a, path)
                         : media_recording_save(m->rec, path);
    if (st != STATUS_OK) {
        log_at(&a->log, LOG_ERROR, "cannot write %s: %s", path,
               status_name(st));
        mem_free(path);
        path = NULL;
    }
    return path;
}

json_t *playout_finish(struct playout *p, const char *dir, unsigned next)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->num; i++) {
        struct message *m = &p->messages[i];
        const char *from = "";
        char *path = save(p, m, dir, next + (unsigned)i);
        const char *status = status_of(p, m, &from);
        json_t *row =
            json_pack("{s:s s:s s:i s:i}", "status", status, "message_id",
                      m->id != NULL ? m->id : "", "packets", (int)m->played,
                      "dropped", (int)m->dropped);
        if (row != NULL && path != NULL) {
            json_object_set_new(row, "file", json_string(path));
        }
        if (row != NULL && from[0] != '\0') {
            json_object_set_new(row, "from", json_string(from));
        }
        json_array_append_new(list, row);
        mem_free(path);
    }
    return list;
}
