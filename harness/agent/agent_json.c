/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* JSON Lines: answers, events, members. */
#include "harness/agent/agent_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void send_object(struct agent *a, json_t *o)
{
    if (a->sink != NULL) {
        a->sink(a->sink_ctx, o);
        return;
    }
    char *text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
    if (text != NULL) {
        net_lines_write(a->lines, text, strlen(text));
    }
    free(text);
    json_decref(o);
}

void agent_ok(struct agent *a, int id, json_t *more)
{
    json_t *o = json_pack("{s:i s:b}", "id", id, "ok", 1);
    if (o != NULL && more != NULL) {
        json_object_update_missing(o, more);
    }
    json_decref(more);
    send_object(a, o);
}

void agent_fail(struct agent *a, int id, const char *fmt, ...)
{
    char why[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    log_at(&a->log, LOG_WARN, "request %d failed: %s", id, why);
    send_object(a, json_pack("{s:i s:b s:s}", "id", id, "ok", 0, "why", why));
}

void agent_event(struct agent *a, json_t *event)
{
    send_object(a, event);
}

const char *json_str(const json_t *obj, const char *key, const char *fallback)
{
    const char *s = json_string_value(json_object_get(obj, key));
    return s != NULL ? s : fallback;
}

long long json_int(const json_t *obj, const char *key, long long fallback)
{
    const json_t *v = json_object_get(obj, key);
    return json_is_integer(v) ? json_integer_value(v) : fallback;
}

uint8_t *json_hex(const json_t *obj, const char *key, size_t *out_len)
{
    const char *s = json_str(obj, key, NULL);
    uint8_t *p = s != NULL ? mem_alloc(strlen(s) / 2 + 1) : NULL;
    if (p != NULL &&
        hex_decode(p, strlen(s) / 2 + 1, out_len, s, strlen(s)) != STATUS_OK) {
        mem_free(p);
        p = NULL;
    }
    return p;
}

const char *agent_px(const struct agent *a, const char *item,
                     const char *fallback)
{
    return json_str(json_object_get(a->provision, "pixit"), item, fallback);
}

int json_flag(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);
    const char *s = json_string_value(v);
    return json_is_true(v) || (json_is_integer(v) && json_integer_value(v)) ||
           (s != NULL && (strcmp(s, "yes") == 0 || strcmp(s, "true") == 0));
}

char *json_text(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);
    if (json_is_integer(v)) {
        return mem_printf("%lld", (long long)json_integer_value(v));
    }
    if (json_is_boolean(v)) {
        return mem_strdup(json_is_true(v) ? "yes" : "no");
    }
    return json_is_string(v) ? mem_strdup(json_string_value(v)) : NULL;
}

/* ---- the verb 'behave' ---- */

const char *agent_behave(const struct agent *a, const char *key,
                         const char *fallback)
{
    return json_str(a->behave, key, fallback);
}

int agent_behaves(const struct agent *a, const char *key)
{
    return json_flag(a->behave, key);
}

static int is_allowed(const char *const *allowed, const char *key)
{
    while (*allowed != NULL && strcmp(*allowed, key) != 0) {
        allowed++;
    }
    return *allowed != NULL;
}

void agent_behave_verb(struct agent *a, int id, const json_t *args,
                       const char *const *allowed)
{
    const char *key;
    json_t *v;
    if (a->behave == NULL) {
        a->behave = json_object();
    }
    json_object_foreach((json_t *)args, key, v)
    {
        if (strcmp(key, "id") == 0 || strcmp(key, "verb") == 0) {
            continue;
        }
        char *text = json_text(args, key);
        if (!is_allowed(allowed, key) || text == NULL) {
            agent_fail(a, id, "behave: no option '%s'", key);
            mem_free(text);
            return;
        }
        json_object_set_new(a->behave, key, json_string(text));
        mem_free(text);
    }
    agent_ok(a, id, NULL);
}
