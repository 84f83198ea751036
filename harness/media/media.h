/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Voice as the harness needs it: WAV, G.711 mu-law, RTP, SRTP, paced sending.
 */
#ifndef HARNESS_MEDIA_MEDIA_H
#define HARNESS_MEDIA_MEDIA_H

#include "harness/base/buf.h"
#include "harness/net/net.h"

/* ---- G.711 mu-law (PCMU, 8,000 samples/s) ---- */

uint8_t ulaw_encode(int16_t sample);
int16_t ulaw_decode(uint8_t code);

/* ---- WAV, mono, 8 kHz ---- */

struct wav {
    int16_t *samples; /* mem_free; wav_free */
    size_t num;
};

/* wav_load reads a RIFF/WAVE file: mono, 8,000 Hz, 16-bit PCM or mu-law (format
 * 7). STATUS_NOT_FOUND, STATUS_IO, STATUS_TRUNCATED, STATUS_UNSUPPORTED (other
 * form), STATUS_SYNTAX (no WAVE); *out is then empty. wav_parse does it from
 * memory. */
enum status wav_load(struct wav *out, const char *path);
enum status wav_parse(struct wav *out, const uint8_t *data, size_t len);

/* wav_save writes 16-bit PCM; wav_save_ulaw writes format 7 from mu-law octets.
 */
enum status wav_save(const char *path, const int16_t *samples, size_t num);
enum status wav_save_ulaw(const char *path, const uint8_t *codes, size_t num);
void wav_free(struct wav *w);

/* wav_tone makes num samples of a sine (hz, peak amplitude): beeps, greetings.
 */
enum status wav_tone(struct wav *out, unsigned hz, int16_t peak, size_t num);

/* ---- RTP (RFC 3550, 5.1) ---- */

#define RTP_HEADER_LEN 12
#define RTP_PT_PCMU 0
#define RTP_MAX_PACKET 2048

struct rtp {
    uint8_t version; /* 2 */
    uint8_t padding; /* the P bit */
    uint8_t marker;
    uint8_t pt;
    uint16_t seq;
    uint32_t timestamp;
    uint32_t ssrc;
    uint8_t num_csrc;
    uint32_t csrc[15];
    int has_ext;
    uint16_t ext_profile;
    struct view ext;     /* without its 4-octet head */
    struct view header;  /* everything before the payload */
    struct view payload; /* in SRTP still encrypted and with the tag; padding
                            included, since SRTP hides its count */
};

/* rtp_parse reads a packet; views point into data. STATUS_TRUNCATED, or
 * STATUS_BAD_VALUE (version). rtp_write writes it again from the fields (header
 * is not used). rtp_strip_padding shortens the payload of a plain packet by its
 * padding: STATUS_BAD_LENGTH if the count is 0 or too big. */
enum status rtp_parse(struct rtp *out, const uint8_t *data, size_t len);
void rtp_write(struct wr *w, const struct rtp *p);
enum status rtp_strip_padding(struct rtp *p);

/* ---- SRTP (RFC 3711), AES-CM-128 and HMAC-SHA1, master key 16, salt 14 ----
 */

#define SRTP_KEY_LEN 16
#define SRTP_SALT_LEN 14

struct media_srtp_params {
    uint8_t key[SRTP_KEY_LEN];
    uint8_t salt[SRTP_SALT_LEN];
    unsigned tag_len;  /* 10 (default when 0), or 4 */
    int no_encryption; /* authentication only */
    int no_auth;       /* encryption only */
    uint8_t mki[4];    /* appended before the tag when mki_len > 0 */
    unsigned mki_len;
};

struct media_srtp; /* one SSRC, one direction */

/* media_init starts libsrtp and its self-tests: once per process, any number of
 * calls. media_srtp_new does it too. STATUS_INTERNAL if they fail. */
enum status media_init(void);

/* media_srtp_new makes a stream for one SSRC with the rollover counter roc.
 * sender 1 protects, 0 unprotects. STATUS_NO_MEMORY, STATUS_BAD_VALUE. params
 * may be wiped afterwards. */
enum status media_srtp_new(struct media_srtp **out,
                           const struct media_srtp_params *params,
                           uint32_t ssrc, uint32_t roc, int sender);
void media_srtp_free(struct media_srtp *s);

/* media_srtp_protect writes the SRTP packet for an RTP packet to out (cap at
 * least len + 16). media_srtp_unprotect gives the RTP packet back. Both return
 * STATUS_NO_SPACE, STATUS_TRUNCATED; unprotect also STATUS_AUTH, STATUS_REPLAY
 * (seen before), STATUS_STALE (older than the window); *out_len is 0 on failure
 * and no plaintext is left in out. out may be the input. */
enum status media_srtp_protect(struct media_srtp *s, uint8_t *out, size_t cap,
                               size_t *out_len, const uint8_t *rtp, size_t len);
enum status media_srtp_unprotect(struct media_srtp *s, uint8_t *out, size_t cap,
                                 size_t *out_len, const uint8_t *srtp,
                                 size_t len);
uint32_t media_srtp_roc(const struct media_srtp *s);

/* ---- receive port ---- */

struct media_port;

/* on_rtp gets each datagram of the RTP port as received, in order, whatever it
 * is (judging, storing, unprotecting is the owner's affair). */
typedef void media_packet_fn(void *ctx, struct media_port *port,
                             const struct net_addr *from, const uint8_t *data,
                             size_t len);

/* media_port_open binds an RTP/RTCP pair at the host of local (port 0: any even
 * one). RTCP is received and dropped. cb may be NULL. */
enum status media_port_open(struct media_port **out, struct net_loop *loop,
                            const struct net_addr *local, media_packet_fn *cb,
                            void *ctx);
void media_port_close(struct media_port *port);
struct net_addr media_port_addr(const struct media_port *port);
enum status media_port_send(struct media_port *port, const struct net_addr *to,
                            const uint8_t *data, size_t len);

/* ---- paced sender ---- */

struct media_sender;

struct media_send {
    struct media_port *port;
    struct net_addr to;
    unsigned ptime_ms;       /* 0: 20 */
    unsigned interval_ms;    /* between packets; 0: ptime_ms (real time) */
    unsigned burst;          /* packets per interval; 0: 1 */
    void (*done)(void *ctx); /* all sent, or the sender failed; may be NULL */
    void *ctx;
    /* alter may change (within cap) or lengthen each packet just before it goes
     * out, and returns how often to send it: 0, 1, 2 … For faults; may be NULL.
     */
    unsigned (*alter)(void *ctx, size_t index, uint8_t *data, size_t *len,
                      size_t cap);
};

/* MEDIA_FAST: interval 1 ms, 2 packets each: a message of 30 s takes 0.75 s. */
#define MEDIA_FAST_INTERVAL 1
#define MEDIA_FAST_BURST 2

struct media_voice {
    const int16_t *samples; /* encoded as PCMU; copied */
    size_t num;             /* the last packet is filled with silence */
    uint32_t ssrc;
    uint16_t first_seq;
    uint32_t first_timestamp;
    uint8_t pt;
    struct media_srtp *srtp; /* NULL: plain RTP; must outlive the sender */
    /* alter_plain does the same as alter (data is the whole RTP packet) before
     * SRTP; returns 1, or 0 to leave the packet out. May be NULL. */
    int (*alter_plain)(void *ctx, size_t index, uint8_t *data, size_t *len,
                       size_t cap);
    void *alter_ctx;
};

/* media_send_voice starts to send samples as PCMU over RTP or SRTP. The sender
 * frees itself after done, or through media_sender_stop (no done then). */
enum status media_send_voice(struct media_sender **out, struct net_loop *loop,
                             const struct media_send *how,
                             const struct media_voice *voice);

/* media_send_packets sends finished packets unchanged (a mailbox replaying what
 * it stored). The octets are copied. */
enum status media_send_packets(struct media_sender **out, struct net_loop *loop,
                               const struct media_send *how,
                               const struct view *packets, size_t num);
void media_sender_stop(struct media_sender *s);

/* voice_packets gives the number of packets that num samples need. */
size_t voice_packets(size_t num, unsigned ptime_ms);

/* ---- received voice ---- */

/* A recording sorts plain PCMU packets by extended sequence number and gives
 * the samples: lost packets become silence (0xFF), duplicates count once. */
struct media_recording;
struct media_recording *media_recording_new(void);
void media_recording_free(struct media_recording *r);
enum status media_recording_add(struct media_recording *r, const uint8_t *rtp,
                                size_t len);
/* media_recording_codes returns the mu-law octets in order (mem_free). */
uint8_t *media_recording_codes(const struct media_recording *r,
                               size_t *out_len);
enum status media_recording_save(const struct media_recording *r,
                                 const char *path);

#endif
