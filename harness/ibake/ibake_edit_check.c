/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Checks edits without a message at hand. */
#include "harness/ibake/ibake_int.h"

#include <stdio.h>

static enum status only_set(const struct edit *e, char why[200])
{
    if (e->op == EDIT_SET) {
        return STATUS_OK;
    }
    snprintf(why, 200, "%s can only be set", e->path);
    return STATUS_SYNTAX;
}

static enum status check_field(const struct edit *e,
                               const struct edit_target *t, char why[200])
{
    struct view v = {0};
    uint64_t n = 0;
    uint64_t max = 0;
    int missed = 0;
    enum status st;
    switch (t->field->kind) {
    case FIELD_VIEW:
    case FIELD_PLAIN:
        return edit_octets(NULL, e, &v, &missed, why);
    case FIELD_KEY:
        st = only_set(e, why);
        return st != STATUS_OK ? st : value_octets(NULL, e->value, v, &v, why);
    case FIELD_DATE:
        st = only_set(e, why);
        return st != STATUS_OK ? st : value_date(NULL, e->value, &v, why);
    case FIELD_LEN:
        item_has_length(t->type, &max);
        st = only_set(e, why);
        return st != STATUS_OK ? st
                               : value_integer(NULL, e->value, max, &n, why);
    default:
        return edit_number(NULL, e, t->field->bits, &n, &missed, why);
    }
}

static enum status check_edit(const struct edit *e, char why[200])
{
    struct edit_target t;
    struct view v = {0};
    struct ibake_item it;
    int missed = 0;
    enum status st = path_parse(&t, e->path, why);
    if (st != STATUS_OK) {
        return st;
    }
    if (t.kind == TGT_FIELD) {
        return check_field(e, &t, why);
    }
    if (t.kind == TGT_PAYLOAD &&
        (e->op == EDIT_INSERT || e->op == EDIT_APPEND)) {
        return value_payload(NULL, e->value, &it, why);
    }
    return edit_octets(NULL, e, &v, &missed, why);
}

static int known_message(const char *name)
{
    static const uint8_t types[] = {MIKEY_DT_ERROR,
                                    MIKEY_DT_REQUEST_KEY_PSK,
                                    MIKEY_DT_REQUEST_KEY_RESP,
                                    MIKEY_DT_I_MESSAGE_1,
                                    MIKEY_DT_R_MESSAGE_1,
                                    MIKEY_DT_I_MESSAGE_2,
                                    MIKEY_DT_R_MESSAGE_2};
    if (strcmp(name, "*") == 0) {
        return 1;
    }
    for (size_t i = 0; i < sizeof types; i++) {
        if (strcmp(name, mikey_data_type_name(types[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

enum status ibake_edits_check(const struct edit_list *edits, char *why,
                              size_t why_len)
{
    char text[200] = "";
    for (size_t i = 0; i < edits->num; i++) {
        const struct edit *e = &edits->items[i];
        if (!edit_is_mikey(e)) {
            continue;
        }
        enum status st = STATUS_OK;
        if (!known_message(e->message)) {
            st = STATUS_SYNTAX;
            snprintf(text, sizeof text, "\"%.60s\" is no message made here",
                     e->message);
        } else {
            st = check_edit(e, text);
        }
        if (st != STATUS_OK) {
            if (why_len > 0) {
                snprintf(why, why_len, "%s %s: %s", e->message, e->path, text);
            }
            return STATUS_SYNTAX;
        }
    }
    return STATUS_OK;
}
