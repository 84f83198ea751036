/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The ladder S1, S8 to S12, S15 of the deferred delivery between two endpoints,
 * in memory and over loopback, by TCP and UDP, with and without loss. */
#include "tests/unit/siptx/siptx_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

struct ladder {
    struct env env;
    struct net_loop *loop;
    struct siptx_endpoint *a;
    struct siptx_endpoint *mb;
    struct siptx_dialog *a_dlg;
    struct siptx_dialog *mb_dlg;
    struct siptx_server *invite;
    char text[400];
    unsigned over; /* dialogs ended */
    unsigned datagrams;
    unsigned lose_every;
};

static void say(struct ladder *l, const char *what)
{
    size_t n = strlen(l->text);
    snprintf(l->text + n, sizeof(l->text) - n, "%s ", what);
}

/* ---- A ---- */

static void a_on_update(void *ctx, const struct siptx_event *ev)
{
    if (ev->kind == SIPTX_RESPONSE && ev->code == 200) {
        say(ctx, "A:update-200");
    }
}

static void a_update(struct ladder *l)
{
    struct sip_out out;
    CU_ASSERT(siptx_dialog_request(l->a_dlg, &out, "UPDATE") == STATUS_OK);
    CU_ASSERT(sip_out_body(&out, "application/sdp", "v=0\r\n", 5) == STATUS_OK);
    CU_ASSERT(siptx_dialog_send(l->a_dlg, &out, a_on_update, l, NULL) ==
              STATUS_OK);
    sip_out_free(&out);
}

static void a_on_prack(void *ctx, const struct siptx_event *ev)
{
    if (ev->kind == SIPTX_RESPONSE && ev->code == 200) {
        say(ctx, "A:prack-200");
        a_update(ctx);
    }
}

static void a_on_invite(void *ctx, const struct siptx_event *ev)
{
    struct ladder *l = ctx;
    struct sip_out out;
    if (ev->kind != SIPTX_RESPONSE) {
        return;
    }
    if (siptx_prack(ev, &out) == STATUS_OK) {
        say(l, "A:183");
        l->a_dlg = ev->dialog;
        CU_ASSERT(siptx_dialog_send(ev->dialog, &out, a_on_prack, l, NULL) ==
                  STATUS_OK);
        sip_out_free(&out);
    } else if (ev->code == 200) {
        say(l, "A:200");
        CU_ASSERT(siptx_ack(ev->dialog, NULL) == STATUS_OK);
    }
}

static void on_dialog_end(void *ctx, struct siptx_dialog *dlg)
{
    struct ladder *l = ctx;
    (void)dlg;
    l->over++;
}

/* ---- MB ---- */

static void mb_on_request(void *ctx, struct siptx_server *tx,
                          const struct sip_msg *msg,
                          struct siptx_dialog *dialog)
{
    struct ladder *l = ctx;
    struct sip_out out;
    (void)msg;
    if (dialog == NULL) {
        say(l, "MB:invite");
        l->invite = tx;
        CU_ASSERT(siptx_response(tx, &out, 183, NULL) == STATUS_OK);
        CU_ASSERT(sip_out_body(&out, "application/sdp", "v=0\r\n", 5) ==
                  STATUS_OK);
        CU_ASSERT(siptx_reply_reliable(tx, &out) == STATUS_OK);
        sip_out_free(&out);
        l->mb_dlg = siptx_server_dialog(tx);
        CU_ASSERT_FATAL(l->mb_dlg != NULL);
        return;
    }
    CU_ASSERT(dialog == l->mb_dlg);
    CU_ASSERT(siptx_reply_status(tx, 200, NULL, NULL) == STATUS_OK);
    if (siptx_server_pracked(tx) != NULL) {
        say(l, "MB:prack");
        CU_ASSERT(siptx_server_pracked(tx) == l->invite);
    } else if (l->invite != NULL) {
        say(l, "MB:update");
        CU_ASSERT(siptx_reply_status(l->invite, 200, NULL, NULL) == STATUS_OK);
        l->invite = NULL;
    } else {
        say(l, "MB:bye");
    }
}

static void mb_on_ack(void *ctx, struct siptx_dialog *dialog,
                      const struct sip_msg *msg)
{
    struct ladder *l = ctx;
    (void)msg;
    CU_ASSERT(dialog == l->mb_dlg);
    say(l, "MB:ack");
    CU_ASSERT(siptx_bye(l->a_dlg, NULL, NULL, NULL) == STATUS_OK);
}

/* ---- both ---- */

static int lossy(void *ctx, const struct net_addr *from,
                 const struct net_addr *to, const uint8_t *data, size_t len,
                 uint64_t *delay_ms, unsigned *copies)
{
    struct ladder *l = ctx;
    (void)from;
    (void)to;
    (void)data;
    (void)len;
    *delay_ms = 5;
    *copies = l->datagrams % 3 == 0 ? 2 : 1;
    l->datagrams++;
    return l->lose_every == 0 || l->datagrams % l->lose_every != 0;
}

static int is_over(void *ctx)
{
    return ((struct ladder *)ctx)->over == 2;
}

static void climb(enum net_mode mode, enum siptx_transport transport,
                  unsigned lose_every)
{
    struct ladder l = {.lose_every = lose_every};
    unsigned long live = mem_live();
    struct siptx_config c = {.transport = transport,
                             .mtu = 65535,
                             .on = {.on_dialog_end = on_dialog_end},
                             .ctx = &l};
    if (mode == NET_VIRTUAL) {
        env_init_virtual(&l.env, UINT64_C(1700000000000000), 7);
    } else {
        env_init_seeded(&l.env, 7);
    }
    CU_ASSERT_FATAL(net_loop_new(&l.loop, &l.env, mode) == STATUS_OK);
    if (lose_every != 0) {
        net_loop_set_filter(l.loop, lossy, &l);
    }
    c.loop = l.loop;
    c.env = &l.env;
    CU_ASSERT(net_addr_of(&c.addr, "127.0.0.11", 0) == STATUS_OK);
    CU_ASSERT_FATAL(siptx_new(&l.a, &c) == STATUS_OK);
    CU_ASSERT(net_addr_of(&c.addr, "127.0.0.12", 0) == STATUS_OK);
    c.on.on_request = mb_on_request;
    c.on.on_ack = mb_on_ack;
    CU_ASSERT_FATAL(siptx_new(&l.mb, &c) == STATUS_OK);

    struct sip_out out;
    CU_ASSERT(siptx_request(l.a, &out, "INVITE", siptx_contact_uri(l.mb),
                            "<sip:alice@home-a.example>",
                            "<sip:bob@home-b.example>") == STATUS_OK);
    CU_ASSERT(sip_out_add(&out, "Supported", "100rel") == STATUS_OK);
    CU_ASSERT(siptx_send(l.a, &out, NULL, a_on_invite, &l, NULL) == STATUS_OK);
    sip_out_free(&out);
    CU_ASSERT(net_loop_run_until(l.loop, is_over, &l,
                                 mode == NET_VIRTUAL ? 120000 : 10000));
    if (lose_every == 0) {
        CU_ASSERT_STRING_EQUAL(l.text,
                               "MB:invite A:183 MB:prack A:prack-200 MB:update "
                               "A:update-200 A:200 MB:ack MB:bye ");
    }
    CU_ASSERT(strstr(l.text, "MB:bye") != NULL);
    siptx_free(l.a);
    siptx_free(l.mb);
    net_loop_free(l.loop);
    CU_ASSERT(mem_live() == live);
}

static void ladder_in_memory_by_tcp(void)
{
    climb(NET_VIRTUAL, SIPTX_TCP, 0);
}

static void ladder_in_memory_by_udp(void)
{
    climb(NET_VIRTUAL, SIPTX_UDP, 0);
}

static void ladder_with_loss_and_doubles(void)
{
    for (unsigned every = 2; every < 12; every++) {
        climb(NET_VIRTUAL, SIPTX_UDP, every);
    }
}

static void ladder_over_loopback_by_tcp(void)
{
    climb(NET_REAL, SIPTX_TCP, 0);
}

static void ladder_over_loopback_by_udp(void)
{
    climb(NET_REAL, SIPTX_UDP, 0);
}

static const struct unit_case cases[] = {
    {"ladder_in_memory_by_tcp", ladder_in_memory_by_tcp},
    {"ladder_in_memory_by_udp", ladder_in_memory_by_udp},
    {"ladder_with_loss_and_doubles", ladder_with_loss_and_doubles},
    {"ladder_over_loopback_by_tcp", ladder_over_loopback_by_tcp},
    {"ladder_over_loopback_by_udp", ladder_over_loopback_by_udp},
    {NULL, NULL}};
const struct unit_suite pair_suite = {"pair", cases};
