/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Findings: what a law found at one place, with the octets that show it. */
#include "harness/judge/judge_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_HEX 256 /* octets shown of a range */

struct probe probe_at(struct judge *j, const struct law *law,
                      const struct jx *x, int party)
{
    struct probe p = {.j = j, .law = law, .x = x, .party = party};
    p.message = "";
    p.in = "";
    p.frame = x != NULL ? x->start_frame : 0;
    return p;
}

struct probe probe_msg(struct judge *j, const struct law *law,
                       const struct jmsg *m)
{
    struct probe p = probe_at(j, law, m->x, m->from);
    p.message = m->name;
    p.frame = jmsg_frame(m);
    return p;
}

void probe_sip(struct probe *p, const struct jsip *s)
{
    if (s == NULL) {
        return;
    }
    p->frame = s->frame;
    p->message =
        s->request ? s->method : j_printf(p->j, "%d %s", s->status, s->method);
}

void probe_octets(struct probe *p, const char *in, struct view buf,
                  struct mikey_range r)
{
    p->in = in;
    p->octets = buf;
    p->range = r;
}

void probe_payload(struct probe *p, const char *in, struct view buf,
                   const struct mikey_payload *pl)
{
    if (pl != NULL) {
        probe_octets(p, in, buf, pl->range);
    }
}

static const char *format(struct judge *j, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *out = n >= 0 ? j_alloc(j, (size_t)n + 1) : NULL;
    if (out != NULL) {
        vsnprintf(out, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    return out != NULL ? out : "";
}

static void emit(struct probe *p, enum judge_verdict v, enum judge_level level,
                 const char *expected, const char *actual)
{
    struct judge *j = p->j;
    if (v == JUDGE_FAIL && j->lossy && p->in[0] == '\0') {
        /* No octets show it, so it may be what is missing that breaks the duty.
         */
        v = JUDGE_INCONC;
        actual = j_printf(j, "%s; the recording is incomplete: %s", actual,
                          j->lossy_why != NULL ? j->lossy_why : "");
    }
    struct jfinding *f = j_alloc(j, sizeof *f);
    struct jfinding **vec = j_room(j, j->findings, j->num_findings);
    if (f == NULL || vec == NULL) {
        return;
    }
    j->findings = vec;
    vec[j->num_findings++] = f;
    f->law = p->law;
    f->x = p->x;
    f->party = p->party;
    f->f = (struct judge_finding){
        .law = &p->law->info,
        .verdict = v,
        .level = level,
        .party = party_role(j, p->party),
        .place = p->x != NULL ? p->x->place : "run",
        .message = p->message,
        .frame = p->frame,
        .in = "",
        .hex = "",
        .expected = expected,
        .actual = actual,
    };
    if (p->in[0] == '\0') {
        return;
    }
    f->f.in = p->in;
    uint64_t end = (uint64_t)p->range.off + p->range.len;
    if (end <= p->octets.len) {
        struct view shown = {p->octets.data + p->range.off, p->range.len};
        f->f.from = p->range.off;
        f->f.to = (uint32_t)end;
        shown.len = shown.len < MAX_HEX ? shown.len : MAX_HEX;
        f->f.hex = j_hex(j, shown);
    }
}

/* The range belongs to one finding. */
static void clear(struct probe *p)
{
    p->in = "";
    p->octets = (struct view){0};
    p->range = (struct mikey_range){0};
}

int probe_must(struct probe *p, int ok, const char *expected, const char *fmt,
               ...)
{
    if (!ok) {
        va_list ap;
        va_start(ap, fmt);
        emit(p, JUDGE_FAIL, p->law->info.level, expected,
             format(p->j, fmt, ap));
        va_end(ap);
        p->failed++;
    }
    clear(p);
    return ok;
}

void probe_fail(struct probe *p, const char *expected, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    emit(p, JUDGE_FAIL, p->law->info.level, expected, format(p->j, fmt, ap));
    va_end(ap);
    p->failed++;
    clear(p);
}

void probe_lack(struct probe *p, const char *expected, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    emit(p, JUDGE_INCONC, p->law->info.level, expected, format(p->j, fmt, ap));
    va_end(ap);
    p->lacking++;
    clear(p);
}

void probe_note(struct probe *p, const char *expected, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    emit(p, JUDGE_PASS, JUDGE_DERIVED, expected, format(p->j, fmt, ap));
    va_end(ap);
    p->noted++;
    clear(p);
}

void probe_pass(struct probe *p, const char *expected, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    emit(p, JUDGE_PASS, p->law->info.level, expected, format(p->j, fmt, ap));
    va_end(ap);
    clear(p);
}

void probe_end(struct probe *p, const char *expected, const char *fmt, ...)
{
    clear(p);
    if (p->failed > 0 || p->lacking > 0) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    emit(p, JUDGE_PASS, p->law->info.level, expected, format(p->j, fmt, ap));
    va_end(ap);
}

int probe_needs(struct probe *p, const struct jopen *o, const char *expected)
{
    if (o->state != JOPEN_NO_KEY) {
        return 0;
    }
    probe_lack(p, expected, "missing key: %s",
               o->lack[0] != '\0' ? o->lack : "that of the receiver");
    return 1;
}
