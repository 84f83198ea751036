/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Loads and checks scenario files. */
#include "harness/scenario/scenario.h"

#include "harness/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const roles[] = {"A", "B", "MB", "CORE", "KMS",
                                    "C", "M", "D",  NULL};
static const char *const iut_roles[] = {"A", "B", "MB", "KMS", "PC", NULL};
static const char *const types[] = {"BV", "BI", "BO", "TI", "CA", NULL};
static const char *const levels[] = {"MUST",    "SHOULD",   "MAY",
                                     "derived", "security", NULL};
static const char *const kinds[] = {"duty", "preamble", "control", "stimulus",
                                    NULL};
static const char *const default_parties[] = {"KMS", "CORE", "MB",
                                              "B",   "A",    NULL};
static const char *const head_keys[] = {
    "id",           "title", "role",   "type",     "level", "clauses",
    "requirements", "pics",  "faults", "stimulus", "duty",  "pixit",
    "parties",      "steps", "expect", "not_run",  NULL};

static enum status bad(struct scn_error *err, unsigned line, const char *fmt,
                       ...) __attribute__((format(printf, 3, 4)));

static enum status bad(struct scn_error *err, unsigned line, const char *fmt,
                       ...)
{
    va_list ap;
    va_start(ap, fmt);
    err->line = line;
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return STATUS_SYNTAX;
}

static int one_of(const char *s, const char *const *list)
{
    for (; s != NULL && *list != NULL; list++) {
        if (strcmp(s, *list) == 0) {
            return 1;
        }
    }
    return 0;
}

static enum status check_keys(const struct ynode *root, struct scn_error *err)
{
    for (const struct ynode *c = root->first; c != NULL; c = c->next) {
        if (!one_of(c->key, head_keys)) {
            return bad(err, c->line,
                       "unknown key '%s'; docs/SCENARIO.md lists "
                       "the keys",
                       c->key);
        }
    }
    return STATUS_OK;
}

static enum status head_word(const char **out, const struct ynode *root,
                             const char *key, const char *const *allowed,
                             const char *fallback, struct scn_error *err)
{
    const struct ynode *n = ynode_get(root, key);
    *out = ynode_str(root, key, fallback);
    if (*out == NULL) {
        return bad(err, n != NULL ? n->line : 1,
                   "'%s' is missing; add it "
                   "(docs/SCENARIO.md)",
                   key);
    }
    if (allowed != NULL && !one_of(*out, allowed)) {
        return bad(err, n != NULL ? n->line : 1,
                   "'%s: %s' is not one of the words allowed "
                   "(docs/SCENARIO.md)",
                   key, *out);
    }
    return STATUS_OK;
}

static enum status head_list(const struct ynode **out, const struct ynode *root,
                             const char *key, enum ynode_kind kind,
                             struct scn_error *err)
{
    *out = ynode_get(root, key);
    if (*out != NULL && (*out)->kind != kind) {
        return bad(err, (*out)->line, "'%s' must be a %s", key,
                   kind == YNODE_SEQ ? "list" : "map");
    }
    return STATUS_OK;
}

static enum status load_head(struct scenario *s, struct scn_error *err)
{
    const struct ynode *r = s->tree;
    enum status st = check_keys(r, err);
    st = st != STATUS_OK ? st : head_word(&s->id, r, "id", NULL, NULL, err);
    st = st != STATUS_OK ? st
                         : head_word(&s->title, r, "title", NULL, NULL, err);
    st = st != STATUS_OK ? st
                         : head_word(&s->role, r, "role", iut_roles, NULL, err);
    st =
        st != STATUS_OK ? st : head_word(&s->type, r, "type", types, NULL, err);
    st = st != STATUS_OK
             ? st
             : head_word(&s->level, r, "level", levels, "MUST", err);
    st = st != STATUS_OK ? st
                         : head_list(&s->clauses, r, "clauses", YNODE_SEQ, err);
    st = st != STATUS_OK
             ? st
             : head_list(&s->requirements, r, "requirements", YNODE_SEQ, err);
    st = st != STATUS_OK ? st : head_list(&s->pics, r, "pics", YNODE_SEQ, err);
    st = st != STATUS_OK ? st
                         : head_list(&s->faults, r, "faults", YNODE_SEQ, err);
    st =
        st != STATUS_OK ? st : head_list(&s->pixit, r, "pixit", YNODE_MAP, err);
    s->stimulus = ynode_str(r, "stimulus", NULL);
    s->duty = ynode_str(r, "duty", NULL);
    s->not_run = ynode_str(r, "not_run", NULL);
    return st;
}

static enum status load_parties(struct scenario *s, struct scn_error *err)
{
    const struct ynode *n = ynode_get(s->tree, "parties");
    size_t num = 0;
    if (n == NULL) {
        memcpy(s->parties, default_parties, sizeof default_parties);
        return STATUS_OK;
    }
    for (const struct ynode *c = n->first; c != NULL; c = c->next) {
        if (c->kind != YNODE_SCALAR || !one_of(c->scalar, roles)) {
            return bad(err, c->line,
                       "a party must be one of A B MB CORE KMS C M "
                       "D");
        }
        if (num + 1 >= sizeof s->parties / sizeof *s->parties) {
            return bad(err, c->line, "too many parties");
        }
        s->parties[num++] = c->scalar;
    }
    return num > 0 ? STATUS_OK : bad(err, n->line, "'parties' is empty");
}

/* Splits "key=value" words; a value in double quotes may hold blanks. */
static enum status add_arg(struct scn_step *step, const char *word, size_t len,
                           struct scn_error *err)
{
    const char *eq = memchr(word, '=', len);
    if (eq == NULL || eq == word) {
        return bad(err, step->line, "'%.*s' is not of the form key=value",
                   (int)len, word);
    }
    struct scn_arg *p =
        mem_resize(step->args, (step->num_args + 1) * sizeof *step->args);
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    step->args = p;
    size_t klen = (size_t)(eq - word);
    const char *v = eq + 1;
    size_t vlen = len - klen - 1;
    if (vlen >= 2 && v[0] == '"' && v[vlen - 1] == '"') {
        v++;
        vlen -= 2;
    }
    p[step->num_args].key = mem_strndup(word, klen);
    p[step->num_args].value = mem_strndup(v, vlen);
    step->num_args++;
    if (p[step->num_args - 1].key == NULL ||
        p[step->num_args - 1].value == NULL) {
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static size_t word_len(const char *p)
{
    size_t n = 0;
    int quoted = 0;
    while (p[n] != '\0' && (quoted || (p[n] != ' ' && p[n] != '\t'))) {
        quoted ^= p[n] == '"';
        n++;
    }
    return n;
}

static enum status parse_words(struct scn_step *step, struct scn_error *err)
{
    const char *p = step->text + strspn(step->text, " \t");
    size_t n = word_len(p);
    if (n == 4 && memcmp(p, "wait", 4) == 0) {
        step->role = mem_strdup("");
    } else {
        step->role = mem_strndup(p, n);
        if (step->role != NULL && !one_of(step->role, roles)) {
            return bad(err, step->line,
                       "a step begins with a party (A B MB CORE "
                       "KMS C M D) or 'wait', not '%s'",
                       step->role);
        }
        p += n;
        p += strspn(p, " \t");
        n = word_len(p);
    }
    step->verb = mem_strndup(p, n);
    if (step->role == NULL || step->verb == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (n == 0) {
        return bad(err, step->line, "the verb is missing (docs/ADAPTER.md)");
    }
    p += n;
    if (step->role[0] == '\0') {
        p += strspn(p, " \t");
        if (*p == '\0' || strspn(p, "0123456789") != strlen(p)) {
            return bad(err, step->line,
                       "'wait' needs a number of milliseconds");
        }
        char *arg = mem_printf("ms=%s", p);
        enum status st = arg == NULL ? STATUS_NO_MEMORY
                                     : add_arg(step, arg, strlen(arg), err);
        mem_free(arg);
        return st;
    }
    enum status st = STATUS_OK;
    for (p += strspn(p, " \t"); st == STATUS_OK && *p != '\0';
         p += strspn(p, " \t")) {
        n = word_len(p);
        st = add_arg(step, p, n, err);
        p += n;
    }
    return st;
}

static enum status load_step(struct scn_step *step, const struct ynode *n,
                             struct scn_error *err)
{
    const char *text =
        n->kind == YNODE_SCALAR ? n->scalar : ynode_str(n, "do", NULL);
    step->line = n->line;
    if (text == NULL) {
        return bad(err, n->line,
                   "a step is one line of text, or a map with "
                   "'do'");
    }
    step->text = mem_strdup(text);
    if (step->text == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status st = parse_words(step, err);
    for (const struct ynode *c = n->kind == YNODE_MAP ? n->first : NULL;
         st == STATUS_OK && c != NULL; c = c->next) {
        if (strcmp(c->key, "do") == 0) {
            continue;
        }
        if (strcmp(c->key, "async") == 0) {
            step->async = ynode_bool(n, "async", 0);
        } else if (strcmp(c->key, "edits") == 0 && c->kind == YNODE_SEQ) {
            for (const struct ynode *e = c->first; e != NULL; e = e->next) {
                const char *why = "an edit is one line of text";
                st = e->kind != YNODE_SCALAR
                         ? STATUS_SYNTAX
                         : edit_list_add(&step->edits, e->scalar, &why);
                if (st != STATUS_OK) {
                    return st == STATUS_NO_MEMORY
                               ? st
                               : bad(err, e->line, "%s", why);
                }
            }
        } else {
            st = bad(err, c->line,
                     "a step may have 'do', 'edits' (a list) and "
                     "'async'; not '%s'",
                     c->key);
        }
    }
    return st;
}

static enum status load_steps(struct scenario *s, struct scn_error *err)
{
    const struct ynode *n = ynode_get(s->tree, "steps");
    if (n == NULL || n->kind != YNODE_SEQ) {
        if (s->not_run != NULL || strcmp(s->role, "PC") == 0) {
            return STATUS_OK;
        }
        return bad(err, n != NULL ? n->line : 1, "'steps' must be a list");
    }
    s->steps = mem_alloc((n->num_children + 1) * sizeof *s->steps);
    if (s->steps == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status st = STATUS_OK;
    for (const struct ynode *c = n->first; st == STATUS_OK && c != NULL;
         c = c->next) {
        st = load_step(&s->steps[s->num_steps++], c, err);
        const char *role = s->steps[s->num_steps - 1].role;
        if (st == STATUS_OK && role[0] != '\0' && !one_of(role, s->parties)) {
            st =
                bad(err, c->line, "'%s' acts but is not among 'parties'", role);
        }
    }
    return st;
}

static enum status load_expects(struct scenario *s, struct scn_error *err)
{
    const struct ynode *n = ynode_get(s->tree, "expect");
    size_t duties = 0;
    if (n == NULL && s->not_run != NULL) {
        return STATUS_OK;
    }
    if (n == NULL || n->kind != YNODE_SEQ) {
        return bad(err, n != NULL ? n->line : 1, "'expect' must be a list");
    }
    s->expects = mem_alloc((n->num_children + 1) * sizeof *s->expects);
    if (s->expects == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (const struct ynode *c = n->first; c != NULL; c = c->next) {
        struct scn_expect *e = &s->expects[s->num_expects];
        const char *law = ynode_str(c, "law", NULL);
        const char *as = ynode_str(c, "as", "duty");
        if (law == NULL || !one_of(as, kinds)) {
            return bad(err, c->line,
                       "an expectation is {law: NAME, at: PLACE, "
                       "as: duty|preamble|control|stimulus}");
        }
        e->line = c->line;
        e->law = mem_strdup(law);
        e->on = mem_strdup(ynode_str(c, "at", "any"));
        e->as = mem_strdup(as);
        s->num_expects++;
        if (e->law == NULL || e->on == NULL || e->as == NULL) {
            return STATUS_NO_MEMORY;
        }
        duties += strcmp(as, "duty") == 0;
    }
    return duties > 0 ? STATUS_OK
                      : bad(err, n->line,
                            "no expectation is a duty: this "
                            "scenario could never pass");
}

enum status scenario_load(struct scenario **out, const char *path,
                          struct scn_error *err)
{
    struct ytree_error ye;
    *out = NULL;
    *err = (struct scn_error){0};
    struct scenario *s = mem_alloc(sizeof *s);
    if (s == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status st = STATUS_OK;
    s->path = mem_strdup(path);
    s->tree = ytree_load(path, &ye);
    if (s->path == NULL) {
        st = STATUS_NO_MEMORY;
    } else if (s->tree == NULL) {
        st = bad(err, ye.line, "%s", ye.text);
    } else if (s->tree->kind != YNODE_MAP) {
        st = bad(err, 1, "a scenario is a map; see docs/SCENARIO.md");
    }
    st = st != STATUS_OK ? st : load_head(s, err);
    st = st != STATUS_OK ? st : load_parties(s, err);
    st = st != STATUS_OK ? st : load_steps(s, err);
    st = st != STATUS_OK ? st : load_expects(s, err);
    if (st != STATUS_OK) {
        scenario_free(s);
        if (err->text[0] == '\0') {
            bad(err, 1, "%s", status_name(st));
        }
        return st;
    }
    *out = s;
    return STATUS_OK;
}

void scenario_free(struct scenario *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->num_steps; i++) {
        struct scn_step *p = &s->steps[i];
        for (size_t k = 0; k < p->num_args; k++) {
            mem_free(p->args[k].key);
            mem_free(p->args[k].value);
        }
        mem_free(p->args);
        mem_free(p->text);
        mem_free(p->role);
        mem_free(p->verb);
        edit_list_clear(&p->edits);
    }
    for (size_t i = 0; i < s->num_expects; i++) {
        mem_free(s->expects[i].law);
        mem_free(s->expects[i].on);
        mem_free(s->expects[i].as);
    }
    mem_free(s->steps);
    mem_free(s->expects);
    mem_free(s->path);
    ytree_free(s->tree);
    mem_free(s);
}

const char *scn_step_arg(const struct scn_step *step, const char *key,
                         const char *fallback)
{
    for (size_t i = 0; i < step->num_args; i++) {
        if (strcmp(step->args[i].key, key) == 0) {
            return step->args[i].value;
        }
    }
    return fallback;
}
