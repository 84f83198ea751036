/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* verdict.json: fixed order of keys, the same octets for the same inputs. */
#include "harness/judge/judge_int.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

/* A string that a peer may have made: what is no UTF-8 stands as \xNN. */
static json_t *str(const char *s)
{
    json_t *out = json_string(s != NULL ? s : "");
    if (out != NULL || s == NULL) {
        return out;
    }
    size_t len = strlen(s);
    char *buf = mem_alloc(len * 4 + 1);
    if (buf == NULL) {
        return NULL;
    }
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c < 0x80) {
            buf[n++] = (char)c;
        } else {
            n += (size_t)snprintf(buf + n, 5, "\\x%02x", c);
        }
    }
    out = json_string(buf);
    mem_free(buf);
    return out;
}

/* The first failure stays: an object with a part missing is no result. */
static void set(json_t *o, const char *key, json_t *v, int *ok)
{
    *ok &= v != NULL && json_object_set_new(o, key, v) == 0;
}

static void push(json_t *a, json_t *v, int *ok)
{
    *ok &= v != NULL && json_array_append_new(a, v) == 0;
}

static json_t *num(uint64_t v)
{
    return json_integer((json_int_t)v);
}

static json_t *inputs(const struct judge_result *r, int *ok)
{
    json_t *o = json_object();
    for (size_t i = 0; i < 4; i++) {
        if (r->inputs[i].name != NULL) {
            set(o, r->inputs[i].name, str(r->inputs[i].sha256), ok);
        }
    }
    return o;
}

static json_t *row(const struct judge_row *w, int *ok)
{
    json_t *o = json_object();
    json_t *list = json_array();
    for (size_t i = 0; i < w->num_findings; i++) {
        push(list, num(w->findings[i]), ok);
    }
    set(o, "law", str(w->law), ok);
    set(o, "on", str(w->on), ok);
    set(o, "as", str(w->as), ok);
    set(o, "met", json_boolean(w->met), ok);
    set(o, "verdict", str(judge_verdict_name(w->verdict)), ok);
    set(o, "why", str(w->why), ok);
    set(o, "findings", list, ok);
    return o;
}

static json_t *ids(const char *s, int *ok)
{
    json_t *a = json_array();
    while (*s != '\0') {
        size_t n = strcspn(s, " ");
        if (n > 0) {
            push(a, json_stringn(s, n), ok);
        }
        s += n;
        s += strspn(s, " ");
    }
    return a;
}

static json_t *finding(const struct judge_finding *f, int *ok)
{
    json_t *o = json_object();
    json_t *octets = json_array();
    push(octets, num(f->from), ok);
    push(octets, num(f->to), ok);
    set(o, "n", num(f->n), ok);
    set(o, "law", str(f->law->name), ok);
    set(o, "family", str(judge_family_name(f->law->family)), ok);
    set(o, "verdict", str(judge_verdict_name(f->verdict)), ok);
    set(o, "level", str(judge_level_name(f->level)), ok);
    set(o, "party", str(f->party), ok);
    set(o, "place", str(f->place), ok);
    set(o, "message", str(f->message), ok);
    set(o, "requirements", ids(f->law->requirements, ok), ok);
    set(o, "clause", str(f->law->clause), ok);
    set(o, "frame", num(f->frame), ok);
    set(o, "in", str(f->in), ok);
    set(o, "octets", octets, ok);
    set(o, "hex", str(f->hex), ok);
    set(o, "expected", str(f->expected), ok);
    set(o, "actual", str(f->actual), ok);
    set(o, "counted", json_boolean(f->counted), ok);
    return o;
}

static json_t *exchange(const struct judge_exchange *x, int *ok)
{
    json_t *o = json_object();
    json_t *list = json_array();
    for (size_t i = 0; i < x->num_messages; i++) {
        const struct judge_message *m = &x->messages[i];
        json_t *one = json_object();
        set(one, "name", str(m->name), ok);
        set(one, "frame", num(m->frame), ok);
        set(one, "from", str(m->from), ok);
        set(one, "to", str(m->to), ok);
        set(one, "sip", str(m->sip), ok);
        push(list, one, ok);
    }
    set(o, "place", str(x->place), ok);
    set(o, "csb_id", str(x->csb_id), ok);
    set(o, "call_id", str(x->call_id), ok);
    set(o, "form", str(x->form), ok);
    set(o, "messages", list, ok);
    return o;
}

static json_t *step(const struct judge_step *s, int *ok)
{
    json_t *o = json_object();
    set(o, "frame", num(s->frame), ok);
    set(o, "t", json_real(s->t), ok);
    set(o, "from", str(s->from), ok);
    set(o, "to", str(s->to), ok);
    set(o, "label", str(s->label), ok);
    set(o, "mikey", str(s->mikey), ok);
    return o;
}

static json_t *party(const struct judge_party_result *p, int *ok)
{
    json_t *o = json_object();
    set(o, "role", str(p->role), ok);
    set(o, "address", str(p->address), ok);
    set(o, "identity", str(p->identity), ok);
    set(o, "verdict", str(judge_verdict_name(p->verdict)), ok);
    set(o, "passed", num(p->passed), ok);
    set(o, "inconclusive", num(p->inconclusive), ok);
    set(o, "failed", num(p->failed), ok);
    return o;
}

#define LIST(out, r, member, count, make, ok)                                  \
    json_t *out = json_array();                                                \
    for (size_t i_ = 0; i_ < (r)->count; i_++) {                               \
        push(out, make(&(r)->member[i_], ok), ok);                             \
    }

static json_t *whole(const struct judge_result *r, int *ok)
{
    json_t *o = json_object();
    LIST(rows, r, rows, num_rows, row, ok)
    LIST(findings, r, findings, num_findings, finding, ok)
    LIST(exchanges, r, exchanges, num_exchanges, exchange, ok)
    LIST(ladder, r, ladder, num_steps, step, ok)
    LIST(parties, r, parties, num_parties, party, ok)
    set(o, "latchkey", json_integer(1), ok);
    set(o, "tp", str(r->tp), ok);
    set(o, "title", str(r->title), ok);
    set(o, "role", str(r->role), ok);
    set(o, "verdict", str(judge_verdict_name(r->verdict)), ok);
    set(o, "reason", str(r->reason), ok);
    set(o, "inputs", inputs(r, ok), ok);
    set(o, "expect", rows, ok);
    set(o, "findings", findings, ok);
    set(o, "exchanges", exchanges, ok);
    set(o, "ladder", ladder, ok);
    set(o, "parties", parties, ok);
    return o;
}

static int to_wr(const char *data, size_t len, void *ctx)
{
    wr_bytes(ctx, data, len);
    return 0;
}

void judge_json(const struct judge_result *r, struct wr *w)
{
    int ok = 1;
    json_t *o = whole(r, &ok);
    if (!ok || o == NULL ||
        json_dump_callback(o, to_wr, w,
                           JSON_INDENT(1) | JSON_ENSURE_ASCII |
                               JSON_REAL_PRECISION(12)) != 0) {
        w->err = w->err == STATUS_OK ? STATUS_NO_MEMORY : w->err;
    }
    wr_str(w, "\n");
    json_decref(o);
}
