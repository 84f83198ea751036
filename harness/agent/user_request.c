/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The verb "request": one key exchange of its own with the KMS. */
#include "harness/agent/agent_int.h"

#include "harness/base/mem.h"

#define REQUEST_TIMEOUT_MS 3000

struct request {
    struct agent *agent;
    struct request **list; /* of all under way */
    int id;
    char *label;
    unsigned number;
    struct ibake_key_request *req;
    struct kms_call *call;
    struct edit_list edits;
    struct request *next;
};

static void request_free(struct request *r)
{
    for (struct request **p = r->list; *p != NULL; p = &(*p)->next) {
        if (*p == r) {
            *p = r->next;
            break;
        }
    }
    agent_kms_cancel(r->call);
    ibake_key_request_free(r->req);
    edit_list_clear(&r->edits);
    mem_free(r->label);
    mem_free(r);
}

void agent_requests_clear(struct request **list)
{
    while (*list != NULL) {
        request_free(*list);
    }
}

static void on_response(void *ctx, enum status st, struct view msg)
{
    struct request *r = ctx;
    struct agent *a = r->agent;
    size_t num = 0;
    const char *result = "issued";
    r->call = NULL;
    if (st != STATUS_OK) {
        result = st == STATUS_TIMEOUT ? "silence" : "closed";
    } else {
        agent_record_msg(a, r->label, r->number, msg);
        st = ibake_key_request_take(r->req, msg, &num);
        result = st == STATUS_OK && num > 0 ? "issued" : "refused";
    }
    agent_ok(a, r->id,
             json_pack("{s:s s:I s:s}", "result", result, "keys",
                       (json_int_t)num, "why", status_name(st)));
    request_free(r);
}

void agent_request_verb(struct agent *a, struct request **list, int id,
                        const json_t *args)
{
    const char *who = json_str(args, "for", a->identity);
    const char *replay = json_str(args, "replay", NULL);
    if (json_object_get(a->provision, "kms") == NULL) {
        agent_fail(a, id, "there is no 'kms' in the provisioning");
        return;
    }
    struct request *r = mem_alloc(sizeof *r);
    if (r == NULL) {
        agent_fail(a, id, "out of memory");
        return;
    }
    *r = (struct request){.agent = a, .list = list, .id = id, .next = *list};
    *list = r;
    r->number = ++a->num_calls;
    r->label = mem_strdup(json_str(args, "label", ""));
    char *extra =
        replay != NULL
            ? mem_printf(
                  "REQUEST_KEY_PSK set mikey recorded:%s.REQUEST_KEY_PSK",
                  replay)
            : NULL;
    struct ibake_config cfg = a->ibake;
    cfg.edits = &r->edits;
    struct wr w;
    wr_init(&w);
    enum status st = agent_edits_with(a, extra, &r->edits);
    if (st == STATUS_OK) {
        st = agent_key_request(&r->req, a, &cfg, &who, 1);
    }
    if (st == STATUS_OK) {
        st = ibake_key_request_make(r->req, &w);
    }
    if (st == STATUS_OK) {
        agent_record_msg(a, r->label, r->number, (struct view){w.data, w.len});
        st = agent_kms_call(
            &r->call, a, (struct view){w.data, w.len},
            (unsigned)json_int(args, "timeout_ms", REQUEST_TIMEOUT_MS),
            on_response, r);
    }
    wr_cleanup(&w);
    mem_free(extra);
    if (st != STATUS_OK) {
        agent_fail(a, id, "the request cannot be made: %s", status_name(st));
        request_free(r);
    }
}
