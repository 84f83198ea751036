/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* URIs, identities, History-Info trees. */
#include "tests/unit/sip/sip_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

/* The first rows are RFC 3261, 19.1.3. */
static void uris_are_read(void)
{
    static const struct {
        const char *text;
        const char *scheme, *user, *password, *host;
        unsigned port;
        const char *params, *headers;
        enum status s;
    } rows[] = {
        {"sip:alice@atlanta.com", "sip", "alice", "", "atlanta.com", 0, "", "",
         STATUS_OK},
        {"sip:alice:secretword@atlanta.com;transport=tcp", "sip", "alice",
         "secretword", "atlanta.com", 0, ";transport=tcp", "", STATUS_OK},
        {"sips:alice@atlanta.com?subject=project%20x&priority=urgent", "sips",
         "alice", "", "atlanta.com", 0, "",
         "subject=project%20x&priority=urgent", STATUS_OK},
        {"sip:+1-212-555-1212:1234@gateway.com;user=phone", "sip",
         "+1-212-555-1212", "1234", "gateway.com", 0, ";user=phone", "",
         STATUS_OK},
        {"sips:1212@gateway.com", "sips", "1212", "", "gateway.com", 0, "", "",
         STATUS_OK},
        {"sip:alice@192.0.2.4", "sip", "alice", "", "192.0.2.4", 0, "", "",
         STATUS_OK},
        {"sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com", "sip", "",
         "", "atlanta.com", 0, ";method=REGISTER", "to=alice%40atlanta.com",
         STATUS_OK},
        {"sip:alice;day=tuesday@atlanta.com", "sip", "alice;day=tuesday", "",
         "atlanta.com", 0, "", "", STATUS_OK},
        {"sip:a@[2001:db8::10]:5070;lr", "sip", "a", "", "[2001:db8::10]", 5070,
         ";lr", "", STATUS_OK},
        {"SIP:h:1", "SIP", "", "", "h", 1, "", "", STATUS_OK},
        {"tel:+358-555-1234567;postd=pp22", "tel", "+358-555-1234567", "", "",
         0, ";postd=pp22", "", STATUS_OK},
        {"urn:service:sos", "urn", "service:sos", "", "", 0, "", "", STATUS_OK},
        {"sip:", "sip", "", "", "", 0, "", "", STATUS_SYNTAX},
        {"sip:@h", "sip", "", "", "h", 0, "", "", STATUS_SYNTAX},
        {"sip:a@", "sip", "a", "", "", 0, "", "", STATUS_SYNTAX},
        {"sip:a@h:65536", "sip", "a", "", "h", 0, "", "", STATUS_SYNTAX},
        {"sip:a@h:;lr", "sip", "a", "", "h", 0, ";lr", "", STATUS_SYNTAX},
        {"sip:a@[::1;lr", "sip", "a", "", "[::1;lr", 0, "", "", STATUS_SYNTAX},
        {"sip:a@[::1]x;lr", "sip", "a", "", "[::1]", 0, ";lr", "",
         STATUS_SYNTAX},
        {"sip:a b@h", "sip", "a b", "", "h", 0, "", "", STATUS_SYNTAX},
        {"sip:a%4@h", "sip", "a%4", "", "h", 0, "", "", STATUS_SYNTAX},
        {"1sip:a@h", "1sip", "a@h", "", "", 0, "", "", STATUS_SYNTAX},
        {"alice", "", "", "", "", 0, "", "", STATUS_SYNTAX},
        {"", "", "", "", "", 0, "", "", STATUS_SYNTAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sip_uri u;
        enum status s = sip_uri(sip_text(rows[i].text), &u);
        if (s != rows[i].s) {
            printf("  %s: %s\n", rows[i].text, status_name(s));
        }
        CU_ASSERT(s == rows[i].s);
        SAYS(u.scheme, rows[i].scheme);
        SAYS(u.user, rows[i].user);
        SAYS(u.password, rows[i].password);
        SAYS(u.host, rows[i].host);
        CU_ASSERT(u.port == rows[i].port);
        SAYS(u.params, rows[i].params);
        SAYS(u.headers, rows[i].headers);
    }
}

static void escaped_headers_are_found(void)
{
    struct sip_uri u;
    struct view v;
    CU_ASSERT(sip_uri(sip_text("sip:b@h?Reason=SIP%3Bcause%3D408%3Btext%3D%22no"
                               "%2C%20reply%22&privacy=history&X"),
                      &u) == STATUS_OK);
    CU_ASSERT(sip_uri_header(&u, "reason", &v));
    char *s = sip_unescape(v);
    CU_ASSERT_STRING_EQUAL(s, "SIP;cause=408;text=\"no, reply\"");
    mem_free(s);
    CU_ASSERT(sip_uri_header(&u, "Privacy", &v));
    SAYS(v, "history");
    CU_ASSERT(sip_uri_header(&u, "x", &v));
    SAYS(v, "");
    CU_ASSERT(!sip_uri_header(&u, "y", &v));
}

static void voicemail_parameters_are_read(void)
{
    static const struct {
        const char *uri;
        const char *target;
        int cause;
    } rows[] = {
        {"sip:vm@h;target=sip:bob%40h;cause=408", "sip:bob@h", 408},
        {"sip:vm@h;cause=302;target=tel:%2B15", "tel:+15", 302},
        {"sip:vm@h;target=x", "x", 0},
        {"sip:vm@h;cause=abc", NULL, 0},
        {"sip:vm@h", NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sip_uri u;
        char *target;
        int cause;
        CU_ASSERT(sip_uri(sip_text(rows[i].uri), &u) == STATUS_OK);
        CU_ASSERT(sip_voicemail(&u, &target, &cause) ==
                  (rows[i].target != NULL));
        CU_ASSERT(cause == rows[i].cause);
        if (rows[i].target != NULL) {
            CU_ASSERT_STRING_EQUAL(target, rows[i].target);
        }
        mem_free(target);
    }
}

static void identities_have_one_form(void)
{
    static const struct {
        const char *text;
        const char *want; /* NULL: none */
    } rows[] = {
        {"sip:bob@home-b.example", "sip:bob@home-b.example"},
        {"\"Bob\" <sip:bob@Home-B.EXAMPLE:5060;transport=tcp?a=b>;tag=1",
         "sip:bob@home-b.example"},
        {"sips:bob@home-b.example", "sip:bob@home-b.example"},
        {"SIP:Bob@home-b.example", "sip:Bob@home-b.example"},
        {"sip:%62o%40b:pw@h", "sip:bo%40b@h"},
        {"sip:a%2fb@h", "sip:a/b@h"},
        {"sip:a%c3%a4@h", "sip:a%C3%A4@h"},
        {"sip:home-b.example", "sip:home-b.example"},
        {"sip:a@[2001:DB8::1]:9", "sip:a@[2001:db8::1]"},
        {"tel:+1-(212).555-1212;ext=5", "tel:+12125551212"},
        {"tel:7042;phone-context=Home-A.example",
         "tel:7042;phone-context=home-a.example"},
        {"mailto:bob@h", NULL},
        {"bob@h", NULL},
        {"", NULL},
        {"<sip:bob@h h>", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *s = sip_identity_new(sip_text(rows[i].text));
        CU_ASSERT((s == NULL) == (rows[i].want == NULL));
        if (s != NULL && rows[i].want != NULL) {
            SAYS(sip_text(s), rows[i].want);
        }
        mem_free(s);
    }
}

/* The example of RFC 7044, 10.3 in shape: a root, two tries, one of them
 * forked. */
static void history_trees_are_built(void)
{
    static const struct {
        const char *index;
        int parent, depth, gap, repeated, bad_pointer;
        const char *more;
    } rows[] = {
        {"1", -1, 1, 0, 0, 0, ""},       {"1.1", 0, 2, 0, 0, 0, ";rc=1"},
        {"1.2", 0, 2, 0, 0, 0, ";mp=1"}, {"1.2.1", 2, 3, 0, 0, 0, ";np=1.2"},
        {"1.4", 0, 2, 1, 0, 0, ""},      {"1.2", 0, 2, 0, 1, 0, ""},
        {"2.1", -2, 2, 0, 0, 0, ""},     {"1.3", 0, 2, 0, 0, 1, ";mp=9"},
        {"x", -1, 0, 0, 0, 0, ""},
    };
    struct wr w;
    wr_init(&w);
    wr_str(&w, "INVITE sip:a SIP/2.0\r\n");
    size_t num = sizeof rows / sizeof *rows;
    for (size_t i = 0; i < num; i++) {
        wr_printf(&w, "%s<sip:u%zu@h>;index=%s%s%s",
                  i % 3 == 0 ? "History-Info: " : "", i, rows[i].index,
                  rows[i].more, i % 3 == 2 || i + 1 == num ? "\r\n" : ", ");
    }
    wr_str(&w, "\r\n");
    static struct sip_msg m;
    static struct sip_history_node n[16];
    sip_parse(&m, w.data, w.len);
    CU_ASSERT(sip_history_tree(&m, n, 2) == num);
    CU_ASSERT_FATAL(sip_history_tree(&m, n, 16) == num);
    for (size_t i = 0; i < num; i++) {
        int ok = n[i].parent == rows[i].parent && n[i].depth == rows[i].depth &&
                 n[i].gap == rows[i].gap && n[i].repeated == rows[i].repeated &&
                 n[i].bad_pointer == rows[i].bad_pointer;
        if (!ok) {
            printf("  %s: parent %d depth %d gap %d repeated %d bad %d\n",
                   rows[i].index, n[i].parent, n[i].depth, n[i].gap,
                   n[i].repeated, n[i].bad_pointer);
        }
        CU_ASSERT(ok);
    }
    wr_cleanup(&w);
}

static const struct unit_case cases[] = {
    {"uris_are_read", uris_are_read},
    {"escaped_headers_are_found", escaped_headers_are_found},
    {"voicemail_parameters_are_read", voicemail_parameters_are_read},
    {"identities_have_one_form", identities_have_one_form},
    {"history_trees_are_built", history_trees_are_built},
    {NULL, NULL}};
const struct unit_suite sip_uri_suite = {"sip_uri", cases};
