/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Lines over pipes and files. */
#include "tests/unit/net/net_tests.h"

#include "harness/base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE 5000

struct heard {
    char text[512];
    int ended;
    int too_long;
    struct net_lines *lines;
    int close_at_first;
};

static void on_line(void *ctx, const char *line, size_t len, enum status st)
{
    struct heard *h = ctx;
    if (line == NULL) {
        h->ended += st == STATUS_OK;
        h->too_long += st == STATUS_BAD_LENGTH;
        return;
    }
    CU_ASSERT(strlen(line) == len);
    size_t n = strlen(h->text);
    snprintf(h->text + n, sizeof(h->text) - n, "[%s]", line);
    if (h->close_at_first) {
        net_lines_close(h->lines);
    }
}

static int is_ended(void *ctx)
{
    return ((struct heard *)ctx)->ended;
}

/* Writes text in pieces of n octets and returns what was heard. */
static void hear(struct heard *h, const char *text, size_t piece)
{
    struct env env;
    struct net_loop *loop;
    int fds[2];
    unsigned long live = mem_live();
    size_t len = strlen(text);
    memset(h, 0, sizeof(*h));
    env_init_system(&env);
    CU_ASSERT_FATAL(pipe(fds) == 0);
    CU_ASSERT_FATAL(net_loop_new(&loop, &env, NET_REAL) == STATUS_OK);
    CU_ASSERT_FATAL(net_lines_open(&h->lines, loop, fds[0], -1, on_line, h) ==
                    STATUS_OK);
    for (size_t i = 0; i < len; i += piece) {
        size_t n = len - i < piece ? len - i : piece;
        CU_ASSERT(write(fds[1], text + i, n) == (ssize_t)n);
        net_loop_settle(loop);
    }
    close(fds[1]);
    CU_ASSERT(net_loop_run_until(loop, is_ended, h, PATIENCE));
    net_lines_close(h->lines);
    net_loop_free(loop);
    close(fds[0]);
    CU_ASSERT(mem_live() == live);
}

static void lines_come_whole_however_cut(void)
{
    static const char text[] = "one\ntwo\r\n\nlast without end";
    for (size_t piece = 1; piece < sizeof(text); piece++) {
        struct heard h;
        hear(&h, text, piece);
        CU_ASSERT_STRING_EQUAL(h.text, "[one][two][][last without end]");
        CU_ASSERT(h.ended == 1);
    }
}

static void a_line_without_end_is_cut_off(void)
{
    struct env env;
    struct net_loop *loop;
    struct heard h = {.ended = 0};
    int fds[2];
    static char block[65536];
    memset(block, 'x', sizeof(block));
    env_init_system(&env);
    CU_ASSERT_FATAL(pipe(fds) == 0);
    CU_ASSERT_FATAL(net_loop_new(&loop, &env, NET_REAL) == STATUS_OK);
    CU_ASSERT_FATAL(net_lines_open(&h.lines, loop, fds[0], -1, on_line, &h) ==
                    STATUS_OK);
    for (size_t n = 0; n <= NET_LINE_MAX; n += sizeof(block)) {
        CU_ASSERT(write(fds[1], block, sizeof(block)) ==
                  (ssize_t)sizeof(block));
        net_loop_settle(loop);
    }
    CU_ASSERT(write(fds[1], "\nnext\n", 6) == 6);
    close(fds[1]);
    CU_ASSERT(net_loop_run_until(loop, is_ended, &h, PATIENCE));
    CU_ASSERT(h.too_long == 1);
    CU_ASSERT_STRING_EQUAL(h.text, "[next]");
    net_lines_close(h.lines);
    net_loop_free(loop);
    close(fds[0]);
}

static void lines_may_be_closed_in_the_callback(void)
{
    struct env env;
    struct net_loop *loop;
    struct heard h = {.close_at_first = 1};
    int fds[2];
    unsigned long live = mem_live();
    env_init_system(&env);
    CU_ASSERT_FATAL(pipe(fds) == 0);
    CU_ASSERT_FATAL(net_loop_new(&loop, &env, NET_REAL) == STATUS_OK);
    CU_ASSERT_FATAL(net_lines_open(&h.lines, loop, fds[0], -1, on_line, &h) ==
                    STATUS_OK);
    CU_ASSERT(write(fds[1], "a\nb\n", 4) == 4);
    net_loop_settle(loop);
    CU_ASSERT_STRING_EQUAL(h.text, "[a]");
    net_loop_free(loop);
    close(fds[0]);
    close(fds[1]);
    CU_ASSERT(mem_live() == live);
}

static void a_file_is_read_to_its_end(void)
{
    struct env env;
    struct net_loop *loop;
    struct heard h = {.ended = 0};
    FILE *f = tmpfile();
    CU_ASSERT_FATAL(f != NULL);
    fputs("x\ny\n", f);
    fflush(f);
    rewind(f);
    env_init_system(&env);
    CU_ASSERT_FATAL(net_loop_new(&loop, &env, NET_REAL) == STATUS_OK);
    CU_ASSERT_FATAL(net_lines_open(&h.lines, loop, fileno(f), -1, on_line,
                                   &h) == STATUS_OK);
    CU_ASSERT(net_loop_run_until(loop, is_ended, &h, PATIENCE));
    CU_ASSERT_STRING_EQUAL(h.text, "[x][y]");
    net_lines_close(h.lines);
    net_loop_free(loop);
    fclose(f);
}

static void writing_adds_the_line_end_and_sees_a_closed_pipe(void)
{
    struct env env;
    struct net_loop *loop;
    struct heard h = {.ended = 0};
    int fds[2];
    char got[8] = {0};
    env_init_system(&env);
    CU_ASSERT_FATAL(pipe(fds) == 0);
    CU_ASSERT_FATAL(net_loop_new(&loop, &env, NET_REAL) == STATUS_OK);
    CU_ASSERT_FATAL(net_lines_open(&h.lines, loop, -1, fds[1], on_line, &h) ==
                    STATUS_OK);
    CU_ASSERT(net_lines_write(h.lines, "{}", 2) == STATUS_OK);
    CU_ASSERT(read(fds[0], got, sizeof(got)) == 3);
    CU_ASSERT_STRING_EQUAL(got, "{}\n");
    close(fds[0]);
    CU_ASSERT(net_lines_write(h.lines, "{}", 2) == STATUS_IO);
    net_lines_close(h.lines);
    net_loop_free(loop);
    close(fds[1]);
}

static void virtual_loops_watch_nothing(void)
{
    struct env env;
    struct net_loop *loop;
    struct net_watch *w;
    env_init_virtual(&env, 1, 1);
    CU_ASSERT_FATAL(net_loop_new(&loop, &env, NET_VIRTUAL) == STATUS_OK);
    CU_ASSERT(net_watch_fd(&w, loop, 0, NULL, NULL) == STATUS_UNSUPPORTED);
    CU_ASSERT(net_watch_signal(&w, loop, 10, NULL, NULL) == STATUS_UNSUPPORTED);
    net_loop_free(loop);
}

static const struct unit_case cases[] = {
    {"lines_come_whole_however_cut", lines_come_whole_however_cut},
    {"a_line_without_end_is_cut_off", a_line_without_end_is_cut_off},
    {"lines_may_be_closed_in_the_callback",
     lines_may_be_closed_in_the_callback},
    {"a_file_is_read_to_its_end", a_file_is_read_to_its_end},
    {"writing_adds_the_line_end_and_sees_a_closed_pipe",
     writing_adds_the_line_end_and_sees_a_closed_pipe},
    {"virtual_loops_watch_nothing", virtual_loops_watch_nothing},
    {NULL, NULL}};
const struct unit_suite net_lines_suite = {"lines", cases};
