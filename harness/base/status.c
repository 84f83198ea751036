/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Names of status codes. */
#include "harness/base/status.h"

const char *status_name(enum status s)
{
    switch (s) { /* no default: the compiler names the forgotten code */
    case STATUS_OK:
        return "ok";
    case STATUS_MISUSE:
        return "misuse";
    case STATUS_TRUNCATED:
        return "truncated";
    case STATUS_TRAILING:
        return "trailing octets";
    case STATUS_BAD_LENGTH:
        return "bad length";
    case STATUS_BAD_VALUE:
        return "bad value";
    case STATUS_UNKNOWN_TYPE:
        return "unknown type";
    case STATUS_DUPLICATE:
        return "duplicate";
    case STATUS_ORDER:
        return "wrong order";
    case STATUS_SYNTAX:
        return "syntax error";
    case STATUS_MISMATCH:
        return "mismatch";
    case STATUS_REPLAY:
        return "replay";
    case STATUS_STALE:
        return "stale";
    case STATUS_AUTH:
        return "authentication failure";
    case STATUS_DECRYPT:
        return "does not decrypt";
    case STATUS_NO_KEY:
        return "no key";
    case STATUS_UNEXPECTED:
        return "unexpected";
    case STATUS_UNSUPPORTED:
        return "unsupported";
    case STATUS_REFUSED:
        return "refused";
    case STATUS_NO_MEMORY:
        return "out of memory";
    case STATUS_NO_SPACE:
        return "buffer too small";
    case STATUS_IO:
        return "input/output error";
    case STATUS_TIMEOUT:
        return "timeout";
    case STATUS_NOT_FOUND:
        return "not found";
    case STATUS_PERMISSION:
        return "not permitted";
    case STATUS_INTERNAL:
        return "internal error";
    }
    return "unknown status";
}
