/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* One status code for the whole program, grouped by class. */
#ifndef HARNESS_BASE_STATUS_H
#define HARNESS_BASE_STATUS_H

enum status {
    STATUS_OK = 0,
    /* misuse: the caller's fault */
    STATUS_MISUSE,
    /* malformed input: the octets are wrong */
    STATUS_TRUNCATED,  /* ends before a field does */
    STATUS_TRAILING,   /* octets left over */
    STATUS_BAD_LENGTH, /* a length field contradicts its surroundings */
    STATUS_BAD_VALUE,  /* a value outside its range */
    STATUS_UNKNOWN_TYPE,
    STATUS_DUPLICATE,
    STATUS_ORDER,
    STATUS_SYNTAX, /* text that does not parse */
    /* protocol violation: the octets are fine, the moment or value is not */
    STATUS_MISMATCH,
    STATUS_REPLAY,
    STATUS_STALE,
    STATUS_AUTH,    /* a MAC, tag or credential does not verify */
    STATUS_DECRYPT, /* does not decrypt under the key given */
    STATUS_NO_KEY,
    STATUS_UNEXPECTED,
    STATUS_UNSUPPORTED,
    STATUS_REFUSED,
    /* resource */
    STATUS_NO_MEMORY,
    STATUS_NO_SPACE, /* the caller's buffer is too small */
    STATUS_IO,
    STATUS_TIMEOUT,
    STATUS_NOT_FOUND,
    STATUS_PERMISSION,
    /* internal */
    STATUS_INTERNAL
};

/* status_name gives the word that logs and reports use, as "truncated". */
const char *status_name(enum status s);

#endif
