/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Helpers of unit_crypto. */
#include "tests/unit/crypto/crypto_tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ynode *root;

static unsigned digit_of(char c)
{
    const char *all = "0123456789abcdef";
    const char *at = strchr(all, c);
    if (at == NULL || c == '\0') {
        printf("bad hex in a test\n");
        abort();
    }
    return (unsigned)(at - all);
}

struct octets octets_copy(const uint8_t *data, size_t len)
{
    struct octets o = {malloc(len > 0 ? len : 1), len};
    if (len > 0) {
        memcpy(o.data, data, len);
    }
    return o;
}

struct octets octets_of(const char *hex)
{
    size_t digits = 0;
    for (const char *c = hex; *c != '\0'; c++) {
        digits += *c != ' ';
    }
    struct octets o = {calloc(digits / 2 + 1, 1), (digits + 1) / 2};
    size_t at = digits % 2;
    for (const char *c = hex; *c != '\0'; c++) {
        if (*c != ' ') {
            o.data[at / 2] =
                (uint8_t)(o.data[at / 2] | digit_of(*c) << (at % 2 ? 0 : 4));
            at++;
        }
    }
    struct octets exact = octets_copy(o.data, o.len);
    free(o.data);
    return exact;
}

void octets_free(struct octets *o)
{
    free(o->data);
    *o = (struct octets){0};
}

struct view octets_view(const struct octets *o)
{
    return (struct view){o->data, o->len};
}

int hex_is(const char *what, struct view v, const char *hex)
{
    struct octets o = octets_of(hex);
    int same =
        v.len == o.len && (v.len == 0 || memcmp(v.data, o.data, v.len) == 0);
    octets_free(&o);
    if (!same) {
        printf("%s: expected %s\n%*s  actual ", what, hex, (int)strlen(what),
               "");
        for (size_t i = 0; i < v.len; i++) {
            printf("%02x", v.data[i]);
        }
        printf("\n");
    }
    return same;
}

const struct ynode *vectors_root(void)
{
    struct ytree_error err;
    if (root == NULL) {
        root = ytree_load(LATCHKEY_SOURCE_DIR "/vectors/bf_ibe.json", &err);
        if (root == NULL) {
            printf("%s\n", err.text);
            abort();
        }
        atexit(vectors_release);
    }
    return root;
}

void vectors_release(void)
{
    ytree_free(root);
    root = NULL;
}

const struct ynode *vectors_group(const char *type, int64_t p_bits,
                                  unsigned nth)
{
    const struct ynode *groups = ynode_get(vectors_root(), "testGroups");
    for (const struct ynode *g = groups->first; g != NULL; g = g->next) {
        if (strcmp(ynode_str(g, "type", ""), type) == 0 &&
            (p_bits == 0 || ynode_int(g, "params.pBits", 0) == p_bits) &&
            nth-- == 0) {
            return g;
        }
    }
    return NULL;
}

struct bf_params *params_of(const struct ynode *group)
{
    enum bf_reason reason;
    struct octets der = octets_of(ynode_str(group, "params.paramsDer", ""));
    struct bf_params *bp = bf_params_decode(der.data, der.len, 1, &reason);
    octets_free(&der);
    if (bp == NULL) {
        printf("parameters of a group: %s\n", bf_reason_name(reason));
        abort();
    }
    return bp;
}

const struct ynode *valid_test(const struct ynode *group, unsigned nth)
{
    for (const struct ynode *t = ynode_get(group, "tests")->first; t != NULL;
         t = t->next) {
        if (strcmp(ynode_str(t, "result", ""), "valid") == 0 && nth-- == 0) {
            return t;
        }
    }
    printf("no such test\n");
    abort();
}

struct env *test_env(uint64_t seed)
{
    static struct env env;
    env_init_virtual(&env, 0, seed);
    return &env;
}
