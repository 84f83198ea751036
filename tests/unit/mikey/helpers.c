/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Helpers of unit_mikey. */
#include "tests/unit/mikey/mikey_tests.h"

#include "harness/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct vector *find_in(const struct vector *v, const char *name)
{
    for (; v->name != NULL; v++) {
        if (strcmp(v->name, name) == 0) {
            return v;
        }
    }
    return NULL;
}

const struct vector *vector_find(const char *name)
{
    const struct vector *v = find_in(vector_messages, name);
    v = v != NULL ? v : find_in(vector_chains, name);
    if (v == NULL) {
        printf("no vector %s\n", name);
        abort();
    }
    return v;
}

struct octets octets_copy(const uint8_t *data, size_t len)
{
    struct octets o = {malloc(len), len};
    if (len > 0) {
        memcpy(o.data, data, len);
    }
    return o;
}

struct octets octets_of(const char *hex)
{
    char digits[8192];
    uint8_t data[4096];
    size_t n = 0;
    size_t len = 0;
    for (; *hex != '\0' && n < sizeof digits; hex++) {
        if (*hex != ' ') {
            digits[n++] = *hex;
        }
    }
    if (hex_decode(data, sizeof data, &len, digits, n) != STATUS_OK) {
        printf("bad hex in a test\n");
        abort();
    }
    return octets_copy(data, len);
}

void octets_free(struct octets *o)
{
    free(o->data);
    *o = (struct octets){0};
}

int octets_are(struct view v, const char *hex)
{
    struct octets o = octets_of(hex);
    int same =
        v.len == o.len && (v.len == 0 || memcmp(v.data, o.data, v.len) == 0);
    octets_free(&o);
    return same;
}

int text_is(struct view v, const char *text)
{
    return v.len == strlen(text) && memcmp(v.data, text, v.len) == 0;
}

static int written(struct wr *w, const uint8_t *data, size_t len)
{
    int same = w->err == STATUS_OK && w->len == len &&
               (len == 0 || memcmp(w->data, data, len) == 0);
    wr_cleanup(w);
    return same;
}

int encodes_to(const struct mikey_msg *msg, const uint8_t *data, size_t len)
{
    struct wr w;
    wr_init(&w);
    mikey_encode(msg, &w);
    return written(&w, data, len);
}

int chain_encodes_to(const struct mikey_chain *c, const uint8_t *data,
                     size_t len)
{
    struct wr w;
    wr_init(&w);
    mikey_chain_encode(c->payloads, c->num_payloads, &w);
    return written(&w, data, len);
}

struct cover {
    const uint8_t *data;
    size_t len;
    size_t next_bit; /* everything before is covered */
    int bad;
};

static uint64_t bits_at(const struct cover *c, size_t bit, size_t num)
{
    uint64_t v = 0;
    for (size_t i = bit; i < bit + num; i++) {
        v = v << 1 | (c->data[i / 8] >> (7 - i % 8) & 1);
    }
    return v;
}

static int cover_field(void *ctx, const struct mikey_field *f)
{
    struct cover *c = ctx;
    size_t bit = (size_t)f->range.off * 8 + f->bit;
    size_t num = f->bits != 0 ? f->bits : (size_t)f->range.len * 8;
    if (bit != c->next_bit || bit + num > c->len * 8) {
        c->bad = 1;
        return 1;
    }
    c->next_bit += num;
    switch (f->form) {
    case MIKEY_FORM_UINT:
    case MIKEY_FORM_HEX:
        c->bad |= bits_at(c, bit, num) != f->value;
        break;
    case MIKEY_FORM_OCTETS:
    case MIKEY_FORM_TEXT:
    case MIKEY_FORM_TIME:
        c->bad |=
            f->octets.len != f->range.len ||
            (f->octets.len > 0 && f->octets.data != c->data + f->range.off);
        break;
    }
    return c->bad;
}

int fields_cover(const struct mikey_msg *msg)
{
    struct cover c = {msg->raw.data, msg->raw.len, 0, 0};
    return mikey_fields(msg, cover_field, &c) == 0 && !c.bad &&
           c.next_bit == c.len * 8;
}

int chain_fields_cover(const struct mikey_chain *chain)
{
    struct cover c = {chain->raw.data, chain->raw.len, 0, 0};
    return mikey_chain_fields(chain, cover_field, &c) == 0 && !c.bad &&
           c.next_bit == c.len * 8;
}
