/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Session descriptions and header values as agents read and write them. */
#include "harness/agent/agent_sdp.h"

#include "harness/base/mem.h"
#include "tests/unit/agent/agent_tests.h"

#include <string.h>

static struct sip_msg msg;
static char text[4000];

/* A message with the body; "%s" in type is its Content-Type. */
static const struct sip_msg *with_body(const char *type, const char *body)
{
    snprintf(text, sizeof text,
             "INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"
             "From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\n"
             "CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Type: %s\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             type, strlen(body), body);
    sip_parse(&msg, (const uint8_t *)text, strlen(text));
    return &msg;
}

static void written_descriptions_read_back(void)
{
    static const uint8_t mikey[] = {1, 22, 5, 128, 0, 255};
    for (int level = 0; level < 2; level++) {
        struct agent_sdp p = {.user = "x",
                              .session_id = 9,
                              .version = 2,
                              .mikey = {mikey, sizeof mikey},
                              .media_level = level,
                              .direction = "sendrecv"};
        struct agent_desc d;
        net_addr_of(&p.rtp, "127.0.0.9", 4000);
        char *body = agent_desc_write(&p);
        CU_ASSERT_FATAL(body != NULL);
        CU_ASSERT(strstr(body, "RTP/SAVP 0") != NULL);
        CU_ASSERT(agent_desc_read(&d, with_body("application/sdp", body)) ==
                  STATUS_OK);
        CU_ASSERT(d.present && d.is_savp && d.num_mikey == 1 && !d.bad_base64);
        CU_ASSERT(d.rtp.port == 4000 && net_addr_equal(&d.rtp, &p.rtp));
        CU_ASSERT(d.mikey_len == sizeof mikey &&
                  memcmp(d.mikey, mikey, sizeof mikey) == 0);
        agent_desc_clear(&d);
        mem_free(body);
    }
}

static void avp_without_keys_is_seen_as_such(void)
{
    struct agent_sdp p = {.user = "x", .avp = 1, .direction = "sendrecv"};
    struct agent_desc d;
    net_addr_of(&p.rtp, "127.0.0.9", 4000);
    char *body = agent_desc_write(&p);
    CU_ASSERT(agent_desc_read(&d, with_body("application/sdp", body)) ==
              STATUS_OK);
    CU_ASSERT(d.present && !d.is_savp && d.num_key_mgmt == 0);
    CU_ASSERT(d.mikey == NULL);
    agent_desc_clear(&d);
    mem_free(body);
}

#define HEAD                                                                   \
    "v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 "     \
    "0\r\n"
#define AUDIO "m=audio 4000 RTP/SAVP 0\r\n"

static void key_management_of_both_levels_counts(void)
{
    static const struct {
        const char *body;
        unsigned all, mikey;
        int bad;
        int octets; /* first octet of the message taken, -1 none */
    } cases[] = {
        {HEAD "a=key-mgmt:mikey AQ==\r\n" AUDIO, 1, 1, 0, 1},
        {HEAD AUDIO "a=key-mgmt:mikey Ag==\r\n", 1, 1, 0, 2},
        {HEAD "a=key-mgmt:mikey AQ==\r\n" AUDIO "a=key-mgmt:mikey Ag==\r\n", 2,
         2, 0, 2},
        {HEAD "a=key-mgmt:mikey AQ==\r\n" AUDIO "a=key-mgmt:mikey !!\r\n", 2, 2,
         1, 1},
        {HEAD "a=key-mgmt:foo AQ==\r\n" AUDIO, 1, 0, 0, -1},
        {HEAD "a=key-mgmt:mikey\r\n" AUDIO, 1, 1, 1, -1},
        {HEAD AUDIO, 0, 0, 0, -1},
        {HEAD, 0, 0, 0, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct agent_desc d;
        CU_ASSERT(agent_desc_read(&d, with_body("application/sdp",
                                                cases[i].body)) == STATUS_OK);
        CU_ASSERT(d.num_key_mgmt == cases[i].all);
        CU_ASSERT(d.num_mikey == cases[i].mikey);
        CU_ASSERT(d.bad_base64 == cases[i].bad);
        CU_ASSERT(cases[i].octets < 0
                      ? d.mikey == NULL
                      : d.mikey_len == 1 && d.mikey[0] == cases[i].octets);
        agent_desc_clear(&d);
    }
}

static void sdp_is_found_inside_multipart(void)
{
    struct agent_desc d;
    static const char body[] =
        "--x\r\nContent-Type: application/sdp\r\n\r\n" HEAD
        "a=key-mgmt:mikey AQ==\r\n" AUDIO
        "\r\n--x\r\nContent-Type: application/mikey\r\n\r\nAQ==\r\n--x--\r\n";
    CU_ASSERT(agent_desc_read(&d, with_body("multipart/mixed;boundary=x",
                                            body)) == STATUS_OK);
    CU_ASSERT(d.present && d.num_mikey == 1);
    agent_desc_clear(&d);
    CU_ASSERT(agent_desc_read(&d, with_body("text/plain", body)) == STATUS_OK);
    CU_ASSERT(!d.present);
}

/* Whatever octets come in the body, reading ends and nothing is left behind. */
static void rubbish_is_read_without_harm(void)
{
    struct env env;
    unsigned long live = mem_live();
    env_init_virtual(&env, 1, 5);
    for (unsigned round = 0; round < 2000; round++) {
        char body[400];
        uint8_t r[8];
        struct agent_desc d;
        snprintf(body, sizeof body, "%s",
                 HEAD "a=key-mgmt:mikey AQIDBA==\r\n" AUDIO);
        env_random(&env, r, sizeof r);
        for (unsigned k = 0; k < 3; k++) {
            char c = (char)r[k + 4];
            body[r[k] % strlen(body)] = c != '\0' ? c : ' ';
        }
        body[r[7] + 40] = round % 3 == 0 ? '\0' : body[r[7] + 40];
        CU_ASSERT(agent_desc_read(&d, with_body("application/sdp", body)) ==
                  STATUS_OK);
        agent_desc_clear(&d);
    }
    CU_ASSERT(mem_live() == live);
}

static void uri_parameters_are_unescaped(void)
{
    static const struct {
        const char *uri, *name, *value;
    } cases[] = {
        {"sip:vm@h;target=sip:bob%40home-b.example;cause=408", "target",
         "sip:bob@home-b.example"},
        {"<sip:vm@h;target=sip:bob%40home-b.example;cause=408>;index=1.1",
         "cause", "408"},
        {"<sip:vm@h>;target=x", "target", NULL},
        {"sip:vm@h", "target", NULL},
        {"", "target", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *v = agent_uri_param(cases[i].uri, cases[i].name);
        CU_ASSERT(cases[i].value == NULL
                      ? v == NULL
                      : v != NULL && strcmp(v, cases[i].value) == 0);
        mem_free(v);
    }
}

static const struct unit_case cases[] = {
    {"written_descriptions_read_back", written_descriptions_read_back},
    {"avp_without_keys_is_seen_as_such", avp_without_keys_is_seen_as_such},
    {"key_management_of_both_levels_counts",
     key_management_of_both_levels_counts},
    {"sdp_is_found_inside_multipart", sdp_is_found_inside_multipart},
    {"rubbish_is_read_without_harm", rubbish_is_read_without_harm},
    {"uri_parameters_are_unescaped", uri_parameters_are_unescaped},
    {NULL, NULL}};
const struct unit_suite sdp_suite = {"sdp", cases};
