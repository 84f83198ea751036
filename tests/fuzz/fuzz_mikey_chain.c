/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Chains of sub-payloads: first octet = type of the first one, then the
 * plaintext. What decodes is encoded again octet by octet. */
#include "harness/mikey/mikey.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int next_bit(void *ctx, const struct mikey_field *f)
{
    size_t *bit = ctx;
    if ((size_t)f->range.off * 8 + f->bit != *bit) {
        abort();
    }
    *bit += f->bits != 0 ? f->bits : (size_t)f->range.len * 8;
    return 0;
}

static void check(const struct mikey_chain *c, struct wr *w)
{
    size_t bit = 0;
    mikey_chain_encode(c->payloads, c->num_payloads, w);
    if (w->err != STATUS_OK || w->len != c->raw.len ||
        memcmp(w->data, c->raw.data, w->len) != 0 ||
        mikey_chain_fields(c, next_bit, &bit) != 0 || bit != w->len * 8) {
        abort();
    }
    /* Whoever finds a point may read it. */
    for (uint8_t role = 1; role <= 2; role++) {
        const struct mikey_payload *p = mikey_chain_eccpt(c, role);
        if (p != NULL) {
            wr_bytes(w, p->u.eccpt.point.data, p->u.eccpt.point.len);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mikey_chain c;
    struct mikey_error err;
    struct wr w;
    if (size == 0) {
        return 0;
    }
    enum status s = mikey_chain_decode(&c, data[0], data + 1, size - 1, &err);
    wr_init(&w);
    if (s != err.status || c.num_payloads > MIKEY_MAX_PAYLOADS) {
        abort();
    }
    if (s == STATUS_OK) {
        check(&c, &w);
    } else if (err.field == NULL || err.clause == NULL || err.offset > size) {
        abort();
    }
    mikey_chain_text(&c, 2, &w);
    wr_cleanup(&w);
    return 0;
}
