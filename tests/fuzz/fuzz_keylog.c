/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Key logs: what is read is found again, and written and read once more gives
 * the same. */
#include "capture/keylog.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_all(const struct keylog *kl, struct wr *w)
{
    for (int l = 0; l < KEYLOG_NUM_LABELS; l++) {
        enum keylog_label label = (enum keylog_label)l;
        for (size_t i = 0; i < keylog_num(kl, label); i++) {
            const struct keylog_entry *e = keylog_at(kl, label, i);
            struct view v;
            if (keylog_find(kl, label, e->lookup, &v) != STATUS_OK ||
                v.data != e->secret.data) {
                abort();
            }
            keylog_line(w, label, e->lookup, e->secret);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct keylog_error err;
    struct wr once;
    struct wr twice;
    struct keylog *kl = keylog_parse((const char *)data, size, &err);
    if (kl == NULL) {
        size_t n = strlen(err.text);
        if (err.status == STATUS_OK || n == 0 || err.text[n - 1] != '.') {
            abort();
        }
        return 0;
    }
    wr_init(&once);
    wr_init(&twice);
    write_all(kl, &once);
    struct keylog *again =
        keylog_parse((const char *)once.data, once.len, &err);
    if (again == NULL) {
        abort();
    }
    write_all(again, &twice);
    if (once.len != twice.len ||
        (once.len > 0 && memcmp(once.data, twice.data, once.len) != 0)) {
        abort();
    }
    (void)keylog_private(
        kl, (struct view){data, size % 40 < size ? size % 40 : 0}, "20260105");
    keylog_free(again);
    keylog_free(kl);
    wr_cleanup(&once);
    wr_cleanup(&twice);
    return 0;
}
