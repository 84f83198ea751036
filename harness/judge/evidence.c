/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* evidence.jsonl: what is not on the wire, one JSON object a line. */
#include "harness/judge/judge_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status line_add(struct judge *j, const char *path, const char *line,
                            size_t len, unsigned no, struct judge_error *e)
{
    json_error_t je;
    json_t *obj = json_loadb(line, len, JSON_REJECT_DUPLICATES, &je);
    const char *kind = json_string_value(json_object_get(obj, "kind"));
    if (kind == NULL) {
        json_decref(obj);
        e->status = STATUS_SYNTAX;
        snprintf(e->text, sizeof e->text,
                 "%s:%u: no JSON object with \"kind\"; every line is one "
                 "(docs/BUNDLE.md)",
                 path, no);
        return e->status;
    }
    struct jev *ev = j_alloc(j, sizeof *ev);
    struct jev **v = j_room(j, j->evs, j->num_evs);
    if (ev == NULL || v == NULL) {
        json_decref(obj);
        return STATUS_NO_MEMORY;
    }
    const char *role = json_string_value(json_object_get(obj, "role"));
    *ev = (struct jev){
        .kind = kind, .role = role != NULL ? role : "", .obj = obj, .line = no};
    j->evs = v;
    v[j->num_evs++] = ev;
    return STATUS_OK;
}

enum status evidence_load(struct judge *j, const char *path,
                          struct judge_error *e)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return STATUS_OK; /* no evidence: the wire alone decides */
    }
    char *line = NULL;
    size_t cap = 0;
    enum status st = STATUS_OK;
    unsigned no = 0;
    for (ssize_t n; st == STATUS_OK && (n = getline(&line, &cap, f)) >= 0;) {
        no++;
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r')) {
            n--;
        }
        if (n > 0) {
            st = line_add(j, path, line, (size_t)n, no, e);
        }
    }
    free(line);
    fclose(f);
    return st;
}
