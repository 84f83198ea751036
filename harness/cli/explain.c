/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What is known of one id, as text. */
#include "harness/cli/explain.h"

#include "harness/agent/fault.h"
#include "harness/cli/cli.h"
#include "harness/judge/judge.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define INDENT 16
#define ID_COLUMN 22

static void field(struct wr *w, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        wr_printf(w, "  %-*s", INDENT - 2, name);
        cli_wrap(w, text, INDENT);
    }
}

/* "name  id  text", the name only in the first of several lines. */
static void entry(struct wr *w, const char *name, size_t nth, const char *id,
                  const char *text)
{
    wr_printf(w, "  %-*s%-*s ", INDENT - 2, nth == 0 ? name : "", ID_COLUMN,
              id);
    cli_wrap(w, text, INDENT + ID_COLUMN + 1);
}

static void joined(struct wr *w, const char *name, const struct ynode *list)
{
    struct wr line;
    const struct ynode *n = list != NULL ? list->first : NULL;
    wr_init(&line);
    for (const struct ynode *i = n; i != NULL; i = i->next) {
        wr_printf(&line, "%s%s", i == n ? "" : ", ", i->scalar);
    }
    wr_u8(&line, 0);
    if (line.err == STATUS_OK) {
        field(w, name, (const char *)line.data);
    }
    wr_cleanup(&line);
}

/* The row of requirements.yaml of that id in any section. */
static const struct ynode *find_item(const struct catalog *c, const char *id,
                                     const char **section)
{
    for (const struct ynode *s = c->items->first; s != NULL; s = s->next) {
        for (const struct ynode *n = s->first; n != NULL; n = n->next) {
            if (strcasecmp(ynode_str(n, "id", ""), id) == 0) {
                if (section != NULL) {
                    *section = s->key;
                }
                return n;
            }
        }
    }
    return NULL;
}

static const char *item_text(const struct catalog *c, const char *id)
{
    return ynode_str(find_item(c, id, NULL), "text", "");
}

/* ---- exit codes, profiles ---- */

size_t explain_exit(struct wr *w, const char *id)
{
    if (strncasecmp(id, "exit", 4) == 0) {
        id += 4;
        id += strspn(id, " -");
    }
    for (size_t i = 0; i < num_exit_words; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", exit_words[i].code);
        if (strcmp(text, id) == 0) {
            wr_printf(w, "exit code %s\n", text);
            field(w, "meaning", exit_words[i].sentence);
            return 1;
        }
    }
    return 0;
}

size_t explain_profile(struct wr *w, const char *id)
{
    size_t found = 0;
    const char *eq = strchr(id, '=');
    for (size_t i = 0; i < num_profiles; i++) {
        const struct profile *p = &profiles[i];
        size_t len = strlen(p->item);
        int whole = eq != NULL && (size_t)(eq - id) == len &&
                    strncasecmp(id, p->item, len) == 0 &&
                    strcasecmp(eq + 1, p->value) == 0;
        /* A bare number is an exit code. */
        int value = eq == NULL && strcasecmp(id, p->value) == 0 &&
                    (p->value[0] < '0' || p->value[0] > '9');
        if (whole || value) {
            wr_printf(w, "%s=%s\n", p->item, p->value);
            field(w, "meaning", p->sentence);
            field(w, "default", p->is_default ? "yes" : "no");
            wr_printf(w, "  %-*slatchkey play SCENARIO --px %s=%s\n",
                      INDENT - 2, "try it", p->item, p->value);
            found++;
        }
    }
    return found;
}

/* ---- test purposes ---- */

static void tp_expects(struct wr *w, const struct scenario *s)
{
    for (size_t i = 0; i < s->num_expects; i++) {
        const struct scn_expect *e = &s->expects[i];
        const struct judge_law_info *law = judge_law_find(e->law);
        char what[64];
        snprintf(what, sizeof what, "%s, %s", e->as, e->on);
        entry(w, "laws", i, what, e->law);
        if (law != NULL) {
            wr_printf(w, "%*s", INDENT + ID_COLUMN + 1, "");
            cli_wrap(w, law->sentence, INDENT + ID_COLUMN + 1);
        }
    }
}

static void tp_faults(struct wr *w, const struct scenario *s)
{
    size_t n = 0;
    for (size_t i = 0; i < num_faults; i++) {
        if (words_have(faults[i].tps, s->id) ||
            catalog_has(s->faults, faults[i].name)) {
            entry(w, "killed by", n++, faults[i].name, faults[i].sentence);
        }
    }
}

size_t explain_tp(struct wr *w, const struct catalog *c, const char *id)
{
    for (size_t i = 0; i < c->num_tps; i++) {
        const struct scenario *s = c->tps[i].scn;
        if (strcasecmp(s->id, id) != 0) {
            continue;
        }
        wr_printf(w, "%s  (role %s, type %s, level %s)\n", s->id, s->role,
                  s->type, s->level);
        field(w, "purpose", s->title);
        field(w, "stimulus", s->stimulus);
        field(w, "duty", s->duty);
        joined(w, "clauses", s->clauses);
        const struct ynode *r =
            s->requirements != NULL ? s->requirements->first : NULL;
        for (size_t n = 0; r != NULL; r = r->next) {
            entry(w, "requirements", n++, r->scalar, item_text(c, r->scalar));
        }
        joined(w, "needs PICS", s->pics);
        field(w, "not run", s->not_run);
        tp_expects(w, s);
        tp_faults(w, s);
        field(w, "scenario", c->tps[i].path);
        wr_printf(w, "  %-*slatchkey run --select %s\n", INDENT - 2, "run it",
                  s->id);
        return 1;
    }
    return 0;
}

/* ---- faults ---- */

size_t explain_fault(struct wr *w, const struct catalog *c, const char *id)
{
    for (size_t i = 0; i < num_faults; i++) {
        const struct fault *f = &faults[i];
        if (strcasecmp(f->name, id) != 0) {
            continue;
        }
        wr_printf(w, "%s  (fault of role %s)\n", f->name, f->role);
        field(w, "what", f->sentence);
        if (f->requirement != NULL && f->requirement[0] != '\0') {
            entry(w, "breaks", 0, f->requirement, item_text(c, f->requirement));
        }
        field(w, "edits", f->edits);
        size_t n = 0;
        const struct catalog_tp *first = NULL;
        for (size_t t = 0; t < c->num_tps; t++) {
            const struct scenario *s = c->tps[t].scn;
            if (words_have(f->tps, s->id) || catalog_has(s->faults, f->name)) {
                entry(w, "killed by", n++, s->id, s->title);
                first = first == NULL ? &c->tps[t] : first;
            }
        }
        if (first != NULL) {
            wr_printf(w, "  %-*slatchkey play %s --fault %s --out bundle\n",
                      INDENT - 2, "see it", first->path, f->name);
            wr_printf(w, "%*slatchkey judge bundle\n", INDENT, "");
        }
        return 1;
    }
    return 0;
}

/* ---- laws ---- */

size_t explain_law(struct wr *w, const struct catalog *c, const char *id)
{
    for (size_t i = 0; i < judge_num_laws(); i++) {
        const struct judge_law_info *law = judge_law(i);
        if (strcasecmp(law->name, id) != 0) {
            continue;
        }
        wr_printf(w, "%s  (law, %s, %s)\n", law->name,
                  judge_family_name(law->family), judge_level_name(law->level));
        field(w, "duty", law->sentence);
        field(w, "clause", law->clause);
        field(w, "requirements", law->requirements);
        size_t n = 0;
        for (size_t t = 0; t < c->num_tps; t++) {
            const struct scenario *s = c->tps[t].scn;
            for (size_t e = 0; e < s->num_expects; e++) {
                if (strcmp(s->expects[e].law, law->name) == 0) {
                    entry(w, "used by", n++, s->id, s->title);
                    break;
                }
            }
        }
        return 1;
    }
    return 0;
}

/* ---- requirements, ambiguities, issues, PICS, PIXIT ---- */

static void cited_by(struct wr *w, const struct catalog *c, const char *id)
{
    size_t n = 0;
    for (size_t i = 0; i < judge_num_laws(); i++) {
        if (words_have(judge_law(i)->requirements, id)) {
            entry(w, "laws", n++, judge_law(i)->name, judge_law(i)->sentence);
        }
    }
    n = 0;
    for (size_t i = 0; i < c->num_tps; i++) {
        const struct scenario *s = c->tps[i].scn;
        if (catalog_has(s->requirements, id) || catalog_has(s->pics, id) ||
            ynode_get(s->pixit, id) != NULL) {
            entry(w, "purposes", n++, s->id, s->title);
        }
    }
    n = 0;
    for (size_t i = 0; i < num_faults; i++) {
        if (words_have(faults[i].requirement, id)) {
            entry(w, "broken by", n++, faults[i].name, faults[i].sentence);
        }
    }
}

size_t explain_item(struct wr *w, const struct catalog *c, const char *id)
{
    static const struct {
        const char *section, *word;
    } kinds[] = {{"requirements", "requirement"},
                 {"ambiguities", "ambiguity"},
                 {"issues", "open issue"},
                 {"pics", "PICS item"},
                 {"pixit", "PIXIT item"}};
    const char *section = "";
    const struct ynode *n = find_item(c, id, &section);
    if (n == NULL) {
        return 0;
    }
    id = ynode_str(n, "id", id);
    wr_str(w, id);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].section, section) == 0) {
            wr_printf(w, "  (%s)\n", kinds[i].word);
        }
    }
    for (const struct ynode *f = n->first; f != NULL; f = f->next) {
        if (strcmp(f->key, "id") != 0) {
            field(w, f->key, f->scalar);
        }
    }
    for (size_t i = 0, k = 0; i < num_profiles; i++) {
        if (strcmp(profiles[i].item, id) == 0) {
            entry(w, "values", k++, profiles[i].value, profiles[i].sentence);
        }
    }
    cited_by(w, c, id);
    return 1;
}

void explain_ids(const struct catalog *c, void (*fn)(void *ctx, const char *id),
                 void *ctx)
{
    for (size_t i = 0; i < c->num_tps; i++) {
        fn(ctx, c->tps[i].scn->id);
    }
    for (size_t i = 0; i < num_faults; i++) {
        fn(ctx, faults[i].name);
    }
    for (size_t i = 0; i < judge_num_laws(); i++) {
        fn(ctx, judge_law(i)->name);
    }
    for (const struct ynode *s = c->items->first; s != NULL; s = s->next) {
        for (const struct ynode *n = s->first; n != NULL; n = n->next) {
            fn(ctx, ynode_str(n, "id", ""));
        }
    }
}
