/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Digest access authentication (RFC 3261, 22.4; RFC 2617, 3.2.2). */
#include "harness/sip/sip_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#define HEX_MAX 129

/* hash_hex hashes what w holds, wipes it and writes hex digits. */
static enum status hash_hex(char out[HEX_MAX], struct wr *w, sip_hash_fn *hash,
                            void *ctx)
{
    uint8_t digest[64];
    size_t len = 0;
    enum status s = w->err;
    if (s == STATUS_OK) {
        s = hash(ctx, w->data, w->len, digest, &len);
    }
    wr_cleanup(w);
    if (s == STATUS_OK) {
        hex_encode(out, digest, len);
    }
    return s;
}

static void put(struct wr *w, struct view v, const char *after)
{
    if (v.len > 0) {
        wr_bytes(w, v.data, v.len);
    }
    wr_str(w, after);
}

/* H(A1) = H(user:realm:password), for -sess H(H(…):nonce:cnonce). */
static enum status hash_a1(char out[HEX_MAX], const struct sip_digest *d,
                           struct view password, sip_hash_fn *hash, void *ctx)
{
    struct wr w;
    wr_init(&w);
    put(&w, d->username, ":");
    put(&w, d->realm, ":");
    put(&w, password, "");
    enum status s = hash_hex(out, &w, hash, ctx);
    size_t n = d->algorithm.len;
    if (s != STATUS_OK || n < 5 ||
        !sip_is_nocase(view_sub(d->algorithm, n - 5, n), "-sess")) {
        return s;
    }
    wr_init(&w);
    wr_printf(&w, "%s:", out);
    put(&w, d->nonce, ":");
    put(&w, d->cnonce, "");
    return hash_hex(out, &w, hash, ctx);
}

/* H(A2) = H(method:uri), for auth-int H(method:uri:H(body)). */
static enum status hash_a2(char out[HEX_MAX], const struct sip_digest *d,
                           sip_hash_fn *hash, void *ctx)
{
    struct wr w;
    char body[HEX_MAX];
    int integrity = sip_is_nocase(d->qop, "auth-int");
    if (integrity) {
        wr_init(&w);
        put(&w, d->body, "");
        enum status s = hash_hex(body, &w, hash, ctx);
        if (s != STATUS_OK) {
            return s;
        }
    }
    wr_init(&w);
    put(&w, d->method, ":");
    put(&w, d->uri, "");
    if (integrity) {
        wr_printf(&w, ":%s", body);
    }
    return hash_hex(out, &w, hash, ctx);
}

enum status sip_digest_response(char out[HEX_MAX], const struct sip_digest *d,
                                struct view password, sip_hash_fn *hash,
                                void *ctx)
{
    char a1[HEX_MAX];
    char a2[HEX_MAX];
    enum status s = hash_a1(a1, d, password, hash, ctx);
    if (s == STATUS_OK) {
        s = hash_a2(a2, d, hash, ctx);
    }
    if (s == STATUS_OK) {
        struct wr w;
        wr_init(&w);
        wr_printf(&w, "%s:", a1);
        put(&w, d->nonce, ":");
        if (d->qop.len > 0) {
            put(&w, d->nc, ":");
            put(&w, d->cnonce, ":");
            put(&w, d->qop, ":");
        }
        wr_str(&w, a2);
        s = hash_hex(out, &w, hash, ctx);
    }
    mem_wipe(a1, sizeof a1);
    return s;
}

static struct view param(const struct sip_auth *a, const char *name)
{
    struct view v = view_sub(a->params, 0, 0);
    sip_auth_param(a, name, &v);
    return sip_unquoted(v);
}

static int list_has(struct view list, const char *token)
{
    struct view item;
    while (sip_list_next(&list, &item)) {
        if (sip_is_nocase(item, token)) {
            return 1;
        }
    }
    return 0;
}

static int digits(struct view v, size_t want)
{
    return v.len == want && view_all(v, CC_HEX);
}

#define V(v) (int)(v).len, (const char *)(v).data

enum status sip_digest_answer(struct wr *w, struct view challenge,
                              const char *user, const char *password,
                              const char *method, const char *uri,
                              const char *cnonce, unsigned nc,
                              sip_hash_fn *hash, void *ctx)
{
    struct sip_auth a;
    struct view qop;
    char response[HEX_MAX];
    char count[9];
    static const char hex[] = "0123456789abcdef";
    if (sip_auth(challenge, &a) != STATUS_OK ||
        !sip_is_nocase(a.scheme, "Digest")) {
        return STATUS_NOT_FOUND;
    }
    int has_qop = sip_auth_param(&a, "qop", &qop);
    if (has_qop && !list_has(sip_unquoted(qop), "auth")) {
        return STATUS_UNSUPPORTED;
    }
    for (size_t i = 0; i < 8; i++) {
        count[i] = hex[nc >> (28 - 4 * i) & 15];
    }
    count[8] = '\0';
    struct sip_digest d = {.username = sip_text(user),
                           .realm = param(&a, "realm"),
                           .nonce = param(&a, "nonce"),
                           .uri = sip_text(uri),
                           .method = sip_text(method),
                           .qop = sip_text(has_qop ? "auth" : ""),
                           .cnonce = sip_text(cnonce),
                           .nc = sip_text(count),
                           .algorithm = param(&a, "algorithm")};
    struct view opaque = param(&a, "opaque");
    enum status s =
        sip_digest_response(response, &d, sip_text(password), hash, ctx);
    if (s != STATUS_OK) {
        return s;
    }
    wr_printf(w,
              "Digest username=\"%s\", realm=\"%.*s\", nonce=\"%.*s\", "
              "uri=\"%s\", response=\"%s\"",
              user, V(d.realm), V(d.nonce), uri, response);
    if (d.algorithm.len > 0) {
        wr_printf(w, ", algorithm=%.*s", V(d.algorithm));
    }
    if (has_qop) {
        wr_printf(w, ", qop=auth, nc=%s", count);
    }
    if (has_qop || d.algorithm.len > 4) {
        wr_printf(w, ", cnonce=\"%s\"", cnonce);
    }
    if (sip_auth_param(&a, "opaque", &opaque)) {
        wr_printf(w, ", opaque=\"%.*s\"", V(sip_unquoted(opaque)));
    }
    return w->err;
}

static int differs(struct view expected, struct view got)
{
    return expected.len > 0 && !sip_same(expected, got);
}

enum status sip_digest_verify(struct view authorization,
                              const struct sip_digest_expect *expect,
                              const char *method, const char *password,
                              sip_hash_fn *hash, void *ctx)
{
    struct sip_auth a;
    char right[HEX_MAX];
    if (sip_auth(authorization, &a) != STATUS_OK ||
        !sip_is_nocase(a.scheme, "Digest")) {
        return STATUS_NOT_FOUND;
    }
    struct sip_digest d = {.username = param(&a, "username"),
                           .realm = param(&a, "realm"),
                           .nonce = param(&a, "nonce"),
                           .uri = param(&a, "uri"),
                           .method = sip_text(method),
                           .qop = param(&a, "qop"),
                           .cnonce = param(&a, "cnonce"),
                           .nc = param(&a, "nc"),
                           .algorithm = param(&a, "algorithm")};
    struct view response = param(&a, "response");
    if (d.username.len == 0 || d.realm.len == 0 || d.nonce.len == 0 ||
        d.uri.len == 0 || response.len == 0 ||
        (d.qop.len > 0 && (d.cnonce.len == 0 || !digits(d.nc, 8)))) {
        return STATUS_NOT_FOUND;
    }
    if (differs(expect->realm, d.realm) || differs(expect->nonce, d.nonce) ||
        differs(expect->uri, d.uri) || differs(expect->username, d.username)) {
        return STATUS_MISMATCH;
    }
    enum status s =
        sip_digest_response(right, &d, sip_text(password), hash, ctx);
    if (s != STATUS_OK) {
        return s;
    }
    int same = response.len == strlen(right) &&
               mem_equal(response.data, right, response.len);
    mem_wipe(right, sizeof right);
    return same ? STATUS_OK : STATUS_AUTH;
}
