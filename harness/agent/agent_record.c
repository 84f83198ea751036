/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Messages and values of earlier calls, for edits that say "recorded:NAME". */
#include "harness/agent/agent_int.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

struct record {
    struct record *next;
    char *name;
    uint8_t *data;
    size_t len;
};

static struct record *find(const struct agent *a, const char *name)
{
    struct record *r = a->records;
    while (r != NULL && strcmp(r->name, name) != 0) {
        r = r->next;
    }
    return r;
}

static void put(struct agent *a, const char *prefix, const char *item,
                struct view v)
{
    char name[160];
    snprintf(name, sizeof name, "%s.%s", prefix, item);
    struct record *r = find(a, name);
    if (r == NULL) {
        r = mem_alloc(sizeof *r);
        if (r == NULL) {
            return;
        }
        r->name = mem_strdup(name);
        if (r->name == NULL) {
            mem_free(r);
            return;
        }
        r->next = a->records;
        a->records = r;
    }
    if (r->data != NULL) {
        mem_wipe(r->data, r->len);
        mem_free(r->data);
    }
    r->data = mem_dup(v.data, v.len);
    r->len = r->data != NULL ? v.len : 0;
}

void agent_record(struct agent *a, const char *label, unsigned number,
                  const char *item, struct view octets)
{
    char text[16];
    if (octets.len == 0) {
        return;
    }
    if (label != NULL && label[0] != '\0') {
        put(a, label, item, octets);
    }
    if (number > 0) {
        snprintf(text, sizeof text, "%u", number);
        put(a, text, item, octets);
    }
}

void agent_record_msg(struct agent *a, const char *label, unsigned number,
                      struct view octets)
{
    struct mikey_msg msg;
    if (octets.len == 0 ||
        mikey_decode(&msg, octets.data, octets.len, NULL) != STATUS_OK) {
        return;
    }
    const struct mikey_payload *esk = mikey_find(&msg, MIKEY_PL_ESK);
    const char *type = mikey_data_type_name(msg.hdr.data_type);
    if (type != NULL) {
        agent_record(a, label, number, type, octets);
    }
    if (esk != NULL) {
        agent_record(a, label, number, "ESK", esk->u.enc.data);
    }
}

struct view agent_record_get(const struct agent *a, const char *name)
{
    const struct record *r = find(a, name);
    return r != NULL ? (struct view){r->data, r->len} : (struct view){0};
}

const uint8_t *agent_recorded(void *ctx, const char *name, size_t *out_len)
{
    struct view v = agent_record_get(ctx, name);
    *out_len = v.len;
    return v.data;
}

void agent_records_free(struct agent *a)
{
    while (a->records != NULL) {
        struct record *r = a->records;
        a->records = r->next;
        if (r->data != NULL) {
            mem_wipe(r->data, r->len);
        }
        mem_free(r->data);
        mem_free(r->name);
        mem_free(r);
    }
}
