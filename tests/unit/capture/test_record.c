/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Captures written: taps read back, merged files, a live capture where the host
 * allows one. */
#include "tests/unit/capture/capture_tests.h"

#include "capture/record.h"
#include "harness/base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define T0 1767614400000000u

static void temp_name(char path[32])
{
    strcpy(path, "capture-test-XXXXXX");
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
}

static struct cap_addr addr(const char *text)
{
    struct cap_addr a = {0};
    CU_ASSERT_FATAL(cap_addr_parse(&a, text) == STATUS_OK);
    return a;
}

static struct tap_writer *tap(const char *path)
{
    char why[RECORD_ERROR_TEXT];
    struct tap_writer *t = NULL;
    CU_ASSERT_FATAL(tap_open(&t, path, why) == STATUS_OK);
    return t;
}

static struct trace *load(const char *path)
{
    struct trace_error err = {0};
    struct trace *t = trace_load(path, NULL, &err);
    if (t == NULL) {
        printf("  %s\n", err.text);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    return t;
}

static void taps_are_read_back(void)
{
    static const char *const pairs[][2] = {{"127.9.3.1:5060", "127.9.3.2:5060"},
                                           {"[::1]:5060", "[::2]:5061"}};
    for (int i = 0; i < 2; i++) {
        char path[32];
        struct wr w;
        struct wr big;
        struct cap_addr a = addr(pairs[i][0]);
        struct cap_addr b = addr(pairs[i][1]);
        temp_name(path);
        wr_init(&w);
        wr_init(&big);
        put_invite(&w, "one", "v=0\r\n");
        wr_printf(&big, "SIP/2.0 200 OK\r\nContent-Length: 100000\r\n\r\n");
        wr_fill(&big, 'x', 100000);
        struct tap_writer *t = tap(path);
        struct view msg = {w.data, w.len};
        CU_ASSERT(tap_udp(t, T0, &a, &b, msg) == STATUS_OK);
        CU_ASSERT(tap_tcp(t, T0 + 10, &a, &b, msg) == STATUS_OK);
        CU_ASSERT(tap_tcp(t, T0 + 20, &b, &a,
                          (struct view){big.data, big.len}) == STATUS_OK);
        CU_ASSERT(tap_tcp(t, T0 + 5, &a, &b, msg) == STATUS_OK);
        CU_ASSERT(tap_tcp_close(t, T0 + 30, &a, &b) == STATUS_OK);
        CU_ASSERT(tap_tcp_close(t, T0 + 30, &a, &b) == STATUS_OK);
        /* The same ports again are another connection. */
        CU_ASSERT(tap_tcp(t, T0 + 40, &b, &a, msg) == STATUS_OK);
        CU_ASSERT(tap_close(t) == STATUS_OK);
        struct trace *tr = load(path);
        CU_ASSERT(tr->num_losses == 0 && !tr->info.incomplete);
        CU_ASSERT_FATAL(tr->num_sip == 5 && tr->num_streams == 3);
        CU_ASSERT(tr->sip[0].transport == TRACE_UDP &&
                  cap_addr_equal(&tr->sip[0].src, &a) &&
                  cap_addr_equal(&tr->sip[0].dst, &b));
        /* Reports come in any order; the file has that of their times. */
        CU_ASSERT(tr->sip[0].time_us == T0 && tr->sip[1].time_us == T0 + 5 &&
                  tr->sip[2].time_us == T0 + 10);
        CU_ASSERT(tr->sip[3].octets.len == big.len &&
                  memcmp(tr->sip[3].octets.data, big.data, big.len) == 0);
        CU_ASSERT(tr->sip[3].last_frame > tr->sip[3].frame);
        CU_ASSERT(tr->sip[4].time_us >= tr->sip[3].time_us);
        for (size_t k = 0; k < 5; k++) {
            CU_ASSERT(k == 3 ||
                      (tr->sip[k].octets.len == w.len &&
                       memcmp(tr->sip[k].octets.data, w.data, w.len) == 0));
        }
        trace_free(tr);
        wr_cleanup(&w);
        wr_cleanup(&big);
        unlink(path);
    }
}

/* RFC 1071: the sum over header and data, checksum included, is 0xffff. */
static uint16_t sum_of(const uint8_t *p, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void checksums_are_right(void)
{
    char path[32];
    struct cap_addr a = addr("127.9.3.1:5060");
    struct cap_addr b = addr("127.9.3.2:5062");
    size_t len;
    temp_name(path);
    struct tap_writer *t = tap(path);
    CU_ASSERT(tap_udp(t, T0, &a, &b,
                      (struct view){(const uint8_t *)"odd", 3}) == STATUS_OK);
    CU_ASSERT(tap_close(t) == STATUS_OK);
    uint8_t *file = made_read_file(path, &len);
    CU_ASSERT_FATAL(file != NULL && len == 24 + 16 + 14 + 20 + 8 + 3);
    const uint8_t *ip = file + 24 + 16 + 14;
    CU_ASSERT(sum_of(ip, 20, 0) == 0xffff);
    CU_ASSERT(sum_of(ip + 20, 11, sum_of(ip + 12, 8, 17 + 11)) == 0xffff);
    mem_free(file);
    unlink(path);
}

static void what_no_packet_can_carry_is_refused(void)
{
    char path[32];
    char why[RECORD_ERROR_TEXT];
    struct cap_addr a = addr("127.9.3.1:1");
    struct cap_addr six = addr("[::1]:1");
    struct cap_addr none = {0};
    struct tap_writer *t;
    static const uint8_t much[65508];
    struct view v = {much, sizeof much};
    CU_ASSERT(tap_open(&t, "/nonexistent/x.pcap", why) == STATUS_IO);
    CU_ASSERT(t == NULL && strstr(why, "nonexistent") != NULL);
    temp_name(path);
    t = tap(path);
    CU_ASSERT(tap_udp(t, T0, &a, &six, v) == STATUS_MISUSE);
    CU_ASSERT(tap_tcp(t, T0, &a, &six, v) == STATUS_MISUSE);
    CU_ASSERT(tap_udp(t, T0, &none, &none, v) == STATUS_MISUSE);
    CU_ASSERT(tap_udp(t, T0, &a, &a, v) == STATUS_BAD_LENGTH);
    v.len--;
    CU_ASSERT(tap_udp(t, T0, &a, &a, v) == STATUS_OK);
    CU_ASSERT(tap_close(t) == STATUS_OK);
    struct trace *tr = load(path);
    CU_ASSERT(tr->num_packets == 1 && tr->packets[0].payload.len == 65507);
    trace_free(tr);
    unlink(path);
}

static void one_udp(const char *path, uint64_t us, const char *text)
{
    struct cap_addr a = addr("127.9.3.1:1");
    struct tap_writer *t = tap(path);
    for (const char *p = text; *p != '\0'; p++) {
        CU_ASSERT(tap_udp(t, us, &a, &a,
                          (struct view){(const uint8_t *)p, 1}) == STATUS_OK);
        us += 20;
    }
    CU_ASSERT(tap_close(t) == STATUS_OK);
}

static void captures_are_merged_by_time(void)
{
    char one[32];
    char two[32];
    char out[32];
    char why[RECORD_ERROR_TEXT] = "";
    temp_name(one);
    temp_name(two);
    temp_name(out);
    const char *paths[] = {one, two};
    one_udp(one, T0, "ace");
    one_udp(two, T0 + 10, "bdf");
    CU_ASSERT(tap_merge(paths, 2, out, why) == STATUS_OK);
    struct trace *t = load(out);
    CU_ASSERT_FATAL(t->num_packets == 6);
    for (size_t i = 0; i < 6; i++) {
        CU_ASSERT(t->packets[i].payload.data[0] == 'a' + i);
        CU_ASSERT(t->packets[i].time_us == T0 + 10 * i);
    }
    trace_free(t);
    /* equal times: in the order of the paths */
    one_udp(two, T0, "xyz");
    CU_ASSERT(tap_merge(paths, 2, out, why) == STATUS_OK);
    t = load(out);
    CU_ASSERT(t->num_packets == 6 && t->packets[0].payload.data[0] == 'a' &&
              t->packets[1].payload.data[0] == 'x');
    trace_free(t);
    /* a file that breaks off gives what it has */
    CU_ASSERT(truncate(two, 24 + 2 * (16 + 14 + 20 + 8 + 1) + 20) == 0);
    CU_ASSERT(tap_merge(paths, 2, out, why) == STATUS_TRUNCATED);
    CU_ASSERT(strstr(why, two) != NULL);
    t = load(out);
    CU_ASSERT(t->num_packets == 5 && !t->info.incomplete);
    trace_free(t);
    paths[1] = "/nonexistent/x.pcap";
    CU_ASSERT(tap_merge(paths, 2, out, why) == STATUS_IO);
    unlink(one);
    unlink(two);
    unlink(out);
}

static void merging_different_link_types_is_refused(void)
{
    char one[32];
    char two[32];
    char why[RECORD_ERROR_TEXT] = "";
    struct made m;
    temp_name(one);
    temp_name(two);
    one_udp(one, T0, "a");
    made_init(&m, 101);
    FILE *f = fopen(two, "wb");
    CU_ASSERT_FATAL(f != NULL);
    CU_ASSERT(fwrite(m.w.data, 1, m.w.len, f) == m.w.len);
    fclose(f);
    made_done(&m);
    const char *paths[] = {one, two};
    CU_ASSERT(tap_merge(paths, 2, "/dev/null", why) == STATUS_UNSUPPORTED);
    CU_ASSERT(strstr(why, "different link types") != NULL);
    unlink(one);
    unlink(two);
}

/* ---- live ---- */

static int socket_at(const char *ip, struct sockaddr_in *sa)
{
    socklen_t len = sizeof *sa;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memset(sa, 0, sizeof *sa);
    sa->sin_family = AF_INET;
    CU_ASSERT_FATAL(inet_pton(AF_INET, ip, &sa->sin_addr) == 1);
    CU_ASSERT_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)sa, len) == 0);
    CU_ASSERT_FATAL(getsockname(fd, (struct sockaddr *)sa, &len) == 0);
    return fd;
}

static void a_live_capture_loses_nothing(void)
{
    char path[32];
    char why[RECORD_ERROR_TEXT];
    struct recorder *r = NULL;
    struct recorder_stats st;
    struct sockaddr_in a;
    struct sockaddr_in b;
    temp_name(path);
    struct recorder_config c = {.filter = "udp and net 127.77.3.0/28",
                                .path = path,
                                .sentinel = "127.77.3.14"};
    enum status s = recorder_open(&r, &c, why);
    if (s != STATUS_OK) {
        /* Not every host lets us: then it must say so with the remedy. */
        CU_ASSERT(s == STATUS_PERMISSION || s == STATUS_NOT_FOUND);
        CU_ASSERT(r == NULL && why[0] != '\0');
        unlink(path);
        return;
    }
    int from = socket_at("127.77.3.1", &a);
    int to = socket_at("127.77.3.2", &b);
    int other = socket_at("127.77.4.1", &a); /* outside the filter */
    for (int i = 0; i < 200; i++) {
        char text[32];
        int n = snprintf(text, sizeof text, "datagram %d", i);
        CU_ASSERT(sendto(from, text, (size_t)n, 0, (struct sockaddr *)&b,
                         sizeof b) == n);
        CU_ASSERT(sendto(other, "x", 1, 0, (struct sockaddr *)&a, sizeof a) ==
                  1);
    }
    CU_ASSERT(recorder_fd(r) >= 0);
    CU_ASSERT(recorder_poll(r) == STATUS_OK);
    CU_ASSERT(recorder_flush(r) == STATUS_OK);
    CU_ASSERT(recorder_stop(r, &st) == STATUS_OK);
    CU_ASSERT(st.drained && st.written == 200 && st.dropped == 0);
    struct trace *t = load(path);
    CU_ASSERT(t->num_packets == 200);
    CU_ASSERT(t->num_packets == 200 &&
              made_is(t->packets[199].payload, "datagram 199"));
    trace_free(t);
    close(from);
    close(to);
    close(other);
    unlink(path);
}

static void what_cannot_be_recorded_is_explained(void)
{
    char why[RECORD_ERROR_TEXT];
    struct recorder *r = NULL;
    struct recorder_config c = {.path = "/dev/null", .sentinel = "nowhere"};
    CU_ASSERT(recorder_open(&r, &c, why) == STATUS_SYNTAX);
    CU_ASSERT(r == NULL && strstr(why, "nowhere") != NULL);
    c = (struct recorder_config){.path = "/dev/null", .device = "nodev77"};
    enum status s = recorder_open(&r, &c, why);
    CU_ASSERT(s == STATUS_NOT_FOUND || s == STATUS_PERMISSION);
    CU_ASSERT(r == NULL && why[0] != '\0');
    c = (struct recorder_config){.path = "/dev/null", .filter = "no such ("};
    s = recorder_open(&r, &c, why);
    CU_ASSERT(s == STATUS_SYNTAX || s == STATUS_PERMISSION);
    c = (struct recorder_config){.path = "/nonexistent/x.pcap"};
    s = recorder_open(&r, &c, why);
    CU_ASSERT(s == STATUS_IO || s == STATUS_PERMISSION);
    CU_ASSERT(r == NULL);
}

static const struct unit_case cases[] = {
    {"taps_are_read_back", taps_are_read_back},
    {"checksums_are_right", checksums_are_right},
    {"what_no_packet_can_carry_is_refused",
     what_no_packet_can_carry_is_refused},
    {"captures_are_merged_by_time", captures_are_merged_by_time},
    {"merging_different_link_types_is_refused",
     merging_different_link_types_is_refused},
    {"a_live_capture_loses_nothing", a_live_capture_loses_nothing},
    {"what_cannot_be_recorded_is_explained",
     what_cannot_be_recorded_is_explained},
    {NULL, NULL}};
const struct unit_suite record_suite = {"record", cases};
