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
    if (p != NULL && hex_decode(p, strlen(s) / 2 + 1, out_len, s, strlen(s)) !=
                         STATUS_OK) {
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
