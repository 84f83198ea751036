/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Edits: how scenarios and faults say what is wrong with a message. */
#include "harness/base/edit.h"

#include "harness/base/mem.h"

#include <string.h>

static const char *const op_names[] = {
    [EDIT_SET] = "set",       [EDIT_DROP] = "drop",
    [EDIT_REPEAT] = "repeat", [EDIT_INSERT] = "insert",
    [EDIT_APPEND] = "append", [EDIT_TRUNCATE] = "truncate",
    [EDIT_FLIP] = "flip",
};

static const char *skip_blank(const char *p)
{
    return p + strspn(p, " \t");
}

static enum status syntax(const char **why, const char *text)
{
    if (why != NULL) {
        *why = text;
    }
    return STATUS_SYNTAX;
}

static int op_find(const char *word, size_t len, enum edit_op *out)
{
    for (size_t i = 0; i < sizeof op_names / sizeof *op_names; i++) {
        if (strlen(op_names[i]) == len && memcmp(op_names[i], word, len) == 0) {
            *out = (enum edit_op)i;
            return 1;
        }
    }
    return 0;
}

static enum status append(struct edit_list *list, const struct edit *e)
{
    struct edit *p =
        mem_resize(list->items, (list->num + 1) * sizeof *list->items);
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    p[list->num] = *e;
    list->items = p;
    list->num++;
    return STATUS_OK;
}

static enum status parse(struct edit_list *list, const char *line, size_t len,
                         const char **why)
{
    char *text = mem_strndup(line, len);
    if (text == NULL) {
        return STATUS_NO_MEMORY;
    }
    const char *msg = skip_blank(text);
    size_t msg_len = strcspn(msg, " \t");
    const char *op = skip_blank(msg + msg_len);
    size_t op_len = strcspn(op, " \t");
    const char *path = skip_blank(op + op_len);
    size_t path_len = strcspn(path, " \t");
    const char *value = skip_blank(path + path_len);
    struct edit e = {0};
    enum status s = STATUS_OK;
    if (!op_find(op, op_len, &e.op)) {
        s = syntax(why, "the second word must be set, drop, repeat, insert, "
                        "append, truncate or flip");
    } else if (path_len == 0) {
        s = syntax(why, "a path such as mikey.IBAKE is missing");
    } else if (e.op != EDIT_DROP && e.op != EDIT_REPEAT && *value == '\0') {
        s = syntax(why, "this operation needs a value");
    } else {
        e.message = mem_strndup(msg, msg_len);
        e.path = mem_strndup(path, path_len);
        e.value = mem_strdup(value);
        s = e.message == NULL || e.path == NULL || e.value == NULL
                ? STATUS_NO_MEMORY
                : append(list, &e);
    }
    if (s != STATUS_OK) {
        mem_free(e.message);
        mem_free(e.path);
        mem_free(e.value);
    }
    mem_free(text);
    return s;
}

enum status edit_list_add(struct edit_list *list, const char *line,
                          const char **why)
{
    return parse(list, line, strlen(line), why);
}

enum status edit_list_add_all(struct edit_list *list, const char *lines,
                              const char **why)
{
    enum status s = STATUS_OK;
    while (s == STATUS_OK && *lines != '\0') {
        size_t n = strcspn(lines, "\n");
        if (strspn(lines, " \t") < n) {
            s = parse(list, lines, n, why);
        }
        lines += lines[n] != '\0' ? n + 1 : n;
    }
    return s;
}

void edit_list_clear(struct edit_list *list)
{
    for (size_t i = 0; i < list->num; i++) {
        mem_free(list->items[i].message);
        mem_free(list->items[i].path);
        mem_free(list->items[i].value);
    }
    mem_free(list->items);
    *list = (struct edit_list){0};
}

int edit_matches(const struct edit *e, const char *message)
{
    return strcmp(e->message, "*") == 0 || strcmp(e->message, message) == 0;
}
