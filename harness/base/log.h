/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Log lines to a sink of the caller's; nothing is printed here. */
#ifndef HARNESS_BASE_LOG_H
#define HARNESS_BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_NOTE, LOG_DEBUG };

struct log {
    void (*line)(void *ctx, enum log_level level, const char *text);
    void *ctx;
    enum log_level level; /* lines above this level are dropped */
};

/* log_at formats one line (without newline) and gives it to the sink. log may
 * be NULL. Lines longer than 1,023 octets are cut. */
void log_at(const struct log *log, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
