/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The exchange against a hostile peer. First octet: what the rest is. 0 to 3:
 * an I_MESSAGE_1, R_MESSAGE_1, I_MESSAGE_2, R_MESSAGE_2; 4 to 7: the IBAKE
 * plaintext of one; 8: a stored I_MESSAGE_2; 9: the ESK plaintext of one; 10: a
 * key request; 11: its answer; 12: lines of edits. */
#include "tests/unit/ibake/ibake_tests.h"

#include "harness/base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NUM_MODES = 13 };

/* Up to the message of that step, which is made with an edit. */
static void with_edit(struct world *w, enum step take, const char *line)
{
    struct exchange x;
    int by_a = take == TAKE_I1 || take == TAKE_I2;
    int ok = edit_list_add(by_a ? &w->edits_a : &w->edits_m, line, NULL) ==
             STATUS_OK;
    exchange_new(&x, w, take == TAKE_I1 ? ID_M : ID_B, &w->cfg_m, ID_M);
    if (ok && exchange_run(&x, take) == take) {
        exchange_run_one(&x, take);
    }
    exchange_free(&x);
}

static void plaintext(struct world *w, unsigned mode, struct view v)
{
    static const char *const names[] = {"I_MESSAGE_1", "R_MESSAGE_1",
                                        "I_MESSAGE_2", "R_MESSAGE_2"};
    static const enum step steps[] = {TAKE_I1, TAKE_R1, TAKE_I2, TAKE_R2};
    char *hex = hex_new(v.data, v.len);
    char *line = hex != NULL ? mem_printf("%s set mikey.IBAKE.plain hex:%s",
                                          names[mode], hex)
                             : NULL;
    if (line != NULL) {
        with_edit(w, steps[mode], line);
    }
    mem_free(line);
    mem_free(hex);
}

static void raw(struct world *w, unsigned mode, struct view v)
{
    static const enum step steps[] = {TAKE_I1, TAKE_R1, TAKE_I2, TAKE_R2};
    struct exchange x;
    exchange_new(&x, w, ID_B, &w->cfg_m, ID_M);
    if (exchange_run(&x, steps[mode]) == steps[mode]) {
        enum status st = mode == 0   ? ibake_take_i1(x.r, v)
                         : mode == 1 ? ibake_take_r1(x.a, v)
                         : mode == 2 ? ibake_take_i2(x.r, v)
                                     : ibake_take_r2(x.a, v);
        if (st != STATUS_OK &&
            ibake_session_why(mode % 2 ? x.a : x.r)[0] == 0) {
            abort();
        }
        /* Nobody forges a V, and nobody knows yP. */
        if (st == STATUS_OK && mode >= 2) {
            abort();
        }
    }
    exchange_free(&x);
}

static void esk(struct world *w, struct view v)
{
    struct exchange x;
    struct ibake_deposit d;
    char *hex = hex_new(v.data, v.len);
    char *line = hex != NULL
                     ? mem_printf("I_MESSAGE_2 set mikey.ESK.plain hex:%s", hex)
                     : NULL;
    if (line == NULL || edit_list_add(&w->edits_a, line, NULL) != STATUS_OK) {
        abort();
    }
    exchange_new(&x, w, ID_B, &w->cfg_m, ID_M);
    if (exchange_run(&x, TAKE_I2) == TAKE_I2) {
        ibake_open_stored_i2(&w->cfg_b, text_view(ID_B), wr_view(&x.i2), &d);
    }
    exchange_free(&x);
    mem_free(line);
    mem_free(hex);
}

static void kms(struct world *w, unsigned mode, struct view v)
{
    static const char *const ids[] = {ID_A, NULL};
    static const char *const dates[] = {DAY, NULL};
    struct octets master = known_octets("master");
    struct ibake_kms_user user = {ID_A, text_view("sixteen octets!!"), ids};
    struct ibake_kms k = {
        .identity = ID_KMS,
        .params = ibake_keyring_params(w->ring_m, text_view(ID_KMS)),
        .master = octets_view(&master),
        .users = &user,
        .num_users = 1,
        .dates = dates};
    struct view id = text_view(ID_A);
    struct wr out;
    size_t num = 0;
    wr_init(&out);
    if (mode == 0) {
        if (ibake_kms_answer(&w->cfg_m, &k, v, &out) == STATUS_OK) {
            abort(); /* without the PSK */
        }
    } else {
        struct ibake_key_request *r = ibake_key_request_new(
            &w->cfg_a, &id, 1, text_view(ID_KMS), id, user.psk);
        if (ibake_key_request_make(r, &out) == STATUS_OK &&
            ibake_key_request_take(r, v, &num) == STATUS_OK) {
            abort();
        }
        ibake_key_request_free(r);
    }
    wr_cleanup(&out);
    octets_free(&master);
}

/* What the check lets through must be applicable without harm. */
static void edits(struct world *w, struct view v)
{
    char why[256];
    struct exchange x;
    char *lines = mem_strndup((const char *)v.data, v.len);
    if (lines != NULL && strlen(lines) == v.len &&
        edit_list_add_all(&w->edits_a, lines, NULL) == STATUS_OK &&
        edit_list_add_all(&w->edits_m, lines, NULL) == STATUS_OK &&
        ibake_edits_check(&w->edits_a, why, sizeof why) == STATUS_OK) {
        exchange_new(&x, w, ID_B, &w->cfg_m, ID_M);
        exchange_run(&x, ALL_STEPS);
        exchange_free(&x);
    }
    mem_free(lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    static int up;
    struct rd r;
    struct view v = {0};
    struct ibake_deposit d;
    uint8_t first = 0;
    if (!up && !world_up(&w)) {
        abort();
    }
    up = 1;
    w.log[0] = '\0';
    w.cfg.secret = NULL;
    w.env.virtual_us = NOON_US;
    world_configs(&w);
    rd_init(&r, data, size);
    if (rd_u8(&r, &first) != STATUS_OK || size > 4096) {
        return 0;
    }
    rd_bytes(&r, &v, size - 1);
    unsigned mode = first % NUM_MODES;
    if (mode < 4) {
        raw(&w, mode, v);
    } else if (mode < 8) {
        plaintext(&w, mode - 4, v);
    } else if (mode == 8) {
        ibake_open_stored_i2(&w.cfg_b, text_view(ID_B), v, &d);
    } else if (mode == 9) {
        esk(&w, v);
    } else if (mode < 12) {
        kms(&w, mode - 10, v);
    } else {
        edits(&w, v);
    }
    edit_list_clear(&w.edits_a);
    edit_list_clear(&w.edits_m);
    return 0;
}
