/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Differential test: what sofia-sip accepts without error, our tokenizer takes
 * with the same values. Each message of the folders given, and variants of it
 * that the grammar counts as equal (folding, spaces, case, compact names). */
#include "harness/base/env.h"
#include "harness/base/mem.h"
#include "harness/sip/sip.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The other implementation's headers are not written for our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wshadow"
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>
#pragma GCC diagnostic pop
/* It has macros of the names of our readers: those are called as (name)(…). */

#define VARIANTS 200

struct tally {
    unsigned passed, failed, refused;
    const char *name;
};

/* ---- comparing ---- */

static int same_text(struct tally *t, const char *what, struct view ours,
                     const char *theirs)
{
    size_t n = theirs != NULL ? strlen(theirs) : 0;
    if (ours.len == n && (n == 0 || memcmp(ours.data, theirs, n) == 0)) {
        return 1;
    }
    printf("%s: %s: ours \"%.*s\", sofia \"%s\"\n", t->name, what,
           (int)ours.len, ours.data != NULL ? (const char *)ours.data : "",
           theirs != NULL ? theirs : "");
    return 0;
}

static int same_number(struct tally *t, const char *what, unsigned long ours,
                       unsigned long theirs)
{
    if (ours != theirs) {
        printf("%s: %s: ours %lu, sofia %lu\n", t->name, what, ours, theirs);
    }
    return ours == theirs;
}

/* URIs: escapes undone, since sofia may write them in another way. */
static int same_uri(struct tally *t, su_home_t *home, const char *what,
                    struct view ours, const url_t *theirs)
{
    char *text = url_as_string(home, theirs);
    char *a = sip_unescape(ours);
    char *b = sip_unescape(sip_text(text != NULL ? text : ""));
    int same = a != NULL && b != NULL && same_text(t, what, sip_text(a), b);
    mem_free(a);
    mem_free(b);
    su_free(home, text);
    return same;
}

static int same_start(struct tally *t, su_home_t *home, const struct sip_msg *m,
                      const sip_t *sip)
{
    if (sip->sip_request != NULL) {
        return same_number(t, "response", (unsigned long)m->is_response, 0) &&
               same_text(t, "method", m->method,
                         sip->sip_request->rq_method_name) &&
               same_uri(t, home, "Request-URI", m->uri,
                        sip->sip_request->rq_url);
    }
    return same_number(t, "response", (unsigned long)m->is_response, 1) &&
           same_number(t, "status", (unsigned long)m->status,
                       (unsigned long)sip->sip_status->st_status);
}

static int same_addr(struct tally *t, su_home_t *home, const char *what,
                     struct view value, const sip_addr_t *theirs)
{
    struct sip_addr a;
    return same_number(t, what, sip_addr(value, &a) == STATUS_OK, 1) &&
           same_text(t, what, a.tag, theirs->a_tag) &&
           same_uri(t, home, what, a.uri, theirs->a_url);
}

static int same_vias(struct tally *t, const struct sip_msg *m,
                     const sip_via_t *v)
{
    size_t n = 0;
    for (; v != NULL; v = v->v_next, n++) {
        struct sip_via via;
        struct view value = sip_value(m, SIP_HDR_VIA, n);
        if (value.data == NULL || (sip_via)(value, &via) != STATUS_OK) {
            printf("%s: Via %zu is not there\n", t->name, n);
            return 0;
        }
        if (!same_text(t, "Via branch", via.branch, v->v_branch) ||
            !same_text(t, "Via host", via.host, v->v_host) ||
            !same_text(t, "Via received", via.received, v->v_received) ||
            !same_number(t, "Via port", via.port,
                         v->v_port != NULL ? strtoul(v->v_port, NULL, 10)
                                           : 0)) {
            return 0;
        }
    }
    return same_number(t, "Vias", sip_value(m, SIP_HDR_VIA, n).data != NULL, 0);
}

static int same_contacts(struct tally *t, su_home_t *home,
                         const struct sip_msg *m, const sip_contact_t *c)
{
    size_t n = 0;
    for (; c != NULL; c = c->m_next, n++) {
        struct sip_addr a;
        struct view value = sip_value(m, SIP_HDR_CONTACT, n);
        if (value.data == NULL || sip_addr(value, &a) != STATUS_OK) {
            printf("%s: Contact %zu is not there\n", t->name, n);
            return 0;
        }
        if (a.is_star ? c->m_url->url_type != url_any
                      : !same_uri(t, home, "Contact", a.uri, c->m_url)) {
            return 0;
        }
    }
    return same_number(t, "Contacts",
                       sip_value(m, SIP_HDR_CONTACT, n).data != NULL, 0);
}

static int same_body(struct tally *t, const struct sip_msg *m, const sip_t *sip)
{
    const sip_payload_t *p = sip->sip_payload;
    size_t len = p != NULL ? p->pl_len : 0;
    unsigned long length =
        sip->sip_content_length != NULL ? sip->sip_content_length->l_length : 0;
    return same_number(t, "Content-Length",
                       m->content_length < 0 ? 0
                                             : (unsigned long)m->content_length,
                       length) &&
           same_number(t, "body length", m->body.len, len) &&
           (len == 0 || memcmp(m->body.data, p->pl_data, len) == 0);
}

static int same_all(struct tally *t, su_home_t *home, const struct sip_msg *m,
                    const sip_t *sip)
{
    struct sip_cseq c;
    if ((sip_cseq)(sip_value(m, SIP_HDR_CSEQ, 0), &c) != STATUS_OK) {
        printf("%s: no CSeq\n", t->name);
        return 0;
    }
    return same_start(t, home, m, sip) &&
           same_text(t, "Call-ID", sip_value(m, SIP_HDR_CALL_ID, 0),
                     sip->sip_call_id->i_id) &&
           same_number(t, "CSeq", c.num, sip->sip_cseq->cs_seq) &&
           same_text(t, "CSeq method", c.method,
                     sip->sip_cseq->cs_method_name) &&
           same_addr(t, home, "From", sip_value(m, SIP_HDR_FROM, 0),
                     sip->sip_from) &&
           same_addr(t, home, "To", sip_value(m, SIP_HDR_TO, 0), sip->sip_to) &&
           same_vias(t, m, sip->sip_via) &&
           same_contacts(t, home, m, sip->sip_contact) && same_body(t, m, sip);
}

static void compare(struct tally *t, const uint8_t *data, size_t len)
{
    static struct sip_msg m;
    msg_t *msg = msg_make(sip_default_mclass(), 0, data, (ssize_t)len);
    sip_t *sip = msg != NULL ? sip_object(msg) : NULL;
    int accepted = sip != NULL && sip->sip_error == NULL &&
                   (sip->sip_request != NULL || sip->sip_status != NULL) &&
                   sip->sip_from != NULL && sip->sip_to != NULL &&
                   sip->sip_call_id != NULL && sip->sip_cseq != NULL &&
                   sip->sip_via != NULL;
    if (!accepted) {
        t->refused++;
    } else {
        sip_parse(&m, data, len);
        if (same_all(t, msg_home(msg), &m, sip)) {
            t->passed++;
        } else {
            t->failed++;
            printf("---\n%.*s\n---\n", (int)len, (const char *)data);
        }
    }
    msg_destroy(msg);
}

/* ---- variants ---- */

static unsigned draw(struct env *env, unsigned below)
{
    uint8_t r[2] = {0, 0};
    (void)env_random(env, r, sizeof r);
    return ((unsigned)r[0] << 8 | r[1]) % below;
}

/* A header name in another case. */
static void put_name(struct wr *w, struct env *env, struct view name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        int letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        wr_u8(w, letter && draw(env, 4) == 0 ? c ^ 0x20u : c);
    }
}

/* A value with folds where it has spaces outside of quotes and URIs. */
static void put_value(struct wr *w, struct env *env, struct view v)
{
    int quoted = 0;
    int angle = 0;
    for (size_t i = 0; i < v.len; i++) {
        uint8_t c = v.data[i];
        if (c == '\\' && quoted && i + 1 < v.len) {
            wr_u8(w, c);
            wr_u8(w, v.data[++i]);
            continue;
        }
        quoted ^= c == '"' && !angle;
        angle = quoted ? angle : c == '<' ? 1 : c == '>' ? 0 : angle;
        if (c == ' ' && !quoted && !angle && draw(env, 3) == 0) {
            wr_str(w, draw(env, 2) == 0 ? "\r\n " : "  \t");
        } else {
            wr_u8(w, c);
        }
    }
}

static void put_variant(struct wr *w, struct env *env, const struct sip_msg *m)
{
    wr_bytes(w, m->start_line.data, m->start_line.len);
    wr_str(w, "\r\n");
    for (size_t i = 0; i < m->num_headers; i++) {
        const struct sip_header *h = &m->headers[i];
        put_name(w, env, h->name);
        wr_str(w, draw(env, 8) == 0 ? " :" : ":");
        wr_str(w, draw(env, 8) == 0 ? "\r\n\t" : draw(env, 2) == 0 ? "" : " ");
        put_value(w, env, h->value);
        wr_str(w, draw(env, 8) == 0 ? " \r\n" : "\r\n");
    }
    wr_str(w, "\r\n");
    wr_bytes(w, m->body.data, m->body.len);
}

static void compare_file(struct tally *t, const char *path)
{
    static uint8_t data[65536];
    static struct sip_msg m;
    struct env env;
    FILE *f = fopen(path, "rb");
    size_t len = f != NULL ? fread(data, 1, sizeof data, f) : 0;
    if (f != NULL) {
        fclose(f);
    }
    t->name = path;
    unsigned refused = t->refused;
    compare(t, data, len);
    if (t->refused != refused) {
        printf("%s: refused by sofia\n", path);
        return;
    }
    env_init_virtual(&env, 0, len);
    sip_parse(&m, data, len);
    for (int i = 0; i < VARIANTS; i++) {
        struct wr w;
        wr_init(&w);
        put_variant(&w, &env, &m);
        compare(t, w.data, w.len);
        wr_cleanup(&w);
    }
}

int main(int argc, char **argv)
{
    struct tally t = {0};
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
            char path[4096];
            size_t n = strlen(e->d_name);
            if (n > 4 && strcmp(e->d_name + n - 4, ".sip") == 0) {
                snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
                compare_file(&t, path);
            }
        }
        if (d != NULL) {
            closedir(d);
        }
    }
    printf("%u refused by sofia\n%u passed, %u failed\n", t.refused, t.passed,
           t.failed);
    return t.failed != 0 || t.passed < 1000;
}
