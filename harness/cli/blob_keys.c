/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Key rings for latchkey blob, and the secrets it tells. */
#include "harness/cli/blob.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

static struct view str_view(const char *s)
{
    return (struct view){(const uint8_t *)s, strlen(s)};
}

static enum status add_params(struct ibake_keyring *kr, const char *domain,
                              struct view der, char why[256])
{
    enum bf_reason reason = BF_REASON_NONE;
    enum status s = ibake_keyring_add_params(kr, domain, der, 1, &reason);
    if (s != STATUS_OK) {
        snprintf(why, 256, "the IBE parameters are refused: %s",
                 reason != BF_REASON_NONE ? bf_reason_name(reason)
                                          : status_name(s));
    }
    return s;
}

/* IBE_PARAMS of the key log; its lookup value is the domain. */
static enum status add_log_params(struct ibake_keyring *kr,
                                  const struct keylog *log, char why[256])
{
    for (size_t i = 0; i < keylog_num(log, KEYLOG_IBE_PARAMS); i++) {
        const struct keylog_entry *e = keylog_at(log, KEYLOG_IBE_PARAMS, i);
        char *domain = mem_strndup((const char *)e->lookup.data, e->lookup.len);
        enum status s = domain == NULL ? STATUS_NO_MEMORY
                                       : add_params(kr, domain, e->secret, why);
        mem_free(domain);
        if (s != STATUS_OK) {
            return s;
        }
    }
    for (size_t i = 0; i < keylog_num(log, KEYLOG_IBE_MASTER); i++) {
        const struct keylog_entry *e = keylog_at(log, KEYLOG_IBE_MASTER, i);
        if (keylog_num(log, KEYLOG_IBE_PARAMS) == 0) {
            return add_params(kr, "", e->lookup, why);
        }
    }
    return STATUS_OK;
}

static enum status add_private_of_log(struct ibake_keyring *kr,
                                      const struct keylog *log, const char *own)
{
    size_t len = strlen(own);
    for (size_t i = 0; i < keylog_num(log, KEYLOG_IBE_PRIVATE); i++) {
        const struct keylog_entry *e = keylog_at(log, KEYLOG_IBE_PRIVATE, i);
        if (e->lookup.len == len + 8 && memcmp(e->lookup.data, own, len) == 0) {
            enum status s =
                ibake_keyring_add_private(kr, e->lookup, e->secret, NULL);
            if (s != STATUS_OK) {
                return s;
            }
        }
    }
    return STATUS_OK;
}

/* The master secret of these parameters. */
static struct view master_of(const struct blob_keys *keys,
                             const struct bf_params *bp)
{
    struct view found = {0};
    if (keys->master.len > 0) {
        return (struct view){keys->master.data, keys->master.len};
    }
    struct wr der;
    wr_init(&der);
    bf_params_encode(bp, &der);
    if (keys->log != NULL && der.err == STATUS_OK) {
        keylog_find(keys->log, KEYLOG_IBE_MASTER,
                    (struct view){der.data, der.len}, &found);
    }
    wr_cleanup(&der);
    return found;
}

static enum status extract(struct ibake_keyring *kr, struct blob_keys *keys,
                           const char *own, const char *date)
{
    struct wr hashed;
    struct wr key;
    enum status s = STATUS_OK;
    const struct bf_params *bp = ibake_keyring_params(kr, str_view(own));
    if (bp == NULL || ibake_keyring_private(kr, str_view(own), date) != NULL) {
        return STATUS_OK;
    }
    struct view master = master_of(keys, bp);
    if (master.len == 0) {
        return STATUS_OK; /* whoever needs the key says so */
    }
    wr_init(&hashed);
    wr_init(&key);
    wr_printf(&hashed, "%s%s", own, date);
    struct view id = {hashed.data, hashed.len};
    s = hashed.err;
    if (s == STATUS_OK) {
        s = bf_extract(bp, master, id, &key);
    }
    struct view der = {key.data, key.len};
    if (s == STATUS_OK) {
        s = ibake_keyring_add_private(kr, id, der, NULL);
    }
    if (s == STATUS_OK) {
        blob_secret(keys, "IBE_PRIVATE", id, der);
    }
    wr_cleanup(&hashed);
    wr_cleanup(&key);
    return s;
}

struct ibake_keyring *blob_ring(struct blob_keys *keys, const char *own,
                                const uint64_t *times, size_t num_times,
                                char why[256])
{
    struct ibake_keyring *kr = ibake_keyring_new();
    enum status s = kr != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    why[0] = '\0';
    if (s == STATUS_OK && keys->log != NULL) {
        s = add_log_params(kr, keys->log, why);
    }
    if (s == STATUS_OK && keys->params.len > 0) {
        s = add_params(kr, "",
                       (struct view){keys->params.data, keys->params.len}, why);
    }
    if (s == STATUS_OK && own != NULL && keys->log != NULL) {
        s = add_private_of_log(kr, keys->log, own);
    }
    for (size_t i = 0; s == STATUS_OK && own != NULL && i < num_times; i++) {
        char date[9];
        utc_date(date, times[i]);
        s = extract(kr, keys, own, date);
    }
    if (s != STATUS_OK) {
        if (why[0] == '\0') {
            snprintf(why, 256, "no key ring: %s", status_name(s));
        }
        ibake_keyring_free(kr);
        kr = NULL;
    }
    return kr;
}

void blob_secret(void *ctx, const char *label, struct view lookup,
                 struct view secret)
{
    struct blob_keys *keys = ctx;
    int l = keylog_label_from(str_view(label));
    if (keys->out_path == NULL || l < 0 || keys->why[0] != '\0') {
        return;
    }
    struct view known;
    struct keylog_error err = {.text = "out of memory"};
    if (keylog_find(keys->told, (enum keylog_label)l, lookup, &known) ==
            STATUS_OK &&
        known.len == secret.len &&
        memcmp(known.data, secret.data, secret.len) == 0) {
        return;
    }
    if (keylog_add(keys->told, (enum keylog_label)l, lookup, secret, &err) !=
        STATUS_OK) {
        snprintf(keys->why, sizeof keys->why, "%.250s", err.text);
    } else if (keylog_append(keys->out_path, (enum keylog_label)l, lookup,
                             secret) != STATUS_OK) {
        snprintf(keys->why, sizeof keys->why, "cannot be written");
    }
}

/* The plaintext of the IBAKE payload of msg under the key of identity. */
static enum status open_ibake(struct ibake_keyring *kr,
                              const struct mikey_msg *msg, const char *identity,
                              struct wr *plain)
{
    char date[9];
    const struct mikey_payload *pl = mikey_find(msg, MIKEY_PL_IBAKE);
    ibake_date_of(date, msg, NULL);
    const struct bf_key *key =
        ibake_keyring_private(kr, str_view(identity), date);
    if (pl == NULL || key == NULL) {
        return STATUS_NOT_FOUND;
    }
    return bf_decrypt(key, pl->u.enc.data.data, pl->u.enc.data.len, plain,
                      NULL);
}

static enum status point_in(struct blob_keys *keys, const struct mikey_msg *msg,
                            const char *identity, uint8_t role,
                            struct mikey_chain *chain, struct wr *plain,
                            struct view *point)
{
    char why[256];
    uint8_t type = 0;
    uint64_t ntp = 0;
    if (mikey_timestamp(msg, &type, &ntp) != STATUS_OK ||
        type == MIKEY_TS_COUNTER) {
        return STATUS_NOT_FOUND;
    }
    uint64_t t = us_from_ntp(ntp);
    struct ibake_keyring *kr = blob_ring(keys, identity, &t, 1, why);
    if (kr == NULL) {
        return STATUS_NOT_FOUND;
    }
    enum status s = open_ibake(kr, msg, identity, plain);
    ibake_keyring_free(kr);
    if (s == STATUS_OK) {
        s = mikey_chain_decode(chain, MIKEY_PL_IDR, plain->data, plain->len,
                               NULL);
    }
    const struct mikey_payload *pl =
        s == STATUS_OK ? mikey_chain_eccpt(chain, role) : NULL;
    if (pl == NULL) {
        return STATUS_NOT_FOUND;
    }
    *point = pl->u.eccpt.point;
    return STATUS_OK;
}

enum status blob_scalar(struct blob_keys *keys, struct view message,
                        const char *identity, uint8_t role, struct view *out)
{
    struct mikey_msg *msg = mem_alloc(sizeof *msg);
    struct mikey_chain *chain = mem_alloc(sizeof *chain);
    struct view point = {0};
    struct wr plain;
    enum status s = STATUS_NO_MEMORY;
    wr_init(&plain);
    if (msg != NULL && chain != NULL) {
        s = mikey_decode(msg, message.data, message.len, NULL);
    }
    if (s == STATUS_OK) {
        s = point_in(keys, msg, identity, role, chain, &plain, &point);
    }
    if (s == STATUS_OK) {
        s = keys->log != NULL
                ? keylog_find(keys->log, KEYLOG_ECDH_PRIVATE, point, out)
                : STATUS_NOT_FOUND;
    }
    wr_cleanup(&plain);
    mem_free(msg);
    mem_free(chain);
    return s;
}
