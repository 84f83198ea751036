/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* latchkey list: the catalogue, one id a line. */
#include "harness/cli/cli.h"

#include "harness/agent/fault.h"
#include "harness/cli/catalog.h"
#include "harness/judge/judge.h"

#include <stdio.h>
#include <string.h>

/* What each list function gets: text goes to w, JSON rows to rows. */
struct listing {
    const struct catalog *c;
    struct wr w;
    json_t *rows; /* NULL: text is wanted */
};

static json_t *strings(const struct ynode *list)
{
    json_t *a = json_array();
    const struct ynode *n = list != NULL ? list->first : NULL;
    for (; n != NULL; n = n->next) {
        json_array_append_new(a, json_string(n->scalar));
    }
    return a;
}

static json_t *words(const char *text)
{
    json_t *a = json_array();
    while (text != NULL && *text != '\0') {
        size_t n = strcspn(text, " ");
        json_array_append_new(a, json_stringn(text, n));
        text += n;
        text += strspn(text, " ");
    }
    return a;
}

static void list_tp(struct listing *l)
{
    for (size_t i = 0; i < l->c->num_tps; i++) {
        const struct scenario *s = l->c->tps[i].scn;
        if (l->rows == NULL) {
            wr_printf(&l->w, "%-18s %-3s %-2s %-8s %s%s\n", s->id, s->role,
                      s->type, s->level, s->title,
                      s->not_run != NULL ? " [not run]" : "");
            continue;
        }
        json_array_append_new(
            l->rows,
            json_pack("{s:s s:s s:s s:s s:s s:o s:o s:o s:o s:s? s:s s:s s:s}",
                      "id", s->id, "title", s->title, "role", s->role, "type",
                      s->type, "level", s->level, "clauses",
                      strings(s->clauses), "requirements",
                      strings(s->requirements), "pics", strings(s->pics),
                      "faults", strings(s->faults), "not_run", s->not_run,
                      "path", l->c->tps[i].path, "stimulus",
                      s->stimulus != NULL ? s->stimulus : "", "duty",
                      s->duty != NULL ? s->duty : ""));
    }
}

static void list_faults(struct listing *l)
{
    for (size_t i = 0; i < num_faults; i++) {
        const struct fault *f = &faults[i];
        if (l->rows == NULL) {
            wr_printf(&l->w, "%-30s %-3s %s\n", f->name, f->role, f->sentence);
            continue;
        }
        json_array_append_new(
            l->rows, json_pack("{s:s s:s s:s s:s s:o}", "name", f->name, "role",
                               f->role, "sentence", f->sentence, "requirement",
                               f->requirement, "tps", words(f->tps)));
    }
}

static void list_laws(struct listing *l)
{
    for (size_t i = 0; i < judge_num_laws(); i++) {
        const struct judge_law_info *law = judge_law(i);
        if (l->rows == NULL) {
            wr_printf(&l->w, "%-28s %-9s %-8s %s\n", law->name,
                      judge_family_name(law->family),
                      judge_level_name(law->level), law->sentence);
            continue;
        }
        json_array_append_new(
            l->rows,
            json_pack("{s:s s:s s:s s:o s:s s:s}", "name", law->name, "family",
                      judge_family_name(law->family), "level",
                      judge_level_name(law->level), "requirements",
                      words(law->requirements), "clause", law->clause,
                      "sentence", law->sentence));
    }
}

static void list_profiles(struct listing *l)
{
    for (size_t i = 0; i < num_profiles; i++) {
        const struct profile *p = &profiles[i];
        if (l->rows == NULL) {
            wr_printf(&l->w, "%s=%-*s %c %s\n", p->item,
                      (int)(28 - strlen(p->item)), p->value,
                      p->is_default ? '*' : ' ', p->sentence);
            continue;
        }
        json_array_append_new(l->rows, json_pack("{s:s s:s s:b s:s}", "item",
                                                 p->item, "value", p->value,
                                                 "default", p->is_default,
                                                 "sentence", p->sentence));
    }
}

/* A section of requirements.yaml as it stands. */
static void list_items(struct listing *l, const char *section)
{
    const struct ynode *n = ynode_get(l->c->items, section);
    for (n = n != NULL ? n->first : NULL; n != NULL; n = n->next) {
        if (l->rows == NULL) {
            const char *text = ynode_str(n, "title", ynode_str(n, "text", ""));
            const char *level = ynode_str(n, "level", NULL);
            const char *value = ynode_str(n, "default", NULL);
            wr_printf(&l->w, "%-20s ", ynode_str(n, "id", ""));
            if (level != NULL) {
                wr_printf(&l->w, "%-10s ", level);
            }
            wr_str(&l->w, text);
            wr_printf(&l->w, value != NULL ? " [%s]\n" : "\n", value);
            continue;
        }
        json_t *o = json_object();
        for (const struct ynode *f = n->first; f != NULL; f = f->next) {
            json_object_set_new(o, f->key, json_string(f->scalar));
        }
        json_array_append_new(l->rows, o);
    }
}

static void list_requirements(struct listing *l)
{
    list_items(l, "requirements");
}

static void list_pixit(struct listing *l)
{
    list_items(l, "pixit");
}

static void list_pics(struct listing *l)
{
    list_items(l, "pics");
}

static void list_ambiguities(struct listing *l)
{
    list_items(l, "ambiguities");
    list_items(l, "issues");
}

static const struct {
    const char *name;
    void (*list)(struct listing *l);
    int files; /* needs the data files */
} lists[] = {
    {"tp", list_tp, 1},
    {"faults", list_faults, 0},
    {"laws", list_laws, 0},
    {"requirements", list_requirements, 1},
    {"ambiguities", list_ambiguities, 1},
    {"profiles", list_profiles, 0},
    {"pics", list_pics, 1},
    {"pixit", list_pixit, 1},
};

static int show(size_t which, int json)
{
    struct catalog c = {0};
    struct listing l = {.c = &c};
    int code = lists[which].files ? catalog_load(&c, "list") : CLI_OK;
    if (code != CLI_OK) {
        return code;
    }
    wr_init(&l.w);
    if (json) {
        l.rows = json_array();
    }
    lists[which].list(&l);
    code = json ? cli_print_json("list", l.rows) : cli_print("list", &l.w);
    catalog_free(&c);
    return code;
}

static int run(int argc, char **argv)
{
    const char *name = NULL;
    int json = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = 1;
        } else if (argv[i][0] != '-' && name == NULL) {
            name = argv[i];
        } else {
            return cli_usage(&cmd_list);
        }
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (strcmp(lists[i].name, name != NULL ? name : "tp") == 0) {
            return show(i, json);
        }
    }
    fprintf(stderr,
            "latchkey list: no list '%s'; there are tp, faults, laws, "
            "requirements, ambiguities, profiles, pics and pixit\n",
            name);
    return CLI_USAGE;
}

const struct cmd cmd_list = {
    .name = "list",
    .args = "[tp|faults|laws|requirements|ambiguities|profiles|pics|pixit] "
            "[--json]",
    .summary = "list the catalogue, one id a line",
    .help =
        "  tp            test purposes (default): id, role, type, level, "
        "title\n"
        "  faults        misbehaviours of the reference agents: name, role, "
        "sentence\n"
        "  laws          what every recording is held to: name, family, level, "
        "duty\n"
        "  requirements  of the standards, in our own words: id, level, "
        "sentence\n"
        "  ambiguities   of the standards, and open issues: id, what is open\n"
        "  profiles      readings and mappings by PIXIT item; * = default\n"
        "  pics, pixit   what an implementer declares: id, meaning, "
        "[default]\n\n"
        "'latchkey explain ID' says more about any of them. --json prints an "
        "array of objects.\n\n"
        "Exit code: 0, 4 unusable data files, 64 usage.",
    .run = run,
};
