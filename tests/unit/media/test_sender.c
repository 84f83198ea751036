/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Pacing, and the way of a message: WAV, SRTP, store, replay, WAV. */
#include "tests/unit/media/media_tests.h"

#include "harness/base/mem.h"

#include <string.h>

#define MAX_STORED 2000

struct box {
    struct net_loop *loop;
    struct view packets[MAX_STORED];
    uint64_t at[MAX_STORED];
    size_t num;
    unsigned done;
    struct media_port *port;
};

static void on_rtp(void *ctx, struct media_port *port,
                   const struct net_addr *from, const uint8_t *data, size_t len)
{
    struct box *b = ctx;
    (void)port;
    (void)from;
    CU_ASSERT_FATAL(b->num < MAX_STORED);
    b->at[b->num] = net_loop_now_ms(b->loop);
    b->packets[b->num++] = (struct view){mem_dup(data, len), len};
}

static void on_done(void *ctx)
{
    struct box *b = ctx;
    b->done++;
}

struct world {
    struct env env;
    struct net_loop *loop;
    struct media_port *from;
    struct box box;
    struct media_send how;
    unsigned long live;
};

static void begin(struct world *w, enum net_mode mode)
{
    struct net_addr host;
    memset(w, 0, sizeof(*w));
    w->live = mem_live();
    CU_ASSERT_FATAL(media_init() == STATUS_OK);
    if (mode == NET_VIRTUAL) {
        env_init_virtual(&w->env, UINT64_C(1700000000000000), 1);
    } else {
        env_init_system(&w->env);
    }
    CU_ASSERT_FATAL(net_loop_new(&w->loop, &w->env, mode) == STATUS_OK);
    CU_ASSERT(net_addr_of(&host, "127.0.0.31", 0) == STATUS_OK);
    CU_ASSERT_FATAL(media_port_open(&w->from, w->loop, &host, NULL, NULL) ==
                    STATUS_OK);
    w->box.loop = w->loop;
    CU_ASSERT_FATAL(media_port_open(&w->box.port, w->loop, &host, on_rtp,
                                    &w->box) == STATUS_OK);
    w->how = (struct media_send){.port = w->from,
                                 .to = media_port_addr(w->box.port),
                                 .done = on_done,
                                 .ctx = &w->box};
}

static void finish(struct world *w)
{
    for (size_t i = 0; i < w->box.num; i++) {
        mem_free((void *)(uintptr_t)w->box.packets[i].data);
    }
    media_port_close(w->from);
    media_port_close(w->box.port);
    net_loop_free(w->loop);
    CU_ASSERT(mem_live() == w->live);
}

static void real_time_sends_a_packet_each_ptime(void)
{
    struct world w;
    struct media_sender *s;
    int16_t samples[10 * 160 + 1] = {1};
    begin(&w, NET_VIRTUAL);
    struct media_voice v = {.samples = samples,
                            .num = 10 * 160 + 1,
                            .ssrc = 9,
                            .first_seq = 0xfffe,
                            .first_timestamp = 1000};
    CU_ASSERT(media_send_voice(&s, w.loop, &w.how, &v) == STATUS_OK);
    net_loop_run(w.loop);
    CU_ASSERT(w.box.num == 11 && w.box.done == 1);
    for (size_t i = 0; i < w.box.num; i++) {
        struct rtp p;
        CU_ASSERT(w.box.at[i] == i * 20);
        CU_ASSERT(rtp_parse(&p, w.box.packets[i].data, w.box.packets[i].len) ==
                  STATUS_OK);
        CU_ASSERT(p.seq == (uint16_t)(0xfffe + i));
        CU_ASSERT(p.timestamp == 1000 + i * 160);
        CU_ASSERT(p.ssrc == 9 && p.pt == 0 && p.payload.len == 160);
        CU_ASSERT(p.payload.data[159] == 0xff);
    }
    finish(&w);
}

static void fast_mode_takes_under_a_second_for_half_a_minute(void)
{
    struct world w;
    struct media_sender *s;
    static int16_t samples[30 * 8000];
    begin(&w, NET_VIRTUAL);
    w.how.interval_ms = MEDIA_FAST_INTERVAL;
    w.how.burst = MEDIA_FAST_BURST;
    struct media_voice v = {.samples = samples, .num = 30 * 8000};
    CU_ASSERT(media_send_voice(&s, w.loop, &w.how, &v) == STATUS_OK);
    net_loop_run(w.loop);
    CU_ASSERT(w.box.num == 1500 && w.box.done == 1);
    CU_ASSERT(net_loop_now_ms(w.loop) < 1000);
    finish(&w);
}

static unsigned alter(void *ctx, size_t index, uint8_t *data, size_t *len,
                      size_t cap)
{
    (void)ctx;
    CU_ASSERT(cap == RTP_MAX_PACKET);
    if (index == 1) {
        data[12] = 'x';
    }
    if (index == 3) {
        *len = 20;
    }
    return index == 0 ? 0 : index == 2 ? 2 : 1;
}

static void alter_drops_doubles_changes_and_cuts(void)
{
    struct world w;
    struct media_sender *s;
    begin(&w, NET_VIRTUAL);
    w.how.alter = alter;
    static int16_t samples[4 * 160];
    struct media_voice v = {.samples = samples, .num = 4 * 160};
    CU_ASSERT(media_send_voice(&s, w.loop, &w.how, &v) == STATUS_OK);
    net_loop_run(w.loop);
    CU_ASSERT_FATAL(w.box.num == 4);
    CU_ASSERT(w.box.packets[0].data[3] == 1);
    CU_ASSERT(w.box.packets[0].data[12] == 'x');
    CU_ASSERT(w.box.packets[1].data[3] == 2);
    CU_ASSERT(w.box.packets[2].data[3] == 2);
    CU_ASSERT(w.box.packets[3].len == 20);
    finish(&w);
}

static void stop_stops_without_done(void)
{
    struct world w;
    struct media_sender *s;
    static int16_t samples[100 * 160];
    begin(&w, NET_VIRTUAL);
    struct media_voice v = {.samples = samples, .num = 100 * 160};
    CU_ASSERT(media_send_voice(&s, w.loop, &w.how, &v) == STATUS_OK);
    net_loop_run_for(w.loop, 50);
    media_sender_stop(s);
    net_loop_run(w.loop);
    CU_ASSERT(w.box.num == 3 && w.box.done == 0);
    finish(&w);
}

static void nothing_to_send_is_done_at_once(void)
{
    struct world w;
    struct media_sender *s;
    begin(&w, NET_VIRTUAL);
    struct media_voice v = {.num = 0};
    CU_ASSERT(media_send_voice(&s, w.loop, &w.how, &v) == STATUS_OK);
    CU_ASSERT(w.box.done == 0);
    net_loop_run(w.loop);
    CU_ASSERT(w.box.done == 1 && w.box.num == 0);
    CU_ASSERT(media_send_packets(&s, w.loop, &w.how, NULL, 0) == STATUS_OK);
    net_loop_run(w.loop);
    CU_ASSERT(w.box.done == 2 && w.box.num == 0);
    finish(&w);
}

static int is_done(void *ctx)
{
    return ((struct box *)ctx)->done > 0;
}

static int has_all(void *ctx)
{
    return ((struct box *)ctx)->num == 192;
}

static struct media_srtp *keyed(uint32_t ssrc, uint32_t roc, int sender)
{
    struct media_srtp_params p = {.tag_len = 10};
    struct media_srtp *s = NULL;
    memset(p.key, 0x11, sizeof(p.key));
    memset(p.salt, 0x22, sizeof(p.salt));
    CU_ASSERT_FATAL(media_srtp_new(&s, &p, ssrc, roc, sender) == STATUS_OK);
    return s;
}

/* A sends hello.wav by SRTP, the box stores packets as they come, sends them on
 * unchanged, B unprotects: the samples are those of the file. */
static void message_crosses(enum net_mode mode)
{
    struct world w;
    struct wav in;
    struct media_sender *s;
    begin(&w, mode);
    CU_ASSERT_FATAL(wav_load(&in, LATCHKEY_SOURCE_DIR
                             "/scenarios/media/hello.wav") == STATUS_OK);
    struct media_srtp *a = keyed(0x5eed, 0, 1);
    struct media_voice v = {.samples = in.samples,
                            .num = in.num,
                            .ssrc = 0x5eed,
                            .first_seq = 0xffc0, /* wraps on the way */
                            .srtp = a};
    w.how.interval_ms = MEDIA_FAST_INTERVAL;
    w.how.burst = MEDIA_FAST_BURST;
    CU_ASSERT(media_send_voice(&s, w.loop, &w.how, &v) == STATUS_OK);
    CU_ASSERT(net_loop_run_until(w.loop, is_done, &w.box, 5000));
    CU_ASSERT_FATAL(net_loop_run_until(w.loop, has_all, &w.box, 5000));

    struct box second = {.loop = w.loop};
    struct net_addr host = media_port_addr(w.box.port);
    host.port = 0;
    CU_ASSERT_FATAL(media_port_open(&second.port, w.loop, &host, on_rtp,
                                    &second) == STATUS_OK);
    w.how.to = media_port_addr(second.port);
    CU_ASSERT(media_send_packets(&s, w.loop, &w.how, w.box.packets,
                                 w.box.num) == STATUS_OK);
    CU_ASSERT_FATAL(net_loop_run_until(w.loop, has_all, &second, 5000));
    struct media_srtp *b = keyed(0x5eed, 0, 0);
    struct media_recording *r = media_recording_new();
    for (size_t i = 0; i < second.num; i++) {
        uint8_t out[RTP_MAX_PACKET];
        size_t len;
        CU_ASSERT(second.packets[i].len == w.box.packets[i].len);
        CU_ASSERT(memcmp(second.packets[i].data, w.box.packets[i].data,
                         second.packets[i].len) == 0);
        CU_ASSERT(media_srtp_unprotect(b, out, sizeof(out), &len,
                                       second.packets[i].data,
                                       second.packets[i].len) == STATUS_OK);
        CU_ASSERT(media_recording_add(r, out, len) == STATUS_OK);
        mem_free((void *)(uintptr_t)second.packets[i].data);
    }
    size_t num;
    uint8_t *codes = media_recording_codes(r, &num);
    CU_ASSERT_FATAL(num == in.num);
    size_t wrong = 0;
    for (size_t i = 0; i < num; i++) {
        wrong += ulaw_decode(codes[i]) != in.samples[i];
    }
    CU_ASSERT(wrong == 0);
    mem_free(codes);
    media_recording_free(r);
    media_srtp_free(a);
    media_srtp_free(b);
    media_port_close(second.port);
    wav_free(&in);
    finish(&w);
}

static void message_crosses_in_memory(void)
{
    message_crosses(NET_VIRTUAL);
}

static void message_crosses_loopback(void)
{
    message_crosses(NET_REAL);
}

static void senders_survive_lack_of_memory(void)
{
    for (unsigned long n = 1; n < 20; n++) {
        struct world w;
        struct media_sender *s;
        static int16_t samples[200];
        static const uint8_t octet[1] = {1};
        struct view packet = {octet, 1};
        begin(&w, NET_VIRTUAL);
        struct media_voice v = {.samples = samples, .num = 200};
        mem_fail_at(n);
        if (media_send_voice(&s, w.loop, &w.how, &v) == STATUS_OK) {
            media_sender_stop(s);
        }
        if (media_send_packets(&s, w.loop, &w.how, &packet, 1) == STATUS_OK) {
            media_sender_stop(s);
        }
        mem_fail_at(0);
        finish(&w);
    }
}

static const struct unit_case cases[] = {
    {"real_time_sends_a_packet_each_ptime",
     real_time_sends_a_packet_each_ptime},
    {"fast_mode_takes_under_a_second_for_half_a_minute",
     fast_mode_takes_under_a_second_for_half_a_minute},
    {"alter_drops_doubles_changes_and_cuts",
     alter_drops_doubles_changes_and_cuts},
    {"stop_stops_without_done", stop_stops_without_done},
    {"nothing_to_send_is_done_at_once", nothing_to_send_is_done_at_once},
    {"message_crosses_in_memory", message_crosses_in_memory},
    {"message_crosses_loopback", message_crosses_loopback},
    {"senders_survive_lack_of_memory", senders_survive_lack_of_memory},
    {NULL, NULL}};
const struct unit_suite sender_suite = {"sender", cases};
