/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Reference agents: one process each, driven by JSON Lines on stdin and stdout
 * (docs/ADAPTER.md). They act and report; they never judge. */
#ifndef HARNESS_AGENT_AGENT_H
#define HARNESS_AGENT_AGENT_H

/* agent_run runs the agent of role ("A", "B", "C", "D", "M", "MB", "KMS",
 * "CORE") until quit or the end of fd_in. Log lines go to log_fd. Returns 0, or
 * 64 for an unknown role, 70 if the agent could not be set up. */
int agent_run(const char *role, const char *fault, int fd_in, int fd_out,
              int log_fd);

#endif
