/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* latchkey agent: a reference agent as a long-lived process. */
#include "harness/cli/cmd.h"

#include "harness/agent/agent.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static int cmd_agent_run(int argc, char **argv)
{
    const char *role = NULL;
    const char *fault = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--fault") == 0 && i + 1 < argc) {
            fault = argv[++i];
        } else if (argv[i][0] != '-' && role == NULL) {
            role = argv[i];
        } else {
            fprintf(stderr, "usage: latchkey agent %s\n", cmd_agent.args);
            return 64;
        }
    }
    if (role == NULL) {
        fprintf(stderr, "latchkey agent: which role? A, B, C, D, M, MB, KMS or "
                        "CORE\n");
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    int rc = agent_run(role, fault, 0, 1, 2);
    if (rc == 64) {
        fprintf(stderr,
                "latchkey agent: no role '%s', or no fault of that name "
                "('latchkey list faults')\n",
                role);
    }
    return rc;
}

const struct cmd cmd_agent = {
    .name = "agent",
    .args = "ROLE [--fault NAME]",
    .summary = "run a reference agent, driven by JSON Lines (docs/ADAPTER.md)",
    .help =
        "ROLE is A, B, C (retrieves without right), D (a second depositor), M "
        "(deposits while\nclaiming to be A), MB (mailbox), KMS or CORE "
        "(forwarding proxy). Commands come on\nstandard input, answers and "
        "events "
        "go to standard output, one JSON object a line; the\nlog goes to "
        "standard "
        "error.\n\n"
        "  --fault NAME  make it misbehave ('latchkey list faults')\n\n"
        "Exit code: 0 after quit or end of input, 64 usage, 70 internal error.",
    .run = cmd_agent_run,
};
