/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of refusal for the KMS. */
#include "harness/judge/laws_flow_int.h"
#include "harness/judge/laws_refuse_int.h"

#include <string.h>

static int is_request(const struct jx *x)
{
    return x->kind == JX_REQUEST &&
           (x->request->type == MIKEY_DT_REQUEST_KEY_PSK ||
            x->request->type == MIKEY_DT_REQUEST_KEY_PKE);
}

/* Of several identities asked for, the answer may name those it serves. */
static int gave_key_of(const struct jx *x, struct view id)
{
    size_t named = 0;
    const struct mikey_msg *m = x->response->sent->msg;
    for (size_t i = 0; i < m->num_payloads; i++) {
        const struct mikey_payload *p = &m->payloads[i];
        if (p->type != MIKEY_PL_IDR || p->u.idr.role == MIKEY_ROLE_KMS) {
            continue;
        }
        named++;
        if (view_equal(p->u.idr.data, id)) {
            return 1;
        }
    }
    return named == 0;
}

static void refused(struct probe *p, const struct jx *x, const char *want)
{
    const char *why = "";
    uint64_t us = jmsg_time(x->request);
    if (x->response != NULL && x->response->type != MIKEY_DT_ERROR &&
        !law_decoded(x->response->sent)) {
        p->frame = jmsg_frame(x->response);
        probe_lack(p, want, "%s, which does not decode", x->response->name);
    } else if (x->response != NULL) {
        p->frame = jmsg_frame(x->response);
        probe_pass(p, want, "%s", x->response->name);
    } else if (!watched(p->j, us, us + quiet_us(p->j), &why)) {
        probe_lack(p, want, "%s", why);
    } else {
        probe_pass(p, want, "no answer");
    }
}

static void gave(struct probe *p, const struct jx *x, const char *want,
                 const char *what)
{
    const struct jform *f = x->response->sent;
    p->message = x->response->name;
    p->frame = jmsg_frame(x->response);
    probe_payload(p, "mikey", f->octets, mikey_find(f->msg, MIKEY_PL_KEMAC));
    refuse_broken(p, want, what);
}

static void one(struct judge *j, const struct law *law, const struct jx *x)
{
    const char *lack = "";
    const char *which = law->arg;
    const char *want = "no keys";
    int proof = kms_request_proof(j, x, &lack);
    struct view foreign = kms_foreign(j, x);
    struct probe p = probe_at(j, law, x, x->responder);
    p.message = x->request->name;
    if (strcmp(which, "replay") == 0) {
        if (!kms_is_replay(j, x)) {
            return;
        }
        if (kms_gave_keys(x)) {
            gave(&p, x, want, "keys were given again, readable by their owner");
        } else {
            refused(&p, x, want);
        }
        return;
    }
    if (strcmp(which, "mac") == 0) {
        if (proof < 0 && refuse_asked(j, law)) {
            probe_lack(&p, want, "missing key: %s", lack);
        }
        if (proof != 0) {
            return;
        }
    } else if (foreign.len == 0) {
        return;
    }
    if (!kms_gave_keys(x)) {
        refused(&p, x, want);
    } else if (strcmp(which, "mac") == 0) {
        gave(&p, x, want, "keys were given though V does not verify");
    } else if (gave_key_of(x, foreign)) {
        gave(&p, x, want,
             j_printf(j, "the key of %s was given to another",
                      j_shown(j, foreign)));
    } else {
        probe_pass(&p, want, "the answer does not name %s",
                   j_shown(j, foreign));
    }
}

void law_kms_refuses(struct judge *j, const struct law *law)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        if (is_request(j->xs[i])) {
            one(j, law, j->xs[i]);
        }
    }
}
