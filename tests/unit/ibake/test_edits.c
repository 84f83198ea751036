/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Edits: each line changes what it says, and nothing else breaks. */
#include "tests/unit/ibake/ibake_tests.h"

#include <stdio.h>

/* want: "-" nothing is there; "=HEX"; "~TEXT"; "!" differs from the message
 * made without the edit; "P" a point of the curve; "X" no point of the curve;
 * "?ST" the message does not decode, or the part does not open. */
struct row {
    const char *line;
    enum step step;
    const char *path;
    const char *want;
};

#define I1 MAKE_I1
#define R1 MAKE_R1
#define I2 MAKE_I2
#define R2 MAKE_R2

static const struct row rows[] = {
    /* the lines of the named faults */
    {"I_MESSAGE_1 set mikey.HDR.V 0", I1, "mikey.HDR.V", "=00"},
    {"I_MESSAGE_1 drop mikey.RAND", I1, "mikey.RAND", "-"},
    {"I_MESSAGE_1 drop mikey.T", I1, "mikey.T", "-"},
    {"I_MESSAGE_1 drop mikey.IDRr", I1, "mikey.IDRr", "-"},
    {"I_MESSAGE_1 set mikey.IBAKE.key id:" ID_M, I1, "mikey.IBAKE.key",
     "~" ID_M},
    {"I_MESSAGE_1 set mikey.IBAKE.ECCPTi.point off-curve", I1,
     "mikey.IBAKE.ECCPTi.point", "X"},
    {"I_MESSAGE_1 set mikey.IBAKE.IDRr.data id:" ID_C, I1,
     "mikey.IBAKE.IDRr.data", "~" ID_C},
    {"I_MESSAGE_2 drop mikey.ESK", I2, "mikey.ESK", "-"},
    {"I_MESSAGE_2 drop mikey.IBAKE.ECCPTi", I2, "mikey.IBAKE.ECCPTi", "-"},
    {"I_MESSAGE_2 set mikey.IBAKE.ECCPTi.point other-point", I2,
     "mikey.IBAKE.ECCPTi.point", "P"},
    {"I_MESSAGE_2 set mikey.IBAKE.ECCPTr.point other-point", I2,
     "mikey.IBAKE.ECCPTr.point", "P"},
    {"I_MESSAGE_2 drop mikey.IBAKE.ECCPTi\nI_MESSAGE_2 drop mikey.ESK", I2,
     "mikey.ESK", "-"},
    {"I_MESSAGE_2 set mikey.HDR.V 0", I2, "mikey.HDR.V", "=00"},
    {"I_MESSAGE_2 drop mikey.RAND", I2, "mikey.RAND", "-"},
    {"I_MESSAGE_2 set mikey.ESK.key id:" ID_M, I2, "mikey.ESK.key", "~" ID_M},
    {"I_MESSAGE_2 set mikey.ESK.key id:" ID_C, I2, "mikey.ESK.key", "?"},
    {"I_MESSAGE_2 set mikey.ESK.SK.type 2", I2, "mikey.ESK.SK.type", "=02"},
    {"I_MESSAGE_2 set mikey.ESK.SK.key copy:mikey.IBAKE.ECCPTi.point", I2,
     "mikey.ESK.SK.key", "P"},
    {"I_MESSAGE_2 set mikey.HDR.CSB_ID 0x01020304", I2, "mikey.HDR.CSB_ID",
     "=01020304"},
    {"I_MESSAGE_2 set mikey.HDR.PRF 1", I2, "mikey.HDR.PRF", "=01"},
    {"I_MESSAGE_2 set mikey.IDRr.data id:" ID_B, I2, "mikey.IDRr.data",
     "~" ID_B},
    {"I_MESSAGE_2 set mikey.IBAKE.key id:" ID_B, I2, "mikey.IBAKE.key",
     "~" ID_B},
    {"I_MESSAGE_2 set mikey.ESK.IDRi.data id:" ID_C, I2, "mikey.ESK.IDRi.data",
     "~" ID_C},
    {"I_MESSAGE_2 set mikey.T.value t1", I2, "mikey.T.value",
     "=ed06264000000000"},
    {"R_MESSAGE_1 set mikey.HDR.V 0", R1, "mikey.HDR.V", "=00"},
    {"R_MESSAGE_1 set mikey.T.value now-7s", R1, "mikey.T.value",
     "=ed06263900000000"},
    {"R_MESSAGE_1 set mikey.IDRi.data id:" ID_C, R1, "mikey.IDRi.data",
     "~" ID_C},
    {"R_MESSAGE_1 set mikey.IDRr.data id:" ID_B
     "\nR_MESSAGE_1 set mikey.IBAKE.IDRr.data id:" ID_B,
     R1, "mikey.IBAKE.IDRr.data", "~" ID_B},
    {"R_MESSAGE_1 append mikey.T payload:RAND:random:16", R1, "mikey.RAND",
     "!"},
    {"R_MESSAGE_1 append mikey.IBAKE.IDRi payload:ECCPT:other-point", R1,
     "mikey.IBAKE.ECCPTi.point", "P"},
    {"R_MESSAGE_1 set mikey.IBAKE.IDRr.data id:" ID_B, R1,
     "mikey.IBAKE.IDRr.data", "~" ID_B},
    {"R_MESSAGE_1 set mikey.IBAKE.key id:" ID_C, R1, "mikey.IBAKE.key", "?"},
    {"R_MESSAGE_2 set mikey.HDR.V 1", R2, "mikey.HDR.V", "=01"},
    {"R_MESSAGE_2 set mikey.T.value now-7s", R2, "mikey.T.value",
     "=ed06263a00000000"},
    {"R_MESSAGE_2 drop mikey.IBAKE", R2, "mikey.IBAKE", "-"},
    {"R_MESSAGE_2 set mikey.IBAKE.ECCPTi.point other-point", R2,
     "mikey.IBAKE.ECCPTi.point", "P"},
    {"R_MESSAGE_2 flip mikey.V.mac 7", R2, "mikey.V.mac", "!"},
    {"R_MESSAGE_2 drop mikey.V", R2, "mikey.V", "-"},
    {"I_MESSAGE_1 set mikey.IDRi.data id:" ID_C, I1, "mikey.IDRi.data",
     "~" ID_C},
    {"I_MESSAGE_2 append mikey.IBAKE.IDRi payload:ECCPT:own-point", I2,
     "mikey.IBAKE.ECCPT[2].point", "P"},
    /* HDR */
    {"I_MESSAGE_1 set mikey.HDR.type 99", I1, "mikey.HDR.type", "=63"},
    {"I_MESSAGE_1 set mikey.HDR.version 2", I1, "mikey.HDR.V", "?"},
    {"I_MESSAGE_1 set mikey.HDR.next 14", I1, "mikey.HDR.next", "?"},
    {"I_MESSAGE_1 set mikey.HDR.CS 0", I1, "mikey.HDR.CS", "=00"},
    {"I_MESSAGE_1 flip mikey.HDR.CSB_ID 0", I1, "mikey.HDR.CSB_ID", "!"},
    {"I_MESSAGE_1 set mikey.HDR.CSB_ID hex:01020304", I1, "mikey.HDR.CSB_ID",
     "=01020304"},
    {"I_MESSAGE_1 set mikey.HDR.map_type 0\n"
     "I_MESSAGE_1 set mikey.HDR.map zeros:9",
     I1, "mikey.HDR.map", "=000000000000000000"},
    /* payloads */
    {"I_MESSAGE_1 repeat mikey.IDRi", I1, "mikey.IDRi[2].data", "~" ID_A},
    {"I_MESSAGE_1 insert mikey.T payload:GENEXT:hex:0102", I1,
     "mikey.GENEXT.data", "=0102"},
    {"I_MESSAGE_1 insert mikey.IBAKE payload:GENEXT:0x0000", I1,
     "mikey.GENEXT.data", "=0000"},
    {"I_MESSAGE_1 insert mikey.IBAKE payload:GENEXT:7", I1, "mikey.GENEXT.data",
     "=07"},
    {"I_MESSAGE_1 append mikey.IDRr payload:SP:hex:000101", I1,
     "mikey.SP.params", "=000101"},
    {"I_MESSAGE_1 append mikey.IDRr payload:99:hex:00000001ff", I1,
     "mikey.HDR.V", "?"},
    {"I_MESSAGE_1 append mikey.IDRr payload:IDRkms:id:" ID_KMS, I1,
     "mikey.IDRkms.data", "~" ID_KMS},
    {"I_MESSAGE_1 append mikey.T payload:ERR:11", I1, "mikey.ERR.error", "=0b"},
    {"I_MESSAGE_1 set mikey.RAND hex:02aabb", I1, "mikey.RAND.value", "=aabb"},
    {"I_MESSAGE_1 truncate mikey.RAND 9", I1, "mikey.RAND", "?"},
    {"I_MESSAGE_1 flip mikey.IDRi -1", I1, "mikey.IDRi.data", "!"},
    {"I_MESSAGE_1 set mikey.RAND.value random:20", I1, "mikey.RAND.value", "!"},
    {"I_MESSAGE_1 set mikey.RAND.len 255", I1, "mikey.RAND", "?"},
    {"I_MESSAGE_1 set mikey.T.next 22", I1, "mikey.T", "?"},
    {"I_MESSAGE_1 set mikey.T.type 1", I1, "mikey.T.type", "=01"},
    {"I_MESSAGE_1 set mikey.T.value now+300s", I1, "mikey.T.value",
     "=ed06276c00000000"},
    {"I_MESSAGE_1 set mikey.T.value 0", I1, "mikey.T.value",
     "=0000000000000000"},
    {"I_MESSAGE_1 set mikey.IDRr.role 4", I1, "mikey.IDRpsk.data", "~" ID_B},
    {"I_MESSAGE_1 set mikey.IDRr.type 0", I1, "mikey.IDRr.type", "=00"},
    {"I_MESSAGE_1 set mikey.IDRr.len 3", I1, "mikey.IDRr", "?"},
    {"I_MESSAGE_1 append mikey.IDRr.data text:;user=phone", I1,
     "mikey.IDRr.data", "~" ID_B ";user=phone"},
    {"I_MESSAGE_1 insert mikey.IDRr.data text:x", I1, "mikey.IDRr.data",
     "~x" ID_B},
    {"I_MESSAGE_1 drop mikey.IDRr.data", I1, "mikey.IDRr.data", "="},
    {"I_MESSAGE_1 truncate mikey.IDRr.data -4", I1, "mikey.IDRr.data",
     "~sip:bob@example"},
    /* ciphertexts and plaintexts */
    {"I_MESSAGE_2 flip mikey.ESK.cipher -1", I2, "mikey.ESK.key", "?"},
    {"I_MESSAGE_2 truncate mikey.ESK.cipher 100", I2, "mikey.ESK.key", "?"},
    {"I_MESSAGE_2 set mikey.ESK.cipher random:80", I2, "mikey.ESK.key", "?"},
    {"I_MESSAGE_2 set mikey.IBAKE.len 65535", I2, "mikey.IBAKE", "?"},
    {"I_MESSAGE_2 set mikey.ESK.SK.len 9", I2, "mikey.ESK.SK", "?"},
    {"I_MESSAGE_2 set mikey.IBAKE.plain hex:00", I2, "mikey.IBAKE.plain",
     "=00"},
    {"I_MESSAGE_2 truncate mikey.IBAKE.plain 5", I2, "mikey.IBAKE.plain",
     "=1901010015"},
    {"I_MESSAGE_2 append mikey.ESK.plain hex:0000", I2, "mikey.ESK.plain", "!"},
    {"I_MESSAGE_2 set mikey.IBAKE.date -1d", I2, "mikey.IBAKE.date",
     "~" DAY_BEFORE},
    {"I_MESSAGE_2 set mikey.IBAKE.date " DAY_AFTER, I2, "mikey.IBAKE.date",
     "~" DAY_AFTER},
    {"I_MESSAGE_2 set mikey.ESK.cipher copy:mikey.IBAKE.cipher", I2,
     "mikey.ESK.key", "~" ID_M},
    {"I_MESSAGE_2 repeat mikey.ESK", I2, "mikey.ESK[2]", "!"},
    {"I_MESSAGE_2 insert mikey.ESK.SK payload:IDRr:id:" ID_B, I2,
     "mikey.ESK.IDRr.data", "~" ID_B},
    {"I_MESSAGE_2 set mikey.IBAKE.ECCPTi.point infinity", I2,
     "mikey.IBAKE.ECCPTi", "?"},
    {"I_MESSAGE_2 set mikey.IBAKE.ECCPTi.point compressed:own-point", I2,
     "mikey.IBAKE.ECCPTi.point", "P"},
    {"I_MESSAGE_2 set mikey.IBAKE.ECCPTi.point peer-point", I2,
     "mikey.IBAKE.ECCPTi.point", "P"},
    {"I_MESSAGE_2 set mikey.IBAKE.ECCPTr.curve 255", I2, "mikey.IBAKE.ECCPTr",
     "?"},
    {"I_MESSAGE_2 set mikey.IBAKE.ECCPTr.auth_alg 7", I2,
     "mikey.IBAKE.ECCPTr.auth_alg", "=07"},
    {"I_MESSAGE_2 set mikey.IBAKE.ECCPTr.tgk_len 513", I2,
     "mikey.IBAKE.ECCPTr.tgk_len", "=0201"},
    {"I_MESSAGE_2 set mikey.IBAKE.ECCPTr.padding hex:ff", I2,
     "mikey.IBAKE.ECCPTr.padding", "=ff"},
    {"I_MESSAGE_2 set mikey.IBAKE.ECCPTr.kv 1\n"
     "I_MESSAGE_2 set mikey.IBAKE.ECCPTr.spi hex:aabb",
     I2, "mikey.IBAKE.ECCPTr.spi", "=aabb"},
    {"I_MESSAGE_2 set mikey.ESK.SK.key recorded:old", I2, "mikey.ESK.SK.key",
     "~octets of old"},
    {"I_MESSAGE_2 set mikey.RAND.value recorded:r1#mikey.T.value", I2,
     "mikey.RAND.value", "=ed06264000000000"},
    {"I_MESSAGE_2 set mikey.T.value t2", I2, "mikey.T.value",
     "=ed06264100000000"},
    {"* set mikey.HDR.V 0", I2, "mikey.HDR.V", "=00"},
    /* V: before it the MAC is computed, with it it is not */
    {"R_MESSAGE_2 set mikey.V.alg 0", R2, "mikey.V", "?"},
    {"R_MESSAGE_2 set mikey.V.data zeros:20", R2, "mikey.V.mac",
     "=0000000000000000000000000000000000000000"},
    {"R_MESSAGE_2 append mikey.V payload:GENEXT:hex:01", R2,
     "mikey.GENEXT.data", "=01"},
    /* the whole */
    {"I_MESSAGE_1 truncate mikey 40", I1, "mikey.HDR.V", "?"},
    {"I_MESSAGE_1 set mikey hex:0011", I1, "mikey", "=0011"},
    {"I_MESSAGE_1 append mikey hex:00", I1, "mikey", "!"},
    {"I_MESSAGE_1 flip mikey 0", I1, "mikey.HDR.V", "?"},
    {"I_MESSAGE_1 repeat mikey", I1, "mikey.HDR.V", "?"},
    {"R_MESSAGE_2 set mikey recorded:r1", R2, "mikey.HDR.type", "=17"},
};

static struct wr *made(struct exchange *x, enum step step)
{
    return step == I1   ? &x->i1
           : step == R1 ? &x->r1
           : step == I2 ? &x->i2
                        : &x->r2;
}

static struct octets recorded_r1;

static const uint8_t *recorded(void *ctx, const char *name, size_t *out_len)
{
    (void)ctx;
    if (strcmp(name, "r1") == 0) {
        *out_len = recorded_r1.len;
        return recorded_r1.data;
    }
    if (strcmp(name, "old") == 0) {
        *out_len = strlen("octets of old");
        return (const uint8_t *)"octets of old";
    }
    return NULL;
}

/* Makes the message of that step, with the edits or without. */
static enum status make(struct world *w, struct exchange *x,
                        const struct row *row, int edited)
{
    CU_ASSERT_FATAL(world_up(w));
    w->cfg.recorded = recorded;
    world_configs(w);
    exchange_new(x, w, ID_B, &w->cfg_m, ID_M);
    CU_ASSERT_EQUAL(exchange_run(x, row->step), row->step);
    int by_a = row->step == I1 || row->step == I2;
    const char *why = NULL;
    char text[256] = "";
    if (edited) {
        struct edit_list *list = by_a ? &w->edits_a : &w->edits_m;
        CU_ASSERT(edit_list_add_all(list, row->line, &why) == STATUS_OK);
        enum status st = ibake_edits_check(list, text, sizeof text);
        if (st != STATUS_OK) {
            printf("%s: %s\n", row->line, text);
        }
        CU_ASSERT(st == STATUS_OK);
    }
    exchange_run_one(x, row->step);
    return x->st[row->step];
}

static int fits(const struct row *row, enum status st, struct view got,
                enum status base_st, struct view base)
{
    char hex[2048];
    size_t n = 0;
    switch (row->want[0]) {
    case '-':
        return st == STATUS_NOT_FOUND && base_st != STATUS_NOT_FOUND;
    case '?':
        return st != STATUS_OK && st != STATUS_NOT_FOUND;
    case '!':
        return st == STATUS_OK &&
               (base_st != STATUS_OK || !view_equal(got, base));
    case '~':
        return st == STATUS_OK && view_equal(got, text_view(row->want + 1));
    case '=':
        for (n = 0; n < got.len && n < 1000; n++) {
            snprintf(hex + 2 * n, 3, "%02x", got.data[n]);
        }
        hex[2 * n] = '\0';
        return st == STATUS_OK && strcmp(hex, row->want + 1) == 0;
    case 'P':
        return st == STATUS_OK && !view_equal(got, base) &&
               ecdh_point_check(NULL, ECDH_P256, got) == STATUS_OK;
    case 'X':
        return st == STATUS_OK && got.len == 65 && got.data[0] == 4 &&
               ecdh_point_check(NULL, ECDH_P256, got) != STATUS_OK;
    default:
        return 0;
    }
}

static void each_line_does_what_it_says(void)
{
    struct world w;
    struct world plain;
    struct exchange x;
    struct exchange y;
    struct octets got;
    struct octets base;
    recorded_r1 = known_octets("r1");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        enum status st = make(&w, &x, row, 1);
        CU_ASSERT(make(&plain, &y, row, 0) == STATUS_OK);
        CU_ASSERT(st == STATUS_OK);
        st = look(&w, wr_view(made(&x, row->step)), row->path, &got);
        enum status base_st =
            look(&plain, wr_view(made(&y, row->step)), row->path, &base);
        int ok =
            fits(row, st, octets_view(&got), base_st, octets_view(&base)) &&
            ibake_session_edits_missed(x.a) == 0 &&
            ibake_session_edits_missed(x.r) == 0;
        if (!ok) {
            printf("edit \"%s\": look gives %s, %zu octets\n", row->line,
                   status_name(st), got.len);
        }
        CU_ASSERT(ok);
        octets_free(&got);
        octets_free(&base);
        exchange_free(&x);
        exchange_free(&y);
        world_down(&w);
        world_down(&plain);
    }
    octets_free(&recorded_r1);
}

/* An edit before the MAC leaves a V that verifies over what is sent. */
static void v_is_computed_after_the_edits(void)
{
    struct world w;
    struct exchange x;
    CU_ASSERT_FATAL(world_up(&w));
    CU_ASSERT(edit_list_add(&w.edits_m,
                            "R_MESSAGE_2 append mikey.T payload:GENEXT:hex:0f",
                            NULL) == STATUS_OK);
    CU_ASSERT(edit_list_add(&w.edits_m, "R_MESSAGE_2 set mikey.HDR.V 1",
                            NULL) == STATUS_OK);
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT_EQUAL(exchange_run(&x, ALL_STEPS), ALL_STEPS);
    CU_ASSERT(ibake_session_reading(x.a)->v_matched);
    CU_ASSERT(was_logged(&w, "deviation: unexpected payload"));
    CU_ASSERT(was_logged(&w, "deviation: V flag 1"));
    exchange_free(&x);
    world_down(&w);
}

static void edits_that_find_nothing_are_counted(void)
{
    static const char *const lines[] = {
        "I_MESSAGE_1 drop mikey.ESK",
        ("I_MESSAGE_1 set mikey.ESK.key id:" ID_B),
        "I_MESSAGE_1 truncate mikey.ESK.plain 3",
        "I_MESSAGE_1 set mikey.V.alg 1",
        "I_MESSAGE_1 set mikey.IDRi[2].data text:x",
        "I_MESSAGE_1 truncate mikey.RAND.value 17",
        "I_MESSAGE_1 flip mikey.RAND.value 128",
        "I_MESSAGE_1 flip mikey.HDR.V 1",
        "I_MESSAGE_1 truncate mikey 5000",
        "* drop mikey.ESK",
        "I_MESSAGE_2 drop mikey.RAND"};
    struct world w;
    struct exchange x;
    CU_ASSERT_FATAL(world_up(&w));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CU_ASSERT(edit_list_add(&w.edits_a, lines[i], NULL) == STATUS_OK);
    }
    exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
    CU_ASSERT_EQUAL(exchange_run(&x, TAKE_I1), TAKE_I1);
    CU_ASSERT_EQUAL(ibake_session_edits_missed(x.a), 9);
    exchange_free(&x);
    world_down(&w);
}

static void check_refuses_what_has_no_meaning(void)
{
    static const char *const lines[] = {
        "I_MESSAGE_3 drop mikey.RAND",
        "INVITE drop mikey.RAND",
        "I_MESSAGE_1 drop mikey.NOTHING",
        "I_MESSAGE_1 drop mikey.",
        "I_MESSAGE_1 drop mikey.HDR",
        "I_MESSAGE_1 drop mikey.RAND[0]",
        "I_MESSAGE_1 drop mikey.RAND.",
        "I_MESSAGE_1 drop mikey[2]",
        "I_MESSAGE_1 drop mikey.RAND.value.x",
        "I_MESSAGE_1 set mikey.RAND.nothing 1",
        "I_MESSAGE_1 set mikey.RAND.value hex:0",
        "I_MESSAGE_1 set mikey.RAND.value hex:zz",
        "I_MESSAGE_1 set mikey.RAND.value random:x",
        "I_MESSAGE_1 set mikey.RAND.value random:70000",
        "I_MESSAGE_1 set mikey.RAND.value now-7",
        "I_MESSAGE_1 set mikey.RAND.value tomorrow",
        "I_MESSAGE_1 set mikey.RAND.value copy:mikey.NOTHING",
        "I_MESSAGE_1 set mikey.RAND.value recorded:",
        "I_MESSAGE_1 set mikey.RAND.value recorded:x#mikey.NOTHING",
        "I_MESSAGE_1 set mikey.HDR.V 2",
        "I_MESSAGE_1 set mikey.HDR.PRF 128",
        "I_MESSAGE_1 set mikey.RAND.len 256",
        "I_MESSAGE_1 set mikey.T.len 8",
        "I_MESSAGE_1 drop mikey.HDR.V",
        "I_MESSAGE_1 flip mikey.RAND.value x",
        "I_MESSAGE_1 truncate mikey.HDR.V 0",
        "I_MESSAGE_1 flip mikey.IBAKE.key 1",
        "I_MESSAGE_1 flip mikey.IBAKE.len 1",
        "I_MESSAGE_1 set mikey.IBAKE.date friday",
        "I_MESSAGE_1 set mikey.KEMAC.key id:x",
        "I_MESSAGE_1 append mikey.T hex:00",
        "I_MESSAGE_1 append mikey.T payload:NOTHING:hex:00",
        "I_MESSAGE_1 append mikey.T payload:0:hex:00",
        "I_MESSAGE_1 append mikey.T payload:RAND:hex:0",
        "I_MESSAGE_1 append mikey.T payload:ERR:256",
        "I_MESSAGE_1 set mikey.T.IDRi.data id:x"};
    char why[256];
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct edit_list list = {0};
        CU_ASSERT(edit_list_add(&list, lines[i], NULL) == STATUS_OK);
        why[0] = '\0';
        int refused =
            ibake_edits_check(&list, why, sizeof why) == STATUS_SYNTAX &&
            why[0] != '\0';
        if (!refused) {
            printf("taken: %s\n", lines[i]);
        }
        CU_ASSERT(refused);
        edit_list_clear(&list);
    }
}

static void edits_of_other_layers_are_left_alone(void)
{
    struct edit_list list = {0};
    char why[256];
    CU_ASSERT(edit_list_add(&list, "INVITE set sdp.proto RTP/AVP", NULL) ==
              STATUS_OK);
    CU_ASSERT(edit_list_add(&list, "INVITE set mikeyx.y 1", NULL) == STATUS_OK);
    CU_ASSERT(ibake_edits_check(&list, why, sizeof why) == STATUS_OK);
    edit_list_clear(&list);
}

static void impossible_values_make_nothing(void)
{
    static const char *const lines[] = {
        "I_MESSAGE_1 set mikey.RAND.value peer-point",
        "I_MESSAGE_1 set mikey.RAND.value t2",
        "I_MESSAGE_1 set mikey.RAND.value copy:mikey.ESK.cipher",
        "I_MESSAGE_1 set mikey.RAND.value copy:mikey",
        "I_MESSAGE_1 set mikey.RAND.value recorded:nobody",
        "I_MESSAGE_1 set mikey.RAND.value recorded:old#mikey.T.value",
        "I_MESSAGE_1 set mikey.RAND.value compressed:text:x",
        "I_MESSAGE_1 set mikey.RAND.value random:300",
        "I_MESSAGE_1 set mikey.HDR.V random:9",
        "I_MESSAGE_1 set mikey.HDR.V copy:mikey.T.value",
        "I_MESSAGE_1 set mikey.IBAKE.plain random:65535"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct world w;
        struct exchange x;
        CU_ASSERT_FATAL(world_up(&w));
        w.cfg_a.recorded = recorded;
        CU_ASSERT(edit_list_add(&w.edits_a, lines[i], NULL) == STATUS_OK);
        exchange_new(&x, &w, ID_B, &w.cfg_m, ID_M);
        CU_ASSERT_EQUAL(exchange_run(&x, ALL_STEPS), MAKE_I1);
        CU_ASSERT_EQUAL(x.i1.len, 0);
        CU_ASSERT(ibake_session_why(x.a)[0] != '\0');
        exchange_free(&x);
        world_down(&w);
    }
}

static const struct unit_case cases[] = {
    {"each_line_does_what_it_says", each_line_does_what_it_says},
    {"v_is_computed_after_the_edits", v_is_computed_after_the_edits},
    {"edits_that_find_nothing_are_counted",
     edits_that_find_nothing_are_counted},
    {"check_refuses_what_has_no_meaning", check_refuses_what_has_no_meaning},
    {"edits_of_other_layers_are_left_alone",
     edits_of_other_layers_are_left_alone},
    {"impossible_values_make_nothing", impossible_values_make_nothing},
    {NULL, NULL}};
const struct unit_suite ibake_edits_suite = {"ibake_edits", cases};
