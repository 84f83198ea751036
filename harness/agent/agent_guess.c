/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Answers made up by somebody who cannot read the real ones: the exchange goes
 * on with a yP that nobody sent. */
#include "harness/agent/agent_int.h"

#include "harness/base/mem.h"

char *agent_guess_idrr(struct view octets)
{
    struct mikey_msg msg;
    if (mikey_decode(&msg, octets.data, octets.len, NULL) != STATUS_OK) {
        return NULL;
    }
    const struct mikey_payload *r = mikey_find_idr(&msg, MIKEY_ROLE_RESPONDER);
    return r != NULL ? mem_strndup((const char *)r->u.idr.data.data,
                                   r->u.idr.data.len)
                     : NULL;
}

/* The answer is made by a responder of our own, whose edits turn it to a reader
 * whose private key we hold. */
static enum status add_edits(struct edit_list *list, struct view reader)
{
    static const char *const paths[] = {
        "mikey.IDRi.data", "mikey.IBAKE.IDRi.data", "mikey.IBAKE.key"};
    enum status st = STATUS_OK;
    for (size_t i = 0; i < 3 && st == STATUS_OK; i++) {
        char *line = mem_printf("R_MESSAGE_1 set %s id:%.*s", paths[i],
                                (int)reader.len, (const char *)reader.data);
        st = line == NULL ? STATUS_NO_MEMORY : edit_list_add(list, line, NULL);
        mem_free(line);
    }
    return st;
}

enum status agent_guess_r1(struct agent *a, struct view i1,
                           struct view responder, struct view reader,
                           struct wr *out)
{
    struct edit_list edits = {0};
    struct ibake_config cfg = a->ibake;
    cfg.edits = &edits;
    cfg.checks = 0;
    cfg.profile.check_skew = 0;
    cfg.profile.r1_inner_id = 1;
    enum status st = add_edits(&edits, reader);
    struct ibake_session *s =
        st == STATUS_OK ? ibake_responder_new(&cfg, &responder, 1) : NULL;
    if (st == STATUS_OK && s == NULL) {
        st = STATUS_NO_MEMORY;
    }
    if (st == STATUS_OK) {
        st = ibake_take_i1(s, i1);
    }
    if (st == STATUS_OK) {
        st = ibake_make_r1(s, out);
    }
    ibake_session_free(s);
    edit_list_clear(&edits);
    return st;
}
