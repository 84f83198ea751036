/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Byte reader and writer. */
#include "harness/base/buf.h"

#include "harness/base/mem.h"
#include "tests/unit/base/base_tests.h"

#include <string.h>

static void integers_are_big_endian(void)
{
    static const uint8_t in[] = {1,    0x12, 0x34, 0x89, 0xab, 0xcd, 0xef, 0xfe,
                                 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
    struct rd r;
    struct wr w;
    uint8_t a = 0;
    uint16_t b = 0;
    uint32_t c = 0;
    uint64_t d = 0;
    rd_init(&r, in, sizeof in);
    CU_ASSERT(rd_u8(&r, &a) == STATUS_OK && a == 1);
    CU_ASSERT(rd_u16(&r, &b) == STATUS_OK && b == 0x1234);
    CU_ASSERT(rd_u32(&r, &c) == STATUS_OK && c == 0x89abcdef);
    CU_ASSERT(rd_u64(&r, &d) == STATUS_OK && d == 0xfedcba9876543210u);
    CU_ASSERT(rd_left(&r) == 0 && r.err == STATUS_OK);
    wr_init(&w);
    wr_u8(&w, a);
    wr_u16(&w, b);
    wr_u32(&w, c);
    wr_u64(&w, d);
    CU_ASSERT(w.err == STATUS_OK && w.len == sizeof in &&
              memcmp(w.data, in, sizeof in) == 0);
    wr_cleanup(&w);
}

static void the_first_failure_stays(void)
{
    static const uint8_t in[] = {1, 2, 3};
    struct rd r;
    uint8_t a = 9;
    uint16_t b = 9;
    uint32_t c = 9;
    uint64_t d = 9;
    struct view v = {NULL, 9};
    rd_init(&r, in, sizeof in);
    CU_ASSERT(rd_u8(&r, &a) == STATUS_OK);
    CU_ASSERT(rd_u32(&r, &c) == STATUS_TRUNCATED && c == 9);
    CU_ASSERT(r.pos == 1 && r.err_pos == 1);
    CU_ASSERT(rd_u16(&r, &b) == STATUS_TRUNCATED && b == 9);
    CU_ASSERT(rd_bytes(&r, &v, 0) == STATUS_TRUNCATED && v.len == 9);
    CU_ASSERT(rd_fail(&r, STATUS_ORDER) == STATUS_TRUNCATED);
    rd_init(&r, in, sizeof in);
    CU_ASSERT(rd_u64(&r, &d) == STATUS_TRUNCATED && d == 9 && r.pos == 0);
    rd_init(&r, in, sizeof in);
    CU_ASSERT(rd_fail(&r, STATUS_ORDER) == STATUS_ORDER);
    CU_ASSERT(rd_u8(&r, &a) == STATUS_ORDER);
    rd_init(&r, NULL, 0);
    CU_ASSERT(rd_bytes(&r, &v, 0) == STATUS_OK && v.len == 0);
    CU_ASSERT(rd_bytes(&r, &v, SIZE_MAX) == STATUS_TRUNCATED);
}

static void writers_grow(void)
{
    struct wr w;
    wr_init(&w);
    for (int i = 0; i < 10000; i++) {
        wr_printf(&w, "%d,", i % 10);
    }
    wr_fill(&w, 'x', 3);
    wr_str(&w, "end");
    CU_ASSERT(w.err == STATUS_OK && w.len == 20006);
    CU_ASSERT(memcmp(w.data + 19998, "9,xxxend", 8) == 0);
    size_t len = 1;
    uint8_t *p = wr_take(&w, &len);
    CU_ASSERT(p != NULL && len == 20006 && w.data == NULL && w.len == 0);
    mem_free(p);
    wr_cleanup(&w);
}

static void fixed_writers_do_not(void)
{
    uint8_t room[4] = {0, 0, 0, 7};
    struct wr w;
    wr_init_fixed(&w, room, 3);
    wr_u16(&w, 0x0102);
    wr_u16(&w, 0x0304);
    CU_ASSERT(w.err == STATUS_NO_SPACE && w.len == 2);
    wr_u8(&w, 5); /* does nothing any more */
    wr_printf(&w, "x");
    CU_ASSERT(w.len == 2 && room[3] == 7);
    wr_cleanup(&w);
    wr_init_fixed(&w, room, 3);
    wr_printf(&w, "%s", "abc");
    CU_ASSERT(w.err == STATUS_OK && w.len == 3 && room[3] == 7);
    CU_ASSERT(memcmp(room, "abc", 3) == 0);
}

static void lengths_are_filled_in(void)
{
    struct wr w;
    wr_init(&w);
    size_t outer = wr_open16(&w);
    wr_u8(&w, 1);
    size_t inner = wr_open16(&w);
    wr_str(&w, "ab");
    wr_close16(&w, inner);
    wr_close16(&w, outer);
    CU_ASSERT(w.len == 7 && memcmp(w.data, "\0\5\1\0\2ab", 7) == 0);
    wr_cleanup(&w);
    wr_init(&w);
    size_t m = wr_open16(&w);
    wr_fill(&w, 0, 65535);
    wr_close16(&w, m);
    CU_ASSERT(w.err == STATUS_OK && w.data[0] == 0xff && w.data[1] == 0xff);
    m = wr_open16(&w);
    wr_fill(&w, 0, 65536);
    wr_close16(&w, m);
    CU_ASSERT(w.err == STATUS_BAD_LENGTH);
    wr_cleanup(&w);
}

static void want_of_memory_stays(void)
{
    struct wr w;
    size_t len;
    wr_init(&w);
    mem_fail_at(1);
    wr_str(&w, "x");
    mem_fail_at(0);
    CU_ASSERT(w.err == STATUS_NO_MEMORY);
    wr_str(&w, "y");
    size_t m = wr_open16(&w);
    wr_close16(&w, m);
    CU_ASSERT(w.err == STATUS_NO_MEMORY && w.len == 0);
    CU_ASSERT(wr_take(&w, &len) == NULL && len == 0);
    wr_cleanup(&w);
}

static const struct unit_case cases[] = {
    {"integers_are_big_endian", integers_are_big_endian},
    {"the_first_failure_stays", the_first_failure_stays},
    {"writers_grow", writers_grow},
    {"fixed_writers_do_not", fixed_writers_do_not},
    {"lengths_are_filled_in", lengths_are_filled_in},
    {"want_of_memory_stays", want_of_memory_stays},
    {NULL, NULL}};
const struct unit_suite buf_suite = {"buf", cases};
