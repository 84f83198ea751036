/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A capture to measure with. */
#ifndef CAPTURE_SAMPLE_H
#define CAPTURE_SAMPLE_H

#include "harness/base/status.h"

#include <stddef.h>

/* sample_write writes a capture of that many INVITEs over UDP, one a
 * millisecond, each of its own call and of about 1.25 kB with an I_MESSAGE_1 in
 * a=key-mgmt. The same number gives the same octets. The encrypted part is
 * noise of the usual length: nothing opens it. STATUS_IO, STATUS_NO_MEMORY. */
enum status sample_write(const char *path, size_t invites);

#endif
