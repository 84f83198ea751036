/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Message-summary notifications (RFC 3842). */
#include "harness/judge/judge_int.h"

#include "harness/sip/sip.h"

#include <string.h>
#include <strings.h>

static int is_summary(const struct jsip *s)
{
    return s->request && s->ok && !s->echo &&
           strcmp(s->method, "NOTIFY") == 0 &&
           strcasecmp(s->event, "message-summary") == 0 && s->body.len > 0;
}

/* Who subscribed: the first SUBSCRIBE of the dialog. */
static int subscriber_of(const struct judge *j, const struct jsip *s)
{
    const struct jcall *c = sip_call(j, s->call_id);
    for (size_t i = 0; i < c->num; i++) {
        if (c->sip[i]->request && strcmp(c->sip[i]->method, "SUBSCRIBE") == 0) {
            return c->sip[i]->src;
        }
    }
    return -1;
}

static const char *field(struct judge *j, struct view block, const char *name)
{
    struct view v;
    return sip_block_find(block, name, &v) ? j_strn(j, v.data, v.len) : "";
}

static void read_blocks(struct judge *j, struct jnotify *n, struct view rest)
{
    const size_t max = sizeof n->block / sizeof n->block[0];
    struct view b;
    while (n->num_blocks < max && sip_mwi_block(&rest, &b)) {
        struct jnotify_block *out = &n->block[n->num_blocks++];
        out->from = field(j, b, "From");
        out->to = field(j, b, "To");
        out->message_id = field(j, b, "Message-ID");
    }
}

static struct jnotify *notify_new(struct judge *j, const struct jsip *s)
{
    struct jnotify *n = j_alloc(j, sizeof *n);
    struct jnotify **v = j_room(j, j->notifies, j->num_notifies);
    struct sip_mwi m;
    if (n == NULL || v == NULL) {
        return NULL;
    }
    j->notifies = v;
    v[j->num_notifies++] = n;
    n->sip = s;
    n->account = "";
    n->waiting = -1;
    n->subscriber = subscriber_of(j, s);
    if (sip_mwi(s->body, &m) == STATUS_OK || m.account.len > 0) {
        n->account = j_strn(j, m.account.data, m.account.len);
        n->waiting = m.waiting;
        n->has_counts = m.has_voice;
        n->fresh = m.fresh;
        n->old = m.old;
        read_blocks(j, n, m.blocks);
    }
    return n;
}

void notify_all(struct judge *j)
{
    struct jmap *seen = NULL; /* one NOTIFY on several hops */
    struct jmap *dialogs = NULL;
    for (size_t i = 0; i < j->num_sip && j->err == STATUS_OK; i++) {
        const struct jsip *s = &j->sip[i];
        if (!is_summary(s)) {
            continue;
        }
        const char *key =
            j_printf(j, "%s\n%s\n%u", s->call_id, s->from_tag, s->cseq);
        if (jmap_get(seen, view_of(key)) != NULL) {
            continue;
        }
        struct jnotify *n = notify_new(j, s);
        if (n == NULL) {
            return;
        }
        jmap_put(j, &seen, view_of(key), n);
        n->initial = jmap_get(dialogs, view_of(s->call_id)) == NULL;
        jmap_put(j, &dialogs, view_of(s->call_id), n);
    }
}
