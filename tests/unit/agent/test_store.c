/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The message store: whole or not at all, whatever happens to the process. */
#include "harness/agent/store.h"

#include "harness/base/mem.h"
#include "tests/unit/agent/agent_tests.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOB "sip:bob@home-b.example"
#define PACKETS 40

struct place {
    char dir[64];
};

static void place_make(struct place *p)
{
    snprintf(p->dir, sizeof p->dir, P_tmpdir "/unit_agent_store.XXXXXX");
    CU_ASSERT_FATAL(mkdtemp(p->dir) != NULL);
}

static void place_drop(const struct place *p)
{
    struct store *s = NULL;
    if (store_open(&s, p->dir) == STATUS_OK) { /* drops drafts */
        store_reset(s);
        store_close(s);
    }
    CU_ASSERT(rmdir(p->dir) == 0);
}

/* Message number n has octets that tell whether it is whole. */
static enum status deposit(struct store *s, unsigned n, const char *account,
                           char **id)
{
    struct store_draft *d = NULL;
    uint8_t i2[300];
    memset(i2, (int)(n & 0xff), sizeof i2);
    struct store_message head = {.sender = (char *)"sip:alice@home-a.example",
                                 .display = (char *)"\"Alice\" <sip:a@b>",
                                 .call_id = (char *)"call-1",
                                 .account = (char *)(uintptr_t)account,
                                 .time_us = n,
                                 .i2 = i2,
                                 .i2_len = sizeof i2};
    enum status st = store_draft_new(s, &d);
    for (unsigned i = 0; i < PACKETS && st == STATUS_OK; i++) {
        uint8_t packet[172];
        memset(packet, (int)(n + i), sizeof packet);
        st = store_draft_packet(d, packet, sizeof packet);
    }
    return st == STATUS_OK ? store_commit(d, &head, id) : st;
}

static int is_whole(const struct store_message *m)
{
    unsigned n = (unsigned)m->time_us;
    if (m->num_packets != PACKETS || m->i2_len != 300 ||
        m->i2[299] != (n & 0xff)) {
        return 0;
    }
    for (unsigned i = 0; i < PACKETS; i++) {
        if (m->packet_lens[i] != 172 ||
            m->packets[i][171] != (uint8_t)(n + i)) {
            return 0;
        }
    }
    return 1;
}

static void a_deposit_comes_back_as_it_was(void)
{
    struct place p;
    struct store *s = NULL;
    struct store_message *list = NULL;
    size_t num = 0;
    size_t bad = 9;
    char *id = NULL;
    unsigned long live = mem_live();
    place_make(&p);
    CU_ASSERT_FATAL(store_open(&s, p.dir) == STATUS_OK);
    CU_ASSERT(deposit(s, 7, BOB, &id) == STATUS_OK);
    CU_ASSERT_STRING_EQUAL(id, "dd-000001");
    store_close(s);
    CU_ASSERT_FATAL(store_open(&s, p.dir) == STATUS_OK);
    CU_ASSERT(store_list(s, BOB, &list, &num, &bad) == STATUS_OK);
    CU_ASSERT_FATAL(num == 1 && bad == 0);
    CU_ASSERT(is_whole(&list[0]));
    CU_ASSERT_STRING_EQUAL(list[0].sender, "sip:alice@home-a.example");
    CU_ASSERT_STRING_EQUAL(list[0].display, "\"Alice\" <sip:a@b>");
    CU_ASSERT(!list[0].seen);
    store_list_free(list, num);
    mem_free(id);
    store_close(s);
    place_drop(&p);
    CU_ASSERT(mem_live() == live);
}

static void accounts_are_kept_apart_and_counted(void)
{
    struct place p;
    struct store *s = NULL;
    size_t fresh = 0;
    size_t old = 0;
    place_make(&p);
    CU_ASSERT_FATAL(store_open(&s, p.dir) == STATUS_OK);
    CU_ASSERT(deposit(s, 1, BOB, NULL) == STATUS_OK);
    CU_ASSERT(deposit(s, 2, "sip:carol@home-b.example", NULL) == STATUS_OK);
    CU_ASSERT(deposit(s, 3, BOB, NULL) == STATUS_OK);
    CU_ASSERT(store_counts(s, BOB, &fresh, &old) == STATUS_OK);
    CU_ASSERT(fresh == 2 && old == 0);
    CU_ASSERT(store_mark_seen(s, "dd-000001") == STATUS_OK);
    CU_ASSERT(store_counts(s, BOB, &fresh, &old) == STATUS_OK);
    CU_ASSERT(fresh == 1 && old == 1);
    CU_ASSERT(store_reset(s) == STATUS_OK);
    CU_ASSERT(store_counts(s, BOB, &fresh, &old) == STATUS_OK);
    CU_ASSERT(fresh == 0 && old == 0);
    store_close(s);
    place_drop(&p);
}

static void many_messages_keep_their_order(void)
{
    struct place p;
    struct store *s = NULL;
    struct store_message *list = NULL;
    size_t num = 0;
    place_make(&p);
    CU_ASSERT_FATAL(store_open(&s, p.dir) == STATUS_OK);
    for (unsigned i = 1; i <= 60; i++) {
        CU_ASSERT(deposit(s, i, BOB, NULL) == STATUS_OK);
    }
    CU_ASSERT(store_list(s, BOB, &list, &num, NULL) == STATUS_OK);
    CU_ASSERT(num == 60);
    for (size_t i = 0; i < num; i++) {
        CU_ASSERT(list[i].time_us == i + 1 && is_whole(&list[i]));
    }
    store_list_free(list, num);
    store_close(s);
    place_drop(&p);
}

static void damage(const struct place *p, const char *file, long keep)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", p->dir, file);
    CU_ASSERT((keep < 0 ? unlink(path) : truncate(path, keep)) == 0);
}

static void damaged_messages_are_skipped_and_counted(void)
{
    static const struct {
        const char *file;
        long keep; /* -1: removed */
    } cases[] = {{"dd-000001/media.rtp", 100},   {"dd-000001/media.rtp", -1},
                 {"dd-000001/media.rtp", 1},     {"dd-000001/i2.mikey", -1},
                 {"dd-000001/message.json", 10}, {"dd-000001/message.json", 0},
                 {"dd-000001/message.json", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place p;
        struct store *s = NULL;
        struct store_message *list = NULL;
        size_t num = 0;
        size_t bad = 0;
        unsigned long live = mem_live();
        place_make(&p);
        CU_ASSERT_FATAL(store_open(&s, p.dir) == STATUS_OK);
        CU_ASSERT(deposit(s, 1, BOB, NULL) == STATUS_OK);
        CU_ASSERT(deposit(s, 2, BOB, NULL) == STATUS_OK);
        damage(&p, cases[i].file, cases[i].keep);
        CU_ASSERT(store_list(s, BOB, &list, &num, &bad) == STATUS_OK);
        CU_ASSERT(num == 1 && bad == 1);
        CU_ASSERT(num == 1 && is_whole(&list[0]));
        store_list_free(list, num);
        store_close(s);
        place_drop(&p);
        CU_ASSERT(mem_live() == live);
    }
}

static void drafts_of_a_crash_are_removed(void)
{
    struct place p;
    struct store *s = NULL;
    struct store_draft *d = NULL;
    place_make(&p);
    CU_ASSERT_FATAL(store_open(&s, p.dir) == STATUS_OK);
    CU_ASSERT_FATAL(store_draft_new(s, &d) == STATUS_OK);
    CU_ASSERT(store_draft_packet(d, (const uint8_t *)"x", 1) == STATUS_OK);
    struct store *again = NULL;
    CU_ASSERT_FATAL(store_open(&again, p.dir) == STATUS_OK);
    DIR *dir = opendir(p.dir);
    unsigned entries = 0;
    while (readdir(dir) != NULL) {
        entries++;
    }
    closedir(dir);
    CU_ASSERT(entries == 2); /* "." and ".." */
    store_discard(d);
    store_close(again);
    store_close(s);
    place_drop(&p);
}

/* ---- killed at any moment ---- */

/* The child acknowledges each deposit, after the commit, by its number. */
static void child(const char *dir, int fd)
{
    struct store *s = NULL;
    if (store_open(&s, dir) != STATUS_OK) {
        _exit(1);
    }
    for (unsigned n = 1;; n++) {
        if (deposit(s, n, BOB, NULL) != STATUS_OK ||
            write(fd, &n, sizeof n) != sizeof n) {
            _exit(1);
        }
    }
}

static void check_after_kill(const char *dir, unsigned acknowledged)
{
    struct store *s = NULL;
    struct store_message *list = NULL;
    size_t num = 0;
    size_t bad = 0;
    CU_ASSERT_FATAL(store_open(&s, dir) == STATUS_OK);
    CU_ASSERT(store_list(s, BOB, &list, &num, &bad) == STATUS_OK);
    CU_ASSERT(bad == 0);
    CU_ASSERT(num == acknowledged || num == acknowledged + 1);
    for (size_t i = 0; i < num; i++) {
        CU_ASSERT(list[i].time_us == i + 1 && is_whole(&list[i]));
    }
    store_list_free(list, num);
    CU_ASSERT(deposit(s, 1000, BOB, NULL) == STATUS_OK); /* it goes on */
    store_close(s);
}

static void a_kill_loses_no_acknowledged_deposit(void)
{
    for (unsigned round = 0; round < 30; round++) {
        struct place p;
        int fds[2];
        unsigned n = 0;
        unsigned last = 0;
        place_make(&p);
        CU_ASSERT_FATAL(pipe(fds) == 0);
        pid_t pid = fork();
        if (pid == 0) {
            close(fds[0]);
            child(p.dir, fds[1]);
        }
        close(fds[1]);
        /* Moments spread over several deposits, from the very first system call
         * on. */
        usleep((useconds_t)(round * round * 23u + round * 7u));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        while (read(fds[0], &n, sizeof n) == sizeof n) {
            last = n;
        }
        close(fds[0]);
        check_after_kill(p.dir, last);
        place_drop(&p);
    }
}

static void commit_fails_cleanly_where_it_cannot_write(void)
{
    struct place p;
    struct store *s = NULL;
    struct store_draft *d = NULL;
    struct store_message head = {.sender = (char *)"\xff\xfe",
                                 .display = (char *)"",
                                 .call_id = (char *)"",
                                 .account = (char *)BOB};
    unsigned long live = mem_live();
    place_make(&p);
    CU_ASSERT(store_open(&s, "/proc/nowhere/store") == STATUS_IO);
    CU_ASSERT_FATAL(store_open(&s, p.dir) == STATUS_OK);
    CU_ASSERT_FATAL(store_draft_new(s, &d) == STATUS_OK);
    CU_ASSERT(store_commit(d, &head, NULL) == STATUS_BAD_VALUE);
    store_close(s);
    place_drop(&p); /* nothing is left in it */
    CU_ASSERT(mem_live() == live);
}

static const struct unit_case cases[] = {
    {"a_deposit_comes_back_as_it_was", a_deposit_comes_back_as_it_was},
    {"accounts_are_kept_apart_and_counted",
     accounts_are_kept_apart_and_counted},
    {"many_messages_keep_their_order", many_messages_keep_their_order},
    {"damaged_messages_are_skipped_and_counted",
     damaged_messages_are_skipped_and_counted},
    {"drafts_of_a_crash_are_removed", drafts_of_a_crash_are_removed},
    {"a_kill_loses_no_acknowledged_deposit",
     a_kill_loses_no_acknowledged_deposit},
    {"commit_fails_cleanly_where_it_cannot_write",
     commit_fails_cleanly_where_it_cannot_write},
    {NULL, NULL}};
const struct unit_suite store_suite = {"store", cases};
