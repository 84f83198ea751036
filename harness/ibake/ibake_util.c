/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Octets that somebody owns, and integers in network byte order. */
#include "harness/ibake/ibake_int.h"

enum status octets_set(struct octets *o, struct view v)
{
    uint8_t *copy = NULL;
    if (v.len != 0) {
        copy = mem_dup(v.data, v.len);
    }
    octets_free(o);
    if (copy == NULL && v.len != 0) {
        return STATUS_NO_MEMORY;
    }
    *o = (struct octets){copy, v.len};
    return STATUS_OK;
}

void octets_free(struct octets *o)
{
    if (o->data != NULL) {
        mem_wipe(o->data, o->len);
        mem_free(o->data);
    }
    *o = (struct octets){0};
}

void put_be(uint8_t *out, uint64_t v, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        size_t shift = 8 * (len - 1 - i);
        uint64_t rest = shift < 64 ? v >> shift : 0;
        out[i] = (uint8_t)rest;
    }
}

uint64_t get_be(struct view v)
{
    uint64_t out = 0;
    for (size_t i = 0; i < v.len; i++) {
        out = out << 8 | v.data[i];
    }
    return out;
}
