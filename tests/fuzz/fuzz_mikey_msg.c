/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* MIKEY messages: what decodes is encoded again octet by octet, its fields
 * leave no bit out, and everything that takes a decoded message copes with it.
 */
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

static void use(const struct mikey_msg *m, struct wr *w)
{
    struct view in[2];
    size_t num = 0;
    uint8_t type;
    uint64_t t;
    struct mikey_error err;
    struct mikey_generic_id id;
    mikey_text(m, w);
    mikey_timestamp(m, &type, &t);
    mikey_generic_id(&m->hdr, 254, &id);
    if (mikey_mac_input(m, in, &num) == STATUS_OK) {
        for (size_t i = 0; i < num; i++) {
            wr_bytes(w, in[i].data, in[i].len); /* every octet is there */
        }
    }
    if (mikey_i_r_rules(m, &err) != STATUS_OK) {
        mikey_error_text(&err, w);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mikey_msg m;
    struct mikey_error err;
    struct wr w;
    size_t bit = 0;
    enum status s = mikey_decode(&m, data, size, &err);
    wr_init(&w);
    if (s != err.status || m.num_payloads > MIKEY_MAX_PAYLOADS) {
        abort();
    }
    if (s != STATUS_OK) {
        if (err.field == NULL || err.clause == NULL || err.offset > size) {
            abort();
        }
        mikey_error_text(&err, &w);
    } else {
        mikey_encode(&m, &w);
        if (w.err != STATUS_OK || w.len != size ||
            memcmp(w.data, data, size) != 0 ||
            mikey_fields(&m, next_bit, &bit) != 0 || bit != size * 8) {
            abort();
        }
    }
    use(&m, &w);
    wr_cleanup(&w);
    return 0;
}
