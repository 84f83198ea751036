/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Framing on a stream. */
#include "tests/unit/sip/sip_tests.h"

#include <stdio.h>
#include <string.h>

#define L "OPTIONS sip:a SIP/2.0\r\n"

static void streams_are_cut(void)
{
    static const struct {
        const char *text;
        enum status s;
        size_t total; /* for STATUS_OK: what is one message */
    } rows[] = {
        {L "\r\n", STATUS_OK, 25},
        {L "Content-Length: 0\r\n\r\nOPTIONS", STATUS_OK, 44},
        {L "l: 3\r\n\r\nabcdef", STATUS_OK, 34},
        {L "L :\r\n 3\r\n\r\nabc", STATUS_OK, 37},
        {L "Subject: Content-Length: 9\r\n\r\n", STATUS_OK, 53},
        {L "X: y\r\n l: 3\r\n\r\n", STATUS_OK, 38},
        {"OPTIONS sip:a SIP/2.0\nl: 1\n\nab", STATUS_OK, 29},
        {"SIP/2.0 200 OK\r\nl: 0\r\nContent-Length: 0\r\n\r\n", STATUS_OK, 43},
        {L "l: 3\r\n\r\nab", STATUS_TRUNCATED, 34},
        {L "l: 3\r\n\r", STATUS_TRUNCATED, 0},
        {L "l: 3", STATUS_TRUNCATED, 0},
        {"OPTIO", STATUS_TRUNCATED, 0},
        {"SIP/2", STATUS_TRUNCATED, 0},
        {"", STATUS_TRUNCATED, 0},
        {"GET / HTTP/1.1\r\n\r\n", STATUS_SYNTAX, 0},
        {"\x16\x03\x01\x02", STATUS_SYNTAX, 0},
        {" OPTIONS", STATUS_SYNTAX, 0},
        {L "l: 3\r\nl: 4\r\n\r\n", STATUS_SYNTAX, 0},
        {L "l: -1\r\n\r\n", STATUS_SYNTAX, 0},
        {L "l:\r\n\r\n", STATUS_SYNTAX, 0},
        {L "l: 99999999999\r\n\r\n", STATUS_SYNTAX, 0},
        {L "l: 16777217\r\n\r\n", STATUS_BAD_LENGTH, 0},
        {L "l: 16777216\r\n\r\n", STATUS_TRUNCATED, 16777254},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct block b = block_of(rows[i].text, strlen(rows[i].text));
        size_t total = 1;
        enum status s = sip_frame(b.data, b.len, &total);
        if (s != rows[i].s || total != rows[i].total) {
            printf("  row %zu: %s %zu\n", i, status_name(s), total);
        }
        CU_ASSERT(s == rows[i].s);
        CU_ASSERT(total == rows[i].total);
        block_free(&b);
    }
}

static void endless_heads_are_given_up(void)
{
    struct wr w;
    size_t total;
    wr_init(&w);
    wr_fill(&w, 'A', SIP_FRAME_MAX_HEAD + 1);
    CU_ASSERT(sip_frame(w.data, w.len, &total) == STATUS_BAD_LENGTH);
    CU_ASSERT(sip_frame(w.data, w.len - 1, &total) == STATUS_TRUNCATED);
    wr_cleanup(&w);
    wr_init(&w);
    wr_str(&w, L);
    while (w.len <= SIP_FRAME_MAX_HEAD) {
        wr_str(&w, "X: y\r\n");
    }
    CU_ASSERT(sip_frame(w.data, w.len, &total) == STATUS_BAD_LENGTH);
    wr_cleanup(&w);
}

static void keep_alives_are_counted(void)
{
    CU_ASSERT(sip_frame_blank((const uint8_t *)"\r\n\r\nX", 5) == 4);
    CU_ASSERT(sip_frame_blank((const uint8_t *)"\r\n\r\n", 4) == 4);
    CU_ASSERT(sip_frame_blank((const uint8_t *)"X", 1) == 0);
    CU_ASSERT(sip_frame_blank((const uint8_t *)"", 0) == 0);
}

/* What sip_frame cuts out, sip_parse finds whole, whatever stands behind it. */
static void framed_examples_parse_without_rest(void)
{
    static struct sip_msg m;
    struct wr w;
    wr_init(&w);
    for (size_t i = 0; examples[i] != NULL; i++) {
        struct block b = block_load(examples[i]);
        wr_bytes(&w, b.data, b.len);
        wr_str(&w, i % 2 == 0 ? "\r\n\r\n" : "");
        block_free(&b);
    }
    size_t pos = 0;
    size_t n = 0;
    while (pos < w.len) {
        size_t total = 0;
        pos += sip_frame_blank(w.data + pos, w.len - pos);
        if (pos == w.len) {
            break;
        }
        CU_ASSERT_FATAL(sip_frame(w.data + pos, w.len - pos, &total) ==
                        STATUS_OK);
        sip_parse(&m, w.data + pos, total);
        CU_ASSERT(m.num_devs == 0);
        pos += total;
        n++;
    }
    CU_ASSERT(n == 19);
    wr_cleanup(&w);
}

static const struct unit_case cases[] = {
    {"streams_are_cut", streams_are_cut},
    {"endless_heads_are_given_up", endless_heads_are_given_up},
    {"keep_alives_are_counted", keep_alives_are_counted},
    {"framed_examples_parse_without_rest", framed_examples_parse_without_rest},
    {NULL, NULL}};
const struct unit_suite sip_frame_suite = {"sip_frame", cases};
