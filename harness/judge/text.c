/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The account for people: verdict, reason, findings, octets. */
#include "harness/judge/judge_int.h"

#include <stdio.h>
#include <string.h>

/* What a peer may have made is shown so that it cannot play with the terminal.
 */
static void shown(struct wr *w, const char *s)
{
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c >= 0x20 && c < 0x7f) {
            wr_u8(w, c);
        } else {
            wr_printf(w, "\\x%02x", c);
        }
    }
}

static void line(struct wr *w, const char *head, const char *text)
{
    wr_str(w, head);
    shown(w, text);
    wr_str(w, "\n");
}

/* ---- octets
 * ------------------------------------------------------------------------- */

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Two columns: hex, and what is printable. */
static void hexdump(struct wr *w, const struct judge_finding *f)
{
    size_t len = strlen(f->hex) / 2;
    if (f->in[0] == '\0') {
        return;
    }
    if (f->to > f->from) {
        wr_printf(w, "    octets %u..%u of ", f->from, f->to - 1);
    } else {
        wr_str(w, "    in ");
    }
    line(w, "", f->in);
    for (size_t at = 0; at < len; at += 16) {
        size_t n = len - at < 16 ? len - at : 16;
        wr_printf(w, "      %06zx  ", (size_t)f->from + at);
        for (size_t i = 0; i < 16; i++) {
            if (i < n) {
                wr_printf(w, "%.2s ", f->hex + 2 * (at + i));
            } else {
                wr_str(w, "   ");
            }
        }
        wr_str(w, " ");
        for (size_t i = 0; i < n; i++) {
            const char *h = f->hex + 2 * (at + i);
            unsigned c = nibble(h[0]) << 4 | nibble(h[1]);
            wr_u8(w, c >= 0x20 && c < 0x7f ? (uint8_t)c : '.');
        }
        wr_str(w, "\n");
    }
    if (f->to > f->from && (size_t)(f->to - f->from) > len) {
        wr_printf(w, "      ... %zu more\n", (size_t)(f->to - f->from) - len);
    }
}

/* ---- findings
 * ------------------------------------------------------------------------- */

static void finding(struct wr *w, const struct judge_finding *f)
{
    wr_printf(w, "%-6s %s  (%s, %s) ", judge_verdict_name(f->verdict),
              f->law->name, judge_family_name(f->law->family),
              judge_level_name(f->level));
    shown(w, f->party);
    wr_str(w, ", ");
    shown(w, f->place);
    if (f->message[0] != '\0') {
        wr_str(w, ", ");
        shown(w, f->message);
    }
    if (f->frame != 0) {
        wr_printf(w, ", frame %llu", (unsigned long long)f->frame);
    }
    wr_printf(w, "\n    %s [%s]\n", f->law->clause, f->law->requirements);
    line(w, "    expected: ", f->expected);
    line(w, "    actual:   ", f->actual);
    hexdump(w, f);
}

static int is_wanted(const struct judge_finding *f, int verbose)
{
    return verbose || f->verdict == JUDGE_FAIL ||
           (f->verdict == JUDGE_INCONC && f->counted);
}

static void rows(const struct judge_result *r, struct wr *w)
{
    for (size_t i = 0; i < r->num_rows; i++) {
        const struct judge_row *row = &r->rows[i];
        wr_printf(w, "  %-6s %-8s %s, %s\n", judge_verdict_name(row->verdict),
                  row->as, row->law, row->on);
        if (!row->met) {
            line(w, "           ", row->why);
        }
    }
}

static void parties(const struct judge_result *r, struct wr *w)
{
    for (size_t i = 0; i < r->num_parties; i++) {
        const struct judge_party_result *p = &r->parties[i];
        wr_printf(w, "  %-6s ", judge_verdict_name(p->verdict));
        shown(w, p->role);
        wr_str(w, " ");
        shown(w, p->address);
        wr_str(w, p->identity[0] != '\0' ? " " : "");
        shown(w, p->identity);
        wr_printf(w, ": %zu passed, %zu inconclusive, %zu failed\n", p->passed,
                  p->inconclusive, p->failed);
    }
}

static void ladder(const struct judge_result *r, struct wr *w)
{
    wr_str(w, "\n");
    for (size_t i = 0; i < r->num_steps; i++) {
        const struct judge_step *s = &r->ladder[i];
        wr_printf(w, "%6llu %10.6f  ", (unsigned long long)s->frame, s->t);
        shown(w, s->from);
        wr_str(w, " -> ");
        shown(w, s->to);
        wr_str(w, "  ");
        shown(w, s->label);
        if (s->mikey[0] != '\0') {
            wr_str(w, "  [");
            shown(w, s->mikey);
            wr_str(w, "]");
        }
        wr_str(w, "\n");
    }
}

void judge_text(const struct judge_result *r, int verbose, struct wr *w)
{
    wr_printf(w, "%s", judge_verdict_name(r->verdict));
    if (r->tp[0] != '\0') {
        wr_str(w, "  ");
        shown(w, r->tp);
    }
    wr_str(w, "\n");
    if (r->title[0] != '\0') {
        line(w, "  ", r->title);
    }
    line(w, "  ", r->reason);
    rows(r, w);
    parties(r, w);
    for (size_t i = 0; i < r->num_findings; i++) {
        if (is_wanted(&r->findings[i], verbose)) {
            wr_str(w, "\n");
            finding(w, &r->findings[i]);
        }
    }
    if (verbose) {
        ladder(r, w);
    }
}
