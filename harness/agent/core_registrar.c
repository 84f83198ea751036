/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The registrar (RFC 3261, 10) with digest authentication. */
#include "harness/agent/core_int.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REALM "latchkey"
#define MAX_EXPIRES 86400

/* "sip:bob@home-b.example" logs in as "bob". */
static char *login_of(const char *identity)
{
    const char *colon = strchr(identity, ':');
    const char *u = colon != NULL ? colon + 1 : identity;
    return mem_strndup(u, strcspn(u, "@"));
}

static void challenge(struct core *k, struct siptx_server *tx, int stale)
{
    char line[160];
    snprintf(line, sizeof line,
             "WWW-Authenticate: Digest realm=\"" REALM "\", nonce=\"%s\", "
             "algorithm=SHA-256, qop=\"auth\"%s",
             k->nonce, stale ? ", stale=true" : "");
    siptx_reply_status(tx, 401, NULL, line);
}

/* 0: who he says he is, else the status it was answered with. */
static int authenticate(struct core *k, struct siptx_server *tx,
                        const struct sip_msg *msg, const struct core_user *u)
{
    char *login = login_of(u->identity);
    enum status st = login == NULL ? STATUS_NO_MEMORY
                                   : siptx_check_auth(msg, 0, REALM, k->nonce,
                                                      login, u->password);
    mem_free(login);
    if (st == STATUS_OK) {
        return 0;
    }
    if (st == STATUS_AUTH) {
        siptx_reply_status(tx, 403, NULL, NULL);
        return 403;
    }
    challenge(k, tx, st == STATUS_MISMATCH);
    return 401;
}

static unsigned expires_of(const struct sip_msg *msg,
                           struct view contact_params)
{
    uint32_t n = 3600;
    struct view v;
    if (!sip_param(contact_params, "expires", &v)) {
        v = sip_value(msg, SIP_HDR_EXPIRES, 0);
    }
    if (v.len > 0 && sip_u32(sip_trim(v), &n) != STATUS_OK) {
        n = 3600;
    }
    return n > MAX_EXPIRES ? MAX_EXPIRES : n;
}

static void bind(struct core *k, struct core_user *u, const struct sip_msg *msg)
{
    struct sip_addr c;
    struct view v = sip_value(msg, SIP_HDR_CONTACT, 0);
    if (v.data == NULL || sip_addr(v, &c) != STATUS_OK) {
        return; /* a query */
    }
    unsigned expires = expires_of(msg, c.params);
    mem_free(u->contact);
    u->contact = NULL;
    if (expires > 0 && !c.is_star) {
        u->contact = sip_dup(c.uri);
        u->expires_ms =
            net_loop_now_ms(k->agent->loop) + (uint64_t)expires * 1000u;
    }
}

void core_register(struct core *k, struct siptx_server *tx,
                   const struct sip_msg *msg)
{
    char *id = sip_identity_new(sip_value(msg, SIP_HDR_TO, 0));
    struct core_user *u = id != NULL ? core_user_of(k, id) : NULL;
    mem_free(id);
    if (u == NULL) {
        siptx_reply_status(tx, 404, NULL, NULL);
        return;
    }
    if (authenticate(k, tx, msg, u) != 0) {
        return;
    }
    bind(k, u, msg);
    struct sip_out out;
    if (siptx_response(tx, &out, 200, NULL) != STATUS_OK) {
        return;
    }
    if (core_is_registered(k, u)) {
        uint64_t left = u->expires_ms - net_loop_now_ms(k->agent->loop);
        sip_out_add(&out, "Contact", "<%s>;expires=%u", u->contact,
                    (unsigned)(left / 1000));
    }
    sip_out_add(&out, "P-Associated-URI", "<%s>", u->identity);
    siptx_reply(tx, &out);
    sip_out_free(&out);
}
