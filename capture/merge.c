/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Several captures into one, by time stamp. */
#include "capture/record.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/mem.h"

struct input {
    pcap_t *pcap;
    struct pcap_pkthdr *hdr; /* the record that waits; NULL at the end */
    const u_char *data;
};

/* Returns -1 when the file breaks off inside a record. */
static int advance(struct input *in)
{
    int rc = pcap_next_ex(in->pcap, &in->hdr, &in->data);
    if (rc != 1) {
        in->hdr = NULL;
        return rc == PCAP_ERROR_BREAK ? 0 : -1;
    }
    return 0;
}

static int earlier(const struct pcap_pkthdr *a, const struct pcap_pkthdr *b)
{
    return a->ts.tv_sec != b->ts.tv_sec ? a->ts.tv_sec < b->ts.tv_sec
                                        : a->ts.tv_usec < b->ts.tv_usec;
}

static struct input *first_of(struct input *in, size_t num)
{
    struct input *best = NULL;
    for (size_t i = 0; i < num; i++) {
        if (in[i].hdr != NULL &&
            (best == NULL || earlier(in[i].hdr, best->hdr))) {
            best = &in[i];
        }
    }
    return best;
}

static enum status open_all(struct input *in, const char *const *paths,
                            size_t num, char why[RECORD_ERROR_TEXT])
{
    char errbuf[PCAP_ERRBUF_SIZE];
    enum status s = STATUS_OK;
    for (size_t i = 0; i < num; i++) {
        in[i].pcap = pcap_open_offline_with_tstamp_precision(
            paths[i], PCAP_TSTAMP_PRECISION_NANO, errbuf);
        if (in[i].pcap == NULL) {
            snprintf(why, RECORD_ERROR_TEXT, "%.100s cannot be read: %.200s",
                     paths[i], errbuf);
            return STATUS_IO;
        }
        if (pcap_datalink(in[i].pcap) != pcap_datalink(in[0].pcap)) {
            snprintf(why, RECORD_ERROR_TEXT,
                     "%.100s and %.100s have different link types. Merge only "
                     "captures of one kind.",
                     paths[0], paths[i]);
            return STATUS_UNSUPPORTED;
        }
        if (advance(&in[i]) != 0) {
            snprintf(why, RECORD_ERROR_TEXT, "%.200s breaks off.", paths[i]);
            s = STATUS_TRUNCATED;
        }
    }
    return s;
}

static enum status merge_into(struct input *in, const char *const *paths,
                              size_t num, const char *out,
                              char why[RECORD_ERROR_TEXT])
{
    enum status s = STATUS_OK;
    struct input *best;
    pcap_t *dead = pcap_open_dead_with_tstamp_precision(
        pcap_datalink(in[0].pcap), 262144, PCAP_TSTAMP_PRECISION_NANO);
    pcap_dumper_t *dump = dead != NULL ? pcap_dump_open(dead, out) : NULL;
    if (dump == NULL) {
        snprintf(why, RECORD_ERROR_TEXT, "Cannot write %.100s: %.200s", out,
                 dead != NULL ? pcap_geterr(dead) : "out of memory");
        s = STATUS_IO;
    }
    while (dump != NULL && (best = first_of(in, num)) != NULL) {
        pcap_dump((u_char *)dump, best->hdr, best->data);
        if (advance(best) != 0) {
            snprintf(why, RECORD_ERROR_TEXT, "%.200s breaks off.",
                     paths[best - in]);
            s = STATUS_TRUNCATED;
        }
    }
    if (dump != NULL) {
        if (pcap_dump_flush(dump) != 0) {
            snprintf(why, RECORD_ERROR_TEXT, "Cannot write %.200s.", out);
            s = STATUS_IO;
        }
        pcap_dump_close(dump);
    }
    if (dead != NULL) {
        pcap_close(dead);
    }
    return s;
}

enum status tap_merge(const char *const *paths, size_t num, const char *out,
                      char why[RECORD_ERROR_TEXT])
{
    why[0] = '\0';
    if (num == 0) {
        snprintf(why, RECORD_ERROR_TEXT, "No capture to merge.");
        return STATUS_MISUSE;
    }
    struct input *in = mem_alloc(num * sizeof *in);
    if (in == NULL) {
        snprintf(why, RECORD_ERROR_TEXT, "Out of memory.");
        return STATUS_NO_MEMORY;
    }
    enum status s = open_all(in, paths, num, why);
    if (s == STATUS_OK || s == STATUS_TRUNCATED) {
        enum status m = merge_into(in, paths, num, out, why);
        s = m != STATUS_OK ? m : s;
    }
    for (size_t i = 0; i < num; i++) {
        if (in[i].pcap != NULL) {
            pcap_close(in[i].pcap);
        }
    }
    mem_free(in);
    return s;
}
