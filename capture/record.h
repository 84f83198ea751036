/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Writing captures: live through libpcap, from the agents' own octets (taps),
 * and merged from several files. */
#ifndef CAPTURE_RECORD_H
#define CAPTURE_RECORD_H

#include "capture/addr.h"
#include "harness/base/buf.h"

#define RECORD_ERROR_TEXT 320

/* ---- live ------------------------------------------------------------------
 */

struct recorder;

struct recorder_config {
    const char *device; /* NULL = "lo" */
    const char *filter; /* BPF, as "net 127.9.3.0/28"; NULL = all */
    const char *path;   /* the pcap file, overwritten */
    const char
        *sentinel;   /* an address inside the filter, as "127.9.3.14", used by
                      * recorder_stop; NULL = no sentinel: drain for drain_ms */
    int nanoseconds; /* time stamps of the file; else microseconds */
    int snaplen;     /* 0 = 262144 */
    int buffer_mib;  /* 0 = 16 */
    int timeout_ms;  /* 0 = 50 */
    int drain_ms;    /* longest wait of recorder_stop, 0 = 2000 */
};

struct recorder_stats {
    uint64_t written;  /* packets in the file */
    uint64_t received; /* by the filter, as libpcap counts (pcap_stats) */
    uint64_t dropped;  /* by kernel or interface */
    int drained; /* the sentinel was seen: nothing sent before it is missing */
};

/* recorder_open starts capturing. On failure *out is NULL and why holds one
 * sentence with the remedy: STATUS_PERMISSION (libpcap may not capture),
 * STATUS_NOT_FOUND (device), STATUS_SYNTAX (filter), STATUS_IO,
 * STATUS_NO_MEMORY. */
enum status recorder_open(struct recorder **out,
                          const struct recorder_config *config,
                          char why[RECORD_ERROR_TEXT]);

/* recorder_fd is readable when packets are waiting; call recorder_poll then,
 * and at least every timeout_ms if the loop has no fd watching. It never
 * blocks. STATUS_IO if capture or file failed. */
int recorder_fd(const struct recorder *r);
enum status recorder_poll(struct recorder *r);

/* recorder_flush makes what was captured so far readable in the file. */
enum status recorder_flush(struct recorder *r);

/* recorder_stop sends the sentinel, reads until it is seen, closes the file and
 * frees r. *out (may be NULL) has the statistics. STATUS_TIMEOUT if the
 * sentinel did not come through within drain_ms (the file is closed all the
 * same), STATUS_IO. */
enum status recorder_stop(struct recorder *r, struct recorder_stats *out);

/* ---- taps ------------------------------------------------------------------
 */

/* Writes what agents sent or received as Ethernet/IP/UDP or TCP frames. Tap
 * each exchange at one end only: the end that reports is taken at its word, and
 * the bundle says "capture: taps". */
struct tap_writer;

enum status tap_open(struct tap_writer **out, const char *path,
                     char why[RECORD_ERROR_TEXT]);

/* tap_udp writes one datagram; tap_tcp writes octets of the connection
 * src->dst, after a handshake at its first use, cut into segments;
 * tap_tcp_close writes FIN both ways. src and dst must be of one version.
 * Errors: STATUS_MISUSE, STATUS_BAD_LENGTH (datagram too long), STATUS_IO,
 * STATUS_NO_MEMORY. */
enum status tap_udp(struct tap_writer *t, uint64_t time_us,
                    const struct cap_addr *src, const struct cap_addr *dst,
                    struct view octets);
enum status tap_tcp(struct tap_writer *t, uint64_t time_us,
                    const struct cap_addr *src, const struct cap_addr *dst,
                    struct view octets);
enum status tap_tcp_close(struct tap_writer *t, uint64_t time_us,
                          const struct cap_addr *src,
                          const struct cap_addr *dst);

/* tap_close writes what was reported, in the order of its times (agents report
 * through pipes of their own, so that reports do not come in order), closes and
 * frees. Errors: STATUS_IO, STATUS_NO_MEMORY. */
enum status tap_close(struct tap_writer *t);

/* tap_merge merges capture files of one link type by time stamp, in the order
 * of paths where times are equal. A file that breaks off contributes what it
 * has and the result is STATUS_TRUNCATED with why naming it (out is complete
 * then). */
enum status tap_merge(const char *const *paths, size_t num, const char *out,
                      char why[RECORD_ERROR_TEXT]);

#endif
